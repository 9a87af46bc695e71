/* strata-witness-payload-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-witness-private.h"

G_BEGIN_DECLS

/* What remains of a collection when all wrapping is off: is given the text of
 * its value without the white space between tokens, told where an element
 * begins and ends, and takes the digests.
 */
typedef struct _StrataWitnessPayload StrataWitnessPayload;

StrataWitnessPayload *_strata_witness_payload_new           (StrataWitnessElementFunc   func,
                                                             gpointer                   user_data,
                                                             StrataWitnessCollection   *out,
                                                             GCancellable              *cancellable);
void                  _strata_witness_payload_free          (StrataWitnessPayload      *self);
gboolean              _strata_witness_payload_put           (StrataWitnessPayload      *self,
                                                             const guint8              *data,
                                                             gsize                      size,
                                                             GError                   **error);
void                  _strata_witness_payload_drop          (StrataWitnessPayload      *self);
StrataWitnessPayload *_strata_witness_payload_set_aside     (StrataWitnessPayload      *self,
                                                             StrataWitnessCollection   *out);
void                  _strata_witness_payload_begin_element (StrataWitnessPayload      *self);
gboolean              _strata_witness_payload_end_element   (StrataWitnessPayload      *self,
                                                             GError                   **error);
gboolean              _strata_witness_payload_finish        (StrataWitnessPayload      *self,
                                                             gboolean                   is_array,
                                                             guint64                    pretty_length,
                                                             GError                   **error);
void                  _strata_witness_payload_replace       (StrataWitnessPayload      *self,
                                                             const StrataWitnessCollection *value);
const GError         *_strata_witness_payload_get_refusal   (StrataWitnessPayload      *self);
gboolean              _strata_witness_payload_check         (StrataWitnessPayload      *self,
                                                             GError                   **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWitnessPayload, _strata_witness_payload_free)

G_END_DECLS

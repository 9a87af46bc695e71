/* strata-witness-attachment-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* Decodes the text of a .dat and digests what it stands for. */
typedef struct _StrataWitnessAttachment StrataWitnessAttachment;

StrataWitnessAttachment *_strata_witness_attachment_new    (void);
void                     _strata_witness_attachment_free   (StrataWitnessAttachment  *self);
gboolean                 _strata_witness_attachment_push   (const guint8             *data,
                                                            gsize                     size,
                                                            gpointer                  attachment,
                                                            GError                  **error);
gboolean                 _strata_witness_attachment_finish (StrataWitnessAttachment  *self,
                                                            StrataDigest             *out_digest,
                                                            guint64                  *out_length,
                                                            GError                  **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWitnessAttachment, _strata_witness_attachment_free)

G_END_DECLS

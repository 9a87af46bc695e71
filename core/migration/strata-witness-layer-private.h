/* strata-witness-layer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-witness-payload-private.h"

G_BEGIN_DECLS

/* How many strings are looked into that are wrapped around each other, whether
 * members are gone down to between them or not
 */
#define STRATA_WITNESS_MAX_LEVEL 8

/* One JSON text: the file's own, or one that was wrapped in a string of
 * another. Finds its value; a string is unwrapped; of an object the member that
 * is wanted is the value, if one is; all else is the payload.
 */
typedef struct _StrataWitnessLayer StrataWitnessLayer;

StrataWitnessLayer  *_strata_witness_layer_new     (StrataWitnessPayload  *payload,
                                                    const char * const    *members,
                                                    guint                  level,
                                                    guint64                offset);
void                 _strata_witness_layer_free    (StrataWitnessLayer    *self);
gboolean             _strata_witness_layer_push    (const guint8          *data,
                                                    gsize                  size,
                                                    gpointer               layer,
                                                    GError               **error);
gboolean             _strata_witness_layer_finish  (StrataWitnessLayer    *self,
                                                    GError               **error);
void                 _strata_witness_layer_drain   (StrataWitnessLayer    *self);

/* The inside of a string that may hold a text, plain or "GZIP_V1:" and base64. */
typedef struct _StrataWitnessUnwrap StrataWitnessUnwrap;

StrataWitnessUnwrap *_strata_witness_unwrap_new    (StrataWitnessPayload  *payload,
                                                    const char * const    *members,
                                                    guint                  level);
void                 _strata_witness_unwrap_free   (StrataWitnessUnwrap   *self);
gboolean             _strata_witness_unwrap_push   (StrataWitnessUnwrap   *self,
                                                    const guint8         **next,
                                                    const guint8          *end,
                                                    GError               **error);
gboolean             _strata_witness_unwrap_finish (StrataWitnessUnwrap   *self,
                                                    GError               **error);
gboolean             _strata_witness_unwrap_has_text (StrataWitnessUnwrap *self);
void                 _strata_witness_unwrap_keep_failure (StrataWitnessUnwrap *self);
const GError        *_strata_witness_unwrap_get_failure  (StrataWitnessUnwrap *self);
void                 _strata_witness_unwrap_drain  (StrataWitnessUnwrap   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWitnessLayer, _strata_witness_layer_free)

G_END_DECLS

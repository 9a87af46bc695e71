/* strata-webkit-decoder-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-webkit-value-private.h"

G_BEGIN_DECLS

/* StrataWebkitDecoder walks through a serialized value, step by step and without
 * recursion, and appends the JSON text of what it finds. StrataWebkitValue is
 * the stream around it, and says what the text is like.
 */
typedef struct _StrataWebkitDecoder StrataWebkitDecoder;

/* @base: (transfer none): kept; seekable, the value being all of it */
StrataWebkitDecoder *_strata_webkit_decoder_new           (GInputStream             *base,
                                                           StrataWebkitForeignFunc   func,
                                                           gpointer                  user_data);
void                 _strata_webkit_decoder_free          (StrataWebkitDecoder      *self);

/* Begins again. What was told to the function is not told again. */
void                 _strata_webkit_decoder_restart       (StrataWebkitDecoder      *self);

/* Goes on a little, appending some text to @out or none. On failure @out may
 * have grown, and no further step is possible before a restart.
 */
gboolean             _strata_webkit_decoder_step          (StrataWebkitDecoder      *self,
                                                           GByteArray               *out,
                                                           GCancellable             *cancellable,
                                                           GError                  **error);
gboolean             _strata_webkit_decoder_is_done       (StrataWebkitDecoder      *self);

guint64              _strata_webkit_decoder_get_n_foreign (StrataWebkitDecoder      *self);
gboolean             _strata_webkit_decoder_has_trailing_bytes (StrataWebkitDecoder *self);
void                 _strata_webkit_decoder_set_max_work  (StrataWebkitDecoder      *self,
                                                           guint64                   max_work);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWebkitDecoder, _strata_webkit_decoder_free)

G_END_DECLS

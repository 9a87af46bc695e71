/* strata-text-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataTextStream gives the JSON text of a stream that should be UTF-8 as the
 * old program's own decoder saw it: what is no UTF-8 becomes U+FFFD, one for each
 * maximal part of an ill-formed sequence (Unicode 15, 3.9, table 3-8, and the
 * WHATWG's decoder). Text that is well-formed passes unchanged.
 *
 * Text that somebody saved again as UTF-16, which the old program can't read, is
 * turned into UTF-8; see _strata_text_encoding_find() for how it is told.
 *
 * It can be sought where its base can, but only to the start.
 */
#define STRATA_TYPE_TEXT_STREAM (_strata_text_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataTextStream, _strata_text_stream, STRATA, TEXT_STREAM, GInputStream)

GInputStream *_strata_text_stream_new         (GInputStream     *base);

/* How often U+FFFD was put in since the start */
guint64       _strata_text_stream_get_repairs (StrataTextStream *self);
/* Whether it was UTF-16, as far as was read since the start */
gboolean      _strata_text_stream_is_utf16    (StrataTextStream *self);

G_END_DECLS

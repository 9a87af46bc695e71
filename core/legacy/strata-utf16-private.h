/* strata-utf16-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* How a text's bytes are to be read. */
typedef enum
{
  STRATA_TEXT_ENCODING_UNKNOWN,
  STRATA_TEXT_ENCODING_UTF8,
  STRATA_TEXT_ENCODING_UTF16_LE,
  STRATA_TEXT_ENCODING_UTF16_BE,
} StrataTextEncoding;

/* Of a JSON text, by the first @size bytes of it, of which four are enough:
 * UTF-16 is what has its byte order mark, and what begins with one of [ { " or
 * white space as UTF-16 has it, with another character after it. All else is
 * taken for UTF-8.
 *
 * @at_end: there are no more bytes
 *
 * Returns: %STRATA_TEXT_ENCODING_UNKNOWN where more of them must be seen
 */
StrataTextEncoding _strata_text_encoding_find (const guint8       *start,
                                               gsize               size,
                                               gboolean            at_end);

/* Turns UTF-16 into UTF-8. A byte order mark becomes that of UTF-8; a surrogate
 * without its other half, and half a unit at the end, become U+FFFD.
 *
 * @at_end: there are no more bytes; else a character that is cut is left
 * @out: room for 3/2 of @size, and 3 more
 * @out_size: bytes put there
 * @inout_repairs: raised by the number of U+FFFD put in
 *
 * Returns: bytes of @in that were used
 */
gsize              _strata_utf16_to_utf8      (const guint8       *in,
                                               gsize               size,
                                               StrataTextEncoding  encoding,
                                               gboolean            at_end,
                                               guint8             *out,
                                               gsize              *out_size,
                                               guint64            *inout_repairs);

G_END_DECLS

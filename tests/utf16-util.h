/* utf16-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* @text as UTF-16, with a byte order mark before it or none. */
GByteArray *utf16_from_utf8    (const char   *text,
                                gboolean      big_endian,
                                gboolean      with_mark);

/* What becomes of UTF-16, said once more in the plainest way: unit by unit, from
 * all of it; U+FFFD for a surrogate without its other half and for a last odd byte.
 */
GByteArray *utf16_expected     (const guint8 *bytes,
                                gsize         size,
                                gboolean      big_endian,
                                guint64      *out_repairs);

/* Units of all kinds, surrogates often among them; sometimes an odd byte more. */
GByteArray *utf16_random       (gboolean      big_endian);

G_END_DECLS

/* strata-unescape-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataUnescape turns what stands between the quotes of a JSON string into
 * the text it means, in UTF-8. Surrogates that stand alone become U+FFFD; an
 * escaped NUL becomes the byte. What no JSON string can hold after a backslash
 * is STRATA_ERROR_DAMAGED_DATA.
 */
#define STRATA_TYPE_UNESCAPE (_strata_unescape_get_type ())

G_DECLARE_FINAL_TYPE (StrataUnescape, _strata_unescape, STRATA, UNESCAPE, GObject)

GConverter *_strata_unescape_new (void);

G_END_DECLS

/* strata-base64-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataBase64 decodes base64: the standard alphabet and the URL-safe one,
 * white space between characters skipped, padding as it should be or none at
 * all. Anything else is STRATA_ERROR_DAMAGED_DATA with its place, after all
 * that stands before it was given out.
 */
#define STRATA_TYPE_BASE64 (_strata_base64_get_type ())

G_DECLARE_FINAL_TYPE (StrataBase64, _strata_base64, STRATA, BASE64, GObject)

GConverter *_strata_base64_new (void);

G_END_DECLS

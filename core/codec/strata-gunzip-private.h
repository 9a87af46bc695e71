/* strata-gunzip-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataGunzip inflates gzip. GZlibDecompressor does too, but throws away what
 * it had inflated when it meets a flaw; this one gives it out first, since the
 * beginning of a damaged collection is worth having. Flaws, a cut end and
 * bytes after the end are STRATA_ERROR_DAMAGED_DATA.
 */
#define STRATA_TYPE_GUNZIP (_strata_gunzip_get_type ())

G_DECLARE_FINAL_TYPE (StrataGunzip, _strata_gunzip, STRATA, GUNZIP, GObject)

GConverter *_strata_gunzip_new      (void);
/* The end was reached, and its CRC and length are right. */
gboolean    _strata_gunzip_is_whole (StrataGunzip *self);

G_END_DECLS

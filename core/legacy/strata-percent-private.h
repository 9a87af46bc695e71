/* strata-percent-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataPercent resolves %XX as in URLs. As there, a % that no two digits
 * follow stands for itself, and line breaks and tabs are left out.
 */
#define STRATA_TYPE_PERCENT (_strata_percent_get_type ())

G_DECLARE_FINAL_TYPE (StrataPercent, _strata_percent, STRATA, PERCENT, GObject)

GConverter *_strata_percent_new (void);

G_END_DECLS

/* strata-wording.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

void       strata_wording_prepare    (void);
GDateTime *strata_wording_local_time (gint64      time_ms);
GDateTime *strata_wording_parse_time (const char *text);
char      *strata_wording_day        (GDateTime  *time);
char      *strata_wording_time       (GDateTime  *time);
char      *strata_wording_duration   (gint64      seconds);
char      *strata_wording_offset     (gint64      seconds);
char      *strata_wording_percent    (double      share);
char      *strata_wording_name       (const char *member);
char      *strata_wording_snippet    (const char *snippet);

G_END_DECLS

/* strata-format.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char *strata_format_duration  (double   seconds);
char *strata_format_remaining (double   seconds);
char *strata_format_speed     (double   bytes_per_second);
char *strata_format_date      (gint64   time_ms);
char *strata_format_saving    (guint64  bytes_before,
                               guint64  bytes_after);
char *strata_format_path      (const char *path);

G_END_DECLS

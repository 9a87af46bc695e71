/* legacy-time.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

#define LEGACY_TIME_SIZE 25
#define LEGACY_ID_SIZE   64

void legacy_time_format       (gint64  time_ms,
                               char    out_text[LEGACY_TIME_SIZE]);
void legacy_time_format_clock (gint64  time_ms,
                               char   *out_text,
                               gsize   size);
void legacy_id_format         (gint64  time_ms,
                               guint64 random,
                               char    out_id[LEGACY_ID_SIZE]);

G_END_DECLS

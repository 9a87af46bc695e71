/* strata-size-bars.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define STRATA_TYPE_SIZE_BARS (strata_size_bars_get_type ())

G_DECLARE_FINAL_TYPE (StrataSizeBars, strata_size_bars, STRATA, SIZE_BARS, GtkWidget)

void strata_size_bars_set (StrataSizeBars *self,
                           guint64         bytes_before,
                           guint64         bytes_after,
                           gboolean        is_estimate);

G_END_DECLS

/* strata-sparkline.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define STRATA_TYPE_SPARKLINE (strata_sparkline_get_type ())

G_DECLARE_FINAL_TYPE (StrataSparkline, strata_sparkline, STRATA, SPARKLINE, GtkWidget)

void strata_sparkline_add   (StrataSparkline *self,
                             double           value);
void strata_sparkline_clear (StrataSparkline *self);

G_END_DECLS

/* strata-month-chart.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>
#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_MONTH_CHART (strata_month_chart_get_type ())

G_DECLARE_FINAL_TYPE (StrataMonthChart, strata_month_chart, STRATA, MONTH_CHART, GtkWidget)

void strata_month_chart_set (StrataMonthChart *self,
                             GPtrArray        *months);

G_END_DECLS

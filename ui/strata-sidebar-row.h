/* strata-sidebar-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SIDEBAR_ROW (strata_sidebar_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataSidebarRow, strata_sidebar_row, STRATA, SIDEBAR_ROW, GtkListBoxRow)

GtkWidget  *strata_sidebar_row_new      (StrataPage       *page);
StrataPage *strata_sidebar_row_get_page (StrataSidebarRow *self);

G_END_DECLS

/* strata-bar-list.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gtk/gtk.h>

G_BEGIN_DECLS

#define STRATA_TYPE_BAR_LIST (strata_bar_list_get_type ())

G_DECLARE_FINAL_TYPE (StrataBarList, strata_bar_list, STRATA, BAR_LIST, GtkWidget)

void strata_bar_list_clear (StrataBarList *self);
void strata_bar_list_add   (StrataBarList *self,
                            const char    *name,
                            const char    *value,
                            double         length);

G_END_DECLS

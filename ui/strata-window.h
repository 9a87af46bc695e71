/* strata-window.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-app-migration.h"
#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_WINDOW (strata_window_get_type ())

G_DECLARE_FINAL_TYPE (StrataWindow, strata_window, STRATA, WINDOW, AdwApplicationWindow)

GtkWidget  *strata_window_new       (GtkApplication     *application,
                                     StrataAppStore     *store,
                                     StrataAppMigration *migration);
gboolean    strata_window_has_page  (StrataWindow       *self,
                                     const char         *name);
void        strata_window_show_page (StrataWindow       *self,
                                     const char         *name);
void        strata_window_analyse   (StrataWindow       *self,
                                     const char         *legacy_path);
void        strata_window_add_toast (StrataWindow       *self,
                                     AdwToast           *toast);

G_END_DECLS

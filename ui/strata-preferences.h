/* strata-preferences.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-app-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_PREFERENCES (strata_preferences_get_type ())

G_DECLARE_FINAL_TYPE (StrataPreferences, strata_preferences, STRATA, PREFERENCES, AdwPreferencesWindow)

GtkWidget *strata_preferences_new   (StrataAppStore *app_store);
void       strata_preferences_apply (GSettings      *settings,
                                     StrataAppStore *app_store);

G_END_DECLS

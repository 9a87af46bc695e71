/* strata-session-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-app-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SESSION_VIEW (strata_session_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionView, strata_session_view, STRATA, SESSION_VIEW, AdwBin)

void        strata_session_view_open     (StrataSessionView *self,
                                          StrataAppStore    *app_store,
                                          StrataSessionInfo *info,
                                          const char        *member,
                                          const char        *item);
void        strata_session_view_close    (StrataSessionView *self);
void        strata_session_view_refresh  (StrataSessionView *self);
const char *strata_session_view_get_key  (StrataSessionView *self);
char       *strata_session_view_dup_selected_screenshot (StrataSessionView *self);

G_END_DECLS

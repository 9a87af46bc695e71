/* strata-session-list.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-session-entry.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SESSION_LIST (strata_session_list_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionList, strata_session_list, STRATA, SESSION_LIST, GObject)

StrataSessionList *strata_session_list_new            (GPtrArray         *sessions);
void               strata_session_list_become         (StrataSessionList *self,
                                                       StrataSessionList *fresh);
guint              strata_session_list_get_n_sessions (StrataSessionList *self);

G_END_DECLS

/* strata-sessions-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SESSIONS_PAGE (strata_sessions_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionsPage, strata_sessions_page, STRATA, SESSIONS_PAGE, StrataPage)

void strata_sessions_page_show_session (StrataSessionsPage *self,
                                        const char         *id_or_key);
void strata_sessions_page_find         (StrataSessionsPage *self);

G_END_DECLS

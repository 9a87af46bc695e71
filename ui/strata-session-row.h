/* strata-session-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-session-entry.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SESSION_ROW (strata_session_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionRow, strata_session_row, STRATA, SESSION_ROW, AdwBin)

GtkWidget *strata_session_row_new       (void);
void       strata_session_row_set_entry (StrataSessionRow   *self,
                                         StrataSessionEntry *entry);

G_END_DECLS

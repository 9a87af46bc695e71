/* strata-session-entry.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_SESSION_ENTRY (strata_session_entry_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionEntry, strata_session_entry, STRATA, SESSION_ENTRY, GObject)

StrataSessionEntry *strata_session_entry_new      (StrataSessionInfo  *info);
StrataSessionEntry *strata_session_entry_new_day  (StrataSessionInfo  *first);

gboolean            strata_session_entry_is_day   (StrataSessionEntry *self);
StrataSessionInfo  *strata_session_entry_get_info (StrataSessionEntry *self);
char               *strata_session_entry_dup_title (StrataSessionEntry *self);
char               *strata_session_entry_dup_facts (StrataSessionEntry *self);

char               *strata_session_entry_format_title (const StrataSessionInfo *info);

G_END_DECLS

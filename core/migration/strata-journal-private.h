/* strata-journal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* `migration/journal`: what a migration did, one line of text per event, each
 * on disk before the work goes on:
 *
 *   <time> <event> <details…> <crc32 of the line before this>
 *
 * For people, and for the process that continues after a crash.
 */
gboolean _strata_journal_append (int          dir,
                                 GError     **error,
                                 const char  *format,
                                 ...) G_GNUC_PRINTF (3, 4);

/* Calls @func with each whole line, without its time. A store without a journal has no lines. */
typedef void (*StrataJournalFunc) (const char *event,
                                   gpointer    user_data);

gboolean _strata_journal_read   (int                 dir,
                                 StrataJournalFunc   func,
                                 gpointer            user_data,
                                 GError            **error);

/* The same with the time, RFC 3339 */
typedef void (*StrataJournalTimeFunc) (const char *time,
                                       const char *event,
                                       gpointer    user_data);

gboolean _strata_journal_read_times (int                    dir,
                                     StrataJournalTimeFunc  func,
                                     gpointer               user_data,
                                     GError               **error);

G_END_DECLS

/* strata-positions-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* Where the phrases of a MATCH stand in the row that FTS5 is at.
 *
 * FTS5 hands positions out one by one, at 5 ns each; a phrase of usual words has it compare
 * millions of them. What its iterator points to is the list as it lies in the file:
 * the distance of each from the one before, plus 2, in SQLite's varints. Read in one go
 * that is 1 ns each. Nobody promises that it stays so: it is tried out once in each
 * process, and where it is otherwise FTS5 is asked for one after the other.
 *
 * Threads: any.
 */

/* Appends the positions of a phrase, which only grow, to @out (element-type guint32). For tables of
 * one column.
 */
void     _strata_positions_read        (const Fts5ExtensionApi *api,
                                        Fts5Context            *fts,
                                        int                     phrase,
                                        GArray                 *out);

/* Leaves of @starts those for which @positions has one @before further on. Both only grow. */
void     _strata_positions_keep_common (GArray                 *starts,
                                        const GArray           *positions,
                                        guint                   before);

/* Whether lists are read as they lie in the file */
gboolean _strata_positions_are_raw     (void);

/* For tests: 0: never; -1: where it works */
void     _strata_positions_set_raw     (int                     raw);

G_END_DECLS

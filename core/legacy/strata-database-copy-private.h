/* strata-database-copy-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataDatabaseCopy is another program's SQLite database, with the log beside
 * it, copied aside: to open it where it is would write beside it, and to open
 * it as if it never changed would leave out what is only in the log.
 *
 * The copy is in a private folder of its own, cloned where the file system can.
 * Once SQLite has the files open, it can be freed: the files go on for as long
 * as they are open, and nothing is left when the program is killed. Until then
 * the folder, ".strata-" and 16 digits, would be.
 *
 * Memory: none to speak of. Threads: one at a time.
 */
typedef struct _StrataDatabaseCopy StrataDatabaseCopy;

/* @dir, @path: of the database; nothing is written there
 * @scratch_dir: (nullable): where the folder is made; %NULL: where temporary files go
 *
 * Fails with STRATA_ERROR_SOURCE where the database can't be read, STRATA_ERROR_SOURCE_CHANGED
 * where it changed each time while it was copied, and G_IO_ERROR for the copy.
 * Nothing is left then.
 */
StrataDatabaseCopy *_strata_database_copy_new      (int                  dir,
                                                    const char          *path,
                                                    const char          *scratch_dir,
                                                    GCancellable        *cancellable,
                                                    GError             **error);
/* Removes the copy. */
void                _strata_database_copy_free     (StrataDatabaseCopy  *self);
/* Of the copied database, absolute and without links. */
const char         *_strata_database_copy_get_path (StrataDatabaseCopy  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDatabaseCopy, _strata_database_copy_free)

G_END_DECLS

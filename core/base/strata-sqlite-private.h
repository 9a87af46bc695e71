/* strata-sqlite-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

#include "strata-digest-private.h"

G_BEGIN_DECLS

/* SQLite with every result checked and mapped in one place. */

typedef enum
{
  STRATA_SQLITE_WRITE,     /* made if it is not there */
  STRATA_SQLITE_IMMUTABLE, /* read, and nothing beside it is written, not even a lock */
} StrataSqliteMode;

sqlite3      *_strata_sqlite_open        (const char        *path,
                                          StrataSqliteMode   mode,
                                          GError           **error);
/* Sets @error to what a result of SQLite means. Returns: FALSE, for the caller to return */
gboolean      _strata_sqlite_fail        (sqlite3           *db,
                                          int                result,
                                          GError           **error);
gboolean      _strata_sqlite_exec        (sqlite3           *db,
                                          const char        *sql,
                                          GError           **error);
sqlite3_stmt *_strata_sqlite_prepare     (sqlite3           *db,
                                          const char        *sql,
                                          GError           **error);
gboolean      _strata_sqlite_step        (sqlite3_stmt      *statement,
                                          gboolean          *out_row,
                                          GError           **error);
gboolean      _strata_sqlite_run         (sqlite3_stmt      *statement,
                                          GError           **error);

void          _strata_sqlite_bind_text   (sqlite3_stmt      *statement,
                                          int                index,
                                          const char        *text);
void          _strata_sqlite_bind_uint   (sqlite3_stmt      *statement,
                                          int                index,
                                          guint64            value);
void          _strata_sqlite_bind_digest (sqlite3_stmt      *statement,
                                          int                index,
                                          const StrataDigest *digest);
char         *_strata_sqlite_dup_text    (sqlite3_stmt      *statement,
                                          int                column);
gboolean      _strata_sqlite_get_digest  (sqlite3_stmt      *statement,
                                          int                column,
                                          StrataDigest      *out_digest);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (sqlite3_stmt, sqlite3_finalize)

G_END_DECLS

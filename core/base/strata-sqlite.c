/* strata-sqlite.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "strata-error.h"
#include "strata-seam-private.h"
#include "strata-sqlite-private.h"

/* How long one connection waits for another's transaction */
#define BUSY_MS 5000

static void
set_error (GError     **error,
           int          code,
           const char  *message)
{
  const char *what = message != NULL ? message : sqlite3_errstr (code);

  switch (code & 0xff)
    {
    case SQLITE_FULL:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "The database can't be written: %s", what);
      break;

    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The database can't be written: %s", what);
      break;

    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "The database is in use: %s", what);
      break;

    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The database is damaged: %s", what);
      break;

    case SQLITE_INTERRUPT:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED, "The search was cancelled");
      break;

    default:
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The database failed: %s", what);
    }
}

/* SQLite would make the file as the umask has it; its others take after this one.
 *
 * Returns: 0 where it is there now, or the errno
 */
static int
make_private (const char *path)
{
  int fd = _strata_seam_get ()->open (AT_FDCWD, path, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

  if (fd < 0)
    return errno == EEXIST ? 0 : errno;
  _strata_seam_get ()->close (fd);

  return 0;
}

/* SQLite says that it can't open what is not there, and not why it can't be made. */
static void
set_open_error (GError  **error,
                int       result,
                sqlite3  *db,
                int       make_errno)
{
  if ((result & 0xff) == SQLITE_CANTOPEN && (make_errno == EROFS || make_errno == EACCES || make_errno == ENOSPC))
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (make_errno), "The database can't be made: %s", g_strerror (make_errno));
  else
    set_error (error, result, db != NULL ? sqlite3_errmsg (db) : NULL);
}

/* @path: absolute and free of links, or ":memory:". Opened through the seam; extended result
 * codes on; not to be used by several threads at once.
 *
 * Returns: (transfer full): close with sqlite3_close(); or %NULL with @error set
 */
sqlite3 *
_strata_sqlite_open (const char        *path,
                     StrataSqliteMode   mode,
                     GError           **error)
{
  g_autofree char *escaped = g_uri_escape_string (path, "/", FALSE);
  g_autofree char *uri = NULL;
  int flags = SQLITE_OPEN_URI | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW;
  sqlite3 *db = NULL;
  int result, make_errno = 0;

  _strata_seam_register_sqlite ();
  flags |= mode == STRATA_SQLITE_WRITE ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READONLY;
  if (mode == STRATA_SQLITE_WRITE && strcmp (path, ":memory:") != 0)
    make_errno = make_private (path);
  uri = g_strconcat ("file:", escaped, mode == STRATA_SQLITE_WRITE ? NULL : "?immutable=1", NULL);

  result = sqlite3_open_v2 (uri, &db, flags, "strata");
  if (result != SQLITE_OK)
    {
      set_open_error (error, result, db, make_errno);
      sqlite3_close (db);
      return NULL;
    }

  sqlite3_extended_result_codes (db, 1);
  sqlite3_busy_timeout (db, BUSY_MS);

  return db;
}

gboolean
_strata_sqlite_fail (sqlite3  *db,
                     int       result,
                     GError  **error)
{
  set_error (error, result, sqlite3_errmsg (db));

  return FALSE;
}

gboolean
_strata_sqlite_exec (sqlite3     *db,
                     const char  *sql,
                     GError     **error)
{
  int result = sqlite3_exec (db, sql, NULL, NULL, NULL);

  if (result == SQLITE_OK)
    return TRUE;

  set_error (error, result, sqlite3_errmsg (db));

  return FALSE;
}

/* Returns: (transfer full): or %NULL with @error set */
sqlite3_stmt *
_strata_sqlite_prepare (sqlite3     *db,
                        const char  *sql,
                        GError     **error)
{
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2 (db, sql, -1, &statement, NULL);

  if (result != SQLITE_OK)
    set_error (error, result, sqlite3_errmsg (db));

  return statement;
}

/* Goes to the next row; @out_row says whether there is one. */
gboolean
_strata_sqlite_step (sqlite3_stmt  *statement,
                     gboolean      *out_row,
                     GError       **error)
{
  int result = sqlite3_step (statement);

  *out_row = result == SQLITE_ROW;
  if (result == SQLITE_ROW || result == SQLITE_DONE)
    return TRUE;

  set_error (error, result, sqlite3_errmsg (sqlite3_db_handle (statement)));

  return FALSE;
}

/* Runs a statement that gives no rows, and makes it ready to be run again. */
gboolean
_strata_sqlite_run (sqlite3_stmt  *statement,
                    GError       **error)
{
  gboolean row;
  gboolean ok = _strata_sqlite_step (statement, &row, error);

  sqlite3_reset (statement);

  return ok;
}

/* A bind can only fail for want of memory, which ends the program, or for a
 * wrong index, which is our own mistake.
 */
static void
check_bind (int result)
{
  g_assert (result == SQLITE_OK);
}

/* @text: (nullable): %NULL binds a NULL; must live until the statement has run */
void
_strata_sqlite_bind_text (sqlite3_stmt *statement,
                          int           index,
                          const char   *text)
{
  check_bind (text != NULL ? sqlite3_bind_text (statement, index, text, -1, SQLITE_STATIC)
                           : sqlite3_bind_null (statement, index));
}

void
_strata_sqlite_bind_uint (sqlite3_stmt *statement,
                          int           index,
                          guint64       value)
{
  check_bind (sqlite3_bind_int64 (statement, index, (sqlite3_int64)value));
}

/* @digest: (nullable): must live until the statement has run */
void
_strata_sqlite_bind_digest (sqlite3_stmt       *statement,
                            int                 index,
                            const StrataDigest *digest)
{
  check_bind (digest != NULL ? sqlite3_bind_blob (statement, index, digest->bytes, STRATA_DIGEST_SIZE, SQLITE_STATIC)
                             : sqlite3_bind_null (statement, index));
}

/* Returns: (nullable) (transfer full) */
char *
_strata_sqlite_dup_text (sqlite3_stmt *statement,
                         int           column)
{
  return g_strdup ((const char *)sqlite3_column_text (statement, column));
}

gboolean
_strata_sqlite_get_digest (sqlite3_stmt *statement,
                           int           column,
                           StrataDigest *out_digest)
{
  const void *blob = sqlite3_column_blob (statement, column);

  if (blob == NULL || sqlite3_column_bytes (statement, column) != STRATA_DIGEST_SIZE)
    return FALSE;

  memcpy (out_digest->bytes, blob, STRATA_DIGEST_SIZE);

  return TRUE;
}

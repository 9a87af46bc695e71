/* strata-file-notes.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>

#include "base/strata-file-private.h"
#include "base/strata-sqlite-private.h"
#include "strata-file-notes-private.h"

/* Nobody reads it after a crash, so nothing is done to survive one. */
#define SCHEMA \
  "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA locking_mode = EXCLUSIVE;" \
  "CREATE TABLE files (root INTEGER, path BLOB, size INTEGER, mtime INTEGER, ctime INTEGER, inode INTEGER," \
  " sha256 BLOB, proved INTEGER, object BLOB, PRIMARY KEY (root, path)) WITHOUT ROWID; BEGIN"

struct _StrataFileNotes
{
  char         *path;
  sqlite3      *db;
  sqlite3_stmt *put;
  sqlite3_stmt *find;
};

void
_strata_file_notes_free (StrataFileNotes *self)
{
  g_clear_pointer (&self->put, sqlite3_finalize);
  g_clear_pointer (&self->find, sqlite3_finalize);
  g_clear_pointer (&self->db, sqlite3_close);
  _strata_file_unlink (AT_FDCWD, self->path, NULL);
  g_free (self->path);
  g_free (self);
}

StrataFileNotes *
_strata_file_notes_new (const char  *path,
                        GError     **error)
{
  g_autoptr(StrataFileNotes) self = g_new0 (StrataFileNotes, 1);

  self->path = g_strdup (path);
  self->db = _strata_sqlite_open (path, STRATA_SQLITE_WRITE, error);
  if (self->db == NULL || !_strata_sqlite_exec (self->db, SCHEMA, error))
    return NULL;

  self->put = _strata_sqlite_prepare (self->db, "INSERT OR REPLACE INTO files VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", error);
  if (self->put == NULL)
    return NULL;
  self->find = _strata_sqlite_prepare (self->db, "SELECT size, mtime, ctime, inode, sha256, proved, object FROM files"
                                                 " WHERE root = ? AND path = ?", error);

  return self->find != NULL ? g_steal_pointer (&self) : NULL;
}

gboolean
_strata_file_notes_put (StrataFileNotes       *self,
                        guint                  root,
                        const char            *path,
                        const StrataFileNote  *note,
                        GError               **error)
{
  _strata_sqlite_bind_uint (self->put, 1, root);
  _strata_sqlite_bind_text (self->put, 2, path);
  _strata_sqlite_bind_uint (self->put, 3, note->mark.size);
  _strata_sqlite_bind_uint (self->put, 4, (guint64)note->mark.mtime_ns);
  _strata_sqlite_bind_uint (self->put, 5, (guint64)note->mark.ctime_ns);
  _strata_sqlite_bind_uint (self->put, 6, note->mark.inode);
  _strata_sqlite_bind_digest (self->put, 7, note->has_digest ? &note->digest : NULL);
  _strata_sqlite_bind_uint (self->put, 8, note->is_proved ? 1 : 0);
  _strata_sqlite_bind_digest (self->put, 9, note->has_object ? &note->object : NULL);

  return _strata_sqlite_run (self->put, error);
}

gboolean
_strata_file_notes_find (StrataFileNotes  *self,
                         guint             root,
                         const char       *path,
                         StrataFileNote   *out_note,
                         gboolean         *out_found,
                         GError          **error)
{
  gboolean ok;

  *out_note = (StrataFileNote) { 0 };
  _strata_sqlite_bind_uint (self->find, 1, root);
  _strata_sqlite_bind_text (self->find, 2, path);
  ok = _strata_sqlite_step (self->find, out_found, error);
  if (ok && *out_found)
    {
      out_note->mark.size = (guint64)sqlite3_column_int64 (self->find, 0);
      out_note->mark.mtime_ns = sqlite3_column_int64 (self->find, 1);
      out_note->mark.ctime_ns = sqlite3_column_int64 (self->find, 2);
      out_note->mark.inode = (guint64)sqlite3_column_int64 (self->find, 3);
      out_note->has_digest = _strata_sqlite_get_digest (self->find, 4, &out_note->digest);
      out_note->is_proved = sqlite3_column_int (self->find, 5) != 0;
      out_note->has_object = _strata_sqlite_get_digest (self->find, 6, &out_note->object);
    }
  sqlite3_reset (self->find);

  return ok;
}

/* strata-search-replace.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "base/strata-sqlite-private.h"
#include "strata-search-replace-private.h"
#include "strata-search-sync-private.h"

#define FILE_NAME   STRATA_SEARCH_INDEX_NAME
#define NEW_NAME    FILE_NAME ".new"
#define PACKED_NAME FILE_NAME ".packed"
#define LOCK_NAME   FILE_NAME ".lock"

/* Part of the text that may be dead */
#define WORN_SHARE 5
/* Below that much nothing is worn */
#define WORN_FROM (4 * 1024 * 1024)
/* So much text is added before an index is packed for the first time */
#define LOOSE_FROM (16 * 1024 * 1024)

gboolean
_strata_search_is_worn (StrataSearchIndex *index)
{
  StrataSearchIndexSums sums;

  return _strata_search_index_get_sums (index, &sums, NULL) && sums.text_bytes + sums.dead_bytes >= WORN_FROM &&
         sums.dead_bytes * WORN_SHARE > sums.text_bytes + sums.dead_bytes;
}

/* Each time twice as large, so that all packing together is not more work than filling. */
gboolean
_strata_search_is_loose (StrataSearchIndex *index)
{
  StrataSearchIndexSums sums;
  guint64 packed;

  return _strata_search_index_get_sums (index, &sums, NULL) && _strata_search_index_get_packed (index, &packed, NULL) &&
         sums.text_bytes + sums.dead_bytes >= 2 * packed + LOOSE_FROM;
}

/* Files */

static gboolean
remove_files (StrataStore  *store,
              const char   *name,
              GError      **error)
{
  static const char *const suffixes[] = { "", "-wal", "-shm" };

  for (guint i = 0; i < G_N_ELEMENTS (suffixes); i++)
    {
      g_autofree char *path = g_strconcat (name, suffixes[i], NULL);

      if (!_strata_file_unlink (_strata_store_get_dir (store), path, error))
        return FALSE;
    }

  return TRUE;
}

int
_strata_search_lock_making (StrataStore  *store,
                            GError      **error)
{
  int fd = _strata_file_open (_strata_store_get_dir (store), LOCK_NAME, O_RDWR | O_CREAT, error);
  int saved;

  if (fd < 0 || _strata_seam_get ()->lock (fd, F_WRLCK) == 0)
    return fd;

  saved = errno;
  _strata_file_close (fd);
  if (saved == EAGAIN || saved == EACCES)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "The search index is being made anew already");
  else
    _strata_file_set_error (error, saved, "lock", LOCK_NAME);

  return -1;
}

static gboolean
has_leftovers (StrataStore *store)
{
  struct stat status;

  return _strata_seam_get ()->stat (_strata_store_get_dir (store), NEW_NAME, &status) == 0 ||
         _strata_seam_get ()->stat (_strata_store_get_dir (store), PACKED_NAME, &status) == 0;
}

void
_strata_search_remove_leftovers (StrataStore *store)
{
  int lock = has_leftovers (store) ? _strata_search_lock_making (store, NULL) : -1;

  if (lock < 0)
    return;
  remove_files (store, NEW_NAME, NULL);
  remove_files (store, PACKED_NAME, NULL);
  _strata_file_close (lock);
}

StrataSearchIndex *
_strata_search_open (StrataStore  *store,
                     GError      **error)
{
  g_autoptr(GError) open_error = NULL;
  StrataSearchIndex *index = _strata_search_index_open (strata_store_get_path (store), FILE_NAME, &open_error);

  if (index != NULL)
    return index;

  if (!g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return NULL;
    }

  g_info ("The search index is made anew: %s", open_error->message);

  return remove_files (store, FILE_NAME, error) ? _strata_search_index_open (strata_store_get_path (store), FILE_NAME, error)
                                                : NULL;
}

static gboolean
get_number (sqlite3     *db,
            const char  *sql,
            gint64      *out_number,
            GError     **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, sql, error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_number = row ? sqlite3_column_int64 (statement, 0) : 0;

  return TRUE;
}

/* Puts all pages of one database in the place of another's, in one transaction:
 * other processes see the old or the new one.
 */
static gboolean
replace_pages (sqlite3  *from,
               sqlite3  *to,
               GError  **error)
{
  sqlite3_backup *backup = sqlite3_backup_init (to, "main", from, "main");
  int result;

  if (backup == NULL)
    return _strata_sqlite_fail (to, sqlite3_extended_errcode (to), error);

  sqlite3_backup_step (backup, -1);
  result = sqlite3_backup_finish (backup);

  return result == SQLITE_OK || _strata_sqlite_fail (to, result, error);
}

/* Pages of another size can't be put in the place of those of one that is written ahead. */
static gboolean
fits (sqlite3  *from,
      sqlite3  *to,
      GError  **error)
{
  gint64 size, old_size, n_old;

  if (!get_number (from, "PRAGMA page_size", &size, error) || !get_number (to, "PRAGMA page_size", &old_size, error) ||
      !get_number (to, "PRAGMA page_count", &n_old, error))
    return FALSE;
  if (size == old_size || n_old == 0)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The search index has pages of %" G_GINT64_FORMAT " bytes", old_size);

  return FALSE;
}

/* Also what the log of the old one still held must go. */
static gboolean
replace_index (StrataStore  *store,
               GError      **error)
{
  g_autofree char *packed_path = g_build_filename (strata_store_get_path (store), PACKED_NAME, NULL);
  g_autofree char *path = g_build_filename (strata_store_get_path (store), FILE_NAME, NULL);
  sqlite3 *from = _strata_sqlite_open (packed_path, STRATA_SQLITE_WRITE, error);
  /* What another process is making at the same time is not whole */
  sqlite3 *to = from != NULL && _strata_sqlite_exec (from, "SELECT version FROM state", error)
                  ? _strata_sqlite_open (path, STRATA_SQLITE_WRITE, error) : NULL;
  gboolean ok = to != NULL && fits (from, to, error) && replace_pages (from, to, error) &&
                _strata_sqlite_exec (to, "PRAGMA wal_checkpoint (TRUNCATE)", error);

  sqlite3_close (to);
  sqlite3_close (from);

  return ok;
}

gboolean
_strata_search_put_in_place (StrataStore  *store,
                             GError      **error)
{
  g_autoptr(GError) damage = NULL;
  gboolean ok = replace_index (store, &damage);

  /* What is no database can't take the pages */
  if (!ok && g_error_matches (damage, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    {
      g_clear_error (&damage);
      ok = remove_files (store, FILE_NAME, &damage) && replace_index (store, &damage);
    }
  remove_files (store, PACKED_NAME, NULL);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&damage));

  return ok;
}

/* Making what is put in place */

/* SQLite would make the file as the umask has it. */
static gboolean
make_private (StrataStore  *store,
              const char   *name,
              GError      **error)
{
  int fd = _strata_seam_get ()->open (_strata_store_get_dir (store), name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW, 0600);

  if (fd < 0)
    {
      _strata_file_set_error (error, errno, "make", name);
      return FALSE;
    }
  _strata_seam_get ()->close (fd);

  return TRUE;
}

gboolean
_strata_search_pack (StrataStore        *store,
                     StrataSearchIndex  *index,
                     GCancellable       *cancellable,
                     GError            **error)
{
  g_autofree char *path = g_build_filename (strata_store_get_path (store), PACKED_NAME, NULL);

  if (remove_files (store, PACKED_NAME, error) && _strata_search_index_merge (index, cancellable, error) &&
      make_private (store, PACKED_NAME, error) && _strata_search_index_pack_into (index, path, error))
    return TRUE;
  remove_files (store, PACKED_NAME, NULL);

  return FALSE;
}

static gboolean
fill_new_index (StrataStore           *store,
                StrataSearchProgress   progress,
                gpointer               user_data,
                GCancellable          *cancellable,
                GError               **error)
{
  g_autoptr(StrataSearchIndex) index = _strata_search_index_open (strata_store_get_path (store), NEW_NAME, error);

  if (index == NULL)
    return FALSE;
  if (_strata_search_index_is_read_only (index) || _strata_search_index_is_in_memory (index))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED, "The search index can't be written");
      return FALSE;
    }

  return _strata_search_index_begin_bulk (index, error) &&
         _strata_search_sync (index, store, progress, user_data, cancellable, error) &&
         _strata_search_index_end_bulk (index, error) && _strata_search_pack (store, index, cancellable, error);
}

gboolean
_strata_search_make_anew (StrataStore           *store,
                          StrataSearchProgress   progress,
                          gpointer               user_data,
                          GCancellable          *cancellable,
                          GError               **error)
{
  gboolean ok = remove_files (store, NEW_NAME, error) && fill_new_index (store, progress, user_data, cancellable, error);

  remove_files (store, NEW_NAME, NULL);

  return ok;
}

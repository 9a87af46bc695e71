/* strata-check-pieces.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-checked-line-private.h"
#include "base/strata-file-private.h"
#include "store/strata-key-private.h"
#include "strata-check-private.h"

#define MAX_STATE 4096
/* What is no part of the store is looked for all at once */
#define STRAYS "strays"

static void
piece_free (gpointer data)
{
  StrataPiece *piece = data;

  g_free (piece->path);
  g_free (piece);
}

/* What each is */

static gboolean
check_session (StrataChecking  *self,
               const char      *name,
               GError         **error)
{
  return _strata_checking_owner (self, FALSE, name, error);
}

static gboolean
check_collection (StrataChecking  *self,
                  const char      *name,
                  GError         **error)
{
  g_autofree char *key = g_strndup (name, strlen (name) - strlen (".metadata.json"));

  return _strata_checking_owner (self, TRUE, key, error);
}

static gboolean
check_state (StrataChecking  *self,
             GError         **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, STRATA_CHECK_STATE, MAX_STATE, &read_error);
  const char *text;
  gsize size, ignored;

  if (bytes == NULL)
    return g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
           _strata_checking_note_damage (self, STRATA_CHECK_STATE, NULL, &read_error, error);

  self->result->files++;
  text = g_bytes_get_data (bytes, &size);
  if (size == 0 || text[size - 1] != '\n' || !_strata_checked_line_is_whole (text, size - 1, &ignored))
    _strata_checking_report (self, STRATA_CHECK_STATE, NULL, NULL, "Where a check in parts goes on can't be read");

  return TRUE;
}

static gboolean
check_single (StrataChecking  *self,
              const char      *name,
              GError         **error)
{
  static const struct
  {
    const char *name;
    gboolean  (*func) (StrataChecking *self, GError **error);
  } singles[] = {
    { "catalog.sqlite3", _strata_checking_catalog },
    { "changes.log", _strata_checking_log },
    { "collections", _strata_checking_collection_files },
    { "migration", _strata_checking_migration },
    { "quarantine", _strata_checking_quarantine },
    { "search.sqlite3", _strata_checking_search },
    { "store.json", _strata_checking_header },
    { STRATA_CHECK_STATE, check_state },
    { STRAYS, _strata_checking_stray },
  };

  for (guint i = 0; i < G_N_ELEMENTS (singles); i++)
    if (strcmp (name, singles[i].name) == 0)
      return singles[i].func (self, error);

  g_assert_not_reached ();
}

/* Listing them */

static guint64
measure (int         dir,
         const char *path)
{
  g_autoptr(GPtrArray) entries = NULL;
  struct stat status;
  guint64 sum = 0;

  if (!_strata_file_stat (dir, path, &status, NULL))
    return 0;
  if (!S_ISDIR (status.st_mode))
    return (guint64)status.st_size;

  entries = _strata_file_list (dir, path, NULL);
  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      g_autofree char *child = g_build_filename (path, ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name, NULL);

      sum += measure (dir, child);
    }

  return sum;
}

/* Each costs something, also where there is nothing in it. */
static void
add_piece (GPtrArray       *pieces,
           const char      *folder,
           const char      *name,
           guint64          bytes,
           StrataPieceFunc  func)
{
  StrataPiece *piece = g_new0 (StrataPiece, 1);

  piece->path = folder != NULL ? g_build_filename (folder, name, NULL) : g_strdup (name);
  piece->name = piece->path + strlen (piece->path) - strlen (name);
  piece->bytes = bytes + 1024;
  piece->func = func;
  g_ptr_array_add (pieces, piece);
}

static void
add_singles (GPtrArray *pieces,
             int        dir)
{
  static const char *const names[] = { "catalog.sqlite3", "changes.log", "migration", "quarantine", "search.sqlite3", "store.json",
                                       STRATA_CHECK_STATE };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    add_piece (pieces, NULL, names[i], measure (dir, names[i]), check_single);
  /* Those that no collection has are few, and those that have one are counted there */
  add_piece (pieces, NULL, "collections", 0, check_single);
  add_piece (pieces, NULL, STRAYS, 0, check_single);
}

static gboolean
is_session (const StrataDirEntry *entry)
{
  return _strata_key_is_valid (entry->name);
}

static gboolean
is_collection (const StrataDirEntry *entry)
{
  return g_str_has_suffix (entry->name, ".metadata.json");
}

static gboolean
is_object_folder (const StrataDirEntry *entry)
{
  return entry->type == DT_DIR && strlen (entry->name) == 2;
}

static gboolean
is_anything (const StrataDirEntry *entry)
{
  return TRUE;
}

/* The parts of a collection lie beside its metadata, and begin with its key. */
static guint64
measure_entry (int         dir,
               const char *folder,
               GPtrArray  *entries,
               guint       index)
{
  static const char suffix[] = ".metadata.json";
  const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, index))->name;
  g_autofree char *path = g_build_filename (folder, name, NULL);
  guint64 sum = measure (dir, path);

  for (guint i = 0; g_str_has_suffix (name, suffix) && i < entries->len; i++)
    {
      const char *other = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *part = g_build_filename (folder, other, NULL);

      if (i != index && strncmp (name, other, strlen (name) - strlen (suffix)) == 0)
        sum += measure (dir, part);
    }

  return sum;
}

static gboolean
add_folders (GPtrArray  *pieces,
             int         dir,
             GError    **error)
{
  static const struct
  {
    const char     *folder;
    gboolean      (*is_piece) (const StrataDirEntry *entry);
    StrataPieceFunc func;
  } folders[] = {
    { "attachments", is_object_folder, _strata_checking_objects },
    { "collections", is_collection, check_collection },
    { "sessions", is_session, check_session },
    { "trash", is_anything, _strata_checking_trash },
  };

  for (guint i = 0; i < G_N_ELEMENTS (folders); i++)
    {
      g_autoptr(GPtrArray) entries = _strata_file_list (dir, folders[i].folder, error);

      if (entries == NULL)
        return FALSE;
      for (guint j = 0; j < entries->len; j++)
        {
          const StrataDirEntry *entry = g_ptr_array_index (entries, j);

          if (folders[i].is_piece (entry))
            add_piece (pieces, folders[i].folder, entry->name, measure_entry (dir, folders[i].folder, entries, j), folders[i].func);
        }
    }

  return TRUE;
}

static int
compare_pieces (gconstpointer a,
                gconstpointer b)
{
  return strcmp ((*(const StrataPiece *const *)a)->path, (*(const StrataPiece *const *)b)->path);
}

GPtrArray *
_strata_check_list_pieces (StrataStore  *store,
                           GError      **error)
{
  g_autoptr(GPtrArray) pieces = g_ptr_array_new_with_free_func (piece_free);
  int dir = _strata_store_get_dir (store);

  add_singles (pieces, dir);
  if (!add_folders (pieces, dir, error))
    return NULL;
  g_ptr_array_sort (pieces, compare_pieces);

  return g_steal_pointer (&pieces);
}

/* Where a check in parts goes on */

/* One that can't be read is as none: everything is looked at sooner. */
char *
_strata_check_read_state (int dir)
{
  g_autoptr(GBytes) bytes = _strata_file_read (dir, STRATA_CHECK_STATE, MAX_STATE, NULL);
  const char *text = NULL;
  gsize size = 0, length;

  if (bytes != NULL)
    text = g_bytes_get_data (bytes, &size);
  if (size == 0 || text[size - 1] != '\n' || !_strata_checked_line_is_whole (text, size - 1, &length))
    return g_strdup ("");

  return g_strndup (text, length);
}

gboolean
_strata_check_write_state (StrataStore  *store,
                           const char   *position,
                           GError      **error)
{
  g_autofree char *line = _strata_checked_line_make (position);
  g_autofree char *temporary = NULL;
  StrataStaging *corner = _strata_store_get_corner (store, error);

  if (corner == NULL)
    return FALSE;
  temporary = _strata_staging_next_path (corner);

  return _strata_file_replace (_strata_store_get_dir (store), STRATA_CHECK_STATE, temporary, line, strlen (line), error);
}

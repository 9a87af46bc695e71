/* strata-rollback-export.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-export-private.h"
#include "strata-restore-private.h"
#include "strata-rollback-export-private.h"

#define FORMAT 1
#define RECORD "rollback.json"
#define MAX_RECORD_BYTES (1024 * 1024 * 1024)

/* Writing the snapshot of one old store */
typedef struct
{
  const StrataRollbackExport *export;
  StrataRollbackManifest     *manifest;
  int                         dir;        /* of the folder that is being made */
  const char                 *below;      /* in it */
  GHashTable                 *wanted;     /* path → StrataOldDifference: what is not any more as it was, and has no copy */
  GHashTable                 *written;    /* path → in which words: "exact" or "rebuilt" */
  StrataSteps                *progress;
} Snapshot;

/* The place */

static char *
dup_unfinished_path (const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *base = g_path_get_basename (path);
  g_autofree char *name = g_strdup_printf (".%s.strata-part", base);

  return g_build_filename (parent, name, NULL);
}

void
_strata_rollback_export_drop_unfinished (const char *path)
{
  g_autofree char *unfinished = dup_unfinished_path (path);

  _strata_file_remove_tree (AT_FDCWD, unfinished, NULL);
}

static char *
read_token (const char *path)
{
  static const char *const names[] = { "token", NULL };
  g_autofree char *record = g_build_filename (path, RECORD, NULL);
  g_autoptr(GBytes) bytes = _strata_file_read (AT_FDCWD, record, MAX_RECORD_BYTES, NULL);
  g_autoptr(StrataJsonMembers) members = NULL;

  if (bytes != NULL)
    members = _strata_json_members_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), names, NULL);

  return members != NULL ? _strata_json_members_dup_string (members, "token") : NULL;
}

gboolean
_strata_rollback_export_check (const char  *path,
                               const char  *token,
                               gboolean    *out_done,
                               GError     **error)
{
  g_autoptr(GPtrArray) entries = NULL;
  g_autofree char *found = NULL;
  g_autofree char *parent = g_path_get_dirname (path);
  struct stat status;

  *out_done = FALSE;
  if (!_strata_file_stat (AT_FDCWD, path, &status, NULL))
    return _strata_file_stat (AT_FDCWD, parent, &status, error);

  if (S_ISDIR (status.st_mode))
    entries = _strata_file_list (AT_FDCWD, path, NULL);
  if (entries != NULL && entries->len == 0)
    return TRUE;

  found = token != NULL ? read_token (path) : NULL;
  *out_done = found != NULL && strcmp (found, token) == 0;
  if (*out_done)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "“%s” is there already; choose another folder", path);

  return FALSE;
}

/* The snapshot */

static gboolean
path_is_safe (const char *path)
{
  g_auto(GStrv) components = g_strsplit (path, "/", -1);

  for (guint i = 0; components[i] != NULL; i++)
    if (components[i][0] == '\0' || strcmp (components[i], ".") == 0 || strcmp (components[i], "..") == 0)
      return FALSE;

  return TRUE;
}

static gboolean
make_folders_for (int          dir,
                  const char  *path,
                  GError     **error)
{
  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *folder = g_strndup (path, (gsize)(slash - path));

      if (!_strata_file_make_dir (dir, folder, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
write_file (Snapshot                   *snapshot,
            const StrataRollbackFile   *file,
            const StrataAttachmentRow  *row,
            GError                    **error)
{
  guint source = _strata_rollback_manifest_get_header (snapshot->manifest)->source;
  g_autofree char *path = g_build_filename (snapshot->below, file->path, NULL);
  struct stat status;
  gboolean exact;

  if (!path_is_safe (file->path) || g_hash_table_contains (snapshot->written, file->path))
    return TRUE;
  if (!make_folders_for (snapshot->dir, path, error) ||
      !_strata_restore_write (snapshot->export->store, source, file, row, snapshot->dir, path, &exact, NULL, error))
    return FALSE;

  _strata_steps_advance (snapshot->progress, file->mark.size);
  if (_strata_file_stat (snapshot->dir, path, &status, NULL))
    g_hash_table_insert (snapshot->written, g_strdup (file->path), (gpointer)(exact ? "exact" : "rebuilt"));

  return TRUE;
}

/* A StrataRollbackFileFunc: every collection, so that what is there can be used without the old store's */
static gboolean
write_collection (const StrataRollbackFile  *file,
                  guint64                    number,
                  gpointer                   user_data,
                  GError                   **error)
{
  return file->copy == STRATA_COPY_NONE || write_file (user_data, file, NULL, error);
}

/* A StrataRestoreRowFunc */
static gboolean
write_attachment (const StrataAttachmentRow  *row,
                  const char                 *path,
                  gpointer                    found,
                  gpointer                    user_data,
                  GError                    **error)
{
  return write_file (user_data, &((const StrataOldDifference *)found)->file, row, error);
}

static gboolean
write_snapshot (Snapshot             *snapshot,
                StrataOldComparison  *comparison,
                GError              **error)
{
  guint source = _strata_rollback_manifest_get_header (snapshot->manifest)->source;

  for (guint i = 0; i < comparison->differences->len; i++)
    {
      StrataOldDifference *difference = g_ptr_array_index (comparison->differences, i);

      if (difference->verdict != STRATA_OLD_ADDED && difference->file.copy == STRATA_COPY_NONE)
        g_hash_table_insert (snapshot->wanted, difference->file.path, difference);
    }

  return _strata_file_make_dir (snapshot->dir, snapshot->below, error) &&
         _strata_rollback_manifest_foreach (snapshot->manifest, write_collection, NULL, snapshot, NULL, error) &&
         _strata_restore_foreach_row (snapshot->export->store, source, snapshot->wanted, write_attachment, snapshot, NULL, error);
}

/* The record */

static void
add_keys (GString    *text,
          const char *name,
          GPtrArray  *keys)
{
  g_string_append_printf (text, "\"%s\":[", name);
  for (guint i = 0; i < keys->len; i++)
    {
      _strata_json_append_quoted (text, g_ptr_array_index (keys, i));
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
}

static void
add_differences (GString              *text,
                 StrataOldComparison  *comparison,
                 GHashTable           *written)
{
  static const char *const verdicts[STRATA_OLD_N_VERDICTS] = { "changed", "gone", "added", "damaged" };

  g_string_append (text, "\"differences\":[");
  for (guint i = 0; i < comparison->differences->len; i++)
    {
      const StrataOldDifference *difference = g_ptr_array_index (comparison->differences, i);
      g_autofree char *path = g_utf8_make_valid (difference->file.path, -1);

      g_string_append (text, i > 0 ? ",\n{" : "\n{");
      _strata_json_add_string (text, "path", path);
      _strata_json_add_string (text, "root", _strata_old_root_get_name (difference->file.root));
      _strata_json_add_string (text, "is_now", verdicts[difference->verdict]);
      _strata_json_add_string (text, "because", difference->because);
      _strata_json_add_digest (text, "sha256", difference->file.has_digest ? &difference->file.digest : NULL);
      _strata_json_add_string (text, "migrated", g_hash_table_lookup (written, difference->file.path));
      _strata_json_close_object (text);
    }
  g_string_append (text, "],");
}

static void
add_old_store (GString              *text,
               Snapshot             *snapshot,
               StrataOldComparison  *comparison)
{
  const StrataRollbackHeader *header = _strata_rollback_manifest_get_header (snapshot->manifest);
  g_autofree char *path = g_utf8_make_valid (header->legacy, -1);

  g_string_append_c (text, '{');
  _strata_json_add_uint (text, "source", header->source);
  _strata_json_add_string (text, "path", path);
  _strata_json_add_string (text, "migrated", header->made);
  _strata_json_add_string (text, "snapshot", g_hash_table_size (snapshot->written) > 0 ? snapshot->below : NULL);
  _strata_json_add_uint (text, "files", comparison->n_files);
  _strata_json_add_uint (text, "identical", comparison->n_same);
  add_differences (text, comparison, snapshot->written);
  _strata_json_close_object (text);
  g_string_append_c (text, ',');
}

static void
begin_record (const StrataRollbackExport *self,
              GString                    *text)
{
  const StrataRollbackHeader *header = _strata_rollback_manifest_get_header (g_ptr_array_index (self->manifests, 0));
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");

  g_string_append_c (text, '{');
  _strata_json_add_uint (text, "rollback", FORMAT);
  _strata_json_add_string (text, "token", self->token);
  _strata_json_add_string (text, "store", header->store_id);
  _strata_json_add_string (text, "made", time);
  _strata_json_add_string (text, "outcome", self->outcome);
  add_keys (text, "sessions", self->changes->sessions);
  add_keys (text, "collections", self->changes->collections);
  add_keys (text, "deleted", self->changes->deleted);
  g_string_append (text, "\"old_stores\":[");
}

/* Writing it */

static gboolean
write_old_store (const StrataRollbackExport  *self,
                 guint                        i,
                 int                          dir,
                 GString                     *record,
                 StrataSteps                 *progress,
                 GError                     **error)
{
  g_autofree char *numbered = g_strdup_printf ("migrated-%u", i + 1);
  g_autoptr(GHashTable) wanted = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GHashTable) written = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  StrataOldComparison *comparison = g_ptr_array_index (self->comparisons, i);
  Snapshot snapshot = {
    .export = self,
    .manifest = g_ptr_array_index (self->manifests, i),
    .dir = dir,
    .below = self->manifests->len > 1 ? numbered : "migrated",
    .wanted = wanted,
    .written = written,
    .progress = progress,
  };

  /* Where the old store is as it was it is its own snapshot */
  if (comparison->differences->len > 0 && !write_snapshot (&snapshot, comparison, error))
    return FALSE;
  add_old_store (record, &snapshot, comparison);

  return TRUE;
}

static gboolean
fill_folder (const StrataRollbackExport  *self,
             const char                  *path,
             int                          dir,
             StrataSteps                 *progress,
             GError                     **error)
{
  g_autofree char *changes = g_build_filename (path, "changes", NULL);
  g_autoptr(GString) record = g_string_new (NULL);
  guint64 bytes;

  begin_record (self, record);
  for (guint i = 0; i < self->manifests->len; i++)
    if (!write_old_store (self, i, dir, record, progress, error))
      return FALSE;
  _strata_json_close_array (record);
  g_string_append (record, "}\n");

  if (_strata_own_changes_is_any (self->changes) &&
      !_strata_export_some (self->store, self->changes->sessions, self->changes->collections, changes, &bytes, NULL, error))
    return FALSE;
  if (!_strata_file_create (dir, RECORD, record->str, record->len, error))
    return FALSE;

  if (_strata_seam_get ()->syncfs (dir) == 0)
    return TRUE;
  _strata_file_set_error (error, errno, "save to disk", path);

  return FALSE;
}

gboolean
_strata_rollback_export_write (const StrataRollbackExport  *self,
                               const char                  *path,
                               StrataSteps                 *progress,
                               GError                     **error)
{
  g_autofree char *unfinished = dup_unfinished_path (path);
  g_autofree char *parent = g_path_get_dirname (path);
  gboolean done, ok;
  int dir;

  if (!_strata_rollback_export_check (path, self->token, &done, error))
    return FALSE;
  if (done)
    return _strata_file_sync_dir (AT_FDCWD, parent, error);

  if (!_strata_file_remove_tree (AT_FDCWD, unfinished, error) || !_strata_file_make_dir (AT_FDCWD, unfinished, error))
    return FALSE;
  dir = _strata_file_open (AT_FDCWD, unfinished, O_RDONLY | O_DIRECTORY, error);
  if (dir < 0)
    return FALSE;
  ok = fill_folder (self, unfinished, dir, progress, error);
  _strata_file_close (dir);

  return ok && _strata_file_rename (AT_FDCWD, unfinished, path, error) && _strata_file_sync_dir (AT_FDCWD, parent, error);
}

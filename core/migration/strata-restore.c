/* strata-restore.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "store/strata-embedded-private.h"
#include "strata-export-private.h"
#include "strata-restore-private.h"
#include "strata-rollback-copies-private.h"

#define BLOCK_BYTES (256 * 1024)
/* What a crash leaves under such a name is written anew by the next try */
#define TEMPORARY_SUFFIX ".strata-new"

typedef struct
{
  const StrataRollbackFile *file;
  char                     *staged;
} Ready;

struct _StrataRestore
{
  StrataStore                 *store;
  const StrataRollbackHeader  *header;
  StrataStaging               *staging;
  GPtrArray                   *ready;     /* Ready */
  guint                        n_wanted;
  StrataSteps                 *progress;
  GCancellable                *cancellable;
};

static void
ready_free (gpointer data)
{
  Ready *ready = data;

  g_free (ready->staged);
  g_free (ready);
}

void
_strata_restore_free (StrataRestore *self)
{
  for (guint i = 0; i < self->ready->len; i++)
    _strata_file_unlink (_strata_store_get_dir (self->store), ((const Ready *)g_ptr_array_index (self->ready, i))->staged, NULL);
  g_ptr_array_unref (self->ready);
  g_free (self);
}

guint
_strata_restore_get_n_ready (StrataRestore *self)
{
  return self->ready->len;
}

guint
_strata_restore_get_n_lacking (StrataRestore *self)
{
  return self->n_wanted - self->ready->len;
}

/* Bytes */

static gboolean
copy_blocks (GInputStream  *from,
             int            fd,
             const char    *path,
             StrataHasher  *hasher,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  while ((size = g_input_stream_read (from, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      if (!_strata_file_write_all (fd, block, (gsize)size, path, error))
        return FALSE;
    }

  return size == 0;
}

gboolean
_strata_restore_copy (GInputStream  *from,
                      int            dir,
                      const char    *path,
                      gboolean       synced,
                      StrataDigest  *out_digest,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  int fd = _strata_file_open (dir, path, O_WRONLY | O_CREAT | O_EXCL, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = copy_blocks (from, fd, path, hasher, cancellable, error) && (!synced || _strata_file_sync (fd, path, error));
  _strata_file_close (fd);
  _strata_hasher_finish (hasher, out_digest);

  return ok;
}

static gboolean
is_meta_path (const char *path)
{
  return g_str_has_suffix (path, ".meta.json");
}

static gboolean
write_bytes (StrataStore                *store,
             guint                       source,
             const StrataRollbackFile   *file,
             const StrataAttachmentRow  *row,
             int                         dir,
             const char                 *path,
             GCancellable               *cancellable,
             GError                    **error)
{
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GString) meta = NULL;
  StrataDigest digest;
  guint64 bytes;

  if (row != NULL && is_meta_path (file->path))
    {
      meta = _strata_embedded_put_back (row, _strata_store_get_dir (store), cancellable, error);
      return meta != NULL && _strata_file_create (dir, path, meta->str, meta->len, error);
    }
  if (row != NULL)
    return _strata_export_attachment (store, row, _strata_legacy_path_is_text (file->path), dir, path, &bytes, cancellable, error);

  stream = _strata_rollback_copy_open (_strata_store_get_dir (store), source, &file->digest, file->copy, error);

  return stream != NULL && _strata_restore_copy (stream, dir, path, FALSE, &digest, cancellable, error);
}

/* What is damaged in the new store can't be put back, and is no reason to stop. */
static gboolean
is_loss (const GError *error)
{
  return error->domain == STRATA_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT);
}

gboolean
_strata_restore_write (StrataStore                *store,
                       guint                       source,
                       const StrataRollbackFile   *file,
                       const StrataAttachmentRow  *row,
                       int                         dir,
                       const char                 *path,
                       gboolean                   *out_exact,
                       GCancellable               *cancellable,
                       GError                    **error)
{
  g_autoptr(GError) write_error = NULL;
  g_autoptr(GInputStream) stream = NULL;
  StrataDigest digest;

  *out_exact = FALSE;
  if (!write_bytes (store, source, file, row, dir, path, cancellable, &write_error))
    {
      if (is_loss (write_error))
        {
          _strata_file_unlink (dir, path, NULL);
          return TRUE;
        }
      g_propagate_error (error, g_steal_pointer (&write_error));
      return FALSE;
    }

  stream = _strata_file_stream_open (dir, path, error);
  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, cancellable, error))
    return FALSE;
  *out_exact = _strata_digest_equal (&digest, &file->digest);

  return TRUE;
}

/* Attachments' rows */

typedef struct
{
  GHashTable            *files;
  StrataRestoreRowFunc   func;
  gpointer               user_data;
} Rows;

static gboolean
give_path (Rows                       *rows,
           const StrataAttachmentRow  *row,
           const char                 *path,
           GError                    **error)
{
  gpointer found = path != NULL ? g_hash_table_lookup (rows->files, path) : NULL;

  return found == NULL || rows->func (row, path, found, rows->user_data, error);
}

static gboolean
give_row (Rows                       *rows,
          const StrataAttachmentRow  *row,
          GError                    **error)
{
  g_autofree char *meta = g_strdup_printf ("attachments/%s.meta.json", row->id);

  return (!_strata_attachment_row_has_bytes (row) || give_path (rows, row, row->source_path, error)) &&
         (row->meta == NULL || give_path (rows, row, meta, error));
}

static gboolean
give_owner (StrataStore   *store,
            Rows          *rows,
            guint          source,
            gboolean       is_collection,
            const char    *key,
            GError       **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, is_collection, key, &load_error);
  g_autoptr(GPtrArray) list = NULL;

  if (manifest != NULL && manifest->source != source)
    return TRUE;
  if (manifest != NULL)
    list = _strata_store_load_rows (store, manifest, &load_error);
  if (list == NULL)
    {
      if (is_loss (load_error))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&load_error));
      return FALSE;
    }

  for (guint i = 0; i < list->len; i++)
    if (!give_row (rows, g_ptr_array_index (list, i), error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_restore_foreach_row (StrataStore           *store,
                             guint                  source,
                             GHashTable            *files,
                             StrataRestoreRowFunc   func,
                             gpointer               user_data,
                             GCancellable          *cancellable,
                             GError               **error)
{
  g_autoptr(GPtrArray) sessions = NULL;
  g_auto(GStrv) collections = NULL;
  Rows rows = { files, func, user_data };

  if (g_hash_table_size (files) == 0)
    return TRUE;

  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  collections = sessions != NULL ? strata_store_list_collections (store, error) : NULL;
  if (collections == NULL)
    return FALSE;

  for (guint i = 0; i < sessions->len; i++)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !give_owner (store, &rows, source, FALSE, ((const StrataSessionInfo *)g_ptr_array_index (sessions, i))->key, error))
      return FALSE;
  for (guint i = 0; collections[i] != NULL; i++)
    if (!give_owner (store, &rows, source, TRUE, collections[i], error))
      return FALSE;

  return TRUE;
}

/* Preparing */

static gboolean
make_ready (StrataRestore              *self,
            const StrataRollbackFile   *file,
            const StrataAttachmentRow  *row,
            gboolean                   *out_exact,
            GError                    **error)
{
  int dir = _strata_store_get_dir (self->store);
  g_autofree char *staged = _strata_staging_next_path (self->staging);
  Ready *ready;

  if (!_strata_restore_write (self->store, self->header->source, file, row, dir, staged, out_exact, self->cancellable, error))
    return FALSE;
  if (self->progress != NULL)
    _strata_steps_advance (self->progress, file->mark.size);
  if (!*out_exact)
    return _strata_file_unlink (dir, staged, NULL) || TRUE;

  ready = g_new0 (Ready, 1);
  ready->file = file;
  ready->staged = g_steal_pointer (&staged);
  g_ptr_array_add (self->ready, ready);

  return TRUE;
}

typedef struct
{
  StrataRestore *self;
  GHashTable    *left;
} Attachments;

/* A StrataRestoreRowFunc */
static gboolean
make_attachment_ready (const StrataAttachmentRow  *row,
                       const char                 *path,
                       gpointer                    found,
                       gpointer                    user_data,
                       GError                    **error)
{
  Attachments *attachments = user_data;
  const StrataOldDifference *difference = found;
  gboolean exact;

  if (!make_ready (attachments->self, &difference->file, row, &exact, error))
    return FALSE;
  if (exact)
    g_hash_table_remove (attachments->left, path);

  return TRUE;
}

StrataRestore *
_strata_restore_prepare (StrataStore             *store,
                         StrataRollbackManifest  *manifest,
                         StrataOldComparison     *comparison,
                         StrataSteps             *progress,
                         GCancellable            *cancellable,
                         GError                 **error)
{
  g_autoptr(StrataRestore) self = g_new0 (StrataRestore, 1);
  g_autoptr(GHashTable) left = g_hash_table_new (g_str_hash, g_str_equal);
  Attachments attachments = { self, left };

  self->store = store;
  self->header = _strata_rollback_manifest_get_header (manifest);
  self->ready = g_ptr_array_new_with_free_func (ready_free);
  self->progress = progress;
  self->cancellable = cancellable;
  self->staging = _strata_store_get_corner (store, error);
  if (self->staging == NULL)
    return NULL;

  for (guint i = 0; i < comparison->differences->len; i++)
    {
      StrataOldDifference *difference = g_ptr_array_index (comparison->differences, i);
      gboolean exact;

      if (difference->verdict != STRATA_OLD_DAMAGED)
        continue;
      self->n_wanted++;
      if (difference->file.copy == STRATA_COPY_NONE)
        g_hash_table_insert (left, difference->file.path, difference);
      else if (!make_ready (self, &difference->file, NULL, &exact, error))
        return NULL;
    }

  return _strata_restore_foreach_row (store, self->header->source, left, make_attachment_ready, &attachments, cancellable, error)
         ? g_steal_pointer (&self) : NULL;
}

/* Putting back */

static gboolean
make_folders (int          dir,
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
sync_folder_of (int          dir,
                const char  *path,
                GError     **error)
{
  g_autofree char *folder = g_path_get_dirname (path);

  return _strata_file_sync_dir (dir, folder, error);
}

/* Somebody may still want to see what the damage looks like. */
static gboolean
keep_replaced (StrataRestore             *self,
               const StrataRollbackFile  *file,
               int                        from_dir,
               GError                   **error)
{
  int dir = _strata_store_get_dir (self->store);
  g_autofree char *folder = _strata_rollback_dup_path (self->header->source, "replaced");
  g_autofree char *name = g_strdelimit (g_strdup (file->path), "/", '~');
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) open_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (from_dir, file->path, &open_error);
  StrataDigest digest;

  if (stream == NULL)
    {
      if (g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
          g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&open_error));
      return FALSE;
    }
  /* An earlier try may have left a part of it */
  if (!_strata_file_unlink (dir, path, error))
    return FALSE;

  return _strata_file_make_dir (dir, folder, error) &&
         _strata_restore_copy (stream, dir, path, TRUE, &digest, NULL, error) &&
         _strata_file_sync_dir (dir, folder, error);
}

static gboolean
put_back (StrataRestore  *self,
          const Ready    *ready,
          int             to_dir,
          GError        **error)
{
  const char *path = ready->file->path;
  g_autofree char *temporary = g_strconcat (path, TEMPORARY_SUFFIX, NULL);
  g_autoptr(GInputStream) from = _strata_file_stream_open (_strata_store_get_dir (self->store), ready->staged, error);
  StrataDigest digest;

  if (from == NULL || !make_folders (to_dir, path, error) || !keep_replaced (self, ready->file, to_dir, error))
    return FALSE;
  if (!_strata_file_unlink (to_dir, temporary, error))
    return FALSE;

  if (!_strata_restore_copy (from, to_dir, temporary, TRUE, &digest, NULL, error) ||
      !_strata_file_rename (to_dir, temporary, path, error))
    {
      _strata_file_unlink (to_dir, temporary, NULL);
      return FALSE;
    }

  return sync_folder_of (to_dir, path, error);
}

/* The folder may be gone with all that was in it. */
static int
open_root (const char  *path,
           GError     **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  int fd = _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, NULL);

  if (fd >= 0)
    return fd;
  if (!_strata_file_make_dir (AT_FDCWD, path, error) || !_strata_file_sync_dir (AT_FDCWD, parent, error))
    return -1;

  return _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, error);
}

gboolean
_strata_restore_apply (StrataRestore  *self,
                       StrataSteps    *progress,
                       GError        **error)
{
  for (guint i = 0; i < self->ready->len; i++)
    {
      const Ready *ready = g_ptr_array_index (self->ready, i);
      int dir = open_root (self->header->roots[ready->file->root], error);
      gboolean ok = dir >= 0 && put_back (self, ready, dir, error);

      if (dir >= 0)
        _strata_file_close (dir);
      if (!ok)
        return FALSE;
      if (progress != NULL)
        _strata_steps_advance (progress, ready->file->mark.size);
    }

  return TRUE;
}

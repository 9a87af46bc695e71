/* strata-store.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-changes-private.h"
#include "strata-key-private.h"
#include "strata-staging-private.h"
#include "strata-store-internal-private.h"
#include "strata-value-stream-private.h"

#define LOCK_WAIT_MS 5000
#define LOCK_STEP_MS 10
/* A metadata.json is about 8 KiB; a session in a hundred thousand parts still fits */
#define MAX_METADATA_BYTES (256 * 1024 * 1024)
#define RESERVE_BYTES (64 * 1024 * 1024)

/**
 * StrataStore:
 *
 * A folder that holds sessions, collections and attachments as
 * docs/store-format.md says.
 *
 * What it returns was read from the files and checked against their digests;
 * lists come from the catalog, which follows the files. Other processes may
 * write to the same folder: nothing half-written is ever seen.
 *
 * Threads: any but the one that draws a window, since every call may wait for
 * the disk.
 */
G_DEFINE_FINAL_TYPE (StrataStore, strata_store, G_TYPE_OBJECT)

static const char *const folders[] = {
  "sessions", "collections", "attachments", "staging", "quarantine", "trash", "migration", NULL
};

static void
strata_store_finalize (GObject *object)
{
  StrataStore *self = STRATA_STORE (object);

  g_clear_pointer (&self->catalog, _strata_catalog_free);
  g_clear_object (&self->cache);
  if (self->dir >= 0)
    _strata_seam_get ()->close (self->dir);
  g_free (self->path);
  g_mutex_clear (&self->mutex);
  g_mutex_clear (&self->lock_mutex);

  G_OBJECT_CLASS (strata_store_parent_class)->finalize (object);
}

static void
strata_store_class_init (StrataStoreClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_store_finalize;
}

static void
strata_store_init (StrataStore *self)
{
  g_mutex_init (&self->mutex);
  g_mutex_init (&self->lock_mutex);
  self->cache = strata_cache_new ();
  self->dir = -1;
  self->lock_fd = -1;
}

const char *
strata_store_get_path (StrataStore *self)
{
  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  return self->path;
}

/**
 * strata_store_get_cache:
 *
 * Returns: (transfer none): what is kept in memory of the sessions that are
 *   read with [class@Strata.Session]
 */
StrataCache *
strata_store_get_cache (StrataStore *self)
{
  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  return self->cache;
}

int
_strata_store_get_dir (StrataStore *self)
{
  return self->dir;
}

/**
 * strata_store_dup_default_path:
 *
 * Returns: (transfer full): `$STRATA_STORE`, else `strata/store` in the user's data folder
 */
char *
strata_store_dup_default_path (void)
{
  const char *given = g_getenv ("STRATA_STORE");

  if (given != NULL && *given != '\0')
    return g_strdup (given);

  return g_build_filename (g_get_user_data_dir (), "strata", "store", NULL);
}

gboolean
_strata_store_lock (StrataStore  *self,
                    GError      **error)
{
  int fd;

  g_mutex_lock (&self->lock_mutex);
  fd = _strata_file_open (self->dir, "lock", O_RDWR | O_CREAT, error);
  if (fd < 0)
    {
      g_mutex_unlock (&self->lock_mutex);
      return FALSE;
    }

  for (guint waited = 0; _strata_seam_get ()->lock (fd, F_WRLCK) < 0; waited += LOCK_STEP_MS)
    {
      int saved = errno;

      if (waited < LOCK_WAIT_MS && (saved == EAGAIN || saved == EACCES || saved == EINTR))
        {
          g_usleep (LOCK_STEP_MS * 1000);
          continue;
        }

      _strata_file_close (fd);
      g_mutex_unlock (&self->lock_mutex);
      if (saved == EAGAIN || saved == EACCES)
        g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "Another process is writing to the store");
      else
        _strata_file_set_error (error, saved, "lock", "lock");
      return FALSE;
    }
  self->lock_fd = fd;

  return TRUE;
}

void
_strata_store_unlock (StrataStore *self)
{
  _strata_file_close (self->lock_fd);
  self->lock_fd = -1;
  g_mutex_unlock (&self->lock_mutex);
}

StrataHeader *
_strata_store_read_header (StrataStore  *self,
                           GError      **error)
{
  return _strata_header_read (self->dir, error);
}

/**
 * strata_store_dup_state:
 *
 * Returns: (transfer full): the state of the migration into it
 */
char *
strata_store_dup_state (StrataStore *self)
{
  g_autoptr(StrataHeader) header = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  header = _strata_store_read_header (self, NULL);

  return g_strdup (header != NULL ? header->state : "failed");
}

/**
 * strata_store_dup_source:
 *
 * Returns: (transfer full) (nullable): the old store that was migrated last
 */
char *
strata_store_dup_source (StrataStore *self)
{
  g_autoptr(StrataHeader) header = NULL;
  const StrataSourceRecord *source;

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  header = _strata_store_read_header (self, NULL);
  if (header == NULL || header->sources->len == 0)
    return NULL;
  source = g_ptr_array_index (header->sources, header->sources->len - 1);

  return g_strdup (source->path);
}

/* Making and opening */

/* Makes a folder's own name durable. Where nobody may look, somebody else made it, and not just now. */
static gboolean
sync_parent (const char  *path,
             GError     **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autoptr(GError) sync_error = NULL;

  if (_strata_file_sync_dir (AT_FDCWD, parent, &sync_error) ||
      g_error_matches (sync_error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&sync_error));

  return FALSE;
}

static gboolean
make_parents (const char  *path,
              GError     **error)
{
  g_autofree char *parent = g_path_get_dirname (path);
  struct stat status;

  if (_strata_seam_get ()->stat (AT_FDCWD, parent, &status) == 0)
    return TRUE;

  if (errno != ENOENT)
    {
      _strata_file_set_error (error, errno, "look at", parent);
      return FALSE;
    }

  return make_parents (parent, error) && _strata_file_make_dir (AT_FDCWD, parent, error) &&
         sync_parent (parent, error);
}

static int
open_root (const char  *path,
           GError     **error)
{
  g_autoptr(GError) open_error = NULL;
  int fd = _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, &open_error);

  if (fd < 0 && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no store at “%s”", path);
  else if (fd < 0)
    g_propagate_error (error, g_steal_pointer (&open_error));

  return fd;
}

/* A folder is taken for a new store when nothing is in it, or only what making
 * a store that was interrupted leaves.
 */
static gboolean
check_folder_is_ours (int          dir,
                      const char  *path,
                      GError     **error)
{
  static const char *const files[] = { "lock", "reserve", "changes.log", "store.json.new", NULL };
  g_autoptr(GPtrArray) entries = _strata_file_list (dir, ".", error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);

      if (!g_strv_contains (files, entry->name) && !g_strv_contains (folders, entry->name))
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS,
                       "“%s” holds other things (“%s”); choose an empty folder for the store", path, entry->name);
          return FALSE;
        }
    }

  return TRUE;
}

/* Those that are empty may have been left out by whatever copied the store. */
static gboolean
make_folders (int      dir,
              GError **error)
{
  for (guint i = 0; folders[i] != NULL; i++)
    if (!_strata_file_make_dir (dir, folders[i], error))
      return FALSE;

  return TRUE;
}

/* store.json comes last: with it the folder is a store, and it and all above it are on disk. */
static gboolean
fill_new_store (int          dir,
                const char  *path,
                GError     **error)
{
  g_autoptr(StrataHeader) header = _strata_header_new ();
  int log;

  if (!check_folder_is_ours (dir, path, error))
    return FALSE;

  if (!make_folders (dir, error))
    return FALSE;

  log = _strata_file_open (dir, "changes.log", O_WRONLY | O_CREAT | O_APPEND, error);
  if (log < 0)
    return FALSE;
  _strata_file_close (log);

  return _strata_file_sync_dir (dir, ".", error) && sync_parent (path, error) && _strata_header_write (header, dir, error);
}

void
_strata_store_release_reserve (StrataStore *self)
{
  _strata_file_unlink (self->dir, "reserve", NULL);
}

/* Keeps min (64 MiB, 1 % of the free space) aside. Best effort: a store without it works too. */
void
_strata_store_make_reserve (StrataStore *self)
{
  struct statvfs space;
  struct stat status;
  guint64 size;
  int fd;

  if (_strata_seam_get ()->stat (self->dir, "reserve", &status) == 0 || fstatvfs (self->dir, &space) < 0)
    return;

  size = MIN (RESERVE_BYTES, (guint64)space.f_bavail * space.f_frsize / 100);
  fd = _strata_file_open (self->dir, "reserve", O_WRONLY | O_CREAT | O_EXCL, NULL);
  if (fd < 0)
    return;

  if (size == 0 || _strata_seam_get ()->allocate (fd, (goffset)size) < 0)
    _strata_file_unlink (self->dir, "reserve", NULL);
  _strata_file_close (fd);
}

/* It is derived: away with it, and on from the files. Where no new one can be
 * made there is an empty one in memory, and @error is set.
 */
static gboolean
replace_catalog (StrataStore  *self,
                 const GError *damage,
                 GError      **error)
{
  static const char *const names[] = { "catalog.sqlite3", "catalog.sqlite3-wal", "catalog.sqlite3-shm" };
  gboolean ok = TRUE;

  g_info ("The catalog is made anew: %s", damage->message);
  g_clear_pointer (&self->catalog, _strata_catalog_free);
  for (guint i = 0; i < G_N_ELEMENTS (names) && ok; i++)
    ok = _strata_file_unlink (self->dir, names[i], error);
  if (ok)
    self->catalog = _strata_catalog_open (self->path, error);
  if (self->catalog != NULL)
    return TRUE;

  self->catalog = _strata_catalog_new_in_memory ();

  return FALSE;
}

static gboolean
open_catalog (StrataStore  *self,
              GError      **error)
{
  g_autoptr(GError) open_error = NULL;

  self->catalog = _strata_catalog_open (self->path, &open_error);
  if (self->catalog != NULL)
    return TRUE;

  if (g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return replace_catalog (self, open_error, error);

  g_propagate_error (error, g_steal_pointer (&open_error));

  return FALSE;
}

/* What a writer was committing when it died: sessions whose metadata is in place
 * and that the log does not name, or whose lines in it are torn. The log is told,
 * so that the catalog follows; to be told twice does no harm.
 */
static gboolean
finish_commits (StrataStore  *self,
                GError      **error)
{
  g_autofree char *intents = _strata_staging_read_intents (self->dir, error);
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  g_auto(GStrv) lines = NULL;
  guint64 end;

  if (intents == NULL)
    return FALSE;
  if (*intents == '\0')
    return TRUE;
  if (!_strata_changes_cut_torn (self->dir, intents, error))
    return FALSE;

  lines = g_strsplit (intents, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *key = strchr (lines[i], ' ');
      gboolean is_collection = g_str_has_prefix (lines[i], "collection ");
      g_autoptr(StrataManifest) manifest = key != NULL ? _strata_store_load (self, is_collection, key + 1, NULL) : NULL;
      StrataChange *change;

      if (manifest == NULL)
        continue;
      change = g_new0 (StrataChange, 1);
      change->is_collection = is_collection;
      change->key = g_strdup (manifest->key);
      change->digest = manifest->file_digest;
      g_ptr_array_add (changes, change);
    }

  return changes->len == 0 || _strata_changes_append (self->dir, changes, &end, error);
}

/* Brings the catalog up to date and sweeps what dead writers left. Where the
 * store can't be written to just now, what the catalog says stands.
 */
static gboolean
settle (StrataStore  *self,
        GError      **error)
{
  g_autoptr(GError) settle_error = NULL;
  gboolean ok;

  if (_strata_catalog_is_read_only (self->catalog) || !_strata_store_lock (self, &settle_error))
    return TRUE;

  ok = make_folders (self->dir, &settle_error) &&
       finish_commits (self, &settle_error) &&
       _strata_store_roll_forward (self, NULL, &settle_error) &&
       _strata_staging_sweep (self->dir, &settle_error);
  _strata_store_unlock (self);

  if (ok || g_error_matches (settle_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ||
      g_error_matches (settle_error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
      g_error_matches (settle_error, G_IO_ERROR, G_IO_ERROR_READ_ONLY))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&settle_error));

  return FALSE;
}

static StrataStore *
open_store (const char  *path,
            gboolean     create,
            GError     **error)
{
  g_autoptr(StrataStore) self = g_object_new (STRATA_TYPE_STORE, NULL);
  g_autoptr(StrataHeader) header = NULL;
  g_autoptr(GError) header_error = NULL;

  self->dir = open_root (path, error);
  if (self->dir < 0)
    return NULL;
  self->path = _strata_file_dup_real_path (self->dir, path);

  header = _strata_header_read (self->dir, &header_error);
  if (header == NULL)
    {
      if (!create || !g_error_matches (header_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        {
          g_propagate_prefixed_error (error, g_steal_pointer (&header_error), "%s: ", path);
          return NULL;
        }
      if (!fill_new_store (self->dir, path, error))
        return NULL;
    }

  if (!open_catalog (self, error) || !settle (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

/**
 * strata_store_open:
 * @path: the store's folder
 *
 * Opens a store that is there. Empties what dead writers left in `staging/`
 * and rolls the catalog forward; deletes nothing else.
 *
 * Returns: (transfer full): the store, or %NULL with @error set:
 *   %STRATA_ERROR_NOT_FOUND where there is none, %STRATA_ERROR_NEWER_FORMAT
 *   where this program is too old for it
 */
StrataStore *
strata_store_open (const char  *path,
                   GError     **error)
{
  g_return_val_if_fail (path != NULL, NULL);

  return open_store (path, FALSE, error);
}

/**
 * strata_store_open_or_create:
 * @path: the store's folder, made when it is not there
 *
 * Like [func@Strata.Store.open], but makes an empty store where there is none.
 * A folder that holds other things is left alone (%STRATA_ERROR_EXISTS).
 *
 * Returns: (transfer full): the store, or %NULL with @error set
 */
StrataStore *
strata_store_open_or_create (const char  *path,
                             GError     **error)
{
  g_autofree char *absolute = NULL;

  g_return_val_if_fail (path != NULL, NULL);

  absolute = g_canonicalize_filename (path, NULL);
  if (!make_parents (absolute, error) || !_strata_file_make_dir (AT_FDCWD, absolute, error))
    return NULL;

  return open_store (absolute, TRUE, error);
}

/* The catalog and the files */

gpointer
_strata_store_with_catalog (StrataStore        *self,
                            StrataCatalogFunc   func,
                            gpointer            user_data,
                            GError            **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return func (self->catalog, user_data, error);
}

/* Says what a metadata.json that can't be read means: nothing there, something
 * else in its place, or a failure to read.
 */
static void
set_load_error (const GError  *read_error,
                gboolean       is_collection,
                const char    *key,
                const char    *path,
                GError       **error)
{
  if (read_error == NULL || g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no %s “%s”",
                 is_collection ? "collection" : "session", key);
  else if (g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE) ||
           g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: %s", path, read_error->message);
  else
    g_propagate_error (error, g_error_copy (read_error));
}

StrataManifest *
_strata_store_load (StrataStore  *self,
                    gboolean      is_collection,
                    const char   *key,
                    GError      **error)
{
  gboolean can_be = is_collection ? _strata_collection_key_is_valid (key) : _strata_key_is_valid (key);
  g_autofree char *path = is_collection ? g_strdup_printf ("collections/%s.metadata.json", key)
                                        : g_strdup_printf ("sessions/%s/metadata.json", key);
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) read_error = NULL;
  StrataManifest *manifest;

  if (can_be)
    bytes = _strata_file_read (self->dir, path, MAX_METADATA_BYTES, &read_error);
  if (bytes == NULL)
    {
      set_load_error (read_error, is_collection, key, path, error);
      return NULL;
    }

  manifest = _strata_manifest_parse (bytes, error);
  if (manifest == NULL)
    g_prefix_error (error, "“%s” is damaged: ", path);
  else if (strcmp (manifest->key, key) != 0 || manifest->is_collection != is_collection)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” belongs to “%s”", path, manifest->key);
      g_clear_pointer (&manifest, _strata_manifest_free);
    }

  return manifest;
}

static gboolean
load_rows_of_part (StrataStore           *self,
                   const StrataManifest  *manifest,
                   const StrataPart      *part,
                   GPtrArray             *rows,
                   GError               **error)
{
  g_autoptr(GInputStream) stream = _strata_value_stream_new_part (self->dir, manifest, part);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (stream);
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      StrataAttachmentRow *row;

      /* To the very end, where the digest is checked */
      if (!more)
        return _strata_json_reader_finish (reader, NULL, error);

      row = _strata_attachment_row_read (reader, error);
      if (row == NULL)
        return FALSE;
      g_ptr_array_add (rows, row);
    }

  return FALSE;
}

GPtrArray *
_strata_store_load_rows (StrataStore           *self,
                         const StrataManifest  *manifest,
                         GError               **error)
{
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);

  for (guint i = 0; i < manifest->attachments->len; i++)
    if (!load_rows_of_part (self, manifest, g_ptr_array_index (manifest->attachments, i), rows, error))
      return NULL;

  return g_steal_pointer (&rows);
}

/* Makes the catalog say of one session or collection what its files say; one
 * whose metadata is gone is removed from it.
 */
static gboolean
apply_from_files (StrataStore  *self,
                  gboolean      is_collection,
                  const char   *key,
                  GError      **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (self, is_collection, key, &load_error);
  g_autoptr(GPtrArray) rows = NULL;

  if (manifest != NULL)
    rows = _strata_store_load_rows (self, manifest, &load_error);

  if (rows != NULL)
    return _strata_catalog_put (self->catalog, manifest, rows, error);

  if (g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return _strata_catalog_remove (self->catalog, key, error);

  /* Damage is verify's to report. The catalog keeps what it knew, also which
   * attachments are in use.
   */
  if (load_error->domain == STRATA_ERROR)
    {
      g_info ("Not in the catalog: %s", load_error->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&load_error));

  return FALSE;
}

static gboolean
apply_changes (StrataStore  *self,
               GPtrArray    *changes,
               GHashTable   *fresh,
               GError      **error)
{
  g_autoptr(GHashTable) done = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);
      const StrataFreshEntry *entry = fresh != NULL ? g_hash_table_lookup (fresh, change->key) : NULL;

      if (!g_hash_table_add (done, change->key))
        continue;
      if (entry != NULL && entry->manifest->is_collection == change->is_collection
            ? !_strata_catalog_put (self->catalog, entry->manifest, entry->rows, error)
            : !apply_from_files (self, change->is_collection, change->key, error))
        return FALSE;
    }

  return TRUE;
}

/* @out_reached: FALSE where damage in the log hides what was changed after it */
static gboolean
roll_forward_locked (StrataStore  *self,
                     GHashTable   *fresh,
                     gboolean     *out_reached,
                     GError      **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 applied, end, log_end;

  if (!_strata_catalog_get_applied (self->catalog, &applied, error) ||
      !_strata_changes_read (self->dir, applied, changes, &end, error) ||
      !_strata_changes_find_end (self->dir, &log_end, error))
    return FALSE;

  *out_reached = end >= log_end;
  if (changes->len == 0 || !*out_reached)
    return TRUE;

  if (!_strata_catalog_begin (self->catalog, error))
    return FALSE;

  if (apply_changes (self, changes, fresh, error) && _strata_catalog_commit (self->catalog, end, error))
    return TRUE;

  _strata_catalog_roll_back (self->catalog);

  return FALSE;
}

/* Whether the catalog belongs to the files at all: not when it is new, or says
 * it contains more of changes.log than there is.
 */
static gboolean
catalog_fits (StrataStore  *self,
              gboolean     *out_fits,
              GError      **error)
{
  guint64 applied;
  struct stat status;

  if (!_strata_catalog_get_applied (self->catalog, &applied, error))
    return FALSE;

  if (_strata_seam_get ()->stat (self->dir, "changes.log", &status) < 0)
    {
      if (errno != ENOENT)
        {
          _strata_file_set_error (error, errno, "look at", "changes.log");
          return FALSE;
        }
      status.st_size = 0;
    }

  *out_fits = applied <= (guint64)status.st_size && (applied > 0 || status.st_size == 0);

  return TRUE;
}

gboolean
_strata_store_roll_forward (StrataStore  *self,
                            GHashTable   *fresh,
                            GError      **error)
{
  g_autoptr(GError) damage = NULL;
  gboolean fits, ok;

  g_mutex_lock (&self->mutex);
  ok = catalog_fits (self, &fits, &damage);
  if (ok && (fits || fresh != NULL))
    ok = roll_forward_locked (self, fresh, &fits, &damage);
  g_mutex_unlock (&self->mutex);

  if (ok && fits)
    return TRUE;

  /* Damage is the catalog's, or the log's, which rebuilding reports */
  if (ok || g_error_matches (damage, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return _strata_store_rebuild_catalog (self, error);

  g_propagate_error (error, g_steal_pointer (&damage));

  return FALSE;
}

static gboolean
apply_folder (StrataStore  *self,
              const char   *folder,
              const char   *suffix,
              gboolean      is_collection,
              GError      **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, folder, error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *key = g_strdup (entry->name);

      if (!g_str_has_suffix (key, suffix))
        continue;
      key[strlen (key) - strlen (suffix)] = '\0';
      if (!apply_from_files (self, is_collection, key, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
rebuild_locked (StrataStore  *self,
                guint64       log_end,
                GError      **error)
{
  if (_strata_catalog_begin (self->catalog, error) &&
      _strata_catalog_clear (self->catalog, error) &&
      apply_folder (self, "sessions", "", FALSE, error) &&
      apply_folder (self, "collections", ".metadata.json", TRUE, error) &&
      _strata_catalog_commit (self->catalog, log_end, error))
    return TRUE;

  _strata_catalog_roll_back (self->catalog);

  return FALSE;
}

gboolean
_strata_store_rebuild_catalog (StrataStore  *self,
                               GError      **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  g_autoptr(GError) damage = NULL;
  guint64 log_end;

  if (!_strata_changes_find_end (self->dir, &log_end, error))
    return FALSE;

  if (rebuild_locked (self, log_end, &damage))
    return TRUE;

  if (g_error_matches (damage, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return replace_catalog (self, damage, error) && rebuild_locked (self, log_end, error);

  g_propagate_error (error, g_steal_pointer (&damage));

  return FALSE;
}

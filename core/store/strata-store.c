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
#include "strata-tail-private.h"
#include "strata-value-stream-private.h"

#define LOCK_WAIT_MS 5000
/* The first wait for it; each is twice the one before, up to the last */
#define LOCK_FIRST_US 100
#define LOCK_LAST_US  10000
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

/* What has files open, when nobody uses it any more */
typedef struct
{
  StrataWriter  *writer;
  StrataStaging *corner;
  StrataCatalog *catalog;
  int            dir;
} Opened;

static void
opened_free (gpointer data)
{
  Opened *opened = data;

  g_clear_pointer (&opened->writer, _strata_writer_free);
  g_clear_pointer (&opened->corner, _strata_staging_free);
  g_clear_pointer (&opened->catalog, _strata_catalog_free);
  if (opened->dir >= 0)
    _strata_seam_get ()->close (opened->dir);
  g_free (opened);
}

static void
strata_store_finalize (GObject *object)
{
  StrataStore *self = STRATA_STORE (object);
  Opened *opened = g_new0 (Opened, 1);

  opened->writer = g_steal_pointer (&self->writer);
  opened->corner = g_steal_pointer (&self->corner);
  opened->catalog = g_steal_pointer (&self->catalog);
  opened->dir = self->dir;
  _strata_seam_close (opened_free, opened);
  g_clear_object (&self->cache);
  g_free (self->path);
  g_hash_table_unref (self->behind);
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
  self->behind = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->dir = -1;
  self->lock_fd = -1;
  self->writer = _strata_writer_new (self);
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

/* A store may be rolled back, or moved, by another process while this one has it open. What
 * would be written then goes away with it, and nobody would know. Where it can't be told it is there.
 */
static gboolean
check_place (StrataStore  *self,
             GError      **error)
{
  struct stat open_one, named_one;

  if (_strata_seam_get ()->fstat (self->dir, &open_one) < 0)
    return TRUE;
  if (_strata_seam_get ()->stat (AT_FDCWD, self->path, &named_one) == 0
        ? open_one.st_ino == named_one.st_ino && open_one.st_dev == named_one.st_dev : errno != ENOENT)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND,
               "The store is not at “%s” any more: it was rolled back, or moved. Nothing was written", self->path);

  return FALSE;
}

gboolean
_strata_store_lock (StrataStore  *self,
                    GError      **error)
{
  gulong waited_us = 0, step_us = LOCK_FIRST_US;
  int fd;

  g_mutex_lock (&self->lock_mutex);
  fd = _strata_file_open (self->dir, "lock", O_RDWR | O_CREAT, error);
  if (fd < 0)
    {
      g_mutex_unlock (&self->lock_mutex);
      return FALSE;
    }

  while (_strata_seam_get ()->lock (fd, F_WRLCK) < 0)
    {
      int saved = errno;

      if (waited_us < LOCK_WAIT_MS * 1000 && (saved == EAGAIN || saved == EACCES || saved == EINTR))
        {
          g_usleep (step_us);
          waited_us += step_us;
          step_us = MIN (step_us * 2, LOCK_LAST_US);
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

  if (check_place (self, error))
    return TRUE;
  _strata_store_unlock (self);

  return FALSE;
}

void
_strata_store_unlock (StrataStore *self)
{
  _strata_file_close (self->lock_fd);
  self->lock_fd = -1;
  g_mutex_unlock (&self->lock_mutex);
}

gboolean
_strata_store_is_locked (StrataStore *self)
{
  return self->lock_fd >= 0;
}

StrataWriter *
_strata_store_get_writer (StrataStore *self)
{
  return self->writer;
}

StrataStaging *
_strata_store_get_corner (StrataStore  *self,
                          GError      **error)
{
  StrataStaging *corner = g_atomic_pointer_get (&self->corner);

  if (corner != NULL)
    return corner;

  /* Under the lock, so that nobody sweeps it between its making and its locking */
  if (!_strata_store_lock (self, error))
    return NULL;
  corner = _strata_store_get_corner_locked (self, error);
  _strata_store_unlock (self);

  return corner;
}

StrataStaging *
_strata_store_get_corner_locked (StrataStore  *self,
                                 GError      **error)
{
  if (self->corner == NULL)
    g_atomic_pointer_set (&self->corner, _strata_staging_new (self->dir, error));

  return self->corner;
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
is_unwritable (const GError *error)
{
  return g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED) ||
         g_error_matches (error, G_IO_ERROR, G_IO_ERROR_READ_ONLY);
}

/* Where there is none and none can be made, on a full disk or a read-only one, the files are
 * read into one in memory: whoever only reads needs no more.
 */
static gboolean
open_catalog (StrataStore  *self,
              GError      **error)
{
  g_autoptr(GError) open_error = NULL;
  g_autoptr(GError) damage = NULL;

  self->catalog = _strata_catalog_open (self->path, &open_error);
  if (g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    {
      damage = g_steal_pointer (&open_error);
      replace_catalog (self, damage, &open_error);
    }
  if (open_error == NULL)
    return TRUE;

  if (!is_unwritable (open_error))
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return FALSE;
    }

  g_info ("The catalog is in memory only: %s", open_error->message);
  if (self->catalog == NULL)
    self->catalog = _strata_catalog_new_in_memory ();

  return _strata_store_rebuild_catalog (self, error);
}

/* What a line of an intent says was being done: "session KEY", "collection KEY", or
 * "delete KEY DIGEST", also where the session came back. What there is now counts, for the
 * log may say what was not finished. %NULL where there is nothing to say.
 */
static StrataChange *
read_intent (StrataStore *self,
             const char  *line)
{
  g_auto(GStrv) words = g_strsplit (line, " ", -1);
  guint n = g_strv_length (words);
  gboolean is_collection = n == 2 && strcmp (words[0], "collection") == 0;
  gboolean is_deletion = n == 3 && strcmp (words[0], "delete") == 0;
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GError) load_error = NULL;
  StrataChange *change;
  StrataDigest digest;

  if (n < 2 || (is_deletion && !_strata_digest_from_hex (words[2], &digest)))
    return NULL;

  manifest = _strata_store_load (self, is_collection, words[1], &load_error);
  if (manifest == NULL && (!is_deletion || !g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND)))
    return NULL;

  change = _strata_change_new (words[1], manifest != NULL ? &manifest->file_digest : &digest);
  change->is_collection = is_collection;
  change->is_deleted = manifest == NULL;

  return change;
}

/* What a writer was committing when it died: sessions whose metadata is in place,
 * or gone, and of which the log does not say so, or whose lines in it are torn.
 * The log is told, so that the catalog follows; to be told twice does no harm.
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
      StrataChange *change = read_intent (self, lines[i]);

      if (change != NULL)
        g_ptr_array_add (changes, change);
    }

  /* In place is not on disk: the writer may have died before it synced the folders.
   * Once its intent is gone nobody would know.
   */
  if (_strata_seam_get ()->syncfs (self->dir) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", "sessions");
      return FALSE;
    }

  return changes->len == 0 || _strata_changes_append (self->dir, changes, &end, error);
}

/* Cuts off what a crash left of lines that were never acknowledged. What can't be
 * cut now is when somebody appends.
 */
static void
recover_tail (StrataStore *self,
              const char  *key)
{
  g_autofree char *path = _strata_tail_dup_path (key);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataTail) tail = _strata_tail_read (self->dir, key, 0, &error);
  int fd;

  if (tail != NULL && tail->size > tail->end)
    {
      fd = _strata_file_open (self->dir, path, O_WRONLY, &error);
      if (fd >= 0)
        _strata_tail_cut (tail, self->dir, key, fd, &error);
      _strata_file_close (fd);
    }

  if (error != NULL)
    g_info ("A session's tail stays as it is: %s", error->message);
}

static gboolean
recover_tails (StrataStore  *self,
               GError      **error)
{
  g_autoptr(GError) list_error = NULL;
  g_autoptr(GPtrArray) keys = _strata_catalog_list_growing (self->catalog, &list_error);

  /* Damage that is only met here is met like any other of the catalog */
  if (keys == NULL && g_error_matches (list_error, STRATA_ERROR, STRATA_ERROR_CORRUPT) &&
      _strata_store_rebuild_catalog (self, error))
    {
      g_clear_error (&list_error);
      keys = _strata_catalog_list_growing (self->catalog, &list_error);
    }
  if (keys == NULL)
    {
      if (error == NULL || *error == NULL)
        g_propagate_error (error, g_steal_pointer (&list_error));
      return FALSE;
    }

  for (guint i = 0; i < keys->len; i++)
    recover_tail (self, g_ptr_array_index (keys, i));

  return TRUE;
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
       recover_tails (self, &settle_error) &&
       _strata_staging_sweep (self->dir, &settle_error);
  _strata_store_unlock (self);

  if (ok || is_unwritable (settle_error))
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

  _strata_store_refresh_tails (self);

  return func (self->catalog, user_data, error);
}

gpointer
_strata_store_with_catalog_as_it_is (StrataStore        *self,
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

/* Joins a session with what it has grown by. A tail of an earlier generation was
 * sealed since, and says nothing any more.
 */
static gboolean
attach_tail (StrataManifest  *manifest,
             StrataTail      *tail,
             const char      *path,
             GError         **error)
{
  if (tail == NULL || tail->generation < manifest->generation)
    return TRUE;

  if (tail->generation == manifest->generation)
    {
      manifest->tail = _strata_tail_ref (tail);
      return TRUE;
    }

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its tail is newer than it", path);

  return FALSE;
}

/* @folder: (nullable): of a session, where it is */
static StrataManifest *
load_at (StrataStore  *self,
         gboolean      is_collection,
         const char   *key,
         const char   *folder,
         GError      **error)
{
  gboolean can_be = is_collection ? _strata_collection_key_is_valid (key) : _strata_key_is_valid (key);
  g_autofree char *path = folder == NULL ? g_strdup_printf ("collections/%s.metadata.json", key)
                                         : g_build_filename (folder, "metadata.json", NULL);
  g_autofree char *tail_path = folder != NULL ? g_build_filename (folder, "tail.jsonl", NULL) : NULL;
  g_autoptr(StrataTail) tail = NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(GError) read_error = NULL;
  StrataManifest *manifest;

  /* The tail first: what is sealed between the two readings is then in the
   * metadata, where it would otherwise be in neither.
   */
  if (can_be && !is_collection)
    tail = _strata_tail_read_at (self->dir, tail_path, key, 0, &read_error);
  if (can_be && read_error == NULL)
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
  else if (!attach_tail (manifest, tail, path, error))
    g_clear_pointer (&manifest, _strata_manifest_free);

  return manifest;
}

StrataManifest *
_strata_store_load (StrataStore  *self,
                    gboolean      is_collection,
                    const char   *key,
                    GError      **error)
{
  g_autofree char *folder = is_collection ? NULL : g_strconcat ("sessions/", key, NULL);

  return load_at (self, is_collection, key, folder, error);
}

StrataManifest *
_strata_store_load_trashed (StrataStore  *self,
                            const char   *key,
                            const char   *folder,
                            GError      **error)
{
  StrataManifest *manifest = load_at (self, FALSE, key, folder, error);

  if (manifest != NULL)
    manifest->folder = g_strdup (folder);

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

/* Of rows with one id the last counts: it was added when the others were known. */
static void
keep_last_of_each_id (GPtrArray *rows)
{
  g_autoptr(GHashTable) last = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < rows->len; i++)
    g_hash_table_replace (last, ((StrataAttachmentRow *)g_ptr_array_index (rows, i))->id, GUINT_TO_POINTER (i));
  if (g_hash_table_size (last) == rows->len)
    return;

  for (guint i = rows->len; i > 0; i--)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i - 1);

      if (GPOINTER_TO_UINT (g_hash_table_lookup (last, row->id)) != i - 1)
        g_ptr_array_remove_index (rows, i - 1);
    }
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

  if (manifest->tail != NULL && !_strata_tail_check (manifest->tail, manifest->key, error))
    return NULL;
  for (guint i = 0; manifest->tail != NULL && i < manifest->tail->lines->len; i++)
    if (!_strata_tail_line_read_rows (&g_array_index (manifest->tail->lines, StrataTailLine, i), rows, error))
      return NULL;
  keep_last_of_each_id (rows);

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

/* Rows of the lines from byte @from of the file on */
static GPtrArray *
read_tail_rows (const StrataTail  *tail,
                guint64            from,
                GError           **error)
{
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);

  for (guint i = 0; i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);

      if (line->offset >= from && !_strata_tail_line_read_rows (line, rows, error))
        return NULL;
    }

  return g_steal_pointer (&rows);
}

/* A session that was sealed: only what its tail had beyond what the catalog
 * contains is put, unless that does not fit together.
 */
static gboolean
apply_growth (StrataStore             *self,
              const StrataFreshEntry  *entry,
              GError                 **error)
{
  const StrataTail *sealed = entry->sealed;
  g_autoptr(GPtrArray) rows = NULL;
  guint64 generation = 0, bytes = 0;
  gboolean is_growing, has_base;

  if (!_strata_catalog_has_metadata (self->catalog, entry->manifest->key, entry->base, &has_base, error) ||
      !_strata_catalog_get_tail (self->catalog, entry->manifest->key, &is_growing, &generation, &bytes, error))
    return FALSE;
  if (!has_base || is_growing != (sealed != NULL) ||
      (is_growing && (generation != sealed->generation || bytes < sealed->start || bytes > sealed->end)))
    return apply_from_files (self, FALSE, entry->manifest->key, error);

  rows = sealed != NULL ? read_tail_rows (sealed, bytes, error)
                        : g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  if (rows == NULL)
    return FALSE;
  if (entry->more_rows != NULL)
    {
      /* Borrowed: the entry's own go with it */
      g_autoptr(GPtrArray) all = g_ptr_array_copy (rows, NULL, NULL);

      g_ptr_array_set_free_func (all, NULL);
      g_ptr_array_extend (all, entry->more_rows, NULL, NULL);
      return _strata_catalog_grow (self->catalog, entry->manifest, all, error);
    }

  return _strata_catalog_grow (self->catalog, entry->manifest, rows, error);
}

/* Puts what a growing session has in its tail beyond what the catalog contains.
 * What was there before stays, if it is of the metadata that the tail belongs to.
 */
static gboolean
apply_tail (StrataStore  *self,
            const char   *key,
            GError      **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self, FALSE, key, NULL);
  g_autoptr(GPtrArray) rows = NULL;
  guint64 generation = 0, bytes = 0;
  gboolean has_it, is_growing;

  if (manifest == NULL || manifest->tail == NULL || manifest->tail->n_damaged > 0)
    return apply_from_files (self, FALSE, key, error);

  if (!_strata_catalog_has_metadata (self->catalog, key, &manifest->file_digest, &has_it, error) ||
      !_strata_catalog_get_tail (self->catalog, key, &is_growing, &generation, &bytes, error))
    return FALSE;
  if (!has_it || (is_growing && (generation != manifest->tail->generation || bytes > manifest->tail->end)))
    return apply_from_files (self, FALSE, key, error);

  rows = read_tail_rows (manifest->tail, bytes, error);

  return rows != NULL && _strata_catalog_grow (self->catalog, manifest, rows, error);
}

static gboolean
apply_change (StrataStore         *self,
              const StrataChange  *change,
              GHashTable          *fresh,
              GError             **error)
{
  const StrataFreshEntry *entry = fresh != NULL ? g_hash_table_lookup (fresh, change->key) : NULL;

  if (entry == NULL && change->is_tail)
    return apply_tail (self, change->key, error);
  if (entry == NULL || entry->manifest->is_collection != change->is_collection)
    return apply_from_files (self, change->is_collection, change->key, error);
  if (entry->rows != NULL)
    return _strata_catalog_put (self->catalog, entry->manifest, entry->rows, error);

  return apply_growth (self, entry, error);
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

      if (g_hash_table_add (done, change->key) && !apply_change (self, change, fresh, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
apply_alone (StrataStore  *self,
             gboolean      is_collection,
             const char   *key,
             GError      **error)
{
  guint64 applied;

  if (!_strata_catalog_get_applied (self->catalog, &applied, error) || !_strata_catalog_begin (self->catalog, error))
    return FALSE;

  if (apply_from_files (self, is_collection, key, error) && _strata_catalog_commit (self->catalog, applied, error))
    return TRUE;

  _strata_catalog_roll_back (self->catalog);

  return FALSE;
}

/* Tells the catalog what it could not be told before. It may be on disk at any time, so
 * what it shows must be there before: a commit that failed need not be.
 */
static gboolean
catch_up (StrataStore  *self,
          GError      **error)
{
  GHashTableIter iter;
  gpointer key, is_collection;

  if (g_hash_table_size (self->behind) == 0)
    return TRUE;
  if (_strata_seam_get ()->syncfs (self->dir) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", "sessions");
      return FALSE;
    }

  g_hash_table_iter_init (&iter, self->behind);
  while (g_hash_table_iter_next (&iter, &key, &is_collection))
    {
      if (!apply_alone (self, GPOINTER_TO_INT (is_collection), key, error))
        return FALSE;
      g_hash_table_iter_remove (&iter);
    }

  return TRUE;
}

void
_strata_store_apply_files (StrataStore *self,
                           gboolean     is_collection,
                           const char  *key)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  g_autoptr(GError) error = NULL;

  g_hash_table_replace (self->behind, g_strdup (key), GINT_TO_POINTER (is_collection));
  if (!catch_up (self, &error))
    g_info ("The catalog will catch up later: %s", error->message);
}

/* Files are read inside the transaction: whoever else puts the session into the
 * catalog comes before or after it, and after has what is newer.
 */
static gboolean
refresh_tail (StrataStore  *self,
              const char   *key,
              GError      **error)
{
  g_autofree char *path = _strata_tail_dup_path (key);
  guint64 generation = 0, bytes = 0, applied;
  gboolean is_growing, ok;
  struct stat status;

  if (!_strata_catalog_get_tail (self->catalog, key, &is_growing, &generation, &bytes, error))
    return FALSE;
  if (!is_growing || (_strata_seam_get ()->stat (self->dir, path, &status) == 0 && (guint64)status.st_size == bytes))
    return TRUE;

  if (!_strata_catalog_begin (self->catalog, error))
    return FALSE;
  ok = _strata_catalog_get_tail (self->catalog, key, &is_growing, &generation, &bytes, error) &&
       _strata_catalog_get_applied (self->catalog, &applied, error) &&
       (!is_growing || apply_tail (self, key, error)) &&
       _strata_catalog_commit (self->catalog, applied, error);
  if (!ok)
    _strata_catalog_roll_back (self->catalog);

  return ok;
}

gboolean
_strata_store_refresh_tail (StrataStore  *self,
                            const char   *key,
                            GError      **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return refresh_tail (self, key, error);
}

static gboolean
refresh_all (StrataStore  *self,
             const char   *except,
             GError      **error)
{
  g_autoptr(GPtrArray) keys = NULL;

  if (!catch_up (self, error))
    return FALSE;

  keys = _strata_catalog_list_growing (self->catalog, error);
  for (guint i = 0; keys != NULL && i < keys->len; i++)
    if (g_strcmp0 (g_ptr_array_index (keys, i), except) != 0 &&
        !refresh_tail (self, g_ptr_array_index (keys, i), error))
      return FALSE;

  return keys != NULL;
}

gboolean
_strata_store_refresh_others (StrataStore  *self,
                              const char   *except,
                              GError      **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return refresh_all (self, except, error);
}

void
_strata_store_refresh_tails (StrataStore *self)
{
  g_autoptr(GError) error = NULL;

  if (!_strata_catalog_is_read_only (self->catalog) && !refresh_all (self, NULL, &error))
    g_info ("What sessions grew by is not in the catalog yet: %s", error->message);
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

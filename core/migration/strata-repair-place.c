/* strata-repair-place.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-repair-private.h"

#define BLOCK_BYTES (256 * 1024)
#define MAX_METADATA (64 * 1024 * 1024)
/* Of the digest, in a name in quarantine */
#define SHORT_DIGITS 12

/* Staging */

static gboolean
copy_stream (StrataRepairing  *self,
             GInputStream     *stream,
             int               fd,
             const char       *path,
             StrataDigest     *out_digest,
             GError          **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, self->cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      if (!_strata_file_write_all (fd, block, (gsize)size, path, error))
        return FALSE;
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0 && _strata_file_sync (fd, path, error);
}

char *
_strata_repairing_stage (StrataRepairing  *self,
                         GInputStream     *stream,
                         StrataDigest     *out_digest,
                         GError          **error)
{
  StrataStaging *corner = _strata_store_get_corner (self->store, error);
  g_autofree char *path = corner != NULL ? _strata_staging_next_path (corner) : NULL;
  int fd = path != NULL ? _strata_file_open (self->dir, path, O_WRONLY | O_CREAT | O_EXCL, error) : -1;
  gboolean ok;

  if (fd < 0)
    return NULL;

  ok = copy_stream (self, stream, fd, path, out_digest, error);
  _strata_file_close (fd);
  if (ok)
    return g_steal_pointer (&path);
  _strata_file_unlink (self->dir, path, NULL);

  return NULL;
}

/* Quarantine */

static gboolean
digest_file (StrataRepairing  *self,
             const char       *path,
             StrataDigest     *out_digest)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, NULL);

  return stream != NULL && _strata_digest_of_stream (stream, out_digest, self->cancellable, NULL);
}

gboolean
_strata_repairing_is_whole (StrataRepairing    *self,
                            const char         *path,
                            const StrataDigest *digest)
{
  StrataDigest found;

  return digest_file (self, path, &found) && _strata_digest_equal (&found, digest);
}

/* What is no file has no digest, and is nothing of ours */
static char *
make_aside_path (StrataRepairing *self,
                 const char      *path)
{
  g_autofree char *label = g_strdelimit (g_strdup (path), "/", '~');
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (!digest_file (self, path, &digest))
    return g_strconcat ("quarantine/damaged-", label, NULL);
  _strata_digest_to_hex (&digest, hex);

  return g_strdup_printf ("quarantine/damaged-%s.%.*s", label, SHORT_DIGITS, hex);
}

char *
_strata_repairing_move_aside (StrataRepairing  *self,
                              const char       *path,
                              GError          **error)
{
  g_autofree char *aside = make_aside_path (self, path);
  g_autofree char *folder = g_path_get_dirname (path);

  if (!_strata_file_rename (self->dir, path, aside, error) || !_strata_file_sync_dir (self->dir, "quarantine", error) ||
      !_strata_file_sync_dir (self->dir, folder, error))
    return NULL;

  return g_steal_pointer (&aside);
}

char *
_strata_repairing_put_aside (StrataRepairing  *self,
                             const char       *path,
                             GError          **error)
{
  char *aside;

  if (!_strata_store_lock (self->store, error))
    return NULL;
  aside = _strata_repairing_move_aside (self, path, error);
  _strata_store_unlock (self->store);

  return aside;
}

char *
_strata_repairing_copy_aside (StrataRepairing  *self,
                              const char       *path,
                              GError          **error)
{
  g_autofree char *aside = make_aside_path (self, path);
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, error);
  StrataStaging *corner = stream != NULL ? _strata_store_get_corner_locked (self->store, error) : NULL;
  g_autofree char *staged = corner != NULL ? _strata_staging_next_path (corner) : NULL;
  int fd = staged != NULL ? _strata_file_open (self->dir, staged, O_WRONLY | O_CREAT | O_EXCL, error) : -1;
  StrataDigest digest;
  gboolean ok;

  if (fd < 0)
    return NULL;

  ok = copy_stream (self, stream, fd, staged, &digest, error);
  _strata_file_close (fd);
  if (!ok || !_strata_file_rename (self->dir, staged, aside, error) || !_strata_file_sync_dir (self->dir, "quarantine", error))
    return NULL;

  return g_steal_pointer (&aside);
}

/* Putting into place */

/* Makes the folders that a file will be in, each on disk before the next. */
static gboolean
make_folders (StrataRepairing  *self,
              const char       *path,
              GError          **error)
{
  g_autofree char *parent = g_strdup (".");

  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *folder = g_strndup (path, (gsize)(slash - path));
      struct stat status;

      if (!_strata_file_stat (self->dir, folder, &status, NULL) &&
          (!_strata_file_make_dir (self->dir, folder, error) || !_strata_file_sync_dir (self->dir, parent, error)))
        return FALSE;
      g_free (parent);
      parent = g_steal_pointer (&folder);
    }

  return TRUE;
}

static gboolean
place_locked (StrataRepairing     *self,
              const char          *staged,
              const char          *path,
              const StrataDigest  *digest,
              char               **out_aside,
              GError             **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat status;

  if (_strata_repairing_is_whole (self, path, digest))
    return _strata_file_unlink (self->dir, staged, error);

  if (!make_folders (self, path, error))
    return FALSE;
  if (_strata_file_stat (self->dir, path, &status, NULL))
    {
      *out_aside = _strata_repairing_move_aside (self, path, error);
      if (*out_aside == NULL)
        return FALSE;
    }

  return _strata_file_rename (self->dir, staged, path, error) && _strata_file_sync_dir (self->dir, folder, error);
}

gboolean
_strata_repairing_place (StrataRepairing     *self,
                         const char          *staged,
                         const char          *path,
                         const StrataDigest  *digest,
                         char               **out_aside,
                         GError             **error)
{
  gboolean ok;

  *out_aside = NULL;
  if (!_strata_store_lock (self->store, error))
    return FALSE;
  ok = place_locked (self, staged, path, digest, out_aside, error);
  _strata_store_unlock (self->store);
  if (!ok)
    g_clear_pointer (out_aside, g_free);
  else
    self->n_done++;

  return ok;
}

/* Metadata */

StrataManifest *
_strata_repairing_load (StrataRepairing  *self,
                        const char       *path,
                        const char       *folder,
                        GError          **error)
{
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, path, MAX_METADATA, error);
  StrataManifest *manifest = bytes != NULL ? _strata_manifest_parse (bytes, error) : NULL;

  if (manifest != NULL && folder != NULL && g_str_has_prefix (folder, "trash/"))
    manifest->folder = g_strdup (folder);

  return manifest;
}

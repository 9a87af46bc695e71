/* strata-part-pack.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "strata-part-pack-private.h"

#define BLOCK_BYTES (256 * 1024)

static gboolean
set_lost (GError **error)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "What was packed does not unpack to what it was");

  return FALSE;
}

/* @staged: (transfer full) */
static void
settle (StrataPart         *part,
        char               *staged,
        gboolean            is_gzip,
        guint64             stored_bytes,
        const StrataDigest *stored_digest)
{
  g_free (part->staged_path);
  part->staged_path = staged;
  part->is_gzip = is_gzip;
  part->stored_bytes = stored_bytes;
  part->stored_digest = *stored_digest;
}

gboolean
_strata_part_pack (StrataPart     *part,
                   StrataStaging  *staging,
                   GBytes         *text,
                   int             level,
                   GError        **error)
{
  gsize raw_size, size;
  const void *raw = g_bytes_get_data (text, &raw_size);
  g_autoptr(GBytes) packed = _strata_gzip_pack (raw, raw_size, level);
  g_autoptr(GBytes) unpacked = NULL;
  const void *data = g_bytes_get_data (packed, &size);
  StrataDigest digest;
  char *staged;

  if (!_strata_gzip_is_worth_it (raw_size, size))
    return TRUE;

  unpacked = _strata_gzip_unpack (data, size, raw_size, NULL);
  if (unpacked == NULL || !g_bytes_equal (unpacked, text))
    return set_lost (error);

  staged = _strata_staging_write (staging, data, size, error);
  if (staged == NULL)
    return FALSE;
  _strata_digest_of (data, size, &digest);
  settle (part, staged, TRUE, size, &digest);

  return TRUE;
}

/* Files of any length */

/* Copies a stream into a new file, and says what went by. */
static gboolean
copy_stream (GInputStream  *stream,
             int            fd,
             const char    *path,
             guint64       *out_bytes,
             StrataDigest  *out_digest,
             GCancellable  *cancellable,
             GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  *out_bytes = 0;
  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      if (fd >= 0 && !_strata_file_write_all (fd, block, (gsize)size, path, error))
        return FALSE;
      _strata_hasher_update (hasher, block, (gsize)size);
      *out_bytes += (guint64)size;
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0;
}

/* Returns: (transfer full): a new staged file that holds all of @stream; or %NULL with @error set */
static char *
stage_stream (int             dir,
              StrataStaging  *staging,
              GInputStream   *stream,
              guint64        *out_bytes,
              StrataDigest   *out_digest,
              GCancellable   *cancellable,
              GError        **error)
{
  g_autofree char *path = _strata_staging_next_path (staging);
  int fd = _strata_file_open (dir, path, O_WRONLY | O_CREAT | O_EXCL, error);
  gboolean ok;

  if (fd < 0)
    return NULL;

  ok = copy_stream (stream, fd, path, out_bytes, out_digest, cancellable, error);
  _strata_file_close (fd);
  if (ok)
    return g_steal_pointer (&path);

  _strata_file_unlink (dir, path, NULL);

  return NULL;
}

/* Whether the packed file at @path holds the text of the part */
static gboolean
check_packed (const StrataPart  *part,
              int                dir,
              const char        *path,
              GCancellable      *cancellable,
              GError           **error)
{
  g_autoptr(GInputStream) file = _strata_file_stream_open (dir, path, error);
  g_autoptr(GInputStream) stream = file != NULL ? _strata_gzip_new_unpacking (file) : NULL;
  StrataDigest digest;
  guint64 bytes;

  if (stream == NULL || !copy_stream (stream, -1, path, &bytes, &digest, cancellable, error))
    return FALSE;

  return (bytes == part->raw_bytes && _strata_digest_equal (&digest, &part->raw_digest)) || set_lost (error);
}

gboolean
_strata_part_pack_file (StrataPart     *part,
                        int             dir,
                        StrataStaging  *staging,
                        const char     *path,
                        int             level,
                        GCancellable   *cancellable,
                        GError        **error)
{
  g_autoptr(GInputStream) file = _strata_file_stream_open (dir, path, error);
  g_autoptr(GInputStream) stream = file != NULL ? _strata_gzip_new_packing (file, level) : NULL;
  g_autofree char *staged = NULL;
  StrataDigest digest;
  guint64 bytes;

  if (stream == NULL)
    return FALSE;

  staged = stage_stream (dir, staging, stream, &bytes, &digest, cancellable, error);
  if (staged == NULL)
    return FALSE;

  if (!_strata_gzip_is_worth_it (part->raw_bytes, bytes))
    return _strata_file_unlink (dir, staged, error);

  if (!check_packed (part, dir, staged, cancellable, error))
    {
      _strata_file_unlink (dir, staged, NULL);
      return FALSE;
    }
  settle (part, g_steal_pointer (&staged), TRUE, bytes, &digest);

  return TRUE;
}

gboolean
_strata_part_unpack_file (StrataPart     *part,
                          int             dir,
                          StrataStaging  *staging,
                          const char     *path,
                          GCancellable   *cancellable,
                          GError        **error)
{
  g_autoptr(GInputStream) file = _strata_file_stream_open (dir, path, error);
  g_autoptr(GInputStream) stream = file != NULL ? _strata_gzip_new_unpacking (file) : NULL;
  g_autoptr(GError) copy_error = NULL;
  g_autofree char *staged = NULL;
  StrataDigest digest;
  guint64 bytes;

  if (stream == NULL)
    return FALSE;

  staged = stage_stream (dir, staging, stream, &bytes, &digest, cancellable, &copy_error);
  if (staged != NULL && bytes == part->raw_bytes && _strata_digest_equal (&digest, &part->raw_digest))
    {
      settle (part, g_steal_pointer (&staged), FALSE, part->raw_bytes, &part->raw_digest);
      return TRUE;
    }

  if (staged != NULL)
    _strata_file_unlink (dir, staged, NULL);
  if (staged != NULL || g_error_matches (copy_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its bytes are not those that were stored", path);
  else
    g_propagate_error (error, g_steal_pointer (&copy_error));

  return FALSE;
}

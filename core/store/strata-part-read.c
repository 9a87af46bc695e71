/* strata-part-read.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-part-read-private.h"

/* Small enough to be in the processor's cache when it is hashed after it was read */
#define BLOCK_BYTES (256 * 1024)

static void
set_damaged (const char  *path,
             GError     **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT,
               "“%s” is damaged: its bytes are not those that were stored", path);
}

/* What no store has in a part's place is damage, not a failure to read. */
static GInputStream *
open_part (int          dir,
           const char  *path,
           GError     **error)
{
  g_autoptr(GError) open_error = NULL;
  GInputStream *stream = _strata_file_stream_open (dir, path, &open_error);

  if (stream != NULL)
    return stream;

  if (g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE) ||
      g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: %s", path, open_error->message);
  else
    g_propagate_error (error, g_steal_pointer (&open_error));

  return NULL;
}

/* Reads up to @size bytes, and no more than there are; hashes them on the way. */
static gboolean
read_and_hash (GInputStream  *stream,
               char          *data,
               gsize          size,
               gsize         *out_size,
               StrataDigest  *out_digest,
               GCancellable  *cancellable,
               GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();

  for (*out_size = 0; *out_size < size; )
    {
      gssize got = g_input_stream_read (stream, data + *out_size, MIN (size - *out_size, BLOCK_BYTES), cancellable, error);

      if (got < 0)
        return FALSE;
      if (got == 0)
        break;
      _strata_hasher_update (hasher, data + *out_size, (gsize)got);
      *out_size += (gsize)got;
    }
  _strata_hasher_finish (hasher, out_digest);

  return TRUE;
}

/* A part that is stored as it is: the file's bytes are the text. */
static GBytes *
read_plain (int                dir,
            const char        *path,
            const StrataPart  *part,
            GCancellable      *cancellable,
            GError           **error)
{
  g_autoptr(GInputStream) stream = open_part (dir, path, error);
  g_autofree char *data = NULL;
  StrataDigest digest;
  gsize size;

  if (stream == NULL)
    return NULL;

  /* One more, to notice a file that is longer */
  data = g_try_malloc (part->raw_bytes + 1);
  if (data == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "There is not enough memory to read “%s”", path);
      return NULL;
    }

  if (!read_and_hash (stream, data, part->raw_bytes + 1, &size, &digest, cancellable, error))
    return NULL;

  if (size != part->raw_bytes || !_strata_digest_equal (&digest, &part->raw_digest))
    {
      set_damaged (path, error);
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
_strata_part_read (int                    dir,
                   const StrataManifest  *manifest,
                   const StrataPart      *part,
                   GCancellable          *cancellable,
                   GError               **error)
{
  g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);

  if (part->is_gzip)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NEWER_FORMAT,
                   "“%s” is packed by a newer version of the program; it is intact", path);
      return NULL;
    }

  return read_plain (dir, path, part, cancellable, error);
}

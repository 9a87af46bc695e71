/* strata-part-read.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "strata-part-read-private.h"

/* Small enough to be in the processor's cache when it is hashed after it was read */
#define BLOCK_BYTES (256 * 1024)
/* A packed part with more text than this is unpacked while it is read */
#define MAX_WHOLE_BYTES (8 * 1024 * 1024)

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

/* Reads up to @size bytes, and no more than there are; @hasher (nullable) gets them on the way. */
static gboolean
read_up_to (GInputStream  *stream,
            char          *data,
            gsize          size,
            gsize         *out_size,
            StrataHasher  *hasher,
            GCancellable  *cancellable,
            GError       **error)
{
  for (*out_size = 0; *out_size < size; )
    {
      gssize got = g_input_stream_read (stream, data + *out_size, MIN (size - *out_size, BLOCK_BYTES), cancellable, error);

      if (got < 0)
        return FALSE;
      if (got == 0)
        break;
      if (hasher != NULL)
        _strata_hasher_update (hasher, data + *out_size, (gsize)got);
      *out_size += (gsize)got;
    }

  return TRUE;
}

/* Memory for a file's bytes, and one more, to notice a file that is longer */
static char *
try_alloc (guint64   size,
           GError  **error)
{
  char *data = size < G_MAXSSIZE ? g_try_malloc (size + 1) : NULL;

  if (data == NULL)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "There is not enough memory to read a part");

  return data;
}

/* A part that is stored as it is: the file's bytes are the text. */
static GBytes *
read_plain (GInputStream      *file,
            const StrataPart  *part,
            StrataDigest      *out_digest,
            GCancellable      *cancellable,
            GError           **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *data = try_alloc (part->raw_bytes, error);
  gsize size;

  if (data == NULL || !read_up_to (file, data, part->raw_bytes + 1, &size, hasher, cancellable, error))
    return NULL;
  _strata_hasher_finish (hasher, out_digest);

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

/* Unpacks a whole file; one of another length than it should have is not the one that was stored. */
static GBytes *
unpack_whole (GInputStream  *file,
              guint64        stored_bytes,
              guint64        raw_bytes,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autofree char *packed = try_alloc (stored_bytes, error);
  gsize size;

  if (packed == NULL || !read_up_to (file, packed, stored_bytes + 1, &size, NULL, cancellable, error))
    return NULL;

  if (size != stored_bytes)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "It has another length than was stored");
      return NULL;
    }

  return _strata_gzip_unpack (packed, size, raw_bytes, error);
}

static GBytes *
read_packed (GInputStream      *file,
             const StrataPart  *part,
             StrataDigest      *out_digest,
             GCancellable      *cancellable,
             GError           **error)
{
  GBytes *text = unpack_whole (file, part->stored_bytes, part->raw_bytes, cancellable, error);

  if (text != NULL)
    _strata_digest_of (g_bytes_get_data (text, NULL), g_bytes_get_size (text), out_digest);

  return text;
}

GBytes *
_strata_part_read (int                    dir,
                   const StrataManifest  *manifest,
                   const StrataPart      *part,
                   GCancellable          *cancellable,
                   GError               **error)
{
  g_autofree char *path = part->staged_path != NULL ? g_strdup (part->staged_path)
                                                    : _strata_manifest_dup_part_path (manifest, part);
  g_autoptr(GInputStream) file = open_part (dir, path, error);
  g_autoptr(GBytes) text = NULL;
  g_autoptr(GError) read_error = NULL;
  StrataDigest digest;

  if (file == NULL)
    return NULL;

  text = part->is_gzip ? read_packed (file, part, &digest, cancellable, &read_error)
                       : read_plain (file, part, &digest, cancellable, &read_error);
  if (text != NULL && g_bytes_get_size (text) == part->raw_bytes && _strata_digest_equal (&digest, &part->raw_digest))
    return g_steal_pointer (&text);

  if (text != NULL || g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    set_damaged (path, error);
  else
    g_propagate_error (error, g_steal_pointer (&read_error));

  return NULL;
}

GBytes *
_strata_part_load (int                    dir,
                   const StrataManifest  *manifest,
                   const StrataPart      *part,
                   GError               **error)
{
  g_autoptr(GError) read_error = NULL;
  GBytes *text = _strata_part_read (dir, manifest, part, NULL, &read_error);

  if (text == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, read_error->message);
  else if (text == NULL)
    g_propagate_error (error, g_steal_pointer (&read_error));

  return text;
}

GInputStream *
_strata_part_unpack_stream (GInputStream  *file,
                            guint64        stored_bytes,
                            guint64        raw_bytes,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_autoptr(GBytes) text = NULL;

  if (raw_bytes > MAX_WHOLE_BYTES || stored_bytes > MAX_WHOLE_BYTES)
    return _strata_gzip_new_unpacking (file);

  text = unpack_whole (file, stored_bytes, raw_bytes, cancellable, error);

  return text != NULL ? g_memory_input_stream_new_from_bytes (text) : NULL;
}

/* strata-rollback-copies.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-rollback-copies-private.h"

#define BLOCK_BYTES (256 * 1024)
/* Copies are read once in a thousand rollbacks, and made in every migration: the fastest */
#define GZIP_LEVEL 1

typedef struct
{
  char *from;
  char *to;
} Placement;

struct _StrataRollbackCopies
{
  int            dir;
  guint          source;
  StrataStaging *staging;
  GPtrArray     *placements;
  GHashTable    *wanted;      /* names of copies that were added */
};

static void
placement_free (gpointer data)
{
  Placement *placement = data;

  g_free (placement->from);
  g_free (placement->to);
  g_free (placement);
}

StrataRollbackCopies *
_strata_rollback_copies_new (int            dir,
                             guint          source,
                             StrataStaging *staging)
{
  StrataRollbackCopies *self = g_new0 (StrataRollbackCopies, 1);

  self->dir = dir;
  self->source = source;
  self->staging = staging;
  self->placements = g_ptr_array_new_with_free_func (placement_free);
  self->wanted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

void
_strata_rollback_copies_free (StrataRollbackCopies *self)
{
  for (guint i = 0; i < self->placements->len; i++)
    _strata_file_unlink (self->dir, ((const Placement *)g_ptr_array_index (self->placements, i))->from, NULL);
  g_ptr_array_unref (self->placements);
  g_hash_table_unref (self->wanted);
  g_free (self);
}

/* Below copies/ */
static char *
dup_name (const StrataDigest *digest,
          StrataCopyForm      form)
{
  g_autofree char *hex = _strata_digest_dup_hex (digest);

  return g_strconcat (hex, form == STRATA_COPY_GZIP ? ".gz" : NULL, NULL);
}

static char *
dup_path (guint               source,
          const StrataDigest *digest,
          StrataCopyForm      form)
{
  g_autofree char *name = dup_name (digest, form);
  g_autofree char *below = g_build_filename ("copies", name, NULL);

  return _strata_rollback_dup_path (source, below);
}

/* Making one */

/* Feeds @compressor, and writes what comes out of it. */
static gboolean
put_packed (GConverter       *compressor,
            const char       *data,
            gsize             size,
            GConverterFlags   flags,
            char             *out,
            int               fd,
            const char       *path,
            GError          **error)
{
  GConverterResult result;
  gsize used, made;

  do
    {
      result = g_converter_convert (compressor, data, size, out, BLOCK_BYTES, flags, &used, &made, error);
      if (result == G_CONVERTER_ERROR || !_strata_file_write_all (fd, out, made, path, error))
        return FALSE;
      data += used;
      size -= used;
    }
  while (flags == G_CONVERTER_INPUT_AT_END ? result != G_CONVERTER_FINISHED : size > 0);

  return TRUE;
}

static gboolean
pack (GInputStream  *from,
      int            fd,
      const char    *path,
      StrataDigest  *out_digest,
      GCancellable  *cancellable,
      GError       **error)
{
  g_autoptr(GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, GZIP_LEVEL));
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  g_autofree char *out = g_malloc (BLOCK_BYTES);
  gssize size;

  while ((size = g_input_stream_read (from, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      if (!put_packed (compressor, block, (gsize)size, G_CONVERTER_NO_FLAGS, out, fd, path, error))
        return FALSE;
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0 && put_packed (compressor, "", 0, G_CONVERTER_INPUT_AT_END, out, fd, path, error);
}

/* A clone does not change any more, so it is what is digested. */
static gboolean
digest_file (StrataRollbackCopies  *self,
             const char            *path,
             StrataDigest          *out_digest,
             GCancellable          *cancellable,
             GError               **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, error);

  return stream != NULL && _strata_digest_of_stream (stream, out_digest, cancellable, error);
}

static gboolean
copy_to (StrataRollbackCopies  *self,
         GInputStream          *from,
         const char            *staged,
         StrataDigest          *out_digest,
         StrataCopyForm        *out_form,
         GCancellable          *cancellable,
         GError               **error)
{
  int fd = _strata_file_open (self->dir, staged, O_WRONLY | O_CREAT | O_EXCL, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  *out_form = _strata_seam_get ()->clone (_strata_file_stream_get_fd (STRATA_FILE_STREAM (from)), fd) == 0
                ? STRATA_COPY_PLAIN : STRATA_COPY_GZIP;
  ok = *out_form == STRATA_COPY_PLAIN || pack (from, fd, staged, out_digest, cancellable, error);
  _strata_file_close (fd);

  return ok && (*out_form == STRATA_COPY_GZIP || digest_file (self, staged, out_digest, cancellable, error));
}

static gboolean
find_copy (StrataRollbackCopies *self,
           const StrataDigest   *digest,
           StrataCopyForm       *out_form)
{
  static const StrataCopyForm forms[] = { STRATA_COPY_PLAIN, STRATA_COPY_GZIP };

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      g_autofree char *name = dup_name (digest, forms[i]);
      g_autofree char *path = dup_path (self->source, digest, forms[i]);
      struct stat status;

      *out_form = forms[i];
      if (g_hash_table_contains (self->wanted, name))
        return TRUE;
      if (_strata_file_stat (self->dir, path, &status, NULL) && S_ISREG (status.st_mode))
        {
          g_hash_table_add (self->wanted, g_steal_pointer (&name));
          return TRUE;
        }
    }

  return FALSE;
}

static void
place (StrataRollbackCopies *self,
       char                 *staged,
       const StrataDigest   *digest,
       StrataCopyForm        form)
{
  Placement *placement = g_new0 (Placement, 1);

  placement->from = staged;
  placement->to = dup_path (self->source, digest, form);
  g_ptr_array_add (self->placements, placement);
  g_hash_table_add (self->wanted, dup_name (digest, form));
}

gboolean
_strata_rollback_copies_add (StrataRollbackCopies  *self,
                             int                    from_dir,
                             const char            *from_path,
                             const StrataDigest    *known,
                             StrataDigest          *out_digest,
                             StrataCopyForm        *out_form,
                             GCancellable          *cancellable,
                             GError               **error)
{
  g_autoptr(GInputStream) from = NULL;
  g_autofree char *staged = NULL;
  StrataCopyForm found;

  if (known != NULL && find_copy (self, known, out_form))
    {
      *out_digest = *known;
      return TRUE;
    }

  from = _strata_file_stream_open_source (from_dir, from_path, error);
  if (from == NULL)
    return FALSE;

  staged = _strata_staging_next_path (self->staging);
  if (!copy_to (self, from, staged, out_digest, out_form, cancellable, error))
    {
      _strata_file_unlink (self->dir, staged, NULL);
      return FALSE;
    }

  if (find_copy (self, out_digest, &found))
    {
      *out_form = found;
      return _strata_file_unlink (self->dir, staged, error);
    }
  place (self, g_steal_pointer (&staged), out_digest, *out_form);

  return TRUE;
}

/* All of them */

gboolean
_strata_rollback_copies_place (StrataRollbackCopies  *self,
                               GError               **error)
{
  g_autofree char *folder = _strata_rollback_dup_path (self->source, NULL);
  g_autofree char *copies = _strata_rollback_dup_path (self->source, "copies");

  if (!_strata_file_make_dir (self->dir, folder, error) || !_strata_file_make_dir (self->dir, copies, error))
    return FALSE;

  /* What has its name has its bytes, whenever the power goes */
  if (self->placements->len > 0 && _strata_seam_get ()->syncfs (self->dir) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", copies);
      return FALSE;
    }

  while (self->placements->len > 0)
    {
      const Placement *placement = g_ptr_array_index (self->placements, self->placements->len - 1);

      if (!_strata_file_rename (self->dir, placement->from, placement->to, error))
        return FALSE;
      g_ptr_array_set_size (self->placements, (int)self->placements->len - 1);
    }

  return _strata_file_sync_dir (self->dir, copies, error) && _strata_file_sync_dir (self->dir, folder, error);
}

void
_strata_rollback_copies_sweep (StrataRollbackCopies *self)
{
  g_autofree char *copies = _strata_rollback_dup_path (self->source, "copies");
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, copies, NULL);

  for (guint i = 0; entries != NULL && i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (copies, entry->name, NULL);

      if (!g_hash_table_contains (self->wanted, entry->name))
        _strata_file_unlink (self->dir, path, NULL);
    }
}

GInputStream *
_strata_rollback_copy_open (int                  dir,
                            guint                source,
                            const StrataDigest  *digest,
                            StrataCopyForm       form,
                            GError             **error)
{
  g_autofree char *path = dup_path (source, digest, form);
  g_autoptr(GError) open_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (dir, path, &open_error);
  g_autoptr(GConverter) unpack = NULL;

  if (stream == NULL && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "“%s” is missing", path);
  else if (stream == NULL)
    g_propagate_error (error, g_steal_pointer (&open_error));
  if (stream == NULL || form == STRATA_COPY_PLAIN)
    return g_steal_pointer (&stream);

  unpack = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));

  return g_converter_input_stream_new (stream, unpack);
}

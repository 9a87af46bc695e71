/* strata-conversion-images.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "codec/strata-gzip-private.h"
#include "codec/strata-webp-private.h"
#include "store/strata-object-private.h"
#include "store/strata-slicer-private.h"
#include "strata-conversion-images-private.h"

/* What others that use an object see to: it is converted only where all may be */
struct _StrataImages
{
  /* Set at construction, never changed after */
  StrataStore *store;
  int          dir;
  GHashTable  *keys;      /* of the sessions and collections that may be converted */

  /* Guarded by @mutex */
  GMutex       mutex;
  GHashTable  *counted;   /* StrataDigest: of objects whose size was counted */
  GPtrArray   *kept;      /* StrataDigest: of objects that would not get smaller, or can't be converted */
  guint64      n_lossy;   /* when undone: rows whose original is no more */
};

/* @keys: borrowed, and not changed until it is freed */
StrataImages *
_strata_images_new (StrataStore *store,
                    GHashTable  *keys)
{
  StrataImages *self = g_new0 (StrataImages, 1);

  self->store = store;
  self->dir = _strata_store_get_dir (store);
  self->keys = keys;
  g_mutex_init (&self->mutex);
  self->counted = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, NULL);
  self->kept = g_ptr_array_new_with_free_func (g_free);

  return self;
}

void
_strata_images_free (StrataImages *self)
{
  g_hash_table_unref (self->counted);
  g_ptr_array_unref (self->kept);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

GPtrArray *
_strata_images_take_kept (StrataImages *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  GPtrArray *kept = self->kept;

  self->kept = g_ptr_array_new_with_free_func (g_free);

  return kept;
}

guint64
_strata_images_get_n_lossy (StrataImages *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->n_lossy;
}

static void
note_kept (StrataImages       *self,
           const StrataDigest *digest)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_ptr_array_add (self->kept, g_memdup2 (digest, sizeof *digest));
}

/* Whether this is the first to convert it: bytes count once, however many use them. */
static gboolean
count_first (StrataImages       *self,
             const StrataDigest *digest)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return g_hash_table_add (self->counted, g_memdup2 (digest, sizeof *digest));
}

/* Which settings are for a row; %FALSE: it stays as it is */
static gboolean
choose_settings (const StrataAttachmentRow      *row,
                 const StrataConversionSettings *settings,
                 StrataWebpSettings             *out_settings)
{
  if (row->state != STRATA_ATTACHMENT_OBJECT || row->bytes > STRATA_WEBP_MAX_BYTES)
    return FALSE;

  memset (out_settings, 0, sizeof *out_settings);
  out_settings->method = settings->webp_method;
  if (strcmp (row->extension, "jpg") == 0 && settings->jpeg_to_webp)
    {
      out_settings->quality = settings->webp_quality;
      return TRUE;
    }
  out_settings->quality = STRATA_WEBP_LOSSLESS;

  return strcmp (row->extension, "png") == 0 && settings->png_to_webp;
}

/* Who uses an object */

typedef struct
{
  StrataImages       *images;
  const StrataDigest *digest;
  gboolean            may;
} UseQuery;

static gpointer
ask_uses (StrataCatalog  *catalog,
          gpointer        user_data,
          GError        **error)
{
  UseQuery *query = user_data;
  g_autoptr(GPtrArray) owners = _strata_catalog_list_users (catalog, query->digest, error);

  if (owners == NULL)
    return NULL;

  query->may = TRUE;
  for (guint i = 0; i < owners->len; i++)
    query->may = query->may && g_hash_table_contains (query->images->keys, g_ptr_array_index (owners, i));

  return query;
}

static gboolean
may_convert (StrataImages        *self,
             const StrataDigest  *digest,
             gboolean            *out_may,
             GError             **error)
{
  UseQuery query = { self, digest, FALSE };
  gboolean ok = _strata_store_with_catalog (self->store, ask_uses, &query, error) != NULL;

  *out_may = query.may;

  return ok;
}

/* Making a WebP */

/* What is damaged, or can't be made smaller, stays; only trouble with the store or with memory is an error. */
static gboolean
is_of_one_image (const GError *error)
{
  return error->domain == STRATA_ERROR;
}

static GBytes *
read_object (StrataImages               *self,
             const StrataAttachmentRow  *row,
             GError                    **error)
{
  g_autofree char *path = _strata_object_dup_path (&row->digest, row->extension);
  g_autoptr(GBytes) bytes = _strata_file_read (self->dir, path, STRATA_WEBP_MAX_BYTES, error);
  StrataDigest digest;

  if (bytes == NULL)
    return NULL;

  _strata_digest_of (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), &digest);
  if (_strata_digest_equal (&digest, &row->digest))
    return g_steal_pointer (&bytes);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its bytes are not those that were stored", path);

  return NULL;
}

/* Whether the file at @path has that content */
static gboolean
has_content (StrataImages         *self,
             const char           *path,
             const StrataDigest   *expected,
             GCancellable         *cancellable)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (self->dir, path, NULL);
  StrataDigest digest;

  return stream != NULL && _strata_digest_of_stream (stream, &digest, cancellable, NULL) &&
         _strata_digest_equal (&digest, expected);
}

/* Stages the new object, unless the store has it: read to its end, since what it was made of goes. */
static gboolean
stage_object (StrataImages      *self,
              StrataConversion  *conversion,
              StrataStaging     *staging,
              GBytes            *webp,
              StrataDigest      *out_digest,
              GError           **error)
{
  g_autofree char *path = NULL;
  StrataStagedFile *file;
  gsize size;
  const void *data = g_bytes_get_data (webp, &size);
  char *staged;

  _strata_digest_of (data, size, out_digest);
  path = _strata_object_dup_path (out_digest, "webp");
  if (has_content (self, path, out_digest, NULL))
    return TRUE;

  staged = _strata_staging_write (staging, data, size, error);
  if (staged == NULL)
    return FALSE;

  file = g_new0 (StrataStagedFile, 1);
  file->staged = staged;
  file->path = g_steal_pointer (&path);
  g_ptr_array_add (conversion->files, file);

  return TRUE;
}

/* Makes the row one of the WebP. */
static void
turn_row (StrataAttachmentRow      *row,
          const StrataDigest       *digest,
          guint64                   bytes,
          const StrataWebpResult   *result,
          int                       quality)
{
  StrataOriginal *original = g_new0 (StrataOriginal, 1);

  original->digest = row->digest;
  original->bytes = row->bytes;
  original->extension = g_steal_pointer (&row->extension);
  original->mime = g_steal_pointer (&row->mime);
  original->width = result->width;
  original->height = result->height;
  original->quality = quality == STRATA_WEBP_LOSSLESS ? STRATA_QUALITY_LOSSLESS : quality;
  row->original = original;
  row->digest = *digest;
  row->bytes = bytes;
  row->extension = g_strdup ("webp");
  row->mime = g_strdup ("image/webp");
  row->state = STRATA_ATTACHMENT_WEBP;
}

/* Another row of the same object, that was converted for an earlier one */
static void
turn_alike (StrataAttachmentRow       *row,
            const StrataAttachmentRow *other)
{
  g_free (row->extension);
  g_free (row->mime);
  row->original = _strata_original_copy (other->original);
  row->digest = other->digest;
  row->bytes = other->bytes;
  row->extension = g_strdup (other->extension);
  row->mime = g_strdup (other->mime);
  row->state = other->state;
}

static gboolean
convert_object (StrataImages              *self,
                StrataConversion          *conversion,
                StrataStaging             *staging,
                StrataAttachmentRow       *row,
                const StrataWebpSettings  *settings,
                GError                   **error)
{
  g_autofree char *old_path = _strata_object_dup_path (&row->digest, row->extension);
  g_autoptr(GBytes) bytes = read_object (self, row, error);
  g_autoptr(GBytes) webp = NULL;
  StrataWebpResult result;
  StrataDigest digest;

  if (bytes == NULL)
    return FALSE;
  webp = _strata_webp_make (bytes, settings, &result, error);
  if (webp == NULL)
    return FALSE;

  if (!_strata_webp_is_worth_it (row->bytes, g_bytes_get_size (webp)))
    {
      note_kept (self, &row->digest);
      return TRUE;
    }

  if (!stage_object (self, conversion, staging, webp, &digest, error))
    return FALSE;
  if (count_first (self, &row->digest))
    {
      conversion->bytes_before += row->bytes;
      conversion->bytes_after += g_bytes_get_size (webp);
    }
  turn_row (row, &digest, g_bytes_get_size (webp), &result, settings->quality);
  g_ptr_array_add (conversion->obsolete, g_steal_pointer (&old_path));

  return TRUE;
}

gboolean
_strata_images_convert (StrataImages                    *self,
                        StrataConversion                *conversion,
                        StrataStaging                   *staging,
                        guint                            index,
                        const StrataConversionSettings  *settings,
                        gboolean                        *out_changed,
                        GError                         **error)
{
  StrataAttachmentRow *row = g_ptr_array_index (conversion->rows, index);
  const StrataAttachmentRow *other;
  g_autoptr(GError) image_error = NULL;
  StrataWebpSettings webp;
  StrataDigest digest = row->digest;
  gboolean may;

  *out_changed = FALSE;
  if (!choose_settings (row, settings, &webp))
    return TRUE;

  other = g_hash_table_lookup (conversion->turned, &row->digest);
  if (other != NULL)
    {
      turn_alike (row, other);
      *out_changed = TRUE;
      return TRUE;
    }

  if (!may_convert (self, &row->digest, &may, error))
    return FALSE;
  if (!may || convert_object (self, conversion, staging, row, &webp, &image_error))
    {
      *out_changed = row->state == STRATA_ATTACHMENT_WEBP;
      if (*out_changed)
        g_hash_table_insert (conversion->turned, &row->original->digest, row);
      return TRUE;
    }

  if (!is_of_one_image (image_error))
    {
      g_propagate_error (error, g_steal_pointer (&image_error));
      return FALSE;
    }
  g_info ("An image stays as it is: %s", image_error->message);
  note_kept (self, &digest);

  return TRUE;
}

/* The way back */

/* The original, as long as the trash has it: another name for it, so that clearing the
 * trash away does not matter any more.
 */
static gboolean
stage_from_trash (StrataImages          *self,
                  StrataConversion      *conversion,
                  StrataStaging         *staging,
                  const StrataOriginal  *original,
                  const char            *path,
                  GCancellable          *cancellable)
{
  g_autofree char *trash_path = _strata_object_dup_trash_path (&original->digest, original->extension);
  g_autofree char *staged = _strata_staging_next_path (staging);
  StrataStagedFile *file;

  if (_strata_seam_get ()->link (self->dir, trash_path, self->dir, staged) < 0)
    return FALSE;
  if (!has_content (self, staged, &original->digest, cancellable))
    {
      _strata_file_unlink (self->dir, staged, NULL);
      return FALSE;
    }

  file = g_new0 (StrataStagedFile, 1);
  file->staged = g_steal_pointer (&staged);
  file->path = g_strdup (path);
  file->is_hold = TRUE;
  g_ptr_array_add (conversion->files, file);

  return TRUE;
}

/* Whether the original is there, or comes with the conversion */
static gboolean
find_original (StrataImages          *self,
               StrataConversion      *conversion,
               StrataStaging         *staging,
               const StrataOriginal  *original,
               GCancellable          *cancellable)
{
  g_autofree char *path = _strata_object_dup_path (&original->digest, original->extension);

  if (g_hash_table_contains (conversion->turned, &original->digest))
    return TRUE;

  return has_content (self, path, &original->digest, cancellable) ||
         stage_from_trash (self, conversion, staging, original, path, cancellable);
}

gboolean
_strata_images_undo (StrataImages      *self,
                     StrataConversion  *conversion,
                     StrataStaging     *staging,
                     guint              index,
                     GCancellable      *cancellable)
{
  StrataAttachmentRow *row = g_ptr_array_index (conversion->rows, index);
  g_autoptr(StrataOriginal) original = NULL;

  if (row->state != STRATA_ATTACHMENT_WEBP || row->original == NULL)
    return FALSE;

  if (!find_original (self, conversion, staging, row->original, cancellable))
    {
      g_mutex_lock (&self->mutex);
      self->n_lossy++;
      g_mutex_unlock (&self->mutex);
      return FALSE;
    }

  if (count_first (self, &row->digest))
    {
      conversion->bytes_before += row->bytes;
      conversion->bytes_after += row->original->bytes;
    }
  g_ptr_array_add (conversion->obsolete, _strata_object_dup_path (&row->digest, row->extension));
  original = g_steal_pointer (&row->original);
  g_free (row->extension);
  g_free (row->mime);
  row->digest = original->digest;
  row->bytes = original->bytes;
  row->extension = g_steal_pointer (&original->extension);
  row->mime = g_steal_pointer (&original->mime);
  row->state = STRATA_ATTACHMENT_OBJECT;
  g_hash_table_insert (conversion->turned, &row->digest, row);

  return TRUE;
}

/* Rows */

static void
discard_staged (GPtrArray *parts,
                int        dir)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);

      if (part->staged_path != NULL)
        _strata_file_unlink (dir, part->staged_path, NULL);
    }
}

gboolean
_strata_images_write_rows (StrataConversion  *conversion,
                           StrataStore       *store,
                           StrataStaging     *staging,
                           int                level,
                           GError           **error)
{
  StrataManifest *manifest = conversion->manifest;
  g_autoptr(StrataPartPacker) packer = level > 0 ? _strata_part_packer_new (staging, level, 0) : NULL;
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), staging);
  guint64 source_bytes = manifest->source_bytes;
  gboolean ok;

  discard_staged (manifest->attachments, _strata_store_get_dir (store));
  g_ptr_array_set_size (manifest->attachments, 0);
  _strata_slicer_set_packer (slicer, packer);
  ok = _strata_slicer_add_rows (slicer, manifest, conversion->rows, error);
  manifest->source_bytes = source_bytes;

  return ok;
}

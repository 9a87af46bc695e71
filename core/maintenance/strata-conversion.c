/* strata-conversion.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "store/strata-part-pack-private.h"
#include "store/strata-part-read-private.h"
#include "codec/strata-gzip-private.h"
#include "strata-conversion-images-private.h"

/* A preparation under way */
typedef struct
{
  StrataConversion               *conversion;
  StrataStore                    *store;
  int                             dir;
  StrataStaging                  *staging;
  const StrataConversionSettings *settings;
  StrataImages                   *images;
  StrataWorkFunc                  func;
  gpointer                        user_data;
  gboolean                        is_changed;
  gboolean                        is_given_up;
  GCancellable                   *cancellable;
} Preparation;

static void
conversion_free (StrataConversion *self)
{
  g_clear_pointer (&self->manifest, _strata_manifest_free);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->files, g_ptr_array_unref);
  g_clear_pointer (&self->obsolete, g_ptr_array_unref);
  g_clear_pointer (&self->turned, g_hash_table_unref);
  g_free (self);
}

static void
discard_parts (GPtrArray *parts,
               int        dir)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);

      if (part->staged_path != NULL)
        _strata_file_unlink (dir, part->staged_path, NULL);
    }
}

void
_strata_conversion_discard (StrataConversion *self,
                            StrataStore      *store)
{
  int dir = _strata_store_get_dir (store);

  if (self->manifest != NULL)
    {
      discard_parts (self->manifest->parts, dir);
      discard_parts (self->manifest->attachments, dir);
    }
  for (guint i = 0; i < self->files->len; i++)
    _strata_file_unlink (dir, ((StrataStagedFile *)g_ptr_array_index (self->files, i))->staged, NULL);
  conversion_free (self);
}

void
_strata_conversion_commit (StrataConversion *self,
                           StrataBatch      *batch)
{
  _strata_batch_add_conversion (batch, g_steal_pointer (&self->manifest), g_steal_pointer (&self->rows), &self->base,
                                g_steal_pointer (&self->files), g_steal_pointer (&self->obsolete));
  conversion_free (self);
}

/* Parts */

static gboolean
pack_part (Preparation  *preparation,
           StrataPart   *part,
           GError      **error)
{
  StrataManifest *manifest = preparation->conversion->manifest;
  g_autofree char *path = NULL;
  g_autoptr(GBytes) text = NULL;

  if (part->raw_bytes > STRATA_PART_MAX_WHOLE)
    {
      path = _strata_manifest_dup_part_path (manifest, part);
      return _strata_part_pack_file (part, preparation->dir, preparation->staging, path, preparation->settings->level,
                                     preparation->cancellable, error);
    }

  text = _strata_part_read (preparation->dir, manifest, part, preparation->cancellable, error);

  return text != NULL && _strata_part_pack (part, preparation->staging, text, preparation->settings->level, error);
}

static gboolean
unpack_part (Preparation  *preparation,
             StrataPart   *part,
             GError      **error)
{
  g_autofree char *path = _strata_manifest_dup_part_path (preparation->conversion->manifest, part);

  return _strata_part_unpack_file (part, preparation->dir, preparation->staging, path, preparation->cancellable, error);
}

static gboolean
convert_part (Preparation  *preparation,
              StrataPart   *part,
              GError      **error)
{
  StrataConversion *conversion = preparation->conversion;
  gboolean undo = preparation->settings->undo;
  guint64 stored_before = part->stored_bytes;
  gint64 begun_us = g_get_monotonic_time ();

  if (part->is_gzip != undo)
    return TRUE;
  if (!(undo ? unpack_part (preparation, part, error) : pack_part (preparation, part, error)))
    return FALSE;

  if (part->staged_path != NULL)
    {
      preparation->is_changed = TRUE;
      conversion->bytes_before += stored_before;
      conversion->bytes_after += part->stored_bytes;
    }
  preparation->is_given_up = !preparation->func (STRATA_WORK_JSON, part->raw_bytes, g_get_monotonic_time () - begun_us,
                                                 preparation->user_data);

  return TRUE;
}

static gboolean
convert_parts (Preparation  *preparation,
               GPtrArray    *parts,
               GError      **error)
{
  if (!preparation->settings->undo && preparation->settings->level < 0)
    return TRUE;

  for (guint i = 0; i < parts->len && !preparation->is_given_up; i++)
    if (g_cancellable_set_error_if_cancelled (preparation->cancellable, error) ||
        !convert_part (preparation, g_ptr_array_index (parts, i), error))
      return FALSE;

  return TRUE;
}

/* Images */

static gboolean
convert_image (Preparation  *preparation,
               guint         index,
               gboolean     *out_changed,
               GError      **error)
{
  StrataConversion *conversion = preparation->conversion;

  if (!preparation->settings->undo)
    return _strata_images_convert (preparation->images, conversion, preparation->staging, index, preparation->settings,
                                   out_changed, error);

  *out_changed = _strata_images_undo (preparation->images, conversion, preparation->staging, index, preparation->cancellable);

  return TRUE;
}

static gboolean
convert_images (Preparation  *preparation,
                GError      **error)
{
  const StrataConversionSettings *settings = preparation->settings;
  StrataConversion *conversion = preparation->conversion;

  if (!settings->undo && !settings->jpeg_to_webp && !settings->png_to_webp)
    return TRUE;

  for (guint i = 0; i < conversion->rows->len && !preparation->is_given_up; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (conversion->rows, i);
      guint64 bytes = row->bytes;
      gint64 begun_us = g_get_monotonic_time ();
      gboolean is_changed;

      if (g_cancellable_set_error_if_cancelled (preparation->cancellable, error) ||
          !convert_image (preparation, i, &is_changed, error))
        return FALSE;
      if (!is_changed)
        continue;
      conversion->n_images++;
      conversion->n_jpegs += row->original != NULL && strcmp (row->original->extension, "jpg") == 0 ? 1 : 0;
      preparation->is_given_up = !preparation->func (STRATA_WORK_IMAGES, bytes, g_get_monotonic_time () - begun_us,
                                                     preparation->user_data);
    }

  return TRUE;
}

static guint64
sum_stored (GPtrArray *parts)
{
  guint64 sum = 0;

  for (guint i = 0; i < parts->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (parts, i))->stored_bytes;

  return sum;
}

/* Rows that changed are written anew; they stay packed if they were, where nothing is said of that. */
static gboolean
write_rows (Preparation  *preparation,
            GError      **error)
{
  const StrataConversionSettings *settings = preparation->settings;
  StrataConversion *conversion = preparation->conversion;
  GPtrArray *parts = conversion->manifest->attachments;
  int level = settings->undo ? -1 : settings->level;

  for (guint i = 0; i < parts->len && level < 0 && !settings->undo; i++)
    if (((const StrataPart *)g_ptr_array_index (parts, i))->is_gzip)
      level = STRATA_GZIP_DEFAULT_LEVEL;
  preparation->is_changed = TRUE;
  conversion->bytes_before += sum_stored (parts);
  if (!_strata_images_write_rows (conversion, preparation->store, preparation->staging, level, error))
    return FALSE;
  conversion->bytes_after += sum_stored (parts);

  return TRUE;
}

static gboolean
convert (Preparation  *preparation,
         GError      **error)
{
  StrataManifest *manifest = preparation->conversion->manifest;

  if (!convert_parts (preparation, manifest->parts, error) || !convert_images (preparation, error))
    return FALSE;

  return preparation->conversion->n_images > 0 ? write_rows (preparation, error)
                                               : convert_parts (preparation, manifest->attachments, error);
}

StrataConversion *
_strata_conversion_prepare (StrataStore                     *store,
                            StrataStaging                   *staging,
                            gboolean                         is_collection,
                            const char                      *key,
                            const StrataConversionSettings  *settings,
                            StrataImages                    *images,
                            StrataWorkFunc                   func,
                            gpointer                         user_data,
                            GCancellable                    *cancellable,
                            GError                         **error)
{
  StrataConversion *self = g_new0 (StrataConversion, 1);
  Preparation preparation = { self, store, _strata_store_get_dir (store), staging, settings, images, func, user_data,
                              FALSE, FALSE, cancellable };
  gboolean ok;

  self->files = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_staged_file_free);
  self->obsolete = g_ptr_array_new_with_free_func (g_free);
  self->turned = g_hash_table_new (_strata_digest_hash, (GEqualFunc)_strata_digest_equal);
  self->manifest = _strata_store_load (store, is_collection, key, error);
  if (self->manifest != NULL)
    self->rows = _strata_store_load_rows (store, self->manifest, error);
  ok = self->rows != NULL;
  if (ok && self->manifest->tail == NULL)
    {
      self->base = self->manifest->file_digest;
      ok = convert (&preparation, error);
    }

  if (ok && preparation.is_changed && !preparation.is_given_up)
    return self;

  _strata_conversion_discard (self, store);

  return NULL;
}

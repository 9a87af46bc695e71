/* strata-references.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "maintenance/strata-gc-private.h"
#include "store/strata-batch-private.h"
#include "store/strata-slicer-private.h"
#include "strata-references-private.h"

/* How many share one wait for the disk */
#define BATCH 15

/* One file that was left */
typedef struct
{
  StrataDigest  digest;
  guint64       bytes;
  char         *extension;
  char         *root;
  char         *path;       /* below it */
} Left;

typedef struct
{
  StrataStore   *store;
  StrataSteps   *steps;
  GHashTable    *left;      /* StrataDigest → Left */
  guint64        bytes;
  char         **out_because;
  GCancellable  *cancellable;
} Bringing;

static void
left_free (gpointer data)
{
  Left *left = data;

  g_free (left->extension);
  g_free (left->root);
  g_free (left->path);
  g_free (left);
}

/* A StrataGcRowFunc */
static void
note_row (const StrataAttachmentRow *row,
          gpointer                   user_data)
{
  Bringing *self = user_data;
  Left *left;

  if (row->state != STRATA_ATTACHMENT_REFERENCE || g_hash_table_contains (self->left, &row->digest))
    return;

  left = g_new0 (Left, 1);
  left->digest = row->digest;
  left->bytes = row->bytes;
  left->extension = g_strdup (row->extension);
  left->root = g_strdup (row->source_root);
  left->path = g_strdup (row->source_path);
  g_hash_table_insert (self->left, &left->digest, left);
  self->bytes += row->bytes;
}

/* Looks through the whole store, the trash included. */
static gboolean
find_left (Bringing  *self,
           GError   **error)
{
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_object_unref);
  g_autoptr(StrataGcRoots) roots = _strata_gc_roots_new (self->store, problems);

  _strata_gc_roots_set_row_func (roots, note_row, self);
  if (!_strata_gc_roots_collect (roots, NULL, self->cancellable, error))
    return FALSE;

  if (problems->len > 0)
    *self->out_because = g_strdup_printf ("It can't be told what was left in the old store: %s",
                                          strata_problem_get_message (g_ptr_array_index (problems, 0)));

  return TRUE;
}

/* Objects */

/* @out_same: FALSE: its bytes can't be read there, or are others now, as @out_because says */
static gboolean
put_left (Bringing     *self,
          StrataBatch  *batch,
          const Left   *left,
          gboolean     *out_same,
          GError      **error)
{
  g_autoptr(GError) read_error = NULL;
  StrataStoredObject object;
  int root = _strata_file_open (AT_FDCWD, left->root, O_RDONLY | O_DIRECTORY, &read_error);
  gboolean ok = root >= 0 && _strata_batch_put_file (batch, root, left->path, &object, self->cancellable, &read_error);

  if (root >= 0)
    _strata_file_close (root);

  *out_same = ok && _strata_digest_equal (&object.digest, &left->digest);
  if (ok && !*out_same)
    *self->out_because = g_strdup_printf ("“%s/%s”, which was left in the old store, was changed since", left->root, left->path);
  if (ok || (root >= 0 && !g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_SOURCE)))
    {
      if (!ok)
        g_propagate_error (error, g_steal_pointer (&read_error));
      return ok;
    }
  *self->out_because = g_strdup_printf ("“%s/%s”, which was left in the old store, can't be read: %s", left->root, left->path,
                                        read_error->message);

  return TRUE;
}

/* Before the only other copy goes it is read once more, from its place. */
static gboolean
read_back (Bringing    *self,
           const Left  *left,
           GError     **error)
{
  g_autofree char *path = _strata_object_dup_path (&left->digest, left->extension);
  g_autoptr(GInputStream) stream = _strata_file_stream_open (_strata_store_get_dir (self->store), path, error);
  StrataDigest digest;

  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, self->cancellable, error))
    return FALSE;
  if (_strata_digest_equal (&digest, &left->digest))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its bytes are not those that were stored", path);

  return FALSE;
}

static gboolean
read_all_back (Bringing   *self,
               GPtrArray  *put,
               GError    **error)
{
  for (guint i = 0; i < put->len; i++)
    if (!read_back (self, g_ptr_array_index (put, i), error))
      return FALSE;
  g_ptr_array_set_size (put, 0);

  return TRUE;
}

static gboolean
bring_objects (Bringing  *self,
               GError   **error)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (self->store, error);
  g_autoptr(GPtrArray) put = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer value;

  if (batch == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, self->left);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const Left *left = value;
      gboolean same;

      if (g_cancellable_set_error_if_cancelled (self->cancellable, error) || !put_left (self, batch, left, &same, error))
        return FALSE;
      if (!same)
        return TRUE;
      g_ptr_array_add (put, value);
      _strata_steps_advance (self->steps, left->bytes);
      if (put->len >= BATCH && (!_strata_batch_commit (batch, error) || !read_all_back (self, put, error)))
        return FALSE;
    }

  return _strata_batch_commit (batch, error) && read_all_back (self, put, error);
}

/* Rows */

/* @out_any: whether a row was one */
static void
settle_rows (GPtrArray *rows,
             gboolean  *out_any)
{
  *out_any = FALSE;
  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (row->state != STRATA_ATTACHMENT_REFERENCE)
        continue;
      row->state = STRATA_ATTACHMENT_OBJECT;
      g_clear_pointer (&row->source_root, g_free);
      *out_any = TRUE;
    }
}

static gboolean
write_rows (StrataStore     *store,
            StrataStaging   *staging,
            StrataManifest  *manifest,
            GPtrArray       *rows,
            GError         **error)
{
  g_autoptr(StrataPartPacker) packer = NULL;
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), staging);
  guint64 source_bytes = manifest->source_bytes;
  gboolean is_packed = FALSE, ok;

  for (guint i = 0; i < manifest->attachments->len; i++)
    is_packed = is_packed || ((const StrataPart *)g_ptr_array_index (manifest->attachments, i))->is_gzip;
  if (is_packed)
    packer = _strata_part_packer_new (staging, STRATA_GZIP_DEFAULT_LEVEL, 0);
  g_ptr_array_set_size (manifest->attachments, 0);
  _strata_slicer_set_packer (slicer, packer);
  ok = _strata_slicer_add_rows (slicer, manifest, rows, error);
  manifest->source_bytes = source_bytes;

  return ok;
}

/* One that grows has rows in its tail: they are read as objects too. */
static gboolean
settle_owner (Bringing     *self,
              StrataBatch  *batch,
              gboolean      is_collection,
              const char   *key,
              GError      **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, is_collection, key, error);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (self->store, manifest, error) : NULL;
  StrataDigest base;
  gboolean any;

  if (rows == NULL)
    return FALSE;
  if (manifest->tail != NULL)
    return TRUE;

  base = manifest->file_digest;
  settle_rows (rows, &any);
  if (!any)
    return TRUE;
  if (!write_rows (self->store, _strata_batch_get_staging (batch), manifest, rows, error))
    return FALSE;
  _strata_batch_add_conversion (batch, g_steal_pointer (&manifest), g_steal_pointer (&rows), &base, NULL, NULL);

  return _strata_batch_get_length (batch) < BATCH || _strata_batch_commit (batch, error);
}

typedef struct
{
  gboolean is_collection;
} OwnersQuery;

static gpointer
ask_for_owners (StrataCatalog  *catalog,
                gpointer        user_data,
                GError        **error)
{
  const OwnersQuery *query = user_data;

  return _strata_catalog_list_referring (catalog, query->is_collection, error);
}

static gboolean
settle_owners (Bringing  *self,
               gboolean   is_collection,
               GError   **error)
{
  OwnersQuery query = { is_collection };
  g_autoptr(GPtrArray) keys = _strata_store_with_catalog (self->store, ask_for_owners, &query, error);
  g_autoptr(StrataBatch) batch = keys != NULL && keys->len > 0 ? _strata_batch_new (self->store, error) : NULL;

  if (batch == NULL)
    return keys != NULL && keys->len == 0;

  for (guint i = 0; i < keys->len; i++)
    if (!settle_owner (self, batch, is_collection, g_ptr_array_index (keys, i), error))
      return FALSE;

  return _strata_batch_commit (batch, error);
}

gboolean
_strata_references_bring_in (StrataStore   *store,
                             StrataSteps   *steps,
                             char         **out_because,
                             GCancellable  *cancellable,
                             GError       **error)
{
  g_autoptr(GHashTable) left = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, NULL, left_free);
  Bringing self = { store, steps, left, 0, out_because, cancellable };

  *out_because = NULL;
  if (!find_left (&self, error))
    return FALSE;
  if (*out_because != NULL || g_hash_table_size (left) == 0)
    return TRUE;

  _strata_steps_begin (steps, "bringing in", self.bytes);
  if (!bring_objects (&self, error))
    return FALSE;

  return *out_because != NULL || (settle_owners (&self, FALSE, error) && settle_owners (&self, TRUE, error));
}

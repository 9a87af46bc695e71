/* strata-migration-retry.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "codec/strata-gzip-private.h"
#include "store/strata-catalog-private.h"
#include "strata-migration-object-private.h"

/* Trying again what could not be carried, and nothing else: attachments whose rows say
 * that there is something wrong. They are read from the old store anew, without its sessions
 * being read; what can be had now takes the place of what the row said, and is proved as
 * it would be in a whole migration.
 */

/* How many sessions share one wait for the disk */
#define BATCH 15

typedef struct
{
  StrataMigrationRun *run;
  GPtrArray          *proof;     /* StrataAttachmentRow, to be compared with the old store; they belong to @kept */
  GPtrArray          *kept;      /* GPtrArray of rows */
} Retry;

/* What is to be tried */

typedef struct
{
  guint              source;
  const char *const *items;
  GPtrArray         *uses;
} Query;

static gpointer
ask_for_uses (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  Query *query = user_data;

  query->uses = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_catalog_use_free);
  for (guint i = 0; query->items[i] != NULL; i++)
    {
      guint before = query->uses->len;

      if (!_strata_catalog_add_troubled (catalog, query->source, query->items[i], query->uses, error))
        return NULL;
      if (query->uses->len == before)
        return NULL;
    }

  return query;
}

static int
compare_uses (gconstpointer a,
              gconstpointer b)
{
  const StrataCatalogUse *first = *(const StrataCatalogUse *const *)a;
  const StrataCatalogUse *second = *(const StrataCatalogUse *const *)b;
  int order = strcmp (first->owner, second->owner);

  return order != 0 ? order : strcmp (first->id, second->id);
}

GPtrArray *
_strata_migration_find_retries (StrataMigrationRun *run)
{
  Query query = { run->source, (const char *const *)run->migration->retry_items, NULL };

  if (run->migration->retry_items == NULL || run->migration->retry_items[0] == NULL || !run->was_complete || run->distrust)
    return NULL;

  /* Whatever can't be told apart in the catalog takes a whole migration */
  if (_strata_store_with_catalog (run->store, ask_for_uses, &query, NULL) == NULL)
    {
      g_clear_pointer (&query.uses, g_ptr_array_unref);
      return NULL;
    }
  g_ptr_array_sort (query.uses, compare_uses);

  return query.uses;
}

/* One session or collection */

/* Puts what was found now in the place of what the row said. Returns: whether it is anything new */
static gboolean
replace_row (GPtrArray           *rows,
             StrataAttachmentRow *found)
{
  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      StrataAttachmentRow swapped;

      if (strcmp (row->id, found->id) != 0)
        continue;
      if (!_strata_attachment_row_has_bytes (found) && g_strcmp0 (found->problem, row->problem) == 0)
        return FALSE;
      /* What is here stays, if it can't be had again */
      if (!_strata_attachment_row_has_bytes (found) && _strata_attachment_row_has_bytes (row))
        return FALSE;
      swapped = *row;
      *row = *found;
      *found = swapped;
      return TRUE;
    }

  return FALSE;
}

static gboolean
write_rows (StrataMigrationRun  *run,
            StrataManifest      *manifest,
            GPtrArray           *rows,
            GError             **error)
{
  StrataStaging *staging = _strata_batch_get_staging (run->batch);
  g_autoptr(StrataPartPacker) packer = NULL;
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (run->store), staging);
  gboolean is_packed = FALSE;

  for (guint i = 0; i < manifest->attachments->len; i++)
    is_packed = is_packed || ((const StrataPart *)g_ptr_array_index (manifest->attachments, i))->is_gzip;
  if (is_packed)
    packer = _strata_part_packer_new (staging, STRATA_GZIP_DEFAULT_LEVEL, 0);
  g_ptr_array_set_size (manifest->attachments, 0);
  manifest->source_bytes = 0;
  _strata_slicer_set_packer (slicer, packer);

  return _strata_slicer_add_rows (slicer, manifest, rows, error);
}

static gboolean
try_owner (Retry                   *retry,
           const StrataCatalogUse  *use,
           GPtrArray               *found,
           GError                 **error)
{
  StrataMigrationRun *run = retry->run;
  g_autoptr(StrataManifest) manifest = _strata_store_load (run->store, use->is_collection, use->owner, error);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (run->store, manifest, error) : NULL;
  StrataDigest base;
  gboolean any = FALSE;

  if (rows == NULL)
    return FALSE;
  /* A session that grows is sealed some day, and can be tried then */
  if (manifest->tail != NULL)
    return TRUE;

  base = manifest->file_digest;
  for (guint i = 0; i < found->len; i++)
    any = replace_row (rows, g_ptr_array_index (found, i)) || any;
  if (!any)
    return TRUE;

  if (!write_rows (run, manifest, rows, error))
    return FALSE;
  for (guint i = 0; i < rows->len; i++)
    for (guint j = 0; j < found->len; j++)
      if (strcmp (((const StrataAttachmentRow *)g_ptr_array_index (rows, i))->id,
                  ((const StrataAttachmentRow *)g_ptr_array_index (found, j))->id) == 0)
        g_ptr_array_add (retry->proof, g_ptr_array_index (rows, i));
  g_ptr_array_add (retry->kept, g_ptr_array_ref (rows));
  _strata_batch_add_conversion (run->batch, g_steal_pointer (&manifest), g_ptr_array_ref (rows), &base, NULL, NULL);

  return _strata_batch_get_length (run->batch) < BATCH || _strata_migration_run_commit (run, error);
}

/* All uses of one owner, from @first on; @out_next: the first of the next one */
static gboolean
try_uses (Retry         *retry,
          GPtrArray     *uses,
          guint          first,
          guint         *out_next,
          GCancellable  *cancellable,
          GError       **error)
{
  StrataAttachmentTaker *taker = retry->run->taker;
  const StrataCatalogUse *use = g_ptr_array_index (uses, first);
  g_autoptr(GPtrArray) found = NULL;
  guint next = first;

  for (; next < uses->len && strcmp (((const StrataCatalogUse *)g_ptr_array_index (uses, next))->owner, use->owner) == 0; next++)
    _strata_attachment_taker_note (taker, ((const StrataCatalogUse *)g_ptr_array_index (uses, next))->id);
  *out_next = next;
  found = _strata_attachment_taker_take (taker, retry->run->batch, cancellable, error);

  return found != NULL && try_owner (retry, use, found, error);
}

gboolean
_strata_migration_run_retries (StrataMigrationRun  *run,
                               GPtrArray           *uses,
                               GCancellable        *cancellable,
                               GError             **error)
{
  g_autoptr(GPtrArray) proof = g_ptr_array_new ();
  g_autoptr(GPtrArray) kept = g_ptr_array_new_with_free_func ((GDestroyNotify)g_ptr_array_unref);
  Retry retry = { run, proof, kept };

  _strata_migration_set_step (run->migration, "copying", STRATA_WORK_COPY, 0, 0);
  for (guint i = 0; i < uses->len;)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) || !try_uses (&retry, uses, i, &i, cancellable, error))
      return FALSE;
  if (!_strata_migration_run_commit (run, error) || !_strata_migration_go_to (run, "verifying", error))
    return FALSE;

  _strata_migration_set_step (run->migration, "verifying", STRATA_WORK_CHECK_FILES, 0, 0);
  for (guint i = 0; i < proof->len; i++)
    if (!_strata_migration_verify_row (run, g_ptr_array_index (proof, i), cancellable, error))
      return FALSE;

  return TRUE;
}

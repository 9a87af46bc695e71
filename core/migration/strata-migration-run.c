/* strata-migration-run.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "store/strata-key-private.h"
#include "strata-journal-private.h"
#include "strata-migration-private.h"

/* A batch that holds this much is committed though it has room for more sessions */
#define MAX_BATCH_BYTES (128 * 1024 * 1024)
/* The key of the collection that owns what no session and no collection uses; it has no name */
#define UNUSED_KEY "attachments-of-none"

gboolean
_strata_migration_run_commit (StrataMigrationRun  *run,
                              GError             **error)
{
  guint length = _strata_batch_get_length (run->batch);

  run->batch_bytes = 0;
  _strata_migration_set_activity (run->migration, "saving");
  if (!_strata_batch_commit (run->batch, error))
    return FALSE;
  _strata_migration_set_activity (run->migration, "reading");

  if (length > 0 && !_strata_journal_append (_strata_store_get_dir (run->store), error, "committed %u", length))
    return FALSE;
  _strata_seam_get ()->mark ("run");

  return TRUE;
}

static gboolean
commit_when_full (StrataMigrationRun  *run,
                  GError             **error)
{
  if (_strata_batch_get_length (run->batch) < run->batch_size && run->batch_bytes < MAX_BATCH_BYTES)
    return TRUE;

  return _strata_migration_run_commit (run, error);
}

/* A session that moved to another key can't share the files of the old one: it gets copies. */
static gboolean
copy_shared_parts (StrataMigrationRun    *run,
                   const StrataManifest  *earlier,
                   GPtrArray             *parts,
                   GError               **error)
{
  int dir = _strata_store_get_dir (run->store);

  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *path = _strata_manifest_dup_part_path (earlier, part);
      g_autoptr(GBytes) bytes = NULL;

      if (part->staged_path != NULL)
        continue;
      bytes = _strata_file_read (dir, path, G_MAXINT32, error);
      if (bytes == NULL)
        return FALSE;
      part->staged_path = _strata_staging_write (_strata_batch_get_staging (run->batch), g_bytes_get_data (bytes, NULL),
                                                 g_bytes_get_size (bytes), error);
      if (part->staged_path == NULL)
        return FALSE;
    }

  return TRUE;
}

static gboolean
is_unchanged (const StrataManifest *earlier,
              StrataManifest       *manifest)
{
  /* Writing it is what gives it its digest */
  g_bytes_unref (_strata_manifest_serialize (manifest));

  return earlier != NULL && _strata_digest_equal (&earlier->file_digest, &manifest->file_digest);
}

static gboolean
settle_against_earlier (StrataMigrationRun    *run,
                        const StrataManifest  *earlier,
                        StrataManifest        *manifest,
                        GError               **error)
{
  if (earlier == NULL || strcmp (earlier->key, manifest->key) == 0)
    return TRUE;

  return copy_shared_parts (run, earlier, manifest->parts, error) &&
         copy_shared_parts (run, earlier, manifest->attachments, error);
}

static gboolean
was_unreadable (const StrataAttachmentRow *row)
{
  return row->state == STRATA_ATTACHMENT_MISSING && g_strcmp0 (row->problem, "source-unreadable") == 0;
}

/* Returns: (nullable): the row of an attachment whose bytes are in the store */
static StrataAttachmentRow *
find_row_with_bytes (StrataMigrationRun *run,
                     GPtrArray          *rows,
                     const char         *id)
{
  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      g_autofree char *path = NULL;
      struct stat status;

      if (!_strata_attachment_row_has_bytes (row) || strcmp (row->id, id) != 0)
        continue;
      if (row->state == STRATA_ATTACHMENT_REFERENCE)
        return row;
      path = _strata_object_dup_path (&row->digest, row->extension);
      if (_strata_file_stat (_strata_store_get_dir (run->store), path, &status, NULL) &&
          (guint64)status.st_size == row->bytes)
        return row;
    }

  return NULL;
}

/* What the store has of an attachment stays its own when the old file can't be
 * read any more. Nothing says then where it came from: there is nothing to
 * compare it with. What it refers to stays named, since nothing else has it.
 */
static void
keep_unreadable (StrataMigrationRun   *run,
                 const StrataManifest *stored,
                 GPtrArray            *rows)
{
  g_autoptr(GPtrArray) earlier = NULL;

  for (guint i = 0; stored != NULL && i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      StrataAttachmentRow *kept;
      StrataAttachmentRow swapped;

      if (!was_unreadable (row))
        continue;
      if (earlier == NULL)
        earlier = _strata_store_load_rows (run->store, stored, NULL);
      kept = earlier != NULL ? find_row_with_bytes (run, earlier, row->id) : NULL;
      if (kept == NULL)
        continue;

      g_free (kept->problem);
      kept->problem = g_steal_pointer (&row->problem);
      if (kept->state != STRATA_ATTACHMENT_REFERENCE)
        {
          g_clear_pointer (&kept->source_path, g_free);
          kept->source_bytes = 0;
          kept->source_size = 0;
          kept->source_mtime_ns = 0;
        }
      swapped = *row;
      *row = *kept;
      *kept = swapped;
    }
}

static const StrataPart *
find_same_text (GPtrArray        *parts,
                const StrataPart *wanted)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);

      if (part->number == wanted->number && _strata_digest_equal (&part->raw_digest, &wanted->raw_digest) &&
          strcmp (part->kind, wanted->kind) == 0)
        return part;
    }

  return NULL;
}

/* A part that the store has packed stays so: it is not taken for a change that it came plain, or at another level. */
static void
keep_packed (StrataMigrationRun   *run,
             const StrataManifest *stored,
             GPtrArray            *stored_parts,
             GPtrArray            *parts)
{
  int dir = _strata_store_get_dir (run->store);

  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);
      const StrataPart *kept = part->staged_path != NULL ? find_same_text (stored_parts, part) : NULL;
      g_autofree char *path = NULL;
      struct stat status;

      if (kept == NULL || !kept->is_gzip)
        continue;
      path = _strata_manifest_dup_part_path (stored, kept);
      if (!_strata_file_stat (dir, path, &status, NULL) || (guint64)status.st_size != kept->stored_bytes)
        continue;

      _strata_file_unlink (dir, part->staged_path, NULL);
      g_clear_pointer (&part->staged_path, g_free);
      part->is_gzip = TRUE;
      part->stored_bytes = kept->stored_bytes;
      part->stored_digest = kept->stored_digest;
    }
}

/* Adds what a slicer took to the batch, with the attachments it uses, unless
 * the store has exactly that already, or something that was changed in it since.
 *
 * @manifest: (transfer full)
 * @hint: (nullable): the one whose parts the slicer did not write again
 */
gboolean
_strata_migration_add_to_batch (StrataMigrationRun    *run,
                                StrataSlicer          *slicer,
                                StrataManifest        *manifest,
                                const StrataManifest  *hint,
                                gboolean              *out_unchanged,
                                GCancellable          *cancellable,
                                GError               **error)
{
  g_autoptr(StrataManifest) owned = manifest;
  g_autoptr(StrataManifest) stored = _strata_store_load (run->store, manifest->is_collection, manifest->key, NULL);
  g_autoptr(GPtrArray) rows = _strata_attachment_taker_take (run->taker, run->batch, cancellable, error);

  if (rows == NULL)
    return FALSE;

  keep_unreadable (run, stored, rows);
  if (!_strata_slicer_add_rows (slicer, manifest, rows, error) ||
      !settle_against_earlier (run, hint, manifest, error))
    return FALSE;
  if (stored != NULL && !run->distrust)
    {
      keep_packed (run, stored, stored->parts, manifest->parts);
      keep_packed (run, stored, stored->attachments, manifest->attachments);
    }

  *out_unchanged = stored != NULL && _strata_manifest_is_edited (stored);
  *out_unchanged = *out_unchanged || (!run->distrust && is_unchanged (stored, manifest));
  if (*out_unchanged)
    {
      _strata_batch_discard (run->batch, manifest);
      return TRUE;
    }

  run->batch_bytes += manifest->raw_bytes + manifest->source_bytes;
  _strata_batch_add (run->batch, g_steal_pointer (&owned), g_steal_pointer (&rows));

  return commit_when_full (run, error);
}

StrataSlicer *
_strata_migration_make_slicer (StrataMigrationRun *run)
{
  StrataSlicer *slicer = _strata_slicer_new (_strata_store_get_dir (run->store), _strata_batch_get_staging (run->batch));

  _strata_slicer_set_string_func (slicer, _strata_attachment_taker_see_string, run->taker);
  _strata_slicer_set_packer (slicer, run->packer);

  return slicer;
}

/* What nothing uses */

char *
_strata_migration_make_unused_key (guint source)
{
  return source == 1 ? g_strdup (UNUSED_KEY) : g_strdup_printf (UNUSED_KEY "-%u", source);
}

static const char *
make_unused_key (StrataMigrationRun *run)
{
  g_free (run->unused_key);
  run->unused_key = _strata_migration_make_unused_key (run->source);

  return run->unused_key;
}

/* What nothing uses: attachments of sessions that are lost, videos without metadata. */
gboolean
_strata_migration_run_unused (StrataMigrationRun  *run,
                              GCancellable        *cancellable,
                              GError             **error)
{
  const char *key = make_unused_key (run);
  g_autoptr(StrataManifest) earlier = _strata_store_load (run->store, TRUE, key, NULL);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ("[]", 2);
  g_autoptr(StrataSlicer) slicer = _strata_migration_make_slicer (run);
  g_autoptr(GPtrArray) rows = _strata_attachment_taker_take_unused (run->taker, run->batch, cancellable, error);
  g_autoptr(StrataManifest) manifest = NULL;

  if (rows == NULL)
    return FALSE;

  if (rows->len == 0 && earlier == NULL)
    {
      g_clear_pointer (&run->unused_key, g_free);
      return _strata_migration_run_commit (run, error);
    }

  _strata_slicer_set_stored (slicer, run->distrust ? NULL : earlier);
  manifest = _strata_slicer_take_collection (slicer, reader, key, cancellable, error);
  if (manifest == NULL)
    return FALSE;

  manifest->key = g_strdup (key);
  manifest->source = run->source;
  keep_unreadable (run, earlier, rows);
  if (!_strata_slicer_add_rows (slicer, manifest, rows, error))
    return FALSE;

  if (!run->distrust && is_unchanged (earlier, manifest))
    _strata_batch_discard (run->batch, manifest);
  else
    _strata_batch_add (run->batch, g_steal_pointer (&manifest), g_steal_pointer (&rows));

  return _strata_migration_run_commit (run, error);
}

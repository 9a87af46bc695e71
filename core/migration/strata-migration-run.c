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
#include "legacy/strata-legacy-payload-private.h"
#include "store/strata-key-private.h"
#include "store/strata-slicer-private.h"
#include "strata-journal-private.h"
#include "strata-migration-private.h"

/* A batch that holds this much is committed though it has room for more sessions */
#define MAX_BATCH_BYTES (128 * 1024 * 1024)
/* An id longer than this is not repeated in metadata.json */
#define MAX_ID_TOKEN 1024
/* The key of the collection that owns what no session and no collection uses; it has no name */
#define UNUSED_KEY "attachments-of-none"

const char *
_strata_migration_run_get_sessions_path (StrataMigrationRun *run)
{
  const StrataLegacyFile *file = _strata_legacy_store_find_collection (run->legacy, "sessions");
  GPtrArray *files;

  if (file != NULL)
    return file->path;

  files = _strata_legacy_store_get_files (run->legacy);
  for (guint i = 0; i < files->len; i++)
    {
      file = g_ptr_array_index (files, i);
      if (file->role == STRATA_LEGACY_TOPLEVEL)
        return file->path;
    }

  return NULL;
}

gboolean
_strata_migration_run_commit (StrataMigrationRun  *run,
                              GError             **error)
{
  guint length = _strata_batch_get_length (run->batch);

  run->batch_bytes = 0;
  if (!_strata_batch_commit (run->batch, error))
    return FALSE;

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

static void
show_progress (StrataMigrationRun  *run,
               StrataLegacyPayload *payload,
               guint64              items)
{
  _strata_migration_advance (run->migration, items,
                             run->file_bytes + _strata_legacy_payload_get_bytes_read (payload) +
                             _strata_attachment_taker_get_bytes (run->taker));
}

/* Says whether an error is one of the old file, which ends the file, not the run. */
static gboolean
report_file_error (StrataMigrationRun *run,
                   const char         *path,
                   StrataJsonReader   *reader,
                   const GError       *error)
{
  StrataJsonPosition position = { 0, };
  const char *code;

  if (error->domain != STRATA_ERROR)
    return FALSE;

  if (error->code == STRATA_ERROR_SYNTAX)
    code = "torn";
  else if (error->code == STRATA_ERROR_DAMAGED_DATA)
    code = "payload-corrupt";
  else if (error->code == STRATA_ERROR_TOO_DEEP)
    code = "nesting-too-deep";
  else
    return FALSE;

  if (reader != NULL)
    _strata_json_reader_get_position (reader, &position);
  _strata_migration_report (strata_problem_new (code, path, NULL, NULL, reader != NULL ? (gint64)position.offset : -1,
                                                "The file breaks off here; what stands before it was taken: %s", error->message),
                            run->migration);

  return TRUE;
}

/* What was no UTF-8 was read as the old program did; the file's own bytes are kept besides. */
static gboolean
keep_unrepaired (StrataMigrationRun   *run,
                 const char           *path,
                 StrataLegacyPayload  *payload,
                 GCancellable         *cancellable,
                 GError              **error)
{
  guint64 repairs = _strata_legacy_payload_get_repairs (payload);
  g_autofree char *label = g_strdelimit (g_strdup (path), "/\\", '_');
  g_autofree char *place = NULL;

  if (repairs == 0)
    return TRUE;

  place = _strata_batch_quarantine_file (run->batch, label, _strata_legacy_store_get_dir (run->legacy), path,
                                         cancellable, error);
  if (place == NULL)
    return FALSE;

  _strata_migration_report (strata_problem_new ("encoding-repaired", path, NULL, NULL, -1,
                                                "%" G_GUINT64_FORMAT " sequences of bytes are no UTF-8 and became U+FFFD; "
                                                "the file as it was is kept as “%s”", repairs, place),
                            run->migration);

  return TRUE;
}

/* Looks at how the file ended: what follows the value, and the old checksum. */
static gboolean
finish_payload (StrataMigrationRun   *run,
                const char           *path,
                StrataLegacyPayload  *payload,
                GCancellable         *cancellable,
                GError              **error)
{
  g_autoptr(GError) finish_error = NULL;
  const StrataLegacyEnvelope *envelope = _strata_legacy_payload_get_envelope (payload);

  if (!_strata_legacy_payload_finish (payload, cancellable, &finish_error))
    {
      if (finish_error->domain != STRATA_ERROR)
        {
          g_propagate_error (error, g_steal_pointer (&finish_error));
          return FALSE;
        }
      _strata_migration_report (strata_problem_new (envelope->trailing_bytes ? "trailing-bytes" : "torn", path, NULL, NULL, -1,
                                                    "The value is whole, but the file does not end as it should: %s",
                                                    finish_error->message),
                                run->migration);
    }
  else if (envelope->checksum_known && !envelope->checksum_matches)
    _strata_migration_report (strata_problem_new ("checksum-mismatch", path, NULL, NULL, -1,
                                                  "The file is whole and well-formed, but its old checksum disagrees"),
                              run->migration);

  if (envelope->has_version && !envelope->version_is_one)
    _strata_migration_report (strata_problem_new ("envelope-unknown-version", path, NULL, NULL, -1,
                                                  "The file's version is not 1; it was read as version 1"),
                              run->migration);
  run->file_bytes += _strata_legacy_payload_get_bytes_read (payload);

  return keep_unrepaired (run, path, payload, cancellable, error);
}

/* Hands an error on, if there is one; says whether there was. */
static gboolean
propagate (GError **from,
           GError **to)
{
  if (*from == NULL)
    return FALSE;

  g_propagate_error (to, g_steal_pointer (from));

  return TRUE;
}

/* Opens a collection's file. Returns NULL with @error unset where the file can't be used at all. */
static StrataLegacyPayload *
open_payload (StrataMigrationRun  *run,
              const char          *path,
              GCancellable        *cancellable,
              GError             **error)
{
  g_autoptr(GError) open_error = NULL;
  StrataLegacyPayload *payload;

  payload = _strata_legacy_payload_open (_strata_legacy_store_get_dir (run->legacy), path, cancellable, &open_error);
  if (payload != NULL)
    return payload;

  if (open_error->domain != STRATA_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&open_error));
      return NULL;
    }

  _strata_migration_report (strata_problem_new ("envelope-invalid", path, NULL, NULL, -1,
                                                "The file was passed over: %s", open_error->message),
                            run->migration);

  return NULL;
}

/* Quarantine */

static gboolean
append_bytes (const char  *text,
              gsize        length,
              gpointer     user_data,
              GError     **error)
{
  g_byte_array_append (user_data, (const guint8 *)text, (guint)length);

  return TRUE;
}

/* At a value that is no session: keeps its bytes verbatim. */
static gboolean
quarantine_value (StrataMigrationRun  *run,
                  StrataJsonReader    *reader,
                  const char          *path,
                  const char          *code,
                  gint64               ordinal,
                  GCancellable        *cancellable,
                  GError             **error)
{
  g_autoptr(GByteArray) raw = g_byte_array_new ();
  g_autoptr(GBytes) bytes = NULL;
  g_autofree char *label = ordinal >= 0 ? g_strdup_printf ("session-%" G_GINT64_FORMAT, ordinal) : g_strdup ("sessions");
  g_autofree char *place = NULL;
  StrataJsonPosition position;

  _strata_json_reader_get_position (reader, &position);
  if (!_strata_json_reader_take_verbatim (reader, append_bytes, raw, cancellable, error))
    return FALSE;

  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&raw));
  place = _strata_batch_quarantine (run->batch, label, bytes, error);
  if (place == NULL)
    return FALSE;

  _strata_migration_report (strata_problem_new (code, path, NULL, NULL, (gint64)position.offset,
                                                "This is no session; it is kept verbatim as “%s”", place),
                            run->migration);
  _strata_migration_lock_counts (run->migration)->sessions_failed++;
  _strata_migration_unlock_counts (run->migration);

  return TRUE;
}

/* Identity */

static void
report_id (StrataMigrationRun   *run,
           const char           *path,
           const StrataManifest *manifest,
           const char           *id_token)
{
  if (id_token == NULL || id_token[0] != '"' || strcmp (id_token, "\"\"") == 0)
    _strata_migration_report (strata_problem_new ("session-id-missing", path, manifest->key, NULL, -1,
                                                  "The session has no usable id; it is kept under a key of its own"),
                              run->migration);
  else if (manifest->occurrence > 0)
    _strata_migration_report (strata_problem_new ("session-id-duplicate", path, manifest->key, NULL, -1,
                                                  "Another session has the same id; both are kept, told apart by their keys"),
                              run->migration);
}

static void
identify (StrataMigrationRun *run,
          StrataManifest     *manifest,
          const char         *id_token,
          guint64             ordinal)
{
  g_autofree char *first_key = _strata_key_make (id_token, 0, run->source);
  guint occurrence = GPOINTER_TO_UINT (g_hash_table_lookup (run->id_counts, first_key));

  manifest->source = run->source;
  manifest->ordinal = ordinal;
  manifest->occurrence = occurrence;
  manifest->key = _strata_key_make (id_token, occurrence, run->source);
  if (id_token != NULL && strlen (id_token) <= MAX_ID_TOKEN)
    manifest->id_token = g_strdup (id_token);
  g_hash_table_insert (run->id_counts, g_steal_pointer (&first_key), GUINT_TO_POINTER (occurrence + 1));
}

/* What stood at this place in an earlier run, to spare writing what is there. */

typedef struct
{
  StrataMigrationRun *run;
  guint64             ordinal;
} OrdinalQuery;

static gpointer
find_ordinal (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  const OrdinalQuery *query = user_data;

  return _strata_catalog_find_ordinal (catalog, query->run->source, query->ordinal, error);
}

static StrataManifest *
load_earlier (StrataMigrationRun *run,
              guint64             ordinal)
{
  OrdinalQuery query = { run, ordinal };
  g_autofree char *key = _strata_store_with_catalog (run->store, find_ordinal, &query, NULL);

  return key != NULL ? _strata_store_load (run->store, FALSE, key, NULL) : NULL;
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

/* Sessions */

/* Adds what a slicer took to the batch, with the attachments it uses, unless
 * the store has exactly that already.
 */
static gboolean
add_to_batch (StrataMigrationRun  *run,
              StrataSlicer        *slicer,
              StrataManifest      *manifest,
              StrataManifest      *earlier,
              gboolean            *out_unchanged,
              GCancellable        *cancellable,
              GError             **error)
{
  g_autoptr(StrataManifest) owned = manifest;
  g_autoptr(GPtrArray) rows = _strata_attachment_taker_take (run->taker, run->batch, cancellable, error);

  if (rows == NULL ||
      !_strata_slicer_add_rows (slicer, manifest, rows, error) ||
      !settle_against_earlier (run, earlier, manifest, error))
    return FALSE;

  *out_unchanged = is_unchanged (earlier, manifest);
  if (*out_unchanged)
    return TRUE;

  run->batch_bytes += manifest->raw_bytes + manifest->source_bytes;
  _strata_batch_add (run->batch, g_steal_pointer (&owned), g_steal_pointer (&rows));

  return commit_when_full (run, error);
}

static gboolean
take_session (StrataMigrationRun  *run,
              StrataSlicer        *slicer,
              StrataJsonReader    *reader,
              const char          *path,
              guint64              ordinal,
              GCancellable        *cancellable,
              GError             **error)
{
  g_autoptr(StrataManifest) earlier = load_earlier (run, ordinal);
  StrataMigrationCounts *counts;
  StrataManifest *manifest;
  gboolean unchanged;

  _strata_attachment_taker_forget (run->taker);
  _strata_slicer_set_stored (slicer, earlier);
  manifest = _strata_slicer_take_session (slicer, reader, cancellable, error);
  if (manifest == NULL)
    return FALSE;

  identify (run, manifest, _strata_slicer_get_id_token (slicer), ordinal);
  report_id (run, path, manifest, _strata_slicer_get_id_token (slicer));
  if (!add_to_batch (run, slicer, manifest, earlier, &unchanged, cancellable, error))
    return FALSE;

  counts = _strata_migration_lock_counts (run->migration);
  if (unchanged)
    counts->sessions_unchanged++;
  else
    counts->sessions_migrated++;
  _strata_migration_unlock_counts (run->migration);

  return TRUE;
}

/* Inside the sessions' array: takes one after the other. */
static gboolean
take_sessions (StrataMigrationRun   *run,
               StrataSlicer         *slicer,
               StrataLegacyPayload  *payload,
               const char           *path,
               GCancellable         *cancellable,
               GError              **error)
{
  StrataJsonReader *reader = _strata_legacy_payload_get_reader (payload);
  StrataJsonKind kind;
  gboolean more;

  for (guint64 ordinal = 0; ; ordinal++)
    {
      if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !_strata_json_reader_peek (reader, &kind, cancellable, error))
        return FALSE;

      if (kind == STRATA_JSON_OBJECT)
        {
          if (!take_session (run, slicer, reader, path, ordinal, cancellable, error))
            return FALSE;
        }
      else
        {
          if (!quarantine_value (run, reader, path, "entry-not-object", (gint64)ordinal, cancellable, error))
            return FALSE;
          g_hash_table_add (run->quarantined, g_memdup2 (&ordinal, sizeof ordinal));
        }
      show_progress (run, payload, ordinal + 1);
    }
}

static StrataSlicer *
make_slicer (StrataMigrationRun *run)
{
  StrataSlicer *slicer = _strata_slicer_new (_strata_store_get_dir (run->store), _strata_batch_get_staging (run->batch));

  _strata_slicer_set_string_func (slicer, _strata_attachment_taker_see_string, run->taker);

  return slicer;
}

gboolean
_strata_migration_run_sessions (StrataMigrationRun  *run,
                                GCancellable        *cancellable,
                                GError             **error)
{
  const char *path = _strata_migration_run_get_sessions_path (run);
  g_autoptr(StrataSlicer) slicer = make_slicer (run);
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GError) file_error = NULL;
  StrataJsonReader *reader;
  StrataJsonKind kind;
  gboolean ok;

  _strata_seam_get ()->mark ("run");
  payload = path != NULL ? open_payload (run, path, cancellable, &file_error) : NULL;
  if (payload == NULL)
    return !propagate (&file_error, error);

  reader = _strata_legacy_payload_get_reader (payload);
  ok = _strata_json_reader_peek (reader, &kind, cancellable, &file_error);
  if (ok && kind != STRATA_JSON_ARRAY)
    ok = quarantine_value (run, reader, path, "not-an-array", -1, cancellable, &file_error);
  else if (ok)
    ok = _strata_json_reader_enter (reader, cancellable, &file_error) &&
         take_sessions (run, slicer, payload, path, cancellable, &file_error);

  if (!ok && !report_file_error (run, path, reader, file_error))
    return !propagate (&file_error, error);
  _strata_attachment_taker_forget (run->taker);

  return (ok ? finish_payload (run, path, payload, cancellable, error)
             : keep_unrepaired (run, path, payload, cancellable, error)) &&
         _strata_migration_run_commit (run, error);
}

/* Collections */

static gboolean
take_collection (StrataMigrationRun   *run,
                 StrataSlicer         *slicer,
                 StrataJsonReader     *reader,
                 const char           *key,
                 const char           *name,
                 GCancellable         *cancellable,
                 GError              **error)
{
  g_autoptr(StrataManifest) earlier = _strata_store_load (run->store, TRUE, key, NULL);
  StrataManifest *manifest;
  gboolean unchanged;

  _strata_attachment_taker_forget (run->taker);
  _strata_slicer_set_stored (slicer, earlier);
  manifest = _strata_slicer_take_collection (slicer, reader, key, cancellable, error);
  if (manifest == NULL)
    return FALSE;

  manifest->key = g_strdup (key);
  manifest->name = g_strdup (name);
  manifest->source = run->source;

  return add_to_batch (run, slicer, manifest, earlier, &unchanged, cancellable, error);
}

static gboolean
run_collection (StrataMigrationRun      *run,
                const StrataLegacyFile  *file,
                GCancellable            *cancellable,
                GError                 **error)
{
  g_autofree char *name = g_utf8_make_valid (file->name, -1);
  g_autofree char *key = _strata_collection_key_make (name, run->source);
  g_autoptr(StrataSlicer) slicer = make_slicer (run);
  g_autoptr(GError) file_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = open_payload (run, file->path, cancellable, &file_error);
  StrataJsonReader *reader;

  if (payload == NULL)
    return !propagate (&file_error, error);

  reader = _strata_legacy_payload_get_reader (payload);
  if (!take_collection (run, slicer, reader, key, name, cancellable, &file_error))
    {
      _strata_attachment_taker_forget (run->taker);
      return report_file_error (run, file->path, reader, file_error) || !propagate (&file_error, error);
    }
  show_progress (run, payload, 0);

  return finish_payload (run, file->path, payload, cancellable, error);
}

gboolean
_strata_migration_run_collections (StrataMigrationRun  *run,
                                   GCancellable        *cancellable,
                                   GError             **error)
{
  const char *sessions_path = _strata_migration_run_get_sessions_path (run);
  GPtrArray *files = _strata_legacy_store_get_files (run->legacy);

  for (guint i = 0; i < files->len; i++)
    {
      const StrataLegacyFile *file = g_ptr_array_index (files, i);

      if (file->role != STRATA_LEGACY_COLLECTION || g_strcmp0 (file->path, sessions_path) == 0)
        continue;
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !run_collection (run, file, cancellable, error))
        return FALSE;
    }

  return _strata_migration_run_commit (run, error);
}

/* What nothing uses: attachments of sessions that are lost, videos without metadata. */
gboolean
_strata_migration_run_unused (StrataMigrationRun  *run,
                              GCancellable        *cancellable,
                              GError             **error)
{
  g_autofree char *key = run->source == 1 ? g_strdup (UNUSED_KEY) : g_strdup_printf (UNUSED_KEY "-%u", run->source);
  g_autoptr(StrataManifest) earlier = _strata_store_load (run->store, TRUE, key, NULL);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ("[]", 2);
  g_autoptr(StrataSlicer) slicer = make_slicer (run);
  g_autoptr(GPtrArray) rows = _strata_attachment_taker_take_unused (run->taker, run->batch, cancellable, error);
  g_autoptr(StrataManifest) manifest = NULL;

  if (rows == NULL)
    return FALSE;

  if (rows->len == 0 && earlier == NULL)
    return _strata_migration_run_commit (run, error);

  _strata_slicer_set_stored (slicer, earlier);
  manifest = _strata_slicer_take_collection (slicer, reader, key, cancellable, error);
  if (manifest == NULL)
    return FALSE;

  manifest->key = g_strdup (key);
  manifest->source = run->source;
  if (!_strata_slicer_add_rows (slicer, manifest, rows, error))
    return FALSE;

  if (!is_unchanged (earlier, manifest))
    _strata_batch_add (run->batch, g_steal_pointer (&manifest), g_steal_pointer (&rows));

  return _strata_migration_run_commit (run, error);
}

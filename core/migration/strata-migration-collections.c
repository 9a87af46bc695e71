/* strata-migration-collections.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "legacy/strata-leading-stream-private.h"
#include "store/strata-key-private.h"
#include "strata-migration-private.h"

/* At a collection's value: takes it. */
static gboolean
take_collection (StrataMigrationRun   *run,
                 StrataSlicer         *slicer,
                 StrataJsonReader     *reader,
                 const char           *key,
                 const char           *name,
                 gboolean             *out_conflict,
                 GCancellable         *cancellable,
                 GError              **error)
{
  g_autoptr(StrataManifest) earlier = _strata_store_load (run->store, TRUE, key, NULL);
  StrataManifest *manifest;
  gboolean unchanged;

  _strata_attachment_taker_forget (run->taker);
  _strata_slicer_set_stored (slicer, run->distrust ? NULL : earlier);
  manifest = _strata_slicer_take_collection (slicer, reader, key, cancellable, error);
  if (manifest == NULL)
    return FALSE;
  *out_conflict = earlier != NULL && _strata_manifest_is_edited (earlier) &&
                  !_strata_digest_equal (&earlier->raw_digest, &manifest->raw_digest);

  manifest->key = g_strdup (key);
  manifest->name = g_strdup (name);
  manifest->source = run->source;

  return _strata_migration_add_to_batch (run, slicer, manifest, earlier, &unchanged, cancellable, error);
}

/* A collection that was changed in the store stays as it is; what the old store has of it now goes to quarantine. */
static gboolean
keep_both (StrataMigrationRun           *run,
           const StrataLegacyCandidate  *candidate,
           const char                   *key,
           GCancellable                 *cancellable,
           GError                      **error)
{
  _strata_migration_report (strata_problem_new ("conflict", candidate->path, NULL, key, -1,
                                                "The collection was changed in the old store and in the new one; "
                                                "the old store's is kept in quarantine"),
                            run->migration);

  return _strata_migration_keep_broken (run, candidate, cancellable, error);
}

/* Takes a collection from one candidate. @out_whole FALSE: it breaks off, and
 * was kept in quarantine as it is.
 */
static gboolean
try_candidate (StrataMigrationRun     *run,
               StrataLegacyCandidate  *candidate,
               const char             *key,
               const char             *name,
               gboolean               *out_whole,
               GCancellable           *cancellable,
               GError                **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_migration_make_slicer (run);
  g_autoptr(GError) take_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  StrataJsonReader *reader;
  gboolean conflict;

  payload = _strata_migration_open (run, candidate, cancellable, error);
  if (payload == NULL)
    return FALSE;

  reader = _strata_legacy_payload_get_reader (payload);
  *out_whole = take_collection (run, slicer, reader, key, name, &conflict, cancellable, &take_error);
  _strata_attachment_taker_forget (run->taker);
  if (*out_whole)
    {
      _strata_migration_show_progress (run, payload, 0);
      if (conflict)
        return keep_both (run, candidate, key, cancellable, error);
      g_hash_table_insert (run->collections, g_strdup (key), candidate);
      return _strata_migration_finish_payload (run, candidate, payload, cancellable, error);
    }

  if (_strata_migration_report_file_error (run, candidate, reader, take_error))
    return _strata_migration_keep_broken (run, candidate, cancellable, error);

  g_propagate_error (error, g_steal_pointer (&take_error));

  return FALSE;
}

/* Takes the whole leading elements of a list that breaks off. @out_any: there is one */
static gboolean
salvage_candidate (StrataMigrationRun     *run,
                   StrataLegacyCandidate  *candidate,
                   const char             *key,
                   const char             *name,
                   gboolean               *out_any,
                   GCancellable           *cancellable,
                   GError                **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_migration_make_slicer (run);
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, cancellable, error);
  g_autoptr(GInputStream) leading = NULL;
  g_autoptr(StrataJsonReader) reader = NULL;
  StrataJsonReader *torn;
  StrataJsonKind kind;
  gboolean conflict;

  *out_any = FALSE;
  if (payload == NULL)
    return FALSE;

  torn = _strata_legacy_payload_get_reader (payload);
  if (!_strata_json_reader_peek (torn, &kind, cancellable, NULL) || kind != STRATA_JSON_ARRAY ||
      !_strata_json_reader_enter (torn, cancellable, NULL))
    return TRUE;

  leading = _strata_leading_stream_new (torn);
  reader = _strata_json_reader_new (leading);
  if (!_strata_leading_stream_look_ahead (STRATA_LEADING_STREAM (leading), out_any, cancellable, error))
    return FALSE;
  if (!*out_any)
    return TRUE;

  if (!take_collection (run, slicer, reader, key, name, &conflict, cancellable, error))
    return FALSE;
  _strata_attachment_taker_forget (run->taker);
  /* Of what breaks off the whole file is in quarantine already */
  if (!conflict)
    g_hash_table_insert (run->torn_collections, g_strdup (key), candidate);

  return TRUE;
}

/* Takes a collection from the newest candidate that is whole; where none is,
 * what the newest still gives.
 */
static gboolean
run_collection (StrataMigrationRun  *run,
                const char          *old_name,
                GCancellable        *cancellable,
                GError             **error)
{
  g_autofree char *name = g_utf8_make_valid (old_name, -1);
  g_autofree char *key = _strata_collection_key_make (name, run->source);
  GPtrArray *candidates = _strata_legacy_candidates_get (run->candidates, old_name);

  _strata_legacy_candidates_sort_rest (candidates);
  for (guint i = 0; i < candidates->len; i++)
    {
      StrataLegacyCandidate *candidate = g_ptr_array_index (candidates, i);
      gboolean whole;

      if (!try_candidate (run, candidate, key, name, &whole, cancellable, error))
        return FALSE;
      if (whole)
        return TRUE;
    }

  for (guint i = 0; i < candidates->len; i++)
    {
      gboolean any;

      if (!salvage_candidate (run, g_ptr_array_index (candidates, i), key, name, &any, cancellable, error))
        return FALSE;
      if (any)
        return TRUE;
    }

  return TRUE;
}

gboolean
_strata_migration_run_collections (StrataMigrationRun  *run,
                                   GCancellable        *cancellable,
                                   GError             **error)
{
  g_autoptr(GPtrArray) names = _strata_legacy_candidates_list_names (run->candidates);

  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);

      if (strcmp (name, "sessions") == 0)
        continue;
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !run_collection (run, name, cancellable, error))
        return FALSE;
    }

  return _strata_migration_run_commit (run, error);
}

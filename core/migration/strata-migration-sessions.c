/* strata-migration-sessions.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "json/strata-json-members-private.h"
#include "store/strata-key-private.h"
#include "strata-migration-object-private.h"

/* An id longer than this is not repeated in metadata.json */
#define MAX_ID_TOKEN 1024

/* One candidate while its sessions are taken */
typedef struct
{
  StrataMigrationRun     *run;
  StrataLegacyCandidate  *candidate;
  StrataOrigin           *origin;
  StrataSlicer           *slicer;
  gboolean                is_older;  /* what only it has was lost from sight */
  GHashTable             *wanted;    /* ordinals to take; NULL: all */
  GCancellable           *cancellable;
} Taking;

static void
origin_free (gpointer data)
{
  StrataOrigin *origin = data;

  g_hash_table_unref (origin->keys);
  g_free (origin);
}

static StrataOrigin *
add_origin (StrataMigrationRun          *run,
            const StrataLegacyCandidate *candidate)
{
  StrataOrigin *origin = g_new0 (StrataOrigin, 1);

  origin->candidate = candidate;
  origin->keys = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, g_free);
  if (run->origins == NULL)
    run->origins = g_ptr_array_new_with_free_func (origin_free);
  g_ptr_array_add (run->origins, origin);

  return origin;
}

/* @key: (nullable): %NULL: what stands there was put into quarantine */
static void
note_origin (StrataOrigin *origin,
             guint64       ordinal,
             const char   *key)
{
  g_hash_table_insert (origin->keys, g_memdup2 (&ordinal, sizeof ordinal), g_strdup (key));
}

/* A session counts where it was taken last: a whole file's overrides a torn one's. */
static void
drop_overridden (StrataOrigin       *torn,
                 const StrataOrigin *whole)
{
  g_autoptr(GHashTable) taken = g_hash_table_new (g_str_hash, g_str_equal);
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, whole->keys);
  while (g_hash_table_iter_next (&iter, NULL, &key))
    if (key != NULL)
      g_hash_table_add (taken, key);

  g_hash_table_iter_init (&iter, torn->keys);
  while (g_hash_table_iter_next (&iter, NULL, &key))
    if (key != NULL && g_hash_table_contains (taken, key))
      g_hash_table_iter_remove (&iter);
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
quarantine_value (Taking            *taking,
                  StrataJsonReader  *reader,
                  const char        *code,
                  const char        *label,
                  GError           **error)
{
  StrataMigrationRun *run = taking->run;
  g_autoptr(GByteArray) raw = g_byte_array_new ();
  g_autoptr(GBytes) bytes = NULL;
  g_autofree char *place = NULL;
  StrataJsonPosition position;

  _strata_json_reader_get_position (reader, &position);
  if (!_strata_json_reader_take_verbatim (reader, append_bytes, raw, taking->cancellable, error))
    return FALSE;

  bytes = g_byte_array_free_to_bytes (g_steal_pointer (&raw));
  place = _strata_batch_quarantine (run->batch, label, bytes, error);
  if (place == NULL)
    return FALSE;

  _strata_migration_report (strata_problem_new (code, taking->candidate->path, NULL, NULL, (gint64)position.offset,
                                                "This is no session; it is kept verbatim as “%s”", place),
                            run->migration);
  _strata_migration_lock_counts (run->migration)->sessions_failed++;
  _strata_migration_unlock_counts (run->migration);

  return TRUE;
}

/* Identity */

static char *
make_identity (const char         *id_token,
               const StrataDigest *digest)
{
  return _strata_legacy_id_is_usable (id_token) ? g_strdup (id_token) : _strata_digest_dup_hex (digest);
}

static char *
make_key (StrataMigrationRun *run,
          const char         *id_token,
          const StrataDigest *digest,
          guint               occurrence)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  if (_strata_legacy_id_is_usable (id_token))
    return _strata_key_make (id_token, occurrence, run->source);

  _strata_digest_to_hex (digest, hex);

  return _strata_key_make_for_content (hex, occurrence, run->source);
}

typedef struct
{
  guint    occurrence;
  gboolean is_conflict;  /* changed on both sides */
  gboolean is_deleted;   /* in the store: it is not wanted */
} Place;

/* Whether the session with that key was deleted. @out_is_same: the very one */
static gboolean
find_deleted (StrataMigrationRun  *run,
              const char          *key,
              const StrataDigest  *digest,
              gboolean            *out_is_deleted,
              gboolean            *out_is_same,
              GError             **error)
{
  StrataDigest content;

  if (!_strata_deleted_find (run->deleted, key, out_is_deleted, &content, error))
    return FALSE;
  *out_is_deleted = *out_is_deleted && !g_hash_table_contains (run->discarded, key);
  *out_is_same = *out_is_deleted && _strata_digest_equal (&content, digest);

  return TRUE;
}

/* Several sessions may have one id. Each keeps the key it has in the store, told
 * by its content, also when others of that id are gone meanwhile; one that is
 * new or changed takes the first key that none of this run has, nor one that was
 * changed in the store: then there are two of it, which is a conflict the first time.
 *
 * Keys of deleted sessions are still theirs. Where one session alone has the id it is the
 * deleted one also when it was changed since; where there are several only the very same is.
 */
static gboolean
find_place (StrataMigrationRun  *run,
            const char          *id_token,
            const StrataDigest  *digest,
            Place               *out_place,
            GError             **error)
{
  guint first_free = G_MAXUINT;
  gboolean is_edited = FALSE, is_first_deleted = FALSE;

  for (guint occurrence = 0; ; occurrence++)
    {
      g_autofree char *key = make_key (run, id_token, digest, occurrence);
      gboolean is_claimed = g_hash_table_contains (run->claimed, key);
      g_autoptr(StrataManifest) stored = is_claimed ? NULL : _strata_store_load (run->store, FALSE, key, NULL);
      gboolean is_deleted = FALSE, is_same = stored != NULL && _strata_digest_equal (&stored->raw_digest, digest);

      if (stored == NULL && !find_deleted (run, key, digest, &is_deleted, &is_same, error))
        return FALSE;
      if (is_same)
        {
          *out_place = (Place){ occurrence, FALSE, is_deleted };
          return TRUE;
        }
      if (stored != NULL && _strata_manifest_is_edited (stored))
        is_edited = TRUE;
      else if (!is_claimed && !is_deleted && first_free == G_MAXUINT)
        first_free = occurrence;
      if (is_deleted && occurrence == 0)
        is_first_deleted = !is_claimed;
      else if (!is_claimed && !is_deleted && stored == NULL)
        {
          gboolean is_alone = is_first_deleted && occurrence == 1;

          *out_place = (Place){ is_alone ? 0 : first_free, is_edited, is_alone };
          return TRUE;
        }
    }
}

static gboolean
identify (Taking          *taking,
          StrataManifest  *manifest,
          const char      *id_token,
          guint64          ordinal,
          Place           *out_place,
          GError         **error)
{
  StrataMigrationRun *run = taking->run;

  if (!find_place (run, id_token, &manifest->raw_digest, out_place, error))
    return FALSE;

  manifest->source = run->source;
  manifest->ordinal = ordinal;
  manifest->occurrence = out_place->occurrence;
  manifest->key = make_key (run, id_token, &manifest->raw_digest, manifest->occurrence);
  if (out_place->is_conflict)
    _strata_migration_report (strata_problem_new ("conflict", taking->candidate->path, manifest->key, NULL, -1,
                                                  "The session was changed in the old store and in the new one; both are kept, told apart by their keys"),
                              run->migration);
  if (id_token != NULL && strlen (id_token) <= MAX_ID_TOKEN)
    manifest->id_token = g_strdup (id_token);
  g_hash_table_add (run->claimed, g_strdup (manifest->key));

  return TRUE;
}

static void
report_oddities (Taking               *taking,
                 const StrataManifest *manifest,
                 const char           *id_token)
{
  StrataMigration *migration = taking->run->migration;
  const char *path = taking->candidate->path;

  if (id_token == NULL || id_token[0] != '"' || strcmp (id_token, "\"\"") == 0)
    _strata_migration_report (strata_problem_new ("session-id-missing", path, manifest->key, NULL, -1,
                                                  "The session has no usable id; it is kept under a key of its own"),
                              migration);
  else if (manifest->occurrence > 0)
    _strata_migration_report (strata_problem_new ("session-id-duplicate", path, manifest->key, NULL, -1,
                                                  "Another session has the same id; both are kept, told apart by their keys"),
                              migration);

  if (manifest->recovered != NULL)
    _strata_migration_report (strata_problem_new ("recovered", path, manifest->key, NULL, -1,
                                                  "Only “%s” still has this session; it was taken in", path),
                              migration);
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

/* Taking */

/* One that was taken from a torn file may be taken once more from a whole one: it counts once, as written if it was. */
static void
count_session (StrataMigrationRun *run,
               const char         *key,
               gboolean            unchanged,
               gboolean            recovered)
{
  gpointer written = NULL;
  gboolean again = g_hash_table_lookup_extended (run->counted, key, NULL, &written);
  StrataMigrationCounts *counts;

  if (again && (unchanged || GPOINTER_TO_INT (written)))
    return;

  counts = _strata_migration_lock_counts (run->migration);
  counts->sessions_unchanged += unchanged ? 1 : 0;
  counts->sessions_unchanged -= again ? 1 : 0;
  counts->sessions_migrated += unchanged ? 0 : 1;
  counts->sessions_recovered += recovered ? 1 : 0;
  _strata_migration_unlock_counts (run->migration);
  g_hash_table_insert (run->counted, g_strdup (key), GINT_TO_POINTER (!unchanged));
}

/* A session without an id that an older candidate has too is known by its content. */
static gboolean
is_known_after_all (Taking         *taking,
                    const char     *identity,
                    StrataManifest *manifest)
{
  if (taking->wanted == NULL || !g_hash_table_contains (taking->run->known, identity) ||
      _strata_legacy_id_is_usable (_strata_slicer_get_id_token (taking->slicer)))
    return FALSE;

  _strata_batch_discard (taking->run->batch, manifest);

  return TRUE;
}

/* What the user deleted does not come back by itself, nor what only it uses. */
static void
leave_out (Taking               *taking,
           StrataManifest       *manifest,
           guint64               ordinal)
{
  StrataMigrationRun *run = taking->run;

  _strata_attachment_taker_leave_out (run->taker);
  _strata_batch_discard (run->batch, manifest);
  note_origin (taking->origin, ordinal, NULL);
  if (g_hash_table_add (run->left_out, g_strdup (manifest->key)))
    _strata_migration_report (strata_problem_new ("deleted-here", taking->candidate->path, manifest->key, NULL, -1,
                                                  "The session was deleted in the new store, so it was left out; "
                                                  "as long as it is in the trash it can be undeleted"),
                              run->migration);
}

static gboolean
take_session (Taking            *taking,
              StrataJsonReader  *reader,
              guint64            ordinal,
              GError           **error)
{
  StrataMigrationRun *run = taking->run;
  g_autoptr(StrataManifest) hint = taking->is_older ? NULL : load_earlier (run, ordinal);
  g_autofree char *identity = NULL;
  g_autofree char *key = NULL;
  g_autoptr(StrataManifest) manifest = NULL;
  const char *id_token;
  gboolean unchanged, recovered;
  Place place;

  _strata_attachment_taker_forget (run->taker);
  _strata_slicer_set_stored (taking->slicer, run->distrust ? NULL : hint);
  manifest = _strata_slicer_take_session (taking->slicer, reader, taking->cancellable, error);
  if (manifest == NULL)
    return FALSE;

  id_token = _strata_slicer_get_id_token (taking->slicer);
  identity = make_identity (id_token, &manifest->raw_digest);
  if (is_known_after_all (taking, identity, manifest))
    return TRUE;

  recovered = taking->is_older && !g_hash_table_contains (run->known, identity);
  if (recovered && taking->wanted == NULL && !run->recover)
    {
      _strata_batch_discard (run->batch, manifest);
      return TRUE;
    }

  if (!identify (taking, manifest, id_token, ordinal, &place, error))
    return FALSE;
  if (place.is_deleted)
    {
      leave_out (taking, manifest, ordinal);
      g_hash_table_add (run->known, g_steal_pointer (&identity));
      return TRUE;
    }
  manifest->recovered = recovered ? g_strdup (taking->candidate->path) : NULL;
  report_oddities (taking, manifest, id_token);
  key = g_strdup (manifest->key);
  if (!_strata_migration_add_to_batch (run, taking->slicer, g_steal_pointer (&manifest), hint, &unchanged,
                                       taking->cancellable, error))
    return FALSE;

  note_origin (taking->origin, ordinal, key);
  g_hash_table_add (run->known, g_steal_pointer (&identity));
  count_session (run, key, unchanged, recovered);

  return TRUE;
}

static gboolean
take_element (Taking            *taking,
              StrataJsonReader  *reader,
              guint64            ordinal,
              GError           **error)
{
  g_autofree char *label = g_strdup_printf ("session-%" G_GUINT64_FORMAT, ordinal);
  StrataJsonKind kind;

  if (taking->wanted != NULL && !g_hash_table_contains (taking->wanted, &ordinal))
    return _strata_json_reader_take (reader, NULL, NULL, taking->cancellable, error);

  if (!_strata_json_reader_peek (reader, &kind, taking->cancellable, error))
    return FALSE;
  if (kind == STRATA_JSON_OBJECT)
    return take_session (taking, reader, ordinal, error);

  if (!quarantine_value (taking, reader, "entry-not-object", label, error))
    return FALSE;
  note_origin (taking->origin, ordinal, NULL);

  return TRUE;
}

/* At the candidate's value */
static gboolean
take_elements (Taking               *taking,
               StrataLegacyPayload  *payload,
               GError              **error)
{
  StrataJsonReader *reader = _strata_legacy_payload_get_reader (payload);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, taking->cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    return quarantine_value (taking, reader, "not-an-array", "sessions", error);
  if (!_strata_json_reader_enter (reader, taking->cancellable, error))
    return FALSE;

  for (guint64 ordinal = 0; ; ordinal++)
    {
      if (g_cancellable_set_error_if_cancelled (taking->cancellable, error) ||
          !_strata_json_reader_next_element (reader, &more, taking->cancellable, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!take_element (taking, reader, ordinal, error))
        return FALSE;
      _strata_migration_show_progress (taking->run, payload, ordinal + 1);
    }
}

/* A StrataSlicerMemberFunc: says which session is under way. */
static void
show_name (const char *name,
           const char *value,
           gpointer    migration)
{
  static const char *const names[] = { "name", NULL };
  g_autofree char *object = NULL;
  g_autoptr(StrataJsonMembers) members = NULL;

  if (strcmp (name, "\"name\"") != 0 || value[0] != '"')
    return;

  object = g_strdup_printf ("{\"name\":%s}", value);
  members = _strata_json_members_parse (object, strlen (object), names, NULL);
  if (members != NULL)
    _strata_migration_show_session (migration, _strata_json_members_dup_string (members, "name"));
}

/* Takes all that is wanted of one candidate. What breaks off gives up its
 * leading sessions and is kept in quarantine as it is; origin->is_whole tells.
 */
static gboolean
take_candidate (Taking  *taking,
                GError **error)
{
  StrataMigrationRun *run = taking->run;
  g_autoptr(StrataSlicer) slicer = _strata_migration_make_slicer (run);
  g_autoptr(GError) take_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  gboolean ok;

  payload = _strata_migration_open (run, taking->candidate, taking->cancellable, error);
  if (payload == NULL)
    return FALSE;

  taking->slicer = slicer;
  _strata_slicer_set_member_func (slicer, show_name, run->migration);
  taking->origin = add_origin (run, taking->candidate);
  ok = take_elements (taking, payload, &take_error);
  _strata_attachment_taker_forget (run->taker);
  taking->origin->is_whole = ok && taking->wanted == NULL;
  _strata_migration_show_session (run->migration, NULL);
  if (ok)
    return _strata_migration_finish_payload (run, taking->candidate, payload, taking->cancellable, error) &&
           _strata_migration_run_commit (run, error);

  if (_strata_migration_report_file_error (run, taking->candidate, _strata_legacy_payload_get_reader (payload), take_error))
    return _strata_migration_keep_broken (run, taking->candidate, taking->cancellable, error) &&
           _strata_migration_run_commit (run, error);

  g_propagate_error (error, g_steal_pointer (&take_error));

  return FALSE;
}

/* Which candidate, and what of it */

typedef struct
{
  GHashTable *known;
  GHashTable *wanted;
} Difference;

static void
want_if_unknown (guint64     ordinal,
                 const char *id_token,
                 gpointer    user_data)
{
  Difference *difference = user_data;

  if (id_token == NULL || !g_hash_table_contains (difference->known, id_token))
    g_hash_table_add (difference->wanted, g_memdup2 (&ordinal, sizeof ordinal));
}

/* Takes what only an older candidate has. One that is the same save as the
 * current one has nothing that was lost from sight.
 */
static gboolean
take_missing (StrataMigrationRun           *run,
              const StrataLegacyCandidate  *current,
              StrataLegacyCandidate        *candidate,
              gboolean                      is_older,
              GCancellable                 *cancellable,
              GError                      **error)
{
  g_autoptr(GHashTable) wanted = g_hash_table_new_full (g_int64_hash, g_int64_equal, g_free, NULL);
  g_autoptr(GError) scan_error = NULL;
  Difference difference = { run->known, wanted };
  Taking taking = { .run = run, .candidate = candidate, .is_older = is_older, .wanted = wanted, .cancellable = cancellable };

  if (_strata_legacy_candidate_is_same_save (current, candidate) || (is_older && !run->recover))
    return TRUE;

  if (!_strata_legacy_candidate_scan (candidate, want_if_unknown, &difference, cancellable, &scan_error) &&
      !_strata_file_is_content_error (scan_error))
    {
      g_propagate_error (error, g_steal_pointer (&scan_error));
      return FALSE;
    }

  return g_hash_table_size (wanted) == 0 || _strata_legacy_candidate_is_same_save (current, candidate) ||
         take_candidate (&taking, error);
}

/* Takes the first candidate, and where that breaks off, the newest that is
 * whole besides. @out_chosen: the last one that was taken for the current state.
 */
static gboolean
take_current (StrataMigrationRun  *run,
              GPtrArray           *candidates,
              guint               *out_chosen,
              GCancellable        *cancellable,
              GError             **error)
{
  StrataLegacyCandidate *first = g_ptr_array_index (candidates, 0);
  Taking taking = { .run = run, .candidate = first, .cancellable = cancellable };
  StrataOrigin *torn;

  *out_chosen = 0;
  if (!take_candidate (&taking, error))
    return FALSE;
  if (taking.origin->is_whole)
    return TRUE;
  torn = taking.origin;

  _strata_legacy_candidates_sort_rest (candidates);
  *out_chosen = _strata_legacy_candidates_find_whole (candidates, cancellable);
  if (*out_chosen == 0)
    return TRUE;

  taking.candidate = g_ptr_array_index (candidates, *out_chosen);
  taking.is_older = !_strata_legacy_candidate_is_same_save (first, taking.candidate);

  /* Its sessions get the keys that those of the torn one have */
  g_hash_table_remove_all (run->claimed);
  if (!take_candidate (&taking, error))
    return FALSE;
  drop_overridden (torn, taking.origin);

  return TRUE;
}

/* Takes the sessions: the current ones, then those that only other candidates still have. */
gboolean
_strata_migration_run_sessions (StrataMigrationRun  *run,
                                GCancellable        *cancellable,
                                GError             **error)
{
  GPtrArray *candidates = _strata_legacy_candidates_get (run->candidates, "sessions");
  const StrataLegacyCandidate *current;
  guint chosen;

  _strata_seam_get ()->mark ("run");
  g_clear_pointer (&run->deleted, _strata_deleted_free);
  run->deleted = _strata_deleted_new (_strata_store_get_dir (run->store), error);
  g_clear_pointer (&run->discarded, g_hash_table_unref);
  if (run->deleted != NULL)
    run->discarded = _strata_migration_read_discarded (run->store, run->source, error);
  if (run->discarded == NULL)
    return FALSE;
  if (candidates->len == 0)
    return TRUE;
  if (!take_current (run, candidates, &chosen, cancellable, error))
    return FALSE;

  current = g_ptr_array_index (candidates, chosen);
  for (guint i = 1; i < candidates->len; i++)
    if (i != chosen &&
        !take_missing (run, current, g_ptr_array_index (candidates, i), i > chosen, cancellable, error))
      return FALSE;

  return _strata_migration_run_commit (run, error);
}

/* strata-old-judge.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "legacy/strata-legacy-candidates-private.h"
#include "strata-mentions-private.h"
#include "strata-old-comparison-private.h"

#define MAX_META_BYTES (64 * 1024 * 1024)

/* Whether what differs was changed by the old program or ruined is told by reading it as a
 * migration would.
 */
typedef struct
{
  StrataOldComparison     *comparison;
  StrataRollbackManifest  *manifest;
  const guint64           *known;
  gsize                    n_known;
  StrataLegacyStore       *legacy;      /* (nullable): nothing of Taskerino's is there any more */
  StrataLegacyCandidates  *candidates;  /* (nullable): the same */
  GHashTable              *ids;         /* id tokens of the sessions that it had; made when needed */
  GCancellable            *cancellable;
} Judging;

static void
set_verdict (StrataOldDifference *difference,
             StrataOldVerdict     verdict,
             const char          *because)
{
  difference->verdict = verdict;
  difference->because = because;
}

/* Errors that say something about the content are a verdict, others are errors. */
static gboolean
is_verdict (GError **read_error,
            GError **error)
{
  if (*read_error == NULL || (*read_error)->domain == STRATA_ERROR)
    return TRUE;

  g_propagate_error (error, g_steal_pointer (read_error));

  return FALSE;
}

/* Collections */

/* A StrataRollbackOwnerFunc */
static gboolean
remember_id (const StrataRollbackOwner  *owner,
             gpointer                    user_data,
             GError                    **error)
{
  if (!owner->is_collection && owner->is_held && owner->id_token != NULL)
    g_hash_table_add (user_data, g_strdup (owner->id_token));

  return TRUE;
}

typedef struct
{
  GHashTable *ids;
  guint64     known;
} Counting;

/* A StrataLegacyIdFunc */
static void
count_known (guint64     ordinal,
             const char *id_token,
             gpointer    user_data)
{
  Counting *counting = user_data;

  counting->known += id_token != NULL && g_hash_table_contains (counting->ids, id_token) ? 1 : 0;
}

/* A list that sessions were taken from, and that has not one of them any more, was not changed by
 * anybody: that is what the old program saves when it could not read its own file.
 */
static gboolean
judge_sessions (Judging                *judging,
                StrataLegacyCandidate  *candidate,
                StrataOldDifference    *difference,
                GError                **error)
{
  g_autoptr(GError) scan_error = NULL;
  Counting counting = { 0 };

  if (judging->ids == NULL)
    {
      judging->ids = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
      if (!_strata_rollback_manifest_foreach (judging->manifest, NULL, remember_id, judging->ids, judging->cancellable, error))
        return FALSE;
    }

  counting.ids = judging->ids;
  if (!_strata_legacy_candidate_scan (candidate, count_known, &counting, judging->cancellable, &scan_error))
    {
      if (!is_verdict (&scan_error, error))
        return FALSE;
      set_verdict (difference, STRATA_OLD_DAMAGED, "It breaks off, or is no list of sessions");
      return TRUE;
    }

  if (difference->file.sessions > 0 && counting.known == 0 && g_hash_table_size (judging->ids) > 0)
    set_verdict (difference, STRATA_OLD_DAMAGED, "None of the sessions that were in it is in it any more");

  return TRUE;
}

static gboolean
judge_value (Judging                      *judging,
             const StrataLegacyCandidate  *candidate,
             StrataOldDifference          *difference,
             GError                      **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (candidate, judging->cancellable, &read_error);

  if (payload == NULL ||
      !_strata_json_reader_take_verbatim (_strata_legacy_payload_get_reader (payload), NULL, NULL, judging->cancellable, &read_error))
    {
      if (!is_verdict (&read_error, error))
        return FALSE;
      set_verdict (difference, STRATA_OLD_DAMAGED, "It can't be read to its end");
    }

  return TRUE;
}

static gboolean
is_candidate_in (const StrataLegacyCandidate *candidate,
                 const StrataOldDifference   *difference)
{
  /* A database's log belongs to the database */
  return strcmp (candidate->file, difference->file.path) == 0 ||
         (g_str_has_prefix (difference->file.what, "database") && g_str_has_prefix (difference->file.path, candidate->file));
}

/* Reads everything that this file is the place of. */
static gboolean
judge_candidates (Judging              *judging,
                  StrataOldDifference  *difference,
                  gboolean             *out_any,
                  GError              **error)
{
  g_autoptr(GPtrArray) names = _strata_legacy_candidates_list_names (judging->candidates);

  *out_any = FALSE;
  for (guint i = 0; i < names->len; i++)
    {
      const char *name = g_ptr_array_index (names, i);
      GPtrArray *candidates = _strata_legacy_candidates_get (judging->candidates, name);

      for (guint j = 0; j < candidates->len; j++)
        {
          StrataLegacyCandidate *candidate = g_ptr_array_index (candidates, j);

          if (!is_candidate_in (candidate, difference))
            continue;
          *out_any = TRUE;
          if (strcmp (name, "sessions") == 0 ? !judge_sessions (judging, candidate, difference, error)
                                             : !judge_value (judging, candidate, difference, error))
            return FALSE;
          if (difference->verdict == STRATA_OLD_DAMAGED)
            return TRUE;
        }
    }

  return TRUE;
}

/* What the old program always has again, and so never removes */
static gboolean
is_vital (const StrataOldDifference *difference)
{
  static const char *const collections[] = {
    "db/sessions.json", "db/notes.json", "db/tasks.json", "db/topics.json", "db/companies.json", "db/contacts.json",
    "db/settings.json", NULL
  };
  const char *what = difference->file.what;

  return strcmp (what, "database") == 0 || strcmp (what, "export") == 0 || strcmp (what, "sessions") == 0 ||
         g_strv_contains (collections, difference->file.path);
}

static gboolean
judge_collection (Judging              *judging,
                  StrataOldDifference  *difference,
                  GError              **error)
{
  gboolean any = FALSE;

  if (difference->is_missing)
    {
      /* Who removes what it needs no more leaves the rest */
      if (judging->legacy == NULL || is_vital (difference))
        set_verdict (difference, STRATA_OLD_DAMAGED, "It is missing");
      else
        set_verdict (difference, STRATA_OLD_GONE, "It is not there any more");
      return TRUE;
    }

  set_verdict (difference, STRATA_OLD_CHANGED, "It was written since, and can be read");
  if (judging->candidates != NULL && !judge_candidates (judging, difference, &any, error))
    return FALSE;
  /* Without a database a log means nothing; then the database is told */
  if (!any && strcmp (difference->file.what, "database-log") != 0)
    set_verdict (difference, STRATA_OLD_DAMAGED, "Nothing of what it held can be read in it");

  return TRUE;
}

/* Attachments */

static gboolean
is_meta (const StrataOldDifference *difference)
{
  return g_str_has_suffix (difference->file.path, ".meta.json");
}

/* The old program writes an attachment once, and its metadata now and then. */
static gboolean
judge_attachment (Judging              *judging,
                  StrataOldDifference  *difference,
                  GError              **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(StrataJsonMembers) members = NULL;

  if (difference->is_missing)
    {
      set_verdict (difference, STRATA_OLD_DAMAGED, "It is missing, and something needs it");
      return TRUE;
    }

  set_verdict (difference, STRATA_OLD_DAMAGED, "Its bytes are others");
  if (!is_meta (difference) || judging->legacy == NULL)
    return TRUE;

  bytes = _strata_file_read (_strata_legacy_store_get_dir (judging->legacy), difference->file.path, MAX_META_BYTES, &read_error);
  if (bytes == NULL)
    return is_verdict (&read_error, error);
  members = _strata_json_members_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes),
                                        (const char *const[]) { NULL }, NULL);
  if (members != NULL)
    set_verdict (difference, STRATA_OLD_CHANGED, "It was written since, and can be read");

  return TRUE;
}

/* Who deletes a session in the old program deletes its attachments. So what is missing is damage
 * only where something there names it still, or where nothing else changed.
 */
static gboolean
excuse_missing (Judging  *judging,
                GError  **error)
{
  g_autoptr(StrataMentions) mentions = _strata_mentions_new ();
  gboolean any_missing = FALSE, any_changed = FALSE;

  for (guint i = 0; i < judging->comparison->differences->len; i++)
    {
      const StrataOldDifference *difference = g_ptr_array_index (judging->comparison->differences, i);

      any_changed = any_changed || difference->file.kind == STRATA_OLD_COLLECTION;
      if (difference->is_missing && difference->file.kind == STRATA_OLD_ATTACHMENT)
        {
          any_missing = TRUE;
          _strata_mentions_look_for (mentions, difference->file.path);
        }
    }
  if (!any_missing || !any_changed || judging->candidates == NULL)
    return TRUE;

  if (!_strata_mentions_read (mentions, judging->legacy, judging->candidates, judging->cancellable, error))
    return FALSE;

  for (guint i = 0; i < judging->comparison->differences->len; i++)
    {
      StrataOldDifference *difference = g_ptr_array_index (judging->comparison->differences, i);

      if (difference->is_missing && difference->file.kind == STRATA_OLD_ATTACHMENT &&
          !_strata_mentions_has (mentions, difference->file.path))
        set_verdict (difference, STRATA_OLD_GONE, "It is not there any more, and nothing needs it");
    }

  return TRUE;
}

/* What is new */

/* A StrataOldFileFunc */
static gboolean
find_added (const StrataOldFile  *file,
            gpointer              user_data,
            GError              **error)
{
  Judging *judging = user_data;
  g_autofree char *root = NULL;
  StrataOldDifference *difference;
  guint64 hash;

  if (file->kind != STRATA_OLD_COLLECTION && file->kind != STRATA_OLD_ATTACHMENT)
    return TRUE;

  root = _strata_old_root_dup_path (judging->legacy, file->root);
  hash = _strata_old_place_hash (root != NULL ? root : "", file->path);
  if (judging->n_known > 0 && bsearch (&hash, judging->known, judging->n_known, sizeof hash, _strata_old_compare_places) != NULL)
    return TRUE;

  difference = g_new0 (StrataOldDifference, 1);
  difference->file.root = file->root;
  difference->file.kind = file->kind;
  difference->file.path = g_strdup (file->path);
  difference->file.what = g_strdup (file->what);
  difference->file.mark.size = file->size;
  set_verdict (difference, STRATA_OLD_ADDED, "It is new");
  g_ptr_array_add (judging->comparison->differences, difference);

  return !g_cancellable_set_error_if_cancelled (judging->cancellable, error);
}

/* Opening what is there */

static gboolean
open_legacy (Judging  *judging,
             GError  **error)
{
  const StrataRollbackHeader *header = _strata_rollback_manifest_get_header (judging->manifest);
  g_autoptr(GError) open_error = NULL;

  judging->legacy = _strata_legacy_store_open (header->legacy, header->attachments, NULL, judging->cancellable, &open_error);
  if (judging->legacy == NULL)
    return is_verdict (&open_error, error);
  if (judging->comparison->differences->len == 0)
    return TRUE;

  judging->candidates = _strata_legacy_candidates_gather (judging->legacy, NULL, NULL, NULL, judging->cancellable, &open_error);

  return judging->candidates != NULL || is_verdict (&open_error, error);
}

static gboolean
judge_all (Judging  *judging,
           GError  **error)
{
  guint n = judging->comparison->differences->len;

  if (!open_legacy (judging, error))
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      StrataOldDifference *difference = g_ptr_array_index (judging->comparison->differences, i);

      if (difference->file.kind == STRATA_OLD_COLLECTION ? !judge_collection (judging, difference, error)
                                                         : !judge_attachment (judging, difference, error))
        return FALSE;
    }

  return excuse_missing (judging, error) &&
         (judging->legacy == NULL || _strata_old_files_foreach (judging->legacy, find_added, judging, error));
}

gboolean
_strata_old_comparison_judge (StrataOldComparison     *self,
                              StrataRollbackManifest  *manifest,
                              const guint64           *known,
                              gsize                    n_known,
                              GCancellable            *cancellable,
                              GError                 **error)
{
  Judging judging = { .comparison = self, .manifest = manifest, .known = known, .n_known = n_known, .cancellable = cancellable };
  gboolean ok = judge_all (&judging, error);

  g_clear_pointer (&judging.candidates, _strata_legacy_candidates_free);
  g_clear_pointer (&judging.legacy, _strata_legacy_store_free);
  g_clear_pointer (&judging.ids, g_hash_table_unref);

  return ok;
}

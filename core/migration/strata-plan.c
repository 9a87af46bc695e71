/* strata-plan.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>
#include <sys/statvfs.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-plan.h"
#include "strata-survey-private.h"

/* What a plan reckons with; rough on purpose. A batch needs room twice while it is put in place. */
#define BYTES_PER_SECOND (100.0 * 1000 * 1000)
#define MARGIN_BYTES     (192 * 1024 * 1024)

G_DEFINE_BOXED_TYPE (StrataPlan, strata_plan, strata_plan_ref, strata_plan_unref)

StrataPlan *
strata_plan_ref (StrataPlan *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
plan_clear (StrataPlan *self)
{
  g_free (self->path);
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
strata_plan_unref (StrataPlan *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)plan_clear);
}

static void
source_free (gpointer data)
{
  StrataPlanSource *source = data;

  g_free (source->name);
  g_free (source->kind);
  g_free (source);
}

/* What is known of the sessions seen so far */
typedef struct
{
  GHashTable *known;
  GHashTable *seen;      /* in the candidate at hand */
  guint64     sessions;
  guint64     unknown;
} Count;

static void
count_session (guint64     ordinal,
               const char *id_token,
               gpointer    user_data)
{
  Count *count = user_data;

  count->sessions++;
  if (id_token == NULL)
    return;
  if (!g_hash_table_contains (count->known, id_token))
    count->unknown++;
  g_hash_table_add (count->seen, g_strdup (id_token));
}

static void
remember_seen (Count *count)
{
  GHashTableIter iter;
  gpointer id_token;

  g_hash_table_iter_init (&iter, count->seen);
  while (g_hash_table_iter_next (&iter, &id_token, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_hash_table_add (count->known, id_token);
    }
}

static StrataPlanSource *
add_source (StrataPlan                  *self,
            const StrataLegacyCandidate *candidate,
            guint64                      sessions)
{
  StrataPlanSource *source = g_new0 (StrataPlanSource, 1);

  source->name = g_utf8_make_valid (candidate->path, -1);
  source->kind = g_strdup (_strata_legacy_candidate_get_kind (candidate));
  source->date_ms = candidate->timestamp_ms;
  source->sessions = sessions;
  g_ptr_array_add (self->sources, source);

  return source;
}

static void
report (StrataProblem *problem,
        gpointer       user_data)
{
  StrataPlan *self = user_data;

  g_ptr_array_add (self->problems, problem);
}

/* What a candidate adds. Sessions that only others than the current one have
 * count as recovered, unless it is the same save.
 */
static void
add_up (StrataPlan                   *self,
        const StrataLegacyCandidate  *current,
        const StrataLegacyCandidate  *candidate,
        const Count                  *count)
{
  if (current == candidate)
    self->sessions += count->sessions;
  else if (current != NULL && !_strata_legacy_candidate_is_same_save (current, candidate))
    {
      self->recovered += count->unknown;
      self->sessions += count->unknown;
    }
}

/* Reads a candidate once. @inout_current: is it, if there is none yet and it is whole */
static gboolean
look_into_candidate (StrataPlan                    *self,
                     StrataLegacyCandidate         *candidate,
                     Count                         *count,
                     const StrataLegacyCandidate  **inout_current,
                     GCancellable                  *cancellable,
                     GError                       **error)
{
  g_autoptr(GError) scan_error = NULL;
  gboolean whole = _strata_legacy_candidate_scan (candidate, count_session, count, cancellable, &scan_error);
  StrataPlanSource *source;

  if (!whole && !_strata_file_is_content_error (scan_error))
    {
      g_propagate_error (error, g_steal_pointer (&scan_error));
      return FALSE;
    }

  source = add_source (self, candidate, count->sessions);
  if (!whole)
    report (strata_problem_new ("torn", candidate->path, NULL, NULL, -1,
                                "The file breaks off; what stands before that can be taken: %s", scan_error->message), self);
  if (whole && *inout_current == NULL)
    {
      *inout_current = candidate;
      source->chosen = TRUE;
    }

  return TRUE;
}

/* Looks through every place that may hold sessions. The first that is whole is
 * the one they are taken from; where the very first is not, the newest is.
 */
static gboolean
look_into_sessions (StrataPlan              *self,
                    StrataLegacyCandidates  *all,
                    GCancellable            *cancellable,
                    GError                 **error)
{
  GPtrArray *candidates = _strata_legacy_candidates_get (all, "sessions");
  g_autoptr(GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const StrataLegacyCandidate *current = NULL;

  for (guint i = 0; i < candidates->len; i++)
    {
      StrataLegacyCandidate *candidate = g_ptr_array_index (candidates, i);
      Count count = { known, seen, 0, 0 };

      if (!look_into_candidate (self, candidate, &count, &current, cancellable, error))
        return FALSE;
      if (i == 0 && current == NULL)
        _strata_legacy_candidates_sort_rest (candidates);
      add_up (self, current, candidate, &count);
      remember_seen (&count);
    }

  return TRUE;
}

/* Free space where the store is, or would be. */
static guint64
free_space (const char *store_path)
{
  g_autofree char *path = g_canonicalize_filename (store_path, NULL);
  struct statvfs space;

  while (statvfs (path, &space) < 0 && strcmp (path, "/") != 0)
    {
      char *parent = g_path_get_dirname (path);

      g_free (path);
      path = parent;
    }

  return statvfs (path, &space) == 0 ? (guint64)space.f_bavail * space.f_frsize : 0;
}

/**
 * strata_plan_make:
 * @store_path: where the new store is, or would be
 * @legacy_path: (nullable): the old data folder, or the folder above it; %NULL:
 *   the usual places are looked through
 * @cancellable: (nullable): a cancellable
 *
 * Says what a migration would do. Reads the sessions once; writes nothing.
 *
 * Returns: (transfer full): the plan; or %NULL with @error set,
 *   %STRATA_ERROR_SOURCE where there is no old store
 */
StrataPlan *
strata_plan_make (const char    *store_path,
                  const char    *legacy_path,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_autoptr(StrataLegacyStore) legacy = legacy_path != NULL ? _strata_legacy_store_open (legacy_path, error)
                                                            : _strata_legacy_store_open_usual (error);
  g_autoptr(StrataLegacyCandidates) candidates = NULL;
  g_autoptr(StrataPlan) self = NULL;
  g_autoptr(GPtrArray) ids = NULL;
  StrataSurvey survey;

  g_return_val_if_fail (store_path != NULL, NULL);

  if (legacy == NULL)
    return NULL;

  self = g_atomic_rc_box_new0 (StrataPlan);
  self->path = g_utf8_make_valid (_strata_legacy_store_get_path (legacy), -1);
  self->sources = g_ptr_array_new_with_free_func (source_free);
  self->problems = g_ptr_array_new_with_free_func (g_object_unref);

  candidates = _strata_legacy_candidates_gather (legacy, NULL, report, self, cancellable, error);
  if (candidates == NULL || !look_into_sessions (self, candidates, cancellable, error))
    return NULL;

  _strata_survey_make (legacy, candidates, report, self, &survey);
  ids = _strata_legacy_store_list_attachments (legacy);
  self->attachments = ids->len;
  self->bytes_original = survey.bytes_original;
  self->bytes_estimated = survey.bytes_estimated;
  self->seconds_estimated = (double)self->bytes_original / BYTES_PER_SECOND;
  self->space_needed = self->bytes_estimated + self->bytes_estimated / 10 + MARGIN_BYTES;
  self->space_free = free_space (store_path);

  return g_steal_pointer (&self);
}

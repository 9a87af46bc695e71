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

static void
add_source (StrataPlan                  *self,
            const StrataLegacyCandidate *candidate)
{
  StrataPlanSource *source = g_new0 (StrataPlanSource, 1);

  source->name = g_utf8_make_valid (candidate->path, -1);
  source->kind = g_strdup (_strata_legacy_candidate_get_kind (candidate));
  source->date_ms = candidate->timestamp_ms;
  g_ptr_array_add (self->sources, source);
}

static void
report (StrataProblem *problem,
        gpointer       user_data)
{
  StrataPlan *self = user_data;

  g_ptr_array_add (self->problems, problem);
}

/* Looking through the places that may hold sessions, in the order in which a migration takes them */
typedef struct
{
  StrataPlan    *plan;
  GPtrArray     *candidates;
  GHashTable    *known;       /* id tokens of the sessions seen in earlier candidates */
  GHashTable    *seen;        /* in the candidate at hand */
  guint64        sessions;    /* of the candidate at hand … */
  guint64        unknown;     /* … those that no earlier one has */
  GCancellable  *cancellable;
} Look;

static void
count_session (guint64     ordinal,
               const char *id_token,
               gpointer    user_data)
{
  Look *look = user_data;

  look->sessions++;
  if (id_token != NULL && g_hash_table_contains (look->known, id_token))
    return;

  /* Of one id there may be several in one place, and all are taken */
  look->unknown++;
  if (id_token != NULL)
    g_hash_table_add (look->seen, g_strdup (id_token));
}

static void
remember_seen (Look *look)
{
  GHashTableIter iter;
  gpointer id_token;

  g_hash_table_iter_init (&iter, look->seen);
  while (g_hash_table_iter_next (&iter, &id_token, NULL))
    {
      g_hash_table_iter_steal (&iter);
      g_hash_table_add (look->known, id_token);
    }
}

/* What breaks off is told as the migration will tell it. */
static void
report_broken (StrataPlan                  *self,
               const StrataLegacyCandidate *candidate,
               const GError                *error)
{
  if (candidate->is_no_list)
    report (strata_problem_new ("not-an-array", candidate->path, NULL, NULL, -1,
                                "This is no list of sessions; it will be kept verbatim"), self);
  else
    report (strata_problem_new (_strata_legacy_error_get_code (error), candidate->path, NULL, NULL, -1,
                                "The file breaks off; what stands before that can be taken: %s", error->message), self);
}

/* Reads one candidate. @out_whole: whether it is a list that comes to its end */
static gboolean
look_into (Look      *look,
           guint      i,
           gboolean  *out_whole,
           GError   **error)
{
  StrataLegacyCandidate *candidate = g_ptr_array_index (look->candidates, i);
  StrataPlanSource *source = g_ptr_array_index (look->plan->sources, i);
  g_autoptr(GError) scan_error = NULL;

  look->sessions = look->unknown = 0;
  *out_whole = _strata_legacy_candidate_scan (candidate, count_session, look, look->cancellable, &scan_error);
  if (!*out_whole && !_strata_file_is_content_error (scan_error))
    {
      g_propagate_error (error, g_steal_pointer (&scan_error));
      return FALSE;
    }

  if (!*out_whole)
    report_broken (look->plan, candidate, scan_error);
  source->sessions = look->sessions;
  source->date_ms = candidate->timestamp_ms;

  return TRUE;
}

/* Counts what one candidate adds to those before. @recovered: that was lost from sight */
static void
add_up (Look     *look,
        gboolean  recovered)
{
  look->plan->sessions += look->unknown;
  look->plan->recovered += recovered ? look->unknown : 0;
  remember_seen (look);
}

/* The first candidate, and the newest whole one where that breaks off.
 * @out_chosen: the number of the last of both
 */
static gboolean
look_at_current (Look      *look,
                 guint     *out_chosen,
                 GError   **error)
{
  const StrataLegacyCandidate *first = g_ptr_array_index (look->candidates, 0);
  gboolean whole, any;

  *out_chosen = 0;
  add_source (look->plan, first);
  if (!look_into (look, 0, &whole, error))
    return FALSE;
  add_up (look, FALSE);
  any = look->sessions > 0;

  if (!whole)
    _strata_legacy_candidates_sort_rest (look->candidates);
  for (guint i = 1; i < look->candidates->len; i++)
    add_source (look->plan, g_ptr_array_index (look->candidates, i));

  if (!whole)
    *out_chosen = _strata_legacy_candidates_find_whole (look->candidates, look->cancellable);
  if (*out_chosen > 0)
    {
      if (!look_into (look, *out_chosen, &whole, error))
        return FALSE;
      add_up (look, !_strata_legacy_candidate_is_same_save (first, g_ptr_array_index (look->candidates, *out_chosen)));
    }

  ((StrataPlanSource *)g_ptr_array_index (look->plan->sources, any ? 0 : *out_chosen))->chosen = TRUE;

  return TRUE;
}

/* What only the others still have, unless it is the same save */
static gboolean
look_at_others (Look      *look,
                guint      chosen,
                GError   **error)
{
  const StrataLegacyCandidate *current = g_ptr_array_index (look->candidates, chosen);

  for (guint i = 1; i < look->candidates->len; i++)
    {
      const StrataLegacyCandidate *candidate = g_ptr_array_index (look->candidates, i);
      gboolean whole;

      if (i == chosen)
        continue;
      if (!look_into (look, i, &whole, error))
        return FALSE;
      if (!_strata_legacy_candidate_is_same_save (current, candidate))
        add_up (look, i > chosen);
      g_hash_table_remove_all (look->seen);
    }

  return TRUE;
}

static gboolean
look_into_sessions (StrataPlan              *self,
                    StrataLegacyCandidates  *all,
                    GCancellable            *cancellable,
                    GError                 **error)
{
  GPtrArray *candidates = _strata_legacy_candidates_get (all, "sessions");
  g_autoptr(GHashTable) known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Look look = { .plan = self, .candidates = candidates, .known = known, .seen = seen, .cancellable = cancellable };
  guint chosen;

  return candidates->len == 0 || (look_at_current (&look, &chosen, error) && look_at_others (&look, chosen, error));
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
 * @legacy_path: (nullable): the old data folder, the folder above it, a web
 *   view's folder or database, or an export; %NULL: the usual places are looked through
 * @attachments_path: (nullable): where the attachments are, if they are elsewhere
 * @source: (nullable): the source to believe before all others, by its name
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
                  const char    *attachments_path,
                  const char    *source,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_autoptr(StrataLegacyStore) legacy = _strata_legacy_store_open (legacy_path, attachments_path, NULL, cancellable, error);
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

  candidates = _strata_legacy_candidates_gather (legacy, source, report, self, cancellable, error);
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

/**
 * strata_plan_find_old_stores:
 * @cancellable: (nullable): a cancellable; what was found until then is returned
 *
 * Looks through the places where the old program keeps its data, for one to
 * offer: `$XDG_DATA_HOME`, `~/.local/share`, `~/Library/Application Support` and
 * `%APPDATA%`. Lists folders and reads no sessions.
 *
 * Returns: (transfer full) (array zero-terminated=1) (element-type filename): the
 *   data folders, links resolved, the most usual first; empty where there is none
 */
char **
strata_plan_find_old_stores (GCancellable *cancellable)
{
  g_autoptr(GPtrArray) found = _strata_legacy_store_find_usual (cancellable);

  g_ptr_array_set_free_func (found, NULL);
  g_ptr_array_add (found, NULL);

  return (char **)g_ptr_array_free (g_steal_pointer (&found), FALSE);
}

/* strata-session-finder.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-session-finder.h"

/* A first page is soon there, the best of all takes its place */
#define FIRST_HITS 50
#define MOST_HITS  200

/**
 * StrataSessionFinder:
 *
 * Searches while somebody types: a newer text takes the place of the one before,
 * and only its results are ever shown. The index is brought up to date when the
 * store is given and when it was written to; what was found is looked for again then.
 *
 * Threads: the main one only; it waits for nothing.
 */
struct _StrataSessionFinder
{
  GObject              parent_instance;

  StrataSearch        *search;
  GCancellable        *cancellable;  /* what is done for @search */
  gboolean             is_updating;
  gboolean             is_stale;     /* written to while it was updating */

  StrataQuery         *query;        /* NULL: none */
  guint                serial;       /* of the query */
  StrataFinderState    state;
  StrataSearchResults *results;
  char                *suggestion;
  char                *message;
};

enum {
  CHANGED,
  N_SIGNALS
};

G_DEFINE_FINAL_TYPE (StrataSessionFinder, strata_session_finder, G_TYPE_OBJECT)

static guint signals[N_SIGNALS];

/* What a callback gets, and what it was asked for */
typedef struct
{
  StrataSessionFinder *finder;
  guint                serial;
  StrataSearchExtent   extent;
} Asked;

static Asked *
asked_new (StrataSessionFinder *self,
           StrataSearchExtent   extent)
{
  Asked *asked = g_new0 (Asked, 1);

  asked->finder = g_object_ref (self);
  asked->serial = self->serial;
  asked->extent = extent;

  return asked;
}

static void
asked_free (Asked *asked)
{
  g_object_unref (asked->finder);
  g_free (asked);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Asked, asked_free)

static void
set_state (StrataSessionFinder *self,
           StrataFinderState    state)
{
  self->state = state;
  g_signal_emit (self, signals[CHANGED], 0);
}

/* Suggestions */

static void
suggest_worker (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  GError *error = NULL;
  char *suggestion = strata_search_suggest (source, task_data, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, suggestion, g_free);
}

static void
suggested_cb (GObject      *object,
              GAsyncResult *result,
              gpointer      user_data)
{
  g_autoptr(Asked) asked = user_data;
  StrataSessionFinder *self = asked->finder;
  g_autofree char *suggestion = g_task_propagate_pointer (G_TASK (result), NULL);

  if (asked->serial != self->serial || suggestion == NULL)
    return;

  g_free (self->suggestion);
  self->suggestion = g_steal_pointer (&suggestion);
  g_signal_emit (self, signals[CHANGED], 0);
}

static void
suggest (StrataSessionFinder *self)
{
  g_autoptr(GTask) task = g_task_new (self->search, self->cancellable, suggested_cb, asked_new (self, STRATA_SEARCH_ALL));

  g_task_set_task_data (task, strata_query_ref (self->query), (GDestroyNotify)strata_query_unref);
  g_task_run_in_thread (task, suggest_worker);
}

/* Searching */

static void run (StrataSessionFinder *self,
                 StrataSearchExtent   extent);

static void
take_results (StrataSessionFinder *self,
              StrataSearchResults *results,
              StrataSearchExtent   extent)
{
  gboolean is_last = extent == STRATA_SEARCH_ALL || strata_search_results_is_whole (results);

  if (strata_search_results_get_total (results) > 0)
    {
      g_set_object (&self->results, results);
      set_state (self, STRATA_FINDER_FOUND);
    }
  else if (is_last)
    {
      g_clear_object (&self->results);
      set_state (self, STRATA_FINDER_NOTHING);
      suggest (self);
    }
  if (extent == STRATA_SEARCH_FIRST)
    run (self, STRATA_SEARCH_ALL);
}

static void
found_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(Asked) asked = user_data;
  StrataSessionFinder *self = asked->finder;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSearchResults) results = strata_search_run_finish (STRATA_SEARCH (object), result, &error);

  if (asked->serial != self->serial || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return;

  if (results != NULL)
    {
      take_results (self, results, asked->extent);
      return;
    }

  g_clear_object (&self->results);
  g_free (self->message);
  self->message = g_strdup (error->message);
  set_state (self, STRATA_FINDER_FAILED);
}

static void
run (StrataSessionFinder *self,
     StrataSearchExtent   extent)
{
  strata_search_run_async (self->search, self->query, extent, extent == STRATA_SEARCH_FIRST ? FIRST_HITS : MOST_HITS,
                           self->cancellable, found_cb, asked_new (self, extent));
}

/* Looks for what is typed, in what is there now. */
static void
start (StrataSessionFinder *self)
{
  self->serial++;
  g_clear_pointer (&self->suggestion, g_free);
  if (self->query == NULL || self->search == NULL)
    {
      g_clear_object (&self->results);
      set_state (self, STRATA_FINDER_IDLE);
      return;
    }

  if (self->results == NULL)
    set_state (self, STRATA_FINDER_SEARCHING);
  run (self, STRATA_SEARCH_FIRST);
}

/* The index */

static void
updated_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(StrataSessionFinder) self = user_data;
  g_autoptr(GError) error = NULL;

  if (!strata_search_update_finish (STRATA_SEARCH (object), result, &error) &&
      !g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    g_info ("The search index is not up to date: %s", error->message);
  if (STRATA_SEARCH (object) != self->search)
    return;

  self->is_updating = FALSE;
  if (self->is_stale)
    strata_session_finder_update (self);
  if (self->query != NULL)
    start (self);
}

/**
 * strata_session_finder_update:
 *
 * Says that the store was written to.
 */
void
strata_session_finder_update (StrataSessionFinder *self)
{
  g_return_if_fail (STRATA_IS_SESSION_FINDER (self));

  if (self->search == NULL)
    return;

  self->is_stale = self->is_updating;
  if (self->is_updating)
    return;

  self->is_updating = TRUE;
  strata_search_update_async (self->search, self->cancellable, updated_cb, g_object_ref (self));
}

/**
 * strata_session_finder_set_store:
 * @store: (nullable): where to search
 */
void
strata_session_finder_set_store (StrataSessionFinder *self,
                                 StrataStore         *store)
{
  g_return_if_fail (STRATA_IS_SESSION_FINDER (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->search);
  g_clear_object (&self->results);
  self->is_updating = FALSE;
  self->is_stale = FALSE;
  self->cancellable = g_cancellable_new ();
  if (store != NULL)
    self->search = strata_search_new (store);
  start (self);
  strata_session_finder_update (self);
}

/**
 * strata_session_finder_set_text:
 * @text: in the query language; any text is a query
 */
void
strata_session_finder_set_text (StrataSessionFinder *self,
                                const char          *text)
{
  g_autoptr(StrataQuery) query = NULL;

  g_return_if_fail (STRATA_IS_SESSION_FINDER (self));
  g_return_if_fail (text != NULL);

  query = strata_query_new (text);
  g_clear_pointer (&self->query, strata_query_unref);
  if (!strata_query_is_empty (query))
    self->query = g_steal_pointer (&query);
  start (self);
}

StrataFinderState
strata_session_finder_get_state (StrataSessionFinder *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_FINDER (self), STRATA_FINDER_IDLE);

  return self->state;
}

/**
 * strata_session_finder_get_search:
 *
 * Returns: (transfer none) (nullable): what to load snippets with
 */
StrataSearch *
strata_session_finder_get_search (StrataSessionFinder *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_FINDER (self), NULL);

  return self->search;
}

/**
 * strata_session_finder_get_results:
 *
 * Returns: (transfer none) (nullable): what was found last; while the next is looked for, that of before
 */
StrataSearchResults *
strata_session_finder_get_results (StrataSessionFinder *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_FINDER (self), NULL);

  return self->results;
}

/**
 * strata_session_finder_get_suggestion:
 *
 * Returns: (nullable): what may have been meant where nothing was found
 */
const char *
strata_session_finder_get_suggestion (StrataSessionFinder *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_FINDER (self), NULL);

  return self->suggestion;
}

/**
 * strata_session_finder_get_message:
 *
 * Returns: (nullable): why it failed
 */
const char *
strata_session_finder_get_message (StrataSessionFinder *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION_FINDER (self), NULL);

  return self->message;
}

static void
strata_session_finder_dispose (GObject *object)
{
  StrataSessionFinder *self = STRATA_SESSION_FINDER (object);

  /* What comes now is of no query any more */
  self->serial++;
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->search);
  g_clear_object (&self->results);

  G_OBJECT_CLASS (strata_session_finder_parent_class)->dispose (object);
}

static void
strata_session_finder_finalize (GObject *object)
{
  StrataSessionFinder *self = STRATA_SESSION_FINDER (object);

  g_clear_object (&self->cancellable);
  g_clear_pointer (&self->query, strata_query_unref);
  g_free (self->suggestion);
  g_free (self->message);

  G_OBJECT_CLASS (strata_session_finder_parent_class)->finalize (object);
}

static void
strata_session_finder_class_init (StrataSessionFinderClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_session_finder_dispose;
  object_class->finalize = strata_session_finder_finalize;

  /**
   * StrataSessionFinder::changed:
   *
   * The state, the results or the suggestion are others.
   */
  signals[CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_session_finder_init (StrataSessionFinder *self)
{
  self->cancellable = g_cancellable_new ();
}

/**
 * strata_session_finder_new:
 *
 * Returns: (transfer full): a finder that searches nowhere yet
 */
StrataSessionFinder *
strata_session_finder_new (void)
{
  return g_object_new (STRATA_TYPE_SESSION_FINDER, NULL);
}

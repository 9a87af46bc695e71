/* strata-crew.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-crew-private.h"

#define MAX_HANDS 8
/* How often the owner looks whether it is held up itself, while it waits for a hand */
#define LOOK_US (G_USEC_PER_SEC / 100)

typedef struct
{
  const StrataCrewKind *kind;
  gpointer              task;
  guint64               cost;
  gboolean              is_done; /* guarded by the crew's mutex */
} Job;

struct _StrataCrew
{
  /* Set at construction, never changed after */
  guint64          budget;
  gboolean         has_watch;
  StrataCrewWatch  watch;
  GPtrArray       *hands;   /* GThread */

  /* The owner's */
  GQueue           admitted; /* Job, not finished */
  guint64          cost;

  /* Guarded by @mutex */
  GMutex           mutex;
  GCond            changed;
  GQueue           waiting;  /* those of them that nobody has begun */
  gboolean         ends;
};

guint
_strata_crew_get_usual_hands (void)
{
  return CLAMP (g_get_num_processors () - 1, 1, MAX_HANDS);
}

static void
job_free (Job *job)
{
  job->kind->free (job->task);
  g_free (job);
}

/* With the mutex held, which it lets go of meanwhile */
static void
do_job (StrataCrew *self,
        Job        *job)
{
  g_mutex_unlock (&self->mutex);
  job->kind->work (job->task);
  g_mutex_lock (&self->mutex);
  job->is_done = TRUE;
  g_cond_broadcast (&self->changed);
}

static void
do_job_watched (StrataCrew *self,
                Job        *job)
{
  g_mutex_unlock (&self->mutex);
  if (self->has_watch)
    self->watch.begin (self->watch.user_data);
  g_mutex_lock (&self->mutex);

  do_job (self, job);

  g_mutex_unlock (&self->mutex);
  if (self->has_watch)
    self->watch.end (self->watch.user_data);
  g_mutex_lock (&self->mutex);
}

static gpointer
hand (gpointer data)
{
  StrataCrew *self = data;

  if (self->has_watch)
    _strata_checkpoint_set (self->watch.checkpoint, self->watch.user_data);

  g_mutex_lock (&self->mutex);
  while (!self->ends)
    {
      Job *job = g_queue_pop_head (&self->waiting);

      if (job != NULL)
        do_job_watched (self, job);
      else
        g_cond_wait (&self->changed, &self->mutex);
    }
  g_mutex_unlock (&self->mutex);

  return NULL;
}

StrataCrew *
_strata_crew_new (guint                  n_hands,
                  guint64                budget,
                  const StrataCrewWatch *watch)
{
  StrataCrew *self = g_new0 (StrataCrew, 1);

  self->budget = budget;
  self->has_watch = watch != NULL;
  if (watch != NULL)
    self->watch = *watch;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_queue_init (&self->admitted);
  g_queue_init (&self->waiting);
  self->hands = g_ptr_array_new ();
  for (guint i = 0; i < n_hands; i++)
    {
      /* Where there can be no more threads the owner does the work */
      GThread *thread = g_thread_try_new ("strata-hand", hand, self, NULL);

      if (thread != NULL)
        g_ptr_array_add (self->hands, thread);
    }

  return self;
}

/* Until @job is done, with the mutex held, which is let go of meanwhile. @helps: does others until then */
static void
wait_for (StrataCrew *self,
          Job        *job,
          gboolean    helps)
{
  while (!job->is_done)
    {
      Job *other = helps ? g_queue_pop_head (&self->waiting) : NULL;

      if (other != NULL)
        do_job (self, other);
      else if (!g_cond_wait_until (&self->changed, &self->mutex, g_get_monotonic_time () + LOOK_US))
        {
          /* What a hand is held up by holds up the owner too */
          g_mutex_unlock (&self->mutex);
          _strata_checkpoint (0);
          g_mutex_lock (&self->mutex);
        }
    }
}

static void
give_up (StrataCrew *self)
{
  Job *job;

  g_mutex_lock (&self->mutex);
  while ((job = g_queue_pop_head (&self->waiting)) != NULL)
    job->is_done = TRUE;
  for (GList *link = self->admitted.head; link != NULL; link = link->next)
    wait_for (self, link->data, FALSE);
  g_mutex_unlock (&self->mutex);

  while ((job = g_queue_pop_head (&self->admitted)) != NULL)
    job_free (job);
  self->cost = 0;
}

void
_strata_crew_free (StrataCrew *self)
{
  give_up (self);
  g_mutex_lock (&self->mutex);
  self->ends = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < self->hands->len; i++)
    g_thread_join (g_ptr_array_index (self->hands, i));
  g_ptr_array_unref (self->hands);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
  g_free (self);
}

static gboolean
finish_first (StrataCrew  *self,
              GError     **error)
{
  Job *job = g_queue_peek_head (&self->admitted);
  gboolean ok;

  g_mutex_lock (&self->mutex);
  wait_for (self, job, TRUE);
  g_mutex_unlock (&self->mutex);

  g_queue_pop_head (&self->admitted);
  self->cost -= job->cost;
  ok = job->kind->finish (job->task, error);
  job_free (job);
  if (!ok)
    give_up (self);

  return ok;
}

static gboolean
is_first_done (StrataCrew *self)
{
  Job *job = g_queue_peek_head (&self->admitted);
  gboolean is_done;

  g_mutex_lock (&self->mutex);
  is_done = job != NULL && job->is_done;
  g_mutex_unlock (&self->mutex);

  return is_done;
}

gboolean
_strata_crew_admit (StrataCrew            *self,
                    const StrataCrewKind  *kind,
                    gpointer               task,
                    guint64                cost,
                    GError               **error)
{
  Job *job = g_new0 (Job, 1);

  job->kind = kind;
  job->task = task;
  job->cost = cost;
  g_queue_push_tail (&self->admitted, job);
  self->cost += cost;
  g_mutex_lock (&self->mutex);
  g_queue_push_tail (&self->waiting, job);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);

  while (is_first_done (self) || (self->cost > self->budget && self->admitted.length > 1))
    if (!finish_first (self, error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_crew_drain (StrataCrew  *self,
                    GError     **error)
{
  while (self->admitted.length > 0)
    if (!finish_first (self, error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_crew_settle (StrataCrew  *self,
                     gboolean     ok,
                     GError     **error)
{
  g_autoptr(GError) earlier = NULL;

  if (_strata_crew_drain (self, &earlier))
    return ok;

  if (!ok)
    g_clear_error (error);
  g_propagate_error (error, g_steal_pointer (&earlier));

  return FALSE;
}

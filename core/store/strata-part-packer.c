/* strata-part-packer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-part-pack-private.h"

/* Text that waits to be packed; who adds more helps first */
#define MAX_WAITING_BYTES (16 * 1024 * 1024)

typedef struct
{
  StrataPart *part;
  GBytes     *text;
} Job;

struct _StrataPartPacker
{
  /* Set at construction, never changed after */
  StrataStaging *staging;
  int            level;
  GThread      **threads;
  guint          n_threads;

  /* Guarded by @mutex */
  GMutex         mutex;
  GCond          changed;
  GQueue         jobs;
  gsize          waiting_bytes;
  guint          running;
  gboolean       ends;
  GError        *error;     /* the first one since the last wait */
};

/* Packs one; where that is not worth it, it is staged as it is. */
static gboolean
do_job (StrataPartPacker  *self,
        Job               *job,
        GError           **error)
{
  if (!_strata_part_pack (job->part, self->staging, job->text, self->level, error))
    return FALSE;
  if (job->part->staged_path == NULL)
    job->part->staged_path = _strata_staging_write (self->staging, g_bytes_get_data (job->text, NULL),
                                                    g_bytes_get_size (job->text), error);

  return job->part->staged_path != NULL;
}

/* Does what is next in the queue, without the mutex, which is held before and after. */
static void
do_next (StrataPartPacker *self)
{
  g_autofree Job *job = g_queue_pop_head (&self->jobs);
  g_autoptr(GError) error = NULL;

  self->waiting_bytes -= g_bytes_get_size (job->text);
  self->running++;
  if (self->error == NULL)
    {
      g_mutex_unlock (&self->mutex);
      do_job (self, job, &error);
      g_mutex_lock (&self->mutex);
    }
  g_bytes_unref (job->text);
  self->running--;
  if (error != NULL && self->error == NULL)
    self->error = g_steal_pointer (&error);
  g_cond_broadcast (&self->changed);
}

static gpointer
packer_worker (gpointer data)
{
  StrataPartPacker *self = data;

  g_mutex_lock (&self->mutex);
  while (TRUE)
    {
      while (g_queue_is_empty (&self->jobs) && !self->ends)
        g_cond_wait (&self->changed, &self->mutex);
      if (g_queue_is_empty (&self->jobs))
        break;
      do_next (self);
    }
  g_mutex_unlock (&self->mutex);

  return NULL;
}

StrataPartPacker *
_strata_part_packer_new (StrataStaging *staging,
                         int            level,
                         guint          n_threads)
{
  StrataPartPacker *self = g_new0 (StrataPartPacker, 1);

  self->staging = staging;
  self->level = level;
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_queue_init (&self->jobs);
  self->threads = g_new0 (GThread *, n_threads);
  while (self->n_threads < n_threads)
    {
      GThread *thread = g_thread_try_new ("pack", packer_worker, self, NULL);

      if (thread == NULL) /* who waits does it all, then */
        break;
      self->threads[self->n_threads++] = thread;
    }

  return self;
}

void
_strata_part_packer_free (StrataPartPacker *self)
{
  _strata_part_packer_wait (self, NULL);
  g_mutex_lock (&self->mutex);
  self->ends = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < self->n_threads; i++)
    g_thread_join (self->threads[i]);

  g_free (self->threads);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);
  g_free (self);
}

void
_strata_part_packer_add (StrataPartPacker *self,
                         StrataPart       *part,
                         GBytes           *text)
{
  Job *job = g_new (Job, 1);

  job->part = part;
  job->text = text;
  g_mutex_lock (&self->mutex);
  while (self->waiting_bytes > 0 && self->waiting_bytes + g_bytes_get_size (text) > MAX_WAITING_BYTES)
    do_next (self);
  g_queue_push_tail (&self->jobs, job);
  self->waiting_bytes += g_bytes_get_size (text);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

gboolean
_strata_part_packer_wait (StrataPartPacker  *self,
                          GError           **error)
{
  g_autoptr(GError) first = NULL;

  g_mutex_lock (&self->mutex);
  while (!g_queue_is_empty (&self->jobs) || self->running > 0)
    {
      if (!g_queue_is_empty (&self->jobs))
        do_next (self);
      else
        g_cond_wait (&self->changed, &self->mutex);
    }
  first = g_steal_pointer (&self->error);
  g_mutex_unlock (&self->mutex);

  if (first == NULL)
    return TRUE;
  g_propagate_error (error, g_steal_pointer (&first));

  return FALSE;
}

int
_strata_part_packer_get_level (StrataPartPacker *self)
{
  return self->level;
}

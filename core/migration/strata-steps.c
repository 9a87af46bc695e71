/* strata-steps.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-steps-private.h"

#define INTERVAL_MS 33

void
_strata_steps_init (StrataSteps *self,
                    GObject     *object)
{
  self->object = object;
  self->context = g_main_context_ref_thread_default ();
  self->step = "waiting";
  g_mutex_init (&self->mutex);
  g_object_set_data (object, "strata-steps", self);
}

void
_strata_steps_clear (StrataSteps *self)
{
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
}

static StrataSteps *
get_steps (GObject *object)
{
  return g_object_get_data (object, "strata-steps");
}

static gboolean
notify_cb (gpointer user_data)
{
  GObject *object = user_data;
  StrataSteps *self = get_steps (object);

  g_mutex_lock (&self->mutex);
  self->is_queued = FALSE;
  g_mutex_unlock (&self->mutex);

  g_object_notify (object, "step");
  g_object_notify (object, "fraction");

  return G_SOURCE_REMOVE;
}

/* The mutex is held. What happens until the source runs is told by the same notification. */
static void
queue_notify (StrataSteps *self)
{
  GSource *source;

  if (self->is_queued)
    return;

  self->is_queued = TRUE;
  source = g_timeout_source_new (INTERVAL_MS);
  g_source_set_callback (source, notify_cb, g_object_ref (self->object), g_object_unref);
  g_source_attach (source, self->context);
  g_source_unref (source);
}

void
_strata_steps_begin (StrataSteps *self,
                     const char  *step,
                     guint64      total)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->step = step;
  self->done = 0;
  self->total = total;
  queue_notify (self);
}

void
_strata_steps_advance (StrataSteps *self,
                       guint64      more)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->done += more;
  queue_notify (self);
}

const char *
_strata_steps_get_step (StrataSteps *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->step;
}

double
_strata_steps_get_fraction (StrataSteps *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->total > 0 ? MIN (1.0, (double)self->done / (double)self->total) : 0;
}

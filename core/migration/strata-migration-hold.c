/* strata-migration-hold.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-checkpoint-private.h"
#include "base/strata-error.h"
#include "strata-migration-object-private.h"

/* How often it looks for reasons to wait: while it works, and while it waits */
#define LOOK_US G_USEC_PER_SEC
#define HELD_LOOK_US (G_USEC_PER_SEC / 5)
/* So far may reading be ahead of what is finished */
#define CREW_BYTES (64 * 1024 * 1024)

/* Pausing, going on and stopping.
 *
 * Whoever asks only says so. The thread that runs the migration looks at every block
 * that it reads, and stays there while it is held: between two files as well as in the
 * middle of a session of 500 MB. So do the hands of its crew, and it is paused when all
 * stand. None has a lock of the store then. What is staged so far
 * waits for them; should the process end, the next one begins that batch anew.
 */

const char *
_strata_migration_get_reason (guint holds)
{
  return holds & STRATA_HOLD_USER ? "user" : _strata_yield_get_name (holds);
}

/* Looks whether it should wait by itself, or need not any more. The user's own pause stays one. */
static void
look_around (StrataMigrationRun *run)
{
  StrataMigration *self = run->migration;
  guint yields = _strata_yielder_look (self->yielder, run->store != NULL ? _strata_store_get_dir (run->store) : -1);

  g_mutex_lock (&self->mutex);
  self->looked_us = g_get_monotonic_time ();
  self->overridden &= yields;
  self->holds = (self->holds & STRATA_HOLD_USER) | (yields & ~self->overridden);
  if (self->holds == 0)
    g_cond_broadcast (&self->changed);
  _strata_migration_tell (self);
  g_mutex_unlock (&self->mutex);
}

static gboolean
is_stopped (StrataMigration *self)
{
  return self->cancel != STRATA_CANCEL_NONE || g_cancellable_is_cancelled (self->stopper);
}

static void
write_down (StrataMigrationRun   *run,
            StrataMigrationState  state)
{
  g_autoptr(GError) error = NULL;

  if (run->has_begun && !_strata_migration_persist (run, _strata_migration_state_get_name (state), &error))
    g_info ("That the migration is %s could not be written down: %s", _strata_migration_state_get_name (state), error->message);
}

/* Hands of the crew stand wherever they are; with the mutex held. */
static void
wait_for_hands (StrataMigration *self)
{
  while (self->holds != 0 && self->busy_hands > 0 && !is_stopped (self))
    g_cond_wait (&self->changed, &self->mutex);
}

/* Until nothing holds it any more, or it is to stop: then it stays paused. */
static void
hold (StrataMigrationRun *run)
{
  StrataMigration *self = run->migration;
  StrataMigrationState before;
  gboolean goes_on;

  g_mutex_lock (&self->mutex);
  wait_for_hands (self);
  before = self->state;
  if (self->holds == 0 || is_stopped (self) || !_strata_migration_state_may_go (before, STRATA_MIGRATION_PAUSED))
    {
      g_mutex_unlock (&self->mutex);
      return;
    }
  _strata_migration_enter (self, STRATA_MIGRATION_PAUSED);
  g_mutex_unlock (&self->mutex);
  write_down (run, STRATA_MIGRATION_PAUSED);

  g_mutex_lock (&self->mutex);
  while (self->holds != 0 && !is_stopped (self))
    {
      if (g_cond_wait_until (&self->changed, &self->mutex, g_get_monotonic_time () + HELD_LOOK_US))
        continue;
      g_mutex_unlock (&self->mutex);
      look_around (run);
      g_mutex_lock (&self->mutex);
    }
  goes_on = !is_stopped (self);
  if (goes_on)
    _strata_migration_enter (self, before);
  g_mutex_unlock (&self->mutex);
  if (goes_on)
    write_down (run, before);
}

/* A StrataCheckpointFunc, called for every block that is read. */
static void
checkpoint (gsize    bytes,
            gpointer user_data)
{
  StrataMigrationRun *run = user_data;
  StrataMigration *self = run->migration;
  gint64 now = g_get_monotonic_time ();
  gboolean looks, held;

  g_mutex_lock (&self->mutex);
  self->read_bytes += bytes;
  self->moved_bytes += bytes;
  self->moved_us = now;
  _strata_migration_tell (self);
  looks = now - self->looked_us >= LOOK_US;
  g_mutex_unlock (&self->mutex);

  if (run->store != NULL && _strata_store_is_locked (run->store))
    return;
  if (looks)
    look_around (run);
  g_mutex_lock (&self->mutex);
  held = self->holds != 0;
  g_mutex_unlock (&self->mutex);
  if (held)
    hold (run);
}

/* Hands: a pause has taken effect when none of them is busy. With the mutex held. */

static void
become_idle (StrataMigration *self)
{
  self->busy_hands--;
  g_cond_broadcast (&self->changed);
}

static void
become_busy (StrataMigration *self)
{
  while (self->holds != 0 && !is_stopped (self))
    g_cond_wait (&self->changed, &self->mutex);
  self->busy_hands++;
}

static void
begin_task (gpointer user_data)
{
  StrataMigration *self = user_data;

  g_mutex_lock (&self->mutex);
  become_busy (self);
  g_mutex_unlock (&self->mutex);
}

static void
end_task (gpointer user_data)
{
  StrataMigration *self = user_data;

  g_mutex_lock (&self->mutex);
  become_idle (self);
  g_mutex_unlock (&self->mutex);
}

/* A StrataCheckpointFunc for hands. Reasons to wait are looked for by the run's own thread. */
static void
hand_checkpoint (gsize    bytes,
                 gpointer user_data)
{
  StrataMigration *self = user_data;

  g_mutex_lock (&self->mutex);
  self->read_bytes += bytes;
  self->moved_bytes += bytes;
  _strata_migration_tell (self);
  if (self->holds != 0)
    {
      become_idle (self);
      become_busy (self);
    }
  g_mutex_unlock (&self->mutex);
}

StrataCrew *
_strata_migration_make_crew (StrataMigration *self)
{
  const StrataCrewWatch watch = { begin_task, end_task, hand_checkpoint, self };

  return _strata_crew_new (_strata_crew_get_usual_hands (), CREW_BYTES, &watch);
}

/* Any thread: whoever waits looks again. */
static void
stop_cb (GCancellable *cancellable,
         gpointer      user_data)
{
  StrataMigration *self = user_data;

  g_mutex_lock (&self->mutex);
  g_cancellable_cancel (self->stopper);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

GCancellable *
_strata_migration_begin (StrataMigrationRun *run,
                         GCancellable       *cancellable,
                         gulong             *out_handler)
{
  StrataMigration *self = run->migration;
  g_autoptr(GCancellable) stopper = g_cancellable_new ();

  g_mutex_lock (&self->mutex);
  self->stopper = g_object_ref (stopper);
  if (self->cancel != STRATA_CANCEL_NONE)
    g_cancellable_cancel (stopper);
  self->started_us = self->moved_us = g_get_monotonic_time ();
  self->ended_us = 0;
  self->n_runs++;
  self->looked_us = 0;
  self->step = "planning";
  self->activity = "reading";
  self->items = self->items_total = 0;
  self->bytes = self->bytes_total = self->read_bytes = self->guessed_bytes = 0;
  memset (&self->counts, 0, sizeof self->counts);
  memset (&self->pace, 0, sizeof self->pace);
  g_ptr_array_set_size (self->problems, 0);
  _strata_migration_enter (self, STRATA_MIGRATION_RUNNING);
  g_mutex_unlock (&self->mutex);

  _strata_checkpoint_set (checkpoint, run);
  *out_handler = cancellable != NULL ? g_cancellable_connect (cancellable, G_CALLBACK (stop_cb), self, NULL) : 0;

  return g_steal_pointer (&stopper);
}

/* In which state a run is that has ended without saying so itself */
static StrataMigrationState
settle_state (StrataMigrationRun *run,
              const GError       *error)
{
  StrataMigration *self = run->migration;

  if (self->cancel != STRATA_CANCEL_NONE)
    return STRATA_MIGRATION_CANCELLED;
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return STRATA_MIGRATION_FAILED;

  /* What could not begin is no reason to give anything up */
  return run->has_begun || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED) ? STRATA_MIGRATION_PAUSED
                                                                                     : STRATA_MIGRATION_PLANNED;
}

void
_strata_migration_end (StrataMigrationRun *run,
                       const GError       *error,
                       GCancellable       *cancellable,
                       gulong              handler)
{
  StrataMigration *self = run->migration;

  g_cancellable_disconnect (cancellable, handler);
  _strata_checkpoint_set (NULL, NULL);

  g_mutex_lock (&self->mutex);
  g_clear_object (&self->stopper);
  self->ended_us = g_get_monotonic_time ();
  self->holds = 0;
  g_clear_pointer (&self->session, g_free);
  if (self->state == STRATA_MIGRATION_RUNNING || self->state == STRATA_MIGRATION_VERIFYING)
    _strata_migration_enter (self, settle_state (run, error));
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_migration_watch_power:
 * @monitor: (nullable): while it says that power is saved, the migration waits
 *
 * As long as nobody says what to watch, it waits for nothing.
 */
void
strata_migration_watch_power (StrataMigration      *self,
                              GPowerProfileMonitor *monitor)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  _strata_yielder_watch_power (self->yielder, monitor);
}

/**
 * strata_migration_watch_memory:
 * @monitor: (nullable): after it warned of low memory, the migration waits half a minute
 *
 * Not to be called while it is running.
 */
void
strata_migration_watch_memory (StrataMigration *self,
                               GMemoryMonitor  *monitor)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  _strata_yielder_watch_memory (self->yielder, monitor);
}

/**
 * strata_migration_watch_battery:
 * @watch: whether it waits while the machine runs on its battery, as UPower knows
 */
void
strata_migration_watch_battery (StrataMigration *self,
                                gboolean         watch)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  _strata_yielder_watch_battery (self->yielder, watch);
}

/**
 * strata_migration_watch_input:
 * @watch: whether it waits while somebody works at the machine, as logind knows
 */
void
strata_migration_watch_input (StrataMigration *self,
                              gboolean         watch)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  _strata_yielder_watch_input (self->yielder, watch);
}

/**
 * strata_migration_set_min_free:
 * @bytes: while less than this is free where the store is, the migration waits; 0, as
 *   it is unless this says otherwise: it ends with %G_IO_ERROR_NO_SPACE when the disk is full
 */
void
strata_migration_set_min_free (StrataMigration *self,
                               guint64          bytes)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  _strata_yielder_set_min_free (self->yielder, bytes);
}

/**
 * strata_migration_pause:
 *
 * Asks for a pause. It takes effect with the block that is being read, and is told by
 * the state; nothing of the store is locked then. The pause is written down in the
 * store: should the program end, a new migration over the same store continues.
 *
 * Threads: any
 *
 * Returns: whether a migration is being run that can be paused
 */
gboolean
strata_migration_pause (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!self->is_active)
    return FALSE;
  self->holds |= STRATA_HOLD_USER;
  _strata_migration_tell (self);

  return TRUE;
}

/**
 * strata_migration_resume:
 *
 * Ends a pause, also one that the migration took by itself: it does not wait for the
 * same reason again until that was over.
 *
 * Threads: any
 *
 * Returns: whether a migration is being run
 */
gboolean
strata_migration_resume (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!self->is_active)
    return FALSE;
  self->overridden |= self->holds & ~STRATA_HOLD_USER;
  self->holds = 0;
  g_cond_broadcast (&self->changed);
  _strata_migration_tell (self);

  return TRUE;
}

/**
 * strata_migration_cancel:
 * @keep: whether what was taken over so far stays in the store; otherwise sessions that
 *   this migration has added go to the trash of the store, where clearing away removes
 *   them for good
 *
 * Gives the migration up. It ends as soon as it can, in the state `cancelled` and with
 * %G_IO_ERROR_CANCELLED; one that is complete before it notices stays so. Also when it
 * was kept, running it again goes on with what is missing.
 *
 * Threads: any
 *
 * Returns: whether a migration is being run that can be cancelled
 */
gboolean
strata_migration_cancel (StrataMigration *self,
                         gboolean         keep)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);
  if (!self->is_active)
    return FALSE;
  self->cancel = keep ? STRATA_CANCEL_KEEP : STRATA_CANCEL_DISCARD;
  if (self->stopper != NULL)
    g_cancellable_cancel (self->stopper);
  g_cond_broadcast (&self->changed);

  return TRUE;
}

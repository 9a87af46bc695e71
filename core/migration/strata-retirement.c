/* strata-retirement.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "base/strata-task-private.h"
#include "strata-retirement-run-private.h"

/**
 * StrataRetirement:
 *
 * Deletes the old stores that a store was migrated from: exactly the files that
 * their rollback points list, never a folder, never a file that is not
 * Taskerino's, and none that holds something that is nowhere else.
 *
 * Before that the retention time must be over, everything in the store is read and
 * compared with the digests of the migration, every file of the old stores is
 * compared with its own, what was changed in them since is taken in, and what was left in them
 * is brought into the store, read back and compared. Once it has
 * begun to delete it can't be cancelled; interrupted, it goes on when it is run again.
 *
 * Threads: as [class@Strata.Rollback].
 */
struct _StrataRetirement
{
  GObject                  parent_instance;

  /* Set at construction */
  char                    *store_path;
  StrataSteps              steps;

  /* Guarded by @mutex */
  GMutex                   mutex;
  gboolean                 is_busy;
  gboolean                 now;
  guint                    retention_days;
  StrataRetirementSummary  summary;
  char                    *because;
};

enum
{
  PROP_0,
  PROP_STEP,
  PROP_FRACTION,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (StrataRetirement, strata_retirement, G_TYPE_OBJECT)

static void
strata_retirement_get_property (GObject    *object,
                                guint       id,
                                GValue     *value,
                                GParamSpec *pspec)
{
  StrataRetirement *self = STRATA_RETIREMENT (object);

  switch (id)
    {
    case PROP_STEP:
      g_value_set_string (value, strata_retirement_get_step (self));
      break;

    case PROP_FRACTION:
      g_value_set_double (value, strata_retirement_get_fraction (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
strata_retirement_finalize (GObject *object)
{
  StrataRetirement *self = STRATA_RETIREMENT (object);

  g_free (self->store_path);
  g_free (self->because);
  _strata_steps_clear (&self->steps);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_retirement_parent_class)->finalize (object);
}

static void
strata_retirement_class_init (StrataRetirementClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = strata_retirement_get_property;
  object_class->finalize = strata_retirement_finalize;

  /**
   * StrataRetirement:step:
   *
   * What is being done: `waiting`, `verifying`, `comparing`, `taking in`, `bringing in`, `deleting`
   */
  properties[PROP_STEP] =
    g_param_spec_string ("step", NULL, NULL, "waiting", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StrataRetirement:fraction:
   *
   * How much of the step is done, from 0 to 1; 0 where nobody knows
   */
  properties[PROP_FRACTION] =
    g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
strata_retirement_init (StrataRetirement *self)
{
  g_mutex_init (&self->mutex);
  _strata_steps_init (&self->steps, G_OBJECT (self));
  self->retention_days = STRATA_RETENTION_DAYS;
  self->summary.days_left = -1;
}

/**
 * strata_retirement_new:
 * @store_path: a store's folder
 *
 * Returns: (transfer full): a retirement that nobody has asked for yet
 */
StrataRetirement *
strata_retirement_new (const char *store_path)
{
  StrataRetirement *self;

  g_return_val_if_fail (store_path != NULL, NULL);

  self = g_object_new (STRATA_TYPE_RETIREMENT, NULL);
  self->store_path = g_strdup (store_path);

  return self;
}

/**
 * strata_retirement_set_now:
 * @now: whether it is not to wait for the end of the retention time, on the user's insistence
 */
void
strata_retirement_set_now (StrataRetirement *self,
                           gboolean          now)
{
  g_return_if_fail (STRATA_IS_RETIREMENT (self));

  g_mutex_lock (&self->mutex);
  self->now = now;
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_retirement_set_retention_days:
 * @days: how long the old stores are kept, from when their migration was complete
 *   for the first time; %STRATA_RETENTION_DAYS unless this is called
 */
void
strata_retirement_set_retention_days (StrataRetirement *self,
                                      guint             days)
{
  g_return_if_fail (STRATA_IS_RETIREMENT (self));

  g_mutex_lock (&self->mutex);
  self->retention_days = days;
  g_mutex_unlock (&self->mutex);
}

/* One call at a time works. */
static gboolean
begin_work (StrataRetirement     *self,
            StrataRetirementRun  *run,
            GCancellable         *cancellable,
            GError              **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (self->is_busy)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "The old store is being deleted already");
      return FALSE;
    }

  self->is_busy = TRUE;
  run->store_path = self->store_path;
  run->now = self->now;
  run->retention_days = self->retention_days;
  run->steps = &self->steps;
  run->cancellable = cancellable;

  return TRUE;
}

static void
end_work (StrataRetirement    *self,
          StrataRetirementRun *run)
{
  g_mutex_lock (&self->mutex);
  self->summary = run->summary;
  g_free (self->because);
  self->because = g_strdup (run->because);
  self->is_busy = FALSE;
  g_mutex_unlock (&self->mutex);
  _strata_retirement_run_clear (run);
  _strata_steps_begin (&self->steps, "waiting", 0);
}

/**
 * strata_retirement_check:
 * @cancellable: (nullable): a cancellable
 *
 * Finds out whether the old stores may be deleted; deletes nothing. That they may
 * not is no error: see [method@Strata.Retirement.get_summary] and
 * [method@Strata.Retirement.dup_because].
 *
 * Returns: whether it could be found out
 */
gboolean
strata_retirement_check (StrataRetirement  *self,
                         GCancellable      *cancellable,
                         GError           **error)
{
  StrataRetirementRun run = { 0 };
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_RETIREMENT (self), FALSE);

  if (!begin_work (self, &run, cancellable, error))
    return FALSE;
  ok = _strata_retirement_run_look (&run, error);
  end_work (self, &run);

  return ok;
}

/**
 * strata_retirement_run:
 * @cancellable: (nullable): triggering it has an effect until the first file goes
 *
 * Deletes the old stores, if they may be. That they may not is no error.
 *
 * Returns: whether it succeeded, or there is a reason not to; %STRATA_ERROR_SOURCE:
 *   an old store can't be read; %STRATA_ERROR_IN_USE: another process works on the
 *   store; the errors of [method@Strata.Migration.run] where something was to be
 *   taken in first
 */
gboolean
strata_retirement_run (StrataRetirement  *self,
                       GCancellable      *cancellable,
                       GError           **error)
{
  StrataRetirementRun run = { 0 };
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_RETIREMENT (self), FALSE);

  if (!begin_work (self, &run, cancellable, error))
    return FALSE;
  ok = _strata_retirement_run_look (&run, error) && (!run.summary.ready || _strata_retirement_run_do (&run, error));
  end_work (self, &run);

  return ok;
}

/* Asynchronously */

static gboolean
do_check (gpointer       self,
          GCancellable  *cancellable,
          GError       **error)
{
  return strata_retirement_check (self, cancellable, error);
}

static gboolean
do_run (gpointer       self,
        GCancellable  *cancellable,
        GError       **error)
{
  return strata_retirement_run (self, cancellable, error);
}

/**
 * strata_retirement_check_async:
 * @cancellable: (nullable): a cancellable
 * @callback: called in the caller's main context
 *
 * As [method@Strata.Retirement.check].
 */
void
strata_retirement_check_async (StrataRetirement    *self,
                               GCancellable        *cancellable,
                               GAsyncReadyCallback  callback,
                               gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_RETIREMENT (self));

  _strata_task_run (self, strata_retirement_check_async, do_check, cancellable, callback, user_data);
}

/**
 * strata_retirement_check_finish:
 *
 * Returns: see [method@Strata.Retirement.check]
 */
gboolean
strata_retirement_check_finish (StrataRetirement  *self,
                                GAsyncResult      *result,
                                GError           **error)
{
  return _strata_task_finish (self, result, error);
}

/**
 * strata_retirement_run_async:
 * @cancellable: (nullable): see [method@Strata.Retirement.run]
 * @callback: called in the caller's main context
 *
 * As [method@Strata.Retirement.run]. It goes on when nobody holds the object any more.
 */
void
strata_retirement_run_async (StrataRetirement    *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_RETIREMENT (self));

  _strata_task_run (self, strata_retirement_run_async, do_run, cancellable, callback, user_data);
}

/**
 * strata_retirement_run_finish:
 *
 * Returns: see [method@Strata.Retirement.run]
 */
gboolean
strata_retirement_run_finish (StrataRetirement  *self,
                              GAsyncResult      *result,
                              GError           **error)
{
  return _strata_task_finish (self, result, error);
}

/* Asking */

const char *
strata_retirement_get_step (StrataRetirement *self)
{
  g_return_val_if_fail (STRATA_IS_RETIREMENT (self), NULL);

  return _strata_steps_get_step (&self->steps);
}

double
strata_retirement_get_fraction (StrataRetirement *self)
{
  g_return_val_if_fail (STRATA_IS_RETIREMENT (self), 0);

  return _strata_steps_get_fraction (&self->steps);
}

/**
 * strata_retirement_get_summary:
 * @out_summary: (out caller-allocates): what the last look found, and the run did
 */
void
strata_retirement_get_summary (StrataRetirement        *self,
                               StrataRetirementSummary *out_summary)
{
  g_return_if_fail (STRATA_IS_RETIREMENT (self));

  g_mutex_lock (&self->mutex);
  *out_summary = self->summary;
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_retirement_dup_because:
 *
 * Returns: (transfer full) (nullable): why the old stores may not be deleted, or
 *   what comes first, as a sentence
 */
char *
strata_retirement_dup_because (StrataRetirement *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_RETIREMENT (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->because);
}

/**
 * strata_retirement_get_begun:
 * @store: a store
 * @out_begun: (out): whether old stores were begun to be deleted, which was interrupted
 *   and goes on when it is run again
 *
 * Reads the journal. Touches files: not for a thread that draws.
 *
 * Returns: whether it could be told
 */
gboolean
strata_retirement_get_begun (StrataStore  *store,
                             gboolean     *out_begun,
                             GError      **error)
{
  g_autoptr(StrataWayBack) way_back = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);

  way_back = _strata_way_back_glance (store, error);
  if (way_back == NULL)
    return FALSE;

  *out_begun = way_back->being_retired->len > 0;

  return TRUE;
}

/* strata-migration-service.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-migration-object-private.h"

#define DEFAULT_BATCH 15
/* Memory was short less than this ago: it still is */
#define MEMORY_US (30 * G_USEC_PER_SEC)
/* Between two notifications, and how often one that runs is looked at when nothing moves */
#define TELL_US (G_USEC_PER_SEC / 30 + 1)
#define LOOK_US G_USEC_PER_SEC
/* What does not move for so long is said to be stalled */
#define STALL_US (30 * G_USEC_PER_SEC)

/**
 * StrataMigration:
 *
 * Moves an old store into a new one: reads it, writes the new one batch by
 * batch, reads everything back and compares it with what a separate pass over
 * the old store sees. The old store is only ever read.
 *
 * [method@Strata.Migration.run_async] works in the background; the properties then say
 * where it is. They change, and are notified, only in the main context that was the
 * thread's default when the object was made, at most 30 times a second; all that changed
 * together is notified together. With [method@Strata.Migration.run] they stay as they are:
 * ask [method@Strata.Migration.get_progress].
 *
 * What has ended can be run again: what is there already is not written again. So can a
 * new one over the same store, after the program was ended or has crashed.
 *
 * Threads: properties in that context only; all other functions in any, but for those that
 * say otherwise.
 */
G_DEFINE_FINAL_TYPE (StrataMigration, strata_migration, G_TYPE_OBJECT)

enum
{
  PROP_0,
  PROP_ACTIVE,
  PROP_STATE,
  PROP_STEP,
  PROP_SESSION,
  PROP_REASON,
  PROP_STALLED,
  PROP_SESSIONS_DONE,
  PROP_SESSIONS_TOTAL,
  PROP_BYTES_DONE,
  PROP_BYTES_TOTAL,
  PROP_FRACTION,
  PROP_BYTES_PER_SECOND,
  PROP_SECONDS_LEFT,
  PROP_ELAPSED,
  PROP_PROBLEMS,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* Where it is */

void
_strata_migration_enter (StrataMigration      *self,
                         StrataMigrationState  state)
{
  gint64 now = g_get_monotonic_time ();

  if (self->state == state)
    return;

  g_return_if_fail (_strata_migration_state_may_go (self->state, state));

  if (state == STRATA_MIGRATION_PAUSED)
    _strata_pace_hold (&self->pace, now);
  else if (self->state == STRATA_MIGRATION_PAUSED)
    {
      _strata_pace_go_on (&self->pace, now);
      self->moved_us = now;
    }
  self->state = state;
  g_cond_broadcast (&self->changed);
  _strata_migration_tell (self);
}

static gboolean
is_at_work (StrataMigration *self)
{
  return self->is_active && (self->state == STRATA_MIGRATION_RUNNING || self->state == STRATA_MIGRATION_VERIFYING);
}

/* Neither is anything read nor is any work done. While it plans there is no work that could be told. */
static gboolean
is_stalled (StrataMigration *self,
            gint64           now)
{
  return is_at_work (self) && now - self->moved_us >= STALL_US &&
         (!self->pace.runs || _strata_pace_get_idle_us (&self->pace, now) >= STALL_US);
}

/* Verifying reads both stores: half of that is the old one's. What is read more than once is too much,
 * which never goes back and is made up for.
 */
static guint64
guess_bytes (StrataMigration *self)
{
  guint64 since = self->state == STRATA_MIGRATION_VERIFYING ? self->read_bytes / 2 : self->read_bytes;

  self->guessed_bytes = MAX (self->guessed_bytes, MIN (self->bytes + since, self->bytes_total));

  return self->guessed_bytes;
}

void
_strata_migration_look (StrataMigration     *self,
                        StrataMigrationView *out_view)
{
  gint64 now = g_get_monotonic_time ();
  gint64 end = self->ended_us > 0 ? self->ended_us : now;
  guint64 bytes = guess_bytes (self);

  if (is_at_work (self))
    _strata_pace_move (&self->pace, bytes - MIN (bytes, self->pace_base), now);
  out_view->is_active = self->is_active;
  out_view->state = self->state;
  out_view->step = self->step;
  out_view->session = g_strdup (self->session);
  out_view->is_stalled = is_stalled (self, now);
  out_view->reason = out_view->is_stalled ? self->activity : NULL;
  if (self->is_active && self->state == STRATA_MIGRATION_PAUSED)
    out_view->reason = _strata_migration_get_reason (self->holds);
  out_view->sessions_done = self->items;
  out_view->sessions_total = self->items_total > 0 ? MAX (self->items_total, self->items) : 0;
  out_view->bytes_done = bytes;
  out_view->bytes_total = self->bytes_total;
  out_view->fraction = self->state == STRATA_MIGRATION_COMPLETE ? 1 : _strata_pace_get_fraction (&self->pace);
  out_view->bytes_per_second = is_at_work (self) ? _strata_pace_get_rate (&self->pace) : 0;
  out_view->seconds_left = is_at_work (self) ? _strata_pace_get_remaining (&self->pace, now) : -1;
  out_view->elapsed = self->started_us > 0 ? (double)(end - self->started_us) / G_USEC_PER_SEC : 0;
}

/* Telling */

static void
tell_if (StrataMigration *self,
         gboolean         differs,
         guint            property)
{
  if (differs)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

static void
tell_differences (StrataMigration           *self,
                  const StrataMigrationView *old)
{
  const StrataMigrationView *view = &self->view;

  tell_if (self, view->is_active != old->is_active, PROP_ACTIVE);
  tell_if (self, view->step != old->step, PROP_STEP);
  tell_if (self, g_strcmp0 (view->session, old->session) != 0, PROP_SESSION);
  tell_if (self, view->reason != old->reason, PROP_REASON);
  tell_if (self, view->is_stalled != old->is_stalled, PROP_STALLED);
  tell_if (self, view->sessions_done != old->sessions_done, PROP_SESSIONS_DONE);
  tell_if (self, view->sessions_total != old->sessions_total, PROP_SESSIONS_TOTAL);
  tell_if (self, view->bytes_done != old->bytes_done, PROP_BYTES_DONE);
  tell_if (self, view->bytes_total != old->bytes_total, PROP_BYTES_TOTAL);
  tell_if (self, view->fraction != old->fraction, PROP_FRACTION);
  tell_if (self, view->bytes_per_second != old->bytes_per_second, PROP_BYTES_PER_SECOND);
  tell_if (self, view->seconds_left != old->seconds_left, PROP_SECONDS_LEFT);
  tell_if (self, view->elapsed != old->elapsed, PROP_ELAPSED);
  /* The last one, so that whoever waits for it finds the others as they are then */
  tell_if (self, view->state != old->state, PROP_STATE);
}

static void
list_problems (StrataMigration *self,
               GPtrArray       *problems,
               guint            run)
{
  guint n_listed = g_list_model_get_n_items (G_LIST_MODEL (self->problem_list));

  if (self->listed_run != run)
    {
      g_list_store_splice (self->problem_list, 0, n_listed, problems->pdata, problems->len);
      self->listed_run = run;
    }
  else if (problems->len > n_listed)
    g_list_store_splice (self->problem_list, n_listed, 0, problems->pdata + n_listed, problems->len - n_listed);
}

static void
take_view (StrataMigration *self)
{
  StrataMigrationView old = self->view;
  g_autoptr(GPtrArray) problems = strata_migration_dup_problems (self);
  guint run;

  g_mutex_lock (&self->mutex);
  _strata_migration_look (self, &self->view);
  run = self->n_runs;
  self->told_us = g_get_monotonic_time ();
  g_mutex_unlock (&self->mutex);

  g_object_freeze_notify (G_OBJECT (self));
  list_problems (self, problems, run);
  tell_differences (self, &old);
  g_object_thaw_notify (G_OBJECT (self));
  g_free (old.session);
}

/* The source that tells, and ends what run_async() began */
typedef struct
{
  GSource          source;
  StrataMigration *migration;
  GTask           *task;
  GThread         *thread;
  GError          *error;
  gboolean         has_ended;  /* guarded by the migration's mutex */
} Teller;

void
_strata_migration_tell (StrataMigration *self)
{
  if (self->teller == NULL || self->will_tell)
    return;

  self->will_tell = TRUE;
  g_source_set_ready_time (self->teller, self->told_us + TELL_US);
}

/* What has not moved is looked at all the same: it may be stalled, and time goes by. */
static void
wait_for_more (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (!self->will_tell && self->teller != NULL)
    g_source_set_ready_time (self->teller, is_at_work (self) ? g_get_monotonic_time () + LOOK_US : -1);
}

static void
end_task (Teller *teller)
{
  g_autoptr(GTask) task = g_steal_pointer (&teller->task);

  g_thread_join (g_steal_pointer (&teller->thread));
  if (teller->error != NULL)
    g_task_return_error (task, g_steal_pointer (&teller->error));
  else
    g_task_return_boolean (task, TRUE);
}

static gboolean
teller_dispatch (GSource     *source,
                 GSourceFunc  callback,
                 gpointer     user_data)
{
  Teller *teller = (Teller *)source;
  g_autoptr(StrataMigration) self = g_object_ref (teller->migration);
  gboolean has_ended;

  g_mutex_lock (&self->mutex);
  self->will_tell = FALSE;
  has_ended = teller->has_ended;
  g_mutex_unlock (&self->mutex);

  take_view (self);
  if (!has_ended)
    {
      wait_for_more (self);
      return G_SOURCE_CONTINUE;
    }
  end_task (teller);

  return G_SOURCE_REMOVE;
}

static void
teller_finalize (GSource *source)
{
  Teller *teller = (Teller *)source;

  g_clear_object (&teller->task);
  g_clear_error (&teller->error);
  g_clear_object (&teller->migration);
}

static GSourceFuncs teller_funcs = { .dispatch = teller_dispatch, .finalize = teller_finalize };

/* Running */

/* Only one run at a time. Returns: whether this is it */
gboolean
_strata_migration_activate (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (self->is_active)
    return FALSE;
  self->is_active = TRUE;
  self->cancel = STRATA_CANCEL_NONE;
  self->holds = self->overridden = 0;

  return TRUE;
}

void
_strata_migration_deactivate (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->is_active = FALSE;
}

static gpointer
migration_worker (gpointer data)
{
  Teller *teller = data;
  StrataMigration *self = teller->migration;

  _strata_migration_run (self, g_task_get_cancellable (teller->task), &teller->error);

  g_mutex_lock (&self->mutex);
  self->is_active = FALSE;
  self->teller = NULL;
  teller->has_ended = TRUE;
  g_source_set_ready_time (&teller->source, 0);
  g_mutex_unlock (&self->mutex);
  g_source_unref (&teller->source);

  return NULL;
}

/**
 * strata_migration_run_async:
 * @cancellable: (nullable): as with [method@Strata.Migration.run]
 * @callback: (scope async): called when it has ended, after the properties have their last values
 *
 * Runs the migration in the background. The main context that was the thread's default
 * when @self was made must be running.
 */
void
strata_migration_run_async (StrataMigration     *self,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  Teller *teller;

  g_return_if_fail (STRATA_IS_MIGRATION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_migration_run_async);
  /* What is complete is so, whenever somebody cancelled it */
  g_task_set_check_cancellable (task, FALSE);
  if (!_strata_migration_activate (self))
    {
      g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_PENDING, "The migration is running already");
      return;
    }

  teller = (Teller *)g_source_new (&teller_funcs, sizeof (Teller));
  g_source_set_static_name (&teller->source, "[strata] migration");
  teller->migration = g_object_ref (self);
  teller->task = g_steal_pointer (&task);
  g_mutex_lock (&self->mutex);
  self->teller = &teller->source;
  self->will_tell = FALSE;
  _strata_migration_tell (self);
  g_mutex_unlock (&self->mutex);
  g_source_ref (&teller->source);
  teller->thread = g_thread_new ("migration", migration_worker, teller);
  g_source_attach (&teller->source, self->context);
  g_source_unref (&teller->source);
}

/**
 * strata_migration_run_finish:
 *
 * Returns: as [method@Strata.Migration.run] does
 */
gboolean
strata_migration_run_finish (StrataMigration  *self,
                             GAsyncResult     *result,
                             GError          **error)
{
  g_return_val_if_fail (STRATA_IS_MIGRATION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_migration_get_problem_list:
 *
 * Returns: (transfer none): of [class@Strata.Problem]; grows while the migration runs in
 *   the background, in its main context
 */
GListModel *
strata_migration_get_problem_list (StrataMigration *self)
{
  g_return_val_if_fail (STRATA_IS_MIGRATION (self), NULL);

  return G_LIST_MODEL (self->problem_list);
}

/* The object */

static void
strata_migration_get_property (GObject    *object,
                               guint       property,
                               GValue     *value,
                               GParamSpec *pspec)
{
  StrataMigration *self = STRATA_MIGRATION (object);
  const StrataMigrationView *view = &self->view;

  switch (property)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, view->is_active);
      break;

    case PROP_STATE:
      g_value_set_string (value, _strata_migration_state_get_name (view->state));
      break;

    case PROP_STEP:
      g_value_set_string (value, view->step);
      break;

    case PROP_SESSION:
      g_value_set_string (value, view->session);
      break;

    case PROP_REASON:
      g_value_set_string (value, view->reason);
      break;

    case PROP_STALLED:
      g_value_set_boolean (value, view->is_stalled);
      break;

    case PROP_SESSIONS_DONE:
      g_value_set_uint64 (value, view->sessions_done);
      break;

    case PROP_SESSIONS_TOTAL:
      g_value_set_uint64 (value, view->sessions_total);
      break;

    case PROP_BYTES_DONE:
      g_value_set_uint64 (value, view->bytes_done);
      break;

    case PROP_BYTES_TOTAL:
      g_value_set_uint64 (value, view->bytes_total);
      break;

    case PROP_FRACTION:
      g_value_set_double (value, view->fraction);
      break;

    case PROP_BYTES_PER_SECOND:
      g_value_set_double (value, view->bytes_per_second);
      break;

    case PROP_SECONDS_LEFT:
      g_value_set_double (value, view->seconds_left);
      break;

    case PROP_ELAPSED:
      g_value_set_double (value, view->elapsed);
      break;

    case PROP_PROBLEMS:
      g_value_set_object (value, self->problem_list);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, property, pspec);
    }
}

static void
strata_migration_finalize (GObject *object)
{
  StrataMigration *self = STRATA_MIGRATION (object);

  g_free (self->store_path);
  g_free (self->legacy_path);
  g_free (self->attachments_path);
  g_free (self->source);
  g_strfreev (self->retry_items);
  g_free (self->session);
  g_free (self->view.session);
  g_ptr_array_unref (self->problems);
  g_object_unref (self->problem_list);
  g_main_context_unref (self->context);
  _strata_yielder_free (self->yielder);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);

  G_OBJECT_CLASS (strata_migration_parent_class)->finalize (object);
}

#define FLAGS (G_PARAM_READABLE | G_PARAM_STATIC_STRINGS | G_PARAM_EXPLICIT_NOTIFY)

static GParamSpec *
make_count (const char *name)
{
  return g_param_spec_uint64 (name, NULL, NULL, 0, G_MAXUINT64, 0, FLAGS);
}

static void
strata_migration_class_init (StrataMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = strata_migration_get_property;
  object_class->finalize = strata_migration_finalize;

  /**
   * StrataMigration:active:
   *
   * Whether it is being run, be it paused.
   */
  properties[PROP_ACTIVE] = g_param_spec_boolean ("active", NULL, NULL, FALSE, FLAGS);
  /**
   * StrataMigration:state:
   *
   * `planned`, `running`, `paused`, `verifying`, `complete`, `cancelled` or `failed`.
   */
  properties[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, "planned", FLAGS);
  /**
   * StrataMigration:step:
   *
   * `planning`, `copying` or `verifying`.
   */
  properties[PROP_STEP] = g_param_spec_string ("step", NULL, NULL, "planning", FLAGS);
  /**
   * StrataMigration:session:
   *
   * The name of the session under way, as soon as it was read; %NULL: none, or it has no name.
   */
  properties[PROP_SESSION] = g_param_spec_string ("session", NULL, NULL, NULL, FLAGS);
  /**
   * StrataMigration:reason:
   *
   * Why it is paused: `user`, or by itself: `space` (little is left on the disk), `memory`,
   * `battery`, `power-saver`, `busy` (somebody works at the machine). When it is stalled, what
   * does not come back: `reading` or `saving`. Else %NULL.
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, FLAGS);
  /**
   * StrataMigration:stalled:
   *
   * Whether it should go on and nothing has moved for half a minute.
   */
  properties[PROP_STALLED] = g_param_spec_boolean ("stalled", NULL, NULL, FALSE, FLAGS);
  /**
   * StrataMigration:sessions-done:
   *
   * Sessions done in this step.
   */
  properties[PROP_SESSIONS_DONE] = make_count ("sessions-done");
  /**
   * StrataMigration:sessions-total:
   *
   * Of so many, never less than are done; 0 while that is not known.
   */
  properties[PROP_SESSIONS_TOTAL] = make_count ("sessions-total");
  /**
   * StrataMigration:bytes-done:
   *
   * Bytes of the old store that this step is through with.
   */
  properties[PROP_BYTES_DONE] = make_count ("bytes-done");
  /**
   * StrataMigration:bytes-total:
   *
   * Of so many; 0 while that is not known.
   */
  properties[PROP_BYTES_TOTAL] = make_count ("bytes-total");
  /**
   * StrataMigration:fraction:
   *
   * How much of everything is done, 0 to 1; 0 while that is not known.
   */
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, FLAGS);
  /**
   * StrataMigration:bytes-per-second:
   *
   * How fast it goes now; 0 while that is not known, and in a pause.
   */
  properties[PROP_BYTES_PER_SECOND] = g_param_spec_double ("bytes-per-second", NULL, NULL, 0, G_MAXDOUBLE, 0, FLAGS);
  /**
   * StrataMigration:seconds-left:
   *
   * How long it will take, reading back included; -1 while that can't be said, as in the first ten seconds.
   */
  properties[PROP_SECONDS_LEFT] = g_param_spec_double ("seconds-left", NULL, NULL, -1, G_MAXDOUBLE, -1, FLAGS);
  /**
   * StrataMigration:elapsed:
   *
   * Seconds since it was run, pauses included.
   */
  properties[PROP_ELAPSED] = g_param_spec_double ("elapsed", NULL, NULL, 0, G_MAXDOUBLE, 0, FLAGS);
  /**
   * StrataMigration:problems:
   *
   * What was noticed: see [method@Strata.Migration.get_problem_list].
   */
  properties[PROP_PROBLEMS] = g_param_spec_object ("problems", NULL, NULL, G_TYPE_LIST_MODEL, FLAGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_migration_init (StrataMigration *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->context = g_main_context_ref_thread_default ();
  self->yielder = _strata_yielder_new (MEMORY_US);
  self->step = "planning";
  self->batch_size = DEFAULT_BATCH;
  self->recover = TRUE;
  self->level = -1;
  self->problems = g_ptr_array_new_with_free_func (g_object_unref);
  self->problem_list = g_list_store_new (STRATA_TYPE_PROBLEM);
  self->view.step = self->step;
  self->view.seconds_left = -1;
}

/**
 * strata_migration_new:
 * @store_path: the new store's folder; made when it is not there
 * @legacy_path: (nullable): the old data folder, the folder above it, a web
 *   view's folder or database, or an export; %NULL: the usual places are looked through
 *
 * Returns: (transfer full): a migration that has not been run
 */
StrataMigration *
strata_migration_new (const char *store_path,
                      const char *legacy_path)
{
  StrataMigration *self;

  g_return_val_if_fail (store_path != NULL, NULL);

  self = g_object_new (STRATA_TYPE_MIGRATION, NULL);
  self->store_path = g_strdup (store_path);
  self->legacy_path = g_strdup (legacy_path);

  return self;
}

/* strata-app-migration.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-app-migration.h"
#include "strata-format.h"

/* What is shown is taken anew this often: quicker nobody reads */
#define TICK_MS 200

/**
 * StrataAppMigration:
 *
 * The migration that the program runs, in the words of the window: it works on
 * threads of its own, and five times a second the properties take what it says.
 * It is there as long as the program, whatever windows there are. When everything
 * was read back, the search index is made; then it is complete.
 *
 * Threads: the main one only.
 */
struct _StrataAppMigration
{
  GObject                  parent_instance;

  StrataAppStore          *store;
  GSettings               *settings;
  StrataMigration         *migration;     /* of this run, or the last one */
  GCancellable            *cancellable;
  char                    *legacy_path;
  StrataAppMigrationState  state;
  char                    *message;
  GListStore              *problems;
  guint                    tick_source;

  gboolean                 is_following;  /* nobody started it: the old storage has changed */
  gboolean                 is_discarded;
  gboolean                 keeps_awake;

  /* What is shown */
  const char              *step;
  double                   fraction;
  char                    *session;
  char                    *wait_text;
  char                    *count_text;
  char                    *remaining_text;
  char                    *saved_text;
  double                   speed;         /* bytes a second */

  /* Told by the thread that makes the index, guarded by @mutex */
  GMutex                   mutex;
  gboolean                 indexing;
  guint64                  indexed;
  guint64                  to_index;
};

enum {
  PROP_0,
  PROP_APP_STORE,
  PROP_STATE,
  PROP_BUSY,
  PROP_LEGACY_PATH,
  PROP_MESSAGE,
  PROP_PROBLEMS,
  PROP_STEP,
  PROP_FRACTION,
  PROP_SESSION,
  PROP_WAIT_TEXT,
  PROP_COUNT_TEXT,
  PROP_REMAINING_TEXT,
  PROP_SAVED_TEXT,
  PROP_SPEED,
  PROP_KEEPS_AWAKE,
  N_PROPS
};

G_DEFINE_ENUM_TYPE (StrataAppMigrationState, strata_app_migration_state,
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_NONE, "none"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_RUNNING, "running"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_PAUSING, "pausing"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_PAUSED, "paused"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_CANCELLING, "cancelling"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_FINISHING, "finishing"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_CANCELLED, "cancelled"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_COMPLETE, "complete"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_MIGRATION_FAILED, "failed"))

G_DEFINE_FINAL_TYPE (StrataAppMigration, strata_app_migration, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

/* Something works */
static gboolean
is_busy (StrataAppMigrationState state)
{
  return state == STRATA_APP_MIGRATION_RUNNING || state == STRATA_APP_MIGRATION_PAUSING ||
         state == STRATA_APP_MIGRATION_CANCELLING || state == STRATA_APP_MIGRATION_FINISHING;
}

/* There is a run, be it paused */
static gboolean
is_under_way (StrataAppMigrationState state)
{
  return is_busy (state) || state == STRATA_APP_MIGRATION_PAUSED;
}

static void
set_state (StrataAppMigration      *self,
           StrataAppMigrationState  state,
           const char              *message)
{
  gboolean was_busy = is_busy (self->state);

  g_object_freeze_notify (G_OBJECT (self));
  if (g_strcmp0 (self->message, message) != 0)
    {
      g_free (self->message);
      self->message = g_strdup (message);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
    }
  if (self->state != state)
    {
      self->state = state;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STATE]);
    }
  if (is_busy (state) != was_busy)
    g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_BUSY]);
  g_object_thaw_notify (G_OBJECT (self));
}

/* What is shown */

static void
show_text (StrataAppMigration *self,
           char              **field,
           guint               prop,
           char               *text)
{
  if (g_strcmp0 (*field, text) == 0)
    {
      g_free (text);
      return;
    }
  g_free (*field);
  *field = text;
  g_object_notify_by_pspec (G_OBJECT (self), properties[prop]);
}

static void
show_step (StrataAppMigration *self,
           const char         *step)
{
  if (self->step == step)
    return;

  self->step = step;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STEP]);
}

static void
show_fraction (StrataAppMigration *self,
               double              fraction)
{
  if (self->fraction == fraction)
    return;

  self->fraction = fraction;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
}

/* Also told when it stays the same: it is another moment. */
static void
show_speed (StrataAppMigration *self,
            double              speed)
{
  self->speed = speed;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_SPEED]);
}

static const char *
name_step (const char *step)
{
  if (g_strcmp0 (step, "copying") == 0)
    return _("Copying sessions");
  if (g_strcmp0 (step, "verifying") == 0)
    return _("Reading everything back and comparing");

  return _("Looking at the old storage");
}

static char *
format_count (guint64 done,
              guint64 total)
{
  if (total == 0)
    return g_strdup ("");

  return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%'lu of %'lu session",
                                       "%'lu of %'lu sessions", (gulong)total),
                          (gulong)done, (gulong)total);
}

/* Collections such as notes are counted with the sessions. */
static char *
format_indexed (guint64 done,
                guint64 total)
{
  if (total == 0)
    return g_strdup ("");

  /* Translators: how much is done, of how much */
  return g_strdup_printf (_("%'lu of %'lu"), (gulong)done, (gulong)total);
}

/* Why it does not go on, where that is not what the user wanted */
static const char *
describe_wait (const char *reason,
               gboolean    stalled)
{
  if (stalled && g_strcmp0 (reason, "saving") == 0)
    return _("Nothing has moved for half a minute: the disk of the new storage does not answer.");
  if (stalled)
    return _("Nothing has moved for half a minute: the disk of the old storage does not answer.");
  if (g_strcmp0 (reason, "battery") == 0)
    return _("The computer runs on its battery: it goes on by itself with mains power, or at once when you resume it.");
  if (g_strcmp0 (reason, "power-saver") == 0)
    return _("The computer saves power: it goes on by itself afterwards, or at once when you resume it.");
  if (g_strcmp0 (reason, "memory") == 0)
    return _("Memory is short: it goes on by itself in a moment, or at once when you resume it.");

  return "";
}

static char *
format_saved (const StrataMigrationCounts *counts)
{
  g_autofree char *before = g_format_size (counts->bytes_original);
  g_autofree char *after = g_format_size (counts->bytes_stored);
  g_autofree char *saving = NULL;

  if (counts->bytes_stored == 0)
    return g_strdup ("");

  saving = strata_format_saving (counts->bytes_original, counts->bytes_stored);

  /* Translators: sizes before and after, and “37 % less” */
  return g_strdup_printf (_("%s → %s (%s)"), before, after, saving);
}

/* A run that begins has those of the one before it until its thread is there. */
static void
show_problems (StrataAppMigration *self)
{
  g_autoptr(GPtrArray) problems = strata_migration_dup_problems (self->migration);
  guint known = g_list_model_get_n_items (G_LIST_MODEL (self->problems));
  g_autoptr(StrataProblem) first = g_list_model_get_item (G_LIST_MODEL (self->problems), 0);

  if (problems->len < known || (known > 0 && first != g_ptr_array_index (problems, 0)))
    g_list_store_splice (self->problems, 0, known, problems->pdata, problems->len);
  else if (problems->len > known)
    g_list_store_splice (self->problems, known, 0, problems->pdata + known, problems->len - known);
}

/* Returns: whether there is an index being made, and shows how far it is */
static gboolean
show_indexing (StrataAppMigration *self)
{
  gboolean indexing;
  guint64 indexed, to_index;

  g_mutex_lock (&self->mutex);
  indexing = self->indexing;
  indexed = self->indexed;
  to_index = self->to_index;
  g_mutex_unlock (&self->mutex);
  if (!indexing)
    return FALSE;

  show_step (self, _("Making the search index"));
  show_fraction (self, to_index > 0 ? MIN (1.0, (double)indexed / (double)to_index) : 0);
  show_text (self, &self->session, PROP_SESSION, g_strdup (""));
  show_text (self, &self->count_text, PROP_COUNT_TEXT, format_indexed (indexed, to_index));
  show_text (self, &self->remaining_text, PROP_REMAINING_TEXT, strata_format_remaining (-1));

  return TRUE;
}

static void
show_migration (StrataAppMigration *self)
{
  g_autofree char *step = NULL;
  g_autofree char *session = NULL;
  g_autofree char *reason = NULL;
  gboolean stalled;
  double fraction, speed, seconds_left;
  guint64 done, total;

  g_object_get (self->migration,
                "step", &step,
                "session", &session,
                "reason", &reason,
                "stalled", &stalled,
                "fraction", &fraction,
                "bytes-per-second", &speed,
                "seconds-left", &seconds_left,
                "sessions-done", &done,
                "sessions-total", &total,
                NULL);
  show_step (self, name_step (step));
  show_fraction (self, fraction);
  show_text (self, &self->session, PROP_SESSION, session != NULL ? g_utf8_make_valid (session, -1) : g_strdup (""));
  show_text (self, &self->wait_text, PROP_WAIT_TEXT, g_strdup (describe_wait (reason, stalled)));
  show_text (self, &self->count_text, PROP_COUNT_TEXT, format_count (done, total));
  show_text (self, &self->remaining_text, PROP_REMAINING_TEXT, strata_format_remaining (seconds_left));
  show_speed (self, speed);
}

static void
show_progress (StrataAppMigration *self)
{
  StrataMigrationCounts counts;

  g_object_freeze_notify (G_OBJECT (self));
  if (!show_indexing (self))
    show_migration (self);
  strata_migration_get_counts (self->migration, &counts);
  show_text (self, &self->saved_text, PROP_SAVED_TEXT, format_saved (&counts));
  show_problems (self);
  g_object_thaw_notify (G_OBJECT (self));
}

static gboolean
tick_cb (gpointer user_data)
{
  show_progress (user_data);

  return G_SOURCE_CONTINUE;
}

/* The index: so that the first search finds at once what was migrated */

static void
indexing_cb (guint64  done,
             guint64  total,
             gpointer user_data)
{
  StrataAppMigration *self = user_data;
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->indexed = done;
  self->to_index = total;
}

static gpointer
index_worker (const char    *path,
              StrataStore   *none,
              gpointer       self,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataSearch) search = store != NULL ? strata_search_new (store) : NULL;

  /* Whatever is opened here is closed here too */
  return search != NULL && strata_search_update (search, indexing_cb, self, cancellable, error) ? self : NULL;
}

static void
set_indexing (StrataAppMigration *self,
              gboolean            indexing)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->indexing = indexing;
  self->indexed = 0;
  self->to_index = 0;
}

static void
end (StrataAppMigration      *self,
     StrataAppMigrationState  state,
     const char              *message)
{
  g_clear_handle_id (&self->tick_source, g_source_remove);
  show_progress (self);
  set_indexing (self, FALSE);
  strata_app_store_open (self->store);
  set_state (self, state, message);
}

/* The index can be made later as well: that it fails is nothing the migration fails for. */
static void
index_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(StrataAppMigration) self = user_data;
  g_autoptr(GError) error = NULL;

  if (strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error) == NULL)
    g_message ("The search index will be made with the next search: %s", error->message);
  /* Nobody has asked for that one, so nobody waits for what it has to say */
  end (self, self->is_following ? STRATA_APP_MIGRATION_NONE : STRATA_APP_MIGRATION_COMPLETE, NULL);
}

/* The run */

static void
run_cb (GObject      *object,
        GAsyncResult *result,
        gpointer      user_data)
{
  g_autoptr(StrataAppMigration) self = user_data;
  g_autoptr(GError) error = NULL;

  if (strata_migration_run_finish (STRATA_MIGRATION (object), result, &error))
    {
      set_indexing (self, TRUE);
      set_state (self, STRATA_APP_MIGRATION_FINISHING, NULL);
      strata_app_store_call_async (self->store, index_worker, self, NULL, NULL,
                                   self->cancellable, index_cb, g_object_ref (self));
    }
  else if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    end (self, STRATA_APP_MIGRATION_CANCELLED, NULL);
  else
    end (self, STRATA_APP_MIGRATION_FAILED, error->message);
}

/* It pauses and goes on by itself too, not only when told here. */
static void
migration_state_cb (StrataAppMigration *self)
{
  g_autofree char *state = NULL;
  gboolean paused;

  if (self->state == STRATA_APP_MIGRATION_CANCELLING || !is_under_way (self->state))
    return;

  g_object_get (self->migration, "state", &state, NULL);
  paused = g_str_equal (state, "paused");
  /* Why it is paused is known with it */
  show_progress (self);
  if (paused)
    set_state (self, STRATA_APP_MIGRATION_PAUSED, NULL);
  else if (self->state == STRATA_APP_MIGRATION_PAUSED)
    set_state (self, STRATA_APP_MIGRATION_RUNNING, NULL);
}

static void
run (StrataAppMigration *self)
{
  g_clear_object (&self->cancellable);
  self->cancellable = g_cancellable_new ();
  g_list_store_remove_all (self->problems);
  self->tick_source = g_timeout_add (TICK_MS, tick_cb, self);
  set_state (self, STRATA_APP_MIGRATION_RUNNING, NULL);
  strata_migration_run_async (self->migration, self->cancellable, run_cb, g_object_ref (self));
  show_progress (self);
}

/* What a computer is short of is not taken from it, unless its user says so. */
static void
watch (StrataAppMigration *self)
{
  g_autoptr(GPowerProfileMonitor) power = NULL;
  gboolean on_battery;

  if (self->migration == NULL)
    return;

  power = g_power_profile_monitor_dup_default ();
  on_battery = g_settings_get_boolean (self->settings, "migrate-on-battery");
  strata_migration_watch_battery (self->migration, !on_battery);
  strata_migration_watch_power (self->migration, on_battery ? NULL : power);
}

static void
set_migration (StrataAppMigration *self,
               StrataMigration    *migration)
{
  if (self->migration != NULL)
    g_signal_handlers_disconnect_by_data (self->migration, self);
  g_set_object (&self->migration, migration);
  if (migration != NULL)
    g_signal_connect_object (migration, "notify::state", G_CALLBACK (migration_state_cb), self, G_CONNECT_SWAPPED);
}

/**
 * strata_app_migration_start:
 * @legacy_path: the old store; a filename
 *
 * Starts a migration, unless one is under way.
 */
void
strata_app_migration_start (StrataAppMigration *self,
                            const char         *legacy_path)
{
  g_autoptr(StrataMigration) migration = NULL;
  g_autoptr(GMemoryMonitor) memory = NULL;

  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));
  g_return_if_fail (legacy_path != NULL);

  if (is_under_way (self->state))
    return;

  if (g_strcmp0 (self->legacy_path, legacy_path) != 0)
    {
      g_free (self->legacy_path);
      self->legacy_path = g_strdup (legacy_path);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_LEGACY_PATH]);
    }
  migration = strata_migration_new (strata_app_store_get_path (self->store), legacy_path);
  strata_migration_set_batch_size (migration, (guint)g_settings_get_int (self->settings, "batch-size"));
  strata_migration_set_compression (migration, g_settings_get_boolean (self->settings, "compress-json") ?
                                               g_settings_get_int (self->settings, "json-level") : -1);
  memory = g_memory_monitor_dup_default ();
  strata_migration_watch_memory (migration, memory);
  set_migration (self, migration);
  watch (self);
  self->is_following = FALSE;
  run (self);
}

/* Following */
static gpointer
make_again_worker (const char    *path,
                   StrataStore   *store,
                   gpointer       data,
                   GCancellable  *cancellable,
                   GError       **error)
{
  StrataMigration *migration = strata_migration_new_again (path, error);
  g_autoptr(GMemoryMonitor) memory = migration != NULL ? g_memory_monitor_dup_default () : NULL;

  if (migration != NULL)
    strata_migration_watch_memory (migration, memory);

  return migration;
}

static void
made_again_cb (GObject      *object,
               GAsyncResult *result,
               gpointer      user_data)
{
  g_autoptr(StrataAppMigration) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataMigration) migration = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  if (migration == NULL)
    {
      g_message ("The old storage can't be followed: %s", error->message);
      return;
    }
  /* Somebody has started one meanwhile */
  if (is_under_way (self->state))
    return;

  strata_migration_set_batch_size (migration, (guint)g_settings_get_int (self->settings, "batch-size"));
  strata_migration_set_compression (migration, g_settings_get_boolean (self->settings, "compress-json") ?
                                               g_settings_get_int (self->settings, "json-level") : -1);
  set_migration (self, migration);
  watch (self);
  self->is_following = TRUE;
  run (self);
}

/**
 * strata_app_migration_follow:
 *
 * Takes in what is new in the old storage that was migrated last, unless a migration is
 * under way, or the last one was given up. It waits for what any migration waits for; when it
 * is done, `state` is `none` again.
 */
void
strata_app_migration_follow (StrataAppMigration *self)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (is_under_way (self->state) || self->state == STRATA_APP_MIGRATION_CANCELLED)
    return;

  strata_app_store_call_async (self->store, make_again_worker, NULL, NULL, g_object_unref, NULL, made_again_cb, g_object_ref (self));
}

/**
 * strata_app_migration_pause:
 *
 * Holds the run up; what is complete stays.
 */
void
strata_app_migration_pause (StrataAppMigration *self)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (self->state == STRATA_APP_MIGRATION_RUNNING && strata_migration_pause (self->migration))
    set_state (self, STRATA_APP_MIGRATION_PAUSING, NULL);
}

/**
 * strata_app_migration_resume:
 *
 * Goes on after a pause, or tries again after a failure or when it was stopped.
 * What is in the store is not written again.
 */
void
strata_app_migration_resume (StrataAppMigration *self)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (self->state == STRATA_APP_MIGRATION_PAUSED || self->state == STRATA_APP_MIGRATION_PAUSING)
    {
      if (strata_migration_resume (self->migration))
        set_state (self, STRATA_APP_MIGRATION_RUNNING, NULL);
    }
  else if (self->migration != NULL && !is_under_way (self->state))
    run (self);
}

/**
 * strata_app_migration_cancel:
 * @keep: whether the sessions that are complete stay in the store
 *
 * Gives the migration up.
 */
void
strata_app_migration_cancel (StrataAppMigration *self,
                             gboolean            keep)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (!is_under_way (self->state) || !strata_migration_cancel (self->migration, keep))
    return;

  self->is_discarded = !keep;
  set_state (self, STRATA_APP_MIGRATION_CANCELLING, NULL);
}

/**
 * strata_app_migration_leave:
 *
 * Ends the run because the program ends: it is paused, and the next program
 * goes on with it.
 */
void
strata_app_migration_leave (StrataAppMigration *self)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
}

/**
 * strata_app_migration_forget:
 *
 * Puts away what the last run had to say.
 */
void
strata_app_migration_forget (StrataAppMigration *self)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (!is_under_way (self->state))
    set_state (self, STRATA_APP_MIGRATION_NONE, NULL);
}

/* Getters */

StrataAppMigrationState
strata_app_migration_get_state (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), STRATA_APP_MIGRATION_NONE);

  return self->state;
}

/**
 * strata_app_migration_get_busy:
 *
 * Returns: whether a thread works on it right now
 */
gboolean
strata_app_migration_get_busy (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), FALSE);

  return is_busy (self->state);
}

/**
 * strata_app_migration_get_under_way:
 *
 * Returns: whether there is one that has not ended, be it paused
 */
gboolean
strata_app_migration_get_under_way (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), FALSE);

  return is_under_way (self->state);
}

const char *
strata_app_migration_get_legacy_path (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), NULL);

  return self->legacy_path;
}

const char *
strata_app_migration_get_message (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), NULL);

  return self->message;
}

/**
 * strata_app_migration_get_problems:
 *
 * Returns: (transfer none): of [class@Strata.Problem], what was noticed so far
 */
GListModel *
strata_app_migration_get_problems (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), NULL);

  return G_LIST_MODEL (self->problems);
}

/**
 * strata_app_migration_get_wait_text:
 *
 * Returns: why it does not go on, in words; empty: it does, or the user has paused it
 */
const char *
strata_app_migration_get_wait_text (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), "");

  return self->wait_text != NULL ? self->wait_text : "";
}

double
strata_app_migration_get_fraction (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), 0);

  return self->fraction;
}

/**
 * strata_app_migration_get_discarded:
 *
 * Returns: whether the last one was cancelled with all that it had brought
 */
gboolean
strata_app_migration_get_discarded (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), FALSE);

  return self->state == STRATA_APP_MIGRATION_CANCELLED && self->is_discarded;
}

/**
 * strata_app_migration_set_keeps_awake:
 * @keeps_awake: whether the computer is kept from sleeping meanwhile, to be shown
 */
void
strata_app_migration_set_keeps_awake (StrataAppMigration *self,
                                      gboolean            keeps_awake)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (self->keeps_awake == keeps_awake)
    return;

  self->keeps_awake = keeps_awake;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_KEEPS_AWAKE]);
}

/**
 * strata_app_migration_get_speed:
 *
 * Returns: bytes of the old store a second, smoothed
 */
double
strata_app_migration_get_speed (StrataAppMigration *self)
{
  g_return_val_if_fail (STRATA_IS_APP_MIGRATION (self), 0);

  return self->speed;
}

/**
 * strata_app_migration_get_counts:
 * @out_counts: (out caller-allocates): of the run, or the last one
 */
void
strata_app_migration_get_counts (StrataAppMigration    *self,
                                 StrataMigrationCounts *out_counts)
{
  g_return_if_fail (STRATA_IS_APP_MIGRATION (self));

  if (self->migration != NULL)
    strata_migration_get_counts (self->migration, out_counts);
  else
    *out_counts = (StrataMigrationCounts) { 0 };
}

/* GObject */

static void
strata_app_migration_finalize (GObject *object)
{
  StrataAppMigration *self = STRATA_APP_MIGRATION (object);

  g_clear_handle_id (&self->tick_source, g_source_remove);
  g_clear_object (&self->store);
  g_clear_object (&self->settings);
  set_migration (self, NULL);
  g_clear_object (&self->cancellable);
  g_clear_object (&self->problems);
  g_free (self->legacy_path);
  g_free (self->message);
  g_free (self->session);
  g_free (self->wait_text);
  g_free (self->count_text);
  g_free (self->remaining_text);
  g_free (self->saved_text);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_app_migration_parent_class)->finalize (object);
}

static void
strata_app_migration_get_property (GObject    *object,
                                   guint       prop_id,
                                   GValue     *value,
                                   GParamSpec *pspec)
{
  StrataAppMigration *self = STRATA_APP_MIGRATION (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      g_value_set_object (value, self->store);
      break;

    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_BUSY:
      g_value_set_boolean (value, is_busy (self->state));
      break;

    case PROP_LEGACY_PATH:
      g_value_set_string (value, self->legacy_path);
      break;

    case PROP_MESSAGE:
      g_value_set_string (value, self->message);
      break;

    case PROP_PROBLEMS:
      g_value_set_object (value, self->problems);
      break;

    case PROP_STEP:
      g_value_set_string (value, self->step);
      break;

    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;

    case PROP_SESSION:
      g_value_set_string (value, self->session);
      break;

    case PROP_WAIT_TEXT:
      g_value_set_string (value, self->wait_text);
      break;

    case PROP_COUNT_TEXT:
      g_value_set_string (value, self->count_text);
      break;

    case PROP_REMAINING_TEXT:
      g_value_set_string (value, self->remaining_text);
      break;

    case PROP_SAVED_TEXT:
      g_value_set_string (value, self->saved_text);
      break;

    case PROP_SPEED:
      g_value_set_double (value, self->speed);
      break;

    case PROP_KEEPS_AWAKE:
      g_value_set_boolean (value, self->keeps_awake);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_app_migration_set_property (GObject      *object,
                                   guint         prop_id,
                                   const GValue *value,
                                   GParamSpec   *pspec)
{
  StrataAppMigration *self = STRATA_APP_MIGRATION (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      self->store = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_app_migration_class_init (StrataAppMigrationClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags flags = G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS;

  object_class->finalize = strata_app_migration_finalize;
  object_class->get_property = strata_app_migration_get_property;
  object_class->set_property = strata_app_migration_set_property;

  properties[PROP_APP_STORE] =
    g_param_spec_object ("app-store", NULL, NULL, STRATA_TYPE_APP_STORE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, STRATA_TYPE_APP_MIGRATION_STATE, STRATA_APP_MIGRATION_NONE, flags);
  properties[PROP_BUSY] = g_param_spec_boolean ("busy", NULL, NULL, FALSE, flags);
  properties[PROP_LEGACY_PATH] = g_param_spec_string ("legacy-path", NULL, NULL, NULL, flags);
  properties[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, NULL, flags);
  properties[PROP_PROBLEMS] = g_param_spec_object ("problems", NULL, NULL, G_TYPE_LIST_MODEL, flags);
  properties[PROP_STEP] = g_param_spec_string ("step", NULL, NULL, NULL, flags);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, flags);
  properties[PROP_SESSION] = g_param_spec_string ("session", NULL, NULL, NULL, flags);
  properties[PROP_WAIT_TEXT] = g_param_spec_string ("wait-text", NULL, NULL, NULL, flags);
  properties[PROP_COUNT_TEXT] = g_param_spec_string ("count-text", NULL, NULL, NULL, flags);
  properties[PROP_REMAINING_TEXT] = g_param_spec_string ("remaining-text", NULL, NULL, NULL, flags);
  properties[PROP_SAVED_TEXT] = g_param_spec_string ("saved-text", NULL, NULL, NULL, flags);
  properties[PROP_SPEED] = g_param_spec_double ("speed", NULL, NULL, 0, G_MAXDOUBLE, 0, flags);
  properties[PROP_KEEPS_AWAKE] = g_param_spec_boolean ("keeps-awake", NULL, NULL, FALSE, flags);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_app_migration_init (StrataAppMigration *self)
{
  g_mutex_init (&self->mutex);
  self->settings = g_settings_new (APP_ID);
  g_signal_connect_object (self->settings, "changed::migrate-on-battery", G_CALLBACK (watch), self, G_CONNECT_SWAPPED);
  self->problems = g_list_store_new (STRATA_TYPE_PROBLEM);
}

/**
 * strata_app_migration_new:
 * @store: what it fills; it is opened anew when a run has ended
 *
 * Returns: (transfer full): a migration that was not started
 */
StrataAppMigration *
strata_app_migration_new (StrataAppStore *store)
{
  return g_object_new (STRATA_TYPE_APP_MIGRATION, "app-store", store, NULL);
}

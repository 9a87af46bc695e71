/* strata-follower.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-follower.h"
#include "strata-migration-object-private.h"

/* After so many looks the same news is told again: what came of it the last time may have been an error that is over */
#define LOOKS_UNTIL_TOLD_AGAIN 20

/**
 * StrataFollower:
 *
 * Looks every now and then whether the old store that was migrated last has
 * changed since, and says so when it has been left alone for a while. Whoever owns it
 * then migrates once more, see [ctor@Strata.Migration.new_again]. It looks by names, sizes
 * and times; it reads no session, and writes nothing.
 *
 * There is nothing to follow before a migration is complete, and after the old store was
 * deleted here; it goes on looking, for both may change.
 *
 * Threads: that of the main context it was made in, which it tells its owner in; it looks on
 * another one.
 */
struct _StrataFollower
{
  GObject       parent_instance;

  char         *store_path;
  guint         interval_ms;
  gboolean      is_active;
  gboolean      is_held;
  gboolean      is_waiting;

  GMainContext *context;
  GSource      *timer;        /* NULL: it does not look, or is looking */
  GCancellable *cancellable;  /* of the look under way; NULL: none is */

  /* What was seen */
  gboolean      has_seen;
  guint64       seen_mark;    /* when there was news last: it must be the same once more */
  gboolean      has_told;
  guint64       told_mark;
  guint         looks_since;  /* it was told */
};

enum
{
  PROP_0,
  PROP_ACTIVE,
  PROP_WAITING,
  N_PROPERTIES
};

enum
{
  NEWS,
  N_SIGNALS
};

static GParamSpec *properties[N_PROPERTIES];
static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataFollower, strata_follower, G_TYPE_OBJECT)

static void wait_for_next (StrataFollower *self);

/* What a look has found */

typedef struct
{
  gboolean has_news;
  guint64  mark;
} Look;

static void
set_waiting (StrataFollower *self,
             gboolean        waiting)
{
  if (self->is_waiting == waiting)
    return;

  self->is_waiting = waiting;
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_WAITING]);
}

static gboolean
was_told (StrataFollower *self,
          guint64         mark)
{
  if (!self->has_told || self->told_mark != mark)
    return FALSE;

  self->looks_since++;

  return self->looks_since < LOOKS_UNTIL_TOLD_AGAIN;
}

static void
take_news (StrataFollower *self,
           guint64         mark)
{
  gboolean is_quiet = self->has_seen && self->seen_mark == mark;

  self->has_seen = TRUE;
  self->seen_mark = mark;
  if (was_told (self, mark))
    {
      set_waiting (self, FALSE);
      return;
    }

  set_waiting (self, !is_quiet);
  if (!is_quiet)
    return;

  self->has_told = TRUE;
  self->told_mark = mark;
  self->looks_since = 0;
  g_signal_emit (self, signals[NEWS], 0);
}

static void
take_none (StrataFollower *self)
{
  self->has_seen = FALSE;
  self->has_told = FALSE;
  set_waiting (self, FALSE);
}

/* Looking */

static void
look_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  GError *error = NULL;
  Look *look = g_new0 (Look, 1);

  if (_strata_migration_look_at_old (task_data, &look->has_news, &look->mark, cancellable, &error))
    {
      g_task_return_pointer (task, look, g_free);
      return;
    }
  g_free (look);
  g_task_return_error (task, error);
}

static void
look_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  StrataFollower *self = STRATA_FOLLOWER (object);
  g_autoptr(GError) error = NULL;
  g_autofree Look *look = g_task_propagate_pointer (G_TASK (result), &error);

  /* It was told to stop meanwhile, and perhaps to begin anew */
  if (self->cancellable != g_task_get_cancellable (G_TASK (result)))
    return;

  g_clear_object (&self->cancellable);
  wait_for_next (self);
  if (look == NULL)
    g_debug ("Nothing to follow: %s", error->message);
  if (look != NULL && look->has_news)
    take_news (self, look->mark);
  else
    take_none (self);
}

static gboolean
timer_cb (gpointer user_data)
{
  StrataFollower *self = user_data;
  g_autoptr(GTask) task = NULL;

  g_clear_pointer (&self->timer, g_source_unref);
  self->cancellable = g_cancellable_new ();
  task = g_task_new (self, self->cancellable, look_cb, NULL);
  g_task_set_source_tag (task, timer_cb);
  g_task_set_task_data (task, g_strdup (self->store_path), g_free);
  g_task_run_in_thread (task, look_worker);

  return G_SOURCE_REMOVE;
}

static void
wait_for_next (StrataFollower *self)
{
  if (!self->is_active || self->is_held || self->timer != NULL || self->cancellable != NULL)
    return;

  self->timer = g_timeout_source_new (self->interval_ms);
  g_source_set_callback (self->timer, timer_cb, self, NULL);
  g_source_attach (self->timer, self->context);
}

static void
stop_looking (StrataFollower *self)
{
  if (self->timer != NULL)
    g_source_destroy (self->timer);
  g_clear_pointer (&self->timer, g_source_unref);
  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  self->has_seen = FALSE;
  set_waiting (self, FALSE);
}

/* GObject */

static void
strata_follower_get_property (GObject    *object,
                              guint       id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  StrataFollower *self = STRATA_FOLLOWER (object);

  switch (id)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, self->is_active);
      break;

    case PROP_WAITING:
      g_value_set_boolean (value, self->is_waiting);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
strata_follower_set_property (GObject      *object,
                              guint         id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  switch (id)
    {
    case PROP_ACTIVE:
      strata_follower_set_active (STRATA_FOLLOWER (object), g_value_get_boolean (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
strata_follower_dispose (GObject *object)
{
  stop_looking (STRATA_FOLLOWER (object));

  G_OBJECT_CLASS (strata_follower_parent_class)->dispose (object);
}

static void
strata_follower_finalize (GObject *object)
{
  StrataFollower *self = STRATA_FOLLOWER (object);

  g_free (self->store_path);
  g_main_context_unref (self->context);

  G_OBJECT_CLASS (strata_follower_parent_class)->finalize (object);
}

static void
strata_follower_class_init (StrataFollowerClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->dispose = strata_follower_dispose;
  object_class->finalize = strata_follower_finalize;
  object_class->get_property = strata_follower_get_property;
  object_class->set_property = strata_follower_set_property;

  /**
   * StrataFollower:active:
   *
   * Whether it looks
   */
  properties[PROP_ACTIVE] =
    g_param_spec_boolean ("active", NULL, NULL, FALSE, G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);

  /**
   * StrataFollower:waiting:
   *
   * Whether it has seen changes, and waits for the old store to be left alone
   */
  properties[PROP_WAITING] =
    g_param_spec_boolean ("waiting", NULL, NULL, FALSE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);

  /**
   * StrataFollower::news:
   *
   * The old store has changed, and has been left alone since for as long as it takes
   * to look again.
   */
  signals[NEWS] = g_signal_new ("news", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_follower_init (StrataFollower *self)
{
  self->interval_ms = STRATA_FOLLOW_SECONDS * 1000;
  self->context = g_main_context_ref_thread_default ();
}

/**
 * strata_follower_new:
 * @store_path: a store's folder
 *
 * Returns: (transfer full): a follower that does not look yet
 */
StrataFollower *
strata_follower_new (const char *store_path)
{
  StrataFollower *self;

  g_return_val_if_fail (store_path != NULL, NULL);

  self = g_object_new (STRATA_TYPE_FOLLOWER, NULL);
  self->store_path = g_strdup (store_path);

  return self;
}

/**
 * strata_follower_set_interval:
 * @milliseconds: between two looks, and so how long the old store must be left alone;
 *   in force from the next one on
 */
void
strata_follower_set_interval (StrataFollower *self,
                              guint           milliseconds)
{
  g_return_if_fail (STRATA_IS_FOLLOWER (self));
  g_return_if_fail (milliseconds > 0);

  self->interval_ms = milliseconds;
}

/**
 * strata_follower_set_active:
 * @active: whether it looks from now on
 */
void
strata_follower_set_active (StrataFollower *self,
                            gboolean        active)
{
  g_return_if_fail (STRATA_IS_FOLLOWER (self));

  active = !!active;
  if (self->is_active == active)
    return;

  self->is_active = active;
  if (active)
    wait_for_next (self);
  else
    {
      stop_looking (self);
      self->has_told = FALSE;
    }
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_ACTIVE]);
}

gboolean
strata_follower_get_active (StrataFollower *self)
{
  g_return_val_if_fail (STRATA_IS_FOLLOWER (self), FALSE);

  return self->is_active;
}

/**
 * strata_follower_set_held:
 * @held: whether it does not look for now, because a migration runs
 */
void
strata_follower_set_held (StrataFollower *self,
                          gboolean        held)
{
  g_return_if_fail (STRATA_IS_FOLLOWER (self));

  held = !!held;
  if (self->is_held == held)
    return;

  self->is_held = held;
  if (held)
    stop_looking (self);
  else
    wait_for_next (self);
}

/**
 * strata_follower_get_waiting:
 *
 * Returns: see [property@Strata.Follower:waiting]
 */
gboolean
strata_follower_get_waiting (StrataFollower *self)
{
  g_return_val_if_fail (STRATA_IS_FOLLOWER (self), FALSE);

  return self->is_waiting;
}

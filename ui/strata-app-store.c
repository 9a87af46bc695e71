/* strata-app-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-app-store.h"

/**
 * StrataAppStore:
 *
 * The one store that the window shows, and the way to work on it: it is opened,
 * and asked, on threads that may wait. Pages look at `state` and take what they
 * show anew when `changed` is emitted.
 *
 * Threads: the main one only; a [callback@StrataAppStoreFunc] runs on another.
 */
struct _StrataAppStore
{
  GObject              parent_instance;

  char                *path;
  StrataStore         *store;
  StrataAppStoreState  state;
  char                *message;
  char                *unfinished;
  guint                openings;   /* so that only the last one counts */
};

enum {
  PROP_0,
  PROP_PATH,
  PROP_STORE,
  PROP_STATE,
  PROP_MESSAGE,
  N_PROPS
};

enum {
  CHANGED,
  N_SIGNALS
};

G_DEFINE_ENUM_TYPE (StrataAppStoreState, strata_app_store_state,
  G_DEFINE_ENUM_VALUE (STRATA_APP_STORE_OPENING, "opening"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_STORE_ABSENT, "absent"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_STORE_OPEN, "open"),
  G_DEFINE_ENUM_VALUE (STRATA_APP_STORE_FAILED, "failed"))

G_DEFINE_FINAL_TYPE (StrataAppStore, strata_app_store, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];
static guint signals[N_SIGNALS];

/* Work on another thread */

static void
release_worker (GTask        *task,
                gpointer      source,
                gpointer      object,
                GCancellable *cancellable)
{
  g_object_unref (object);
  g_task_return_boolean (task, TRUE);
}

/**
 * strata_app_store_release:
 * @object: (transfer full) (nullable): what has files open, such as a store or
 *   one of its sessions
 *
 * Drops a reference on a thread that may wait: the last one closes files.
 */
void
strata_app_store_release (gpointer object)
{
  g_autoptr(GTask) task = NULL;

  if (object == NULL)
    return;

  task = g_task_new (NULL, NULL, NULL, NULL);
  g_task_set_source_tag (task, strata_app_store_release);
  g_task_set_task_data (task, object, NULL);
  g_task_run_in_thread (task, release_worker);
}

typedef struct
{
  StrataAppStoreFunc  func;
  gpointer            data;
  GDestroyNotify      free_data;
  GDestroyNotify      free_result;
  char               *path;
  StrataStore        *store;
} Call;

static void
call_free (Call *call)
{
  if (call->free_data != NULL)
    call->free_data (call->data);
  g_free (call->path);
  strata_app_store_release (g_steal_pointer (&call->store));
  g_free (call);
}

static void
call_worker (GTask        *task,
             gpointer      source,
             gpointer      task_data,
             GCancellable *cancellable)
{
  Call *call = task_data;
  GError *error = NULL;
  gpointer result = call->func (call->path, call->store, call->data, cancellable, &error);

  if (error != NULL)
    g_task_return_error (task, error);
  else
    g_task_return_pointer (task, result, call->free_result);
}

/**
 * strata_app_store_call_async:
 * @func: the work; it is handed the store as it is now
 * @data: for @func
 * @free_data: (nullable): frees @data, on any thread
 * @free_result: (nullable): frees what @func gave, when nobody takes it
 * @callback: called on the main thread
 *
 * Runs @func on a thread that may wait. What it did before it was cancelled
 * counts: its own result is the result.
 */
void
strata_app_store_call_async (StrataAppStore      *self,
                             StrataAppStoreFunc   func,
                             gpointer             data,
                             GDestroyNotify       free_data,
                             GDestroyNotify       free_result,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  Call *call = NULL;

  g_return_if_fail (STRATA_IS_APP_STORE (self));
  g_return_if_fail (func != NULL);

  call = g_new0 (Call, 1);
  call->func = func;
  call->data = data;
  call->free_data = free_data;
  call->free_result = free_result;
  call->path = g_strdup (self->path);
  g_set_object (&call->store, self->store);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_app_store_call_async);
  g_task_set_check_cancellable (task, FALSE);
  g_task_set_task_data (task, call, (GDestroyNotify)call_free);
  g_task_run_in_thread (task, call_worker);
}

/**
 * strata_app_store_call_finish:
 *
 * Returns: (transfer full) (nullable): what the function gave
 */
gpointer
strata_app_store_call_finish (StrataAppStore  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Opening */

static void
strata_app_store_set (StrataAppStore      *self,
                      StrataAppStoreState  state,
                      StrataStore         *store,
                      const char          *message)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (self->store != store)
    {
      strata_app_store_release (g_steal_pointer (&self->store));
      g_set_object (&self->store, store);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_STORE]);
    }
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
  g_object_thaw_notify (G_OBJECT (self));
}

/* What is learnt from a store when it is opened */
typedef struct
{
  StrataStore *store;
  char        *unfinished;
} Opened;

static void
opened_free (Opened *opened)
{
  strata_app_store_release (g_steal_pointer (&opened->store));
  g_free (opened->unfinished);
  g_free (opened);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Opened, opened_free)

static gpointer
open_worker (const char    *path,
             StrataStore   *none,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  static const char *const unfinished[] = { "running", "paused", "verifying", NULL };
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autofree char *state = store != NULL ? strata_store_dup_state (store) : NULL;
  Opened *opened;

  if (store == NULL)
    return NULL;

  opened = g_new0 (Opened, 1);
  if (state != NULL && g_strv_contains (unfinished, state))
    opened->unfinished = strata_store_dup_source (store);
  opened->store = g_steal_pointer (&store);

  return opened;
}

static void
open_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  StrataAppStore *self = STRATA_APP_STORE (object);
  g_autoptr(GError) error = NULL;
  g_autoptr(Opened) opened = strata_app_store_call_finish (self, result, &error);

  if (GPOINTER_TO_UINT (user_data) != self->openings)
    return;

  g_clear_pointer (&self->unfinished, g_free);
  if (opened != NULL)
    {
      self->unfinished = g_steal_pointer (&opened->unfinished);
      strata_app_store_set (self, STRATA_APP_STORE_OPEN, opened->store, NULL);
    }
  else if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    strata_app_store_set (self, STRATA_APP_STORE_ABSENT, NULL, NULL);
  else
    strata_app_store_set (self, STRATA_APP_STORE_FAILED, NULL, error->message);
  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * strata_app_store_open:
 *
 * Opens the store, or opens it again after it was made, replaced or taken
 * away. `state` and `changed` tell when that is over.
 */
void
strata_app_store_open (StrataAppStore *self)
{
  g_return_if_fail (STRATA_IS_APP_STORE (self));

  self->openings++;
  strata_app_store_call_async (self, open_worker, NULL, NULL, (GDestroyNotify)opened_free, NULL,
                               open_cb, GUINT_TO_POINTER (self->openings));
}

/**
 * strata_app_store_changed:
 *
 * Says that something was written to the store, so that pages look again.
 */
void
strata_app_store_changed (StrataAppStore *self)
{
  g_return_if_fail (STRATA_IS_APP_STORE (self));

  g_signal_emit (self, signals[CHANGED], 0);
}

/**
 * strata_app_store_get_path:
 *
 * Returns: where the store is or will be
 */
const char *
strata_app_store_get_path (StrataAppStore *self)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (self), NULL);

  return self->path;
}

/**
 * strata_app_store_get_store:
 *
 * Returns: (transfer none) (nullable): the open store; its functions that read
 *   files are for other threads
 */
StrataStore *
strata_app_store_get_store (StrataAppStore *self)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (self), NULL);

  return self->store;
}

StrataAppStoreState
strata_app_store_get_state (StrataAppStore *self)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (self), STRATA_APP_STORE_OPENING);

  return self->state;
}

/**
 * strata_app_store_get_message:
 *
 * Returns: (nullable): why the store could not be opened
 */
const char *
strata_app_store_get_message (StrataAppStore *self)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (self), NULL);

  return self->message;
}

/**
 * strata_app_store_get_unfinished:
 *
 * Returns: (transfer none) (nullable): the old store whose migration into this
 *   one was under way when it was opened; a filename
 */
const char *
strata_app_store_get_unfinished (StrataAppStore *self)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (self), NULL);

  return self->unfinished;
}

static void
strata_app_store_finalize (GObject *object)
{
  StrataAppStore *self = STRATA_APP_STORE (object);

  strata_app_store_release (g_steal_pointer (&self->store));
  g_free (self->path);
  g_free (self->message);
  g_free (self->unfinished);

  G_OBJECT_CLASS (strata_app_store_parent_class)->finalize (object);
}

static void
strata_app_store_get_property (GObject    *object,
                               guint       prop_id,
                               GValue     *value,
                               GParamSpec *pspec)
{
  StrataAppStore *self = STRATA_APP_STORE (object);

  switch (prop_id)
    {
    case PROP_PATH:
      g_value_set_string (value, self->path);
      break;

    case PROP_STORE:
      g_value_set_object (value, self->store);
      break;

    case PROP_STATE:
      g_value_set_enum (value, self->state);
      break;

    case PROP_MESSAGE:
      g_value_set_string (value, self->message);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_app_store_set_property (GObject      *object,
                               guint         prop_id,
                               const GValue *value,
                               GParamSpec   *pspec)
{
  StrataAppStore *self = STRATA_APP_STORE (object);

  switch (prop_id)
    {
    case PROP_PATH:
      self->path = g_value_dup_string (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_app_store_class_init (StrataAppStoreClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->finalize = strata_app_store_finalize;
  object_class->get_property = strata_app_store_get_property;
  object_class->set_property = strata_app_store_set_property;

  properties[PROP_PATH] =
    g_param_spec_string ("path", NULL, NULL, NULL, G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_STORE] =
    g_param_spec_object ("store", NULL, NULL, STRATA_TYPE_STORE, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_STATE] =
    g_param_spec_enum ("state", NULL, NULL, STRATA_TYPE_APP_STORE_STATE, STRATA_APP_STORE_OPENING,
                       G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  properties[PROP_MESSAGE] =
    g_param_spec_string ("message", NULL, NULL, NULL, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  /**
   * StrataAppStore::changed:
   *
   * What the store holds may be another than before, or it was opened or closed.
   */
  signals[CHANGED] =
    g_signal_new ("changed", G_TYPE_FROM_CLASS (klass), G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_app_store_init (StrataAppStore *self)
{
}

/**
 * strata_app_store_new:
 * @path: where the store is or will be
 *
 * Returns: (transfer full): a store that nobody has looked for yet
 */
StrataAppStore *
strata_app_store_new (const char *path)
{
  g_return_val_if_fail (path != NULL, NULL);

  return g_object_new (STRATA_TYPE_APP_STORE, "path", path, NULL);
}

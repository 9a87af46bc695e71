/* strata-compressor-background.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-compressor-private.h"

/* How often properties are brought up to date */
#define TELL_MS 100

enum
{
  PROP_0,
  PROP_ACTIVE,
  PROP_STATE,
  PROP_REASON,
  PROP_SESSIONS_DONE,
  PROP_SESSIONS_TOTAL,
  PROP_BYTES_DONE,
  PROP_BYTES_TOTAL,
  PROP_FRACTION,
  PROP_SECONDS_LEFT,
  N_PROPS,
};

static GParamSpec *properties[N_PROPS];

/* One that runs in the background */
typedef struct
{
  GTask    *task;
  gboolean  is_undo;
  char    **keys;
  gboolean  ok;
  GError   *error;
} Job;

static void
job_free (gpointer data)
{
  Job *job = data;

  g_strfreev (job->keys);
  g_clear_error (&job->error);
  g_free (job);
}

/* Properties */

static double
get_fraction (const StrataCompressorProgress *progress)
{
  return progress->bytes_total > 0 ? (double)progress->bytes / (double)progress->bytes_total : 0;
}

static void
get_property (GObject    *object,
              guint       id,
              GValue     *value,
              GParamSpec *pspec)
{
  const StrataCompressorTold *told = _strata_compressor_get_told (STRATA_COMPRESSOR (object));

  switch (id)
    {
    case PROP_ACTIVE:
      g_value_set_boolean (value, told->is_active);
      break;
    case PROP_STATE:
      g_value_set_static_string (value, told->progress.state);
      break;
    case PROP_REASON:
      g_value_set_static_string (value, told->progress.reason);
      break;
    case PROP_SESSIONS_DONE:
      g_value_set_uint64 (value, told->progress.sessions);
      break;
    case PROP_SESSIONS_TOTAL:
      g_value_set_uint64 (value, told->progress.sessions_total);
      break;
    case PROP_BYTES_DONE:
      g_value_set_uint64 (value, told->progress.bytes);
      break;
    case PROP_BYTES_TOTAL:
      g_value_set_uint64 (value, told->progress.bytes_total);
      break;
    case PROP_FRACTION:
      g_value_set_double (value, get_fraction (&told->progress));
      break;
    case PROP_SECONDS_LEFT:
      g_value_set_double (value, told->progress.remaining);
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
notify_if (StrataCompressor *self,
           guint             property,
           gboolean          is_changed)
{
  if (is_changed)
    g_object_notify_by_pspec (G_OBJECT (self), properties[property]);
}

/* All that changed together is notified together. */
static void
tell (StrataCompressor *self,
      gboolean          is_active)
{
  StrataCompressorTold *told = _strata_compressor_get_told (self);
  const StrataCompressorTold before = *told;
  StrataCompressorProgress *now = &told->progress;

  told->is_active = is_active;
  strata_compressor_get_progress (self, now);

  g_object_freeze_notify (G_OBJECT (self));
  notify_if (self, PROP_ACTIVE, is_active != before.is_active);
  notify_if (self, PROP_STATE, strcmp (now->state, before.progress.state) != 0);
  notify_if (self, PROP_REASON, g_strcmp0 (now->reason, before.progress.reason) != 0);
  notify_if (self, PROP_SESSIONS_DONE, now->sessions != before.progress.sessions);
  notify_if (self, PROP_SESSIONS_TOTAL, now->sessions_total != before.progress.sessions_total);
  notify_if (self, PROP_BYTES_DONE, now->bytes != before.progress.bytes);
  notify_if (self, PROP_BYTES_TOTAL, now->bytes_total != before.progress.bytes_total);
  notify_if (self, PROP_FRACTION, get_fraction (now) > get_fraction (&before.progress) ||
                                  get_fraction (now) < get_fraction (&before.progress));
  notify_if (self, PROP_SECONDS_LEFT, now->remaining > before.progress.remaining || now->remaining < before.progress.remaining);
  g_object_thaw_notify (G_OBJECT (self));
}

#define FLAGS (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)

static GParamSpec *
new_count (const char *name)
{
  return g_param_spec_uint64 (name, NULL, NULL, 0, G_MAXUINT64, 0, FLAGS);
}

void
_strata_compressor_class_init_background (GObjectClass *object_class)
{
  object_class->get_property = get_property;

  /**
   * StrataCompressor:active:
   *
   * Whether it runs in the background, be it paused.
   */
  properties[PROP_ACTIVE] = g_param_spec_boolean ("active", NULL, NULL, FALSE, FLAGS);

  /**
   * StrataCompressor:state:
   *
   * As in [struct@Strata.CompressorProgress].
   */
  properties[PROP_STATE] = g_param_spec_string ("state", NULL, NULL, "planned", FLAGS);

  /**
   * StrataCompressor:reason:
   *
   * What it waits for by itself: `battery`, `power-saver` or `memory`, or %NULL.
   */
  properties[PROP_REASON] = g_param_spec_string ("reason", NULL, NULL, NULL, FLAGS);

  /**
   * StrataCompressor:sessions-done:
   *
   * Sessions and collections that were looked at.
   */
  properties[PROP_SESSIONS_DONE] = new_count ("sessions-done");

  /**
   * StrataCompressor:sessions-total:
   *
   * Of so many; 0 while that is not known.
   */
  properties[PROP_SESSIONS_TOTAL] = new_count ("sessions-total");

  /**
   * StrataCompressor:bytes-done:
   *
   * Bytes that were worked on.
   */
  properties[PROP_BYTES_DONE] = new_count ("bytes-done");

  /**
   * StrataCompressor:bytes-total:
   *
   * Of so many.
   */
  properties[PROP_BYTES_TOTAL] = new_count ("bytes-total");

  /**
   * StrataCompressor:fraction:
   *
   * How much of the bytes, 0 to 1.
   */
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, FLAGS);

  /**
   * StrataCompressor:seconds-left:
   *
   * Of work; -1 while that can't be said.
   */
  properties[PROP_SECONDS_LEFT] = g_param_spec_double ("seconds-left", NULL, NULL, -1, G_MAXDOUBLE, -1, FLAGS);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

/* In the background */

static gboolean
tell_cb (gpointer user_data)
{
  tell (user_data, TRUE);

  return G_SOURCE_CONTINUE;
}

/* Back in the context that the properties belong to: they are right before anybody is told that it has ended. */
static gboolean
ended_cb (gpointer user_data)
{
  Job *job = user_data;
  g_autoptr(GTask) task = job->task;
  StrataCompressor *self = g_task_get_source_object (task);
  StrataCompressorTold *told = _strata_compressor_get_told (self);

  g_source_destroy (told->source);
  g_clear_pointer (&told->source, g_source_unref);
  tell (self, FALSE);
  if (job->ok)
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&job->error));

  return G_SOURCE_REMOVE;
}

static gpointer
compress_worker (gpointer data)
{
  Job *job = data;
  StrataCompressor *self = g_task_get_source_object (job->task);
  GCancellable *cancellable = g_task_get_cancellable (job->task);
  g_autoptr(GSource) source = g_idle_source_new ();
  g_autoptr(GMainContext) context = g_main_context_ref (_strata_compressor_get_told (self)->context);

  job->ok = job->is_undo ? strata_compressor_undo (self, (const char *const *)job->keys, cancellable, &job->error)
                         : strata_compressor_run (self, cancellable, &job->error);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, ended_cb, job, NULL);
  g_source_attach (source, context);

  return NULL;
}

static void
start (StrataCompressor     *self,
       gboolean              is_undo,
       const char *const    *keys,
       GCancellable         *cancellable,
       GAsyncReadyCallback   callback,
       gpointer              user_data)
{
  StrataCompressorTold *told = _strata_compressor_get_told (self);
  GTask *task = g_task_new (self, cancellable, callback, user_data);
  Job *job = g_new0 (Job, 1);

  g_task_set_source_tag (task, strata_compressor_run_async);
  /* What is in place is in place: only the run decides how it ended. */
  g_task_set_check_cancellable (task, FALSE);
  job->task = task;
  job->is_undo = is_undo;
  job->keys = g_strdupv ((char **)keys);
  g_task_set_task_data (task, job, job_free);

  told->source = g_timeout_source_new (TELL_MS);
  g_source_set_callback (told->source, tell_cb, self, NULL);
  g_source_attach (told->source, told->context);
  tell (self, TRUE);

  /* It may take hours: too long for a thread that others share */
  g_thread_unref (g_thread_new ("compress", compress_worker, job));
}

/**
 * strata_compressor_run_async:
 * @cancellable: (nullable): as with [method@Strata.Compressor.run]
 * @callback: called in the context that was the thread's default when the object was made
 *
 * Does what [method@Strata.Compressor.run] does on a thread of its own. Meanwhile the
 * properties say where it is, ten times a second. Call it where that context is the
 * thread's default.
 */
void
strata_compressor_run_async (StrataCompressor    *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));
  g_return_if_fail (!_strata_compressor_get_told (self)->is_active);

  start (self, FALSE, NULL, cancellable, callback, user_data);
}

/**
 * strata_compressor_run_finish:
 * @result: of [method@Strata.Compressor.run_async] or [method@Strata.Compressor.undo_async]
 *
 * Returns: as [method@Strata.Compressor.run] does
 */
gboolean
strata_compressor_run_finish (StrataCompressor  *self,
                              GAsyncResult      *result,
                              GError           **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_compressor_undo_async:
 * @keys: (nullable) (array zero-terminated=1): as with [method@Strata.Compressor.undo]
 * @cancellable: (nullable): the same
 * @callback: as with [method@Strata.Compressor.run_async]
 *
 * Does what [method@Strata.Compressor.undo] does on a thread of its own. It ends with
 * [method@Strata.Compressor.run_finish].
 */
void
strata_compressor_undo_async (StrataCompressor    *self,
                              const char *const   *keys,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));
  g_return_if_fail (!_strata_compressor_get_told (self)->is_active);

  start (self, TRUE, keys, cancellable, callback, user_data);
}

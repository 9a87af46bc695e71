/* strata-app-compression.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include <glib/gi18n.h>

#include "strata-app-compression.h"
#include "strata-format.h"

/* So often it is looked how far it is */
#define LOOK_MS 200
/* When it looks by itself what can be compressed: not while the window is being drawn, and then each hour */
#define FIRST_LOOK_S 60
#define NEXT_LOOK_S 3600

/**
 * StrataAppCompression:
 *
 * The compression that the program runs, as Preferences say: when it is started, and by
 * itself a minute after a store was opened and then each hour, unless the store is
 * being migrated into. What is done by itself is shown only where there is something to do. It
 * works on threads of its own, and waits for the battery, for power and for memory.
 *
 * Threads: the main one only.
 */
struct _StrataAppCompression
{
  GObject                parent_instance;

  StrataAppStore        *app_store;
  GSettings             *settings;
  GPowerProfileMonitor  *power;
  GMemoryMonitor        *memory;
  StrataCompressor      *compressor;   /* of this run; %NULL: none */
  guint                  look_source;  /* while it runs */
  guint                  next_source;  /* until it looks by itself */

  gboolean               is_running;   /* and shown */
  gboolean               is_paused;
  double                 fraction;
  char                  *message;
};

enum {
  PROP_0,
  PROP_APP_STORE,
  PROP_RUNNING,
  PROP_PAUSED,
  PROP_FRACTION,
  PROP_MESSAGE,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataAppCompression, strata_app_compression, G_TYPE_OBJECT)

static GParamSpec *properties[N_PROPS];

/* One run of it, on its thread */
typedef struct
{
  StrataAppCompression *self;
  StrataCompressor     *compressor;
  gboolean              by_itself;
} Run;

static void
run_free (Run *run)
{
  g_object_unref (run->compressor);
  g_object_unref (run->self);
  g_free (run);
}

/* What is shown */

/* @message: (nullable): %NULL: the same */
static void
show (StrataAppCompression *self,
      gboolean              running,
      gboolean              paused,
      double                fraction,
      const char           *message)
{
  g_object_freeze_notify (G_OBJECT (self));
  if (message != NULL && g_strcmp0 (self->message, message) != 0)
    {
      g_free (self->message);
      self->message = g_strdup (message);
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MESSAGE]);
    }
  if (self->fraction < fraction || self->fraction > fraction)
    {
      self->fraction = fraction;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_FRACTION]);
    }
  if (self->is_paused != paused)
    {
      self->is_paused = paused;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_PAUSED]);
    }
  if (self->is_running != running)
    {
      self->is_running = running;
      g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_RUNNING]);
    }
  g_object_thaw_notify (G_OBJECT (self));
}

static char *
format_progress (const StrataCompressorProgress *progress)
{
  g_autofree char *remaining = NULL;

  if (g_strcmp0 (progress->reason, "battery") == 0)
    return g_strdup (_("Waiting: the computer runs on its battery"));
  if (g_strcmp0 (progress->reason, "power-saver") == 0)
    return g_strdup (_("Waiting: the computer saves power"));
  if (g_strcmp0 (progress->reason, "memory") == 0)
    return g_strdup (_("Waiting: there is little memory left"));
  if (strcmp (progress->state, "paused") == 0)
    return g_strdup (_("Paused"));
  if (progress->sessions_total == 0)
    return g_strdup (_("Looking what can be compressed"));

  remaining = strata_format_remaining (progress->remaining);

  /* Translators: how many, of how many, and the time left */
  return g_strdup_printf (_("%u of %u looked at, time left: %s"), (guint)progress->sessions, (guint)progress->sessions_total,
                          remaining);
}

static void
show_progress (StrataAppCompression *self)
{
  StrataCompressorProgress progress;
  g_autofree char *message = NULL;

  strata_compressor_get_progress (self->compressor, &progress);
  if (!self->is_running && progress.sessions_total == 0)
    return;

  message = format_progress (&progress);
  show (self, TRUE, strcmp (progress.state, "paused") == 0,
        progress.bytes_total > 0 ? (double)progress.bytes / (double)progress.bytes_total : -1, message);
}

static gboolean
look_cb (gpointer user_data)
{
  show_progress (user_data);

  return G_SOURCE_CONTINUE;
}

/* What became of it */

static gboolean
has_done_something (const StrataCompressorCounts *counts)
{
  return counts->sessions + counts->collections + counts->images > 0;
}

static char *
format_counts (const StrataCompressorCounts *counts)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  if (!has_done_something (counts))
    return g_strdup (_("There was nothing to compress"));

  before = g_format_size (counts->bytes_before);
  after = g_format_size (counts->bytes_after);

  /* Translators: two sizes */
  return g_strdup_printf (_("%s became %s"), before, after);
}

static char *
format_result (StrataCompressor             *compressor,
               const StrataCompressorCounts *counts,
               const GError                 *error)
{
  StrataCompressorProgress progress;

  if (g_error_matches (error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
    return g_strdup (_("Cancelled"));
  if (error != NULL)
    return g_strdup (error->message);

  strata_compressor_get_progress (compressor, &progress);

  return strcmp (progress.state, "cancelled") == 0 ? g_strdup (_("Cancelled; what is done is done")) : format_counts (counts);
}

static void
ended_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  Run *run = user_data;
  StrataAppCompression *self = run->self;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCompressor) compressor = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);
  StrataCompressorCounts counts;
  g_autofree char *message = NULL;

  strata_compressor_get_counts (run->compressor, &counts);
  message = format_result (run->compressor, &counts, error);
  /* Here, where warnings come from, nobody is being warned just now */
  strata_compressor_watch_memory (run->compressor, NULL);
  g_clear_object (&self->compressor);
  g_clear_handle_id (&self->look_source, g_source_remove);
  if (self->is_running)
    show (self, FALSE, FALSE, -1, message);
  else if (error != NULL)
    g_info ("Nothing was compressed: %s", error->message);
  if (has_done_something (&counts))
    strata_app_store_changed (self->app_store);
  run_free (run);
}

/* Running */

/* Two at a time that write all over the store get in each other's way. */
static gboolean
is_being_migrated (const char *path)
{
  g_autofree char *answer = strata_control_ask (path, "migration", "status", NULL);

  return answer != NULL;
}

static gpointer
compress_worker (const char    *path,
                 StrataStore   *store,
                 gpointer       data,
                 GCancellable  *cancellable,
                 GError       **error)
{
  Run *run = data;

  if (run->by_itself && is_being_migrated (path))
    return g_object_ref (run->compressor);

  return strata_compressor_run (run->compressor, cancellable, error) ? g_object_ref (run->compressor) : NULL;
}

static StrataCompressor *
make_compressor (StrataAppCompression *self,
                 StrataStore          *store)
{
  StrataCompressor *compressor = strata_compressor_new (store);
  gboolean packs = g_settings_get_boolean (self->settings, "compress-json");
  gboolean converts = g_settings_get_boolean (self->settings, "compress-images");

  strata_compressor_set_level (compressor, packs ? g_settings_get_int (self->settings, "json-level") : -1);
  strata_compressor_set_images (compressor, converts ? STRATA_IMAGES_WEBP : STRATA_IMAGES_EXACT,
                                (guint)g_settings_get_int (self->settings, "image-quality"));
  strata_compressor_set_lossless_png (compressor, g_settings_get_boolean (self->settings, "compress-png"));
  strata_compressor_set_min_age (compressor, (guint)g_settings_get_int (self->settings, "compress-after-days"));
  strata_compressor_set_on_battery (compressor, g_settings_get_boolean (self->settings, "compress-on-battery"));
  strata_compressor_watch_power (compressor, self->power);
  strata_compressor_watch_memory (compressor, self->memory);

  return compressor;
}

static void
run (StrataAppCompression *self,
     gboolean              by_itself)
{
  StrataStore *store = strata_app_store_get_store (self->app_store);
  Run *run = NULL;

  if (store == NULL || self->compressor != NULL)
    return;

  self->compressor = make_compressor (self, store);
  run = g_new0 (Run, 1);
  run->self = g_object_ref (self);
  run->compressor = g_object_ref (self->compressor);
  run->by_itself = by_itself;
  self->look_source = g_timeout_add (LOOK_MS, look_cb, self);
  strata_app_store_call_async (self->app_store, compress_worker, run, NULL, g_object_unref, NULL, ended_cb, run);
}

/**
 * strata_app_compression_start:
 *
 * Compresses what Preferences say, unless that is being done; then it is shown from now on.
 */
void
strata_app_compression_start (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  run (self, FALSE);
  if (self->compressor != NULL)
    show (self, TRUE, FALSE, -1, _("Looking what can be compressed"));
}

/**
 * strata_app_compression_look_for_work:
 *
 * Does by itself what there is to do, if Preferences say so.
 */
void
strata_app_compression_look_for_work (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  if (g_settings_get_boolean (self->settings, "compress-by-itself"))
    run (self, TRUE);
}

void
strata_app_compression_pause (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  if (self->compressor != NULL)
    strata_compressor_pause (self->compressor);
}

void
strata_app_compression_resume (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  if (self->compressor != NULL)
    strata_compressor_resume (self->compressor);
}

/**
 * strata_app_compression_cancel:
 *
 * Ends it; what is done is done.
 */
void
strata_app_compression_cancel (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  if (self->compressor != NULL)
    strata_compressor_cancel (self->compressor);
}

/**
 * strata_app_compression_leave:
 *
 * Ends it, and does nothing by itself any more: nobody is there to see it.
 */
void
strata_app_compression_leave (StrataAppCompression *self)
{
  g_return_if_fail (STRATA_IS_APP_COMPRESSION (self));

  strata_app_compression_cancel (self);
  g_clear_handle_id (&self->next_source, g_source_remove);
  g_signal_handlers_disconnect_by_data (self->app_store, self);
}

/* By itself */

static gboolean
next_cb (gpointer user_data)
{
  StrataAppCompression *self = user_data;

  strata_app_compression_look_for_work (self);
  self->next_source = g_timeout_add_seconds (NEXT_LOOK_S, next_cb, self);

  return G_SOURCE_REMOVE;
}

static void
store_cb (StrataAppCompression *self)
{
  gboolean has_store = strata_app_store_get_store (self->app_store) != NULL;

  if (has_store && self->next_source == 0)
    self->next_source = g_timeout_add_seconds (FIRST_LOOK_S, next_cb, self);
  else if (!has_store)
    g_clear_handle_id (&self->next_source, g_source_remove);
}

/* What waits for it need not begin anew. */
static void
on_battery_cb (StrataAppCompression *self)
{
  if (self->compressor != NULL)
    strata_compressor_set_on_battery (self->compressor, g_settings_get_boolean (self->settings, "compress-on-battery"));
}

/* GObject */

static void
strata_app_compression_constructed (GObject *object)
{
  StrataAppCompression *self = STRATA_APP_COMPRESSION (object);

  G_OBJECT_CLASS (strata_app_compression_parent_class)->constructed (object);

  g_signal_connect_object (self->app_store, "notify::store", G_CALLBACK (store_cb), self, G_CONNECT_SWAPPED);
  store_cb (self);
}

/* A run has a reference: there is none any more. */
static void
strata_app_compression_finalize (GObject *object)
{
  StrataAppCompression *self = STRATA_APP_COMPRESSION (object);

  g_clear_handle_id (&self->next_source, g_source_remove);
  g_clear_object (&self->app_store);
  g_clear_object (&self->settings);
  g_clear_object (&self->power);
  g_clear_object (&self->memory);
  g_free (self->message);

  G_OBJECT_CLASS (strata_app_compression_parent_class)->finalize (object);
}

static void
strata_app_compression_get_property (GObject    *object,
                                     guint       prop_id,
                                     GValue     *value,
                                     GParamSpec *pspec)
{
  StrataAppCompression *self = STRATA_APP_COMPRESSION (object);

  switch (prop_id)
    {
    case PROP_RUNNING:
      g_value_set_boolean (value, self->is_running);
      break;

    case PROP_PAUSED:
      g_value_set_boolean (value, self->is_paused);
      break;

    case PROP_FRACTION:
      g_value_set_double (value, self->fraction);
      break;

    case PROP_MESSAGE:
      g_value_set_string (value, self->message);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_app_compression_set_property (GObject      *object,
                                     guint         prop_id,
                                     const GValue *value,
                                     GParamSpec   *pspec)
{
  StrataAppCompression *self = STRATA_APP_COMPRESSION (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      self->app_store = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

#define FLAGS (G_PARAM_READABLE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS)

static void
strata_app_compression_class_init (StrataAppCompressionClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->constructed = strata_app_compression_constructed;
  object_class->finalize = strata_app_compression_finalize;
  object_class->get_property = strata_app_compression_get_property;
  object_class->set_property = strata_app_compression_set_property;

  properties[PROP_APP_STORE] =
    g_param_spec_object ("app-store", NULL, NULL, STRATA_TYPE_APP_STORE,
                         G_PARAM_WRITABLE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  properties[PROP_RUNNING] = g_param_spec_boolean ("running", NULL, NULL, FALSE, FLAGS);
  properties[PROP_PAUSED] = g_param_spec_boolean ("paused", NULL, NULL, FALSE, FLAGS);
  properties[PROP_FRACTION] = g_param_spec_double ("fraction", NULL, NULL, -1, 1, -1, FLAGS);
  properties[PROP_MESSAGE] = g_param_spec_string ("message", NULL, NULL, NULL, FLAGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);
}

/* The monitors are there from the beginning: the first time they look for services, which takes its time. */
static void
strata_app_compression_init (StrataAppCompression *self)
{
  self->fraction = -1;
  self->settings = g_settings_new (APP_ID);
  self->power = g_power_profile_monitor_dup_default ();
  self->memory = g_memory_monitor_dup_default ();
  g_signal_connect_object (self->settings, "changed::compress-on-battery", G_CALLBACK (on_battery_cb), self, G_CONNECT_SWAPPED);
}

/**
 * strata_app_compression_new:
 * @app_store: what is compressed, whatever store that opens
 *
 * Returns: (transfer full): one that looks for work by itself until it is left or gone
 */
StrataAppCompression *
strata_app_compression_new (StrataAppStore *app_store)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (app_store), NULL);

  return g_object_new (STRATA_TYPE_APP_COMPRESSION, "app-store", app_store, NULL);
}

/* Asked */

/**
 * strata_app_compression_get_running:
 *
 * Returns: whether it is at work, be it paused, and there is something to see of it
 */
gboolean
strata_app_compression_get_running (StrataAppCompression *self)
{
  g_return_val_if_fail (STRATA_IS_APP_COMPRESSION (self), FALSE);

  return self->is_running;
}

gboolean
strata_app_compression_get_paused (StrataAppCompression *self)
{
  g_return_val_if_fail (STRATA_IS_APP_COMPRESSION (self), FALSE);

  return self->is_paused;
}

/**
 * strata_app_compression_get_fraction:
 *
 * Returns: how much is done, 1 is all; less than 0: not known
 */
double
strata_app_compression_get_fraction (StrataAppCompression *self)
{
  g_return_val_if_fail (STRATA_IS_APP_COMPRESSION (self), -1);

  return self->fraction;
}

/**
 * strata_app_compression_get_message:
 *
 * Returns: how far it is or why it waits; when it does not run, what became of it
 */
const char *
strata_app_compression_get_message (StrataAppCompression *self)
{
  g_return_val_if_fail (STRATA_IS_APP_COMPRESSION (self), "");

  return self->message != NULL ? self->message : "";
}

/* strata-preferences.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-preferences.h"

#define LOOK_S 1

/**
 * StrataPreferences:
 *
 * The window with the settings. Each is in force as soon as it is changed: compression
 * takes them when it is started next, the memory for what was read last at once.
 *
 * Threads: the main one only.
 */
struct _StrataPreferences
{
  AdwPreferencesWindow  parent_instance;

  StrataAppStore       *app_store;
  GSettings            *settings;
  guint                 look_source;

  /* Template children */
  GtkSwitch            *compress_json;
  GtkAdjustment        *json_level;
  GtkSwitch            *compress_images;
  GtkAdjustment        *image_quality;
  GtkSwitch            *compress_png;
  GtkSwitch            *compress_by_itself;
  GtkAdjustment        *compress_after_days;
  GtkSwitch            *compress_on_battery;
  GtkAdjustment        *cache_size;
  AdwActionRow         *cache_row;
  GtkAdjustment        *batch_size;
  GtkAdjustment        *keep_old_days;
  GtkSwitch            *migrate_on_battery;
  GtkSwitch            *follow;
  GtkAdjustment        *keep_deleted_days;
};

enum {
  PROP_0,
  PROP_APP_STORE,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataPreferences, strata_preferences, ADW_TYPE_PREFERENCES_WINDOW)

static GParamSpec *properties[N_PROPS];

/* The live figure beside the size */
static gboolean
show_cache_cb (gpointer user_data)
{
  StrataPreferences *self = user_data;
  StrataStore *store = strata_app_store_get_store (self->app_store);
  g_autofree char *used = store != NULL ? g_format_size (strata_cache_get_bytes (strata_store_get_cache (store))) : NULL;
  /* Translators: a size */
  g_autofree char *subtitle = used != NULL ? g_strdup_printf (_("In MiB; %s in use now"), used) : g_strdup (_("In MiB"));

  adw_action_row_set_subtitle (self->cache_row, subtitle);

  return G_SOURCE_CONTINUE;
}

static void
bind_settings (StrataPreferences *self)
{
  const struct
  {
    const char *key;
    gpointer    object;
    const char *property;
  } bindings[] = {
    { "compress-json", self->compress_json, "active" },
    { "json-level", self->json_level, "value" },
    { "compress-images", self->compress_images, "active" },
    { "image-quality", self->image_quality, "value" },
    { "compress-png", self->compress_png, "active" },
    { "compress-by-itself", self->compress_by_itself, "active" },
    { "compress-after-days", self->compress_after_days, "value" },
    { "compress-on-battery", self->compress_on_battery, "active" },
    { "cache-size", self->cache_size, "value" },
    { "batch-size", self->batch_size, "value" },
    { "keep-old-days", self->keep_old_days, "value" },
    { "migrate-on-battery", self->migrate_on_battery, "active" },
    { "follow", self->follow, "active" },
    { "keep-deleted-days", self->keep_deleted_days, "value" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (bindings); i++)
    g_settings_bind (self->settings, bindings[i].key, bindings[i].object, bindings[i].property, G_SETTINGS_BIND_DEFAULT);
}

/* What acts at once */

static void
apply_cache_size (GSettings      *settings,
                  StrataAppStore *app_store)
{
  StrataStore *store = strata_app_store_get_store (app_store);

  if (store != NULL)
    strata_cache_set_max_bytes (strata_store_get_cache (store), (guint64)g_settings_get_int (settings, "cache-size") << 20);
}

static void
cache_size_changed_cb (GSettings      *settings,
                       const char     *key,
                       StrataAppStore *app_store)
{
  apply_cache_size (settings, app_store);
}

static void
store_changed_cb (StrataAppStore *app_store,
                  GParamSpec     *pspec,
                  GSettings      *settings)
{
  apply_cache_size (settings, app_store);
}

/**
 * strata_preferences_apply:
 * @settings: the program's; has to be held as long as they should be in force
 * @app_store: what they are in force for, whatever store that opens
 *
 * Puts those settings in force that act on a store that is open, now and whenever
 * they are changed.
 */
void
strata_preferences_apply (GSettings      *settings,
                          StrataAppStore *app_store)
{
  g_return_if_fail (G_IS_SETTINGS (settings));
  g_return_if_fail (STRATA_IS_APP_STORE (app_store));

  g_signal_connect_object (settings, "changed::cache-size", G_CALLBACK (cache_size_changed_cb), app_store, 0);
  g_signal_connect_object (app_store, "notify::store", G_CALLBACK (store_changed_cb), settings, 0);
  apply_cache_size (settings, app_store);
}

/* GObject */

static void
strata_preferences_constructed (GObject *object)
{
  StrataPreferences *self = STRATA_PREFERENCES (object);

  G_OBJECT_CLASS (strata_preferences_parent_class)->constructed (object);

  show_cache_cb (self);
  self->look_source = g_timeout_add_seconds (LOOK_S, show_cache_cb, self);
}

static void
strata_preferences_dispose (GObject *object)
{
  StrataPreferences *self = STRATA_PREFERENCES (object);

  g_clear_handle_id (&self->look_source, g_source_remove);
  g_clear_object (&self->settings);
  g_clear_object (&self->app_store);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_PREFERENCES);

  G_OBJECT_CLASS (strata_preferences_parent_class)->dispose (object);
}

static void
strata_preferences_get_property (GObject    *object,
                                 guint       prop_id,
                                 GValue     *value,
                                 GParamSpec *pspec)
{
  StrataPreferences *self = STRATA_PREFERENCES (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      g_value_set_object (value, self->app_store);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_preferences_set_property (GObject      *object,
                                 guint         prop_id,
                                 const GValue *value,
                                 GParamSpec   *pspec)
{
  StrataPreferences *self = STRATA_PREFERENCES (object);

  switch (prop_id)
    {
    case PROP_APP_STORE:
      self->app_store = g_value_dup_object (value);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_preferences_class_init (StrataPreferencesClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->constructed = strata_preferences_constructed;
  object_class->dispose = strata_preferences_dispose;
  object_class->get_property = strata_preferences_get_property;
  object_class->set_property = strata_preferences_set_property;

  properties[PROP_APP_STORE] =
    g_param_spec_object ("app-store", NULL, NULL, STRATA_TYPE_APP_STORE,
                         G_PARAM_READWRITE | G_PARAM_CONSTRUCT_ONLY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-preferences.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_json);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, json_level);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_images);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, image_quality);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_png);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_by_itself);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_after_days);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, compress_on_battery);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, cache_size);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, cache_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, batch_size);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, keep_old_days);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, migrate_on_battery);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, follow);
  gtk_widget_class_bind_template_child (widget_class, StrataPreferences, keep_deleted_days);
}

static void
strata_preferences_init (StrataPreferences *self)
{
  self->settings = g_settings_new (APP_ID);
  gtk_widget_init_template (GTK_WIDGET (self));
  bind_settings (self);
}

/**
 * strata_preferences_new:
 * @app_store: whose figures are shown
 *
 * Returns: (transfer none): the window
 */
GtkWidget *
strata_preferences_new (StrataAppStore *app_store)
{
  g_return_val_if_fail (STRATA_IS_APP_STORE (app_store), NULL);

  return g_object_new (STRATA_TYPE_PREFERENCES, "app-store", app_store, NULL);
}

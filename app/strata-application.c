/* strata-application.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-app"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-application.h"
#include "strata-window.h"

/**
 * StrataApplication:
 *
 * The process behind the window: one for a person's session, whoever starts it
 * how often.
 *
 * Threads: the main one only.
 */
struct _StrataApplication
{
  AdwApplication      parent_instance;

  StrataAppStore     *store;
  StrataAppMigration *migration;
  GSettings          *settings;
};

G_DEFINE_FINAL_TYPE (StrataApplication, strata_application, ADW_TYPE_APPLICATION)

static StrataWindow *
find_window (StrataApplication *self)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (self));

  for (; windows != NULL; windows = windows->next)
    if (STRATA_IS_WINDOW (windows->data))
      return windows->data;

  return NULL;
}

static StrataWindow *
make_window (StrataApplication *self)
{
  GtkWidget *window = strata_window_new (GTK_APPLICATION (self), self->store, self->migration);

  g_settings_bind (self->settings, "window-width", window, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-height", window, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", window, "maximized", G_SETTINGS_BIND_DEFAULT);

  return STRATA_WINDOW (window);
}

static void
strata_application_activate (GApplication *application)
{
  StrataApplication *self = STRATA_APPLICATION (application);
  StrataWindow *window = find_window (self);

  if (window == NULL)
    window = make_window (self);
  gtk_window_present (GTK_WINDOW (window));
}

static void
strata_application_startup (GApplication *application)
{
  StrataApplication *self = STRATA_APPLICATION (application);
  g_autofree char *path = strata_store_dup_default_path ();

  G_APPLICATION_CLASS (strata_application_parent_class)->startup (application);

  strata_forbid_file_access_here ();
  gtk_window_set_default_icon_name (APP_ID);
  self->settings = g_settings_new (APP_ID);
  self->store = strata_app_store_new (path);
  self->migration = strata_app_migration_new (self->store);
  strata_app_store_open (self->store);
}

/* Actions */

static void
about_action (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  GtkWindow *window = gtk_application_get_active_window (user_data);

  adw_show_about_window (window,
                         "application-name", "Strata",
                         "application-icon", APP_ID,
                         "version", PACKAGE_VERSION,
                         "comments", _("Moves recorded work sessions into a storage that is small, quick and safe"),
                         "developer-name", _("The Strata developers"),
                         "license-type", GTK_LICENSE_GPL_3_0,
                         /* Translators: your names, one a line */
                         "translator-credits", _("translator-credits"),
                         NULL);
}

static void
quit_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  g_application_quit (user_data);
}

static const GActionEntry entries[] = {
  { .name = "about", .activate = about_action },
  { .name = "quit", .activate = quit_action },
};

static void
add_actions (StrataApplication *self)
{
  GtkApplication *application = GTK_APPLICATION (self);

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  gtk_application_set_accels_for_action (application, "app.quit", (const char *const[]) { "<Control>q", NULL });
  gtk_application_set_accels_for_action (application, "window.close", (const char *const[]) { "<Control>w", NULL });
}

/* GObject */

static void
strata_application_dispose (GObject *object)
{
  StrataApplication *self = STRATA_APPLICATION (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->migration);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (strata_application_parent_class)->dispose (object);
}

static void
strata_application_class_init (StrataApplicationClass *klass)
{
  GApplicationClass *application_class = G_APPLICATION_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_application_dispose;
  application_class->activate = strata_application_activate;
  application_class->startup = strata_application_startup;
}

static void
strata_application_init (StrataApplication *self)
{
  add_actions (self);
}

StrataApplication *
strata_application_new (void)
{
  return g_object_new (STRATA_TYPE_APPLICATION, "application-id", APP_ID, "resource-base-path", "/io/github/strata_app/Strata",
                       NULL);
}

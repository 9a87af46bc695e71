/* strata-application.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-app"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-application.h"
#include "strata-power.h"
#include "strata-preferences.h"
#include "strata-window.h"
#include "strata-wording.h"

#define NOTIFICATION "migration"

/**
 * StrataApplication:
 *
 * The process behind the window: one for a person's session, whoever starts it
 * how often. While a migration runs it stays without a window too, and says
 * by notifications that it does and what became of it.
 *
 * Threads: the main one only.
 */
struct _StrataApplication
{
  AdwApplication      parent_instance;

  StrataAppStore     *store;
  StrataAppMigration *migration;
  StrataFollower     *follower;
  StrataPower        *power;
  GSettings          *settings;

  gboolean            is_held;        /* it stays, with or without a window */
  gboolean            has_news;       /* how a migration ended, which nobody has seen */
  gboolean            is_leaving;     /* the user wants it to end */
  guint               inhibit_cookie; /* 0: the computer may sleep */
};

G_DEFINE_FINAL_TYPE (StrataApplication, strata_application, ADW_TYPE_APPLICATION)

/* Windows */

static StrataWindow *
find_window (StrataApplication *self)
{
  GList *windows = gtk_application_get_windows (GTK_APPLICATION (self));

  for (; windows != NULL; windows = windows->next)
    if (STRATA_IS_WINDOW (windows->data))
      return windows->data;

  return NULL;
}

/* @button, @action: (nullable): what can be done beside showing it */
static void
notify (StrataApplication *self,
        const char        *title,
        const char        *body,
        const char        *button,
        const char        *action)
{
  g_autoptr(GNotification) notification = g_notification_new (title);

  g_notification_set_body (notification, body);
  g_notification_set_default_action (notification, "app.show-migration");
  if (button != NULL)
    g_notification_add_button (notification, button, action);
  g_notification_add_button (notification, strata_app_migration_get_under_way (self->migration) ? _("Show") : _("Show Report"),
                             "app.show-migration");
  g_application_send_notification (G_APPLICATION (self), NOTIFICATION, notification);
}

/* Says where it is, to who has no window to see it */
static void
notify_state (StrataApplication *self)
{
  const char *wait_text = strata_app_migration_get_wait_text (self->migration);

  switch (strata_app_migration_get_state (self->migration))
    {
    case STRATA_APP_MIGRATION_RUNNING:
    case STRATA_APP_MIGRATION_FINISHING:
      notify (self, _("The migration goes on"), _("It says when it is done."), _("Pause"), "app.pause-migration");
      break;

    case STRATA_APP_MIGRATION_PAUSED:
      if (*wait_text != '\0')
        notify (self, _("The migration waits"), wait_text, _("Resume"), "app.resume-migration");
      else
        notify (self, _("The migration is paused"), _("What is copied stays."), _("Resume"), "app.resume-migration");
      break;

    case STRATA_APP_MIGRATION_COMPLETE:
      notify (self, _("The migration is done"), _("Everything was read back and compared with the old storage."), NULL, NULL);
      break;

    case STRATA_APP_MIGRATION_FAILED:
      notify (self, _("The migration could not go on"), strata_app_migration_get_message (self->migration), NULL, NULL);
      break;

    case STRATA_APP_MIGRATION_NONE:
    case STRATA_APP_MIGRATION_PAUSING:
    case STRATA_APP_MIGRATION_CANCELLING:
    case STRATA_APP_MIGRATION_CANCELLED:
    default:
      break;
    }
}

static gboolean
close_cb (StrataApplication *self,
          GtkWindow         *window)
{
  if (strata_app_migration_get_under_way (self->migration))
    notify_state (self);

  return GDK_EVENT_PROPAGATE;
}

static StrataWindow *
make_window (StrataApplication *self)
{
  GtkWidget *window = strata_window_new (GTK_APPLICATION (self), self->store, self->migration);

  g_settings_bind (self->settings, "window-width", window, "default-width", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-height", window, "default-height", G_SETTINGS_BIND_DEFAULT);
  g_settings_bind (self->settings, "window-maximized", window, "maximized", G_SETTINGS_BIND_DEFAULT);
  g_signal_connect_object (window, "close-request", G_CALLBACK (close_cb), self, G_CONNECT_SWAPPED);

  return STRATA_WINDOW (window);
}

/* While a migration runs */

/* In a sandbox, going on without a window is asked for. Whether it is granted
 * changes nothing here: what is ended goes on with the next start.
 */
static void
ask_for_background (StrataApplication *self)
{
  GDBusConnection *connection = g_application_get_dbus_connection (G_APPLICATION (self));
  GVariantBuilder options;

  if (connection == NULL || g_getenv ("FLATPAK_ID") == NULL)
    return;

  g_variant_builder_init (&options, G_VARIANT_TYPE_VARDICT);
  g_variant_builder_add (&options, "{sv}", "reason", g_variant_new_string (_("To finish a migration")));
  g_dbus_connection_call (connection, "org.freedesktop.portal.Desktop", "/org/freedesktop/portal/desktop",
                          "org.freedesktop.portal.Background", "RequestBackground",
                          g_variant_new ("(sa{sv})", "", &options), NULL, G_DBUS_CALL_FLAGS_NONE, -1, NULL, NULL, NULL);
}

/* A computer on its battery is never kept awake: it may lie in a bag. */
static void
update_inhibition (StrataApplication *self)
{
  gboolean wanted = strata_app_migration_get_busy (self->migration) && !strata_power_get_on_battery (self->power);

  if (wanted && self->inhibit_cookie == 0)
    self->inhibit_cookie = gtk_application_inhibit (GTK_APPLICATION (self), NULL, GTK_APPLICATION_INHIBIT_SUSPEND,
                                                    _("Sessions are being copied"));
  else if (!wanted && self->inhibit_cookie != 0)
    {
      gtk_application_uninhibit (GTK_APPLICATION (self), self->inhibit_cookie);
      self->inhibit_cookie = 0;
    }
  strata_app_migration_set_keeps_awake (self->migration, self->inhibit_cookie != 0);
}

/* It stays while a migration is under way, and until somebody has seen how that ended. */
static void
update_hold (StrataApplication *self)
{
  gboolean under_way = strata_app_migration_get_under_way (self->migration);
  gboolean wanted = under_way || (self->has_news && !self->is_leaving);

  if (wanted == self->is_held)
    return;

  self->is_held = wanted;
  if (!wanted)
    {
      g_application_release (G_APPLICATION (self));
      return;
    }
  g_application_hold (G_APPLICATION (self));
  if (under_way)
    ask_for_background (self);
}

/* Who sees the window needs no notification. */
static StrataWindow *
present_window (StrataApplication *self)
{
  StrataWindow *window = find_window (self);

  if (window == NULL)
    window = make_window (self);
  gtk_window_present (GTK_WINDOW (window));
  g_application_withdraw_notification (G_APPLICATION (self), NOTIFICATION);
  self->has_news = self->is_leaving = FALSE;
  update_hold (self);

  return window;
}

static gboolean
is_watched (StrataApplication *self)
{
  StrataWindow *window = find_window (self);

  return window != NULL && gtk_window_is_active (GTK_WINDOW (window));
}

static void
update_actions (StrataApplication *self)
{
  StrataAppMigrationState state = strata_app_migration_get_state (self->migration);
  GActionMap *actions = G_ACTION_MAP (self);

  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (actions, "pause-migration")),
                               state == STRATA_APP_MIGRATION_RUNNING);
  g_simple_action_set_enabled (G_SIMPLE_ACTION (g_action_map_lookup_action (actions, "resume-migration")),
                               state == STRATA_APP_MIGRATION_PAUSED);
}

static void
state_cb (StrataApplication *self)
{
  StrataAppMigrationState state = strata_app_migration_get_state (self->migration);
  gboolean has_ended = state == STRATA_APP_MIGRATION_COMPLETE || state == STRATA_APP_MIGRATION_FAILED;

  update_actions (self);
  update_inhibition (self);
  strata_follower_set_held (self->follower, strata_app_migration_get_under_way (self->migration));
  self->has_news = has_ended && find_window (self) == NULL;
  if (!self->is_leaving && (find_window (self) == NULL || (has_ended && !is_watched (self))))
    notify_state (self);
  update_hold (self);
}

/* GApplication */

static void
strata_application_activate (GApplication *application)
{
  present_window (STRATA_APPLICATION (application));
}

static void
strata_application_open (GApplication  *application,
                         GFile        **files,
                         int            n_files,
                         const char    *hint)
{
  StrataWindow *window = present_window (STRATA_APPLICATION (application));

  if (n_files > 0 && g_file_peek_path (files[0]) != NULL)
    strata_window_analyse (window, g_file_peek_path (files[0]));
}

static void
strata_application_startup (GApplication *application)
{
  StrataApplication *self = STRATA_APPLICATION (application);
  g_autofree char *path = strata_store_dup_default_path ();

  G_APPLICATION_CLASS (strata_application_parent_class)->startup (application);

  strata_forbid_file_access_here ();
  strata_wording_prepare ();
  gtk_window_set_default_icon_name (APP_ID);
  self->settings = g_settings_new (APP_ID);
  self->power = strata_power_new ();
  self->store = strata_app_store_new (path);
  self->migration = strata_app_migration_new (self->store);
  self->follower = strata_follower_new (path);
  g_signal_connect_object (self->migration, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->power, "notify::on-battery", G_CALLBACK (update_inhibition), self, G_CONNECT_SWAPPED);
  g_signal_connect_object (self->follower, "news", G_CALLBACK (strata_app_migration_follow), self->migration, G_CONNECT_SWAPPED);
  g_settings_bind (self->settings, "follow", self->follower, "active", G_SETTINGS_BIND_GET);
  strata_preferences_apply (self->settings, self->store);
  strata_app_store_open (self->store);
}

/* `--session` is told to the process that runs already, or is going to. */
static int
strata_application_handle_local_options (GApplication *application,
                                         GVariantDict *options)
{
  g_autoptr(GError) error = NULL;
  const char *session;

  if (g_variant_dict_contains (options, "version"))
    {
      g_print ("strata %s\n", PACKAGE_VERSION);
      return 0;
    }
  if (!g_variant_dict_lookup (options, "session", "&s", &session))
    return -1;

  if (!g_application_register (application, NULL, &error))
    {
      g_printerr ("strata: %s\n", error->message);
      return 1;
    }
  g_action_group_activate_action (G_ACTION_GROUP (application), "show-session", g_variant_new_string (session));
  if (!g_application_get_is_remote (application))
    return -1;

  g_dbus_connection_flush_sync (g_application_get_dbus_connection (application), NULL, NULL);

  return 0;
}

/* Actions */

static void
about_action (GSimpleAction *action,
              GVariant      *parameter,
              gpointer       user_data)
{
  adw_show_about_window (gtk_application_get_active_window (user_data),
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
preferences_action (GSimpleAction *action,
                    GVariant      *parameter,
                    gpointer       user_data)
{
  StrataApplication *self = user_data;
  GtkWindow *active = gtk_application_get_active_window (GTK_APPLICATION (self));
  GtkWidget *preferences = NULL;

  if (STRATA_IS_PREFERENCES (active))
    return;

  preferences = strata_preferences_new (self->store);
  gtk_window_set_transient_for (GTK_WINDOW (preferences), GTK_WINDOW (find_window (self)));
  gtk_window_set_modal (GTK_WINDOW (preferences), TRUE);
  gtk_window_present (GTK_WINDOW (preferences));
}

/* Made when it is asked for: one that GtkApplication keeps hidden is a window without a place in the accessible
 * tree, and GTK 4.8 answers with it who asks for a window that has just gone.
 */
static void
shortcuts_action (GSimpleAction *action,
                  GVariant      *parameter,
                  gpointer       user_data)
{
  StrataApplication *self = user_data;
  g_autoptr(GtkBuilder) builder = NULL;
  GtkWindow *shortcuts = NULL;

  if (GTK_IS_SHORTCUTS_WINDOW (gtk_application_get_active_window (GTK_APPLICATION (self))))
    return;

  builder = gtk_builder_new_from_resource ("/io/github/strata_app/Strata/ui/strata-help-overlay.ui");
  shortcuts = GTK_WINDOW (gtk_builder_get_object (builder, "help_overlay"));
  gtk_window_set_transient_for (shortcuts, GTK_WINDOW (find_window (self)));
  gtk_window_present (shortcuts);
}

/* What is copied stays; the next start offers to continue. */
static void
quit_action (GSimpleAction *action,
             GVariant      *parameter,
             gpointer       user_data)
{
  StrataApplication *self = user_data;

  if (!strata_app_migration_get_under_way (self->migration))
    {
      g_application_quit (user_data);
      return;
    }

  self->is_leaving = TRUE;
  g_application_withdraw_notification (user_data, NOTIFICATION);
  while (find_window (self) != NULL)
    gtk_window_destroy (GTK_WINDOW (find_window (self)));
  strata_app_migration_leave (self->migration);
}

static void
show_migration_action (GSimpleAction *action,
                       GVariant      *parameter,
                       gpointer       user_data)
{
  strata_window_show_page (present_window (user_data), "migration");
}

static void
pause_migration_action (GSimpleAction *action,
                        GVariant      *parameter,
                        gpointer       user_data)
{
  strata_app_migration_pause (STRATA_APPLICATION (user_data)->migration);
}

static void
resume_migration_action (GSimpleAction *action,
                         GVariant      *parameter,
                         gpointer       user_data)
{
  strata_app_migration_resume (STRATA_APPLICATION (user_data)->migration);
}

static void
show_session_action (GSimpleAction *action,
                     GVariant      *parameter,
                     gpointer       user_data)
{
  gtk_widget_activate_action_variant (GTK_WIDGET (present_window (user_data)), "win.show-session", parameter);
}

static const GActionEntry entries[] = {
  { .name = "about", .activate = about_action },
  { .name = "preferences", .activate = preferences_action },
  { .name = "shortcuts", .activate = shortcuts_action },
  { .name = "quit", .activate = quit_action },
  { .name = "show-migration", .activate = show_migration_action },
  { .name = "pause-migration", .activate = pause_migration_action },
  { .name = "resume-migration", .activate = resume_migration_action },
  { .name = "show-session", .activate = show_session_action, .parameter_type = "s" },
};

static const struct
{
  const char *action;
  const char *accels[3];
} accels[] = {
  { "app.preferences", { "<Control>comma", NULL } },
  { "app.quit", { "<Control>q", NULL } },
  { "app.shortcuts", { "<Control>question", "<Control>F1", NULL } },
  { "window.close", { "<Control>w", NULL } },
};

static const GOptionEntry options[] = {
  { "session", 0, 0, G_OPTION_ARG_STRING, NULL, N_("Show the session of this id or key"), N_("ID") },
  { "version", 0, 0, G_OPTION_ARG_NONE, NULL, N_("Print the version"), NULL },
  { 0 },
};

/* GObject */

static void
strata_application_dispose (GObject *object)
{
  StrataApplication *self = STRATA_APPLICATION (object);

  g_clear_object (&self->settings);
  g_clear_object (&self->follower);
  g_clear_object (&self->power);
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
  application_class->handle_local_options = strata_application_handle_local_options;
  application_class->open = strata_application_open;
  application_class->startup = strata_application_startup;
}

static void
strata_application_init (StrataApplication *self)
{
  GApplication *application = G_APPLICATION (self);

  g_action_map_add_action_entries (G_ACTION_MAP (self), entries, G_N_ELEMENTS (entries), self);
  for (guint i = 0; i < G_N_ELEMENTS (accels); i++)
    gtk_application_set_accels_for_action (GTK_APPLICATION (self), accels[i].action, (const char *const *)accels[i].accels);
  g_application_add_main_option_entries (application, options);
  g_application_set_option_context_parameter_string (application, _("[FOLDER|ZIP]"));
  g_application_set_option_context_summary (application, _("The window to a storage of recorded work sessions. A folder or a ZIP is looked at as an old storage."));
}

StrataApplication *
strata_application_new (void)
{
  return g_object_new (STRATA_TYPE_APPLICATION,
                       "application-id", APP_ID,
                       "flags", G_APPLICATION_HANDLES_OPEN,
                       "resource-base-path", "/io/github/strata_app/Strata",
                       NULL);
}

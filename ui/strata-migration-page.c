/* strata-migration-page.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-choose-view.h"
#include "strata-compat.h"
#include "strata-format.h"
#include "strata-migration-page.h"
#include "strata-plan-view.h"
#include "strata-report-view.h"
#include "strata-run-view.h"
#include "strata-spinner.h"

/**
 * StrataMigrationPage:
 *
 * The way from an old store to a finished migration: choose, analyse, run,
 * report. What runs is a [class@Strata.AppMigration], which is there without
 * the page; the page follows its state.
 *
 * Threads: the main one only.
 */
struct _StrataMigrationPage
{
  StrataPage          parent_instance;

  StrataAppMigration *migration;
  GCancellable       *cancellable;     /* while a plan is made */
  char               *legacy_path;     /* that is or was analysed; a filename */
  gboolean            paused_to_ask;   /* whether to cancel */
  gboolean            is_offered;      /* what a program before this one left unfinished */

  /* Template children */
  GtkStack           *stack;
  StrataChooseView   *choose_view;
  AdwStatusPage      *analysing_page;
  AdwStatusPage      *unusable_page;
  StrataPlanView     *plan_view;
  StrataReportView   *report_view;
};

enum {
  PROP_0,
  PROP_MIGRATION,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataMigrationPage, strata_migration_page, STRATA_TYPE_PAGE)

static GParamSpec *properties[N_PROPS];

static void
show_view (StrataMigrationPage *self,
           const char          *name)
{
  gtk_stack_set_visible_child_name (self->stack, name);
  strata_page_set_can_go_back (STRATA_PAGE (self), g_str_equal (name, "plan") || g_str_equal (name, "unusable") ||
                                                   g_str_equal (name, "report"));
}

static void
show_choose (StrataMigrationPage *self)
{
  StrataAppStore *store = strata_page_get_app_store (STRATA_PAGE (self));

  if (store != NULL)
    strata_choose_view_look (self->choose_view, store);
  show_view (self, "choose");
}

/* Follows the migration, whoever it was that told it */
static void
state_cb (StrataMigrationPage *self)
{
  StrataAppMigrationState state = strata_app_migration_get_state (self->migration);
  GtkWidget *widget = GTK_WIDGET (self);

  gtk_widget_action_set_enabled (widget, "migration.pause", state == STRATA_APP_MIGRATION_RUNNING);
  gtk_widget_action_set_enabled (widget, "migration.cancel",
                                 state == STRATA_APP_MIGRATION_RUNNING || state == STRATA_APP_MIGRATION_PAUSED);

  switch (state)
    {
    case STRATA_APP_MIGRATION_NONE:
      show_choose (self);
      break;

    case STRATA_APP_MIGRATION_RUNNING:
    case STRATA_APP_MIGRATION_PAUSING:
    case STRATA_APP_MIGRATION_PAUSED:
    case STRATA_APP_MIGRATION_CANCELLING:
    case STRATA_APP_MIGRATION_FINISHING:
      show_view (self, "run");
      break;

    case STRATA_APP_MIGRATION_CANCELLED:
    case STRATA_APP_MIGRATION_COMPLETE:
    case STRATA_APP_MIGRATION_FAILED:
      strata_report_view_show (self->report_view, self->migration);
      show_view (self, "report");
      break;

    default:
      g_assert_not_reached ();
    }
}

/* Analysing */

static gpointer
plan_worker (const char    *path,
             StrataStore   *store,
             gpointer       data,
             GCancellable  *cancellable,
             GError       **error)
{
  return strata_plan_make (path, data, NULL, NULL, cancellable, error);
}

static void
plan_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(StrataMigrationPage) self = user_data;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataPlan) plan = strata_app_store_call_finish (STRATA_APP_STORE (object), result, &error);

  /* It was stopped, or the page is gone, or another is made */
  if (g_task_get_cancellable (G_TASK (result)) != self->cancellable)
    return;

  g_clear_object (&self->cancellable);
  if (plan != NULL)
    {
      strata_plan_view_set_plan (self->plan_view, plan);
      show_view (self, "plan");
    }
  else
    {
      g_autofree char *escaped = g_markup_escape_text (error->message, -1);

      adw_status_page_set_description (self->unusable_page, escaped);
      show_view (self, "unusable");
    }
}

static void
stop_analysing (StrataMigrationPage *self)
{
  if (self->cancellable != NULL)
    g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
}

/**
 * strata_migration_page_analyse:
 * @legacy_path: an old store; a filename
 *
 * Makes a plan, and shows it. Does nothing while a migration is under way.
 */
void
strata_migration_page_analyse (StrataMigrationPage *self,
                               const char          *legacy_path)
{
  StrataAppStore *store = NULL;
  g_autofree char *place = NULL;
  g_autofree char *escaped = NULL;

  g_return_if_fail (STRATA_IS_MIGRATION_PAGE (self));
  g_return_if_fail (legacy_path != NULL);

  if (strata_app_migration_get_under_way (self->migration))
    return;

  stop_analysing (self);
  if (self->legacy_path != legacy_path)
    {
      g_free (self->legacy_path);
      self->legacy_path = g_strdup (legacy_path);
    }
  place = strata_format_path (legacy_path);
  escaped = g_markup_escape_text (place, -1);
  adw_status_page_set_description (self->analysing_page, escaped);
  show_view (self, "analysing");

  store = strata_page_get_app_store (STRATA_PAGE (self));
  self->cancellable = g_cancellable_new ();
  strata_app_store_call_async (store, plan_worker, g_strdup (legacy_path), g_free, (GDestroyNotify)strata_plan_unref,
                               self->cancellable, plan_cb, g_object_ref (self));
}

/* Actions */

static void
analyse_action (GtkWidget  *widget,
                const char *action_name,
                GVariant   *parameter)
{
  strata_migration_page_analyse (STRATA_MIGRATION_PAGE (widget), g_variant_get_bytestring (parameter));
}

static void
analyse_again_action (GtkWidget  *widget,
                      const char *action_name,
                      GVariant   *parameter)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (widget);

  if (self->legacy_path != NULL)
    strata_migration_page_analyse (self, self->legacy_path);
}

static void
choose_action (GtkWidget  *widget,
               const char *action_name,
               GVariant   *parameter)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (widget);

  stop_analysing (self);
  if (strata_app_migration_get_state (self->migration) == STRATA_APP_MIGRATION_NONE)
    show_choose (self);
  else
    strata_app_migration_forget (self->migration);
}

static void
start_action (GtkWidget  *widget,
              const char *action_name,
              GVariant   *parameter)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (widget);

  if (self->legacy_path != NULL)
    strata_app_migration_start (self->migration, self->legacy_path);
}

static void
start_from_action (GtkWidget  *widget,
                   const char *action_name,
                   GVariant   *parameter)
{
  strata_app_migration_start (STRATA_MIGRATION_PAGE (widget)->migration, g_variant_get_bytestring (parameter));
}

static void
pause_action (GtkWidget  *widget,
              const char *action_name,
              GVariant   *parameter)
{
  strata_app_migration_pause (STRATA_MIGRATION_PAGE (widget)->migration);
}

static void
resume_action (GtkWidget  *widget,
               const char *action_name,
               GVariant   *parameter)
{
  strata_app_migration_resume (STRATA_MIGRATION_PAGE (widget)->migration);
}

static void
cancel_response_cb (StrataMigrationPage *self,
                    const char          *response)
{
  if (g_str_equal (response, "keep"))
    strata_app_migration_cancel (self->migration, TRUE);
  else if (g_str_equal (response, "discard"))
    strata_app_migration_cancel (self->migration, FALSE);
  else if (self->paused_to_ask)
    strata_app_migration_resume (self->migration);
  self->paused_to_ask = FALSE;
}

/* It waits for the answer: what there is to keep or to discard stays what it is. */
static void
cancel_action (GtkWidget  *widget,
               const char *action_name,
               GVariant   *parameter)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (widget);
  GtkWidget *dialog = adw_message_dialog_new (GTK_WINDOW (gtk_widget_get_root (widget)), _("Cancel the Migration?"),
                                              _("The sessions that were copied completely can stay in the new storage: they are not copied again when you continue later. Or they are removed from it. The old storage is as it was, either way."));
  AdwMessageDialog *message = ADW_MESSAGE_DIALOG (dialog);

  adw_message_dialog_add_responses (message,
                                    "go-on", _("_Go On"),
                                    "keep", _("_Keep What Is Done"),
                                    "discard", _("_Discard"),
                                    NULL);
  adw_message_dialog_set_response_appearance (message, "discard", ADW_RESPONSE_DESTRUCTIVE);
  adw_message_dialog_set_default_response (message, "go-on");
  adw_message_dialog_set_close_response (message, "go-on");
  g_signal_connect_object (dialog, "response", G_CALLBACK (cancel_response_cb), widget, G_CONNECT_SWAPPED);
  self->paused_to_ask = strata_app_migration_get_state (self->migration) == STRATA_APP_MIGRATION_RUNNING;
  strata_app_migration_pause (self->migration);
  gtk_window_present (GTK_WINDOW (dialog));
}

/* StrataPage */

static void
strata_migration_page_store_changed (StrataPage     *page,
                                     StrataAppStore *store)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (page);
  StrataAppStoreState state = strata_app_store_get_state (store);

  strata_page_set_available (page, state == STRATA_APP_STORE_ABSENT || state == STRATA_APP_STORE_OPEN);
  if (g_str_equal (gtk_stack_get_visible_child_name (self->stack), "choose"))
    strata_choose_view_look (self->choose_view, store);
  if (!self->is_offered && strata_app_store_get_unfinished (store) != NULL &&
      strata_app_migration_get_state (self->migration) == STRATA_APP_MIGRATION_NONE)
    {
      self->is_offered = TRUE;
      gtk_widget_activate_action (GTK_WIDGET (self), "win.show-page", "s", "migration");
    }
}

static void
strata_migration_page_go_back (StrataPage *page)
{
  choose_action (GTK_WIDGET (page), NULL, NULL);
}

/* GObject */

static void
strata_migration_page_dispose (GObject *object)
{
  StrataMigrationPage *self = STRATA_MIGRATION_PAGE (object);

  stop_analysing (self);
  if (self->migration != NULL)
    g_signal_handlers_disconnect_by_data (self->migration, self);
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_MIGRATION_PAGE);

  G_OBJECT_CLASS (strata_migration_page_parent_class)->dispose (object);

  /* Only now do the bindings of the template look away from it */
  g_clear_object (&self->migration);
}

static void
strata_migration_page_finalize (GObject *object)
{
  g_free (STRATA_MIGRATION_PAGE (object)->legacy_path);

  G_OBJECT_CLASS (strata_migration_page_parent_class)->finalize (object);
}

static void
strata_migration_page_get_property (GObject    *object,
                                    guint       prop_id,
                                    GValue     *value,
                                    GParamSpec *pspec)
{
  switch (prop_id)
    {
    case PROP_MIGRATION:
      g_value_set_object (value, STRATA_MIGRATION_PAGE (object)->migration);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_migration (StrataMigrationPage *self,
               StrataAppMigration  *migration)
{
  if (!g_set_object (&self->migration, migration))
    return;

  g_signal_connect_object (migration, "notify::state", G_CALLBACK (state_cb), self, G_CONNECT_SWAPPED);
  state_cb (self);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MIGRATION]);
}

static void
strata_migration_page_set_property (GObject      *object,
                                    guint         prop_id,
                                    const GValue *value,
                                    GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_MIGRATION:
      set_migration (STRATA_MIGRATION_PAGE (object), g_value_get_object (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
install_actions (GtkWidgetClass *widget_class)
{
  gtk_widget_class_install_action (widget_class, "migration.analyse", "ay", analyse_action);
  gtk_widget_class_install_action (widget_class, "migration.analyse-again", NULL, analyse_again_action);
  gtk_widget_class_install_action (widget_class, "migration.stop-analysing", NULL, choose_action);
  gtk_widget_class_install_action (widget_class, "migration.choose", NULL, choose_action);
  gtk_widget_class_install_action (widget_class, "migration.start", NULL, start_action);
  gtk_widget_class_install_action (widget_class, "migration.start-from", "ay", start_from_action);
  gtk_widget_class_install_action (widget_class, "migration.pause", NULL, pause_action);
  gtk_widget_class_install_action (widget_class, "migration.resume", NULL, resume_action);
  gtk_widget_class_install_action (widget_class, "migration.cancel", NULL, cancel_action);
}

static void
strata_migration_page_class_init (StrataMigrationPageClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);
  StrataPageClass *page_class = STRATA_PAGE_CLASS (klass);

  object_class->dispose = strata_migration_page_dispose;
  object_class->finalize = strata_migration_page_finalize;
  object_class->get_property = strata_migration_page_get_property;
  object_class->set_property = strata_migration_page_set_property;
  page_class->store_changed = strata_migration_page_store_changed;
  page_class->go_back = strata_migration_page_go_back;

  properties[PROP_MIGRATION] =
    g_param_spec_object ("migration", NULL, NULL, STRATA_TYPE_APP_MIGRATION,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (STRATA_TYPE_SPINNER);
  g_type_ensure (STRATA_TYPE_CHOOSE_VIEW);
  g_type_ensure (STRATA_TYPE_PLAN_VIEW);
  g_type_ensure (STRATA_TYPE_REPORT_VIEW);
  g_type_ensure (STRATA_TYPE_RUN_VIEW);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-migration-page.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, choose_view);
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, analysing_page);
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, unusable_page);
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, plan_view);
  gtk_widget_class_bind_template_child (widget_class, StrataMigrationPage, report_view);
  install_actions (widget_class);
}

static void
strata_migration_page_init (StrataMigrationPage *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  strata_compat_tell_only_visible_page (self->stack);
}

/* strata-run-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-problem-list.h"
#include "strata-run-view.h"
#include "strata-sparkline.h"

/**
 * StrataRunView:
 *
 * A migration under way: how far it is, how quick, what was noticed; and the
 * buttons that pause, resume and cancel it.
 *
 * Threads: the main one only.
 */
struct _StrataRunView
{
  AdwBin              parent_instance;

  StrataAppMigration *migration;

  /* Template children */
  StrataSparkline    *sparkline;
  StrataProblemList  *problems;
};

enum {
  PROP_0,
  PROP_MIGRATION,
  N_PROPS
};

G_DEFINE_FINAL_TYPE (StrataRunView, strata_run_view, ADW_TYPE_BIN)

static GParamSpec *properties[N_PROPS];

static char *
format_title_cb (StrataRunView           *self,
                 StrataAppMigrationState  state,
                 const char              *step,
                 const char              *wait_text)
{
  /* It does so by itself */
  if (state == STRATA_APP_MIGRATION_PAUSED && wait_text != NULL && *wait_text != '\0')
    return g_strdup (_("Waiting"));
  if (state == STRATA_APP_MIGRATION_PAUSED)
    return g_strdup (_("Paused"));
  if (state == STRATA_APP_MIGRATION_PAUSING)
    return g_strdup (_("Pausing…"));
  if (state == STRATA_APP_MIGRATION_CANCELLING)
    return g_strdup (_("Stopping…"));

  return g_strdup (step);
}

static char *
format_speed_cb (StrataRunView *self,
                 double         speed)
{
  return strata_format_speed (speed);
}

static gboolean
is_not_empty_cb (StrataRunView *self,
                 const char    *text)
{
  return text != NULL && *text != '\0';
}

static gboolean
is_paused_cb (StrataRunView           *self,
              StrataAppMigrationState  state)
{
  return state == STRATA_APP_MIGRATION_PAUSED;
}

/* Only then is there a speed, and a time that is left. */
static gboolean
is_running_cb (StrataRunView           *self,
               StrataAppMigrationState  state)
{
  return state == STRATA_APP_MIGRATION_RUNNING;
}

static gboolean
goes_on_cb (StrataRunView           *self,
            StrataAppMigrationState  state)
{
  return state == STRATA_APP_MIGRATION_RUNNING || state == STRATA_APP_MIGRATION_FINISHING;
}

static gboolean
may_pause_cb (StrataRunView           *self,
              StrataAppMigrationState  state)
{
  return state != STRATA_APP_MIGRATION_PAUSED && state != STRATA_APP_MIGRATION_FINISHING;
}

/* The index is made in one go, and of what is here already. */
static gboolean
is_moving_cb (StrataRunView           *self,
              StrataAppMigrationState  state)
{
  return state != STRATA_APP_MIGRATION_FINISHING;
}

static void
speed_cb (StrataRunView *self)
{
  if (strata_app_migration_get_state (self->migration) == STRATA_APP_MIGRATION_RUNNING)
    strata_sparkline_add (self->sparkline, strata_app_migration_get_speed (self->migration));
}

static void
strata_run_view_dispose (GObject *object)
{
  StrataRunView *self = STRATA_RUN_VIEW (object);

  if (self->migration != NULL)
    g_signal_handlers_disconnect_by_data (self->migration, self);
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_RUN_VIEW);

  G_OBJECT_CLASS (strata_run_view_parent_class)->dispose (object);

  /* Only now do the bindings of the template look away from it */
  g_clear_object (&self->migration);
}

static void
strata_run_view_get_property (GObject    *object,
                              guint       prop_id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  StrataRunView *self = STRATA_RUN_VIEW (object);

  switch (prop_id)
    {
    case PROP_MIGRATION:
      g_value_set_object (value, self->migration);
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
set_migration (StrataRunView      *self,
               StrataAppMigration *migration)
{
  if (!g_set_object (&self->migration, migration))
    return;

  strata_problem_list_set_problems (self->problems, strata_app_migration_get_problems (migration));
  g_signal_connect_object (migration, "notify::speed", G_CALLBACK (speed_cb), self, G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MIGRATION]);
}

static void
strata_run_view_set_property (GObject      *object,
                              guint         prop_id,
                              const GValue *value,
                              GParamSpec   *pspec)
{
  switch (prop_id)
    {
    case PROP_MIGRATION:
      set_migration (STRATA_RUN_VIEW (object), g_value_get_object (value));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_run_view_class_init (StrataRunViewClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  object_class->dispose = strata_run_view_dispose;
  object_class->get_property = strata_run_view_get_property;
  object_class->set_property = strata_run_view_set_property;

  properties[PROP_MIGRATION] =
    g_param_spec_object ("migration", NULL, NULL, STRATA_TYPE_APP_MIGRATION,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  g_object_class_install_properties (object_class, N_PROPS, properties);

  g_type_ensure (STRATA_TYPE_PROBLEM_LIST);
  g_type_ensure (STRATA_TYPE_SPARKLINE);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-run-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataRunView, sparkline);
  gtk_widget_class_bind_template_child (widget_class, StrataRunView, problems);
  gtk_widget_class_bind_template_callback (widget_class, format_title_cb);
  gtk_widget_class_bind_template_callback (widget_class, format_speed_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_not_empty_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_paused_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_running_cb);
  gtk_widget_class_bind_template_callback (widget_class, goes_on_cb);
  gtk_widget_class_bind_template_callback (widget_class, is_moving_cb);
  gtk_widget_class_bind_template_callback (widget_class, may_pause_cb);
}

static void
strata_run_view_init (StrataRunView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

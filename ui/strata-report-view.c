/* strata-report-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-problem-list.h"
#include "strata-report-view.h"
#include "strata-size-bars.h"
#include "strata-window.h"

/**
 * StrataReportView:
 *
 * How a migration ended: what was done, what was noticed, the picture of before
 * and after, and what can be done next.
 *
 * Threads: the main one only.
 */
struct _StrataReportView
{
  AdwBin                   parent_instance;

  StrataAppMigrationState  state;
  StrataWindow            *window;      /* it is in; NULL: in none */

  /* Template children */
  GtkImage                *icon;
  GtkLabel                *title_label;
  GtkLabel                *description_label;
  GtkWidget               *open_button;
  GtkButton               *again_button;
  GtkWidget               *found_button;
  GtkWidget               *back_button;
  StrataSizeBars          *bars;
  GtkWidget               *figures;
  GtkListBox              *list;
  StrataProblemList       *problems;
};

G_DEFINE_FINAL_TYPE (StrataReportView, strata_report_view, ADW_TYPE_BIN)

static void
add_row (StrataReportView *self,
         const char       *title,
         const char       *value)
{
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *label = gtk_label_new (value);

  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), title);
  gtk_widget_add_css_class (label, "numeric");
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), label);
  gtk_list_box_append (self->list, row);
}

/* Nothing is said of what there was none of. */
static void
add_number (StrataReportView *self,
            const char       *title,
            guint64           number)
{
  g_autofree char *value = g_strdup_printf ("%'lu", (gulong)number);

  if (number > 0)
    add_row (self, title, value);
}

static void
show_figures (StrataReportView            *self,
              const StrataMigrationCounts *counts)
{
  g_autofree char *time = strata_format_duration (counts->seconds_total);
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->list, 0)) != NULL)
    gtk_list_box_remove (self->list, GTK_WIDGET (row));

  add_number (self, _("Sessions copied"), counts->sessions_migrated);
  add_number (self, _("Of these, found again"), counts->sessions_recovered);
  add_number (self, _("Sessions that were here already"), counts->sessions_unchanged);
  add_number (self, _("Sessions that could not be copied"), counts->sessions_failed);
  add_number (self, _("Attachments"), counts->attachments_stored);
  add_number (self, _("Of these, the same as another"), counts->attachments_deduplicated);
  add_number (self, _("Attachments the old storage has no data for"), counts->attachments_missing);
  add_number (self, _("Attachments that can’t be decoded"), counts->attachments_failed);
  add_row (self, _("Time"), time);
}

static void
set_head (StrataReportView *self,
          const char       *icon_name,
          const char       *css_class,
          const char       *title,
          const char       *description)
{
  const char *css_classes[] = { css_class, NULL };

  gtk_image_set_from_icon_name (self->icon, icon_name);
  gtk_widget_set_css_classes (GTK_WIDGET (self->icon), css_classes);
  gtk_label_set_label (self->title_label, title);
  gtk_label_set_label (self->description_label, description);
}

static void
show_complete (StrataReportView            *self,
               const StrataMigrationCounts *counts)
{
  guint64 sessions = counts->sessions_migrated + counts->sessions_unchanged;
  g_autofree char *text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                                        "%lu session was read back and compared with the old storage, which is as it was.",
                                                        "%lu sessions were read back and compared with the old storage, which is as it was.",
                                                        (gulong)sessions), (gulong)sessions);

  if (counts->sessions_failed + counts->attachments_failed + counts->attachments_missing > 0)
    set_head (self, "dialog-warning-symbolic", "warning", _("Done, With Exceptions"), text);
  else
    set_head (self, "emblem-ok-symbolic", "success", _("Everything Is Here"), text);
}

static void
show_cancelled (StrataReportView            *self,
                const StrataMigrationCounts *counts,
                gboolean                     is_discarded)
{
  g_autofree char *text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE,
                                                        "%lu session is in the new storage. The old storage is as it was.",
                                                        "%lu sessions are in the new storage. The old storage is as it was.",
                                                        (gulong)(counts->sessions_migrated + counts->sessions_unchanged)),
                                           (gulong)(counts->sessions_migrated + counts->sessions_unchanged));

  set_head (self, "media-playback-stop-symbolic", "dim-label", _("Stopped"),
            is_discarded ? _("Nothing of it is in the new storage. The old storage is as it was.") : text);
}

/* Notes are only to be known; what a warning is about may go better another time. */
static gboolean
may_go_better (GListModel *problems)
{
  for (guint i = 0; i < g_list_model_get_n_items (problems); i++)
    {
      g_autoptr(StrataProblem) problem = g_list_model_get_item (problems, i);

      if (strata_problem_get_severity (problem) != STRATA_SEVERITY_NOTE)
        return TRUE;
    }

  return FALSE;
}

/* Only ways that are there are offered. */
static void
show_ways (StrataReportView *self)
{
  gboolean is_complete = self->state == STRATA_APP_MIGRATION_COMPLETE && self->window != NULL;

  gtk_widget_set_visible (self->open_button, is_complete && strata_window_has_page (self->window, "sessions"));
  gtk_widget_set_visible (self->found_button, is_complete && strata_window_has_page (self->window, "found"));
  gtk_widget_set_visible (self->back_button, is_complete && strata_window_has_page (self->window, "old-storage"));
}

static void
strata_report_view_root (GtkWidget *widget)
{
  StrataReportView *self = STRATA_REPORT_VIEW (widget);
  GtkRoot *root = NULL;

  GTK_WIDGET_CLASS (strata_report_view_parent_class)->root (widget);

  root = gtk_widget_get_root (widget);
  if (!STRATA_IS_WINDOW (root))
    return;

  self->window = STRATA_WINDOW (root);
  g_signal_connect_object (self->window, "pages-changed", G_CALLBACK (show_ways), self, G_CONNECT_SWAPPED);
}

static void
strata_report_view_unroot (GtkWidget *widget)
{
  StrataReportView *self = STRATA_REPORT_VIEW (widget);

  if (self->window != NULL)
    g_signal_handlers_disconnect_by_data (self->window, self);
  self->window = NULL;

  GTK_WIDGET_CLASS (strata_report_view_parent_class)->unroot (widget);
}

static void
show_again (StrataReportView *self,
            gboolean          has_problems)
{
  gtk_button_set_label (self->again_button,
                        self->state == STRATA_APP_MIGRATION_CANCELLED ? _("_Continue") : _("_Try Again"));
  gtk_widget_set_visible (GTK_WIDGET (self->again_button), self->state != STRATA_APP_MIGRATION_COMPLETE || has_problems);
}

/**
 * strata_report_view_show:
 * @migration: one that has ended
 */
void
strata_report_view_show (StrataReportView   *self,
                         StrataAppMigration *migration)
{
  StrataAppMigrationState state;
  StrataMigrationCounts counts;

  g_return_if_fail (STRATA_IS_REPORT_VIEW (self));

  state = strata_app_migration_get_state (migration);
  strata_app_migration_get_counts (migration, &counts);
  if (state == STRATA_APP_MIGRATION_COMPLETE)
    show_complete (self, &counts);
  else if (state == STRATA_APP_MIGRATION_CANCELLED)
    show_cancelled (self, &counts, strata_app_migration_get_discarded (migration));
  else
    set_head (self, "dialog-error-symbolic", "error", _("The Migration Could Not Go On"),
              strata_app_migration_get_message (migration));

  show_figures (self, &counts);
  gtk_widget_set_visible (self->figures, state == STRATA_APP_MIGRATION_COMPLETE);
  strata_size_bars_set (self->bars, counts.bytes_original, counts.bytes_stored, FALSE);
  gtk_widget_set_visible (GTK_WIDGET (self->bars), state == STRATA_APP_MIGRATION_COMPLETE && counts.bytes_original > 0);
  strata_problem_list_set_problems (self->problems, strata_app_migration_get_problems (migration));
  self->state = state;
  show_ways (self);
  show_again (self, may_go_better (strata_app_migration_get_problems (migration)));
}

static void
strata_report_view_dispose (GObject *object)
{
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_REPORT_VIEW);

  G_OBJECT_CLASS (strata_report_view_parent_class)->dispose (object);
}

static void
strata_report_view_class_init (StrataReportViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_report_view_dispose;
  widget_class->root = strata_report_view_root;
  widget_class->unroot = strata_report_view_unroot;

  g_type_ensure (STRATA_TYPE_PROBLEM_LIST);
  g_type_ensure (STRATA_TYPE_SIZE_BARS);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-report-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, icon);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, title_label);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, description_label);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, open_button);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, again_button);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, found_button);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, back_button);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, bars);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, figures);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, list);
  gtk_widget_class_bind_template_child (widget_class, StrataReportView, problems);
}

static void
strata_report_view_init (StrataReportView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

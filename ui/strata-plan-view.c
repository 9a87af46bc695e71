/* strata-plan-view.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-plan-view.h"
#include "strata-problem-list.h"
#include "strata-size-bars.h"

/**
 * StrataPlanView:
 *
 * What a migration would do, before it writes anything, and the button that
 * starts it. Where there is too little space, it can only look again.
 *
 * Threads: the main one only.
 */
struct _StrataPlanView
{
  AdwBin               parent_instance;

  /* Template children */
  GtkLabel            *title_label;
  StrataSizeBars      *bars;
  AdwActionRow        *sessions_row;
  AdwActionRow        *recovered_row;
  AdwActionRow        *attachments_row;
  AdwActionRow        *time_row;
  AdwActionRow        *space_row;
  GtkWidget           *start_button;
  GtkWidget           *again_button;
  GtkWidget           *sources_group;
  GtkListBox          *sources_list;
  StrataProblemList   *problems;
};

G_DEFINE_FINAL_TYPE (StrataPlanView, strata_plan_view, ADW_TYPE_BIN)

/* A row has its value at its end, as text that a screen reader reads with it. */
static void
set_value (AdwActionRow *row,
           const char   *text)
{
  GtkWidget *label = g_object_get_data (G_OBJECT (row), "value-label");

  if (label == NULL)
    {
      label = gtk_label_new (NULL);
      gtk_label_set_wrap (GTK_LABEL (label), TRUE);
      gtk_label_set_natural_wrap_mode (GTK_LABEL (label), GTK_NATURAL_WRAP_NONE);
      gtk_label_set_xalign (GTK_LABEL (label), 1);
      gtk_widget_add_css_class (label, "numeric");
      adw_action_row_add_suffix (row, label);
      g_object_set_data (G_OBJECT (row), "value-label", label);
    }
  gtk_label_set_label (GTK_LABEL (label), text);
}

static void
set_number (AdwActionRow *row,
            guint64       number)
{
  g_autofree char *text = g_strdup_printf ("%'lu", (gulong)number);

  set_value (row, text);
}

static void
add_source (StrataPlanView         *self,
            const StrataPlanSource *source)
{
  GtkWidget *row = adw_action_row_new ();
  g_autofree char *name = strata_format_path (source->name);
  g_autofree char *date = strata_format_date (source->date_ms);
  g_autofree char *count = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%lu session",
                                                         "%lu sessions", (gulong)source->sessions),
                                            (gulong)source->sessions);
  g_autofree char *subtitle = g_strdup_printf ("%s · %s", date, count);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), name);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  if (source->chosen)
    {
      GtkWidget *icon = gtk_image_new_from_icon_name ("object-select-symbolic");

      gtk_widget_set_tooltip_text (icon, _("The sessions are taken from here"));
      gtk_accessible_update_property (GTK_ACCESSIBLE (icon), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                      _("The sessions are taken from here"), -1);
      adw_action_row_add_suffix (ADW_ACTION_ROW (row), icon);
    }
  gtk_list_box_append (self->sources_list, row);
}

static void
show_sources (StrataPlanView   *self,
              const StrataPlan *plan)
{
  GtkListBoxRow *row;

  while ((row = gtk_list_box_get_row_at_index (self->sources_list, 0)) != NULL)
    gtk_list_box_remove (self->sources_list, GTK_WIDGET (row));
  for (guint i = 0; i < plan->sources->len; i++)
    add_source (self, g_ptr_array_index (plan->sources, i));
  gtk_widget_set_visible (self->sources_group, plan->sources->len > 0);
}

static void
show_space (StrataPlanView   *self,
            const StrataPlan *plan)
{
  g_autofree char *needed = g_format_size (plan->space_needed);
  g_autofree char *free_text = g_format_size (plan->space_free);
  gboolean enough = plan->space_free >= plan->space_needed;

  set_value (self->space_row, needed);
  gtk_widget_set_visible (self->start_button, enough);
  gtk_widget_set_visible (self->again_button, !enough);
  if (enough)
    {
      /* Translators: %s is a size */
      g_autofree char *subtitle = g_strdup_printf (_("%s are free"), free_text);

      adw_action_row_set_subtitle (self->space_row, subtitle);
      gtk_widget_remove_css_class (GTK_WIDGET (self->space_row), "error");
    }
  else
    {
      g_autofree char *missing = g_format_size (plan->space_needed - plan->space_free);
      /* Translators: sizes */
      g_autofree char *subtitle = g_strdup_printf (_("Only %s are free: make room for another %s, then look again"),
                                                   free_text, missing);

      adw_action_row_set_subtitle (self->space_row, subtitle);
      gtk_widget_add_css_class (GTK_WIDGET (self->space_row), "error");
    }
}

/**
 * strata_plan_view_set_plan:
 * @plan: what is shown from now on
 */
void
strata_plan_view_set_plan (StrataPlanView *self,
                           StrataPlan     *plan)
{
  g_autofree char *size = NULL;
  g_autofree char *title = NULL;
  g_autofree char *time = NULL;
  g_autoptr(GListStore) problems = NULL;

  g_return_if_fail (STRATA_IS_PLAN_VIEW (self));
  g_return_if_fail (plan != NULL);

  size = g_format_size (plan->bytes_original);
  /* Translators: a number and a size */
  title = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%lu Session, %s", "%lu Sessions, %s",
                                        (gulong)plan->sessions), (gulong)plan->sessions, size);
  gtk_label_set_label (self->title_label, title);
  strata_size_bars_set (self->bars, plan->bytes_original, plan->bytes_estimated, TRUE);
  set_number (self->sessions_row, plan->sessions);
  set_number (self->recovered_row, plan->recovered);
  gtk_widget_set_visible (GTK_WIDGET (self->recovered_row), plan->recovered > 0);
  set_number (self->attachments_row, plan->attachments);
  time = strata_format_remaining (plan->seconds_estimated);
  set_value (self->time_row, time);
  show_space (self, plan);
  show_sources (self, plan);

  problems = g_list_store_new (STRATA_TYPE_PROBLEM);
  g_list_store_splice (problems, 0, 0, plan->problems->pdata, plan->problems->len);
  strata_problem_list_set_problems (self->problems, G_LIST_MODEL (problems));
}

static void
strata_plan_view_dispose (GObject *object)
{
  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_PLAN_VIEW);

  G_OBJECT_CLASS (strata_plan_view_parent_class)->dispose (object);
}

static void
strata_plan_view_class_init (StrataPlanViewClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_plan_view_dispose;

  g_type_ensure (STRATA_TYPE_PROBLEM_LIST);
  g_type_ensure (STRATA_TYPE_SIZE_BARS);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-plan-view.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, title_label);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, bars);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, sessions_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, recovered_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, attachments_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, time_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, space_row);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, start_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, again_button);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, sources_group);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, sources_list);
  gtk_widget_class_bind_template_child (widget_class, StrataPlanView, problems);
}

static void
strata_plan_view_init (StrataPlanView *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

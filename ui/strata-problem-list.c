/* strata-problem-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>
#include <strata.h>

#include "strata-problem-list.h"
#include "strata-problem-text.h"

/* More of them nobody reads here; they can be copied */
#define N_SHOWN 100

/**
 * StrataProblemList:
 *
 * What was noticed about single things, each with its place and its code. It is
 * not to be seen while there is nothing.
 *
 * Threads: the main one only.
 */
struct _StrataProblemList
{
  AdwBin               parent_instance;

  GListModel          *problems;
  GtkSliceListModel   *shown;

  /* Template children */
  AdwPreferencesGroup *group;
  GtkListBox          *list;
  GtkLabel            *more_label;
};

G_DEFINE_FINAL_TYPE (StrataProblemList, strata_problem_list, ADW_TYPE_BIN)

static const char *
get_icon (StrataProblem *problem)
{
  switch (strata_problem_get_severity (problem))
    {
    case STRATA_SEVERITY_ERROR:
      return "dialog-error-symbolic";

    case STRATA_SEVERITY_WARNING:
      return "dialog-warning-symbolic";

    case STRATA_SEVERITY_NOTE:
    default:
      return "dialog-information-symbolic";
    }
}

/* Where it is, as far as it is known, and its code */
static char *
format_place (StrataProblem *problem)
{
  g_autoptr(GPtrArray) parts = g_ptr_array_new ();
  const char *const all[] = { strata_problem_get_path (problem), strata_problem_get_session (problem),
                              strata_problem_get_item (problem), strata_problem_get_code (problem) };

  for (guint i = 0; i < G_N_ELEMENTS (all); i++)
    if (all[i] != NULL && *all[i] != '\0')
      g_ptr_array_add (parts, (gpointer)all[i]);
  g_ptr_array_add (parts, NULL);

  return g_strjoinv (" · ", (char **)parts->pdata);
}

static char *
format_line (StrataProblem *problem)
{
  g_autofree char *place = format_place (problem);
  g_autofree char *line = g_strdup_printf ("%s\t%s\t%s", strata_severity_get_name (strata_problem_get_severity (problem)),
                                           strata_problem_get_message (problem), place);

  return g_utf8_make_valid (line, -1);
}

static void
copy_cb (GtkButton     *button,
         StrataProblem *problem)
{
  g_autofree char *line = format_line (problem);

  gdk_clipboard_set_text (gtk_widget_get_clipboard (GTK_WIDGET (button)), line);
}

static GtkWidget *
make_row_cb (gpointer item,
             gpointer user_data)
{
  StrataProblem *problem = item;
  GtkWidget *row = adw_action_row_new ();
  GtkWidget *icon = gtk_image_new_from_icon_name (get_icon (problem));
  GtkWidget *copy = gtk_button_new_from_icon_name ("edit-copy-symbolic");
  g_autofree char *place = format_place (problem);
  g_autofree char *message = strata_problem_text_new (problem);
  g_autofree char *subtitle = g_utf8_make_valid (place, -1);

  adw_preferences_row_set_use_markup (ADW_PREFERENCES_ROW (row), FALSE);
  adw_preferences_row_set_title (ADW_PREFERENCES_ROW (row), message);
  adw_action_row_set_subtitle (ADW_ACTION_ROW (row), subtitle);
  adw_action_row_add_prefix (ADW_ACTION_ROW (row), icon);
  gtk_widget_set_valign (copy, GTK_ALIGN_CENTER);
  gtk_widget_add_css_class (copy, "flat");
  gtk_widget_set_tooltip_text (copy, _("Copy"));
  gtk_accessible_update_property (GTK_ACCESSIBLE (copy), GTK_ACCESSIBLE_PROPERTY_LABEL, _("Copy"), -1);
  g_signal_connect_object (copy, "clicked", G_CALLBACK (copy_cb), problem, 0);
  adw_action_row_add_suffix (ADW_ACTION_ROW (row), copy);

  return row;
}

static void
problems_changed_cb (StrataProblemList *self)
{
  guint n = self->problems != NULL ? g_list_model_get_n_items (self->problems) : 0;

  gtk_widget_set_visible (GTK_WIDGET (self), n > 0);
  gtk_widget_set_visible (GTK_WIDGET (self->more_label), n > N_SHOWN);
  if (n > N_SHOWN)
    {
      g_autofree char *text = g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "And %u more, which “Copy All” has too.",
                                                            "And %u more, which “Copy All” has too.", n - N_SHOWN), n - N_SHOWN);

      gtk_label_set_label (self->more_label, text);
    }
}

/**
 * strata_problem_list_set_problems:
 * @problems: (nullable): of [class@Strata.Problem]; the list follows it
 */
void
strata_problem_list_set_problems (StrataProblemList *self,
                                  GListModel        *problems)
{
  g_return_if_fail (STRATA_IS_PROBLEM_LIST (self));

  if (self->problems == problems)
    return;

  if (self->problems != NULL)
    g_signal_handlers_disconnect_by_func (self->problems, problems_changed_cb, self);
  g_set_object (&self->problems, problems);
  gtk_slice_list_model_set_model (self->shown, problems);
  if (problems != NULL)
    g_signal_connect_object (problems, "items-changed", G_CALLBACK (problems_changed_cb), self, G_CONNECT_SWAPPED);
  problems_changed_cb (self);
}

static void
copy_all (GtkWidget  *widget,
          const char *action_name,
          GVariant   *parameter)
{
  StrataProblemList *self = STRATA_PROBLEM_LIST (widget);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (self->problems); i++)
    {
      g_autoptr(StrataProblem) problem = g_list_model_get_item (self->problems, i);
      g_autofree char *line = format_line (problem);

      g_string_append_printf (text, "%s\n", line);
    }
  gdk_clipboard_set_text (gtk_widget_get_clipboard (widget), text->str);
  g_string_free (text, TRUE);
}

static void
strata_problem_list_dispose (GObject *object)
{
  StrataProblemList *self = STRATA_PROBLEM_LIST (object);

  /* The template lets go of it, and AdwBin would once more */
  adw_bin_set_child (ADW_BIN (self), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (self), STRATA_TYPE_PROBLEM_LIST);
  if (self->problems != NULL)
    g_signal_handlers_disconnect_by_data (self->problems, self);
  g_clear_object (&self->shown);
  g_clear_object (&self->problems);

  G_OBJECT_CLASS (strata_problem_list_parent_class)->dispose (object);
}

static void
strata_problem_list_class_init (StrataProblemListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_problem_list_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-problem-list.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataProblemList, group);
  gtk_widget_class_bind_template_child (widget_class, StrataProblemList, list);
  gtk_widget_class_bind_template_child (widget_class, StrataProblemList, more_label);
  gtk_widget_class_install_action (widget_class, "problems.copy-all", NULL, copy_all);
}

static void
strata_problem_list_init (StrataProblemList *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
  self->shown = gtk_slice_list_model_new (NULL, 0, N_SHOWN);
  gtk_list_box_bind_model (self->list, G_LIST_MODEL (self->shown), make_row_cb, self, NULL);
}

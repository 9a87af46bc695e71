/* strata-session-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-session-row.h"

/**
 * StrataSessionRow:
 *
 * A session in the list of them, or the day above some.
 *
 * Threads: the main one only.
 */
struct _StrataSessionRow
{
  AdwBin     parent_instance;

  /* Template children */
  GtkStack  *stack;
  GtkWidget *session;
  GtkLabel  *day;
  GtkLabel  *title;
  GtkLabel  *facts;
};

G_DEFINE_FINAL_TYPE (StrataSessionRow, strata_session_row, ADW_TYPE_BIN)

static void
strata_session_row_dispose (GObject *object)
{
  /* First, so that the bin knows that its child goes with the template */
  adw_bin_set_child (ADW_BIN (object), NULL);
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_SESSION_ROW);

  G_OBJECT_CLASS (strata_session_row_parent_class)->dispose (object);
}

static void
strata_session_row_class_init (StrataSessionRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_session_row_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-session-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSessionRow, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionRow, session);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionRow, day);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionRow, title);
  gtk_widget_class_bind_template_child (widget_class, StrataSessionRow, facts);
}

static void
strata_session_row_init (StrataSessionRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_session_row_new (void)
{
  return g_object_new (STRATA_TYPE_SESSION_ROW, NULL);
}

void
strata_session_row_set_entry (StrataSessionRow   *self,
                              StrataSessionEntry *entry)
{
  g_autofree char *title = NULL;
  g_autofree char *facts = NULL;

  g_return_if_fail (STRATA_IS_SESSION_ROW (self));
  g_return_if_fail (STRATA_IS_SESSION_ENTRY (entry));

  title = strata_session_entry_dup_title (entry);
  if (strata_session_entry_is_day (entry))
    {
      gtk_label_set_label (self->day, title);
      gtk_stack_set_visible_child (self->stack, GTK_WIDGET (self->day));
      return;
    }

  facts = strata_session_entry_dup_facts (entry);
  gtk_label_set_label (self->title, title);
  gtk_label_set_label (self->facts, facts);
  gtk_stack_set_visible_child (self->stack, self->session);
}

/* strata-segment-row.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-paragraph.h"
#include "strata-wording.h"
#include "strata-segment-row.h"

/**
 * StrataSegmentRow:
 *
 * A recording in the transcript: when it was, and what was said.
 *
 * Threads: the main one only.
 */
struct _StrataSegmentRow
{
  AdwBin               parent_instance;

  StrataElementLoader *loader;
  StrataItem          *item;
  gulong               handler;      /* until the item is loaded */
  GCancellable        *cancellable;

  /* Template children */
  GtkLabel            *time;
  StrataParagraph     *text;
  GtkWidget           *delete_button;
};

G_DEFINE_FINAL_TYPE (StrataSegmentRow, strata_segment_row, ADW_TYPE_BIN)

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataSegmentRow) self = user_data;
  gboolean is_mine = g_task_get_cancellable (G_TASK (result)) == self->cancellable;
  g_autoptr(StrataElement) element = strata_element_loader_load_finish (STRATA_ELEMENT_LOADER (object), result, NULL);
  g_autofree char *time = element != NULL && element->time != NULL ? strata_wording_time (element->time) : NULL;

  if (!is_mine || element == NULL)
    return;

  gtk_label_set_label (self->time, time != NULL ? time : "");
  strata_paragraph_set_text (self->text, *element->text != '\0' ? element->text : _("Nothing was written down"));
}

/* What has no id can't be named */
static void
offer_deleting (StrataSegmentRow *self)
{
  const char *id = strata_item_get_id (self->item);

  gtk_widget_set_visible (self->delete_button, id != NULL);
  if (id == NULL)
    return;

  gtk_actionable_set_action_target (GTK_ACTIONABLE (self->delete_button), "s", id);
  gtk_actionable_set_action_name (GTK_ACTIONABLE (self->delete_button), "sessions.delete-segment");
}

static void
load (StrataSegmentRow *self)
{
  g_clear_signal_handler (&self->handler, self->item);
  if (strata_item_get_json (self->item) == NULL)
    {
      strata_paragraph_set_text (self->text, strata_item_get_error (self->item)->message);
      return;
    }

  offer_deleting (self);
  self->cancellable = g_cancellable_new ();
  strata_element_loader_load_async (self->loader, strata_item_get_json (self->item), 0, 0, self->cancellable, loaded_cb,
                                    g_object_ref (self));
}

/**
 * strata_segment_row_clear:
 *
 * Shows nothing any more, and waits for nothing.
 */
void
strata_segment_row_clear (StrataSegmentRow *self)
{
  g_return_if_fail (STRATA_IS_SEGMENT_ROW (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_signal_handler (&self->handler, self->item);
  g_clear_object (&self->item);
  g_clear_object (&self->loader);
}

/**
 * strata_segment_row_bind:
 * @loader: reads the words
 * @item: a recording; it may come later
 */
void
strata_segment_row_bind (StrataSegmentRow     *self,
                       StrataElementLoader *loader,
                       StrataItem          *item)
{
  g_return_if_fail (STRATA_IS_SEGMENT_ROW (self));
  g_return_if_fail (STRATA_IS_ELEMENT_LOADER (loader));
  g_return_if_fail (STRATA_IS_ITEM (item));

  strata_segment_row_clear (self);
  self->loader = g_object_ref (loader);
  gtk_widget_set_visible (self->delete_button, FALSE);
  self->item = g_object_ref (item);
  gtk_label_set_label (self->time, "");
  strata_paragraph_set_text (self->text, "");
  if (strata_item_get_loaded (item) || strata_item_get_error (item) != NULL)
    load (self);
  else
    self->handler = g_signal_connect_swapped (item, "notify", G_CALLBACK (load), self);
}

static void
strata_segment_row_dispose (GObject *object)
{
  strata_segment_row_clear (STRATA_SEGMENT_ROW (object));
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_SEGMENT_ROW);

  G_OBJECT_CLASS (strata_segment_row_parent_class)->dispose (object);
}

static void
strata_segment_row_class_init (StrataSegmentRowClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_segment_row_dispose;

  g_type_ensure (STRATA_TYPE_PARAGRAPH);
  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-segment-row.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataSegmentRow, time);
  gtk_widget_class_bind_template_child (widget_class, StrataSegmentRow, text);
  gtk_widget_class_bind_template_child (widget_class, StrataSegmentRow, delete_button);
}

static void
strata_segment_row_init (StrataSegmentRow *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_segment_row_new (void)
{
  return g_object_new (STRATA_TYPE_SEGMENT_ROW, NULL);
}

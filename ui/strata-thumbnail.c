/* strata-thumbnail.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-wording.h"
#include "strata-thumbnail.h"

#define WIDTH  160
#define HEIGHT 100

/**
 * StrataThumbnail:
 *
 * A screenshot in the film strip. Its picture is read when it comes into view, and
 * not when it is out of it again by then.
 *
 * Threads: the main one only.
 */
struct _StrataThumbnail
{
  AdwBin               parent_instance;

  StrataElementLoader *loader;
  StrataItem          *item;
  gulong               handler;      /* until the item is loaded */
  GCancellable        *cancellable;

  /* Template children */
  GtkStack            *stack;
  GtkPicture          *picture;
  GtkLabel            *time;
};

G_DEFINE_FINAL_TYPE (StrataThumbnail, strata_thumbnail, ADW_TYPE_BIN)

static void
show_time (StrataThumbnail *self,
           GDateTime       *time)
{
  g_autofree char *text = time != NULL ? strata_wording_time (time)
                                       : g_strdup_printf ("%u", strata_item_get_position (self->item) + 1);
  /* Translators: a screenshot taken at that time */
  g_autofree char *name = g_strdup_printf (_("Screenshot, %s"), text);

  gtk_label_set_label (self->time, text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self->picture), GTK_ACCESSIBLE_PROPERTY_LABEL, name, -1);
}

static void
loaded_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  g_autoptr(StrataThumbnail) self = user_data;
  gboolean is_mine = g_task_get_cancellable (G_TASK (result)) == self->cancellable;
  g_autoptr(StrataElement) element = strata_element_loader_load_finish (STRATA_ELEMENT_LOADER (object), result, NULL);

  if (!is_mine || element == NULL)
    return;

  show_time (self, element->time);
  gtk_picture_set_paintable (self->picture, GDK_PAINTABLE (element->picture));
  gtk_widget_set_tooltip_text (GTK_WIDGET (self), element->problem);
  gtk_stack_set_visible_child_name (self->stack, element->picture != NULL ? "picture" : "none");
}

static void
load (StrataThumbnail *self)
{
  int scale = gtk_widget_get_scale_factor (GTK_WIDGET (self));

  g_clear_signal_handler (&self->handler, self->item);
  if (strata_item_get_json (self->item) == NULL)
    {
      gtk_stack_set_visible_child_name (self->stack, "none");
      return;
    }

  self->cancellable = g_cancellable_new ();
  strata_element_loader_load_async (self->loader, strata_item_get_json (self->item), WIDTH * scale, HEIGHT * scale,
                                    self->cancellable, loaded_cb, g_object_ref (self));
}

/**
 * strata_thumbnail_clear:
 *
 * Shows nothing any more, and waits for nothing.
 */
void
strata_thumbnail_clear (StrataThumbnail *self)
{
  g_return_if_fail (STRATA_IS_THUMBNAIL (self));

  g_cancellable_cancel (self->cancellable);
  g_clear_object (&self->cancellable);
  g_clear_signal_handler (&self->handler, self->item);
  g_clear_object (&self->item);
  g_clear_object (&self->loader);
  if (self->picture != NULL)
    gtk_picture_set_paintable (self->picture, NULL);
}

/**
 * strata_thumbnail_bind:
 * @loader: reads the picture
 * @item: a screenshot; it may come later
 */
void
strata_thumbnail_bind (StrataThumbnail     *self,
                       StrataElementLoader *loader,
                       StrataItem          *item)
{
  g_return_if_fail (STRATA_IS_THUMBNAIL (self));
  g_return_if_fail (STRATA_IS_ELEMENT_LOADER (loader));
  g_return_if_fail (STRATA_IS_ITEM (item));

  strata_thumbnail_clear (self);
  self->loader = g_object_ref (loader);
  self->item = g_object_ref (item);
  gtk_stack_set_visible_child_name (self->stack, "waiting");
  show_time (self, NULL);
  if (strata_item_get_loaded (item) || strata_item_get_error (item) != NULL)
    load (self);
  else
    self->handler = g_signal_connect_swapped (item, "notify", G_CALLBACK (load), self);
}

static void
strata_thumbnail_dispose (GObject *object)
{
  strata_thumbnail_clear (STRATA_THUMBNAIL (object));
  gtk_widget_dispose_template (GTK_WIDGET (object), STRATA_TYPE_THUMBNAIL);

  G_OBJECT_CLASS (strata_thumbnail_parent_class)->dispose (object);
}

static void
strata_thumbnail_class_init (StrataThumbnailClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_thumbnail_dispose;

  gtk_widget_class_set_template_from_resource (widget_class, "/io/github/strata_app/Strata/ui/strata-thumbnail.ui");
  gtk_widget_class_bind_template_child (widget_class, StrataThumbnail, stack);
  gtk_widget_class_bind_template_child (widget_class, StrataThumbnail, picture);
  gtk_widget_class_bind_template_child (widget_class, StrataThumbnail, time);
}

static void
strata_thumbnail_init (StrataThumbnail *self)
{
  gtk_widget_init_template (GTK_WIDGET (self));
}

GtkWidget *
strata_thumbnail_new (void)
{
  return g_object_new (STRATA_TYPE_THUMBNAIL, NULL);
}

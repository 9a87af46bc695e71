/* strata-paragraph.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <string.h>

#include "strata-paragraph.h"

/* Pixels that are enough for a few words, and that nobody wants lines to be longer than */
#define MINIMUM_WIDTH 80
#define NATURAL_WIDTH 640

/**
 * StrataParagraph:
 *
 * Text that is as wide as there is room, in as many lines as it takes.
 *
 * A #GtkLabel that wraps lays its text out for its narrowest, its widest and
 * several other widths before it is drawn, which for the transcript of an hour
 * is longer than anybody waits. This one does not ask its text how wide it
 * wants to be, and lays it out once for each width that it is given.
 *
 * Needs memory for one layout. Threads: the main one only.
 */
struct _StrataParagraph
{
  GtkWidget    parent_instance;

  char        *text;
  PangoLayout *layout;      /* (nullable): not yet laid out */
};

G_DEFINE_FINAL_TYPE (StrataParagraph, strata_paragraph, GTK_TYPE_WIDGET)

static PangoLayout *
lay_out (StrataParagraph *self,
         int              width)
{
  if (self->layout == NULL)
    {
      self->layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), self->text);
      pango_layout_set_wrap (self->layout, PANGO_WRAP_WORD_CHAR);
    }
  /* Does nothing where it has that width */
  pango_layout_set_width (self->layout, width * PANGO_SCALE);

  return self->layout;
}

static void
forget_layout (StrataParagraph *self)
{
  g_clear_object (&self->layout);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static GtkSizeRequestMode
strata_paragraph_get_request_mode (GtkWidget *widget)
{
  return GTK_SIZE_REQUEST_HEIGHT_FOR_WIDTH;
}

static void
strata_paragraph_measure (GtkWidget      *widget,
                          GtkOrientation  orientation,
                          int             for_size,
                          int            *minimum,
                          int            *natural,
                          int            *minimum_baseline,
                          int            *natural_baseline)
{
  if (orientation == GTK_ORIENTATION_HORIZONTAL)
    {
      *minimum = MINIMUM_WIDTH;
      *natural = NATURAL_WIDTH;
      return;
    }

  pango_layout_get_pixel_size (lay_out (STRATA_PARAGRAPH (widget), for_size >= 0 ? for_size : NATURAL_WIDTH), NULL, minimum);
  *natural = *minimum;
}

static void
strata_paragraph_snapshot (GtkWidget   *widget,
                           GtkSnapshot *snapshot)
{
  gtk_snapshot_render_layout (snapshot, gtk_widget_get_style_context (widget), 0, 0,
                              lay_out (STRATA_PARAGRAPH (widget), gtk_widget_get_width (widget)));
}

static void
strata_paragraph_css_changed (GtkWidget         *widget,
                              GtkCssStyleChange *change)
{
  GTK_WIDGET_CLASS (strata_paragraph_parent_class)->css_changed (widget, change);

  forget_layout (STRATA_PARAGRAPH (widget));
}

static void
strata_paragraph_direction_changed (GtkWidget        *widget,
                                    GtkTextDirection  previous)
{
  GTK_WIDGET_CLASS (strata_paragraph_parent_class)->direction_changed (widget, previous);

  forget_layout (STRATA_PARAGRAPH (widget));
}

static void
strata_paragraph_system_setting_changed (GtkWidget        *widget,
                                         GtkSystemSetting  setting)
{
  GTK_WIDGET_CLASS (strata_paragraph_parent_class)->system_setting_changed (widget, setting);

  forget_layout (STRATA_PARAGRAPH (widget));
}

static void
strata_paragraph_finalize (GObject *object)
{
  StrataParagraph *self = STRATA_PARAGRAPH (object);

  g_clear_object (&self->layout);
  g_free (self->text);

  G_OBJECT_CLASS (strata_paragraph_parent_class)->finalize (object);
}

static void
strata_paragraph_class_init (StrataParagraphClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = strata_paragraph_finalize;
  widget_class->css_changed = strata_paragraph_css_changed;
  widget_class->direction_changed = strata_paragraph_direction_changed;
  widget_class->get_request_mode = strata_paragraph_get_request_mode;
  widget_class->measure = strata_paragraph_measure;
  widget_class->snapshot = strata_paragraph_snapshot;
  widget_class->system_setting_changed = strata_paragraph_system_setting_changed;
  gtk_widget_class_set_css_name (widget_class, "label");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_LABEL);
}

static void
strata_paragraph_init (StrataParagraph *self)
{
  self->text = g_strdup ("");
}

/**
 * strata_paragraph_set_text:
 * @text: UTF-8, no markup
 */
void
strata_paragraph_set_text (StrataParagraph *self,
                           const char      *text)
{
  g_return_if_fail (STRATA_IS_PARAGRAPH (self));
  g_return_if_fail (text != NULL);

  if (strcmp (self->text, text) == 0)
    return;

  g_free (self->text);
  self->text = g_strdup (text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, text, -1);
  forget_layout (self);
}

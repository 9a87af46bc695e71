/* strata-size-bars.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-size-bars.h"

#define BAR_HEIGHT  18
#define LINE_HEIGHT 22
#define GAP         10

/**
 * StrataSizeBars:
 *
 * The picture of before and after: two bars, as long as the old and the new
 * storage are large, each with its words above. To a screen reader it is an
 * image with the same words.
 *
 * Threads: the main one only.
 */
struct _StrataSizeBars
{
  GtkWidget    parent_instance;

  guint64      bytes[2];    /* before, after */
  PangoLayout *layouts[2];
};

G_DEFINE_FINAL_TYPE (StrataSizeBars, strata_size_bars, GTK_TYPE_WIDGET)

static void
append_bar (GtkSnapshot   *snapshot,
            const GdkRGBA *color,
            float          x,
            float          y,
            float          width)
{
  graphene_rect_t rect = GRAPHENE_RECT_INIT (x, y, width, BAR_HEIGHT);
  GskRoundedRect rounded;

  gsk_rounded_rect_init_from_rect (&rounded, &rect, MIN (BAR_HEIGHT / 2.0f, width / 2));
  gtk_snapshot_push_rounded_clip (snapshot, &rounded);
  gtk_snapshot_append_color (snapshot, color, &rect);
  gtk_snapshot_pop (snapshot);
}

static void
append_text (StrataSizeBars *self,
             GtkSnapshot    *snapshot,
             guint           i,
             const GdkRGBA  *color,
             float           y)
{
  int width = gtk_widget_get_width (GTK_WIDGET (self));

  pango_layout_set_width (self->layouts[i], width * PANGO_SCALE);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (0, y));
  gtk_snapshot_append_layout (snapshot, self->layouts[i], color);
  gtk_snapshot_restore (snapshot);
}

static void
strata_size_bars_snapshot (GtkWidget   *widget,
                           GtkSnapshot *snapshot)
{
  StrataSizeBars *self = STRATA_SIZE_BARS (widget);
  GtkStyleContext *style = gtk_widget_get_style_context (widget);
  float width = (float)gtk_widget_get_width (widget);
  guint64 most = MAX (MAX (self->bytes[0], self->bytes[1]), 1);
  GdkRGBA text, colors[2];

  gtk_style_context_get_color (style, &text);
  colors[0] = text;
  colors[0].alpha *= 0.3f;
  if (!gtk_style_context_lookup_color (style, "accent_bg_color", &colors[1]))
    colors[1] = text;

  for (guint i = 0; i < 2; i++)
    {
      float y = (float)(i * (LINE_HEIGHT + BAR_HEIGHT + GAP));
      float length = MAX (4, width * (float)((double)self->bytes[i] / (double)most));
      gboolean mirrored = gtk_widget_get_direction (widget) == GTK_TEXT_DIR_RTL;

      if (self->layouts[i] != NULL)
        append_text (self, snapshot, i, &text, y);
      append_bar (snapshot, &colors[i], mirrored ? width - length : 0, y + LINE_HEIGHT, length);
    }
}

static void
strata_size_bars_measure (GtkWidget      *widget,
                          GtkOrientation  orientation,
                          int             for_size,
                          int            *minimum,
                          int            *natural,
                          int            *minimum_baseline,
                          int            *natural_baseline)
{
  int height = 2 * (LINE_HEIGHT + BAR_HEIGHT) + GAP;

  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 200 : height;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 420 : height;
}

static void
strata_size_bars_dispose (GObject *object)
{
  StrataSizeBars *self = STRATA_SIZE_BARS (object);

  for (guint i = 0; i < 2; i++)
    g_clear_object (&self->layouts[i]);

  G_OBJECT_CLASS (strata_size_bars_parent_class)->dispose (object);
}

static void
strata_size_bars_class_init (StrataSizeBarsClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->dispose = strata_size_bars_dispose;
  widget_class->snapshot = strata_size_bars_snapshot;
  widget_class->measure = strata_size_bars_measure;
  gtk_widget_class_set_css_name (widget_class, "sizebars");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
strata_size_bars_init (StrataSizeBars *self)
{
}

static void
set_text (StrataSizeBars *self,
          guint           i,
          const char     *text)
{
  g_clear_object (&self->layouts[i]);
  self->layouts[i] = gtk_widget_create_pango_layout (GTK_WIDGET (self), text);
  pango_layout_set_ellipsize (self->layouts[i], PANGO_ELLIPSIZE_END);
}

/**
 * strata_size_bars_set:
 * @is_estimate: whether @bytes_after is only expected
 */
void
strata_size_bars_set (StrataSizeBars *self,
                      guint64         bytes_before,
                      guint64         bytes_after,
                      gboolean        is_estimate)
{
  g_autofree char *before = g_format_size (bytes_before);
  g_autofree char *after = g_format_size (bytes_after);
  g_autofree char *saving = strata_format_saving (bytes_before, bytes_after);
  /* Translators: %s is a size */
  g_autofree char *before_text = g_strdup_printf (_("Old storage: %s"), before);
  g_autofree char *after_text = NULL;
  g_autofree char *all = NULL;

  g_return_if_fail (STRATA_IS_SIZE_BARS (self));

  if (is_estimate)
    /* Translators: a size, and “37 % less” */
    after_text = g_strdup_printf (_("New storage: about %s, %s"), after, saving);
  else
    /* Translators: a size, and “37 % less” */
    after_text = g_strdup_printf (_("New storage: %s, %s"), after, saving);

  self->bytes[0] = bytes_before;
  self->bytes[1] = bytes_after;
  set_text (self, 0, before_text);
  set_text (self, 1, after_text);
  all = g_strdup_printf ("%s. %s", before_text, after_text);
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_LABEL, all, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

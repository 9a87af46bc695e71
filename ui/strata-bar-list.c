/* strata-bar-list.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-bar-list.h"

#define BAR_HEIGHT 10
#define TEXT_GAP   4
#define ROW_GAP    14

/**
 * StrataBarList:
 *
 * Amounts beside each other: a bar each, its name and value above it. To a screen
 * reader it is an image that is described by the same names and values.
 *
 * Threads: the main one only.
 */
struct _StrataBarList
{
  GtkWidget  parent_instance;

  GPtrArray *bars;   /* (element-type Bar) */
};

typedef struct
{
  char        *name;
  char        *value;
  double       length;
  PangoLayout *layouts[2];   /* of the name, of the value */
} Bar;

G_DEFINE_FINAL_TYPE (StrataBarList, strata_bar_list, GTK_TYPE_WIDGET)

static void
bar_free (gpointer data)
{
  Bar *bar = data;

  g_clear_object (&bar->layouts[0]);
  g_clear_object (&bar->layouts[1]);
  g_free (bar->name);
  g_free (bar->value);
  g_free (bar);
}

/* Drawing */

static int
get_line_height (StrataBarList *self)
{
  int height = 0;

  if (self->bars->len > 0)
    pango_layout_get_pixel_size (((Bar *)g_ptr_array_index (self->bars, 0))->layouts[1], NULL, &height);

  return height;
}

static void
append_text (GtkSnapshot   *snapshot,
             PangoLayout   *layout,
             const GdkRGBA *color,
             float          x,
             float          y)
{
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x, y));
  gtk_snapshot_append_layout (snapshot, layout, color);
  gtk_snapshot_restore (snapshot);
}

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
snapshot_row (StrataBarList *self,
              GtkSnapshot   *snapshot,
              const Bar     *bar,
              double         most,
              int            y)
{
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  int width = gtk_widget_get_width (GTK_WIDGET (self));
  int line = get_line_height (self);
  float length = MAX (2.0f, (float)(width * bar->length / most));
  int value_width;
  GdkRGBA text, track, accent;

  gtk_style_context_get_color (style, &text);
  track = text;
  track.alpha *= 0.1f;
  if (!gtk_style_context_lookup_color (style, "accent_bg_color", &accent))
    accent = text;

  pango_layout_get_pixel_size (bar->layouts[1], &value_width, NULL);
  pango_layout_set_width (bar->layouts[0], MAX (width - value_width - 12, 0) * PANGO_SCALE);
  append_text (snapshot, bar->layouts[0], &text, mirrored ? (float)value_width + 12 : 0, (float)y);
  append_text (snapshot, bar->layouts[1], &text, mirrored ? 0 : (float)(width - value_width), (float)y);
  append_bar (snapshot, &track, 0, (float)(y + line + TEXT_GAP), (float)width);
  append_bar (snapshot, &accent, mirrored ? (float)width - length : 0, (float)(y + line + TEXT_GAP), length);
}

static void
strata_bar_list_snapshot (GtkWidget   *widget,
                          GtkSnapshot *snapshot)
{
  StrataBarList *self = STRATA_BAR_LIST (widget);
  int row = get_line_height (self) + TEXT_GAP + BAR_HEIGHT + ROW_GAP;
  double most = 1;

  for (guint i = 0; i < self->bars->len; i++)
    most = MAX (most, ((Bar *)g_ptr_array_index (self->bars, i))->length);
  for (guint i = 0; i < self->bars->len; i++)
    snapshot_row (self, snapshot, g_ptr_array_index (self->bars, i), most, (int)i * row);
}

static void
strata_bar_list_measure (GtkWidget      *widget,
                         GtkOrientation  orientation,
                         int             for_size,
                         int            *minimum,
                         int            *natural,
                         int            *minimum_baseline,
                         int            *natural_baseline)
{
  StrataBarList *self = STRATA_BAR_LIST (widget);
  int n_bars = (int)self->bars->len;
  int height = n_bars * (get_line_height (self) + TEXT_GAP + BAR_HEIGHT) + MAX (n_bars - 1, 0) * ROW_GAP;

  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 200 : height;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 420 : height;
}

/* What is drawn, in words */
static void
describe (StrataBarList *self)
{
  g_autoptr(GString) description = g_string_new (NULL);

  for (guint i = 0; i < self->bars->len; i++)
    {
      const Bar *bar = g_ptr_array_index (self->bars, i);

      g_string_append_printf (description, "%s%s: %s", i > 0 ? "; " : "", bar->name, bar->value);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description->str, -1);
}

/* Other fonts, or larger ones */
static void
strata_bar_list_css_changed (GtkWidget         *widget,
                             GtkCssStyleChange *change)
{
  StrataBarList *self = STRATA_BAR_LIST (widget);

  GTK_WIDGET_CLASS (strata_bar_list_parent_class)->css_changed (widget, change);

  for (guint i = 0; i < self->bars->len; i++)
    for (guint j = 0; j < 2; j++)
      pango_layout_context_changed (((Bar *)g_ptr_array_index (self->bars, i))->layouts[j]);
  gtk_widget_queue_resize (widget);
}

/**
 * strata_bar_list_clear:
 *
 * Shows nothing any more.
 */
void
strata_bar_list_clear (StrataBarList *self)
{
  g_return_if_fail (STRATA_IS_BAR_LIST (self));

  g_ptr_array_set_size (self->bars, 0);
  describe (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

/**
 * strata_bar_list_add:
 * @name: what it is
 * @value: how much, for people
 * @length: how much, beside the other bars
 */
void
strata_bar_list_add (StrataBarList *self,
                     const char    *name,
                     const char    *value,
                     double         length)
{
  Bar *bar;

  g_return_if_fail (STRATA_IS_BAR_LIST (self));

  bar = g_new0 (Bar, 1);
  bar->name = g_strdup (name);
  bar->value = g_strdup (value);
  bar->length = length;
  bar->layouts[0] = gtk_widget_create_pango_layout (GTK_WIDGET (self), name);
  bar->layouts[1] = gtk_widget_create_pango_layout (GTK_WIDGET (self), value);
  pango_layout_set_ellipsize (bar->layouts[0], PANGO_ELLIPSIZE_END);
  g_ptr_array_add (self->bars, bar);
  describe (self);
  gtk_widget_queue_resize (GTK_WIDGET (self));
}

static void
strata_bar_list_finalize (GObject *object)
{
  g_ptr_array_unref (STRATA_BAR_LIST (object)->bars);

  G_OBJECT_CLASS (strata_bar_list_parent_class)->finalize (object);
}

static void
strata_bar_list_class_init (StrataBarListClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = strata_bar_list_finalize;
  widget_class->snapshot = strata_bar_list_snapshot;
  widget_class->measure = strata_bar_list_measure;
  widget_class->css_changed = strata_bar_list_css_changed;
  gtk_widget_class_set_css_name (widget_class, "barlist");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
strata_bar_list_init (StrataBarList *self)
{
  self->bars = g_ptr_array_new_with_free_func (bar_free);
}

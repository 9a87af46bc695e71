/* strata-month-chart.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <stdio.h>

#include <glib/gi18n.h>

#include "strata-month-chart.h"

#define MOST_MONTHS 24
#define HEIGHT      140
#define GAP         6
#define TEXT_GAP    4

/**
 * StrataMonthChart:
 *
 * What was added month by month, the last two years of it: a column each, with its
 * name below where there is room. To a screen reader it is an image that is
 * described by the same months and sizes.
 *
 * Threads: the main one only.
 */
struct _StrataMonthChart
{
  GtkWidget  parent_instance;

  GPtrArray *columns;   /* (element-type Column) */
};

typedef struct
{
  guint64      bytes;
  PangoLayout *layout;
} Column;

G_DEFINE_FINAL_TYPE (StrataMonthChart, strata_month_chart, GTK_TYPE_WIDGET)

static void
column_free (gpointer data)
{
  Column *column = data;

  g_clear_object (&column->layout);
  g_free (column);
}

static int
get_line_height (StrataMonthChart *self)
{
  int height = 0;

  if (self->columns->len > 0)
    pango_layout_get_pixel_size (((Column *)g_ptr_array_index (self->columns, 0))->layout, NULL, &height);

  return height;
}

static int
get_widest (StrataMonthChart *self)
{
  int widest = 1;

  for (guint i = 0; i < self->columns->len; i++)
    {
      int width;

      pango_layout_get_pixel_size (((Column *)g_ptr_array_index (self->columns, i))->layout, &width, NULL);
      widest = MAX (widest, width);
    }

  return widest;
}

static void
snapshot_column (StrataMonthChart *self,
                 GtkSnapshot      *snapshot,
                 guint             i,
                 float             column_width,
                 guint64           most,
                 gboolean          named)
{
  const Column *column = g_ptr_array_index (self->columns, i);
  GtkStyleContext *style = gtk_widget_get_style_context (GTK_WIDGET (self));
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;
  float x = column_width * (float)(mirrored ? self->columns->len - 1 - i : i);
  float room = HEIGHT - (float)get_line_height (self) - TEXT_GAP;
  float height = MAX (2.0f, room * (float)((double)column->bytes / (double)most));
  float bar_width = MIN (MAX (column_width - GAP, 2), 48);
  graphene_rect_t rect = GRAPHENE_RECT_INIT (x + (column_width - bar_width) / 2, room - height, bar_width, height);
  int text_width;
  GdkRGBA text, accent;

  gtk_style_context_get_color (style, &text);
  if (!gtk_style_context_lookup_color (style, "accent_bg_color", &accent))
    accent = text;
  gtk_snapshot_append_color (snapshot, &accent, &rect);
  if (!named)
    return;

  pango_layout_get_pixel_size (column->layout, &text_width, NULL);
  gtk_snapshot_save (snapshot);
  gtk_snapshot_translate (snapshot, &GRAPHENE_POINT_INIT (x + (column_width - (float)text_width) / 2, room + TEXT_GAP));
  gtk_snapshot_append_layout (snapshot, column->layout, &text);
  gtk_snapshot_restore (snapshot);
}

static void
strata_month_chart_snapshot (GtkWidget   *widget,
                             GtkSnapshot *snapshot)
{
  StrataMonthChart *self = STRATA_MONTH_CHART (widget);
  float column_width = (float)gtk_widget_get_width (widget) / (float)MAX (self->columns->len, 1);
  guint step = (guint)(((float)get_widest (self) + GAP) / MAX (column_width, 1)) + 1;
  guint64 most = 1;

  for (guint i = 0; i < self->columns->len; i++)
    most = MAX (most, ((Column *)g_ptr_array_index (self->columns, i))->bytes);
  for (guint i = 0; i < self->columns->len; i++)
    snapshot_column (self, snapshot, i, column_width, most, (self->columns->len - 1 - i) % step == 0);
}

static void
strata_month_chart_measure (GtkWidget      *widget,
                            GtkOrientation  orientation,
                            int             for_size,
                            int            *minimum,
                            int            *natural,
                            int            *minimum_baseline,
                            int            *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 200 : HEIGHT;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 420 : HEIGHT;
}

/* Returns: (transfer full): a month as people say it; what is none stays as it is */
static char *
format_month (const char *name,
              const char *format)
{
  g_autoptr(GDateTime) time = NULL;
  int year, month;

  if (sscanf (name, "%d-%d", &year, &month) != 2)
    return g_strdup (*name != '\0' ? name : "?");

  time = g_date_time_new_utc (year, month, 1, 0, 0, 0);

  return time != NULL ? g_date_time_format (time, format) : g_strdup (name);
}

/**
 * strata_month_chart_set:
 * @months: (element-type StrataStatisticsGroup): in their order
 */
void
strata_month_chart_set (StrataMonthChart *self,
                        GPtrArray        *months)
{
  g_autoptr(GString) description = g_string_new (NULL);

  g_return_if_fail (STRATA_IS_MONTH_CHART (self));
  g_return_if_fail (months != NULL);

  g_ptr_array_set_size (self->columns, 0);
  for (guint i = months->len > MOST_MONTHS ? months->len - MOST_MONTHS : 0; i < months->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (months, i);
      /* Translators: a month below a column, see g_date_time_format() */
      g_autofree char *name = format_month (group->name, _("%b %y"));
      /* Translators: a month read aloud, see g_date_time_format() */
      g_autofree char *whole_name = format_month (group->name, _("%B %Y"));
      g_autofree char *size = g_format_size (group->bytes);
      Column *column = g_new0 (Column, 1);

      column->bytes = group->bytes;
      column->layout = gtk_widget_create_pango_layout (GTK_WIDGET (self), name);
      g_ptr_array_add (self->columns, column);
      g_string_append_printf (description, "%s%s: %s", description->len > 0 ? "; " : "", whole_name, size);
    }
  gtk_accessible_update_property (GTK_ACCESSIBLE (self), GTK_ACCESSIBLE_PROPERTY_DESCRIPTION, description->str, -1);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

static void
strata_month_chart_finalize (GObject *object)
{
  g_ptr_array_unref (STRATA_MONTH_CHART (object)->columns);

  G_OBJECT_CLASS (strata_month_chart_parent_class)->finalize (object);
}

static void
strata_month_chart_class_init (StrataMonthChartClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  G_OBJECT_CLASS (klass)->finalize = strata_month_chart_finalize;
  widget_class->snapshot = strata_month_chart_snapshot;
  widget_class->measure = strata_month_chart_measure;
  gtk_widget_class_set_css_name (widget_class, "monthchart");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_IMG);
}

static void
strata_month_chart_init (StrataMonthChart *self)
{
  self->columns = g_ptr_array_new_with_free_func (column_free);
}

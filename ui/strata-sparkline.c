/* strata-sparkline.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-sparkline.h"

/* So many values are shown; the oldest go */
#define N_VALUES 120

/* With fewer it is no line but a hook at the edge */
#define FEWEST_VALUES 8

/**
 * StrataSparkline:
 *
 * A small line of the last values of something, with no scale: how it goes up
 * and down. It says nothing to a screen reader; the value stands beside it as text.
 *
 * Memory: a kilobyte. Threads: the main one only.
 */
struct _StrataSparkline
{
  GtkWidget  parent_instance;

  double     values[N_VALUES];   /* a ring */
  guint      n_values;
  guint      first;
};

G_DEFINE_FINAL_TYPE (StrataSparkline, strata_sparkline, GTK_TYPE_WIDGET)

static double
get_value (StrataSparkline *self,
           guint            i)
{
  return self->values[(self->first + i) % N_VALUES];
}

static void
trace (StrataSparkline *self,
       cairo_t         *cr,
       double           width,
       double           height,
       double           most)
{
  gboolean mirrored = gtk_widget_get_direction (GTK_WIDGET (self)) == GTK_TEXT_DIR_RTL;

  for (guint i = 0; i < self->n_values; i++)
    {
      double x = width * (double)(i + N_VALUES - self->n_values) / (N_VALUES - 1);
      double y = 1 + (height - 2) * (1 - get_value (self, i) / most);

      cairo_line_to (cr, mirrored ? width - x : x, y);
    }
}

static void
strata_sparkline_snapshot (GtkWidget   *widget,
                           GtkSnapshot *snapshot)
{
  StrataSparkline *self = STRATA_SPARKLINE (widget);
  double width = gtk_widget_get_width (widget);
  double height = gtk_widget_get_height (widget);
  double most = 0;
  GdkRGBA color;
  cairo_t *cr = NULL;

  for (guint i = 0; i < self->n_values; i++)
    most = MAX (most, get_value (self, i));
  if (self->n_values < FEWEST_VALUES || most <= 0)
    return;

  gtk_style_context_get_color (gtk_widget_get_style_context (widget), &color);
  cr = gtk_snapshot_append_cairo (snapshot, &GRAPHENE_RECT_INIT (0, 0, (float)width, (float)height));
  cairo_set_line_width (cr, 1.5);
  cairo_set_line_join (cr, CAIRO_LINE_JOIN_ROUND);
  gdk_cairo_set_source_rgba (cr, &color);
  trace (self, cr, width, height, most);
  cairo_stroke (cr);
  cairo_destroy (cr);
}

static void
strata_sparkline_measure (GtkWidget      *widget,
                          GtkOrientation  orientation,
                          int             for_size,
                          int            *minimum,
                          int            *natural,
                          int            *minimum_baseline,
                          int            *natural_baseline)
{
  *minimum = orientation == GTK_ORIENTATION_HORIZONTAL ? 60 : 24;
  *natural = orientation == GTK_ORIENTATION_HORIZONTAL ? 96 : 24;
}

static void
strata_sparkline_class_init (StrataSparklineClass *klass)
{
  GtkWidgetClass *widget_class = GTK_WIDGET_CLASS (klass);

  widget_class->snapshot = strata_sparkline_snapshot;
  widget_class->measure = strata_sparkline_measure;
  gtk_widget_class_set_css_name (widget_class, "sparkline");
  gtk_widget_class_set_accessible_role (widget_class, GTK_ACCESSIBLE_ROLE_PRESENTATION);
}

static void
strata_sparkline_init (StrataSparkline *self)
{
}

/**
 * strata_sparkline_add:
 * @value: the newest; less than 0 counts as 0
 */
void
strata_sparkline_add (StrataSparkline *self,
                      double           value)
{
  g_return_if_fail (STRATA_IS_SPARKLINE (self));

  if (self->n_values < N_VALUES)
    self->n_values++;
  else
    self->first = (self->first + 1) % N_VALUES;
  self->values[(self->first + self->n_values - 1) % N_VALUES] = MAX (value, 0);
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

void
strata_sparkline_clear (StrataSparkline *self)
{
  g_return_if_fail (STRATA_IS_SPARKLINE (self));

  self->n_values = 0;
  self->first = 0;
  gtk_widget_queue_draw (GTK_WIDGET (self));
}

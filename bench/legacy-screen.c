/* legacy-screen.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <pango/pangocairo.h>

#include "legacy-jpeg.h"
#include "legacy-screen.h"

#define MAX_WINDOWS     4
#define PANEL_HEIGHT    28
#define TITLE_HEIGHT    26
#define LINE_HEIGHT     17
#define MARGIN          10
#define THUMBNAIL_WIDTH 400

typedef struct
{
  double     x, y, width, height;
  gboolean   is_code;
  gboolean   is_dark;
  char      *title;
  GPtrArray *lines;
} Window;

/**
 * LegacyScreen:
 *
 * Somebody's desktop over a session: a panel with a clock, and some windows
 * that are switched between, typed in and scrolled. Now and then nobody does
 * anything, with one window over the whole screen; then picture after picture
 * is the same. At all other times at least the clock goes on.
 */
struct _LegacyScreen
{
  /* set at construction */
  LegacyText   *text;
  int           width;
  int           height;
  double        hue;

  /* what is on the screen */
  LegacyRandom  random;
  Window        windows[MAX_WINDOWS];
  guint         n_windows;
  guint         order[MAX_WINDOWS];  /* the last is in front */
  guint         idle_steps;
  char          clock[8];

  /* the picture of that, once somebody has asked for it */
  GBytes       *jpeg;
  GBytes       *thumbnail;
};

static guint
get_visible_lines (const Window *window)
{
  return (guint) ((window->height - TITLE_HEIGHT) / LINE_HEIGHT);
}

static void
type_line (LegacyScreen *self,
           Window       *window)
{
  guint n_words = legacy_random_one_in (&self->random, 6) ? 0
                  : window->is_code ? legacy_random_between (&self->random, 2, 8)
                                    : legacy_random_between (&self->random, 6, 20);

  g_ptr_array_add (window->lines, legacy_text_dup_line (self->text, &self->random, window->is_code, n_words));
  while (window->lines->len > get_visible_lines (window))
    g_ptr_array_remove_index (window->lines, 0);
}

static void
window_init (LegacyScreen *self,
             Window       *window)
{
  LegacyRandom *random = &self->random;

  window->width = self->width * legacy_random_between (random, 40, 62) / 100.0;
  window->height = self->height * legacy_random_between (random, 50, 84) / 100.0;
  window->x = legacy_random_below (random, (guint32) (self->width - window->width));
  window->y = PANEL_HEIGHT + legacy_random_below (random, (guint32) (self->height - PANEL_HEIGHT - window->height));
  window->is_code = legacy_random_one_in (random, 2);
  window->is_dark = legacy_random_one_in (random, 2);
  window->title = legacy_text_dup_line (self->text, random, FALSE, 4);
  window->lines = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < get_visible_lines (window); i++)
    type_line (self, window);
}

/**
 * legacy_screen_new:
 * @text: words for the windows
 * @random: what to draw from; copied
 * @width: of the screen
 * @height: of the screen
 *
 * Returns: (transfer full): a desktop on which nothing has happened yet
 */
LegacyScreen *
legacy_screen_new (LegacyText         *text,
                   const LegacyRandom *random,
                   int                 width,
                   int                 height)
{
  LegacyScreen *self = g_new0 (LegacyScreen, 1);

  self->text = text;
  self->random = *random;
  self->width = width;
  self->height = height;
  self->hue = legacy_random_below (&self->random, 100) / 100.0;
  self->n_windows = legacy_random_between (&self->random, 2, MAX_WINDOWS);
  for (guint i = 0; i < self->n_windows; i++)
    {
      self->order[i] = i;
      window_init (self, &self->windows[i]);
    }

  return self;
}

void
legacy_screen_free (LegacyScreen *self)
{
  for (guint i = 0; i < self->n_windows; i++)
    {
      g_free (self->windows[i].title);
      g_ptr_array_unref (self->windows[i].lines);
    }
  g_clear_pointer (&self->jpeg, g_bytes_unref);
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  g_free (self);
}

static Window *
get_front (LegacyScreen *self)
{
  return &self->windows[self->order[self->n_windows - 1]];
}

static void
bring_to_front (LegacyScreen *self,
                guint         place)
{
  guint window = self->order[place];

  for (guint i = place; i + 1 < self->n_windows; i++)
    self->order[i] = self->order[i + 1];
  self->order[self->n_windows - 1] = window;
}

/**
 * legacy_screen_step:
 * @self: a desktop
 * @time_ms: what the clock says
 *
 * Lets a minute go by.
 */
void
legacy_screen_step (LegacyScreen *self,
                    gint64        time_ms)
{
  guint choice;

  if (self->idle_steps > 1)
    {
      self->idle_steps--;
      return;
    }

  self->idle_steps = 0;
  g_clear_pointer (&self->jpeg, g_bytes_unref);
  g_clear_pointer (&self->thumbnail, g_bytes_unref);
  g_snprintf (self->clock, sizeof self->clock, "%02u:%02u",
              (guint) (time_ms / 3600000 % 24), (guint) (time_ms / 60000 % 60));

  choice = legacy_random_below (&self->random, 100);
  if (choice < 8)
    self->idle_steps = legacy_random_between (&self->random, 3, 8);
  else if (choice < 25)
    bring_to_front (self, legacy_random_below (&self->random, self->n_windows));
  else if (choice < 85)
    for (guint i = legacy_random_between (&self->random, 1, 6); i > 0; i--)
      type_line (self, get_front (self));
  else
    for (guint i = 0; i < get_visible_lines (get_front (self)); i++)
      type_line (self, get_front (self));
}

static void
draw_text (cairo_t     *cr,
           PangoLayout *layout,
           double       x,
           double       y,
           const char  *text)
{
  pango_layout_set_text (layout, text, -1);
  cairo_move_to (cr, x, y);
  pango_cairo_show_layout (cr, layout);
}

static PangoLayout *
create_layout (cairo_t    *cr,
               const char *font)
{
  PangoLayout *layout = pango_cairo_create_layout (cr);
  PangoFontDescription *description = pango_font_description_from_string (font);

  pango_layout_set_font_description (layout, description);
  pango_font_description_free (description);

  return layout;
}

/* The colour an editor gives a line: the same each time for the same text. */
static void
set_ink (cairo_t      *cr,
         const Window *window,
         const char   *line)
{
  static const double inks[][3] = {
    { 0.10, 0.10, 0.12 }, { 0.62, 0.10, 0.25 }, { 0.10, 0.35, 0.60 }, { 0.15, 0.45, 0.20 },
  };
  const double *ink = inks[window->is_code ? g_str_hash (line) % G_N_ELEMENTS (inks) : 0];
  double light = window->is_dark ? 0.75 : 0;

  cairo_set_source_rgb (cr, MIN (ink[0] + light, 1), MIN (ink[1] + light, 1), MIN (ink[2] + light, 1));
}

static void
draw_lines (cairo_t      *cr,
            const Window *window)
{
  g_autoptr(PangoLayout) layout = NULL;

  layout = create_layout (cr, window->is_code ? "DejaVu Sans Mono 10" : "DejaVu Sans 10");
  for (guint i = 0; i < window->lines->len; i++)
    {
      const char *line = g_ptr_array_index (window->lines, i);

      set_ink (cr, window, line);
      draw_text (cr, layout, window->x + MARGIN, window->y + TITLE_HEIGHT + 4 + i * LINE_HEIGHT, line);
    }
}

static void
draw_window (cairo_t      *cr,
             const Window *window,
             gboolean      is_front)
{
  g_autoptr(PangoLayout) layout = create_layout (cr, "DejaVu Sans Bold 10");
  double paper = window->is_dark ? 0.13 : 0.98;
  double bar = is_front ? 0.30 : 0.55;

  cairo_save (cr);
  cairo_rectangle (cr, window->x, window->y, window->width, window->height);
  cairo_clip (cr);
  cairo_set_source_rgb (cr, paper, paper, paper);
  cairo_paint (cr);

  cairo_set_source_rgb (cr, bar, bar, bar + 0.05);
  cairo_rectangle (cr, window->x, window->y, window->width, TITLE_HEIGHT);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0.95, 0.95, 0.95);
  draw_text (cr, layout, window->x + MARGIN, window->y + 4, window->title);
  cairo_arc (cr, window->x + window->width - 16, window->y + TITLE_HEIGHT / 2, 6, 0, 2 * G_PI);
  cairo_set_source_rgb (cr, 0.85, 0.30, 0.25);
  cairo_fill (cr);

  draw_lines (cr, window);
  cairo_set_source_rgb (cr, 0.25, 0.25, 0.28);
  cairo_rectangle (cr, window->x, window->y, window->width, window->height);
  cairo_stroke (cr);
  cairo_restore (cr);
}

static void
draw_desktop (LegacyScreen *self,
              cairo_t      *cr)
{
  g_autoptr(PangoLayout) layout = create_layout (cr, "DejaVu Sans 10");

  cairo_set_source_rgb (cr, 0.15 + 0.3 * self->hue, 0.30, 0.50 - 0.3 * self->hue);
  cairo_paint (cr);

  for (guint i = 0; i < self->n_windows; i++)
    draw_window (cr, &self->windows[self->order[i]], i + 1 == self->n_windows);

  cairo_set_source_rgb (cr, 0.08, 0.08, 0.10);
  cairo_rectangle (cr, 0, 0, self->width, PANEL_HEIGHT);
  cairo_fill (cr);
  cairo_set_source_rgb (cr, 0.92, 0.92, 0.92);
  draw_text (cr, layout, MARGIN, 5, get_front (self)->title);
  draw_text (cr, layout, self->width - 60, 5, self->clock);
}

static cairo_surface_t *
draw (LegacyScreen *self)
{
  cairo_surface_t *surface = cairo_image_surface_create (CAIRO_FORMAT_RGB24, self->width, self->height);
  cairo_t *cr = cairo_create (surface);

  if (self->idle_steps > 0)
    {
      Window window = *get_front (self);

      window.x = window.y = 0;
      window.width = self->width;
      window.height = self->height;
      draw_window (cr, &window, TRUE);
    }
  else
    {
      draw_desktop (self, cr);
    }
  cairo_destroy (cr);

  return surface;
}

static GBytes *
encode_thumbnail (cairo_surface_t *surface)
{
  int width = cairo_image_surface_get_width (surface);
  int height = cairo_image_surface_get_height (surface);
  double scale = (double) THUMBNAIL_WIDTH / width;
  cairo_surface_t *small = cairo_image_surface_create (CAIRO_FORMAT_RGB24, THUMBNAIL_WIDTH, MAX (1, (int) (height * scale)));
  cairo_t *cr = cairo_create (small);
  GBytes *jpeg;

  cairo_scale (cr, scale, scale);
  cairo_set_source_surface (cr, surface, 0, 0);
  cairo_paint (cr);
  cairo_destroy (cr);
  jpeg = legacy_jpeg_encode (small);
  cairo_surface_destroy (small);

  return jpeg;
}

static void
ensure_picture (LegacyScreen *self)
{
  cairo_surface_t *surface;

  if (self->jpeg != NULL)
    return;

  surface = draw (self);
  self->jpeg = legacy_jpeg_encode (surface);
  self->thumbnail = encode_thumbnail (surface);
  cairo_surface_destroy (surface);
}

/**
 * legacy_screen_get_jpeg:
 * @self: a desktop
 *
 * Returns: (transfer none): its picture, until the next step
 */
GBytes *
legacy_screen_get_jpeg (LegacyScreen *self)
{
  ensure_picture (self);

  return self->jpeg;
}

GBytes *
legacy_screen_get_thumbnail (LegacyScreen *self)
{
  ensure_picture (self);

  return self->thumbnail;
}

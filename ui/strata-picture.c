/* strata-picture.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-picture.h"

#include <glib/gi18n.h>

/* A picture that says it is larger is not decoded: a screen has a tenth of that */
#define MOST_PIXELS (100 * 1000 * 1000)
#define BLOCK       (64 * 1024)

typedef struct
{
  int      width;
  int      height;
  gboolean is_too_large;
} Bounds;

/* Before anything is decoded: JPEG decodes to half or a quarter of the size in a fraction of the time. */
static void
size_prepared_cb (GdkPixbufLoader *loader,
                  int              width,
                  int              height,
                  gpointer         user_data)
{
  Bounds *bounds = user_data;
  double scale;

  if ((gint64)width * height > MOST_PIXELS)
    {
      bounds->is_too_large = TRUE;
      gdk_pixbuf_loader_set_size (loader, 0, 0);
      return;
    }

  scale = MIN ((double)bounds->width / MAX (width, 1), (double)bounds->height / MAX (height, 1));
  if (scale < 1)
    gdk_pixbuf_loader_set_size (loader, MAX ((int)(width * scale + 0.5), 1), MAX ((int)(height * scale + 0.5), 1));
}

static gboolean
feed (GdkPixbufLoader  *loader,
      GInputStream     *stream,
      GCancellable     *cancellable,
      GError          **error)
{
  g_autofree guchar *block = g_malloc (BLOCK);
  gssize length;

  while ((length = g_input_stream_read (stream, block, BLOCK, cancellable, error)) != 0)
    if (length < 0 || !gdk_pixbuf_loader_write (loader, block, (gsize)length, error))
      return FALSE;

  return TRUE;
}

/**
 * strata_picture_decode:
 * @stream: of a picture file
 * @width: at most so wide, in pixels
 * @height: at most so high
 *
 * Decodes a picture, made smaller where it has to be. For threads that may wait.
 *
 * Returns: (transfer full): the picture, or %NULL with @error set
 */
GdkTexture *
strata_picture_decode (GInputStream  *stream,
                       int            width,
                       int            height,
                       GCancellable  *cancellable,
                       GError       **error)
{
  g_autoptr(GdkPixbufLoader) loader = gdk_pixbuf_loader_new ();
  g_autoptr(GError) failure = NULL;
  Bounds bounds = { width, height, FALSE };
  gboolean ok;
  GdkPixbuf *pixbuf;

  g_signal_connect (loader, "size-prepared", G_CALLBACK (size_prepared_cb), &bounds);
  ok = feed (loader, stream, cancellable, &failure);
  if (!gdk_pixbuf_loader_close (loader, ok ? &failure : NULL))
    ok = FALSE;
  if (bounds.is_too_large)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, _("The picture is too large"));
      return NULL;
    }
  if (!ok)
    {
      g_propagate_error (error, g_steal_pointer (&failure));
      return NULL;
    }

  pixbuf = gdk_pixbuf_loader_get_pixbuf (loader);
  if (pixbuf == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, _("It is no picture"));
      return NULL;
    }

  return gdk_texture_new_for_pixbuf (pixbuf);
}

/* strata-pixels.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <webp/decode.h>

#include "base/strata-error.h"
#include "strata-pixels-private.h"
#include "strata-webp-private.h"

/* What a WebP can be */
#define MAX_SIDE 16383

void
_strata_pixels_free (StrataPixels *self)
{
  g_free (self->data);
  g_free (self);
}

gboolean
_strata_pixels_check_size (guint64   width,
                           guint64   height,
                           GError  **error)
{
  if (width > 0 && height > 0 && width <= MAX_SIDE && height <= MAX_SIDE && width * height <= STRATA_WEBP_MAX_PIXELS)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE,
               "An image of %" G_GUINT64_FORMAT " × %" G_GUINT64_FORMAT " pixels is not decoded", width, height);

  return FALSE;
}

StrataPixels *
_strata_pixels_new (guint    width,
                    guint    height,
                    guint    n_channels,
                    GError **error)
{
  g_autoptr(StrataPixels) self = g_new0 (StrataPixels, 1);

  if (!_strata_pixels_check_size (width, height, error))
    return NULL;

  self->width = width;
  self->height = height;
  self->n_channels = n_channels;
  self->data = g_try_malloc ((gsize)width * height * n_channels);
  if (self->data == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "There is not enough memory to decode an image");
      return NULL;
    }

  return g_steal_pointer (&self);
}

StrataPixels *
_strata_pixels_new_of_webp (GBytes  *webp,
                            GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (webp, &size);
  g_autoptr(StrataPixels) self = NULL;
  WebPBitstreamFeatures features;
  gsize stride;
  const guint8 *end;

  if (WebPGetFeatures (data, size, &features) != VP8_STATUS_OK || features.has_animation)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A WebP can't be decoded");
      return NULL;
    }

  self = _strata_pixels_new ((guint)features.width, (guint)features.height, features.has_alpha ? 4 : 3, error);
  if (self == NULL)
    return NULL;

  stride = (gsize)self->width * self->n_channels;
  end = features.has_alpha ? WebPDecodeRGBAInto (data, size, self->data, stride * self->height, (int)stride)
                           : WebPDecodeRGBInto (data, size, self->data, stride * self->height, (int)stride);
  if (end == NULL)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A WebP can't be decoded");
      return NULL;
    }

  return g_steal_pointer (&self);
}

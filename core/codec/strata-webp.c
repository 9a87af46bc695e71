/* strata-webp.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include <webp/encode.h>

#include "base/strata-error.h"
#include "strata-pixels-private.h"
#include "strata-webp-private.h"

/* Less like the original than the worst quality there is makes an ordinary image */
#define MIN_PSNR 20.0
/* What must be saved, in parts of a hundred */
#define WORTHWHILE 10
#define LOSSLESS_LEVEL 6

static StrataPixels *
decode (GBytes  *image,
        GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (image, &size);

  if (size <= STRATA_WEBP_MAX_BYTES && size >= 3 && memcmp (data, "\xff\xd8\xff", 3) == 0)
    return _strata_pixels_new_of_jpeg (image, error);
  if (size <= STRATA_WEBP_MAX_BYTES && size >= 4 && memcmp (data, "\x89PNG", 4) == 0)
    return _strata_pixels_new_of_png (image, error);

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "This is no JPEG or PNG, or a very large one");

  return NULL;
}

/* Encoding */

static gboolean
make_config (const StrataWebpSettings *settings,
             WebPConfig               *out_config)
{
  if (!WebPConfigInit (out_config))
    return FALSE;

  if (settings->quality == STRATA_WEBP_LOSSLESS)
    {
      if (!WebPConfigLosslessPreset (out_config, LOSSLESS_LEVEL))
        return FALSE;
      out_config->exact = 1; /* what nobody sees is kept too */
    }
  else
    out_config->quality = (float)settings->quality;
  out_config->method = settings->method;
  out_config->thread_level = settings->use_threads ? 1 : 0;

  return WebPValidateConfig (out_config);
}

static int
write_bytes (const uint8_t     *data,
             size_t             size,
             const WebPPicture *picture)
{
  g_byte_array_append (picture->custom_ptr, data, (guint)size);

  return 1;
}

/* Returns: (transfer full): or %NULL with @error set */
static GBytes *
encode (const StrataPixels        *pixels,
        const StrataWebpSettings  *settings,
        GError                   **error)
{
  g_autoptr(GByteArray) array = g_byte_array_new ();
  int stride = (int)(pixels->width * pixels->n_channels);
  WebPPicture picture;
  WebPConfig config;
  gboolean ok;

  if (!make_config (settings, &config) || !WebPPictureInit (&picture))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "There are no such settings of WebP");
      return NULL;
    }

  picture.use_argb = settings->quality == STRATA_WEBP_LOSSLESS;
  picture.width = (int)pixels->width;
  picture.height = (int)pixels->height;
  picture.writer = write_bytes;
  picture.custom_ptr = array;
  ok = (pixels->n_channels == 4 ? WebPPictureImportRGBA (&picture, pixels->data, stride)
                                : WebPPictureImportRGB (&picture, pixels->data, stride)) &&
       WebPEncode (&config, &picture);
  if (!ok)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "A WebP can't be made (%d)", (int)picture.error_code);
  WebPPictureFree (&picture);

  return ok ? g_byte_array_free_to_bytes (g_steal_pointer (&array)) : NULL;
}

/* Comparing */

/* An image that has an alpha channel and uses it nowhere comes back without one. */
static guint
get_alpha (const StrataPixels *pixels,
           gsize               pixel)
{
  return pixels->n_channels == 4 ? pixels->data[pixel * 4 + 3] : 255;
}

static gboolean
is_same (const StrataPixels *a,
         const StrataPixels *b)
{
  gsize n = (gsize)a->width * a->height;

  if (a->n_channels == b->n_channels)
    return memcmp (a->data, b->data, n * a->n_channels) == 0;

  for (gsize i = 0; i < n; i++)
    if (get_alpha (a, i) != get_alpha (b, i) || memcmp (a->data + i * a->n_channels, b->data + i * b->n_channels, 3) != 0)
      return FALSE;

  return TRUE;
}

/* Decibels; what nobody sees does not count */
static double
compute_psnr (const StrataPixels *a,
              const StrataPixels *b)
{
  gsize n = (gsize)a->width * a->height;
  guint64 sum = 0;
  gsize counted = 0;

  for (gsize i = 0; i < n; i++)
    {
      const guint8 *first = a->data + i * a->n_channels;
      const guint8 *second = b->data + i * b->n_channels;

      if (get_alpha (a, i) == 0 && get_alpha (b, i) == 0)
        continue;
      counted++;
      for (guint j = 0; j < 3; j++)
        sum += (guint64)((int)first[j] - (int)second[j]) * (guint64)((int)first[j] - (int)second[j]);
    }

  return sum == 0 ? INFINITY : 10 * log10 (255.0 * 255.0 * 3 * (double)counted / (double)sum);
}

static gboolean
check_result (const StrataPixels        *pixels,
              GBytes                    *webp,
              const StrataWebpSettings  *settings,
              double                    *out_psnr,
              GError                   **error)
{
  g_autoptr(StrataPixels) decoded = _strata_pixels_new_of_webp (webp, error);
  gboolean is_alike;

  if (decoded == NULL)
    return FALSE;

  is_alike = decoded->width == pixels->width && decoded->height == pixels->height;
  if (is_alike && settings->quality == STRATA_WEBP_LOSSLESS)
    {
      *out_psnr = INFINITY;
      is_alike = is_same (pixels, decoded);
    }
  else if (is_alike)
    {
      *out_psnr = compute_psnr (pixels, decoded);
      is_alike = *out_psnr >= MIN_PSNR;
    }

  if (!is_alike)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "What was made of an image is not like it");

  return is_alike;
}

GBytes *
_strata_webp_make (GBytes                    *image,
                   const StrataWebpSettings  *settings,
                   StrataWebpResult          *out_result,
                   GError                   **error)
{
  g_autoptr(StrataPixels) pixels = decode (image, error);
  g_autoptr(GBytes) webp = pixels != NULL ? encode (pixels, settings, error) : NULL;

  if (webp == NULL || !check_result (pixels, webp, settings, &out_result->psnr, error))
    return NULL;

  out_result->width = pixels->width;
  out_result->height = pixels->height;

  return g_steal_pointer (&webp);
}

gboolean
_strata_webp_is_worth_it (guint64 bytes_before,
                          guint64 bytes_after)
{
  return bytes_after < bytes_before &&
         bytes_before - bytes_after >= bytes_before / 100 * WORTHWHILE + bytes_before % 100 * WORTHWHILE / 100;
}

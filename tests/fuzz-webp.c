/* fuzz-webp.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>

#include "base/strata-error.h"
#include "codec/strata-pixels-private.h"
#include "codec/strata-webp-private.h"

/* A libFuzzer target: whatever the bytes are, there is a WebP of the size that they
 * show, or an error of ours; one that is lossless has the same pixels; and taken for
 * a WebP they are pixels or an error.
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* Larger ones take their time, and are made of the same */
#define MAX_PIXELS (512 * 512)

static StrataPixels *
decode (GBytes *bytes)
{
  const guint8 *data = g_bytes_get_data (bytes, NULL);
  g_autoptr(GError) error = NULL;
  StrataPixels *pixels = data[0] == 0xff ? _strata_pixels_new_of_jpeg (bytes, &error) : _strata_pixels_new_of_png (bytes, &error);

  g_assert ((pixels != NULL) == (error == NULL));
  g_assert (error == NULL || error->domain == STRATA_ERROR);

  return pixels;
}

static void
check_image (GBytes *bytes,
             int     quality)
{
  const StrataWebpSettings settings = { .quality = quality, .method = 1 };
  g_autoptr(StrataPixels) pixels = decode (bytes);
  g_autoptr(GBytes) webp = NULL;
  g_autoptr(GError) error = NULL;
  StrataWebpResult result;

  if (pixels != NULL && (gsize)pixels->width * pixels->height > MAX_PIXELS)
    return;

  webp = _strata_webp_make (bytes, &settings, &result, &error);
  g_assert ((webp != NULL) == (error == NULL));
  g_assert (error == NULL || error->domain == STRATA_ERROR);
  if (webp == NULL)
    return;

  g_assert (pixels != NULL && result.width == pixels->width && result.height == pixels->height);
  g_assert (quality != STRATA_WEBP_LOSSLESS || isinf (result.psnr));
}

static void
check_webp (GBytes *bytes)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataPixels) pixels = _strata_pixels_new_of_webp (bytes, &error);

  g_assert ((pixels != NULL) == (error == NULL));
  g_assert (error == NULL || error->domain == STRATA_ERROR);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  g_autoptr(GBytes) bytes = g_bytes_new (data, length);

  if (length == 0)
    return 0;

  check_image (bytes, 70);
  check_image (bytes, STRATA_WEBP_LOSSLESS);
  check_webp (bytes);

  return 0;
}

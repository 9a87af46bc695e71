/* strata-webp-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes a WebP of a JPEG or PNG, where that shows the same. Any thread, several at
 * the same time. Memory: about twelve bytes for each pixel, of which there may be
 * so many:
 */
#define STRATA_WEBP_MAX_PIXELS (40 * 1000 * 1000)
#define STRATA_WEBP_MAX_BYTES  (64 * 1024 * 1024)

#define STRATA_WEBP_LOSSLESS        (-1)
#define STRATA_WEBP_DEFAULT_QUALITY 80

typedef struct
{
  int      quality;      /* 0 to 100, or STRATA_WEBP_LOSSLESS */
  int      method;       /* 0, fast, to 6, small */
  gboolean use_threads;  /* of libwebp's own */
} StrataWebpSettings;

/* What a WebP was made of, beside its bytes */
typedef struct
{
  guint  width;   /* pixels */
  guint  height;
  double psnr;    /* dB, of what a WebP that is not lossless shows; infinite where that is the same */
} StrataWebpResult;

/* Makes it, decodes it again, and compares: one that is lossless must have the same
 * pixels, one that is not the same size and much the same pixels.
 *
 * Returns: (transfer full): or %NULL with @error set: %STRATA_ERROR_UNSUITABLE where it
 *   is no image that a WebP shows alike (another kind of file, too large, more than
 *   eight bits a colour, a colour profile, turned, moving); %STRATA_ERROR_DAMAGED_DATA
 *   where it can't be decoded without a complaint; %STRATA_ERROR_CORRUPT where what was
 *   made of it is not like it; %G_IO_ERROR_FAILED where there is not enough memory
 */
GBytes   *_strata_webp_make        (GBytes                    *image,
                                    const StrataWebpSettings  *settings,
                                    StrataWebpResult          *out_result,
                                    GError                   **error);

/* Whether it saved enough, 10 %. */
gboolean  _strata_webp_is_worth_it (guint64                    bytes_before,
                                    guint64                    bytes_after);

G_END_DECLS

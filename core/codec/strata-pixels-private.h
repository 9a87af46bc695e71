/* strata-pixels-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataPixels is a decoded image: rows of 8-bit red, green, blue and perhaps alpha,
 * not premultiplied, without gaps.
 */
typedef struct
{
  guint   width;
  guint   height;
  guint   n_channels;  /* 3 or 4 */
  guint8 *data;
} StrataPixels;

void          _strata_pixels_free        (StrataPixels  *self);

/* Decode a whole file, which must be of that kind; errors as for _strata_webp_make().
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataPixels *_strata_pixels_new_of_jpeg (GBytes        *jpeg,
                                          GError       **error);
StrataPixels *_strata_pixels_new_of_png  (GBytes        *png,
                                          GError       **error);
StrataPixels *_strata_pixels_new_of_webp (GBytes        *webp,
                                          GError       **error);

/* Whether an image of that size may be decoded, else STRATA_ERROR_UNSUITABLE */
gboolean      _strata_pixels_check_size  (guint64        width,
                                          guint64        height,
                                          GError       **error);
/* Returns: without pixels set; or %NULL with @error set */
StrataPixels *_strata_pixels_new         (guint          width,
                                          guint          height,
                                          guint          n_channels,
                                          GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataPixels, _strata_pixels_free)

G_END_DECLS

/* image-maker.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Small images of what looks like a screen: lines of text on a ground that changes slowly.
 * Equal arguments give equal bytes.
 */
typedef enum
{
  IMAGE_RGB,
  IMAGE_RGBA,        /* with pixels that nobody sees, and have a colour */
  IMAGE_GRAY,
  IMAGE_PALETTE,
  IMAGE_16_BIT,
} ImageKind;

GBytes *image_maker_png         (ImageKind    kind,
                                 guint        width,
                                 guint        height,
                                 guint        seed);
/* The same with one more chunk, behind the header */
GBytes *image_maker_add_chunk   (GBytes      *png,
                                 const char  *type,
                                 const void  *data,
                                 gsize        size);

GBytes *image_maker_jpeg        (guint        width,
                                 guint        height,
                                 guint        seed,
                                 int          quality);
/* For a printer, in four inks */
GBytes *image_maker_cmyk        (guint        width,
                                 guint        height);
/* The same JPEG with one more marker, behind the first */
GBytes *image_maker_add_marker  (GBytes      *jpeg,
                                 guint8       marker,
                                 const void  *data,
                                 gsize        size);

G_END_DECLS

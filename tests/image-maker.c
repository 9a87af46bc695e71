/* image-maker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
#include <png.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "image-maker.h"

/* Red, green, blue of a pixel: dashes of text, told apart by the seed, on a ground of one shade */
static void
paint (guint   x,
       guint   y,
       guint   seed,
       guint8 *out_rgb)
{
  guint line = y / 12, column = x / 5;
  gboolean is_ink = y % 12 > 3 && y % 12 < 10 && (column * 7919u + line * 104729u + seed * 31u) % 11 < 6 && x % 5 != 0;

  out_rgb[0] = is_ink ? 30 : (guint8)(200 + x / 64 % 40);
  out_rgb[1] = is_ink ? 34 : (guint8)(205 + y / 64 % 40);
  out_rgb[2] = is_ink ? (guint8)(40 + seed % 100) : 235;
}

GBytes *
image_maker_png (ImageKind kind,
                 guint     width,
                 guint     height,
                 guint     seed)
{
  static const png_uint_32 formats[] = {
    [IMAGE_RGB] = PNG_FORMAT_RGB,
    [IMAGE_RGBA] = PNG_FORMAT_RGBA,
    [IMAGE_GRAY] = PNG_FORMAT_GRAY,
    [IMAGE_PALETTE] = PNG_FORMAT_RGB_COLORMAP,
    [IMAGE_16_BIT] = PNG_FORMAT_LINEAR_Y,
  };
  static const guint8 palette[] = { 30, 34, 40, 200, 205, 235, 255, 0, 0 };
  guint n_channels = kind == IMAGE_RGB ? 3 : kind == IMAGE_RGBA ? 4 : kind == IMAGE_16_BIT ? 2 : 1;
  g_autofree guint8 *pixels = g_malloc ((gsize)width * height * n_channels);
  png_image image = { .version = PNG_IMAGE_VERSION, .width = width, .height = height, .format = formats[kind] };
  png_alloc_size_t size = 0;
  guint8 *data;

  for (guint y = 0; y < height; y++)
    for (guint x = 0; x < width; x++)
      {
        guint8 *pixel = pixels + ((gsize)y * width + x) * n_channels;
        guint8 rgb[3];

        paint (x, y, seed, rgb);
        if (kind == IMAGE_PALETTE)
          pixel[0] = rgb[0] == 30 ? 0 : 1;
        else
          memcpy (pixel, rgb, MIN (n_channels, 3));
        if (kind == IMAGE_RGBA)
          pixel[3] = (guint8)(x * 3 % 256 / (y % 3 == 0 ? 1 : 256));
      }

  if (kind == IMAGE_PALETTE)
    image.colormap_entries = 3;
  g_assert_true (png_image_write_to_memory (&image, NULL, &size, 0, pixels, 0, palette));
  data = g_malloc (size);
  g_assert_true (png_image_write_to_memory (&image, data, &size, 0, pixels, 0, palette));

  return g_bytes_new_take (data, size);
}

static void
append_uint32 (GByteArray *array,
               guint32     value)
{
  guint32 big = GUINT32_TO_BE (value);

  g_byte_array_append (array, (const guint8 *)&big, sizeof big);
}

GBytes *
image_maker_add_chunk (GBytes     *png,
                       const char *type,
                       const void *data,
                       gsize       size)
{
  const gsize behind_header = 8 + 8 + 13 + 4;
  gsize png_size;
  const guint8 *bytes = g_bytes_get_data (png, &png_size);
  GByteArray *array = g_byte_array_new ();
  guint32 crc = (guint32)crc32 (crc32 (0, (const Bytef *)type, 4), data, (uInt)size);

  g_byte_array_append (array, bytes, (guint)behind_header);
  append_uint32 (array, (guint32)size);
  g_byte_array_append (array, (const guint8 *)type, 4);
  g_byte_array_append (array, data, (guint)size);
  append_uint32 (array, crc);
  g_byte_array_append (array, bytes + behind_header, (guint)(png_size - behind_header));

  return g_byte_array_free_to_bytes (array);
}

static GBytes *
make_jpeg (guint         width,
           guint         height,
           guint         seed,
           int           quality,
           J_COLOR_SPACE space)
{
  struct jpeg_compress_struct info;
  struct jpeg_error_mgr errors;
  guint n_channels = space == JCS_CMYK ? 4 : 3;
  g_autofree guint8 *row = g_malloc0 ((gsize)width * n_channels);
  unsigned char *data = NULL;
  unsigned long size = 0;
  GBytes *bytes;

  info.err = jpeg_std_error (&errors);
  jpeg_create_compress (&info);
  jpeg_mem_dest (&info, &data, &size);
  info.image_width = width;
  info.image_height = height;
  info.input_components = (int)n_channels;
  info.in_color_space = space;
  jpeg_set_defaults (&info);
  jpeg_set_quality (&info, quality, TRUE);
  jpeg_start_compress (&info, TRUE);
  for (guint y = 0; y < height; y++)
    {
      for (guint x = 0; x < width; x++)
        paint (x, y, seed, row + (gsize)x * n_channels);
      jpeg_write_scanlines (&info, &row, 1);
    }
  jpeg_finish_compress (&info);
  jpeg_destroy_compress (&info);
  bytes = g_bytes_new (data, size);
  free (data);

  return bytes;
}

GBytes *
image_maker_jpeg (guint width,
                  guint height,
                  guint seed,
                  int   quality)
{
  return make_jpeg (width, height, seed, quality, JCS_RGB);
}

GBytes *
image_maker_cmyk (guint width,
                  guint height)
{
  return make_jpeg (width, height, 0, 90, JCS_CMYK);
}

GBytes *
image_maker_add_marker (GBytes     *jpeg,
                        guint8      marker,
                        const void *data,
                        gsize       size)
{
  gsize jpeg_size;
  const guint8 *bytes = g_bytes_get_data (jpeg, &jpeg_size);
  const guint8 head[] = { 0xff, marker, (guint8)((size + 2) >> 8), (guint8)(size + 2) };
  GByteArray *array = g_byte_array_new ();

  g_byte_array_append (array, bytes, 2);
  g_byte_array_append (array, head, sizeof head);
  g_byte_array_append (array, data, (guint)size);
  g_byte_array_append (array, bytes + 2, (guint)(jpeg_size - 2));

  return g_byte_array_free_to_bytes (array);
}

/* legacy-jpeg.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jpeglib.h>

#include "legacy-jpeg.h"

#define QUALITY 70

/* The head libjpeg writes for three components and two quantization tables. */
#define JFIF_END        20
#define TABLES_SIZE     (2 * 69)
#define FRAME_SIZE      19
#define FRAME_START     (JFIF_END + TABLES_SIZE)

static void
set_up (struct jpeg_compress_struct *cinfo,
        cairo_surface_t             *surface)
{
  cinfo->image_width = (JDIMENSION) cairo_image_surface_get_width (surface);
  cinfo->image_height = (JDIMENSION) cairo_image_surface_get_height (surface);
  cinfo->input_components = 3;
  cinfo->in_color_space = JCS_RGB;
  jpeg_set_defaults (cinfo);
  jpeg_set_quality (cinfo, QUALITY, TRUE);
  cinfo->JFIF_minor_version = 2;
  cinfo->optimize_coding = FALSE;
  cinfo->dct_method = JDCT_ISLOW;

  for (int i = 0; i < cinfo->num_components; i++)
    {
      cinfo->comp_info[i].h_samp_factor = 1;
      cinfo->comp_info[i].v_samp_factor = 1;
    }
}

static void
write_rows (struct jpeg_compress_struct *cinfo,
            cairo_surface_t             *surface)
{
  const guchar *pixels = cairo_image_surface_get_data (surface);
  int stride = cairo_image_surface_get_stride (surface);
  g_autofree JSAMPLE *row = g_malloc (cinfo->image_width * 3);

  while (cinfo->next_scanline < cinfo->image_height)
    {
      const guint32 *source = (const guint32 *) (gconstpointer) (pixels + (gsize) cinfo->next_scanline * (gsize) stride);

      for (guint x = 0; x < cinfo->image_width; x++)
        {
          row[3 * x] = (JSAMPLE) (source[x] >> 16);
          row[3 * x + 1] = (JSAMPLE) (source[x] >> 8);
          row[3 * x + 2] = (JSAMPLE) source[x];
        }
      jpeg_write_scanlines (cinfo, &row, 1);
    }
}

/* The old program's encoder puts the frame header before the tables. */
static void
move_frame_forward (guchar *jpeg)
{
  guchar frame[FRAME_SIZE];

  g_assert (jpeg[FRAME_START] == 0xff && jpeg[FRAME_START + 1] == 0xc0);
  memcpy (frame, jpeg + FRAME_START, FRAME_SIZE);
  memmove (jpeg + JFIF_END + FRAME_SIZE, jpeg + JFIF_END, TABLES_SIZE);
  memcpy (jpeg + JFIF_END, frame, FRAME_SIZE);
}

/**
 * legacy_jpeg_encode:
 * @surface: an image surface of 32 bits a pixel
 *
 * Encodes a picture as the old program does: baseline, quality 70, no chroma
 * subsampling, the standard Huffman tables, the same head.
 *
 * Returns: (transfer full): the JPEG file
 */
GBytes *
legacy_jpeg_encode (cairo_surface_t *surface)
{
  struct jpeg_compress_struct cinfo;
  struct jpeg_error_mgr manager;
  unsigned char *jpeg = NULL;
  unsigned long size = 0;

  cairo_surface_flush (surface);

  /* Writing to memory fails only for want of it, and then the default
   * handler ends the program as GLib would.
   */
  cinfo.err = jpeg_std_error (&manager);
  jpeg_create_compress (&cinfo);
  jpeg_mem_dest (&cinfo, &jpeg, &size);
  set_up (&cinfo, surface);
  jpeg_start_compress (&cinfo, TRUE);
  write_rows (&cinfo, surface);
  jpeg_finish_compress (&cinfo);
  jpeg_destroy_compress (&cinfo);

  move_frame_forward (jpeg);

  return g_bytes_new_with_free_func (jpeg, size, free, jpeg);
}

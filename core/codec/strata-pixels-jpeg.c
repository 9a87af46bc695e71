/* strata-pixels-jpeg.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

/* jpeglib.h needs these to be there */
#include <stddef.h>
#include <stdio.h>

#include <jpeglib.h>
#include <setjmp.h>
#include <string.h>

#include "base/strata-error.h"
#include "strata-pixels-private.h"

/* A progressive JPEG can ask for more passes over the image than anybody wants to wait for */
#define MAX_SCANS 100
#define MAX_MARKER 65533

/* libjpeg gives control back with longjmp: nothing between may own anything. */
typedef struct
{
  struct jpeg_decompress_struct  info;
  struct jpeg_error_mgr          errors;
  struct jpeg_progress_mgr       progress;
  jmp_buf                        jump;
  char                           message[JMSG_LENGTH_MAX];
  StrataPixels                  *pixels;
  GError                        *error;      /* what is not libjpeg's */
} Decoder;

static void
error_exit (j_common_ptr info)
{
  Decoder *self = info->client_data;

  info->err->format_message (info, self->message);
  longjmp (self->jump, 1);
}

/* A complaint means that something was made up. */
static void
emit_message (j_common_ptr info,
              int          level)
{
  if (level < 0)
    error_exit (info);
}

static void
output_message (j_common_ptr info)
{
}

static void
progress_cb (j_common_ptr info)
{
  Decoder *self = info->client_data;

  if (self->info.input_scan_number <= MAX_SCANS)
    return;
  g_strlcpy (self->message, "too many scans", sizeof self->message);
  longjmp (self->jump, 1);
}

static guint16
read_uint16 (const guint8 *data,
             gboolean      is_big)
{
  return is_big ? (guint16)(data[0] << 8 | data[1]) : (guint16)(data[1] << 8 | data[0]);
}

static guint32
read_uint32 (const guint8 *data,
             gboolean      is_big)
{
  return is_big ? (guint32)read_uint16 (data, TRUE) << 16 | read_uint16 (data + 2, TRUE)
                : (guint32)read_uint16 (data + 2, FALSE) << 16 | read_uint16 (data, FALSE);
}

/* The tag of Exif that says how an image is turned: anything but 1, upright, or nothing, is. */
static gboolean
is_turned (const guint8 *data,
           gsize         size)
{
  const gsize start = strlen ("Exif") + 2;
  gboolean is_big;
  guint32 at;
  guint n;

  if (size < start + 8 || memcmp (data, "Exif\0", 6) != 0)
    return FALSE;

  data += start;
  size -= start;
  is_big = data[0] == 'M';
  at = read_uint32 (data + 4, is_big);
  if (at > size || size - at < 2)
    return FALSE;

  n = read_uint16 (data + at, is_big);
  for (guint i = 0; i < n && size - at >= 2 + 12 * ((gsize)i + 1); i++)
    {
      const guint8 *entry = data + at + 2 + 12 * (gsize)i;

      if (read_uint16 (entry, is_big) == 0x0112)
        return read_uint16 (entry + 8, is_big) != 1;
    }

  return FALSE;
}

/* Says whether a WebP would show something else. */
static gboolean
check_header (Decoder *self)
{
  const char *why = NULL;

  for (jpeg_saved_marker_ptr marker = self->info.marker_list; marker != NULL; marker = marker->next)
    {
      if (marker->marker == JPEG_APP0 + 2 && marker->data_length >= 12 && memcmp (marker->data, "ICC_PROFILE", 12) == 0)
        why = "it has a colour profile";
      if (marker->marker == JPEG_APP0 + 1 && is_turned (marker->data, marker->data_length))
        why = "it is turned";
    }
  if (self->info.num_components != 3 && self->info.num_components != 1)
    why = "it is for a printer";
  if (self->info.data_precision != 8)
    why = "it has more than eight bits a colour";

  if (why != NULL)
    g_set_error (&self->error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "A WebP would not show this JPEG as it is: %s", why);

  return why == NULL && _strata_pixels_check_size (self->info.image_width, self->info.image_height, &self->error);
}

/* Returns FALSE, by jumping too, where it can't be decoded. */
static gboolean
decode (Decoder      *self,
        const guint8 *data,
        gsize         size)
{
  jpeg_create_decompress (&self->info);
  self->info.progress = &self->progress;
  jpeg_mem_src (&self->info, (unsigned char *)data, size);
  jpeg_save_markers (&self->info, JPEG_APP0 + 1, MAX_MARKER);
  jpeg_save_markers (&self->info, JPEG_APP0 + 2, MAX_MARKER);
  jpeg_read_header (&self->info, TRUE);
  if (!check_header (self))
    return FALSE;

  self->info.out_color_space = JCS_RGB;
  self->info.dct_method = JDCT_ISLOW;
  jpeg_start_decompress (&self->info);
  self->pixels = _strata_pixels_new (self->info.output_width, self->info.output_height, 3, &self->error);
  if (self->pixels == NULL)
    return FALSE;

  while (self->info.output_scanline < self->info.output_height)
    {
      JSAMPROW row = self->pixels->data + (gsize)self->info.output_scanline * self->pixels->width * 3;

      jpeg_read_scanlines (&self->info, &row, 1);
    }
  jpeg_finish_decompress (&self->info);

  return TRUE;
}

/* What libjpeg stops at comes back here. */
static gboolean
try_decode (Decoder      *self,
            const guint8 *data,
            gsize         size)
{
  if (setjmp (self->jump) != 0)
    return FALSE;

  return decode (self, data, size);
}

StrataPixels *
_strata_pixels_new_of_jpeg (GBytes  *jpeg,
                            GError **error)
{
  Decoder *self = g_new0 (Decoder, 1);
  StrataPixels *pixels = NULL;
  gsize size;
  const guint8 *data = g_bytes_get_data (jpeg, &size);

  self->info.err = jpeg_std_error (&self->errors);
  self->errors.error_exit = error_exit;
  self->errors.emit_message = emit_message;
  self->errors.output_message = output_message;
  self->info.client_data = self;
  self->progress.progress_monitor = progress_cb;

  if (try_decode (self, data, size))
    pixels = g_steal_pointer (&self->pixels);
  else if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A JPEG can't be decoded: %s", self->message);

  jpeg_destroy_decompress (&self->info);
  g_clear_pointer (&self->pixels, _strata_pixels_free);
  g_free (self);

  return pixels;
}

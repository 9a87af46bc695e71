/* strata-pixels-png.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <png.h>
#include <string.h>

#include "base/strata-error.h"
#include "strata-pixels-private.h"

#define SIGNATURE "\x89PNG\r\n\x1a\n"
#define SIGNATURE_SIZE 8
/* Length and type before a chunk's data, its check sum behind them */
#define CHUNK_HEAD 8
#define CHUNK_TAIL 4
#define HEADER_SIZE 13
/* What sRGB has, in hundred-thousandths */
#define SRGB_GAMMA 45455

static gboolean
set_unsuitable (const char  *why,
                GError     **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "A WebP would not show this PNG as it is: %s", why);

  return FALSE;
}

static guint32
read_uint32 (const guint8 *data)
{
  return (guint32)data[0] << 24 | (guint32)data[1] << 16 | (guint32)data[2] << 8 | data[3];
}

/* Says whether a chunk means something that pixels of eight bits don't. */
static gboolean
check_chunk (const guint8  *type,
             const guint8  *data,
             guint32        length,
             GError       **error)
{
  if (memcmp (type, "IHDR", 4) == 0)
    {
      if (length != HEADER_SIZE)
        return set_unsuitable ("its header is odd", error);
      if (data[8] > 8)
        return set_unsuitable ("it has more than eight bits a colour", error);
      return _strata_pixels_check_size (read_uint32 (data), read_uint32 (data + 4), error);
    }
  if (memcmp (type, "acTL", 4) == 0)
    return set_unsuitable ("it moves", error);
  if (memcmp (type, "iCCP", 4) == 0 || memcmp (type, "cICP", 4) == 0)
    return set_unsuitable ("it has a colour profile", error);
  if (memcmp (type, "gAMA", 4) == 0 && (length != 4 || read_uint32 (data) != SRGB_GAMMA))
    return set_unsuitable ("it has a gamma of its own", error);

  return TRUE;
}

/* Walks over the chunks up to the last; what is cut is for libpng to complain about. */
static gboolean
check_chunks (const guint8  *data,
              gsize          size,
              GError       **error)
{
  gsize at = SIGNATURE_SIZE;

  if (size < SIGNATURE_SIZE || memcmp (data, SIGNATURE, SIGNATURE_SIZE) != 0)
    return set_unsuitable ("it is none", error);
  if (size < SIGNATURE_SIZE + CHUNK_HEAD + HEADER_SIZE || memcmp (data + at + 4, "IHDR", 4) != 0)
    return set_unsuitable ("its header is odd", error);

  while (size - at >= CHUNK_HEAD + CHUNK_TAIL)
    {
      guint32 length = read_uint32 (data + at);

      if (length > size - at - CHUNK_HEAD - CHUNK_TAIL)
        return TRUE;
      if (!check_chunk (data + at + 4, data + at + CHUNK_HEAD, length, error))
        return FALSE;
      at += (gsize)length + CHUNK_HEAD + CHUNK_TAIL;
    }

  return TRUE;
}

StrataPixels *
_strata_pixels_new_of_png (GBytes  *png,
                           GError **error)
{
  gsize size;
  const guint8 *data = g_bytes_get_data (png, &size);
  g_autoptr(StrataPixels) self = NULL;
  png_image image = { .version = PNG_IMAGE_VERSION };
  gboolean ok;

  if (!check_chunks (data, size, error))
    return NULL;

  if (!png_image_begin_read_from_memory (&image, data, size))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A PNG can't be decoded: %s", image.message);
      png_image_free (&image);
      return NULL;
    }

  image.format = image.format & PNG_FORMAT_FLAG_ALPHA ? PNG_FORMAT_RGBA : PNG_FORMAT_RGB;
  self = _strata_pixels_new (image.width, image.height, PNG_IMAGE_PIXEL_CHANNELS (image.format), error);
  ok = self != NULL && png_image_finish_read (&image, NULL, self->data, 0, NULL) && image.warning_or_error == 0;
  if (self != NULL && !ok)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A PNG can't be decoded: %s", image.message);
  png_image_free (&image);

  return ok ? g_steal_pointer (&self) : NULL;
}

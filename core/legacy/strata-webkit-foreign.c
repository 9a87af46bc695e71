/* strata-webkit-foreign.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-webkit-foreign-private.h"
#include "strata-webkit-tag-private.h"

/* What changed at which version, as far as it moves bytes */
#define VERSION_FILE_DATES 7
#define VERSION_IMAGE_DATA_COLORS 8
#define VERSION_BITMAP_COLORS 9
#define VERSION_LONG_BUFFERS 10
#define VERSION_BLOB_COST 11
#define VERSION_AGENT_CLUSTER 12
#define VERSION_SHORT_BOOLEANS 14

#define DOUBLE_BYTES 8
#define DIGIT_BYTES 8           /* of a BigInt */
#define POINT_BYTES (4 * DOUBLE_BYTES)
#define FLAT_MATRIX_BYTES (6 * DOUBLE_BYTES)
#define MATRIX_BYTES (16 * DOUBLE_BYTES)
#define COLORS_BY_NAME 3        /* and those by property list: a length and bytes follow */
#define COLORS_BY_LIST 4
#define POOLED_IMAGE 0xfffffffe /* in the place of an image's width */

static gboolean
skip (StrataWebkitForeign  *self,
      guint64               n_bytes,
      GError              **error)
{
  return _strata_byte_window_skip (self->window, n_bytes, error);
}

static gboolean
fail_unknown (StrataWebkitForeign  *self,
              guint8                tag,
              GError              **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
               "At byte %" G_GUINT64_FORMAT " of the value is something that can't be passed over (%s)",
               _strata_byte_window_tell (self->window) - 1, _strata_webkit_tag_get_name (tag));

  return FALSE;
}

gboolean
_strata_webkit_foreign_pass_string (StrataWebkitForeign  *self,
                                    GCancellable         *cancellable,
                                    GError              **error)
{
  guint64 here = _strata_byte_window_tell (self->window);
  StrataWebkitStringKind kind;
  StrataWebkitText text;
  guint32 index;

  if (!_strata_webkit_strings_read_head (self->strings, self->window, &kind, &index, &text, cancellable, error))
    return FALSE;

  if (kind == STRATA_WEBKIT_TERMINATOR)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                   "At byte %" G_GUINT64_FORMAT " of the value stands no string", here);
      return FALSE;
    }

  return kind == STRATA_WEBKIT_POOLED || skip (self, text.bytes, error);
}

static gboolean
pass_strings (StrataWebkitForeign  *self,
              guint32               n,
              GCancellable         *cancellable,
              GError              **error)
{
  for (guint32 i = 0; i < n; i++)
    if (!_strata_webkit_foreign_pass_string (self, cancellable, error))
      return FALSE;

  return TRUE;
}

/* A count of 32 bits, and so many times @unit bytes */
static gboolean
pass_counted (StrataWebkitForeign  *self,
              guint64               unit,
              GCancellable         *cancellable,
              GError              **error)
{
  guint32 count;

  return _strata_byte_window_read_u32 (self->window, &count, cancellable, error) &&
         skip (self, count * unit, error);
}

static gboolean
pass_file (StrataWebkitForeign  *self,
           GCancellable         *cancellable,
           GError              **error)
{
  /* Path, address, type and, since some version in between, name */
  if (self->version < VERSION_FILE_DATES)
    return fail_unknown (self, STRATA_WEBKIT_TAG_FILE, error);

  return pass_strings (self, 4, cancellable, error) && skip (self, DOUBLE_BYTES, error);
}

static gboolean
pass_file_list (StrataWebkitForeign  *self,
                GCancellable         *cancellable,
                GError              **error)
{
  guint32 n_files;

  if (!_strata_byte_window_read_u32 (self->window, &n_files, cancellable, error))
    return FALSE;

  for (guint32 i = 0; i < n_files; i++)
    if (!pass_file (self, cancellable, error))
      return FALSE;

  return TRUE;
}

static gboolean
pass_image_data (StrataWebkitForeign  *self,
                 GCancellable         *cancellable,
                 GError              **error)
{
  guint32 width;

  if (!_strata_byte_window_read_u32 (self->window, &width, cancellable, error))
    return FALSE;

  if (width == POOLED_IMAGE)
    return self->n_images <= G_MAXUINT8 ? skip (self, 1, error)
                                        : fail_unknown (self, STRATA_WEBKIT_TAG_IMAGE_DATA, error);
  self->n_images++;

  return skip (self, sizeof (guint32), error) &&
         pass_counted (self, 1, cancellable, error) &&
         skip (self, self->version >= VERSION_IMAGE_DATA_COLORS ? 1 : 0, error);
}

static gboolean
pass_image_bitmap (StrataWebkitForeign  *self,
                   GCancellable         *cancellable,
                   GError              **error)
{
  guint8 colors;

  /* Flags, width, height and scale */
  if (!skip (self, 1 + 2 * sizeof (gint32) + DOUBLE_BYTES, error))
    return FALSE;

  if (self->version >= VERSION_BITMAP_COLORS)
    {
      if (!_strata_byte_window_read_u8 (self->window, &colors, cancellable, error))
        return FALSE;
      if ((colors == COLORS_BY_NAME || colors == COLORS_BY_LIST) && !pass_counted (self, 1, cancellable, error))
        return FALSE;
      if (colors > COLORS_BY_LIST)
        return fail_unknown (self, STRATA_WEBKIT_TAG_IMAGE_BITMAP, error);
    }

  return pass_counted (self, 1, cancellable, error);
}

static gboolean
pass_big_int (StrataWebkitForeign  *self,
              GCancellable         *cancellable,
              GError              **error)
{
  return skip (self, 1, error) && pass_counted (self, DIGIT_BYTES, cancellable, error);
}

/* @is_resizable: a greatest length follows the length */
static gboolean
pass_array_buffer (StrataWebkitForeign  *self,
                   gboolean              is_resizable,
                   GCancellable         *cancellable,
                   GError              **error)
{
  guint64 tag_offset = _strata_byte_window_tell (self->window) - 1;
  guint64 length;

  if (!_strata_webkit_pool_meet (self->objects, tag_offset, error))
    return FALSE;

  if (self->version < VERSION_LONG_BUFFERS)
    return pass_counted (self, 1, cancellable, error);

  return _strata_byte_window_read_u64 (self->window, &length, cancellable, error) &&
         skip (self, is_resizable ? sizeof length : 0, error) &&
         skip (self, length, error);
}

/* Subtag, offset and length, and the buffer, which may be one met before */
static gboolean
pass_array_buffer_view (StrataWebkitForeign  *self,
                        GCancellable         *cancellable,
                        GError              **error)
{
  guint32 index;
  guint8 tag;
  gboolean ok;

  if (!skip (self, 1 + 2 * (self->version < VERSION_LONG_BUFFERS ? sizeof (guint32) : sizeof (guint64)), error) ||
      !_strata_byte_window_read_u8 (self->window, &tag, cancellable, error))
    return FALSE;

  switch (tag)
    {
    case STRATA_WEBKIT_TAG_OBJECT_REFERENCE:
      ok = _strata_webkit_pool_read_index (self->objects, self->window, &index, cancellable, error);
      break;

    case STRATA_WEBKIT_TAG_ARRAY_BUFFER:
    case STRATA_WEBKIT_TAG_RESIZABLE_ARRAY_BUFFER:
    case STRATA_WEBKIT_TAG_SHARED_ARRAY_BUFFER:
    case STRATA_WEBKIT_TAG_ARRAY_BUFFER_TRANSFER:
      ok = _strata_webkit_foreign_pass (self, tag, cancellable, error);
      break;

    default:
      return fail_unknown (self, tag, error);
    }

  return ok && _strata_webkit_pool_meet_marked (self->objects, _strata_byte_window_tell (self->window), error);
}

static gboolean
pass_matrix (StrataWebkitForeign  *self,
             GCancellable         *cancellable,
             GError              **error)
{
  guint8 is_flat;

  return _strata_byte_window_read_u8 (self->window, &is_flat, cancellable, error) &&
         skip (self, is_flat ? FLAT_MATRIX_BYTES : MATRIX_BYTES, error);
}

static gboolean
pass_certificate (StrataWebkitForeign  *self,
                  GCancellable         *cancellable,
                  GError              **error)
{
  guint32 n_fingerprints;

  if (!skip (self, DOUBLE_BYTES, error) ||
      !pass_strings (self, 3, cancellable, error) ||
      !_strata_byte_window_read_u32 (self->window, &n_fingerprints, cancellable, error))
    return FALSE;

  for (guint32 i = 0; i < n_fingerprints; i++)
    if (!pass_strings (self, 2, cancellable, error))
      return FALSE;

  return TRUE;
}

/* A byte, 1 for none, and the string */
static gboolean
pass_nullable_string (StrataWebkitForeign  *self,
                      GCancellable         *cancellable,
                      GError              **error)
{
  guint8 is_null;

  return _strata_byte_window_read_u8 (self->window, &is_null, cancellable, error) &&
         (is_null || _strata_webkit_foreign_pass_string (self, cancellable, error));
}

/* Kind, message, line, column, address and stack */
static gboolean
pass_error (StrataWebkitForeign  *self,
            GCancellable         *cancellable,
            GError              **error)
{
  if (self->version < VERSION_SHORT_BOOLEANS)
    return fail_unknown (self, STRATA_WEBKIT_TAG_ERROR_INSTANCE, error);

  return skip (self, 1, error) &&
         pass_nullable_string (self, cancellable, error) &&
         skip (self, 2 * sizeof (guint32), error) &&
         pass_nullable_string (self, cancellable, error) &&
         pass_nullable_string (self, cancellable, error);
}

gboolean
_strata_webkit_foreign_pass_cause (StrataWebkitForeign  *self,
                                   GCancellable         *cancellable,
                                   GError              **error)
{
  return pass_nullable_string (self, cancellable, error);
}

/* A type, and what it costs to keep in memory since some version */
static gboolean
pass_blob (StrataWebkitForeign  *self,
           GCancellable         *cancellable,
           GError              **error)
{
  return pass_strings (self, 2, cancellable, error) &&
         skip (self, self->version >= VERSION_BLOB_COST ? 2 * sizeof (guint64) : sizeof (guint64), error);
}

/* What was moved to where the page sent it is written as a number. */
static gboolean
pass_number (StrataWebkitForeign  *self,
             GError              **error)
{
  return skip (self, sizeof (guint32), error);
}

static gboolean
pass_wasm (StrataWebkitForeign  *self,
           GCancellable         *cancellable,
           GError              **error)
{
  return pass_strings (self, self->version >= VERSION_AGENT_CLUSTER ? 1 : 0, cancellable, error) &&
         pass_number (self, error);
}

gboolean
_strata_webkit_foreign_pass (StrataWebkitForeign  *self,
                             guint8                tag,
                             GCancellable         *cancellable,
                             GError              **error)
{
  guint64 tag_offset = _strata_byte_window_tell (self->window) - 1;

  switch (tag)
    {
    case STRATA_WEBKIT_TAG_FILE:
      return pass_file (self, cancellable, error);

    case STRATA_WEBKIT_TAG_FILE_LIST:
      return pass_file_list (self, cancellable, error);

    case STRATA_WEBKIT_TAG_IMAGE_DATA:
      return pass_image_data (self, cancellable, error);

    case STRATA_WEBKIT_TAG_IMAGE_BITMAP:
      return pass_image_bitmap (self, cancellable, error);

    case STRATA_WEBKIT_TAG_BLOB:
      return pass_blob (self, cancellable, error);

    case STRATA_WEBKIT_TAG_REG_EXP:
    case STRATA_WEBKIT_TAG_DOM_EXCEPTION:
      return pass_strings (self, 2, cancellable, error);

    case STRATA_WEBKIT_TAG_ERROR_INSTANCE:
      return pass_error (self, cancellable, error);

    case STRATA_WEBKIT_TAG_ARRAY_BUFFER:
      return pass_array_buffer (self, FALSE, cancellable, error);

    case STRATA_WEBKIT_TAG_RESIZABLE_ARRAY_BUFFER:
      return pass_array_buffer (self, TRUE, cancellable, error);

    case STRATA_WEBKIT_TAG_ARRAY_BUFFER_VIEW:
      return pass_array_buffer_view (self, cancellable, error);

    case STRATA_WEBKIT_TAG_BIG_INT_OBJECT:
      return _strata_webkit_pool_meet (self->objects, tag_offset, error) && pass_big_int (self, cancellable, error);

    case STRATA_WEBKIT_TAG_BIG_INT:
      return pass_big_int (self, cancellable, error);

    case STRATA_WEBKIT_TAG_SHARED_ARRAY_BUFFER:
      return _strata_webkit_pool_meet (self->objects, tag_offset, error) && pass_number (self, error);

    case STRATA_WEBKIT_TAG_CRYPTO_KEY:
      return pass_counted (self, 1, cancellable, error);

    case STRATA_WEBKIT_TAG_RTC_CERTIFICATE:
      return pass_certificate (self, cancellable, error);

    case STRATA_WEBKIT_TAG_DOM_POINT_READ_ONLY:
    case STRATA_WEBKIT_TAG_DOM_POINT:
    case STRATA_WEBKIT_TAG_DOM_RECT_READ_ONLY:
    case STRATA_WEBKIT_TAG_DOM_RECT:
      return skip (self, POINT_BYTES, error);

    case STRATA_WEBKIT_TAG_DOM_QUAD:
      return skip (self, 4 * POINT_BYTES, error);

    case STRATA_WEBKIT_TAG_DOM_MATRIX_READ_ONLY:
    case STRATA_WEBKIT_TAG_DOM_MATRIX:
      return pass_matrix (self, cancellable, error);

    case STRATA_WEBKIT_TAG_WASM_MODULE:
    case STRATA_WEBKIT_TAG_WASM_MEMORY:
      return pass_wasm (self, cancellable, error);

    case STRATA_WEBKIT_TAG_MESSAGE_PORT_REFERENCE:
    case STRATA_WEBKIT_TAG_ARRAY_BUFFER_TRANSFER:
    case STRATA_WEBKIT_TAG_IMAGE_BITMAP_TRANSFER:
    case STRATA_WEBKIT_TAG_OFFSCREEN_CANVAS:
    case STRATA_WEBKIT_TAG_IN_MEMORY_OFFSCREEN_CANVAS:
    case STRATA_WEBKIT_TAG_IN_MEMORY_MESSAGE_PORT:
    case STRATA_WEBKIT_TAG_ENCODED_VIDEO_CHUNK:
    case STRATA_WEBKIT_TAG_VIDEO_FRAME:
    case STRATA_WEBKIT_TAG_ENCODED_AUDIO_CHUNK:
    case STRATA_WEBKIT_TAG_AUDIO_DATA:
    case STRATA_WEBKIT_TAG_MEDIA_STREAM_TRACK:
    case STRATA_WEBKIT_TAG_MEDIA_SOURCE_HANDLE:
    case STRATA_WEBKIT_TAG_ENCODED_AUDIO_FRAME:
    case STRATA_WEBKIT_TAG_ENCODED_VIDEO_FRAME:
      return pass_number (self, error);

    default:
      /* The way of writing an RTCDataChannel changed under one and the same version */
      return fail_unknown (self, tag, error);
    }
}

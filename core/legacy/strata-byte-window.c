/* strata-byte-window.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-byte-window-private.h"

#define FIRST_READ 1024

struct _StrataByteWindow
{
  /* Set at construction, never changed after */
  GInputStream *base;
  guint8       *buffer;
  guint64       size;

  /* One thread at a time */
  gsize         start;      /* of what is left in @buffer */
  gsize         end;
  guint64       offset;     /* of the byte at @start, in the stream */
  gsize         next_read;  /* grows until it fills the buffer */
  gboolean      fell_short;
};

StrataByteWindow *
_strata_byte_window_new (GInputStream *base,
                         guint64       size)
{
  StrataByteWindow *self = g_new0 (StrataByteWindow, 1);

  self->base = g_object_ref (base);
  self->size = size;
  self->buffer = g_malloc (STRATA_BYTE_WINDOW_SIZE);
  self->next_read = FIRST_READ;

  return self;
}

void
_strata_byte_window_free (StrataByteWindow *self)
{
  g_object_unref (self->base);
  g_free (self->buffer);
  g_free (self);
}

guint64
_strata_byte_window_tell (const StrataByteWindow *self)
{
  return self->offset;
}

void
_strata_byte_window_seek (StrataByteWindow *self,
                          guint64           offset)
{
  guint64 begin = self->offset - self->start;

  if (offset >= begin && offset <= begin + self->end)
    self->start = (gsize)(offset - begin);
  else
    {
      self->start = self->end = 0;
      self->next_read = FIRST_READ;
    }
  self->offset = offset;
}

guint64
_strata_byte_window_get_size (const StrataByteWindow *self)
{
  return self->size;
}

gboolean
_strata_byte_window_take_shortfall (StrataByteWindow *self)
{
  gboolean fell_short = self->fell_short;

  self->fell_short = FALSE;

  return fell_short;
}

static gboolean
fall_short (StrataByteWindow  *self,
            GError           **error)
{
  self->fell_short = TRUE;
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
               "The value ends early, in what begins at byte %" G_GUINT64_FORMAT, self->offset);

  return FALSE;
}

gboolean
_strata_byte_window_expect (StrataByteWindow  *self,
                            guint64            size,
                            GError           **error)
{
  return size <= self->size - MIN (self->offset, self->size) || fall_short (self, error);
}

gboolean
_strata_byte_window_skip (StrataByteWindow  *self,
                          guint64            size,
                          GError           **error)
{
  if (!_strata_byte_window_expect (self, size, error))
    return FALSE;
  _strata_byte_window_seek (self, self->offset + size);

  return TRUE;
}

/* Moves what is left to the front and reads on behind it. */
static gboolean
read_more (StrataByteWindow  *self,
           GCancellable      *cancellable,
           GError           **error)
{
  guint64 wanted = self->offset + (self->end - self->start);
  gssize n_read;

  memmove (self->buffer, self->buffer + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;

  if ((guint64)g_seekable_tell (G_SEEKABLE (self->base)) != wanted &&
      !g_seekable_seek (G_SEEKABLE (self->base), (goffset)wanted, G_SEEK_SET, cancellable, error))
    return FALSE;

  n_read = g_input_stream_read (self->base, self->buffer + self->end,
                                MIN (self->next_read, STRATA_BYTE_WINDOW_SIZE - self->end), cancellable, error);
  if (n_read < 0)
    return FALSE;

  if (n_read == 0)
    return fall_short (self, error);
  self->end += (gsize)n_read;
  self->next_read = MIN (2 * self->next_read, STRATA_BYTE_WINDOW_SIZE);

  return TRUE;
}

const guint8 *
_strata_byte_window_look_far (StrataByteWindow  *self,
                              gsize              size,
                              gsize             *out_size,
                              GCancellable      *cancellable,
                              GError           **error)
{
  g_assert (size <= STRATA_BYTE_WINDOW_SIZE);

  if (!_strata_byte_window_expect (self, size, error))
    return NULL;

  while (self->end - self->start < size)
    if (!read_more (self, cancellable, error))
      return NULL;

  *out_size = self->end - self->start;

  return self->buffer + self->start;
}

const guint8 *
_strata_byte_window_look (StrataByteWindow  *self,
                          gsize              size,
                          GCancellable      *cancellable,
                          GError           **error)
{
  gsize there;

  return _strata_byte_window_look_far (self, size, &there, cancellable, error);
}

void
_strata_byte_window_advance (StrataByteWindow *self,
                             gsize             size)
{
  g_assert (size <= self->end - self->start);

  self->start += size;
  self->offset += size;
}

static gboolean
read_number (StrataByteWindow  *self,
             gsize              size,
             guint64           *out_value,
             GCancellable      *cancellable,
             GError           **error)
{
  const guint8 *bytes = _strata_byte_window_look (self, size, cancellable, error);

  if (bytes == NULL)
    return FALSE;

  *out_value = 0;
  for (gsize i = size; i > 0; i--)
    *out_value = *out_value << 8 | bytes[i - 1];
  _strata_byte_window_advance (self, size);

  return TRUE;
}

gboolean
_strata_byte_window_read_u8 (StrataByteWindow  *self,
                             guint8            *out_value,
                             GCancellable      *cancellable,
                             GError           **error)
{
  guint64 value;

  if (!read_number (self, sizeof *out_value, &value, cancellable, error))
    return FALSE;
  *out_value = (guint8)value;

  return TRUE;
}

gboolean
_strata_byte_window_read_u16 (StrataByteWindow  *self,
                              guint16           *out_value,
                              GCancellable      *cancellable,
                              GError           **error)
{
  guint64 value;

  if (!read_number (self, sizeof *out_value, &value, cancellable, error))
    return FALSE;
  *out_value = (guint16)value;

  return TRUE;
}

gboolean
_strata_byte_window_read_u32 (StrataByteWindow  *self,
                              guint32           *out_value,
                              GCancellable      *cancellable,
                              GError           **error)
{
  guint64 value;

  if (!read_number (self, sizeof *out_value, &value, cancellable, error))
    return FALSE;
  *out_value = (guint32)value;

  return TRUE;
}

gboolean
_strata_byte_window_read_u64 (StrataByteWindow  *self,
                              guint64           *out_value,
                              GCancellable      *cancellable,
                              GError           **error)
{
  return read_number (self, sizeof *out_value, out_value, cancellable, error);
}

/* strata-text-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-text-stream-private.h"
#include "strata-utf16-private.h"

#define BLOCK_BYTES (64 * 1024)
#define REPLACEMENT "\xef\xbf\xbd"
#define REPLACEMENT_BYTES 3

struct _StrataTextStream
{
  GInputStream        parent_instance;

  /* Set at construction, never changed after */
  GInputStream       *base;

  /* One thread at a time */
  guint8             *in;         /* bytes read and not yet looked at, at most a block */
  gsize               in_length;
  gboolean            at_end;
  guint8             *out;        /* text made and not yet given */
  gsize               out_start;
  gsize               out_length;
  guint64             repairs;
  StrataTextEncoding  encoding;
};

static void seekable_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataTextStream, _strata_text_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, seekable_iface_init))

typedef enum
{
  SEQUENCE_WHOLE,
  SEQUENCE_ILL,
  SEQUENCE_CUT,
} Sequence;

/* Looks at the sequence at @s, which starts with a byte of 0x80 or above.
 * @out_length: of the character, or of the part that is ill-formed.
 */
static Sequence
look_at_sequence (const guint8 *s,
                  gsize         n,
                  gsize        *out_length)
{
  guint8 low = s[0] == 0xe0 ? 0xa0 : s[0] == 0xf0 ? 0x90 : 0x80;
  guint8 high = s[0] == 0xed ? 0x9f : s[0] == 0xf4 ? 0x8f : 0xbf;
  gsize wanted = s[0] >= 0xf0 ? 4 : s[0] >= 0xe0 ? 3 : 2;

  *out_length = 1;
  if (s[0] < 0xc2 || s[0] > 0xf4)
    return SEQUENCE_ILL;

  for (gsize i = 1; i < wanted; i++)
    {
      if (i == n)
        return SEQUENCE_CUT;
      if (s[i] < low || s[i] > high)
        return SEQUENCE_ILL;
      low = 0x80;
      high = 0xbf;
      *out_length = i + 1;
    }

  return SEQUENCE_WHOLE;
}

/* Returns: how many bytes at the start of @s are well-formed */
static gsize
well_formed_length (const guint8 *s,
                    gsize         n)
{
  gsize i = 0;

  while (i < n)
    {
      guint64 eight;
      gsize length;

      if (i + sizeof eight <= n)
        {
          memcpy (&eight, s + i, sizeof eight);
          if ((eight & G_GUINT64_CONSTANT (0x8080808080808080)) == 0)
            {
              i += sizeof eight;
              continue;
            }
        }

      if (s[i] < 0x80)
        i++;
      else if (look_at_sequence (s + i, n - i, &length) == SEQUENCE_WHOLE)
        i += length;
      else
        break;
    }

  return i;
}

static void
put (StrataTextStream *self,
     const void       *bytes,
     gsize             size)
{
  memcpy (self->out + self->out_length, bytes, size);
  self->out_length += size;
}

/* Mends what was read. Returns: how much of it was used */
static gsize
mend_block (StrataTextStream *self)
{
  gsize i = 0;

  while (i < self->in_length)
    {
      gsize well_formed = well_formed_length (self->in + i, self->in_length - i);
      gsize length;
      Sequence sequence;

      put (self, self->in + i, well_formed);
      i += well_formed;
      if (i == self->in_length)
        break;

      sequence = look_at_sequence (self->in + i, self->in_length - i, &length);
      if (sequence == SEQUENCE_CUT && !self->at_end)
        break;

      put (self, REPLACEMENT, REPLACEMENT_BYTES);
      self->repairs++;
      i += sequence == SEQUENCE_CUT ? self->in_length - i : length;
    }

  return i;
}

/* Turns what was read into text. What is cut by the end of the block waits for the next. */
static void
convert_block (StrataTextStream *self)
{
  gsize used = 0;

  self->out_start = self->out_length = 0;

  if (self->encoding == STRATA_TEXT_ENCODING_UNKNOWN)
    self->encoding = _strata_text_encoding_find (self->in, self->in_length, self->at_end);

  if (self->encoding == STRATA_TEXT_ENCODING_UTF8)
    used = mend_block (self);
  else if (self->encoding != STRATA_TEXT_ENCODING_UNKNOWN)
    used = _strata_utf16_to_utf8 (self->in, self->in_length, self->encoding, self->at_end,
                                  self->out, &self->out_length, &self->repairs);

  self->in_length -= used;
  memmove (self->in, self->in + used, self->in_length);
}

static gssize
text_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataTextStream *self = STRATA_TEXT_STREAM (stream);
  gsize size;

  while (self->out_start == self->out_length)
    {
      gssize got;

      if (self->at_end)
        return 0;

      got = g_input_stream_read (self->base, self->in + self->in_length, BLOCK_BYTES - self->in_length, cancellable, error);
      if (got < 0)
        return -1;
      self->at_end = got == 0;
      self->in_length += (gsize)got;
      convert_block (self);
    }

  size = MIN (count, self->out_length - self->out_start);
  memcpy (buffer, self->out + self->out_start, size);
  self->out_start += size;

  return (gssize)size;
}

static goffset
text_stream_tell (GSeekable *seekable)
{
  StrataTextStream *self = STRATA_TEXT_STREAM (seekable);

  return G_IS_SEEKABLE (self->base) ? g_seekable_tell (G_SEEKABLE (self->base)) : 0;
}

static gboolean
text_stream_can_seek (GSeekable *seekable)
{
  StrataTextStream *self = STRATA_TEXT_STREAM (seekable);

  return G_IS_SEEKABLE (self->base) && g_seekable_can_seek (G_SEEKABLE (self->base));
}

static gboolean
text_stream_seek (GSeekable     *seekable,
                  goffset        offset,
                  GSeekType      type,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataTextStream *self = STRATA_TEXT_STREAM (seekable);

  if (offset != 0 || type != G_SEEK_SET || !text_stream_can_seek (seekable))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "Text can only be read again from its start");
      return FALSE;
    }

  self->in_length = self->out_start = self->out_length = 0;
  self->at_end = FALSE;
  self->repairs = 0;
  self->encoding = STRATA_TEXT_ENCODING_UNKNOWN;

  return g_seekable_seek (G_SEEKABLE (self->base), 0, G_SEEK_SET, cancellable, error);
}

static gboolean
text_stream_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
text_stream_truncate (GSeekable     *seekable,
                      goffset        offset,
                      GCancellable  *cancellable,
                      GError       **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "An input stream can't be cut");

  return FALSE;
}

static void
seekable_iface_init (GSeekableIface *iface)
{
  iface->tell = text_stream_tell;
  iface->can_seek = text_stream_can_seek;
  iface->seek = text_stream_seek;
  iface->can_truncate = text_stream_can_truncate;
  iface->truncate_fn = text_stream_truncate;
}

static void
text_stream_finalize (GObject *object)
{
  StrataTextStream *self = STRATA_TEXT_STREAM (object);

  g_clear_object (&self->base);
  g_free (self->in);
  g_free (self->out);

  G_OBJECT_CLASS (_strata_text_stream_parent_class)->finalize (object);
}

static void
_strata_text_stream_class_init (StrataTextStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = text_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = text_stream_read;
}

static void
_strata_text_stream_init (StrataTextStream *self)
{
  self->in = g_malloc (BLOCK_BYTES);
  /* Each byte may become a replacement */
  self->out = g_malloc (BLOCK_BYTES * REPLACEMENT_BYTES);
}

GInputStream *
_strata_text_stream_new (GInputStream *base)
{
  StrataTextStream *self = g_object_new (STRATA_TYPE_TEXT_STREAM, NULL);

  self->base = g_object_ref (base);

  return G_INPUT_STREAM (self);
}

guint64
_strata_text_stream_get_repairs (StrataTextStream *self)
{
  return self->repairs;
}

gboolean
_strata_text_stream_is_utf16 (StrataTextStream *self)
{
  return self->encoding == STRATA_TEXT_ENCODING_UTF16_LE || self->encoding == STRATA_TEXT_ENCODING_UTF16_BE;
}

/* strata-span-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-span-stream-private.h"

struct _StrataSpanStream
{
  GInputStream        parent_instance;

  /* Set at construction, never changed after */
  GInputStream       *base;

  /* One thread at a time */
  GByteArray         *held[2];      /* the last read but one, and the last */
  guint64             held_offset;  /* of the first byte held */
  gboolean            ignoring;
  gboolean            begun;
  guint64             begin;
  guint               indentation;
  StrataTextChecksum  checksum;
};

G_DEFINE_FINAL_TYPE (StrataSpanStream, _strata_span_stream, G_TYPE_INPUT_STREAM)

/* Lets go of the older of the two, as far as it is below @end. */
static void
release (StrataSpanStream *self,
         guint64           end)
{
  GByteArray *oldest = self->held[0];
  guint64 first = self->held_offset;
  guint64 last = MIN (first + oldest->len, end);

  if (self->begun && first < self->begin)
    first = MIN (self->begin, last);
  if (self->begun && first < last)
    _strata_text_checksum_update_indented (&self->checksum, oldest->data + (first - self->held_offset),
                                           last - first, self->indentation);

  self->held_offset += oldest->len;
  g_byte_array_set_size (oldest, 0);
  self->held[0] = self->held[1];
  self->held[1] = oldest;
}

static gssize
span_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataSpanStream *self = STRATA_SPAN_STREAM (stream);
  gssize size = g_input_stream_read (self->base, buffer, count, cancellable, error);

  if (size > 0 && !self->ignoring)
    {
      release (self, G_MAXUINT64);
      g_byte_array_append (self->held[1], buffer, (guint)size);
    }

  return size;
}

static void
span_stream_finalize (GObject *object)
{
  StrataSpanStream *self = STRATA_SPAN_STREAM (object);

  g_clear_object (&self->base);
  g_byte_array_unref (self->held[0]);
  g_byte_array_unref (self->held[1]);

  G_OBJECT_CLASS (_strata_span_stream_parent_class)->finalize (object);
}

static void
_strata_span_stream_class_init (StrataSpanStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = span_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = span_stream_read;
}

static void
_strata_span_stream_init (StrataSpanStream *self)
{
  self->held[0] = g_byte_array_new ();
  self->held[1] = g_byte_array_new ();
}

GInputStream *
_strata_span_stream_new (GInputStream *base)
{
  StrataSpanStream *self = g_object_new (STRATA_TYPE_SPAN_STREAM, NULL);

  self->base = g_object_ref (base);

  return G_INPUT_STREAM (self);
}

void
_strata_span_stream_begin (StrataSpanStream *self,
                           guint64           offset,
                           guint             indentation)
{
  self->indentation = indentation;
  self->begun = TRUE;
  self->begin = offset;
}

void
_strata_span_stream_end (StrataSpanStream   *self,
                         guint64             offset,
                         StrataTextChecksum *out_checksum)
{
  release (self, offset);
  release (self, offset);
  self->ignoring = TRUE;

  *out_checksum = self->checksum;
}

void
_strata_span_stream_ignore (StrataSpanStream *self)
{
  self->ignoring = TRUE;
  g_byte_array_set_size (self->held[0], 0);
  g_byte_array_set_size (self->held[1], 0);
}

/* strata-filter-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-filter-stream-private.h"

#define BLOCK_SIZE (64 * 1024)

/* No converter of ours needs more room to get anywhere: a reader that asks for
 * single bytes is served from here.
 */
#define SPILL_SIZE 64

struct _StrataFilterStream
{
  GInputStream   parent_instance;

  /* Set at construction, never changed after */
  GInputStream  *base;
  GConverter    *converter;
  guint8        *block;

  /* One thread at a time */
  gsize          start;        /* of what is left in @block */
  gsize          end;
  gboolean       base_ended;
  gboolean       finished;
  GError        *error;        /* given again by every later read */

  guint8         spill[SPILL_SIZE];
  gsize          spill_start;
  gsize          spill_end;
};

G_DEFINE_FINAL_TYPE (StrataFilterStream, _strata_filter_stream, G_TYPE_INPUT_STREAM)

/* Gets more input behind what is left of the last. */
static gboolean
filter_stream_fill (StrataFilterStream *self,
                    GCancellable       *cancellable)
{
  gssize n_read;

  memmove (self->block, self->block + self->start, self->end - self->start);
  self->end -= self->start;
  self->start = 0;

  n_read = g_input_stream_read (self->base, self->block + self->end, BLOCK_SIZE - self->end,
                                cancellable, &self->error);
  if (n_read < 0)
    return FALSE;

  self->base_ended = n_read == 0;
  self->end += (gsize)n_read;

  return TRUE;
}

/* Converts until there is output, or the end (0), or an error (-1). */
static gssize
filter_stream_convert (StrataFilterStream *self,
                       void               *buffer,
                       gsize               count,
                       GCancellable       *cancellable)
{
  gboolean starved = self->start == self->end;

  while (!self->finished)
    {
      gsize n_read = 0, n_written = 0;
      GConverterResult result;

      if (starved && !self->base_ended && !filter_stream_fill (self, cancellable))
        return -1;

      result = g_converter_convert (self->converter,
                                    self->block + self->start, self->end - self->start,
                                    buffer, count,
                                    self->base_ended ? G_CONVERTER_INPUT_AT_END : G_CONVERTER_NO_FLAGS,
                                    &n_read, &n_written, &self->error);
      if (result == G_CONVERTER_ERROR)
        {
          if (self->base_ended || !g_error_matches (self->error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT))
            return -1;

          g_clear_error (&self->error);
          starved = TRUE;
          continue;
        }

      self->start += n_read;
      self->finished = result == G_CONVERTER_FINISHED;
      if (n_written > 0)
        return (gssize)n_written;
      starved = self->start == self->end;
    }

  return 0;
}

static gssize
filter_stream_read_spill (StrataFilterStream *self,
                          void               *buffer,
                          gsize               count)
{
  gsize size = MIN (count, self->spill_end - self->spill_start);

  memcpy (buffer, self->spill + self->spill_start, size);
  self->spill_start += size;

  return (gssize)size;
}

static gssize
filter_stream_read (GInputStream  *stream,
                    void          *buffer,
                    gsize          count,
                    GCancellable  *cancellable,
                    GError       **error)
{
  StrataFilterStream *self = STRATA_FILTER_STREAM (stream);
  gssize size;

  if (self->spill_start < self->spill_end)
    return filter_stream_read_spill (self, buffer, count);

  if (self->error != NULL)
    size = -1;
  else if (count >= SPILL_SIZE)
    size = filter_stream_convert (self, buffer, count, cancellable);
  else
    {
      size = filter_stream_convert (self, self->spill, SPILL_SIZE, cancellable);
      if (size > 0)
        {
          self->spill_start = 0;
          self->spill_end = (gsize)size;
          return filter_stream_read_spill (self, buffer, count);
        }
    }

  if (size < 0)
    g_propagate_error (error, g_error_copy (self->error));

  return size;
}

static void
filter_stream_finalize (GObject *object)
{
  StrataFilterStream *self = STRATA_FILTER_STREAM (object);

  g_clear_object (&self->base);
  g_clear_object (&self->converter);
  g_clear_error (&self->error);
  g_free (self->block);

  G_OBJECT_CLASS (_strata_filter_stream_parent_class)->finalize (object);
}

static void
_strata_filter_stream_class_init (StrataFilterStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = filter_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = filter_stream_read;
}

static void
_strata_filter_stream_init (StrataFilterStream *self)
{
  self->block = g_malloc (BLOCK_SIZE);
}

/* Returns: (transfer full): @base through @converter; it keeps both */
GInputStream *
_strata_filter_stream_new (GInputStream *base,
                           GConverter   *converter)
{
  StrataFilterStream *self = g_object_new (STRATA_TYPE_FILTER_STREAM, NULL);

  self->base = g_object_ref (base);
  self->converter = g_object_ref (converter);

  return G_INPUT_STREAM (self);
}

/* chunk-stream.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "chunk-stream.h"

struct _ChunkStream
{
  GInputStream  parent_instance;

  guint8       *data;
  gsize         size;
  gsize         position;
  gsize         chunk_size;
};

G_DEFINE_FINAL_TYPE (ChunkStream, chunk_stream, G_TYPE_INPUT_STREAM)

static gssize
chunk_stream_read (GInputStream  *stream,
                   void          *buffer,
                   gsize          count,
                   GCancellable  *cancellable,
                   GError       **error)
{
  ChunkStream *self = TEST_CHUNK_STREAM (stream);
  gsize size = MIN (MIN (count, self->chunk_size), self->size - self->position);

  memcpy (buffer, self->data + self->position, size);
  self->position += size;

  return (gssize)size;
}

static void
chunk_stream_finalize (GObject *object)
{
  g_free (TEST_CHUNK_STREAM (object)->data);

  G_OBJECT_CLASS (chunk_stream_parent_class)->finalize (object);
}

static void
chunk_stream_class_init (ChunkStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = chunk_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = chunk_stream_read;
}

static void
chunk_stream_init (ChunkStream *self)
{
}

GInputStream *
chunk_stream_new (const void *data,
                  gsize       size,
                  gsize       chunk_size)
{
  ChunkStream *self = g_object_new (TEST_TYPE_CHUNK_STREAM, NULL);

  /* One more, so that nothing is not NULL */
  self->data = g_malloc (size + 1);
  if (size > 0)
    memcpy (self->data, data, size);
  self->size = size;
  self->chunk_size = chunk_size;

  return G_INPUT_STREAM (self);
}

GByteArray *
chunk_stream_read_all (GInputStream  *stream,
                       gsize          piece_size,
                       GError       **error)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree guint8 *buffer = g_malloc (piece_size);
  gssize size;

  while ((size = g_input_stream_read (stream, buffer, piece_size, NULL, error)) > 0)
    g_byte_array_append (bytes, buffer, (guint)size);

  return bytes;
}

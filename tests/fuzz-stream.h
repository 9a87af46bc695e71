/* fuzz-stream.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <string.h>

#include <gio/gio.h>

/* A stream over bytes in memory that gives at most so many of them per read, and
 * can be sought to its start. The bytes are borrowed.
 */
#define FUZZ_TYPE_STREAM (fuzz_stream_get_type ())

GType fuzz_stream_get_type (void);
G_DECLARE_FINAL_TYPE (FuzzStream, fuzz_stream, FUZZ, STREAM, GInputStream)

struct _FuzzStream
{
  GInputStream   parent_instance;

  const guint8  *data;
  gsize          length;
  gsize          position;
  gsize          piece;
};

static void fuzz_stream_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (FuzzStream, fuzz_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, fuzz_stream_iface_init))

static gssize
fuzz_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  FuzzStream *self = FUZZ_STREAM (stream);

  count = MIN (MIN (count, self->piece), self->length - self->position);
  if (count > 0)
    memcpy (buffer, self->data + self->position, count);
  self->position += count;

  return (gssize)count;
}

static goffset
fuzz_stream_tell (GSeekable *seekable)
{
  return (goffset)FUZZ_STREAM (seekable)->position;
}

static gboolean
fuzz_stream_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
fuzz_stream_seek (GSeekable     *seekable,
                  goffset        offset,
                  GSeekType      type,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_assert_true (offset == 0 && type == G_SEEK_SET);
  FUZZ_STREAM (seekable)->position = 0;

  return TRUE;
}

static void
fuzz_stream_iface_init (GSeekableIface *iface)
{
  iface->tell = fuzz_stream_tell;
  iface->can_seek = fuzz_stream_can_seek;
  iface->seek = fuzz_stream_seek;
}

static void
fuzz_stream_class_init (FuzzStreamClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = fuzz_stream_read;
}

static void
fuzz_stream_init (FuzzStream *self)
{
}

static GInputStream *
fuzz_stream_new (const guint8 *data,
                 gsize         length,
                 gsize         piece)
{
  FuzzStream *self = g_object_new (FUZZ_TYPE_STREAM, NULL);

  self->data = data;
  self->length = length;
  self->piece = piece;

  return G_INPUT_STREAM (self);
}

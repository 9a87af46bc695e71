/* strata-json-string-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-json-string-stream-private.h"

struct _StrataJsonStringStream
{
  GInputStream      parent_instance;

  StrataJsonReader *reader; /* borrowed */
  gboolean          ended;  /* the reader has left the string */
};

G_DEFINE_FINAL_TYPE (StrataJsonStringStream, _strata_json_string_stream, G_TYPE_INPUT_STREAM)

static gssize
json_string_stream_read (GInputStream  *stream,
                         void          *buffer,
                         gsize          count,
                         GCancellable  *cancellable,
                         GError       **error)
{
  StrataJsonStringStream *self = STRATA_JSON_STRING_STREAM (stream);
  gsize size = 0;

  if (self->ended)
    return 0;

  if (!_strata_json_reader_read_string (self->reader, buffer, count, &size, cancellable, error))
    return -1;
  self->ended = size == 0;

  return (gssize)size;
}

static void
_strata_json_string_stream_class_init (StrataJsonStringStreamClass *klass)
{
  G_INPUT_STREAM_CLASS (klass)->read_fn = json_string_stream_read;
}

static void
_strata_json_string_stream_init (StrataJsonStringStream *self)
{
}

GInputStream *
_strata_json_string_stream_new (StrataJsonReader *reader)
{
  StrataJsonStringStream *self = g_object_new (STRATA_TYPE_JSON_STRING_STREAM, NULL);

  self->reader = reader;

  return G_INPUT_STREAM (self);
}

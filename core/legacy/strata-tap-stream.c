/* strata-tap-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-tap-stream-private.h"

struct _StrataTapStream
{
  GInputStream        parent_instance;

  /* Set at construction, never changed after */
  GInputStream       *base;

  /* One thread at a time */
  StrataTextChecksum  checksum;
  guint64             length;
  gboolean            failed;
};

G_DEFINE_FINAL_TYPE (StrataTapStream, _strata_tap_stream, G_TYPE_INPUT_STREAM)

static gssize
tap_stream_read (GInputStream  *stream,
                 void          *buffer,
                 gsize          count,
                 GCancellable  *cancellable,
                 GError       **error)
{
  StrataTapStream *self = STRATA_TAP_STREAM (stream);
  gssize size = g_input_stream_read (self->base, buffer, count, cancellable, error);

  if (size < 0)
    {
      self->failed = TRUE;
      return size;
    }

  _strata_text_checksum_update (&self->checksum, buffer, (gsize)size);
  self->length += (gsize)size;

  return size;
}

static void
tap_stream_finalize (GObject *object)
{
  g_clear_object (&STRATA_TAP_STREAM (object)->base);

  G_OBJECT_CLASS (_strata_tap_stream_parent_class)->finalize (object);
}

static void
_strata_tap_stream_class_init (StrataTapStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = tap_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = tap_stream_read;
}

static void
_strata_tap_stream_init (StrataTapStream *self)
{
}

GInputStream *
_strata_tap_stream_new (GInputStream *base)
{
  StrataTapStream *self = g_object_new (STRATA_TYPE_TAP_STREAM, NULL);

  self->base = g_object_ref (base);

  return G_INPUT_STREAM (self);
}

const StrataTextChecksum *
_strata_tap_stream_get_checksum (StrataTapStream *self)
{
  return &self->checksum;
}

guint64
_strata_tap_stream_get_length (StrataTapStream *self)
{
  return self->length;
}

gboolean
_strata_tap_stream_has_failed (StrataTapStream *self)
{
  return self->failed;
}

/* strata-webkit-value.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-webkit-decoder-private.h"
#include "strata-webkit-value-private.h"

#define BLOCK_BYTES (32 * 1024)

struct _StrataWebkitValue
{
  GInputStream         parent_instance;

  StrataWebkitDecoder *decoder;   /* set at construction, never changed after */

  /* One thread at a time */
  GByteArray          *out;       /* text made and not yet given */
  gsize                out_start;
  guint64              given;
  GError              *error;     /* given again by every later read */
};

static void seekable_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataWebkitValue, _strata_webkit_value, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, seekable_iface_init))

/* Makes text until there is enough, or the end of it, or an error. */
static void
fill (StrataWebkitValue *self,
      gsize              wanted,
      GCancellable      *cancellable)
{
  g_byte_array_set_size (self->out, 0);
  self->out_start = 0;

  while (self->out->len < wanted && self->error == NULL && !_strata_webkit_decoder_is_done (self->decoder))
    _strata_webkit_decoder_step (self->decoder, self->out, cancellable, &self->error);
}

static gssize
webkit_value_read (GInputStream  *stream,
                   void          *buffer,
                   gsize          count,
                   GCancellable  *cancellable,
                   GError       **error)
{
  StrataWebkitValue *self = STRATA_WEBKIT_VALUE (stream);
  gsize size;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  if (self->out_start == self->out->len)
    fill (self, MIN (count, BLOCK_BYTES), cancellable);

  size = MIN (count, self->out->len - self->out_start);
  if (size == 0 && self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return -1;
    }

  memcpy (buffer, self->out->data + self->out_start, size);
  self->out_start += size;
  self->given += size;

  return (gssize)size;
}

static goffset
webkit_value_tell (GSeekable *seekable)
{
  return (goffset)STRATA_WEBKIT_VALUE (seekable)->given;
}

static gboolean
webkit_value_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
webkit_value_seek (GSeekable     *seekable,
                   goffset        offset,
                   GSeekType      type,
                   GCancellable  *cancellable,
                   GError       **error)
{
  StrataWebkitValue *self = STRATA_WEBKIT_VALUE (seekable);

  if (offset != 0 || type != G_SEEK_SET)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A value can only be read again from its start");
      return FALSE;
    }

  _strata_webkit_decoder_restart (self->decoder);
  g_byte_array_set_size (self->out, 0);
  self->out_start = 0;
  self->given = 0;
  g_clear_error (&self->error);

  return TRUE;
}

static gboolean
webkit_value_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
webkit_value_truncate (GSeekable     *seekable,
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
  iface->tell = webkit_value_tell;
  iface->can_seek = webkit_value_can_seek;
  iface->seek = webkit_value_seek;
  iface->can_truncate = webkit_value_can_truncate;
  iface->truncate_fn = webkit_value_truncate;
}

static void
webkit_value_finalize (GObject *object)
{
  StrataWebkitValue *self = STRATA_WEBKIT_VALUE (object);

  g_clear_pointer (&self->decoder, _strata_webkit_decoder_free);
  g_byte_array_unref (self->out);
  g_clear_error (&self->error);

  G_OBJECT_CLASS (_strata_webkit_value_parent_class)->finalize (object);
}

static void
_strata_webkit_value_class_init (StrataWebkitValueClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = webkit_value_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = webkit_value_read;
}

static void
_strata_webkit_value_init (StrataWebkitValue *self)
{
  self->out = g_byte_array_new ();
}

GInputStream *
_strata_webkit_value_new (GInputStream            *base,
                          StrataWebkitForeignFunc  func,
                          gpointer                 user_data)
{
  StrataWebkitValue *self = g_object_new (STRATA_TYPE_WEBKIT_VALUE, NULL);

  self->decoder = _strata_webkit_decoder_new (base, func, user_data);

  return G_INPUT_STREAM (self);
}

guint64
_strata_webkit_value_get_n_foreign (StrataWebkitValue *self)
{
  return _strata_webkit_decoder_get_n_foreign (self->decoder);
}

gboolean
_strata_webkit_value_has_trailing_bytes (StrataWebkitValue *self)
{
  return _strata_webkit_decoder_has_trailing_bytes (self->decoder);
}

void
_strata_webkit_value_set_max_work (StrataWebkitValue *self,
                                   guint64            max_work)
{
  _strata_webkit_decoder_set_max_work (self->decoder, max_work);
}

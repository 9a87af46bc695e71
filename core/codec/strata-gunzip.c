/* strata-gunzip.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <zlib.h>

#include "base/strata-error.h"
#include "strata-gunzip-private.h"

/* zlib: the largest window, and a gzip header */
#define WINDOW_BITS (MAX_WBITS + 16)

struct _StrataGunzip
{
  GObject   parent_instance;

  z_stream  stream;
  int       status;  /* what zlib said last: Z_OK, Z_STREAM_END or why it can't go on */
};

static void converter_iface_init (GConverterIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataGunzip, _strata_gunzip, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_CONVERTER, converter_iface_init))

static GConverterResult
fail (StrataGunzip  *self,
      const char    *problem,
      GError       **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "Invalid gzip data: %s after %lu bytes", problem,
               self->stream.total_in);

  return G_CONVERTER_ERROR;
}

/* Nothing could be done: says why. */
static GConverterResult
give_reason (StrataGunzip     *self,
             gboolean          at_end,
             GError          **error)
{
  if (self->status == Z_STREAM_END)
    return fail (self, "something follows its end", error);
  if (self->status == Z_MEM_ERROR)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Not enough memory to decompress");
      return G_CONVERTER_ERROR;
    }
  if (self->status != Z_OK)
    return fail (self, self->stream.msg != NULL ? self->stream.msg : zError (self->status), error);
  if (at_end)
    return fail (self, "it is cut", error);

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "More gzip data is needed");

  return G_CONVERTER_ERROR;
}

static GConverterResult
gunzip_convert (GConverter       *converter,
                const void       *inbuf,
                gsize             inbuf_size,
                void             *outbuf,
                gsize             outbuf_size,
                GConverterFlags   flags,
                gsize            *bytes_read,
                gsize            *bytes_written,
                GError          **error)
{
  StrataGunzip *self = STRATA_GUNZIP (converter);
  gboolean at_end = (flags & G_CONVERTER_INPUT_AT_END) != 0;
  uInt in_size = (uInt)MIN (inbuf_size, G_MAXINT);
  uInt out_size = (uInt)MIN (outbuf_size, G_MAXINT);

  if (self->status == Z_OK)
    {
      self->stream.next_in = (Bytef *)inbuf;
      self->stream.avail_in = in_size;
      self->stream.next_out = outbuf;
      self->stream.avail_out = out_size;

      self->status = inflate (&self->stream, Z_NO_FLUSH);
      if (self->status == Z_BUF_ERROR) /* it just could not go on, and can with more */
        self->status = Z_OK;

      *bytes_read = in_size - self->stream.avail_in;
      *bytes_written = out_size - self->stream.avail_out;
    }

  if (self->status == Z_STREAM_END && at_end && *bytes_read == inbuf_size)
    return G_CONVERTER_FINISHED;
  if (*bytes_read > 0 || *bytes_written > 0)
    return G_CONVERTER_CONVERTED;

  /* What follows the end is seen only once there is input again */
  if (self->status == Z_STREAM_END && inbuf_size == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "No input");
      return G_CONVERTER_ERROR;
    }

  return give_reason (self, at_end, error);
}

static void
gunzip_reset (GConverter *converter)
{
  StrataGunzip *self = STRATA_GUNZIP (converter);

  self->status = inflateReset (&self->stream);
}

static void
converter_iface_init (GConverterIface *iface)
{
  iface->convert = gunzip_convert;
  iface->reset = gunzip_reset;
}

static void
gunzip_finalize (GObject *object)
{
  inflateEnd (&STRATA_GUNZIP (object)->stream);

  G_OBJECT_CLASS (_strata_gunzip_parent_class)->finalize (object);
}

static void
_strata_gunzip_class_init (StrataGunzipClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = gunzip_finalize;
}

static void
_strata_gunzip_init (StrataGunzip *self)
{
  self->status = inflateInit2 (&self->stream, WINDOW_BITS);
}

GConverter *
_strata_gunzip_new (void)
{
  return g_object_new (STRATA_TYPE_GUNZIP, NULL);
}

gboolean
_strata_gunzip_is_whole (StrataGunzip *self)
{
  return self->status == Z_STREAM_END;
}

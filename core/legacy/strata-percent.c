/* strata-percent.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-percent-private.h"

struct _StrataPercent
{
  GObject parent_instance;
};

static void converter_iface_init (GConverterIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataPercent, _strata_percent, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_CONVERTER, converter_iface_init))

/* Takes one character or escape at @in, of which @left bytes are there. Returns:
 * how many bytes it was, 0 when more are needed
 */
static guint
take_one (const char *in,
          gsize       left,
          gboolean    at_end,
          guint8     *out,
          guint      *out_size)
{
  *out_size = 1;
  *out = (guint8)*in;

  if (*in == '\n' || *in == '\r' || *in == '\t')
    {
      *out_size = 0;
      return 1;
    }

  if (*in != '%')
    return 1;
  if (left < 3)
    return at_end ? 1 : 0;

  if (!g_ascii_isxdigit (in[1]) || !g_ascii_isxdigit (in[2]))
    return 1;

  *out = (guint8)(g_ascii_xdigit_value (in[1]) << 4 | g_ascii_xdigit_value (in[2]));

  return 3;
}

static GConverterResult
percent_convert (GConverter       *converter,
                 const void       *inbuf,
                 gsize             inbuf_size,
                 void             *outbuf,
                 gsize             outbuf_size,
                 GConverterFlags   flags,
                 gsize            *bytes_read,
                 gsize            *bytes_written,
                 GError          **error)
{
  const char *in = inbuf;
  guint8 *out = outbuf;
  gboolean at_end = (flags & G_CONVERTER_INPUT_AT_END) != 0;
  gsize n_read = 0, n_written = 0;

  while (n_read < inbuf_size && n_written < outbuf_size)
    {
      guint size;
      guint taken = take_one (in + n_read, inbuf_size - n_read, at_end, out + n_written, &size);

      if (taken == 0)
        break;
      n_read += taken;
      n_written += size;
    }

  *bytes_read = n_read;
  *bytes_written = n_written;

  if (at_end && n_read == inbuf_size)
    return G_CONVERTER_FINISHED;
  if (n_read > 0)
    return G_CONVERTER_CONVERTED;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "An escape is cut");

  return G_CONVERTER_ERROR;
}

static void
percent_reset (GConverter *converter)
{
}

static void
converter_iface_init (GConverterIface *iface)
{
  iface->convert = percent_convert;
  iface->reset = percent_reset;
}

static void
_strata_percent_class_init (StrataPercentClass *klass)
{
}

static void
_strata_percent_init (StrataPercent *self)
{
}

GConverter *
_strata_percent_new (void)
{
  return g_object_new (STRATA_TYPE_PERCENT, NULL);
}

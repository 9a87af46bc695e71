/* strata-base64.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-base64-private.h"

/* Beside the values 0 to 63 */
enum
{
  SPACE = 64,
  PADDING,
  INVALID,
};

/* Not a group of four letters: set in the byte that no decoded bits use */
#define IRREGULAR 0x80000000u

struct _StrataBase64
{
  GObject  parent_instance;

  guint32  bits;          /* of the letters of an unfinished group */
  guint    n_letters;     /* how many they are, 0 to 3 */
  gboolean padded;        /* padding was seen, no letter may follow */
  guint    padding_left;  /* how many more "=" may follow */
  guint64  offset;        /* of the next input byte, for messages */
};

static void converter_iface_init (GConverterIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataBase64, _strata_base64, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_CONVERTER, converter_iface_init))

/* Filled once, when the type is made */
static guint8 values[256];
static guint32 groups[4][256]; /* a letter's bits where they stand in a group's three bytes, first byte lowest */

static void
fill_values (void)
{
  static const char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

  memset (values, INVALID, sizeof values);
  for (guint i = 0; i < 64; i++)
    values[(guint8)letters[i]] = (guint8)i;
  values['-'] = 62;
  values['_'] = 63;
  values['='] = PADDING;
  for (const char *space = " \t\n\f\r"; *space != '\0'; space++)
    values[(guint8)*space] = SPACE;
}

static void
fill_groups (void)
{
  for (guint i = 0; i < 256; i++)
    {
      guint32 value = values[i];

      if (value >= 64)
        {
          groups[0][i] = groups[1][i] = groups[2][i] = groups[3][i] = IRREGULAR;
          continue;
        }

      groups[0][i] = value << 2;
      groups[1][i] = value >> 4 | (value & 0x0f) << 12;
      groups[2][i] = (value >> 2) << 8 | (value & 0x03) << 22;
      groups[3][i] = value << 16;
    }
}

static inline guint32
decode_group (const guint8 *in)
{
  return groups[0][in[0]] | groups[1][in[1]] | groups[2][in[2]] | groups[3][in[3]];
}

/* Whole groups without anything else between: nearly all there is. Two at a
 * time, so that their look-ups overlap; what is stored past three bytes is
 * written over by the next.
 */
static void
decode_groups (const guint8 **inout_in,
               const guint8  *in_end,
               guint8       **inout_out,
               const guint8  *out_end)
{
  const guint8 *in = *inout_in;
  guint8 *out = *inout_out;

  while (in_end - in >= 8 && out_end - out >= 8)
    {
      guint32 first = decode_group (in);
      guint32 second = decode_group (in + 4);

      if (((first | second) & IRREGULAR) != 0)
        break;

      first = GUINT32_TO_LE (first);
      second = GUINT32_TO_LE (second);
      memcpy (out, &first, 4);
      memcpy (out + 3, &second, 4);
      in += 8;
      out += 6;
    }

  *inout_in = in;
  *inout_out = out;
}

/* The bytes of a group of @n_letters letters: one less than those. */
static guint
put_group (StrataBase64 *self,
           guint8       *out)
{
  guint n_bytes = self->n_letters - 1;
  guint32 bits = self->bits << 6 * (4 - self->n_letters);

  for (guint i = 0; i < n_bytes; i++)
    out[i] = (guint8)(bits >> (16 - 8 * i));
  self->bits = 0;
  self->n_letters = 0;

  return n_bytes;
}

static gboolean
fail (StrataBase64  *self,
      gsize          n_read,
      const char    *problem,
      GError       **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "Invalid base64: %s at byte %" G_GUINT64_FORMAT,
               problem, self->offset + n_read);

  return FALSE;
}

/* One byte; adds what comes of it at @out, and says how much in @out_size. */
static gboolean
take_byte (StrataBase64  *self,
           guint8         byte,
           gsize          n_read,
           guint8        *out,
           guint         *out_size,
           GError       **error)
{
  guint8 value = values[byte];

  *out_size = 0;

  if (value == SPACE)
    return TRUE;

  if (value == INVALID)
    return fail (self, n_read, "an unknown character", error);

  if (value == PADDING)
    {
      if (self->padded ? self->padding_left == 0 : self->n_letters < 2)
        return fail (self, n_read, "too much padding", error);

      if (self->padded)
        self->padding_left--;
      else
        {
          self->padding_left = 3 - self->n_letters;
          self->padded = TRUE;
          *out_size = put_group (self, out);
        }
      return TRUE;
    }

  if (self->padded)
    return fail (self, n_read, "a character after the padding", error);

  self->bits = self->bits << 6 | value;
  if (++self->n_letters == 4)
    *out_size = put_group (self, out);

  return TRUE;
}

/* The input is over: gives the last bytes where no padding did. */
static GConverterResult
end_input (StrataBase64  *self,
           guint8        *out,
           gsize          room,
           gsize         *bytes_written,
           GError       **error)
{
  if (self->n_letters == 1 || (self->n_letters > 1 && room - *bytes_written < 2))
    {
      if (*bytes_written > 0)
        return G_CONVERTER_CONVERTED;
      if (self->n_letters == 1)
        fail (self, 0, "the end in the middle of a byte", error);
      else
        g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Too little room for the last bytes");
      return G_CONVERTER_ERROR;
    }

  if (self->n_letters > 1)
    *bytes_written += put_group (self, out + *bytes_written);

  return G_CONVERTER_FINISHED;
}

static GConverterResult
base64_convert (GConverter       *converter,
                const void       *inbuf,
                gsize             inbuf_size,
                void             *outbuf,
                gsize             outbuf_size,
                GConverterFlags   flags,
                gsize            *bytes_read,
                gsize            *bytes_written,
                GError          **error)
{
  StrataBase64 *self = STRATA_BASE64 (converter);
  const guint8 *begin = inbuf, *in = begin, *in_end = begin + inbuf_size;
  guint8 *out = outbuf, *out_end = out + outbuf_size;
  g_autoptr(GError) flaw = NULL;

  while (in < in_end && out_end - out >= 3)
    {
      guint size;

      if (self->n_letters == 0 && !self->padded)
        decode_groups (&in, in_end, &out, out_end);
      if (in == in_end || out_end - out < 3)
        break;

      if (!take_byte (self, *in, (gsize)(in - begin), out, &size, &flaw))
        break;
      in++;
      out += size;
    }

  *bytes_read = (gsize)(in - begin);
  *bytes_written = (gsize)(out - (guint8 *)outbuf);
  self->offset += *bytes_read;

  if (in == in_end && (flags & G_CONVERTER_INPUT_AT_END) != 0)
    return end_input (self, outbuf, outbuf_size, bytes_written, error);
  if (*bytes_read > 0)
    return G_CONVERTER_CONVERTED;

  if (flaw != NULL)
    g_propagate_error (error, g_steal_pointer (&flaw));
  else if (in == in_end)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "No input");
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Too little room for a group of bytes");

  return G_CONVERTER_ERROR;
}

static void
base64_reset (GConverter *converter)
{
  StrataBase64 *self = STRATA_BASE64 (converter);

  self->bits = 0;
  self->n_letters = 0;
  self->padded = FALSE;
  self->padding_left = 0;
  self->offset = 0;
}

static void
converter_iface_init (GConverterIface *iface)
{
  iface->convert = base64_convert;
  iface->reset = base64_reset;
}

static void
_strata_base64_class_init (StrataBase64Class *klass)
{
  fill_values ();
  fill_groups ();
}

static void
_strata_base64_init (StrataBase64 *self)
{
}

GConverter *
_strata_base64_new (void)
{
  return g_object_new (STRATA_TYPE_BASE64, NULL);
}

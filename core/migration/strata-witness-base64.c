/* strata-witness-base64.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-witness-text-private.h"

/* What a byte is, where it is not one of the 64 digits */
#define SPACE   64
#define PADDING 65
#define OTHER   66
/* So many groups of four digits are decoded before they are handed on */
#define RUN 256

/* The digit each byte stands for; both alphabets, their signs differ in the last two digits only. */
static const guint8 *
get_digits (void)
{
  static guint8 digits[256];
  static gsize once;

  if (!g_once_init_enter (&once))
    return digits;

  for (guint byte = 0; byte < 256; byte++)
    digits[byte] = OTHER;
  for (guint8 i = 0; i < 26; i++)
    {
      digits['A' + i] = i;
      digits['a' + i] = 26 + i;
    }
  for (guint8 i = 0; i < 10; i++)
    digits['0' + i] = 52 + i;
  digits['+'] = digits['-'] = 62;
  digits['/'] = digits['_'] = 63;
  digits[' '] = digits['\t'] = digits['\n'] = digits['\f'] = digits['\r'] = SPACE;
  digits['='] = PADDING;

  g_once_init_leave (&once, 1);

  return digits;
}

static gboolean
fail (GError     **error,
      const char  *message)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, message);

  return FALSE;
}

static gboolean
put_three (StrataWitnessBase64  *self,
           guint                 bits,
           GError              **error)
{
  const guint8 three[] = { (guint8)(bits >> 16), (guint8)(bits >> 8), (guint8)bits };

  return _strata_witness_buffer_put (self->out, three, 3, error);
}

static gboolean
take_one (StrataWitnessBase64  *self,
          guint8                digit,
          GError              **error)
{
  if (digit == SPACE)
    return TRUE;
  if (digit == OTHER)
    return fail (error, "The base64 text has a character that does not belong there");

  if (digit == PADDING)
    {
      self->n_padding++;
      if (self->n_digits < 2 || self->n_digits + self->n_padding > 4)
        return fail (error, "The base64 text has padding where none belongs");
      return TRUE;
    }

  if (self->n_padding > 0)
    return fail (error, "The base64 text goes on after its end");

  self->bits = self->bits << 6 | digit;
  self->n_digits++;
  if (self->n_digits < 4)
    return TRUE;

  self->n_digits = 0;

  return put_three (self, self->bits, error);
}

/* Four digits at once, wherever there are four in a row. @inout_data: goes to the first that is not taken */
static gboolean
take_fours (StrataWitnessBase64  *self,
            const guint8         *digits,
            const guint8        **inout_data,
            const guint8         *end,
            GError              **error)
{
  const guint8 *data = *inout_data;
  guint8 bytes[3 * RUN];
  gsize length;

  do
    {
      for (length = 0; length < sizeof bytes && end - data >= 4; length += 3, data += 4)
        {
          guint a = digits[data[0]], b = digits[data[1]], c = digits[data[2]], d = digits[data[3]];

          if ((a | b | c | d) >= 64)
            break;
          bytes[length] = (guint8)(a << 2 | b >> 4);
          bytes[length + 1] = (guint8)(b << 4 | c >> 2);
          bytes[length + 2] = (guint8)(c << 6 | d);
        }
      if (!_strata_witness_buffer_put (self->out, bytes, length, error))
        return FALSE;
    }
  while (length == sizeof bytes);
  *inout_data = data;

  return TRUE;
}

gboolean
_strata_witness_base64_push (StrataWitnessBase64  *self,
                             const guint8         *data,
                             gsize                 size,
                             GError              **error)
{
  const guint8 *digits = get_digits ();
  const guint8 *end = data + size;

  while (data < end)
    {
      if (self->n_digits == 0 && self->n_padding == 0 && !take_fours (self, digits, &data, end, error))
        return FALSE;

      if (data < end && !take_one (self, digits[*data++], error))
        return FALSE;
    }

  return TRUE;
}

/* Hands on the whole bytes among the digits that are left, as if the text ended here. */
gboolean
_strata_witness_base64_drain (StrataWitnessBase64  *self,
                              GError              **error)
{
  guint bits = self->bits << (6 * (4 - self->n_digits));
  const guint8 two[] = { (guint8)(bits >> 16), (guint8)(bits >> 8) };
  gsize n_bytes = self->n_digits < 2 ? 0 : self->n_digits - 1;

  self->n_digits = 0;

  return _strata_witness_buffer_put (self->out, two, n_bytes, error);
}

gboolean
_strata_witness_base64_finish (StrataWitnessBase64  *self,
                               GError              **error)
{
  if (self->n_digits == 1)
    return fail (error, "The base64 text ends within a byte");

  return _strata_witness_base64_drain (self, error);
}

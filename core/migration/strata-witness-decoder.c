/* strata-witness-decoder.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-witness-text-private.h"
#include "strata-witness-tokens-private.h"

#define BYTE_ORDER_MARK 0xFEFF
#define REPLACEMENT 0xFFFD

/* Of text to be handed on at once, and the most that one unit adds to it: what its
 * predecessor waited for, and itself
 */
#define OUT_SIZE 1024
#define MAX_ADDED 6

/* Two bytes, in the order of the form */
static guint
get_unit (const guint8               *bytes,
          StrataWitnessDecoderForm    form)
{
  gboolean is_big = form == STRATA_WITNESS_UTF16_BIG;

  return (guint)bytes[is_big ? 0 : 1] << 8 | bytes[is_big ? 1 : 0];
}

static gboolean
may_begin_text (guint unit)
{
  StrataWitnessClass class = unit < 0x80 ? _strata_witness_classify ((guint8)unit) : STRATA_WITNESS_OTHER;

  return class == STRATA_WITNESS_SPACE || class == STRATA_WITNESS_QUOTE || class == STRATA_WITNESS_OPEN;
}

/* Looks at the first bytes: UTF-16 if a byte order mark says so, or if the first
 * character is one that a text begins with, and the next is not NUL.
 */
static StrataWitnessDecoderForm
find_form (const guint8 *head,
           guint         n_head)
{
  static const StrataWitnessDecoderForm forms[] = { STRATA_WITNESS_UTF16_LITTLE, STRATA_WITNESS_UTF16_BIG };

  if (n_head < 2)
    return STRATA_WITNESS_UNSETTLED;

  for (guint i = 0; i < G_N_ELEMENTS (forms); i++)
    {
      guint unit = get_unit (head, forms[i]);

      if (unit == BYTE_ORDER_MARK)
        return forms[i];
      if (may_begin_text (unit) && n_head < STRATA_WITNESS_HEAD_SIZE)
        return STRATA_WITNESS_UNSETTLED;
      if (may_begin_text (unit) && get_unit (head + 2, forms[i]) != 0)
        return forms[i];
    }

  return STRATA_WITNESS_UTF8;
}

/* A unit of UTF-16: puts what is known now at @out. A high surrogate waits for the next. */
static gsize
take_unit (StrataWitnessDecoder *self,
           guint                 unit,
           guint8               *out)
{
  gboolean is_low = unit >= 0xDC00 && unit < 0xE000;
  guint high = self->high;
  gsize n = 0;

  self->high = 0;
  if (high != 0 && is_low)
    return (gsize)g_unichar_to_utf8 (((high & 0x3FF) << 10 | (unit & 0x3FF)) + 0x10000, (char *)out);

  if (high != 0)
    n = (gsize)g_unichar_to_utf8 (REPLACEMENT, (char *)out);

  if (unit >= 0xD800 && unit < 0xDC00)
    self->high = unit;
  else
    n += (gsize)g_unichar_to_utf8 (is_low ? REPLACEMENT : unit, (char *)out + n);

  return n;
}

static gboolean
push_utf16 (StrataWitnessDecoder  *self,
            const guint8          *data,
            gsize                  size,
            GError               **error)
{
  guint8 out[OUT_SIZE];
  gsize n_out = 0;

  for (gsize i = 0; i < size; i++)
    {
      self->unit[self->n_unit++] = data[i];
      if (self->n_unit < 2)
        continue;

      self->n_unit = 0;
      n_out += take_unit (self, get_unit (self->unit, self->form), out + n_out);
      if (n_out > OUT_SIZE - MAX_ADDED)
        {
          if (!self->utf8.sink (out, n_out, self->utf8.user_data, error))
            return FALSE;
          n_out = 0;
        }
    }

  return n_out == 0 || self->utf8.sink (out, n_out, self->utf8.user_data, error);
}

static gboolean
push_settled (StrataWitnessDecoder  *self,
              const guint8          *data,
              gsize                  size,
              GError               **error)
{
  if (self->form == STRATA_WITNESS_UTF8)
    return _strata_witness_utf8_push (&self->utf8, data, size, error);

  return push_utf16 (self, data, size, error);
}

gboolean
_strata_witness_decoder_push (StrataWitnessDecoder  *self,
                              const guint8          *data,
                              gsize                  size,
                              GError               **error)
{
  while (self->form == STRATA_WITNESS_UNSETTLED && size > 0)
    {
      self->head[self->n_head++] = *data++;
      size--;
      self->form = find_form (self->head, self->n_head);
      if (self->form != STRATA_WITNESS_UNSETTLED && !push_settled (self, self->head, self->n_head, error))
        return FALSE;
    }

  return size == 0 || push_settled (self, data, size, error);
}

/* The bytes have ended. What is too short to say is UTF-8. */
gboolean
_strata_witness_decoder_finish (StrataWitnessDecoder  *self,
                                GError               **error)
{
  guint n_halves = (self->high != 0) + self->n_unit;

  if (self->form == STRATA_WITNESS_UNSETTLED)
    {
      self->form = STRATA_WITNESS_UTF8;
      if (!push_settled (self, self->head, self->n_head, error))
        return FALSE;
    }

  self->high = self->n_unit = 0;
  for (guint i = 0; i < n_halves; i++)
    {
      guint8 out[MAX_ADDED];

      if (!self->utf8.sink (out, (gsize)g_unichar_to_utf8 (REPLACEMENT, (char *)out), self->utf8.user_data, error))
        return FALSE;
    }

  return _strata_witness_utf8_finish (&self->utf8, error);
}

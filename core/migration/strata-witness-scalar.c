/* strata-witness-scalar.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-witness-tokens-private.h"

/* Where in a number or word */
enum
{
  AT_WORD,      /* in a word; what is left of it is in @word */
  AT_MINUS,     /* after the sign */
  AT_ZERO,      /* after a leading 0 */
  AT_WHOLE,     /* in the digits before the point */
  AT_POINT,
  AT_FRACTION,
  AT_E,
  AT_SIGN,      /* after the exponent's sign */
  AT_EXPONENT,
};

/* Whether a scalar begins with @byte; if so, goes past it. */
gboolean
_strata_witness_scalar_begin (StrataWitnessScalar *self,
                              guint8               byte)
{
  self->place = AT_WORD;
  self->word = "";

  if (byte == '-')
    self->place = AT_MINUS;
  else if (byte == '0')
    self->place = AT_ZERO;
  else if (g_ascii_isdigit ((char)byte))
    self->place = AT_WHOLE;
  else if (byte == 't')
    self->word = "rue";
  else if (byte == 'f')
    self->word = "alse";
  else if (byte == 'n')
    self->word = "ull";
  else
    return FALSE;

  return TRUE;
}

static gboolean
take_digit (StrataWitnessScalar *self,
            guint8               digit)
{
  switch (self->place)
    {
    case AT_MINUS:
      self->place = digit == '0' ? AT_ZERO : AT_WHOLE;
      return TRUE;
    case AT_POINT:
      self->place = AT_FRACTION;
      return TRUE;
    case AT_E:
    case AT_SIGN:
      self->place = AT_EXPONENT;
      return TRUE;
    case AT_WHOLE:
    case AT_FRACTION:
    case AT_EXPONENT:
      return TRUE;
    default:
      return FALSE;
    }
}

/* Whether the scalar goes on with @byte; if so, goes past it. */
gboolean
_strata_witness_scalar_take (StrataWitnessScalar *self,
                             guint8               byte)
{
  guint place = self->place;

  if (place == AT_WORD)
    {
      if (*self->word == '\0' || byte != (guint8)*self->word)
        return FALSE;
      self->word++;
      return TRUE;
    }

  if (g_ascii_isdigit ((char)byte))
    return take_digit (self, byte);

  if (byte == '.' && (place == AT_ZERO || place == AT_WHOLE))
    self->place = AT_POINT;
  else if ((byte == 'e' || byte == 'E') && (place == AT_ZERO || place == AT_WHOLE || place == AT_FRACTION))
    self->place = AT_E;
  else if ((byte == '+' || byte == '-') && place == AT_E)
    self->place = AT_SIGN;
  else
    return FALSE;

  return TRUE;
}

/* Whether it can't go on, whatever follows: a word is over with its last letter. */
gboolean
_strata_witness_scalar_is_over (const StrataWitnessScalar *self)
{
  return self->place == AT_WORD && *self->word == '\0';
}

/* Whether it could end here. */
gboolean
_strata_witness_scalar_is_whole (const StrataWitnessScalar *self)
{
  return _strata_witness_scalar_is_over (self) || self->place == AT_ZERO || self->place == AT_WHOLE || self->place == AT_FRACTION || self->place == AT_EXPONENT;
}

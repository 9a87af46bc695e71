/* strata-es-text.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <float.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "strata-es-text-private.h"

#define MAX_DIGITS 17           /* of a double, so that it can be told from its neighbours */
#define MAX_SAFE_INTEGER 9007199254740992.0
#define MAX_FIXED 21            /* digits before the point, before ECMAScript turns to an exponent */
#define MIN_FIXED -6            /* zeros behind the point, the same */
#define MAX_ESCAPE 6            /* \uxxxx */

#define MS_PER_DAY 86400000
#define MAX_DATE_MS 8.64e15
#define MAX_PLAIN_YEAR 9999

static void
append_text (GByteArray *out,
             const char *text,
             gsize       length)
{
  g_byte_array_append (out, (const guint8 *)text, (guint)length);
}

/* 0.digits × 10^exponent */
typedef struct
{
  char digits[MAX_DIGITS + 1];
  int  exponent;
} Decimal;

/* @value rounded to so many digits */
static void
round_to (double   value,
          int      n_digits,
          Decimal *out_decimal)
{
  char format[8];
  char text[40];
  char *exponent;

  snprintf (format, sizeof format, "%%.%de", n_digits - 1);
  g_ascii_formatd (text, sizeof text, format, value);

  /* d.ddde±xx */
  exponent = strchr (text, 'e');
  out_decimal->exponent = (int)g_ascii_strtoll (exponent + 1, NULL, 10) + 1;
  *exponent = '\0';
  out_decimal->digits[0] = text[0];
  g_strlcpy (out_decimal->digits + 1, n_digits > 1 ? text + 2 : "", MAX_DIGITS);
}

static gboolean
means (const Decimal *decimal,
       double         value)
{
  char text[MAX_DIGITS + 16];

  snprintf (text, sizeof text, "0.%se%d", decimal->digits, decimal->exponent);

  return g_ascii_strtod (text, NULL) == value;
}

/* One more in the last digit. */
static void
step_up (Decimal *decimal)
{
  for (gsize i = strlen (decimal->digits); i > 0; i--)
    {
      if (decimal->digits[i - 1] != '9')
        {
          decimal->digits[i - 1]++;
          return;
        }
      decimal->digits[i - 1] = '0';
    }

  memmove (decimal->digits + 1, decimal->digits, strlen (decimal->digits) - 1);
  decimal->digits[0] = '1';
  decimal->exponent++;
}

/* The nearest decimal of so many digits; or, where the doubles lie closer below
 * @value than above it, the next one up may mean @value where the nearest does not.
 */
static gboolean
try_digits (double   value,
            int      n_digits,
            Decimal *out_decimal)
{
  round_to (value, n_digits, out_decimal);
  if (means (out_decimal, value))
    return TRUE;

  step_up (out_decimal);

  return means (out_decimal, value);
}

/* The shortest decimal that means @value, which is above 0. In the normal range
 * every decimal of up to DBL_DIG digits comes back from a double: if one means
 * @value, rounding to DBL_DIG digits finds it, with zeros at its end.
 */
static void
find_shortest (double   value,
               Decimal *out_decimal)
{
  int n_digits = value < DBL_MIN ? 1 : DBL_DIG;
  gsize length;

  while (n_digits < MAX_DIGITS && !try_digits (value, n_digits, out_decimal))
    n_digits++;
  if (n_digits == MAX_DIGITS)
    round_to (value, MAX_DIGITS, out_decimal);

  length = strlen (out_decimal->digits);
  while (length > 1 && out_decimal->digits[length - 1] == '0')
    length--;
  out_decimal->digits[length] = '\0';
}

static void
append_zeros (GByteArray *out,
              int         n)
{
  for (int i = 0; i < n; i++)
    append_text (out, "0", 1);
}

static void
append_decimal (GByteArray    *out,
                const Decimal *decimal)
{
  int n_digits = (int)strlen (decimal->digits);
  int point = decimal->exponent;

  if (point >= n_digits && point <= MAX_FIXED)
    {
      append_text (out, decimal->digits, (gsize)n_digits);
      append_zeros (out, point - n_digits);
    }
  else if (point > 0 && point < n_digits)
    {
      append_text (out, decimal->digits, (gsize)point);
      append_text (out, ".", 1);
      append_text (out, decimal->digits + point, (gsize)(n_digits - point));
    }
  else if (point > MIN_FIXED && point <= 0)
    {
      append_text (out, "0.", 2);
      append_zeros (out, -point);
      append_text (out, decimal->digits, (gsize)n_digits);
    }
  else
    {
      char exponent[16];

      append_text (out, decimal->digits, 1);
      if (n_digits > 1)
        append_text (out, ".", 1);
      append_text (out, decimal->digits + 1, (gsize)n_digits - 1);
      snprintf (exponent, sizeof exponent, "e%+d", point - 1);
      append_text (out, exponent, strlen (exponent));
    }
}

void
_strata_es_append_number (GByteArray *out,
                          double      value)
{
  Decimal decimal;

  if (!isfinite (value))
    append_text (out, "null", 4);
  else if (fabs (value) < MAX_SAFE_INTEGER && value == (double)(gint64)value)
    {
      char text[24];

      snprintf (text, sizeof text, "%" G_GINT64_FORMAT, (gint64)value);
      append_text (out, text, strlen (text));
    }
  else
    {
      if (value < 0)
        append_text (out, "-", 1);
      find_shortest (fabs (value), &decimal);
      append_decimal (out, &decimal);
    }
}

/* Days since 1970 to a date of the Gregorian calendar; years are counted from
 * March here, in eras of 400, so that the odd day comes last.
 */
static void
split_days (gint64  days,
            gint64 *out_year,
            int    *out_month,
            int    *out_day)
{
  gint64 shifted = days + 719468; /* since 0000-03-01 */
  gint64 era = (shifted >= 0 ? shifted : shifted - 146096) / 146097;
  gint64 day_of_era = shifted - era * 146097;
  gint64 year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  gint64 day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
  gint64 month = (5 * day_of_year + 2) / 153;

  *out_day = (int)(day_of_year - (153 * month + 2) / 5 + 1);
  *out_month = (int)(month < 10 ? month + 3 : month - 9);
  *out_year = year_of_era + era * 400 + (*out_month <= 2 ? 1 : 0);
}

void
_strata_es_append_date (GByteArray *out,
                        double      ms)
{
  gint64 time, days, of_day, year;
  int month, day, length;
  char text[48];

  if (!isfinite (ms) || fabs (ms) > MAX_DATE_MS)
    {
      append_text (out, "null", 4);
      return;
    }

  time = (gint64)ms;
  if ((double)time > ms)
    time--;
  days = (time >= 0 ? time : time - (MS_PER_DAY - 1)) / MS_PER_DAY;
  of_day = time - days * MS_PER_DAY;
  split_days (days, &year, &month, &day);

  if (year >= 0 && year <= MAX_PLAIN_YEAR)
    length = snprintf (text, sizeof text, "\"%04d", (int)year);
  else
    length = snprintf (text, sizeof text, "\"%c%06d", year < 0 ? '-' : '+', (int)ABS (year));
  append_text (out, text, (gsize)length);

  length = snprintf (text, sizeof text, "-%02d-%02dT%02d:%02d:%02d.%03dZ\"", month, day,
                     (int)(of_day / 3600000), (int)(of_day / 60000 % 60), (int)(of_day / 1000 % 60),
                     (int)(of_day % 1000));
  append_text (out, text, (gsize)length);
}

/* Makes room for so many bytes at most; cut_to() gives back what was not used. */
static guint8 *
make_room (GByteArray *out,
           gsize       size)
{
  guint old_length = out->len;

  g_byte_array_set_size (out, old_length + (guint)size);

  return out->data + old_length;
}

static void
cut_to (GByteArray   *out,
        const guint8 *end)
{
  g_byte_array_set_size (out, (guint)(end - out->data));
}

static guint8 *
put_hex_escape (guint8  *next,
                guint16  unit)
{
  static const char digits[] = "0123456789abcdef";

  *next++ = '\\';
  *next++ = 'u';
  for (int shift = 12; shift >= 0; shift -= 4)
    *next++ = (guint8)digits[unit >> shift & 0xf];

  return next;
}

/* A character below 0x80 */
static guint8 *
put_ascii (guint8  *next,
           guint16  character)
{
  static const char shorts[0x20] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f', ['\r'] = 'r' };

  if (character < 0x20 && shorts[character] == 0)
    return put_hex_escape (next, character);

  if (character < 0x20 || character == '"' || character == '\\')
    {
      *next++ = '\\';
      *next++ = (guint8)(character < 0x20 ? shorts[character] : character);
    }
  else
    *next++ = (guint8)character;

  return next;
}

static gboolean
is_plain (guint8 character)
{
  return character >= 0x20 && character < 0x80 && character != '"' && character != '\\';
}

void
_strata_es_append_latin1 (GByteArray   *out,
                          const guint8 *bytes,
                          gsize         size)
{
  const guint8 *end = bytes + size;
  guint8 *next = make_room (out, size * MAX_ESCAPE);

  while (bytes < end)
    {
      const guint8 *plain = bytes;

      while (plain < end && is_plain (*plain))
        plain++;
      memcpy (next, bytes, (gsize)(plain - bytes));
      next += plain - bytes;
      bytes = plain;
      if (bytes == end)
        break;

      if (*bytes < 0x80)
        next = put_ascii (next, *bytes);
      else
        {
          *next++ = (guint8)(0xc0 | *bytes >> 6);
          *next++ = (guint8)(0x80 | (*bytes & 0x3f));
        }
      bytes++;
    }
  cut_to (out, next);
}

static guint8 *
put_pair (guint8  *next,
          guint16  high,
          guint16  low)
{
  guint32 character = 0x10000 + ((guint32)(high - 0xd800) << 10) + (guint32)(low - 0xdc00);

  *next++ = (guint8)(0xf0 | character >> 18);
  *next++ = (guint8)(0x80 | (character >> 12 & 0x3f));
  *next++ = (guint8)(0x80 | (character >> 6 & 0x3f));
  *next++ = (guint8)(0x80 | (character & 0x3f));

  return next;
}

/* A unit that is half of no pair */
static guint8 *
put_unit (guint8  *next,
          guint16  unit)
{
  if (unit < 0x80)
    return put_ascii (next, unit);

  if (unit >= 0xd800 && unit <= 0xdfff)
    return put_hex_escape (next, unit);

  if (unit < 0x800)
    *next++ = (guint8)(0xc0 | unit >> 6);
  else
    {
      *next++ = (guint8)(0xe0 | unit >> 12);
      *next++ = (guint8)(0x80 | (unit >> 6 & 0x3f));
    }
  *next++ = (guint8)(0x80 | (unit & 0x3f));

  return next;
}

void
_strata_es_append_utf16 (GByteArray   *out,
                         const guint8 *bytes,
                         gsize         n_units,
                         guint16      *high)
{
  /* One more for the unit that waits */
  guint8 *next = make_room (out, (n_units + 1) * MAX_ESCAPE);

  for (gsize i = 0; i < n_units; i++)
    {
      guint16 unit = (guint16)(bytes[2 * i] | bytes[2 * i + 1] << 8);

      if (*high != 0)
        {
          guint16 waiting = *high;

          *high = 0;
          if (unit >= 0xdc00 && unit <= 0xdfff)
            {
              next = put_pair (next, waiting, unit);
              continue;
            }
          next = put_hex_escape (next, waiting);
        }

      if (unit >= 0xd800 && unit <= 0xdbff)
        *high = unit;
      else
        next = put_unit (next, unit);
    }
  cut_to (out, next);
}

void
_strata_es_finish_utf16 (GByteArray *out,
                         guint16    *high)
{
  if (*high == 0)
    return;

  cut_to (out, put_hex_escape (make_room (out, MAX_ESCAPE), *high));
  *high = 0;
}

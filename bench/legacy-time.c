/* legacy-time.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include "legacy-time.h"

#define MS_PER_DAY G_GINT64_CONSTANT (86400000)

static char *
put_digits (char   *p,
            guint64 value,
            guint   n_digits)
{
  for (guint i = n_digits; i > 0; i--, value /= 10)
    p[i - 1] = (char) ('0' + value % 10);

  return p + n_digits;
}

/* Counts years from 1 March, so that the leap day is the last of its year. */
static void
date_from_days (gint64  days,
                guint  *out_year,
                guint  *out_month,
                guint  *out_day)
{
  guint from_march = (guint) (days + 719468);
  guint era = from_march / 146097;
  guint day_of_era = from_march % 146097;
  guint year = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
  guint day_of_year = day_of_era - (365 * year + year / 4 - year / 100);
  guint month = (5 * day_of_year + 2) / 153;

  *out_day = day_of_year - (153 * month + 2) / 5 + 1;
  *out_month = month < 10 ? month + 3 : month - 9;
  *out_year = era * 400 + year + (*out_month <= 2);
}

/**
 * legacy_time_format:
 * @time_ms: milliseconds since 1970, not before
 * @out_text: (out caller-allocates): ISO 8601 in UTC
 *
 * Spells a time as JavaScript's `toISOString()` does. GDateTime would take
 * longer than all the rest of a screenshot's text.
 */
void
legacy_time_format (gint64 time_ms,
                    char   out_text[LEGACY_TIME_SIZE])
{
  guint in_day = (guint) (time_ms % MS_PER_DAY);
  guint year, month, day;
  char *p = out_text;

  date_from_days (time_ms / MS_PER_DAY, &year, &month, &day);

  p = put_digits (p, year, 4);
  *p++ = '-';
  p = put_digits (p, month, 2);
  *p++ = '-';
  p = put_digits (p, day, 2);
  *p++ = 'T';
  p = put_digits (p, in_day / 3600000, 2);
  *p++ = ':';
  p = put_digits (p, in_day / 60000 % 60, 2);
  *p++ = ':';
  p = put_digits (p, in_day / 1000 % 60, 2);
  *p++ = '.';
  p = put_digits (p, in_day % 1000, 3);
  *p++ = 'Z';
  *p = '\0';
}

/* "4:58:05 PM", as the old program names its screenshots. */
void
legacy_time_format_clock (gint64  time_ms,
                          char   *out_text,
                          gsize   size)
{
  guint seconds = (guint) (time_ms % MS_PER_DAY / 1000);
  guint hour = seconds / 3600;

  g_snprintf (out_text, size, "%u:%02u:%02u %s",
              hour % 12 == 0 ? 12 : hour % 12,
              seconds / 60 % 60, seconds % 60, hour < 12 ? "AM" : "PM");
}

/* "<milliseconds>-<nine random characters>" */
void
legacy_id_format (gint64  time_ms,
                  guint64 random,
                  char    out_id[LEGACY_ID_SIZE])
{
  char *p = put_digits (out_id, (guint64) time_ms, 13);

  *p++ = '-';
  for (guint i = 0; i < 9; i++, random /= 36)
    *p++ = "0123456789abcdefghijklmnopqrstuvwxyz"[random % 36];
  *p = '\0';
}

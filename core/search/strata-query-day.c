/* strata-query-day.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-query-private.h"

/* Reads up to @max digits; @out_value is theirs. Returns: how many */
static int
take_digits (const char **p,
             int          max,
             int         *out_value)
{
  int n = 0;

  for (*out_value = 0; n < max && g_ascii_isdigit (**p); n++)
    *out_value = *out_value * 10 + (*(*p)++ - '0');

  return n;
}

/* "2025-10-01", "2025/10/1", "2025-10", "2025": @out_parts says how many of the three there are. */
static gboolean
parse_numbers (const char *text,
               int         out_date[3],
               int        *out_parts)
{
  const char *p = text;
  char separator = '\0';

  out_date[1] = out_date[2] = 1;
  if (take_digits (&p, 4, &out_date[0]) != 4)
    return FALSE;

  for (*out_parts = 1; *out_parts < 3 && *p != '\0'; (*out_parts)++)
    {
      if ((*p != '-' && *p != '/') || (separator != '\0' && *p != separator))
        return FALSE;
      separator = *p++;
      if (take_digits (&p, 2, &out_date[*out_parts]) == 0)
        return FALSE;
    }

  return *p == '\0';
}

static gboolean
set_span (GDateTime *from,
          GDateTime *to,
          gint64    *out_from_ms,
          gint64    *out_to_ms)
{
  if (from == NULL || to == NULL)
    return FALSE;

  *out_from_ms = g_date_time_to_unix (from) * 1000;
  *out_to_ms = g_date_time_to_unix (to) * 1000;

  return TRUE;
}

gboolean
_strata_query_parse_day (const char *text,
                         GTimeZone  *zone,
                         gint64      now_ms,
                         gint64     *out_from_ms,
                         gint64     *out_to_ms)
{
  g_autoptr(GDateTime) from = NULL;
  g_autoptr(GDateTime) to = NULL;
  int date[3], parts = 3;
  int back = g_ascii_strcasecmp (text, "yesterday") == 0 ? 1 : 0;

  if (back == 1 || g_ascii_strcasecmp (text, "today") == 0)
    {
      g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc (now_ms / 1000);
      g_autoptr(GDateTime) now = utc != NULL ? g_date_time_to_timezone (utc, zone) : NULL;
      g_autoptr(GDateTime) day = now != NULL ? g_date_time_add_days (now, -back) : NULL;

      if (day == NULL)
        return FALSE;
      g_date_time_get_ymd (day, &date[0], &date[1], &date[2]);
    }
  else if (!parse_numbers (text, date, &parts))
    return FALSE;

  /* Days are not always 24 hours long: the end is the beginning of the next */
  from = g_date_time_new (zone, date[0], date[1], date[2], 0, 0, 0);
  if (from != NULL)
    to = parts == 3 ? g_date_time_add_days (from, 1)
                    : parts == 2 ? g_date_time_add_months (from, 1) : g_date_time_add_years (from, 1);

  return set_span (from, to, out_from_ms, out_to_ms);
}

/* strata-wording.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include "strata-wording.h"

#include <string.h>

#include <glib/gi18n.h>
#include <pango/pango.h>

/* GLib looks at files for it each time it is asked; once is enough for the main thread, and for long lists. */
static GTimeZone *
get_zone (void)
{
  static GTimeZone *zone;

  if (g_once_init_enter (&zone))
    g_once_init_leave (&zone, g_time_zone_new_local ());

  return zone;
}

/**
 * strata_wording_prepare:
 *
 * Reads what the functions here need files for, before a window is there that
 * would have to wait for them.
 */
void
strata_wording_prepare (void)
{
  get_zone ();
}

/**
 * strata_wording_local_time:
 * @time_ms: milliseconds since 1970
 *
 * Returns: (transfer full) (nullable): the time where people are; %NULL: too far away
 */
GDateTime *
strata_wording_local_time (gint64 time_ms)
{
  g_autoptr(GDateTime) utc = g_date_time_new_from_unix_utc (time_ms / 1000);

  return utc != NULL ? g_date_time_to_timezone (utc, get_zone ()) : NULL;
}

/**
 * strata_wording_parse_time:
 * @text: (nullable): what a session says
 *
 * Returns: (transfer full) (nullable): the time where people are; %NULL: it is none
 */
GDateTime *
strata_wording_parse_time (const char *text)
{
  g_autoptr(GTimeZone) utc = NULL;
  g_autoptr(GDateTime) time = NULL;

  if (text == NULL)
    return NULL;

  utc = g_time_zone_new_utc ();
  time = g_date_time_new_from_iso8601 (text, utc);

  return time != NULL ? g_date_time_to_timezone (time, get_zone ()) : NULL;
}

static int
get_day_number (GDateTime *time)
{
  GDate date;

  g_date_clear (&date, 1);
  g_date_set_dmy (&date, (GDateDay)g_date_time_get_day_of_month (time), (GDateMonth)g_date_time_get_month (time),
                  (GDateYear)g_date_time_get_year (time));

  return (int)g_date_get_julian (&date);
}

/**
 * strata_wording_day:
 *
 * Returns: (transfer full): the day, as people call it
 */
char *
strata_wording_day (GDateTime *time)
{
  g_autoptr(GDateTime) now = g_date_time_new_now (get_zone ());
  int days_ago = get_day_number (now) - get_day_number (time);

  if (days_ago == 0)
    return g_strdup (_("Today"));
  if (days_ago == 1)
    return g_strdup (_("Yesterday"));

  /* Translators: a day as strftime() formats it, such as “Thursday, 9 October 2025” */
  return g_date_time_format (time, _("%A, %-d %B %Y"));
}

/**
 * strata_wording_time:
 *
 * Returns: (transfer full): the time of day
 */
char *
strata_wording_time (GDateTime *time)
{
  /* Translators: a time of day as strftime() formats it */
  return g_date_time_format (time, _("%H:%M"));
}

/**
 * strata_wording_duration:
 *
 * Returns: (transfer full): how long that is, in round words
 */
char *
strata_wording_duration (gint64 seconds)
{
  gint64 minutes = (seconds + 30) / 60;

  if (seconds < 60)
    /* Translators: so many seconds */
    return g_strdup_printf (_("%d s"), (int)MAX (seconds, 0));
  if (minutes < 60)
    /* Translators: so many minutes */
    return g_strdup_printf (_("%d min"), (int)minutes);

  /* Translators: hours and minutes */
  return g_strdup_printf (_("%d h %02d min"), (int)MIN (minutes / 60, G_MAXINT), (int)(minutes % 60));
}

/**
 * strata_wording_offset:
 *
 * Returns: (transfer full): a place in a recording, as players show it
 */
char *
strata_wording_offset (gint64 seconds)
{
  seconds = MAX (seconds, 0);
  if (seconds < 3600)
    return g_strdup_printf ("%d:%02d", (int)(seconds / 60), (int)(seconds % 60));

  return g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", seconds / 3600, (int)(seconds / 60 % 60), (int)(seconds % 60));
}

/**
 * strata_wording_percent:
 * @share: 1 is the whole
 *
 * Returns: (transfer full): the share in hundredths
 */
char *
strata_wording_percent (double share)
{
  /* Translators: a share in hundredths */
  return g_strdup_printf (_("%.0f %%"), share * 100);
}

/**
 * strata_wording_name:
 * @member: a member's name, such as `keyInsights`
 *
 * Returns: (transfer full): words in its place
 */
char *
strata_wording_name (const char *member)
{
  static const struct
  {
    const char *member;
    const char *words;
  } known[] = {
    { "achievements", N_("Achievements") },
    { "audioInsights", N_("What Was Said") },
    { "blockers", N_("Blockers") },
    { "description", N_("Description") },
    { "focusAreas", N_("Focus Areas") },
    { "fullTranscription", N_("Full Transcript") },
    { "keyInsights", N_("Key Insights") },
    { "recommendedTasks", N_("Recommended Tasks") },
    { "summary", N_("Summary") },
  };
  g_autoptr(GString) words = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    if (strcmp (member, known[i].member) == 0)
      return g_strdup (_(known[i].words));

  words = g_string_new (NULL);
  for (const char *p = member; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (words->len > 0 && g_unichar_isupper (c) && p > member && g_unichar_islower (g_utf8_get_char (g_utf8_prev_char (p))))
        g_string_append_c (words, ' ');
      g_string_append_unichar (words, words->len == 0 ? g_unichar_toupper (c) : c == '_' ? ' ' : c);
    }

  return g_string_free (g_steal_pointer (&words), FALSE);
}

/**
 * strata_wording_snippet:
 * @snippet: (nullable): as [method@Strata.SearchHit.dup_snippet] gives it
 *
 * Returns: (transfer full): markup for a label
 */
char *
strata_wording_snippet (const char *snippet)
{
  g_autoptr(GString) markup = g_string_new (snippet);

  g_string_replace (markup, "<mark>", "<b>", 0);
  g_string_replace (markup, "</mark>", "</b>", 0);
  if (!pango_parse_markup (markup->str, (int)markup->len, 0, NULL, NULL, NULL, NULL))
    return g_markup_escape_text (snippet, -1);

  return g_string_free (g_steal_pointer (&markup), FALSE);
}

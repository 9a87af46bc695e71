/* strata-format.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "strata-ui"

#include "config.h"

#include <math.h>
#include <string.h>

#include <glib/gi18n.h>

#include "strata-format.h"
#include "strata-wording.h"

/* Sizes, times and places in the words of the window. All of these may be called from any thread. */

#define MINUTE 60.0
#define HOUR   3600.0

/* Nobody waits to the minute for something that takes an hour. */
static gint64
round_minutes (double seconds)
{
  gint64 minutes = (gint64)ceil (seconds / MINUTE);

  if (minutes <= 10)
    return minutes;

  return (minutes + 4) / 5 * 5;
}

/**
 * strata_format_duration:
 * @seconds: at least 0
 *
 * Returns: (transfer full): “a few seconds”, “20 minutes”, “3 hours”: round, and rather too long
 */
char *
strata_format_duration (double seconds)
{
  if (seconds < 20)
    return g_strdup (_("a few seconds"));
  if (seconds < MINUTE)
    return g_strdup (_("less than a minute"));
  if (seconds <= 55 * MINUTE)
    {
      gint64 minutes = round_minutes (seconds);

      return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d minute", "%d minutes", (gulong)minutes), (int)minutes);
    }
  else
    {
      gint64 hours = MAX (1, (gint64)(seconds / HOUR + 0.75));

      return g_strdup_printf (g_dngettext (GETTEXT_PACKAGE, "%d hour", "%d hours", (gulong)hours), (int)hours);
    }
}

/**
 * strata_format_remaining:
 * @seconds: less than 0: not known
 *
 * Returns: (transfer full): what is left, for people to read
 */
char *
strata_format_remaining (double seconds)
{
  g_autofree char *duration = NULL;

  if (seconds < 0)
    return g_strdup (_("not known yet"));
  if (seconds < MINUTE)
    return strata_format_duration (seconds);

  duration = strata_format_duration (seconds);

  /* Translators: time left; %s is “20 minutes” or the like */
  return g_strdup_printf (_("about %s"), duration);
}

char *
strata_format_speed (double bytes_per_second)
{
  g_autofree char *size = g_format_size ((guint64)MAX (bytes_per_second, 0));

  /* Translators: a speed; %s is a size such as “12.3 MB” */
  return g_strdup_printf (_("%s/s"), size);
}

/**
 * strata_format_date:
 * @time_ms: milliseconds since 1970; less than 0: not known
 *
 * Returns: (transfer full): day and time in the user's zone and language
 */
char *
strata_format_date (gint64 time_ms)
{
  g_autoptr(GDateTime) time = time_ms >= 0 ? strata_wording_local_time (time_ms) : NULL;

  if (time == NULL)
    return g_strdup (_("date not known"));

  /* Translators: a day with its time, see g_date_time_format() */
  return g_date_time_format (time, _("%e %B %Y, %H:%M"));
}

/**
 * strata_format_saving:
 *
 * Returns: (transfer full): how much smaller @bytes_after is, in percent, or
 *   what it is otherwise
 */
char *
strata_format_saving (guint64 bytes_before,
                      guint64 bytes_after)
{
  int percent;

  if (bytes_before == 0)
    return g_strdup ("");
  if (bytes_after > bytes_before)
    return g_strdup (_("more than before"));

  percent = (int)floor (100.0 * (double)(bytes_before - bytes_after) / (double)bytes_before);

  return g_strdup_printf (_("%d %% less"), percent);
}

/**
 * strata_format_path:
 * @path: a file name, in whatever encoding
 *
 * Returns: (transfer full): it as text, the home folder as `~`
 */
char *
strata_format_path (const char *path)
{
  const char *home = g_get_home_dir ();
  gsize length = strlen (home);
  g_autofree char *text = g_filename_display_name (path);

  if (length > 1 && g_str_has_prefix (text, home) && (text[length] == '/' || text[length] == '\0'))
    return g_strconcat ("~", text + length, NULL);

  return g_steal_pointer (&text);
}

/* strata-checked-line.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-checked-line-private.h"
#include "strata-digest-private.h"

#define CRC_DIGITS 8

char *
_strata_checked_line_make (const char *text)
{
  g_autofree char *line = g_strdelimit (g_strdup (text), "\n", ' ');

  return g_strdup_printf ("%s %08x\n", line, _strata_crc32 (line, strlen (line)));
}

gboolean
_strata_checked_line_is_whole (const char *line,
                               gsize       length,
                               gsize      *out_length)
{
  char digits[CRC_DIGITS + 1] = "";

  if (length < CRC_DIGITS + 1 || line[length - CRC_DIGITS - 1] != ' ')
    return FALSE;

  memcpy (digits, line + length - CRC_DIGITS, CRC_DIGITS);
  /* Lines from before there were check sums may end in any word */
  if (strspn (digits, "0123456789abcdef") != CRC_DIGITS)
    return FALSE;
  *out_length = length - CRC_DIGITS - 1;

  return g_ascii_strtoull (digits, NULL, 16) == _strata_crc32 (line, *out_length);
}

gboolean
_strata_checked_lines_are_whole (const char *text,
                                 gsize       size)
{
  guint whole = 0, broken = 0;
  const char *end;
  gsize ignored;

  while (size > 0 && (end = memchr (text, '\n', size)) != NULL)
    {
      gsize length = (gsize)(end - text);

      if (_strata_checked_line_is_whole (text, length, &ignored))
        whole++;
      else if (memchr (text, '\0', length) != NULL)
        return broken == 0;
      else
        broken++;
      size -= length + 1;
      text = end + 1;
    }

  /* All there but for the line feed, and something else in its place: no crash does that */
  if (size > 0 && _strata_checked_line_is_whole (text, size - 1, &ignored))
    broken++;

  return whole == 0 || broken == 0;
}

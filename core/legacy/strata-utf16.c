/* strata-utf16.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-utf16-private.h"

#define REPLACEMENT_CHARACTER 0xfffd

/* What a collection's text can begin with */
static gboolean
begins_text (guint8 byte)
{
  return byte != '\0' && strchr ("[{\" \t\n\r", byte) != NULL;
}

StrataTextEncoding
_strata_text_encoding_find (const guint8 *start,
                            gsize         size,
                            gboolean      at_end)
{
  StrataTextEncoding encoding = STRATA_TEXT_ENCODING_UTF8;

  if (size < 2)
    return at_end ? STRATA_TEXT_ENCODING_UTF8 : STRATA_TEXT_ENCODING_UNKNOWN;

  if (start[0] == 0xff && start[1] == 0xfe)
    return STRATA_TEXT_ENCODING_UTF16_LE;
  if (start[0] == 0xfe && start[1] == 0xff)
    return STRATA_TEXT_ENCODING_UTF16_BE;

  if (begins_text (start[0]) && start[1] == 0)
    encoding = STRATA_TEXT_ENCODING_UTF16_LE;
  else if (start[0] == 0 && begins_text (start[1]))
    encoding = STRATA_TEXT_ENCODING_UTF16_BE;
  else
    return STRATA_TEXT_ENCODING_UTF8;

  if (size < 4)
    return at_end ? STRATA_TEXT_ENCODING_UTF8 : STRATA_TEXT_ENCODING_UNKNOWN;

  /* No text goes on with a NUL: that is some other encoding, or a file full of them */
  return start[2] != 0 || start[3] != 0 ? encoding : STRATA_TEXT_ENCODING_UTF8;
}

static inline guint
read_unit (const guint8       *in,
           StrataTextEncoding  encoding)
{
  return encoding == STRATA_TEXT_ENCODING_UTF16_LE ? (guint)(in[0] | in[1] << 8) : (guint)(in[0] << 8 | in[1]);
}

/* The character at @in, of which @size bytes are there, at least one.
 *
 * Returns: how many bytes it has, or 0 where it is cut
 */
static gsize
read_character (const guint8       *in,
                gsize               size,
                StrataTextEncoding  encoding,
                gunichar           *out_character,
                gboolean           *out_is_whole)
{
  guint unit, low;

  *out_is_whole = FALSE;
  *out_character = REPLACEMENT_CHARACTER;
  if (size < 2)
    return 0;

  unit = read_unit (in, encoding);
  if (unit < 0xd800 || unit > 0xdfff)
    {
      *out_character = unit;
      *out_is_whole = TRUE;
      return 2;
    }

  if (unit > 0xdbff)
    return 2;
  if (size < 4)
    return 0;

  low = read_unit (in + 2, encoding);
  if (low < 0xdc00 || low > 0xdfff)
    return 2;

  *out_character = 0x10000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
  *out_is_whole = TRUE;

  return 4;
}

gsize
_strata_utf16_to_utf8 (const guint8       *in,
                       gsize               size,
                       StrataTextEncoding  encoding,
                       gboolean            at_end,
                       guint8             *out,
                       gsize              *out_size,
                       guint64            *inout_repairs)
{
  gsize i = 0;

  *out_size = 0;
  while (i < size)
    {
      gboolean is_whole;
      gunichar character;
      gsize length = read_character (in + i, size - i, encoding, &character, &is_whole);

      if (length == 0)
        {
          if (!at_end)
            break;
          length = MIN (2, size - i);
        }

      *inout_repairs += is_whole ? 0 : 1;
      *out_size += (gsize)g_unichar_to_utf8 (character, (char *)out + *out_size);
      i += length;
    }

  return i;
}

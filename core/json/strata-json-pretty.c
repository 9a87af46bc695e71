/* strata-json-pretty.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-json-pretty-private.h"

static void
break_line (StrataJsonPretty *self,
            GString          *out)
{
  g_string_append_c (out, '\n');
  for (guint64 i = 0; i < self->depth; i++)
    g_string_append (out, "  ");
}

/* Passes on the rest of a string, up to its closing quote or the end of the piece.
 *
 * Returns: how many bytes that were
 */
static gsize
feed_string (StrataJsonPretty *self,
             const char       *text,
             gsize             length,
             GString          *out)
{
  gsize i = 0;

  while (i < length && self->in_string)
    {
      char c = text[i++];

      if (self->escaped)
        self->escaped = FALSE;
      else if (c == '\\')
        self->escaped = TRUE;
      else if (c == '"')
        self->in_string = FALSE;
    }
  g_string_append_len (out, text, (gssize)i);

  return i;
}

static void
feed_token_byte (StrataJsonPretty *self,
                 char              c,
                 GString          *out)
{
  gboolean closes = c == ']' || c == '}';

  if (closes)
    {
      self->depth--;
      if (!self->just_opened)
        break_line (self, out);
    }
  else if (self->just_opened)
    break_line (self, out);

  self->just_opened = c == '[' || c == '{';
  self->depth += self->just_opened ? 1 : 0;
  self->in_string = c == '"';

  g_string_append_c (out, c);
  if (c == ',')
    break_line (self, out);
  else if (c == ':')
    g_string_append_c (out, ' ');
}

/* Appends to @out what the next @length bytes of the text become. */
void
_strata_json_pretty_feed (StrataJsonPretty *self,
                          const char       *text,
                          gsize             length,
                          GString          *out)
{
  for (gsize i = 0; i < length; )
    {
      if (self->in_string)
        i += feed_string (self, text + i, length - i, out);
      else
        feed_token_byte (self, text[i++], out);
    }
}

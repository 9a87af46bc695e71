/* legacy-fragment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <string.h>

#include "legacy-fragment.h"

static void
append_escaped (GString    *string,
                const char *text,
                gsize       length)
{
  static const char letters[] = "btn\0fr";

  for (gsize i = 0; i < length; i++)
    {
      guchar c = (guchar) text[i];

      if (c == '"' || c == '\\')
        g_string_append_printf (string, "\\%c", c);
      else if (c >= '\b' && c <= '\r' && c != '\v')
        g_string_append_printf (string, "\\%c", letters[c - '\b']);
      else if (c < ' ')
        g_string_append_printf (string, "\\u%04x", c);
      else
        g_string_append_c (string, (char) c);
    }
}

static void
add_unit (LegacyFragment *self,
          guint32         unit)
{
  self->hash = self->hash * 31 + unit;
  self->factor *= 31;
}

/* Room to copy whole strides beyond the end. */
static const char *
insert_padded (GStringChunk *chunk,
               const char   *text,
               gsize         length)
{
  g_autofree char *padded = g_malloc0 (length + LEGACY_FRAGMENT_STRIDE);

  memcpy (padded, text, length);

  return g_string_chunk_insert_len (chunk, padded, (gssize) (length + LEGACY_FRAGMENT_STRIDE));
}

/**
 * legacy_fragment_init_spelled:
 * @self: the fragment
 * @chunk: what keeps its characters
 * @plain: valid UTF-8 as it stands inside a JSON string
 */
void
legacy_fragment_init_spelled (LegacyFragment *self,
                              GStringChunk   *chunk,
                              const char     *plain)
{
  g_autoptr(GString) escaped = g_string_new (NULL);

  append_escaped (escaped, plain, strlen (plain));
  g_assert (escaped->len <= G_MAXUINT16);

  memset (self, 0, sizeof *self);
  self->plain_length = (guint16) strlen (plain);
  self->escaped_length = (guint16) escaped->len;
  self->is_inline = self->escaped_length == self->plain_length && self->plain_length <= sizeof self->text;
  if (self->is_inline)
    {
      memcpy (self->text, plain, self->plain_length);
    }
  else
    {
      self->plain = insert_padded (chunk, plain, self->plain_length);
      self->escaped = insert_padded (chunk, escaped->str, escaped->len);
    }
  self->factor = 1;

  for (const char *p = plain; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar c = g_utf8_get_char (p);

      if (c >= 0x10000)
        add_unit (self, 0xd800 + ((c - 0x10000) >> 10));
      add_unit (self, c >= 0x10000 ? 0xdc00 + ((c - 0x10000) & 0x3ff) : c);
    }
}

/**
 * legacy_fragment_init:
 * @self: the fragment
 * @chunk: what keeps its characters
 * @text: valid UTF-8, not yet escaped
 * @length: bytes of @text
 */
void
legacy_fragment_init (LegacyFragment *self,
                      GStringChunk   *chunk,
                      const char     *text,
                      gsize           length)
{
  g_autoptr(GString) plain = g_string_new (NULL);

  append_escaped (plain, text, length);
  legacy_fragment_init_spelled (self, chunk, plain->str);
}

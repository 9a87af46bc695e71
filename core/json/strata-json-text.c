/* strata-json-text.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-json-reader-private.h"
#include "strata-json-scan-private.h"

#define REPLACEMENT 0xfffd

typedef struct
{
  const guchar *token;
  gsize         length;
} Name;

/* Outside strings: to the next quote or curly bracket. Arrays need no look, since
 * strings inside them belong to the member that the array belongs to.
 */
static const guchar *
skip_to_mark (const guchar *p,
              const guchar *end)
{
#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i text = _mm_loadu_si128 ((const __m128i *) p);
      __m128i quote = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('"'));
      __m128i open = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('{'));
      __m128i close = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('}'));
      int found = _mm_movemask_epi8 (_mm_or_si128 (quote, _mm_or_si128 (open, close)));

      if (found != 0)
        return p + __builtin_ctz (found);
      p += 16;
    }
#endif

  while (p < end && *p != '"' && *p != '{' && *p != '}')
    p++;

  return p;
}

/* @p is after the opening quote. Returns: after the closing one, or @end */
static const guchar *
skip_string (const guchar *p,
             const guchar *end)
{
  while ((p = _strata_json_skip_to_quote (p, end)) < end)
    {
      if (*p == '"')
        return p + 1;
      p += MIN (2, end - p);
    }

  return end;
}

/* Goes out of an object: back to the name of the member that it belongs to. */
static Name
pop_name (GArray *outer,
          Name    innermost)
{
  if (outer->len == 0)
    return innermost;

  innermost = g_array_index (outer, Name, outer->len - 1);
  g_array_set_size (outer, outer->len - 1);

  return innermost;
}

void
_strata_json_for_each_string (const char           *text,
                              gsize                 length,
                              StrataJsonStringFunc  func,
                              gpointer              user_data)
{
  const guchar *p = (const guchar *) (text != NULL ? text : "");
  const guchar *end = p + length;
  g_autoptr(GArray) outer = g_array_new (FALSE, FALSE, sizeof (Name));
  Name name = { NULL, 0 };

  while ((p = skip_to_mark (p, end)) < end)
    {
      const guchar *from = p++;

      if (*from == '{')
        g_array_append_val (outer, name);
      else if (*from == '}')
        name = pop_name (outer, name);
      else
        {
          const guchar *next;

          p = skip_string (p, end);
          next = _strata_json_skip_space (p, end);
          if (next < end && *next == ':')
            name = (Name) { from, p - from };
          else if (!func ((const char *) from, p - from,
                          (const char *) name.token, name.length, user_data))
            return;
        }
    }
}

/* Returns: the value of the 4 digits of a \u escape at @p, or -1 */
static gint32
parse_hex (const guchar *p,
           const guchar *end)
{
  gint32 value = 0;

  if (end - p < 4)
    return -1;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value (p[i]);

      if (digit < 0)
        return -1;
      value = value << 4 | digit;
    }

  return value;
}

/* @p is after \u. Returns: after the escape, or after both of a pair */
static const guchar *
append_unicode (GString      *text,
                const guchar *p,
                const guchar *end)
{
  gint32 high = parse_hex (p, end);
  gint32 low = -1;

  if (high < 0)
    {
      g_string_append_unichar (text, REPLACEMENT);
      return p;
    }

  p += 4;
  if (high >= 0xd800 && high < 0xdc00 && end - p >= 6 && p[0] == '\\' && p[1] == 'u')
    low = parse_hex (p + 2, end);
  if (low >= 0xdc00 && low < 0xe000)
    {
      g_string_append_unichar (text, 0x10000 + ((high - 0xd800) << 10) + (low - 0xdc00));
      return p + 6;
    }

  if (high == 0 || (high >= 0xd800 && high < 0xe000))
    high = REPLACEMENT;
  g_string_append_unichar (text, high);

  return p;
}

char *
_strata_json_unquote (const char *token,
                      gsize       length)
{
  static const char escapes[256] = {
    ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
  };
  g_autoptr(GString) text = g_string_sized_new (length);
  const guchar *p = (const guchar *) token;
  const guchar *end = p + length;

  g_assert (length >= 2 && token[0] == '"' && token[length - 1] == '"');
  p++;
  end--;

  while (p < end)
    {
      const guchar *next = _strata_json_skip_to_quote (p, end);

      g_string_append_len (text, (const char *) p, next - p);
      if (end - next < 2)
        break;

      p = next + 2;
      if (next[1] == 'u')
        p = append_unicode (text, p, end);
      else
        g_string_append_c (text, escapes[next[1]] != '\0' ? escapes[next[1]] : (char) next[1]);
    }

  return g_string_free (g_steal_pointer (&text), FALSE);
}

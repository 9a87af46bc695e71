/* strata-tail-salvage.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-tail-private.h"

/* How every line but the first begins, and how each ends */
#define LINE_START "{\"list\":"
#define LINE_END   "\"}"

void
_strata_tail_salvage_free (StrataTailSalvage *self)
{
  g_string_free (self->whole, TRUE);
  g_string_free (self->damaged, TRUE);
  g_ptr_array_unref (self->lost);
  g_free (self);
}

/* As much as can still be seen of what stood in a line */
static char *
describe_line (const char *line,
               gsize       length,
               guint       number)
{
  const char *name = line + strlen (LINE_START "\"");
  const char *end = length > strlen (LINE_START "\"") ? memchr (name, '"', length - strlen (LINE_START "\"")) : NULL;
  StrataList list;

  if (end != NULL && memcmp (line, LINE_START "\"", strlen (LINE_START "\"")) == 0 &&
      _strata_list_from_name (name, (gsize)(end - name), &list))
    return g_strdup_printf ("line %u, an element of “%s”", number, _strata_list_get_info (list)->name);

  return g_strdup_printf ("line %u", number);
}

/* Where a line that is whole ends, with its line feed lost, and another begins; %NULL: nowhere */
static const char *
find_joint (const char *line,
            gsize       length)
{
  const char *p = line, *start;
  StrataTailLine ignored;

  while ((start = memmem (p, length - (gsize)(p - line), LINE_START, strlen (LINE_START))) != NULL)
    {
      gsize before = (gsize)(start - line);

      if (before > strlen (LINE_END) && memcmp (start - 1 - strlen (LINE_END), LINE_END, strlen (LINE_END)) == 0 &&
          _strata_tail_parse_line (line, before - 1, &ignored))
        return start;
      p = start + 1;
    }

  return NULL;
}

static void
take_line (StrataTailSalvage *self,
           const char        *line,
           gsize              length,
           guint              number)
{
  StrataTailLine ignored;
  const char *next;

  if (_strata_tail_parse_line (line, length, &ignored))
    {
      g_string_append_len (self->whole, line, (gssize)length);
      g_string_append_c (self->whole, '\n');
      self->n_whole++;
      return;
    }

  next = find_joint (line, length);
  if (next != NULL)
    {
      take_line (self, line, (gsize)(next - line) - 1, number);
      take_line (self, next, length - (gsize)(next - line), number);
      return;
    }

  /* All there, but for the line feed at the very end */
  if (length > 0 && _strata_tail_parse_line (line, length - 1, &ignored))
    {
      take_line (self, line, length - 1, number);
      return;
    }

  g_string_append_len (self->damaged, line, (gssize)length);
  g_string_append_c (self->damaged, '\n');
  g_ptr_array_add (self->lost, describe_line (line, length, number));
}

/* The first line is made anew. Where it has become one with the second, that is what is left of it. */
static const char *
pass_header (const char *text,
             const char *end)
{
  const char *line_end = memchr (text, '\n', (gsize)(end - text));
  const char *second = memmem (text, (gsize)((line_end != NULL ? line_end : end) - text), LINE_START, strlen (LINE_START));

  if (second != NULL)
    return second;

  return line_end != NULL ? line_end + 1 : end;
}

StrataTailSalvage *
_strata_tail_salvage (const char *text,
                      gsize       size,
                      const char *key,
                      guint64     generation)
{
  StrataTailSalvage *self = g_new0 (StrataTailSalvage, 1);
  const char *end = text + size;
  const char *p = pass_header (text, end);
  guint number = 2;

  self->whole = g_string_new (NULL);
  self->damaged = g_string_new (NULL);
  self->lost = g_ptr_array_new_with_free_func (g_free);
  _strata_tail_append_header (self->whole, key, generation);

  for (; p < end; number++)
    {
      const char *line_end = memchr (p, '\n', (gsize)(end - p));
      gsize length = (gsize)((line_end != NULL ? line_end : end) - p);

      take_line (self, p, length, number);
      p += length + 1;
    }

  return self;
}

/* strata-snippet.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-snippet-private.h"
#include "strata-tokenizer-private.h"

/* How much of the text is shown, about, in bytes */
#define SHOWN_BYTES  200
/* How much of it stands before what was found */
#define BEFORE_BYTES 50
/* More places than that make no better snippet */
#define MAX_PLACES 4096

/* Where a leaf of the query is in the text */
typedef struct
{
  guint leaf;
  gsize start;
  gsize end;
} Place;

/* A phrase being followed: the tokens so far stood at the positions before */
typedef struct
{
  guint leaf;
  guint token;      /* the next one that must come */
  guint position;   /* where */
  gsize start;
} Trail;

typedef struct
{
  GPtrArray *leaves;     /* (element-type StrataQueryNode) */
  GArray    *places;
  GArray    *trails;
  guint      position;   /* of the token before, from 1 */
} Finder;

static void
list_leaves (const StrataQueryNode *node,
             GPtrArray             *leaves)
{
  if (node == NULL)
    return;

  if (node->kind == STRATA_QUERY_TEXT && !node->negated)
    g_ptr_array_add (leaves, (gpointer)node);
  for (guint i = 0; node->children != NULL && i < node->children->len; i++)
    list_leaves (g_ptr_array_index (node->children, i), leaves);
}

static gboolean
is_token (const StrataQueryNode *leaf,
          guint                  number,
          const char            *token,
          gsize                  length,
          gboolean              *out_last)
{
  const char *wanted = leaf->tokens[number];
  gsize wanted_length = strlen (wanted);

  *out_last = leaf->tokens[number + 1] == NULL;
  if (*out_last && leaf->is_prefix)
    return length >= wanted_length && memcmp (token, wanted, wanted_length) == 0;

  return length == wanted_length && memcmp (token, wanted, length) == 0;
}

/* A leaf's token is here: it is found, or followed to the next token. */
static void
advance (Finder *self,
         guint   leaf,
         guint   number,
         gsize   start,
         gsize   end,
         gboolean is_last)
{
  Place place = { leaf, start, end };
  Trail trail = { leaf, number + 1, self->position + 1, start };

  if (is_last)
    g_array_append_val (self->places, place);
  else
    g_array_append_val (self->trails, trail);
}

static int
find_token (const char *token,
            gsize       length,
            gboolean    colocated,
            gsize       start,
            gsize       end,
            gpointer    user_data)
{
  Finder *self = user_data;
  guint n_trails = self->trails->len;
  gboolean is_last;

  self->position += colocated ? 0 : 1;
  for (guint i = 0; i < n_trails; )
    {
      Trail trail = g_array_index (self->trails, Trail, i);

      if (trail.position < self->position)
        {
          g_array_remove_index (self->trails, i);
          n_trails--;
          continue;
        }
      if (trail.position == self->position &&
          is_token (g_ptr_array_index (self->leaves, trail.leaf), trail.token, token, length, &is_last))
        advance (self, trail.leaf, trail.token, trail.start, end, is_last);
      i++;
    }

  for (guint i = 0; i < self->leaves->len; i++)
    if (is_token (g_ptr_array_index (self->leaves, i), 0, token, length, &is_last))
      advance (self, i, 0, start, end, is_last);

  return self->places->len >= MAX_PLACES;
}

static int
compare_places (gconstpointer a,
                gconstpointer b)
{
  const Place *first = a;
  const Place *second = b;

  if (first->start != second->start)
    return first->start < second->start ? -1 : 1;

  return (first->end < second->end) - (first->end > second->end);
}

/* The first of the places that stand close together and tell the most */
static guint
choose_place (const GArray *places)
{
  guint best = 0, best_count = 0;

  for (guint i = 0; i < places->len; i++)
    {
      gsize limit = g_array_index (places, Place, i).start + SHOWN_BYTES - BEFORE_BYTES;
      guint64 seen = 0;
      guint count;

      for (guint j = i; j < places->len && g_array_index (places, Place, j).end <= limit; j++)
        seen |= G_GUINT64_CONSTANT (1) << g_array_index (places, Place, j).leaf;
      count = (guint)__builtin_popcountll (seen);
      if (count > best_count)
        {
          best = i;
          best_count = count;
        }
    }

  return best;
}

/* The start of the word, or at least of the character, at or before @p */
static const char *
go_back (const char *text,
         const char *p)
{
  const char *limit = p - MIN ((gsize)(p - text), 24);
  const char *word = p;

  while (p > text && ((guchar)*p & 0xc0) == 0x80)
    p--;
  for (word = p; word > limit && !g_ascii_isspace (word[-1]); word--)
    ;

  return word > limit || word == text ? word : p;
}

static const char *
go_on (const char *p,
       const char *end)
{
  const char *limit = p + MIN ((gsize)(end - p), 24);
  const char *word = p;

  while (p < end && ((guchar)*p & 0xc0) == 0x80)
    p++;
  for (word = p; word < limit && !g_ascii_isspace (*word); word++)
    ;

  return word < limit || word == end ? word : p;
}

/* Appends text as markup; runs of white space and control characters become one space. */
static void
append_escaped (GString    *out,
                const char *p,
                const char *end)
{
  while (p < end)
    {
      const char *next = MIN (g_utf8_next_char (p), end);
      gunichar character = g_utf8_get_char_validated (p, next - p);

      if (character >= 0x110000 || g_unichar_isspace (character) || g_unichar_iscntrl (character))
        {
          if (out->len > 0 && out->str[out->len - 1] != ' ')
            g_string_append_c (out, ' ');
        }
      else if (character == '<')
        g_string_append (out, "&lt;");
      else if (character == '>')
        g_string_append (out, "&gt;");
      else if (character == '&')
        g_string_append (out, "&amp;");
      else
        g_string_append_len (out, p, next - p);
      p = next;
    }
}

static char *
make_markup (const char   *text,
             gsize         length,
             const GArray *places,
             guint         first)
{
  const char *end = text + length;
  const char *p = text, *until;
  GString *out = g_string_new (NULL);

  if (places->len > 0)
    {
      gsize start = g_array_index (places, Place, first).start;

      p = go_back (text, text + (start > BEFORE_BYTES ? start - BEFORE_BYTES : 0));
    }
  until = (gsize)(end - p) > SHOWN_BYTES ? go_on (p + SHOWN_BYTES, end) : end;

  if (p > text)
    g_string_append (out, "…");
  for (guint i = 0; i < places->len; i++)
    {
      const char *from = text + g_array_index (places, Place, i).start;
      const char *to = text + g_array_index (places, Place, i).end;

      /* Pairs of characters overlap, the parts of a name touch, or overlap with the whole */
      if (from < p || from >= until)
        continue;
      while (i + 1 < places->len && text + g_array_index (places, Place, i + 1).start <= to)
        {
          i++;
          to = MAX (to, text + g_array_index (places, Place, i).end);
        }
      to = MIN (to, until);
      append_escaped (out, p, from);
      g_string_append (out, "<mark>");
      append_escaped (out, from, to);
      g_string_append (out, "</mark>");
      p = to;
    }
  append_escaped (out, p, until);
  if (until < end)
    g_string_append (out, "…");

  return g_strstrip (g_string_free (out, FALSE));
}

char *
_strata_snippet_make (const char  *text,
                      gsize        length,
                      StrataQuery *query)
{
  g_autoptr(GPtrArray) leaves = g_ptr_array_new ();
  g_autoptr(GArray) places = g_array_new (FALSE, FALSE, sizeof (Place));
  g_autoptr(GArray) trails = g_array_new (FALSE, FALSE, sizeof (Trail));
  Finder finder = { leaves, places, trails, 0 };

  list_leaves (_strata_query_get_root (query), leaves);
  _strata_tokenize (text, length, STRATA_TOKENIZE_TEXT, find_token, &finder);
  g_array_sort (places, compare_places);

  return make_markup (text, length, places, choose_place (places));
}

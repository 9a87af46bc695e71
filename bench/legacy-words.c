/* legacy-words.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <string.h>

#include "legacy-words.h"

typedef struct
{
  GPtrArray *words;
  GArray    *counts;
} WordCounts;

static void
read_section (WordCounts *self,
              const char *list,
              const char *section)
{
  g_auto(GStrv) lines = g_strsplit (list, "\n", -1);
  gboolean is_inside = FALSE;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      char *word;
      guint64 count;

      if (lines[i][0] == '[')
        is_inside = g_str_equal (lines[i], section);
      if (!is_inside || !g_ascii_isdigit (lines[i][0]))
        continue;

      count = g_ascii_strtoull (lines[i], &word, 10);
      g_array_append_val (self->counts, count);
      g_ptr_array_add (self->words, g_strdup (word + 1));
    }
}

/* Fills every column up to the average with the excess of one commoner word,
 * in whole numbers, so that all machines draw the same words.
 */
static void
build_aliases (LegacyWords *self,
               GArray      *counts)
{
  g_autofree guint64 *weights = g_new (guint64, self->n_words);
  g_autofree guint *small = g_new (guint, self->n_words);
  g_autofree guint *large = g_new (guint, self->n_words);
  guint n_small = 0, n_large = 0;
  guint64 total = 0;

  for (guint i = 0; i < self->n_words; i++)
    total += g_array_index (counts, guint64, i);

  for (guint i = 0; i < self->n_words; i++)
    {
      weights[i] = g_array_index (counts, guint64, i) * self->n_words;
      self->thresholds[i] = G_MAXUINT32;
      self->aliases[i] = i;
      if (weights[i] < total)
        small[n_small++] = i;
      else
        large[n_large++] = i;
    }

  while (n_small > 0 && n_large > 0)
    {
      guint poor = small[--n_small];
      guint rich = large[n_large - 1];

      self->thresholds[poor] = (guint32) ((weights[poor] << 32) / total);
      self->aliases[poor] = rich;
      weights[rich] -= total - weights[poor];
      if (weights[rich] < total)
        {
          n_large--;
          small[n_small++] = rich;
        }
    }
}

static gboolean
is_name (const char *word)
{
  gsize length = strlen (word);

  if (length < 3 || length > 11)
    return FALSE;
  for (gsize i = 0; i < length; i++)
    if (!g_ascii_islower (word[i]))
      return FALSE;

  return TRUE;
}

static char *
dup_capital (const char *word)
{
  g_autoptr(GString) capital = g_string_new (NULL);

  g_string_append_unichar (capital, g_unichar_toupper (g_utf8_get_char (word)));
  g_string_append (capital, g_utf8_next_char (word));

  return g_string_free (g_steal_pointer (&capital), FALSE);
}

static void
add_shapes (LegacyWords *self,
            guint        index,
            const char  *word)
{
  g_autofree char *spaced = g_strconcat (" ", word, NULL);
  g_autofree char *capital = dup_capital (word);

  self->raw[index] = g_string_chunk_insert (self->chunk, word);
  legacy_fragment_init (&self->bare[index], self->chunk, word, strlen (word));
  legacy_fragment_init (&self->spaced[index], self->chunk, spaced, strlen (spaced));
  legacy_fragment_init (&self->capital[index], self->chunk, capital, strlen (capital));

  if (is_name (word))
    self->names[self->n_names++] = index;
}

/* None of them may reach into a second cache line. */
static LegacyFragment *
new_fragments (guint n_fragments)
{
  return g_aligned_alloc (n_fragments, sizeof (LegacyFragment), 64);
}

/**
 * legacy_words_new:
 * @list: the word list
 * @section: a line of it in brackets
 *
 * Returns: (transfer full): the words of that section
 */
LegacyWords *
legacy_words_new (const char *list,
                  const char *section)
{
  g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GArray) counts = g_array_new (FALSE, FALSE, sizeof (guint64));
  LegacyWords *self = g_new0 (LegacyWords, 1);

  read_section (&(WordCounts) { words, counts }, list, section);
  g_assert (words->len > 0);

  self->n_words = words->len;
  self->thresholds = g_new (guint32, words->len);
  self->aliases = g_new (guint32, words->len);
  self->bare = new_fragments (words->len);
  self->spaced = new_fragments (words->len);
  self->capital = new_fragments (words->len);
  self->raw = g_new (char *, words->len);
  self->names = g_new (guint, words->len);
  self->chunk = g_string_chunk_new (64 * 1024);

  build_aliases (self, counts);
  for (guint i = 0; i < words->len; i++)
    add_shapes (self, i, g_ptr_array_index (words, i));

  return self;
}

void
legacy_words_free (LegacyWords *self)
{
  g_free (self->thresholds);
  g_free (self->aliases);
  g_aligned_free (self->bare);
  g_aligned_free (self->spaced);
  g_aligned_free (self->capital);
  g_free (self->raw);
  g_free (self->names);
  g_string_chunk_free (self->chunk);
  g_free (self);
}

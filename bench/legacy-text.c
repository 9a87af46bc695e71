/* legacy-text.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <gio/gio.h>
#include <string.h>

#include "legacy-text.h"
#include "legacy-words.h"

#define WORDS_RESOURCE "/org/strata/bench/words.txt"

/* One prose text in so many holds something a careless program trips over. */
#define ODDITY_CHANCES 60

typedef enum
{
  MARK_SPACE,
  MARK_COMMA,
  MARK_STOP,
  MARK_QUESTION,
  MARK_SHOUT,
  MARK_LINE,
  MARK_PARAGRAPH,
  N_MARKS,
} Mark;

/* As JSON spells them. */
static const char * const marks[N_MARKS] = { " ", ",", ".", "?", "!", "\\n", "\\n\\n" };

static const char * const oddities[] = {
  " tab\\tnew\\nline\\r\\nCRLF\\fff\\bbs",
  " NUL\\u0000inside and \\u0001\\u001f controls",
  " lone high surrogate \\ud83d and lone low \\udc00 end",
  " line sep \u2028 para sep \u2029 BOM \ufeff nbsp \u00a0 zwj \u200d",
  " \u05e9\u05dc\u05d5\u05dd \u05e2\u05d5\u05dc\u05dd \u2014 (RTL \u200ftest\u200e)",
  " back\\\\slash \\\"quoted\\\" </script> &amp; \x7f",
};

/**
 * LegacyText:
 *
 * Writes texts like those of a real store: prose as the old program's
 * summaries have it, speech as its transcripts, and screens as its text
 * recognition reads them. What comes out depends on the random stream alone.
 */
struct _LegacyText
{
  LegacyWords    *prose;
  LegacyWords    *screen;
  LegacyFragment  marks[N_MARKS];
  LegacyFragment  oddities[G_N_ELEMENTS (oddities)];
  GStringChunk   *chunk;
};

LegacyText *
legacy_text_new (void)
{
  LegacyText *self = g_new0 (LegacyText, 1);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) list = NULL;

  list = g_resources_lookup_data (WORDS_RESOURCE, G_RESOURCE_LOOKUP_FLAGS_NONE, &error);
  g_assert_no_error (error);

  self->prose = legacy_words_new (g_bytes_get_data (list, NULL), "[prose]");
  self->screen = legacy_words_new (g_bytes_get_data (list, NULL), "[screen]");

  self->chunk = g_string_chunk_new (1024);
  for (guint i = 0; i < N_MARKS; i++)
    legacy_fragment_init_spelled (&self->marks[i], self->chunk, marks[i]);
  for (guint i = 0; i < G_N_ELEMENTS (oddities); i++)
    legacy_fragment_init_spelled (&self->oddities[i], self->chunk, oddities[i]);

  return self;
}

void
legacy_text_free (LegacyText *self)
{
  legacy_words_free (self->prose);
  legacy_words_free (self->screen);
  g_string_chunk_free (self->chunk);
  g_free (self);
}

static void
write_mark (LegacyText *self,
            LegacyJson *json,
            Mark        mark)
{
  legacy_json_fragment (json, &self->marks[mark]);
}

static void
write_words (const LegacyWords *words,
             LegacyRandom      *random,
             LegacyJson        *json,
             guint              n_words)
{
  for (guint i = 0; i < n_words; i++)
    legacy_json_fragment (json, &words->spaced[legacy_words_draw (words, random)]);
}

static void
write_sentence (LegacyText   *self,
                LegacyRandom *random,
                LegacyJson   *json)
{
  guint n_clauses = 1 + legacy_random_one_in (random, 3) + legacy_random_one_in (random, 5);
  guint ending = legacy_random_below (random, 12);

  legacy_json_fragment (json, &self->prose->capital[legacy_words_draw (self->prose, random)]);
  for (guint i = 0; i < n_clauses; i++)
    {
      if (i > 0)
        write_mark (self, json, MARK_COMMA);
      write_words (self->prose, random, json, legacy_random_between (random, 3, 9));
    }
  write_mark (self, json, ending == 0 ? MARK_QUESTION : ending == 1 ? MARK_SHOUT : MARK_STOP);
}

/**
 * legacy_text_prose:
 * @self: the words
 * @random: what to draw from
 * @json: where a string has begun
 * @size_bytes: about how much to write, at least one sentence
 *
 * Writes whole sentences, in paragraphs when there are many.
 */
void
legacy_text_prose (LegacyText   *self,
                   LegacyRandom *random,
                   LegacyJson   *json,
                   guint         size_bytes)
{
  guint64 end = legacy_json_get_length (json) + size_bytes;

  write_sentence (self, random, json);
  if (legacy_random_one_in (random, ODDITY_CHANCES))
    legacy_json_fragment (json, &self->oddities[legacy_random_below (random, G_N_ELEMENTS (oddities))]);

  while (legacy_json_get_length (json) + 40 < end)
    {
      write_mark (self, json, legacy_random_one_in (random, 7) ? MARK_PARAGRAPH : MARK_SPACE);
      write_sentence (self, random, json);
    }
}

/**
 * legacy_text_speech:
 * @self: the words
 * @random: what to draw from
 * @json: where a string has begun
 * @size_bytes: about how much to write
 *
 * Writes what somebody said: long sentences in one line, nothing odd.
 */
void
legacy_text_speech (LegacyText   *self,
                    LegacyRandom *random,
                    LegacyJson   *json,
                    guint         size_bytes)
{
  guint64 end = legacy_json_get_length (json) + size_bytes;

  do
    {
      legacy_json_fragment (json, &self->prose->capital[legacy_words_draw (self->prose, random)]);
      write_words (self->prose, random, json, legacy_random_between (random, 6, 24));
      write_mark (self, json, MARK_STOP);
      write_mark (self, json, MARK_SPACE);
    }
  while (legacy_json_get_length (json) < end);
}

void
legacy_text_title (LegacyText   *self,
                   LegacyRandom *random,
                   LegacyJson   *json,
                   guint         n_words)
{
  legacy_json_fragment (json, &self->prose->capital[legacy_words_draw (self->prose, random)]);
  write_words (self->prose, random, json, n_words - 1);
}

/* fooBarBaz */
static void
write_camel (LegacyText   *self,
             LegacyRandom *random,
             LegacyJson   *json)
{
  guint n_parts = legacy_random_between (random, 1, 3);

  legacy_json_fragment (json, &self->prose->bare[legacy_words_draw_name (self->prose, random)]);
  for (guint i = 1; i < n_parts; i++)
    legacy_json_fragment (json, &self->prose->capital[legacy_words_draw_name (self->prose, random)]);
}

/* foo_bar/baz/some_name, with @separator between the parts */
static void
write_joined (LegacyText   *self,
              LegacyRandom *random,
              LegacyJson   *json,
              const char   *separator,
              guint         n_parts)
{
  for (guint i = 0; i < n_parts; i++)
    {
      if (i > 0)
        legacy_json_ascii (json, separator);
      legacy_json_fragment (json, &self->prose->bare[legacy_words_draw_name (self->prose, random)]);
    }
}

static void
write_number (LegacyRandom *random,
              LegacyJson   *json,
              guint         limit)
{
  char digits[16] = "";
  char *p = digits + sizeof digits - 1;
  guint number = legacy_random_below (random, limit);

  do
    *--p = (char) ('0' + number % 10);
  while ((number /= 10) > 0);
  legacy_json_ascii (json, p);
}

static void
write_code_line (LegacyText   *self,
                 LegacyRandom *random,
                 LegacyJson   *json)
{
  static const char * const openings[] = { "const ", "  return ", "    if (", "  let ", "    ", "  await " };

  legacy_json_ascii (json, openings[legacy_random_below (random, G_N_ELEMENTS (openings))]);
  write_camel (self, random, json);
  legacy_json_ascii (json, legacy_random_one_in (random, 2) ? " = " : ".");
  write_joined (self, random, json, "_", legacy_random_between (random, 1, 3));
  legacy_json_ascii (json, "(");
  write_camel (self, random, json);
  legacy_json_ascii (json, ", ");
  write_number (random, json, 4096);
  legacy_json_ascii (json, ");");
}

static void
write_path_line (LegacyText   *self,
                 LegacyRandom *random,
                 LegacyJson   *json)
{
  static const char * const endings[] = { ".ts:", ".py:", ".c:", ".json:", ".md:", ".tsx:" };

  legacy_json_ascii (json, "src/");
  write_joined (self, random, json, "/", legacy_random_between (random, 1, 4));
  legacy_json_ascii (json, "/");
  write_camel (self, random, json);
  legacy_json_ascii (json, endings[legacy_random_below (random, G_N_ELEMENTS (endings))]);
  write_number (random, json, 2000);
}

static void
write_screen_line (LegacyText   *self,
                   LegacyRandom *random,
                   LegacyJson   *json)
{
  guint kind = legacy_random_below (random, 16);

  if (kind < 3)
    write_code_line (self, random, json);
  else if (kind < 5)
    write_path_line (self, random, json);
  else if (kind < 8)
    write_sentence (self, random, json);
  else
    {
      legacy_json_fragment (json, &self->screen->bare[legacy_words_draw (self->screen, random)]);
      write_words (self->screen, random, json, legacy_random_between (random, 1, 13));
    }
}

/**
 * legacy_text_screen:
 * @self: the words
 * @random: what to draw from
 * @json: where a string has begun
 * @size_bytes: about how much to write, at least one line
 *
 * Writes what text recognition finds on a screen of windows: lines of code,
 * paths, prose and the noise of icons.
 */
void
legacy_text_screen (LegacyText   *self,
                    LegacyRandom *random,
                    LegacyJson   *json,
                    guint         size_bytes)
{
  guint64 end = legacy_json_get_length (json) + size_bytes;

  write_screen_line (self, random, json);
  while (legacy_json_get_length (json) + 20 < end)
    {
      write_mark (self, json, legacy_random_one_in (random, 4) ? MARK_PARAGRAPH : MARK_LINE);
      write_screen_line (self, random, json);
    }
}

void
legacy_text_add_prose (LegacyText   *self,
                       LegacyRandom *random,
                       LegacyJson   *json,
                       const char   *key,
                       guint         size_bytes)
{
  legacy_json_begin_string (json, key);
  legacy_text_prose (self, random, json, size_bytes);
  legacy_json_end_string (json);
}

void
legacy_text_add_title (LegacyText   *self,
                       LegacyRandom *random,
                       LegacyJson   *json,
                       const char   *key,
                       guint         n_words)
{
  legacy_json_begin_string (json, key);
  legacy_text_title (self, random, json, n_words);
  legacy_json_end_string (json);
}

/**
 * legacy_text_dup_line:
 * @self: the words
 * @random: what to draw from
 * @is_code: whether the line is a program's
 * @n_words: how many words
 *
 * Returns: (transfer full): a line to be drawn, not escaped
 */
char *
legacy_text_dup_line (LegacyText   *self,
                      LegacyRandom *random,
                      gboolean      is_code,
                      guint         n_words)
{
  static const char * const joints[] = { ".", "_", " = ", "(", ", ", " ", ": ", " -> " };
  g_autoptr(GString) line = g_string_new (NULL);

  if (is_code)
    g_string_append_printf (line, "%*s", (int) (4 * legacy_random_below (random, 4)), "");

  for (guint i = 0; i < n_words; i++)
    {
      guint word = is_code ? legacy_words_draw_name (self->prose, random)
                           : legacy_words_draw (self->prose, random);

      if (i > 0)
        g_string_append (line, is_code ? joints[legacy_random_below (random, G_N_ELEMENTS (joints))] : " ");
      g_string_append (line, self->prose->raw[word]);
    }

  return g_string_free (g_steal_pointer (&line), FALSE);
}

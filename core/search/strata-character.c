/* strata-character.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-character-private.h"

/* What is known of each character, in pages of 256 that are made when the first
 * character of them is met: a person's texts use a few dozen of the 4,352.
 */
#define PAGE_CHARACTERS 256
#define N_PAGES (0x110000 / PAGE_CHARACTERS)

typedef struct
{
  gunichar first;
  gunichar last;
} Range;

/* Scripts without spaces between words. Their punctuation and digits are sorted out by category. */
static const Range ideographs[] = {
  { 0x0e01, 0x0e4e },   /* Thai */
  { 0x0e81, 0x0ece },   /* Lao */
  { 0x1000, 0x103f },   /* Myanmar */
  { 0x1100, 0x11ff },   /* Hangul Jamo */
  { 0x1780, 0x17d3 },   /* Khmer */
  { 0x2e80, 0x2fdf },   /* CJK radicals */
  { 0x3005, 0x3007 },   /* iteration mark, closing mark, zero */
  { 0x3031, 0x3035 },   /* Kana repeat marks */
  { 0x303b, 0x303c },
  { 0x3041, 0x30ff },   /* Hiragana, Katakana */
  { 0x3105, 0x312f },   /* Bopomofo */
  { 0x3131, 0x318e },   /* Hangul Compatibility Jamo */
  { 0x31a0, 0x31bf },
  { 0x31f0, 0x31ff },
  { 0x3400, 0x4dbf },   /* Han */
  { 0x4e00, 0x9fff },
  { 0xa960, 0xa97c },
  { 0xac00, 0xd7fb },   /* Hangul */
  { 0xf900, 0xfaff },
  { 0xff66, 0xffdc },   /* halfwidth Katakana and Hangul */
  { 0x16ff0, 0x18cff }, /* Tangut, Khitan */
  { 0x1aff0, 0x1b2ff },
  { 0x20000, 0x323af },
};

/* Accents and points that people leave out when they type what they look for.
 * Marks of other scripts are part of the spelling.
 */
static const Range accents[] = {
  { 0x0300, 0x036f },
  { 0x0483, 0x0487 },
  { 0x0591, 0x05bd },
  { 0x05bf, 0x05bf },
  { 0x05c1, 0x05c2 },
  { 0x05c4, 0x05c5 },
  { 0x05c7, 0x05c7 },
  { 0x0610, 0x061a },
  { 0x064b, 0x065f },
  { 0x0670, 0x0670 },
  { 0x06d6, 0x06dc },
  { 0x06df, 0x06e4 },
  { 0x06e7, 0x06e8 },
  { 0x06ea, 0x06ed },
  { 0x1ab0, 0x1aff },
  { 0x1dc0, 0x1dff },
  { 0x20d0, 0x20ff },
  { 0xfe00, 0xfe0f },
  { 0xfe20, 0xfe2f },
};

/* Soft hyphen, joiners, word joiner, byte order mark */
static const gunichar invisible[] = { 0x00ad, 0x200c, 0x200d, 0x2060, 0xfeff };

static const StrataCharacter *pages[N_PAGES];

static gboolean
is_in (const Range *ranges,
       gsize        n_ranges,
       gunichar     character)
{
  for (gsize i = 0; i < n_ranges && ranges[i].first <= character; i++)
    if (character <= ranges[i].last)
      return TRUE;

  return FALSE;
}

static StrataCharacterClass
classify (gunichar character)
{
  GUnicodeType type = g_unichar_type (character);
  gboolean is_mark = type == G_UNICODE_NON_SPACING_MARK || type == G_UNICODE_SPACING_MARK ||
                     type == G_UNICODE_ENCLOSING_MARK;

  for (gsize i = 0; i < G_N_ELEMENTS (invisible); i++)
    if (character == invisible[i])
      return STRATA_CHARACTER_IGNORED;

  if (is_mark && is_in (accents, G_N_ELEMENTS (accents), character))
    return STRATA_CHARACTER_IGNORED;

  /* Private use counts as letters, as in SQLite's unicode61 */
  if (!is_mark && !g_unichar_isalnum (character) && type != G_UNICODE_LETTER_NUMBER &&
      type != G_UNICODE_OTHER_NUMBER && type != G_UNICODE_PRIVATE_USE)
    return STRATA_CHARACTER_SEPARATOR;

  return is_in (ideographs, G_N_ELEMENTS (ideographs), character) ? STRATA_CHARACTER_IDEOGRAPH : STRATA_CHARACTER_WORD;
}

/* Keeps of a decomposed text what is no accent. %NULL where something else than
 * what @wanted says is in it: half of “½” would be a wrong word.
 */
static char *
drop_accents (const char           *text,
              StrataCharacterClass  wanted)
{
  g_autoptr(GString) kept = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      gunichar character = g_utf8_get_char (p);
      StrataCharacterClass found = classify (character);

      if (found == STRATA_CHARACTER_IGNORED)
        continue;
      if (found != wanted)
        return NULL;
      g_string_append_unichar (kept, character);
    }

  return kept->len > 0 ? g_string_free (g_steal_pointer (&kept), FALSE) : NULL;
}

/* Letters lose case, accents and width: “É” is “e”, “ß” is “ss”, “Ａ” is “a”. */
static char *
fold_word_character (const char *text)
{
  g_autofree char *folded = g_utf8_casefold (text, -1);
  g_autofree char *decomposed = g_utf8_normalize (folded, -1, G_NORMALIZE_ALL);
  g_autofree char *again = NULL;

  /* Decomposing may bring a capital to light, such as that of “㎆” */
  if (decomposed == NULL)
    return NULL;
  again = g_utf8_casefold (decomposed, -1);

  return drop_accents (again, STRATA_CHARACTER_WORD);
}

/* Halfwidth forms and compatibility ideographs become the usual ones. Nothing is
 * taken apart: “が” and “か” are different letters.
 */
static char *
fold_ideograph (const char *text)
{
  g_autofree char *composed = g_utf8_normalize (text, -1, G_NORMALIZE_ALL_COMPOSE);

  return composed != NULL && g_utf8_strlen (composed, -1) == 1 ? drop_accents (composed, STRATA_CHARACTER_IDEOGRAPH) : NULL;
}

static void
fill (StrataCharacter *self,
      gunichar         character)
{
  char text[8] = { 0 };
  g_autofree char *folded = NULL;

  self->character_class = classify (character);
  self->is_upper = g_unichar_isupper (character) || g_unichar_istitle (character);
  self->is_lower = g_unichar_islower (character);
  if (self->character_class != STRATA_CHARACTER_WORD && self->character_class != STRATA_CHARACTER_IDEOGRAPH)
    return;

  g_unichar_to_utf8 (character, text);
  folded = self->character_class == STRATA_CHARACTER_WORD ? fold_word_character (text) : fold_ideograph (text);
  if (folded == NULL || strlen (folded) > STRATA_CHARACTER_FOLDED_SIZE)
    {
      g_free (folded);
      folded = g_strdup (text);
    }
  self->length = (guint8)strlen (folded);
  memcpy (self->folded, folded, self->length);
}

static const StrataCharacter *
make_page (guint page)
{
  StrataCharacter *made = g_new0 (StrataCharacter, PAGE_CHARACTERS);

  for (guint i = 0; i < PAGE_CHARACTERS; i++)
    {
      gunichar character = page * PAGE_CHARACTERS + i;

      if (g_unichar_validate (character) && character != 0)
        fill (&made[i], character);
    }

  /* Another thread may have been faster; both made the same */
  if (!g_atomic_pointer_compare_and_exchange (&pages[page], NULL, made))
    g_free (made);

  return g_atomic_pointer_get (&pages[page]);
}

/* @character: below 0x110000. Threads: any. */
const StrataCharacter *
_strata_character_look_up (gunichar character)
{
  const StrataCharacter *page;

  g_assert (character < 0x110000);
  page = g_atomic_pointer_get (&pages[character / PAGE_CHARACTERS]);
  if (G_UNLIKELY (page == NULL))
    page = make_page (character / PAGE_CHARACTERS);

  return &page[character % PAGE_CHARACTERS];
}

gsize
_strata_character_decode (const char *text,
                          const char *end,
                          gunichar   *out_character)
{
  gunichar character;

  if ((guchar)*text < 0x80)
    {
      *out_character = (guchar)*text;
      return 1;
    }

  character = g_utf8_get_char_validated (text, end - text);
  if (character >= 0x110000)
    {
      *out_character = 0;
      return 1;
    }
  *out_character = character;

  return (gsize)(g_utf8_next_char (text) - text);
}

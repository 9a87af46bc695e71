/* test-tokenizer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-sqlite-private.h"
#include "search/strata-character-private.h"
#include "search/strata-tokenizer-private.h"

/* Tokens with a space between them; those at the place of the one before in brackets */
static int
append_token (const char *token,
              gsize       length,
              gboolean    colocated,
              gsize       start,
              gsize       end,
              gpointer    user_data)
{
  GString *tokens = user_data;

  g_assert_cmpuint (length, >, 0);
  g_assert_cmpuint (length, <=, STRATA_TOKEN_SIZE);
  g_assert_cmpuint (start, <, end);
  g_assert_true (g_utf8_validate_len (token, length, NULL));
  if (tokens->len > 0)
    g_string_append_c (tokens, ' ');
  if (colocated)
    g_string_append_c (tokens, '(');
  g_string_append_len (tokens, token, (gssize)length);
  if (colocated)
    g_string_append_c (tokens, ')');

  return 0;
}

static char *
tokenize (const char         *text,
          gsize               length,
          StrataTokenizeMode  mode)
{
  GString *tokens = g_string_new (NULL);

  g_assert_cmpint (_strata_tokenize (text, length, mode, append_token, tokens), ==, 0);

  return g_string_free (tokens, FALSE);
}

static void
assert_tokens (const char *text,
               const char *of_text,
               const char *of_query)
{
  g_autofree char *found = tokenize (text, strlen (text), STRATA_TOKENIZE_TEXT);
  g_autofree char *wanted = tokenize (text, strlen (text), STRATA_TOKENIZE_QUERY);

  g_assert_cmpstr (found, ==, of_text);
  g_assert_cmpstr (wanted, ==, of_query);
}

static void
test_words_lose_case_and_accents (void)
{
  static const struct { const char *text; const char *tokens; } cases[] = {
    { "", "" },
    { " \t\n--", "" },
    { "Hello, World!", "hello world" },
    { "don't", "don t" },
    { "3.14 v2 x86_64", "3 14 v2 x86 64" },
    { "naïve café façade Ångstrom coöperate", "naive cafe facade angstrom cooperate" },
    { "cafe\xcc\x81 noir", "cafe noir" },                       /* the accent as a character of its own */
    { "STRASSE Straße", "strasse strasse" },
    { "ΣΊΣΥΦΟΣ σίσυφος", "σισυφοσ σισυφοσ" },
    { "ЁЛКА ёлка", "елка елка" },
    { "ﬁle Ａｂｃ１", "file abc1" },
    { "½ ² ①", "½ 2 1" },
    { "שָׁלוֹם", "שלום" },
    { "مَرْحَبًا", "مرحبا" },
    { "हिन्दी में", "हिन्दी में" },                                   /* vowel signs are spelling, no accents */
    { "co\xc2\xad" "operate", "cooperate" },                    /* a soft hyphen */
    { "a\xe2\x80\x8b" "b", "a b" },                             /* a space of no width is a space */
    { "👩‍💻🚀 go", "go" },
    { "i̇ İ", "i i" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    assert_tokens (cases[i].text, cases[i].tokens, cases[i].tokens);
}

static void
test_camel_case_is_found_whole_and_by_its_parts (void)
{
  assert_tokens ("RichTextEditor", "richtexteditor (rich) (text) (editor)", "richtexteditor");
  assert_tokens ("getGlassClasses is", "getglassclasses (get) (glass) (classes) is", "getglassclasses is");
  assert_tokens ("HTTPServer", "httpserver (http) (server)", "httpserver");
  assert_tokens ("utf8Decoder H264Encoder", "utf8decoder (utf8) (decoder) h264encoder (h264) (encoder)", "utf8decoder h264encoder");
  assert_tokens ("GitHub iPhone macOS", "github (git) (hub) iphone (phone) macos (mac) (os)", "github iphone macos");
  assert_tokens ("ÉcoleNormale", "ecolenormale (ecole) (normale)", "ecolenormale");
  assert_tokens ("Hello WORLD A1B2C3 3D HTTP2server", "hello world a1b2c3 3d http2server", "hello world a1b2c3 3d http2server");
  /* Something encoded, no name */
  assert_tokens ("aBcDeFgHiJkLmNoPqRsT", "abcdefghijklmnopqrst", "abcdefghijklmnopqrst");
}

static void
test_snake_case_and_paths_are_words_in_a_row (void)
{
  assert_tokens ("snake_case_name", "snake case name", "snake case name");
  assert_tokens ("kebab-case", "kebab case", "kebab case");
  assert_tokens ("/src/components/RichText.tsx", "src components richtext (rich) (text) tsx", "src components richtext tsx");
  assert_tokens ("C:\\Users\\me", "c users me", "c users me");
}

static void
test_scripts_without_spaces_are_pairs (void)
{
  assert_tokens ("設計評審", "設計 計評 評審 (審)", "設計 計評 評審");
  assert_tokens ("東", "東", "東");
  assert_tokens ("北方", "北方 (方)", "北方");
  assert_tokens ("会議の議事録：来週まで。", "会議 議の の議 議事 事録 (録) 来週 週ま まで (で)", "会議 議の の議 議事 事録 来週 週ま まで");
  assert_tokens ("Python3の文字 x", "python3 の文 文字 (字) x", "python3 の文 文字 x");
  assert_tokens ("한국어", "한국 국어 (어)", "한국 국어");
  assert_tokens ("ｶﾀｶﾅ カタカナ", "カタ タカ カナ (ナ) カタ タカ カナ (ナ)", "カタ タカ カナ カタ タカ カナ");
  assert_tokens ("ラーメン々", "ラー ーメ メン ン々 (々)", "ラー ーメ メン ン々");
  assert_tokens ("ไทย", "ไท ทย (ย)", "ไท ทย");
  assert_tokens ("\xf0\xa0\x80\x80\xf0\xa0\x80\x81", "\xf0\xa0\x80\x80\xf0\xa0\x80\x81 (\xf0\xa0\x80\x81)", "\xf0\xa0\x80\x80\xf0\xa0\x80\x81");
}

static void
test_letters_written_in_pieces_are_put_together (void)
{
  assert_tokens ("か\xe3\x82\x99き", "がき (き)", "がき");
  assert_tokens ("ｶﾞｷ", "ガキ (キ)", "ガキ");
  assert_tokens ("\xe1\x84\x92\xe1\x85\xa1\xe1\x86\xab\xe1\x84\x80\xe1\x85\xae\xe1\x86\xa8", "한국 (국)", "한국");
}

static void
test_long_words_are_cut (void)
{
  g_autofree char *ascii = g_strnfill (10000, 'q');
  g_autofree char *cut = g_strnfill (STRATA_TOKEN_SIZE, 'q');
  g_autoptr(GString) greek = g_string_new ("q");
  g_autofree char *found = NULL;

  for (guint i = 0; i < 1000; i++)
    g_string_append (greek, "ω");
  found = tokenize (greek->str, greek->len, STRATA_TOKENIZE_TEXT);

  assert_tokens (ascii, cut, cut);
  g_assert_cmpuint (strlen (found), ==, STRATA_TOKEN_SIZE - 1);
}

static void
test_any_bytes_are_taken (void)
{
  g_autofree char *zeros = tokenize ("a\0b", 3, STRATA_TOKENIZE_TEXT);
  g_autofree char *broken = tokenize ("a\xff" "b\xe3\x81 c\xed\xa0\x80" "d \xf4\x90\x80\x80 e\xe2\x82", 20, STRATA_TOKENIZE_TEXT);

  g_assert_cmpstr (zeros, ==, "a b");
  g_assert_cmpstr (broken, ==, "a b c d e");

  for (guint i = 0; i < 20000; i++)
    {
      char bytes[24];
      gsize length = (gsize)g_test_rand_int_range (0, sizeof bytes);
      g_autofree char *tokens = NULL;

      for (gsize j = 0; j < length; j++)
        bytes[j] = (char)g_test_rand_int_range (0, 256);
      tokens = tokenize (bytes, length, i % 2 == 0 ? STRATA_TOKENIZE_TEXT : STRATA_TOKENIZE_QUERY);
    }
}

static int
count_and_stop (const char *token,
                gsize       length,
                gboolean    colocated,
                gsize       start,
                gsize       end,
                gpointer    user_data)
{
  return ++*(int *)user_data == 3 ? 17 : 0;
}

static void
test_stopping_stops_everywhere (void)
{
  static const char *const texts[] = { "a b c d", "oneTwo three", "oneTwoThree", "東京都庁", "東京 a b" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      int calls = 0;

      g_assert_cmpint (_strata_tokenize (texts[i], strlen (texts[i]), STRATA_TOKENIZE_TEXT, count_and_stop, &calls), ==, 17);
      g_assert_cmpint (calls, ==, 3);
    }
}

static int
append_slice (const char *token,
              gsize       length,
              gboolean    colocated,
              gsize       start,
              gsize       end,
              gpointer    user_data)
{
  static const char text[] = "x Café «RichText» 東京";
  GString *slices = user_data;

  g_string_append_c (slices, '|');
  g_string_append_len (slices, text + start, (gssize)(end - start));

  return 0;
}

static void
test_places_are_those_of_the_text (void)
{
  static const char text[] = "x Café «RichText» 東京";
  g_autoptr(GString) slices = g_string_new (NULL);

  _strata_tokenize (text, strlen (text), STRATA_TOKENIZE_TEXT, append_slice, slices);

  g_assert_cmpstr (slices->str, ==, "|x|Café|RichText|Rich|Text|東京|京");
}

/* Folding what is folded changes nothing: else a query would not find its text. */
static void
test_folding_is_settled_at_once (void)
{
  for (gunichar c = 1; c < 0x110000; c++)
    {
      const StrataCharacter *character = _strata_character_look_up (c);

      if (character->length == 0)
        continue;
      g_assert_cmpuint (character->length, <=, STRATA_CHARACTER_FOLDED_SIZE);
      for (const char *p = character->folded; p < character->folded + character->length; )
        {
          gunichar folded;
          gsize length = _strata_character_decode (p, character->folded + character->length, &folded);
          const StrataCharacter *again = _strata_character_look_up (folded);

          g_assert_cmpint (again->character_class, ==, character->character_class);
          g_assert_cmpmem (again->folded, again->length, p, length);
          p += length;
        }
    }
}

static void
test_a_lone_ideograph_is_known (void)
{
  g_assert_true (_strata_token_is_lone_ideograph ("東", 3));
  g_assert_false (_strata_token_is_lone_ideograph ("東京", 6));
  g_assert_false (_strata_token_is_lone_ideograph ("a", 1));
  g_assert_false (_strata_token_is_lone_ideograph ("", 0));
}

static void
test_names_are_compared_as_people_do (void)
{
  static const struct { const char *text; const char *folded; } cases[] = {
    { "Café-Noir", "cafe noir" },
    { "  Q4 planning! ", "q4 planning" },
    { "北方科技", "北方科技" },
    { "設計 Review", "設計 review" },
    { " 🚀 ", "🚀" },
    { "C++", "c" },
    { "", "" },
    { "\xff", "\xef\xbf\xbd" },
  };

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *folded = _strata_fold_name (cases[i].text);

      g_assert_cmpstr (folded, ==, cases[i].folded);
    }
}

/* With FTS5 */

static sqlite3 *
open_index (GString *watched)
{
  g_autoptr(GError) error = NULL;
  sqlite3 *db = _strata_sqlite_open (":memory:", STRATA_SQLITE_WRITE, &error);

  g_assert_no_error (error);
  g_assert_true (_strata_tokenizer_register (db, watched != NULL ? append_token : NULL, watched, &error));
  g_assert_no_error (error);
  g_assert_true (_strata_sqlite_exec (db, "CREATE VIRTUAL TABLE t USING fts5 (x, content='', tokenize='strata')", &error));
  g_assert_no_error (error);

  return db;
}

static gboolean
is_found (sqlite3    *db,
          const char *match)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, "SELECT 1 FROM t WHERE t MATCH ?", &error);
  gboolean row;

  g_assert_no_error (error);
  _strata_sqlite_bind_text (statement, 1, match);
  g_assert_true (_strata_sqlite_step (statement, &row, &error));
  g_assert_no_error (error);

  return row;
}

static void
test_fts5_indexes_what_it_emits (void)
{
  g_autoptr(GString) watched = g_string_new (NULL);
  sqlite3 *db = open_index (watched);
  g_autoptr(GError) error = NULL;

  g_assert_true (_strata_sqlite_exec (db, "INSERT INTO t (rowid, x) VALUES (1, 'the GitHub is 東京都 ok')", &error));
  g_assert_no_error (error);

  g_assert_cmpstr (watched->str, ==, "the github (git) (hub) is 東京 京都 (都) ok");
  g_assert_true (is_found (db, "\"the github is 東京\""));
  g_assert_true (is_found (db, "\"hub is\""));
  g_assert_true (is_found (db, "\"東京 京都 ok\""));
  g_assert_true (is_found (db, "\"都 ok\""));
  g_assert_true (is_found (db, "\"京\" *"));
  g_assert_false (is_found (db, "\"git hub\""));
  /* What is asked for is not cut again */
  g_assert_false (is_found (db, "\"東京都\""));
  g_assert_cmpint (sqlite3_close (db), ==, SQLITE_OK);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/tokenizer/words-lose-case-and-accents", test_words_lose_case_and_accents);
  g_test_add_func ("/tokenizer/camel-case-is-found-whole-and-by-its-parts", test_camel_case_is_found_whole_and_by_its_parts);
  g_test_add_func ("/tokenizer/snake-case-and-paths-are-words-in-a-row", test_snake_case_and_paths_are_words_in_a_row);
  g_test_add_func ("/tokenizer/scripts-without-spaces-are-pairs", test_scripts_without_spaces_are_pairs);
  g_test_add_func ("/tokenizer/letters-written-in-pieces-are-put-together", test_letters_written_in_pieces_are_put_together);
  g_test_add_func ("/tokenizer/long-words-are-cut", test_long_words_are_cut);
  g_test_add_func ("/tokenizer/any-bytes-are-taken", test_any_bytes_are_taken);
  g_test_add_func ("/tokenizer/stopping-stops-everywhere", test_stopping_stops_everywhere);
  g_test_add_func ("/tokenizer/places-are-those-of-the-text", test_places_are_those_of_the_text);
  g_test_add_func ("/tokenizer/folding-is-settled-at-once", test_folding_is_settled_at_once);
  g_test_add_func ("/tokenizer/a-lone-ideograph-is-known", test_a_lone_ideograph_is_known);
  g_test_add_func ("/tokenizer/names-are-compared-as-people-do", test_names_are_compared_as_people_do);
  g_test_add_func ("/tokenizer/fts5-indexes-what-it-emits", test_fts5_indexes_what_it_emits);

  return g_test_run ();
}

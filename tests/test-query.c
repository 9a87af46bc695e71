/* test-query.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "search/strata-query-private.h"

/* 2025-10-26T12:00:00Z, the day clocks go back in Europe */
#define NOW_MS G_GINT64_CONSTANT (1761480000000)

static StrataQuery *
parse (const char *text)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_utc ();

  return _strata_query_new_at (text, zone, NOW_MS);
}

static void
assert_explained (const char *text,
                  const char *expected)
{
  g_autoptr(StrataQuery) query = parse (text);
  g_autofree char *explained = strata_query_explain (query);

  g_assert_cmpstr (explained, ==, expected);
  g_assert_cmpstr (strata_query_get_text (query), ==, text);
}

static void
test_words_must_all_be_there (void)
{
  assert_explained ("storage", "moments: a word that begins with “storage”");
  assert_explained ("storage rewrite", "moments: the word “storage” and a word that begins with “rewrite”");
  assert_explained ("Über alles ", "moments: the word “uber” and the word “alles”");
  assert_explained ("  a b", "moments: the word “a” and the word “b”");
  assert_explained ("snake_case", "moments: the words “snake case…” in a row");
  assert_explained ("src/main.c x", "moments: the words “src main c” in a row and the word “x”");
}

static void
test_phrases_stand_as_they_are (void)
{
  assert_explained ("\"to be\" or", "moments: the words “to be” in a row and a word that begins with “or”");
  assert_explained ("\"single\"", "moments: the word “single”");
  assert_explained ("“curly quotes”", "moments: the words “curly quotes” in a row");
  assert_explained ("\"not closed ye", "moments: the words “not closed ye…” in a row");
  assert_explained ("a\"b c\"", "moments: the word “a” and the words “b c” in a row");
  assert_explained ("\"\" \"!\" x1 ", "moments: the word “x1”");
}

static void
test_what_must_not_be_there (void)
{
  assert_explained ("a -draft", "moments: the word “a” and not the word “draft”");
  assert_explained ("a -\"old draft\"", "moments: the word “a” and not the words “old draft” in a row");
  assert_explained ("-tag:x", "sessions: not tag “x”");
  assert_explained ("a - b-c", "moments: the word “a” and the words “b c” in a row");
  assert_explained ("--help me", "moments: the word “help” and a word that begins with “me”");
  assert_explained ("a -", "moments: the word “a”");
}

static void
test_or_joins_its_neighbours (void)
{
  assert_explained ("a OR b ", "moments: the word “a” or the word “b”");
  assert_explained ("a OR b OR cc", "moments: the word “a” or the word “b” or a word that begins with “cc”");
  assert_explained ("x a OR b y", "moments: the word “x” and (the word “a” or the word “b”) and the word “y”");
  assert_explained ("a AND b ", "moments: the word “a” and the word “b”");
  assert_explained ("tag:a OR tag:b c", "moments: (tag “a” or tag “b”) and the word “c”");
  /* Where it joins nothing it is a word */
  assert_explained ("OR", "moments: a word that begins with “or”");
  assert_explained ("OR x", "moments: the word “or” and the word “x”");
  assert_explained ("x OR", "moments: the word “x” and a word that begins with “or”");
  assert_explained ("x or y", "moments: the word “x” and the word “or” and the word “y”");
  assert_explained ("ORDER x", "moments: the word “order” and the word “x”");
}

static void
test_groups (void)
{
  assert_explained ("(a b) OR c ", "moments: (the word “a” and the word “b”) or the word “c”");
  assert_explained ("-(a b) c ", "moments: (not the word “a” or not the word “b”) and the word “c”");
  assert_explained ("-(a OR -b) c ", "moments: not the word “a” and the word “b” and the word “c”");
  assert_explained ("-(-(a)) ", "moments: the word “a”");
  assert_explained ("(tag:\"x y\" OR f(z)) ", "moments: tag “x y” or the words “f z” in a row");
  assert_explained ("(a (b", "moments: the word “a” and the word “b”");
  assert_explained ("a) b) ", "moments: the word “a” and the word “b”");
  assert_explained ("() (()) a", "moments: the word “a”");
  assert_explained ("print(x) y", "moments: the words “print x” in a row and the word “y”");
}

static void
test_filters (void)
{
  assert_explained ("tag:urgent", "sessions: tag “urgent”");
  assert_explained ("TOPIC:\"Acme Corp\" category:x", "sessions: topic “Acme Corp” and category “x”");
  assert_explained ("subcategory:s status:done company:c contact:p task:t",
                    "sessions: subcategory “s” and status “done” and company “c” and contact “p” and task “t”");
  assert_explained ("kind:Screenshots kind:video", "sessions: of the kind screenshot and of the kind chapter or chunk");
  assert_explained ("has:audio has:Note", "sessions: with audio and with Note");
  assert_explained ("before:2025-10-01 after:2025-09 on:2025",
                    "sessions: before 2025-10-01 and on or after 2025-09 and on 2025");
}

static void
test_what_is_malformed_is_text (void)
{
  assert_explained ("tag:", "moments: a word that begins with “tag”");
  assert_explained ("tag: x", "moments: the word “tag” and the word “x”");
  assert_explained ("tag:\"\" ", "moments: the word “tag”");
  assert_explained ("kind:banana ", "moments: the words “kind banana” in a row");
  assert_explained ("has:\"a b\" ", "moments: the word “has” and the words “a b” in a row");
  assert_explained ("before:banana ", "moments: the words “before banana” in a row");
  assert_explained ("on:2025-13-01 ", "moments: the words “on 2025 13 01” in a row");
  assert_explained ("on:2025-02-30 ", "moments: the words “on 2025 02 30” in a row");
  assert_explained ("http://x.y/z ", "moments: the words “http x y z” in a row");
  assert_explained ("12:30 ", "moments: the words “12 30” in a row");
}

static void
test_nothing_is_nothing (void)
{
  static const char *const texts[] = { "", "   ", "!!!", "\"", "-", "()", "((((", "\"…\"" };

  for (gsize i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(StrataQuery) query = parse (texts[i]);
      g_autofree char *explained = strata_query_explain (query);

      g_assert_true (strata_query_is_empty (query));
      g_assert_cmpstr (explained, ==, "nothing: there is no word in it");
    }
}

static void
test_scripts_without_spaces (void)
{
  assert_explained ("設計評 ", "moments: the words “設計 計評” in a row");
  assert_explained ("東 ", "moments: the character “東”");
  assert_explained ("a東", "moments: the words “a 東…” in a row");
}

static void
assert_day (const char *text,
            const char *zone_name,
            gint64      from_ms,
            gint64      to_ms)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier (zone_name);
  gint64 from, to;

  g_assert_nonnull (zone);
  g_assert_true (_strata_query_parse_day (text, zone, NOW_MS, &from, &to));
  g_assert_cmpint (from, ==, from_ms);
  g_assert_cmpint (to, ==, to_ms);
}

static void
test_days_are_those_of_the_place (void)
{
  const gint64 hour = 3600000, day = 24 * hour;
  const gint64 midnight = G_GINT64_CONSTANT (1761436800000);  /* 2025-10-26T00:00:00Z */

  assert_day ("2025-10-26", "UTC", midnight, midnight + day);
  assert_day ("2025/10/26", "UTC", midnight, midnight + day);
  assert_day ("today", "UTC", midnight, midnight + day);
  assert_day ("Yesterday", "UTC", midnight - day, midnight);
  assert_day ("2025-10", "UTC", midnight - 25 * day, midnight + 6 * day);
  assert_day ("2025", "UTC", G_GINT64_CONSTANT (1735689600000), G_GINT64_CONSTANT (1767225600000));
  assert_day ("2025-10-26", "+09:00", midnight - 9 * hour, midnight - 9 * hour + day);
}

/* Every summer ends with a day of 25 hours. */
static void
test_a_day_may_have_25_hours (void)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_identifier ("Europe/Helsinki");
  gint64 from, to;

  if (zone == NULL)
    {
      g_test_skip ("there is no time zone database");
      return;
    }

  g_assert_true (_strata_query_parse_day ("2025-10-26", zone, NOW_MS, &from, &to));
  g_assert_cmpint (to - from, ==, G_GINT64_CONSTANT (25) * 3600000);
}

static void
test_long_queries_are_cut (void)
{
  g_autoptr(GString) words = g_string_new (NULL);
  g_autoptr(GString) parentheses = g_string_new (NULL);
  g_autoptr(StrataQuery) many = NULL;
  g_autoptr(StrataQuery) deep = NULL;
  g_autofree char *explained = NULL;

  for (guint i = 0; i < 10000; i++)
    {
      g_string_append_printf (words, "é%u ", i);
      g_string_append (parentheses, i % 2 == 0 ? "(" : "-(");
    }
  g_string_append (parentheses, "x");
  many = parse (words->str);
  deep = parse (parentheses->str);
  explained = strata_query_explain (deep);

  g_assert_cmpuint (_strata_query_get_root (many)->children->len, ==, STRATA_QUERY_MAX_LEAVES);
  g_assert_nonnull (explained);
}

/* Whatever comes, the tree has its form, and its explanation is text. */
static guint
check_node (const StrataQueryNode *node)
{
  guint leaves = 0;

  if (node->kind == STRATA_QUERY_TEXT)
    g_assert_cmpuint (g_strv_length (node->tokens), >, 0);
  if (node->kind == STRATA_QUERY_TEXT || node->kind == STRATA_QUERY_FILTER)
    {
      g_assert_null (node->children);
      return 1;
    }

  g_assert_false (node->negated);
  g_assert_cmpuint (node->children->len, >=, 2);
  for (guint i = 0; i < node->children->len; i++)
    {
      const StrataQueryNode *child = g_ptr_array_index (node->children, i);

      g_assert_cmpint (child->kind, !=, node->kind);
      leaves += check_node (child);
    }

  return leaves;
}

static void
test_anything_is_a_query (void)
{
  static const char *const pieces[] = {
    "a", "bb", "OR", "AND", "-", "(", ")", "\"", " ", "  ", "tag:", "kind:", "note", "on:", "2025-10-01", "設計", "é", "“", "\xff", ":", "\n"
  };

  for (guint i = 0; i < 20000; i++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(StrataQuery) query = NULL;
      g_autofree char *explained = NULL;

      for (int n = g_test_rand_int_range (0, 20); n > 0; n--)
        g_string_append (text, pieces[g_test_rand_int_range (0, G_N_ELEMENTS (pieces))]);
      query = parse (text->str);
      explained = strata_query_explain (query);

      g_assert_true (g_utf8_validate (explained, -1, NULL));
      if (!strata_query_is_empty (query))
        g_assert_cmpuint (check_node (_strata_query_get_root (query)), <=, STRATA_QUERY_MAX_LEAVES);
    }
}

static void
test_it_is_boxed (void)
{
  g_autoptr(StrataQuery) query = strata_query_new ("today on:today");
  StrataQuery *copy = g_boxed_copy (STRATA_TYPE_QUERY, query);

  g_assert_true (copy == query);
  g_assert_false (strata_query_is_empty (copy));
  g_boxed_free (STRATA_TYPE_QUERY, copy);
  g_assert_cmpstr (strata_query_get_text (query), ==, "today on:today");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/query/words-must-all-be-there", test_words_must_all_be_there);
  g_test_add_func ("/query/phrases-stand-as-they-are", test_phrases_stand_as_they_are);
  g_test_add_func ("/query/what-must-not-be-there", test_what_must_not_be_there);
  g_test_add_func ("/query/or-joins-its-neighbours", test_or_joins_its_neighbours);
  g_test_add_func ("/query/groups", test_groups);
  g_test_add_func ("/query/filters", test_filters);
  g_test_add_func ("/query/what-is-malformed-is-text", test_what_is_malformed_is_text);
  g_test_add_func ("/query/nothing-is-nothing", test_nothing_is_nothing);
  g_test_add_func ("/query/scripts-without-spaces", test_scripts_without_spaces);
  g_test_add_func ("/query/days-are-those-of-the-place", test_days_are_those_of_the_place);
  g_test_add_func ("/query/a-day-may-have-25-hours", test_a_day_may_have_25_hours);
  g_test_add_func ("/query/long-queries-are-cut", test_long_queries_are_cut);
  g_test_add_func ("/query/anything-is-a-query", test_anything_is_a_query);
  g_test_add_func ("/query/it-is-boxed", test_it_is_boxed);

  return g_test_run ();
}

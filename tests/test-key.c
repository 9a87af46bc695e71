/* test-key.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "store/strata-key-private.h"

static void
test_slug_is_short_and_plain (void)
{
  static const struct
  {
    const char *text;
    gsize       max_length;
    const char *slug;
  } rows[] = {
    { "", 40, "" },
    { "Session", 40, "session" },
    { "a b", 40, "a-b" },
    { "a -- b", 40, "a-b" },
    { "--a--", 40, "a" },
    { "///", 40, "" },
    { "../../etc/passwd", 40, "etc-passwd" },
    { "\xc3\xa9t\xc3\xa9", 40, "t" },
    { "\xe6\x97\xa5", 40, "" },
    { "abcdef", 3, "abc" },
    { "ab cdef", 3, "ab" },
    { "abc", 0, "" },
    { "1759693241298-ycidmv419", 40, "1759693241298-ycidmv419" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *slug = _strata_slug_make (rows[i].text, rows[i].max_length);

      g_assert_cmpstr (slug, ==, rows[i].slug);
    }
}

/* These are names of folders in stores that exist: they may never change */
static void
test_keys_stay_what_they_are (void)
{
  static const struct
  {
    const char *id_token;
    guint       occurrence;
    guint       source;
    const char *key;
  } rows[] = {
    /* printf '"session-1"\n0' | sha256sum, and so on */
    { "\"session-1\"", 0, 1, "session-1-7a047883331da492" },
    { "\"session-1\"", 1, 1, "session-1-b86dac671c66cb0c" },
    { "\"session-1\"", 0, 2, "session-1-5d4e2084926b609d" },
    { NULL, 0, 1, "session-c7757c0896cbfe61" },
    { "null", 0, 1, "session-59b7f0ee385e73f7" },
    { "12", 0, 1, "12-7a916ffd65f3caf7" },
    { "\"../../x\"", 0, 1, "x-9da923eafceb128d" },
    { "{\"a\":1}", 0, 1, "a-1-70d1cde45d6c92fd" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *key = _strata_key_make (rows[i].id_token, rows[i].occurrence, rows[i].source);

      g_assert_cmpstr (key, ==, rows[i].key);
    }
}

static void
assert_all_differ (const char *const *tokens,
                   guint              n_tokens)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < n_tokens; i++)
    for (guint occurrence = 0; occurrence < 3; occurrence++)
      for (guint source = 1; source < 4; source++)
        {
          char *key = _strata_key_make (tokens[i], occurrence, source);

          g_assert_true (_strata_key_is_valid (key));
          g_assert_null (strchr (key, '/'));
          g_assert_true (g_hash_table_add (keys, key));
        }
}

/* Odd ids in every spelling: each has a key of its own, and each key is a plain name */
static void
test_every_id_has_a_valid_key_of_its_own (void)
{
  g_autofree char *huge = g_strnfill (100000, 'x');
  g_autofree char *huge_token = g_strdup_printf ("\"%s\"", huge);
  const char *const tokens[] = {
    NULL, "null", "\"null\"", "\"\"", "\" \"", "1", "\"1\"", "1.0", "1e0", "-1", "true", "[]", "{}",
    "\"a\"", "\"A\"", "\"\\u0061\"", "\"a/b\"", "\"a-b\"", "\"..\"", "\".\"", "\"/\"", "\"session\"",
    "\"a\\u0000b\"", "\"\\ud800\"", "\"-\"", "\"a\\n0\"", huge_token,
  };

  assert_all_differ (tokens, G_N_ELEMENTS (tokens));
}

static void
test_ids_that_differ_only_in_case_do_not_meet (void)
{
  g_autofree char *upper = _strata_key_make ("\"ABC\"", 0, 1);
  g_autofree char *lower = _strata_key_make ("\"abc\"", 0, 1);
  g_autofree char *upper_folded = g_ascii_strdown (upper, -1);

  g_assert_cmpstr (upper, ==, upper_folded);
  g_assert_cmpstr (upper, !=, lower);
}

static void
test_what_is_no_key_is_not_taken_for_one (void)
{
  static const char *const no_keys[] = {
    "", "-", "a", "..", "../x-0123456789abcdef", "0123456789abcdef", "-0123456789abcdef", "a0123456789abcdef",
    "A-0123456789abcdef", "a-0123456789abcdeF", "a-0123456789abcdeg", "a/b-0123456789abcdef", "--0123456789abcdef",
    "a.b-0123456789abcdef", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-0123456789abcdef", ".DS_Store",
  };

  for (guint i = 0; i < G_N_ELEMENTS (no_keys); i++)
    g_assert_false (_strata_key_is_valid (no_keys[i]));
  g_assert_true (_strata_key_is_valid ("a-0123456789abcdef"));
  g_assert_true (_strata_key_is_valid ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa-0123456789abcdef"));
}

static void
test_plain_collections_keep_their_names (void)
{
  static const char *const names[] = {
    "sessions", "notes", "migration-status", "enrichment_checkpoint_1758910183300-1gh8ughec", "a", "0",
  };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *key = _strata_collection_key_make (names[i], 1);

      g_assert_cmpstr (key, ==, names[i]);
    }
}

/* Also those made to look like the name of something else in the store */
static void
test_other_collections_get_a_key_of_their_own (void)
{
  g_autofree char *huge = g_strnfill (255, 'n');
  g_autofree char *of_second_source = _strata_collection_key_make ("notes", 2);
  const char *const names[] = {
    "", "Notes", "sessions 2", "..", "a/b", "a.b", "\xc3\xa9", "notes-attachments", "attachments-of-none",
    "attachments-of-none-2", "x-0123456789abcdef", "x_0123456789abcdef", huge, of_second_source,
  };
  g_autoptr(GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    for (guint source = 1; source < 3; source++)
      {
        char *key = _strata_collection_key_make (names[i], source);

        g_assert_cmpstr (key, !=, names[i]);
        g_assert_cmpuint (strspn (key, "abcdefghijklmnopqrstuvwxyz0123456789-_"), ==, strlen (key));
        g_assert_cmpuint (strlen (key), <=, 80 + 1 + 16);
        g_assert_false (g_str_has_suffix (key, "-attachments"));
        g_assert_false (_strata_key_is_valid (key));
        g_assert_true (g_hash_table_add (keys, key));
      }

  g_assert_cmpstr (of_second_source, !=, "notes");
  g_assert_true (g_str_has_prefix (of_second_source, "notes"));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/key/slug", test_slug_is_short_and_plain);
  g_test_add_func ("/key/stable", test_keys_stay_what_they_are);
  g_test_add_func ("/key/own-and-valid", test_every_id_has_a_valid_key_of_its_own);
  g_test_add_func ("/key/case", test_ids_that_differ_only_in_case_do_not_meet);
  g_test_add_func ("/key/invalid", test_what_is_no_key_is_not_taken_for_one);
  g_test_add_func ("/key/plain-collections", test_plain_collections_keep_their_names);
  g_test_add_func ("/key/other-collections", test_other_collections_get_a_key_of_their_own);

  return g_test_run ();
}

/* test-json-helpers.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-pretty-private.h"
#include "json/strata-json-write-private.h"
#include "store-util.h"

static const char *const names[] = { "a", "b", "c", NULL };

static StrataJsonMembers *
parse (const char *text)
{
  g_autoptr(GError) error = NULL;
  StrataJsonMembers *members = _strata_json_members_parse (text, strlen (text), names, &error);

  g_assert_no_error (error);

  return members;
}

/* Members */

static void
test_the_last_duplicate_counts (void)
{
  g_autoptr(StrataJsonMembers) members = parse (" {\"a\": 1, \"b\": [ 1 , {\"a\": 5} ], \"a\": 2, \"x\": {\"a\": 7}, \"aa\": 8} ");

  g_assert_cmpstr (_strata_json_members_get_raw (members, "a"), ==, "2");
  g_assert_cmpstr (_strata_json_members_get_raw (members, "b"), ==, "[1,{\"a\":5}]");
  g_assert_null (_strata_json_members_get_raw (members, "c"));
}

static void
test_a_later_null_takes_a_value_back (void)
{
  g_autoptr(StrataJsonMembers) members = parse ("{\"a\":1,\"a\":null}");

  g_assert_null (_strata_json_members_get_raw (members, "a"));
  g_assert_cmpuint (_strata_json_members_get_uint (members, "a"), ==, 0);
}

static void
test_values_of_another_kind_are_none (void)
{
  static const struct
  {
    const char *json;
    guint64     as_uint;
    gint64      as_int;
    gboolean    as_bool;
    const char *as_string;
  } rows[] = {
    { "0", 0, 0, FALSE, NULL },
    { "17", 17, 17, FALSE, NULL },
    { "-17", 0, -17, FALSE, NULL },
    { "18446744073709551615", G_MAXUINT64, G_MAXINT64, FALSE, NULL },
    { "1.5", 0, 0, FALSE, NULL },
    { "1e3", 0, 0, FALSE, NULL },
    { "-1.5", 0, 0, FALSE, NULL },
    { "\"17\"", 0, 0, FALSE, "17" },
    { "\"a\\u00e9\\n\"", 0, 0, FALSE, "a\xc3\xa9\n" },
    { "true", 0, 0, TRUE, NULL },
    { "false", 0, 0, FALSE, NULL },
    { "null", 0, 0, FALSE, NULL },
    { "[1]", 0, 0, FALSE, NULL },
    { "{\"a\":1}", 0, 0, FALSE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *text = g_strdup_printf ("{\"a\":%s}", rows[i].json);
      g_autoptr(StrataJsonMembers) members = parse (text);
      g_autofree char *string = _strata_json_members_dup_string (members, "a");
      StrataDigest digest;

      g_assert_cmpuint (_strata_json_members_get_uint (members, "a"), ==, rows[i].as_uint);
      g_assert_cmpint (_strata_json_members_get_int (members, "a"), ==, rows[i].as_int);
      g_assert_cmpint (_strata_json_members_get_bool (members, "a"), ==, rows[i].as_bool);
      g_assert_cmpstr (string, ==, rows[i].as_string);
      g_assert_false (_strata_json_members_get_digest (members, "a", &digest));
    }
}

static void
test_what_is_no_object_is_refused (void)
{
  static const struct
  {
    const char  *text;
    StrataError  code;
  } rows[] = {
    { "[]", STRATA_ERROR_CORRUPT },
    { "1", STRATA_ERROR_CORRUPT },
    { "null", STRATA_ERROR_CORRUPT },
    { "", STRATA_ERROR_SYNTAX },
    { "{", STRATA_ERROR_SYNTAX },
    { "{\"a\"}", STRATA_ERROR_SYNTAX },
    { "{\"a\":}", STRATA_ERROR_SYNTAX },
    { "{\"x\":}", STRATA_ERROR_SYNTAX },
    { "{\"a\":1", STRATA_ERROR_SYNTAX },
    { "{} x", STRATA_ERROR_SYNTAX },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (_strata_json_members_parse (rows[i].text, strlen (rows[i].text), names, &error));
      g_assert_error (error, STRATA_ERROR, (int)rows[i].code);
    }
}

/* Writing */

/* Whatever the text, reading the token back gives it, and json-glib agrees */
static void
test_quoted_text_reads_back (void)
{
  g_autoptr(GString) all = g_string_new (NULL);
  g_autoptr(GString) token = g_string_new ("[");
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autofree char *unquoted = NULL;
  g_autoptr(GError) error = NULL;

  for (char c = 1; c < 0x7f; c++)
    g_string_append_c (all, c);
  g_string_append (all, "\x7f\xc3\xa9\xe6\x97\xa5\xf0\x9f\x98\x80");

  _strata_json_append_quoted (token, all->str);
  unquoted = _strata_json_unquote (token->str + 1, token->len - 1);
  g_assert_cmpstr (unquoted, ==, all->str);

  g_string_append_c (token, ']');
  json_parser_load_from_data (parser, token->str, (gssize)token->len, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (json_array_get_string_element (json_node_get_array (json_parser_get_root (parser)), 0), ==, all->str);
}

static void
test_members_are_written_the_same_every_time (void)
{
  g_autoptr(GString) text = g_string_new ("{");
  StrataDigest digest;

  memset (digest.bytes, 0xab, sizeof digest.bytes);
  _strata_json_add_string (text, "string", "a\"\\\n\t\r\x01" "b");
  _strata_json_add_string (text, "none", NULL);
  _strata_json_add_uint (text, "uint", G_MAXUINT64);
  _strata_json_add_int (text, "int", G_MININT64);
  _strata_json_add_bool (text, "yes", TRUE);
  _strata_json_add_bool (text, "no", FALSE);
  _strata_json_add_digest (text, "no digest", NULL);
  _strata_json_add_digest (text, "digest", &digest);
  _strata_json_add_raw (text, "no raw", NULL);
  _strata_json_add_raw (text, "raw", "[1,2]");
  g_string_append (text, "\"list\":[");
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
  _strata_json_close_object (text);

  g_assert_cmpstr (text->str, ==,
                   "{\"string\":\"a\\\"\\\\\\n\\t\\u000d\\u0001b\",\"none\":null,\"uint\":18446744073709551615,"
                   "\"int\":-9223372036854775808,\"yes\":true,\"no\":false,\"no digest\":null,"
                   "\"digest\":\"abababababababababababababababababababababababababababababababab\","
                   "\"no raw\":null,\"raw\":[1,2],\"list\":[]}");
}

static void
test_empty_lists_close_too (void)
{
  g_autoptr(GString) text = g_string_new ("{");

  _strata_json_close_object (text);
  g_string_append (text, "[1,");
  _strata_json_close_array (text);
  g_assert_cmpstr (text->str, ==, "{}[1]");

  g_string_truncate (text, 0);
  _strata_json_close_array (text);
  g_assert_cmpstr (text->str, ==, "]");
}

/* Laying out */

static void
test_pretty_lays_out_as_the_old_program_does (void)
{
  /* Checked against JSON.stringify (value, null, 2) */
  static const struct
  {
    const char *minified;
    const char *pretty;
  } rows[] = {
    { "1", "1" },
    { "\"a\"", "\"a\"" },
    { "null", "null" },
    { "[]", "[]" },
    { "{}", "{}" },
    { "[[]]", "[\n  []\n]" },
    { "[{}]", "[\n  {}\n]" },
    { "[1,2]", "[\n  1,\n  2\n]" },
    { "{\"a\":1}", "{\n  \"a\": 1\n}" },
    { "{\"a\":{},\"b\":[]}", "{\n  \"a\": {},\n  \"b\": []\n}" },
    { "{\"a\":[{\"b\":null},true]}", "{\n  \"a\": [\n    {\n      \"b\": null\n    },\n    true\n  ]\n}" },
    { "[\"{[,:]}\"]", "[\n  \"{[,:]}\"\n]" },
    { "[\"\\\\\",\"\\\"\"]", "[\n  \"\\\\\",\n  \"\\\"\"\n]" },
    { "[\"\"]", "[\n  \"\"\n]" },
    { "{\"\":-1.5e+3}", "{\n  \"\": -1.5e+3\n}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (gsize piece = 1; piece <= strlen (rows[i].minified); piece++)
      {
        g_autoptr(GString) out = g_string_new (NULL);
        StrataJsonPretty pretty = { 0, };

        for (gsize at = 0; at < strlen (rows[i].minified); at += piece)
          _strata_json_pretty_feed (&pretty, rows[i].minified + at, MIN (piece, strlen (rows[i].minified) - at), out);
        g_assert_cmpstr (out->str, ==, rows[i].pretty);
      }
}

static void
print_break (GString *out,
             guint    depth)
{
  g_string_append_c (out, '\n');
  for (guint i = 0; i < 2 * depth; i++)
    g_string_append_c (out, ' ');
}

/* The same rules told another way: by recursion over the reader's events */
static void
print_naively (StrataJsonReader *reader,
               GString          *out,
               guint             depth)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more, first = TRUE;
  StrataJsonKind kind;

  g_assert_true (_strata_json_reader_peek (reader, &kind, NULL, NULL));
  if (kind != STRATA_JSON_OBJECT && kind != STRATA_JSON_ARRAY)
    {
      g_assert_true (_strata_json_reader_take_string (reader, out, NULL, NULL));
      return;
    }

  g_string_append_c (out, kind == STRATA_JSON_OBJECT ? '{' : '[');
  g_assert_true (_strata_json_reader_enter (reader, NULL, NULL));
  while ((kind == STRATA_JSON_OBJECT ? _strata_json_reader_next_member (reader, name, &more, NULL, NULL)
                                     : _strata_json_reader_next_element (reader, &more, NULL, NULL)) && more)
    {
      if (!first)
        g_string_append_c (out, ',');
      first = FALSE;
      print_break (out, depth + 1);
      if (kind == STRATA_JSON_OBJECT)
        g_string_append_printf (out, "%s: ", name->str);
      print_naively (reader, out, depth + 1);
    }
  if (!first)
    print_break (out, depth);
  g_string_append_c (out, kind == STRATA_JSON_OBJECT ? '}' : ']');
}

static void
test_pretty_agrees_with_a_naive_printer (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      g_autoptr(GString) minified = g_string_new (NULL);
      g_autoptr(GString) spaced = g_string_new (NULL);
      g_autoptr(GString) expected = g_string_new (NULL);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(StrataJsonReader) reader = NULL;
      StrataJsonPretty pretty = { 0, };

      store_util_random_value (minified, spaced, 5);
      reader = _strata_json_reader_new_for_data (spaced->str, spaced->len);
      print_naively (reader, expected, 0);

      for (gsize at = 0; at < minified->len; )
        {
          gsize piece = (gsize)g_test_rand_int_range (1, 20);

          piece = MIN (piece, minified->len - at);

          _strata_json_pretty_feed (&pretty, minified->str + at, piece, out);
          at += piece;
        }
      g_assert_cmpstr (out->str, ==, expected->str);
    }
}

/* Where both have something to say: lists that are not empty, plain tokens */
static void
test_pretty_agrees_with_json_glib (void)
{
  static const char *const texts[] = {
    "[1,2,3]", "{\"a\":1,\"b\":\"x\"}", "{\"a\":[1,[2,{\"b\":null}]],\"c\":true}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(JsonNode) node = json_from_string (texts[i], NULL);
      g_autoptr(JsonGenerator) generator = json_generator_new ();
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GString) expected = NULL;
      StrataJsonPretty pretty = { 0, };
      g_autofree char *theirs = NULL;

      json_generator_set_pretty (generator, TRUE);
      json_generator_set_root (generator, node);
      theirs = json_generator_to_data (generator, NULL);
      /* json-glib sets a space before the colon */
      expected = g_string_new (theirs);
      g_string_replace (expected, "\" : ", "\": ", 0);

      _strata_json_pretty_feed (&pretty, texts[i], strlen (texts[i]), out);
      g_assert_cmpstr (out->str, ==, expected->str);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/json/members/last-duplicate", test_the_last_duplicate_counts);
  g_test_add_func ("/json/members/null", test_a_later_null_takes_a_value_back);
  g_test_add_func ("/json/members/kinds", test_values_of_another_kind_are_none);
  g_test_add_func ("/json/members/no-object", test_what_is_no_object_is_refused);
  g_test_add_func ("/json/write/quoted", test_quoted_text_reads_back);
  g_test_add_func ("/json/write/members", test_members_are_written_the_same_every_time);
  g_test_add_func ("/json/write/empty", test_empty_lists_close_too);
  g_test_add_func ("/json/pretty/table", test_pretty_lays_out_as_the_old_program_does);
  g_test_add_func ("/json/pretty/naive", test_pretty_agrees_with_a_naive_printer);
  g_test_add_func ("/json/pretty/json-glib", test_pretty_agrees_with_json_glib);

  return g_test_run ();
}

/* test-scalars.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-scalars.h"

typedef struct
{
  GString *seen;
  guint    left;
} Seen;

static gboolean
note_cb (const char *const *path,
         const char        *text,
         gpointer           user_data)
{
  Seen *seen = user_data;
  g_autofree char *joined = g_strjoinv ("/", (char **)path);

  g_string_append_printf (seen->seen, "%s=%s;", joined, text);

  return --seen->left > 0;
}

static void
assert_visit (const char *json,
              guint       most,
              const char *expected)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  Seen seen = { text, most };

  g_assert_true (strata_scalars_visit (bytes, note_cb, &seen, &error));
  g_assert_no_error (error);
  g_assert_cmpstr (text->str, ==, expected);
}

static void
test_hands_out_each_value_with_its_names (void)
{
  assert_visit ("{\"a\":{\"b\":\"x\",\"c\":[1,true,null,{\"d\":\"y\"}],\"e\":2},\"f\":false}", G_MAXUINT,
                "a/b=x;a/c=1;a/c=true;a/c/d=y;a/e=2;f=false;");
  assert_visit ("[[\"x\"],{\"a\":[{},[]]},\"y\"]", G_MAXUINT, "=x;=y;");
  assert_visit ("\"alone\"", G_MAXUINT, "=alone;");
  assert_visit ("{\"\\u0061\":\"\\u00e9\\n\"}", G_MAXUINT, "a=é\n;");
  assert_visit ("{\"a\":1,\"a\":2}", G_MAXUINT, "a=1;a=2;");
}

static void
test_stops_when_told (void)
{
  assert_visit ("[1,2,3]", 2, "=1;=2;");
  assert_visit ("[1,2,", 2, "=1;=2;");
}

static void
test_passes_over_what_lies_deep (void)
{
  g_autoptr(GString) json = g_string_new ("[");

  for (guint i = 0; i < 100000; i++)
    g_string_append_c (json, '[');
  for (guint i = 0; i < 100000; i++)
    g_string_append_c (json, ']');
  g_string_append (json, ",\"after\"]");

  assert_visit (json->str, G_MAXUINT, "=after;");
}

static void
test_rejects_what_is_no_json (void)
{
  static const char *const texts[] = { "", "{\"a\":\"x\"", "{\"a\":\"x\"}}", "[1,]", "nul" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (texts[i], strlen (texts[i]));
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      Seen seen = { text, G_MAXUINT };

      g_assert_false (strata_scalars_visit (bytes, note_cb, &seen, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/scalars/hands-out-each-value-with-its-names", test_hands_out_each_value_with_its_names);
  g_test_add_func ("/scalars/stops-when-told", test_stops_when_told);
  g_test_add_func ("/scalars/passes-over-what-lies-deep", test_passes_over_what_lies_deep);
  g_test_add_func ("/scalars/rejects-what-is-no-json", test_rejects_what_is_no_json);

  return g_test_run ();
}

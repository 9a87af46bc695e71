/* test-snippet.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "search/strata-snippet-private.h"

typedef struct
{
  const char *name;
  const char *text;
  const char *query;
  const char *expected;
} Case;

static const Case cases[] = {
  { "none", "Nothing of it", "else", "Nothing of it" },
  { "one", "Fix the leak", "leak", "Fix the <mark>leak</mark>" },
  { "escaped", "a <b> & leak", "leak", "a &lt;b&gt; &amp; <mark>leak</mark>" },
  { "spaces", "one\n\n  leak\tmore", "leak", "one <mark>leak</mark> more" },
  /* The parts of a name overlap with the whole, in several ways at once */
  { "parts", "RichTextEditor", "rich text editor", "<mark>RichTextEditor</mark>" },
  { "parts-last", "see getGlassClasses", "get glass classes getGlassClasses", "see <mark>getGlassClasses</mark>" },
  { "same-word-twice", "Aa a-to-a to_a", "a to a", "Aa <mark>a</mark>-<mark>to</mark>-<mark>a</mark> <mark>to</mark>_<mark>a</mark>" },
  { "path-at-the-end", "~/src/components/RichTextEditor.tsx", "src/components/RichTextEditor.tsx editor tsx",
    "~/<mark>src/components/RichTextEditor.tsx</mark>" },
  { "pairs", "東京都庁", "東京都庁 京都", "<mark>東京都庁</mark>" },
};

/* Of a copy that ends where the text does, so that a sanitizer sees who reads on */
static void
test_case (gconstpointer test_data)
{
  const Case *test = test_data;
  gsize length = strlen (test->text);
  g_autofree char *text = g_memdup2 (test->text, length);
  g_autoptr(StrataQuery) query = strata_query_new (test->query);
  g_autofree char *snippet = _strata_snippet_make (text, length, query);

  g_assert_cmpstr (snippet, ==, test->expected);
}

/* Words found at every place of random texts: the marks are in pairs, and without them it is the text. */
static void
test_without_marks (void)
{
  static const char *words[] = { "a", "to", "toA", "a_to", "A/to.a", "東京", "é", "<" };
  g_autoptr(GRand) random = g_rand_new_with_seed (7);

  for (guint round = 0; round < 3000; round++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(GString) wanted = g_string_new (NULL);
      g_autoptr(StrataQuery) query = NULL;
      g_autofree char *snippet = NULL;
      g_auto(GStrv) pieces = NULL;
      g_autofree char *plain = NULL, *escaped = NULL;
      g_autofree char *bytes = NULL;

      for (guint i = 0; i < 12; i++)
        g_string_append_printf (text, "%s%s", i > 0 ? " " : "", words[g_rand_int_range (random, 0, G_N_ELEMENTS (words))]);
      for (guint i = 0; i < 4; i++)
        g_string_append_printf (wanted, "%s ", words[g_rand_int_range (random, 0, G_N_ELEMENTS (words) - 1)]);
      query = strata_query_new (wanted->str);
      bytes = g_memdup2 (text->str, text->len);
      snippet = _strata_snippet_make (bytes, text->len, query);

      pieces = g_strsplit (snippet, "<mark>", -1);
      for (guint i = 1; pieces[i] != NULL; i++)
        {
          char *close = strstr (pieces[i], "</mark>");

          g_assert_nonnull (close);
          g_assert_true (close > pieces[i]);
          memmove (close, close + strlen ("</mark>"), strlen (close + strlen ("</mark>")) + 1);
        }
      plain = g_strjoinv ("", pieces);
      escaped = g_markup_escape_text (text->str, -1);
      g_assert_cmpstr (plain, ==, escaped);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (gsize i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *path = g_strconcat ("/snippet/", cases[i].name, NULL);

      g_test_add_data_func (path, &cases[i], test_case);
    }
  g_test_add_func ("/snippet/without-marks", test_without_marks);

  return g_test_run ();
}

/* test-unescape.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "codec/strata-filter-stream-private.h"
#include "json/strata-json-reader-private.h"
#include "legacy/strata-unescape-private.h"

static GByteArray *
unescape (const char  *text,
          gsize        size,
          gsize        chunk_size,
          gsize        piece_size,
          GError     **error)
{
  g_autoptr(GInputStream) base = chunk_stream_new (text, size, chunk_size);
  g_autoptr(GConverter) converter = _strata_unescape_new ();
  g_autoptr(GInputStream) stream = _strata_filter_stream_new (base, converter);

  return chunk_stream_read_all (stream, piece_size, error);
}

static const gsize sizes[] = { 1, 2, 3, 5, 7, 16, 64, 100, 100000 };

static void
assert_unescaped (const char *text,
                  const char *expected,
                  gsize       expected_size)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = unescape (text, strlen (text), sizes[i], sizes[j], &error);

        g_assert_no_error (error);
        g_assert_cmpmem (bytes->data, bytes->len, expected, expected_size);
      }
}

static void
test_every_escape_at_every_boundary (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
    gsize       size; /* 0: as long as the string */
  } rows[] = {
    { "", "", 0 },
    { "plain", "plain", 0 },
    { "\\\"\\\\\\/\\b\\f\\n\\r\\t", "\"\\/\b\f\n\r\t", 0 },
    { "[\\n  {\\n    \\\"name\\\": \\\"a \\\\\\\"b\\\\\\\" c\\\"\\n  }\\n]",
      "[\n  {\n    \"name\": \"a \\\"b\\\" c\"\n  }\n]", 0 },
    { "\\u0041\\u00e9\\u20ac\\uD83D\\uDE00", "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80", 0 },
    { "\\u0000x", "\0x", 2 },
    { "\\ud83d", "\xef\xbf\xbd", 0 },
    { "\\ud83dx", "\xef\xbf\xbdx", 0 },
    { "\\ude00\\ud83d", "\xef\xbf\xbd\xef\xbf\xbd", 0 },
    { "\\ud83d\\n", "\xef\xbf\xbd\n", 0 },
    { "\\ud83d\\u0041", "\xef\xbf\xbd" "A", 0 },
    { "\\ud83d\\ud83d\\ude00", "\xef\xbf\xbd\xf0\x9f\x98\x80", 0 },
    { "raw \xc3\xa9\xf0\x9f\x98\x80 raw", "raw \xc3\xa9\xf0\x9f\x98\x80 raw", 0 },
    { "0123456789abcde\\n0123456789abcdef\\n0123456789abcdef0\\n",
      "0123456789abcde\n0123456789abcdef\n0123456789abcdef0\n", 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    assert_unescaped (rows[i].text, rows[i].expected,
                      rows[i].size > 0 ? rows[i].size : strlen (rows[i].expected));
}

static void
test_an_invalid_escape_comes_after_what_stands_before_it (void)
{
  static const char *const rows[] = { "ok\\", "ok\\x", "ok\\u", "ok\\u12", "ok\\u12g4", "ok\\N", "ok\\\n" };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(GByteArray) bytes = unescape (rows[i], strlen (rows[i]), sizes[j], 4096, &error);

        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
        g_assert_nonnull (strstr (error->message, "byte 2 "));
        g_assert_cmpmem (bytes->data, bytes->len, "ok", 2);
      }
}

/* The same as the reader's own way for short strings */
static void
test_random_strings_agree_with_unquote (void)
{
  static const char *const parts[] = {
    "a", "long enough for a block of sixteen", "\\n", "\\\"", "\\\\", "\\/", "\\u0061", "\\ud83d\\ude00", "\\ud83d",
    "\\udc00", "\xc3\xa9", "\xf0\x9f\x98\x80", " ", "GZIP_V1:",
  };

  for (guint round = 0; round < 300; round++)
    {
      g_autoptr(GString) text = g_string_new ("\"");
      g_autoptr(GByteArray) bytes = NULL;
      g_autoptr(GError) error = NULL;
      g_autofree char *expected = NULL;

      for (int n = g_test_rand_int_range (0, 60); n > 0; n--)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
      g_string_append_c (text, '"');

      expected = _strata_json_unquote (text->str, text->len);
      bytes = unescape (text->str + 1, text->len - 2, (gsize)g_test_rand_int_range (1, 40),
                        (gsize)g_test_rand_int_range (1, 200), &error);
      g_assert_no_error (error);
      g_assert_cmpmem (bytes->data, bytes->len, expected, strlen (expected));
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/unescape/every-escape-at-every-boundary", test_every_escape_at_every_boundary);
  g_test_add_func ("/unescape/an-invalid-escape-comes-after-what-stands-before-it",
                   test_an_invalid_escape_comes_after_what_stands_before_it);
  g_test_add_func ("/unescape/random-strings-agree-with-unquote", test_random_strings_agree_with_unquote);

  return g_test_run ();
}

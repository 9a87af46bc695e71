/* test-text-stream.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "chunk-stream.h"
#include "legacy/strata-text-stream-private.h"
#include "utf16-util.h"

#define R "\xef\xbf\xbd"

/* The first four are the examples of the Unicode standard, tables 3-8 to 3-11 */
static const struct
{
  const char *bytes;
  const char *text;
  guint       repairs;
} cases[] = {
  { "\x61\xf1\x80\x80\xe1\x80\xc2\x62\x80\x63\x80\xbf\x64", "a" R R R "b" R "c" R R "d", 6 },
  { "\xc0\xaf\xe0\x80\xbf\xf0\x81\x82\x41", R R R R R R R R "A", 8 },
  { "\xed\xa0\x80\xed\xbf\xbf\xed\xaf\x41", R R R R R R R R "A", 8 },
  { "\xf4\x91\x92\x93\xff\x41\x80\xbf\x42", R R R R R "A" R R "B", 7 },
  { "", "", 0 },
  { "plain ASCII text that is longer than eight bytes", "plain ASCII text that is longer than eight bytes", 0 },
  { "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x9a\x80", "gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x9a\x80", 0 },
  { "cut at the end \xf0\x9f\x9a", "cut at the end " R, 1 },
  { "\xf4\x8f\xbf\xbf the last character", "\xf4\x8f\xbf\xbf the last character", 0 },
};

static char *
read_all (GInputStream *stream)
{
  g_autoptr(GByteArray) text = chunk_stream_read_all (stream, 7, NULL);

  g_byte_array_append (text, (const guint8 *)"", 1);

  return g_strdup ((const char *)text->data);
}

static void
test_ill_formed_becomes_u_fffd (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (gsize piece = 1; piece <= 16; piece++)
      {
        g_autoptr(GInputStream) base = chunk_stream_new (cases[i].bytes, strlen (cases[i].bytes), piece);
        g_autoptr(GInputStream) stream = _strata_text_stream_new (base);
        g_autofree char *text = read_all (stream);

        g_assert_cmpstr (text, ==, cases[i].text);
        g_assert_cmpuint (_strata_text_stream_get_repairs (STRATA_TEXT_STREAM (stream)), ==, cases[i].repairs);
        g_assert_true (g_utf8_validate (text, -1, NULL));
      }
}

/* Whatever comes in, what goes out is UTF-8, and what was already is unchanged */
static void
test_random_bytes_give_utf8 (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      char bytes[64];
      g_autofree char *text = NULL;
      g_autoptr(GInputStream) base = NULL;
      g_autoptr(GInputStream) stream = NULL;
      gsize length = (gsize)g_test_rand_int_range (1, sizeof bytes);

      for (gsize i = 0; i < length; i++)
        bytes[i] = (char)(g_test_rand_int_range (0, 3) == 0 ? g_test_rand_int_range (1, 128) : g_test_rand_int_range (128, 256));
      base = chunk_stream_new (bytes, length, (gsize)g_test_rand_int_range (1, 9));
      stream = _strata_text_stream_new (base);
      text = read_all (stream);

      g_assert_true (g_utf8_validate (text, -1, NULL));
      if (g_utf8_validate (bytes, (gssize)length, NULL))
        g_assert_cmpmem (text, strlen (text), bytes, length);
      else
        g_assert_cmpuint (_strata_text_stream_get_repairs (STRATA_TEXT_STREAM (stream)), >, 0);
    }
}

static void
test_it_can_be_read_again_from_the_start (void)
{
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data ("a\xff" "b", 3, NULL);
  g_autoptr(GInputStream) stream = _strata_text_stream_new (base);
  g_autofree char *first = read_all (stream);
  g_autofree char *second = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
  second = read_all (stream);

  g_assert_cmpstr (first, ==, "a" R "b");
  g_assert_cmpstr (second, ==, first);
  g_assert_cmpuint (_strata_text_stream_get_repairs (STRATA_TEXT_STREAM (stream)), ==, 1);
  g_assert_false (g_seekable_seek (G_SEEKABLE (stream), 1, G_SEEK_SET, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

/* Whether @bytes, given in pieces of @piece, become @text */
static void
assert_converted (const guint8 *bytes,
                  gsize         size,
                  gsize         piece,
                  const guint8 *text,
                  gsize         text_size,
                  gboolean      is_utf16,
                  guint64       repairs)
{
  g_autoptr(GInputStream) base = chunk_stream_new (bytes, size, piece);
  g_autoptr(GInputStream) stream = _strata_text_stream_new (base);
  g_autoptr(GByteArray) got = chunk_stream_read_all (stream, piece % 5 + 1, NULL);

  g_assert_cmpmem (got->data, got->len, text, text_size);
  g_assert_true (_strata_text_stream_is_utf16 (STRATA_TEXT_STREAM (stream)) == is_utf16);
  g_assert_cmpuint (_strata_text_stream_get_repairs (STRATA_TEXT_STREAM (stream)), ==, repairs);
}

static const char * const utf16_texts[] = {
  "[]", "{}", "\"\"", " \n", "[1, {\"a\": \"gr\xc3\xbc\xc3\x9f \xe4\xb8\xad\xe6\x96\x87 \xf0\x9f\x9a\x80\"}]",
  "\t\xef\xbf\xbd", "\r[", "\"\xf0\x9f\x9a\x80\"", "\n\xef\xbb\xbf",
};

static void
test_utf16_becomes_utf8 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (utf16_texts); i++)
    for (guint way = 0; way < 4; way++)
      for (gsize piece = 1; piece <= 16; piece++)
        {
          gboolean with_mark = way >= 2;
          g_autoptr(GByteArray) bytes = utf16_from_utf8 (utf16_texts[i], way % 2, with_mark);
          g_autofree char *text = g_strconcat (with_mark ? "\xef\xbb\xbf" : "", utf16_texts[i], NULL);

          assert_converted (bytes->data, bytes->len, piece, (const guint8 *)text, strlen (text), TRUE, 0);
        }
}

/* With a byte order mark it need not begin like JSON. */
static void
test_a_byte_order_mark_is_enough (void)
{
  for (guint big_endian = 0; big_endian < 2; big_endian++)
    for (gsize piece = 1; piece <= 4; piece++)
      {
        g_autoptr(GByteArray) word = utf16_from_utf8 ("\xe4\xb8\xad", big_endian, TRUE);
        g_autoptr(GByteArray) nothing = utf16_from_utf8 ("", big_endian, TRUE);

        assert_converted (word->data, word->len, piece, (const guint8 *)"\xef\xbb\xbf\xe4\xb8\xad", 6, TRUE, 0);
        assert_converted (nothing->data, nothing->len, piece, (const guint8 *)"\xef\xbb\xbf", 3, TRUE, 0);
      }
}

static const struct
{
  const char *bytes;
  gsize       size;
  const char *text;
  gsize       text_size;
  guint       repairs;
} not_utf16[] = {
  { "[", 1, "[", 1, 0 },
  { "\0", 1, "\0", 1, 0 },
  { "\xff", 1, R, 3, 1 },
  { "[\0", 2, "[\0", 2, 0 },
  { "\0[", 2, "\0[", 2, 0 },
  { "[\0]", 3, "[\0]", 3, 0 },
  { "[\0\0\0]", 5, "[\0\0\0]", 5, 0 },
  { "\0[\0\0]", 5, "\0[\0\0]", 5, 0 },
  { "\0\0\0[", 4, "\0\0\0[", 4, 0 },
  { "[]\0\0", 4, "[]\0\0", 4, 0 },
  { "1\0" "2\0", 4, "1\0" "2\0", 4, 0 },
  { "a\0b\0", 4, "a\0b\0", 4, 0 },
  { "\0a\0b", 4, "\0a\0b", 4, 0 },
  { "\xef\xbb\xbf[", 4, "\xef\xbb\xbf[", 4, 0 },
  { "\xff\xff[\0", 4, R R "[\0", 8, 2 },
  { "\xfe\xfe\0[", 4, R R "\0[", 8, 2 },
};

static void
test_what_does_not_begin_so_is_no_utf16 (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (not_utf16); i++)
    for (gsize piece = 1; piece <= 6; piece++)
      assert_converted ((const guint8 *)not_utf16[i].bytes, not_utf16[i].size, piece,
                        (const guint8 *)not_utf16[i].text, not_utf16[i].text_size, FALSE, not_utf16[i].repairs);
}

static const struct
{
  guint16     units[4];
  gsize       size;
  const char *text;
  guint       repairs;
} halves[] = {
  { { 0xd83d, 0xde80 }, 4, "\xf0\x9f\x9a\x80", 0 },
  { { 0xd800, 0xdc00 }, 4, "\xf0\x90\x80\x80", 0 },
  { { 0xdbff, 0xdfff }, 4, "\xf4\x8f\xbf\xbf", 0 },
  { { 0xd83d }, 2, R, 1 },
  { { 0xd83d, 0x61 }, 4, R "a", 1 },
  { { 0xde80, 0x61 }, 4, R "a", 1 },
  { { 0xde80, 0xd83d }, 4, R R, 2 },
  { { 0xd83d, 0xd83d, 0xde80, 0xde80 }, 8, R "\xf0\x9f\x9a\x80" R, 2 },
  { { 0x61, 0xe9 }, 3, "a" R, 1 },
  { { 0xd83d, 0xde80 }, 3, R R, 2 },
  { { 0xd83d, 0xde80 }, 2, R, 1 },
  { { 0xd83d }, 1, R, 1 },
};

static void
test_halves_in_utf16_become_u_fffd (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (halves); i++)
    for (guint big_endian = 0; big_endian < 2; big_endian++)
      for (gsize piece = 1; piece <= 12; piece++)
        {
          g_autoptr(GByteArray) bytes = utf16_from_utf8 ("", big_endian, TRUE);
          g_autofree char *text = g_strconcat ("\xef\xbb\xbf", halves[i].text, NULL);

          for (gsize j = 0; j < halves[i].size; j++)
            {
              guint8 byte = (guint8)(halves[i].units[j / 2] >> (j % 2 == big_endian ? 0 : 8));

              g_byte_array_append (bytes, &byte, 1);
            }
          assert_converted (bytes->data, bytes->len, piece, (const guint8 *)text, strlen (text), TRUE, halves[i].repairs);
        }
}

static void
test_utf16_can_be_cut_anywhere (void)
{
  const char *whole = utf16_texts[4];

  for (guint way = 0; way < 4; way++)
    {
      g_autoptr(GByteArray) bytes = utf16_from_utf8 (whole, way % 2, way >= 2);

      /* Less than four bytes say nothing without a mark */
      for (gsize size = way >= 2 ? 2 : 4; size <= bytes->len; size++)
        for (gsize piece = 1; piece <= 9; piece++)
          {
            guint64 repairs;
            g_autoptr(GByteArray) expected = utf16_expected (bytes->data, size, way % 2, &repairs);

            assert_converted (bytes->data, size, piece, expected->data, expected->len, TRUE, repairs);
          }
    }
}

static void
test_random_utf16_gives_utf8 (void)
{
  for (guint round = 0; round < 2000; round++)
    {
      gboolean big_endian = g_test_rand_bit ();
      g_autoptr(GByteArray) bytes = utf16_from_utf8 ("[", big_endian, g_test_rand_bit ());
      g_autoptr(GByteArray) more = utf16_random (big_endian);
      g_autoptr(GByteArray) expected = NULL;
      guint64 repairs;

      /* What begins with [ needs something after it */
      g_byte_array_append (bytes, (const guint8 *)"\x01\x01", 2);
      g_byte_array_append (bytes, more->data, more->len);
      expected = utf16_expected (bytes->data, bytes->len, big_endian, &repairs);

      assert_converted (bytes->data, bytes->len, (gsize)g_test_rand_int_range (1, 12),
                        expected->data, expected->len, TRUE, repairs);
      g_assert_true (memchr (expected->data, 0, expected->len) != NULL ||
                     g_utf8_validate ((const char *)expected->data, expected->len, NULL));
    }
}

/* Blocks end within units and between surrogates. */
static void
test_long_utf16_passes_through_blocks (void)
{
  for (guint big_endian = 0; big_endian < 2; big_endian++)
    for (gsize lead = 0; lead < 4; lead++)
      {
        g_autoptr(GString) text = g_string_new ("[\"");
        g_autoptr(GByteArray) bytes = NULL;

        for (gsize i = 0; i < lead; i++)
          g_string_append_c (text, 'x');
        while (text->len < 300 * 1000)
          g_string_append (text, "\xf0\x9f\x9a\x80\xf4\x8f\xbf\xbf\xe4\xb8\xad");
        g_string_append (text, "\"]");
        bytes = utf16_from_utf8 (text->str, big_endian, FALSE);

        assert_converted (bytes->data, bytes->len, 100 * 1000 + 1 + lead, (const guint8 *)text->str, text->len, TRUE, 0);
      }
}

static void
test_utf16_can_be_read_again_from_the_start (void)
{
  g_autoptr(GByteArray) bytes = utf16_from_utf8 ("[1]", TRUE, FALSE);
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data (bytes->data, bytes->len, NULL);
  g_autoptr(GInputStream) stream = _strata_text_stream_new (base);

  g_assert_false (_strata_text_stream_is_utf16 (STRATA_TEXT_STREAM (stream)));
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *text = read_all (stream);

      g_assert_cmpstr (text, ==, "[1]");
      g_assert_true (_strata_text_stream_is_utf16 (STRATA_TEXT_STREAM (stream)));
      g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
      g_assert_false (_strata_text_stream_is_utf16 (STRATA_TEXT_STREAM (stream)));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/text-stream/ill-formed", test_ill_formed_becomes_u_fffd);
  g_test_add_func ("/text-stream/random", test_random_bytes_give_utf8);
  g_test_add_func ("/text-stream/again", test_it_can_be_read_again_from_the_start);
  g_test_add_func ("/text-stream/utf16/texts", test_utf16_becomes_utf8);
  g_test_add_func ("/text-stream/utf16/mark", test_a_byte_order_mark_is_enough);
  g_test_add_func ("/text-stream/utf16/others", test_what_does_not_begin_so_is_no_utf16);
  g_test_add_func ("/text-stream/utf16/halves", test_halves_in_utf16_become_u_fffd);
  g_test_add_func ("/text-stream/utf16/cut", test_utf16_can_be_cut_anywhere);
  g_test_add_func ("/text-stream/utf16/random", test_random_utf16_gives_utf8);
  g_test_add_func ("/text-stream/utf16/long", test_long_utf16_passes_through_blocks);
  g_test_add_func ("/text-stream/utf16/again", test_utf16_can_be_read_again_from_the_start);

  return g_test_run ();
}

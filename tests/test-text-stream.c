/* test-text-stream.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "chunk-stream.h"
#include "legacy/strata-text-stream-private.h"

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

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/text-stream/ill-formed", test_ill_formed_becomes_u_fffd);
  g_test_add_func ("/text-stream/random", test_random_bytes_give_utf8);
  g_test_add_func ("/text-stream/again", test_it_can_be_read_again_from_the_start);

  return g_test_run ();
}

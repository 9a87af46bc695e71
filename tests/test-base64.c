/* test-base64.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "codec/strata-filter-stream-private.h"
#include "legacy/strata-base64-private.h"
#include "legacy/strata-data-uri-private.h"

static const gsize sizes[] = { 1, 2, 3, 4, 5, 7, 8, 9, 64, 100000 };

static GByteArray *
decode (const char  *text,
        gsize        size,
        gsize        chunk_size,
        gsize        piece_size,
        GError     **error)
{
  g_autoptr(GInputStream) base = chunk_stream_new (text, size, chunk_size);
  g_autoptr(GConverter) converter = _strata_base64_new ();
  g_autoptr(GInputStream) stream = _strata_filter_stream_new (base, converter);

  return chunk_stream_read_all (stream, piece_size, error);
}

static void
test_every_spelling_at_every_boundary (void)
{
  static const struct
  {
    const char *text;
    const char *expected;
  } rows[] = {
    { "", "" },
    { " \r\n\t\f", "" },
    { "QQ==", "A" },
    { "QQ=", "A" },
    { "QQ", "A" },
    { "QUI=", "AB" },
    { "QUI", "AB" },
    { "QUJD", "ABC" },
    { "QUJDRA==", "ABCD" },
    { "Q U\nJ\r\nD R A = =\n", "ABCD" },
    { "QUJDREVGR0hJSktMTU5PUFFSU1RVVldYWVo=", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { "QUJDREVGR0hJ\nSktMTU5PUFFS\nU1RVVldYWVo", "ABCDEFGHIJKLMNOPQRSTUVWXYZ" },
    { "+/+/", "\xfb\xff\xbf" },
    { "-_-_", "\xfb\xff\xbf" },
    { "+_-/", "\xfb\xff\xbf" },
    { "QR==", "A" }, /* bits left over: browsers do not mind either */
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
        {
          g_autoptr(GError) error = NULL;
          g_autoptr(GByteArray) bytes = decode (rows[i].text, strlen (rows[i].text), sizes[j], sizes[k], &error);

          g_assert_no_error (error);
          g_assert_cmpmem (bytes->data, bytes->len, rows[i].expected, strlen (rows[i].expected));
        }
}

static void
test_flaws_are_told_with_their_place (void)
{
  static const struct
  {
    const char *text;
    gsize       size;
    const char *decoded; /* what stands before the flaw and is whole */
    const char *place;
  } rows[] = {
    { "Q", 1, "", "byte 1" },
    { "QUJDR", 5, "ABC", "byte 5" },
    { "QUJD!UJD", 8, "ABC", "byte 4" },
    { "QUJDRA==QUJD", 12, "ABCD", "byte 8" },
    { "QUJDRA===", 9, "ABCD", "byte 8" },
    { "QUI==", 5, "AB", "byte 4" },
    { "=", 1, "", "byte 0" },
    { "QUJD=", 5, "ABC", "byte 4" },
    { "QUJDQ=", 6, "ABC", "byte 5" },
    { "QUJD\0QUJD", 9, "ABC", "byte 4" },
    { "QUJD\xc3\xa9", 6, "ABC", "byte 4" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      for (guint k = 0; k < G_N_ELEMENTS (sizes); k++)
        {
          g_autoptr(GError) error = NULL;
          g_autoptr(GByteArray) bytes = decode (rows[i].text, rows[i].size, sizes[j], sizes[k], &error);

          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
          g_assert_true (g_str_has_suffix (error->message, rows[i].place));
          g_assert_cmpmem (bytes->data, bytes->len, rows[i].decoded, strlen (rows[i].decoded));
        }
}

static void
make_url_safe (char *text)
{
  g_strdelimit (g_strdelimit (text, "+", '-'), "/", '_');
  if (strchr (text, '=') != NULL)
    *strchr (text, '=') = '\0';
}

static void
test_random_bytes_come_back (void)
{
  for (guint round = 0; round < 300; round++)
    {
      gsize size = (gsize)g_test_rand_int_range (0, 3000);
      g_autofree guint8 *data = g_malloc (size + 1);
      g_autofree char *plain = NULL;
      g_autoptr(GString) text = NULL;
      g_autoptr(GByteArray) bytes = NULL;
      g_autoptr(GError) error = NULL;

      for (gsize i = 0; i < size; i++)
        data[i] = (guint8)g_test_rand_int ();
      plain = g_base64_encode (data, size);
      if (g_test_rand_bit ())
        make_url_safe (plain);
      text = g_string_new (plain);
      for (int n = g_test_rand_int_range (0, 10); n > 0; n--)
        g_string_insert (text, g_test_rand_int_range (0, (gint32)text->len + 1), "\r\n");

      bytes = decode (text->str, text->len, (gsize)g_test_rand_int_range (1, 200),
                      (gsize)g_test_rand_int_range (1, 200), &error);
      g_assert_no_error (error);
      g_assert_cmpmem (bytes->data, bytes->len, data, size);
    }
}

static void
test_data_uris (void)
{
  static const struct
  {
    const char *text;
    const char *expected; /* NULL: STRATA_ERROR_DAMAGED_DATA */
  } rows[] = {
    { "", "" },
    { "QUJD", "ABC" },
    { "\xef\xbb\xbfQUJD", "ABC" },
    { "data:image/jpeg;base64,QUJD", "ABC" },
    { "\xef\xbb\xbf" "data:image/jpeg;base64,QUJD\n", "ABC" },
    { "  data:image/jpeg;base64,QUJD", "ABC" },
    { "DATA:IMAGE/JPEG;BASE64,QUJD", "ABC" },
    { "data:image/jpeg;charset=utf-8;base64,QUJD", "ABC" },
    { "data:image/jpeg; base64 ,QUJD", "ABC" },
    { "data:;base64,QUJD", "ABC" },
    { "data:image/jpeg;base64,", "" },
    { "data:image/jpeg;base64;x,QUJD", "QUJD" },
    { "data:image/jpeg;\tbase\r\n64 \f,QUJD", "ABC" },
    { "data:image/jpeg;\fbase64,QUJD", "QUJD" },
    { "data:image/jpeg;base64x,QUJD", "QUJD" },
    { "data:,", "" },
    { "data:text/plain,hello%20world%20%C3%A9", "hello world \xc3\xa9" },
    { "data:text/plain,100%,50%2\n,%zz", "100%,50%2,%zz" },
    { "data:text/plain;x=base64,QUJD", "QUJD" },
    { "data:image/jpeg;base64", NULL },
    { "data:image/jpeg;base64,Q!", NULL },
    { "\xff\xd8\xff\xe0", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    for (guint j = 0; j < G_N_ELEMENTS (sizes); j++)
      {
        g_autoptr(GInputStream) text = chunk_stream_new (rows[i].text, strlen (rows[i].text), sizes[j]);
        g_autoptr(GError) error = NULL;
        g_autoptr(GInputStream) stream = _strata_data_uri_decode (text, NULL, &error);
        g_autoptr(GByteArray) bytes = stream != NULL ? chunk_stream_read_all (stream, sizes[j], &error) : NULL;

        if (rows[i].expected == NULL)
          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
        else
          {
            g_assert_no_error (error);
            g_assert_cmpmem (bytes->data, bytes->len, rows[i].expected, strlen (rows[i].expected));
          }
      }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/base64/every-spelling-at-every-boundary", test_every_spelling_at_every_boundary);
  g_test_add_func ("/base64/flaws-are-told-with-their-place", test_flaws_are_told_with_their_place);
  g_test_add_func ("/base64/random-bytes-come-back", test_random_bytes_come_back);
  g_test_add_func ("/base64/data-uris", test_data_uris);

  return g_test_run ();
}

/* fuzz-webkit-value.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "json/strata-json-reader-private.h"
#include "legacy/strata-webkit-value-private.h"

/* A libFuzzer target: whatever the bytes are, what is given is JSON to its end,
 * or UTF-8 up to a sentence about the value; and the same when it is read in
 * other pieces, or again.
 */

#define MAX_WORK (1 << 16)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

static void
check_told (const char *path,
            const char *what,
            gpointer    user_data)
{
  guint *n_told = user_data;

  g_assert_true (*path == '$' && g_utf8_validate (path, -1, NULL) && *what != '\0');
  (*n_told)++;
}

/* Returns: (transfer full): what was given; @out_error: (transfer full) (nullable) */
static GString *
read_all (GInputStream  *stream,
          gsize          piece,
          char         **out_error)
{
  g_autofree char *buffer = g_malloc (piece);
  g_autoptr(GError) error = NULL;
  GString *text = g_string_new (NULL);
  gssize size;

  while ((size = g_input_stream_read (stream, buffer, piece, NULL, &error)) > 0)
    g_string_append_len (text, buffer, size);

  g_assert_true (size == 0 ? error == NULL : _strata_file_is_content_error (error));
  *out_error = error != NULL ? g_strdup (error->message) : NULL;

  return text;
}

static void
assert_is_json (const GString *text)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text->str, text->len);
  g_autoptr(GString) taken = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  _strata_json_reader_take_string (reader, taken, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_string_equal (taken, text));
  _strata_json_reader_finish (reader, NULL, &error);
  g_assert_no_error (error);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  static const gsize pieces[] = { 1, 61, 4096 };
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data (data, (gssize)length, NULL);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GString) first = NULL;
  g_autofree char *first_error = NULL;
  guint n_told = 0, first_told;

  stream = _strata_webkit_value_new (base, check_told, &n_told);
  _strata_webkit_value_set_max_work (STRATA_WEBKIT_VALUE (stream), MAX_WORK);
  first = read_all (stream, 65536, &first_error);
  first_told = n_told;

  g_assert_true (g_utf8_validate_len (first->str, first->len, NULL));
  if (first_error == NULL)
    assert_is_json (first);

  /* Large texts take long in single bytes, and show nothing new */
  for (guint i = first->len < 500 ? 0 : 2; i < G_N_ELEMENTS (pieces); i++)
    {
      g_autofree char *error = NULL;
      GString *text;

      g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
      text = read_all (stream, pieces[i], &error);
      g_assert_true (g_string_equal (text, first));
      g_assert_cmpstr (error, ==, first_error);
      g_string_free (text, TRUE);
    }
  g_assert_cmpuint (n_told, ==, first_told);

  return 0;
}

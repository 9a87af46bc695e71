/* fuzz-json-reader.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include "fuzz-stream.h"
#include "json/strata-json-reader-private.h"

/* A libFuzzer target: whatever the bytes are, the reader comes to the same
 * result from memory and from streams that give them in pieces; and what it
 * took, it takes again unchanged.
 */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

static gboolean
append_sink (const char  *text,
             gsize        length,
             gpointer     user_data,
             GError     **error)
{
  g_string_append_len (user_data, text, length);

  return TRUE;
}

typedef enum
{
  BY_TAKE,
  BY_VERBATIM,
  BY_SKIP,
  BY_STEPS,
  N_WAYS,
} Way;

static gboolean
step_into (StrataJsonReader *reader,
           StrataJsonKind    kind,
           GString          *out)
{
  gboolean more = FALSE;
  char buffer[3];
  gsize n = 0;

  if (kind == STRATA_JSON_STRING)
    return _strata_json_reader_read_string (reader, buffer, sizeof buffer, &n, NULL, NULL) &&
           (n == 0 ||
            _strata_json_reader_read_string (reader, buffer, 1, &n, NULL, NULL));

  if (!_strata_json_reader_enter (reader, NULL, NULL))
    return FALSE;

  do
    if (kind == STRATA_JSON_OBJECT
          ? !_strata_json_reader_next_member (reader, out, &more, NULL, NULL)
          : !_strata_json_reader_next_element (reader, &more, NULL, NULL))
      return FALSE;
  while (more);

  return TRUE;
}

/* Goes into the outermost value and leaves all in it untaken, which finish()
 * and the steps between must pass over.
 */
static gboolean
read_steps (StrataJsonReader *reader,
            GString          *out)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, NULL, NULL))
    return FALSE;

  return kind > STRATA_JSON_STRING || step_into (reader, kind, out);
}

/* Returns: (transfer full): what was read, or why not */
static char *
read_one (StrataJsonReader *reader,
          Way               way,
          gboolean         *out_valid)
{
  g_autoptr(GString) out = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  if (way == BY_TAKE)
    _strata_json_reader_take (reader, append_sink, out, NULL, NULL);
  else if (way == BY_VERBATIM)
    _strata_json_reader_take_verbatim (reader, append_sink, out, NULL, NULL);
  else if (way == BY_STEPS)
    read_steps (reader, out);

  *out_valid = _strata_json_reader_finish (reader, NULL, &error);
  if (!*out_valid)
    return g_strdup (error->message);

  return g_string_free (g_steal_pointer (&out), FALSE);
}

static char *
read_from_memory (const guint8 *data,
                  gsize         length,
                  Way           way,
                  gboolean     *out_valid)
{
  g_autoptr(StrataJsonReader) reader = NULL;

  reader = _strata_json_reader_new_for_data ((const char *) data, length);

  return read_one (reader, way, out_valid);
}

static char *
read_from_stream (const guint8 *data,
                  gsize         length,
                  gsize         piece,
                  Way           way,
                  gboolean     *out_valid)
{
  g_autoptr(GInputStream) stream = fuzz_stream_new (data, length, piece);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (stream);

  return read_one (reader, way, out_valid);
}

static gboolean
accept_any (const char *token,
            gsize       length,
            const char *name,
            gsize       name_length,
            gpointer    user_data)
{
  g_autofree char *text = _strata_json_unquote (token, length);

  g_assert_true (g_utf8_validate (text, -1, NULL));
  if (name != NULL)
    g_assert_true (name[0] == '"' && name[name_length - 1] == '"');

  return TRUE;
}

static void
check_taken (const char *text)
{
  g_autofree char *again = NULL;
  gboolean valid;

  again = read_from_memory ((const guint8 *) text, strlen (text), BY_TAKE, &valid);
  g_assert_true (valid);
  g_assert_cmpstr (again, ==, text);

  _strata_json_for_each_string (text, strlen (text), accept_any, NULL);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  static const gsize pieces[] = { 1, 2, 3, 7, 16, 33, G_MAXSIZE };
  g_autofree char *place = NULL;
  gboolean first_valid = FALSE;

  for (Way way = 0; way < N_WAYS; way++)
    {
      gboolean valid;
      g_autofree char *whole = read_from_memory (data, length, way, &valid);

      if (way == BY_TAKE)
        first_valid = valid;
      g_assert_cmpint (valid, ==, first_valid);
      if (valid && way == BY_TAKE)
        check_taken (whole);
      /* What was expected there can differ by way, not where it was. */
      if (!valid && place == NULL)
        place = g_strdup (strstr (whole, " at byte"));
      if (!valid)
        g_assert_cmpstr (strstr (whole, " at byte"), ==, place);

      for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
        {
          gboolean is_valid;
          g_autofree char *text = read_from_stream (data, length, pieces[i], way, &is_valid);

          g_assert_cmpint (is_valid, ==, valid);
          g_assert_cmpstr (text, ==, whole);
        }
    }

  return 0;
}

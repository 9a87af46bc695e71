/* test-json-reader.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <malloc.h>
#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-reader-private.h"

/* A stream that gives @head, @body @repeat times, and @tail, in pieces of @piece
 * bytes (0: as many as are wanted, -1: a random number); then it fails if
 * @failure is set.
 */
#define TEST_TYPE_STREAM (test_stream_get_type ())

GType test_stream_get_type (void);
G_DECLARE_FINAL_TYPE (TestStream, test_stream, TEST, STREAM, GInputStream)

struct _TestStream
{
  GInputStream  parent_instance;

  GBytes       *head;
  GBytes       *body;
  GBytes       *tail;
  guint64       repeat;
  gssize        piece;
  gboolean      failure;
  guint64       offset;
};

G_DEFINE_FINAL_TYPE (TestStream, test_stream, G_TYPE_INPUT_STREAM)

/* The bytes from @offset on that lie together. */
static const char *
test_stream_peek (TestStream *self,
                  guint64     offset,
                  gsize      *out_length)
{
  gsize head = g_bytes_get_size (self->head);
  gsize body = g_bytes_get_size (self->body);
  gsize tail = g_bytes_get_size (self->tail);
  GBytes *bytes = self->tail;
  gsize at;

  if (offset < head)
    {
      bytes = self->head;
      at = offset;
    }
  else if (offset < head + body * self->repeat)
    {
      bytes = self->body;
      at = (offset - head) % body;
    }
  else
    at = MIN (offset - head - body * self->repeat, tail);

  *out_length = g_bytes_get_size (bytes) - at;

  /* Of nothing there is no pointer to go on from */
  return *out_length > 0 ? (const char *) g_bytes_get_data (bytes, NULL) + at : NULL;
}

static gssize
test_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  TestStream *self = TEST_STREAM (stream);
  gsize n_read = 0;

  if (self->piece > 0)
    count = MIN (count, (gsize) self->piece);
  else if (self->piece < 0)
    count = MIN (count, (gsize) g_test_rand_int_range (1, 40));

  while (n_read < count)
    {
      gsize length;
      const char *text = test_stream_peek (self, self->offset, &length);

      if (length == 0)
        break;
      length = MIN (length, count - n_read);
      memcpy ((char *) buffer + n_read, text, length);
      n_read += length;
      self->offset += length;
    }

  if (n_read == 0 && self->failure)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE, "The cable is out");
      return -1;
    }

  return n_read;
}

static void
test_stream_finalize (GObject *object)
{
  TestStream *self = TEST_STREAM (object);

  g_bytes_unref (self->head);
  g_bytes_unref (self->body);
  g_bytes_unref (self->tail);

  G_OBJECT_CLASS (test_stream_parent_class)->finalize (object);
}

static void
test_stream_class_init (TestStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = test_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = test_stream_read;
}

static void
test_stream_init (TestStream *self)
{
}

static TestStream *
test_stream_new (const char *head,
                 const char *body,
                 guint64     repeat,
                 const char *tail)
{
  TestStream *self = g_object_new (TEST_TYPE_STREAM, NULL);

  self->head = g_bytes_new (head, strlen (head));
  self->body = g_bytes_new (body, strlen (body));
  self->tail = g_bytes_new (tail, strlen (tail));
  self->repeat = repeat;

  return self;
}

/* How the text comes to the reader. */
typedef enum
{
  FROM_MEMORY,
  FROM_WHOLE,
  FROM_ONES,
  FROM_SEVENS,
  FROM_RANDOM,
  N_SOURCES,
} Source;

/* What is done with it. */
typedef enum
{
  BY_TAKE,
  BY_VERBATIM,
  BY_SKIP,
  BY_WALK,
  N_WAYS,
} Way;

static StrataJsonReader *
open_text (GBytes *text,
           Source  source)
{
  static const gssize pieces[] = { [FROM_WHOLE] = 0, [FROM_ONES] = 1, [FROM_SEVENS] = 7,
                                   [FROM_RANDOM] = -1 };
  g_autoptr(TestStream) stream = NULL;

  if (source == FROM_MEMORY)
    return _strata_json_reader_new_for_data (g_bytes_get_data (text, NULL),
                                             g_bytes_get_size (text));

  stream = g_object_new (TEST_TYPE_STREAM, NULL);
  stream->head = g_bytes_ref (text);
  stream->body = g_bytes_new (NULL, 0);
  stream->tail = g_bytes_new (NULL, 0);
  stream->piece = pieces[source];

  return _strata_json_reader_new (G_INPUT_STREAM (stream));
}

static gboolean
append_sink (const char  *text,
             gsize        length,
             gpointer     user_data,
             GError     **error)
{
  g_assert_cmpuint (length, >, 0);
  g_string_append_len (user_data, text, length);

  return TRUE;
}

static gboolean
append_string (StrataJsonReader  *reader,
               GString           *out,
               GError           **error)
{
  char buffer[16];
  gsize n;

  g_string_append_c (out, '"');
  do
    {
      if (!_strata_json_reader_read_string (reader, buffer, g_test_rand_int_range (1, 16), &n,
                                            NULL, error))
        return FALSE;
      g_string_append_len (out, buffer, n);
    }
  while (n > 0);
  g_string_append_c (out, '"');

  return TRUE;
}

/* At a value: writes it, or only its start if something can be in it, whose
 * bracket then ends up in @open.
 */
static gboolean
walk_value (StrataJsonReader  *reader,
            GString           *open,
            GString           *out,
            GError           **error)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return FALSE;
  if (kind == STRATA_JSON_STRING)
    return append_string (reader, out, error);
  if (kind != STRATA_JSON_OBJECT && kind != STRATA_JSON_ARRAY)
    return _strata_json_reader_take_string (reader, out, NULL, error);

  g_string_append_c (out, kind == STRATA_JSON_OBJECT ? '{' : '[');
  g_string_append_c (open, out->str[out->len - 1]);

  return _strata_json_reader_enter (reader, NULL, error);
}

/* After a value or at the start of a container: to the next value. */
static gboolean
walk_on (StrataJsonReader  *reader,
         GString           *open,
         GString           *out,
         GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more = FALSE;

  while (!more && open->len > 0)
    {
      gboolean in_object = open->str[open->len - 1] == '{';

      if (in_object ? !_strata_json_reader_next_member (reader, name, &more, NULL, error)
                    : !_strata_json_reader_next_element (reader, &more, NULL, error))
        return FALSE;
      if (more && strchr ("[{", out->str[out->len - 1]) == NULL)
        g_string_append_c (out, ',');
      if (more && in_object)
        {
          g_string_append_len (out, name->str, name->len);
          g_string_append_c (out, ':');
        }
      if (!more)
        {
          g_string_append_c (out, in_object ? '}' : ']');
          g_string_truncate (open, open->len - 1);
        }
    }

  return TRUE;
}

static gboolean
walk (StrataJsonReader  *reader,
      GString           *out,
      GError           **error)
{
  g_autoptr(GString) open = g_string_new (NULL);

  do
    if (!walk_value (reader, open, out, error) || !walk_on (reader, open, out, error))
      return FALSE;
  while (open->len > 0);

  return TRUE;
}

/* What is known to be JSON, without the white space between its tokens. */
static void
minify_naively (GString *text)
{
  gboolean in_string = FALSE;
  gsize to = 0;

  if (g_str_has_prefix (text->str, "\xef\xbb\xbf"))
    g_string_erase (text, 0, 3);

  for (gsize from = 0; from < text->len; from++)
    {
      char c = text->str[from];

      if (!in_string && strchr (" \t\r\n", c) != NULL)
        continue;
      text->str[to++] = c;
      if (in_string && c == '\\')
        text->str[to++] = text->str[++from];
      else if (c == '"')
        in_string = !in_string;
    }

  g_string_truncate (text, to);
}

/* Reads all of @text and gives what it comes to in minified form. */
static gboolean
read_all (StrataJsonReader  *reader,
          Way                way,
          GString           *out,
          GError           **error)
{
  gboolean valid;

  if (way == BY_TAKE)
    valid = _strata_json_reader_take (reader, append_sink, out, NULL, error);
  else if (way == BY_VERBATIM)
    valid = _strata_json_reader_take_verbatim (reader, append_sink, out, NULL, error);
  else if (way == BY_SKIP)
    valid = _strata_json_reader_take (reader, NULL, NULL, NULL, error);
  else
    valid = walk (reader, out, error);

  if (!valid || !_strata_json_reader_finish (reader, NULL, error))
    return FALSE;
  if (way == BY_VERBATIM)
    minify_naively (out);

  return TRUE;
}

static void
assert_error_tells_position (GError             *error,
                             StrataJsonPosition *position)
{
  g_autofree char *place = g_strdup_printf (" at byte %" G_GUINT64_FORMAT ", line %"
                                            G_GUINT64_FORMAT ", column %" G_GUINT64_FORMAT,
                                            position->offset, position->line, position->column);

  g_assert_cmpint (error->domain, ==, STRATA_ERROR);
  g_assert_true (g_str_has_suffix (error->message, place));
}

/* Reads @text in all ways from all sources, which must agree, and returns
 * whether it is JSON; then @out holds it minified, otherwise @out_position says
 * why not.
 */
static gboolean
read_in_all_ways (GBytes             *text,
                  GString            *out,
                  StrataJsonPosition *out_position)
{
  gboolean valid = FALSE;

  for (guint i = 0; i < N_SOURCES * N_WAYS; i++)
    {
      g_autoptr(StrataJsonReader) reader = open_text (text, i / N_WAYS);
      g_autoptr(GString) result = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      StrataJsonPosition position;
      gboolean is_valid = read_all (reader, i % N_WAYS, result, &error);

      _strata_json_reader_get_position (reader, &position);
      if (!is_valid)
        assert_error_tells_position (error, &position);

      if (i == 0)
        {
          valid = is_valid;
          *out_position = position;
          g_string_assign (out, "");
          g_string_append_len (out, result->str, result->len);
        }

      g_assert_cmpint (is_valid, ==, valid);
      g_assert_cmpuint (position.offset, ==, out_position->offset);
      g_assert_cmpuint (position.line, ==, out_position->line);
      g_assert_cmpuint (position.column, ==, out_position->column);
      if (valid && i % N_WAYS != BY_SKIP)
        g_assert_cmpmem (result->str, result->len, out->str, out->len);
    }

  return valid;
}

/* What RFC 8259 leaves to each reader. We take numbers of any size and escaped
 * surrogates that stand alone, since we keep tokens as they are; what is not
 * UTF-8 is no JSON text.
 */
static const struct
{
  const char *name;
  gboolean    accepted;
} open_cases[] = {
  { "i_number_double_huge_neg_exp.json", TRUE },
  { "i_number_huge_exp.json", TRUE },
  { "i_number_neg_int_huge_exp.json", TRUE },
  { "i_number_pos_double_huge_exp.json", TRUE },
  { "i_number_real_neg_overflow.json", TRUE },
  { "i_number_real_pos_overflow.json", TRUE },
  { "i_number_real_underflow.json", TRUE },
  { "i_number_too_big_neg_int.json", TRUE },
  { "i_number_too_big_pos_int.json", TRUE },
  { "i_number_very_big_negative_int.json", TRUE },
  { "i_object_key_lone_2nd_surrogate.json", TRUE },
  { "i_string_1st_surrogate_but_2nd_missing.json", TRUE },
  { "i_string_1st_valid_surrogate_2nd_invalid.json", TRUE },
  { "i_string_UTF-16LE_with_BOM.json", FALSE },
  { "i_string_UTF-8_invalid_sequence.json", FALSE },
  { "i_string_UTF8_surrogate_U+D800.json", FALSE },
  { "i_string_incomplete_surrogate_and_escape_valid.json", TRUE },
  { "i_string_incomplete_surrogate_pair.json", TRUE },
  { "i_string_incomplete_surrogates_escape_valid.json", TRUE },
  { "i_string_invalid_lonely_surrogate.json", TRUE },
  { "i_string_invalid_surrogate.json", TRUE },
  { "i_string_invalid_utf-8.json", FALSE },
  { "i_string_inverted_surrogates_U+1D11E.json", TRUE },
  { "i_string_iso_latin_1.json", FALSE },
  { "i_string_lone_second_surrogate.json", TRUE },
  { "i_string_lone_utf8_continuation_byte.json", FALSE },
  { "i_string_not_in_unicode_range.json", FALSE },
  { "i_string_overlong_sequence_2_bytes.json", FALSE },
  { "i_string_overlong_sequence_6_bytes.json", FALSE },
  { "i_string_overlong_sequence_6_bytes_null.json", FALSE },
  { "i_string_truncated-utf-8.json", FALSE },
  { "i_string_utf16BE_no_BOM.json", FALSE },
  { "i_string_utf16LE_no_BOM.json", FALSE },
  { "i_structure_500_nested_arrays.json", TRUE },
  { "i_structure_UTF-8_BOM_empty_object.json", TRUE },
};

static gboolean
is_expected (const char *name)
{
  if (name[0] != 'i')
    return name[0] == 'y';

  for (guint i = 0; i < G_N_ELEMENTS (open_cases); i++)
    if (g_str_equal (name, open_cases[i].name))
      return open_cases[i].accepted;

  g_error ("No decision about %s", name);
}

static void
check_file (const char *directory,
            const char *name)
{
  g_autofree char *path = g_build_filename (directory, name, NULL);
  g_autofree char *contents = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) text = NULL;
  g_autoptr(GString) out = g_string_new (NULL);
  StrataJsonPosition position = { 0 };
  gboolean valid;
  gsize length;

  g_assert_true (g_file_get_contents (path, &contents, &length, &error));
  g_assert_no_error (error);
  text = g_bytes_new_take (g_steal_pointer (&contents), length);

  valid = read_in_all_ways (text, out, &position);
  if (valid != is_expected (name))
    g_error ("%s was %s", name, valid ? "accepted" : "rejected");
  g_assert_cmpuint (position.offset, <=, length);
  g_assert_cmpuint (position.line, >=, 1);
  g_assert_cmpuint (position.column, >=, 1);

  if (valid)
    {
      g_autoptr(GString) reference = g_string_new_len (g_bytes_get_data (text, NULL), length);

      minify_naively (reference);
      g_assert_cmpmem (out->str, out->len, reference->str, reference->len);
    }
}

static void
test_suite (void)
{
  g_autofree char *directory = g_test_build_filename (G_TEST_DIST, "data", "json-test-suite",
                                                      "test_parsing", NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GDir) dir = g_dir_open (directory, 0, &error);
  const char *name;
  guint n_open = 0;
  guint n = 0;

  g_assert_no_error (error);
  while ((name = g_dir_read_name (dir)))
    {
      check_file (directory, name);
      n_open += name[0] == 'i';
      n++;
    }

  g_assert_cmpuint (n, >=, 300);
  g_assert_cmpuint (n_open, ==, G_N_ELEMENTS (open_cases));
}

/* Where exactly a text stops being JSON. */
static const struct
{
  const char *text;
  guint64     offset;
  guint64     line;
  guint64     column;
  const char *problem;
} bad_texts[] = {
  { "", 0, 1, 1, "Unexpected end of the text" },
  { " \n\n ", 4, 3, 2, "Unexpected end of the text" },
  { "\xef\xbb\xbf", 3, 1, 4, "Unexpected end of the text" },
  { "\xef\xbb", 0, 1, 1, "Expected a value" },
  { "\xef\xbb\xbf\xef\xbb\xbf[]", 3, 1, 4, "Expected a value" },
  { " \xef\xbb\xbf[]", 1, 1, 2, "Expected a value" },
  { "[1,\n 2,\n x]", 9, 3, 2, "Expected a value" },
  { "[1,\r\n 2,\r\n x]", 11, 3, 2, "Expected a value" },
  { "[,1]", 1, 1, 2, "Expected a value or ']'" },
  { "[1,]", 3, 1, 4, "Expected a value" },
  { "[1 2]", 3, 1, 4, "Expected ',' or ']'" },
  { "[1}", 2, 1, 3, "Expected ',' or ']'" },
  { "[01]", 2, 1, 3, "Expected ',' or ']'" },
  { "{", 1, 1, 2, "Unexpected end of the text" },
  { "{1:2}", 1, 1, 2, "Expected a name or '}'" },
  { "{\"a\":1,}", 7, 1, 8, "Expected a name" },
  { "{\"a\" 1}", 5, 1, 6, "Expected ':'" },
  { "{\"a\":}", 5, 1, 6, "Expected a value" },
  { "{\"a\":1\n]", 7, 2, 1, "Expected ',' or '}'" },
  { "[] []", 3, 1, 4, "Expected the end of the text" },
  { "[]]", 2, 1, 3, "Expected the end of the text" },
  { "{}\n\n,", 4, 3, 1, "Expected the end of the text" },
  { "\"a\nb\"", 2, 1, 3, "Control character in a string" },
  { "[\"\x1f\"]", 2, 1, 3, "Control character in a string" },
  { "[\"a", 3, 1, 4, "Unexpected end of the text" },
  { "[\"a\\", 4, 1, 5, "Unexpected end of the text" },
  { "[\"\\x\"]", 3, 1, 4, "Unknown escape in a string" },
  { "[\"\\u12g4\"]", 6, 1, 7, "Unknown escape in a string" },
  { "{\"\\u12\":1}", 6, 1, 7, "Unknown escape in a string" },
  { "[\"\x80\"]", 2, 1, 3, "Invalid UTF-8 in a string" },
  { "[\"\xc0\xaf\"]", 2, 1, 3, "Invalid UTF-8 in a string" },
  { "[\"\xc1\xbf\"]", 2, 1, 3, "Invalid UTF-8 in a string" },
  { "[\"\xc3(\"]", 3, 1, 4, "Invalid UTF-8 in a string" },
  { "[\"\xe0\x9f\xbf\"]", 3, 1, 4, "Invalid UTF-8 in a string" },
  { "[\"\xed\xa0\x80\"]", 3, 1, 4, "Invalid UTF-8 in a string" },
  { "[\"\xe2\x82\"]", 4, 1, 5, "Invalid UTF-8 in a string" },
  { "[\"\xf0\x8f\xbf\xbf\"]", 3, 1, 4, "Invalid UTF-8 in a string" },
  { "[\"\xf4\x90\x80\x80\"]", 3, 1, 4, "Invalid UTF-8 in a string" },
  { "[\"\xf5\x80\x80\x80\"]", 2, 1, 3, "Invalid UTF-8 in a string" },
  { "[\"ab\xf0\x9f\x98\x1f\"]", 7, 1, 8, "Invalid UTF-8 in a string" },
  { "[-]", 2, 1, 3, "Malformed number" },
  { "[-a]", 2, 1, 3, "Malformed number" },
  { "[+1]", 1, 1, 2, "Expected a value or ']'" },
  { "[1.]", 3, 1, 4, "Malformed number" },
  { "[1.e1]", 3, 1, 4, "Malformed number" },
  { "[1e]", 3, 1, 4, "Malformed number" },
  { "[1e+]", 4, 1, 5, "Malformed number" },
  { "[1e1.0]", 4, 1, 5, "Expected ',' or ']'" },
  { "-", 1, 1, 2, "Unexpected end of the text" },
  { "1.", 2, 1, 3, "Unexpected end of the text" },
  { "[1", 2, 1, 3, "Unexpected end of the text" },
  { "[trux]", 4, 1, 5, "Unknown word" },
  { "nul", 3, 1, 4, "Unexpected end of the text" },
  { "[nulll]", 5, 1, 6, "Expected ',' or ']'" },
  { "[\v1]", 1, 1, 2, "Expected a value or ']'" },
  { "[1\xc2\xa0]", 2, 1, 3, "Expected ',' or ']'" },
  { "\xff\xfe[\x01", 0, 1, 1, "Expected a value" },
};

static void
test_error_positions (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (bad_texts); i++)
    {
      g_autoptr(GBytes) text = g_bytes_new_static (bad_texts[i].text, strlen (bad_texts[i].text));
      g_autoptr(StrataJsonReader) reader = open_text (text, FROM_MEMORY);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      g_autofree char *message = NULL;
      StrataJsonPosition position = { 0 };

      g_assert_false (read_in_all_ways (text, out, &position));
      g_assert_cmpuint (position.offset, ==, bad_texts[i].offset);
      g_assert_cmpuint (position.line, ==, bad_texts[i].line);
      g_assert_cmpuint (position.column, ==, bad_texts[i].column);

      message = g_strdup_printf ("%s at byte %" G_GUINT64_FORMAT ", line %" G_GUINT64_FORMAT
                                 ", column %" G_GUINT64_FORMAT, bad_texts[i].problem,
                                 bad_texts[i].offset, bad_texts[i].line, bad_texts[i].column);
      g_assert_false (read_all (reader, BY_TAKE, out, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
      g_assert_cmpstr (error->message, ==, message);
    }
}

/* A NUL is one more byte that can't be, not an end. */
static void
test_nul_is_no_end (void)
{
  static const struct
  {
    char    text[8];
    gsize   length;
    guint64 offset;
  } cases[] = {
    { "\0", 1, 0 },
    { "[]\0", 3, 2 },
    { "[1\0]", 4, 2 },
    { "[\"\0\"]", 5, 2 },
    { "[tr\0e]", 6, 3 },
    { "\0[\0]", 4, 0 },
    { "[\0]\0", 4, 1 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GBytes) text = g_bytes_new_static (cases[i].text, cases[i].length);
      g_autoptr(GString) out = g_string_new (NULL);
      StrataJsonPosition position = { 0 };

      g_assert_false (read_in_all_ways (text, out, &position));
      g_assert_cmpuint (position.offset, ==, cases[i].offset);
    }
}

static void
test_tokens_stay_as_they_were (void)
{
  static const struct
  {
    const char *text;
    const char *minified;
  } cases[] = {
    { " 0 ", "0" },
    { "-0", "-0" },
    { "-0.0E-0", "-0.0E-0" },
    { "[1.000, 1E5, 1e+5, 1e-05, 10000000000000000000000000000001]",
      "[1.000,1E5,1e+5,1e-05,10000000000000000000000000000001]" },
    { "\t\"\\u0041\\u00e9 \\/ \\ud83d\\ude00 \\ud83d x\"\n",
      "\"\\u0041\\u00e9 \\/ \\ud83d\\ude00 \\ud83d x\"" },
    { "\"é€😀\x7f \xf4\x8f\xbf\xbf\xef\xbf\xbf\xe0\xa0\x80\xc2\x80\"",
      "\"é€😀\x7f \xf4\x8f\xbf\xbf\xef\xbf\xbf\xe0\xa0\x80\xc2\x80\"" },
    { "{ \"b\" : 1 , \"a\" : 2 , \"b\" : 3 , \"\" : { } , \"\\u0061\" : [ ] }",
      "{\"b\":1,\"a\":2,\"b\":3,\"\":{},\"\\u0061\":[]}" },
    { "\xef\xbb\xbf [ true , false , null ]\r\n", "[true,false,null]" },
    { "\" [ 1 , 2 ] \"", "\" [ 1 , 2 ] \"" },
    { "\"\\\\\"", "\"\\\\\"" },
    { "[\"\\\"\", \"\\\\\", \"\\\\\\\"\"]", "[\"\\\"\",\"\\\\\",\"\\\\\\\"\"]" },
    { "{\"0123456789abcde\": \"0123456789abcdef0123456789abcde\\n\" , \"0123456789abcdef\":7}",
      "{\"0123456789abcde\":\"0123456789abcdef0123456789abcde\\n\",\"0123456789abcdef\":7}" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GBytes) text = g_bytes_new_static (cases[i].text, strlen (cases[i].text));
      g_autoptr(GString) out = g_string_new (NULL);
      StrataJsonPosition position = { 0 };

      g_assert_true (read_in_all_ways (text, out, &position));
      g_assert_cmpstr (out->str, ==, cases[i].minified);
      g_assert_cmpuint (position.offset, ==, strlen (cases[i].text));
    }
}

static void
test_verbatim_keeps_white_space (void)
{
  const char *text = " [ { \"a\" : [ 1 , 2 ] } , \"x\"\t]\n";

  for (Source source = 0; source < N_SOURCES; source++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (text, strlen (text));
      g_autoptr(StrataJsonReader) reader = open_text (bytes, source);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      _strata_json_reader_take_verbatim (reader, append_sink, out, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (out->str, ==, "[ { \"a\" : [ 1 , 2 ] } , \"x\"\t]");
    }
}

/* Whoever goes from element to element need not take each. */
static void
test_what_is_not_taken_is_skipped (void)
{
  const char *text = "[1, [2, 3], {\"a\": \"xyz\", \"b\": [5], \"c\": \"uvw\"}, \"stu\", true]";
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  char buffer[2];
  gboolean more;
  gsize n;

  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  for (guint i = 0; i < 3; i++)
    g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error) && more);

  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  g_assert_true (_strata_json_reader_next_member (reader, name, &more, NULL, &error) && more);
  g_assert_cmpstr (name->str, ==, "\"a\"");
  g_assert_true (_strata_json_reader_read_string (reader, buffer, 2, &n, NULL, &error));
  g_assert_cmpmem (buffer, n, "xy", 2);
  g_assert_true (_strata_json_reader_next_member (reader, name, &more, NULL, &error) && more);
  g_assert_cmpstr (name->str, ==, "\"b\"");
  g_assert_true (_strata_json_reader_next_member (reader, name, &more, NULL, &error) && more);
  g_assert_cmpstr (name->str, ==, "\"c\"");
  g_assert_true (_strata_json_reader_next_member (reader, name, &more, NULL, &error) && !more);

  g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error) && more);
  g_assert_true (_strata_json_reader_read_string (reader, buffer, 1, &n, NULL, &error));
  g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error) && more);
  g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error) && !more);
  g_assert_true (_strata_json_reader_finish (reader, NULL, &error));
  g_assert_no_error (error);
}

/* As g_bytes_get_data() gives it for no bytes. */
static void
test_empty_text_may_be_null (void)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (NULL, 0);
  g_autoptr(GError) error = NULL;
  StrataJsonKind kind;

  g_assert_false (_strata_json_reader_peek (reader, &kind, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
  _strata_json_for_each_string (NULL, 0, NULL, NULL);
}

/* Of a text that is only skipped by finish() all is checked as well. */
static void
test_finish_checks_everything (void)
{
  const char *text = "[1, 2, ]";
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  g_autoptr(GError) error = NULL;

  g_assert_false (_strata_json_reader_finish (reader, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
}

/* The text decides what there is, so asking for another thing is no crash. */
static void
test_wrong_kind_is_an_error (void)
{
  g_autoptr(StrataJsonReader) number = _strata_json_reader_new_for_data ("12", 2);
  g_autoptr(StrataJsonReader) string = _strata_json_reader_new_for_data ("[1]", 3);
  g_autoptr(StrataJsonReader) array = _strata_json_reader_new_for_data ("[1]", 3);
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GError) error = NULL;
  char buffer[4];
  gboolean more;
  gsize n;

  g_assert_false (_strata_json_reader_enter (number, NULL, &error));
  g_assert_cmpstr (error->message, ==,
                   "Expected an object or array at byte 0, line 1, column 1");
  g_clear_error (&error);

  g_assert_false (_strata_json_reader_read_string (string, buffer, 4, &n, NULL, &error));
  g_assert_cmpstr (error->message, ==, "Expected a string at byte 0, line 1, column 1");
  g_clear_error (&error);

  g_assert_true (_strata_json_reader_enter (array, NULL, &error));
  g_assert_false (_strata_json_reader_next_member (array, name, &more, NULL, &error));
  g_assert_cmpstr (error->message, ==,
                   "Expected to be in an object at byte 1, line 1, column 2");
}

/* Every call gives the error of the first that failed. */
static void
assert_stays_failed (StrataJsonReader *reader,
                     GError           *first)
{
  g_autoptr(GString) text = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;
  char buffer[4];
  gsize n;

  for (guint i = 0; i < 9; i++)
    {
      g_autoptr(GError) error = NULL;
      gboolean done =
        i == 0 ? _strata_json_reader_peek (reader, &kind, NULL, &error) :
        i == 1 ? _strata_json_reader_enter (reader, NULL, &error) :
        i == 2 ? _strata_json_reader_next_element (reader, &more, NULL, &error) :
        i == 3 ? _strata_json_reader_next_member (reader, text, &more, NULL, &error) :
        i == 4 ? _strata_json_reader_take (reader, NULL, NULL, NULL, &error) :
        i == 5 ? _strata_json_reader_take_string (reader, text, NULL, &error) :
        i == 6 ? _strata_json_reader_take_verbatim (reader, append_sink, text, NULL, &error) :
        i == 7 ? _strata_json_reader_read_string (reader, buffer, 4, &n, NULL, &error) :
                 _strata_json_reader_finish (reader, NULL, &error);

      g_assert_false (done);
      g_assert_error (error, first->domain, first->code);
      g_assert_cmpstr (error->message, ==, first->message);
    }
}

static void
test_errors_stay (void)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ("[1,x]", 5);
  g_autoptr(GError) error = NULL;

  g_assert_false (_strata_json_reader_take (reader, NULL, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
  assert_stays_failed (reader, error);
  g_assert_false (_strata_json_reader_take (reader, NULL, NULL, NULL, NULL));
}

static void
test_stream_errors_are_passed_on (void)
{
  static const char *const texts[] = { "", "[1", "[\"a", "{\"a\":", "{\"a", "12", " " };

  for (guint i = 0; i < G_N_ELEMENTS (texts) * N_WAYS; i++)
    {
      g_autoptr(TestStream) stream = test_stream_new (texts[i / N_WAYS], "", 0, "");
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (G_INPUT_STREAM (stream));
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      StrataJsonPosition position;

      stream->failure = TRUE;
      stream->piece = 1;
      g_assert_false (read_all (reader, i % N_WAYS, out, &error));
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_BROKEN_PIPE);
      assert_stays_failed (reader, error);
      _strata_json_reader_get_position (reader, &position);
      g_assert_cmpuint (position.offset, ==, strlen (texts[i / N_WAYS]));
    }
}

static gboolean
fail_sink (const char  *text,
           gsize        length,
           gpointer     user_data,
           GError     **error)
{
  guint *left = user_data;

  if ((*left)-- > 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "The disk is full");

  return FALSE;
}

static void
test_sink_errors_are_passed_on (void)
{
  for (guint i = 0; i < 8; i++)
    {
      g_autoptr(TestStream) stream = test_stream_new ("[", "\"abcdefgh\" , [ ], ", 60000, "7]");
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (G_INPUT_STREAM (stream));
      g_autoptr(GError) error = NULL;
      guint left = i / 2;

      if (i % 2 == 0)
        _strata_json_reader_take (reader, fail_sink, &left, NULL, &error);
      else
        _strata_json_reader_take_verbatim (reader, fail_sink, &left, NULL, &error);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      assert_stays_failed (reader, error);
    }
}

static gboolean
cancel_sink (const char  *text,
             gsize        length,
             gpointer     user_data,
             GError     **error)
{
  g_cancellable_cancel (user_data);

  return TRUE;
}

static void
test_cancel_stops_at_the_next_block (void)
{
  g_autoptr(GString) text = g_string_new ("[");

  while (text->len < 2 * 1024 * 1024)
    g_string_append (text, "\"abcdefgh\",");
  g_string_append (text, "1]");

  for (Source source = FROM_MEMORY; source <= FROM_WHOLE; source++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (text->str, text->len);
      g_autoptr(StrataJsonReader) reader = open_text (bytes, source);
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_autoptr(GError) error = NULL;
      StrataJsonPosition position;

      _strata_json_reader_take (reader, cancel_sink, cancellable, cancellable, &error);
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      _strata_json_reader_get_position (reader, &position);
      g_assert_cmpuint (position.offset, >, 0);
      g_assert_cmpuint (position.offset, <, text->len / 2);
    }
}

/* @levels times @open, which needs @close each, around a number. */
static gboolean
read_deep (const char  *open,
           const char  *close,
           guint        levels,
           Way          way,
           GString     *out,
           GError     **error)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < levels; i++)
    g_string_append (text, open);
  g_string_append_c (text, '1');
  for (guint i = 0; i < levels; i++)
    g_string_append (text, close);

  reader = _strata_json_reader_new_for_data (text->str, text->len);
  if (!read_all (reader, way, out, error))
    {
      assert_stays_failed (reader, *error);
      return FALSE;
    }
  if (way != BY_SKIP)
    g_assert_cmpmem (out->str, out->len, text->str, text->len);

  return TRUE;
}

static void
test_depth_limit (void)
{
  static const char *const pairs[][2] = { { "[", "]" }, { "{\"a\":", "}" }, { "[{\"a\":", "}]" } };

  for (guint i = 0; i < G_N_ELEMENTS (pairs) * N_WAYS; i++)
    {
      const char *open = pairs[i / N_WAYS][0];
      const char *close = pairs[i / N_WAYS][1];
      guint levels = STRATA_JSON_MAX_DEPTH / (open[1] == '{' ? 2 : 1);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      g_assert_true (read_deep (open, close, levels, i % N_WAYS, out, &error));
      g_assert_no_error (error);

      g_string_truncate (out, 0);
      g_assert_false (read_deep (open, close, levels + 1, i % N_WAYS, out, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP);
      g_assert_nonnull (strstr (error->message, "1000000 levels of nesting at byte "));
    }
}

typedef struct
{
  gsize   before;
  gsize   most;
  guint64 total;
} Usage;

static gsize
get_allocated (void)
{
  struct mallinfo2 info = mallinfo2 ();

  return info.uordblks + info.hblkhd;
}

static gboolean
measure_sink (const char  *text,
              gsize        length,
              gpointer     user_data,
              GError     **error)
{
  Usage *usage = user_data;
  gsize now = get_allocated ();

  usage->most = MAX (usage->most, now > usage->before ? now - usage->before : 0);
  usage->total += length;

  return TRUE;
}

/* However much there is of a thing, the reader holds one block. */
static void
test_memory_is_bounded (void)
{
  static const struct
  {
    const char *head;
    const char *body;
    const char *tail;
    gboolean    minified;
  } cases[] = {
    { "\"", "An endless string, \\n with é and more. ", "\"", TRUE },
    { "[", "123456789, ", "1]", FALSE },
    { "", "1234567890", "", TRUE },
    { "[", "{\"a\":\"b\"},", "1]", TRUE },
    { "[", "                  \n", "1]", FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      Usage usage = { .before = get_allocated () };
      guint64 repeat = 50 * 1000 * 1000 / strlen (cases[i].body);
      g_autoptr(TestStream) stream = test_stream_new (cases[i].head, cases[i].body, repeat,
                                                      cases[i].tail);
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (G_INPUT_STREAM (stream));
      g_autoptr(GError) error = NULL;

      _strata_json_reader_take (reader, measure_sink, &usage, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (usage.most, <, 1024 * 1024);
      if (cases[i].minified)
        g_assert_cmpuint (usage.total, ==, stream->offset);
    }
}

static void
test_endless_nesting_is_bounded (void)
{
  gsize before = get_allocated ();
  g_autoptr(TestStream) stream = test_stream_new ("", "{\"a\":", 1000 * 1000 * 1000, "");
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (G_INPUT_STREAM (stream));
  g_autoptr(GError) error = NULL;
  StrataJsonPosition position;

  g_assert_false (_strata_json_reader_take (reader, NULL, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP);
  _strata_json_reader_get_position (reader, &position);
  g_assert_cmpuint (position.offset, ==, STRATA_JSON_MAX_DEPTH * 5);
  g_assert_cmpuint (get_allocated (), <, before + 1024 * 1024);
}

typedef struct
{
  const char *from;
  const char *to;
  guint       calls;
} Calls;

static gboolean
count_sink (const char  *text,
            gsize        length,
            gpointer     user_data,
            GError     **error)
{
  Calls *calls = user_data;

  calls->calls++;
  if (calls->from != NULL)
    g_assert_true (text >= calls->from && text + length <= calls->to);

  return TRUE;
}

static void
test_sink_gets_long_runs (void)
{
  g_autoptr(GString) text = g_string_new ("[");
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < 40000; i++)
    g_string_append (text, "\n  {\n    \"name\": \"value\"\n  },");
  g_string_append (text, "1]");

  /* Twice: with its white space left out, then as it is, which is not copied. */
  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text->str, text->len);
      Calls calls = { NULL };

      if (i == 0)
        _strata_json_reader_take (reader, count_sink, &calls, NULL, &error);
      else
        {
          calls.from = text->str;
          calls.to = text->str + text->len;
          _strata_json_reader_take_verbatim (reader, count_sink, &calls, NULL, &error);
        }
      g_assert_no_error (error);
      g_assert_cmpuint (calls.calls, <, text->len / (16 * 1024));
    }
}

static void
test_read_string_in_any_buffer (void)
{
  static const gsize sizes[] = { 1, 2, 3, 5, 7, 64, 4096 };
  const char *inside = "plain \\\" \\\\ \\u00e9 é 😀 \\ud83d and more than a few bytes of text";
  g_autofree char *text = g_strdup_printf ("[\"\", \"%s\",\"\\\\\"]", inside);

  for (guint i = 0; i < G_N_ELEMENTS (sizes) * N_SOURCES; i++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (text, strlen (text));
      g_autoptr(StrataJsonReader) reader = open_text (bytes, i % N_SOURCES);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      gsize size = sizes[i / N_SOURCES];
      g_autofree char *buffer = g_malloc (size);
      gboolean more;
      gsize n;

      g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
      while (_strata_json_reader_next_element (reader, &more, NULL, &error) && more)
        {
          do
            {
              _strata_json_reader_read_string (reader, buffer, size, &n, NULL, &error);
              g_assert_no_error (error);
              g_assert_cmpuint (n, <=, size);
              g_string_append_len (out, buffer, n);
            }
          while (n > 0);
          g_string_append_c (out, '|');
        }

      g_assert_true (_strata_json_reader_finish (reader, NULL, &error));
      g_assert_true (g_str_has_prefix (out->str + 1, inside));
      g_assert_cmpstr (out->str + 1 + strlen (inside), ==, "|\\\\|");
    }
}

static void
test_read_string_up_to_a_flaw (void)
{
  static const char *const flaws[] = { "\n", "\\x", "\\u12x", "\xff", "\xe2\x82x" };
  static const gsize before_flaw[] = { 0, 1, 4, 0, 2 };

  for (guint i = 0; i < G_N_ELEMENTS (flaws) * N_SOURCES; i++)
    {
      guint flaw = i / N_SOURCES;
      g_autofree char *text = g_strdup_printf ("\"some text%s and more\"", flaws[flaw]);
      g_autofree char *expected = g_strdup_printf ("some text%.*s", (int)before_flaw[flaw], flaws[flaw]);
      g_autoptr(GBytes) bytes = g_bytes_new_static (text, strlen (text));
      g_autoptr(StrataJsonReader) reader = open_text (bytes, i % N_SOURCES);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      StrataJsonPosition position;
      char buffer[100];
      gsize n;

      while (_strata_json_reader_read_string (reader, buffer, sizeof buffer, &n, NULL, &error) && n > 0)
        g_string_append_len (out, buffer, (gssize)n);

      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
      g_assert_cmpstr (out->str, ==, expected);
      _strata_json_reader_get_position (reader, &position);
      g_assert_cmpuint (position.offset, ==, 1 + strlen (expected));
      assert_stays_failed (reader, error);
    }
}

static void
test_read_string_of_any_length (void)
{
  g_autoptr(TestStream) stream = test_stream_new ("\"", "0123456789abcde\\n", 4000000, "\" ");
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (G_INPUT_STREAM (stream));
  g_autoptr(GError) error = NULL;
  guint64 total = 0;
  char buffer[10000];
  gsize n;

  do
    {
      _strata_json_reader_read_string (reader, buffer, sizeof buffer, &n, NULL, &error);
      g_assert_no_error (error);
      for (gsize i = 0; i < n; i++)
        g_assert_cmpint (buffer[i], ==, "0123456789abcde\\n"[(total + i) % 17]);
      total += n;
    }
  while (n > 0);

  g_assert_cmpuint (total, ==, 17 * 4000000);
  g_assert_true (_strata_json_reader_finish (reader, NULL, &error));
}

static void
test_position_of_each_element (void)
{
  const char *text = "[\n  1,\n\n  [2,\n 3],\r\n  \"x\"]";
  static const StrataJsonPosition expected[] = { { 4, 2, 3 }, { 10, 4, 3 }, { 22, 6, 3 } };

  for (Source source = 0; source < N_SOURCES; source++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (text, strlen (text));
      g_autoptr(StrataJsonReader) reader = open_text (bytes, source);
      g_autoptr(GError) error = NULL;
      StrataJsonPosition position;
      StrataJsonKind kind;
      gboolean more;

      g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
      for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
        {
          g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error) && more);
          g_assert_true (_strata_json_reader_peek (reader, &kind, NULL, &error));
          _strata_json_reader_get_position (reader, &position);
          g_assert_cmpuint (position.offset, ==, expected[i].offset);
          g_assert_cmpuint (position.line, ==, expected[i].line);
          g_assert_cmpuint (position.column, ==, expected[i].column);
        }
    }
}

/* A second opinion, written to be plain: whether there is a value at *@inout_p,
 * which it moves over. Small texts only.
 */
static gboolean pass_value (const char **inout_p, const char *end, guint depth);

static void
pass_space (const char **inout_p,
            const char  *end)
{
  while (*inout_p < end && **inout_p != '\0' && strchr (" \t\r\n", **inout_p) != NULL)
    ++*inout_p;
}

static gboolean
pass_byte (const char **inout_p,
           const char  *end,
           char         c)
{
  if (*inout_p == end || **inout_p != c)
    return FALSE;

  ++*inout_p;

  return TRUE;
}

static gsize
pass_digits (const char **inout_p,
             const char  *end)
{
  const char *from = *inout_p;

  while (*inout_p < end && **inout_p >= '0' && **inout_p <= '9')
    ++*inout_p;

  return *inout_p - from;
}

static gboolean
pass_number (const char **inout_p,
             const char  *end)
{
  pass_byte (inout_p, end, '-');
  if (!pass_byte (inout_p, end, '0') && pass_digits (inout_p, end) == 0)
    return FALSE;
  if (pass_byte (inout_p, end, '.') && pass_digits (inout_p, end) == 0)
    return FALSE;
  if (!pass_byte (inout_p, end, 'e') && !pass_byte (inout_p, end, 'E'))
    return TRUE;
  if (!pass_byte (inout_p, end, '+'))
    pass_byte (inout_p, end, '-');

  return pass_digits (inout_p, end) > 0;
}

static gboolean
pass_string (const char **inout_p,
             const char  *end)
{
  const char *from = *inout_p + 1;

  if (!pass_byte (inout_p, end, '"'))
    return FALSE;

  for (; *inout_p < end && **inout_p != '"'; ++*inout_p)
    {
      if ((guchar) **inout_p < 0x20)
        return FALSE;
      if (**inout_p != '\\')
        continue;
      if (++*inout_p == end || **inout_p == '\0' || strchr ("\"\\/bfnrtu", **inout_p) == NULL)
        return FALSE;
      if (**inout_p != 'u')
        continue;
      for (guint i = 0; i < 4; i++)
        if (++*inout_p == end || !g_ascii_isxdigit (**inout_p))
          return FALSE;
    }

  return *inout_p < end && g_utf8_validate_len (from, *inout_p - from, NULL) &&
         pass_byte (inout_p, end, '"');
}

static gboolean
pass_container (const char **inout_p,
                const char  *end,
                guint        depth)
{
  gboolean is_object = *(*inout_p)++ == '{';
  char close = is_object ? '}' : ']';

  pass_space (inout_p, end);
  if (pass_byte (inout_p, end, close))
    return TRUE;

  do
    {
      pass_space (inout_p, end);
      if (is_object)
        {
          if (!pass_string (inout_p, end))
            return FALSE;
          pass_space (inout_p, end);
          if (!pass_byte (inout_p, end, ':'))
            return FALSE;
        }
      if (!pass_value (inout_p, end, depth + 1))
        return FALSE;
      pass_space (inout_p, end);
    }
  while (pass_byte (inout_p, end, ','));

  return pass_byte (inout_p, end, close);
}

static gboolean
pass_value (const char **inout_p,
            const char  *end,
            guint        depth)
{
  static const char *const words[] = { "true", "false", "null" };

  pass_space (inout_p, end);
  if (*inout_p == end)
    return FALSE;
  if (**inout_p == '{' || **inout_p == '[')
    return pass_container (inout_p, end, depth);
  if (**inout_p == '"')
    return pass_string (inout_p, end);

  for (guint i = 0; i < G_N_ELEMENTS (words); i++)
    if ((gsize) (end - *inout_p) >= strlen (words[i]) &&
        strncmp (*inout_p, words[i], strlen (words[i])) == 0)
      {
        *inout_p += strlen (words[i]);
        return TRUE;
      }

  return pass_number (inout_p, end);
}

static gboolean
is_json (GString *text)
{
  const char *p = text->str;
  const char *end = p + text->len;

  if (text->len >= 3 && memcmp (p, "\xef\xbb\xbf", 3) == 0)
    p += 3;
  if (!pass_value (&p, end, 0))
    return FALSE;
  pass_space (&p, end);

  return p == end;
}

static const char *
pick (const char *const *choices)
{
  return choices[g_test_rand_int_range (0, g_strv_length ((char **) choices))];
}

static void
append_random_space (GString *text)
{
  static const char *const spaces[] = { "", "", "", " ", "\n", "\t", "\r\n", "  ", "\n        ",
                                        "\n                            \t", NULL };

  g_string_append (text, pick (spaces));
}

static void
append_random_string (GString *text)
{
  static const char *const pieces[] = { "a", "bc", "0123456789", "é", "€", "😀", "\xf4\x8f\xbf\xbf",
                                        "\\n", "\\\"", "\\\\", "\\u0000", "\\uD83D\\uDe00",
                                        "\\ud800", "[", "}", ", ", ": ", "\x7f",
                                        "a rather long piece of text, more than 32 bytes", NULL };
  guint n = g_test_rand_int_range (0, 8);

  g_string_append_c (text, '"');
  for (guint i = 0; i < n; i++)
    g_string_append (text, pick (pieces));
  g_string_append_c (text, '"');
}

static void
append_random_value (GString *text,
                     guint    depth)
{
  static const char *const scalars[] = { "true", "false", "null", "0", "-1", "1.5", "-0.25e+10",
                                         "1E5", "1e-7", "1758658129120", "[]", "{}", NULL };
  int kind = g_test_rand_int_range (depth == 0 ? 4 : 0, depth < 6 ? 8 : 4);
  gboolean is_object = kind >= 6;
  guint n = g_test_rand_int_range (0, 6);

  if (kind < 2)
    g_string_append (text, pick (scalars));
  else if (kind < 4)
    append_random_string (text);
  if (kind < 4)
    return;

  g_string_append_c (text, is_object ? '{' : '[');
  for (guint i = 0; i < n; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      append_random_space (text);
      if (is_object)
        {
          append_random_string (text);
          append_random_space (text);
          g_string_append_c (text, ':');
          append_random_space (text);
        }
      append_random_value (text, depth + 1);
      append_random_space (text);
    }
  append_random_space (text);
  g_string_append_c (text, is_object ? '}' : ']');
}

static void
test_random_texts (void)
{
  guint n = g_test_slow () ? 20000 : 1000;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GBytes) bytes = NULL;
      StrataJsonPosition position = { 0 };

      append_random_space (text);
      append_random_value (text, 0);
      append_random_space (text);
      g_assert_true (is_json (text));

      bytes = g_bytes_new (text->str, text->len);
      g_assert_true (read_in_all_ways (bytes, out, &position));
      g_assert_cmpuint (position.offset, ==, text->len);
      minify_naively (text);
      g_assert_cmpmem (out->str, out->len, text->str, text->len);
    }
}

static void
mutate (GString *text)
{
  static const char bytes[] = "{}[]:,\"\\ \n\t\r0123456789+-.eEtrufalsn\x01\x1f\x7f\x80\xbf\xc2\xe0"
                              "\xed\xf0\xf4\xff";
  gsize at = g_test_rand_int_range (0, text->len);
  char c = bytes[g_test_rand_int_range (0, sizeof bytes)];

  switch (g_test_rand_int_range (0, 4))
    {
    case 0:
      g_string_erase (text, at, 1);
      break;
    case 1:
      g_string_insert_c (text, at, c);
      break;
    case 2:
      text->str[at] = g_test_rand_int_range (0, 256);
      break;
    default:
      text->str[at] = c;
    }
}

/* One byte of a text is changed: the two opinions must stay the same. */
static void
test_random_mutations (void)
{
  guint n_valid = 0;
  guint n = g_test_slow () ? 100000 : 4000;

  for (guint i = 0; i < n; i++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autoptr(GString) out = g_string_new (NULL);
      g_autoptr(GBytes) bytes = NULL;
      StrataJsonPosition position = { 0 };
      gboolean valid;

      append_random_value (text, 2);
      mutate (text);
      bytes = g_bytes_new (text->str, text->len);
      valid = read_in_all_ways (bytes, out, &position);
      n_valid += valid;

      if (valid != is_json (text))
        g_error ("The opinions about this differ: %s", text->str);
    }

  /* Neither all nor none: something was tested. */
  g_assert_cmpuint (n_valid, >, n / 10);
  g_assert_cmpuint (n_valid, <, n - n / 10);
}

static gboolean
append_pair (const char *token,
             gsize       length,
             const char *name,
             gsize       name_length,
             gpointer    user_data)
{
  GString *out = user_data;

  if (name != NULL)
    g_string_append_len (out, name, name_length);
  g_string_append_c (out, '=');
  g_string_append_len (out, token, length);
  g_string_append_c (out, ' ');

  return strncmp (token, "\"stop\"", length) != 0;
}

static void
test_for_each_string (void)
{
  static const struct
  {
    const char *text;
    const char *pairs;
  } cases[] = {
    { "", "" },
    { "12", "" },
    { "\"a\"", "=\"a\" " },
    { "[\"a\", [\"b\"]]", "=\"a\" =\"b\" " },
    { "{\"n\" : \"a\"}", "\"n\"=\"a\" " },
    { "{\"n\":[\"a\",[\"b\"],1,\"c\"]}", "\"n\"=\"a\" \"n\"=\"b\" \"n\"=\"c\" " },
    { "{\"n\":[{\"m\":\"a\"},\"b\"],\"o\":\"c\"}", "\"m\"=\"a\" \"n\"=\"b\" \"o\"=\"c\" " },
    { "[{\"n\":1},\"a\",{\"m\":{\"k\":{}}},\"b\"]", "=\"a\" =\"b\" " },
    { "{\"n\":{},\"m\":\"a\"}", "\"m\"=\"a\" " },
    { "{\"n\\\"\\\\\":\"a\\\"{}\\\\\",\"\":\":\"}",
      "\"n\\\"\\\\\"=\"a\\\"{}\\\\\" \"\"=\":\" " },
    { "[\"a\",\"stop\",\"b\"]", "=\"a\" =\"stop\" " },
    { "{\"a name of some length\":        \"a value of some length, é, more than 32\"}",
      "\"a name of some length\"=\"a value of some length, é, more than 32\" " },
    /* What the caller should not pass must at least be no disaster. */
    { "}}]\"a", "=\"a " },
    { "\"\\", "=\"\\ " },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(GString) out = g_string_new (NULL);
      g_autofree char *exact = g_memdup2 (cases[i].text, strlen (cases[i].text));

      _strata_json_for_each_string (exact, strlen (cases[i].text), append_pair, out);
      g_assert_cmpstr (out->str, ==, cases[i].pairs);
    }
}

static void
test_unquote (void)
{
  static const struct
  {
    const char *token;
    const char *text;
  } cases[] = {
    { "\"\"", "" },
    { "\"plain é 😀 text\"", "plain é 😀 text" },
    { "\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"", "\"\\/\b\f\n\r\t" },
    { "\"a\\u0041\\u00e9\\u20AC\\uffff|\"", "aAé€\xef\xbf\xbf|" },
    { "\"\\ud83d\\ude00\"", "😀" },
    { "\"\\uD800\\uDC00\\udbff\\udfff\"", "\xf0\x90\x80\x80\xf4\x8f\xbf\xbf" },
    { "\"\\ud83d\"", "\xef\xbf\xbd" },
    { "\"\\ude00x\"", "\xef\xbf\xbdx" },
    { "\"\\ud83dx\"", "\xef\xbf\xbdx" },
    { "\"\\ud83d\\n\"", "\xef\xbf\xbd\n" },
    { "\"\\ud83d\\u0041\"", "\xef\xbf\xbd" "A" },
    { "\"\\ud83d\\ud83d\\ude00\"", "\xef\xbf\xbd😀" },
    { "\"\\ude00\\ud83d\"", "\xef\xbf\xbd\xef\xbf\xbd" },
    { "\"a\\u0000b\"", "a\xef\xbf\xbd" "b" },
    { "\"0123456789abcdef\\\\0123456789abcdef\"", "0123456789abcdef\\0123456789abcdef" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      gsize length = strlen (cases[i].token);
      g_autofree char *exact = g_memdup2 (cases[i].token, length);
      g_autofree char *text = _strata_json_unquote (exact, length);

      g_assert_cmpstr (text, ==, cases[i].text);
      g_assert_true (g_utf8_validate (text, -1, NULL));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function) g_test_add_func ("/json-reader/" name, function)
  ADD ("suite", test_suite);
  ADD ("error-positions", test_error_positions);
  ADD ("nul-is-no-end", test_nul_is_no_end);
  ADD ("tokens-stay-as-they-were", test_tokens_stay_as_they_were);
  ADD ("verbatim-keeps-white-space", test_verbatim_keeps_white_space);
  ADD ("what-is-not-taken-is-skipped", test_what_is_not_taken_is_skipped);
  ADD ("empty-text-may-be-null", test_empty_text_may_be_null);
  ADD ("finish-checks-everything", test_finish_checks_everything);
  ADD ("wrong-kind-is-an-error", test_wrong_kind_is_an_error);
  ADD ("errors-stay", test_errors_stay);
  ADD ("stream-errors-are-passed-on", test_stream_errors_are_passed_on);
  ADD ("sink-errors-are-passed-on", test_sink_errors_are_passed_on);
  ADD ("cancel-stops-at-the-next-block", test_cancel_stops_at_the_next_block);
  ADD ("depth-limit", test_depth_limit);
  ADD ("memory-is-bounded", test_memory_is_bounded);
  ADD ("endless-nesting-is-bounded", test_endless_nesting_is_bounded);
  ADD ("sink-gets-long-runs", test_sink_gets_long_runs);
  ADD ("read-string-in-any-buffer", test_read_string_in_any_buffer);
  ADD ("read-string-up-to-a-flaw", test_read_string_up_to_a_flaw);
  ADD ("read-string-of-any-length", test_read_string_of_any_length);
  ADD ("position-of-each-element", test_position_of_each_element);
  ADD ("random-texts", test_random_texts);
  ADD ("random-mutations", test_random_mutations);
  ADD ("for-each-string", test_for_each_string);
  ADD ("unquote", test_unquote);

  return g_test_run ();
}

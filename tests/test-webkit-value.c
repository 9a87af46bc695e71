/* test-webkit-value.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "chunk-stream.h"
#include "legacy/strata-webkit-value-private.h"
#include "webkit-encoder.h"

/* What reading a value came to */
typedef struct
{
  char      *text;       /* what was given, up to the error if there was one */
  GError    *error;
  GPtrArray *told;       /* "path what" */
  guint64    n_foreign;
  gboolean   has_trailing_bytes;
} Result;

static void
result_free (Result *result)
{
  g_free (result->text);
  g_clear_error (&result->error);
  g_ptr_array_unref (result->told);
  g_free (result);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Result, result_free)

static void
note_foreign (const char *path,
              const char *what,
              gpointer    user_data)
{
  g_assert_true (g_utf8_validate (path, -1, NULL));
  g_ptr_array_add (user_data, g_strdup_printf ("%s %s", path, what));
}

static void
read_stream (GInputStream *stream,
             gsize         piece_size,
             Result       *result)
{
  g_autoptr(GByteArray) text = chunk_stream_read_all (stream, piece_size, &result->error);

  g_byte_array_append (text, (const guint8 *)"", 1);
  g_free (result->text);
  result->text = g_strdup ((const char *)text->data);
  g_assert_cmpuint (strlen (result->text), ==, text->len - 1);
  g_assert_cmpint (g_seekable_tell (G_SEEKABLE (stream)), ==, text->len - 1);
  result->n_foreign = _strata_webkit_value_get_n_foreign (STRATA_WEBKIT_VALUE (stream));
  result->has_trailing_bytes = _strata_webkit_value_has_trailing_bytes (STRATA_WEBKIT_VALUE (stream));
}

static Result *
decode_with (const guint8 *bytes,
             gsize         size,
             gsize         piece_size,
             guint64       max_work)
{
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data (bytes, (gssize)size, NULL);
  g_autoptr(GInputStream) stream = NULL;
  Result *result = g_new0 (Result, 1);

  result->told = g_ptr_array_new_with_free_func (g_free);
  stream = _strata_webkit_value_new (base, note_foreign, result->told);
  if (max_work > 0)
    _strata_webkit_value_set_max_work (STRATA_WEBKIT_VALUE (stream), max_work);
  read_stream (stream, piece_size, result);

  return result;
}

static Result *
decode (WebkitEncoder *encoder)
{
  return decode_with (encoder->bytes->data, encoder->bytes->len, 4096, 0);
}

static void
assert_decodes_to (WebkitEncoder *encoder,
                   const char    *expected)
{
  g_autoptr(Result) result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, expected);
  g_assert_cmpuint (result->told->len, ==, 0);
  g_assert_false (result->has_trailing_bytes);
}

/* A value that is damaged, and the text that is to be had of it */
static void
assert_damaged (WebkitEncoder *encoder,
                const char    *expected)
{
  g_autoptr(Result) result = decode (encoder);

  g_assert_error (result->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_assert_true (g_utf8_validate (result->error->message, -1, NULL));
  g_assert_cmpstr (result->text, ==, expected);
}

static void
test_values_without_parts (void)
{
  static const struct
  {
    guint8      tag;
    const char *text;
  } cases[] = {
    { 3, "null" }, { 4, "null" }, { 6, "0" }, { 7, "1" }, { 8, "false" }, { 9, "true" }, { 17, "\"\"" },
    { 24, "true" }, { 25, "false" }, { 27, "\"\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

      webkit_encoder_u8 (encoder, cases[i].tag);

      assert_decodes_to (encoder, cases[i].text);
    }
}

static const struct
{
  double      value;
  const char *text;
} numbers[] = {
  { 0, "0" }, { -0.0, "0" }, { 1, "1" }, { -1, "-1" }, { 0.1, "0.1" }, { -0.1, "-0.1" }, { 1.5, "1.5" }, { 100, "100" },
  { 5e-324, "5e-324" }, { 1e-323, "1e-323" }, { 2.2250738585072014e-308, "2.2250738585072014e-308" },
  { 2.225073858507201e-308, "2.225073858507201e-308" }, { 1.7976931348623157e308, "1.7976931348623157e+308" },
  { 1e21, "1e+21" }, { 1e20, "100000000000000000000" }, { 1.5e21, "1.5e+21" }, { 123456789012345680000.0, "123456789012345680000" },
  { 1e-6, "0.000001" }, { 1e-7, "1e-7" }, { 1.5e-7, "1.5e-7" }, { 1.25e-6, "0.00000125" }, { -1e-7, "-1e-7" },
  { 9007199254740991.0, "9007199254740991" }, { 9007199254740992.0, "9007199254740992" },
  { 9007199254740994.0, "9007199254740994" }, { 0.30000000000000004, "0.30000000000000004" },
  { 5.684341886080802e-14, "5.684341886080802e-14" }, { 1.1754943508222875e-38, "1.1754943508222875e-38" },
  { 9.5367431640625e-7, "9.5367431640625e-7" }, { 2147483648.0, "2147483648" }, { 1759225127834.0, "1759225127834" },
  { 4.35, "4.35" }, { 0.000001234, "0.000001234" }, { 123.456, "123.456" }, { 1e300, "1e+300" }, { 9.999999999999999e22, "1e+23" },
  { INFINITY, "null" }, { -INFINITY, "null" }, { NAN, "null" },
};

static void
test_numbers_are_spelled_as_in_javascript (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (numbers); i++)
    {
      g_autoptr(WebkitEncoder) plain = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(WebkitEncoder) wrapped = webkit_encoder_new (WEBKIT_VERSION);

      webkit_encoder_number (plain, numbers[i].value);
      webkit_encoder_u8 (wrapped, 28);
      webkit_encoder_double (wrapped, numbers[i].value);

      assert_decodes_to (plain, numbers[i].text);
      assert_decodes_to (wrapped, numbers[i].text);
    }
}

static void
test_numbers_come_back (void)
{
  for (guint round = 0; round < 20000; round++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(Result) result = NULL;
      guint64 bits = (guint64)(guint32)g_test_rand_int () << 32 | (guint32)g_test_rand_int ();
      double value;

      memcpy (&value, &bits, sizeof value);
      webkit_encoder_number (encoder, value);
      result = decode (encoder);

      g_assert_no_error (result->error);
      if (isfinite (value))
        g_assert_true (g_ascii_strtod (result->text, NULL) == value);
      else
        g_assert_cmpstr (result->text, ==, "null");
      g_assert_cmpuint (strlen (result->text), <=, 25);
    }
}

static void
test_integers (void)
{
  static const gint32 cases[] = { 0, 1, -1, 2, 255, 65536, G_MAXINT32, G_MININT32 };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autofree char *text = g_strdup_printf ("%d", cases[i]);

      webkit_encoder_int (encoder, cases[i]);

      assert_decodes_to (encoder, text);
    }
}

static void
test_dates_are_iso_strings (void)
{
  static const struct
  {
    double      ms;
    const char *text;
  } cases[] = {
    { 0, "\"1970-01-01T00:00:00.000Z\"" },
    { -1, "\"1969-12-31T23:59:59.999Z\"" },
    { 1759225127834.0, "\"2025-09-30T09:38:47.834Z\"" },
    { 951782400000.0, "\"2000-02-29T00:00:00.000Z\"" },
    { -2203891200001.0, "\"1900-02-28T23:59:59.999Z\"" },
    { -2203891200000.0, "\"1900-03-01T00:00:00.000Z\"" },
    { 253402300799999.0, "\"9999-12-31T23:59:59.999Z\"" },
    { 253402300800000.0, "\"+010000-01-01T00:00:00.000Z\"" },
    { -62167219200000.0, "\"0000-01-01T00:00:00.000Z\"" },
    { -62167219200001.0, "\"-000001-12-31T23:59:59.999Z\"" },
    { 8.64e15, "\"+275760-09-13T00:00:00.000Z\"" },
    { -8.64e15, "\"-271821-04-20T00:00:00.000Z\"" },
    { 8.64e15 + 1, "null" },
    { NAN, "null" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

      webkit_encoder_u8 (encoder, 11);
      webkit_encoder_double (encoder, cases[i].ms);

      assert_decodes_to (encoder, cases[i].text);
    }
}

static void
test_strings_are_escaped_as_in_javascript (void)
{
  static const struct
  {
    guint16     units[8];
    gsize       n_units;
    const char *text;
  } cases[] = {
    { { 'a' }, 1, "\"a\"" },
    { { '"', '\\', '/' }, 3, "\"\\\"\\\\/\"" },
    { { 8, 9, 10, 12, 13 }, 5, "\"\\b\\t\\n\\f\\r\"" },
    { { 0, 1, 0x1f, 0x7f }, 4, "\"\\u0000\\u0001\\u001f\x7f\"" },
    { { 0xe9, 0xff, 0x80 }, 3, "\"\xc3\xa9\xc3\xbf\xc2\x80\"" },
    { { 0x2028, 0x2029, 0xfeff }, 3, "\"\xe2\x80\xa8\xe2\x80\xa9\xef\xbb\xbf\"" },
    { { 0x4e2d, '"', 0x7ff, 0x800, 0xffff }, 5, "\"\xe4\xb8\xad\\\"\xdf\xbf\xe0\xa0\x80\xef\xbf\xbf\"" },
    { { 0xd83d, 0xde80 }, 2, "\"\xf0\x9f\x9a\x80\"" },
    { { 0xdbff, 0xdfff, 0xd800, 0xdc00 }, 4, "\"\xf4\x8f\xbf\xbf\xf0\x90\x80\x80\"" },
    { { 0xd83d }, 1, "\"\\ud83d\"" },
    { { 0xde80 }, 1, "\"\\ude80\"" },
    { { 0xde80, 0xd83d }, 2, "\"\\ude80\\ud83d\"" },
    { { 0xd83d, 0xd83d, 0xde80, 0xde80 }, 4, "\"\\ud83d\xf0\x9f\x9a\x80\\ude80\"" },
    { { 0xd83d, 'x', 0xdabc }, 3, "\"\\ud83dx\\udabc\"" },
    { { 0 }, 0, "\"\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint8 tag = 16; tag <= 26; tag += 10)
      {
        g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
        g_autofree char *as_member = g_strdup_printf ("{%s:%s}", cases[i].text, cases[i].text);

        webkit_encoder_begin_object (encoder);
        webkit_encoder_units (encoder, cases[i].units, cases[i].n_units);
        webkit_encoder_u8 (encoder, tag);
        webkit_encoder_units (encoder, cases[i].units, cases[i].n_units);
        webkit_encoder_end_object (encoder);

        assert_decodes_to (encoder, as_member);
      }
}

/* A string of 8-bit, or 16-bit, characters that is longer than any buffer */
static void
test_long_strings_go_through_in_pieces (void)
{
  const gsize n_units = 300001;
  g_autofree guint16 *units = g_new (guint16, n_units);

  for (guint wide = 0; wide <= 1; wide++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(GString) literal = g_string_new (NULL);
      g_autofree char *expected = NULL;

      for (gsize i = 0; i < n_units; i++)
        units[i] = wide ? (i % 2 ? 0xde80 : 0xd83d) : i % 3 ? 'b' : 0xe9;
      for (gsize i = 0; i < n_units; i++)
        g_string_append (literal, wide ? (i % 2 ? "" : i + 1 < n_units ? "\xf0\x9f\x9a\x80" : "\\ud83d") : i % 3 ? "b" : "\xc3\xa9");
      webkit_encoder_begin_object (encoder);
      webkit_encoder_units (encoder, units, n_units);   /* as a name */
      webkit_encoder_u8 (encoder, 16);
      webkit_encoder_units (encoder, units, n_units);   /* of the pool */
      webkit_encoder_text (encoder, "b");
      webkit_encoder_u8 (encoder, 16);
      webkit_encoder_units (encoder, units, n_units - 1);
      webkit_encoder_end_object (encoder);
      expected = g_strdup_printf ("{\"%s\":\"%s\",\"b\":\"%.*s\"}", literal->str, literal->str,
                                  (int)literal->len - (wide ? 6 : (n_units - 1) % 3 ? 1 : 2), literal->str);

      for (gsize piece_size = 1000; piece_size < 100000; piece_size *= 7)
        {
          g_autoptr(Result) result = decode_with (encoder->bytes->data, encoder->bytes->len, piece_size, 0);

          g_assert_no_error (result->error);
          g_assert_true (g_str_equal (result->text, expected));
        }
    }
}

static void
test_pools_of_any_size (void)
{
  static const guint sizes[] = { 1, 254, 255, 256, 257, 65534, 65535, 65536, 65537, 70000 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(GString) expected = g_string_new ("[");
      guint32 first, last = 0;

      webkit_encoder_begin_array (encoder, sizes[i] + 4);
      first = encoder->n_objects;
      for (guint j = 0; j < sizes[i]; j++)
        {
          g_autofree char *name = g_strdup_printf ("n%u", j);

          webkit_encoder_u32 (encoder, j);
          last = webkit_encoder_begin_object (encoder);
          webkit_encoder_text (encoder, name);
          webkit_encoder_string (encoder, name);
          webkit_encoder_end_object (encoder);
          g_string_append_printf (expected, "{\"%s\":\"%s\"},", name, name);
        }
      webkit_encoder_u32 (encoder, sizes[i]);
      webkit_encoder_reference (encoder, first);
      webkit_encoder_u32 (encoder, sizes[i] + 1);
      webkit_encoder_reference (encoder, last);
      webkit_encoder_u32 (encoder, sizes[i] + 2);
      webkit_encoder_string (encoder, "n0");
      webkit_encoder_u32 (encoder, sizes[i] + 3);
      webkit_encoder_string (encoder, "é中");
      webkit_encoder_end_array (encoder);
      g_string_append_printf (expected, "{\"n0\":\"n0\"},{\"n%u\":\"n%u\"},\"n0\",\"é中\"]", sizes[i] - 1, sizes[i] - 1);

      assert_decodes_to (encoder, expected->str);
    }
}

/* What was referred to is read as it was when it was first met: with as many strings and objects. */
static void
test_references_are_read_with_the_pools_of_their_time (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(GString) expected = g_string_new ("{\"a\":[{\"x\":\"x\"},{\"y\":[{\"x\":\"x\"}]}],\"pad\":[");
  guint32 outer, inner;

  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "a");
  outer = webkit_encoder_begin_array (encoder, 2);
  webkit_encoder_u32 (encoder, 0);
  inner = webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "x");
  webkit_encoder_string (encoder, "x");
  webkit_encoder_end_object (encoder);
  webkit_encoder_u32 (encoder, 1);
  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "y");
  webkit_encoder_begin_array (encoder, 1);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_reference (encoder, inner);
  webkit_encoder_end_array (encoder);
  webkit_encoder_end_object (encoder);
  webkit_encoder_end_array (encoder);
  webkit_encoder_text (encoder, "pad");
  webkit_encoder_begin_array (encoder, 400);
  for (guint i = 0; i < 400; i++)
    {
      g_autofree char *name = g_strdup_printf ("p%u", i);

      webkit_encoder_u32 (encoder, i);
      webkit_encoder_begin_object (encoder);
      webkit_encoder_text (encoder, name);
      webkit_encoder_int (encoder, 1);
      webkit_encoder_end_object (encoder);
      g_string_append_printf (expected, "%s{\"%s\":1}", i > 0 ? "," : "", name);
    }
  webkit_encoder_end_array (encoder);
  webkit_encoder_text (encoder, "again");
  webkit_encoder_reference (encoder, outer);
  webkit_encoder_text (encoder, "y");
  webkit_encoder_string (encoder, "p399");
  webkit_encoder_end_object (encoder);
  g_string_append (expected, "],\"again\":[{\"x\":\"x\"},{\"y\":[{\"x\":\"x\"}]}],\"y\":\"p399\"}");

  assert_decodes_to (encoder, expected->str);
}

static void
test_wrapped_values_can_be_referred_to (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

  webkit_encoder_begin_array (encoder, 8);
  for (guint i = 0; i < 4; i++)
    {
      static const guint8 tags[] = { 24, 26, 27, 28 };

      webkit_encoder_u32 (encoder, i);
      webkit_encoder_u8 (encoder, tags[i]);
      encoder->n_objects++;
      if (tags[i] == 26)
        webkit_encoder_text (encoder, "s");
      if (tags[i] == 28)
        webkit_encoder_double (encoder, 2.5);
    }
  for (guint i = 4; i < 8; i++)
    {
      webkit_encoder_u32 (encoder, i);
      webkit_encoder_reference (encoder, i - 3);
    }
  webkit_encoder_end_array (encoder);

  assert_decodes_to (encoder, "[true,\"s\",\"\",2.5,true,\"s\",\"\",2.5]");
}

/* An object in itself, directly and through a reference: told, and not gone round for ever. */
static void
test_circles_are_cut (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;
  guint32 root, child;

  root = webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "child");
  child = webkit_encoder_begin_array (encoder, 3);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_reference (encoder, root);
  webkit_encoder_u32 (encoder, 1);
  webkit_encoder_reference (encoder, child);
  webkit_encoder_u32 (encoder, 2);
  webkit_encoder_int (encoder, 7);
  webkit_encoder_end_array (encoder);
  webkit_encoder_text (encoder, "again");
  webkit_encoder_reference (encoder, child);
  webkit_encoder_text (encoder, "self");
  webkit_encoder_reference (encoder, root);
  webkit_encoder_end_object (encoder);

  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, "{\"child\":[null,null,7],\"again\":[null,null,7]}");
  g_assert_cmpuint (result->told->len, ==, 5);
  g_assert_cmpstr (g_ptr_array_index (result->told, 0), ==, "$.child[0] reference to itself");
  g_assert_cmpstr (g_ptr_array_index (result->told, 1), ==, "$.child[1] reference to itself");
  g_assert_cmpstr (g_ptr_array_index (result->told, 2), ==, "$.again[0] reference to itself");
  g_assert_cmpstr (g_ptr_array_index (result->told, 4), ==, "$.self reference to itself");
}

static void
test_arrays_with_holes (void)
{
  static const struct
  {
    guint32     length;
    guint32     indexes[4]; /* up to 9999 */
    const char *text;
  } cases[] = {
    { 0, { 9999 }, "[]" },
    { 3, { 9999 }, "[null,null,null]" },
    { 1, { 0, 9999 }, "[7]" },
    { 5, { 1, 3, 9999 }, "[null,7,null,7,null]" },
    { 3, { 0, 2, 9999 }, "[7,null,7]" },
    { 2, { 0, 1, 3, 9999 }, "[7,7,null,7]" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    for (guint version = 4; version <= 15; version += 11)
      {
        g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (version);

        webkit_encoder_begin_array (encoder, cases[i].length);
        for (guint j = 0; cases[i].indexes[j] != 9999; j++)
          {
            webkit_encoder_u32 (encoder, cases[i].indexes[j]);
            webkit_encoder_int (encoder, 7);
          }
        webkit_encoder_end_array (encoder);

        assert_decodes_to (encoder, cases[i].text);
      }
}

static void
test_a_hole_may_be_large (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  webkit_encoder_begin_array (encoder, 100000);
  webkit_encoder_u32 (encoder, 99998);
  webkit_encoder_int (encoder, 7);
  webkit_encoder_end_array (encoder);

  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpuint (strlen (result->text), ==, 5 * 99999 + 3);
  g_assert_true (g_str_has_suffix (result->text, "null,7,null]"));
}

/* JSON.stringify() does not see them. */
static void
test_names_of_arrays_are_left_out (void)
{
  for (guint version = 4; version <= 15; version += 11)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (version);
      guint32 hidden;

      webkit_encoder_begin_object (encoder);
      webkit_encoder_text (encoder, "a");
      webkit_encoder_begin_array (encoder, 2);
      webkit_encoder_u32 (encoder, 0);
      webkit_encoder_int (encoder, 7);
      webkit_encoder_begin_names (encoder);
      webkit_encoder_text (encoder, "name");
      webkit_encoder_string (encoder, "value");
      webkit_encoder_text (encoder, "more");
      hidden = webkit_encoder_begin_array (encoder, 3);
      webkit_encoder_u32 (encoder, 1);
      webkit_encoder_string (encoder, "name");
      webkit_encoder_end_array (encoder);
      webkit_encoder_end_object (encoder);
      webkit_encoder_text (encoder, "name");
      webkit_encoder_reference (encoder, hidden);
      webkit_encoder_end_object (encoder);

      assert_decodes_to (encoder, "{\"a\":[7,null],\"name\":[null,\"name\",null]}");
    }
}

static void
test_undefined_is_left_out (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "a");
  webkit_encoder_u8 (encoder, 3);
  webkit_encoder_text (encoder, "b");
  webkit_encoder_begin_array (encoder, 2);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_u8 (encoder, 3);
  webkit_encoder_u32 (encoder, 1);
  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "c");
  webkit_encoder_u8 (encoder, 3);
  webkit_encoder_end_object (encoder);
  webkit_encoder_end_array (encoder);
  webkit_encoder_text (encoder, "d");
  webkit_encoder_u8 (encoder, 3);
  webkit_encoder_end_object (encoder);

  assert_decodes_to (encoder, "{\"b\":[null,{}]}");
}

/* In the order in which they were written, whatever they are called. */
static void
test_members_keep_their_order (void)
{
  static const char * const names[] = { "0", "7", "10", "b", "a", "__proto__", "toJSON", "", "constructor", "\"" };
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

  webkit_encoder_begin_object (encoder);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      webkit_encoder_text (encoder, names[i]);
      webkit_encoder_int (encoder, (gint32)i);
    }
  webkit_encoder_end_object (encoder);

  assert_decodes_to (encoder, "{\"0\":0,\"7\":1,\"10\":2,\"b\":3,\"a\":4,\"__proto__\":5,\"toJSON\":6,\"\":7,"
                              "\"constructor\":8,\"\\\"\":9}");
}

static void
write_nested_arrays (WebkitEncoder *encoder)
{
  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "a");
  webkit_encoder_begin_array (encoder, 2);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_begin_array (encoder, 1);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_int (encoder, 1);
  webkit_encoder_end_array (encoder);
  webkit_encoder_u32 (encoder, 1);
  webkit_encoder_string (encoder, "x");
  webkit_encoder_end_array (encoder);
  webkit_encoder_text (encoder, "b");
  webkit_encoder_string (encoder, "x");
  webkit_encoder_end_object (encoder);
}

#define NESTED_ARRAYS "{\"a\":[[1],\"x\"],\"b\":\"x\"}"

static void
test_every_version_is_read (void)
{
  for (guint major = 1; major <= 15; major++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (major);

      write_nested_arrays (encoder);

      assert_decodes_to (encoder, NESTED_ARRAYS);
    }
}

/* Two versions were written in two ways, and one that is not known yet may be like the last. */
static void
test_doubtful_versions_are_read_as_they_come_out_even (void)
{
  static const struct
  {
    guint32  version;
    gboolean ends_twice;
    gboolean is_read;
  } cases[] = {
    { 12, FALSE, TRUE }, { 12, TRUE, TRUE }, { WEBKIT_MINOR (12, 1), TRUE, TRUE },
    { 14, FALSE, TRUE }, { 14, TRUE, TRUE },
    { WEBKIT_MINOR (15, 1), TRUE, TRUE }, { 16, TRUE, TRUE }, { WEBKIT_MINOR (99, 3), TRUE, TRUE },
    { 16, FALSE, FALSE }, { WEBKIT_MINOR (13, 2), FALSE, FALSE }, { 0, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (cases[i].version);

      encoder->ends_twice = cases[i].ends_twice;
      write_nested_arrays (encoder);

      if (cases[i].is_read)
        assert_decodes_to (encoder, NESTED_ARRAYS);
      else
        assert_damaged (encoder, "");
    }
}

static void
test_of_a_damaged_doubtful_version_the_most_is_read (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (14);

  encoder->ends_twice = TRUE;
  write_nested_arrays (encoder);
  g_byte_array_set_size (encoder->bytes, encoder->bytes->len - 1);

  assert_damaged (encoder, "{\"a\":[[1],\"x\"],\"b\":\"x\"");
}

/* Things that have no place in JSON, and how they are written behind their tag:
 * numbers of bytes, 's' for a string, 'p' for a pooled one.
 */
static const struct
{
  guint8      tag;
  guint32     version;
  const char *bytes;      /* in hexadecimal; S: the string "s"; V: a byte of a value; O: counts as an object */
  const char *what;
} foreign[] = {
  { 12, 15, "SSSS 0000000000000000", "File" },
  { 12, 7, "SSSS 0000000000000000", "File" },
  { 13, 15, "02000000 SSSS 0000000000000000 SSSS 0000000000000000", "FileList" },
  { 13, 15, "00000000", "FileList" },
  { 14, 15, "01000000 01000000 04000000 01020304 00", "ImageData" },
  { 14, 7, "01000000 01000000 04000000 01020304", "ImageData" },
  { 14, 15, "feffffff 00", "ImageData" },
  { 15, 15, "SS 0000000000000000 0000000000000000", "Blob" },
  { 15, 10, "SS 0000000000000000", "Blob" },
  { 18, 15, "SS", "RegExp" },
  { 20, 15, "00000000", "MessagePort" },
  { 21, 15, "O 0300000000000000 010203", "ArrayBuffer" },
  { 21, 9, "O 03000000 010203", "ArrayBuffer" },
  { 22, 15, "02 0000000000000000 0300000000000000 15 O 0300000000000000 010203 O", "typed array" },
  { 22, 9, "02 00000000 03000000 15 O 03000000 010203 O", "typed array" },
  { 22, 15, "02 0000000000000000 0300000000000000 17 00000000 O", "typed array" },
  { 23, 15, "00000000", "ArrayBuffer" },
  { 29, 15, "O 06 07 05 ffffffff 10 S 20 S 06 ffffffff", "Set" },
  { 30, 15, "O 06 07 02 O S 06 ffffffff 01 O 01000000 00000000 1e O 04 04 1f ffffffff ffffffff ffffffff 1f ffffffff", "Map" },
  { 30, 15, "O 1f S 10 S S 06 ffffffff", "Map" },
  { 33, 15, "03000000 010203", "CryptoKey" },
  { 34, 15, "O 00000000", "SharedArrayBuffer" },
  { 35, 15, "S 00000000", "WebAssembly.Module" },
  { 35, 11, "00000000", "WebAssembly.Module" },
  { 36, 15, "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "DOMPointReadOnly" },
  { 37, 15, "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "DOMPoint" },
  { 38, 15, "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "DOMRectReadOnly" },
  { 39, 15, "0000000000000000 0000000000000000 0000000000000000 0000000000000000", "DOMRect" },
  { 41, 15, "01 000000000000000000000000000000000000000000000000 000000000000000000000000000000000000000000000000", "DOMMatrix" },
  { 43, 15, "00000000", "ImageBitmap" },
  { 44, 15, "0000000000000000 SSS 01000000 SS", "RTCCertificate" },
  { 45, 15, "01 01000000 01000000 0000000000000000 00 04000000 01020304", "ImageBitmap" },
  { 45, 15, "01 01000000 01000000 0000000000000000 03 02000000 6162 04000000 01020304", "ImageBitmap" },
  { 45, 8, "01 01000000 01000000 0000000000000000 04000000 01020304", "ImageBitmap" },
  { 46, 15, "00000000", "OffscreenCanvas" },
  { 47, 15, "01 01000000 ffffffffffffffff", "BigInt" },
  { 47, 15, "00 00000000", "BigInt" },
  { 48, 15, "O 00 02000000 ffffffffffffffff 0100000000000000", "BigInt object" },
  { 49, 15, "S 00000000", "WebAssembly.Memory" },
  { 51, 15, "SS", "DOMException" },
  { 52, 15, "00000000", "EncodedVideoChunk" },
  { 54, 15, "O 0300000000000000 0500000000000000 010203", "ArrayBuffer" },
  { 55, 15, "01 00 S 05000000 06000000 01 00 S 01", "Error" },
  { 55, 15, "01 00 S 05000000 06000000 01 00 S 00 S", "Error" },
  { 55, 15, "01 00 S 05000000 06000000 01 00 S", "Error" },
  { 55, 14, "00 01 00000000 00000000 01 01", "Error" },
  { 63, 15, "00000000", "RTCEncodedVideoFrame" },
};

static void
write_pattern (WebkitEncoder *encoder,
               const char    *pattern)
{
  for (const char *c = pattern; *c != '\0'; c++)
    if (*c == 'S')
      webkit_encoder_text (encoder, "s");
    else if (*c == 'O')
      encoder->n_objects++;
    else if (*c != ' ')
      {
        webkit_encoder_u8 (encoder, (guint8)(g_ascii_xdigit_value (c[0]) << 4 | g_ascii_xdigit_value (c[1])));
        c++;
      }
}

static void
write_foreign (WebkitEncoder *encoder,
               guint          i)
{
  webkit_encoder_u8 (encoder, foreign[i].tag);
  write_pattern (encoder, foreign[i].bytes);
}

/* It is told, and what follows is read as if it had not been there: also strings
 * that first occurred in it, and references whose numbers it moved.
 */
static void
test_foreign_things_are_passed_over (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (foreign[i].version);
      g_autofree char *in_object = g_strdup_printf ("$.f %s", foreign[i].what);
      g_autofree char *in_array = g_strdup_printf ("$[\"a b\"][1] %s", foreign[i].what);
      g_autoptr(Result) result = NULL;
      guint32 object;

      g_test_message ("%s (%u)", foreign[i].what, foreign[i].version);
      webkit_encoder_begin_object (encoder);
      webkit_encoder_text (encoder, "f");
      write_foreign (encoder, i);
      webkit_encoder_text (encoder, "a b");
      webkit_encoder_begin_array (encoder, 3);
      webkit_encoder_u32 (encoder, 0);
      webkit_encoder_string (encoder, "s");
      webkit_encoder_u32 (encoder, 1);
      write_foreign (encoder, i);
      webkit_encoder_u32 (encoder, 2);
      object = webkit_encoder_begin_object (encoder);
      webkit_encoder_end_object (encoder);
      webkit_encoder_end_array (encoder);
      webkit_encoder_text (encoder, "r");
      webkit_encoder_reference (encoder, object);
      webkit_encoder_end_object (encoder);
      result = decode (encoder);

      g_assert_no_error (result->error);
      g_assert_cmpstr (result->text, ==, "{\"a b\":[\"s\",null,{}],\"r\":{}}");
      g_assert_false (result->has_trailing_bytes);
      g_assert_cmpuint (result->told->len, ==, 2);
      g_assert_cmpuint (result->n_foreign, ==, 2);
      g_assert_cmpstr (g_ptr_array_index (result->told, 0), ==, in_object);
      g_assert_cmpstr (g_ptr_array_index (result->told, 1), ==, in_array);
    }
}

/* An Error is written with its cause or, by older versions, without; in a long
 * array each index looks like something else.
 */
static void
test_errors_with_and_without_a_cause (void)
{
  static const char * const patterns[] = {
    "00 01 00000000 00000000 01 01", "00 01 00000000 00000000 01 01 01", "00 01 00000000 00000000 01 01 00 S",
  };

  for (guint i = 0; i < G_N_ELEMENTS (patterns); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(GString) expected = g_string_new ("[[\"s\"");
      g_autoptr(Result) result = NULL;
      const guint n = 1500;

      webkit_encoder_begin_array (encoder, 2);
      webkit_encoder_u32 (encoder, 0);
      webkit_encoder_begin_array (encoder, n);
      webkit_encoder_u32 (encoder, 0);
      webkit_encoder_string (encoder, "s");
      for (guint j = 1; j < n; j++)
        {
          webkit_encoder_u32 (encoder, j);
          webkit_encoder_u8 (encoder, 55);
          write_pattern (encoder, patterns[i]);
          g_string_append (expected, ",null");
        }
      webkit_encoder_end_array (encoder);
      webkit_encoder_u32 (encoder, 1);
      webkit_encoder_int (encoder, 7);
      webkit_encoder_end_array (encoder);
      g_string_append (expected, "],7]");
      result = decode (encoder);

      g_assert_no_error (result->error);
      g_assert_cmpstr (result->text, ==, expected->str);
      g_assert_false (result->has_trailing_bytes);
      g_assert_cmpuint (result->n_foreign, ==, n - 1);
    }
}

/* They are told where they are referred to, too; a typed array is numbered after its buffer. */
static void
test_references_to_foreign_things (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  webkit_encoder_begin_array (encoder, 7);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_u8 (encoder, 22);
  write_pattern (encoder, "02 0000000000000000 0300000000000000 15 O 0300000000000000 010203 O");
  webkit_encoder_u32 (encoder, 1);
  webkit_encoder_reference (encoder, 1);   /* the buffer */
  webkit_encoder_u32 (encoder, 2);
  webkit_encoder_reference (encoder, 2);   /* the typed array */
  webkit_encoder_u32 (encoder, 3);
  webkit_encoder_u8 (encoder, 30);
  write_pattern (encoder, "O 1f ffffffff");
  webkit_encoder_u32 (encoder, 4);
  webkit_encoder_reference (encoder, 3);   /* the map */
  webkit_encoder_u32 (encoder, 5);
  webkit_encoder_u8 (encoder, 22);         /* another one over the same buffer */
  write_pattern (encoder, "00 0000000000000000 0300000000000000 13 01 O");
  webkit_encoder_u32 (encoder, 6);
  webkit_encoder_int (encoder, 7);
  webkit_encoder_end_array (encoder);
  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, "[null,null,null,null,null,null,7]");
  g_assert_cmpuint (result->told->len, ==, 6);
  g_assert_cmpstr (g_ptr_array_index (result->told, 1), ==, "$[1] ArrayBuffer");
  g_assert_cmpstr (g_ptr_array_index (result->told, 2), ==, "$[2] typed array");
  g_assert_cmpstr (g_ptr_array_index (result->told, 4), ==, "$[4] Map");
}

static void
test_a_foreign_thing_alone_is_null (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  webkit_encoder_u8 (encoder, 18);
  write_pattern (encoder, "SS");
  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, "null");
  g_assert_cmpstr (g_ptr_array_index (result->told, 0), ==, "$ RegExp");
}

static void
test_what_is_of_unknown_length_ends_the_value (void)
{
  static const struct
  {
    guint8      tag;
    guint32     version;
    const char *bytes;
  } cases[] = {
    { 50, 15, "00000000" },
    { 55, 13, "00 01000000 00000000 00000000 01000000 01000000" },
    { 12, 6, "SSSS" },
    { 13, 6, "01000000 SSSS" },
    { 45, 15, "01 01000000 01000000 0000000000000000 05 04000000 01020304" },
    { 22, 15, "02 0000000000000000 0300000000000000 02 ffffffff" },
    { 0, 15, "" }, { 31, 15, "" }, { 32, 15, "" }, { 64, 15, "" }, { 255, 15, "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (cases[i].version);

      webkit_encoder_begin_array (encoder, 3);
      webkit_encoder_u32 (encoder, 0);
      webkit_encoder_string (encoder, "before");
      webkit_encoder_u32 (encoder, 1);
      webkit_encoder_u8 (encoder, cases[i].tag);
      write_pattern (encoder, cases[i].bytes);
      webkit_encoder_end_array (encoder);

      assert_damaged (encoder, cases[i].tag == 0 || cases[i].tag > 63 || cases[i].tag == 31 || cases[i].tag == 32
                                 ? "[\"before\"" : "[\"before\",null");
    }
}

static void
test_malformed_values_are_refused (void)
{
  static const struct
  {
    const char *bytes; /* behind the version */
    const char *text;
  } cases[] = {
    { "", "" },
    { "13 00", "" },                                             /* a reference to nothing */
    { "02 O feffffff 00", "{" },                                 /* a pooled string that is not there */
    { "02 O S 10 feffffff 01", "{\"s\":" },
    { "02 O S 13 01 ffffffff", "{" },
    { "10 ffffffff", "" },                                       /* an end in the place of a string */
    { "10 feffffff 00", "" },
    { "1a ffffffff", "" },
    { "10 ffffff7f", "" },                                       /* longer than WebKit reads */
    { "10 0000007f", "" },
    { "10 05000080 61626364", "" },                              /* and than there is */
    { "10 02000000 610062", "" },
    { "01 O 02000000 00000000 06 00000000 06 ffffffff ffffffff", "[0" }, /* indices that don't rise */
    { "01 O 02000000 01000000 06 00000000 06 ffffffff ffffffff", "[null,0" },
    { "01 O 02000000 00000000 06 ffffffff 00000000", "[0" },     /* ends once in a version that ends twice */
    { "21 ffffffff 00", "" },                                    /* a key longer than the value */
    { "15 O ffffffffffffffff 00", "" },
    { "2f 00 ffffffff 00", "" },
    { "0d ffffffff SSSS 0000000000000000 S", "" },
    { "12 S ffffffff", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
      g_autoptr(Result) result = NULL;

      g_test_message ("%s", cases[i].bytes);
      write_pattern (encoder, cases[i].bytes);
      result = decode (encoder);

      g_assert_error (result->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
      if (result->n_foreign == 0)
        g_assert_cmpstr (result->text, ==, cases[i].text);
    }
}

/* A value with everything in it */
static WebkitEncoder *
encode_everything (guint32 version)
{
  WebkitEncoder *encoder = webkit_encoder_new (version);
  guint32 shared;

  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "name");
  webkit_encoder_string (encoder, "sessions");
  webkit_encoder_text (encoder, "data");
  webkit_encoder_begin_array (encoder, G_N_ELEMENTS (foreign) + 8);
  webkit_encoder_u32 (encoder, 0);
  shared = webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "näme");
  webkit_encoder_string (encoder, "中🚀\n");
  webkit_encoder_text (encoder, "n");
  webkit_encoder_number (encoder, 0.25);
  webkit_encoder_text (encoder, "date");
  webkit_encoder_u8 (encoder, 11);
  webkit_encoder_double (encoder, 1e12);
  webkit_encoder_end_object (encoder);
  for (guint i = 0; i < G_N_ELEMENTS (foreign); i++)
    if (foreign[i].version == version)
      {
        webkit_encoder_u32 (encoder, i + 2);
        write_foreign (encoder, i);
      }
  webkit_encoder_u32 (encoder, G_N_ELEMENTS (foreign) + 5);
  webkit_encoder_reference (encoder, shared);
  webkit_encoder_begin_names (encoder);
  webkit_encoder_text (encoder, "extra");
  webkit_encoder_string (encoder, "sessions");
  webkit_encoder_end_object (encoder);
  webkit_encoder_text (encoder, "timestamp");
  webkit_encoder_number (encoder, 1795357196783.0);
  webkit_encoder_end_object (encoder);

  return encoder;
}

static void
test_cut_at_every_byte (void)
{
  static const guint32 versions[] = { 7, 12, 14, 15 };

  for (guint i = 0; i < G_N_ELEMENTS (versions); i++)
    {
      g_autoptr(WebkitEncoder) encoder = encode_everything (versions[i]);
      g_autoptr(Result) whole = decode (encoder);
      gsize longest = 0;

      g_assert_no_error (whole->error);
      g_assert_nonnull (strstr (whole->text, "\"näme\":\"中🚀\\n\",\"n\":0.25,\"date\":\"2001-09-09T01:46:40.000Z\""));
      g_assert_true (g_str_has_suffix (whole->text, "\"timestamp\":1795357196783}"));

      for (gsize size = 0; size < encoder->bytes->len; size++)
        {
          g_autoptr(Result) cut = decode_with (encoder->bytes->data, size, 512, 0);

          g_assert_error (cut->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
          g_assert_true (versions[i] != 15 || g_str_has_prefix (whole->text, cut->text));
          longest = MAX (longest, strlen (cut->text));
        }
      g_assert_cmpuint (longest, ==, strlen (whole->text) - 1);
    }
}

/* Whatever becomes of the bytes: text, or a sentence about the value. */
static void
test_changed_bytes_do_no_harm (void)
{
  for (guint round = 0; round < 5000; round++)
    {
      g_autoptr(WebkitEncoder) encoder = encode_everything (round % 2 ? 15 : (guint32)g_test_rand_int_range (1, 17));
      g_autoptr(Result) result = NULL;

      for (gint i = g_test_rand_int_range (1, 4); i > 0; i--)
        encoder->bytes->data[g_test_rand_int_range (4, (gint32)encoder->bytes->len)] =
          (guint8)(g_test_rand_bit () ? g_test_rand_int_range (0, 64) : g_test_rand_int_range (0, 256));
      result = decode_with (encoder->bytes->data, encoder->bytes->len, 4096, 1 << 16);

      g_assert_true (g_utf8_validate (result->text, -1, NULL));
      if (result->error != NULL)
        g_assert_true (_strata_file_is_content_error (result->error));
    }
}

static void
test_what_follows_is_noticed (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  webkit_encoder_int (encoder, 7);
  webkit_encoder_u8 (encoder, 0);
  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, "7");
  g_assert_true (result->has_trailing_bytes);
}

static WebkitEncoder *
encode_levels (guint n_levels)
{
  WebkitEncoder *encoder = webkit_encoder_new (WEBKIT_VERSION);

  for (guint i = 0; i < n_levels; i++)
    {
      webkit_encoder_begin_array (encoder, 1);
      webkit_encoder_u32 (encoder, 0);
    }
  webkit_encoder_int (encoder, 7);
  for (guint i = 0; i < n_levels; i++)
    webkit_encoder_end_array (encoder);

  return encoder;
}

static void
test_a_million_levels_but_no_more (void)
{
  g_autoptr(WebkitEncoder) deep = encode_levels (STRATA_WEBKIT_MAX_DEPTH);
  g_autoptr(WebkitEncoder) deeper = encode_levels (STRATA_WEBKIT_MAX_DEPTH + 1);
  g_autoptr(Result) result = decode (deep);
  g_autoptr(Result) no_result = decode (deeper);

  g_assert_no_error (result->error);
  g_assert_cmpuint (strlen (result->text), ==, 2 * STRATA_WEBKIT_MAX_DEPTH + 1);
  g_assert_cmpint (result->text[STRATA_WEBKIT_MAX_DEPTH], ==, '7');
  g_assert_error (no_result->error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP);
}

/* Each array refers to the one before it @n_references times */
static WebkitEncoder *
encode_laughs (guint n_arrays,
               guint n_references)
{
  WebkitEncoder *encoder = webkit_encoder_new (WEBKIT_VERSION);
  guint32 before = 0;

  webkit_encoder_begin_array (encoder, n_arrays);
  for (guint32 i = 0; i < n_arrays; i++)
    {
      guint32 array;

      webkit_encoder_u32 (encoder, i);
      array = webkit_encoder_begin_array (encoder, i > 0 ? n_references : 0);
      for (guint32 j = 0; i > 0 && j < n_references; j++)
        {
          webkit_encoder_u32 (encoder, j);
          webkit_encoder_reference (encoder, before);
        }
      webkit_encoder_end_array (encoder);
      before = array;
    }
  webkit_encoder_end_array (encoder);

  return encoder;
}

static void
test_text_does_not_explode (void)
{
  g_autoptr(WebkitEncoder) small = encode_laughs (4, 2);
  g_autoptr(WebkitEncoder) large = encode_laughs (40, 10);
  g_autoptr(WebkitEncoder) sparse = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL, no_result = NULL, no_array = NULL;

  webkit_encoder_begin_array (sparse, G_MAXUINT32);
  webkit_encoder_end_array (sparse);

  result = decode (small);
  no_result = decode_with (large->bytes->data, large->bytes->len, 4096, 10 << 20);
  no_array = decode_with (sparse->bytes->data, sparse->bytes->len, 4096, 10 << 20);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, "[[],[[],[]],[[[],[]],[[],[]]],[[[[],[]],[[],[]]],[[[],[]],[[],[]]]]]");
  g_assert_error (no_result->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_assert_error (no_array->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
test_references_to_references_are_bounded (void)
{
  g_autoptr(WebkitEncoder) short_chain = encode_laughs (900, 1);
  g_autoptr(WebkitEncoder) long_chain = encode_laughs (1100, 1);
  g_autoptr(Result) result = NULL, no_result = NULL;

  /* Not for the work that it is */
  result = decode_with (short_chain->bytes->data, short_chain->bytes->len, 4096, G_MAXUINT64);
  no_result = decode_with (long_chain->bytes->data, long_chain->bytes->len, 4096, G_MAXUINT64);

  g_assert_no_error (result->error);
  g_assert_error (no_result->error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP);
}

static void
test_deep_places_are_told_in_short (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  for (guint i = 0; i < 100; i++)
    {
      webkit_encoder_begin_array (encoder, 2);
      webkit_encoder_u32 (encoder, i % 2);
    }
  webkit_encoder_u8 (encoder, 18);
  write_pattern (encoder, "SS");
  for (guint i = 0; i < 100; i++)
    webkit_encoder_end_array (encoder);
  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpstr (g_ptr_array_index (result->told, 0), ==,
                   "$[0][1][0][1][0][1][0][1][0][1][0][1][0][1][0][1]…[0][1][0][1][0][1][0][1][0][1][0][1][0][1][0][1] RegExp");
}

static void
test_it_can_be_read_again_from_the_start (void)
{
  g_autoptr(WebkitEncoder) encoder = encode_everything (WEBKIT_VERSION);
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data (encoder->bytes->data, encoder->bytes->len, NULL);
  g_autoptr(Result) result = g_new0 (Result, 1);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *first = NULL;
  char part[20];
  guint n_told;

  result->told = g_ptr_array_new_with_free_func (g_free);
  stream = _strata_webkit_value_new (base, note_foreign, result->told);
  read_stream (stream, 1, result);
  g_assert_no_error (result->error);
  first = g_steal_pointer (&result->text);
  n_told = result->told->len;
  g_assert_cmpuint (n_told, >, 20);

  for (guint i = 0; i < 3; i++)
    {
      g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
      g_assert_cmpint (g_input_stream_read (stream, part, sizeof part, NULL, NULL), ==, sizeof part);
      g_assert_cmpmem (part, sizeof part, first, sizeof part);
    }
  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
  read_stream (stream, 77, result);

  g_assert_no_error (result->error);
  g_assert_cmpstr (result->text, ==, first);
  g_assert_cmpuint (result->told->len, ==, n_told);
  g_assert_false (g_seekable_seek (G_SEEKABLE (stream), 1, G_SEEK_SET, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_an_error_is_given_again (void)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(GInputStream) base = NULL;
  g_autoptr(GInputStream) stream = NULL;
  char buffer[100];

  webkit_encoder_begin_array (encoder, 2);
  webkit_encoder_u32 (encoder, 0);
  webkit_encoder_int (encoder, 7);
  base = g_memory_input_stream_new_from_data (encoder->bytes->data, encoder->bytes->len, NULL);
  stream = _strata_webkit_value_new (base, NULL, NULL);

  g_assert_cmpint (g_input_stream_read (stream, buffer, sizeof buffer, NULL, NULL), ==, 2);
  g_assert_cmpmem (buffer, 2, "[7", 2);
  for (guint i = 0; i < 3; i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_cmpint (g_input_stream_read (stream, buffer, sizeof buffer, NULL, &error), ==, -1);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

static void
test_it_can_be_cancelled (void)
{
  g_autoptr(WebkitEncoder) encoder = encode_everything (WEBKIT_VERSION);
  g_autoptr(GInputStream) base = g_memory_input_stream_new_from_data (encoder->bytes->data, encoder->bytes->len, NULL);
  g_autoptr(GInputStream) stream = _strata_webkit_value_new (base, NULL, NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  char buffer[100];

  g_cancellable_cancel (cancellable);

  g_assert_cmpint (g_input_stream_read (stream, buffer, sizeof buffer, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Only so many are told; all are counted. */
static void
test_not_everything_is_told (void)
{
  const guint n = STRATA_WEBKIT_MAX_TOLD + 500;
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(Result) result = NULL;

  webkit_encoder_begin_array (encoder, n);
  for (guint i = 0; i < n; i++)
    {
      webkit_encoder_u32 (encoder, i);
      webkit_encoder_u8 (encoder, 18);
      write_pattern (encoder, "SS");
    }
  webkit_encoder_end_array (encoder);
  result = decode (encoder);

  g_assert_no_error (result->error);
  g_assert_cmpuint (result->told->len, ==, STRATA_WEBKIT_MAX_TOLD);
  g_assert_cmpuint (result->n_foreign, ==, n);
}

/* What WebKit itself has written, and JSON.stringify() said beside it. See webkit-real.html. */
static void
test_real_values (void)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "webkit-real.json", NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) error = NULL;
  JsonArray *values;

  if (!g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no sources here");
      return;
    }

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);
  values = json_node_get_array (json_parser_get_root (parser));
  g_assert_cmpuint (json_array_get_length (values), >, 50);
  for (guint i = 0; i < json_array_get_length (values); i++)
    {
      JsonObject *value = json_array_get_object_element (values, i);
      g_autoptr(Result) result = NULL;
      g_autofree guchar *bytes = NULL;
      gsize size;

      g_test_message ("%s", json_object_get_string_member (value, "name"));
      bytes = g_base64_decode (json_object_get_string_member (value, "value"), &size);
      result = decode_with (bytes, size, 4096, 0);

      g_assert_no_error (result->error);
      g_assert_cmpstr (result->text, ==, json_object_get_string_member (value, "text"));
      g_assert_false (result->has_trailing_bytes);
    }
}

/* A random value, and beside it the text that JSON.stringify() would give */
typedef struct
{
  WebkitEncoder *encoder;
  GPtrArray     *shared;     /* texts of objects that are complete, by number; NULL: not */
} Random;

static char *
write_random_string (Random   *random,
                     gboolean  with_tag)
{
  static const struct { guint16 unit; const char *text; } alphabet[] = {
    { 'a', "a" }, { 'b', "b" }, { '"', "\\\"" }, { '\\', "\\\\" }, { '\n', "\\n" }, { 2, "\\u0002" }, { 0xe9, "é" }, { 0x20ac, "€" },
    { 0xd83d, "\\ud83d" }, { ' ', " " },
  };
  gsize n_units = (gsize)(g_test_rand_int_range (0, 8) == 0 ? g_test_rand_int_range (1, 3000) : g_test_rand_int_range (1, 4));
  gint range = g_test_rand_bit () ? 7 : G_N_ELEMENTS (alphabet);
  g_autofree guint16 *units = g_new (guint16, n_units);
  GString *text = g_string_new ("\"");

  for (gsize i = 0; i < n_units; i++)
    {
      gint letter = g_test_rand_int_range (0, range);

      units[i] = alphabet[letter].unit;
      g_string_append (text, alphabet[letter].text);
    }
  if (with_tag)
    webkit_encoder_u8 (random->encoder, 16);
  webkit_encoder_units (random->encoder, units, n_units);
  g_string_append_c (text, '"');

  return g_string_free (text, FALSE);
}

static char *write_random_value (Random *random, guint depth);

static void
add_shared (Random     *random,
            guint32     number,
            const char *text)
{
  while (random->shared->len <= number)
    g_ptr_array_add (random->shared, NULL);
  random->shared->pdata[number] = g_strdup (text);
}

static char *
write_random_object (Random *random,
                     guint   depth)
{
  guint32 number = webkit_encoder_begin_object (random->encoder);
  GString *text = g_string_new ("{");

  for (gint n = g_test_rand_int_range (0, 8); n > 0; n--)
    {
      g_autofree char *name = write_random_string (random, FALSE);
      g_autofree char *value = NULL;

      if (g_test_rand_int_range (0, 10) == 0)
        {
          webkit_encoder_u8 (random->encoder, 3);
          continue;
        }
      value = write_random_value (random, depth + 1);
      g_string_append_printf (text, "%s%s:%s", text->len > 1 ? "," : "", name, value);
    }
  webkit_encoder_end_object (random->encoder);
  g_string_append_c (text, '}');
  add_shared (random, number, text->str);

  return g_string_free (text, FALSE);
}

static char *
write_random_array (Random *random,
                    guint   depth)
{
  guint32 length = (guint32)g_test_rand_int_range (0, 12);
  guint32 number = webkit_encoder_begin_array (random->encoder, length);
  GString *text = g_string_new ("[");

  for (guint32 i = 0; i < length; i++)
    {
      g_autofree char *value = NULL;

      if (g_test_rand_int_range (0, 10) > 0)
        {
          webkit_encoder_u32 (random->encoder, i);
          value = write_random_value (random, depth + 1);
        }
      g_string_append_printf (text, "%s%s", i > 0 ? "," : "", value != NULL ? value : "null");
    }
  webkit_encoder_end_array (random->encoder);
  g_string_append_c (text, ']');
  add_shared (random, number, text->str);

  return g_string_free (text, FALSE);
}

static char *
write_random_value (Random *random,
                    guint   depth)
{
  gint kind = g_test_rand_int_range (0, depth < 6 ? 8 : 5);
  guint i;

  switch (kind)
    {
    case 0:
      i = (guint)g_test_rand_int_range (0, G_N_ELEMENTS (numbers));
      webkit_encoder_number (random->encoder, numbers[i].value);
      return g_strdup (numbers[i].text);

    case 1:
      i = (guint)g_test_rand_int_range (0, 1000);
      webkit_encoder_int (random->encoder, (gint32)i - 500);
      return g_strdup_printf ("%d", (gint32)i - 500);

    case 2:
      i = random->shared->len > 0 ? (guint)g_test_rand_int_range (0, (gint)random->shared->len) : 0;
      if (i < random->shared->len && random->shared->pdata[i] != NULL && strlen (random->shared->pdata[i]) < 20000)
        {
          webkit_encoder_reference (random->encoder, i);
          return g_strdup (random->shared->pdata[i]);
        }
      G_GNUC_FALLTHROUGH;

    case 3:
    case 4:
      return write_random_string (random, TRUE);

    case 5:
      return write_random_array (random, depth);

    default:
      return write_random_object (random, depth);
    }
}

static void
test_random_values_come_out_as_expected (void)
{
  static const gsize piece_sizes[] = { 1, 13, 1000, 100000 };

  for (guint round = 0; round < 400; round++)
    {
      static const guint32 versions[] = { 4, 11, 12, 14, 15, WEBKIT_MINOR (12, 1) };
      Random random = {
        .encoder = webkit_encoder_new (versions[g_test_rand_int_range (0, G_N_ELEMENTS (versions))]),
        .shared = g_ptr_array_new_with_free_func (g_free),
      };
      g_autofree char *expected = write_random_object (&random, 0);
      g_autoptr(Result) result = decode_with (random.encoder->bytes->data, random.encoder->bytes->len,
                                              piece_sizes[round % G_N_ELEMENTS (piece_sizes)], 0);

      g_assert_no_error (result->error);
      g_assert_cmpstr (result->text, ==, expected);
      g_assert_false (result->has_trailing_bytes);
      webkit_encoder_free (random.encoder);
      g_ptr_array_unref (random.shared);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/webkit-value/literals", test_values_without_parts);
  g_test_add_func ("/webkit-value/numbers", test_numbers_are_spelled_as_in_javascript);
  g_test_add_func ("/webkit-value/numbers-come-back", test_numbers_come_back);
  g_test_add_func ("/webkit-value/integers", test_integers);
  g_test_add_func ("/webkit-value/dates", test_dates_are_iso_strings);
  g_test_add_func ("/webkit-value/strings", test_strings_are_escaped_as_in_javascript);
  g_test_add_func ("/webkit-value/long-strings", test_long_strings_go_through_in_pieces);
  g_test_add_func ("/webkit-value/pools", test_pools_of_any_size);
  g_test_add_func ("/webkit-value/references", test_references_are_read_with_the_pools_of_their_time);
  g_test_add_func ("/webkit-value/wrapped", test_wrapped_values_can_be_referred_to);
  g_test_add_func ("/webkit-value/circles", test_circles_are_cut);
  g_test_add_func ("/webkit-value/holes", test_arrays_with_holes);
  g_test_add_func ("/webkit-value/large-hole", test_a_hole_may_be_large);
  g_test_add_func ("/webkit-value/names-of-arrays", test_names_of_arrays_are_left_out);
  g_test_add_func ("/webkit-value/undefined", test_undefined_is_left_out);
  g_test_add_func ("/webkit-value/order", test_members_keep_their_order);
  g_test_add_func ("/webkit-value/versions", test_every_version_is_read);
  g_test_add_func ("/webkit-value/doubtful-versions", test_doubtful_versions_are_read_as_they_come_out_even);
  g_test_add_func ("/webkit-value/damaged-doubtful-version", test_of_a_damaged_doubtful_version_the_most_is_read);
  g_test_add_func ("/webkit-value/foreign", test_foreign_things_are_passed_over);
  g_test_add_func ("/webkit-value/foreign-errors", test_errors_with_and_without_a_cause);
  g_test_add_func ("/webkit-value/foreign-references", test_references_to_foreign_things);
  g_test_add_func ("/webkit-value/foreign-alone", test_a_foreign_thing_alone_is_null);
  g_test_add_func ("/webkit-value/foreign-unknown", test_what_is_of_unknown_length_ends_the_value);
  g_test_add_func ("/webkit-value/foreign-many", test_not_everything_is_told);
  g_test_add_func ("/webkit-value/foreign-deep", test_deep_places_are_told_in_short);
  g_test_add_func ("/webkit-value/malformed", test_malformed_values_are_refused);
  g_test_add_func ("/webkit-value/cut", test_cut_at_every_byte);
  g_test_add_func ("/webkit-value/changed", test_changed_bytes_do_no_harm);
  g_test_add_func ("/webkit-value/trailing", test_what_follows_is_noticed);
  g_test_add_func ("/webkit-value/depth", test_a_million_levels_but_no_more);
  g_test_add_func ("/webkit-value/explosion", test_text_does_not_explode);
  g_test_add_func ("/webkit-value/reference-chain", test_references_to_references_are_bounded);
  g_test_add_func ("/webkit-value/again", test_it_can_be_read_again_from_the_start);
  g_test_add_func ("/webkit-value/error-again", test_an_error_is_given_again);
  g_test_add_func ("/webkit-value/cancel", test_it_can_be_cancelled);
  g_test_add_func ("/webkit-value/real", test_real_values);
  g_test_add_func ("/webkit-value/random", test_random_values_come_out_as_expected);

  return g_test_run ();
}

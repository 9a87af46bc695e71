/* test-legacy-payload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "base/strata-digest-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-text-checksum-private.h"
#include "legacy/strata-text-stream-private.h"
#include "test-util.h"

/* As JSON.stringify (x, null, 2) writes it */
#define PRETTY \
  "[\n" \
  "  {\n" \
  "    \"id\": \"1\",\n" \
  "    \"name\": \"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\\"quoted\\\" \\\\ back\\nslash \\ud83d\",\n" \
  "    \"list\": [\n" \
  "      1,\n" \
  "      -0.5e-7,\n" \
  "      {},\n" \
  "      []\n" \
  "    ],\n" \
  "    \"text\": \"      many    spaces, and more than a block of sixteen ASCII characters\"\n" \
  "  },\n" \
  "  null\n" \
  "]"
#define MINIFIED \
  "[{\"id\":\"1\"," \
  "\"name\":\"caf\xc3\xa9 \xe2\x82\xac \xf0\x9f\x98\x80 \\\"quoted\\\" \\\\ back\\nslash \\ud83d\"," \
  "\"list\":[1,-0.5e-7,{},[]]," \
  "\"text\":\"      many    spaces, and more than a block of sixteen ASCII characters\"},null]"

typedef struct
{
  char *path;
  int   dir;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
  fixture->dir = test_open_dir (fixture->path);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  _strata_seam = _strata_seam_get_system ();
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static StrataLegacyPayload *
open_file (int          dir,
           const char  *path,
           GError     **error)
{
  g_autoptr(GInputStream) file = _strata_file_stream_open_source (dir, path, error);
  g_autoptr(GInputStream) text = file != NULL ? _strata_text_stream_new (file) : NULL;

  return text != NULL ? _strata_legacy_payload_open (text, NULL, NULL, error) : NULL;
}

/* --- Writing the old format, the simplest way --- */

/* The checksum by its definition */
static char *
checksum_of (const char *text)
{
  g_autofree gunichar2 *units = g_utf8_to_utf16 (text, -1, NULL, NULL, NULL);
  guint32 hash = 0;
  gint64 value;
  GString *digits = g_string_new (NULL);

  for (const gunichar2 *unit = units; *unit != 0; unit++)
    hash = hash * 31 + *unit;

  value = (gint32)hash;
  for (guint64 left = (guint64)ABS (value); left > 0 || digits->len == 0; left /= 36)
    g_string_prepend_c (digits, "0123456789abcdefghijklmnopqrstuvwxyz"[left % 36]);
  if (value < 0)
    g_string_prepend_c (digits, '-');

  return g_string_free (digits, FALSE);
}

static char *
quote (const char *text)
{
  GString *quoted = g_string_new ("\"");

  for (; *text != '\0'; text++)
    if (*text == '"' || *text == '\\')
      g_string_append_printf (quoted, "\\%c", *text);
    else if (*text == '\n')
      g_string_append (quoted, "\\n");
    else
      g_string_append_c (quoted, *text);
  g_string_append_c (quoted, '"');

  return g_string_free (quoted, FALSE);
}

static char *
gzip_in_base64 (const char *text)
{
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
  g_autofree guint8 *out = g_malloc (strlen (text) + 1000);
  gsize n_read, n_written;
  g_autofree char *base64 = NULL;
  GConverterResult result = g_converter_convert (G_CONVERTER (compressor), text, strlen (text),
                                                 out, strlen (text) + 1000, G_CONVERTER_INPUT_AT_END,
                                                 &n_read, &n_written, NULL);

  g_assert_cmpint (result, ==, G_CONVERTER_FINISHED);
  base64 = g_base64_encode (out, n_written);

  return g_strconcat ("GZIP_V1:", base64, NULL);
}

/* An envelope around @data, with the checksum of @text */
static char *
envelop (const char *text,
         const char *data)
{
  g_autofree char *checksum = checksum_of (text);

  return g_strdup_printf ("{\n  \"version\": 1,\n  \"checksum\": \"%s\",\n  \"timestamp\": 1760053071471,\n"
                          "  \"compressed\": false,\n  \"data\": %s\n}", checksum, data);
}

static char *
envelop_string (const char *text)
{
  g_autofree char *quoted = quote (text);

  return envelop (text, quoted);
}

static char *
envelop_gzip (const char *text)
{
  g_autofree char *packed = gzip_in_base64 (text);
  g_autofree char *quoted = quote (packed);

  return envelop (text, quoted);
}

/* One level deeper: every line but the first two spaces further */
static char *
envelop_plain (const char *text)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *indented = g_strjoinv ("\n  ", lines);

  return envelop (text, indented);
}

static void
put (Fixture    *fixture,
     const char *content,
     gssize      size)
{
  g_autofree char *path = g_build_filename (fixture->path, "x.json", NULL);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, content, size, &error);
  g_assert_no_error (error);
}

/* --- Reading it --- */

static gboolean
append (const char  *text,
        gsize        length,
        gpointer     user_data,
        GError     **error)
{
  g_string_append_len (user_data, text, (gssize)length);

  return TRUE;
}

/* Opens, takes the value, finishes. Returns: NULL with @error set where one of them failed */
static StrataLegacyPayload *
read_all (Fixture  *fixture,
          GString  *value,
          GError  **error)
{
  g_autoptr(StrataLegacyPayload) payload = open_file (fixture->dir, "x.json", error);

  if (payload == NULL ||
      !_strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, error) ||
      !_strata_legacy_payload_finish (payload, NULL, error))
    return NULL;

  return g_steal_pointer (&payload);
}

typedef enum
{
  CHECKSUM_NONE,
  CHECKSUM_MATCHES,
  CHECKSUM_DIFFERS,
} ChecksumState;

static void
assert_read (Fixture          *fixture,
             const char       *content,
             StrataLegacyForm  form,
             guint             wraps,
             ChecksumState     checksum,
             const char       *expected)
{
  g_autoptr(GString) value = g_string_new (NULL);
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GError) error = NULL;
  const StrataLegacyEnvelope *envelope;

  put (fixture, content, -1);
  payload = read_all (fixture, value, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (value->str, ==, expected);

  envelope = _strata_legacy_payload_get_envelope (payload);
  g_assert_cmpint (envelope->form, ==, form);
  g_assert_cmpuint (envelope->wraps, ==, wraps);
  g_assert_cmpint (envelope->checksum_known, ==, checksum != CHECKSUM_NONE);
  g_assert_cmpint (envelope->checksum_matches, ==, checksum == CHECKSUM_MATCHES);
  g_assert_false (envelope->trailing_bytes);
  g_assert_cmpuint (_strata_legacy_payload_get_bytes_read (payload), ==, strlen (content));
}

static StrataSeam slow_seam;
static gsize slow_size;

static gssize
read_little (int      fd,
             void    *buffer,
             gsize    size,
             goffset  offset)
{
  return _strata_seam_get_system ()->pread (fd, buffer, MIN (size, slow_size), offset);
}

/* From now on reads give @size bytes at most. */
static void
read_slowly (gsize size)
{
  slow_size = size;
  slow_seam = *_strata_seam_get_system ();
  slow_seam.pread = read_little;
  _strata_seam = &slow_seam;
}

/* Every form that a store may hold */
static GPtrArray *
list_forms (void)
{
  GPtrArray *forms = g_ptr_array_new_with_free_func (g_free);

  g_ptr_array_add (forms, g_strdup (PRETTY));
  g_ptr_array_add (forms, envelop_plain (PRETTY));
  g_ptr_array_add (forms, envelop_string (PRETTY));
  g_ptr_array_add (forms, envelop_gzip (PRETTY));

  return forms;
}

static void
test_every_form_with_any_boundaries (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  static const gsize read_sizes[] = { 1, 2, 3, 7, 64, 1000000 };
  g_autoptr(GPtrArray) forms = list_forms ();

  for (guint i = 0; i < G_N_ELEMENTS (read_sizes); i++)
    for (guint form = 0; form < forms->len; form++)
      {
        const char *content = g_ptr_array_index (forms, form);
        g_autofree char *marked = g_strconcat ("\xef\xbb\xbf", content, NULL);
        g_autofree char *spaced = g_strconcat (" \n", content, "\r\n\t ", NULL);
        ChecksumState checksum = form == STRATA_LEGACY_FORM_BARE ? CHECKSUM_NONE : CHECKSUM_MATCHES;
        guint wraps = form >= STRATA_LEGACY_FORM_STRING ? 1 : 0;

        read_slowly (read_sizes[i]);
        assert_read (fixture, content, (StrataLegacyForm)form, wraps, checksum, MINIFIED);
        assert_read (fixture, marked, (StrataLegacyForm)form, wraps, checksum, MINIFIED);
        assert_read (fixture, spaced, (StrataLegacyForm)form, wraps, checksum, MINIFIED);
      }
}

static char *
quote_often (const char *text,
             guint       times)
{
  char *quoted = g_strdup (text);

  for (guint i = 0; i < times; i++)
    {
      char *once_more = quote (quoted);

      g_free (quoted);
      quoted = once_more;
    }

  return quoted;
}

static void
test_strings_in_strings (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autofree char *quoted = quote (PRETTY);
  g_autofree char *twice = quote (quoted);
  g_autofree char *thrice = quote (twice);
  g_autofree char *eight_times = quote_often (PRETTY, 8);
  g_autofree char *packed = gzip_in_base64 (PRETTY);
  g_autofree char *packed_text = quote (packed);
  g_autofree char *packed_twice = gzip_in_base64 (packed_text);
  g_autofree char *packed_twice_text = quote (packed_twice);
  const struct
  {
    char             *content;
    StrataLegacyForm  form;
    guint             wraps;
    ChecksumState     checksum;
    const char       *expected;
  } rows[] = {
    { envelop_string (quoted), STRATA_LEGACY_FORM_STRING, 2, CHECKSUM_MATCHES, MINIFIED },
    { envelop_string (twice), STRATA_LEGACY_FORM_STRING, 3, CHECKSUM_MATCHES, MINIFIED },
    { envelop_string (thrice), STRATA_LEGACY_FORM_STRING, 4, CHECKSUM_MATCHES, MINIFIED },
    { envelop_string (eight_times), STRATA_LEGACY_FORM_STRING, 8, CHECKSUM_MATCHES, quoted },
    /* An export imported again */
    { envelop_string (packed_text), STRATA_LEGACY_FORM_STRING, 2, CHECKSUM_MATCHES, MINIFIED },
    { envelop_gzip (packed_text), STRATA_LEGACY_FORM_GZIP, 2, CHECKSUM_MATCHES, MINIFIED },
    { envelop_gzip (packed_twice_text), STRATA_LEGACY_FORM_GZIP, 3, CHECKSUM_MATCHES, MINIFIED },
    { envelop (PRETTY, twice), STRATA_LEGACY_FORM_STRING, 2, CHECKSUM_MATCHES, MINIFIED },
    { g_strdup (quoted), STRATA_LEGACY_FORM_STRING, 1, CHECKSUM_NONE, MINIFIED },
    { g_strdup (packed_text), STRATA_LEGACY_FORM_GZIP, 1, CHECKSUM_NONE, MINIFIED },
    /* Strings that are the value */
    { envelop ("\"hello\"", "\"hello\""), STRATA_LEGACY_FORM_PLAIN, 0, CHECKSUM_MATCHES, "\"hello\"" },
    { envelop ("\"GZIP\"", "\"GZIP\""), STRATA_LEGACY_FORM_PLAIN, 0, CHECKSUM_MATCHES, "\"GZIP\"" },
    { envelop ("\"\"", "\"\""), STRATA_LEGACY_FORM_PLAIN, 0, CHECKSUM_MATCHES, "\"\"" },
    { envelop_string ("\"hello\""), STRATA_LEGACY_FORM_STRING, 1, CHECKSUM_MATCHES, "\"hello\"" },
    { g_strdup ("\"hello\""), STRATA_LEGACY_FORM_BARE, 0, CHECKSUM_NONE, "\"hello\"" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_test_message ("row %u", i);
      assert_read (fixture, rows[i].content, rows[i].form, rows[i].wraps, rows[i].checksum, rows[i].expected);
      g_free (rows[i].content);
    }
}

/* The text in the string may have a mark and spaces of its own, and any escapes */
static void
test_odd_spellings_inside (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autofree char *packed = gzip_in_base64 (PRETTY);
  g_autoptr(GString) escaped = g_string_new ("{\"d\\u0061ta\":\" ");

  assert_read (fixture, "{\"version\":1,\"data\":\"\xef\xbb\xbf \\n[1, 2]\\n \"}",
               STRATA_LEGACY_FORM_STRING, 1, CHECKSUM_NONE, "[1,2]");
  assert_read (fixture, "{\"version\":1,\"data\":\"\\u005b\\u0031\\u005d\"}",
               STRATA_LEGACY_FORM_STRING, 1, CHECKSUM_NONE, "[1]");

  for (const char *next = packed; *next != '\0'; next++)
    g_string_append_printf (escaped, "\\u%04x", (guint)*next);
  g_string_append (escaped, "\"}");
  assert_read (fixture, escaped->str, STRATA_LEGACY_FORM_GZIP, 1, CHECKSUM_NONE, MINIFIED);
}

static void
test_what_is_an_envelope (Fixture       *fixture,
                          gconstpointer  test_data)
{
  static const struct
  {
    const char       *content;
    StrataLegacyForm  form;
    const char       *expected;
    gboolean          has_version;
    gboolean          version_is_one;
    gint64            timestamp_ms;
    guint             unknown_members;
  } rows[] = {
    { "{\"version\":1,\"timestamp\":5,\"data\":[1]}", STRATA_LEGACY_FORM_PLAIN, "[1]", TRUE, TRUE, 5, 0 },
    { "{\"timestamp\":5.0e0,\"version\":1.0,\"data\":{}}", STRATA_LEGACY_FORM_PLAIN, "{}", TRUE, TRUE, 5, 0 },
    { "{\"data\":[1],\"version\":1,\"timestamp\":5}", STRATA_LEGACY_FORM_PLAIN, "[1]", TRUE, TRUE, 5, 0 },
    { "{\"data\":[1]}", STRATA_LEGACY_FORM_PLAIN, "[1]", FALSE, FALSE, -1, 0 },
    { "{\"version\":\"1\",\"data\":null}", STRATA_LEGACY_FORM_PLAIN, "null", TRUE, FALSE, -1, 0 },
    { "{\"version\":2,\"timestamp\":\"5\",\"data\":7}", STRATA_LEGACY_FORM_PLAIN, "7", TRUE, FALSE, -1, 0 },
    { "{\"version\":1,\"timestamp\":-5,\"data\":true}", STRATA_LEGACY_FORM_PLAIN, "true", TRUE, TRUE, -1, 0 },
    { "{\"version\":1,\"timestamp\":1e400,\"data\":[]}", STRATA_LEGACY_FORM_PLAIN, "[]", TRUE, TRUE, -1, 0 },
    { "{\"version\":1,\"data\":[],\"writer\":[3],\"data\":4}", STRATA_LEGACY_FORM_PLAIN, "[]", TRUE, TRUE, -1, 2 },
    { "{\"version\":1,\"data\":[],\"version\":3}", STRATA_LEGACY_FORM_PLAIN, "[]", TRUE, FALSE, -1, 0 },
    { "{\"compressed\":[[9]],\"checksum\":5,\"data\":[]}", STRATA_LEGACY_FORM_PLAIN, "[]", FALSE, FALSE, -1, 0 },
    { "{}", STRATA_LEGACY_FORM_BARE, "{}", FALSE, FALSE, -1, 0 },
    { "{\"version\":1}", STRATA_LEGACY_FORM_BARE, "{\"version\":1}", FALSE, FALSE, -1, 0 },
    { "{\"version\":1,\"theme\":2}", STRATA_LEGACY_FORM_BARE, "{\"version\":1,\"theme\":2}", FALSE, FALSE, -1, 0 },
    { "{\"name\":1,\"data\":2}", STRATA_LEGACY_FORM_BARE, "{\"name\":1,\"data\":2}", FALSE, FALSE, -1, 0 },
    { "{\"data\":2,\"name\":1}", STRATA_LEGACY_FORM_BARE, "{\"data\":2,\"name\":1}", FALSE, FALSE, -1, 0 },
    { "{\"version\":1,\"timestamp\":2,\"collections\":{}}", STRATA_LEGACY_FORM_BARE,
      "{\"version\":1,\"timestamp\":2,\"collections\":{}}", FALSE, FALSE, -1, 0 },
    { "[]", STRATA_LEGACY_FORM_BARE, "[]", FALSE, FALSE, -1, 0 },
    { " 5 ", STRATA_LEGACY_FORM_BARE, "5", FALSE, FALSE, -1, 0 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GString) value = g_string_new (NULL);
      g_autoptr(StrataLegacyPayload) payload = NULL;
      g_autoptr(GError) error = NULL;
      const StrataLegacyEnvelope *envelope;

      g_test_message ("%s", rows[i].content);
      put (fixture, rows[i].content, -1);
      payload = read_all (fixture, value, &error);
      g_assert_no_error (error);
      envelope = _strata_legacy_payload_get_envelope (payload);

      g_assert_cmpstr (value->str, ==, rows[i].expected);
      g_assert_cmpint (envelope->form, ==, rows[i].form);
      g_assert_cmpint (envelope->has_version, ==, rows[i].has_version);
      g_assert_cmpint (envelope->version_is_one, ==, rows[i].version_is_one);
      g_assert_cmpint (envelope->timestamp_ms, ==, rows[i].timestamp_ms);
      g_assert_cmpuint (envelope->unknown_members, ==, rows[i].unknown_members);
    }
}

static void
test_checksums_are_compared (Fixture       *fixture,
                             gconstpointer  test_data)
{
  static const char wrong[] = "{\"version\":1,\"checksum\":\"zzzzzz\",\"data\":[1]}";
  g_autofree char *checksum = checksum_of ("[\n  1\n]");
  g_autoptr(GString) last = g_string_new (NULL);

  g_string_printf (last, "{\n  \"data\": [\n    1\n  ],\n  \"checksum\": \"%s\",\n  \"version\": 1\n}", checksum);
  assert_read (fixture, last->str, STRATA_LEGACY_FORM_PLAIN, 0, CHECKSUM_MATCHES, "[1]");
  assert_read (fixture, wrong, STRATA_LEGACY_FORM_PLAIN, 0, CHECKSUM_DIFFERS, "[1]");
}

/* In pieces cut anywhere, and by the definition, it is one number. */
static void
test_checksum_of_any_text (void)
{
  static const char *const parts[] = {
    "a", "0123456789abcdef", "0123456", "\x7f", "\n    ",
    "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80", "\xe6\xbc\xa2\xe5\xad\x97",
  };

  for (guint round = 0; round < 1000; round++)
    {
      g_autoptr(GString) text = g_string_new (NULL);
      g_autofree char *expected = NULL;
      g_autofree char *computed = NULL;
      StrataTextChecksum checksum = { 0 };

      for (int n = g_test_rand_int_range (0, 60); n > 0; n--)
        g_string_append (text, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);

      for (gsize at = 0; at < text->len;)
        {
          gsize size = (gsize)g_test_rand_int_range (1, 100);

          size = MIN (size, text->len - at);
          _strata_text_checksum_update (&checksum, text->str + at, size);
          at += size;
        }

      expected = checksum_of (text->str);
      computed = _strata_text_checksum_dup_text (&checksum);
      g_assert_cmpstr (computed, ==, expected);
    }
}

static void
test_cut_anywhere_is_an_error (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(GPtrArray) forms = list_forms ();

  for (guint form = 0; form < forms->len; form++)
    {
      const char *content = g_ptr_array_index (forms, form);

      for (gsize size = 0; size < strlen (content); size++)
        {
          g_autoptr(GString) value = g_string_new (NULL);
          g_autoptr(GError) error = NULL;
          g_autoptr(StrataLegacyPayload) payload = NULL;

          put (fixture, content, (gssize)size);
          payload = read_all (fixture, value, &error);

          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
          g_assert_null (payload);
        }
    }
}

/* Whole JSON, but what is inside the string is cut: a different error where it
 * is not JSON that is damaged
 */
static void
test_cut_inside_is_an_error (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autofree char *packed = gzip_in_base64 (PRETTY);

  for (gsize size = strlen ("GZIP_V1:"); size < strlen (packed); size++)
    {
      g_autofree char *cut = g_strndup (packed, size);
      g_autofree char *content = g_strdup_printf ("{\"version\":1,\"data\":\"%s\"}", cut);
      g_autoptr(GString) value = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataLegacyPayload) payload = NULL;

      if (strchr (packed + size, '=') == packed + size)
        break;

      put (fixture, content, -1);
      payload = read_all (fixture, value, &error);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
      g_assert_true (g_str_has_prefix (MINIFIED, value->str));
    }

  for (gsize size = 1; size < strlen (PRETTY); size++)
    {
      g_autofree char *cut = g_strndup (PRETTY, size);
      g_autofree char *quoted = NULL;
      g_autofree char *content = NULL;
      g_autoptr(GString) value = g_string_new (NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataLegacyPayload) payload = NULL;

      /* In the middle of a character even the file would be no JSON */
      if (!g_utf8_validate (cut, -1, NULL))
        continue;

      quoted = quote (cut);
      content = g_strdup_printf ("{\"version\":1,\"data\":%s}", quoted);
      put (fixture, content, -1);
      payload = read_all (fixture, value, &error);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
    }
}

/* The text before a flaw in the gzip data is not lost with it. */
static void
test_what_stands_before_damage_is_read (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autoptr(GString) text = g_string_new ("[\n");
  g_autofree char *packed = NULL;
  g_autofree char *content = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GError) error = NULL;
  StrataJsonReader *reader;
  guint n_elements = 0;
  gboolean more;

  for (guint i = 0; i < 20000; i++)
    g_string_append_printf (text, "  \"%08x\",\n", g_test_rand_int ());
  g_string_append (text, "  0\n]");
  packed = gzip_in_base64 (text->str);
  memset (packed + strlen (packed) / 2, 'A', 40);
  content = g_strdup_printf ("{\"version\":1,\"data\":\"%s\"}", packed);
  put (fixture, content, -1);

  payload = open_file (fixture->dir, "x.json", &error);
  g_assert_no_error (error);
  reader = _strata_legacy_payload_get_reader (payload);
  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  while (_strata_json_reader_next_element (reader, &more, NULL, &error) && more &&
         _strata_json_reader_take (reader, NULL, NULL, NULL, &error))
    n_elements++;

  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, STRATA_ERROR);
  g_test_message ("%u elements before the damage", n_elements);
  g_assert_cmpuint (n_elements, >, 5000);
  g_assert_cmpuint (n_elements, <, 20000);
}

/* How many elements come before the error. */
static guint
count_elements (Fixture  *fixture,
                GError  **error)
{
  g_autoptr(StrataLegacyPayload) payload = open_file (fixture->dir, "x.json", error);
  StrataJsonReader *reader;
  guint n_elements = 0;
  gboolean more;

  if (payload == NULL)
    return 0;

  reader = _strata_legacy_payload_get_reader (payload);
  if (!_strata_json_reader_enter (reader, NULL, error))
    return 0;
  while (_strata_json_reader_next_element (reader, &more, NULL, error) && more &&
         _strata_json_reader_take (reader, NULL, NULL, NULL, error))
    n_elements++;

  return n_elements;
}

/* After a power cut the end of a file may be zeros: they take nothing of what
 * stands before them, also where all is in one block.
 */
static void
test_what_stands_before_zeros_is_read (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  const guint n_elements = 100;
  g_autoptr(GString) text = g_string_new ("[");
  g_autofree char *as_string = NULL;
  g_autofree char *as_gzip = NULL;
  const char *data;
  gsize size;

  for (guint i = 0; i < n_elements; i++)
    g_string_append_printf (text, "%u%c", 1000 + (guint)g_test_rand_int_range (0, 9000), i < n_elements - 1 ? ',' : ']');
  as_string = envelop_string (text->str);
  as_gzip = envelop_gzip (text->str);

  data = strstr (as_string, "[");
  size = strlen (as_string);
  for (guint i = 1; i < n_elements; i++)
    {
      g_autofree char *zeros = g_memdup2 (as_string, size);
      g_autoptr(GError) error = NULL;
      gsize place = (gsize)(data - as_string) + 5 * i + 1;

      memset (zeros + place, 0, size - place);
      put (fixture, zeros, (gssize)size);

      g_assert_cmpuint (count_elements (fixture, &error), ==, i);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
    }

  size = strlen (as_gzip);
  memset (as_gzip + size - 20, 0, 20);
  put (fixture, as_gzip, (gssize)size);
  {
    g_autoptr(GError) error = NULL;

    g_assert_cmpuint (count_elements (fixture, &error), >, n_elements / 2);
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
  }
}

static void
test_any_changed_byte_is_survived (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(GPtrArray) forms = list_forms ();

  for (guint form = 0; form < forms->len; form++)
    {
      const char *content = g_ptr_array_index (forms, form);

      for (gsize at = 0; at < strlen (content); at++)
        {
          g_autofree char *changed = g_strdup (content);
          g_autoptr(GString) value = g_string_new (NULL);
          g_autoptr(GError) error = NULL;
          g_autoptr(StrataLegacyPayload) payload = NULL;

          changed[at] ^= (char)g_test_rand_int_range (1, 256);
          put (fixture, changed, (gssize)strlen (content));
          payload = read_all (fixture, value, &error);

          if (payload == NULL)
            g_assert_nonnull (error);
          else
            g_assert_no_error (error);
        }
    }
}

static void
test_what_follows_is_told (Fixture       *fixture,
                           gconstpointer  test_data)
{
  static const struct
  {
    const char *content;
    int         size;
    gboolean    trailing;
  } rows[] = {
    { "[1] x", -1, TRUE },
    { "[1]\0\0", 5, TRUE },
    { "{\"version\":1,\"data\":[1]}}", -1, TRUE },
    { "{\"version\":1,\"data\":\"[1]]\"}", -1, TRUE },
    { "{\"version\":1,\"data\":\"[1]\\u0000\"}", -1, TRUE },
    { "{\"version\":1,\"data\":\"[1]\"} \n x", -1, TRUE },
    { "{\"version\":1,\"data\":[1]", -1, FALSE },
    { "{\"version\":1,\"data\":[1] x", -1, FALSE },
    { "{\"version\":1,\"data\":\"[1]", -1, FALSE },
    { "{\"version\":1,\"data\":\"[1]\"", -1, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(StrataLegacyPayload) payload = NULL;
      g_autoptr(GError) error = NULL;
      StrataJsonReader *reader;

      put (fixture, rows[i].content, rows[i].size);
      payload = open_file (fixture->dir, "x.json", &error);
      g_assert_no_error (error);
      reader = _strata_legacy_payload_get_reader (payload);
      g_assert_true (_strata_json_reader_take (reader, NULL, NULL, NULL, &error));

      g_test_message ("%s", rows[i].content);
      g_assert_false (_strata_legacy_payload_finish (payload, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
      g_assert_cmpint (_strata_legacy_payload_get_envelope (payload)->trailing_bytes, ==, rows[i].trailing);
    }
}

static void
test_what_is_no_payload (Fixture       *fixture,
                         gconstpointer  test_data)
{
  static const struct
  {
    const char *content;
    int         code;
  } rows[] = {
    { "", STRATA_ERROR_SYNTAX },
    { "  \n", STRATA_ERROR_SYNTAX },
    { "x", STRATA_ERROR_SYNTAX },
    { "{\"version\":1", STRATA_ERROR_SYNTAX },
    { "{\"version\":1,\"data\"", STRATA_ERROR_SYNTAX },
    { "{\"version\":1,\"data\":", STRATA_ERROR_SYNTAX },
    { "{\"version\":1,\"timestamp\":5}", STRATA_ERROR_DAMAGED_DATA },
    { "{\"version\":1,\"checksum\":\"x\",\"timestamp\":5}", STRATA_ERROR_DAMAGED_DATA },
  };
  g_autoptr(GError) missing_error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = NULL;

      put (fixture, rows[i].content, -1);
      g_assert_null (open_file (fixture->dir, "x.json", &error));
      g_assert_error (error, STRATA_ERROR, rows[i].code);
    }

  g_assert_null (open_file (fixture->dir, "none.json", &missing_error));
  g_assert_error (missing_error, STRATA_ERROR, STRATA_ERROR_SOURCE);
}

/* --- Values that lie deeper --- */

static StrataLegacyPayload *
open_text (const char         *text,
           const char * const *members,
           GError            **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (text, (gssize)strlen (text), NULL);

  return _strata_legacy_payload_open (stream, members, NULL, error);
}

/* Reads all of the value, and what comes after it. */
static char *
read_value (StrataLegacyPayload  *payload,
            GError              **error)
{
  g_autoptr(GString) value = g_string_new (NULL);

  if (!_strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, error) ||
      !_strata_legacy_payload_finish (payload, NULL, error))
    return NULL;

  return g_strdup (value->str);
}

static char *
indent (const char *text,
        const char *by)
{
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autofree char *between = g_strconcat ("\n", by, NULL);

  return g_strjoinv (between, lines);
}

/* Collections in a backup: as they are, or wrapped in any way, and the backup itself in a file or a record. */
static void
test_collections_in_a_backup (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const char *const in_file[] = { "collections", "sessions", NULL };
  static const char *const in_record[] = { "data", "collections", "sessions", NULL };
  g_autofree char *checksum = checksum_of (PRETTY);
  g_autofree char *plain = indent (PRETTY, "    ");
  g_autofree char *quoted = quote (PRETTY);
  g_autofree char *twice = quote (quoted);
  g_autofree char *packed = gzip_in_base64 (PRETTY);
  g_autofree char *packed_string = g_strdup_printf ("\"%s\"", packed);
  const char *values[] = { plain, quoted, twice, packed_string };

  for (guint i = 0; i < G_N_ELEMENTS (values); i++)
    for (guint record = 0; record < 2; record++)
      {
        g_autofree char *backup = g_strdup_printf ("{\n  \"version\": 1,\n  \"timestamp\": 1760440089000,\n"
                                                   "  \"collections\": {\n    \"notes\": {\"sessions\": [7]},\n"
                                                   "    \"sess\\u0069ons\": %s,\n    \"sessions\": [8]\n  },\n"
                                                   "  \"more\": null\n}", values[i]);
        g_autofree char *quoted_backup = quote (backup);
        g_autofree char *as_record = g_strdup_printf ("{\"id\":\"x\",\"timestamp\":5,\"data\":%s}", quoted_backup);
        g_autoptr(GError) error = NULL;
        g_autoptr(StrataLegacyPayload) payload = record ? open_text (as_record, in_record, &error)
                                                        : open_text (backup, in_file, &error);
        g_autofree char *value = NULL;

        g_assert_no_error (error);
        value = read_value (payload, &error);

        g_assert_no_error (error);
        g_assert_cmpstr (value, ==, MINIFIED);
        g_assert_cmpint (_strata_legacy_payload_get_envelope (payload)->timestamp_ms, ==, 1760440089000);
        g_assert_false (_strata_legacy_payload_get_envelope (payload)->checksum_known);
        g_assert_cmpstr (_strata_legacy_payload_get_envelope (payload)->text_checksum, ==,
                         i == 0 && record ? NULL : checksum);
      }
}

/* Sessions that were put aside: inside of a collection that has an envelope of its own */
static void
test_sessions_put_aside (Fixture       *fixture,
                         gconstpointer  test_data)
{
  static const char *const members[] = { "sessions", NULL };
  g_autofree char *deeper = indent (PRETTY, "  ");
  g_autofree char *aside = g_strdup_printf ("{\n  \"timestamp\": 17,\n  \"sessions\": %s,\n  \"count\": 2\n}", deeper);
  char *(*const envelopes[]) (const char *) = { envelop_string, envelop_gzip, envelop_plain };

  for (guint i = 0; i < G_N_ELEMENTS (envelopes); i++)
    {
      g_autofree char *text = envelopes[i] (aside);
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataLegacyPayload) payload = open_text (text, members, &error);
      g_autofree char *value = NULL;

      g_assert_no_error (error);
      value = read_value (payload, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (value, ==, MINIFIED);
      g_assert_cmpint (_strata_legacy_payload_get_envelope (payload)->timestamp_ms, ==, 17);
    }
}

/* A collection may be a string of its own, in which nothing is wrapped. */
static void
test_a_plain_string_deeper (Fixture       *fixture,
                            gconstpointer  test_data)
{
  static const char *const members[] = { "data", NULL };
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyPayload) payload = open_text ("{\"name\":\"x\",\"data\":\"hello\",\"timestamp\":9}", members, &error);
  g_autofree char *value = NULL;

  g_assert_no_error (error);
  value = read_value (payload, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (value, ==, "\"hello\"");
  g_assert_cmpint (_strata_legacy_payload_get_envelope (payload)->timestamp_ms, ==, 9);
}

static void
test_members_that_are_not_there (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const char *const members[] = { "collections", "sessions", NULL };
  static const char *const missing[] = {
    "{}", "[]", "{\"collections\": {}}", "{\"collections\": {\"notes\": {\"sessions\": []}}}", "{\"collections\": [1]}",
    "{\"collections\": \"hello\"}", "7", "\"hello\"",
  };
  static const char *const broken[] = { "", "{\"collections\"", "{\"collections\": {\"notes\": [" };

  for (guint i = 0; i < G_N_ELEMENTS (missing); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (open_text (missing[i], members, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }

  for (guint i = 0; i < G_N_ELEMENTS (broken); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (open_text (broken[i], members, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
    }
}

/* What follows the value in a backup that is cut is missed when finishing. */
static void
test_a_backup_that_is_cut (Fixture       *fixture,
                           gconstpointer  test_data)
{
  static const char *const members[] = { "collections", "sessions", NULL };
  static const char text[] = "{\"version\":1,\"collections\":{\"sessions\":[1,2],\"notes\":[3]}}";
  const gsize value_end = (gsize)(strstr (text, "],") + 1 - text);

  for (gsize size = value_end; size < strlen (text); size++)
    {
      g_autofree char *cut = g_strndup (text, size);
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataLegacyPayload) payload = open_text (cut, members, &error);
      g_autoptr(GString) value = g_string_new (NULL);

      g_assert_no_error (error);
      g_assert_true (_strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, &error));
      g_assert_cmpstr (value->str, ==, "[1,2]");
      g_assert_false (_strata_legacy_payload_finish (payload, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
      g_assert_false (_strata_legacy_payload_get_envelope (payload)->trailing_bytes);
    }
}

static void
test_streams_that_are_no_files (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *content = envelop_string (PRETTY);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (content, (gssize)strlen (content), NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_payload_open (stream, NULL, NULL, &error);
  g_autoptr(GString) value = g_string_new (NULL);

  g_assert_no_error (error);
  _strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
  g_assert_cmpstr (value->str, ==, MINIFIED);
  g_assert_true (_strata_legacy_payload_get_envelope (payload)->checksum_matches);
}

static gboolean
add_to_checksum (const char  *text,
                 gsize        length,
                 gpointer     user_data,
                 GError     **error)
{
  _strata_text_checksum_update_indented (user_data, text, length, 4);

  return TRUE;
}

/* A value two levels deep in a pretty file has the checksum that it has alone. */
static void
test_checksum_of_a_value_deeper (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_auto(GStrv) lines = g_strsplit (PRETTY, "\n", -1);
  g_autofree char *indented = g_strjoinv ("\n    ", lines);
  g_autofree char *text = g_strdup_printf ("[\n  [\n    %s\n  ]\n]", indented);
  g_autofree char *expected = checksum_of (PRETTY);
  g_autofree char *computed = NULL;
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  g_autoptr(GError) error = NULL;
  StrataTextChecksum checksum = { 0 };
  StrataJsonKind kind;
  gboolean more;

  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error));
  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  g_assert_true (_strata_json_reader_next_element (reader, &more, NULL, &error));
  g_assert_true (_strata_json_reader_peek (reader, &kind, NULL, &error));
  g_assert_true (_strata_json_reader_take_verbatim (reader, add_to_checksum, &checksum, NULL, &error));

  computed = _strata_text_checksum_dup_text (&checksum);
  g_assert_cmpstr (computed, ==, expected);
}

/* --- The stores that lie beside the project --- */

static char *
digest_of (const GString *text)
{
  StrataDigest digest;

  _strata_digest_of (text->str, text->len, &digest);

  return _strata_digest_dup_hex (&digest);
}

/* The digests of an array's elements' tokens, in order. Stops where the file does. */
static GPtrArray *
list_elements (int         dir,
               const char *path,
               gboolean   *out_mismatch)
{
  GPtrArray *digests = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(StrataLegacyPayload) payload = open_file (dir, path, NULL);
  StrataJsonReader *reader;
  StrataJsonKind kind;
  gboolean more;

  *out_mismatch = FALSE;
  if (payload == NULL)
    return digests;

  reader = _strata_legacy_payload_get_reader (payload);
  if (!_strata_json_reader_peek (reader, &kind, NULL, NULL) || kind != STRATA_JSON_ARRAY ||
      !_strata_json_reader_enter (reader, NULL, NULL))
    return digests;

  while (_strata_json_reader_next_element (reader, &more, NULL, NULL))
    {
      g_autoptr(GString) element = g_string_new (NULL);

      if (!more)
        {
          if (_strata_legacy_payload_finish (payload, NULL, NULL))
            *out_mismatch = _strata_legacy_payload_get_envelope (payload)->checksum_known &&
                            !_strata_legacy_payload_get_envelope (payload)->checksum_matches;
          break;
        }
      if (!_strata_json_reader_take (reader, append, element, NULL, NULL))
        break;
      g_ptr_array_add (digests, digest_of (element));
    }

  return digests;
}

static JsonObject *
load_json (JsonParser *parser,
           const char *folder,
           const char *name)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autoptr(GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  return json_node_get_object (json_parser_get_root (parser));
}

static void
check_sample_array (int         dir,
                    const char *collection,
                    JsonArray  *expected)
{
  g_autofree char *path = g_strdup_printf ("db/%s.json", collection);
  gboolean mismatch;
  g_autoptr(GPtrArray) digests = list_elements (dir, path, &mismatch);

  g_assert_false (mismatch);
  g_assert_cmpuint (digests->len, ==, json_array_get_length (expected));
  for (guint i = 0; i < digests->len; i++)
    g_assert_cmpstr (g_ptr_array_index (digests, i), ==,
                     json_object_get_string_member (json_array_get_object_element (expected, i), "sha256"));
}

static void
check_sample_whole (int         dir,
                    const char *collection,
                    const char *expected)
{
  g_autofree char *path = g_strdup_printf ("db/%s.json", collection);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyPayload) payload = open_file (dir, path, &error);
  g_autoptr(GString) value = g_string_new (NULL);
  g_autofree char *digest = NULL;

  g_assert_no_error (error);
  g_assert_true (_strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, &error));
  g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
  g_assert_true (_strata_legacy_payload_get_envelope (payload)->checksum_matches);
  digest = digest_of (value);
  g_assert_cmpstr (digest, ==, expected);
}

static void
test_sample_has_its_digests (void)
{
  g_autofree char *fixtures = test_dup_fixtures ();
  g_autofree char *path = g_build_filename (fixtures != NULL ? fixtures : "", "sample", "com.taskerino.desktop", NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GList) names = NULL;
  JsonObject *manifest, *collections;
  int dir;

  if (fixtures == NULL || !g_file_test (path, G_FILE_TEST_IS_DIR))
    {
      g_test_skip ("The sample store is not here");
      return;
    }

  dir = test_open_dir (path);
  manifest = load_json (parser, fixtures, "sample.manifest.json");
  check_sample_array (dir, "sessions", json_object_get_array_member (manifest, "sessions"));

  collections = json_object_get_object_member (manifest, "collections");
  names = json_object_get_members (collections);
  for (GList *name = names; name != NULL; name = name->next)
    {
      JsonObject *collection = json_object_get_object_member (collections, name->data);

      check_sample_whole (dir, name->data, json_object_get_string_member (collection, "sha256"));
      if (json_object_has_member (collection, "items"))
        check_sample_array (dir, name->data, json_object_get_array_member (collection, "items"));
    }
  close (dir);
}

static gboolean
has_code (JsonObject *expect,
          const char *code)
{
  JsonArray *codes = json_object_get_array_member (expect, "problems");

  for (guint i = 0; i < json_array_get_length (codes); i++)
    if (strcmp (json_array_get_string_element (codes, i), code) == 0)
      return TRUE;

  return FALSE;
}

/* Every session is in the file it comes from, as far as that is one of ours to read. */
static guint
check_edge_sessions (int         dir,
                     JsonObject *expect,
                     gboolean   *out_mismatch)
{
  JsonArray *sessions = json_object_get_array_member (expect, "sessions");
  guint n_checked = 0;

  *out_mismatch = FALSE;
  for (guint i = 0; i < json_array_get_length (sessions); i++)
    {
      JsonObject *session = json_array_get_object_element (sessions, i);
      const char *from = json_object_get_string_member (session, "from");
      const char *digest = json_object_get_string_member (session, "tokens_sha256");
      g_autoptr(GPtrArray) digests = NULL;
      gboolean mismatch;

      /* Others lie within a value, a ZIP or a database */
      if (!g_str_has_prefix (from, "db/") && strcmp (from, "sessions.json") != 0)
        continue;

      digests = list_elements (dir, from, &mismatch);
      if (!g_ptr_array_find_with_equal_func (digests, digest, g_str_equal, NULL))
        g_error ("A session %s is not in “%s”", digest, from);
      *out_mismatch |= mismatch;
      n_checked++;
    }

  return n_checked;
}

static void
test_edge_stores_have_their_digests (void)
{
  g_autofree char *fixtures = test_dup_fixtures ();
  g_autofree char *edge = fixtures != NULL ? g_build_filename (fixtures, "edge", NULL) : NULL;
  g_autoptr(GDir) folder = edge != NULL ? g_dir_open (edge, 0, NULL) : NULL;
  const char *name;
  guint n_sessions = 0;

  if (folder == NULL)
    {
      g_test_skip ("The edge stores are not here");
      return;
    }

  while ((name = g_dir_read_name (folder)) != NULL)
    {
      g_autofree char *path = g_build_filename (edge, name, NULL);
      g_autofree char *store = g_build_filename (path, "com.taskerino.desktop", NULL);
      g_autoptr(JsonParser) parser = json_parser_new ();
      JsonObject *expect;
      gboolean mismatch;
      int dir;

      if (!g_file_test (store, G_FILE_TEST_IS_DIR))
        continue;

      expect = load_json (parser, path, "expect.json");
      if (has_code (expect, "encoding-repaired"))
        continue;

      dir = test_open_dir (store);
      n_sessions += check_edge_sessions (dir, expect, &mismatch);
      close (dir);
      g_test_message ("%s", name);
      g_assert_cmpint (mismatch, ==, has_code (expect, "checksum-mismatch"));
    }

  g_test_message ("%u sessions of edge stores", n_sessions);
  g_assert_cmpuint (n_sessions, >, 30);
}

#define ADD(name, func) \
  g_test_add ("/legacy-payload/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("every-form-with-any-boundaries", test_every_form_with_any_boundaries);
  ADD ("strings-in-strings", test_strings_in_strings);
  ADD ("odd-spellings-inside", test_odd_spellings_inside);
  ADD ("what-is-an-envelope", test_what_is_an_envelope);
  ADD ("checksums-are-compared", test_checksums_are_compared);
  g_test_add_func ("/legacy-payload/checksum-of-any-text", test_checksum_of_any_text);
  ADD ("cut-anywhere-is-an-error", test_cut_anywhere_is_an_error);
  ADD ("cut-inside-is-an-error", test_cut_inside_is_an_error);
  ADD ("what-stands-before-damage-is-read", test_what_stands_before_damage_is_read);
  ADD ("what-stands-before-zeros-is-read", test_what_stands_before_zeros_is_read);
  ADD ("any-changed-byte-is-survived", test_any_changed_byte_is_survived);
  ADD ("what-follows-is-told", test_what_follows_is_told);
  ADD ("what-is-no-payload", test_what_is_no_payload);
  ADD ("collections-in-a-backup", test_collections_in_a_backup);
  ADD ("sessions-put-aside", test_sessions_put_aside);
  ADD ("a-plain-string-deeper", test_a_plain_string_deeper);
  ADD ("members-that-are-not-there", test_members_that_are_not_there);
  ADD ("a-backup-that-is-cut", test_a_backup_that_is_cut);
  ADD ("streams-that-are-no-files", test_streams_that_are_no_files);
  ADD ("checksum-of-a-value-deeper", test_checksum_of_a_value_deeper);
  g_test_add_func ("/legacy-payload/sample-has-its-digests", test_sample_has_its_digests);
  g_test_add_func ("/legacy-payload/edge-stores-have-their-digests", test_edge_stores_have_their_digests);

  return g_test_run ();
}

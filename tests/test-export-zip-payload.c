/* test-export-zip-payload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <json-glib/json-glib.h>

#include "base/strata-digest-private.h"
#include "export-zip-util.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-text-stream-private.h"

static gboolean
append (const char  *text,
        gsize        length,
        gpointer     user_data,
        GError     **error)
{
  g_string_append_len (user_data, text, (gssize)length);

  return TRUE;
}

static StrataLegacyPayload *
open_payload (StrataExportZip *zip,
              const char      *collection)
{
  const StrataExportZipEntry *entry = _strata_export_zip_find_collection (zip, collection);
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GInputStream) text = NULL;
  StrataLegacyPayload *payload;

  g_assert_nonnull (entry);
  stream = _strata_export_zip_open_entry (zip, entry->index, &error);
  g_assert_no_error (error);
  text = _strata_text_stream_new (stream);
  payload = _strata_legacy_payload_open (text, NULL, NULL, &error);
  g_assert_no_error (error);

  return payload;
}

static char *
pack (const char *text)
{
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9);
  gsize size = strlen (text) + strlen (text) / 100 + 100;
  g_autofree guint8 *packed = g_malloc (size);
  g_autofree char *base64 = NULL;
  gsize n_read, n_written;

  g_assert_cmpint (g_converter_convert (G_CONVERTER (compressor), text, strlen (text), packed, size,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL), ==, G_CONVERTER_FINISHED);
  base64 = g_base64_encode (packed, n_written);

  return g_strdup_printf ("\"GZIP_V1:%s\"", base64);
}

static char *
wrap_twice (const char *text)
{
  g_autofree char *once = pack (text);
  g_autofree char *twice = pack (once);

  return g_strdup_printf ("{\"version\":1,\"checksum\":\"x\",\"timestamp\":5,\"compressed\":true,\"data\":%s}", twice);
}

static char *
quote (const char *text)
{
  GString *quoted = g_string_new ("\"");

  for (; *text != '\0'; text++)
    {
      if (*text == '"')
        g_string_append_c (quoted, '\\');
      g_string_append_c (quoted, *text);
    }
  g_string_append_c (quoted, '"');

  return g_string_free (quoted, FALSE);
}

static void
test_collections_are_unwrapped (Fixture       *fixture,
                                gconstpointer  test_data)
{
  static char *(*const ways[]) (const char *) = { g_strdup, pack, wrap_twice, quote };
  static const StrataLegacyForm forms[] = {
    STRATA_LEGACY_FORM_BARE, STRATA_LEGACY_FORM_GZIP, STRATA_LEGACY_FORM_GZIP, STRATA_LEGACY_FORM_STRING,
  };
  static const guint wraps[] = { 0, 1, 2, 1 };

  for (guint i = 0; i < 2 * G_N_ELEMENTS (ways); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autofree char *long_text = make_long_text (600000);
      g_autofree char *content = ways[i / 2] (long_text);
      g_autoptr(StrataExportZip) zip = NULL;
      g_autoptr(StrataLegacyPayload) payload = NULL;
      g_autoptr(GString) value = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      zip_maker_add_text (maker, "sessions.json", content, i % 2 == 0);
      finish (fixture, maker);

      zip = open_good (fixture);
      payload = open_payload (zip, "sessions");
      _strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpstr (value->str, ==, long_text);
      g_assert_cmpint (_strata_legacy_payload_get_envelope (payload)->form, ==, forms[i / 2]);
      g_assert_cmpuint (_strata_legacy_payload_get_envelope (payload)->wraps, ==, wraps[i / 2]);
      g_assert_cmpuint (_strata_legacy_payload_get_bytes_read (payload), ==, strlen (content));
    }
}

/* Returns: (element-type utf8): the whole elements of an array */
static GPtrArray *
list_elements (StrataLegacyPayload  *payload,
               GError              **error)
{
  StrataJsonReader *reader = _strata_legacy_payload_get_reader (payload);
  GPtrArray *elements = g_ptr_array_new_with_free_func (g_free);
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return elements;

  while (_strata_json_reader_next_element (reader, &more, NULL, error) && more)
    {
      g_autoptr(GString) element = g_string_new (NULL);

      if (!_strata_json_reader_take (reader, append, element, NULL, error))
        return elements;
      g_ptr_array_add (elements, g_string_free (g_steal_pointer (&element), FALSE));
    }

  return elements;
}

static void
test_a_torn_array_gives_its_first_elements (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autofree char *text = make_long_text (200000);
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GPtrArray) elements = NULL;
  g_autoptr(GError) error = NULL;
  const char *next = text + 1;

  zip_maker_add_text (maker, "sessions.json", text, TRUE);
  put (fixture, maker->bytes->data, maker->bytes->len / 2);

  zip = open_good (fixture);
  g_assert_true (_strata_export_zip_is_torn (zip));
  payload = open_payload (zip, "sessions");
  elements = list_elements (payload, &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_assert_cmpuint (elements->len, >, 1000);
  for (guint i = 0; i < elements->len; i++)
    {
      g_assert_true (g_str_has_prefix (next, g_ptr_array_index (elements, i)));
      next += strlen (g_ptr_array_index (elements, i)) + 1;
    }
}

/* --- The fixtures --- */

static JsonObject *
load_expectation (const char *folder)
{
  g_autofree char *path = g_build_filename (folder, "expect.json", NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

static void
assert_digest (const char *text,
               const char *expected)
{
  StrataDigest digest;
  g_autofree char *hex = NULL;

  _strata_digest_of (text, strlen (text), &digest);
  hex = _strata_digest_dup_hex (&digest);
  g_assert_cmpstr (hex, ==, expected);
}

static void
check_fixture_sessions (StrataExportZip *zip,
                        JsonObject      *expect)
{
  JsonArray *sessions = json_object_get_array_member (expect, "sessions");
  g_autoptr(StrataLegacyPayload) payload = open_payload (zip, "sessions");
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) elements = list_elements (payload, &error);

  g_assert_no_error (error);
  g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
  g_assert_no_error (error);

  g_assert_cmpuint (elements->len, ==, json_array_get_length (sessions));
  for (guint i = 0; i < elements->len; i++)
    assert_digest (g_ptr_array_index (elements, i),
                   json_object_get_string_member (json_array_get_object_element (sessions, i), "tokens_sha256"));
}

static void
check_fixture_collections (StrataExportZip *zip,
                           JsonObject      *expect)
{
  JsonObject *collections = json_object_get_object_member (expect, "collections");
  g_autoptr(GList) names = json_object_get_members (collections);

  g_assert_cmpuint (g_list_length (names), >=, 5);
  for (GList *link = names; link != NULL; link = link->next)
    {
      g_autoptr(StrataLegacyPayload) payload = open_payload (zip, link->data);
      g_autoptr(GString) value = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      _strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, value, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
      assert_digest (value->str, json_object_get_string_member (json_object_get_object_member (collections, link->data),
                                                                "tokens_sha256"));
    }
}

static void
test_fixtures_are_as_expected (gconstpointer name)
{
  g_autofree char *fixtures = test_dup_fixtures ();
  g_autofree char *folder = NULL;
  g_autoptr(JsonObject) expect = NULL;
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GError) error = NULL;
  int dir;

  if (fixtures == NULL)
    {
      g_test_skip ("no fixtures");
      return;
    }

  folder = g_build_filename (fixtures, "edge", name, NULL);
  expect = load_expectation (folder);
  dir = test_open_dir (folder);
  zip = _strata_export_zip_open (dir, "taskerino-export.zip", NULL, &error);
  close (dir);
  g_assert_no_error (error);
  g_assert_false (_strata_export_zip_is_torn (zip));
  g_assert_cmpint (_strata_export_zip_get_metadata (zip)->timestamp_ms, >, 0);
  g_assert_cmpstr (_strata_export_zip_get_metadata (zip)->source, ==, "indexeddb");

  check_fixture_sessions (zip, expect);
  check_fixture_collections (zip, expect);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/export-zip-payload/unwrapped", test_collections_are_unwrapped);
  ADD ("/export-zip-payload/torn", test_a_torn_array_gives_its_first_elements);
  g_test_add_data_func ("/export-zip-payload/fixtures/small", "browser-export-zip", test_fixtures_are_as_expected);
  g_test_add_data_func ("/export-zip-payload/fixtures/large", "browser-export-zip-large", test_fixtures_are_as_expected);
  g_test_add_data_func ("/export-zip-payload/fixtures/webkit", "webkit-indexeddb", test_fixtures_are_as_expected);

  return g_test_run ();
}

/* test-slicer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-key-private.h"
#include "test-util.h"

#define MIB (1024 * 1024)

typedef struct
{
  char        *path;
  StrataStore *store;
  StrataBatch *batch;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->batch = _strata_batch_new (fixture->store, NULL);
  g_assert_nonnull (fixture->batch);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_pointer (&fixture->batch, _strata_batch_free);
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static const StrataPart *
part_at (const StrataManifest *manifest,
         guint                 i)
{
  return g_ptr_array_index (manifest->parts, i);
}

/* Puts @manifest into the store and reads it back. */
static char *
commit_and_read (Fixture        *fixture,
                 StrataManifest *manifest)
{
  g_autofree char *key = g_strdup (manifest->key);
  g_autoptr(GError) error = NULL;
  char *text;

  _strata_batch_add (fixture->batch, manifest, store_util_new_rows ());
  _strata_batch_commit (fixture->batch, &error);
  g_assert_no_error (error);
  text = store_util_read_session (fixture->store, key, &error);
  g_assert_no_error (error);

  return text;
}

static void
assert_comes_back (Fixture    *fixture,
                   const char *spaced,
                   const char *minified)
{
  g_autofree char *text = NULL;
  StrataManifest *manifest = store_util_slice (fixture->store, fixture->batch, spaced, 0, NULL);
  StrataDigest digest;

  _strata_digest_of (minified, strlen (minified), &digest);
  g_assert_cmpuint (manifest->raw_bytes, ==, strlen (minified));
  g_assert_true (_strata_digest_equal (&manifest->raw_digest, &digest));
  text = commit_and_read (fixture, manifest);
  g_assert_true (strcmp (text, minified) == 0);
}

static void
test_every_member_comes_back_in_its_place (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  static const char *const texts[] = {
    "{}",
    "{\"id\":\"a\"}",
    "{\"id\":\"a\",\"id\":\"b\",\"id\":null}",
    "{\"\":1,\"\":2,\"a\":{},\"a\":[],\"a\":{\"a\":[{}]}}",
    "{\"screenshots\":[]}",
    "{\"screenshots\":[1]}",
    "{\"screenshots\":[{\"a\":1},2,[]],\"screenshots\":[3],\"Screenshots\":[4],\"screenshot\\u0073\":[5]}",
    "{\"audioSegments\":[1],\"x\":1,\"contextItems\":[2],\"screenshots\":\"no list\"}",
    "{\"attachments\":[1],\"chunks\":2,\"metadata\":3}",
    "{\"../../x\":1,\"a/b\":[2],\"\\u0000\":3}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    assert_comes_back (fixture, texts[i], texts[i]);
}

static void
add_random_member (GString  *minified,
                   GString  *spaced,
                   gboolean  first)
{
  static const char *const names[] = {
    "id", "name", "screenshots", "audioSegments", "contextItems", "Screenshots", "attachments", "x", "\\u0078", "", "a/b",
    "a-very-long-name-that-is-longer-than-what-a-file-name-takes-of-it", "tags",
  };
  const char *name = names[g_test_rand_int_range (0, G_N_ELEMENTS (names))];
  int kind = g_test_rand_int_range (0, 12);

  g_string_append_printf (minified, "%s\"%s\":", first ? "" : ",", name);
  g_string_append_printf (spaced, "%s\"%s\" : ", first ? "" : " ,\n", name);
  if (kind == 0)
    store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (400, 4000));
  else if (kind == 1)
    store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (60000, 200000));
  else if (kind == 2)
    {
      int n = g_test_rand_int_range (0, 400);

      g_string_append (minified, "[");
      g_string_append (spaced, "[ ");
      for (int i = 0; i < n; i++)
        {
          g_string_append (minified, i > 0 ? "," : "");
          g_string_append (spaced, i > 0 ? " , " : "");
          store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (0, 2000));
        }
      g_string_append (minified, "]");
      g_string_append (spaced, "\n]");
    }
  else
    store_util_random_value (minified, spaced, 4);
}

static void
test_random_sessions_come_back_token_for_token (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  for (guint round = 0; round < 120; round++)
    {
      g_autoptr(GString) minified = g_string_new ("{");
      g_autoptr(GString) spaced = g_string_new (" {");
      int n = g_test_rand_int_range (0, 20);

      for (int i = 0; i < n; i++)
        add_random_member (minified, spaced, i == 0);
      g_string_append_c (minified, '}');
      g_string_append (spaced, "\n} ");
      assert_comes_back (fixture, spaced->str, minified->str);
    }
}

/* One value larger than what is held in memory, in every position */
static void
test_what_is_too_large_for_memory_is_spilled (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  static const char *const formats[] = {
    "{\"id\":\"a\",\"notes\":\"%s\",\"z\":1}",
    "{\"id\":\"a\",\"screenshots\":[1,\"%s\",2]}",
    "{\"id\":\"a\",\"x\":{\"y\":[\"%s\"]}}",
    "{\"id\":\"a\",\"list\":[\"%s\"],\"z\":1}",
  };
  g_autofree char *huge = g_strnfill (9 * MIB, 'h');

  for (guint i = 0; i < G_N_ELEMENTS (formats); i++)
    {
      g_auto(GStrv) ends = g_strsplit (formats[i], "%s", 2);
      g_autofree char *text = g_strconcat (ends[0], huge, ends[1], NULL);

      assert_comes_back (fixture, text, text);
    }
}

/* A list of @n elements of about @size bytes each */
static char *
make_list_session (guint n,
                   gsize size)
{
  GString *text = g_string_new ("{\"id\":\"list\",\"screenshots\":[");
  g_autofree char *filler = g_strnfill (size, 'f');

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s{\"n\":%u,\"t\":\"%s\"}", i > 0 ? "," : "", i, filler);
  g_string_append (text, "]}");

  return g_string_free (text, FALSE);
}

static void
test_parts_have_the_sizes_they_should (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *text = make_list_session (4000, 1000);
  g_autoptr(StrataManifest) manifest = store_util_slice (fixture->store, fixture->batch, text, 0, NULL);
  guint64 items = 0;

  g_assert_cmpuint (manifest->parts->len, ==, 5);
  g_assert_cmpuint (manifest->n_screenshots, ==, 4000);
  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = part_at (manifest, i);
      guint64 limit = i == 0 ? 64 * 1024 : MIB;

      g_assert_cmpstr (part->kind, ==, "screenshots");
      g_assert_cmpuint (part->number, ==, i + 1);
      g_assert_true (part->is_array);
      g_assert_nonnull (part->staged_path);
      g_assert_cmpuint (part->raw_bytes, <=, limit + 1100);
      if (i + 1 < manifest->parts->len)
        g_assert_cmpuint (part->raw_bytes, >=, limit);
      items += part->items;
    }
  g_assert_cmpuint (items, ==, 4000);
}

/* Each part is JSON by itself */
static void
test_a_part_is_an_array_of_whole_elements (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *text = make_list_session (300, 1000);
  StrataManifest *manifest = store_util_slice (fixture->store, fixture->batch, text, 0, NULL);
  g_autofree char *key = g_strdup (manifest->key);
  guint n_parts = manifest->parts->len;
  g_autofree char *whole = commit_and_read (fixture, manifest);

  g_assert_cmpstr (whole, ==, text);
  g_assert_cmpuint (n_parts, ==, 2);
  for (guint i = 1; i <= n_parts; i++)
    {
      g_autofree char *name = g_strdup_printf ("screenshots-%03u", i);
      g_autoptr(GInputStream) stream = strata_store_open_part (fixture->store, key, name, NULL);
      g_autofree char *part = store_util_read (stream, NULL);
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (part, strlen (part));

      g_assert_true (part[0] == '[' && part[strlen (part) - 1] == ']');
      g_assert_true (_strata_json_reader_finish (reader, NULL, NULL));
    }
}

static void
test_short_values_stay_in_the_metadata (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (2000, 's');
  g_autofree char *text = g_strdup_printf ("{\"id\":\"a\",\"short\":\"%s\",\"tags\":[1,2],\"long\":\"%sxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\"}",
                                           filler, filler);
  g_autoptr(StrataManifest) manifest = store_util_slice (fixture->store, fixture->batch, text, 0, NULL);

  g_assert_cmpuint (manifest->parts->len, ==, 1);
  g_assert_cmpstr (part_at (manifest, 0)->kind, ==, "long");
  g_assert_false (part_at (manifest, 0)->is_array);
  g_assert_nonnull (strstr (manifest->small, filler));
}

static void
test_metadata_stays_small (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autoptr(GString) text = g_string_new ("{\"id\":\"many\"");
  g_autofree char *filler = g_strnfill (1500, 'm');
  g_autoptr(GBytes) bytes = NULL;
  g_autoptr(StrataManifest) manifest = NULL;

  for (guint i = 0; i < 16; i++)
    g_string_append_printf (text, ",\"member%u\":\"%s\"", i, filler);
  g_string_append_c (text, '}');

  manifest = store_util_slice (fixture->store, fixture->batch, text->str, 0, NULL);
  bytes = _strata_manifest_serialize (manifest);
  g_assert_cmpuint (g_bytes_get_size (bytes), <=, 8192 + 512);
  g_assert_nonnull (strstr (manifest->small, "\"id\":\"many\""));
}

/* Members of no size worth moving stay, however many there are */
static void
test_many_tiny_members_come_back (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(GString) text = g_string_new ("{\"id\":\"tiny\"");

  for (guint i = 0; i < 5000; i++)
    g_string_append_printf (text, ",\"m%u\":%u", i % 100, i);
  g_string_append_c (text, '}');

  assert_comes_back (fixture, text->str, text->str);
}

static void
test_kinds_never_meet (Fixture       *fixture,
                       gconstpointer  test_data)
{
  static const char *const names[] = {
    "screenshots", "Screenshots", "screenshots", "attachments", "Attachments", "a/b", "a.b", "", "../x", "\\u00e9",
    "screenshots-p1", "member", "member-p7",
  };
  g_autofree char *filler = g_strnfill (3000, 'k');
  g_autoptr(GString) text = g_string_new ("{\"id\":1");
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(StrataManifest) manifest = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_string_append_printf (text, ",\"%s\":\"%s\"", names[i], filler);
  g_string_append_c (text, '}');
  manifest = store_util_slice (fixture->store, fixture->batch, text->str, 0, NULL);

  g_assert_cmpuint (manifest->parts->len, ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = part_at (manifest, i);

      g_assert_true (g_hash_table_add (seen, g_ascii_strdown (part->kind, -1)));
      g_assert_cmpstr (part->kind, !=, "attachments");
      g_assert_cmpuint (strspn (part->kind, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"), ==, strlen (part->kind));
    }
}

/* Also parts that were spilled */
static void
test_nothing_is_staged_when_nothing_changed (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autofree char *huge = g_strnfill (9 * MIB, 'h');
  g_autofree char *list = make_list_session (300, 1000);
  g_autofree char *text = g_strdup_printf ("%.*s,\"huge\":\"%s\"}", (int)strlen (list) - 1, list, huge);
  StrataManifest *first = store_util_slice (fixture->store, fixture->batch, text, 0, NULL);
  g_autofree char *key = g_strdup (first->key);
  g_autofree char *read_back = commit_and_read (fixture, first);
  g_autoptr(StrataManifest) stored = _strata_store_load (fixture->store, FALSE, key, NULL);
  g_autofree char *before = store_util_list_files (fixture->path, "staging");
  g_autofree char *after = NULL;
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store),
                                                       _strata_batch_get_staging (fixture->batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  g_autoptr(StrataManifest) again = NULL;

  g_assert_true (strcmp (read_back, text) == 0);
  _strata_slicer_set_stored (slicer, stored);
  again = _strata_slicer_take_session (slicer, reader, NULL, NULL);
  after = store_util_list_files (fixture->path, "staging");

  g_assert_cmpstr (before, ==, after);
  g_assert_cmpuint (again->parts->len, ==, stored->parts->len);
  for (guint i = 0; i < again->parts->len; i++)
    {
      g_assert_null (part_at (again, i)->staged_path);
      g_assert_true (_strata_digest_equal (&part_at (again, i)->raw_digest, &part_at (stored, i)->raw_digest));
    }
}

static gboolean
collect_string (const char *token,
                gsize       length,
                const char *name,
                gsize       name_length,
                gpointer    user_data)
{
  if (length < 100)
    g_string_append_printf (user_data, "%.*s ", (int)length, token);

  return TRUE;
}

/* Wherever it ends up: inline, in a part, moved out or spilled; rows are no uses */
static void
test_every_string_value_is_seen_once (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *huge = g_strnfill (9 * MIB, 'h');
  g_autofree char *text = g_strdup_printf ("{\"id\":\"i\",\"x\":[\"a\",{\"y\":\"b\"}],\"screenshots\":[\"c\"],\"huge\":[\"%s\",\"d\"],\"z\":\"e\"}", huge);
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store),
                                                       _strata_batch_get_staging (fixture->batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
  g_autoptr(GString) seen = g_string_new (NULL);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(StrataManifest) manifest = NULL;

  _strata_slicer_set_string_func (slicer, collect_string, seen);
  manifest = _strata_slicer_take_session (slicer, reader, NULL, NULL);
  g_assert_nonnull (manifest);
  g_ptr_array_add (rows, store_util_make_row (fixture->batch, "row", NULL));
  g_assert_true (_strata_slicer_add_rows (slicer, manifest, rows, NULL));

  g_assert_cmpstr (seen->str, ==, "\"c\" \"d\" \"i\" \"a\" \"b\" \"e\" ");
  g_assert_cmpstr (_strata_slicer_get_id_token (slicer), ==, "\"i\"");
}

static void
test_collections_of_any_kind_come_back (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (300000, 'c');
  g_autofree char *long_text = g_strdup_printf ("[\"%s\",\"%s\",\"%s\",[],\"%s\",\"%s\"]", filler, filler, filler, filler, filler);
  const char *const texts[] = { "[]", "{}", "null", "\"x\"", "1.0", "[1,2,3]", "{\"a\":[1]}", long_text };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GInputStream) stream = NULL;
      g_autofree char *text = NULL;

      store_util_put_collection (fixture->store, "things", texts[i]);
      stream = strata_store_open_collection (fixture->store, "things", NULL);
      text = store_util_read (stream, NULL);
      g_assert_cmpstr (text, ==, texts[i]);
    }
}

static void
test_faulty_text_gives_no_manifest (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const char *const texts[] = { "[]", "1", "{\"a\":", "{\"a\":[1,", "{\"screenshots\":[1,2", "{\"a\" 1}", "{\"a\":1,}" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store),
                                                           _strata_batch_get_staging (fixture->batch));
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (texts[i], strlen (texts[i]));
      g_autoptr(GError) error = NULL;

      g_assert_null (_strata_slicer_take_session (slicer, reader, NULL, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX);
    }
}

/* A slicer that failed takes the next session as if nothing had been */
static void
test_every_fault_ends_one_session_only (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *huge = g_strnfill (9 * MIB, 'h');
  g_autofree char *text = g_strdup_printf ("{\"id\":\"i\",\"screenshots\":[1],\"huge\":\"%s\"}", huge);
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store),
                                                       _strata_batch_get_staging (fixture->batch));
  g_autoptr(GString) seen = g_string_new (NULL);

  _strata_slicer_set_string_func (slicer, collect_string, seen);
  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
    {
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));
      g_autoptr(StrataManifest) manifest = NULL;
      g_autoptr(GError) error = NULL;

      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      manifest = _strata_slicer_take_session (slicer, reader, NULL, &error);
      g_assert_true ((manifest != NULL) == (error == NULL));
      if (error != NULL)
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      if (!fault_seam_has_struck ())
        break;
    }
  fault_seam_remove ();
}

static void
test_it_stops_when_cancelled (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *text = make_list_session (4000, 1000);
  g_autoptr(GInputStream) stream = chunk_stream_new (text, strlen (text), 65536);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (stream);
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store),
                                                       _strata_batch_get_staging (fixture->batch));
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (_strata_slicer_take_session (slicer, reader, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* However many: in parts too, and back in their order */
static void
test_rows_come_back (Fixture       *fixture,
                     gconstpointer  test_data)
{
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) back = NULL;
  g_autoptr(StrataManifest) stored = NULL;
  g_autofree char *filler = g_strnfill (2000, 'm');
  g_autofree char *key = NULL;
  StrataManifest *manifest;

  for (guint i = 0; i < 1500; i++)
    {
      g_autofree char *id = g_strdup_printf ("id \"%u\"", i);
      StrataAttachmentRow *row = store_util_make_row (fixture->batch, id, i % 3 == 0 ? "bytes" : NULL);

      row->name = g_strdup ("n\n");
      row->problem = i % 2 == 0 ? g_strdup ("attachment-data-missing") : NULL;
      row->meta = g_strdup_printf ("{\"size\":1.0,\"x\":\"%s\"}", filler);
      row->source_path = i % 5 == 0 ? g_strdup ("attachments/x.dat") : NULL;
      row->source_bytes = row->source_path != NULL ? i : 0;
      row->source_size = row->source_bytes;
      row->source_mtime_ns = row->source_path != NULL ? -1234567890123456789 : 0;
      if (i % 9 == 0)
        {
          row->state = STRATA_ATTACHMENT_WEBP;
          row->original = g_new0 (StrataOriginal, 1);
          row->original->digest.bytes[0] = (guint8)i;
          row->original->bytes = i;
          row->original->extension = g_strdup ("png");
          row->original->mime = g_strdup (i % 2 == 0 ? "image/png" : NULL);
          row->original->width = 7;
          row->original->quality = i % 2 == 0 ? STRATA_QUALITY_LOSSLESS : 80;
        }
      g_ptr_array_add (rows, row);
    }
  manifest = store_util_slice (fixture->store, fixture->batch, "{\"id\":\"r\"}", 0, rows);
  key = g_strdup (manifest->key);
  g_assert_cmpuint (manifest->attachments->len, >, 1);
  _strata_batch_add (fixture->batch, manifest, g_ptr_array_ref (rows));
  g_assert_true (_strata_batch_commit (fixture->batch, NULL));

  stored = _strata_store_load (fixture->store, FALSE, key, NULL);
  back = _strata_store_load_rows (fixture->store, stored, NULL);
  g_assert_cmpuint (back->len, ==, rows->len);
  for (guint i = 0; i < rows->len; i++)
    {
      g_autoptr(GString) a = g_string_new (NULL);
      g_autoptr(GString) b = g_string_new (NULL);

      _strata_attachment_row_append (g_ptr_array_index (rows, i), a);
      _strata_attachment_row_append (g_ptr_array_index (back, i), b);
      g_assert_cmpstr (a->str, ==, b->str);
    }
}

static void
test_hostile_rows_are_refused (Fixture       *fixture,
                               gconstpointer  test_data)
{
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
  static const char *const texts[] = {
    "{}", "{\"id\":1}", "{\"id\":null}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\"}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"../x\"}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"a/b\"}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"JPG\"}",
    "{\"id\":\"a\",\"from\":[]}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"webp\",\"original\":{}}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"webp\",\"original\":[]}",
    "{\"id\":\"a\",\"sha256\":\"" HEX64 "\",\"ext\":\"webp\",\"original\":{\"sha256\":\"" HEX64 "\",\"ext\":\"..\"}}",
    "[]",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (texts[i], strlen (texts[i]));
      g_autoptr(GError) error = NULL;

      g_assert_null (_strata_attachment_row_read (reader, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/slicer/members", test_every_member_comes_back_in_its_place);
  ADD ("/slicer/random", test_random_sessions_come_back_token_for_token);
  ADD ("/slicer/spill", test_what_is_too_large_for_memory_is_spilled);
  ADD ("/slicer/part-sizes", test_parts_have_the_sizes_they_should);
  ADD ("/slicer/whole-elements", test_a_part_is_an_array_of_whole_elements);
  ADD ("/slicer/inline", test_short_values_stay_in_the_metadata);
  ADD ("/slicer/small-metadata", test_metadata_stays_small);
  ADD ("/slicer/tiny-members", test_many_tiny_members_come_back);
  ADD ("/slicer/kinds", test_kinds_never_meet);
  ADD ("/slicer/unchanged", test_nothing_is_staged_when_nothing_changed);
  ADD ("/slicer/strings", test_every_string_value_is_seen_once);
  ADD ("/slicer/collections", test_collections_of_any_kind_come_back);
  ADD ("/slicer/faulty-text", test_faulty_text_gives_no_manifest);
  ADD ("/slicer/faults", test_every_fault_ends_one_session_only);
  ADD ("/slicer/cancel", test_it_stops_when_cancelled);
  ADD ("/slicer/rows", test_rows_come_back);
  ADD ("/slicer/hostile-rows", test_hostile_rows_are_refused);

  return g_test_run ();
}

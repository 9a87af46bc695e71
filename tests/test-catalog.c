/* test-catalog.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "base/strata-error.h"
#include "base/strata-sqlite-private.h"
#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-catalog-private.h"
#include "test-util.h"

typedef struct
{
  char          *path;
  StrataCatalog *catalog;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  fixture->path = test_make_fast_dir ();
  fixture->catalog = _strata_catalog_open (fixture->path, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_pointer (&fixture->catalog, _strata_catalog_free);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static StrataManifest *
make_manifest (const char *key,
               const char *small,
               guint       source,
               guint64     ordinal)
{
  StrataManifest *manifest = _strata_manifest_new ();

  manifest->key = g_strdup (key);
  manifest->small = g_strdup (small);
  manifest->source = source;
  manifest->ordinal = ordinal;
  _strata_digest_of (small, strlen (small), &manifest->raw_digest);

  return manifest;
}

static void
put (Fixture    *fixture,
     const char *key,
     const char *small,
     guint       source,
     guint64     ordinal,
     guint64     stored)
{
  g_autoptr(StrataManifest) manifest = make_manifest (key, small, source, ordinal);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GError) error = NULL;

  manifest->file_bytes = stored;
  _strata_catalog_put (fixture->catalog, manifest, rows, &error);
  g_assert_no_error (error);
}

static void
assert_order (Fixture            *fixture,
              StrataSessionOrder  order,
              guint               limit,
              const char         *expected)
{
  g_autoptr(GPtrArray) sessions = _strata_catalog_list_sessions (fixture->catalog, order, limit, NULL);
  g_autoptr(GString) keys = g_string_new (NULL);

  for (guint i = 0; i < sessions->len; i++)
    g_string_append (keys, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key);
  g_assert_cmpstr (keys->str, ==, expected);
}

static void
test_lists_have_their_orders (Fixture       *fixture,
                              gconstpointer  test_data)
{
  put (fixture, "a", "{\"name\":\"Zebra\",\"startTime\":\"2025-01-01T00:00:00.000Z\"}", 1, 3, 10);
  put (fixture, "b", "{\"name\":\"apple\",\"startTime\":\"2025-03-01T00:00:00.000Z\"}", 1, 1, 30);
  put (fixture, "c", "{\"name\":\"Apple\",\"startTime\":\"2025-02-01T00:00:00.000Z\"}", 2, 0, 20);
  put (fixture, "d", "{\"startTime\":null}", 1, 2, 30);

  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 0, "bcad");
  assert_order (fixture, STRATA_SESSION_ORDER_SIZE, 0, "bdca");
  assert_order (fixture, STRATA_SESSION_ORDER_NAME, 0, "dcba");
  assert_order (fixture, STRATA_SESSION_ORDER_SOURCE, 0, "bdac");
  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 2, "bc");
  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 100, "bcad");
}

static void
test_a_row_says_what_the_session_says (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(GPtrArray) found = NULL;
  const StrataSessionInfo *info;

  put (fixture, "a", "{\"id\":12,\"name\":\"n\\u00e9\",\"startTime\":\"s\",\"endTime\":-1.5,\"category\":\"c\",\"status\":true,"
                     "\"tags\":[\"x\",1,[\"y\"],\"z\\n\"]}", 1, 0, 10);
  found = _strata_catalog_find_sessions (fixture->catalog, "12", NULL);
  g_assert_cmpuint (found->len, ==, 1);
  info = g_ptr_array_index (found, 0);
  g_assert_cmpstr (info->id, ==, "12");
  g_assert_cmpstr (info->name, ==, "n\xc3\xa9");
  g_assert_cmpstr (info->start, ==, "s");
  g_assert_cmpstr (info->end, ==, "-1.5");
  g_assert_cmpstr (info->category, ==, "c");
  g_assert_null (info->status);
  g_assert_cmpuint (g_strv_length (info->tags), ==, 2);
  g_assert_cmpstr (info->tags[0], ==, "x");
  g_assert_cmpstr (info->tags[1], ==, "z\n");
  g_assert_cmpuint (info->bytes_stored, ==, 10);
}

static void
test_tags_of_any_kind_are_harmless (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const char *const tags[] = { "null", "1", "\"x\"", "{}", "{\"a\":[1]}", "[]", "[null]", "[[[[\"a\"]]]]" };

  for (guint i = 0; i < G_N_ELEMENTS (tags); i++)
    {
      g_autofree char *small = g_strdup_printf ("{\"tags\":%s}", tags[i]);
      g_autoptr(GPtrArray) sessions = NULL;

      put (fixture, "a", small, 1, 0, 0);
      sessions = _strata_catalog_list_sessions (fixture->catalog, STRATA_SESSION_ORDER_DATE, 0, NULL);
      g_assert_cmpuint (g_strv_length (((StrataSessionInfo *)g_ptr_array_index (sessions, 0))->tags), ==, 0);
    }
}

static void
test_tags_are_the_strings_of_the_list (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const struct { const char *raw; const char *tags; } rows[] = {
    { "[\"a\",\"b\"]", "a|b" },
    { "[\"a\",1,null,true,\"\",\"\\u00e9\\n\"]", "a||é\n" },
    { "[\"[\",\"{}\",\"\\\"\"]", "[|{}|\"" },
    { "[\"a\",{\"b\":\"c\"},[\"d\"],\"e\"]", "a|e" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *small = g_strdup_printf ("{\"tags\":%s}", rows[i].raw);
      g_autoptr(GPtrArray) sessions = NULL;
      g_autofree char *tags = NULL;

      put (fixture, "a", small, 1, 0, 0);
      sessions = _strata_catalog_list_sessions (fixture->catalog, STRATA_SESSION_ORDER_DATE, 0, NULL);
      tags = g_strjoinv ("|", ((StrataSessionInfo *)g_ptr_array_index (sessions, 0))->tags);
      g_assert_cmpstr (tags, ==, rows[i].tags);
    }
}

static void
test_a_key_is_found_before_an_id (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(GPtrArray) by_key = NULL;
  g_autoptr(GPtrArray) by_id = NULL;
  g_autoptr(GPtrArray) none = NULL;

  put (fixture, "k1", "{\"id\":\"same\"}", 1, 1, 0);
  put (fixture, "k2", "{\"id\":\"same\"}", 1, 0, 0);
  put (fixture, "k3", "{\"id\":\"k1\"}", 1, 2, 0);

  by_key = _strata_catalog_find_sessions (fixture->catalog, "k1", NULL);
  g_assert_cmpuint (by_key->len, ==, 1);
  g_assert_cmpstr (((StrataSessionInfo *)g_ptr_array_index (by_key, 0))->key, ==, "k1");
  by_id = _strata_catalog_find_sessions (fixture->catalog, "same", NULL);
  g_assert_cmpuint (by_id->len, ==, 2);
  g_assert_cmpstr (((StrataSessionInfo *)g_ptr_array_index (by_id, 0))->key, ==, "k2");
  none = _strata_catalog_find_sessions (fixture->catalog, "' OR 1=1 --", NULL);
  g_assert_cmpuint (none->len, ==, 0);
}

static void
test_an_id_of_two_is_ambiguous (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "store", NULL);
  g_autoptr(StrataStore) store = store_util_open (path);
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, NULL);
  g_autoptr(GError) ambiguous = NULL;
  g_autoptr(GError) none = NULL;

  for (guint i = 0; i < 2; i++)
    {
      StrataManifest *manifest = store_util_slice (store, batch, "{\"id\":\"same\"}", i, NULL);

      g_free (manifest->key);
      manifest->key = g_strdup_printf ("k%u-0000000000000000", i);
      _strata_batch_add (batch, manifest, store_util_new_rows ());
    }
  g_assert_true (_strata_batch_commit (batch, NULL));

  g_assert_null (strata_store_find_session (store, "same", &ambiguous));
  g_assert_error (ambiguous, STRATA_ERROR, STRATA_ERROR_AMBIGUOUS);
  g_assert_nonnull (strstr (ambiguous->message, "k0-0000000000000000, k1-0000000000000000"));
  g_assert_null (strata_store_find_session (store, "other", &none));
  g_assert_error (none, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_ordinals_are_of_sources_in_plain_sight (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(StrataManifest) recovered = make_manifest ("r", "{}", 1, 7);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr(GError) error = NULL;

  recovered->recovered = g_strdup ("backup");
  g_assert_true (_strata_catalog_put (fixture->catalog, recovered, rows, NULL));
  put (fixture, "a", "{}", 1, 0, 0);
  put (fixture, "b", "{}", 2, 0, 0);

  first = _strata_catalog_find_ordinal (fixture->catalog, 1, 0, NULL);
  second = _strata_catalog_find_ordinal (fixture->catalog, 2, 0, NULL);
  g_assert_cmpstr (first, ==, "a");
  g_assert_cmpstr (second, ==, "b");
  g_assert_null (_strata_catalog_find_ordinal (fixture->catalog, 1, 7, &error));
  g_assert_no_error (error);
}

/* Reference counts against a naive model */

#define N_OWNERS 8
#define N_OBJECTS 6

static void
add_row (GPtrArray *rows,
         int        object)
{
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

  row->id = g_strdup_printf ("id-%d", object);
  row->state = object >= 0 ? STRATA_ATTACHMENT_OBJECT : STRATA_ATTACHMENT_MISSING;
  if (object >= 0)
    {
      memset (row->digest.bytes, object + 1, sizeof row->digest.bytes);
      row->bytes = (guint64)(object + 1) * 100;
      row->extension = g_strdup ("bin");
    }
  row->source_path = g_strdup_printf ("attachments/id-%d.dat", object);
  row->source_size = 10;
  g_ptr_array_add (rows, row);
}

static char *
dump_objects (sqlite3 *db)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, "SELECT bytes, uses FROM objects ORDER BY bytes", NULL);
  GString *text = g_string_new (NULL);
  gboolean row;

  while (_strata_sqlite_step (statement, &row, NULL) && row)
    g_string_append_printf (text, "%lld:%lld ", sqlite3_column_int64 (statement, 0), sqlite3_column_int64 (statement, 1));

  return g_string_free (text, FALSE);
}

static void
test_reference_counts_follow_everything (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  guint uses[N_OWNERS][N_OBJECTS] = { { 0, }, };
  g_autofree char *file = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);

  for (guint round = 0; round < 600; round++)
    {
      guint owner = (guint)g_test_rand_int_range (0, N_OWNERS);
      g_autofree char *key = g_strdup_printf ("owner-%u", owner);
      g_autoptr(GString) expected = g_string_new (NULL);
      g_autofree char *actual = NULL;

      memset (uses[owner], 0, sizeof uses[owner]);
      if (g_test_rand_int_range (0, 4) == 0)
        g_assert_true (_strata_catalog_remove (fixture->catalog, key, NULL));
      else
        {
          g_autoptr(StrataManifest) manifest = make_manifest (key, "{}", 1, owner);
          g_autoptr(GPtrArray) rows = store_util_new_rows ();
          int n = g_test_rand_int_range (0, 6);

          manifest->is_collection = owner % 3 == 0;
          for (int i = 0; i < n; i++)
            {
              int object = g_test_rand_int_range (-1, N_OBJECTS);

              add_row (rows, object);
              if (object >= 0)
                uses[owner][object]++;
            }
          g_assert_true (_strata_catalog_put (fixture->catalog, manifest, rows, NULL));
        }

      for (guint object = 0; object < N_OBJECTS; object++)
        {
          guint sum = 0;

          for (guint i = 0; i < N_OWNERS; i++)
            sum += uses[i][object];
          if (sum > 0)
            g_string_append_printf (expected, "%u:%u ", (object + 1) * 100, sum);
        }
      actual = dump_objects (db);
      g_assert_cmpstr (actual, ==, expected->str);
    }
  sqlite3_close (db);
}

static void
test_sums_count_each_thing_once (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(StrataManifest) a = make_manifest ("a", "{}", 1, 0);
  g_autoptr(StrataManifest) b = make_manifest ("b", "{}", 1, 1);
  g_autoptr(StrataManifest) notes = make_manifest ("notes", "{}", 1, 0);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) none = store_util_new_rows ();
  StrataCatalogSums sums;

  add_row (rows, 0);
  add_row (rows, 1);
  add_row (rows, -1);
  notes->is_collection = TRUE;
  g_assert_true (_strata_catalog_put (fixture->catalog, a, rows, NULL));
  g_assert_true (_strata_catalog_put (fixture->catalog, b, rows, NULL));
  g_assert_true (_strata_catalog_put (fixture->catalog, notes, none, NULL));

  g_assert_true (_strata_catalog_get_sums (fixture->catalog, &sums, NULL));
  g_assert_cmpuint (sums.sessions, ==, 2);
  g_assert_cmpuint (sums.encoded_bytes, ==, 20);
  g_assert_cmpuint (sums.decoded_bytes, ==, 300);
  g_assert_cmpuint (sums.used_bytes, ==, 300);
  g_assert_cmpuint (sums.object_bytes, ==, 300);
}

/* Makes of the last row one of a WebP; what it was had ten times as many bytes. */
static void
make_webp (GPtrArray *rows)
{
  StrataAttachmentRow *row = g_ptr_array_index (rows, rows->len - 1);
  StrataOriginal *original = g_new0 (StrataOriginal, 1);

  memset (original->digest.bytes, 0xee, sizeof original->digest.bytes);
  original->digest.bytes[0] = row->digest.bytes[0];
  original->bytes = row->bytes * 10;
  original->extension = g_strdup ("jpg");
  original->mime = g_strdup ("image/jpeg");
  original->width = 1920;
  original->height = 1080;
  original->quality = 80;
  row->state = STRATA_ATTACHMENT_WEBP;
  row->original = original;
}

static void
test_what_was_saved_has_its_cause (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataManifest) a = make_manifest ("a", "{}", 1, 0);
  g_autoptr(StrataManifest) b = make_manifest ("b", "{}", 1, 1);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) more = store_util_new_rows ();
  StrataPart *part = g_new0 (StrataPart, 1);
  StrataCatalogSums sums;

  part->kind = g_strdup ("screenshots");
  part->is_gzip = TRUE;
  part->raw_bytes = 5000;
  part->stored_bytes = 1200;
  g_ptr_array_add (a->parts, part);
  add_row (rows, 0);
  make_webp (rows);
  add_row (rows, 1);
  add_row (more, 0);
  make_webp (more);
  g_assert_true (_strata_catalog_put (fixture->catalog, a, rows, NULL));
  g_assert_true (_strata_catalog_put (fixture->catalog, b, more, NULL));

  /* One old file was an image of 1,000 bytes, of which 100 are left; one is as it was */
  g_assert_true (_strata_catalog_get_sums (fixture->catalog, &sums, NULL));
  g_assert_cmpuint (sums.decoded_bytes, ==, 1200);
  g_assert_cmpuint (sums.used_bytes, ==, 1200);
  g_assert_cmpuint (sums.content_bytes, ==, 1200);
  g_assert_cmpuint (sums.object_bytes, ==, 300);
  g_assert_cmpuint (sums.packed_bytes, ==, 3800);
}

static void
test_a_webp_says_what_it_was (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(StrataManifest) a = make_manifest ("a", "{}", 1, 0);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) listed = NULL;
  g_autoptr(StrataAttachmentRow) found = NULL;
  g_autofree char *owner = NULL;
  g_autoptr(StrataAttachmentRow) used = NULL;
  g_autofree char *expected = NULL, *text = NULL, *used_text = NULL;
  gboolean is_collection;

  add_row (rows, 2);
  make_webp (rows);
  g_assert_true (_strata_catalog_put (fixture->catalog, a, rows, NULL));

  found = _strata_catalog_find_stored (fixture->catalog, 1, "id-2", NULL);
  used = _strata_catalog_find_use (fixture->catalog, "a", "id-2", &owner, &is_collection, NULL);
  expected = _strata_original_to_text (((StrataAttachmentRow *)g_ptr_array_index (rows, 0))->original);
  text = _strata_original_to_text (found->original);
  used_text = _strata_original_to_text (used->original);
  g_assert_cmpstr (text, ==, expected);
  g_assert_cmpstr (used_text, ==, expected);
  g_assert_cmpint (found->state, ==, STRATA_ATTACHMENT_WEBP);
  g_assert_cmpstr (owner, ==, "a");
  g_assert_false (is_collection);

  listed = _strata_catalog_list_attachments (fixture->catalog, "a", NULL, NULL);
  g_assert_cmpstr (((StrataAttachmentInfo *)g_ptr_array_index (listed, 0))->state, ==, "webp");
}

static void
test_what_was_stored_is_found_again (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataManifest) a = make_manifest ("a", "{}", 1, 0);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(StrataAttachmentRow) found = NULL;
  StrataAttachmentRow *row;
  g_autoptr(GError) error = NULL;

  add_row (rows, 2);
  row = g_ptr_array_index (rows, 0);
  row->mime = g_strdup ("image/png");
  row->name = g_strdup ("n");
  row->problem = g_strdup ("p");
  row->source_bytes = 11;
  row->source_mtime_ns = -5;
  g_assert_true (_strata_catalog_put (fixture->catalog, a, rows, NULL));

  found = _strata_catalog_find_stored (fixture->catalog, 1, "id-2", NULL);
  g_assert_cmpstr (found->id, ==, "id-2");
  g_assert_true (_strata_digest_equal (&found->digest, &row->digest));
  g_assert_cmpstr (found->mime, ==, "image/png");
  g_assert_cmpstr (found->source_path, ==, "attachments/id-2.dat");
  g_assert_cmpuint (found->source_bytes, ==, 11);
  g_assert_cmpint (found->source_mtime_ns, ==, -5);
  g_assert_null (_strata_catalog_find_stored (fixture->catalog, 2, "id-2", &error));
  g_assert_null (_strata_catalog_find_stored (fixture->catalog, 1, "id-3", &error));
  g_assert_no_error (error);
}

/* Everything in it, as text */
static char *
dump (const char *store_path)
{
  static const char *const queries[] = {
    "SELECT * FROM owners ORDER BY key", "SELECT * FROM attachments ORDER BY owner, number", "SELECT * FROM objects ORDER BY sha256",
    "SELECT * FROM state",
  };
  g_autofree char *file = g_build_filename (store_path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, queries[i], NULL);
      gboolean row;

      while (_strata_sqlite_step (statement, &row, NULL) && row)
        for (int column = 0; column < sqlite3_column_count (statement); column++)
          {
            const guchar *blob = sqlite3_column_blob (statement, column);

            for (int j = 0; j < sqlite3_column_bytes (statement, column); j++)
              g_string_append_printf (text, "%02x", blob[j]);
            g_string_append_c (text, column + 1 < sqlite3_column_count (statement) ? '|' : '\n');
          }
      g_string_append_c (text, '\n');
    }
  sqlite3_close (db);

  return g_string_free (text, FALSE);
}

static void
test_made_anew_it_is_the_same (Fixture       *fixture,
                               gconstpointer  test_data)
{
  static const char *const contents[] = { "one", "two", "one", "three", NULL };
  g_autofree char *path = g_build_filename (fixture->path, "store", NULL);
  g_autoptr(StrataStore) store = store_util_open (path);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  for (guint i = 0; i < 40; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"s%d\",\"name\":\"%u\",\"startTime\":\"2025-0%d-01\",\"tags\":[\"t\"],\"screenshots\":[%u]}",
                                               g_test_rand_int_range (0, 15), i, g_test_rand_int_range (1, 9), i);

      g_free (store_util_put_with_rows (store, json, i, contents + g_test_rand_int_range (0, 5)));
    }
  store_util_put_collection (store, "notes", "[1,2]");
  store_util_put_collection (store, "tasks", "{\"a\":1}");
  store_util_put_collection (store, "notes", "[3]");

  before = dump (path);
  g_assert_true (_strata_store_lock (store, NULL));
  g_assert_true (_strata_store_rebuild_catalog (store, NULL));
  _strata_store_unlock (store);
  after = dump (path);
  g_assert_cmpstr (before, ==, after);
}

static void
add_group (gpointer    user_data,
           const char *name,
           guint64     items,
           guint64     bytes)
{
  g_string_append_printf (user_data, "%s=%" G_GUINT64_FORMAT " ", name, items);
}

static void
test_months_are_those_that_are_times (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(GString) months = g_string_new (NULL);

  put (fixture, "a", "{\"startTime\":\"2025-01-01T00:00:00.000Z\"}", 1, 0, 1);
  put (fixture, "b", "{\"startTime\":\"2025-01-31\"}", 1, 1, 1);
  put (fixture, "c", "{\"startTime\":\"yesterday\"}", 1, 2, 1);
  put (fixture, "d", "{\"startTime\":1759693241298}", 1, 3, 1);
  put (fixture, "e", "{}", 1, 4, 1);
  g_assert_true (_strata_catalog_foreach_month (fixture->catalog, add_group, months, NULL));
  g_assert_cmpstr (months->str, ==, "=3 2025-01=2 ");
}

/* Versions and files */

static void
set_version (Fixture    *fixture,
             const char *sql)
{
  g_autofree char *file = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);

  g_assert_true (_strata_sqlite_exec (db, sql, NULL));
  sqlite3_close (db);
}

static void
test_another_version_is_thrown_away (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  static const char *const changes[] = { "UPDATE state SET version = 99", "DELETE FROM state" };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autoptr(GError) error = NULL;

      g_clear_pointer (&fixture->catalog, _strata_catalog_free);
      set_version (fixture, changes[i]);
      fixture->catalog = _strata_catalog_open (fixture->path, &error);
      g_assert_null (fixture->catalog);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

static void
test_a_rolled_back_change_is_none (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  guint64 applied;

  g_assert_true (_strata_catalog_begin (fixture->catalog, NULL));
  put (fixture, "a", "{}", 1, 0, 0);
  _strata_catalog_roll_back (fixture->catalog);
  _strata_catalog_roll_back (fixture->catalog);
  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 0, "");

  g_assert_true (_strata_catalog_begin (fixture->catalog, NULL));
  put (fixture, "a", "{}", 1, 0, 0);
  g_assert_true (_strata_catalog_commit (fixture->catalog, 1234, NULL));
  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 0, "a");
  g_assert_true (_strata_catalog_get_applied (fixture->catalog, &applied, NULL));
  g_assert_cmpuint (applied, ==, 1234);
}

static void
test_one_in_memory_works_too (Fixture       *fixture,
                              gconstpointer  test_data)
{
  _strata_catalog_free (fixture->catalog);
  fixture->catalog = _strata_catalog_new_in_memory ();
  g_assert_false (g_file_test (":memory:", G_FILE_TEST_EXISTS));
  g_assert_false (_strata_catalog_is_read_only (fixture->catalog));
  put (fixture, "a", "{}", 1, 0, 0);
  assert_order (fixture, STRATA_SESSION_ORDER_DATE, 0, "a");
}

/* Each way to fail has the error that callers act on */
static void
test_database_errors_are_told_apart (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);
  sqlite3 *reader = _strata_sqlite_open (file, STRATA_SQLITE_IMMUTABLE, NULL);
  g_autoptr(GError) syntax = NULL;
  g_autoptr(GError) read_only = NULL;
  g_autoptr(GError) busy = NULL;
  g_autoptr(GError) missing = NULL;
  g_autofree char *none = g_build_filename (fixture->path, "none", "x.sqlite3", NULL);

  g_assert_false (_strata_sqlite_exec (db, "NONSENSE", &syntax));
  g_assert_error (syntax, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_false (_strata_sqlite_exec (reader, "CREATE TABLE t (a)", &read_only));
  g_assert_error (read_only, G_IO_ERROR, G_IO_ERROR_PERMISSION_DENIED);
  sqlite3_busy_timeout (db, 10);
  g_assert_true (_strata_catalog_begin (fixture->catalog, NULL));
  g_assert_false (_strata_sqlite_exec (db, "BEGIN IMMEDIATE", &busy));
  g_assert_error (busy, STRATA_ERROR, STRATA_ERROR_IN_USE);
  _strata_catalog_roll_back (fixture->catalog);
  g_assert_null (_strata_sqlite_open (none, STRATA_SQLITE_WRITE, &missing));
  g_assert_error (missing, G_IO_ERROR, G_IO_ERROR_FAILED);
  sqlite3_close (db);
  sqlite3_close (reader);
}

/* Every query says when it could not be asked */
static void
test_queries_report_a_broken_database (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = make_manifest ("a", "{}", 1, 0);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  StrataCatalogSums sums;
  guint64 applied;
  GError *errors[16] = { NULL, };
  guint n = 0;

  set_version (fixture, "DROP TABLE owners; DROP TABLE attachments; DROP TABLE state");
  g_assert_null (_strata_catalog_list_sessions (fixture->catalog, STRATA_SESSION_ORDER_NAME, 0, &errors[n++]));
  g_assert_null (_strata_catalog_find_sessions (fixture->catalog, "a", &errors[n++]));
  g_assert_null (_strata_catalog_find_ordinal (fixture->catalog, 1, 0, &errors[n++]));
  g_assert_null (_strata_catalog_list_collections (fixture->catalog, &errors[n++]));
  g_assert_null (_strata_catalog_list_attachments (fixture->catalog, "a", "b", &errors[n++]));
  g_assert_null (_strata_catalog_find_stored (fixture->catalog, 1, "a", &errors[n++]));
  g_assert_false (_strata_catalog_get_sums (fixture->catalog, &sums, &errors[n++]));
  g_assert_false (_strata_catalog_foreach_kind (fixture->catalog, add_group, NULL, &errors[n++]));
  g_assert_false (_strata_catalog_foreach_month (fixture->catalog, add_group, NULL, &errors[n++]));
  g_assert_false (_strata_catalog_put (fixture->catalog, manifest, rows, &errors[n++]));
  g_assert_false (_strata_catalog_remove (fixture->catalog, "a", &errors[n++]));
  g_assert_false (_strata_catalog_clear (fixture->catalog, &errors[n++]));
  g_assert_false (_strata_catalog_get_applied (fixture->catalog, &applied, &errors[n++]));
  g_assert_false (_strata_catalog_commit (fixture->catalog, 1, &errors[n++]));
  for (guint i = 0; i < n; i++)
    {
      g_assert_nonnull (errors[i]);
      g_clear_error (&errors[i]);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/catalog/orders", test_lists_have_their_orders);
  ADD ("/catalog/row", test_a_row_says_what_the_session_says);
  ADD ("/catalog/tags", test_tags_of_any_kind_are_harmless);
  ADD ("/catalog/tag-list", test_tags_are_the_strings_of_the_list);
  ADD ("/catalog/find", test_a_key_is_found_before_an_id);
  ADD ("/catalog/ambiguous", test_an_id_of_two_is_ambiguous);
  ADD ("/catalog/ordinals", test_ordinals_are_of_sources_in_plain_sight);
  ADD ("/catalog/references", test_reference_counts_follow_everything);
  ADD ("/catalog/sums", test_sums_count_each_thing_once);
  ADD ("/catalog/stored", test_what_was_stored_is_found_again);
  ADD ("/catalog/anew", test_made_anew_it_is_the_same);
  ADD ("/catalog/months", test_months_are_those_that_are_times);
  ADD ("/catalog/version", test_another_version_is_thrown_away);
  ADD ("/catalog/roll-back", test_a_rolled_back_change_is_none);
  ADD ("/catalog/causes", test_what_was_saved_has_its_cause);
  ADD ("/catalog/webp", test_a_webp_says_what_it_was);
  ADD ("/catalog/memory", test_one_in_memory_works_too);
  ADD ("/catalog/errors", test_database_errors_are_told_apart);
  ADD ("/catalog/broken", test_queries_report_a_broken_database);

  return g_test_run ();
}

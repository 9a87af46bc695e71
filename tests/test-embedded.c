/* test-embedded.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "maintenance/strata-gc-private.h"
#include "maintenance/strata-statistics.h"
#include "migration/strata-export.h"
#include "migration/strata-migration.h"
#include "migration/strata-repair.h"
#include "store-util.h"
#include "store/strata-embedded-private.h"
#include "store/strata-object-private.h"
#include "test-util.h"
#include "write-util.h"

#define DAY_S (24 * 60 * 60)

typedef struct
{
  char        *path;
  char        *legacy;
  StrataStore *store;
  StrataBatch *batch;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  g_autofree char *path = NULL;
  g_autoptr(GError) error = NULL;

  fixture->path = test_make_fast_dir ();
  fixture->legacy = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  path = g_build_filename (fixture->path, "store", NULL);
  fixture->store = store_util_open (path);
  fixture->batch = _strata_batch_new (fixture->store, &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_pointer (&fixture->batch, _strata_batch_free);
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->legacy);
}

static const char *
get_path (Fixture *fixture)
{
  return strata_store_get_path (fixture->store);
}

/* A row that says only what its metadata were */
static StrataAttachmentRow *
make_row (const char *meta)
{
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

  row->id = g_strdup ("a");
  row->state = STRATA_ATTACHMENT_MISSING;
  row->meta = g_strdup (meta);

  return row;
}

static StrataAttachmentRow *
take_out (Fixture    *fixture,
          const char *meta)
{
  StrataAttachmentRow *row = make_row (meta);
  g_autoptr(GError) error = NULL;

  _strata_embedded_take_out (row, fixture->batch, &error);
  g_assert_no_error (error);

  return row;
}

static char *
put_back (Fixture                   *fixture,
          const StrataAttachmentRow *row,
          GError                   **error)
{
  g_autoptr(GString) text = _strata_embedded_put_back (row, _strata_store_get_dir (fixture->store), NULL, error);

  return text != NULL ? g_strdup (text->str) : NULL;
}

static guint
count_thumbnails (Fixture *fixture)
{
  g_autofree char *files = store_util_list_files (get_path (fixture), "attachments");
  g_auto(GStrv) lines = g_strsplit (files, "\n", -1);
  guint n = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    n += g_str_has_suffix (lines[i], ".jpg") ? 1 : 0;

  return n;
}

/* What is taken out */

static void
assert_taken (Fixture    *fixture,
              const char *meta,
              guint       n)
{
  g_autoptr(StrataAttachmentRow) row = take_out (fixture, meta);
  g_autoptr(GError) error = NULL;
  g_autofree char *back = NULL;

  g_assert_cmpuint (row->embedded != NULL ? row->embedded->len : 0, ==, n);
  if (n == 0)
    g_assert_cmpstr (row->meta, ==, meta);
  else
    g_assert_cmpuint (strlen (row->meta), <, strlen (meta) - n * STRATA_EMBEDDED_MIN + 1);
  g_assert_true (_strata_batch_commit (fixture->batch, NULL));
  back = put_back (fixture, row, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (back, ==, meta);
}

/* Only text that no other bytes could stand for, and no other text for these bytes */
static void
test_only_what_comes_back_is_taken_out (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *uri = store_util_make_thumbnail (0);
  g_autofree char *padded = store_util_make_thumbnail (1);
  g_autofree char *twice_padded = store_util_make_thumbnail (2);
  const char *base64 = strchr (uri, ',') + 1;
  g_autofree char *shortest = g_strndup (uri, (gsize)(base64 - uri) + STRATA_EMBEDDED_MIN);
  g_autofree char *too_short = g_strndup (uri, (gsize)(base64 - uri) + STRATA_EMBEDDED_MIN - 4);
  g_autofree char *odd = g_strndup (uri, strlen (uri) - 1);
  g_autofree char *unpadded = g_strndup (padded, strlen (padded) - 1);
  g_autofree char *other_bits = g_strdup (padded);
  g_autofree char *url_safe = g_strdelimit (g_strdup (uri), "+/", '-');
  g_autofree char *spaced = g_strconcat ("data:image/jpeg;base64, ", base64, NULL);
  g_autofree char *escaped = g_strconcat ("data:image\\/jpeg;base64,", base64, NULL);
  g_autofree char *long_type = g_strnfill (300, 't');
  g_autofree char *far = g_strconcat ("data:", long_type, ";base64,", base64, NULL);
  g_autofree char *percent = g_strconcat ("data:image/jpeg,", base64, NULL);
  g_autofree char *inside = g_strconcat ("see data:image/jpeg;base64,", base64, NULL);
  const struct { const char *string; guint n; } strings[] = {
    { uri, 1 }, { padded, 1 }, { twice_padded, 1 }, { shortest, 1 },
    { too_short, 0 }, { odd, 0 }, { unpadded, 0 }, { other_bits, 0 }, { url_safe, 0 }, { spaced, 0 }, { escaped, 0 },
    { far, 0 }, { percent, 0 }, { inside, 0 }, { base64, 0 }, { "", 0 },
  };
  char *last = other_bits + strlen (other_bits) - 2;

  g_assert_cmpint (last[1], ==, '=');
  /* The letter before the padding has bits that mean nothing */
  *last = *last == 'A' ? 'B' : (char)(*last + 1);

  for (guint i = 0; i < G_N_ELEMENTS (strings); i++)
    {
      g_autofree char *meta = g_strdup_printf ("{\"id\":\"a\",\"thumbnail\":\"%s\",\"size\":1.0}", strings[i].string);
      g_autofree char *deep = g_strdup_printf ("{\"q\\\"\":\"\\\\\",\"a\":[[\"%s\",{\"b\":\"%s\"}]],\"\\\"\":\"%s\"}", strings[i].string,
                                               strings[i].string, strings[i].string);

      g_test_message ("%u", i);
      assert_taken (fixture, meta, strings[i].n);
      assert_taken (fixture, deep, 3 * strings[i].n);
    }
}

/* Whatever stands around it */
static void
test_random_metadata_come_back (Fixture       *fixture,
                                gconstpointer  test_data)
{
  for (guint i = 0; i < 200; i++)
    {
      g_autoptr(GString) meta = g_string_new ("{");
      g_autoptr(GString) ignored = g_string_new (NULL);
      guint n = 0;

      for (guint j = 0; j < 6; j++)
        {
          g_autofree char *uri = store_util_make_thumbnail ((guint)g_test_rand_int_range (0, 8));
          gboolean is_taken = g_test_rand_int_range (0, 3) == 0;

          g_string_append_printf (meta, "%s\"m%u\":", j > 0 ? "," : "", j);
          if (is_taken)
            g_string_append_printf (meta, "\"%s\"", uri);
          else
            store_util_random_value (meta, ignored, 0);
          n += is_taken ? 1 : 0;
        }
      g_string_append_c (meta, '}');
      assert_taken (fixture, meta->str, n);
    }
}

static void
test_equal_thumbnails_are_one_object (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *uri = store_util_make_thumbnail (3);
  g_autofree char *meta = g_strdup_printf ("{\"a\":\"%s\",\"b\":\"%s\"}", uri, uri);

  for (guint i = 0; i < 3; i++)
    assert_taken (fixture, meta, 2);

  g_assert_cmpuint (count_thumbnails (fixture), ==, 1);
}

/* What is gone, or changed, is not put back as if it were whole. */
static void
test_damage_is_not_put_back (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autofree char *uri = store_util_make_thumbnail (4);
  g_autofree char *meta = g_strdup_printf ("{\"t\":\"%s\"}", uri);
  g_autoptr(StrataAttachmentRow) row = take_out (fixture, meta);
  g_autofree char *object = NULL;
  g_autofree char *path = NULL;

  g_assert_true (_strata_batch_commit (fixture->batch, NULL));
  object = _strata_object_dup_path (&((StrataEmbedded *)g_ptr_array_index (row->embedded, 0))->digest, "jpg");
  path = g_build_filename (get_path (fixture), object, NULL);

  for (guint i = 0; i < 2; i++)
    {
      g_autoptr(GError) error = NULL;

      if (i == 0)
        store_util_flip_byte (get_path (fixture), object, 100);
      else
        g_assert_cmpint (g_remove (path), ==, 0);
      g_assert_null (put_back (fixture, row, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

/* Rows */

static StrataAttachmentRow *
read_row (const char  *text,
          GError     **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (text, strlen (text));

  return _strata_attachment_row_read (reader, error);
}

static void
test_rows_say_what_was_taken_out (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *uri = store_util_make_thumbnail (5);
  g_autofree char *meta = g_strdup_printf ("{\"t\":\"%s\",\"u\":\"%s\"}", uri, uri);
  g_autoptr(StrataAttachmentRow) row = take_out (fixture, meta);
  g_autoptr(StrataAttachmentRow) copy = _strata_attachment_row_copy (row);
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(GString) again = g_string_new (NULL);
  StrataRowObject object;

  _strata_attachment_row_append (row, text);
  _strata_attachment_row_append (copy, again);
  g_assert_cmpstr (text->str, ==, again->str);
  g_assert_cmpuint (text->len, <, 600);
  g_assert_nonnull (strstr (text->str, "\"meta\":{\"t\":\"data:image/jpeg;base64,\",\"u\":\"data:image/jpeg;base64,\"}}"));
  g_assert_cmpuint (_strata_attachment_row_get_n_objects (copy), ==, 2);
  _strata_attachment_row_get_object (copy, 1, &object);
  g_assert_cmpuint (object.bytes, ==, 3600 - 5 % 3);
  g_assert_cmpstr (object.extension, ==, "jpg");
}

static void
test_hostile_rows_are_refused (Fixture       *fixture,
                               gconstpointer  test_data)
{
#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define ROW(embedded, meta) "{\"id\":\"a\",\"embedded\":" embedded ",\"meta\":" meta "}"
#define ONE(at, ext) "{\"at\":" at ",\"sha256\":\"" HEX64 "\",\"bytes\":1,\"ext\":\"" ext "\"}"
  static const char *const texts[] = {
    ROW ("{}", "{}"), ROW ("1", "{}"), ROW ("[1]", "{}"), ROW ("[{}]", "{}"),
    ROW ("[" ONE ("1", "../jpg") "]", "{}"), ROW ("[" ONE ("3", "jpg") "]", "{}"),
    ROW ("[" ONE ("1", "jpg") "]", "null"), ROW ("[" ONE ("2", "jpg") "," ONE ("1", "jpg") "]", "{}"),
    ROW ("[{\"at\":0,\"sha256\":\"0\",\"bytes\":1,\"ext\":\"jpg\"}]", "{}"),
  };
  g_autoptr(GError) no_error = NULL;
  g_autoptr(StrataAttachmentRow) good = read_row (ROW ("[" ONE ("1", "jpg") "," ONE ("1", "png") "]", "{}"), &no_error);

  g_assert_no_error (no_error);
  g_assert_cmpuint (good->embedded->len, ==, 2);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GError) error = NULL;

      g_test_message ("%s", texts[i]);
      g_assert_null (read_row (texts[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

/* Stores */

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *content)
{
  g_autofree char *path = g_build_filename (fixture->legacy, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static char *
make_meta (const char *id,
           guint       number)
{
  g_autofree char *uri = store_util_make_thumbnail (number);

  return g_strdup_printf ("{\"id\":\"%s\",\"mimeType\":\"image/jpeg\",\"thumbnail\":\"%s\",\"size\":5.0}", id, uri);
}

static void
write_attachment (Fixture    *fixture,
                  const char *id,
                  guint       number)
{
  g_autofree char *data = g_strdup_printf ("attachments/%s.dat", id);
  g_autofree char *path = g_strdup_printf ("attachments/%s.meta.json", id);
  g_autofree char *meta = make_meta (id, number);
  g_autofree char *base64 = g_base64_encode ((const guchar *)id, strlen (id));

  write_file (fixture, data, base64);
  write_file (fixture, path, meta);
}

/* Two sessions with pictures; the thumbnails of p1 and p3 are the same */
static void
make_legacy (Fixture *fixture)
{
  write_file (fixture, "db/sessions.json", "[{\"id\":\"s1\",\"screenshots\":[{\"id\":\"i1\",\"attachmentId\":\"p1\"},"
                                           "{\"id\":\"i2\",\"attachmentId\":\"p2\"}]},"
                                           "{\"id\":\"s2\",\"screenshots\":[{\"id\":\"i3\",\"attachmentId\":\"p3\"}]}]");
  write_attachment (fixture, "p1", 1);
  write_attachment (fixture, "p2", 2);
  write_attachment (fixture, "p3", 1);
}

static void
migrate (Fixture               *fixture,
         StrataMigrationCounts *out_counts)
{
  g_autofree char *path = g_strdup (get_path (fixture));
  g_autoptr(StrataMigration) migration = strata_migration_new (path, fixture->legacy);
  g_autoptr(GError) error = NULL;

  g_clear_pointer (&fixture->batch, _strata_batch_free);
  g_clear_object (&fixture->store);
  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (strata_migration_get_state (migration), ==, "complete");
  strata_migration_get_counts (migration, out_counts);
  fixture->store = store_util_open (path);
}

static void
assert_in_order (Fixture *fixture)
{
  g_autofree char *problems = store_util_check (fixture->store);

  g_assert_cmpstr (problems, ==, "");
}

static void
assert_exported (Fixture    *fixture,
                 const char *id,
                 guint       number)
{
  g_autofree char *folder = g_build_filename (fixture->path, "exported", NULL);
  g_autofree char *name = g_strdup_printf ("%s.meta.json", id);
  g_autofree char *path = g_build_filename (folder, "attachments", name, NULL);
  g_autofree char *expected = make_meta (id, number);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;
  guint64 n_sessions, bytes;

  strata_export (fixture->store, NULL, STRATA_EXPORT_LEGACY, folder, &n_sessions, &bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, expected);
  test_remove_dir (folder);
}

static guint
collect (Fixture *fixture,
         gint64   days)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) garbage = NULL;

  garbage = _strata_gc_collect (fixture->store, options, g_get_real_time () / G_USEC_PER_SEC + days * DAY_S, NULL, &error);
  g_assert_no_error (error);

  return count_thumbnails (fixture);
}

static char *
find_key (Fixture    *fixture,
          const char *id)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (fixture->store, id, &error);

  g_assert_no_error (error);

  return g_strdup (info->key);
}

/* As long as anything that is there, or may come back, needs them */
static void
test_thumbnails_stay_while_they_are_needed (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  StrataMigrationCounts counts;
  g_autofree char *key = NULL;
  g_autofree char *item = NULL;
  g_autofree char *session = NULL;
  g_autoptr(GError) error = NULL;

  make_legacy (fixture);
  migrate (fixture, &counts);
  g_assert_cmpuint (count_thumbnails (fixture), ==, 2);
  g_assert_cmpuint (collect (fixture, 1), ==, 2);

  key = find_key (fixture, "s1");
  item = strata_store_delete_item (fixture->store, key, "i2", NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (collect (fixture, 1), ==, 2);
  g_free (strata_store_undelete (fixture->store, item, NULL, &error));
  g_assert_no_error (error);
  assert_in_order (fixture);
  assert_exported (fixture, "p2", 2);

  session = strata_store_delete_session (fixture->store, key, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (collect (fixture, 1), ==, 2);
  g_free (strata_store_undelete (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  assert_in_order (fixture);
  assert_exported (fixture, "p2", 2);

  g_free (strata_store_delete_session (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (collect (fixture, 400), ==, 1);
  assert_in_order (fixture);
  assert_exported (fixture, "p3", 1);
}

/* Another session that uses an attachment gets all that is known of it. */
static void
test_a_new_use_has_the_metadata_too (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  StrataMigrationCounts counts;
  g_autofree char *key = NULL;
  g_autofree char *first = NULL;
  g_autofree char *second = NULL;
  g_autoptr(GError) error = NULL;

  make_legacy (fixture);
  migrate (fixture, &counts);
  key = write_util_create (fixture->store, "{\"id\":\"new\",\"screenshots\":[]}", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, key, "screenshots", "{\"id\":\"x\",\"attachmentId\":\"p1\"}", NULL, NULL, &error);
  g_assert_no_error (error);
  assert_in_order (fixture);

  first = find_key (fixture, "s1");
  second = find_key (fixture, "s2");
  g_free (strata_store_delete_session (fixture->store, first, NULL, &error));
  g_assert_no_error (error);
  g_free (strata_store_delete_session (fixture->store, second, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (collect (fixture, 400), ==, 1);
  assert_in_order (fixture);
  assert_exported (fixture, "p1", 1);
}

/* The catalog made from the files is the one that was kept on the way. */
static void
test_the_catalog_counts_them (Fixture       *fixture,
                              gconstpointer  test_data)
{
  StrataMigrationCounts counts;
  g_autoptr(StrataStatistics) before = NULL;
  g_autoptr(StrataStatistics) after = NULL;
  g_autoptr(GError) error = NULL;

  make_legacy (fixture);
  migrate (fixture, &counts);
  before = strata_statistics_collect (fixture->store, &error);
  g_assert_no_error (error);
  /* Three texts in base64, of two contents; and p1, p2, p3 */
  g_assert_cmpuint (before->saved_base64, ==, 3 * 4800 - (2 * 3599 + 3598) + 3 * (4 - 2));
  g_assert_cmpuint (before->saved_duplicates, ==, 3599);

  g_assert_true (_strata_store_lock (fixture->store, NULL));
  g_assert_true (_strata_store_rebuild_catalog (fixture->store, &error));
  _strata_store_unlock (fixture->store);
  g_assert_no_error (error);
  assert_in_order (fixture);
  after = strata_statistics_collect (fixture->store, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (after->saved_base64, ==, before->saved_base64);
  g_assert_cmpuint (after->saved_duplicates, ==, before->saved_duplicates);
}

static void
test_a_lost_thumbnail_is_found_out (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  StrataMigrationCounts counts;
  g_autofree char *files = NULL;
  g_autofree char *problems = NULL;
  g_auto(GStrv) lines = NULL;
  guint n = 0;

  make_legacy (fixture);
  migrate (fixture, &counts);
  files = store_util_list_files (get_path (fixture), "attachments");
  lines = g_strsplit (files, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (get_path (fixture), lines[i], NULL);

      if (!g_str_has_suffix (lines[i], ".jpg"))
        continue;
      g_assert_cmpint (g_remove (path), ==, 0);
      n++;
    }
  g_assert_cmpuint (n, ==, 2);

  problems = store_util_check (fixture->store);
  g_assert_nonnull (strstr (problems, "What the attachment's metadata had embedded is missing"));
}

/* A store from before: all stands in the rows, and its header says so. */
static void
make_old_form (Fixture *fixture)
{
  static const char *const ids[] = { "p1", "p2" };
  static const char header[] = "{\"format\":1,\"min_reader\":1,\"min_writer\":1,\"id\":\"x\",\"created\":\"2025-10-01T00:00:00Z\","
                               "\"state\":\"complete\",\"sources\":[]}\n";
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autofree char *path = g_build_filename (get_path (fixture), "store.json", NULL);
  g_autofree char *copy = g_strconcat (path, ".copy", NULL);
  StrataManifest *manifest;

  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      StrataAttachmentRow *row = store_util_make_row (fixture->batch, ids[i], ids[i]);

      row->meta = make_meta (ids[i], i + 1);
      row->source_path = g_strdup_printf ("attachments/%s.dat", ids[i]);
      row->source_size = 4;
      row->source_bytes = 4 + strlen (row->meta);
      g_ptr_array_add (rows, row);
    }
  manifest = store_util_slice (fixture->store, fixture->batch,
                               "{\"id\":\"s1\",\"screenshots\":[{\"id\":\"i1\",\"attachmentId\":\"p1\"},"
                               "{\"id\":\"i2\",\"attachmentId\":\"p2\"}]}", 0, rows);
  _strata_batch_add (fixture->batch, manifest, g_steal_pointer (&rows));
  g_assert_true (_strata_batch_commit (fixture->batch, NULL));

  g_assert_true (g_file_set_contents (path, header, -1, NULL));
  g_remove (copy);
}

static void
test_a_store_from_before_is_read (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataStatistics) statistics = NULL;
  g_autofree char *key = NULL;
  g_autofree char *item = NULL;
  g_autoptr(GError) error = NULL;

  make_old_form (fixture);
  g_assert_cmpuint (count_thumbnails (fixture), ==, 0);
  assert_in_order (fixture);
  assert_exported (fixture, "p1", 1);
  assert_exported (fixture, "p2", 2);
  statistics = strata_statistics_collect (fixture->store, &error);
  g_assert_no_error (error);

  key = find_key (fixture, "s1");
  item = strata_store_delete_item (fixture->store, key, "i1", NULL, &error);
  g_assert_no_error (error);
  g_free (strata_store_undelete (fixture->store, item, NULL, &error));
  g_assert_no_error (error);
  assert_in_order (fixture);
  assert_exported (fixture, "p1", 1);
}

/* What is migrated into it again gets the new form, and from then on programs from before refuse it. */
static void
test_a_store_from_before_becomes_a_new_one (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (get_path (fixture), "store.json", NULL);
  g_autofree char *text = NULL;
  StrataMigrationCounts counts;

  make_old_form (fixture);
  make_legacy (fixture);
  migrate (fixture, &counts);
  g_assert_cmpuint (counts.sessions_failed, ==, 0);
  g_assert_cmpuint (count_thumbnails (fixture), ==, 2);
  assert_in_order (fixture);
  assert_exported (fixture, "p1", 1);
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_str_has_prefix (text, "{\"format\":2,\"min_reader\":2,\"min_writer\":2,"));

  migrate (fixture, &counts);
  g_assert_cmpuint (counts.sessions_migrated, ==, 0);
  g_assert_cmpuint (counts.sessions_unchanged, ==, 2);
}

/* Writes a session again as a program from before did. */
static void
write_in_old_form (Fixture    *fixture,
                   const char *id,
                   guint64     ordinal)
{
  g_autofree char *key = find_key (fixture, id);
  g_autoptr(GError) error = NULL;
  g_autofree char *json = store_util_read_session (fixture->store, key, &error);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, &error);
  g_autoptr(GPtrArray) rows = _strata_store_load_rows (fixture->store, manifest, &error);
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, &error);
  StrataManifest *old;

  g_assert_no_error (error);
  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      char *meta = put_back (fixture, row, &error);

      g_assert_no_error (error);
      g_free (row->meta);
      row->meta = meta;
      g_clear_pointer (&row->embedded, g_ptr_array_unref);
    }
  old = store_util_slice (fixture->store, batch, json, ordinal, rows);
  _strata_batch_add (batch, old, g_steal_pointer (&rows));
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);
}

/* The same bytes come back from the old store, whichever form they had. */
static void
test_rows_of_either_form_are_repaired (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  gboolean is_old = test_data != NULL;
  StrataMigrationCounts counts;
  g_autofree char *key = NULL;
  g_autofree char *folder = NULL;
  g_autofree char *metadata = NULL;
  g_autofree char *attachments = NULL;
  g_autoptr(GPtrArray) contents = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataRepair) repair = NULL;

  make_legacy (fixture);
  migrate (fixture, &counts);
  if (is_old)
    {
      write_in_old_form (fixture, "s1", 0);
      write_in_old_form (fixture, "s2", 1);
    }
  g_assert_cmpuint (collect (fixture, 400), ==, is_old ? 0 : 2);
  key = find_key (fixture, "s1");
  folder = g_build_filename ("sessions", key, NULL);
  metadata = store_util_find_file (get_path (fixture), folder, "metadata.json");
  attachments = store_util_find_file (get_path (fixture), folder, "attachments-001.");
  for (guint i = 0; i < 2; i++)
    {
      const char *const files[] = { metadata, attachments };
      g_autofree char *path = g_build_filename (get_path (fixture), files[i], NULL);
      char *text;

      g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
      g_ptr_array_add (contents, text);
      store_util_flip_byte (get_path (fixture), files[i], 40);
    }

  repair = strata_repair_run (fixture->store, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (repair->lost, ==, 0);
  assert_in_order (fixture);
  assert_exported (fixture, "p2", 2);
  for (guint i = 0; i < 2; i++)
    {
      g_autofree char *path = g_build_filename (get_path (fixture), i == 0 ? metadata : attachments, NULL);
      g_autofree char *now = NULL;

      g_assert_true (g_file_get_contents (path, &now, NULL, NULL));
      g_assert_cmpstr (now, ==, g_ptr_array_index (contents, i));
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/embedded/canonical", test_only_what_comes_back_is_taken_out);
  ADD ("/embedded/random", test_random_metadata_come_back);
  ADD ("/embedded/once", test_equal_thumbnails_are_one_object);
  ADD ("/embedded/damage", test_damage_is_not_put_back);
  ADD ("/embedded/rows", test_rows_say_what_was_taken_out);
  ADD ("/embedded/hostile-rows", test_hostile_rows_are_refused);
  ADD ("/embedded/garbage", test_thumbnails_stay_while_they_are_needed);
  ADD ("/embedded/new-use", test_a_new_use_has_the_metadata_too);
  ADD ("/embedded/catalog", test_the_catalog_counts_them);
  ADD ("/embedded/lost", test_a_lost_thumbnail_is_found_out);
  ADD ("/embedded/from-before", test_a_store_from_before_is_read);
  ADD ("/embedded/from-before-again", test_a_store_from_before_becomes_a_new_one);
  ADD ("/embedded/repair", test_rows_of_either_form_are_repaired);
  g_test_add ("/embedded/repair-from-before", Fixture, "old", fixture_set_up, test_rows_of_either_form_are_repaired, fixture_tear_down);
#undef ADD

  return g_test_run ();
}

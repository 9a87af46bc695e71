/* test-check.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "base/strata-sqlite-private.h"
#include "fault-seam.h"
#include "maintenance/strata-check.h"
#include "maintenance/strata-gc.h"
#include "migration/strata-journal-private.h"
#include "search/strata-search.h"
#include "store-util.h"
#include "store/strata-part-pack-private.h"
#include "test-util.h"
#include "write-util.h"

typedef struct
{
  char        *path;
  StrataStore *store;
  char        *key;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  static const char *const contents[] = { "one", "two", "one", NULL };

  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->key = store_util_put_with_rows (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2,3]}", 0, contents);
  g_free (store_util_put (fixture->store, "{\"id\":\"b\"}", 1));
  store_util_put_collection (fixture->store, "notes", "[1,2]");
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
}

/* The file that was damaged is named, in these words, and no other but the log,
 * where the damage makes something out to be another than was committed.
 */
static void
assert_one_problem (Fixture    *fixture,
                    const char *path,
                    const char *words)
{
  g_autofree char *problems = store_util_check (fixture->store);
  g_auto(GStrv) lines = g_strsplit (problems, "\n", -1);
  guint found = 0;

  for (guint i = 0; lines[i] != NULL; i++)
    {
      if (g_str_has_prefix (lines[i], path) && strstr (lines[i], words) != NULL)
        found++;
      else if (*lines[i] != '\0' && !g_str_has_prefix (lines[i], "changes.log: "))
        g_error ("“%s” is no problem of “%s” with “%s”", lines[i], path, words);
    }
  g_assert_cmpuint (found, ==, 1);
}

static void
remove_file (Fixture    *fixture,
             const char *file)
{
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static void
test_an_intact_store_has_no_problems (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(StrataCheck) check = strata_check_run (fixture->store, NULL, NULL);
  g_autoptr(StrataCheck) same = strata_check_ref (check);

  g_assert_cmpuint (same->problems->len, ==, 0);
  g_assert_cmpuint (check->sessions, ==, 2);
  g_assert_cmpuint (check->attachments, ==, 2);
  g_assert_cmpuint (check->references, ==, 3);
  /* store.json and its copy, the log, the catalog, two objects, three metadata.json, two parts of values, one of rows */
  g_assert_cmpuint (check->files, ==, 12);
  g_assert_cmpuint (check->damage, ==, 0);
  g_assert_true (check->ends);
  g_assert_null (check->drilled);
}

static void
test_a_damaged_object_is_named (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "attachments", "");

  store_util_flip_byte (fixture->path, file, 1);
  assert_one_problem (fixture, file, "not those that were stored");
}

static void
test_a_missing_object_is_named (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "attachments", "");
  g_autoptr(GPtrArray) uses = strata_store_list_attachments (fixture->store, fixture->key, NULL);
  guint n_uses = 0;
  g_autoptr(StrataCheck) check = NULL;

  for (guint i = 0; i < uses->len; i++)
    n_uses += g_strcmp0 (((StrataAttachmentInfo *)g_ptr_array_index (uses, i))->path, file) == 0 ? 1 : 0;
  remove_file (fixture, file);

  check = strata_check_run (fixture->store, NULL, NULL);
  g_assert_cmpuint (check->problems->len, ==, n_uses);
  for (guint i = 0; i < n_uses; i++)
    {
      StrataProblem *problem = g_ptr_array_index (check->problems, i);

      g_assert_cmpstr (strata_problem_get_path (problem), ==, file);
      g_assert_cmpstr (strata_problem_get_session (problem), ==, fixture->key);
      g_assert_nonnull (strstr (strata_problem_get_message (problem), "missing"));
    }
}

static void
test_a_file_that_is_no_object_is_named (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "attachments", "");
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
  g_assert_cmpint (symlink ("/etc/hostname", path), ==, 0);
  assert_one_problem (fixture, file, "");
}

static void
test_a_damaged_part_is_named (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "sessions", "screenshots");

  store_util_flip_byte (fixture->path, file, 2);
  assert_one_problem (fixture, file, "damaged");
  store_util_flip_byte (fixture->path, file, 2);
  remove_file (fixture, file);
  assert_one_problem (fixture, file, "missing");
}

static void
test_a_damaged_part_of_rows_is_named (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "sessions", "attachments");

  store_util_flip_byte (fixture->path, file, 9);
  assert_one_problem (fixture, file, "damaged");
}

static void
test_damaged_metadata_is_named (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename ("sessions", fixture->key, "metadata.json", NULL);

  store_util_flip_byte (fixture->path, file, 20);
  assert_one_problem (fixture, file, "damaged");
  store_util_flip_byte (fixture->path, file, 20);
  remove_file (fixture, file);
  assert_one_problem (fixture, file, "There is no session");
}

static void
test_a_lost_folder_is_named (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autofree char *folder = g_build_filename (fixture->path, "sessions", fixture->key, NULL);
  g_autofree char *path = g_strdup_printf ("sessions/%s/metadata.json", fixture->key);

  test_remove_dir (folder);
  assert_one_problem (fixture, path, "the log of changes names it");
}

static void
test_a_damaged_collection_is_named (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autofree char *file = store_util_find_file (fixture->path, "collections", "notes-001");

  store_util_flip_byte (fixture->path, file, 1);
  assert_one_problem (fixture, file, "damaged");
  store_util_flip_byte (fixture->path, file, 1);
  remove_file (fixture, "collections/notes.metadata.json");
  assert_one_problem (fixture, "collections/notes.metadata.json", "the log of changes names it");
}

/* Parts that are all right by themselves, and the whole is not */
static void
test_parts_that_do_not_make_the_whole_are_named (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
  g_autofree char *path = g_build_filename (fixture->path, "sessions", fixture->key, "metadata.json", NULL);
  g_autoptr(GBytes) bytes = NULL;

  manifest->raw_digest.bytes[0] ^= 1;
  bytes = _strata_manifest_serialize (manifest);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL));
  assert_one_problem (fixture, "sessions/a-", "not what was stored");
}

static void
test_a_part_too_many_or_too_few_is_named (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "sessions", fixture->key, "metadata.json", NULL);

  for (guint i = 0; i < 4; i++)
    {
      g_autoptr(StrataManifest) manifest = NULL;
      g_autoptr(GBytes) bytes = NULL;
      g_autofree char *before = NULL;
      gsize size;

      g_assert_true (g_file_get_contents (path, &before, &size, NULL));
      manifest = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
      if (i == 0)
        g_ptr_array_set_size (manifest->parts, 0);
      else if (i == 1)
        ((StrataPart *)g_ptr_array_index (manifest->parts, 0))->position = 17;
      else if (i == 2)
        g_clear_pointer (&((StrataPart *)g_ptr_array_index (manifest->parts, 0))->name, g_free);
      else
        manifest->n_members--;
      bytes = _strata_manifest_serialize (manifest);
      g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL));
      assert_one_problem (fixture, "sessions/a-", "list of parts");
      g_assert_true (g_file_set_contents (path, before, (gssize)size, NULL));
    }
}

/* Whichever line, the last one too */
static void
test_a_damaged_log_is_named (Fixture       *fixture,
                             gconstpointer  test_data)
{
  gsize size = store_util_file_size (fixture->path, "changes.log");

  for (gsize offset = 0; offset < size; offset += 7)
    {
      store_util_flip_byte (fixture->path, "changes.log", offset);
      assert_one_problem (fixture, "changes.log", "log of changes is damaged");
      store_util_flip_byte (fixture->path, "changes.log", offset);
    }
}

static void
test_a_session_the_catalog_does_not_list_is_named (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);

  g_assert_true (_strata_sqlite_exec (db, "DELETE FROM owners WHERE id = 'b'", NULL));
  sqlite3_close (db);
  assert_one_problem (fixture, "catalog.sqlite3", "does not list it");
}

static void
test_a_torn_tail_of_the_log_is_no_damage (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
  int fd = g_open (path, O_WRONLY | O_APPEND | O_CLOEXEC, 0);
  g_autofree char *problems = NULL;

  g_assert_cmpint (write (fd, "4 session a", 11), ==, 11);
  close (fd);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

/* Everything there can be in a store */

static void
run_search (StrataStore *store)
{
  g_autoptr(StrataSearch) search = strata_search_new (store);
  g_autoptr(GError) error = NULL;

  strata_search_update (search, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* A session with parts that are packed */
static char *
put_packed (StrataStore *store,
            const char  *json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, &error);
  StrataManifest *manifest = store_util_slice (store, batch, json, 5, NULL);
  char *key = g_strdup (manifest->key);
  guint packed = 0;

  for (guint i = 0; i < manifest->parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (manifest->parts, i);
      g_autofree char *plain = g_strdup (part->staged_path);

      _strata_part_pack_file (part, _strata_store_get_dir (store), _strata_batch_get_staging (batch), plain, 6, NULL, &error);
      g_assert_no_error (error);
      packed += part->is_gzip ? 1 : 0;
    }
  g_assert_cmpuint (packed, >, 0);
  _strata_batch_add (batch, manifest, store_util_new_rows ());
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);

  return key;
}

static void
fill (Fixture *fixture)
{
  g_autoptr(GString) large = g_string_new ("{\"id\":\"large\",\"name\":\"a large one\",\"video\":{\"chunks\":[1]},\"screenshots\":[");
  g_autoptr(GError) error = NULL;
  g_autofree char *key = NULL, *gone = NULL, *item = NULL, *session = NULL;
  g_autoptr(GBytes) junk = g_bytes_new_static ("no session", 10);
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, &error);
  g_autoptr(StrataGarbage) garbage = NULL;
  g_autoptr(StrataCheck) part = NULL;

  for (guint i = 0; i < 3000; i++)
    g_string_append_printf (large, "%s{\"id\":\"%u\",\"text\":\"%u words that are to be packed\"}", i > 0 ? "," : "", i, i * i);
  g_string_append (large, "]}");
  key = put_packed (fixture->store, large->str);
  write_util_append (fixture->store, key, "video.chunks", "{\"id\":\"c\"}", NULL, NULL, &error);
  g_assert_no_error (error);
  strata_store_seal_session (fixture->store, key, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"new%u\"}", i);
      g_autofree char *id = g_strdup_printf ("p%u", i);
      g_autofree char *content = g_strdup_printf ("picture %u", i);

      write_util_append (fixture->store, key, i == 3 ? "video.chunks" : "screenshots", json, id, content, &error);
      g_assert_no_error (error);
    }
  item = strata_store_delete_item (fixture->store, key, "new1", NULL, &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, key, "contextItems", "{\"id\":\"new5\"}", "p5", "in the tail", &error);
  g_assert_no_error (error);

  gone = write_util_create (fixture->store, "{\"id\":\"gone\",\"screenshots\":[1,2,3]}", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, gone, "screenshots", "{}", "p6", "of the deleted one", &error);
  g_assert_no_error (error);
  session = strata_store_delete_session (fixture->store, gone, NULL, &error);
  g_assert_no_error (error);

  write_util_append (fixture->store, fixture->key, "screenshots", "{}", "p7", "soon unneeded", &error);
  g_assert_no_error (error);
  write_util_save (fixture->store, fixture->key, "{\"id\":\"a\",\"screenshots\":[1,2,3]}", &error);
  g_assert_no_error (error);
  garbage = strata_store_collect_garbage (fixture->store, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (garbage->unreferenced, >, 0);

  g_free (_strata_batch_quarantine (batch, "sessions", junk, &error));
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 3; i++)
    _strata_journal_append (_strata_store_get_dir (fixture->store), &error, "committed %u", i);
  g_assert_no_error (error);
  run_search (fixture->store);
  part = strata_check_run_part (fixture->store, 1, FALSE, NULL, &error);
  g_assert_no_error (error);
}

/* Databases are derived; locks and the reserve have nothing in them; staging is nobody's */
static gboolean
is_aside (const char *file)
{
  return strstr (file, ".sqlite3") != NULL || strcmp (file, "lock") == 0 || strcmp (file, "reserve") == 0 ||
         g_str_has_suffix (file, "/lock") || g_str_has_prefix (file, "staging/");
}

static GPtrArray *
list_all_files (Fixture *fixture)
{
  g_autofree char *text = store_util_list_files (fixture->path, ".");
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  GPtrArray *files = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *file = g_str_has_prefix (lines[i], "./") ? lines[i] + 2 : lines[i];

      if (!is_aside (file))
        g_ptr_array_add (files, g_strdup (file));
    }

  return files;
}

static gboolean
names_file (StrataCheck *check,
            const char  *file)
{
  for (guint i = 0; i < check->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (check->problems, i);

      if (g_strcmp0 (strata_problem_get_path (problem), file) == 0 &&
          strata_problem_get_severity (problem) == STRATA_SEVERITY_ERROR)
        return TRUE;
    }

  return FALSE;
}

static void
assert_flip_is_named (Fixture    *fixture,
                      const char *file,
                      gsize       offset)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataCheck) check = NULL;

  store_util_flip_byte (fixture->path, file, offset);
  store = strata_store_open (fixture->path, &error);
  g_assert_no_error (error);
  check = strata_check_run (store, NULL, &error);
  g_assert_no_error (error);
  if (!names_file (check, file))
    g_error ("Byte %" G_GSIZE_FORMAT " of “%s” was changed, and it is not named", offset, file);
  store_util_flip_byte (fixture->path, file, offset);
}

static void
test_one_byte_in_any_file_is_found (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(GPtrArray) files = NULL;
  g_autofree char *problems = NULL;
  guint tried = 0;

  fill (fixture);
  files = list_all_files (fixture);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
  g_clear_object (&fixture->store);

  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);
      gsize size = store_util_file_size (fixture->path, file);
      gsize step = g_test_thorough () ? 1 : MAX (size / 12, 1);

      g_assert_cmpuint (size, >, 0);
      for (gsize offset = 0; offset < size; offset += step, tried++)
        assert_flip_is_named (fixture, file, offset);
      assert_flip_is_named (fixture, file, size - 1);
    }
  g_test_message ("%u bytes of %u files were changed, one at a time", tried, files->len);
  g_assert_cmpuint (files->len, >, 30);

  fixture->store = store_util_open (fixture->path);
  g_free (problems);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

/* Parts */

static StrataCheck *
check_part (Fixture *fixture,
            guint    percent)
{
  g_autoptr(GError) error = NULL;
  StrataCheck *check = strata_check_run_part (fixture->store, percent, FALSE, NULL, &error);

  g_assert_no_error (error);

  return check;
}

static void
test_parts_come_to_the_whole (Fixture       *fixture,
                              gconstpointer  test_data)
{
  StrataCheck sum = { 0, };
  g_autoptr(StrataCheck) whole = NULL;
  gboolean ends = FALSE;
  guint parts = 0;

  fill (fixture);
  while (!ends)
    {
      g_autoptr(StrataCheck) check = check_part (fixture, 5);

      ends = check->ends;
    }

  whole = strata_check_run (fixture->store, NULL, NULL);
  for (ends = FALSE; !ends; parts++)
    {
      g_autoptr(StrataCheck) check = check_part (fixture, 5);

      g_assert_cmpuint (check->damage, ==, 0);
      sum.files += check->files;
      sum.sessions += check->sessions;
      sum.attachments += check->attachments;
      sum.references += check->references;
      ends = check->ends;
      /* Another process goes on where this one was */
      g_clear_object (&fixture->store);
      fixture->store = store_util_open (fixture->path);
    }
  g_assert_cmpuint (parts, >, 3);
  g_assert_cmpuint (parts, <=, 20);
  g_assert_cmpuint (sum.files, ==, whole->files);
  g_assert_cmpuint (sum.sessions, ==, whole->sessions);
  g_assert_cmpuint (sum.attachments, ==, whole->attachments);
  g_assert_cmpuint (sum.references, ==, whole->references);
}

static void
test_parts_find_what_the_whole_does (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(GPtrArray) files = NULL;

  fill (fixture);
  files = list_all_files (fixture);
  for (guint i = 0; i < files->len; i++)
    {
      const char *file = g_ptr_array_index (files, i);
      gboolean found = FALSE, ends = FALSE;

      /* What it says is another position then; nobody but the whole looks at that */
      if (strcmp (file, "verify.state") == 0)
        continue;
      store_util_flip_byte (fixture->path, file, store_util_file_size (fixture->path, file) / 2);
      for (guint round = 0; round < 2; round += ends ? 1 : 0)
        {
          g_autoptr(StrataCheck) check = check_part (fixture, 10);

          found = found || names_file (check, file);
          ends = check->ends;
        }
      if (!found)
        g_error ("“%s” was changed, and no part of the check names it", file);
      store_util_flip_byte (fixture->path, file, store_util_file_size (fixture->path, file) / 2);
    }
}

static void
test_a_drill_rebuilds_a_session (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(GHashTable) drilled = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  fill (fixture);
  for (guint i = 0; i < 100; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataCheck) check = strata_check_run_part (fixture->store, 1, TRUE, NULL, &error);

      g_assert_no_error (error);
      g_assert_cmpuint (check->damage, ==, 0);
      g_assert_nonnull (check->drilled);
      g_hash_table_add (drilled, g_strdup (check->drilled));
    }
  g_assert_cmpuint (g_hash_table_size (drilled), ==, 3);
}

static void
test_a_drill_finds_what_does_not_fit (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
  g_autofree char *metadata = g_build_filename ("sessions", fixture->key, "metadata.json", NULL);
  g_autofree char *path = g_build_filename (fixture->path, metadata, NULL);
  g_autoptr(GBytes) bytes = NULL;
  gboolean found = FALSE;

  manifest->raw_digest.bytes[0] ^= 1;
  bytes = _strata_manifest_serialize (manifest);
  g_assert_true (g_file_set_contents (path, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes), NULL));
  for (guint i = 0; i < 100 && !found; i++)
    {
      g_autoptr(StrataCheck) check = strata_check_run_part (fixture->store, 1, TRUE, NULL, NULL);

      for (guint j = 0; j < check->problems->len; j++)
        found = found || strstr (strata_problem_get_message (g_ptr_array_index (check->problems, j)), "Rebuilt") != NULL;
    }
  g_assert_true (found);
}

/* What is not damage */

static void
test_what_is_not_ours_is_only_noted (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  static const char *const strays[] = {
    "notes.txt", "attachments/picture.jpg", "attachments/ab/x", "collections/x.json", "sessions/x", "quarantine/x", "trash/x",
  };
  g_autofree char *inside = g_strdup_printf ("sessions/%s/x", fixture->key);
  g_autofree char *chunk = g_strdup_printf ("sessions/%s/chunks/x.json", fixture->key);
  g_autoptr(StrataCheck) check = NULL;
  guint n = 0;

  for (guint i = 0; i < G_N_ELEMENTS (strays) + 2; i++)
    {
      const char *stray = i < G_N_ELEMENTS (strays) ? strays[i] : i == G_N_ELEMENTS (strays) ? inside : chunk;
      g_autofree char *path = g_build_filename (fixture->path, stray, NULL);
      g_autofree char *folder = g_path_get_dirname (path);

      g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
      g_assert_true (g_file_set_contents (path, "x", 1, NULL));
      n++;
    }

  check = strata_check_run (fixture->store, NULL, NULL);
  g_assert_cmpuint (check->damage, ==, 0);
  g_assert_cmpuint (check->problems->len, ==, n);
  for (guint i = 0; i < n; i++)
    g_assert_cmpstr (strata_problem_get_code (g_ptr_array_index (check->problems, i)), ==, "foreign-file");
}

static void
test_others_may_write_meanwhile (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  pid_t pid;
  int status = 0;
  guint runs = 0;

  g_clear_object (&fixture->store);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      g_autoptr(StrataStore) store = strata_store_open (fixture->path, NULL);
      g_autofree char *key = write_util_create (store, "{\"id\":\"busy\",\"screenshots\":[]}", NULL);

      for (guint i = 0; i < 150; i++)
        {
          g_autofree char *json = g_strdup_printf ("{\"id\":\"i%u\"}", i);
          g_autofree char *name = g_strdup_printf ("\"%u\"", i);
          g_autofree char *made = NULL;
          g_autofree char *deleted = NULL;

          if (!write_util_append (store, key, "screenshots", json, NULL, name, NULL) ||
              (i % 5 == 0 && !write_util_set (store, key, "screenshots", "[]", NULL)) ||
              (i % 7 == 0 && !write_util_set (store, key, "name", name, NULL)))
            _exit (2);
          if (i % 10 != 0)
            continue;
          g_free (json);
          json = g_strdup_printf ("{\"id\":\"s%u\",\"screenshots\":[1]}", i);
          made = write_util_create (store, json, NULL);
          deleted = made != NULL ? strata_store_delete_session (store, made, NULL, NULL) : NULL;
          if (deleted == NULL)
            _exit (3);
        }
      _exit (0);
    }

  fixture->store = store_util_open (fixture->path);
  while (waitpid (pid, &status, WNOHANG) == 0)
    {
      g_autofree char *problems = store_util_check (fixture->store);

      g_assert_cmpstr (problems, ==, "");
      runs++;
    }
  g_test_message ("%u checks while another process wrote", runs);
  g_assert_true (WIFEXITED (status));
  g_assert_cmpint (WEXITSTATUS (status), ==, 0);
}

/* Databases */

static void
change_catalog (Fixture    *fixture,
                const char *sql)
{
  g_autofree char *file = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  sqlite3 *db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, NULL);
  g_autoptr(GError) error = NULL;

  _strata_sqlite_exec (db, sql, &error);
  g_assert_no_error (error);
  sqlite3_close (db);
}

static void
test_a_catalog_that_says_something_else_is_named (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  static const char *const changes[] = {
    "UPDATE owners SET screenshots = screenshots + 1 WHERE id = 'a'",
    "UPDATE owners SET name = 'other' WHERE id = 'b'",
    "UPDATE owners SET items = 7 WHERE key = 'notes'",
    "UPDATE attachments SET mime = 'x' WHERE number = 1",
    "UPDATE objects SET uses = uses + 1",
    "UPDATE attachments SET owner = 'nobody' WHERE number = 0",
    "DELETE FROM objects",
    "INSERT INTO objects VALUES (x'00', 1, 'bin', 1)",
  };

  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      g_autofree char *problems = NULL;
      g_autoptr(GError) error = NULL;

      change_catalog (fixture, changes[i]);
      problems = store_util_check (fixture->store);
      if (!g_str_has_prefix (problems, "catalog.sqlite3: "))
        g_error ("“%s” was not noticed, only: %s", changes[i], problems);

      _strata_store_lock (fixture->store, &error);
      g_assert_no_error (error);
      _strata_store_rebuild_catalog (fixture->store, &error);
      g_assert_no_error (error);
      _strata_store_unlock (fixture->store);
    }
}

static void
test_a_search_index_that_says_something_else_is_named (Fixture       *fixture,
                                                       gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename (fixture->path, "search.sqlite3", NULL);
  g_autofree char *problems = NULL;
  g_autoptr(GError) error = NULL;
  sqlite3 *db;

  fill (fixture);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
  g_clear_pointer (&problems, g_free);

  db = _strata_sqlite_open (file, STRATA_SQLITE_WRITE, &error);
  g_assert_no_error (error);
  _strata_sqlite_exec (db, "DELETE FROM blocks WHERE rowid IN (SELECT rowid FROM blocks LIMIT 1)", &error);
  sqlite3_close (db);
  problems = store_util_check (fixture->store);
  g_assert_nonnull (strstr (problems, "search.sqlite3: "));
}

static void
test_it_can_be_cancelled (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (strata_check_run (fixture->store, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* What can't be read is an error or a problem, never "in order" */
static void
test_no_fault_is_passed_over (Fixture       *fixture,
                              gconstpointer  test_data)
{
  guint silent = 0, total = 0;

  fault_seam_install ();
  for (guint64 nth = 1; ; nth++, total++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataCheck) check = NULL;

      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      check = strata_check_run (fixture->store, NULL, &error);
      g_assert_true ((check != NULL) == (error == NULL));
      if (!fault_seam_has_struck ())
        break;
      silent += check != NULL && check->problems->len == 0 ? 1 : 0;
    }
  fault_seam_remove ();
  /* Only the closing of files that were read may fail unheard, and what was only to be counted */
  g_test_message ("%u faults were of no consequence", silent);
  g_assert_cmpuint (silent, <, total / 2);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/check/intact", test_an_intact_store_has_no_problems);
  ADD ("/check/object-damaged", test_a_damaged_object_is_named);
  ADD ("/check/object-missing", test_a_missing_object_is_named);
  ADD ("/check/object-link", test_a_file_that_is_no_object_is_named);
  ADD ("/check/part", test_a_damaged_part_is_named);
  ADD ("/check/rows", test_a_damaged_part_of_rows_is_named);
  ADD ("/check/metadata", test_damaged_metadata_is_named);
  ADD ("/check/folder", test_a_lost_folder_is_named);
  ADD ("/check/collection", test_a_damaged_collection_is_named);
  ADD ("/check/whole", test_parts_that_do_not_make_the_whole_are_named);
  ADD ("/check/list-of-parts", test_a_part_too_many_or_too_few_is_named);
  ADD ("/check/log", test_a_damaged_log_is_named);
  ADD ("/check/torn-log", test_a_torn_tail_of_the_log_is_no_damage);
  ADD ("/check/catalog", test_a_session_the_catalog_does_not_list_is_named);
  ADD ("/check/any-byte", test_one_byte_in_any_file_is_found);
  ADD ("/check/part/whole", test_parts_come_to_the_whole);
  ADD ("/check/part/damage", test_parts_find_what_the_whole_does);
  ADD ("/check/drill/right", test_a_drill_rebuilds_a_session);
  ADD ("/check/drill/wrong", test_a_drill_finds_what_does_not_fit);
  ADD ("/check/stray", test_what_is_not_ours_is_only_noted);
  ADD ("/check/beside", test_others_may_write_meanwhile);
  ADD ("/check/catalog-differs", test_a_catalog_that_says_something_else_is_named);
  ADD ("/check/search-differs", test_a_search_index_that_says_something_else_is_named);
  ADD ("/check/cancel", test_it_can_be_cancelled);
  ADD ("/check/faults", test_no_fault_is_passed_over);

  return g_test_run ();
}

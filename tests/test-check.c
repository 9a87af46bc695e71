/* test-check.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-sqlite-private.h"
#include "fault-seam.h"
#include "maintenance/strata-check.h"
#include "store-util.h"
#include "test-util.h"

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
  /* The log, two objects, three metadata.json, two parts of values, one of rows */
  g_assert_cmpuint (check->files, ==, 9);
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
  g_autofree char *path = g_build_filename (fixture->path, "attachments", "link", NULL);

  g_assert_cmpint (symlink ("/etc/hostname", path), ==, 0);
  assert_one_problem (fixture, "attachments/link", "");
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
  assert_one_problem (fixture, path, "the catalog lists it");
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
  assert_one_problem (fixture, "collections/notes.metadata.json", "the catalog lists it");
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
  guint silent = 0;

  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
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
  /* Only the closing of files that were read may fail unheard: the log twice, three
   * metadata, two objects, two parts, rows
   */
  g_assert_cmpuint (silent, <=, 10);
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
  ADD ("/check/cancel", test_it_can_be_cancelled);
  ADD ("/check/faults", test_no_fault_is_passed_over);

  return g_test_run ();
}

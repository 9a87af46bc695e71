/* test-file.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <sqlite3.h>

#include "base/strata-file-private.h"
#include "base/strata-threads.h"
#include "fault-seam.h"
#include "test-util.h"

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
  fault_seam_remove ();
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static void
assert_content (Fixture    *fixture,
                const char *name,
                const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (fixture->dir, name, 1000, &error);

  g_assert_no_error (error);
  g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), expected, strlen (expected));
}

static void
test_files_are_private_whatever_the_umask (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  static const mode_t masks[] = { 0, 022, 077, 0777 };

  for (guint i = 0; i < G_N_ELEMENTS (masks); i++)
    {
      g_autofree char *file = g_strdup_printf ("file-%u", i);
      g_autofree char *folder = g_strdup_printf ("folder-%u", i);
      g_autoptr(GError) error = NULL;
      mode_t before = umask (masks[i]);
      struct stat status;

      g_assert_true (_strata_file_create (fixture->dir, file, "x", 1, &error));
      g_assert_true (_strata_file_make_dir (fixture->dir, folder, &error));
      umask (before);

      g_assert_true (_strata_file_stat (fixture->dir, file, &status, &error));
      g_assert_cmphex (status.st_mode & 07777, ==, 0600);
      g_assert_true (_strata_file_stat (fixture->dir, folder, &status, &error));
      g_assert_cmphex (status.st_mode & 07777, ==, 0700);
    }
}

/* Links at the end of a path, on the way, and ".." are all refused */
static void
test_nothing_leaves_the_folder (Fixture       *fixture,
                                gconstpointer  test_data)
{
  static const char *const ways_out[] = {
    "link", "folder-link/inside", "../outside", "inner/../../outside", "/etc/hostname",
  };
  struct stat status;

  g_assert_cmpint (mkdirat (fixture->dir, "inner", 0700), ==, 0);
  g_assert_true (_strata_file_create (fixture->dir, "inner/inside", "x", 1, NULL));
  g_assert_cmpint (symlinkat ("inner/inside", fixture->dir, "link"), ==, 0);
  g_assert_cmpint (symlinkat ("inner", fixture->dir, "folder-link"), ==, 0);

  for (guint i = 0; i < G_N_ELEMENTS (ways_out); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GBytes) bytes = _strata_file_read (fixture->dir, ways_out[i], 1000, &error);

      g_assert_null (bytes);
      g_assert_nonnull (error);
      g_assert_cmpint (error->domain, ==, G_IO_ERROR);
    }

  g_assert_false (_strata_file_create (fixture->dir, "folder-link/new", "x", 1, NULL));
  g_assert_false (_strata_file_unlink (fixture->dir, "folder-link/inside", NULL));
  g_assert_false (_strata_file_rename (fixture->dir, "inner/inside", "folder-link/other", NULL));
  g_assert_true (_strata_file_stat (fixture->dir, "link", &status, NULL));
  g_assert_true (S_ISLNK (status.st_mode));
  assert_content (fixture, "inner/inside", "x");
}

static void
test_only_regular_files_are_read (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (mkfifoat (fixture->dir, "pipe", 0600), ==, 0);
  g_assert_null (_strata_file_read (fixture->dir, "pipe", 1000, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE);
}

static void
test_read_refuses_what_is_too_large (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (_strata_file_create (fixture->dir, "file", "12345", 5, NULL));
  g_assert_null (_strata_file_read (fixture->dir, "file", 4, &error));
  g_assert_nonnull (error);
}

/* Whichever call fails, there is the old content or the new, never a part, and
 * no temporary file stays (but when removing it is what fails).
 */
static void
test_replace_is_all_or_nothing (Fixture       *fixture,
                                gconstpointer  test_data)
{
  const FaultKind kinds[] = { FAULT_ERRNO, FAULT_FOREVER, FAULT_SHORT };
  guint64 total;

  fault_seam_install ();
  g_assert_true (_strata_file_replace (fixture->dir, "file", "file.new", "old", 3, NULL));
  total = fault_seam_get_calls ();
  g_assert_cmpuint (total, >=, 6);

  for (guint k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint64 nth = 1; nth <= total; nth++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(GBytes) bytes = NULL;
        gboolean ok;

        fault_seam_arm (FAULT_NONE, 0, 0);
        g_assert_true (_strata_file_replace (fixture->dir, "file", "file.new", "old", 3, NULL));

        fault_seam_arm (kinds[k], nth, ENOSPC);
        ok = _strata_file_replace (fixture->dir, "file", "file.new", "new!", 4, &error);
        if (kinds[k] == FAULT_SHORT)
          g_assert_true (ok);
        if (!ok)
          g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);

        fault_seam_arm (FAULT_NONE, 0, 0);
        bytes = _strata_file_read (fixture->dir, "file", 1000, NULL);
        g_assert_nonnull (bytes);
        if (ok || g_bytes_get_size (bytes) == 4)
          g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "new!", 4);
        else
          g_assert_cmpmem (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), "old", 3);
        if (kinds[k] == FAULT_ERRNO)
          g_assert_cmpint (faccessat (fixture->dir, "file.new", F_OK, 0), ==, -1);
      }
}

static void
test_list_is_sorted_and_typed (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(GPtrArray) entries = NULL;
  const StrataDirEntry *entry;

  g_assert_true (_strata_file_create (fixture->dir, "b", "", 0, NULL));
  g_assert_true (_strata_file_make_dir (fixture->dir, "a", NULL));
  g_assert_cmpint (symlinkat ("b", fixture->dir, "c"), ==, 0);

  entries = _strata_file_list (fixture->dir, ".", NULL);
  g_assert_cmpuint (entries->len, ==, 3);
  entry = g_ptr_array_index (entries, 0);
  g_assert_cmpstr (entry->name, ==, "a");
  g_assert_cmpuint (entry->type, ==, 4);
  entry = g_ptr_array_index (entries, 1);
  g_assert_cmpstr (entry->name, ==, "b");
  g_assert_cmpuint (entry->type, ==, 8);
  entry = g_ptr_array_index (entries, 2);
  g_assert_cmpuint (entry->type, ==, 10);
}

static void
test_stream_seeks (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_autoptr(GInputStream) stream = NULL;
  char buffer[8];

  g_assert_true (_strata_file_create (fixture->dir, "file", "0123456789", 10, NULL));
  stream = _strata_file_stream_open (fixture->dir, "file", NULL);
  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), -3, G_SEEK_END, NULL, NULL));
  g_assert_cmpint (g_input_stream_read (stream, buffer, 8, NULL, NULL), ==, 3);
  g_assert_cmpmem (buffer, 3, "789", 3);
  g_assert_false (g_seekable_seek (G_SEEKABLE (stream), -1, G_SEEK_SET, NULL, NULL));
}

/* SQLite asks at the seam: each call it makes can fail, and then says so */
static void
test_sqlite_goes_through_the_seam (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "test.sqlite3", NULL);
  guint64 total, failures = 0;

  _strata_seam_register_sqlite ();
  fault_seam_install ();

  for (guint64 nth = 0; ; nth++)
    {
      sqlite3 *db = NULL;
      int result;

      fault_seam_arm (FAULT_NONE, 0, 0);
      fault_seam_arm (nth > 0 ? FAULT_ERRNO : FAULT_NONE, nth, ENOSPC);
      result = sqlite3_open_v2 (path, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE, "strata");
      if (result == SQLITE_OK)
        result = sqlite3_exec (db, "PRAGMA journal_mode = WAL; CREATE TABLE IF NOT EXISTS t (a);"
                                   "INSERT INTO t VALUES (1)", NULL, NULL, NULL);
      if (result != SQLITE_OK)
        failures++;
      sqlite3_close (db);

      if (nth == 0)
        g_assert_cmpint (result, ==, SQLITE_OK);
      total = fault_seam_get_calls ();
      if (nth > 0 && !fault_seam_has_struck ())
        break;
    }

  g_test_message ("%" G_GUINT64_FORMAT " calls in the last run, %" G_GUINT64_FORMAT " failures seen", total, failures);
  g_assert_cmpuint (failures, >, 5);
}

static void
test_main_thread_is_refused (Fixture       *fixture,
                             gconstpointer  test_data)
{
  if (g_test_subprocess ())
    {
      struct stat status;

      strata_forbid_file_access_here ();
      _strata_file_stat (fixture->dir, "anything", &status, NULL);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_failed ();
  g_test_trap_assert_stderr ("*thread that must never wait*");
}

static gpointer
stat_in_thread (gpointer data)
{
  struct stat status;

  return GINT_TO_POINTER (_strata_file_stat (GPOINTER_TO_INT (data), ".", &status, NULL));
}

static void
test_other_threads_are_not (Fixture       *fixture,
                            gconstpointer  test_data)
{
  if (g_test_subprocess ())
    {
      strata_forbid_file_access_here ();
      g_assert_true (g_thread_join (g_thread_new ("files", stat_in_thread, GINT_TO_POINTER (fixture->dir))));
      _exit (0);
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/file/private-whatever-the-umask", test_files_are_private_whatever_the_umask);
  ADD ("/file/nothing-leaves-the-folder", test_nothing_leaves_the_folder);
  ADD ("/file/only-regular-files", test_only_regular_files_are_read);
  ADD ("/file/too-large", test_read_refuses_what_is_too_large);
  ADD ("/file/replace-is-all-or-nothing", test_replace_is_all_or_nothing);
  ADD ("/file/list", test_list_is_sorted_and_typed);
  ADD ("/file/stream-seeks", test_stream_seeks);
  ADD ("/seam/sqlite", test_sqlite_goes_through_the_seam);
  ADD ("/seam/main-thread-is-refused", test_main_thread_is_refused);
  ADD ("/seam/other-threads-are-not", test_other_threads_are_not);

  return g_test_run ();
}

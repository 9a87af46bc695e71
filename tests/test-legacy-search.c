/* test-legacy-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-seam-private.h"
#include "legacy/strata-legacy-search-private.h"
#include "test-util.h"

#define HASH "3261CCDF95D59EF0060DB8419DC8D97E5A21ADC26A5C257678C6F0367C7A74C3"
#define ORIGIN "oppakIdTJmFfedp2DJlK0KoVGy519-nMqYA-Pbjj3Uw"

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

static void
put (Fixture    *fixture,
     const char *name)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, "x", 1, &error);
  g_assert_no_error (error);
}

static void
assert_list (GPtrArray          *list,
             const char * const *expected)
{
  guint i = 0;

  for (; expected[i] != NULL; i++)
    {
      g_assert_cmpuint (list->len, >, i);
      g_assert_cmpstr (g_ptr_array_index (list, i), ==, expected[i]);
    }
  g_assert_cmpuint (list->len, ==, i);
}

/* Where each system keeps it, seen from any of the folders on the way */
static void
test_databases_are_found (Fixture       *fixture,
                          gconstpointer  test_data)
{
  static const char *const places[] = {
    "IndexedDB.sqlite3",
    HASH "/IndexedDB.sqlite3",
    "tauri_localhost_0/" HASH "/IndexedDB.sqlite3",
    "databases/indexeddb/v1/tauri_localhost_0/" HASH "/IndexedDB.sqlite3",
    "com.taskerino.desktop/databases/indexeddb/v1/tauri_localhost_0/" HASH "/IndexedDB.sqlite3",
    "WebsiteData/databases/indexeddb/v1/tauri_localhost_0/" HASH "/IndexedDB.sqlite3",
    "Library/WebKit/com.taskerino.desktop/WebsiteData/Default/" ORIGIN "/" ORIGIN "/IndexedDB/" HASH "/IndexedDB.sqlite3",
  };

  for (guint i = 0; i < G_N_ELEMENTS (places); i++)
    {
      const char *expected[] = { places[i], NULL };
      g_auto(StrataLegacyFindings) findings = { 0 };
      g_autofree char *path = g_build_filename (fixture->path, places[i], NULL);

      put (fixture, places[i]);
      _strata_legacy_search (fixture->dir, &findings);

      assert_list (findings.databases, expected);
      assert_list (findings.exports, (const char *[]) { NULL });
      g_assert_null (findings.leveldb);
      g_assert_cmpint (g_unlink (path), ==, 0);
    }
}

static void
test_exports_are_found_near (Fixture       *fixture,
                             gconstpointer  test_data)
{
  static const char *const expected[] = { "B.ZIP", "a.zip", "com.taskerino.desktop/c.zip", NULL };
  g_auto(StrataLegacyFindings) findings = { 0 };

  put (fixture, "a.zip");
  put (fixture, "B.ZIP");
  put (fixture, "com.taskerino.desktop/c.zip");
  put (fixture, "com.taskerino.desktop/db/no.zip");
  put (fixture, "databases/no.zip");
  put (fixture, ".zip");
  put (fixture, "._a.zip");
  put (fixture, "a.zip.part");
  _strata_legacy_search (fixture->dir, &findings);

  assert_list (findings.exports, expected);
}

static void
test_windows_database_is_recognised (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_auto(StrataLegacyFindings) findings = { 0 };

  put (fixture, "AppData/Local/com.taskerino.desktop/EBWebView/Default/IndexedDB/http_tauri.localhost_0.indexeddb.leveldb/CURRENT");
  _strata_legacy_search (fixture->dir, &findings);

  g_assert_cmpstr (findings.leveldb, ==,
                   "AppData/Local/com.taskerino.desktop/EBWebView/Default/IndexedDB/http_tauri.localhost_0.indexeddb.leveldb");
  g_assert_cmpuint (findings.databases->len, ==, 0);
}

/* Folders of other people's are not gone into, links not followed, and nothing is too deep to end. */
static void
test_it_keeps_to_its_way (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autofree char *link = g_build_filename (fixture->path, "databases", NULL);
  g_autofree char *file_link = g_build_filename (fixture->path, "IndexedDB.sqlite3", NULL);
  g_auto(StrataLegacyFindings) findings = { 0 };

  put (fixture, "Documents/databases/IndexedDB.sqlite3");
  put (fixture, "v1/v1/v1/v1/v1/v1/v1/v1/v1/v1/IndexedDB.sqlite3");
  g_assert_cmpint (symlink ("Documents/databases", link), ==, 0);
  g_assert_cmpint (symlink ("Documents/databases/IndexedDB.sqlite3", file_link), ==, 0);
  _strata_legacy_search (fixture->dir, &findings);

  g_assert_cmpuint (findings.databases->len, ==, 0);
}

#define ADD(path, test) g_test_add ("/legacy-search/" path, Fixture, NULL, fixture_set_up, test, fixture_tear_down)

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  ADD ("databases-are-found", test_databases_are_found);
  ADD ("exports-are-found-near", test_exports_are_found_near);
  ADD ("windows-database-is-recognised", test_windows_database_is_recognised);
  ADD ("it-keeps-to-its-way", test_it_keeps_to_its_way);

  return g_test_run ();
}

/* test-statistics.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "fault-seam.h"
#include "maintenance/strata-statistics.h"
#include "store-util.h"
#include "store/strata-header-private.h"
#include "test-util.h"

typedef struct
{
  char        *path;
  StrataStore *store;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  static const char *const contents[] = { "\xff\xd8\xff same", "\xff\xd8\xff same", "text", NULL };

  fixture->path = test_make_dir ();
  fixture->store = store_util_open (fixture->path);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *filler = g_strnfill (3000 * i, 'x');
      g_autofree char *json = g_strdup_printf ("{\"id\":\"%u\",\"startTime\":\"2025-0%u-01\",\"screenshots\":[\"%s\"]}", i, i / 2 + 1, filler);

      g_free (store_util_put_with_rows (fixture->store, json, i, contents));
    }
  store_util_put_collection (fixture->store, "notes", "[1,2,3]");
  _strata_store_make_reserve (fixture->store);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static StrataStatistics *
collect (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataStatistics *statistics = strata_statistics_collect (fixture->store, &error);

  g_assert_no_error (error);

  return statistics;
}

static void
test_on_disk_is_what_du_says (Fixture       *fixture,
                              gconstpointer  test_data)
{
  const char *argv[] = { "du", "-s", "--block-size=1", "--exclude=*.sqlite3-shm", fixture->path, NULL };
  g_autofree char *output = NULL;
  g_autoptr(StrataStatistics) statistics = NULL;
  int status;

  /* Blocks are handed out when data reaches the disk: not while we look twice */
  sync ();
  statistics = collect (fixture);
  g_assert_true (g_spawn_sync (NULL, (char **)argv, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status, NULL));
  g_assert_cmpint (status, ==, 0);
  g_assert_cmpuint (statistics->bytes_on_disk, ==, g_ascii_strtoull (output, NULL, 10));
}

static void
test_stored_is_the_length_of_all_files (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autoptr(StrataStatistics) statistics = collect (fixture);
  g_autofree char *list = store_util_list_files (fixture->path, "");
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);
  guint64 sum = 0;

  for (guint i = 0; files[i] != NULL; i++)
    if (strcmp (files[i], "reserve") != 0 && !g_str_has_suffix (files[i], "-shm"))
      sum += store_util_file_size (fixture->path, files[i]);
  g_assert_cmpuint (statistics->bytes_stored, ==, sum);
}

static void
test_groups_add_up (Fixture       *fixture,
                    gconstpointer  test_data)
{
  g_autoptr(StrataStatistics) statistics = collect (fixture);
  g_autoptr(StrataStatistics) same = strata_statistics_ref (statistics);
  g_autoptr(GString) kinds = g_string_new (NULL);
  g_autoptr(GString) months = g_string_new (NULL);

  for (guint i = 0; i < statistics->kinds->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (statistics->kinds, i);

      g_string_append_printf (kinds, "%s %" G_GUINT64_FORMAT "\n", group->name, group->items);
    }
  for (guint i = 0; i < statistics->months->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (statistics->months, i);

      g_string_append_printf (months, "%s %" G_GUINT64_FORMAT "\n", group->name, group->items);
    }

  g_assert_cmpuint (statistics->sessions, ==, 5);
  g_assert_cmpstr (kinds->str, ==, "application/json 6\nimage/jpeg 1\napplication/octet-stream 1\n");
  g_assert_cmpstr (months->str, ==, "2025-01 2\n2025-02 2\n2025-03 1\n");
}

static void
test_original_is_the_sum_of_the_sources (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (fixture->store, NULL);
  g_autoptr(StrataStatistics) statistics = NULL;
  gboolean is_new;

  _strata_header_set_source_bytes (header, _strata_header_add_source (header, "/a", &is_new), 1000);
  _strata_header_set_source_bytes (header, _strata_header_add_source (header, "/b", &is_new), 234);
  g_assert_true (_strata_header_write (header, _strata_store_get_dir (fixture->store), NULL));
  statistics = collect (fixture);
  g_assert_cmpuint (statistics->bytes_original, ==, 1234);
}

/* Files may go while we look, other faults are said */
static void
test_no_fault_is_passed_over (Fixture       *fixture,
                              gconstpointer  test_data)
{
  guint failures = 0;

  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataStatistics) statistics = NULL;

      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      statistics = strata_statistics_collect (fixture->store, &error);
      g_assert_true ((statistics != NULL) == (error == NULL));
      failures += error != NULL ? 1 : 0;
      if (!fault_seam_has_struck ())
        break;
    }
  g_assert_cmpuint (failures, >, 10);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/statistics/on-disk", test_on_disk_is_what_du_says);
  ADD ("/statistics/stored", test_stored_is_the_length_of_all_files);
  ADD ("/statistics/groups", test_groups_add_up);
  ADD ("/statistics/original", test_original_is_the_sum_of_the_sources);
  ADD ("/statistics/faults", test_no_fault_is_passed_over);

  return g_test_run ();
}

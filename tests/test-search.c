/* test-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "search/strata-search-index-internal-private.h"
#include "search/strata-search-match-private.h"
#include "search/strata-search-run-private.h"
#include "search/strata-search-sync-private.h"
#include "store-util.h"
#include "test-util.h"

typedef struct
{
  char               *path;
  StrataStore        *store;
  StrataSearchIndex  *index;
  StrataSearchFilter *filter;
} Fixture;

static void
open_index (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  fixture->index = _strata_search_open (fixture->store, &error);
  g_assert_no_error (error);
  g_assert_true (_strata_search_match_register (fixture->index, &error));
  g_assert_no_error (error);
  fixture->filter = _strata_search_filter_new (fixture->index);
}

static void
close_index (Fixture *fixture)
{
  g_clear_pointer (&fixture->filter, _strata_search_filter_free);
  g_clear_pointer (&fixture->index, _strata_search_index_free);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  open_index (fixture);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  close_index (fixture);
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static void
sync_index (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  _strata_search_sync (fixture->index, fixture->store, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static char *
dup_text (Fixture    *fixture,
          const char *sql,
          gint64      number)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (fixture->index->db, sql, NULL);
  gboolean row;

  _strata_sqlite_bind_uint (statement, 1, (guint64)number);
  g_assert_true (_strata_sqlite_step (statement, &row, NULL));

  return row ? _strata_sqlite_dup_text (statement, 0) : g_strdup ("-");
}

/* "session:kind.item" for each match in their order; the kind is that of the moment. */
static char *
search (Fixture            *fixture,
        const char         *text,
        StrataSearchExtent  extent)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);
  g_autoptr(GString) found = g_string_new (NULL);
  g_autoptr(StrataSearchRun) run = NULL;
  g_autoptr(GError) error = NULL;

  run = _strata_search_run_new (fixture->index, fixture->filter, query, extent, 100, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (run->total, ==, run->rows->len);

  for (guint i = 0; i < run->rows->len; i++)
    {
      const StrataMatchRow *row = &g_array_index (run->rows, StrataMatchRow, i);
      g_autofree char *id = dup_text (fixture, "SELECT id FROM documents WHERE document = ?", row->session);
      g_autoptr(StrataBlock) block = _strata_block_new ();
      g_autoptr(sqlite3_stmt) statement =
        _strata_sqlite_prepare (fixture->index->db, "SELECT details FROM details WHERE block = ?", NULL);
      gboolean has_row;

      _strata_sqlite_bind_uint (statement, 1, (guint64)row->block);
      g_assert_true (_strata_sqlite_step (statement, &has_row, NULL));
      g_string_append_printf (found, "%s%s", found->len > 0 ? " " : "", id);
      if (has_row)
        {
          const StrataBlockMoment *moment;

          g_assert_true (_strata_block_decode_details (block, sqlite3_column_blob (statement, 0), (gsize)sqlite3_column_bytes (statement, 0)));
          moment = &g_array_index (block->moments, StrataBlockMoment, row->number);
          g_string_append_printf (found, ":%s", _strata_kind_get_name (moment->kind));
          if (moment->id != NULL)
            g_string_append_printf (found, ".%s", moment->id);
        }
    }

  return g_string_free (g_steal_pointer (&found), FALSE);
}

static void
assert_found (Fixture    *fixture,
              const char *text,
              const char *expected)
{
  g_autofree char *all = search (fixture, text, STRATA_SEARCH_ALL);
  g_autofree char *first = search (fixture, text, STRATA_SEARCH_FIRST);

  g_assert_cmpstr (all, ==, expected);
  g_assert_cmpstr (first, ==, expected);
}

static void
put_examples (Fixture *fixture)
{
  g_free (store_util_put (fixture->store,
    "{\"id\":\"s1\",\"name\":\"Storage rewrite\",\"description\":\"We rewrote the storage\",\"startTime\":\"2025-01-01T10:00:00Z\","
    "\"tags\":[\"urgent\",\"Café\"],\"category\":\"Deep Work\",\"status\":\"completed\",\"extractedNoteIds\":[\"n1\"],\"screenshots\":["
    "{\"id\":\"p1\",\"timestamp\":\"2025-01-01T10:00:30Z\",\"aiAnalysis\":{\"summary\":\"An editor\",\"extractedText\":\"RichTextEditor.tsx storage 設計評審\"}},"
    "{\"id\":\"p2\",\"timestamp\":\"2025-01-01T10:01:00Z\",\"aiAnalysis\":{\"summary\":\"A terminal\",\"extractedText\":\"make test passed\"}}]}", 0));
  g_free (store_util_put (fixture->store,
    "{\"id\":\"s2\",\"name\":\"Planning\",\"startTime\":\"2025-02-01T10:00:00Z\",\"tags\":[\"calm\"],\"category\":\"Meeting\",\"status\":\"active\","
    "\"audioSegments\":[{\"id\":\"a1\",\"timestamp\":\"2025-02-01T10:00:30Z\",\"transcription\":\"the storage plan for naïve people\"}]}", 1));
  g_free (store_util_put (fixture->store,
    "{\"id\":\"s3\",\"name\":\"Third\",\"startTime\":\"2025-03-01T10:00:00Z\",\"extractedTaskIds\":[\"t1\"]}", 2));
  store_util_put_collection (fixture->store, "notes",
    "[{\"id\":\"n1\",\"content\":\"<p>Invoice for Acme</p>\",\"topicIds\":[\"tp1\"],\"companyIds\":[\"c1\"],\"timestamp\":\"2025-01-01T11:00:00Z\"},"
    "{\"id\":\"n2\",\"content\":\"Free as a bird\",\"sourceSessionId\":\"nowhere\",\"timestamp\":\"2025-01-05T11:00:00Z\"},"
    "{\"id\":\"n3\",\"content\":\"invoice again\",\"sourceSessionId\":\"s2\"}]");
  store_util_put_collection (fixture->store, "tasks", "[{\"id\":\"t1\",\"title\":\"Send the offer\",\"topicId\":\"tp2\",\"noteId\":\"n3\"}]");
  store_util_put_collection (fixture->store, "topics", "[{\"id\":\"tp1\",\"name\":\"Bookkeeping\"},{\"id\":\"tp2\",\"name\":\"Sales\"}]");
  store_util_put_collection (fixture->store, "companies", "[{\"id\":\"c1\",\"name\":\"Acme Corporation\"}]");
  sync_index (fixture);
}

static void
test_words_are_found (Fixture       *fixture,
                      gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "storage", "s1:session s1:screenshot.p1 s2:audio.a1");
  assert_found (fixture, "STORAGE plan", "s2:audio.a1");
  assert_found (fixture, "naive ", "s2:audio.a1");
  assert_found (fixture, "richtexteditor ", "s1:screenshot.p1");
  assert_found (fixture, "editor tsx ", "s1:screenshot.p1");
  assert_found (fixture, "計評", "s1:screenshot.p1");
  assert_found (fixture, "評", "s1:screenshot.p1");
  assert_found (fixture, "審", "s1:screenshot.p1");
  assert_found (fixture, "設審", "");
  assert_found (fixture, "stor", "s1:session s1:screenshot.p1 s2:audio.a1");
  assert_found (fixture, "stor ", "");
  assert_found (fixture, "absent", "");
  assert_found (fixture, "storage absent", "");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/search/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("words-are-found", test_words_are_found);
#undef ADD

  return g_test_run ();
}

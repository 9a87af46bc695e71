/* test-search-public.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-threads.h"
#include "search/strata-search-replace-private.h"
#include "search/strata-search.h"
#include "store-util.h"
#include "store/strata-store-write.h"
#include "test-util.h"

typedef struct
{
  char         *path;
  StrataStore  *store;
  StrataSearch *search;
} Fixture;

static void
update (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  strata_search_update (fixture->search, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->search = strata_search_new (fixture->store);
  g_free (store_util_put (fixture->store,
    "{\"id\":\"s1\",\"name\":\"Storage rewrite\",\"startTime\":\"2025-01-01T10:00:00Z\",\"tags\":[\"urgent\",\"deep work\"],"
    "\"category\":\"Coding\",\"extractedNoteIds\":[\"n1\"],\"screenshots\":["
    "{\"id\":\"p1\",\"timestamp\":\"2025-01-01T10:00:30Z\",\"aiAnalysis\":{\"extractedText\":\"the storage <layer> here\"}},"
    "{\"id\":\"p2\",\"timestamp\":\"2025-01-01T10:01:00Z\",\"aiAnalysis\":{\"extractedText\":\"a terminal\"}}]}", 0));
  g_free (store_util_put (fixture->store,
    "{\"id\":\"s2\",\"name\":\"Planning storage\",\"startTime\":\"2025-02-01T10:00:00Z\",\"tags\":[\"urgent\",\"ultimate\"],"
    "\"category\":\"Cooking\",\"screenshots\":[{\"id\":\"p3\",\"aiAnalysis\":{\"extractedText\":\"storage and terminal\"}}]}", 1));
  store_util_put_collection (fixture->store, "notes",
    "[{\"id\":\"n1\",\"content\":\"Invoice\",\"topicIds\":[\"tp1\"]},{\"id\":\"n2\",\"content\":\"Invoice storage\"}]");
  store_util_put_collection (fixture->store, "topics", "[{\"id\":\"tp1\",\"name\":\"Book keeping\"}]");
  update (fixture);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_object (&fixture->search);
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

/* "session:item" of each hit */
static char *
list_hits (StrataSearchResults *results)
{
  GString *list = g_string_new (NULL);

  for (guint i = 0; i < g_list_model_get_n_items (G_LIST_MODEL (results)); i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);
      const char *session = strata_search_hit_get_session (hit);
      const char *item = strata_search_hit_get_item (hit);

      g_string_append_printf (list, "%s%s:%s", i > 0 ? " " : "", session != NULL ? session : "-", item != NULL ? item : "-");
    }

  return g_string_free (list, FALSE);
}

static void
assert_results (StrataSearchResults *results,
                const char          *expected)
{
  g_autofree char *list = list_hits (results);

  g_assert_cmpstr (list, ==, expected);
}

static StrataSearchResults *
run (Fixture    *fixture,
     const char *text)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);
  g_autoptr(GError) error = NULL;
  StrataSearchResults *results = strata_search_run (fixture->search, query, STRATA_SEARCH_ALL, 50, NULL, &error);

  g_assert_no_error (error);

  return results;
}

static void
assert_found (Fixture    *fixture,
              const char *text,
              const char *expected)
{
  g_autoptr(StrataSearchResults) results = run (fixture, text);

  assert_results (results, expected);
}

/* Results */

static void
test_results_are_a_list_of_hits (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(StrataSearchResults) results = run (fixture, "storage -name:nothing kind:screenshot tag:\"deep work\"");
  GListModel *model = G_LIST_MODEL (results);
  g_autoptr(StrataSearchHit) hit = g_list_model_get_item (model, 0);

  g_assert_true (g_list_model_get_item_type (model) == STRATA_TYPE_SEARCH_HIT);
  g_assert_cmpuint (g_list_model_get_n_items (model), ==, 1);
  g_assert_null (g_list_model_get_item (model, 1));
  g_assert_null (g_list_model_get_item (model, G_MAXUINT));
  g_assert_cmpuint (strata_search_results_get_total (results), ==, 1);
  g_assert_cmpuint (strata_search_results_get_sessions (results), ==, 1);
  g_assert_true (strata_search_results_is_whole (results));
  g_assert_cmpint (strata_search_results_get_took_us (results), >=, 0);

  g_assert_cmpstr (strata_search_hit_get_session (hit), ==, "s1");
  g_assert_cmpstr (strata_search_hit_get_session_name (hit), ==, "Storage rewrite");
  g_assert_cmpstr (strata_search_hit_get_kind (hit), ==, "screenshot");
  g_assert_cmpstr (strata_search_hit_get_item (hit), ==, "p1");
  g_assert_cmpint (strata_search_hit_get_offset_ms (hit), ==, 30000);
  g_assert_cmpint (strata_search_hit_get_time_ms (hit), ==, strata_search_hit_get_session_start_ms (hit) + 30000);
  g_assert_cmpfloat (strata_search_hit_get_score (hit), >, 0);
  g_assert_null (strata_search_hit_dup_snippet (hit));
}

static void
test_what_is_left_out_is_counted (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataQuery) query = strata_query_new ("storage");
  g_autoptr(StrataSearchResults) all = run (fixture, "storage");
  g_autoptr(StrataSearchResults) results = strata_search_run (fixture->search, query, STRATA_SEARCH_FIRST, 2, NULL, NULL);

  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (all)), ==, 5);
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (results)), ==, 2);
  g_assert_cmpuint (strata_search_results_get_total (results), ==, 5);
  g_assert_cmpuint (strata_search_results_get_sessions (results), ==, 2);
}

/* Asynchronous searches */

typedef struct
{
  StrataSearch        *search;
  StrataSearchResults *results;
  GError              *error;
  gboolean             is_done;
} Waiter;

static void
waiter_clear (Waiter *self)
{
  g_clear_object (&self->results);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Waiter, waiter_clear)

static void
run_cb (GObject      *source,
        GAsyncResult *result,
        gpointer      user_data)
{
  Waiter *waiter = user_data;

  waiter->results = strata_search_run_finish (STRATA_SEARCH (source), result, &waiter->error);
  g_assert_true ((waiter->results == NULL) == (waiter->error != NULL));
  waiter->is_done = TRUE;
}

static void
start (Fixture            *fixture,
       const char         *text,
       StrataSearchExtent  extent,
       GCancellable       *cancellable,
       Waiter             *waiter)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);

  strata_search_run_async (fixture->search, query, extent, 50, cancellable, run_cb, waiter);
}

static void
wait_for (Waiter *waiter)
{
  while (!waiter->is_done)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_a_search_on_another_thread (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_auto(Waiter) waiter = { 0 };

  start (fixture, "terminal", STRATA_SEARCH_FIRST, NULL, &waiter);
  g_assert_false (waiter.is_done);
  wait_for (&waiter);

  g_assert_no_error (waiter.error);
  assert_results (waiter.results, "s1:p2 s2:p3");
}

/* Also where the older one had found everything and only its callback was still to come */
static void
test_only_the_newest_search_has_results (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  static const char *const typed[] = { "t", "te", "ter", "term", "termi", "termin", "termina", "terminal" };
  Waiter waiters[G_N_ELEMENTS (typed)] = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    {
      start (fixture, typed[i], i % 3 == 2 ? STRATA_SEARCH_ALL : STRATA_SEARCH_FIRST, NULL, &waiters[i]);
      if (i % 2 == 0)
        g_usleep (2000);
    }

  for (guint i = 0; i < G_N_ELEMENTS (typed); i++)
    {
      wait_for (&waiters[i]);
      if (i + 1 < G_N_ELEMENTS (typed))
        g_assert_error (waiters[i].error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      else
        assert_results (waiters[i].results, "s1:p2 s2:p3");
      waiter_clear (&waiters[i]);
    }
}

/* Both are of the same query: one is shown until the other is there. */
static void
test_a_whole_search_leaves_the_first_page (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_auto(Waiter) first = { 0 };
  g_auto(Waiter) before = { 0 };
  g_auto(Waiter) all = { 0 };

  start (fixture, "terminal", STRATA_SEARCH_FIRST, NULL, &first);
  start (fixture, "storage", STRATA_SEARCH_ALL, NULL, &before);
  start (fixture, "terminal", STRATA_SEARCH_ALL, NULL, &all);
  wait_for (&first);
  wait_for (&before);
  wait_for (&all);

  assert_results (first.results, "s1:p2 s2:p3");
  g_assert_error (before.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_results (all.results, "s1:p2 s2:p3");
}

static void
test_who_searches_can_cancel (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(StrataQuery) query = strata_query_new ("storage");
  g_autoptr(GError) error = NULL;
  g_auto(Waiter) waiter = { 0 };

  start (fixture, "storage", STRATA_SEARCH_ALL, cancellable, &waiter);
  g_cancellable_cancel (cancellable);
  wait_for (&waiter);
  g_assert_error (waiter.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);

  g_assert_null (strata_search_run (fixture->search, query, STRATA_SEARCH_FIRST, 50, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_found (fixture, "terminal", "s1:p2 s2:p3");
}

static void
update_cb (GObject      *source,
           GAsyncResult *result,
           gpointer      user_data)
{
  Waiter *waiter = user_data;

  strata_search_update_finish (STRATA_SEARCH (source), result, &waiter->error);
  waiter->is_done = TRUE;
}

static void
test_an_update_on_another_thread (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_auto(Waiter) waiter = { 0 };

  g_free (store_util_put (fixture->store, "{\"id\":\"s3\",\"name\":\"terminal three\",\"startTime\":\"2025-03-01T10:00:00Z\"}", 2));
  strata_search_update_async (fixture->search, NULL, update_cb, &waiter);
  wait_for (&waiter);

  g_assert_no_error (waiter.error);
  assert_found (fixture, "three", "s3:-");
}

static void
cancel_at_second (guint64  done,
                  guint64  total,
                  gpointer user_data)
{
  if (done == 2)
    g_cancellable_cancel (user_data);
}

static void
count_progress (guint64  done,
                guint64  total,
                gpointer user_data)
{
  *(guint *)user_data += 1;
}

/* What is cancelled between two sessions keeps those that were done, and the next one goes on. */
static void
test_an_update_goes_on (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  guint n_calls = 0;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"n%u\",\"name\":\"batch\",\"startTime\":\"2025-04-0%uT10:00:00Z\"}", i, i + 1);

      g_free (store_util_put (fixture->store, json, 2 + i));
    }
  g_assert_false (strata_search_update (fixture->search, cancel_at_second, cancellable, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);
  assert_found (fixture, "batch", "n1:- n0:-");

  g_assert_true (strata_search_update (fixture->search, count_progress, &n_calls, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (n_calls, ==, 4);
  assert_found (fixture, "batch", "n3:- n2:- n1:- n0:-");
}

/* Snippets */

static void
snippet_cb (GObject      *source,
            GAsyncResult *result,
            gpointer      user_data)
{
  Waiter *waiter = user_data;

  strata_search_load_snippet_finish (STRATA_SEARCH (source), result, &waiter->error);
  waiter->is_done = TRUE;
}

static void
test_snippets_come_from_the_files (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataQuery) query = strata_query_new ("layer");
  g_autoptr(StrataSearchResults) results = strata_search_run (fixture->search, query, STRATA_SEARCH_FIRST, 50, NULL, NULL);
  g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), 0);
  g_autofree char *snippet = NULL;
  g_auto(Waiter) waiter = { 0 };

  strata_search_load_snippet_async (fixture->search, query, hit, NULL, snippet_cb, &waiter);
  wait_for (&waiter);

  g_assert_no_error (waiter.error);
  snippet = strata_search_hit_dup_snippet (hit);
  g_assert_cmpstr (snippet, ==, "the storage &lt;<mark>layer</mark>&gt; here");
}

static void
test_what_is_gone_has_no_snippet (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataQuery) query = strata_query_new ("layer");
  g_autoptr(StrataSearchResults) results = strata_search_run (fixture->search, query, STRATA_SEARCH_FIRST, 50, NULL, NULL);
  g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), 0);
  g_autoptr(GError) error = NULL;

  g_free (strata_store_delete_session (fixture->store, strata_search_hit_get_key (hit), NULL, &error));
  g_assert_no_error (error);

  g_assert_false (strata_search_load_snippet (fixture->search, query, hit, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_null (strata_search_hit_dup_snippet (hit));
}

/* Suggestions */

static void
test_values_are_completed (Fixture       *fixture,
                           gconstpointer  test_data)
{
  static const struct { const char *typed, *completed; } rows[] = {
    { "tag:u", "tag:urgent tag:ultimate" },                 /* the most used first */
    { "storage tag:ur", "tag:urgent" },
    { "tag:de", "tag:\"deep work\"" },
    { "tag:\"deep w", "tag:\"deep work\"" },
    { "tag:", "tag:urgent tag:\"deep work\" tag:ultimate" },
    { "tag:none", "" },
    { "category:CO", "category:Coding category:Cooking" },
    { "-category:coo", "category:Cooking" },
    { "(topic:bo", "topic:\"Book keeping\"" },
    { "kind:sc", "kind:screenshot" },
    { "has:not", "has:notes" },
    { "before:20", "" },
    { "term", "terminal" },
    { "nothing term", "terminal" },
    { "xyz", "" },
    { "", "" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(GError) error = NULL;
      g_auto(GStrv) completed = strata_search_complete (fixture->search, rows[i].typed, 10, &error);
      g_autofree char *joined = NULL;

      g_assert_no_error (error);
      joined = g_strjoinv (" ", completed);
      g_assert_cmpstr (joined, ==, rows[i].completed);
    }
}

static void
test_completions_are_limited (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_auto(GStrv) values = strata_search_complete (fixture->search, "tag:", 2, NULL);
  g_auto(GStrv) kinds = strata_search_complete (fixture->search, "kind:", 3, NULL);

  g_assert_cmpuint (g_strv_length (values), ==, 2);
  g_assert_cmpuint (g_strv_length (kinds), ==, 3);
}

static void
test_what_may_have_been_meant (Fixture       *fixture,
                               gconstpointer  test_data)
{
  static const struct { const char *typed, *meant; } rows[] = {
    { "storgae ", "storage " },
    { "stoarge terminl tag:urgent", "storage terminal tag:urgent" },
    { "terninla ", "terminal " },
    { "storage ", NULL },
    { "stor", NULL },                                       /* the beginning of a word that is there */
    { "xxxxxxxx ", NULL },
    { "-storgae ", NULL },
    { "tag:urgnet", NULL },
    { "", NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autoptr(StrataQuery) query = strata_query_new (rows[i].typed);
      g_autoptr(GError) error = NULL;
      g_autofree char *meant = strata_search_suggest (fixture->search, query, &error);

      g_assert_no_error (error);
      g_assert_cmpstr (meant, ==, rows[i].meant);
    }
}

/* Traces */

static gboolean
is_in_index (Fixture    *fixture,
             const char *word)
{
  g_autoptr(GDir) dir = g_dir_open (fixture->path, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (fixture->path, name, NULL);
      g_autofree char *content = NULL;
      gsize length;

      if (g_str_has_prefix (name, "search.") && g_file_get_contents (path, &content, &length, NULL) &&
          memmem (content, length, word, strlen (word)) != NULL)
        return TRUE;
    }

  return FALSE;
}

static void
test_made_anew_it_has_no_traces (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"x\",\"name\":\"qzsecretname qzsecretname\",\"tags\":[\"qzsecrettag\"],"
                                         "\"screenshots\":[{\"id\":\"p9\",\"userComment\":\"qzsecretcomment\"}]}", 7);
  g_autoptr(GError) error = NULL;
  guint64 sessions = 0, moments = 0;

  update (fixture);
  assert_found (fixture, "qzsecretname", "x:-");
  g_assert_true (is_in_index (fixture, "qzsecret"));

  g_free (strata_store_delete_session (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  update (fixture);
  assert_found (fixture, "qzsecretname", "");
  g_assert_true (strata_search_rebuild (fixture->search, NULL, NULL, &sessions, &moments, NULL, &error));
  g_assert_no_error (error);

  g_assert_false (is_in_index (fixture, "qzsecret"));
  g_assert_cmpuint (sessions, ==, 2);
  g_assert_cmpuint (moments, ==, 7);
  assert_found (fixture, "terminal", "s1:p2 s2:p3");
}

static char *
leave_file (Fixture    *fixture,
            const char *name)
{
  char *path = g_build_filename (fixture->path, name, NULL);

  g_assert_true (g_file_set_contents (path, "left", -1, NULL));

  return path;
}

/* As of a program that was ended */
static void
test_what_was_left_behind_goes (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *left = leave_file (fixture, "search.sqlite3.new");
  g_autofree char *log = leave_file (fixture, "search.sqlite3.new-wal");
  g_autofree char *packed = leave_file (fixture, "search.sqlite3.packed");

  update (fixture);

  g_assert_false (g_file_test (left, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (log, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (packed, G_FILE_TEST_EXISTS));
}

/* What another one is at stays, and is not begun a second time. */
static void
test_one_at_a_time_makes_it_anew (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *path = leave_file (fixture, "search.sqlite3.new");
  g_autofree char *packed = leave_file (fixture, "search.sqlite3.packed");
  g_autoptr(GError) error = NULL;
  int lock = _strata_search_lock_making (fixture->store, &error);

  g_assert_no_error (error);
  g_assert_false (strata_search_rebuild (fixture->search, NULL, NULL, NULL, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_clear_error (&error);
  update (fixture);
  g_assert_true (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (packed, G_FILE_TEST_EXISTS));

  _strata_file_close (lock);
  g_assert_true (strata_search_rebuild (fixture->search, NULL, NULL, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (packed, G_FILE_TEST_EXISTS));
}

/* As a window does whose last page goes */
static void
test_the_last_reference_may_go_anywhere (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  if (g_test_subprocess ())
    {
      g_autoptr(StrataQuery) query = strata_query_new ("storage");

      g_object_unref (strata_search_run (fixture->search, query, STRATA_SEARCH_FIRST, 50, NULL, NULL));
      g_object_unref (strata_search_run (fixture->search, query, STRATA_SEARCH_ALL, 50, NULL, NULL));
      strata_forbid_file_access_here ();
      g_clear_object (&fixture->search);
      g_clear_object (&fixture->store);
      return;
    }

  g_test_trap_subprocess (NULL, 0, 0);
  g_test_trap_assert_passed ();
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/search-public/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("results-are-a-list-of-hits", test_results_are_a_list_of_hits);
  ADD ("what-is-left-out-is-counted", test_what_is_left_out_is_counted);
  ADD ("a-search-on-another-thread", test_a_search_on_another_thread);
  ADD ("only-the-newest-search-has-results", test_only_the_newest_search_has_results);
  ADD ("a-whole-search-leaves-the-first-page", test_a_whole_search_leaves_the_first_page);
  ADD ("who-searches-can-cancel", test_who_searches_can_cancel);
  ADD ("an-update-on-another-thread", test_an_update_on_another_thread);
  ADD ("an-update-goes-on", test_an_update_goes_on);
  ADD ("snippets-come-from-the-files", test_snippets_come_from_the_files);
  ADD ("what-is-gone-has-no-snippet", test_what_is_gone_has_no_snippet);
  ADD ("values-are-completed", test_values_are_completed);
  ADD ("completions-are-limited", test_completions_are_limited);
  ADD ("what-may-have-been-meant", test_what_may_have_been_meant);
  ADD ("what-was-left-behind-goes", test_what_was_left_behind_goes);
  ADD ("one-at-a-time-makes-it-anew", test_one_at_a_time_makes_it_anew);
  ADD ("made-anew-it-has-no-traces", test_made_anew_it_has_no_traces);
  ADD ("the-last-reference-may-go-anywhere", test_the_last_reference_may_go_anywhere);

  return g_test_run ();
}

/* test-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "search/strata-document-set-private.h"
#include "search/strata-positions-private.h"
#include "search/strata-search-check-private.h"
#include "search/strata-search-index-internal-private.h"
#include "search/strata-search-match-private.h"
#include "search/strata-search-replace-private.h"
#include "search/strata-search-run-private.h"
#include "store-util.h"
#include "store/strata-store-write.h"
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
  fault_seam_remove ();
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

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static char *
sort_words (const char *words)
{
  g_auto(GStrv) split = g_strsplit (words, " ", -1);

  qsort (split, g_strv_length (split), sizeof (char *), compare_strings);

  return g_strjoinv (" ", split);
}

/* In whatever order */
static void
assert_found (Fixture    *fixture,
              const char *text,
              const char *expected)
{
  g_autofree char *all = search (fixture, text, STRATA_SEARCH_ALL);
  g_autofree char *first = search (fixture, text, STRATA_SEARCH_FIRST);
  g_autofree char *sorted_all = sort_words (all);
  g_autofree char *sorted_first = sort_words (first);
  g_autofree char *sorted = sort_words (expected);

  g_assert_cmpstr (sorted_all, ==, sorted);
  g_assert_cmpstr (sorted_first, ==, sorted);
}

static void
assert_ranked (Fixture    *fixture,
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


static void
test_phrases_stand_in_one_text (Fixture       *fixture,
                                gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "\"rewrote the storage\"", "s1:session");
  assert_found (fixture, "\"the storage rewrote\"", "");
  assert_found (fixture, "\"storage plan\"", "s2:audio.a1");
  assert_found (fixture, "\"storage pl", "s2:audio.a1");
  assert_found (fixture, "storage-plan ", "s2:audio.a1");
  assert_found (fixture, "\"tsx storage 設計評", "s1:screenshot.p1");
  /* From the end of the name to the start of the description, from one moment to the next */
  assert_found (fixture, "\"rewrite we\"", "");
  assert_found (fixture, "\"評審 a\"", "");
  assert_found (fixture, "\"editor a\"", "");
}

static void
test_operators (Fixture       *fixture,
                gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "storage -rewrote", "s1:screenshot.p1 s2:audio.a1");
  assert_found (fixture, "storage -plan -editor", "s1:session");
  assert_found (fixture, "plan OR terminal ", "s1:screenshot.p2 s2:audio.a1");
  assert_found (fixture, "storage plan OR rewrote ", "s1:session s2:audio.a1");
  assert_found (fixture, "storage -(plan OR rewrote) ", "s1:screenshot.p1");
  assert_found (fixture, "(storage plan) OR (make test) ", "s1:screenshot.p2 s2:audio.a1");
  assert_found (fixture, "nowhere OR terminal ", "s1:screenshot.p2");
  assert_found (fixture, "storage -nowhere ", "s1:session s1:screenshot.p1 s2:audio.a1");
}

static void
test_filters_choose_sessions (Fixture       *fixture,
                              gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "tag:urgent", "s1");
  assert_found (fixture, "tag:URG", "s1");
  assert_found (fixture, "tag:cafe", "s1");
  assert_found (fixture, "tag:nowhere", "");
  assert_ranked (fixture, "-tag:urgent", "s3 s2");
  assert_found (fixture, "category:\"deep work\"", "s1");
  assert_found (fixture, "category:work", "s1");
  assert_found (fixture, "status:active OR status:completed", "s2 s1");
  assert_found (fixture, "has:screenshots", "s1");
  assert_found (fixture, "has:audio", "s2");
  assert_found (fixture, "has:notes", "s2 s1");
  assert_found (fixture, "has:tasks", "s3 s2");
  assert_found (fixture, "after:2025-01-15 before:2025-02-15", "s2");
  assert_found (fixture, "on:2025-02", "s2");
  assert_found (fixture, "storage tag:urgent", "s1:session s1:screenshot.p1");
  assert_found (fixture, "storage -tag:urgent", "s2:audio.a1");
  assert_found (fixture, "storage kind:screenshot", "s1:screenshot.p1");
  assert_found (fixture, "storage -kind:screenshot", "s1:session s2:audio.a1");
  assert_found (fixture, "storage tag:nowhere", "");
}

static void
test_topics_are_reached_through_notes_and_tasks (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "topic:bookkeeping", "s1");
  assert_found (fixture, "topic:tp1", "s1");
  assert_found (fixture, "topic:sales", "s3 s2");
  assert_found (fixture, "company:acme", "s1");
  assert_found (fixture, "company:\"Acme Corporation\"", "s1");
  assert_found (fixture, "task:\"send the offer\"", "s3 s2");
  assert_found (fixture, "task:offer", "s3 s2");
  assert_found (fixture, "storage topic:book", "s1:session s1:screenshot.p1");
  assert_found (fixture, "contact:acme", "");
}

static void
test_notes_belong_to_their_sessions (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "invoice acme ", "s1:note.n1");
  assert_found (fixture, "invoice ", "s2:note.n3 s1:note.n1");
  assert_found (fixture, "invoice tag:urgent", "s1:note.n1");
  assert_found (fixture, "offer ", "s2:task.t1 s3:task.t1");
  assert_found (fixture, "offer tag:calm", "s2:task.t1");
  assert_found (fixture, "bird ", "-:note.n2");
  assert_found (fixture, "bird tag:calm", "");
  assert_found (fixture, "bird on:2025-01-05", "-:note.n2");
  assert_found (fixture, "kind:task", "s2:task.t1 s3:task.t1");
}

static void
test_mixed_alternatives (Fixture       *fixture,
                         gconstpointer  test_data)
{
  put_examples (fixture);

  assert_found (fixture, "terminal OR tag:calm", "s1:screenshot.p2 s2");
  assert_found (fixture, "storage (tag:calm OR kind:screenshot) ", "s2:audio.a1 s1:screenshot.p1");
  assert_found (fixture, "tag:urgent -terminal", "");
  assert_found (fixture, "tag:calm -terminal", "s2");
  assert_found (fixture, "-invoice", "s3");
  assert_found (fixture, "kind:screenshot -nowhere", "s1:screenshot.p1 s1:screenshot.p2");
}

/* A name counts more than what is on a screen; the newer of equals comes first. */
static void
test_the_best_comes_first (Fixture       *fixture,
                           gconstpointer  test_data)
{
  static const char *const sessions[] = {
    "{\"id\":\"old-name\",\"name\":\"zebra\",\"startTime\":\"2025-01-01T00:00:00Z\"}",
    "{\"id\":\"screen\",\"startTime\":\"2025-02-01T00:00:00Z\",\"screenshots\":[{\"id\":\"x\",\"aiAnalysis\":{\"extractedText\":\"zebra\"}}]}",
    "{\"id\":\"summary\",\"startTime\":\"2025-01-01T00:00:00Z\",\"summary\":{\"narrative\":\"zebra\"}}",
    "{\"id\":\"speech\",\"startTime\":\"2025-01-01T00:00:00Z\",\"audioSegments\":[{\"id\":\"x\",\"transcription\":\"zebra\"}]}",
    "{\"id\":\"new-name\",\"name\":\"zebra\",\"startTime\":\"2025-02-01T00:00:00Z\"}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (sessions); i++)
    g_free (store_util_put (fixture->store, sessions[i], i));
  sync_index (fixture);

  assert_ranked (fixture, "zebra", "new-name:session old-name:session summary:session speech:audio.x screen:screenshot.x");
}

/* Changes */

static void
put_json (Fixture    *fixture,
          const char *key,
          const char *json)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (strata_store_save_session (fixture->store, key, stream, NULL, &error));
  g_assert_no_error (error);
  sync_index (fixture);
}

static char *
create_json (Fixture    *fixture,
             const char *json)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autoptr(GError) error = NULL;
  char *key = strata_store_create_session (fixture->store, stream, NULL, &error);

  g_assert_no_error (error);
  sync_index (fixture);

  return key;
}

static void
get_sums (Fixture               *fixture,
          StrataSearchIndexSums *out_sums)
{
  g_autoptr(GError) error = NULL;

  g_assert_true (_strata_search_index_get_sums (fixture->index, out_sums, &error));
  g_assert_no_error (error);
}

static void
add_problem (const char *key,
             const char *message,
             gpointer    user_data)
{
  g_string_append_printf (user_data, "%s: %s\n", key != NULL ? key : "", message);
}

static char *
check_index (Fixture *fixture)
{
  g_autoptr(GString) problems = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  g_assert_true (_strata_search_check (fixture->store, add_problem, problems, NULL, &error));
  g_assert_no_error (error);

  return g_string_free (g_steal_pointer (&problems), FALSE);
}

static void
assert_index_is_right (Fixture *fixture)
{
  g_autofree char *problems = check_index (fixture);

  g_assert_cmpstr (problems, ==, "");
}

static void
test_what_changed_is_found_and_what_was_is_not (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_autofree char *key = create_json (fixture, "{\"id\":\"s\",\"name\":\"apple\",\"tags\":[\"red\"],\"screenshots\":[{\"id\":\"p\",\"userComment\":\"pear\"}]}");
  g_autoptr(GError) error = NULL;

  assert_found (fixture, "apple pear", "");
  assert_found (fixture, "apple", "s:session");
  put_json (fixture, key, "{\"id\":\"s\",\"name\":\"banana\",\"tags\":[\"blue\"],\"screenshots\":[{\"id\":\"p\",\"userComment\":\"pear\"}]}");

  assert_found (fixture, "apple", "");
  assert_found (fixture, "banana", "s:session");
  assert_found (fixture, "pear", "s:screenshot.p");
  assert_found (fixture, "tag:red", "");
  assert_found (fixture, "tag:blue", "s");
  assert_index_is_right (fixture);

  g_free (strata_store_delete_session (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  sync_index (fixture);
  assert_found (fixture, "pear", "");
  assert_found (fixture, "tag:blue", "");
  assert_index_is_right (fixture);
}

/* What stays as it is is not indexed again, unless it is so small that it shares a block. */
static void
test_only_pieces_that_changed_are_indexed (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *words = g_strnfill (200000, 'w');
  g_autofree char *before = g_strdup_printf ("{\"id\":\"s\",\"name\":\"one\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"%s\"}]}", words);
  g_autofree char *after = g_strdup_printf ("{\"id\":\"s\",\"name\":\"two\",\"contextItems\":[{\"id\":\"c\",\"content\":\"three\"}],"
                                            "\"screenshots\":[{\"id\":\"p\",\"userComment\":\"%s\"}]}", words);
  g_autofree char *key = create_json (fixture, before);
  StrataSearchIndexSums sums;

  put_json (fixture, key, after);

  get_sums (fixture, &sums);
  g_assert_cmpuint (sums.dead_bytes, ==, strlen ("one"));
  g_assert_cmpuint (sums.text_bytes, ==, strlen ("two") + strlen ("three") + strlen ("\n") + 200000);
  g_assert_cmpuint (sums.moments, ==, 3);
  assert_found (fixture, "two", "s:session");
  assert_found (fixture, "three", "s:context.c");
  assert_found (fixture, "one", "");
  assert_index_is_right (fixture);
}

static void
append (Fixture    *fixture,
        const char *key,
        const char *list,
        const char *json)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr(GError) error = NULL;

  g_assert_true (strata_store_append (fixture->store, key, list, bytes, NULL, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_a_session_that_grows_is_followed (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = create_json (fixture, "{\"id\":\"s\",\"name\":\"apple\",\"screenshots\":[{\"id\":\"p1\",\"userComment\":\"first pear\"}],"
                                               "\"video\":{\"chunks\":[{\"id\":\"v1\",\"topic\":\"first\"}]}}");
  g_autoptr(GError) error = NULL;
  StrataSearchIndexSums sums;

  append (fixture, key, "screenshots", "{\"id\":\"p2\",\"userComment\":\"second pear\"}");
  sync_index (fixture);
  assert_found (fixture, "pear ", "s:screenshot.p2 s:screenshot.p1");
  assert_index_is_right (fixture);

  append (fixture, key, "audioSegments", "{\"id\":\"a1\",\"transcription\":\"third pear\"}");
  append (fixture, key, "contextItems", "{\"id\":\"c1\",\"content\":\"fourth pear\"}");
  append (fixture, key, "video.chunks", "{\"id\":\"v2\",\"topic\":\"fifth\"}");
  sync_index (fixture);
  get_sums (fixture, &sums);
  g_assert_cmpuint (sums.dead_bytes, ==, 0);
  g_assert_cmpuint (sums.moments, ==, 7);
  assert_found (fixture, "third", "s:audio.a1");
  assert_found (fixture, "fourth", "s:context.c1");
  assert_found (fixture, "fifth", "s:chunk.v2");
  assert_found (fixture, "has:audio has:context has:video", "s");
  assert_index_is_right (fixture);

  g_assert_true (strata_store_seal_session (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  sync_index (fixture);
  assert_found (fixture, "pear kind:screenshot", "s:screenshot.p1 s:screenshot.p2");
  assert_found (fixture, "fifth", "s:chunk.v2");
  assert_found (fixture, "first kind:chunk", "s:chunk.v1");
  assert_found (fixture, "fourth", "s:context.c1");
  assert_index_is_right (fixture);
}

static void
test_only_notes_that_changed_are_indexed (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  StrataSearchIndexSums sums;

  put_examples (fixture);
  store_util_put_collection (fixture->store, "notes",
    "[{\"id\":\"n0\",\"content\":\"new first\"},"
    "{\"id\":\"n1\",\"content\":\"<p>Invoice for Acme</p>\",\"topicIds\":[\"tp1\"],\"companyIds\":[\"c1\"],\"timestamp\":\"2025-01-01T11:00:00Z\"},"
    "{\"id\":\"n3\",\"content\":\"receipt again\",\"sourceSessionId\":\"s2\"}]");
  store_util_put_collection (fixture->store, "topics", "[{\"id\":\"tp1\",\"name\":\"Taxes\"},{\"id\":\"tp2\",\"name\":\"Sales\"}]");
  sync_index (fixture);

  get_sums (fixture, &sums);
  g_assert_cmpuint (sums.dead_bytes, ==, strlen ("Free as a bird") + strlen ("invoice again"));
  assert_found (fixture, "invoice ", "s1:note.n1");
  assert_found (fixture, "receipt ", "s2:note.n3");
  assert_found (fixture, "\"new first\"", "-:note.n0");
  assert_found (fixture, "bird ", "");
  assert_found (fixture, "topic:taxes", "s1");
  assert_found (fixture, "topic:bookkeeping", "");
  assert_index_is_right (fixture);
}

/* Ties are looked up, not stored: it does not matter what comes first. */
static void
test_ties_follow_from_either_side (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *key = NULL;

  store_util_put_collection (fixture->store, "notes", "[{\"id\":\"n\",\"content\":\"pear\",\"topicIds\":[\"t\"]}]");
  sync_index (fixture);
  assert_found (fixture, "pear", "-:note.n");

  key = create_json (fixture, "{\"id\":\"s\",\"trackingNoteId\":\"n\"}");
  assert_found (fixture, "pear", "s:note.n");
  assert_found (fixture, "topic:t", "s");

  put_json (fixture, key, "{\"id\":\"s\",\"trackingNoteId\":null}");
  assert_found (fixture, "pear", "-:note.n");
  assert_found (fixture, "topic:t", "");
}

static void
test_the_index_follows_from_the_files (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const char *const queries[] = {
    "storage", "tag:urgent", "topic:sales", "invoice ", "設計", "has:notes", "the -plan", "kind:task", "stor", "before:2025-02-01 OR plan "
  };
  static const char *const names[] = { "search.sqlite3", "search.sqlite3-wal", "search.sqlite3-shm" };

  put_examples (fixture);
  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autofree char *before = search (fixture, queries[i], STRATA_SEARCH_ALL);
      g_autofree char *after = NULL;

      close_index (fixture);
      for (gsize j = 0; j < G_N_ELEMENTS (names); j++)
        {
          g_autofree char *file = g_build_filename (fixture->path, names[j], NULL);

          g_unlink (file);
        }
      open_index (fixture);
      sync_index (fixture);

      after = search (fixture, queries[i], STRATA_SEARCH_ALL);
      g_assert_cmpstr (after, ==, before);
      g_assert_cmpstr (before, !=, "");
    }
  assert_index_is_right (fixture);
}

/* Another process writes to the store; or this one, before it was ended. */
static void
test_an_index_that_lags_catches_up (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  put_examples (fixture);
  close_index (fixture);
  {
    g_autoptr(StrataStore) other = store_util_open (fixture->path);

    g_free (store_util_put (other, "{\"id\":\"s4\",\"name\":\"storage of another process\"}", 3));
  }

  open_index (fixture);
  assert_found (fixture, "another", "");
  sync_index (fixture);
  assert_found (fixture, "another", "s4:session");
  assert_index_is_right (fixture);
}

/* A log that was made again, or does not reach where the index is: all files are gone through. */
static void
test_an_index_that_does_not_fit_the_log_is_reconciled (Fixture       *fixture,
                                                       gconstpointer  test_data)
{
  g_autofree char *log = g_build_filename (fixture->path, "changes.log", NULL);
  g_autofree char *key = create_json (fixture, "{\"id\":\"gone\",\"name\":\"vanished\"}");
  g_autofree char *folder = g_build_filename (fixture->path, "sessions", key, NULL);
  g_autofree char *metadata = g_build_filename (folder, "metadata.json", NULL);

  put_examples (fixture);
  g_assert_cmpint (g_unlink (metadata), ==, 0);
  g_assert_cmpint (truncate (log, 0), ==, 0);
  sync_index (fixture);
  assert_found (fixture, "vanished", "");
  assert_found (fixture, "storage", "s1:session s1:screenshot.p1 s2:audio.a1");
  assert_index_is_right (fixture);
}

static gboolean
is_in_files (Fixture    *fixture,
             const char *bytes)
{
  static const char *const names[] = { "search.sqlite3", "search.sqlite3-wal", "search.sqlite3.new", "search.sqlite3.new-wal",
                                       "search.sqlite3.packed", "search.sqlite3.packed-journal" };

  for (gsize i = 0; i < G_N_ELEMENTS (names); i++)
    {
      g_autofree char *file = g_build_filename (fixture->path, names[i], NULL);
      g_autofree char *content = NULL;
      gsize length;

      if (g_file_get_contents (file, &content, &length, NULL) && memmem (content, length, bytes, strlen (bytes)) != NULL)
        return TRUE;
    }

  return FALSE;
}

static gboolean
make_anew (Fixture  *fixture,
           GError  **error)
{
  return _strata_search_make_anew (fixture->store, NULL, NULL, NULL, error) && _strata_search_put_in_place (fixture->store, error);
}

static void
rebuild_index (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  close_index (fixture);
  g_assert_true (make_anew (fixture, &error));
  g_assert_no_error (error);
  open_index (fixture);
}

static void
test_nothing_of_what_was_removed_stays (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *key = create_json (fixture, "{\"id\":\"s\",\"name\":\"qzxwvsecretname\",\"tags\":[\"qzxwvtag\"],\"category\":\"qzxwvcategory\","
                                               "\"screenshots\":[{\"id\":\"qzxwvitem\",\"userComment\":\"qzxwvcomment\"}]}");
  g_autoptr(GError) error = NULL;
  StrataSearchIndexSums sums;

  put_examples (fixture);
  g_assert_true (is_in_files (fixture, "qzxwv"));
  g_free (strata_store_delete_session (fixture->store, key, NULL, &error));
  g_assert_no_error (error);
  sync_index (fixture);
  g_assert_true (is_in_files (fixture, "qzxwv"));
  assert_found (fixture, "qzxwvsecretname", "");

  rebuild_index (fixture);
  g_assert_false (is_in_files (fixture, "qzxwv"));
  get_sums (fixture, &sums);
  g_assert_cmpuint (sums.dead_bytes, ==, 0);
  assert_found (fixture, "storage", "s1:session s1:screenshot.p1 s2:audio.a1");
  assert_index_is_right (fixture);
}

/* Whoever has the index open while it is made anew sees the old one, and then the new one. */
static void
test_an_index_made_anew_is_seen_by_others (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  StrataSearchIndex *mine;
  StrataSearchFilter *filter;
  g_autoptr(GError) error = NULL;

  put_examples (fixture);
  assert_found (fixture, "storage", "s1:session s1:screenshot.p1 s2:audio.a1");
  mine = g_steal_pointer (&fixture->index);
  filter = g_steal_pointer (&fixture->filter);
  g_free (store_util_put (fixture->store, "{\"id\":\"s4\",\"name\":\"storage anew\",\"startTime\":\"2025-04-01T10:00:00Z\"}", 3));

  g_assert_true (make_anew (fixture, &error));
  g_assert_no_error (error);

  fixture->index = mine;
  fixture->filter = filter;
  assert_found (fixture, "anew", "s4:session");
  assert_found (fixture, "tag:urgent OR anew ", "s4:session s1");
}

static void
test_an_index_wears_out (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(GString) words = g_string_new (NULL);
  g_autofree char *key = NULL;

  g_string_append (words, "{\"id\":\"s\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"");
  for (guint i = 0; words->len < 3 * 1024 * 1024; i++)
    g_string_append_printf (words, "word%u ", i % 5000);
  g_string_append (words, "\"}]}");
  key = create_json (fixture, words->str);

  g_assert_false (_strata_search_is_worn (fixture->index));
  g_string_insert (words, (gssize)words->len - 4, "changed");
  put_json (fixture, key, words->str);
  g_assert_true (_strata_search_is_worn (fixture->index));
  rebuild_index (fixture);
  g_assert_false (_strata_search_is_worn (fixture->index));
  assert_found (fixture, "changed", "s:screenshot.p");
}

/* The check */

static void
test_the_check_finds_every_flaw (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const char *const flaws[] = {
    "INSERT INTO texts (rowid, text) SELECT max (block), 'intruder' FROM blocks",
    "INSERT INTO texts (texts) VALUES ('delete-all')",
    "UPDATE blocks SET places = substr (places, 1, length (places) - 4) || x'00000000' WHERE document > 0",
    "UPDATE details SET details = details || x'00'",
    "UPDATE blocks SET words = words + 1",
    "DELETE FROM blocks WHERE block = (SELECT max (block) FROM blocks)",
    "DELETE FROM pieces WHERE piece = 1",
    "DELETE FROM document_facets",
    "DELETE FROM links",
    "UPDATE documents SET start = start + 1 WHERE kind = 0",
    "UPDATE documents SET has = 0 WHERE kind = 0",
    "DELETE FROM documents WHERE kind <> 0",
  };

  for (gsize i = 0; i < G_N_ELEMENTS (flaws); i++)
    {
      g_autofree char *problems = NULL;
      g_autoptr(GError) error = NULL;

      put_examples (fixture);
      assert_index_is_right (fixture);
      g_assert_true (_strata_sqlite_exec (fixture->index->db, flaws[i], &error));
      g_assert_no_error (error);

      problems = check_index (fixture);
      g_test_message ("%s", flaws[i]);
      g_assert_cmpstr (problems, !=, "");
      rebuild_index (fixture);
      assert_index_is_right (fixture);
    }
}

static void
test_the_check_passes_over_what_is_behind (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *key = NULL;

  put_examples (fixture);
  key = create_json (fixture, "{\"id\":\"s\",\"screenshots\":[]}");
  g_free (store_util_put (fixture->store, "{\"id\":\"s4\",\"name\":\"not indexed yet\"}", 3));
  append (fixture, key, "screenshots", "{\"id\":\"p\",\"userComment\":\"nor is this\"}");
  assert_index_is_right (fixture);
  sync_index (fixture);
  append (fixture, key, "screenshots", "{\"id\":\"q\",\"userComment\":\"and this\"}");
  assert_index_is_right (fixture);
}

/* Damage and faults */

static void
test_a_damaged_part_hides_only_itself (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store,
    "{\"id\":\"s\",\"name\":\"apple\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"pear\"}],\"contextItems\":[{\"id\":\"c\",\"content\":\"plum\"}]}", 0);
  g_autofree char *folder = g_strdup_printf ("sessions/%s/chunks", key);
  g_autofree char *part = store_util_find_file (fixture->path, folder, "screenshots");

  store_util_flip_byte (fixture->path, part, 1);
  sync_index (fixture);

  assert_found (fixture, "apple", "s:session");
  assert_found (fixture, "plum", "s:context.c");
  assert_found (fixture, "pear", "");
}

static void
test_another_version_is_made_anew (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  put_examples (fixture);
  g_assert_true (_strata_sqlite_exec (fixture->index->db, "UPDATE state SET version = 999", &error));
  close_index (fixture);
  open_index (fixture);
  sync_index (fixture);
  assert_found (fixture, "terminal", "s1:screenshot.p2");
}

static void
test_what_is_no_database_is_made_anew (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename (fixture->path, "search.sqlite3", NULL);
  g_autoptr(GError) error = NULL;

  put_examples (fixture);
  close_index (fixture);
  g_assert_true (g_file_set_contents (file, "this is no database, but long enough to be looked at as one, with a header of a hundred bytes or more", -1, &error));
  open_index (fixture);
  sync_index (fixture);
  assert_found (fixture, "terminal", "s1:screenshot.p2");
}

/* Whatever fails, and when: the next time it is indexed. */
static void
test_every_fault_leaves_an_index_that_goes_on (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  FaultKind kinds[] = { FAULT_ERRNO, FAULT_FULL };

  for (gsize k = 0; k < G_N_ELEMENTS (kinds); k++)
    for (guint64 nth = 1; ; nth += 1 + nth / 40)
      {
        Fixture own = { 0 };
        gboolean has_struck;

        fixture_set_up (&own, NULL);
        g_free (store_util_put (own.store, "{\"id\":\"s1\",\"name\":\"apple\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"pear\"}]}", 0));
        sync_index (&own);
        g_free (store_util_put (own.store, "{\"id\":\"s1\",\"name\":\"plum\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"pear\"}]}", 0));
        g_free (store_util_put (own.store, "{\"id\":\"s2\",\"name\":\"pear\",\"startTime\":\"2025-01-01T00:00:00Z\"}", 1));

        fault_seam_install ();
        fault_seam_arm (kinds[k], nth, kinds[k] == FAULT_ERRNO ? EIO : ENOSPC);
        {
          g_autoptr(GError) error = NULL;
          gboolean ok = _strata_search_sync (own.index, own.store, NULL, NULL, NULL, &error);

          g_assert_true (ok == (error == NULL));
        }
        has_struck = fault_seam_has_struck ();
        fault_seam_remove ();

        sync_index (&own);
        assert_found (&own, "pear", "s2:session s1:screenshot.p");
        assert_found (&own, "plum", "s1:session");
        assert_found (&own, "apple", "");
        assert_index_is_right (&own);
        fixture_tear_down (&own, NULL);
        if (!has_struck)
          break;
      }
}

static void
test_every_fault_of_making_it_anew_leaves_one (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  put_examples (fixture);

  for (guint64 nth = 1; ; nth += 1 + nth / 30)
    {
      g_autoptr(GError) error = NULL;
      gboolean has_struck;

      close_index (fixture);
      fault_seam_install ();
      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      g_assert_true (make_anew (fixture, &error) == (error == NULL));
      has_struck = fault_seam_has_struck ();
      fault_seam_remove ();

      open_index (fixture);
      sync_index (fixture);
      assert_found (fixture, "terminal", "s1:screenshot.p2");
      assert_index_is_right (fixture);
      if (!has_struck)
        break;
    }
}

static gint64
get_number (Fixture    *fixture,
            const char *sql)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (fixture->index->db, sql, NULL);
  gboolean row;

  g_assert_true (_strata_sqlite_step (statement, &row, NULL));
  g_assert_true (row);

  return sqlite3_column_int64 (statement, 0);
}

static void
execute (Fixture    *fixture,
         const char *sql)
{
  g_autoptr(GError) error = NULL;

  _strata_sqlite_exec (fixture->index->db, sql, &error);
  g_assert_no_error (error);
}

/* Not one for each session: merging them would be most of the work. */
static void
test_a_transaction_is_one_piece (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  const guint n = 100;

  execute (fixture, "INSERT INTO texts (texts, rank) VALUES ('automerge', 0); INSERT INTO texts (texts, rank) VALUES ('crisismerge', 1999)");
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"s%u\",\"name\":\"number%u\",\"tags\":[\"a\"],\"extractedNoteIds\":[\"n\"],"
                                               "\"startTime\":\"2025-01-%02uT10:00:00Z\"}", i, i, i % 28 + 1);

      g_free (store_util_put (fixture->store, json, i));
    }
  sync_index (fixture);

  g_assert_cmpint (get_number (fixture, "SELECT count (DISTINCT segid) FROM texts_idx"), <, n / 4);
}

/* Packing */

static gboolean
pack (Fixture  *fixture,
      GError  **error)
{
  gboolean ok = _strata_search_pack (fixture->store, fixture->index, NULL, error);

  close_index (fixture);

  return ok && _strata_search_put_in_place (fixture->store, error);
}

/* Each in a piece of its own, and some removed again */
static void
put_in_pieces (Fixture *fixture)
{
  put_examples (fixture);
  for (guint i = 0; i < 12; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"w%u\",\"name\":\"piece%u of many\"}", i, i);
      g_autofree char *key = store_util_put (fixture->store, json, 10 + i);

      sync_index (fixture);
      if (i >= 3)
        g_free (strata_store_delete_session (fixture->store, key, NULL, NULL));
    }
  sync_index (fixture);
}

static void
test_packing_leaves_what_is_found (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  guint64 packed;

  put_in_pieces (fixture);
  execute (fixture, "CREATE TABLE gone (x); INSERT INTO gone VALUES (zeroblob (100000)); DROP TABLE gone");
  g_assert_cmpint (get_number (fixture, "PRAGMA freelist_count"), >, 0);
  execute (fixture, "UPDATE sums SET dead_bytes = dead_bytes + 20000000");
  g_assert_true (_strata_search_is_loose (fixture->index));

  g_assert_true (pack (fixture, &error));
  g_assert_no_error (error);
  open_index (fixture);

  g_assert_false (_strata_search_is_loose (fixture->index));
  g_assert_true (_strata_search_index_get_packed (fixture->index, &packed, NULL));
  g_assert_cmpuint (packed, >, 20000000);
  g_assert_cmpint (get_number (fixture, "PRAGMA freelist_count"), ==, 0);
  /* One segment: one page number for its first term */
  g_assert_cmpint (get_number (fixture, "SELECT count (DISTINCT segid) FROM texts_idx"), ==, 1);
  assert_found (fixture, "storage", "s1:session s1:screenshot.p1 s2:audio.a1");
  assert_found (fixture, "many ", "w0:session w1:session w2:session");
  assert_index_is_right (fixture);

  execute (fixture, "UPDATE sums SET dead_bytes = 2 * dead_bytes + 17000000");
  g_assert_true (_strata_search_is_loose (fixture->index));
}

static void
test_every_fault_of_packing_leaves_an_index (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  put_in_pieces (fixture);

  for (guint64 nth = 1; ; nth += 1 + nth / 30)
    {
      g_autoptr(GError) error = NULL;
      gboolean has_struck;

      fault_seam_install ();
      fault_seam_arm (nth % 2 == 0 ? FAULT_ERRNO : FAULT_FULL, nth, nth % 2 == 0 ? EIO : ENOSPC);
      g_assert_true (pack (fixture, &error) == (error == NULL));
      has_struck = fault_seam_has_struck ();
      fault_seam_remove ();

      open_index (fixture);
      assert_found (fixture, "many ", "w0:session w1:session w2:session");
      assert_index_is_right (fixture);
      if (!has_struck)
        break;
    }
}

static void
test_packing_can_be_cancelled (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;
  g_autofree char *packed = g_build_filename (fixture->path, "search.sqlite3.packed", NULL);

  put_in_pieces (fixture);
  g_cancellable_cancel (cancellable);

  g_assert_false (_strata_search_pack (fixture->store, fixture->index, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_false (g_file_test (packed, G_FILE_TEST_EXISTS));
  assert_found (fixture, "many ", "w0:session w1:session w2:session");
}

/* As a program of another time left it */
static void
test_an_index_with_other_pages_is_replaced (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "search.sqlite3", NULL);
  g_autoptr(GError) error = NULL;
  sqlite3 *db;

  put_examples (fixture);
  close_index (fixture);
  g_assert_cmpint (g_unlink (path), ==, 0);
  g_assert_cmpint (sqlite3_open (path, &db), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_exec (db, "PRAGMA page_size = 4096; PRAGMA journal_mode = WAL; CREATE TABLE other (x)", NULL, NULL, NULL), ==, SQLITE_OK);
  sqlite3_close (db);

  g_assert_true (make_anew (fixture, &error));
  g_assert_no_error (error);
  open_index (fixture);
  assert_found (fixture, "terminal", "s1:screenshot.p2");
}

/* What another process is in the middle of writing */
static void
test_what_is_no_index_is_not_put_in_place (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  put_examples (fixture);
  close_index (fixture);

  g_assert_false (_strata_search_put_in_place (fixture->store, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  open_index (fixture);
  assert_found (fixture, "terminal", "s1:screenshot.p2");
}

static void
test_cancelling_keeps_what_was_done (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_free (store_util_put (fixture->store, "{\"id\":\"s\",\"name\":\"apple\"}", 0));
  g_cancellable_cancel (cancellable);

  g_assert_false (_strata_search_sync (fixture->index, fixture->store, NULL, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_found (fixture, "apple", "");
  sync_index (fixture);
  assert_found (fixture, "apple", "s:session");
}

/* Pages */

static void
put_many (Fixture *fixture,
          guint    n_sessions,
          guint    n_screenshots)
{
  for (guint i = 0; i < n_sessions; i++)
    {
      g_autoptr(GString) json = g_string_new (NULL);

      g_string_append_printf (json, "{\"id\":\"s%03u\",\"name\":\"common\",\"startTime\":%" G_GINT64_FORMAT ",\"screenshots\":[",
                              i, G_GINT64_CONSTANT (1735689600000) + i * G_GINT64_CONSTANT (86400000));
      for (guint j = 0; j < n_screenshots; j++)
        g_string_append_printf (json, "%s{\"id\":\"p%u\",\"userComment\":\"common word%u\"}", j > 0 ? "," : "", j, j);
      g_string_append (json, "]}");
      g_free (store_util_put (fixture->store, json->str, i));
    }
  sync_index (fixture);
}

static StrataSearchRun *
run (Fixture            *fixture,
     const char         *text,
     StrataSearchExtent  extent,
     guint               limit)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);
  g_autoptr(GError) error = NULL;
  StrataSearchRun *result = _strata_search_run_new (fixture->index, fixture->filter, query, extent, limit, &error);

  g_assert_no_error (error);

  return result;
}

static void
test_a_first_page_has_the_newest (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataSearchRun) first = NULL;
  g_autoptr(StrataSearchRun) all = NULL;
  g_autofree char *newest = NULL;

  put_many (fixture, 20, 150);
  first = run (fixture, "common ", STRATA_SEARCH_FIRST, 10);
  all = run (fixture, "common ", STRATA_SEARCH_ALL, 10);

  g_assert_false (first->is_whole);
  g_assert_cmpuint (first->total, ==, STRATA_SEARCH_FIRST_MATCHES);
  g_assert_cmpuint (first->rows->len, ==, 10);
  newest = dup_text (fixture, "SELECT id FROM documents WHERE document = ?", g_array_index (first->rows, StrataMatchRow, 0).session);
  g_assert_cmpstr (newest, ==, "s019");

  g_assert_true (all->is_whole);
  g_assert_cmpuint (all->total, ==, 20 * 151);
  g_assert_cmpuint (all->sessions, ==, 20);
  g_assert_cmpuint (all->rows->len, ==, 10);
  /* Names weigh more, so each session's own moment comes before all screenshots */
  for (guint i = 0; i < 10; i++)
    g_assert_cmpfloat (g_array_index (all->rows, StrataMatchRow, i).score, ==, g_array_index (all->rows, StrataMatchRow, 0).score);
}

static void
test_the_best_of_many_are_the_best (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(StrataSearchRun) all = NULL;
  g_autoptr(StrataSearchRun) few = NULL;

  put_many (fixture, 20, 150);
  all = run (fixture, "common OR word7 ", STRATA_SEARCH_ALL, 100000);
  few = run (fixture, "common OR word7 ", STRATA_SEARCH_ALL, 25);

  g_assert_cmpuint (all->rows->len, ==, all->total);
  g_assert_cmpuint (few->total, ==, all->total);
  for (guint i = 0; i < few->rows->len; i++)
    {
      const StrataMatchRow *row = &g_array_index (few->rows, StrataMatchRow, i);
      guint better = 0;

      for (guint j = 0; j < all->rows->len; j++)
        better += g_array_index (all->rows, StrataMatchRow, j).score > row->score;
      g_assert_cmpuint (better, <, 25);
    }
}

/* A common beginning is asked for by its commonest words first, by all of them then. */
static void
test_beginnings_of_many_words (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(StrataSearchRun) all = NULL;
  g_autoptr(StrataSearchRun) phrase = NULL;

  put_many (fixture, 10, 200);
  all = run (fixture, "common wor", STRATA_SEARCH_ALL, 1);
  phrase = run (fixture, "\"common word1", STRATA_SEARCH_ALL, 1);

  g_assert_cmpuint (all->total, ==, 10 * 200);
  g_assert_cmpuint (phrase->total, ==, 10 * 111);
}

/* As the first page of a large store asks: by words, and a phrase by what stands before the last one */
static void
test_words_in_the_place_of_a_beginning (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  static const char *const queries[] = { "\"common wor", "common wor", "wor", "-word7 wor", "(wor" };

  /* A phrase is looked for with the 12 commonest of its last words */
  put_many (fixture, 180, 12);
  _strata_search_expression_set_max_gathered (0);
  for (gsize i = 0; i < G_N_ELEMENTS (queries); i++)
    {
      g_autoptr(StrataSearchRun) first = run (fixture, queries[i], STRATA_SEARCH_FIRST, 1);
      g_autoptr(StrataSearchRun) all = run (fixture, queries[i], STRATA_SEARCH_ALL, 1);

      g_assert_true (all->is_whole);
      g_assert_cmpuint (first->total, ==, MIN (all->total, STRATA_SEARCH_FIRST_MATCHES));
      g_assert_cmpuint (first->total, >, 0);
    }
  _strata_search_expression_set_max_gathered (-1);
}

/* Phrases: FTS5 is asked for their words, and the places are compared here. The oracle knows the texts by heart. */

#define N_BABBLES 600
#define BABBLE_WORDS 40

static char *
babble (GRand *rand,
        guint  n_words)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < n_words; i++)
    g_string_append_printf (text, "%swo%c", i > 0 ? " " : "", 'a' + MIN (g_rand_int_range (rand, 0, 9), g_rand_int_range (rand, 0, 9)));

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static char **
put_babbles (Fixture *fixture,
             GRand   *rand)
{
  char **babbles = g_new0 (char *, N_BABBLES + 1);

  for (guint i = 0; i < N_BABBLES; i++)
    {
      g_autofree char *json = NULL;

      babbles[i] = babble (rand, BABBLE_WORDS);
      json = g_strdup_printf ("{\"id\":\"s%03u\",\"screenshots\":[{\"id\":\"a\",\"userComment\":\"%s\"},{\"id\":\"b\",\"userComment\":\"woa\"}]}",
                              i, babbles[i]);
      g_free (store_util_put (fixture->store, json, i));
    }
  sync_index (fixture);

  return babbles;
}

static guint
count_babbles (char       **babbles,
               const char  *text,
               gboolean     is_whole)
{
  g_autofree char *wanted = g_strdup_printf (" %s%s", text, is_whole ? " " : "");
  guint n = 0;

  for (guint i = 0; i < N_BABBLES; i++)
    {
      g_autofree char *spaced = g_strdup_printf (" %s ", babbles[i]);

      n += strstr (spaced, wanted) != NULL;
    }

  return n;
}

static void
check_phrase (Fixture     *fixture,
              char       **babbles,
              const char  *text,
              gboolean     is_whole)
{
  g_autofree char *query = g_strdup_printf ("\"%s%s", text, is_whole ? "\"" : "");
  guint expected = count_babbles (babbles, text, is_whole);

  for (int raw = -1; raw <= 0; raw++)
    {
      g_autoptr(StrataSearchRun) first = NULL;
      g_autoptr(StrataSearchRun) all = NULL;

      _strata_positions_set_raw (raw);
      first = run (fixture, query, STRATA_SEARCH_FIRST, 1);
      all = run (fixture, query, STRATA_SEARCH_ALL, 1);
      g_assert_true (all->is_whole);
      g_assert_cmpuint (all->total, ==, expected);
      g_assert_cmpuint (first->total, ==, expected);
    }
  _strata_positions_set_raw (-1);
}

static void
test_words_of_a_phrase_stand_together (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (5);
  g_auto(GStrv) babbles = put_babbles (fixture, rand);

  for (guint i = 0; i < 60; i++)
    {
      g_autofree char *text = babble (rand, 2 + i % 4);

      check_phrase (fixture, babbles, text, TRUE);
      /* By the beginning "wo" of the last word: those FTS5 knows, and those that stand in its place */
      text[strlen (text) - 1] = '\0';
      _strata_search_expression_set_max_gathered (i % 2 == 0 ? -1 : 0);
      check_phrase (fixture, babbles, text, FALSE);
      _strata_search_expression_set_max_gathered (-1);
    }
}

static void
test_a_phrase_may_be_missing_or_one_of_several (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_autoptr(GRand) rand = g_rand_new_with_seed (6);
  g_auto(GStrv) babbles = put_babbles (fixture, rand);
  g_autoptr(StrataSearchRun) without = run (fixture, "woi -\"woa wob woa\" ", STRATA_SEARCH_ALL, 1);
  g_autoptr(StrataSearchRun) either = run (fixture, "\"woi woi\" OR \"woh woh woa\" ", STRATA_SEARCH_ALL, 1);
  guint n_without = 0, n_either = 0;

  for (guint i = 0; i < N_BABBLES; i++)
    {
      n_without += strstr (babbles[i], "woi") != NULL && strstr (babbles[i], "woa wob woa") == NULL;
      n_either += strstr (babbles[i], "woi woi") != NULL || strstr (babbles[i], "woh woh woa") != NULL;
    }
  g_assert_cmpuint (without->total, ==, n_without);
  g_assert_cmpuint (either->total, ==, n_either);
  g_assert_cmpuint (n_either, >, 0);
}

/* With the SQLite we are built for; with another one it may be otherwise, and only takes longer */
static void
test_positions_are_read_as_they_lie (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  if (!_strata_positions_are_raw ())
    g_test_skip ("FTS5 has them in a form of its own");
}

/* Parts */

static void
test_blocks_come_back (void)
{
  for (guint round = 0; round < 300; round++)
    {
      g_autoptr(StrataBlock) block = _strata_block_new ();
      g_autoptr(StrataBlock) back = _strata_block_new ();
      g_autoptr(GByteArray) details = g_byte_array_new ();
      guint n = (guint)g_test_rand_int_range (0, 40);

      for (guint i = 0; i < n; i++)
        {
          static const char *const ids[] = { NULL, "", "1759693241298-yf7pae8ef", "0759693241298-yf7pae8ef", "screenshot-1758800888099-li6587",
                                             "1759693241298-", "1759693241298-0000zzzz0000", "1759693241298-UPPER", "1759693241298-zzzzzzzzzzzzz" };
          StrataBlockMoment moment = {
            .kind = (StrataKind)g_test_rand_int_range (0, STRATA_N_KINDS),
            .time_ms = g_test_rand_bit () ? STRATA_TIME_NONE : G_GINT64_CONSTANT (1759693241298) + g_test_rand_int (),
            .offset_ms = STRATA_TIME_NONE, .place = (guint64)g_test_rand_int_range (0, 1 << 30),
            .id = g_strdup (ids[g_test_rand_int_range (0, G_N_ELEMENTS (ids))]),
          };

          if (moment.time_ms == STRATA_TIME_NONE && g_test_rand_bit ())
            moment.offset_ms = g_test_rand_int ();
          g_array_append_val (block->moments, moment);
        }
      _strata_block_encode_details (block, details);

      g_assert_true (_strata_block_decode_details (back, details->data, details->len));
      g_assert_cmpuint (back->moments->len, ==, n);
      for (guint i = 0; i < n; i++)
        {
          const StrataBlockMoment *a = &g_array_index (block->moments, StrataBlockMoment, i);
          const StrataBlockMoment *b = &g_array_index (back->moments, StrataBlockMoment, i);
          StrataBlockMoment single;

          g_assert_true (_strata_block_decode_detail (&single, i, details->data, details->len));
          for (guint which = 0; which < 2; which++, b = &single)
            {
              g_assert_cmpint (a->kind, ==, b->kind);
              g_assert_cmpint (a->time_ms, ==, b->time_ms);
              g_assert_cmpint (a->offset_ms, ==, b->offset_ms);
              g_assert_cmpuint (a->place, ==, b->place);
              g_assert_cmpstr (a->id, ==, b->id);
            }
          g_free (single.id);
        }
    }
}

static void
test_any_bytes_are_no_block (void)
{
  g_autoptr(StrataBlock) block = _strata_block_new ();
  g_autoptr(GArray) places = g_array_new (FALSE, FALSE, sizeof (guint32));

  g_assert_false (_strata_block_decode_details (block, NULL, 0));
  g_assert_false (_strata_block_decode_places (places, NULL, 0));
  for (guint i = 0; i < 20000; i++)
    {
      guint8 bytes[32];
      gsize length = (gsize)g_test_rand_int_range (0, sizeof bytes + 1);
      StrataBlockMoment moment = { 0 };

      for (gsize j = 0; j < length; j++)
        bytes[j] = (guint8)(g_test_rand_bit () ? g_test_rand_int_range (0, 256) : g_test_rand_int_range (0, 4));
      _strata_block_decode_details (block, bytes, length);
      if (_strata_block_decode_detail (&moment, (guint)g_test_rand_int_range (0, 3), bytes, length))
        g_free (moment.id);
      _strata_block_decode_places (places, bytes, length);
    }
}

/* Words that were met once are bits, the others rows. */
static void
test_words_are_counted_from_the_second_on (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_free (store_util_put (fixture->store, "{\"id\":\"a\",\"name\":\"once twice twice\",\"screenshots\":[{\"userComment\":\"twice\"}]}", 0));
  sync_index (fixture);
  {
    g_autofree char *words = dup_text (fixture, "SELECT group_concat (word || count) FROM words WHERE ?", 1);

    g_assert_cmpstr (words, ==, "twice2");
  }

  g_free (store_util_put (fixture->store, "{\"id\":\"b\",\"name\":\"once\"}", 1));
  sync_index (fixture);
  {
    g_autofree char *words = dup_text (fixture, "SELECT group_concat (word || count) FROM words WHERE ?", 1);

    g_assert_cmpstr (words, ==, "once2,twice2");
  }
  assert_found (fixture, "once", "b:session a:session");
}

/* However many words there are, one that comes again gets counted. */
static void
test_many_words_are_met (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\",\"screenshots\":[{\"id\":\"p\",\"userComment\":\"");

  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (json, "x%u ", i);
  g_string_append (json, "\"}]}");
  g_free (store_util_put (fixture->store, json->str, 0));
  sync_index (fixture);
  {
    g_autofree char *met = dup_text (fixture, "SELECT met > 80000 FROM sums WHERE ?", 1);

    g_assert_cmpstr (met, ==, "1");
  }

  g_free (store_util_put (fixture->store, "{\"id\":\"b\",\"name\":\"x5 x77777 x99999\"}", 1));
  sync_index (fixture);
  {
    g_autofree char *count = dup_text (fixture, "SELECT count (*) FROM words WHERE word IN ('x5', 'x77777', 'x99999') AND count >= 2 AND ?", 1);

    g_assert_cmpstr (count, ==, "3");
  }
  assert_found (fixture, "x77777 ", "b:session a:screenshot.p");
}

static void
test_sets_of_documents (void)
{
  g_autoptr(StrataDocumentSet) a = _strata_document_set_new (200);
  g_autoptr(StrataDocumentSet) b = _strata_document_set_new (200);

  _strata_document_set_add (a, 3);
  _strata_document_set_add (a, 130);
  _strata_document_set_add (a, 100000);
  _strata_document_set_add (b, 130);
  g_assert_true (_strata_document_set_contains (a, 3));
  g_assert_false (_strata_document_set_contains (a, 4));
  g_assert_false (_strata_document_set_contains (a, 100000));
  g_assert_cmpuint (_strata_document_set_count (a), ==, 2);
  _strata_document_set_intersect (a, b);
  g_assert_false (_strata_document_set_contains (a, 3));
  _strata_document_set_invert (a);
  g_assert_false (_strata_document_set_contains (a, 130));
  _strata_document_set_unite (a, b);
  g_assert_true (_strata_document_set_contains (a, 130));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, func) g_test_add ("/search/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("words-are-found", test_words_are_found);
  ADD ("phrases-stand-in-one-text", test_phrases_stand_in_one_text);
  ADD ("operators", test_operators);
  ADD ("filters-choose-sessions", test_filters_choose_sessions);
  ADD ("topics-are-reached-through-notes-and-tasks", test_topics_are_reached_through_notes_and_tasks);
  ADD ("notes-belong-to-their-sessions", test_notes_belong_to_their_sessions);
  ADD ("mixed-alternatives", test_mixed_alternatives);
  ADD ("the-best-comes-first", test_the_best_comes_first);
  ADD ("what-changed-is-found-and-what-was-is-not", test_what_changed_is_found_and_what_was_is_not);
  ADD ("only-pieces-that-changed-are-indexed", test_only_pieces_that_changed_are_indexed);
  ADD ("a-session-that-grows-is-followed", test_a_session_that_grows_is_followed);
  ADD ("only-notes-that-changed-are-indexed", test_only_notes_that_changed_are_indexed);
  ADD ("ties-follow-from-either-side", test_ties_follow_from_either_side);
  ADD ("the-index-follows-from-the-files", test_the_index_follows_from_the_files);
  ADD ("an-index-that-lags-catches-up", test_an_index_that_lags_catches_up);
  ADD ("an-index-that-does-not-fit-the-log-is-reconciled", test_an_index_that_does_not_fit_the_log_is_reconciled);
  ADD ("nothing-of-what-was-removed-stays", test_nothing_of_what_was_removed_stays);
  ADD ("an-index-made-anew-is-seen-by-others", test_an_index_made_anew_is_seen_by_others);
  ADD ("an-index-wears-out", test_an_index_wears_out);
  ADD ("the-check-finds-every-flaw", test_the_check_finds_every_flaw);
  ADD ("the-check-passes-over-what-is-behind", test_the_check_passes_over_what_is_behind);
  ADD ("a-damaged-part-hides-only-itself", test_a_damaged_part_hides_only_itself);
  ADD ("another-version-is-made-anew", test_another_version_is_made_anew);
  ADD ("what-is-no-database-is-made-anew", test_what_is_no_database_is_made_anew);
  ADD ("every-fault-leaves-an-index-that-goes-on", test_every_fault_leaves_an_index_that_goes_on);
  ADD ("every-fault-of-making-it-anew-leaves-one", test_every_fault_of_making_it_anew_leaves_one);
  ADD ("a-transaction-is-one-piece", test_a_transaction_is_one_piece);
  ADD ("packing-leaves-what-is-found", test_packing_leaves_what_is_found);
  ADD ("every-fault-of-packing-leaves-an-index", test_every_fault_of_packing_leaves_an_index);
  ADD ("packing-can-be-cancelled", test_packing_can_be_cancelled);
  ADD ("an-index-with-other-pages-is-replaced", test_an_index_with_other_pages_is_replaced);
  ADD ("what-is-no-index-is-not-put-in-place", test_what_is_no_index_is_not_put_in_place);
  ADD ("cancelling-keeps-what-was-done", test_cancelling_keeps_what_was_done);
  ADD ("a-first-page-has-the-newest", test_a_first_page_has_the_newest);
  ADD ("the-best-of-many-are-the-best", test_the_best_of_many_are_the_best);
  ADD ("beginnings-of-many-words", test_beginnings_of_many_words);
  ADD ("words-in-the-place-of-a-beginning", test_words_in_the_place_of_a_beginning);
  ADD ("words-of-a-phrase-stand-together", test_words_of_a_phrase_stand_together);
  ADD ("a-phrase-may-be-missing-or-one-of-several", test_a_phrase_may_be_missing_or_one_of_several);
  ADD ("positions-are-read-as-they-lie", test_positions_are_read_as_they_lie);
  ADD ("words-are-counted-from-the-second-on", test_words_are_counted_from_the_second_on);
  ADD ("many-words-are-met", test_many_words_are_met);
#undef ADD
  g_test_add_func ("/search/blocks-come-back", test_blocks_come_back);
  g_test_add_func ("/search/any-bytes-are-no-block", test_any_bytes_are_no_block);
  g_test_add_func ("/search/sets-of-documents", test_sets_of_documents);

  return g_test_run ();
}

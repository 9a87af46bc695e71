/* test-item-model.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-threads.h"
#include "session-util.h"
#include "store/strata-cache.h"
#include "store/strata-item-model.h"
#include "test-util.h"

#define N_ELEMENTS 1500

typedef struct
{
  char            *path;
  StrataStore     *store;
  char            *key;
  StrataSession   *session;
  StrataItemModel *model;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
}

/* Reading may hold the store a little longer */
static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  GWeakRef weak;
  gboolean gone = FALSE;

  g_weak_ref_init (&weak, fixture->store);
  g_clear_object (&fixture->model);
  g_clear_object (&fixture->session);
  g_clear_object (&fixture->store);
  while (!gone)
    {
      g_autoptr(StrataStore) left = g_weak_ref_get (&weak);

      gone = left == NULL;
      g_clear_object (&left);
      while (g_main_context_iteration (NULL, FALSE));
      if (!gone)
        g_usleep (1000);
    }
  g_weak_ref_clear (&weak);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
}

static void
open_model (Fixture    *fixture,
            const char *json,
            const char *member)
{
  g_autoptr(GError) error = NULL;

  fixture->key = store_util_put (fixture->store, json, 0);
  fixture->session = strata_session_open (fixture->store, fixture->key, NULL, &error);
  g_assert_no_error (error);
  fixture->model = strata_item_model_new (fixture->session, member);
}

static void
open_screenshots (Fixture *fixture)
{
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");

  open_model (fixture, json, "screenshots");
}

static StrataItem *
get_item (Fixture *fixture,
          guint    position)
{
  StrataItem *item = g_list_model_get_item (G_LIST_MODEL (fixture->model), position);

  g_assert_true (STRATA_IS_ITEM (item));
  g_assert_cmpuint (strata_item_get_position (item), ==, position);

  return item;
}

static guint
count (Fixture *fixture)
{
  return g_list_model_get_n_items (G_LIST_MODEL (fixture->model));
}

static guint64
count_read (Fixture *fixture)
{
  return strata_cache_get_misses (strata_store_get_cache (fixture->store));
}

static void
assert_item (StrataItem *item,
             guint       number,
             const char *version)
{
  g_autofree char *text = session_util_make_element (number, version);
  g_autofree char *id = g_strdup_printf ("s%u", number);

  g_assert_true (strata_item_get_loaded (item));
  g_assert_null (strata_item_get_error (item));
  g_assert_cmpstr (strata_item_get_id (item), ==, id);
  session_util_assert_text (strata_item_get_json (item), text);
}

static void
count_cb (guint *n)
{
  (*n)++;
}

/* Rows */

static void
test_the_count_is_known_and_rows_come_later (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(StrataItem) item = NULL;
  g_autoptr(StrataItem) same = NULL;
  g_autoptr(StrataItem) neighbour = NULL;
  g_autoptr(StrataSession) session = NULL;
  g_autofree char *member = NULL;
  g_autofree char *id = NULL;
  g_autoptr(GBytes) json = NULL;
  g_autoptr(GError) item_error = NULL;
  gboolean loaded;
  guint n_items, position;
  guint n_loaded = 0, n_json = 0, n_id = 0, n_error = 0;

  open_screenshots (fixture);
  g_assert_cmpuint (count (fixture), ==, N_ELEMENTS);
  g_assert_true (g_list_model_get_item_type (G_LIST_MODEL (fixture->model)) == STRATA_TYPE_ITEM);
  g_object_get (fixture->model, "n-items", &n_items, "session", &session, "member", &member, NULL);
  g_assert_cmpuint (n_items, ==, N_ELEMENTS);
  g_assert_true (session == fixture->session);
  g_assert_cmpstr (member, ==, "screenshots");
  g_assert_cmpuint (count_read (fixture), ==, 1);

  item = get_item (fixture, 1400);
  same = get_item (fixture, 1400);
  g_assert_true (same == item);
  g_assert_false (strata_item_get_loaded (item));
  g_assert_null (strata_item_get_id (item));
  g_assert_null (strata_item_get_json (item));
  g_signal_connect_swapped (item, "notify::loaded", G_CALLBACK (count_cb), &n_loaded);
  g_signal_connect_swapped (item, "notify::json", G_CALLBACK (count_cb), &n_json);
  g_signal_connect_swapped (item, "notify::id", G_CALLBACK (count_cb), &n_id);
  g_signal_connect_swapped (item, "notify::error", G_CALLBACK (count_cb), &n_error);

  session_util_wait_until (n_loaded > 0);
  assert_item (item, 1400, "1");
  g_assert_cmpuint (n_loaded, ==, 1);
  g_assert_cmpuint (n_json, ==, 1);
  g_assert_cmpuint (n_id, ==, 1);
  g_assert_cmpuint (n_error, ==, 0);
  g_object_get (item, "loaded", &loaded, "id", &id, "json", &json, "position", &position, "error", &item_error, NULL);
  g_assert_true (loaded);
  g_assert_cmpstr (id, ==, "s1400");
  g_assert_true (json == strata_item_get_json (item));
  g_assert_cmpuint (position, ==, 1400);
  g_assert_null (item_error);

  /* What is in memory needs no waiting */
  neighbour = get_item (fixture, 1399);
  assert_item (neighbour, 1399, "1");
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (fixture->model), N_ELEMENTS));
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (fixture->model), G_MAXUINT));
}

static void
test_every_row_is_the_right_one (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (g_object_unref);

  open_screenshots (fixture);
  for (guint i = 0; i < N_ELEMENTS; i++)
    g_ptr_array_add (items, get_item (fixture, i));
  for (guint i = 0; i < N_ELEMENTS; i++)
    {
      session_util_wait_until (strata_item_get_loaded (g_ptr_array_index (items, i)));
      assert_item (g_ptr_array_index (items, i), i, "1");
    }

  /* Metadata, and three parts with their indices */
  g_assert_cmpuint (count_read (fixture), ==, 7);
}

static void
test_a_long_list_is_a_number (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\",\"screenshots\":[0");
  g_autoptr(StrataItem) last = NULL;
  StrataItem *gone;

  for (guint i = 1; i < 100000; i++)
    g_string_append_printf (json, ",%u", i);
  g_string_append (json, "]}");
  open_model (fixture, json->str, "screenshots");
  g_assert_cmpuint (count (fixture), ==, 100000);

  last = get_item (fixture, 99999);
  session_util_wait_until (strata_item_get_loaded (last));
  session_util_assert_text (strata_item_get_json (last), "99999");

  /* A row lives as long as somebody holds it */
  gone = get_item (fixture, 5);
  g_object_add_weak_pointer (G_OBJECT (gone), (gpointer *)&gone);
  g_object_unref (gone);
  g_assert_null (gone);
}

static void
test_rows_that_nobody_holds_are_passed_over (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\",\"screenshots\":[");
  g_autofree char *padding = g_strnfill (1024 * 1024, 'x');
  g_autoptr(StrataItem) held = NULL;
  guint64 before;

  for (guint i = 0; i < 20; i++)
    g_string_append_printf (json, "%s{\"id\":\"s%u\",\"text\":\"%s\"}", i > 0 ? "," : "", i, padding);
  g_string_append (json, "]}");
  open_model (fixture, json->str, "screenshots");
  before = count_read (fixture);

  /* As when somebody scrolls through it to the end */
  for (guint i = 0; i < 19; i++)
    g_object_unref (get_item (fixture, i));
  held = get_item (fixture, 19);
  session_util_wait_until (strata_item_get_loaded (held));

  /* The two that had begun, and the one that is held; a text and an index each */
  g_assert_cmpuint (count_read (fixture) - before, <=, 6);
  g_assert_cmpstr (strata_item_get_id (held), ==, "s19");
}

static void
test_a_model_may_go_while_it_loads (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(StrataItem) item = NULL;
  StrataItem *other;

  open_screenshots (fixture);
  item = get_item (fixture, 1);
  other = get_item (fixture, 1000);
  g_assert_finalize_object (g_steal_pointer (&fixture->model));

  while (g_main_context_iteration (NULL, FALSE));
  g_usleep (20000);
  while (g_main_context_iteration (NULL, FALSE));
  g_assert_false (strata_item_get_loaded (item));
  g_assert_finalize_object (other);
}

/* Members of every kind */

static void
test_lists_in_the_metadata_are_there_at_once (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autoptr(StrataItem) item = NULL;
  g_autoptr(StrataItemModel) none = NULL;

  open_model (fixture, "{\"id\":\"a\",\"topics\":[{\"id\":\"x\"},{\"id\":\"y\"}]}", "topics");
  g_assert_cmpuint (count (fixture), ==, 2);
  item = get_item (fixture, 1);
  g_assert_cmpstr (strata_item_get_id (item), ==, "y");
  session_util_assert_text (strata_item_get_json (item), "{\"id\":\"y\"}");

  none = strata_item_model_new (fixture->session, "none");
  g_assert_cmpuint (g_list_model_get_n_items (G_LIST_MODEL (none)), ==, 0);
  g_assert_null (g_list_model_get_item (G_LIST_MODEL (none), 0));
  g_assert_true (strata_item_model_get_session (none) == fixture->session);
  g_assert_cmpstr (strata_item_model_get_member (none), ==, "none");
}

/* A short array that had to leave the metadata, where its count is not known before it is read */
static void
test_a_list_without_a_count_is_counted (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *padding = g_strnfill (1500, 'x');
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\"");
  g_autoptr(StrataItem) item = NULL;
  guint n_changed = 0, n_notified = 0;

  for (guint i = 0; i < 8; i++)
    g_string_append_printf (json, ",\"list%u\":[{\"id\":\"x\",\"text\":\"%s\"},{\"id\":\"y\"}]", i, padding);
  g_string_append (json, "}");
  open_model (fixture, json->str, "list0");
  g_signal_connect_swapped (fixture->model, "items-changed", G_CALLBACK (count_cb), &n_changed);
  g_signal_connect_swapped (fixture->model, "notify::n-items", G_CALLBACK (count_cb), &n_notified);
  g_assert_cmpuint (count (fixture), ==, 0);

  session_util_wait_until (n_notified > 0);
  g_assert_cmpuint (n_changed, ==, 1);
  g_assert_cmpuint (count (fixture), ==, 2);
  item = get_item (fixture, 1);
  g_assert_cmpstr (strata_item_get_id (item), ==, "y");

  /* It stays what it is when another member changes */
  g_string_insert (json, (gssize)json->len - 1, ",\"more\":1");
  g_free (store_util_put (fixture->store, json->str, 0));
  g_assert_true (strata_session_refresh (fixture->session, NULL, NULL, NULL));
  while (g_main_context_iteration (NULL, FALSE));
  g_assert_cmpuint (count (fixture), ==, 2);
  g_assert_cmpuint (n_changed, ==, 1);
}

/* Failures */

static void
test_a_row_that_can_not_be_read_says_why (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(StrataItem) good = NULL;
  g_autoptr(StrataItem) again = NULL;
  StrataItem *bad;
  g_autofree char *file = NULL;
  guint n_error = 0;

  open_screenshots (fixture);
  file = store_util_find_file (fixture->path, "sessions", "screenshots-002");
  store_util_flip_byte (fixture->path, file, 5000);

  good = get_item (fixture, 0);
  bad = get_item (fixture, 500);
  g_signal_connect_swapped (bad, "notify::error", G_CALLBACK (count_cb), &n_error);
  session_util_wait_until (n_error > 0 && strata_item_get_loaded (good));
  g_assert_false (strata_item_get_loaded (bad));
  g_assert_error (strata_item_get_error (bad), STRATA_ERROR, STRATA_ERROR_CORRUPT);

  /* Who asks again, when it is right again, gets it */
  g_object_unref (bad);
  store_util_flip_byte (fixture->path, file, 5000);
  again = get_item (fixture, 500);
  session_util_wait_until (strata_item_get_loaded (again));
  assert_item (again, 500, "1");
}

/* Changes */

typedef struct
{
  guint n;
  guint position;
  guint removed;
  guint added;
} Seen;

static void
items_changed_cb (GListModel *model,
                  guint       position,
                  guint       removed,
                  guint       added,
                  gpointer    user_data)
{
  Seen *seen = user_data;

  *seen = (Seen) { seen->n + 1, position, removed, added };
}

static void
test_the_list_follows_its_session (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataItem) first = NULL;
  g_autoptr(StrataItem) last = NULL;
  g_autoptr(StrataItem) new_last = NULL;
  g_autoptr(StrataItem) first_again = NULL;
  Seen seen = { 0, };
  guint n_notified = 0;

  open_screenshots (fixture);
  g_signal_connect (fixture->model, "items-changed", G_CALLBACK (items_changed_cb), &seen);
  g_signal_connect_swapped (fixture->model, "notify::n-items", G_CALLBACK (count_cb), &n_notified);
  first = get_item (fixture, 0);
  last = get_item (fixture, N_ELEMENTS - 1);
  session_util_wait_until (strata_item_get_loaded (first) && strata_item_get_loaded (last));

  g_free (session_util_put (fixture->store, "a", N_ELEMENTS + 10, "1"));
  g_assert_true (strata_session_refresh (fixture->session, NULL, NULL, NULL));
  session_util_wait_until (seen.n > 0);

  /* Only the last part is another */
  g_assert_cmpuint (seen.n, ==, 1);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_cmpuint (count (fixture), ==, N_ELEMENTS + 10);
  g_assert_cmpuint (seen.position, >, 1000);
  g_assert_cmpuint (seen.position + seen.removed, ==, N_ELEMENTS);
  g_assert_cmpuint (seen.position + seen.added, ==, N_ELEMENTS + 10);
  first_again = get_item (fixture, 0);
  g_assert_true (first_again == first);
  new_last = get_item (fixture, N_ELEMENTS - 1);
  g_assert_true (new_last != last);
  assert_item (last, N_ELEMENTS - 1, "1");
  session_util_wait_until (strata_item_get_loaded (new_last));
  assert_item (new_last, N_ELEMENTS - 1, "1");
}

/* What is in memory is compared element by element */
static void
test_a_short_list_that_grows_keeps_its_rows (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  static const struct { const char *list; guint position, removed, added; } rows[] = {
    { "[{\"id\":\"x\"},{\"id\":\"y\"},{\"id\":\"z\"}]", 2, 0, 1 },
    { "[{\"id\":\"x\"},{\"id\":\"n\"},{\"id\":\"z\"}]", 1, 2, 2 },
    { "[{\"id\":\"x\"}]", 1, 2, 0 },
    { "[]", 0, 1, 0 },
    { "[1]", 0, 0, 1 },
  };
  g_autoptr(StrataItem) first = NULL;

  open_model (fixture, "{\"id\":\"a\",\"topics\":[{\"id\":\"x\"},{\"id\":\"y\"}]}", "topics");
  first = get_item (fixture, 0);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"a\",\"topics\":%s}", rows[i].list);
      Seen seen = { 0, };
      gulong handler = g_signal_connect (fixture->model, "items-changed", G_CALLBACK (items_changed_cb), &seen);

      g_free (store_util_put (fixture->store, json, 0));
      g_assert_true (strata_session_refresh (fixture->session, NULL, NULL, NULL));
      session_util_wait_until (seen.n > 0);
      g_signal_handler_disconnect (fixture->model, handler);

      g_assert_cmpuint (seen.n, ==, 1);
      g_assert_cmpuint (seen.position, ==, rows[i].position);
      g_assert_cmpuint (seen.removed, ==, rows[i].removed);
      g_assert_cmpuint (seen.added, ==, rows[i].added);
      if (seen.position > 0)
        {
          g_autoptr(StrataItem) still = get_item (fixture, 0);

          g_assert_true (still == first);
        }
    }
}

/* Its parts are moved, though they are the same: the first part goes */
static void
test_rows_move_with_their_parts (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(StrataItem) kept = NULL;
  g_autoptr(StrataItem) dropped = NULL;
  g_autoptr(StrataItem) waiting = NULL;
  g_autoptr(StrataItem) moved = NULL;
  guint n_first;
  Seen seen = { 0, };

  open_screenshots (fixture);
  g_signal_connect (fixture->model, "items-changed", G_CALLBACK (items_changed_cb), &seen);
  manifest = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
  n_first = (guint)((StrataPart *)g_ptr_array_index (manifest->parts, 0))->items;
  dropped = get_item (fixture, 3);
  kept = get_item (fixture, n_first + 100);
  session_util_wait_until (strata_item_get_loaded (kept) && strata_item_get_loaded (dropped));

  /* The others keep the numbers in their names, so their files are found */
  g_ptr_array_remove_index (manifest->parts, 0);
  session_util_forge (fixture->path, manifest);
  waiting = get_item (fixture, N_ELEMENTS - 1);
  g_assert_true (strata_session_refresh (fixture->session, NULL, NULL, NULL));
  session_util_wait_until (seen.n > 0);

  g_assert_cmpuint (seen.position, ==, 0);
  g_assert_cmpuint (seen.removed, ==, n_first);
  g_assert_cmpuint (seen.added, ==, 0);
  g_assert_cmpuint (strata_item_get_position (kept), ==, 100);
  moved = get_item (fixture, 100);
  g_assert_true (moved == kept);
  g_assert_cmpuint (strata_item_get_position (waiting), ==, N_ELEMENTS - 1 - n_first);
  session_util_wait_until (strata_item_get_loaded (waiting));
  assert_item (waiting, N_ELEMENTS - 1, "1");
  g_assert_cmpuint (count (fixture), ==, N_ELEMENTS - n_first);
}

/* Nobody told it that another process has replaced the parts */
static void
test_a_missing_part_makes_it_follow (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataStore) other = NULL;
  g_autoptr(StrataItem) old_item = NULL;
  g_autoptr(StrataItem) item = NULL;
  Seen seen = { 0, };

  open_screenshots (fixture);
  g_signal_connect (fixture->model, "items-changed", G_CALLBACK (items_changed_cb), &seen);
  other = store_util_open (fixture->path);
  g_free (session_util_put (other, "a", 1200, "2"));

  old_item = get_item (fixture, 700);
  session_util_wait_until (seen.n > 0);
  g_assert_cmpuint (count (fixture), ==, 1200);
  g_assert_cmpuint (seen.position, ==, 0);
  g_assert_cmpuint (seen.removed, ==, N_ELEMENTS);
  g_assert_cmpuint (seen.added, ==, 1200);

  item = get_item (fixture, 700);
  g_assert_true (item != old_item);
  session_util_wait_until (strata_item_get_loaded (item));
  assert_item (item, 700, "2");
  g_assert_false (strata_item_get_loaded (old_item));
}

static void
test_a_deleted_session_says_so (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *folder = NULL;
  g_autoptr(StrataItem) item = NULL;
  guint n_error = 0;

  open_screenshots (fixture);
  folder = g_build_filename (fixture->path, "sessions", fixture->key, NULL);
  test_remove_dir (folder);
  item = get_item (fixture, 700);
  g_signal_connect_swapped (item, "notify::error", G_CALLBACK (count_cb), &n_error);
  session_util_wait_until (n_error > 0);
  g_assert_error (strata_item_get_error (item), STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

/* The thread that draws: it ends the program when it touches a file */
static gpointer
drawing_thread (gpointer user_data)
{
  Fixture *fixture = user_data;
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GAsyncResult) opened = NULL;
  g_autoptr(GAsyncResult) refreshed = NULL;
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(StrataItemModel) model = NULL;
  guint n;

  strata_forbid_file_access_here ();
  g_main_context_push_thread_default (context);
  strata_session_open_async (fixture->store, fixture->key, NULL, session_util_result_cb, &opened);
  session_util_wait_until (opened != NULL);
  session = strata_session_open_finish (opened, NULL);
  model = strata_item_model_new (session, "screenshots");
  n = g_list_model_get_n_items (G_LIST_MODEL (model));
  g_assert_cmpuint (n, ==, N_ELEMENTS);
  for (guint i = 0; i < n; i += 7)
    {
      g_autoptr(StrataItem) item = g_list_model_get_item (G_LIST_MODEL (model), i);

      session_util_wait_until (strata_item_get_loaded (item));
      assert_item (item, i, "1");
    }
  strata_session_refresh_async (session, NULL, session_util_result_cb, &refreshed);
  session_util_wait_until (refreshed != NULL);
  strata_cache_set_max_bytes (strata_store_get_cache (fixture->store), STRATA_CACHE_LEAST_BYTES);
  g_main_context_pop_thread_default (context);

  return NULL;
}

static void
test_the_thread_that_draws_touches_no_file (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");
  GThread *thread;

  fixture->key = store_util_put (fixture->store, json, 0);
  /* Held for good, lest another thread gets its address and with it the ban */
  thread = g_thread_ref (g_thread_new ("draws", drawing_thread, fixture));
  g_thread_join (thread);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/item-model/rows", test_the_count_is_known_and_rows_come_later);
  ADD ("/item-model/every-row", test_every_row_is_the_right_one);
  ADD ("/item-model/long", test_a_long_list_is_a_number);
  ADD ("/item-model/passed-over", test_rows_that_nobody_holds_are_passed_over);
  ADD ("/item-model/going", test_a_model_may_go_while_it_loads);
  ADD ("/item-model/in-metadata", test_lists_in_the_metadata_are_there_at_once);
  ADD ("/item-model/no-count", test_a_list_without_a_count_is_counted);
  ADD ("/item-model/damage", test_a_row_that_can_not_be_read_says_why);
  ADD ("/item-model/follows", test_the_list_follows_its_session);
  ADD ("/item-model/grows", test_a_short_list_that_grows_keeps_its_rows);
  ADD ("/item-model/moves", test_rows_move_with_their_parts);
  ADD ("/item-model/replaced", test_a_missing_part_makes_it_follow);
  ADD ("/item-model/deleted", test_a_deleted_session_says_so);
  ADD ("/item-model/thread", test_the_thread_that_draws_touches_no_file);

  return g_test_run ();
}

/* test-follower.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "migration/strata-follower.h"
#include "migration/strata-migration.h"
#include "migration/strata-retirement.h"
#include "store/strata-store.h"
#include "test-util.h"

#define INTERVAL_MS 20

/* A small old store that was migrated, and somebody who follows it */
typedef struct
{
  char           *path;
  char           *legacy;
  char           *store;
  GMainContext   *context;
  StrataFollower *follower;
  guint           n_news;
  guint           n_waits;
} Fixture;

static void
save_sessions (Fixture    *fixture,
               const char *sessions)
{
  g_autofree char *path = g_build_filename (fixture->legacy, "db", "sessions.json", NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, sessions, -1, NULL));
}

static void
news_cb (Fixture *fixture)
{
  fixture->n_news++;
}

static void
waiting_cb (Fixture *fixture)
{
  fixture->n_waits += strata_follower_get_waiting (fixture->follower) ? 1 : 0;
}

static void
migrate (Fixture *fixture)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);
  GError *error = NULL;

  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->legacy = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  fixture->store = g_build_filename (fixture->path, "store", NULL);
  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);
  save_sessions (fixture, "[{\"id\":\"a\"}]");
  migrate (fixture);

  fixture->follower = strata_follower_new (fixture->store);
  strata_follower_set_interval (fixture->follower, INTERVAL_MS);
  g_signal_connect_swapped (fixture->follower, "news", G_CALLBACK (news_cb), fixture);
  g_signal_connect_swapped (fixture->follower, "notify::waiting", G_CALLBACK (waiting_cb), fixture);
}

static gboolean
wake_cb (gpointer user_data)
{
  *(gboolean *)user_data = TRUE;

  return G_SOURCE_REMOVE;
}

/* Lets the follower look a few times. */
static void
let_look (Fixture *fixture)
{
  g_autoptr(GSource) timer = g_timeout_source_new (INTERVAL_MS * 25);
  gboolean is_over = FALSE;

  g_source_set_callback (timer, wake_cb, &is_over, NULL);
  g_source_attach (timer, fixture->context);
  while (!is_over)
    g_main_context_iteration (fixture->context, TRUE);
}

static void
wait_for_news (Fixture *fixture,
               guint    n)
{
  while (fixture->n_news < n)
    g_main_context_iteration (fixture->context, TRUE);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  strata_follower_set_active (fixture->follower, FALSE);
  /* A look under way has a hold on it, on another thread too */
  while (((GObject *)fixture->follower)->ref_count > 1)
    {
      g_main_context_iteration (fixture->context, FALSE);
      g_usleep (1000);
    }
  g_object_unref (fixture->follower);
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
  test_remove_dir (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->store);
  g_free (fixture->path);
}

static void
test_off_unless_asked (Fixture       *fixture,
                       gconstpointer  test_data)
{
  gboolean active;

  g_object_get (fixture->follower, "active", &active, NULL);
  g_assert_false (active);
  save_sessions (fixture, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
  let_look (fixture);

  g_assert_cmpuint (fixture->n_news, ==, 0);
}

static void
test_tells_of_changes (Fixture       *fixture,
                       gconstpointer  test_data)
{
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GPtrArray) sessions = NULL;
  g_autoptr(StrataMigration) again = NULL;
  GError *error = NULL;

  g_object_set (fixture->follower, "active", TRUE, NULL);
  let_look (fixture);
  g_assert_cmpuint (fixture->n_news, ==, 0);

  save_sessions (fixture, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
  wait_for_news (fixture, 1);
  /* First seen, then seen to be left alone */
  g_assert_cmpuint (fixture->n_waits, ==, 1);
  g_assert_false (strata_follower_get_waiting (fixture->follower));

  strata_follower_set_held (fixture->follower, TRUE);
  again = strata_migration_new_again (fixture->store, &error);
  g_assert_no_error (error);
  strata_migration_run (again, NULL, &error);
  g_assert_no_error (error);
  strata_follower_set_held (fixture->follower, FALSE);
  let_look (fixture);
  g_assert_cmpuint (fixture->n_news, ==, 1);

  store = strata_store_open (fixture->store, &error);
  g_assert_no_error (error);
  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sessions->len, ==, 2);

  save_sessions (fixture, "[{\"id\":\"a\"},{\"id\":\"b\"},{\"id\":\"c\"}]");
  wait_for_news (fixture, 2);
}

/* A timer that saves each time it is called, a little more */
typedef struct
{
  Fixture *fixture;
  guint    n_saved;
  guint    n_news_while;
} Saving;

static gboolean
save_cb (gpointer user_data)
{
  Saving *saving = user_data;
  g_autofree char *padding = g_strnfill (saving->n_saved + 1, 'x');
  g_autofree char *text = g_strdup_printf ("[{\"id\":\"a\",\"name\":\"%s\"}]", padding);

  saving->n_news_while = saving->fixture->n_news;
  save_sessions (saving->fixture, text);
  saving->n_saved++;

  return saving->n_saved < 60 ? G_SOURCE_CONTINUE : G_SOURCE_REMOVE;
}

static void
test_waits_for_quiet (Fixture       *fixture,
                      gconstpointer  test_data)
{
  Saving saving = { fixture, 0, 0 };
  g_autoptr(GSource) timer = g_timeout_source_new (INTERVAL_MS / 2);

  /* Saves come between any two looks */
  save_cb (&saving);
  g_source_set_callback (timer, save_cb, &saving, NULL);
  g_source_set_priority (timer, G_PRIORITY_HIGH);
  g_source_attach (timer, fixture->context);
  strata_follower_set_active (fixture->follower, TRUE);
  while (saving.n_saved < 60)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (saving.n_news_while, ==, 0);
  g_assert_cmpuint (fixture->n_waits, ==, 1);

  wait_for_news (fixture, 1);
}

static void
test_tells_once (Fixture       *fixture,
                 gconstpointer  test_data)
{
  strata_follower_set_active (fixture->follower, TRUE);
  save_sessions (fixture, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
  wait_for_news (fixture, 1);
  for (guint i = 0; i < 10; i++)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpuint (fixture->n_news, ==, 1);

  /* Somebody may have failed at it: it is told again some day */
  wait_for_news (fixture, 2);
}

static void
test_held (Fixture       *fixture,
           gconstpointer  test_data)
{
  strata_follower_set_active (fixture->follower, TRUE);
  strata_follower_set_held (fixture->follower, TRUE);
  save_sessions (fixture, "[{\"id\":\"a\"},{\"id\":\"b\"}]");
  let_look (fixture);
  g_assert_cmpuint (fixture->n_news, ==, 0);

  strata_follower_set_held (fixture->follower, FALSE);
  wait_for_news (fixture, 1);
}

static void
test_ends_when_retired (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (fixture->store);
  StrataRetirementSummary summary;
  gboolean has_news;
  GError *error = NULL;

  strata_retirement_set_now (retirement, TRUE);
  strata_retirement_run (retirement, NULL, &error);
  g_assert_no_error (error);
  strata_retirement_get_summary (retirement, &summary);
  g_assert_true (summary.ready);

  strata_follower_set_active (fixture->follower, TRUE);
  let_look (fixture);
  g_assert_cmpuint (fixture->n_news, ==, 0);
  g_assert_false (strata_migration_look_for_news (fixture->store, &has_news, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* What is recorded there after that is somebody's to migrate; then it is followed again */
  save_sessions (fixture, "[{\"id\":\"later\"}]");
  let_look (fixture);
  g_assert_cmpuint (fixture->n_news, ==, 0);
  migrate (fixture);
  save_sessions (fixture, "[{\"id\":\"later\"},{\"id\":\"still later\"}]");
  wait_for_news (fixture, 1);
}

static void
test_gone (Fixture       *fixture,
           gconstpointer  test_data)
{
  test_remove_dir (fixture->legacy);
  strata_follower_set_active (fixture->follower, TRUE);
  let_look (fixture);

  g_assert_cmpuint (fixture->n_news, ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, test) g_test_add ("/follower/" name, Fixture, NULL, fixture_set_up, test, fixture_tear_down)
  ADD ("off-unless-asked", test_off_unless_asked);
  ADD ("tells-of-changes", test_tells_of_changes);
  ADD ("waits-for-quiet", test_waits_for_quiet);
  ADD ("tells-once", test_tells_once);
  ADD ("held", test_held);
  ADD ("ends-when-retired", test_ends_when_retired);
  ADD ("gone", test_gone);
#undef ADD

  return g_test_run ();
}

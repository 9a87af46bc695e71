/* test-migration-service.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-control.h"
#include "base/strata-error.h"
#include "base/strata-seam-private.h"
#include "migration/strata-migration-object-private.h"
#include "store-util.h"
#include "store/strata-store-write.h"
#include "test-util.h"

/* A small old store, where the new one goes, and a main context that is the thread's own */
typedef struct
{
  char         *path;
  char         *legacy;
  char         *store;
  GMainContext *context;
} Fixture;

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *content)
{
  g_autofree char *path = g_build_filename (fixture->legacy, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
add_attachment (Fixture *fixture,
                guint    number)
{
  g_autofree char *meta_name = g_strdup_printf ("attachments/att-%u.meta.json", number);
  g_autofree char *data_name = g_strdup_printf ("attachments/att-%u.dat", number);
  g_autofree char *meta = g_strdup_printf ("{\"id\":\"att-%u\",\"mimeType\":\"text/plain\"}", number);
  g_autofree char *text = g_strdup_printf ("This is attachment number %u", number);
  g_autofree char *data = g_base64_encode ((const guchar *)text, strlen (text));

  write_file (fixture, meta_name, meta);
  write_file (fixture, data_name, data);
}

/* The first session has @large_bytes of text; @n small ones follow, each with an attachment. */
static void
make_old_store (Fixture *fixture,
                gsize    large_bytes,
                guint    n)
{
  GString *text = g_string_new ("[{\"id\":\"large\",\"name\":\"A \\\"large\\\" one\",\"screenshots\":[");
  g_autofree char *words = NULL;

  for (guint i = 0; text->len < large_bytes; i++)
    g_string_append_printf (text, "%s{\"id\":\"s%u\",\"text\":\"Screenshot number %u shows %u things, and %u others\"}",
                            i > 0 ? "," : "", i, i, i * 7919, i * 104729);
  g_string_append (text, "]}");
  for (guint i = 0; i < n; i++)
    {
      g_string_append_printf (text, ",\n{\"id\":\"small-%u\",\"name\":\"Small %u\",\"attachmentIds\":[\"att-%u\"]}", i, i, i);
      add_attachment (fixture, i);
    }
  g_string_append_c (text, ']');
  words = g_string_free (text, FALSE);
  write_file (fixture, "db/sessions.json", words);
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
  write_file (fixture, "db/settings.json", "{\"theme\":\"dark\"}");
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  _strata_seam = _strata_seam_get_system ();
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->store);
}

/* One run in the background */
typedef struct
{
  StrataMigration *migration;
  GCancellable    *cancellable;
  gboolean         has_ended;
  gboolean         ok;
  GError          *error;

  /* What its properties told */
  GThread         *thread;
  GString         *states;       /* in their order, a space after each */
  guint            n_told;       /* times that anything was */
  double           fraction;
} Run;

static void
run_clear (Run *run)
{
  g_clear_object (&run->migration);
  g_clear_object (&run->cancellable);
  g_clear_error (&run->error);
  if (run->states != NULL)
    g_string_free (run->states, TRUE);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Run, run_clear)

static void
elapsed_cb (GObject    *object,
            GParamSpec *pspec,
            gpointer    user_data)
{
  Run *run = user_data;
  guint64 sessions, sessions_total, bytes, bytes_total;
  double fraction, left;

  g_assert_true (g_thread_self () == run->thread);
  g_object_get (object, "sessions-done", &sessions, "sessions-total", &sessions_total, "bytes-done", &bytes,
                "bytes-total", &bytes_total, "fraction", &fraction, "seconds-left", &left, NULL);
  g_assert_true (sessions <= sessions_total || sessions_total == 0);
  g_assert_cmpuint (bytes, <=, bytes_total);
  g_assert_cmpfloat (fraction, >=, run->fraction);
  g_assert_cmpfloat (fraction, <=, 1);
  g_assert_true (left == -1 || (left >= 0 && isfinite (left)));
  run->fraction = fraction;
  run->n_told++;
}

static void
state_cb (GObject    *object,
          GParamSpec *pspec,
          gpointer    user_data)
{
  Run *run = user_data;
  g_autofree char *state = NULL;

  g_assert_true (g_thread_self () == run->thread);
  g_object_get (object, "state", &state, NULL);
  g_string_append_printf (run->states, "%s ", state);
}

static void
ended_cb (GObject      *object,
          GAsyncResult *result,
          gpointer      user_data)
{
  Run *run = user_data;

  g_assert_true (g_thread_self () == run->thread);
  run->ok = strata_migration_run_finish (STRATA_MIGRATION (object), result, &run->error);
  g_assert_true (run->ok == (run->error == NULL));
  run->has_ended = TRUE;
}

static void
begin (Fixture *fixture,
       Run     *run)
{
  run->migration = strata_migration_new (fixture->store, fixture->legacy);
  run->cancellable = g_cancellable_new ();
  run->thread = g_thread_self ();
  run->states = g_string_new (NULL);
  strata_migration_set_batch_size (run->migration, 5);
  g_signal_connect (run->migration, "notify::elapsed", G_CALLBACK (elapsed_cb), run);
  g_signal_connect (run->migration, "notify::state", G_CALLBACK (state_cb), run);
  strata_migration_run_async (run->migration, run->cancellable, ended_cb, run);
}

static void
wait_for_end (Fixture *fixture,
              Run     *run)
{
  while (!run->has_ended)
    g_main_context_iteration (fixture->context, TRUE);
}

static void
wait_for_state (Fixture    *fixture,
                Run        *run,
                const char *wanted)
{
  for (;;)
    {
      g_autofree char *state = NULL;

      g_assert_false (run->has_ended);
      g_object_get (run->migration, "state", &state, NULL);
      if (strcmp (state, wanted) == 0)
        return;
      g_main_context_iteration (fixture->context, TRUE);
    }
}

static void
run_to_end (Fixture *fixture)
{
  g_auto(Run) run = { NULL, };

  begin (fixture, &run);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
  g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "complete");
}

/* Every file of sessions, collections and attachments: their names have the digests of what is in them */
static char *
describe_store (const char *path)
{
  g_autofree char *sessions = store_util_list_files (path, "sessions");
  g_autofree char *collections = store_util_list_files (path, "collections");
  g_autofree char *attachments = store_util_list_files (path, "attachments");
  g_autofree char *staging = store_util_list_files (path, "staging");
  g_autoptr(StrataStore) store = strata_store_open (path, NULL);
  g_autofree char *problems = store_util_check (store);

  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpstr (staging, ==, "");

  return g_strdup_printf ("%s%s%s", sessions, collections, attachments);
}

/* What a run without pauses makes of the same old store */
static char *
describe_expected (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->path, "expected", NULL);
  g_autoptr(StrataMigration) migration = strata_migration_new (path, fixture->legacy);
  g_autoptr(GError) error = NULL;

  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);

  return describe_store (path);
}

static void
assert_result (Fixture *fixture)
{
  g_autofree char *expected = describe_expected (fixture);
  g_autofree char *found = describe_store (fixture->store);

  g_assert_cmpstr (found, ==, expected);
}

static void
assert_written_down (Fixture    *fixture,
                     const char *expected)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autofree char *state = strata_store_dup_state (store);

  g_assert_cmpstr (state, ==, expected);
}

/* States */

static void
test_each_edge_is_allowed_or_is_not (void)
{
  /* From the row to the column: planned, running, paused, verifying, complete, cancelled, failed */
  static const char *const allowed[STRATA_MIGRATION_N_STATES] = {
    [STRATA_MIGRATION_PLANNED] = ".R.....",
    [STRATA_MIGRATION_RUNNING] = "N.PV.XF",
    [STRATA_MIGRATION_PAUSED] = ".R.V.XF",
    [STRATA_MIGRATION_VERIFYING] = "..P.CXF",
    [STRATA_MIGRATION_COMPLETE] = ".R.....",
    [STRATA_MIGRATION_CANCELLED] = ".R.....",
    [STRATA_MIGRATION_FAILED] = ".R.....",
  };

  for (guint from = 0; from < STRATA_MIGRATION_N_STATES; from++)
    for (guint to = 0; to < STRATA_MIGRATION_N_STATES; to++)
      g_assert_true (_strata_migration_state_may_go (from, to) == (allowed[from][to] != '.'));
}

static void
test_each_state_has_a_name (void)
{
  StrataMigrationState state;

  for (guint i = 0; i < STRATA_MIGRATION_N_STATES; i++)
    {
      g_assert_true (_strata_migration_state_from_name (_strata_migration_state_get_name (i), &state));
      g_assert_cmpuint (state, ==, i);
    }

  g_assert_false (_strata_migration_state_from_name ("retired", &state));
}

/* Each edge as it is gone along by one migration; the others are refused. */
static void
test_no_other_edge_is_gone_along (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);

  for (guint from = 0; from < STRATA_MIGRATION_N_STATES; from++)
    for (guint to = 0; to < STRATA_MIGRATION_N_STATES; to++)
      {
        gboolean allowed = from == to || _strata_migration_state_may_go (from, to);

        migration->state = from;
        if (!allowed)
          g_test_expect_message ("strata", G_LOG_LEVEL_CRITICAL, "*may_go*");
        _strata_migration_enter (migration, to);
        if (!allowed)
          g_test_assert_expected_messages ();
        g_assert_cmpuint (migration->state, ==, allowed ? to : from);
      }
}

/* Telling */

static void
test_the_owner_is_told (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  g_autofree char *session = NULL;
  g_autofree char *reason = NULL;
  guint64 sessions, bytes, bytes_total;
  double elapsed, rate;
  gboolean active;

  make_old_store (fixture, 3 * 1024 * 1024, 40);
  begin (fixture, &run);
  wait_for_end (fixture, &run);

  g_assert_no_error (run.error);
  g_assert_true (g_str_has_suffix (run.states->str, "complete "));
  g_object_get (run.migration, "session", &session, "reason", &reason, "sessions-done", &sessions, "bytes-done", &bytes,
                "bytes-total", &bytes_total, "elapsed", &elapsed, "bytes-per-second", &rate, "active", &active, NULL);
  g_assert_cmpstr (session, ==, NULL);
  g_assert_cmpstr (reason, ==, NULL);
  g_assert_cmpuint (sessions, ==, 41);
  g_assert_cmpuint (bytes, ==, bytes_total);
  g_assert_cmpuint (bytes, >, 3 * 1024 * 1024);
  g_assert_cmpfloat (run.fraction, ==, 1);
  g_assert_cmpfloat (rate, ==, 0);
  g_assert_false (active);
  /* Once when it begins and once when it ends besides */
  g_assert_cmpfloat (run.n_told, <=, elapsed * 30 + 2);
}

static void
test_nothing_is_known_before (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);
  g_autoptr(GListModel) problems = NULL;
  g_autofree char *state = NULL;
  StrataMigrationProgress progress;
  double left, fraction;

  g_object_get (migration, "state", &state, "seconds-left", &left, "fraction", &fraction, "problems", &problems, NULL);
  g_assert_cmpstr (state, ==, "planned");
  g_assert_cmpfloat (left, ==, -1);
  g_assert_cmpfloat (fraction, ==, 0);
  g_assert_cmpuint (g_list_model_get_n_items (problems), ==, 0);
  g_assert_false (strata_migration_pause (migration));
  g_assert_false (strata_migration_resume (migration));
  g_assert_false (strata_migration_cancel (migration, TRUE));

  strata_migration_get_progress (migration, &progress);
  g_assert_cmpfloat (progress.elapsed, ==, 0);
  g_assert_cmpfloat (progress.remaining, ==, -1);
}

static void
test_problems_are_listed (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  GListModel *problems;
  guint n;

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\"},7,{\"id\":\"b\"},null]");
  begin (fixture, &run);
  wait_for_end (fixture, &run);

  g_assert_no_error (run.error);
  problems = strata_migration_get_problem_list (run.migration);
  n = g_list_model_get_n_items (problems);
  g_assert_cmpuint (n, ==, 2);
  for (guint i = 0; i < n; i++)
    {
      g_autoptr(StrataProblem) problem = g_list_model_get_item (problems, i);

      g_assert_cmpstr (strata_problem_get_code (problem), ==, "entry-not-object");
    }

  /* Once more: the list is that of this run */
  run.has_ended = FALSE;
  run.fraction = 0;
  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\"},7]");
  strata_migration_run_async (run.migration, NULL, ended_cb, &run);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
  g_assert_cmpuint (g_list_model_get_n_items (problems), ==, 1);
}

static void
test_it_runs_once_at_a_time (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  g_auto(Run) second = { .thread = g_thread_self () };
  g_autoptr(GError) error = NULL;

  make_old_store (fixture, 1000, 3);
  begin (fixture, &run);
  strata_migration_pause (run.migration);
  strata_migration_run_async (run.migration, NULL, ended_cb, &second);
  wait_for_end (fixture, &second);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_PENDING);
  g_assert_false (strata_migration_run (run.migration, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_PENDING);

  strata_migration_resume (run.migration);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
}

static void
test_what_failed_can_be_run_again (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  g_autofree char *settings = g_build_filename (fixture->legacy, "db", "settings.json", NULL);

  g_assert_cmpint (g_unlink (settings), ==, 0);
  begin (fixture, &run);
  wait_for_end (fixture, &run);
  g_assert_error (run.error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "planned");

  make_old_store (fixture, 1000, 3);
  g_clear_error (&run.error);
  run.has_ended = FALSE;
  strata_migration_run_async (run.migration, NULL, ended_cb, &run);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
  g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "complete");
  assert_result (fixture);
}

/* Pauses at a place: where the seam says that a step begins */

static StrataMigration *held;
static const char *hold_at;
static guint hold_after;  /* so many such places */

static void
holding_mark (const char *step)
{
  if (held != NULL && g_strcmp0 (step, hold_at) == 0 && hold_after-- == 0)
    {
      hold_at = NULL;
      strata_migration_pause (held);
    }
}

static void
begin_held (Fixture    *fixture,
            Run        *run,
            StrataSeam *seam,
            const char *step,
            guint       after)
{
  *seam = *_strata_seam_get_system ();
  seam->mark = holding_mark;
  _strata_seam = seam;
  hold_at = step;
  hold_after = after;
  held = NULL;
  run->migration = strata_migration_new (fixture->store, fixture->legacy);
  run->cancellable = g_cancellable_new ();
  run->thread = g_thread_self ();
  run->states = g_string_new (NULL);
  held = run->migration;
  strata_migration_set_batch_size (run->migration, 5);
  g_signal_connect (run->migration, "notify::elapsed", G_CALLBACK (elapsed_cb), run);
  g_signal_connect (run->migration, "notify::state", G_CALLBACK (state_cb), run);
  strata_migration_run_async (run->migration, run->cancellable, ended_cb, run);
  wait_for_state (fixture, run, "paused");
}

static guint64
get_moved (StrataMigration *migration)
{
  guint64 moved;

  g_mutex_lock (&migration->mutex);
  moved = migration->moved_bytes;
  g_mutex_unlock (&migration->mutex);

  return moved;
}

static const char *const steps[] = { "run", "verify" };

static void
test_a_pause_holds_nothing (Fixture       *fixture,
                            gconstpointer  test_data)
{
  StrataSeam seam;

  make_old_store (fixture, 200000, 20);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_auto(Run) run = { NULL, };
      g_autoptr(StrataStore) store = NULL;
      g_autoptr(GError) error = NULL;
      g_autofree char *reason = NULL;
      guint64 moved;

      begin_held (fixture, &run, &seam, steps[i], 0);
      g_object_get (run.migration, "reason", &reason, NULL);
      g_assert_cmpstr (reason, ==, "user");
      assert_written_down (fixture, "paused");

      /* Others may write meanwhile, and nothing moves */
      moved = get_moved (run.migration);
      store = strata_store_open (fixture->store, &error);
      g_assert_no_error (error);
      g_assert_true (_strata_store_lock (store, &error));
      g_assert_cmpuint (get_moved (run.migration), ==, moved);
      _strata_store_unlock (store);

      g_assert_true (strata_migration_resume (run.migration));
      wait_for_end (fixture, &run);
      g_assert_no_error (run.error);
      g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "complete");
      assert_written_down (fixture, "complete");
    }
  assert_result (fixture);
}

static void
test_a_pause_survives_quitting (Fixture       *fixture,
                                gconstpointer  test_data)
{
  StrataSeam seam;

  make_old_store (fixture, 200000, 20);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_auto(Run) run = { NULL, };

      begin_held (fixture, &run, &seam, steps[i], 0);
      g_cancellable_cancel (run.cancellable);
      wait_for_end (fixture, &run);
      g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "paused");
      assert_written_down (fixture, "paused");
    }

  run_to_end (fixture);
  assert_result (fixture);
}

static void
test_what_was_cancelled_is_kept_and_goes_on (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  StrataSeam seam;

  make_old_store (fixture, 200000, 20);
  for (guint i = 0; i < G_N_ELEMENTS (steps); i++)
    {
      g_auto(Run) run = { NULL, };

      begin_held (fixture, &run, &seam, steps[i], 0);
      g_assert_true (strata_migration_cancel (run.migration, TRUE));
      wait_for_end (fixture, &run);
      g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
      g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "cancelled");
      assert_written_down (fixture, "cancelled");
    }

  run_to_end (fixture);
  assert_result (fixture);
}

/* Waiting by itself */

static void
assert_reason (Fixture    *fixture,
               Run        *run,
               const char *expected)
{
  for (;;)
    {
      g_autofree char *reason = NULL;

      g_assert_false (run->has_ended);
      g_object_get (run->migration, "reason", &reason, NULL);
      if (g_strcmp0 (reason, expected) == 0)
        return;
      g_main_context_iteration (fixture->context, TRUE);
    }
}

static void
begin_short_of_space (Fixture *fixture,
                      Run     *run)
{
  make_old_store (fixture, 2000000, 40);
  run->migration = strata_migration_new (fixture->store, fixture->legacy);
  run->thread = g_thread_self ();
  strata_migration_set_min_free (run->migration, G_MAXUINT64);
  strata_migration_run_async (run->migration, NULL, ended_cb, run);
  wait_for_state (fixture, run, "paused");
  assert_reason (fixture, run, "space");
}

static void
test_it_waits_by_itself_and_goes_on (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };

  /* The folder is there before: while there is none, nothing can be short of space */
  run_to_end (fixture);
  begin_short_of_space (fixture, &run);

  strata_migration_set_min_free (run.migration, 0);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
  assert_result (fixture);
}

static void
test_the_users_own_pause_stays (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  gint64 looked;

  run_to_end (fixture);
  begin_short_of_space (fixture, &run);
  strata_migration_pause (run.migration);
  assert_reason (fixture, &run, "user");

  /* Until it has looked again, and found no reason of its own */
  strata_migration_set_min_free (run.migration, 0);
  looked = g_get_monotonic_time ();
  for (gboolean has_looked = FALSE; !has_looked;)
    {
      g_usleep (1000);
      g_mutex_lock (&run.migration->mutex);
      has_looked = run.migration->looked_us > looked && run.migration->holds == STRATA_HOLD_USER;
      g_mutex_unlock (&run.migration->mutex);
    }
  g_assert_cmpstr (strata_migration_get_state (run.migration), ==, "paused");

  strata_migration_resume (run.migration);
  wait_for_end (fixture, &run);
  g_assert_no_error (run.error);
}

static void
test_the_user_need_not_wait (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };

  run_to_end (fixture);
  begin_short_of_space (fixture, &run);
  strata_migration_resume (run.migration);
  wait_for_end (fixture, &run);

  g_assert_no_error (run.error);
  assert_result (fixture);
}

/* Steered from outside, and given up */

/* The same way for whatever process asks; @expected: what the answer has */
static void
ask (Fixture    *fixture,
     const char *command,
     const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *answer = strata_control_ask (fixture->store, "migration", command, &error);

  g_assert_no_error (error);
  g_test_message ("%s: %s", command, answer);
  g_assert_nonnull (strstr (answer, expected));
}

static void
test_other_processes_steer_it (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_auto(Run) run = { NULL, };
  g_autoptr(GError) error = NULL;
  g_autofree char *refused = NULL;
  StrataSeam seam;

  make_old_store (fixture, 2000000, 40);
  begin_held (fixture, &run, &seam, "run", 2);
  ask (fixture, "status", "\"state\":\"paused\",\"reason\":\"user\",\"step\":\"copying\"");
  refused = strata_control_ask (fixture->store, "migration", "sing", &error);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);

  hold_at = "verify";
  hold_after = 0;
  ask (fixture, "resume", "\"state\":\"");
  wait_for_state (fixture, &run, "paused");
  ask (fixture, "pause", "\"state\":\"paused\"");
  ask (fixture, "cancel", "\"state\":\"cancelled\"");
  wait_for_end (fixture, &run);
  g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_written_down (fixture, "cancelled");

  refused = strata_control_ask (fixture->store, "migration", "status", &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static char *
list_sessions (Fixture *fixture)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < sessions->len; i++)
    g_string_append_printf (text, "%s ", ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key);

  return g_string_free (text, FALSE);
}

/* A store with three sessions, and an old one that has sixty more meanwhile */
static char *
make_half_done (Fixture *fixture)
{
  g_autofree char *problems = NULL;

  make_old_store (fixture, 1000, 2);
  run_to_end (fixture);
  make_old_store (fixture, 1000, 62);

  return list_sessions (fixture);
}

static void
test_what_was_added_is_discarded (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *before = make_half_done (fixture);
  g_autofree char *half = NULL;
  g_autofree char *after = NULL;
  g_auto(Run) run = { NULL, };
  StrataSeam seam;

  begin_held (fixture, &run, &seam, "run", 4);
  half = list_sessions (fixture);
  g_assert_cmpuint (strlen (half), >, strlen (before));
  g_assert_true (strata_migration_cancel (run.migration, FALSE));
  wait_for_end (fixture, &run);

  g_assert_error (run.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  assert_written_down (fixture, "cancelled");
  after = list_sessions (fixture);
  g_assert_cmpstr (after, ==, before);

  run_to_end (fixture);
  assert_result (fixture);
}

/* The same of a migration that nobody is running, but for a session that was changed since */
static void
test_what_was_interrupted_is_given_up (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *before = make_half_done (fixture);
  g_autofree char *changed = NULL;
  g_autofree char *after = NULL;
  g_auto(GStrv) keys = NULL;
  g_auto(Run) run = { NULL, };
  g_autoptr(GBytes) name = g_bytes_new_static ("\"New\"", 5);
  g_autoptr(GError) error = NULL;
  StrataSeam seam;

  g_assert_false (strata_migration_abandon (fixture->store, FALSE, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);

  begin_held (fixture, &run, &seam, "run", 4);
  g_assert_false (strata_migration_abandon (fixture->store, FALSE, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_clear_error (&error);
  g_cancellable_cancel (run.cancellable);
  wait_for_end (fixture, &run);

  {
    g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
    g_autofree char *half = list_sessions (fixture);

    keys = g_strsplit (half, " ", -1);
    strata_store_set_member (store, keys[5], "name", name, NULL, &error);
    g_assert_no_error (error);
  }
  strata_migration_abandon (fixture->store, TRUE, &error);
  g_assert_no_error (error);
  assert_written_down (fixture, "cancelled");

  strata_migration_abandon (fixture->store, FALSE, &error);
  g_assert_no_error (error);
  after = list_sessions (fixture);
  changed = g_strdup_printf ("%s%s ", before, keys[5]);
  g_assert_cmpstr (after, ==, changed);
}

/* Once more */

static void
test_the_same_is_done_again (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autofree char *odd = g_strdup_printf ("%s odd %%2D - \377", fixture->legacy);
  g_autofree char *found = NULL;
  g_autoptr(StrataMigration) first = NULL;
  g_autoptr(StrataMigration) second = NULL;
  g_autoptr(GError) error = NULL;

  make_old_store (fixture, 1000, 2);
  g_assert_cmpint (rename (fixture->legacy, odd), ==, 0);
  g_free (fixture->legacy);
  fixture->legacy = g_steal_pointer (&odd);
  g_assert_null (strata_migration_new_again (fixture->store, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  g_clear_error (&error);

  first = strata_migration_new (fixture->store, fixture->legacy);
  strata_migration_set_recover (first, FALSE);
  strata_migration_set_source (first, "db/sessions.json");
  strata_migration_run (first, NULL, &error);
  g_assert_no_error (error);

  second = strata_migration_new_again (fixture->store, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (second->legacy_path, ==, fixture->legacy);
  g_assert_cmpstr (second->source, ==, "db/sessions.json");
  g_assert_cmpstr (second->attachments_path, ==, NULL);
  g_assert_false (second->recover);
  strata_migration_run (second, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (second->counts.sessions_unchanged, ==, 3);
  found = describe_store (fixture->store);
}

/* News */

static void
news_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  g_autoptr(GError) error = NULL;
  gboolean has_news;

  g_assert_true (strata_migration_look_for_news_finish (result, &has_news, &error));
  g_assert_no_error (error);
  *(int *)user_data = has_news ? 1 : 0;
}

static void
assert_news (Fixture  *fixture,
             gboolean  expected)
{
  g_autoptr(GError) error = NULL;
  gboolean has_news = !expected;
  int later = -1;

  g_assert_true (strata_migration_look_for_news (fixture->store, &has_news, NULL, &error));
  g_assert_no_error (error);
  g_assert_true (has_news == expected);

  strata_migration_look_for_news_async (fixture->store, NULL, news_cb, &later);
  while (later < 0)
    g_main_context_iteration (fixture->context, TRUE);
  g_assert_cmpint (later, ==, expected ? 1 : 0);
}

static void
test_news_of_the_old_store_are_found (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  gboolean has_news;

  make_old_store (fixture, 1000, 3);
  g_assert_false (strata_migration_look_for_news (fixture->store, &has_news, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  run_to_end (fixture);
  assert_news (fixture, FALSE);

  /* Not Taskerino's, and no news */
  write_file (fixture, "api_keys.json", "{}");
  assert_news (fixture, FALSE);

  add_attachment (fixture, 3);
  assert_news (fixture, TRUE);
  run_to_end (fixture);
  assert_news (fixture, FALSE);

  make_old_store (fixture, 1000, 5);
  assert_news (fixture, TRUE);
  run_to_end (fixture);
  assert_news (fixture, FALSE);

  test_remove_dir (fixture->legacy);
  g_assert_false (strata_migration_look_for_news (fixture->store, &has_news, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
}

/* Many pauses */

#define N_PAUSES 2000

/* A migration in the background, whose threads read no more than they are granted: so it does not
 * run away from who pauses it, however busy the machine is.
 */
typedef struct
{
  StrataMigration *migration;
  gboolean         has_ended;  /* atomic */

  GMutex           mutex;
  GCond            changed;
  guint            granted;    /* readings; G_MAXUINT: as many as it likes */
} Background;

static Background background;

static void
grant (guint n)
{
  g_mutex_lock (&background.mutex);
  background.granted += n;
  g_cond_broadcast (&background.changed);
  g_mutex_unlock (&background.mutex);
}

static gssize
granted_pread (int      fd,
               void    *buffer,
               gsize    size,
               goffset  offset)
{
  g_mutex_lock (&background.mutex);
  while (background.granted == 0)
    g_cond_wait (&background.changed, &background.mutex);
  if (background.granted != G_MAXUINT)
    background.granted--;
  g_mutex_unlock (&background.mutex);

  return _strata_seam_get_system ()->pread (fd, buffer, size, offset);
}

static gpointer
background_worker (gpointer data)
{
  g_autoptr(GError) error = NULL;

  strata_migration_run (background.migration, NULL, &error);
  g_assert_no_error (error);
  g_atomic_int_set (&background.has_ended, TRUE);

  return NULL;
}

static gboolean
is_paused (StrataMigration *migration)
{
  return strcmp (strata_migration_get_state (migration), "paused") == 0;
}

static int
compare_times (gconstpointer a,
               gconstpointer b)
{
  gint64 first = *(const gint64 *)a, second = *(const gint64 *)b;

  return first < second ? -1 : first > second;
}

static void
say_latency (GArray *latencies)
{
  g_array_sort (latencies, compare_times);
  g_test_message ("%u pauses, until they took effect: median %" G_GINT64_FORMAT " us, p99 %" G_GINT64_FORMAT
                  " us, longest %" G_GINT64_FORMAT " us", latencies->len,
                  g_array_index (latencies, gint64, latencies->len / 2),
                  g_array_index (latencies, gint64, latencies->len * 99 / 100),
                  g_array_index (latencies, gint64, latencies->len - 1));
}

/* Asks for a pause at any time, and waits for it. Returns: whether it came before the end */
static gboolean
pause_once (GArray *latencies)
{
  gint64 asked, latency;

  grant (1 + (guint)g_test_rand_int_range (0, 2));
  for (int i = g_test_rand_int_range (0, 2000); i > 0; i--)
    asked = g_get_monotonic_time ();

  asked = g_get_monotonic_time ();
  strata_migration_pause (background.migration);
  while (!is_paused (background.migration))
    {
      if (g_atomic_int_get (&background.has_ended))
        return FALSE;
      grant (1);
      g_thread_yield ();
    }
  latency = g_get_monotonic_time () - asked;
  g_array_append_val (latencies, latency);

  return TRUE;
}

/* Pauses over and over. Returns: how often it was so before the first session was through */
static guint
pause_often (GArray *latencies)
{
  StrataMigration *migration = background.migration;
  guint64 moved = 0;
  guint n_inside = 0;

  while (latencies->len < N_PAUSES && pause_once (latencies))
    {
      StrataMigrationProgress progress;

      g_assert_cmpuint (get_moved (migration), >, moved);
      moved = get_moved (migration);
      strata_migration_get_progress (migration, &progress);
      n_inside += strcmp (progress.step, "copying") == 0 && progress.items == 0 ? 1 : 0;

      g_mutex_lock (&background.mutex);
      background.granted = 0;
      g_mutex_unlock (&background.mutex);
      strata_migration_resume (migration);
      while (get_moved (migration) == moved && !g_atomic_int_get (&background.has_ended))
        {
          grant (1);
          g_thread_yield ();
        }
    }

  g_mutex_lock (&background.mutex);
  background.granted = G_MAXUINT;
  g_cond_broadcast (&background.changed);
  g_mutex_unlock (&background.mutex);
  strata_migration_resume (migration);

  return n_inside;
}

static void
test_two_thousand_pauses_change_nothing (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(GArray) latencies = g_array_new (FALSE, FALSE, sizeof (gint64));
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);
  StrataSeam seam = *_strata_seam_get_system ();
  GThread *thread;
  guint n_inside;

  make_old_store (fixture, 24 * 1024 * 1024, 1500);
  seam.pread = granted_pread;
  _strata_seam = &seam;
  background = (Background) { .migration = migration };
  thread = g_thread_new ("migration", background_worker, NULL);
  while (!strata_migration_pause (migration))
    g_thread_yield ();
  n_inside = pause_often (latencies);
  g_thread_join (thread);
  _strata_seam = _strata_seam_get_system ();

  say_latency (latencies);
  g_test_message ("%u of them inside the large session", n_inside);
  g_assert_cmpuint (latencies->len, ==, N_PAUSES);
  g_assert_cmpuint (n_inside, >=, 50);
  g_assert_cmpstr (strata_migration_get_state (migration), ==, "complete");
  assert_result (fixture);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(name, function) g_test_add ("/migration-service/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)
  g_test_add_func ("/migration-service/each-edge-is-allowed-or-is-not", test_each_edge_is_allowed_or_is_not);
  g_test_add_func ("/migration-service/each-state-has-a-name", test_each_state_has_a_name);
  ADD ("no-other-edge-is-gone-along", test_no_other_edge_is_gone_along);
  ADD ("the-owner-is-told", test_the_owner_is_told);
  ADD ("nothing-is-known-before", test_nothing_is_known_before);
  ADD ("problems-are-listed", test_problems_are_listed);
  ADD ("it-runs-once-at-a-time", test_it_runs_once_at_a_time);
  ADD ("what-failed-can-be-run-again", test_what_failed_can_be_run_again);
  ADD ("a-pause-holds-nothing", test_a_pause_holds_nothing);
  ADD ("a-pause-survives-quitting", test_a_pause_survives_quitting);
  ADD ("what-was-cancelled-is-kept-and-goes-on", test_what_was_cancelled_is_kept_and_goes_on);
  ADD ("it-waits-by-itself-and-goes-on", test_it_waits_by_itself_and_goes_on);
  ADD ("the-users-own-pause-stays", test_the_users_own_pause_stays);
  ADD ("the-user-need-not-wait", test_the_user_need_not_wait);
  ADD ("other-processes-steer-it", test_other_processes_steer_it);
  ADD ("what-was-added-is-discarded", test_what_was_added_is_discarded);
  ADD ("what-was-interrupted-is-given-up", test_what_was_interrupted_is_given_up);
  ADD ("the-same-is-done-again", test_the_same_is_done_again);
  ADD ("news-of-the-old-store-are-found", test_news_of_the_old_store_are_found);
  ADD ("two-thousand-pauses-change-nothing", test_two_thousand_pauses_change_nothing);

  return g_test_run ();
}

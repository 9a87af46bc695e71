/* test-way-back.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "maintenance/strata-check.h"
#include "migration/strata-journal-private.h"
#include "migration/strata-migration.h"
#include "migration/strata-retirement.h"
#include "migration/strata-rollback.h"
#include "power-cut.h"
#include "store/strata-store-private.h"
#include "store/strata-store-write.h"
#include "test-util.h"

#define SESSIONS "[{\"id\":\"one\",\"name\":\"First\"},{\"id\":\"two\",\"attachmentId\":\"att\"},{\"id\":\"three\"}]"
#define ATTACHMENT "data:text/plain;base64,SGVsbG8="
#define FOREIGN "{\"openai\":\"sk-secret\"}"

/* A small old store and its new one, in one folder, and what the old one's files hold */
typedef struct
{
  char         *path;
  char         *old;
  char         *store;
  char         *trash;
  char         *out;
  GMainContext *context;
} Fixture;

static const struct { const char *path, *content; } old_files[] = {
  { "db/sessions.json", SESSIONS },
  { "db/settings.json", "{\"theme\":\"dark\"}" },
  { "attachments/att.dat", ATTACHMENT },
  { "attachments/att.meta.json", "{\"id\":\"att\",\"mimeType\":\"text/plain\"}" },
};

static void
write_old_file (Fixture    *fixture,
                const char *name,
                const char *content)
{
  g_autofree char *path = g_build_filename (fixture->old, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

/* (nullable) (transfer full) */
static char *
read_old_file (Fixture    *fixture,
               const char *name)
{
  g_autofree char *path = g_build_filename (fixture->old, name, NULL);
  char *content = NULL;

  g_file_get_contents (path, &content, NULL, NULL);

  return content;
}

static void
migrate (Fixture *fixture)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->old);
  g_autoptr(GError) error = NULL;

  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);
}

/* Changes a session in Strata, so that there is something to be exported. */
static void
change_here (Fixture *fixture)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, "one", NULL);
  g_autoptr(GBytes) value = g_bytes_new_static ("\"Changed\"", 9);
  g_autoptr(GError) error = NULL;

  g_assert_nonnull (info);
  strata_store_set_member (store, info->key, "name", value, NULL, &error);
  g_assert_no_error (error);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->old = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  fixture->store = g_build_filename (fixture->path, "store", NULL);
  fixture->trash = g_strconcat (fixture->store, ".trash", NULL);
  fixture->out = g_build_filename (fixture->path, "out", NULL);
  fixture->context = g_main_context_new ();
  g_main_context_push_thread_default (fixture->context);

  for (guint i = 0; i < G_N_ELEMENTS (old_files); i++)
    write_old_file (fixture, old_files[i].path, old_files[i].content);
  write_old_file (fixture, "api_keys.json", FOREIGN);
  migrate (fixture);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  /* What is queued holds objects */
  while (g_main_context_iteration (fixture->context, FALSE))
    ;
  g_main_context_pop_thread_default (fixture->context);
  g_main_context_unref (fixture->context);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->old);
  g_free (fixture->store);
  g_free (fixture->trash);
  g_free (fixture->out);
}

static void
assert_old_store (Fixture  *fixture,
                  gboolean  may_be_gone)
{
  g_autofree char *foreign = read_old_file (fixture, "api_keys.json");

  g_assert_cmpstr (foreign, ==, FOREIGN);
  for (guint i = 0; i < G_N_ELEMENTS (old_files); i++)
    {
      g_autofree char *content = read_old_file (fixture, old_files[i].path);

      if (content != NULL || !may_be_gone)
        g_assert_cmpstr (content, ==, old_files[i].content);
    }
}

/* Everything that was migrated is in it, and it is in order. */
static void
assert_store (const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (path, &error);
  g_autoptr(GPtrArray) sessions = NULL;
  g_autoptr(StrataCheck) check = NULL;

  g_assert_no_error (error);
  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (sessions->len, ==, 3);
  check = strata_check_run (store, NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < check->problems->len; i++)
    g_test_message ("%s: %s", strata_problem_get_path (g_ptr_array_index (check->problems, i)),
                    strata_problem_get_message (g_ptr_array_index (check->problems, i)));
  g_assert_cmpuint (check->problems->len, ==, 0);
}

/* Asynchronously */

typedef struct
{
  GThread      *thread;
  guint         notified;
  guint         ended;
  gboolean      ok;
  GError       *error;
} Watch;

static void
notify_cb (GObject    *object,
           GParamSpec *pspec,
           gpointer    user_data)
{
  Watch *watch = user_data;
  g_autofree char *step = NULL;
  double fraction;

  g_assert_true (g_thread_self () == watch->thread);
  g_object_get (object, "step", &step, "fraction", &fraction, NULL);
  g_assert_nonnull (step);
  g_assert_true (fraction >= 0 && fraction <= 1);
  watch->notified++;
}

static void
rolled_back_cb (GObject      *object,
                GAsyncResult *result,
                gpointer      user_data)
{
  Watch *watch = user_data;

  g_assert_true (g_thread_self () == watch->thread);
  watch->ok = strata_rollback_run_finish (STRATA_ROLLBACK (object), result, &watch->error);
  watch->ended++;
}

static void
checked_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Watch *watch = user_data;

  watch->ok = strata_rollback_check_finish (STRATA_ROLLBACK (object), result, &watch->error);
  watch->ended++;
}

static void
retired_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Watch *watch = user_data;

  watch->ok = strata_retirement_run_finish (STRATA_RETIREMENT (object), result, &watch->error);
  watch->ended++;
}

static void
wait_for (Fixture *fixture,
          Watch   *watch,
          guint    ended)
{
  while (watch->ended < ended)
    g_main_context_iteration (fixture->context, TRUE);
}

static void
test_rolls_back_in_the_background (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataRollback) rollback = strata_rollback_new (fixture->store);
  Watch watch = { .thread = g_thread_self () };
  g_autofree char *trash = NULL;
  StrataRollbackSummary summary;

  g_signal_connect (rollback, "notify", G_CALLBACK (notify_cb), &watch);
  strata_rollback_check_async (rollback, NULL, checked_cb, &watch);
  wait_for (fixture, &watch, 1);
  g_assert_no_error (watch.error);
  strata_rollback_get_summary (rollback, &summary);
  g_assert_cmpint (summary.outcome, ==, STRATA_ROLLBACK_IDENTICAL);
  g_assert_cmpuint (summary.files, ==, G_N_ELEMENTS (old_files));
  g_assert_false (strata_rollback_needs_export (rollback));

  strata_rollback_run_async (rollback, NULL, rolled_back_cb, &watch);
  wait_for (fixture, &watch, 2);
  g_assert_no_error (watch.error);
  g_assert_true (watch.ok);
  trash = strata_rollback_dup_trash (rollback);
  g_assert_cmpstr (trash, ==, fixture->trash);
  assert_store (fixture->trash);
  assert_old_store (fixture, FALSE);

  while (watch.notified == 0)
    g_main_context_iteration (fixture->context, TRUE);
  g_signal_handlers_disconnect_by_data (rollback, &watch);
}

/* Until it has begun; then the store is where it was. */
static void
test_cancelled_before_it_begins (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(StrataRollback) rollback = strata_rollback_new (fixture->store);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  Watch watch = { .thread = g_thread_self () };

  g_cancellable_cancel (cancellable);
  strata_rollback_run_async (rollback, cancellable, rolled_back_cb, &watch);
  wait_for (fixture, &watch, 1);
  g_assert_error (watch.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&watch.error);
  assert_store (fixture->store);

  strata_rollback_run_async (rollback, NULL, rolled_back_cb, &watch);
  wait_for (fixture, &watch, 2);
  g_assert_no_error (watch.error);
}

static void
test_one_call_at_a_time (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(StrataRollback) rollback = strata_rollback_new (fixture->store);
  Watch first = { .thread = g_thread_self () }, second = { .thread = g_thread_self () };

  strata_rollback_run_async (rollback, NULL, rolled_back_cb, &first);
  strata_rollback_run_async (rollback, NULL, rolled_back_cb, &second);
  wait_for (fixture, &first, 1);
  wait_for (fixture, &second, 1);

  /* Whichever came first */
  g_assert_true (first.ok != second.ok);
  g_assert_true (g_error_matches (first.ok ? second.error : first.error, STRATA_ERROR, STRATA_ERROR_IN_USE) ||
                 g_error_matches (first.ok ? second.error : first.error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND));
  g_clear_error (&first.error);
  g_clear_error (&second.error);
  assert_store (fixture->trash);
}

static void
test_retires_in_the_background (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (fixture->store);
  Watch watch = { .thread = g_thread_self () };
  g_autofree char *because = NULL;
  StrataRetirementSummary summary;

  strata_retirement_run_async (retirement, NULL, retired_cb, &watch);
  wait_for (fixture, &watch, 1);
  g_assert_no_error (watch.error);
  strata_retirement_get_summary (retirement, &summary);
  because = strata_retirement_dup_because (retirement);
  g_assert_false (summary.ready);
  g_assert_cmpint (summary.days_left, ==, STRATA_RETENTION_DAYS);
  g_assert_nonnull (because);
  assert_old_store (fixture, FALSE);

  strata_retirement_set_retention_days (retirement, 0);
  strata_retirement_run_async (retirement, NULL, retired_cb, &watch);
  wait_for (fixture, &watch, 2);
  g_assert_no_error (watch.error);
  strata_retirement_get_summary (retirement, &summary);
  g_assert_true (summary.ready);
  g_assert_cmpuint (summary.files, ==, G_N_ELEMENTS (old_files));
  assert_old_store (fixture, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (old_files); i++)
    {
      g_autofree char *content = read_old_file (fixture, old_files[i].path);

      g_assert_null (content);
    }
  assert_store (fixture->store);
}

/* Who had the store open does not write into the trash. */
static void
test_nobody_writes_any_more (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, "one", NULL);
  g_autoptr(GBytes) value = g_bytes_new_static ("1", 1);
  g_autoptr(StrataRollback) rollback = strata_rollback_new (fixture->store);
  g_autoptr(GError) error = NULL;

  g_assert_true (strata_rollback_run (rollback, NULL, &error));
  g_assert_no_error (error);

  g_assert_false (strata_store_set_member (store, info->key, "name", value, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);
  g_assert_false (strata_store_append (store, info->key, "screenshots", value, NULL, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_clear_error (&error);

  /* Nor into another one that took its place */
  migrate (fixture);
  g_assert_false (strata_store_set_member (store, info->key, "name", value, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  assert_store (fixture->trash);
  assert_store (fixture->store);
}

/* Power cuts */

static gboolean
roll_back (Fixture  *fixture,
           GError  **error)
{
  g_autoptr(StrataRollback) rollback = strata_rollback_new (fixture->store);

  strata_rollback_set_restore (rollback, TRUE);
  strata_rollback_set_export_path (rollback, fixture->out);

  return strata_rollback_run (rollback, NULL, error);
}

static gboolean
retire (Fixture  *fixture,
        GError  **error)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (fixture->store);

  strata_retirement_set_now (retirement, TRUE);

  return strata_retirement_run (retirement, NULL, error);
}

/* A file that was ruined is as it was found or as it was before, never something else. */
static void
assert_while_rolling_back (Fixture *fixture)
{
  g_autofree char *sessions = read_old_file (fixture, "db/sessions.json");

  g_assert_true (g_strcmp0 (sessions, "[]") == 0 || g_strcmp0 (sessions, SESSIONS) == 0);
  g_assert_true (g_file_test (fixture->store, G_FILE_TEST_IS_DIR) != g_file_test (fixture->trash, G_FILE_TEST_IS_DIR));
}

static void
assert_rolled_back (Fixture *fixture)
{
  g_autofree char *record = g_build_filename (fixture->out, "rollback.json", NULL);
  g_autofree char *changed = g_build_filename (fixture->out, "changes", "db", "sessions.json", NULL);

  assert_old_store (fixture, FALSE);
  g_assert_false (g_file_test (fixture->store, G_FILE_TEST_EXISTS));
  assert_store (fixture->trash);
  g_assert_true (g_file_test (record, G_FILE_TEST_EXISTS));
  g_assert_true (g_file_test (changed, G_FILE_TEST_EXISTS));
}

static void
assert_while_retiring (Fixture *fixture)
{
  assert_old_store (fixture, TRUE);
}

static void
assert_retired (Fixture *fixture)
{
  assert_old_store (fixture, TRUE);
  for (guint i = 0; i < G_N_ELEMENTS (old_files); i++)
    {
      g_autofree char *path = g_build_filename (fixture->old, old_files[i].path, NULL);

      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
    }
  assert_store (fixture->store);
}

typedef struct
{
  gboolean (*run)           (Fixture *fixture, GError **error);
  void     (*assert_during) (Fixture *fixture);
  void     (*assert_after)  (Fixture *fixture);
  guint      quick_step;    /* every so many of the states that differ is tried, where there is no time for all */
} Operation;

static void
try_state (Fixture         *fixture,
           const Operation *operation,
           PowerCutState   *state)
{
  g_autoptr(GError) error = NULL;

  test_remove_tree (fixture->path);
  power_cut_state_write (state, fixture->path);
  operation->assert_during (fixture);

  /* Where it came to its end there is nothing left to be done */
  if (!operation->run (fixture, &error) && !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    g_error ("Run again, it fails: %s", error->message);
  operation->assert_after (fixture);
}

/* Where the power goes, nothing is lost, and it comes to the same end. */
static void
cut_power (Fixture         *fixture,
           const Operation *operation)
{
  g_autoptr(PowerCut) cut = power_cut_new (fixture->path);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, NULL);
  gboolean is_long = g_strcmp0 (g_getenv ("STRATA_TEST_LONG"), "1") == 0;
  g_autoptr(GError) error = NULL;
  guint tried = 0, passed = 0;

  power_cut_start (cut);
  operation->run (fixture, &error);
  power_cut_stop (cut);
  g_assert_no_error (error);
  operation->assert_after (fixture);

  for (guint position = 0; position <= power_cut_get_length (cut); position++)
    for (int survivor = 0; survivor < POWER_CUT_N_SURVIVORS; survivor++)
      {
        g_autoptr(PowerCutState) state = NULL;

        if (!is_long && position < power_cut_get_length (cut) && !power_cut_is_before_sync (cut, position))
          continue;
        state = power_cut_make_state (cut, position, (PowerCutSurvivor)survivor, position);
        if (!g_hash_table_add (seen, g_memdup2 (power_cut_state_get_digest (state), sizeof (StrataDigest))))
          continue;
        if (!is_long && position < power_cut_get_length (cut) && passed++ % operation->quick_step != 0)
          continue;
        g_test_message ("at %u, survivor %d", position, survivor);
        try_state (fixture, operation, state);
        tried++;
      }
  g_test_message ("%u points, %u states that differ tried", power_cut_get_length (cut) + 1, tried);
  g_assert_cmpuint (tried, >, 10);
}

/* What is kept still is kept as long as was said, whatever became of another one. */
static void
test_each_old_store_has_its_time (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (fixture->store);
  g_autofree char *first = g_steal_pointer (&fixture->old);
  g_autofree char *because = NULL;
  g_autoptr(GError) error = NULL;
  StrataRetirementSummary summary;

  strata_retirement_set_now (retirement, TRUE);
  strata_retirement_run (retirement, NULL, &error);
  g_assert_no_error (error);

  fixture->old = g_build_filename (fixture->path, "second", "com.taskerino.desktop", NULL);
  for (guint i = 0; i < G_N_ELEMENTS (old_files); i++)
    write_old_file (fixture, old_files[i].path, old_files[i].content);
  write_old_file (fixture, "api_keys.json", FOREIGN);
  migrate (fixture);

  strata_retirement_set_now (retirement, FALSE);
  strata_retirement_run (retirement, NULL, &error);
  g_assert_no_error (error);
  strata_retirement_get_summary (retirement, &summary);
  because = strata_retirement_dup_because (retirement);
  g_assert_false (summary.ready);
  g_assert_cmpint (summary.days_left, ==, STRATA_RETENTION_DAYS);
  g_assert_nonnull (strstr (because, "30 days"));
  assert_old_store (fixture, FALSE);
}

static void
assert_begun (Fixture  *fixture,
              gboolean  expected_rollback,
              gboolean  expected_retirement)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, &error);
  gboolean begun;

  g_assert_no_error (error);
  g_assert_true (strata_rollback_get_begun (store, &begun, &error));
  g_assert_cmpint (begun, ==, expected_rollback);
  g_assert_true (strata_retirement_get_begun (store, &begun, &error));
  g_assert_cmpint (begun, ==, expected_retirement);
}

static void
append_to_journal (Fixture    *fixture,
                   const char *event)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(GError) error = NULL;

  _strata_journal_append (_strata_store_get_dir (store), &error, "%s", event);
  g_assert_no_error (error);
}

/* So that whoever opens the store can go on with it */
static void
test_tells_what_was_begun (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (fixture->store);
  g_autoptr(GError) error = NULL;

  assert_begun (fixture, FALSE, FALSE);
  append_to_journal (fixture, "rollback begin 7a7a identical leave -");
  assert_begun (fixture, TRUE, FALSE);
  append_to_journal (fixture, "rollback undone");
  assert_begun (fixture, FALSE, FALSE);
  append_to_journal (fixture, "retire begin source=1 manifest=0");
  assert_begun (fixture, FALSE, TRUE);

  strata_retirement_run (retirement, NULL, &error);
  g_assert_no_error (error);
  assert_begun (fixture, FALSE, FALSE);
}

static void
test_power_goes_while_rolling_back (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const Operation operation = { roll_back, assert_while_rolling_back, assert_rolled_back, 1 };

  change_here (fixture);
  write_old_file (fixture, "db/sessions.json", "[]");
  cut_power (fixture, &operation);
}

static void
test_power_goes_while_retiring (Fixture       *fixture,
                                gconstpointer  test_data)
{
  static const Operation operation = { retire, assert_while_retiring, assert_retired, 1 };

  cut_power (fixture, &operation);
}

/* A migration from nothing: whatever was there when the power went, the next run comes to the same end. */
static gboolean
run_migration (Fixture  *fixture,
               GError  **error)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->old);

  return strata_migration_run (migration, NULL, error);
}

static void
assert_while_migrating (Fixture *fixture)
{
  assert_old_store (fixture, FALSE);
}

static void
assert_migrated (Fixture *fixture)
{
  assert_old_store (fixture, FALSE);
  assert_store (fixture->store);
}

static void
test_power_goes_while_migrating (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const Operation operation = { run_migration, assert_while_migrating, assert_migrated, 12 };

  test_remove_tree (fixture->store);
  cut_power (fixture, &operation);
}

/* A video that was left in the old store */

#define VIDEO "videos/left.mp4"
#define VIDEO_BYTES "\x20\x20\x20\x20" "ftypmp42, and more of it"

/* From wherever its bytes are, to the last one */
static void
assert_video (Fixture *fixture)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(StrataAttachmentInfo) info = store != NULL ? strata_store_find_attachment (store, VIDEO, NULL) : NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;
  char content[sizeof VIDEO_BYTES + 1];
  gsize size;

  g_assert_nonnull (info);
  stream = strata_store_open_attachment (store, info, &error);
  g_assert_no_error (error);
  g_input_stream_read_all (stream, content, sizeof content, &size, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (content, size, VIDEO_BYTES, strlen (VIDEO_BYTES));
}

static void
assert_while_bringing_in (Fixture *fixture)
{
  assert_old_store (fixture, TRUE);
  assert_video (fixture);
}

static void
assert_brought_in (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->old, VIDEO, NULL);

  assert_retired (fixture);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  assert_video (fixture);
}

static void
test_power_goes_while_a_video_comes (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  static const Operation operation = { retire, assert_while_bringing_in, assert_brought_in, 3 };
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->old);
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataAttachmentInfo) info = NULL;
  g_autoptr(GError) error = NULL;

  write_old_file (fixture, VIDEO, VIDEO_BYTES);
  strata_migration_set_refer (migration, TRUE);
  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);
  store = strata_store_open (fixture->store, NULL);
  info = strata_store_find_attachment (store, VIDEO, NULL);
  g_assert_cmpstr (info->state, ==, "reference");
  g_clear_object (&store);

  cut_power (fixture, &operation);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);
  power_cut_prepare ();

#define ADD(path, function) \
  g_test_add ("/way-back/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("rollback", test_rolls_back_in_the_background);
  ADD ("cancel", test_cancelled_before_it_begins);
  ADD ("one-at-a-time", test_one_call_at_a_time);
  ADD ("writers", test_nobody_writes_any_more);
  ADD ("retire", test_retires_in_the_background);
  ADD ("each-has-its-time", test_each_old_store_has_its_time);
  ADD ("begun", test_tells_what_was_begun);
  ADD ("power/rollback", test_power_goes_while_rolling_back);
  ADD ("power/retire", test_power_goes_while_retiring);
  ADD ("power/migrate", test_power_goes_while_migrating);
  ADD ("power/video", test_power_goes_while_a_video_comes);

  return g_test_run ();
}

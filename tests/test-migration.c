/* test-migration.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "base/strata-problem.h"
#include "fault-seam.h"
#include "migration/strata-export.h"
#include "migration/strata-migration.h"
#include "migration/strata-plan.h"
#include "store-util.h"
#include "store/strata-store-write.h"
#include "test-util.h"
#include "write-util.h"

/* A small old store, written by hand, and where the new one goes */
typedef struct
{
  char *path;
  char *legacy;
  char *store;
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
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->legacy = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  fixture->store = g_build_filename (fixture->path, "store", NULL);
  write_file (fixture, "db/settings.json", "{\"theme\":\"dark\"}");
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->store);
}

typedef struct
{
  gboolean               ok;
  GError                *error;
  StrataMigrationCounts  counts;
  char                  *problems; /* codes in their order, a space after each */
  char                  *state;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_clear_error (&outcome->error);
  g_free (outcome->problems);
  g_free (outcome->state);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
run (Fixture      *fixture,
     guint         batch_size,
     GCancellable *cancellable,
     Outcome      *outcome)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);
  g_autoptr(GPtrArray) problems = NULL;
  GString *codes = g_string_new (NULL);

  strata_migration_set_batch_size (migration, batch_size);
  outcome->ok = strata_migration_run (migration, cancellable, &outcome->error);
  g_assert_true (outcome->ok == (outcome->error == NULL));
  strata_migration_get_counts (migration, &outcome->counts);
  outcome->state = g_strdup (strata_migration_get_state (migration));
  problems = strata_migration_dup_problems (migration);
  for (guint i = 0; i < problems->len; i++)
    {
      g_test_message ("%s: %s", strata_problem_get_code (g_ptr_array_index (problems, i)),
                      strata_problem_get_message (g_ptr_array_index (problems, i)));
      g_string_append_printf (codes, "%s ", strata_problem_get_code (g_ptr_array_index (problems, i)));
    }
  outcome->problems = g_string_free (codes, FALSE);
}

static void
run_well (Fixture *fixture,
          Outcome *outcome)
{
  run (fixture, 2, NULL, outcome);
  g_assert_no_error (outcome->error);
  g_assert_cmpstr (outcome->state, ==, "complete");
}

/* All sessions in the order of the old store, one a line; and the store is in order */
static char *
read_all (Fixture *fixture)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, NULL);
  g_autofree char *problems = store_util_check (store);
  g_autofree char *staging = store_util_list_files (fixture->store, "staging");
  GString *text = g_string_new (NULL);

  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpstr (staging, ==, "");
  for (guint i = 0; i < sessions->len; i++)
    {
      g_autofree char *session =
        store_util_read_session (store, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key, NULL);

      g_string_append_printf (text, "%s\n", session);
    }

  return g_string_free (text, FALSE);
}

static void
assert_sessions (Fixture    *fixture,
                 const char *expected)
{
  g_autofree char *all = read_all (fixture);

  g_assert_cmpstr (all, ==, expected);
}

static char *
read_quarantined (Fixture    *fixture,
                  const char *prefix)
{
  g_autofree char *file = store_util_find_file (fixture->store, "quarantine", prefix);
  g_autofree char *path = g_build_filename (fixture->store, file, NULL);
  char *content = NULL;

  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));

  return content;
}

/* States of an attachment as the new store has it */
static void
assert_attachment (Fixture    *fixture,
                   const char *id,
                   const char *content,
                   const char *name)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataAttachmentInfo) info = strata_store_find_attachment (store, id, &error);
  g_autoptr(GInputStream) stream = NULL;
  g_autofree char *text = NULL;

  g_assert_no_error (error);
  g_assert_cmpstr (info->name, ==, name);
  if (content == NULL)
    {
      g_assert_cmpstr (info->state, ==, "missing");
      return;
    }
  stream = strata_store_open_attachment (store, info, NULL);
  text = store_util_read (stream, NULL);
  g_assert_cmpstr (text, ==, content);
}

/* Sessions */

static void
test_sessions_come_over_in_their_order (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  write_file (fixture, "db/sessions.json", "[ {\"id\": \"b\"},\n{\"id\":\"a\", \"n\":1.0, \"n\":2} ,{\"id\":\"c\",\"screenshots\":[{}]}]");
  run_well (fixture, &first);
  g_assert_cmpuint (first.counts.sessions_migrated, ==, 3);
  g_assert_cmpstr (first.problems, ==, "");
  assert_sessions (fixture, "{\"id\":\"b\"}\n{\"id\":\"a\",\"n\":1.0,\"n\":2}\n{\"id\":\"c\",\"screenshots\":[{}]}\n");

  /* Once more: nothing is written again */
  before = store_util_list_files (fixture->store, "sessions");
  run_well (fixture, &second);
  g_assert_cmpuint (second.counts.sessions_unchanged, ==, 3);
  g_assert_cmpuint (second.counts.sessions_migrated, ==, 0);
  after = store_util_list_files (fixture->store, "sessions");
  g_assert_cmpstr (before, ==, after);
}

static void
test_what_is_no_session_is_kept_aside (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autofree char *list = NULL;
  g_autofree char *number = NULL;

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\"},[1, {\"id\":\"b\"}], null,\"text\",{\"id\":\"c\"}]");
  run_well (fixture, &outcome);
  g_assert_cmpuint (outcome.counts.sessions_migrated, ==, 2);
  g_assert_cmpuint (outcome.counts.sessions_failed, ==, 3);
  g_assert_cmpstr (outcome.problems, ==, "entry-not-object entry-not-object entry-not-object ");
  assert_sessions (fixture, "{\"id\":\"a\"}\n{\"id\":\"c\"}\n");
  list = read_quarantined (fixture, "session-1.");
  g_assert_cmpstr (list, ==, "[1, {\"id\":\"b\"}]");
  number = read_quarantined (fixture, "session-3.");
  g_assert_cmpstr (number, ==, "\"text\"");
}

static void
test_sessions_that_are_no_array_are_kept_aside (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autofree char *content = NULL;

  write_file (fixture, "db/sessions.json", "{\"0\": {\"id\":\"a\"}}");
  run_well (fixture, &outcome);
  g_assert_cmpstr (outcome.problems, ==, "not-an-array ");
  assert_sessions (fixture, "");
  content = read_quarantined (fixture, "sessions.");
  g_assert_cmpstr (content, ==, "{\"0\": {\"id\":\"a\"}}");
}

static void
test_ids_that_are_doubled_or_missing_lose_nothing (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  static const char sessions[] =
    "{\"id\":\"a\",\"n\":1}\n{\"id\":\"a\",\"n\":2}\n{\"n\":3}\n{\"n\":4}\n{\"id\":null}\n{\"id\":5}\n{\"id\":\"\"}\n{\"id\":\"A\"}\n{}\n";
  g_autofree char *lines = g_strndup (sessions, strlen (sessions) - 1);
  g_autofree char *array = g_strdup_printf ("[%s]", g_strdelimit (lines, "\n", ','));
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };

  write_file (fixture, "db/sessions.json", array);
  run_well (fixture, &first);
  g_assert_cmpuint (first.counts.sessions_migrated, ==, 9);
  g_assert_nonnull (strstr (first.problems, "session-id-duplicate "));
  g_assert_nonnull (strstr (first.problems, "session-id-missing "));
  assert_sessions (fixture, sessions);
  run_well (fixture, &second);
  g_assert_cmpuint (second.counts.sessions_unchanged, ==, 9);
}

static void
test_a_torn_file_gives_up_its_leading_sessions (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  static const char whole[] = "[{\"id\":\"a\"},{\"id\":\"b\",\"screenshots\":[1,2]},{\"id\":\"c\"}]";

  /* Cut behind the first session, at every byte */
  for (gsize cut = 11; cut < strlen (whole); cut += 3)
    {
      g_autofree char *torn = g_strndup (whole, cut);
      g_auto(Outcome) outcome = { 0, };
      g_autofree char *all = NULL;

      write_file (fixture, "db/sessions.json", torn);
      run_well (fixture, &outcome);
      g_assert_cmpstr (outcome.problems, ==, "torn ");
      all = read_all (fixture);
      g_assert_true (g_str_has_prefix (all, "{\"id\":\"a\"}\n"));
      g_assert_true ((strstr (all, "[1,2]") != NULL) == (strstr (torn, "[1,2]}") != NULL));
      test_remove_dir (fixture->store);
    }
}

/* Again, after the old store went on */

#define A "{\"id\":\"a\",\"screenshots\":[1,2]}"
#define B "{\"id\":\"b\",\"screenshots\":[3]}"
#define C "{\"id\":\"c\",\"audioSegments\":[4]}"

static void
test_again_after_one_was_put_in_front (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };
  g_auto(Outcome) third = { 0, };

  write_file (fixture, "db/sessions.json", "[" A "," B "," C "]");
  run_well (fixture, &first);
  write_file (fixture, "db/sessions.json", "[{\"id\":\"new\",\"screenshots\":[1,2]}," A "," B "," C "]");
  run_well (fixture, &second);
  assert_sessions (fixture, "{\"id\":\"new\",\"screenshots\":[1,2]}\n" A "\n" B "\n" C "\n");
  run_well (fixture, &third);
  g_assert_cmpuint (third.counts.sessions_unchanged, ==, 4);
}

static void
test_again_after_one_was_changed (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };

  write_file (fixture, "db/sessions.json", "[" A "," B "]");
  run_well (fixture, &first);
  write_file (fixture, "db/sessions.json", "[" A ",{\"id\":\"b\",\"screenshots\":[3,4]}]");
  run_well (fixture, &second);
  g_assert_cmpuint (second.counts.sessions_unchanged, ==, 1);
  g_assert_cmpuint (second.counts.sessions_migrated, ==, 1);
  assert_sessions (fixture, A "\n{\"id\":\"b\",\"screenshots\":[3,4]}\n");
}

/* Gone there is not gone here, and those after it are still compared with themselves */
static void
test_again_after_one_was_removed (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const char *const rests[] = { "[" B "," C "]", "[" A "," C "]", "[" C "," B "," A "]", "[" A "," B "]", "[]" };

  for (guint i = 0; i < G_N_ELEMENTS (rests); i++)
    {
      g_auto(Outcome) first = { 0, };
      g_auto(Outcome) second = { 0, };
      g_autofree char *all = NULL;

      write_file (fixture, "db/sessions.json", "[" A "," B "," C "]");
      run_well (fixture, &first);
      write_file (fixture, "db/sessions.json", rests[i]);
      run_well (fixture, &second);
      g_assert_cmpstr (second.problems, ==, "");
      all = read_all (fixture);
      g_assert_nonnull (strstr (all, A "\n"));
      g_assert_nonnull (strstr (all, B "\n"));
      g_assert_nonnull (strstr (all, C "\n"));
      test_remove_dir (fixture->store);
    }
}

/* Attachments */

static void
test_attachments_nothing_uses_are_kept (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"screenshots\":[{\"attachmentId\":\"used\"}],\"x\":\"also\"}]");
  write_file (fixture, "attachments/used.dat", "data:image/png;base64,dXNlZA==");
  write_file (fixture, "attachments/used.meta.json", "{\"id\":\"used\",\"name\":\"u.png\",\"mimeType\":\"image/png\"}");
  write_file (fixture, "attachments/also.dat", "YWxzbw==");
  write_file (fixture, "attachments/alone.dat", "data:text/plain;base64,YWxvbmU=");
  write_file (fixture, "attachments/alone.meta.json", "{\"id\":\"alone\",\"name\":\"l\"}");
  write_file (fixture, "videos/session-a-1.mp4", "....ftypisom video");
  run_well (fixture, &first);

  g_assert_cmpuint (first.counts.attachments_stored, ==, 4);
  assert_attachment (fixture, "used", "used", "u.png");
  assert_attachment (fixture, "also", "also", NULL);
  assert_attachment (fixture, "alone", "alone", "l");
  assert_attachment (fixture, "videos/session-a-1.mp4", "....ftypisom video", "session-a-1.mp4");

  run_well (fixture, &second);
  g_assert_cmpuint (second.counts.attachments_deduplicated, ==, 4);
  g_assert_cmpuint (second.counts.sessions_unchanged, ==, 1);
}

static void
test_missing_and_broken_attachments_are_told_apart (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autofree char *kept = NULL;

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"screenshots\":[{\"attachmentId\":\"none\"},{\"attachmentId\":\"broken\"}],"
                                           "\"fullAudioAttachmentId\":\"esc\\u0061ped\"}]");
  write_file (fixture, "attachments/broken.dat", "data:image/png;base64,!!!not base64!!!");
  write_file (fixture, "attachments/escaped.dat", "ZXNj");
  run_well (fixture, &outcome);
  g_assert_cmpuint (outcome.counts.attachments_missing, ==, 1);
  g_assert_cmpuint (outcome.counts.attachments_failed, ==, 1);
  g_assert_cmpuint (outcome.counts.attachments_stored, ==, 1);
  g_assert_nonnull (strstr (outcome.problems, "attachment-data-invalid "));
  assert_attachment (fixture, "none", NULL, NULL);
  assert_attachment (fixture, "escaped", "esc", NULL);
  kept = read_quarantined (fixture, "broken.dat");
  g_assert_cmpstr (kept, ==, "data:image/png;base64,!!!not base64!!!");
}

/* Ids of every length, and strings that are none */
static void
test_long_ids_are_found_too (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autofree char *id = g_strnfill (200, 'i');
  g_autofree char *other = g_strnfill (200, 'o');
  g_autofree char *broken = g_strnfill (244, 'b');
  g_autofree char *file = g_strdup_printf ("attachments/%s.dat", id);
  g_autofree char *broken_file = g_strdup_printf ("attachments/%s.dat", broken);
  g_autofree char *sessions = g_strdup_printf ("[{\"id\":\"a\",\"x\":[\"%s\",\"%s\",\"\\n%s%s%s%s%s%s\"]}]",
                                               id, other, other, other, other, other, other, other);
  g_auto(Outcome) outcome = { 0, };

  write_file (fixture, "db/sessions.json", sessions);
  write_file (fixture, file, "bG9uZw==");
  write_file (fixture, broken_file, "%%%");
  run_well (fixture, &outcome);
  g_assert_cmpuint (outcome.counts.attachments_stored, ==, 1);
  g_assert_cmpuint (outcome.counts.attachments_failed, ==, 1);
  assert_attachment (fixture, id, "long", NULL);
}

static void
test_notes_carry_metadata_inline (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };

  write_file (fixture, "db/sessions.json", "[]");
  write_file (fixture, "db/notes.json",
              "[{\"id\":\"n\",\"attachments\":[{\"id\":\"img\",\"name\":\"inline.png\",\"path\":\"attachments/images/img.png\"},7,{}]},"
              "8,{\"attachments\":\"x\"},{\"attachments\":[]}]");
  write_file (fixture, "db/tasks.json", "{\"no\":\"list\"}");
  write_file (fixture, "attachments/images/img.png", "\x89PNG\r\n\x1a\n.");
  run_well (fixture, &outcome);
  assert_attachment (fixture, "img", "\x89PNG\r\n\x1a\n.", "inline.png");
}

/* Other files */

static void
test_oddities_are_reported_and_passed_over (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autofree char *link = g_build_filename (fixture->legacy, "db", "linked.json", NULL);

  write_file (fixture, "db/sessions.json", "[" A "] trailing");
  write_file (fixture, "db/notes.json", "{\"version\":1,\"data\":\"GZIP_V1:!!!\"}");
  write_file (fixture, "db/companies.json", "not JSON at all");
  write_file (fixture, "db/tasks.json", "[1,2");
  write_file (fixture, "db/topics.json", "{\"version\":7,\"checksum\":\"0\",\"timestamp\":1,\"data\":[1]}");
  write_file (fixture, "db/.contacts.json.icloud", "x");
  write_file (fixture, "api_keys.json", "secret");
  g_assert_cmpint (symlink ("/etc/hostname", link), ==, 0);
  run_well (fixture, &outcome);
  g_assert_nonnull (strstr (outcome.problems, "foreign-file "));
  g_assert_nonnull (strstr (outcome.problems, "link-skipped "));
  g_assert_nonnull (strstr (outcome.problems, "not-downloaded "));
  g_assert_nonnull (strstr (outcome.problems, "torn "));
  g_assert_nonnull (strstr (outcome.problems, "trailing-bytes "));
  g_assert_nonnull (strstr (outcome.problems, "envelope-unknown-version "));
  assert_sessions (fixture, A "\n");
}

static void
test_where_is_no_old_store_nothing_is_made (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };

  test_remove_dir (fixture->legacy);
  run (fixture, 2, NULL, &outcome);
  g_assert_error (outcome.error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_false (g_file_test (fixture->store, G_FILE_TEST_EXISTS));
}

static void
test_the_plan_says_what_the_run_does (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autoptr(StrataPlan) plan = NULL;
  g_autoptr(GError) error = NULL;

  write_file (fixture, "db/sessions.json", "[" A "," B "]");
  write_file (fixture, "sessions.json", "[" C "]");
  write_file (fixture, "attachments/x.dat", "eA==");
  plan = strata_plan_make (fixture->store, fixture->legacy, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_false (g_file_test (fixture->store, G_FILE_TEST_EXISTS));
  run_well (fixture, &outcome);

  g_assert_cmpuint (plan->sessions, ==, outcome.counts.sessions_migrated);
  g_assert_cmpuint (plan->attachments, ==, 1);
  g_assert_cmpuint (plan->bytes_original, ==, outcome.counts.bytes_original);
  g_assert_cmpuint (plan->sources->len, ==, 2);
}

static void
test_metadata_without_bytes_are_no_damage (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"screenshots\":[{\"attachmentId\":\"x\"}]}]");
  write_file (fixture, "attachments/x.meta.json", "{\"id\":\"x\",\"mimeType\":\"text/plain\"}");
  run_well (fixture, &outcome);

  g_assert_cmpstr (outcome.problems, ==, "attachment-data-missing ");
  /* It looks the store over, and finds it in order */
  assert_sessions (fixture, "{\"id\":\"a\",\"screenshots\":[{\"attachmentId\":\"x\"}]}\n");
}

/* Interrupted */

/* Cancels at the n-th writing, which is somewhere in the middle */
static guint64 cancel_after;
static GCancellable *cancel_what;

static gssize
cancelling_write (int         fd,
                  const void *buffer,
                  gsize       size)
{
  if (cancel_after > 0 && --cancel_after == 0)
    g_cancellable_cancel (cancel_what);

  return _strata_seam_get_system ()->write (fd, buffer, size);
}

static char *
make_many_sessions (guint n)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (text, "%s{\"id\":\"s%u\",\"screenshots\":[{\"attachmentId\":\"x%u\"}]}", i > 0 ? "," : "", i, i % 3);
  g_string_append_c (text, ']');

  return g_string_free (text, FALSE);
}

static char *
as_lines (const char *array)
{
  g_autoptr(GString) text = g_string_new_len (array + 1, (gssize)strlen (array) - 2);

  g_string_replace (text, "},{\"id\"", "}\n{\"id\"", 0);
  g_string_append_c (text, '\n');

  return g_string_free (g_steal_pointer (&text), FALSE);
}

static void
test_a_cancelled_run_goes_on (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *sessions = make_many_sessions (12);
  g_autofree char *expected = as_lines (sessions);
  StrataSeam seam = *_strata_seam_get_system ();
  guint n_cancelled = 0;

  write_file (fixture, "db/sessions.json", sessions);
  write_file (fixture, "attachments/x0.dat", "eDA=");
  write_file (fixture, "attachments/x1.dat", "eDE=");
  seam.write = cancelling_write;
  for (guint64 after = 1; after < 100; after += 5)
    {
      g_autoptr(GCancellable) cancellable = g_cancellable_new ();
      g_auto(Outcome) cut_short = { 0, };
      g_auto(Outcome) outcome = { 0, };
      g_autofree char *so_far = NULL;

      cancel_after = after;
      cancel_what = cancellable;
      _strata_seam = &seam;
      run (fixture, 2, cancellable, &cut_short);
      _strata_seam = _strata_seam_get_system ();
      if (!cut_short.ok)
        {
          g_assert_error (cut_short.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
          g_assert_cmpstr (cut_short.state, ==, "paused");
          n_cancelled++;
        }
      so_far = read_all (fixture);
      g_assert_true (g_str_has_prefix (expected, so_far));

      run_well (fixture, &outcome);
      g_assert_cmpuint (outcome.counts.sessions_migrated + outcome.counts.sessions_unchanged, ==, 12);
      assert_sessions (fixture, expected);
      test_remove_dir (fixture->store);
    }
  g_assert_cmpuint (n_cancelled, >, 3);
}

/* Opening a file of the old store fails, from the n-th time on */
static const char *unreadable;
static guint       readings_left;

static int
open_but_one (int         dir,
              const char *path,
              int         flags,
              mode_t      mode)
{
  if (g_strcmp0 (path, unreadable) == 0 && readings_left-- == 0)
    {
      readings_left = 0;
      errno = EIO;
      return -1;
    }

  return _strata_seam_get_system ()->open (dir, path, flags, mode);
}

static void
run_with_unreadable (Fixture    *fixture,
                     const char *path,
                     guint       n_readings,
                     Outcome    *outcome)
{
  StrataSeam seam = *_strata_seam_get_system ();

  seam.open = open_but_one;
  unreadable = path;
  readings_left = n_readings;
  _strata_seam = &seam;
  run_well (fixture, outcome);
  _strata_seam = _strata_seam_get_system ();
}

/* What was taken in stays, with its session changed and the old file of an attachment or its metadata lost to the disk. */
static void
test_what_can_not_be_read_again_is_kept (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, }, second = { 0, }, third = { 0, };

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"x\":\"att\"}]");
  write_file (fixture, "attachments/att.dat", "YXR0");
  write_file (fixture, "attachments/att.meta.json", "{\"id\":\"att\",\"name\":\"n\"}");
  write_file (fixture, "attachments/none.dat", "bm9uZQ==");
  write_file (fixture, "attachments/none.meta.json", "{\"id\":\"none\"}");
  run_well (fixture, &first);

  /* Of another size, so that it is read again */
  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"x\":\"att\",\"n\":1}]");
  write_file (fixture, "attachments/att.dat", "YXR0\n");
  write_file (fixture, "attachments/none.dat", "bm9uZQ==\n");
  run_with_unreadable (fixture, test_data, 0, &second);
  g_assert_cmpstr (second.problems, ==, "source-unreadable ");
  assert_sessions (fixture, "{\"id\":\"a\",\"x\":\"att\",\"n\":1}\n");
  assert_attachment (fixture, "att", "att", "n");
  assert_attachment (fixture, "none", "none", NULL);

  run_well (fixture, &third);
  g_assert_cmpstr (third.problems, ==, "");
  assert_attachment (fixture, "att", "att", "n");
}

/* Text that can't be decoded is said to be kept only where it was */
static void
test_what_can_not_be_kept_aside_is_not_said_to_be (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, }, again = { 0, };
  g_autofree char *quarantined = NULL;
  g_autofree char *text = NULL;

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"x\":\"att\"}]");
  write_file (fixture, "attachments/att.dat", "%%%");
  run_with_unreadable (fixture, "attachments/att.dat", 1, &outcome);
  g_assert_cmpstr (outcome.problems, ==, "attachment-meta-missing source-unreadable ");
  quarantined = store_util_list_files (fixture->store, "quarantine");
  g_assert_cmpstr (quarantined, ==, "");

  run_well (fixture, &again);
  g_assert_cmpstr (again.problems, ==, "attachment-meta-missing attachment-data-invalid ");
  text = read_quarantined (fixture, "att.dat.");
  g_assert_cmpstr (text, ==, "%%%");
}

/* Whichever call fails: what is there is whole, and running again finishes it */
static void
test_no_fault_spoils_a_migration (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const struct { FaultKind kind; int errno_value; } faults[] = { { FAULT_ERRNO, ENOSPC }, { FAULT_ERRNO, EIO }, { FAULT_FOREVER, ENOSPC } };
  g_autofree char *sessions = make_many_sessions (4);
  g_autofree char *expected = as_lines (sessions);

  write_file (fixture, "db/sessions.json", sessions);
  write_file (fixture, "attachments/x0.dat", "eDA=");
  for (guint f = 0; f < G_N_ELEMENTS (faults); f++)
    for (guint64 nth = (guint64)g_test_rand_int_range (1, 37); ; nth += g_test_slow () ? 3 : 37)
      {
        g_auto(Outcome) outcome = { 0, };
        g_auto(Outcome) second = { 0, };
        gboolean struck;

        fault_seam_install ();
        fault_seam_arm (faults[f].kind, nth, faults[f].errno_value);
        run (fixture, 2, NULL, &outcome);
        struck = fault_seam_has_struck ();
        fault_seam_remove ();
        if (outcome.ok)
          assert_sessions (fixture, expected);

        run_well (fixture, &second);
        assert_sessions (fixture, expected);
        test_remove_dir (fixture->store);
        if (!struck)
          break;
      }
}

static void
test_one_migration_at_a_time (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };
  g_autofree char *lock = g_build_filename (fixture->store, "migration", "lock", NULL);
  gint64 pid = 0;
  int fd;

  run_well (fixture, &first);
  g_assert_false (strata_migration_find_holder (fixture->store, &pid));
  fd = g_open (lock, O_RDWR | O_CLOEXEC, 0);
  g_assert_cmpint (_strata_seam_get ()->lock (fd, F_WRLCK), ==, 0);
  run (fixture, 2, NULL, &second);
  g_assert_error (second.error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_assert_true (strata_migration_find_holder (fixture->store, &pid));
  g_assert_cmpint (pid, ==, getpid ());
  close (fd);
}

/* Back out again */

/* What was made in the store comes out as the old program would have written it, and goes in again. */
static void
assert_exported (const char *folder,
                 const char *file,
                 const char *expected)
{
  g_autofree char *path = g_build_filename (folder, file, NULL);
  g_autofree char *text = NULL;
  g_autoptr(GError) error = NULL;

  g_file_get_contents (path, &text, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
attach_here (StrataStore *store,
             const char  *key,
             const char  *id,
             const char  *name,
             const char  *content)
{
  g_autoptr(GBytes) bytes = g_bytes_new (content, strlen (content));
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (id, bytes);
  g_autoptr(GError) error = NULL;

  strata_new_attachment_set_name (attachment, name);
  g_free (strata_store_add_attachment (store, key, attachment, NULL, NULL, &error));
  g_assert_no_error (error);
}

static void
test_what_was_attached_here_is_exported_with_metadata (Fixture       *fixture,
                                                       gconstpointer  test_data)
{
  g_auto(Outcome) outcome = { 0, };
  g_autofree char *exported = g_build_filename (fixture->path, "exported", NULL);
  g_autoptr(StrataStore) store = strata_store_open_or_create (fixture->store, NULL);
  g_autofree char *key = write_util_create (store, "{\"id\":\"s\",\"a\":[\"picture-1759115030088-x\",\"sound-1759115030088\",\"v1\"]}", NULL);
  g_autoptr(GError) error = NULL;
  guint64 n_sessions, bytes;

  attach_here (store, key, "picture-1759115030088-x", "Screenshot.jpg", "\xff\xd8\xff picture");
  attach_here (store, key, "sound-1759115030088", NULL, "ID3 sound");
  attach_here (store, key, "v1", "v.mp4", "....ftypisom");
  attach_here (store, NULL, "none-1759115030088", "a \"b\"", "of none");
  strata_export (store, NULL, STRATA_EXPORT_LEGACY, exported, &n_sessions, &bytes, NULL, &error);
  g_assert_no_error (error);

  assert_exported (exported, "attachments/picture-1759115030088-x.meta.json",
                   "{\"id\":\"picture-1759115030088-x\",\"type\":\"screenshot\",\"name\":\"Screenshot.jpg\","
                   "\"mimeType\":\"image/jpeg\",\"size\":11,\"createdAt\":\"2025-09-29T03:03:50.088Z\"}");
  assert_exported (exported, "attachments/picture-1759115030088-x.dat", "data:image/jpeg;base64,/9j/IHBpY3R1cmU=");
  assert_exported (exported, "attachments/sound-1759115030088.meta.json",
                   "{\"id\":\"sound-1759115030088\",\"type\":\"audio\",\"name\":\"sound-1759115030088\","
                   "\"mimeType\":\"audio/mp3\",\"size\":9,\"createdAt\":\"2025-09-29T03:03:50.088Z\"}");
  assert_exported (exported, "attachments/sound-1759115030088.dat", "data:audio/mp3;base64,SUQzIHNvdW5k");
  assert_exported (exported, "attachments/videos/v1.mp4", "....ftypisom");
  assert_exported (exported, "attachments/none-1759115030088.meta.json",
                   "{\"id\":\"none-1759115030088\",\"type\":\"file\",\"name\":\"a \\\"b\\\"\","
                   "\"mimeType\":\"application/octet-stream\",\"size\":7,\"createdAt\":\"2025-09-29T03:03:50.088Z\"}");

  g_clear_object (&store);
  test_remove_dir (fixture->store);
  g_free (fixture->legacy);
  fixture->legacy = g_steal_pointer (&exported);
  run_well (fixture, &outcome);
  assert_attachment (fixture, "picture-1759115030088-x", "\xff\xd8\xff picture", "Screenshot.jpg");
  assert_attachment (fixture, "v1", "....ftypisom", "v.mp4");
  assert_attachment (fixture, "none-1759115030088", "of none", "a \"b\"");
}

static void
test_what_was_exported_migrates_to_the_same (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) second = { 0, };
  g_autofree char *exported = g_build_filename (fixture->path, "exported", NULL);
  g_autofree char *json = g_build_filename (fixture->path, "sessions.json", NULL);
  g_autofree char *before = NULL;
  g_autofree char *text = NULL;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GError) error = NULL;
  guint64 n_sessions, bytes;

  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\",\"x\":\"att\"}," B "," C "]");
  write_file (fixture, "db/notes.json", "[1,{\"a\":null}]");
  write_file (fixture, "attachments/att.dat", "data:image/png;base64,YXR0");
  write_file (fixture, "attachments/att.meta.json", "{\"id\":\"att\",\"mimeType\":\"image/png\",\"name\":\"n\"}");
  write_file (fixture, "videos/v.mp4", "....ftypisom");
  run_well (fixture, &first);
  before = read_all (fixture);

  store = strata_store_open (fixture->store, NULL);
  strata_export (store, NULL, STRATA_EXPORT_LEGACY, exported, &n_sessions, &bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (n_sessions, ==, 3);
  strata_export (store, NULL, STRATA_EXPORT_JSON, json, &n_sessions, &bytes, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (g_file_get_contents (json, &text, NULL, NULL));
  g_assert_cmpstr (text, ==, "[{\"id\":\"a\",\"x\":\"att\"}," B "," C "]\n");
  g_assert_cmpuint (bytes, ==, strlen (text));
  g_assert_false (strata_export (store, NULL, STRATA_EXPORT_JSON, json, &n_sessions, &bytes, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);
  g_clear_error (&error);
  g_assert_false (strata_export (store, NULL, STRATA_EXPORT_LEGACY, exported, &n_sessions, &bytes, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_EXISTS);

  g_clear_object (&store);
  test_remove_dir (fixture->store);
  g_free (fixture->legacy);
  fixture->legacy = g_steal_pointer (&exported);
  run_well (fixture, &second);
  assert_sessions (fixture, before);
  assert_attachment (fixture, "att", "att", "n");
}

/* Changed in both */

static char *
read_collection (Fixture    *fixture,
                 const char *key)
{
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
  g_autoptr(GInputStream) stream = strata_store_open_collection (store, key, NULL);

  return store_util_read (stream, NULL);
}

static void
test_a_collection_that_was_changed_here_stays (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_auto(Outcome) first = { 0, };
  g_auto(Outcome) again = { 0, };
  g_auto(Outcome) other = { 0, };
  g_autofree char *text = NULL;
  g_autofree char *quarantine = NULL;
  g_autofree char *kept = NULL;

  write_file (fixture, "db/notes.json", "[{\"note\":1}]");
  write_file (fixture, "db/sessions.json", "[{\"id\":\"a\"}]");
  run_well (fixture, &first);
  {
    g_autoptr(StrataStore) store = strata_store_open (fixture->store, NULL);
    g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("[{\"note\":\"ours\"}]", -1, NULL);
    g_autofree char *key = strata_store_set_collection (store, "notes", stream, NULL, NULL);

    g_assert_cmpstr (key, ==, "notes");
  }

  run_well (fixture, &again);
  g_assert_cmpstr (again.problems, ==, first.problems);
  text = read_collection (fixture, "notes");
  g_assert_cmpstr (text, ==, "[{\"note\":\"ours\"}]");
  g_free (text);

  write_file (fixture, "db/notes.json", "[{\"note\":2}]");
  run_well (fixture, &other);
  g_assert_nonnull (strstr (other.problems, "conflict "));
  text = read_collection (fixture, "notes");
  g_assert_cmpstr (text, ==, "[{\"note\":\"ours\"}]");
  quarantine = store_util_find_file (fixture->store, "quarantine", "db_notes.json.");
  g_free (text);
  text = g_build_filename (fixture->store, quarantine, NULL);
  g_assert_true (g_file_get_contents (text, &kept, NULL, NULL));
  g_assert_cmpstr (kept, ==, "[{\"note\":2}]");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD_WITH(path, data, func) g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)
#define ADD(path, func) ADD_WITH (path, NULL, func)
  ADD ("/migration/order", test_sessions_come_over_in_their_order);
  ADD ("/migration/no-sessions", test_what_is_no_session_is_kept_aside);
  ADD ("/migration/no-array", test_sessions_that_are_no_array_are_kept_aside);
  ADD ("/migration/ids", test_ids_that_are_doubled_or_missing_lose_nothing);
  ADD ("/migration/torn", test_a_torn_file_gives_up_its_leading_sessions);
  ADD ("/migration/again/in-front", test_again_after_one_was_put_in_front);
  ADD ("/migration/again/changed", test_again_after_one_was_changed);
  ADD ("/migration/again/removed", test_again_after_one_was_removed);
  ADD ("/migration/attachments/unused", test_attachments_nothing_uses_are_kept);
  ADD ("/migration/attachments/broken", test_missing_and_broken_attachments_are_told_apart);
  ADD ("/migration/attachments/long-ids", test_long_ids_are_found_too);
  ADD ("/migration/attachments/inline", test_notes_carry_metadata_inline);
  ADD ("/migration/oddities", test_oddities_are_reported_and_passed_over);
  ADD ("/migration/no-source", test_where_is_no_old_store_nothing_is_made);
  ADD ("/migration/plan", test_the_plan_says_what_the_run_does);
  ADD ("/migration/metadata-without-bytes", test_metadata_without_bytes_are_no_damage);
  ADD ("/migration/cancelled", test_a_cancelled_run_goes_on);
  ADD ("/migration/faults", test_no_fault_spoils_a_migration);
  ADD_WITH ("/migration/unreadable/data", "attachments/att.dat", test_what_can_not_be_read_again_is_kept);
  ADD_WITH ("/migration/unreadable/metadata", "attachments/att.meta.json", test_what_can_not_be_read_again_is_kept);
  ADD_WITH ("/migration/unreadable/unused", "attachments/none.dat", test_what_can_not_be_read_again_is_kept);
  ADD ("/migration/unreadable/text", test_what_can_not_be_kept_aside_is_not_said_to_be);
  ADD ("/migration/one-at-a-time", test_one_migration_at_a_time);
  ADD ("/migration/export-attached", test_what_was_attached_here_is_exported_with_metadata);
  ADD ("/migration/export", test_what_was_exported_migrates_to_the_same);

  ADD ("/migration/changed-here", test_a_collection_that_was_changed_here_stays);

  return g_test_run ();
}

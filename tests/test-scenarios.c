/* test-scenarios.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "maintenance/strata-gc-private.h"
#include "session-util.h"
#include "store/strata-key-private.h"
#include "store/strata-session.h"
#include "store/strata-store-write.h"
#include "test-util.h"
#include "write-util.h"

/* What is done with a store from end to end: create, append, load, update, delete. Each is played once
 * with a close look at what is on disk, and then killed at its calls: what was reported
 * as done is there, nothing is half, and done again it ends as it should.
 */

#define N_ELEMENTS 1500   /* parts of 64 KiB, 1 MiB and a rest */
#define N_FEW      100    /* two parts */
#define MAX_KILLS  30     /* of one scenario, in the short form */
#define DAY_S      (24 * 60 * 60)

typedef struct
{
  const char *name;

  /* What is there before */
  void     (*set_up) (const char *path);
  /* Finds out first what is done already. The pipe gets a byte for each thing that is reported as done. */
  gboolean (*run)    (const char *path,
                      int         report);
  /* What must be there when @n_done things were reported; @is_over: and all of it was */
  void     (*check)  (const char *path,
                      guint       n_done,
                      gboolean    is_over);
} Scenario;

static StrataStore *
open_store (const char *path)
{
  g_autoptr(GError) error = NULL;
  StrataStore *store = strata_store_open_or_create (path, &error);

  g_assert_no_error (error);

  return store;
}

static char *
make_key (const char *id)
{
  g_autofree char *token = g_strdup_printf ("\"%s\"", id);

  return _strata_key_make (token, 0, 0);
}

static void
report_done (int report)
{
  if (report >= 0)
    g_assert_cmpint (write (report, "", 1), ==, 1);
}

static gboolean
has_session (StrataStore *store,
             const char  *id)
{
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, id, NULL);

  return info != NULL;
}

static void
assert_sound (StrataStore *store)
{
  g_autofree char *problems = store_util_check (store);

  g_assert_cmpstr (problems, ==, "");
}

static void
assert_session (StrataStore *store,
                const char  *id,
                const char  *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *key = make_key (id);
  g_autofree char *text = store_util_read_session (store, key, &error);

  g_assert_no_error (error);
  g_assert_true (strcmp (text, expected) == 0);
}

/* Create → the parts are there */

static void
set_up_nothing (const char *path)
{
  g_object_unref (open_store (path));
}

static gboolean
run_create (const char *path,
            int         report)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_FEW, "1");
  g_autofree char *key = has_session (store, "a") ? make_key ("a") : write_util_create (store, json, NULL);

  if (key == NULL)
    return FALSE;
  report_done (report);

  return TRUE;
}

static void
check_create (const char *path,
              guint       n_done,
              gboolean    is_over)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_FEW, "1");

  assert_sound (store);
  g_assert_true (n_done == 0 || has_session (store, "a"));
  if (has_session (store, "a"))
    assert_session (store, "a", json);
}

/* Each part is there with the content that its name says, and none that is not named. */
static void
assert_parts_are_there (const char           *path,
                        const StrataManifest *manifest)
{
  g_autofree char *folder = g_build_filename ("sessions", manifest->key, "chunks", NULL);
  g_autofree char *list = store_util_list_files (path, folder);
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);

  g_assert_cmpuint (g_strv_length (files), ==, manifest->parts->len + manifest->attachments->len);
  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, i);
      g_autofree char *below = _strata_manifest_dup_part_path (manifest, part);
      g_autofree char *file = g_build_filename (path, below, NULL);
      g_autofree char *content = NULL;
      g_autofree char *digest = NULL;
      gsize size;

      g_assert_true (g_file_get_contents (file, &content, &size, NULL));
      digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (guchar *)content, size);
      digest[12] = '\0';
      g_assert_nonnull (strstr (below, digest));
      g_assert_cmpuint (size, ==, part->stored_bytes);
    }
}

static void
test_what_is_created_is_in_parts (void)
{
  g_autofree char *path = test_make_fast_dir ();
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");
  g_autofree char *key = write_util_create (store, json, NULL);
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, FALSE, key, NULL);
  g_autofree char *metadata = g_build_filename ("sessions", key, "metadata.json", NULL);

  g_assert_cmpuint (manifest->parts->len, ==, 3);
  g_assert_cmpuint (((StrataPart *)g_ptr_array_index (manifest->parts, 0))->raw_bytes, <, 66 * 1024);
  g_assert_cmpuint (((StrataPart *)g_ptr_array_index (manifest->parts, 1))->raw_bytes, >, 1024 * 1024);
  g_assert_cmpuint (store_util_file_size (path, metadata), <, 8 * 1024);
  assert_parts_are_there (path, manifest);
  assert_session (store, "a", json);
  assert_sound (store);
  g_clear_object (&store);
  test_remove_tree (path);
}

/* Append → every element that was reported is there */

#define N_APPENDED 12

static char *
make_appended (guint n)
{
  GString *json = g_string_new ("{\"id\":\"a\",\"screenshots\":[");

  for (guint i = 0; i < n; i++)
    g_string_append_printf (json, "%s{\"id\":\"%u\",\"attachmentId\":\"p%u\"}", i > 0 ? "," : "", i, i);
  g_string_append (json, "]}");

  return g_string_free (json, FALSE);
}

static void
set_up_empty_session (const char *path)
{
  g_autoptr(StrataStore) store = open_store (path);

  g_free (write_util_create (store, "{\"id\":\"a\",\"screenshots\":[]}", NULL));
}

static guint
count_screenshots (StrataStore *store)
{
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, "a", NULL);

  g_assert_nonnull (info);

  return (guint)info->screenshots;
}

/* Sealed once on the way */
static gboolean
run_append (const char *path,
            int         report)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *key = make_key ("a");

  for (guint i = count_screenshots (store); i < N_APPENDED; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"%u\"}", i);
      g_autofree char *id = g_strdup_printf ("p%u", i);

      if (!write_util_append (store, key, "screenshots", json, id, id, NULL) ||
          (i == N_APPENDED / 2 && !strata_store_seal_session (store, key, NULL, NULL)))
        return FALSE;
      report_done (report);
    }

  return TRUE;
}

static void
check_append (const char *path,
              guint       n_done,
              gboolean    is_over)
{
  g_autoptr(StrataStore) store = open_store (path);
  guint n = count_screenshots (store);
  g_autofree char *expected = make_appended (n);
  g_autofree char *key = make_key ("a");
  g_autoptr(GPtrArray) attachments = strata_store_list_attachments (store, key, NULL);

  assert_sound (store);
  g_assert_cmpuint (n, >=, is_over ? N_APPENDED : n_done);
  g_assert_cmpuint (n, <=, is_over ? N_APPENDED : n_done + 1);
  assert_session (store, "a", expected);
  g_assert_cmpuint (attachments->len, ==, n);
  for (guint i = 0; i < n; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);
      g_autoptr(GInputStream) stream = strata_store_open_attachment (store, info, NULL);
      g_autofree char *bytes = stream != NULL ? store_util_read (stream, NULL) : NULL;

      g_assert_cmpstr (bytes, ==, info->id);
    }
}

/* Load → progressively */

static void
set_up_session (const char *path)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_FEW, "1");

  g_free (write_util_create (store, json, NULL));
}

/* Opens of parts, by the seam */
static guint n_parts_opened;

static int
count_opens (int         dir,
             const char *path,
             int         flags,
             mode_t      mode)
{
  if (strstr (path, "/chunks/") != NULL)
    n_parts_opened++;

  return _strata_seam_get_system ()->open (dir, path, flags, mode);
}

/* @n_elements: all there are */
static void
load_progressively (StrataStore *store,
                    guint        n_elements,
                    int          report)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *key = make_key ("a");
  g_autoptr(StrataSession) session = strata_session_open (store, key, NULL, &error);
  g_autoptr(StrataPartIterator) iterator = NULL;
  StrataElements *elements;
  guint n = 0;

  g_assert_no_error (error);
  g_assert_cmpuint (strata_session_get_n_items (session, "screenshots"), ==, n_elements);
  report_done (report);
  iterator = strata_session_iterate (session, "screenshots");
  while ((elements = strata_part_iterator_load_next (iterator, NULL, &error)) != NULL)
    {
      for (guint i = 0; i < strata_elements_get_n_elements (elements); i++)
        {
          g_autofree char *expected = session_util_make_element (n++, "1");
          g_autoptr(GBytes) text = strata_elements_dup_element (elements, i);

          session_util_assert_text (text, expected);
        }
      strata_elements_unref (elements);
      report_done (report);
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, n_elements);
}

static gboolean
run_load (const char *path,
          int         report)
{
  g_autoptr(StrataStore) store = open_store (path);

  load_progressively (store, N_FEW, report);

  return TRUE;
}

static void
check_load (const char *path,
            guint       n_done,
            gboolean    is_over)
{
  check_create (path, 1, is_over);
  g_assert_true (!is_over || n_done == 3);
}

static void
test_a_session_is_loaded_bit_by_bit (void)
{
  g_autofree char *path = test_make_fast_dir ();
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");
  g_autofree char *key = write_util_create (store, json, NULL);
  StrataCache *cache = strata_store_get_cache (store);
  StrataSeam seam = *_strata_seam_get_system ();
  g_autoptr(StrataSession) session = NULL;
  g_autoptr(StrataElements) part = NULL;
  guint64 hits;

  seam.open = count_opens;
  _strata_seam = &seam;
  session = strata_session_open (store, key, NULL, NULL);
  g_assert_nonnull (session);
  g_assert_cmpuint (n_parts_opened, ==, 0);
  part = strata_session_load_part (session, "screenshots-003", NULL, NULL);
  g_assert_nonnull (part);
  g_assert_cmpuint (n_parts_opened, ==, 1);

  /* The one that is there is not read again */
  hits = strata_cache_get_hits (cache);
  load_progressively (store, N_ELEMENTS, -1);
  g_assert_cmpuint (n_parts_opened, ==, 3);
  g_assert_cmpuint (strata_cache_get_hits (cache), >, hits);
  load_progressively (store, N_ELEMENTS, -1);
  g_assert_cmpuint (n_parts_opened, ==, 3);
  _strata_seam = _strata_seam_get_system ();
  g_clear_object (&session);
  g_clear_object (&store);
  test_remove_tree (path);
}

/* Update → only what is concerned changes */

static char *
make_updated (guint n)
{
  g_autofree char *json = session_util_make ("a", n, "1");
  g_autofree char *summary = g_strnfill (5000, 's');

  json[strlen (json) - 1] = '\0';

  return g_strdup_printf ("%s,\"summary\":\"%s\"}", json, summary);
}

static gboolean
update (StrataStore *store)
{
  g_autofree char *key = make_key ("a");
  g_autofree char *summary = g_strnfill (5000, 's');
  g_autofree char *value = g_strdup_printf ("\"%s\"", summary);

  return write_util_set (store, key, "summary", value, NULL);
}

static gboolean
run_update (const char *path,
            int         report)
{
  g_autoptr(StrataStore) store = open_store (path);

  if (!update (store))
    return FALSE;
  report_done (report);

  return TRUE;
}

static void
check_update (const char *path,
              guint       n_done,
              gboolean    is_over)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *key = make_key ("a");
  g_autofree char *before = session_util_make ("a", N_FEW, "1");
  g_autofree char *after = make_updated (N_FEW);
  g_autofree char *text = store_util_read_session (store, key, NULL);

  assert_sound (store);
  g_assert_nonnull (text);
  if (n_done > 0 || strcmp (text, before) != 0)
    g_assert_true (strcmp (text, after) == 0);
}

/* Names and inodes of the parts: what is written anew has another */
static char *
describe_parts (const char *path,
                const char *prefix)
{
  g_autofree char *list = store_util_list_files (path, "sessions");
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);
  GString *text = g_string_new (NULL);

  for (guint i = 0; files[i] != NULL; i++)
    {
      g_autofree char *name = g_path_get_basename (files[i]);
      g_autofree char *file = g_build_filename (path, files[i], NULL);
      GStatBuf status;

      g_assert_cmpint (g_stat (file, &status), ==, 0);
      if (g_str_has_prefix (name, prefix))
        g_string_append_printf (text, "%s %lu\n", files[i], (gulong)status.st_ino);
    }

  return g_string_free (text, FALSE);
}

static void
test_an_update_leaves_other_parts_alone (void)
{
  g_autofree char *path = test_make_fast_dir ();
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");
  g_autofree char *expected = make_updated (N_ELEMENTS);
  g_autofree char *key = write_util_create (store, json, NULL);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *summary = NULL;
  g_autoptr(StrataSession) session = NULL;
  StrataCache *cache = strata_store_get_cache (store);
  guint64 misses;

  load_progressively (store, N_ELEMENTS, -1);
  before = describe_parts (path, "screenshots-");
  session = strata_session_open (store, key, NULL, NULL);
  g_assert_true (update (store));

  after = describe_parts (path, "screenshots-");
  summary = describe_parts (path, "summary-");
  g_assert_cmpstr (before, ==, after);
  g_assert_cmpstr (summary, !=, "");

  /* In the cache only the metadata are new; nothing old is taken for what is */
  misses = strata_cache_get_misses (cache);
  load_progressively (store, N_ELEMENTS, -1);
  g_assert_cmpuint (strata_cache_get_misses (cache), ==, misses + 1);
  assert_session (store, "a", expected);
  assert_sound (store);
  g_clear_object (&session);
  g_clear_object (&store);
  test_remove_tree (path);
}

/* Delete → files and objects that nothing needs are gone after the clean-up; what is shared stays */

static void
set_up_shared (const char *path)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autoptr(GError) error = NULL;
  g_autofree char *a = write_util_create (store, "{\"id\":\"a\",\"screenshots\":[]}", &error);
  g_autofree char *b = write_util_create (store, "{\"id\":\"b\",\"screenshots\":[]}", &error);

  g_assert_no_error (error);
  write_util_append (store, a, "screenshots", "{\"id\":\"1\"}", "own", "only a has it", &error);
  g_assert_no_error (error);
  write_util_append (store, a, "screenshots", "{\"id\":\"2\"}", "shared-a", "both have it", &error);
  g_assert_no_error (error);
  write_util_append (store, b, "screenshots", "{\"id\":\"3\"}", "shared-b", "both have it", &error);
  g_assert_no_error (error);
  strata_store_seal_session (store, a, NULL, &error);
  g_assert_no_error (error);
}

static gboolean
collect (StrataStore *store,
         guint        days)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(StrataGarbage) garbage =
    _strata_gc_collect (store, options, g_get_real_time () / G_USEC_PER_SEC + days * DAY_S, NULL, NULL);

  return garbage != NULL;
}

static gboolean
run_delete (const char *path,
            int         report)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *key = make_key ("a");
  g_autofree char *name = has_session (store, "a") ? strata_store_delete_session (store, key, NULL, NULL) : g_strdup ("");

  if (name == NULL)
    return FALSE;
  report_done (report);
  /* The session's time is over; then that of what only it needed */
  if (!collect (store, 31) || !collect (store, 40))
    return FALSE;
  report_done (report);

  return TRUE;
}

static void
check_delete (const char *path,
              guint       n_done,
              gboolean    is_over)
{
  g_autoptr(StrataStore) store = open_store (path);
  g_autofree char *key = make_key ("a");
  g_autofree char *folder = g_build_filename ("sessions", key, NULL);
  g_autofree char *files = store_util_list_files (path, folder);
  g_autofree char *trash = store_util_list_files (path, "trash");
  g_autofree char *objects = store_util_list_files (path, "attachments");
  gboolean is_there = has_session (store, "a");

  assert_sound (store);
  assert_session (store, "b", "{\"id\":\"b\",\"screenshots\":[{\"id\":\"3\",\"attachmentId\":\"shared-b\"}]}");
  if (is_there)
    assert_session (store, "a", "{\"id\":\"a\",\"screenshots\":[{\"id\":\"1\",\"attachmentId\":\"own\"},"
                                "{\"id\":\"2\",\"attachmentId\":\"shared-a\"}]}");
  g_assert_true (n_done == 0 || (!is_there && *files == '\0'));
  if (n_done == 2)
    {
      g_assert_cmpstr (trash, ==, "");
      g_assert_null (strchr (objects, '\n'));
    }
}

static void
test_what_is_deleted_is_gone_in_time (void)
{
  g_autofree char *path = test_make_fast_dir ();
  g_autofree char *before = NULL;

  set_up_shared (path);
  before = store_util_list_files (path, "attachments");
  g_assert_nonnull (strchr (before, '\n'));
  g_assert_true (run_delete (path, -1));
  check_delete (path, 2, TRUE);
  test_remove_tree (path);
}

/* Killed */

static const Scenario scenarios[] = {
  { "create", set_up_nothing, run_create, check_create },
  { "append", set_up_empty_session, run_append, check_append },
  { "load", set_up_session, run_load, check_load },
  { "update", set_up_session, run_update, check_update },
  { "delete", set_up_shared, run_delete, check_delete },
};

static guint total;

/* In a child as well: threads that read ahead in this process would be missing in those to come. */
static guint64
count_calls (const Scenario *scenario)
{
  g_autofree char *path = test_make_fast_dir ();
  guint64 calls = 0;
  int ends[2], status;
  pid_t pid;

  scenario->set_up (path);
  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      gboolean ok;

      fault_seam_install ();
      ok = scenario->run (path, -1);
      calls = fault_seam_get_calls ();
      _exit (ok && write (ends[1], &calls, sizeof calls) == sizeof calls ? 0 : 1);
    }

  close (ends[1]);
  g_assert_cmpint (read (ends[0], &calls, sizeof calls), ==, sizeof calls);
  close (ends[0]);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFEXITED (status) && WEXITSTATUS (status) == 0);
  test_remove_tree (path);

  return calls;
}

/* Lets a child process do it, which dies at the @nth call.
 *
 * @out_done: how many things it had reported by then
 * Returns: whether it came to its end
 */
static gboolean
run_killed (const Scenario *scenario,
            const char     *path,
            guint64         nth,
            guint          *out_done)
{
  char reported[64];
  int ends[2], status;
  gssize size;
  pid_t pid;

  g_assert_cmpint (pipe (ends), ==, 0);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      fault_seam_install ();
      fault_seam_arm (FAULT_KILL, nth, 0);
      _exit (scenario->run (path, ends[1]) ? 0 : 1);
    }

  close (ends[1]);
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  size = read (ends[0], reported, sizeof reported);
  close (ends[0]);
  g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);
  *out_done = (guint)MAX (size, 0);

  return WIFEXITED (status);
}

static void
test_killed_it_is_done_again (gconstpointer test_data)
{
  const Scenario *scenario = test_data;
  guint64 calls = count_calls (scenario);
  guint64 step = g_getenv ("STRATA_TEST_LONG") != NULL ? 1 : MAX (1, calls / MAX_KILLS);
  guint n_killed = 0;

  for (guint64 nth = 1; nth <= calls; nth += step)
    {
      g_autofree char *path = test_make_fast_dir ();
      guint n_done;
      gboolean is_over;

      scenario->set_up (path);
      is_over = run_killed (scenario, path, nth, &n_done);
      scenario->check (path, n_done, is_over);
      n_killed += is_over ? 0 : 1;

      g_assert_true (run_killed (scenario, path, G_MAXUINT64, &n_done));
      scenario->check (path, n_done, TRUE);
      test_remove_tree (path);
    }

  total += n_killed;
  g_test_message ("%s: killed at %u of %" G_GUINT64_FORMAT " calls", scenario->name, n_killed, calls);
  g_assert_cmpuint (n_killed, >=, 20);
}

int
main (int   argc,
      char *argv[])
{
  int status;

  g_test_init (&argc, &argv, NULL);

  /* First, for a process with threads is no good parent */
  for (guint i = 0; i < G_N_ELEMENTS (scenarios); i++)
    {
      g_autofree char *path = g_strconcat ("/killed/", scenarios[i].name, NULL);

      g_test_add_data_func (path, &scenarios[i], test_killed_it_is_done_again);
    }

  g_test_add_func ("/scenarios/create", test_what_is_created_is_in_parts);
  g_test_add_func ("/scenarios/load", test_a_session_is_loaded_bit_by_bit);
  g_test_add_func ("/scenarios/update", test_an_update_leaves_other_parts_alone);
  g_test_add_func ("/scenarios/delete", test_what_is_deleted_is_gone_in_time);

  status = g_test_run ();
  if (total > 0)
    g_print ("# in all: killed at %u calls\n", total);

  return status;
}

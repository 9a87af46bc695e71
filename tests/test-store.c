/* test-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-changes-private.h"
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
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
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

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *content)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);

  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
remove_file (Fixture    *fixture,
             const char *name)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);

  g_assert_cmpint (g_remove (path), ==, 0);
}

static gboolean
file_exists (Fixture    *fixture,
             const char *name)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);

  return g_file_test (path, G_FILE_TEST_EXISTS);
}

static void
reopen (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  g_clear_object (&fixture->store);
  fixture->store = strata_store_open (fixture->path, &error);
  g_assert_no_error (error);
}

static guint
count_sessions (StrataStore *store)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_DATE, 0, &error);

  g_assert_no_error (error);

  return sessions->len;
}

/* Making and opening */

static void
test_a_new_store_is_empty_and_in_order (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *state = strata_store_dup_state (fixture->store);
  g_autofree char *problems = store_util_check (fixture->store);
  g_auto(GStrv) collections = strata_store_list_collections (fixture->store, NULL);

  g_assert_cmpstr (state, ==, "planned");
  g_assert_null (strata_store_dup_source (fixture->store));
  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpuint (count_sessions (fixture->store), ==, 0);
  g_assert_cmpuint (g_strv_length (collections), ==, 0);
  g_assert_cmpstr (strata_store_get_path (fixture->store), ==, fixture->path);
}

static void
test_a_store_is_made_with_its_parents (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "trash", "a", "b", NULL);
  g_autoptr(StrataStore) store = store_util_open (path);
  g_autoptr(StrataStore) again = store_util_open (path);

  g_assert_cmpstr (strata_store_get_path (again), ==, path);
}

static void
test_no_store_is_made_among_other_things (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *path = test_make_dir ();
  g_autofree char *file = g_build_filename (path, "diary.txt", NULL);
  g_autoptr(GError) error = NULL;
  g_autofree char *files = NULL;

  g_assert_true (g_file_set_contents (file, "x", 1, NULL));
  g_assert_null (strata_store_open_or_create (path, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
  files = store_util_list_files (path, "");
  g_assert_cmpstr (files, ==, "diary.txt");
  test_remove_dir (path);
}

static void
test_an_interrupted_making_is_taken_up (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_clear_object (&fixture->store);
  remove_file (fixture, "catalog.sqlite3");
  remove_file (fixture, "store.json");
  write_file (fixture, "store.json.new", "{");

  fixture->store = store_util_open (fixture->path);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 0);
}

/* Wherever making a store fails: making it again works */
static void
test_no_fault_spoils_the_making_of_a_store (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  for (guint64 nth = 1; ; nth++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataStore) store = NULL;
      gboolean struck;

      fault_seam_install ();
      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      store = strata_store_open_or_create (path, &error);
      struck = fault_seam_has_struck ();
      fault_seam_remove ();
      g_assert_true ((store != NULL) == (error == NULL));
      g_clear_object (&store);

      store = store_util_open (path);
      g_assert_cmpuint (count_sessions (store), ==, 0);
      g_clear_object (&store);
      test_remove_dir (path);
      if (!struck)
        break;
    }
}

static void
test_where_is_no_store_none_is_opened (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *none = g_build_filename (fixture->path, "none", NULL);
  g_autofree char *empty = g_build_filename (fixture->path, "trash", NULL);
  const char *const paths[] = { none, empty };

  for (guint i = 0; i < G_N_ELEMENTS (paths); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_store_open (paths[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_a_newer_format_is_refused_in_words (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  static const char *const headers[] = {
    "{\"format\":3,\"min_reader\":3,\"min_writer\":3,\"id\":\"x\",\"state\":\"complete\"}",
    "{\"format\":3,\"min_reader\":1,\"min_writer\":3,\"id\":\"x\",\"state\":\"complete\",\"sources\":{}}",
    "{\"min_reader\":99}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr(GError) error = NULL;

      write_file (fixture, "store.json", headers[i]);
      g_assert_null (strata_store_open (fixture->path, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NEWER_FORMAT);
      g_assert_nonnull (strstr (error->message, "intact"));
      g_clear_error (&error);
      g_assert_null (strata_store_open_or_create (fixture->path, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NEWER_FORMAT);
    }
}

static void
test_a_damaged_header_is_refused (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const char *const headers[] = {
    "", "{", "[]", "{}", "{\"format\":1}", "{\"format\":1,\"id\":\"x\"}", "{\"format\":0,\"id\":\"x\",\"state\":\"y\"}",
    "{\"format\":1,\"id\":\"x\",\"state\":\"y\",\"sources\":[1]}",
    "{\"format\":1,\"id\":\"x\",\"state\":\"y\",\"sources\":5}",
  };
  g_autofree char *copy = g_build_filename (fixture->path, "store.json.copy", NULL);

  g_assert_cmpint (g_remove (copy), ==, 0);
  for (guint i = 0; i < G_N_ELEMENTS (headers); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *state = NULL;

      write_file (fixture, "store.json", headers[i]);
      g_assert_null (strata_store_open (fixture->path, &error));
      g_assert_nonnull (error);
      g_assert_cmpint (error->domain, ==, STRATA_ERROR);
      state = strata_store_dup_state (fixture->store);
      g_assert_cmpstr (state, ==, "failed");
      g_assert_null (strata_store_dup_source (fixture->store));
    }
}

/* Whatever happens to one of the two */
static void
test_a_damaged_header_is_read_from_its_copy (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (fixture->store, NULL);
  g_autofree char *path = g_build_filename (fixture->path, "store.json", NULL);
  g_autofree char *text = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &text, &size, NULL));
  for (gsize i = 0; i <= size; i++)
    {
      g_autofree char *damaged = g_memdup2 (text, size + 1);
      g_autoptr(StrataHeader) back = NULL;
      g_autoptr(GError) error = NULL;

      damaged[i] ^= i < size ? 1 : 0;
      g_assert_cmpint (g_remove (path), ==, 0);
      g_assert_true (i == size || g_file_set_contents (path, damaged, (gssize)size, NULL));
      back = _strata_store_read_header (fixture->store, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (back->id, ==, header->id);
      g_assert_cmpstr (back->created, ==, header->created);
      g_assert_cmpstr (back->state, ==, header->state);
      g_assert_true (g_file_set_contents (path, text, (gssize)size, NULL));
    }
}

/* It says what it says, and a copy from later or earlier does not count */
static void
test_a_header_from_before_digests_is_read (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autoptr(StrataHeader) back = NULL;

  write_file (fixture, "store.json", "{\"format\":1,\"min_reader\":1,\"min_writer\":1,\"id\":\"x\",\"created\":\"y\","
                                     "\"state\":\"paused\",\"sources\":[]}\n");
  back = _strata_store_read_header (fixture->store, NULL);
  g_assert_cmpstr (back->id, ==, "x");
  g_assert_cmpstr (back->state, ==, "paused");
}

static void
test_the_header_comes_back (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataHeader) header = _strata_store_read_header (fixture->store, NULL);
  g_autoptr(StrataHeader) back = NULL;
  g_autofree char *source = NULL;
  const StrataSourceRecord *record;
  gboolean is_new;

  g_assert_cmpuint (_strata_header_add_source (header, "/old/\"store\"", &is_new), ==, 1);
  g_assert_true (is_new);
  g_assert_cmpuint (_strata_header_add_source (header, "/other", &is_new), ==, 2);
  g_assert_cmpuint (_strata_header_add_source (header, "/old/\"store\"", &is_new), ==, 1);
  g_assert_false (is_new);
  _strata_header_set_source_bytes (header, 2, 12345678901);
  g_assert_true (_strata_header_write (header, _strata_store_get_dir (fixture->store), NULL));

  back = _strata_store_read_header (fixture->store, NULL);
  source = strata_store_dup_source (fixture->store);
  record = g_ptr_array_index (back->sources, 1);
  g_assert_cmpstr (back->id, ==, header->id);
  g_assert_cmpstr (back->created, ==, header->created);
  g_assert_cmpuint (back->sources->len, ==, 2);
  g_assert_cmpuint (record->number, ==, 2);
  g_assert_cmpuint (record->bytes, ==, 12345678901);
  g_assert_cmpstr (source, ==, "/other");
}

static void
test_the_default_path_can_be_set (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *usual = NULL;
  g_autofree char *given = NULL;

  g_unsetenv ("STRATA_STORE");
  usual = strata_store_dup_default_path ();
  g_setenv ("STRATA_STORE", "/somewhere", TRUE);
  given = strata_store_dup_default_path ();
  g_unsetenv ("STRATA_STORE");

  g_assert_true (g_str_has_suffix (usual, "/strata/store"));
  g_assert_cmpstr (given, ==, "/somewhere");
}

/* Locking */

/* Another process holds the lock until it is killed. */
static pid_t
hold_lock_elsewhere (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->path, "lock", NULL);
  int pipe_fds[2];
  char byte;
  pid_t pid;

  g_assert_cmpint (pipe (pipe_fds), ==, 0);
  pid = fork ();
  if (pid == 0)
    {
      int fd = open (path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);

      if (fd < 0 || _strata_seam_get ()->lock (fd, F_WRLCK) < 0 || write (pipe_fds[1], "x", 1) != 1)
        _exit (1);
      while (TRUE)
        pause ();
    }
  g_assert_cmpint (read (pipe_fds[0], &byte, 1), ==, 1);
  close (pipe_fds[0]);
  close (pipe_fds[1]);

  return pid;
}

static void
end_process (pid_t pid)
{
  g_assert_cmpint (kill (pid, SIGKILL), ==, 0);
  g_assert_cmpint (waitpid (pid, NULL, 0), ==, pid);
}

static void
test_a_second_writer_waits_and_then_gives_up (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  pid_t holder = hold_lock_elsewhere (fixture);
  gint64 started = g_get_monotonic_time ();
  g_autoptr(GError) error = NULL;
  double waited;

  g_assert_false (_strata_store_lock (fixture->store, &error));
  waited = (double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC;
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_assert_cmpfloat (waited, >=, 4.5);

  end_process (holder);
  g_assert_true (_strata_store_lock (fixture->store, NULL));
  _strata_store_unlock (fixture->store);
}

static gpointer
end_process_soon (gpointer data)
{
  g_usleep (200 * 1000);
  end_process (GPOINTER_TO_INT (data));

  return NULL;
}

static void
test_a_second_writer_goes_on_when_the_first_is_done (Fixture       *fixture,
                                                     gconstpointer  test_data)
{
  pid_t holder = hold_lock_elsewhere (fixture);
  GThread *thread = g_thread_new ("end", end_process_soon, GINT_TO_POINTER (holder));
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);

  g_thread_join (thread);
  g_assert_nonnull (key);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
}

static void
test_a_lock_that_can_not_be_had_is_an_error (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  fault_seam_install ();
  fault_seam_arm (FAULT_FOREVER, 2, ENOLCK);
  g_assert_false (_strata_store_lock (fixture->store, &error));
  g_assert_nonnull (error);
  g_assert_cmpint (error->domain, ==, G_IO_ERROR);
}

/* Opening */

static void
test_opening_sweeps_what_the_dead_left_and_no_more (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  g_autoptr(StrataBatch) living = _strata_batch_new (fixture->store, NULL);
  g_autoptr(StrataManifest) manifest = store_util_slice (fixture->store, living, "{\"id\":\"a\",\"screenshots\":[1]}", 0, NULL);
  const StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  g_autoptr(StrataStore) other = NULL;
  g_autofree char *lock = NULL;

  write_file (fixture, "staging/deadbeef.lock", "");
  write_file (fixture, "staging/deadbeef-0", "left");
  write_file (fixture, "staging/00000000-17", "left, without a lock");
  write_file (fixture, "quarantine/kept", "x");
  write_file (fixture, "trash/kept", "x");

  other = strata_store_open (fixture->path, NULL);
  g_assert_nonnull (other);
  g_assert_false (file_exists (fixture, "staging/deadbeef.lock"));
  g_assert_false (file_exists (fixture, "staging/deadbeef-0"));
  g_assert_false (file_exists (fixture, "staging/00000000-17"));
  g_assert_true (file_exists (fixture, part->staged_path));
  lock = store_util_find_file (fixture->path, "staging", "");
  g_assert_true (file_exists (fixture, "quarantine/kept"));
  g_assert_true (file_exists (fixture, "trash/kept"));
}

/* The log is ahead of the catalog: as when the disk filled up between the two */
static void
test_opening_rolls_the_catalog_forward (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *catalog = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
  g_autofree char *old_catalog = NULL;
  g_autofree char *a = store_util_put (fixture->store, "{\"id\":\"a\",\"name\":\"one\"}", 0);
  g_autofree char *b = NULL;
  g_autofree char *a_again = NULL;
  g_autoptr(StrataSessionInfo) info = NULL;
  gsize size;

  g_clear_object (&fixture->store);
  g_assert_true (g_file_get_contents (catalog, &old_catalog, &size, NULL));
  fixture->store = store_util_open (fixture->path);
  b = store_util_put (fixture->store, "{\"id\":\"b\"}", 1);
  a_again = store_util_put (fixture->store, "{\"id\":\"a\",\"name\":\"two\"}", 0);
  g_clear_object (&fixture->store);
  g_assert_true (g_file_set_contents (catalog, old_catalog, (gssize)size, NULL));

  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 2);
  info = strata_store_find_session (fixture->store, a, NULL);
  g_assert_cmpstr (info->name, ==, "two");
}

/* What is gone from the files goes from the catalog, when the log says to look */
static void
test_a_session_without_metadata_leaves_the_catalog (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *metadata = g_strdup_printf ("sessions/%s/metadata.json", key);

  remove_file (fixture, metadata);
  g_clear_object (&fixture->store);
  remove_file (fixture, "catalog.sqlite3");
  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 0);
}

static void
test_the_catalog_is_made_anew_from_the_files (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);

  store_util_put_collection (fixture->store, "notes", "[1]");
  for (guint i = 0; i < 3; i++)
    {
      g_auto(GStrv) collections = NULL;

      g_clear_object (&fixture->store);
      if (i == 0)
        remove_file (fixture, "catalog.sqlite3");
      else
        write_file (fixture, "catalog.sqlite3", i == 1 ? "no database at all, but long enough to be looked at as one" : "");
      reopen (fixture);
      g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
      collections = strata_store_list_collections (fixture->store, NULL);
      g_assert_cmpstr (collections[0], ==, "notes");
    }
}

/* A page in the middle of it, not looked at before it is needed */
static void
test_damage_inside_the_catalog_is_made_good (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  gsize size;
  int fd;

  for (guint i = 0; i < 50; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"session %u\",\"name\":\"%s\"}", i, "a name of some length, so that there are pages");

      g_free (store_util_put (fixture->store, json, i));
    }
  g_clear_object (&fixture->store);
  size = store_util_file_size (fixture->path, "catalog.sqlite3");
  g_assert_cmpuint (size, >, 8192);
  {
    g_autofree char *path = g_build_filename (fixture->path, "catalog.sqlite3", NULL);
    g_autofree char *junk = g_strnfill (size - 8192, 'j');

    fd = g_open (path, O_WRONLY | O_CLOEXEC, 0);
    g_assert_cmpint (pwrite (fd, junk, size - 8192, 8192), ==, (gssize)(size - 8192));
    close (fd);
  }

  reopen (fixture);
  g_assert_true (_strata_store_lock (fixture->store, NULL));
  g_assert_true (_strata_store_rebuild_catalog (fixture->store, NULL));
  _strata_store_unlock (fixture->store);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 50);
}

/* Things that are no sessions lie among them */
static void
test_strange_files_do_not_stop_opening (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *folder = g_build_filename (fixture->path, "sessions", "b-0123456789abcdef", "metadata.json", NULL);
  g_autofree char *link = g_build_filename (fixture->path, "sessions", "c-0123456789abcdef", NULL);
  g_autofree char *problems = NULL;

  write_file (fixture, "sessions/.DS_Store", "x");
  write_file (fixture, "sessions/d-0123456789abcdef", "x");
  write_file (fixture, "collections/.metadata.json", "x");
  write_file (fixture, "collections/UPPER.metadata.json", "x");
  write_file (fixture, "collections/._notes.json", "x");
  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (symlink ("/etc", link), ==, 0);
  g_clear_object (&fixture->store);
  remove_file (fixture, "catalog.sqlite3");

  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
  problems = store_util_check (fixture->store);
  g_assert_null (strstr (problems, "DS_Store"));
  g_assert_null (strstr (problems, "UPPER"));
  g_assert_nonnull (strstr (problems, "sessions/b-0123456789abcdef/metadata.json: "));
}

/* Damage in the middle of the log must not hide what comes after it */
static void
test_sessions_after_a_damaged_line_are_listed (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_autofree char *a = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *b = store_util_put (fixture->store, "{\"id\":\"b\"}", 1);
  g_autofree char *c = NULL;

  g_clear_object (&fixture->store);
  store_util_flip_byte (fixture->path, "changes.log", 3);
  remove_file (fixture, "catalog.sqlite3");
  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 2);
  c = store_util_put (fixture->store, "{\"id\":\"c\"}", 2);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 3);
  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 3);
}

/* An intent that a power cut left as zeros names nothing, and hides no other */
static void
test_every_intent_is_followed (Fixture       *fixture,
                               gconstpointer  test_data)
{
  static const char zeros[50];
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *intent = g_strdup_printf ("session %s\n", key);
  g_autofree char *torn = g_build_filename (fixture->path, "staging", "00000000-1.intent", NULL);
  g_autofree char *problems = NULL;

  g_clear_object (&fixture->store);
  write_file (fixture, "changes.log", "");
  g_assert_true (g_file_set_contents (torn, zeros, sizeof zeros, NULL));
  write_file (fixture, "staging/ffffffff-1.intent", intent);
  fixture->store = store_util_open (fixture->path);

  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpuint (store_util_file_size (fixture->path, "changes.log"), >, 0);
}

/* The log was cut back, by a restored copy for one, and written on */
static void
test_a_catalog_that_is_ahead_is_made_anew (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *a = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *b = store_util_put (fixture->store, "{\"id\":\"b\"}", 1);
  g_autofree char *metadata = g_strdup_printf ("sessions/%s/metadata.json", b);

  g_clear_object (&fixture->store);
  write_file (fixture, "changes.log", "");
  remove_file (fixture, metadata);
  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
}

/* Two at once, in one process or several: each sees what the other committed */
static void
test_two_stores_follow_each_other (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataStore) other = store_util_open (fixture->path);
  g_autofree char *a = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *b = store_util_put (other, "{\"id\":\"b\"}", 1);

  g_assert_cmpuint (count_sessions (fixture->store), ==, 2);
  g_assert_cmpuint (count_sessions (other), ==, 2);
}

static int
refuse_writing (const char *what,
                const char *path)
{
  return strcmp (what, "write") == 0 || strcmp (what, "truncate") == 0 ? EROFS : 0;
}

static int
refuse_locking (int fd,
                int type)
{
  errno = EROFS;

  return -1;
}

/* On a medium that can't be written to, everything can be read */
static void
test_a_read_only_store_is_read (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1]}", 0);
  StrataSeam read_only = *_strata_seam_get_system ();
  g_autofree char *text = NULL;

  g_clear_object (&fixture->store);
  read_only.sqlite = refuse_writing;
  read_only.lock = refuse_locking;
  _strata_seam = &read_only;
  reopen (fixture);
  g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
  text = store_util_read_session (fixture->store, key, NULL);
  g_assert_cmpstr (text, ==, "{\"id\":\"a\",\"screenshots\":[1]}");
  g_clear_object (&fixture->store);
  _strata_seam = _strata_seam_get_system ();
}

/* Whatever fails while opening: an error or a store, and the next opening works */
static void
test_no_fault_spoils_opening (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const int errnos[] = { EIO, ENOSPC, EACCES };
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1]}", 0);

  g_clear_object (&fixture->store);
  for (guint i = 0; i < G_N_ELEMENTS (errnos); i++)
    for (guint64 nth = 1; ; nth++)
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(StrataStore) store = NULL;
        gboolean struck;

        remove_file (fixture, "catalog.sqlite3");
        write_file (fixture, "staging/deadbeef-0", "left");
        fault_seam_install ();
        fault_seam_arm (FAULT_ERRNO, nth, errnos[i]);
        store = strata_store_open (fixture->path, &error);
        struck = fault_seam_has_struck ();
        fault_seam_remove ();
        g_assert_true ((store != NULL) == (error == NULL));
        g_clear_object (&store);

        reopen (fixture);
        g_assert_cmpuint (count_sessions (fixture->store), ==, 1);
        g_clear_object (&fixture->store);
        if (!struck)
          break;
      }
}

/* Reading */

static void
test_damage_ends_the_stream (Fixture       *fixture,
                             gconstpointer  test_data)
{
  static const char *const files[] = { "screenshots", "metadata" };

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"%u\",\"screenshots\":[1,2,3]}", i);
      g_autofree char *key = store_util_put (fixture->store, json, i);
      g_autofree char *folder = g_build_filename ("sessions", key, NULL);
      g_autofree char *file = store_util_find_file (fixture->path, folder, files[i]);
      gsize size = store_util_file_size (fixture->path, file);

      for (gsize offset = 0; offset < size; offset++)
        {
          g_autoptr(GError) error = NULL;
          g_autofree char *text = NULL;

          store_util_flip_byte (fixture->path, file, offset);
          text = store_util_read_session (fixture->store, key, &error);
          store_util_flip_byte (fixture->path, file, offset);
          g_assert_null (text);
          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
        }
    }
}

static void
test_a_part_of_wrong_length_or_none_is_corrupt (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  static const char *const contents[] = { "", "[", "[1,2", "[1,2]\n", "[1,2]  " };
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2]}", 0);
  g_autofree char *file = store_util_find_file (fixture->path, "sessions", "screenshots");

  for (guint i = 0; i <= G_N_ELEMENTS (contents); i++)
    {
      g_autoptr(GError) error = NULL;

      if (i < G_N_ELEMENTS (contents))
        write_file (fixture, file, contents[i]);
      else
        remove_file (fixture, file);
      g_assert_null (store_util_read_session (fixture->store, key, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
    }
}

static void
test_metadata_of_another_session_is_corrupt (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autofree char *a = store_util_put (fixture->store, "{\"id\":\"a\"}", 0);
  g_autofree char *b = store_util_put (fixture->store, "{\"id\":\"b\"}", 1);
  g_autofree char *a_path = g_build_filename (fixture->path, "sessions", a, "metadata.json", NULL);
  g_autofree char *b_path = g_build_filename (fixture->path, "sessions", b, "metadata.json", NULL);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_rename (a_path, b_path), ==, 0);
  g_assert_null (store_util_read_session (fixture->store, b, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

static void
test_no_key_leads_out_of_the_store (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const char *const keys[] = { "", ".", "..", "../x", "/etc", "a/b", "a-0123456789abcdef", "A", "\n" };

  for (guint i = 0; i < G_N_ELEMENTS (keys); i++)
    {
      g_autoptr(GError) session_error = NULL;
      g_autoptr(GError) metadata_error = NULL;
      g_autoptr(GError) manifest_error = NULL;
      g_autoptr(GError) part_error = NULL;
      g_autoptr(GError) collection_error = NULL;
      g_autoptr(GError) name_error = NULL;

      g_assert_null (strata_store_open_session (fixture->store, keys[i], &session_error));
      g_assert_error (session_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_assert_null (strata_store_load_metadata (fixture->store, keys[i], &metadata_error));
      g_assert_error (metadata_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_assert_null (strata_store_load_manifest (fixture->store, keys[i], &manifest_error));
      g_assert_error (manifest_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_assert_null (strata_store_open_part (fixture->store, keys[i], "screenshots-001", &part_error));
      g_assert_error (part_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_assert_null (strata_store_open_collection (fixture->store, keys[i], &collection_error));
      g_assert_error (collection_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
      g_assert_null (strata_store_dup_collection_name (fixture->store, keys[i], &name_error));
      g_assert_error (name_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_parts_are_found_by_kind_and_number (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  static const char *const contents[] = { "bytes", NULL };
  static const char *const no_parts[] = { "", "screenshots", "screenshots-1", "screenshots-002", "SCREENSHOTS-001", "../metadata" };
  g_autofree char *key = store_util_put_with_rows (fixture->store, "{\"id\":\"a\",\"screenshots\":[1,2]}", 0, contents);
  g_autoptr(GInputStream) part = strata_store_open_part (fixture->store, key, "screenshots-001", NULL);
  g_autoptr(GInputStream) rows = strata_store_open_part (fixture->store, key, "attachments-001", NULL);
  g_autofree char *part_text = store_util_read (part, NULL);
  g_autofree char *rows_text = store_util_read (rows, NULL);
  g_autoptr(GBytes) metadata = strata_store_load_metadata (fixture->store, key, NULL);
  g_autoptr(GBytes) manifest = strata_store_load_manifest (fixture->store, key, NULL);
  g_autofree char *file = g_build_filename (fixture->path, "sessions", key, "metadata.json", NULL);
  g_autofree char *on_disk = NULL;
  gsize size;

  g_assert_cmpstr (part_text, ==, "[1,2]");
  g_assert_true (g_str_has_prefix (rows_text, "[{\"id\":\"attachment-0\""));
  g_assert_cmpmem (g_bytes_get_data (metadata, NULL), g_bytes_get_size (metadata), "{\"id\":\"a\"}", 10);
  g_assert_true (g_file_get_contents (file, &on_disk, &size, NULL));
  g_assert_cmpmem (g_bytes_get_data (manifest, NULL), g_bytes_get_size (manifest), on_disk, size);
  for (guint i = 0; i < G_N_ELEMENTS (no_parts); i++)
    {
      g_autoptr(GError) error = NULL;

      g_assert_null (strata_store_open_part (fixture->store, key, no_parts[i], &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_attachments_come_back_byte_for_byte (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, NULL);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) other_rows = store_util_new_rows ();
  g_autoptr(StrataAttachmentInfo) stored = NULL;
  g_autoptr(StrataAttachmentInfo) missing = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GPtrArray) all = NULL;
  g_autofree char *text = NULL;
  g_autoptr(GError) no_bytes = NULL;
  g_autoptr(GError) unknown = NULL;

  g_ptr_array_add (rows, store_util_make_row (batch, "x", NULL));
  g_ptr_array_add (rows, store_util_make_row (batch, "none", NULL));
  g_ptr_array_add (other_rows, store_util_make_row (batch, "x", "the bytes"));
  _strata_batch_add (batch, store_util_slice (fixture->store, batch, "{\"id\":\"a\"}", 0, rows), g_ptr_array_ref (rows));
  _strata_batch_add (batch, store_util_slice (fixture->store, batch, "{\"id\":\"b\"}", 1, other_rows), g_ptr_array_ref (other_rows));
  g_assert_true (_strata_batch_commit (batch, NULL));

  /* Rather the one that has bytes */
  stored = strata_store_find_attachment (fixture->store, "x", NULL);
  stream = strata_store_open_attachment (fixture->store, stored, NULL);
  text = store_util_read (stream, NULL);
  g_assert_cmpstr (text, ==, "the bytes");
  g_assert_cmpint (stored->bytes, ==, 9);
  g_assert_cmpstr (stored->state, ==, "object");

  missing = strata_store_find_attachment (fixture->store, "none", NULL);
  g_assert_cmpint (missing->bytes, ==, -1);
  g_assert_cmpstr (missing->state, ==, "missing");
  g_assert_null (strata_store_open_attachment (fixture->store, missing, &no_bytes));
  g_assert_error (no_bytes, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_null (strata_store_find_attachment (fixture->store, "nobody", &unknown));
  g_assert_error (unknown, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);

  all = strata_store_list_attachments (fixture->store, NULL, NULL);
  g_assert_cmpuint (all->len, ==, 3);
}

static void
test_the_reserve_is_kept_and_given_up (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  _strata_store_make_reserve (fixture->store);
  g_assert_true (file_exists (fixture, "reserve"));
  g_assert_cmpuint (store_util_file_size (fixture->path, "reserve"), <=, 64 * 1024 * 1024);
  _strata_store_make_reserve (fixture->store);
  _strata_store_release_reserve (fixture->store);
  g_assert_false (file_exists (fixture, "reserve"));

  fault_seam_install ();
  for (guint64 nth = 1; nth < 6; nth++)
    {
      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      _strata_store_make_reserve (fixture->store);
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/store/new", test_a_new_store_is_empty_and_in_order);
  ADD ("/store/parents", test_a_store_is_made_with_its_parents);
  ADD ("/store/other-things", test_no_store_is_made_among_other_things);
  ADD ("/store/interrupted-making", test_an_interrupted_making_is_taken_up);
  ADD ("/store/faults-of-making", test_no_fault_spoils_the_making_of_a_store);
  ADD ("/store/none", test_where_is_no_store_none_is_opened);
  ADD ("/store/newer", test_a_newer_format_is_refused_in_words);
  ADD ("/store/damaged-header", test_a_damaged_header_is_refused);
  ADD ("/store/header-copy", test_a_damaged_header_is_read_from_its_copy);
  ADD ("/store/older-header", test_a_header_from_before_digests_is_read);
  ADD ("/store/header", test_the_header_comes_back);
  ADD ("/store/default-path", test_the_default_path_can_be_set);
  ADD ("/store/lock/gives-up", test_a_second_writer_waits_and_then_gives_up);
  ADD ("/store/lock/goes-on", test_a_second_writer_goes_on_when_the_first_is_done);
  ADD ("/store/lock/error", test_a_lock_that_can_not_be_had_is_an_error);
  ADD ("/store/open/sweep", test_opening_sweeps_what_the_dead_left_and_no_more);
  ADD ("/store/open/roll-forward", test_opening_rolls_the_catalog_forward);
  ADD ("/store/open/gone", test_a_session_without_metadata_leaves_the_catalog);
  ADD ("/store/open/new-catalog", test_the_catalog_is_made_anew_from_the_files);
  ADD ("/store/open/damaged-catalog", test_damage_inside_the_catalog_is_made_good);
  ADD ("/store/open/strange-files", test_strange_files_do_not_stop_opening);
  ADD ("/store/open/damaged-log", test_sessions_after_a_damaged_line_are_listed);
  ADD ("/store/open/catalog-ahead", test_a_catalog_that_is_ahead_is_made_anew);
  ADD ("/store/open/intents", test_every_intent_is_followed);
  ADD ("/store/open/two", test_two_stores_follow_each_other);
  ADD ("/store/open/read-only", test_a_read_only_store_is_read);
  ADD ("/store/open/faults", test_no_fault_spoils_opening);
  ADD ("/store/read/damage", test_damage_ends_the_stream);
  ADD ("/store/read/wrong-length", test_a_part_of_wrong_length_or_none_is_corrupt);
  ADD ("/store/read/another", test_metadata_of_another_session_is_corrupt);
  ADD ("/store/read/keys", test_no_key_leads_out_of_the_store);
  ADD ("/store/read/parts", test_parts_are_found_by_kind_and_number);
  ADD ("/store/read/attachments", test_attachments_come_back_byte_for_byte);
  ADD ("/store/reserve", test_the_reserve_is_kept_and_given_up);

  return g_test_run ();
}

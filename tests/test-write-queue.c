/* test-write-queue.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-seam-private.h"
#include "base/strata-threads.h"
#include "store-util.h"
#include "store/strata-store-write.h"
#include "store/strata-write-queue.h"
#include "test-util.h"

/* A table for the seam with a gate: while it is closed, syncing waits. So a test can
 * enqueue in peace while the writer is at the disk.
 */
static struct
{
  GMutex   mutex;
  GCond    cond;
  gboolean is_closed;
  guint    waiting;
} gate;

static StrataSeam gate_seam;

static void
pass_gate (void)
{
  g_mutex_lock (&gate.mutex);
  gate.waiting++;
  g_cond_broadcast (&gate.cond);
  while (gate.is_closed)
    g_cond_wait (&gate.cond, &gate.mutex);
  gate.waiting--;
  g_mutex_unlock (&gate.mutex);
}

static int
gate_sync (int fd)
{
  pass_gate ();

  return _strata_seam_get_system ()->sync (fd);
}

static int
gate_datasync (int fd)
{
  pass_gate ();

  return _strata_seam_get_system ()->datasync (fd);
}

static void
set_gate (gboolean is_closed)
{
  g_mutex_lock (&gate.mutex);
  gate.is_closed = is_closed;
  g_cond_broadcast (&gate.cond);
  g_mutex_unlock (&gate.mutex);
}

static void
wait_at_gate (void)
{
  g_mutex_lock (&gate.mutex);
  while (gate.waiting == 0)
    g_cond_wait (&gate.cond, &gate.mutex);
  g_mutex_unlock (&gate.mutex);
}

/* Fixture */

typedef struct
{
  char             *path;
  StrataStore      *store;
  char             *key;
  StrataWriteQueue *queue;

  /* What came back */
  guint             pending;
  guint             succeeded;
  guint             failed;
  GError           *error;      /* the last */
  char             *result_key;
  char             *result_name;
} Fixture;

static void
make_queue (Fixture *fixture,
            guint64  max_bytes)
{
  g_clear_object (&fixture->queue);
  fixture->queue = strata_write_queue_new (fixture->store, max_bytes);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("{\"id\":\"s\"}", -1, NULL);

  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->key = strata_store_create_session (fixture->store, stream, NULL, NULL);
  gate_seam = *_strata_seam_get_system ();
  gate_seam.sync = gate_sync;
  gate_seam.datasync = gate_datasync;
  gate.is_closed = FALSE;
  _strata_seam = &gate_seam;
  make_queue (fixture, 0);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  if (fixture->queue != NULL)
    strata_write_queue_close (fixture->queue);
  while (g_main_context_iteration (NULL, FALSE))
    ;
  g_clear_object (&fixture->queue);
  g_clear_object (&fixture->store);
  _strata_seam = _strata_seam_get_system ();
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
  g_free (fixture->result_key);
  g_free (fixture->result_name);
  g_clear_error (&fixture->error);
}

static void
written_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  Fixture *fixture = user_data;
  g_autoptr(GError) error = NULL;

  g_clear_pointer (&fixture->result_key, g_free);
  g_clear_pointer (&fixture->result_name, g_free);
  fixture->pending--;
  if (strata_write_queue_write_finish (STRATA_WRITE_QUEUE (object), result, &fixture->result_key, &fixture->result_name, &error))
    {
      fixture->succeeded++;
      return;
    }
  fixture->failed++;
  g_clear_error (&fixture->error);
  fixture->error = g_steal_pointer (&error);
}

static void
wait_for_all (Fixture *fixture)
{
  while (fixture->pending > 0)
    g_main_context_iteration (NULL, TRUE);
}

static GBytes *
bytes_of (const char *text)
{
  return g_bytes_new (text, strlen (text));
}

static void
append (Fixture             *fixture,
        const char          *list,
        const char          *json,
        StrataWritePriority  priority,
        GCancellable        *cancellable)
{
  g_autoptr(GBytes) bytes = bytes_of (json);

  fixture->pending++;
  strata_write_queue_append_async (fixture->queue, fixture->key, list, bytes, NULL, priority, cancellable, written_cb, fixture);
}

static void
set (Fixture             *fixture,
     const char          *member,
     const char          *json,
     StrataWritePriority  priority,
     GCancellable        *cancellable)
{
  g_autoptr(GBytes) bytes = bytes_of (json);

  fixture->pending++;
  strata_write_queue_set_member_async (fixture->queue, fixture->key, member, bytes, priority, cancellable, written_cb, fixture);
}

static void
save (Fixture             *fixture,
      const char          *json,
      StrataWritePriority  priority)
{
  g_autoptr(GBytes) bytes = bytes_of (json);

  fixture->pending++;
  strata_write_queue_save_session_async (fixture->queue, fixture->key, bytes, priority, NULL, written_cb, fixture);
}

static void
flushed_cb (GObject      *object,
            GAsyncResult *result,
            gpointer      user_data)
{
  gboolean *is_flushed = user_data;

  g_assert_true (strata_write_queue_flush_finish (STRATA_WRITE_QUEUE (object), result, NULL));
  *is_flushed = TRUE;
}

static void
flush (Fixture *fixture)
{
  gboolean is_flushed = FALSE;

  strata_write_queue_flush_async (fixture->queue, NULL, flushed_cb, &is_flushed);
  while (!is_flushed)
    g_main_context_iteration (NULL, TRUE);
}

static void
assert_session (Fixture    *fixture,
                const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = store_util_read_session (fixture->store, fixture->key, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static StrataWriteQueueStatistics
get_statistics (Fixture *fixture)
{
  StrataWriteQueueStatistics statistics;

  strata_write_queue_get_statistics (fixture->queue, &statistics);

  return statistics;
}

/* Has the writer stand at the gate with one write, which makes @member 0 */
static void
hold_writer (Fixture *fixture)
{
  set_gate (TRUE);
  set (fixture, "held", "0", STRATA_WRITE_PRIORITY_CRITICAL, NULL);
  wait_at_gate ();
}

static void
let_go (Fixture *fixture)
{
  set_gate (FALSE);
  flush (fixture);
  wait_for_all (fixture);
}

/* Tests */

static void
test_all_that_is_enqueued_is_written (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(GString) expected = g_string_new ("{\"id\":\"s\",\"contextItems\":[");
  StrataWriteQueueStatistics statistics;
  g_autofree char *problems = NULL;

  for (guint i = 0; i < 300; i++)
    {
      g_autofree char *json = g_strdup_printf ("%u", i);

      append (fixture, "contextItems", json, (StrataWritePriority)(i % 3), NULL);
      g_string_append_printf (expected, "%s%u", i > 0 ? "," : "", i);
    }
  g_string_append (expected, "]}");
  wait_for_all (fixture);

  g_assert_cmpuint (fixture->succeeded, ==, 300);
  assert_session (fixture, expected->str);
  statistics = get_statistics (fixture);
  g_assert_cmpuint (statistics.written, ==, 300);
  g_assert_cmpuint (statistics.failed, ==, 0);
  g_assert_cmpuint (statistics.depth, ==, 0);
  g_assert_cmpuint (statistics.bytes, ==, 0);
  g_assert_cmpint (statistics.oldest_age_us, ==, 0);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

static void
test_what_comes_together_is_written_together (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  StrataWriteQueueStatistics before, after;

  hold_writer (fixture);
  before = get_statistics (fixture);
  for (guint i = 0; i < 100; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i);

      set (fixture, name, "1", STRATA_WRITE_PRIORITY_NORMAL, NULL);
    }
  let_go (fixture);
  after = get_statistics (fixture);

  g_assert_cmpuint (after.batches - before.batches, ==, 1);
  g_assert_cmpuint (fixture->succeeded, ==, 101);
}

static void
test_a_member_set_twice_is_written_once (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(StrataManifest) before = NULL;
  g_autoptr(StrataManifest) after = NULL;

  hold_writer (fixture);
  before = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
  for (guint i = 0; i < 10; i++)
    {
      g_autofree char *json = g_strdup_printf ("%u", i);

      set (fixture, "a", json, STRATA_WRITE_PRIORITY_LOW, NULL);
      set (fixture, "b", json, STRATA_WRITE_PRIORITY_NORMAL, NULL);
    }
  g_assert_cmpuint (get_statistics (fixture).coalesced, ==, 18);
  g_assert_cmpuint (get_statistics (fixture).depth, ==, 3);
  let_go (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"held\":0,\"a\":9,\"b\":9}");
  g_assert_cmpuint (fixture->succeeded, ==, 21);
  g_assert_cmpuint (get_statistics (fixture).written, ==, 21);
  after = _strata_store_load (fixture->store, FALSE, fixture->key, NULL);
  g_assert_cmpuint (after->edits, ==, before->edits + 2);
}

static void
test_whole_sessions_and_collections_are_written_once (Fixture       *fixture,
                                                      gconstpointer  test_data)
{
  g_autoptr(GInputStream) stream = NULL;
  g_autofree char *text = NULL;

  hold_writer (fixture);
  for (guint i = 0; i < 5; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"s\",\"n\":%u}", i);
      g_autoptr(GBytes) bytes = bytes_of (json);

      save (fixture, json, STRATA_WRITE_PRIORITY_NORMAL);
      fixture->pending++;
      strata_write_queue_set_collection_async (fixture->queue, "notes", bytes, STRATA_WRITE_PRIORITY_NORMAL, NULL, written_cb, fixture);
    }
  g_assert_cmpuint (get_statistics (fixture).coalesced, ==, 8);
  let_go (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"n\":4}");
  g_assert_cmpuint (fixture->succeeded, ==, 11);
  stream = strata_store_open_collection (fixture->store, fixture->result_key, NULL);
  text = store_util_read (stream, NULL);
  g_assert_cmpstr (text, ==, "{\"id\":\"s\",\"n\":4}");
}

/* What would come out otherwise if the first were left out */
static void
test_what_others_depend_on_is_not_left_out (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  hold_writer (fixture);
  set (fixture, "screenshots", "[1]", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "screenshots", "2", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  set (fixture, "screenshots", "[3]", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "screenshots", "4", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  save (fixture, "{\"id\":\"s\",\"video\":{}}", STRATA_WRITE_PRIORITY_NORMAL);
  append (fixture, "video.chunks", "5", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  set (fixture, "video", "null", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "video.chunks", "6", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  set (fixture, "video", "{\"x\":1}", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "video.chunks", "7", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  g_assert_cmpuint (get_statistics (fixture).coalesced, ==, 0);
  let_go (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"video\":{\"x\":1,\"chunks\":[7]}}");
  /* The one to what was no list then */
  g_assert_cmpuint (fixture->failed, ==, 1);
  g_assert_error (fixture->error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE);
}

static void
test_what_can_be_cancelled_stands_for_nothing (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();

  hold_writer (fixture);
  set (fixture, "a", "1", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  set (fixture, "a", "2", STRATA_WRITE_PRIORITY_NORMAL, cancellable);
  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_NORMAL, cancellable);
  append (fixture, "screenshots", "2", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  g_cancellable_cancel (cancellable);
  let_go (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"held\":0,\"a\":1,\"screenshots\":[2]}");
  g_assert_cmpuint (fixture->failed, ==, 2);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* Also where the later one is more urgent */
static void
test_writes_to_one_session_keep_their_order (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_LOW, NULL);
  append (fixture, "screenshots", "2", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "screenshots", "3", STRATA_WRITE_PRIORITY_CRITICAL, NULL);
  wait_for_all (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"screenshots\":[1,2,3]}");
}

/* Nothing else comes: so what is not urgent has its time */
static void
test_low_priority_is_not_for_ever (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_LOW, NULL);
  wait_for_all (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 1);
}

static gpointer
enqueue_without_files (gpointer data)
{
  Fixture *fixture = data;

  /* From here on a file touched by this thread ends the program */
  strata_forbid_file_access_here ();
  for (guint i = 0; i < 200; i++)
    {
      append (fixture, "screenshots", "{\"x\":1}", (StrataWritePriority)(i % 3), NULL);
      set (fixture, "name", "\"x\"", (StrataWritePriority)(i % 3), NULL);
      get_statistics (fixture);
    }

  return NULL;
}

/* The writer is at the disk all the while, and stays there until this is over. In a
 * process of its own, since a thread stays forbidden to touch files.
 */
static void
test_enqueueing_touches_no_file_and_waits_for_none (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  GThread *thread;

  if (!g_test_subprocess ())
    {
      g_test_trap_subprocess (NULL, 0, G_TEST_SUBPROCESS_DEFAULT);
      g_test_trap_assert_passed ();
      return;
    }

  hold_writer (fixture);
  thread = g_thread_new ("enqueuer", enqueue_without_files, fixture);
  g_thread_join (thread);
  let_go (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 401);
}

static void
room_cb (GObject      *object,
         GAsyncResult *result,
         gpointer      user_data)
{
  guint *room = user_data;
  g_autoptr(GError) error = NULL;

  if (strata_write_queue_wait_for_room_finish (STRATA_WRITE_QUEUE (object), result, &error))
    *room = 1;
  else
    {
      g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CLOSED);
      *room = 2;
    }
}

static void
test_there_is_a_bound (Fixture       *fixture,
                       gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *json = g_strdup_printf ("\"%s\"", filler);
  StrataWriteQueueStatistics statistics;
  guint taken, room = 0;

  make_queue (fixture, 30000);
  hold_writer (fixture);
  for (guint i = 0; i < 20; i++)
    append (fixture, "screenshots", json, STRATA_WRITE_PRIORITY_LOW, NULL);
  statistics = get_statistics (fixture);
  taken = statistics.depth - 1;
  g_assert_cmpuint (statistics.bytes, <=, 30000);
  g_assert_cmpuint (statistics.max_bytes, ==, 30000);
  g_assert_cmpuint (taken, ==, 5);
  g_assert_cmpint (statistics.oldest_age_us, >, 0);
  /* What can't wait is taken all the same */
  append (fixture, "screenshots", "\"last\"", STRATA_WRITE_PRIORITY_CRITICAL, NULL);
  g_assert_cmpuint (get_statistics (fixture).depth, ==, 7);

  while (fixture->failed < 15)
    g_main_context_iteration (NULL, TRUE);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK);
  strata_write_queue_wait_for_room_async (fixture->queue, 20000, NULL, room_cb, &room);
  g_assert_cmpuint (room, ==, 0);
  set_gate (FALSE);
  while (room == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (room, ==, 1);
  wait_for_all (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 7);
  g_assert_cmpuint (fixture->failed, ==, 15);
}

/* One that is larger than the bound is taken when there is nothing else */
static void
test_one_may_be_larger_than_the_bound (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *filler = g_strnfill (5000, 'x');
  g_autofree char *json = g_strdup_printf ("\"%s\"", filler);

  make_queue (fixture, 1000);
  append (fixture, "screenshots", json, STRATA_WRITE_PRIORITY_NORMAL, NULL);
  wait_for_all (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 1);
}

static void
test_flushing_waits_for_what_was_enqueued (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  flush (fixture);
  for (guint i = 0; i < 10; i++)
    append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_LOW, NULL);
  flush (fixture);

  assert_session (fixture, "{\"id\":\"s\",\"screenshots\":[1,1,1,1,1,1,1,1,1,1]}");
  wait_for_all (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 10);
}

/* A value that another one stands for is on disk when that is */
static void
test_flushing_waits_for_what_was_coalesced (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  gboolean is_flushed = FALSE;

  hold_writer (fixture);
  set (fixture, "a", "1", STRATA_WRITE_PRIORITY_LOW, NULL);
  strata_write_queue_flush_async (fixture->queue, NULL, flushed_cb, &is_flushed);
  set (fixture, "a", "2", STRATA_WRITE_PRIORITY_LOW, NULL);
  set_gate (FALSE);
  while (!is_flushed)
    g_main_context_iteration (NULL, TRUE);

  assert_session (fixture, "{\"id\":\"s\",\"held\":0,\"a\":2}");
  wait_for_all (fixture);
}

static void
closed_cb (GObject      *object,
           GAsyncResult *result,
           gpointer      user_data)
{
  gboolean *is_closed = user_data;

  g_assert_true (strata_write_queue_close_finish (STRATA_WRITE_QUEUE (object), result, NULL));
  *is_closed = TRUE;
}

static void
test_closing_writes_and_seals (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autofree char *tail = g_build_filename (fixture->path, "sessions", fixture->key, "tail.jsonl", NULL);
  gboolean is_closed = FALSE;
  guint room = 0;

  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_LOW, NULL);
  append (fixture, "screenshots", "2", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  strata_write_queue_close_async (fixture->queue, closed_cb, &is_closed);
  while (!is_closed)
    g_main_context_iteration (NULL, TRUE);
  wait_for_all (fixture);

  g_assert_cmpuint (fixture->succeeded, ==, 2);
  assert_session (fixture, "{\"id\":\"s\",\"screenshots\":[1,2]}");
  g_assert_false (g_file_test (tail, G_FILE_TEST_EXISTS));

  append (fixture, "screenshots", "3", STRATA_WRITE_PRIORITY_CRITICAL, NULL);
  strata_write_queue_wait_for_room_async (fixture->queue, 1, NULL, room_cb, &room);
  wait_for_all (fixture);
  g_assert_error (fixture->error, G_IO_ERROR, G_IO_ERROR_CLOSED);
  while (room == 0)
    g_main_context_iteration (NULL, TRUE);
  g_assert_cmpuint (room, ==, 2);
  flush (fixture);
  strata_write_queue_close (fixture->queue);
}

static void
gone_cb (gpointer  user_data,
         GObject  *where_the_object_was)
{
  g_atomic_int_set ((int *)user_data, 1);
}

/* Nobody waits for anything: the writer itself drops the last reference */
static void
test_a_queue_that_nobody_holds_finishes_its_work (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  int is_gone = 0;
  g_autoptr(GBytes) bytes = bytes_of ("1");

  set_gate (TRUE);
  strata_write_queue_append_async (fixture->queue, fixture->key, "screenshots", bytes, NULL,
                                   STRATA_WRITE_PRIORITY_CRITICAL, NULL, NULL, NULL);
  strata_write_queue_append_async (fixture->queue, fixture->key, "screenshots", bytes, NULL,
                                   STRATA_WRITE_PRIORITY_LOW, NULL, NULL, NULL);
  g_object_weak_ref (G_OBJECT (fixture->queue), gone_cb, &is_gone);
  g_clear_object (&fixture->queue);
  set_gate (FALSE);
  while (!g_atomic_int_get (&is_gone))
    g_main_context_iteration (NULL, FALSE);

  assert_session (fixture, "{\"id\":\"s\",\"screenshots\":[1,1]}");
}

static void
test_each_write_has_its_own_result (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(GBytes) session = bytes_of ("{\"id\":\"t\"}");
  g_autoptr(GBytes) content = bytes_of ("content");
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes ("p1", content);
  g_autofree char *trashed = NULL;

  hold_writer (fixture);
  append (fixture, "screenshots", "{\"id\":\"a\"}", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "nothing", "1", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  append (fixture, "screenshots", "{", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  set (fixture, "id", "1", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  let_go (fixture);
  g_assert_cmpuint (fixture->succeeded, ==, 2);
  g_assert_cmpuint (fixture->failed, ==, 3);
  g_assert_cmpuint (get_statistics (fixture).failed, ==, 3);

  fixture->pending++;
  strata_write_queue_create_session_async (fixture->queue, session, STRATA_WRITE_PRIORITY_CRITICAL, NULL, written_cb, fixture);
  wait_for_all (fixture);
  g_assert_true (g_str_has_prefix (fixture->result_key, "t-"));
  fixture->pending++;
  strata_write_queue_add_attachment_async (fixture->queue, NULL, attachment, STRATA_WRITE_PRIORITY_CRITICAL, NULL, written_cb, fixture);
  wait_for_all (fixture);
  g_assert_cmpstr (fixture->result_name, ==, "p1");
  fixture->pending++;
  strata_write_queue_delete_item_async (fixture->queue, fixture->key, "a", STRATA_WRITE_PRIORITY_CRITICAL, NULL, written_cb, fixture);
  wait_for_all (fixture);
  trashed = g_strdup (fixture->result_name);
  fixture->pending++;
  strata_write_queue_undelete_async (fixture->queue, trashed, STRATA_WRITE_PRIORITY_CRITICAL, NULL, written_cb, fixture);
  wait_for_all (fixture);
  g_assert_cmpstr (fixture->result_key, ==, fixture->key);
  assert_session (fixture, "{\"id\":\"s\",\"held\":0,\"screenshots\":[{\"id\":\"a\"}]}");
  fixture->pending += 3;
  strata_write_queue_delete_session_async (fixture->queue, fixture->key, STRATA_WRITE_PRIORITY_LOW, NULL, written_cb, fixture);
  strata_write_queue_undelete_async (fixture->queue, fixture->key, STRATA_WRITE_PRIORITY_CRITICAL, NULL, written_cb, fixture);
  strata_write_queue_seal_session_async (fixture->queue, fixture->key, STRATA_WRITE_PRIORITY_NORMAL, NULL, written_cb, fixture);
  wait_for_all (fixture);
  g_assert_cmpuint (fixture->failed, ==, 3);
  assert_session (fixture, "{\"id\":\"s\",\"held\":0,\"screenshots\":[{\"id\":\"a\"}]}");
}

typedef struct
{
  guint    wanted;
  guint    runs;
  gboolean was_cancelled;
  gboolean is_destroyed;
  guint    step;
} Job;

static gboolean
idle_job (StrataStore  *store,
          GCancellable *cancellable,
          gpointer      user_data)
{
  Job *job = user_data;

  g_atomic_int_inc (&job->runs);

  return (guint)g_atomic_int_get (&job->runs) < job->wanted;
}

static void
destroy_job (gpointer user_data)
{
  g_atomic_int_set (&((Job *)user_data)->is_destroyed, TRUE);
}

static void
test_idle_jobs_run_until_they_are_done (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  Job job = { .wanted = 2 };

  strata_write_queue_add_idle_job (fixture->queue, idle_job, &job, destroy_job);
  while (!g_atomic_int_get (&job.is_destroyed))
    g_thread_yield ();
  g_assert_cmpuint (job.runs, ==, 2);
  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_NORMAL, NULL);
  wait_for_all (fixture);
  g_assert_cmpuint (job.runs, ==, 2);
}

static gboolean
stubborn_job (StrataStore  *store,
              GCancellable *cancellable,
              gpointer      user_data)
{
  Job *job = user_data;

  g_atomic_int_set (&job->step, 1);
  while (!g_cancellable_is_cancelled (cancellable))
    g_thread_yield ();
  g_atomic_int_set (&job->was_cancelled, TRUE);

  return FALSE;
}

static void
test_idle_jobs_make_way_for_writes (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  Job job = { 0, };

  strata_write_queue_add_idle_job (fixture->queue, stubborn_job, &job, NULL);
  while (g_atomic_int_get (&job.step) == 0)
    g_thread_yield ();
  append (fixture, "screenshots", "1", STRATA_WRITE_PRIORITY_CRITICAL, NULL);
  wait_for_all (fixture);

  g_assert_true (g_atomic_int_get (&job.was_cancelled));
  g_assert_cmpuint (fixture->succeeded, ==, 1);
}

/* Many threads, a little of everything */
static gpointer
enqueue_many (gpointer data)
{
  Fixture *fixture = data;
  g_autoptr(GBytes) bytes = bytes_of ("{\"x\":1}");

  for (guint i = 0; i < 200; i++)
    {
      g_autofree char *name = g_strdup_printf ("m%u", i % 5);

      strata_write_queue_append_async (fixture->queue, fixture->key, "screenshots", bytes, NULL,
                                       (StrataWritePriority)(i % 3), NULL, NULL, NULL);
      strata_write_queue_set_member_async (fixture->queue, fixture->key, name, bytes,
                                           (StrataWritePriority)(i % 2), NULL, NULL, NULL);
    }

  return NULL;
}

static void
test_many_threads_enqueue (Fixture       *fixture,
                           gconstpointer  test_data)
{
  GThread *threads[6];
  g_autoptr(StrataSessionInfo) info = NULL;
  StrataWriteQueueStatistics statistics;
  g_autofree char *problems = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    threads[i] = g_thread_new ("enqueuer", enqueue_many, fixture);
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);
  strata_write_queue_close (fixture->queue);

  statistics = get_statistics (fixture);
  g_assert_cmpuint (statistics.failed, ==, 0);
  g_assert_cmpuint (statistics.written, ==, 2400);
  info = strata_store_find_session (fixture->store, "s", NULL);
  g_assert_cmpuint (info->screenshots, ==, 1200);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD ("/write-queue/all", test_all_that_is_enqueued_is_written);
  ADD ("/write-queue/together", test_what_comes_together_is_written_together);
  ADD ("/write-queue/coalesce/members", test_a_member_set_twice_is_written_once);
  ADD ("/write-queue/coalesce/whole", test_whole_sessions_and_collections_are_written_once);
  ADD ("/write-queue/coalesce/depends", test_what_others_depend_on_is_not_left_out);
  ADD ("/write-queue/coalesce/cancellable", test_what_can_be_cancelled_stands_for_nothing);
  ADD ("/write-queue/order", test_writes_to_one_session_keep_their_order);
  ADD ("/write-queue/low", test_low_priority_is_not_for_ever);
  ADD ("/write-queue/no-file", test_enqueueing_touches_no_file_and_waits_for_none);
  ADD ("/write-queue/bound", test_there_is_a_bound);
  ADD ("/write-queue/larger", test_one_may_be_larger_than_the_bound);
  ADD ("/write-queue/flush/all", test_flushing_waits_for_what_was_enqueued);
  ADD ("/write-queue/flush/coalesced", test_flushing_waits_for_what_was_coalesced);
  ADD ("/write-queue/close", test_closing_writes_and_seals);
  ADD ("/write-queue/nobody", test_a_queue_that_nobody_holds_finishes_its_work);
  ADD ("/write-queue/results", test_each_write_has_its_own_result);
  ADD ("/write-queue/idle/done", test_idle_jobs_run_until_they_are_done);
  ADD ("/write-queue/idle/make-way", test_idle_jobs_make_way_for_writes);
  ADD ("/write-queue/threads", test_many_threads_enqueue);

  return g_test_run ();
}

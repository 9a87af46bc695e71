/* test-batch.c
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

static StrataBatch *
new_batch (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataBatch *batch = _strata_batch_new (fixture->store, &error);

  g_assert_no_error (error);

  return batch;
}

static void
assert_files (Fixture    *fixture,
              const char *folder,
              const char *expected)
{
  g_autofree char *files = store_util_list_files (fixture->path, folder);

  g_assert_cmpstr (files, ==, expected);
}

/* But for the lock of a batch that lives */
static void
assert_nothing_staged (Fixture *fixture)
{
  g_autofree char *files = store_util_list_files (fixture->path, "staging");

  g_assert_true (*files == '\0' || (strchr (files, '\n') == NULL && g_str_has_suffix (files, ".lock")));
}

static guint
count_files (Fixture    *fixture,
             const char *folder)
{
  g_autofree char *files = store_util_list_files (fixture->path, folder);
  g_auto(GStrv) lines = g_strsplit (files, "\n", -1);

  return *files != '\0' ? g_strv_length (lines) : 0;
}

static gboolean
put_text (StrataBatch        *batch,
          const char         *text,
          gsize               size,
          StrataStoredObject *object)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (text, (gssize)size, NULL);

  return _strata_batch_put_stream (batch, stream, object, NULL, NULL);
}

/* Objects */

static void
test_objects_are_named_by_their_bytes (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const struct
  {
    const char *bytes;
    gsize       size;
    const char *extension;
    const char *mime;
  } rows[] = {
    { "", 0, "bin", NULL },
    { "\xff\xd8\xff\xe0", 4, "jpg", "image/jpeg" },
    { "\x89PNG\r\n\x1a\n.", 9, "png", "image/png" },
    { "RIFF....WEBPVP8 ", 16, "webp", "image/webp" },
    { "RIFF....WAVEfmt ", 16, "wav", "audio/wav" },
    { "GIF89a", 6, "gif", "image/gif" },
    { "....ftypisom", 12, "mp4", "video/mp4" },
    { "\x1a\x45\xdf\xa3", 4, "webm", "video/webm" },
    { "ID3\x04", 4, "mp3", "audio/mpeg" },
    { "\xff\xfb\x90", 3, "mp3", "audio/mpeg" },
    { "OggS", 4, "ogg", "audio/ogg" },
    { "%PDF-1.7", 8, "pdf", "application/pdf" },
    { "text", 4, "bin", NULL },
    { "\xff\xd8", 2, "bin", NULL },
  };
  g_autoptr(StrataBatch) batch = new_batch (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      StrataStoredObject object;
      StrataDigest digest;

      g_assert_true (put_text (batch, rows[i].bytes, rows[i].size, &object));
      _strata_digest_of (rows[i].bytes, rows[i].size, &digest);
      g_assert_true (_strata_digest_equal (&object.digest, &digest));
      g_assert_cmpuint (object.bytes, ==, rows[i].size);
      g_assert_cmpstr (object.type->extension, ==, rows[i].extension);
      g_assert_cmpstr (object.type->mime, ==, rows[i].mime);
      g_assert_true (object.is_new);
    }
  assert_files (fixture, "attachments", "");
  g_assert_true (_strata_batch_commit (batch, NULL));
  g_assert_cmpuint (count_files (fixture, "attachments"), ==, G_N_ELEMENTS (rows));
  /* The empty one: SHA-256 of nothing */
  g_assert_cmpuint (store_util_file_size (fixture->path,
                    "attachments/e3/e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855.bin"), ==, 0);
}

/* Small ones, and ones that do not fit the memory put aside for them */
static void
test_equal_objects_are_stored_once (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  static const gsize sizes[] = { 5, 100000, 4 * 1024 * 1024, 5 * 1024 * 1024 + 3 };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(StrataBatch) first = new_batch (fixture);
      g_autoptr(StrataBatch) second = new_batch (fixture);
      g_autofree char *text = g_strnfill (sizes[i], (char)('a' + i));
      StrataStoredObject object;

      g_assert_true (put_text (first, text, sizes[i], &object));
      g_assert_true (object.is_new);
      g_assert_true (put_text (first, text, sizes[i], &object));
      g_assert_false (object.is_new);
      g_assert_true (_strata_batch_commit (first, NULL));

      g_assert_true (put_text (second, text, sizes[i], &object));
      g_assert_false (object.is_new);
      g_assert_true (_strata_batch_commit (second, NULL));
      g_assert_cmpuint (count_files (fixture, "attachments"), ==, i + 1);
    }
  assert_files (fixture, "staging", "");
}

static void
test_an_object_of_wrong_length_is_written_anew (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_autoptr(StrataBatch) batch = new_batch (fixture);
  g_autofree char *file = NULL;
  g_autofree char *path = NULL;
  g_autofree char *content = NULL;
  StrataStoredObject object;

  g_assert_true (put_text (batch, "content", 7, &object));
  g_assert_true (_strata_batch_commit (batch, NULL));
  file = store_util_find_file (fixture->path, "attachments", "");
  path = g_build_filename (fixture->path, file, NULL);
  g_assert_true (g_file_set_contents (path, "cont", 4, NULL));

  g_assert_true (put_text (batch, "content", 7, &object));
  g_assert_true (object.is_new);
  g_assert_true (_strata_batch_commit (batch, NULL));
  g_assert_true (g_file_get_contents (path, &content, NULL, NULL));
  g_assert_cmpstr (content, ==, "content");
}

static void
test_files_are_taken_whole (Fixture       *fixture,
                            gconstpointer  test_data)
{
  static const gsize sizes[] = { 0, 10, 6 * 1024 * 1024 };
  g_autofree char *source = test_make_dir ();
  int dir = test_open_dir (source);

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(StrataBatch) batch = new_batch (fixture);
      g_autofree char *text = g_strnfill (sizes[i], 'f');
      g_autofree char *path = g_build_filename (source, "file", NULL);
      StrataStoredObject object;
      StrataDigest digest;

      g_assert_true (g_file_set_contents (path, text, (gssize)sizes[i], NULL));
      _strata_digest_of (text, sizes[i], &digest);
      g_assert_true (_strata_batch_put_file (batch, dir, "file", &object, NULL, NULL));
      g_assert_true (_strata_digest_equal (&object.digest, &digest));
      g_assert_cmpuint (object.bytes, ==, sizes[i]);
      g_assert_true (_strata_batch_commit (batch, NULL));
    }
  g_assert_cmpuint (count_files (fixture, "attachments"), ==, G_N_ELEMENTS (sizes));
  close (dir);
  test_remove_dir (source);
}

/* The one file system that clones is not the one tests run on: one is played */
static int
copy_instead_of_clone (int from_fd,
                       int to_fd)
{
  char block[65536];
  gssize size;
  goffset at = 0;

  while ((size = pread (from_fd, block, sizeof block, at)) > 0)
    {
      if (write (to_fd, block, (gsize)size) != size)
        return -1;
      at += size;
    }

  return size < 0 ? -1 : 0;
}

static void
test_large_files_are_cloned_where_that_works (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  const gsize size = 6 * 1024 * 1024;
  g_autofree char *text = g_strnfill (size, 'v');
  g_autofree char *path = g_build_filename (fixture->path, "trash", "video", NULL);
  g_autoptr(StrataBatch) batch = new_batch (fixture);
  StrataSeam cloning = *_strata_seam_get_system ();
  StrataStoredObject object, again;
  StrataDigest digest;

  memcpy (text + 4, "ftypisom", 8);
  g_assert_true (g_file_set_contents (path, text, (gssize)size, NULL));
  _strata_digest_of (text, size, &digest);
  cloning.clone = copy_instead_of_clone;
  _strata_seam = &cloning;

  g_assert_true (_strata_batch_put_file (batch, _strata_store_get_dir (fixture->store), "trash/video", &object, NULL, NULL));
  g_assert_true (_strata_batch_put_file (batch, _strata_store_get_dir (fixture->store), "trash/video", &again, NULL, NULL));
  g_assert_true (_strata_batch_commit (batch, NULL));
  _strata_seam = _strata_seam_get_system ();

  g_assert_true (_strata_digest_equal (&object.digest, &digest));
  g_assert_cmpstr (object.type->extension, ==, "mp4");
  g_assert_true (object.is_new);
  g_assert_false (again.is_new);
  g_assert_cmpuint (count_files (fixture, "attachments"), ==, 1);
  assert_nothing_staged (fixture);
}

static void
test_content_that_can_not_be_read_leaves_nothing (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  g_autoptr(StrataBatch) batch = new_batch (fixture);
  g_autofree char *huge = g_strnfill (5 * 1024 * 1024, 'x');
  g_autofree char *path = g_build_filename (fixture->path, "trash", "file", NULL);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) missing = NULL;
  g_autoptr(GError) cancelled = NULL;
  StrataStoredObject object;

  g_assert_false (_strata_batch_put_file (batch, _strata_store_get_dir (fixture->store), "trash/none", &object, NULL, &missing));
  g_assert_error (missing, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_true (g_file_set_contents (path, huge, 5 * 1024 * 1024, NULL));
  g_cancellable_cancel (cancellable);
  g_assert_false (_strata_batch_put_file (batch, _strata_store_get_dir (fixture->store), "trash/file", &object, cancellable, &cancelled));
  g_assert_error (cancelled, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_true (_strata_batch_commit (batch, NULL));
  assert_files (fixture, "attachments", "");
}

/* Quarantine */

static void
test_quarantine_keeps_bytes_verbatim (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *long_label = g_strnfill (255, 'l');
  const char *const labels[] = { "session-1", "x.dat", long_label };
  g_autoptr(StrataBatch) batch = new_batch (fixture);
  g_autoptr(GBytes) bytes = g_bytes_new_static ("a\0b", 3);

  for (guint i = 0; i < G_N_ELEMENTS (labels); i++)
    {
      g_autofree char *place = _strata_batch_quarantine (batch, labels[i], bytes, NULL);
      g_autofree char *path = g_build_filename (fixture->path, place, NULL);
      g_autofree char *content = NULL;
      gsize size;

      g_assert_true (g_str_has_prefix (place, "quarantine/"));
      g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
      g_assert_true (_strata_batch_commit (batch, NULL));
      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      g_assert_cmpmem (content, size, "a\0b", 3);
    }
}

/* Sessions */

static void
test_nothing_counts_before_commit (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  StrataBatch *batch = new_batch (fixture);
  g_autoptr(GPtrArray) sessions = NULL;

  _strata_batch_add (batch, store_util_slice (fixture->store, batch, "{\"id\":\"a\",\"screenshots\":[1]}", 0, NULL), store_util_new_rows ());
  g_assert_cmpuint (_strata_batch_get_length (batch), ==, 1);
  _strata_batch_free (batch);

  sessions = strata_store_list_sessions (fixture->store, STRATA_SESSION_ORDER_DATE, 0, NULL);
  g_assert_cmpuint (sessions->len, ==, 0);
  assert_files (fixture, "sessions", "");
  assert_files (fixture, "staging", "");
}

/* Also what was staged and never added */
static void
test_a_dropped_batch_leaves_no_files (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  StrataBatch *batch = new_batch (fixture);
  StrataStoredObject object;

  _strata_manifest_free (store_util_slice (fixture->store, batch, "{\"id\":\"a\",\"screenshots\":[1]}", 0, NULL));
  g_assert_true (put_text (batch, "x", 1, &object));
  g_assert_cmpuint (count_files (fixture, "staging"), ==, 3);
  _strata_batch_free (batch);
  assert_files (fixture, "staging", "");
}

static void
test_an_empty_commit_does_nothing (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataBatch) batch = new_batch (fixture);

  g_assert_true (_strata_batch_commit (batch, NULL));
  g_assert_cmpuint (store_util_file_size (fixture->path, "changes.log"), ==, 0);
}

static void
test_replaced_parts_go_to_the_trash (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autofree char *key = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[1],\"contextItems\":[2]}", 0);
  g_autofree char *kept = store_util_find_file (fixture->path, "sessions", "contextItems");
  g_autofree char *old_part = store_util_find_file (fixture->path, "sessions", "screenshots");
  g_autofree char *trashed = g_strdelimit (g_strconcat ("trash/", old_part, NULL), "/", '~');
  g_autofree char *again = store_util_put (fixture->store, "{\"id\":\"a\",\"screenshots\":[3],\"contextItems\":[2]}", 0);
  g_autofree char *text = store_util_read_session (fixture->store, key, NULL);
  g_autofree char *kept_path = g_build_filename (fixture->path, kept, NULL);
  g_autofree char *old_path = g_build_filename (fixture->path, old_part, NULL);

  trashed[strlen ("trash")] = '/';
  g_assert_cmpstr (key, ==, again);
  g_assert_cmpstr (text, ==, "{\"id\":\"a\",\"screenshots\":[3],\"contextItems\":[2]}");
  assert_files (fixture, "trash", trashed);
  g_assert_true (g_file_test (kept_path, G_FILE_TEST_EXISTS));
  g_assert_false (g_file_test (old_path, G_FILE_TEST_EXISTS));
  assert_files (fixture, "staging", "");
}

static void
test_all_files_are_private (Fixture       *fixture,
                            gconstpointer  test_data)
{
  static const char *const contents[] = { "bytes", NULL };
  mode_t before = umask (0);
  g_autofree char *key = store_util_put_with_rows (fixture->store, "{\"id\":\"a\",\"screenshots\":[1]}", 0, contents);
  g_autofree char *files = store_util_list_files (fixture->path, "");
  g_auto(GStrv) lines = g_strsplit (files, "\n", -1);

  umask (before);
  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (fixture->path, lines[i], NULL);
      g_autofree char *folder = g_path_get_dirname (path);
      GStatBuf status;

      if (strstr (lines[i], "sqlite3") != NULL)
        continue;
      g_assert_cmpint (g_stat (path, &status), ==, 0);
      g_assert_cmphex (status.st_mode & 07777, ==, 0600);
      g_assert_cmpint (g_stat (folder, &status), ==, 0);
      g_assert_cmphex (status.st_mode & 07777, ==, 0700);
    }
}

/* Every fault at every call */

#define OLD_A "{\"id\":\"a\",\"screenshots\":[1],\"name\":\"old\"}"
#define NEW_A "{\"id\":\"a\",\"screenshots\":[2,3],\"name\":\"new\"}"
#define NEW_B "{\"id\":\"b\",\"screenshots\":[4]}"

/* Puts a new version of a, a new b, a collection, an object and something for quarantine. */
static gboolean
put_all (StrataStore  *store,
         GError      **error)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, error);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("object", 6, NULL);
  g_autoptr(GBytes) junk = g_bytes_new_static ("junk", 4);
  static const char *const texts[] = { NEW_A, NEW_B };
  g_autofree char *place = NULL;
  StrataStoredObject object;

  if (batch == NULL || !_strata_batch_put_stream (batch, stream, &object, NULL, error))
    return FALSE;

  place = _strata_batch_quarantine (batch, "junk", junk, error);
  if (place == NULL)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (texts[i], strlen (texts[i]));
      g_autoptr(GPtrArray) rows = store_util_new_rows ();
      g_autoptr(StrataManifest) manifest = _strata_slicer_take_session (slicer, reader, NULL, error);
      StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

      row->id = g_strdup ("att");
      row->state = STRATA_ATTACHMENT_OBJECT;
      row->digest = object.digest;
      row->bytes = object.bytes;
      row->extension = g_strdup ("bin");
      g_ptr_array_add (rows, row);
      if (manifest == NULL)
        return FALSE;
      manifest->key = g_strdup (i == 0 ? "a-0000000000000000" : "b-0000000000000000");
      manifest->source = 1;
      manifest->ordinal = i;
      if (!_strata_slicer_add_rows (slicer, manifest, rows, error))
        return FALSE;
      _strata_batch_add (batch, g_steal_pointer (&manifest), g_steal_pointer (&rows));
    }

  return _strata_batch_commit (batch, error);
}

static void
put_old_a (StrataStore *store)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, NULL);
  StrataManifest *manifest = store_util_slice (store, batch, OLD_A, 0, NULL);

  g_free (manifest->key);
  manifest->key = g_strdup ("a-0000000000000000");
  _strata_batch_add (batch, manifest, store_util_new_rows ());
  g_assert_true (_strata_batch_commit (batch, NULL));
}

static gboolean
is_listed (StrataStore *store,
           const char  *key)
{
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, key, NULL);

  return info != NULL;
}

/* The store as another process finds it: it opens, has each session old or new
 * and whole, nothing that was acknowledged is lost, and it is in order.
 */
static void
assert_whole (const char *path,
              gboolean    acknowledged)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (path, &error);
  g_autofree char *a = NULL;
  g_autofree char *b = NULL;
  g_autofree char *problems = NULL;
  g_autofree char *staging = NULL;

  g_assert_no_error (error);
  a = store_util_read_session (store, "a-0000000000000000", &error);
  g_assert_no_error (error);
  b = store_util_read_session (store, "b-0000000000000000", &error);
  if (acknowledged)
    g_assert_cmpstr (a, ==, NEW_A);
  else
    g_assert_true (strcmp (a, OLD_A) == 0 || strcmp (a, NEW_A) == 0);
  if (b != NULL)
    g_assert_cmpstr (b, ==, NEW_B);
  else
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  g_assert_true (b != NULL || !acknowledged);
  g_assert_true (is_listed (store, "a-0000000000000000"));
  g_assert_true (is_listed (store, "b-0000000000000000") == (b != NULL));

  problems = store_util_check (store);
  g_assert_cmpstr (problems, ==, "");
  staging = store_util_list_files (path, "staging");
  g_assert_cmpstr (staging, ==, "");
}

typedef struct
{
  FaultKind kind;
  int       errno_value;
} Fault;

static void
test_no_fault_breaks_the_store (Fixture       *fixture,
                                gconstpointer  test_data)
{
  const Fault *fault = test_data;
  guint n_acknowledged = 0;

  for (guint64 nth = 1; ; nth++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      g_autoptr(GError) error = NULL;
      gboolean ok, struck;

      put_old_a (store);
      fault_seam_install ();
      fault_seam_arm (fault->kind, nth, fault->errno_value);
      ok = put_all (store, &error);
      struck = fault_seam_has_struck ();
      fault_seam_remove ();
      g_assert_true (ok == (error == NULL));
      if (fault->kind == FAULT_SHORT)
        g_assert_true (ok);
      n_acknowledged += ok ? 1 : 0;

      g_clear_object (&store);
      assert_whole (path, ok);

      /* And putting it again is all it takes */
      store = store_util_open (path);
      g_assert_true (put_all (store, NULL));
      g_clear_object (&store);
      assert_whole (path, TRUE);
      test_remove_dir (path);
      if (!struck)
        break;
    }
  g_assert_cmpuint (n_acknowledged, >, 0);
}

/* As if by kill -9, at every call */
static void
test_no_kill_breaks_the_store (Fixture       *fixture,
                               gconstpointer  test_data)
{
  gboolean finished = FALSE;

  for (guint64 nth = 1; !finished; nth++)
    {
      g_autofree char *path = test_make_fast_dir ();
      g_autoptr(StrataStore) store = store_util_open (path);
      int status;
      pid_t pid;

      put_old_a (store);
      g_clear_object (&store);

      pid = fork ();
      if (pid == 0)
        {
          store = strata_store_open (path, NULL);
          fault_seam_install ();
          fault_seam_arm (FAULT_KILL, nth, 0);
          put_all (store, NULL);
          _exit (0);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      finished = WIFEXITED (status);
      assert_whole (path, finished);
      test_remove_dir (path);
    }
}

/* Reading an object's content fails at every call too */
static void
test_no_fault_breaks_the_taking_of_files (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *text = g_strnfill (5 * 1024 * 1024, 'x');
  g_autofree char *path = g_build_filename (fixture->path, "trash", "file", NULL);
  StrataSeam cloning;

  g_assert_true (g_file_set_contents (path, text, 5 * 1024 * 1024, NULL));
  for (guint clones = 0; clones < 2; clones++)
    for (guint64 nth = 1; ; nth++)
      {
        g_autoptr(StrataBatch) batch = new_batch (fixture);
        g_autoptr(GError) error = NULL;
        StrataStoredObject object;
        gboolean ok;

        fault_seam_install ();
        cloning = *_strata_seam;
        if (clones == 1)
          cloning.clone = copy_instead_of_clone;
        _strata_seam = &cloning;
        fault_seam_arm (FAULT_ERRNO, nth, EIO);
        ok = _strata_batch_put_file (batch, _strata_store_get_dir (fixture->store), "trash/file", &object, NULL, &error);
        fault_seam_arm (FAULT_NONE, 0, 0);
        g_assert_true (ok == (error == NULL));
        g_clear_pointer (&batch, _strata_batch_free);
        assert_files (fixture, "staging", "");
        if (nth > 60)
          break;
      }
}

int
main (int   argc,
      char *argv[])
{
  static const Fault no_space = { FAULT_ERRNO, ENOSPC };
  static const Fault io = { FAULT_ERRNO, EIO };
  static const Fault full = { FAULT_FOREVER, ENOSPC };
  static const Fault short_counts = { FAULT_SHORT, 0 };

  g_test_init (&argc, &argv, NULL);

#define ADD(path, data, func) g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)
  ADD ("/batch/object-names", NULL, test_objects_are_named_by_their_bytes);
  ADD ("/batch/object-once", NULL, test_equal_objects_are_stored_once);
  ADD ("/batch/object-length", NULL, test_an_object_of_wrong_length_is_written_anew);
  ADD ("/batch/files", NULL, test_files_are_taken_whole);
  ADD ("/batch/clones", NULL, test_large_files_are_cloned_where_that_works);
  ADD ("/batch/unreadable", NULL, test_content_that_can_not_be_read_leaves_nothing);
  ADD ("/batch/quarantine", NULL, test_quarantine_keeps_bytes_verbatim);
  ADD ("/batch/before-commit", NULL, test_nothing_counts_before_commit);
  ADD ("/batch/dropped", NULL, test_a_dropped_batch_leaves_no_files);
  ADD ("/batch/empty", NULL, test_an_empty_commit_does_nothing);
  ADD ("/batch/replaced", NULL, test_replaced_parts_go_to_the_trash);
  ADD ("/batch/private", NULL, test_all_files_are_private);
  ADD ("/batch/faults/no-space", &no_space, test_no_fault_breaks_the_store);
  ADD ("/batch/faults/io", &io, test_no_fault_breaks_the_store);
  ADD ("/batch/faults/full", &full, test_no_fault_breaks_the_store);
  ADD ("/batch/faults/short", &short_counts, test_no_fault_breaks_the_store);
  ADD ("/batch/faults/files", NULL, test_no_fault_breaks_the_taking_of_files);
  ADD ("/batch/kill", NULL, test_no_kill_breaks_the_store);

  return g_test_run ();
}

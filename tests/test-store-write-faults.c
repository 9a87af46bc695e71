/* test-store-write-faults.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-store-write.h"
#include "test-util.h"

/* Every operation that writes, with each of its calls going wrong once: afterwards the
 * store is as it was or as it should be, and nothing that was reported as done is lost.
 */

#define SESSION "{\"id\":\"s\",\"name\":\"n\",\"screenshots\":[{\"id\":\"a\"}],\"video\":{\"chunks\":[0]},\"end\":1.0}"
#define OTHER   "{\"id\":\"o\",\"x\":[1,2,3],\"picture\":{\"attachmentId\":\"p0\"}}"

typedef gboolean (*OperationFunc) (StrataStore  *store,
                                   const char   *key,
                                   GError      **error);

static gboolean
append_with (StrataStore  *store,
             const char   *key,
             const char   *list,
             const char   *json,
             const char   *content,
             GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));
  g_autoptr(GBytes) attached = content != NULL ? g_bytes_new (content, strlen (content)) : NULL;
  g_autoptr(StrataNewAttachment) attachment = attached != NULL ? strata_new_attachment_new_for_bytes (NULL, attached) : NULL;

  return strata_store_append (store, key, list, bytes, attachment, NULL, NULL, error);
}

static gboolean
run_append (StrataStore  *store,
            const char   *key,
            GError      **error)
{
  return append_with (store, key, "screenshots", "{\"id\":\"b\",\"x\":1}", NULL, error);
}

static gboolean
run_append_attached (StrataStore  *store,
                     const char   *key,
                     GError      **error)
{
  return append_with (store, key, "audioSegments", "{\"attachmentId\":\"p1\"}", "new bytes", error);
}

/* So much that it is sealed at once, after it was reported */
static gboolean
run_append_large (StrataStore  *store,
                  const char   *key,
                  GError      **error)
{
  g_autofree char *filler = g_strnfill (1024 * 1024, 'x');
  g_autofree char *json = g_strdup_printf ("\"%s\"", filler);

  return append_with (store, key, "video.chunks", json, NULL, error);
}

static gboolean
run_seal (StrataStore  *store,
          const char   *key,
          GError      **error)
{
  return strata_store_seal_session (store, key, NULL, error);
}

static gboolean
run_set (StrataStore  *store,
         const char   *key,
         GError      **error)
{
  g_autofree char *filler = g_strnfill (100000, 'y');
  g_autofree char *json = g_strdup_printf ("[\"%s\",{\"attachmentId\":\"p0\"}]", filler);
  g_autoptr(GBytes) bytes = g_bytes_new (json, strlen (json));

  return strata_store_set_member (store, key, "summary", bytes, NULL, error);
}

static gboolean
run_save (StrataStore  *store,
          const char   *key,
          GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("{\"id\":\"s\",\"screenshots\":[1,2]}", -1, NULL);

  return strata_store_save_session (store, key, stream, NULL, error);
}

static gboolean
run_create (StrataStore  *store,
            const char   *key,
            GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("{\"id\":\"t\",\"screenshots\":[1,2]}", -1, NULL);
  g_autofree char *made = strata_store_create_session (store, stream, NULL, error);

  return made != NULL;
}

static gboolean
run_attach (StrataStore  *store,
            const char   *key,
            GError      **error)
{
  g_autoptr(GBytes) bytes = g_bytes_new_static ("of none", 7);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes ("p2", bytes);
  g_autofree char *id = strata_store_add_attachment (store, NULL, attachment, NULL, NULL, error);

  return id != NULL;
}

static gboolean
run_delete (StrataStore  *store,
            const char   *key,
            GError      **error)
{
  g_autofree char *name = strata_store_delete_session (store, key, NULL, error);

  return name != NULL;
}

static gboolean
run_delete_item (StrataStore  *store,
                 const char   *key,
                 GError      **error)
{
  g_autofree char *name = strata_store_delete_item (store, key, "tail-item", NULL, error);

  return name != NULL;
}

/* Whatever was deleted when the store was made */
static gboolean
undelete (StrataStore  *store,
          const char   *prefix,
          GError      **error)
{
  g_autofree char *files = store_util_list_files (strata_store_get_path (store), "trash");
  const char *found = strstr (files, prefix);
  g_autofree char *name = NULL;
  g_autofree char *key = NULL;

  if (found == NULL)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "Nothing is there");
      return FALSE;
    }
  if (g_str_has_prefix (prefix, "sessions~"))
    found += strlen ("sessions~");
  name = g_strndup (found, strcspn (found, g_str_has_prefix (prefix, "sessions~") ? "~" : "\n"));
  key = strata_store_undelete (store, name, NULL, error);

  return key != NULL;
}

static gboolean
run_undelete (StrataStore  *store,
              const char   *key,
              GError      **error)
{
  return undelete (store, "sessions~", error);
}

static gboolean
run_undelete_item (StrataStore  *store,
                   const char   *key,
                   GError      **error)
{
  return undelete (store, "items~", error);
}

static gboolean
run_collection (StrataStore  *store,
                const char   *key,
                GError      **error)
{
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data ("[{\"a\":1},{\"attachmentId\":\"p0\"}]", -1, NULL);
  g_autofree char *made = strata_store_set_collection (store, "notes", stream, NULL, error);

  return made != NULL;
}

static const struct
{
  const char    *name;
  gboolean       is_growing;  /* whether the session has a tail before */
  OperationFunc  run;
} operations[] = {
  { "append-first", FALSE, run_append },
  { "append", TRUE, run_append },
  { "append-attached", TRUE, run_append_attached },
  { "append-large", TRUE, run_append_large },
  { "seal", TRUE, run_seal },
  { "set", TRUE, run_set },
  { "save", TRUE, run_save },
  { "create", FALSE, run_create },
  { "attach", FALSE, run_attach },
  { "delete", TRUE, run_delete },
  { "delete-item", TRUE, run_delete_item },
  { "undelete", FALSE, run_undelete },
  { "undelete-item", FALSE, run_undelete_item },
  { "collection", FALSE, run_collection },
};

typedef struct
{
  char *base;     /* a folder for all stores */
  char *growing;  /* a store whose session has a tail */
  char *sealed;   /* one whose session has none, and with things in the trash */
  char *path;     /* the store under test */
  char *key;
} Fixture;

static void
make_store (Fixture    *fixture,
            const char *path,
            gboolean    is_growing)
{
  g_autoptr(StrataStore) store = store_util_open (path);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (SESSION, -1, NULL);
  g_autoptr(GInputStream) other_stream = g_memory_input_stream_new_from_data (OTHER, -1, NULL);
  g_autoptr(GBytes) bytes = g_bytes_new_static ("zero", 4);
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes ("p0", bytes);
  g_autoptr(GError) error = NULL;
  g_autofree char *other = NULL;
  g_autofree char *id = NULL;
  g_autofree char *key = NULL;

  key = strata_store_create_session (store, stream, NULL, &error);
  g_assert_no_error (error);
  other = strata_store_create_session (store, other_stream, NULL, &error);
  g_assert_no_error (error);
  id = strata_store_add_attachment (store, other, attachment, NULL, NULL, &error);
  g_assert_no_error (error);
  append_with (store, key, "screenshots", "{\"id\":\"tail-item\",\"attachmentId\":\"p3\"}", "three", &error);
  g_assert_no_error (error);
  if (!is_growing)
    {
      g_autofree char *item = strata_store_delete_item (store, key, "tail-item", NULL, &error);
      g_autofree char *session = strata_store_delete_session (store, other, NULL, &error);

      g_assert_no_error (error);
    }
  g_free (fixture->key);
  fixture->key = g_steal_pointer (&key);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->base = test_make_fast_dir ();
  fixture->growing = g_build_filename (fixture->base, "growing", NULL);
  fixture->sealed = g_build_filename (fixture->base, "sealed", NULL);
  fixture->path = g_build_filename (fixture->base, "store", NULL);
  make_store (fixture, fixture->growing, TRUE);
  make_store (fixture, fixture->sealed, FALSE);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  test_remove_dir (fixture->base);
  g_free (fixture->base);
  g_free (fixture->growing);
  g_free (fixture->sealed);
  g_free (fixture->path);
  g_free (fixture->key);
}

/* A fresh copy of a store, before the operation */
static void
put_store (Fixture  *fixture,
           gboolean  is_growing)
{
  g_autofree char *command =
    g_strdup_printf ("rm -rf %s && cp -a %s %s", fixture->path, is_growing ? fixture->growing : fixture->sealed, fixture->path);

  g_assert_cmpint (system (command), ==, 0);
}

static StrataStore *
open_store (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataStore *store = strata_store_open (fixture->path, &error);

  g_assert_no_error (error);

  return store;
}

static void
describe_attachments (StrataStore *store,
                      const char  *owner,
                      GString     *text)
{
  g_autoptr(GPtrArray) attachments = strata_store_list_attachments (store, owner, NULL);

  for (guint i = 0; i < attachments->len; i++)
    {
      const StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);

      g_string_append_printf (text, " [%s %s]", info->id, info->state);
    }
}

/* A long text is told from others by its digest */
static void
shorten (char **text)
{
  g_autofree char *digest = NULL;

  if (strlen (*text) < 400)
    return;
  digest = g_compute_checksum_for_string (G_CHECKSUM_SHA256, *text, -1);
  g_free (*text);
  *text = g_steal_pointer (&digest);
}

/* All that can be read of a store, as text */
static char *
describe (StrataStore *store)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_NAME, 0, NULL);
  g_auto(GStrv) collections = strata_store_list_collections (store, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);
      g_autoptr(GError) error = NULL;
      g_autofree char *session = store_util_read_session (store, info->key, &error);

      g_assert_no_error (error);
      shorten (&session);
      g_string_append_printf (text, "%s %" G_GUINT64_FORMAT " %" G_GUINT64_FORMAT " %s", info->key, info->screenshots,
                              info->audio_segments, session);
      describe_attachments (store, info->key, text);
      g_string_append_c (text, '\n');
    }
  for (guint i = 0; collections[i] != NULL; i++)
    {
      g_autoptr(GInputStream) stream = strata_store_open_collection (store, collections[i], NULL);
      g_autofree char *value = store_util_read (stream, NULL);

      g_string_append_printf (text, "%s %s", collections[i], value);
      describe_attachments (store, collections[i], text);
      g_string_append_c (text, '\n');
    }

  return g_string_free (text, FALSE);
}

static char *
describe_path (Fixture *fixture)
{
  g_autoptr(StrataStore) store = open_store (fixture);
  g_autofree char *problems = store_util_check (store);

  g_assert_cmpstr (problems, ==, "");

  return describe (store);
}

/* What the store is before and after an operation that nothing disturbs */
static void
run_undisturbed (Fixture  *fixture,
                 guint     operation,
                 char    **out_before,
                 char    **out_after,
                 guint64  *out_calls)
{
  g_autoptr(GError) error = NULL;
  StrataStore *store;

  put_store (fixture, operations[operation].is_growing);
  *out_before = describe_path (fixture);

  store = open_store (fixture);
  fault_seam_install ();
  g_assert_true (operations[operation].run (store, fixture->key, &error));
  g_assert_no_error (error);
  *out_calls = fault_seam_get_calls ();
  fault_seam_remove ();
  g_object_unref (store);
  *out_after = describe_path (fixture);
}

/* Sealing changes nothing that can be seen */
static void
assert_one_of (const char *state,
               const char *before,
               const char *after,
               gboolean    is_done)
{
  if (is_done || strcmp (state, before) != 0)
    g_assert_cmpstr (state, ==, after);
}

/* One call fails, and the program goes on */
static void
disturb (Fixture    *fixture,
         guint       operation,
         FaultKind   kind,
         guint64     nth,
         const char *before,
         const char *after)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *state = NULL;
  g_autofree char *state_again = NULL;
  StrataStore *store;
  gboolean ok;

  put_store (fixture, operations[operation].is_growing);
  store = open_store (fixture);
  fault_seam_install ();
  fault_seam_arm (kind, nth, ENOSPC);
  ok = operations[operation].run (store, fixture->key, &error);
  fault_seam_remove ();
  g_assert_true (ok == (error == NULL));

  /* The same program tries once more */
  if (!ok)
    {
      g_autofree char *now = describe (store);

      assert_one_of (now, before, after, FALSE);
      if (strcmp (now, before) == 0)
        ok = operations[operation].run (store, fixture->key, NULL);
    }
  g_object_unref (store);
  state = describe_path (fixture);
  assert_one_of (state, before, after, ok);

  /* And another one */
  if (strcmp (state, before) == 0 && strcmp (before, after) != 0)
    {
      g_autoptr(GError) again_error = NULL;

      store = open_store (fixture);
      operations[operation].run (store, fixture->key, &again_error);
      g_assert_no_error (again_error);
      g_object_unref (store);
      state_again = describe_path (fixture);
      g_assert_cmpstr (state_again, ==, after);
    }
}

static void
test_every_call_may_fail (Fixture       *fixture,
                          gconstpointer  test_data)
{
  guint operation = GPOINTER_TO_UINT (test_data);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint64 total;

  run_undisturbed (fixture, operation, &before, &after, &total);
  for (guint64 nth = 1; nth <= total; nth++)
    disturb (fixture, operation, FAULT_ERRNO, nth, before, after);
  g_test_message ("%s: %" G_GUINT64_FORMAT " calls", operations[operation].name, total);
}

static void
test_a_full_disk_and_short_writes (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  guint operation = GPOINTER_TO_UINT (test_data);
  guint64 step = g_test_thorough () ? 1 : 4;
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint64 total;

  run_undisturbed (fixture, operation, &before, &after, &total);
  for (guint64 nth = 1; nth <= total; nth += step)
    {
      disturb (fixture, operation, FAULT_FULL, nth, before, after);
      disturb (fixture, operation, FAULT_SHORT, nth, before, after);
    }
}

/* The program ends at the call, and another one opens the store */
static void
test_killed_at_every_call (Fixture       *fixture,
                           gconstpointer  test_data)
{
  guint operation = GPOINTER_TO_UINT (test_data);
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  guint64 total;

  run_undisturbed (fixture, operation, &before, &after, &total);
  for (guint64 nth = 1; nth <= total; nth++)
    {
      g_autofree char *state = NULL;
      int status;
      pid_t pid;

      put_store (fixture, operations[operation].is_growing);
      pid = fork ();
      g_assert_cmpint (pid, >=, 0);
      if (pid == 0)
        {
          StrataStore *store = strata_store_open (fixture->path, NULL);

          fault_seam_install ();
          fault_seam_arm (FAULT_KILL, nth, 0);
          _exit (store != NULL && operations[operation].run (store, fixture->key, NULL) ? 0 : 1);
        }
      g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
      g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);

      state = describe_path (fixture);
      assert_one_of (state, before, after, WIFEXITED (status));
    }
}

/* A disk that neither takes the line of the log nor lets go of it */

static int
fail_on_a_file (int fd)
{
  errno = EIO;

  return -1;
}

static int
fail_to_truncate (int     fd,
                  goffset size)
{
  static guint n_calls;

  /* Each append cuts off first what a crash may have left */
  if (n_calls++ % 2 == 0)
    return _strata_seam_get_system ()->truncate (fd, size);
  errno = EIO;

  return -1;
}

static void
fail_to_log (StrataStore  *store,
             const char   *key,
             char       *(*operation) (StrataStore *, const char *, GCancellable *, GError **))
{
  StrataSeam seam = *_strata_seam_get_system ();
  g_autoptr(GError) error = NULL;
  g_autofree char *name = NULL;

  seam.datasync = fail_on_a_file;
  seam.truncate = fail_to_truncate;
  _strata_seam = &seam;
  name = operation (store, key, NULL, &error);
  _strata_seam = _strata_seam_get_system ();
  g_assert_null (name);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
}

/* The line stays that says what is not so; the next opening logs what is there. */
static void
test_a_log_that_lies_is_set_right (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autofree char *log_path = NULL;
  g_autofree char *log = NULL;
  g_autofree char *name = NULL;
  g_autoptr(StrataStore) store = NULL;

  put_store (fixture, TRUE);
  log_path = g_build_filename (fixture->path, "changes.log", NULL);
  before = describe_path (fixture);

  store = open_store (fixture);
  fail_to_log (store, fixture->key, strata_store_delete_session);
  g_assert_true (g_file_get_contents (log_path, &log, NULL, NULL));
  g_assert_nonnull (strstr (log, " deleted "));
  g_clear_object (&store);
  after = describe_path (fixture);
  g_assert_cmpstr (after, ==, before);

  store = open_store (fixture);
  name = strata_store_delete_session (store, fixture->key, NULL, NULL);
  g_assert_nonnull (name);
  fail_to_log (store, fixture->key, strata_store_undelete);
  g_clear_object (&store);
  g_free (after);
  after = describe_path (fixture);
  g_assert_null (strstr (after, fixture->key));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (operations); i++)
    {
      g_autofree char *fail = g_strdup_printf ("/store-write-faults/fail/%s", operations[i].name);
      g_autofree char *full = g_strdup_printf ("/store-write-faults/full/%s", operations[i].name);
      g_autofree char *killed = g_strdup_printf ("/store-write-faults/killed/%s", operations[i].name);

      g_test_add (fail, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_every_call_may_fail, fixture_tear_down);
      g_test_add (full, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_a_full_disk_and_short_writes, fixture_tear_down);
      g_test_add (killed, Fixture, GUINT_TO_POINTER (i), fixture_set_up, test_killed_at_every_call, fixture_tear_down);
    }

  g_test_add ("/store-write-faults/log", Fixture, NULL, fixture_set_up, test_a_log_that_lies_is_set_right, fixture_tear_down);

  return g_test_run ();
}

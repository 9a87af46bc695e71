/* test-gc.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include <glib/gstdio.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "fault-seam.h"
#include "maintenance/strata-gc-private.h"
#include "store-util.h"
#include "store/strata-changes-private.h"
#include "test-util.h"
#include "write-util.h"

#define DAY_S (24 * 60 * 60)

typedef struct
{
  char        *path;
  StrataStore *store;
  char        *key;
} Fixture;

/* A session with two pictures, "one" and "both"; "both" is another one's too */
static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *other = NULL;

  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->key = write_util_create (fixture->store, "{\"id\":\"s\",\"screenshots\":[]}", &error);
  g_assert_no_error (error);
  other = write_util_create (fixture->store, "{\"id\":\"o\",\"screenshots\":[]}", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, fixture->key, "screenshots", "{\"id\":\"i1\"}", "p1", "one", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, fixture->key, "screenshots", "{\"id\":\"i2\"}", "p2", "both", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, other, "screenshots", "{\"id\":\"i3\"}", "p3", "both", &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
}

static void
reopen (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  g_clear_object (&fixture->store);
  fixture->store = strata_store_open (fixture->path, &error);
  g_assert_no_error (error);
}

/* @days: from now on */
static StrataGarbage *
try_collect (StrataStore  *store,
             gboolean      dry_run,
             gboolean      purge,
             gint64        days,
             GError      **error)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();

  options->dry_run = dry_run;
  options->purge = purge;

  return _strata_gc_collect (store, options, g_get_real_time () / G_USEC_PER_SEC + days * DAY_S, NULL, error);
}

static StrataGarbage *
collect (Fixture  *fixture,
         gboolean  purge,
         gint64    days)
{
  g_autofree char *before = store_util_list_files (fixture->path, ".");
  g_autofree char *after = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) dry = try_collect (fixture->store, TRUE, purge, days, &error);
  StrataGarbage *garbage;

  g_assert_no_error (error);
  after = store_util_list_files (fixture->path, ".");
  g_assert_cmpstr (after, ==, before);

  garbage = try_collect (fixture->store, FALSE, purge, days, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (garbage->unreferenced, ==, dry->unreferenced);
  g_assert_cmpuint (garbage->bytes_quarantined, ==, dry->bytes_quarantined);
  g_assert_cmpuint (garbage->bytes_freed, ==, dry->bytes_freed);
  g_assert_cmpuint (garbage->purged, ==, dry->purged);
  g_assert_cmpuint (garbage->restored, ==, dry->restored);
  g_assert_cmpuint (garbage->problems->len, ==, dry->problems->len);

  return garbage;
}

static void
assert_sound (StrataStore *store)
{
  g_autofree char *problems = store_util_check (store);

  g_assert_cmpstr (problems, ==, "");
}

static char *
dup_object_path (Fixture    *fixture,
                 const char *content,
                 gboolean    in_trash)
{
  StrataDigest digest;
  g_autofree char *below = NULL;

  _strata_digest_of (content, strlen (content), &digest);
  below = in_trash ? _strata_object_dup_trash_path (&digest, "bin") : _strata_object_dup_path (&digest, "bin");

  return g_build_filename (fixture->path, below, NULL);
}

typedef enum
{
  NOWHERE,
  IN_PLACE,
  IN_TRASH,
} Place;

static void
assert_object (Fixture    *fixture,
               const char *content,
               Place       place)
{
  g_autofree char *there = dup_object_path (fixture, content, FALSE);
  g_autofree char *trashed = dup_object_path (fixture, content, TRUE);

  g_assert_true (g_file_test (there, G_FILE_TEST_EXISTS) == (place == IN_PLACE));
  g_assert_true (g_file_test (trashed, G_FILE_TEST_EXISTS) == (place == IN_TRASH));
}

static void
assert_files (Fixture    *fixture,
              const char *folder,
              const char *expected)
{
  g_autofree char *files = store_util_list_files (fixture->path, folder);

  g_assert_cmpstr (files, ==, expected);
}

static void
assert_attachment (StrataStore *store,
                   const char  *key,
                   const char  *id,
                   const char  *content)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) attachments = strata_store_list_attachments (store, key, &error);
  guint found = 0;

  g_assert_no_error (error);
  for (guint i = 0; i < attachments->len; i++)
    {
      StrataAttachmentInfo *info = g_ptr_array_index (attachments, i);
      g_autoptr(GInputStream) stream = NULL;
      g_autofree char *text = NULL;

      if (strcmp (info->id, id) != 0)
        continue;
      stream = strata_store_open_attachment (store, info, &error);
      g_assert_no_error (error);
      text = store_util_read (stream, &error);
      g_assert_no_error (error);
      g_assert_cmpstr (text, ==, content);
      found++;
    }
  g_assert_cmpuint (found, ==, 1);
}

static void
set (Fixture    *fixture,
     const char *member,
     const char *json)
{
  g_autoptr(GError) error = NULL;

  write_util_set (fixture->store, fixture->key, member, json, &error);
  g_assert_no_error (error);
}

static char *
delete_item (Fixture    *fixture,
             const char *item)
{
  g_autoptr(GError) error = NULL;
  char *name = strata_store_delete_item (fixture->store, fixture->key, item, NULL, &error);

  g_assert_no_error (error);

  return name;
}

static void
delete_session (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *name = strata_store_delete_session (fixture->store, fixture->key, NULL, &error);

  g_assert_no_error (error);
}

/* What is garbage */

static void
test_nothing_in_use_is_garbage (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = collect (fixture, TRUE, 1000);

  g_assert_cmpuint (garbage->unreferenced, ==, 0);
  g_assert_cmpuint (garbage->purged, ==, 0);
  assert_attachment (fixture->store, fixture->key, "p1", "one");
  assert_sound (fixture->store);
}

static void
test_what_nothing_needs_goes_to_the_trash_and_then_away (Fixture       *fixture,
                                                         gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) first = NULL, early = NULL, late = NULL;

  set (fixture, "screenshots", "[]");

  first = collect (fixture, FALSE, 0);
  g_assert_cmpuint (first->unreferenced, ==, 1);
  g_assert_cmpuint (first->bytes_quarantined, ==, strlen ("one"));
  g_assert_cmpuint (first->bytes_freed, ==, 0);
  assert_object (fixture, "one", IN_TRASH);
  assert_object (fixture, "both", IN_PLACE);

  early = collect (fixture, FALSE, 6);
  g_assert_cmpuint (early->purged, ==, 0);
  assert_object (fixture, "one", IN_TRASH);

  late = collect (fixture, FALSE, 8);
  g_assert_cmpuint (late->unreferenced, ==, 0);
  g_assert_cmpuint (late->bytes_freed, >=, strlen ("one"));
  assert_object (fixture, "one", NOWHERE);
  assert_object (fixture, "both", IN_PLACE);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

static void
test_purging_needs_no_second_time (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = NULL;

  set (fixture, "screenshots", "[]");
  garbage = collect (fixture, TRUE, 0);

  g_assert_cmpuint (garbage->unreferenced, ==, 1);
  g_assert_cmpuint (garbage->bytes_quarantined, ==, 0);
  g_assert_cmpuint (garbage->bytes_freed, >=, strlen ("one"));
  assert_object (fixture, "one", NOWHERE);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

static void
test_a_deleted_session_keeps_what_it_needs (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) first = NULL, after = NULL, last = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *key = NULL;

  delete_session (fixture);
  first = collect (fixture, FALSE, 29);
  g_assert_cmpuint (first->unreferenced, ==, 0);
  key = strata_store_undelete (fixture->store, fixture->key, NULL, &error);
  g_assert_no_error (error);
  assert_attachment (fixture->store, fixture->key, "p1", "one");

  delete_session (fixture);
  after = collect (fixture, FALSE, 31);
  g_assert_cmpuint (after->purged, ==, 1);
  g_assert_cmpuint (after->unreferenced, ==, 1);
  assert_object (fixture, "one", IN_TRASH);
  assert_object (fixture, "both", IN_PLACE);
  g_assert_null (strata_store_undelete (fixture->store, fixture->key, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);

  last = collect (fixture, FALSE, 40);
  g_assert_cmpuint (last->purged, ==, 1);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

static void
test_a_deleted_item_keeps_what_it_needs (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autofree char *name = delete_item (fixture, "i1");
  g_autofree char *again = NULL;
  g_autofree char *key = NULL;
  g_autoptr(StrataGarbage) first = NULL, last = NULL;
  g_autoptr(GError) error = NULL;

  first = collect (fixture, FALSE, 8);
  g_assert_cmpuint (first->unreferenced, ==, 0);
  assert_object (fixture, "one", IN_PLACE);
  key = strata_store_undelete (fixture->store, name, NULL, &error);
  g_assert_no_error (error);
  assert_attachment (fixture->store, fixture->key, "p1", "one");

  again = delete_item (fixture, "i1");
  last = collect (fixture, TRUE, 0);
  g_assert_cmpuint (last->unreferenced, ==, 1);
  assert_object (fixture, "one", NOWHERE);
  g_assert_null (strata_store_undelete (fixture->store, again, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
  assert_sound (fixture->store);
}

static void
test_an_attachment_of_none_is_kept (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = NULL;
  g_autoptr(GError) error = NULL;

  write_util_attach (fixture->store, NULL, "p9", "nobody's", &error);
  g_assert_no_error (error);
  garbage = collect (fixture, TRUE, 100);
  g_assert_cmpuint (garbage->unreferenced, ==, 0);
  assert_object (fixture, "nobody's", IN_PLACE);
}

static void
test_replaced_parts_are_purged_in_time (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) early = NULL, late = NULL;
  g_autofree char *trashed = NULL;

  set (fixture, "summary", "[1,2,3]");
  strata_store_seal_session (fixture->store, fixture->key, NULL, NULL);
  set (fixture, "screenshots", "[]");
  trashed = store_util_find_file (fixture->path, "trash", "sessions~");
  g_assert_nonnull (trashed);

  early = collect (fixture, FALSE, 6);
  g_assert_cmpuint (early->purged, ==, 0);
  late = collect (fixture, FALSE, 8);
  g_assert_cmpuint (late->purged, >, 0);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

static void
write_file (Fixture    *fixture,
            const char *name,
            const char *content)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

/* What a crash leaves: parts in place that no metadata name */
static void
test_leftovers_go_after_a_while (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) early = NULL, late = NULL, last = NULL;
  g_autofree char *part = g_strdup_printf ("sessions/%s/chunks/summary-001.0123456789ab.json", fixture->key);
  g_autofree char *folder = g_build_filename (fixture->path, "sessions", "never-0123456789abcdef", NULL);

  write_file (fixture, part, "[]");
  write_file (fixture, "sessions/never-0123456789abcdef/chunks/screenshots-001.0123456789ab.json", "[1]");
  write_file (fixture, "collections/notes-001.0123456789ab.json", "[2]");
  write_file (fixture, "sessions/somebody's", "not a session");

  early = collect (fixture, FALSE, 0);
  g_assert_cmpuint (early->unreferenced, ==, 0);
  late = collect (fixture, FALSE, 1);
  g_assert_cmpuint (late->unreferenced, ==, 3);
  g_assert_cmpuint (late->bytes_quarantined, ==, 8);
  g_assert_false (g_file_test (folder, G_FILE_TEST_EXISTS));
  last = collect (fixture, FALSE, 9);
  g_assert_cmpuint (last->bytes_freed, ==, 8);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

static void
test_a_sealed_tail_goes (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autofree char *name = g_strdup_printf ("sessions/%s/tail.jsonl", fixture->key);
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *text = NULL;
  g_autoptr(StrataGarbage) growing = NULL, sealed = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  growing = collect (fixture, FALSE, 1);
  g_assert_cmpuint (growing->unreferenced, ==, 0);

  strata_store_seal_session (fixture->store, fixture->key, NULL, NULL);
  write_file (fixture, name, text);
  sealed = collect (fixture, FALSE, 1);
  g_assert_cmpuint (sealed->unreferenced, ==, 1);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  assert_attachment (fixture->store, fixture->key, "p1", "one");
  assert_sound (fixture->store);
}

static void
test_what_an_interrupted_purge_left_goes (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = NULL;

  write_file (fixture, "trash/purged~sessions~x~1/chunks/screenshots-001.0123456789ab.json", "[1]");
  write_file (fixture, "trash/somebody's", "kept");
  garbage = collect (fixture, FALSE, 0);
  g_assert_cmpuint (garbage->purged, ==, 1);
  g_assert_cmpuint (garbage->bytes_freed, ==, 3);
  assert_files (fixture, "trash", "trash/somebody's");
}

/* Coming back */

static void
test_what_is_put_again_comes_back (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = NULL, later = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *path = dup_object_path (fixture, "one", FALSE);
  struct stat before, after;

  g_assert_cmpint (stat (path, &before), ==, 0);
  set (fixture, "screenshots", "[]");
  garbage = collect (fixture, FALSE, 0);
  assert_object (fixture, "one", IN_TRASH);

  write_util_append (fixture->store, fixture->key, "screenshots", "{\"id\":\"i4\"}", "p4", "one", &error);
  g_assert_no_error (error);
  assert_object (fixture, "one", IN_PLACE);
  g_assert_cmpint (stat (path, &after), ==, 0);
  g_assert_true (before.st_ino == after.st_ino);
  g_assert_cmpuint (after.st_nlink, ==, 1);
  assert_attachment (fixture->store, fixture->key, "p4", "one");
  later = collect (fixture, TRUE, 0);
  assert_object (fixture, "one", IN_PLACE);
  assert_sound (fixture->store);
}

/* A batch found the bytes in the store; until it commits they may be cleared away, for good */
static void
test_what_a_batch_found_is_there_when_it_commits (Fixture       *fixture,
                                                  gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) other = strata_store_open (fixture->path, &error);
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, &error);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) copy = store_util_new_rows ();
  g_autoptr(StrataGarbage) garbage = NULL;
  StrataManifest *manifest;

  set (fixture, "screenshots", "[]");
  g_ptr_array_add (rows, store_util_make_row (batch, "p5", "one"));
  g_ptr_array_add (copy, store_util_make_row (batch, "p5", "one"));
  garbage = try_collect (other, FALSE, TRUE, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (garbage->unreferenced, ==, 1);
  assert_object (fixture, "one", NOWHERE);

  manifest = store_util_slice (fixture->store, batch, "{\"id\":\"t\",\"x\":\"p5\"}", 7, rows);
  _strata_batch_add (batch, manifest, g_steal_pointer (&copy));
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);
  assert_object (fixture, "one", IN_PLACE);
  assert_files (fixture, "trash", "");
  assert_sound (fixture->store);
}

/* The same where nothing was put, only named: as a migration does with what it stored before */
static void
commit_named (Fixture  *fixture,
              gint64    ordinal,
              gboolean  purge,
              GError  **error)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, NULL);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  g_autoptr(GPtrArray) copy = store_util_new_rows ();
  g_autoptr(StrataGarbage) garbage = NULL;
  StrataManifest *manifest;

  for (guint i = 0; i < 2; i++)
    {
      StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

      row->id = g_strdup ("p6");
      row->state = STRATA_ATTACHMENT_OBJECT;
      row->bytes = strlen ("one");
      row->extension = g_strdup ("bin");
      _strata_digest_of ("one", strlen ("one"), &row->digest);
      g_ptr_array_add (i == 0 ? rows : copy, row);
    }
  garbage = try_collect (fixture->store, FALSE, purge, 0, NULL);
  g_assert_nonnull (garbage);
  manifest = store_util_slice (fixture->store, batch, "{\"id\":\"u\",\"x\":\"p6\"}", (guint64)ordinal, rows);
  _strata_batch_add (batch, manifest, g_steal_pointer (&copy));
  _strata_batch_commit (batch, error);
}

static void
test_what_a_batch_names_comes_back (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  set (fixture, "screenshots", "[]");
  commit_named (fixture, 5, FALSE, &error);
  g_assert_no_error (error);
  assert_object (fixture, "one", IN_PLACE);
  assert_sound (fixture->store);
}

static void
test_what_is_gone_can_not_be_named (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  set (fixture, "screenshots", "[]");
  commit_named (fixture, 5, TRUE, &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE);
  g_assert_null (strata_store_find_session (fixture->store, "u", NULL));
  assert_sound (fixture->store);
}

/* What was lost before is no reason to refuse */
static void
test_what_was_lost_can_be_named_again (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *path = dup_object_path (fixture, "one", FALSE);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_unlink (path), ==, 0);
  commit_named (fixture, 5, FALSE, &error);
  g_assert_no_error (error);
  set (fixture, "title", "\"p1\"");
  write_util_append (fixture->store, fixture->key, "contextItems", "\"p1\"", NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
test_an_element_that_names_it_brings_it_back (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autofree char *from = dup_object_path (fixture, "one", FALSE);
  g_autofree char *to = dup_object_path (fixture, "one", TRUE);
  g_autofree char *other = NULL;
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (fixture->store, "o", NULL);
  g_autoptr(GError) error = NULL;

  /* As only a crash could leave it */
  g_assert_cmpint (g_rename (from, to), ==, 0);
  write_util_append (fixture->store, info->key, "contextItems", "{\"see\":\"p1\"}", NULL, NULL, &error);
  g_assert_no_error (error);
  assert_object (fixture, "one", IN_PLACE);
  assert_attachment (fixture->store, info->key, "p1", "one");
}

static void
test_what_is_needed_comes_back_from_the_trash (Fixture       *fixture,
                                               gconstpointer  test_data)
{
  g_autofree char *from = dup_object_path (fixture, "one", FALSE);
  g_autofree char *to = dup_object_path (fixture, "one", TRUE);
  g_autoptr(StrataGarbage) garbage = NULL;

  g_assert_cmpint (g_rename (from, to), ==, 0);
  garbage = collect (fixture, TRUE, 0);
  g_assert_cmpuint (garbage->restored, ==, 1);
  assert_object (fixture, "one", IN_PLACE);
  assert_sound (fixture->store);
}

/* What can't be read */

static void
damage (Fixture    *fixture,
        const char *file)
{
  store_util_flip_byte (fixture->path, file, 20);
}

static void
rebuild (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  _strata_store_lock (fixture->store, &error);
  g_assert_no_error (error);
  _strata_store_rebuild_catalog (fixture->store, &error);
  g_assert_no_error (error);
  _strata_store_unlock (fixture->store);
}

/* Another session gets something to collect; the one of the fixture is what is damaged. */
static void
make_garbage (Fixture *fixture)
{
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (fixture->store, "o", NULL);
  g_autoptr(GError) error = NULL;

  write_util_append (fixture->store, info->key, "screenshots", "{\"id\":\"i5\"}", "p5", "unneeded", &error);
  g_assert_no_error (error);
  write_util_set (fixture->store, info->key, "screenshots", "[{\"attachmentId\":\"p3\"}]", &error);
  g_assert_no_error (error);
}

static void
test_what_the_catalog_knew_of_a_damaged_session_is_kept (Fixture       *fixture,
                                                         gconstpointer  test_data)
{
  static const char *const files[] = { "metadata.json", "chunks", "tail.jsonl" };

  strata_store_seal_session (fixture->store, fixture->key, NULL, NULL);
  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    {
      g_autofree char *file = g_build_filename ("sessions", fixture->key, files[i], NULL);
      g_autofree char *part = NULL;
      g_autoptr(GPtrArray) rows = NULL;
      g_autoptr(StrataGarbage) garbage = NULL;
      g_autoptr(GError) error = NULL;

      make_garbage (fixture);
      if (i == 1)
        part = store_util_find_file (fixture->path, file, "attachments-");
      if (i == 2)
        {
          write_util_append (fixture->store, fixture->key, "screenshots", "{}", "p7", "tail's", &error);
          g_assert_no_error (error);
          /* The catalog is told */
          rows = strata_store_list_attachments (fixture->store, NULL, NULL);
        }
      damage (fixture, part != NULL ? part : file);

      garbage = collect (fixture, TRUE, 0);
      g_assert_cmpuint (garbage->problems->len, ==, 1);
      g_assert_cmpuint (garbage->unreferenced, ==, 1);
      assert_object (fixture, "one", IN_PLACE);
      assert_object (fixture, "unneeded", NOWHERE);
      if (i == 2)
        assert_object (fixture, "tail's", IN_PLACE);
      damage (fixture, part != NULL ? part : file);
      assert_sound (fixture->store);
    }
}

static void
test_where_nobody_knows_nothing_is_taken (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *metadata = g_strdup_printf ("sessions/%s/metadata.json", fixture->key);
  g_autoptr(StrataGarbage) held = NULL, garbage = NULL;

  make_garbage (fixture);
  damage (fixture, metadata);
  rebuild (fixture);

  held = collect (fixture, TRUE, 100);
  g_assert_cmpuint (held->problems->len, ==, 1);
  g_assert_cmpstr (strata_problem_get_path (g_ptr_array_index (held->problems, 0)), ==, metadata);
  g_assert_cmpuint (held->unreferenced, ==, 0);
  assert_object (fixture, "one", IN_PLACE);
  assert_object (fixture, "unneeded", IN_PLACE);

  damage (fixture, metadata);
  garbage = collect (fixture, TRUE, 100);
  g_assert_cmpuint (garbage->problems->len, ==, 0);
  g_assert_cmpuint (garbage->unreferenced, ==, 1);
  assert_object (fixture, "unneeded", NOWHERE);
}

static void
test_a_lost_session_keeps_what_it_needs (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autofree char *folder = g_build_filename (fixture->path, "sessions", fixture->key, NULL);
  g_autoptr(StrataGarbage) garbage = NULL;

  strata_store_seal_session (fixture->store, fixture->key, NULL, NULL);
  make_garbage (fixture);
  test_remove_dir (folder);
  garbage = collect (fixture, TRUE, 0);
  g_assert_cmpuint (garbage->problems->len, ==, 1);
  assert_object (fixture, "one", IN_PLACE);
  assert_object (fixture, "unneeded", NOWHERE);
}

static void
test_a_tail_the_catalog_has_not_read_holds_everything (Fixture       *fixture,
                                                       gconstpointer  test_data)
{
  g_autofree char *tail = g_strdup_printf ("sessions/%s/tail.jsonl", fixture->key);
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) rows = NULL;
  g_autoptr(StrataGarbage) garbage = NULL;

  make_garbage (fixture);
  rows = strata_store_list_attachments (fixture->store, NULL, NULL);
  write_util_append (fixture->store, fixture->key, "screenshots", "{}", "p7", "tail's", &error);
  g_assert_no_error (error);
  damage (fixture, tail);
  garbage = collect (fixture, TRUE, 0);
  g_assert_cmpuint (garbage->problems->len, ==, 1);
  g_assert_cmpuint (garbage->unreferenced, ==, 0);
  assert_object (fixture, "tail's", IN_PLACE);
}

static void
test_damage_in_the_trash_holds_everything (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *name = delete_item (fixture, "i1");
  g_autofree char *file = g_build_filename ("trash", name, NULL);
  g_autofree char *metadata = g_strdup_printf ("trash/sessions~%s~1/metadata.json", fixture->key);
  g_autoptr(StrataGarbage) item = NULL, session = NULL, garbage = NULL;

  make_garbage (fixture);
  store_util_flip_byte (fixture->path, file, 1);
  item = collect (fixture, FALSE, 8);
  g_assert_cmpuint (item->problems->len, ==, 1);
  g_assert_cmpuint (item->unreferenced, ==, 0);
  store_util_flip_byte (fixture->path, file, 1);

  delete_session (fixture);
  damage (fixture, metadata);
  session = collect (fixture, FALSE, 8);
  g_assert_cmpuint (session->problems->len, ==, 1);
  g_assert_cmpuint (session->unreferenced, ==, 0);

  /* Until it is purged */
  garbage = collect (fixture, TRUE, 0);
  g_assert_cmpuint (garbage->problems->len, ==, 0);
  g_assert_cmpuint (garbage->unreferenced, ==, 2);
}

static void
test_a_damaged_log_holds_everything (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(StrataGarbage) garbage = NULL;

  make_garbage (fixture);
  store_util_flip_byte (fixture->path, "changes.log", 100);
  garbage = collect (fixture, TRUE, 100);
  g_assert_cmpuint (garbage->problems->len, >, 0);
  g_assert_cmpuint (garbage->unreferenced, ==, 0);
  assert_object (fixture, "unneeded", IN_PLACE);
}

/* Beside others */

static StrataStore *meanwhile_store;
static void       (*meanwhile) (void);
static StrataSeam   meanwhile_seam;

/* The first time that the run asks for the lock, something happens before. */
static int
lock_later (int fd,
            int type)
{
  void (*func) (void) = meanwhile;

  meanwhile = NULL;
  if (func != NULL)
    func ();

  return _strata_seam_get_system ()->lock (fd, type);
}

static void
need_again (void)
{
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (meanwhile_store, "o", NULL);
  g_autoptr(GError) error = NULL;

  write_util_append (meanwhile_store, info->key, "screenshots", "{\"id\":\"new\"}", "p8", "one", &error);
  g_assert_no_error (error);
}

static void
undelete (void)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) entries = _strata_file_list (_strata_store_get_dir (meanwhile_store), "trash", NULL);
  g_autofree char *key = NULL;

  for (guint i = 0; i < entries->len; i++)
    {
      const char *name = ((StrataDirEntry *)g_ptr_array_index (entries, i))->name;

      if (g_str_has_prefix (name, "sessions~s-") && g_str_has_suffix (name, "~1"))
        key = g_strndup (name + strlen ("sessions~"), strlen (name) - strlen ("sessions~") - strlen ("~1"));
    }
  g_free (strata_store_undelete (meanwhile_store, key, NULL, &error));
  g_assert_no_error (error);
}

static void
undelete_and_delete (void)
{
  g_autoptr(StrataSessionInfo) info = NULL;
  g_autoptr(GError) error = NULL;

  undelete ();
  info = strata_store_find_session (meanwhile_store, "s", &error);
  g_assert_no_error (error);
  g_free (strata_store_delete_session (meanwhile_store, info->key, NULL, &error));
  g_assert_no_error (error);
}

static void
collect_while (Fixture *fixture,
               void   (*func) (void))
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) garbage = NULL;

  meanwhile_store = strata_store_open (fixture->path, &error);
  g_assert_no_error (error);
  meanwhile_seam = *_strata_seam_get_system ();
  meanwhile_seam.lock = lock_later;
  _strata_seam = &meanwhile_seam;
  meanwhile = func;
  garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
  _strata_seam = _strata_seam_get_system ();
  g_assert_no_error (error);
  g_assert_null (meanwhile);
  g_clear_object (&meanwhile_store);
}

/* What can't be looked at, or is not as it was, is not purged, and neither is what it needs. */
static int
fail_on_a_trashed_session (int          dir,
                           const char  *path,
                           struct stat *out_stat)
{
  static guint n_calls;

  /* The first look is the plan's */
  if (!g_str_has_prefix (path, "trash/sessions~") || n_calls++ == 0)
    return _strata_seam_get_system ()->stat (dir, path, out_stat);
  errno = EIO;

  return -1;
}

static void
age_trashed_session (void)
{
  g_autofree char *below = store_util_find_file (strata_store_get_path (meanwhile_store), "trash", "metadata.json");
  g_autofree char *session = g_path_get_dirname (below);
  g_autofree char *path = g_build_filename (strata_store_get_path (meanwhile_store), session, NULL);

  /* Its time is counted in seconds */
  g_usleep (1100 * 1000);
  g_assert_cmpint (g_chmod (path, 0700), ==, 0);
}

static void
assert_comes_back_whole (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *key = strata_store_undelete (fixture->store, fixture->key, NULL, &error);

  g_assert_no_error (error);
  assert_attachment (fixture->store, fixture->key, "p1", "one");
  assert_sound (fixture->store);
}

static void
test_what_can_not_be_purged_keeps_what_it_needs (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  StrataSeam seam = *_strata_seam_get_system ();
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataGarbage) garbage = NULL;

  delete_session (fixture);
  seam.stat = fail_on_a_trashed_session;
  _strata_seam = &seam;
  garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
  _strata_seam = _strata_seam_get_system ();
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_FAILED);
  g_assert_null (garbage);
  assert_comes_back_whole (fixture);
}

static void
test_what_somebody_touched_keeps_what_it_needs (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  delete_session (fixture);
  collect_while (fixture, age_trashed_session);
  assert_comes_back_whole (fixture);
}

static void
test_what_is_needed_since_the_plan_stays (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  set (fixture, "screenshots", "[]");
  collect_while (fixture, need_again);
  assert_object (fixture, "one", IN_PLACE);
  assert_sound (fixture->store);
}

static void
test_what_is_undeleted_since_the_plan_stays (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  delete_session (fixture);
  collect_while (fixture, undelete);
  assert_attachment (fixture->store, fixture->key, "p1", "one");
  assert_sound (fixture->store);
}

static void
test_what_is_deleted_again_since_the_plan_stays (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  g_autofree char *key = NULL;
  g_autoptr(GError) error = NULL;

  delete_session (fixture);
  collect_while (fixture, undelete_and_delete);
  key = strata_store_undelete (fixture->store, fixture->key, NULL, &error);
  g_assert_no_error (error);
  assert_attachment (fixture->store, fixture->key, "p1", "one");
  assert_sound (fixture->store);
}

/* A writer in another process that is killed anywhere: what it put in place and could not
 * enter into the log any more is found when the store is opened the next time, and whole.
 */
static gboolean
append_and_die (Fixture *fixture,
                guint64  nth)
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      g_autoptr(StrataStore) store = strata_store_open (fixture->path, NULL);

      fault_seam_install ();
      fault_seam_arm (FAULT_KILL, nth, 0);
      if (store == NULL || !write_util_set (store, fixture->key, "screenshots", "[{\"attachmentId\":\"p1\"}]", NULL) ||
          !write_util_attach (store, fixture->key, "p1", "one", NULL) ||
          !write_util_set (store, fixture->key, "title", "[\"p1\"]", NULL))
        _exit (2);
      _exit (0);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);

  return WIFSIGNALED (status);
}

/* Every call, where there is time for it */
static guint64
get_step (void)
{
  return g_getenv ("STRATA_TEST_LONG") != NULL ? 1 : 7;
}

static void
test_what_a_dead_writer_needs_stays (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  gboolean killed = TRUE;

  for (guint64 nth = 1; killed; nth += get_step ())
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataGarbage) garbage = NULL;
      g_autofree char *text = NULL;

      set (fixture, "screenshots", "[]");
      set (fixture, "title", "0");
      garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
      g_assert_no_error (error);
      g_clear_pointer (&garbage, strata_garbage_unref);

      killed = append_and_die (fixture, nth);
      garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
      g_assert_no_error (error);
      reopen (fixture);
      assert_sound (fixture->store);
      text = store_util_read_session (fixture->store, fixture->key, &error);
      g_assert_no_error (error);
      if (!killed)
        assert_attachment (fixture->store, fixture->key, "p1", "one");
    }
}

/* Appends, and takes away again, what others append too. */
static void
work_beside (const char *path,
             const char *id,
             guint       n)
{
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%s\",\"screenshots\":[]}", id);
  g_autoptr(StrataStore) store = strata_store_open (path, NULL);
  g_autofree char *key = write_util_create (store, json, NULL);

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *item = g_strdup_printf ("{\"id\":\"%s-%u\"}", id, i);
      g_autofree char *attachment = g_strdup_printf ("%s-a%u", id, i);
      g_autofree char *content = g_strdup_printf ("content %u", i % 7);
      g_autofree char *name = NULL;

      if (!write_util_append (store, key, "screenshots", item, attachment, content, NULL))
        _exit (2);
      if (i % 3 == 1)
        {
          g_autofree char *gone = g_strdup_printf ("%s-%u", id, i);

          name = strata_store_delete_item (store, key, gone, NULL, NULL);
          if (name == NULL)
            _exit (3);
        }
      if (i % 10 == 9 && !write_util_set (store, key, "screenshots", "[]", NULL))
        _exit (4);
    }
  _exit (0);
}

static void
test_others_can_write_meanwhile (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const char *const ids[] = { "w1", "w2" };
  pid_t pids[G_N_ELEMENTS (ids)];
  guint running = G_N_ELEMENTS (ids), runs = 0;

  g_clear_object (&fixture->store);
  for (guint i = 0; i < G_N_ELEMENTS (ids); i++)
    {
      pids[i] = fork ();
      g_assert_cmpint (pids[i], >=, 0);
      if (pids[i] == 0)
        work_beside (fixture->path, ids[i], g_test_thorough () ? 1000 : 100);
    }
  reopen (fixture);

  while (running > 0)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataGarbage) garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
      int status;

      g_assert_no_error (error);
      g_assert_cmpuint (garbage->problems->len, ==, 0);
      runs++;
      if (waitpid (-1, &status, WNOHANG) > 0)
        {
          g_assert_true (WIFEXITED (status));
          g_assert_cmpint (WEXITSTATUS (status), ==, 0);
          running--;
        }
    }

  g_test_message ("%u times while two processes wrote", runs);
  reopen (fixture);
  assert_sound (fixture->store);
  assert_attachment (fixture->store, fixture->key, "p1", "one");
}

/* Going wrong */

/* What there is to do in the tests below: a bit of everything */
static void
make_mess (Fixture *fixture)
{
  g_autofree char *part = g_strdup_printf ("sessions/%s/chunks/summary-001.0123456789ab.json", fixture->key);
  g_autofree char *item = NULL;
  g_autofree char *extra = NULL;
  g_autofree char *from = dup_object_path (fixture, "both", FALSE);
  g_autofree char *to = dup_object_path (fixture, "both", TRUE);
  g_autoptr(GError) error = NULL;
  g_autofree char *name = NULL;

  write_util_attach (fixture->store, fixture->key, "p7", "attached", &error);
  g_assert_no_error (error);
  set (fixture, "screenshots", "[]");
  write_util_append (fixture->store, fixture->key, "screenshots", "{\"id\":\"m\"}", "p9", "deleted item's", &error);
  g_assert_no_error (error);
  item = delete_item (fixture, "m");
  extra = write_util_create (fixture->store, "{\"id\":\"x\",\"screenshots\":[1,2]}", &error);
  g_assert_no_error (error);
  write_util_append (fixture->store, extra, "screenshots", "{}", "p8", "deleted session's", &error);
  g_assert_no_error (error);
  name = strata_store_delete_session (fixture->store, extra, NULL, &error);
  g_assert_no_error (error);
  make_garbage (fixture);
  write_file (fixture, part, "[]");
  write_file (fixture, "sessions/never-0123456789abcdef/chunks/screenshots-001.0123456789ab.json", "[1]");
  write_file (fixture, "trash/purged~x/y", "z");
  g_assert_cmpint (g_rename (from, to), ==, 0);
}

static void
assert_cleared (Fixture *fixture)
{
  static const char *const kept[] = { "attached", "both" };
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (fixture->store, "o", NULL);
  g_autofree char *objects = store_util_list_files (fixture->path, "attachments");
  g_auto(GStrv) lines = g_strsplit (objects, "\n", -1);

  for (guint i = 0; i < G_N_ELEMENTS (kept); i++)
    assert_object (fixture, kept[i], IN_PLACE);
  g_assert_cmpuint (g_strv_length (lines), ==, G_N_ELEMENTS (kept));
  assert_files (fixture, "trash", "");
  assert_attachment (fixture->store, fixture->key, "p7", "attached");
  assert_attachment (fixture->store, info->key, "p3", "both");
  assert_sound (fixture->store);
}

/* In the middle of it everything is there that is needed, but for what only the run brings back. */
static void
assert_needed (Fixture *fixture)
{
  assert_object (fixture, "attached", IN_PLACE);
  assert_attachment (fixture->store, fixture->key, "p7", "attached");
}

static void
test_no_fault_loses_anything (Fixture       *fixture,
                              gconstpointer  test_data)
{
  const int errnos[] = { EIO, ENOSPC };

  fault_seam_install ();
  for (guint kind = 0; kind < 3; kind++)
    for (guint64 nth = 1 + 2 * kind; ; nth += get_step ())
      {
        g_autoptr(GError) error = NULL;
        g_autoptr(StrataGarbage) garbage = NULL;
        g_autoptr(StrataGarbage) last = NULL;
        gboolean struck;

        fault_seam_arm (FAULT_NONE, 0, 0);
        make_mess (fixture);
        fault_seam_arm (kind == 2 ? FAULT_FOREVER : FAULT_ERRNO, nth, errnos[kind % 2]);
        garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
        struck = fault_seam_has_struck ();
        fault_seam_arm (FAULT_NONE, 0, 0);
        g_assert_true ((garbage != NULL) == (error == NULL));
        assert_needed (fixture);

        last = try_collect (fixture->store, FALSE, TRUE, 0, &error);
        if (garbage != NULL)
          g_assert_no_error (error);
        assert_cleared (fixture);
        if (!struck)
          break;
      }
}

static gboolean
collect_and_die (Fixture *fixture,
                 guint64  nth,
                 gboolean purge)
{
  pid_t pid = fork ();
  int status;

  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      g_autoptr(StrataStore) store = strata_store_open (fixture->path, NULL);
      g_autoptr(StrataGarbage) garbage = NULL;

      fault_seam_install ();
      fault_seam_arm (FAULT_KILL, nth, 0);
      garbage = store != NULL ? try_collect (store, FALSE, purge, 1, NULL) : NULL;
      _exit (garbage != NULL ? 0 : 2);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);

  return WIFSIGNALED (status);
}

static void
test_no_kill_loses_anything (Fixture       *fixture,
                             gconstpointer  test_data)
{
  for (gboolean purge = FALSE; purge <= TRUE; purge++)
    {
      gboolean killed = TRUE;

      for (guint64 nth = purge ? 4 : 1; killed; nth += get_step ())
        {
          g_autoptr(StrataGarbage) garbage = NULL;
          g_autoptr(GError) error = NULL;

          make_mess (fixture);
          killed = collect_and_die (fixture, nth, purge);
          reopen (fixture);
          assert_needed (fixture);
          garbage = try_collect (fixture->store, FALSE, TRUE, 0, &error);
          g_assert_no_error (error);
          assert_cleared (fixture);
        }
    }
}

static void
test_it_can_be_cancelled (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  g_cancellable_cancel (cancellable);
  g_assert_null (strata_store_collect_garbage (fixture->store, NULL, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

static void
done_cb (GObject      *source,
         GAsyncResult *result,
         gpointer      user_data)
{
  *(GAsyncResult **)user_data = g_object_ref (result);
}

static void
test_it_can_run_on_another_thread (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(GAsyncResult) result = NULL;
  g_autoptr(StrataGarbage) garbage = NULL;
  g_autoptr(GError) error = NULL;

  set (fixture, "screenshots", "[]");
  strata_store_collect_garbage_async (fixture->store, options, NULL, done_cb, &result);
  while (result == NULL)
    g_main_context_iteration (NULL, TRUE);
  garbage = strata_store_collect_garbage_finish (fixture->store, result, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (garbage->unreferenced, ==, 1);
  assert_object (fixture, "one", IN_TRASH);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/gc/nothing", test_nothing_in_use_is_garbage);
  ADD ("/gc/two-steps", test_what_nothing_needs_goes_to_the_trash_and_then_away);
  ADD ("/gc/purge", test_purging_needs_no_second_time);
  ADD ("/gc/deleted-session", test_a_deleted_session_keeps_what_it_needs);
  ADD ("/gc/deleted-item", test_a_deleted_item_keeps_what_it_needs);
  ADD ("/gc/of-none", test_an_attachment_of_none_is_kept);
  ADD ("/gc/replaced-parts", test_replaced_parts_are_purged_in_time);
  ADD ("/gc/leftovers", test_leftovers_go_after_a_while);
  ADD ("/gc/sealed-tail", test_a_sealed_tail_goes);
  ADD ("/gc/interrupted", test_what_an_interrupted_purge_left_goes);

  ADD ("/gc/back/put", test_what_is_put_again_comes_back);
  ADD ("/gc/back/held", test_what_a_batch_found_is_there_when_it_commits);
  ADD ("/gc/back/named", test_what_a_batch_names_comes_back);
  ADD ("/gc/back/gone", test_what_is_gone_can_not_be_named);
  ADD ("/gc/back/lost", test_what_was_lost_can_be_named_again);
  ADD ("/gc/back/appended", test_an_element_that_names_it_brings_it_back);
  ADD ("/gc/back/needed", test_what_is_needed_comes_back_from_the_trash);

  ADD ("/gc/damage/session", test_what_the_catalog_knew_of_a_damaged_session_is_kept);
  ADD ("/gc/damage/unknown", test_where_nobody_knows_nothing_is_taken);
  ADD ("/gc/damage/lost", test_a_lost_session_keeps_what_it_needs);
  ADD ("/gc/damage/tail", test_a_tail_the_catalog_has_not_read_holds_everything);
  ADD ("/gc/damage/trash", test_damage_in_the_trash_holds_everything);
  ADD ("/gc/damage/log", test_a_damaged_log_holds_everything);

  ADD ("/gc/beside/unseen", test_what_can_not_be_purged_keeps_what_it_needs);
  ADD ("/gc/beside/touched", test_what_somebody_touched_keeps_what_it_needs);
  ADD ("/gc/beside/needed", test_what_is_needed_since_the_plan_stays);
  ADD ("/gc/beside/undeleted", test_what_is_undeleted_since_the_plan_stays);
  ADD ("/gc/beside/deleted-again", test_what_is_deleted_again_since_the_plan_stays);
  ADD ("/gc/beside/dead-writer", test_what_a_dead_writer_needs_stays);
  ADD ("/gc/beside/writers", test_others_can_write_meanwhile);

  ADD ("/gc/faults", test_no_fault_loses_anything);
  ADD ("/gc/kill", test_no_kill_loses_anything);
  ADD ("/gc/cancel", test_it_can_be_cancelled);
  ADD ("/gc/async", test_it_can_run_on_another_thread);

  return g_test_run ();
}

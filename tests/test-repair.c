/* test-repair.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "migration/strata-journal-private.h"
#include "migration/strata-migration.h"
#include "migration/strata-repair.h"
#include "search/strata-search.h"
#include "store-util.h"
#include "store/strata-tail-private.h"
#include "test-util.h"
#include "write-util.h"

/* Tries of one fault test, unless all are asked for */
#define MAX_TRIES 25

/* A store that came from an old one and was worked on since; each test damages a copy of it */
typedef struct
{
  char        *path;
  char        *legacy;
  char        *whole;    /* the store as it was */
  char        *damaged;  /* the copy */
  StrataStore *store;    /* that is open */
  char        *growing;  /* key of the session with a tail */
  char        *before;   /* what all sessions and collections were */
} Fixture;

static gboolean
tries_all (void)
{
  const char *all = g_getenv ("STRATA_TEST_LONG");

  return all != NULL && *all != '\0';
}

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
write_attachment (Fixture    *fixture,
                  const char *id,
                  const char *content)
{
  g_autofree char *data = g_strdup_printf ("attachments/%s.dat", id);
  g_autofree char *meta = g_strdup_printf ("attachments/%s.meta.json", id);
  g_autofree char *thumbnail = store_util_make_thumbnail ((guint)id[1]);
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%s\",\"type\":\"screenshot\",\"name\":\"%s.png\",\"thumbnail\":\"%s\"}",
                                           id, id, thumbnail);
  g_autofree char *base64 = g_base64_encode ((const guchar *)content, strlen (content));
  g_autofree char *uri = g_strconcat ("data:image/png;base64,", base64, NULL);

  write_file (fixture, data, uri);
  write_file (fixture, meta, json);
}

static void
make_legacy (Fixture *fixture)
{
  g_autoptr(GString) sessions = g_string_new ("[");
  g_autofree char *thumbnail = store_util_make_thumbnail (6);
  g_autofree char *notes = g_strdup_printf ("[{\"id\":\"n1\",\"attachments\":[{\"id\":\"p4\",\"type\":\"file\"},"
                                            "{\"id\":\"p6\",\"path\":\"attachments/images/p6.png\",\"thumbnail\":\"%s\"}]}]",
                                            thumbnail);

  g_string_append (sessions, "{\"id\":\"large\",\"name\":\"a large one\",\"screenshots\":[");
  for (guint i = 0; i < 1200; i++)
    g_string_append_printf (sessions, "%s{\"id\":\"%u\",\"text\":\"%u words that can be packed, and read again\"}", i > 0 ? "," : "", i, i * i);
  g_string_append (sessions, "]},{\"id\":\"pictures\",\"screenshots\":[{\"attachmentId\":\"p1\"},{\"attachmentId\":\"p2\"}]}");
  g_string_append (sessions, ",{\"id\":\"twice\",\"audioSegments\":[1]},{\"id\":\"twice\",\"audioSegments\":[2]}");
  g_string_append (sessions, ",{\"name\":\"without an id\",\"contextItems\":[{}]}");
  g_string_append (sessions, ",{\"id\":\"growing\",\"screenshots\":[1,2]},{\"id\":\"edited\",\"screenshots\":[3],\"audioSegments\":[4]}");
  g_string_append (sessions, ",{\"id\":\"deleted\",\"screenshots\":[{\"attachmentId\":\"p3\"}]}]");
  write_file (fixture, "db/sessions.json", sessions->str);
  write_file (fixture, "db/settings.json", "{\"theme\":\"dark\"}");
  write_file (fixture, "db/notes.json", notes);
  write_file (fixture, "attachments/images/p6.png", "a note's own");
  write_attachment (fixture, "p1", "picture one");
  write_attachment (fixture, "p2", "picture two");
  write_attachment (fixture, "p3", "of a deleted session");
  write_attachment (fixture, "p4", "of a note");
  write_attachment (fixture, "p5", "of nothing");
  write_file (fixture, "videos/alone.mp4", "a film");
}

static void
migrate (Fixture  *fixture,
         gboolean  is_packed)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->whole, fixture->legacy);
  g_autoptr(GError) error = NULL;

  if (is_packed)
    strata_migration_set_compression (migration, 6);
  strata_migration_run (migration, NULL, &error);
  g_assert_no_error (error);
}

static char *
find_key (StrataStore *store,
          const char  *id)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, id, &error);

  g_assert_no_error (error);

  return g_strdup (info->key);
}

/* What no old store has */
static void
work_on_it (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = store_util_open (fixture->whole);
  g_autoptr(StrataSearch) search = strata_search_new (store);
  g_autofree char *edited = find_key (store, "edited");
  g_autofree char *deleted = find_key (store, "deleted");
  g_autofree char *trashed = NULL;
  g_autofree char *item = NULL;

  fixture->growing = find_key (store, "growing");
  write_util_set (store, edited, "name", "\"another\"", &error);
  g_assert_no_error (error);
  write_util_append (store, fixture->growing, "screenshots", "{\"id\":\"gone\"}", NULL, NULL, &error);
  g_assert_no_error (error);
  item = strata_store_delete_item (store, fixture->growing, "gone", NULL, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < 6; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"t%u\",\"text\":\"appended\"}", i);

      write_util_append (store, fixture->growing, i % 2 == 0 ? "screenshots" : "contextItems", json, NULL, NULL, &error);
      g_assert_no_error (error);
    }
  trashed = strata_store_delete_session (store, deleted, NULL, &error);
  g_assert_no_error (error);
  strata_search_update (search, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
}

/* Everything that can be read, or why it can't, a line each */
static char *
read_all (StrataStore *store)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, NULL);
  g_auto(GStrv) collections = strata_store_list_collections (store, NULL);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);
      g_autoptr(GError) error = NULL;
      g_autofree char *json = store_util_read_session (store, info->key, &error);

      g_string_append_printf (text, "%s %s\n", info->key, json != NULL ? json : error->message);
    }
  for (guint i = 0; collections[i] != NULL; i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GInputStream) stream = strata_store_open_collection (store, collections[i], &error);
      g_autofree char *json = stream != NULL ? store_util_read (stream, &error) : NULL;

      g_string_append_printf (text, "%s %s\n", collections[i], json != NULL ? json : error->message);
    }

  return g_string_free (text, FALSE);
}

static void
set_up (Fixture  *fixture,
        gboolean  is_packed)
{
  g_autoptr(StrataStore) store = NULL;
  g_autofree char *reserve = NULL;

  fixture->path = test_make_fast_dir ();
  fixture->legacy = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  fixture->whole = g_build_filename (fixture->path, "whole", NULL);
  fixture->damaged = g_build_filename (fixture->path, "damaged", NULL);
  make_legacy (fixture);
  migrate (fixture, is_packed);
  work_on_it (fixture);
  /* It would be copied again and again */
  reserve = g_build_filename (fixture->whole, "reserve", NULL);
  g_assert_cmpint (g_remove (reserve), ==, 0);
  store = store_util_open (fixture->whole);
  fixture->before = read_all (store);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  set_up (fixture, FALSE);
}

static void
packed_set_up (Fixture       *fixture,
               gconstpointer  test_data)
{
  set_up (fixture, TRUE);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->whole);
  g_free (fixture->damaged);
  g_free (fixture->growing);
  g_free (fixture->before);
}

static void
copy_whole (Fixture *fixture)
{
  g_autofree char *command = g_strdup_printf ("rm -rf '%s' && cp -a '%s' '%s'", fixture->damaged, fixture->whole, fixture->damaged);

  g_clear_object (&fixture->store);
  g_assert_cmpint (system (command), ==, 0);
}

static StrataRepair *
repair_store (StrataStore  *store,
              GError      **error)
{
  StrataRepair *result = strata_repair_run (store, NULL, error);

  for (guint i = 0; result != NULL && i < result->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (result->problems, i);

      g_test_message ("%s: %s: %s", strata_problem_get_code (problem), strata_problem_get_path (problem),
                      strata_problem_get_message (problem));
    }

  return result;
}

static StrataRepair *
repair (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataRepair *result;

  g_clear_object (&fixture->store);
  fixture->store = strata_store_open (fixture->damaged, &error);
  g_assert_no_error (error);
  result = repair_store (fixture->store, &error);
  g_assert_no_error (error);

  return result;
}

static void
assert_as_before (Fixture *fixture)
{
  g_autofree char *now = read_all (fixture->store);
  g_autofree char *problems = store_util_check (fixture->store);

  g_assert_cmpstr (problems, ==, "");
  g_assert_cmpstr (now, ==, fixture->before);
}

/* Whether the problems have one of this code and path; @words: (nullable): in its message */
static gboolean
has_problem (StrataRepair *result,
             const char   *code,
             const char   *path,
             const char   *words)
{
  for (guint i = 0; i < result->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (result->problems, i);

      if (g_strcmp0 (strata_problem_get_code (problem), code) == 0 && g_strcmp0 (strata_problem_get_path (problem), path) == 0 &&
          (words == NULL || strstr (strata_problem_get_message (problem), words) != NULL))
        return TRUE;
    }

  return FALSE;
}

static GStrv
list_files (Fixture *fixture)
{
  g_autofree char *text = store_util_list_files (fixture->whole, ".");
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);
  g_autoptr(GStrvBuilder) files = g_strv_builder_new ();

  for (guint i = 0; lines[i] != NULL; i++)
    {
      const char *file = g_str_has_prefix (lines[i], "./") ? lines[i] + 2 : lines[i];

      if (*file != '\0' && strstr (file, ".sqlite3-") == NULL && !g_str_has_suffix (file, "lock") && strcmp (file, "reserve") != 0)
        g_strv_builder_add (files, file);
    }

  return g_strv_builder_end (files);
}

/* What is only in this file, so that it is lost with it */
static gboolean
is_only_here (Fixture    *fixture,
              const char *file)
{
  return g_str_has_suffix (file, "/tail.jsonl") || g_str_has_prefix (file, "migration/report-") || g_str_has_suffix (file, "/manifest") || g_str_has_prefix (file, "trash/items~") ||
         (strstr (file, "edited-") != NULL && g_str_has_suffix (file, "metadata.json")) ||
         (strstr (file, "growing-") != NULL && (g_str_has_suffix (file, "metadata.json") || strstr (file, "-002.") != NULL));
}

/* The damaged bytes are in the store, wherever */
static void
assert_kept (Fixture    *fixture,
             const char *content,
             gsize       size)
{
  g_autofree char *text = store_util_list_files (fixture->damaged, ".");
  g_auto(GStrv) lines = g_strsplit (text, "\n", -1);

  for (guint i = 0; lines[i] != NULL; i++)
    {
      g_autofree char *path = g_build_filename (fixture->damaged, lines[i], NULL);
      g_autofree char *other = NULL;
      gsize other_size;

      if (g_file_get_contents (path, &other, &other_size, NULL) && other_size == size && memcmp (other, content, size) == 0)
        return;
    }
  g_error ("What was damaged is not there any more");
}

static void
damage (Fixture    *fixture,
        const char *file,
        gboolean    is_removed)
{
  g_autofree char *path = g_build_filename (fixture->damaged, file, NULL);

  if (is_removed)
    g_assert_cmpint (g_remove (path), ==, 0);
  else
    store_util_flip_byte (fixture->damaged, file, store_util_file_size (fixture->damaged, file) / 2);
}

/* Tests */

static void
test_an_intact_store_stays_as_it_is (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;
  g_autoptr(StrataRepair) result = NULL;
  g_autoptr(StrataRepair) same = NULL;

  copy_whole (fixture);
  before = store_util_list_files (fixture->damaged, ".");
  result = repair (fixture);
  same = strata_repair_ref (result);
  g_assert_cmpuint (same->repaired, ==, 0);
  g_assert_cmpuint (same->lost, ==, 0);
  g_assert_cmpuint (same->problems->len, ==, 0);
  g_clear_object (&fixture->store);
  after = store_util_list_files (fixture->damaged, ".");
  g_assert_cmpstr (before, ==, after);
}

static void
assert_one_file_is_repaired (Fixture    *fixture,
                             const char *file,
                             gboolean    is_removed)
{
  g_autoptr(StrataRepair) result = NULL;
  g_autofree char *path = g_build_filename (fixture->damaged, file, NULL);
  g_autofree char *content = NULL;
  gsize size = 0;

  copy_whole (fixture);
  damage (fixture, file, is_removed);
  if (!is_removed)
    g_assert_true (g_file_get_contents (path, &content, &size, NULL));

  g_test_message ("%s is %s", file, is_removed ? "gone" : "damaged");
  result = repair (fixture);
  if (!is_removed && strstr (file, ".sqlite3") == NULL)
    assert_kept (fixture, content, size);
  if (is_only_here (fixture, file))
    {
      g_assert_true (is_removed || result->lost > 0);
      return;
    }
  g_assert_cmpuint (result->lost, ==, 0);
  g_assert_cmpuint (result->check->damage, ==, 0);
  assert_as_before (fixture);
}

static void
test_each_file_comes_back (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_auto(GStrv) files = list_files (fixture);
  guint lost = 0, n = g_strv_length (files);

  for (guint i = 0; i < n; i++)
    {
      /* What is packed is told by its parts */
      if (tries_all () || test_data == NULL || g_str_has_suffix (files[i], ".gz"))
        assert_one_file_is_repaired (fixture, files[i], FALSE);
      if (tries_all () || i % 3 == 0)
        assert_one_file_is_repaired (fixture, files[i], TRUE);
      lost += is_only_here (fixture, files[i]) ? 1 : 0;
    }
  g_test_message ("%u files, %u of them with what no other has", n, lost);
  g_assert_cmpuint (n, >, 30);
  g_assert_cmpuint (lost, <, 10);
}

static const char *
find_file (GStrv       files,
           const char *prefix,
           const char *part)
{
  for (guint i = 0; files[i] != NULL; i++)
    if (g_str_has_prefix (files[i], prefix) && strstr (files[i], part) != NULL)
      return files[i];

  g_assert_not_reached ();
}

static void
damage_many (Fixture *fixture,
             GStrv    files)
{
  damage (fixture, find_file (files, "sessions/pictures-", "metadata.json"), TRUE);
  damage (fixture, find_file (files, "sessions/pictures-", "screenshots"), TRUE);
  damage (fixture, find_file (files, "sessions/pictures-", "attachments"), TRUE);
  damage (fixture, find_file (files, "sessions/large-", "screenshots-001"), FALSE);
  damage (fixture, find_file (files, "attachments/", ""), FALSE);
  damage (fixture, find_file (files, "collections/settings-", ""), TRUE);
  damage (fixture, find_file (files, "catalog.sqlite3", ""), FALSE);
  damage (fixture, "changes.log", FALSE);
  damage (fixture, "store.json", FALSE);
  damage (fixture, "migration/journal", FALSE);
}

static void
test_many_come_back_at_once (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_auto(GStrv) files = list_files (fixture);
  g_autoptr(StrataRepair) result = NULL;

  copy_whole (fixture);
  damage_many (fixture, files);
  result = repair (fixture);
  g_assert_cmpuint (result->lost, ==, 0);
  g_assert_cmpuint (result->repaired, >=, 9);
  assert_as_before (fixture);
}

/* Tails */

static StrataTail *
read_tail (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, fixture->growing, &error);

  g_assert_no_error (error);
  g_assert_nonnull (manifest->tail);
  g_assert_cmpuint (manifest->tail->n_damaged, ==, 0);

  return _strata_tail_ref (manifest->tail);
}

/* Those of @after are those of @before, in their order, but for at most one */
static guint
count_lost (const StrataTail *before,
            const StrataTail *after)
{
  guint j = 0;

  for (guint i = 0; i < before->lines->len && j < after->lines->len; i++)
    {
      const StrataTailLine *a = &g_array_index (before->lines, StrataTailLine, i);
      const StrataTailLine *b = &g_array_index (after->lines, StrataTailLine, j);

      if (a->list == b->list && a->length == b->length && memcmp (a->element, b->element, a->length) == 0)
        j++;
    }
  g_assert_cmpuint (j, ==, after->lines->len);

  return before->lines->len - after->lines->len;
}

static void
test_what_is_whole_of_a_tail_is_kept (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *file = _strata_tail_dup_path (fixture->growing);
  gsize size = store_util_file_size (fixture->whole, file);
  gsize step = tries_all () ? 1 : 23;
  g_autoptr(StrataTail) before = NULL;
  guint lost = 0, tried = 0;

  copy_whole (fixture);
  fixture->store = store_util_open (fixture->damaged);
  before = read_tail (fixture);
  g_assert_cmpuint (before->lines->len, ==, 6);

  for (gsize offset = 0; offset < size; offset += step, tried++)
    {
      g_autoptr(StrataRepair) result = NULL;
      g_autoptr(StrataTail) after = NULL;
      g_autoptr(GError) error = NULL;
      guint n;

      copy_whole (fixture);
      store_util_flip_byte (fixture->damaged, file, offset);
      result = repair (fixture);
      g_assert_cmpuint (result->check->damage, ==, 0);
      after = read_tail (fixture);
      n = count_lost (before, after);
      g_assert_cmpuint (n, <=, 1);
      g_assert_cmpuint (result->lost, ==, n);
      g_assert_true (n == 0 || has_problem (result, "lost", file, "line "));
      lost += n;

      write_util_append (fixture->store, fixture->growing, "screenshots", "{\"id\":\"after\"}", NULL, NULL, &error);
      g_assert_no_error (error);
    }
  g_test_message ("%u bytes, %u elements lost", tried, lost);
  g_assert_cmpuint (lost, >, 0);
}

/* The line feeds, which a step may miss */
static void
test_lines_that_became_one_are_told_apart (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *file = _strata_tail_dup_path (fixture->growing);
  g_autofree char *path = g_build_filename (fixture->whole, file, NULL);
  g_autofree char *text = NULL;
  guint found = 0;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  for (const char *p = strchr (text, '\n'); p != NULL; p = strchr (p + 1, '\n'), found++)
    {
      g_autoptr(StrataRepair) result = NULL;
      g_autoptr(StrataTail) after = NULL;

      copy_whole (fixture);
      store_util_flip_byte (fixture->damaged, file, (gsize)(p - text));
      result = repair (fixture);
      g_assert_cmpuint (result->lost, ==, 0);
      after = read_tail (fixture);
      g_assert_cmpuint (after->lines->len, ==, 6);
      assert_as_before (fixture);
    }
  g_assert_cmpuint (found, ==, 7);
}

/* Where there is nothing to restore it from */

static void
test_without_the_old_store_it_is_said_what_is_lost (Fixture       *fixture,
                                                    gconstpointer  test_data)
{
  g_auto(GStrv) files = list_files (fixture);
  const char *part = find_file (files, "sessions/large-", "screenshots-002");
  const char *rows = find_file (files, "sessions/pictures-", "chunks/attachments");
  const char *object = find_file (files, "attachments/", "");
  g_autoptr(StrataRepair) result = NULL;
  g_autoptr(StrataRepair) again = NULL;

  test_remove_dir (fixture->legacy);
  copy_whole (fixture);
  damage (fixture, part, FALSE);
  damage (fixture, object, TRUE);
  result = repair (fixture);

  g_assert_cmpuint (result->repaired, ==, 0);
  g_assert_cmpuint (result->check->damage, ==, 2);
  g_assert_true (has_problem (result, "lost", part, "Of \"screenshots\" the elements "));
  g_assert_true (has_problem (result, "lost", part, " to 1199 are lost"));
  g_assert_true (has_problem (result, "lost", object, "of the old store is not there"));
  g_assert_true (has_problem (result, "digest-mismatch", part, NULL));
  g_assert_true (g_file_test (fixture->damaged, G_FILE_TEST_IS_DIR));

  damage (fixture, rows, FALSE);
  again = repair (fixture);
  g_assert_true (has_problem (again, "lost", rows, "It lists 2 attachments"));
}

/* The old store has something else now: that is no restoring */
static void
test_what_has_another_digest_is_not_taken (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_auto(GStrv) files = list_files (fixture);
  const char *object = NULL;
  const char *part = find_file (files, "sessions/pictures-", "screenshots");
  g_autoptr(StrataRepair) result = NULL;
  g_autofree char *hex = g_compute_checksum_for_string (G_CHECKSUM_SHA256, "picture one", -1);

  object = find_file (files, "attachments/", hex);
  write_attachment (fixture, "p1", "picture 0ne");
  write_file (fixture, "db/sessions.json", "[{\"id\":\"pictures\",\"screenshots\":[{\"attachmentId\":\"p1\"}]}]");
  copy_whole (fixture);
  damage (fixture, object, FALSE);
  damage (fixture, part, TRUE);
  result = repair (fixture);
  g_assert_cmpuint (result->check->damage, ==, 2);
  g_assert_true (has_problem (result, "lost", object, "is not what was read"));
  g_assert_true (has_problem (result, "lost", part, NULL));
}

/* Faults */

static guint64
count_calls (Fixture *fixture,
             GStrv    files)
{
  g_autoptr(StrataRepair) result = NULL;
  guint64 calls;

  copy_whole (fixture);
  damage_many (fixture, files);
  fixture->store = store_util_open (fixture->damaged);
  fault_seam_install ();
  fault_seam_arm (FAULT_NONE, 0, 0);
  result = strata_repair_run (fixture->store, NULL, NULL);
  calls = fault_seam_get_calls ();
  fault_seam_remove ();
  g_assert_nonnull (result);

  return calls;
}

static guint64
get_step (guint64 calls)
{
  return tries_all () || calls < MAX_TRIES ? 1 : calls / MAX_TRIES;
}

static void
test_no_fault_makes_it_worse (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const int errnos[] = { EIO, ENOSPC };
  g_auto(GStrv) files = list_files (fixture);
  guint64 calls = count_calls (fixture, files);
  guint64 step = get_step (calls);
  guint failed = 0;

  for (guint64 nth = 1 + step / 3, i = 0; nth <= calls; nth += step, i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataRepair) result = NULL;
      g_autoptr(StrataRepair) again = NULL;

      copy_whole (fixture);
      damage_many (fixture, files);
      fixture->store = store_util_open (fixture->damaged);
      fault_seam_install ();
      fault_seam_arm (i % 3 == 2 ? FAULT_FOREVER : FAULT_ERRNO, nth, errnos[i % 2]);
      result = strata_repair_run (fixture->store, NULL, &error);
      fault_seam_remove ();
      g_assert_true ((result == NULL) == (error != NULL));
      failed += result == NULL ? 1 : 0;

      again = repair (fixture);
      g_assert_cmpuint (again->lost, ==, 0);
      assert_as_before (fixture);
    }
  g_test_message ("%" G_GUINT64_FORMAT " calls, every %" G_GUINT64_FORMAT "th, %u failed", calls, step, failed);
  g_assert_cmpuint (failed, >, 0);
}

static gboolean
repair_and_die (Fixture *fixture,
                guint64  nth)
{
  pid_t pid;
  int status;

  g_clear_object (&fixture->store);
  pid = fork ();
  g_assert_cmpint (pid, >=, 0);
  if (pid == 0)
    {
      g_autoptr(StrataStore) store = strata_store_open (fixture->damaged, NULL);
      g_autoptr(StrataRepair) result = NULL;

      fault_seam_install ();
      fault_seam_arm (FAULT_KILL, nth, 0);
      result = store != NULL ? strata_repair_run (store, NULL, NULL) : NULL;
      _exit (result != NULL ? 0 : 2);
    }
  g_assert_cmpint (waitpid (pid, &status, 0), ==, pid);
  g_assert_true (WIFSIGNALED (status) || WEXITSTATUS (status) == 0);

  return WIFSIGNALED (status);
}

static void
test_after_a_kill_it_goes_on (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_auto(GStrv) files = list_files (fixture);
  guint64 calls = count_calls (fixture, files);
  guint64 step = get_step (calls);
  guint killed = 0;

  for (guint64 nth = 1 + step / 3; nth <= calls; nth += step)
    {
      g_autoptr(StrataRepair) result = NULL;

      copy_whole (fixture);
      damage_many (fixture, files);
      killed += repair_and_die (fixture, nth) ? 1 : 0;
      result = repair (fixture);
      g_assert_cmpuint (result->lost, ==, 0);
      assert_as_before (fixture);
    }
  g_test_message ("%" G_GUINT64_FORMAT " calls, every %" G_GUINT64_FORMAT "th, %u killed", calls, step, killed);
  g_assert_cmpuint (killed, >, 0);
}

static void
test_it_can_be_cancelled (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  copy_whole (fixture);
  fixture->store = store_util_open (fixture->damaged);
  g_cancellable_cancel (cancellable);
  g_assert_null (strata_repair_run (fixture->store, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/repair/intact", test_an_intact_store_stays_as_it_is);
  ADD ("/repair/each", test_each_file_comes_back);
  g_test_add ("/repair/each-packed", Fixture, "packed", packed_set_up, test_each_file_comes_back, fixture_tear_down);
  ADD ("/repair/many", test_many_come_back_at_once);
  g_test_add ("/repair/many-packed", Fixture, NULL, packed_set_up, test_many_come_back_at_once, fixture_tear_down);
  ADD ("/repair/tail", test_what_is_whole_of_a_tail_is_kept);
  ADD ("/repair/joined-lines", test_lines_that_became_one_are_told_apart);
  ADD ("/repair/no-source", test_without_the_old_store_it_is_said_what_is_lost);
  ADD ("/repair/other-source", test_what_has_another_digest_is_not_taken);
  ADD ("/repair/faults", test_no_fault_makes_it_worse);
  ADD ("/repair/kills", test_after_a_kill_it_goes_on);
  ADD ("/repair/cancel", test_it_can_be_cancelled);
#undef ADD

  return g_test_run ();
}

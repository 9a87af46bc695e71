/* test-legacy-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/stat.h>

#include "base/strata-error.h"
#include "base/strata-seam-private.h"
#include "legacy/strata-legacy-store-private.h"
#include "migration/strata-plan.h"
#include "test-util.h"

typedef struct
{
  char *path;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  _strata_seam = _strata_seam_get_system ();
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static char *
prepare (Fixture    *fixture,
         const char *name)
{
  char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);

  return path;
}

static void
put (Fixture    *fixture,
     const char *name,
     const char *content)
{
  g_autofree char *path = prepare (fixture, name);
  g_autoptr(GError) error = NULL;

  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

static void
put_folder (Fixture    *fixture,
            const char *name)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);

  g_assert_cmpint (g_mkdir_with_parents (path, 0700), ==, 0);
}

static void
put_link (Fixture    *fixture,
          const char *name,
          const char *target)
{
  g_autofree char *path = prepare (fixture, name);

  g_assert_cmpint (symlink (target, path), ==, 0);
}

static StrataLegacyStore *
open_store (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataLegacyStore *store = _strata_legacy_store_open (fixture->path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);

  return store;
}

/* What every kind of name is, in the order of paths. A name that ends in "/" is
 * a folder, one that ends in "@" a link, one that ends in "|" a pipe.
 */
static const struct
{
  const char       *path;
  const char       *name;
  StrataLegacyRole  role;
} rows[] = {
  { ".DS_Store", NULL, STRATA_LEGACY_FOREIGN },
  { ".window-state.json", NULL, STRATA_LEGACY_FOREIGN },
  { "EBWebView/", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/.DS_Store", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/._a.meta.json", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/.clouded.dat.icloud", "clouded", STRATA_LEGACY_NOT_DOWNLOADED },
  { "attachments/.clouded.meta.json.icloud", "clouded", STRATA_LEGACY_NOT_DOWNLOADED },
  { "attachments/.dat", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/.dotted.dat", ".dotted", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/.here.dat.icloud", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/.junk.icloud", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/Thumbs.db", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/a b.dat", "a b", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a-b.dat", "a-b", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a.b.dat", "a.b", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a.dat", "a", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a.e.dat", "a.e", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a.e.meta.json", "a.e", STRATA_LEGACY_ATTACHMENT_META },
  { "attachments/a.json", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/a.meta.dat", "a.meta", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/a.meta.json", "a", STRATA_LEGACY_ATTACHMENT_META },
  { "attachments/a.meta.meta.json", "a.meta", STRATA_LEGACY_ATTACHMENT_META },
  { "attachments/aa.dat", "aa", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/folder.dat/", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/here.dat", "here", STRATA_LEGACY_ATTACHMENT_DATA },
  { "attachments/images/.DS_Store", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/images/.c.png.icloud", "c", STRATA_LEGACY_NOT_DOWNLOADED },
  { "attachments/images/README.txt", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/images/a.png", "a", STRATA_LEGACY_ATTACHMENT_FILE },
  { "attachments/images/linked.png@", "linked", STRATA_LEGACY_LINK },
  { "attachments/images/no-extension", "no-extension", STRATA_LEGACY_ATTACHMENT_FILE },
  { "attachments/images/sub/", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/images/two.dots.png", "two.dots", STRATA_LEGACY_ATTACHMENT_FILE },
  { "attachments/junk@", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/linked.dat@", "linked", STRATA_LEGACY_LINK },
  { "attachments/other/", NULL, STRATA_LEGACY_FOREIGN },
  { "attachments/piped.meta.json|", "piped", STRATA_LEGACY_LINK },
  { "attachments/screenshots/a.jpg", "a", STRATA_LEGACY_ATTACHMENT_FILE },
  { "attachments/z.meta.json", "z", STRATA_LEGACY_ATTACHMENT_META },
  { "backups/backup-1.json", NULL, STRATA_LEGACY_BACKUP },
  { "backups/backup-12 2.json", NULL, STRATA_LEGACY_BACKUP },
  { "backups/backup-x.json", NULL, STRATA_LEGACY_FOREIGN },
  { "backups/other.json", NULL, STRATA_LEGACY_FOREIGN },
  { "db/._sessions.json", NULL, STRATA_LEGACY_FOREIGN },
  { "db/.json", NULL, STRATA_LEGACY_FOREIGN },
  { "db/.notes.json.icloud", "notes", STRATA_LEGACY_NOT_DOWNLOADED },
  { "db/README.txt", NULL, STRATA_LEGACY_FOREIGN },
  { "db/linked.json@", "linked", STRATA_LEGACY_LINK },
  { "db/my.custom.json", "my.custom", STRATA_LEGACY_COLLECTION },
  { "db/sessions 2.json", "sessions 2", STRATA_LEGACY_COLLECTION },
  { "db/sessions-backup-enrichment-migration-2025-09-27T01-36-42-134Z.json",
    "sessions-backup-enrichment-migration-2025-09-27T01-36-42-134Z", STRATA_LEGACY_COLLECTION },
  { "db/sessions.backup.json", "sessions", STRATA_LEGACY_COLLECTION_BACKUP },
  { "db/sessions.json", "sessions", STRATA_LEGACY_COLLECTION },
  { "db/sessions.json.bak", NULL, STRATA_LEGACY_FOREIGN },
  { "db/sessions.tmp.json", "sessions", STRATA_LEGACY_COLLECTION_TMP },
  { "db/sub/", NULL, STRATA_LEGACY_FOREIGN },
  { "keys.json", NULL, STRATA_LEGACY_FOREIGN },
  { "sessions.json", "sessions", STRATA_LEGACY_TOPLEVEL },
  { "videos/.c.mp4.icloud", NULL, STRATA_LEGACY_NOT_DOWNLOADED },
  { "videos/desktop.ini", NULL, STRATA_LEGACY_FOREIGN },
  { "videos/session-1.mp4", NULL, STRATA_LEGACY_VIDEO },
  { "videos/sub/", NULL, STRATA_LEGACY_FOREIGN },
};

/* Returns: (transfer full): the path of a row without its mark */
static char *
put_row (Fixture *fixture,
         guint    i)
{
  gsize length = strlen (rows[i].path);
  char mark = rows[i].path[length - 1];
  g_autofree char *bare = g_strndup (rows[i].path, length - 1);
  g_autofree char *full = NULL;

  if (mark == '/')
    {
      g_autofree char *inside = g_build_filename (bare, "never-seen.dat", NULL);

      put (fixture, inside, "x");
    }
  else if (mark == '@')
    put_link (fixture, bare, "/etc/hostname");
  else if (mark == '|')
    {
      full = prepare (fixture, bare);
      g_assert_cmpint (mkfifo (full, 0600), ==, 0);
    }
  else
    {
      put (fixture, rows[i].path, rows[i].path);
      return g_strdup (rows[i].path);
    }

  return g_steal_pointer (&bare);
}

static StrataSeam faulty;

typedef struct
{
  StrataSeamListFunc func;
  gpointer           user_data;
} Listing;

static gboolean
pass_without_type (const char    *name,
                   unsigned char  type,
                   gpointer       user_data)
{
  Listing *listing = user_data;

  return listing->func (name, DT_UNKNOWN, listing->user_data);
}

/* As a file system does that does not say what an entry is */
static int
list_without_types (int                 dir,
                    const char         *path,
                    StrataSeamListFunc  func,
                    gpointer            user_data)
{
  Listing listing = { func, user_data };

  return _strata_seam_get_system ()->list (dir, path, pass_without_type, &listing);
}

static void
test_every_kind_of_file (Fixture       *fixture,
                         gconstpointer  test_data)
{
  gboolean without_types = GPOINTER_TO_INT (test_data);
  g_autoptr(GPtrArray) paths = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(StrataLegacyStore) store = NULL;
  GPtrArray *files;

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_ptr_array_add (paths, put_row (fixture, i));
  put_folder (fixture, "attachments/files");

  if (without_types)
    {
      faulty = *_strata_seam_get_system ();
      faulty.list = list_without_types;
      _strata_seam = &faulty;
    }
  store = open_store (fixture);
  files = _strata_legacy_store_get_files (store);

  for (guint i = 0; i < MIN (files->len, G_N_ELEMENTS (rows)); i++)
    {
      const StrataLegacyFile *file = g_ptr_array_index (files, i);

      g_test_message ("%s", rows[i].path);
      g_assert_cmpstr (file->path, ==, g_ptr_array_index (paths, i));
      g_assert_cmpstr (file->name, ==, rows[i].name);
      g_assert_cmpint (file->role, ==, rows[i].role);
      g_assert_cmpint (file->mtime_ns, >, G_GINT64_CONSTANT (1500000000000000000));
      if (strpbrk (rows[i].path + strlen (rows[i].path) - 1, "/@|") == NULL)
        g_assert_cmpuint (file->size, ==, strlen (rows[i].path));
      else
        g_assert_cmpuint (file->size, ==, 0);
    }
  g_assert_cmpuint (files->len, ==, G_N_ELEMENTS (rows));

}

static void
assert_file (const StrataLegacyFile *file,
             const char             *path,
             StrataLegacyRole        role)
{
  g_assert_cmpstr (file != NULL ? file->path : NULL, ==, path);
  if (file != NULL)
    g_assert_cmpint (file->role, ==, role);
}

static void
assert_found (StrataLegacyStore *store,
              const char        *id,
              const char        *data,
              const char        *meta,
              const char        *raw)
{
  g_auto(StrataLegacyAttachmentFiles) files = { 0 };

  g_test_message ("%s", id);
  g_assert_true (_strata_legacy_store_find_attachment (store, id, &files));
  g_assert_true (_strata_legacy_store_has_attachment (store, id, strlen (id)));
  g_assert_true (_strata_legacy_store_has_id_of_length (store, strlen (id)));
  assert_file (files.data, data, STRATA_LEGACY_ATTACHMENT_DATA);
  assert_file (files.meta, meta, STRATA_LEGACY_ATTACHMENT_META);
  assert_file (files.file, raw, STRATA_LEGACY_ATTACHMENT_FILE);
}

static void
test_attachments_are_found_by_id (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const char *const ids[] = {
    ".dotted", "a", "a b", "a-b", "a.b", "a.e", "a.meta", "aa", "c", "clouded", "here", "linked", "no-extension",
    "piped", "two.dots", "z",
  };
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(GPtrArray) listed = NULL;
  g_auto(StrataLegacyAttachmentFiles) files = { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    g_free (put_row (fixture, i));
  store = open_store (fixture);

  listed = _strata_legacy_store_list_attachments (store);
  for (guint i = 0; i < MIN (listed->len, G_N_ELEMENTS (ids)); i++)
    g_assert_cmpstr (g_ptr_array_index (listed, i), ==, ids[i]);
  g_assert_cmpuint (listed->len, ==, G_N_ELEMENTS (ids));

  assert_found (store, "a", "attachments/a.dat", "attachments/a.meta.json", "attachments/images/a.png");
  assert_found (store, "a.meta", "attachments/a.meta.dat", "attachments/a.meta.meta.json", NULL);
  assert_found (store, "aa", "attachments/aa.dat", NULL, NULL);
  assert_found (store, "here", "attachments/here.dat", NULL, NULL);
  assert_found (store, "z", NULL, "attachments/z.meta.json", NULL);

  g_assert_true (_strata_legacy_store_find_attachment (store, "linked", &files));
  assert_file (files.data, "attachments/linked.dat", STRATA_LEGACY_LINK);
  assert_file (files.file, "attachments/images/linked.png", STRATA_LEGACY_LINK);
  _strata_legacy_attachment_files_clear (&files);
  g_assert_true (_strata_legacy_store_find_attachment (store, "clouded", &files));
  assert_file (files.data, "attachments/.clouded.dat.icloud", STRATA_LEGACY_NOT_DOWNLOADED);
  assert_file (files.meta, "attachments/.clouded.meta.json.icloud", STRATA_LEGACY_NOT_DOWNLOADED);
  _strata_legacy_attachment_files_clear (&files);

  g_assert_false (_strata_legacy_store_find_attachment (store, "nothing", &files));
  g_assert_false (_strata_legacy_store_find_attachment (store, "", &files));
  g_assert_false (_strata_legacy_store_find_attachment (store, "../db/sessions", &files));
  g_assert_false (_strata_legacy_store_has_attachment (store, "ab", 1 + 1));
  g_assert_true (_strata_legacy_store_has_attachment (store, "abc", 1));
  g_assert_false (_strata_legacy_store_has_id_of_length (store, 0));
  g_assert_false (_strata_legacy_store_has_id_of_length (store, 11));
  g_assert_false (_strata_legacy_store_has_id_of_length (store, 1000000));
}

static void
test_sizes_are_those_of_now (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  g_auto(StrataLegacyAttachmentFiles) files = { 0 };
  g_autofree char *path = g_build_filename (fixture->path, "attachments", "x.meta.json", NULL);

  put (fixture, "attachments/x.dat", "1");
  put (fixture, "attachments/x.meta.json", "{}");
  store = open_store (fixture);
  put (fixture, "attachments/x.dat", "12345");
  g_assert_cmpint (g_unlink (path), ==, 0);

  g_assert_true (_strata_legacy_store_find_attachment (store, "x", &files));
  g_assert_cmpuint (files.data->size, ==, 5);
  g_assert_null (files.meta);
}

static gboolean
check_order (const StrataLegacyFile *file,
             gpointer                user_data)
{
  GString *last = user_data;

  g_assert_cmpstr (last->str, <, file->path);
  g_string_assign (last, file->path);

  return TRUE;
}

static gboolean
count_three (const StrataLegacyFile *file,
             gpointer                user_data)
{
  guint *count = user_data;

  return ++*count < 3;
}

/* Ids made of what sorts around a dot */
static void
test_files_come_in_the_order_of_paths (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(GString) last = g_string_new ("");
  guint count = 0;

  for (guint i = 0; i < 300; i++)
    {
      g_autoptr(GString) name = g_string_new ("attachments/");

      for (int n = g_test_rand_int_range (1, 5); n > 0; n--)
        {
          static const char *const parts[] = { "a", ".", "-", "dat", "meta", "z", ".meta", "json" };

          g_string_append (name, parts[g_test_rand_int_range (0, G_N_ELEMENTS (parts))]);
        }
      g_string_append (name, g_test_rand_bit () ? ".dat" : ".meta.json");
      put (fixture, name->str, "x");
    }
  put (fixture, "attachments/images/x.png", "x");
  put (fixture, "db/sessions.json", "x");
  put (fixture, "attachmentsz", "x");
  put (fixture, "attachments-old", "x");

  store = open_store (fixture);
  _strata_legacy_store_foreach_file (store, check_order, last);
  g_assert_cmpstr (last->str, ==, "db/sessions.json");

  _strata_legacy_store_foreach_file (store, count_three, &count);
  g_assert_cmpuint (count, ==, 3);
}

static void
test_the_folder_above_does_too (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *inner = g_build_filename (fixture->path, "com.taskerino.desktop", NULL);
  g_autofree char *crooked = g_build_filename (inner, ".", "..", "com.taskerino.desktop", "", NULL);
  g_autoptr(StrataLegacyStore) above = NULL;
  g_autoptr(StrataLegacyStore) itself = NULL;
  g_autoptr(GError) error = NULL;

  put (fixture, "com.taskerino.desktop/db/sessions.json", "[]");
  above = open_store (fixture);
  g_assert_cmpstr (_strata_legacy_store_get_path (above), ==, inner);
  g_assert_cmpint (_strata_legacy_store_get_dir (above), >=, 0);

  itself = _strata_legacy_store_open (crooked, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (_strata_legacy_store_get_path (itself), ==, inner);
}

static void
test_a_known_folder_that_is_a_link (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  GPtrArray *files;

  put (fixture, "sessions.json", "[]");
  put_link (fixture, "db", "/etc");
  store = open_store (fixture);
  files = _strata_legacy_store_get_files (store);

  g_assert_cmpuint (files->len, ==, 2);
  assert_file (g_ptr_array_index (files, 0), "db", STRATA_LEGACY_LINK);
}

static void
assert_no_store (const char *path)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (_strata_legacy_store_open (path, NULL, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
}

static int
list_no_more (int                 dir,
              const char         *path,
              StrataSeamListFunc  func,
              gpointer            user_data)
{
  if (strcmp (path, "db") != 0)
    return _strata_seam_get_system ()->list (dir, path, func, user_data);

  errno = EIO;
  return -1;
}

static void
test_what_is_no_store (Fixture       *fixture,
                       gconstpointer  test_data)
{
  g_autofree char *file = g_build_filename (fixture->path, "file", NULL);
  g_autofree char *missing = g_build_filename (fixture->path, "missing", NULL);

  put (fixture, "file", "x");
  put (fixture, "notes.txt", "x");
  put_folder (fixture, "attachments/images");
  put_folder (fixture, "com.taskerino.desktop");
  assert_no_store (fixture->path);
  assert_no_store (file);
  assert_no_store (missing);

  put (fixture, "db/sessions.json", "[]");
  faulty = *_strata_seam_get_system ();
  faulty.list = list_no_more;
  _strata_seam = &faulty;
  assert_no_store (fixture->path);
}

static void
test_usual_places (void)
{
  g_autofree char *data = g_build_filename (g_get_user_data_dir (), "com.taskerino.desktop", "db", NULL);
  g_autofree char *file = g_build_filename (data, "sessions.json", NULL);
  g_autofree char *expected = g_path_get_dirname (data);
  g_autoptr(StrataLegacyStore) store = NULL;
  g_auto(GStrv) nowhere = strata_plan_find_old_stores (NULL);
  g_auto(GStrv) found = NULL;
  g_autoptr(GError) none = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_null (_strata_legacy_store_open (NULL, NULL, NULL, NULL, &none));
  g_assert_error (none, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_nonnull (strstr (none->message, expected));
  g_assert_nonnull (strstr (none->message, "Application Support"));
  g_assert_cmpuint (g_strv_length (nowhere), ==, 0);

  g_assert_cmpint (g_mkdir_with_parents (data, 0700), ==, 0);
  g_file_set_contents (file, "[]", -1, &error);
  g_assert_no_error (error);
  store = _strata_legacy_store_open (NULL, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (_strata_legacy_store_get_path (store), ==, expected);
  found = strata_plan_find_old_stores (NULL);
  g_assert_cmpuint (g_strv_length (found), ==, 1);
  g_assert_cmpstr (found[0], ==, expected);
}

#define N_MANY 1000000

/* A folder of a million attachments, in no order */
static int
list_many (int                 dir,
           const char         *path,
           StrataSeamListFunc  func,
           gpointer            user_data)
{
  if (strcmp (path, "attachments") != 0)
    return _strata_seam_get_system ()->list (dir, path, func, user_data);

  for (guint64 i = 0; i < 2 * N_MANY; i++)
    {
      guint64 mixed = i % N_MANY * 7919 % N_MANY;
      char name[64];

      g_snprintf (name, sizeof name, "%" G_GUINT64_FORMAT "-%09" G_GUINT64_FORMAT "%s",
                  G_GUINT64_CONSTANT (1758658249224) + mixed, mixed * 733 % N_MANY,
                  i < N_MANY ? ".dat" : ".meta.json");
      if (!func (name, DT_REG, user_data))
        break;
    }

  return 0;
}

static void
test_a_million_attachments (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(GPtrArray) ids = NULL;
  struct mallinfo2 before = mallinfo2 ();
  struct mallinfo2 after;
  gsize size;

  put_folder (fixture, "attachments");
  put (fixture, "db/sessions.json", "[]");
  faulty = *_strata_seam_get_system ();
  faulty.list = list_many;
  _strata_seam = &faulty;
  store = open_store (fixture);

  after = mallinfo2 ();
  size = after.uordblks + after.hblkhd - before.uordblks - before.hblkhd;
  g_test_message ("%" G_GSIZE_FORMAT " bytes", size);
  g_assert_cmpuint (size, <, 60 * 1000 * 1000);

  ids = _strata_legacy_store_list_attachments (store);
  g_assert_cmpuint (ids->len, ==, N_MANY);
  for (guint i = 0; i < ids->len; i++)
    {
      const char *id = g_ptr_array_index (ids, i);

      g_assert_true (i == 0 || strcmp (g_ptr_array_index (ids, i - 1), id) < 0);
      g_assert_true (_strata_legacy_store_has_attachment (store, id, strlen (id)));
    }
}

#define ADD(name, func) \
  g_test_add ("/legacy-store/" name, Fixture, NULL, fixture_set_up, func, fixture_tear_down)

int
main (int    argc,
      char **argv)
{
  g_autofree char *home = test_make_dir ();
  int result;

  /* Not those of who runs the test */
  g_setenv ("HOME", home, TRUE);
  g_setenv ("XDG_DATA_HOME", home, TRUE);
  g_unsetenv ("HOST_XDG_DATA_HOME");
  g_unsetenv ("APPDATA");
  g_test_init (&argc, &argv, NULL);

  ADD ("every-kind-of-file", test_every_kind_of_file);
  g_test_add ("/legacy-store/every-kind-of-file-without-types", Fixture, GINT_TO_POINTER (TRUE),
              fixture_set_up, test_every_kind_of_file, fixture_tear_down);
  ADD ("attachments-are-found-by-id", test_attachments_are_found_by_id);
  ADD ("sizes-are-those-of-now", test_sizes_are_those_of_now);
  ADD ("files-come-in-the-order-of-paths", test_files_come_in_the_order_of_paths);
  ADD ("the-folder-above-does-too", test_the_folder_above_does_too);
  ADD ("a-known-folder-that-is-a-link", test_a_known_folder_that_is_a_link);
  ADD ("what-is-no-store", test_what_is_no_store);
  g_test_add_func ("/legacy-store/usual-places", test_usual_places);
  ADD ("a-million-attachments", test_a_million_attachments);

  result = g_test_run ();
  test_remove_dir (home);

  return result;
}

/* test-truncated.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 *
 * Files of old stores, cut at every byte: what is whole is taken and what is not
 * is named, or there is an error in words. With STRATA_TEST_LONG set none of the
 * lengths is left out.
 */

#include "config.h"

#include <errno.h>
#include <ftw.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-problem.h"
#include "base/strata-seam-private.h"
#include "legacy/strata-text-checksum-private.h"
#include "migration/strata-migration.h"
#include "migration/strata-plan.h"
#include "store-util.h"
#include "test-util.h"

#define FOLDER     "com.taskerino.desktop/"
#define N_SESSIONS 3

/* Lengths tried of a file unless all are: every one near its ends, and so many between */
#define NEAR       150
#define BETWEEN    40

/* --- What the files hold --- */

static char *
make_sessions (void)
{
  GString *text = g_string_new ("[");

  for (guint i = 0; i < N_SESSIONS; i++)
    g_string_append_printf (text, "%s\n  {\n    \"id\": \"s%u\",\n    \"name\": \"é \\\"\\n\\ud83d\",\n    \"x\": [\n      1.50\n    ]\n  }",
                            i > 0 ? "," : "", i);

  return g_string_free (g_string_append (text, "\n]"), FALSE);
}

/* @text as a JSON string, quotes included */
static char *
quote (const char *text)
{
  GString *quoted = g_string_new ("\"");

  for (const char *c = text; *c != '\0'; c++)
    if (*c == '\n')
      g_string_append (quoted, "\\n");
    else if (*c == '"' || *c == '\\')
      g_string_append_printf (quoted, "\\%c", *c);
    else
      g_string_append_c (quoted, *c);

  return g_string_free (g_string_append_c (quoted, '"'), FALSE);
}

static char *
pack (const char *text)
{
  g_autoptr(GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  guint8 packed[4096];
  gsize n_read, n_written;
  g_autofree char *base64 = NULL;

  g_assert_cmpint (g_converter_convert (compressor, text, strlen (text), packed, sizeof packed, G_CONVERTER_INPUT_AT_END,
                                        &n_read, &n_written, NULL), ==, G_CONVERTER_FINISHED);
  base64 = g_base64_encode (packed, n_written);

  return g_strconcat ("\"GZIP_V1:", base64, "\"", NULL);
}

static char *
wrap (const char *text,
      const char *data)
{
  StrataTextChecksum checksum = { 0 };
  g_autofree char *checksum_text = NULL;

  _strata_text_checksum_update (&checksum, text, strlen (text));
  checksum_text = _strata_text_checksum_dup_text (&checksum);

  return g_strdup_printf ("{\n  \"version\": 1,\n  \"checksum\": \"%s\",\n  \"timestamp\": 1000,\n  \"data\": %s\n}", checksum_text, data);
}

static char *
make_string_form (void)
{
  g_autofree char *text = make_sessions ();
  g_autofree char *data = quote (text);

  return wrap (text, data);
}

static char *
make_gzip_form (void)
{
  g_autofree char *text = make_sessions ();
  g_autofree char *data = pack (text);

  return wrap (text, data);
}

static char *
make_plain_form (void)
{
  g_autofree char *text = make_sessions ();

  return wrap (text, text);
}

static char *
make_enrichment_backup (void)
{
  g_autofree char *sessions = make_sessions ();
  g_autofree char *text = g_strdup_printf ("{\n  \"timestamp\": \"2025-10-14T12-30-00-000Z\",\n  \"sessions\": %s,\n  \"count\": 3\n}", sessions);
  g_autofree char *data = quote (text);

  return wrap (text, data);
}

static char *
make_backup_of (char *(*make_data) (const char *text))
{
  g_autofree char *sessions = make_sessions ();
  g_autofree char *data = make_data (sessions);

  return g_strdup_printf ("{\n  \"version\": 1,\n  \"timestamp\": 900,\n  \"collections\": {\n    \"notes\": [],\n    \"sessions\": %s\n  }\n}", data);
}

static char *
make_backup (void)
{
  return make_backup_of (g_strdup);
}

static char *
make_backup_of_string (void)
{
  return make_backup_of (quote);
}

static char *
make_backup_of_gzip (void)
{
  return make_backup_of (pack);
}

static char *
make_emptied (void)
{
  return wrap ("[]", "[]");
}

static char *
make_one_with_attachment (void)
{
  return g_strdup ("[{\"id\":\"s\",\"screenshots\":[{\"attachmentId\":\"shot\"},{\"attachmentId\":\"film\"}]}]");
}

static char *
make_meta (void)
{
  return g_strdup ("{\"id\":\"shot\",\"type\":\"image\",\"name\":\"é.png\",\"mimeType\":\"image/png\",\"size\":8,\"thumbnail\":\"data:image/png;base64,AAAA\"}");
}

static char *
make_film_meta (void)
{
  return g_strdup ("{\"id\":\"film\",\"type\":\"video\",\"path\":\"/Users/x/com.taskerino.desktop/videos/v.mp4\",\"size\":8}");
}

static char *
make_data (void)
{
  return g_strdup ("data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==");
}

static char *
make_percent_data (void)
{
  return g_strdup ("data:text/plain;charset=utf-8,hello%20world%20%C3%A9");
}

static char *
make_film (void)
{
  return g_strdup ("12345678");
}

/* --- One old store, and what is cut in it --- */

typedef struct
{
  const char  *path;
  char      *(*make) (void);
} File;

typedef struct
{
  const char *name;
  const char *bundled;     /* a folder of tests/data/edge, or NULL */
  File        files[8];    /* made here; ends with a NULL path */
  const char *target;      /* cut; the end of its path, for a bundled one */
  guint64     sessions;    /* how many there are when nothing is cut */
  guint       between;     /* lengths tried between the ends; 0: the usual number */
  gboolean    is_log;      /* cut where a transaction ends it is a whole log, of what was there earlier */
} Row;

static const Row rows[] = {
  { "string-form", NULL, { { FOLDER "db/sessions.json", make_string_form } }, "sessions.json", 3 },
  { "gzip-form", NULL, { { FOLDER "db/sessions.json", make_gzip_form } }, "sessions.json", 3 },
  { "plain-form", NULL, { { FOLDER "db/sessions.json", make_plain_form } }, "sessions.json", 3 },
  { "bare-form", NULL, { { FOLDER "db/sessions.json", make_sessions } }, "sessions.json", 3 },
  { "beside-backup", NULL,
    { { FOLDER "db/sessions.json", make_string_form }, { FOLDER "db/sessions.backup.json", make_gzip_form } },
    "db/sessions.json", 3 },
  { "temporary-file", NULL, { { FOLDER "db/sessions.tmp.json", make_string_form } }, "sessions.tmp.json", 3 },
  { "top-level", NULL, { { FOLDER "sessions.json", make_sessions } }, "sessions.json", 3 },
  { "backup-file", NULL,
    { { FOLDER "db/sessions.json", make_emptied }, { FOLDER "backups/backup-900.json", make_backup } }, "backup-900.json", 3 },
  { "backup-file-of-string", NULL,
    { { FOLDER "db/sessions.json", make_emptied }, { FOLDER "backups/backup-900.json", make_backup_of_string } }, "backup-900.json", 3 },
  { "backup-file-of-gzip", NULL,
    { { FOLDER "db/sessions.json", make_emptied }, { FOLDER "backups/backup-900.json", make_backup_of_gzip } }, "backup-900.json", 3 },
  { "enrichment-backup", NULL,
    { { FOLDER "db/sessions.json", make_emptied },
      { FOLDER "db/sessions-backup-enrichment-migration-2025-10-14T12-30-00-000Z.json", make_enrichment_backup } },
    "000Z.json", 3 },
  { "collection", NULL,
    { { FOLDER "db/sessions.json", make_plain_form }, { FOLDER "db/notes.json", make_string_form } }, "notes.json", 3 },
  { "metadata", NULL,
    { { FOLDER "db/sessions.json", make_one_with_attachment }, { FOLDER "attachments/shot.dat", make_data },
      { FOLDER "attachments/shot.meta.json", make_meta } },
    "shot.meta.json", 1 },
  { "metadata-of-video", NULL,
    { { FOLDER "db/sessions.json", make_one_with_attachment }, { FOLDER "videos/v.mp4", make_film },
      { FOLDER "attachments/film.meta.json", make_film_meta } },
    "film.meta.json", 1 },
  { "data", NULL,
    { { FOLDER "db/sessions.json", make_one_with_attachment }, { FOLDER "attachments/shot.dat", make_data },
      { FOLDER "attachments/shot.meta.json", make_meta } },
    "shot.dat", 1 },
  { "percent-data", NULL,
    { { FOLDER "db/sessions.json", make_one_with_attachment }, { FOLDER "attachments/shot.dat", make_percent_data } },
    "shot.dat", 1 },
  { "zip", "browser-export-zip", { { NULL, NULL } }, "taskerino-export.zip", 2 },
  { "zip-of-arrays", "browser-export-zip-large", { { NULL, NULL } }, "taskerino-export.zip", 2 },
  { "database", "webkit-indexeddb", { { NULL, NULL } }, "IndexedDB.sqlite3", 12, 20 },
  { "database-log", "webkit-indexeddb", { { NULL, NULL } }, "IndexedDB.sqlite3-wal", 12, 100, TRUE },
};

typedef struct
{
  const Row  *row;
  char       *path;      /* of all */
  char       *legacy;
  char       *store;
  char       *target;    /* the whole path of the file that is cut */
  char       *content;   /* of it, whole */
  gsize       size;
  GHashTable *originals; /* text of each session */
} Fixture;

/* Where it crashed, for a debugger */
static volatile gsize current_length;

static void
write_file (const char *folder,
            const char *name,
            const char *content,
            gssize      size)
{
  g_autofree char *path = g_build_filename (folder, name, NULL);
  g_autofree char *parent = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (parent, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, size, NULL));
}

static void
copy_folder (const char *from,
             const char *to)
{
  g_autoptr(GDir) dir = g_dir_open (from, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (from, name, NULL);
      g_autofree char *copy = g_build_filename (to, name, NULL);
      g_autofree char *content = NULL;
      gsize size;

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        {
          copy_folder (path, copy);
          continue;
        }
      g_assert_true (g_file_get_contents (path, &content, &size, NULL));
      write_file (to, name, content, (gssize)size);
    }
}

static int
remove_entry (const char        *path,
              const struct stat *status,
              int                type,
              struct FTW        *walk)
{
  return remove (path);
}

static void
remove_store (Fixture *fixture)
{
  if (g_file_test (fixture->store, G_FILE_TEST_EXISTS))
    g_assert_cmpint (nftw (fixture->store, remove_entry, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
}

/* A line for each file: its path, size, time and digest */
static void
describe (const char *folder,
          const char *below,
          GPtrArray  *lines)
{
  g_autofree char *path = g_build_filename (folder, below, NULL);
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (below, name, NULL);
      g_autofree char *child_path = g_build_filename (folder, child, NULL);
      g_autofree char *content = NULL;
      g_autofree char *digest = NULL;
      struct stat status;
      gsize size = 0;

      g_assert_cmpint (lstat (child_path, &status), ==, 0);
      if (S_ISDIR (status.st_mode))
        describe (folder, child, lines);
      else
        g_assert_true (g_file_get_contents (child_path, &content, &size, NULL));
      digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)content, size);
      g_ptr_array_add (lines, g_strdup_printf ("%s %o %" G_GSIZE_FORMAT " %ld.%09ld %s", child, (guint)status.st_mode, size,
                                               status.st_mtim.tv_sec, status.st_mtim.tv_nsec, digest));
    }
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(char * const *)a, *(char * const *)b);
}

static char *
dup_description (Fixture *fixture)
{
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);

  describe (fixture->legacy, "", lines);
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);

  return g_strjoinv ("\n", (char **)lines->pdata);
}

/* The one file below @folder whose path ends in @end */
static char *
find_file (const char *folder,
           const char *end)
{
  g_autoptr(GDir) dir = g_dir_open (folder, 0, NULL);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      char *found = NULL;

      if (g_file_test (path, G_FILE_TEST_IS_DIR))
        found = find_file (path, end);
      else if (g_str_has_suffix (path, end))
        found = g_steal_pointer (&path);
      if (found != NULL)
        return found;
    }

  return NULL;
}

/* The space set aside in a store takes longer than all the rest. */
static int
allocate_nothing (int     fd,
                  goffset size)
{
  errno = EOPNOTSUPP;

  return -1;
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  static StrataSeam seam;

  seam = *_strata_seam_get_system ();
  seam.allocate = allocate_nothing;
  _strata_seam = &seam;

  fixture->row = test_data;
  fixture->path = test_make_fast_dir ();
  fixture->legacy = g_build_filename (fixture->path, "old", NULL);
  fixture->store = g_build_filename (fixture->path, "store", NULL);
  fixture->originals = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  if (fixture->row->bundled != NULL)
    {
      g_autofree char *bundled = g_test_build_filename (G_TEST_DIST, "data", "edge", fixture->row->bundled, NULL);

      copy_folder (bundled, fixture->legacy);
    }
  for (const File *file = fixture->row->files; file->path != NULL; file++)
    {
      g_autofree char *content = file->make ();

      write_file (fixture->legacy, file->path, content, -1);
    }

  fixture->target = find_file (fixture->legacy, fixture->row->target);
  g_assert_true (g_file_get_contents (fixture->target, &fixture->content, &fixture->size, NULL));
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  _strata_seam = _strata_seam_get_system ();
  test_remove_dir (fixture->path);
  g_hash_table_unref (fixture->originals);
  g_free (fixture->path);
  g_free (fixture->legacy);
  g_free (fixture->store);
  g_free (fixture->target);
  g_free (fixture->content);
}

/* --- Runs --- */

static void
assert_sentence (const char *message)
{
  g_assert_nonnull (message);
  g_assert_true (g_utf8_validate (message, -1, NULL));
  g_assert_nonnull (strchr (message, ' '));
}

static void
assert_refused (const GError *error)
{
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  assert_sentence (error->message);
}

/* Each has its sentence. Returns: whether one says that something was not carried as it was */
static gboolean
judge_problems (GPtrArray *problems)
{
  gboolean warned = FALSE;

  for (guint i = 0; i < problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (problems, i);

      assert_sentence (strata_problem_get_message (problem));
      warned |= strata_problem_get_severity (problem) != STRATA_SEVERITY_NOTE;
    }

  return warned;
}

static void
plan (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataPlan) made = strata_plan_make (fixture->store, fixture->legacy, NULL, NULL, NULL, &error);

  if (made == NULL)
    assert_refused (error);
  else
    judge_problems (made->problems);
  g_assert_false (g_file_test (fixture->store, G_FILE_TEST_EXISTS));
}

/* What is in the store is in order, and no session is another than it was. */
static void
judge_sessions (Fixture *fixture,
                guint64  expected)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open (fixture->store, &error);
  g_autoptr(GPtrArray) sessions = NULL;
  g_autofree char *problems = NULL;

  g_assert_no_error (error);
  problems = store_util_check (store);
  g_assert_cmpstr (problems, ==, "");
  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, NULL);
  g_assert_cmpuint (sessions->len, ==, expected);

  for (guint i = 0; i < sessions->len; i++)
    {
      StrataSessionInfo *info = g_ptr_array_index (sessions, i);
      char *text = store_util_read_session (store, info->key, &error);

      g_assert_no_error (error);
      if (current_length == fixture->size)
        g_hash_table_add (fixture->originals, text);
      else
        {
          g_assert_true (fixture->row->is_log || g_hash_table_contains (fixture->originals, text));
          g_free (text);
        }
    }
}

static void
migrate (Fixture *fixture)
{
  g_autoptr(StrataMigration) migration = strata_migration_new (fixture->store, fixture->legacy);
  g_autoptr(GPtrArray) problems = NULL;
  g_autoptr(GError) error = NULL;
  StrataMigrationCounts counts;
  gboolean ok = strata_migration_run (migration, NULL, &error);
  gboolean warned;

  problems = strata_migration_dup_problems (migration);
  warned = judge_problems (problems);
  if (!ok)
    {
      assert_refused (error);
      g_assert_cmpuint (current_length, <, fixture->size);
      return;
    }

  g_assert_no_error (error);
  g_assert_cmpstr (strata_migration_get_state (migration), ==, "complete");
  strata_migration_get_counts (migration, &counts);
  judge_sessions (fixture, counts.sessions_migrated);
  if (current_length == fixture->size)
    g_assert_cmpuint (counts.sessions_migrated, ==, fixture->row->sessions);
  else if (counts.sessions_migrated < fixture->row->sessions)
    g_assert_true (warned || fixture->row->is_log);
}

static void
try_length (Fixture *fixture,
            gsize    length)
{
  g_autofree char *before = NULL;
  g_autofree char *after = NULL;

  current_length = length;
  g_assert_cmpint (truncate (fixture->target, (off_t)length), ==, 0);
  before = dup_description (fixture);

  plan (fixture);
  migrate (fixture);
  remove_store (fixture);

  after = dup_description (fixture);
  g_assert_cmpstr (after, ==, before);
}

/* The next shorter length to try */
static gsize
next_length (Fixture *fixture,
             gsize    length)
{
  guint between = fixture->row->between != 0 ? fixture->row->between : BETWEEN;
  gsize near = fixture->row->between != 0 ? MIN (between, NEAR) : NEAR;
  gsize step = MAX (fixture->size / between, 1);

  if (g_getenv ("STRATA_TEST_LONG") != NULL || length <= near || length > fixture->size - MIN (near, fixture->size))
    return length - 1;

  return length > near + step ? length - step : near;
}

static void
test_cut_anywhere (Fixture       *fixture,
                   gconstpointer  test_data)
{
  guint tried = 1;

  for (gsize length = fixture->size; length > 0; tried++)
    {
      try_length (fixture, length);
      length = next_length (fixture, length);
    }
  try_length (fixture, 0);
  g_test_message ("%u of %" G_GSIZE_FORMAT " lengths", tried, fixture->size + 1);
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = g_strconcat ("/truncated/", rows[i].name, NULL);

      g_test_add (path, Fixture, &rows[i], fixture_set_up, test_cut_anywhere, fixture_tear_down);
    }

  return g_test_run ();
}

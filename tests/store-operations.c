/* store-operations.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "base/strata-problem.h"
#include "migration/strata-migration.h"
#include "store/strata-attachment-row-private.h"
#include "store/strata-batch-private.h"
#include "store/strata-key-private.h"
#include "store/strata-slicer-private.h"
#include "store-operations-private.h"
#include "store-util.h"

/* What a batch takes: sessions, or collections where they have a name */
typedef struct
{
  const char *name;
  const char *json;
  const char *contents[4]; /* of its attachments */
} Piece;

static char *
dup_owner (const Piece *piece)
{
  g_autofree char *key = NULL;
  g_autofree char *token = NULL;

  if (piece->name != NULL)
    {
      key = _strata_collection_key_make (piece->name, 1);
      return g_strconcat ("collections/", key, NULL);
    }

  /* The id comes first in all of them */
  g_assert_true (g_str_has_prefix (piece->json, "{\"id\":\""));
  token = g_strndup (piece->json + 6, strcspn (piece->json + 7, "\"") + 2);
  key = _strata_key_make (token, 0, 1);

  return g_strconcat ("sessions/", key, NULL);
}

static gboolean
put_contents (StrataBatch  *batch,
              const Piece  *piece,
              GPtrArray    *rows,
              GError      **error)
{
  for (guint i = 0; i < G_N_ELEMENTS (piece->contents) && piece->contents[i] != NULL; i++)
    {
      g_autoptr(GInputStream) stream =
        g_memory_input_stream_new_from_data (piece->contents[i], (gssize)strlen (piece->contents[i]), NULL);
      StrataAttachmentRow *row;
      StrataStoredObject object;

      if (!_strata_batch_put_stream (batch, stream, &object, NULL, error))
        return FALSE;

      row = g_new0 (StrataAttachmentRow, 1);
      row->id = g_strdup_printf ("attachment-%u", i);
      row->state = STRATA_ATTACHMENT_OBJECT;
      row->digest = object.digest;
      row->bytes = object.bytes;
      row->extension = g_strdup (object.type->extension);
      row->mime = g_strdup (object.type->mime);
      g_ptr_array_add (rows, row);
    }

  return TRUE;
}

static StrataManifest *
slice (StrataSlicer  *slicer,
       const Piece   *piece,
       GError       **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (piece->json, strlen (piece->json));
  g_autofree char *key = piece->name != NULL ? _strata_collection_key_make (piece->name, 1) : NULL;
  StrataManifest *manifest = piece->name != NULL ? _strata_slicer_take_collection (slicer, reader, key, NULL, error)
                                                 : _strata_slicer_take_session (slicer, reader, NULL, error);

  if (manifest == NULL)
    return NULL;

  manifest->name = g_strdup (piece->name);
  manifest->source = 1;
  manifest->id_token = piece->name == NULL ? g_strdup (_strata_slicer_get_id_token (slicer)) : NULL;
  manifest->key = piece->name != NULL ? g_steal_pointer (&key) : _strata_key_make (manifest->id_token, 0, 1);

  return manifest;
}

static gboolean
add_piece (StrataStore  *store,
           StrataBatch  *batch,
           const Piece  *piece,
           GError      **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  g_autoptr(StrataManifest) manifest = NULL;

  if (!put_contents (batch, piece, rows, error))
    return FALSE;

  manifest = slice (slicer, piece, error);
  if (manifest == NULL || !_strata_slicer_add_rows (slicer, manifest, rows, error))
    return FALSE;

  _strata_batch_add (batch, g_steal_pointer (&manifest), g_steal_pointer (&rows));

  return TRUE;
}

/* Commits a list of pieces, all at once. */
static gboolean
put_pieces (StrataStore    *store,
            StrataBatch    *batch,
            const Piece    *pieces,
            guint           n,
            StorePromises  *promises,
            GError        **error)
{
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *owner = dup_owner (&pieces[i]);

      store_promises_begin (promises, owner);
      if (!add_piece (store, batch, &pieces[i], error))
        return FALSE;
    }

  if (!_strata_batch_commit (batch, error))
    return FALSE;

  for (guint i = 0; i < n; i++)
    {
      g_autofree char *owner = dup_owner (&pieces[i]);

      store_promises_keep (promises, owner);
    }

  return TRUE;
}

static gboolean
put_at (const char     *path,
        const Piece    *pieces,
        guint           n,
        StorePromises  *promises,
        GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataBatch) batch = store != NULL ? _strata_batch_new (store, error) : NULL;

  return batch != NULL && put_pieces (store, batch, pieces, n, promises, error);
}

static void
make_store (const char *path,
            const char *aside)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = strata_store_open_or_create (path, &error);

  g_assert_no_error (error);
}

static void
make_store_with (const char  *path,
                 const Piece *pieces,
                 guint        n)
{
  g_autoptr(GError) error = NULL;

  make_store (path, NULL);
  put_at (path, pieces, n, NULL, &error);
  g_assert_no_error (error);
}

/* A store is made */

static void
make_nothing (const char *path,
              const char *aside)
{
}

static gboolean
run_make (const char     *path,
          const char     *aside,
          StorePromises  *promises,
          GError        **error)
{
  g_autoptr(StrataStore) store = NULL;

  store_promises_begin (promises, "store.json");
  store = strata_store_open_or_create (path, error);
  if (store == NULL)
    return FALSE;
  store_promises_keep (promises, "store.json");

  return TRUE;
}

/* The header is written */

static gboolean
run_header (const char     *path,
            const char     *aside,
            StorePromises  *promises,
            GError        **error)
{
  static const char *const states[] = { "running", "verifying", "complete" };
  g_autoptr(StrataStore) store = strata_store_open (path, error);

  for (guint i = 0; store != NULL && i < G_N_ELEMENTS (states); i++)
    {
      g_autoptr(StrataHeader) header = NULL;
      gboolean ok;

      if (!_strata_store_lock (store, error))
        return FALSE;
      header = _strata_store_read_header (store, error);
      ok = header != NULL;
      if (ok)
        {
          store_promises_begin (promises, "store.json");
          g_free (header->state);
          header->state = g_strdup (states[i]);
          ok = _strata_header_write (header, _strata_store_get_dir (store), error);
        }
      _strata_store_unlock (store);
      if (!ok)
        return FALSE;
      store_promises_keep (promises, "store.json");
    }

  return store != NULL;
}

/* New sessions, in two commits; enough of them that the lines in the log take several sectors */

static const Piece new_sessions[] = {
  { NULL, "{\"id\":\"one\",\"name\":\"first\",\"screenshots\":[{\"attachmentId\":\"attachment-0\"},{\"n\":2}]}",
    { "the first picture", "the second picture" } },
  { NULL, "{\"id\":\"two\",\"screenshots\":[1,2,3],\"audioSegments\":[{\"id\":\"a\"}],\"contextItems\":[4]}", { "sound" } },
  { NULL, "{\"id\":\"three\",\"name\":\"no parts\"}", { NULL } },
  { NULL, "{\"id\":\"four\",\"screenshots\":[]}", { "%PDF-1.7" } },
  { NULL, "{\"id\":\"five\",\"audioSegments\":[{\"id\":\"b\"}]}", { NULL } },
  { NULL, "{\"id\":\"six\",\"screenshots\":[6]}", { "the first picture" } },
  { NULL, "{\"id\":\"seven\",\"n\":7}", { NULL } },
};

static gboolean
run_new (const char     *path,
         const char     *aside,
         StorePromises  *promises,
         GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataBatch) batch = store != NULL ? _strata_batch_new (store, error) : NULL;

  return batch != NULL &&
         put_pieces (store, batch, new_sessions, 2, promises, error) &&
         put_pieces (store, batch, new_sessions + 2, G_N_ELEMENTS (new_sessions) - 2, promises, error);
}

/* So many files in one commit that they are synced together */

#define MANY 12

static gboolean
run_many (const char     *path,
          const char     *aside,
          StorePromises  *promises,
          GError        **error)
{
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  Piece pieces[MANY];

  for (guint i = 0; i < MANY; i++)
    {
      char *json = g_strdup_printf ("{\"id\":\"m%u\",\"screenshots\":[%u],\"contextItems\":[%u]}", i, i, i);
      char *content = g_strdup_printf ("picture %u", i);

      g_ptr_array_add (texts, json);
      g_ptr_array_add (texts, content);
      pieces[i] = (Piece){ NULL, json, { content } };
    }

  return put_at (path, pieces, MANY, promises, error);
}

/* Sessions are replaced: some parts stay, some go, some come; and one is put back as it was */

static const Piece old_versions[] = {
  { NULL, "{\"id\":\"a\",\"name\":\"old\",\"screenshots\":[1,2],\"contextItems\":[1]}", { "old picture" } },
  { NULL, "{\"id\":\"b\",\"screenshots\":[{\"attachmentId\":\"attachment-0\"}]}", { "old picture" } },
  { NULL, "{\"id\":\"c\",\"audioSegments\":[1]}", { NULL } },
};

static const Piece new_versions[] = {
  { NULL, "{\"id\":\"a\",\"name\":\"new\",\"screenshots\":[1,2,3],\"contextItems\":[1]}", { "new picture" } },
  { NULL, "{\"id\":\"b\",\"screenshots\":[]}", { NULL } },
};

static void
make_old_versions (const char *path,
                   const char *aside)
{
  make_store_with (path, old_versions, G_N_ELEMENTS (old_versions));
}

static gboolean
run_replace (const char     *path,
             const char     *aside,
             StorePromises  *promises,
             GError        **error)
{
  return put_at (path, new_versions, G_N_ELEMENTS (new_versions), promises, error) &&
         put_at (path, old_versions, 1, promises, error) &&
         put_at (path, new_versions, 1, promises, error);
}

/* Objects that several sessions share, with each other and with what was there before */

static const Piece sharing[] = {
  { NULL, "{\"id\":\"d\",\"x\":\"attachment-0\"}", { "old picture", "shared", "shared" } },
  { NULL, "{\"id\":\"e\",\"x\":\"attachment-0\"}", { "shared", "old picture" } },
  { NULL, "{\"id\":\"c\",\"x\":\"attachment-0\"}", { "shared" } },
};

static gboolean
run_shared (const char     *path,
            const char     *aside,
            StorePromises  *promises,
            GError        **error)
{
  return put_at (path, sharing, G_N_ELEMENTS (sharing), promises, error);
}

/* Collections, new and replaced, with something for quarantine */

static const Piece old_collections[] = {
  { "notes", "[{\"id\":\"n1\"},{\"id\":\"n2\"}]", { "a note's picture" } },
  { "settings", "{\"theme\":\"dark\"}", { NULL } },
};

static const Piece new_collections[] = {
  { "notes", "[{\"id\":\"n1\",\"changed\":true}]", { "another picture" } },
  { "tasks", "[]", { NULL } },
  { "Topics & more", "[1,2,3]", { "a note's picture" } },
};

static void
make_old_collections (const char *path,
                      const char *aside)
{
  make_store_with (path, old_collections, G_N_ELEMENTS (old_collections));
}

static gboolean
run_collections (const char     *path,
                 const char     *aside,
                 StorePromises  *promises,
                 GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataBatch) batch = store != NULL ? _strata_batch_new (store, error) : NULL;
  g_autoptr(GBytes) junk = g_bytes_new_static ("not a note at all", 17);
  g_autofree char *place = batch != NULL ? _strata_batch_quarantine (batch, "junk", junk, error) : NULL;

  if (place == NULL)
    return FALSE;

  store_promises_begin (promises, place);
  if (!put_pieces (store, batch, new_collections, G_N_ELEMENTS (new_collections), promises, error))
    return FALSE;
  store_promises_keep (promises, place);

  return TRUE;
}

/* Commits fail half way, and are done again: what they left unsynced is no excuse */

static const StrataSeam *seam_of_retry;
static guint             renames_left;
static gboolean          dies; /* nothing is removed or synced any more either */

static int
rename_some (int         dir,
             const char *from,
             const char *to)
{
  if (renames_left == 0)
    {
      errno = EIO;
      return -1;
    }
  renames_left--;

  return seam_of_retry->rename (dir, from, to);
}

static int
unlink_while_alive (int         dir,
                    const char *path,
                    int         flags)
{
  if (dies && renames_left == 0)
    {
      errno = EIO;
      return -1;
    }

  return seam_of_retry->unlink (dir, path, flags);
}

/* Returns: whether it did not fail after all */
static gboolean
put_and_fail (StrataStore *store,
              guint        n_renames)
{
  StrataSeam table = *_strata_seam;
  g_autoptr(StrataBatch) batch = NULL;
  gboolean ok;

  seam_of_retry = _strata_seam;
  table.rename = rename_some;
  table.unlink = unlink_while_alive;
  _strata_seam = &table;
  renames_left = n_renames;
  batch = _strata_batch_new (store, NULL);
  ok = batch != NULL && put_pieces (store, batch, old_versions, G_N_ELEMENTS (old_versions), NULL, NULL);
  g_clear_pointer (&batch, _strata_batch_free);
  _strata_seam = seam_of_retry;

  return ok;
}

/* One that was open all the time goes on where others failed. */
static gboolean
run_retry_with (const char     *path,
                gboolean        others_die,
                StorePromises  *promises,
                GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataBatch) batch = NULL;

  if (store == NULL)
    return FALSE;

  /* What fails may get as far as a session's commit */
  store_promises_begin (promises, NULL);
  dies = others_die;
  for (guint n = 1; n < 8; n += 2)
    {
      g_autoptr(StrataStore) other = strata_store_open (path, NULL);

      if (other != NULL && put_and_fail (other, n))
        break;
    }

  batch = _strata_batch_new (store, error);
  if (batch == NULL || !put_pieces (store, batch, old_versions, G_N_ELEMENTS (old_versions), promises, error))
    return FALSE;
  store_promises_keep (promises, NULL);

  return TRUE;
}

static gboolean
run_retry (const char     *path,
           const char     *aside,
           StorePromises  *promises,
           GError        **error)
{
  return run_retry_with (path, FALSE, promises, error);
}

static gboolean
run_retry_of_dead (const char     *path,
                   const char     *aside,
                   StorePromises  *promises,
                   GError        **error)
{
  return run_retry_with (path, TRUE, promises, error);
}

/* A large object, written as it comes */

#define LARGE_BYTES (4 * 1024 * 1024 + 300 * 1024)

static void
make_store_and_file (const char *path,
                     const char *aside)
{
  g_autofree char *file = g_build_filename (aside, "large", NULL);
  g_autofree char *content = g_malloc (LARGE_BYTES);

  for (gsize i = 0; i < LARGE_BYTES; i++)
    content[i] = (char)(i * i >> 8);
  g_assert_true (g_file_set_contents (file, content, LARGE_BYTES, NULL));
  make_store (path, aside);
}

static gboolean
add_large (StrataStore  *store,
           StrataBatch  *batch,
           const char   *aside,
           GError      **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  const Piece piece = { NULL, "{\"id\":\"large\",\"x\":\"attachment-0\"}", { NULL } };
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);
  g_autoptr(StrataManifest) manifest = NULL;
  int dir = _strata_seam_get ()->open (AT_FDCWD, aside, O_RDONLY | O_DIRECTORY, 0);
  StrataStoredObject object;
  gboolean ok;

  g_ptr_array_add (rows, row);
  row->id = g_strdup ("attachment-0");
  ok = _strata_batch_put_file (batch, dir, "large", &object, NULL, error);
  if (dir >= 0)
    _strata_seam_get ()->close (dir);
  if (!ok)
    return FALSE;

  row->state = STRATA_ATTACHMENT_OBJECT;
  row->digest = object.digest;
  row->bytes = object.bytes;
  row->extension = g_strdup (object.type->extension);
  manifest = slice (slicer, &piece, error);
  if (manifest == NULL || !_strata_slicer_add_rows (slicer, manifest, rows, error))
    return FALSE;
  _strata_batch_add (batch, g_steal_pointer (&manifest), g_steal_pointer (&rows));

  return TRUE;
}

static gboolean
run_large (const char     *path,
           const char     *aside,
           StorePromises  *promises,
           GError        **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(StrataBatch) batch = store != NULL ? _strata_batch_new (store, error) : NULL;
  g_autofree char *key = _strata_key_make ("\"large\"", 0, 1);
  g_autofree char *owner = g_strconcat ("sessions/", key, NULL);

  store_promises_begin (promises, owner);
  if (batch == NULL || !add_large (store, batch, aside, error) || !_strata_batch_commit (batch, error))
    return FALSE;
  store_promises_keep (promises, owner);

  return TRUE;
}

/* Migrations */

static void
write_old (const char *aside,
           const char *name,
           const char *content)
{
  g_autofree char *path = g_build_filename (aside, "com.taskerino.desktop", name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_true (g_file_set_contents (path, content, -1, NULL));
}

static void
make_old_store (const char *path,
                const char *aside)
{
  g_autofree char *thumbnail = store_util_make_thumbnail (1);
  g_autofree char *meta = g_strdup_printf ("{\"id\":\"p1\",\"mimeType\":\"image/png\",\"name\":\"p.png\",\"thumbnail\":\"%s\"}",
                                           thumbnail);

  write_old (aside, "db/sessions.json",
             "[{\"id\":\"s1\",\"screenshots\":[{\"attachmentId\":\"p1\"},{\"attachmentId\":\"p2\"}]},"
             "{\"id\":\"s2\",\"audioSegments\":[{\"attachmentId\":\"p3\"}]},\"no session\","
             "{\"id\":\"s3\",\"screenshots\":[{\"attachmentId\":\"p1\"}]},{\"name\":\"no id\"},"
             "{\"id\":\"s4\",\"n\":1},{\"id\":\"s4\",\"n\":2},{\"id\":\"s5\",\"x\":\"gone\"}]");
  write_old (aside, "db/notes.json", "[{\"id\":\"n1\",\"a\":\"p4\"}]");
  write_old (aside, "attachments/p1.dat", "data:image/png;base64,cGljdHVyZQ==");
  write_old (aside, "attachments/p1.meta.json", meta);
  write_old (aside, "attachments/p2.dat", "b3RoZXI=");
  write_old (aside, "attachments/p3.dat", "%%% no base64 %%%");
  write_old (aside, "attachments/p4.dat", "cGljdHVyZQ==");
  write_old (aside, "attachments/p5.dat", "bm9ib2R5J3M=");
}

static const StrataSeam *seam_below;
static const char       *migrated_store;
static StorePromises    *migration_promises;
static gsize             log_start;

/* The reserve is not what is tried here, and large */
static int
allocate_little (int     fd,
                 goffset size)
{
  return seam_below->allocate (fd, MIN (size, 4096));
}

static char *
read_log (gsize *out_size)
{
  g_autofree char *path = g_build_filename (migrated_store, "changes.log", NULL);
  char *text = NULL;

  *out_size = 0;
  g_file_get_contents (path, &text, out_size, NULL);

  return text;
}

/* After each commit: what its lines in the log name, the migration counts as done. */
static void
keep_what_is_logged (const char *step)
{
  gsize size;
  g_autofree char *text = strcmp (step, "run") == 0 && migration_promises != NULL ? read_log (&size) : NULL;
  g_auto(GStrv) lines = text != NULL && size > log_start ? g_strsplit (text + log_start, "\n", -1) : NULL;

  seam_below->mark (step);
  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      g_auto(GStrv) fields = g_strsplit (lines[i], " ", 5);
      g_autofree char *owner = NULL;

      if (g_strv_length (fields) != 5)
        continue;
      owner = g_strconcat (strcmp (fields[1], "session") == 0 ? "sessions/" : "collections/", fields[2], NULL);
      store_promises_keep (migration_promises, owner);
    }
  if (text != NULL)
    log_start = size;
}

/* What can't be read of the old store is passed over, and reported. */
static void
excuse_what_is_unreadable (StrataMigration *migration,
                           StorePromises   *promises)
{
  g_autoptr(GPtrArray) problems = strata_migration_dup_problems (migration);

  for (guint i = 0; i < problems->len; i++)
    if (strcmp (strata_problem_get_code (g_ptr_array_index (problems, i)), "source-unreadable") == 0)
      store_promises_excuse_missing (promises);
}

static gboolean
run_migration (const char     *path,
               const char     *aside,
               StorePromises  *promises,
               GError        **error)
{
  g_autofree char *old = g_build_filename (aside, "com.taskerino.desktop", NULL);
  g_autoptr(StrataMigration) migration = strata_migration_new (path, old);
  StrataSeam table = *_strata_seam;
  g_autofree char *log = NULL;
  gboolean ok;

  migrated_store = path;
  migration_promises = promises;
  log = read_log (&log_start);
  seam_below = _strata_seam;
  table.allocate = allocate_little;
  table.mark = keep_what_is_logged;
  _strata_seam = &table;
  store_promises_begin (promises, NULL);
  strata_migration_set_batch_size (migration, 5);
  ok = strata_migration_run (migration, NULL, error);
  _strata_seam = seam_below;
  excuse_what_is_unreadable (migration, promises);
  if (ok)
    store_promises_keep (promises, NULL);

  return ok;
}

/* It goes on in the old store: some sessions change, one comes, one is deleted */
static void
make_migrated_store (const char *path,
                     const char *aside)
{
  g_autoptr(GError) error = NULL;

  make_old_store (path, aside);
  run_migration (path, aside, NULL, &error);
  g_assert_no_error (error);

  write_old (aside, "db/sessions.json",
             "[{\"id\":\"s6\",\"screenshots\":[{\"attachmentId\":\"p6\"}]},"
             "{\"id\":\"s1\",\"screenshots\":[{\"attachmentId\":\"p1\"},{\"attachmentId\":\"p2\"},{\"attachmentId\":\"p6\"}]},"
             "{\"id\":\"s3\",\"screenshots\":[]},{\"name\":\"no id\"},"
             "{\"id\":\"s4\",\"n\":3},{\"id\":\"s4\",\"n\":2},{\"id\":\"s5\",\"x\":\"gone\"}]");
  write_old (aside, "db/notes.json", "[{\"id\":\"n1\",\"a\":\"p4\"},{\"id\":\"n2\"}]");
  write_old (aside, "attachments/p6.dat", "bmV3");
  write_old (aside, "attachments/gone.dat", "Zm91bmQ=");
}

/* All */

static const StoreOperation operations[] = {
  { "make", make_nothing, run_make },
  { "header", make_store, run_header },
  { "new", make_store, run_new },
  { "many", make_store, run_many, TRUE },
  { "replace", make_old_versions, run_replace },
  { "retry", make_store, run_retry, TRUE },
  { "retry-of-dead", make_store, run_retry_of_dead, TRUE },
  { "shared", make_old_versions, run_shared },
  { "collections", make_old_collections, run_collections },
  { "append", store_operation_set_up_sessions, store_operation_append, TRUE },
  { "append-large", store_operation_set_up_sessions, store_operation_append_large, TRUE },
  { "change", store_operation_set_up_sessions, store_operation_change, TRUE },
  { "save", store_operation_set_up_sessions, store_operation_save },
  { "delete", store_operation_set_up_sessions, store_operation_delete, TRUE },
  { "gc", store_operation_set_up_garbage, store_operation_collect_garbage, TRUE },
  { "purge", store_operation_set_up_garbage, store_operation_purge, TRUE },
  { "large", make_store_and_file, run_large, TRUE },
  { "migrate", make_old_store, run_migration, TRUE },
  { "migrate-again", make_migrated_store, run_migration, TRUE },
};

const StoreOperation *
store_operations_get (guint *out_n)
{
  *out_n = G_N_ELEMENTS (operations);

  return operations;
}

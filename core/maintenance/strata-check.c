/* strata-check.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "search/strata-search-check-private.h"
#include "store/strata-changes-private.h"
#include "store/strata-key-private.h"
#include "store/strata-object-private.h"
#include "store/strata-store-private.h"
#include "store/strata-tail-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-check.h"

#define BLOCK_BYTES (256 * 1024)

G_DEFINE_BOXED_TYPE (StrataCheck, strata_check, strata_check_ref, strata_check_unref)

/* One run over one store */
typedef struct
{
  StrataCheck   *result;
  StrataStore   *store;
  int            dir;
  GHashTable    *objects;      /* paths of objects that are there and whole */
  GHashTable    *damaged;      /* paths of objects that are there and are not */
  GHashTable    *logged;       /* tag of a session or collection → digest that the log names last */
  gboolean       log_reported;
  GCancellable  *cancellable;
} Check;

StrataCheck *
strata_check_ref (StrataCheck *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
check_clear (StrataCheck *self)
{
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
strata_check_unref (StrataCheck *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)check_clear);
}

static void
report (Check      *check,
        const char *path,
        const char *session,
        const char *item,
        const char *what)
{
  g_ptr_array_add (check->result->problems, strata_problem_new ("digest-mismatch", path, session, item, -1, "%s", what));
}

/* Damage is what the check is for: it is noted and passed over. Anything else ends the check. */
static gboolean
note_damage (Check       *check,
             const char  *path,
             const char  *session,
             GError     **from,
             GError     **error)
{
  if ((*from)->domain == STRATA_ERROR || g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    {
      report (check, path, session, NULL, (*from)->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (from));

  return FALSE;
}

/* Objects */

/* An object's digest must be its name, and its extension what its first bytes say. */
static gboolean
check_object (Check       *check,
              const char  *path,
              const char  *name,
              GError     **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_file_stream_open (check->dir, path, &read_error);
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, check->cancellable, &read_error))
    {
      g_hash_table_add (check->damaged, g_strdup (path));
      return note_damage (check, path, NULL, &read_error, error);
    }

  check->result->files++;
  check->result->attachments++;
  _strata_digest_to_hex (&digest, hex);
  if (strncmp (name, hex, strlen (hex)) == 0 && name[strlen (hex)] == '.')
    {
      g_hash_table_add (check->objects, g_strdup (path));
      return TRUE;
    }

  g_hash_table_add (check->damaged, g_strdup (path));
  report (check, path, NULL, NULL, "The attachment's bytes are not those that were stored");

  return TRUE;
}

static gboolean
check_object_folder (Check       *check,
                     const char  *folder,
                     GError     **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (check->dir, folder, error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *path = g_build_filename (folder, entry->name, NULL);

      if (g_cancellable_set_error_if_cancelled (check->cancellable, error))
        return FALSE;
      if (entry->type == DT_DIR ? !check_object_folder (check, path, error)
                                : !check_object (check, path, entry->name, error))
        return FALSE;
    }

  return TRUE;
}

/* Sessions and collections */

/* After something failed: finds the parts that are damaged by themselves, and names them. */
static gboolean
name_damaged_parts (Check                 *check,
                    const StrataManifest  *manifest,
                    GPtrArray             *parts,
                    gboolean              *out_any,
                    GError               **error)
{
  *out_any = FALSE;
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);
      g_autoptr(GInputStream) stream = _strata_value_stream_new_part (check->dir, manifest, part);
      g_autoptr(GError) read_error = NULL;
      StrataDigest digest;

      if (_strata_digest_of_stream (stream, &digest, check->cancellable, &read_error))
        continue;
      if (!note_damage (check, path, manifest->key, &read_error, error))
        return FALSE;
      *out_any = TRUE;
    }

  return TRUE;
}

/* Notes damage under the files that have it; under the metadata where each part by itself is right. */
static gboolean
note_damage_of_parts (Check                 *check,
                      const StrataManifest  *manifest,
                      GPtrArray             *parts,
                      const char            *path,
                      GError               **from,
                      GError               **error)
{
  gboolean any;

  if (!name_damaged_parts (check, manifest, parts, &any, error))
    return FALSE;

  return any || note_damage (check, path, manifest->key, from, error);
}

/* A packed part's file has a digest too: what unpacks to the right text may still
 * not be the file that was stored.
 */
static gboolean
check_packed (Check                 *check,
              const StrataManifest  *manifest,
              GPtrArray             *parts,
              GError               **error)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);
      g_autoptr(GInputStream) stream = NULL;
      g_autoptr(GError) read_error = NULL;
      StrataDigest digest;

      if (!part->is_gzip)
        continue;
      stream = _strata_file_stream_open (check->dir, path, &read_error);
      if (stream == NULL || !_strata_digest_of_stream (stream, &digest, check->cancellable, &read_error))
        {
          if (!note_damage (check, path, manifest->key, &read_error, error))
            return FALSE;
        }
      else if (!_strata_digest_equal (&digest, &part->stored_digest))
        report (check, path, manifest->key, NULL, "The file's bytes are not those that were stored, though they unpack to the right text");
    }

  return TRUE;
}

static gboolean
check_rows (Check                 *check,
            const StrataManifest  *manifest,
            const char            *path,
            GError               **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(GPtrArray) rows = _strata_store_load_rows (check->store, manifest, &load_error);

  if (rows == NULL)
    return note_damage_of_parts (check, manifest, manifest->attachments, path, &load_error, error);

  if (!check_packed (check, manifest, manifest->attachments, error))
    return FALSE;
  check->result->files += manifest->attachments->len;
  for (guint i = 0; i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      g_autofree char *object = NULL;

      check->result->references++;
      if (row->state != STRATA_ATTACHMENT_OBJECT)
        continue;
      object = _strata_object_dup_path (&row->digest, row->extension);
      if (!g_hash_table_contains (check->objects, object) && !g_hash_table_contains (check->damaged, object))
        report (check, object, manifest->key, row->id, "The attachment's bytes are missing");
    }

  return TRUE;
}

/* The same as _strata_digest_of_stream(), and how long it was */
static gboolean
read_value (GInputStream  *stream,
            StrataDigest  *out_digest,
            guint64       *out_bytes,
            GCancellable  *cancellable,
            GError       **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  *out_bytes = 0;
  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      _strata_hasher_update (hasher, block, (gsize)size);
      *out_bytes += (guint64)size;
    }
  _strata_hasher_finish (hasher, out_digest);

  return size == 0;
}

/* What was changed since it was put whole has another digest; its parts have theirs. */
static gboolean
is_what_was_stored (const StrataManifest *manifest,
                    const StrataDigest   *digest,
                    guint64               bytes)
{
  if (manifest->tail != NULL && manifest->tail->lines->len > 0)
    return TRUE;

  return bytes == manifest->raw_bytes && (manifest->edits > 0 || _strata_digest_equal (digest, &manifest->raw_digest));
}

static gboolean
check_value (Check                 *check,
             const StrataManifest  *manifest,
             const char            *path,
             GError               **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GInputStream) stream = _strata_value_stream_new (check->dir, manifest, &read_error);
  StrataDigest digest;
  guint64 bytes;

  if (stream == NULL || !read_value (stream, &digest, &bytes, check->cancellable, &read_error))
    return note_damage_of_parts (check, manifest, manifest->parts, path, &read_error, error);

  if (!check_packed (check, manifest, manifest->parts, error))
    return FALSE;
  check->result->files += manifest->parts->len + 1 + (manifest->tail != NULL ? 1 : 0);
  if (!is_what_was_stored (manifest, &digest, bytes))
    report (check, path, manifest->key, NULL, "Put together, its parts are not what was stored");

  return TRUE;
}

static char *
make_tag (gboolean    is_collection,
          const char *key)
{
  return g_strconcat (is_collection ? "c/" : "s/", key, NULL);
}

static void
report_log (Check *check)
{
  if (!check->log_reported)
    report (check, "changes.log", NULL, NULL, "The log of changes is damaged, or lines of it are missing");
  check->log_reported = TRUE;
}

/* What is committed stands in the log, with the digest it has. */
static void
check_is_logged (Check                 *check,
                 const StrataManifest  *manifest)
{
  g_autofree char *tag = make_tag (manifest->is_collection, manifest->key);
  const StrataDigest *digest = g_hash_table_lookup (check->logged, tag);

  if (digest == NULL || !_strata_digest_equal (digest, &manifest->file_digest))
    report_log (check);
  g_hash_table_remove (check->logged, tag);
}

static void
forget_logged (Check      *check,
               gboolean    is_collection,
               const char *key)
{
  g_autofree char *tag = make_tag (is_collection, key);

  g_hash_table_remove (check->logged, tag);
}

/* What the log names and nothing was found of, nor the catalog knows */
static void
report_lost (Check *check)
{
  GHashTableIter iter;
  gpointer tag;

  g_hash_table_iter_init (&iter, check->logged);
  while (g_hash_table_iter_next (&iter, &tag, NULL))
    {
      const char *key = (const char *)tag + strlen ("s/");
      g_autofree char *path = g_str_has_prefix (tag, "c/") ? g_strdup_printf ("collections/%s.metadata.json", key)
                                                           : g_strdup_printf ("sessions/%s/metadata.json", key);

      report (check, path, key, NULL, "It is missing, though the log of changes names it");
    }
}

/* A tail that is damaged is named itself: everything else of the session may be right.
 *
 * @out_is_whole: whether there is nothing to say of it
 */
static gboolean
check_tail (Check       *check,
            const char  *key,
            gboolean    *out_is_whole,
            GError     **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(StrataTail) tail = _strata_tail_read (check->dir, key, 0, &read_error);
  g_autofree char *path = _strata_tail_dup_path (key);

  if (tail != NULL)
    _strata_tail_check (tail, key, &read_error);
  *out_is_whole = read_error == NULL;

  return *out_is_whole || note_damage (check, path, key, &read_error, error);
}

/* @known: what the catalog says there is; what is found is taken out of it */
static gboolean
check_owner (Check       *check,
             gboolean     is_collection,
             const char  *key,
             GHashTable  *known,
             GError     **error)
{
  g_autofree char *path = is_collection ? g_strdup_printf ("collections/%s.metadata.json", key)
                                        : g_strdup_printf ("sessions/%s/metadata.json", key);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (check->store, is_collection, key, &load_error);
  gboolean was_known = g_hash_table_remove (known, key);
  gboolean tail_is_whole = TRUE;

  if (!is_collection && _strata_key_is_valid (key) && !check_tail (check, key, &tail_is_whole, error))
    return FALSE;

  /* A folder whose session was never committed holds nothing that counts */
  if (manifest == NULL && g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) && !was_known)
    return TRUE;
  if (manifest == NULL)
    {
      forget_logged (check, is_collection, key);
      return !tail_is_whole || note_damage (check, path, key, &load_error, error);
    }

  check->result->sessions += is_collection ? 0 : 1;
  check_is_logged (check, manifest);
  if (!was_known)
    report (check, "catalog.sqlite3", key, NULL, "The catalog does not list it; rebuild the index");

  /* What its tail adds can't be told, and the parts are looked at one by one */
  if (!tail_is_whole)
    {
      gboolean any;

      return name_damaged_parts (check, manifest, manifest->parts, &any, error) &&
             name_damaged_parts (check, manifest, manifest->attachments, &any, error);
    }

  return check_value (check, manifest, path, error) && check_rows (check, manifest, path, error);
}

static gboolean
check_owners (Check       *check,
              gboolean     is_collection,
              GHashTable  *known,
              GError     **error)
{
  static const char suffix[] = ".metadata.json";
  g_autoptr(GPtrArray) entries = _strata_file_list (check->dir, is_collection ? "collections" : "sessions", error);
  GHashTableIter iter;
  gpointer key;

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *name = g_strdup (entry->name);

      if (g_cancellable_set_error_if_cancelled (check->cancellable, error))
        return FALSE;
      if (is_collection && !g_str_has_suffix (name, suffix))
        continue;
      if (is_collection)
        name[strlen (name) - strlen (suffix)] = '\0';
      if (!check_owner (check, is_collection, name, known, error))
        return FALSE;
    }

  g_hash_table_iter_init (&iter, known);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    {
      g_autofree char *path = is_collection ? g_strdup_printf ("collections/%s.metadata.json", (char *)key)
                                            : g_strdup_printf ("sessions/%s/metadata.json", (char *)key);

      forget_logged (check, is_collection, key);
      report (check, path, key, NULL, "It is missing, though the catalog lists it");
    }

  return TRUE;
}

/* What the catalog lists, and the log */

static GHashTable *
list_known_sessions (Check   *check,
                     GError **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (check->store, STRATA_SESSION_ORDER_DATE, 0, error);
  GHashTable *known;

  if (sessions == NULL)
    return NULL;

  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; i < sessions->len; i++)
    g_hash_table_add (known, g_strdup (((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key));

  return known;
}

static GHashTable *
list_known_collections (Check   *check,
                        GError **error)
{
  g_auto(GStrv) collections = strata_store_list_collections (check->store, error);
  GHashTable *known;

  if (collections == NULL)
    return NULL;

  known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  for (guint i = 0; collections[i] != NULL; i++)
    g_hash_table_add (known, g_strdup (collections[i]));

  return known;
}

/* What a crash left behind the last whole line was never acknowledged, and is no damage. */
static gboolean
check_log (Check   *check,
           GError **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 end, log_end;

  if (!_strata_changes_read (check->dir, 0, changes, &end, error) ||
      !_strata_changes_find_end (check->dir, &log_end, error))
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);

      if (change->is_deleted)
        forget_logged (check, FALSE, change->key);
      else
        g_hash_table_replace (check->logged, make_tag (change->is_collection, change->key),
                              g_memdup2 (&change->digest, sizeof change->digest));
    }

  check->result->files++;
  if (end < log_end)
    report_log (check);

  return TRUE;
}

static void
report_index (const char *key,
              const char *message,
              gpointer    user_data)
{
  report (user_data, "search.sqlite3", key, NULL, message);
}

/**
 * strata_check_run:
 * @store: a store
 * @cancellable: (nullable): a cancellable
 *
 * Reads every file of the store to its end: every part against its digest,
 * every session and collection put together against its own, every object
 * against its name, every use of an attachment against the objects, the catalog
 * against the files, and where there is a search index, every word in it against the
 * texts. Changes nothing.
 *
 * Returns: (transfer full): what was found; or %NULL with @error set, when the
 *   check itself could not go on
 */
StrataCheck *
strata_check_run (StrataStore   *store,
                  GCancellable  *cancellable,
                  GError       **error)
{
  g_autoptr(StrataCheck) result = g_atomic_rc_box_new0 (StrataCheck);
  g_autoptr(GHashTable) objects = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) damaged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) sessions = NULL;
  g_autoptr(GHashTable) collections = NULL;
  g_autoptr(GHashTable) logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  Check check = { result, store, -1, objects, damaged, logged, FALSE, cancellable };

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  check.dir = _strata_store_get_dir (store);
  result->problems = g_ptr_array_new_with_free_func (g_object_unref);
  sessions = list_known_sessions (&check, error);
  if (sessions == NULL)
    return NULL;
  collections = list_known_collections (&check, error);
  if (collections == NULL)
    return NULL;

  if (!check_log (&check, error) ||
      !check_object_folder (&check, "attachments", error) ||
      !check_owners (&check, FALSE, sessions, error) ||
      !check_owners (&check, TRUE, collections, error) ||
      !_strata_search_check (store, report_index, &check, cancellable, error))
    return NULL;
  report_lost (&check);

  return g_steal_pointer (&result);
}

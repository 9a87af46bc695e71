/* strata-gc-roots.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-changes-private.h"
#include "store/strata-key-private.h"
#include "store/strata-staging-private.h"
#include "store/strata-tail-private.h"
#include "store/strata-trash-private.h"
#include "strata-gc-private.h"

/* A session that is replaced while it is read is read again, so many times. */
#define MAX_TRIES 3

#define SUFFIX ".metadata.json"

/* How far the tail of a session was read */
typedef struct
{
  guint64 generation;
  guint64 end;
} TailMark;

/* What the log says last of a session or collection */
typedef struct
{
  gboolean     is_collection;
  gboolean     is_deleted;
  StrataDigest digest;
} LogMark;

struct _StrataGcRoots
{
  StrataStore *store;
  int          dir;
  GPtrArray   *problems;
  GHashTable  *digests;     /* StrataDigest */
  GHashTable  *tails;       /* key → TailMark */
  GHashTable  *logged;      /* key → LogMark */
  GHashTable  *unreadable;  /* keys */
  GHashTable  *changed;     /* keys, since everything was read */
  guint64      log_end;     /* how far the log was followed */
  gboolean     is_complete;
  StrataGcRowFunc func;     /* told of each row; or NULL */
  gpointer     user_data;
};

StrataGcRoots *
_strata_gc_roots_new (StrataStore *store,
                      GPtrArray   *problems)
{
  StrataGcRoots *self = g_new0 (StrataGcRoots, 1);

  self->store = store;
  self->dir = _strata_store_get_dir (store);
  self->problems = g_ptr_array_ref (problems);
  self->digests = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, NULL);
  self->tails = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->unreadable = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->changed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->is_complete = TRUE;

  return self;
}

void
_strata_gc_roots_free (StrataGcRoots *self)
{
  g_ptr_array_unref (self->problems);
  g_hash_table_unref (self->digests);
  g_hash_table_unref (self->tails);
  g_hash_table_unref (self->logged);
  g_hash_table_unref (self->unreadable);
  g_hash_table_unref (self->changed);
  g_free (self);
}

void
_strata_gc_roots_set_row_func (StrataGcRoots    *self,
                               StrataGcRowFunc   func,
                               gpointer          user_data)
{
  self->func = func;
  self->user_data = user_data;
}

gboolean
_strata_gc_roots_contain (StrataGcRoots      *self,
                          const StrataDigest *digest)
{
  return g_hash_table_contains (self->digests, digest);
}

gboolean
_strata_gc_roots_are_complete (StrataGcRoots *self)
{
  return self->is_complete;
}

gboolean
_strata_gc_roots_can_read (StrataGcRoots *self,
                           const char    *key)
{
  return !g_hash_table_contains (self->unreadable, key);
}

gboolean
_strata_gc_roots_can_read_all_like (StrataGcRoots *self,
                                    const char    *name)
{
  GHashTableIter iter;
  gpointer key;

  g_hash_table_iter_init (&iter, self->unreadable);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (g_str_has_prefix (name, key))
      return FALSE;

  return TRUE;
}

gboolean
_strata_gc_roots_expect (StrataGcRoots *self,
                         const char    *key)
{
  const LogMark *mark = g_hash_table_lookup (self->logged, key);

  return mark != NULL && !mark->is_deleted;
}

gboolean
_strata_gc_roots_has_changed (StrataGcRoots *self,
                              const char    *key)
{
  return g_hash_table_contains (self->changed, key);
}

static void
add_digest (StrataGcRoots      *self,
            const StrataDigest *digest)
{
  if (!g_hash_table_contains (self->digests, digest))
    g_hash_table_add (self->digests, g_memdup2 (digest, sizeof *digest));
}

static void
add_rows (StrataGcRoots *self,
          GPtrArray     *rows)
{
  StrataRowObject object;

  for (guint i = 0; i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      for (guint j = 0; j < _strata_attachment_row_get_n_objects (row); j++)
        {
          _strata_attachment_row_get_object (row, j, &object);
          add_digest (self, &object.digest);
        }
      /* What it refers to may have come since */
      if (row->state == STRATA_ATTACHMENT_REFERENCE)
        add_digest (self, &row->digest);
      if (self->func != NULL)
        self->func (row, self->user_data);
    }
}

/* What can't be read */

static void
report (StrataGcRoots *self,
        const char    *path,
        const char    *key,
        const char    *message)
{
  g_ptr_array_add (self->problems, strata_problem_new ("digest-mismatch", path, key, NULL, -1, "%s", message));
}

typedef struct
{
  StrataGcRoots *roots;
  const char    *key;
  gboolean       is_exact;
} CatalogQuery;

/* Whether what the catalog knows of a session is what was committed last: it has the
 * metadata that the log names, and has read the tail to the end that it has.
 */
static gboolean
is_exact (StrataCatalog  *catalog,
          CatalogQuery   *query,
          gboolean       *out_is_exact,
          GError        **error)
{
  const LogMark *mark = g_hash_table_lookup (query->roots->logged, query->key);
  g_autofree char *tail = _strata_tail_dup_path (query->key);
  guint64 generation = 0, bytes = 0;
  gboolean has_metadata, is_growing;
  struct stat status;

  *out_is_exact = FALSE;
  if (mark == NULL)
    return TRUE;
  if (!_strata_catalog_has_metadata (catalog, query->key, &mark->digest, &has_metadata, error) ||
      !_strata_catalog_get_tail (catalog, query->key, &is_growing, &generation, &bytes, error))
    return FALSE;

  *out_is_exact = has_metadata;
  if (!mark->is_collection && _strata_file_stat (query->roots->dir, tail, &status, NULL))
    *out_is_exact = has_metadata && is_growing && (guint64)status.st_size == bytes;

  return TRUE;
}

static gpointer
ask_catalog (StrataCatalog  *catalog,
             gpointer        user_data,
             GError        **error)
{
  CatalogQuery *query = user_data;
  g_autoptr(GArray) digests = g_array_new (FALSE, FALSE, sizeof (StrataDigest));

  if (!is_exact (catalog, query, &query->is_exact, error) ||
      !_strata_catalog_list_digests (catalog, query->key, digests, error))
    return NULL;

  for (guint i = 0; i < digests->len; i++)
    add_digest (query->roots, &g_array_index (digests, StrataDigest, i));

  return query;
}

/* What the catalog knows of a session or collection is needed; where it may not know
 * all, anything may be.
 */
static void
add_unreadable (StrataGcRoots *self,
                const char    *path,
                const char    *key,
                const GError  *cause)
{
  CatalogQuery query = { self, key, FALSE };
  g_autoptr(GError) error = NULL;

  if (!g_hash_table_add (self->unreadable, g_strdup (key)))
    return;
  report (self, path, key, cause->message);

  if (_strata_store_with_catalog_as_it_is (self->store, ask_catalog, &query, &error) == NULL)
    g_info ("The catalog does not say what “%s” uses: %s", key, error->message);
  self->is_complete = self->is_complete && query.is_exact;
}

/* The same for what is in the trash, which the catalog does not know */
static void
add_unreadable_trash (StrataGcRoots *self,
                      const char    *path,
                      const char    *key,
                      const GError  *cause)
{
  report (self, path, key, cause->message);
  self->is_complete = FALSE;
}

/* Sessions and collections */

static void
mark_tail (StrataGcRoots        *self,
           const StrataManifest *manifest)
{
  TailMark *mark;

  g_hash_table_remove (self->tails, manifest->key);
  if (manifest->tail == NULL)
    return;

  mark = g_new (TailMark, 1);
  mark->generation = manifest->tail->generation;
  mark->end = manifest->tail->end;
  g_hash_table_insert (self->tails, g_strdup (manifest->key), mark);
}

static gboolean
try_owner (StrataGcRoots  *self,
           gboolean        is_collection,
           const char     *key,
           GError        **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, is_collection, key, error);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (self->store, manifest, error) : NULL;

  if (rows == NULL)
    return FALSE;

  add_rows (self, rows);
  mark_tail (self, manifest);

  return TRUE;
}

static gpointer
is_in_catalog (StrataCatalog  *catalog,
               gpointer        user_data,
               GError        **error)
{
  g_autoptr(GPtrArray) sessions = _strata_catalog_find_sessions (catalog, user_data, error);
  g_autoptr(GPtrArray) collections = sessions != NULL ? _strata_catalog_list_collections (catalog, error) : NULL;

  return collections != NULL &&
         (sessions->len > 0 || g_ptr_array_find_with_equal_func (collections, user_data, g_str_equal, NULL)) ? user_data : NULL;
}

/* A folder whose session was never committed, or is in the trash, needs nothing. */
static gboolean
is_nothing (StrataGcRoots *self,
            const char    *key,
            const GError  *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) && !_strata_gc_roots_expect (self, key) &&
         (g_hash_table_contains (self->logged, key) ||
          _strata_store_with_catalog_as_it_is (self->store, is_in_catalog, (gpointer)key, NULL) == NULL);
}

static void
add_owner (StrataGcRoots *self,
           gboolean       is_collection,
           const char    *key)
{
  g_autofree char *path = is_collection ? g_strdup_printf ("collections/%s" SUFFIX, key)
                                        : g_strdup_printf ("sessions/%s/metadata.json", key);
  g_autoptr(GError) error = NULL;

  for (guint i = 0; i < MAX_TRIES; i++)
    {
      g_clear_error (&error);
      if (try_owner (self, is_collection, key, &error))
        return;
    }

  if (!is_nothing (self, key, error))
    add_unreadable (self, path, key, error);
}

static gboolean
add_folder (StrataGcRoots  *self,
            gboolean        is_collection,
            GHashTable     *seen,
            GCancellable   *cancellable,
            GError        **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, is_collection ? "collections" : "sessions", error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *key = g_strdup (entry->name);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      if (is_collection && !g_str_has_suffix (key, SUFFIX))
        continue;
      if (is_collection)
        key[strlen (key) - strlen (SUFFIX)] = '\0';
      if (is_collection ? !_strata_collection_key_is_valid (key) : !_strata_key_is_valid (key))
        continue;

      add_owner (self, is_collection, key);
      g_hash_table_add (seen, g_steal_pointer (&key));
    }

  return TRUE;
}

/* What was committed and is not there at all was lost; what it used may be needed to get it back. */
static void
add_lost (StrataGcRoots *self,
          GHashTable    *seen)
{
  GHashTableIter iter;
  gpointer key, mark;

  g_hash_table_iter_init (&iter, self->logged);
  while (g_hash_table_iter_next (&iter, &key, &mark))
    if (!((LogMark *)mark)->is_deleted && !g_hash_table_contains (seen, key))
      add_owner (self, ((LogMark *)mark)->is_collection, key);
}

/* The same for what the catalog lists, where the log can't be relied on */
static gboolean
add_listed (StrataGcRoots  *self,
            GHashTable     *seen,
            GError        **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (self->store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  g_auto(GStrv) collections = sessions != NULL ? strata_store_list_collections (self->store, error) : NULL;

  if (collections == NULL)
    return FALSE;

  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);

      if (!g_hash_table_contains (seen, info->key))
        add_owner (self, FALSE, info->key);
    }
  for (guint i = 0; collections[i] != NULL; i++)
    if (!g_hash_table_contains (seen, collections[i]))
      add_owner (self, TRUE, collections[i]);

  return TRUE;
}

/* The trash */

static void
add_trashed_session (StrataGcRoots *self,
                     const char    *name,
                     const char    *key)
{
  g_autofree char *folder = g_build_filename ("trash", name, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load_trashed (self->store, key, folder, &error);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (self->store, manifest, &error) : NULL;
  struct stat status;

  if (rows != NULL)
    add_rows (self, rows);
  else if (_strata_file_stat (self->dir, folder, &status, NULL))
    add_unreadable_trash (self, folder, key, error);
}

static void
add_trashed_item (StrataGcRoots *self,
                  const char    *name,
                  const char    *key)
{
  g_autofree char *path = g_build_filename ("trash", name, NULL);
  g_autoptr(StrataWrite) write = _strata_write_new (STRATA_WRITE_UNDELETE_ITEM, name);
  g_autoptr(GError) error = NULL;
  struct stat status;

  if (_strata_trash_read_item (write, self->store, &error))
    add_rows (self, write->rows);
  else if (_strata_file_stat (self->dir, path, &status, NULL))
    add_unreadable_trash (self, path, key, error);
}

/* @doomed: (nullable): names that are passed over; @keys: (nullable): only those of these sessions */
static gboolean
add_trash (StrataGcRoots  *self,
           GHashTable     *doomed,
           GHashTable     *keys,
           GError        **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "trash", error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const char *name = ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name;
      g_autofree char *key = NULL;
      const char *extension;
      StrataDigest digest;
      StrataGcKind kind = _strata_gc_classify (name, &key, &digest, &extension);

      if ((kind != STRATA_GC_SESSION && kind != STRATA_GC_ITEM) || (keys != NULL && !g_hash_table_contains (keys, key)) ||
          (doomed != NULL && g_hash_table_contains (doomed, name)))
        continue;
      if (kind == STRATA_GC_SESSION)
        add_trashed_session (self, name, key);
      else
        add_trashed_item (self, name, key);
    }

  return TRUE;
}

/* The log */

static void
note_change (StrataGcRoots      *self,
             const StrataChange *change)
{
  LogMark *mark = g_new (LogMark, 1);

  mark->is_collection = change->is_collection;
  mark->is_deleted = change->is_deleted;
  mark->digest = change->digest;
  g_hash_table_replace (self->logged, g_strdup (change->key), mark);
}

/* Reads the log on from where it was followed to; @changes (element-type StrataChange) */
static gboolean
follow_log (StrataGcRoots  *self,
            GPtrArray      *changes,
            GError        **error)
{
  guint64 end, log_end;

  if (!_strata_changes_find_end (self->dir, &log_end, error) ||
      !_strata_changes_read (self->dir, self->log_end, changes, &end, error))
    return FALSE;

  if (log_end < self->log_end || end < log_end)
    {
      report (self, "changes.log", NULL, "The log of changes is damaged, or lines of it are missing");
      self->is_complete = FALSE;
    }
  self->log_end = log_end;
  for (guint i = 0; i < changes->len; i++)
    note_change (self, g_ptr_array_index (changes, i));

  return TRUE;
}

gboolean
_strata_gc_roots_collect (StrataGcRoots  *self,
                          GHashTable     *doomed,
                          GCancellable   *cancellable,
                          GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  /* The log first, so that what changes from here on is found in it; the trash last, so that
   * what is deleted meanwhile is found in one place or the other
   */
  if (!follow_log (self, changes, error) ||
      !add_folder (self, FALSE, seen, cancellable, error) ||
      !add_folder (self, TRUE, seen, cancellable, error))
    return FALSE;
  add_lost (self, seen);

  return add_listed (self, seen, error) && add_trash (self, doomed, NULL, error);
}

/* Catching up */

/* Reads what a tail got since; whatever else happened to it is in the log. */
static void
follow_tail (StrataGcRoots *self,
             const char    *key,
             TailMark      *mark)
{
  g_autofree char *path = _strata_tail_dup_path (key);
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  g_autoptr(StrataTail) tail = NULL;
  g_autoptr(GError) error = NULL;
  struct stat status;

  if (!_strata_file_stat (self->dir, path, &status, NULL) || (guint64)status.st_size == mark->end)
    return;

  tail = _strata_tail_read (self->dir, key, mark->end, &error);
  if (tail == NULL && error == NULL)
    return;
  if (tail != NULL && tail->generation == mark->generation && _strata_tail_check (tail, key, &error))
    for (guint i = 0; error == NULL && i < tail->lines->len; i++)
      _strata_tail_line_read_rows (&g_array_index (tail->lines, StrataTailLine, i), rows, &error);

  add_rows (self, rows);
  if (error != NULL)
    add_unreadable (self, path, key, error);
  else if (tail->generation == mark->generation)
    mark->end = tail->end;
}

/* What a writer was committing when it died is in place, and in no log yet. */
static gboolean
follow_intents (StrataGcRoots  *self,
                GHashTable     *keys,
                GError        **error)
{
  g_autofree char *intents = _strata_staging_read_intents (self->dir, error);
  g_auto(GStrv) lines = intents != NULL ? g_strsplit (intents, "\n", -1) : NULL;

  for (guint i = 0; lines != NULL && lines[i] != NULL; i++)
    {
      g_auto(GStrv) words = g_strsplit (lines[i], " ", -1);

      if (g_strv_length (words) < 2)
        continue;
      add_owner (self, strcmp (words[0], "collection") == 0, words[1]);
      g_hash_table_add (keys, g_strdup (words[1]));
    }

  return lines != NULL;
}

gboolean
_strata_gc_roots_catch_up (StrataGcRoots  *self,
                           gboolean        has_lock,
                           GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  g_autoptr(GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer key, mark;

  if (!follow_log (self, changes, error))
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);

      if (g_hash_table_add (keys, g_strdup (change->key)))
        add_owner (self, change->is_collection, change->key);
    }
  if (has_lock && !follow_intents (self, keys, error))
    return FALSE;

  g_hash_table_iter_init (&iter, self->tails);
  while (g_hash_table_iter_next (&iter, &key, &mark))
    follow_tail (self, key, mark);

  /* Whatever is in the trash of a session that changed may be wanted back from there */
  if (g_hash_table_size (keys) > 0 && !add_trash (self, NULL, keys, error))
    return FALSE;

  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    g_hash_table_add (self->changed, g_strdup (key));

  return TRUE;
}

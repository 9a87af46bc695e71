/* strata-search-sync.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "base/strata-sqlite-private.h"
#include "store/strata-changes-private.h"
#include "store/strata-tail-private.h"
#include "strata-search-sync-private.h"

/* A transaction ends after so much text or time, whichever comes first: another process may want to write too */
#define COMMIT_BYTES (32 * 1024 * 1024)
#define COMMIT_US    (2 * G_USEC_PER_SEC)
/* More at a time are put in the order of their times */
#define SORT_FROM 16

typedef struct
{
  gboolean  is_collection;
  char     *key;
  guint     rank;        /* by the time it began */
} Entry;

typedef struct
{
  StrataSearchIndex    *index;
  StrataStore          *store;
  GPtrArray            *entries;
  StrataSearchProgress  progress;
  gpointer              user_data;
  GCancellable         *cancellable;
  gint64                begun_us;
} Sync;

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->key);
  g_free (entry);
}

static void
add_entry (GPtrArray  *entries,
           GHashTable *seen,
           gboolean    is_collection,
           const char *key)
{
  g_autofree char *name = g_strdup_printf ("%d%s", is_collection, key);
  Entry *entry;

  if (!g_hash_table_add (seen, g_steal_pointer (&name)))
    return;

  entry = g_new0 (Entry, 1);
  entry->is_collection = is_collection;
  entry->key = g_strdup (key);
  g_ptr_array_add (entries, entry);
}

/* What is to be looked at */

static gboolean
list_folder (Sync        *self,
             GHashTable  *seen,
             gboolean     is_collection,
             GError     **error)
{
  const char *suffix = is_collection ? ".metadata.json" : "";
  g_autoptr(GPtrArray) files =
    _strata_file_list (_strata_store_get_dir (self->store), is_collection ? "collections" : "sessions", error);

  if (files == NULL)
    return FALSE;

  for (guint i = 0; i < files->len; i++)
    {
      const StrataDirEntry *file = g_ptr_array_index (files, i);
      g_autofree char *key = g_strdup (file->name);

      if (!g_str_has_suffix (key, suffix))
        continue;
      key[strlen (key) - strlen (suffix)] = '\0';
      add_entry (self->entries, seen, is_collection, key);
    }

  return TRUE;
}

/* All that is in the files, and all that the index believes to be there */
static gboolean
list_everything (Sync        *self,
                 GHashTable  *seen,
                 GError     **error)
{
  for (gboolean is_collection = FALSE; is_collection <= TRUE; is_collection++)
    {
      g_autoptr(GPtrArray) keys = _strata_search_index_list_keys (self->index, is_collection, error);

      if (keys == NULL || !list_folder (self, seen, is_collection, error))
        return FALSE;
      for (guint i = 0; i < keys->len; i++)
        add_entry (self->entries, seen, is_collection, g_ptr_array_index (keys, i));
    }

  return TRUE;
}

/* What a session grows by is in its tail, and not in the log. */
static gboolean
list_growing (Sync        *self,
              GHashTable  *seen,
              GError     **error)
{
  g_autoptr(GHashTable) growing = _strata_search_index_list_growing (self->index, error);
  GHashTableIter iter;
  gpointer key, end;

  if (growing == NULL)
    return FALSE;

  g_hash_table_iter_init (&iter, growing);
  while (g_hash_table_iter_next (&iter, &key, &end))
    {
      g_autofree char *path = _strata_tail_dup_path (key);
      struct stat status;

      if (_strata_seam_get ()->stat (_strata_store_get_dir (self->store), path, &status) < 0 ||
          (guint64)status.st_size != *(guint64 *)end)
        add_entry (self->entries, seen, FALSE, key);
    }

  return TRUE;
}

/* Sets @out_end to where the log will have been followed. */
static gboolean
list_changes (Sync      *self,
              guint64   *out_end,
              gboolean  *out_changed,
              GError   **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  int dir = _strata_store_get_dir (self->store);
  guint64 applied, end = 0;

  if (!_strata_search_index_get_applied (self->index, &applied, error) ||
      !_strata_changes_find_end (dir, out_end, error) || !list_growing (self, seen, error))
    return FALSE;

  *out_changed = applied != *out_end || *out_end == 0 || self->entries->len > 0;
  if (applied == *out_end && *out_end > 0)
    return TRUE;

  /* Damage in the log hides what was changed after it */
  if (applied > 0 && applied < *out_end && !_strata_changes_read (dir, applied, changes, &end, error))
    return FALSE;
  if (applied == 0 || applied > *out_end || end < *out_end)
    return list_everything (self, seen, error);

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);

      add_entry (self->entries, seen, change->is_collection, change->key);
    }

  return TRUE;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const Entry *first = *(const Entry *const *)a;
  const Entry *second = *(const Entry *const *)b;

  return (first->rank > second->rank) - (first->rank < second->rank);
}

/* Oldest first, as blocks are numbered; collections last. FTS5 writes a piece of its own for each step back. */
static gboolean
sort_entries (Sync    *self,
              GError **error)
{
  g_autoptr(GHashTable) ranks = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) sessions = NULL;

  if (self->entries->len < SORT_FROM)
    return TRUE;

  sessions = strata_store_list_sessions (self->store, STRATA_SESSION_ORDER_DATE, 0, error);
  if (sessions == NULL)
    return FALSE;
  for (guint i = 0; i < sessions->len; i++)
    g_hash_table_insert (ranks, ((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key,
                         GUINT_TO_POINTER (sessions->len - i));

  for (guint i = 0; i < self->entries->len; i++)
    {
      Entry *entry = g_ptr_array_index (self->entries, i);

      entry->rank = entry->is_collection ? G_MAXUINT : GPOINTER_TO_UINT (g_hash_table_lookup (ranks, entry->key));
    }
  g_ptr_array_sort (self->entries, compare_entries);

  return TRUE;
}

/* Doing it */

static gboolean
sync_entry (Sync         *self,
            const Entry  *entry,
            GError      **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(GError) digest_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, entry->is_collection, entry->key, &load_error);
  gboolean is_known, is_damaged;
  StrataDigest digest;

  is_known = _strata_search_index_get_digest (self->index, entry->is_collection, entry->key, &digest, &is_damaged, &digest_error);
  if (digest_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&digest_error));
      return FALSE;
    }

  if (manifest != NULL)
    return (is_known && !is_damaged && manifest->tail == NULL && _strata_digest_equal (&digest, &manifest->file_digest)) ||
           _strata_search_index_put (self->index, _strata_store_get_dir (self->store), manifest, self->cancellable, error);

  if (g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    return !is_known || _strata_search_index_remove (self->index, entry->is_collection, entry->key, error);

  /* Damage is verify's to report; what was indexed of it before stays findable */
  if (load_error->domain == STRATA_ERROR)
    {
      g_info ("Not indexed: %s", load_error->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (&load_error));

  return FALSE;
}

static gboolean
begin (Sync    *self,
       GError **error)
{
  self->begun_us = g_get_monotonic_time ();

  return _strata_search_index_begin (self->index, error);
}

/* Nobody waits for an index that is being filled beside another. */
static gboolean
should_commit (Sync *self)
{
  return _strata_search_index_get_pending (self->index) >= COMMIT_BYTES ||
         (!_strata_search_index_is_bulk (self->index) && g_get_monotonic_time () - self->begun_us >= COMMIT_US);
}

static gboolean
sync_entries (Sync     *self,
              guint64   end,
              GError  **error)
{
  if (!begin (self, error))
    return FALSE;

  for (guint i = 0; i < self->entries->len; i++)
    {
      /* What was done stays, for the next time to go on from */
      if (g_cancellable_is_cancelled (self->cancellable))
        return _strata_search_index_commit (self->index, error) && !g_cancellable_set_error_if_cancelled (self->cancellable, error);
      if (!sync_entry (self, g_ptr_array_index (self->entries, i), error))
        return FALSE;
      if (self->progress != NULL)
        self->progress (i + 1, self->entries->len, self->user_data);
      if (should_commit (self) && (!_strata_search_index_commit (self->index, error) || !begin (self, error)))
        return FALSE;
    }

  return _strata_search_index_set_applied (self->index, end, error) && _strata_search_index_commit (self->index, error);
}

gboolean
_strata_search_sync (StrataSearchIndex     *index,
                     StrataStore           *store,
                     StrataSearchProgress   progress,
                     gpointer               user_data,
                     GCancellable          *cancellable,
                     GError               **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func (entry_free);
  Sync self = { index, store, entries, progress, user_data, cancellable };
  gboolean changed;
  guint64 end;

  if (_strata_search_index_is_read_only (index))
    return TRUE;

  if (!list_changes (&self, &end, &changed, error))
    return FALSE;
  if (!changed)
    return TRUE;

  if (sort_entries (&self, error) && sync_entries (&self, end, error))
    return TRUE;
  _strata_search_index_roll_back (index);

  return FALSE;
}

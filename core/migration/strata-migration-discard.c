/* strata-migration-discard.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-changes-private.h"
#include "store/strata-trash-private.h"
#include "strata-journal-private.h"
#include "strata-migration-object-private.h"

/* What a migration that did not come to its end has added, and removing it.
 *
 * When one begins that does not go on with another, it writes into the journal where the
 * log of changes ended then: `began source=N log=BYTES`. Sessions of its source that the
 * log names only behind that place are its own, unless somebody changed them since. They
 * go to the trash; a crash in between leaves the rest for the next attempt. Collections
 * are taken after all sessions, and stay.
 *
 * What a user deletes is not taken in again, but this is: `discarding source=N KEY` stands
 * in the journal before the session goes, and counts until a migration is complete.
 */

typedef struct
{
  guint    source;
  gboolean is_open;  /* it began and is not complete */
  guint64  log;
} Beginning;

/* A StrataJournalFunc */
static void
look_at_event (const char *event,
               gpointer    user_data)
{
  Beginning *beginning = user_data;
  guint source;
  guint64 log;

  if (sscanf (event, "began source=%u log=%" G_GINT64_MODIFIER "u", &source, &log) == 2 && source == beginning->source)
    {
      beginning->is_open = TRUE;
      beginning->log = log;
    }
  else if (sscanf (event, "state complete source=%u", &source) == 1 && source == beginning->source)
    beginning->is_open = FALSE;
}

static gboolean
find_beginning (int         dir,
                guint       source,
                Beginning  *out_beginning,
                GError    **error)
{
  *out_beginning = (Beginning) { .source = source };

  return _strata_journal_read (dir, look_at_event, out_beginning, error);
}

gboolean
_strata_migration_note_beginning (StrataStore  *store,
                                  guint         source,
                                  GError      **error)
{
  int dir = _strata_store_get_dir (store);
  Beginning beginning;
  guint64 end;

  if (!find_beginning (dir, source, &beginning, error))
    return FALSE;
  if (beginning.is_open)
    return TRUE;

  return _strata_changes_find_end (dir, &end, error) &&
         _strata_journal_append (dir, error, "began source=%u log=%" G_GUINT64_FORMAT, source, end);
}

static GPtrArray *
read_changes (int       dir,
              guint64   offset,
              GError  **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 end;

  return _strata_changes_read (dir, offset, changes, &end, error) ? g_steal_pointer (&changes) : NULL;
}

/* Returns: (transfer full): keys of sessions that the log names only from @offset on */
static GHashTable *
find_added (int       dir,
            guint64   offset,
            GError  **error)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) since = read_changes (dir, offset, error);
  g_autoptr(GPtrArray) all = since != NULL ? read_changes (dir, 0, error) : NULL;
  guint64 first = G_MAXUINT64;

  if (all == NULL)
    return NULL;

  for (guint i = 0; i < since->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (since, i);

      first = MIN (first, change->sequence);
      if (!change->is_collection)
        g_hash_table_add (keys, g_strdup (change->key));
    }
  for (guint i = 0; i < all->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (all, i);

      if (change->sequence < first)
        g_hash_table_remove (keys, change->key);
    }

  return g_steal_pointer (&keys);
}

static gboolean
is_its_own (StrataStore *store,
            const char  *key,
            guint        source)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, FALSE, key, NULL);
  g_autofree char *tail = g_strdup_printf ("sessions/%s/tail.jsonl", key);
  struct stat status;

  return manifest != NULL && manifest->source == source && !_strata_manifest_is_edited (manifest) &&
         !_strata_file_stat (_strata_store_get_dir (store), tail, &status, NULL);
}

static gboolean
delete_if_its_own (StrataStore  *store,
                   const char   *key,
                   guint         source,
                   guint64      *n_deleted,
                   GError      **error)
{
  g_autofree char *name = NULL;
  gboolean ok = TRUE;

  if (!_strata_store_lock (store, error))
    return FALSE;

  if (is_its_own (store, key, source))
    {
      ok = _strata_journal_append (_strata_store_get_dir (store), error, "discarding source=%u %s", source, key) &&
           _strata_trash_delete_session (store, key, &name, error);
      *n_deleted += ok ? 1 : 0;
    }
  _strata_store_unlock (store);

  return ok;
}

gboolean
_strata_migration_remove_added (StrataStore  *store,
                                guint         source,
                                GError      **error)
{
  int dir = _strata_store_get_dir (store);
  g_autoptr(GHashTable) keys = NULL;
  Beginning beginning;
  GHashTableIter iter;
  gpointer key;
  guint64 n_deleted = 0;

  if (!find_beginning (dir, source, &beginning, error))
    return FALSE;
  if (!beginning.is_open)
    return TRUE;

  keys = find_added (dir, beginning.log, error);
  if (keys == NULL)
    return FALSE;
  g_hash_table_iter_init (&iter, keys);
  while (g_hash_table_iter_next (&iter, &key, NULL))
    if (!delete_if_its_own (store, key, source, &n_deleted, error))
      return FALSE;

  return _strata_journal_append (dir, error, "discarded %" G_GUINT64_FORMAT " source=%u", n_deleted, source);
}

/* What was discarded */

typedef struct
{
  guint       source;
  GHashTable *keys;
} Discarded;

static void
look_at_discarded (const char *event,
                   gpointer    user_data)
{
  Discarded *discarded = user_data;
  guint source;
  int end = 0;

  if (sscanf (event, "discarding source=%u %n", &source, &end) == 1 && end > 0 && source == discarded->source)
    g_hash_table_add (discarded->keys, g_strdup (event + end));
  else if (sscanf (event, "state complete source=%u", &source) == 1 && source == discarded->source)
    g_hash_table_remove_all (discarded->keys);
}

GHashTable *
_strata_migration_read_discarded (StrataStore  *store,
                                  guint         source,
                                  GError      **error)
{
  g_autoptr(GHashTable) keys = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Discarded discarded = { source, keys };

  if (!_strata_journal_read (_strata_store_get_dir (store), look_at_discarded, &discarded, error))
    return NULL;

  return g_steal_pointer (&keys);
}

/* Without a run */

static gboolean
give_up_all (StrataStore  *store,
                gboolean      keep,
                GError      **error)
{
  int dir = _strata_store_get_dir (store);
  g_autoptr(StrataHeader) before = _strata_store_read_header (store, error);
  g_autoptr(StrataHeader) header = NULL;
  guint source = 0;
  gboolean ok;

  for (guint i = 0; before != NULL && i < before->sources->len; i++)
    {
      source = ((const StrataSourceRecord *)g_ptr_array_index (before->sources, i))->number;
      if (!keep && !_strata_migration_remove_added (store, source, error))
        return FALSE;
    }
  if (before == NULL || !_strata_store_lock (store, error))
    return FALSE;

  header = _strata_store_read_header (store, error);
  ok = header != NULL;
  if (ok)
    {
      g_free (header->state);
      header->state = g_strdup ("cancelled");
      ok = _strata_header_write (header, dir, error) && _strata_journal_append (dir, error, "state cancelled source=%u", source);
    }
  _strata_store_unlock (store);

  return ok;
}

static gboolean
is_unfinished (StrataStore *store)
{
  static const char *const states[] = { "running", "paused", "verifying", "failed", "cancelled", NULL };
  g_autofree char *state = strata_store_dup_state (store);

  return g_strv_contains (states, state);
}

/**
 * strata_migration_abandon:
 * @store_path: a store's folder
 * @keep: whether what was taken over so far stays in the store; otherwise sessions that
 *   the migration has added go to the trash of the store
 *
 * Gives up a migration that was paused or interrupted and that no process is running; see
 * [method@Strata.Migration.cancel] for one that is.
 *
 * Returns: whether it was given up; or %FALSE with @error set: %STRATA_ERROR_NOT_FOUND
 *   where none is unfinished, %STRATA_ERROR_IN_USE where one is running
 */
gboolean
strata_migration_abandon (const char  *store_path,
                          gboolean     keep,
                          GError     **error)
{
  g_autoptr(StrataStore) store = NULL;
  gboolean ok = FALSE;
  int lock_fd;

  g_return_val_if_fail (store_path != NULL, FALSE);

  store = strata_store_open (store_path, error);
  lock_fd = store != NULL ? _strata_migration_lock (_strata_store_get_dir (store), error) : -1;
  if (lock_fd < 0)
    return FALSE;

  if (is_unfinished (store))
    ok = give_up_all (store, keep, error);
  else
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "No migration into this store is unfinished");
  _strata_file_close (lock_fd);

  return ok;
}

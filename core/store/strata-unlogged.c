/* strata-unlogged.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "strata-changes-private.h"
#include "strata-store-private.h"

static char *
make_tag (gboolean    is_collection,
          const char *key)
{
  return g_strconcat (is_collection ? "c/" : "s/", key, NULL);
}

/* Returns: (transfer full): tag → StrataDigest that the log names last; or %NULL with @error set */
static GHashTable *
read_logged (int      dir,
             GError **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  GHashTable *logged;
  guint64 end;

  if (!_strata_changes_read (dir, 0, changes, &end, error))
    return NULL;

  logged = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);

      g_hash_table_replace (logged, make_tag (change->is_collection, change->key),
                            g_memdup2 (&change->digest, sizeof change->digest));
    }

  return logged;
}

/* Adds to @changes what is committed under @key, unless the log has it. */
static gboolean
look_at (StrataStore  *self,
         gboolean      is_collection,
         const char   *key,
         GHashTable   *logged,
         GPtrArray    *changes,
         GError      **error)
{
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (self, is_collection, key, &load_error);
  g_autofree char *tag = make_tag (is_collection, key);
  const StrataDigest *digest = g_hash_table_lookup (logged, tag);
  StrataChange *change;

  /* A folder without metadata was never committed; damage is verify's to report */
  if (manifest == NULL && load_error->domain == STRATA_ERROR)
    return TRUE;
  if (manifest == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&load_error));
      return FALSE;
    }

  if (digest != NULL && _strata_digest_equal (digest, &manifest->file_digest))
    return TRUE;

  change = g_new0 (StrataChange, 1);
  change->is_collection = is_collection;
  change->key = g_strdup (key);
  change->digest = manifest->file_digest;
  g_ptr_array_add (changes, change);

  return TRUE;
}

static gboolean
look_through (StrataStore  *self,
              gboolean      is_collection,
              GHashTable   *logged,
              GPtrArray    *changes,
              GError      **error)
{
  const char *suffix = is_collection ? ".metadata.json" : "";
  g_autoptr(GPtrArray) entries =
    _strata_file_list (_strata_store_get_dir (self), is_collection ? "collections" : "sessions", error);

  if (entries == NULL)
    return FALSE;

  for (guint i = 0; i < entries->len; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, i);
      g_autofree char *key = g_strdup (entry->name);

      if (!g_str_has_suffix (key, suffix) || (!is_collection && entry->type != DT_DIR))
        continue;
      key[strlen (key) - strlen (suffix)] = '\0';
      if (!look_at (self, is_collection, key, logged, changes, error))
        return FALSE;
    }

  return TRUE;
}

gboolean
_strata_store_log_unlogged (StrataStore  *self,
                            GError      **error)
{
  int dir = _strata_store_get_dir (self);
  g_autoptr(GHashTable) logged = read_logged (dir, error);
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  guint64 end;

  if (logged == NULL ||
      !look_through (self, FALSE, logged, changes, error) ||
      !look_through (self, TRUE, logged, changes, error))
    return FALSE;

  return changes->len == 0 || _strata_changes_append (dir, changes, &end, error);
}

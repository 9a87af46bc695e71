/* strata-retirement-digests.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "store/strata-changes-private.h"
#include "strata-retirement-run-private.h"

typedef struct
{
  StrataStore  *store;
  GHashTable   *sessions;     /* key → its last StrataChange */
  GHashTable   *collections;
  char         *because;
} Comparing;

/* What the log says last of an owner; NULL: nothing */
static const StrataChange *
find_change (Comparing                 *comparing,
             const StrataRollbackOwner *owner)
{
  return g_hash_table_lookup (owner->is_collection ? comparing->collections : comparing->sessions, owner->key);
}

static void
set_because (Comparing                 *comparing,
             const StrataRollbackOwner *owner,
             const char                *what)
{
  if (comparing->because == NULL)
    comparing->because = g_strdup_printf ("“%s” %s", owner->key, what);
}

/* A StrataRollbackOwnerFunc */
static gboolean
compare_owner (const StrataRollbackOwner  *owner,
               gpointer                    user_data,
               GError                    **error)
{
  Comparing *comparing = user_data;
  const StrataChange *change = find_change (comparing, owner);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_store_load (comparing->store, owner->is_collection, owner->key, &load_error);

  if (manifest == NULL && load_error->domain != STRATA_ERROR && !g_error_matches (load_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&load_error));
      return FALSE;
    }

  if (manifest == NULL)
    {
      if (change == NULL || !change->is_deleted)
        set_because (comparing, owner, "was migrated, and is not in the store, though nobody deleted it");
      return TRUE;
    }

  /* Its text is what was migrated. That its files give that text is for the check of the store */
  if (!_strata_manifest_is_edited (manifest) && _strata_digest_equal (&manifest->raw_digest, &owner->raw_digest))
    return TRUE;

  if (change == NULL || change->is_deleted || !_strata_digest_equal (&change->digest, &manifest->file_digest))
    set_because (comparing, owner, "is not what was migrated, and the log of changes does not know of it");

  return TRUE;
}

gboolean
_strata_retirement_compare_digests (StrataStore    *store,
                                    StrataWayBack  *way_back,
                                    char          **out_because,
                                    GCancellable   *cancellable,
                                    GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
  g_autoptr(GHashTable) sessions = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GHashTable) collections = g_hash_table_new (g_str_hash, g_str_equal);
  Comparing comparing = { store, sessions, collections, NULL };
  guint64 end;
  gboolean ok = TRUE;

  if (!_strata_changes_read (_strata_store_get_dir (store), 0, changes, &end, error))
    return FALSE;
  for (guint i = 0; i < changes->len; i++)
    {
      StrataChange *change = g_ptr_array_index (changes, i);

      g_hash_table_insert (change->is_collection ? collections : sessions, change->key, change);
    }

  for (guint i = 0; i < way_back->manifests->len && ok; i++)
    ok = _strata_rollback_manifest_foreach (g_ptr_array_index (way_back->manifests, i), NULL, compare_owner, &comparing,
                                            cancellable, error);
  *out_because = comparing.because;

  return ok;
}

/* strata-own-changes.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-own-changes-private.h"

typedef struct
{
  StrataStore       *store;
  GHashTable        *same;      /* keys of what an old store has exactly so; collections' begin with "/" */
  GHashTable        *there;     /* keys of all sessions of the store */
  StrataOwnChanges  *changes;
} Finding;

void
_strata_own_changes_free (StrataOwnChanges *self)
{
  g_ptr_array_unref (self->sessions);
  g_ptr_array_unref (self->collections);
  g_ptr_array_unref (self->deleted);
  g_free (self);
}

gboolean
_strata_own_changes_is_any (StrataOwnChanges *self)
{
  return self->sessions->len > 0 || self->collections->len > 0;
}

/* A StrataRollbackOwnerFunc. Packing and unpacking change the metadata, and not what they are of. */
static gboolean
compare_owner (const StrataRollbackOwner  *owner,
               gpointer                    user_data,
               GError                    **error)
{
  Finding *finding = user_data;
  g_autoptr(StrataManifest) manifest = NULL;

  if (!owner->is_collection && !g_hash_table_contains (finding->there, owner->key))
    {
      if (owner->is_held)
        g_ptr_array_add (finding->changes->deleted, g_strdup (owner->key));
      return TRUE;
    }
  if (!owner->is_held)
    return TRUE;

  manifest = _strata_store_load (finding->store, owner->is_collection, owner->key, error);
  if (manifest == NULL)
    return FALSE;
  if (!_strata_manifest_is_edited (manifest) && _strata_digest_equal (&manifest->raw_digest, &owner->raw_digest))
    g_hash_table_add (finding->same, g_strconcat (owner->is_collection ? "/" : "", owner->key, NULL));

  return TRUE;
}

StrataOwnChanges *
_strata_own_changes_find (StrataStore   *store,
                          GPtrArray     *manifests,
                          GCancellable  *cancellable,
                          GError       **error)
{
  g_autoptr(StrataOwnChanges) self = g_new0 (StrataOwnChanges, 1);
  g_autoptr(GHashTable) same = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GHashTable) there = g_hash_table_new (g_str_hash, g_str_equal);
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  g_auto(GStrv) collections = sessions != NULL ? strata_store_list_collections (store, error) : NULL;
  Finding finding = { store, same, there, self };

  self->sessions = g_ptr_array_new_with_free_func (g_free);
  self->collections = g_ptr_array_new_with_free_func (g_free);
  self->deleted = g_ptr_array_new_with_free_func (g_free);
  if (collections == NULL)
    return NULL;

  for (guint i = 0; i < sessions->len; i++)
    g_hash_table_add (there, ((const StrataSessionInfo *)g_ptr_array_index (sessions, i))->key);
  for (guint i = 0; i < manifests->len; i++)
    if (!_strata_rollback_manifest_foreach (g_ptr_array_index (manifests, i), NULL, compare_owner, &finding, cancellable, error))
      return NULL;

  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);

      if (!g_hash_table_contains (same, info->key))
        g_ptr_array_add (self->sessions, g_strdup (info->key));
    }
  for (guint i = 0; collections[i] != NULL; i++)
    {
      g_autofree char *tag = g_strconcat ("/", collections[i], NULL);

      if (!g_hash_table_contains (same, tag))
        g_ptr_array_add (self->collections, g_strdup (collections[i]));
    }

  return g_steal_pointer (&self);
}

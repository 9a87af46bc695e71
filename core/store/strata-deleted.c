/* strata-deleted.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-changes-private.h"
#include "strata-deleted-private.h"
#include "strata-trash-private.h"

struct _StrataDeleted
{
  int         dir;
  GHashTable *deleted;  /* key → StrataDigest */
  guint64     read;     /* so many bytes of the log are in there */
};

static gboolean
catch_up (StrataDeleted  *self,
          GError        **error)
{
  g_autoptr(GPtrArray) changes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);

  if (!_strata_changes_read (self->dir, self->read, changes, &self->read, error))
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);

      if (change->is_deleted)
        g_hash_table_replace (self->deleted, g_strdup (change->key), g_memdup2 (&change->digest, sizeof change->digest));
      else if (!change->is_collection)
        g_hash_table_remove (self->deleted, change->key);
    }

  return TRUE;
}

static void
add_trashed (const char         *key,
             const StrataDigest *content,
             gpointer            user_data)
{
  StrataDeleted *self = user_data;

  if (!g_hash_table_contains (self->deleted, key))
    g_hash_table_insert (self->deleted, g_strdup (key), g_memdup2 (content, sizeof *content));
}

StrataDeleted *
_strata_deleted_new (int      dir,
                     GError **error)
{
  g_autoptr(StrataDeleted) self = g_new0 (StrataDeleted, 1);

  self->dir = dir;
  self->deleted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);

  /* The trash first: a session that lies there and is in place as well was made anew, and the log says so */
  if (!_strata_trash_foreach_session (dir, add_trashed, self, error) || !catch_up (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

void
_strata_deleted_free (StrataDeleted *self)
{
  g_hash_table_unref (self->deleted);
  g_free (self);
}

gboolean
_strata_deleted_find (StrataDeleted  *self,
                      const char     *key,
                      gboolean       *out_is_deleted,
                      StrataDigest   *out_content,
                      GError        **error)
{
  const StrataDigest *content;

  if (!catch_up (self, error))
    return FALSE;

  content = g_hash_table_lookup (self->deleted, key);
  *out_is_deleted = content != NULL;
  if (content != NULL)
    *out_content = *content;

  return TRUE;
}

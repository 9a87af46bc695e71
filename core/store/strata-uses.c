/* strata-uses.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-uses-private.h"

/* No id is longer, unless a member's name says that it is one */
#define MAX_ID 255

struct _StrataUses
{
  GPtrArray  *uses;                  /* StrataUse */
  GHashTable *places;                /* id → its place in there, from 1 */
  gboolean    is_limited;
  guint8      lengths[MAX_ID + 1];   /* whether some known id is so long */
};

static void
use_free (gpointer data)
{
  StrataUse *use = data;

  g_free (use->id);
  g_free (use);
}

StrataUses *
_strata_uses_new (void)
{
  StrataUses *self = g_new0 (StrataUses, 1);

  self->uses = g_ptr_array_new_with_free_func (use_free);
  self->places = g_hash_table_new (g_str_hash, g_str_equal);

  return self;
}

void
_strata_uses_free (StrataUses *self)
{
  g_hash_table_unref (self->places);
  g_ptr_array_unref (self->uses);
  g_free (self);
}

static gpointer
list_lengths (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  return _strata_catalog_list_id_lengths (catalog, error);
}

gboolean
_strata_uses_limit (StrataUses   *self,
                    StrataStore  *store,
                    GError      **error)
{
  g_autoptr(GArray) lengths = NULL;

  if (!_strata_store_refresh_others (store, NULL, error))
    return FALSE;
  lengths = _strata_store_with_catalog_as_it_is (store, list_lengths, NULL, error);
  if (lengths == NULL)
    return FALSE;

  self->is_limited = TRUE;
  for (guint i = 0; i < lengths->len; i++)
    if (g_array_index (lengths, guint64, i) <= MAX_ID)
      self->lengths[g_array_index (lengths, guint64, i)] = TRUE;

  return TRUE;
}

/* A member name's token that says its value is an attachment's id */
static gboolean
name_means_attachment (const char *name,
                       gsize       length)
{
  static const char *const endings[] = { "ttachmentId\"", "ttachmentIds\"" };

  for (guint i = 0; name != NULL && i < G_N_ELEMENTS (endings); i++)
    {
      gsize ending = strlen (endings[i]);

      if (length >= ending && memcmp (name + length - ending, endings[i], ending) == 0)
        return TRUE;
    }

  return FALSE;
}

static void
add_use (StrataUses *self,
         char       *id,
         gboolean    is_meant)
{
  guint place = GPOINTER_TO_UINT (g_hash_table_lookup (self->places, id));
  StrataUse *use;

  if (place > 0)
    {
      use = g_ptr_array_index (self->uses, place - 1);
      use->is_meant = use->is_meant || is_meant;
      g_free (id);
      return;
    }

  use = g_new (StrataUse, 1);
  use->id = id;
  use->is_meant = is_meant;
  g_ptr_array_add (self->uses, use);
  g_hash_table_insert (self->places, id, GUINT_TO_POINTER (self->uses->len));
}

gboolean
_strata_uses_see_string (const char *token,
                         gsize       length,
                         const char *name,
                         gsize       name_length,
                         gpointer    user_data)
{
  StrataUses *self = user_data;
  gboolean is_meant = name_means_attachment (name, name_length);
  char *id;

  /* Resolving escapes only shortens, by six to one at most */
  if (length <= 2 || (!is_meant && length - 2 > 6 * MAX_ID))
    return TRUE;

  if (memchr (token, '\\', length) == NULL && !is_meant &&
      (length - 2 > MAX_ID || (self->is_limited && !self->lengths[length - 2])))
    return TRUE;

  id = _strata_json_unquote (token, length);
  if (*id != '\0' && (is_meant || (strlen (id) <= MAX_ID && (!self->is_limited || self->lengths[strlen (id)]))))
    add_use (self, id, is_meant);
  else
    g_free (id);

  return TRUE;
}

GPtrArray *
_strata_uses_get (StrataUses *self)
{
  return self->uses;
}

gboolean
_strata_uses_contain (StrataUses *self,
                      const char *id)
{
  return g_hash_table_contains (self->places, id);
}

/* Rows */

typedef struct
{
  const char          *owner;
  const char          *id;
  StrataAttachmentRow *row;
  char                *found_owner;
  gboolean             is_collection;
} RowQuery;

static gpointer
find_use (StrataCatalog  *catalog,
          gpointer        user_data,
          GError        **error)
{
  RowQuery *query = user_data;

  query->row = _strata_catalog_find_use (catalog, query->owner, query->id, &query->found_owner, &query->is_collection, error);

  return query->row;
}

/* The catalog has no old metadata; where there are any, the files of the owner have. */
static void
find_meta (StrataStore *store,
           RowQuery    *query)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (store, query->is_collection, query->found_owner, NULL);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (store, manifest, NULL) : NULL;

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (strcmp (row->id, query->id) != 0)
        continue;
      query->row->meta = g_steal_pointer (&row->meta);
      query->row->embedded = g_steal_pointer (&row->embedded);
      return;
    }
}

StrataAttachmentRow *
_strata_uses_find_row (StrataStore  *store,
                       const char   *owner,
                       const char   *id,
                       gboolean     *out_is_own,
                       GError      **error)
{
  RowQuery query = { .owner = owner, .id = id };
  g_autofree char *found_owner = NULL;

  *out_is_own = FALSE;
  _strata_store_with_catalog_as_it_is (store, find_use, &query, error);
  found_owner = query.found_owner;
  if (query.row == NULL)
    return NULL;

  *out_is_own = strcmp (found_owner, owner) == 0;
  if (!*out_is_own && query.row->source_bytes > 0)
    find_meta (store, &query);

  return query.row;
}

StrataAttachmentRow *
_strata_uses_missing_row (const char *id)
{
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

  row->id = g_strdup (id);
  row->state = STRATA_ATTACHMENT_MISSING;
  row->problem = g_strdup ("attachment-missing");

  return row;
}

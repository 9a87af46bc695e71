/* life-model.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "life-model.h"

/* So many contents there are for all the ids */
#define N_CONTENTS 60

static void
member_free (gpointer data)
{
  LifeMember *member = data;

  g_free (member->name);
  g_free (member->value);
  g_clear_pointer (&member->items, g_ptr_array_unref);
  g_free (member);
}

LifeMember *
life_member_new (const char *name,
                 const char *value)
{
  LifeMember *self = g_new0 (LifeMember, 1);

  self->name = g_strdup (name);
  self->value = g_strdup (value);

  return self;
}

LifeMember *
life_member_new_list (const char *name)
{
  LifeMember *self = life_member_new (name, NULL);

  self->items = g_ptr_array_new_with_free_func (g_free);

  return self;
}

static GHashTable *
new_rows (void)
{
  return g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
}

LifeOwner *
life_owner_new (const char *key,
                gboolean    is_collection)
{
  LifeOwner *self = g_new0 (LifeOwner, 1);

  self->key = g_strdup (key);
  self->is_collection = is_collection;
  self->members = g_ptr_array_new_with_free_func (member_free);
  self->rows = new_rows ();

  return self;
}

void
life_owner_free (LifeOwner *self)
{
  g_free (self->key);
  g_ptr_array_unref (self->members);
  g_hash_table_unref (self->rows);
  g_free (self);
}

static void
item_free (gpointer data)
{
  LifeItem *item = data;

  g_free (item->key);
  g_free (item->list);
  g_free (item->element);
  g_hash_table_unref (item->rows);
  g_free (item);
}

LifeModel *
life_model_new (void)
{
  LifeModel *self = g_new0 (LifeModel, 1);

  self->owners = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)life_owner_free);
  self->trash_sessions = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)g_ptr_array_unref);
  self->trash_items = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, item_free);

  return self;
}

void
life_model_free (LifeModel *self)
{
  g_hash_table_unref (self->owners);
  g_hash_table_unref (self->trash_sessions);
  g_hash_table_unref (self->trash_items);
  g_free (self);
}

/* Every fifth is so large that it is not held in one block. */
char *
life_make_content (const char *id)
{
  guint which = (guint)g_ascii_strtoull (id + strlen ("att-"), NULL, 10) % N_CONTENTS;
  g_autofree char *filler = g_strnfill (which % 5 == 0 ? 300000 + which : which, 'c');

  return g_strdup_printf ("content %u %s", which, filler);
}

char *
life_make_sha256 (const char *id)
{
  g_autofree char *content = life_make_content (id);

  return g_compute_checksum_for_string (G_CHECKSUM_SHA256, content, -1);
}

/* Texts */

LifeMember *
life_owner_find_member (LifeOwner  *self,
                        const char *name)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      LifeMember *member = g_ptr_array_index (self->members, i);

      if (g_strcmp0 (member->name, name) == 0)
        return member;
    }

  return NULL;
}

GPtrArray *
life_owner_get_list (LifeOwner  *self,
                     const char *list)
{
  const char *name = strcmp (list, "video.chunks") == 0 ? "video" : list;
  LifeMember *member = life_owner_find_member (self, name);

  if (member == NULL)
    {
      member = life_member_new_list (name);
      g_ptr_array_add (self->members, member);
    }
  g_assert_nonnull (member->items);

  return member->items;
}

static void
append_member (GString          *text,
               const LifeMember *member)
{
  gboolean is_video = g_strcmp0 (member->name, "video") == 0;

  if (member->name != NULL)
    g_string_append_printf (text, "\"%s\":", member->name);
  if (member->items == NULL)
    {
      g_string_append (text, member->value);
      return;
    }

  g_string_append (text, is_video ? "{\"chunks\":[" : "[");
  for (guint i = 0; i < member->items->len; i++)
    g_string_append_printf (text, "%s%s", i > 0 ? "," : "", (const char *)g_ptr_array_index (member->items, i));
  g_string_append (text, is_video ? "]}" : "]");
}

char *
life_owner_get_text (LifeOwner *self)
{
  GString *text = g_string_new (self->is_collection ? "" : "{");

  for (guint i = 0; i < self->members->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      append_member (text, g_ptr_array_index (self->members, i));
    }
  if (!self->is_collection)
    g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}

const char *
life_owner_find_item (LifeOwner  *self,
                      const char *list,
                      const char *id,
                      guint      *out_index)
{
  g_autofree char *start = g_strdup_printf ("{\"id\":\"%s\"", id);
  GPtrArray *items;

  if (life_owner_find_member (self, strcmp (list, "video.chunks") == 0 ? "video" : list) == NULL)
    return NULL;

  items = life_owner_get_list (self, list);
  for (guint i = 0; i < items->len; i++)
    if (g_str_has_prefix (g_ptr_array_index (items, i), start))
      {
        *out_index = i;
        return g_ptr_array_index (items, i);
      }

  return NULL;
}

static GHashTable *
copy_rows (GHashTable *rows)
{
  GHashTable *copy = new_rows ();
  GHashTableIter iter;
  gpointer id, digest;

  g_hash_table_iter_init (&iter, rows);
  while (g_hash_table_iter_next (&iter, &id, &digest))
    g_hash_table_insert (copy, g_strdup (id), g_strdup (digest));

  return copy;
}

LifeOwner *
life_owner_copy (LifeOwner *self)
{
  LifeOwner *copy = life_owner_new (self->key, self->is_collection);

  for (guint i = 0; i < self->members->len; i++)
    {
      const LifeMember *member = g_ptr_array_index (self->members, i);
      LifeMember *twin = member->items != NULL ? life_member_new_list (member->name)
                                               : life_member_new (member->name, member->value);

      for (guint j = 0; member->items != NULL && j < member->items->len; j++)
        g_ptr_array_add (twin->items, g_strdup (g_ptr_array_index (member->items, j)));
      g_ptr_array_add (copy->members, twin);
    }
  g_hash_table_unref (copy->rows);
  copy->rows = copy_rows (self->rows);

  return copy;
}

/* Rows */

LifeOwner *
life_model_get (LifeModel  *self,
                const char *key)
{
  return g_hash_table_lookup (self->owners, key);
}

/* What others say of it; NULL: they don't know it. One that has the bytes counts for more. */
static const char *
ask_others (LifeModel  *self,
            LifeOwner  *owner,
            const char *id)
{
  const char *found = NULL;
  GHashTableIter iter;
  gpointer other;

  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, NULL, &other))
    {
      const char *digest = other != owner ? g_hash_table_lookup (((LifeOwner *)other)->rows, id) : NULL;

      if (digest != NULL && (found == NULL || *found == '\0'))
        found = digest;
    }

  return found;
}

gboolean
life_model_knows (LifeModel  *self,
                  const char *id)
{
  const char *digest = ask_others (self, NULL, id);

  return digest != NULL && *digest != '\0';
}

/* The ids that a text names: id → whether one place means it to be an attachment */
static GHashTable *
find_uses (const char *text)
{
  static const char meant[] = "\"attachmentId\":";
  GHashTable *uses = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  const char *at = text;

  while (at != NULL && (at = strstr (at, "\"att-")) != NULL)
    {
      char *id = g_strndup (at + 1, strcspn (at + 1, "\""));
      gboolean is_meant = at - text >= (gssize)strlen (meant) &&
                          memcmp (at - strlen (meant), meant, strlen (meant)) == 0;

      at += strlen (id) + 2;
      g_hash_table_insert (uses, id, GINT_TO_POINTER (is_meant || g_hash_table_lookup (uses, id) != NULL));
    }

  return uses;
}

void
life_model_settle_rows (LifeModel  *self,
                        LifeOwner  *owner,
                        const char *before,
                        const char *given)
{
  g_autofree char *text = life_owner_get_text (owner);
  g_autoptr(GHashTable) old = find_uses (before);
  g_autoptr(GHashTable) new = find_uses (text);
  g_autoptr(GHashTable) added = find_uses (given);
  GHashTableIter iter;
  gpointer id, is_meant;

  g_hash_table_iter_init (&iter, added);
  while (g_hash_table_iter_next (&iter, &id, &is_meant))
    {
      const char *digest = ask_others (self, owner, id);

      if (g_hash_table_contains (owner->rows, id) || (digest == NULL && !is_meant))
        continue;
      g_hash_table_insert (owner->rows, g_strdup (id), g_strdup (digest != NULL ? digest : ""));
    }

  g_hash_table_iter_init (&iter, old);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (!g_hash_table_contains (new, id))
      g_hash_table_remove (owner->rows, id);
}

GHashTable *
life_model_take_rows (LifeOwner  *owner,
                      const char *element)
{
  g_autoptr(GHashTable) uses = find_uses (element);
  GHashTable *rows = new_rows ();
  GHashTableIter iter;
  gpointer id;

  g_hash_table_iter_init (&iter, uses);
  while (g_hash_table_iter_next (&iter, &id, NULL))
    if (g_hash_table_contains (owner->rows, id))
      g_hash_table_insert (rows, g_strdup (id), g_strdup (g_hash_table_lookup (owner->rows, id)));

  return rows;
}

static void
add_rows (GHashTable *counts,
          GHashTable *rows)
{
  GHashTableIter iter;
  gpointer digest;

  g_hash_table_iter_init (&iter, rows);
  while (g_hash_table_iter_next (&iter, NULL, &digest))
    if (*(const char *)digest != '\0')
      g_hash_table_insert (counts, g_strdup (digest),
                           GUINT_TO_POINTER (GPOINTER_TO_UINT (g_hash_table_lookup (counts, digest)) + 1));
}

GHashTable *
life_model_count_uses (LifeModel *self)
{
  GHashTable *counts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  GHashTableIter iter;
  gpointer owner;

  g_hash_table_iter_init (&iter, self->owners);
  while (g_hash_table_iter_next (&iter, NULL, &owner))
    add_rows (counts, ((LifeOwner *)owner)->rows);

  return counts;
}

GHashTable *
life_model_list_needed (LifeModel *self)
{
  GHashTable *needed = life_model_count_uses (self);
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->trash_sessions);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    for (guint i = 0; i < ((GPtrArray *)value)->len; i++)
      add_rows (needed, ((LifeOwner *)g_ptr_array_index ((GPtrArray *)value, i))->rows);
  g_hash_table_iter_init (&iter, self->trash_items);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    add_rows (needed, ((LifeItem *)value)->rows);

  return needed;
}

void
life_model_purge (LifeModel *self)
{
  g_hash_table_remove_all (self->trash_sessions);
  g_hash_table_remove_all (self->trash_items);
}

/* strata-edit.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-edit-internal-private.h"
#include "strata-value-stream-private.h"

static StrataEdit *
new_edit (StrataStore    *store,
          StrataBatch    *batch,
          StrataManifest *base)
{
  StrataEdit *self = g_new0 (StrataEdit, 1);

  self->store = store;
  self->batch = batch;
  self->dir = _strata_store_get_dir (store);
  self->base = base;
  self->more_rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  self->removed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);

  return self;
}

/* The tail's lines of one list, as runs */
static gboolean
seal_list (StrataEdit  *self,
           StrataList   list,
           GError     **error)
{
  g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  const StrataTail *tail = self->base->tail;

  for (guint i = 0; i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);
      StrataRun run = { line->element, line->length, 1 };

      if (line->list == list)
        g_array_append_val (runs, run);
    }

  return _strata_edit_extend (self, list, runs, error);
}

static gboolean
seal (StrataEdit  *self,
      GError     **error)
{
  StrataList lists[STRATA_N_LISTS];
  guint n;

  if (self->base->tail == NULL)
    return TRUE;
  if (!_strata_tail_check (self->base->tail, self->base->key, error))
    return FALSE;

  n = _strata_tail_get_lists (self->base->tail, lists);
  for (guint i = 0; i < n; i++)
    if (!seal_list (self, lists[i], error))
      return FALSE;

  return TRUE;
}

StrataEdit *
_strata_edit_new (StrataStore     *store,
                  StrataBatch     *batch,
                  StrataManifest  *base,
                  GError         **error)
{
  g_autoptr(StrataEdit) self = new_edit (store, batch, base);

  self->members = _strata_members_unpack (base, error);
  if (self->members == NULL)
    return NULL;

  /* What it does not know yet is read from the files, at a higher price */
  self->is_catalog_current = _strata_store_roll_forward (store, NULL, NULL) &&
                             _strata_store_refresh_tail (store, base->key, NULL);
  if (!seal (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

StrataEdit *
_strata_edit_new_owner (StrataStore    *store,
                        StrataBatch    *batch,
                        StrataManifest *identity)
{
  StrataEdit *self = new_edit (store, batch, identity);

  self->is_new = TRUE;
  self->is_catalog_current = _strata_store_roll_forward (store, NULL, NULL);
  self->members = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_member_free);

  return self;
}

static void
discard_member (StrataEdit   *self,
                StrataMember *member)
{
  _strata_edit_discard_parts (self, member->parts);
  _strata_edit_discard_parts (self, member->inner);
}

void
_strata_edit_free (StrataEdit *self)
{
  for (guint i = 0; self->members != NULL && i < self->members->len; i++)
    discard_member (self, g_ptr_array_index (self->members, i));
  g_clear_pointer (&self->members, g_ptr_array_unref);
  g_clear_pointer (&self->base, _strata_manifest_free);
  g_clear_pointer (&self->rows, g_ptr_array_unref);
  g_clear_pointer (&self->more_rows, g_ptr_array_unref);
  g_hash_table_unref (self->removed);
  g_free (self);
}

/* Values */

/* Takes a manifest apart of which some parts are staged; they are the members' then. */
static GPtrArray *
unpack_staged (StrataManifest  *fragment,
               GError         **error)
{
  GPtrArray *members = _strata_members_unpack (fragment, error);
  guint next = 0;

  for (guint i = 0; members != NULL && i < members->len; i++)
    {
      const StrataMember *member = g_ptr_array_index (members, i);

      for (guint j = 0; j < member->parts->len; j++, next++)
        {
          StrataPart *part = g_ptr_array_index (member->parts, j);
          StrataPart *from = g_ptr_array_index (fragment->parts, next);

          part->staged_path = g_steal_pointer (&from->staged_path);
          part->is_synced = from->is_synced;
        }
    }

  return members;
}

/* Parts of a value that was cut by itself are named as if it were the only one. */
static void
name_parts (StrataEdit *self,
            guint       position)
{
  const StrataMember *member = g_ptr_array_index (self->members, position);
  g_autofree char *kind = member->parts->len > 0 ? _strata_edit_make_kind (self, position) : NULL;

  for (guint i = 0; i < member->parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (member->parts, i);

      g_free (part->kind);
      part->kind = g_strdup (kind);
      g_free (part->name);
      part->name = g_strdup (member->name);
    }
}

gboolean
_strata_edit_set (StrataEdit      *self,
                  const char      *name,
                  StrataManifest  *fragment,
                  GError         **error)
{
  g_autoptr(GPtrArray) given = NULL;
  guint place = _strata_members_find_text (self->members, name);
  StrataMember *member;

  if (place != G_MAXUINT && !_strata_edit_note_removed (self, g_ptr_array_index (self->members, place), error))
    return FALSE;
  given = unpack_staged (fragment, error);
  if (given == NULL)
    return FALSE;

  g_assert (given->len == 1);
  member = g_ptr_array_steal_index (given, 0);
  if (place == G_MAXUINT)
    {
      place = self->members->len;
      g_ptr_array_add (self->members, member);
    }
  else
    {
      StrataMember *old = g_ptr_array_index (self->members, place);

      /* Spelled as it was */
      g_free (member->name);
      member->name = g_strdup (old->name);
      discard_member (self, old);
      _strata_member_free (old);
      g_ptr_array_index (self->members, place) = member;
    }
  name_parts (self, place);
  self->is_replaced = FALSE;

  return TRUE;
}

gboolean
_strata_edit_replace (StrataEdit      *self,
                      StrataManifest  *fragment,
                      GError         **error)
{
  g_autoptr(GPtrArray) given = NULL;

  for (guint i = 0; i < self->members->len; i++)
    if (!_strata_edit_note_removed (self, g_ptr_array_index (self->members, i), error))
      return FALSE;
  given = unpack_staged (fragment, error);
  if (given == NULL)
    return FALSE;

  for (guint i = 0; i < self->members->len; i++)
    discard_member (self, g_ptr_array_index (self->members, i));
  g_ptr_array_unref (self->members);
  self->members = g_steal_pointer (&given);
  self->base->raw_digest = self->base->source == 0 || self->is_new ? fragment->raw_digest : self->base->raw_digest;
  self->is_replaced = TRUE;

  return TRUE;
}

const char *
_strata_edit_get_id_token (StrataEdit *self)
{
  for (guint i = self->members->len; i > 0; i--)
    {
      const StrataMember *member = g_ptr_array_index (self->members, i - 1);

      if (member->value != NULL && strcmp (member->name, "\"id\"") == 0)
        return member->value;
    }

  return NULL;
}

/* The new state */

static gboolean
move_out (StrataEdit  *self,
          guint        position,
          GError     **error)
{
  StrataMember *member = g_ptr_array_index (self->members, position);
  StrataPart *part = g_new0 (StrataPart, 1);

  part->kind = _strata_edit_make_kind (self, position);
  part->name = g_strdup (member->name);
  part->number = 1;
  g_ptr_array_add (member->parts, part);
  if (!_strata_edit_stage_part (self, part, member->value, member->length, error))
    return FALSE;

  g_clear_pointer (&member->value, g_free);
  member->length = 0;

  return TRUE;
}

/* Moves the largest small members out until metadata.json keeps its size. */
static gboolean
fit_small_members (StrataEdit  *self,
                   GError     **error)
{
  g_autoptr(GArray) lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr(GArray) name_lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr(GArray) places = NULL;
  guint n_parts = 0;

  for (guint i = 0; i < self->members->len; i++)
    {
      const StrataMember *member = g_ptr_array_index (self->members, i);
      gsize name_length = member->name != NULL ? strlen (member->name) : 0;

      g_array_append_val (lengths, member->length);
      g_array_append_val (name_lengths, name_length);
      n_parts += member->parts->len + member->inner->len;
    }

  places = _strata_members_choose_large (lengths, name_lengths, n_parts);
  for (guint i = 0; i < places->len; i++)
    if (!move_out (self, g_array_index (places, guint, i), error))
      return FALSE;

  return TRUE;
}

static StrataManifest *
make_manifest (StrataEdit *self)
{
  const StrataManifest *base = self->base;
  StrataManifest *manifest = _strata_manifest_new ();
  gboolean is_whole = self->is_replaced && (self->is_new || base->source == 0);

  manifest->is_collection = base->is_collection;
  manifest->key = g_strdup (base->key);
  manifest->id_token = g_strdup (base->id_token);
  manifest->name = g_strdup (base->name);
  manifest->source = base->source;
  manifest->ordinal = base->ordinal;
  manifest->occurrence = base->occurrence;
  manifest->recovered = g_strdup (base->recovered);
  manifest->raw_digest = base->raw_digest;
  manifest->edits = is_whole ? 0 : base->edits + 1;
  manifest->generation = base->generation + (base->tail != NULL ? 1 : 0);
  /* The list of an unnamed collection is empty and stays so */
  manifest->small = g_strdup ("{}");

  return manifest;
}

gboolean
_strata_edit_finish (StrataEdit  *self,
                     GError     **error)
{
  g_autoptr(StrataManifest) manifest = make_manifest (self);
  GPtrArray *rows;

  if (!_strata_edit_drop_unused (self, error) ||
      (!self->base->is_collection && !fit_small_members (self, error)) ||
      !_strata_edit_finish_rows (self, manifest, error))
    return FALSE;

  _strata_members_pack (self->members, manifest);
  rows = self->rows != NULL ? self->rows : self->is_new ? self->more_rows : NULL;
  _strata_batch_add_edit (self->batch, g_steal_pointer (&manifest), rows != NULL ? g_ptr_array_ref (rows) : NULL,
                          &self->base->file_digest, self->base->tail,
                          rows == NULL ? g_ptr_array_ref (self->more_rows) : NULL);

  return TRUE;
}

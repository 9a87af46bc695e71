/* strata-edit-rows.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-edit-internal-private.h"
#include "strata-slicer-private.h"
#include "strata-part-read-private.h"
#include "strata-value-stream-private.h"

/* Text longer than this has so many strings that to load all rows costs less than to ask for each */
#define MAX_ASKED_BYTES (64 * 1024)

static gboolean
base_has_rows (StrataEdit *self)
{
  if (self->base->attachments->len > 0)
    return TRUE;

  for (guint i = 0; self->base->tail != NULL && i < self->base->tail->lines->len; i++)
    if (g_array_index (self->base->tail->lines, StrataTailLine, i).rows_length > 2)
      return TRUE;

  return FALSE;
}

gboolean
_strata_edit_load_rows (StrataEdit  *self,
                        GError     **error)
{
  if (self->rows != NULL)
    return TRUE;

  self->rows = _strata_store_load_rows (self->store, self->base, error);
  if (self->rows == NULL)
    return FALSE;

  g_ptr_array_extend_and_steal (self->rows, g_steal_pointer (&self->more_rows));
  self->more_rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);

  return TRUE;
}

static guint
find_place (GPtrArray  *rows,
            const char *id)
{
  for (guint i = 0; i < rows->len; i++)
    if (strcmp (((const StrataAttachmentRow *)g_ptr_array_index (rows, i))->id, id) == 0)
      return i;

  return G_MAXUINT;
}

/* What the catalog says of an id, as far as it says it of this owner; %NULL without @error: nothing.
 *
 * @out_other: (nullable): set to what it says of another one
 */
static StrataAttachmentRow *
ask_catalog (StrataEdit           *self,
             const char           *id,
             StrataAttachmentRow **out_other,
             GError              **error)
{
  gboolean is_own;
  StrataAttachmentRow *row = _strata_uses_find_row (self->store, self->base->key, id, &is_own, error);

  if (row == NULL || is_own)
    return row;

  if (out_other != NULL)
    *out_other = row;
  else
    _strata_attachment_row_free (row);

  return NULL;
}

/* Whether a string that is gone was the id of one of the rows, which then may go too */
typedef struct
{
  StrataEdit  *edit;
  GHashTable  *ids;    /* of all rows; NULL: ask for each */
  GError      *error;
} Removal;

static gboolean
see_removed (const char *token,
             gsize       length,
             const char *name,
             gsize       name_length,
             gpointer    user_data)
{
  Removal *removal = user_data;
  g_autofree char *id = NULL;
  g_autoptr(StrataAttachmentRow) row = NULL;

  if (length <= 2)
    return TRUE;

  id = _strata_json_unquote (token, length);
  if (g_hash_table_contains (removal->edit->removed, id))
    return TRUE;
  if (removal->ids == NULL)
    row = ask_catalog (removal->edit, id, NULL, &removal->error);
  if (removal->ids != NULL ? g_hash_table_contains (removal->ids, id) : row != NULL)
    g_hash_table_add (removal->edit->removed, g_steal_pointer (&id));

  return removal->error == NULL;
}

static gboolean
scan_removed (StrataEdit  *self,
              const char  *text,
              gsize        length,
              GError     **error)
{
  g_autoptr(GHashTable) ids = NULL;
  Removal removal = { .edit = self };

  if (!self->is_catalog_current || length > MAX_ASKED_BYTES || self->rows != NULL)
    {
      if (!_strata_edit_load_rows (self, error))
        return FALSE;
      ids = g_hash_table_new (g_str_hash, g_str_equal);
      for (guint i = 0; i < self->rows->len; i++)
        g_hash_table_add (ids, ((StrataAttachmentRow *)g_ptr_array_index (self->rows, i))->id);
    }

  removal.ids = ids;
  _strata_json_for_each_string (text, length, see_removed, &removal);
  if (removal.error != NULL)
    g_propagate_error (error, removal.error);

  return removal.error == NULL;
}

gboolean
_strata_edit_note_removed_text (StrataEdit  *self,
                                const char  *text,
                                gsize        length,
                                GError     **error)
{
  return self->is_new || !base_has_rows (self) || scan_removed (self, text, length, error);
}

typedef gboolean (*TextFunc) (StrataEdit  *self,
                              const char  *text,
                              gsize        length,
                              GError     **error);

static gboolean
foreach_part (StrataEdit  *self,
              GPtrArray   *parts,
              TextFunc     func,
              GError     **error)
{
  for (guint i = 0; i < parts->len; i++)
    {
      g_autoptr(GBytes) bytes = _strata_part_load (self->dir, self->base, g_ptr_array_index (parts, i), error);

      if (bytes == NULL || !func (self, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error))
        return FALSE;
    }

  return TRUE;
}

/* Calls @func for the text of a member's value, wherever it is. */
static gboolean
foreach_text (StrataEdit          *self,
              const StrataMember  *member,
              TextFunc             func,
              GError             **error)
{
  return (member->value == NULL || func (self, member->value, member->length, error)) &&
         foreach_part (self, member->parts, func, error) &&
         foreach_part (self, member->inner, func, error);
}

gboolean
_strata_edit_note_removed (StrataEdit          *self,
                           const StrataMember  *member,
                           GError             **error)
{
  return self->is_new || !base_has_rows (self) || foreach_text (self, member, scan_removed, error);
}

/* What is still used is not removed after all. */
static gboolean
see_kept (const char *token,
          gsize       length,
          const char *name,
          gsize       name_length,
          gpointer    user_data)
{
  StrataEdit *self = user_data;
  g_autofree char *id = length > 2 ? _strata_json_unquote (token, length) : NULL;

  if (id != NULL)
    g_hash_table_remove (self->removed, id);

  return g_hash_table_size (self->removed) > 0;
}

static gboolean
scan_kept (StrataEdit  *self,
           const char  *text,
           gsize        length,
           GError     **error)
{
  _strata_json_for_each_string (text, length, see_kept, self);

  return TRUE;
}

gboolean
_strata_edit_drop_unused (StrataEdit  *self,
                          GError     **error)
{
  for (guint i = 0; i < self->members->len && g_hash_table_size (self->removed) > 0; i++)
    if (!foreach_text (self, g_ptr_array_index (self->members, i), scan_kept, error))
      return FALSE;

  if (g_hash_table_size (self->removed) == 0)
    return TRUE;

  if (!_strata_edit_load_rows (self, error))
    return FALSE;
  for (guint i = self->rows->len; i > 0; i--)
    if (g_hash_table_contains (self->removed, ((const StrataAttachmentRow *)g_ptr_array_index (self->rows, i - 1))->id))
      {
        g_ptr_array_remove_index (self->rows, i - 1);
        self->rows_changed = TRUE;
      }

  return TRUE;
}

/* Rows to come */

const StrataAttachmentRow *
_strata_edit_get_row (StrataEdit  *self,
                      const char  *id,
                      GError     **error)
{
  guint place = find_place (self->more_rows, id);
  StrataAttachmentRow *row;

  if (place != G_MAXUINT)
    return g_ptr_array_index (self->more_rows, place);

  if (self->rows == NULL && !self->is_new && self->is_catalog_current)
    {
      g_autoptr(GError) ask_error = NULL;

      row = ask_catalog (self, id, NULL, &ask_error);
      if (ask_error != NULL)
        g_propagate_error (error, g_steal_pointer (&ask_error));
      if (row == NULL)
        return NULL;
      /* Its place among the others is what counts from here on */
      _strata_attachment_row_free (row);
    }
  if (!_strata_edit_load_rows (self, error))
    return NULL;
  place = find_place (self->rows, id);

  return place != G_MAXUINT ? g_ptr_array_index (self->rows, place) : NULL;
}

gboolean
_strata_edit_add_row (StrataEdit           *self,
                      StrataAttachmentRow  *row,
                      GError              **error)
{
  g_autoptr(GError) get_error = NULL;
  gboolean is_there = _strata_edit_get_row (self, row->id, &get_error) != NULL;
  GPtrArray *rows;
  guint place;

  if (get_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&get_error));
      _strata_attachment_row_free (row);
      return FALSE;
    }

  self->rows_changed = TRUE;
  rows = self->rows != NULL ? self->rows : self->more_rows;
  place = is_there ? find_place (rows, row->id) : G_MAXUINT;
  if (place != G_MAXUINT)
    {
      _strata_attachment_row_free (g_ptr_array_index (rows, place));
      g_ptr_array_index (rows, place) = row;
    }
  else
    g_ptr_array_add (rows, row);

  return TRUE;
}

static gboolean
add_use (StrataEdit       *self,
         const StrataUse  *use,
         GHashTable       *known,
         GError          **error)
{
  g_autoptr(StrataAttachmentRow) own = NULL;
  g_autoptr(GError) ask_error = NULL;
  StrataAttachmentRow *row = NULL;

  if (g_hash_table_contains (known, use->id))
    return TRUE;

  own = ask_catalog (self, use->id, &row, &ask_error);
  if (ask_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&ask_error));
      return FALSE;
    }
  if ((own != NULL && self->rows == NULL && self->is_catalog_current) || (row == NULL && !use->is_meant))
    {
      g_clear_pointer (&row, _strata_attachment_row_free);
      return TRUE;
    }

  if (row == NULL)
    row = _strata_uses_missing_row (use->id);
  g_ptr_array_add (self->rows != NULL ? self->rows : self->more_rows, row);
  g_hash_table_add (known, row->id);
  self->rows_changed = TRUE;

  return TRUE;
}

gboolean
_strata_edit_add_uses (StrataEdit  *self,
                       StrataUses  *uses,
                       GError     **error)
{
  g_autoptr(GHashTable) known = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *list = _strata_uses_get (uses);
  GPtrArray *rows;

  if (list->len == 0)
    return TRUE;
  if (!_strata_store_refresh_others (self->store, self->base->key, error) ||
      (!self->is_new && !self->is_catalog_current && !_strata_edit_load_rows (self, error)))
    return FALSE;

  rows = self->rows != NULL ? self->rows : self->more_rows;
  for (guint i = 0; i < rows->len; i++)
    g_hash_table_add (known, ((StrataAttachmentRow *)g_ptr_array_index (rows, i))->id);
  for (guint i = 0; i < list->len; i++)
    if (!add_use (self, g_ptr_array_index (list, i), known, error))
      return FALSE;

  return TRUE;
}

/* Parts of rows */

static char *
make_rows_kind (StrataEdit *self)
{
  return self->base->is_collection ? g_strconcat (self->base->key, "-attachments", NULL) : g_strdup ("attachments");
}

static gboolean
rewrite_rows (StrataEdit      *self,
              StrataManifest  *manifest,
              GError         **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (self->dir, _strata_batch_get_staging (self->batch));

  _strata_slicer_set_stored (slicer, self->base);
  manifest->source_bytes = 0;

  return _strata_slicer_add_rows (slicer, manifest, self->rows, error);
}

/* Rows that come: those of the tail, and what this edit adds */
static void
collect_new_rows (StrataEdit *self,
                  GArray     *runs,
                  GPtrArray  *texts,
                  guint64    *inout_source_bytes,
                  GPtrArray  *rows)
{
  for (guint i = 0; i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);
      GString *text = g_string_new (NULL);
      StrataRun run;

      _strata_attachment_row_append (row, text);
      run.length = text->len;
      run.items = 1;
      run.text = text->str;
      g_ptr_array_add (texts, g_string_free (text, FALSE));
      g_array_append_val (runs, run);
      *inout_source_bytes += row->source_bytes;
    }
}

static gboolean
extend_rows (StrataEdit      *self,
             StrataManifest  *manifest,
             GError         **error)
{
  const StrataTail *tail = self->base->tail;
  g_autoptr(GPtrArray) tail_rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  g_autoptr(GPtrArray) texts = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  g_autofree char *kind = make_rows_kind (self);
  StrataPart like = { .kind = kind };

  for (guint i = 0; tail != NULL && i < tail->lines->len; i++)
    if (!_strata_tail_line_read_rows (&g_array_index (tail->lines, StrataTailLine, i), tail_rows, error))
      return FALSE;
  collect_new_rows (self, runs, texts, &manifest->source_bytes, tail_rows);
  collect_new_rows (self, runs, texts, &manifest->source_bytes, self->more_rows);

  for (guint i = 0; i < self->base->attachments->len; i++)
    g_ptr_array_add (manifest->attachments, _strata_part_copy (g_ptr_array_index (self->base->attachments, i)));

  return runs->len == 0 || _strata_edit_extend_parts (self, manifest->attachments, &like, runs, error);
}

gboolean
_strata_edit_finish_rows (StrataEdit      *self,
                          StrataManifest  *manifest,
                          GError         **error)
{
  gboolean has_tail = self->base->tail != NULL;

  manifest->source_bytes = self->base->source_bytes;
  if (self->rows != NULL && (self->rows_changed || has_tail))
    return rewrite_rows (self, manifest, error);

  return extend_rows (self, manifest, error);
}

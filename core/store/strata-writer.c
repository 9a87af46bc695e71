/* strata-writer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-edit-private.h"
#include "strata-growth-private.h"
#include "strata-member-private.h"
#include "strata-slicer-private.h"
#include "strata-tail-private.h"
#include "strata-trash-private.h"
#include "strata-write-private.h"
#include "strata-writer-private.h"

/* An id longer than this is not repeated in metadata.json */
#define MAX_ID_TOKEN 1024

struct _StrataWriter
{
  /* Set at construction, never changed after */
  StrataStore  *store;      /* borrowed: it owns this */

  /* The leader's */
  StrataGrowth *growth;

  /* Guarded by @mutex */
  GMutex        mutex;
  GCond         cond;
  GPtrArray    *waiting;    /* StrataWrite, prepared */
  gboolean      has_leader;
};

/* What is done to one session or collection in one go */
typedef struct
{
  const char *key;
  gboolean    is_collection;
  gboolean    needs_edit;
  GPtrArray  *writes;        /* StrataWrite, in order */
} Target;

StrataWriter *
_strata_writer_new (StrataStore *store)
{
  StrataWriter *self = g_new0 (StrataWriter, 1);

  self->store = store;
  self->growth = _strata_growth_new (store);
  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  self->waiting = g_ptr_array_new ();

  return self;
}

void
_strata_writer_free (StrataWriter *self)
{
  _strata_growth_free (self->growth);
  g_ptr_array_unref (self->waiting);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
  g_free (self);
}

/* A write that failed has done nothing. The first reason counts. */
static void
fail_write (StrataWrite  *write,
            const GError *error)
{
  if (write->error == NULL)
    write->error = g_error_copy (error);
}

static void
fail_target (const Target *target,
             const GError *error)
{
  for (guint i = 0; i < target->writes->len; i++)
    fail_write (g_ptr_array_index (target->writes, i), error);
}

/* What else is in the edit goes on after this: nothing was changed yet. */
static gboolean
is_own_fault (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_EXISTS);
}

/* Attachments */

/* Whether an object that needed no writing is still there: nothing named it until now. */
static gboolean
object_is_there (StrataWriter *self,
                 StrataBatch  *batch,
                 StrataWrite  *write)
{
  g_autofree char *path = NULL;
  struct stat status;

  if (write->row == NULL)
    return TRUE;

  path = _strata_object_dup_path (&write->row->digest, write->row->extension);

  return (batch != NULL && _strata_batch_has_staged_object (batch, path)) ||
         _strata_file_stat (_strata_store_get_dir (self->store), path, &status, NULL);
}

/* An attachment's content does not change under its id. @known: (nullable) */
static gboolean
check_same_content (const StrataAttachmentRow  *row,
                    const StrataDigest         *known,
                    GError                    **error)
{
  if (known == NULL || _strata_digest_equal (known, &row->digest))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There is an attachment “%s” with other content", row->id);

  return FALSE;
}

/* The row for what is attached. Where the store knows the attachment already, what it
 * says of it counts.
 *
 * @out_is_own: whether that is the very row that the owner has
 * Returns: (transfer full): or %NULL with @error set
 */
static StrataAttachmentRow *
settle_row (StrataWriter  *self,
            StrataWrite   *write,
            const char    *owner,
            gboolean      *out_is_own,
            GError       **error)
{
  g_autoptr(GError) find_error = NULL;
  g_autoptr(StrataAttachmentRow) known = _strata_uses_find_row (self->store, owner, write->row->id, out_is_own, &find_error);

  if (find_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&find_error));
      return NULL;
    }
  if (known == NULL || !_strata_attachment_row_has_bytes (known))
    {
      *out_is_own = FALSE;
      return g_steal_pointer (&write->row);
    }

  return check_same_content (write->row, _strata_attachment_row_get_content (known), error) ? g_steal_pointer (&known) : NULL;
}

/* Growth: what goes into tails */

/* The row of one attachment that an element uses, if the tail needs one. */
static gboolean
add_use_row (StrataWriter     *self,
             StrataGrowing    *growing,
             const char       *key,
             const StrataUse  *use,
             GPtrArray        *rows,
             GError          **error)
{
  g_autoptr(GError) find_error = NULL;
  g_autoptr(StrataAttachmentRow) row = NULL;
  const StrataDigest *ignored;
  gboolean is_own;

  if (_strata_growing_find_row (growing, use->id, &ignored))
    return TRUE;

  row = _strata_uses_find_row (self->store, key, use->id, &is_own, &find_error);
  if (find_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&find_error));
      return FALSE;
    }
  if (row != NULL ? !is_own : use->is_meant)
    g_ptr_array_add (rows, row != NULL ? g_steal_pointer (&row) : _strata_uses_missing_row (use->id));

  return TRUE;
}

/* The row of what is attached, unless the session has it. */
static gboolean
add_own_row (StrataWriter   *self,
             StrataGrowing  *growing,
             StrataWrite    *write,
             GPtrArray      *rows,
             GError        **error)
{
  const StrataDigest *digest = NULL;
  gboolean is_there = _strata_growing_find_row (growing, write->row->id, &digest);
  g_autoptr(StrataAttachmentRow) row = NULL;
  gboolean is_own;

  if (!check_same_content (write->row, digest, error))
    return FALSE;
  if (is_there && digest != NULL)
    return TRUE;

  row = settle_row (self, write, write->key, &is_own, error);
  if (row == NULL)
    return FALSE;
  if (!is_own)
    g_ptr_array_add (rows, g_steal_pointer (&row));

  return TRUE;
}

static gboolean
has_row (GPtrArray  *rows,
         const char *id)
{
  for (guint i = 0; i < rows->len; i++)
    if (strcmp (((const StrataAttachmentRow *)g_ptr_array_index (rows, i))->id, id) == 0)
      return TRUE;

  return FALSE;
}

/* Adds the line of one write to @lines, and its rows to @rows. */
static gboolean
add_line (StrataWriter   *self,
          StrataGrowing  *growing,
          StrataWrite    *write,
          GString        *lines,
          GPtrArray      *rows,
          GError        **error)
{
  g_autoptr(GPtrArray) own = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  GPtrArray *uses = _strata_uses_get (write->uses);

  if (write->list != STRATA_N_LISTS && !_strata_growth_check_list (self->growth, growing, write->list, error))
    return FALSE;
  if ((write->row != NULL || uses->len > 0) && !_strata_store_refresh_others (self->store, write->key, error))
    return FALSE;
  if (write->row != NULL && !add_own_row (self, growing, write, own, error))
    return FALSE;

  for (guint i = 0; i < uses->len; i++)
    {
      const StrataUse *use = g_ptr_array_index (uses, i);

      if (!has_row (own, use->id) && !has_row (rows, use->id) && g_strcmp0 (use->id, write->result_name) != 0 &&
          !add_use_row (self, growing, write->key, use, own, error))
        return FALSE;
    }

  if (write->list != STRATA_N_LISTS || own->len > 0)
    _strata_tail_append_line (lines, write->list, write->element->str, write->element->len, own);
  g_ptr_array_extend_and_steal (rows, g_steal_pointer (&own));

  return TRUE;
}

/* Appends all that is to be appended to one session, with one sync. */
static void
grow_target (StrataWriter *self,
             const Target *target)
{
  g_autoptr(GString) lines = g_string_new (NULL);
  g_autoptr(GPtrArray) rows = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
  g_autoptr(GError) error = NULL;
  StrataGrowing *growing = _strata_growth_get (self->growth, target->key, &error);

  for (guint i = 0; growing != NULL && i < target->writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (target->writes, i);
      g_autoptr(GError) line_error = NULL;

      if (write->error == NULL && !add_line (self, growing, write, lines, rows, &line_error))
        fail_write (write, line_error);
    }

  if (growing == NULL || (lines->len > 0 && !_strata_growth_write (self->growth, growing, lines, rows, &error)))
    fail_target (target, error);
}

/* Edits: all that makes new parts and metadata */

static StrataManifest *
new_identity (StrataWriter  *self,
              StrataWrite   *write,
              gboolean       is_collection,
              const char    *key)
{
  StrataManifest *identity = _strata_manifest_new ();

  identity->is_collection = is_collection;
  identity->key = g_strdup (key);
  identity->small = g_strdup ("{}");
  if (is_collection)
    identity->name = write->kind == STRATA_WRITE_COLLECTION ? g_strdup (write->name) : NULL;
  else if (write->id_token != NULL && strlen (write->id_token) <= MAX_ID_TOKEN)
    identity->id_token = g_strdup (write->id_token);

  return identity;
}

typedef struct
{
  StrataWrite *write;
  guint64      ordinal;
  char        *id;
} NewSession;

/* Whether a session with that id is there, whatever its key, and which ordinal is free */
static gpointer
look_around (StrataCatalog  *catalog,
             gpointer        user_data,
             GError        **error)
{
  NewSession *session = user_data;
  g_autoptr(GPtrArray) found = NULL;

  if (!_strata_catalog_get_next_ordinal (catalog, 0, &session->ordinal, error))
    return NULL;
  if (session->id == NULL)
    return session;

  found = _strata_catalog_find_sessions (catalog, session->id, error);
  if (found == NULL)
    return NULL;
  if (found->len == 0)
    return session;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There is a session “%s”", session->id);

  return NULL;
}

static gboolean
settle_new_session (StrataWriter    *self,
                    StrataWrite     *write,
                    StrataManifest  *identity,
                    GError         **error)
{
  NewSession session = { .write = write };
  g_autofree char *id = NULL;

  if (write->id_token != NULL && write->id_token[0] == '"')
    id = _strata_json_unquote (write->id_token, strlen (write->id_token));
  else if (write->id_token != NULL && (write->id_token[0] == '-' || g_ascii_isdigit (write->id_token[0])))
    id = g_strdup (write->id_token);
  session.id = id != NULL && *id != '\0' ? id : NULL;
  if (_strata_store_with_catalog_as_it_is (self->store, look_around, &session, error) == NULL)
    return FALSE;
  identity->ordinal = session.ordinal;

  return TRUE;
}

/* A collection that is not there yet, with the value it begins with */
static gboolean
begin_unowned (StrataWriter  *self,
               StrataBatch   *batch,
               StrataEdit    *edit,
               GError       **error)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (self->store), _strata_batch_get_staging (batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ("[]", 2);
  g_autoptr(StrataManifest) fragment = _strata_slicer_take_collection (slicer, reader, STRATA_UNOWNED_KEY, NULL, error);

  return fragment != NULL && _strata_edit_replace (edit, fragment, error);
}

/* Begins the edit of what is there, or of what is to be made. */
static StrataEdit *
begin_edit (StrataWriter  *self,
            StrataBatch   *batch,
            const Target  *target,
            GError       **error)
{
  StrataWrite *first = g_ptr_array_index (target->writes, 0);
  g_autoptr(GError) load_error = NULL;
  g_autoptr(StrataManifest) base = _strata_store_load (self->store, target->is_collection, target->key, &load_error);
  g_autoptr(StrataEdit) edit = NULL;
  gboolean may_be_new = first->kind == STRATA_WRITE_CREATE || target->is_collection;

  if (base != NULL && first->kind == STRATA_WRITE_CREATE)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There is a session “%s”", target->key);
      return NULL;
    }
  if (base != NULL)
    return _strata_edit_new (self->store, batch, g_steal_pointer (&base), error);
  if (!may_be_new || !g_error_matches (load_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&load_error));
      return NULL;
    }

  base = new_identity (self, first, target->is_collection, target->key);
  if (first->kind == STRATA_WRITE_CREATE && !settle_new_session (self, first, base, error))
    return NULL;

  edit = _strata_edit_new_owner (self->store, batch, g_steal_pointer (&base));
  if (first->kind == STRATA_WRITE_ATTACH && !begin_unowned (self, batch, edit, error))
    return NULL;

  return g_steal_pointer (&edit);
}

/* The row for what is attached in an edit, %NULL without @error where the owner has it.
 *
 * Returns: (transfer full)
 */
static StrataAttachmentRow *
settle_edited_row (StrataWriter  *self,
                   StrataEdit    *edit,
                   StrataWrite   *write,
                   GError       **error)
{
  g_autoptr(GError) get_error = NULL;
  g_autoptr(StrataAttachmentRow) row = NULL;
  const StrataAttachmentRow *there;
  gboolean is_own;

  if (write->row == NULL || !_strata_store_refresh_others (self->store, write->key, error))
    return NULL;

  there = _strata_edit_get_row (edit, write->row->id, &get_error);
  if (get_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&get_error));
      return NULL;
    }
  if (there != NULL && _strata_attachment_row_has_bytes (there))
    {
      check_same_content (write->row, _strata_attachment_row_get_content (there), error);
      return NULL;
    }

  row = settle_row (self, write, write->key != NULL ? write->key : STRATA_UNOWNED_KEY, &is_own, error);

  return row != NULL && !is_own ? g_steal_pointer (&row) : NULL;
}

static gboolean
edit_append (StrataWriter  *self,
             StrataEdit    *edit,
             StrataWrite   *write,
             GError       **error)
{
  g_autoptr(GError) row_error = NULL;
  g_autoptr(StrataAttachmentRow) row = settle_edited_row (self, edit, write, &row_error);
  g_autoptr(GArray) runs = g_array_new (FALSE, FALSE, sizeof (StrataRun));
  StrataRun run = { write->element->str, write->element->len, 1 };

  if (row_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&row_error));
      return FALSE;
    }

  g_array_append_val (runs, run);

  return (write->list == STRATA_N_LISTS || _strata_edit_extend (edit, write->list, runs, error)) &&
         (row == NULL || _strata_edit_add_row (edit, g_steal_pointer (&row), error)) &&
         _strata_edit_add_uses (edit, write->uses, error);
}

/* A session is its id's: neither a member nor the whole may say otherwise. */
static gboolean
check_id (StrataEdit   *edit,
          StrataWrite  *write,
          GError      **error)
{
  const char *id_token = _strata_edit_get_id_token (edit);

  if (g_strcmp0 (id_token, write->id_token) == 0)
    return TRUE;

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "A session's id can't be changed");

  return FALSE;
}

static gboolean
edit_take_item (StrataBatch  *batch,
                StrataEdit   *edit,
                StrataWrite  *write,
                GError      **error)
{
  g_autofree char *text = NULL;

  if (!_strata_edit_take_item (edit, write->name, &write->list, &write->index, &text, error))
    return FALSE;

  write->element = g_string_new (text);

  return _strata_trash_add_item (batch, edit, write, error);
}

static gboolean
edit_put_item (StrataWriter  *self,
               StrataEdit    *edit,
               StrataWrite   *write,
               GError       **error)
{
  if (!_strata_trash_check_item (self->store, write->name, error) ||
      !_strata_edit_put_item (edit, write->list, write->index, write->element->str, error))
    return FALSE;

  for (guint i = 0; i < write->rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (write->rows, i);
      g_autoptr(GError) get_error = NULL;
      gboolean is_there = _strata_edit_get_row (edit, row->id, &get_error) != NULL;

      if (get_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&get_error));
          return FALSE;
        }
      if (is_there)
        continue;
      g_ptr_array_index (write->rows, i) = g_new0 (StrataAttachmentRow, 1);
      if (!_strata_edit_add_row (edit, row, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
apply_write (StrataWriter  *self,
             StrataBatch   *batch,
             StrataEdit    *edit,
             StrataWrite   *write,
             GError       **error)
{
  switch (write->kind)
    {
    case STRATA_WRITE_SAVE:
      if (!check_id (edit, write, error))
        return FALSE;
      G_GNUC_FALLTHROUGH;
    case STRATA_WRITE_CREATE:
    case STRATA_WRITE_COLLECTION:
      return _strata_edit_replace (edit, write->fragment, error) && _strata_edit_add_uses (edit, write->uses, error);
    case STRATA_WRITE_SET:
      return (strcmp (write->name, "id") != 0 || check_id (edit, write, error)) &&
             _strata_edit_set (edit, write->name_token, write->fragment, error) &&
             _strata_edit_add_uses (edit, write->uses, error);
    case STRATA_WRITE_APPEND:
    case STRATA_WRITE_ATTACH:
      return edit_append (self, edit, write, error);
    case STRATA_WRITE_DELETE_ITEM:
      return edit_take_item (batch, edit, write, error);
    case STRATA_WRITE_UNDELETE_ITEM:
      return edit_put_item (self, edit, write, error);
    case STRATA_WRITE_SEAL:
      return TRUE;
    case STRATA_WRITE_DELETE:
    case STRATA_WRITE_UNDELETE:
    default:
      g_assert_not_reached ();
    }
}

/* Whether there is anything to write: to seal what has no tail changes nothing. */
static gboolean
is_worth_it (StrataWriter *self,
             const Target *target)
{
  g_autoptr(StrataManifest) manifest = NULL;

  for (guint i = 0; i < target->writes->len; i++)
    {
      const StrataWrite *write = g_ptr_array_index (target->writes, i);

      if (write->error == NULL && write->kind != STRATA_WRITE_SEAL)
        return TRUE;
    }

  manifest = _strata_store_load (self->store, target->is_collection, target->key, NULL);

  return manifest == NULL || manifest->tail != NULL;
}

/* Adds the new state of one session or collection to the batch. What can't be done to it
 * fails alone; a failure of the disk takes all of it along.
 */
static void
edit_target (StrataWriter *self,
             StrataBatch  *batch,
             const Target *target)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataEdit) edit = NULL;
  guint applied = 0;

  if (!is_worth_it (self, target))
    return;
  edit = begin_edit (self, batch, target, &error);

  for (guint i = 0; error == NULL && i < target->writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (target->writes, i);
      g_autoptr(GError) write_error = NULL;

      if (write->error != NULL)
        continue;
      if (apply_write (self, batch, edit, write, &write_error))
        applied++;
      else if (is_own_fault (write_error))
        fail_write (write, write_error);
      else
        error = g_steal_pointer (&write_error);
    }

  if (error == NULL && applied > 0)
    _strata_edit_finish (edit, &error);
  if (error != NULL)
    fail_target (target, error);
}

/* A group of writes */

static gboolean
is_barrier (const StrataWrite *write)
{
  return write->kind == STRATA_WRITE_DELETE || write->kind == STRATA_WRITE_UNDELETE;
}

static void
target_free (gpointer data)
{
  Target *target = data;

  g_ptr_array_unref (target->writes);
  g_free (target);
}

/* Sorts writes by what they change, in the order in which it first comes up. */
static GPtrArray *
sort_by_target (GPtrArray *writes)
{
  g_autoptr(GHashTable) by_key = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *targets = g_ptr_array_new_with_free_func (target_free);

  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);
      const char *key = write->key != NULL ? write->key : STRATA_UNOWNED_KEY;
      Target *target = g_hash_table_lookup (by_key, key);

      if (target == NULL)
        {
          target = g_new0 (Target, 1);
          target->key = key;
          target->is_collection = write->kind == STRATA_WRITE_COLLECTION || write->key == NULL;
          target->writes = g_ptr_array_new ();
          g_hash_table_insert (by_key, (gpointer)key, target);
          g_ptr_array_add (targets, target);
        }
      target->needs_edit = target->needs_edit || !_strata_write_is_growth (write);
      g_ptr_array_add (target->writes, write);
    }

  return targets;
}

/* Everything that is staged for the writes goes into the one batch, but for those whose
 * object went away since: they are prepared anew.
 */
static void
absorb_staged (StrataWriter *self,
               StrataBatch  *batch,
               GPtrArray    *writes)
{
  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      if (write->batch != NULL)
        _strata_batch_absorb (batch, write->batch);
    }

  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      if (write->distrust || object_is_there (self, batch, write))
        continue;
      g_set_error_literal (&write->error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "The attachment's bytes went away while they were used");
      write->wants_again = TRUE;
    }
}

static void
fail_edits (GPtrArray    *targets,
            gboolean      with_growth,
            const GError *error)
{
  for (guint i = 0; i < targets->len; i++)
    {
      const Target *target = g_ptr_array_index (targets, i);

      if (target->needs_edit || with_growth)
        fail_target (target, error);
    }
}

/* What came back from the trash is not there any more. */
static void
clear_trash (StrataWriter *self,
             GPtrArray    *writes)
{
  for (guint i = 0; i < writes->len; i++)
    {
      const StrataWrite *write = g_ptr_array_index (writes, i);

      if (write->kind == STRATA_WRITE_UNDELETE_ITEM && write->error == NULL)
        _strata_trash_drop_item (self->store, write->name);
    }
}

/* With the lock held. What is attached comes first, and then what names it. */
static void
run_locked (StrataWriter *self,
            StrataBatch  *batch,
            GPtrArray    *writes,
            GPtrArray    *targets)
{
  g_autoptr(GError) error = NULL;

  if (batch != NULL)
    absorb_staged (self, batch, writes);
  for (guint i = 0; i < targets->len; i++)
    if (((const Target *)g_ptr_array_index (targets, i))->needs_edit)
      edit_target (self, batch, g_ptr_array_index (targets, i));
  if (batch != NULL && !_strata_batch_commit_locked (batch, &error))
    fail_edits (targets, TRUE, error);
  clear_trash (self, writes);

  for (guint i = 0; i < targets->len; i++)
    {
      const Target *target = g_ptr_array_index (targets, i);

      if (target->needs_edit)
        _strata_growth_forget (self->growth, target->key);
      else
        grow_target (self, target);
    }
}

static gboolean
needs_batch (GPtrArray *writes,
             GPtrArray *targets,
             gboolean  *out_only_objects)
{
  gboolean has_staged = FALSE;

  *out_only_objects = TRUE;
  for (guint i = 0; i < targets->len; i++)
    if (((const Target *)g_ptr_array_index (targets, i))->needs_edit)
      *out_only_objects = FALSE;
  for (guint i = 0; i < writes->len; i++)
    has_staged = has_staged || ((const StrataWrite *)g_ptr_array_index (writes, i))->batch != NULL;

  return has_staged || !*out_only_objects;
}

/* Writes none of which is a barrier */
static void
run_together (StrataWriter *self,
              GPtrArray    *writes)
{
  g_autoptr(GPtrArray) targets = sort_by_target (writes);
  g_autoptr(StrataBatch) batch = NULL;
  g_autoptr(GError) error = NULL;
  gboolean only_objects, ok = TRUE;

  if (writes->len == 0)
    return;

  if (needs_batch (writes, targets, &only_objects))
    {
      batch = only_objects ? _strata_batch_new_shared (self->store, &error) : _strata_batch_new (self->store, &error);
      ok = batch != NULL;
    }
  ok = ok && _strata_store_lock (self->store, &error);
  if (!ok)
    {
      fail_edits (targets, TRUE, error);
      return;
    }
  run_locked (self, batch, writes, targets);
  _strata_store_unlock (self->store);
}

static void
run_barrier (StrataWriter *self,
             StrataWrite  *write)
{
  if (!_strata_store_lock (self->store, &write->error))
    return;

  _strata_growth_forget (self->growth, write->key);
  if (write->kind == STRATA_WRITE_DELETE)
    _strata_trash_delete_session (self->store, write->key, &write->result_name, &write->error);
  else
    _strata_trash_restore_session (self->store, write->key, &write->error);
  _strata_store_unlock (self->store);
}

/* After the acknowledgement: what fails here is tried again when there is more. */
static void
seal_if_full (StrataWriter *self,
              const char   *key)
{
  g_autoptr(StrataBatch) batch = NULL;
  g_autoptr(StrataWrite) write = NULL;
  g_autoptr(GPtrArray) writes = NULL;
  g_autoptr(GError) error = NULL;
  StrataGrowing *growing;
  Target target = { .key = key, .needs_edit = TRUE };

  batch = _strata_batch_new (self->store, &error);
  if (batch == NULL || !_strata_store_lock (self->store, &error))
    {
      g_info ("A session is sealed later: %s", error->message);
      return;
    }

  write = _strata_write_new (STRATA_WRITE_SEAL, key);
  writes = g_ptr_array_new ();
  g_ptr_array_add (writes, write);
  target.writes = writes;
  growing = _strata_growth_get (self->growth, key, NULL);
  if (growing != NULL && _strata_growing_is_full (growing))
    {
      edit_target (self, batch, &target);
      if (write->error == NULL)
        _strata_batch_commit_locked (batch, &write->error);
      if (write->error == NULL)
        _strata_growth_forget (self->growth, key);
      else
        {
          g_info ("A session is sealed later: %s", write->error->message);
          _strata_growing_put_off (growing);
        }
    }
  _strata_store_unlock (self->store);
}

/* Keys of the sessions that grew and are full; (transfer full) */
static GPtrArray *
list_full (StrataWriter *self,
           GPtrArray    *writes)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *full = g_ptr_array_new_with_free_func (g_free);

  for (guint i = 0; i < writes->len; i++)
    {
      const StrataWrite *write = g_ptr_array_index (writes, i);

      if (write->error == NULL && _strata_write_is_growth (write) && g_hash_table_add (seen, write->key) &&
          _strata_growth_is_full (self->growth, write->key))
        g_ptr_array_add (full, g_strdup (write->key));
    }

  return full;
}

/* What makes a session has to find it absent: whatever comes before is done before. */
static gboolean
must_wait (GPtrArray         *together,
           const StrataWrite *write)
{
  for (guint i = 0; write->kind == STRATA_WRITE_CREATE && i < together->len; i++)
    if (g_strcmp0 (((const StrataWrite *)g_ptr_array_index (together, i))->key, write->key) == 0)
      return TRUE;

  return FALSE;
}

static void
run_group (StrataWriter *self,
           GPtrArray    *writes,
           GPtrArray    *out_full)
{
  g_autoptr(GPtrArray) together = g_ptr_array_new ();
  g_autoptr(GPtrArray) full = NULL;

  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      if (is_barrier (write) || must_wait (together, write))
        {
          run_together (self, together);
          g_ptr_array_set_size (together, 0);
        }
      if (is_barrier (write))
        run_barrier (self, write);
      else
        g_ptr_array_add (together, write);
    }
  run_together (self, together);

  full = list_full (self, writes);
  g_ptr_array_extend_and_steal (out_full, g_steal_pointer (&full));
}

static void
set_result (StrataWrite *write)
{
  if (write->error == NULL && write->result_key == NULL)
    write->result_key = g_strdup (write->key != NULL ? write->key : STRATA_UNOWNED_KEY);
}

/* Takes all that waits and does it. Called with the mutex held, which is let go of meanwhile. */
static void
lead (StrataWriter *self)
{
  g_autoptr(GPtrArray) writes = g_steal_pointer (&self->waiting);
  g_autoptr(GPtrArray) full = g_ptr_array_new_with_free_func (g_free);

  self->waiting = g_ptr_array_new ();
  self->has_leader = TRUE;
  g_mutex_unlock (&self->mutex);

  run_group (self, writes, full);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      set_result (write);
      write->is_done = TRUE;
    }
  g_cond_broadcast (&self->cond);

  /* Those whose writes were done need not wait for this */
  g_mutex_unlock (&self->mutex);
  for (guint i = 0; i < full->len; i++)
    seal_if_full (self, g_ptr_array_index (full, i));
  g_mutex_lock (&self->mutex);
  self->has_leader = FALSE;
  g_cond_broadcast (&self->cond);
}

static gboolean
all_done (GPtrArray *writes)
{
  for (guint i = 0; i < writes->len; i++)
    if (!((const StrataWrite *)g_ptr_array_index (writes, i))->is_done)
      return FALSE;

  return TRUE;
}

static void
prepare_all (StrataWriter *self,
             GPtrArray    *writes)
{
  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      write->is_done = !_strata_write_prepare (write, self->store, &write->error);
    }
}

static void
run_once (StrataWriter *self,
          GPtrArray    *writes)
{
  prepare_all (self, writes);

  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < writes->len; i++)
    if (!((const StrataWrite *)g_ptr_array_index (writes, i))->is_done)
      g_ptr_array_add (self->waiting, g_ptr_array_index (writes, i));

  while (!all_done (writes))
    {
      if (self->has_leader)
        g_cond_wait (&self->cond, &self->mutex);
      else
        lead (self);
    }
  g_mutex_unlock (&self->mutex);
}

void
_strata_writer_run (StrataWriter *self,
                    GPtrArray    *writes)
{
  g_autoptr(GPtrArray) again = g_ptr_array_new ();

  run_once (self, writes);

  for (guint i = 0; i < writes->len; i++)
    {
      StrataWrite *write = g_ptr_array_index (writes, i);

      if (!write->wants_again)
        continue;
      write->wants_again = FALSE;
      write->distrust = TRUE;
      g_clear_error (&write->error);
      g_ptr_array_add (again, write);
    }
  if (again->len > 0)
    run_once (self, again);
}

/* strata-repair.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "search/strata-search.h"
#include "search/strata-search-sync-private.h"
#include "strata-repair-private.h"

/* What is restored may show what else is missing: metadata their parts, those their objects */
#define MAX_ROUNDS 5

G_DEFINE_BOXED_TYPE (StrataRepair, strata_repair, strata_repair_ref, strata_repair_unref)

StrataRepair *
strata_repair_ref (StrataRepair *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
repair_clear (StrataRepair *self)
{
  g_clear_pointer (&self->check, strata_check_unref);
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
strata_repair_unref (StrataRepair *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)repair_clear);
}

/* Saying it */

static gboolean
is_new (StrataRepairing *self,
        const char      *code,
        const char      *path,
        const char      *item,
        const char      *message)
{
  return g_hash_table_add (self->told, g_strdup_printf ("%s %s %s %s", code, path, item != NULL ? item : "", message));
}

void
_strata_repairing_say_repaired (StrataRepairing *self,
                                const char      *path,
                                const char      *session,
                                const char      *message)
{
  if (!is_new (self, "repaired", path, NULL, message))
    return;
  g_ptr_array_add (self->result->problems, strata_problem_new ("repaired", path, session, NULL, -1, "%s", message));
  self->result->repaired++;
}

void
_strata_repairing_say_lost (StrataRepairing *self,
                            const char      *path,
                            const char      *session,
                            const char      *item,
                            const char      *message)
{
  if (!is_new (self, "lost", path, item, message))
    return;
  g_ptr_array_add (self->result->problems, strata_problem_new ("lost", path, session, item, -1, "%s", message));
  self->result->lost++;
}

/* What could not be had again */

static gboolean
lists_attachments (const StrataWantedPart *wanted)
{
  for (guint i = 0; i < wanted->owner->attachments->len; i++)
    if (strcmp (((const StrataPart *)g_ptr_array_index (wanted->owner->attachments, i))->kind, wanted->part->kind) == 0)
      return TRUE;

  return FALSE;
}

/* Elements of a list are counted from 0, over all its parts. */
static char *
describe_part (const StrataWantedPart *wanted)
{
  const StrataPart *part = wanted->part;
  guint64 first = 0;

  if (lists_attachments (wanted))
    return g_strdup_printf ("It lists %" G_GUINT64_FORMAT " attachments; which they are is lost", part->items);
  if (!part->is_array)
    return g_strdup_printf ("The member %s is lost, %" G_GUINT64_FORMAT " bytes", part->name != NULL ? part->name : "that it is",
                            part->raw_bytes);

  for (guint i = 0; i < wanted->owner->parts->len; i++)
    {
      const StrataPart *other = g_ptr_array_index (wanted->owner->parts, i);

      if (strcmp (other->kind, part->kind) == 0 && other->number < part->number)
        first += other->items;
    }

  return g_strdup_printf ("Of %s the elements %" G_GUINT64_FORMAT " to %" G_GUINT64_FORMAT " are lost, %" G_GUINT64_FORMAT " bytes",
                          part->name != NULL ? part->name : "the list", first, first + MAX (part->items, 1) - 1, part->raw_bytes);
}

static void
say_lost_objects (StrataRepairing *self)
{
  for (guint i = 0; i < self->objects->len; i++)
    {
      const StrataWantedObject *wanted = g_ptr_array_index (self->objects, i);

      for (guint j = 0; !wanted->is_done && j < wanted->uses->len; j++)
        {
          const StrataObjectUse *use = g_ptr_array_index (wanted->uses, j);
          g_autofree char *message =
            use->row->source_path != NULL
            ? g_strdup_printf ("The bytes of an attachment are lost: “%s” of the old store is not there, or is not what was read", use->row->source_path)
            : g_strdup ("The bytes of an attachment are lost: it was added here, and no old store has it");

          _strata_repairing_say_lost (self, wanted->path, use->owner, use->row->id, message);
        }
    }
}

static void
say_lost (StrataRepairing *self)
{
  say_lost_objects (self);
  for (guint i = 0; i < self->parts->len; i++)
    {
      const StrataWantedPart *wanted = g_ptr_array_index (self->parts, i);
      g_autofree char *message = describe_part (wanted);

      if (!wanted->is_done)
        _strata_repairing_say_lost (self, wanted->path, wanted->owner->key, NULL, message);
    }
  for (guint i = 0; i < self->metadata->len; i++)
    {
      const StrataWantedMetadata *wanted = g_ptr_array_index (self->metadata, i);

      if (!wanted->is_done)
        _strata_repairing_say_lost (self, wanted->path, wanted->key, NULL,
                                    wanted->is_collection ? "What the collection is made of is lost; no old store has it as it was"
                                                          : "What the session is made of is lost; no old store has it as it was");
    }
}

/* One round */

static void
begin_round (StrataRepairing *self)
{
  self->parts = g_ptr_array_new_with_free_func (_strata_wanted_part_free);
  self->metadata = g_ptr_array_new_with_free_func (_strata_wanted_metadata_free);
  self->objects = g_ptr_array_new_with_free_func (_strata_wanted_object_free);
  self->tails = g_ptr_array_new_with_free_func (g_free);
  self->mend_log = FALSE;
  self->mend_databases = FALSE;
  self->n_done = 0;
}

static void
end_round (StrataRepairing *self)
{
  g_clear_pointer (&self->logged, g_hash_table_unref);
  g_clear_pointer (&self->parts, g_ptr_array_unref);
  g_clear_pointer (&self->metadata, g_ptr_array_unref);
  g_clear_pointer (&self->objects, g_ptr_array_unref);
  g_clear_pointer (&self->tails, g_ptr_array_unref);
}

/* Something else than a file, where one should be, is for people. */
static gboolean
pass_over (StrataRepairing  *self,
           const char       *path,
           GError          **from,
           GError          **error)
{
  if (g_error_matches (*from, STRATA_ERROR, STRATA_ERROR_CORRUPT) || g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_IS_DIRECTORY) ||
      g_error_matches (*from, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
    {
      _strata_repairing_say_lost (self, path, NULL, NULL, (*from)->message);
      g_clear_error (from);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (from));

  return FALSE;
}

static gboolean
note_damage (StrataRepairing    *self,
             const StrataCheck  *check,
             GError            **error)
{
  g_autoptr(GHashTable) paths = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < check->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (check->problems, i);
      const char *path = strata_problem_get_path (problem);
      g_autoptr(GError) note_error = NULL;

      if (strata_problem_get_severity (problem) != STRATA_SEVERITY_ERROR || !g_hash_table_add (paths, (gpointer)path))
        continue;
      if (g_cancellable_set_error_if_cancelled (self->cancellable, error))
        return FALSE;
      if (!_strata_repairing_note (self, path, &note_error) && !pass_over (self, path, &note_error, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
mend_tails (StrataRepairing  *self,
            GError          **error)
{
  for (guint i = 0; i < self->tails->len; i++)
    {
      const char *folder = g_ptr_array_index (self->tails, i);
      g_autoptr(GError) tail_error = NULL;

      if (!_strata_repairing_mend_tail (self, folder, &tail_error) && !pass_over (self, folder, &tail_error, error))
        return FALSE;
    }

  return TRUE;
}

/* They are derived: both are made anew. Where there never was an index, there still is none. */
static gboolean
mend_databases (StrataRepairing  *self,
                GError          **error)
{
  g_autoptr(StrataSearch) search = NULL;
  struct stat status;
  gboolean ok;

  if (_strata_file_stat (self->dir, STRATA_SEARCH_INDEX_NAME, &status, NULL))
    {
      search = strata_search_new (self->store);
      ok = strata_search_rebuild (search, NULL, NULL, NULL, NULL, self->cancellable, error);
    }
  else
    {
      if (!_strata_store_lock (self->store, error))
        return FALSE;
      ok = _strata_store_rebuild_catalog (self->store, error);
      _strata_store_unlock (self->store);
    }
  self->n_done++;

  return ok;
}

static gboolean
run_round (StrataRepairing    *self,
           const StrataCheck  *check,
           GError            **error)
{
  gboolean databases_are_damaged;

  if (!_strata_repairing_read_log (self, error) || !note_damage (self, check, error))
    return FALSE;
  databases_are_damaged = self->mend_databases;

  if (!_strata_repairing_find_uses (self, error) || !_strata_repairing_search_trash (self, error) ||
      !_strata_repairing_search_sources (self, error) || !mend_tails (self, error) ||
      (self->mend_log && !_strata_repairing_mend_log (self, error)))
    return FALSE;
  if (self->n_done == 0 && !self->mend_databases)
    return TRUE;
  if (!mend_databases (self, error))
    return FALSE;
  if (databases_are_damaged)
    _strata_repairing_say_repaired (self, "catalog.sqlite3", NULL, "The databases were made anew from the files");

  return TRUE;
}

static gboolean
run_rounds (StrataRepairing  *self,
            GError          **error)
{
  for (guint round = 0; ; round++)
    {
      gboolean ok, goes_on;

      g_clear_pointer (&self->result->check, strata_check_unref);
      self->result->check = strata_check_run (self->store, self->cancellable, error);
      if (self->result->check == NULL)
        return FALSE;
      if (self->result->check->damage == 0)
        return TRUE;

      begin_round (self);
      ok = run_round (self, self->result->check, error);
      goes_on = ok && self->n_done > 0 && round < MAX_ROUNDS;
      if (ok && !goes_on)
        say_lost (self);
      end_round (self);
      if (!goes_on)
        return ok;
    }
}

/**
 * strata_repair_run:
 * @store: a store
 * @cancellable: (nullable): a cancellable
 *
 * Checks a store, and repairs what it finds: parts, objects and metadata come from the trash, or
 * from the old stores while they are there, and are taken only where their digest is the one that
 * was stored; of a tail and of the log what is whole is kept; `store.json` comes from its copy;
 * databases are made anew. What is damaged is never deleted: it goes to `quarantine/`, or
 * stays where it is when there is nothing to put in its place. Then the store is checked again.
 *
 * Each step is whole or not there, also after a crash, and running it again goes on. Others
 * may read meanwhile; who writes waits for the lock, which is held for one file at a time.
 *
 * Returns: (transfer full): what was repaired, and what is lost; or %NULL with @error set, when
 *   it could not go on. What was done until then stays
 */
StrataRepair *
strata_repair_run (StrataStore   *store,
                   GCancellable  *cancellable,
                   GError       **error)
{
  g_autoptr(StrataRepair) result = NULL;
  StrataRepairing self = { 0, };
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  result = g_atomic_rc_box_new0 (StrataRepair);
  result->problems = g_ptr_array_new_with_free_func (g_object_unref);
  self.store = store;
  self.dir = _strata_store_get_dir (store);
  self.cancellable = cancellable;
  self.result = result;
  self.told = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  ok = run_rounds (&self, error);
  g_hash_table_unref (self.told);
  if (!ok)
    return NULL;

  for (guint i = 0; i < result->check->problems->len; i++)
    g_ptr_array_add (result->problems, g_object_ref (g_ptr_array_index (result->check->problems, i)));

  return g_steal_pointer (&result);
}

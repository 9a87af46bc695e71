/* strata-rollback-run.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-journal-private.h"
#include "strata-rollback-export-private.h"
#include "strata-rollback-run-private.h"

/* A line of the journal has to hold it, in base64 */
#define MAX_EXPORT_PATH 2048
#define MAX_TRASHES 1000

void
_strata_rollback_run_clear (StrataRollbackRun *self)
{
  g_clear_pointer (&self->changes, _strata_own_changes_free);
  g_clear_pointer (&self->comparisons, g_ptr_array_unref);
  g_clear_pointer (&self->way_back, _strata_way_back_free);
  g_clear_object (&self->store);
  g_clear_pointer (&self->export_path, g_free);
  g_clear_pointer (&self->exported, g_free);
  g_clear_pointer (&self->trash, g_free);
}

/* Places */

static char *
dup_trash_path (const char *store_path,
                guint       number)
{
  g_autofree char *absolute = g_canonicalize_filename (store_path, NULL);

  return number > 1 ? g_strdup_printf ("%s.trash-%u", absolute, number) : g_strdup_printf ("%s.trash", absolute);
}

static gboolean
is_there (const char *path)
{
  struct stat status;

  return _strata_file_stat (AT_FDCWD, path, &status, NULL);
}

char *
_strata_rollback_dup_free_trash (const char *store_path)
{
  for (guint i = 1; i < MAX_TRASHES; i++)
    {
      g_autofree char *path = dup_trash_path (store_path, i);

      if (!is_there (path))
        return g_steal_pointer (&path);
    }

  return NULL;
}

char *
_strata_rollback_dup_last_trash (const char *store_path)
{
  char *last = NULL;

  for (guint i = 1; i < MAX_TRASHES; i++)
    {
      g_autofree char *path = dup_trash_path (store_path, i);

      if (!is_there (path))
        break;
      g_free (last);
      last = g_steal_pointer (&path);
    }

  return last;
}

/* Links resolved as far as the path exists */
static char *
dup_real_path (const char *path)
{
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *real = NULL;
  int fd = _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, NULL);

  if (fd >= 0)
    {
      char *found = _strata_file_dup_real_path (fd, path);

      _strata_file_close (fd);
      return found;
    }
  if (strcmp (parent, path) == 0)
    return g_strdup (path);
  real = dup_real_path (parent);

  return g_build_filename (real, name, NULL);
}

static gboolean
is_at_or_below (const char *path,
                const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* What is exported must not go away with the store, and the old store is not written to. */
static gboolean
check_export_place (StrataRollbackRun  *self,
                    GError            **error)
{
  g_autofree char *path = dup_real_path (self->export_path);
  g_autofree char *store = dup_real_path (strata_store_get_path (self->store));
  gboolean apart = !is_at_or_below (path, store);

  for (guint i = 0; i < self->way_back->manifests->len && apart; i++)
    {
      const StrataRollbackHeader *header = _strata_rollback_manifest_get_header (g_ptr_array_index (self->way_back->manifests, i));

      for (guint j = 0; j < STRATA_OLD_N_ROOTS && apart; j++)
        apart = header->roots[j] == NULL || !is_at_or_below (path, header->roots[j]);
    }
  if (apart && strlen (self->export_path) <= MAX_EXPORT_PATH)
    return TRUE;

  if (apart)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE, "The path to export to is too long");
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE,
                 "“%s” lies in a store; choose another folder to export to", self->export_path);

  return FALSE;
}

/* Looking */

static gboolean
check_not_retired (StrataRollbackRun  *self,
                   GError            **error)
{
  if (self->way_back->manifests->len == 0)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND,
                           "There is nothing to roll back to: no migration into this store was completed");
      return FALSE;
    }

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    {
      const StrataRollbackHeader *header = _strata_rollback_manifest_get_header (g_ptr_array_index (self->way_back->manifests, i));

      if (!_strata_way_back_is_retired (self->way_back, header->source))
        continue;
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE,
                   "There is no way back: the old store, “%s”, was deleted. “export --format legacy” gives everything in its form",
                   header->legacy);
      return FALSE;
    }

  return TRUE;
}

static void
add_counts (StrataRollbackSummary     *summary,
            const StrataOldComparison *comparison)
{
  StrataRollbackOutcome outcome = comparison->counts[STRATA_OLD_DAMAGED] > 0 ? STRATA_ROLLBACK_DAMAGED
                                  : comparison->differences->len > 0 ? STRATA_ROLLBACK_CHANGED
                                                                     : STRATA_ROLLBACK_IDENTICAL;

  summary->outcome = MAX (summary->outcome, outcome);
  summary->files += comparison->n_files;
  summary->files_identical += comparison->n_same;
  summary->files_changed += comparison->counts[STRATA_OLD_CHANGED];
  summary->files_gone += comparison->counts[STRATA_OLD_GONE];
  summary->files_added += comparison->counts[STRATA_OLD_ADDED];
  summary->files_damaged += comparison->counts[STRATA_OLD_DAMAGED];
}

static gboolean
compare_all (StrataRollbackRun  *self,
             GError            **error)
{
  guint64 bytes = 0;

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    bytes += _strata_rollback_manifest_get_bytes (g_ptr_array_index (self->way_back->manifests, i));
  _strata_steps_begin (self->steps, "comparing", bytes);

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    {
      StrataOldComparison *comparison =
        _strata_old_comparison_make (g_ptr_array_index (self->way_back->manifests, i), self->steps, self->cancellable, error);

      if (comparison == NULL)
        return FALSE;
      g_ptr_array_add (self->comparisons, comparison);
      add_counts (&self->summary, comparison);
    }

  return TRUE;
}

static gboolean
find_changes (StrataRollbackRun  *self,
              GCancellable       *cancellable,
              GError            **error)
{
  g_clear_pointer (&self->changes, _strata_own_changes_free);
  self->changes = _strata_own_changes_find (self->store, self->way_back->manifests, cancellable, error);
  if (self->changes == NULL)
    return FALSE;

  self->summary.sessions_own = self->changes->sessions->len;
  self->summary.collections_own = self->changes->collections->len;
  self->summary.sessions_deleted = self->changes->deleted->len;

  return TRUE;
}

/* What stays of the old stores' changes after damage was put back needs the snapshot no less. */
static gboolean
snapshot_is_needed (StrataRollbackRun *self)
{
  const StrataRollbackSummary *summary = &self->summary;

  if (summary->files_changed + summary->files_gone + summary->files_added > 0)
    return TRUE;

  return summary->files_damaged > 0 && !self->restore;
}

gboolean
_strata_rollback_run_look (StrataRollbackRun  *self,
                           GError            **error)
{
  _strata_seam_get ()->mark ("look");
  self->comparisons = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_old_comparison_free);
  self->store = strata_store_open (self->store_path, error);
  if (self->store == NULL)
    return FALSE;

  self->way_back = _strata_way_back_read (self->store, self->cancellable, error);
  if (self->way_back == NULL || !check_not_retired (self, error) || !compare_all (self, error) ||
      !find_changes (self, self->cancellable, error))
    return FALSE;
  self->needs_export = snapshot_is_needed (self) || _strata_own_changes_is_any (self->changes);

  return TRUE;
}

/* Beginning */

/* One that was begun goes on as it was begun, but for the folder: there may be no space where it was to be. */
static void
take_over_begun (StrataRollbackRun *self)
{
  StrataBegunRollback *begun = &self->way_back->begun;

  if (begun->token == NULL)
    return;

  self->restore = self->is_decided ? self->restore : begun->restore;
  self->is_decided = TRUE;
  if (begun->export != NULL && self->export_path != NULL && strcmp (begun->export, self->export_path) != 0)
    _strata_rollback_export_drop_unfinished (begun->export);
  if (begun->export != NULL && self->export_path == NULL)
    self->export_path = g_strdup (begun->export);
  for (int i = STRATA_ROLLBACK_IDENTICAL; i <= STRATA_ROLLBACK_DAMAGED; i++)
    if (strcmp (strata_rollback_outcome_get_name (i), begun->outcome) == 0)
      self->summary.outcome = i;
}

static gboolean
check_wishes (StrataRollbackRun  *self,
              GError            **error)
{
  gboolean done;

  if (self->summary.files_damaged > 0 && !self->is_decided)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT,
                   "%" G_GUINT64_FORMAT " files of the old store are damaged or missing. They can be put back as they were, or the "
                   "migrated state be exported and the damage left as it is", self->summary.files_damaged);
      return FALSE;
    }
  if (self->needs_export && self->export_path == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE,
                   "%s: choose a folder to export to, so that nothing is lost",
                   _strata_own_changes_is_any (self->changes)
                     ? "Sessions or collections were added or changed in Strata since" : "The old store was changed since");
      return FALSE;
    }

  return self->export_path == NULL ||
         (check_export_place (self, error) &&
          _strata_rollback_export_check (self->export_path, self->way_back->begun.token, &done, error));
}

static void
restores_free (gpointer data)
{
  _strata_restore_free (data);
}

/* Everything that may turn out not to be possible comes before it is begun. */
static gboolean
prepare_restores (StrataRollbackRun  *self,
                  GPtrArray          *restores,
                  GError            **error)
{
  guint lacking = 0;

  if (!self->restore)
    return TRUE;

  _strata_steps_begin (self->steps, "preparing", 0);
  for (guint i = 0; i < self->comparisons->len; i++)
    {
      StrataRestore *restore =
        _strata_restore_prepare (self->store, g_ptr_array_index (self->way_back->manifests, i),
                                 g_ptr_array_index (self->comparisons, i), self->steps, self->cancellable, error);

      if (restore == NULL)
        return FALSE;
      g_ptr_array_add (restores, restore);
      lacking += _strata_restore_get_n_lacking (restore);
    }

  self->needs_export = self->needs_export || lacking > 0;
  if (lacking == 0 || self->export_path != NULL)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_UNSUITABLE,
               "%u damaged files can't be put back byte for byte: choose a folder to export what there is of them", lacking);

  return FALSE;
}

static gboolean
begin (StrataRollbackRun  *self,
       char              **out_token,
       GError            **error)
{
  int dir = _strata_store_get_dir (self->store);
  g_autofree char *word = _strata_journal_word_from_path (self->export_path);
  g_autoptr(GError) append_error = NULL;

  *out_token = self->way_back->begun.token != NULL ? g_strdup (self->way_back->begun.token) : g_uuid_string_random ();
  if (_strata_journal_append (dir, &append_error, "rollback begin %s %s %s %s", *out_token,
                              strata_rollback_outcome_get_name (self->summary.outcome), self->restore ? "restore" : "leave", word))
    return TRUE;

  /* On a full disk there is some space kept for this */
  if (!g_error_matches (append_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    {
      g_propagate_error (error, g_steal_pointer (&append_error));
      return FALSE;
    }
  _strata_store_release_reserve (self->store);

  return _strata_journal_append (dir, error, "rollback begin %s %s %s %s", *out_token,
                                 strata_rollback_outcome_get_name (self->summary.outcome), self->restore ? "restore" : "leave", word);
}

/* The steps; each may be done again after a crash */

static gboolean
restore_all (StrataRollbackRun  *self,
             GPtrArray          *restores,
             GError            **error)
{
  _strata_seam_get ()->mark ("restore");
  if (restores->len > 0)
    _strata_steps_begin (self->steps, "putting back", 0);

  for (guint i = 0; i < restores->len; i++)
    {
      StrataRestore *restore = g_ptr_array_index (restores, i);

      if (!_strata_restore_apply (restore, self->steps, error))
        return FALSE;
      self->summary.files_restored += _strata_restore_get_n_ready (restore);
    }

  return TRUE;
}

static gboolean
export_all (StrataRollbackRun  *self,
            const char         *token,
            GError            **error)
{
  StrataRollbackExport export = {
    .store = self->store,
    .token = token,
    .outcome = strata_rollback_outcome_get_name (self->summary.outcome),
    .manifests = self->way_back->manifests,
    .comparisons = self->comparisons,
    .changes = self->changes,
  };

  _strata_seam_get ()->mark ("export");
  if (!self->needs_export || self->export_path == NULL)
    return TRUE;

  _strata_steps_begin (self->steps, "exporting", 0);
  if (!_strata_rollback_export_write (&export, self->export_path, self->steps, error))
    return FALSE;
  self->exported = g_strdup (self->export_path);

  return TRUE;
}

/* The store's folder is renamed as a whole: before, it is what it was; after, it is in the trash. */
static gboolean
move_to_trash (StrataRollbackRun  *self,
               GError            **error)
{
  g_autofree char *path = g_canonicalize_filename (strata_store_get_path (self->store), NULL);
  g_autofree char *parent = g_path_get_dirname (path);
  g_autofree char *trash = _strata_rollback_dup_free_trash (path);

  _strata_seam_get ()->mark ("trash");
  if (trash == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There are too many stores in the trash beside “%s”; purge them", path);
      return FALSE;
    }

  _strata_steps_begin (self->steps, "moving", 0);
  if (!_strata_file_rename (AT_FDCWD, path, trash, error))
    return FALSE;
  self->trash = g_steal_pointer (&trash);

  return _strata_file_sync_dir (AT_FDCWD, parent, error);
}

/* Nobody else writes from finding out what was changed here until the store is away. */
static gboolean
do_locked (StrataRollbackRun  *self,
           GPtrArray          *restores,
           GError            **error)
{
  g_autofree char *token = NULL;
  gboolean needed = self->needs_export;

  if (!find_changes (self, self->cancellable, error))
    return FALSE;
  self->needs_export = needed || _strata_own_changes_is_any (self->changes);

  return check_wishes (self, error) &&
         !g_cancellable_set_error_if_cancelled (self->cancellable, error) &&
         begin (self, &token, error) &&
         restore_all (self, restores, error) &&
         export_all (self, token, error) &&
         move_to_trash (self, error);
}

gboolean
_strata_rollback_run_do (StrataRollbackRun  *self,
                         GError            **error)
{
  g_autoptr(GPtrArray) restores = g_ptr_array_new_with_free_func (restores_free);
  gboolean ok;
  int lock;

  take_over_begun (self);
  self->needs_export = snapshot_is_needed (self) || _strata_own_changes_is_any (self->changes);
  if (!check_wishes (self, error))
    return FALSE;

  lock = _strata_way_back_lock (_strata_store_get_dir (self->store), error);
  if (lock < 0)
    return FALSE;

  ok = prepare_restores (self, restores, error) && _strata_store_lock (self->store, error);
  if (ok)
    {
      ok = do_locked (self, restores, error);
      _strata_store_unlock (self->store);
    }
  _strata_file_close (lock);

  return ok;
}

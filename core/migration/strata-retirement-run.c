/* strata-retirement-run.c
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
#include "maintenance/strata-check.h"
#include "strata-journal-private.h"
#include "strata-kept.h"
#include "strata-migration-object-private.h"
#include "strata-references-private.h"
#include "strata-retirement-run-private.h"

/* Taskerino may save again while what it saved is taken in */
#define MAX_TRIES 3

void
_strata_retirement_run_clear (StrataRetirementRun *self)
{
  g_clear_pointer (&self->way_back, _strata_way_back_free);
  g_clear_object (&self->store);
  g_clear_pointer (&self->because, g_free);
  g_clear_pointer (&self->unreadable, g_free);
}

static const StrataRollbackHeader *
get_header (StrataRetirementRun *self,
            guint                i)
{
  return _strata_rollback_manifest_get_header (g_ptr_array_index (self->way_back->manifests, i));
}

static gboolean
has_number (GArray *numbers,
            guint   number)
{
  for (guint i = 0; i < numbers->len; i++)
    if (g_array_index (numbers, guint, i) == number)
      return TRUE;

  return FALSE;
}

/* Those that are left to be deleted, wholly or in part */
static gboolean
is_to_go (StrataRetirementRun *self,
          guint                i)
{
  guint source = get_header (self, i)->source;

  return !_strata_way_back_is_retired (self->way_back, source) || has_number (self->way_back->being_retired, source);
}

static gboolean
has_begun (StrataRetirementRun *self,
           guint                i)
{
  return has_number (self->way_back->being_retired, get_header (self, i)->source);
}

/* Why it is not ready: sets @because and returns TRUE, which is no error */
G_GNUC_PRINTF (2, 3) static gboolean
not_ready (StrataRetirementRun *self,
           const char          *format,
           ...)
{
  va_list arguments;

  va_start (arguments, format);
  g_free (self->because);
  self->because = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  self->summary.ready = FALSE;

  return TRUE;
}

/* Looking: what costs nothing first */

static gboolean
look_at_state (StrataRetirementRun  *self,
               GError              **error)
{
  g_autofree char *state = strata_store_dup_state (self->store);
  gboolean any = FALSE;

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    any = any || is_to_go (self, i);

  if (self->way_back->manifests->len == 0)
    return not_ready (self, "No migration into this store was completed");
  if (!any)
    return not_ready (self, "The old store was deleted already");
  if (self->way_back->begun.token != NULL)
    return not_ready (self, "A rollback was begun: let it come to its end");
  if (self->way_back->incomplete->len > 0 || strcmp (state, "complete") != 0)
    return not_ready (self, "The last migration did not come to its end: run it again");

  return TRUE;
}

static gboolean
look_at_time (StrataRetirementRun  *self,
              GError              **error)
{
  /* What was begun is not put off */
  if (self->way_back->being_retired->len > 0)
    return TRUE;

  /* That another one was deleted long ago is no reason not to wait for this one */
  self->summary.days_left = _strata_way_back_get_days_left (self->way_back, self->retention_days);
  if (self->now || self->summary.days_left == 0)
    return TRUE;

  return not_ready (self, "It is kept for another %d day%s, so that you can go back to it", self->summary.days_left,
                    self->summary.days_left == 1 ? "" : "s");
}

static gboolean
look_at_recovered (StrataRetirementRun  *self,
                   GError              **error)
{
  g_autoptr(GPtrArray) undecided = strata_kept_list_undecided (self->store, error);

  if (undecided == NULL)
    return FALSE;

  self->summary.undecided = undecided->len;

  return undecided->len == 0 ||
         not_ready (self, "%u session%s that Taskerino no longer showed %s for you to keep or to delete %s", undecided->len,
                    undecided->len == 1 ? "" : "s", undecided->len == 1 ? "waits" : "wait", undecided->len == 1 ? "it" : "them");
}

/* Everything of the store is read and compared with its digests, and these with those of the migration. */
static gboolean
look_at_store (StrataRetirementRun  *self,
               GError              **error)
{
  g_autoptr(StrataCheck) check = NULL;
  g_autofree char *because = NULL;

  _strata_steps_begin (self->steps, "verifying", 0);
  check = strata_check_run (self->store, self->cancellable, error);
  if (check == NULL || !_strata_retirement_compare_digests (self->store, self->way_back, &because, self->cancellable, error))
    return FALSE;

  for (guint i = 0; i < check->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (check->problems, i);

      if (strata_problem_get_severity (problem) != STRATA_SEVERITY_ERROR)
        continue;
      /* What was left in an old store may have been changed there, and is taken in then */
      if (g_path_is_absolute (strata_problem_get_path (problem)))
        {
          g_free (self->unreadable);
          self->unreadable = g_strdup (strata_problem_get_message (problem));
        }
      else
        return not_ready (self, "The store is damaged: %s: %s", strata_problem_get_path (problem), strata_problem_get_message (problem));
    }

  return because == NULL || not_ready (self, "%s", because);
}

/* A StrataRollbackFileFunc */
static gboolean
count_file (const StrataRollbackFile  *file,
            guint64                    number,
            gpointer                   user_data,
            GError                   **error)
{
  StrataRetirementRun *self = user_data;

  if (file->is_kept)
    self->summary.files_kept++;
  else
    {
      self->summary.files++;
      self->summary.bytes_freed += file->mark.size;
    }
  self->has_changed = self->has_changed || file->is_changed;

  return TRUE;
}

static gboolean
look_at_old_stores (StrataRetirementRun  *self,
                    GError              **error)
{
  guint64 bytes = 0;

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    bytes += is_to_go (self, i) ? _strata_rollback_manifest_get_bytes (g_ptr_array_index (self->way_back->manifests, i)) : 0;
  _strata_steps_begin (self->steps, "comparing", bytes);

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    {
      StrataRollbackManifest *manifest = g_ptr_array_index (self->way_back->manifests, i);
      g_autoptr(StrataOldComparison) comparison = NULL;

      if (!is_to_go (self, i))
        continue;
      if (!_strata_rollback_manifest_foreach (manifest, count_file, NULL, self, self->cancellable, error))
        return FALSE;
      /* Some of its files are gone already; each that is left is compared before it goes */
      if (has_begun (self, i))
        continue;

      comparison = _strata_old_comparison_make (manifest, self->steps, self->cancellable, error);
      if (comparison == NULL)
        return FALSE;
      if (comparison->counts[STRATA_OLD_DAMAGED] > 0)
        return not_ready (self, "%" G_GUINT64_FORMAT " files of the old store are damaged or missing: look at them with a rollback first",
                          comparison->counts[STRATA_OLD_DAMAGED]);
      self->has_changed = self->has_changed || comparison->differences->len > 0;
    }

  if (self->unreadable != NULL && !self->has_changed)
    return not_ready (self, "%s", self->unreadable);
  if (self->has_changed && self->because == NULL)
    self->because = g_strdup ("The old store was changed since: that is taken in first");

  return TRUE;
}

gboolean
_strata_retirement_run_look (StrataRetirementRun  *self,
                             GError              **error)
{
  static gboolean (* const looks[]) (StrataRetirementRun *, GError **) = {
    look_at_state, look_at_time, look_at_recovered, look_at_store, look_at_old_stores,
  };

  _strata_seam_get ()->mark ("look");
  self->has_changed = FALSE;
  self->summary = (StrataRetirementSummary) { .ready = TRUE, .days_left = -1 };
  g_clear_pointer (&self->because, g_free);
  g_clear_pointer (&self->unreadable, g_free);
  g_clear_pointer (&self->way_back, _strata_way_back_free);
  g_clear_object (&self->store);

  self->store = strata_store_open (self->store_path, error);
  self->way_back = self->store != NULL ? _strata_way_back_read (self->store, self->cancellable, error) : NULL;
  if (self->way_back == NULL)
    return FALSE;

  for (guint i = 0; i < G_N_ELEMENTS (looks) && self->summary.ready; i++)
    if (!looks[i] (self, error))
      return FALSE;

  return TRUE;
}

/* What was changed is taken in first */

static gboolean
take_in (StrataRetirementRun  *self,
         GError              **error)
{
  _strata_seam_get ()->mark ("again");
  _strata_steps_begin (self->steps, "taking in", 0);

  for (guint i = 0; i < self->way_back->manifests->len; i++)
    {
      const StrataRollbackHeader *header = get_header (self, i);
      g_autoptr(StrataMigration) migration = NULL;

      if (!is_to_go (self, i) || has_begun (self, i))
        continue;
      migration = _strata_migration_new_as_asked (self->store_path, _strata_store_get_dir (self->store), header->source);
      if (migration == NULL)
        {
          migration = strata_migration_new (self->store_path, header->legacy);
          strata_migration_set_attachments_path (migration, header->attachments);
        }
      /* It is going to be deleted: nothing is left there any more */
      strata_migration_set_refer (migration, FALSE);
      if (!strata_migration_run (migration, self->cancellable, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
settle (StrataRetirementRun  *self,
        GError              **error)
{
  for (guint i = 0; i < MAX_TRIES && self->summary.ready && self->has_changed; i++)
    if (!take_in (self, error) || !_strata_retirement_run_look (self, error))
      return FALSE;

  if (!self->has_changed || !self->summary.ready)
    return TRUE;

  return not_ready (self, "The old store is being written to: close Taskerino");
}

/* Deleting */

typedef struct
{
  StrataRetirementRun         *run;
  const StrataRollbackHeader  *header;
  int                          dirs[STRATA_OLD_N_ROOTS];
  guint64                      files;
  guint64                      bytes;
  guint64                      left;
} Deleting;

/* Whether it is, to the last byte, what was migrated. What looks untouched was compared a moment ago, or
 * before a crash; else it is read once more.
 */
static gboolean
is_the_same (Deleting                  *deleting,
             const StrataRollbackFile  *file,
             gboolean                  *out_there,
             gboolean                  *out_same,
             GError                   **error)
{
  int dir = deleting->dirs[file->root];
  g_autoptr(GError) stat_error = NULL;
  g_autoptr(GInputStream) stream = NULL;
  StrataFileMark mark;
  StrataDigest digest;
  struct stat status;

  *out_same = FALSE;
  *out_there = dir >= 0 && _strata_file_stat (dir, file->path, &status, &stat_error);
  if (!*out_there)
    {
      if (stat_error == NULL || g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&stat_error));
      return FALSE;
    }
  if (!S_ISREG (status.st_mode))
    return TRUE;

  _strata_file_mark_set (&mark, &status);
  *out_same = _strata_file_mark_equal (&mark, &file->mark) || file->kind == STRATA_OLD_DERIVED;
  if (*out_same || mark.size != file->mark.size)
    return TRUE;

  stream = _strata_file_stream_open_source (dir, file->path, error);
  if (stream == NULL || !_strata_digest_of_stream (stream, &digest, NULL, error))
    return FALSE;
  *out_same = file->has_digest && _strata_digest_equal (&digest, &file->digest);

  return TRUE;
}

/* The index of a database is of no use without it, and of some while it is there. */
static gboolean
database_is_there (Deleting                 *deleting,
                   const StrataRollbackFile *file)
{
  g_autofree char *database = g_str_has_suffix (file->path, "-shm") ? g_strndup (file->path, strlen (file->path) - 4) : NULL;
  struct stat status;

  return database == NULL || deleting->dirs[file->root] < 0 ||
         _strata_file_stat (deleting->dirs[file->root], database, &status, NULL);
}

/* A StrataRollbackFileFunc */
static gboolean
delete_file (const StrataRollbackFile  *file,
             guint64                    number,
             gpointer                   user_data,
             GError                   **error)
{
  Deleting *deleting = user_data;
  gboolean there, same;

  if (file->is_kept || (file->kind == STRATA_OLD_DERIVED && database_is_there (deleting, file)))
    return TRUE;
  if (!is_the_same (deleting, file, &there, &same, error))
    return FALSE;

  if (there && !same)
    {
      deleting->left++;
      return TRUE;
    }
  if (there && !_strata_file_unlink (deleting->dirs[file->root], file->path, error))
    return FALSE;
  deleting->files++;
  deleting->bytes += file->mark.size;
  _strata_steps_advance (deleting->run->steps, 1);

  return TRUE;
}

static gboolean
sync_old_store (Deleting  *deleting,
                GError   **error)
{
  for (guint i = 0; i < STRATA_OLD_N_ROOTS; i++)
    if (deleting->dirs[i] >= 0 && _strata_seam_get ()->syncfs (deleting->dirs[i]) < 0)
      {
        _strata_file_set_error (error, errno, "save to disk", deleting->header->roots[i]);
        return FALSE;
      }

  return TRUE;
}

/* With the old store goes what there was to put it right with. The manifest stays, to say what it was. */
static void
drop_copies (StrataRetirementRun *self,
             guint                source)
{
  g_autofree char *copies = _strata_rollback_dup_path (source, "copies");
  g_autoptr(GError) error = NULL;

  if (!_strata_file_remove_tree (_strata_store_get_dir (self->store), copies, &error))
    g_info ("Copies of the old store are left: %s", error->message);
}

static gboolean
delete_old_store (StrataRetirementRun  *self,
                  guint                 i,
                  GError              **error)
{
  StrataRollbackManifest *manifest = g_ptr_array_index (self->way_back->manifests, i);
  Deleting deleting = { .run = self, .header = get_header (self, i) };
  int dir = _strata_store_get_dir (self->store);
  g_autofree char *hex = _strata_digest_dup_hex (_strata_rollback_manifest_get_digest (manifest));
  gboolean ok;

  if (!has_begun (self, i) &&
      !_strata_journal_append (dir, error, "retire begin source=%u manifest=%s", deleting.header->source, hex))
    return FALSE;
  if (!_strata_old_roots_open (deleting.header, deleting.dirs, error))
    return FALSE;
  ok = _strata_rollback_manifest_foreach (manifest, delete_file, NULL, &deleting, NULL, error) && sync_old_store (&deleting, error);
  _strata_old_roots_close (deleting.dirs);
  if (!ok)
    return FALSE;

  self->summary.files += deleting.files;
  self->summary.bytes_freed += deleting.bytes;
  self->summary.files_kept += deleting.left;
  if (!_strata_journal_append (dir, error, "retire done source=%u files=%" G_GUINT64_FORMAT " left=%" G_GUINT64_FORMAT,
                               deleting.header->source, deleting.files, deleting.left))
    return FALSE;
  drop_copies (self, deleting.header->source);

  return TRUE;
}

static gboolean
delete_all (StrataRetirementRun  *self,
            GError              **error)
{
  guint64 kept = self->summary.files_kept;

  _strata_seam_get ()->mark ("delete");
  _strata_steps_begin (self->steps, "deleting", self->summary.files);
  self->summary.files = self->summary.bytes_freed = 0;
  self->summary.files_kept = kept;
  for (guint i = 0; i < self->way_back->manifests->len; i++)
    if (is_to_go (self, i) && !delete_old_store (self, i, error))
      return FALSE;

  return TRUE;
}

/* What was left in the old stores comes here before anything of them goes. */
static gboolean
bring_in (StrataRetirementRun  *self,
          GError              **error)
{
  g_autofree char *because = NULL;

  _strata_seam_get ()->mark ("bring in");
  if (!_strata_references_bring_in (self->store, self->steps, &because, self->cancellable, error))
    return FALSE;

  return because == NULL || not_ready (self, "%s", because);
}

gboolean
_strata_retirement_run_do (StrataRetirementRun  *self,
                           GError              **error)
{
  gboolean ok;
  int lock;

  if (!settle (self, error))
    return FALSE;
  if (!self->summary.ready)
    return TRUE;

  lock = _strata_way_back_lock (_strata_store_get_dir (self->store), error);
  if (lock < 0)
    return FALSE;
  ok = bring_in (self, error) &&
       (!self->summary.ready ||
        (!g_cancellable_set_error_if_cancelled (self->cancellable, error) && delete_all (self, error)));
  _strata_file_close (lock);

  return ok;
}

/* strata-migration.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/statvfs.h>

#include "base/strata-control-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "codec/strata-gzip-private.h"
#include "maintenance/strata-statistics.h"
#include "strata-inline-attachments-private.h"
#include "strata-journal-private.h"
#include "strata-migration-object-private.h"
#include "strata-survey-private.h"

#define LOCK_PATH "migration/lock"
/* More of them have nothing to do: one reads, and waits for the disk */
#define MAX_PACKING_THREADS 8
/* On top of what will be stored: databases, and what is in the air. A full disk lacks no less */
#define MARGIN_BYTES (1024 * 1024)

/**
 * strata_migration_set_batch_size:
 * @sessions: how many sessions share one wait for the disk, from 1; each of
 *   them is atomic whatever this is
 */
void
strata_migration_set_batch_size (StrataMigration *self,
                                 guint            sessions)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));
  g_return_if_fail (sessions > 0);

  self->batch_size = sessions;
}

/**
 * strata_migration_set_recover:
 * @recover: whether sessions that only an older copy of the old store still
 *   has are taken in; they are, unless this says not to
 */
void
strata_migration_set_recover (StrataMigration *self,
                              gboolean         recover)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  self->recover = recover;
}

/**
 * strata_migration_set_refer:
 * @refer: whether videos and other large files that the old store only points at
 *   stay there; they are copied, unless this says not to
 *
 * Their digests are recorded, and they are read where they are. Before the old store is
 * deleted they are brought in, see [class@Strata.Retirement]; or by a migration that copies.
 */
void
strata_migration_set_refer (StrataMigration *self,
                            gboolean         refer)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  self->refer = refer;
}

/**
 * strata_migration_set_items:
 * @items: (nullable) (array zero-terminated=1): ids of attachments, ids or keys of sessions, or paths of old files,
 *   as problems name them
 *
 * Tries what went wrong with these attachments again, and does nothing else: the sessions of the
 * old store are not read. Where one of the items is something else, or the last
 * migration did not come to its end, everything is migrated again, which tries them too.
 */
void
strata_migration_set_items (StrataMigration    *self,
                            const char *const  *items)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  g_strfreev (self->retry_items);
  self->retry_items = g_strdupv ((char **)items);
}

/**
 * strata_migration_set_compression:
 * @level: of gzip, 1 to 12, for what is written from now on; -1 leaves it plain,
 *   for later, as it is unless this says otherwise
 *
 * What is in the store already stays as it is. Parts that would not get at least
 * 5 % smaller are left plain.
 */
void
strata_migration_set_compression (StrataMigration *self,
                                  int              level)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));
  g_return_if_fail (level == -1 || (level >= 1 && level <= STRATA_GZIP_MAX_LEVEL));

  self->level = level;
}

/**
 * strata_migration_set_sessions_expected:
 * @sessions: how many sessions there are, as a plan says; 0: nobody knows
 *
 * Only so that it can be told how many are left.
 */
void
strata_migration_set_sessions_expected (StrataMigration *self,
                                        guint64          sessions)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  self->sessions_expected = sessions;
}

/**
 * strata_migration_set_attachments_path:
 * @path: (nullable): the data folder, or the folder above it, whose attachments
 *   and videos are meant, where they do not lie in the old store itself
 */
void
strata_migration_set_attachments_path (StrataMigration *self,
                                       const char      *path)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  g_free (self->attachments_path);
  self->attachments_path = g_strdup (path);
}

/**
 * strata_migration_set_source:
 * @source: (nullable): the name of one of the sources that a plan lists, or of
 *   a ZIP, database or backup as a whole: it is believed before all others
 *
 * Running fails with %STRATA_ERROR_SOURCE where there is none of that name.
 */
void
strata_migration_set_source (StrataMigration *self,
                             const char      *source)
{
  g_return_if_fail (STRATA_IS_MIGRATION (self));

  g_free (self->source);
  self->source = g_strdup (source);
}

/* Told from the run, asked from anywhere */

void
_strata_migration_report (StrataProblem *problem,
                          gpointer       migration)
{
  StrataMigration *self = migration;
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_ptr_array_add (self->problems, problem);
  _strata_migration_tell (self);
}

/* A step, of which @work is the first kind */
void
_strata_migration_set_step (StrataMigration *self,
                            const char      *step,
                            StrataWork       work,
                            guint64          items_total,
                            guint64          bytes_total)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->step = step;
  self->items = 0;
  self->items_total = items_total;
  self->bytes = 0;
  self->bytes_total = bytes_total;
  self->read_bytes = 0;
  self->guessed_bytes = 0;
  self->pace_base = 0;
  _strata_pace_begin (&self->pace, work, g_get_monotonic_time ());
  _strata_migration_tell (self);
}

/* Another kind of work of the same step begins; its bytes count from @bytes. */
void
_strata_migration_set_work (StrataMigration *self,
                            StrataWork       work,
                            guint64          bytes)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->bytes = MAX (bytes, self->bytes);
  self->read_bytes = 0;
  self->pace_base = self->bytes;
  _strata_pace_begin (&self->pace, work, g_get_monotonic_time ());
}

/* @items: 0 leaves it as it is */
void
_strata_migration_advance (StrataMigration *self,
                           guint64          items,
                           guint64          bytes)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->items = MAX (items, self->items);
  self->bytes = MAX (bytes, self->bytes);
  self->read_bytes = 0;
  _strata_migration_tell (self);
}

/* @name: (transfer full) (nullable): of the session under way */
void
_strata_migration_show_session (StrataMigration *self,
                                char            *name)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  g_free (self->session);
  self->session = name;
  _strata_migration_tell (self);
}

/* @activity: what is begun, for when it does not come back: "reading" or "saving" */
void
_strata_migration_set_activity (StrataMigration *self,
                                const char      *activity)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->activity = activity;
}

StrataMigrationCounts *
_strata_migration_lock_counts (StrataMigration *self)
{
  g_mutex_lock (&self->mutex);

  return &self->counts;
}

void
_strata_migration_unlock_counts (StrataMigration *self)
{
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_migration_get_state:
 *
 * Returns: see [struct@Strata.MigrationProgress]
 */
const char *
strata_migration_get_state (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return _strata_migration_state_get_name (self->state);
}

/**
 * strata_migration_get_progress:
 * @out_progress: (out caller-allocates): where it is now
 */
void
strata_migration_get_progress (StrataMigration         *self,
                               StrataMigrationProgress *out_progress)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  StrataMigrationView view;

  g_return_if_fail (STRATA_IS_MIGRATION (self));

  locker = g_mutex_locker_new (&self->mutex);
  _strata_migration_look (self, &view);
  out_progress->state = _strata_migration_state_get_name (view.state);
  out_progress->step = view.step;
  out_progress->reason = view.reason;
  out_progress->items = view.sessions_done;
  out_progress->items_total = view.sessions_total;
  out_progress->bytes = view.bytes_done;
  out_progress->bytes_total = view.bytes_total;
  out_progress->fraction = view.fraction;
  out_progress->elapsed = view.elapsed;
  out_progress->remaining = view.seconds_left;
  g_free (view.session);
}

/**
 * strata_migration_get_counts:
 * @out_counts: (out caller-allocates): what was done so far
 */
void
strata_migration_get_counts (StrataMigration       *self,
                             StrataMigrationCounts *out_counts)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_MIGRATION (self));

  locker = g_mutex_locker_new (&self->mutex);
  *out_counts = self->counts;
}

/**
 * strata_migration_dup_problems:
 *
 * Returns: (transfer full) (element-type StrataProblem): those met so far
 */
GPtrArray *
strata_migration_dup_problems (StrataMigration *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  GPtrArray *copy;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);
  copy = g_ptr_array_new_with_free_func (g_object_unref);
  for (guint i = 0; i < self->problems->len; i++)
    g_ptr_array_add (copy, g_object_ref (g_ptr_array_index (self->problems, i)));

  return copy;
}

/* One migration per store */

int
_strata_migration_lock (int      dir,
                        GError **error)
{
  g_autofree char *pid = g_strdup_printf ("%" G_GINT64_FORMAT "\n", (gint64)getpid ());
  int fd = _strata_file_open (dir, LOCK_PATH, O_RDWR | O_CREAT, error);

  if (fd < 0)
    return -1;

  if (_strata_seam_get ()->lock (fd, F_WRLCK) < 0)
    {
      if (errno == EAGAIN || errno == EACCES)
        g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "A migration into this store is running already");
      else
        _strata_file_set_error (error, errno, "lock", LOCK_PATH);
      _strata_file_close (fd);
      return -1;
    }

  /* For people who ask who it is; nothing depends on it */
  if (_strata_seam_get ()->truncate (fd, 0) == 0)
    _strata_file_write_all (fd, pid, strlen (pid), LOCK_PATH, NULL);

  return fd;
}

/**
 * strata_migration_find_holder:
 * @store_path: a store's folder
 * @out_pid: (out): the process that is migrating into it
 *
 * Returns: whether a migration is running
 */
gboolean
strata_migration_find_holder (const char *store_path,
                              gint64     *out_pid)
{
  int dir = _strata_file_open (AT_FDCWD, store_path, O_RDONLY | O_DIRECTORY, NULL);
  g_autoptr(GBytes) bytes = NULL;
  gboolean held = FALSE;
  int fd;

  if (dir < 0)
    return FALSE;

  fd = _strata_file_open (dir, LOCK_PATH, O_RDWR, NULL);
  if (fd >= 0)
    {
      held = _strata_seam_get ()->lock (fd, F_WRLCK) < 0;
      _strata_file_close (fd);
    }
  if (held)
    bytes = _strata_file_read (dir, LOCK_PATH, 64, NULL);
  if (bytes != NULL)
    {
      g_autofree char *text = g_strndup (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));

      *out_pid = g_ascii_strtoll (text, NULL, 10);
    }
  _strata_file_close (dir);

  return held;
}

/* States */

gboolean
_strata_migration_persist (StrataMigrationRun  *run,
                           const char          *state,
                           GError             **error)
{
  int dir = _strata_store_get_dir (run->store);
  g_autoptr(StrataHeader) header = NULL;
  gboolean is_new, ok;

  if (!_strata_store_lock (run->store, error))
    return FALSE;

  header = _strata_store_read_header (run->store, error);
  ok = header != NULL;
  if (ok)
    {
      g_autofree char *path = g_utf8_make_valid (_strata_legacy_store_get_path (run->legacy), -1);

      run->source = _strata_header_add_source (header, path, &is_new);
      run->was_complete = run->has_begun ? run->was_complete : strcmp (header->state, "complete") == 0 && !is_new;
      run->distrust = run->distrust || strcmp (header->state, "failed") == 0;
      ok = run->has_begun || (_strata_migration_note_beginning (run->store, run->source, error) &&
                              _strata_migration_note_asked (run, error));
      _strata_header_set_source_bytes (header, run->source, run->migration->counts.bytes_original);
      g_free (header->state);
      header->state = g_strdup (state);
      ok = ok && _strata_header_write (header, dir, error) &&
           _strata_journal_append (dir, error, "state %s source=%u", state, run->source);
    }
  _strata_store_unlock (run->store);
  run->has_begun = run->has_begun || ok;

  return ok;
}

static gboolean
set_state (StrataMigrationRun  *run,
           const char          *name,
           GError             **error)
{
  StrataMigration *self = run->migration;
  StrataMigrationState state;

  if (!_strata_migration_persist (run, name, error))
    return FALSE;

  g_mutex_lock (&self->mutex);
  if (_strata_migration_state_from_name (name, &state))
    _strata_migration_enter (self, state);
  g_mutex_unlock (&self->mutex);

  return TRUE;
}

gboolean
_strata_migration_go_to (StrataMigrationRun  *run,
                         const char          *name,
                         GError             **error)
{
  return set_state (run, name, error);
}

/* Before anything of it is read, so that what changes meanwhile is noticed. */
static gboolean
watch_old_store (StrataMigrationRun  *run,
                 GError             **error)
{
  const char *path = run->migration->legacy_path != NULL ? run->migration->legacy_path
                                                         : _strata_legacy_store_get_path (run->legacy);

  run->legacy_path = g_canonicalize_filename (path, NULL);
  if (run->migration->attachments_path != NULL)
    run->attachments_path = g_canonicalize_filename (run->migration->attachments_path, NULL);
  run->point = _strata_rollback_point_new (run->legacy, error);

  return run->point != NULL;
}

static void
begin_pace (StrataMigration    *self,
            const StrataSurvey *survey)
{
  const guint64 totals[STRATA_N_WORKS] = {
    [STRATA_WORK_COPY] = survey->bytes_original,
    [STRATA_WORK_CHECK_TEXT] = survey->bytes_text,
    [STRATA_WORK_CHECK_FILES] = survey->bytes_original - survey->bytes_text,
  };

  g_mutex_lock (&self->mutex);
  _strata_pace_init (&self->pace, totals);
  g_mutex_unlock (&self->mutex);
}

/* What there is in the old store, before anything is written. */
static gboolean
look_around (StrataMigrationRun  *run,
             GCancellable        *cancellable,
             GError             **error)
{
  StrataMigration *self = run->migration;
  StrataSurvey survey;

  run->candidates = _strata_legacy_candidates_gather (run->legacy, self->source, _strata_migration_report, self,
                                                      cancellable, error);
  if (run->candidates == NULL)
    return FALSE;

  _strata_survey_make (run->legacy, run->candidates, _strata_migration_report, self, &survey);
  self->counts.bytes_original = survey.bytes_original;
  run->bytes_estimated = survey.bytes_estimated - (self->refer ? survey.bytes_pointed_at : 0);
  begin_pace (self, &survey);

  return TRUE;
}

/* Where a folder is or would be, links resolved as far as it exists. */
static char *
dup_future_path (const char *path)
{
  g_autofree char *absolute = g_canonicalize_filename (path, NULL);
  g_autofree char *parent = NULL, *name = NULL, *real_parent = NULL;
  int fd = _strata_file_open (AT_FDCWD, absolute, O_RDONLY | O_DIRECTORY, NULL);
  char *real;

  if (fd >= 0)
    {
      real = _strata_file_dup_real_path (fd, absolute);
      _strata_file_close (fd);
      return real;
    }

  if (strcmp (absolute, "/") == 0)
    return g_steal_pointer (&absolute);
  parent = g_path_get_dirname (absolute);
  name = g_path_get_basename (absolute);
  real_parent = dup_future_path (parent);

  return g_build_filename (real_parent, name, NULL);
}

static gboolean
is_at_or_below (const char *path,
                const char *folder)
{
  gsize length = strlen (folder);

  return strncmp (path, folder, length) == 0 && (path[length] == '/' || path[length] == '\0');
}

/* The old store is never written to: the new one must lie elsewhere. */
static gboolean
check_apart (StrataMigration    *self,
             StrataLegacyStore  *legacy,
             GError            **error)
{
  const char *old_path = _strata_legacy_store_get_path (legacy);
  g_autofree char *new_path = dup_future_path (self->store_path);

  if (!is_at_or_below (new_path, old_path) && !is_at_or_below (old_path, new_path))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS,
               "The old store, “%s”, and the new one, “%s”, can't lie in each other; choose another folder for the new one",
               old_path, new_path);

  return FALSE;
}

/* The steps */

static gboolean
copy_everything (StrataMigrationRun  *run,
                 GCancellable        *cancellable,
                 GError             **error)
{
  StrataMigration *self = run->migration;

  _strata_migration_set_step (self, "copying", STRATA_WORK_COPY, self->sessions_expected, self->counts.bytes_original);

  return _strata_migration_run_sessions (run, cancellable, error) &&
         _strata_migration_run_collections (run, cancellable, error) &&
         _strata_migration_run_unused (run, cancellable, error);
}

static void
take_over_counts (StrataMigrationRun *run)
{
  const StrataAttachmentCounts *taken = _strata_attachment_taker_get_counts (run->taker);
  StrataMigrationCounts *counts = _strata_migration_lock_counts (run->migration);

  counts->attachments_stored = taken->stored;
  counts->attachments_deduplicated = taken->deduplicated;
  counts->attachments_missing = taken->missing;
  counts->attachments_failed = taken->failed;
  _strata_migration_unlock_counts (run->migration);
}

static gboolean
has_mismatch (StrataMigration *self)
{
  g_autoptr(GPtrArray) problems = strata_migration_dup_problems (self);

  for (guint i = 0; i < problems->len; i++)
    if (strcmp (strata_problem_get_code (g_ptr_array_index (problems, i)), "digest-mismatch") == 0)
      return TRUE;

  return FALSE;
}

static gboolean
check_proved (StrataMigrationRun  *run,
              GError             **error)
{
  if (!has_mismatch (run->migration))
    return TRUE;

  _strata_migration_write_report (run, "failed", NULL, NULL);
  set_state (run, "failed", NULL);
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT,
                       "Something read back is not what was read; the old store stays the one to trust");

  return FALSE;
}

static gboolean
verify_everything (StrataMigrationRun  *run,
                   GCancellable        *cancellable,
                   GError             **error)
{
  StrataMigration *self = run->migration;
  gint64 started = g_get_monotonic_time ();
  gboolean ok;

  _strata_migration_set_step (self, "verifying", STRATA_WORK_CHECK_TEXT, self->counts.sessions_migrated + self->counts.sessions_unchanged,
                              self->counts.bytes_original);
  ok = _strata_migration_run_verify (run, cancellable, error);
  self->counts.seconds_verify = (double)(g_get_monotonic_time () - started) / G_USEC_PER_SEC;

  return ok && _strata_migration_check_unchanged (run, error) && check_proved (run, error);
}

/* The way back, and the account of what was done: without them it is not complete. */
static gboolean
secure_everything (StrataMigrationRun  *run,
                   GCancellable        *cancellable,
                   GError             **error)
{
  return _strata_migration_run_secure (run, cancellable, error) &&
         _strata_migration_check_unchanged (run, error) &&
         _strata_migration_write_report (run, "complete", cancellable, error);
}

/* After an error in the middle: what was complete is kept. The space set aside
 * is given up first when the disk is full, so that this can succeed.
 */
static void
save_what_is_complete (StrataMigrationRun *run,
                       const GError       *cause)
{
  g_autoptr(GError) error = NULL;

  if (g_error_matches (cause, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    return;

  if (g_error_matches (cause, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
    _strata_store_release_reserve (run->store);
  if (!_strata_migration_run_commit (run, &error) || !set_state (run, "paused", &error))
    g_info ("The last batch is left for the next run: %s", error->message);
}

/* What is missing, about: what everything will take beside what is there already. Returns: bytes, never none */
static guint64
measure_missing (StrataMigrationRun *run)
{
  g_autoptr(StrataStatistics) statistics = strata_statistics_collect (run->store, NULL);
  guint64 needed = run->bytes_estimated + run->bytes_estimated / 10 + MARGIN_BYTES;
  guint64 there = statistics != NULL ? statistics->bytes_stored : 0;
  struct statvfs space;

  if (fstatvfs (_strata_store_get_dir (run->store), &space) == 0)
    there += (guint64)space.f_bavail * space.f_frsize;

  return MAX (needed, there + MARGIN_BYTES) - there;
}

/* Says what can be done about a full disk. */
static void
explain_full_disk (StrataMigrationRun  *run,
                   GError             **error)
{
  g_autoptr(GError) cause = g_steal_pointer (error);
  guint64 missing = measure_missing (run);
  g_autofree char *size = g_format_size (missing);

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE,
               "The disk is full: about %s more (%" G_GUINT64_FORMAT " bytes) are needed where “%s” is. What is complete is kept; "
               "make room and run this again (%s)",
               size, missing, run->migration->store_path, cause->message);
}

/* After somebody cancelled it */
static void
give_up (StrataMigrationRun *run)
{
  g_autoptr(GError) error = NULL;
  gboolean ok;

  if (run->migration->cancel == STRATA_CANCEL_DISCARD)
    ok = !run->has_begun || _strata_migration_remove_added (run->store, run->source, &error);
  else
    ok = run->batch == NULL || _strata_migration_run_commit (run, &error);

  if (!ok || !set_state (run, "cancelled", &error))
    g_info ("The migration could not be given up in good order: %s", error->message);
}

/* What was passed over, such as backups, counts as done at the end. */
static gboolean
finish_progress (StrataMigration *self)
{
  _strata_migration_advance (self, self->items_total, self->bytes_total);

  return TRUE;
}

/* Single items only */
static gboolean
try_again (StrataMigrationRun  *run,
           GPtrArray           *retries,
           GCancellable        *cancellable,
           GError             **error)
{
  if (!_strata_migration_run_retries (run, retries, cancellable, error))
    return FALSE;
  take_over_counts (run);

  return check_proved (run, error) && finish_progress (run->migration) && set_state (run, "complete", error);
}

static gboolean
run_steps (StrataMigrationRun  *run,
           GCancellable        *cancellable,
           GError             **error)
{
  g_autoptr(GHashTable) metas = NULL;
  g_autoptr(GPtrArray) retries = NULL;

  if (!set_state (run, "running", error))
    return FALSE;

  metas = _strata_inline_attachments_gather (run->candidates, cancellable);
  run->taker = _strata_attachment_taker_new (run->legacy, run->store, run->source, run->crew, _strata_migration_report,
                                             run->migration);
  _strata_attachment_taker_set_inline_metas (run->taker, metas);
  run->batch = _strata_batch_new (run->store, error);
  if (run->batch == NULL)
    return FALSE;
  if (run->migration->level > 0)
    run->packer = _strata_part_packer_new (_strata_batch_get_staging (run->batch), run->migration->level,
                                           MIN (g_get_num_processors (), MAX_PACKING_THREADS) - 1);
  if (!_strata_rollback_point_begin (run->point, run->store, _strata_batch_get_staging (run->batch), error))
    return FALSE;
  _strata_batch_set_distrust (run->batch, run->distrust);
  _strata_attachment_taker_set_distrust (run->taker, run->distrust);
  _strata_attachment_taker_set_refer (run->taker, run->migration->refer);

  retries = _strata_migration_find_retries (run);
  if (retries != NULL)
    return try_again (run, retries, cancellable, error);

  if (!copy_everything (run, cancellable, error))
    return FALSE;
  take_over_counts (run);

  return set_state (run, "verifying", error) &&
         verify_everything (run, cancellable, error) &&
         secure_everything (run, cancellable, error) &&
         finish_progress (run->migration) &&
         set_state (run, "complete", error);
}

static void
run_clear (StrataMigrationRun *run)
{
  g_clear_pointer (&run->packer, _strata_part_packer_free);
  g_clear_pointer (&run->point, _strata_rollback_point_free);
  g_clear_pointer (&run->batch, _strata_batch_free);
  g_clear_pointer (&run->taker, _strata_attachment_taker_free);
  g_clear_pointer (&run->candidates, _strata_legacy_candidates_free);
  g_clear_pointer (&run->legacy, _strata_legacy_store_free);
  g_clear_object (&run->store);
  g_clear_pointer (&run->claimed, g_hash_table_unref);
  g_clear_pointer (&run->counted, g_hash_table_unref);
  g_clear_pointer (&run->known, g_hash_table_unref);
  g_clear_pointer (&run->discarded, g_hash_table_unref);
  g_clear_pointer (&run->deleted, _strata_deleted_free);
  g_clear_pointer (&run->left_out, g_hash_table_unref);
  g_clear_pointer (&run->unused_key, g_free);
  g_clear_pointer (&run->origins, g_ptr_array_unref);
  g_clear_pointer (&run->collections, g_hash_table_unref);
  g_clear_pointer (&run->torn_collections, g_hash_table_unref);
  g_clear_pointer (&run->fingerprints, g_hash_table_unref);
  g_clear_pointer (&run->legacy_path, g_free);
  g_clear_pointer (&run->attachments_path, g_free);
}

static void
measure_result (StrataMigrationRun *run)
{
  g_autoptr(StrataStatistics) statistics = strata_statistics_collect (run->store, NULL);

  if (statistics == NULL)
    return;

  run->migration->counts.bytes_stored = statistics->bytes_stored;
  run->migration->counts.bytes_on_disk = statistics->bytes_on_disk;
}

static gboolean
run_locked (StrataMigrationRun  *run,
            GCancellable        *cancellable,
            GError             **error)
{
  g_autoptr(GError) run_error = NULL;
  gboolean ok = run_steps (run, cancellable, &run_error);

  if (!ok)
    {
      if (g_error_matches (run_error, G_IO_ERROR, G_IO_ERROR_CANCELLED) && run->migration->cancel != STRATA_CANCEL_NONE)
        give_up (run);
      else if (run->batch != NULL)
        save_what_is_complete (run, run_error);
      if (run->taker != NULL)
        take_over_counts (run);
      if (g_error_matches (run_error, G_IO_ERROR, G_IO_ERROR_NO_SPACE))
        explain_full_disk (run, &run_error);
      g_propagate_error (error, g_steal_pointer (&run_error));
    }
  measure_result (run);

  return ok;
}

/* The run, between its beginning and its end */
static gboolean
run_all (StrataMigrationRun  *run,
         GCancellable        *cancellable,
         GError             **error)
{
  StrataMigration *self = run->migration;
  g_autoptr(StrataCrew) crew = _strata_migration_make_crew (self);
  g_autoptr(StrataControl) control = NULL;
  g_autoptr(GError) control_error = NULL;
  gboolean ok = FALSE;
  int lock_fd;

  run->crew = crew;
  run->batch_size = self->batch_size;
  run->claimed = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->counted = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->known = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->left_out = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->torn_collections = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  run->fingerprints = g_hash_table_new_full (NULL, NULL, NULL, g_free);
  run->recover = self->recover;
  run->legacy = _strata_legacy_store_open (self->legacy_path, self->attachments_path, NULL, cancellable, error);
  if (run->legacy != NULL && check_apart (self, run->legacy, error) && watch_old_store (run, error) &&
      look_around (run, cancellable, error))
    run->store = strata_store_open_or_create (self->store_path, error);

  lock_fd = run->store != NULL ? _strata_migration_lock (_strata_store_get_dir (run->store), error) : -1;
  if (lock_fd >= 0)
    {
      control = _strata_control_listen (_strata_store_get_dir (run->store), "migration", _strata_migration_answer, self, &control_error);
      if (control == NULL)
        g_info ("Other processes can't pause this: %s", control_error->message);
      _strata_store_make_reserve (run->store);
      /* Now there is a place whose space can be looked at */
      g_mutex_lock (&self->mutex);
      self->looked_us = 0;
      g_mutex_unlock (&self->mutex);
      ok = run_locked (run, cancellable, error);
      g_clear_pointer (&control, _strata_control_free);
      _strata_file_close (lock_fd);
    }

  return ok;
}

gboolean
_strata_migration_run (StrataMigration  *self,
                       GCancellable     *cancellable,
                       GError          **error)
{
  StrataMigrationRun run = { .migration = self };
  g_autoptr(GCancellable) stopper = NULL;
  g_autoptr(GError) run_error = NULL;
  StrataMigrationCounts *counts;
  gulong handler;
  gboolean ok;

  stopper = _strata_migration_begin (&run, cancellable, &handler);
  _strata_seam_get ()->mark ("open");
  ok = run_all (&run, stopper, &run_error);
  _strata_migration_end (&run, run_error, cancellable, handler);
  run_clear (&run);
  counts = _strata_migration_lock_counts (self);
  counts->seconds_total = (double)(g_get_monotonic_time () - self->started_us) / G_USEC_PER_SEC;
  _strata_migration_unlock_counts (self);
  if (!ok)
    g_propagate_error (error, g_steal_pointer (&run_error));

  return ok;
}

/**
 * strata_migration_run:
 * @cancellable: (nullable): triggering it pauses and ends: what is complete is
 *   committed, and a later run continues
 *
 * Runs the migration to its end, on this thread, which must not be one that draws.
 *
 * Problems of single items do not stop it, see
 * [method@Strata.Migration.dup_problems]. What stops it leaves the old store
 * untouched and the new one whole: %G_IO_ERROR_NO_SPACE,
 * %G_IO_ERROR_PERMISSION_DENIED, %G_IO_ERROR_CANCELLED, %STRATA_ERROR_IN_USE,
 * %STRATA_ERROR_SOURCE, or %STRATA_ERROR_CORRUPT where something read back is
 * not what was read.
 *
 * Returns: whether everything is in the new store and was compared
 */
gboolean
strata_migration_run (StrataMigration  *self,
                      GCancellable     *cancellable,
                      GError          **error)
{
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_MIGRATION (self), FALSE);

  if (!_strata_migration_activate (self))
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "The migration is running already");
      return FALSE;
    }
  ok = _strata_migration_run (self, cancellable, error);
  _strata_migration_deactivate (self);

  return ok;
}

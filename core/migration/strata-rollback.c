/* strata-rollback.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-task-private.h"
#include "strata-journal-private.h"
#include "strata-rollback-run-private.h"

/* Of a store that is being removed; what a crash leaves of it goes with the next */
#define PURGED_SUFFIX ".purged"

/**
 * StrataRollback:
 *
 * Goes back to the old stores: proves that they are what was migrated, or puts
 * back what is damaged, or exports what was migrated where Taskerino has changed
 * them since; exports what was added or changed in Strata; and moves the store
 * to a folder beside its place, its name with `.trash`, from where
 * [func@Strata.rollback_undo] brings it back until [func@Strata.rollback_purge].
 *
 * Once it has begun it can't be cancelled. One that was interrupted goes on when
 * it is run again, as it was begun.
 *
 * The old stores are only read, unless [method@Strata.Rollback.set_restore] says
 * that damage in them is to be put right.
 *
 * Threads: make it where its properties are to be notified. check() and run() work
 * on the calling thread, which must not be one that draws; the asynchronous ones
 * on a thread of their own. The getters may be called from any.
 */
struct _StrataRollback
{
  GObject                parent_instance;

  /* Set at construction */
  char                  *store_path;
  StrataSteps            steps;

  /* Guarded by @mutex */
  GMutex                 mutex;
  gboolean               is_busy;
  char                  *export_path;
  gboolean               restore;
  gboolean               is_decided;
  StrataRollbackSummary  summary;
  gboolean               needs_export;
  GPtrArray             *problems;
  char                  *exported;
  char                  *trash;
};

enum
{
  PROP_0,
  PROP_STEP,
  PROP_FRACTION,
  N_PROPERTIES
};

static GParamSpec *properties[N_PROPERTIES];

G_DEFINE_FINAL_TYPE (StrataRollback, strata_rollback, G_TYPE_OBJECT)

static void
strata_rollback_get_property (GObject    *object,
                              guint       id,
                              GValue     *value,
                              GParamSpec *pspec)
{
  StrataRollback *self = STRATA_ROLLBACK (object);

  switch (id)
    {
    case PROP_STEP:
      g_value_set_string (value, strata_rollback_get_step (self));
      break;

    case PROP_FRACTION:
      g_value_set_double (value, strata_rollback_get_fraction (self));
      break;

    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, id, pspec);
    }
}

static void
strata_rollback_finalize (GObject *object)
{
  StrataRollback *self = STRATA_ROLLBACK (object);

  g_free (self->store_path);
  g_free (self->export_path);
  g_free (self->exported);
  g_free (self->trash);
  g_ptr_array_unref (self->problems);
  _strata_steps_clear (&self->steps);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_rollback_parent_class)->finalize (object);
}

static void
strata_rollback_class_init (StrataRollbackClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);

  object_class->get_property = strata_rollback_get_property;
  object_class->finalize = strata_rollback_finalize;

  /**
   * StrataRollback:step:
   *
   * What is being done: `waiting`, `comparing`, `preparing`, `putting back`, `exporting`, `moving`
   */
  properties[PROP_STEP] =
    g_param_spec_string ("step", NULL, NULL, "waiting", G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  /**
   * StrataRollback:fraction:
   *
   * How much of the step is done, from 0 to 1; 0 where nobody knows
   */
  properties[PROP_FRACTION] =
    g_param_spec_double ("fraction", NULL, NULL, 0, 1, 0, G_PARAM_READABLE | G_PARAM_STATIC_STRINGS);

  g_object_class_install_properties (object_class, N_PROPERTIES, properties);
}

static void
strata_rollback_init (StrataRollback *self)
{
  g_mutex_init (&self->mutex);
  _strata_steps_init (&self->steps, G_OBJECT (self));
  self->problems = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * strata_rollback_new:
 * @store_path: a store's folder
 *
 * Returns: (transfer full): a rollback that nobody has asked for yet
 */
StrataRollback *
strata_rollback_new (const char *store_path)
{
  StrataRollback *self;

  g_return_val_if_fail (store_path != NULL, NULL);

  self = g_object_new (STRATA_TYPE_ROLLBACK, NULL);
  self->store_path = g_strdup (store_path);

  return self;
}

/**
 * strata_rollback_set_export_path:
 * @path: (nullable): a folder that is not there yet, or is empty
 *
 * Where to export to what the old stores alone do not have. Needed where
 * [method@Strata.Rollback.needs_export] says so; else nothing is made there.
 */
void
strata_rollback_set_export_path (StrataRollback *self,
                                 const char     *path)
{
  g_return_if_fail (STRATA_IS_ROLLBACK (self));

  g_mutex_lock (&self->mutex);
  g_free (self->export_path);
  self->export_path = path != NULL ? g_canonicalize_filename (path, NULL) : NULL;
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_rollback_set_restore:
 * @restore: whether what is damaged in the old stores is put back as it was. Else
 *   it is left, and what was migrated is exported
 *
 * Until this was said, a rollback over a damaged old store fails with
 * %STRATA_ERROR_CORRUPT, and nothing has happened.
 */
void
strata_rollback_set_restore (StrataRollback *self,
                             gboolean        restore)
{
  g_return_if_fail (STRATA_IS_ROLLBACK (self));

  g_mutex_lock (&self->mutex);
  self->restore = restore;
  self->is_decided = TRUE;
  g_mutex_unlock (&self->mutex);
}

/* What was found */

static void
add_problems (GPtrArray           *problems,
              StrataOldComparison *comparison)
{
  static const char *const codes[STRATA_OLD_N_VERDICTS] = {
    [STRATA_OLD_CHANGED] = "source-changed",
    [STRATA_OLD_GONE] = "source-changed",
    [STRATA_OLD_ADDED] = "source-changed",
    [STRATA_OLD_DAMAGED] = "digest-mismatch",
  };

  for (guint i = 0; i < comparison->differences->len; i++)
    {
      const StrataOldDifference *difference = g_ptr_array_index (comparison->differences, i);

      g_ptr_array_add (problems, strata_problem_new (codes[difference->verdict], difference->file.path, NULL, NULL, -1, "%s",
                                                     difference->because));
    }
}

static void
take_findings (StrataRollback    *self,
               StrataRollbackRun *run)
{
  g_autoptr(GPtrArray) problems = g_ptr_array_new_with_free_func (g_object_unref);

  for (guint i = 0; run->comparisons != NULL && i < run->comparisons->len; i++)
    add_problems (problems, g_ptr_array_index (run->comparisons, i));

  g_mutex_lock (&self->mutex);
  self->summary = run->summary;
  self->needs_export = run->needs_export;
  g_ptr_array_unref (self->problems);
  self->problems = g_steal_pointer (&problems);
  g_free (self->exported);
  self->exported = g_strdup (run->exported);
  g_free (self->trash);
  self->trash = g_strdup (run->trash);
  g_mutex_unlock (&self->mutex);
}

/* One call at a time works. */
static gboolean
begin_work (StrataRollback     *self,
            StrataRollbackRun  *run,
            GCancellable       *cancellable,
            GError            **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  if (self->is_busy)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "It is being rolled back already");
      return FALSE;
    }

  self->is_busy = TRUE;
  run->store_path = self->store_path;
  run->export_path = g_strdup (self->export_path);
  run->restore = self->restore;
  run->is_decided = self->is_decided;
  run->steps = &self->steps;
  run->cancellable = cancellable;

  return TRUE;
}

static void
end_work (StrataRollback    *self,
          StrataRollbackRun *run)
{
  take_findings (self, run);
  _strata_rollback_run_clear (run);
  _strata_steps_begin (&self->steps, "waiting", 0);
  g_mutex_lock (&self->mutex);
  self->is_busy = FALSE;
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_rollback_check:
 * @cancellable: (nullable): a cancellable
 *
 * Reads the old stores and says what a rollback would find; changes nothing.
 *
 * Returns: whether it could; %STRATA_ERROR_NOT_FOUND: there is nothing to go back
 *   to; %STRATA_ERROR_UNSUITABLE: the old store was deleted; %STRATA_ERROR_SOURCE:
 *   it can't be read now
 */
gboolean
strata_rollback_check (StrataRollback  *self,
                       GCancellable    *cancellable,
                       GError         **error)
{
  StrataRollbackRun run = { 0 };
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), FALSE);

  if (!begin_work (self, &run, cancellable, error))
    return FALSE;
  ok = _strata_rollback_run_look (&run, error);
  end_work (self, &run);

  return ok;
}

/**
 * strata_rollback_run:
 * @cancellable: (nullable): triggering it has an effect until it has begun, that is,
 *   while it compares and prepares
 *
 * Rolls back. On failure the store is in its place, and the old stores are as they
 * were, but for damage that was put right; to be called again then.
 *
 * Returns: whether it succeeded; %STRATA_ERROR_CORRUPT: something is damaged, and
 *   nobody has said what to do about it, see [method@Strata.Rollback.set_restore];
 *   %STRATA_ERROR_UNSUITABLE: a folder to export to is missing, or does not do;
 *   %STRATA_ERROR_IN_USE: another process works on the store
 */
gboolean
strata_rollback_run (StrataRollback  *self,
                     GCancellable    *cancellable,
                     GError         **error)
{
  StrataRollbackRun run = { 0 };
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), FALSE);

  if (!begin_work (self, &run, cancellable, error))
    return FALSE;
  ok = _strata_rollback_run_look (&run, error) && _strata_rollback_run_do (&run, error);
  end_work (self, &run);

  return ok;
}

/* Asynchronously */

static gboolean
do_check (gpointer       self,
          GCancellable  *cancellable,
          GError       **error)
{
  return strata_rollback_check (self, cancellable, error);
}

static gboolean
do_run (gpointer       self,
        GCancellable  *cancellable,
        GError       **error)
{
  return strata_rollback_run (self, cancellable, error);
}

/**
 * strata_rollback_check_async:
 * @cancellable: (nullable): a cancellable
 * @callback: called in the caller's main context
 *
 * As [method@Strata.Rollback.check].
 */
void
strata_rollback_check_async (StrataRollback      *self,
                             GCancellable        *cancellable,
                             GAsyncReadyCallback  callback,
                             gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_ROLLBACK (self));

  _strata_task_run (self, strata_rollback_check_async, do_check, cancellable, callback, user_data);
}

/**
 * strata_rollback_check_finish:
 *
 * Returns: see [method@Strata.Rollback.check]
 */
gboolean
strata_rollback_check_finish (StrataRollback  *self,
                              GAsyncResult    *result,
                              GError         **error)
{
  return _strata_task_finish (self, result, error);
}

/**
 * strata_rollback_run_async:
 * @cancellable: (nullable): see [method@Strata.Rollback.run]
 * @callback: called in the caller's main context
 *
 * As [method@Strata.Rollback.run]. It goes on when nobody holds the object any more.
 */
void
strata_rollback_run_async (StrataRollback      *self,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_ROLLBACK (self));

  _strata_task_run (self, strata_rollback_run_async, do_run, cancellable, callback, user_data);
}

/**
 * strata_rollback_run_finish:
 *
 * Returns: see [method@Strata.Rollback.run]
 */
gboolean
strata_rollback_run_finish (StrataRollback  *self,
                            GAsyncResult    *result,
                            GError         **error)
{
  return _strata_task_finish (self, result, error);
}

/* Asking */

const char *
strata_rollback_get_step (StrataRollback *self)
{
  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), NULL);

  return _strata_steps_get_step (&self->steps);
}

double
strata_rollback_get_fraction (StrataRollback *self)
{
  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), 0);

  return _strata_steps_get_fraction (&self->steps);
}

/**
 * strata_rollback_needs_export:
 *
 * Returns: whether the last look found anything that the old stores alone do not have
 */
gboolean
strata_rollback_needs_export (StrataRollback *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), FALSE);

  locker = g_mutex_locker_new (&self->mutex);

  return self->needs_export;
}

/**
 * strata_rollback_get_summary:
 * @out_summary: (out caller-allocates): what the last look found, and the run did
 */
void
strata_rollback_get_summary (StrataRollback        *self,
                             StrataRollbackSummary *out_summary)
{
  g_return_if_fail (STRATA_IS_ROLLBACK (self));

  g_mutex_lock (&self->mutex);
  *out_summary = self->summary;
  g_mutex_unlock (&self->mutex);
}

/**
 * strata_rollback_dup_problems:
 *
 * Returns: (transfer full) (element-type StrataProblem): each file of the old
 *   stores that is not what it was: `source-changed`, or `digest-mismatch` for damage
 */
GPtrArray *
strata_rollback_dup_problems (StrataRollback *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_ptr_array_copy (self->problems, (GCopyFunc)(void (*) (void))g_object_ref, NULL);
}

/**
 * strata_rollback_dup_exported:
 *
 * Returns: (transfer full) (nullable): the folder that the run exported to
 */
char *
strata_rollback_dup_exported (StrataRollback *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->exported);
}

/**
 * strata_rollback_dup_trash:
 *
 * Returns: (transfer full) (nullable): where the run moved the store
 */
char *
strata_rollback_dup_trash (StrataRollback *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_ROLLBACK (self), NULL);

  locker = g_mutex_locker_new (&self->mutex);

  return g_strdup (self->trash);
}

/**
 * strata_rollback_outcome_get_name:
 *
 * Returns: (nullable): `identical`, `changed` or `damaged`
 */
const char *
strata_rollback_outcome_get_name (StrataRollbackOutcome outcome)
{
  static const char *const names[] = { NULL, "identical", "changed", "damaged" };

  g_return_val_if_fail ((guint)outcome < G_N_ELEMENTS (names), NULL);

  return names[outcome];
}

/* The trash */

/**
 * strata_rollback_dup_trash_path:
 * @store_path: where the store was
 *
 * Looks at the disk.
 *
 * Returns: (transfer full) (nullable): the store in the trash that was moved there last
 */
char *
strata_rollback_dup_trash_path (const char *store_path)
{
  g_return_val_if_fail (store_path != NULL, NULL);

  return _strata_rollback_dup_last_trash (store_path);
}

static char *
find_trash (const char  *store_path,
            GError     **error)
{
  char *trash = _strata_rollback_dup_last_trash (store_path);

  if (trash == NULL)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no store in the trash beside “%s”", store_path);

  return trash;
}

/**
 * strata_rollback_undo:
 * @store_path: where the store was
 *
 * Brings a store back that was rolled back, as it was; the last one where there
 * are several. What was exported stays. Touches files: not for a thread that draws.
 *
 * Returns: whether it did; %STRATA_ERROR_NOT_FOUND: there is none; %STRATA_ERROR_EXISTS:
 *   there is a store in its place
 */
gboolean
strata_rollback_undo (const char  *store_path,
                      GError     **error)
{
  g_autofree char *path = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *trash = NULL;
  struct stat status;
  gboolean ok;
  int dir;

  g_return_val_if_fail (store_path != NULL, FALSE);

  path = g_canonicalize_filename (store_path, NULL);
  parent = g_path_get_dirname (path);
  trash = find_trash (path, error);
  if (trash == NULL)
    return FALSE;
  if (_strata_file_stat (AT_FDCWD, path, &status, NULL))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_EXISTS, "There is a store at “%s” already; move it away first", path);
      return FALSE;
    }

  dir = _strata_file_open (AT_FDCWD, trash, O_RDONLY | O_DIRECTORY, error);
  if (dir < 0)
    return FALSE;
  /* Said before it is done: whoever finds it in its place is not to go on rolling back */
  ok = _strata_journal_append (dir, error, "rollback undone");
  _strata_file_close (dir);

  return ok && _strata_file_rename (AT_FDCWD, trash, path, error) && _strata_file_sync_dir (AT_FDCWD, parent, error);
}

/**
 * strata_rollback_purge:
 * @store_path: where the store was
 *
 * Removes a store that was rolled back for good; the last one where there are
 * several. Touches files: not for a thread that draws.
 *
 * Returns: whether it did; %STRATA_ERROR_NOT_FOUND: there is none
 */
gboolean
strata_rollback_purge (const char  *store_path,
                       GError     **error)
{
  g_autofree char *trash = NULL;
  g_autofree char *parent = NULL;
  g_autofree char *going = NULL;

  g_return_val_if_fail (store_path != NULL, FALSE);

  trash = find_trash (store_path, error);
  if (trash == NULL)
    return FALSE;
  parent = g_path_get_dirname (trash);
  going = g_strconcat (trash, PURGED_SUFFIX, NULL);

  /* Under another name, on disk, before anything in it goes: nobody can bring half of it back */
  return _strata_file_remove_tree (AT_FDCWD, going, error) &&
         _strata_file_rename (AT_FDCWD, trash, going, error) &&
         _strata_file_sync_dir (AT_FDCWD, parent, error) &&
         _strata_file_remove_tree (AT_FDCWD, going, error);
}

/**
 * strata_rollback_get_left:
 * @store: a store
 * @retention_days: how long old stores are kept, see %STRATA_RETENTION_DAYS
 * @out_available: (out): whether there is a way back
 * @out_days_left: (out): days until the old stores may be deleted, 0 when that is
 *   now; -1 where there is no way back
 *
 * Reads the journal. Touches files: not for a thread that draws.
 *
 * Returns: whether it could be told
 */
gboolean
strata_rollback_get_left (StrataStore  *store,
                          guint         retention_days,
                          gboolean     *out_available,
                          gint         *out_days_left,
                          GError      **error)
{
  g_autoptr(StrataWayBack) way_back = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);

  way_back = _strata_way_back_glance (store, error);
  if (way_back == NULL)
    return FALSE;

  *out_available = way_back->complete->len > 0;
  for (guint i = 0; i < way_back->complete->len; i++)
    if (_strata_way_back_is_retired (way_back, g_array_index (way_back->complete, guint, i)))
      *out_available = FALSE;

  *out_days_left = *out_available ? _strata_way_back_get_days_left (way_back, retention_days) : -1;

  return TRUE;
}

/**
 * strata_rollback_get_begun:
 * @store: a store
 * @out_begun: (out): whether a rollback was interrupted, and goes on when it is run again
 *
 * Reads the journal. Touches files: not for a thread that draws.
 *
 * Returns: whether it could be told
 */
gboolean
strata_rollback_get_begun (StrataStore  *store,
                           gboolean     *out_begun,
                           GError      **error)
{
  g_autoptr(StrataWayBack) way_back = NULL;

  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);

  way_back = _strata_way_back_glance (store, error);
  if (way_back == NULL)
    return FALSE;

  *out_begun = way_back->begun.token != NULL;

  return TRUE;
}

/* strata-gc-run.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-gc-private.h"

/* The lock is held no longer than this and the work on one file, and then left to others
 * for a while: who waits for it looks every 10 ms.
 */
#define SLICE_US (50 * 1000)
#define PAUSE_US (20 * 1000)
/* To remove a file takes the longer the larger it is: a large one is only renamed under the lock. */
#define LARGE_BYTES (16 * 1024 * 1024)

#define PURGED_PREFIX "trash/purged~"

typedef struct
{
  StrataGcPlan  *plan;
  StrataStore   *store;
  int            dir;
  StrataGcRoots *roots;
  gboolean       purge;
  StrataGarbage *result;
  GPtrArray     *purged;     /* paths of what is out of the way and is to be removed without the lock */
  gboolean       has_lock;
  gint64         begun_us;
  GCancellable  *cancellable;
  gboolean       spares_objects; /* something may come back that the roots know nothing of */
} Run;

/* Removing for good, without the lock */

/* That it is out of the way must be on disk before anything in it goes: a session that
 * comes back from the trash has to be whole.
 */
static gboolean
remove_purged (Run     *self,
               GError **error)
{
  if (self->purged->len == 0)
    return TRUE;
  if (!_strata_file_sync_dir (self->dir, "trash", error))
    return FALSE;

  for (guint i = 0; i < self->purged->len; i++)
    if (!_strata_file_remove_tree (self->dir, g_ptr_array_index (self->purged, i), error))
      return FALSE;
  g_ptr_array_set_size (self->purged, 0);

  return TRUE;
}

/* Slices */

static void
end_slice (Run *self)
{
  if (self->has_lock)
    _strata_store_unlock (self->store);
  self->has_lock = FALSE;
}

/* Most of what others did meanwhile is read before the lock is taken. */
static gboolean
begin_slice (Run     *self,
             GError **error)
{
  if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
      !_strata_gc_roots_catch_up (self->roots, FALSE, error) || !_strata_store_lock (self->store, error))
    return FALSE;

  self->has_lock = TRUE;
  self->begun_us = g_get_monotonic_time ();

  return _strata_gc_roots_catch_up (self->roots, TRUE, error);
}

static gboolean
is_due (Run *self)
{
  return g_get_monotonic_time () - self->begun_us >= SLICE_US;
}

typedef gboolean (*RunFunc) (Run           *self,
                             StrataGcFile  *file,
                             GError       **error);

/* Does @func to each file, with the lock held. */
static gboolean
do_all (Run        *self,
        GPtrArray  *files,
        RunFunc     func,
        GError    **error)
{
  for (guint i = 0; i < files->len; i++)
    {
      if (self->has_lock && is_due (self))
        {
          end_slice (self);
          if (!remove_purged (self, error))
            return FALSE;
          g_usleep (PAUSE_US);
        }
      if ((!self->has_lock && !begin_slice (self, error)) || !func (self, g_ptr_array_index (files, i), error))
        {
          end_slice (self);
          return FALSE;
        }
    }
  end_slice (self);

  return remove_purged (self, error);
}

/* What is done to one file, with the lock held */

/* Whether it is what was looked at when it was planned. @out_bytes: what it takes now */
static gboolean
is_as_planned (Run                *self,
               const StrataGcFile *file)
{
  struct stat status;

  return _strata_file_stat (self->dir, file->path, &status, NULL) && (gint64)status.st_ctim.tv_sec == file->changed_s &&
         (S_ISDIR (status.st_mode) || (guint64)status.st_size == file->bytes);
}

static gboolean
purge_file (Run           *self,
            StrataGcFile  *file,
            GError       **error)
{
  if (file->kind == STRATA_GC_SESSION || file->bytes >= LARGE_BYTES)
    {
      g_autofree char *name = g_path_get_basename (file->path);
      g_autofree char *to = g_strconcat (PURGED_PREFIX, name, NULL);

      if (!_strata_file_rename (self->dir, file->path, to, error))
        return FALSE;
      g_ptr_array_add (self->purged, g_steal_pointer (&to));
    }
  else if (!_strata_file_unlink (self->dir, file->path, error))
    return FALSE;

  self->result->purged++;
  self->result->bytes_freed += file->bytes;

  return TRUE;
}

/* A session or item whose session was changed since may be wanted back; next time, then. What it
 * needs is known again by then, unless nobody said why it is not as it was.
 */
static gboolean
purge_doomed (Run           *self,
              StrataGcFile  *file,
              GError       **error)
{
  g_autoptr(GError) stat_error = NULL;
  struct stat status;

  if (!_strata_file_stat (self->dir, file->path, &status, &stat_error))
    {
      if (g_error_matches (stat_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&stat_error));
      return FALSE;
    }
  if (_strata_gc_roots_has_changed (self->roots, file->key))
    return TRUE;
  if ((gint64)status.st_ctim.tv_sec != file->changed_s)
    {
      self->spares_objects = TRUE;
      return TRUE;
    }

  return purge_file (self, file, error);
}

static gboolean
purge_expired (Run           *self,
               StrataGcFile  *file,
               GError       **error)
{
  g_autofree char *path = NULL;
  struct stat status;

  if (!is_as_planned (self, file))
    return TRUE;
  if (file->kind == STRATA_GC_OBJECT)
    {
      if (self->spares_objects)
        return TRUE;
      path = _strata_object_dup_path (&file->digest, file->extension);
      if (!_strata_gc_roots_are_complete (self->roots) ||
          (_strata_gc_roots_contain (self->roots, &file->digest) && !_strata_file_stat (self->dir, path, &status, NULL)))
        return TRUE;
    }

  return purge_file (self, file, error);
}

static gboolean
restore_object (Run           *self,
                StrataGcFile  *file,
                GError       **error)
{
  g_autofree char *path = _strata_object_dup_path (&file->digest, file->extension);
  g_autofree char *folder = g_path_get_dirname (path);
  struct stat status;

  if (!is_as_planned (self, file) || _strata_file_stat (self->dir, path, &status, NULL))
    return TRUE;
  if (!_strata_file_make_dir (self->dir, folder, error) || !_strata_file_rename (self->dir, file->path, path, error) ||
      !_strata_file_sync_dir (self->dir, folder, error) || !_strata_file_sync_dir (self->dir, "attachments", error))
    return FALSE;
  self->result->restored++;

  return TRUE;
}

/* What is in place and not needed: to the trash, or away with it. */
static gboolean
put_away (Run           *self,
          StrataGcFile  *file,
          GError       **error)
{
  g_autofree char *name = g_strdelimit (g_strdup (file->path), "/", '~');
  g_autofree char *to = g_build_filename ("trash", name, NULL);

  self->result->unreferenced++;
  if (self->purge)
    return purge_file (self, file, error);

  if (!_strata_file_rename (self->dir, file->path, to, error))
    return FALSE;
  self->result->bytes_quarantined += file->bytes;

  return TRUE;
}

static gboolean
put_away_object (Run           *self,
                 StrataGcFile  *file,
                 GError       **error)
{
  if (self->spares_objects || !is_as_planned (self, file) || !_strata_gc_roots_are_complete (self->roots) ||
      _strata_gc_roots_contain (self->roots, &file->digest))
    return TRUE;

  return put_away (self, file, error);
}

static gboolean
put_away_leftover (Run           *self,
                   StrataGcFile  *file,
                   GError       **error)
{
  if (!is_as_planned (self, file) || !_strata_gc_is_leftover (self->store, self->roots, file))
    return TRUE;
  return put_away (self, file, error);
}

/* A folder that has something in it stays, and does no harm. */
static gboolean
remove_folder (Run           *self,
               StrataGcFile  *file,
               GError       **error)
{
  g_autofree char *chunks = g_build_filename (file->path, "chunks", NULL);

  if (_strata_gc_roots_can_read (self->roots, file->key) && !_strata_gc_roots_expect (self->roots, file->key))
    {
      _strata_seam_get ()->unlink (self->dir, chunks, AT_REMOVEDIR);
      _strata_seam_get ()->unlink (self->dir, file->path, AT_REMOVEDIR);
    }

  return TRUE;
}

static void
count_purged (Run *self)
{
  for (guint i = 0; i < self->plan->purged->len; i++)
    {
      const StrataGcFile *file = g_ptr_array_index (self->plan->purged, i);

      g_ptr_array_add (self->purged, g_strdup (file->path));
      self->result->purged++;
      self->result->bytes_freed += file->bytes;
    }
}

gboolean
_strata_gc_run (StrataGcPlan   *plan,
                StrataStore    *store,
                StrataGcRoots  *roots,
                gboolean        purge,
                StrataGarbage  *result,
                GCancellable   *cancellable,
                GError        **error)
{
  g_autoptr(GPtrArray) purged = g_ptr_array_new_with_free_func (g_free);
  Run self = { plan, store, _strata_store_get_dir (store), roots, purge, result, purged, FALSE, 0, cancellable };

  count_purged (&self);
  if (!remove_purged (&self, error) || !do_all (&self, plan->restored, restore_object, error))
    return FALSE;

  /* What could come back must be gone for good, on disk, before what only it needs goes */
  if (!do_all (&self, plan->doomed, purge_doomed, error) ||
      (plan->doomed->len > 0 && !_strata_file_sync_dir (self.dir, "trash", error)))
    return FALSE;

  return do_all (&self, plan->objects, put_away_object, error) &&
         do_all (&self, plan->leftovers, put_away_leftover, error) &&
         do_all (&self, plan->folders, remove_folder, error) &&
         do_all (&self, plan->expired, purge_expired, error);
}

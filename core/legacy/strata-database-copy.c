/* strata-database-copy.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-database-copy-private.h"

#define NAME "copy.sqlite3"
#define MAX_TRIES 5
#define PAUSE_US 50000          /* before the second try; longer before each further one */
#define MAX_NAMES 100           /* of folders that somebody else has already */
#define PIECE_BYTES (8 << 20)   /* copied before the cancellable is looked at */
#define BLOCK_BYTES (64 * 1024)

/* What the database may consist of, and what SQLite may add to the copy */
static const char * const copied[] = { "", "-wal", "-journal" };
static const char * const removed[] = { "", "-wal", "-journal", "-shm" };

/* What tells whether files were written to */
typedef struct
{
  struct
    {
      gboolean is_there;
      goffset  size;
      gint64   mtime_ns;
      gint64   ctime_ns;
      ino_t    inode;
    } files[G_N_ELEMENTS (copied)];
} Snapshot;

struct _StrataDatabaseCopy
{
  int   scratch;   /* open folder */
  char *name;      /* of ours in it; NULL: not made */
  int   folder;    /* the same, open; -1: not */
  char *path;
};

static void
remove_files (StrataDatabaseCopy *self)
{
  for (guint i = 0; self->folder >= 0 && i < G_N_ELEMENTS (removed); i++)
    {
      g_autofree char *name = g_strconcat (NAME, removed[i], NULL);

      _strata_file_unlink (self->folder, name, NULL);
    }
}

void
_strata_database_copy_free (StrataDatabaseCopy *self)
{
  /* Once more if something did not go: there is nobody else to do it */
  for (guint i = 0; self->name != NULL && i < 2; i++)
    {
      remove_files (self);
      if (_strata_seam_get ()->unlink (self->scratch, self->name, AT_REMOVEDIR) == 0)
        break;
    }
  _strata_file_close (self->folder);
  _strata_file_close (self->scratch);
  g_free (self->name);
  g_free (self->path);
  g_free (self);
}

const char *
_strata_database_copy_get_path (StrataDatabaseCopy *self)
{
  return self->path;
}

static gboolean
fail_source (const char  *path,
             int          saved_errno,
             GError     **error)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE,
               "Cannot read “%s” of the old store: %s", shown, g_strerror (saved_errno));

  return FALSE;
}

static gboolean
take_snapshot (int          dir,
               const char  *path,
               Snapshot    *out_snapshot,
               GError     **error)
{
  *out_snapshot = (Snapshot) { 0 };

  for (guint i = 0; i < G_N_ELEMENTS (copied); i++)
    {
      g_autofree char *name = g_strconcat (path, copied[i], NULL);
      struct stat status;

      if (_strata_seam_get ()->stat (dir, name, &status) < 0)
        {
          if (errno == ENOENT && i > 0)
            continue;
          return fail_source (name, errno, error);
        }

      out_snapshot->files[i].is_there = TRUE;
      out_snapshot->files[i].size = status.st_size;
      out_snapshot->files[i].mtime_ns = _strata_file_get_mtime_ns (&status);
      out_snapshot->files[i].ctime_ns = (gint64)status.st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) +
                                        status.st_ctim.tv_nsec;
      out_snapshot->files[i].inode = status.st_ino;
    }

  return TRUE;
}

static gboolean
is_same (const Snapshot *before,
         const Snapshot *after)
{
  for (guint i = 0; i < G_N_ELEMENTS (before->files); i++)
    if (before->files[i].is_there != after->files[i].is_there ||
        before->files[i].size != after->files[i].size ||
        before->files[i].mtime_ns != after->files[i].mtime_ns ||
        before->files[i].ctime_ns != after->files[i].ctime_ns ||
        before->files[i].inode != after->files[i].inode)
      return FALSE;

  return TRUE;
}

/* Copies as far as the system does it. What it can't copy, reading and writing
 * can, or says why not.
 */
static gboolean
copy_in_system (int            from,
                int            to,
                goffset       *out_copied,
                GCancellable  *cancellable,
                GError       **error)
{
  gssize size = 0;

  *out_copied = 0;
  do
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      size = _strata_seam_get ()->copy_range (from, to, PIECE_BYTES);
      *out_copied += MAX (size, 0);
    }
  while (size > 0);

  return TRUE;
}

/* @offset: where both stand */
static gboolean
copy_by_hand (GInputStream  *from,
              int            to,
              goffset        offset,
              const char    *name,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  if (!g_seekable_seek (G_SEEKABLE (from), offset, G_SEEK_SET, cancellable, error))
    return FALSE;

  while ((size = g_input_stream_read (from, block, BLOCK_BYTES, cancellable, error)) > 0)
    if (!_strata_file_write_all (to, block, (gsize)size, name, error))
      return FALSE;

  return size == 0;
}

static gboolean
copy_bytes (GInputStream  *from,
            int            to,
            const char    *name,
            GCancellable  *cancellable,
            GError       **error)
{
  int from_fd = _strata_file_stream_get_fd (STRATA_FILE_STREAM (from));
  goffset done;

  if (_strata_seam_get ()->clone (from_fd, to) == 0)
    return TRUE;

  return copy_in_system (from_fd, to, &done, cancellable, error) &&
         copy_by_hand (from, to, done, name, cancellable, error);
}

static gboolean
copy_file (StrataDatabaseCopy  *self,
           int                  dir,
           const char          *path,
           const char          *suffix,
           GCancellable        *cancellable,
           GError             **error)
{
  g_autofree char *from_name = g_strconcat (path, suffix, NULL);
  g_autofree char *name = g_strconcat (NAME, suffix, NULL);
  g_autoptr(GInputStream) from = _strata_file_stream_open_source (dir, from_name, error);
  gboolean ok;
  int to;

  if (from == NULL)
    return FALSE;

  to = _strata_file_open (self->folder, name, O_WRONLY | O_CREAT | O_EXCL, error);
  if (to < 0)
    return FALSE;

  ok = copy_bytes (from, to, name, cancellable, error);
  _strata_file_close (to);

  return ok;
}

/* @out_same: nothing was written to the database meanwhile */
static gboolean
try_copy (StrataDatabaseCopy  *self,
          int                  dir,
          const char          *path,
          gboolean            *out_same,
          GCancellable        *cancellable,
          GError             **error)
{
  g_autoptr(GError) local_error = NULL;
  Snapshot before, after;
  gboolean ok = TRUE;

  if (!take_snapshot (dir, path, &before, error))
    return FALSE;

  for (guint i = 0; ok && i < G_N_ELEMENTS (copied); i++)
    ok = !before.files[i].is_there || copy_file (self, dir, path, copied[i], cancellable, &local_error);

  if (!take_snapshot (dir, path, &after, ok ? error : NULL))
    {
      if (!ok)
        g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  /* A file that is gone is a change as well */
  *out_same = is_same (&before, &after);
  if (ok || (!*out_same && g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_SOURCE)))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&local_error));

  return FALSE;
}

static gboolean
copy_until_same (StrataDatabaseCopy  *self,
                 int                  dir,
                 const char          *path,
                 GCancellable        *cancellable,
                 GError             **error)
{
  g_autofree char *shown = NULL;
  gboolean same;

  for (guint i = 0; i < MAX_TRIES; i++)
    {
      if (i > 0)
        g_usleep (PAUSE_US * i);
      if (!try_copy (self, dir, path, &same, cancellable, error))
        return FALSE;
      if (same)
        return TRUE;
      remove_files (self);
    }

  shown = g_utf8_make_valid (path, -1);
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE_CHANGED,
               "“%s” was written to each time while it was read", shown);

  return FALSE;
}

static gboolean
make_folder (StrataDatabaseCopy  *self,
             const char          *scratch_dir,
             GError             **error)
{
  g_autofree char *where = NULL;

  self->scratch = _strata_file_open (AT_FDCWD, scratch_dir, O_RDONLY | O_DIRECTORY, error);
  if (self->scratch < 0)
    return FALSE;

  for (guint i = 0; i < MAX_NAMES && self->name == NULL; i++)
    {
      g_autofree char *name = g_strdup_printf (".strata-%08x%08x", g_random_int (), g_random_int ());

      if (_strata_seam_get ()->mkdir (self->scratch, name) == 0)
        self->name = g_steal_pointer (&name);
      else if (errno != EEXIST)
        break;
    }
  if (self->name == NULL)
    {
      _strata_file_set_error (error, errno, "create a folder in", scratch_dir);
      return FALSE;
    }

  where = _strata_file_dup_real_path (self->scratch, scratch_dir);
  self->path = g_build_filename (where, self->name, NAME, NULL);
  self->folder = _strata_file_open (self->scratch, self->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW, error);

  return self->folder >= 0;
}

StrataDatabaseCopy *
_strata_database_copy_new (int            dir,
                           const char    *path,
                           const char    *scratch_dir,
                           GCancellable  *cancellable,
                           GError       **error)
{
  g_autoptr(StrataDatabaseCopy) self = g_new0 (StrataDatabaseCopy, 1);

  self->scratch = self->folder = -1;
  if (!make_folder (self, scratch_dir != NULL ? scratch_dir : g_get_tmp_dir (), error) ||
      !copy_until_same (self, dir, path, cancellable, error))
    return NULL;

  return g_steal_pointer (&self);
}

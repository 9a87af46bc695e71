/* power-cut-sqlite.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <sqlite3.h>
#include <unistd.h>

#include "power-cut-private.h"

/* A VFS that passes everything on to SQLite's own and tells the recorder what
 * was done. It becomes the default one, and so the one below the library's,
 * which only has a question for the seam before each call.
 *
 * Memory that is shared between connections (-shm) passes by: SQLite makes it
 * anew when the first one opens a database.
 */

typedef struct
{
  sqlite3_file  base;
  const char   *path;        /* NULL: a temporary file without a name */
  gboolean      sync_folder; /* with the first sync of the file, as SQLite does for what it makes */
  /* SQLite's own file follows, in the same allocation */
} RecordedFile;

static sqlite3_vfs *system_vfs;

static sqlite3_file *
real_file (sqlite3_file *file)
{
  return (sqlite3_file *)((RecordedFile *)file + 1);
}

static const char *
path_of (sqlite3_file *file)
{
  return ((RecordedFile *)file)->path;
}

static int
file_close (sqlite3_file *file)
{
  return real_file (file)->pMethods->xClose (real_file (file));
}

static int
file_read (sqlite3_file  *file,
           void          *buffer,
           int            size,
           sqlite3_int64  offset)
{
  return real_file (file)->pMethods->xRead (real_file (file), buffer, size, offset);
}

static int
file_write (sqlite3_file  *file,
            const void    *buffer,
            int            size,
            sqlite3_int64  offset)
{
  PowerCut *recorder = power_cut_enter ();
  int result = real_file (file)->pMethods->xWrite (real_file (file), buffer, size, offset);

  if (recorder != NULL && path_of (file) != NULL && result == SQLITE_OK)
    power_cut_note_write (recorder, path_of (file), buffer, (gsize)size, offset);
  power_cut_leave ();

  return result;
}

static int
file_truncate (sqlite3_file  *file,
               sqlite3_int64  size)
{
  PowerCut *recorder = power_cut_enter ();
  int result = real_file (file)->pMethods->xTruncate (real_file (file), size);

  if (recorder != NULL && path_of (file) != NULL && result == SQLITE_OK)
    power_cut_note_truncate (recorder, path_of (file), size);
  power_cut_leave ();

  return result;
}

static int
file_sync (sqlite3_file *file,
           int           flags)
{
  RecordedFile *recorded = (RecordedFile *)file;
  PowerCut *recorder = power_cut_enter ();
  int result = real_file (file)->pMethods->xSync (real_file (file), flags);

  if (recorder != NULL && recorded->path != NULL && result == SQLITE_OK)
    power_cut_note_sync (recorder, recorded->path, recorded->sync_folder);
  recorded->sync_folder = recorded->sync_folder && result != SQLITE_OK;
  power_cut_leave ();

  return result;
}

static int
file_size (sqlite3_file  *file,
           sqlite3_int64 *out_size)
{
  return real_file (file)->pMethods->xFileSize (real_file (file), out_size);
}

static int
file_lock (sqlite3_file *file,
           int           level)
{
  return real_file (file)->pMethods->xLock (real_file (file), level);
}

static int
file_unlock (sqlite3_file *file,
             int           level)
{
  return real_file (file)->pMethods->xUnlock (real_file (file), level);
}

static int
file_check_reserved_lock (sqlite3_file *file,
                          int          *out_locked)
{
  return real_file (file)->pMethods->xCheckReservedLock (real_file (file), out_locked);
}

static int
file_control (sqlite3_file *file,
              int           operation,
              void         *argument)
{
  return real_file (file)->pMethods->xFileControl (real_file (file), operation, argument);
}

static int
file_sector_size (sqlite3_file *file)
{
  return real_file (file)->pMethods->xSectorSize (real_file (file));
}

static int
file_device_characteristics (sqlite3_file *file)
{
  return real_file (file)->pMethods->xDeviceCharacteristics (real_file (file));
}

static int
file_shm_map (sqlite3_file   *file,
              int             region,
              int             region_size,
              int             extend,
              void volatile **out_memory)
{
  return real_file (file)->pMethods->xShmMap (real_file (file), region, region_size, extend, out_memory);
}

static int
file_shm_lock (sqlite3_file *file,
               int           offset,
               int           n,
               int           flags)
{
  return real_file (file)->pMethods->xShmLock (real_file (file), offset, n, flags);
}

static void
file_shm_barrier (sqlite3_file *file)
{
  real_file (file)->pMethods->xShmBarrier (real_file (file));
}

static int
file_shm_unmap (sqlite3_file *file,
                int           delete_flag)
{
  return real_file (file)->pMethods->xShmUnmap (real_file (file), delete_flag);
}

/* Version 2: no memory-mapped reading, as in the library's */
static const sqlite3_io_methods recorded_file_methods = {
  .iVersion = 2,
  .xClose = file_close,
  .xRead = file_read,
  .xWrite = file_write,
  .xTruncate = file_truncate,
  .xSync = file_sync,
  .xFileSize = file_size,
  .xLock = file_lock,
  .xUnlock = file_unlock,
  .xCheckReservedLock = file_check_reserved_lock,
  .xFileControl = file_control,
  .xSectorSize = file_sector_size,
  .xDeviceCharacteristics = file_device_characteristics,
  .xShmMap = file_shm_map,
  .xShmLock = file_shm_lock,
  .xShmBarrier = file_shm_barrier,
  .xShmUnmap = file_shm_unmap,
};

static int
recorded_open (sqlite3_vfs  *vfs,
               const char   *path,
               sqlite3_file *file,
               int           flags,
               int          *out_flags)
{
  RecordedFile *recorded = (RecordedFile *)file;
  PowerCut *recorder = power_cut_enter ();
  gboolean is_new = path != NULL && access (path, F_OK) < 0;
  int result = system_vfs->xOpen (system_vfs, path, real_file (file), flags, out_flags);

  file->pMethods = NULL;
  if (result == SQLITE_OK)
    {
      file->pMethods = &recorded_file_methods;
      recorded->path = path;
      recorded->sync_folder = (flags & SQLITE_OPEN_CREATE) &&
                              (flags & (SQLITE_OPEN_MAIN_JOURNAL | SQLITE_OPEN_SUPER_JOURNAL | SQLITE_OPEN_WAL));
      if (recorder != NULL && is_new)
        power_cut_note_create (recorder, path);
    }
  power_cut_leave ();

  return result;
}

static int
recorded_delete (sqlite3_vfs *vfs,
                 const char  *path,
                 int          sync_folder)
{
  PowerCut *recorder = power_cut_enter ();
  int result = system_vfs->xDelete (system_vfs, path, sync_folder);

  if (recorder != NULL && result == SQLITE_OK)
    power_cut_note_remove (recorder, path, sync_folder);
  power_cut_leave ();

  return result;
}

void
power_cut_sqlite_register (void)
{
  static sqlite3_vfs recorded_vfs;

  /* It would be above the system's own, and past this one */
  g_assert_null (sqlite3_vfs_find ("strata"));
  g_assert_null (system_vfs);

  system_vfs = sqlite3_vfs_find (NULL);
  g_assert_nonnull (system_vfs);

  recorded_vfs = *system_vfs;
  recorded_vfs.pNext = NULL;
  recorded_vfs.zName = "power-cut";
  recorded_vfs.szOsFile = system_vfs->szOsFile + (int)sizeof (RecordedFile);
  recorded_vfs.xOpen = recorded_open;
  recorded_vfs.xDelete = recorded_delete;
  g_assert_cmpint (sqlite3_vfs_register (&recorded_vfs, 1), ==, SQLITE_OK);
}

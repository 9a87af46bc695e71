/* strata-seam-sqlite.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>

#include <sqlite3.h>

#include "strata-seam-private.h"

/* A VFS that passes everything on to SQLite's own, after having asked the
 * seam. Only what touches the disk asks; locks and shared memory are passed on.
 */

typedef struct
{
  sqlite3_file  base;
  const char   *path;
  /* SQLite's own file follows, in the same allocation */
} SeamFile;

static sqlite3_vfs *system_vfs;

static sqlite3_file *
real_file (sqlite3_file *file)
{
  return (sqlite3_file *)((SeamFile *)file + 1);
}

/* Returns: SQLITE_OK, or what SQLite should believe has happened */
static int
ask (const char *what,
     const char *path,
     int         io_error)
{
  int failure = _strata_seam_get ()->sqlite (what, path);

  if (failure == 0)
    return SQLITE_OK;
  if (failure == ENOSPC)
    return SQLITE_FULL;

  return io_error;
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
  int result = ask ("read", ((SeamFile *)file)->path, SQLITE_IOERR_READ);

  return result != SQLITE_OK ? result : real_file (file)->pMethods->xRead (real_file (file), buffer, size, offset);
}

static int
file_write (sqlite3_file  *file,
            const void    *buffer,
            int            size,
            sqlite3_int64  offset)
{
  int result = ask ("write", ((SeamFile *)file)->path, SQLITE_IOERR_WRITE);

  return result != SQLITE_OK ? result : real_file (file)->pMethods->xWrite (real_file (file), buffer, size, offset);
}

static int
file_truncate (sqlite3_file  *file,
               sqlite3_int64  size)
{
  int result = ask ("truncate", ((SeamFile *)file)->path, SQLITE_IOERR_TRUNCATE);

  return result != SQLITE_OK ? result : real_file (file)->pMethods->xTruncate (real_file (file), size);
}

static int
file_sync (sqlite3_file *file,
           int           flags)
{
  int result = ask ("sync", ((SeamFile *)file)->path, SQLITE_IOERR_FSYNC);

  return result != SQLITE_OK ? result : real_file (file)->pMethods->xSync (real_file (file), flags);
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
  int result = ask ("map", ((SeamFile *)file)->path, SQLITE_IOERR_SHMMAP);

  if (result != SQLITE_OK)
    return result;

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

/* Version 2: write-ahead log, but no memory-mapped reading, which would pass by the seam */
static const sqlite3_io_methods seam_file_methods = {
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
seam_open (sqlite3_vfs  *vfs,
           const char   *path,
           sqlite3_file *file,
           int           flags,
           int          *out_flags)
{
  int result = ask ("open", path, SQLITE_CANTOPEN);

  file->pMethods = NULL;
  if (result != SQLITE_OK)
    return result;

  result = system_vfs->xOpen (system_vfs, path, real_file (file), flags, out_flags);
  if (result != SQLITE_OK)
    return result;

  file->pMethods = &seam_file_methods;
  ((SeamFile *)file)->path = path;

  return SQLITE_OK;
}

static int
seam_delete (sqlite3_vfs *vfs,
             const char  *path,
             int          sync_folder)
{
  int result = ask ("unlink", path, SQLITE_IOERR_DELETE);

  return result != SQLITE_OK ? result : system_vfs->xDelete (system_vfs, path, sync_folder);
}

static int
seam_access (sqlite3_vfs *vfs,
             const char  *path,
             int          flags,
             int         *out_result)
{
  int result = ask ("stat", path, SQLITE_IOERR_ACCESS);

  return result != SQLITE_OK ? result : system_vfs->xAccess (system_vfs, path, flags, out_result);
}

void
_strata_seam_register_sqlite (void)
{
  static sqlite3_vfs seam_vfs;
  static gsize once;

  if (!g_once_init_enter (&once))
    return;

  system_vfs = sqlite3_vfs_find (NULL);
  g_assert (system_vfs != NULL);

  seam_vfs = *system_vfs;
  seam_vfs.pNext = NULL;
  seam_vfs.zName = "strata";
  seam_vfs.szOsFile = system_vfs->szOsFile + (int)sizeof (SeamFile);
  seam_vfs.xOpen = seam_open;
  seam_vfs.xDelete = seam_delete;
  seam_vfs.xAccess = seam_access;
  if (sqlite3_vfs_register (&seam_vfs, 0) != SQLITE_OK)
    g_error ("SQLite takes no further VFS");

  g_once_init_leave (&once, 1);
}

/* strata-seam-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* The seam: every file access of core/ goes through this one table, SQLite's
 * too, so that a test can play a fault, a full disk or a power cut at every
 * single call, and so that a call from the main thread is caught.
 *
 * The members behave like the system calls they are named after: -1 and errno
 * on failure. Paths are relative to @dir, an open directory, and never leave
 * it: the default table follows no symbolic link and no ".." below @dir. With
 * @dir AT_FDCWD a path is taken as it is; only the roots of stores are opened
 * so.
 */

/* Returns FALSE to stop listing. @type is a DT_* value of <dirent.h>. */
typedef gboolean (*StrataSeamListFunc) (const char    *name,
                                        unsigned char  type,
                                        gpointer       user_data);

typedef struct
{
  int      (*open)       (int dir, const char *path, int flags, mode_t mode);
  int      (*close)      (int fd);
  gssize   (*read)       (int fd, void *buffer, gsize size);
  gssize   (*pread)      (int fd, void *buffer, gsize size, goffset offset);
  gssize   (*write)      (int fd, const void *buffer, gsize size);
  int      (*truncate)   (int fd, goffset size);
  int      (*allocate)   (int fd, goffset size);
  int      (*sync)       (int fd);
  int      (*datasync)   (int fd);
  int      (*syncfs)     (int fd);
  int      (*rename)     (int dir, const char *from, const char *to);
  int      (*unlink)     (int dir, const char *path, int flags);
  int      (*link)       (int from_dir, const char *from, int to_dir, const char *to);
  int      (*mkdir)      (int dir, const char *path);
  int      (*stat)       (int dir, const char *path, struct stat *out_stat);
  int      (*fstat)      (int fd, struct stat *out_stat);
  int      (*list)       (int dir, const char *path, StrataSeamListFunc func, gpointer user_data);
  int      (*clone)      (int from_fd, int to_fd);
  gssize   (*copy_range) (int from_fd, int to_fd, gsize size);
  void    *(*map)        (int fd, gsize size);
  int      (*unmap)      (void *data, gsize size);
  int      (*lock)       (int fd, int type);

  /* SQLite does its own calls; each asks here first, and an errno other than 0 stops it. */
  int      (*sqlite)     (const char *what, const char *path);

  /* Says which step of a work begins ("read", "commit", …); does nothing outside of tests. */
  void     (*mark)       (const char *step);
} StrataSeam;

/* The table in use. A test puts its own here before the first call. */
extern const StrataSeam *_strata_seam;

/* The one that calls the system, for other tables to pass calls on to. */
const StrataSeam *_strata_seam_get_system (void);

/* Stops the program when the calling thread is the one that must not touch files. */
void              _strata_seam_check_thread (void);

/* Calls @close with @data, unless that is %NULL: at once, or on another thread where the calling one must not touch files.
 * For what is closed with the last reference to an object, which nobody chooses the thread of. */
void              _strata_seam_close        (GDestroyNotify close,
                                             gpointer       data);

static inline const StrataSeam *
_strata_seam_get (void)
{
  _strata_seam_check_thread ();

  return _strata_seam;
}

/* Registers the VFS "strata", SQLite's own one with a question at the seam before each call. */
void              _strata_seam_register_sqlite (void);

G_END_DECLS

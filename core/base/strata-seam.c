/* strata-seam.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <linux/fs.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "strata-seam-private.h"
#include "strata-threads.h"

#define MAX_OPEN_TRIES 10

/* The thread that must not wait for files, once there is one */
static GThread *forbidden_thread;

/**
 * strata_forbid_file_access_here:
 *
 * From now on file access by libstrata from the calling thread ends the
 * program: for the thread that draws the window, so that a call that would
 * make it wait is found by the first test that reaches it.
 */
void
strata_forbid_file_access_here (void)
{
  g_atomic_pointer_set (&forbidden_thread, g_thread_self ());
}

void
_strata_seam_check_thread (void)
{
  GThread *forbidden = g_atomic_pointer_get (&forbidden_thread);

  if (G_UNLIKELY (forbidden != NULL) && forbidden == g_thread_self ())
    g_error ("libstrata was asked to touch a file on the thread that must never wait");
}

typedef struct
{
  GDestroyNotify  close;
  gpointer        data;
} Closing;

static gpointer
close_elsewhere (gpointer user_data)
{
  g_autofree Closing *closing = user_data;

  closing->close (closing->data);

  return NULL;
}

void
_strata_seam_close (GDestroyNotify close,
                    gpointer       data)
{
  Closing *closing;

  if (data == NULL)
    return;
  if (g_atomic_pointer_get (&forbidden_thread) != g_thread_self ())
    {
      close (data);
      return;
    }

  closing = g_new (Closing, 1);
  closing->close = close;
  closing->data = data;
  g_thread_unref (g_thread_new ("strata-close", close_elsewhere, closing));
}

static gboolean
path_is_beneath (const char *path)
{
  const char *component = path;

  if (*path == '/')
    return FALSE;

  while (component != NULL)
    {
      if (component[0] == '.' && component[1] == '.' && (component[2] == '/' || component[2] == '\0'))
        return FALSE;
      component = strchr (component, '/');
      if (component != NULL)
        component++;
    }

  return TRUE;
}

/* For kernels without openat2: one component at a time, none of them a link. */
static int
open_stepwise (int         dir,
               const char *path,
               int         flags,
               mode_t      mode)
{
  g_auto(GStrv) components = g_strsplit (path, "/", -1);
  guint last = g_strv_length (components) - 1;
  int at = dir;

  if (!path_is_beneath (path))
    {
      errno = EXDEV;
      return -1;
    }

  for (guint i = 0; i <= last; i++)
    {
      int step_flags = i == last ? flags : O_PATH | O_DIRECTORY | O_CLOEXEC;
      int fd = openat (at, components[i], step_flags | O_NOFOLLOW, i == last ? mode : 0);
      int saved = errno;

      if (at != dir)
        close (at);
      errno = saved;
      if (fd < 0)
        return -1;
      at = fd;
    }

  return at;
}

static int
open_beneath (int         dir,
              const char *path,
              int         flags,
              mode_t      mode)
{
  struct open_how how = {
    .flags = (guint64)flags,
    .mode = flags & O_CREAT ? mode : 0,
    .resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
  };
  int fd;

  do
    fd = (int)syscall (SYS_openat2, dir, path, &how, sizeof how);
  while (fd < 0 && (errno == EAGAIN || errno == EINTR));

  /* A sandbox may answer EPERM to a call it does not know */
  if (fd < 0 && (errno == ENOSYS || errno == EPERM))
    return open_stepwise (dir, path, flags, mode);

  return fd;
}

static int
open_anywhere (int         dir,
               const char *path,
               int         flags,
               mode_t      mode)
{
  return dir == AT_FDCWD ? openat (dir, path, flags | O_CLOEXEC, mode)
                         : open_beneath (dir, path, flags | O_CLOEXEC, mode);
}

static int
system_open (int         dir,
             const char *path,
             int         flags,
             mode_t      mode)
{
  gboolean may_be_there = (flags & O_CREAT) && !(flags & O_EXCL);
  int fd = -1;

  /* Only what we make is ours to set the mode of: so it is made, or else opened.
   * It may come and go between the two, but not for ever.
   */
  for (guint i = 0; i < MAX_OPEN_TRIES; i++)
    {
      fd = open_anywhere (dir, path, may_be_there ? flags | O_EXCL : flags, mode);
      if (fd >= 0 || !may_be_there || errno != EEXIST)
        break;
      fd = open_anywhere (dir, path, flags & ~O_CREAT, 0);
      if (fd >= 0 || errno != ENOENT)
        return fd;
    }

  /* Private whatever the umask: it can only take rights away, also our own */
  if (fd >= 0 && (flags & O_CREAT) && fchmod (fd, mode) < 0)
    {
      int saved = errno;
      close (fd);
      errno = saved;
      return -1;
    }

  return fd;
}

/* Splits @path into an opened parent and the last name, so that only the name
 * itself is left to the call and nothing on the way to it can be a link.
 */
static int
open_parent (int          dir,
             const char  *path,
             const char **out_name)
{
  const char *slash = strrchr (path, '/');
  g_autofree char *parent = NULL;

  if (dir == AT_FDCWD || slash == NULL)
    {
      *out_name = path;
      return dir;
    }

  *out_name = slash + 1;
  parent = g_strndup (path, slash - path);

  return open_beneath (dir, parent, O_PATH | O_DIRECTORY | O_CLOEXEC, 0);
}

static void
close_parent (int parent,
              int dir)
{
  int saved = errno;

  if (parent != dir)
    close (parent);
  errno = saved;
}

static int
system_rename (int         dir,
               const char *from,
               const char *to)
{
  const char *from_name, *to_name;
  int from_parent = open_parent (dir, from, &from_name);
  int to_parent, result;

  if (from_parent == -1)
    return -1;

  to_parent = open_parent (dir, to, &to_name);
  if (to_parent == -1)
    {
      close_parent (from_parent, dir);
      return -1;
    }

  result = renameat (from_parent, from_name, to_parent, to_name);
  close_parent (to_parent, dir);
  close_parent (from_parent, dir);

  return result;
}

static int
system_unlink (int         dir,
               const char *path,
               int         flags)
{
  const char *name;
  int parent = open_parent (dir, path, &name);
  int result;

  if (parent == -1)
    return -1;

  result = unlinkat (parent, name, flags);
  close_parent (parent, dir);

  return result;
}

static int
system_link (int         from_dir,
             const char *from,
             int         to_dir,
             const char *to)
{
  const char *from_name, *to_name;
  int from_parent = open_parent (from_dir, from, &from_name);
  int to_parent, result;

  if (from_parent == -1)
    return -1;

  to_parent = open_parent (to_dir, to, &to_name);
  if (to_parent == -1)
    {
      close_parent (from_parent, from_dir);
      return -1;
    }

  result = linkat (from_parent, from_name, to_parent, to_name, 0);
  close_parent (to_parent, to_dir);
  close_parent (from_parent, from_dir);

  return result;
}

static int
system_mkdir (int         dir,
              const char *path)
{
  const char *name;
  int parent = open_parent (dir, path, &name);
  int result;

  if (parent == -1)
    return -1;

  result = mkdirat (parent, name, 0700);
  if (result == 0)
    result = fchmodat (parent, name, 0700, 0);
  close_parent (parent, dir);

  return result;
}

static int
system_stat (int          dir,
             const char  *path,
             struct stat *out_stat)
{
  const char *name;
  int parent = open_parent (dir, path, &name);
  int result;

  if (parent == -1)
    return -1;

  result = fstatat (parent, name, out_stat, AT_SYMLINK_NOFOLLOW);
  close_parent (parent, dir);

  return result;
}

static int
system_list (int                 dir,
             const char         *path,
             StrataSeamListFunc  func,
             gpointer            user_data)
{
  int fd = system_open (dir, path, O_RDONLY | O_DIRECTORY, 0);
  struct dirent *entry;
  DIR *stream;

  if (fd < 0)
    return -1;

  stream = fdopendir (fd);
  if (stream == NULL)
    {
      close_parent (fd, -1);
      return -1;
    }

  while ((errno = 0, entry = readdir (stream)) != NULL)
    {
      if (strcmp (entry->d_name, ".") == 0 || strcmp (entry->d_name, "..") == 0)
        continue;
      if (!func (entry->d_name, entry->d_type, user_data))
        break;
    }

  if (entry == NULL && errno != 0)
    {
      int saved = errno;
      closedir (stream);
      errno = saved;
      return -1;
    }

  return closedir (stream);
}

static gssize
system_pread (int      fd,
              void    *buffer,
              gsize    size,
              goffset  offset)
{
  return pread (fd, buffer, size, offset);
}

static int
system_truncate (int     fd,
                 goffset size)
{
  return ftruncate (fd, size);
}

static int
system_allocate (int     fd,
                 goffset size)
{
  int result = posix_fallocate (fd, 0, size);

  errno = result;

  return result == 0 ? 0 : -1;
}

static int
system_fstat (int          fd,
              struct stat *out_stat)
{
  return fstat (fd, out_stat);
}

static int
system_clone (int from_fd,
              int to_fd)
{
  return ioctl (to_fd, FICLONE, from_fd);
}

static gssize
system_copy_range (int   from_fd,
                   int   to_fd,
                   gsize size)
{
  return copy_file_range (from_fd, NULL, to_fd, NULL, size, 0);
}

static void *
system_map (int   fd,
            gsize size)
{
  return mmap (NULL, size, PROT_READ, MAP_SHARED, fd, 0);
}

static int
system_lock (int fd,
             int type)
{
  struct flock lock = { .l_type = (short)type, .l_whence = SEEK_SET };

  return fcntl (fd, F_OFD_SETLK, &lock);
}

static int
system_sqlite (const char *what,
               const char *path)
{
  return 0;
}

static void
system_mark (const char *step)
{
}

static const StrataSeam system_seam = {
  .open = system_open,
  .close = close,
  .read = read,
  .pread = system_pread,
  .write = write,
  .truncate = system_truncate,
  .allocate = system_allocate,
  .sync = fsync,
  .datasync = fdatasync,
  .syncfs = syncfs,
  .rename = system_rename,
  .unlink = system_unlink,
  .link = system_link,
  .mkdir = system_mkdir,
  .stat = system_stat,
  .fstat = system_fstat,
  .list = system_list,
  .clone = system_clone,
  .copy_range = system_copy_range,
  .map = system_map,
  .unmap = munmap,
  .lock = system_lock,
  .sqlite = system_sqlite,
  .mark = system_mark,
};

const StrataSeam *_strata_seam = &system_seam;

const StrataSeam *
_strata_seam_get_system (void)
{
  return &system_seam;
}

/* gate.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>

#include "gate.h"

/* Without <unistd.h>, which may have functions of its own in place of those here. pread() is pread64() with our flags. */
extern long syscall (long number, ...);

gssize read (int fd, void *buffer, gsize size);
gssize pread64 (int fd, void *buffer, gsize size, goffset offset);

static GMutex mutex;
static GCond changed;
static char *shut_folder;    /* guarded by @mutex, as the next one */
static guint n_waiting;
static int is_shut;          /* atomic: who is not concerned looks at nothing else */
static gint64 time_offset;   /* atomic */

static gboolean
is_below (int         fd,
          const char *folder)
{
  char link[32], path[PATH_MAX + 1];
  long length;

  g_snprintf (link, sizeof link, "/proc/self/fd/%d", fd);
  length = syscall (SYS_readlinkat, AT_FDCWD, link, path, sizeof path - 1);
  if (length < 0)
    return FALSE;
  path[length] = '\0';

  return g_str_has_prefix (path, folder);
}

static void
pass (int fd)
{
  if (!g_atomic_int_get (&is_shut))
    return;

  g_mutex_lock (&mutex);
  if (shut_folder != NULL && is_below (fd, shut_folder))
    {
      n_waiting++;
      while (shut_folder != NULL)
        g_cond_wait (&changed, &mutex);
      n_waiting--;
    }
  g_mutex_unlock (&mutex);
}

gssize
read (int    fd,
      void  *buffer,
      gsize  size)
{
  pass (fd);

  return syscall (SYS_read, fd, buffer, size);
}

gssize
pread64 (int      fd,
         void    *buffer,
         gsize    size,
         goffset  offset)
{
  pass (fd);

  return syscall (SYS_pread64, fd, buffer, size, offset);
}

/* Whoever draws would wait for a time that was there already. */
static gboolean
is_libstrata (const void *address)
{
  Dl_info info;

  return dladdr (address, &info) != 0 && strstr (info.dli_fname, "libstrata.so") != NULL;
}

gint64
g_get_monotonic_time (void)
{
  gint64 offset = __atomic_load_n (&time_offset, __ATOMIC_RELAXED);
  gint64 now[2] = { 0, 0 };

  syscall (SYS_clock_gettime, CLOCK_MONOTONIC, now);

  return now[0] * G_USEC_PER_SEC + now[1] / 1000 + (offset != 0 && is_libstrata (__builtin_return_address (0)) ? offset : 0);
}

void
gate_shut (const char *folder)
{
  g_mutex_lock (&mutex);
  shut_folder = g_strdup (folder);
  g_atomic_int_set (&is_shut, TRUE);
  g_mutex_unlock (&mutex);
}

void
gate_open (void)
{
  g_mutex_lock (&mutex);
  g_atomic_int_set (&is_shut, FALSE);
  g_clear_pointer (&shut_folder, g_free);
  g_cond_broadcast (&changed);
  g_mutex_unlock (&mutex);
}

void
gate_await (void)
{
  guint n;

  do
    {
      g_main_context_iteration (NULL, FALSE);
      g_mutex_lock (&mutex);
      n = n_waiting;
      g_mutex_unlock (&mutex);
    }
  while (n == 0);
}

void
gate_set_time (gint64 offset_us)
{
  __atomic_store_n (&time_offset, offset_us, __ATOMIC_RELAXED);
}

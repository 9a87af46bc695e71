/* fault-seam.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "fault-seam.h"

typedef struct
{
  char    *name;
  guint64  calls;
} Step;

/* All guarded by the mutex: calls come from several threads */
static GMutex     mutex;
static FaultKind  fault_kind;
static guint64    fault_nth;
static int        fault_errno;
static gboolean   struck;
static guint64    calls;
static GPtrArray *steps;
static Step      *current_step;

typedef enum { GO_ON, FAIL, SHORTEN } Verdict;

/* What a call is like, as far as faults go */
typedef enum
{
  PLAIN = 0,
  CAN_BE_SHORT = 1 << 0,
  TAKES_SPACE = 1 << 1, /* a full disk stops it */
} Traits;

static Verdict
decide (Traits traits)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);
  guint64 call = ++calls;

  if (current_step != NULL)
    current_step->calls++;

  switch (fault_kind)
    {
    case FAULT_KILL:
      if (call == fault_nth)
        kill (getpid (), SIGKILL);
      return GO_ON;

    case FAULT_ERRNO:
    case FAULT_FOREVER:
      if (call != fault_nth && !(fault_kind == FAULT_FOREVER && call > fault_nth))
        return GO_ON;
      struck = TRUE;
      errno = fault_errno;
      return FAIL;

    case FAULT_FULL:
      if (call < fault_nth || !(traits & TAKES_SPACE))
        return GO_ON;
      struck = TRUE;
      errno = fault_errno;
      return FAIL;

    case FAULT_SHORT:
      if (call < fault_nth || struck || !(traits & CAN_BE_SHORT))
        return GO_ON;
      struck = TRUE;
      return SHORTEN;

    case FAULT_NONE:
    default:
      return GO_ON;
    }
}

#define SYSTEM _strata_seam_get_system ()
#define FAILS(traits) (decide (traits) == FAIL)

/* A file that is there already is opened without taking space */
static Traits
traits_of_open (int dir, const char *path, int flags)
{
  struct stat status;

  return flags & O_CREAT && SYSTEM->stat (dir, path, &status) < 0 ? TAKES_SPACE : PLAIN;
}

static int
fault_open (int dir, const char *path, int flags, mode_t mode)
{
  return FAILS (traits_of_open (dir, path, flags)) ? -1 : SYSTEM->open (dir, path, flags, mode);
}

/* A close that "fails" still closes, as on Linux */
static int
fault_close (int fd)
{
  gboolean fails = FAILS (PLAIN);
  int saved = errno;
  int result = SYSTEM->close (fd);

  if (!fails)
    return result;
  errno = saved;
  return -1;
}

static gsize
shorten (gsize size)
{
  return size > 1 ? size / 2 : size;
}

static gssize
fault_read (int fd, void *buffer, gsize size)
{
  Verdict verdict = decide (CAN_BE_SHORT);

  return verdict == FAIL ? -1 : SYSTEM->read (fd, buffer, verdict == SHORTEN ? shorten (size) : size);
}

static gssize
fault_pread (int fd, void *buffer, gsize size, goffset offset)
{
  Verdict verdict = decide (CAN_BE_SHORT);

  return verdict == FAIL ? -1 : SYSTEM->pread (fd, buffer, verdict == SHORTEN ? shorten (size) : size, offset);
}

static gssize
fault_write (int fd, const void *buffer, gsize size)
{
  Verdict verdict = decide (CAN_BE_SHORT | TAKES_SPACE);

  return verdict == FAIL ? -1 : SYSTEM->write (fd, buffer, verdict == SHORTEN ? shorten (size) : size);
}

static int
fault_truncate (int fd, goffset size)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->truncate (fd, size);
}

static int
fault_allocate (int fd, goffset size)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->allocate (fd, size);
}

static int
fault_sync (int fd)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->sync (fd);
}

static int
fault_datasync (int fd)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->datasync (fd);
}

static int
fault_syncfs (int fd)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->syncfs (fd);
}

static int
fault_rename (int dir, const char *from, const char *to)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->rename (dir, from, to);
}

static int
fault_unlink (int dir, const char *path, int flags)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->unlink (dir, path, flags);
}

static int
fault_link (int from_dir, const char *from, int to_dir, const char *to)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->link (from_dir, from, to_dir, to);
}

static int
fault_mkdir (int dir, const char *path)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->mkdir (dir, path);
}

static int
fault_stat (int dir, const char *path, struct stat *out_stat)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->stat (dir, path, out_stat);
}

static int
fault_fstat (int fd, struct stat *out_stat)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->fstat (fd, out_stat);
}

static int
fault_list (int dir, const char *path, StrataSeamListFunc func, gpointer user_data)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->list (dir, path, func, user_data);
}

static int
fault_clone (int from_fd, int to_fd)
{
  return FAILS (TAKES_SPACE) ? -1 : SYSTEM->clone (from_fd, to_fd);
}

static gssize
fault_copy_range (int from_fd, int to_fd, gsize size)
{
  Verdict verdict = decide (CAN_BE_SHORT | TAKES_SPACE);

  return verdict == FAIL ? -1 : SYSTEM->copy_range (from_fd, to_fd, verdict == SHORTEN ? shorten (size) : size);
}

static void *
fault_map (int fd, gsize size)
{
  return FAILS (PLAIN) ? (void *)-1 : SYSTEM->map (fd, size);
}

static int
fault_unmap (void *data, gsize size)
{
  return SYSTEM->unmap (data, size);
}

static int
fault_lock (int fd, int type)
{
  return FAILS (PLAIN) ? -1 : SYSTEM->lock (fd, type);
}

static int
fault_sqlite (const char *what, const char *path)
{
  return FAILS (strcmp (what, "write") == 0 || strcmp (what, "sync") == 0 ? TAKES_SPACE : PLAIN) ? errno : 0;
}

static void
fault_mark (const char *step)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);

  for (guint i = 0; i < steps->len; i++)
    {
      current_step = g_ptr_array_index (steps, i);
      if (g_str_equal (current_step->name, step))
        return;
    }

  current_step = g_new0 (Step, 1);
  current_step->name = g_strdup (step);
  g_ptr_array_add (steps, current_step);
}

static const StrataSeam fault_seam = {
  .open = fault_open,
  .close = fault_close,
  .read = fault_read,
  .pread = fault_pread,
  .write = fault_write,
  .truncate = fault_truncate,
  .allocate = fault_allocate,
  .sync = fault_sync,
  .datasync = fault_datasync,
  .syncfs = fault_syncfs,
  .rename = fault_rename,
  .unlink = fault_unlink,
  .link = fault_link,
  .mkdir = fault_mkdir,
  .stat = fault_stat,
  .fstat = fault_fstat,
  .list = fault_list,
  .clone = fault_clone,
  .copy_range = fault_copy_range,
  .map = fault_map,
  .unmap = fault_unmap,
  .lock = fault_lock,
  .sqlite = fault_sqlite,
  .mark = fault_mark,
};

static void
step_free (gpointer data)
{
  Step *step = data;

  g_free (step->name);
  g_free (step);
}

void
fault_seam_install (void)
{
  g_clear_pointer (&steps, g_ptr_array_unref);
  steps = g_ptr_array_new_with_free_func (step_free);
  current_step = NULL;
  fault_seam_arm (FAULT_NONE, 0, 0);
  _strata_seam = &fault_seam;
}

void
fault_seam_remove (void)
{
  _strata_seam = SYSTEM;
  current_step = NULL;
  g_clear_pointer (&steps, g_ptr_array_unref);
}

/* Counts anew from here. */
void
fault_seam_arm (FaultKind kind,
                guint64   nth,
                int       errno_value)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);

  fault_kind = kind;
  fault_nth = nth;
  fault_errno = errno_value;
  struck = FALSE;
  calls = 0;
}

guint64
fault_seam_get_calls (void)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);

  return calls;
}

gboolean
fault_seam_has_struck (void)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);

  return struck;
}

char *
fault_seam_dup_steps (void)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);
  GString *text = g_string_new (NULL);

  for (guint i = 0; i < steps->len; i++)
    {
      const Step *step = g_ptr_array_index (steps, i);

      g_string_append_printf (text, "%s %" G_GUINT64_FORMAT "\n", step->name, step->calls);
    }

  return g_string_free (text, FALSE);
}

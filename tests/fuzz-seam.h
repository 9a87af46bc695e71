/* fuzz-seam.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include <sys/stat.h>

#include "base/strata-seam-private.h"

/* A seam over one file in memory, whatever its name: a fuzzer has no time for a
 * disk. There is one folder, attachments, with the files named here.
 */
static const guint8      *fuzz_data;
static gsize              fuzz_length;
static const char *const *fuzz_names;

static int
fuzz_open (int         dir,
           const char *path,
           int         flags,
           mode_t      mode)
{
  return 1000;
}

static int
fuzz_close (int fd)
{
  return 0;
}

static gssize
fuzz_pread (int      fd,
            void    *buffer,
            gsize    size,
            goffset  offset)
{
  gsize count;

  if (offset < 0)
    {
      errno = EINVAL;
      return -1;
    }
  if ((gsize)offset >= fuzz_length)
    return 0;

  count = MIN (size, fuzz_length - (gsize)offset);
  memcpy (buffer, fuzz_data + offset, count);

  return (gssize)count;
}

static int
fuzz_fstat (int          fd,
            struct stat *out_stat)
{
  *out_stat = (struct stat) { .st_mode = S_IFREG | 0600, .st_size = (off_t)fuzz_length };

  return 0;
}

static int
fuzz_stat (int          dir,
           const char  *path,
           struct stat *out_stat)
{
  return fuzz_fstat (0, out_stat);
}

static int
fuzz_list (int                 dir,
           const char         *path,
           StrataSeamListFunc  func,
           gpointer            user_data)
{
  if (strcmp (path, ".") == 0)
    func ("attachments", DT_DIR, user_data);
  else if (strcmp (path, "attachments") == 0)
    for (guint i = 0; fuzz_names != NULL && fuzz_names[i] != NULL; i++)
      func (fuzz_names[i], DT_REG, user_data);

  return 0;
}

/* From here on every file holds these bytes. */
static void
fuzz_seam_set (const guint8 *data,
               gsize         length)
{
  static const StrataSeam seam = {
    .open = fuzz_open,
    .close = fuzz_close,
    .pread = fuzz_pread,
    .stat = fuzz_stat,
    .fstat = fuzz_fstat,
    .list = fuzz_list,
  };

  fuzz_data = data;
  fuzz_length = length;
  _strata_seam = &seam;
}

/* strata-file-mark-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <sys/stat.h>

#include <glib.h>

G_BEGIN_DECLS

/* StrataFileMark is what tells, without reading a file, whether it was written
 * to or replaced. A value; all zero: there is no such file.
 */
typedef struct
{
  guint64 size;     /* bytes */
  gint64  mtime_ns; /* since 1970 … */
  gint64  ctime_ns; /* … and when anything about it changed last */
  guint64 inode;
} StrataFileMark;

static inline void
_strata_file_mark_set (StrataFileMark    *self,
                       const struct stat *status)
{
  self->size = (guint64)status->st_size;
  self->mtime_ns = (gint64)status->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status->st_mtim.tv_nsec;
  self->ctime_ns = (gint64)status->st_ctim.tv_sec * G_GINT64_CONSTANT (1000000000) + status->st_ctim.tv_nsec;
  self->inode = (guint64)status->st_ino;
}

static inline gboolean
_strata_file_mark_equal (const StrataFileMark *a,
                         const StrataFileMark *b)
{
  return a->size == b->size && a->mtime_ns == b->mtime_ns && a->ctime_ns == b->ctime_ns && a->inode == b->inode;
}

G_END_DECLS

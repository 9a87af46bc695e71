/* strata-zip-window-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <archive.h>
#include <archive_entry.h>

#include "base/strata-file-private.h"

G_BEGIN_DECLS

/* The largest head: a header of 30 bytes, a name of 1, sizes of 20 */
#define STRATA_ZIP_WINDOW_MAX_HEAD 51

/* StrataZipWindow is the part of a file that libarchive is shown: from @start to
 * @end, and before it @head, bytes of our own. Reads through the seam, at most
 * 64 KiB at a time.
 *
 * libarchive throws away what one piece of input gave when it meets a flaw in
 * it. From @fine_from on, it is given single bytes, and so loses nothing.
 *
 * Threads: one at a time; several windows over one file may be used at once.
 */
typedef struct
{
  /* Set by who makes it; all else is zero */
  StrataFileStream *file;         /* borrowed, as is the next */
  const char       *path;         /* for messages */
  guint8            head[STRATA_ZIP_WINDOW_MAX_HEAD];
  gsize             head_size;
  goffset           start;
  goffset           end;
  goffset           fine_from;    /* G_MAXOFFSET: nowhere */
  GCancellable     *cancellable;  /* borrowed, for the reading at hand; or NULL */

  /* Known after reading */
  goffset           last;         /* where in the file the last piece began */
  GError           *error;        /* why reading failed, as opposed to what was read */

  guint8           *block;
  goffset           block_at;
  gsize             block_size;
  gsize             n_head;       /* bytes of the head that were given */
  goffset           next;         /* the next byte of the file */
} StrataZipWindow;

/* Opens the ZIP in the window, to be read from its start without going back.
 * @self is used until the result is freed. @check_crc: compare with the CRC that
 * stands in front of the data or behind them.
 *
 * Returns: (transfer full), to be freed with archive_read_free(); or NULL, with
 * @error set as _strata_zip_window_set_error() does
 */
struct archive *_strata_zip_window_open      (StrataZipWindow   *self,
                                              gboolean           check_crc,
                                              GError           **error);
/* After @archive failed: what went wrong reading the file, else
 * STRATA_ERROR_DAMAGED_DATA with what libarchive says of the data.
 */
void            _strata_zip_window_set_error (StrataZipWindow   *self,
                                              struct archive    *archive,
                                              GError           **error);
/* Does not free @self. */
void            _strata_zip_window_clear     (StrataZipWindow   *self);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataZipWindow, _strata_zip_window_clear)

G_END_DECLS

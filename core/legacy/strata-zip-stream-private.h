/* strata-zip-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-zip-record-private.h"

G_BEGIN_DECLS

/* StrataZipStream gives the bytes of one entry of a ZIP, decompressed by
 * libarchive while they are read. It can be sought, but only to its start, where
 * it begins anew, also after an error.
 *
 * What can't be decompressed to its end, or is not of the size and CRC it should
 * be, is STRATA_ERROR_DAMAGED_DATA, after all bytes before the flaw; what can't
 * be read is the error of the file, and both come again when asked again.
 *
 * Memory: 64 KiB, and what libarchive takes: 300 KiB for deflate, up to 256 MiB
 * for a method that may need it.
 * Threads: one at a time; several streams of one file may be used at once.
 */
#define STRATA_TYPE_ZIP_STREAM (_strata_zip_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataZipStream, _strata_zip_stream, STRATA, ZIP_STREAM, GInputStream)

/* @path: for messages. @file is kept open. Fails with STRATA_ERROR_DAMAGED_DATA
 * for an entry that is encrypted, that has no data, or in a method that isn't
 * read, and with what reading the file gives.
 *
 * Returns: (transfer full)
 */
GInputStream *_strata_zip_stream_new (StrataFileStream     *file,
                                      goffset               file_size,
                                      const char           *path,
                                      const StrataZipData  *data,
                                      GError              **error);

G_END_DECLS

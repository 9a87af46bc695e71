/* strata-zip-writer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataZipWriter writes a ZIP beside the place it is for, and puts it there when it is whole and on disk.
 * The same entries make the same bytes: no time, no owner, names in UTF-8. Entries of 4 GiB and more, and more
 * than 65,535 of them, make a ZIP64.
 *
 * Memory: 100 KiB, and about 200 bytes for each entry. Threads: one at a time.
 */
typedef struct _StrataZipWriter StrataZipWriter;

/* G_IO_ERROR_EXISTS: something is at @path. */
StrataZipWriter *_strata_zip_writer_new    (const char       *path,
                                            GError          **error);
/* Gives up what was not finished: nothing of it stays. */
void             _strata_zip_writer_free   (StrataZipWriter  *self);

/* Begins an entry, which ends with the next one.
 * @size: its length in bytes, or -1: not known yet; what is put must come to just that
 * @packed: whether its bytes are worth being deflated
 */
gboolean         _strata_zip_writer_begin  (StrataZipWriter  *self,
                                            const char       *name,
                                            gint64            size,
                                            gboolean          packed,
                                            GError          **error);
/* A StrataLegacyPutFunc; @writer is a StrataZipWriter. */
gboolean         _strata_zip_writer_put    (const void       *data,
                                            gsize             size,
                                            gpointer          writer,
                                            GError          **error);
/* Everything is on disk and at its path on success. Afterwards it can only be freed.
 * @out_bytes: the ZIP's length
 */
gboolean         _strata_zip_writer_finish (StrataZipWriter  *self,
                                            guint64          *out_bytes,
                                            GError          **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataZipWriter, _strata_zip_writer_free)

G_END_DECLS

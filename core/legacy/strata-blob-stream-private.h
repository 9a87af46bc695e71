/* strata-blob-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* StrataBlobStream reads a value of a SQLite database piece by piece, whatever
 * its size; seekable. The database must not be written to meanwhile. It may be
 * closed before, with sqlite3_close_v2().
 *
 * Errors: STRATA_ERROR_DAMAGED_DATA where the database is damaged, else G_IO_ERROR.
 * Threads: that of the database.
 */
#define STRATA_TYPE_BLOB_STREAM (_strata_blob_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataBlobStream, _strata_blob_stream, STRATA, BLOB_STREAM, GInputStream)

/* The value must be a blob or text.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
GInputStream *_strata_blob_stream_open     (sqlite3           *db,
                                            const char        *table,
                                            const char        *column,
                                            gint64             row,
                                            GError           **error);
/* In bytes */
guint64       _strata_blob_stream_get_size (StrataBlobStream  *self);

G_END_DECLS

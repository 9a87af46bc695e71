/* strata-legacy-writer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Gives the payload's minified JSON text from its start; called twice for each
 * file, since the old format has the checksum of the text before the text.
 */
typedef GInputStream *(*StrataPayloadFunc) (gpointer   user_data,
                                            GError   **error);

/* Takes the next bytes of what is written. */
typedef gboolean (*StrataLegacyPutFunc) (const void  *data,
                                         gsize        size,
                                         gpointer     put_data,
                                         GError     **error);

/* Writes a collection's file as the old program does: its pretty-printed
 * envelope around gzip in base64, the one form that program reads back at any
 * size. A file that is there is not overwritten. @out_bytes: its length.
 */
gboolean _strata_legacy_write_collection (int                 dir,
                                          const char         *path,
                                          StrataPayloadFunc   func,
                                          gpointer            user_data,
                                          guint64            *out_bytes,
                                          GCancellable       *cancellable,
                                          GError            **error);

/* Writes an attachment's text, a data URI, as the old program does. */
gboolean _strata_legacy_write_data_uri   (int                 dir,
                                          const char         *path,
                                          const char         *mime,
                                          GInputStream       *content,
                                          guint64            *out_bytes,
                                          GCancellable       *cancellable,
                                          GError            **error);

/* The same to anywhere else: an attachment's text, whose length is that of "data:", ";base64,", @mime and base64;
 * and bytes as they are.
 */
gboolean _strata_legacy_put_data_uri     (const char          *mime,
                                          GInputStream        *content,
                                          StrataLegacyPutFunc  put,
                                          gpointer             put_data,
                                          GCancellable        *cancellable,
                                          GError             **error);
gboolean _strata_legacy_put_raw          (GInputStream        *content,
                                          StrataLegacyPutFunc  put,
                                          gpointer             put_data,
                                          GCancellable        *cancellable,
                                          GError             **error);

/* Writes the bytes of a stream as they are. */
gboolean _strata_legacy_write_raw        (int                 dir,
                                          const char         *path,
                                          GInputStream       *content,
                                          guint64            *out_bytes,
                                          GCancellable       *cancellable,
                                          GError            **error);

G_END_DECLS

/* strata-export-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-attachment-row-private.h"
#include "store/strata-store.h"

G_BEGIN_DECLS

/* Writes some sessions and collections, with their attachments, as the old program has
 * them, into a folder that is not there yet. On disk on success.
 *
 * @sessions, @collections: (element-type utf8): their keys
 */
gboolean _strata_export_some       (StrataStore                *store,
                                    GPtrArray                  *sessions,
                                    GPtrArray                  *collections,
                                    const char                 *path,
                                    guint64                    *out_bytes,
                                    GCancellable               *cancellable,
                                    GError                    **error);

/* Writes an attachment's bytes into a new file; not synced.
 *
 * @is_text: as the text of a `.dat`, else as they are
 */
gboolean _strata_export_attachment (StrataStore                *store,
                                    const StrataAttachmentRow  *row,
                                    gboolean                    is_text,
                                    int                         dir,
                                    const char                 *path,
                                    guint64                    *out_bytes,
                                    GCancellable               *cancellable,
                                    GError                    **error);

G_END_DECLS

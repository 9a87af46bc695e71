/* strata-export.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_EXPORT_LEGACY, /* a folder in the old program's own format */
  STRATA_EXPORT_JSON,   /* one file, an array of sessions */
  STRATA_EXPORT_ZIP,    /* one file, the old program's export with the attachments besides */
} StrataExportFormat;

gboolean strata_export (StrataStore         *store,
                        const char *const   *keys,
                        StrataExportFormat   format,
                        const char          *path,
                        guint64             *out_sessions,
                        guint64             *out_bytes,
                        GCancellable        *cancellable,
                        GError             **error);

G_END_DECLS

/* strata-export-zip-entry-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-export-zip-private.h"

G_BEGIN_DECLS

/* Says of each of @records, what a ZIP holds, what it is for. @path: of the ZIP.
 * Returns: (transfer full) (element-type StrataExportZipEntry): as many, in the same order
 */
GPtrArray *_strata_export_zip_entries_new      (GPtrArray                  *records,
                                                const char                 *path);

/* Whether it is the metadata, or a collection every export has. */
gboolean   _strata_export_zip_entry_is_known   (const StrataExportZipEntry *self);

G_END_DECLS

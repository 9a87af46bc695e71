/* strata-zip-scan-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-zip-record-private.h"

G_BEGIN_DECLS

/* What is in a ZIP whose directory is lost: by the headers in front of the
 * data, in their order, as far as they are found. Data of unknown length are
 * decompressed to find their end. The last entry may be cut. What the directory
 * alone says is not known: which of them are links.
 *
 * Fails with STRATA_ERROR_SOURCE for more than STRATA_ZIP_MAX_RECORDS entries,
 * and with what reading the file gives. Returns: (transfer full) (element-type
 * StrataZipRecord): empty, if there is no header
 */
GPtrArray *_strata_zip_scan (StrataFileStream  *file,
                             goffset            file_size,
                             GCancellable      *cancellable,
                             GError           **error);

G_END_DECLS

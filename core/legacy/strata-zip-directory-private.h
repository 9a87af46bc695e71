/* strata-zip-directory-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-zip-record-private.h"

G_BEGIN_DECLS

/* What is in a ZIP by the directory at its end, in its order. libarchive reads
 * the data, but is not asked this: it takes the names from the headers in front
 * of the data, gives the entries in the order of these, and stops for good at
 * the first that is damaged. A ZIP says everything twice. What counts, as for
 * the old program, is the directory; the headers show where it is wrong.
 *
 * Fails with STRATA_ERROR_NOT_FOUND where there is no directory,
 * STRATA_ERROR_DAMAGED_DATA where it can't be read to its end, STRATA_ERROR_SOURCE
 * for more than STRATA_ZIP_MAX_RECORDS entries, and with what reading the file
 * gives. Moves @file's position.
 *
 * Memory: 120 bytes and the name for each entry. Returns: (transfer full)
 * (element-type StrataZipRecord)
 */
GPtrArray *_strata_zip_directory_read     (StrataFileStream  *file,
                                           goffset            file_size,
                                           GCancellable      *cancellable,
                                           GError           **error);

/* Sets the error for one entry too many. */
void       _strata_zip_set_too_many_error (GError           **error);

G_END_DECLS

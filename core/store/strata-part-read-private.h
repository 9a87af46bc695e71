/* strata-part-read-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* Reads the whole JSON text of a part into memory: the one place where it
 * matters how a part's file is packed. @dir is the store's root. Waits for the
 * disk; the cancellable is looked at once per block of 256 KiB.
 *
 * Returns: (transfer full): text that has the digest the part should have; or
 *   %NULL with @error set: %G_IO_ERROR_NOT_FOUND where the file is not there, so
 *   that the caller can look whether the session was changed meanwhile;
 *   %STRATA_ERROR_CORRUPT where it is not what was stored;
 *   %STRATA_ERROR_NEWER_FORMAT where it is packed in a way not known here
 */
GBytes *_strata_part_read (int                    dir,
                           const StrataManifest  *manifest,
                           const StrataPart      *part,
                           GCancellable          *cancellable,
                           GError               **error);

G_END_DECLS

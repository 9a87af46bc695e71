/* strata-part-read-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* The one place where it matters how a part's file is packed. */

/* Reads the whole JSON text of a part into memory. @dir is the store's root.
 * Waits for the disk; the cancellable is looked at once per block of 256 KiB.
 *
 * Returns: (transfer full): text that has the digest the part should have; or
 *   %NULL with @error set: %G_IO_ERROR_NOT_FOUND where the file is not there, so
 *   that the caller can look whether the session was changed meanwhile;
 *   %STRATA_ERROR_CORRUPT where it is not what was stored
 */
GBytes *_strata_part_read (int                    dir,
                           const StrataManifest  *manifest,
                           const StrataPart      *part,
                           GCancellable          *cancellable,
                           GError               **error);

/* The same under the lock, where nobody can have changed the session meanwhile: a
 * part that is not there is damage. One that is staged is read where it is staged.
 */
GBytes *_strata_part_load (int                    dir,
                           const StrataManifest  *manifest,
                           const StrataPart      *part,
                           GError               **error);

/* Makes of @file, a part's file that is packed, a stream of its JSON text. One of
 * up to 8 MiB is unpacked at once, which is the faster way; of a larger one no
 * more than a block is held. What can't be unpacked is %STRATA_ERROR_DAMAGED_DATA,
 * here or while reading; whether it is the right text is for the reader to see.
 *
 * Returns: (transfer full): keeps @file where it needs it; or %NULL with @error set
 */
GInputStream *_strata_part_unpack_stream (GInputStream  *file,
                                          guint64        stored_bytes,
                                          guint64        raw_bytes,
                                          GCancellable  *cancellable,
                                          GError       **error);

G_END_DECLS

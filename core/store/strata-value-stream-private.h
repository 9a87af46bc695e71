/* strata-value-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* A GInputStream that gives back the JSON text a manifest was made from, token
 * for token: the session's object or the collection's value, joined from small
 * members, parts and tail as it is read. Each part's bytes are checked against their
 * digest on the way; damage is STRATA_ERROR_CORRUPT, and nothing after it is read.
 *
 * Memory: one block. Threads: one at a time.
 */
GInputStream *_strata_value_stream_new      (int                    dir,
                                             const StrataManifest  *manifest,
                                             GError               **error);
/* The bytes of one part */
GInputStream *_strata_value_stream_new_part (int                    dir,
                                             const StrataManifest  *manifest,
                                             const StrataPart      *part);
/* The same at once, for parts that have to be changed; a staged one is read where it
 * is staged. (transfer full): or %NULL with @error set
 */
GBytes       *_strata_part_load             (int                    dir,
                                             const StrataManifest  *manifest,
                                             const StrataPart      *part,
                                             GError               **error);
/* The bytes of one object, at @path below the store, checked the same way */
GInputStream *_strata_value_stream_new_object (int                  dir,
                                             const char            *path,
                                             const StrataDigest    *digest,
                                             guint64                bytes);

G_END_DECLS

/* strata-value-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-attachment-row-private.h"
#include "strata-manifest-private.h"

G_BEGIN_DECLS

/* A GInputStream that gives back the JSON text a manifest was made from, token
 * for token: the session's object or the collection's value, joined from small
 * members, parts and tail as it is read. Each part's bytes are checked against their
 * digest on the way; damage is STRATA_ERROR_CORRUPT, and nothing after it is read.
 *
 * Memory: one block; one part of up to 8 MiB where it is packed. Threads: one at a time.
 */
GInputStream *_strata_value_stream_new      (int                    dir,
                                             const StrataManifest  *manifest,
                                             GError               **error);
/* The bytes of one part */
GInputStream *_strata_value_stream_new_part (int                    dir,
                                             const StrataManifest  *manifest,
                                             const StrataPart      *part);
/* The bytes of one object, at @path below the store, checked the same way. Where there is none, and its
 * bytes were left in an old store: those of the file @reference below @root. Both (nullable); what can't be
 * read there is STRATA_ERROR_SOURCE, and what was changed STRATA_ERROR_CORRUPT.
 */
GInputStream *_strata_value_stream_new_object (int                  dir,
                                             const char            *path,
                                             const StrataDigest    *digest,
                                             guint64                bytes,
                                             const char            *root,
                                             const char            *reference);
/* The same for what a row says; it must have bytes. */
GInputStream *_strata_value_stream_new_attachment (int              dir,
                                             const StrataAttachmentRow *row);

G_END_DECLS

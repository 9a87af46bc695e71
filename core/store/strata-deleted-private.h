/* strata-deleted-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-store-private.h"

G_BEGIN_DECLS

/* StrataDeleted knows which sessions were deleted from a store and have not come back: by
 * its log, also after they were purged, and where the log is lost by the trash. What an old
 * store still has of them is not wanted again.
 *
 * Memory: some 150 bytes for each. Threads: one at a time.
 */
typedef struct _StrataDeleted StrataDeleted;

/* @dir: the store's root, borrowed */
StrataDeleted *_strata_deleted_new  (int             dir,
                                     GError        **error);
void           _strata_deleted_free (StrataDeleted  *self);

/* Whether the session with that key was deleted, also a moment ago. @out_content: the digest of its
 * text when it was put whole; all zero: nobody can tell
 */
gboolean       _strata_deleted_find (StrataDeleted  *self,
                                     const char     *key,
                                     gboolean       *out_is_deleted,
                                     StrataDigest   *out_content,
                                     GError        **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataDeleted, _strata_deleted_free)

G_END_DECLS

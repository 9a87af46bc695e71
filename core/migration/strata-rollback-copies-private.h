/* strata-rollback-copies-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-staging-private.h"
#include "strata-rollback-manifest-private.h"

G_BEGIN_DECLS

/* StrataRollbackCopies are the private copies of what collections were read from,
 * `migration/rollback-<source>/copies/<sha256>` or the same with `.gz`, each named
 * by the digest of the bytes it stands for: equal content is kept once, and what
 * was kept by an earlier run stays.
 *
 * Memory: a few blocks. Threads: one at a time.
 */
typedef struct _StrataRollbackCopies StrataRollbackCopies;

/* @dir, @staging: the store's, borrowed */
StrataRollbackCopies *_strata_rollback_copies_new   (int                     dir,
                                                     guint                   source,
                                                     StrataStaging          *staging);
/* Copies that were not placed are dropped. */
void                  _strata_rollback_copies_free  (StrataRollbackCopies   *self);

/* Copies a file of the old store, cloned where the file system can, else packed,
 * and digests it on the way. It is not in its place yet.
 *
 * @known: (nullable): its digest, where somebody has read it already
 *
 * STRATA_ERROR_SOURCE: the file can't be read; G_IO_ERROR: the copy can't be written
 */
gboolean              _strata_rollback_copies_add   (StrataRollbackCopies   *self,
                                                     int                     from_dir,
                                                     const char             *from_path,
                                                     const StrataDigest     *known,
                                                     StrataDigest           *out_digest,
                                                     StrataCopyForm         *out_form,
                                                     GCancellable           *cancellable,
                                                     GError                **error);
/* Puts all in place; durable on success. */
gboolean              _strata_rollback_copies_place (StrataRollbackCopies   *self,
                                                     GError                **error);
/* After the manifest is in place: removes copies that were not added. Best effort: a copy too many does no harm. */
void                  _strata_rollback_copies_sweep (StrataRollbackCopies   *self);

/* The bytes that a copy stands for. STRATA_ERROR_NOT_FOUND: it is not there. What is
 * damaged is told by the digest of what is read, or by STRATA_ERROR_CORRUPT.
 */
GInputStream         *_strata_rollback_copy_open    (int                     dir,
                                                     guint                   source,
                                                     const StrataDigest     *digest,
                                                     StrataCopyForm          form,
                                                     GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRollbackCopies, _strata_rollback_copies_free)

G_END_DECLS

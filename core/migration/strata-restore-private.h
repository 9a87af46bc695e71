/* strata-restore-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"
#include "strata-old-comparison-private.h"

G_BEGIN_DECLS

/* StrataRestore puts damaged files of an old store back as they were: collections
 * from the private copies, attachments from the store's objects. It is the one thing
 * that writes into an old store, and only when the user asked for it. Preparing
 * writes nothing there: it lays the bytes ready in the new store's staging area,
 * proved by their digests. What is replaced is kept in
 * `migration/rollback-<source>/replaced/`.
 *
 * Memory: the list of files. Threads: one at a time.
 */
typedef struct _StrataRestore StrataRestore;

/* Called without the store's lock.
 *
 * @comparison, @manifest, @store: borrowed for as long as this lives
 */
StrataRestore *_strata_restore_prepare        (StrataStore             *store,
                                               StrataRollbackManifest  *manifest,
                                               StrataOldComparison     *comparison,
                                               StrataSteps             *progress,
                                               GCancellable            *cancellable,
                                               GError                 **error);
void           _strata_restore_free           (StrataRestore           *self);
/* How many files are ready, and how many there is nothing exact of */
guint          _strata_restore_get_n_ready    (StrataRestore           *self);
guint          _strata_restore_get_n_lacking  (StrataRestore           *self);
/* Replaces them, each as a whole; durable on success. To be prepared and called again after a crash. */
gboolean       _strata_restore_apply          (StrataRestore           *self,
                                               StrataSteps             *progress,
                                               GError                 **error);

/* Lays one file's bytes ready at @path below @dir, where nothing is yet: from its copy, or
 * from an attachment's object and what was said of it. Not synced.
 *
 * @row: (nullable): the attachment's; %NULL: there is a copy
 * @out_exact: whether they have the digest they should have
 */
gboolean       _strata_restore_write          (StrataStore             *store,
                                               guint                    source,
                                               const StrataRollbackFile *file,
                                               const StrataAttachmentRow *row,
                                               int                      dir,
                                               const char              *path,
                                               gboolean                *out_exact,
                                               GCancellable            *cancellable,
                                               GError                 **error);

/* Calls @func for each of @files (path → anything) that some attachment of the store came from */
typedef gboolean (*StrataRestoreRowFunc)      (const StrataAttachmentRow *row,
                                               const char              *path,
                                               gpointer                 found,
                                               gpointer                 user_data,
                                               GError                 **error);
gboolean       _strata_restore_foreach_row    (StrataStore             *store,
                                               guint                    source,
                                               GHashTable              *files,
                                               StrataRestoreRowFunc     func,
                                               gpointer                 user_data,
                                               GCancellable            *cancellable,
                                               GError                 **error);

/* Copies a stream into a new file, digesting it on the way; @synced: and waits for the disk */
gboolean       _strata_restore_copy           (GInputStream            *from,
                                               int                      dir,
                                               const char              *path,
                                               gboolean                 synced,
                                               StrataDigest            *out_digest,
                                               GCancellable            *cancellable,
                                               GError                 **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRestore, _strata_restore_free)

G_END_DECLS

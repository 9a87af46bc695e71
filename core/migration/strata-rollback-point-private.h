/* strata-rollback-point-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"
#include "strata-file-notes-private.h"
#include "strata-old-files-private.h"

G_BEGIN_DECLS

/* StrataRollbackPoint watches the old store during a run, so that in the end there
 * is a way back to exactly what was migrated: what each file looked like before it
 * was read, and what those who read it learnt of it. When all is proved it makes
 * the rollback point: private copies of what collections were read from, and a
 * manifest of all files and of what the new store had of them.
 *
 * Memory: some bytes for each file that is not an attachment, and the notes'.
 * Threads: one at a time.
 */
typedef struct _StrataRollbackPoint StrataRollbackPoint;

/* Before anything is read of @legacy, which must outlive it */
StrataRollbackPoint *_strata_rollback_point_new        (StrataLegacyStore       *legacy,
                                                        GError                 **error);
void                 _strata_rollback_point_free       (StrataRollbackPoint     *self);
/* Once there is a store; the notes are kept in its staging area until it is freed */
gboolean             _strata_rollback_point_begin      (StrataRollbackPoint     *self,
                                                        StrataStore             *store,
                                                        StrataStaging           *staging,
                                                        GError                 **error);
StrataFileNotes     *_strata_rollback_point_get_notes  (StrataRollbackPoint     *self);

/* What the file looks like now, for a note to be made after it was read; all zero where it is not there.
 * G_IO_ERROR: nobody can tell
 */
gboolean             _strata_rollback_point_look       (int                      dir,
                                                        const char              *path,
                                                        StrataFileMark          *out_mark,
                                                        GError                 **error);

/* What was found out about the whole old store, for the manifest and the report */
typedef struct
{
  const char          *legacy;        /* what was given, absolute */
  const char          *attachments;   /* the same; or NULL */
  guint                source;
  GPtrArray           *problems;      /* StrataProblem: all of the run */
  GHashTable          *problem_index; /* path → GPtrArray of those that name it */

  gboolean             recover;       /* older copies were looked into */

  /* How many sessions were taken from a file */
  guint64            (*count_sessions)   (const StrataOldFile *file,
                                          gpointer             user_data);
  /* Names of the collections that were; only those taken whole, or only the others */
  void               (*list_collections) (const StrataOldFile *file,
                                          gboolean             is_whole,
                                          GPtrArray           *names,
                                          gpointer             user_data);
  /* Of the store's owners: whether this run saw it in the old store */
  gboolean           (*is_held)          (gboolean             is_collection,
                                          const char          *key,
                                          gpointer             user_data);
  /* Whether an attachment's file is one that only deleted sessions use */
  gboolean           (*is_left_out)      (const StrataOldFile *file,
                                          gpointer             user_data);
  gpointer             user_data;
} StrataRollbackFindings;

/* Makes the rollback point; durable on success, and until then the one before stands.
 *
 * @out_digest: of the manifest
 *
 * STRATA_ERROR_SOURCE_CHANGED: an attachment was written to after it was read
 */
gboolean             _strata_rollback_point_make       (StrataRollbackPoint           *self,
                                                        const StrataRollbackFindings  *findings,
                                                        StrataDigest                  *out_digest,
                                                        GCancellable                  *cancellable,
                                                        GError                       **error);

/* Whether a problem with that code names the file, shown as @path */
gboolean             _strata_rollback_findings_have    (const StrataRollbackFindings  *findings,
                                                        const char                    *path,
                                                        const char                    *code);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRollbackPoint, _strata_rollback_point_free)

G_END_DECLS

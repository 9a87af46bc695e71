/* strata-old-comparison-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-rollback-manifest-private.h"
#include "strata-steps-private.h"

G_BEGIN_DECLS

/* What has become of a file of the old store since its rollback point was made */
typedef enum
{
  STRATA_OLD_CHANGED,  /* other bytes, that can be read: Taskerino wrote it */
  STRATA_OLD_GONE,     /* removed, as Taskerino removes what it needs no more */
  STRATA_OLD_ADDED,    /* new */
  STRATA_OLD_DAMAGED,  /* ruined, or missing although something needs it */
} StrataOldVerdict;

#define STRATA_OLD_N_VERDICTS 4

typedef struct
{
  StrataRollbackFile  file;        /* as the manifest has it; of one that was added only root, kind, path and what */
  gboolean            is_missing;
  StrataOldVerdict    verdict;
  const char         *because;     /* a sentence for people; static */
} StrataOldDifference;

/* StrataOldComparison is an old store as it is now beside what it was at its rollback
 * point. Every byte of it is read. A value once made.
 *
 * Memory: 8 bytes for each file, and what differs. Threads: immutable.
 */
typedef struct
{
  guint64    n_files;                         /* that the rollback point has, but for derived ones */
  guint64    n_same;
  guint64    counts[STRATA_OLD_N_VERDICTS];
  GPtrArray *differences;                     /* (element-type StrataOldDifference) */
} StrataOldComparison;

/* @progress: (nullable): told of each file's size
 *
 * Fails with STRATA_ERROR_SOURCE where a file is there but can't be read now, for
 * nobody can tell then; a folder that is not there any more is a difference.
 */
StrataOldComparison *_strata_old_comparison_make  (StrataRollbackManifest  *manifest,
                                                   StrataSteps             *progress,
                                                   GCancellable            *cancellable,
                                                   GError                 **error);
void                 _strata_old_comparison_free  (StrataOldComparison     *self);

/* Tells of each difference whether it is a change or damage, by looking at what is there
 * now with the reader of old stores. Adds what is new.
 */
gboolean             _strata_old_comparison_judge (StrataOldComparison     *self,
                                                   StrataRollbackManifest  *manifest,
                                                   const guint64           *known,
                                                   gsize                    n_known,
                                                   GCancellable            *cancellable,
                                                   GError                 **error);

/* A number for a file's place, to look it up among many; collisions are as likely as of any hash of 64 bits */
guint64              _strata_old_place_hash       (const char              *root,
                                                   const char              *path);
/* A GCompareFunc of such numbers */
int                  _strata_old_compare_places    (gconstpointer            a,
                                                    gconstpointer            b);

/* Opens the folders of an old store; -1 for those it has not, or that are not there. */
gboolean             _strata_old_roots_open       (const StrataRollbackHeader *header,
                                                   int                      out_dirs[STRATA_OLD_N_ROOTS],
                                                   GError                 **error);
void                 _strata_old_roots_close      (int                      dirs[STRATA_OLD_N_ROOTS]);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataOldComparison, _strata_old_comparison_free)

G_END_DECLS

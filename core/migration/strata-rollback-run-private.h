/* strata-rollback-run-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-restore-private.h"
#include "strata-rollback.h"
#include "strata-way-back-private.h"

G_BEGIN_DECLS

/* One go at rolling a store back, on one thread; what StrataRollback does, without
 * the object around it.
 */
typedef struct
{
  /* Asked for */
  const char           *store_path;
  char                 *export_path;     /* (nullable): absolute */
  gboolean              restore;         /* what is damaged is put back; else it is left … */
  gboolean              is_decided;      /* … if that was said */
  StrataSteps          *steps;
  GCancellable         *cancellable;     /* until it has begun */

  /* Found out */
  StrataStore          *store;
  StrataWayBack        *way_back;
  GPtrArray            *comparisons;     /* (element-type StrataOldComparison) beside way_back->manifests */
  StrataOwnChanges     *changes;
  StrataRollbackSummary summary;
  gboolean              needs_export;    /* the old stores alone are not all there is */

  /* Done */
  char                 *exported;
  char                 *trash;
} StrataRollbackRun;

/* Opens the store and finds out what there is to be done; writes nothing but what opening does. */
gboolean _strata_rollback_run_look  (StrataRollbackRun  *self,
                                     GError            **error);
/* Does it, after a look. Once the journal says that it was begun it can't be cancelled, only go on. */
gboolean _strata_rollback_run_do    (StrataRollbackRun  *self,
                                     GError            **error);
void     _strata_rollback_run_clear (StrataRollbackRun  *self);

/* Where a store that was rolled back lies: beside its place, the first such name that is free, or the
 * last one that is not; (transfer full) (nullable)
 */
char    *_strata_rollback_dup_free_trash (const char    *store_path);
char    *_strata_rollback_dup_last_trash (const char    *store_path);

G_END_DECLS

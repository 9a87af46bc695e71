/* strata-retirement-run-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-retirement.h"
#include "strata-way-back-private.h"

G_BEGIN_DECLS

/* One go at deleting the old stores of a store, on one thread; what StrataRetirement
 * does, without the object around it.
 */
typedef struct
{
  /* Asked for */
  const char              *store_path;
  gboolean                 now;
  guint                    retention_days;
  StrataSteps             *steps;
  GCancellable            *cancellable;   /* until it has begun */

  /* Found out */
  StrataStore             *store;
  StrataWayBack           *way_back;
  gboolean                 has_changed;   /* an old store was written to since: it is to be taken in first */
  char                    *unreadable;    /* (nullable): what was left in an old store and is not as it was, as a sentence */
  StrataRetirementSummary  summary;
  char                    *because;       /* (nullable): why it is not ready, or what there is to be said */
} StrataRetirementRun;

/* Finds out whether the old stores may go; deletes nothing. FALSE: it could not be found out. */
gboolean _strata_retirement_run_look  (StrataRetirementRun  *self,
                                       GError              **error);
/* After a look that found them ready */
gboolean _strata_retirement_run_do    (StrataRetirementRun  *self,
                                       GError              **error);
void     _strata_retirement_run_clear (StrataRetirementRun  *self);

/* Whether each session and collection is in the store as it was migrated, or changes.log knows of
 * the change. @out_because: (transfer full): the first that is neither
 */
gboolean _strata_retirement_compare_digests (StrataStore    *store,
                                             StrataWayBack  *way_back,
                                             char          **out_because,
                                             GCancellable   *cancellable,
                                             GError        **error);

G_END_DECLS

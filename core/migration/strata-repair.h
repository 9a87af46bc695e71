/* strata-repair.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <maintenance/strata-check.h>

G_BEGIN_DECLS

#define STRATA_TYPE_REPAIR (strata_repair_get_type ())

typedef struct _StrataRepair StrataRepair;

/**
 * StrataRepair:
 * @check: what a check found afterwards
 * @repaired: how many things were repaired
 * @lost: how many could not be, or not whole
 * @problems: (element-type StrataProblem): what was repaired (`repaired`), what is lost (`lost`),
 *   and the problems of @check; paths are below the store
 *
 * What came of repairing a store. Immutable; shared by reference.
 */
struct _StrataRepair
{
  StrataCheck *check;
  guint64      repaired;
  guint64      lost;
  GPtrArray   *problems;
};

GType         strata_repair_get_type (void);
StrataRepair *strata_repair_ref      (StrataRepair  *self);
void          strata_repair_unref    (StrataRepair  *self);

StrataRepair *strata_repair_run      (StrataStore   *store,
                                      GCancellable  *cancellable,
                                      GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRepair, strata_repair_unref)

G_END_DECLS

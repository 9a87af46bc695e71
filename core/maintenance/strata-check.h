/* strata-check.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-problem.h"
#include "store/strata-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_CHECK (strata_check_get_type ())

typedef struct _StrataCheck StrataCheck;

/**
 * StrataCheck:
 * @files: how many files were read to their end
 * @sessions: how many sessions were put together and compared with their digest
 * @attachments: how many different objects were compared with theirs
 * @references: how many uses of attachments were looked up
 * @damage: how many of @problems are damage, and not only notes
 * @ends: whether the end of the store was reached, so that the next part begins from the start
 * @drilled: (nullable): key of the session that was rebuilt as a drill
 * @problems: (element-type StrataProblem): what was found; paths are below the store
 *
 * What a check of a store found. Immutable; shared by reference.
 */
struct _StrataCheck
{
  guint64    files;
  guint64    sessions;
  guint64    attachments;
  guint64    references;
  guint64    damage;
  gboolean   ends;
  char      *drilled;
  GPtrArray *problems;
};

GType        strata_check_get_type (void);
StrataCheck *strata_check_ref      (StrataCheck   *self);
void         strata_check_unref    (StrataCheck   *self);

StrataCheck *strata_check_run      (StrataStore   *store,
                                    GCancellable  *cancellable,
                                    GError       **error);
StrataCheck *strata_check_run_part (StrataStore   *store,
                                    guint          percent,
                                    gboolean       drill,
                                    GCancellable  *cancellable,
                                    GError       **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataCheck, strata_check_unref)

G_END_DECLS

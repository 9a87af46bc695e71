/* strata-own-changes-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"
#include "strata-rollback-manifest-private.h"

G_BEGIN_DECLS

/* StrataOwnChanges is what a store has that its old stores do not have: what was
 * added or changed in it since they were migrated, what was deleted, and what they
 * themselves had lost by the last migration.
 *
 * Memory: the keys. Threads: immutable once made.
 */
typedef struct
{
  GPtrArray *sessions;     /* keys of those to be taken along */
  GPtrArray *collections;  /* the same */
  GPtrArray *deleted;      /* keys of sessions that the old stores have, and this one no more */
} StrataOwnChanges;

/* @manifests: (element-type StrataRollbackManifest): one for each of its old stores */
StrataOwnChanges *_strata_own_changes_find   (StrataStore       *store,
                                              GPtrArray         *manifests,
                                              GCancellable      *cancellable,
                                              GError           **error);
void              _strata_own_changes_free   (StrataOwnChanges  *self);
gboolean          _strata_own_changes_is_any (StrataOwnChanges  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataOwnChanges, _strata_own_changes_free)

G_END_DECLS

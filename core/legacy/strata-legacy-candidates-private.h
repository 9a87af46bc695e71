/* strata-legacy-candidates-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-candidate-private.h"

G_BEGIN_DECLS

/* StrataLegacyCandidates are all places of an old store where each of its
 * collections may be found, in the order in which they are to be believed.
 */
typedef struct _StrataLegacyCandidates StrataLegacyCandidates;

/* Reads the heads of all files, and backups to their ends: their order inside is
 * nobody's promise. What can't be read goes to @report (NULL: nowhere) as
 * envelope-invalid.
 *
 * @source: (nullable): the candidate, or the ZIP, database or backup, that is
 * believed before all others. STRATA_ERROR_SOURCE naming those there are when
 * it is none of them.
 */
StrataLegacyCandidates *
            _strata_legacy_candidates_gather     (StrataLegacyStore       *store,
                                                  const char              *source,
                                                  StrataProblemFunc        report,
                                                  gpointer                 user_data,
                                                  GCancellable            *cancellable,
                                                  GError                 **error);
void        _strata_legacy_candidates_free       (StrataLegacyCandidates  *self);

/* (transfer none) (element-type StrataLegacyCandidate): those of a collection;
 * empty where it is nowhere. The one asked for comes first, then a web view's
 * database, then files and exports, the newest first, then backups, the newest
 * first, then what has no time.
 */
GPtrArray  *_strata_legacy_candidates_get        (StrataLegacyCandidates  *self,
                                                  const char              *collection);
/* Names of all collections that are anywhere, sorted; (transfer container) (element-type utf8) */
GPtrArray  *_strata_legacy_candidates_list_names (StrataLegacyCandidates  *self);

/* Puts all but the first into the order of their times alone: which copy to
 * believe when the first is broken, wherever they are.
 */
void        _strata_legacy_candidates_sort_rest  (GPtrArray               *candidates);

/* The number of the first after the first that is a whole list; 0: there is none. Reads them. */
guint       _strata_legacy_candidates_find_whole (GPtrArray               *candidates,
                                                  GCancellable            *cancellable);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyCandidates, _strata_legacy_candidates_free)

G_END_DECLS

/* strata-moments-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "store/strata-manifest-private.h"
#include "strata-moment-private.h"

G_BEGIN_DECLS

/* The moments of a session or a collection, from its files, one at a time.
 *
 * Damage of a part is STRATA_ERROR_CORRUPT, or STRATA_ERROR_SYNTAX where it is
 * no JSON; what came before it was handed out.
 *
 * Memory: one element. Threads: any, one walk at a time for each directory is
 * not required.
 */

/* The moment belongs to the walk. FALSE with @error set stops it. */
typedef gboolean (*StrataMomentFunc)        (const StrataMoment    *moment,
                                             gpointer               user_data,
                                             GError               **error);

/* @facts are whole when the walk is over; its start is known before the first
 * moment, where the session says one. The session's own moment comes last.
 */
gboolean         _strata_moments_of_session (int                    dir,
                                             const StrataManifest  *manifest,
                                             StrataFacts           *facts,
                                             StrataMomentFunc       func,
                                             gpointer               user_data,
                                             GCancellable          *cancellable,
                                             GError               **error);

/* An element of the notes or the tasks: one moment, with its facts and the
 * digest of its JSON text.
 */
typedef gboolean (*StrataItemFunc)          (const StrataMoment    *moment,
                                             const StrataFacts     *facts,
                                             const StrataDigest    *digest,
                                             gpointer               user_data,
                                             GError               **error);
gboolean         _strata_moments_of_items   (int                    dir,
                                             const StrataManifest  *manifest,
                                             StrataKind             kind,
                                             StrataItemFunc         func,
                                             gpointer               user_data,
                                             GCancellable          *cancellable,
                                             GError               **error);

/* The `id` and `name` of each element of topics, companies and contacts. */
typedef gboolean (*StrataNameFunc)          (const char            *id,
                                             const char            *name,
                                             gpointer               user_data,
                                             GError               **error);
gboolean         _strata_moments_list_names (int                    dir,
                                             const StrataManifest  *manifest,
                                             StrataNameFunc         func,
                                             gpointer               user_data,
                                             GCancellable          *cancellable,
                                             GError               **error);

/* Reads the one moment again that was handed out with this kind, part and
 * place, for showing it; of a session its name, description and summary.
 *
 * Returns: (transfer full): or NULL with @error set, STRATA_ERROR_NOT_FOUND
 *   where the manifest has no such place
 */
StrataMoment    *_strata_moments_find       (int                    dir,
                                             const StrataManifest  *manifest,
                                             StrataKind             kind,
                                             guint                  part,
                                             guint64                place,
                                             GCancellable          *cancellable,
                                             GError               **error);

G_END_DECLS

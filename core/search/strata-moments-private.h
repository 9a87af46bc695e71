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
 * Memory: one element. Threads: any.
 */

/* The moment belongs to the walk. FALSE with @error set stops it. */
typedef gboolean (*StrataMomentFunc)            (const StrataMoment    *moment,
                                                 gpointer               user_data,
                                                 GError               **error);

/* What stands in a part, as far as searching goes */
typedef enum
{
  STRATA_CONTENT_NONE,      /* nothing */
  STRATA_CONTENT_OWN,       /* text of the session itself: its description, its summary */
  STRATA_CONTENT_VALUE,     /* a value with moments in it, or of which the facts are made */
  STRATA_CONTENT_ELEMENTS,  /* moments; of the facts only what the session has */
} StrataContent;

StrataContent    _strata_moments_get_content    (const StrataPart      *part);

/* Goes through a session piece by piece: small members first, then those parts that
 * are wanted, then the tail, at last the session's own moment, which is made of
 * what was met on the way. What is of no interest but has facts is walked without a
 * @func.
 */
typedef struct _StrataMomentWalk StrataMomentWalk;

/* @facts: filled on the way; its start is known from the beginning, where the
 * session says one in its small members. All must outlive the walk.
 *
 * Returns: (transfer full): or NULL with @error set
 */
StrataMomentWalk *_strata_moment_walk_new       (int                    dir,
                                                 const StrataManifest  *manifest,
                                                 StrataFacts           *facts,
                                                 GCancellable          *cancellable,
                                                 GError               **error);
void              _strata_moment_walk_free      (StrataMomentWalk      *self);
gboolean          _strata_moment_walk_small     (StrataMomentWalk      *self,
                                                 StrataMomentFunc       func,
                                                 gpointer               user_data,
                                                 GError               **error);
gboolean          _strata_moment_walk_part      (StrataMomentWalk      *self,
                                                 guint                  part,
                                                 StrataMomentFunc       func,
                                                 gpointer               user_data,
                                                 GError               **error);
/* Lines of the tail from the byte @from of its file on */
gboolean          _strata_moment_walk_tail      (StrataMomentWalk      *self,
                                                 guint64                from,
                                                 StrataMomentFunc       func,
                                                 gpointer               user_data,
                                                 GError               **error);
gboolean          _strata_moment_walk_own       (StrataMomentWalk      *self,
                                                 StrataMomentFunc       func,
                                                 gpointer               user_data,
                                                 GError               **error);

/* All of it */
gboolean          _strata_moments_of_session    (int                    dir,
                                                 const StrataManifest  *manifest,
                                                 StrataFacts           *facts,
                                                 StrataMomentFunc       func,
                                                 gpointer               user_data,
                                                 GCancellable          *cancellable,
                                                 GError               **error);

/* An element of the notes or the tasks: one moment, with its facts and the
 * digest of its JSON text.
 */
typedef gboolean (*StrataItemFunc)              (const StrataMoment    *moment,
                                                 const StrataFacts     *facts,
                                                 const StrataDigest    *digest,
                                                 gpointer               user_data,
                                                 GError               **error);
gboolean          _strata_moments_of_items      (int                    dir,
                                                 const StrataManifest  *manifest,
                                                 StrataKind             kind,
                                                 StrataItemFunc         func,
                                                 gpointer               user_data,
                                                 GCancellable          *cancellable,
                                                 GError               **error);

/* The `id` and `name` of each element of topics, companies and contacts. */
typedef gboolean (*StrataNameFunc)              (const char            *id,
                                                 const char            *name,
                                                 gpointer               user_data,
                                                 GError               **error);
gboolean          _strata_moments_list_names    (int                    dir,
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
StrataMoment     *_strata_moments_find          (int                    dir,
                                                 const StrataManifest  *manifest,
                                                 StrataKind             kind,
                                                 guint                  part,
                                                 guint64                place,
                                                 GCancellable          *cancellable,
                                                 GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMomentWalk, _strata_moment_walk_free)

G_END_DECLS

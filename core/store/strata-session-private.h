/* strata-session-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-session.h"
#include "strata-snapshot-private.h"

G_BEGIN_DECLS

/* For those that read a session piece by piece. Each works on a snapshot of its
 * own, so that what it counted stays so until it looks for what is new.
 */

/* Returns: (transfer full): the session as it was when it was looked at last; never waits */
StrataSnapshot *_strata_session_dup_snapshot (StrataSession         *self);

/* Loads one piece of a list, without its first @skip elements. Waits for the
 * disk where the cache has not got it.
 *
 * Returns: (transfer full): or %NULL with @error set, which
 *   _strata_session_try_again() understands
 */
StrataElements *_strata_session_load_piece   (StrataSession         *self,
                                              StrataSnapshot        *snapshot,
                                              const StrataPieces    *pieces,
                                              guint                  piece,
                                              guint                  skip,
                                              GCancellable          *cancellable,
                                              GError               **error);

/* The same if it is in the cache, else %NULL; never waits. */
StrataElements *_strata_session_peek_piece   (StrataSession         *self,
                                              StrataSnapshot        *snapshot,
                                              const StrataPieces    *pieces,
                                              guint                  piece);

/* Has a piece read into the cache by another thread, if there is such a piece
 * and the cache would keep it. Never waits.
 */
void            _strata_session_prefetch     (StrataSession         *self,
                                              StrataSnapshot        *snapshot,
                                              const StrataPieces    *pieces,
                                              guint                  piece,
                                              GCancellable          *cancellable);

/* After something of @stale could not be read for the @tries-th time, from 0:
 * looks whether the session was changed meanwhile, when the files of before may
 * be gone. Waits for the disk.
 *
 * Returns: TRUE when it is worth another try, with a newer snapshot or, for what
 *   was away for a moment, with the same; else FALSE with @error set, from @failure
 *   (transfer full) or from looking. After a few tries it is always FALSE.
 */
gboolean        _strata_session_try_again    (StrataSession         *self,
                                              const StrataSnapshot  *stale,
                                              guint                  tries,
                                              GError                *failure,
                                              GError               **error);

StrataPartIterator *
                _strata_part_iterator_new    (StrataSession         *session,
                                              const char            *member);

G_END_DECLS

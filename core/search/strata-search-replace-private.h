/* strata-search-replace-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-search-sync-private.h"

G_BEGIN_DECLS

/* How an index comes into the place of another: one that is made anew from the files,
 * or the same without what was left free between its pages. Either is written to a
 * file beside it first, packed, while the old one serves; then all pages are put
 * in the old one's place in one transaction. Whoever has it open sees the old one
 * or the new one, and what ends the work in between leaves the old one.
 *
 * Packing through a file and not within memory keeps the memory small: VACUUM
 * alone took as much as the index, 546 MB for a million moments.
 */

/* Opens the index of a store; one that is damaged or of another version is
 * thrown away first. Returns: (transfer full): or NULL with @error set
 */
StrataSearchIndex *
          _strata_search_open            (StrataStore           *store,
                                          GError               **error);

/* Whoever does one of the following holds this lock from its beginning until the new index is in place: two
 * processes at it would write to the same files. It is gone with the process.
 *
 * Returns: what is to be closed to unlock it; or -1 with @error set, %STRATA_ERROR_IN_USE where another has it,
 *   also another StrataSearch of this process
 */
int       _strata_search_lock_making     (StrataStore           *store,
                                          GError               **error);

/* Removes what a program that ended in the middle of one of the following left, unless one is at it now. */
void      _strata_search_remove_leftovers (StrataStore          *store);

/* Whether so much of it is dead that it should be made anew */
gboolean  _strata_search_is_worn         (StrataSearchIndex     *index);
/* Whether so much was added since it was packed that it should be packed again */
gboolean  _strata_search_is_loose        (StrataSearchIndex     *index);

/* Makes an index from the files, packed, beside the one there is, which is not touched. Cancelled
 * between sessions; on failure nothing stays.
 */
gboolean  _strata_search_make_anew       (StrataStore           *store,
                                          StrataSearchProgress   progress,
                                          gpointer               user_data,
                                          GCancellable          *cancellable,
                                          GError               **error);
/* Merges what was added to @index in pieces, and writes all of it, packed, beside it. */
gboolean  _strata_search_pack            (StrataStore           *store,
                                          StrataSearchIndex     *index,
                                          GCancellable          *cancellable,
                                          GError               **error);
/* Puts what either of these made in the place of the index. Nothing of what was
 * removed is in the files afterwards. Nobody in this process may have the index open.
 */
gboolean  _strata_search_put_in_place    (StrataStore           *store,
                                          GError               **error);

G_END_DECLS

/* strata-search-sync-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"
#include "strata-search-index-private.h"

G_BEGIN_DECLS

/* Its file below the store */
#define STRATA_SEARCH_INDEX_NAME "search.sqlite3"

/* Called now and then with how many sessions and collections of how many are indexed. */
typedef void (*StrataSearchProgress)     (guint64                done,
                                          guint64                total,
                                          gpointer               user_data);

/* Makes the index say what the files say: what changes.log names beyond the point
 * that the index has reached; or everything, where the index is new or does not
 * fit the log. Only what has another digest is indexed. Committed in pieces, so that
 * what was interrupted goes on where it was.
 */
gboolean  _strata_search_sync            (StrataSearchIndex     *index,
                                          StrataStore           *store,
                                          StrataSearchProgress   progress,
                                          gpointer               user_data,
                                          GCancellable          *cancellable,
                                          GError               **error);

/* Opens the index of a store; one that is damaged or of another version is
 * thrown away first. Returns: (transfer full): or NULL with @error set
 */
StrataSearchIndex *
          _strata_search_open            (StrataStore           *store,
                                          GError               **error);

/* Makes the index anew, beside the old one, which serves until then, and puts it in
 * its place in one transaction. Afterwards nothing of what was removed is in the
 * files. Nobody in this process may have the index open.
 */
gboolean  _strata_search_rebuild         (StrataStore           *store,
                                          StrataSearchProgress   progress,
                                          gpointer               user_data,
                                          GCancellable          *cancellable,
                                          GError               **error);

/* Whether so much of it is dead that it should be made anew */
gboolean  _strata_search_is_worn         (StrataSearchIndex     *index);

G_END_DECLS

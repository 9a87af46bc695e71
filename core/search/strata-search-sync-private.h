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

G_END_DECLS

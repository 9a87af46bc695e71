/* strata-search-suggest-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-query-private.h"
#include "strata-search-index-private.h"

G_BEGIN_DECLS

/* As strata_search_complete() */
char **_strata_search_complete (StrataSearchIndex  *index,
                                const char         *text,
                                guint               limit,
                                GError            **error);

/* As strata_search_suggest() */
char  *_strata_search_suggest  (StrataSearchIndex  *index,
                                StrataQuery        *query,
                                GError            **error);

/* How many letters must be changed, added, left out or exchanged with their
 * neighbour to make one word of the other; more than @max is @max + 1.
 */
guint  _strata_search_distance (const char         *a,
                                const char         *b,
                                guint               max);

G_END_DECLS

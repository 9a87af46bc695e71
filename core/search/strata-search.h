/* strata-search.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <store/strata-store.h>

#include "strata-query.h"
#include "strata-search-hit.h"
#include "strata-search-results.h"

G_BEGIN_DECLS

/**
 * StrataSearchExtent:
 * @STRATA_SEARCH_FIRST: a first page, soon: the best of the newest 2,000 matches
 * @STRATA_SEARCH_ALL: the best of all matches, counted to the end
 *
 * How much a search looks at.
 */
typedef enum
{
  STRATA_SEARCH_FIRST,
  STRATA_SEARCH_ALL,
} StrataSearchExtent;

/**
 * StrataSearchProgressFunc:
 * @done: sessions and collections that were looked at
 * @total: how many there are to look at
 *
 * Called on the thread that works.
 */
typedef void (*StrataSearchProgressFunc) (guint64  done,
                                          guint64  total,
                                          gpointer user_data);

#define STRATA_TYPE_SEARCH (strata_search_get_type ())

G_DECLARE_FINAL_TYPE (StrataSearch, strata_search, STRATA, SEARCH, GObject)

StrataSearch        *strata_search_new                 (StrataStore               *store);

gboolean             strata_search_update              (StrataSearch              *self,
                                                        StrataSearchProgressFunc   progress,
                                                        gpointer                   user_data,
                                                        GCancellable              *cancellable,
                                                        GError                   **error);
void                 strata_search_update_async        (StrataSearch              *self,
                                                        GCancellable              *cancellable,
                                                        GAsyncReadyCallback        callback,
                                                        gpointer                   user_data);
gboolean             strata_search_update_finish       (StrataSearch              *self,
                                                        GAsyncResult              *result,
                                                        GError                   **error);
gboolean             strata_search_rebuild             (StrataSearch              *self,
                                                        StrataSearchProgressFunc   progress,
                                                        gpointer                   user_data,
                                                        guint64                   *out_sessions,
                                                        guint64                   *out_moments,
                                                        GCancellable              *cancellable,
                                                        GError                   **error);

StrataSearchResults *strata_search_run                 (StrataSearch              *self,
                                                        StrataQuery               *query,
                                                        StrataSearchExtent         extent,
                                                        guint                      limit,
                                                        GCancellable              *cancellable,
                                                        GError                   **error);
void                 strata_search_run_async           (StrataSearch              *self,
                                                        StrataQuery               *query,
                                                        StrataSearchExtent         extent,
                                                        guint                      limit,
                                                        GCancellable              *cancellable,
                                                        GAsyncReadyCallback        callback,
                                                        gpointer                   user_data);
StrataSearchResults *strata_search_run_finish          (StrataSearch              *self,
                                                        GAsyncResult              *result,
                                                        GError                   **error);

gboolean             strata_search_load_snippet        (StrataSearch              *self,
                                                        StrataQuery               *query,
                                                        StrataSearchHit           *hit,
                                                        GCancellable              *cancellable,
                                                        GError                   **error);
void                 strata_search_load_snippet_async  (StrataSearch              *self,
                                                        StrataQuery               *query,
                                                        StrataSearchHit           *hit,
                                                        GCancellable              *cancellable,
                                                        GAsyncReadyCallback        callback,
                                                        gpointer                   user_data);
gboolean             strata_search_load_snippet_finish (StrataSearch              *self,
                                                        GAsyncResult              *result,
                                                        GError                   **error);

char               **strata_search_complete            (StrataSearch              *self,
                                                        const char                *text,
                                                        guint                      limit,
                                                        GError                   **error);
char                *strata_search_suggest             (StrataSearch              *self,
                                                        StrataQuery               *query,
                                                        GError                   **error);

G_END_DECLS

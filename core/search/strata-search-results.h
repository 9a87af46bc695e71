/* strata-search-results.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-query.h"

G_BEGIN_DECLS

#define STRATA_TYPE_SEARCH_RESULTS (strata_search_results_get_type ())

G_DECLARE_FINAL_TYPE (StrataSearchResults, strata_search_results, STRATA, SEARCH_RESULTS, GObject)

StrataQuery *strata_search_results_get_query    (StrataSearchResults *self);
guint64      strata_search_results_get_total    (StrataSearchResults *self);
guint64      strata_search_results_get_sessions (StrataSearchResults *self);
gboolean     strata_search_results_is_whole     (StrataSearchResults *self);
gint64       strata_search_results_get_took_us  (StrataSearchResults *self);

G_END_DECLS

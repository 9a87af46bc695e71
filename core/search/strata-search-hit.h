/* strata-search-hit.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

/**
 * STRATA_TIME_UNKNOWN:
 *
 * What times and offsets are where they are not known.
 */
#define STRATA_TIME_UNKNOWN G_MININT64

#define STRATA_TYPE_SEARCH_HIT (strata_search_hit_get_type ())

G_DECLARE_FINAL_TYPE (StrataSearchHit, strata_search_hit, STRATA, SEARCH_HIT, GObject)

const char *strata_search_hit_get_key          (StrataSearchHit *self);
const char *strata_search_hit_get_session      (StrataSearchHit *self);
const char *strata_search_hit_get_session_name (StrataSearchHit *self);
gint64      strata_search_hit_get_session_start_ms (StrataSearchHit *self);
const char *strata_search_hit_get_kind         (StrataSearchHit *self);
const char *strata_search_hit_get_item         (StrataSearchHit *self);
gint64      strata_search_hit_get_time_ms      (StrataSearchHit *self);
gint64      strata_search_hit_get_offset_ms    (StrataSearchHit *self);
double      strata_search_hit_get_score        (StrataSearchHit *self);
char       *strata_search_hit_dup_snippet      (StrataSearchHit *self);

G_END_DECLS

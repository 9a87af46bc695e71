/* strata-search-results-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-search-hit-private.h"
#include "strata-search-results.h"

G_BEGIN_DECLS

/* Set once, before anybody else has it */
struct _StrataSearchResults
{
  GObject      parent_instance;

  StrataQuery *query;
  GPtrArray   *hits;       /* (element-type StrataSearchHit) */
  guint64      total;
  guint64      sessions;
  gboolean     is_whole;
  gint64       took_us;
};

G_END_DECLS

/* strata-search-run-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-search-expression-private.h"
#include "strata-search-filter-private.h"

G_BEGIN_DECLS

/* A search over the index: matches, the best of them, and how many there are. */

/* The first page ranks the newest so many matches */
#define STRATA_SEARCH_FIRST_MATCHES 2000

typedef struct
{
  gint64 document;   /* session, note or task it is in */
  gint64 session;    /* the session it is shown under; 0: a note or task of none */
  gint64 block;      /* 0: the session as such, found by filters alone */
  guint  number;     /* of the moment in the block */
  double score;      /* higher is better */
} StrataMatchRow;

typedef struct
{
  GArray   *rows;       /* StrataMatchRow, the best first, those of a session together */
  guint64   total;      /* matches; a note counts once for each of its sessions */
  guint64   sessions;   /* different ones among them */
  gboolean  is_whole;   /* all matches were looked at, and none left out */
} StrataSearchRun;

/* @limit: of rows, at least 1; those left out are counted.
 *
 * Returns: (transfer full): or NULL with @error set
 */
StrataSearchRun *_strata_search_run_new  (StrataSearchIndex   *index,
                                          StrataSearchFilter  *filter,
                                          StrataQuery         *query,
                                          StrataSearchExtent   extent,
                                          guint                limit,
                                          GError             **error);
void             _strata_search_run_free (StrataSearchRun     *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSearchRun, _strata_search_run_free)

G_END_DECLS

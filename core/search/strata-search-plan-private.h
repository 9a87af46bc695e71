/* strata-search-plan-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-query-private.h"

G_BEGIN_DECLS

/* Texts are looked up in one index, filters in others. So a query is taken apart
 * into alternatives, each of which has texts, filters of documents and kinds that
 * all must hold; what it finds is what one of them finds. Nearly all queries are
 * one alternative: only an OR between a word and a filter makes more.
 */
typedef struct
{
  GPtrArray *texts;     /* (element-type StrataQueryNode) with texts only */
  GPtrArray *filters;   /* (element-type StrataQueryNode) with filters only, but for `kind:` */
  guint      kinds;     /* 1 << StrataKind of those that may be */
} StrataAlternative;

#define STRATA_ALL_KINDS ((1u << STRATA_N_KINDS) - 1)

/* More alternatives are left out */
#define STRATA_MAX_ALTERNATIVES 32

/* (transfer full) (element-type StrataAlternative): nodes belong to @query, which must outlive it */
GPtrArray *_strata_search_plan_make (StrataQuery *query);

G_END_DECLS

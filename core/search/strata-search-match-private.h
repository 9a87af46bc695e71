/* strata-search-match-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-block-private.h"
#include "strata-document-set-private.h"
#include "strata-search-expression-private.h"
#include "strata-search-filter-private.h"

G_BEGIN_DECLS

/* Goes through the moments whose text matches, from the newest blocks down, and
 * says how well each does.
 *
 * A moment's score is bm25 over what is looked for and found in it: a word counts
 * the more, the fewer moments have it, the more often it is there, and where: in a
 * name 8 times as much as on a screen, in a summary 4 times, spoken or written
 * twice. Long moments count less.
 */

typedef struct
{
  gint64                   block;
  gint64                   document;
  guint                    number;     /* of the moment in its block */
  double                   score;
} StrataFound;

/* @out_stop: set it when there are enough */
typedef gboolean (*StrataFoundFunc)    (const StrataFound       *found,
                                        gboolean                *out_stop,
                                        gpointer                 user_data,
                                        GError                 **error);

typedef struct
{
  GPtrArray               *texts;      /* (element-type StrataQueryNode) all must hold */
  guint                    kinds;      /* 1 << StrataKind of those wanted */
  const StrataDocumentSet *documents;  /* (nullable): of which; a note also when one of its sessions is in it */
} StrataMatchWhat;

/* Makes what is needed for it known to the connection; once for each index. */
gboolean _strata_search_match_register (StrataSearchIndex       *index,
                                        GError                 **error);

/* @expression: of @what->texts, with something that must be there. @out_whole: FALSE
 * where @func had enough, or a first page would have taken too long
 */
gboolean _strata_search_match_texts    (StrataSearchIndex             *index,
                                        StrataSearchFilter            *filter,
                                        const StrataMatchWhat         *what,
                                        const StrataSearchExpression  *expression,
                                        StrataSearchExtent             extent,
                                        StrataFoundFunc                func,
                                        gpointer                       user_data,
                                        gboolean                      *out_whole,
                                        GError                       **error);

/* All moments of some kinds, whatever their text */
gboolean _strata_search_match_all      (StrataSearchIndex             *index,
                                        StrataSearchFilter            *filter,
                                        const StrataMatchWhat         *what,
                                        StrataFoundFunc                func,
                                        gpointer                       user_data,
                                        gboolean                      *out_whole,
                                        GError                       **error);

/* Whether a document is one of those wanted; sessions of notes count. */
gboolean _strata_search_match_wants    (StrataSearchFilter            *filter,
                                        const StrataDocumentSet       *documents,
                                        gint64                         document,
                                        gboolean                      *out_wanted,
                                        GError                       **error);

G_END_DECLS

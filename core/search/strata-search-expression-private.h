/* strata-search-expression-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-query-private.h"
#include "strata-search-index-private.h"
#include "strata-search.h"

G_BEGIN_DECLS

/* StrataSearchExpression is what FTS5 is asked for to find the blocks in which
 * moments may match the text of a query, and how to tell from the places of the
 * words there which moments do. FTS5 knows blocks only: it is asked for what
 * must be somewhere in the block, and for the places of what must not.
 *
 * A phrase is asked for by its words: FTS5 finds the blocks that have all of them
 * fast, but compares their places slowly.
 *
 * The beginning of a word is asked for as the words that begin so, where they are
 * few or a first page is enough: then the newest matches are found without reading
 * the rest. FTS5 itself would gather all places of all of them first.
 */

/* A word, phrase or beginning that is looked for */
typedef struct
{
  const StrataQueryNode *node;
  GPtrArray             *last;      /* (element-type utf8) its last word as FTS5 takes it, or several one of which is there; none: it is nowhere */
  guint                  n_tokens;
  guint64               *counts;    /* for each of its words: moments that have it, at most */
  guint64                count;     /* the least of them */
  guint                 *phrases;   /* for each of its words its number among the phrases of the MATCH; of several last words the first one's */
  gboolean               is_asked;  /* it is in the MATCH */
} StrataSearchLeaf;

typedef struct
{
  GPtrArray *leaves;     /* (element-type StrataSearchLeaf) in the order of the tree */
  char      *match;      /* for MATCH; NULL where there is nothing that must be there */
  guint      n_phrases;  /* of @match, each a word or a beginning */
  gboolean   is_nowhere; /* something that must be there is in no moment */
  gboolean   is_exact;   /* FALSE: rare words of a beginning were left out */
} StrataSearchExpression;

/* @nodes: (element-type StrataQueryNode) trees of texts only, all of which must hold.
 *
 * Returns: (transfer full): or NULL with @error set
 */
StrataSearchExpression *_strata_search_expression_new      (StrataSearchIndex             *index,
                                                            GPtrArray                     *nodes,
                                                            StrataSearchExtent             extent,
                                                            GError                       **error);
void                    _strata_search_expression_free     (StrataSearchExpression        *self);

/* For tests: how many places of a beginning FTS5 may gather for a first page; -1: as usual */
void                    _strata_search_expression_set_max_gathered (gint64                 max_gathered);

/* @mask: bit i is set where leaf i is there. Returns: whether all trees hold */
gboolean                _strata_search_expression_evaluate (const StrataSearchExpression  *self,
                                                            GPtrArray                     *nodes,
                                                            guint64                        mask);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSearchExpression, _strata_search_expression_free)

G_END_DECLS

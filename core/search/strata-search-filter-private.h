/* strata-search-filter-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-document-set-private.h"
#include "strata-query-private.h"
#include "strata-search-index-private.h"

G_BEGIN_DECLS

/* Which documents the filters of a query choose.
 *
 * A value of `tag:`, `topic:` and the like is compared as people compare names
 * (without case, accents and punctuation): what equals it; where nothing does,
 * what begins with it; where nothing does either, what has it inside. Topics,
 * companies and contacts are known by name or by id.
 *
 * A note or task belongs to its sessions, and is chosen when one of them is. One
 * that belongs to none is chosen by what it says itself.
 */
typedef struct _StrataSearchFilter StrataSearchFilter;

/* Keeps the sets it made until the index changes. @index must outlive it. */
StrataSearchFilter *_strata_search_filter_new      (StrataSearchIndex     *index);
void                _strata_search_filter_free     (StrataSearchFilter    *self);

/* Documents have numbers below this. */
guint64             _strata_search_filter_get_n_documents (const StrataSearchFilter *self);

/* Call before a search: forgets what an index that has changed said. */
gboolean            _strata_search_filter_refresh  (StrataSearchFilter    *self,
                                                    GError               **error);

/* What a tree chooses that has filters only, but for `kind:`.
 *
 * Returns: (transfer full): or NULL with @error set
 */
StrataDocumentSet  *_strata_search_filter_evaluate (StrataSearchFilter    *self,
                                                    const StrataQueryNode *node,
                                                    GError               **error);

/* Whether a document is a note or a task */
gboolean            _strata_search_filter_is_item  (const StrataSearchFilter *self,
                                                    gint64                 document);

/* The sessions a note or task belongs to, as numbers of documents.
 *
 * Returns: (transfer none): (element-type gint64), until the next call; NULL with @error set
 */
const GArray       *_strata_search_filter_get_ties (StrataSearchFilter    *self,
                                                    gint64                 item,
                                                    GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSearchFilter, _strata_search_filter_free)

G_END_DECLS

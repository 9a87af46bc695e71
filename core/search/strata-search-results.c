/* strata-search-results.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-search-results-private.h"

/**
 * StrataSearchResults:
 *
 * What a search found: a list model of [class@Strata.SearchHit], the best first,
 * those of a session together. It does not change.
 *
 * Threads: any.
 */
static void list_model_init (GListModelInterface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataSearchResults, strata_search_results, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_LIST_MODEL, list_model_init))

static GType
get_item_type (GListModel *model)
{
  return STRATA_TYPE_SEARCH_HIT;
}

static guint
get_n_items (GListModel *model)
{
  return STRATA_SEARCH_RESULTS (model)->hits->len;
}

static gpointer
get_item (GListModel *model,
          guint       position)
{
  StrataSearchResults *self = STRATA_SEARCH_RESULTS (model);

  return position < self->hits->len ? g_object_ref (g_ptr_array_index (self->hits, position)) : NULL;
}

static void
list_model_init (GListModelInterface *iface)
{
  iface->get_item_type = get_item_type;
  iface->get_n_items = get_n_items;
  iface->get_item = get_item;
}

static void
strata_search_results_finalize (GObject *object)
{
  StrataSearchResults *self = STRATA_SEARCH_RESULTS (object);

  g_clear_pointer (&self->query, strata_query_unref);
  g_clear_pointer (&self->hits, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_search_results_parent_class)->finalize (object);
}

static void
strata_search_results_class_init (StrataSearchResultsClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_search_results_finalize;
}

static void
strata_search_results_init (StrataSearchResults *self)
{
  self->hits = g_ptr_array_new_with_free_func (g_object_unref);
}

/**
 * strata_search_results_get_query:
 *
 * Returns: (transfer none): what was looked for
 */
StrataQuery *
strata_search_results_get_query (StrataSearchResults *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_RESULTS (self), NULL);

  return self->query;
}

/**
 * strata_search_results_get_total:
 *
 * Returns: how many matches there are, also beyond those in the list; while the
 *   results are not whole there may be more
 */
guint64
strata_search_results_get_total (StrataSearchResults *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_RESULTS (self), 0);

  return self->total;
}

/**
 * strata_search_results_get_sessions:
 *
 * Returns: in how many sessions they are
 */
guint64
strata_search_results_get_sessions (StrataSearchResults *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_RESULTS (self), 0);

  return self->sessions;
}

/**
 * strata_search_results_is_whole:
 *
 * Returns: whether all matches were looked at. Of a first page only the newest
 *   are; searching with %STRATA_SEARCH_ALL gives the rest.
 */
gboolean
strata_search_results_is_whole (StrataSearchResults *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_RESULTS (self), FALSE);

  return self->is_whole;
}

/**
 * strata_search_results_get_took_us:
 *
 * Returns: microseconds that finding and ranking took, snippets not included
 */
gint64
strata_search_results_get_took_us (StrataSearchResults *self)
{
  g_return_val_if_fail (STRATA_IS_SEARCH_RESULTS (self), 0);

  return self->took_us;
}

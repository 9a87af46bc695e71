/* strata-search-run.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-search-index-internal-private.h"
#include "strata-search-match-private.h"
#include "strata-search-plan-private.h"
#include "strata-search-run-private.h"

typedef struct
{
  StrataSearchIndex       *index;
  StrataSearchFilter      *filter;
  const StrataAlternative *alternative;
  StrataSearchExtent       extent;
  guint                    limit;

  /* The documents of the alternative's filters; NULL: all */
  StrataDocumentSet       *documents;
  StrataDocumentSet       *sessions;     /* seen so far */
  GHashTable              *seen;         /* rows of other alternatives; NULL where there is only one */
  guint64                  n_found;      /* moments, in this alternative */
  StrataSearchRun         *run;
} Running;

void
_strata_search_run_free (StrataSearchRun *self)
{
  g_array_unref (self->rows);
  g_free (self);
}

/* Newer first among equals: blocks grow with time */
static int
compare_rows (gconstpointer a,
              gconstpointer b)
{
  const StrataMatchRow *first = a;
  const StrataMatchRow *second = b;

  if (first->score != second->score)
    return first->score < second->score ? 1 : -1;
  if (first->block != second->block)
    return first->block < second->block ? 1 : -1;
  if (first->number != second->number)
    return first->number < second->number ? -1 : 1;

  return (first->session > second->session) - (first->session < second->session);
}

static void
keep_best (Running *self,
           guint    n)
{
  if (self->run->rows->len <= n)
    return;
  g_array_sort (self->run->rows, compare_rows);
  g_array_set_size (self->run->rows, n);
}

static guint
row_hash (gconstpointer data)
{
  const StrataMatchRow *row = data;

  return (guint)(row->block * 31 + row->number * 7 + row->session);
}

static gboolean
row_equal (gconstpointer a,
           gconstpointer b)
{
  const StrataMatchRow *first = a;
  const StrataMatchRow *second = b;

  return first->block == second->block && first->number == second->number && first->session == second->session &&
         first->document == second->document;
}

/* With several alternatives a match counts once. */
static gboolean
is_new (Running              *self,
        const StrataMatchRow *row)
{
  return self->seen == NULL || g_hash_table_add (self->seen, g_memdup2 (row, sizeof *row));
}

static void
add_row (Running              *self,
         const StrataMatchRow *row)
{
  if (!is_new (self, row))
    return;

  self->run->total++;
  if (row->session > 0 && !_strata_document_set_contains (self->sessions, row->session))
    {
      _strata_document_set_add (self->sessions, row->session);
      self->run->sessions++;
    }
  g_array_append_val (self->run->rows, *row);
  if (self->run->rows->len >= MAX (4 * self->limit, STRATA_SEARCH_FIRST_MATCHES))
    keep_best (self, self->limit);
}

/* Whether a first page has enough */
static gboolean
has_enough (Running *self)
{
  return self->extent == STRATA_SEARCH_FIRST && ++self->n_found >= STRATA_SEARCH_FIRST_MATCHES;
}

/* A note is shown under each of its sessions that is wanted. */
static gboolean
add_found (const StrataFound  *found,
           gboolean           *out_stop,
           gpointer            user_data,
           GError            **error)
{
  Running *self = user_data;
  StrataMatchRow row = { found->document, found->document, found->block, found->number, found->score };
  const GArray *ties;

  *out_stop = has_enough (self);
  if (!_strata_search_filter_is_item (self->filter, found->document))
    {
      add_row (self, &row);
      return TRUE;
    }

  ties = _strata_search_filter_get_ties (self->filter, found->document, error);
  if (ties == NULL)
    return FALSE;
  row.session = 0;
  if (ties->len == 0)
    add_row (self, &row);
  for (guint i = 0; i < ties->len; i++)
    {
      row.session = g_array_index (ties, gint64, i);
      if (self->documents == NULL || _strata_document_set_contains (self->documents, row.session))
        add_row (self, &row);
    }

  return TRUE;
}

/* Queries without a word that must be there */

typedef struct
{
  Running           *running;
  StrataDocumentSet *documents;
} Gathering;

static gboolean
gather_documents (const StrataFound  *found,
                  gboolean           *out_stop,
                  gpointer            user_data,
                  GError            **error)
{
  Gathering *self = user_data;
  const GArray *ties;

  _strata_document_set_add (self->documents, found->document);
  if (!_strata_search_filter_is_item (self->running->filter, found->document))
    return TRUE;

  ties = _strata_search_filter_get_ties (self->running->filter, found->document, error);
  for (guint i = 0; ties != NULL && i < ties->len; i++)
    _strata_document_set_add (self->documents, g_array_index (ties, gint64, i));

  return ties != NULL;
}

/* The documents that have a text, which the query says should not be there */
static StrataDocumentSet *
find_documents_with (Running                *self,
                     const StrataQueryNode  *node,
                     GError                **error)
{
  g_autoptr(StrataDocumentSet) found =
    _strata_document_set_new (_strata_search_filter_get_n_documents (self->filter));
  g_autoptr(StrataSearchExpression) expression = NULL;
  g_autoptr(GPtrArray) texts = g_ptr_array_new ();
  StrataQueryNode positive = *node;
  StrataMatchWhat what = { texts, STRATA_ALL_KINDS, NULL };
  Gathering gathering = { self, found };
  gboolean whole;

  positive.negated = FALSE;
  g_ptr_array_add (texts, &positive);
  expression = _strata_search_expression_new (self->index, texts, STRATA_SEARCH_ALL, error);
  if (expression == NULL ||
      !_strata_search_match_texts (self->index, self->filter, &what, expression, STRATA_SEARCH_ALL, gather_documents, &gathering,
                                   &whole, error))
    return NULL;

  return g_steal_pointer (&found);
}

/* The documents in which a tree of texts holds, each text taken for the whole document. */
static StrataDocumentSet *
find_documents_of (Running                *self,
                   const StrataQueryNode  *node,
                   GError                **error)
{
  g_autoptr(StrataDocumentSet) result = NULL;

  if (node->kind == STRATA_QUERY_TEXT)
    {
      result = find_documents_with (self, node, error);
      if (result != NULL && node->negated)
        _strata_document_set_invert (result);
      return g_steal_pointer (&result);
    }

  for (guint i = 0; i < node->children->len; i++)
    {
      StrataDocumentSet *child = find_documents_of (self, g_ptr_array_index (node->children, i), error);

      if (child == NULL)
        return NULL;
      if (result == NULL)
        {
          result = child;
          continue;
        }
      if (node->kind == STRATA_QUERY_AND)
        _strata_document_set_intersect (result, child);
      else
        _strata_document_set_unite (result, child);
      _strata_document_set_unref (child);
    }

  return g_steal_pointer (&result);
}

static gboolean
restrict_documents (Running            *self,
                    StrataDocumentSet  *to,
                    GError            **error)
{
  if (to == NULL)
    return FALSE;

  if (self->documents == NULL)
    self->documents = to;
  else
    {
      _strata_document_set_intersect (self->documents, to);
      _strata_document_set_unref (to);
    }

  return TRUE;
}

/* Filters alone find sessions, the newest first */
static gboolean
list_sessions (Running  *self,
               GError  **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db,
    "SELECT document FROM documents WHERE kind = 0 ORDER BY start IS NULL, start DESC, document DESC", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 document = sqlite3_column_int64 (statement, 0);
      /* So that they keep this order among equals */
      StrataMatchRow match = { document, document, 0, (guint)self->run->total, 0 };

      if (!row)
        return TRUE;
      if (self->documents != NULL && !_strata_document_set_contains (self->documents, document))
        continue;
      if (self->seen != NULL)
        match.number = 0;
      add_row (self, &match);
    }

  return FALSE;
}

/* Alternatives */

static gboolean
prepare_documents (Running  *self,
                   GError  **error)
{
  for (guint i = 0; i < self->alternative->filters->len; i++)
    if (!restrict_documents (self, _strata_search_filter_evaluate (self->filter, g_ptr_array_index (self->alternative->filters, i), error), error))
      return FALSE;

  return TRUE;
}

static gboolean
run_without_text (Running  *self,
                  GError  **error)
{
  StrataMatchWhat what = { self->alternative->texts, self->alternative->kinds, NULL };
  gboolean whole, ok;

  for (guint i = 0; i < self->alternative->texts->len; i++)
    if (!restrict_documents (self, find_documents_of (self, g_ptr_array_index (self->alternative->texts, i), error), error))
      return FALSE;

  if (self->alternative->kinds == STRATA_ALL_KINDS)
    return list_sessions (self, error);

  what.documents = self->documents;
  ok = _strata_search_match_all (self->index, self->filter, &what, add_found, self, &whole, error);
  self->run->is_whole = self->run->is_whole && whole;

  return ok;
}

static gboolean
run_alternative (Running  *self,
                 GError  **error)
{
  g_autoptr(StrataSearchExpression) expression =
    _strata_search_expression_new (self->index, self->alternative->texts, self->extent, error);
  StrataMatchWhat what = { self->alternative->texts, self->alternative->kinds, NULL };
  gboolean whole, ok;

  if (expression == NULL || !prepare_documents (self, error))
    return FALSE;
  if (expression->is_nowhere)
    return TRUE;
  if (expression->match == NULL)
    return run_without_text (self, error);

  what.documents = self->documents;
  ok = _strata_search_match_texts (self->index, self->filter, &what, expression, self->extent, add_found, self, &whole, error);
  self->run->is_whole = self->run->is_whole && whole && expression->is_exact;

  return ok;
}

/* The matches of a session stand together, at the place of its best. */
static void
group_by_session (StrataSearchRun *run)
{
  g_autoptr(GHashTable) groups = g_hash_table_new_full (g_int64_hash, g_int64_equal, NULL, (GDestroyNotify)g_array_unref);
  g_autoptr(GPtrArray) order = g_ptr_array_new ();
  g_autoptr(GArray) rows = g_steal_pointer (&run->rows);

  for (guint i = 0; i < rows->len; i++)
    {
      StrataMatchRow *row = &g_array_index (rows, StrataMatchRow, i);
      const gint64 *key = row->session > 0 ? &row->session : &row->document;
      GArray *group = g_hash_table_lookup (groups, key);

      if (group == NULL)
        {
          group = g_array_new (FALSE, FALSE, sizeof (StrataMatchRow));
          g_hash_table_insert (groups, (gpointer)key, group);
          g_ptr_array_add (order, group);
        }
      g_array_append_val (group, *row);
    }

  run->rows = g_array_sized_new (FALSE, FALSE, sizeof (StrataMatchRow), rows->len);
  for (guint i = 0; i < order->len; i++)
    {
      const GArray *group = g_ptr_array_index (order, i);

      g_array_append_vals (run->rows, group->data, group->len);
    }
}

static gboolean
run_all (Running    *self,
         GPtrArray  *alternatives,
         GError    **error)
{
  for (guint i = 0; i < alternatives->len; i++)
    {
      gboolean ok;

      self->alternative = g_ptr_array_index (alternatives, i);
      self->n_found = 0;
      ok = run_alternative (self, error);
      g_clear_pointer (&self->documents, _strata_document_set_unref);
      if (!ok)
        return FALSE;
    }

  return TRUE;
}

StrataSearchRun *
_strata_search_run_new (StrataSearchIndex   *index,
                        StrataSearchFilter  *filter,
                        StrataQuery         *query,
                        StrataSearchExtent   extent,
                        guint                limit,
                        GError             **error)
{
  g_autoptr(StrataSearchRun) run = g_new0 (StrataSearchRun, 1);
  g_autoptr(GPtrArray) alternatives = _strata_search_plan_make (query);
  g_autoptr(StrataDocumentSet) sessions = NULL;
  g_autoptr(GHashTable) seen = alternatives->len > 1 ? g_hash_table_new_full (row_hash, row_equal, g_free, NULL) : NULL;
  Running self = { index, filter, NULL, extent, limit, .seen = seen, .run = run };

  run->rows = g_array_new (FALSE, FALSE, sizeof (StrataMatchRow));
  run->is_whole = TRUE;
  if (!_strata_search_filter_refresh (filter, error))
    return NULL;

  self.sessions = sessions = _strata_document_set_new (_strata_search_filter_get_n_documents (filter));
  if (!run_all (&self, alternatives, error))
    return NULL;

  g_array_sort (run->rows, compare_rows);
  if (run->rows->len > limit)
    g_array_set_size (run->rows, limit);
  group_by_session (run);

  return g_steal_pointer (&run);
}

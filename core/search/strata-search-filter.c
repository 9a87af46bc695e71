/* strata-search-filter.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-search-filter-private.h"
#include "strata-search-index-internal-private.h"
#include "strata-tokenizer-private.h"

/* Filters that are kept, so that typing on does not evaluate them again */
#define MAX_KEPT 32

struct _StrataSearchFilter
{
  StrataSearchIndex *index;
  gint64             data_version;   /* counts up with each change by another connection; 0: nothing is kept */
  int                changes;        /* the same for this one */
  guint64            n_documents;
  StrataDocumentSet *items;          /* notes and tasks */
  GHashTable        *kept;           /* description → StrataDocumentSet */

  /* What was asked for ties: it takes four joins, and a filter that few notes pass asks for those of all */
  guint32           *known_ties;     /* for each document: where in @all_ties its are, and 0 while they are not known */
  GArray            *all_ties;       /* gint64: each time how many there are, then these */
  GArray            *ties;
};

StrataSearchFilter *
_strata_search_filter_new (StrataSearchIndex *index)
{
  StrataSearchFilter *self = g_new0 (StrataSearchFilter, 1);

  self->index = index;
  self->kept = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, (GDestroyNotify)_strata_document_set_unref);
  self->all_ties = g_array_new (FALSE, FALSE, sizeof (gint64));
  self->ties = g_array_new (FALSE, FALSE, sizeof (gint64));

  return self;
}

void
_strata_search_filter_free (StrataSearchFilter *self)
{
  g_clear_pointer (&self->items, _strata_document_set_unref);
  g_hash_table_unref (self->kept);
  g_array_unref (self->all_ties);
  g_array_unref (self->ties);
  g_free (self->known_ties);
  g_free (self);
}

static gboolean
get_number (StrataSearchFilter  *self,
            const char          *sql,
            gint64              *out_number,
            GError             **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db, sql, error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_number = row ? sqlite3_column_int64 (statement, 0) : 0;

  return TRUE;
}

/* Fills @ties from the index. */
static gboolean
read_ties (StrataSearchFilter  *self,
           gint64               item,
           GError             **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_GET_TIES, error);
  gboolean row = statement != NULL, ok = row;

  g_array_set_size (self->ties, 0);
  if (statement != NULL)
    _strata_sqlite_bind_uint (statement, 1, (guint64)item);
  while (row)
    {
      gint64 session;

      ok = _strata_sqlite_step (statement, &row, error);
      if (!ok || !row)
        break;
      session = sqlite3_column_int64 (statement, 0);
      g_array_append_val (self->ties, session);
    }
  sqlite3_reset (statement);

  return ok;
}

static void
keep_ties (StrataSearchFilter *self,
           gint64              item)
{
  gint64 n = self->ties->len;

  self->known_ties[item] = self->all_ties->len;
  g_array_append_val (self->all_ties, n);
  g_array_append_vals (self->all_ties, self->ties->data, self->ties->len);
}

const GArray *
_strata_search_filter_get_ties (StrataSearchFilter  *self,
                                gint64               item,
                                GError             **error)
{
  gboolean can_keep = item >= 0 && (guint64)item < self->n_documents;
  guint at = can_keep ? self->known_ties[item] : 0;

  if (at > 0)
    {
      g_array_set_size (self->ties, 0);
      g_array_append_vals (self->ties, &g_array_index (self->all_ties, gint64, at + 1), (guint)g_array_index (self->all_ties, gint64, at));
      return self->ties;
    }

  if (!read_ties (self, item, error))
    return NULL;
  if (can_keep)
    keep_ties (self, item);

  return self->ties;
}

/* @n_documents: which there are now. Nothing stands at 0, which means that nothing is known. */
static void
forget_ties (StrataSearchFilter *self,
             guint64             n_documents)
{
  gint64 nothing = 0;

  self->n_documents = n_documents;
  g_free (self->known_ties);
  self->known_ties = g_new0 (guint32, n_documents);
  g_array_set_size (self->all_ties, 0);
  g_array_append_val (self->all_ties, nothing);
}

/* Adds the documents of the first column. */
static gboolean
add_documents (StrataDocumentSet  *set,
               sqlite3_stmt       *statement,
               GError            **error)
{
  gboolean row;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      _strata_document_set_add (set, sqlite3_column_int64 (statement, 0));
    }

  return FALSE;
}

gboolean
_strata_search_filter_refresh (StrataSearchFilter  *self,
                               GError             **error)
{
  int changes = sqlite3_total_changes (self->index->db);
  g_autoptr(sqlite3_stmt) statement = NULL;
  gint64 data_version, last;

  if (!get_number (self, "PRAGMA data_version", &data_version, error))
    return FALSE;
  if (self->data_version == data_version && self->changes == changes)
    return TRUE;

  statement = _strata_sqlite_prepare (self->index->db, "SELECT document FROM documents WHERE kind <> 0", error);
  if (statement == NULL || !get_number (self, "SELECT max (document) FROM documents", &last, error))
    return FALSE;

  self->data_version = 0;
  g_hash_table_remove_all (self->kept);
  g_clear_pointer (&self->items, _strata_document_set_unref);
  forget_ties (self, (guint64)last + 1);
  self->items = _strata_document_set_new (self->n_documents);
  if (!add_documents (self->items, statement, error))
    return FALSE;
  self->data_version = data_version;
  self->changes = changes;

  return TRUE;
}

guint64
_strata_search_filter_get_n_documents (const StrataSearchFilter *self)
{
  return self->n_documents;
}

gboolean
_strata_search_filter_is_item (const StrataSearchFilter *self,
                               gint64                    document)
{
  return _strata_document_set_contains (self->items, document);
}

/* Facets that a value means: in three tries, each only where the one before found nothing */
static const char *const matches[] = {
  "folded = ?2", "folded >= ?2 AND folded < ?2 || char (1114111)", "instr (folded, ?2) > 0"
};

/* Facets by their own value, and by the name that belongs to it as an id. ?3: the value as it was typed */
#define MEANT_FACETS \
  "SELECT facet FROM facets WHERE field = ?1 AND (%s OR value = ?3)" \
  " UNION SELECT f.facet FROM names n JOIN facets f ON f.field = n.field AND f.value = n.id" \
  "   WHERE n.field = ?1 AND n.folded IN (SELECT folded FROM names WHERE field = ?1 AND %s)"

/* The documents of what was meant */
static GArray *
list_meant (StrataSearchFilter     *self,
            const StrataQueryNode  *node,
            const char             *folded,
            const char             *match,
            GError                **error)
{
  g_autofree char *sql = g_strdup_printf (
    "SELECT DISTINCT document FROM document_facets WHERE facet IN (" MEANT_FACETS ")", match, match);
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db, sql, error);
  g_autoptr(GArray) documents = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, node->field);
  _strata_sqlite_bind_text (statement, 2, folded);
  _strata_sqlite_bind_text (statement, 3, node->text);

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 document = sqlite3_column_int64 (statement, 0);

      if (!row)
        return g_steal_pointer (&documents);
      g_array_append_val (documents, document);
    }

  return NULL;
}

/* Adds documents, and where it is something that sessions have by their notes
 * and tasks, the sessions too. Tags and states of a note are its own.
 */
static gboolean
add_meant (StrataSearchFilter     *self,
           const StrataQueryNode  *node,
           const GArray           *documents,
           StrataDocumentSet      *set,
           GError                **error)
{
  gboolean is_tied = node->field == STRATA_FIELD_TOPIC || node->field == STRATA_FIELD_COMPANY ||
                     node->field == STRATA_FIELD_CONTACT || node->field == STRATA_FIELD_TASK;

  for (guint i = 0; i < documents->len; i++)
    {
      gint64 document = g_array_index (documents, gint64, i);
      const GArray *ties = NULL;

      _strata_document_set_add (set, document);
      if (!is_tied)
        continue;

      ties = _strata_search_filter_get_ties (self, document, error);
      if (ties == NULL)
        return FALSE;
      for (guint j = 0; j < ties->len; j++)
        _strata_document_set_add (set, g_array_index (ties, gint64, j));
    }

  return TRUE;
}

static gboolean
evaluate_facet (StrataSearchFilter     *self,
                const StrataQueryNode  *node,
                StrataDocumentSet      *set,
                GError                **error)
{
  g_autofree char *folded = _strata_fold_name (node->text);

  for (gsize i = 0; i < G_N_ELEMENTS (matches); i++)
    {
      g_autoptr(GArray) documents = list_meant (self, node, folded, matches[i], error);

      if (documents == NULL)
        return FALSE;
      if (documents->len > 0)
        return add_meant (self, node, documents, set, error);
    }

  return TRUE;
}

static gboolean
evaluate_has (StrataSearchFilter     *self,
              const StrataQueryNode  *node,
              StrataDocumentSet      *set,
              GError                **error)
{
  gboolean of_items = (node->set & (STRATA_HAS_NOTES | STRATA_HAS_TASKS)) != 0;
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, of_items ? "SELECT session FROM ties WHERE kind = ?"
                                                      : "SELECT document FROM documents WHERE has & ? <> 0", error);

  if (statement == NULL)
    return FALSE;
  if (of_items)
    _strata_sqlite_bind_uint (statement, 1, node->set == STRATA_HAS_NOTES ? STRATA_KIND_NOTE : STRATA_KIND_TASK);
  else
    _strata_sqlite_bind_uint (statement, 1, node->set);

  return add_documents (set, statement, error);
}

static gboolean
evaluate_date (StrataSearchFilter     *self,
               const StrataQueryNode  *node,
               StrataDocumentSet      *set,
               GError                **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "SELECT document FROM documents WHERE start >= ? AND start < ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, (guint64)node->from_ms);
  _strata_sqlite_bind_uint (statement, 2, (guint64)node->to_ms);

  return add_documents (set, statement, error);
}

/* What a filter chooses, without its negation */
static StrataDocumentSet *
evaluate_filter (StrataSearchFilter     *self,
                 const StrataQueryNode  *node,
                 GError                **error)
{
  g_autofree char *description = g_strdup_printf ("%d:%" G_GINT64_FORMAT ":%" G_GINT64_FORMAT ":%s",
                                                  node->field, node->from_ms, node->to_ms, node->text);
  StrataDocumentSet *kept = g_hash_table_lookup (self->kept, description);
  g_autoptr(StrataDocumentSet) set = NULL;
  gboolean ok;

  if (kept != NULL)
    return _strata_document_set_ref (kept);

  set = _strata_document_set_new (self->n_documents);
  if (node->field < STRATA_N_INDEXED_FIELDS)
    ok = evaluate_facet (self, node, set, error);
  else if (node->field == STRATA_FIELD_HAS)
    ok = evaluate_has (self, node, set, error);
  else
    ok = evaluate_date (self, node, set, error);
  if (!ok)
    return NULL;

  if (g_hash_table_size (self->kept) >= MAX_KEPT)
    g_hash_table_remove_all (self->kept);
  g_hash_table_insert (self->kept, g_steal_pointer (&description), _strata_document_set_ref (set));

  return g_steal_pointer (&set);
}

StrataDocumentSet *
_strata_search_filter_evaluate (StrataSearchFilter     *self,
                                const StrataQueryNode  *node,
                                GError                **error)
{
  g_autoptr(StrataDocumentSet) result = _strata_document_set_new (self->n_documents);

  if (node->kind == STRATA_QUERY_FILTER)
    {
      g_autoptr(StrataDocumentSet) found = evaluate_filter (self, node, error);

      if (found == NULL)
        return NULL;
      _strata_document_set_unite (result, found);
      if (node->negated)
        _strata_document_set_invert (result);
      return g_steal_pointer (&result);
    }

  if (node->kind == STRATA_QUERY_AND)
    _strata_document_set_invert (result);
  for (guint i = 0; i < node->children->len; i++)
    {
      g_autoptr(StrataDocumentSet) child = _strata_search_filter_evaluate (self, g_ptr_array_index (node->children, i), error);

      if (child == NULL)
        return NULL;
      if (node->kind == STRATA_QUERY_AND)
        _strata_document_set_intersect (result, child);
      else
        _strata_document_set_unite (result, child);
    }

  return g_steal_pointer (&result);
}

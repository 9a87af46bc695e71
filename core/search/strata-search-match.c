/* strata-search-match.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-error.h"
#include "strata-search-index-internal-private.h"
#include "strata-search-match-private.h"
#include "strata-tokenizer-private.h"

/* bm25 as it is usually set */
#define BM25_K1 1.2
#define BM25_B  0.5

/* After so many blocks in a row that no filter wants, times the phrases that are
 * looked for, the next one that is wanted is jumped to
 */
#define JUMP_AFTER 64

static const float weights[STRATA_N_WEIGHTS] = {
  [STRATA_WEIGHT_SCREEN] = 1,
  [STRATA_WEIGHT_SPEECH] = 2,
  [STRATA_WEIGHT_SUMMARY] = 4,
  [STRATA_WEIGHT_NAME] = 8,
};

typedef struct
{
  StrataSearchIndex            *index;
  StrataSearchFilter           *filter;
  const StrataMatchWhat        *what;
  const StrataSearchExpression *expression;
  StrataFoundFunc               func;
  gpointer                      user_data;
  double                       *idf;             /* for each leaf */
  double                        usual_length;    /* words in a moment */

  /* The block FTS5 is at */
  gint64                        block;
  gint64                        document;
  gboolean                      is_wanted;
  sqlite3_stmt                 *row;             /* while its bytes are used */
  StrataBlock                  *info;
  guint64                      *masks;           /* for each moment */
  float                        *frequencies;     /* for each moment and leaf */
  gsize                         n_masks;
  GError                       *error;           /* from inside FTS5 */

  guint                         unwanted;        /* blocks in a row */
} Match;

gboolean
_strata_search_match_wants (StrataSearchFilter       *filter,
                            const StrataDocumentSet  *documents,
                            gint64                    document,
                            gboolean                 *out_wanted,
                            GError                  **error)
{
  const GArray *ties;

  *out_wanted = documents == NULL || _strata_document_set_contains (documents, document);
  if (documents == NULL || !_strata_search_filter_is_item (filter, document))
    return TRUE;

  ties = _strata_search_filter_get_ties (filter, document, error);
  if (ties == NULL)
    return FALSE;
  if (ties->len == 0)
    return TRUE;

  *out_wanted = FALSE;
  for (guint i = 0; i < ties->len; i++)
    *out_wanted = *out_wanted || _strata_document_set_contains (documents, g_array_index (ties, gint64, i));

  return TRUE;
}

/* Reads what a block is, and settles whether any of it is wanted. */
static gboolean
load_block (Match   *self,
            gint64   block,
            GError **error)
{
  gboolean row;

  self->block = block;
  self->is_wanted = FALSE;
  self->row = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_GET_BLOCK, error);
  if (self->row == NULL)
    return FALSE;

  sqlite3_reset (self->row);
  _strata_sqlite_bind_uint (self->row, 1, (guint64)block);
  if (!_strata_sqlite_step (self->row, &row, error))
    return FALSE;
  self->document = row ? sqlite3_column_int64 (self->row, 0) : 0;
  if (self->document == 0)
    return TRUE;

  if (!_strata_block_decode (self->info, sqlite3_column_blob (self->row, 1), (gsize)sqlite3_column_bytes (self->row, 1)))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A block of the search index can't be read");
      return FALSE;
    }

  return _strata_search_match_wants (self->filter, self->what->documents, self->document, &self->is_wanted, error);
}

/* Places */

static void
clear_places (Match *self)
{
  gsize n_moments = self->info->moments->len;
  gsize n_leaves = self->expression->leaves->len;

  if (self->n_masks < n_moments)
    {
      self->n_masks = n_moments * 2;
      self->masks = g_renew (guint64, self->masks, self->n_masks);
      self->frequencies = g_renew (float, self->frequencies, self->n_masks * n_leaves);
    }
  memset (self->masks, 0, n_moments * sizeof (guint64));
  memset (self->frequencies, 0, n_moments * n_leaves * sizeof (float));
}

/* The moment a position is in, from @from on: positions of a phrase only grow */
static guint
find_moment (const StrataBlock *info,
             guint              position,
             guint              from)
{
  guint low = from, high = info->moments->len;

  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (g_array_index (info->moments, StrataBlockMoment, middle).start <= position)
        low = middle;
      else
        high = middle;
    }

  return low;
}

/* A phrase counts only where it stands in one section: what is said in a name and goes on in a summary is no phrase. */
static void
add_place (Match *self,
           int    leaf,
           guint  n_tokens,
           guint  position,
           guint *moment_number)
{
  const StrataBlockMoment *moment;
  const StrataBlockSection *section;
  guint last;

  *moment_number = find_moment (self->info, position, *moment_number);
  moment = &g_array_index (self->info->moments, StrataBlockMoment, *moment_number);
  last = moment->first_section + moment->n_sections - 1;
  section = &g_array_index (self->info->sections, StrataBlockSection, moment->first_section);
  for (guint i = moment->first_section; i < last && section[1].start <= position; i++)
    section++;

  if (position + n_tokens > (section == &g_array_index (self->info->sections, StrataBlockSection, last) ? moment->end : section[1].start))
    return;

  self->masks[*moment_number] |= G_GUINT64_CONSTANT (1) << leaf;
  self->frequencies[*moment_number * self->expression->leaves->len + (guint)leaf] += weights[section->weight];
}

/* Called by FTS5 for each block that it finds; the places of the phrases are known only here. */
static void
collect_cb (const Fts5ExtensionApi  *api,
            Fts5Context             *fts,
            sqlite3_context         *context,
            int                      n_arguments,
            sqlite3_value          **arguments)
{
  Match *self = n_arguments == 1 ? sqlite3_value_pointer (arguments[0], "strata-match") : NULL;

  if (self == NULL)
    return;
  if (!load_block (self, api->xRowid (fts), &self->error))
    {
      sqlite3_result_error (context, "The search index can't be read", -1);
      return;
    }
  if (!self->is_wanted)
    return;

  clear_places (self);
  for (guint i = 0; i < self->expression->phrases->len; i++)
    {
      int leaf = g_array_index (self->expression->phrases, int, i);
      Fts5PhraseIter iter;
      int column, position;
      guint moment_number = 0, n_tokens;

      if (leaf < 0)
        continue;
      n_tokens = ((const StrataSearchLeaf *)g_ptr_array_index (self->expression->leaves, (guint)leaf))->n_tokens;
      for (api->xPhraseFirst (fts, (int)i, &iter, &column, &position); column >= 0;
           api->xPhraseNext (fts, &iter, &column, &position))
        add_place (self, leaf, n_tokens, (guint)position, &moment_number);
    }
}

gboolean
_strata_search_match_register (StrataSearchIndex  *index,
                               GError            **error)
{
  fts5_api *api = _strata_tokenizer_get_api (index->db, error);

  if (api == NULL)
    return FALSE;
  if (api->xCreateFunction (api, "strata_collect", NULL, collect_cb, NULL) == SQLITE_OK)
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "SQLite does not take the function");

  return FALSE;
}

/* Scores */

static gboolean
prepare_scores (Match   *self,
                GError **error)
{
  GPtrArray *leaves = self->expression->leaves;
  StrataSearchIndexSums sums;
  double total;

  if (!_strata_search_index_get_sums (self->index, &sums, error))
    return FALSE;

  total = (double)MAX (sums.moments, 1);
  self->usual_length = MAX ((double)sums.words / total, 1);
  self->idf = g_new (double, leaves->len);
  for (guint i = 0; i < leaves->len; i++)
    {
      const StrataSearchLeaf *leaf = g_ptr_array_index (leaves, i);
      /* Counts of words are of dead moments too */
      double count = MIN ((double)leaf->count, total);

      self->idf[i] = log (1 + (total - count + 0.5) / (count + 0.5));
    }

  return TRUE;
}

static double
get_score (const Match             *self,
           guint                    number,
           const StrataBlockMoment *moment)
{
  guint n_leaves = self->expression->leaves->len;
  const float *frequencies = self->frequencies + (gsize)number * n_leaves;
  double norm = BM25_K1 * (1 - BM25_B + BM25_B * (moment->end - moment->start) / self->usual_length);
  double score = 0;

  for (guint i = 0; i < n_leaves; i++)
    if (frequencies[i] > 0)
      score += self->idf[i] * frequencies[i] * (BM25_K1 + 1) / (frequencies[i] + norm);

  return score;
}

/* Returns: FALSE to stop, with @error set where it is one */
static gboolean
report_block (Match   *self,
              GError **error)
{
  for (guint i = 0; i < self->info->moments->len; i++)
    {
      const StrataBlockMoment *moment = &g_array_index (self->info->moments, StrataBlockMoment, i);
      StrataFound found = { self->block, self->document, i, moment, 0 };

      if ((self->what->kinds >> moment->kind & 1) == 0)
        continue;
      if (self->expression != NULL)
        {
          if (self->masks[i] == 0 || !_strata_search_expression_evaluate (self->expression, self->what->texts, self->masks[i]))
            continue;
          found.score = get_score (self, i, moment);
        }
      if (!self->func (&found, self->user_data, error))
        return FALSE;
    }

  return TRUE;
}

/* Going down */

/* The highest block below that the filters want; 0: none */
static gboolean
find_wanted_below (Match   *self,
                   gint64   block,
                   gint64  *out_block,
                   GError **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_BLOCK_BELOW, error);
  gboolean row = TRUE, ok = statement != NULL, is_wanted = FALSE;

  *out_block = 0;
  if (ok)
    _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  while (ok && row && !is_wanted)
    {
      gint64 document;

      ok = _strata_sqlite_step (statement, &row, error);
      if (!ok || !row)
        break;
      document = sqlite3_column_int64 (statement, 1);
      ok = document == 0 || _strata_search_match_wants (self->filter, self->what->documents, document, &is_wanted, error);
      if (is_wanted)
        *out_block = sqlite3_column_int64 (statement, 0);
    }
  sqlite3_reset (statement);

  return ok;
}

/* One pass from a block down. @out_next: where to go on, 0 when it is over */
static gboolean
go_down (Match         *self,
         sqlite3_stmt  *statement,
         gint64         from,
         gint64        *out_next,
         gboolean      *out_stopped,
         GError       **error)
{
  guint patience = JUMP_AFTER * self->expression->phrases->len;
  gboolean row;

  *out_next = 0;
  sqlite3_reset (statement);
  _strata_sqlite_bind_uint (statement, 3, (guint64)from);
  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      self->unwanted = self->is_wanted ? 0 : self->unwanted + 1;
      if (self->is_wanted && !report_block (self, error))
        {
          *out_stopped = TRUE;
          return error == NULL || *error == NULL;
        }
      if (self->what->documents != NULL && self->unwanted >= patience)
        {
          self->unwanted = 0;
          return find_wanted_below (self, self->block, out_next, error);
        }
    }

  return FALSE;
}

gboolean
_strata_search_match_texts (StrataSearchIndex             *index,
                            StrataSearchFilter            *filter,
                            const StrataMatchWhat         *what,
                            const StrataSearchExpression  *expression,
                            StrataFoundFunc                func,
                            gpointer                       user_data,
                            GError                       **error)
{
  Match self = { index, filter, what, expression, func, user_data };
  g_autoptr(sqlite3_stmt) statement = NULL;
  g_autoptr(StrataBlock) info = _strata_block_new ();
  gint64 next = G_MAXINT64;
  gboolean stopped = FALSE, ok;

  if (expression->is_nowhere)
    return TRUE;

  g_assert (expression->match != NULL);
  self.info = info;
  statement = _strata_sqlite_prepare (index->db, "SELECT strata_collect (texts, ?2) FROM texts WHERE texts MATCH ?1"
                                                 " AND rowid <= ?3 ORDER BY rowid DESC", error);
  ok = statement != NULL && prepare_scores (&self, error);
  if (ok)
    {
      _strata_sqlite_bind_text (statement, 1, expression->match);
      sqlite3_bind_pointer (statement, 2, &self, "strata-match", NULL);
    }
  while (ok && next > 0 && !stopped)
    ok = go_down (&self, statement, next, &next, &stopped, error);

  sqlite3_reset (self.row);
  if (self.error != NULL && !ok)
    {
      g_clear_error (error);
      g_propagate_error (error, g_steal_pointer (&self.error));
    }
  g_clear_error (&self.error);
  g_free (self.idf);
  g_free (self.masks);
  g_free (self.frequencies);

  return ok;
}

gboolean
_strata_search_match_all (StrataSearchIndex      *index,
                          StrataSearchFilter     *filter,
                          const StrataMatchWhat  *what,
                          StrataFoundFunc         func,
                          gpointer                user_data,
                          GError                **error)
{
  Match self = { index, filter, what, NULL, func, user_data };
  g_autoptr(StrataBlock) info = _strata_block_new ();
  gint64 next = G_MAXINT64;
  gboolean ok;

  self.info = info;
  do
    {
      ok = find_wanted_below (&self, next, &next, error);
      if (!ok || next == 0)
        break;
      ok = load_block (&self, next, error);
    }
  while (ok && (!self.is_wanted || report_block (&self, error)));
  sqlite3_reset (self.row);

  return ok && (error == NULL || *error == NULL);
}

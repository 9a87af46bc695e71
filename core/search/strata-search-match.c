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

/* What a first page may cost, in places looked at; a block costs as much as some hundred */
#define FIRST_PAGE_WORK 400000
#define BLOCK_WORK 300

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
  GArray                       *order;           /* numbers of phrases, those first that every match must have */
  guint                         n_required;      /* leaves of that kind at the beginning of @order */
  guint64                       work_left;

  /* The block FTS5 is at */
  gint64                        block;
  gint64                        document;
  gboolean                      is_wanted;
  GArray                       *places;          /* guint32, see strata-block-private.h */
  GArray                       *moments;         /* guint: where in @places each begins, and the end */
  GArray                       *moment_of;       /* guint: for each of @places */
  GArray                       *bases;           /* guint: where the base of the leaf at hand is, in order */
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

/* Blocks */

static void
index_moments (Match *self)
{
  const guint32 *places = (const guint32 *)(const void *)self->places->data;
  guint *moment_of;
  guint n_moments = 0;

  g_array_set_size (self->moments, self->places->len);
  g_array_set_size (self->moment_of, self->places->len);
  moment_of = (guint *)(void *)self->moment_of->data;
  for (guint i = 0; i < self->places->len; i++)
    {
      if (STRATA_PLACE_IS_FIRST (places[i]))
        g_array_index (self->moments, guint, n_moments++) = i;
      moment_of[i] = n_moments - 1;
    }
  g_array_set_size (self->moments, n_moments);
}

/* Reads what a block is, and settles whether any of it is wanted. */
static gboolean
load_block (Match   *self,
            gint64   block,
            GError **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_GET_BLOCK, error);
  gboolean row, ok;

  self->block = block;
  self->is_wanted = FALSE;
  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  ok = _strata_sqlite_step (statement, &row, error);
  self->document = ok && row ? sqlite3_column_int64 (statement, 0) : 0;
  if (self->document != 0)
    {
      ok = _strata_search_match_wants (self->filter, self->what->documents, self->document, &self->is_wanted, error);
      if (ok && self->is_wanted &&
          !_strata_block_decode_places (self->places, sqlite3_column_blob (statement, 1), (gsize)sqlite3_column_bytes (statement, 1)))
        {
          g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A block of the search index can't be read");
          ok = FALSE;
        }
    }
  sqlite3_reset (statement);
  if (ok && self->is_wanted)
    index_moments (self);

  return ok;
}

static guint
count_moments (const Match *self)
{
  return self->moments->len - 1;
}

static guint
get_position (const Match *self,
              guint        place)
{
  return STRATA_PLACE_GET_POSITION (g_array_index (self->places, guint32, place));
}

/* Places */

static void
clear_masks (Match *self)
{
  gsize n_moments = count_moments (self);
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

/* The section a position is in, from @from on */
static guint
find_section (const Match *self,
              guint        position,
              guint        from)
{
  const guint32 *places = (const guint32 *)(const void *)self->places->data;
  guint low = from, high = self->places->len - 1, step = 1;

  /* Positions of a phrase only grow, and the next is often near */
  while (low + step < high && STRATA_PLACE_GET_POSITION (places[low + step]) <= position)
    {
      low += step;
      step *= 2;
    }
  high = MIN (high, low + step);
  while (high - low > 1)
    {
      guint middle = low + (high - low) / 2;

      if (STRATA_PLACE_GET_POSITION (places[middle]) <= position)
        low = middle;
      else
        high = middle;
    }

  return low;
}

/* Whether a base stands at a position. They only grow, and so does @from, where to look on. */
static gboolean
has_base (const Match *self,
          guint        position,
          guint       *from)
{
  while (*from < self->bases->len && g_array_index (self->bases, guint, *from) < position)
    (*from)++;

  return *from < self->bases->len && g_array_index (self->bases, guint, *from) == position;
}

/* What a leaf's places are held against */
typedef struct
{
  guint            leaf;
  guint            n_tokens;    /* of all of it */
  guint            n_before;    /* words before the one the place is of */
  StrataPhraseRole role;
  guint64          required;    /* what a moment must have by now for the place to matter */
} Wanted;

/* A place counts only where all of the leaf stands in one section: what is said in a
 * name and goes on in a summary is no phrase.
 */
static void
take_place (Match         *self,
            const Wanted  *wanted,
            guint          position,
            guint         *section,
            guint         *next)
{
  const guint32 *places = (const guint32 *)(const void *)self->places->data;
  guint n_leaves = self->expression->leaves->len;
  guint moment;

  if (position >= *next)
    {
      *section = find_section (self, position, *section);
      *next = STRATA_PLACE_GET_POSITION (places[*section + 1]);
    }
  moment = g_array_index (self->moment_of, guint, *section);
  if ((self->masks[moment] & wanted->required) != wanted->required || position + wanted->n_tokens > *next)
    return;

  if (wanted->role == STRATA_PHRASE_BASE)
    {
      g_array_append_val (self->bases, position);
      return;
    }
  self->masks[moment] |= G_GUINT64_CONSTANT (1) << wanted->leaf;
  self->frequencies[moment * n_leaves + wanted->leaf] += weights[STRATA_PLACE_GET_WEIGHT (places[*section])];
}

static void
collect_phrase (Match                  *self,
                const Fts5ExtensionApi *api,
                Fts5Context            *fts,
                int                     phrase,
                guint64                 required)
{
  const StrataSearchPhrase *described = &g_array_index (self->expression->phrases, StrataSearchPhrase, (guint)phrase);
  const StrataSearchLeaf *leaf = g_ptr_array_index (self->expression->leaves, described->leaf);
  Wanted wanted = { described->leaf, leaf->n_tokens, 0, described->role, required };
  guint section = 0, next = 0, n = 0, base = 0;
  Fts5PhraseIter iter;
  int column, position;

  if (described->role == STRATA_PHRASE_BASE)
    g_array_set_size (self->bases, 0);
  if (described->role == STRATA_PHRASE_LAST)
    {
      wanted.n_before = leaf->n_tokens - 1;
      if (self->bases->len == 0)
        return;
    }

  for (api->xPhraseFirst (fts, phrase, &iter, &column, &position); column >= 0;
       api->xPhraseNext (fts, &iter, &column, &position))
    {
      n++;
      if (wanted.n_before == 0)
        take_place (self, &wanted, (guint)position, &section, &next);
      else if ((guint)position >= wanted.n_before && has_base (self, (guint)position - wanted.n_before, &base))
        take_place (self, &wanted, (guint)position - wanted.n_before, &section, &next);
    }
  self->work_left -= MIN (self->work_left, n);
}

static gboolean
any_has (const Match *self,
         guint64      bits)
{
  for (guint i = 0; i < count_moments (self); i++)
    if ((self->masks[i] & bits) == bits)
      return TRUE;

  return FALSE;
}

/* Called by FTS5 for each block that it finds; the places of the phrases are known
 * only here. What every match must have comes first, the rarest before all others:
 * where that is not, the rest need not be looked at.
 */
static void
collect_cb (const Fts5ExtensionApi  *api,
            Fts5Context             *fts,
            sqlite3_context         *context,
            int                      n_arguments,
            sqlite3_value          **arguments)
{
  Match *self = n_arguments == 1 ? sqlite3_value_pointer (arguments[0], "strata-match") : NULL;
  guint64 required = 0;
  guint leaf_before = G_MAXUINT, n_leaves = 0;

  if (self == NULL)
    return;
  self->work_left -= MIN (self->work_left, BLOCK_WORK);
  if (!load_block (self, api->xRowid (fts), &self->error))
    {
      sqlite3_result_error (context, "The search index can't be read", -1);
      return;
    }
  if (!self->is_wanted)
    return;

  clear_masks (self);
  for (guint i = 0; i < self->order->len; i++)
    {
      int phrase = g_array_index (self->order, int, i);
      guint leaf = g_array_index (self->expression->phrases, StrataSearchPhrase, (guint)phrase).leaf;

      if (leaf != leaf_before && leaf_before != G_MAXUINT && n_leaves <= self->n_required)
        {
          required |= G_GUINT64_CONSTANT (1) << leaf_before;
          if (!any_has (self, required))
            return;
        }
      n_leaves += leaf != leaf_before;
      leaf_before = leaf;
      collect_phrase (self, api, fts, phrase, required);
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

/* In which order the phrases are collected */

typedef struct
{
  int      phrase;
  guint    leaf;
  gboolean is_required;
  guint64  count;
} Turn;

static int
compare_turns (gconstpointer a,
               gconstpointer b)
{
  const Turn *first = a;
  const Turn *second = b;

  if (first->is_required != second->is_required)
    return first->is_required ? -1 : 1;
  if (first->count != second->count)
    return first->count < second->count ? -1 : 1;

  if (first->leaf != second->leaf)
    return first->leaf < second->leaf ? -1 : 1;

  return first->phrase - second->phrase;
}

/* Whether a leaf stands by itself at the top, not negated: every match has it then */
static gboolean
is_required (GPtrArray              *texts,
             const StrataQueryNode  *leaf)
{
  for (guint i = 0; i < texts->len; i++)
    {
      const StrataQueryNode *node = g_ptr_array_index (texts, i);

      if (node == leaf)
        return !leaf->negated;
      for (guint j = 0; node->kind == STRATA_QUERY_AND && j < node->children->len; j++)
        if (g_ptr_array_index (node->children, j) == leaf)
          return !leaf->negated;
    }

  return FALSE;
}

static void
prepare_order (Match *self)
{
  g_autoptr(GArray) turns = g_array_new (FALSE, FALSE, sizeof (Turn));
  guint leaf_before = G_MAXUINT;

  for (guint i = 0; i < self->expression->phrases->len; i++)
    {
      const StrataSearchPhrase *phrase = &g_array_index (self->expression->phrases, StrataSearchPhrase, i);
      Turn turn = { (int)i, phrase->leaf, FALSE, 0 };
      const StrataSearchLeaf *leaf;

      if (phrase->role == STRATA_PHRASE_REPEATED)
        continue;
      leaf = g_ptr_array_index (self->expression->leaves, turn.leaf);
      turn.is_required = is_required (self->what->texts, leaf->node);
      turn.count = leaf->count;
      g_array_append_val (turns, turn);
    }
  g_array_sort (turns, compare_turns);

  self->n_required = 0;
  for (guint i = 0; i < turns->len; i++)
    {
      const Turn *turn = &g_array_index (turns, Turn, i);

      self->n_required += turn->is_required && turn->leaf != leaf_before;
      leaf_before = turn->leaf;
      g_array_append_val (self->order, turn->phrase);
    }
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
get_score (const Match *self,
           guint        moment)
{
  guint n_leaves = self->expression->leaves->len;
  const float *frequencies = self->frequencies + (gsize)moment * n_leaves;
  guint length = get_position (self, g_array_index (self->moments, guint, moment + 1)) -
                 get_position (self, g_array_index (self->moments, guint, moment));
  double norm = BM25_K1 * (1 - BM25_B + BM25_B * length / self->usual_length);
  double score = 0;

  for (guint i = 0; i < n_leaves; i++)
    if (frequencies[i] > 0)
      score += self->idf[i] * frequencies[i] * (BM25_K1 + 1) / (frequencies[i] + norm);

  return score;
}

static gboolean
holds (const Match *self,
       guint        moment)
{
  return self->masks[moment] != 0 &&
         _strata_search_expression_evaluate (self->expression, self->what->texts, self->masks[moment]);
}

/* @out_stopped: the caller has enough */
static gboolean
report_block (Match     *self,
              gboolean  *out_stopped,
              GError   **error)
{
  for (guint i = 0; i < count_moments (self) && !*out_stopped; i++)
    {
      StrataFound found = { self->block, self->document, i, 0 };
      guint kind = STRATA_PLACE_GET_KIND (g_array_index (self->places, guint32, g_array_index (self->moments, guint, i)));

      if ((self->what->kinds >> kind & 1) == 0 || (self->expression != NULL && !holds (self, i)))
        continue;
      if (self->expression != NULL)
        found.score = get_score (self, i);
      if (!self->func (&found, out_stopped, self->user_data, error))
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
      if (self->is_wanted && !report_block (self, out_stopped, error))
        return FALSE;
      *out_stopped = *out_stopped || self->work_left == 0;
      if (*out_stopped)
        return TRUE;
      if (self->what->documents != NULL && self->unwanted >= patience)
        {
          self->unwanted = 0;
          return find_wanted_below (self, self->block, out_next, error);
        }
    }

  return FALSE;
}

static void
match_init (Match *self)
{
  self->places = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->moments = g_array_new (FALSE, FALSE, sizeof (guint));
  self->moment_of = g_array_new (FALSE, FALSE, sizeof (guint));
  self->bases = g_array_new (FALSE, FALSE, sizeof (guint));
  self->order = g_array_new (FALSE, FALSE, sizeof (int));
}

static void
match_clear (Match *self)
{
  g_array_unref (self->places);
  g_array_unref (self->moments);
  g_array_unref (self->moment_of);
  g_array_unref (self->bases);
  g_array_unref (self->order);
  g_clear_error (&self->error);
  g_free (self->idf);
  g_free (self->masks);
  g_free (self->frequencies);
}

static gboolean
match_texts (Match     *self,
             gboolean  *out_stopped,
             GError   **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db,
    "SELECT strata_collect (texts, ?2) FROM texts WHERE texts MATCH ?1 AND rowid <= ?3 ORDER BY rowid DESC", error);
  gint64 next = G_MAXINT64;

  if (statement == NULL || !prepare_scores (self, error))
    return FALSE;

  prepare_order (self);
  _strata_sqlite_bind_text (statement, 1, self->expression->match);
  sqlite3_bind_pointer (statement, 2, self, "strata-match", NULL);
  while (next > 0 && !*out_stopped)
    if (!go_down (self, statement, next, &next, out_stopped, error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_search_match_texts (StrataSearchIndex             *index,
                            StrataSearchFilter            *filter,
                            const StrataMatchWhat         *what,
                            const StrataSearchExpression  *expression,
                            StrataSearchExtent             extent,
                            StrataFoundFunc                func,
                            gpointer                       user_data,
                            gboolean                      *out_whole,
                            GError                       **error)
{
  Match self = { index, filter, what, expression, func, user_data };
  g_autoptr(GError) match_error = NULL;
  gboolean stopped = FALSE, ok;

  *out_whole = TRUE;
  if (expression->is_nowhere)
    return TRUE;

  g_assert (expression->match != NULL);
  match_init (&self);
  self.work_left = extent == STRATA_SEARCH_FIRST ? FIRST_PAGE_WORK : G_MAXUINT64;
  ok = match_texts (&self, &stopped, &match_error);
  *out_whole = !stopped;
  /* What FTS5 says of an error inside of it says less */
  if (!ok && self.error != NULL)
    g_propagate_error (error, g_steal_pointer (&self.error));
  else if (!ok)
    g_propagate_error (error, g_steal_pointer (&match_error));
  match_clear (&self);

  return ok;
}

gboolean
_strata_search_match_all (StrataSearchIndex      *index,
                          StrataSearchFilter     *filter,
                          const StrataMatchWhat  *what,
                          StrataFoundFunc         func,
                          gpointer                user_data,
                          gboolean               *out_whole,
                          GError                **error)
{
  Match self = { index, filter, what, NULL, func, user_data };
  gint64 next = G_MAXINT64;
  gboolean stopped = FALSE, ok;

  match_init (&self);
  do
    {
      ok = find_wanted_below (&self, next, &next, error);
      if (!ok || next == 0)
        break;
      ok = load_block (&self, next, error) && (!self.is_wanted || report_block (&self, &stopped, error));
    }
  while (ok && !stopped);
  *out_whole = !stopped;
  match_clear (&self);

  return ok;
}

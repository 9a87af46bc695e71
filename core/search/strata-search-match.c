/* strata-search-match.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-error.h"
#include "strata-positions-private.h"
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

/* What a first page may cost once it has anything, in places looked at; a block costs as much as some hundred, and
 * each phrase of the MATCH that FTS5 moves to it as some
 */
#define FIRST_PAGE_WORK 300000
#define BLOCK_WORK 300
#define PHRASE_WORK 20
/* Places that are only read and compared cost less */
#define STARTS_SHARE 4

static const float weights[STRATA_N_WEIGHTS] = {
  [STRATA_WEIGHT_SCREEN] = 1,
  [STRATA_WEIGHT_SPEECH] = 2,
  [STRATA_WEIGHT_SUMMARY] = 4,
  [STRATA_WEIGHT_NAME] = 8,
};

/* A word of a leaf */
typedef struct
{
  guint   phrase;      /* of the MATCH, the first of those one of which is there */
  guint   n_phrases;
  guint   token;       /* which word it is */
  guint64 count;
} Slot;

/* A leaf, when it is looked at */
typedef struct
{
  guint    leaf;
  gboolean is_required;
  guint64  count;
  GArray  *slots;      /* Slot; the rarest first, and one of several words last */
} Turn;

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
  GArray                       *turns;           /* Turn, those first that every match must have */
  guint64                       work_left;
  gboolean                      has_found;       /* anything; a page without is not ended before the search is */

  /* The block FTS5 is at */
  gint64                        block;
  gint64                        document;
  gboolean                      is_wanted;
  GArray                       *places;          /* guint32, see strata-block-private.h */
  GArray                       *moments;         /* guint: where in @places each begins, and the end */
  GArray                       *moment_of;       /* guint: for each of @places */
  GArray                       *starts;          /* guint32: where the phrase at hand may begin */
  GArray                       *positions;       /* guint32: of one of its words */
  GArray                       *common;          /* guint32: where it begins with one of its last words */
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

static void
spend (Match *self,
       guint  work)
{
  self->work_left -= MIN (self->work_left, work);
}

/* Counts the places of a leaf that are in moments that have what they must have by now. A phrase counts only where all of it stands in one section: what is said in a
 * name and goes on in a summary is no phrase.
 */
static void
take_places (Match       *self,
             guint        leaf,
             guint        n_tokens,
             guint64      required,
             const GArray *starts)
{
  const guint32 *places = (const guint32 *)(const void *)self->places->data;
  guint n_leaves = self->expression->leaves->len;
  guint section = 0, next = 0;

  spend (self, starts->len);
  for (guint i = 0; i < starts->len; i++)
    {
      guint position = g_array_index (starts, guint32, i);
      guint moment;

      if (position >= next)
        {
          section = find_section (self, position, section);
          next = STRATA_PLACE_GET_POSITION (places[section + 1]);
        }
      moment = g_array_index (self->moment_of, guint, section);
      if ((self->masks[moment] & required) != required || position + n_tokens > next)
        continue;
      self->masks[moment] |= G_GUINT64_CONSTANT (1) << leaf;
      self->frequencies[moment * n_leaves + leaf] += weights[STRATA_PLACE_GET_WEIGHT (places[section])];
    }
}

/* Where a word of the leaf stands, in @out */
static void
read_positions (Match                  *self,
                const Fts5ExtensionApi *api,
                Fts5Context            *fts,
                guint                   phrase,
                GArray                 *out)
{
  g_array_set_size (out, 0);
  _strata_positions_read (api, fts, (int)phrase, out);
}

/* What would begin before the block begins */
static void
move_to_start (GArray *positions,
               guint   token)
{
  guint32 *numbers = (guint32 *)(void *)positions->data;
  guint n = 0;

  for (guint i = 0; i < positions->len; i++)
    if (numbers[i] >= token)
      numbers[n++] = numbers[i] - token;
  g_array_set_size (positions, n);
}

/* Where a phrase may stand, by all its words but those that are one of several: the rarest first, so that the
 * commonest are looked at only where the others stand together.
 */
static void
find_starts (Match                  *self,
             const Fts5ExtensionApi *api,
             Fts5Context            *fts,
             const Turn             *turn)
{
  const Slot *slots = (const Slot *)(const void *)turn->slots->data;

  read_positions (self, api, fts, slots[0].phrase, self->starts);
  spend (self, self->starts->len / STARTS_SHARE);
  move_to_start (self->starts, slots[0].token);
  for (guint i = 1; i < turn->slots->len && slots[i].n_phrases == 1 && self->starts->len > 0; i++)
    {
      read_positions (self, api, fts, slots[i].phrase, self->positions);
      spend (self, self->positions->len / STARTS_SHARE);
      _strata_positions_keep_common (self->starts, self->positions, slots[i].token);
    }
}

static void
collect_phrase (Match                  *self,
                const Fts5ExtensionApi *api,
                Fts5Context            *fts,
                const Turn             *turn,
                guint64                 required)
{
  const Slot *last = &g_array_index (turn->slots, Slot, turn->slots->len - 1);

  if (last->n_phrases == 1)
    {
      take_places (self, turn->leaf, turn->slots->len, required, self->starts);
      return;
    }

  for (guint i = 0; i < last->n_phrases && self->starts->len > 0; i++)
    {
      g_array_set_size (self->common, 0);
      g_array_append_vals (self->common, self->starts->data, self->starts->len);
      read_positions (self, api, fts, last->phrase + i, self->positions);
      spend (self, self->positions->len / STARTS_SHARE);
      _strata_positions_keep_common (self->common, self->positions, last->token);
      take_places (self, turn->leaf, turn->slots->len, required, self->common);
    }
}

static void
collect_word (Match                  *self,
              const Fts5ExtensionApi *api,
              Fts5Context            *fts,
              const Turn             *turn,
              guint64                 required)
{
  const Slot *slot = &g_array_index (turn->slots, Slot, 0);

  for (guint i = 0; i < slot->n_phrases; i++)
    {
      read_positions (self, api, fts, slot->phrase + i, self->positions);
      take_places (self, turn->leaf, 1, required, self->positions);
    }
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

static gboolean
is_phrase (const Turn *turn)
{
  return turn->slots->len > 1;
}

/* What is looked for in a block that is wanted */
static void
collect (Match                  *self,
         const Fts5ExtensionApi *api,
         Fts5Context            *fts,
         gboolean                has_starts)
{
  guint64 required = 0;

  clear_masks (self);
  for (guint i = 0; i < self->turns->len; i++)
    {
      const Turn *turn = &g_array_index (self->turns, Turn, i);

      if (!is_phrase (turn))
        collect_word (self, api, fts, turn, required);
      else
        {
          if (i > 0 || !has_starts)
            find_starts (self, api, fts, turn);
          collect_phrase (self, api, fts, turn, required);
        }
      if (!turn->is_required)
        continue;
      required |= G_GUINT64_CONSTANT (1) << turn->leaf;
      if (!any_has (self, required))
        return;
    }
}

/* Called by FTS5 for each block that it finds; the places of the words are known
 * only here. What every match must have comes first, the rarest before all others:
 * where that is not, the rest need not be looked at. In most blocks that have the words of a phrase
 * they do not stand together: those are not even loaded, unless by what they are one is to
 * be jumped to.
 */
static void
collect_cb (const Fts5ExtensionApi  *api,
            Fts5Context             *fts,
            sqlite3_context         *context,
            int                      n_arguments,
            sqlite3_value          **arguments)
{
  Match *self = n_arguments == 1 ? sqlite3_value_pointer (arguments[0], "strata-match") : NULL;
  gboolean has_starts = FALSE;
  const Turn *first;

  if (self == NULL)
    return;

  spend (self, PHRASE_WORK * self->expression->n_phrases);
  first = &g_array_index (self->turns, Turn, 0);
  if (self->what->documents == NULL && first->is_required && is_phrase (first))
    {
      find_starts (self, api, fts, first);
      has_starts = TRUE;
      self->is_wanted = FALSE;
      if (self->starts->len == 0)
        return;
    }

  spend (self, BLOCK_WORK);
  if (!load_block (self, api->xRowid (fts), &self->error))
    {
      sqlite3_result_error (context, "The search index can't be read", -1);
      return;
    }
  if (self->is_wanted)
    collect (self, api, fts, has_starts);
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

/* In which order what is looked for is collected */

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

  return (first->leaf > second->leaf) - (first->leaf < second->leaf);
}

static int
compare_slots (gconstpointer a,
               gconstpointer b)
{
  const Slot *first = a;
  const Slot *second = b;

  if ((first->n_phrases > 1) != (second->n_phrases > 1))
    return first->n_phrases > 1 ? 1 : -1;
  if (first->count != second->count)
    return first->count < second->count ? -1 : 1;

  return (first->token > second->token) - (first->token < second->token);
}

static void
turn_clear (gpointer data)
{
  g_array_unref (((Turn *)data)->slots);
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

static GArray *
make_slots (const StrataSearchLeaf *leaf)
{
  GArray *slots = g_array_new (FALSE, FALSE, sizeof (Slot));

  for (guint i = 0; i < leaf->n_tokens; i++)
    {
      Slot slot = { leaf->phrases[i], i == leaf->n_tokens - 1 ? leaf->last->len : 1, i, leaf->counts[i] };

      g_array_append_val (slots, slot);
    }
  g_array_sort (slots, compare_slots);

  return slots;
}

static void
prepare_turns (Match *self)
{
  for (guint i = 0; i < self->expression->leaves->len; i++)
    {
      const StrataSearchLeaf *leaf = g_ptr_array_index (self->expression->leaves, i);
      Turn turn = { i, is_required (self->what->texts, leaf->node), leaf->count, NULL };

      if (!leaf->is_asked)
        continue;
      turn.slots = make_slots (leaf);
      g_array_append_val (self->turns, turn);
    }
  g_array_sort (self->turns, compare_turns);
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
      self->has_found = TRUE;
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
  guint patience = JUMP_AFTER * self->expression->n_phrases;
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
      *out_stopped = *out_stopped || (self->work_left == 0 && self->has_found);
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
  self->starts = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->positions = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->common = g_array_new (FALSE, FALSE, sizeof (guint32));
  self->turns = g_array_new (FALSE, FALSE, sizeof (Turn));
  g_array_set_clear_func (self->turns, turn_clear);
}

static void
match_clear (Match *self)
{
  g_array_unref (self->places);
  g_array_unref (self->moments);
  g_array_unref (self->moment_of);
  g_array_unref (self->starts);
  g_array_unref (self->positions);
  g_array_unref (self->common);
  g_array_unref (self->turns);
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

  prepare_turns (self);
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

/* strata-search-expression.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-search-expression-private.h"
#include "strata-search-index-internal-private.h"

/* A beginning is asked for as so many words at most; after other words of a phrase as fewer, as FTS5 goes
 * through the blocks of each of them
 */
#define MAX_WORDS 32
#define MAX_LAST_WORDS 12
/* How many words are looked through to see whether all of them are few enough */
#define MAX_LOOKED_AT 4096
/* Below that many places FTS5 may as well gather them */
#define MAX_GATHERED 50000

static gint64 max_gathered = MAX_GATHERED;

void
_strata_search_expression_set_max_gathered (gint64 max)
{
  max_gathered = max >= 0 ? max : MAX_GATHERED;
}

static void
leaf_free (gpointer data)
{
  StrataSearchLeaf *leaf = data;

  g_ptr_array_unref (leaf->last);
  g_free (leaf->counts);
  g_free (leaf->phrases);
  g_free (leaf);
}

/* Words that begin with something */

typedef struct
{
  char    *word;
  guint64  count;
} Word;

static void
word_clear (gpointer data)
{
  g_free (((Word *)data)->word);
}

/* Appends words in the order that @sql gives them in. @out_more: there are more than @max */
static gboolean
list_words (StrataSearchIndex  *index,
            const char         *sql,
            const char         *beginning,
            guint               max,
            GArray             *words,
            gboolean           *out_more,
            GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (index->db, sql, error);
  gboolean row;

  *out_more = FALSE;
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, beginning);

  while (_strata_sqlite_step (statement, &row, error))
    {
      Word word;

      *out_more = row && words->len >= max;
      if (!row || *out_more)
        return TRUE;
      word.word = _strata_sqlite_dup_text (statement, 0);
      word.count = (guint64)sqlite3_column_int64 (statement, 1);
      g_array_append_val (words, word);
    }

  return FALSE;
}

#define BEGINS "word >= ?1 AND word < ?1 || char (1114111)"

static guint64
sum_counts (const GArray *words)
{
  guint64 sum = 0;

  for (guint i = 0; i < words->len; i++)
    sum += g_array_index (words, Word, i).count;

  return sum;
}

/* Chooses the words a beginning is asked for by, @max of them; none of @words and @out_native
 * for leaving it to FTS5, which knows also those that are in one moment only.
 * @out_count is how many moments have one of all of them.
 */
static gboolean
choose_words (StrataSearchIndex   *index,
              const char          *beginning,
              guint                max,
              StrataSearchExtent   extent,
              GArray              *words,
              gboolean            *out_native,
              guint64             *out_count,
              GError             **error)
{
  gboolean more;

  if (!list_words (index, "SELECT word, count FROM words WHERE " BEGINS, beginning, MAX_LOOKED_AT, words, &more, error))
    return FALSE;
  *out_count = sum_counts (words);
  *out_native = extent == STRATA_SEARCH_ALL || (!more && (gint64)*out_count <= max_gathered);
  g_array_set_size (words, 0);
  if (*out_native)
    return TRUE;

  if (!list_words (index, "SELECT word, count FROM words INDEXED BY common_words WHERE " BEGINS
                          " AND count >= 64 ORDER BY count DESC", beginning, max, words, &more, error))
    return FALSE;
  *out_count = sum_counts (words);

  return TRUE;
}

/* Leaves */

static gboolean
count_word (StrataSearchIndex  *index,
            const char         *word,
            guint64            *out_count,
            GError            **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (index, STRATA_STATEMENT_GET_WORD, error);
  gboolean row, ok;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_text (statement, 1, word);
  ok = _strata_sqlite_step (statement, &row, error);
  /* One that is not in the table is in one moment, or in none: FTS5 will find out */
  *out_count = ok && row ? (guint64)sqlite3_column_int64 (statement, 0) : 1;
  sqlite3_reset (statement);

  return ok;
}

/* Tokens are letters and digits only, so there is nothing to escape */
static char *
quote (const char *token)
{
  return g_strdup_printf ("\"%s\"", token);
}

static gboolean
add_beginning (StrataSearchExpression  *self,
               StrataSearchIndex       *index,
               StrataSearchLeaf        *leaf,
               StrataSearchExtent       extent,
               GError                 **error)
{
  g_autoptr(GArray) words = g_array_new (FALSE, FALSE, sizeof (Word));
  const char *beginning = leaf->node->tokens[leaf->n_tokens - 1];
  gboolean is_native;

  g_array_set_clear_func (words, word_clear);
  if (!choose_words (index, beginning, leaf->n_tokens > 1 ? MAX_LAST_WORDS : MAX_WORDS, extent, words, &is_native, &leaf->counts[leaf->n_tokens - 1], error))
    return FALSE;

  self->is_exact = self->is_exact && is_native;
  if (is_native)
    g_ptr_array_add (leaf->last, g_strdup_printf ("\"%s\" *", beginning));
  for (guint i = 0; i < words->len; i++)
    g_ptr_array_add (leaf->last, quote (g_array_index (words, Word, i).word));

  return TRUE;
}

static gboolean
add_leaf (StrataSearchExpression  *self,
          StrataSearchIndex       *index,
          const StrataQueryNode   *node,
          StrataSearchExtent       extent,
          GError                 **error)
{
  StrataSearchLeaf *leaf = g_new0 (StrataSearchLeaf, 1);
  guint n_whole;

  leaf->node = node;
  leaf->last = g_ptr_array_new_with_free_func (g_free);
  leaf->n_tokens = g_strv_length (node->tokens);
  leaf->counts = g_new0 (guint64, leaf->n_tokens);
  leaf->phrases = g_new0 (guint, leaf->n_tokens);
  leaf->count = G_MAXUINT64;
  g_ptr_array_add (self->leaves, leaf);

  n_whole = leaf->n_tokens - (node->is_prefix ? 1 : 0);
  for (guint i = 0; i < n_whole; i++)
    if (!count_word (index, node->tokens[i], &leaf->counts[i], error))
      return FALSE;

  if (!node->is_prefix)
    g_ptr_array_add (leaf->last, quote (node->tokens[n_whole - 1]));
  else if (!add_beginning (self, index, leaf, extent, error))
    return FALSE;
  for (guint i = 0; i < leaf->n_tokens; i++)
    leaf->count = MIN (leaf->count, leaf->counts[i]);

  return TRUE;
}

static gboolean
add_leaves (StrataSearchExpression  *self,
            StrataSearchIndex       *index,
            const StrataQueryNode   *node,
            StrataSearchExtent       extent,
            GError                 **error)
{
  if (node->kind == STRATA_QUERY_TEXT)
    return add_leaf (self, index, node, extent, error);

  for (guint i = 0; i < node->children->len; i++)
    if (!add_leaves (self, index, g_ptr_array_index (node->children, i), extent, error))
      return FALSE;

  return TRUE;
}

static int
find_leaf (const StrataSearchExpression *self,
           const StrataQueryNode        *node)
{
  for (guint i = 0; i < self->leaves->len; i++)
    if (((const StrataSearchLeaf *)g_ptr_array_index (self->leaves, i))->node == node)
      return (int)i;

  g_assert_not_reached ();
}

/* What a tree asks of a block */
typedef enum
{
  ASKS_NOTHING,     /* it may hold anywhere */
  ASKS_FOR_PHRASES,
  CANNOT_BE,
} Demand;

static Demand
get_demand (const StrataSearchExpression *self,
            const StrataQueryNode        *node)
{
  Demand demand;

  if (node->kind == STRATA_QUERY_TEXT)
    {
      const StrataSearchLeaf *leaf = g_ptr_array_index (self->leaves, (guint)find_leaf (self, node));

      return node->negated ? ASKS_NOTHING : leaf->last->len > 0 ? ASKS_FOR_PHRASES : CANNOT_BE;
    }

  demand = node->kind == STRATA_QUERY_AND ? ASKS_NOTHING : CANNOT_BE;
  for (guint i = 0; i < node->children->len; i++)
    {
      Demand child = get_demand (self, g_ptr_array_index (node->children, i));

      /* All: the strictest counts; any: the mildest */
      demand = node->kind == STRATA_QUERY_AND ? MAX (demand, child) : MIN (demand, child);
    }

  return demand;
}

/* Writing what FTS5 is asked for */

typedef struct
{
  StrataSearchExpression *self;
  GString                *match;
  gboolean                is_repeated;   /* its phrases were written before */
} Writing;

/* The first word of a leaf that is the same as this one */
static guint
find_same (const StrataSearchLeaf *leaf,
           guint                   token)
{
  guint same = 0;

  if (token == leaf->n_tokens - 1 && leaf->node->is_prefix)
    return token;
  while (strcmp (leaf->node->tokens[same], leaf->node->tokens[token]) != 0)
    same++;

  return same;
}

/* One of @phrases */
static void
write_word (Writing          *writing,
            StrataSearchLeaf *leaf,
            guint             token,
            GPtrArray        *phrases)
{
  if (!writing->is_repeated)
    leaf->phrases[token] = writing->self->n_phrases;
  g_string_append (writing->match, token > 0 ? " AND (" : "(");
  for (guint i = 0; i < phrases->len; i++)
    g_string_append_printf (writing->match, "%s%s", i > 0 ? " OR " : "", (const char *)g_ptr_array_index (phrases, i));
  g_string_append_c (writing->match, ')');
  writing->self->n_phrases += phrases->len;
}

/* Each word once: FTS5 would go through its blocks again each time. */
static void
write_leaf (Writing *writing,
            guint    index)
{
  StrataSearchLeaf *leaf = g_ptr_array_index (writing->self->leaves, index);

  leaf->is_asked = TRUE;
  g_string_append_c (writing->match, '(');
  for (guint i = 0; i < leaf->n_tokens; i++)
    {
      g_autoptr(GPtrArray) word = g_ptr_array_new_with_free_func (g_free);
      guint same = find_same (leaf, i);

      if (same < i)
        {
          leaf->phrases[i] = leaf->phrases[same];
          continue;
        }
      g_ptr_array_add (word, quote (leaf->node->tokens[i]));
      write_word (writing, leaf, i, i == leaf->n_tokens - 1 ? leaf->last : word);
    }
  g_string_append_c (writing->match, ')');
}

/* Of a tree that asks for phrases */
static void
write_node (Writing               *writing,
            const StrataQueryNode *node)
{
  const char *separator = "(";

  if (node->kind == STRATA_QUERY_TEXT)
    {
      write_leaf (writing, (guint)find_leaf (writing->self, node));
      return;
    }

  for (guint i = 0; i < node->children->len; i++)
    {
      const StrataQueryNode *child = g_ptr_array_index (node->children, i);

      if (get_demand (writing->self, child) != ASKS_FOR_PHRASES)
        continue;
      g_string_append (writing->match, separator);
      write_node (writing, child);
      separator = node->kind == STRATA_QUERY_AND ? " AND " : " OR ";
    }
  g_string_append_c (writing->match, ')');
}

/* What may be there has to be written too, for its places: "x AND (x OR may be)" is x, and tells of both. */
static void
write_others (Writing               *writing,
              const StrataQueryNode *required)
{
  gboolean is_open = FALSE;

  for (guint i = 0; i < writing->self->leaves->len; i++)
    {
      const StrataSearchLeaf *leaf = g_ptr_array_index (writing->self->leaves, i);

      if (leaf->last->len == 0 || leaf->is_asked)
        continue;
      if (!is_open)
        {
          g_string_append (writing->match, " AND (");
          writing->is_repeated = TRUE;
          write_node (writing, required);
          writing->is_repeated = FALSE;
          is_open = TRUE;
        }
      g_string_append (writing->match, " OR ");
      write_leaf (writing, i);
    }
  if (is_open)
    g_string_append_c (writing->match, ')');
}

static void
write_match (StrataSearchExpression *self,
             GPtrArray              *nodes)
{
  g_autoptr(GString) match = g_string_new (NULL);
  Writing writing = { self, match, FALSE };
  const StrataQueryNode *required = NULL;

  for (guint i = 0; i < nodes->len; i++)
    {
      const StrataQueryNode *node = g_ptr_array_index (nodes, i);
      Demand demand = get_demand (self, node);

      self->is_nowhere = self->is_nowhere || demand == CANNOT_BE;
      if (demand != ASKS_FOR_PHRASES)
        continue;
      if (required != NULL)
        g_string_append (match, " AND ");
      write_node (&writing, node);
      required = required != NULL ? required : node;
    }
  if (required == NULL || self->is_nowhere)
    return;

  write_others (&writing, required);
  self->match = g_string_free (g_steal_pointer (&match), FALSE);
}

StrataSearchExpression *
_strata_search_expression_new (StrataSearchIndex   *index,
                               GPtrArray           *nodes,
                               StrataSearchExtent   extent,
                               GError             **error)
{
  g_autoptr(StrataSearchExpression) self = g_new0 (StrataSearchExpression, 1);

  self->leaves = g_ptr_array_new_with_free_func (leaf_free);
  self->is_exact = TRUE;
  for (guint i = 0; i < nodes->len; i++)
    if (!add_leaves (self, index, g_ptr_array_index (nodes, i), extent, error))
      return NULL;
  g_assert (self->leaves->len <= STRATA_QUERY_MAX_LEAVES);
  write_match (self, nodes);

  return g_steal_pointer (&self);
}

void
_strata_search_expression_free (StrataSearchExpression *self)
{
  g_clear_pointer (&self->leaves, g_ptr_array_unref);
  g_free (self->match);
  g_free (self);
}

static gboolean
evaluate (const StrataSearchExpression *self,
          const StrataQueryNode        *node,
          guint64                       mask)
{
  gboolean is_and = node->kind == STRATA_QUERY_AND;

  if (node->kind == STRATA_QUERY_TEXT)
    return ((mask >> find_leaf (self, node) & 1) != 0) != node->negated;

  for (guint i = 0; i < node->children->len; i++)
    if (evaluate (self, g_ptr_array_index (node->children, i), mask) != is_and)
      return !is_and;

  return is_and;
}

gboolean
_strata_search_expression_evaluate (const StrataSearchExpression *self,
                                    GPtrArray                    *nodes,
                                    guint64                       mask)
{
  for (guint i = 0; i < nodes->len; i++)
    if (!evaluate (self, g_ptr_array_index (nodes, i), mask))
      return FALSE;

  return TRUE;
}

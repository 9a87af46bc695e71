/* strata-search-suggest.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-search-index-internal-private.h"
#include "strata-search-suggest-private.h"
#include "strata-tokenizer-private.h"

/* Longer words are no typing mistakes of each other */
#define MAX_LETTERS 24
/* Words of up to so many letters may differ in one, longer ones in two */
#define SHORT_WORD 4
/* In a larger vocabulary only common words are looked through: a second or more for all of a million */
#define MAX_LOOKED_THROUGH 100000

/* Completing */

static void
add_value (GPtrArray   *values,
           StrataField  field,
           const char  *value)
{
  gboolean needs_quotes = strpbrk (value, " \t\n()") != NULL;
  g_autofree char *safe = g_strdelimit (g_strdup (value), "\"", ' ');

  g_ptr_array_add (values, needs_quotes || strcmp (safe, value) != 0
                             ? g_strdup_printf ("%s:\"%s\"", _strata_field_get_name (field), safe)
                             : g_strdup_printf ("%s:%s", _strata_field_get_name (field), value));
}

/* Values as they are, and the names of those that are ids; the most used first, each once. */
static gboolean
complete_facet (StrataSearchIndex  *index,
                StrataField         field,
                const char         *beginning,
                guint               limit,
                GPtrArray          *values,
                GError            **error)
{
  g_autofree char *folded = *beginning != '\0' ? _strata_fold_name (beginning) : g_strdup ("");
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (index->db,
    "SELECT ifnull (n.name, f.value) AS shown, count (*) AS uses FROM facets f JOIN document_facets d ON d.facet = f.facet"
    "  LEFT JOIN names n ON n.field = f.field AND n.id = f.value"
    " WHERE f.field = ?1 AND substr (ifnull (n.folded, f.folded), 1, length (?2)) = ?2"
    " GROUP BY shown ORDER BY uses DESC, shown LIMIT ?3", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, field);
  _strata_sqlite_bind_text (statement, 2, folded);
  _strata_sqlite_bind_uint (statement, 3, limit);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      add_value (values, field, (const char *)sqlite3_column_text (statement, 0));
    }

  return FALSE;
}

static void
complete_names (StrataField        field,
                const char        *beginning,
                guint              limit,
                const char *const *names,
                GPtrArray         *values)
{
  for (; *names != NULL && values->len < limit; names++)
    if (g_ascii_strncasecmp (*names, beginning, strlen (beginning)) == 0)
      add_value (values, field, *names);
}

static gboolean
complete_word (StrataSearchIndex  *index,
               const char         *beginning,
               guint               limit,
               GPtrArray          *words,
               GError            **error)
{
  g_autofree char *folded = _strata_fold_name (beginning);
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  if (*folded == '\0' || strchr (folded, ' ') != NULL)
    return TRUE;

  statement = _strata_sqlite_prepare (index->db,
    "SELECT word FROM words WHERE word >= ?1 AND word < ?1 || char (1114111) ORDER BY count DESC, word LIMIT ?2", error);
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, folded);
  _strata_sqlite_bind_uint (statement, 2, limit);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      g_ptr_array_add (words, _strata_sqlite_dup_text (statement, 0));
    }

  return FALSE;
}

/* Where the last word begins: after the last space that is not inside quotes */
static const char *
find_last_word (const char *text)
{
  const char *last = text;
  gboolean is_quoted = FALSE;

  for (const char *p = text; *p != '\0'; p++)
    {
      is_quoted = is_quoted != (*p == '"');
      if (!is_quoted && (g_ascii_isspace (*p) || *p == '('))
        last = p + 1;
    }

  return *last == '-' ? last + 1 : last;
}

char **
_strata_search_complete (StrataSearchIndex  *index,
                         const char         *text,
                         guint               limit,
                         GError            **error)
{
  g_autoptr(GPtrArray) found = g_ptr_array_new_with_free_func (g_free);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  const char *word = find_last_word (valid);
  const char *colon = strchr (word, ':');
  StrataField field = colon != NULL ? _strata_field_parse (word, (gsize)(colon - word)) : STRATA_N_FIELDS;
  g_autofree char *value = colon != NULL ? g_strstrip (g_strdelimit (g_strdup (colon + 1), "\"", ' ')) : NULL;
  gboolean ok = TRUE;

  if (field < STRATA_N_INDEXED_FIELDS)
    ok = complete_facet (index, field, value, limit, found, error);
  else if (field == STRATA_FIELD_KIND)
    complete_names (field, value, limit, _strata_kind_list_names (), found);
  else if (field == STRATA_FIELD_HAS)
    complete_names (field, value, limit, _strata_has_list_names (), found);
  else if (field == STRATA_N_FIELDS)
    ok = complete_word (index, word, limit, found, error);
  if (!ok)
    return NULL;

  g_ptr_array_add (found, NULL);

  return (char **)g_ptr_array_steal (found, NULL);
}

/* Finding what was meant */

guint
_strata_search_distance (const char *a,
                         const char *b,
                         guint       max)
{
  gunichar first[MAX_LETTERS], second[MAX_LETTERS];
  guint rows[3][MAX_LETTERS + 1];
  glong n_first = g_utf8_strlen (a, -1), n_second = g_utf8_strlen (b, -1);

  if (n_first > MAX_LETTERS || n_second > MAX_LETTERS || ABS (n_first - n_second) > (glong)max)
    return max + 1;

  for (glong i = 0; i < n_first; i++, a = g_utf8_next_char (a))
    first[i] = g_utf8_get_char (a);
  for (glong j = 0; j < n_second; j++, b = g_utf8_next_char (b))
    second[j] = g_utf8_get_char (b);

  for (glong j = 0; j <= n_second; j++)
    rows[0][j] = (guint)j;
  for (glong i = 1; i <= n_first; i++)
    {
      guint *row = rows[i % 3], *above = rows[(i + 2) % 3], *before = rows[(i + 1) % 3];
      guint least = row[0] = (guint)i;

      for (glong j = 1; j <= n_second; j++)
        {
          row[j] = MIN (MIN (row[j - 1], above[j]) + 1, above[j - 1] + (first[i - 1] != second[j - 1]));
          if (i > 1 && j > 1 && first[i - 1] == second[j - 2] && first[i - 2] == second[j - 1])
            row[j] = MIN (row[j], before[j - 2] + 1);
          least = MIN (least, row[j]);
        }
      if (least > max)
        return max + 1;
    }

  return MIN (rows[n_first % 3][n_second], max + 1);
}

static gboolean
is_large (StrataSearchIndex  *index,
          gboolean           *out_large,
          GError            **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (index->db, "SELECT count (*) FROM (SELECT 1 FROM words LIMIT ?)", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, MAX_LOOKED_THROUGH + 1);
  if (!_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_large = sqlite3_column_int (statement, 0) > MAX_LOOKED_THROUGH;

  return TRUE;
}

/* The nearest word, of those as near the commonest. @out_word: (nullable) */
static gboolean
find_nearest (StrataSearchIndex  *index,
              const char         *word,
              char              **out_word,
              GError            **error)
{
  guint max = g_utf8_strlen (word, -1) <= SHORT_WORD ? 1 : 2;
  g_autoptr(sqlite3_stmt) statement = NULL;
  guint best = max + 1;
  gint64 best_count = 0;
  gboolean row, large;

  *out_word = NULL;
  if (!is_large (index, &large, error))
    return FALSE;

  statement = _strata_sqlite_prepare (index->db,
    large ? "SELECT word, count FROM words INDEXED BY common_words WHERE count >= 64 AND length (word) BETWEEN ?1 AND ?2"
          : "SELECT word, count FROM words WHERE length (word) BETWEEN ?1 AND ?2", error);
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, (guint64)MAX (g_utf8_strlen (word, -1) - (glong)max, 2));
  _strata_sqlite_bind_uint (statement, 2, (guint64)(g_utf8_strlen (word, -1) + (glong)max));

  while (_strata_sqlite_step (statement, &row, error))
    {
      const char *other = (const char *)sqlite3_column_text (statement, 0);
      gint64 count = sqlite3_column_int64 (statement, 1);
      guint distance;

      if (!row)
        return TRUE;
      distance = _strata_search_distance (word, other, MIN (best, max));
      if (distance > max || distance > best || (distance == best && count <= best_count))
        continue;
      best = distance;
      best_count = count;
      g_free (*out_word);
      *out_word = g_strdup (other);
    }
  g_clear_pointer (out_word, g_free);

  return FALSE;
}

static gboolean
is_known (StrataSearchIndex  *index,
          const char         *word,
          gboolean            is_beginning,
          gboolean           *out_known,
          GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (index->db,
    is_beginning ? "SELECT 1 FROM words WHERE word >= ?1 AND word < ?1 || char (1114111) LIMIT 1"
                 : "SELECT 1 FROM words WHERE word = ?1", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, word);

  return _strata_sqlite_step (statement, out_known, error);
}

/* Replaces words that are nowhere in @text, where they stand as they were typed. */
static gboolean
suggest_for_node (StrataSearchIndex      *index,
                  const StrataQueryNode  *node,
                  GString                *text,
                  gboolean               *out_changed,
                  GError                **error)
{
  for (guint i = 0; node->children != NULL && i < node->children->len; i++)
    if (!suggest_for_node (index, g_ptr_array_index (node->children, i), text, out_changed, error))
      return FALSE;

  if (node->kind != STRATA_QUERY_TEXT || node->negated || node->tokens[1] != NULL)
    return TRUE;

  for (guint i = 0; node->tokens[i] != NULL; i++)
    {
      gboolean known;
      g_autofree char *nearest = NULL;

      if (!is_known (index, node->tokens[i], node->is_prefix && node->tokens[i + 1] == NULL, &known, error))
        return FALSE;
      if (known)
        continue;
      if (!find_nearest (index, node->tokens[i], &nearest, error))
        return FALSE;
      if (nearest != NULL && g_string_replace (text, node->text, nearest, 1) > 0)
        *out_changed = TRUE;
    }

  return TRUE;
}

char *
_strata_search_suggest (StrataSearchIndex  *index,
                        StrataQuery        *query,
                        GError            **error)
{
  const StrataQueryNode *root = _strata_query_get_root (query);
  g_autoptr(GString) text = g_string_new (strata_query_get_text (query));
  gboolean changed = FALSE;

  if (root == NULL || !suggest_for_node (index, root, text, &changed, error) || !changed)
    return NULL;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* strata-query.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-query-private.h"
#include "strata-tokenizer-private.h"

/* More is nothing that was typed */
#define MAX_TEXT 4096
#define MAX_DEPTH 16
/* Shorter beginnings would be found everywhere */
#define MIN_PREFIX 2

/**
 * StrataQuery:
 *
 * What somebody looks for, taken apart. Any text is a query:
 *
 * - words must all be in one moment; the last one, while nothing follows it, may
 *   be the beginning of a word (from two characters);
 * - `"a phrase"` stands as it is in the text;
 * - `-word` must not be there;
 * - `a OR b`: one of them. OR joins its two neighbours only;
 * - `(…)` groups;
 * - `tag:`, `topic:`, `task:`, `company:`, `contact:`, `category:`, `subcategory:`, `status:`,
 *   `kind:`, `has:`, `before:`, `after:` and `on:` choose sessions, quoted where the value has spaces.
 *
 * What is malformed (an unknown filter, a date that is none) is searched as text.
 *
 * Immutable; shared by reference, also between threads.
 */
struct _StrataQuery
{
  char            *text;
  StrataQueryNode *root;
};

G_DEFINE_BOXED_TYPE (StrataQuery, strata_query, strata_query_ref, strata_query_unref)

static const char *const field_names[STRATA_N_FIELDS] = {
  "topic", "tag", "task", "company", "contact", "category", "subcategory", "status",
  "kind", "has", "before", "after", "on"
};

const char *
_strata_field_get_name (StrataField field)
{
  g_assert (field < STRATA_N_FIELDS);

  return field_names[field];
}

StrataField
_strata_field_parse (const char *name,
                     gsize       length)
{
  for (guint i = 0; i < STRATA_N_FIELDS; i++)
    if (strlen (field_names[i]) == length && g_ascii_strncasecmp (name, field_names[i], length) == 0)
      return i;

  return STRATA_N_FIELDS;
}

/* Nodes */

static void
node_free (StrataQueryNode *node)
{
  g_clear_pointer (&node->children, g_ptr_array_unref);
  g_strfreev (node->tokens);
  g_free (node->text);
  g_free (node);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataQueryNode, node_free)

static StrataQueryNode *
node_new (StrataQueryKind kind)
{
  StrataQueryNode *node = g_new0 (StrataQueryNode, 1);

  node->kind = kind;
  node->from_ms = G_MININT64;
  node->to_ms = G_MAXINT64;
  if (kind == STRATA_QUERY_AND || kind == STRATA_QUERY_OR)
    node->children = g_ptr_array_new_with_free_func ((GDestroyNotify)node_free);

  return node;
}

/* Joins two into one of @kind, flattening what is of that kind already; takes over both, either may be %NULL */
static StrataQueryNode *
node_join (StrataQueryKind  kind,
           StrataQueryNode *first,
           StrataQueryNode *second)
{
  StrataQueryNode *joined;

  if (first == NULL || second == NULL)
    return first != NULL ? first : second;

  if (first->kind != kind)
    {
      joined = node_new (kind);
      g_ptr_array_add (joined->children, first);
      first = joined;
    }
  if (second->kind != kind)
    {
      g_ptr_array_add (first->children, second);
      return first;
    }

  while (second->children->len > 0)
    g_ptr_array_add (first->children, g_ptr_array_steal_index (second->children, 0));
  node_free (second);

  return first;
}

/* Parsing */

typedef struct
{
  const char *p;
  const char *end;
  guint       depth;
  guint       leaves;
  GTimeZone  *zone;
  gint64      now_ms;
} Parser;

static StrataQueryNode *parse_items (Parser *self, gboolean negated);

static int
add_token (const char *token,
           gsize       length,
           gboolean    colocated,
           gsize       start,
           gsize       end,
           gpointer    user_data)
{
  g_ptr_array_add (user_data, g_strndup (token, length));

  return 0;
}

/* @is_open: nothing follows, so that the last word may go on.
 *
 * Returns: (nullable): %NULL where there is no word in it
 */
static StrataQueryNode *
make_text (Parser     *self,
           const char *text,
           gsize       length,
           gboolean    negated,
           gboolean    is_open)
{
  g_autoptr(GPtrArray) tokens = g_ptr_array_new_with_free_func (g_free);
  StrataQueryNode *node;
  const char *last;

  _strata_tokenize (text, length, STRATA_TOKENIZE_QUERY, add_token, tokens);
  if (tokens->len == 0 || self->leaves >= STRATA_QUERY_MAX_LEAVES)
    return NULL;

  self->leaves++;
  last = g_ptr_array_index (tokens, tokens->len - 1);
  node = node_new (STRATA_QUERY_TEXT);
  node->negated = negated;
  node->text = g_strndup (text, length);
  node->is_prefix = _strata_token_is_lone_ideograph (last, strlen (last)) ||
                    (is_open && !negated && g_utf8_strlen (last, -1) >= MIN_PREFIX);
  g_ptr_array_add (tokens, NULL);
  node->tokens = (char **)g_ptr_array_steal (tokens, NULL);

  return node;
}

/* Returns: (nullable): %NULL where the value means nothing to the field */
static StrataQueryNode *
make_filter (Parser      *self,
             StrataField  field,
             const char  *value,
             gboolean     negated)
{
  g_autoptr(StrataQueryNode) node = node_new (STRATA_QUERY_FILTER);
  gint64 from_ms = G_MININT64, to_ms = G_MAXINT64;

  node->field = field;
  node->negated = negated;
  node->text = g_strstrip (g_strdup (value));
  if (*node->text == '\0' || self->leaves >= STRATA_QUERY_MAX_LEAVES)
    return NULL;

  if (field == STRATA_FIELD_KIND || field == STRATA_FIELD_HAS)
    {
      node->set = field == STRATA_FIELD_KIND ? _strata_kind_parse (node->text) : _strata_has_parse (node->text);
      if (node->set == 0)
        return NULL;
    }
  else if (field == STRATA_FIELD_BEFORE || field == STRATA_FIELD_AFTER || field == STRATA_FIELD_ON)
    {
      if (!_strata_query_parse_day (node->text, self->zone, self->now_ms, &from_ms, &to_ms))
        return NULL;
      node->from_ms = field == STRATA_FIELD_BEFORE ? G_MININT64 : from_ms;
      node->to_ms = field == STRATA_FIELD_BEFORE ? from_ms : field == STRATA_FIELD_AFTER ? G_MAXINT64 : to_ms;
    }
  self->leaves++;

  return g_steal_pointer (&node);
}

static gboolean
is_space (const char *p)
{
  return g_unichar_isspace (g_utf8_get_char (p));
}

static void
skip_spaces (Parser *self)
{
  while (self->p < self->end && is_space (self->p))
    self->p = g_utf8_next_char (self->p);
}

/* Returns: the length of a quotation mark, or 0. Text processors make curly ones. */
static gsize
quote_length (const char *p)
{
  static const char *const quotes[] = { "\"", "“", "”", "„" };

  for (gsize i = 0; i < G_N_ELEMENTS (quotes); i++)
    if (g_str_has_prefix (p, quotes[i]))
      return strlen (quotes[i]);

  return 0;
}

/* At a quotation mark: what stands between it and the next one, or the end. */
static char *
take_quoted (Parser   *self,
             gboolean *out_is_open)
{
  const char *start = self->p + quote_length (self->p);

  self->p = start;
  while (self->p < self->end && quote_length (self->p) == 0)
    self->p = g_utf8_next_char (self->p);
  *out_is_open = self->p == self->end;
  if (!*out_is_open)
    {
      const char *end = self->p;

      self->p += quote_length (end);
      return g_strndup (start, (gsize)(end - start));
    }

  return g_strdup (start);
}

/* At a word: up to a space, a quotation mark, or a parenthesis that closes a
 * group. Parentheses inside, as of "f(x)", belong to it.
 */
static char *
take_word (Parser *self)
{
  const char *start = self->p;
  guint inside = 0;

  while (self->p < self->end && !is_space (self->p) && (self->p == start || quote_length (self->p) == 0))
    {
      if (*self->p == '(')
        inside++;
      else if (*self->p == ')' && inside > 0)
        inside--;
      else if (*self->p == ')' && self->depth > 0)
        break;
      self->p = g_utf8_next_char (self->p);
    }

  return g_strndup (start, (gsize)(self->p - start));
}

/* Where `field:` stands: takes it with its value, or nothing at all. */
static StrataQueryNode *
parse_filter (Parser   *self,
              gboolean  negated)
{
  const char *start = self->p;
  const char *colon = memchr (start, ':', (gsize)(self->end - start));
  StrataField field = colon != NULL ? _strata_field_parse (start, (gsize)(colon - start)) : STRATA_N_FIELDS;
  g_autofree char *value = NULL;
  StrataQueryNode *node;
  gboolean is_open;

  if (field == STRATA_N_FIELDS || colon + 1 >= self->end || is_space (colon + 1))
    return NULL;

  self->p = colon + 1;
  value = quote_length (self->p) > 0 ? take_quoted (self, &is_open) : take_word (self);
  node = make_filter (self, field, value, negated);
  if (node == NULL)
    self->p = start;

  return node;
}

static StrataQueryNode *
parse_group (Parser   *self,
             gboolean  negated)
{
  StrataQueryNode *node;

  self->p++;
  self->depth++;
  node = parse_items (self, negated);
  self->depth--;
  if (self->p < self->end && *self->p == ')')
    self->p++;

  return node;
}

/* Returns: (nullable): %NULL where there was nothing to look for */
static StrataQueryNode *
parse_item (Parser   *self,
            gboolean  negated)
{
  g_autofree char *text = NULL;
  StrataQueryNode *node;
  gboolean is_open;

  /* Two are part of a word: somebody looks for "--help" */
  if (*self->p == '-' && self->p + 1 < self->end && !is_space (self->p + 1) && self->p[1] != '-')
    {
      self->p++;
      negated = !negated;
    }

  if (*self->p == '(' && self->depth < MAX_DEPTH)
    return parse_group (self, negated);

  if (quote_length (self->p) > 0)
    {
      text = take_quoted (self, &is_open);
      return make_text (self, text, strlen (text), negated, is_open);
    }

  node = parse_filter (self, negated);
  if (node != NULL)
    return node;

  text = take_word (self);

  return make_text (self, text, strlen (text), negated, self->p == self->end);
}

/* Whether an operator stands here, with something after it; passes it if so. */
static gboolean
take_operator (Parser     *self,
               const char *word)
{
  const char *start = self->p;
  gsize length = strlen (word);

  if ((gsize)(self->end - start) <= length || strncmp (start, word, length) != 0 || !is_space (start + length))
    return FALSE;

  self->p += length;
  skip_spaces (self);
  if (self->p < self->end && !(*self->p == ')' && self->depth > 0))
    return TRUE;
  self->p = start;

  return FALSE;
}

/* Items up to the end, or to the parenthesis that closes the group. */
static StrataQueryNode *
parse_items (Parser   *self,
             gboolean  negated)
{
  StrataQueryKind all = negated ? STRATA_QUERY_OR : STRATA_QUERY_AND;
  StrataQueryKind any = negated ? STRATA_QUERY_AND : STRATA_QUERY_OR;
  StrataQueryNode *items = NULL;   /* but for the last one, which an OR may still join */
  StrataQueryNode *last = NULL;

  for (skip_spaces (self); self->p < self->end; skip_spaces (self))
    {
      gboolean is_or;

      if (*self->p == ')' && self->depth > 0)
        break;

      is_or = last != NULL && take_operator (self, "OR");
      if (!is_or && last != NULL)
        take_operator (self, "AND");

      if (is_or)
        last = node_join (any, last, parse_item (self, negated));
      else
        {
          StrataQueryNode *item = parse_item (self, negated);

          if (item == NULL)
            continue;
          items = node_join (all, items, last);
          last = item;
        }
    }

  return node_join (all, items, last);
}

StrataQuery *
_strata_query_new_at (const char *text,
                      GTimeZone  *zone,
                      gint64      now_ms)
{
  StrataQuery *self = g_atomic_rc_box_new0 (StrataQuery);
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  Parser parser = { valid, NULL, 0, 0, zone, now_ms };

  self->text = g_strdup (valid);
  parser.end = valid + MIN (strlen (valid), MAX_TEXT);
  while (parser.end > valid && (*parser.end & 0xc0) == 0x80)
    parser.end--;
  valid[parser.end - valid] = '\0';

  self->root = parse_items (&parser, FALSE);

  return self;
}

/**
 * strata_query_new:
 * @text: what was typed; anything
 *
 * Takes a query apart. Days are those of the local time zone, and "today" is now.
 *
 * Returns: (transfer full): never %NULL
 */
StrataQuery *
strata_query_new (const char *text)
{
  g_autoptr(GTimeZone) zone = g_time_zone_new_local ();

  g_return_val_if_fail (text != NULL, NULL);

  return _strata_query_new_at (text, zone, g_get_real_time () / 1000);
}

StrataQuery *
strata_query_ref (StrataQuery *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
query_clear (StrataQuery *self)
{
  g_free (self->text);
  g_clear_pointer (&self->root, node_free);
}

void
strata_query_unref (StrataQuery *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)query_clear);
}

/**
 * strata_query_get_text:
 *
 * Returns: (transfer none): what was typed, made valid UTF-8
 */
const char *
strata_query_get_text (StrataQuery *self)
{
  g_return_val_if_fail (self != NULL, NULL);

  return self->text;
}

/**
 * strata_query_is_empty:
 *
 * Returns: whether nothing is asked for, so that nothing is found
 */
gboolean
strata_query_is_empty (StrataQuery *self)
{
  g_return_val_if_fail (self != NULL, TRUE);

  return self->root == NULL;
}

const StrataQueryNode *
_strata_query_get_root (StrataQuery *self)
{
  return self->root;
}

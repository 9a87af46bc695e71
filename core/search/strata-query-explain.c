/* strata-query-explain.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-query-private.h"
#include "strata-tokenizer-private.h"

/* In words, with the tokens as they are looked for: that is what a puzzled user needs to see. */
static void
explain_text (const StrataQueryNode *node,
              GString               *out)
{
  guint n_tokens = g_strv_length (node->tokens);
  const char *last = node->tokens[n_tokens - 1];
  g_autofree char *joined = g_strjoinv (" ", node->tokens);

  if (_strata_token_is_lone_ideograph (last, strlen (last)) && n_tokens == 1)
    g_string_append_printf (out, "the character “%s”", joined);
  else if (n_tokens == 1)
    g_string_append_printf (out, node->is_prefix ? "a word that begins with “%s”" : "the word “%s”", joined);
  else if (node->is_prefix)
    g_string_append_printf (out, "the words “%s…” in a row", joined);
  else
    g_string_append_printf (out, "the words “%s” in a row", joined);
}

static void
explain_date (const StrataQueryNode *node,
              GString               *out)
{
  static const char *const words[] = { "before", "on or after", "on" };

  g_string_append_printf (out, "%s %s", words[node->field - STRATA_FIELD_BEFORE], node->text);
}

static void
explain_kinds (const StrataQueryNode *node,
               GString               *out)
{
  const char *separator = "of the kind ";

  for (guint i = 0; i < STRATA_N_KINDS; i++)
    if ((node->set & 1u << i) != 0)
      {
        g_string_append_printf (out, "%s%s", separator, _strata_kind_get_name (i));
        separator = " or ";
      }
}

static void
explain_filter (const StrataQueryNode *node,
                GString               *out)
{
  switch (node->field)
    {
    case STRATA_FIELD_BEFORE:
    case STRATA_FIELD_AFTER:
    case STRATA_FIELD_ON:
      explain_date (node, out);
      break;

    case STRATA_FIELD_KIND:
      explain_kinds (node, out);
      break;

    case STRATA_FIELD_HAS:
      g_string_append_printf (out, "with %s", node->text);
      break;

    case STRATA_FIELD_TOPIC:
    case STRATA_FIELD_TAG:
    case STRATA_FIELD_TASK:
    case STRATA_FIELD_COMPANY:
    case STRATA_FIELD_CONTACT:
    case STRATA_FIELD_CATEGORY:
    case STRATA_FIELD_SUBCATEGORY:
    case STRATA_FIELD_STATUS:
    case STRATA_N_FIELDS:
    default:
      g_string_append_printf (out, "%s “%s”", _strata_field_get_name (node->field), node->text);
    }
}

void
_strata_query_explain_node (const StrataQueryNode *node,
                            GString               *out)
{
  if (node->negated)
    g_string_append (out, "not ");
  if (node->kind == STRATA_QUERY_TEXT)
    explain_text (node, out);
  else if (node->kind == STRATA_QUERY_FILTER)
    explain_filter (node, out);
  else
    for (guint i = 0; i < node->children->len; i++)
      {
        const StrataQueryNode *child = g_ptr_array_index (node->children, i);
        gboolean is_group = child->kind == STRATA_QUERY_AND || child->kind == STRATA_QUERY_OR;

        if (i > 0)
          g_string_append (out, node->kind == STRATA_QUERY_AND ? " and " : " or ");
        if (is_group)
          g_string_append_c (out, '(');
        _strata_query_explain_node (child, out);
        if (is_group)
          g_string_append_c (out, ')');
      }
}

static gboolean
has_text (const StrataQueryNode *node)
{
  if (node->kind == STRATA_QUERY_TEXT)
    return !node->negated;

  for (guint i = 0; node->children != NULL && i < node->children->len; i++)
    if (has_text (g_ptr_array_index (node->children, i)))
      return TRUE;

  return FALSE;
}

/**
 * strata_query_explain:
 *
 * Returns: (transfer full): in words, how the query was understood
 */
char *
strata_query_explain (StrataQuery *self)
{
  const StrataQueryNode *root;
  GString *out;

  g_return_val_if_fail (self != NULL, NULL);

  root = _strata_query_get_root (self);
  if (root == NULL)
    return g_strdup ("nothing: there is no word in it");

  out = g_string_new (has_text (root) ? "moments: " : "sessions: ");
  _strata_query_explain_node (root, out);

  return g_string_free (out, FALSE);
}

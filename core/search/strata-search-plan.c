/* strata-search-plan.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-search-plan-private.h"

/* What leaves a tree has */
typedef enum
{
  HAS_TEXTS = 1 << 0,
  HAS_FILTERS = 1 << 1,
  HAS_KINDS = 1 << 2,
} Content;

static void
alternative_free (gpointer data)
{
  StrataAlternative *alternative = data;

  g_ptr_array_unref (alternative->texts);
  g_ptr_array_unref (alternative->filters);
  g_free (alternative);
}

static StrataAlternative *
alternative_new (void)
{
  StrataAlternative *alternative = g_new (StrataAlternative, 1);

  alternative->texts = g_ptr_array_new ();
  alternative->filters = g_ptr_array_new ();
  alternative->kinds = STRATA_ALL_KINDS;

  return alternative;
}

static StrataAlternative *
alternative_join (const StrataAlternative *a,
                  const StrataAlternative *b)
{
  StrataAlternative *joined = alternative_new ();

  g_ptr_array_extend (joined->texts, a->texts, NULL, NULL);
  g_ptr_array_extend (joined->texts, b->texts, NULL, NULL);
  g_ptr_array_extend (joined->filters, a->filters, NULL, NULL);
  g_ptr_array_extend (joined->filters, b->filters, NULL, NULL);
  joined->kinds = a->kinds & b->kinds;

  return joined;
}

static Content
get_content (const StrataQueryNode *node)
{
  Content content = 0;

  if (node->kind == STRATA_QUERY_TEXT)
    return HAS_TEXTS;
  if (node->kind == STRATA_QUERY_FILTER)
    return node->field == STRATA_FIELD_KIND ? HAS_KINDS : HAS_FILTERS;

  for (guint i = 0; i < node->children->len; i++)
    content |= get_content (g_ptr_array_index (node->children, i));

  return content;
}

static guint
get_kinds (const StrataQueryNode *node)
{
  guint kinds = node->kind == STRATA_QUERY_AND ? STRATA_ALL_KINDS : 0;

  if (node->kind == STRATA_QUERY_FILTER)
    return node->negated ? STRATA_ALL_KINDS & ~node->set : node->set;

  for (guint i = 0; i < node->children->len; i++)
    {
      guint child = get_kinds (g_ptr_array_index (node->children, i));

      kinds = node->kind == STRATA_QUERY_AND ? kinds & child : kinds | child;
    }

  return kinds;
}

/* Every alternative of one with every one of the other */
static GPtrArray *
cross (GPtrArray *a,
       GPtrArray *b)
{
  GPtrArray *crossed = g_ptr_array_new_with_free_func (alternative_free);

  for (guint i = 0; i < a->len; i++)
    for (guint j = 0; j < b->len && crossed->len < STRATA_MAX_ALTERNATIVES; j++)
      g_ptr_array_add (crossed, alternative_join (g_ptr_array_index (a, i), g_ptr_array_index (b, j)));

  return crossed;
}

static GPtrArray *
expand (const StrataQueryNode *node)
{
  g_autoptr(GPtrArray) alternatives = g_ptr_array_new_with_free_func (alternative_free);
  Content content = get_content (node);
  StrataAlternative *first = alternative_new ();

  if (content == HAS_TEXTS)
    g_ptr_array_add (first->texts, (gpointer)node);
  else if (content == HAS_FILTERS)
    g_ptr_array_add (first->filters, (gpointer)node);
  else if (content == HAS_KINDS)
    first->kinds = get_kinds (node);
  else if (node->kind == STRATA_QUERY_OR)
    g_clear_pointer (&first, alternative_free);
  if (first != NULL)
    g_ptr_array_add (alternatives, first);
  if (content == HAS_TEXTS || content == HAS_FILTERS || content == HAS_KINDS)
    return g_steal_pointer (&alternatives);

  for (guint i = 0; i < node->children->len; i++)
    {
      g_autoptr(GPtrArray) child = expand (g_ptr_array_index (node->children, i));

      if (node->kind == STRATA_QUERY_AND)
        {
          GPtrArray *crossed = cross (alternatives, child);

          g_ptr_array_unref (alternatives);
          alternatives = crossed;
        }
      else
        while (child->len > 0 && alternatives->len < STRATA_MAX_ALTERNATIVES)
          g_ptr_array_add (alternatives, g_ptr_array_steal_index (child, 0));
    }

  return g_steal_pointer (&alternatives);
}

GPtrArray *
_strata_search_plan_make (StrataQuery *query)
{
  const StrataQueryNode *root = _strata_query_get_root (query);

  return root != NULL ? expand (root) : g_ptr_array_new_with_free_func (alternative_free);
}

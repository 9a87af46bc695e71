/* fuzz-query.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "search/strata-query-private.h"

/* A libFuzzer target: any bytes are a query, whose tree has its form, and which
 * can be explained.
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

static guint
check_node (const StrataQueryNode *node)
{
  guint leaves = 0;

  if (node->kind == STRATA_QUERY_TEXT)
    {
      g_assert (node->children == NULL && node->tokens != NULL && node->tokens[0] != NULL);
      for (guint i = 0; node->tokens[i] != NULL; i++)
        g_assert (*node->tokens[i] != '\0' && g_utf8_validate (node->tokens[i], -1, NULL));
      return 1;
    }
  if (node->kind == STRATA_QUERY_FILTER)
    {
      g_assert (node->children == NULL && node->field < STRATA_N_FIELDS && *node->text != '\0');
      g_assert (node->from_ms < node->to_ms);
      return 1;
    }

  g_assert (!node->negated && node->children->len >= 2);
  for (guint i = 0; i < node->children->len; i++)
    {
      const StrataQueryNode *child = g_ptr_array_index (node->children, i);

      g_assert (child->kind != node->kind);
      leaves += check_node (child);
    }

  return leaves;
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  g_autofree char *text = g_strndup ((const char *)data, length);
  g_autoptr(GTimeZone) zone = g_time_zone_new_utc ();
  g_autoptr(StrataQuery) query = _strata_query_new_at (text, zone, G_GINT64_CONSTANT (1761480000000));
  g_autofree char *explained = strata_query_explain (query);

  g_assert (g_utf8_validate (strata_query_get_text (query), -1, NULL));
  g_assert (g_utf8_validate (explained, -1, NULL));
  if (!strata_query_is_empty (query))
    g_assert (check_node (_strata_query_get_root (query)) <= STRATA_QUERY_MAX_LEAVES);

  return 0;
}

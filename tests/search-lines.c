/* search-lines.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <json-glib/json-glib.h>

#include <search/strata-search.h>

/* search-lines STORE: searches for many things, one after the other.
 *
 * Each line of standard input is a query as a JSON string in an array; each
 * line of standard output is what "stratactl search --json" answers, with a hit
 * as an array of its session, kind and key, and without the time it took.
 * Snippets are made, as they are there.
 */

static void
add_hit (JsonBuilder     *builder,
         StrataSearchHit *hit)
{
  const char *texts[] = { strata_search_hit_get_session (hit), strata_search_hit_get_kind (hit), strata_search_hit_get_key (hit) };

  json_builder_begin_array (builder);
  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      if (texts[i] != NULL)
        json_builder_add_string_value (builder, texts[i]);
      else
        json_builder_add_null_value (builder);
    }
  json_builder_end_array (builder);
}

static gboolean
add_hits (JsonBuilder          *builder,
          StrataSearch         *search,
          StrataSearchResults  *results,
          GError              **error)
{
  guint n_hits = g_list_model_get_n_items (G_LIST_MODEL (results));

  json_builder_set_member_name (builder, "hits");
  json_builder_begin_array (builder);
  for (guint i = 0; i < n_hits; i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);

      if (!strata_search_load_snippet (search, strata_search_results_get_query (results), hit, NULL, error))
        return FALSE;
      add_hit (builder, hit);
    }
  json_builder_end_array (builder);

  return TRUE;
}

static char *
search_for (StrataSearch  *search,
            const char    *text,
            GError       **error)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);
  g_autoptr(StrataSearchResults) results = strata_search_run (search, query, STRATA_SEARCH_ALL, G_MAXUINT, NULL, error);
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(JsonNode) root = NULL;

  if (results == NULL)
    return NULL;

  json_builder_begin_object (builder);
  json_builder_set_member_name (builder, "total");
  json_builder_add_int_value (builder, (gint64)strata_search_results_get_total (results));
  json_builder_set_member_name (builder, "sessions");
  json_builder_add_int_value (builder, (gint64)strata_search_results_get_sessions (results));
  if (!add_hits (builder, search, results, error))
    return NULL;
  json_builder_end_object (builder);
  root = json_builder_get_root (builder);

  return json_to_string (root, FALSE);
}

static gboolean
answer (StrataSearch  *search,
        const char    *line,
        GError       **error)
{
  g_autoptr(JsonNode) node = json_from_string (line, error);
  JsonArray *array = node != NULL && JSON_NODE_HOLDS_ARRAY (node) ? json_node_get_array (node) : NULL;
  g_autofree char *found = NULL;

  if (array == NULL || json_array_get_length (array) != 1)
    {
      if (error != NULL && *error == NULL)
        g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "Not an array of one query: %s", line);
      return FALSE;
    }

  found = search_for (search, json_array_get_string_element (array, 0), error);
  if (found == NULL)
    {
      g_prefix_error (error, "%s: ", line);
      return FALSE;
    }
  puts (found);

  return TRUE;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataStore) store = argc == 2 ? strata_store_open (argv[1], &error) : NULL;
  g_autoptr(StrataSearch) search = store != NULL ? strata_search_new (store) : NULL;
  char *line = NULL;
  size_t size = 0;

  if (argc != 2)
    {
      fprintf (stderr, "Usage: search-lines STORE\n");
      return EXIT_FAILURE;
    }

  if (search != NULL && strata_search_update (search, NULL, NULL, NULL, &error))
    while (error == NULL && getline (&line, &size, stdin) > 0)
      answer (search, line, &error);
  free (line);
  if (error != NULL)
    fprintf (stderr, "search-lines: %s\n", error->message);

  return error == NULL ? EXIT_SUCCESS : EXIT_FAILURE;
}

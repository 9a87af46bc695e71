/* stratactl-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stratactl-private.h"

#define DEFAULT_LIMIT 50

void
update_index (Invocation  *invocation,
              StrataStore *store)
{
  g_autoptr(StrataSearch) search = strata_search_new (store);
  g_autoptr(GError) error = NULL;

  if (!strata_search_update (search, show_indexing, invocation, invocation->cancellable, &error))
    {
      g_autofree char *message = shown (error->message);

      fprintf (stderr, "stratactl: The search index will be made with the next search: %s\n", message);
    }
  end_progress (invocation);
}

/* search */

static char *
format_time (gint64 time_ms)
{
  g_autoptr(GDateTime) time = time_ms != STRATA_TIME_UNKNOWN ? g_date_time_new_from_unix_utc (time_ms / 1000) : NULL;
  g_autofree char *seconds = time != NULL ? g_date_time_format (time, "%Y-%m-%dT%H:%M:%S") : NULL;

  return seconds != NULL ? g_strdup_printf ("%s.%03dZ", seconds, (int)(time_ms % 1000)) : NULL;
}

static void
add_hit (JsonBuilder     *builder,
         StrataSearchHit *hit)
{
  gint64 offset_ms = strata_search_hit_get_offset_ms (hit);
  g_autofree char *time = format_time (strata_search_hit_get_time_ms (hit));
  g_autofree char *snippet = strata_search_hit_dup_snippet (hit);

  begin_object (builder, NULL);
  add_string (builder, "session", strata_search_hit_get_session (hit));
  add_string (builder, "key", strata_search_hit_get_key (hit));
  add_string (builder, "kind", strata_search_hit_get_kind (hit));
  add_string (builder, "item", strata_search_hit_get_item (hit));
  add_string (builder, "time", time);
  if (offset_ms != STRATA_TIME_UNKNOWN)
    add_double (builder, "offset", (double)offset_ms / 1000);
  else
    add_null (builder, "offset");
  add_string (builder, "snippet", snippet);
  add_double (builder, "score", strata_search_hit_get_score (hit));
  json_builder_end_object (builder);
}

static void
print_results_json (Invocation          *invocation,
                    StrataSearchResults *results)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  guint n_hits = g_list_model_get_n_items (G_LIST_MODEL (results));

  json_builder_begin_object (builder);
  add_uint (builder, "took_us", (guint64)strata_search_results_get_took_us (results));
  add_uint (builder, "total", strata_search_results_get_total (results));
  add_uint (builder, "sessions", strata_search_results_get_sessions (results));
  begin_array (builder, "hits");
  for (guint i = 0; i < n_hits; i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);

      add_hit (builder, hit);
    }
  json_builder_end_array (builder);
  if (invocation->explain)
    {
      g_autofree char *explained = strata_query_explain (strata_search_results_get_query (results));

      add_string (builder, "explain", explained);
    }
  json_builder_end_object (builder);
  print_document (builder);
}

/* Markup for a terminal, or for a file: what was looked for stands out, or between asterisks. */
static char *
show_snippet (const char *snippet)
{
  gboolean is_terminal = isatty (STDOUT_FILENO);
  g_autofree char *plain = shown (snippet);
  GString *text = g_string_new (plain);

  g_string_replace (text, "<mark>", is_terminal ? "\033[1m" : "*", 0);
  g_string_replace (text, "</mark>", is_terminal ? "\033[0m" : "*", 0);
  g_string_replace (text, "&lt;", "<", 0);
  g_string_replace (text, "&gt;", ">", 0);
  g_string_replace (text, "&amp;", "&", 0);

  return g_string_free (text, FALSE);
}

static void
print_hit (StrataSearchHit *hit,
           const char      *key_before)
{
  const char *key = strata_search_hit_get_key (hit);
  gint64 offset = strata_search_hit_get_offset_ms (hit) / 1000;
  g_autofree char *name = shown (strata_search_hit_get_session_name (hit));
  g_autofree char *start = format_time (strata_search_hit_get_session_start_ms (hit));
  g_autofree char *snippet = strata_search_hit_dup_snippet (hit);
  g_autofree char *text = show_snippet (snippet);
  g_autofree char *when = NULL;

  if (key == NULL)
    printf ("(in no session)\n");
  else if (g_strcmp0 (key, key_before) != 0)
    printf ("%.16s  %s\n    %s\n", start != NULL ? start : "", name, key);
  if (strata_search_hit_get_offset_ms (hit) != STRATA_TIME_UNKNOWN && offset >= 0)
    when = g_strdup_printf ("%" G_GINT64_FORMAT ":%02d:%02d", offset / 3600, (int)(offset / 60 % 60), (int)(offset % 60));
  printf ("      %-10s %8s  %s\n", strata_search_hit_get_kind (hit), when != NULL ? when : "", text);
}

static void
print_results_text (Invocation          *invocation,
                    StrataSearchResults *results,
                    const char          *suggestion)
{
  guint n_hits = g_list_model_get_n_items (G_LIST_MODEL (results));
  g_autofree char *key_before = NULL;

  if (invocation->explain)
    {
      g_autofree char *explained = strata_query_explain (strata_search_results_get_query (results));
      g_autofree char *text = shown (explained);

      printf ("Looking for %s\n", text);
    }
  for (guint i = 0; i < n_hits; i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);

      print_hit (hit, key_before);
      g_free (key_before);
      key_before = g_strdup (strata_search_hit_get_key (hit));
    }
  printf ("%" G_GUINT64_FORMAT " found in %" G_GUINT64_FORMAT " sessions, in %.1f ms\n", strata_search_results_get_total (results),
          strata_search_results_get_sessions (results), (double)strata_search_results_get_took_us (results) / 1000);
  if (suggestion != NULL)
    {
      g_autofree char *text = shown (suggestion);

      printf ("Did you mean: %s\n", text);
    }
}

/* A hit whose text can't be read is still a hit: damage is verify's to report */
static gboolean
load_snippets (Invocation           *invocation,
               StrataSearch         *search,
               StrataSearchResults  *results,
               GError              **error)
{
  guint n_hits = g_list_model_get_n_items (G_LIST_MODEL (results));

  for (guint i = 0; i < n_hits; i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);

      strata_search_load_snippet (search, strata_search_results_get_query (results), hit, invocation->cancellable, NULL);
      if (g_cancellable_set_error_if_cancelled (invocation->cancellable, error))
        return FALSE;
    }

  return TRUE;
}

int
command_search (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataSearch) search = NULL;
  g_autoptr(StrataQuery) query = NULL;
  g_autoptr(StrataSearchResults) results = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *text = g_strjoinv (" ", invocation->arguments);
  g_autofree char *suggestion = NULL;

  if (invocation->limit < 0)
    return fail_usage (invocation, "--limit takes a number from 1");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  update_index (invocation, store);
  search = strata_search_new (store);
  query = strata_query_new (text);
  results = strata_search_run (search, query, STRATA_SEARCH_ALL, invocation->limit > 0 ? (guint)invocation->limit : DEFAULT_LIMIT,
                               invocation->cancellable, &error);
  if (results == NULL || !load_snippets (invocation, search, results, &error))
    return fail (invocation, NULL, error);

  if (!invocation->json && strata_search_results_get_total (results) == 0)
    suggestion = strata_search_suggest (search, query, NULL);
  if (invocation->json)
    print_results_json (invocation, results);
  else
    print_results_text (invocation, results, suggestion);

  return EXIT_DONE;
}

/* reindex */

int
command_reindex (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataSearch) search = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GError) error = NULL;
  gint64 begun_us = g_get_monotonic_time ();
  guint64 sessions, moments;
  double seconds;
  gboolean ok;

  if (store == NULL)
    return status;

  search = strata_search_new (store);
  ok = strata_search_rebuild (search, show_indexing, invocation, &sessions, &moments, invocation->cancellable, &error);
  end_progress (invocation);
  if (!ok)
    return fail (invocation, NULL, error);

  seconds = (double)(g_get_monotonic_time () - begun_us) / G_USEC_PER_SEC;
  if (!invocation->json)
    {
      printf ("%" G_GUINT64_FORMAT " moments of %" G_GUINT64_FORMAT " sessions indexed in %.1f s\n", moments, sessions, seconds);
      return EXIT_DONE;
    }

  json_builder_begin_object (builder);
  add_uint (builder, "sessions", sessions);
  add_uint (builder, "moments", moments);
  add_double (builder, "seconds", seconds);
  json_builder_end_object (builder);
  print_document (builder);

  return EXIT_DONE;
}

/* bench-search.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include <strata.h>

/* Types queries into a store letter by letter, as a window would have them run:
 * a first page for each keystroke. Prints how long each kind of query took, in
 * milliseconds of the clock and of the processor.
 *
 *   bench-search STORE < queries
 *
 * Each line is a kind, a tab and a query. A query whose kind begins with "=" is not
 * typed but run whole.
 */
#define LIMIT 50

typedef struct
{
  GArray *wall_ms;
  GArray *cpu_ms;
  guint64 hits;
} Times;

static double
now_ms (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);

  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void
times_free (gpointer data)
{
  Times *times = data;

  g_array_unref (times->wall_ms);
  g_array_unref (times->cpu_ms);
  g_free (times);
}

static Times *
get_times (GHashTable *all,
           GPtrArray  *kinds,
           const char *kind)
{
  Times *times = g_hash_table_lookup (all, kind);

  if (times != NULL)
    return times;

  times = g_new0 (Times, 1);
  times->wall_ms = g_array_new (FALSE, FALSE, sizeof (double));
  times->cpu_ms = g_array_new (FALSE, FALSE, sizeof (double));
  g_hash_table_insert (all, g_strdup (kind), times);
  g_ptr_array_add (kinds, g_strdup (kind));

  return times;
}

static void
measure (StrataSearch       *search,
         const char         *text,
         StrataSearchExtent  extent,
         gboolean            with_snippets,
         Times              *times)
{
  g_autoptr(StrataQuery) query = strata_query_new (text);
  g_autoptr(GError) error = NULL;
  double cpu = now_ms (CLOCK_THREAD_CPUTIME_ID), wall = now_ms (CLOCK_MONOTONIC);
  g_autoptr(StrataSearchResults) results = strata_search_run (search, query, extent, LIMIT, NULL, &error);

  if (results == NULL)
    g_error ("%s: %s", text, error->message);

  for (guint i = 0; with_snippets && i < g_list_model_get_n_items (G_LIST_MODEL (results)); i++)
    {
      g_autoptr(StrataSearchHit) hit = g_list_model_get_item (G_LIST_MODEL (results), i);

      if (!strata_search_load_snippet (search, query, hit, NULL, &error))
        g_error ("%s: %s", text, error->message);
    }
  wall = now_ms (CLOCK_MONOTONIC) - wall;
  cpu = now_ms (CLOCK_THREAD_CPUTIME_ID) - cpu;
  g_array_append_val (times->wall_ms, wall);
  g_array_append_val (times->cpu_ms, cpu);
  times->hits += g_list_model_get_n_items (G_LIST_MODEL (results));
  if (g_getenv ("BENCH_VERBOSE") != NULL)
    fprintf (stderr, "%8.2f %8.2f %3u %s%s\n", wall, cpu, g_list_model_get_n_items (G_LIST_MODEL (results)), text,
             strata_search_results_is_whole (results) ? "" : " (first)");
}

static void
type_query (StrataSearch *search,
            const char   *text,
            Times        *times)
{
  g_autoptr(GString) typed = g_string_new (NULL);

  for (const char *p = text; *p != '\0'; p = g_utf8_next_char (p))
    {
      g_string_append_len (typed, p, g_utf8_next_char (p) - p);
      measure (search, typed->str, STRATA_SEARCH_FIRST, FALSE, times);
    }
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double first = *(const double *)a, second = *(const double *)b;

  return (first > second) - (first < second);
}

static double
percentile (GArray *sorted,
            double  share)
{
  return g_array_index (sorted, double, (guint)(share * (sorted->len - 1) + 0.5));
}

static void
print_times (const char *kind,
             Times      *times)
{
  g_array_sort (times->wall_ms, compare_doubles);
  g_array_sort (times->cpu_ms, compare_doubles);
  printf ("%-22s %7u %9.2f %9.2f %9.2f %9.2f %11.2f %11.2f %11.2f %7.2f\n", kind, times->wall_ms->len,
          percentile (times->wall_ms, 0.5), percentile (times->wall_ms, 0.95), percentile (times->wall_ms, 0.99),
          percentile (times->wall_ms, 1), percentile (times->cpu_ms, 0.5), percentile (times->cpu_ms, 0.95), percentile (times->cpu_ms, 0.99), (double)times->hits / times->wall_ms->len);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GHashTable) all = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, times_free);
  g_autoptr(GPtrArray) kinds = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataSearch) search = NULL;
  g_autoptr(GError) error = NULL;
  char line[4096];

  if (argc != 2)
    {
      fprintf (stderr, "usage: bench-search STORE < queries\n");
      return 2;
    }

  store = strata_store_open (argv[1], &error);
  if (store == NULL)
    g_error ("%s", error->message);
  search = strata_search_new (store);
  if (!strata_search_update (search, NULL, NULL, NULL, &error))
    g_error ("%s", error->message);

  while (fgets (line, sizeof line, stdin) != NULL)
    {
      char *tab = strchr (line, '\t');

      line[strcspn (line, "\n")] = '\0';
      if (tab == NULL)
        continue;
      *tab = '\0';
      if (line[0] != '=')
        {
          type_query (search, tab + 1, get_times (all, kinds, line));
          continue;
        }
      measure (search, tab + 1, STRATA_SEARCH_FIRST, FALSE, get_times (all, kinds, line + 1));
      measure (search, tab + 1, STRATA_SEARCH_FIRST, TRUE, get_times (all, kinds, "with 50 snippets"));
      measure (search, tab + 1, STRATA_SEARCH_ALL, FALSE, get_times (all, kinds, "all matches ranked"));
    }

  printf ("%-22s %7s %9s %9s %9s %9s %11s %11s %11s %7s\n", "", "queries", "p50 ms", "p95 ms", "p99 ms", "max ms",
          "p50 cpu ms", "p95 cpu ms", "p99 cpu ms", "hits");
  for (guint i = 0; i < kinds->len; i++)
    print_times (g_ptr_array_index (kinds, i), g_hash_table_lookup (all, g_ptr_array_index (kinds, i)));

  return 0;
}

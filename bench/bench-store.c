/* bench-store.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "store/strata-cache-private.h"
#include "store/strata-session-private.h"

/* How long it takes to read from a store:
 *
 *   bench-store STORE [--rounds=9] [--samples=2000]
 *
 * Best with 10,000 sessions and one of 50 MB; see bench/run.py, which makes such
 * a store. Hot means that the kernel has the files in memory, cold that the pages
 * of the file were dropped before (posix_fadvise; the folders above it are not).
 */

static int rounds = 9;
static int samples = 2000;

static const GOptionEntry entries[] = {
  { "rounds", 'r', 0, G_OPTION_ARG_INT, &rounds, "Times to do what takes long", "N" },
  { "samples", 's', 0, G_OPTION_ARG_INT, &samples, "Times to do what is short", "N" },
  { NULL },
};

typedef struct
{
  StrataStore   *store;
  GPtrArray     *sessions;   /* (element-type StrataSessionInfo): all */
  StrataSession *large;      /* the largest session */
  char         **parts;      /* of it */
  guint          n_parts;
  guint          next;       /* which one is next, so that no two calls are alike */
  GRand         *random;
} Bench;

static double
read_clock (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);

  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static double
now (void)
{
  return read_clock (CLOCK_MONOTONIC);
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double first = *(const double *)a;
  double second = *(const double *)b;

  return first < second ? -1 : first > second;
}

typedef void (*Action) (Bench *bench);

/* @prepare: (nullable): done before each time, and not counted
 *
 * The processor's time is of all threads together, and best for comparing where
 * other programs run beside this one.
 */
static void
print_row (Bench      *bench,
           const char *name,
           int         times,
           Action      prepare,
           Action      action)
{
  g_autofree double *taken = g_new (double, times);
  double processor = 0;

  for (int i = 0; i < times; i++)
    {
      double start, processor_start;

      if (prepare != NULL)
        prepare (bench);
      processor_start = read_clock (CLOCK_PROCESS_CPUTIME_ID);
      start = now ();
      action (bench);
      taken[i] = now () - start;
      processor += read_clock (CLOCK_PROCESS_CPUTIME_ID) - processor_start;
    }
  qsort (taken, (gsize)times, sizeof *taken, compare_doubles);
  g_print ("  %-58s %6d %9.3f %9.3f %9.3f %9.3f\n", name, times, 1e3 * taken[0], 1e3 * taken[times / 2],
           1e3 * taken[MIN (times - 1, times * 99 / 100)], 1e3 * processor / times);
}

static void
fail_on (GError *error)
{
  if (error == NULL)
    return;

  g_printerr ("%s\n", error->message);
  exit (1);
}

/* Sessions */

static void
pick_next (Bench *bench)
{
  bench->next = (guint)g_rand_int_range (bench->random, 0, (int)bench->sessions->len);
}

static const char *
next_key (Bench *bench)
{
  return ((StrataSessionInfo *)g_ptr_array_index (bench->sessions, bench->next))->key;
}

static void
drop_file (Bench      *bench,
           const char *below)
{
  g_autofree char *path = g_build_filename (strata_store_get_path (bench->store), below, NULL);
  int fd = open (path, O_RDONLY | O_CLOEXEC);

  if (fd < 0)
    return;
  posix_fadvise (fd, 0, 0, POSIX_FADV_DONTNEED);
  close (fd);
}

static void
drop_next_metadata (Bench *bench)
{
  g_autofree char *below = NULL;

  pick_next (bench);
  below = g_build_filename ("sessions", next_key (bench), "metadata.json", NULL);
  drop_file (bench, below);
}

static void
find_session (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSessionInfo) info = strata_store_find_session (bench->store, next_key (bench), &error);

  fail_on (error);
}

static void
load_metadata (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) metadata = strata_store_load_metadata (bench->store, next_key (bench), &error);

  fail_on (error);
}

static void
open_session (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSession) session = strata_session_open (bench->store, next_key (bench), NULL, &error);

  fail_on (error);
}

static void
list_sessions (Bench              *bench,
               StrataSessionOrder  order)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (bench->store, order, 0, &error);

  fail_on (error);
}

static void
list_by_date (Bench *bench)
{
  list_sessions (bench, STRATA_SESSION_ORDER_DATE);
}

static void
list_by_size (Bench *bench)
{
  list_sessions (bench, STRATA_SESSION_ORDER_SIZE);
}

static void
list_by_name (Bench *bench)
{
  list_sessions (bench, STRATA_SESSION_ORDER_NAME);
}

static void
list_first_page (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (bench->store, STRATA_SESSION_ORDER_DATE, 100, &error);

  fail_on (error);
}

/* Parts */

static void
clear_cache (Bench *bench)
{
  strata_cache_clear (strata_store_get_cache (bench->store));
  bench->next = (bench->next + 1) % bench->n_parts;
}

/* The file of part @number, which is the largest session's */
static void
drop_part (Bench *bench,
           guint  number)
{
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (bench->large);
  g_autofree char *below = _strata_manifest_dup_part_path (snapshot->manifest,
                                                           _strata_snapshot_find_part (snapshot, bench->parts[number]));

  drop_file (bench, below);
}

static void
drop_next_part (Bench *bench)
{
  clear_cache (bench);
  drop_part (bench, bench->next);
}

static void
drop_all_parts (Bench *bench)
{
  clear_cache (bench);
  for (guint i = 0; i < bench->n_parts; i++)
    drop_part (bench, i);
}

static void
load_part (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataElements) elements = strata_session_load_part (bench->large, bench->parts[bench->next % bench->n_parts], NULL, &error);

  fail_on (error);
}

/* The whole session */

static void
read_stream (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = strata_store_open_session (bench->store, strata_session_get_key (bench->large), &error);
  g_autofree char *block = g_malloc (256 * 1024);

  fail_on (error);
  while (g_input_stream_read (stream, block, 256 * 1024, NULL, &error) > 0);
  fail_on (error);
}

static void
iterate (Bench *bench)
{
  g_autoptr(StrataPartIterator) iterator = strata_session_iterate (bench->large, "screenshots");
  g_autoptr(GError) error = NULL;
  gboolean more = TRUE;

  while (more)
    {
      g_autoptr(StrataElements) elements = strata_part_iterator_load_next (iterator, NULL, &error);

      fail_on (error);
      more = elements != NULL;
    }
}

/* Nothing is checked, nothing is made of it: what reading alone takes */
static void
read_files (Bench *bench)
{
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (bench->large);

  for (guint i = 0; i < snapshot->manifest->parts->len; i++)
    {
      g_autofree char *below = _strata_manifest_dup_part_path (snapshot->manifest, g_ptr_array_index (snapshot->manifest->parts, i));
      g_autofree char *path = g_build_filename (strata_store_get_path (bench->store), below, NULL);
      g_autofree char *text = NULL;

      g_file_get_contents (path, &text, NULL, NULL);
    }
}

/* Hits are too short to be measured one by one. */
static void
print_hits (Bench *bench)
{
  const guint n = 1000000;
  StrataCache *cache = strata_store_get_cache (bench->store);
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (bench->large);
  const StrataPart *part = _strata_snapshot_find_part (snapshot, bench->parts[0]);
  double start;

  clear_cache (bench);
  bench->next = 0;
  load_part (bench);

  start = now ();
  for (guint i = 0; i < n; i++)
    g_bytes_unref (_strata_cache_peek (cache, STRATA_CACHE_TEXT, &part->raw_digest));
  g_print ("  %-58s %6u %9.3f µs each\n", "cache hit", n, 1e6 * (now () - start) / n);

  start = now ();
  for (guint i = 0; i < n; i++)
    load_part (bench);
  g_print ("  %-58s %6u %9.3f µs each\n", "a part by its name, in the cache", n, 1e6 * (now () - start) / n);
}

/* Of five parts one is hot, and four of five questions are for a hot one. Nine hits in ten of all need room
 * for more than the hot ones, whatever is pushed out: one question in five is for another.
 */
static double
play_pattern (Bench   *bench,
              guint64  bound,
              double  *out_hot)
{
  StrataCache *cache = strata_store_get_cache (bench->store);
  guint n_hot = bench->n_parts / 5, hot_asked = 0, hot_hits = 0, hits = 0, asked = 0;

  strata_cache_clear (cache);
  strata_cache_set_max_bytes (cache, bound);
  /* A third of them warms up */
  for (guint i = 0; i < 60 * bench->n_parts; i++)
    {
      gboolean is_hot = g_rand_int_range (bench->random, 0, 5) < 4;
      guint64 before = strata_cache_get_misses (cache);
      gboolean is_hit;

      bench->next = (guint)(is_hot ? g_rand_int_range (bench->random, 0, (int)n_hot)
                                   : g_rand_int_range (bench->random, (int)n_hot, (int)bench->n_parts));
      load_part (bench);
      is_hit = strata_cache_get_misses (cache) == before;
      if (i < 20 * bench->n_parts)
        continue;
      asked++;
      hits += is_hit ? 1 : 0;
      hot_asked += is_hot ? 1 : 0;
      hot_hits += is_hot && is_hit ? 1 : 0;
    }
  *out_hot = (double)hot_hits / MAX (hot_asked, 1);

  return (double)hits / MAX (asked, 1);
}

static void
print_pattern (Bench *bench)
{
  static const double rooms[] = { 3.25, 1.6 };
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (bench->large);

  for (guint i = 0; bench->n_parts >= 20 && i < G_N_ELEMENTS (rooms); i++)
    {
      guint64 bound = MAX (STRATA_CACHE_LEAST_BYTES, (guint64)((double)snapshot->manifest->raw_bytes / 5 * rooms[i]));
      g_autofree char *name = g_strdup_printf ("80/20 over %u parts, room for %.1f MB", bench->n_parts, (double)bound / 1e6);
      double hot, all = play_pattern (bench, bound, &hot);

      g_print ("  %-58s %6u %8.1f %% hits, %.1f %% of those for what is hot\n", name, 40 * bench->n_parts, 100 * all, 100 * hot);
    }
  strata_cache_set_max_bytes (strata_store_get_cache (bench->store), STRATA_CACHE_DEFAULT_BYTES);
}

static void
print_all (Bench *bench)
{
  g_autofree char *list = g_strdup_printf ("list of %u sessions, by date", bench->sessions->len);
  g_autofree char *full = NULL;
  g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (bench->large);
  double megabytes = (double)snapshot->manifest->raw_bytes / 1e6;

  g_print ("%u sessions; the largest has %.1f MB of JSON in %u parts\n\n", bench->sessions->len, megabytes, bench->n_parts);
  g_print ("  %-58s %6s %9s %9s %9s %9s\n", "", "times", "best ms", "p50 ms", "p99 ms", "cpu ms");
  print_row (bench, list, rounds, NULL, list_by_date);
  print_row (bench, "the same by size", rounds, NULL, list_by_size);
  print_row (bench, "the same by name", rounds, NULL, list_by_name);
  print_row (bench, "the first 100 by date", rounds, NULL, list_first_page);
  print_row (bench, "a session's row in the catalog, hot", samples, pick_next, find_session);
  print_row (bench, "a session's metadata from its file, hot", samples, pick_next, load_metadata);
  print_row (bench, "a session's metadata from its file, cold", samples, drop_next_metadata, load_metadata);
  print_row (bench, "opening a session, hot", samples, pick_next, open_session);
  print_row (bench, "a part of up to 1 MiB with its elements found, hot", samples / 10, clear_cache, load_part);
  print_row (bench, "a part of up to 1 MiB with its elements found, cold", samples / 10, drop_next_part, load_part);

  full = g_strdup_printf ("a session of %.0f MB as a stream, hot", megabytes);
  print_row (bench, full, rounds, clear_cache, read_stream);
  print_row (bench, "the same part by part, reading ahead, elements found, hot", rounds, clear_cache, iterate);
  print_row (bench, "the same, cold", rounds, drop_all_parts, iterate);
  print_row (bench, "the same again, from the cache", rounds, NULL, iterate);
  print_row (bench, "its files, nothing checked, hot", rounds, NULL, read_files);
  print_hits (bench);
  print_pattern (bench);
}

static gboolean
run (const char  *path,
     GError     **error)
{
  g_autoptr(StrataStore) store = strata_store_open (path, error);
  g_autoptr(GPtrArray) sessions = NULL;
  g_autoptr(GPtrArray) by_size = NULL;
  g_autoptr(StrataSession) large = NULL;
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  g_auto(GStrv) parts = NULL;
  Bench bench = { 0, };

  if (store == NULL)
    return FALSE;
  sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_DATE, 0, error);
  by_size = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SIZE, 1, error);
  if (sessions == NULL || by_size == NULL)
    return FALSE;
  if (by_size->len == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "There are no sessions in it");
      return FALSE;
    }

  large = strata_session_open (store, ((StrataSessionInfo *)g_ptr_array_index (by_size, 0))->key, NULL, error);
  if (large == NULL)
    return FALSE;

  parts = strata_session_list_parts (large);
  bench = (Bench) { store, sessions, large, parts, g_strv_length (parts), 0, random };
  sync ();
  print_all (&bench);

  return TRUE;
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("STORE");
  g_autoptr(GError) error = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error))
    {
      g_printerr ("%s\n", error->message);
      return 1;
    }
  if (argc != 2 || rounds < 1 || samples < 10)
    {
      g_printerr ("%s", g_option_context_get_help (context, TRUE, NULL));
      return 1;
    }

  if (!run (argv[1], &error))
    {
      g_printerr ("%s: %s\n", argv[1], error->message);
      return 1;
    }

  return 0;
}

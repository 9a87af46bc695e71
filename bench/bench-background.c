/* bench-background.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <locale.h>
#include <string.h>

#include "core/strata.h"

/* By how much everything else gets slower while a store is compressed in the background:
 *
 *   bench-background STORE [--turns=30] [--turn-ms=200] [--webp] < WORDS
 *
 * STORE has nothing packed yet, and enough of it. By turns, in one process, as in the window: a while with the
 * compressor paused, the same with it running, for each thing that a program does. Waits between two turns until the
 * one before has come to rest. Where the compressor gets to its end it is undone, which is not measured, and begins again.
 */

static int n_turns = 30;
static int turn_ms = 200;
static gboolean webp;

static const GOptionEntry entries[] = {
  { "turns", 't', 0, G_OPTION_ARG_INT, &n_turns, "Turns of each kind", "N" },
  { "turn-ms", 'm', 0, G_OPTION_ARG_INT, &turn_ms, "Length of what one thing gets of a turn", "MS" },
  { "webp", 'w', 0, G_OPTION_ARG_NONE, &webp, "Convert screenshots too", NULL },
  { NULL },
};

typedef struct
{
  StrataStore      *store;
  StrataSearch     *search;
  StrataWriteQueue *queue;
  StrataCompressor *compressor;
  GPtrArray        *sessions;     /* (element-type StrataSessionInfo) */
  GPtrArray        *words;        /* to look for */
  char             *key;          /* of the session that is appended to */
  GRand            *random;
  guint             number;
  guint64           worked;       /* bytes that compressors before this one have worked on */
} Bench;

static double
read_clock (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);

  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
fail_on (GError *error)
{
  if (error == NULL)
    return;

  g_printerr ("%s\n", error->message);
  exit (1);
}

/* What a program does */

static const char *
pick_session (Bench *bench)
{
  guint i = (guint)g_rand_int_range (bench->random, 0, (int)bench->sessions->len);

  return ((const StrataSessionInfo *)g_ptr_array_index (bench->sessions, i))->key;
}

static void
list_sessions (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (bench->store, STRATA_SESSION_ORDER_DATE, 0, &error);

  fail_on (error);
}

static void
load_metadata (Bench *bench)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) metadata = strata_store_load_metadata (bench->store, pick_session (bench), &error);

  fail_on (error);
}

/* Packed or not makes another time of it, so it is the newest session, which is packed last */
static void
read_session (Bench *bench)
{
  const StrataSessionInfo *info = g_ptr_array_index (bench->sessions, 0);
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = strata_store_open_session (bench->store, info->key, &error);
  g_autofree char *block = g_malloc (64 * 1024);

  strata_cache_clear (strata_store_get_cache (bench->store));
  fail_on (error);
  while (g_input_stream_read (stream, block, 64 * 1024, NULL, &error) > 0);
  fail_on (error);
}

static void
search (Bench *bench)
{
  const char *word = g_ptr_array_index (bench->words, (guint)g_rand_int_range (bench->random, 0, (int)bench->words->len));
  g_autoptr(StrataQuery) query = strata_query_new (word);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataSearchResults) results = strata_search_run (bench->search, query, STRATA_SEARCH_FIRST, 50, NULL, &error);

  fail_on (error);
}

static void
appended_cb (GObject      *source_object,
             GAsyncResult *result,
             gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  strata_write_queue_write_finish (STRATA_WRITE_QUEUE (source_object), result, NULL, NULL, &error);
  fail_on (error);
  *(gboolean *)user_data = TRUE;
}

/* Until it is on disk */
static void
append (Bench *bench)
{
  g_autofree char *words = g_strnfill (1000, (char)('a' + bench->number % 26));
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%u\",\"extractedText\":\"%s\"}", bench->number++, words);
  g_autoptr(GBytes) element = g_bytes_new (json, strlen (json));
  gboolean done = FALSE;

  strata_write_queue_append_async (bench->queue, bench->key, "screenshots", element, NULL, STRATA_WRITE_PRIORITY_CRITICAL, NULL,
                                   appended_cb, &done);
  while (!done)
    g_main_context_iteration (NULL, TRUE);
}

typedef struct
{
  const char  *name;
  void       (*act) (Bench *bench);
  GArray      *taken[2];           /* double: seconds, without and with the compressor */
  double       processor[2];       /* seconds of the processor that the thread which does it took */
} Thing;

static Thing things[] = {
  { .name = "list of all sessions", .act = list_sessions },
  { .name = "a session's metadata", .act = load_metadata },
  { .name = "a session read whole", .act = read_session },
  { .name = "search, first page", .act = search },
  { .name = "append by the queue, on disk", .act = append },
};

/* The compressor */

static void
ended_cb (GObject      *source_object,
          GAsyncResult *result,
          gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  strata_compressor_run_finish (STRATA_COMPRESSOR (source_object), result, &error);
  fail_on (error);
}

static gboolean
is_active (StrataCompressor *compressor)
{
  gboolean active;

  g_object_get (compressor, "active", &active, NULL);

  return active;
}

static guint64
count_worked (Bench *bench)
{
  StrataCompressorProgress progress;

  strata_compressor_get_progress (bench->compressor, &progress);

  return bench->worked + progress.bytes;
}

static void
undo (Bench *bench)
{
  g_autoptr(StrataCompressor) compressor = strata_compressor_new (bench->store);
  g_autoptr(GError) error = NULL;

  strata_compressor_undo (compressor, NULL, NULL, &error);
  fail_on (error);
}

static void
ensure_compressor (Bench *bench)
{
  if (bench->compressor != NULL && is_active (bench->compressor))
    return;

  if (bench->compressor != NULL)
    {
      bench->worked = count_worked (bench);
      g_clear_object (&bench->compressor);
      undo (bench);
    }
  bench->compressor = strata_compressor_new (bench->store);
  strata_compressor_set_images (bench->compressor, webp ? STRATA_IMAGES_WEBP : STRATA_IMAGES_OFF, 80);
  strata_compressor_set_on_battery (bench->compressor, TRUE);
  strata_compressor_run_async (bench->compressor, NULL, ended_cb, NULL);
}

static void
let_pass (gint64 us)
{
  gint64 end = g_get_monotonic_time () + us;

  while (g_get_monotonic_time () < end)
    if (!g_main_context_iteration (NULL, FALSE))
      g_usleep (1000);
}

/* Until this process does nothing any more */
static void
come_to_rest (void)
{
  double before;

  do
    {
      before = read_clock (CLOCK_PROCESS_CPUTIME_ID);
      let_pass (G_USEC_PER_SEC / 10);
    }
  while (read_clock (CLOCK_PROCESS_CPUTIME_ID) - before > 0.01);
}

/* Turns */

static void
take_turn (Bench  *bench,
           Thing  *thing,
           guint   with)
{
  gint64 end = g_get_monotonic_time () + turn_ms * G_TIME_SPAN_MILLISECOND;

  do
    {
      double start = read_clock (CLOCK_MONOTONIC), processor = read_clock (CLOCK_THREAD_CPUTIME_ID), taken;

      /* Work that has come to its end slows nothing down */
      if (with && !is_active (bench->compressor))
        return;
      thing->act (bench);
      taken = read_clock (CLOCK_MONOTONIC) - start;
      g_array_append_val (thing->taken[with], taken);
      thing->processor[with] += read_clock (CLOCK_THREAD_CPUTIME_ID) - processor;
      while (g_main_context_iteration (NULL, FALSE));
    }
  while (g_get_monotonic_time () < end);
}

/* Which of the two is first changes from turn to turn. */
static void
measure (Bench *bench)
{
  for (int turn = 0; turn < n_turns; turn++)
    for (guint half = 0; half < 2; half++)
      {
        guint with = (guint)turn % 2 == half;

        ensure_compressor (bench);
        if (with)
          strata_compressor_resume (bench->compressor);
        else
          strata_compressor_pause (bench->compressor);
        if (with)
          let_pass (G_USEC_PER_SEC / 5);
        else
          come_to_rest ();
        for (guint i = 0; i < G_N_ELEMENTS (things); i++)
          take_turn (bench, &things[i], with);
      }
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double first = *(const double *)a;
  double second = *(const double *)b;

  return first < second ? -1 : first > second;
}

/* Seconds; of those that are sorted */
static double
get_percentile (GArray *taken,
                guint   percent)
{
  return g_array_index (taken, double, MIN (taken->len - 1, taken->len * percent / 100));
}

/* What is beyond the 99th of a hundred is left out: single long waits, which others on the machine make, too */
static double
compute_mean (GArray *taken)
{
  guint n = MAX (taken->len * 99 / 100, 1);
  double sum = 0;

  for (guint i = 0; i < n; i++)
    sum += g_array_index (taken, double, i);

  return sum / n;
}

/* The usual one, which others on the machine hardly touch, and the mean, which they do; and the processor's time, which
 * they touch least, and which knows nothing of waiting
 */
static void
print_things (void)
{
  double usual = 0, mean = 0, processor = 0;

  g_print ("  %-30s %7s %9s %9s %8s %9s %9s %8s %9s %9s %9s %8s\n", "", "times", "p50 µs", "beside", "slower", "mean µs", "beside",
           "slower", "p99 µs", "beside", "cpu µs", "more");
  for (guint i = 0; i < G_N_ELEMENTS (things); i++)
    {
      GArray *alone = things[i].taken[0], *beside = things[i].taken[1];
      double slower, mean_slower, cpu[2];

      g_array_sort (alone, compare_doubles);
      g_array_sort (beside, compare_doubles);
      slower = get_percentile (beside, 50) / get_percentile (alone, 50) - 1;
      mean_slower = compute_mean (beside) / compute_mean (alone) - 1;
      for (guint j = 0; j < 2; j++)
        cpu[j] = things[i].processor[j] / things[i].taken[j]->len;
      usual += slower;
      mean += mean_slower;
      processor += cpu[1] / cpu[0] - 1;
      g_print ("  %-30s %7u %9.1f %9.1f %7.1f%% %9.1f %9.1f %7.1f%% %9.1f %9.1f %9.1f %7.1f%%\n", things[i].name, beside->len,
               1e6 * get_percentile (alone, 50), 1e6 * get_percentile (beside, 50), 100 * slower, 1e6 * compute_mean (alone),
               1e6 * compute_mean (beside), 100 * mean_slower, 1e6 * get_percentile (alone, 99), 1e6 * get_percentile (beside, 99), 1e6 * cpu[0],
               100 * (cpu[1] / cpu[0] - 1));
    }
  g_print ("  all of them, each as much: %.1f %% slower, by the mean %.1f %%; %.1f %% more of the processor\n",
           100 * usual / G_N_ELEMENTS (things), 100 * mean / G_N_ELEMENTS (things), 100 * processor / G_N_ELEMENTS (things));
}

/* Setting up */

static void
read_words (Bench *bench)
{
  g_autoptr(GDataInputStream) input = NULL;
  g_autoptr(GInputStream) base = NULL;
  g_autoptr(GFile) file = g_file_new_for_path ("/dev/stdin");
  g_autoptr(GError) error = NULL;
  char *line;

  base = G_INPUT_STREAM (g_file_read (file, NULL, &error));
  fail_on (error);
  input = g_data_input_stream_new (base);
  bench->words = g_ptr_array_new_with_free_func (g_free);
  while ((line = g_data_input_stream_read_line_utf8 (input, NULL, NULL, &error)) != NULL)
    g_ptr_array_add (bench->words, line);
  fail_on (error);
  if (bench->words->len > 0)
    return;

  g_printerr ("There are no words to look for\n");
  exit (1);
}

static void
open_store (Bench      *bench,
            const char *path)
{
  g_autofree char *text = g_strdup_printf ("{\"id\":\"grows %" G_GINT64_FORMAT "\",\"screenshots\":[]}", g_get_real_time ());
  g_autoptr(GInputStream) json = g_memory_input_stream_new_from_data (text, -1, NULL);
  g_autoptr(GError) error = NULL;

  bench->store = strata_store_open (path, &error);
  fail_on (error);
  bench->sessions = strata_store_list_sessions (bench->store, STRATA_SESSION_ORDER_DATE, 0, &error);
  fail_on (error);
  bench->search = strata_search_new (bench->store);
  strata_search_update (bench->search, NULL, NULL, NULL, &error);
  fail_on (error);
  bench->key = strata_store_create_session (bench->store, json, NULL, &error);
  fail_on (error);
  bench->queue = strata_write_queue_new (bench->store, 64 * 1024 * 1024);
  bench->random = g_rand_new_with_seed (1);
}

static void
print_load (const char *when)
{
  g_autofree char *load = NULL;

  g_file_get_contents ("/proc/loadavg", &load, NULL, NULL);
  g_print ("  load %s: %s", when, load != NULL ? load : "unknown\n");
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("STORE");
  g_autoptr(GError) error = NULL;
  Bench bench = { NULL, };

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2 || n_turns < 1 || turn_ms < 1)
    {
      g_printerr ("%s", g_option_context_get_help (context, TRUE, NULL));
      return 1;
    }
  read_words (&bench);
  open_store (&bench, argv[1]);
  for (guint i = 0; i < G_N_ELEMENTS (things); i++)
    for (guint j = 0; j < 2; j++)
      things[i].taken[j] = g_array_new (FALSE, FALSE, sizeof (double));

  print_load ("before");
  measure (&bench);
  print_load ("after");
  print_things ();
  g_print ("  %.1f MB were compressed meanwhile\n", (double)count_worked (&bench) / 1e6);

  strata_compressor_cancel (bench.compressor);
  while (is_active (bench.compressor))
    g_main_context_iteration (NULL, TRUE);
  strata_write_queue_close (bench.queue);

  return 0;
}

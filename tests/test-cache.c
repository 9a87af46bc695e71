/* test-cache.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "store/strata-cache-private.h"

#define KIB G_GUINT64_CONSTANT (1024)
#define MIB (1024 * KIB)

/* Content @number is @size bytes of a block that all share: what it says does not matter here */
typedef struct
{
  gsize    size;
  guint    n_loads;     /* atomic */
  GError  *error;       /* nullable: fails so */
  GMutex  *gate;        /* nullable: held by the test while loading is to last */
} Source;

static char *block;

static StrataDigest
digest_of (guint number)
{
  StrataDigest digest;

  _strata_digest_of (&number, sizeof number, &digest);

  return digest;
}

static GBytes *
load_cb (gpointer       user_data,
         GCancellable  *cancellable,
         GError       **error)
{
  Source *source = user_data;

  g_atomic_int_inc (&source->n_loads);
  if (source->gate != NULL)
    {
      g_mutex_lock (source->gate);
      g_mutex_unlock (source->gate);
    }
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;
  if (source->error != NULL)
    {
      g_propagate_error (error, g_error_copy (source->error));
      return NULL;
    }

  return g_bytes_new_static (block, source->size);
}

/* Returns: whether it had to be loaded */
static gboolean
ask (StrataCache *cache,
     Source      *source,
     guint        number)
{
  StrataDigest digest = digest_of (number);
  guint before = (guint)g_atomic_int_get (&source->n_loads);
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) content = _strata_cache_load (cache, STRATA_CACHE_TEXT, &digest, load_cb, source, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (g_bytes_get_size (content), ==, source->size);

  return (guint)g_atomic_int_get (&source->n_loads) != before;
}

static StrataCache *
new_small (void)
{
  StrataCache *cache = strata_cache_new ();

  strata_cache_set_max_bytes (cache, STRATA_CACHE_LEAST_BYTES);

  return cache;
}

static void
test_what_was_read_is_not_read_again (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  Source source = { .size = 1000 };
  StrataDigest digest = digest_of (1);
  g_autoptr(GBytes) peeked = NULL;

  g_assert_null (_strata_cache_peek (cache, STRATA_CACHE_TEXT, &digest));
  g_assert_true (ask (cache, &source, 1));
  g_assert_false (ask (cache, &source, 1));
  g_assert_true (ask (cache, &source, 2));
  peeked = _strata_cache_peek (cache, STRATA_CACHE_TEXT, &digest);
  g_assert_true (g_bytes_get_data (peeked, NULL) == block);

  g_assert_cmpuint (strata_cache_get_hits (cache), ==, 2);
  g_assert_cmpuint (strata_cache_get_misses (cache), ==, 2);
  g_assert_cmpfloat (strata_cache_get_hit_rate (cache), ==, 0.5);
  g_assert_cmpuint (strata_cache_get_n_entries (cache), ==, 2);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 2 * (1000 + STRATA_CACHE_ENTRY_COST));
  g_assert_cmpuint (strata_cache_get_evictions (cache), ==, 0);
}

/* One digest may have content of several kinds */
static void
test_kinds_are_kept_apart (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  StrataDigest digest = digest_of (1);
  g_autoptr(GBytes) text = g_bytes_new_static ("text", 4);
  g_autoptr(GBytes) index = g_bytes_new_static ("index", 5);
  g_autoptr(GBytes) text_back = NULL;
  g_autoptr(GBytes) index_back = NULL;

  _strata_cache_put (cache, STRATA_CACHE_TEXT, &digest, text);
  _strata_cache_put (cache, STRATA_CACHE_INDEX, &digest, index);
  _strata_cache_put (cache, STRATA_CACHE_INDEX, &digest, text);
  text_back = _strata_cache_peek (cache, STRATA_CACHE_TEXT, &digest);
  index_back = _strata_cache_peek (cache, STRATA_CACHE_INDEX, &digest);

  g_assert_true (text_back == text);
  g_assert_true (index_back == index);
  g_assert_null (_strata_cache_peek (cache, STRATA_CACHE_METADATA, &digest));
  g_assert_cmpuint (strata_cache_get_misses (cache), ==, 3);
}

static void
test_the_bound_holds_and_the_oldest_goes (void)
{
  g_autoptr(StrataCache) cache = new_small ();
  Source source = { .size = MIB - STRATA_CACHE_ENTRY_COST };

  for (guint i = 0; i < 16; i++)
    g_assert_true (ask (cache, &source, i));
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 16 * MIB);
  g_assert_cmpuint (strata_cache_get_evictions (cache), ==, 0);

  /* 0 is used again, so 1 and 2 are the oldest */
  g_assert_false (ask (cache, &source, 0));
  g_assert_true (ask (cache, &source, 16));
  g_assert_true (ask (cache, &source, 17));
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 16 * MIB);
  g_assert_cmpuint (strata_cache_get_evictions (cache), ==, 2);
  g_assert_false (ask (cache, &source, 0));
  g_assert_false (ask (cache, &source, 3));
  g_assert_true (ask (cache, &source, 1));
  g_assert_true (ask (cache, &source, 2));
}

static void
test_what_is_too_large_is_not_kept (void)
{
  g_autoptr(StrataCache) cache = new_small ();
  Source just = { .size = 4 * MIB - STRATA_CACHE_ENTRY_COST };
  Source larger = { .size = 4 * MIB - STRATA_CACHE_ENTRY_COST + 1 };

  g_assert_true (_strata_cache_takes (cache, just.size));
  g_assert_false (_strata_cache_takes (cache, larger.size));
  g_assert_true (ask (cache, &larger, 1));
  g_assert_true (ask (cache, &larger, 1));
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 0);
  g_assert_true (ask (cache, &just, 1));
  g_assert_false (ask (cache, &just, 1));
}

static void
count_cb (guint *count)
{
  (*count)++;
}

static void
test_the_bound_is_changed_live (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  Source source = { .size = MIB - STRATA_CACHE_ENTRY_COST };
  guint64 bound = 0;
  guint n_notified = 0;

  g_signal_connect_swapped (cache, "notify::max-bytes", G_CALLBACK (count_cb), &n_notified);
  g_object_get (cache, "max-bytes", &bound, NULL);
  g_assert_cmpuint (bound, ==, 100 * MIB);

  for (guint i = 0; i < 120; i++)
    ask (cache, &source, i);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 100 * MIB);

  g_object_set (cache, "max-bytes", 20 * MIB, NULL);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 20 * MIB);
  g_assert_cmpuint (n_notified, ==, 1);
  g_assert_false (ask (cache, &source, 119));
  g_assert_false (ask (cache, &source, 100));
  g_assert_true (ask (cache, &source, 99));

  strata_cache_set_max_bytes (cache, 20 * MIB);
  g_assert_cmpuint (n_notified, ==, 1);
  strata_cache_set_max_bytes (cache, 1);
  g_assert_cmpuint (strata_cache_get_max_bytes (cache), ==, 16 * MIB);
  strata_cache_set_max_bytes (cache, G_MAXUINT64);
  g_assert_cmpuint (strata_cache_get_max_bytes (cache), ==, 4096 * MIB);

  strata_cache_clear (cache);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 0);
  g_assert_cmpuint (strata_cache_get_n_entries (cache), ==, 0);
}

/* An 80/20 pattern: of five items one is hot, and four of five questions are for a hot one.
 *
 * Returns: the share of hits among all questions; of those for hot ones in @out_hot
 */
static double
play_pattern (guint64  bound,
              guint    n_items,
              double  *out_hot)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  Source source = { .size = 64 * KIB - STRATA_CACHE_ENTRY_COST };
  guint n_hot = n_items / 5;
  guint hot_asked = 0, hot_hits = 0;
  guint64 hits_before = 0;

  strata_cache_set_max_bytes (cache, bound);

  /* Twenty rounds to warm up, forty that count */
  for (guint i = 0; i < 60 * n_items; i++)
    {
      gboolean is_hot = g_test_rand_int_range (0, 5) < 4;
      guint number = (guint)(is_hot ? g_test_rand_int_range (0, (int)n_hot) : g_test_rand_int_range ((int)n_hot, (int)n_items));
      gboolean loaded;

      if (i == 20 * n_items)
        hits_before = strata_cache_get_hits (cache);
      loaded = ask (cache, &source, number);
      if (i >= 20 * n_items && is_hot)
        {
          hot_asked++;
          hot_hits += !loaded;
        }
    }
  g_assert_cmpuint (strata_cache_get_bytes (cache), <=, bound);
  *out_hot = (double)hot_hits / hot_asked;

  return (double)(strata_cache_get_hits (cache) - hits_before) / (40.0 * n_items);
}

/* One question in five is for what is not hot, so nine hits in ten need room for
 * half of that too, whatever is pushed out. What is hot itself is hit earlier.
 */
static void
test_what_is_hot_stays (void)
{
  const guint n_items = 1280;
  double hot, all;

  /* 80 MiB in all, 16 of them hot */
  all = play_pattern (52 * MIB, n_items, &hot);
  g_test_message ("room for 3.25 times the hot fifth: %.1f %% of all, %.1f %% of the hot", 100 * all, 100 * hot);
  g_assert_cmpfloat (all, >=, 0.9);

  all = play_pattern (26 * MIB, n_items, &hot);
  g_test_message ("room for 1.6 times the hot fifth: %.1f %% of all, %.1f %% of the hot", 100 * all, 100 * hot);
  g_assert_cmpfloat (hot, >=, 0.9);
}

/* What a cache should hold, the slow way: numbers in the order of use, the last used first */
static void
model_use (GArray *model,
           guint   number,
           guint   room)
{
  for (guint i = 0; i < model->len; i++)
    if (g_array_index (model, guint, i) == number)
      {
        g_array_remove_index (model, i);
        break;
      }
  g_array_prepend_val (model, number);
  g_array_set_size (model, MIN (model->len, room));
}

static gboolean
model_has (GArray *model,
           guint   number)
{
  for (guint i = 0; i < model->len; i++)
    if (g_array_index (model, guint, i) == number)
      return TRUE;

  return FALSE;
}

static void
test_random_use_is_as_in_a_model (void)
{
  g_autoptr(StrataCache) cache = new_small ();
  g_autoptr(GArray) model = g_array_new (FALSE, FALSE, sizeof (guint));
  Source source = { .size = MIB - STRATA_CACHE_ENTRY_COST };
  guint64 hits = 0;
  guint room = 16;

  for (guint i = 0; i < 20000; i++)
    {
      guint number = (guint)g_test_rand_int_range (0, 40);
      gboolean known;

      if (g_test_rand_int_range (0, 100) == 0)
        {
          room = (guint)g_test_rand_int_range (16, 32);
          strata_cache_set_max_bytes (cache, room * MIB);
          g_array_set_size (model, MIN (model->len, room));
        }
      else if (g_test_rand_int_range (0, 1000) == 0)
        {
          strata_cache_clear (cache);
          g_array_set_size (model, 0);
        }

      known = model_has (model, number);
      hits += known;
      g_assert_true (ask (cache, &source, number) == !known);
      model_use (model, number, room);
      g_assert_cmpuint (strata_cache_get_n_entries (cache), ==, model->len);
      g_assert_cmpuint (strata_cache_get_bytes (cache), ==, model->len * MIB);
    }
  g_assert_cmpuint (strata_cache_get_hits (cache), ==, hits);
  g_assert_cmpuint (strata_cache_get_misses (cache), ==, source.n_loads);
  g_assert_cmpuint (strata_cache_get_misses (cache) - strata_cache_get_evictions (cache), ==, model->len);
}

/* Several threads */

typedef struct
{
  StrataCache   *cache;
  Source        *source;
  GCancellable  *cancellable;
  GBytes        *content;
  GError        *error;
} Asker;

static gpointer
asker_thread (gpointer user_data)
{
  Asker *asker = user_data;
  StrataDigest digest = digest_of (1);

  asker->content = _strata_cache_load (asker->cache, STRATA_CACHE_TEXT, &digest, load_cb, asker->source,
                                       asker->cancellable, &asker->error);

  return NULL;
}

static void
wait_for_loads (Source *source,
                guint   n_loads)
{
  while ((guint)g_atomic_int_get (&source->n_loads) < n_loads)
    g_usleep (100);
}

static void
test_threads_share_one_load (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  GMutex gate;
  Source source = { .size = 1000, .gate = &gate };
  Asker askers[8];
  GThread *threads[8];

  g_mutex_init (&gate);
  g_mutex_lock (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      askers[i] = (Asker) { cache, &source };
      threads[i] = g_thread_new (NULL, asker_thread, &askers[i]);
    }
  wait_for_loads (&source, 1);
  g_usleep (20000);
  g_mutex_unlock (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (source.n_loads, ==, 1);
  g_assert_cmpuint (strata_cache_get_hits (cache), ==, 7);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      g_assert_no_error (askers[i].error);
      g_assert_true (askers[i].content == askers[0].content);
      g_bytes_unref (askers[i].content);
    }
  g_mutex_clear (&gate);
}

static void
test_a_failure_is_shared_and_not_kept (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  g_autoptr(GError) failure = g_error_new_literal (G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Nothing goes");
  GMutex gate;
  Source source = { .size = 1000, .gate = &gate, .error = failure };
  Asker askers[4];
  GThread *threads[4];

  g_mutex_init (&gate);
  g_mutex_lock (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      askers[i] = (Asker) { cache, &source };
      threads[i] = g_thread_new (NULL, asker_thread, &askers[i]);
    }
  wait_for_loads (&source, 1);
  g_mutex_unlock (&gate);
  for (guint i = 0; i < G_N_ELEMENTS (askers); i++)
    {
      g_thread_join (threads[i]);
      g_assert_null (askers[i].content);
      g_assert_error (askers[i].error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
      g_clear_error (&askers[i].error);
    }

  source.error = NULL;
  g_assert_true (ask (cache, &source, 1));
  g_assert_cmpuint (strata_cache_get_n_entries (cache), ==, 1);
  g_mutex_clear (&gate);
}

/* One gives up while another waits for what it was loading: the other loads it itself */
static void
test_one_giving_up_does_not_disappoint_another (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GMutex gate;
  Source source = { .size = 1000, .gate = &gate };
  Asker first = { cache, &source, cancellable };
  Asker second = { cache, &source };
  GThread *first_thread, *second_thread;

  g_mutex_init (&gate);
  g_mutex_lock (&gate);
  first_thread = g_thread_new (NULL, asker_thread, &first);
  wait_for_loads (&source, 1);
  second_thread = g_thread_new (NULL, asker_thread, &second);
  g_usleep (5000);
  g_cancellable_cancel (cancellable);
  g_mutex_unlock (&gate);
  g_thread_join (first_thread);
  g_thread_join (second_thread);

  g_assert_error (first.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_no_error (second.error);
  g_assert_cmpuint (g_bytes_get_size (second.content), ==, 1000);
  g_assert_cmpuint (source.n_loads, ==, 2);
  g_clear_error (&first.error);
  g_bytes_unref (second.content);
  g_mutex_clear (&gate);
}

static void
test_waiting_for_another_can_be_cancelled (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  GMutex gate;
  Source source = { .size = 1000, .gate = &gate };
  Asker first = { cache, &source };
  Asker second = { cache, &source, cancellable };
  GThread *first_thread, *second_thread;

  g_mutex_init (&gate);
  g_mutex_lock (&gate);
  first_thread = g_thread_new (NULL, asker_thread, &first);
  wait_for_loads (&source, 1);
  second_thread = g_thread_new (NULL, asker_thread, &second);
  g_usleep (5000);
  g_cancellable_cancel (cancellable);
  g_thread_join (second_thread);
  g_assert_error (second.error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_assert_null (second.content);

  g_mutex_unlock (&gate);
  g_thread_join (first_thread);
  g_assert_no_error (first.error);
  g_assert_cmpuint (source.n_loads, ==, 1);
  g_clear_error (&second.error);
  g_bytes_unref (first.content);
  g_mutex_clear (&gate);
}

typedef struct
{
  StrataCache *cache;
  guint32      seed;
} Busy;

static gpointer
busy_thread (gpointer user_data)
{
  StrataCache *cache = ((Busy *)user_data)->cache;
  g_autoptr(GRand) random = g_rand_new_with_seed (((Busy *)user_data)->seed);
  Source source = { .size = MIB - STRATA_CACHE_ENTRY_COST };

  for (guint i = 0; i < 5000; i++)
    {
      ask (cache, &source, (guint)g_rand_int_range (random, 0, 40));
      if (i % 100 == 0)
        strata_cache_set_max_bytes (cache, (guint64)g_rand_int_range (random, 16, 30) * MIB);
      if (i % 500 == 0)
        strata_cache_clear (cache);
      g_assert_cmpfloat (strata_cache_get_hit_rate (cache), <=, 1);
    }

  return NULL;
}

static void
test_many_threads_do_no_harm (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  Busy busy[6];
  GThread *threads[6];

  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    {
      busy[i] = (Busy) { cache, (guint32)g_test_rand_int () };
      threads[i] = g_thread_new (NULL, busy_thread, &busy[i]);
    }
  for (guint i = 0; i < G_N_ELEMENTS (threads); i++)
    g_thread_join (threads[i]);

  g_assert_cmpuint (strata_cache_get_hits (cache) + strata_cache_get_misses (cache), ==, 6 * 5000);
  g_assert_cmpuint (strata_cache_get_bytes (cache), <=, strata_cache_get_max_bytes (cache));
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, strata_cache_get_n_entries (cache) * MIB);
}

/* Being told */

static gboolean
stop_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

static void
test_counters_are_told_together (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr(StrataCache) cache = NULL;
  Source source = { .size = 1000 };
  guint n_hits = 0, n_bytes = 0;

  g_main_context_push_thread_default (context);
  cache = strata_cache_new ();
  g_main_context_pop_thread_default (context);
  g_signal_connect_swapped (cache, "notify::hits", G_CALLBACK (count_cb), &n_hits);
  g_signal_connect_swapped (cache, "notify::bytes", G_CALLBACK (count_cb), &n_bytes);
  g_signal_connect_swapped (cache, "notify::hit-rate", G_CALLBACK (g_main_loop_quit), loop);

  for (guint i = 0; i < 1000; i++)
    ask (cache, &source, i % 10);
  g_assert_cmpuint (n_hits, ==, 0);

  g_main_loop_run (loop);
  g_assert_cmpuint (n_hits, ==, 1);
  g_assert_cmpuint (n_bytes, ==, 1);

  /* And again, once something happened again */
  ask (cache, &source, 0);
  g_main_loop_run (loop);
  g_assert_cmpuint (n_hits, ==, 2);
}

static void
test_a_cache_may_go_before_it_told (void)
{
  g_autoptr(GMainContext) context = g_main_context_new ();
  g_autoptr(GMainLoop) loop = g_main_loop_new (context, FALSE);
  g_autoptr(GSource) stop = g_timeout_source_new (300);
  StrataCache *cache;
  Source source = { .size = 1000 };

  g_main_context_push_thread_default (context);
  cache = strata_cache_new ();
  g_main_context_pop_thread_default (context);
  ask (cache, &source, 1);
  g_assert_finalize_object (cache);

  g_source_set_callback (stop, stop_cb, loop, NULL);
  g_source_attach (stop, context);
  g_main_loop_run (loop);
}

/* A monitor that warns when the test wants it to */

#define TEST_TYPE_MONITOR (test_monitor_get_type ())
G_DECLARE_FINAL_TYPE (TestMonitor, test_monitor, TEST, MONITOR, GObject)

struct _TestMonitor
{
  GObject parent_instance;
};

static gboolean
test_monitor_initable_init (GInitable     *initable,
                            GCancellable  *cancellable,
                            GError       **error)
{
  return TRUE;
}

static void
test_monitor_initable_iface_init (GInitableIface *iface)
{
  iface->init = test_monitor_initable_init;
}

static void
test_monitor_iface_init (GMemoryMonitorInterface *iface)
{
}

G_DEFINE_FINAL_TYPE_WITH_CODE (TestMonitor, test_monitor, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_INITABLE, test_monitor_initable_iface_init)
                               G_IMPLEMENT_INTERFACE (G_TYPE_MEMORY_MONITOR, test_monitor_iface_init))

static void
test_monitor_class_init (TestMonitorClass *klass)
{
}

static void
test_monitor_init (TestMonitor *self)
{
}

static void
test_short_memory_makes_it_shrink (void)
{
  g_autoptr(StrataCache) cache = strata_cache_new ();
  g_autoptr(GMemoryMonitor) monitor = g_object_new (TEST_TYPE_MONITOR, NULL);
  g_autoptr(GMemoryMonitor) other = g_object_new (TEST_TYPE_MONITOR, NULL);
  Source source = { .size = MIB - STRATA_CACHE_ENTRY_COST };

  g_assert_null (strata_cache_get_memory_monitor (cache));
  g_object_set (cache, "memory-monitor", other, NULL);
  strata_cache_set_memory_monitor (cache, monitor);
  g_assert_true (strata_cache_get_memory_monitor (cache) == monitor);
  for (guint i = 0; i < 64; i++)
    ask (cache, &source, i);

  g_signal_emit_by_name (other, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 64 * MIB);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_LOW);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 32 * MIB);
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 8 * MIB);
  g_assert_false (ask (cache, &source, 63));
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
  g_assert_cmpuint (strata_cache_get_bytes (cache), ==, 0);

  /* It may come back when there is memory again, and the monitor may outlive it */
  g_assert_true (ask (cache, &source, 63));
  g_assert_finalize_object (g_steal_pointer (&cache));
  g_signal_emit_by_name (monitor, "low-memory-warning", G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  block = g_malloc0 (8 * MIB);

  g_test_add_func ("/cache/hit", test_what_was_read_is_not_read_again);
  g_test_add_func ("/cache/kinds", test_kinds_are_kept_apart);
  g_test_add_func ("/cache/bound", test_the_bound_holds_and_the_oldest_goes);
  g_test_add_func ("/cache/too-large", test_what_is_too_large_is_not_kept);
  g_test_add_func ("/cache/live", test_the_bound_is_changed_live);
  g_test_add_func ("/cache/hot", test_what_is_hot_stays);
  g_test_add_func ("/cache/model", test_random_use_is_as_in_a_model);
  g_test_add_func ("/cache/shared", test_threads_share_one_load);
  g_test_add_func ("/cache/failure", test_a_failure_is_shared_and_not_kept);
  g_test_add_func ("/cache/giving-up", test_one_giving_up_does_not_disappoint_another);
  g_test_add_func ("/cache/waiting", test_waiting_for_another_can_be_cancelled);
  g_test_add_func ("/cache/threads", test_many_threads_do_no_harm);
  g_test_add_func ("/cache/told", test_counters_are_told_together);
  g_test_add_func ("/cache/gone", test_a_cache_may_go_before_it_told);
  g_test_add_func ("/cache/memory", test_short_memory_makes_it_shrink);

  result = g_test_run ();
  g_free (block);

  return result;
}

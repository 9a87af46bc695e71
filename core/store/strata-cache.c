/* strata-cache.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-cache-private.h"

/* One entry takes at most this share of the bound */
#define MAX_SHARE 4
/* Counters change with every read; who shows them is told this often at most */
#define NOTIFY_MS 100
/* How often a thread that waits for another's load looks at its cancellable */
#define WAIT_US (20 * G_TIME_SPAN_MILLISECOND)
/* Giving this much back to the system takes milliseconds, and gets a thread of its own */
#define FREE_ASIDE_BYTES (32 * 1024 * 1024)

typedef struct
{
  StrataCacheKind kind;
  StrataDigest    digest;
} Key;

/* Content that is in the cache; @link is its place in the order of use. */
typedef struct
{
  Key     key;      /* first: a pointer to an entry is one to its key */
  GBytes *content;
  GList   link;
} Entry;

/* Content that one thread is loading and others may wait for. */
typedef struct
{
  Key       key;    /* first, as above */
  guint     n_refs;
  gboolean  done;
  GBytes   *content;
  GError   *error;
} Flight;

/**
 * StrataCache:
 *
 * What was read lately, kept in memory up to a bound in bytes; what was used
 * longest ago goes first.
 *
 * Everything is kept under the digest of its content. So an entry can't be out
 * of date, whatever other processes do to the store: what changes gets another
 * digest. Two threads that want the same content read it once.
 *
 * Content larger than a quarter of the bound is not kept. Nor does the bound
 * count what a caller still holds after it was pushed out.
 *
 * The properties change with every read. They are notified together, at most
 * ten times a second, in the main context that was the thread's default where
 * the cache was made (the one where its store was opened).
 *
 * Threads: any. No call but loading waits.
 */
struct _StrataCache
{
  GObject         parent_instance;

  /* Set at construction, never changed after */
  GMainContext   *context;

  /* The thread that sets it */
  GMemoryMonitor *monitor;
  gulong          monitor_handler;

  /* Guarded by @mutex */
  GMutex          mutex;
  GCond           landed;         /* some flight is done */
  GHashTable     *entries;        /* set of Entry, by key */
  GQueue          order;          /* their links, used last first */
  GHashTable     *flights;        /* set of Flight, by key */
  guint64         max_bytes;
  guint64         bytes;
  guint64         hits;
  guint64         misses;
  guint64         evictions;
  gboolean        notify_pending;
};

enum
{
  PROP_0,
  PROP_MAX_BYTES,
  PROP_MEMORY_MONITOR,
  PROP_BYTES,
  PROP_N_ENTRIES,
  PROP_HITS,
  PROP_MISSES,
  PROP_EVICTIONS,
  PROP_HIT_RATE,
  N_PROPS
};

static GParamSpec *properties[N_PROPS];

G_DEFINE_FINAL_TYPE (StrataCache, strata_cache, G_TYPE_OBJECT)

static guint
key_hash (gconstpointer pointer)
{
  const Key *key = pointer;

  return _strata_digest_hash (&key->digest) ^ (guint)key->kind;
}

static gboolean
key_equal (gconstpointer a,
           gconstpointer b)
{
  const Key *first = a;
  const Key *second = b;

  return first->kind == second->kind && _strata_digest_equal (&first->digest, &second->digest);
}

static guint64
cost_of (GBytes *content)
{
  return g_bytes_get_size (content) + STRATA_CACHE_ENTRY_COST;
}

static void
flight_unref (Flight *flight)
{
  if (--flight->n_refs > 0)
    return;

  g_clear_pointer (&flight->content, g_bytes_unref);
  g_clear_error (&flight->error);
  g_free (flight);
}

/* Telling of changes */

static gboolean
notify_cb (gpointer user_data)
{
  g_autoptr(StrataCache) self = g_weak_ref_get (user_data);

  if (self == NULL)
    return G_SOURCE_REMOVE;

  g_mutex_lock (&self->mutex);
  self->notify_pending = FALSE;
  g_mutex_unlock (&self->mutex);

  g_object_freeze_notify (G_OBJECT (self));
  for (guint i = PROP_BYTES; i < N_PROPS; i++)
    g_object_notify_by_pspec (G_OBJECT (self), properties[i]);
  g_object_thaw_notify (G_OBJECT (self));

  return G_SOURCE_REMOVE;
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

/* Holds the cache weakly: its context may never run. The mutex is not held. */
static void
attach_notify (StrataCache *self)
{
  g_autoptr(GSource) source = g_timeout_source_new (NOTIFY_MS);
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  g_source_set_callback (source, notify_cb, weak, weak_ref_free);
  g_source_set_static_name (source, "[strata] cache counters");
  g_source_attach (source, self->context);
}

static void
free_contents (gpointer contents)
{
  g_ptr_array_unref (contents);
}

static gpointer
free_contents_worker (gpointer contents)
{
  free_contents (contents);

  return NULL;
}

/* Ends what needs the mutex. Frees what was pushed out, which may be gigabytes,
 * after it: others need not wait for that, nor does the caller for much of it.
 *
 * @pushed_out: (nullable) (transfer full) (element-type GBytes)
 */
static void
unlock_and_settle (StrataCache *self,
                   GPtrArray   *pushed_out,
                   guint64      pushed_bytes)
{
  gboolean notify = !self->notify_pending;

  self->notify_pending = TRUE;
  g_mutex_unlock (&self->mutex);

  if (notify)
    attach_notify (self);
  if (pushed_out == NULL)
    return;
  if (pushed_bytes < FREE_ASIDE_BYTES)
    free_contents (pushed_out);
  else
    g_thread_unref (g_thread_new ("strata-free", free_contents_worker, pushed_out));
}

/* Entries; all with the mutex held */

static Entry *
find_entry (StrataCache *self,
            const Key   *key)
{
  Entry *entry = g_hash_table_lookup (self->entries, key);

  if (entry == NULL)
    return NULL;

  if (self->order.head != &entry->link)
    {
      g_queue_unlink (&self->order, &entry->link);
      g_queue_push_head_link (&self->order, &entry->link);
    }

  return entry;
}

/* Pushes out what was used longest ago until at most @target bytes are left.
 *
 * Returns: (transfer full) (nullable) (element-type GBytes): their contents
 */
static GPtrArray *
shrink_to (StrataCache *self,
           guint64      target)
{
  GPtrArray *pushed_out = NULL;

  while (self->bytes > target)
    {
      Entry *entry = self->order.tail->data;

      if (pushed_out == NULL)
        pushed_out = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
      g_ptr_array_add (pushed_out, entry->content);
      self->bytes -= cost_of (entry->content);
      self->evictions++;
      g_queue_unlink (&self->order, &entry->link);
      g_hash_table_remove (self->entries, entry);
      g_free (entry);
    }

  return pushed_out;
}

/* Keeps @content if there is room for it.
 *
 * Returns: (transfer full) (nullable) (element-type GBytes): what had to go for it
 */
static GPtrArray *
add_entry (StrataCache *self,
           const Key   *key,
           GBytes      *content)
{
  Entry *entry;

  if (cost_of (content) > self->max_bytes / MAX_SHARE || find_entry (self, key) != NULL)
    return NULL;

  entry = g_new0 (Entry, 1);
  entry->key = *key;
  entry->content = g_bytes_ref (content);
  entry->link.data = entry;
  g_hash_table_add (self->entries, entry);
  g_queue_push_head_link (&self->order, &entry->link);
  self->bytes += cost_of (content);

  return shrink_to (self, self->max_bytes);
}

gboolean
_strata_cache_takes (StrataCache *self,
                     guint64      size)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return size + STRATA_CACHE_ENTRY_COST <= self->max_bytes / MAX_SHARE;
}

/* Loading */

GBytes *
_strata_cache_peek (StrataCache        *self,
                    StrataCacheKind     kind,
                    const StrataDigest *digest)
{
  Key key = { kind, *digest };
  GBytes *content;
  Entry *entry;

  g_mutex_lock (&self->mutex);
  entry = find_entry (self, &key);
  if (entry == NULL)
    {
      g_mutex_unlock (&self->mutex);
      return NULL;
    }

  content = g_bytes_ref (entry->content);
  self->hits++;
  unlock_and_settle (self, NULL, 0);

  return content;
}

void
_strata_cache_put (StrataCache        *self,
                   StrataCacheKind     kind,
                   const StrataDigest *digest,
                   GBytes             *content)
{
  Key key = { kind, *digest };
  GPtrArray *pushed_out;

  g_mutex_lock (&self->mutex);
  self->misses++;
  pushed_out = add_entry (self, &key, content);
  unlock_and_settle (self, pushed_out, 0);
}

/* Waits until @flight is done. The mutex is held, and let go of while waiting.
 *
 * Returns: whether it is, rather than that @cancellable was cancelled
 */
static gboolean
wait_for (StrataCache   *self,
          Flight        *flight,
          GCancellable  *cancellable,
          GError       **error)
{
  while (!flight->done)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;
      g_cond_wait_until (&self->landed, &self->mutex, g_get_monotonic_time () + WAIT_US);
    }

  return TRUE;
}

/* Shares what another thread is loading. The mutex is held.
 *
 * Returns: (transfer full): the content; %NULL with @error set, or without when
 *   the other was cancelled, so that it has to be loaded after all
 */
static GBytes *
share_flight (StrataCache   *self,
              Flight        *flight,
              GCancellable  *cancellable,
              GError       **error)
{
  GBytes *content = NULL;

  flight->n_refs++;
  if (wait_for (self, flight, cancellable, error))
    {
      if (flight->content != NULL)
        content = g_bytes_ref (flight->content);
      else if (!g_error_matches (flight->error, G_IO_ERROR, G_IO_ERROR_CANCELLED))
        g_propagate_error (error, g_error_copy (flight->error));
    }
  flight_unref (flight);

  return content;
}

/* Lets those who wait know how it ended, and keeps the content.
 *
 * Returns: (transfer full) (nullable) (element-type GBytes): what had to go for it
 */
static GPtrArray *
land_flight (StrataCache *self,
             Flight      *flight)
{
  flight->done = TRUE;
  g_hash_table_remove (self->flights, flight);
  g_cond_broadcast (&self->landed);

  return flight->content != NULL ? add_entry (self, &flight->key, flight->content) : NULL;
}

/* Loads what nobody else is loading. The mutex is held, and let go of. */
static GBytes *
fly (StrataCache          *self,
     const Key            *key,
     StrataCacheLoadFunc   func,
     gpointer              user_data,
     GCancellable         *cancellable,
     GError              **error)
{
  Flight *flight = g_new0 (Flight, 1);
  GPtrArray *pushed_out;
  GBytes *content = NULL;

  flight->key = *key;
  flight->n_refs = 1;
  g_hash_table_add (self->flights, flight);
  self->misses++;
  g_mutex_unlock (&self->mutex);

  flight->content = func (user_data, cancellable, &flight->error);

  g_mutex_lock (&self->mutex);
  pushed_out = land_flight (self, flight);
  if (flight->content != NULL)
    content = g_bytes_ref (flight->content);
  else
    g_propagate_error (error, g_error_copy (flight->error));
  flight_unref (flight);
  unlock_and_settle (self, pushed_out, 0);

  return content;
}

GBytes *
_strata_cache_load (StrataCache          *self,
                    StrataCacheKind       kind,
                    const StrataDigest   *digest,
                    StrataCacheLoadFunc   func,
                    gpointer              user_data,
                    GCancellable         *cancellable,
                    GError              **error)
{
  Key key = { kind, *digest };

  g_mutex_lock (&self->mutex);
  while (TRUE)
    {
      g_autoptr(GError) share_error = NULL;
      Entry *entry = find_entry (self, &key);
      GBytes *content = entry != NULL ? g_bytes_ref (entry->content) : NULL;
      Flight *flight = entry == NULL ? g_hash_table_lookup (self->flights, &key) : NULL;

      if (flight == NULL && content == NULL)
        return fly (self, &key, func, user_data, cancellable, error);

      if (flight != NULL)
        content = share_flight (self, flight, cancellable, &share_error);
      if (content == NULL && share_error == NULL)
        continue;

      self->hits += content != NULL;
      unlock_and_settle (self, NULL, 0);
      if (content == NULL)
        g_propagate_error (error, g_steal_pointer (&share_error));

      return content;
    }
}

/* Bounds */

static void
shrink (StrataCache *self,
        guint64      target)
{
  guint64 before;
  GPtrArray *pushed_out;

  g_mutex_lock (&self->mutex);
  before = self->bytes;
  pushed_out = shrink_to (self, target);
  unlock_and_settle (self, pushed_out, before - self->bytes);
}

/**
 * strata_cache_clear:
 *
 * Forgets all that it holds. What is being loaded meanwhile is kept when it is
 * there.
 */
void
strata_cache_clear (StrataCache *self)
{
  g_return_if_fail (STRATA_IS_CACHE (self));

  shrink (self, 0);
}

/**
 * strata_cache_get_max_bytes:
 *
 * Returns: the bound in bytes
 */
guint64
strata_cache_get_max_bytes (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->max_bytes;
}

/**
 * strata_cache_set_max_bytes:
 * @max_bytes: the bound; less than 16 MiB is taken for that, and more than 4 GiB
 *
 * Sets how much the cache may hold. A smaller bound holds at once. The property
 * is notified before this returns.
 */
void
strata_cache_set_max_bytes (StrataCache *self,
                            guint64      max_bytes)
{
  gboolean changed;

  g_return_if_fail (STRATA_IS_CACHE (self));

  max_bytes = CLAMP (max_bytes, STRATA_CACHE_LEAST_BYTES, STRATA_CACHE_MOST_BYTES);
  g_mutex_lock (&self->mutex);
  changed = self->max_bytes != max_bytes;
  self->max_bytes = max_bytes;
  g_mutex_unlock (&self->mutex);
  if (!changed)
    return;

  shrink (self, max_bytes);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MAX_BYTES]);
}

/* How much is kept: half, a quarter, nothing. Warnings come again while memory is short. */
static void
low_memory_cb (StrataCache               *self,
               GMemoryMonitorWarningLevel level)
{
  guint64 bytes = strata_cache_get_bytes (self);

  if (level >= G_MEMORY_MONITOR_WARNING_LEVEL_CRITICAL)
    shrink (self, 0);
  else if (level >= G_MEMORY_MONITOR_WARNING_LEVEL_MEDIUM)
    shrink (self, bytes / 4);
  else
    shrink (self, bytes / 2);
}

/**
 * strata_cache_get_memory_monitor:
 *
 * Returns: (transfer none) (nullable): whose warnings the cache heeds
 */
GMemoryMonitor *
strata_cache_get_memory_monitor (StrataCache *self)
{
  g_return_val_if_fail (STRATA_IS_CACHE (self), NULL);

  return self->monitor;
}

/**
 * strata_cache_set_memory_monitor:
 * @monitor: (nullable): for a program with a window [func@Gio.MemoryMonitor.dup_default]
 *
 * Lets the cache shrink when memory is short: to half of what it holds at a low
 * warning, to a quarter at a medium one, to nothing at a critical one. Without a
 * call there is none: to ask the system for one means to talk to the bus.
 *
 * Threads: one at a time, and not the one that warnings come in if another.
 */
void
strata_cache_set_memory_monitor (StrataCache    *self,
                                 GMemoryMonitor *monitor)
{
  g_return_if_fail (STRATA_IS_CACHE (self));
  g_return_if_fail (monitor == NULL || G_IS_MEMORY_MONITOR (monitor));

  if (monitor == self->monitor)
    return;

  g_clear_signal_handler (&self->monitor_handler, self->monitor);
  g_set_object (&self->monitor, monitor);
  if (monitor != NULL)
    self->monitor_handler =
      g_signal_connect_object (monitor, "low-memory-warning", G_CALLBACK (low_memory_cb), self, G_CONNECT_SWAPPED);
  g_object_notify_by_pspec (G_OBJECT (self), properties[PROP_MEMORY_MONITOR]);
}

/* Counters */

/**
 * strata_cache_get_bytes:
 *
 * Returns: how many bytes it holds, what it needs for an entry itself included
 */
guint64
strata_cache_get_bytes (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->bytes;
}

/**
 * strata_cache_get_n_entries:
 *
 * Returns: how many parts, indices of parts and metadata it holds
 */
guint
strata_cache_get_n_entries (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->order.length;
}

/**
 * strata_cache_get_hits:
 *
 * Returns: how often nothing had to be read, since it was made
 */
guint64
strata_cache_get_hits (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->hits;
}

/**
 * strata_cache_get_misses:
 *
 * Returns: how often something had to be read, since it was made
 */
guint64
strata_cache_get_misses (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->misses;
}

/**
 * strata_cache_get_evictions:
 *
 * Returns: how many entries were pushed out, since it was made
 */
guint64
strata_cache_get_evictions (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->evictions;
}

/**
 * strata_cache_get_hit_rate:
 *
 * Returns: hits among hits and misses, 0 to 1; 0 when there were neither
 */
double
strata_cache_get_hit_rate (StrataCache *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_val_if_fail (STRATA_IS_CACHE (self), 0);

  locker = g_mutex_locker_new (&self->mutex);

  return self->hits > 0 ? (double)self->hits / (double)(self->hits + self->misses) : 0;
}

/* The type */

static void
strata_cache_get_property (GObject    *object,
                           guint       prop_id,
                           GValue     *value,
                           GParamSpec *pspec)
{
  StrataCache *self = STRATA_CACHE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      g_value_set_uint64 (value, strata_cache_get_max_bytes (self));
      break;
    case PROP_MEMORY_MONITOR:
      g_value_set_object (value, self->monitor);
      break;
    case PROP_BYTES:
      g_value_set_uint64 (value, strata_cache_get_bytes (self));
      break;
    case PROP_N_ENTRIES:
      g_value_set_uint (value, strata_cache_get_n_entries (self));
      break;
    case PROP_HITS:
      g_value_set_uint64 (value, strata_cache_get_hits (self));
      break;
    case PROP_MISSES:
      g_value_set_uint64 (value, strata_cache_get_misses (self));
      break;
    case PROP_EVICTIONS:
      g_value_set_uint64 (value, strata_cache_get_evictions (self));
      break;
    case PROP_HIT_RATE:
      g_value_set_double (value, strata_cache_get_hit_rate (self));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_cache_set_property (GObject      *object,
                           guint         prop_id,
                           const GValue *value,
                           GParamSpec   *pspec)
{
  StrataCache *self = STRATA_CACHE (object);

  switch (prop_id)
    {
    case PROP_MAX_BYTES:
      strata_cache_set_max_bytes (self, g_value_get_uint64 (value));
      break;
    case PROP_MEMORY_MONITOR:
      strata_cache_set_memory_monitor (self, g_value_get_object (value));
      break;
    default:
      G_OBJECT_WARN_INVALID_PROPERTY_ID (object, prop_id, pspec);
    }
}

static void
strata_cache_dispose (GObject *object)
{
  StrataCache *self = STRATA_CACHE (object);

  g_clear_signal_handler (&self->monitor_handler, self->monitor);
  g_clear_object (&self->monitor);

  G_OBJECT_CLASS (strata_cache_parent_class)->dispose (object);
}

static void
strata_cache_finalize (GObject *object)
{
  StrataCache *self = STRATA_CACHE (object);
  GPtrArray *contents = shrink_to (self, 0);

  g_clear_pointer (&contents, g_ptr_array_unref);
  g_hash_table_unref (self->entries);
  g_hash_table_unref (self->flights);
  g_main_context_unref (self->context);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->landed);

  G_OBJECT_CLASS (strata_cache_parent_class)->finalize (object);
}

static void
strata_cache_class_init (StrataCacheClass *klass)
{
  GObjectClass *object_class = G_OBJECT_CLASS (klass);
  GParamFlags counter = G_PARAM_READABLE | G_PARAM_STATIC_STRINGS;

  object_class->get_property = strata_cache_get_property;
  object_class->set_property = strata_cache_set_property;
  object_class->dispose = strata_cache_dispose;
  object_class->finalize = strata_cache_finalize;

  /**
   * StrataCache:max-bytes:
   *
   * The bound in bytes; may be changed at any time.
   */
  properties[PROP_MAX_BYTES] =
    g_param_spec_uint64 ("max-bytes", NULL, NULL, STRATA_CACHE_LEAST_BYTES, STRATA_CACHE_MOST_BYTES, STRATA_CACHE_DEFAULT_BYTES,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * StrataCache:memory-monitor:
   *
   * Whose warnings make it shrink.
   */
  properties[PROP_MEMORY_MONITOR] =
    g_param_spec_object ("memory-monitor", NULL, NULL, G_TYPE_MEMORY_MONITOR,
                         G_PARAM_READWRITE | G_PARAM_EXPLICIT_NOTIFY | G_PARAM_STATIC_STRINGS);
  /**
   * StrataCache:bytes:
   *
   * How many bytes it holds.
   */
  properties[PROP_BYTES] = g_param_spec_uint64 ("bytes", NULL, NULL, 0, G_MAXUINT64, 0, counter);
  /**
   * StrataCache:n-entries:
   *
   * How many things it holds.
   */
  properties[PROP_N_ENTRIES] = g_param_spec_uint ("n-entries", NULL, NULL, 0, G_MAXUINT, 0, counter);
  /**
   * StrataCache:hits:
   *
   * How often nothing had to be read.
   */
  properties[PROP_HITS] = g_param_spec_uint64 ("hits", NULL, NULL, 0, G_MAXUINT64, 0, counter);
  /**
   * StrataCache:misses:
   *
   * How often something had to be read.
   */
  properties[PROP_MISSES] = g_param_spec_uint64 ("misses", NULL, NULL, 0, G_MAXUINT64, 0, counter);
  /**
   * StrataCache:evictions:
   *
   * How many entries were pushed out.
   */
  properties[PROP_EVICTIONS] = g_param_spec_uint64 ("evictions", NULL, NULL, 0, G_MAXUINT64, 0, counter);
  /**
   * StrataCache:hit-rate:
   *
   * Hits among hits and misses, 0 to 1.
   */
  properties[PROP_HIT_RATE] = g_param_spec_double ("hit-rate", NULL, NULL, 0, 1, 0, counter);

  g_object_class_install_properties (object_class, N_PROPS, properties);
}

static void
strata_cache_init (StrataCache *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->landed);
  g_queue_init (&self->order);
  self->context = g_main_context_ref_thread_default ();
  self->entries = g_hash_table_new (key_hash, key_equal);
  self->flights = g_hash_table_new (key_hash, key_equal);
  self->max_bytes = STRATA_CACHE_DEFAULT_BYTES;
}

/**
 * strata_cache_new:
 *
 * Returns: (transfer full): an empty cache with a bound of 100 MiB. A store has
 *   one of its own, see [method@Strata.Store.get_cache].
 */
StrataCache *
strata_cache_new (void)
{
  return g_object_new (STRATA_TYPE_CACHE, NULL);
}

/* strata-write-queue.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-store-private.h"
#include "strata-trash-private.h"
#include "strata-write-private.h"
#include "strata-write-queue.h"

/* A normal write waits so long for others to come along */
#define NORMAL_US        (100 * 1000)
/* When nothing came for so long, it is a good time for what is not urgent, */
#define IDLE_US          (500 * 1000)
/* which does not wait longer than this, whatever comes */
#define LOW_US           (30 * G_USEC_PER_SEC)
/* A session that got nothing for so long is not recorded any more */
#define SEAL_US          (60 * G_USEC_PER_SEC)
#define DEFAULT_BYTES    (G_GUINT64_CONSTANT (64) * 1024 * 1024)
/* What is urgent does not wait for more than this */
#define MAX_BATCH        256
#define MAX_BATCH_BYTES  (16 * 1024 * 1024)
/* What a write takes besides what it holds */
#define OVERHEAD_BYTES   512

/**
 * StrataWriteQueue:
 *
 * Takes writes at once and carries them out on a thread of its own: what is urgent at
 * once, the rest together with others, so that the waiting for the disk is shared. A
 * write that is reported as done is on disk.
 *
 * To enqueue touches no file and waits for nothing that does. What is enqueued is held
 * in memory, up to a bound in bytes. Beyond it a write is refused: its call completes
 * with %G_IO_ERROR_WOULD_BLOCK, and [method@Strata.WriteQueue.wait_for_room_async] says
 * when to try again. Critical writes are never refused, nor is one that finds the queue
 * empty, however large it is.
 *
 * A member that is set twice before it was written is written once, and so is a session
 * or a collection that is saved twice: whoever asked first is told when the later value
 * is on disk. Elements are never left out.
 *
 * Errors are those of the functions of [class@Strata.Store] that do the same; a write
 * that failed is not tried again. A write can be cancelled until it is taken up.
 *
 * Threads: any. Callbacks come in the main context of the thread that enqueued. The last
 * reference may be dropped on any thread, but waits for what is enqueued unless the
 * queue was closed.
 */

/* A write that waits, and who waits for it */
typedef struct
{
  StrataWrite          *write;
  StrataWritePriority   priority;
  guint64               sequence;
  guint64               first;      /* sequence of the first that it stands for */
  gint64                since_us;
  gsize                 bytes;
  char                 *target;     /* what it sets; NULL: nothing that another could set instead */
  GPtrArray            *tasks;      /* GTask: several where it stands for earlier ones too */
  GList                 link;       /* in the queue */
} Item;

/* Who waits for something else than a write */
typedef struct
{
  GTask    *task;
  guint64   bytes;      /* room for so much */
  guint64   sequence;   /* or for all writes up to this one; 0: for room */
  gboolean  is_refused; /* the queue closed meanwhile */
} Waiter;

typedef struct
{
  StrataIdleFunc  func;
  gpointer        user_data;
  GDestroyNotify  destroy;
} IdleJob;

/* What the object and the thread share. The thread may outlive the object: the last
 * reference to that may be one that the thread itself drops.
 */
typedef struct
{
  /* Set at construction, never changed after */
  StrataStore  *store;
  guint64       max_bytes;

  /* Guarded by @mutex, which nobody holds while touching a file */
  GMutex        mutex;
  GCond         cond;          /* the thread has to look */
  GQueue        items;         /* Item, in order */
  GHashTable   *latest;        /* target → the Item that sets it, as long as another could stand for it */
  GPtrArray    *waiters;       /* Waiter */
  GPtrArray    *idle_jobs;     /* IdleJob */
  GHashTable   *growing;       /* key → when it was appended to last, gint64 */
  GCancellable *idle_cancellable;
  guint64       last_sequence;
  guint64       flush_to;      /* all up to this one at once */
  guint64       under_way;     /* first of those being written; G_MAXUINT64: none */
  guint         n_under_way;
  guint64       bytes_under_way;
  gint64        last_came_us;
  gint64        next_look_us;  /* when the thread looks by itself */
  gboolean      is_closing;
  gboolean      is_closed;
  StrataWriteQueueStatistics statistics;
} Queue;

struct _StrataWriteQueue
{
  GObject   parent_instance;

  Queue    *queue;
  /* Guarded by the queue's mutex */
  GThread  *thread;
};

G_DEFINE_FINAL_TYPE (StrataWriteQueue, strata_write_queue, G_TYPE_OBJECT)

/* Results */

typedef struct
{
  char *key;
  char *name;
} Result;

static void
result_free (gpointer data)
{
  Result *result = data;

  g_free (result->key);
  g_free (result->name);
  g_free (result);
}

static void
item_free (gpointer data)
{
  Item *item = data;

  g_ptr_array_unref (item->tasks);
  g_free (item->target);
  _strata_write_free (item->write);
  g_free (item);
}

static void
waiter_free (gpointer data)
{
  Waiter *waiter = data;

  g_clear_object (&waiter->task);
  g_free (waiter);
}

static void
idle_job_free (gpointer data)
{
  IdleJob *job = data;

  if (job->destroy != NULL)
    job->destroy (job->user_data);
  g_free (job);
}

/* Tells all who wait for a write how it ended. */
static void
complete_item (Item *item)
{
  for (guint i = 0; i < item->tasks->len; i++)
    {
      GTask *task = g_ptr_array_index (item->tasks, i);
      Result *result;

      if (item->write->error != NULL)
        {
          g_task_return_error (task, g_error_copy (item->write->error));
          continue;
        }
      result = g_new0 (Result, 1);
      result->key = g_strdup (item->write->result_key);
      result->name = g_strdup (item->write->result_name);
      g_task_return_pointer (task, result, result_free);
    }
}

/* Coalescing */

/* What a write sets, as one text; %NULL: nothing that another write could set instead */
static char *
make_target (const StrataWrite *write)
{
  switch (write->kind)
    {
    case STRATA_WRITE_SET:
      return g_strdup_printf ("m\n%s\n%s", write->key, write->name);
    case STRATA_WRITE_SAVE:
      return g_strdup_printf ("s\n%s", write->key);
    case STRATA_WRITE_COLLECTION:
      return g_strdup_printf ("c\n%s", write->key);
    case STRATA_WRITE_CREATE:
    case STRATA_WRITE_APPEND:
    case STRATA_WRITE_ATTACH:
    case STRATA_WRITE_SEAL:
    case STRATA_WRITE_DELETE:
    case STRATA_WRITE_DELETE_ITEM:
    case STRATA_WRITE_UNDELETE:
    case STRATA_WRITE_UNDELETE_ITEM:
    default:
      return NULL;
    }
}

static gboolean
is_of_key (gpointer target,
           gpointer item,
           gpointer key)
{
  return g_strcmp0 (((const Item *)item)->write->key, key) == 0;
}

/* A write may depend on what was set before it: then nothing later stands for that.
 * Elements depend on their list only; members do not depend on each other.
 */
static void
keep_what_it_depends_on (Queue             *self,
                         const StrataWrite *write)
{
  g_autofree char *save = NULL;
  g_autofree char *member = NULL;

  if (write->kind == STRATA_WRITE_COLLECTION || (write->kind == STRATA_WRITE_ATTACH && write->key == NULL))
    return;

  if (write->kind != STRATA_WRITE_SET && write->kind != STRATA_WRITE_APPEND)
    {
      g_hash_table_foreach_remove (self->latest, is_of_key, write->key);
      return;
    }

  save = g_strdup_printf ("s\n%s", write->key);
  g_hash_table_remove (self->latest, save);
  if (write->kind == STRATA_WRITE_APPEND)
    {
      g_autofree char *name = g_strndup (write->name, strcspn (write->name, "."));

      member = g_strdup_printf ("m\n%s\n%s", write->key, name);
      g_hash_table_remove (self->latest, member);
    }
}

/* Lets @item stand for @older, which is not written any more. */
static void
supersede (Queue *self,
           Item             *item,
           Item             *older)
{
  g_queue_unlink (&self->items, &older->link);
  self->statistics.bytes -= older->bytes;
  self->statistics.coalesced++;
  item->since_us = MIN (item->since_us, older->since_us);
  item->first = older->first;
  item->priority = MIN (item->priority, older->priority);
  g_ptr_array_extend_and_steal (item->tasks, g_steal_pointer (&older->tasks));
  older->tasks = g_ptr_array_new ();
  item_free (older);
}

/* What can still be cancelled may not stand for anything. */
static void
coalesce (Queue *self,
          Item  *item)
{
  gboolean is_save = item->write->kind == STRATA_WRITE_SAVE;
  Item *older;

  if (!is_save)
    keep_what_it_depends_on (self, item->write);
  if (item->target == NULL)
    return;

  older = g_hash_table_lookup (self->latest, item->target);
  if (older != NULL && item->write->cancellable == NULL)
    {
      g_hash_table_remove (self->latest, item->target);
      supersede (self, item, older);
    }
  /* To save a session depends on nothing, but what comes after it does */
  if (is_save)
    g_hash_table_foreach_remove (self->latest, is_of_key, item->write->key);
  g_hash_table_replace (self->latest, item->target, item);
}

/* Enqueueing */

static gsize
measure (const StrataWrite *write)
{
  return OVERHEAD_BYTES + (write->value != NULL ? g_bytes_get_size (write->value) : 0) +
         (write->attachment != NULL ? _strata_new_attachment_get_size (write->attachment) : 0);
}

static gboolean
has_room (Queue *self,
          guint64           bytes)
{
  return (self->items.length == 0 && self->n_under_way == 0) || self->statistics.bytes + bytes <= self->max_bytes;
}

static void
refuse (Queue *self,
        GTask            *task,
        guint64           bytes)
{
  self->statistics.failed++;
  if (self->is_closing)
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The queue is closed");
  else
    g_task_return_new_error (task, G_IO_ERROR, G_IO_ERROR_WOULD_BLOCK,
                             "The queue holds %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " bytes, and there is no room for %"
                             G_GUINT64_FORMAT " more", self->statistics.bytes, self->max_bytes, bytes);
}

/* When an item is due, if nothing else happens */
static gint64
get_due_us (Queue *self,
            const Item       *item)
{
  if (item->priority == STRATA_WRITE_PRIORITY_LOW)
    return MIN (item->since_us + LOW_US, self->last_came_us + IDLE_US);

  return item->since_us + NORMAL_US;
}

/* Takes a write, unless there is no room. The mutex is held. */
static gboolean
push (Queue               *self,
      StrataWrite         *write,
      StrataWritePriority  priority,
      GTask               *task,
      gsize                bytes)
{
  gint64 now = g_get_monotonic_time ();
  Item *item;

  if (self->is_closing || (priority != STRATA_WRITE_PRIORITY_CRITICAL && !has_room (self, bytes)))
    {
      refuse (self, task, bytes);
      return FALSE;
    }

  item = g_new0 (Item, 1);
  item->write = write;
  item->priority = priority;
  item->sequence = ++self->last_sequence;
  item->first = item->sequence;
  item->since_us = now;
  item->bytes = bytes;
  item->target = make_target (write);
  item->link.data = item;
  item->tasks = g_ptr_array_new_with_free_func (g_object_unref);
  g_ptr_array_add (item->tasks, g_object_ref (task));

  coalesce (self, item);
  g_queue_push_tail_link (&self->items, &item->link);
  self->statistics.bytes += bytes;
  self->last_came_us = now;

  /* It need not be woken for what it finds when it looks anyway */
  if (priority == STRATA_WRITE_PRIORITY_CRITICAL || self->statistics.bytes > self->max_bytes / 2 ||
      get_due_us (self, item) < self->next_look_us)
    g_cond_signal (&self->cond);

  return TRUE;
}

/* Taking */

static gboolean
is_due (Queue *self,
        const Item       *item,
        gint64            now_us)
{
  if (self->is_closing || item->first <= self->flush_to || item->priority == STRATA_WRITE_PRIORITY_CRITICAL ||
      self->statistics.bytes > self->max_bytes / 2)
    return TRUE;
  if (item->priority == STRATA_WRITE_PRIORITY_NORMAL)
    return now_us - item->since_us >= NORMAL_US;

  return now_us - item->since_us >= LOW_US || now_us - self->last_came_us >= IDLE_US;
}

/* What comes along when something is due: all but what can wait. And nothing may be left behind
 * that came before something that is taken of the same session.
 */
static GPtrArray *
choose (Queue *self,
        gint64            now_us)
{
  g_autoptr(GHashTable) last_of_key = g_hash_table_new (g_str_hash, g_str_equal);
  GPtrArray *chosen = g_ptr_array_new ();
  gboolean any_due = FALSE;
  gsize bytes = 0;

  for (GList *link = self->items.head; link != NULL; link = link->next)
    any_due = any_due || is_due (self, link->data, now_us);
  if (!any_due)
    return chosen;

  for (GList *link = self->items.head; link != NULL; link = link->next)
    {
      Item *item = link->data;

      if (is_due (self, item, now_us) || item->priority == STRATA_WRITE_PRIORITY_NORMAL)
        g_hash_table_replace (last_of_key, item->write->key != NULL ? item->write->key : (gpointer)"", item);
    }

  for (GList *link = self->items.head; link != NULL && chosen->len < MAX_BATCH && bytes < MAX_BATCH_BYTES; link = link->next)
    {
      Item *item = link->data;
      const Item *last = g_hash_table_lookup (last_of_key, item->write->key != NULL ? item->write->key : "");

      if (last == NULL || item->sequence > last->sequence)
        continue;
      g_ptr_array_add (chosen, item);
      bytes += item->bytes;
    }

  return chosen;
}

/* Takes what is to be written now out of the queue; the mutex is held.
 *
 * Returns: (transfer full) (element-type Item)
 */
static GPtrArray *
take (Queue *self)
{
  GPtrArray *taken = choose (self, g_get_monotonic_time ());

  g_ptr_array_set_free_func (taken, item_free);
  self->under_way = G_MAXUINT64;
  self->bytes_under_way = 0;
  for (guint i = 0; i < taken->len; i++)
    {
      Item *item = g_ptr_array_index (taken, i);

      g_queue_unlink (&self->items, &item->link);
      if (item->target != NULL && g_hash_table_lookup (self->latest, item->target) == item)
        g_hash_table_remove (self->latest, item->target);
      self->under_way = MIN (self->under_way, item->first);
      self->bytes_under_way += item->bytes;
    }
  self->n_under_way = taken->len;

  return taken;
}

/* Waiting */

static guint64
get_first_sequence (Queue *self)
{
  guint64 first = self->under_way;

  for (GList *link = self->items.head; link != NULL; link = link->next)
    first = MIN (first, ((const Item *)link->data)->first);

  return first;
}

/* Takes those out whose waiting is over. The mutex is held.
 *
 * Returns: (transfer full) (element-type Waiter)
 */
static GPtrArray *
take_waiters (Queue *self)
{
  GPtrArray *over = g_ptr_array_new_with_free_func (waiter_free);
  guint64 first = get_first_sequence (self);

  for (guint i = self->waiters->len; i > 0; i--)
    {
      Waiter *waiter = g_ptr_array_index (self->waiters, i - 1);

      waiter->is_refused = waiter->sequence == 0 && self->is_closing;
      if (waiter->is_refused || g_cancellable_is_cancelled (g_task_get_cancellable (waiter->task)) ||
          (waiter->sequence > 0 ? first > waiter->sequence : has_room (self, waiter->bytes)))
        g_ptr_array_add (over, g_ptr_array_steal_index (self->waiters, i - 1));
    }

  return over;
}

/* Without the mutex: the task may be the last to hold the object. */
static void
tell_waiters (GPtrArray *waiters)
{
  for (guint i = 0; i < waiters->len; i++)
    {
      Waiter *waiter = g_ptr_array_index (waiters, i);

      if (waiter->is_refused)
        g_task_return_new_error (waiter->task, G_IO_ERROR, G_IO_ERROR_CLOSED, "The queue is closed");
      else if (!g_task_return_error_if_cancelled (waiter->task))
        g_task_return_boolean (waiter->task, TRUE);
    }
}

/* The mutex is held, and let go of meanwhile where that is told. */
static gboolean
settle_waiters (Queue *self)
{
  g_autoptr(GPtrArray) over = take_waiters (self);

  if (over->len == 0)
    return FALSE;

  g_mutex_unlock (&self->mutex);
  tell_waiters (over);
  g_clear_pointer (&over, g_ptr_array_unref);
  g_mutex_lock (&self->mutex);

  return TRUE;
}

/* The writer's thread */

static void
note_growth (Queue *self,
             GPtrArray        *items)
{
  gint64 now = g_get_monotonic_time ();

  for (guint i = 0; i < items->len; i++)
    {
      const StrataWrite *write = ((const Item *)g_ptr_array_index (items, i))->write;

      if (write->key == NULL || write->error != NULL)
        continue;
      if (write->kind == STRATA_WRITE_APPEND)
        g_hash_table_replace (self->growing, g_strdup (write->key), g_memdup2 (&now, sizeof now));
      else if (write->kind == STRATA_WRITE_SEAL || write->kind == STRATA_WRITE_DELETE)
        g_hash_table_remove (self->growing, write->key);
    }
}

static void
count_results (Queue *self,
               GPtrArray        *items)
{
  for (guint i = 0; i < items->len; i++)
    {
      const Item *item = g_ptr_array_index (items, i);

      if (item->write->error == NULL)
        self->statistics.written += item->tasks->len;
      else
        self->statistics.failed += item->tasks->len;
    }
}

/* Writes what was taken. The mutex is held, and let go of meanwhile. */
static void
write_batch (Queue *self,
             GPtrArray        *items)
{
  g_autoptr(GPtrArray) writes = g_ptr_array_new ();

  for (guint i = 0; i < items->len; i++)
    g_ptr_array_add (writes, ((Item *)g_ptr_array_index (items, i))->write);
  self->statistics.batches++;
  g_mutex_unlock (&self->mutex);

  _strata_writer_run (_strata_store_get_writer (self->store), writes);

  g_mutex_lock (&self->mutex);
  note_growth (self, items);
  count_results (self, items);
  self->statistics.bytes -= self->bytes_under_way;
  self->bytes_under_way = 0;
  self->n_under_way = 0;
  self->under_way = G_MAXUINT64;
  g_mutex_unlock (&self->mutex);

  for (guint i = 0; i < items->len; i++)
    complete_item (g_ptr_array_index (items, i));
  g_ptr_array_set_size (items, 0);

  g_mutex_lock (&self->mutex);
}

/* Seals sessions that got nothing for a while; @all: whichever grew. The mutex is held. */
static void
seal_quiet (Queue *self,
            gboolean          all)
{
  gint64 now = g_get_monotonic_time ();
  g_autoptr(GPtrArray) writes = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_write_free);
  GHashTableIter iter;
  gpointer key, since;

  g_hash_table_iter_init (&iter, self->growing);
  while (g_hash_table_iter_next (&iter, &key, &since))
    if (all || now - *(const gint64 *)since >= SEAL_US)
      {
        g_ptr_array_add (writes, _strata_write_new (STRATA_WRITE_SEAL, key));
        g_hash_table_iter_remove (&iter);
      }
  if (writes->len == 0)
    return;

  g_mutex_unlock (&self->mutex);
  _strata_writer_run (_strata_store_get_writer (self->store), writes);
  g_mutex_lock (&self->mutex);
  for (guint i = 0; i < writes->len; i++)
    {
      const StrataWrite *write = g_ptr_array_index (writes, i);

      if (write->error != NULL)
        g_info ("A session is sealed later: %s", write->error->message);
    }
}

/* Runs each idle job once, as long as nothing comes. The mutex is held, and let go of meanwhile. */
static void
run_idle_jobs (Queue *self)
{
  guint n = self->idle_jobs->len;

  seal_quiet (self, FALSE);
  for (guint i = 0; i < n && self->idle_jobs->len > 0 && self->items.length == 0 && !self->is_closing; i++)
    {
      IdleJob *job = g_ptr_array_steal_index (self->idle_jobs, 0);
      gboolean more;

      g_mutex_unlock (&self->mutex);
      more = job->func (self->store, self->idle_cancellable, job->user_data);
      if (!more)
        idle_job_free (g_steal_pointer (&job));
      g_mutex_lock (&self->mutex);
      if (job != NULL)
        g_ptr_array_add (self->idle_jobs, job);
    }
}

/* When the thread has to look again, G_MAXINT64: when something comes */
static gint64
get_next_us (Queue *self)
{
  gint64 next = G_MAXINT64;
  GHashTableIter iter;
  gpointer since;

  for (GList *link = self->items.head; link != NULL; link = link->next)
    next = MIN (next, get_due_us (self, link->data));
  if (self->items.length == 0 && self->idle_jobs->len > 0)
    next = MIN (next, self->last_came_us + IDLE_US);

  g_hash_table_iter_init (&iter, self->growing);
  while (g_hash_table_iter_next (&iter, NULL, &since))
    next = MIN (next, *(const gint64 *)since + SEAL_US);

  return next;
}

/* Nothing is due: does what there is time for, or waits. */
static void
be_idle (Queue *self)
{
  gint64 now = g_get_monotonic_time ();
  gint64 next = get_next_us (self);

  if (self->items.length == 0 && now >= self->last_came_us + IDLE_US && next <= now)
    {
      g_cancellable_reset (self->idle_cancellable);
      run_idle_jobs (self);
      self->last_came_us = g_get_monotonic_time ();
      return;
    }

  self->next_look_us = next;
  if (next == G_MAXINT64)
    g_cond_wait (&self->cond, &self->mutex);
  else
    g_cond_wait_until (&self->cond, &self->mutex, next);
  self->next_look_us = G_MININT64;
}

static void
queue_clear (gpointer data)
{
  Queue *self = data;

  g_assert (self->items.length == 0);
  g_hash_table_unref (self->latest);
  g_hash_table_unref (self->growing);
  g_ptr_array_unref (self->waiters);
  g_ptr_array_unref (self->idle_jobs);
  g_object_unref (self->idle_cancellable);
  g_object_unref (self->store);
  g_cond_clear (&self->cond);
  g_mutex_clear (&self->mutex);
}

static gpointer
work (gpointer data)
{
  Queue *self = data;

  g_mutex_lock (&self->mutex);
  while (!self->is_closing || self->items.length > 0)
    {
      g_autoptr(GPtrArray) items = take (self);
      gboolean was_unlocked = items->len > 0;

      if (items->len > 0)
        write_batch (self, items);
      was_unlocked = settle_waiters (self) || was_unlocked;
      /* What came while the mutex was let go of has woken nobody */
      if (!was_unlocked && !self->is_closing)
        be_idle (self);
    }

  seal_quiet (self, TRUE);
  self->is_closed = TRUE;
  settle_waiters (self);
  g_mutex_unlock (&self->mutex);
  g_atomic_rc_box_release_full (self, queue_clear);

  return NULL;
}

static Queue *
queue_new (StrataStore *store,
           guint64      max_bytes)
{
  Queue *self = g_atomic_rc_box_new0 (Queue);

  g_mutex_init (&self->mutex);
  g_cond_init (&self->cond);
  g_queue_init (&self->items);
  self->store = g_object_ref (store);
  self->max_bytes = max_bytes > 0 ? max_bytes : DEFAULT_BYTES;
  self->latest = g_hash_table_new (g_str_hash, g_str_equal);
  self->growing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->waiters = g_ptr_array_new_with_free_func (waiter_free);
  self->idle_jobs = g_ptr_array_new_with_free_func (idle_job_free);
  self->idle_cancellable = g_cancellable_new ();
  self->under_way = G_MAXUINT64;
  self->last_came_us = g_get_monotonic_time ();
  self->next_look_us = G_MININT64;

  return self;
}

/* The object */

/* @write: (transfer full) */
static void
enqueue (StrataWriteQueue     *self,
         StrataWrite          *write,
         StrataWritePriority   priority,
         GCancellable         *cancellable,
         gpointer              source_tag,
         GAsyncReadyCallback   callback,
         gpointer              user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  gsize bytes = measure (write);
  gboolean is_taken;

  g_task_set_source_tag (task, source_tag);
  /* A cancel that comes when it is done must not turn "done" into "cancelled" */
  g_task_set_check_cancellable (task, FALSE);
  write->cancellable = cancellable != NULL ? g_object_ref (cancellable) : NULL;

  g_mutex_lock (&self->queue->mutex);
  is_taken = push (self->queue, write, priority, task, bytes);
  g_mutex_unlock (&self->queue->mutex);

  if (is_taken)
    g_cancellable_cancel (self->queue->idle_cancellable);
  else
    _strata_write_free (write);
}

static void
add_waiter (StrataWriteQueue     *self,
            guint64               bytes,
            gboolean              for_all,
            GCancellable         *cancellable,
            gpointer              source_tag,
            GAsyncReadyCallback   callback,
            gpointer              user_data)
{
  Queue *queue = self->queue;
  Waiter *waiter = g_new0 (Waiter, 1);

  waiter->task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (waiter->task, source_tag);
  g_task_set_check_cancellable (waiter->task, FALSE);
  waiter->bytes = bytes;

  g_mutex_lock (&queue->mutex);
  if (for_all)
    {
      waiter->sequence = MAX (queue->last_sequence, 1);
      queue->flush_to = queue->last_sequence;
    }
  if (!queue->is_closed)
    {
      g_ptr_array_add (queue->waiters, g_steal_pointer (&waiter));
      g_cond_signal (&queue->cond);
    }
  g_mutex_unlock (&queue->mutex);

  if (waiter != NULL)
    {
      g_autoptr(GPtrArray) over = g_ptr_array_new_with_free_func (waiter_free);

      waiter->is_refused = !for_all;
      g_ptr_array_add (over, waiter);
      tell_waiters (over);
    }
}

static void
strata_write_queue_dispose (GObject *object)
{
  strata_write_queue_close (STRATA_WRITE_QUEUE (object));

  G_OBJECT_CLASS (strata_write_queue_parent_class)->dispose (object);
}

static void
strata_write_queue_finalize (GObject *object)
{
  StrataWriteQueue *self = STRATA_WRITE_QUEUE (object);

  if (self->queue != NULL)
    g_atomic_rc_box_release_full (self->queue, queue_clear);

  G_OBJECT_CLASS (strata_write_queue_parent_class)->finalize (object);
}

static void
strata_write_queue_class_init (StrataWriteQueueClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_write_queue_dispose;
  G_OBJECT_CLASS (klass)->finalize = strata_write_queue_finalize;
}

static void
strata_write_queue_init (StrataWriteQueue *self)
{
}

/**
 * strata_write_queue_new:
 * @store: the store to write to
 * @max_bytes: how much may be held in memory, 0: 64 MiB
 *
 * Returns: (transfer full): a queue, with a thread of its own
 */
StrataWriteQueue *
strata_write_queue_new (StrataStore *store,
                        guint64      max_bytes)
{
  StrataWriteQueue *self;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  self = g_object_new (STRATA_TYPE_WRITE_QUEUE, NULL);
  self->queue = queue_new (store, max_bytes);
  self->thread = g_thread_new ("strata-writer", work, g_atomic_rc_box_acquire (self->queue));

  return self;
}

static StrataWrite *
new_write (StrataWriteKind  kind,
           const char      *key,
           const char      *name,
           GBytes          *json)
{
  StrataWrite *write = _strata_write_new (kind, key);

  write->name = g_strdup (name);
  write->value = json != NULL ? g_bytes_ref (json) : NULL;

  return write;
}

/**
 * strata_write_queue_create_session_async:
 * @json: the session, a JSON object
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.create_session].
 */
void
strata_write_queue_create_session_async (StrataWriteQueue     *self,
                                         GBytes               *json,
                                         StrataWritePriority   priority,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (json != NULL);

  enqueue (self, new_write (STRATA_WRITE_CREATE, NULL, NULL, json), priority, cancellable,
           strata_write_queue_create_session_async, callback, user_data);
}

/**
 * strata_write_queue_save_session_async:
 * @key: the session's key
 * @json: the session, a JSON object
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.save_session].
 */
void
strata_write_queue_save_session_async (StrataWriteQueue     *self,
                                       const char           *key,
                                       GBytes               *json,
                                       StrataWritePriority   priority,
                                       GCancellable         *cancellable,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL && json != NULL);

  enqueue (self, new_write (STRATA_WRITE_SAVE, key, NULL, json), priority, cancellable,
           strata_write_queue_save_session_async, callback, user_data);
}

/**
 * strata_write_queue_set_member_async:
 * @key: the session's key
 * @member: the member's name
 * @json: its value, one of JSON
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it, or a later value of the same member, is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.set_member].
 */
void
strata_write_queue_set_member_async (StrataWriteQueue     *self,
                                     const char           *key,
                                     const char           *member,
                                     GBytes               *json,
                                     StrataWritePriority   priority,
                                     GCancellable         *cancellable,
                                     GAsyncReadyCallback   callback,
                                     gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL && member != NULL && json != NULL);

  enqueue (self, new_write (STRATA_WRITE_SET, key, member, json), priority, cancellable,
           strata_write_queue_set_member_async, callback, user_data);
}

/**
 * strata_write_queue_append_async:
 * @key: the session's key
 * @list: `screenshots`, `audioSegments`, `video.chunks` or `contextItems`
 * @json: the element, one value of JSON
 * @attachment: (nullable): what belongs to it
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.append].
 */
void
strata_write_queue_append_async (StrataWriteQueue     *self,
                                 const char           *key,
                                 const char           *list,
                                 GBytes               *json,
                                 StrataNewAttachment  *attachment,
                                 StrataWritePriority   priority,
                                 GCancellable         *cancellable,
                                 GAsyncReadyCallback   callback,
                                 gpointer              user_data)
{
  StrataWrite *write;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL && list != NULL && json != NULL);

  write = new_write (STRATA_WRITE_APPEND, key, list, json);
  write->attachment = attachment != NULL ? strata_new_attachment_ref (attachment) : NULL;
  enqueue (self, write, priority, cancellable, strata_write_queue_append_async, callback, user_data);
}

/**
 * strata_write_queue_add_attachment_async:
 * @key: (nullable): the session's key; %NULL: of none
 * @attachment: what is to be added
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.add_attachment].
 */
void
strata_write_queue_add_attachment_async (StrataWriteQueue     *self,
                                         const char           *key,
                                         StrataNewAttachment  *attachment,
                                         StrataWritePriority   priority,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data)
{
  StrataWrite *write;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (attachment != NULL);

  write = new_write (STRATA_WRITE_ATTACH, key, NULL, NULL);
  write->attachment = strata_new_attachment_ref (attachment);
  enqueue (self, write, priority, cancellable, strata_write_queue_add_attachment_async, callback, user_data);
}

/**
 * strata_write_queue_seal_session_async:
 * @key: the session's key
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.seal_session]. The queue does so by itself when a session got
 * nothing for a minute, and when it is closed.
 */
void
strata_write_queue_seal_session_async (StrataWriteQueue     *self,
                                       const char           *key,
                                       StrataWritePriority   priority,
                                       GCancellable         *cancellable,
                                       GAsyncReadyCallback   callback,
                                       gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL);

  enqueue (self, new_write (STRATA_WRITE_SEAL, key, NULL, NULL), priority, cancellable,
           strata_write_queue_seal_session_async, callback, user_data);
}

/**
 * strata_write_queue_delete_session_async:
 * @key: the session's key
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.delete_session].
 */
void
strata_write_queue_delete_session_async (StrataWriteQueue     *self,
                                         const char           *key,
                                         StrataWritePriority   priority,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL);

  enqueue (self, new_write (STRATA_WRITE_DELETE, key, NULL, NULL), priority, cancellable,
           strata_write_queue_delete_session_async, callback, user_data);
}

/**
 * strata_write_queue_delete_item_async:
 * @key: the session's key
 * @item: the element's id, as text
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.delete_item].
 */
void
strata_write_queue_delete_item_async (StrataWriteQueue     *self,
                                      const char           *key,
                                      const char           *item,
                                      StrataWritePriority   priority,
                                      GCancellable         *cancellable,
                                      GAsyncReadyCallback   callback,
                                      gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (key != NULL && item != NULL);

  enqueue (self, new_write (STRATA_WRITE_DELETE_ITEM, key, item, NULL), priority, cancellable,
           strata_write_queue_delete_item_async, callback, user_data);
}

/**
 * strata_write_queue_undelete_async:
 * @name: a session's key, or an item's name in the trash
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.undelete].
 */
void
strata_write_queue_undelete_async (StrataWriteQueue     *self,
                                   const char           *name,
                                   StrataWritePriority   priority,
                                   GCancellable         *cancellable,
                                   GAsyncReadyCallback   callback,
                                   gpointer              user_data)
{
  StrataWriteKind kind;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (name != NULL);

  kind = _strata_trash_is_item (name) ? STRATA_WRITE_UNDELETE_ITEM : STRATA_WRITE_UNDELETE;
  enqueue (self, new_write (kind, name, NULL, NULL), priority, cancellable,
           strata_write_queue_undelete_async, callback, user_data);
}

/**
 * strata_write_queue_set_collection_async:
 * @name: the key of a collection, or the name of a new one
 * @json: its value, one of JSON
 * @priority: how soon
 * @cancellable: (nullable): a cancellable
 * @callback: called when it, or a later value of the same collection, is on disk
 * @user_data: for @callback
 *
 * See [method@Strata.Store.set_collection].
 */
void
strata_write_queue_set_collection_async (StrataWriteQueue     *self,
                                         const char           *name,
                                         GBytes               *json,
                                         StrataWritePriority   priority,
                                         GCancellable         *cancellable,
                                         GAsyncReadyCallback   callback,
                                         gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (name != NULL && json != NULL);

  enqueue (self, new_write (STRATA_WRITE_COLLECTION, name, NULL, json), priority, cancellable,
           strata_write_queue_set_collection_async, callback, user_data);
}

/**
 * strata_write_queue_write_finish:
 * @result: what the callback of any of these got
 * @out_key: (out) (optional) (transfer full): key of the session or collection that was changed
 * @out_name: (out) (optional) (nullable) (transfer full): the attachment's id, or what was
 *   deleted is called in the trash
 *
 * Returns: whether it is on disk; else @error is set: %G_IO_ERROR_WOULD_BLOCK where there was no
 *   room, %G_IO_ERROR_CLOSED after the queue was closed, %G_IO_ERROR_CANCELLED, or what the
 *   function of [class@Strata.Store] says
 */
gboolean
strata_write_queue_write_finish (StrataWriteQueue  *self,
                                 GAsyncResult      *result,
                                 char             **out_key,
                                 char             **out_name,
                                 GError           **error)
{
  Result *what;

  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  what = g_task_propagate_pointer (G_TASK (result), error);
  if (what == NULL)
    return FALSE;

  if (out_key != NULL)
    *out_key = g_steal_pointer (&what->key);
  if (out_name != NULL)
    *out_name = g_steal_pointer (&what->name);
  result_free (what);

  return TRUE;
}

/**
 * strata_write_queue_wait_for_room_async:
 * @bytes: for how much
 * @cancellable: (nullable): a cancellable, looked at when something was written
 * @callback: called when there is room
 * @user_data: for @callback
 *
 * Waits until the queue would take a write that holds so much. Others may be faster.
 */
void
strata_write_queue_wait_for_room_async (StrataWriteQueue     *self,
                                        guint64               bytes,
                                        GCancellable         *cancellable,
                                        GAsyncReadyCallback   callback,
                                        gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));

  add_waiter (self, bytes + OVERHEAD_BYTES, FALSE, cancellable, strata_write_queue_wait_for_room_async, callback, user_data);
}

/**
 * strata_write_queue_wait_for_room_finish:
 * @result: what the callback got
 *
 * Returns: whether there is room; else @error is set
 */
gboolean
strata_write_queue_wait_for_room_finish (StrataWriteQueue  *self,
                                         GAsyncResult      *result,
                                         GError           **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_write_queue_flush_async:
 * @cancellable: (nullable): a cancellable, looked at when something was written
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Writes all that was enqueued so far, whatever its priority. How each write ended, its
 * own callback tells.
 */
void
strata_write_queue_flush_async (StrataWriteQueue     *self,
                                GCancellable         *cancellable,
                                GAsyncReadyCallback   callback,
                                gpointer              user_data)
{
  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));

  add_waiter (self, 0, TRUE, cancellable, strata_write_queue_flush_async, callback, user_data);
}

/**
 * strata_write_queue_flush_finish:
 * @result: what the callback got
 *
 * Returns: whether all was written, or failed; else @error is set
 */
gboolean
strata_write_queue_flush_finish (StrataWriteQueue  *self,
                                 GAsyncResult      *result,
                                 GError           **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_write_queue_close:
 *
 * Writes all that was enqueued, seals the sessions that were appended to, and ends the
 * thread. What is enqueued after is refused. Waits for the disk: not for the thread that
 * draws a window.
 */
void
strata_write_queue_close (StrataWriteQueue *self)
{
  GThread *thread;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));

  if (self->queue == NULL)
    return;

  g_mutex_lock (&self->queue->mutex);
  self->queue->is_closing = TRUE;
  thread = g_steal_pointer (&self->thread);
  g_cond_signal (&self->queue->cond);
  g_mutex_unlock (&self->queue->mutex);
  g_cancellable_cancel (self->queue->idle_cancellable);

  /* It ends by itself, where it was the one to drop the last reference */
  if (thread != NULL && thread == g_thread_self ())
    g_thread_unref (thread);
  else if (thread != NULL)
    g_thread_join (thread);
}

static void
close_worker (GTask        *task,
              gpointer      source_object,
              gpointer      task_data,
              GCancellable *cancellable)
{
  strata_write_queue_close (STRATA_WRITE_QUEUE (source_object));
  g_task_return_boolean (task, TRUE);
}

/**
 * strata_write_queue_close_async:
 * @callback: called when it is closed
 * @user_data: for @callback
 *
 * Does what [method@Strata.WriteQueue.close] does, on another thread.
 */
void
strata_write_queue_close_async (StrataWriteQueue     *self,
                                GAsyncReadyCallback   callback,
                                gpointer              user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));

  task = g_task_new (self, NULL, callback, user_data);
  g_task_set_source_tag (task, strata_write_queue_close_async);
  g_task_run_in_thread (task, close_worker);
}

/**
 * strata_write_queue_close_finish:
 * @result: what the callback got
 *
 * Returns: %TRUE
 */
gboolean
strata_write_queue_close_finish (StrataWriteQueue  *self,
                                 GAsyncResult      *result,
                                 GError           **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/**
 * strata_write_queue_add_idle_job:
 * @func: (scope notified): what to do
 * @user_data: (closure func): for @func
 * @destroy: (nullable) (destroy user_data): for @user_data
 *
 * Has something done whenever nothing was written for half a second, until it says that
 * there is no more to do, or the queue is closed.
 */
void
strata_write_queue_add_idle_job (StrataWriteQueue *self,
                                 StrataIdleFunc    func,
                                 gpointer          user_data,
                                 GDestroyNotify    destroy)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  IdleJob *job;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (func != NULL);

  job = g_new0 (IdleJob, 1);
  job->func = func;
  job->user_data = user_data;
  job->destroy = destroy;

  locker = g_mutex_locker_new (&self->queue->mutex);
  g_ptr_array_add (self->queue->idle_jobs, job);
  g_cond_signal (&self->queue->cond);
}

/**
 * strata_write_queue_get_statistics:
 * @out_statistics: (out caller-allocates): how things stand
 */
void
strata_write_queue_get_statistics (StrataWriteQueue           *self,
                                   StrataWriteQueueStatistics *out_statistics)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  gint64 oldest = G_MAXINT64;
  Queue *queue;

  g_return_if_fail (STRATA_IS_WRITE_QUEUE (self));
  g_return_if_fail (out_statistics != NULL);

  queue = self->queue;
  locker = g_mutex_locker_new (&queue->mutex);
  *out_statistics = queue->statistics;
  out_statistics->depth = queue->items.length + queue->n_under_way;
  out_statistics->max_bytes = queue->max_bytes;
  for (GList *link = queue->items.head; link != NULL; link = link->next)
    oldest = MIN (oldest, ((const Item *)link->data)->since_us);
  out_statistics->oldest_age_us = oldest < G_MAXINT64 ? g_get_monotonic_time () - oldest : 0;
}

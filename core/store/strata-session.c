/* strata-session.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-cache-private.h"
#include "strata-elements-private.h"
#include "strata-part-read-private.h"
#include "strata-session-private.h"
#include "strata-store-private.h"

/* A session that is changed again and again while a part of it is read */
#define MAX_TRIES 5
/* Prefetching is for one who reads: more threads would take the disk from it */
#define PREFETCH_THREADS 2

/**
 * StrataSession:
 *
 * One session of a store, read bit by bit: first its metadata, with which all
 * counts are known; then parts, in any order.
 *
 * What is read goes through the store's cache. Others may change the session
 * meanwhile. A session object goes on with what it was, as long as the files of
 * that are there; when one is missing, or when it is told to
 * ([method@Strata.Session.refresh]), it looks again, and [signal@Strata.Session::changed]
 * says that it found something new.
 *
 * Threads: any. What opens, loads, refreshes or iterates without `_async` may
 * wait for the disk; nothing else does.
 */
struct _StrataSession
{
  GObject         parent_instance;

  /* Set at construction, never changed after */
  StrataStore    *store;
  char           *key;
  GMainContext   *context;    /* where it says that it changed */

  /* Guarded by @mutex */
  GMutex          mutex;
  StrataSnapshot *snapshot;
};

enum
{
  CHANGED,
  N_SIGNALS
};

static guint signals[N_SIGNALS];

G_DEFINE_FINAL_TYPE (StrataSession, strata_session, G_TYPE_OBJECT)

static void
strata_session_finalize (GObject *object)
{
  StrataSession *self = STRATA_SESSION (object);

  g_clear_pointer (&self->snapshot, _strata_snapshot_unref);
  g_clear_object (&self->store);
  g_clear_pointer (&self->context, g_main_context_unref);
  g_free (self->key);
  g_mutex_clear (&self->mutex);

  G_OBJECT_CLASS (strata_session_parent_class)->finalize (object);
}

static void
strata_session_class_init (StrataSessionClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_session_finalize;

  /**
   * StrataSession::changed:
   *
   * The session was found to be another than before: counts and parts may be new.
   * Emitted in the main context that was the thread's default where the session
   * was opened.
   */
  signals[CHANGED] =
    g_signal_new ("changed", STRATA_TYPE_SESSION, G_SIGNAL_RUN_LAST, 0, NULL, NULL, NULL, G_TYPE_NONE, 0);
}

static void
strata_session_init (StrataSession *self)
{
  g_mutex_init (&self->mutex);
}

/* Opening */

static StrataSession *
open_session (StrataStore   *store,
              const char    *key,
              GMainContext  *context,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autoptr(StrataSession) self = NULL;
  StrataSnapshot *snapshot;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  snapshot = _strata_snapshot_load (store, key, error);
  if (snapshot == NULL)
    return NULL;

  self = g_object_new (STRATA_TYPE_SESSION, NULL);
  self->store = g_object_ref (store);
  self->key = g_strdup (key);
  self->context = context != NULL ? g_main_context_ref (context) : g_main_context_ref_thread_default ();
  self->snapshot = snapshot;

  return g_steal_pointer (&self);
}

/**
 * strata_session_open:
 * @store: where it is
 * @key: the session's key
 * @cancellable: (nullable): to give up
 *
 * Opens a session: reads its metadata, and no part.
 *
 * Returns: (transfer full): the session, or %NULL with @error set:
 *   %STRATA_ERROR_NOT_FOUND, %STRATA_ERROR_CORRUPT, or an error of reading
 */
StrataSession *
strata_session_open (StrataStore   *store,
                     const char    *key,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);
  g_return_val_if_fail (key != NULL, NULL);

  return open_session (store, key, NULL, cancellable, error);
}

static void
open_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  StrataSession *self = open_session (source_object, task_data, g_task_get_context (task), cancellable, &error);

  if (self != NULL)
    g_task_return_pointer (task, self, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_session_open_async:
 * @store: where it is
 * @key: the session's key
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called in the thread's default main context
 *
 * Does what [func@Strata.Session.open] does, in another thread.
 */
void
strata_session_open_async (StrataStore         *store,
                           const char          *key,
                           GCancellable        *cancellable,
                           GAsyncReadyCallback  callback,
                           gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (STRATA_IS_STORE (store));
  g_return_if_fail (key != NULL);

  task = g_task_new (store, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_session_open_async);
  g_task_set_task_data (task, g_strdup (key), g_free);
  g_task_run_in_thread (task, open_worker);
}

/**
 * strata_session_open_finish:
 * @result: as the callback got it
 *
 * Returns: (transfer full): the session, or %NULL with @error set, as
 *   [func@Strata.Session.open] or %G_IO_ERROR_CANCELLED
 */
StrataSession *
strata_session_open_finish (GAsyncResult  *result,
                            GError       **error)
{
  g_return_val_if_fail (G_IS_TASK (result), NULL);
  g_return_val_if_fail (g_async_result_is_tagged (result, strata_session_open_async), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* What it is */

/**
 * strata_session_get_store:
 *
 * Returns: (transfer none): the store it is in
 */
StrataStore *
strata_session_get_store (StrataSession *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);

  return self->store;
}

/**
 * strata_session_get_key:
 *
 * Returns: its unique name in the store
 */
const char *
strata_session_get_key (StrataSession *self)
{
  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);

  return self->key;
}

StrataSnapshot *
_strata_session_dup_snapshot (StrataSession *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return _strata_snapshot_ref (self->snapshot);
}

/**
 * strata_session_dup_metadata:
 *
 * Returns: (transfer full): the small members, one JSON object, tokens as they were
 */
GBytes *
strata_session_dup_metadata (StrataSession *self)
{
  g_autoptr(StrataSnapshot) snapshot = NULL;

  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);

  snapshot = _strata_session_dup_snapshot (self);

  return g_bytes_new (snapshot->manifest->small, strlen (snapshot->manifest->small));
}

static void
add_part_names (GStrvBuilder *names,
                GPtrArray    *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);
      g_autofree char *name = g_strdup_printf ("%s-%03u", part->kind, part->number);

      g_strv_builder_add (names, name);
    }
}

/**
 * strata_session_list_parts:
 *
 * Returns: (transfer full) (array zero-terminated=1): names of its parts, such
 *   as `screenshots-001`, in the order of the session's members; at the end
 *   those of its attachments
 */
char **
strata_session_list_parts (StrataSession *self)
{
  g_autoptr(StrataSnapshot) snapshot = NULL;
  g_autoptr(GStrvBuilder) names = g_strv_builder_new ();

  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);

  snapshot = _strata_session_dup_snapshot (self);
  add_part_names (names, snapshot->manifest->parts);
  add_part_names (names, snapshot->manifest->attachments);

  return g_strv_builder_end (names);
}

/**
 * strata_session_get_n_items:
 * @member: a member that is an array, such as `screenshots`; where names need
 *   more than letters and digits, the first piece of its parts' names
 *
 * Says how many elements a member has, without reading them.
 *
 * Returns: how many; 0 where the session has no such member, or it is no array.
 *   An array of less than 2 KiB may lie in a part that does not say how many
 *   elements it has: then it is 0 too, and they are there when it is loaded.
 */
guint64
strata_session_get_n_items (StrataSession *self,
                            const char    *member)
{
  g_autoptr(StrataSnapshot) snapshot = NULL;
  const StrataPieces *pieces;

  g_return_val_if_fail (STRATA_IS_SESSION (self), 0);
  g_return_val_if_fail (member != NULL, 0);

  snapshot = _strata_session_dup_snapshot (self);
  pieces = _strata_snapshot_find_pieces (snapshot, member);

  return pieces != NULL ? _strata_pieces_get_n_items (pieces) : 0;
}

/* Loading */

typedef struct
{
  StrataSession    *session;
  StrataSnapshot   *snapshot;
  const StrataPart *part;
} PartRequest;

static GBytes *
read_text (gpointer       user_data,
           GCancellable  *cancellable,
           GError       **error)
{
  const PartRequest *request = user_data;

  return _strata_part_read (_strata_store_get_dir (request->session->store), request->snapshot->manifest,
                            request->part, cancellable, error);
}

static GBytes *
make_index (gpointer       user_data,
            GCancellable  *cancellable,
            GError       **error)
{
  return _strata_elements_make_index (user_data, error);
}

/* A part whose digest is right has what was written; that it says so many
 * elements and has others is a flaw of whoever wrote it.
 */
static gboolean
check_count (const StrataPart  *part,
             GBytes            *index,
             GError           **error)
{
  if (!part->is_array || _strata_elements_count (index) == part->items)
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "Part %s-%03u has %u elements, and should have %" G_GUINT64_FORMAT,
               part->kind, part->number, _strata_elements_count (index), part->items);

  return FALSE;
}

/* @first: place of the part's first element in the member */
static StrataElements *
load_part (StrataSession     *self,
           StrataSnapshot    *snapshot,
           const StrataPart  *part,
           guint              skip,
           guint64            first,
           GCancellable      *cancellable,
           GError           **error)
{
  StrataCache *cache = strata_store_get_cache (self->store);
  PartRequest request = { self, snapshot, part };
  g_autoptr(GBytes) text = NULL;
  g_autoptr(GBytes) index = NULL;

  text = _strata_cache_load (cache, STRATA_CACHE_TEXT, &part->raw_digest, read_text, &request, cancellable, error);
  if (text == NULL)
    return NULL;

  index = _strata_cache_load (cache, STRATA_CACHE_INDEX, &part->raw_digest, make_index, text, cancellable, error);
  if (index == NULL || !check_count (part, index, error))
    return NULL;

  return _strata_elements_new (text, index, skip, first + skip);
}

StrataElements *
_strata_session_load_piece (StrataSession       *self,
                            StrataSnapshot      *snapshot,
                            const StrataPieces  *pieces,
                            guint                piece,
                            guint                skip,
                            GCancellable        *cancellable,
                            GError             **error)
{
  if (_strata_pieces_is_in_memory (pieces, piece))
    return _strata_elements_new (pieces->text, pieces->index, skip, pieces->firsts[piece] + skip);

  return load_part (self, snapshot, _strata_snapshot_get_part (snapshot, pieces, piece), skip, pieces->firsts[piece],
                    cancellable, error);
}

StrataElements *
_strata_session_peek_piece (StrataSession      *self,
                            StrataSnapshot     *snapshot,
                            const StrataPieces *pieces,
                            guint               piece)
{
  StrataCache *cache = strata_store_get_cache (self->store);
  const StrataPart *part;
  g_autoptr(GBytes) text = NULL;
  g_autoptr(GBytes) index = NULL;

  if (_strata_pieces_is_in_memory (pieces, piece))
    return _strata_elements_new (pieces->text, pieces->index, 0, pieces->firsts[piece]);

  part = _strata_snapshot_get_part (snapshot, pieces, piece);
  index = _strata_cache_peek (cache, STRATA_CACHE_INDEX, &part->raw_digest);
  if (index == NULL || !check_count (part, index, NULL))
    return NULL;
  text = _strata_cache_peek (cache, STRATA_CACHE_TEXT, &part->raw_digest);

  return text != NULL ? _strata_elements_new (text, index, 0, pieces->firsts[piece]) : NULL;
}

/* Changes */

static gboolean
changed_cb (gpointer user_data)
{
  g_autoptr(StrataSession) self = g_weak_ref_get (user_data);

  if (self != NULL)
    g_signal_emit (self, signals[CHANGED], 0);

  return G_SOURCE_REMOVE;
}

static void
weak_ref_free (gpointer data)
{
  g_weak_ref_clear (data);
  g_free (data);
}

static void
emit_changed (StrataSession *self)
{
  g_autoptr(GSource) source = g_idle_source_new ();
  GWeakRef *weak = g_new0 (GWeakRef, 1);

  g_weak_ref_init (weak, self);
  g_source_set_priority (source, G_PRIORITY_DEFAULT);
  g_source_set_callback (source, changed_cb, weak, weak_ref_free);
  g_source_set_static_name (source, "[strata] session changed");
  g_source_attach (source, self->context);
}

/* Puts what was read in the place of what was known, if it is another.
 *
 * Returns: whether the session is another than @stale now
 */
static gboolean
adopt (StrataSession        *self,
       StrataSnapshot       *fresh,
       const StrataSnapshot *stale)
{
  g_autoptr(StrataSnapshot) dropped = NULL;
  gboolean is_new, changed;

  g_mutex_lock (&self->mutex);
  is_new = !_strata_snapshot_equal (self->snapshot, fresh);
  if (is_new)
    {
      dropped = g_steal_pointer (&self->snapshot);
      self->snapshot = _strata_snapshot_ref (fresh);
    }
  changed = self->snapshot != stale;
  g_mutex_unlock (&self->mutex);

  if (is_new)
    emit_changed (self);

  return changed;
}

/* Looks whether the session is another than @stale by now. */
static gboolean
reread (StrataSession         *self,
        const StrataSnapshot  *stale,
        gboolean              *out_changed,
        GError               **error)
{
  g_autoptr(StrataSnapshot) fresh = _strata_snapshot_load (self->store, self->key, error);

  if (fresh == NULL)
    return FALSE;

  *out_changed = adopt (self, fresh, stale);

  return TRUE;
}

gboolean
_strata_session_try_again (StrataSession         *self,
                           const StrataSnapshot  *stale,
                           guint                  tries,
                           GError                *failure,
                           GError               **error)
{
  g_autoptr(GError) missing = failure;
  gboolean changed;

  if (!g_error_matches (missing, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_propagate_error (error, g_steal_pointer (&missing));
      return FALSE;
    }

  if (!reread (self, stale, &changed, error))
    return FALSE;
  /* Also where it is as it was: changed twice it may have got back what it had, its parts too */
  if (tries + 1 < MAX_TRIES)
    return TRUE;

  if (changed)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_IN_USE,
                 "The session is changed faster than it can be read: %s", missing->message);
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A part of the session is missing: %s", missing->message);

  return FALSE;
}

/**
 * strata_session_refresh:
 * @out_changed: (out) (optional): whether it is another than before
 * @cancellable: (nullable): to give up
 *
 * Looks whether the session was changed, by this process or another. Waits for
 * the disk, a little.
 *
 * Returns: %TRUE; or %FALSE with @error set, as [func@Strata.Session.open], when
 *   the session stays what it was
 */
gboolean
strata_session_refresh (StrataSession  *self,
                        gboolean       *out_changed,
                        GCancellable   *cancellable,
                        GError        **error)
{
  g_autoptr(StrataSnapshot) known = NULL;
  gboolean changed;

  g_return_val_if_fail (STRATA_IS_SESSION (self), FALSE);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return FALSE;

  known = _strata_session_dup_snapshot (self);
  if (!reread (self, known, &changed, error))
    return FALSE;
  if (out_changed != NULL)
    *out_changed = changed;

  return TRUE;
}

static void
refresh_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  gboolean changed;

  if (strata_session_refresh (source_object, &changed, cancellable, &error))
    g_task_return_int (task, changed);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_session_refresh_async:
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called in the thread's default main context
 *
 * Does what [method@Strata.Session.refresh] does, in another thread.
 */
void
strata_session_refresh_async (StrataSession       *self,
                              GCancellable        *cancellable,
                              GAsyncReadyCallback  callback,
                              gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (STRATA_IS_SESSION (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_session_refresh_async);
  g_task_run_in_thread (task, refresh_worker);
}

/**
 * strata_session_refresh_finish:
 * @result: as the callback got it
 * @out_changed: (out) (optional): whether it is another than before
 *
 * Returns: %TRUE, or %FALSE with @error set
 */
gboolean
strata_session_refresh_finish (StrataSession  *self,
                               GAsyncResult   *result,
                               gboolean       *out_changed,
                               GError        **error)
{
  gssize changed;

  g_return_val_if_fail (STRATA_IS_SESSION (self), FALSE);
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  changed = g_task_propagate_int (G_TASK (result), error);
  if (out_changed != NULL)
    *out_changed = changed > 0;

  return changed >= 0;
}

/* Parts by name */

static guint64
count_before (const StrataSnapshot *snapshot,
              const StrataPart     *part)
{
  GPtrArray *arrays[] = { snapshot->manifest->parts, snapshot->manifest->attachments };
  guint64 count = 0;

  for (guint a = 0; a < G_N_ELEMENTS (arrays); a++)
    for (guint i = 0; i < arrays[a]->len; i++)
      {
        const StrataPart *other = g_ptr_array_index (arrays[a], i);

        if (other == part)
          return count;
        if (strcmp (other->kind, part->kind) == 0)
          count += other->items;
      }

  g_return_val_if_reached (0);
}

/**
 * strata_session_load_part:
 * @part: kind and number as in `screenshots-001`
 * @cancellable: (nullable): to give up
 *
 * Loads one part, from the cache or the disk. Where its file is gone because the
 * session was changed, the part of that name which the session has now is loaded.
 *
 * Returns: (transfer full): the part; or %NULL with @error set:
 *   %STRATA_ERROR_NOT_FOUND where there is no such part or no session any more,
 *   %STRATA_ERROR_CORRUPT where it is not what was stored, or an error of reading
 */
StrataElements *
strata_session_load_part (StrataSession  *self,
                          const char     *part,
                          GCancellable   *cancellable,
                          GError        **error)
{
  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);
  g_return_val_if_fail (part != NULL, NULL);

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  for (guint tries = 0; ; tries++)
    {
      g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (self);
      const StrataPart *found = _strata_snapshot_find_part (snapshot, part);
      GError *failure = NULL;
      StrataElements *elements;

      if (found == NULL)
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The session has no part “%s”", part);
          return NULL;
        }

      elements = load_part (self, snapshot, found, 0, count_before (snapshot, found), cancellable, &failure);
      if (elements != NULL || !_strata_session_try_again (self, snapshot, tries, failure, error))
        return elements;
    }
}

static void
load_part_worker (GTask        *task,
                  gpointer      source_object,
                  gpointer      task_data,
                  GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  StrataElements *elements = strata_session_load_part (source_object, task_data, cancellable, &error);

  if (elements != NULL)
    g_task_return_pointer (task, elements, (GDestroyNotify)strata_elements_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_session_load_part_async:
 * @part: kind and number as in `screenshots-001`
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called in the thread's default main context
 *
 * Does what [method@Strata.Session.load_part] does, in another thread.
 */
void
strata_session_load_part_async (StrataSession       *self,
                                const char          *part,
                                GCancellable        *cancellable,
                                GAsyncReadyCallback  callback,
                                gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (STRATA_IS_SESSION (self));
  g_return_if_fail (part != NULL);

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_session_load_part_async);
  g_task_set_task_data (task, g_strdup (part), g_free);
  g_task_run_in_thread (task, load_part_worker);
}

/**
 * strata_session_load_part_finish:
 * @result: as the callback got it
 *
 * Returns: (transfer full): the part, or %NULL with @error set, as
 *   [method@Strata.Session.load_part] or %G_IO_ERROR_CANCELLED
 */
StrataElements *
strata_session_load_part_finish (StrataSession  *self,
                                 GAsyncResult   *result,
                                 GError        **error)
{
  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* Ahead of who reads */

typedef struct
{
  StrataSession    *session;
  StrataSnapshot   *snapshot;
  const StrataPart *part;
  GCancellable     *cancellable;
} Prefetch;

/* What goes wrong is for the one who wants the part to find out. */
static void
prefetch_worker (gpointer data,
                 gpointer user_data)
{
  Prefetch *prefetch = data;
  StrataElements *elements = NULL;

  if (!g_cancellable_is_cancelled (prefetch->cancellable))
    elements = load_part (prefetch->session, prefetch->snapshot, prefetch->part, 0, 0, prefetch->cancellable, NULL);

  g_clear_pointer (&elements, strata_elements_unref);
  g_object_unref (prefetch->cancellable);
  _strata_snapshot_unref (prefetch->snapshot);
  g_object_unref (prefetch->session);
  g_free (prefetch);
}

static GThreadPool *
get_prefetch_pool (void)
{
  static GThreadPool *pool;

  if (g_once_init_enter (&pool))
    g_once_init_leave (&pool, g_thread_pool_new (prefetch_worker, NULL, PREFETCH_THREADS, FALSE, NULL));

  return pool;
}

void
_strata_session_prefetch (StrataSession      *self,
                          StrataSnapshot     *snapshot,
                          const StrataPieces *pieces,
                          guint               piece,
                          GCancellable       *cancellable)
{
  StrataCache *cache = strata_store_get_cache (self->store);
  const StrataPart *part;
  Prefetch *prefetch;

  if (piece >= pieces->n_parts)
    return;

  part = _strata_snapshot_get_part (snapshot, pieces, piece);
  if (!_strata_cache_takes (cache, part->raw_bytes))
    return;

  prefetch = g_new0 (Prefetch, 1);
  prefetch->session = g_object_ref (self);
  prefetch->snapshot = _strata_snapshot_ref (snapshot);
  prefetch->part = part;
  prefetch->cancellable = g_object_ref (cancellable);
  g_thread_pool_push (get_prefetch_pool (), prefetch, NULL);
}

/**
 * strata_session_iterate:
 * @member: a member that lies in parts, such as `screenshots`
 *
 * Returns: (transfer full): an iterator over its parts, at their start
 */
StrataPartIterator *
strata_session_iterate (StrataSession *self,
                        const char    *member)
{
  g_return_val_if_fail (STRATA_IS_SESSION (self), NULL);
  g_return_val_if_fail (member != NULL, NULL);

  return _strata_part_iterator_new (self, member);
}

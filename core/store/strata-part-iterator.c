/* strata-part-iterator.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-session-private.h"

/**
 * StrataPartIterator:
 *
 * Goes through the elements of one member of a session, a part at a time; while
 * the caller has one, the next is read ahead.
 *
 * Its place is a number of elements. Where the session is changed meanwhile, so
 * that it has to go on with what is there now, it goes on at that number: of a
 * member that only grows every element comes once.
 *
 * Threads: any, one at a time.
 */
struct _StrataPartIterator
{
  GObject        parent_instance;

  /* Set at construction, never changed after */
  StrataSession *session;
  char          *member;
  GCancellable  *prefetching;

  /* Atomic */
  int            busy;

  /* Who made it busy */
  guint64        next_item;
  gboolean       gave_value;
};

G_DEFINE_FINAL_TYPE (StrataPartIterator, strata_part_iterator, G_TYPE_OBJECT)

static void
strata_part_iterator_dispose (GObject *object)
{
  StrataPartIterator *self = STRATA_PART_ITERATOR (object);

  g_cancellable_cancel (self->prefetching);

  G_OBJECT_CLASS (strata_part_iterator_parent_class)->dispose (object);
}

static void
strata_part_iterator_finalize (GObject *object)
{
  StrataPartIterator *self = STRATA_PART_ITERATOR (object);

  g_clear_object (&self->session);
  g_clear_object (&self->prefetching);
  g_free (self->member);

  G_OBJECT_CLASS (strata_part_iterator_parent_class)->finalize (object);
}

static void
strata_part_iterator_class_init (StrataPartIteratorClass *klass)
{
  G_OBJECT_CLASS (klass)->dispose = strata_part_iterator_dispose;
  G_OBJECT_CLASS (klass)->finalize = strata_part_iterator_finalize;
}

static void
strata_part_iterator_init (StrataPartIterator *self)
{
  self->prefetching = g_cancellable_new ();
}

StrataPartIterator *
_strata_part_iterator_new (StrataSession *session,
                           const char    *member)
{
  StrataPartIterator *self = g_object_new (STRATA_TYPE_PART_ITERATOR, NULL);

  self->session = g_object_ref (session);
  self->member = g_strdup (member);

  return self;
}

/* Returns: whether there is a piece to go on with */
static gboolean
find_next (StrataPartIterator *self,
           const StrataPieces *pieces,
           guint              *out_piece)
{
  *out_piece = 0;
  if (pieces == NULL)
    return FALSE;
  if (pieces->is_value)
    return !self->gave_value && self->next_item == 0;
  if (self->next_item >= _strata_pieces_get_n_items (pieces))
    return FALSE;

  *out_piece = _strata_pieces_find_piece (pieces, self->next_item);

  return TRUE;
}

static StrataElements *
load_next (StrataPartIterator  *self,
           GCancellable        *cancellable,
           GError             **error)
{
  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return NULL;

  for (guint tries = 0; ; tries++)
    {
      g_autoptr(StrataSnapshot) snapshot = _strata_session_dup_snapshot (self->session);
      const StrataPieces *pieces = _strata_snapshot_find_pieces (snapshot, self->member);
      GError *failure = NULL;
      StrataElements *elements;
      guint piece;

      if (!find_next (self, pieces, &piece))
        return NULL;

      _strata_session_prefetch (self->session, snapshot, pieces, piece + 1, self->prefetching);
      elements = _strata_session_load_piece (self->session, snapshot, pieces, piece,
                                             (guint)(self->next_item - pieces->firsts[piece]), cancellable, &failure);
      if (elements != NULL)
        {
          self->next_item += strata_elements_get_n_elements (elements);
          self->gave_value = TRUE;
          return elements;
        }

      if (!_strata_session_try_again (self->session, snapshot, tries, failure, error))
        return NULL;
    }
}

/* Returns: whether the caller may go on alone */
static gboolean
begin (StrataPartIterator  *self,
       GError             **error)
{
  if (g_atomic_int_compare_and_exchange (&self->busy, FALSE, TRUE))
    return TRUE;

  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PENDING, "The next part is being loaded already");

  return FALSE;
}

/**
 * strata_part_iterator_load_next:
 * @cancellable: (nullable): to give up
 *
 * Loads the next part, from the cache or the disk, and has the one after it read
 * ahead. After an error the same part can be tried again.
 *
 * Returns: (transfer full) (nullable): the part; %NULL without @error after the
 *   last one, or where the session has no such member in parts; %NULL with
 *   @error set as [method@Strata.Session.load_part], or %G_IO_ERROR_PENDING
 *   where another call is under way
 */
StrataElements *
strata_part_iterator_load_next (StrataPartIterator  *self,
                                GCancellable        *cancellable,
                                GError             **error)
{
  StrataElements *elements;

  g_return_val_if_fail (STRATA_IS_PART_ITERATOR (self), NULL);

  if (!begin (self, error))
    return NULL;

  elements = load_next (self, cancellable, error);
  g_atomic_int_set (&self->busy, FALSE);

  return elements;
}

static void
load_next_worker (GTask        *task,
                  gpointer      source_object,
                  gpointer      task_data,
                  GCancellable *cancellable)
{
  StrataPartIterator *self = source_object;
  g_autoptr(GError) error = NULL;
  StrataElements *elements = load_next (self, cancellable, &error);

  g_atomic_int_set (&self->busy, FALSE);
  if (error == NULL)
    g_task_return_pointer (task, elements, (GDestroyNotify)strata_elements_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_part_iterator_load_next_async:
 * @cancellable: (nullable): to give up
 * @callback: (scope async): called in the thread's default main context
 *
 * Does what [method@Strata.PartIterator.load_next] does, in another thread.
 */
void
strata_part_iterator_load_next_async (StrataPartIterator  *self,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;
  GError *error = NULL;

  g_return_if_fail (STRATA_IS_PART_ITERATOR (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_part_iterator_load_next_async);
  /* What was loaded was passed over: it must not get lost in a cancel that comes late */
  g_task_set_check_cancellable (task, FALSE);
  if (begin (self, &error))
    g_task_run_in_thread (task, load_next_worker);
  else
    g_task_return_error (task, error);
}

/**
 * strata_part_iterator_load_next_finish:
 * @result: as the callback got it
 *
 * Returns: (transfer full) (nullable): as [method@Strata.PartIterator.load_next];
 *   where it was cancelled, %G_IO_ERROR_CANCELLED, and nothing was passed over
 */
StrataElements *
strata_part_iterator_load_next_finish (StrataPartIterator  *self,
                                       GAsyncResult        *result,
                                       GError             **error)
{
  g_return_val_if_fail (STRATA_IS_PART_ITERATOR (self), NULL);
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

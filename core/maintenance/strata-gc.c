/* strata-gc.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-gc-private.h"

#define OBJECT_DAYS  7
#define SESSION_DAYS 30

G_DEFINE_BOXED_TYPE (StrataGarbageOptions, strata_garbage_options, strata_garbage_options_copy, strata_garbage_options_free)
G_DEFINE_BOXED_TYPE (StrataGarbage, strata_garbage, strata_garbage_ref, strata_garbage_unref)

/**
 * strata_garbage_options_new:
 *
 * Returns: (transfer full): what is usual: attachments and parts stay in the trash for 7
 *   days, deleted sessions and items for 30
 */
StrataGarbageOptions *
strata_garbage_options_new (void)
{
  StrataGarbageOptions *self = g_new0 (StrataGarbageOptions, 1);

  self->object_days = OBJECT_DAYS;
  self->session_days = SESSION_DAYS;

  return self;
}

StrataGarbageOptions *
strata_garbage_options_copy (const StrataGarbageOptions *self)
{
  return g_memdup2 (self, sizeof *self);
}

void
strata_garbage_options_free (StrataGarbageOptions *self)
{
  g_free (self);
}

StrataGarbage *
strata_garbage_ref (StrataGarbage *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
garbage_clear (StrataGarbage *self)
{
  g_clear_pointer (&self->problems, g_ptr_array_unref);
}

void
strata_garbage_unref (StrataGarbage *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)garbage_clear);
}

StrataGarbage *
_strata_gc_collect (StrataStore                 *store,
                    const StrataGarbageOptions  *options,
                    gint64                       now_s,
                    GCancellable                *cancellable,
                    GError                     **error)
{
  g_autoptr(StrataGarbage) result = g_atomic_rc_box_new0 (StrataGarbage);
  g_autoptr(StrataGcRoots) roots = NULL;
  g_autoptr(StrataGcPlan) plan = NULL;

  result->problems = g_ptr_array_new_with_free_func (g_object_unref);
  roots = _strata_gc_roots_new (store, result->problems);
  plan = _strata_gc_plan_new (store, options, now_s, roots, cancellable, error);
  if (plan == NULL)
    return NULL;

  if (options->dry_run)
    _strata_gc_plan_sum (plan, options->purge, result);
  else if (!_strata_gc_run (plan, store, roots, options->purge, result, cancellable, error))
    return NULL;

  return g_steal_pointer (&result);
}

/**
 * strata_store_collect_garbage:
 * @options: (nullable): how; %NULL: as usual, see [ctor@Strata.GarbageOptions.new]
 * @cancellable: (nullable): a cancellable
 *
 * Finds what nothing in the store needs any more, and clears it away in two steps: attachments
 * that no session, collection or deleted session refers to, and parts that no metadata
 * name, go to the trash; what has been in the trash for long enough is removed for good.
 * Deleted sessions and items are removed after their own time.
 *
 * What is needed is read from the files. Of a session that can't be read everything is
 * needed that the catalog knew last; where that may not be all, no attachment is touched,
 * and `problems` says why.
 *
 * Others may read and write meanwhile, in other processes too: the lock is taken for
 * short times only, and what is put to use again stays or comes back. A run that was
 * interrupted or failed has done a part of it; the next one does the rest.
 *
 * Memory: about 70 bytes for each attachment. Threads: any; waits for the disk.
 *
 * Returns: (transfer full): what was done; or %NULL with @error set:
 *   %STRATA_ERROR_IN_USE: another process kept the lock
 */
StrataGarbage *
strata_store_collect_garbage (StrataStore                 *self,
                              const StrataGarbageOptions  *options,
                              GCancellable                *cancellable,
                              GError                     **error)
{
  g_autoptr(StrataGarbageOptions) usual = strata_garbage_options_new ();

  g_return_val_if_fail (STRATA_IS_STORE (self), NULL);

  return _strata_gc_collect (self, options != NULL ? options : usual, g_get_real_time () / G_USEC_PER_SEC, cancellable, error);
}

static void
collect_worker (GTask        *task,
                gpointer      source_object,
                gpointer      task_data,
                GCancellable *cancellable)
{
  g_autoptr(GError) error = NULL;
  StrataGarbage *result = strata_store_collect_garbage (STRATA_STORE (source_object), task_data, cancellable, &error);

  if (result != NULL)
    g_task_return_pointer (task, result, (GDestroyNotify)strata_garbage_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_store_collect_garbage_async:
 * @options: (nullable): how; %NULL: as usual
 * @cancellable: (nullable): a cancellable
 * @callback: called when it is done
 * @user_data: for @callback
 *
 * Does what [method@Strata.Store.collect_garbage] does, on another thread.
 */
void
strata_store_collect_garbage_async (StrataStore                *self,
                                    const StrataGarbageOptions *options,
                                    GCancellable               *cancellable,
                                    GAsyncReadyCallback         callback,
                                    gpointer                    user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (STRATA_IS_STORE (self));

  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_store_collect_garbage_async);
  /* A cancel that comes when it is done must not turn "done" into "cancelled" */
  g_task_set_check_cancellable (task, FALSE);
  if (options != NULL)
    g_task_set_task_data (task, strata_garbage_options_copy (options), (GDestroyNotify)strata_garbage_options_free);
  g_task_run_in_thread (task, collect_worker);
}

/**
 * strata_store_collect_garbage_finish:
 * @result: what the callback got
 *
 * Returns: (transfer full): what was done; or %NULL with @error set
 */
StrataGarbage *
strata_store_collect_garbage_finish (StrataStore   *self,
                                     GAsyncResult  *result,
                                     GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  return g_task_propagate_pointer (G_TASK (result), error);
}

/* strata-task.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-task-private.h"

typedef struct
{
  StrataTaskFunc func;
} Work;

static void
worker (GTask        *task,
        gpointer      source,
        gpointer      task_data,
        GCancellable *cancellable)
{
  const Work *work = task_data;
  GError *error = NULL;

  if (work->func (source, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, error);
}

void
_strata_task_run (gpointer             self,
                  gpointer             source_tag,
                  StrataTaskFunc       func,
                  GCancellable        *cancellable,
                  GAsyncReadyCallback  callback,
                  gpointer             user_data)
{
  g_autoptr(GTask) task = g_task_new (self, cancellable, callback, user_data);
  /* A pointer to a function has no place in one to data */
  Work *work = g_new0 (Work, 1);

  work->func = func;
  g_task_set_task_data (task, work, g_free);
  g_task_set_source_tag (task, source_tag);
  g_task_set_check_cancellable (task, FALSE);
  g_task_run_in_thread (task, worker);
}

gboolean
_strata_task_finish (gpointer       self,
                     GAsyncResult  *result,
                     GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

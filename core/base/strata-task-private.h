/* strata-task-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* What is to be done: %TRUE, or %FALSE with @error set. Another thread.
 *
 * @self: the object that was asked, kept until it is done
 */
typedef gboolean (*StrataTaskFunc) (gpointer       self,
                                    GCancellable  *cancellable,
                                    GError       **error);

/* Does @func in a thread, and calls @callback in the caller's main context. A cancel that
 * comes when @func is done does not turn "done" into "cancelled": only @func says what it was.
 *
 * @self: (type GObject): kept until @callback was called
 * @source_tag: the function that was called
 */
void     _strata_task_run    (gpointer              self,
                              gpointer              source_tag,
                              StrataTaskFunc        func,
                              GCancellable         *cancellable,
                              GAsyncReadyCallback   callback,
                              gpointer              user_data);

/* Returns: what the task's function returned; %FALSE with @error set, as that did */
gboolean _strata_task_finish (gpointer              self,
                              GAsyncResult         *result,
                              GError              **error);

G_END_DECLS

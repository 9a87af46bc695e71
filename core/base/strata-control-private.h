/* strata-control-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-control.h"

G_BEGIN_DECLS

/* StrataControl lets other processes of the same user steer a job that this one does
 * in a store, `migration` or `compression`: a socket in the store's folder, 0600, named
 * after the job, to which one command is sent and which answers how the job is after
 * that. It needs no bus, so it works where nobody is logged in.
 *
 * A store on a file system that has no sockets goes without.
 */
typedef struct _StrataControl StrataControl;

/* Does what @command asks for, and tells how the job is after that; called on a thread of
 * the control's own, one call at a time. `status`, which every job knows, only tells.
 *
 * Returns: (transfer full): one JSON object, less than 4 KiB, that has at least `state`;
 *   or %NULL with @error set, where the job does not know the command, or can't do it now
 */
typedef char *(*StrataControlFunc) (const char  *command,
                                    gpointer     user_data,
                                    GError     **error);

/* Begins to answer. A socket of that name that is there is taken for that of a process
 * that died, so the caller must hold the lock that says that the job is its own.
 *
 * @dir: the store's folder, which must stay open
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataControl *_strata_control_listen (int                 dir,
                                       const char         *job,
                                       StrataControlFunc   func,
                                       gpointer            user_data,
                                       GError            **error);
/* Waits until nobody is being answered, at most a second. */
void           _strata_control_free   (StrataControl      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataControl, _strata_control_free)

G_END_DECLS

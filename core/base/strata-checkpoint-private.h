/* strata-checkpoint-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Where long work may be held up: whoever reads much calls _strata_checkpoint() for
 * every block, and a thread that wants to be held up there (a migration that is
 * paused) has said which function is to be called. It takes as long as it likes.
 * Streams need not know who it is that reads them, nor why it stops.
 *
 * Threads: each has its own; one that has set none is never held up.
 */
typedef void (*StrataCheckpointFunc) (gsize    bytes,
                                      gpointer user_data);

/* @func: (nullable): %NULL: none from now on */
void _strata_checkpoint_set (StrataCheckpointFunc  func,
                             gpointer              user_data);

/* Between the two this thread is not held up: for what must be read in one go, or with a lock held. They nest. */
void _strata_checkpoint_defer (void);
void _strata_checkpoint_allow (void);

/* @bytes: read since the last time. Not to be called with a lock held that others wait for. */
void _strata_checkpoint     (gsize                 bytes);

G_END_DECLS

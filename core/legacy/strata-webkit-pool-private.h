/* strata-webkit-pool-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-byte-window-private.h"

G_BEGIN_DECLS

/* StrataWebkitPool numbers what a serialized value may refer to a second time:
 * its strings, or its objects. It knows where in the value each stands.
 *
 * How many were *met so far* decides how wide a number is written. Who goes
 * back to read a part of the value again goes back to that count too, and meets
 * the same ones at the same places.
 *
 * Memory: about two bytes for each. Threads: one at a time.
 */
typedef struct _StrataWebkitPool StrataWebkitPool;

StrataWebkitPool *_strata_webkit_pool_new         (void);
void              _strata_webkit_pool_free        (StrataWebkitPool  *self);
void              _strata_webkit_pool_clear       (StrataWebkitPool  *self);

guint32           _strata_webkit_pool_get_met     (StrataWebkitPool  *self);
void              _strata_webkit_pool_set_met     (StrataWebkitPool  *self,
                                                   guint32            n);

/* One is met at @offset, for the first time or again. */
gboolean          _strata_webkit_pool_meet        (StrataWebkitPool  *self,
                                                   guint64            offset,
                                                   GError           **error);
/* One that can't be read again from its place. */
gboolean          _strata_webkit_pool_meet_marked (StrataWebkitPool  *self,
                                                   guint64            offset,
                                                   GError           **error);
gboolean          _strata_webkit_pool_is_marked   (StrataWebkitPool  *self,
                                                   guint32            index);

/* Reads the number of one that was met. */
gboolean          _strata_webkit_pool_read_index  (StrataWebkitPool  *self,
                                                   StrataByteWindow  *window,
                                                   guint32           *out_index,
                                                   GCancellable      *cancellable,
                                                   GError           **error);
guint64           _strata_webkit_pool_get_offset  (StrataWebkitPool  *self,
                                                   guint32            index);
/* How many of those ever met stand before @offset. */
guint32           _strata_webkit_pool_count_below (StrataWebkitPool  *self,
                                                   guint64            offset);
gsize             _strata_webkit_pool_get_memory  (StrataWebkitPool  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWebkitPool, _strata_webkit_pool_free)

G_END_DECLS

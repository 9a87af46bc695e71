/* strata-write-queue.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-new-attachment.h"
#include "strata-store.h"

G_BEGIN_DECLS

/**
 * StrataWritePriority:
 * @STRATA_WRITE_PRIORITY_CRITICAL: at once
 * @STRATA_WRITE_PRIORITY_NORMAL: within 100 ms, together with what else comes meanwhile
 * @STRATA_WRITE_PRIORITY_LOW: when nothing else came for half a second; after 30 s in any case
 *
 * How long a write may wait. Writes to one session keep their order: what came before
 * is written before, whatever its priority.
 */
typedef enum
{
  STRATA_WRITE_PRIORITY_CRITICAL,
  STRATA_WRITE_PRIORITY_NORMAL,
  STRATA_WRITE_PRIORITY_LOW,
} StrataWritePriority;

/**
 * StrataWriteQueueStatistics:
 * @depth: writes that wait or are under way
 * @bytes: what they hold in memory
 * @max_bytes: the bound of that
 * @batches: how often the writer went to the disk
 * @written: writes that are on disk
 * @failed: writes that failed, those that were refused or cancelled included
 * @coalesced: writes that a later one to the same member or value made unnecessary
 * @oldest_age_us: how long the one that waits longest has waited, in microseconds; 0: none waits
 */
typedef struct
{
  guint   depth;
  guint64 bytes;
  guint64 max_bytes;
  guint64 batches;
  guint64 written;
  guint64 failed;
  guint64 coalesced;
  gint64  oldest_age_us;
} StrataWriteQueueStatistics;

/**
 * StrataIdleFunc:
 * @store: the queue's store
 * @cancellable: is cancelled as soon as there is something to write
 * @user_data: what was given with it
 *
 * A piece of work for times when nothing is to be written. Runs on the writer's thread.
 *
 * Returns: whether there is more to do: then it is called again
 */
typedef gboolean (*StrataIdleFunc) (StrataStore  *store,
                                    GCancellable *cancellable,
                                    gpointer      user_data);

#define STRATA_TYPE_WRITE_QUEUE (strata_write_queue_get_type ())

G_DECLARE_FINAL_TYPE (StrataWriteQueue, strata_write_queue, STRATA, WRITE_QUEUE, GObject)

StrataWriteQueue *strata_write_queue_new                    (StrataStore          *store,
                                                             guint64               max_bytes);

void              strata_write_queue_create_session_async   (StrataWriteQueue     *self,
                                                             GBytes               *json,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_save_session_async     (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             GBytes               *json,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_set_member_async       (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             const char           *member,
                                                             GBytes               *json,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_append_async           (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             const char           *list,
                                                             GBytes               *json,
                                                             StrataNewAttachment  *attachment,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_add_attachment_async   (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             StrataNewAttachment  *attachment,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_seal_session_async     (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_delete_session_async   (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_delete_item_async      (StrataWriteQueue     *self,
                                                             const char           *key,
                                                             const char           *item,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_undelete_async         (StrataWriteQueue     *self,
                                                             const char           *name,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
void              strata_write_queue_set_collection_async   (StrataWriteQueue     *self,
                                                             const char           *name,
                                                             GBytes               *json,
                                                             StrataWritePriority   priority,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
gboolean          strata_write_queue_write_finish           (StrataWriteQueue     *self,
                                                             GAsyncResult         *result,
                                                             char                **out_key,
                                                             char                **out_name,
                                                             GError              **error);

void              strata_write_queue_wait_for_room_async    (StrataWriteQueue     *self,
                                                             guint64               bytes,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
gboolean          strata_write_queue_wait_for_room_finish   (StrataWriteQueue     *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);
void              strata_write_queue_flush_async            (StrataWriteQueue     *self,
                                                             GCancellable         *cancellable,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
gboolean          strata_write_queue_flush_finish           (StrataWriteQueue     *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);
void              strata_write_queue_close                  (StrataWriteQueue     *self);
void              strata_write_queue_close_async            (StrataWriteQueue     *self,
                                                             GAsyncReadyCallback   callback,
                                                             gpointer              user_data);
gboolean          strata_write_queue_close_finish           (StrataWriteQueue     *self,
                                                             GAsyncResult         *result,
                                                             GError              **error);

void              strata_write_queue_add_idle_job           (StrataWriteQueue     *self,
                                                             StrataIdleFunc        func,
                                                             gpointer              user_data,
                                                             GDestroyNotify        destroy);
void              strata_write_queue_get_statistics         (StrataWriteQueue     *self,
                                                             StrataWriteQueueStatistics *out_statistics);

G_END_DECLS

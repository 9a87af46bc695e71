/* strata-migration.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/**
 * StrataMigrationCounts:
 * @sessions_migrated: sessions that were new or changed
 * @sessions_unchanged: sessions that were in the store already, as they are
 * @sessions_recovered: how many of the migrated only an older candidate had
 * @sessions_failed: entries that could not be carried, or came back wrong
 * @attachments_stored: uses of attachments whose bytes are in the store
 * @attachments_deduplicated: how many of these had bytes that were there already
 * @attachments_missing: uses of attachments the old store has no bytes for
 * @attachments_failed: attachments whose text can't be decoded
 * @bytes_original: live collections, attachments and videos of the old store
 * @bytes_stored: files of the store, databases included
 * @bytes_on_disk: blocks the store takes, as `du` counts them
 * @seconds_total: the run and its verification
 * @seconds_verify: the verification
 *
 * What a migration did.
 */
typedef struct
{
  guint64 sessions_migrated;
  guint64 sessions_unchanged;
  guint64 sessions_recovered;
  guint64 sessions_failed;
  guint64 attachments_stored;
  guint64 attachments_deduplicated;
  guint64 attachments_missing;
  guint64 attachments_failed;
  guint64 bytes_original;
  guint64 bytes_stored;
  guint64 bytes_on_disk;
  double  seconds_total;
  double  seconds_verify;
} StrataMigrationCounts;

/**
 * StrataMigrationProgress:
 * @state: `planned`, `running`, `paused`, `verifying`, `complete`, `cancelled` or `failed`
 * @step: what is being done: `planning`, `copying`, `verifying`
 * @reason: (nullable): why it is paused, or what does not come back when it is
 *   stalled; see [property@Strata.Migration:reason]
 * @items: sessions done in this step
 * @items_total: of so many, 0 while not known
 * @bytes: of the old store read in this step
 * @bytes_total: of so many
 * @fraction: how much of everything is done, 0 to 1
 * @elapsed: seconds since this run began
 * @remaining: seconds it will take, reading back included, -1 while that can't be said
 *
 * Where a migration is.
 */
typedef struct
{
  const char *state;
  const char *step;
  const char *reason;
  guint64     items;
  guint64     items_total;
  guint64     bytes;
  guint64     bytes_total;
  double      fraction;
  double      elapsed;
  double      remaining;
} StrataMigrationProgress;

/**
 * STRATA_COMPRESSION_LEVEL:
 *
 * The level of gzip that is used unless another one is asked for.
 */
#define STRATA_COMPRESSION_LEVEL 6

#define STRATA_TYPE_MIGRATION (strata_migration_get_type ())

G_DECLARE_FINAL_TYPE (StrataMigration, strata_migration, STRATA, MIGRATION, GObject)

StrataMigration *strata_migration_new            (const char               *store_path,
                                                  const char               *legacy_path);
StrataMigration *strata_migration_new_again      (const char               *store_path,
                                                  GError                  **error);
void             strata_migration_set_batch_size (StrataMigration          *self,
                                                  guint                     sessions);
void             strata_migration_set_attachments_path
                                                   (StrataMigration          *self,
                                                    const char               *path);
void             strata_migration_set_source       (StrataMigration          *self,
                                                    const char               *source);
void             strata_migration_set_recover    (StrataMigration          *self,
                                                  gboolean                  recover);
void             strata_migration_set_refer      (StrataMigration          *self,
                                                  gboolean                  refer);
void             strata_migration_set_items      (StrataMigration          *self,
                                                  const char *const        *items);
void             strata_migration_set_compression (StrataMigration         *self,
                                                  int                       level);
void             strata_migration_set_sessions_expected
                                                 (StrataMigration          *self,
                                                  guint64                   sessions);

void             strata_migration_watch_power    (StrataMigration          *self,
                                                  GPowerProfileMonitor     *monitor);
void             strata_migration_watch_memory   (StrataMigration          *self,
                                                  GMemoryMonitor           *monitor);
void             strata_migration_watch_battery  (StrataMigration          *self,
                                                  gboolean                  watch);
void             strata_migration_watch_input    (StrataMigration          *self,
                                                  gboolean                  watch);
void             strata_migration_set_min_free   (StrataMigration          *self,
                                                  guint64                   bytes);

gboolean         strata_migration_run            (StrataMigration          *self,
                                                  GCancellable             *cancellable,
                                                  GError                  **error);
void             strata_migration_run_async      (StrataMigration          *self,
                                                  GCancellable             *cancellable,
                                                  GAsyncReadyCallback       callback,
                                                  gpointer                  user_data);
gboolean         strata_migration_run_finish     (StrataMigration          *self,
                                                  GAsyncResult             *result,
                                                  GError                  **error);
gboolean         strata_migration_pause          (StrataMigration          *self);
gboolean         strata_migration_resume         (StrataMigration          *self);
gboolean         strata_migration_cancel         (StrataMigration          *self,
                                                  gboolean                  keep);

const char      *strata_migration_get_state      (StrataMigration          *self);
void             strata_migration_get_progress   (StrataMigration          *self,
                                                  StrataMigrationProgress  *out_progress);
void             strata_migration_get_counts     (StrataMigration          *self,
                                                  StrataMigrationCounts    *out_counts);
GPtrArray       *strata_migration_dup_problems   (StrataMigration          *self);
GListModel      *strata_migration_get_problem_list (StrataMigration        *self);

gboolean         strata_migration_abandon        (const char               *store_path,
                                                  gboolean                  keep,
                                                  GError                  **error);
gboolean         strata_migration_look_for_news  (const char               *store_path,
                                                  gboolean                 *out_has_news,
                                                  GCancellable             *cancellable,
                                                  GError                  **error);
void             strata_migration_look_for_news_async
                                                 (const char               *store_path,
                                                  GCancellable             *cancellable,
                                                  GAsyncReadyCallback       callback,
                                                  gpointer                  user_data);
gboolean         strata_migration_look_for_news_finish
                                                 (GAsyncResult             *result,
                                                  gboolean                 *out_has_news,
                                                  GError                  **error);
gboolean         strata_migration_find_holder    (const char               *store_path,
                                                  gint64                   *out_pid);

G_END_DECLS

/* strata-rollback.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-problem.h"
#include "store/strata-store.h"

G_BEGIN_DECLS

/**
 * STRATA_RETENTION_DAYS:
 *
 * How long an old store is kept after its migration unless something else is asked for.
 */
#define STRATA_RETENTION_DAYS 30

/**
 * StrataRollbackOutcome:
 * @STRATA_ROLLBACK_UNKNOWN: nobody has looked yet
 * @STRATA_ROLLBACK_IDENTICAL: the old stores are, byte for byte, what was migrated
 * @STRATA_ROLLBACK_CHANGED: Taskerino has changed them since; what was migrated can be exported
 * @STRATA_ROLLBACK_DAMAGED: something in them is ruined; what there are copies of can be put back
 *
 * What the old stores are now.
 */
typedef enum
{
  STRATA_ROLLBACK_UNKNOWN,
  STRATA_ROLLBACK_IDENTICAL,
  STRATA_ROLLBACK_CHANGED,
  STRATA_ROLLBACK_DAMAGED,
} StrataRollbackOutcome;

/**
 * StrataRollbackSummary:
 * @outcome: what the old stores are now
 * @files: files of theirs that were compared
 * @files_identical: those that are what they were
 * @files_changed: those that Taskerino wrote since
 * @files_gone: those that it removed
 * @files_added: new ones
 * @files_damaged: those that are ruined, or missing although something needs them
 * @files_restored: damaged ones that were put back
 * @sessions_own: sessions that were added or changed in Strata, to be exported
 * @collections_own: the same of collections
 * @sessions_deleted: sessions that were deleted in Strata and are in an old store still
 *
 * What a rollback finds, or did.
 */
typedef struct
{
  StrataRollbackOutcome outcome;
  guint64               files;
  guint64               files_identical;
  guint64               files_changed;
  guint64               files_gone;
  guint64               files_added;
  guint64               files_damaged;
  guint64               files_restored;
  guint64               sessions_own;
  guint64               collections_own;
  guint64               sessions_deleted;
} StrataRollbackSummary;

#define STRATA_TYPE_ROLLBACK (strata_rollback_get_type ())

G_DECLARE_FINAL_TYPE (StrataRollback, strata_rollback, STRATA, ROLLBACK, GObject)

StrataRollback *strata_rollback_new             (const char             *store_path);
void            strata_rollback_set_export_path (StrataRollback         *self,
                                                 const char             *path);
void            strata_rollback_set_restore     (StrataRollback         *self,
                                                 gboolean                restore);

gboolean        strata_rollback_check           (StrataRollback         *self,
                                                 GCancellable           *cancellable,
                                                 GError                **error);
void            strata_rollback_check_async     (StrataRollback         *self,
                                                 GCancellable           *cancellable,
                                                 GAsyncReadyCallback     callback,
                                                 gpointer                user_data);
gboolean        strata_rollback_check_finish    (StrataRollback         *self,
                                                 GAsyncResult           *result,
                                                 GError                **error);
gboolean        strata_rollback_run             (StrataRollback         *self,
                                                 GCancellable           *cancellable,
                                                 GError                **error);
void            strata_rollback_run_async       (StrataRollback         *self,
                                                 GCancellable           *cancellable,
                                                 GAsyncReadyCallback     callback,
                                                 gpointer                user_data);
gboolean        strata_rollback_run_finish      (StrataRollback         *self,
                                                 GAsyncResult           *result,
                                                 GError                **error);

const char     *strata_rollback_get_step        (StrataRollback         *self);
double          strata_rollback_get_fraction    (StrataRollback         *self);
gboolean        strata_rollback_needs_export    (StrataRollback         *self);
void            strata_rollback_get_summary     (StrataRollback         *self,
                                                 StrataRollbackSummary  *out_summary);
GPtrArray      *strata_rollback_dup_problems    (StrataRollback         *self);
char           *strata_rollback_dup_exported    (StrataRollback         *self);
char           *strata_rollback_dup_trash       (StrataRollback         *self);

gboolean        strata_rollback_undo            (const char             *store_path,
                                                 GError                **error);
char           *strata_rollback_dup_trash_path  (const char             *store_path);
gboolean        strata_rollback_purge           (const char             *store_path,
                                                 GError                **error);
gboolean        strata_rollback_get_left        (StrataStore            *store,
                                                 guint                   retention_days,
                                                 gboolean               *out_available,
                                                 gint                   *out_days_left,
                                                 GError                **error);
gboolean        strata_rollback_get_begun       (StrataStore            *store,
                                                 gboolean               *out_begun,
                                                 GError                **error);

const char     *strata_rollback_outcome_get_name (StrataRollbackOutcome  outcome);

G_END_DECLS

/* strata-app-migration.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-app-store.h"

G_BEGIN_DECLS

/**
 * StrataAppMigrationState:
 * @STRATA_APP_MIGRATION_NONE: none was started
 * @STRATA_APP_MIGRATION_RUNNING: it runs
 * @STRATA_APP_MIGRATION_PAUSING: it was told to pause, and finishes what it has in hand
 * @STRATA_APP_MIGRATION_PAUSED: it goes on when told to
 * @STRATA_APP_MIGRATION_CANCELLING: it was told to stop for good
 * @STRATA_APP_MIGRATION_FINISHING: everything is there and compared; the search index is made
 * @STRATA_APP_MIGRATION_CANCELLED: it was stopped
 * @STRATA_APP_MIGRATION_COMPLETE: everything is there, read back and compared
 * @STRATA_APP_MIGRATION_FAILED: it could not go on; the message says why
 */
typedef enum
{
  STRATA_APP_MIGRATION_NONE,
  STRATA_APP_MIGRATION_RUNNING,
  STRATA_APP_MIGRATION_PAUSING,
  STRATA_APP_MIGRATION_PAUSED,
  STRATA_APP_MIGRATION_CANCELLING,
  STRATA_APP_MIGRATION_FINISHING,
  STRATA_APP_MIGRATION_CANCELLED,
  STRATA_APP_MIGRATION_COMPLETE,
  STRATA_APP_MIGRATION_FAILED,
} StrataAppMigrationState;

#define STRATA_TYPE_APP_MIGRATION_STATE (strata_app_migration_state_get_type ())
#define STRATA_TYPE_APP_MIGRATION       (strata_app_migration_get_type ())

G_DECLARE_FINAL_TYPE (StrataAppMigration, strata_app_migration, STRATA, APP_MIGRATION, GObject)

GType                    strata_app_migration_state_get_type (void);

StrataAppMigration      *strata_app_migration_new             (StrataAppStore        *store);

void                     strata_app_migration_start           (StrataAppMigration    *self,
                                                               const char            *legacy_path);
void                     strata_app_migration_follow          (StrataAppMigration    *self);
void                     strata_app_migration_pause           (StrataAppMigration    *self);
void                     strata_app_migration_resume          (StrataAppMigration    *self);
void                     strata_app_migration_cancel          (StrataAppMigration    *self,
                                                               gboolean               keep);
void                     strata_app_migration_leave           (StrataAppMigration    *self);
void                     strata_app_migration_forget          (StrataAppMigration    *self);

StrataAppMigrationState  strata_app_migration_get_state       (StrataAppMigration    *self);
gboolean                 strata_app_migration_get_busy        (StrataAppMigration    *self);
gboolean                 strata_app_migration_get_under_way   (StrataAppMigration    *self);
gboolean                 strata_app_migration_get_discarded   (StrataAppMigration    *self);
void                     strata_app_migration_set_keeps_awake (StrataAppMigration    *self,
                                                               gboolean               keeps_awake);
const char              *strata_app_migration_get_legacy_path (StrataAppMigration    *self);
const char              *strata_app_migration_get_message     (StrataAppMigration    *self);
const char              *strata_app_migration_get_wait_text   (StrataAppMigration    *self);
GListModel              *strata_app_migration_get_problems    (StrataAppMigration    *self);
double                   strata_app_migration_get_fraction    (StrataAppMigration    *self);
double                   strata_app_migration_get_speed       (StrataAppMigration    *self);
void                     strata_app_migration_get_counts      (StrataAppMigration    *self,
                                                               StrataMigrationCounts *out_counts);

G_END_DECLS

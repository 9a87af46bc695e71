/* strata-migration-state-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The states of a migration and the ways between them. `store.json` and the journal
 * have them by name; a process that died leaves one, and the next one goes on from there.
 */
typedef enum
{
  STRATA_MIGRATION_PLANNED,    /* nothing was done yet */
  STRATA_MIGRATION_RUNNING,    /* it looks around, reads and writes */
  STRATA_MIGRATION_PAUSED,     /* what is complete is kept; it goes on where it was */
  STRATA_MIGRATION_VERIFYING,  /* everything is read back */
  STRATA_MIGRATION_COMPLETE,
  STRATA_MIGRATION_CANCELLED,  /* it was given up; what is there is whole, but not all */
  STRATA_MIGRATION_FAILED,     /* what is there is not to be trusted */
  STRATA_MIGRATION_N_STATES,
} StrataMigrationState;

const char *_strata_migration_state_get_name  (StrataMigrationState  state);
/* Names of newer versions are unknown: FALSE */
gboolean    _strata_migration_state_from_name (const char           *name,
                                               StrataMigrationState *out_state);
/* Whether a migration may go from one state to the other at once. */
gboolean    _strata_migration_state_may_go    (StrataMigrationState  from,
                                               StrataMigrationState  to);

G_END_DECLS

/* strata-migration-state.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-migration-state-private.h"

static const char *const names[] = {
  [STRATA_MIGRATION_PLANNED] = "planned",
  [STRATA_MIGRATION_RUNNING] = "running",
  [STRATA_MIGRATION_PAUSED] = "paused",
  [STRATA_MIGRATION_VERIFYING] = "verifying",
  [STRATA_MIGRATION_COMPLETE] = "complete",
  [STRATA_MIGRATION_CANCELLED] = "cancelled",
  [STRATA_MIGRATION_FAILED] = "failed",
};

G_STATIC_ASSERT (G_N_ELEMENTS (names) == STRATA_MIGRATION_N_STATES);

/* All ways there are. A pause ends where it began; what has ended begins again by running; what could not
 * begin is as before.
 */
static const struct
{
  StrataMigrationState from;
  StrataMigrationState to;
} edges[] = {
  { STRATA_MIGRATION_PLANNED, STRATA_MIGRATION_RUNNING },
  { STRATA_MIGRATION_RUNNING, STRATA_MIGRATION_PLANNED },
  { STRATA_MIGRATION_RUNNING, STRATA_MIGRATION_PAUSED },
  { STRATA_MIGRATION_RUNNING, STRATA_MIGRATION_VERIFYING },
  { STRATA_MIGRATION_RUNNING, STRATA_MIGRATION_CANCELLED },
  { STRATA_MIGRATION_RUNNING, STRATA_MIGRATION_FAILED },
  { STRATA_MIGRATION_PAUSED, STRATA_MIGRATION_RUNNING },
  { STRATA_MIGRATION_PAUSED, STRATA_MIGRATION_VERIFYING },
  { STRATA_MIGRATION_PAUSED, STRATA_MIGRATION_CANCELLED },
  { STRATA_MIGRATION_PAUSED, STRATA_MIGRATION_FAILED },
  { STRATA_MIGRATION_VERIFYING, STRATA_MIGRATION_PAUSED },
  { STRATA_MIGRATION_VERIFYING, STRATA_MIGRATION_COMPLETE },
  { STRATA_MIGRATION_VERIFYING, STRATA_MIGRATION_CANCELLED },
  { STRATA_MIGRATION_VERIFYING, STRATA_MIGRATION_FAILED },
  { STRATA_MIGRATION_COMPLETE, STRATA_MIGRATION_RUNNING },
  { STRATA_MIGRATION_CANCELLED, STRATA_MIGRATION_RUNNING },
  { STRATA_MIGRATION_FAILED, STRATA_MIGRATION_RUNNING },
};

const char *
_strata_migration_state_get_name (StrataMigrationState state)
{
  return names[state];
}

gboolean
_strata_migration_state_from_name (const char           *name,
                                   StrataMigrationState *out_state)
{
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], name) == 0)
      {
        *out_state = (StrataMigrationState)i;
        return TRUE;
      }

  return FALSE;
}

gboolean
_strata_migration_state_may_go (StrataMigrationState from,
                                StrataMigrationState to)
{
  for (guint i = 0; i < G_N_ELEMENTS (edges); i++)
    if (edges[i].from == from && edges[i].to == to)
      return TRUE;

  return FALSE;
}

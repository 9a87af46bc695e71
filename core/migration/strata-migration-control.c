/* strata-migration-control.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "json/strata-json-write-private.h"
#include "strata-migration-object-private.h"

/* Who asked for something is told the state that came of it, if that does not take longer */
#define PATIENCE_US (5 * G_USEC_PER_SEC)

static void
add_seconds (GString    *text,
             const char *name,
             double      seconds)
{
  char number[G_ASCII_DTOSTR_BUF_SIZE];

  if (seconds < 0 || !isfinite (seconds))
    _strata_json_add_raw (text, name, "null");
  else
    _strata_json_add_raw (text, name, g_ascii_formatd (number, sizeof number, "%.3f", seconds));
}

static char *
describe (StrataMigration *self)
{
  g_autoptr(GString) text = g_string_new ("{");
  StrataMigrationProgress progress;

  strata_migration_get_progress (self, &progress);
  _strata_json_add_string (text, "state", progress.state);
  _strata_json_add_string (text, "reason", progress.reason);
  _strata_json_add_string (text, "step", progress.step);
  _strata_json_add_uint (text, "items", progress.items);
  _strata_json_add_uint (text, "items_total", progress.items_total);
  _strata_json_add_uint (text, "bytes", progress.bytes);
  _strata_json_add_uint (text, "bytes_total", progress.bytes_total);
  add_seconds (text, "elapsed", progress.elapsed);
  add_seconds (text, "remaining", progress.remaining);
  _strata_json_close_object (text);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Until it is in that state, or in another than that, or it has come to its end */
static void
wait_for_state (StrataMigration      *self,
                StrataMigrationState  state,
                gboolean              wanted)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  gint64 end = g_get_monotonic_time () + PATIENCE_US;

  while ((self->state == state) != wanted && self->state != STRATA_MIGRATION_COMPLETE && self->state != STRATA_MIGRATION_FAILED &&
         self->state != STRATA_MIGRATION_CANCELLED && g_cond_wait_until (&self->changed, &self->mutex, end))
    ;
}

char *
_strata_migration_answer (const char  *command,
                          gpointer     migration,
                          GError     **error)
{
  StrataMigration *self = migration;

  if (strcmp (command, "pause") == 0)
    {
      strata_migration_pause (self);
      wait_for_state (self, STRATA_MIGRATION_PAUSED, TRUE);
    }
  else if (strcmp (command, "resume") == 0)
    {
      strata_migration_resume (self);
      wait_for_state (self, STRATA_MIGRATION_PAUSED, FALSE);
    }
  else if (strcmp (command, "cancel") == 0 || strcmp (command, "discard") == 0)
    {
      strata_migration_cancel (self, *command == 'c');
      wait_for_state (self, STRATA_MIGRATION_CANCELLED, TRUE);
    }
  else if (strcmp (command, "status") != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A migration can't do that: %s", command);
      return NULL;
    }

  return describe (self);
}

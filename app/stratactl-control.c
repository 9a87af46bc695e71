/* stratactl-control.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "stratactl-private.h"

/* In the order in which their state is told */
static const char *const jobs[] = { "migration", "compression" };

/* How a job is after @command. Returns: (transfer full): an object; or %NULL with @error set */
JsonNode *
ask_job (Invocation  *invocation,
         const char  *job,
         const char  *command,
         GError     **error)
{
  g_autofree char *reply = strata_control_ask (invocation->store_path, job, command, error);
  g_autoptr(JsonNode) node = reply != NULL ? json_from_string (reply, error) : NULL;

  if (node == NULL)
    return NULL;

  if (!JSON_NODE_HOLDS_OBJECT (node) ||
      json_object_get_string_member_with_default (json_node_get_object (node), "state", NULL) == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The process that does the %s answers what can't be understood", job);
      return NULL;
    }

  return g_steal_pointer (&node);
}

static char *
dup_state (JsonNode *answer)
{
  return g_strdup (json_object_get_string_member (json_node_get_object (answer), "state"));
}

int
print_state (Invocation *invocation,
             const char *state)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (!invocation->json)
    {
      printf ("%s\n", state);
      return EXIT_DONE;
    }

  json_builder_begin_object (builder);
  add_string (builder, "state", state);
  json_builder_end_object (builder);
  print_document (builder);

  return EXIT_DONE;
}

static gboolean
is_missing (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND) || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Tells it to every job that is running. @out_state: (transfer full): of the first; %NULL: none is */
static gboolean
tell_jobs (Invocation  *invocation,
           const char  *command,
           char       **out_state,
           GError     **error)
{
  *out_state = NULL;
  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      g_autoptr(GError) ask_error = NULL;
      /* What it has compressed is not taken back */
      gboolean discards = strcmp (command, "discard") == 0 && i > 0;
      g_autoptr(JsonNode) answer = ask_job (invocation, jobs[i], discards ? "cancel" : command, &ask_error);

      if (answer == NULL && !is_missing (ask_error))
        {
          g_propagate_error (error, g_steal_pointer (&ask_error));
          g_clear_pointer (out_state, g_free);
          return FALSE;
        }
      if (answer != NULL && *out_state == NULL)
        *out_state = dup_state (answer);
    }

  return TRUE;
}

static int
fail_idle (Invocation *invocation)
{
  g_autoptr(GError) error =
    g_error_new (STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "Nothing is running in “%s”", invocation->store_path);

  return fail (invocation, NULL, error);
}

int
command_pause (Invocation *invocation)
{
  g_autofree char *state = NULL;
  g_autoptr(GError) error = NULL;

  if (!tell_jobs (invocation, "pause", &state, &error))
    return fail (invocation, NULL, error);

  return state != NULL ? print_state (invocation, state) : fail_idle (invocation);
}

/* Whether the store has a migration that a process left where it was */
static gboolean
was_left (Invocation *invocation)
{
  static const char *const states[] = { "running", "paused", "verifying", NULL };
  g_autoptr(StrataStore) store = strata_store_open (invocation->store_path, NULL);
  g_autofree char *state = store != NULL ? strata_store_dup_state (store) : NULL;

  return state != NULL && g_strv_contains (states, state);
}

int
command_resume (Invocation *invocation)
{
  g_autofree char *state = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataMigration) migration = NULL;

  if (!tell_jobs (invocation, "resume", &state, &error))
    return fail (invocation, NULL, error);
  if (state != NULL)
    return print_state (invocation, state);
  if (!was_left (invocation))
    return fail_idle (invocation);

  /* Its process is gone: this one goes on with it */
  migration = strata_migration_new_again (invocation->store_path, &error);
  if (migration == NULL)
    return fail (invocation, NULL, error);

  return run_migration (invocation, migration, TRUE);
}

int
command_cancel (Invocation *invocation)
{
  g_autofree char *state = NULL;
  g_autoptr(GError) error = NULL;

  if (invocation->keep && invocation->discard)
    return fail_usage (invocation, "--keep and --discard are opposites");
  if (!tell_jobs (invocation, invocation->discard ? "discard" : "cancel", &state, &error))
    return fail (invocation, NULL, error);
  if (state != NULL)
    return print_state (invocation, state);

  if (!strata_migration_abandon (invocation->store_path, !invocation->discard, &error))
    return fail (invocation, NULL, error);

  return print_state (invocation, "cancelled");
}

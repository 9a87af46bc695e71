/* stratactl-control.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>

#include "stratactl-private.h"

/* In the order in which their state is told */
static const char *const jobs[] = { "migration", "compression" };

char *
ask_job (Invocation  *invocation,
         const char  *job,
         const char  *command,
         GError     **error)
{
  g_autofree char *reply = strata_control_ask (invocation->store_path, job, command, error);
  g_autoptr(JsonNode) node = NULL;
  const char *state;

  if (reply == NULL)
    return NULL;

  node = json_from_string (reply, error);
  if (node == NULL)
    return NULL;

  state = JSON_NODE_HOLDS_OBJECT (node) ? json_object_get_string_member_with_default (json_node_get_object (node), "state", NULL) : NULL;
  if (state == NULL)
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_DATA, "The process that does the %s answers what can't be understood", job);

  return g_strdup (state);
}

static int
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

/* Tells it to every job that is running. */
static int
tell_jobs (Invocation *invocation,
           const char *command)
{
  g_autofree char *state = NULL;
  g_autoptr(GError) none_error = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (jobs); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *job_state = ask_job (invocation, jobs[i], command, &error);

      if (job_state == NULL && !g_error_matches (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
        return fail (invocation, NULL, error);
      if (state == NULL)
        state = g_steal_pointer (&job_state);
    }

  if (state != NULL)
    return print_state (invocation, state);

  none_error = g_error_new (STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "Nothing is running in “%s”", invocation->store_path);

  return fail (invocation, NULL, none_error);
}

int
command_pause (Invocation *invocation)
{
  return tell_jobs (invocation, "pause");
}

int
command_resume (Invocation *invocation)
{
  return tell_jobs (invocation, "resume");
}

int
command_cancel (Invocation *invocation)
{
  return tell_jobs (invocation, "cancel");
}

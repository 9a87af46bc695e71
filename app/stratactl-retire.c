/* stratactl-retire.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>

#include "stratactl-private.h"

#define PLURAL(n) ((n) == 1 ? "" : "s")

static void
print_retirement_json (const StrataRetirementSummary *summary,
                       const char                    *because)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_bool (builder, "ready", summary->ready);
  add_string (builder, "because", because);
  add_uint (builder, "files", summary->files);
  begin_object (builder, "bytes");
  add_uint (builder, "freed", summary->bytes_freed);
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  print_document (builder);
}

static void
print_retirement_text (const StrataRetirementSummary *summary,
                       const char                    *because,
                       gboolean                       dry_run)
{
  g_autofree char *size = g_format_size (summary->bytes_freed);
  g_autofree char *reason = shown (because);

  if (!summary->ready)
    {
      printf ("The old store stays: %s\n", reason);
      return;
    }

  if (because != NULL)
    printf ("%s\n", reason);
  printf ("%" G_GUINT64_FORMAT " file%s of the old store %s deleted, %s\n", summary->files, PLURAL (summary->files),
          dry_run ? "would be" : "were", size);
  if (summary->files_kept > 0)
    printf ("%" G_GUINT64_FORMAT " file%s stay%s, for something in %s is nowhere else\n", summary->files_kept,
            PLURAL (summary->files_kept), summary->files_kept == 1 ? "s" : "", summary->files_kept == 1 ? "it" : "them");
}

int
command_retire (Invocation *invocation)
{
  g_autoptr(StrataRetirement) retirement = strata_retirement_new (invocation->store_path);
  g_autofree char *because = NULL;
  g_autoptr(GError) error = NULL;
  StrataRetirementSummary summary;
  gboolean ok;

  strata_retirement_set_now (retirement, invocation->now);
  set_work (invocation, G_OBJECT (retirement));
  ok = invocation->dry_run ? strata_retirement_check (retirement, invocation->cancellable, &error)
                           : strata_retirement_run (retirement, invocation->cancellable, &error);
  end_progress (invocation);
  if (!ok)
    return fail (invocation, NULL, error);

  strata_retirement_get_summary (retirement, &summary);
  because = strata_retirement_dup_because (retirement);
  if (invocation->json)
    print_retirement_json (&summary, because);
  else
    print_retirement_text (&summary, because, invocation->dry_run);

  return summary.ready ? EXIT_DONE : EXIT_USAGE;
}

/* keep */

static int
print_undecided (Invocation  *invocation,
                 StrataStore *store)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GError) error = NULL;
  g_autoptr(GPtrArray) undecided = strata_kept_list_undecided (store, &error);

  if (undecided == NULL)
    return fail (invocation, NULL, error);

  json_builder_begin_object (builder);
  begin_array (builder, "undecided");
  for (guint i = 0; i < undecided->len; i++)
    {
      json_builder_add_string_value (builder, g_ptr_array_index (undecided, i));
      if (!invocation->json)
        printf ("%s\n", (const char *)g_ptr_array_index (undecided, i));
    }
  json_builder_end_array (builder);
  json_builder_end_object (builder);
  if (invocation->json)
    print_document (builder);
  else if (undecided->len == 0)
    printf ("Nothing waits to be decided\n");

  return EXIT_DONE;
}

/* Of sessions that were found again: says that they are to be kept, and which wait for that still. */
int
command_keep (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_auto(GStrv) keys = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;
  if (invocation->all && invocation->arguments[0] != NULL)
    return fail_usage (invocation, "--all takes no sessions besides");

  if (invocation->arguments[0] != NULL)
    {
      keys = find_session_keys (invocation, store, &error);
      if (keys == NULL)
        return fail (invocation, NULL, error);
    }
  if ((keys != NULL || invocation->all) && !strata_kept_add (store, (const char *const *)keys, &error))
    return fail (invocation, NULL, error);

  return print_undecided (invocation, store);
}

/* stratactl-rollback.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>

#include "stratactl-private.h"

#define PLURAL(n) ((n) == 1 ? "" : "s")

static void
add_rollback (JsonBuilder                 *builder,
              const StrataRollbackSummary *summary,
              const char                  *exported,
              const char                  *trash)
{
  json_builder_begin_object (builder);
  add_string (builder, "outcome", strata_rollback_outcome_get_name (summary->outcome));
  add_string (builder, "exported", exported);
  add_string (builder, "trash", trash);
}

static void
print_differing (GPtrArray *problems)
{
  for (guint i = 0; i < problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (problems, i);
      g_autofree char *path = shown (strata_problem_get_path (problem));

      printf ("  %s: %s\n", path, strata_problem_get_message (problem));
    }
}

static void
print_findings (StrataRollback              *rollback,
                const StrataRollbackSummary *summary)
{
  g_autoptr(GPtrArray) problems = strata_rollback_dup_problems (rollback);

  printf ("Old store     %s: %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT " files are what was migrated\n",
          strata_rollback_outcome_get_name (summary->outcome), summary->files_identical, summary->files);
  print_differing (problems);
  if (summary->files_restored > 0)
    printf ("Put back      %" G_GUINT64_FORMAT " damaged file%s\n", summary->files_restored, PLURAL (summary->files_restored));
  printf ("In Strata     %" G_GUINT64_FORMAT " session%s added or changed since, %" G_GUINT64_FORMAT " deleted\n",
          summary->sessions_own, PLURAL (summary->sessions_own), summary->sessions_deleted);
}

static void
print_done (const char *exported,
            const char *trash)
{
  if (exported != NULL)
    printf ("Exported to   %s\n", exported);
  printf ("Strata's store is at %s; “stratactl rollback --undo” brings it back, --purge removes it\n", trash);
}

/* What the store's trash is asked for needs no store. */
static int
change_trash (Invocation *invocation)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  StrataRollbackSummary nothing = { 0 };
  g_autoptr(GError) error = NULL;
  gboolean ok = invocation->undo ? strata_rollback_undo (invocation->store_path, &error)
                                 : strata_rollback_purge (invocation->store_path, &error);

  if (!ok)
    return fail (invocation, NULL, error);

  if (invocation->json)
    {
      g_autofree char *trash = strata_rollback_dup_trash_path (invocation->store_path);

      add_rollback (builder, &nothing, NULL, trash);
      json_builder_end_object (builder);
      print_document (builder);
    }
  else
    printf (invocation->undo ? "The store is back at %s\n" : "The store beside %s is gone for good\n", invocation->store_path);

  return EXIT_DONE;
}

static int
fail_to_roll_back (Invocation                  *invocation,
                   StrataRollback              *rollback,
                   const StrataRollbackSummary *summary,
                   const GError                *error)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  if (summary->outcome == STRATA_ROLLBACK_UNKNOWN)
    return fail (invocation, NULL, error);

  add_rollback (builder, summary, NULL, NULL);
  if (!invocation->json)
    {
      print_findings (rollback, summary);
      if (summary->files_damaged > 0)
        printf ("--restore puts damaged files back as they were, --no-restore leaves them; "
                "--export DIR takes along what the old store does not have\n");
    }

  return fail_with (invocation, error, builder);
}

int
command_rollback (Invocation *invocation)
{
  g_autoptr(StrataRollback) rollback = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autofree char *exported = NULL, *trash = NULL;
  g_autoptr(GError) error = NULL;
  StrataRollbackSummary summary;
  gboolean ok;

  if (invocation->restore && invocation->no_restore)
    return fail_usage (invocation, "--restore and --no-restore exclude each other");
  if (invocation->undo && invocation->purge)
    return fail_usage (invocation, "--undo and --purge exclude each other");
  if (invocation->undo || invocation->purge)
    return change_trash (invocation);

  rollback = strata_rollback_new (invocation->store_path);
  strata_rollback_set_export_path (rollback, invocation->export_path);
  if (invocation->restore || invocation->no_restore)
    strata_rollback_set_restore (rollback, invocation->restore);
  set_work (invocation, G_OBJECT (rollback));
  ok = invocation->dry_run ? strata_rollback_check (rollback, invocation->cancellable, &error)
                           : strata_rollback_run (rollback, invocation->cancellable, &error);
  end_progress (invocation);

  strata_rollback_get_summary (rollback, &summary);
  if (!ok)
    return fail_to_roll_back (invocation, rollback, &summary, error);

  exported = strata_rollback_dup_exported (rollback);
  trash = strata_rollback_dup_trash (rollback);
  add_rollback (builder, &summary, exported, trash);
  json_builder_end_object (builder);
  if (invocation->json)
    print_document (builder);
  else
    {
      print_findings (rollback, &summary);
      if (invocation->dry_run)
        printf (strata_rollback_needs_export (rollback) ? "A rollback needs --export DIR. Nothing was changed.\n" : "Nothing was changed.\n");
      else
        print_done (exported, trash);
    }

  return invocation->dry_run && summary.outcome == STRATA_ROLLBACK_DAMAGED ? EXIT_DAMAGE : EXIT_DONE;
}

/* status */

static gboolean
find_way_back (StrataStore *store,
               gint        *out_days_left)
{
  gboolean available = FALSE;

  return strata_rollback_get_left (store, STRATA_RETENTION_DAYS, &available, out_days_left, NULL) && available;
}

void
add_way_back (JsonBuilder *builder,
              StrataStore *store)
{
  gint days_left;
  gboolean available = find_way_back (store, &days_left);

  begin_object (builder, "rollback");
  add_bool (builder, "available", available);
  if (available)
    add_uint (builder, "days_left", (guint64)days_left);
  else
    add_null (builder, "days_left");
  json_builder_end_object (builder);
}

void
print_way_back (StrataStore *store)
{
  gint days_left;

  if (!find_way_back (store, &days_left))
    return;

  if (days_left > 0)
    printf ("Way back      “stratactl rollback”; the old store is kept for another %d day%s\n", days_left, PLURAL (days_left));
  else
    printf ("Way back      “stratactl rollback”; “stratactl retire” deletes the old store\n");
}

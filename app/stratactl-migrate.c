/* stratactl-migrate.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "stratactl-private.h"

static void
add_sources (JsonBuilder *builder,
             GPtrArray   *sources)
{
  begin_array (builder, "sources");
  for (guint i = 0; i < sources->len; i++)
    {
      const StrataPlanSource *source = g_ptr_array_index (sources, i);
      g_autoptr(GDateTime) date = source->date_ms >= 0 ? g_date_time_new_from_unix_utc (source->date_ms / 1000) : NULL;
      g_autofree char *seconds = date != NULL ? g_date_time_format (date, "%Y-%m-%dT%H:%M:%S") : NULL;
      g_autofree char *text = seconds != NULL ? g_strdup_printf ("%s.%03dZ", seconds, (int)(source->date_ms % 1000)) : NULL;

      begin_object (builder, NULL);
      add_string (builder, "name", source->name);
      add_string (builder, "kind", source->kind);
      add_string (builder, "date", text);
      add_uint (builder, "sessions", source->sessions);
      add_bool (builder, "chosen", source->chosen);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
print_plan_json (const StrataPlan *plan)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_sources (builder, plan->sources);
  add_uint (builder, "sessions", plan->sessions);
  add_uint (builder, "recovered", plan->recovered);
  add_uint (builder, "attachments", plan->attachments);
  begin_object (builder, "bytes");
  add_uint (builder, "original", plan->bytes_original);
  add_uint (builder, "estimated", plan->bytes_estimated);
  json_builder_end_object (builder);
  begin_object (builder, "seconds");
  add_double (builder, "estimated", plan->seconds_estimated);
  json_builder_end_object (builder);
  begin_object (builder, "space");
  add_uint (builder, "needed", plan->space_needed);
  add_uint (builder, "free", plan->space_free);
  json_builder_end_object (builder);
  add_problems (builder, plan->problems);
  json_builder_end_object (builder);
  print_document (builder);
}

static void
print_plan_text (const StrataPlan *plan)
{
  g_autofree char *original = g_format_size (plan->bytes_original);
  g_autofree char *estimated = g_format_size (plan->bytes_estimated);
  g_autofree char *needed = g_format_size (plan->space_needed);
  g_autofree char *free_text = g_format_size (plan->space_free);

  printf ("Old store     %s\n", plan->path);
  for (guint i = 0; i < plan->sources->len; i++)
    {
      const StrataPlanSource *source = g_ptr_array_index (plan->sources, i);

      printf ("  %-12s%s (%" G_GUINT64_FORMAT " sessions)\n", source->chosen ? "from" : "also there", source->name, source->sessions);
    }
  printf ("Sessions      %" G_GUINT64_FORMAT "\n", plan->sessions);
  if (plan->recovered > 0)
    printf ("  of these    %" G_GUINT64_FORMAT " that Taskerino no longer shows; they are taken in (not with --no-recovered)\n", plan->recovered);
  printf ("Attachments   %" G_GUINT64_FORMAT "\n", plan->attachments);
  printf ("Size now      %s\n", original);
  printf ("Size then     about %s\n", estimated);
  printf ("Space         %s needed, %s free\n", needed, free_text);
  if (plan->problems->len > 0)
    printf ("Noticed\n");
  print_problems (plan->problems);
  printf ("Nothing was written. The old store will only be read; Taskerino can't read the new one.\n");
}

int
command_plan (Invocation *invocation)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataPlan) plan =
    strata_plan_make (invocation->store_path, invocation->arguments[0], invocation->attachments_path, invocation->source,
                      invocation->cancellable, &error);

  if (plan == NULL)
    return fail (invocation, invocation->arguments[0], error);

  if (invocation->json)
    print_plan_json (plan);
  else
    print_plan_text (plan);

  return status_of_problems (plan->problems);
}

static void
add_counts (JsonBuilder                 *builder,
            const StrataMigrationCounts *counts)
{
  begin_object (builder, "sessions");
  add_uint (builder, "migrated", counts->sessions_migrated);
  add_uint (builder, "unchanged", counts->sessions_unchanged);
  add_uint (builder, "recovered", counts->sessions_recovered);
  add_uint (builder, "failed", counts->sessions_failed);
  json_builder_end_object (builder);
  begin_object (builder, "attachments");
  add_uint (builder, "stored", counts->attachments_stored);
  add_uint (builder, "deduplicated", counts->attachments_deduplicated);
  add_uint (builder, "missing", counts->attachments_missing);
  add_uint (builder, "failed", counts->attachments_failed);
  json_builder_end_object (builder);
  begin_object (builder, "bytes");
  add_uint (builder, "original", counts->bytes_original);
  add_uint (builder, "stored", counts->bytes_stored);
  add_uint (builder, "on_disk", counts->bytes_on_disk);
  json_builder_end_object (builder);
  begin_object (builder, "seconds");
  add_double (builder, "total", counts->seconds_total);
  add_double (builder, "verify", counts->seconds_verify);
  json_builder_end_object (builder);
}

static void
print_counts_text (const StrataMigrationCounts *counts,
                   GPtrArray                   *problems)
{
  g_autofree char *original = g_format_size (counts->bytes_original);
  g_autofree char *stored = g_format_size (counts->bytes_stored);

  printf ("Sessions      %" G_GUINT64_FORMAT " migrated, %" G_GUINT64_FORMAT " unchanged, %" G_GUINT64_FORMAT " failed\n",
          counts->sessions_migrated, counts->sessions_unchanged, counts->sessions_failed);
  if (counts->sessions_recovered > 0)
    printf ("  of these    %" G_GUINT64_FORMAT " that Taskerino no longer shows\n", counts->sessions_recovered);
  printf ("Attachments   %" G_GUINT64_FORMAT " in the store (%" G_GUINT64_FORMAT " were there already), %" G_GUINT64_FORMAT
          " missing, %" G_GUINT64_FORMAT " can't be decoded\n",
          counts->attachments_stored, counts->attachments_deduplicated, counts->attachments_missing, counts->attachments_failed);
  printf ("Size          %s before, %s now\n", original, stored);
  printf ("Time          %.1f s, %.1f s of it verification\n", counts->seconds_total, counts->seconds_verify);
  if (problems->len > 0)
    printf ("Noticed\n");
  print_problems (problems);
}

static int
report_failure (Invocation   *invocation,
                JsonBuilder  *builder,
                GPtrArray    *problems,
                const GError *error)
{
  if (!invocation->json)
    print_problems (problems);

  return fail_with (invocation, error, builder);
}

/* So that the first search finds at once what was migrated */
static void
index_what_is_there (Invocation *invocation)
{
  g_autoptr(StrataStore) store = strata_store_open (invocation->store_path, NULL);

  if (store != NULL)
    update_index (invocation, store);
}

/* What was asked for, and the attachments of the sessions that were: problems of these name only the attachment */
static GHashTable *
list_asked_for (Invocation *invocation)
{
  GHashTable *items = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(StrataStore) store = strata_store_open (invocation->store_path, NULL);

  for (guint i = 0; invocation->arguments[i] != NULL; i++)
    {
      g_autoptr(StrataSessionInfo) session = NULL;
      g_autoptr(GPtrArray) attachments = NULL;

      g_hash_table_add (items, g_strdup (invocation->arguments[i]));
      if (store != NULL)
        session = strata_store_find_session (store, invocation->arguments[i], NULL);
      if (session != NULL)
        attachments = strata_store_list_attachments (store, session->key, NULL);
      for (guint j = 0; attachments != NULL && j < attachments->len; j++)
        g_hash_table_add (items, g_strdup (((const StrataAttachmentInfo *)g_ptr_array_index (attachments, j))->id));
    }

  return items;
}

static gboolean
is_about (StrataProblem *problem,
          GHashTable    *items)
{
  const char *const names[] = { strata_problem_get_item (problem), strata_problem_get_session (problem), strata_problem_get_path (problem) };

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (names[i] != NULL && g_hash_table_contains (items, names[i]))
      return TRUE;

  return FALSE;
}

/* Those of the items that were asked for; all where none was */
static GPtrArray *
dup_problems (Invocation      *invocation,
              StrataMigration *migration)
{
  GPtrArray *problems = strata_migration_dup_problems (migration);
  g_autoptr(GHashTable) items = NULL;

  if (invocation->command->run != command_retry || invocation->arguments[0] == NULL)
    return problems;

  items = list_asked_for (invocation);
  for (guint i = problems->len; i > 0; i--)
    if (!is_about (g_ptr_array_index (problems, i - 1), items))
      g_ptr_array_remove_index (problems, i - 1);

  return problems;
}

int
run_migration (Invocation      *invocation,
               StrataMigration *migration,
               gboolean         only_state)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GPtrArray) problems = NULL;
  g_autoptr(GError) error = NULL;
  StrataMigrationCounts counts;
  gboolean ok;

  set_work (invocation, G_OBJECT (migration));
  ok = strata_migration_run (migration, invocation->cancellable, &error);
  end_progress (invocation);
  if (ok)
    index_what_is_there (invocation);

  problems = dup_problems (invocation, migration);
  strata_migration_get_counts (migration, &counts);
  json_builder_begin_object (builder);
  add_string (builder, "state", strata_migration_get_state (migration));
  if (!only_state)
    {
      add_counts (builder, &counts);
      add_problems (builder, problems);
    }
  if (!ok)
    return report_failure (invocation, builder, problems, error);

  json_builder_end_object (builder);
  if (invocation->json)
    print_document (builder);
  else
    {
      printf ("Complete: everything was read back and compared.\n");
      print_counts_text (&counts, problems);
    }

  return status_of_problems (problems);
}

/* migrate --discard: what was left is given up, nothing is read */
static int
discard_migration (Invocation *invocation)
{
  const StrataMigrationCounts counts = { 0, };
  g_autoptr(GPtrArray) problems = g_ptr_array_new ();
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  g_autoptr(GError) error = NULL;

  if (!strata_migration_abandon (invocation->store_path, FALSE, &error))
    return fail (invocation, NULL, error);
  if (!invocation->json)
    return print_state (invocation, "cancelled");

  json_builder_begin_object (builder);
  add_string (builder, "state", "cancelled");
  add_counts (builder, &counts);
  add_problems (builder, problems);
  json_builder_end_object (builder);
  print_document (builder);

  return EXIT_DONE;
}

int
command_migrate (Invocation *invocation)
{
  g_autoptr(StrataMigration) migration = NULL;

  if (invocation->discard)
    return discard_migration (invocation);

  migration = strata_migration_new (invocation->store_path, invocation->arguments[0]);
  if (invocation->batch > 0)
    strata_migration_set_batch_size (migration, (guint)invocation->batch);
  strata_migration_set_attachments_path (migration, invocation->attachments_path);
  strata_migration_set_source (migration, invocation->source);
  if (invocation->compress)
    strata_migration_set_compression (migration, STRATA_COMPRESSION_LEVEL);
  strata_migration_set_recover (migration, !invocation->no_recovered);
  strata_migration_set_refer (migration, g_strcmp0 (invocation->videos, "reference") == 0);

  return run_migration (invocation, migration, FALSE);
}

int
command_retry (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataMigration) migration = NULL;

  if (store == NULL)
    return status;

  g_clear_object (&store);
  migration = strata_migration_new_again (invocation->store_path, &error);
  if (migration == NULL)
    return fail (invocation, NULL, error);

  strata_migration_set_items (migration, (const char *const *)invocation->arguments);

  return run_migration (invocation, migration, FALSE);
}

/* Status */

/* @progress: (nullable): what the process that migrates has answered */
static void
add_progress (JsonBuilder *builder,
              JsonObject  *progress)
{
  static const char *const names[] = { "step", "items", "items_total", "bytes", "bytes_total", "elapsed", "remaining" };

  begin_object (builder, "progress");
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      JsonNode *value = progress != NULL ? json_object_dup_member (progress, names[i]) : NULL;
      gboolean is_total = g_str_has_suffix (names[i], "_total");

      /* Nothing of nothing is not known yet */
      if (value != NULL && !(is_total && json_node_get_int (value) == 0))
        {
          json_builder_set_member_name (builder, names[i]);
          json_builder_add_value (builder, value);
          continue;
        }
      g_clear_pointer (&value, json_node_unref);
      add_null (builder, names[i]);
    }
  json_builder_end_object (builder);
}

static void
print_progress_text (JsonObject *progress)
{
  const char *reason = json_object_get_string_member_with_default (progress, "reason", NULL);
  gint64 bytes = json_object_get_int_member_with_default (progress, "bytes", 0);
  gint64 bytes_total = json_object_get_int_member_with_default (progress, "bytes_total", 0);
  g_autofree char *done = g_format_size ((guint64)bytes);
  g_autofree char *total = g_format_size ((guint64)bytes_total);

  if (bytes_total > 0)
    printf ("Progress      %s: %" G_GINT64_FORMAT " sessions, %s of %s\n",
            json_object_get_string_member_with_default (progress, "step", ""),
            json_object_get_int_member_with_default (progress, "items", 0), done, total);
  if (reason != NULL)
    printf ("Waits for     %s\n", reason);
}

static void
print_status_json (StrataStore *store,
                   const char  *state,
                   const char  *source,
                   gint64       holder,
                   JsonObject  *progress,
                   const char  *compression,
                   gint64       pending)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_string (builder, "state", state);
  add_string (builder, "source", source);
  add_progress (builder, progress);
  if (holder > 0)
    add_uint (builder, "holder", (guint64)holder);
  else
    add_null (builder, "holder");
  add_way_back (builder, store);
  begin_object (builder, "compression");
  add_string (builder, "state", compression);
  if (pending >= 0)
    add_uint (builder, "pending", (guint64)pending);
  else
    add_null (builder, "pending");
  json_builder_end_object (builder);
  json_builder_end_object (builder);
  print_document (builder);
}

int
command_status (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autofree char *state = NULL;
  g_autofree char *source = NULL;
  g_autoptr(JsonNode) answer = NULL, compression_answer = NULL;
  const char *compression = NULL;
  JsonObject *progress = NULL;
  gint64 holder = 0, pending = -1;
  guint64 n_pending;

  if (store == NULL)
    return status;

  state = strata_store_dup_state (store);
  source = strata_store_dup_source (store);
  strata_migration_find_holder (strata_store_get_path (store), &holder);
  compression_answer = ask_job (invocation, "compression", "status", NULL);
  if (compression_answer != NULL)
    compression = json_object_get_string_member (json_node_get_object (compression_answer), "state");
  if (strata_compressor_count_pending (store, &n_pending, NULL))
    pending = (gint64)n_pending;
  if (holder > 0)
    answer = ask_job (invocation, "migration", "status", NULL);
  if (answer != NULL)
    progress = json_node_get_object (answer);
  if (progress != NULL)
    {
      g_free (state);
      state = g_strdup (json_object_get_string_member (progress, "state"));
    }
  if (invocation->json)
    {
      print_status_json (store, state, source, holder, progress, compression != NULL ? compression : "idle", pending);
      return EXIT_DONE;
    }

  printf ("Store         %s\n", strata_store_get_path (store));
  printf ("State         %s\n", state);
  printf ("Old store     %s\n", source != NULL ? source : "none");
  if (holder > 0)
    printf ("Running in    process %" G_GINT64_FORMAT "\n", holder);
  if (progress != NULL)
    print_progress_text (progress);
  print_way_back (store);
  if (compression != NULL)
    printf ("Compression   %s\n", compression);
  if (pending > 0)
    printf ("To compress   %" G_GINT64_FORMAT " sessions\n", pending);

  return EXIT_DONE;
}

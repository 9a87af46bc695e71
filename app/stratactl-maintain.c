/* stratactl-maintain.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "stratactl-private.h"

#define LARGEST 10

/* export */

static gboolean
parse_format (const char         *format,
              StrataExportFormat *out_format)
{
  if (g_strcmp0 (format, "legacy") == 0)
    *out_format = STRATA_EXPORT_LEGACY;
  else if (g_strcmp0 (format, "json") == 0)
    *out_format = STRATA_EXPORT_JSON;
  else if (g_strcmp0 (format, "zip") == 0)
    *out_format = STRATA_EXPORT_ZIP;
  else
    return FALSE;

  return TRUE;
}

char **
find_session_keys (Invocation   *invocation,
           StrataStore  *store,
           GError      **error)
{
  g_autoptr(GStrvBuilder) keys = g_strv_builder_new ();

  for (guint i = 0; invocation->arguments[i] != NULL; i++)
    {
      g_autoptr(StrataSessionInfo) info = strata_store_find_session (store, invocation->arguments[i], error);

      if (info == NULL)
        return NULL;
      g_strv_builder_add (keys, info->key);
    }

  return g_strv_builder_end (keys);
}

int
command_export (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_auto(GStrv) keys = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  StrataExportFormat format;
  guint64 sessions, bytes;

  if (!parse_format (invocation->format, &format))
    return fail_usage (invocation, "--format takes legacy, json or zip");
  if (invocation->output == NULL)
    return fail_usage (invocation, "-o PATH says where to export to");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;

  if (invocation->arguments[0] != NULL)
    {
      keys = find_session_keys (invocation, store, &error);
      if (keys == NULL)
        return fail (invocation, NULL, error);
    }

  if (!strata_export (store, (const char *const *)keys, format, invocation->output, &sessions, &bytes,
                      invocation->cancellable, &error))
    return fail (invocation, NULL, error);

  if (invocation->json)
    {
      json_builder_begin_object (builder);
      add_uint (builder, "sessions", sessions);
      add_uint (builder, "bytes", bytes);
      json_builder_end_object (builder);
      print_document (builder);
    }
  else
    {
      g_autofree char *size = g_format_size (bytes);

      printf ("%" G_GUINT64_FORMAT " sessions, %s, in %s\n", sessions, size, invocation->output);
    }

  return EXIT_DONE;
}

/* gc */

static void
print_garbage_json (const StrataGarbage *garbage)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_uint (builder, "unreferenced", garbage->unreferenced);
  begin_object (builder, "bytes");
  add_uint (builder, "quarantined", garbage->bytes_quarantined);
  add_uint (builder, "freed", garbage->bytes_freed);
  json_builder_end_object (builder);
  add_problems (builder, garbage->problems);
  json_builder_end_object (builder);
  print_document (builder);
}

static void
print_garbage_text (const StrataGarbage *garbage,
                    gboolean             dry_run)
{
  g_autofree char *quarantined = g_format_size (garbage->bytes_quarantined);
  g_autofree char *freed = g_format_size (garbage->bytes_freed);

  printf ("%" G_GUINT64_FORMAT " file%s not needed any more; %s %s to the trash, %s %s\n",
          garbage->unreferenced, garbage->unreferenced == 1 ? " is" : "s are", quarantined,
          dry_run ? "would go" : "went", freed, dry_run ? "would be freed" : "freed");
  if (garbage->restored > 0)
    printf ("%" G_GUINT64_FORMAT " %s from the trash, for something needs %s\n", garbage->restored,
            dry_run ? "would come back" : "came back", garbage->restored == 1 ? "it" : "them");
  print_problems (garbage->problems);
  if (garbage->problems->len > 0)
    printf ("What these may need was left alone\n");
}

int
command_gc (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(StrataGarbage) garbage = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  options->dry_run = invocation->dry_run;
  options->purge = invocation->purge;
  garbage = strata_store_collect_garbage (store, options, invocation->cancellable, &error);
  if (garbage == NULL)
    return fail (invocation, NULL, error);

  if (invocation->json)
    print_garbage_json (garbage);
  else
    print_garbage_text (garbage, invocation->dry_run);

  return garbage->problems->len == 0 ? EXIT_DONE : EXIT_DAMAGE;
}

/* verify */

static void
print_check_json (const StrataCheck *check,
                  GPtrArray         *problems)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_bool (builder, "ok", check->damage == 0);
  begin_object (builder, "checked");
  add_uint (builder, "files", check->files);
  add_uint (builder, "sessions", check->sessions);
  add_uint (builder, "attachments", check->attachments);
  add_uint (builder, "references", check->references);
  json_builder_end_object (builder);
  add_problems (builder, problems);
  json_builder_end_object (builder);
  print_document (builder);
}

static void
print_check_text (Invocation        *invocation,
                  const StrataCheck *check)
{
  printf ("%" G_GUINT64_FORMAT " files, %" G_GUINT64_FORMAT " sessions, %" G_GUINT64_FORMAT " attachments and %"
          G_GUINT64_FORMAT " references checked: %s\n", check->files, check->sessions, check->attachments,
          check->references, check->damage == 0 ? "all right" : "DAMAGE FOUND");
  if (invocation->slice != NOT_GIVEN)
    printf ("%s\n", check->ends ? "This was the last part; the next one begins from the start"
                                : "This was a part; the next one goes on from here");
  if (check->drilled != NULL)
    printf ("Rebuilt from its parts as a drill: %s\n", check->drilled);
}

/* What was repaired is no note among others: it is what was asked for. */
static void
print_repairs (const StrataRepair *repair)
{
  g_autoptr(GPtrArray) others = g_ptr_array_new ();

  for (guint i = 0; i < repair->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (repair->problems, i);
      g_autofree char *path = shown (strata_problem_get_path (problem));
      g_autofree char *message = shown (strata_problem_get_message (problem));

      if (strcmp (strata_problem_get_code (problem), "repaired") == 0)
        printf ("  repaired: %s: %s\n", path, message);
      else
        g_ptr_array_add (others, problem);
    }
  print_problems (others);
  printf ("%" G_GUINT64_FORMAT " repaired, %" G_GUINT64_FORMAT " lost\n", repair->repaired, repair->lost);
}

static int
repair (Invocation   *invocation,
        StrataStore  *store)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataRepair) result = strata_repair_run (store, invocation->cancellable, &error);

  if (result == NULL)
    return fail (invocation, NULL, error);

  if (invocation->json)
    print_check_json (result->check, result->problems);
  else
    {
      print_repairs (result);
      print_check_text (invocation, result->check);
    }
  if (result->check->damage > 0)
    return EXIT_DAMAGE;

  return result->lost > 0 ? EXIT_WARNINGS : EXIT_DONE;
}

int
command_verify (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(StrataCheck) check = NULL;
  g_autoptr(GError) error = NULL;

  if (invocation->slice != NOT_GIVEN && (invocation->slice < 1 || invocation->slice > 100))
    return fail_usage (invocation, "--slice takes a number from 1 to 100");
  if (invocation->repair && (invocation->slice != NOT_GIVEN || invocation->drill))
    return fail_usage (invocation, "--repair looks at the whole store; it takes neither --slice nor --drill");

  store = open_store (invocation, &status);
  if (store == NULL)
    return status;
  if (invocation->repair)
    return repair (invocation, store);

  check = strata_check_run_part (store, invocation->slice != NOT_GIVEN ? (guint)invocation->slice : 0, invocation->drill,
                                 invocation->cancellable, &error);
  if (check == NULL)
    return fail (invocation, NULL, error);

  if (invocation->json)
    print_check_json (check, check->problems);
  else
    {
      print_check_text (invocation, check);
      print_problems (check->problems);
      if (check->damage > 0)
        printf ("“stratactl verify --repair” restores what it can\n");
    }

  return check->damage == 0 ? EXIT_DONE : EXIT_DAMAGE;
}

/* stats */

static void
add_groups (JsonBuilder *builder,
            const char  *list,
            const char  *name,
            const char  *count,
            GPtrArray   *groups)
{
  begin_array (builder, list);
  for (guint i = 0; i < groups->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (groups, i);

      begin_object (builder, NULL);
      add_string (builder, name, *group->name != '\0' ? group->name : NULL);
      add_uint (builder, count, group->items);
      add_uint (builder, "bytes", group->bytes);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
add_largest (JsonBuilder *builder,
             GPtrArray   *sessions)
{
  begin_array (builder, "largest");
  for (guint i = 0; i < sessions->len; i++)
    {
      const StrataSessionInfo *info = g_ptr_array_index (sessions, i);

      begin_object (builder, NULL);
      add_string (builder, "key", info->key);
      add_string (builder, "name", info->name);
      add_uint (builder, "bytes", info->bytes_stored);
      json_builder_end_object (builder);
    }
  json_builder_end_array (builder);
}

static void
print_statistics_json (const StrataStatistics *statistics,
                       GPtrArray              *largest)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();

  json_builder_begin_object (builder);
  add_uint (builder, "sessions", statistics->sessions);
  begin_object (builder, "bytes");
  add_uint (builder, "original", statistics->bytes_original);
  add_uint (builder, "stored", statistics->bytes_stored);
  add_uint (builder, "on_disk", statistics->bytes_on_disk);
  json_builder_end_object (builder);
  begin_object (builder, "saved");
  add_uint (builder, "base64", statistics->saved_base64);
  add_uint (builder, "duplicates", statistics->saved_duplicates);
  add_uint (builder, "gzip", statistics->saved_gzip);
  add_uint (builder, "reels", 0);
  add_uint (builder, "webp", statistics->saved_webp);
  json_builder_end_object (builder);
  add_groups (builder, "kinds", "kind", "items", statistics->kinds);
  add_groups (builder, "months", "month", "sessions", statistics->months);
  add_largest (builder, largest);
  add_null (builder, "cache");
  add_null (builder, "queue");
  json_builder_end_object (builder);
  print_document (builder);
}

static void
print_size (const char *label,
            guint64     bytes)
{
  g_autofree char *size = g_format_size (bytes);

  printf ("%-28s %10s\n", label, size);
}

static void
print_statistics_text (const StrataStatistics *statistics)
{
  printf ("%-28s %10" G_GUINT64_FORMAT "\n", "Sessions", statistics->sessions);
  print_size ("Original", statistics->bytes_original);
  print_size ("Stored", statistics->bytes_stored);
  if (statistics->bytes_trash > 0)
    print_size ("  in the trash", statistics->bytes_trash);
  print_size ("On disk", statistics->bytes_on_disk);
  print_size ("  set aside for a full disk", statistics->bytes_reserved);
  print_size ("Saved: base64", statistics->saved_base64);
  print_size ("Saved: duplicates", statistics->saved_duplicates);
  print_size ("Saved: gzip", statistics->saved_gzip);
  if (statistics->saved_webp > 0)
    print_size ("Saved: WebP", statistics->saved_webp);
  printf ("By kind\n");
  for (guint i = 0; i < statistics->kinds->len; i++)
    {
      const StrataStatisticsGroup *group = g_ptr_array_index (statistics->kinds, i);
      g_autofree char *label = g_strdup_printf ("  %s", group->name);

      print_size (label, group->bytes);
    }
}

int
command_stats (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataStatistics) statistics = NULL;
  g_autoptr(GPtrArray) largest = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  statistics = strata_statistics_collect (store, &error);
  if (statistics != NULL)
    largest = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SIZE, LARGEST, &error);
  if (largest == NULL)
    return fail (invocation, NULL, error);

  if (invocation->json)
    print_statistics_json (statistics, largest);
  else
    print_statistics_text (statistics);

  return EXIT_DONE;
}

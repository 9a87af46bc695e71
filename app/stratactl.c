/* stratactl.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>

#include <glib-unix.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stratactl-private.h"

static const Command commands[] = {
  { "plan", command_plan, "[LEGACY] [--source NAME] [--attachments DIR]", "say what a migration would do; writes nothing", 0, 1 },
  { "migrate", command_migrate, "[LEGACY] [--source NAME] [--attachments DIR] [--batch N] [--videos copy|reference] [--compress] [--no-recovered] [--discard]", "move an old store into the new one, and prove it", 0, 1 },
  { "retry", command_retry, "[ITEM…]", "try again what went wrong", 0, G_MAXUINT },
  { "pause", command_pause, "", "let what is running wait, whichever process runs it", 0, 0 },
  { "resume", command_resume, "", "let it go on; or go on with it here", 0, 0 },
  { "cancel", command_cancel, "[--keep|--discard]", "give it up", 0, 0 },
  { "status", command_status, "", "say where the migration is", 0, 0 },
  { "list", command_list, "[--limit N] [--sort date|size|name]", "list the sessions", 0, 0 },
  { "show", command_show, "ID [--metadata|--parts|--part NAME-001]", "print a session as JSON", 1, 1 },
  { "attachments", command_attachments, "[ID]", "list attachments", 0, 1 },
  { "attachment", command_attachment, "ID [-o FILE]", "give an attachment's bytes back", 1, 1 },
  { "search", command_search, "QUERY [--limit N] [--explain]", "find moments by their words, and sessions by filters", 1, G_MAXUINT },
  { "compress", command_compress, "[--all|--older-than DAYS] [--images exact|webp|off] [--quality Q] [--level N]", "make the store take less", 0, 0 },
  { "decompress", command_decompress, "[ID…]", "undo it", 0, G_MAXUINT },
  { "export", command_export, "[ID…] --format legacy|json|zip -o PATH", "give everything back", 0, G_MAXUINT },
  { "set", command_set, "ID MEMBER", "give a member the value on standard input", 2, 2 },
  { "append", command_append, "ID LIST [--attachment FILE]", "append the element on standard input", 2, 2 },
  { "attach", command_attach, "FILE", "add an attachment", 1, 1 },
  { "delete", command_delete, "ID… [--item ITEM]", "move sessions, or an item of one, to the trash", 1, G_MAXUINT },
  { "undelete", command_undelete, "KEY…", "bring back what was deleted", 1, G_MAXUINT },
  { "gc", command_gc, "[--dry-run] [--purge]", "clear away what nothing needs any more", 0, 0 },
  { "verify", command_verify, "[--repair] [--slice PERCENT] [--drill]", "read everything and compare it with its digests", 0, 0 },
  { "reindex", command_reindex, "", "make the catalog and the search index anew from the files", 0, 0 },
  { "stats", command_stats, "", "say what is stored, and what was saved", 0, 0 },
  { "report", command_report, "[-o FILE]", "say what became of every file of the old store", 0, 0 },
  { "rollback", command_rollback, "[--dry-run] [--export DIR] [--restore|--no-restore] [--undo] [--purge]", "go back to the old store; the new one goes to the trash", 0, 0 },
  { "keep", command_keep, "[ID…] [--all]", "keep sessions that were found again; says which wait to be decided", 0, G_MAXUINT },
  { "retire", command_retire, "[--now] [--dry-run]", "delete the old store, after comparing everything once more", 0, 0 },
};

static void
print_help (void)
{
  printf ("stratactl [--store DIR] COMMAND [ARGUMENT…] [OPTION…]\n\n");
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    {
      printf ("  %-12s%s\n", commands[i].name, commands[i].summary);
      if (*commands[i].arguments != '\0')
        printf ("  %-12s%s\n", "", commands[i].arguments);
    }
  printf ("\n  --store DIR   the store; else $STRATA_STORE, else strata/store in the user's data folder\n"
          "  --json        print one JSON document\n"
          "  --quiet       show no progress\n"
          "  --help        print this\n"
          "  --version     print the version\n");
}

static const Command *
find_command (const char *name)
{
  for (guint i = 0; i < G_N_ELEMENTS (commands); i++)
    if (strcmp (commands[i].name, name) == 0)
      return &commands[i];

  return NULL;
}

/* Options */

static gboolean
want_help_cb (const char  *name,
              const char  *value,
              gpointer     data,
              GError     **error)
{
  print_help ();
  fflush (stdout);
  _exit (EXIT_DONE);
}

static gboolean
want_version_cb (const char  *name,
                 const char  *value,
                 gpointer     data,
                 GError     **error)
{
  printf ("stratactl " PACKAGE_VERSION "\n");
  fflush (stdout);
  _exit (EXIT_DONE);
}

static gboolean
parse_options (Invocation   *invocation,
               int           argc,
               char        **argv,
               GError      **error)
{
  GOptionEntry entries[] = {
    { "help", 'h', G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, want_help_cb, NULL, NULL },
    { "version", 0, G_OPTION_FLAG_NO_ARG, G_OPTION_ARG_CALLBACK, want_version_cb, NULL, NULL },
    { "store", 0, 0, G_OPTION_ARG_FILENAME, &invocation->store_path, NULL, NULL },
    { "json", 0, 0, G_OPTION_ARG_NONE, &invocation->json, NULL, NULL },
    { "quiet", 0, 0, G_OPTION_ARG_NONE, &invocation->quiet, NULL, NULL },
    { "batch", 0, 0, G_OPTION_ARG_INT, &invocation->batch, NULL, NULL },
    { "source", 0, 0, G_OPTION_ARG_STRING, &invocation->source, NULL, NULL },
    { "attachments", 0, 0, G_OPTION_ARG_FILENAME, &invocation->attachments_path, NULL, NULL },
    { "compress", 0, 0, G_OPTION_ARG_NONE, &invocation->compress, NULL, NULL },
    { "all", 0, 0, G_OPTION_ARG_NONE, &invocation->all, NULL, NULL },
    { "older-than", 0, 0, G_OPTION_ARG_INT, &invocation->older_than, NULL, NULL },
    { "images", 0, 0, G_OPTION_ARG_STRING, &invocation->images, NULL, NULL },
    { "quality", 0, 0, G_OPTION_ARG_INT, &invocation->quality, NULL, NULL },
    { "level", 0, 0, G_OPTION_ARG_INT, &invocation->level, NULL, NULL },
    { "videos", 0, 0, G_OPTION_ARG_STRING, &invocation->videos, NULL, NULL },
    { "no-recovered", 0, 0, G_OPTION_ARG_NONE, &invocation->no_recovered, NULL, NULL },
    { "limit", 0, 0, G_OPTION_ARG_INT, &invocation->limit, NULL, NULL },
    { "sort", 0, 0, G_OPTION_ARG_STRING, &invocation->sort, NULL, NULL },
    { "metadata", 0, 0, G_OPTION_ARG_NONE, &invocation->metadata, NULL, NULL },
    { "parts", 0, 0, G_OPTION_ARG_NONE, &invocation->parts, NULL, NULL },
    { "part", 0, 0, G_OPTION_ARG_STRING, &invocation->part, NULL, NULL },
    { "output", 'o', 0, G_OPTION_ARG_FILENAME, &invocation->output, NULL, NULL },
    { "format", 0, 0, G_OPTION_ARG_STRING, &invocation->format, NULL, NULL },
    { "dry-run", 0, 0, G_OPTION_ARG_NONE, &invocation->dry_run, NULL, NULL },
    { "purge", 0, 0, G_OPTION_ARG_NONE, &invocation->purge, NULL, NULL },
    { "repair", 0, 0, G_OPTION_ARG_NONE, &invocation->repair, NULL, NULL },
    { "export", 0, 0, G_OPTION_ARG_FILENAME, &invocation->export_path, NULL, NULL },
    { "restore", 0, 0, G_OPTION_ARG_NONE, &invocation->restore, NULL, NULL },
    { "no-restore", 0, 0, G_OPTION_ARG_NONE, &invocation->no_restore, NULL, NULL },
    { "undo", 0, 0, G_OPTION_ARG_NONE, &invocation->undo, NULL, NULL },
    { "now", 0, 0, G_OPTION_ARG_NONE, &invocation->now, NULL, NULL },
    { "slice", 0, 0, G_OPTION_ARG_INT, &invocation->slice, NULL, NULL },
    { "drill", 0, 0, G_OPTION_ARG_NONE, &invocation->drill, NULL, NULL },
    { "keep", 0, 0, G_OPTION_ARG_NONE, &invocation->keep, NULL, NULL },
    { "discard", 0, 0, G_OPTION_ARG_NONE, &invocation->discard, NULL, NULL },
    { "explain", 0, 0, G_OPTION_ARG_NONE, &invocation->explain, NULL, NULL },
    { "attachment", 0, 0, G_OPTION_ARG_FILENAME, &invocation->attachment, NULL, NULL },
    { "item", 0, 0, G_OPTION_ARG_STRING, &invocation->item, NULL, NULL },
    { G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &invocation->arguments, NULL, NULL },
    { NULL }
  };
  g_autoptr(GOptionContext) context = g_option_context_new (NULL);

  g_option_context_set_help_enabled (context, FALSE);
  g_option_context_add_main_entries (context, entries, NULL);

  return g_option_context_parse (context, &argc, &argv, error);
}

/* Takes the command's name out of the arguments. Returns 0, or the exit status for a wrong call. */
static int
settle_command (Invocation *invocation)
{
  guint n = invocation->arguments != NULL ? g_strv_length (invocation->arguments) : 0;
  g_autofree char *message = NULL;

  if (n == 0)
    return fail_usage (invocation, "a command is missing; --help lists them");

  invocation->command = find_command (invocation->arguments[0]);
  if (invocation->command == NULL)
    {
      message = g_strdup_printf ("there is no command “%s”; --help lists them", invocation->arguments[0]);
      return fail_usage (invocation, message);
    }

  g_free (invocation->arguments[0]);
  memmove (invocation->arguments, invocation->arguments + 1, n * sizeof (char *));
  n--;
  if (n < invocation->command->min_arguments || n > invocation->command->max_arguments)
    {
      message = g_strdup_printf ("usage: stratactl %s %s", invocation->command->name, invocation->command->arguments);
      return fail_usage (invocation, message);
    }
  if (invocation->batch != NOT_GIVEN && invocation->batch < 1)
    return fail_usage (invocation, "--batch takes a number from 1");
  if (invocation->videos != NULL && strcmp (invocation->videos, "copy") != 0 && strcmp (invocation->videos, "reference") != 0)
    return fail_usage (invocation, "--videos takes copy or reference");

  return EXIT_DONE;
}

static gboolean
interrupted_cb (gpointer user_data)
{
  Invocation *invocation = user_data;

  g_cancellable_cancel (invocation->cancellable);

  return G_SOURCE_CONTINUE;
}

/* The work, on its own thread */

typedef struct
{
  Invocation *invocation;
  GMainLoop  *loop;
  int         status;
} Work;

static gboolean
done_cb (gpointer user_data)
{
  g_main_loop_quit (user_data);

  return G_SOURCE_REMOVE;
}

/* The loop is ended from within: quitting it from here could come before it runs, and be lost. */
static gpointer
work (gpointer data)
{
  Work *self = data;

  self->status = self->invocation->command->run (self->invocation);
  g_idle_add (done_cb, self->loop);

  return NULL;
}

static int
run_command (Invocation *invocation)
{
  g_autoptr(GMainLoop) loop = g_main_loop_new (NULL, FALSE);
  Work self = { invocation, loop, EXIT_INTERNAL };
  GThread *thread;

  strata_forbid_file_access_here ();
  g_unix_signal_add (SIGINT, interrupted_cb, invocation);
  g_unix_signal_add (SIGTERM, interrupted_cb, invocation);
  start_progress (invocation);

  thread = g_thread_new ("command", work, &self);
  g_main_loop_run (loop);
  g_thread_join (thread);

  return self.status;
}

static void
invocation_clear (Invocation *invocation)
{
  g_free (invocation->store_path);
  g_free (invocation->sort);
  g_free (invocation->videos);
  g_free (invocation->part);
  g_free (invocation->output);
  g_free (invocation->format);
  g_free (invocation->source);
  g_free (invocation->attachments_path);
  g_free (invocation->attachment);
  g_free (invocation->item);
  g_free (invocation->export_path);
  g_strfreev (invocation->arguments);
  g_clear_object (&invocation->cancellable);
  g_free (invocation->images);
  g_clear_object (&invocation->work);
  g_mutex_clear (&invocation->mutex);
}

/* What was printed must have arrived: a full disk behind a redirection is a failure. */
static int
finish_output (int status)
{
  if (fflush (stdout) == 0 && !ferror (stdout))
    return status;

  fprintf (stderr, "stratactl: Cannot write to standard output: %s\n", g_strerror (errno));

  return status == EXIT_DONE || status == EXIT_WARNINGS ? EXIT_WRITE : status;
}

int
main (int   argc,
      char *argv[])
{
  Invocation invocation = { .batch = NOT_GIVEN, .slice = NOT_GIVEN, .older_than = NOT_GIVEN, .quality = NOT_GIVEN, .level = NOT_GIVEN };
  g_autoptr(GError) error = NULL;
  int status;

  setlocale (LC_ALL, "");
  g_mutex_init (&invocation.mutex);
  invocation.cancellable = g_cancellable_new ();
  for (int i = 1; i < argc && strcmp (argv[i], "--") != 0; i++)
    invocation.json = invocation.json || strcmp (argv[i], "--json") == 0;

  if (!parse_options (&invocation, argc, argv, &error))
    status = fail_usage (&invocation, error->message);
  else
    status = settle_command (&invocation);

  if (status == EXIT_DONE)
    {
      if (invocation.store_path == NULL)
        invocation.store_path = strata_store_dup_default_path ();
      status = run_command (&invocation);
    }
  invocation_clear (&invocation);

  return finish_output (status);
}

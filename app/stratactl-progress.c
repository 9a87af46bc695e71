/* stratactl-progress.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "stratactl-private.h"

/* A bar is redrawn this often; elsewhere than on a terminal a line is said so often */
#define BAR_MS  100
#define LINE_MS 10000
#define BAR_WIDTH 30

static void
print_bar (const char *step,
           double      share,
           guint64     sessions,
           double      remaining)
{
  char bar[BAR_WIDTH + 1];

  memset (bar, '.', BAR_WIDTH);
  memset (bar, '#', (gsize)(share * BAR_WIDTH));
  bar[BAR_WIDTH] = '\0';
  fprintf (stderr, "\r%-10s [%s] %3.0f %%  %" G_GUINT64_FORMAT " sessions", step, bar, 100 * share, sessions);
  if (remaining >= 0)
    fprintf (stderr, ", about %.0f s left", remaining);
  fputs ("\033[K", stderr);
}

static void
print_share (const char *step,
             double      share,
             guint64     sessions,
             double      remaining)
{
  if (isatty (STDERR_FILENO))
    print_bar (step, share, sessions, remaining);
  else
    fprintf (stderr, "%s: %.0f %%, %" G_GUINT64_FORMAT " sessions\n", step, 100 * share, sessions);
  fflush (stderr);
}

/* Work that tells no more than its step, and how much of that is done */
static void
print_work (GObject *work)
{
  g_autofree char *step = NULL;
  double fraction;

  g_object_get (work, "step", &step, "fraction", &fraction, NULL);
  if (isatty (STDERR_FILENO))
    fprintf (stderr, "\r%-12s %3.0f %%\033[K", step, 100 * fraction);
  else
    fprintf (stderr, "%s: %.0f %%\n", step, 100 * fraction);
  fflush (stderr);
}

static void
print_compression (StrataCompressor *compressor)
{
  StrataCompressorProgress progress;
  g_autofree char *step = NULL;

  strata_compressor_get_progress (compressor, &progress);
  if (progress.bytes_total == 0)
    return;
  step = progress.reason != NULL ? g_strdup_printf ("waiting (%s)", progress.reason) : g_strdup (progress.state);
  print_share (strcmp (step, "running") == 0 ? "compress" : step, (double)progress.bytes / (double)progress.bytes_total,
               progress.sessions, progress.remaining);
}

static void
print_migration (StrataMigration *migration)
{
  StrataMigrationProgress progress;

  strata_migration_get_progress (migration, &progress);
  if (progress.bytes_total > 0)
    print_share (progress.step, (double)progress.bytes / (double)progress.bytes_total, progress.items, progress.remaining);
}

/* The main thread shows what the worker has told the work, or the index. */
static void
print_progress (Invocation *invocation)
{
  g_autoptr(GObject) work = NULL;
  guint64 indexed, to_index;

  g_mutex_lock (&invocation->mutex);
  g_set_object (&work, invocation->work);
  indexed = invocation->indexed;
  to_index = invocation->to_index;
  g_mutex_unlock (&invocation->mutex);

  if (to_index > 0)
    print_share ("indexing", (double)indexed / (double)to_index, indexed, -1);
  else if (STRATA_IS_MIGRATION (work))
    print_migration (STRATA_MIGRATION (work));
  else if (STRATA_IS_COMPRESSOR (work))
    print_compression (STRATA_COMPRESSOR (work));
  else if (work != NULL)
    print_work (work);
}

static gboolean
progress_cb (gpointer user_data)
{
  print_progress (user_data);

  return G_SOURCE_CONTINUE;
}

/* On the main thread, before the work begins. */
void
start_progress (Invocation *invocation)
{
  if (!invocation->quiet)
    g_timeout_add (isatty (STDERR_FILENO) ? BAR_MS : LINE_MS, progress_cb, invocation);
}

void
set_work (Invocation *invocation,
          GObject    *work)
{
  g_mutex_lock (&invocation->mutex);
  g_set_object (&invocation->work, work);
  g_mutex_unlock (&invocation->mutex);
}

/* Shows the last state, also of what was over before a bar could be drawn. */
void
end_progress (Invocation *invocation)
{
  gboolean any;

  g_mutex_lock (&invocation->mutex);
  any = invocation->work != NULL || invocation->to_index > 0;
  g_mutex_unlock (&invocation->mutex);
  if (any && !invocation->quiet && isatty (STDERR_FILENO))
    {
      print_progress (invocation);
      fputc ('\n', stderr);
    }
  set_work (invocation, NULL);
  show_indexing (0, 0, invocation);
}

void
show_indexing (guint64  done,
               guint64  total,
               gpointer user_data)
{
  Invocation *invocation = user_data;

  g_mutex_lock (&invocation->mutex);
  invocation->indexed = done;
  invocation->to_index = total;
  g_mutex_unlock (&invocation->mutex);
}

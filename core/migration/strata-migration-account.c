/* strata-migration-account.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-seam-private.h"
#include "strata-journal-private.h"
#include "strata-migration-private.h"
#include "strata-report-private.h"
#include "strata-rollback-point-private.h"

/* What a run knows in the end, in the form in which the rollback point and the report ask for it */
typedef struct
{
  StrataMigrationRun     *run;
  GHashTable             *held;      /* keys of sessions that were seen in the old store */
  GPtrArray              *problems;
  StrataRollbackFindings  findings;
} Account;

static gboolean
is_in_file (const StrataLegacyCandidate *candidate,
            const StrataOldFile         *file)
{
  return candidate->dir == file->dir && strcmp (candidate->file, file->path) == 0;
}

static guint64
count_sessions (const StrataOldFile *file,
                gpointer             user_data)
{
  Account *account = user_data;
  GPtrArray *origins = account->run->origins;
  guint64 sessions = 0;

  for (guint i = 0; origins != NULL && i < origins->len; i++)
    {
      const StrataOrigin *origin = g_ptr_array_index (origins, i);
      GHashTableIter iter;
      gpointer key;

      if (!is_in_file (origin->candidate, file))
        continue;
      g_hash_table_iter_init (&iter, origin->keys);
      while (g_hash_table_iter_next (&iter, NULL, &key))
        sessions += key != NULL ? 1 : 0;
    }

  return sessions;
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

static void
list_collections (const StrataOldFile *file,
                  gboolean             is_whole,
                  GPtrArray           *names,
                  gpointer             user_data)
{
  Account *account = user_data;
  g_autoptr(GPtrArray) found = g_ptr_array_new ();
  GHashTableIter iter;
  gpointer key, candidate;

  g_hash_table_iter_init (&iter, is_whole ? account->run->collections : account->run->torn_collections);
  while (g_hash_table_iter_next (&iter, &key, &candidate))
    if (is_in_file (candidate, file))
      g_ptr_array_add (found, key);

  /* The same report of the same run, whatever order a table gives */
  g_ptr_array_sort (found, compare_strings);
  for (guint i = 0; i < found->len; i++)
    {
      g_autofree char *name = strata_store_dup_collection_name (account->run->store, g_ptr_array_index (found, i), NULL);

      g_ptr_array_add (names, name != NULL ? g_steal_pointer (&name) : g_strdup (g_ptr_array_index (found, i)));
    }
}

static gboolean
is_held (gboolean    is_collection,
         const char *key,
         gpointer    user_data)
{
  Account *account = user_data;
  StrataMigrationRun *run = account->run;

  if (!is_collection)
    return g_hash_table_contains (account->held, key);

  return g_hash_table_contains (run->collections, key) || g_hash_table_contains (run->torn_collections, key) ||
         g_strcmp0 (run->unused_key, key) == 0;
}

static gboolean
is_left_out (const StrataOldFile *file,
             gpointer             user_data)
{
  StrataMigrationRun *run = ((Account *)user_data)->run;

  return run->taker != NULL && _strata_attachment_taker_has_left_out (run->taker, file->name, file->path);
}

static GHashTable *
list_held_sessions (StrataMigrationRun *run)
{
  GHashTable *held = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; run->origins != NULL && i < run->origins->len; i++)
    {
      GHashTableIter iter;
      gpointer key;

      g_hash_table_iter_init (&iter, ((const StrataOrigin *)g_ptr_array_index (run->origins, i))->keys);
      while (g_hash_table_iter_next (&iter, NULL, &key))
        if (key != NULL)
          g_hash_table_add (held, key);
    }

  return held;
}

static GHashTable *
index_problems (GPtrArray *problems)
{
  GHashTable *index = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, (GDestroyNotify)g_ptr_array_unref);

  for (guint i = 0; i < problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (problems, i);
      const char *path = strata_problem_get_path (problem);
      GPtrArray *of_path;

      if (path == NULL)
        continue;
      of_path = g_hash_table_lookup (index, path);
      if (of_path == NULL)
        {
          of_path = g_ptr_array_new ();
          g_hash_table_insert (index, (gpointer)path, of_path);
        }
      g_ptr_array_add (of_path, problem);
    }

  return index;
}

static void
account_init (Account            *self,
              StrataMigrationRun *run)
{
  self->run = run;
  self->held = list_held_sessions (run);
  self->problems = strata_migration_dup_problems (run->migration);
  self->findings = (StrataRollbackFindings) {
    .legacy = run->legacy_path,
    .attachments = run->attachments_path,
    .source = run->source,
    .problems = self->problems,
    .problem_index = index_problems (self->problems),
    .recover = run->recover,
    .count_sessions = count_sessions,
    .list_collections = list_collections,
    .is_held = is_held,
    .is_left_out = is_left_out,
    .user_data = self,
  };
}

static void
account_clear (Account *self)
{
  g_hash_table_unref (self->findings.problem_index);
  g_ptr_array_unref (self->problems);
  g_hash_table_unref (self->held);
}

gboolean
_strata_migration_run_secure (StrataMigrationRun  *run,
                              GCancellable        *cancellable,
                              GError             **error)
{
  g_autofree char *hex = NULL;
  StrataDigest digest;
  Account account;
  gboolean ok;

  _strata_seam_get ()->mark ("secure");
  account_init (&account, run);
  ok = _strata_rollback_point_make (run->point, &account.findings, &digest, cancellable, error);
  account_clear (&account);
  if (!ok)
    return FALSE;

  hex = _strata_digest_dup_hex (&digest);

  return _strata_journal_append (_strata_store_get_dir (run->store), error, "rollback-point source=%u manifest=%s",
                                 run->source, hex);
}

gboolean
_strata_migration_write_report (StrataMigrationRun  *run,
                                const char          *state,
                                GCancellable        *cancellable,
                                GError             **error)
{
  Account account;
  gboolean ok;

  account_init (&account, run);
  ok = _strata_report_write (run->store, run->legacy, _strata_rollback_point_get_notes (run->point), &account.findings,
                             state, cancellable, error);
  account_clear (&account);

  return ok;
}

/* strata-migration-news.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/strata-digest-private.h"
#include "base/strata-error.h"
#include "strata-journal-private.h"
#include "strata-migration-object-private.h"
#include "strata-old-files-private.h"
#include "strata-rollback-manifest-private.h"

/* Whether an old store has changed since it was migrated, without reading its files: the
 * list that the rollback point has of them is compared with what is there, by names,
 * sizes and times. Both are summed up, so that memory does not grow with them.
 */
typedef struct
{
  guint64 count;
  guint64 sum;
} Sum;

static void
add_file (Sum           *sum,
          StrataOldRoot  root,
          StrataOldKind  kind,
          const char    *path,
          guint64        size,
          gint64         mtime_ns)
{
  g_autofree char *line = NULL;
  StrataDigest digest;
  guint64 part;

  /* What has no data of its own comes and goes, and foreign files are nobody's business */
  if (kind != STRATA_OLD_COLLECTION && kind != STRATA_OLD_ATTACHMENT)
    return;

  line = g_strdup_printf ("%d %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %s", (int)root, size, mtime_ns, path);
  _strata_digest_of (line, strlen (line), &digest);
  memcpy (&part, digest.bytes, sizeof part);
  sum->count++;
  sum->sum += part;
}

static gboolean
add_noted (const StrataRollbackFile  *file,
           guint64                    number,
           gpointer                   user_data,
           GError                   **error)
{
  add_file (user_data, file->root, file->kind, file->path, file->mark.size, file->mark.mtime_ns);

  return TRUE;
}

static gboolean
add_found (const StrataOldFile  *file,
           gpointer              user_data,
           GError              **error)
{
  if (!file->is_folder)
    add_file (user_data, file->root, file->kind, file->path, file->size, file->mtime_ns);

  return TRUE;
}

typedef struct
{
  guint    source;
  gboolean is_retired;
} Retired;

/* What was recorded there after it was deleted, and migrated, makes it an old store again. */
static void
look_for_end (const char *event,
              gpointer    user_data)
{
  Retired *retired = user_data;
  guint source;

  if (sscanf (event, "retire begin source=%u", &source) == 1 && source == retired->source)
    retired->is_retired = TRUE;
  else if (sscanf (event, "rollback-point source=%u", &source) == 1 && source == retired->source)
    retired->is_retired = FALSE;
}

static gboolean
check_not_retired (StrataStore  *store,
                   guint         source,
                   GError      **error)
{
  Retired retired = { source, FALSE };

  if (!_strata_journal_read (_strata_store_get_dir (store), look_for_end, &retired, error))
    return FALSE;
  if (!retired.is_retired)
    return TRUE;

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The old store was deleted");

  return FALSE;
}

static gboolean
compare (StrataStore   *store,
         guint          source,
         gboolean      *out_has_news,
         guint64       *out_mark,
         GCancellable  *cancellable,
         GError       **error)
{
  g_autoptr(StrataRollbackManifest) manifest =
    _strata_rollback_manifest_open (_strata_store_get_dir (store), source, cancellable, error);
  g_autoptr(StrataLegacyStore) legacy = NULL;
  const StrataRollbackHeader *header;
  Sum noted = { 0, 0 }, found = { 0, 0 };

  if (manifest == NULL || !_strata_rollback_manifest_foreach (manifest, add_noted, NULL, &noted, cancellable, error))
    return FALSE;

  header = _strata_rollback_manifest_get_header (manifest);
  legacy = _strata_legacy_store_open (header->legacy, header->attachments, NULL, cancellable, error);
  if (legacy == NULL || !_strata_old_files_foreach (legacy, add_found, &found, error))
    return FALSE;

  *out_has_news = noted.count != found.count || noted.sum != found.sum;
  *out_mark = found.sum + found.count;

  return TRUE;
}

gboolean
_strata_migration_look_at_old (const char    *store_path,
                               gboolean      *out_has_news,
                               guint64       *out_mark,
                               GCancellable  *cancellable,
                               GError       **error)
{
  g_autoptr(StrataStore) store = strata_store_open (store_path, error);
  g_autoptr(StrataHeader) header = store != NULL ? _strata_store_read_header (store, error) : NULL;
  guint source;

  if (header == NULL)
    return FALSE;

  source = _strata_migration_find_last_source (_strata_store_get_dir (store));

  return check_not_retired (store, source, error) && compare (store, source, out_has_news, out_mark, cancellable, error);
}

/**
 * strata_migration_look_for_news:
 * @store_path: a store's folder
 * @out_has_news: (out): whether the old store that was migrated last has changed since
 * @cancellable: (nullable): a cancellable
 *
 * Looks whether [ctor@Strata.Migration.new_again] would have something to do. Lists the old
 * store, and reads none of its sessions; the thread must not be one that draws.
 *
 * Returns: whether that could be found out; or %FALSE with @error set: %STRATA_ERROR_NOT_FOUND
 *   where no migration is complete, or the old store was deleted here, %STRATA_ERROR_SOURCE where the old store is gone
 */
gboolean
strata_migration_look_for_news (const char    *store_path,
                                gboolean      *out_has_news,
                                GCancellable  *cancellable,
                                GError       **error)
{
  guint64 mark;

  g_return_val_if_fail (store_path != NULL, FALSE);
  g_return_val_if_fail (out_has_news != NULL, FALSE);

  return _strata_migration_look_at_old (store_path, out_has_news, &mark, cancellable, error);
}

static void
news_worker (GTask        *task,
             gpointer      source_object,
             gpointer      task_data,
             GCancellable *cancellable)
{
  GError *error = NULL;
  gboolean has_news;

  if (strata_migration_look_for_news (task_data, &has_news, cancellable, &error))
    g_task_return_int (task, has_news ? 1 : 0);
  else
    g_task_return_error (task, error);
}

/**
 * strata_migration_look_for_news_async:
 * @store_path: a store's folder
 * @cancellable: (nullable): a cancellable
 * @callback: (scope async): called when it is known
 *
 * Does what [func@Strata.Migration.look_for_news] does, on another thread.
 */
void
strata_migration_look_for_news_async (const char          *store_path,
                                      GCancellable        *cancellable,
                                      GAsyncReadyCallback  callback,
                                      gpointer             user_data)
{
  g_autoptr(GTask) task = NULL;

  g_return_if_fail (store_path != NULL);

  task = g_task_new (NULL, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_migration_look_for_news_async);
  g_task_set_task_data (task, g_strdup (store_path), g_free);
  g_task_run_in_thread (task, news_worker);
}

/**
 * strata_migration_look_for_news_finish:
 * @out_has_news: (out): whether the old store has changed
 *
 * Returns: as [func@Strata.Migration.look_for_news] does
 */
gboolean
strata_migration_look_for_news_finish (GAsyncResult  *result,
                                       gboolean      *out_has_news,
                                       GError       **error)
{
  GError *task_error = NULL;
  gssize has_news;

  g_return_val_if_fail (g_task_is_valid (result, NULL), FALSE);
  g_return_val_if_fail (out_has_news != NULL, FALSE);

  has_news = g_task_propagate_int (G_TASK (result), &task_error);
  if (task_error != NULL)
    {
      g_propagate_error (error, task_error);
      return FALSE;
    }
  *out_has_news = has_news != 0;

  return TRUE;
}

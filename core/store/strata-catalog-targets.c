/* strata-catalog-targets.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-sqlite-private.h"
#include "strata-catalog-internal-private.h"

void
_strata_catalog_target_free (StrataCatalogTarget *target)
{
  g_free (target->key);
  g_free (target->start);
  g_free (target->end);
  g_free (target);
}

static StrataCatalogTarget *
target_of_row (sqlite3_stmt *statement)
{
  StrataCatalogTarget *target = g_new0 (StrataCatalogTarget, 1);

  target->key = _strata_sqlite_dup_text (statement, 0);
  target->is_collection = sqlite3_column_int (statement, 1) != 0;
  target->start = _strata_sqlite_dup_text (statement, 2);
  target->end = _strata_sqlite_dup_text (statement, 3);
  target->raw_bytes = (guint64)sqlite3_column_int64 (statement, 4);
  target->n_plain = (guint64)sqlite3_column_int64 (statement, 5);
  target->packed_bytes = (guint64)sqlite3_column_int64 (statement, 6);
  target->n_jpegs = (guint64)sqlite3_column_int64 (statement, 7);
  target->jpeg_bytes = (guint64)sqlite3_column_int64 (statement, 8);
  target->png_bytes = (guint64)sqlite3_column_int64 (statement, 9);
  target->webp_bytes = (guint64)sqlite3_column_int64 (statement, 10);

  return target;
}

#define ROWS(what, condition) "(SELECT " what " FROM attachments WHERE owner = key AND " condition ")"
#define NOT_TRIED " AND sha256 NOT IN (SELECT sha256 FROM kept WHERE settings = ?1)"

GPtrArray *
_strata_catalog_list_targets (StrataCatalog  *self,
                              const char     *settings,
                              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db,
                            "SELECT key, is_collection, start, end, raw_bytes, plain, packed, "
                            ROWS ("count (*)", "state = 0 AND ext = 'jpg'") ", "
                            ROWS ("total (bytes)", "state = 0 AND ext = 'jpg'" NOT_TRIED) ", "
                            ROWS ("total (bytes)", "state = 0 AND ext = 'png'" NOT_TRIED) ", "
                            ROWS ("total (bytes)", "state = 2")
                            " FROM owners WHERE key NOT IN (SELECT owner FROM tails)"
                            " ORDER BY is_collection, start, source, ordinal", error);
  g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_catalog_target_free);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_text (statement, 1, settings);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&targets);
      g_ptr_array_add (targets, target_of_row (statement));
    }

  return NULL;
}

gboolean
_strata_catalog_count_plain (StrataCatalog  *self,
                             guint64        *out_sessions,
                             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT count(*) FROM owners WHERE NOT is_collection AND plain > 0"
                                      " AND key NOT IN (SELECT owner FROM tails)", error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_sessions = (guint64)sqlite3_column_int64 (statement, 0);

  return TRUE;
}

static gboolean
insert_kept (StrataCatalog  *self,
             GPtrArray      *digests,
             const char     *settings,
             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "INSERT OR REPLACE INTO kept VALUES (?, ?)", error);

  if (statement == NULL)
    return FALSE;

  for (guint i = 0; i < digests->len; i++)
    {
      _strata_sqlite_bind_digest (statement, 1, g_ptr_array_index (digests, i));
      _strata_sqlite_bind_text (statement, 2, settings);
      if (!_strata_sqlite_run (statement, error))
        return FALSE;
    }

  return TRUE;
}

/* Those that are gone meanwhile go too. */
gboolean
_strata_catalog_note_kept (StrataCatalog  *self,
                           GPtrArray      *digests,
                           const char     *settings,
                           GError        **error)
{
  if (!_strata_sqlite_exec (self->db, "BEGIN IMMEDIATE", error))
    return FALSE;

  if (insert_kept (self, digests, settings, error) &&
      _strata_sqlite_exec (self->db, "DELETE FROM kept WHERE sha256 NOT IN (SELECT sha256 FROM objects); COMMIT", error))
    return TRUE;

  _strata_catalog_roll_back (self);

  return FALSE;
}

GPtrArray *
_strata_catalog_list_referring (StrataCatalog  *self,
                                gboolean        is_collection,
                                GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT DISTINCT owner FROM attachments JOIN owners ON key = owner"
                                      " WHERE state = 3 AND is_collection = ? ORDER BY owner", error);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, is_collection ? 1 : 0);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&keys);
      g_ptr_array_add (keys, _strata_sqlite_dup_text (statement, 0));
    }

  return NULL;
}

void
_strata_catalog_use_free (StrataCatalogUse *use)
{
  g_free (use->owner);
  g_free (use->id);
  g_free (use);
}

gboolean
_strata_catalog_add_troubled (StrataCatalog  *self,
                              guint           source,
                              const char     *item,
                              GPtrArray      *uses,
                              GError        **error)
{
  /* What has a path for an id was a file that nothing points at, and is not found by its id */
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT owner, is_collection, attachments.id FROM attachments JOIN owners ON key = owner"
                                      " WHERE problem IS NOT NULL AND attachments.source = ?1 AND instr (attachments.id, '/') = 0"
                                      " AND ?2 IN (attachments.id, owner, owners.id, source_path,"
                                      " 'attachments/' || attachments.id || '.dat', 'attachments/' || attachments.id || '.meta.json')",
                            error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, source);
  _strata_sqlite_bind_text (statement, 2, item);

  while (_strata_sqlite_step (statement, &row, error))
    {
      StrataCatalogUse *use;

      if (!row)
        return TRUE;
      use = g_new0 (StrataCatalogUse, 1);
      use->owner = _strata_sqlite_dup_text (statement, 0);
      use->is_collection = sqlite3_column_int (statement, 1) != 0;
      use->id = _strata_sqlite_dup_text (statement, 2);
      g_ptr_array_add (uses, use);
    }

  return FALSE;
}

GPtrArray *
_strata_catalog_list_users (StrataCatalog       *self,
                            const StrataDigest  *digest,
                            GError             **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT DISTINCT owner FROM attachments WHERE sha256 = ?", error);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_digest (statement, 1, digest);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&keys);
      g_ptr_array_add (keys, _strata_sqlite_dup_text (statement, 0));
    }

  return NULL;
}

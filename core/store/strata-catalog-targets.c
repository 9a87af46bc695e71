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
  target->jpeg_bytes = (guint64)sqlite3_column_int64 (statement, 7);
  target->png_bytes = (guint64)sqlite3_column_int64 (statement, 8);
  target->webp_bytes = (guint64)sqlite3_column_int64 (statement, 9);

  return target;
}

#define OBJECTS_OF_TYPE(condition) \
  "(SELECT total (bytes) FROM attachments WHERE owner = key AND " condition ")"

GPtrArray *
_strata_catalog_list_targets (StrataCatalog  *self,
                              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db,
                            "SELECT key, is_collection, start, end, raw_bytes, plain, packed, "
                            OBJECTS_OF_TYPE ("state = 0 AND ext = 'jpg'") ", "
                            OBJECTS_OF_TYPE ("state = 0 AND ext = 'png'") ", "
                            OBJECTS_OF_TYPE ("state = 2")
                            " FROM owners WHERE key NOT IN (SELECT owner FROM tails)"
                            " ORDER BY is_collection, start, source, ordinal", error);
  g_autoptr(GPtrArray) targets = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_catalog_target_free);
  gboolean row;

  if (statement == NULL)
    return NULL;

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

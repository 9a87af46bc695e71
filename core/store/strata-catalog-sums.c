/* strata-catalog-sums.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-sqlite-private.h"
#include "strata-catalog-internal-private.h"

static gboolean
sum_one (sqlite3      *db,
         const char   *sql,
         guint64      *out_sum,
         GError      **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, sql, error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_sum = (guint64)sqlite3_column_int64 (statement, 0);

  return TRUE;
}

#define EACH_FILE_ONCE \
  "(SELECT DISTINCT source, source_path, source_size, coalesce (original_bytes, bytes) AS bytes FROM attachments" \
  " WHERE sha256 IS NOT NULL AND source_path IS NOT NULL AND state != 3)"
/* Base64 that was in metadata, each of these once, whatever uses the attachment */
#define EACH_TEXT_ONCE \
  "(SELECT DISTINCT source, id, place, embedded.sha256, embedded.bytes AS bytes, (embedded.bytes + 2) / 3 * 4 AS text_bytes" \
  " FROM embedded JOIN attachments USING (owner, number))"
#define EACH_CONTENT_ONCE \
  "(SELECT max (bytes) AS bytes FROM" \
  " (SELECT coalesce (original_sha256, sha256) AS content, coalesce (original_bytes, bytes) AS bytes FROM attachments" \
  "  WHERE sha256 IS NOT NULL AND state != 3" \
  "  UNION ALL SELECT sha256, bytes FROM embedded) GROUP BY content)"
#define IS_TEXT "source_path GLOB 'attachments/*.dat' AND source_path NOT GLOB 'attachments/*/*'"

gboolean
_strata_catalog_get_sums (StrataCatalog      *self,
                          StrataCatalogSums  *out_sums,
                          GError            **error)
{
  guint64 embedded_text, embedded;
  gboolean ok =
         sum_one (self->db, "SELECT count(*) FROM owners WHERE NOT is_collection", &out_sums->sessions, error) &&
         sum_one (self->db, "SELECT total(source_size) FROM " EACH_FILE_ONCE " WHERE " IS_TEXT, &out_sums->encoded_bytes, error) &&
         sum_one (self->db, "SELECT total(bytes) FROM " EACH_FILE_ONCE " WHERE " IS_TEXT, &out_sums->decoded_bytes, error) &&
         sum_one (self->db, "SELECT total(bytes) FROM " EACH_FILE_ONCE, &out_sums->used_bytes, error) &&
         sum_one (self->db, "SELECT total(text_bytes) FROM " EACH_TEXT_ONCE, &embedded_text, error) &&
         sum_one (self->db, "SELECT total(bytes) FROM " EACH_TEXT_ONCE, &embedded, error) &&
         sum_one (self->db, "SELECT total(bytes) FROM " EACH_CONTENT_ONCE, &out_sums->content_bytes, error) &&
         sum_one (self->db, "SELECT total(bytes) FROM objects", &out_sums->object_bytes, error) &&
         sum_one (self->db, "SELECT total(packed) FROM owners", &out_sums->packed_bytes, error);

  if (!ok)
    return FALSE;
  out_sums->encoded_bytes += embedded_text;
  out_sums->decoded_bytes += embedded;
  out_sums->used_bytes += embedded;

  return TRUE;
}

static gboolean
foreach_group (sqlite3                 *db,
               const char              *sql,
               StrataCatalogGroupFunc   func,
               gpointer                 user_data,
               GError                 **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, sql, error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      func (user_data, (const char *)sqlite3_column_text (statement, 0),
            (guint64)sqlite3_column_int64 (statement, 1), (guint64)sqlite3_column_int64 (statement, 2));
    }

  return FALSE;
}

gboolean
_strata_catalog_foreach_kind (StrataCatalog           *self,
                              StrataCatalogGroupFunc   func,
                              gpointer                 user_data,
                              GError                 **error)
{
  return foreach_group (self->db,
                        "SELECT 'application/json', count(*), total(stored) FROM owners "
                        "UNION ALL "
                        "SELECT coalesce(mime, 'application/octet-stream') AS kind, count(*), total(bytes) FROM"
                        " (SELECT sha256, min(mime) AS mime, min(bytes) AS bytes FROM"
                        "  (SELECT sha256, mime, bytes FROM attachments WHERE sha256 IS NOT NULL AND state != 3"
                        "   UNION ALL SELECT sha256, mime, bytes FROM embedded)"
                        "  GROUP BY sha256) GROUP BY kind ORDER BY 3 DESC",
                        func, user_data, error);
}

gboolean
_strata_catalog_foreach_month (StrataCatalog           *self,
                               StrataCatalogGroupFunc   func,
                               gpointer                 user_data,
                               GError                 **error)
{
  return foreach_group (self->db,
                        "SELECT CASE WHEN start GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-*' THEN substr(start, 1, 7) ELSE '' END AS month,"
                        " count(*), total(stored + object_bytes) FROM owners WHERE NOT is_collection GROUP BY month ORDER BY month",
                        func, user_data, error);
}

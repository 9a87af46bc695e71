/* strata-catalog-check.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-sqlite-private.h"
#include "strata-catalog-internal-private.h"

/* Descriptions */

static void
append_blob (GString    *text,
             const void *data,
             int         size)
{
  const guint8 *bytes = data;

  for (int i = 0; i < size; i++)
    g_string_append_printf (text, "%02x", bytes[i]);
}

/* Each value with its type, so that no two rows read alike */
static void
append_value (GString      *text,
              sqlite3_stmt *statement,
              int           column)
{
  int type = sqlite3_column_type (statement, column);

  g_string_append_printf (text, "%d:%d:", type, sqlite3_column_bytes (statement, column));
  if (type == SQLITE_BLOB)
    append_blob (text, sqlite3_column_blob (statement, column), sqlite3_column_bytes (statement, column));
  else if (type != SQLITE_NULL)
    g_string_append (text, (const char *)sqlite3_column_text (statement, column));
  g_string_append_c (text, '\n');
}

static gboolean
append_rows (StrataCatalog  *self,
             const char     *sql,
             const char     *key,
             GString        *text,
             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, key);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      for (int i = 0; i < sqlite3_column_count (statement); i++)
        append_value (text, statement, i);
    }

  return FALSE;
}

char *
_strata_catalog_describe (StrataCatalog  *self,
                          const char     *key,
                          GError        **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  /* Of the numbers of rows only their order counts */
  if (!append_rows (self, "SELECT * FROM owners WHERE key = ?", key, text, error) ||
      !append_rows (self, "SELECT source, id, state, sha256, bytes, ext, mime, name, problem, source_path, source_bytes,"
                          " source_size, source_mtime, source_root FROM attachments WHERE owner = ? ORDER BY number", key, text, error) ||
      !append_rows (self, "SELECT id, place, embedded.sha256, embedded.bytes, embedded.ext FROM embedded"
                          " JOIN attachments USING (owner, number) WHERE owner = ? ORDER BY number, place", key, text, error) ||
      !append_rows (self, "SELECT generation, bytes FROM tails WHERE owner = ?", key, text, error))
    return NULL;

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Checks */

static gboolean
check_pages (StrataCatalog  *self,
             GPtrArray      *messages,
             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "PRAGMA integrity_check (10)", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      g_autofree char *message = row ? _strata_sqlite_dup_text (statement, 0) : NULL;

      if (!row)
        return TRUE;
      if (g_strcmp0 (message, "ok") != 0)
        g_ptr_array_add (messages, g_strdup_printf ("The catalog is damaged: %s", message));
    }

  return FALSE;
}

/* Adds @message where a query counts anything. */
static gboolean
check_none (StrataCatalog  *self,
            const char     *sql,
            const char     *message,
            GPtrArray      *messages,
            GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  if (row && sqlite3_column_int64 (statement, 0) > 0)
    g_ptr_array_add (messages, g_strdup_printf ("%s (%" G_GINT64_FORMAT ")", message, (gint64)sqlite3_column_int64 (statement, 0)));

  return TRUE;
}

#define COUNTED \
  "(SELECT sha256, max (bytes) AS bytes, count (*) AS n FROM" \
  " (SELECT sha256, bytes FROM attachments WHERE sha256 IS NOT NULL AND state != 3 UNION ALL SELECT sha256, bytes FROM embedded) GROUP BY sha256)"

gboolean
_strata_catalog_check (StrataCatalog  *self,
                       GPtrArray      *messages,
                       GError        **error)
{
  static const struct
  {
    const char *sql;
    const char *message;
  } checks[] = {
    { "SELECT count (*) FROM " COUNTED " AS counted LEFT JOIN objects USING (sha256) WHERE uses IS NOT n OR objects.bytes IS NOT counted.bytes",
      "The catalog counts the uses of attachments wrongly; rebuild the index" },
    { "SELECT count (*) FROM objects LEFT JOIN " COUNTED " AS counted USING (sha256) WHERE n IS NULL",
      "The catalog counts attachments that nothing uses; rebuild the index" },
    { "SELECT count (*) FROM attachments LEFT JOIN owners ON key = owner WHERE key IS NULL",
      "The catalog has attachments of sessions that it does not list; rebuild the index" },
    { "SELECT count (*) FROM embedded LEFT JOIN attachments USING (owner, number) WHERE id IS NULL",
      "The catalog has metadata of attachments that it does not list; rebuild the index" },
    { "SELECT count (*) FROM tails LEFT JOIN owners ON key = owner WHERE key IS NULL",
      "The catalog takes sessions for growing that it does not list; rebuild the index" },
  };

  if (!check_pages (self, messages, error))
    return FALSE;

  for (guint i = 0; messages->len == 0 && i < G_N_ELEMENTS (checks); i++)
    if (!check_none (self, checks[i].sql, checks[i].message, messages, error))
      return FALSE;

  return TRUE;
}

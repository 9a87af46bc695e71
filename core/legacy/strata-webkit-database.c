/* strata-webkit-database.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-sqlite-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-blob-stream-private.h"
#include "strata-database-copy-private.h"
#include "strata-webkit-database-private.h"
#include "strata-webkit-key-private.h"

#define DATABASE_NAME "taskerino-db"
#define COLLECTIONS_NAME "collections"
#define BACKUPS_NAME "backups"
#define TIMESTAMP_NAME "timestamp"
#define MAX_TIMESTAMP_MS 8.64e15

typedef struct
{
  StrataWebkitRecord public;
  gint64             row;
} Record;

struct _StrataWebkitDatabase
{
  char    *path;       /* for messages; valid UTF-8 */
  sqlite3 *db;
  gint64   stores[2];  /* ids by StrataWebkitStore; -1: there is none */
  GArray  *records;    /* Record, by row */
  GError  *damage;
};

static void
clear_record (gpointer data)
{
  g_free (((Record *)data)->public.name);
}

static StrataWebkitDatabase *
database_new (const char *path)
{
  StrataWebkitDatabase *self = g_new0 (StrataWebkitDatabase, 1);

  self->path = g_utf8_make_valid (path, -1);
  self->stores[STRATA_WEBKIT_STORE_COLLECTIONS] = self->stores[STRATA_WEBKIT_STORE_BACKUPS] = -1;
  self->records = g_array_new (FALSE, FALSE, sizeof (Record));
  g_array_set_clear_func (self->records, clear_record);

  return self;
}

void
_strata_webkit_database_free (StrataWebkitDatabase *self)
{
  /* Closed in truth when the last stream is */
  sqlite3_close_v2 (self->db);
  g_array_unref (self->records);
  g_clear_error (&self->damage);
  g_free (self->path);
  g_free (self);
}

static gboolean
is_damage (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CORRUPT) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

/* What SQLite calls corrupt is an item of the old store that is damaged; so is
 * a table without the columns that it should have.
 *
 * @reason: (transfer full)
 */
static gboolean
fail_with (StrataWebkitDatabase  *self,
           GError                *reason,
           GError               **error)
{
  g_autoptr(GError) owned = reason;

  if (is_damage (owned) ||
      (g_error_matches (owned, G_IO_ERROR, G_IO_ERROR_FAILED) && sqlite3_errcode (self->db) == SQLITE_ERROR))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "In “%s”: %s", self->path, owned->message);
  else
    g_propagate_error (error, g_steal_pointer (&owned));

  return FALSE;
}

static gboolean
fail_foreign (StrataWebkitDatabase  *self,
              const char            *why,
              GError               **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "“%s” is not Taskerino's database: %s", self->path, why);

  return FALSE;
}

/* What another program wrote is read with care, and nothing is written back. */
static gboolean
set_up (sqlite3  *db,
        GError  **error)
{
  if (sqlite3_db_config (db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL) != SQLITE_OK ||
      sqlite3_db_config (db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) != SQLITE_OK ||
      sqlite3_db_config (db, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL) != SQLITE_OK ||
      sqlite3_create_collation (db, "IDBKEY", SQLITE_UTF8, NULL, _strata_webkit_key_collate) != SQLITE_OK)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "The database failed: %s", sqlite3_errmsg (db));
      return FALSE;
    }

  /* Nobody else reads the copy: so the log needs no shared memory, which would be another file */
  return _strata_sqlite_exec (db, "PRAGMA locking_mode = EXCLUSIVE;"
                                  "PRAGMA temp_store = MEMORY;"
                                  "PRAGMA cell_size_check = ON;"
                                  "PRAGMA query_only = ON;"
                                  "SELECT count(*) FROM sqlite_schema", error);
}

static gboolean
has_row (StrataWebkitDatabase  *self,
         const char            *sql,
         gboolean              *out_has,
         GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);

  return statement != NULL && _strata_sqlite_step (statement, out_has, error);
}

/* WebKit keeps some names as text and, lately, as blobs of UTF-16.
 *
 * Returns: (transfer full) (nullable)
 */
static char *
dup_name (sqlite3_stmt *statement,
          int           column)
{
  const void *blob;
  gsize size;

  if (sqlite3_column_type (statement, column) != SQLITE_BLOB)
    return _strata_sqlite_dup_text (statement, column);

  blob = sqlite3_column_blob (statement, column);
  size = (gsize)sqlite3_column_bytes (statement, column);

  return g_convert (blob, (gssize)size, "UTF-8", "UTF-16LE", NULL, NULL, NULL);
}

static gboolean
check_name (StrataWebkitDatabase  *self,
            GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;
  g_autofree char *name = NULL;
  g_autofree char *why = NULL;
  gboolean row;

  statement = _strata_sqlite_prepare (self->db, "SELECT value FROM IDBDatabaseInfo WHERE key = 'DatabaseName'", error);
  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;

  name = row ? dup_name (statement, 0) : NULL;
  if (g_strcmp0 (name, DATABASE_NAME) == 0)
    return TRUE;

  why = g_strdup_printf ("it is called “%s”", name != NULL ? name : "");

  return fail_foreign (self, why, error);
}

static gboolean
find_stores (StrataWebkitDatabase  *self,
             GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  statement = _strata_sqlite_prepare (self->db, "SELECT id, name FROM ObjectStoreInfo", error);
  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      g_autofree char *name = NULL;

      if (!row)
        return TRUE;

      name = dup_name (statement, 1);
      if (g_strcmp0 (name, COLLECTIONS_NAME) == 0)
        self->stores[STRATA_WEBKIT_STORE_COLLECTIONS] = sqlite3_column_int64 (statement, 0);
      else if (g_strcmp0 (name, BACKUPS_NAME) == 0)
        self->stores[STRATA_WEBKIT_STORE_BACKUPS] = sqlite3_column_int64 (statement, 0);
    }

  return FALSE;
}

/* By its name it is the app's: records of which nothing says in which store they are must not be passed over
 * as if there were none.
 */
static gboolean
check_stores_are_told (StrataWebkitDatabase  *self,
                       GError               **error)
{
  gboolean has_table, has_any = FALSE, has_records = FALSE;

  if (!has_row (self, "SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'ObjectStoreInfo'", &has_table, error) ||
      (has_table && !has_row (self, "SELECT 1 FROM ObjectStoreInfo LIMIT 1", &has_any, error)) ||
      !has_row (self, "SELECT 1 FROM Records NOT INDEXED LIMIT 1", &has_records, error))
    return FALSE;
  if (has_table && (has_any || !has_records))
    return TRUE;

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
               "“%s” is Taskerino's database, but the table that says what its records are is %s", self->path,
               has_table ? "empty" : "missing");

  return FALSE;
}

static gboolean
recognise (StrataWebkitDatabase  *self,
           GError               **error)
{
  gboolean is_indexed_db;

  if (!has_row (self, "SELECT 1 WHERE 2 = (SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND"
                      " name IN ('Records', 'IDBDatabaseInfo'))",
                &is_indexed_db, error))
    return FALSE;

  if (!is_indexed_db)
    return fail_foreign (self, "it is no IndexedDB of WebKit", error);

  return check_name (self, error) && check_stores_are_told (self, error) && find_stores (self, error);
}

static gboolean
is_of_store (StrataWebkitDatabase *self,
             gint64                id,
             StrataWebkitStore    *out_store)
{
  *out_store = id == self->stores[STRATA_WEBKIT_STORE_BACKUPS] ? STRATA_WEBKIT_STORE_BACKUPS
                                                               : STRATA_WEBKIT_STORE_COLLECTIONS;

  return id >= 0 && id == self->stores[*out_store];
}

/* Adds the record at hand to @records, if it is in one of the app's stores. */
static void
add_record (StrataWebkitDatabase *self,
            sqlite3_stmt         *statement,
            GArray               *records)
{
  const guint8 *key = sqlite3_column_blob (statement, 2);
  Record record = { .row = sqlite3_column_int64 (statement, 0) };

  record.public.timestamp_ms = -1;
  if (!is_of_store (self, sqlite3_column_int64 (statement, 1), &record.public.store))
    return;

  record.public.name = _strata_webkit_key_dup_text (key, (gsize)sqlite3_column_bytes (statement, 2));
  g_array_append_val (records, record);
}

/* Goes along the table by no index, as those over keys need WebKit's order.
 *
 * @out_last: the last row that was reached
 */
static gboolean
list_forwards (StrataWebkitDatabase  *self,
               gint64                *out_last,
               GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  statement = _strata_sqlite_prepare (self->db, "SELECT rowid, objectStoreID, key FROM Records NOT INDEXED ORDER BY rowid",
                                      error);
  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;

      *out_last = sqlite3_column_int64 (statement, 0);
      add_record (self, statement, self->records);
    }

  return FALSE;
}

/* Where that did not get through: the other way, as far as it goes. */
static void
list_backwards (StrataWebkitDatabase *self,
                gint64                last)
{
  g_autoptr(GArray) records = g_array_new (FALSE, FALSE, sizeof (Record));
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  statement = _strata_sqlite_prepare (self->db,
                                      "SELECT rowid, objectStoreID, key FROM Records NOT INDEXED ORDER BY rowid DESC", NULL);
  while (statement != NULL && _strata_sqlite_step (statement, &row, NULL) && row &&
         sqlite3_column_int64 (statement, 0) > last)
    add_record (self, statement, records);

  for (guint i = records->len; i > 0; i--)
    g_array_append_val (self->records, g_array_index (records, Record, i - 1));
}

static gboolean
list_records (StrataWebkitDatabase  *self,
              GError               **error)
{
  g_autoptr(GError) local_error = NULL;
  gint64 last = G_MININT64;

  if (list_forwards (self, &last, &local_error))
    return TRUE;

  if (is_damage (local_error))
    list_backwards (self, last);
  if (!is_damage (local_error) || self->records->len == 0)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  fail_with (self, g_steal_pointer (&local_error), &self->damage);

  return TRUE;
}

/* Returns: (nullable) (transfer none) */
static Record *
find_record (StrataWebkitDatabase *self,
             gint64                row)
{
  guint low = 0, high = self->records->len;

  while (low < high)
    {
      guint middle = low + (high - low) / 2;
      Record *record = &g_array_index (self->records, Record, middle);

      if (record->row == row)
        return record;
      if (record->row < row)
        low = middle + 1;
      else
        high = middle;
    }

  return NULL;
}

/* Calls @func for every row of a query, whose first column is a record's row. */
static gboolean
for_each_record (StrataWebkitDatabase  *self,
                 const char            *sql,
                 void                 (*func) (Record *record, sqlite3_stmt *statement),
                 GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      Record *record;

      if (!row)
        return TRUE;

      record = find_record (self, sqlite3_column_int64 (statement, 0));
      if (record != NULL)
        func (record, statement);
    }

  return FALSE;
}

static void
note_blob (Record       *record,
           sqlite3_stmt *statement)
{
  record->public.has_blobs = TRUE;
}

static void
note_timestamp (Record       *record,
                sqlite3_stmt *statement)
{
  double ms;

  if (_strata_webkit_key_get_number (sqlite3_column_blob (statement, 1),
                                     (gsize)sqlite3_column_bytes (statement, 1), &ms) &&
      ms >= 0 && ms <= MAX_TIMESTAMP_MS)
    record->public.timestamp_ms = (gint64)ms;
}

/* Whether this version of WebKit has the table, and the column in it. */
static gboolean
has_column (StrataWebkitDatabase  *self,
            const char            *table,
            const char            *column,
            gboolean              *out_has,
            GError               **error)
{
  g_autofree char *sql = g_strdup_printf ("SELECT 1 FROM pragma_table_info ('%s') WHERE name = '%s'", table, column);

  return has_row (self, sql, out_has, error);
}

/* What else is known about the records. It is of use, but nothing depends on it. */
static gboolean
read_details (StrataWebkitDatabase  *self,
              GError               **error)
{
  gboolean has_blobs, has_index;

  if (!has_column (self, "BlobRecords", "objectStoreRow", &has_blobs, error) ||
      !has_column (self, "IndexRecords", "objectStoreRecordID", &has_index, error))
    return FALSE;

  if (has_blobs && !for_each_record (self, "SELECT objectStoreRow FROM BlobRecords", note_blob, error))
    return FALSE;

  return !has_index ||
         for_each_record (self,
                          "SELECT r.objectStoreRecordID, r.key FROM IndexRecords AS r NOT INDEXED, IndexInfo AS i"
                          " WHERE i.id = r.indexID AND i.objectStoreID = r.objectStoreID AND i.name = '" TIMESTAMP_NAME "'",
                          note_timestamp, error);
}

static gboolean
append_token (const char  *text,
              gsize        length,
              gpointer     user_data,
              GError     **error)
{
  g_string_append_len (user_data, text, length);

  return TRUE;
}

/* Takes the member @name of a record's value, if it is no array or object: the
 * token, or nothing if there is no such member.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
static GString *
take_member (StrataWebkitDatabase  *self,
             guint                  index,
             const char            *name,
             GCancellable          *cancellable,
             GError               **error)
{
  g_autoptr(GInputStream) stream = _strata_webkit_database_open_record (self, index, NULL, NULL, error);
  g_autoptr(StrataJsonReader) reader = stream != NULL ? _strata_json_reader_new (stream) : NULL;
  g_autofree char *wanted = g_strdup_printf ("\"%s\"", name);
  g_autoptr(GString) token = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (reader == NULL || !_strata_json_reader_peek (reader, &kind, cancellable, error))
    return NULL;
  if (kind != STRATA_JSON_OBJECT)
    return g_steal_pointer (&token);
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return NULL;

  while (_strata_json_reader_next_member (reader, token, &more, cancellable, error))
    {
      gboolean is_wanted = more && strcmp (token->str, wanted) == 0;

      g_string_truncate (token, 0);
      if (!more)
        return g_steal_pointer (&token);
      if (!is_wanted)
        continue;

      if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
        return NULL;
      if ((kind == STRATA_JSON_STRING || kind == STRATA_JSON_NUMBER) &&
          !_strata_json_reader_take (reader, append_token, token, cancellable, error))
        return NULL;
      return g_steal_pointer (&token);
    }

  return NULL;
}

/* For a key of an older encoding: the same is in the value. Else the row is as good a name as any. */
static gboolean
make_name (StrataWebkitDatabase  *self,
           guint                  index,
           GCancellable          *cancellable,
           GError               **error)
{
  Record *record = &g_array_index (self->records, Record, index);
  gboolean is_collection = record->public.store == STRATA_WEBKIT_STORE_COLLECTIONS;
  g_autoptr(GString) token = NULL;
  g_autoptr(GError) local_error = NULL;

  token = take_member (self, index, is_collection ? "name" : "id", cancellable, &local_error);
  if (token == NULL && !_strata_file_is_content_error (local_error))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  if (token != NULL && *token->str == '"')
    record->public.name = _strata_json_unquote (token->str, token->len);
  else
    record->public.name = g_strdup_printf ("record-%" G_GINT64_FORMAT, record->row);

  return TRUE;
}

/* A value that is damaged is no reason to leave out the others: it says so when it is read. */
static gboolean
complete_records (StrataWebkitDatabase  *self,
                  GCancellable          *cancellable,
                  GError               **error)
{
  for (guint i = 0; i < self->records->len; i++)
    {
      Record *record = &g_array_index (self->records, Record, i);
      g_autoptr(GError) local_error = NULL;
      g_autoptr(GInputStream) raw = _strata_webkit_database_open_raw (self, i, &local_error);

      if (raw != NULL)
        record->public.bytes = _strata_blob_stream_get_size (STRATA_BLOB_STREAM (raw));
      else if (!_strata_file_is_content_error (local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }

      if (record->public.name == NULL && !make_name (self, i, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
read_database (StrataWebkitDatabase  *self,
               GCancellable          *cancellable,
               GError               **error)
{
  g_autoptr(GError) local_error = NULL;

  if (!recognise (self, error) || !list_records (self, error))
    return FALSE;

  if (!read_details (self, &local_error) && !is_damage (local_error))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  return complete_records (self, cancellable, error);
}

StrataWebkitDatabase *
_strata_webkit_database_open (int            dir,
                              const char    *path,
                              const char    *scratch_dir,
                              GCancellable  *cancellable,
                              GError       **error)
{
  g_autoptr(StrataDatabaseCopy) copy = _strata_database_copy_new (dir, path, scratch_dir, cancellable, error);
  g_autoptr(StrataWebkitDatabase) self = NULL;
  GError *local_error = NULL;

  if (copy == NULL)
    return NULL;

  self = database_new (path);
  self->db = _strata_sqlite_open (_strata_database_copy_get_path (copy), STRATA_SQLITE_WRITE, &local_error);
  if (self->db == NULL || !set_up (self->db, &local_error))
    {
      fail_with (self, local_error, error);
      return NULL;
    }

  /* SQLite has the files open: from here on, nothing is left whatever happens */
  g_clear_pointer (&copy, _strata_database_copy_free);

  if (!read_database (self, cancellable, &local_error))
    {
      fail_with (self, local_error, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

guint
_strata_webkit_database_get_n_records (StrataWebkitDatabase *self)
{
  return self->records->len;
}

const StrataWebkitRecord *
_strata_webkit_database_get_record (StrataWebkitDatabase *self,
                                    guint                 index)
{
  g_assert (index < self->records->len);

  return &g_array_index (self->records, Record, index).public;
}

const GError *
_strata_webkit_database_get_damage (StrataWebkitDatabase *self)
{
  return self->damage;
}

GInputStream *
_strata_webkit_database_open_raw (StrataWebkitDatabase  *self,
                                  guint                  index,
                                  GError               **error)
{
  g_assert (index < self->records->len);

  return _strata_blob_stream_open (self->db, "Records", "value", g_array_index (self->records, Record, index).row, error);
}

GInputStream *
_strata_webkit_database_open_record (StrataWebkitDatabase     *self,
                                     guint                     index,
                                     StrataWebkitForeignFunc   func,
                                     gpointer                  user_data,
                                     GError                  **error)
{
  g_autoptr(GInputStream) raw = _strata_webkit_database_open_raw (self, index, error);

  return raw != NULL ? _strata_webkit_value_new (raw, func, user_data) : NULL;
}

gboolean
_strata_webkit_database_read_timestamp (StrataWebkitDatabase  *self,
                                        guint                  index,
                                        gint64                *out_timestamp_ms,
                                        GCancellable          *cancellable,
                                        GError               **error)
{
  g_autoptr(GString) token = take_member (self, index, TIMESTAMP_NAME, cancellable, error);
  double ms;

  if (token == NULL)
    return FALSE;

  *out_timestamp_ms = -1;
  if (token->len > 0 && *token->str != '"')
    {
      ms = g_ascii_strtod (token->str, NULL);
      if (ms >= 0 && ms <= MAX_TIMESTAMP_MS)
        *out_timestamp_ms = (gint64)ms;
    }

  return TRUE;
}

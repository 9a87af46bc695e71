/* test-webkit-database.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include <json-glib/json-glib.h>
#include <sqlite3.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "chunk-stream.h"
#include "fault-seam.h"
#include "legacy/strata-database-copy-private.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-webkit-database-private.h"
#include "legacy/strata-webkit-key-private.h"
#include "test-util.h"
#include "webkit-encoder.h"

#define NAME "IndexedDB.sqlite3"

/* How WebKit made its tables, first, then and now */
static const char * const records_tables[] = {
  "CREATE TABLE Records (objectStoreID INTEGER NOT NULL ON CONFLICT FAIL, key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL"
  " UNIQUE ON CONFLICT REPLACE, value NOT NULL ON CONFLICT FAIL)",
  "CREATE TABLE Records (objectStoreID INTEGER NOT NULL ON CONFLICT FAIL, key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL,"
  " value NOT NULL ON CONFLICT FAIL)",
  "CREATE TABLE Records (objectStoreID INTEGER NOT NULL ON CONFLICT FAIL, key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL,"
  " value NOT NULL ON CONFLICT FAIL, recordID INTEGER PRIMARY KEY)",
};

static const char * const index_records_tables[] = {
  "CREATE TABLE IndexRecords (indexID INTEGER NOT NULL ON CONFLICT FAIL, objectStoreID INTEGER NOT NULL ON CONFLICT FAIL,"
  " key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL, value NOT NULL ON CONFLICT FAIL)",
  "CREATE TABLE IndexRecords (indexID INTEGER NOT NULL ON CONFLICT FAIL, objectStoreID INTEGER NOT NULL ON CONFLICT FAIL,"
  " key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL, value TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL)",
  "CREATE TABLE IndexRecords (indexID INTEGER NOT NULL ON CONFLICT FAIL, objectStoreID INTEGER NOT NULL ON CONFLICT FAIL,"
  " key TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL, value TEXT COLLATE IDBKEY NOT NULL ON CONFLICT FAIL,"
  " objectStoreRecordID INTEGER NOT NULL ON CONFLICT FAIL)",
};

static const char other_tables[] =
  "CREATE TABLE IDBDatabaseInfo (key TEXT NOT NULL ON CONFLICT FAIL UNIQUE ON CONFLICT REPLACE, value TEXT NOT NULL ON CONFLICT FAIL);"
  "CREATE TABLE ObjectStoreInfo (id INTEGER PRIMARY KEY NOT NULL ON CONFLICT FAIL UNIQUE ON CONFLICT FAIL, name TEXT NOT NULL"
  " ON CONFLICT FAIL UNIQUE ON CONFLICT FAIL, keyPath BLOB NOT NULL ON CONFLICT FAIL, autoInc INTEGER NOT NULL ON CONFLICT FAIL);"
  "CREATE TABLE IndexInfo (id INTEGER NOT NULL ON CONFLICT FAIL, name TEXT NOT NULL ON CONFLICT FAIL, objectStoreID INTEGER"
  " NOT NULL ON CONFLICT FAIL, keyPath BLOB NOT NULL ON CONFLICT FAIL, isUnique INTEGER NOT NULL ON CONFLICT FAIL,"
  " multiEntry INTEGER NOT NULL ON CONFLICT FAIL);"
  "CREATE TABLE BlobRecords (objectStoreRow INTEGER NOT NULL ON CONFLICT FAIL, blobURL TEXT NOT NULL ON CONFLICT FAIL);"
  "INSERT INTO IDBDatabaseInfo VALUES ('MetadataVersion', 1), ('DatabaseName', 'taskerino-db'), ('DatabaseVersion', '1');"
  "INSERT INTO ObjectStoreInfo VALUES (19, 'collections', x'00', 0), (20, 'backups', x'00', 0), (21, 'other', x'00', 0);"
  "INSERT INTO IndexInfo VALUES (1, 'timestamp', 19, x'00', 0, 0), (2, 'timestamp', 20, x'00', 0, 0), (3, 'x', 19, x'00', 0, 0)";

typedef struct
{
  char    *path;       /* of the folder with the database in it */
  char    *scratch;    /* of the folder for copies */
  int      dir;
  sqlite3 *writer;     /* open, so that the log stays as it is */
  guint    schema;     /* of the tables */
} Fixture;

static void
run (Fixture    *fixture,
     const char *sql)
{
  char *message = NULL;

  if (sqlite3_exec (fixture->writer, sql, NULL, NULL, &message) != SQLITE_OK)
    g_error ("%s: %s", sql, message);
}

static void
open_writer (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);

  g_assert_cmpint (sqlite3_open (path, &fixture->writer), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_db_config (fixture->writer, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL), ==, SQLITE_OK);
  g_assert_cmpint (sqlite3_create_collation (fixture->writer, "IDBKEY", SQLITE_UTF8, NULL, _strata_webkit_key_collate), ==, SQLITE_OK);
  run (fixture, "PRAGMA journal_mode = WAL");
  run (fixture, "PRAGMA wal_autocheckpoint = 0");
}

static void
close_writer (Fixture *fixture)
{
  g_assert_cmpint (sqlite3_close (fixture->writer), ==, SQLITE_OK);
  fixture->writer = NULL;
}

static void
make_tables (Fixture *fixture,
             guint    schema)
{
  fixture->schema = schema;
  run (fixture, records_tables[schema]);
  run (fixture, "CREATE UNIQUE INDEX RecordsIndex ON Records (objectStoreID, key)");
  run (fixture, index_records_tables[schema]);
  run (fixture, other_tables);
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->scratch = test_make_fast_dir ();
  fixture->dir = test_open_dir (fixture->path);
  open_writer (fixture);
}

static int
compare_lines (gconstpointer a,
               gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

static char *
list_folder (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    g_ptr_array_add (names, g_strdup (name));
  g_ptr_array_sort (names, compare_lines);
  g_ptr_array_add (names, NULL);

  return g_strjoinv (" ", (char **)names->pdata);
}

static void
assert_empty (const char *path)
{
  g_autofree char *names = list_folder (path);

  g_assert_cmpstr (names, ==, "");
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  assert_empty (fixture->scratch);
  if (fixture->writer != NULL)
    close_writer (fixture);
  close (fixture->dir);
  test_remove_dir (fixture->path);
  test_remove_dir (fixture->scratch);
  g_free (fixture->path);
  g_free (fixture->scratch);
}

/* Everything that can be seen of a folder's files: names, bytes, times. */
static char *
describe (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open (path, 0, NULL);
  g_autoptr(GPtrArray) lines = g_ptr_array_new_with_free_func (g_free);
  const char *name;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *file = g_build_filename (path, name, NULL);
      g_autofree char *content = NULL;
      g_autofree char *digest = NULL;
      struct stat status;
      gsize size;

      g_assert_true (g_file_get_contents (file, &content, &size, NULL));
      g_assert_cmpint (lstat (file, &status), ==, 0);
      digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)content, size);
      g_ptr_array_add (lines, g_strdup_printf ("%s %s %" G_GSIZE_FORMAT " %" G_GINT64_FORMAT ".%09ld %" G_GINT64_FORMAT ".%09ld", name,
                                               digest, size, (gint64)status.st_mtim.tv_sec, status.st_mtim.tv_nsec,
                                               (gint64)status.st_ctim.tv_sec, status.st_ctim.tv_nsec));
    }
  g_ptr_array_sort (lines, compare_lines);
  g_ptr_array_add (lines, NULL);

  return g_strjoinv ("\n", (char **)lines->pdata);
}

/* A key: a string */
static GByteArray *
make_key (const char *name)
{
  GByteArray *key = g_byte_array_new ();
  glong n_units;
  g_autofree guint16 *units = g_utf8_to_utf16 (name, -1, NULL, &n_units, NULL);
  guint8 head[] = { 0, 0x60, (guint8)n_units, (guint8)(n_units >> 8), 0, 0 };

  g_byte_array_append (key, head, sizeof head);
  g_byte_array_append (key, (const guint8 *)units, (guint)(2 * n_units));

  return key;
}

static GByteArray *
make_number_key (guint8 kind,
                 double number)
{
  GByteArray *key = g_byte_array_new ();
  guint8 head[] = { 0, kind };

  g_byte_array_append (key, head, sizeof head);
  g_byte_array_append (key, (const guint8 *)&number, sizeof number);

  return key;
}

static gint64
insert (Fixture          *fixture,
        gint64            store,
        GByteArray       *key,
        const GByteArray *value)
{
  sqlite3_stmt *statement = NULL;
  gint64 row;

  g_byte_array_append (key, (const guint8 *)"", 1);   /* no key is NULL */
  g_byte_array_set_size (key, key->len - 1);
  g_assert_cmpint (sqlite3_prepare_v2 (fixture->writer, "INSERT INTO Records (objectStoreID, key, value) VALUES (?, CAST(? AS TEXT), ?)",
                                       -1, &statement, NULL), ==, SQLITE_OK);
  sqlite3_bind_int64 (statement, 1, store);
  sqlite3_bind_blob (statement, 2, key->data, (int)key->len, SQLITE_STATIC);
  sqlite3_bind_blob (statement, 3, value->data, (int)value->len, SQLITE_STATIC);
  g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
  row = sqlite3_last_insert_rowid (fixture->writer);
  sqlite3_finalize (statement);

  if (fixture->schema == 2)
    {
      g_autoptr(GByteArray) time = make_number_key (0x20, 1000000 + (double)row);

      g_assert_cmpint (sqlite3_prepare_v2 (fixture->writer, "INSERT INTO IndexRecords VALUES (?, ?, CAST(? AS TEXT), CAST(? AS TEXT), ?)",
                                           -1, &statement, NULL), ==, SQLITE_OK);
      sqlite3_bind_int64 (statement, 1, store == 19 ? 1 : 2);
      sqlite3_bind_int64 (statement, 2, store);
      sqlite3_bind_blob (statement, 3, time->data, (int)time->len, SQLITE_STATIC);
      sqlite3_bind_blob (statement, 4, key->data, (int)key->len, SQLITE_STATIC);
      sqlite3_bind_int64 (statement, 5, row);
      g_assert_cmpint (sqlite3_step (statement), ==, SQLITE_DONE);
      sqlite3_finalize (statement);
    }
  g_byte_array_unref (key);

  return row;
}

/* {name, data, timestamp}, data being a string of so many characters */
static WebkitEncoder *
encode_collection (const char *name,
                   gsize       n_characters,
                   double      timestamp)
{
  WebkitEncoder *encoder = webkit_encoder_new (WEBKIT_VERSION);
  g_autofree char *data = g_strnfill (n_characters, *name);

  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "name");
  webkit_encoder_string (encoder, name);
  webkit_encoder_text (encoder, "data");
  webkit_encoder_string (encoder, data);
  webkit_encoder_text (encoder, "timestamp");
  webkit_encoder_number (encoder, timestamp);
  webkit_encoder_end_object (encoder);

  return encoder;
}

static char *
collection_json (const char *name,
                 gsize       n_characters,
                 guint64     timestamp)
{
  g_autofree char *data = g_strnfill (n_characters, *name);

  return g_strdup_printf ("{\"name\":\"%s\",\"data\":\"%s\",\"timestamp\":%" G_GUINT64_FORMAT "}", name, data, timestamp);
}

static gint64
insert_collection (Fixture    *fixture,
                   const char *name,
                   gsize       n_characters,
                   guint64     timestamp)
{
  g_autoptr(WebkitEncoder) encoder = encode_collection (name, n_characters, (double)timestamp);

  return insert (fixture, 19, make_key (name), encoder->bytes);
}

static gint64
insert_backup (Fixture    *fixture,
               const char *id)
{
  g_autoptr(WebkitEncoder) encoder = webkit_encoder_new (WEBKIT_VERSION);

  webkit_encoder_begin_object (encoder);
  webkit_encoder_text (encoder, "id");
  webkit_encoder_string (encoder, id);
  webkit_encoder_text (encoder, "timestamp");
  webkit_encoder_number (encoder, 99);
  webkit_encoder_text (encoder, "data");
  webkit_encoder_string (encoder, "{\"version\":1,\"collections\":{}}");
  webkit_encoder_end_object (encoder);

  return insert (fixture, 20, make_key (id), encoder->bytes);
}

/* Two collections, a backup and a record of another store */
static void
fill (Fixture *fixture,
      guint    schema)
{
  g_autoptr(WebkitEncoder) other = webkit_encoder_new (WEBKIT_VERSION);

  make_tables (fixture, schema);
  insert_collection (fixture, "sessions", 100000, 1795357196783);
  webkit_encoder_int (other, 7);
  insert (fixture, 21, make_key ("other"), other->bytes);
  insert_backup (fixture, "backup-1");
  insert_collection (fixture, "notes", 10, 5);
}

static StrataWebkitDatabase *
open_database (Fixture  *fixture,
               GError  **error)
{
  return _strata_webkit_database_open (fixture->dir, NAME, fixture->scratch, NULL, error);
}

static char *
read_text (GInputStream  *stream,
           GError       **error)
{
  g_autoptr(GByteArray) text = chunk_stream_read_all (stream, 1000, error);

  g_byte_array_append (text, (const guint8 *)"", 1);

  return g_strdup ((const char *)text->data);
}

static char *
read_record (StrataWebkitDatabase  *database,
             guint                  index,
             GError               **error)
{
  g_autoptr(GInputStream) stream = _strata_webkit_database_open_record (database, index, NULL, NULL, error);

  return stream != NULL ? read_text (stream, error) : NULL;
}

static void
assert_record (StrataWebkitDatabase *database,
               guint                 index,
               StrataWebkitStore     store,
               const char           *name,
               gint64                timestamp_ms,
               const char           *expected)
{
  const StrataWebkitRecord *record = _strata_webkit_database_get_record (database, index);
  g_autoptr(GError) error = NULL;
  g_autofree char *text = NULL;

  g_assert_cmpint (record->store, ==, store);
  g_assert_cmpstr (record->name, ==, name);
  g_assert_cmpint (record->timestamp_ms, ==, timestamp_ms);
  text = read_record (database, index, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static void
assert_filled (StrataWebkitDatabase *database,
               gboolean              has_index)
{
  g_autofree char *sessions = collection_json ("sessions", 100000, 1795357196783);
  g_autofree char *notes = collection_json ("notes", 10, 5);

  g_assert_cmpuint (_strata_webkit_database_get_n_records (database), ==, 3);
  assert_record (database, 0, STRATA_WEBKIT_STORE_COLLECTIONS, "sessions", has_index ? 1000001 : -1, sessions);
  assert_record (database, 1, STRATA_WEBKIT_STORE_BACKUPS, "backup-1", has_index ? 1000003 : -1,
                 "{\"id\":\"backup-1\",\"timestamp\":99,\"data\":\"{\\\"version\\\":1,\\\"collections\\\":{}}\"}");
  assert_record (database, 2, STRATA_WEBKIT_STORE_COLLECTIONS, "notes", has_index ? 1000004 : -1, notes);
  g_assert_cmpuint (_strata_webkit_database_get_record (database, 0)->bytes, >, 100000);
  g_assert_cmpuint (_strata_webkit_database_get_record (database, 2)->bytes, <, 100);
  g_assert_null (_strata_webkit_database_get_damage (database));
}

static void
test_records_of_every_schema (Fixture       *fixture,
                              gconstpointer  test_data)
{
  for (guint schema = 0; schema < G_N_ELEMENTS (records_tables); schema++)
    {
      g_autoptr(StrataWebkitDatabase) database = NULL;
      g_autoptr(GError) error = NULL;
      g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);

      fill (fixture, schema);
      database = open_database (fixture, &error);
      g_assert_no_error (error);

      assert_filled (database, schema == 2);

      close_writer (fixture);
      for (guint i = 0; i < 3; i++)
        {
          static const char * const suffixes[] = { "", "-wal", "-shm" };
          g_autofree char *file = g_strconcat (path, suffixes[i], NULL);

          g_assert_cmpint (g_unlink (file), ==, 0);
        }
      open_writer (fixture);
    }
}

/* All of it is in the log; to look at the file alone would show nothing. */
static void
test_what_is_only_in_the_log_is_read (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;
  struct stat status;

  fill (fixture, 2);
  g_assert_cmpint (stat (path, &status), ==, 0);
  g_assert_cmpint (status.st_size, <=, 4096);

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  assert_filled (database, TRUE);
}

static void
test_without_a_log (Fixture       *fixture,
                    gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *names = NULL;

  fill (fixture, 2);
  run (fixture, "PRAGMA journal_mode = DELETE");
  names = list_folder (fixture->path);
  g_assert_cmpstr (names, ==, NAME);

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  assert_filled (database, TRUE);
}

/* A transaction that was cut off is rolled back in the copy, by the journal beside the file. */
static void
test_a_hot_journal_is_played_back (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);
  g_autofree char *journal = g_strconcat (path, "-journal", NULL);
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *before = NULL, *after = NULL;
  g_autofree char *file = NULL, *log = NULL;
  gsize file_size, log_size;

  fill (fixture, 2);
  run (fixture, "PRAGMA journal_mode = DELETE");
  run (fixture, "PRAGMA cache_size = 2");
  run (fixture, "BEGIN");
  run (fixture, "UPDATE Records SET value = zeroblob (length (value))");
  /* As if the power had gone now */
  g_assert_cmpint (sqlite3_db_cacheflush (fixture->writer), ==, SQLITE_OK);
  g_assert_true (g_file_get_contents (path, &file, &file_size, NULL));
  g_assert_true (g_file_get_contents (journal, &log, &log_size, NULL));
  run (fixture, "ROLLBACK");
  close_writer (fixture);
  g_assert_true (g_file_set_contents (path, file, (gssize)file_size, NULL));
  g_assert_true (g_file_set_contents (journal, log, (gssize)log_size, NULL));
  before = describe (fixture->path);

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  assert_filled (database, TRUE);
  after = describe (fixture->path);
  g_assert_cmpstr (after, ==, before);
}

static void
test_the_original_is_only_read (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *before = NULL, *during = NULL, *after = NULL;
  g_autoptr(GError) error = NULL;
  StrataWebkitDatabase *database;

  fill (fixture, 2);
  close_writer (fixture);
  g_assert_cmpint (chmod (fixture->path, 0500), ==, 0);
  before = describe (fixture->path);
  g_assert_nonnull (strstr (before, NAME "-wal "));

  database = open_database (fixture, &error);
  g_assert_no_error (error);
  assert_filled (database, TRUE);
  during = describe (fixture->path);
  assert_empty (fixture->scratch);
  _strata_webkit_database_free (database);
  after = describe (fixture->path);

  g_assert_cmpstr (during, ==, before);
  g_assert_cmpstr (after, ==, before);
}

static void
test_streams_are_independent (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *sessions = collection_json ("sessions", 100000, 1795357196783);
  g_autofree char *notes = collection_json ("notes", 10, 5);
  g_autoptr(GInputStream) first = NULL, second = NULL, third = NULL, raw = NULL;
  g_autofree char *rest = NULL, *text = NULL, *again = NULL;
  g_autoptr(GByteArray) bytes = NULL;
  g_autoptr(WebkitEncoder) encoder = encode_collection ("notes", 10, 5);
  g_autoptr(GError) error = NULL;
  StrataWebkitDatabase *database;
  char part[50000];
  gsize size;

  fill (fixture, 2);
  database = open_database (fixture, &error);
  g_assert_no_error (error);
  first = _strata_webkit_database_open_record (database, 0, NULL, NULL, &error);
  second = _strata_webkit_database_open_record (database, 2, NULL, NULL, &error);
  third = _strata_webkit_database_open_record (database, 0, NULL, NULL, &error);
  raw = _strata_webkit_database_open_raw (database, 2, &error);
  g_assert_no_error (error);

  g_assert_true (g_input_stream_read_all (first, part, sizeof part, &size, NULL, NULL));
  _strata_webkit_database_free (database);
  text = read_text (second, &error);
  g_assert_no_error (error);
  rest = read_text (first, &error);
  g_assert_no_error (error);
  again = read_text (third, &error);
  g_assert_no_error (error);
  bytes = chunk_stream_read_all (raw, 7, &error);
  g_assert_no_error (error);

  g_assert_cmpstr (text, ==, notes);
  g_assert_cmpmem (part, size, sessions, sizeof part);
  g_assert_cmpstr (rest, ==, sessions + sizeof part);
  g_assert_cmpstr (again, ==, sessions);
  g_assert_cmpmem (bytes->data, bytes->len, encoder->bytes->data, encoder->bytes->len);
  g_assert_true (g_seekable_seek (G_SEEKABLE (raw), -4, G_SEEK_END, NULL, NULL));
  g_assert_cmpint (g_input_stream_read (raw, part, sizeof part, NULL, NULL), ==, 4);
  g_assert_false (g_seekable_seek (G_SEEKABLE (raw), 1, G_SEEK_END, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT);
}

static void
test_the_timestamp_of_the_value (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  static const gint64 expected[] = { 1795357196783, 99, 5, -1, -1 };
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(WebkitEncoder) number = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(WebkitEncoder) empty = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  webkit_encoder_int (number, 7);
  insert (fixture, 19, make_key ("number"), number->bytes);
  webkit_encoder_begin_object (empty);
  webkit_encoder_end_object (empty);
  insert (fixture, 19, make_key ("empty"), empty->bytes);
  database = open_database (fixture, &error);
  g_assert_no_error (error);

  for (guint i = 0; i < G_N_ELEMENTS (expected); i++)
    {
      gint64 timestamp = 0;

      g_assert_true (_strata_webkit_database_read_timestamp (database, i, &timestamp, NULL, &error));
      g_assert_cmpint (timestamp, ==, expected[i]);
    }
}

/* Keys of other kinds, and such as older versions wrote */
static void
test_names_without_a_string_for_a_key (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(WebkitEncoder) encoder = encode_collection ("tasks", 10, 5);
  g_autoptr(WebkitEncoder) broken = webkit_encoder_new (WEBKIT_VERSION);
  g_autoptr(GError) error = NULL;
  static const char * const names[] = { "1.5", "1970-01-01T00:00:00.000Z", "tasks", "record-4", "tasks", "\xef\xbf\xbd" };
  static const guint8 lone[] = { 0, 0x60, 1, 0, 0, 0, 0x3d, 0xd8 };

  make_tables (fixture, 2);
  insert (fixture, 19, make_number_key (0x20, 1.5), encoder->bytes);
  insert (fixture, 19, make_number_key (0x40, 0), encoder->bytes);
  insert (fixture, 19, g_byte_array_append (g_byte_array_new (), (const guint8 *)"bplist00", 8), encoder->bytes);
  insert (fixture, 20, make_number_key (0x80, 0), broken->bytes);
  insert (fixture, 19, g_byte_array_new (), encoder->bytes);
  insert (fixture, 19, g_byte_array_append (g_byte_array_new (), lone, sizeof lone), encoder->bytes);

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (_strata_webkit_database_get_n_records (database), ==, G_N_ELEMENTS (names));
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    g_assert_cmpstr (_strata_webkit_database_get_record (database, i)->name, ==, names[i]);
}

static void
test_blobs_beside_are_noticed (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  run (fixture, "INSERT INTO BlobRecords VALUES (4, 'blob:x'), (99, 'blob:y')");

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  g_assert_false (_strata_webkit_database_get_record (database, 0)->has_blobs);
  g_assert_true (_strata_webkit_database_get_record (database, 2)->has_blobs);
}

static void
test_the_name_may_be_utf16 (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  run (fixture, "REPLACE INTO IDBDatabaseInfo VALUES ('MetadataVersion', 2),"
                " ('DatabaseName', x'7400610073006b006500720069006e006f002d0064006200')");

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  assert_filled (database, TRUE);
}

static void
assert_not_opened (Fixture *fixture,
                   GQuark   domain,
                   int      code)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *before = describe (fixture->path);
  g_autofree char *after = NULL;

  g_assert_null (open_database (fixture, &error));

  g_assert_error (error, domain, code);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
  after = describe (fixture->path);
  g_assert_cmpstr (after, ==, before);
  assert_empty (fixture->scratch);
}

static void
test_what_is_not_the_apps_is_not_found (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  static const char * const changes[] = {
    "UPDATE IDBDatabaseInfo SET value = 'another' WHERE key = 'DatabaseName'",
    "UPDATE IDBDatabaseInfo SET value = x'00d8' WHERE key = 'DatabaseName'",
    "DELETE FROM IDBDatabaseInfo",
    "DROP TABLE ObjectStoreInfo",
  };

  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);   /* no table at all */

  make_tables (fixture, 2);
  for (guint i = 0; i < G_N_ELEMENTS (changes); i++)
    {
      run (fixture, changes[i]);
      assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_an_empty_database (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;

  make_tables (fixture, 2);
  run (fixture, "DELETE FROM ObjectStoreInfo");

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (_strata_webkit_database_get_n_records (database), ==, 0);
}

/* By its name it is the app's, so it is not another program's */
static void
test_records_that_nothing_tells_of (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  fill (fixture, 2);
  run (fixture, "DELETE FROM ObjectStoreInfo");
  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);

  run (fixture, "DROP TABLE ObjectStoreInfo");
  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
overwrite (Fixture    *fixture,
           goffset     offset,
           const void *bytes,
           gsize       size)
{
  int fd = openat (fixture->dir, NAME, O_WRONLY | O_CLOEXEC);

  g_assert_cmpint (pwrite (fd, bytes, size, offset), ==, (gssize)size);
  close (fd);
}

static void
test_a_damaged_database_is_said_to_be (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const char garbage[8192] = "garbage";

  fill (fixture, 2);
  run (fixture, "PRAGMA journal_mode = DELETE");
  close_writer (fixture);

  overwrite (fixture, 100, garbage, 4000);             /* the schema */
  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  overwrite (fixture, 0, garbage, sizeof garbage);     /* the header too */
  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
test_a_table_without_its_columns (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  fill (fixture, 2);
  run (fixture, "ALTER TABLE ObjectStoreInfo RENAME COLUMN name TO title");

  assert_not_opened (fixture, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
test_missing_and_irregular_files (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) link_error = NULL;
  g_autoptr(GError) folder_error = NULL;
  g_autoptr(GError) scratch_error = NULL;

  fill (fixture, 2);
  g_assert_cmpint (symlinkat (NAME, fixture->dir, "link"), ==, 0);
  g_assert_cmpint (mkdirat (fixture->dir, "folder", 0700), ==, 0);

  g_assert_null (_strata_webkit_database_open (fixture->dir, "missing", fixture->scratch, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_null (_strata_webkit_database_open (fixture->dir, "link", fixture->scratch, NULL, &link_error));
  g_assert_error (link_error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_null (_strata_webkit_database_open (fixture->dir, "folder", fixture->scratch, NULL, &folder_error));
  g_assert_error (folder_error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_null (_strata_webkit_database_open (fixture->dir, NAME, "/nowhere/at/all", NULL, &scratch_error));
  g_assert_error (scratch_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Where a table can't be gone through, what is before and behind the damage is listed. */
static void
test_records_around_damage (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;
  sqlite3_stmt *statement = NULL;
  const guint n = 400;
  gint64 page = 0, page_size;
  guint n_listed;
  char zeros[65536] = { 0 };

  make_tables (fixture, 2);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *name = g_strdup_printf ("c%u", i);

      insert_collection (fixture, name, 500, i);
    }
  run (fixture, "PRAGMA journal_mode = DELETE");
  g_assert_cmpint (sqlite3_prepare_v2 (fixture->writer, "PRAGMA page_size", -1, &statement, NULL), ==, SQLITE_OK);
  sqlite3_step (statement);
  page_size = sqlite3_column_int64 (statement, 0);
  sqlite3_finalize (statement);
  /* A leaf in the middle: the one with the text of record 200 */
  close_writer (fixture);
  {
    g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);
    g_autofree char *content = NULL;
    gsize size;
    const char *found;

    g_assert_true (g_file_get_contents (path, &content, &size, NULL));
    found = memmem (content, size, "\x04\x00\x00\x80name\x10\x04\x00\x00\x80" "c200", 16);
    g_assert_nonnull (found);
    page = (found - content) / page_size;
  }
  overwrite (fixture, page * page_size, zeros, (gsize)page_size);

  database = open_database (fixture, &error);

  g_assert_no_error (error);
  g_assert_error (_strata_webkit_database_get_damage (database), STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  n_listed = _strata_webkit_database_get_n_records (database);
  g_assert_cmpuint (n_listed, >, n - 20);
  g_assert_cmpuint (n_listed, <, n);
  g_assert_cmpstr (_strata_webkit_database_get_record (database, 0)->name, ==, "c0");
  g_assert_cmpstr (_strata_webkit_database_get_record (database, n_listed - 1)->name, ==, "c399");
  for (guint i = 0; i < n_listed; i++)
    {
      const StrataWebkitRecord *record = _strata_webkit_database_get_record (database, i);
      guint64 number = g_ascii_strtoull (record->name + 1, NULL, 10);
      g_autofree char *expected = collection_json (record->name, 500, number);

      g_assert_true (i == 0 || number > g_ascii_strtoull (_strata_webkit_database_get_record (database, i - 1)->name + 1, NULL, 10));
      assert_record (database, i, STRATA_WEBKIT_STORE_COLLECTIONS, record->name, 1000001 + (gint64)number, expected);
    }
}

/* The chain of pages of one large value is broken: the others are read. */
static void
test_one_damaged_value_leaves_the_others (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, NAME, NULL);
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) read_error = NULL;
  g_autofree char *notes = collection_json ("notes", 10, 5);
  g_autofree char *content = NULL;
  g_autofree char *text = NULL;
  gsize size;
  goffset place = -1;

  fill (fixture, 2);
  run (fixture, "PRAGMA journal_mode = DELETE");
  close_writer (fixture);
  /* A page of nothing but the value, in the middle of it, and the number of the next page in front of it */
  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  for (gsize i = 40960; i + 4096 <= size && place < 0; i += 4096)
    if (memcmp (content + i + 4, "ssssssssssssssss", 16) == 0 && memcmp (content + i + 4080, "ssssssssssssssss", 16) == 0)
      place = (goffset)i;
  g_assert_cmpint (place, >, 0);
  overwrite (fixture, place, "\xff\xff\xff\xff", 4);

  database = open_database (fixture, &error);
  g_assert_no_error (error);
  text = read_record (database, 0, &read_error);

  g_assert_cmpuint (_strata_webkit_database_get_n_records (database), ==, 3);
  g_assert_error (read_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_assert_true (g_str_has_prefix (text, "{\"name\":\"sessions\",\"data\":\"sssss"));
  assert_record (database, 2, STRATA_WEBKIT_STORE_COLLECTIONS, "notes", 1000004, notes);
}

static void
test_a_value_that_is_none (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  run (fixture, "UPDATE Records SET value = 7 WHERE rowid = 1");
  database = open_database (fixture, &error);
  g_assert_no_error (error);

  g_assert_cmpuint (_strata_webkit_database_get_record (database, 0)->bytes, ==, 0);
  g_assert_null (_strata_webkit_database_open_record (database, 0, NULL, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

/* A seam under which the original changes while it is copied */
static struct
{
  StrataSeam seam;
  Fixture   *fixture;
  guint      n_changes;  /* to make */
  guint      n_made;
} changing;

static void
change (void)
{
  if (changing.n_made >= changing.n_changes)
    return;

  changing.n_made++;
  run (changing.fixture, "INSERT INTO IDBDatabaseInfo VALUES ('x', 'y')");
}

static int
changing_clone (int from_fd,
                int to_fd)
{
  change ();
  errno = EOPNOTSUPP;

  return -1;
}

static void
set_changing_seam (Fixture *fixture,
                   guint    n_changes)
{
  changing.seam = *_strata_seam_get_system ();
  changing.seam.clone = changing_clone;
  changing.fixture = fixture;
  changing.n_changes = n_changes;
  changing.n_made = 0;
  _strata_seam = &changing.seam;
}

static void
test_a_database_that_changes_is_copied_again (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  set_changing_seam (fixture, 2);
  database = open_database (fixture, &error);
  _strata_seam = _strata_seam_get_system ();

  g_assert_no_error (error);
  g_assert_cmpuint (changing.n_made, ==, 2);
  assert_filled (database, TRUE);
}

static void
test_a_database_that_never_rests_is_given_up (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  set_changing_seam (fixture, G_MAXUINT);
  g_assert_null (open_database (fixture, &error));
  _strata_seam = _strata_seam_get_system ();

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE_CHANGED);
}

/* Opened and read to its end; NULL: something failed, and @error says what. */
static char *
read_all (Fixture  *fixture,
          GError  **error)
{
  g_autoptr(StrataWebkitDatabase) database = open_database (fixture, error);
  g_autoptr(GString) all = g_string_new (NULL);

  if (database == NULL)
    return NULL;

  for (guint i = 0; i < _strata_webkit_database_get_n_records (database); i++)
    {
      const StrataWebkitRecord *record = _strata_webkit_database_get_record (database, i);
      g_autoptr(GError) local_error = NULL;
      g_autofree char *text = read_record (database, i, &local_error);

      if (local_error != NULL)
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return NULL;
        }
      g_string_append_printf (all, "%s %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %s\n", record->name, record->bytes,
                              record->timestamp_ms, text);
    }
  g_assert_null (_strata_webkit_database_get_damage (database));

  return g_string_free (g_steal_pointer (&all), FALSE);
}

/* Every call fails once, and from some call on all of them: what comes out is
 * all there is or an error that is not about the data; the original stays as it
 * is, and nothing is left behind.
 */
static void
test_every_fault_is_reported (Fixture       *fixture,
                              gconstpointer  test_data)
{
  static const struct { FaultKind kind; int errno_value; } faults[] = {
    { FAULT_ERRNO, EIO }, { FAULT_ERRNO, ENOSPC }, { FAULT_FULL, ENOSPC }, { FAULT_SHORT, 0 },
  };
  g_autofree char *expected = NULL;
  g_autofree char *before = NULL;
  g_autoptr(GError) error = NULL;
  guint64 total;
  guint n_failed = 0;

  fill (fixture, 2);
  close_writer (fixture);
  before = describe (fixture->path);
  fault_seam_install ();
  expected = read_all (fixture, &error);
  g_assert_no_error (error);
  total = fault_seam_get_calls ();
  g_assert_cmpuint (total, >, 40);

  for (guint i = 0; i < G_N_ELEMENTS (faults); i++)
    for (guint64 nth = 1; nth <= total; nth++)
      {
        g_autoptr(GError) local_error = NULL;
        g_autofree char *text = NULL;
        g_autofree char *after = NULL;

        fault_seam_arm (faults[i].kind, nth, faults[i].errno_value);
        text = read_all (fixture, &local_error);
        fault_seam_arm (FAULT_NONE, 0, 0);

        if (text != NULL)
          g_assert_cmpstr (text, ==, expected);
        else
          {
            n_failed++;
            g_assert_true (local_error->domain == G_IO_ERROR ||
                           g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_SOURCE));
          }
        after = describe (fixture->path);
        g_assert_cmpstr (after, ==, before);
        assert_empty (fixture->scratch);
      }
  fault_seam_remove ();
  g_assert_cmpuint (n_failed, >, 20);
}

static void
test_nothing_is_left_when_killed (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  int status;
  pid_t child;

  fill (fixture, 2);
  close_writer (fixture);

  child = fork ();
  if (child == 0)
    {
      StrataWebkitDatabase *database = open_database (fixture, NULL);

      if (database != NULL)
        kill (getpid (), SIGKILL);
      _exit (1);
    }
  g_assert_cmpint (waitpid (child, &status, 0), ==, child);

  g_assert_true (WIFSIGNALED (status));
  assert_empty (fixture->scratch);
}

static void
test_it_can_be_cancelled (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(GError) error = NULL;

  fill (fixture, 2);
  g_cancellable_cancel (cancellable);

  g_assert_null (_strata_webkit_database_open (fixture->dir, NAME, fixture->scratch, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
}

/* The copy of the copy: what SQLite is given is in a folder that only we may enter. */
static void
test_the_copy_is_private (Fixture       *fixture,
                          gconstpointer  test_data)
{
  g_autoptr(StrataDatabaseCopy) copy = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *folder = NULL;
  struct stat status;

  fill (fixture, 2);
  copy = _strata_database_copy_new (fixture->dir, NAME, fixture->scratch, NULL, &error);
  g_assert_no_error (error);
  folder = g_path_get_dirname (_strata_database_copy_get_path (copy));

  g_assert_true (g_str_has_prefix (folder, fixture->scratch));
  g_assert_cmpint (stat (folder, &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0700);
  g_assert_cmpint (stat (_strata_database_copy_get_path (copy), &status), ==, 0);
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static void
assert_tokens (const GString *tokens,
               const char    *expected)
{
  g_autofree char *digest = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *)tokens->str, tokens->len);

  g_assert_cmpstr (digest, ==, expected);
}

static void
check_sessions (StrataJsonReader *reader,
                JsonObject       *expect)
{
  JsonArray *sessions = json_object_get_array_member (expect, "sessions");
  g_autoptr(GError) error = NULL;
  gboolean more = TRUE;
  guint n = 0;

  g_assert_true (_strata_json_reader_enter (reader, NULL, &error));
  while (_strata_json_reader_next_element (reader, &more, NULL, &error) && more)
    {
      g_autoptr(GString) tokens = g_string_new (NULL);

      g_assert_true (_strata_json_reader_take_string (reader, tokens, NULL, &error));
      g_assert_cmpuint (n, <, json_array_get_length (sessions));
      assert_tokens (tokens, json_object_get_string_member (json_array_get_object_element (sessions, n), "tokens_sha256"));
      n++;
    }
  g_assert_no_error (error);
  g_assert_cmpuint (n, ==, json_array_get_length (sessions));
}

static void
check_collection (StrataWebkitDatabase *database,
                  guint                 index,
                  JsonObject           *expect)
{
  static const char * const members[] = { "data", NULL };
  const StrataWebkitRecord *record = _strata_webkit_database_get_record (database, index);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GError) error = NULL;

  g_test_message ("%s", record->name);
  stream = _strata_webkit_database_open_record (database, index, NULL, NULL, &error);
  g_assert_no_error (error);
  payload = _strata_legacy_payload_open (stream, members, NULL, &error);
  g_assert_no_error (error);

  if (g_str_equal (record->name, "sessions"))
    check_sessions (_strata_legacy_payload_get_reader (payload), expect);
  else
    {
      JsonObject *collections = json_object_get_object_member (expect, "collections");
      g_autoptr(GString) tokens = g_string_new (NULL);

      g_assert_true (_strata_json_reader_take_string (_strata_legacy_payload_get_reader (payload), tokens, NULL, &error));
      assert_tokens (tokens, json_object_get_string_member (json_object_get_object_member (collections, record->name), "tokens_sha256"));
    }
  g_assert_true (_strata_legacy_payload_finish (payload, NULL, &error));
}

static void
test_a_real_database (void)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "data", "edge", "webkit-indexeddb", NULL);
  g_autofree char *scratch = test_make_fast_dir ();
  g_autofree char *expect_path = NULL, *path = NULL;
  g_autofree char *before = NULL, *after = NULL, *where = NULL;
  g_autoptr(StrataWebkitDatabase) database = NULL;
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) error = NULL;
  JsonObject *expect;
  guint n_backups = 0;
  int dir;

  expect_path = g_build_filename (folder, "expect.json", NULL);
  if (!g_file_test (expect_path, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("no sources here");
      test_remove_dir (scratch);
      return;
    }
  g_assert_true (json_parser_load_from_file (parser, expect_path, &error));
  expect = json_node_get_object (json_parser_get_root (parser));
  path = g_strdup (json_object_get_string_member (json_array_get_object_element (json_object_get_array_member (expect, "sessions"), 0), "from"));
  where = g_build_filename (folder, path, NULL);
  *strrchr (where, '/') = '\0';
  before = describe (where);
  dir = test_open_dir (folder);

  database = _strata_webkit_database_open (dir, path, scratch, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (_strata_webkit_database_get_n_records (database), ==, 7);
  for (guint i = 0; i < 7; i++)
    {
      const StrataWebkitRecord *record = _strata_webkit_database_get_record (database, i);
      gint64 timestamp;

      g_assert_true (_strata_webkit_database_read_timestamp (database, i, &timestamp, NULL, &error));
      g_assert_cmpint (timestamp, ==, record->timestamp_ms);
      g_assert_cmpint (timestamp, >, 0);
      if (record->store == STRATA_WEBKIT_STORE_BACKUPS)
        n_backups++;
      else
        check_collection (database, i, expect);
    }
  g_assert_cmpuint (n_backups, ==, 1);
  after = describe (where);
  g_assert_cmpstr (after, ==, before);
  assert_empty (scratch);

  close (dir);
  test_remove_dir (scratch);
}

static void
add (const char *path,
     void      (*func) (Fixture *fixture, gconstpointer test_data))
{
  g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  add ("/webkit-database/schemas", test_records_of_every_schema);
  add ("/webkit-database/log", test_what_is_only_in_the_log_is_read);
  add ("/webkit-database/no-log", test_without_a_log);
  add ("/webkit-database/hot-journal", test_a_hot_journal_is_played_back);
  add ("/webkit-database/only-read", test_the_original_is_only_read);
  add ("/webkit-database/streams", test_streams_are_independent);
  add ("/webkit-database/timestamp", test_the_timestamp_of_the_value);
  add ("/webkit-database/names", test_names_without_a_string_for_a_key);
  add ("/webkit-database/blobs", test_blobs_beside_are_noticed);
  add ("/webkit-database/name-in-utf16", test_the_name_may_be_utf16);
  add ("/webkit-database/not-found", test_what_is_not_the_apps_is_not_found);
  add ("/webkit-database/empty", test_an_empty_database);
  add ("/webkit-database/records-that-nothing-tells-of", test_records_that_nothing_tells_of);
  add ("/webkit-database/damaged", test_a_damaged_database_is_said_to_be);
  add ("/webkit-database/columns", test_a_table_without_its_columns);
  add ("/webkit-database/irregular", test_missing_and_irregular_files);
  add ("/webkit-database/around-damage", test_records_around_damage);
  add ("/webkit-database/damaged-value", test_one_damaged_value_leaves_the_others);
  add ("/webkit-database/no-value", test_a_value_that_is_none);
  add ("/webkit-database/changes", test_a_database_that_changes_is_copied_again);
  add ("/webkit-database/never-rests", test_a_database_that_never_rests_is_given_up);
  add ("/webkit-database/faults", test_every_fault_is_reported);
  add ("/webkit-database/kill", test_nothing_is_left_when_killed);
  add ("/webkit-database/cancel", test_it_can_be_cancelled);
  add ("/webkit-database/private", test_the_copy_is_private);
  g_test_add_func ("/webkit-database/real", test_a_real_database);

  return g_test_run ();
}

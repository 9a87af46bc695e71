/* strata-catalog.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-sqlite-private.h"
#include "json/strata-json-members-private.h"
#include "strata-catalog-internal-private.h"
#include "strata-object-private.h"
#include "strata-tail-private.h"

#define FILE_NAME "catalog.sqlite3"

/* A catalog of another version is made anew from the files */
#define VERSION 5

/* A part that is shorter does not count as one that could be packed */
#define MIN_PACKED_BYTES 256

/* `packed` is what packing saved of a session's own files, `plain` how many of them could be packed.
 * Sums of `owners.stored` are of its own files; objects count once per owner. */
static const char schema[] =
  "CREATE TABLE state (version INTEGER NOT NULL, applied INTEGER NOT NULL);"
  "INSERT INTO state VALUES (" G_STRINGIFY (VERSION) ", 0);"
  "CREATE TABLE owners ("
  "  key TEXT PRIMARY KEY, is_collection INTEGER NOT NULL, source INTEGER NOT NULL, ordinal INTEGER NOT NULL,"
  "  id TEXT, name TEXT, start TEXT, end TEXT, category TEXT, status TEXT, tags TEXT,"
  "  screenshots INTEGER NOT NULL, audio_segments INTEGER NOT NULL, items INTEGER NOT NULL,"
  "  raw_bytes INTEGER NOT NULL, source_bytes INTEGER NOT NULL, stored INTEGER NOT NULL,"
  "  object_bytes INTEGER NOT NULL, recovered INTEGER NOT NULL, sha256 BLOB NOT NULL, metadata BLOB NOT NULL,"
  "  packed INTEGER NOT NULL, plain INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE INDEX owners_by_id ON owners (id);"
  "CREATE INDEX owners_by_start ON owners (start);"
  "CREATE INDEX owners_by_size ON owners (stored + object_bytes DESC, key) WHERE NOT is_collection;"
  "CREATE INDEX owners_by_name ON owners (name COLLATE NOCASE, start, key) WHERE NOT is_collection;"
  "CREATE INDEX owners_by_ordinal ON owners (source, ordinal) WHERE NOT is_collection;"
  "CREATE TABLE attachments ("
  "  owner TEXT NOT NULL, number INTEGER NOT NULL, source INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,"
  "  sha256 BLOB, bytes INTEGER, ext TEXT, mime TEXT, name TEXT, problem TEXT,"
  "  source_path TEXT, source_bytes INTEGER, source_size INTEGER, source_mtime INTEGER,"
  "  original TEXT, original_sha256 BLOB, original_bytes INTEGER, source_root TEXT,"
  "  PRIMARY KEY (owner, number)) WITHOUT ROWID;"
  "CREATE INDEX attachments_by_id ON attachments (id);"
  "CREATE INDEX attachments_by_object ON attachments (sha256, owner) WHERE sha256 IS NOT NULL;"
  /* What the metadata of the attachment with that number had embedded; @place: which of these it is */
  "CREATE TABLE embedded ("
  "  owner TEXT NOT NULL, number INTEGER NOT NULL, place INTEGER NOT NULL,"
  "  sha256 BLOB NOT NULL, bytes INTEGER NOT NULL, ext TEXT NOT NULL, mime TEXT,"
  "  PRIMARY KEY (owner, number, place)) WITHOUT ROWID;"
  /* Objects that did not get smaller when that was tried, with these settings */
  "CREATE TABLE kept (sha256 BLOB PRIMARY KEY, settings TEXT NOT NULL) WITHOUT ROWID;"
  /* Sessions that are growing: which tail, and how much of it the other tables contain */
  "CREATE TABLE tails (owner TEXT PRIMARY KEY, generation INTEGER NOT NULL, bytes INTEGER NOT NULL) WITHOUT ROWID;"
  /* Reference counts: how many rows use an object. Kept by triggers, so that they can't be forgotten.
   * A row whose bytes are in the old store (state 3) uses none.
   */
  "CREATE TABLE objects (sha256 BLOB PRIMARY KEY, bytes INTEGER NOT NULL, ext TEXT NOT NULL, uses INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE TRIGGER attachment_added AFTER INSERT ON attachments WHEN new.sha256 IS NOT NULL AND new.state != 3 BEGIN"
  "  INSERT INTO objects VALUES (new.sha256, new.bytes, new.ext, 1) ON CONFLICT DO UPDATE SET uses = uses + 1;"
  "END;"
  "CREATE TRIGGER embedded_added AFTER INSERT ON embedded BEGIN"
  "  INSERT INTO objects VALUES (new.sha256, new.bytes, new.ext, 1) ON CONFLICT DO UPDATE SET uses = uses + 1;"
  "END;"
  "CREATE TRIGGER embedded_removed AFTER DELETE ON embedded BEGIN"
  "  UPDATE objects SET uses = uses - 1 WHERE sha256 = old.sha256;"
  "  DELETE FROM objects WHERE sha256 = old.sha256 AND uses = 0;"
  "END;"
  "CREATE TRIGGER metadata_removed AFTER DELETE ON attachments BEGIN"
  "  DELETE FROM embedded WHERE owner = old.owner AND number = old.number;"
  "END;"
  "CREATE TRIGGER attachment_removed AFTER DELETE ON attachments WHEN old.sha256 IS NOT NULL AND old.state != 3 BEGIN"
  "  UPDATE objects SET uses = uses - 1 WHERE sha256 = old.sha256;"
  "  DELETE FROM objects WHERE sha256 = old.sha256 AND uses = 0;"
  "END;";

static gboolean
read_version (StrataCatalog  *self,
              gint64         *out_version,
              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  *out_version = 0;
  statement = _strata_sqlite_prepare (self->db, "SELECT count(*) FROM sqlite_master WHERE name = 'state'", error);
  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  if (sqlite3_column_int (statement, 0) == 0)
    return TRUE;

  g_clear_pointer (&statement, sqlite3_finalize);
  statement = _strata_sqlite_prepare (self->db, "SELECT version FROM state", error);
  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_version = row ? sqlite3_column_int64 (statement, 0) : -1;

  return TRUE;
}

static gboolean
prepare_for_writing (StrataCatalog  *self,
                     GError        **error)
{
  gint64 version;

  if (!_strata_sqlite_exec (self->db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                      "PRAGMA journal_size_limit = 4194304; PRAGMA cache_size = -16384", error) ||
      !_strata_sqlite_exec (self->db, "BEGIN IMMEDIATE", error) ||
      !read_version (self, &version, error))
    return FALSE;

  if (version == 0 && !_strata_sqlite_exec (self->db, schema, error))
    return FALSE;
  if (version != 0 && version != VERSION)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT,
                   "The catalog has version %" G_GINT64_FORMAT, version);
      return FALSE;
    }

  return _strata_sqlite_exec (self->db, "COMMIT", error);
}

static StrataCatalog *
try_open (const char        *path,
          StrataSqliteMode   mode,
          GError           **error)
{
  g_autoptr(StrataCatalog) self = g_new0 (StrataCatalog, 1);
  gint64 version;

  self->read_only = mode == STRATA_SQLITE_IMMUTABLE;
  self->db = _strata_sqlite_open (path, mode, error);
  if (self->db == NULL)
    return NULL;

  if (self->read_only ? !read_version (self, &version, error) : !prepare_for_writing (self, error))
    return NULL;

  /* What can't be written to can't be made into a catalog either */
  if (self->read_only && version != VERSION)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The catalog has version %" G_GINT64_FORMAT, version);
      return NULL;
    }

  return g_steal_pointer (&self);
}

/* Opens the catalog of the store at @store_path (canonical), empty if there is
 * none yet; for reading only where it can't be written to. A damaged one is
 * STRATA_ERROR_CORRUPT: remove it and open again.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataCatalog *
_strata_catalog_open (const char  *store_path,
                      GError     **error)
{
  g_autofree char *path = g_build_filename (store_path, FILE_NAME, NULL);
  g_autoptr(GError) write_error = NULL;
  StrataCatalog *self = try_open (path, STRATA_SQLITE_WRITE, &write_error);

  if (self == NULL && !g_error_matches (write_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    self = try_open (path, STRATA_SQLITE_IMMUTABLE, NULL);
  if (self == NULL)
    g_propagate_error (error, g_steal_pointer (&write_error));

  return self;
}

StrataCatalog *
_strata_catalog_new_in_memory (void)
{
  g_autoptr(GError) error = NULL;
  StrataCatalog *self = try_open (":memory:", STRATA_SQLITE_WRITE, &error);

  if (self == NULL)
    g_error ("SQLite has no memory: %s", error->message);

  return self;
}

void
_strata_catalog_free (StrataCatalog *self)
{
  sqlite3_finalize (self->find_use);
  sqlite3_close (self->db);
  g_free (self);
}

gboolean
_strata_catalog_is_read_only (StrataCatalog *self)
{
  return self->read_only;
}

gboolean
_strata_catalog_get_applied (StrataCatalog  *self,
                             guint64        *out_offset,
                             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "SELECT applied FROM state", error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_offset = row ? (guint64)sqlite3_column_int64 (statement, 0) : 0;

  return TRUE;
}

gboolean
_strata_catalog_begin (StrataCatalog  *self,
                       GError        **error)
{
  return _strata_sqlite_exec (self->db, "BEGIN IMMEDIATE", error);
}

/* @applied: how far changes.log is now contained */
gboolean
_strata_catalog_commit (StrataCatalog  *self,
                        guint64         applied,
                        GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "UPDATE state SET applied = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, applied);

  return _strata_sqlite_run (statement, error) && _strata_sqlite_exec (self->db, "COMMIT", error);
}

void
_strata_catalog_roll_back (StrataCatalog *self)
{
  if (!sqlite3_get_autocommit (self->db))
    _strata_sqlite_exec (self->db, "ROLLBACK", NULL);
}

gboolean
_strata_catalog_clear (StrataCatalog  *self,
                       GError        **error)
{
  return _strata_sqlite_exec (self->db, "DELETE FROM embedded; DELETE FROM attachments; DELETE FROM owners; DELETE FROM objects; DELETE FROM tails", error);
}

static gboolean
run_for_key (StrataCatalog  *self,
             const char     *sql,
             const char     *key,
             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, key);

  return _strata_sqlite_run (statement, error);
}

gboolean
_strata_catalog_remove (StrataCatalog  *self,
                        const char     *key,
                        GError        **error)
{
  return run_for_key (self, "DELETE FROM attachments WHERE owner = ?", key, error) &&
         run_for_key (self, "DELETE FROM tails WHERE owner = ?", key, error) &&
         run_for_key (self, "DELETE FROM owners WHERE key = ?", key, error);
}

static gboolean
put_embedded (sqlite3_stmt               *statement,
              const StrataManifest       *manifest,
              guint                       number,
              const StrataAttachmentRow  *row,
              GError                    **error)
{
  for (guint i = 0; row->embedded != NULL && i < row->embedded->len; i++)
    {
      const StrataEmbedded *embedded = g_ptr_array_index (row->embedded, i);

      _strata_sqlite_bind_text (statement, 1, manifest->key);
      _strata_sqlite_bind_uint (statement, 2, number);
      _strata_sqlite_bind_uint (statement, 3, i);
      _strata_sqlite_bind_digest (statement, 4, &embedded->digest);
      _strata_sqlite_bind_uint (statement, 5, embedded->bytes);
      _strata_sqlite_bind_text (statement, 6, embedded->extension);
      _strata_sqlite_bind_text (statement, 7, _strata_content_mime_of_extension (embedded->extension));
      if (!_strata_sqlite_run (statement, error))
        return FALSE;
    }

  return TRUE;
}

static gboolean
put_row (sqlite3_stmt               *statement,
         const StrataManifest       *manifest,
         guint                       number,
         const StrataAttachmentRow  *row,
         GError                    **error)
{
  gboolean has_bytes = _strata_attachment_row_has_bytes (row);
  g_autofree char *original = row->original != NULL ? _strata_original_to_text (row->original) : NULL;

  _strata_sqlite_bind_text (statement, 1, manifest->key);
  _strata_sqlite_bind_uint (statement, 2, number);
  _strata_sqlite_bind_uint (statement, 3, manifest->source);
  _strata_sqlite_bind_text (statement, 4, row->id);
  _strata_sqlite_bind_uint (statement, 5, row->state);
  _strata_sqlite_bind_digest (statement, 6, has_bytes ? &row->digest : NULL);
  if (has_bytes)
    _strata_sqlite_bind_uint (statement, 7, row->bytes);
  else
    _strata_sqlite_bind_text (statement, 7, NULL);
  _strata_sqlite_bind_text (statement, 8, row->extension);
  _strata_sqlite_bind_text (statement, 9, row->mime);
  _strata_sqlite_bind_text (statement, 10, row->name);
  _strata_sqlite_bind_text (statement, 11, row->problem);
  _strata_sqlite_bind_text (statement, 12, row->source_path);
  _strata_sqlite_bind_uint (statement, 13, row->source_bytes);
  _strata_sqlite_bind_uint (statement, 14, row->source_size);
  _strata_sqlite_bind_uint (statement, 15, (guint64)row->source_mtime_ns);
  _strata_sqlite_bind_text (statement, 16, original);
  _strata_sqlite_bind_digest (statement, 17, original != NULL ? &row->original->digest : NULL);
  if (original != NULL)
    _strata_sqlite_bind_uint (statement, 18, row->original->bytes);
  else
    _strata_sqlite_bind_text (statement, 18, NULL);
  _strata_sqlite_bind_text (statement, 19, row->source_root);

  return _strata_sqlite_run (statement, error);
}

#define INSERT_ATTACHMENT "INSERT INTO attachments VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
#define INSERT_EMBEDDED   "INSERT INTO embedded VALUES (?,?,?,?,?,?,?)"

/* Puts @rows; @out_object_bytes is the size of the different objects they use. */
static gboolean
put_rows (StrataCatalog         *self,
          const StrataManifest  *manifest,
          GPtrArray             *rows,
          guint64               *out_object_bytes,
          GError               **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free, NULL);
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, INSERT_ATTACHMENT, error);
  g_autoptr(sqlite3_stmt) embedded = statement != NULL ? _strata_sqlite_prepare (self->db, INSERT_EMBEDDED, error) : NULL;
  StrataRowObject object;

  if (embedded == NULL)
    return FALSE;

  *out_object_bytes = 0;
  for (guint i = 0; i < rows->len; i++)
    {
      StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (!put_row (statement, manifest, i, row, error) || !put_embedded (embedded, manifest, i, row, error))
        return FALSE;
      for (guint j = 0; j < _strata_attachment_row_get_n_objects (row); j++)
        {
          _strata_attachment_row_get_object (row, j, &object);
          if (g_hash_table_add (seen, g_memdup2 (&object.digest, sizeof object.digest)))
            *out_object_bytes += object.bytes;
        }
    }

  return TRUE;
}

/* The text of a string, the digits of a number, else %NULL. */
static char *
dup_shown (StrataJsonMembers *members,
           const char        *name)
{
  const char *raw = _strata_json_members_get_raw (members, name);

  if (raw != NULL && (g_ascii_isdigit (raw[0]) || raw[0] == '-'))
    return g_strdup (raw);

  return _strata_json_members_dup_string (members, name);
}

static guint64
count_items (const StrataManifest *manifest)
{
  guint64 sum = 0;

  for (guint i = 0; i < manifest->parts->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (manifest->parts, i))->items;
  for (guint i = 0; manifest->tail != NULL && i < STRATA_N_LISTS; i++)
    sum += manifest->tail->items[i];

  return sum;
}

static guint64
count_grown (const StrataManifest *manifest,
             guint64               sealed,
             StrataList            list)
{
  return sealed + (manifest->tail != NULL ? manifest->tail->items[list] : 0);
}

/* What packing saved, and how many parts are still to be packed: very short ones
 * would not get smaller, and one session in a hundred thousand is found by that.
 */
static void
sum_packing (const StrataManifest *manifest,
             guint64              *out_saved,
             guint64              *out_plain)
{
  GPtrArray *const lists[] = { manifest->parts, manifest->attachments };

  *out_saved = 0;
  *out_plain = 0;
  for (guint i = 0; i < G_N_ELEMENTS (lists); i++)
    for (guint j = 0; j < lists[i]->len; j++)
      {
        const StrataPart *part = g_ptr_array_index (lists[i], j);

        *out_saved += part->is_gzip ? part->raw_bytes - MIN (part->raw_bytes, part->stored_bytes) : 0;
        *out_plain += !part->is_gzip && part->raw_bytes >= MIN_PACKED_BYTES ? 1 : 0;
      }
}

static gboolean
put_owner (StrataCatalog         *self,
           const StrataManifest  *manifest,
           StrataJsonMembers     *small,
           guint64                object_bytes,
           GError               **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "INSERT INTO owners VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)", error);
  g_autofree char *id = dup_shown (small, "id");
  g_autofree char *name = dup_shown (small, "name");
  g_autofree char *start = dup_shown (small, "startTime");
  g_autofree char *end = dup_shown (small, "endTime");
  g_autofree char *category = dup_shown (small, "category");
  g_autofree char *status = dup_shown (small, "status");
  guint64 packed, plain;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_text (statement, 1, manifest->key);
  _strata_sqlite_bind_uint (statement, 2, manifest->is_collection);
  _strata_sqlite_bind_uint (statement, 3, manifest->source);
  _strata_sqlite_bind_uint (statement, 4, manifest->ordinal);
  _strata_sqlite_bind_text (statement, 5, id);
  _strata_sqlite_bind_text (statement, 6, manifest->is_collection ? manifest->name : name);
  _strata_sqlite_bind_text (statement, 7, start);
  _strata_sqlite_bind_text (statement, 8, end);
  _strata_sqlite_bind_text (statement, 9, category);
  _strata_sqlite_bind_text (statement, 10, status);
  _strata_sqlite_bind_text (statement, 11, _strata_json_members_get_raw (small, "tags"));
  _strata_sqlite_bind_uint (statement, 12, count_grown (manifest, manifest->n_screenshots, STRATA_LIST_SCREENSHOTS));
  _strata_sqlite_bind_uint (statement, 13, count_grown (manifest, manifest->n_audio_segments, STRATA_LIST_AUDIO_SEGMENTS));
  _strata_sqlite_bind_uint (statement, 14, count_items (manifest));
  _strata_sqlite_bind_uint (statement, 15, manifest->raw_bytes + (manifest->tail != NULL ? manifest->tail->bytes : 0));
  _strata_sqlite_bind_uint (statement, 16, manifest->source_bytes);
  _strata_sqlite_bind_uint (statement, 17, _strata_manifest_stored_bytes (manifest));
  _strata_sqlite_bind_uint (statement, 18, object_bytes);
  _strata_sqlite_bind_uint (statement, 19, manifest->recovered != NULL);
  _strata_sqlite_bind_digest (statement, 20, &manifest->raw_digest);
  _strata_sqlite_bind_digest (statement, 21, &manifest->file_digest);
  sum_packing (manifest, &packed, &plain);
  _strata_sqlite_bind_uint (statement, 22, packed);
  _strata_sqlite_bind_uint (statement, 23, plain);

  return _strata_sqlite_run (statement, error);
}

static const char *const owner_names[] = { "id", "name", "startTime", "endTime", "category", "status", "tags", NULL };

static gboolean
put_tail (StrataCatalog         *self,
          const StrataManifest  *manifest,
          GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;

  if (manifest->tail == NULL)
    return TRUE;

  statement = _strata_sqlite_prepare (self->db, "INSERT OR REPLACE INTO tails VALUES (?,?,?)", error);
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, manifest->key);
  _strata_sqlite_bind_uint (statement, 2, manifest->tail->generation);
  _strata_sqlite_bind_uint (statement, 3, manifest->tail->end);

  return _strata_sqlite_run (statement, error);
}

/* Makes the catalog say of a session or collection what its files say.
 * @rows (element-type StrataAttachmentRow).
 */
gboolean
_strata_catalog_put (StrataCatalog         *self,
                     const StrataManifest  *manifest,
                     GPtrArray             *rows,
                     GError               **error)
{
  g_autoptr(StrataJsonMembers) small = _strata_json_members_parse (manifest->small, strlen (manifest->small), owner_names, error);
  guint64 object_bytes;

  return small != NULL &&
         _strata_catalog_remove (self, manifest->key, error) &&
         put_rows (self, manifest, rows, &object_bytes, error) &&
         put_tail (self, manifest, error) &&
         put_owner (self, manifest, small, object_bytes, error);
}

static gboolean
add_tag (const char *token,
         gsize       length,
         const char *name,
         gsize       name_length,
         gpointer    user_data)
{
  g_autofree char *tag = _strata_json_unquote (token, length);

  g_strv_builder_add (user_data, tag);

  return TRUE;
}

/* Whether a query about one owner, and perhaps one digest, has an answer; its first column */
static gboolean
ask_owner (StrataCatalog       *self,
           const char          *sql,
           const char          *key,
           const StrataDigest  *digest,
           gboolean            *out_any,
           guint64             *out_value,
           GError             **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, key);
  if (digest != NULL)
    _strata_sqlite_bind_digest (statement, 2, digest);
  if (!_strata_sqlite_step (statement, out_any, error))
    return FALSE;
  if (*out_any)
    *out_value = (guint64)sqlite3_column_int64 (statement, 0);

  return TRUE;
}

/* A row takes the place of another one with its id. */
static gboolean
drop_row (StrataCatalog  *self,
          const char     *key,
          const char     *id,
          GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "DELETE FROM attachments WHERE +owner = ? AND id = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, key);
  _strata_sqlite_bind_text (statement, 2, id);

  return _strata_sqlite_run (statement, error);
}

/* What the objects of @row take that the owner did not use so far */
static gboolean
sum_new_objects (StrataCatalog              *self,
                 const char                 *key,
                 const StrataAttachmentRow  *row,
                 guint64                    *inout_bytes,
                 GError                    **error)
{
  StrataRowObject object;
  guint64 ignored;
  gboolean any, any_embedded;

  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      _strata_attachment_row_get_object (row, i, &object);
      if (!ask_owner (self, "SELECT 1 FROM attachments WHERE owner = ? AND sha256 = ?", key, &object.digest, &any, &ignored, error) ||
          !ask_owner (self, "SELECT 1 FROM embedded WHERE owner = ? AND sha256 = ?", key, &object.digest, &any_embedded,
                      &ignored, error))
        return FALSE;
      *inout_bytes += any || any_embedded ? 0 : object.bytes;
    }

  return TRUE;
}

/* Puts rows behind those that are there. @inout_object_bytes grows by objects not used so far. */
static gboolean
add_rows (StrataCatalog         *self,
          const StrataManifest  *manifest,
          GPtrArray             *rows,
          guint64               *inout_object_bytes,
          GError               **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, INSERT_ATTACHMENT, error);
  g_autoptr(sqlite3_stmt) embedded = statement != NULL ? _strata_sqlite_prepare (self->db, INSERT_EMBEDDED, error) : NULL;
  guint64 number = 0;
  gboolean any;

  if (embedded == NULL ||
      !ask_owner (self, "SELECT coalesce (max (number), -1) + 1 FROM attachments WHERE owner = ?", manifest->key, NULL,
                  &any, &number, error))
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (!sum_new_objects (self, manifest->key, row, inout_object_bytes, error) ||
          !drop_row (self, manifest->key, row->id, error) ||
          !put_row (statement, manifest, (guint)number, row, error) ||
          !put_embedded (embedded, manifest, (guint)number, row, error))
        return FALSE;
      number++;
    }

  return TRUE;
}

gboolean
_strata_catalog_has_metadata (StrataCatalog       *self,
                              const char          *key,
                              const StrataDigest  *digest,
                              gboolean            *out_has,
                              GError             **error)
{
  guint64 ignored;

  return ask_owner (self, "SELECT 1 FROM owners WHERE key = ? AND metadata = ?", key, digest, out_has, &ignored, error);
}

gboolean
_strata_catalog_get_tail (StrataCatalog  *self,
                          const char     *key,
                          gboolean       *out_any,
                          guint64        *out_generation,
                          guint64        *out_bytes,
                          GError        **error)
{
  return ask_owner (self, "SELECT generation FROM tails WHERE owner = ?", key, NULL, out_any, out_generation, error) &&
         ask_owner (self, "SELECT bytes FROM tails WHERE owner = ?", key, NULL, out_any, out_bytes, error);
}

gboolean
_strata_catalog_grow (StrataCatalog         *self,
                      const StrataManifest  *manifest,
                      GPtrArray             *rows,
                      GError               **error)
{
  g_autoptr(StrataJsonMembers) small = _strata_json_members_parse (manifest->small, strlen (manifest->small), owner_names, error);
  guint64 object_bytes = 0;
  gboolean any;

  return small != NULL &&
         ask_owner (self, "SELECT object_bytes FROM owners WHERE key = ?", manifest->key, NULL, &any, &object_bytes, error) &&
         add_rows (self, manifest, rows, &object_bytes, error) &&
         run_for_key (self, "DELETE FROM tails WHERE owner = ?", manifest->key, error) &&
         run_for_key (self, "DELETE FROM owners WHERE key = ?", manifest->key, error) &&
         put_tail (self, manifest, error) &&
         put_owner (self, manifest, small, object_bytes, error);
}

GPtrArray *
_strata_catalog_list_growing (StrataCatalog  *self,
                              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "SELECT owner FROM tails ORDER BY owner", error);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gboolean row;

  if (statement == NULL)
    return NULL;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&keys);
      g_ptr_array_add (keys, _strata_sqlite_dup_text (statement, 0));
    }

  return NULL;
}

static char **
parse_tags (const char *raw)
{
  g_autoptr(GStrvBuilder) tags = g_strv_builder_new ();
  g_autoptr(GString) token = NULL;
  g_autoptr(StrataJsonReader) reader = NULL;
  StrataJsonKind kind;
  gboolean more = TRUE;

  if (raw == NULL || raw[0] != '[')
    return g_strv_builder_end (tags);

  /* Nothing is nested in it, as in nearly all: a reader would take longer to make than to use */
  if (strpbrk (raw + 1, "[{") == NULL)
    {
      _strata_json_for_each_string (raw, strlen (raw), add_tag, tags);
      return g_strv_builder_end (tags);
    }

  token = g_string_new (NULL);
  reader = _strata_json_reader_new_for_data (raw, strlen (raw));
  if (!_strata_json_reader_enter (reader, NULL, NULL))
    return g_strv_builder_end (tags);

  while (_strata_json_reader_next_element (reader, &more, NULL, NULL) && more &&
         _strata_json_reader_peek (reader, &kind, NULL, NULL))
    {
      g_string_truncate (token, 0);
      if (!_strata_json_reader_take_string (reader, token, NULL, NULL))
        break;
      if (kind == STRATA_JSON_STRING)
        {
          g_autofree char *tag = _strata_json_unquote (token->str, token->len);

          g_strv_builder_add (tags, tag);
        }
    }

  return g_strv_builder_end (tags);
}

#define SESSION_COLUMNS \
  "SELECT key, id, name, start, end, category, status, tags, screenshots, audio_segments," \
  " raw_bytes + source_bytes, stored + object_bytes, recovered FROM owners WHERE NOT is_collection "

/* Copies a column's text to @inout_place, and moves that behind it. */
static char *
place_text (sqlite3_stmt  *statement,
            int            column,
            char         **inout_place)
{
  const char *text = (const char *)sqlite3_column_text (statement, column);
  gsize size = text != NULL ? (gsize)sqlite3_column_bytes (statement, column) + 1 : 0;
  char *place = *inout_place;

  if (text == NULL)
    return NULL;

  memcpy (place, text, size);
  *inout_place += size;

  return place;
}

/* Lists are long, and most of their time went into memory: one piece for all texts of a row. */
static StrataSessionInfo *
session_of_row (sqlite3_stmt *statement)
{
  const char *tags = (const char *)sqlite3_column_text (statement, 7);
  gsize size = sizeof (StrataSessionInfo) + sizeof (char *);
  StrataSessionInfo *info;
  char *place;

  for (int i = 0; i < 7; i++)
    size += (gsize)sqlite3_column_bytes (statement, i) + 1;
  info = g_atomic_rc_box_alloc0 (size);
  place = (char *)(info + 1) + sizeof (char *);

  info->key = place_text (statement, 0, &place);
  info->id = place_text (statement, 1, &place);
  info->name = place_text (statement, 2, &place);
  info->start = place_text (statement, 3, &place);
  info->end = place_text (statement, 4, &place);
  info->category = place_text (statement, 5, &place);
  info->status = place_text (statement, 6, &place);
  if (tags != NULL && strcmp (tags, "[]") != 0)
    info->tags = parse_tags (tags);
  else
    info->tags = (char **)(info + 1);
  info->screenshots = (guint64)sqlite3_column_int64 (statement, 8);
  info->audio_segments = (guint64)sqlite3_column_int64 (statement, 9);
  info->bytes_original = (guint64)sqlite3_column_int64 (statement, 10);
  info->bytes_stored = (guint64)sqlite3_column_int64 (statement, 11);
  info->recovered = sqlite3_column_int (statement, 12) != 0;

  return info;
}

static GPtrArray *
collect_sessions (sqlite3_stmt  *statement,
                  GError       **error)
{
  g_autoptr(GPtrArray) sessions = g_ptr_array_new_with_free_func ((GDestroyNotify)strata_session_info_unref);
  gboolean row;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&sessions);
      g_ptr_array_add (sessions, session_of_row (statement));
    }

  return NULL;
}

/* @limit: at most so many, 0: all. Newest first, largest first, or by name.
 *
 * Returns: (transfer full) (element-type StrataSessionInfo): or %NULL with @error set
 */
GPtrArray *
_strata_catalog_list_sessions (StrataCatalog       *self,
                               StrataSessionOrder   order,
                               guint                limit,
                               GError             **error)
{
  static const char *const queries[] = {
    [STRATA_SESSION_ORDER_DATE] = SESSION_COLUMNS "ORDER BY start DESC, source, ordinal LIMIT ?",
    [STRATA_SESSION_ORDER_SIZE] = SESSION_COLUMNS "ORDER BY stored + object_bytes DESC, key LIMIT ?",
    [STRATA_SESSION_ORDER_NAME] = SESSION_COLUMNS "ORDER BY name COLLATE NOCASE, start, key LIMIT ?",
    [STRATA_SESSION_ORDER_SOURCE] = SESSION_COLUMNS "ORDER BY source, recovered, ordinal LIMIT ?",
  };
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, queries[order], error);

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, limit > 0 ? limit : G_MAXINT64);

  return collect_sessions (statement, error);
}

/* All sessions with that id as text, or the one with that key.
 *
 * Returns: (transfer full) (element-type StrataSessionInfo): perhaps empty; or %NULL with @error set
 */
GPtrArray *
_strata_catalog_find_sessions (StrataCatalog  *self,
                               const char     *id_or_key,
                               GError        **error)
{
  static const char *const queries[] = {
    SESSION_COLUMNS "AND key = ?",
    SESSION_COLUMNS "AND id = ? ORDER BY source, ordinal",
  };
  GPtrArray *found = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (queries) && (found == NULL || found->len == 0); i++)
    {
      g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, queries[i], error);

      g_clear_pointer (&found, g_ptr_array_unref);
      if (statement == NULL)
        return NULL;
      _strata_sqlite_bind_text (statement, 1, id_or_key);
      found = collect_sessions (statement, error);
      if (found == NULL)
        return NULL;
    }

  return found;
}

/* Returns: (transfer full): key of the session that stands there, or %NULL with or without @error */
char *
_strata_catalog_find_ordinal (StrataCatalog  *self,
                              guint           source,
                              guint64         ordinal,
                              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT key FROM owners WHERE NOT is_collection AND source = ? AND ordinal = ? AND NOT recovered", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, source);
  _strata_sqlite_bind_uint (statement, 2, ordinal);
  if (!_strata_sqlite_step (statement, &row, error) || !row)
    return NULL;

  return _strata_sqlite_dup_text (statement, 0);
}

/* Returns: (transfer full) (element-type utf8): keys; or %NULL with @error set */
GPtrArray *
_strata_catalog_list_collections (StrataCatalog  *self,
                                  GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT key FROM owners WHERE is_collection ORDER BY source, key", error);
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  gboolean row;

  if (statement == NULL)
    return NULL;

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&keys);
      g_ptr_array_add (keys, _strata_sqlite_dup_text (statement, 0));
    }

  return NULL;
}

static StrataAttachmentInfo *
attachment_of_row (sqlite3_stmt *statement)
{
  StrataAttachmentInfo *info = g_atomic_rc_box_new0 (StrataAttachmentInfo);
  StrataDigest digest;

  info->session = _strata_sqlite_dup_text (statement, 0);
  info->id = _strata_sqlite_dup_text (statement, 1);
  info->state = g_strdup (_strata_attachment_state_name ((StrataAttachmentState)sqlite3_column_int (statement, 2)));
  info->bytes = -1;
  if (_strata_sqlite_get_digest (statement, 3, &digest))
    {
      info->sha256 = _strata_digest_dup_hex (&digest);
      info->bytes = sqlite3_column_int64 (statement, 4);
      info->path = _strata_object_dup_path (&digest, (const char *)sqlite3_column_text (statement, 5));
    }
  info->mime = _strata_sqlite_dup_text (statement, 6);
  info->name = _strata_sqlite_dup_text (statement, 7);
  info->reference_root = _strata_sqlite_dup_text (statement, 8);
  if (info->reference_root != NULL)
    info->reference_path = _strata_sqlite_dup_text (statement, 9);

  return info;
}

/* Rows of one owner, or of one id, or of both, or all; %NULL leaves a side open.
 *
 * Returns: (transfer full) (element-type StrataAttachmentInfo): or %NULL with @error set
 */
GPtrArray *
_strata_catalog_list_attachments (StrataCatalog  *self,
                                  const char     *owner,
                                  const char     *id,
                                  GError        **error)
{
  g_autofree char *sql =
    g_strconcat ("SELECT owner, id, state, sha256, bytes, ext, mime, name, source_root, source_path FROM attachments WHERE ",
                 owner != NULL ? "owner = ?1" : "?1 IS NULL", id != NULL ? " AND id = ?2" : " AND ?2 IS NULL",
                 " ORDER BY owner, number", NULL);
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);
  g_autoptr(GPtrArray) attachments = g_ptr_array_new_with_free_func ((GDestroyNotify)strata_attachment_info_unref);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_text (statement, 1, owner);
  _strata_sqlite_bind_text (statement, 2, id);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&attachments);
      g_ptr_array_add (attachments, attachment_of_row (statement));
    }

  return NULL;
}

#define ROW_COLUMNS \
  "state, attachments.sha256, bytes, ext, mime, attachments.name, problem, source_path, attachments.source_bytes, source_size, source_mtime, original, source_root"

static StrataAttachmentRow *
row_of_columns (sqlite3_stmt *statement,
                const char   *id)
{
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);

  row->id = g_strdup (id);
  row->state = (StrataAttachmentState)sqlite3_column_int (statement, 0);
  _strata_sqlite_get_digest (statement, 1, &row->digest);
  row->bytes = (guint64)sqlite3_column_int64 (statement, 2);
  row->extension = _strata_sqlite_dup_text (statement, 3);
  row->mime = _strata_sqlite_dup_text (statement, 4);
  row->name = _strata_sqlite_dup_text (statement, 5);
  row->problem = _strata_sqlite_dup_text (statement, 6);
  row->source_path = _strata_sqlite_dup_text (statement, 7);
  row->source_bytes = (guint64)sqlite3_column_int64 (statement, 8);
  row->source_size = (guint64)sqlite3_column_int64 (statement, 9);
  row->source_mtime_ns = sqlite3_column_int64 (statement, 10);
  if (row->state == STRATA_ATTACHMENT_WEBP && sqlite3_column_text (statement, 11) != NULL)
    row->original = _strata_original_parse ((const char *)sqlite3_column_text (statement, 11), NULL);
  row->source_root = _strata_sqlite_dup_text (statement, 12);

  return row;
}

StrataAttachmentRow *
_strata_catalog_find_stored (StrataCatalog  *self,
                             guint           source,
                             const char     *id,
                             GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT " ROW_COLUMNS " FROM attachments WHERE id = ? AND source = ? LIMIT 1", error);
  gboolean found;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_text (statement, 1, id);
  _strata_sqlite_bind_uint (statement, 2, source);
  if (!_strata_sqlite_step (statement, &found, error) || !found)
    return NULL;

  return row_of_columns (statement, id);
}

static StrataAttachmentRow *
ask_for_use (sqlite3_stmt  *statement,
             const char    *owner,
             const char    *id,
             char         **out_owner,
             gboolean      *out_is_collection,
             GError       **error)
{
  gboolean found;

  _strata_sqlite_bind_text (statement, 1, id);
  _strata_sqlite_bind_text (statement, 2, owner);
  if (!_strata_sqlite_step (statement, &found, error) || !found)
    return NULL;

  *out_owner = _strata_sqlite_dup_text (statement, 13);
  *out_is_collection = sqlite3_column_int (statement, 14) != 0;

  return row_of_columns (statement, id);
}

StrataAttachmentRow *
_strata_catalog_find_use (StrataCatalog  *self,
                          const char     *owner,
                          const char     *id,
                          char          **out_owner,
                          gboolean       *out_is_collection,
                          GError        **error)
{
  StrataAttachmentRow *row;

  if (self->find_use == NULL)
    self->find_use =
      _strata_sqlite_prepare (self->db, "SELECT " ROW_COLUMNS ", owner, is_collection FROM attachments JOIN owners ON key = owner"
                                        " WHERE attachments.id = ?1 ORDER BY owner = ?2 DESC, attachments.sha256 IS NULL LIMIT 1", error);
  if (self->find_use == NULL)
    return NULL;

  row = ask_for_use (self->find_use, owner, id, out_owner, out_is_collection, error);
  /* What failed has said so, and a statement that is not reset would hold the database */
  sqlite3_reset (self->find_use);
  sqlite3_clear_bindings (self->find_use);

  return row;
}

gboolean
_strata_catalog_has_object (StrataCatalog       *self,
                            const StrataDigest  *digest,
                            gboolean            *out_has,
                            GError             **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "SELECT 1 FROM objects WHERE sha256 = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_digest (statement, 1, digest);

  return _strata_sqlite_step (statement, out_has, error);
}

gboolean
_strata_catalog_list_digests (StrataCatalog  *self,
                              const char     *owner,
                              GArray         *digests,
                              GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT sha256 FROM attachments WHERE owner = ?1 AND sha256 IS NOT NULL"
                                      " UNION SELECT sha256 FROM embedded WHERE owner = ?1", error);
  StrataDigest digest;
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, owner);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      if (_strata_sqlite_get_digest (statement, 0, &digest))
        g_array_append_val (digests, digest);
    }

  return FALSE;
}

GArray *
_strata_catalog_list_id_lengths (StrataCatalog  *self,
                                 GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT DISTINCT length (CAST (id AS BLOB)) FROM attachments", error);
  g_autoptr(GArray) lengths = g_array_new (FALSE, FALSE, sizeof (guint64));
  gboolean row;

  if (statement == NULL)
    return NULL;

  while (_strata_sqlite_step (statement, &row, error))
    {
      guint64 length = row ? (guint64)sqlite3_column_int64 (statement, 0) : 0;

      if (!row)
        return g_steal_pointer (&lengths);
      g_array_append_val (lengths, length);
    }

  return NULL;
}

gboolean
_strata_catalog_get_next_ordinal (StrataCatalog  *self,
                                  guint           source,
                                  guint64        *out_ordinal,
                                  GError        **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT coalesce (max (ordinal), -1) + 1 FROM owners WHERE NOT is_collection AND source = ?", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, source);
  if (!_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_ordinal = (guint64)sqlite3_column_int64 (statement, 0);

  return TRUE;
}

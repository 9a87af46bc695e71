/* strata-search-index.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-search-index-internal-private.h"
#include "strata-tokenizer-private.h"

/* An index of another version is made anew from the files. To be counted up when
 * a text is cut or found in another way.
 */
#define VERSION 3

/* What a connection keeps of the file */
#define CACHE_KIB "16384"

/* How much is merged at a time, in pages of FTS5 */
#define MERGE_PAGES "2000"

/* How much FTS5 gathers before it writes: the more, the less it merges */
#define GATHER_BYTES "16777216"

/* FTS5 writes what it has gathered, as a piece of its own, whenever SQLite opens a savepoint for a
 * statement: one that changes several rows and may fail at any. Statements between BEGIN and
 * COMMIT are written so that none does: where there is one row, they name it.
 *
 * `documents.kind`: 0 for a session, else a StrataKind. A block whose document is 0 is dead. */
static const char schema[] =
  "CREATE TABLE state (version INTEGER NOT NULL, applied INTEGER NOT NULL, packed INTEGER NOT NULL);"
  "INSERT INTO state VALUES (" G_STRINGIFY (VERSION) ", 0, 0);"
  "CREATE TABLE owners (is_collection INTEGER NOT NULL, key TEXT NOT NULL, digest BLOB NOT NULL, damaged INTEGER NOT NULL,"
  "  PRIMARY KEY (is_collection, key)) WITHOUT ROWID;"
  "CREATE TABLE documents (document INTEGER PRIMARY KEY, kind INTEGER NOT NULL, owner TEXT NOT NULL, id TEXT, name TEXT,"
  "  start INTEGER, end INTEGER, has INTEGER NOT NULL, session TEXT, note TEXT, digest BLOB NOT NULL);"
  "CREATE INDEX documents_by_owner ON documents (owner);"
  "CREATE INDEX documents_by_id ON documents (id);"
  "CREATE INDEX documents_by_start ON documents (start) WHERE kind = 0;"
  "CREATE INDEX items ON documents (document) WHERE kind <> 0;"
  "CREATE INDEX documents_by_session ON documents (session) WHERE session IS NOT NULL;"
  "CREATE INDEX documents_by_note ON documents (note) WHERE note IS NOT NULL;"
  "CREATE TABLE links (item TEXT NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (item, document)) WITHOUT ROWID;"
  "CREATE INDEX links_by_document ON links (document);"
  /* Which sessions a note or task belongs to: those that name it, the one it names, and those of the note it came from */
  "CREATE VIEW ties AS"
  "  SELECT i.document AS item, i.kind AS kind, l.document AS session FROM documents i JOIN links l ON l.item = i.id WHERE i.kind <> 0"
  "  UNION ALL SELECT i.document, i.kind, s.document FROM documents i JOIN documents s ON s.id = i.session AND s.kind = 0 WHERE i.kind <> 0"
  "  UNION ALL SELECT i.document, i.kind, l.document FROM documents i JOIN links l ON l.item = i.note WHERE i.kind <> 0"
  "  UNION ALL SELECT i.document, i.kind, s.document FROM documents i JOIN documents n ON n.id = i.note AND n.kind <> 0"
  "    JOIN documents s ON s.id = n.session AND s.kind = 0 WHERE i.kind <> 0;"
  "CREATE TABLE facets (facet INTEGER PRIMARY KEY, field INTEGER NOT NULL, value TEXT NOT NULL, folded TEXT NOT NULL,"
  "  UNIQUE (field, value));"
  "CREATE TABLE document_facets (facet INTEGER NOT NULL, document INTEGER NOT NULL, PRIMARY KEY (facet, document)) WITHOUT ROWID;"
  "CREATE INDEX document_facets_by_document ON document_facets (document);"
  "CREATE TABLE names (field INTEGER NOT NULL, id TEXT NOT NULL, owner TEXT NOT NULL, name TEXT NOT NULL, folded TEXT NOT NULL,"
  "  PRIMARY KEY (field, id, owner)) WITHOUT ROWID;"
  /* `bundle` is the number of its first piece; pieces of a bundle share blocks */
  "CREATE TABLE pieces (piece INTEGER PRIMARY KEY, bundle INTEGER NOT NULL, document INTEGER NOT NULL, role INTEGER NOT NULL,"
  "  digest BLOB NOT NULL, has INTEGER NOT NULL, generation INTEGER NOT NULL, end INTEGER NOT NULL);"
  "CREATE INDEX pieces_by_document ON pieces (document);"
  "CREATE INDEX tails ON pieces (document) WHERE role = 2;"
  "CREATE TABLE blocks (block INTEGER PRIMARY KEY, document INTEGER NOT NULL, bundle INTEGER NOT NULL,"
  "  text_bytes INTEGER NOT NULL, moments INTEGER NOT NULL, words INTEGER NOT NULL, sum INTEGER NOT NULL, places BLOB NOT NULL);"
  "CREATE TABLE details (block INTEGER PRIMARY KEY, details BLOB NOT NULL);"
  "CREATE INDEX blocks_by_document ON blocks (document) WHERE document > 0;"
  "CREATE INDEX blocks_by_bundle ON blocks (bundle) WHERE bundle > 0;"
  "CREATE INDEX documents_of_blocks ON blocks (block, document);"
  "CREATE TABLE words (word TEXT PRIMARY KEY, count INTEGER NOT NULL) WITHOUT ROWID;"
  "CREATE INDEX common_words ON words (word, count) WHERE count >= 64;"
  "CREATE TABLE sums (moments INTEGER NOT NULL, words INTEGER NOT NULL, text_bytes INTEGER NOT NULL, blocks INTEGER NOT NULL,"
  "  dead_bytes INTEGER NOT NULL, met INTEGER NOT NULL);"
  "INSERT INTO sums VALUES (0, 0, 0, 0, 0, 0);"
  "CREATE TABLE met (page INTEGER PRIMARY KEY, bits BLOB NOT NULL);"
  "CREATE VIRTUAL TABLE texts USING fts5 (text, content='', columnsize=0, tokenize='strata');"
  "INSERT INTO texts (texts, rank) VALUES ('hashsize', " GATHER_BYTES ");"
  "INSERT INTO texts (texts, rank) VALUES ('pgsz', 4050);";

guint64
_strata_search_index_sum_word (const char *word,
                               gsize       length,
                               guint       position)
{
  guint64 sum = ((guint64)_strata_vocabulary_hash (word, length) << 32 | position) + 1;

  sum ^= sum >> 33;
  sum *= G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
  sum ^= sum >> 29;

  return sum * G_GUINT64_CONSTANT (0xc4ceb9fe1a85ec53);
}

/* Sections begin at the number of words before them. */
static void
begin_sections (StrataSearchIndex *self,
                gsize              start)
{
  while (self->next_section < self->block->sections->len && start >= self->section_bytes[self->next_section])
    {
      const StrataBlockMoment *next = self->next_moment < self->block->moments->len
                                        ? &g_array_index (self->block->moments, StrataBlockMoment, self->next_moment) : NULL;

      if (next != NULL && next->first_section == self->next_section)
        {
          self->next_moment++;
          self->moment_serial++;
        }
      g_array_index (self->block->sections, StrataBlockSection, self->next_section++).start = self->position;
    }
}

int
_strata_search_index_watch_token (const char *token,
                                  gsize       length,
                                  gboolean    colocated,
                                  gsize       start,
                                  gsize       end,
                                  gpointer    user_data)
{
  StrataSearchIndex *self = user_data;

  if (self->block == NULL)
    return 0;

  begin_sections (self, start);
  self->position += colocated ? 0 : 1;
  self->sum += _strata_search_index_sum_word (token, length, self->position - 1);
  _strata_vocabulary_add (self->vocabulary, token, length, self->moment_serial);

  return 0;
}

/* Opening */

static gboolean
read_version (StrataSearchIndex  *self,
              gint64             *out_version,
              GError            **error)
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
set_wrong_version (gint64   version,
                   GError **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The search index has version %" G_GINT64_FORMAT, version);

  return FALSE;
}

static gboolean
make_tables (StrataSearchIndex  *self,
             GError            **error)
{
  gint64 version;

  /* Another process may be at it too */
  if (!_strata_sqlite_exec (self->db, "BEGIN IMMEDIATE", error) || !read_version (self, &version, error))
    return FALSE;

  return (version != 0 || _strata_sqlite_exec (self->db, schema, error)) && _strata_sqlite_exec (self->db, "COMMIT", error);
}

/* An index that is there is opened without waiting for who writes to it. */
static gboolean
prepare_for_writing (StrataSearchIndex  *self,
                     GError            **error)
{
  gint64 version;

  /* Of pages of 4 KiB the lists of blocks, with some 2 KiB each, would waste half */
  if (!_strata_sqlite_exec (self->db, "PRAGMA page_size = 8192; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
                                      "PRAGMA journal_size_limit = 4194304; PRAGMA temp_store = MEMORY;"
                                      "PRAGMA cache_size = -" CACHE_KIB, error) ||
      !read_version (self, &version, error))
    return FALSE;

  if (version == 0)
    return make_tables (self, error);

  return version == VERSION || set_wrong_version (version, error);
}

static StrataSearchIndex *
try_open (const char        *path,
          StrataSqliteMode   mode,
          GError           **error)
{
  g_autoptr(StrataSearchIndex) self = g_new0 (StrataSearchIndex, 1);
  gint64 version;

  self->vocabulary = _strata_vocabulary_new ();
  self->read_only = mode == STRATA_SQLITE_IMMUTABLE;
  self->in_memory = strcmp (path, ":memory:") == 0;
  self->db = _strata_sqlite_open (path, mode, error);
  if (self->db == NULL || !_strata_tokenizer_register (self->db, _strata_search_index_watch_token, self, error))
    return NULL;

  if (!self->read_only)
    return prepare_for_writing (self, error) ? g_steal_pointer (&self) : NULL;

  if (!read_version (self, &version, error))
    return NULL;
  if (version != VERSION)
    {
      set_wrong_version (version, error);
      return NULL;
    }

  return g_steal_pointer (&self);
}

StrataSearchIndex *
_strata_search_index_open (const char  *store_path,
                           const char  *name,
                           GError     **error)
{
  g_autofree char *path = g_build_filename (store_path, name, NULL);
  g_autoptr(GError) write_error = NULL;
  StrataSearchIndex *self = try_open (path, STRATA_SQLITE_WRITE, &write_error);

  if (self != NULL)
    return self;
  if (g_error_matches (write_error, STRATA_ERROR, STRATA_ERROR_CORRUPT) ||
      g_error_matches (write_error, STRATA_ERROR, STRATA_ERROR_IN_USE))
    {
      g_propagate_error (error, g_steal_pointer (&write_error));
      return NULL;
    }

  g_info ("The search index can't be written: %s", write_error->message);
  self = try_open (path, STRATA_SQLITE_IMMUTABLE, NULL);

  return self != NULL ? self : try_open (":memory:", STRATA_SQLITE_WRITE, error);
}

void
_strata_search_index_free (StrataSearchIndex *self)
{
  for (guint i = 0; i < STRATA_N_STATEMENTS; i++)
    sqlite3_finalize (self->statements[i]);
  sqlite3_close (self->db);
  _strata_vocabulary_free (self->vocabulary);
  g_free (self);
}

gboolean
_strata_search_index_is_read_only (StrataSearchIndex *self)
{
  return self->read_only;
}

gboolean
_strata_search_index_is_in_memory (StrataSearchIndex *self)
{
  return self->in_memory;
}

sqlite3_stmt *
_strata_search_index_get_statement (StrataSearchIndex  *self,
                                    StrataStatement     which,
                                    GError            **error)
{
  static const char *const texts[STRATA_N_STATEMENTS] = {
    [STRATA_STATEMENT_INSERT_TEXT] = "INSERT INTO texts (rowid, text) VALUES (?, ?)",
    [STRATA_STATEMENT_INSERT_BLOCK] = "INSERT INTO blocks VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    [STRATA_STATEMENT_INSERT_DETAILS] = "INSERT INTO details VALUES (?, ?)",
    [STRATA_STATEMENT_ADD_TO_SUMS] =
      "UPDATE sums SET moments = moments + ?, words = words + ?, text_bytes = text_bytes + ?, blocks = blocks + 1 WHERE rowid = 1",
    [STRATA_STATEMENT_NEXT_BLOCK] = "SELECT block FROM blocks WHERE block >= ? ORDER BY block LIMIT 1",
    [STRATA_STATEMENT_GET_BLOCK] = "SELECT document, places FROM blocks WHERE block = ?",
    [STRATA_STATEMENT_GET_DETAILS] = "SELECT d.details, b.bundle FROM details d JOIN blocks b ON b.block = d.block WHERE d.block = ?",
    [STRATA_STATEMENT_GET_PIECE] = "SELECT role, digest FROM pieces WHERE piece = ?",
    [STRATA_STATEMENT_GET_DOCUMENT] = "SELECT kind, owner, id, name, start, session, note FROM documents WHERE document = ?",
    [STRATA_STATEMENT_GET_WORD] = "SELECT count FROM words WHERE word = ?",
    [STRATA_STATEMENT_GET_TIES] = "SELECT DISTINCT session FROM ties WHERE item = ? ORDER BY session",
    [STRATA_STATEMENT_BLOCK_BELOW] = "SELECT block, document FROM blocks INDEXED BY documents_of_blocks WHERE block < ? ORDER BY block DESC",
  };

  if (self->statements[which] == NULL)
    self->statements[which] = _strata_sqlite_prepare (self->db, texts[which], error);

  return self->statements[which];
}

/* State */

/* Runs a query that gives one row of numbers. */
static gboolean
get_numbers (StrataSearchIndex  *self,
             const char         *sql,
             guint64            *out_numbers,
             guint               n_numbers,
             GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  for (guint i = 0; i < n_numbers; i++)
    out_numbers[i] = row ? (guint64)sqlite3_column_int64 (statement, (int)i) : 0;

  return TRUE;
}

gboolean
_strata_search_index_get_applied (StrataSearchIndex  *self,
                                  guint64            *out_offset,
                                  GError            **error)
{
  return get_numbers (self, "SELECT applied FROM state", out_offset, 1, error);
}

gboolean
_strata_search_index_set_applied (StrataSearchIndex  *self,
                                  guint64             offset,
                                  GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "UPDATE state SET applied = ? WHERE rowid = 1", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, offset);

  return _strata_sqlite_run (statement, error);
}

gboolean
_strata_search_index_get_sums (StrataSearchIndex      *self,
                               StrataSearchIndexSums  *out_sums,
                               GError                **error)
{
  guint64 numbers[7];

  if (!get_numbers (self, "SELECT (SELECT count(*) FROM documents), (SELECT count(*) FROM documents WHERE kind = 0),"
                          "  moments, words, text_bytes, blocks, dead_bytes FROM sums", numbers, 7, error))
    return FALSE;

  *out_sums = (StrataSearchIndexSums) { numbers[0], numbers[1], numbers[2], numbers[3], numbers[4], numbers[5], numbers[6] };

  return TRUE;
}

gboolean
_strata_search_index_begin (StrataSearchIndex  *self,
                            GError            **error)
{
  self->pending_bytes = 0;

  return _strata_sqlite_exec (self->db, "BEGIN IMMEDIATE", error);
}

gboolean
_strata_search_index_commit (StrataSearchIndex  *self,
                             GError            **error)
{
  return _strata_vocabulary_flush (self->vocabulary, self->db, error) &&
         _strata_sqlite_exec (self->db, "COMMIT", error);
}

void
_strata_search_index_roll_back (StrataSearchIndex *self)
{
  _strata_vocabulary_clear (self->vocabulary);
  if (!sqlite3_get_autocommit (self->db))
    _strata_sqlite_exec (self->db, "ROLLBACK", NULL);
}

guint64
_strata_search_index_get_pending (StrataSearchIndex *self)
{
  return self->pending_bytes;
}

gboolean
_strata_search_index_clear (StrataSearchIndex  *self,
                            GError            **error)
{
  _strata_vocabulary_clear (self->vocabulary);

  return _strata_sqlite_exec (self->db,
    "INSERT INTO texts (texts) VALUES ('delete-all');"
    "DELETE FROM words; DELETE FROM met; DELETE FROM blocks; DELETE FROM details; DELETE FROM pieces; DELETE FROM names; DELETE FROM document_facets; DELETE FROM facets;"
    "DELETE FROM links; DELETE FROM documents; DELETE FROM owners;"
    "UPDATE sums SET moments = 0, words = 0, text_bytes = 0, blocks = 0, dead_bytes = 0, met = 0;"
    "UPDATE state SET applied = 0", error);
}

/* Filling */

gboolean
_strata_search_index_is_bulk (StrataSearchIndex *self)
{
  return self->is_bulk;
}

/* Merging all at once in the end writes everything twice; on the way it would be four or five times. */
gboolean
_strata_search_index_begin_bulk (StrataSearchIndex  *self,
                                 GError            **error)
{
  self->is_bulk = TRUE;

  return _strata_sqlite_exec (self->db, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;"
                                        "INSERT INTO texts (texts, rank) VALUES ('automerge', 0);"
                                        "INSERT INTO texts (texts, rank) VALUES ('crisismerge', 256)", error);
}

gboolean
_strata_search_index_end_bulk (StrataSearchIndex  *self,
                               GError            **error)
{
  self->is_bulk = FALSE;

  return _strata_sqlite_exec (self->db, "INSERT INTO texts (texts, rank) VALUES ('automerge', 4);"
                                        "INSERT INTO texts (texts, rank) VALUES ('crisismerge', 16)", error);
}

/* FTS5 says by the number of changes whether it has done anything: two or more. */
static gboolean
merge_some (StrataSearchIndex  *self,
            const char         *sql,
            gboolean           *out_more,
            GError            **error)
{
  int changes = sqlite3_total_changes (self->db);

  if (!_strata_sqlite_exec (self->db, sql, error))
    return FALSE;
  *out_more = sqlite3_total_changes (self->db) - changes >= 2;

  return TRUE;
}

/* In steps: others can write in between. The first lays down that all is to become one. */
gboolean
_strata_search_index_merge (StrataSearchIndex  *self,
                            GCancellable       *cancellable,
                            GError            **error)
{
  gboolean more;

  if (!merge_some (self, "INSERT INTO texts (texts, rank) VALUES ('merge', -" MERGE_PAGES ")", &more, error))
    return FALSE;

  while (more)
    if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
        !merge_some (self, "INSERT INTO texts (texts, rank) VALUES ('merge', " MERGE_PAGES ")", &more, error))
      return FALSE;

  return TRUE;
}

gboolean
_strata_search_index_get_packed (StrataSearchIndex  *self,
                                 guint64            *out_bytes,
                                 GError            **error)
{
  return get_numbers (self, "SELECT packed FROM state", out_bytes, 1, error);
}

/* What it says of itself is said before, so that it is not tried again at once when it fails. */
gboolean
_strata_search_index_pack_into (StrataSearchIndex  *self,
                                const char         *path,
                                GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = NULL;

  if (!_strata_sqlite_exec (self->db, "UPDATE state SET packed = (SELECT text_bytes + dead_bytes FROM sums)", error))
    return FALSE;
  statement = _strata_sqlite_prepare (self->db, "VACUUM INTO ?", error);
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, path);

  return _strata_sqlite_run (statement, error);
}

gboolean
_strata_search_index_get_digest (StrataSearchIndex  *self,
                                 gboolean            is_collection,
                                 const char         *key,
                                 StrataDigest       *out_digest,
                                 gboolean           *out_damaged,
                                 GError            **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT digest, damaged FROM owners WHERE is_collection = ? AND key = ?", error);
  gboolean row;

  *out_damaged = FALSE;
  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, is_collection);
  _strata_sqlite_bind_text (statement, 2, key);

  if (!_strata_sqlite_step (statement, &row, error) || !row)
    return FALSE;
  *out_damaged = sqlite3_column_int (statement, 1) != 0;

  return _strata_sqlite_get_digest (statement, 0, out_digest);
}

GPtrArray *
_strata_search_index_list_keys (StrataSearchIndex  *self,
                                gboolean            is_collection,
                                GError            **error)
{
  g_autoptr(GPtrArray) keys = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "SELECT key FROM owners WHERE is_collection = ?", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, is_collection);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return g_steal_pointer (&keys);
      g_ptr_array_add (keys, _strata_sqlite_dup_text (statement, 0));
    }

  return NULL;
}

GHashTable *
_strata_search_index_list_growing (StrataSearchIndex  *self,
                                   GError            **error)
{
  g_autoptr(GHashTable) growing = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "SELECT d.owner, p.end FROM pieces p INDEXED BY tails JOIN documents d ON d.document = p.document WHERE p.role = 2", error);
  gboolean row;

  if (statement == NULL)
    return NULL;

  while (_strata_sqlite_step (statement, &row, error))
    {
      guint64 end = (guint64)sqlite3_column_int64 (statement, 1);

      if (!row)
        return g_steal_pointer (&growing);
      g_hash_table_insert (growing, _strata_sqlite_dup_text (statement, 0), g_memdup2 (&end, sizeof end));
    }

  return NULL;
}

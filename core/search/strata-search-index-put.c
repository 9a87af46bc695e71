/* strata-search-index-put.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-search-index-internal-private.h"
#include "strata-tokenizer-private.h"

/* Blocks are numbered from 2015 on, four to the hour: the smaller the numbers, the
 * shorter they are written
 */
#define FIRST_MS G_GINT64_CONSTANT (1420070400000)
#define BLOCK_MS G_GINT64_CONSTANT (900000)

/* So much text of notes or tasks is gathered, to be put in the order of their times */
#define GATHER_ITEM_BYTES (8 * 1024 * 1024)

/* Blocks */

/* A document being written: its text since the last full block */
typedef struct
{
  StrataSearchIndex *index;
  gint64             document;
  gint64             next_block;
  gint64             taken_from;   /* the next block that is taken, G_MAXINT64 for none; 0: not known */
  GString           *text;
  GArray            *section_bytes;
  StrataBlock       *block;
} Writer;

/* The number the first block of a document should have. Those that say no time come before all others. */
static gint64
get_first_block (gint64 start_ms)
{
  return start_ms == STRATA_TIME_NONE || start_ms < FIRST_MS ? 1 : (start_ms - FIRST_MS) / BLOCK_MS + 1;
}

static void
writer_init (Writer            *self,
             StrataSearchIndex *index)
{
  *self = (Writer) { .index = index };
  self->text = g_string_new (NULL);
  self->section_bytes = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->block = _strata_block_new ();
}

static void
writer_clear (Writer *self)
{
  g_string_free (self->text, TRUE);
  g_array_unref (self->section_bytes);
  _strata_block_free (self->block);
}

static void
writer_start (Writer *self,
              gint64  document,
              gint64  start_ms)
{
  self->document = document;
  self->next_block = get_first_block (start_ms);
  self->taken_from = 0;
}

/* Finds a number that no block has, living or dead. */
static gboolean
take_block_number (Writer  *self,
                   gint64  *out_block,
                   GError **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_NEXT_BLOCK, error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  while (self->next_block >= self->taken_from)
    {
      if (self->next_block == self->taken_from)
        self->next_block++;
      _strata_sqlite_bind_uint (statement, 1, (guint64)self->next_block);
      if (!_strata_sqlite_step (statement, &row, error))
        {
          sqlite3_reset (statement);
          return FALSE;
        }
      self->taken_from = row ? sqlite3_column_int64 (statement, 0) : G_MAXINT64;
      sqlite3_reset (statement);
    }
  *out_block = self->next_block++;

  return TRUE;
}

/* Has FTS5 index the text; on the way the block learns where its sections begin. */
static gboolean
insert_text (Writer  *self,
             gint64   block,
             GError **error)
{
  StrataSearchIndex *index = self->index;
  sqlite3_stmt *statement = _strata_search_index_get_statement (index, STRATA_STATEMENT_INSERT_TEXT, error);
  int bound;
  gboolean ok;

  if (statement == NULL)
    return FALSE;

  index->block = self->block;
  index->section_bytes = (const gsize *)(const void *)self->section_bytes->data;
  index->next_section = 0;
  index->next_moment = 0;
  index->position = 0;
  _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  bound = sqlite3_bind_text (statement, 2, self->text->str, (int)self->text->len, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);
  ok = _strata_sqlite_run (statement, error);
  index->block = NULL;

  return ok;
}

/* Sections that no word followed begin at the end */
static void
settle_positions (Writer *self)
{
  self->block->end = self->index->position;
  for (guint i = self->index->next_section; i < self->block->sections->len; i++)
    g_array_index (self->block->sections, StrataBlockSection, i).start = self->block->end;
}

static void
bind_bytes (sqlite3_stmt *statement,
            int           index,
            GByteArray   *bytes)
{
  int bound = sqlite3_bind_blob (statement, index, bytes->data, (int)bytes->len, SQLITE_STATIC);

  g_assert (bound == SQLITE_OK);
}

static gboolean
insert_block (Writer  *self,
              gint64   block,
              GError **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_INSERT_BLOCK, error);
  sqlite3_stmt *details_statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_INSERT_DETAILS, error);
  g_autoptr(GByteArray) places = g_byte_array_new ();
  g_autoptr(GByteArray) details = g_byte_array_new ();

  if (statement == NULL || details_statement == NULL)
    return FALSE;

  _strata_block_encode_places (self->block, places);
  _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  _strata_sqlite_bind_uint (statement, 2, (guint64)self->document);
  _strata_sqlite_bind_uint (statement, 3, self->text->len);
  _strata_sqlite_bind_uint (statement, 4, self->block->moments->len);
  _strata_sqlite_bind_uint (statement, 5, self->index->position);
  bind_bytes (statement, 6, places);
  _strata_block_encode_details (self->block, details);
  _strata_sqlite_bind_uint (details_statement, 1, (guint64)block);
  bind_bytes (details_statement, 2, details);

  return _strata_sqlite_run (statement, error) && _strata_sqlite_run (details_statement, error);
}

static gboolean
add_to_sums (Writer  *self,
             GError **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db,
    "UPDATE sums SET moments = moments + ?, words = words + ?, text_bytes = text_bytes + ?, blocks = blocks + 1", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, self->block->moments->len);
  _strata_sqlite_bind_uint (statement, 2, self->index->position);
  _strata_sqlite_bind_uint (statement, 3, self->text->len);

  return _strata_sqlite_run (statement, error);
}

/* Writes what was gathered as a block, and starts another. */
static gboolean
writer_flush (Writer  *self,
              GError **error)
{
  gint64 block;

  if (self->block->moments->len == 0)
    return TRUE;

  if (!take_block_number (self, &block, error) || !insert_text (self, block, error))
    return FALSE;
  settle_positions (self);
  if (!insert_block (self, block, error) || !add_to_sums (self, error))
    return FALSE;

  self->index->pending_bytes += self->text->len;
  _strata_block_clear (self->block);
  g_string_truncate (self->text, 0);
  g_array_set_size (self->section_bytes, 0);

  return TRUE;
}

static gboolean
writer_add (Writer              *self,
            const StrataMoment  *moment,
            GError             **error)
{
  StrataBlockMoment added = {
    .kind = moment->kind, .first_section = self->block->sections->len, .n_sections = moment->sections->len,
    .time_ms = moment->time_ms, .offset_ms = moment->offset_ms, .part = moment->part, .place = moment->place, .id = g_strdup (moment->id),
  };
  gsize base;

  if (self->text->len > 0)
    g_string_append_c (self->text, '\n');
  base = self->text->len;
  g_string_append_len (self->text, moment->text->str, (gssize)moment->text->len);
  for (guint i = 0; i < moment->sections->len; i++)
    {
      const StrataSection *section = &g_array_index (moment->sections, StrataSection, i);
      StrataBlockSection place = { section->weight, 0 };
      gsize start = base + section->start;

      g_array_append_val (self->block->sections, place);
      g_array_append_val (self->section_bytes, start);
    }
  g_array_append_val (self->block->moments, added);

  return self->text->len < STRATA_BLOCK_BYTES || writer_flush (self, error);
}

/* Documents */

static void
bind_time (sqlite3_stmt *statement,
           int           index,
           gint64        time_ms)
{
  if (time_ms == STRATA_TIME_NONE)
    _strata_sqlite_bind_text (statement, index, NULL);
  else
    _strata_sqlite_bind_uint (statement, index, (guint64)time_ms);
}

static gboolean
insert_document (StrataSearchIndex   *self,
                 guint                kind,
                 const char          *owner,
                 const StrataFacts   *facts,
                 const StrataDigest  *digest,
                 gint64              *out_document,
                 GError             **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "INSERT INTO documents (kind, owner, id, name, start, end, has, session, note, digest) VALUES (?,?,?,?,?,?,?,?,?,?)", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, kind);
  _strata_sqlite_bind_text (statement, 2, owner);
  _strata_sqlite_bind_text (statement, 3, facts->id);
  _strata_sqlite_bind_text (statement, 4, kind == STRATA_KIND_SESSION ? facts->name : NULL);
  bind_time (statement, 5, facts->start_ms);
  bind_time (statement, 6, facts->end_ms);
  _strata_sqlite_bind_uint (statement, 7, facts->has);
  _strata_sqlite_bind_text (statement, 8, facts->session_id);
  _strata_sqlite_bind_text (statement, 9, facts->note_id);
  _strata_sqlite_bind_digest (statement, 10, digest);
  if (!_strata_sqlite_run (statement, error))
    return FALSE;
  *out_document = sqlite3_last_insert_rowid (self->db);

  return TRUE;
}

/* What is known of a session only when all of it was read */
static gboolean
update_document (StrataSearchIndex  *self,
                 gint64              document,
                 const StrataFacts  *facts,
                 GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "UPDATE documents SET id = ?, name = ?, start = ?, end = ?, has = ? WHERE document = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, facts->id);
  _strata_sqlite_bind_text (statement, 2, facts->name);
  bind_time (statement, 3, facts->start_ms);
  bind_time (statement, 4, facts->end_ms);
  _strata_sqlite_bind_uint (statement, 5, facts->has);
  _strata_sqlite_bind_uint (statement, 6, (guint64)document);

  return _strata_sqlite_run (statement, error);
}

static gboolean
insert_facets (StrataSearchIndex  *self,
               gint64              document,
               const StrataFacts  *facts,
               GError            **error)
{
  g_autoptr(sqlite3_stmt) define = _strata_sqlite_prepare (self->db,
    "INSERT INTO facets (field, value, folded) VALUES (?, ?, ?) ON CONFLICT DO NOTHING", error);
  g_autoptr(sqlite3_stmt) use = define == NULL ? NULL : _strata_sqlite_prepare (self->db,
    "INSERT OR IGNORE INTO document_facets SELECT facet, ?3 FROM facets WHERE field = ?1 AND value = ?2", error);

  for (guint i = 0; use != NULL && i < facts->facets->len; i++)
    {
      const StrataFacet *facet = g_ptr_array_index (facts->facets, i);
      g_autofree char *folded = _strata_fold_name (facet->value);

      _strata_sqlite_bind_uint (define, 1, facet->field);
      _strata_sqlite_bind_text (define, 2, facet->value);
      _strata_sqlite_bind_text (define, 3, folded);
      _strata_sqlite_bind_uint (use, 1, facet->field);
      _strata_sqlite_bind_text (use, 2, facet->value);
      _strata_sqlite_bind_uint (use, 3, (guint64)document);
      if (!_strata_sqlite_run (define, error) || !_strata_sqlite_run (use, error))
        return FALSE;
      sqlite3_clear_bindings (define);
    }

  return use != NULL;
}

static gboolean
insert_links (StrataSearchIndex  *self,
              gint64              document,
              const StrataFacts  *facts,
              GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, "INSERT OR IGNORE INTO links VALUES (?, ?)", error);

  for (guint i = 0; statement != NULL && i < facts->links->len; i++)
    {
      _strata_sqlite_bind_text (statement, 1, g_ptr_array_index (facts->links, i));
      _strata_sqlite_bind_uint (statement, 2, (guint64)document);
      if (!_strata_sqlite_run (statement, error))
        return FALSE;
    }

  return statement != NULL;
}

/* Runs each statement with ?1 bound to a number. */
static gboolean
run_with_number (StrataSearchIndex  *self,
                 const char *const  *statements,
                 gint64              number,
                 GError            **error)
{
  for (; *statements != NULL; statements++)
    {
      g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, *statements, error);

      if (statement == NULL)
        return FALSE;
      _strata_sqlite_bind_uint (statement, 1, (guint64)number);
      if (!_strata_sqlite_run (statement, error))
        return FALSE;
    }

  return TRUE;
}

/* Its blocks stay as dead ones: their numbers are still in the full-text table. */
static gboolean
remove_document (StrataSearchIndex  *self,
                 gint64              document,
                 GError            **error)
{
  static const char *const statements[] = {
    "UPDATE sums SET (moments, words, text_bytes, blocks, dead_blocks) ="
    "  (SELECT sums.moments - ifnull (sum (b.moments), 0), sums.words - ifnull (sum (b.words), 0),"
    "     sums.text_bytes - ifnull (sum (b.text_bytes), 0), sums.blocks - count (*), sums.dead_blocks + count (*)"
    "   FROM blocks b WHERE b.document = ?1)",
    "DELETE FROM details WHERE block IN (SELECT block FROM blocks WHERE document = ?1)",
    "UPDATE blocks SET document = 0, places = x'' WHERE document = ?1",
    "DELETE FROM links WHERE document = ?1",
    "DELETE FROM document_facets WHERE document = ?1",
    "DELETE FROM documents WHERE document = ?1",
    NULL
  };

  return run_with_number (self, statements, document, error);
}

static gboolean
remove_documents_of (StrataSearchIndex  *self,
                     gboolean            is_collection,
                     const char         *owner,
                     GError            **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "SELECT document FROM documents WHERE owner = ? AND (kind <> 0) = ?", error);
  g_autoptr(GArray) found = g_array_new (FALSE, FALSE, sizeof (gint64));
  gboolean row = TRUE;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, owner);
  _strata_sqlite_bind_uint (statement, 2, is_collection);
  while (row)
    {
      gint64 document;

      if (!_strata_sqlite_step (statement, &row, error))
        return FALSE;
      document = sqlite3_column_int64 (statement, 0);
      if (row)
        g_array_append_val (found, document);
    }
  sqlite3_reset (statement);

  for (guint i = 0; i < found->len; i++)
    if (!remove_document (self, g_array_index (found, gint64, i), error))
      return FALSE;

  return TRUE;
}

/* Runs a statement with ?1 bound to whether it is a collection, and ?2 to the key. */
static gboolean
run_for_owner (StrataSearchIndex  *self,
               const char         *sql,
               gboolean            is_collection,
               const char         *key,
               GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db, sql, error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, is_collection);
  _strata_sqlite_bind_text (statement, 2, key);

  return _strata_sqlite_run (statement, error);
}

gboolean
_strata_search_index_remove (StrataSearchIndex  *self,
                             gboolean            is_collection,
                             const char         *key,
                             GError            **error)
{
  return remove_documents_of (self, is_collection, key, error) &&
         run_for_owner (self, "DELETE FROM names WHERE ?1 AND owner = ?2", is_collection, key, error) &&
         run_for_owner (self, "DELETE FROM owners WHERE is_collection = ?1 AND key = ?2", is_collection, key, error);
}

static gboolean
put_owner (StrataSearchIndex     *self,
           const StrataManifest  *manifest,
           gboolean               is_damaged,
           GError               **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->db, "INSERT OR REPLACE INTO owners VALUES (?, ?, ?, ?)", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, manifest->is_collection);
  _strata_sqlite_bind_text (statement, 2, manifest->key);
  _strata_sqlite_bind_digest (statement, 3, &manifest->file_digest);
  _strata_sqlite_bind_uint (statement, 4, is_damaged);

  return _strata_sqlite_run (statement, error);
}

/* Damage is verify's to report: what could be read is indexed, and the rest not
 * looked for again until the session changes. Anything else ends the indexing.
 */
static gboolean
pass_over_damage (const StrataManifest  *manifest,
                  GError               **from,
                  GError               **error)
{
  if (*from == NULL)
    return TRUE;

  if ((*from)->domain == STRATA_ERROR && !g_error_matches (*from, STRATA_ERROR, STRATA_ERROR_IN_USE))
    {
      g_info ("Not all of “%s” can be searched: %s", manifest->key, (*from)->message);
      return TRUE;
    }

  g_propagate_error (error, g_steal_pointer (from));

  return FALSE;
}

/* Sessions */

typedef struct
{
  Writer             writer;
  const StrataFacts *facts;
  gboolean           is_started;
  gint64             document;
  GError            *error;      /* of the index, as opposed to the files */
} SessionPut;

static gboolean
put_moment (const StrataMoment  *moment,
            gpointer             user_data,
            GError             **error)
{
  SessionPut *put = user_data;

  if (!put->is_started)
    writer_start (&put->writer, put->document, put->facts->start_ms);
  put->is_started = TRUE;

  if (writer_add (&put->writer, moment, &put->error))
    return TRUE;
  g_propagate_error (error, g_error_copy (put->error));

  return FALSE;
}

static gboolean
put_session (StrataSearchIndex     *self,
             int                    dir,
             const StrataManifest  *manifest,
             GCancellable          *cancellable,
             GError               **error)
{
  g_autoptr(StrataFacts) facts = _strata_facts_new ();
  g_autoptr(GError) read_error = NULL;
  SessionPut put = { .facts = facts };
  gboolean ok;

  if (!insert_document (self, STRATA_KIND_SESSION, manifest->key, facts, &manifest->raw_digest, &put.document, error))
    return FALSE;

  writer_init (&put.writer, self);
  ok = _strata_moments_of_session (dir, manifest, facts, put_moment, &put, cancellable, &read_error);
  if (put.error != NULL)
    g_propagate_error (error, put.error);
  else
    ok = (ok || pass_over_damage (manifest, &read_error, error)) && writer_flush (&put.writer, error) &&
         update_document (self, put.document, facts, error) && insert_facets (self, put.document, facts, error) &&
         insert_links (self, put.document, facts, error) && put_owner (self, manifest, read_error != NULL, error);
  writer_clear (&put.writer);

  return ok && put.error == NULL;
}

/* Notes and tasks */

/* One that waits for being put in the order of times */
typedef struct
{
  StrataMoment *moment;
  StrataFacts  *facts;
  StrataDigest  digest;
} Item;

typedef struct
{
  StrataSearchIndex    *index;
  const StrataManifest *manifest;
  StrataKind            kind;
  GHashTable           *known;         /* digest → GArray of documents that have it */
  GPtrArray            *items;
  gsize                 item_bytes;
  GError               *error;         /* of the index, as opposed to the files */
} ItemsPut;

static void
item_free (gpointer data)
{
  Item *item = data;

  _strata_moment_free (item->moment);
  _strata_facts_free (item->facts);
  g_free (item);
}

static StrataMoment *
copy_moment (const StrataMoment *moment)
{
  StrataMoment *copy = _strata_moment_new ();

  _strata_moment_reset (copy, moment->kind);
  copy->id = g_strdup (moment->id);
  copy->time_ms = moment->time_ms;
  copy->part = moment->part;
  copy->place = moment->place;
  g_string_append_len (copy->text, moment->text->str, (gssize)moment->text->len);
  g_array_append_vals (copy->sections, moment->sections->data, moment->sections->len);

  return copy;
}

static StrataFacts *
copy_facts (const StrataFacts *facts)
{
  StrataFacts *copy = _strata_facts_new ();

  copy->id = g_strdup (facts->id);
  copy->name = g_strdup (facts->name);
  copy->start_ms = facts->start_ms;
  copy->session_id = g_strdup (facts->session_id);
  copy->note_id = g_strdup (facts->note_id);
  for (guint i = 0; i < facts->facets->len; i++)
    {
      const StrataFacet *facet = g_ptr_array_index (facts->facets, i);

      _strata_facts_add_facet (copy, facet->field, facet->value);
    }

  return copy;
}

static int
compare_items (gconstpointer a,
               gconstpointer b)
{
  const Item *first = *(const Item *const *)a;
  const Item *second = *(const Item *const *)b;

  return (first->facts->start_ms > second->facts->start_ms) - (first->facts->start_ms < second->facts->start_ms);
}

static gboolean
put_item (ItemsPut    *self,
          Writer      *writer,
          const Item  *item,
          GError     **error)
{
  gint64 document;

  if (!insert_document (self->index, self->kind, self->manifest->key, item->facts, &item->digest, &document, error) ||
      !insert_facets (self->index, document, item->facts, error))
    return FALSE;
  if (item->moment->text->len == 0)
    return TRUE;

  writer_start (writer, document, item->facts->start_ms);

  return writer_add (writer, item->moment, error) && writer_flush (writer, error);
}

/* In the order of their times, since FTS5 writes a piece of its own for each step back. */
static gboolean
put_gathered_items (ItemsPut  *self,
                    GError   **error)
{
  gboolean ok = TRUE;
  Writer writer;

  g_ptr_array_sort (self->items, compare_items);
  writer_init (&writer, self->index);
  for (guint i = 0; i < self->items->len && ok; i++)
    ok = put_item (self, &writer, g_ptr_array_index (self->items, i), error);
  writer_clear (&writer);
  g_ptr_array_set_size (self->items, 0);
  self->item_bytes = 0;

  return ok;
}

/* Of an item that is the same but may lie elsewhere now: its place is set. */
static gboolean
move_item (ItemsPut            *self,
           gint64               document,
           const StrataMoment  *moment,
           GError             **error)
{
  g_autoptr(sqlite3_stmt) get = _strata_sqlite_prepare (self->index->db,
    "SELECT d.block, d.details FROM blocks b JOIN details d ON d.block = b.block WHERE b.document = ?", error);
  g_autoptr(sqlite3_stmt) set = NULL;
  g_autoptr(StrataBlock) block = _strata_block_new ();
  g_autoptr(GByteArray) details = g_byte_array_new ();
  StrataBlockMoment *only;
  gboolean row;

  if (get == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (get, 1, (guint64)document);
  if (!_strata_sqlite_step (get, &row, error))
    return FALSE;
  if (!row)
    return TRUE;

  if (!_strata_block_decode_details (block, sqlite3_column_blob (get, 1), (gsize)sqlite3_column_bytes (get, 1)) ||
      block->moments->len != 1)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A block of the search index can't be read");
      return FALSE;
    }
  only = &g_array_index (block->moments, StrataBlockMoment, 0);
  if (only->part == moment->part && only->place == moment->place)
    return TRUE;

  only->part = moment->part;
  only->place = moment->place;
  _strata_block_encode_details (block, details);
  set = _strata_sqlite_prepare (self->index->db, "UPDATE details SET details = ? WHERE block = ?", error);
  if (set == NULL)
    return FALSE;
  bind_bytes (set, 1, details);
  _strata_sqlite_bind_uint (set, 2, (guint64)sqlite3_column_int64 (get, 0));

  return _strata_sqlite_run (set, error);
}

static gboolean
take_item (const StrataMoment  *moment,
           const StrataFacts   *facts,
           const StrataDigest  *digest,
           gpointer             user_data,
           GError             **error)
{
  ItemsPut *self = user_data;
  GArray *documents = g_hash_table_lookup (self->known, digest);
  Item *item;

  if (documents != NULL && documents->len > 0)
    {
      gint64 document = g_array_index (documents, gint64, documents->len - 1);

      g_array_set_size (documents, documents->len - 1);
      if (move_item (self, document, moment, &self->error))
        return TRUE;
    }
  else
    {
      item = g_new (Item, 1);
      item->moment = copy_moment (moment);
      item->facts = copy_facts (facts);
      item->digest = *digest;
      g_ptr_array_add (self->items, item);
      self->item_bytes += moment->text->len;
      if (self->item_bytes < GATHER_ITEM_BYTES || put_gathered_items (self, &self->error))
        return TRUE;
    }
  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

/* What is indexed of the collection now, by digest */
static gboolean
list_known_items (ItemsPut  *self,
                  GError   **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "SELECT document, digest FROM documents WHERE owner = ? AND kind = ?", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, self->manifest->key);
  _strata_sqlite_bind_uint (statement, 2, self->kind);

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 document = sqlite3_column_int64 (statement, 0);
      StrataDigest digest;
      GArray *documents;

      if (!row)
        return TRUE;
      if (!_strata_sqlite_get_digest (statement, 1, &digest))
        continue;
      documents = g_hash_table_lookup (self->known, &digest);
      if (documents == NULL)
        {
          documents = g_array_new (FALSE, FALSE, sizeof (gint64));
          g_hash_table_insert (self->known, g_memdup2 (&digest, sizeof digest), documents);
        }
      g_array_append_val (documents, document);
    }

  return FALSE;
}

static gboolean
remove_unknown_items (ItemsPut  *self,
                      GError   **error)
{
  GHashTableIter iter;
  gpointer value;

  g_hash_table_iter_init (&iter, self->known);
  while (g_hash_table_iter_next (&iter, NULL, &value))
    {
      const GArray *documents = value;

      for (guint i = 0; i < documents->len; i++)
        if (!remove_document (self->index, g_array_index (documents, gint64, i), error))
          return FALSE;
    }

  return TRUE;
}

/* Only those that are new or changed are indexed: the collection is saved whole for each note. */
static gboolean
put_items (StrataSearchIndex     *index,
           int                    dir,
           const StrataManifest  *manifest,
           StrataKind             kind,
           GCancellable          *cancellable,
           GError               **error)
{
  g_autoptr(GHashTable) known = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free,
                                                       (GDestroyNotify)g_array_unref);
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  ItemsPut self = { index, manifest, kind, known, items };
  g_autoptr(GError) read_error = NULL;

  if (!list_known_items (&self, error))
    return FALSE;

  _strata_moments_of_items (dir, manifest, kind, take_item, &self, cancellable, &read_error);
  if (self.error != NULL)
    {
      g_propagate_error (error, self.error);
      return FALSE;
    }

  return pass_over_damage (manifest, &read_error, error) && put_gathered_items (&self, error) &&
         remove_unknown_items (&self, error) && put_owner (index, manifest, read_error != NULL, error);
}

/* Names */

typedef struct
{
  StrataSearchIndex    *index;
  const StrataManifest *manifest;
  StrataField           field;
  GError               *error;
} NamesPut;

static gboolean
put_name (const char  *id,
          const char  *name,
          gpointer     user_data,
          GError     **error)
{
  NamesPut *self = user_data;
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "INSERT OR REPLACE INTO names VALUES (?, ?, ?, ?, ?)", &self->error);
  g_autofree char *folded = _strata_fold_name (name);

  if (statement != NULL)
    {
      _strata_sqlite_bind_uint (statement, 1, self->field);
      _strata_sqlite_bind_text (statement, 2, id);
      _strata_sqlite_bind_text (statement, 3, self->manifest->key);
      _strata_sqlite_bind_text (statement, 4, name);
      _strata_sqlite_bind_text (statement, 5, folded);
      if (_strata_sqlite_run (statement, &self->error))
        return TRUE;
    }
  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

static gboolean
put_names (StrataSearchIndex     *index,
           int                    dir,
           const StrataManifest  *manifest,
           StrataField            field,
           GCancellable          *cancellable,
           GError               **error)
{
  NamesPut self = { index, manifest, field };
  g_autoptr(GError) read_error = NULL;

  if (!run_for_owner (index, "DELETE FROM names WHERE ?1 AND owner = ?2", TRUE, manifest->key, error))
    return FALSE;

  _strata_moments_list_names (dir, manifest, put_name, &self, cancellable, &read_error);
  if (self.error != NULL)
    {
      g_propagate_error (error, self.error);
      return FALSE;
    }

  return pass_over_damage (manifest, &read_error, error) && put_owner (index, manifest, read_error != NULL, error);
}

static gboolean
put_collection (StrataSearchIndex     *self,
                int                    dir,
                const StrataManifest  *manifest,
                GCancellable          *cancellable,
                GError               **error)
{
  static const struct { const char *name; StrataField field; } named[] = {
    { "topics", STRATA_FIELD_TOPIC }, { "companies", STRATA_FIELD_COMPANY }, { "contacts", STRATA_FIELD_CONTACT },
  };

  if (g_strcmp0 (manifest->name, "notes") == 0)
    return put_items (self, dir, manifest, STRATA_KIND_NOTE, cancellable, error);
  if (g_strcmp0 (manifest->name, "tasks") == 0)
    return put_items (self, dir, manifest, STRATA_KIND_TASK, cancellable, error);
  for (gsize i = 0; i < G_N_ELEMENTS (named); i++)
    if (g_strcmp0 (manifest->name, named[i].name) == 0)
      return put_names (self, dir, manifest, named[i].field, cancellable, error);

  return put_owner (self, manifest, FALSE, error);
}

gboolean
_strata_search_index_put (StrataSearchIndex     *self,
                          int                    dir,
                          const StrataManifest  *manifest,
                          GCancellable          *cancellable,
                          GError               **error)
{
  if (manifest->is_collection)
    return put_collection (self, dir, manifest, cancellable, error);

  return remove_documents_of (self, FALSE, manifest->key, error) &&
         put_session (self, dir, manifest, cancellable, error);
}

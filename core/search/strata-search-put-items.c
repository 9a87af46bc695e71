/* strata-search-put-items.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-search-put-private.h"

/* So much text of notes or tasks is gathered, to be put in the order of their times */
#define GATHER_ITEM_BYTES (8 * 1024 * 1024)

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

/* The one piece of an item is the part of the collection that it stands in. */
static gboolean
put_item (ItemsPut            *self,
          StrataSearchWriter  *writer,
          const Item          *item,
          GError             **error)
{
  const StrataPart *part = g_ptr_array_index (self->manifest->parts, item->moment->part);
  StrataPiece piece = { .role = STRATA_PIECE_PART, .digest = part->raw_digest };
  gint64 document;

  if (!_strata_search_insert_document (self->index, self->kind, self->manifest->key, item->facts, &item->digest, &document, error) ||
      !_strata_search_put_facts (self->index, document, item->facts, error) ||
      !_strata_search_insert_piece (self->index, document, &piece, error))
    return FALSE;
  if (item->moment->text->len == 0)
    return TRUE;

  _strata_search_writer_start (writer, document, piece.bundle, item->facts->start_ms);

  return _strata_search_writer_add (writer, item->moment, error) && _strata_search_writer_flush (writer, error);
}

/* In the order of their times, since FTS5 writes a piece of its own for each step back. */
static gboolean
put_gathered_items (ItemsPut  *self,
                    GError   **error)
{
  g_autoptr(StrataSearchWriter) writer = _strata_search_writer_new (self->index, NULL, NULL);

  g_ptr_array_sort (self->items, compare_items);
  for (guint i = 0; i < self->items->len; i++)
    if (!put_item (self, writer, g_ptr_array_index (self->items, i), error))
      return FALSE;
  g_ptr_array_set_size (self->items, 0);
  self->item_bytes = 0;

  return TRUE;
}

/* Of an item that is the same but may lie elsewhere now: its piece and its place in it are set. */
static gboolean
move_piece (ItemsPut            *self,
            gint64               document,
            const StrataMoment  *moment,
            GError             **error)
{
  const StrataPart *part = g_ptr_array_index (self->manifest->parts, moment->part);
  g_autoptr(GArray) pieces = _strata_search_list_pieces (self->index, document, error);

  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    {
      StrataPiece *piece = &g_array_index (pieces, StrataPiece, i);

      if (_strata_digest_equal (&piece->digest, &part->raw_digest))
        continue;
      piece->digest = part->raw_digest;
      if (!_strata_search_update_piece (self->index, piece, error))
        return FALSE;
    }

  return pieces != NULL;
}

static gboolean
move_item (ItemsPut            *self,
           gint64               document,
           const StrataMoment  *moment,
           GError             **error)
{
  g_autoptr(sqlite3_stmt) get = NULL;
  g_autoptr(sqlite3_stmt) set = NULL;
  g_autoptr(StrataBlock) block = _strata_block_new ();
  g_autoptr(GByteArray) details = g_byte_array_new ();
  StrataBlockMoment *only;
  gboolean row;
  int bound;

  if (!move_piece (self, document, moment, error))
    return FALSE;

  get = _strata_sqlite_prepare (self->index->db,
    "SELECT d.block, d.details FROM blocks b JOIN details d ON d.block = b.block WHERE b.document = ?", error);
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
  if (only->place == moment->place)
    return TRUE;

  only->place = moment->place;
  _strata_block_encode_details (block, details);
  set = _strata_sqlite_prepare (self->index->db, "UPDATE details SET details = ? WHERE block = ?", error);
  if (set == NULL)
    return FALSE;
  bound = sqlite3_bind_blob (set, 1, details->data, (int)details->len, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);
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

GHashTable *
_strata_search_list_items (StrataSearchIndex  *index,
                           const char         *owner,
                           StrataKind          kind,
                           GError            **error)
{
  g_autoptr(GHashTable) known = g_hash_table_new_full (_strata_digest_hash, (GEqualFunc)_strata_digest_equal, g_free,
                                                       (GDestroyNotify)g_array_unref);
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (index->db, "SELECT document, digest FROM documents WHERE owner = ? AND kind = ?", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_text (statement, 1, owner);
  _strata_sqlite_bind_uint (statement, 2, kind);

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 document = sqlite3_column_int64 (statement, 0);
      StrataDigest digest;
      GArray *documents;

      if (!row)
        return g_steal_pointer (&known);
      if (!_strata_sqlite_get_digest (statement, 1, &digest))
        continue;
      documents = g_hash_table_lookup (known, &digest);
      if (documents == NULL)
        {
          documents = g_array_new (FALSE, FALSE, sizeof (gint64));
          g_hash_table_insert (known, g_memdup2 (&digest, sizeof digest), documents);
        }
      g_array_append_val (documents, document);
    }

  return NULL;
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
        if (!_strata_search_remove_document (self->index, g_array_index (documents, gint64, i), error))
          return FALSE;
    }

  return TRUE;
}

/* Only those that are new or changed are indexed: the collection is saved whole for each note. */
gboolean
_strata_search_put_items (StrataSearchIndex     *index,
           int                    dir,
           const StrataManifest  *manifest,
           StrataKind             kind,
           GCancellable          *cancellable,
           GError               **error)
{
  g_autoptr(GHashTable) known = _strata_search_list_items (index, manifest->key, kind, error);
  g_autoptr(GPtrArray) items = g_ptr_array_new_with_free_func (item_free);
  ItemsPut self = { index, manifest, kind, known, items };
  g_autoptr(GError) read_error = NULL;

  if (known == NULL)
    return FALSE;

  _strata_moments_of_items (dir, manifest, kind, take_item, &self, cancellable, &read_error);
  if (self.error != NULL)
    {
      g_propagate_error (error, self.error);
      return FALSE;
    }

  return _strata_search_pass_damage (manifest, &read_error, error) && put_gathered_items (&self, error) &&
         remove_unknown_items (&self, error) && _strata_search_put_owner (index, manifest, read_error != NULL, error);
}


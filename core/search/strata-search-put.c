/* strata-search-put.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-search-put-private.h"
#include "strata-tokenizer-private.h"

gboolean
_strata_search_run_with_number (StrataSearchIndex  *self,
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

/* Pieces */

GArray *
_strata_search_list_pieces (StrataSearchIndex  *self,
                            gint64              document,
                            GError            **error)
{
  g_autoptr(GArray) pieces = g_array_new (FALSE, TRUE, sizeof (StrataPiece));
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "SELECT piece, role, digest, has, generation, end, bundle FROM pieces WHERE document = ? ORDER BY piece", error);
  gboolean row;

  if (statement == NULL)
    return NULL;
  _strata_sqlite_bind_uint (statement, 1, (guint64)document);

  while (_strata_sqlite_step (statement, &row, error))
    {
      StrataPiece piece = { 0 };

      if (!row)
        return g_steal_pointer (&pieces);
      piece.piece = sqlite3_column_int64 (statement, 0);
      piece.role = (StrataPieceRole)sqlite3_column_int (statement, 1);
      _strata_sqlite_get_digest (statement, 2, &piece.digest);
      piece.has = (guint)sqlite3_column_int (statement, 3);
      piece.generation = (guint64)sqlite3_column_int64 (statement, 4);
      piece.end = (guint64)sqlite3_column_int64 (statement, 5);
      piece.bundle = sqlite3_column_int64 (statement, 6);
      g_array_append_val (pieces, piece);
    }

  return NULL;
}

gboolean
_strata_search_insert_piece (StrataSearchIndex  *self,
                             gint64              document,
                             StrataPiece        *piece,
                             GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "INSERT INTO pieces (document, role, digest, has, generation, end, bundle) VALUES (?, ?, ?, ?, ?, ?,"
    "  CASE ?7 WHEN 0 THEN (SELECT ifnull (max (piece), 0) + 1 FROM pieces) ELSE ?7 END)", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, (guint64)document);
  _strata_sqlite_bind_uint (statement, 2, piece->role);
  _strata_sqlite_bind_digest (statement, 3, &piece->digest);
  _strata_sqlite_bind_uint (statement, 4, piece->has);
  _strata_sqlite_bind_uint (statement, 5, piece->generation);
  _strata_sqlite_bind_uint (statement, 6, piece->end);
  _strata_sqlite_bind_uint (statement, 7, (guint64)piece->bundle);
  if (!_strata_sqlite_run (statement, error))
    return FALSE;
  piece->piece = sqlite3_last_insert_rowid (self->db);
  if (piece->bundle == 0)
    piece->bundle = piece->piece;

  return TRUE;
}

gboolean
_strata_search_update_piece (StrataSearchIndex  *self,
                             const StrataPiece  *piece,
                             GError            **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->db,
    "UPDATE pieces SET digest = ?, has = ?, end = ? WHERE piece = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_digest (statement, 1, &piece->digest);
  _strata_sqlite_bind_uint (statement, 2, piece->has);
  _strata_sqlite_bind_uint (statement, 3, piece->end);
  _strata_sqlite_bind_uint (statement, 4, (guint64)piece->piece);

  return _strata_sqlite_run (statement, error);
}

gboolean
_strata_search_remove_bundle (StrataSearchIndex  *self,
                              gint64              bundle,
                              GError            **error)
{
  static const char *const statements[] = {
    "UPDATE sums SET (moments, words, text_bytes, blocks, dead_bytes) ="
    "  (SELECT sums.moments - ifnull (sum (b.moments), 0), sums.words - ifnull (sum (b.words), 0),"
    "     sums.text_bytes - ifnull (sum (b.text_bytes), 0), sums.blocks - count (*),"
    "     sums.dead_bytes + ifnull (sum (b.text_bytes), 0)"
    "   FROM blocks b WHERE b.bundle = ?1) WHERE rowid = 1",
    "DELETE FROM details WHERE block IN (SELECT block FROM blocks WHERE bundle = ?1)",
    "UPDATE OR FAIL blocks SET document = 0, bundle = 0, places = x'' WHERE bundle = ?1",
    "DELETE FROM pieces WHERE bundle = ?1",
    NULL
  };

  return _strata_search_run_with_number (self, statements, bundle, error);
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

gboolean
_strata_search_insert_document (StrataSearchIndex   *self,
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

gboolean
_strata_search_put_facts (StrataSearchIndex  *self,
                          gint64              document,
                          const StrataFacts  *facts,
                          GError            **error)
{
  static const char *const statements[] = {
    "DELETE FROM links WHERE document = ?1", "DELETE FROM document_facets WHERE document = ?1", NULL
  };

  return _strata_search_run_with_number (self, statements, document, error) &&
         insert_facets (self, document, facts, error) && insert_links (self, document, facts, error);
}

gboolean
_strata_search_remove_document (StrataSearchIndex  *self,
                                gint64              document,
                                GError            **error)
{
  static const char *const statements[] = {
    "DELETE FROM links WHERE document = ?1", "DELETE FROM document_facets WHERE document = ?1",
    "DELETE FROM documents WHERE document = ?1", NULL
  };
  g_autoptr(GArray) pieces = _strata_search_list_pieces (self, document, error);

  for (guint i = 0; pieces != NULL && i < pieces->len; i++)
    {
      const StrataPiece *piece = &g_array_index (pieces, StrataPiece, i);

      if (piece->piece == piece->bundle && !_strata_search_remove_bundle (self, piece->bundle, error))
        return FALSE;
    }

  return pieces != NULL && _strata_search_run_with_number (self, statements, document, error);
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
    if (!_strata_search_remove_document (self, g_array_index (found, gint64, i), error))
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

gboolean
_strata_search_put_owner (StrataSearchIndex     *self,
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

gboolean
_strata_search_pass_damage (const StrataManifest  *manifest,
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

  return _strata_search_pass_damage (manifest, &read_error, error) && _strata_search_put_owner (index, manifest, read_error != NULL, error);
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
    return _strata_search_put_items (self, dir, manifest, STRATA_KIND_NOTE, cancellable, error);
  if (g_strcmp0 (manifest->name, "tasks") == 0)
    return _strata_search_put_items (self, dir, manifest, STRATA_KIND_TASK, cancellable, error);
  for (gsize i = 0; i < G_N_ELEMENTS (named); i++)
    if (g_strcmp0 (manifest->name, named[i].name) == 0)
      return put_names (self, dir, manifest, named[i].field, cancellable, error);

  return _strata_search_put_owner (self, manifest, FALSE, error);
}

gboolean
_strata_search_index_put (StrataSearchIndex     *self,
                          int                    dir,
                          const StrataManifest  *manifest,
                          GCancellable          *cancellable,
                          GError               **error)
{
  return manifest->is_collection ? put_collection (self, dir, manifest, cancellable, error)
                                 : _strata_search_put_session (self, dir, manifest, cancellable, error);
}

/* strata-search-put-session.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "store/strata-tail-private.h"
#include "strata-search-put-private.h"

typedef struct
{
  StrataSearchIndex    *index;
  const StrataManifest *manifest;
  gint64                document;
  StrataFacts          *facts;
  StrataMomentWalk     *walk;
  StrataSearchWriter   *writer;
  GArray               *known;       /* StrataPiece: those that were there before */
  guint                 has;         /* of all pieces so far */
  gboolean              is_damaged;
  GError               *error;       /* of the index, as opposed to the files */
} SessionPut;

void
_strata_search_digest_small (const StrataManifest *manifest,
                             StrataDigest         *out_digest)
{
  _strata_digest_of (manifest->small, strlen (manifest->small), out_digest);
}

void
_strata_search_digest_own (const StrataManifest *manifest,
                           StrataDigest         *out_digest)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();

  _strata_hasher_update (hasher, manifest->small, strlen (manifest->small));
  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, i);

      if (_strata_moments_get_content (part) == STRATA_CONTENT_OWN)
        _strata_hasher_update (hasher, part->raw_digest.bytes, STRATA_DIGEST_SIZE);
    }
  _strata_hasher_finish (hasher, out_digest);
}

/* A piece that is indexed already and still as it was; (nullable) */
static StrataPiece *
find_known (SessionPut          *self,
            StrataPieceRole      role,
            const StrataDigest  *digest,
            guint64              generation)
{
  for (guint i = 0; i < self->known->len; i++)
    {
      StrataPiece *piece = &g_array_index (self->known, StrataPiece, i);

      if (!piece->is_used && piece->role == role && piece->generation == generation &&
          (digest == NULL || _strata_digest_equal (&piece->digest, digest)))
        return piece;
    }

  return NULL;
}

static gboolean
put_moment (const StrataMoment  *moment,
            gpointer             user_data,
            GError             **error)
{
  SessionPut *self = user_data;

  if (_strata_search_writer_add (self->writer, moment, &self->error))
    return TRUE;
  g_propagate_error (error, g_error_copy (self->error));

  return FALSE;
}

/* Where a piece's moments come from; @func NULL: only the facts */
typedef struct
{
  StrataPieceRole role;
  guint           part;
  guint64         from;      /* of the tail */
} Source;

static gboolean
walk_source (SessionPut        *self,
             const Source      *source,
             StrataMomentFunc   func,
             GError           **error)
{
  switch (source->role)
    {
    case STRATA_PIECE_SMALL:
      return _strata_moment_walk_small (self->walk, func, self, error);

    case STRATA_PIECE_PART:
      return _strata_moment_walk_part (self->walk, source->part, func, self, error);

    case STRATA_PIECE_TAIL:
      return _strata_moment_walk_tail (self->walk, source->from, func, self, error);

    case STRATA_PIECE_OWN:
    default:
      return _strata_moment_walk_own (self->walk, func, self, error);
    }
}

/* Walks a source; what damage leaves is kept. @out_has: what follows from it */
static gboolean
take_source (SessionPut        *self,
             const Source      *source,
             StrataMomentFunc   func,
             guint             *out_has,
             GError           **error)
{
  g_autoptr(GError) read_error = NULL;
  gboolean ok;

  self->facts->has = 0;
  ok = walk_source (self, source, func, &read_error);
  *out_has = self->facts->has;
  self->has |= *out_has;
  if (self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      return FALSE;
    }

  self->is_damaged = self->is_damaged || !ok;

  return (ok || _strata_search_pass_damage (self->manifest, &read_error, error)) &&
         _strata_search_writer_flush (self->writer, error);
}

static gboolean
put_new_piece (SessionPut           *self,
               const Source         *source,
               const StrataPiece    *described,
               GError              **error)
{
  StrataPiece piece = *described;

  if (!_strata_search_insert_piece (self->index, self->document, &piece, error))
    return FALSE;

  _strata_search_writer_start (self->writer, self->document, piece.piece, self->facts->start_ms);

  return take_source (self, source, put_moment, &piece.has, error) &&
         (piece.has == 0 || _strata_search_update_piece (self->index, &piece, error));
}

/* Puts a piece, unless it is there. @has_facts: what is there has to be walked too,
 * for what filters choose by
 */
static gboolean
put_piece (SessionPut          *self,
           const Source        *source,
           const StrataDigest  *digest,
           gboolean             has_facts,
           GError             **error)
{
  StrataPiece *known = find_known (self, source->role, digest, 0);
  StrataPiece described = { .role = source->role, .digest = *digest };
  guint has;

  if (known == NULL)
    return put_new_piece (self, source, &described, error);

  known->is_used = TRUE;
  self->has |= known->has;

  return !has_facts || take_source (self, source, NULL, &has, error);
}

static gboolean
put_small (SessionPut  *self,
           GError     **error)
{
  Source source = { STRATA_PIECE_SMALL, 0, 0 };
  StrataDigest digest;

  _strata_search_digest_small (self->manifest, &digest);

  return put_piece (self, &source, &digest, TRUE, error);
}

static gboolean
put_parts (SessionPut  *self,
           GError     **error)
{
  for (guint i = 0; i < self->manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (self->manifest->parts, i);
      StrataContent content = _strata_moments_get_content (part);
      Source source = { STRATA_PIECE_PART, i, 0 };
      gboolean ok = TRUE;
      guint has;

      if (content == STRATA_CONTENT_OWN)
        ok = take_source (self, &source, NULL, &has, error);
      else if (content != STRATA_CONTENT_NONE)
        ok = put_piece (self, &source, &part->raw_digest, content == STRATA_CONTENT_VALUE, error);
      if (!ok)
        return FALSE;
    }

  return TRUE;
}

/* What a session has grown by is added to what is indexed of its tail. */
static gboolean
put_tail (SessionPut  *self,
          GError     **error)
{
  const StrataTail *tail = self->manifest->tail;
  Source source = { STRATA_PIECE_TAIL, 0, 0 };
  StrataPiece described = { .role = STRATA_PIECE_TAIL };
  StrataPiece *known;
  guint has;

  if (tail == NULL)
    return TRUE;

  described.generation = tail->generation;
  described.end = tail->end;
  known = find_known (self, STRATA_PIECE_TAIL, NULL, tail->generation);
  if (known == NULL || known->end > tail->end)
    return put_new_piece (self, &source, &described, error);

  known->is_used = TRUE;
  self->has |= known->has;
  if (known->end == tail->end)
    return TRUE;

  source.from = known->end;
  _strata_search_writer_start (self->writer, self->document, known->piece, self->facts->start_ms);
  if (!take_source (self, &source, put_moment, &has, error))
    return FALSE;
  known->has |= has;
  known->end = tail->end;

  return _strata_search_update_piece (self->index, known, error);
}

static gboolean
put_own (SessionPut  *self,
         GError     **error)
{
  Source source = { STRATA_PIECE_OWN, 0, 0 };
  StrataDigest digest;

  _strata_search_digest_own (self->manifest, &digest);

  return put_piece (self, &source, &digest, FALSE, error);
}

static gboolean
remove_unused (SessionPut  *self,
               GError     **error)
{
  for (guint i = 0; i < self->known->len; i++)
    {
      const StrataPiece *piece = &g_array_index (self->known, StrataPiece, i);

      if (!piece->is_used && !_strata_search_remove_piece (self->index, piece->piece, error))
        return FALSE;
    }

  return TRUE;
}

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
update_document (SessionPut  *self,
                 GError     **error)
{
  const StrataFacts *facts = self->facts;
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db,
    "UPDATE documents SET id = ?, name = ?, start = ?, end = ?, has = ? WHERE document = ?", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, facts->id);
  _strata_sqlite_bind_text (statement, 2, facts->name);
  bind_time (statement, 3, facts->start_ms);
  bind_time (statement, 4, facts->end_ms);
  _strata_sqlite_bind_uint (statement, 5, self->has);
  _strata_sqlite_bind_uint (statement, 6, (guint64)self->document);

  return _strata_sqlite_run (statement, error);
}

/* The session's document, made where there is none yet */
static gboolean
find_document (SessionPut  *self,
               GError     **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "SELECT document FROM documents WHERE owner = ? AND kind = 0", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, self->manifest->key);
  if (!_strata_sqlite_step (statement, &row, error))
    return FALSE;
  if (row)
    {
      self->document = sqlite3_column_int64 (statement, 0);
      return TRUE;
    }

  return _strata_search_insert_document (self->index, STRATA_KIND_SESSION, self->manifest->key, self->facts,
                                         &self->manifest->raw_digest, &self->document, error);
}

/* The session's own moment is made of what the other pieces brought, so it comes last. */
static gboolean
put_pieces (SessionPut  *self,
            GError     **error)
{
  return put_small (self, error) && put_parts (self, error) && put_tail (self, error) && put_own (self, error) &&
         remove_unused (self, error) && update_document (self, error) &&
         _strata_search_put_facts (self->index, self->document, self->facts, error) &&
         _strata_search_put_owner (self->index, self->manifest, self->is_damaged, error);
}

gboolean
_strata_search_put_session (StrataSearchIndex     *index,
                            int                    dir,
                            const StrataManifest  *manifest,
                            GCancellable          *cancellable,
                            GError               **error)
{
  g_autoptr(StrataFacts) facts = _strata_facts_new ();
  g_autoptr(StrataSearchWriter) writer = _strata_search_writer_new (index, NULL, NULL);
  g_autoptr(StrataMomentWalk) walk = _strata_moment_walk_new (dir, manifest, facts, cancellable, error);
  g_autoptr(GArray) known = NULL;
  SessionPut self = { index, manifest, 0, facts, walk, writer };

  if (walk == NULL || !find_document (&self, error))
    return FALSE;

  self.known = known = _strata_search_list_pieces (index, self.document, error);

  return known != NULL && put_pieces (&self, error);
}

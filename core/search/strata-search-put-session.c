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

/* Pieces with that much JSON text at most share blocks with others, until together they have so much */
#define SMALL_BYTES  (128 * 1024)
#define BUNDLE_BYTES (320 * 1024)

/* A piece that the session has now */
typedef struct
{
  StrataPieceRole  role;
  guint            part;
  StrataDigest     digest;
  guint64          raw_bytes;
  gboolean         has_facts;   /* also where it is indexed already it has to be walked */
  gboolean         is_covered;  /* a bundle has it that stays */
} Wanted;

typedef struct
{
  StrataSearchIndex    *index;
  const StrataManifest *manifest;
  gint64                document;
  StrataFacts          *facts;
  StrataMomentWalk     *walk;
  StrataSearchWriter   *writer;
  GArray               *known;       /* StrataPiece: those that were there before, bundle by bundle */
  GArray               *wanted;      /* Wanted, but for the tail */
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

  return ok || _strata_search_pass_damage (self->manifest, &read_error, error);
}

/* What there is to be indexed */

static void
want (SessionPut          *self,
      StrataPieceRole      role,
      guint                part,
      const StrataDigest  *digest,
      guint64              raw_bytes,
      gboolean             has_facts)
{
  Wanted wanted = { role, part, *digest, raw_bytes, has_facts, FALSE };

  g_array_append_val (self->wanted, wanted);
}

/* The session's own moment is made of what the other pieces bring, so it comes last. */
static void
list_wanted (SessionPut *self)
{
  guint64 small_bytes = strlen (self->manifest->small), own_bytes = small_bytes;
  StrataDigest digest;

  _strata_search_digest_small (self->manifest, &digest);
  want (self, STRATA_PIECE_SMALL, 0, &digest, small_bytes, TRUE);
  for (guint i = 0; i < self->manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (self->manifest->parts, i);
      StrataContent content = _strata_moments_get_content (part);

      if (content == STRATA_CONTENT_OWN)
        own_bytes += part->raw_bytes;
      else if (content != STRATA_CONTENT_NONE)
        want (self, STRATA_PIECE_PART, i, &part->raw_digest, part->raw_bytes, content == STRATA_CONTENT_VALUE);
    }
  _strata_search_digest_own (self->manifest, &digest);
  want (self, STRATA_PIECE_OWN, 0, &digest, own_bytes, FALSE);
}

static Wanted *
find_wanted (SessionPut         *self,
             const StrataPiece  *piece)
{
  for (guint i = 0; i < self->wanted->len; i++)
    {
      Wanted *wanted = &g_array_index (self->wanted, Wanted, i);

      if (!wanted->is_covered && wanted->role == piece->role && _strata_digest_equal (&wanted->digest, &piece->digest))
        return wanted;
    }

  return NULL;
}

/* A bundle stays when all of it is wanted. @first: of its pieces, @n of them */
static void
cover_bundle (SessionPut *self,
              guint       first,
              guint       n)
{
  g_autoptr(GPtrArray) covered = g_ptr_array_new ();

  for (guint i = first; i < first + n; i++)
    {
      Wanted *wanted = find_wanted (self, &g_array_index (self->known, StrataPiece, i));

      if (wanted == NULL)
        break;
      wanted->is_covered = TRUE;
      g_ptr_array_add (covered, wanted);
    }

  for (guint i = 0; i < covered->len && covered->len < n; i++)
    ((Wanted *)g_ptr_array_index (covered, i))->is_covered = FALSE;
  for (guint i = first; i < first + n && covered->len == n; i++)
    {
      StrataPiece *piece = &g_array_index (self->known, StrataPiece, i);

      piece->is_used = TRUE;
      self->has |= piece->has;
    }
}

static void
cover_bundles (SessionPut *self)
{
  for (guint first = 0, n; first < self->known->len; first += n)
    {
      gint64 bundle = g_array_index (self->known, StrataPiece, first).bundle;

      for (n = 1; first + n < self->known->len && g_array_index (self->known, StrataPiece, first + n).bundle == bundle; n++)
        ;
      cover_bundle (self, first, n);
    }
}

/* Putting it */

/* What is not put again still has to say what filters choose by. */
static gboolean
take_facts (SessionPut  *self,
            GError     **error)
{
  guint has;

  for (guint i = 0; i < self->wanted->len; i++)
    {
      const Wanted *wanted = &g_array_index (self->wanted, Wanted, i);
      Source source = { wanted->role, wanted->part, 0 };

      if (wanted->is_covered && wanted->has_facts && !take_source (self, &source, NULL, &has, error))
        return FALSE;
    }

  return TRUE;
}

/* The parts that the session's own moment is made of; the small members were read before */
static gboolean
take_own_parts (SessionPut  *self,
                guint       *out_has,
                GError     **error)
{
  guint has;

  *out_has = 0;
  for (guint i = 0; i < self->manifest->parts->len; i++)
    {
      Source source = { STRATA_PIECE_PART, i, 0 };

      if (_strata_moments_get_content (g_ptr_array_index (self->manifest->parts, i)) != STRATA_CONTENT_OWN)
        continue;
      if (!take_source (self, &source, NULL, &has, error))
        return FALSE;
      *out_has |= has;
    }

  return TRUE;
}

/* @inout_bundle: 0 begins one; @number: of the piece in it */
static gboolean
put_piece (SessionPut    *self,
           const Wanted  *wanted,
           gint64        *inout_bundle,
           guint          number,
           GError       **error)
{
  StrataPiece piece = { .role = wanted->role, .digest = wanted->digest, .bundle = *inout_bundle };
  Source source = { wanted->role, wanted->part, 0 };
  gboolean was_damaged, update;
  guint own_has = 0;

  if (!_strata_search_insert_piece (self->index, self->document, &piece, error))
    return FALSE;
  g_assert (piece.piece == piece.bundle + number);
  if (number == 0)
    _strata_search_writer_start (self->writer, self->document, piece.bundle, self->facts->start_ms);
  _strata_search_writer_set_piece (self->writer, number);
  *inout_bundle = piece.bundle;

  was_damaged = self->is_damaged;
  self->is_damaged = FALSE;
  if ((wanted->role == STRATA_PIECE_OWN && !take_own_parts (self, &own_has, error)) ||
      !take_source (self, &source, put_moment, &piece.has, error))
    return FALSE;
  piece.has |= own_has;

  /* What could not be read is tried again when the session changes */
  if (self->is_damaged)
    memset (&piece.digest, 0, sizeof piece.digest);
  update = self->is_damaged || piece.has != 0;
  self->is_damaged = self->is_damaged || was_damaged;

  return !update || _strata_search_update_piece (self->index, &piece, error);
}

static gboolean
put_new_pieces (SessionPut  *self,
                GError     **error)
{
  guint64 bundle_bytes = 0;
  gint64 bundle = 0;
  guint number = 0;
  gboolean is_large = FALSE, was_large;

  for (guint i = 0; i < self->wanted->len; i++)
    {
      const Wanted *wanted = &g_array_index (self->wanted, Wanted, i);

      if (wanted->is_covered)
        continue;
      was_large = is_large;
      is_large = wanted->raw_bytes > SMALL_BYTES;
      if (bundle > 0 && (is_large || was_large || bundle_bytes + wanted->raw_bytes > BUNDLE_BYTES))
        {
          if (!_strata_search_writer_flush (self->writer, error))
            return FALSE;
          bundle = 0;
        }
      number = bundle > 0 ? number + 1 : 0;
      bundle_bytes = wanted->raw_bytes + (bundle > 0 ? bundle_bytes : 0);
      if (!put_piece (self, wanted, &bundle, number, error))
        return FALSE;
    }

  return _strata_search_writer_flush (self->writer, error);
}

/* What a session has grown by is added to what is indexed of its tail, a bundle of its own. */
static gboolean
put_tail (SessionPut  *self,
          GError     **error)
{
  const StrataTail *tail = self->manifest->tail;
  StrataPiece piece = { .role = STRATA_PIECE_TAIL };
  Source source = { STRATA_PIECE_TAIL, 0, 0 };
  guint has;

  if (tail == NULL)
    return TRUE;

  for (guint i = 0; i < self->known->len; i++)
    {
      StrataPiece *known = &g_array_index (self->known, StrataPiece, i);

      if (known->role != STRATA_PIECE_TAIL || known->generation != tail->generation || known->end > tail->end)
        continue;
      known->is_used = TRUE;
      piece = *known;
    }
  source.from = piece.end;
  piece.generation = tail->generation;
  piece.end = tail->end;
  self->has |= piece.has;
  if (source.from == tail->end)
    return TRUE;

  if (piece.piece == 0 && !_strata_search_insert_piece (self->index, self->document, &piece, error))
    return FALSE;
  _strata_search_writer_start (self->writer, self->document, piece.bundle, self->facts->start_ms);
  if (!take_source (self, &source, put_moment, &has, error) || !_strata_search_writer_flush (self->writer, error))
    return FALSE;
  piece.has |= has;

  return _strata_search_update_piece (self->index, &piece, error);
}

static gboolean
remove_unused (SessionPut  *self,
               GError     **error)
{
  for (guint i = 0; i < self->known->len; i++)
    {
      const StrataPiece *piece = &g_array_index (self->known, StrataPiece, i);

      if (!piece->is_used && piece->piece == piece->bundle &&
          !_strata_search_remove_bundle (self->index, piece->bundle, error))
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
    "UPDATE documents SET id = ?1, name = CASE WHEN ?7 THEN ifnull (?2, name) ELSE ?2 END, start = ?3, end = ?4, has = ?5"
    " WHERE document = ?6", error);
  const Wanted *own = &g_array_index (self->wanted, Wanted, self->wanted->len - 1);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, facts->id);
  _strata_sqlite_bind_text (statement, 2, facts->name);
  /* A name so long that it is in a part was not read, and is the same */
  _strata_sqlite_bind_uint (statement, 7, own->is_covered);
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

/* Pieces of a bundle are numbered in a row, so nothing may come between. */
static gboolean
put_pieces (SessionPut  *self,
            GError     **error)
{
  list_wanted (self);
  cover_bundles (self);

  return take_facts (self, error) && put_new_pieces (self, error) && put_tail (self, error) && remove_unused (self, error) &&
         update_document (self, error) && _strata_search_put_facts (self->index, self->document, self->facts, error) &&
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
  g_autoptr(GArray) wanted = g_array_new (FALSE, FALSE, sizeof (Wanted));
  SessionPut self = { index, manifest, 0, facts, walk, writer, NULL, wanted };

  if (walk == NULL || !find_document (&self, error))
    return FALSE;

  self.known = known = _strata_search_list_pieces (index, self.document, error);

  return known != NULL && put_pieces (&self, error);
}

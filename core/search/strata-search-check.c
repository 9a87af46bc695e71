/* strata-search-check.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "store/strata-tail-private.h"
#include "strata-search-check-private.h"
#include "strata-search-put-private.h"
#include "strata-search-sync-private.h"

#define WRONG "The search index does not say what it says; “reindex” makes it anew"
/* SQLite asks so often, in steps of its machine, whether it should stop */
#define STEPS_BETWEEN_LOOKS 10000

typedef struct
{
  StrataStore           *store;
  StrataSearchIndex     *index;
  StrataSearchCheckFunc  func;
  gpointer               user_data;
  GCancellable          *cancellable;
  GHashTable            *reported;    /* keys */
} Check;

static void
report (Check      *self,
        const char *key)
{
  if (g_hash_table_add (self->reported, g_strdup (key)))
    self->func (key, WRONG, self->user_data);
}

/* What FTS5 has */

static guint
block_hash (gconstpointer data)
{
  return (guint)*(const gint64 *)data;
}

/* Sums over all places of all words, by block; (transfer full) */
static GHashTable *
sum_places (Check   *self,
            GError **error)
{
  g_autoptr(GHashTable) sums = g_hash_table_new_full (block_hash, g_int64_equal, g_free, NULL);
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  if (!_strata_sqlite_exec (self->index->db, "CREATE VIRTUAL TABLE temp.places USING fts5vocab (main, texts, instance)", error))
    return NULL;
  statement = _strata_sqlite_prepare (self->index->db, "SELECT doc, term, offset FROM temp.places", error);
  if (statement == NULL)
    return NULL;

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 block = sqlite3_column_int64 (statement, 0);
      const char *word = (const char *)sqlite3_column_text (statement, 1);
      gsize length = (gsize)sqlite3_column_bytes (statement, 1);
      guint64 *sum = NULL;
      gpointer key;

      if (!row)
        return g_steal_pointer (&sums);
      if (!g_hash_table_lookup_extended (sums, &block, &key, NULL))
        {
          /* The sum lies behind the key */
          key = g_new0 (gint64, 2);
          *(gint64 *)key = block;
          g_hash_table_add (sums, key);
        }
      sum = (guint64 *)key + 1;
      *sum += _strata_search_index_sum_word (word, length, (guint)sqlite3_column_int (statement, 2));
    }

  return NULL;
}

static gboolean
check_places (Check   *self,
              GError **error)
{
  g_autoptr(GHashTable) sums = sum_places (self, error);
  g_autoptr(sqlite3_stmt) statement = NULL;
  gboolean row;

  if (sums == NULL)
    return FALSE;
  statement = _strata_sqlite_prepare (self->index->db,
    "SELECT b.block, b.sum, d.owner FROM blocks b LEFT JOIN documents d ON d.document = b.document WHERE b.document > 0", error);
  if (statement == NULL)
    return FALSE;

  while (_strata_sqlite_step (statement, &row, error))
    {
      gint64 block = sqlite3_column_int64 (statement, 0);
      guint64 sum = (guint64)sqlite3_column_int64 (statement, 1), found = 0;
      const char *owner = (const char *)sqlite3_column_text (statement, 2);
      gpointer key;

      if (!row)
        return TRUE;
      if (g_hash_table_lookup_extended (sums, &block, &key, NULL))
        found = *((guint64 *)key + 1);
      if (sum != found || owner == NULL)
        report (self, owner != NULL ? owner : "");
    }

  return FALSE;
}

/* Blocks of one bundle */

typedef struct
{
  Check        *check;
  sqlite3_stmt *rows;
  gboolean      is_wrong;
} Comparing;

static gboolean
is_same_bytes (sqlite3_stmt *statement,
               int           column,
               GByteArray   *bytes)
{
  return (guint)sqlite3_column_bytes (statement, column) == bytes->len &&
         (bytes->len == 0 || memcmp (sqlite3_column_blob (statement, column), bytes->data, bytes->len) == 0);
}

/* The blocks of a bundle are made anew in their order */
static gboolean
compare_block (const StrataBlockRow  *row,
               gpointer               user_data,
               GError               **error)
{
  Comparing *self = user_data;
  sqlite3_stmt *statement = self->rows;
  gboolean has_row;

  if (!_strata_sqlite_step (statement, &has_row, error))
    return FALSE;

  self->is_wrong = self->is_wrong || !has_row ||
    (guint64)sqlite3_column_int64 (statement, 0) != row->text_bytes || (guint64)sqlite3_column_int64 (statement, 1) != row->moments ||
    (guint64)sqlite3_column_int64 (statement, 2) != row->words || (guint64)sqlite3_column_int64 (statement, 3) != row->sum ||
    !is_same_bytes (statement, 4, row->places) || !is_same_bytes (statement, 5, row->details);

  return TRUE;
}

static gboolean
add_moment (const StrataMoment  *moment,
            gpointer             user_data,
            GError             **error)
{
  return _strata_search_writer_add (user_data, moment, error);
}

/* Walks what a bundle consists of, to be compared with its blocks. */
typedef gboolean (*WalkFunc) (StrataSearchWriter *writer, gpointer user_data, GError **error);

static gboolean
check_bundle (Check        *self,
              gint64        bundle,
              WalkFunc      walk,
              gpointer      user_data,
              gboolean     *out_right,
              GError      **error)
{
  g_autoptr(sqlite3_stmt) rows = _strata_sqlite_prepare (self->index->db,
    "SELECT b.text_bytes, b.moments, b.words, b.sum, b.places, d.details FROM blocks b LEFT JOIN details d ON d.block = b.block"
    " WHERE b.bundle = ? ORDER BY b.block", error);
  Comparing comparing = { self, rows, FALSE };
  g_autoptr(StrataSearchWriter) writer = _strata_search_writer_new (self->index, compare_block, &comparing);
  gboolean has_more;

  if (rows == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (rows, 1, (guint64)bundle);
  _strata_search_writer_start (writer, 0, bundle, 0);
  if (!walk (writer, user_data, error) || !_strata_search_writer_flush (writer, error) ||
      !_strata_sqlite_step (rows, &has_more, error))
    return FALSE;
  *out_right = *out_right && !comparing.is_wrong && !has_more;
  /* What was counted on the way counts for nothing */
  _strata_vocabulary_clear (self->index->vocabulary);

  return TRUE;
}

/* Sessions */

typedef struct
{
  Check                *check;
  const StrataManifest *manifest;
  const StrataPiece    *pieces;      /* of the bundle */
  guint                 n_pieces;
  const guint          *parts;       /* for each the index of its part */
} Bundle;

/* The session's own moment, made of what else is read */
static gboolean
walk_own (StrataMomentWalk      *walk,
          const StrataManifest  *manifest,
          StrataSearchWriter    *writer,
          GError               **error)
{
  if (!_strata_moment_walk_small (walk, NULL, NULL, error))
    return FALSE;

  for (guint i = 0; i < manifest->parts->len; i++)
    if (_strata_moments_get_content (g_ptr_array_index (manifest->parts, i)) == STRATA_CONTENT_OWN &&
        !_strata_moment_walk_part (walk, i, NULL, NULL, error))
      return FALSE;

  return _strata_moment_walk_own (walk, add_moment, writer, error);
}

static gboolean
walk_bundle (StrataSearchWriter  *writer,
             gpointer             user_data,
             GError             **error)
{
  const Bundle *self = user_data;

  for (guint i = 0; i < self->n_pieces; i++)
    {
      g_autoptr(StrataFacts) facts = _strata_facts_new ();
      g_autoptr(StrataMomentWalk) walk = _strata_moment_walk_new (_strata_store_get_dir (self->check->store), self->manifest, facts,
                                                                  self->check->cancellable, error);
      gboolean ok = walk != NULL;

      _strata_search_writer_set_piece (writer, i);
      if (ok && self->pieces[i].role == STRATA_PIECE_SMALL)
        ok = _strata_moment_walk_small (walk, add_moment, writer, error);
      else if (ok && self->pieces[i].role == STRATA_PIECE_PART)
        ok = _strata_moment_walk_part (walk, self->parts[i], add_moment, writer, error);
      else if (ok)
        ok = walk_own (walk, self->manifest, writer, error);
      if (!ok)
        return FALSE;
    }

  return TRUE;
}

/* The index of the part that a piece is; FALSE where the session has no such piece (any more), or has it already */
static gboolean
find_part (const StrataManifest *manifest,
           const StrataPiece    *piece,
           GHashTable           *seen,
           guint                *out_part)
{
  StrataDigest digest;

  if (piece->role == STRATA_PIECE_SMALL)
    _strata_search_digest_small (manifest, &digest);
  else if (piece->role == STRATA_PIECE_OWN)
    _strata_search_digest_own (manifest, &digest);
  *out_part = manifest->parts->len + piece->role;
  if (piece->role != STRATA_PIECE_PART)
    return _strata_digest_equal (&digest, &piece->digest) && g_hash_table_add (seen, GUINT_TO_POINTER (*out_part));

  for (*out_part = 0; *out_part < manifest->parts->len; (*out_part)++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, *out_part);
      StrataContent content = _strata_moments_get_content (part);

      if ((content == STRATA_CONTENT_VALUE || content == STRATA_CONTENT_ELEMENTS) &&
          _strata_digest_equal (&part->raw_digest, &piece->digest) && g_hash_table_add (seen, GUINT_TO_POINTER (*out_part)))
        return TRUE;
    }

  return FALSE;
}

static guint
count_pieces (const StrataManifest *manifest)
{
  guint n = 2;

  for (guint i = 0; i < manifest->parts->len; i++)
    {
      StrataContent content = _strata_moments_get_content (g_ptr_array_index (manifest->parts, i));

      n += content == STRATA_CONTENT_VALUE || content == STRATA_CONTENT_ELEMENTS;
    }

  return n;
}

/* Every piece that the session has is in one bundle, and every bundle has what its pieces have. */
static gboolean
check_bundles (Check                 *self,
               const StrataManifest  *manifest,
               GArray                *pieces,
               gboolean              *out_right,
               GError               **error)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (NULL, NULL);
  const StrataPiece *all = (const StrataPiece *)(const void *)pieces->data;

  for (guint first = 0, n; first < pieces->len; first += n)
    {
      g_autoptr(GArray) parts = g_array_new (FALSE, FALSE, sizeof (guint));
      Bundle bundle = { self, manifest, all + first, 0, NULL };

      for (n = 0; first + n < pieces->len && all[first + n].bundle == all[first].bundle; n++)
        {
          guint part;

          if (all[first].role == STRATA_PIECE_TAIL)
            continue;
          if (!find_part (manifest, &all[first + n], seen, &part) || all[first + n].piece != all[first].bundle + n)
            {
              *out_right = FALSE;
              return TRUE;
            }
          g_array_append_val (parts, part);
        }
      bundle.n_pieces = parts->len;
      bundle.parts = (const guint *)(const void *)parts->data;
      if (parts->len > 0 && !check_bundle (self, all[first].bundle, walk_bundle, &bundle, out_right, error))
        return FALSE;
    }
  *out_right = *out_right && g_hash_table_size (seen) == count_pieces (manifest);

  return TRUE;
}

/* Facets and links as text, sorted: "f7 value", "l id" */
static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char *const *)a, *(const char *const *)b);
}

static gboolean
list_indexed_facts (Check      *self,
                    gint64      document,
                    GPtrArray  *facts,
                    GError    **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (self->index->db,
    "SELECT 'f' || f.field || ' ' || f.value FROM document_facets d JOIN facets f ON f.facet = d.facet WHERE d.document = ?1"
    " UNION ALL SELECT 'l ' || item FROM links WHERE document = ?1", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, (guint64)document);

  while (_strata_sqlite_step (statement, &row, error))
    {
      if (!row)
        return TRUE;
      g_ptr_array_add (facts, _strata_sqlite_dup_text (statement, 0));
    }

  return FALSE;
}

static void
list_facts (const StrataFacts *facts,
            GPtrArray         *out)
{
  g_autoptr(GHashTable) seen = g_hash_table_new (g_str_hash, g_str_equal);

  for (guint i = 0; i < facts->facets->len + facts->links->len; i++)
    {
      const StrataFacet *facet = i < facts->facets->len ? g_ptr_array_index (facts->facets, i) : NULL;
      g_autofree char *text = facet != NULL ? g_strdup_printf ("f%d %s", facet->field, facet->value)
                                            : g_strdup_printf ("l %s", (char *)g_ptr_array_index (facts->links, i - facts->facets->len));

      if (g_hash_table_add (seen, text))
        g_ptr_array_add (out, g_steal_pointer (&text));
    }
}

static gboolean
check_facts (Check              *self,
             gint64              document,
             const StrataFacts  *facts,
             gboolean           *out_right,
             GError            **error)
{
  g_autoptr(GPtrArray) indexed = g_ptr_array_new_with_free_func (g_free);
  g_autoptr(GPtrArray) said = g_ptr_array_new_with_free_func (g_free);

  if (!list_indexed_facts (self, document, indexed, error))
    return FALSE;

  list_facts (facts, said);
  g_ptr_array_sort (indexed, compare_strings);
  g_ptr_array_sort (said, compare_strings);
  *out_right = *out_right && indexed->len == said->len;
  for (guint i = 0; i < said->len && *out_right; i++)
    *out_right = strcmp (g_ptr_array_index (indexed, i), g_ptr_array_index (said, i)) == 0;

  return TRUE;
}

static gboolean
check_document (Check              *self,
                gint64              document,
                const StrataFacts  *facts,
                gboolean           *out_right,
                GError            **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "SELECT id, name, ifnull (start, ?2), ifnull (end, ?2), has FROM documents WHERE document = ?1", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, (guint64)document);
  _strata_sqlite_bind_uint (statement, 2, (guint64)STRATA_TIME_NONE);
  if (!_strata_sqlite_step (statement, &row, error))
    return FALSE;

  *out_right = *out_right && row && g_strcmp0 ((const char *)sqlite3_column_text (statement, 0), facts->id) == 0 &&
               g_strcmp0 ((const char *)sqlite3_column_text (statement, 1), facts->name) == 0 &&
               sqlite3_column_int64 (statement, 2) == facts->start_ms && sqlite3_column_int64 (statement, 3) == facts->end_ms &&
               (guint)sqlite3_column_int (statement, 4) == facts->has;

  return check_facts (self, document, facts, out_right, error);
}

static gboolean
get_document (Check       *self,
              const char  *key,
              gint64      *out_document,
              GError     **error)
{
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (self->index->db, "SELECT document FROM documents WHERE owner = ? AND kind = 0", error);
  gboolean row;

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_text (statement, 1, key);
  if (!_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_document = row ? sqlite3_column_int64 (statement, 0) : 0;

  return TRUE;
}

/* A tail that grew since it was indexed is not wrong: the next search brings it up to
 * date. What was indexed of it was not indexed at once, so its blocks are others than they
 * would be now, and only how far it is indexed can be compared.
 */
static gboolean
is_behind (const StrataManifest *manifest,
           GArray               *pieces)
{
  const StrataPiece *tail = NULL;

  for (guint i = 0; i < pieces->len; i++)
    if (g_array_index (pieces, StrataPiece, i).role == STRATA_PIECE_TAIL)
      tail = &g_array_index (pieces, StrataPiece, i);

  if (tail == NULL || manifest->tail == NULL)
    return (tail == NULL) != (manifest->tail == NULL || manifest->tail->lines->len == 0);

  return tail->generation != manifest->tail->generation || tail->end != manifest->tail->end;
}

static gboolean
check_session (Check                 *self,
               const StrataManifest  *manifest,
               gboolean              *out_right,
               GError               **error)
{
  g_autoptr(StrataFacts) facts = _strata_facts_new ();
  g_autoptr(GArray) pieces = NULL;
  gint64 document;

  if (!get_document (self, manifest->key, &document, error))
    return FALSE;
  pieces = _strata_search_list_pieces (self->index, document, error);
  if (pieces == NULL)
    return FALSE;
  if (is_behind (manifest, pieces))
    return TRUE;

  return _strata_moments_of_session (_strata_store_get_dir (self->store), manifest, facts, NULL, NULL, self->cancellable, error) &&
         check_bundles (self, manifest, pieces, out_right, error) &&
         check_document (self, document, facts, out_right, error);
}

/* Notes and tasks */

typedef struct
{
  Check      *check;
  GHashTable *known;    /* digest → GArray of documents */
  gboolean   *out_right;
  GError     *error;
} ItemsCheck;

static gboolean
walk_moment (StrataSearchWriter  *writer,
             gpointer             user_data,
             GError             **error)
{
  const StrataMoment *moment = user_data;

  return moment->text->len == 0 || _strata_search_writer_add (writer, moment, error);
}

static gboolean
check_item (const StrataMoment  *moment,
            const StrataFacts   *facts,
            const StrataDigest  *digest,
            gpointer             user_data,
            GError             **error)
{
  ItemsCheck *self = user_data;
  GArray *documents = g_hash_table_lookup (self->known, digest);
  g_autoptr(GArray) pieces = NULL;
  gint64 document;

  if (documents == NULL || documents->len == 0)
    {
      *self->out_right = FALSE;
      return TRUE;
    }

  /* Of several that are the same one stands for another, each in its place */
  document = g_array_index (documents, gint64, documents->len - 1);
  if (documents->len > 1)
    {
      g_array_set_size (documents, documents->len - 1);
      return TRUE;
    }
  g_array_set_size (documents, 0);

  pieces = _strata_search_list_pieces (self->check->index, document, &self->error);
  if (pieces != NULL && pieces->len == 1 &&
      check_bundle (self->check, g_array_index (pieces, StrataPiece, 0).bundle, walk_moment, (gpointer)moment, self->out_right, &self->error) &&
      check_facts (self->check, document, facts, self->out_right, &self->error))
    return TRUE;

  if (self->error != NULL)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return FALSE;
    }
  *self->out_right = FALSE;

  return TRUE;
}

static gboolean
check_items (Check                 *self,
             const StrataManifest  *manifest,
             StrataKind             kind,
             gboolean              *out_right,
             GError               **error)
{
  g_autoptr(GHashTable) known = _strata_search_list_items (self->index, manifest->key, kind, error);
  ItemsCheck items = { self, known, out_right, NULL };
  GHashTableIter iter;
  gpointer documents;
  gboolean ok;

  if (known == NULL)
    return FALSE;

  ok = _strata_moments_of_items (_strata_store_get_dir (self->store), manifest, kind, check_item, &items, self->cancellable, error);
  g_clear_error (&items.error);
  g_hash_table_iter_init (&iter, known);
  while (g_hash_table_iter_next (&iter, NULL, &documents))
    *out_right = *out_right && ((GArray *)documents)->len == 0;

  return ok;
}

/* All of them */

static gboolean
check_owner (Check       *self,
             gboolean     is_collection,
             const char  *key,
             GError     **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (self->store, is_collection, key, NULL);
  g_autoptr(GError) check_error = NULL;
  StrataKind kind = STRATA_N_KINDS;
  gboolean right = TRUE, ok = TRUE, is_damaged;
  StrataDigest digest;

  if (manifest == NULL || !_strata_search_index_get_digest (self->index, is_collection, key, &digest, &is_damaged, NULL) ||
      is_damaged || !_strata_digest_equal (&digest, &manifest->file_digest))
    return TRUE;

  if (is_collection && g_strcmp0 (manifest->name, "notes") == 0)
    kind = STRATA_KIND_NOTE;
  else if (is_collection && g_strcmp0 (manifest->name, "tasks") == 0)
    kind = STRATA_KIND_TASK;

  if (kind != STRATA_N_KINDS)
    ok = check_items (self, manifest, kind, &right, &check_error);
  else if (!is_collection)
    ok = check_session (self, manifest, &right, &check_error);

  /* Damage of the files is reported by who checks the files */
  if (!ok && check_error->domain != STRATA_ERROR)
    {
      g_propagate_error (error, g_steal_pointer (&check_error));
      return FALSE;
    }
  if (ok && !right)
    report (self, key);

  return TRUE;
}

static gboolean
check_owners (Check     *self,
              gboolean   is_collection,
              GError   **error)
{
  g_autoptr(GPtrArray) keys = _strata_search_index_list_keys (self->index, is_collection, error);

  if (keys == NULL)
    return FALSE;

  for (guint i = 0; i < keys->len; i++)
    if (g_cancellable_set_error_if_cancelled (self->cancellable, error) ||
        !check_owner (self, is_collection, g_ptr_array_index (keys, i), error))
      return FALSE;

  return TRUE;
}

static int
look_cb (gpointer user_data)
{
  return g_cancellable_is_cancelled (user_data);
}

static gboolean
check_index (Check   *self,
             GError **error)
{
  g_autoptr(GError) damage = NULL;
  gboolean ok;

  if (self->cancellable != NULL)
    sqlite3_progress_handler (self->index->db, STEPS_BETWEEN_LOOKS, look_cb, self->cancellable);

  /* One state of it, whoever writes meanwhile */
  ok = _strata_sqlite_exec (self->index->db, "BEGIN", &damage) && check_places (self, &damage) &&
       check_owners (self, FALSE, &damage) && check_owners (self, TRUE, &damage);
  _strata_sqlite_exec (self->index->db, "ROLLBACK", NULL);
  sqlite3_progress_handler (self->index->db, 0, NULL, NULL);
  if (ok)
    return TRUE;

  if (g_error_matches (damage, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    {
      self->func (NULL, "The search index is damaged; “reindex” makes it anew", self->user_data);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&damage));

  return FALSE;
}

gboolean
_strata_search_check (StrataStore            *store,
                      StrataSearchCheckFunc   func,
                      gpointer                user_data,
                      GCancellable           *cancellable,
                      GError                **error)
{
  g_autoptr(GHashTable) reported = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(StrataSearchIndex) index = NULL;
  g_autoptr(GError) open_error = NULL;
  Check self = { store, NULL, func, user_data, cancellable, reported };
  struct stat status;

  if (_strata_seam_get ()->stat (_strata_store_get_dir (store), STRATA_SEARCH_INDEX_NAME, &status) < 0)
    {
      if (errno == ENOENT)
        return TRUE;
      _strata_file_set_error (error, errno, "look at", STRATA_SEARCH_INDEX_NAME);
      return FALSE;
    }

  self.index = index = _strata_search_index_open (strata_store_get_path (store), STRATA_SEARCH_INDEX_NAME, &open_error);
  if (index != NULL)
    return check_index (&self, error);

  if (g_error_matches (open_error, STRATA_ERROR, STRATA_ERROR_CORRUPT))
    {
      func (NULL, "The search index is damaged, or of another version; “reindex” makes it anew", user_data);
      return TRUE;
    }
  g_propagate_error (error, g_steal_pointer (&open_error));

  return FALSE;
}

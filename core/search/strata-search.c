/* strata-search.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "base/strata-task-private.h"
#include "store/strata-store-private.h"
#include "strata-search-hit-private.h"
#include "strata-search-index-internal-private.h"
#include "strata-search-match-private.h"
#include "strata-search-put-private.h"
#include "strata-search-replace-private.h"
#include "strata-search-results-private.h"
#include "strata-search-run-private.h"
#include "strata-search-suggest-private.h"
#include "strata-search.h"
#include "strata-snippet-private.h"

/* SQLite asks so often, in steps of its machine, whether it should stop */
#define STEPS_BETWEEN_LOOKS 1000

/**
 * StrataSearch:
 *
 * Finds moments in the sessions of a store, by their words and by what sessions
 * are about.
 *
 * It looks in an index (`search.sqlite3`) that follows from the files of the
 * store. [method@Strata.Search.update] makes it say what the files say, and is to
 * be called when the store was opened and when sessions were written; a search
 * looks in what is indexed by then. An index that is damaged is made anew.
 *
 * Typing is followed by running each query twice: with %STRATA_SEARCH_FIRST for
 * what is shown at once, and with %STRATA_SEARCH_ALL for what replaces it. A newer
 * query cancels the one before.
 *
 * Threads: any but the one that draws a window, for what does not end in `_async`.
 * First pages and whole searches have a connection each, so that they do not wait
 * for each other. Where the disk can't be written there is one index in memory,
 * and they do.
 */

/* A connection of its own for reading */
typedef struct
{
  GMutex              mutex;      /* held while it is used */
  StrataSearchIndex  *index;
  StrataSearchFilter *filter;
} Lane;

enum
{
  LANE_FIRST,
  LANE_ALL,
  N_LANES,
};

struct _StrataSearch
{
  GObject            parent_instance;

  /* Set at construction */
  StrataStore       *store;

  /* Held by who writes to the index, and by everybody for one in memory */
  GMutex             writer_mutex;
  StrataSearchIndex *memory;      /* in the place of the file; guarded by it */

  Lane               lanes[N_LANES];

  /* Guarded by @current_mutex, which nobody holds for long */
  GMutex             current_mutex;
  GCancellable      *current[N_LANES];   /* what is being searched in each lane */
  gboolean           is_in_memory;       /* @memory is to be searched */
};

G_DEFINE_FINAL_TYPE (StrataSearch, strata_search, G_TYPE_OBJECT)

static void
lane_close (Lane *lane)
{
  g_clear_pointer (&lane->filter, _strata_search_filter_free);
  g_clear_pointer (&lane->index, _strata_search_index_free);
}

/* What has files open, when nobody uses it any more */
typedef struct
{
  Lane               lanes[N_LANES];
  StrataSearchIndex *memory;
} Opened;

static void
opened_free (gpointer data)
{
  Opened *opened = data;

  for (guint i = 0; i < N_LANES; i++)
    lane_close (&opened->lanes[i]);
  g_clear_pointer (&opened->memory, _strata_search_index_free);
  g_free (opened);
}

static void
strata_search_finalize (GObject *object)
{
  StrataSearch *self = STRATA_SEARCH (object);
  Opened *opened = g_new0 (Opened, 1);

  opened->memory = g_steal_pointer (&self->memory);
  for (guint i = 0; i < N_LANES; i++)
    {
      opened->lanes[i].index = g_steal_pointer (&self->lanes[i].index);
      opened->lanes[i].filter = g_steal_pointer (&self->lanes[i].filter);
      g_mutex_clear (&self->lanes[i].mutex);
      g_clear_object (&self->current[i]);
    }
  _strata_seam_close (opened_free, opened);
  g_mutex_clear (&self->writer_mutex);
  g_mutex_clear (&self->current_mutex);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (strata_search_parent_class)->finalize (object);
}

static void
strata_search_class_init (StrataSearchClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_search_finalize;
}

static void
strata_search_init (StrataSearch *self)
{
  g_mutex_init (&self->writer_mutex);
  g_mutex_init (&self->current_mutex);
  for (guint i = 0; i < N_LANES; i++)
    g_mutex_init (&self->lanes[i].mutex);
}

/**
 * strata_search_new:
 * @store: where to search
 *
 * Opens nothing yet.
 *
 * Returns: (transfer full)
 */
StrataSearch *
strata_search_new (StrataStore *store)
{
  StrataSearch *self;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  self = g_object_new (STRATA_TYPE_SEARCH, NULL);
  self->store = g_object_ref (store);

  return self;
}

/* The index */

/* @index: (transfer full) (nullable): in the place of the file, or no longer */
static void
set_memory (StrataSearch      *self,
            StrataSearchIndex *index)
{
  g_clear_pointer (&self->memory, _strata_search_index_free);
  self->memory = index;

  g_mutex_lock (&self->current_mutex);
  self->is_in_memory = index != NULL;
  g_mutex_unlock (&self->current_mutex);
}

static void
lock_lanes (StrataSearch *self)
{
  for (guint i = 0; i < N_LANES; i++)
    g_mutex_lock (&self->lanes[i].mutex);
}

static void
unlock_lanes (StrataSearch *self)
{
  for (guint i = N_LANES; i-- > 0; )
    g_mutex_unlock (&self->lanes[i].mutex);
}

/* Nobody in this process has the index open when it is put in the place of another; until then the old one serves. */
static gboolean
put_in_place (StrataSearch  *self,
              GError       **error)
{
  gboolean ok;

  lock_lanes (self);
  for (guint i = 0; i < N_LANES; i++)
    lane_close (&self->lanes[i]);
  ok = _strata_search_put_in_place (self->store, error);
  unlock_lanes (self);

  return ok;
}

/* The writer's mutex is held. */
static gboolean
rebuild_locked (StrataSearch              *self,
                StrataSearchProgressFunc   progress,
                gpointer                   user_data,
                GCancellable              *cancellable,
                GError                   **error)
{
  int lock = _strata_search_lock_making (self->store, error);
  gboolean ok;

  if (lock < 0)
    return FALSE;

  ok = _strata_search_make_anew (self->store, progress, user_data, cancellable, error) && put_in_place (self, error);
  _strata_file_close (lock);

  return ok;
}

/* An index that another process is making anew is as good meanwhile. */
static gboolean
rebuild_worn (StrataSearch              *self,
              StrataSearchProgressFunc   progress,
              gpointer                   user_data,
              GCancellable              *cancellable,
              GError                   **error)
{
  g_autoptr(GError) rebuild_error = NULL;

  if (rebuild_locked (self, progress, user_data, cancellable, &rebuild_error) ||
      g_error_matches (rebuild_error, STRATA_ERROR, STRATA_ERROR_IN_USE))
    return TRUE;

  g_propagate_error (error, g_steal_pointer (&rebuild_error));

  return FALSE;
}

/* @opened: (transfer full). An index that can't be packed is as good, but larger. */
static void
pack_locked (StrataSearch      *self,
             StrataSearchIndex *opened,
             GCancellable      *cancellable)
{
  g_autoptr(GError) error = NULL;
  int lock = _strata_search_lock_making (self->store, &error);
  gboolean ok = lock >= 0 && _strata_search_pack (self->store, opened, cancellable, &error);

  _strata_search_index_free (opened);
  if (!ok || !put_in_place (self, &error))
    g_info ("The search index is not packed: %s", error->message);
  if (lock >= 0)
    _strata_file_close (lock);
}

/* Brings the index up to date; the writer's mutex is held. */
static gboolean
update_locked (StrataSearch              *self,
               StrataSearchProgressFunc   progress,
               gpointer                   user_data,
               GCancellable              *cancellable,
               GError                   **error)
{
  g_autoptr(StrataSearchIndex) opened = NULL;

  if (self->memory == NULL)
    {
      opened = _strata_search_open (self->store, error);
      if (opened == NULL)
        return FALSE;
      if (_strata_search_index_is_in_memory (opened))
        set_memory (self, g_steal_pointer (&opened));
    }

  if (!_strata_search_sync (self->memory != NULL ? self->memory : opened, self->store, progress, user_data, cancellable, error))
    return FALSE;
  if (opened == NULL || _strata_search_index_is_read_only (opened))
    return TRUE;

  _strata_search_remove_leftovers (self->store);
  if (_strata_search_is_worn (opened))
    {
      g_clear_pointer (&opened, _strata_search_index_free);
      return rebuild_worn (self, progress, user_data, cancellable, error);
    }
  if (_strata_search_is_loose (opened))
    pack_locked (self, g_steal_pointer (&opened), cancellable);

  return TRUE;
}

static gboolean
is_corrupt (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

/* It is derived: a damaged one is made anew, once. */
static gboolean
update_or_rebuild (StrataSearch              *self,
                   StrataSearchProgressFunc   progress,
                   gpointer                   user_data,
                   GCancellable              *cancellable,
                   GError                   **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->writer_mutex);
  g_autoptr(GError) damage = NULL;

  if (update_locked (self, progress, user_data, cancellable, &damage))
    return TRUE;

  if (is_corrupt (damage))
    {
      g_info ("The search index is made anew: %s", damage->message);
      return rebuild_locked (self, progress, user_data, cancellable, error);
    }
  g_propagate_error (error, g_steal_pointer (&damage));

  return FALSE;
}

/**
 * strata_search_update:
 * @progress: (scope call) (nullable): called after each session
 *
 * Indexes what was written since the last time, in this process or another. What
 * is interrupted goes on the next time. Where the index can't be written, what it
 * says stands; where there is none, one is made in memory.
 *
 * Returns: %TRUE, or %FALSE with @error set. Searching works also then, in what is
 *   indexed.
 */
gboolean
strata_search_update (StrataSearch              *self,
                      StrataSearchProgressFunc   progress,
                      gpointer                   user_data,
                      GCancellable              *cancellable,
                      GError                   **error)
{
  g_return_val_if_fail (STRATA_IS_SEARCH (self), FALSE);

  return update_or_rebuild (self, progress, user_data, cancellable, error);
}

static gboolean
update (gpointer       self,
        GCancellable  *cancellable,
        GError       **error)
{
  return strata_search_update (self, NULL, NULL, cancellable, error);
}

/**
 * strata_search_update_async:
 *
 * As [method@Strata.Search.update], on another thread.
 */
void
strata_search_update_async (StrataSearch        *self,
                            GCancellable        *cancellable,
                            GAsyncReadyCallback  callback,
                            gpointer             user_data)
{
  g_return_if_fail (STRATA_IS_SEARCH (self));

  _strata_task_run (self, strata_search_update_async, update, cancellable, callback, user_data);
}

/**
 * strata_search_update_finish:
 *
 * Returns: as [method@Strata.Search.update]
 */
gboolean
strata_search_update_finish (StrataSearch  *self,
                             GAsyncResult  *result,
                             GError       **error)
{
  return _strata_task_finish (self, result, error);
}

static gboolean
rebuild_catalog (StrataSearch  *self,
                 GError       **error)
{
  gboolean ok;

  if (!_strata_store_lock (self->store, error))
    return FALSE;
  ok = _strata_store_rebuild_catalog (self->store, error);
  _strata_store_unlock (self->store);

  return ok;
}

/**
 * strata_search_rebuild:
 * @progress: (scope call) (nullable): called after each session
 * @out_sessions: (out) (optional): how many are indexed
 * @out_moments: (out) (optional): how many moments they have
 *
 * Makes the index anew from the files, and the catalog before it. The old index serves until the new one is
 * whole. Words of what was deleted are in none of the index's files afterwards.
 *
 * One process at a time: while another makes it anew, that is %STRATA_ERROR_IN_USE.
 *
 * Returns: %TRUE, or %FALSE with @error set and the old index in place
 */
gboolean
strata_search_rebuild (StrataSearch              *self,
                       StrataSearchProgressFunc   progress,
                       gpointer                   user_data,
                       guint64                   *out_sessions,
                       guint64                   *out_moments,
                       GCancellable              *cancellable,
                       GError                   **error)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  g_autoptr(StrataSearchIndex) index = NULL;
  StrataSearchIndexSums sums;

  g_return_val_if_fail (STRATA_IS_SEARCH (self), FALSE);

  locker = g_mutex_locker_new (&self->writer_mutex);
  if (!rebuild_catalog (self, error) || !rebuild_locked (self, progress, user_data, cancellable, error))
    return FALSE;
  set_memory (self, NULL);

  index = _strata_search_open (self->store, error);
  if (index == NULL || !_strata_search_index_get_sums (index, &sums, error))
    return FALSE;
  if (out_sessions != NULL)
    *out_sessions = sums.sessions;
  if (out_moments != NULL)
    *out_moments = sums.moments;

  return TRUE;
}

/* Lanes */

static int
look_cb (gpointer user_data)
{
  return g_cancellable_is_cancelled (user_data);
}

/* The lane's mutex is held. */
static gboolean
lane_open (StrataSearch  *self,
           Lane          *lane,
           GError       **error)
{
  if (lane->index != NULL)
    return TRUE;

  lane->index = _strata_search_open (self->store, error);
  if (lane->index == NULL || !_strata_search_match_register (lane->index, error))
    {
      lane_close (lane);
      return FALSE;
    }
  lane->filter = _strata_search_filter_new (lane->index);

  return TRUE;
}

typedef gpointer (*LaneFunc) (Lane *lane, gpointer user_data, GError **error);

/* Calls @func with a connection that stops when @cancellable is cancelled. */
static gpointer
with_lane (StrataSearch  *self,
           guint          number,
           LaneFunc       func,
           gpointer       user_data,
           GCancellable  *cancellable,
           GError       **error)
{
  Lane *lane = &self->lanes[number];
  gpointer result = NULL;

  g_mutex_lock (&lane->mutex);
  if (!g_cancellable_set_error_if_cancelled (cancellable, error) && lane_open (self, lane, error))
    {
      if (cancellable != NULL)
        sqlite3_progress_handler (lane->index->db, STEPS_BETWEEN_LOOKS, look_cb, cancellable);
      result = func (lane, user_data, error);
      sqlite3_progress_handler (lane->index->db, 0, NULL, NULL);
    }
  g_mutex_unlock (&lane->mutex);

  return result;
}

/* The same in the index in memory, where there is one */
static gpointer
with_index (StrataSearch  *self,
            guint          number,
            LaneFunc       func,
            gpointer       user_data,
            GCancellable  *cancellable,
            GError       **error)
{
  g_autoptr(StrataSearchFilter) filter = NULL;
  gpointer result = NULL;
  gboolean is_in_memory;

  g_mutex_lock (&self->current_mutex);
  is_in_memory = self->is_in_memory;
  g_mutex_unlock (&self->current_mutex);
  if (!is_in_memory)
    return with_lane (self, number, func, user_data, cancellable, error);

  g_mutex_lock (&self->writer_mutex);
  if (self->memory == NULL)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "The search index is being made anew");
  else if (_strata_search_match_register (self->memory, error))
    {
      Lane lane = { .index = self->memory };

      lane.filter = filter = _strata_search_filter_new (self->memory);
      if (cancellable != NULL)
        sqlite3_progress_handler (self->memory->db, STEPS_BETWEEN_LOOKS, look_cb, cancellable);
      result = func (&lane, user_data, error);
      sqlite3_progress_handler (self->memory->db, 0, NULL, NULL);
    }
  g_mutex_unlock (&self->writer_mutex);

  return result;
}

/* Running */

/* Where the text of a hit is: what the piece stands for */
static gboolean
fill_from_piece (Lane             *lane,
                 gint64            piece,
                 StrataSearchHit  *hit,
                 GError          **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (lane->index, STRATA_STATEMENT_GET_PIECE, error);
  gboolean has_row, ok;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)piece);
  ok = _strata_sqlite_step (statement, &has_row, error);
  if (ok && has_row)
    {
      hit->role = (guint)sqlite3_column_int (statement, 0);
      _strata_sqlite_get_digest (statement, 1, &hit->digest);
    }
  sqlite3_reset (statement);

  return ok;
}

/* What a moment's block says of it */
static gboolean
fill_from_block (Lane                  *lane,
                 const StrataMatchRow  *row,
                 StrataSearchHit       *hit,
                 GError               **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (lane->index, STRATA_STATEMENT_GET_DETAILS, error);
  StrataBlockMoment moment;
  gboolean has_row, ok;
  gint64 bundle;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)row->block);
  ok = _strata_sqlite_step (statement, &has_row, error);
  bundle = ok && has_row ? sqlite3_column_int64 (statement, 1) : 0;
  if (ok && (!has_row || !_strata_block_decode_detail (&moment, row->number, sqlite3_column_blob (statement, 0),
                                                       (gsize)sqlite3_column_bytes (statement, 0))))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A block of the search index can't be read");
      ok = FALSE;
    }
  sqlite3_reset (statement);
  if (!ok)
    return FALSE;

  hit->kind = moment.kind;
  hit->item = moment.id;
  hit->time_ms = moment.time_ms;
  hit->offset_ms = moment.offset_ms;
  hit->place = moment.place;

  return fill_from_piece (lane, bundle + moment.piece, hit, error);
}

/* What the document of a row says; @is_session: of the session it is shown under */
static gboolean
fill_from_document (Lane             *lane,
                    gint64            document,
                    gboolean          is_session,
                    StrataSearchHit  *hit,
                    GError          **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (lane->index, STRATA_STATEMENT_GET_DOCUMENT, error);
  gboolean has_row, ok;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)document);
  ok = _strata_sqlite_step (statement, &has_row, error);
  if (ok && has_row && is_session)
    {
      hit->key = _strata_sqlite_dup_text (statement, 1);
      hit->session = _strata_sqlite_dup_text (statement, 2);
      hit->session_name = _strata_sqlite_dup_text (statement, 3);
      if (sqlite3_column_type (statement, 4) != SQLITE_NULL)
        hit->session_start_ms = sqlite3_column_int64 (statement, 4);
    }
  if (ok && has_row && !is_session)
    {
      hit->is_collection = sqlite3_column_int (statement, 0) != STRATA_KIND_SESSION;
      hit->owner = _strata_sqlite_dup_text (statement, 1);
    }
  sqlite3_reset (statement);

  return ok;
}

/* Only times are stored where both are known */
static void
settle_offset (StrataSearchHit *hit)
{
  if (hit->session_start_ms == STRATA_TIME_UNKNOWN)
    return;

  if (hit->kind == STRATA_KIND_SESSION || hit->kind == STRATA_KIND_TRANSCRIPT)
    {
      hit->time_ms = hit->session_start_ms;
      hit->offset_ms = 0;
    }
  else if (hit->time_ms != STRATA_TIME_UNKNOWN)
    hit->offset_ms = hit->time_ms - hit->session_start_ms;
}

static StrataSearchHit *
make_hit (Lane                  *lane,
          const StrataMatchRow  *row,
          GError               **error)
{
  g_autoptr(StrataSearchHit) hit = g_object_new (STRATA_TYPE_SEARCH_HIT, NULL);

  hit->score = row->score;
  hit->role = STRATA_PIECE_OWN;
  if ((row->block > 0 && !fill_from_block (lane, row, hit, error)) ||
      (row->session > 0 && !fill_from_document (lane, row->session, TRUE, hit, error)) ||
      !fill_from_document (lane, row->document, FALSE, hit, error))
    return NULL;
  settle_offset (hit);

  return g_steal_pointer (&hit);
}

typedef struct
{
  StrataQuery        *query;
  StrataSearchExtent  extent;
  guint               limit;
} Request;

/* Within one transaction, so that rows and what they stand for are of one state. */
static gpointer
run_in_lane (Lane      *lane,
             gpointer   user_data,
             GError   **error)
{
  const Request *request = user_data;
  g_autoptr(StrataSearchResults) results = g_object_new (STRATA_TYPE_SEARCH_RESULTS, NULL);
  g_autoptr(StrataSearchRun) run = NULL;
  gint64 begun_us = g_get_monotonic_time ();
  gboolean ok;

  if (!_strata_sqlite_exec (lane->index->db, "BEGIN", error))
    return NULL;

  run = _strata_search_run_new (lane->index, lane->filter, request->query, request->extent, request->limit, error);
  ok = run != NULL;
  for (guint i = 0; ok && i < run->rows->len; i++)
    {
      StrataSearchHit *hit = make_hit (lane, &g_array_index (run->rows, StrataMatchRow, i), error);

      ok = hit != NULL;
      if (ok)
        g_ptr_array_add (results->hits, hit);
    }
  _strata_sqlite_exec (lane->index->db, "ROLLBACK", NULL);
  if (!ok)
    return NULL;

  results->query = strata_query_ref (request->query);
  results->total = run->total;
  results->sessions = run->sessions;
  results->is_whole = run->is_whole;
  results->took_us = g_get_monotonic_time () - begun_us;

  return g_steal_pointer (&results);
}

/* Takes the place of what is being searched: a first page of everything, a whole search of the one before.
 *
 * Returns: (transfer full): what the newer one will cancel
 */
static GCancellable *
replace_current (StrataSearch       *self,
                 StrataSearchExtent  extent)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->current_mutex);
  guint lane = extent == STRATA_SEARCH_FIRST ? LANE_FIRST : LANE_ALL;

  for (guint i = lane; i < N_LANES; i++)
    {
      if (self->current[i] != NULL)
        g_cancellable_cancel (self->current[i]);
      g_clear_object (&self->current[i]);
    }
  self->current[lane] = g_cancellable_new ();

  return g_object_ref (self->current[lane]);
}

static void
cancel_cb (GCancellable *cancellable,
           gpointer      user_data)
{
  g_cancellable_cancel (user_data);
}

/* What came too late is not shown: somebody looks for something else by now.
 *
 * @results: (transfer full) (nullable): NULL with @error set
 */
static StrataSearchResults *
drop_cancelled (StrataSearchResults  *results,
                GCancellable         *current,
                GError              **error)
{
  if (results != NULL && g_cancellable_set_error_if_cancelled (current, error))
    g_clear_object (&results);

  return results;
}

static StrataSearchResults *
run (StrataSearch   *self,
     const Request  *request,
     GCancellable   *current,
     GCancellable   *cancellable,
     GError        **error)
{
  guint lane = request->extent == STRATA_SEARCH_FIRST ? LANE_FIRST : LANE_ALL;
  g_autoptr(GError) damage = NULL;
  gulong handler = 0;
  StrataSearchResults *results;

  if (cancellable != NULL)
    handler = g_cancellable_connect (cancellable, G_CALLBACK (cancel_cb), g_object_ref (current), g_object_unref);
  results = with_index (self, lane, run_in_lane, (gpointer)request, current, &damage);
  if (is_corrupt (damage))
    {
      g_clear_error (&damage);
      if (strata_search_rebuild (self, NULL, NULL, NULL, NULL, current, &damage))
        results = with_index (self, lane, run_in_lane, (gpointer)request, current, &damage);
    }
  if (handler > 0)
    g_cancellable_disconnect (cancellable, handler);
  if (damage != NULL)
    g_propagate_error (error, g_steal_pointer (&damage));

  return drop_cancelled (results, current, error);
}

/**
 * strata_search_run:
 * @query: what to look for
 * @extent: how much to look at
 * @limit: how many hits at most; those left out are counted
 *
 * Searches. A newer search cancels this one: a first page everything that is under
 * way, a whole search only the whole search before it.
 *
 * An index that is damaged is made anew first, which takes its time.
 *
 * Returns: (transfer full): the results, without snippets; or %NULL with @error set,
 *   %G_IO_ERROR_CANCELLED where it was cancelled, also when it had found all
 */
StrataSearchResults *
strata_search_run (StrataSearch        *self,
                   StrataQuery         *query,
                   StrataSearchExtent   extent,
                   guint                limit,
                   GCancellable        *cancellable,
                   GError             **error)
{
  g_autoptr(GCancellable) current = NULL;
  Request request = { query, extent, MAX (limit, 1) };

  g_return_val_if_fail (STRATA_IS_SEARCH (self), NULL);
  g_return_val_if_fail (query != NULL, NULL);

  current = replace_current (self, extent);

  return run (self, &request, current, cancellable, error);
}

typedef struct
{
  Request       request;
  GCancellable *current;
} RunTask;

static void
run_task_free (RunTask *data)
{
  strata_query_unref (data->request.query);
  g_object_unref (data->current);
  g_free (data);
}

static void
run_worker (GTask        *task,
            gpointer      source,
            gpointer      task_data,
            GCancellable *cancellable)
{
  const RunTask *data = task_data;
  g_autoptr(GError) error = NULL;
  StrataSearchResults *results = run (source, &data->request, data->current, cancellable, &error);

  if (results != NULL)
    g_task_return_pointer (task, results, g_object_unref);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_search_run_async:
 *
 * As [method@Strata.Search.run], on another thread. What it cancels is cancelled when
 * this returns, and has no results any more, even if its callback is still to come.
 */
void
strata_search_run_async (StrataSearch         *self,
                         StrataQuery          *query,
                         StrataSearchExtent    extent,
                         guint                 limit,
                         GCancellable         *cancellable,
                         GAsyncReadyCallback   callback,
                         gpointer              user_data)
{
  g_autoptr(GTask) task = NULL;
  RunTask *data;

  g_return_if_fail (STRATA_IS_SEARCH (self));
  g_return_if_fail (query != NULL);

  data = g_new (RunTask, 1);
  data->request = (Request) { strata_query_ref (query), extent, MAX (limit, 1) };
  data->current = replace_current (self, extent);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_search_run_async);
  g_task_set_task_data (task, data, (GDestroyNotify)run_task_free);
  g_task_run_in_thread (task, run_worker);
}

/**
 * strata_search_run_finish:
 *
 * Returns: (transfer full): as [method@Strata.Search.run]
 */
StrataSearchResults *
strata_search_run_finish (StrataSearch  *self,
                          GAsyncResult  *result,
                          GError       **error)
{
  const RunTask *data;

  g_return_val_if_fail (g_task_is_valid (result, self), NULL);

  data = g_task_get_task_data (G_TASK (result));

  return drop_cancelled (g_task_propagate_pointer (G_TASK (result), error), data->current, error);
}

/* Snippets */

/* Where the piece stands now: the session may have got other parts since. What is
 * not there any more is not found.
 */
static guint
find_part (const StrataManifest  *manifest,
           const StrataSearchHit *hit)
{
  if (hit->role == STRATA_PIECE_SMALL)
    return STRATA_PART_SMALL;
  if (hit->role == STRATA_PIECE_TAIL)
    return STRATA_PART_TAIL;
  if (hit->role == STRATA_PIECE_OWN)
    return STRATA_PART_OWN;

  for (guint i = 0; i < manifest->parts->len; i++)
    if (_strata_digest_equal (&((const StrataPart *)g_ptr_array_index (manifest->parts, i))->raw_digest, &hit->digest))
      return i;

  return manifest->parts->len;
}

/**
 * strata_search_load_snippet:
 * @query: what was looked for
 * @hit: where it was found
 *
 * Reads the text of a hit from the files, and makes a snippet of it. The index has
 * no text, and what was changed since it was indexed has no snippet.
 *
 * Returns: %TRUE when [method@Strata.SearchHit.dup_snippet] has it, or %FALSE with
 *   @error set: %STRATA_ERROR_NOT_FOUND where the text is not there any more
 */
gboolean
strata_search_load_snippet (StrataSearch     *self,
                            StrataQuery      *query,
                            StrataSearchHit  *hit,
                            GCancellable     *cancellable,
                            GError          **error)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(StrataMoment) moment = NULL;

  g_return_val_if_fail (STRATA_IS_SEARCH (self), FALSE);
  g_return_val_if_fail (STRATA_IS_SEARCH_HIT (hit), FALSE);
  g_return_val_if_fail (query != NULL, FALSE);

  manifest = _strata_store_load (self->store, hit->is_collection, hit->owner, error);
  if (manifest != NULL)
    moment = _strata_moments_find (_strata_store_get_dir (self->store), manifest, hit->kind, find_part (manifest, hit), hit->place,
                                   cancellable, error);
  if (moment == NULL)
    return FALSE;

  /* In another place than it was there stands something else */
  if (hit->kind != STRATA_KIND_SESSION && g_strcmp0 (moment->id, hit->item) != 0)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "The moment is not there any more");
      return FALSE;
    }
  _strata_search_hit_set_snippet (hit, _strata_snippet_make (moment->text->str, moment->text->len, query));

  return TRUE;
}

typedef struct
{
  StrataQuery     *query;
  StrataSearchHit *hit;
} SnippetTask;

static void
snippet_task_free (SnippetTask *data)
{
  strata_query_unref (data->query);
  g_object_unref (data->hit);
  g_free (data);
}

static void
snippet_worker (GTask        *task,
                gpointer      source,
                gpointer      task_data,
                GCancellable *cancellable)
{
  const SnippetTask *data = task_data;
  g_autoptr(GError) error = NULL;

  if (strata_search_load_snippet (source, data->query, data->hit, cancellable, &error))
    g_task_return_boolean (task, TRUE);
  else
    g_task_return_error (task, g_steal_pointer (&error));
}

/**
 * strata_search_load_snippet_async:
 *
 * As [method@Strata.Search.load_snippet], on another thread.
 */
void
strata_search_load_snippet_async (StrataSearch         *self,
                                  StrataQuery          *query,
                                  StrataSearchHit      *hit,
                                  GCancellable         *cancellable,
                                  GAsyncReadyCallback   callback,
                                  gpointer              user_data)
{
  g_autoptr(GTask) task = NULL;
  SnippetTask *data;

  g_return_if_fail (STRATA_IS_SEARCH (self));
  g_return_if_fail (STRATA_IS_SEARCH_HIT (hit));
  g_return_if_fail (query != NULL);

  data = g_new (SnippetTask, 1);
  data->query = strata_query_ref (query);
  data->hit = g_object_ref (hit);
  task = g_task_new (self, cancellable, callback, user_data);
  g_task_set_source_tag (task, strata_search_load_snippet_async);
  g_task_set_task_data (task, data, (GDestroyNotify)snippet_task_free);
  g_task_run_in_thread (task, snippet_worker);
}

/**
 * strata_search_load_snippet_finish:
 *
 * Returns: as [method@Strata.Search.load_snippet]
 */
gboolean
strata_search_load_snippet_finish (StrataSearch  *self,
                                   GAsyncResult  *result,
                                   GError       **error)
{
  g_return_val_if_fail (g_task_is_valid (result, self), FALSE);

  return g_task_propagate_boolean (G_TASK (result), error);
}

/* Suggestions */

typedef struct
{
  const char  *text;
  guint        limit;
  StrataQuery *query;
} Ask;

static gpointer
complete_in_lane (Lane      *lane,
                  gpointer   user_data,
                  GError   **error)
{
  const Ask *ask = user_data;

  return _strata_search_complete (lane->index, ask->text, ask->limit, error);
}

/**
 * strata_search_complete:
 * @text: a query up to where it is being typed
 * @limit: how many at most
 *
 * What the last word of a query may become: values where it is a filter (`tag:ur` →
 * `tag:urgent`), quoted where they need it, the most used first; else words.
 *
 * Returns: (transfer full) (array zero-terminated=1): in the place of the last word;
 *   or %NULL with @error set
 */
char **
strata_search_complete (StrataSearch  *self,
                        const char    *text,
                        guint          limit,
                        GError       **error)
{
  Ask ask = { text, limit, NULL };

  g_return_val_if_fail (STRATA_IS_SEARCH (self), NULL);
  g_return_val_if_fail (text != NULL, NULL);

  return with_index (self, LANE_FIRST, complete_in_lane, &ask, NULL, error);
}

static gpointer
suggest_in_lane (Lane      *lane,
                 gpointer   user_data,
                 GError   **error)
{
  const Ask *ask = user_data;

  return _strata_search_suggest (lane->index, ask->query, error);
}

/**
 * strata_search_suggest:
 * @query: a query that found nothing
 *
 * What may have been meant: the query with words that are nowhere replaced by the
 * commonest that differs in one letter, or in two.
 *
 * Returns: (transfer full) (nullable): another query's text; %NULL where there is
 *   none, and with @error set
 */
char *
strata_search_suggest (StrataSearch  *self,
                       StrataQuery   *query,
                       GError       **error)
{
  Ask ask = { NULL, 0, query };

  g_return_val_if_fail (STRATA_IS_SEARCH (self), NULL);
  g_return_val_if_fail (query != NULL, NULL);

  return with_index (self, LANE_FIRST, suggest_in_lane, &ask, NULL, error);
}

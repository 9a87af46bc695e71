/* strata-round.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-compressor-private.h"

/* So many sessions, or so many bytes of new files, are put in place at once */
#define BATCH_SESSIONS 15
#define BATCH_BYTES (32 * 1024 * 1024)
/* More than this that is prepared and not in place yet makes the encoders wait */
#define MAX_DONE 32
#define MAX_DONE_BYTES (128 * 1024 * 1024)
/* How often the running thread looks around */
#define LOOK_US (G_USEC_PER_SEC / 5)
/* What is prepared waits at most this long for more */
#define PATIENCE_US (2 * G_USEC_PER_SEC)

/* linux/ioprio.h, which is not everywhere */
#define IOPRIO_WHO_PROCESS 1
#define IOPRIO_IDLE (3 << 13)
#define LOWEST_NICE 19

/* What is in the batch */
typedef struct
{
  char     *key;
  gboolean  is_collection;
  guint64   bytes_before;
  guint64   bytes_after;
  guint     n_images;
  guint     n_jpegs;
} Pending;

static void
pending_clear (gpointer data)
{
  g_free (((Pending *)data)->key);
}

/* What to convert */

/* Microseconds since 1970 of a time as sessions have it: RFC 3339, or milliseconds; -1: it is none */
static gint64
parse_time (const char *text)
{
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) time = NULL;

  if (text == NULL || *text == '\0')
    return -1;
  if (strlen (text) > 8 && strlen (text) < 15 && strspn (text, "0123456789") == strlen (text))
    return g_ascii_strtoll (text, NULL, 10) * 1000;

  time = g_date_time_new_from_iso8601 (text, utc);

  return time != NULL ? g_date_time_to_unix (time) * G_USEC_PER_SEC : -1;
}

static gboolean
is_old_enough (StrataRound               *self,
               const StrataCatalogTarget *target)
{
  gint64 time_us = -1;

  if (self->newest_us == G_MAXINT64)
    return TRUE;

  if (!target->is_collection)
    {
      time_us = parse_time (target->end);
      if (time_us < 0)
        time_us = parse_time (target->start);
    }
  if (time_us < 0)
    {
      g_autofree char *path = target->is_collection ? g_strdup_printf ("collections/%s.metadata.json", target->key)
                                                    : g_strdup_printf ("sessions/%s/metadata.json", target->key);
      struct stat status;

      if (!_strata_file_stat (_strata_store_get_dir (self->store), path, &status, NULL))
        return FALSE;
      time_us = _strata_file_get_mtime_ns (&status) / 1000;
    }

  return time_us <= self->newest_us;
}

/* How much there is to do, by kind of work; all 0: nothing */
static gboolean
measure (StrataRound               *self,
         const StrataCatalogTarget *target,
         guint64                   *out_work)
{
  const StrataConversionSettings *settings = &self->settings;
  gboolean has_json = settings->undo ? target->packed_bytes > 0 : target->n_plain > 0 && settings->level > 0;

  out_work[STRATA_WORK_JSON] = has_json ? MAX (target->raw_bytes, 1) : 0;
  out_work[STRATA_WORK_IMAGES] = settings->undo ? target->webp_bytes
                                                : (settings->jpeg_to_webp ? target->jpeg_bytes : 0) +
                                                  (settings->png_to_webp ? target->png_bytes : 0);

  return out_work[STRATA_WORK_JSON] > 0 || out_work[STRATA_WORK_IMAGES] > 0;
}

static gboolean
is_wanted (StrataRound               *self,
           const StrataCatalogTarget *target,
           guint64                   *out_work)
{
  if (self->keys != NULL && (target->is_collection || !g_strv_contains (self->keys, target->key)))
    return FALSE;

  if (!is_old_enough (self, target))
    return FALSE;

  /* All that may be converted count, for who shares an object with them; not all have work */
  g_hash_table_add (self->keys_of_targets, g_strdup (target->key));
  if (!self->settings.undo)
    _strata_compressor_count (self->compressor, &(StrataCompressorCounts) { .frames_kept = target->n_jpegs });

  return measure (self, target, out_work);
}

static gpointer
list_targets (StrataCatalog  *catalog,
              gpointer        user_data,
              GError        **error)
{
  return _strata_catalog_list_targets (catalog, user_data, error);
}

static gboolean
choose_targets (StrataRound  *self,
                GError      **error)
{
  g_autoptr(GPtrArray) all = _strata_store_with_catalog (self->store, list_targets, self->image_settings, error);
  guint64 sums[STRATA_N_WORKS] = { 0, };
  g_autoptr(GArray) works = g_array_new (FALSE, FALSE, sizeof (guint64));

  if (all == NULL)
    return FALSE;

  self->targets = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_catalog_target_free);
  for (guint i = 0; i < all->len; i++)
    {
      guint64 work[STRATA_N_WORKS];

      if (!is_wanted (self, g_ptr_array_index (all, i), work))
        continue;
      g_ptr_array_add (self->targets, g_steal_pointer (&g_ptr_array_index (all, i)));
      g_array_append_vals (works, work, STRATA_N_WORKS);
      for (guint j = 0; j < STRATA_N_WORKS; j++)
        sums[j] += work[j];
    }
  /* Those that were taken are no longer the list's */
  g_ptr_array_set_free_func (all, NULL);
  for (guint i = 0; i < all->len; i++)
    g_clear_pointer ((StrataCatalogTarget **)&g_ptr_array_index (all, i), _strata_catalog_target_free);

  self->work_of_target = (guint64 *)(gpointer)g_array_free (g_steal_pointer (&works), FALSE);
  _strata_compressor_plan (self->compressor, self->targets->len, sums);

  return TRUE;
}

/* Encoding threads */

/* Best effort: only this thread's, and only downwards. */
static void
lower_priority (void)
{
  setpriority (PRIO_PROCESS, 0, LOWEST_NICE);
  syscall (SYS_ioprio_set, IOPRIO_WHO_PROCESS, 0, IOPRIO_IDLE);
}

/* What one encoder told of its target */
typedef struct
{
  StrataRound *round;
  guint64      done[STRATA_N_WORKS];
} Telling;

static gboolean
note_work (StrataWork  work,
           guint64     bytes,
           gint64      us,
           gpointer    user_data)
{
  Telling *telling = user_data;

  telling->done[work] += bytes;
  _strata_compressor_advance (telling->round->compressor, work, bytes, us);

  return _strata_compressor_may_go_on (telling->round->compressor, telling->round->cancellable);
}

/* An error of one session, which leaves it as it is, and the others to be gone on with */
static gboolean
is_of_one_session (const GError *error)
{
  return error->domain == STRATA_ERROR || g_error_matches (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Prepares one target, and gives the result to the running thread. */
static void
encode_target (StrataRound *self,
               guint        index)
{
  const StrataCatalogTarget *target = g_ptr_array_index (self->targets, index);
  Telling telling = { self, { 0, } };
  g_autoptr(GError) error = NULL;
  StrataConversion *conversion =
    _strata_conversion_prepare (self->store, _strata_batch_get_staging (self->batch), target->is_collection, target->key,
                                &self->settings, self->images, note_work, &telling, self->cancellable, &error);

  for (guint i = 0; i < STRATA_N_WORKS; i++)
    {
      guint64 planned = self->work_of_target[index * STRATA_N_WORKS + i];

      _strata_compressor_skip (self->compressor, (StrataWork)i, planned - MIN (planned, telling.done[i]));
    }

  g_mutex_lock (&self->mutex);
  if (conversion != NULL)
    {
      g_queue_push_tail (&self->done, conversion);
      self->done_bytes += conversion->bytes_after;
    }
  else if (error == NULL || is_of_one_session (error))
    _strata_compressor_end_target (self->compressor, error != NULL);
  else if (self->error == NULL)
    {
      self->error = g_steal_pointer (&error);
      self->stops = TRUE;
    }
  if (error != NULL)
    g_info ("“%s” is left as it is: %s", target->key, error->message);
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

/* Returns: the next target, or G_MAXUINT: there is none. With the mutex held */
static guint
take_next (StrataRound *self)
{
  while (!self->stops && (self->done.length >= MAX_DONE || self->done_bytes >= MAX_DONE_BYTES))
    g_cond_wait (&self->changed, &self->mutex);

  return self->stops || self->next >= self->targets->len ? G_MAXUINT : self->next++;
}

static gpointer
encode_worker (gpointer data)
{
  StrataRound *self = data;
  guint index;

  lower_priority ();
  while (_strata_compressor_may_go_on (self->compressor, self->cancellable))
    {
      g_mutex_lock (&self->mutex);
      index = take_next (self);
      g_mutex_unlock (&self->mutex);
      if (index == G_MAXUINT)
        break;
      encode_target (self, index);
    }

  g_mutex_lock (&self->mutex);
  self->n_encoding--;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);

  return NULL;
}

/* Putting in place */

/* What was committed, less what was left out; @all_left: of a commit that came to nothing */
static void
count_committed (StrataRound *self,
                 gboolean     all_left)
{
  g_autoptr(GPtrArray) keys = _strata_batch_take_left_out (self->batch);
  g_autoptr(GHashTable) left = g_hash_table_new (g_str_hash, g_str_equal);
  StrataCompressorCounts counts = { 0, };

  for (guint i = 0; i < keys->len; i++)
    g_hash_table_add (left, g_ptr_array_index (keys, i));

  for (guint i = 0; i < self->pending->len; i++)
    {
      const Pending *pending = &g_array_index (self->pending, Pending, i);

      _strata_compressor_end_target (self->compressor, FALSE);
      if (all_left || g_hash_table_contains (left, pending->key))
        {
          counts.left++;
          continue;
        }
      counts.sessions += pending->is_collection ? 0 : 1;
      counts.collections += pending->is_collection ? 1 : 0;
      counts.bytes_before += pending->bytes_before;
      counts.bytes_after += pending->bytes_after;
      counts.images += pending->n_images;
      counts.frames_kept -= self->settings.undo ? 0 : pending->n_jpegs; /* of those counted when it began */
    }
  _strata_compressor_count (self->compressor, &counts);
  g_array_set_size (self->pending, 0);
  self->pending_bytes = 0;
}

static gpointer
write_kept (StrataCatalog  *catalog,
            gpointer        user_data,
            GError        **error)
{
  gpointer *arguments = user_data;

  return _strata_catalog_note_kept (catalog, arguments[0], arguments[1], error) ? arguments : NULL;
}

/* So that they are not tried each time. Best effort: then they are. */
static void
note_kept (StrataRound *self)
{
  g_autoptr(GPtrArray) kept = _strata_images_take_kept (self->images);
  gpointer arguments[] = { kept, self->image_settings };
  g_autoptr(GError) error = NULL;

  if (kept->len > 0 && _strata_store_with_catalog_as_it_is (self->store, write_kept, arguments, &error) == NULL)
    g_info ("What did not get smaller will be tried again: %s", error->message);
}

/* Where somebody writes for so long that the lock can't be had, it is for another time. */
static gboolean
commit (StrataRound  *self,
        GError      **error)
{
  g_autoptr(GError) commit_error = NULL;
  gboolean ok;

  if (self->pending->len == 0)
    return TRUE;

  ok = _strata_batch_commit (self->batch, &commit_error);
  if (!ok && !g_error_matches (commit_error, STRATA_ERROR, STRATA_ERROR_IN_USE))
    {
      g_propagate_error (error, g_steal_pointer (&commit_error));
      return FALSE;
    }
  count_committed (self, !ok);
  note_kept (self);
  _strata_seam_get ()->mark ("run");

  return TRUE;
}

static gboolean
add_to_batch (StrataRound       *self,
              StrataConversion  *conversion,
              GError           **error)
{
  Pending pending = {
    .key = g_strdup (conversion->manifest->key),
    .is_collection = conversion->manifest->is_collection,
    .bytes_before = conversion->bytes_before,
    .bytes_after = conversion->bytes_after,
    .n_images = conversion->n_images,
    .n_jpegs = conversion->n_jpegs,
  };

  self->pending_bytes += conversion->bytes_after;
  g_array_append_val (self->pending, pending);
  _strata_conversion_commit (conversion, self->batch);

  return (self->pending->len < BATCH_SESSIONS && self->pending_bytes < BATCH_BYTES) || commit (self, error);
}

/* Takes the next conversion, waiting for it a little. %NULL: none yet; @out_ended: none will come */
static StrataConversion *
take_done (StrataRound *self,
           gboolean    *out_ended)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  gint64 until = g_get_monotonic_time () + LOOK_US;
  StrataConversion *conversion;

  while (g_queue_is_empty (&self->done) && self->n_encoding > 0 &&
         g_cond_wait_until (&self->changed, &self->mutex, until))
    ;

  conversion = g_queue_pop_head (&self->done);
  if (conversion != NULL)
    {
      self->done_bytes -= conversion->bytes_after;
      g_cond_broadcast (&self->changed);
    }
  *out_ended = conversion == NULL && self->n_encoding == 0;

  return conversion;
}

/* Puts in place what comes, until nothing comes any more. */
static gboolean
put_in_place (StrataRound  *self,
              GError      **error)
{
  gint64 added_us = 0;
  gboolean ended = FALSE;

  while (!ended)
    {
      StrataConversion *conversion = take_done (self, &ended);
      gint64 now = g_get_monotonic_time ();

      _strata_compressor_look_around (self->compressor);
      if (conversion != NULL)
        {
          added_us = self->pending->len == 0 ? now : added_us;
          if (!add_to_batch (self, conversion, error))
            return FALSE;
        }
      else if ((_strata_compressor_is_held (self->compressor) || now - added_us >= PATIENCE_US) && !commit (self, error))
        return FALSE;
    }

  return commit (self, error);
}

static void
stop_encoders (StrataRound  *self,
               GThread     **threads)
{
  g_mutex_lock (&self->mutex);
  self->stops = TRUE;
  g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
  _strata_compressor_stop (self->compressor);

  for (guint i = 0; i < self->n_threads && threads[i] != NULL; i++)
    g_thread_join (threads[i]);
}

static gboolean
start_encoders (StrataRound  *self,
                GThread     **threads,
                GError      **error)
{
  for (guint i = 0; i < self->n_threads; i++)
    {
      g_mutex_lock (&self->mutex);
      self->n_encoding++;
      g_mutex_unlock (&self->mutex);
      threads[i] = g_thread_try_new ("encode", encode_worker, self, i == 0 ? error : NULL);
      if (threads[i] != NULL)
        continue;

      g_mutex_lock (&self->mutex);
      self->n_encoding--;
      g_mutex_unlock (&self->mutex);
      return i > 0; /* fewer will do */
    }

  return TRUE;
}

static gboolean
convert_targets (StrataRound  *self,
                 GError      **error)
{
  g_autofree GThread **threads = g_new0 (GThread *, self->n_threads);
  StrataConversion *conversion;
  gboolean ok;

  _strata_seam_get ()->mark ("run");
  _strata_compressor_look_around (self->compressor);
  ok = start_encoders (self, threads, error) && put_in_place (self, error);
  stop_encoders (self, threads);
  while ((conversion = g_queue_pop_head (&self->done)) != NULL)
    _strata_conversion_discard (conversion, self->store);

  if (ok && self->error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&self->error));
      ok = FALSE;
    }

  return ok && !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

gboolean
_strata_round_run (StrataRound  *self,
                   GError      **error)
{
  gboolean ok;

  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  g_queue_init (&self->done);
  self->pending = g_array_new (FALSE, FALSE, sizeof (Pending));
  g_array_set_clear_func (self->pending, pending_clear);

  self->keys_of_targets = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->image_settings = g_strdup_printf ("webp %d %d", self->settings.webp_quality, self->settings.webp_method);
  self->images = _strata_images_new (self->store, self->keys_of_targets);
  ok = choose_targets (self, error);
  if (ok && self->targets->len > 0)
    {
      self->batch = _strata_batch_new (self->store, error);
      ok = self->batch != NULL && convert_targets (self, error);
      note_kept (self);
      _strata_compressor_count (self->compressor,
                                &(StrataCompressorCounts) { .images_lossy = _strata_images_get_n_lossy (self->images) });
    }

  g_clear_pointer (&self->batch, _strata_batch_free);
  g_clear_pointer (&self->targets, g_ptr_array_unref);
  g_clear_pointer (&self->images, _strata_images_free);
  g_clear_pointer (&self->keys_of_targets, g_hash_table_unref);
  g_clear_pointer (&self->image_settings, g_free);
  g_clear_pointer (&self->work_of_target, g_free);
  g_clear_pointer (&self->pending, g_array_unref);
  g_clear_error (&self->error);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);

  return ok;
}

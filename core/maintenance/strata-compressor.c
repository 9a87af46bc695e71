/* strata-compressor.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-control-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "base/strata-yield-private.h"
#include "codec/strata-gzip-private.h"
#include "codec/strata-webp-private.h"
#include "json/strata-json-write-private.h"
#include "strata-compressor-private.h"

#define LOCK_PATH "compression.lock"
#define DEFAULT_AGE_DAYS 7
/* libwebp's own: beyond it takes far longer for little */
#define WEBP_METHOD 4
/* No time left is told before this */
#define MIN_ELAPSED 10.0
/* Memory was short less than this ago: it still is */
#define MEMORY_US (60 * G_USEC_PER_SEC)
/* Who cancels it is told that it has ended, if that does not take longer */
#define PATIENCE_US (5 * G_USEC_PER_SEC)

/**
 * StrataCompressor:
 *
 * Makes a store take less: packs the JSON of sessions and collections, the
 * oldest sessions first. What it makes was read back and compared before the
 * old files go to the trash, and can be undone.
 *
 * Encoding threads, one less than there are processors, work with the lowest
 * priority and never hold a lock. The thread that runs it puts in place what
 * they have prepared, a few sessions at a time, each of them atomically. A
 * session that is changed while it is being prepared, or is growing, is left
 * for the next time. What is done is done: after a crash it goes on where it was.
 *
 * It waits by itself while the machine runs on its battery or saves power,
 * unless that is allowed, and while memory is short; and while it is paused.
 *
 * It runs once; to run again, make a new one. Threads: running works on the
 * calling thread, which must not be one that draws, or in the background; everything
 * else may be called from any, settings before it runs. Properties are kept and
 * notified only in the main context that was the thread's default when the object was
 * made, and only while it runs in the background.
 */
struct _StrataCompressor
{
  GObject                 parent_instance;

  /* Set before the run, never changed after */
  StrataStore            *store;
  int                     level;
  StrataImageMode         images;
  guint                   quality;
  gboolean                lossless_png;
  guint                   min_age_days;
  guint                   n_threads;
  StrataYielder          *yielder;

  /* Its main context's own */
  StrataCompressorTold    told;

  /* Guarded by @mutex */
  GMutex                  mutex;
  GCond                   changed;
  gboolean                has_run;
  gboolean                is_undo;
  gboolean                on_battery;
  GPowerProfileMonitor   *power;
  const char             *state;        /* while it does not run */
  gboolean                is_running;
  gboolean                is_paused;
  gboolean                is_cancelled;
  gboolean                stops;        /* something failed: nobody waits for anything */
  guint                   waits;        /* StrataYield */
  gint64                  started_us;
  gint64                  ended_us;
  guint                   n_working;    /* threads, as the time left is told */
  guint64                 targets;
  guint64                 targets_total;
  guint64                 work[STRATA_N_WORKS];
  guint64                 work_total[STRATA_N_WORKS];
  gint64                  work_us[STRATA_N_WORKS];
  StrataCompressorCounts  counts;
};

G_DEFINE_FINAL_TYPE (StrataCompressor, strata_compressor, G_TYPE_OBJECT)

static void
strata_compressor_finalize (GObject *object)
{
  StrataCompressor *self = STRATA_COMPRESSOR (object);

  g_clear_pointer (&self->yielder, _strata_yielder_free);
  g_clear_object (&self->power);
  g_clear_object (&self->store);
  g_main_context_unref (self->told.context);
  g_mutex_clear (&self->mutex);
  g_cond_clear (&self->changed);

  G_OBJECT_CLASS (strata_compressor_parent_class)->finalize (object);
}

static void
strata_compressor_class_init (StrataCompressorClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = strata_compressor_finalize;
  _strata_compressor_class_init_background (G_OBJECT_CLASS (klass));
}

static void
strata_compressor_init (StrataCompressor *self)
{
  g_mutex_init (&self->mutex);
  g_cond_init (&self->changed);
  self->level = STRATA_GZIP_DEFAULT_LEVEL;
  self->images = STRATA_IMAGES_EXACT;
  self->quality = STRATA_WEBP_DEFAULT_QUALITY;
  self->min_age_days = DEFAULT_AGE_DAYS;
  self->yielder = _strata_yielder_new (MEMORY_US);
  self->state = "planned";
  self->told.context = g_main_context_ref_thread_default ();
  self->told.progress.state = self->state;
  self->told.progress.remaining = -1;
}

StrataCompressorTold *
_strata_compressor_get_told (StrataCompressor *self)
{
  return &self->told;
}

/**
 * strata_compressor_new:
 * @store: the store that shall take less
 *
 * Returns: (transfer full): a compressor that has not been run
 */
StrataCompressor *
strata_compressor_new (StrataStore *store)
{
  StrataCompressor *self;

  g_return_val_if_fail (STRATA_IS_STORE (store), NULL);

  self = g_object_new (STRATA_TYPE_COMPRESSOR, NULL);
  self->store = g_object_ref (store);

  return self;
}

/* Settings */

/**
 * strata_compressor_set_level:
 * @level: of gzip, 1 to 12, for JSON; 6 unless this says otherwise; -1 leaves JSON as it is
 *
 * What is packed already is not packed again at another level.
 */
void
strata_compressor_set_level (StrataCompressor *self,
                             int               level)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));
  g_return_if_fail (level == -1 || (level >= 1 && level <= STRATA_GZIP_MAX_LEVEL));

  self->level = level;
}

/**
 * strata_compressor_set_images:
 * @mode: what becomes of JPEG images; unless this says otherwise %STRATA_IMAGES_EXACT,
 *   which leaves them as they are for the time being
 * @quality: of WebP, 0 to 100; 80 unless this says otherwise
 *
 * A WebP is for ever as soon as the trash is cleared away: the bytes of the image are
 * no more then. An image that several sessions use is converted only where all of them
 * are old enough.
 */
void
strata_compressor_set_images (StrataCompressor *self,
                              StrataImageMode   mode,
                              guint             quality)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));
  g_return_if_fail (quality <= 100);

  self->images = mode;
  self->quality = quality;
}

/**
 * strata_compressor_set_lossless_png:
 * @lossless_png: whether a WebP with the very same pixels takes the place of a PNG,
 *   where it is at least 10 % smaller; it does not unless this says so
 */
void
strata_compressor_set_lossless_png (StrataCompressor *self,
                                    gboolean          lossless_png)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  self->lossless_png = lossless_png;
}

/**
 * strata_compressor_set_min_age:
 * @days: sessions that ended less than so many days ago are left alone, 7 unless
 *   this says otherwise; 0: none are
 *
 * One that does not say when it ended counts by its start, one that says neither
 * by when it was written.
 */
void
strata_compressor_set_min_age (StrataCompressor *self,
                               guint             days)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  self->min_age_days = days;
}

/**
 * strata_compressor_set_n_threads:
 * @n_threads: how many encode at the same time; 0, as it is unless this says
 *   otherwise: one less than there are processors
 */
void
strata_compressor_set_n_threads (StrataCompressor *self,
                                 guint             n_threads)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  self->n_threads = n_threads;
}

/* What was asked for to be undone is not waited with. The mutex is held. */
static void
watch (StrataCompressor *self)
{
  gboolean yields = !self->is_undo && !self->on_battery;

  _strata_yielder_watch_battery (self->yielder, yields);
  _strata_yielder_watch_power (self->yielder, yields ? self->power : NULL);
}

/**
 * strata_compressor_set_on_battery:
 * @on_battery: whether it also works while the machine runs on its battery or saves power
 *
 * May be called while it runs, too.
 */
void
strata_compressor_set_on_battery (StrataCompressor *self,
                                  gboolean          on_battery)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  self->on_battery = on_battery;
  watch (self);
}

/**
 * strata_compressor_watch_power:
 * @monitor: (nullable): says whether the machine saves power; without it nobody does
 */
void
strata_compressor_watch_power (StrataCompressor     *self,
                               GPowerProfileMonitor *monitor)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  g_set_object (&self->power, monitor);
  watch (self);
}

/**
 * strata_compressor_watch_memory:
 * @monitor: (nullable): says when memory is short; without it nobody does
 */
void
strata_compressor_watch_memory (StrataCompressor *self,
                                GMemoryMonitor   *monitor)
{
  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  _strata_yielder_watch_memory (self->yielder, monitor);
}

/* Pausing and going on */

/**
 * strata_compressor_pause:
 *
 * What is prepared is still put in place; then it waits until it is resumed.
 */
void
strata_compressor_pause (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  self->is_paused = TRUE;
}

/**
 * strata_compressor_resume:
 *
 * Goes on after a pause. What it waits for by itself, it still waits for.
 */
void
strata_compressor_resume (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  self->is_paused = FALSE;
  g_cond_broadcast (&self->changed);
}

/**
 * strata_compressor_cancel:
 *
 * What is prepared is still put in place. Then the run ends, without an error.
 */
void
strata_compressor_cancel (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  self->is_cancelled = TRUE;
  g_cond_broadcast (&self->changed);
}

gboolean
_strata_compressor_is_held (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  return self->is_paused || self->waits != 0;
}

gboolean
_strata_compressor_may_go_on (StrataCompressor *self,
                              GCancellable     *cancellable)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  /* A cancellable wakes nobody up */
  while ((self->is_paused || self->waits != 0) && !self->is_cancelled && !self->stops &&
         !g_cancellable_is_cancelled (cancellable))
    g_cond_wait_until (&self->changed, &self->mutex, g_get_monotonic_time () + G_USEC_PER_SEC / 5);

  return !self->is_cancelled && !self->stops && !g_cancellable_is_cancelled (cancellable);
}

void
_strata_compressor_stop (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->stops = TRUE;
  g_cond_broadcast (&self->changed);
}

void
_strata_compressor_look_around (StrataCompressor *self)
{
  guint yields = _strata_yielder_look (self->yielder, -1);

  g_mutex_lock (&self->mutex);
  self->waits = yields;
  if (yields == 0)
    g_cond_broadcast (&self->changed);
  g_mutex_unlock (&self->mutex);
}

/* Told by the round */

void
_strata_compressor_plan (StrataCompressor *self,
                         guint64           n_targets,
                         const guint64    *work_bytes)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->targets_total = n_targets;
  for (guint i = 0; i < STRATA_N_WORKS; i++)
    self->work_total[i] = work_bytes[i];
}

void
_strata_compressor_advance (StrataCompressor *self,
                            StrataWork        work,
                            guint64           bytes,
                            gint64            us)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->work[work] = MIN (self->work[work] + bytes, self->work_total[work]);
  self->work_us[work] += us;
}

void
_strata_compressor_skip (StrataCompressor *self,
                         StrataWork        work,
                         guint64           bytes)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->work_total[work] -= MIN (bytes, self->work_total[work] - self->work[work]);
}

void
_strata_compressor_end_target (StrataCompressor *self,
                               gboolean          was_left)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->targets++;
  self->counts.left += was_left ? 1 : 0;
}

void
_strata_compressor_count (StrataCompressor             *self,
                          const StrataCompressorCounts *more)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->counts.sessions += more->sessions;
  self->counts.collections += more->collections;
  self->counts.left += more->left;
  self->counts.images += more->images;
  self->counts.images_lossy += more->images_lossy;
  self->counts.frames_kept += more->frames_kept;
  self->counts.bytes_before += more->bytes_before;
  self->counts.bytes_after += more->bytes_after;
}

/* Asked from anywhere */

/* Each kind of work at its own speed, as far as that is known. */
static double
estimate_remaining (StrataCompressor *self)
{
  double seconds = 0;

  for (guint i = 0; i < STRATA_N_WORKS; i++)
    {
      guint64 left = self->work_total[i] - self->work[i];

      if (left > 0 && self->work[i] == 0)
        return -1;
      if (left > 0)
        seconds += (double)self->work_us[i] / G_USEC_PER_SEC * (double)left / (double)self->work[i];
    }

  return seconds / MAX (self->n_working, 1);
}

/**
 * strata_compressor_get_progress:
 * @out_progress: (out caller-allocates): where it is now
 */
void
strata_compressor_get_progress (StrataCompressor         *self,
                                StrataCompressorProgress *out_progress)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;
  gint64 end;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  end = self->ended_us > 0 ? self->ended_us : g_get_monotonic_time ();
  memset (out_progress, 0, sizeof *out_progress);
  out_progress->state = self->state;
  if (self->is_running)
    out_progress->state = self->is_paused ? "paused" : self->waits != 0 ? "waiting" : "running";
  if (self->is_running && !self->is_paused)
    out_progress->reason = _strata_yield_get_name (self->waits);
  out_progress->sessions = self->targets;
  out_progress->sessions_total = self->targets_total;
  for (guint i = 0; i < STRATA_N_WORKS; i++)
    {
      out_progress->bytes += self->work[i];
      out_progress->bytes_total += self->work_total[i];
    }
  out_progress->elapsed = self->started_us > 0 ? (double)(end - self->started_us) / G_USEC_PER_SEC : 0;
  out_progress->remaining = self->is_running && out_progress->elapsed >= MIN_ELAPSED ? estimate_remaining (self) : -1;
}

/**
 * strata_compressor_get_counts:
 * @out_counts: (out caller-allocates): what was done so far
 */
void
strata_compressor_get_counts (StrataCompressor       *self,
                              StrataCompressorCounts *out_counts)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = NULL;

  g_return_if_fail (STRATA_IS_COMPRESSOR (self));

  locker = g_mutex_locker_new (&self->mutex);
  *out_counts = self->counts;
}

/* One compression per store */

static int
lock_compression (int      dir,
                  GError **error)
{
  int fd = _strata_file_open (dir, LOCK_PATH, O_RDWR | O_CREAT, error);

  if (fd < 0)
    return -1;

  if (_strata_seam_get ()->lock (fd, F_WRLCK) == 0)
    return fd;

  if (errno == EAGAIN || errno == EACCES)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_IN_USE, "This store is being compressed already");
  else
    _strata_file_set_error (error, errno, "lock", LOCK_PATH);
  _strata_file_close (fd);

  return -1;
}

/* Other processes */

static void
append_progress (GString                        *text,
                 const StrataCompressorProgress *progress)
{
  g_string_append_c (text, '{');
  _strata_json_add_string (text, "state", progress->state);
  _strata_json_add_string (text, "reason", progress->reason);
  _strata_json_add_uint (text, "sessions", progress->sessions);
  _strata_json_add_uint (text, "sessions_total", progress->sessions_total);
  _strata_json_add_uint (text, "bytes", progress->bytes);
  _strata_json_add_uint (text, "bytes_total", progress->bytes_total);
  _strata_json_close_object (text);
}

static void
wait_for_end (StrataCompressor *self)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);
  gint64 until = g_get_monotonic_time () + PATIENCE_US;

  while (self->is_running && g_cond_wait_until (&self->changed, &self->mutex, until))
    ;
}

/* A StrataControlFunc */
static char *
answer (const char  *command,
        gpointer     user_data,
        GError     **error)
{
  StrataCompressor *self = user_data;
  StrataCompressorProgress progress;
  g_autoptr(GString) text = g_string_new (NULL);

  if (strcmp (command, "pause") == 0)
    strata_compressor_pause (self);
  else if (strcmp (command, "resume") == 0)
    strata_compressor_resume (self);
  else if (strcmp (command, "cancel") == 0)
    {
      strata_compressor_cancel (self);
      wait_for_end (self);
    }
  else if (strcmp (command, "status") != 0)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A compression can't do that: %s", command);
      return NULL;
    }

  strata_compressor_get_progress (self, &progress);
  append_progress (text, &progress);

  return g_string_free (g_steal_pointer (&text), FALSE);
}

/* Running */

static guint
choose_n_threads (StrataCompressor *self)
{
  return self->n_threads > 0 ? self->n_threads : MAX (g_get_num_processors (), 2) - 1;
}

static void
start (StrataCompressor *self,
       gboolean          undo,
       guint             n_threads)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->is_undo = undo;
  watch (self);
  self->started_us = g_get_monotonic_time ();
  self->n_working = n_threads;
  self->is_running = TRUE;
}

static void
end (StrataCompressor *self,
     gboolean          ok)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&self->mutex);

  self->ended_us = g_get_monotonic_time ();
  self->is_running = FALSE;
  self->state = !ok ? "failed" : self->is_cancelled ? "cancelled" : "complete";
  g_cond_broadcast (&self->changed);
}

static gboolean
run (StrataCompressor   *self,
     gboolean            undo,
     const char *const  *keys,
     GCancellable       *cancellable,
     GError            **error)
{
  StrataRound round = {
    .compressor = self,
    .store = self->store,
    .settings = {
      .undo = undo,
      .level = self->level,
      .jpeg_to_webp = self->images == STRATA_IMAGES_WEBP,
      .png_to_webp = self->lossless_png,
      .webp_quality = (int)self->quality,
      .webp_method = WEBP_METHOD,
    },
    .keys = keys,
    .newest_us = G_MAXINT64,
    .n_threads = choose_n_threads (self),
    .cancellable = cancellable,
  };
  g_autoptr(StrataControl) control = NULL;
  g_autoptr(GError) control_error = NULL;
  int lock_fd;
  gboolean ok;

  g_return_val_if_fail (!self->has_run, FALSE);

  self->has_run = TRUE;
  _strata_seam_get ()->mark ("open");
  if (!undo && self->min_age_days > 0)
    round.newest_us = g_get_real_time () - self->min_age_days * G_TIME_SPAN_DAY;
  lock_fd = lock_compression (_strata_store_get_dir (self->store), error);
  if (lock_fd < 0)
    {
      end (self, FALSE);
      return FALSE;
    }

  start (self, undo, round.n_threads);
  control = _strata_control_listen (_strata_store_get_dir (self->store), "compression", answer, self, &control_error);
  if (control == NULL)
    g_info ("Other processes can't pause this: %s", control_error->message);
  ok = _strata_round_run (&round, error);
  end (self, ok);
  g_clear_pointer (&control, _strata_control_free);
  _strata_file_close (lock_fd);

  return ok;
}

/**
 * strata_compressor_run:
 * @cancellable: (nullable): triggering it stops as a crash would, in good order:
 *   what is complete is in place, and a later run goes on
 *
 * Compresses all that the settings say, on this thread and others.
 *
 * What stops it leaves the store whole: %G_IO_ERROR_NO_SPACE,
 * %G_IO_ERROR_PERMISSION_DENIED, %G_IO_ERROR_CANCELLED, %STRATA_ERROR_IN_USE
 * where another process compresses it. A session that is damaged does not; it is
 * left as it is.
 *
 * Returns: whether it came to the end, or was cancelled with [method@Strata.Compressor.cancel]
 */
gboolean
strata_compressor_run (StrataCompressor  *self,
                       GCancellable      *cancellable,
                       GError           **error)
{
  g_return_val_if_fail (STRATA_IS_COMPRESSOR (self), FALSE);

  return run (self, FALSE, NULL, cancellable, error);
}

/**
 * strata_compressor_undo:
 * @keys: (nullable) (array zero-terminated=1): of the sessions that shall be as they
 *   were before; %NULL: all, and collections
 * @cancellable: (nullable): as with [method@Strata.Compressor.run]
 *
 * Unpacks what was packed, byte for byte. An image that became a WebP comes back as
 * long as the trash has it; see @images_lossy of [struct@Strata.CompressorCounts].
 *
 * Returns: as [method@Strata.Compressor.run] does
 */
gboolean
strata_compressor_undo (StrataCompressor   *self,
                        const char *const  *keys,
                        GCancellable       *cancellable,
                        GError            **error)
{
  g_return_val_if_fail (STRATA_IS_COMPRESSOR (self), FALSE);

  return run (self, TRUE, keys, cancellable, error);
}

static gpointer
count_plain (StrataCatalog  *catalog,
             gpointer        user_data,
             GError        **error)
{
  return _strata_catalog_count_plain (catalog, user_data, error) ? user_data : NULL;
}

/**
 * strata_compressor_count_pending:
 * @store: a store
 * @out_sessions: (out): how many sessions have JSON that could be packed, whatever their age
 *
 * Returns: whether that could be found out
 */
gboolean
strata_compressor_count_pending (StrataStore  *store,
                                 guint64      *out_sessions,
                                 GError      **error)
{
  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);

  return _strata_store_with_catalog (store, count_plain, out_sessions, error) != NULL;
}

/* strata-compressor.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store.h"

G_BEGIN_DECLS

/**
 * StrataCompressorProgress:
 * @state: `planned`, `running`, `paused` (by somebody), `waiting`, `complete`, `cancelled` or `failed`
 * @reason: (nullable): what it waits for: `battery`, `power-saver` or `memory`
 * @sessions: sessions and collections looked at
 * @sessions_total: of so many, 0 while not known
 * @bytes: bytes of them that were worked on
 * @bytes_total: of so many
 * @elapsed: seconds since it began
 * @remaining: seconds of work left, -1 while that can't be said
 *
 * Where a compression is.
 */
typedef struct
{
  const char *state;
  const char *reason;
  guint64     sessions;
  guint64     sessions_total;
  guint64     bytes;
  guint64     bytes_total;
  double      elapsed;
  double      remaining;
} StrataCompressorProgress;

/**
 * StrataCompressorCounts:
 * @sessions: sessions that take less now, or what they did before
 * @collections: the same of collections
 * @left: sessions and collections that were left as they are, since they were changed meanwhile, or are damaged
 * @images: uses of images that have a WebP now, or the original again
 * @images_lossy: when undone: uses of images whose original is no more
 * @frames_kept: uses of JPEG images that are as they were, of sessions old enough
 * @bytes_before: of the files that were replaced
 * @bytes_after: of those in their place
 *
 * What a compression did.
 */
typedef struct
{
  guint64 sessions;
  guint64 collections;
  guint64 left;
  guint64 images;
  guint64 images_lossy;
  guint64 frames_kept;
  guint64 bytes_before;
  guint64 bytes_after;
} StrataCompressorCounts;

/**
 * StrataImageMode:
 * @STRATA_IMAGES_OFF: JPEG images stay as they are
 * @STRATA_IMAGES_EXACT: they may take less as long as each comes back byte for byte
 * @STRATA_IMAGES_WEBP: a WebP that looks alike takes their place, where it is at
 *   least 10 % smaller
 *
 * What becomes of screenshots.
 */
typedef enum
{
  STRATA_IMAGES_OFF,
  STRATA_IMAGES_EXACT,
  STRATA_IMAGES_WEBP,
} StrataImageMode;

#define STRATA_TYPE_COMPRESSOR (strata_compressor_get_type ())

G_DECLARE_FINAL_TYPE (StrataCompressor, strata_compressor, STRATA, COMPRESSOR, GObject)

StrataCompressor *strata_compressor_new             (StrataStore               *store);

void              strata_compressor_set_level       (StrataCompressor          *self,
                                                     int                        level);
void              strata_compressor_set_images      (StrataCompressor          *self,
                                                     StrataImageMode            mode,
                                                     guint                      quality);
void              strata_compressor_set_lossless_png (StrataCompressor         *self,
                                                     gboolean                   lossless_png);
void              strata_compressor_set_min_age     (StrataCompressor          *self,
                                                     guint                      days);
void              strata_compressor_set_n_threads   (StrataCompressor          *self,
                                                     guint                      n_threads);
void              strata_compressor_set_on_battery  (StrataCompressor          *self,
                                                     gboolean                   on_battery);
void              strata_compressor_watch_power     (StrataCompressor          *self,
                                                     GPowerProfileMonitor      *monitor);
void              strata_compressor_watch_memory    (StrataCompressor          *self,
                                                     GMemoryMonitor            *monitor);

gboolean          strata_compressor_run             (StrataCompressor          *self,
                                                     GCancellable              *cancellable,
                                                     GError                   **error);
gboolean          strata_compressor_undo            (StrataCompressor          *self,
                                                     const char *const         *keys,
                                                     GCancellable              *cancellable,
                                                     GError                   **error);

void              strata_compressor_run_async       (StrataCompressor          *self,
                                                     GCancellable              *cancellable,
                                                     GAsyncReadyCallback        callback,
                                                     gpointer                   user_data);
gboolean          strata_compressor_run_finish      (StrataCompressor          *self,
                                                     GAsyncResult              *result,
                                                     GError                   **error);
void              strata_compressor_undo_async      (StrataCompressor          *self,
                                                     const char *const         *keys,
                                                     GCancellable              *cancellable,
                                                     GAsyncReadyCallback        callback,
                                                     gpointer                   user_data);

void              strata_compressor_pause           (StrataCompressor          *self);
void              strata_compressor_resume          (StrataCompressor          *self);
void              strata_compressor_cancel          (StrataCompressor          *self);

void              strata_compressor_get_progress    (StrataCompressor          *self,
                                                     StrataCompressorProgress  *out_progress);
void              strata_compressor_get_counts      (StrataCompressor          *self,
                                                     StrataCompressorCounts    *out_counts);

gboolean          strata_compressor_count_pending   (StrataStore               *store,
                                                     guint64                   *out_sessions,
                                                     GError                   **error);

G_END_DECLS

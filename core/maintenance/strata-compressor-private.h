/* strata-compressor-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-compressor.h"
#include "strata-conversion-images-private.h"

G_BEGIN_DECLS

/* StrataRound is one run of a compressor over its store. The thread that runs it puts
 * in place what the encoding threads have prepared.
 */
typedef struct
{
  /* Set when the run starts, never changed after */
  StrataCompressor         *compressor;
  StrataStore              *store;
  StrataConversionSettings  settings;
  const char *const        *keys;           /* only these; NULL: all that fit */
  gint64                    newest_us;      /* none that ended later; since 1970 */
  guint                     n_threads;
  GCancellable             *cancellable;
  StrataBatch              *batch;          /* only its staging is for all threads */
  GPtrArray                *targets;        /* StrataCatalogTarget */
  guint64                  *work_of_target; /* STRATA_N_WORKS for each */
  GHashTable               *keys_of_targets;
  StrataImages             *images;
  char                     *image_settings; /* as the catalog remembers them */

  /* The running thread's own */
  GArray                   *pending;        /* Pending: in the batch */
  guint64                   pending_bytes;

  /* Guarded by @mutex */
  GMutex                    mutex;
  GCond                     changed;
  guint                     next;           /* target */
  guint                     n_encoding;     /* threads that have not ended */
  GQueue                    done;           /* StrataConversion that wait to be put in place */
  gsize                     done_bytes;
  gboolean                  stops;
  GError                   *error;
} StrataRound;

/* What its properties say. Of one main context only */
typedef struct
{
  GMainContext             *context;        /* set at construction */
  GSource                  *source;         /* while it is active */
  gboolean                  is_active;
  StrataCompressorProgress  progress;
} StrataCompressorTold;

StrataCompressorTold *
         _strata_compressor_get_told (StrataCompressor  *self);
void     _strata_compressor_class_init_background
                                     (GObjectClass      *object_class);

/* In a file of its own: the threads. Returns when all targets are done, or it was stopped. */
gboolean _strata_round_run           (StrataRound       *self,
                                      GError           **error);

/* From the round to the compressor; any thread */
void     _strata_compressor_plan     (StrataCompressor  *self,
                                      guint64            n_targets,
                                      const guint64     *work_bytes);
void     _strata_compressor_advance  (StrataCompressor  *self,
                                      StrataWork         work,
                                      guint64            bytes,
                                      gint64             us);
void     _strata_compressor_end_target (StrataCompressor *self,
                                      gboolean           was_left);
/* Work that turned out not to be there, so that it ends at a hundred per cent */
void     _strata_compressor_skip     (StrataCompressor  *self,
                                      StrataWork         work,
                                      guint64            bytes);
void     _strata_compressor_count    (StrataCompressor  *self,
                                      const StrataCompressorCounts *more);
/* Waits while it is paused. FALSE: it was cancelled, or @cancellable was */
gboolean _strata_compressor_may_go_on (StrataCompressor *self,
                                      GCancellable      *cancellable);
/* Looks whether there is a reason to wait; the running thread, now and then */
void     _strata_compressor_look_around (StrataCompressor *self);
gboolean _strata_compressor_is_held  (StrataCompressor  *self);
/* From now on nobody may go on. */
void     _strata_compressor_stop     (StrataCompressor  *self);

G_END_DECLS

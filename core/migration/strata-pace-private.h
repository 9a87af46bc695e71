/* strata-pace-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Kinds of work that go at different speeds, in the order they are done in */
typedef enum
{
  STRATA_WORK_COPY,         /* the old files are read and the new ones written */
  STRATA_WORK_CHECK_TEXT,   /* sessions and collections are read in both stores */
  STRATA_WORK_CHECK_FILES,  /* attachments are */
  STRATA_N_WORKS,
} StrataWork;

/* StrataPace says how fast work goes and how long it will take. What counts is the
 * time that is worked, not that of pauses. Kinds that have not begun yet are taken to
 * go as fast as they usually do beside the one that is known best.
 *
 * Times are microseconds of a clock that never goes back, work is counted in bytes.
 * Threads: one at a time.
 */
typedef struct
{
  guint64  done[STRATA_N_WORKS];
  guint64  total[STRATA_N_WORKS];
  double   rate[STRATA_N_WORKS];       /* bytes per second, smoothed; 0: not known yet */
  gint64   work_us[STRATA_N_WORKS];    /* worked so far, up to @seen_us */
  StrataWork work;                     /* the one that is done now */
  gboolean runs;
  gint64   seen_us;                    /* up to when time was accounted for */
  gint64   moved_us;                   /* when something was done last */
  guint64  sample_bytes;               /* done of @work when the rate was looked at last */
  gint64   sample_us;                  /* and what had been worked then */
} StrataPace;

void     _strata_pace_init          (StrataPace       *self,
                                     const guint64    *totals);
/* The kinds before it are done. */
void     _strata_pace_begin         (StrataPace       *self,
                                     StrataWork        work,
                                     gint64            now_us);
/* @done: of the kind that is done now, from its beginning; what is less than before counts as no movement */
void     _strata_pace_move          (StrataPace       *self,
                                     guint64           done,
                                     gint64            now_us);
/* A pause begins, or ends. */
void     _strata_pace_hold          (StrataPace       *self,
                                     gint64            now_us);
void     _strata_pace_go_on         (StrataPace       *self,
                                     gint64            now_us);

/* Bytes per second now; 0: not known */
double   _strata_pace_get_rate      (const StrataPace *self);
/* Seconds of work left; -1: that can't be said, as in the first ten seconds */
double   _strata_pace_get_remaining (const StrataPace *self,
                                     gint64            now_us);
/* Of everything, 0 to 1 */
double   _strata_pace_get_fraction  (const StrataPace *self);
/* For how long nothing has moved that should; 0 while it is held */
gint64   _strata_pace_get_idle_us   (const StrataPace *self,
                                     gint64            now_us);

G_END_DECLS

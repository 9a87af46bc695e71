/* strata-pace.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "strata-pace-private.h"

/* Nothing is foretold before so much was worked */
#define MIN_US (10 * G_USEC_PER_SEC)
/* How often the speed is looked at, and how long it takes until a new one counts for two thirds */
#define SAMPLE_US (G_USEC_PER_SEC / 2)
#define SMOOTH_SECONDS 8.0

/* How long a byte of each kind takes beside the others, measured on stores of text and of pictures: only
 * for kinds that were not seen yet.
 */
static const double usual_cost[STRATA_N_WORKS] = { 1.0, 0.8, 0.5 };

void
_strata_pace_init (StrataPace    *self,
                   const guint64 *totals)
{
  memset (self, 0, sizeof *self);
  for (guint i = 0; i < STRATA_N_WORKS; i++)
    self->total[i] = totals[i];
}

static void
account (StrataPace *self,
         gint64      now_us)
{
  if (self->runs)
    self->work_us[self->work] += MAX (now_us - self->seen_us, 0);
  self->seen_us = now_us;
}

static void
look_at_rate (StrataPace *self)
{
  gint64 us = self->work_us[self->work] - self->sample_us;
  double seconds = (double)us / G_USEC_PER_SEC;
  double rate, weight;

  if (us < SAMPLE_US)
    return;

  rate = (double)(self->done[self->work] - self->sample_bytes) / seconds;
  weight = self->rate[self->work] > 0 ? 1.0 - exp (-seconds / SMOOTH_SECONDS) : 1.0;
  self->rate[self->work] += weight * (rate - self->rate[self->work]);
  self->sample_bytes = self->done[self->work];
  self->sample_us = self->work_us[self->work];
}

void
_strata_pace_begin (StrataPace *self,
                    StrataWork  work,
                    gint64      now_us)
{
  account (self, now_us);
  for (guint i = 0; i < work; i++)
    self->done[i] = self->total[i];
  self->work = work;
  self->runs = TRUE;
  self->moved_us = now_us;
  self->sample_bytes = self->done[work];
  self->sample_us = self->work_us[work];
}

void
_strata_pace_move (StrataPace *self,
                   guint64     done,
                   gint64      now_us)
{
  account (self, now_us);
  if (done > self->done[self->work])
    {
      self->done[self->work] = done;
      self->moved_us = now_us;
    }
  look_at_rate (self);
}

void
_strata_pace_hold (StrataPace *self,
                   gint64      now_us)
{
  account (self, now_us);
  self->runs = FALSE;
}

void
_strata_pace_go_on (StrataPace *self,
                    gint64      now_us)
{
  account (self, now_us);
  self->runs = TRUE;
  self->moved_us = now_us;
}

double
_strata_pace_get_rate (const StrataPace *self)
{
  return self->rate[self->work];
}

/* Seconds a byte of that kind takes; 0: nothing is known */
static double
get_cost (const StrataPace *self,
          guint             work)
{
  if (self->done[work] > 0 && self->rate[work] > 0)
    return 1.0 / self->rate[work];

  for (guint i = 0; i < STRATA_N_WORKS; i++)
    if (self->rate[i] > 0)
      return usual_cost[work] / usual_cost[i] / self->rate[i];

  return 0;
}

static guint64
get_left (const StrataPace *self,
          guint             work)
{
  return self->total[work] - MIN (self->done[work], self->total[work]);
}

double
_strata_pace_get_remaining (const StrataPace *self,
                            gint64            now_us)
{
  gint64 worked_us = self->runs ? MAX (now_us - self->seen_us, 0) : 0;
  double seconds = 0;

  for (guint i = 0; i < STRATA_N_WORKS; i++)
    worked_us += self->work_us[i];
  if (worked_us < MIN_US)
    return -1;

  for (guint i = self->work; i < STRATA_N_WORKS; i++)
    {
      double cost = get_left (self, i) > 0 ? get_cost (self, i) : 0;

      if (get_left (self, i) > 0 && cost <= 0)
        return -1;
      seconds += cost * (double)get_left (self, i);
    }

  return seconds;
}

double
_strata_pace_get_fraction (const StrataPace *self)
{
  double done = 0, total = 0;

  for (guint i = 0; i < STRATA_N_WORKS; i++)
    {
      done += usual_cost[i] * (double)MIN (self->done[i], self->total[i]);
      total += usual_cost[i] * (double)self->total[i];
    }

  return total > 0 ? done / total : 0;
}

gint64
_strata_pace_get_idle_us (const StrataPace *self,
                          gint64            now_us)
{
  return self->runs ? MAX (now_us - self->moved_us, 0) : 0;
}

/* legacy-random.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/**
 * LegacyRandom:
 *
 * A splitmix64 stream. Every part of a store draws from a stream of its own,
 * so that no part depends on how many others there are.
 */
typedef struct
{
  guint64 state;
} LegacyRandom;

static inline guint64
legacy_random_mix (guint64 value)
{
  value = (value ^ (value >> 30)) * G_GUINT64_CONSTANT (0xbf58476d1ce4e5b9);
  value = (value ^ (value >> 27)) * G_GUINT64_CONSTANT (0x94d049bb133111eb);

  return value ^ (value >> 31);
}

static inline guint64
legacy_random_next (LegacyRandom *self)
{
  self->state += G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  return legacy_random_mix (self->state);
}

/* The stream of item @index of kind @kind in group @group. */
static inline void
legacy_random_init (LegacyRandom *self,
                    guint64       seed,
                    guint64       group,
                    guint32       kind,
                    guint64       index)
{
  self->state = legacy_random_mix (seed + G_GUINT64_CONSTANT (0x9e3779b97f4a7c15));
  self->state = legacy_random_mix (self->state ^ (group + 1));
  self->state = legacy_random_mix (self->state ^ (((guint64) kind << 40) + index + 1));
}

static inline guint32
legacy_random_below (LegacyRandom *self,
                     guint32       limit)
{
  return (guint32) (((legacy_random_next (self) >> 32) * limit) >> 32);
}

static inline guint32
legacy_random_between (LegacyRandom *self,
                       guint32       low,
                       guint32       high)
{
  return low + legacy_random_below (self, high - low + 1);
}

static inline gboolean
legacy_random_one_in (LegacyRandom *self,
                      guint32       chances)
{
  return legacy_random_below (self, chances) == 0;
}

/* One of the elements of an array whose length the compiler knows. */
#define LEGACY_PICK(random, table) ((table)[legacy_random_below ((random), G_N_ELEMENTS (table))])

G_END_DECLS

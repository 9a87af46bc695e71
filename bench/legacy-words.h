/* legacy-words.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-json.h"
#include "legacy-random.h"

G_BEGIN_DECLS

/**
 * LegacyWords:
 *
 * One section of the word list: each word in the shapes it is written in, and
 * a way to draw one as often as it stands in the sample.
 */
typedef struct
{
  /* for sampling, one entry a word (Walker's alias method) */
  guint32        *thresholds;
  guint32        *aliases;
  guint           n_words;

  /* the word itself, after a space, and at the beginning of a sentence */
  LegacyFragment *bare;
  LegacyFragment *spaced;
  LegacyFragment *capital;
  char          **raw;

  /* the words that could be part of a program's identifier */
  guint          *names;
  guint           n_names;

  GStringChunk   *chunk;
} LegacyWords;

LegacyWords *legacy_words_new  (const char  *list,
                                const char  *section);
void         legacy_words_free (LegacyWords *self);

static inline guint
legacy_words_draw (const LegacyWords *self,
                   LegacyRandom      *random)
{
  guint64 bits = legacy_random_next (random);
  guint column = (guint) (((bits & G_MAXUINT32) * self->n_words) >> 32);
  guint choices[] = { self->aliases[column], column };

  /* Not a branch: nothing could foretell it. */
  return choices[(bits >> 32) < self->thresholds[column]];
}

static inline guint
legacy_words_draw_name (const LegacyWords *self,
                        LegacyRandom      *random)
{
  return self->names[legacy_random_below (random, self->n_names)];
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (LegacyWords, legacy_words_free)

G_END_DECLS

/* legacy-fragment.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* That many bytes may be read of a text at least, whatever its length. */
#define LEGACY_FRAGMENT_STRIDE 16

/**
 * LegacyFragment:
 * @hash: the checksum of the text alone
 * @factor: 31 to the power of its UTF-16 length
 * @plain_length: how long it is as it stands inside a JSON string
 * @escaped_length: how long it is when that string stands inside another
 * @is_inline: whether it is short and the same in both
 *
 * A piece of text made ready once and then written very often: writing it is
 * one copy, and adding it to the checksum one multiplication. Nearly all are
 * words that fit in here, so that a word is one cache line and not two; that
 * is what generating mostly waits for.
 */
typedef struct
{
  guint32 hash;
  guint32 factor;
  guint16 plain_length;
  guint16 escaped_length;
  guint32 is_inline;
  union
  {
    char text[LEGACY_FRAGMENT_STRIDE];
    struct
    {
      const char *plain;
      const char *escaped;
    };
  };
} LegacyFragment;

void legacy_fragment_init         (LegacyFragment *self,
                                   GStringChunk   *chunk,
                                   const char     *text,
                                   gsize           length);
void legacy_fragment_init_spelled (LegacyFragment *self,
                                   GStringChunk   *chunk,
                                   const char     *plain);

static inline const char *
legacy_fragment_get_plain (const LegacyFragment *self)
{
  return self->is_inline ? self->text : self->plain;
}

static inline const char *
legacy_fragment_get_escaped (const LegacyFragment *self)
{
  return self->is_inline ? self->text : self->escaped;
}

G_END_DECLS

/* strata-text-checksum.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-text-checksum-private.h"

/* Powers of 31 in 32 bits */
#define POWER_2  961u
#define POWER_4  923521u
#define POWER_8  2487512833u /* 31^8 mod 2^32 */
#define POWER_16 (POWER_8 * POWER_8)

#define HIGH_BITS G_GUINT64_CONSTANT (0x8080808080808080)

/* The checksum of eight ASCII characters, the first in the lowest byte. Done
 * as a tree: bytes to pairs to fours, all of a level in one multiplication;
 * no lane can overflow before the last step, which wraps as it should. Taking
 * them one after the other waits for a multiplication at each.
 */
static inline guint32
hash_eight (guint64 bytes)
{
  guint64 pairs = (bytes & G_GUINT64_CONSTANT (0x00ff00ff00ff00ff)) * 31 +
                  (bytes >> 8 & G_GUINT64_CONSTANT (0x00ff00ff00ff00ff));
  guint64 fours = (pairs & G_GUINT64_CONSTANT (0x0000ffff0000ffff)) * POWER_2 +
                  (pairs >> 16 & G_GUINT64_CONSTANT (0x0000ffff0000ffff));

  return (guint32)fours * POWER_4 + (guint32)(fours >> 32);
}

static inline guint64
load_eight (const guint8 *text)
{
  guint64 bytes;

  memcpy (&bytes, text, sizeof bytes);

  return GUINT64_FROM_LE (bytes);
}

/* Takes ASCII, sixteen characters at a time. Returns: where it stopped */
static const guint8 *
hash_ascii (guint32      *inout_hash,
            const guint8 *text,
            const guint8 *end)
{
  guint32 hash = *inout_hash;

  while (end - text >= 16)
    {
      guint64 first = load_eight (text);
      guint64 second = load_eight (text + 8);

      if (((first | second) & HIGH_BITS) != 0)
        break;

      hash = hash * POWER_16 + (hash_eight (first) * POWER_8 + hash_eight (second));
      text += 16;
    }

  *inout_hash = hash;

  return text;
}

static inline void
add_unit (StrataTextChecksum *self,
          guint32             unit)
{
  self->hash = self->hash * 31 + unit;
}

static void
add_character (StrataTextChecksum *self)
{
  if (self->character < 0x10000)
    {
      add_unit (self, self->character);
      return;
    }

  add_unit (self, 0xd800 + ((self->character - 0x10000) >> 10));
  add_unit (self, 0xdc00 + (self->character & 0x3ff));
}

/* One byte of UTF-8. What is none gives some number, never a fault: the reader
 * behind refuses such text.
 */
static void
add_byte (StrataTextChecksum *self,
          guint8              byte)
{
  if (byte < 0x80)
    add_unit (self, byte);
  else if (byte >= 0xc0)
    {
      self->bytes_missing = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1;
      self->character = byte & (0x3fu >> self->bytes_missing);
    }
  else if (self->bytes_missing > 0)
    {
      self->character = self->character << 6 | (byte & 0x3f);
      if (--self->bytes_missing == 0)
        add_character (self);
    }
}

void
_strata_text_checksum_update (StrataTextChecksum *self,
                              const void         *text,
                              gsize               size)
{
  const guint8 *next = text;
  const guint8 *end = next + size;

  while (next < end)
    {
      const guint8 *block_end;

      next = hash_ascii (&self->hash, next, end);

      /* The block that is not all ASCII, and the rest of its last character */
      block_end = end - next > 16 ? next + 16 : end;
      while (next < block_end || (next < end && *next >= 0x80))
        add_byte (self, *next++);
    }
}

/* A line break in JSON text always stands between tokens: within strings it is escaped. */
void
_strata_text_checksum_update_indented (StrataTextChecksum *self,
                                       const void         *text,
                                       gsize               size,
                                       guint               indentation)
{
  const char *next = text;
  const char *end = next + size;

  while (next < end)
    {
      const char *line_end;

      for (; self->spaces_missing > 0 && next < end && *next == ' '; next++)
        self->spaces_missing--;
      if (next == end)
        return;

      line_end = memchr (next, '\n', (gsize)(end - next));
      self->spaces_missing = line_end != NULL ? indentation : 0;
      line_end = line_end != NULL ? line_end + 1 : end;
      _strata_text_checksum_update (self, next, (gsize)(line_end - next));
      next = line_end;
    }
}

char *
_strata_text_checksum_dup_text (const StrataTextChecksum *self)
{
  gint64 value = (gint32)self->hash;
  guint64 left = (guint64)ABS (value);
  char digits[16];
  char *next = digits + sizeof digits;

  *--next = '\0';
  do
    {
      *--next = "0123456789abcdefghijklmnopqrstuvwxyz"[left % 36];
      left /= 36;
    }
  while (left > 0);
  if (value < 0)
    *--next = '-';

  return g_strdup (next);
}

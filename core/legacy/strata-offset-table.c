/* strata-offset-table.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-offset-table-private.h"

/* So many entries share a starting point: to find one, at most as many are added up. */
#define ENTRIES_PER_BLOCK 64

#define MORE_BYTES 0x80 /* in a byte of a distance: another follows */

typedef struct
{
  guint64 offset;  /* of the block's first entry */
  gsize   begin;   /* where the distances of the others begin */
} Block;

struct _StrataOffsetTable
{
  GArray     *blocks;     /* Block */
  GByteArray *distances;
  guint32     length;
  guint64     last;
};

StrataOffsetTable *
_strata_offset_table_new (void)
{
  StrataOffsetTable *self = g_new0 (StrataOffsetTable, 1);

  self->blocks = g_array_new (FALSE, FALSE, sizeof (Block));
  self->distances = g_byte_array_new ();

  return self;
}

void
_strata_offset_table_free (StrataOffsetTable *self)
{
  g_array_unref (self->blocks);
  g_byte_array_unref (self->distances);
  g_free (self);
}

static void
append_distance (GByteArray *bytes,
                 guint64     distance)
{
  guint8 encoded[10];
  guint n = 0;

  while (distance >= MORE_BYTES)
    {
      encoded[n++] = (guint8)(distance | MORE_BYTES);
      distance >>= 7;
    }
  encoded[n++] = (guint8)distance;
  g_byte_array_append (bytes, encoded, n);
}

void
_strata_offset_table_append (StrataOffsetTable *self,
                             guint64            offset)
{
  g_assert (offset >= self->last && self->length < G_MAXUINT32);

  if (self->length % ENTRIES_PER_BLOCK == 0)
    {
      Block block = { .offset = offset, .begin = self->distances->len };

      g_array_append_val (self->blocks, block);
    }
  else
    append_distance (self->distances, offset - self->last);

  self->length++;
  self->last = offset;
}

void
_strata_offset_table_clear (StrataOffsetTable *self)
{
  g_array_set_size (self->blocks, 0);
  g_byte_array_set_size (self->distances, 0);
  self->length = 0;
  self->last = 0;
}

guint32
_strata_offset_table_get_length (const StrataOffsetTable *self)
{
  return self->length;
}

static const Block *
get_block (const StrataOffsetTable *self,
           guint32                  i)
{
  return &g_array_index (self->blocks, Block, i);
}

static guint64
read_distance (const guint8 **next)
{
  guint64 distance = 0;
  guint shift = 0;

  do
    {
      distance |= (guint64)(**next & ~MORE_BYTES) << shift;
      shift += 7;
    }
  while (*(*next)++ & MORE_BYTES);

  return distance;
}

guint64
_strata_offset_table_get (const StrataOffsetTable *self,
                          guint32                  index)
{
  const Block *block;
  const guint8 *next;
  guint64 offset;

  g_assert (index < self->length);

  block = get_block (self, index / ENTRIES_PER_BLOCK);
  offset = block->offset;
  /* There may be no distances at all yet */
  if (index % ENTRIES_PER_BLOCK == 0)
    return offset;

  next = self->distances->data + block->begin;
  for (guint32 i = index % ENTRIES_PER_BLOCK; i > 0; i--)
    offset += read_distance (&next);

  return offset;
}

guint32
_strata_offset_table_count_below (const StrataOffsetTable *self,
                                  guint64                  offset)
{
  guint32 low = 0, high = self->blocks->len;
  const guint8 *next;
  guint64 entry;
  guint32 count, end;

  /* To the last block that begins before @offset */
  while (low < high)
    {
      guint32 middle = low + (high - low) / 2;

      if (get_block (self, middle)->offset < offset)
        low = middle + 1;
      else
        high = middle;
    }
  if (low == 0)
    return 0;

  count = (low - 1) * ENTRIES_PER_BLOCK + 1;
  end = MIN (self->length, low * ENTRIES_PER_BLOCK);
  if (count >= end)
    return count;

  entry = get_block (self, low - 1)->offset;
  next = self->distances->data + get_block (self, low - 1)->begin;
  for (; count < end; count++)
    {
      entry += read_distance (&next);
      if (entry >= offset)
        break;
    }

  return count;
}

gsize
_strata_offset_table_get_memory (const StrataOffsetTable *self)
{
  return self->distances->len + self->blocks->len * sizeof (Block);
}

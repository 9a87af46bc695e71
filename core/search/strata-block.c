/* strata-block.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-block-private.h"

/* What is said of a moment's time */
typedef enum
{
  TIME_UNKNOWN,
  TIME_IS_TIME,
  TIME_IS_OFFSET,
} TimeForm;

StrataBlock *
_strata_block_new (void)
{
  StrataBlock *self = g_new (StrataBlock, 1);

  self->moments = g_array_new (FALSE, FALSE, sizeof (StrataBlockMoment));
  self->sections = g_array_new (FALSE, FALSE, sizeof (StrataBlockSection));

  return self;
}

void
_strata_block_free (StrataBlock *self)
{
  g_array_unref (self->moments);
  g_array_unref (self->sections);
  g_free (self);
}

void
_strata_block_clear (StrataBlock *self)
{
  g_array_set_size (self->moments, 0);
  g_array_set_size (self->sections, 0);
}

/* Seven bits a byte, the lowest first; the high bit says that more follow */
static void
put_number (GByteArray *out,
            guint64     number)
{
  do
    {
      guint8 byte = (guint8)(number & 0x7f) | (number > 0x7f ? 0x80 : 0);

      g_byte_array_append (out, &byte, 1);
      number >>= 7;
    }
  while (number > 0);
}

/* Small numbers of either sign stay short */
static void
put_signed (GByteArray *out,
            gint64      number)
{
  put_number (out, ((guint64)number << 1) ^ (guint64)(number >> 63));
}

static void
encode_moment (const StrataBlock       *self,
               const StrataBlockMoment *moment,
               const StrataBlockMoment *before,
               GByteArray              *out)
{
  TimeForm form = moment->time_ms != STRATA_TIME_NONE ? TIME_IS_TIME
                                                      : moment->offset_ms != STRATA_TIME_NONE ? TIME_IS_OFFSET : TIME_UNKNOWN;
  gint64 time = form == TIME_IS_TIME ? moment->time_ms : form == TIME_IS_OFFSET ? moment->offset_ms : 0;
  gint64 time_before = before != NULL && before->time_ms != STRATA_TIME_NONE && form == TIME_IS_TIME ? before->time_ms : 0;
  guint64 place_before = before != NULL && before->part == moment->part ? before->place : 0;
  guint position = moment->start;

  put_number (out, (guint64)moment->kind << 2 | form);
  put_number (out, moment->part == STRATA_PART_SMALL ? 0 : (guint64)moment->part + 1);
  put_signed (out, (gint64)(moment->place - place_before));
  if (form != TIME_UNKNOWN)
    put_signed (out, time - time_before);
  put_number (out, moment->id != NULL ? moment->id_length + 1 : 0);
  if (moment->id != NULL)
    g_byte_array_append (out, (const guint8 *)moment->id, (guint)moment->id_length);

  put_number (out, moment->n_sections);
  for (guint i = 0; i < moment->n_sections; i++)
    {
      const StrataBlockSection *section = &g_array_index (self->sections, StrataBlockSection, moment->first_section + i);

      put_number (out, (guint64)(section->start - position) << 2 | section->weight);
      position = section->start;
    }
  put_number (out, moment->end - position);
}

void
_strata_block_encode (StrataBlock *self,
                      GByteArray  *out)
{
  G_STATIC_ASSERT (STRATA_N_WEIGHTS <= 4);
  const StrataBlockMoment *before = NULL;

  put_number (out, self->moments->len);
  for (guint i = 0; i < self->moments->len; i++)
    {
      const StrataBlockMoment *moment = &g_array_index (self->moments, StrataBlockMoment, i);

      encode_moment (self, moment, before, out);
      before = moment;
    }
}

typedef struct
{
  const guint8 *p;
  const guint8 *end;
  gboolean      ok;
} Bytes;

static guint64
take_number (Bytes *bytes)
{
  guint64 number = 0;

  for (guint shift = 0; shift < 64 && bytes->p < bytes->end; shift += 7)
    {
      guint8 byte = *bytes->p++;

      number |= (guint64)(byte & 0x7f) << shift;
      if ((byte & 0x80) == 0)
        return number;
    }
  bytes->ok = FALSE;

  return 0;
}

static gint64
take_signed (Bytes *bytes)
{
  guint64 number = take_number (bytes);

  return (gint64)(number >> 1) ^ -(gint64)(number & 1);
}

static void
take_id (Bytes             *bytes,
         StrataBlockMoment *moment)
{
  guint64 length = take_number (bytes);

  moment->id = NULL;
  moment->id_length = 0;
  if (length == 0)
    return;

  if (length - 1 > (guint64)(bytes->end - bytes->p))
    {
      bytes->ok = FALSE;
      return;
    }
  moment->id = (const char *)bytes->p;
  moment->id_length = (gsize)length - 1;
  bytes->p += moment->id_length;
}

static void
decode_moment (StrataBlock             *self,
               Bytes                   *bytes,
               const StrataBlockMoment *before,
               guint                    position,
               StrataBlockMoment       *moment)
{
  guint64 head = take_number (bytes);
  guint64 part = take_number (bytes);
  gint64 place = take_signed (bytes);
  TimeForm form = head & 3;

  moment->kind = (StrataKind)(head >> 2);
  moment->part = part == 0 ? STRATA_PART_SMALL : (guint)part - 1;
  moment->place = (guint64)place + (before != NULL && before->part == moment->part ? before->place : 0);
  moment->time_ms = STRATA_TIME_NONE;
  moment->offset_ms = STRATA_TIME_NONE;
  if (form == TIME_IS_TIME)
    moment->time_ms = take_signed (bytes) + (before != NULL && before->time_ms != STRATA_TIME_NONE ? before->time_ms : 0);
  else if (form == TIME_IS_OFFSET)
    moment->offset_ms = take_signed (bytes);
  take_id (bytes, moment);

  moment->start = position;
  moment->first_section = self->sections->len;
  moment->n_sections = (guint)take_number (bytes);
  for (guint i = 0; i < moment->n_sections && bytes->ok; i++)
    {
      guint64 number = take_number (bytes);
      StrataBlockSection section = { (StrataWeight)(number & 3), position + (guint)(number >> 2) };

      position = section.start;
      g_array_append_val (self->sections, section);
    }
  moment->end = position + (guint)take_number (bytes);
}

gboolean
_strata_block_decode (StrataBlock  *self,
                      const guint8 *data,
                      gsize         size)
{
  Bytes bytes = { data, data != NULL ? data + size : NULL, TRUE };
  guint64 n_moments = take_number (&bytes);
  guint position = 0;

  _strata_block_clear (self);
  for (guint64 i = 0; i < n_moments && bytes.ok; i++)
    {
      const StrataBlockMoment *before = i > 0 ? &g_array_index (self->moments, StrataBlockMoment, i - 1) : NULL;
      StrataBlockMoment moment;

      decode_moment (self, &bytes, before, position, &moment);
      bytes.ok = bytes.ok && moment.kind < STRATA_N_KINDS && moment.end >= moment.start;
      position = moment.end;
      g_array_append_val (self->moments, moment);
    }

  return bytes.ok && bytes.p == bytes.end;
}

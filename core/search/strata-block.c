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

/* Beside it: the moment is of another piece than the one before */
#define OTHER_PIECE 4

static void
moment_clear (gpointer data)
{
  g_free (((StrataBlockMoment *)data)->id);
}

StrataBlock *
_strata_block_new (void)
{
  StrataBlock *self = g_new0 (StrataBlock, 1);

  self->moments = g_array_new (FALSE, FALSE, sizeof (StrataBlockMoment));
  g_array_set_clear_func (self->moments, moment_clear);
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
  self->end = 0;
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

/* Most ids are `<ms>-<9 of 0-9 a-z>`, the milliseconds those of the moment or near
 * them: 8 bytes then instead of 23.
 */
typedef enum
{
  ID_NONE,
  ID_PACKED,
  ID_AS_IT_IS,   /* and above: its length added */
} IdForm;

#define MS_DIGITS 13
#define MAX_TAIL  12

static int
get_digit (char c)
{
  return c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'z' ? c - 'a' + 10 : -1;
}

/* Whether an id has that form; then its two numbers, and the length of the second. */
static gboolean
split_id (const char *id,
          gsize       length,
          guint64    *out_ms,
          guint64    *out_tail,
          guint      *out_tail_length)
{
  *out_ms = *out_tail = 0;
  *out_tail_length = (guint)(length - MS_DIGITS - 1);
  if (length < MS_DIGITS + 2 || length > MS_DIGITS + 1 + MAX_TAIL || id[0] == '0' || id[MS_DIGITS] != '-')
    return FALSE;

  for (guint i = 0; i < MS_DIGITS; i++)
    {
      if (!g_ascii_isdigit (id[i]))
        return FALSE;
      *out_ms = *out_ms * 10 + (guint64)(id[i] - '0');
    }
  for (gsize i = MS_DIGITS + 1; i < length; i++)
    {
      if (get_digit (id[i]) < 0)
        return FALSE;
      *out_tail = *out_tail * 36 + (guint64)get_digit (id[i]);
    }

  return TRUE;
}

static void
put_id (GByteArray              *out,
        const StrataBlockMoment *moment)
{
  gsize length = moment->id != NULL ? strlen (moment->id) : 0;
  guint64 ms, tail;
  guint tail_length;

  if (moment->id == NULL)
    put_number (out, ID_NONE);
  else if (split_id (moment->id, length, &ms, &tail, &tail_length))
    {
      put_number (out, ID_PACKED);
      put_signed (out, (gint64)ms - (moment->time_ms != STRATA_TIME_NONE ? moment->time_ms : 0));
      put_number (out, tail_length);
      put_number (out, tail);
    }
  else
    {
      put_number (out, ID_AS_IT_IS + length);
      g_byte_array_append (out, (const guint8 *)moment->id, (guint)length);
    }
}

static void
encode_moment (const StrataBlockMoment *moment,
               const StrataBlockMoment *before,
               GByteArray              *out)
{
  TimeForm form = moment->time_ms != STRATA_TIME_NONE ? TIME_IS_TIME
                                                      : moment->offset_ms != STRATA_TIME_NONE ? TIME_IS_OFFSET : TIME_UNKNOWN;
  gint64 time = form == TIME_IS_TIME ? moment->time_ms : form == TIME_IS_OFFSET ? moment->offset_ms : 0;
  gint64 time_before = before != NULL && before->time_ms != STRATA_TIME_NONE && form == TIME_IS_TIME ? before->time_ms : 0;
  guint piece_before = before != NULL ? before->piece : 0;
  guint64 place_before = before != NULL && moment->piece == piece_before ? before->place : 0;

  put_number (out, (guint64)moment->kind << 3 | (moment->piece != piece_before ? OTHER_PIECE : 0) | form);
  if (moment->piece != piece_before)
    put_number (out, moment->piece - piece_before);
  put_signed (out, (gint64)(moment->place - place_before));
  if (form != TIME_UNKNOWN)
    put_signed (out, time - time_before);
  put_id (out, moment);
}

void
_strata_block_encode_details (StrataBlock *self,
                              GByteArray  *out)
{
  const StrataBlockMoment *before = NULL;

  put_number (out, self->moments->len);
  for (guint i = 0; i < self->moments->len; i++)
    {
      const StrataBlockMoment *moment = &g_array_index (self->moments, StrataBlockMoment, i);

      encode_moment (moment, before, out);
      before = moment;
    }
}

static void
put_place (GByteArray   *out,
           guint         position,
           guint         kind,
           StrataWeight  weight,
           gboolean      is_first)
{
  guint32 place = GUINT32_TO_LE (position << 8 | kind << 4 | weight << 1 | (is_first ? 1 : 0));

  g_byte_array_append (out, (const guint8 *)&place, sizeof place);
}

void
_strata_block_encode_places (StrataBlock *self,
                             GByteArray  *out)
{
  G_STATIC_ASSERT (STRATA_N_WEIGHTS <= 4);
  G_STATIC_ASSERT (STRATA_N_KINDS <= 16);

  g_assert (self->end < 1u << 24);
  for (guint i = 0; i < self->moments->len; i++)
    {
      const StrataBlockMoment *moment = &g_array_index (self->moments, StrataBlockMoment, i);

      for (guint j = 0; j < moment->n_sections; j++)
        {
          const StrataBlockSection *section = &g_array_index (self->sections, StrataBlockSection, moment->first_section + j);

          put_place (out, section->start, moment->kind, section->weight, j == 0);
        }
    }
  put_place (out, self->end, 0, 0, TRUE);
}

/* Positions never go back, and the end ends them. */
gboolean
_strata_block_decode_places (GArray       *places,
                             const guint8 *data,
                             gsize         size)
{
  guint32 *numbers;
  guint n = (guint)(size / sizeof (guint32));

  if (data == NULL || n == 0 || size % sizeof (guint32) != 0)
    return FALSE;

  g_array_set_size (places, n);
  memcpy (places->data, data, size);
  numbers = (guint32 *)(void *)places->data;
  for (guint i = 0; i < n; i++)
    {
      numbers[i] = GUINT32_FROM_LE (numbers[i]);
      if (STRATA_PLACE_GET_KIND (numbers[i]) >= STRATA_N_KINDS ||
          (i > 0 && STRATA_PLACE_GET_POSITION (numbers[i]) < STRATA_PLACE_GET_POSITION (numbers[i - 1])))
        return FALSE;
    }

  return STRATA_PLACE_IS_FIRST (numbers[0]) && STRATA_PLACE_IS_FIRST (numbers[n - 1]);
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

/* Makes the id anew that was packed. */
static char *
unpack_id (Bytes                   *bytes,
           const StrataBlockMoment *moment)
{
  gint64 ms = take_signed (bytes) + (moment->time_ms != STRATA_TIME_NONE ? moment->time_ms : 0);
  guint64 tail_length = take_number (bytes);
  guint64 tail = take_number (bytes);
  char text[MS_DIGITS + 1 + MAX_TAIL + 1] = { 0 };

  if (!bytes->ok || ms < 0 || tail_length > MAX_TAIL)
    {
      bytes->ok = FALSE;
      return NULL;
    }

  g_snprintf (text, sizeof text, "%0*" G_GINT64_FORMAT "-", MS_DIGITS, ms);
  for (guint64 i = tail_length; i-- > 0; tail /= 36)
    text[MS_DIGITS + 1 + i] = "0123456789abcdefghijklmnopqrstuvwxyz"[tail % 36];

  return g_strdup (text);
}

/* @is_wanted: FALSE passes over it */
static char *
take_id (Bytes                   *bytes,
         const StrataBlockMoment *moment,
         gboolean                 is_wanted)
{
  guint64 form = take_number (bytes);
  char *id;

  if (form == ID_PACKED && is_wanted)
    return unpack_id (bytes, moment);
  for (guint i = 0; form == ID_PACKED && i < 3; i++)
    take_number (bytes);
  if (form < ID_AS_IT_IS)
    return NULL;

  form -= ID_AS_IT_IS;
  if (form > (guint64)(bytes->end - bytes->p))
    {
      bytes->ok = FALSE;
      return NULL;
    }
  id = is_wanted ? g_strndup ((const char *)bytes->p, (gsize)form) : NULL;
  bytes->p += form;

  return id;
}

static void
decode_moment (Bytes                   *bytes,
               const StrataBlockMoment *before,
               StrataBlockMoment       *moment,
               gboolean                 is_wanted)
{
  guint64 head = take_number (bytes);
  guint piece_before = before != NULL ? before->piece : 0;
  TimeForm form = head & 3;

  moment->kind = (StrataKind)(head >> 3);
  moment->piece = piece_before + ((head & OTHER_PIECE) != 0 ? (guint)take_number (bytes) : 0);
  moment->place = (guint64)take_signed (bytes) + (before != NULL && moment->piece == piece_before ? before->place : 0);
  moment->time_ms = STRATA_TIME_NONE;
  moment->offset_ms = STRATA_TIME_NONE;
  if (form == TIME_IS_TIME)
    moment->time_ms = take_signed (bytes) + (before != NULL && before->time_ms != STRATA_TIME_NONE ? before->time_ms : 0);
  else if (form == TIME_IS_OFFSET)
    moment->offset_ms = take_signed (bytes);
  moment->id = take_id (bytes, moment, is_wanted);
  bytes->ok = bytes->ok && moment->kind < STRATA_N_KINDS;
}

gboolean
_strata_block_decode_details (StrataBlock  *self,
                              const guint8 *data,
                              gsize         size)
{
  Bytes bytes = { data, data != NULL ? data + size : NULL, TRUE };
  guint64 n_moments = take_number (&bytes);

  _strata_block_clear (self);
  for (guint64 i = 0; i < n_moments && bytes.ok; i++)
    {
      const StrataBlockMoment *before = i > 0 ? &g_array_index (self->moments, StrataBlockMoment, i - 1) : NULL;
      StrataBlockMoment moment = { 0 };

      decode_moment (&bytes, before, &moment, TRUE);
      g_array_append_val (self->moments, moment);
    }

  return bytes.ok && bytes.p == bytes.end;
}

gboolean
_strata_block_decode_detail (StrataBlockMoment *out_moment,
                             guint              number,
                             const guint8      *data,
                             gsize              size)
{
  Bytes bytes = { data, data != NULL ? data + size : NULL, TRUE };
  StrataBlockMoment before = { 0 };

  if (number >= take_number (&bytes))
    return FALSE;

  for (guint i = 0; i <= number && bytes.ok; i++)
    {
      *out_moment = (StrataBlockMoment) { 0 };
      decode_moment (&bytes, i > 0 ? &before : NULL, out_moment, i == number);
      before = *out_moment;
    }
  if (!bytes.ok)
    g_clear_pointer (&out_moment->id, g_free);

  return bytes.ok;
}

/* strata-witness-text.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-witness-private.h"
#include "strata-witness-text-private.h"

#define BLOCK_SIZE (128 * 1024)

/* Room for the longest thing that is put at once, however small the blocks */
#define MIN_BUFFER_SIZE 16

#define REPLACEMENT ((const guint8 *)"\xEF\xBF\xBD")

static gsize block_size = BLOCK_SIZE;

void
_strata_witness_set_block_size (gsize size)
{
  block_size = size > 0 ? size : BLOCK_SIZE;
}

gsize
_strata_witness_get_block_size (void)
{
  return block_size;
}

void
_strata_witness_buffer_init (StrataWitnessBuffer *self,
                             StrataWitnessSink    sink,
                             gpointer             user_data)
{
  self->sink = sink;
  self->user_data = user_data;
  self->size = MAX (block_size, MIN_BUFFER_SIZE);
  self->bytes = g_malloc (self->size);
  self->length = 0;
}

void
_strata_witness_buffer_clear (StrataWitnessBuffer *self)
{
  g_clear_pointer (&self->bytes, g_free);
}

/* Hands on what is there. Empty afterwards even if the sink fails: nothing is ever handed on twice. */
gboolean
_strata_witness_buffer_flush (StrataWitnessBuffer  *self,
                              GError              **error)
{
  gsize length = self->length;

  self->length = 0;

  return length == 0 || self->sink (self->bytes, length, self->user_data, error);
}

/* What fills the buffer, however often. */
gboolean
_strata_witness_buffer_put_long (StrataWitnessBuffer  *self,
                                 const guint8         *data,
                                 gsize                 size,
                                 GError              **error)
{
  while (size > 0)
    {
      gsize n = MIN (size, self->size - self->length);

      memcpy (self->bytes + self->length, data, n);
      self->length += n;
      data += n;
      size -= n;

      if (self->length == self->size && !_strata_witness_buffer_flush (self, error))
        return FALSE;
    }

  return TRUE;
}

static const guint8 *
skip_ascii (const guint8 *data,
            const guint8 *end)
{
  while (end - data >= 8 && !(_strata_witness_load_eight (data) & STRATA_WITNESS_EACH_BYTE (0x80)))
    data += 8;

  while (data < end && *data < 0x80)
    data++;

  return data;
}

typedef enum
{
  UTF8_WHOLE,
  UTF8_INVALID,
  UTF8_CUT,
} Utf8Kind;

/* Looks at the character that starts at @data, by table 3-7 of the Unicode
 * standard. @out_length is that of the character or of the maximal subpart.
 */
static Utf8Kind
look_at_utf8 (const guint8 *data,
              gsize         size,
              gsize        *out_length)
{
  guint8 lead = data[0];
  guint8 low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
  guint8 high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
  gsize length = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4;

  *out_length = 1;
  if ((lead >= 0x80 && lead < 0xC2) || lead > 0xF4)
    return UTF8_INVALID;

  for (gsize i = 1; i < length; i++)
    {
      *out_length = i;
      if (i == size)
        return UTF8_CUT;
      if (data[i] < low || data[i] > high)
        return UTF8_INVALID;
      low = 0x80;
      high = 0xBF;
    }
  *out_length = length;

  return UTF8_WHOLE;
}

/* Goes on with the character that the last block cut; takes bytes one by one until it is settled. */
static gboolean
settle_partial (StrataWitnessUtf8  *self,
                const guint8      **data,
                const guint8       *end,
                GError            **error)
{
  while (self->n_partial > 0 && *data < end)
    {
      Utf8Kind kind;
      gsize length;

      self->partial[self->n_partial] = **data;
      kind = look_at_utf8 (self->partial, self->n_partial + 1, &length);

      /* A byte that does not fit starts something of its own: it is not taken */
      if (kind == UTF8_INVALID)
        {
          self->n_partial = 0;
          return self->sink (REPLACEMENT, 3, self->user_data, error);
        }

      self->n_partial++;
      (*data)++;
      if (kind == UTF8_WHOLE)
        {
          self->n_partial = 0;
          return self->sink (self->partial, length, self->user_data, error);
        }
    }

  return TRUE;
}

gboolean
_strata_witness_utf8_push (StrataWitnessUtf8  *self,
                           const guint8       *data,
                           gsize               size,
                           GError            **error)
{
  const guint8 *end = data + size;
  const guint8 *next, *run;

  if (!settle_partial (self, &data, end, error))
    return FALSE;

  run = next = data;
  while ((next = skip_ascii (next, end)) < end)
    {
      gsize length;
      Utf8Kind kind = look_at_utf8 (next, (gsize)(end - next), &length);

      if (kind != UTF8_WHOLE)
        {
          if (next > run && !self->sink (run, (gsize)(next - run), self->user_data, error))
            return FALSE;
          run = next + length;
        }

      if (kind == UTF8_INVALID && !self->sink (REPLACEMENT, 3, self->user_data, error))
        return FALSE;
      if (kind == UTF8_CUT)
        {
          memcpy (self->partial, next, length);
          self->n_partial = (guint)length;
        }
      next += length;
    }

  return end == run || self->sink (run, (gsize)(end - run), self->user_data, error);
}

gboolean
_strata_witness_utf8_finish (StrataWitnessUtf8  *self,
                             GError            **error)
{
  gboolean is_cut = self->n_partial > 0;

  self->n_partial = 0;

  return !is_cut || self->sink (REPLACEMENT, 3, self->user_data, error);
}

static gboolean
put_character (StrataWitnessUnescape  *self,
               gunichar                character,
               GError                **error)
{
  char utf8[6];
  int length = g_unichar_to_utf8 (character, utf8);

  return _strata_witness_buffer_put (self->out, (const guint8 *)utf8, (gsize)length, error);
}

/* A high surrogate that no low one followed: UTF-8 has no place for it. */
gboolean
_strata_witness_unescape_finish (StrataWitnessUnescape  *self,
                                 GError                **error)
{
  gboolean is_lone = self->high != 0;

  self->high = 0;

  return !is_lone || _strata_witness_buffer_put (self->out, REPLACEMENT, 3, error);
}

/* A whole \uXXXX was read. */
static gboolean
put_unit (StrataWitnessUnescape  *self,
          GError                **error)
{
  gboolean is_low = self->unit >= 0xDC00 && self->unit <= 0xDFFF;

  if (self->high != 0 && is_low)
    {
      gunichar character = 0x10000 + ((self->high - 0xD800) << 10) + (self->unit - 0xDC00);

      self->high = 0;
      return put_character (self, character, error);
    }

  if (!_strata_witness_unescape_finish (self, error))
    return FALSE;

  if (self->unit >= 0xD800 && self->unit <= 0xDBFF)
    {
      self->high = self->unit;
      return TRUE;
    }

  return put_character (self, is_low ? 0xFFFD : self->unit, error);
}

static gboolean
take_digit (StrataWitnessUnescape  *self,
            guint8                  byte,
            GError                **error)
{
  int value = g_ascii_xdigit_value ((char)byte);

  if (value < 0)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SYNTAX,
                           "\\u is not followed by four hexadecimal digits");
      return FALSE;
    }

  self->unit = self->unit << 4 | (guint)value;
  self->n_missing--;

  return self->n_missing > 0 || put_unit (self, error);
}

/* What a letter after a backslash stands for; 0 for u and those that mean nothing */
static const guint8 meanings[256] = {
  ['"'] = '"', ['\\'] = '\\', ['/'] = '/',
  ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
};

static gboolean
take_escape (StrataWitnessUnescape  *self,
             guint8                  byte,
             GError                **error)
{
  self->after_backslash = FALSE;
  if (byte == 'u')
    {
      self->n_missing = 4;
      self->unit = 0;
      return TRUE;
    }

  if (meanings[byte] == 0)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SYNTAX,
                           "a backslash is followed by what JSON does not know");
      return FALSE;
    }

  return _strata_witness_unescape_finish (self, error) &&
         _strata_witness_buffer_put (self->out, &meanings[byte], 1, error);
}

/* The common case, for speed only: goes on from between two characters as long
 * as plain ones and escapes of one letter come, and neither block is near its end.
 *
 * Returns: where it stopped
 */
static const guint8 *
take_run (StrataWitnessUnescape *self,
          const guint8          *next,
          const guint8          *end)
{
  guint8 *out = self->out->bytes + self->out->length;
  const guint8 *out_end = self->out->bytes + self->out->size;

  while (end - next >= 16 && out_end - out >= 16)
    {
      guint64 eight = _strata_witness_load_eight (next);
      guint64 marks = _strata_witness_mark_byte (eight, '"') | _strata_witness_mark_byte (eight, '\\');
      gsize n_plain = marks == 0 ? 8 : (gsize)__builtin_ctzll (marks) / 8;

      /* What is too much of the eight is overwritten by what comes next */
      memcpy (out, next, 8);
      out += n_plain;
      next += n_plain;

      if (marks == 0)
        continue;
      if (*next == '"' || meanings[next[1]] == 0)
        break;
      *out++ = meanings[next[1]];
      next += 2;
    }
  self->out->length = (gsize)(out - self->out->bytes);

  return next;
}

/* Takes bytes from *@next on and leaves it at the quotation mark that ends the string, or at @end. */
gboolean
_strata_witness_unescape_push (StrataWitnessUnescape  *self,
                               const guint8          **next,
                               const guint8           *end,
                               GError                **error)
{
  while (*next < end)
    {
      const guint8 *run;

      if (self->n_missing == 0 && !self->after_backslash && self->high == 0)
        *next = take_run (self, *next, end);

      run = *next;
      if (self->n_missing > 0 || self->after_backslash)
        {
          (*next)++;
          if (!(self->n_missing > 0 ? take_digit (self, *run, error) : take_escape (self, *run, error)))
            return FALSE;
          continue;
        }

      *next = _strata_witness_find_quote (run, end);
      if (*next > run &&
          (!_strata_witness_unescape_finish (self, error) ||
           !_strata_witness_buffer_put (self->out, run, (gsize)(*next - run), error)))
        return FALSE;

      if (*next == end || **next == '"')
        break;
      self->after_backslash = TRUE;
      (*next)++;
    }

  return TRUE;
}

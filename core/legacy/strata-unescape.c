/* strata-unescape.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#ifdef __SSE2__
# include <emmintrin.h>
#endif

#include "base/strata-error.h"
#include "strata-unescape-private.h"

#define UNICODE_ESCAPE_LENGTH 6 /* \uXXXX */
#define REPLACEMENT_CHARACTER 0xfffd

struct _StrataUnescape
{
  GObject parent_instance;

  guint64 offset; /* of the next input byte, for messages */
};

static void converter_iface_init (GConverterIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataUnescape, _strata_unescape, G_TYPE_OBJECT,
                               G_IMPLEMENT_INTERFACE (G_TYPE_CONVERTER, converter_iface_init))

typedef enum
{
  ESCAPE_RESOLVED,
  ESCAPE_CUT,     /* more input is needed */
  ESCAPE_NO_ROOM,
  ESCAPE_INVALID,
} EscapeResult;

/* The input not read yet, and the room not written yet */
typedef struct
{
  const guint8 *in;
  const guint8 *in_end;
  guint8       *out;
  guint8       *out_end;
  gboolean      at_end;
} Span;

/* Copies up to the next backslash, the end of the input or of the room.
 *
 * In a store's text one byte in ten or so is a backslash: too dense for
 * memchr() to pay, so compare and copy go together.
 */
static void
copy_plain (Span *span)
{
  gsize size = MIN ((gsize)(span->in_end - span->in), (gsize)(span->out_end - span->out));
  const guint8 *in = span->in;
  const guint8 *end = in + size;
  guint8 *out = span->out;

#ifdef __SSE2__
  const __m128i backslashes = _mm_set1_epi8 ('\\');

  while (end - in >= 16)
    {
      __m128i bytes = _mm_loadu_si128 ((const __m128i *)in);
      guint mask = (guint)_mm_movemask_epi8 (_mm_cmpeq_epi8 (bytes, backslashes));
      guint plain = mask != 0 ? (guint)__builtin_ctz (mask) : 16;

      /* What is stored beyond @plain is written over by what comes next */
      _mm_storeu_si128 ((__m128i *)out, bytes);
      in += plain;
      out += plain;
      if (mask != 0)
        {
          end = in;
          break;
        }
    }
#endif

  while (in < end && *in != '\\')
    *out++ = *in++;

  span->in = in;
  span->out = out;
}

/* Returns: the four digits' value, or -1 */
static int
read_unit (const guint8 *digits)
{
  int unit = 0;

  for (guint i = 0; i < 4; i++)
    {
      int digit = g_ascii_xdigit_value ((char)digits[i]);

      if (digit < 0)
        return -1;
      unit = unit << 4 | digit;
    }

  return unit;
}

/* Behind an escaped high surrogate: whether the low one follows, which can be
 * known only when enough of the text is there.
 */
static EscapeResult
find_low_surrogate (const Span *span,
                    int        *out_low)
{
  const guint8 *next = span->in + UNICODE_ESCAPE_LENGTH;
  gsize left = (gsize)(span->in_end - next);

  *out_low = -1;

  if (left >= UNICODE_ESCAPE_LENGTH && next[0] == '\\' && next[1] == 'u')
    {
      int unit = read_unit (next + 2);

      if (unit >= 0xdc00 && unit <= 0xdfff)
        *out_low = unit;
      return ESCAPE_RESOLVED;
    }

  if (!span->at_end &&
      (left == 0 || (next[0] == '\\' && (left == 1 || (next[1] == 'u' && left < UNICODE_ESCAPE_LENGTH)))))
    return ESCAPE_CUT;

  return ESCAPE_RESOLVED;
}

static guint
put_character (guint8  *out,
               guint32  character)
{
  if (character < 0x80)
    {
      out[0] = (guint8)character;
      return 1;
    }

  if (character < 0x800)
    {
      out[0] = (guint8)(0xc0 | character >> 6);
      out[1] = (guint8)(0x80 | (character & 0x3f));
      return 2;
    }

  if (character < 0x10000)
    {
      out[0] = (guint8)(0xe0 | character >> 12);
      out[1] = (guint8)(0x80 | (character >> 6 & 0x3f));
      out[2] = (guint8)(0x80 | (character & 0x3f));
      return 3;
    }

  out[0] = (guint8)(0xf0 | character >> 18);
  out[1] = (guint8)(0x80 | (character >> 12 & 0x3f));
  out[2] = (guint8)(0x80 | (character >> 6 & 0x3f));
  out[3] = (guint8)(0x80 | (character & 0x3f));

  return 4;
}

/* At \u */
static EscapeResult
resolve_unicode (Span *span)
{
  gsize consumed = UNICODE_ESCAPE_LENGTH;
  guint32 character;
  int unit, low;

  if (span->in_end - span->in < UNICODE_ESCAPE_LENGTH)
    return span->at_end ? ESCAPE_INVALID : ESCAPE_CUT;

  unit = read_unit (span->in + 2);
  if (unit < 0)
    return ESCAPE_INVALID;

  character = (guint32)unit;
  if (unit >= 0xd800 && unit <= 0xdbff)
    {
      if (find_low_surrogate (span, &low) == ESCAPE_CUT)
        return ESCAPE_CUT;

      character = REPLACEMENT_CHARACTER;
      if (low >= 0)
        {
          character = 0x10000 + ((guint32)(unit - 0xd800) << 10) + (guint32)(low - 0xdc00);
          consumed += UNICODE_ESCAPE_LENGTH;
        }
    }
  else if (unit >= 0xdc00 && unit <= 0xdfff)
    character = REPLACEMENT_CHARACTER;

  if (span->out_end - span->out < 4)
    return ESCAPE_NO_ROOM;

  span->in += consumed;
  span->out += put_character (span->out, character);

  return ESCAPE_RESOLVED;
}

/* At a backslash */
static EscapeResult
resolve_escape (Span *span)
{
  static const guint8 meanings[256] = {
    ['"'] = '"', ['\\'] = '\\', ['/'] = '/',
    ['b'] = '\b', ['f'] = '\f', ['n'] = '\n', ['r'] = '\r', ['t'] = '\t',
  };
  guint8 meaning;

  if (span->in_end - span->in < 2)
    return span->at_end ? ESCAPE_INVALID : ESCAPE_CUT;

  meaning = meanings[span->in[1]];
  if (meaning == 0)
    return span->in[1] == 'u' ? resolve_unicode (span) : ESCAPE_INVALID;

  if (span->out == span->out_end)
    return ESCAPE_NO_ROOM;

  *span->out++ = meaning;
  span->in += 2;

  return ESCAPE_RESOLVED;
}

/* Why nothing could be done at all. Some output is always given first, and the
 * reason the next time: all that stands before a flaw gets through.
 */
static GConverterResult
give_reason (StrataUnescape  *self,
             EscapeResult     result,
             GError         **error)
{
  if (result == ESCAPE_INVALID)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                 "Invalid escape at byte %" G_GUINT64_FORMAT " of a string", self->offset);
  else if (result == ESCAPE_NO_ROOM)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE, "Too little room for a character");
  else
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "An escape is cut");

  return G_CONVERTER_ERROR;
}

static GConverterResult
unescape_convert (GConverter       *converter,
                  const void       *inbuf,
                  gsize             inbuf_size,
                  void             *outbuf,
                  gsize             outbuf_size,
                  GConverterFlags   flags,
                  gsize            *bytes_read,
                  gsize            *bytes_written,
                  GError          **error)
{
  StrataUnescape *self = STRATA_UNESCAPE (converter);
  Span span = {
    .in = inbuf,
    .in_end = (const guint8 *)inbuf + inbuf_size,
    .out = outbuf,
    .out_end = (guint8 *)outbuf + outbuf_size,
    .at_end = (flags & G_CONVERTER_INPUT_AT_END) != 0,
  };
  EscapeResult result = ESCAPE_RESOLVED;

  while (result == ESCAPE_RESOLVED && span.in < span.in_end)
    {
      if (*span.in == '\\')
        result = resolve_escape (&span);
      else if (span.out == span.out_end)
        result = ESCAPE_NO_ROOM;
      else
        copy_plain (&span);
    }

  *bytes_read = (gsize)(span.in - (const guint8 *)inbuf);
  *bytes_written = (gsize)(span.out - (guint8 *)outbuf);
  self->offset += *bytes_read;

  if (span.at_end && span.in == span.in_end)
    return G_CONVERTER_FINISHED;
  if (*bytes_read == 0)
    return give_reason (self, result == ESCAPE_RESOLVED ? ESCAPE_CUT : result, error);

  return G_CONVERTER_CONVERTED;
}

static void
unescape_reset (GConverter *converter)
{
  STRATA_UNESCAPE (converter)->offset = 0;
}

static void
converter_iface_init (GConverterIface *iface)
{
  iface->convert = unescape_convert;
  iface->reset = unescape_reset;
}

static void
_strata_unescape_class_init (StrataUnescapeClass *klass)
{
}

static void
_strata_unescape_init (StrataUnescape *self)
{
}

GConverter *
_strata_unescape_new (void)
{
  return g_object_new (STRATA_TYPE_UNESCAPE, NULL);
}

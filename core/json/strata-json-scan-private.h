/* strata-json-scan-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <string.h>

#include <glib.h>

/* Looking for the few bytes that matter, many at a time: 16 with SSE2, which
 * every x86-64 has, 8 with plain arithmetic elsewhere. Nothing here reads a
 * byte at or after @end.
 *
 * Define STRATA_JSON_PORTABLE to have the second way tested on any machine.
 */
#if defined (__SSE2__) && !defined (STRATA_JSON_PORTABLE)
# define STRATA_JSON_SSE2 1
# include <emmintrin.h>
#else
# define STRATA_JSON_SSE2 0
#endif

#define STRATA_JSON_EACH_BYTE(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))

static inline gboolean
_strata_json_is_space (guchar c)
{
  return c == ' ' || c == '\n' || c == '\t' || c == '\r';
}

static inline gboolean
_strata_json_is_plain (guchar c)
{
  return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

static inline guint64
_strata_json_load_word (const guchar *p)
{
  guint64 word;

  memcpy (&word, p, sizeof word);

  return word;
}

/* The high bit of each byte of @word that is 0, and of no other. */
static inline guint64
_strata_json_zero_bytes (guint64 word)
{
  guint64 low = STRATA_JSON_EACH_BYTE (0x7f);

  return ~(((word & low) + low) | word | low);
}

/* Not 0 if @word may have a byte that is not plain. */
static inline guint64
_strata_json_special_bytes (guint64 word)
{
  return ((word - STRATA_JSON_EACH_BYTE (0x20)) | word |
          _strata_json_zero_bytes (word ^ STRATA_JSON_EACH_BYTE ('"')) |
          _strata_json_zero_bytes (word ^ STRATA_JSON_EACH_BYTE ('\\'))) &
         STRATA_JSON_EACH_BYTE (0x80);
}

/* Inside a string: to the first byte that ends it, escapes something, belongs
 * to a character beyond ASCII, or must not be there; or to @end.
 */
static inline const guchar *
_strata_json_skip_plain (const guchar *p,
                         const guchar *end)
{
#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i text = _mm_loadu_si128 ((const __m128i *) p);
      __m128i quote = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('"'));
      __m128i escape = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\\'));
      /* Signed: finds 0x80 and above, too. */
      __m128i other = _mm_cmplt_epi8 (text, _mm_set1_epi8 (0x20));
      int found = _mm_movemask_epi8 (_mm_or_si128 (_mm_or_si128 (quote, escape), other));

      if (found != 0)
        return p + __builtin_ctz (found);
      p += 16;
    }
#else
  while (end - p >= 8 && !_strata_json_special_bytes (_strata_json_load_word (p)))
    p += 8;
#endif

  while (p < end && _strata_json_is_plain (*p))
    p++;

  return p;
}

/* Between tokens: to the first byte that is not white space, or to @end. */
static inline const guchar *
_strata_json_skip_space (const guchar *p,
                         const guchar *end)
{
#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i text = _mm_loadu_si128 ((const __m128i *) p);
      __m128i space = _mm_cmpeq_epi8 (text, _mm_set1_epi8 (' '));
      __m128i line = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\n'));
      __m128i tab = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\t'));
      __m128i back = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\r'));
      int found = _mm_movemask_epi8 (_mm_or_si128 (_mm_or_si128 (space, line),
                                                   _mm_or_si128 (tab, back)));

      if (found != 0xffff)
        return p + __builtin_ctz (~found);
      p += 16;
    }
#else
  while (end - p >= 8 && _strata_json_load_word (p) == STRATA_JSON_EACH_BYTE (' '))
    p += 8;
#endif

  while (p < end && _strata_json_is_space (*p))
    p++;

  return p;
}

/* In a number: to the first byte that is not a digit, or to @end. */
static inline const guchar *
_strata_json_skip_digits (const guchar *p,
                          const guchar *end)
{
#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i text = _mm_loadu_si128 ((const __m128i *) p);
      /* '0' to '9' become the 10 lowest numbers there are with a sign. */
      __m128i moved = _mm_sub_epi8 (text, _mm_set1_epi8 ((char) ('0' + 0x80)));
      int found = _mm_movemask_epi8 (_mm_cmplt_epi8 (moved, _mm_set1_epi8 (-0x80 + 10)));

      if (found != 0xffff)
        return p + __builtin_ctz (~found);
      p += 16;
    }
#endif

  while (p < end && g_ascii_isdigit (*p))
    p++;

  return p;
}

/* Inside a string that is known to be valid: to its next quote or backslash. */
static inline const guchar *
_strata_json_skip_to_quote (const guchar *p,
                            const guchar *end)
{
#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i text = _mm_loadu_si128 ((const __m128i *) p);
      __m128i quote = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('"'));
      __m128i escape = _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\\'));
      int found = _mm_movemask_epi8 (_mm_or_si128 (quote, escape));

      if (found != 0)
        return p + __builtin_ctz (found);
      p += 16;
    }
#else
  while (end - p >= 8 &&
         !_strata_json_zero_bytes (_strata_json_load_word (p) ^ STRATA_JSON_EACH_BYTE ('"')) &&
         !_strata_json_zero_bytes (_strata_json_load_word (p) ^ STRATA_JSON_EACH_BYTE ('\\')))
    p += 8;
#endif

  while (p < end && *p != '"' && *p != '\\')
    p++;

  return p;
}

static inline guint64
_strata_json_count_lines (const guchar *p,
                          const guchar *end)
{
  guint64 count = 0;

#if STRATA_JSON_SSE2
  while (end - p >= 16)
    {
      __m128i lines = _mm_setzero_si128 ();

      /* A byte counts to 255 at most. */
      for (gsize n = MIN (255, (end - p) / 16); n > 0; n--, p += 16)
        {
          __m128i text = _mm_loadu_si128 ((const __m128i *) p);

          lines = _mm_sub_epi8 (lines, _mm_cmpeq_epi8 (text, _mm_set1_epi8 ('\n')));
        }
      lines = _mm_sad_epu8 (lines, _mm_setzero_si128 ());
      count += _mm_cvtsi128_si32 (lines) + _mm_extract_epi16 (lines, 4);
    }
#else
  for (; end - p >= 8; p += 8)
    count += __builtin_popcountll (_strata_json_zero_bytes (_strata_json_load_word (p) ^
                                                            STRATA_JSON_EACH_BYTE ('\n')));
#endif

  for (; p < end; p++)
    count += *p == '\n';

  return count;
}

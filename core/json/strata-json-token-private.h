/* strata-json-token-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-json-scan-private.h"

G_BEGIN_DECLS

/* Scanners for single tokens that can stop after any byte and go on in the next
 * block. Each moves *@inout_p; on TOKEN_INVALID it is at the byte that can't be.
 */
typedef enum
{
  STRATA_JSON_TOKEN_DONE,
  STRATA_JSON_TOKEN_MORE,
  STRATA_JSON_TOKEN_INVALID,
} StrataJsonTokenResult;

typedef enum
{
  STRATA_JSON_PART_PLAIN,
  STRATA_JSON_PART_ESCAPE,     /* after the backslash */
  STRATA_JSON_PART_HEX,        /* after \u, @left digits to come */
  STRATA_JSON_PART_CHARACTER,  /* in UTF-8, @left bytes to come */

  STRATA_JSON_PART_SIGN,
  STRATA_JSON_PART_ZERO,
  STRATA_JSON_PART_INTEGER,
  STRATA_JSON_PART_POINT,
  STRATA_JSON_PART_FRACTION,
  STRATA_JSON_PART_E,
  STRATA_JSON_PART_E_SIGN,
  STRATA_JSON_PART_EXPONENT,
} StrataJsonPart;

/* How far a token that a block cut in two has been read. */
typedef struct
{
  StrataJsonPart  part;
  guint8          left;
  guint8          low;      /* what the character's next byte may be */
  guint8          high;
  const char     *literal;  /* what must follow */
} StrataJsonToken;

extern const guint8 _strata_json_escapes[256];

StrataJsonTokenResult _strata_json_token_resume_string (StrataJsonToken  *self,
                                                        const guchar    **inout_p,
                                                        const guchar     *end);
StrataJsonTokenResult _strata_json_token_scan_number   (StrataJsonToken  *self,
                                                        const guchar    **inout_p,
                                                        const guchar     *end);
StrataJsonTokenResult _strata_json_token_scan_literal  (StrataJsonToken  *self,
                                                        const guchar    **inout_p,
                                                        const guchar     *end);

/* Whether a number may end here. */
static inline gboolean
_strata_json_token_is_number (const StrataJsonToken *self)
{
  return self->part == STRATA_JSON_PART_ZERO || self->part == STRATA_JSON_PART_INTEGER ||
         self->part == STRATA_JSON_PART_FRACTION || self->part == STRATA_JSON_PART_EXPONENT;
}

/* Returns: the length of the valid character beyond ASCII at @p, 0 if there is
 *   none or fewer than 4 bytes are left to look at
 */
static inline guint
_strata_json_character_length (const guchar *p,
                               const guchar *end)
{
  guint32 rest;

  if (end - p < 4)
    return 0;

  rest = (guint32) p[1] << 16 | p[2] << 8 | p[3];

  if (p[0] < 0xe0)
    return p[0] >= 0xc2 && (rest & 0xc00000) == 0x800000 ? 2 : 0;
  if (p[0] < 0xf0)
    {
      /* No second way to write a shorter one, no surrogates. */
      gboolean second = p[0] == 0xe0 ? p[1] >= 0xa0 : p[0] != 0xed || p[1] < 0xa0;

      return second && (rest & 0xc0c000) == 0x808000 ? 3 : 0;
    }
  if (p[0] < 0xf5)
    {
      gboolean second = p[0] == 0xf0 ? p[1] >= 0x90 : p[0] != 0xf4 || p[1] < 0x90;

      return second && (rest & 0xc0c0c0) == 0x808080 ? 4 : 0;
    }

  return 0;
}

/* Returns: the length of the valid escape at @p, 0 if there is none or it is cut */
static inline guint
_strata_json_escape_length (const guchar *p,
                            const guchar *end)
{
  if (end - p >= 2 && _strata_json_escapes[p[1]])
    return 2;
  if (end - p >= 6 && p[1] == 'u' && g_ascii_isxdigit (p[2]) && g_ascii_isxdigit (p[3]) &&
      g_ascii_isxdigit (p[4]) && g_ascii_isxdigit (p[5]))
    return 6;

  return 0;
}

/* Inside a string, between two characters of it: to after its closing quote.
 *
 * What is cut by the block's end or is wrong goes byte by byte, so that only
 * one place has to find the exact byte.
 */
static inline StrataJsonTokenResult
_strata_json_token_scan_string (StrataJsonToken  *self,
                                const guchar    **inout_p,
                                const guchar     *end)
{
  const guchar *p = *inout_p;
  StrataJsonTokenResult result;
  guint length;

  while (TRUE)
    {
      p = _strata_json_skip_plain (p, end);
      if (p < end && *p == '"')
        {
          *inout_p = p + 1;
          return STRATA_JSON_TOKEN_DONE;
        }

      if (p < end && *p == '\\' && (length = _strata_json_escape_length (p, end)) != 0)
        {
          do
            p += length;
          while (p < end && *p == '\\' && (length = _strata_json_escape_length (p, end)) != 0);
          continue;
        }

      if (p < end && *p >= 0x80 && (length = _strata_json_character_length (p, end)) != 0)
        {
          do
            p += length;
          while (p < end && *p >= 0x80 && (length = _strata_json_character_length (p, end)) != 0);
          continue;
        }

      self->part = STRATA_JSON_PART_PLAIN;
      result = _strata_json_token_resume_string (self, &p, end);
      *inout_p = p;
      if (result != STRATA_JSON_TOKEN_DONE)
        return result;
    }
}

G_END_DECLS

/* strata-json-token.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-json-token-private.h"

/* What may follow a backslash, but for the u. */
const guint8 _strata_json_escapes[256] = {
  ['"'] = 1, ['\\'] = 1, ['/'] = 1, ['b'] = 1, ['f'] = 1, ['n'] = 1, ['r'] = 1, ['t'] = 1,
};

static gboolean
begin_character (StrataJsonToken *self,
                 guchar           first)
{
  if (first < 0xc2 || first > 0xf4)
    return FALSE;

  self->part = STRATA_JSON_PART_CHARACTER;
  self->left = first < 0xe0 ? 1 : first < 0xf0 ? 2 : 3;
  /* Nothing longer than it need be, no surrogates, nothing above U+10FFFF. */
  self->low = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
  self->high = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;

  return TRUE;
}

static void
take_part (StrataJsonToken *self)
{
  if (--self->left == 0)
    self->part = STRATA_JSON_PART_PLAIN;
}

static gboolean
accept_string_byte (StrataJsonToken *self,
                    guchar           c)
{
  if (self->part == STRATA_JSON_PART_ESCAPE)
    {
      self->part = c == 'u' ? STRATA_JSON_PART_HEX : STRATA_JSON_PART_PLAIN;
      self->left = 4;
      return c == 'u' || _strata_json_escapes[c];
    }

  if (self->part == STRATA_JSON_PART_HEX)
    {
      take_part (self);
      return g_ascii_isxdigit (c);
    }

  if (self->part == STRATA_JSON_PART_CHARACTER)
    {
      gboolean valid = c >= self->low && c <= self->high;

      self->low = 0x80;
      self->high = 0xbf;
      take_part (self);
      return valid;
    }

  if (c == '\\')
    self->part = STRATA_JSON_PART_ESCAPE;

  return c >= 0x80 ? begin_character (self, c) : c >= 0x20;
}

/* To where the string is between two of its characters again. */
StrataJsonTokenResult
_strata_json_token_resume_string (StrataJsonToken  *self,
                                  const guchar    **inout_p,
                                  const guchar     *end)
{
  do
    {
      StrataJsonToken before = *self;

      if (*inout_p == end)
        return STRATA_JSON_TOKEN_MORE;
      if (!accept_string_byte (self, **inout_p))
        {
          *self = before;
          return STRATA_JSON_TOKEN_INVALID;
        }
      ++*inout_p;
    }
  while (self->part != STRATA_JSON_PART_PLAIN);

  return STRATA_JSON_TOKEN_DONE;
}

/* Returns: the part of a number that @c begins after @part; @part itself again
 *   if it is over there; STRATA_JSON_PART_PLAIN if @c can't be
 */
static StrataJsonPart
get_next_part (StrataJsonPart part,
               guchar         c)
{
  gboolean is_e = c == 'e' || c == 'E';

  switch (part)
    {
    case STRATA_JSON_PART_SIGN:
      if (c == '0')
        return STRATA_JSON_PART_ZERO;
      return g_ascii_isdigit (c) ? STRATA_JSON_PART_INTEGER : STRATA_JSON_PART_PLAIN;
    case STRATA_JSON_PART_ZERO:
    case STRATA_JSON_PART_INTEGER:
      return c == '.' ? STRATA_JSON_PART_POINT : is_e ? STRATA_JSON_PART_E : part;
    case STRATA_JSON_PART_POINT:
      return g_ascii_isdigit (c) ? STRATA_JSON_PART_FRACTION : STRATA_JSON_PART_PLAIN;
    case STRATA_JSON_PART_FRACTION:
      return is_e ? STRATA_JSON_PART_E : part;
    case STRATA_JSON_PART_E:
      if (c == '+' || c == '-')
        return STRATA_JSON_PART_E_SIGN;
      G_GNUC_FALLTHROUGH;
    case STRATA_JSON_PART_E_SIGN:
      return g_ascii_isdigit (c) ? STRATA_JSON_PART_EXPONENT : STRATA_JSON_PART_PLAIN;
    case STRATA_JSON_PART_EXPONENT:
      return part;
    case STRATA_JSON_PART_PLAIN:
    case STRATA_JSON_PART_ESCAPE:
    case STRATA_JSON_PART_HEX:
    case STRATA_JSON_PART_CHARACTER:
    default:
      g_assert_not_reached ();
    }
}

/* After what self->part says; a whole number starts with the part before it:
 * STRATA_JSON_PART_SIGN, with the minus passed over.
 */
StrataJsonTokenResult
_strata_json_token_scan_number (StrataJsonToken  *self,
                                const guchar    **inout_p,
                                const guchar     *end)
{
  const guchar *p = *inout_p;
  StrataJsonTokenResult result = STRATA_JSON_TOKEN_MORE;

  while (p < end)
    {
      StrataJsonPart next;

      if (self->part == STRATA_JSON_PART_INTEGER || self->part == STRATA_JSON_PART_FRACTION ||
          self->part == STRATA_JSON_PART_EXPONENT)
        p = _strata_json_skip_digits (p, end);
      if (p == end)
        break;

      next = get_next_part (self->part, *p);
      if (next == self->part || next == STRATA_JSON_PART_PLAIN)
        {
          result = next == self->part ? STRATA_JSON_TOKEN_DONE : STRATA_JSON_TOKEN_INVALID;
          break;
        }

      self->part = next;
      p++;
    }

  *inout_p = p;

  return result;
}

StrataJsonTokenResult
_strata_json_token_scan_literal (StrataJsonToken  *self,
                                 const guchar    **inout_p,
                                 const guchar     *end)
{
  for (; *self->literal != '\0'; self->literal++, ++*inout_p)
    {
      if (*inout_p == end)
        return STRATA_JSON_TOKEN_MORE;
      if (**inout_p != (guchar) *self->literal)
        return STRATA_JSON_TOKEN_INVALID;
    }

  return STRATA_JSON_TOKEN_DONE;
}

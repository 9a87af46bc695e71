/* strata-character-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What the tokenizer makes of a character. */
typedef enum
{
  STRATA_CHARACTER_SEPARATOR, /* stands between words */
  STRATA_CHARACTER_WORD,      /* letters, digits, and marks of scripts that spell with them */
  STRATA_CHARACTER_IDEOGRAPH, /* of a script that leaves no space between words: Han, Kana, Hangul, Thai, … */
  STRATA_CHARACTER_IGNORED,   /* accents, soft hyphens, joiners: neither ends a word nor is part of it */
} StrataCharacterClass;

/* The longest folding that is kept; a longer one leaves the character as it is. */
#define STRATA_CHARACTER_FOLDED_SIZE 10

/* A value, shared and never changed once made. */
typedef struct
{
  guint8 character_class;   /* StrataCharacterClass */
  guint8 is_upper;
  guint8 is_lower;
  guint8 length;            /* of @folded, in bytes; 0 for separators and what is ignored */
  char   folded[STRATA_CHARACTER_FOLDED_SIZE];
} StrataCharacter;

const StrataCharacter *_strata_character_look_up (gunichar    character);

/* The next character of text that may hold anything: what is no UTF-8 counts as
 * one separator for each byte. Returns: its length in bytes, at least 1
 */
gsize                  _strata_character_decode  (const char *text,
                                                  const char *end,
                                                  gunichar   *out_character);

G_END_DECLS

/* strata-witness-tokens-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-witness-payload-private.h"

G_BEGIN_DECLS

/* What a byte of JSON is, outside of strings */
typedef enum
{
  STRATA_WITNESS_OTHER,
  STRATA_WITNESS_SPACE,
  STRATA_WITNESS_QUOTE,
  STRATA_WITNESS_OPEN,
  STRATA_WITNESS_CLOSE,
  STRATA_WITNESS_COMMA,
  STRATA_WITNESS_COLON,
  STRATA_WITNESS_SCALAR, /* what numbers and true, false, null are made of */
} StrataWitnessClass;

StrataWitnessClass _strata_witness_classify      (guint8 byte);
gboolean           _strata_witness_begins_scalar (guint8 byte);

/* What may come next in the array whose elements are reported */
typedef enum
{
  STRATA_WITNESS_WANT_FIRST,
  STRATA_WITNESS_WANT_VALUE,
  STRATA_WITNESS_WANT_COMMA,
  STRATA_WITNESS_WANT_SCALAR_END,
} StrataWitnessWant;

/* What a key is that ends the search for it */
typedef enum
{
  STRATA_WITNESS_KEY_OTHER,
  STRATA_WITNESS_KEY_DATA,
  STRATA_WITNESS_KEY_WANTED,
} StrataWitnessKey;

/* One array or object, from after its first bracket to its last. */
typedef struct
{
  /* Set at the start, %NULL where only the end is looked for */
  StrataWitnessPayload *payload;
  gboolean              is_array;

  /* Open brackets, in memory of the same size however many they are */
  guint64               depth;
  gboolean              in_string;
  gboolean              after_backslash;
  StrataWitnessWant     want;

  /* In the block at hand: the next byte to look at, and the first one not yet given to the payload */
  const guint8         *next;
  const guint8         *run;

  /* The member looked for, or %NULL; whether "data" is too. Without a member wanted,
   * only as long as all keys are those of an envelope.
   */
  const char           *wanted;
  gboolean              may_be_envelope;

  /* The key read now or last: its text as written, up to @max_key bytes */
  gboolean              key_is_next;
  gboolean              in_key;
  StrataWitnessKey      found;
  GByteArray           *key;
  gsize                 max_key;

  /* What is wrong with the text, where that is why it went no further */
  const char           *reason;
} StrataWitnessTokens;

typedef enum
{
  STRATA_WITNESS_TOKENS_INSIDE,
  STRATA_WITNESS_TOKENS_AT_END,    /* past the last bracket */
  STRATA_WITNESS_TOKENS_AT_DATA,   /* this is an envelope: past "data": */
  STRATA_WITNESS_TOKENS_AT_WANTED, /* past the name of the member looked for and its colon */
  STRATA_WITNESS_TOKENS_FAILED,    /* with an error or a reason */
} StrataWitnessTokensPlace;

void                     _strata_witness_tokens_begin (StrataWitnessTokens   *self,
                                                       StrataWitnessPayload  *payload,
                                                       gboolean               is_array,
                                                       gboolean               may_be_envelope,
                                                       const char            *wanted);
void                     _strata_witness_tokens_clear (StrataWitnessTokens   *self);
StrataWitnessTokensPlace _strata_witness_tokens_push  (StrataWitnessTokens   *self,
                                                       const guint8         **next,
                                                       const guint8          *end,
                                                       GError               **error);

G_END_DECLS

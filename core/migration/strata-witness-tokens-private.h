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

StrataWitnessClass _strata_witness_classify (guint8 byte);

/* A number, or true, false or null: it ends where it can't go on. What follows is
 * not its own, whatever it is.
 */
typedef struct
{
  guint       place;
  const char *word;
} StrataWitnessScalar;

gboolean _strata_witness_scalar_begin    (StrataWitnessScalar       *self,
                                          guint8                     byte);
gboolean _strata_witness_scalar_take     (StrataWitnessScalar       *self,
                                          guint8                     byte);
gboolean _strata_witness_scalar_is_over  (const StrataWitnessScalar *self);
gboolean _strata_witness_scalar_is_whole (const StrataWitnessScalar *self);

/* What may come next in the array whose elements are reported */
typedef enum
{
  STRATA_WITNESS_WANT_FIRST,
  STRATA_WITNESS_WANT_VALUE,
  STRATA_WITNESS_WANT_COMMA,
  STRATA_WITNESS_WANT_SCALAR_END,
} StrataWitnessWant;

/* What is looked for among the keys of an object */
typedef enum
{
  STRATA_WITNESS_KEYS_NOTHING,
  STRATA_WITNESS_KEYS_ENVELOPE,       /* "data", as long as all before it are those of an envelope */
  STRATA_WITNESS_KEYS_WANTED,         /* the member that is wanted */
  STRATA_WITNESS_KEYS_WANTED_OR_DATA, /* what comes first of the two, "data" as above */
  STRATA_WITNESS_KEYS_FOREIGN,        /* one that follows in no envelope after its data; is only noted */
} StrataWitnessKeys;

/* What a key is that was found */
typedef enum
{
  STRATA_WITNESS_KEY_OTHER,
  STRATA_WITNESS_KEY_DATA,
  STRATA_WITNESS_KEY_WANTED,
} StrataWitnessKey;

/* One array or object, from after its first bracket to its last. */
typedef struct
{
  /* Where the text goes, set at the start: as what the array or object is, and as part
   * of what is around it; %NULL where it is neither
   */
  StrataWitnessPayload *payload;
  StrataWitnessPayload *around;
  gboolean              is_array;

  /* Open brackets, in memory of the same size however many they are */
  guint64               depth;
  gboolean              in_string;
  gboolean              after_backslash;
  StrataWitnessWant     want;
  StrataWitnessScalar   scalar;

  /* In the block at hand: the next byte to look at, and the first one not yet given to the payload */
  const guint8         *next;
  const guint8         *run;

  /* What is looked for, set at the start and to nothing when the search is over; @wanted
   * is the name of the member, if it is one
   */
  StrataWitnessKeys     keys;
  const char           *wanted;
  gboolean              has_foreign;

  /* How many keys were looked at, and the key read now or last: its text as written, up to @max_key bytes */
  guint                 n_keys;
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
                                                       StrataWitnessPayload  *around,
                                                       gboolean               is_array,
                                                       StrataWitnessKeys      keys,
                                                       const char            *wanted);
void                     _strata_witness_tokens_clear (StrataWitnessTokens   *self);
StrataWitnessTokensPlace _strata_witness_tokens_push  (StrataWitnessTokens   *self,
                                                       const guint8         **next,
                                                       const guint8          *end,
                                                       GError               **error);

G_END_DECLS

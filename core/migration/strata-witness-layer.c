/* strata-witness-layer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-witness-layer-private.h"
#include "strata-witness-tokens-private.h"

typedef enum
{
  STATE_START,       /* before the value */
  STATE_STRING,      /* in a string, which is unwrapped if there is a text in it */
  STATE_TOKENS,      /* in an array or object */
  STATE_SCALAR,      /* in a number, true, false or null */
  STATE_AFTER_VALUE, /* in an object that was gone into, after the value that was looked for */
  STATE_REST,        /* the same, in the members after it */
  STATE_END,         /* only white space may follow */
} State;

struct _StrataWitnessLayer
{
  /* Set at construction, never changed after */
  StrataWitnessPayload    *payload;
  guint                    level;

  /* The members still to go down to, %NULL when there is none */
  const char * const      *members;

  State                    state;

  /* Whether a push failed: what comes after would not follow what came before */
  gboolean                 failed;

  /* The block at hand and the next byte to look at; @offset bytes of the text came before the block */
  guint64                  offset;
  const guint8            *block;
  const guint8            *next;

  /* The objects of this text that were gone into and not left: an envelope at "data", others at a member */
  guint                    n_open;

  /* STATE_START: bytes of a byte order mark that were passed over, 3 when none may come */
  guint                    n_bom;

  /* STATE_STRING */
  StrataWitnessUnwrap     *unwrap;

  /* STATE_TOKENS, STATE_SCALAR, STATE_REST */
  StrataWitnessTokens      tokens;
  StrataWitnessScalar      scalar;
  guint64                  value_start;

  /* What seems to be an envelope and may be the value instead, from its first bracket on; else %NULL */
  StrataWitnessPayload    *around;
  StrataWitnessCollection  around_value;
  guint64                  around_start;
};

/* @payload: outlives the layer
 * @members: (nullable): names of the members to go down to before the payload,
 *   one inside the other; borrowed
 * @level: how many strings are wrapped around the text
 * @offset: how many bytes of the text come before those that are pushed
 */
StrataWitnessLayer *
_strata_witness_layer_new (StrataWitnessPayload *payload,
                           const char * const   *members,
                           guint                 level,
                           guint64               offset)
{
  StrataWitnessLayer *self = g_new0 (StrataWitnessLayer, 1);

  self->payload = payload;
  self->members = members != NULL && *members != NULL ? members : NULL;
  self->level = level;
  self->offset = offset;

  return self;
}

void
_strata_witness_layer_free (StrataWitnessLayer *self)
{
  g_clear_pointer (&self->unwrap, _strata_witness_unwrap_free);
  g_clear_pointer (&self->around, _strata_witness_payload_free);
  _strata_witness_tokens_clear (&self->tokens);
  g_free (self);
}

static guint64
get_position (StrataWitnessLayer *self)
{
  return self->offset + (guint64)(self->next - self->block);
}

static gboolean
fail (StrataWitnessLayer  *self,
      const char          *reason,
      GError             **error)
{
  if (self->level == 0)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX,
                 "Not JSON at byte %" G_GUINT64_FORMAT ": %s", get_position (self), reason);
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_SYNTAX,
                 "Not JSON at byte %" G_GUINT64_FORMAT " of the text inside the string (level %u): %s",
                 get_position (self), self->level, reason);

  return FALSE;
}

/* The value of this text was an object without the member, or no object. */
static gboolean
fail_without_member (StrataWitnessLayer  *self,
                     GError             **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no member “%s” in the text at byte %" G_GUINT64_FORMAT,
               *self->members, get_position (self));

  return FALSE;
}

static void
leave_value (StrataWitnessLayer *self)
{
  self->state = self->n_open > 0 ? STATE_AFTER_VALUE : STATE_END;
}

/* Hands on what came from @run on: to the payload, if it may be part of that. */
static gboolean
put (StrataWitnessLayer  *self,
     const guint8        *run,
     gboolean             to_payload,
     GError             **error)
{
  gsize size = (gsize)(self->next - run);

  return (!to_payload || _strata_witness_payload_put (self->payload, run, size, error)) &&
         (self->around == NULL || _strata_witness_payload_put (self->around, run, size, error));
}

/* The payload is complete. */
static gboolean
end_payload (StrataWitnessLayer  *self,
             gboolean             is_array,
             GError             **error)
{
  leave_value (self);

  return _strata_witness_payload_finish (self->payload, is_array, get_position (self) - self->value_start, error);
}

static gboolean
begin_string (StrataWitnessLayer  *self,
              GError             **error)
{
  self->unwrap = _strata_witness_unwrap_new (self->payload, self->members, self->level + 1);
  if (self->around != NULL)
    _strata_witness_unwrap_keep_failure (self->unwrap);
  self->state = STATE_STRING;
  self->next++;

  return put (self, self->next - 1, TRUE, error);
}

/* Only a file is an envelope, and only once: what is inside is the old program's own data. */
static StrataWitnessKeys
get_keys (StrataWitnessLayer *self)
{
  gboolean may_be_envelope = self->level == 0 && self->n_open == 0;

  if (self->members != NULL)
    return may_be_envelope ? STRATA_WITNESS_KEYS_WANTED_OR_DATA : STRATA_WITNESS_KEYS_WANTED;

  return may_be_envelope ? STRATA_WITNESS_KEYS_ENVELOPE : STRATA_WITNESS_KEYS_NOTHING;
}

static gboolean
begin_tokens (StrataWitnessLayer  *self,
              GError             **error)
{
  gboolean is_array = *self->next == '[';
  const char *wanted = self->members != NULL ? *self->members : NULL;

  if (is_array && wanted != NULL)
    return fail_without_member (self, error);

  _strata_witness_tokens_begin (&self->tokens, wanted == NULL ? self->payload : NULL, self->around,
                                is_array, get_keys (self), wanted);
  self->state = STATE_TOKENS;
  self->next++;

  return put (self, self->next - 1, wanted == NULL, error);
}

static gboolean
step_start (StrataWitnessLayer  *self,
            GError             **error)
{
  static const guint8 bom[] = { 0xEF, 0xBB, 0xBF };
  StrataWitnessClass class = _strata_witness_classify (*self->next);

  if (self->n_bom < 3 && *self->next == bom[self->n_bom])
    {
      self->n_bom++;
      self->next++;
      return TRUE;
    }

  if (self->n_bom > 0 && self->n_bom < 3)
    return fail (self, "no value begins so", error);
  self->n_bom = 3;

  if (class == STRATA_WITNESS_SPACE)
    {
      self->next++;
      return TRUE;
    }

  self->value_start = get_position (self);
  if (class == STRATA_WITNESS_QUOTE)
    return begin_string (self, error);
  if (class == STRATA_WITNESS_OPEN)
    return begin_tokens (self, error);
  if (!_strata_witness_scalar_begin (&self->scalar, *self->next))
    return fail (self, "no value begins so", error);
  if (self->members != NULL)
    return fail_without_member (self, error);
  self->state = STATE_SCALAR;
  self->next++;

  return put (self, self->next - 1, TRUE, error);
}

/* Past the closing quotation mark. */
static gboolean
end_string (StrataWitnessLayer  *self,
            GError             **error)
{
  if (!_strata_witness_unwrap_has_text (self->unwrap))
    return self->members != NULL ? fail_without_member (self, error) : end_payload (self, FALSE, error);

  leave_value (self);

  return TRUE;
}

static gboolean
step_string (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  const guint8 *run = self->next;
  gboolean is_closed;

  if (!_strata_witness_unwrap_push (self->unwrap, &self->next, end, error))
    return FALSE;

  is_closed = self->next < end;
  self->next += is_closed;
  if (is_closed && !_strata_witness_unwrap_finish (self->unwrap, error))
    return FALSE;

  /* The payload gets the string as it is, and drops it when a text is found */
  if (!put (self, run, !_strata_witness_unwrap_has_text (self->unwrap), error))
    return FALSE;

  return !is_closed || end_string (self, error);
}

/* Goes on with a member of the object at hand as the value; the rest of the object comes after it. */
static void
enter_member (StrataWitnessLayer *self)
{
  self->n_open++;
  self->state = STATE_START;
}

/* Past the "data": of an envelope. An object of somebody's own may happen to begin
 * so too: it is one if a member follows that no envelope has.
 */
static void
enter_envelope (StrataWitnessLayer *self)
{
  if (self->members == NULL && self->tokens.n_keys == 1)
    {
      self->around = _strata_witness_payload_set_aside (self->payload, &self->around_value);
      self->around_start = self->value_start;
    }
  else
    _strata_witness_payload_drop (self->payload);

  enter_member (self);
}

/* Past what seemed to be an envelope. */
static gboolean
end_around (StrataWitnessLayer  *self,
            GError             **error)
{
  const GError *failure = self->unwrap != NULL ? _strata_witness_unwrap_get_failure (self->unwrap) : NULL;

  if (!self->tokens.has_foreign)
    {
      if (failure != NULL)
        g_propagate_error (error, g_error_copy (failure));
      return failure == NULL;
    }

  if (!_strata_witness_payload_finish (self->around, FALSE, get_position (self) - self->around_start, error))
    return FALSE;
  _strata_witness_payload_replace (self->payload, &self->around_value);

  return TRUE;
}

/* Past the last bracket. */
static gboolean
end_tokens (StrataWitnessLayer  *self,
            GError             **error)
{
  if (self->state == STATE_REST)
    {
      self->n_open--;
      leave_value (self);
      return self->around == NULL || end_around (self, error);
    }

  if (self->members != NULL)
    return fail_without_member (self, error);

  return end_payload (self, self->tokens.is_array, error);
}

static gboolean
step_tokens (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  switch (_strata_witness_tokens_push (&self->tokens, &self->next, end, error))
    {
    case STRATA_WITNESS_TOKENS_AT_DATA:
      enter_envelope (self);
      return TRUE;
    case STRATA_WITNESS_TOKENS_AT_WANTED:
      self->members = self->members[1] != NULL ? self->members + 1 : NULL;
      enter_member (self);
      return TRUE;
    case STRATA_WITNESS_TOKENS_AT_END:
      return end_tokens (self, error);
    case STRATA_WITNESS_TOKENS_FAILED:
      return self->tokens.reason != NULL && fail (self, self->tokens.reason, error);
    case STRATA_WITNESS_TOKENS_INSIDE:
    default:
      return TRUE;
    }
}

static gboolean
end_scalar (StrataWitnessLayer  *self,
            GError             **error)
{
  if (!_strata_witness_scalar_is_whole (&self->scalar))
    return fail (self, "a malformed number or word", error);

  return end_payload (self, FALSE, error);
}

static gboolean
step_scalar (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  const guint8 *run = self->next;

  while (self->next < end && _strata_witness_scalar_take (&self->scalar, *self->next))
    self->next++;

  if (!put (self, run, TRUE, error))
    return FALSE;

  return self->next == end || end_scalar (self, error);
}

/* After the value within an object, or after everything. */
static gboolean
step_after (StrataWitnessLayer  *self,
            GError             **error)
{
  if (_strata_witness_classify (*self->next) == STRATA_WITNESS_SPACE)
    {
      self->next++;
      return TRUE;
    }

  if (self->state == STATE_END || (*self->next != ',' && *self->next != '}'))
    return fail (self, "something follows the value", error);

  self->state = STATE_REST;
  _strata_witness_tokens_begin (&self->tokens, NULL, self->around, FALSE, STRATA_WITNESS_KEYS_FOREIGN, NULL);

  return TRUE;
}

static gboolean
step (StrataWitnessLayer  *self,
      const guint8        *end,
      GError             **error)
{
  switch (self->state)
    {
    case STATE_START:
      return step_start (self, error);
    case STATE_STRING:
      return step_string (self, end, error);
    case STATE_TOKENS:
    case STATE_REST:
      return step_tokens (self, end, error);
    case STATE_SCALAR:
      return step_scalar (self, end, error);
    case STATE_AFTER_VALUE:
    case STATE_END:
    default:
      return step_after (self, error);
    }
}

/* A StrataWitnessSink; takes the next bytes of the text, which are UTF-8. */
gboolean
_strata_witness_layer_push (const guint8  *data,
                            gsize          size,
                            gpointer       layer,
                            GError       **error)
{
  StrataWitnessLayer *self = layer;
  const guint8 *end = data + size;
  gboolean ok = self->failed ? fail (self, "nothing more is read here", error) :
                               _strata_witness_payload_check (self->payload, error);

  self->block = self->next = data;
  while (ok && self->next < end)
    ok = step (self, end, error);

  self->offset += size;
  self->block = self->next = NULL;
  self->failed = !ok;

  return ok;
}

/* The text has ended: so must its value. */
gboolean
_strata_witness_layer_finish (StrataWitnessLayer  *self,
                              GError             **error)
{
  if (self->state == STATE_SCALAR && !end_scalar (self, error))
    return FALSE;

  return self->state == STATE_END || fail (self, "the text ends before its value", error);
}

/* After damage; see _strata_witness_unwrap_drain(). */
void
_strata_witness_layer_drain (StrataWitnessLayer *self)
{
  if (self->unwrap != NULL)
    _strata_witness_unwrap_drain (self->unwrap);
}

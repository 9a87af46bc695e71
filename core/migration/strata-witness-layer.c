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
  STATE_START,      /* before the value */
  STATE_STRING,     /* in a string that is unwrapped */
  STATE_TOKENS,     /* in an array or object */
  STATE_SCALAR,     /* in a number, true, false or null */
  STATE_AFTER_DATA, /* in an envelope, after its data */
  STATE_REST,       /* in an envelope, in the members after its data */
  STATE_END,        /* only white space may follow */
} State;

struct _StrataWitnessLayer
{
  /* Set at construction, never changed after */
  StrataWitnessPayload *payload;
  guint                 level;

  State                 state;

  /* Whether a push failed: what comes after would not follow what came before */
  gboolean              failed;

  /* The block at hand and the next byte to look at; @offset bytes of the text came before the block */
  guint64               offset;
  const guint8         *block;
  const guint8         *next;

  /* Past the "data": of an envelope */
  gboolean              in_envelope;

  /* STATE_START: bytes of a byte order mark that were passed over, 3 when none may come */
  guint                 n_bom;

  /* STATE_STRING */
  StrataWitnessUnwrap  *unwrap;

  /* STATE_TOKENS, STATE_SCALAR, STATE_REST */
  StrataWitnessTokens   tokens;
  guint64               value_start;
};

/* @level: how many strings are wrapped around the text. @payload outlives the layer. */
StrataWitnessLayer *
_strata_witness_layer_new (StrataWitnessPayload *payload,
                           guint                 level)
{
  StrataWitnessLayer *self = g_new0 (StrataWitnessLayer, 1);

  self->payload = payload;
  self->level = level;

  return self;
}

void
_strata_witness_layer_free (StrataWitnessLayer *self)
{
  g_clear_pointer (&self->unwrap, _strata_witness_unwrap_free);
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

static void
leave_value (StrataWitnessLayer *self)
{
  self->state = self->in_envelope ? STATE_AFTER_DATA : STATE_END;
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
  if (self->level == STRATA_WITNESS_MAX_LEVEL)
    return fail (self, "too many strings around each other", error);

  self->unwrap = _strata_witness_unwrap_new (self->payload, self->level + 1);
  self->state = STATE_STRING;
  self->next++;

  return TRUE;
}

static gboolean
begin_tokens (StrataWitnessLayer  *self,
              GError             **error)
{
  gboolean is_array = *self->next == '[';

  /* Only a file is an envelope, and only once: what is inside is the old program's own data */
  _strata_witness_tokens_begin (&self->tokens, self->payload, is_array,
                                !is_array && self->level == 0 && !self->in_envelope);
  self->state = STATE_TOKENS;

  return _strata_witness_payload_put (self->payload, self->next++, 1, error);
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
  if (!_strata_witness_begins_scalar (*self->next))
    return fail (self, "no value begins so", error);
  self->state = STATE_SCALAR;

  return TRUE;
}

static gboolean
step_string (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  if (!_strata_witness_unwrap_push (self->unwrap, &self->next, end, error))
    return FALSE;
  if (self->next == end)
    return TRUE;

  self->next++;
  leave_value (self);

  return _strata_witness_unwrap_finish (self->unwrap, error);
}

static gboolean
step_tokens (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  switch (_strata_witness_tokens_push (&self->tokens, &self->next, end, error))
    {
    case STRATA_WITNESS_TOKENS_AT_DATA:
      _strata_witness_payload_drop (self->payload);
      self->in_envelope = TRUE;
      self->state = STATE_START;
      return TRUE;
    case STRATA_WITNESS_TOKENS_AT_END:
      if (self->state == STATE_TOKENS)
        return end_payload (self, self->tokens.is_array, error);
      self->state = STATE_END;
      return TRUE;
    case STRATA_WITNESS_TOKENS_FAILED:
      return self->tokens.reason != NULL && fail (self, self->tokens.reason, error);
    case STRATA_WITNESS_TOKENS_INSIDE:
    default:
      return TRUE;
    }
}

static gboolean
step_scalar (StrataWitnessLayer  *self,
             const guint8        *end,
             GError             **error)
{
  const guint8 *run = self->next;

  while (self->next < end && _strata_witness_classify (*self->next) == STRATA_WITNESS_SCALAR)
    self->next++;

  if (!_strata_witness_payload_put (self->payload, run, (gsize)(self->next - run), error))
    return FALSE;

  return self->next == end || end_payload (self, FALSE, error);
}

/* After the envelope's data, or after everything. */
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
  _strata_witness_tokens_begin (&self->tokens, NULL, FALSE, FALSE);

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
    case STATE_AFTER_DATA:
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
  if (self->state == STATE_SCALAR && !end_payload (self, FALSE, error))
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

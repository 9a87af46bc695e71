/* strata-witness-payload.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "strata-witness-payload-private.h"
#include "strata-witness-text-private.h"

struct _StrataWitnessPayload
{
  /* Set at construction, never changed after */
  StrataWitnessElementFunc  func;
  gpointer                  user_data;
  StrataWitnessCollection  *out;
  GCancellable             *cancellable;

  /* Text not yet digested, so that SHA-256 is fed whole blocks */
  StrataWitnessBuffer       buffer;
  StrataHasher             *hasher;
  guint64                   length;

  /* Where in the buffer the text of the element begins that is not yet in @element_hasher */
  gboolean                  in_element;
  gsize                     element_start;
  StrataHasher             *element_hasher;
  guint64                   element_length;

  /* What @func said when it returned FALSE */
  GError                   *refusal;
};

static void
digest_element_to (StrataWitnessPayload *self,
                   gsize                 end)
{
  _strata_hasher_update (self->element_hasher, self->buffer.bytes + self->element_start,
                         end - self->element_start);
  self->element_length += end - self->element_start;
  self->element_start = 0;
}

static gboolean
digest_block (const guint8  *data,
              gsize          size,
              gpointer       user_data,
              GError       **error)
{
  StrataWitnessPayload *self = user_data;

  _strata_hasher_update (self->hasher, data, size);
  self->length += size;
  if (self->in_element)
    digest_element_to (self, size);

  return TRUE;
}

/* @out is written to until the payload is freed */
StrataWitnessPayload *
_strata_witness_payload_new (StrataWitnessElementFunc  func,
                             gpointer                  user_data,
                             StrataWitnessCollection  *out,
                             GCancellable             *cancellable)
{
  StrataWitnessPayload *self = g_new0 (StrataWitnessPayload, 1);

  self->func = func;
  self->user_data = user_data;
  self->out = out;
  g_set_object (&self->cancellable, cancellable);
  self->hasher = _strata_hasher_new ();
  self->element_hasher = _strata_hasher_new ();
  _strata_witness_buffer_init (&self->buffer, digest_block, self);

  return self;
}

void
_strata_witness_payload_free (StrataWitnessPayload *self)
{
  _strata_witness_buffer_clear (&self->buffer);
  _strata_hasher_free (self->element_hasher);
  _strata_hasher_free (self->hasher);
  g_clear_object (&self->cancellable);
  g_clear_error (&self->refusal);
  g_free (self);
}

gboolean
_strata_witness_payload_put (StrataWitnessPayload  *self,
                             const guint8          *data,
                             gsize                  size,
                             GError               **error)
{
  return _strata_witness_buffer_put (&self->buffer, data, size, error);
}

/* Forgets all text so far: it was that of an envelope. */
void
_strata_witness_payload_drop (StrataWitnessPayload *self)
{
  StrataDigest unused;

  _strata_hasher_finish (self->hasher, &unused);
  self->buffer.length = 0;
  self->length = 0;
}

/* Forgets all text so far, and gives another that goes on from there: the text
 * was that of an envelope, or it is part of the value, which is not known yet.
 * @out: of the other; see _strata_witness_payload_new()
 */
StrataWitnessPayload *
_strata_witness_payload_set_aside (StrataWitnessPayload    *self,
                                   StrataWitnessCollection *out)
{
  StrataWitnessPayload *other = _strata_witness_payload_new (NULL, NULL, out, self->cancellable);
  StrataWitnessPayload before = *self;

  self->hasher = other->hasher;
  self->buffer.bytes = other->buffer.bytes;
  self->buffer.size = other->buffer.size;
  self->buffer.length = 0;
  self->length = 0;

  other->hasher = before.hasher;
  other->buffer.bytes = before.buffer.bytes;
  other->buffer.size = before.buffer.size;
  other->buffer.length = before.buffer.length;
  other->length = before.length;

  return other;
}

void
_strata_witness_payload_begin_element (StrataWitnessPayload *self)
{
  self->in_element = TRUE;
  self->element_start = self->buffer.length;
  self->element_length = 0;
}

gboolean
_strata_witness_payload_end_element (StrataWitnessPayload  *self,
                                     GError               **error)
{
  StrataDigest digest;

  digest_element_to (self, self->buffer.length);
  _strata_hasher_finish (self->element_hasher, &digest);
  self->in_element = FALSE;

  if (self->func != NULL &&
      !self->func (self->out->n_elements, &digest, self->element_length, self->user_data, &self->refusal))
    {
      g_propagate_error (error, g_error_copy (self->refusal));
      return FALSE;
    }
  self->out->n_elements++;

  return TRUE;
}

/* The value is complete. */
gboolean
_strata_witness_payload_finish (StrataWitnessPayload  *self,
                                gboolean               is_array,
                                guint64                pretty_length,
                                GError               **error)
{
  if (!_strata_witness_buffer_flush (&self->buffer, error))
    return FALSE;

  _strata_hasher_finish (self->hasher, &self->out->digest);
  self->out->is_array = is_array;
  self->out->is_whole = TRUE;
  self->out->length = self->length;
  self->out->pretty_length = pretty_length;

  return TRUE;
}

/* Another value is the right one, whose elements are of no interest. */
void
_strata_witness_payload_replace (StrataWitnessPayload          *self,
                                 const StrataWitnessCollection *value)
{
  self->out->digest = value->digest;
  self->out->is_array = value->is_array;
  self->out->is_whole = TRUE;
  self->out->length = value->length;
  self->out->pretty_length = value->pretty_length;
}

/* Returns: (nullable): the error with which an element was refused */
const GError *
_strata_witness_payload_get_refusal (StrataWitnessPayload *self)
{
  return self->refusal;
}

/* Asked once a block by every text: a few bytes of gzip can hold hours of work. */
gboolean
_strata_witness_payload_check (StrataWitnessPayload  *self,
                               GError               **error)
{
  return !g_cancellable_set_error_if_cancelled (self->cancellable, error);
}

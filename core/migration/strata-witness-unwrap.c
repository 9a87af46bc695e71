/* strata-witness-unwrap.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include <zlib.h>

#include "base/strata-error.h"
#include "strata-witness-layer-private.h"
#include "strata-witness-text-private.h"
#include "strata-witness-tokens-private.h"

static const char gzip_prefix[] = "GZIP_V1:";
static const guint8 byte_order_mark[] = { 0xEF, 0xBB, 0xBF };

/* A text begins in as many bytes of a string, or there is none in it */
#define LOOK_SIZE 4096

typedef enum
{
  FORM_UNKNOWN,
  FORM_PLAIN,
  FORM_GZIP,
  FORM_NONE, /* no text: the string is the value itself */
} Form;

struct _StrataWitnessUnwrap
{
  /* Set at construction, for the layer inside */
  StrataWitnessPayload  *payload;
  const char * const    *members;
  guint                  level;

  StrataWitnessUnescape  unescape;

  /* The string without its escapes, on its way to take_text() */
  StrataWitnessBuffer    text;

  /* Settled by the first bytes: a byte order mark, white space, and what begins then */
  Form                   form;
  guint                  n_looked_at;
  guint                  n_mark;
  guint                  n_prefix;

  /* FORM_GZIP only */
  StrataWitnessBase64    base64;
  StrataWitnessBuffer    compressed;
  z_stream               zlib;
  gboolean               zlib_ended;
  guint8                *inflated;
  StrataWitnessDecoder   decoder;

  /* Once there is a text */
  StrataWitnessLayer    *inner;

  /* Whether what is wrong with the text is kept, and what it was */
  gboolean               keeps_failure;
  GError                *failure;
};

static gboolean
take_compressed (const guint8  *data,
                 gsize          size,
                 gpointer       user_data,
                 GError       **error)
{
  StrataWitnessUnwrap *self = user_data;
  uInt room = (uInt)_strata_witness_get_block_size ();

  self->zlib.next_in = (Bytef *)data;
  self->zlib.avail_in = (uInt)size;

  do
    {
      int result = Z_DATA_ERROR;

      self->zlib.next_out = self->inflated;
      self->zlib.avail_out = room;
      if (!self->zlib_ended)
        result = inflate (&self->zlib, Z_NO_FLUSH);

      self->zlib_ended = self->zlib_ended || result == Z_STREAM_END;
      if (!_strata_witness_decoder_push (&self->decoder, self->inflated, room - self->zlib.avail_out, error))
        return FALSE;

      /* Z_BUF_ERROR only says that there was nothing to do */
      if (result != Z_OK && result != Z_STREAM_END && result != Z_BUF_ERROR)
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The compressed data is damaged: %s",
                       self->zlib_ended ? "something follows its end" :
                       self->zlib.msg != NULL ? self->zlib.msg : zError (result));
          return FALSE;
        }
    }
  while (self->zlib.avail_in > 0 || (self->zlib.avail_out == 0 && !self->zlib_ended));

  return TRUE;
}

static void
begin_gzip (StrataWitnessUnwrap *self)
{
  self->form = FORM_GZIP;
  _strata_witness_buffer_init (&self->compressed, take_compressed, self);
  self->base64.out = &self->compressed;
  self->inflated = g_malloc (_strata_witness_get_block_size ());
  self->decoder.utf8.sink = _strata_witness_layer_push;
  self->decoder.utf8.user_data = self->inner;

  /* 16: a gzip header, and its check at the end */
  if (inflateInit2 (&self->zlib, 16 + MAX_WBITS) != Z_OK)
    g_error ("zlib can't be set up");
}

/* The form is known. What the payload was given of the string so far is not the value.
 * @offset: of the layer inside, what stands before it being passed over
 */
static void
begin_text (StrataWitnessUnwrap *self,
            Form                 form,
            guint64              offset)
{
  self->form = form;
  self->inner = _strata_witness_layer_new (self->payload, self->members, self->level, offset);
  _strata_witness_payload_drop (self->payload);
  if (form == FORM_GZIP)
    begin_gzip (self);
}

/* Looks at one more byte of a string whose form is not known.
 *
 * Returns: whether the byte is taken; if not, it is the first of the text
 */
static gboolean
look_at (StrataWitnessUnwrap *self,
         guint8               byte)
{
  gboolean is_first = self->n_looked_at == 0;

  self->n_looked_at++;

  if ((is_first || self->n_mark > 0) && self->n_mark < sizeof byte_order_mark && byte == byte_order_mark[self->n_mark])
    self->n_mark++;
  else if (self->n_looked_at > LOOK_SIZE || (self->n_mark > 0 && self->n_mark < sizeof byte_order_mark))
    self->form = FORM_NONE;
  else if (byte == (guint8)gzip_prefix[self->n_prefix])
    {
      if (++self->n_prefix == strlen (gzip_prefix))
        begin_text (self, FORM_GZIP, 0);
    }
  else if (self->n_prefix > 0)
    self->form = FORM_NONE;
  else if (byte == '"' || byte == '[' || byte == '{')
    begin_text (self, FORM_PLAIN, self->n_looked_at - 1);
  else if (_strata_witness_classify (byte) != STRATA_WITNESS_SPACE)
    self->form = FORM_NONE;

  return self->form != FORM_PLAIN;
}

/* What waits in buffers behind the string itself */
static void
drain_text (StrataWitnessUnwrap *self)
{
  if (self->form == FORM_GZIP)
    {
      _strata_witness_base64_drain (&self->base64, NULL);
      _strata_witness_buffer_flush (&self->compressed, NULL);
    }

  if (self->inner != NULL)
    _strata_witness_layer_drain (self->inner);
}

/* For the caller to return, after @failure (transfer full) of what is inside. */
static gboolean
keep_or_fail (StrataWitnessUnwrap  *self,
              GError               *failure,
              GError              **error)
{
  const GError *refusal = _strata_witness_payload_get_refusal (self->payload);

  if (!self->keeps_failure || failure->domain != STRATA_ERROR || refusal != NULL)
    {
      g_propagate_error (error, failure);
      return FALSE;
    }

  self->failure = failure;
  drain_text (self);
  refusal = _strata_witness_payload_get_refusal (self->payload);
  if (refusal != NULL)
    g_propagate_error (error, g_error_copy (refusal));

  return refusal == NULL;
}

static gboolean
push_text (StrataWitnessUnwrap  *self,
           const guint8         *data,
           gsize                 size,
           GError              **error)
{
  if (self->form == FORM_GZIP)
    return _strata_witness_base64_push (&self->base64, data, size, error);

  return _strata_witness_layer_push (data, size, self->inner, error);
}

static gboolean
take_text (const guint8  *data,
           gsize          size,
           gpointer       user_data,
           GError       **error)
{
  StrataWitnessUnwrap *self = user_data;
  GError *failure = NULL;

  while (self->form == FORM_UNKNOWN && size > 0 && look_at (self, *data))
    {
      data++;
      size--;
    }

  if (size == 0 || self->form == FORM_NONE || self->failure != NULL ||
      push_text (self, data, size, &failure))
    return TRUE;

  return keep_or_fail (self, failure, error);
}

/* For the text inside; see _strata_witness_layer_new(). Where that is one string too
 * many, it is not looked for.
 */
StrataWitnessUnwrap *
_strata_witness_unwrap_new (StrataWitnessPayload *payload,
                            const char * const   *members,
                            guint                 level)
{
  StrataWitnessUnwrap *self = g_new0 (StrataWitnessUnwrap, 1);

  self->payload = payload;
  self->members = members;
  self->level = level;
  self->form = level > STRATA_WITNESS_MAX_LEVEL ? FORM_NONE : FORM_UNKNOWN;
  _strata_witness_buffer_init (&self->text, take_text, self);
  self->unescape.out = &self->text;

  return self;
}

void
_strata_witness_unwrap_free (StrataWitnessUnwrap *self)
{
  if (self->form == FORM_GZIP)
    {
      inflateEnd (&self->zlib);
      g_free (self->inflated);
      _strata_witness_buffer_clear (&self->compressed);
    }
  _strata_witness_buffer_clear (&self->text);
  g_clear_pointer (&self->inner, _strata_witness_layer_free);
  g_clear_error (&self->failure);
  g_free (self);
}

/* Takes the raw text of the string from *@next on and leaves it at the closing quotation mark or at @end. */
gboolean
_strata_witness_unwrap_push (StrataWitnessUnwrap  *self,
                             const guint8        **next,
                             const guint8         *end,
                             GError              **error)
{
  return _strata_witness_unescape_push (&self->unescape, next, end, error);
}

/* What is wrong with the text inside is no failure of the string from now on: the
 * string may be the value after all, or part of it.
 */
void
_strata_witness_unwrap_keep_failure (StrataWitnessUnwrap *self)
{
  self->keeps_failure = TRUE;
}

/* Returns: (nullable): what was wrong */
const GError *
_strata_witness_unwrap_get_failure (StrataWitnessUnwrap *self)
{
  return self->failure;
}

static gboolean
finish_gzip (StrataWitnessUnwrap  *self,
             GError              **error)
{
  if (!_strata_witness_base64_finish (&self->base64, error) ||
      !_strata_witness_buffer_flush (&self->compressed, error) ||
      !_strata_witness_decoder_finish (&self->decoder, error))
    return FALSE;

  if (!self->zlib_ended)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The compressed data is cut off");

  return self->zlib_ended;
}

/* Whether a text was found in the string, so that what is in it is the value. It is
 * known at the latest when the string is finished.
 */
gboolean
_strata_witness_unwrap_has_text (StrataWitnessUnwrap *self)
{
  return self->form == FORM_PLAIN || self->form == FORM_GZIP;
}

/* The string is closed: so must be everything in it. */
gboolean
_strata_witness_unwrap_finish (StrataWitnessUnwrap  *self,
                               GError              **error)
{
  GError *failure = NULL;

  if (!_strata_witness_unescape_finish (&self->unescape, error) ||
      !_strata_witness_buffer_flush (&self->text, error))
    return FALSE;

  if (!_strata_witness_unwrap_has_text (self) || self->failure != NULL ||
      ((self->form != FORM_GZIP || finish_gzip (self, &failure)) && _strata_witness_layer_finish (self->inner, &failure)))
    return TRUE;

  return keep_or_fail (self, failure, error);
}

/* After damage: hands on what still waits in buffers, for the elements that end
 * in there. More damage may be met on the way; what lies before it is handed on.
 */
void
_strata_witness_unwrap_drain (StrataWitnessUnwrap *self)
{
  _strata_witness_buffer_flush (&self->text, NULL);
  drain_text (self);
}

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

static const char gzip_prefix[] = "GZIP_V1:";

typedef enum
{
  FORM_UNKNOWN,
  FORM_PLAIN,
  FORM_GZIP,
} Form;

struct _StrataWitnessUnwrap
{
  StrataWitnessUnescape  unescape;

  /* The string without its escapes, on its way to take_text() */
  StrataWitnessBuffer    text;

  /* Settled by the first bytes; @n_prefix of them matched "GZIP_V1:" so far */
  Form                   form;
  guint                  n_prefix;

  /* FORM_GZIP only */
  StrataWitnessBase64    base64;
  StrataWitnessBuffer    compressed;
  z_stream               zlib;
  gboolean               zlib_ended;
  guint8                *inflated;
  StrataWitnessDecoder   decoder;

  StrataWitnessLayer    *inner;
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

/* No JSON text begins with a G, so the first byte that differs decides. */
static gboolean
find_form (StrataWitnessUnwrap  *self,
           guint8                byte,
           gboolean             *out_taken,
           GError              **error)
{
  *out_taken = byte == (guint8)gzip_prefix[self->n_prefix];
  if (*out_taken)
    {
      if (++self->n_prefix == strlen (gzip_prefix))
        begin_gzip (self);
    }
  else if (self->n_prefix == 0)
    self->form = FORM_PLAIN;
  else
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_SYNTAX,
                           "A string that should hold JSON or compressed data holds neither");
      return FALSE;
    }

  return TRUE;
}

static gboolean
take_text (const guint8  *data,
           gsize          size,
           gpointer       user_data,
           GError       **error)
{
  StrataWitnessUnwrap *self = user_data;

  while (self->form == FORM_UNKNOWN && size > 0)
    {
      gboolean taken;

      if (!find_form (self, *data, &taken, error))
        return FALSE;
      data += taken;
      size -= taken;
    }

  if (self->form == FORM_GZIP)
    return _strata_witness_base64_push (&self->base64, data, size, error);

  return size == 0 || _strata_witness_layer_push (data, size, self->inner, error);
}

/* For the text inside; see _strata_witness_layer_new(). */
StrataWitnessUnwrap *
_strata_witness_unwrap_new (StrataWitnessPayload *payload,
                            const char * const   *members,
                            guint                 level,
                            guint                 n_strings)
{
  StrataWitnessUnwrap *self = g_new0 (StrataWitnessUnwrap, 1);

  _strata_witness_buffer_init (&self->text, take_text, self);
  self->unescape.out = &self->text;
  self->inner = _strata_witness_layer_new (payload, members, level, n_strings);

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
  _strata_witness_layer_free (self->inner);
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

/* The string is closed: so must be everything in it. */
gboolean
_strata_witness_unwrap_finish (StrataWitnessUnwrap  *self,
                               GError              **error)
{
  if (!_strata_witness_unescape_finish (&self->unescape, error) ||
      !_strata_witness_buffer_flush (&self->text, error))
    return FALSE;

  if (self->form == FORM_GZIP && !finish_gzip (self, error))
    return FALSE;

  return _strata_witness_layer_finish (self->inner, error);
}

/* After damage: hands on what still waits in buffers, for the elements that end
 * in there. More damage may be met on the way; what lies before it is handed on.
 */
void
_strata_witness_unwrap_drain (StrataWitnessUnwrap *self)
{
  _strata_witness_buffer_flush (&self->text, NULL);

  if (self->form == FORM_GZIP)
    {
      _strata_witness_base64_drain (&self->base64, NULL);
      _strata_witness_buffer_flush (&self->compressed, NULL);
    }

  _strata_witness_layer_drain (self->inner);
}

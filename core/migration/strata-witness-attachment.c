/* strata-witness-attachment.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-witness-attachment-private.h"
#include "strata-witness-text-private.h"

static const char scheme[] = "data:";
static const char base64_name[] = "base64";

typedef enum
{
  STATE_START,   /* a byte order mark and white space may come */
  STATE_SCHEME,  /* in what may be "data:", or already be base64 */
  STATE_HEADER,  /* between "data:" and the comma */
  STATE_BASE64,
  STATE_PERCENT,
} State;

struct _StrataWitnessAttachment
{
  State                state;
  guint                n_bom;

  /* STATE_SCHEME: bytes of "data:" that came, as they were spelled */
  guint8               held[sizeof scheme];
  guint                n_held;

  /* STATE_HEADER: whether the last parameter is "base64", as far as it came */
  gboolean             in_parameter;
  guint                n_matched;
  gboolean             differs;

  StrataWitnessBase64  base64;

  /* STATE_PERCENT: a % that waits for its digits, with the first of them */
  char                 escape[2];
  guint                n_escape;

  StrataWitnessBuffer  decoded;
  StrataHasher        *hasher;
  guint64              length;
};

static gboolean
digest_block (const guint8  *data,
              gsize          size,
              gpointer       user_data,
              GError       **error)
{
  StrataWitnessAttachment *self = user_data;

  _strata_hasher_update (self->hasher, data, size);
  self->length += size;

  return TRUE;
}

StrataWitnessAttachment *
_strata_witness_attachment_new (void)
{
  StrataWitnessAttachment *self = g_new0 (StrataWitnessAttachment, 1);

  self->hasher = _strata_hasher_new ();
  _strata_witness_buffer_init (&self->decoded, digest_block, self);
  self->base64.out = &self->decoded;

  return self;
}

void
_strata_witness_attachment_free (StrataWitnessAttachment *self)
{
  _strata_witness_buffer_clear (&self->decoded);
  _strata_hasher_free (self->hasher);
  g_free (self);
}

/* Nothing told base64 from a data URI before the byte that differs: what was held is base64. */
static gboolean
release_held (StrataWitnessAttachment  *self,
              GError                  **error)
{
  self->state = STATE_BASE64;

  return _strata_witness_base64_push (&self->base64, self->held, self->n_held, error);
}

static gboolean
take_start (StrataWitnessAttachment  *self,
            guint8                    byte,
            gboolean                 *out_taken,
            GError                  **error)
{
  static const guint8 bom[] = { 0xEF, 0xBB, 0xBF };

  *out_taken = TRUE;
  if (self->n_bom < 3 && byte == bom[self->n_bom])
    {
      self->n_bom++;
      return TRUE;
    }

  /* A mark cut short is none, and its first byte is not base64 */
  if (self->n_bom == 1 || self->n_bom == 2)
    self->held[self->n_held++] = bom[0];
  if (self->n_held > 0)
    return release_held (self, error);

  self->n_bom = 3;
  *out_taken = g_ascii_isspace ((char)byte);
  if (!*out_taken)
    self->state = STATE_SCHEME;

  return TRUE;
}

static gboolean
take_scheme (StrataWitnessAttachment  *self,
             guint8                    byte,
             gboolean                 *out_taken,
             GError                  **error)
{
  *out_taken = g_ascii_tolower ((char)byte) == scheme[self->n_held];
  if (!*out_taken)
    return release_held (self, error);

  self->held[self->n_held++] = byte;
  if (self->n_held == strlen (scheme))
    self->state = STATE_HEADER;

  return TRUE;
}

/* Only "base64" as the last parameter counts, in any case and with spaces around
 * it. Line ends and tabs are in no URL; a form feed is a space at the very end.
 */
static void
take_header (StrataWitnessAttachment *self,
             guint8                   byte)
{
  if (byte == ',')
    {
      gboolean is_base64 = self->in_parameter && !self->differs && self->n_matched == strlen (base64_name);

      self->state = is_base64 ? STATE_BASE64 : STATE_PERCENT;
    }
  else if (byte == ';')
    {
      self->in_parameter = TRUE;
      self->differs = FALSE;
      self->n_matched = 0;
    }
  else if (self->n_matched < strlen (base64_name) &&
           g_ascii_tolower ((char)byte) == base64_name[self->n_matched])
    self->n_matched++;
  else if (byte == ' ' || byte == '\f')
    self->differs |= self->n_matched < strlen (base64_name) && (self->n_matched > 0 || byte == '\f');
  else if (byte != '\n' && byte != '\r' && byte != '\t')
    self->differs = TRUE;
}

/* What began like an escape and is none stands for itself. */
static gboolean
release_escape (StrataWitnessAttachment  *self,
                GError                  **error)
{
  guint length = self->n_escape;

  self->n_escape = 0;

  return _strata_witness_buffer_put (&self->decoded, (const guint8 *)self->escape, length, error);
}

static gboolean
take_percent (StrataWitnessAttachment  *self,
              guint8                    byte,
              GError                  **error)
{
  guint8 decoded = byte;

  /* A URL may be broken into lines, an escape in it may not */
  if (self->n_escape > 0 && !g_ascii_isxdigit ((char)byte) && !release_escape (self, error))
    return FALSE;

  if (self->n_escape == 0 && (byte == '\n' || byte == '\r' || byte == '\t'))
    return TRUE;

  if (self->n_escape == 0 && byte != '%')
    return _strata_witness_buffer_put (&self->decoded, &decoded, 1, error);

  if (self->n_escape < 2)
    {
      self->escape[self->n_escape++] = (char)byte;
      return TRUE;
    }

  self->n_escape = 0;
  decoded = (guint8)(g_ascii_xdigit_value (self->escape[1]) << 4 | g_ascii_xdigit_value ((char)byte));

  return _strata_witness_buffer_put (&self->decoded, &decoded, 1, error);
}

static gboolean
take_byte (StrataWitnessAttachment  *self,
           guint8                    byte,
           gboolean                 *out_taken,
           GError                  **error)
{
  *out_taken = TRUE;

  switch (self->state)
    {
    case STATE_START:
      return take_start (self, byte, out_taken, error);
    case STATE_SCHEME:
      return take_scheme (self, byte, out_taken, error);
    case STATE_HEADER:
      take_header (self, byte);
      return TRUE;
    case STATE_PERCENT:
      return take_percent (self, byte, error);
    case STATE_BASE64:
    default:
      return _strata_witness_base64_push (&self->base64, &byte, 1, error);
    }
}

/* A StrataWitnessSink; takes the next bytes of the file. */
gboolean
_strata_witness_attachment_push (const guint8  *data,
                                 gsize          size,
                                 gpointer       attachment,
                                 GError       **error)
{
  StrataWitnessAttachment *self = attachment;

  while (size > 0)
    {
      gboolean taken;

      if (self->state == STATE_BASE64)
        return _strata_witness_base64_push (&self->base64, data, size, error);

      if (!take_byte (self, *data, &taken, error))
        return FALSE;
      data += taken;
      size -= taken;
    }

  return TRUE;
}

/* The file has ended. One that held nothing stands for no bytes at all. */
gboolean
_strata_witness_attachment_finish (StrataWitnessAttachment  *self,
                                   StrataDigest             *out_digest,
                                   guint64                  *out_length,
                                   GError                  **error)
{
  if (self->state == STATE_SCHEME && !release_held (self, error))
    return FALSE;

  if (!release_escape (self, error))
    return FALSE;

  if (self->state == STATE_HEADER || (self->state == STATE_START && self->n_bom % 3 != 0))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The data URI is cut off");
      return FALSE;
    }

  if (!_strata_witness_base64_finish (&self->base64, error) ||
      !_strata_witness_buffer_flush (&self->decoded, error))
    return FALSE;

  _strata_hasher_finish (self->hasher, out_digest);
  *out_length = self->length;

  return TRUE;
}

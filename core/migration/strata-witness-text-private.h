/* strata-witness-text-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <string.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* The stages a file's bytes pass on their way to the witness. Each is pushed
 * bytes in pieces of any size and hands its own on to a sink or a buffer, so
 * that nothing ever holds a whole text.
 */

/* Takes the next bytes. %FALSE with @error set stops everything before it. */
typedef gboolean (*StrataWitnessSink) (const guint8  *data,
                                       gsize          size,
                                       gpointer       user_data,
                                       GError       **error);

/* Gathers small pieces for a sink. */
typedef struct
{
  StrataWitnessSink  sink;
  gpointer           user_data;
  guint8            *bytes;
  gsize              length;
  gsize              size;
} StrataWitnessBuffer;

gsize    _strata_witness_get_block_size  (void);

void     _strata_witness_buffer_init     (StrataWitnessBuffer      *self,
                                          StrataWitnessSink         sink,
                                          gpointer                  user_data);
void     _strata_witness_buffer_clear    (StrataWitnessBuffer      *self);
gboolean _strata_witness_buffer_put_long (StrataWitnessBuffer      *self,
                                          const guint8             *data,
                                          gsize                     size,
                                          GError                  **error);
gboolean _strata_witness_buffer_flush    (StrataWitnessBuffer      *self,
                                          GError                  **error);

static inline gboolean
_strata_witness_buffer_put (StrataWitnessBuffer  *self,
                            const guint8         *data,
                            gsize                 size,
                            GError              **error)
{
  if (G_UNLIKELY (size >= self->size - self->length))
    return _strata_witness_buffer_put_long (self, data, size, error);

  memcpy (self->bytes + self->length, data, size);
  self->length += size;

  return TRUE;
}

/* Passes UTF-8 on and puts U+FFFD for what is not, once for each maximal
 * subpart, like the TextDecoder of a browser.
 */
typedef struct
{
  StrataWitnessSink sink;
  gpointer          user_data;

  /* The bytes of a character that the last block cut */
  guint8            partial[4];
  guint             n_partial;
} StrataWitnessUtf8;

gboolean _strata_witness_utf8_push       (StrataWitnessUtf8        *self,
                                          const guint8             *data,
                                          gsize                     size,
                                          GError                  **error);
gboolean _strata_witness_utf8_finish     (StrataWitnessUtf8        *self,
                                          GError                  **error);

/* As many bytes as show what a text is written in */
#define STRATA_WITNESS_HEAD_SIZE 4

typedef enum
{
  STRATA_WITNESS_UNSETTLED,
  STRATA_WITNESS_UTF8,
  STRATA_WITNESS_UTF16_LITTLE,
  STRATA_WITNESS_UTF16_BIG,
} StrataWitnessDecoderForm;

/* Finds out whether text is UTF-8, which is mended, or UTF-16, which becomes
 * UTF-8: a surrogate without its other half, and half a unit at the end, as U+FFFD.
 */
typedef struct
{
  /* Whose sink takes the text, whatever it was */
  StrataWitnessUtf8        utf8;

  /* Settled by the first bytes, which are held back until then */
  StrataWitnessDecoderForm form;
  guint8                   head[STRATA_WITNESS_HEAD_SIZE];
  guint                    n_head;

  /* UTF-16: what is there of the next unit; a high surrogate that waits for its low one, or 0 */
  guint8                   unit[2];
  guint                    n_unit;
  guint                    high;
} StrataWitnessDecoder;

gboolean _strata_witness_decoder_push    (StrataWitnessDecoder     *self,
                                          const guint8             *data,
                                          gsize                     size,
                                          GError                  **error);
gboolean _strata_witness_decoder_finish  (StrataWitnessDecoder     *self,
                                          GError                  **error);

/* Undoes the escapes of a JSON string. */
typedef struct
{
  StrataWitnessBuffer *out;
  gboolean             after_backslash;

  /* Hexadecimal digits still missing from a \u, and those read so far */
  guint                n_missing;
  guint                unit;

  /* A high surrogate that waits for its low one, or 0 */
  guint                high;
} StrataWitnessUnescape;

gboolean _strata_witness_unescape_push   (StrataWitnessUnescape    *self,
                                          const guint8            **next,
                                          const guint8             *end,
                                          GError                  **error);
gboolean _strata_witness_unescape_finish (StrataWitnessUnescape    *self,
                                          GError                  **error);

/* Decodes base64 of either alphabet, with white space anywhere and with or
 * without padding.
 */
typedef struct
{
  StrataWitnessBuffer *out;
  guint                bits;
  guint                n_digits;
  guint                n_padding;
} StrataWitnessBase64;

gboolean _strata_witness_base64_push     (StrataWitnessBase64      *self,
                                          const guint8             *data,
                                          gsize                     size,
                                          GError                  **error);
gboolean _strata_witness_base64_drain    (StrataWitnessBase64      *self,
                                          GError                  **error);
gboolean _strata_witness_base64_finish   (StrataWitnessBase64      *self,
                                          GError                  **error);

/* Eight bytes, the first of them lowest */
static inline guint64
_strata_witness_load_eight (const guint8 *data)
{
  guint64 eight;

  memcpy (&eight, data, sizeof eight);

  return GUINT64_FROM_LE (eight);
}

#define STRATA_WITNESS_EACH_BYTE(byte) (G_GUINT64_CONSTANT (0x0101010101010101) * (byte))

/* Sets the high bit of the first byte that is @byte; what is above that is no matter. */
static inline guint64
_strata_witness_mark_byte (guint64 eight,
                           guint8  byte)
{
  guint64 zero_where_equal = eight ^ STRATA_WITNESS_EACH_BYTE (byte);

  return (zero_where_equal - STRATA_WITNESS_EACH_BYTE (0x01)) & ~zero_where_equal &
         STRATA_WITNESS_EACH_BYTE (0x80);
}

/* Returns: the first quotation mark or backslash, or @end; eight bytes at a time */
static inline const guint8 *
_strata_witness_find_quote (const guint8 *data,
                            const guint8 *end)
{
  while (end - data >= 8)
    {
      guint64 eight = _strata_witness_load_eight (data);
      guint64 marks = _strata_witness_mark_byte (eight, '"') | _strata_witness_mark_byte (eight, '\\');

      if (marks != 0)
        return data + __builtin_ctzll (marks) / 8;
      data += 8;
    }

  while (data < end && *data != '"' && *data != '\\')
    data++;

  return data;
}

G_END_DECLS

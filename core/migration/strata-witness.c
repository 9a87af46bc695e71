/* strata-witness.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-file-private.h"
#include "strata-witness-attachment-private.h"
#include "strata-witness-layer-private.h"
#include "strata-witness-private.h"
#include "strata-witness-text-private.h"

/* Reads @stream to its end, a block at a time, for @sink (nullable), for the
 * digest of its bytes (@out_digest and @out_length, set on success; nullable
 * together), or for both.
 */
static gboolean
read_blocks (GInputStream       *stream,
             StrataWitnessSink   sink,
             gpointer            user_data,
             StrataDigest       *out_digest,
             guint64            *out_length,
             GCancellable       *cancellable,
             GError            **error)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  g_autoptr(GByteArray) block = g_byte_array_new ();
  guint64 length = 0;
  gssize size;

  g_byte_array_set_size (block, (guint)_strata_witness_get_block_size ());
  while ((size = g_input_stream_read (stream, block->data, block->len, cancellable, error)) > 0)
    {
      if (out_digest != NULL)
        _strata_hasher_update (hasher, block->data, (gsize)size);
      length += (guint64)size;
      if (sink != NULL && !sink (block->data, (gsize)size, user_data, error))
        return FALSE;
    }

  if (size < 0)
    return FALSE;

  if (out_digest != NULL)
    {
      _strata_hasher_finish (hasher, out_digest);
      *out_length = length;
    }

  return TRUE;
}

static gboolean
push_bytes (const guint8  *data,
            gsize          size,
            gpointer       user_data,
            GError       **error)
{
  return _strata_witness_decoder_push (user_data, data, size, error);
}

/* After @failure: reports the elements whose ends still wait in buffers. If the
 * caller refuses one of those, it is that error that counts.
 */
static void
report_rest (StrataWitnessLayer    *layer,
             StrataWitnessPayload  *payload,
             GError               **failure)
{
  if (_strata_witness_payload_get_refusal (payload) != NULL)
    return;

  _strata_witness_layer_drain (layer);

  if (_strata_witness_payload_get_refusal (payload) != NULL)
    {
      g_clear_error (failure);
      *failure = g_error_copy (_strata_witness_payload_get_refusal (payload));
    }
}

/* Digests a collection's text: db/<collection>.json, a copy of it, or what holds
 * several collections, in whatever form it is:
 *
 * - the bare value;
 * - an envelope, which is an object with a "data" before which there is nothing
 *   but "version", "checksum", "timestamp" and "compressed"; the value is "data".
 *   If "data" comes first, there is nothing but those after it either. An object
 *   that has more is the bare value; the elements of its "data" are reported
 *   before that is known;
 * - either with a string for a value that holds the text of the value, plain or
 *   as "GZIP_V1:" and base64; and such a string wrapped in up to seven more. What
 *   such a string holds begins with [ or { or " or that word, after a byte order
 *   mark and white space; any other string is itself the value.
 *
 * With @members that value must be an object, and its member of the first name is
 * the value instead, wrapped in strings or not; and so on with the next name. Of
 * several members of one name it is the first. Nothing matters that stands beside
 * this way, but it must come to its end. The outermost object is an envelope then
 * if its "data" stands before the member wanted. A record of a database is none:
 *
 *   {"version": 1, "timestamp": …, "collections": {"notes": …, "sessions": VALUE}}
 *   {"id": …, "timestamp": …, "data": "{…, \"collections\": {\"sessions\": \"[…]\"}}"}
 *
 * are the ways "collections", "sessions" and "data", "collections", "sessions".
 *
 * A byte order mark is passed over at the start of each of these texts. The
 * bytes of a file, and those that were compressed, may be UTF-16. What is neither
 * this nor UTF-8 in them is digested as U+FFFD, once for each maximal subpart.
 * Lengths are those of the texts so mended, in UTF-8.
 *
 * The elements of an array are given to @func (nullable) as soon as they are
 * complete. All leading ones are, before a failure too: %STRATA_ERROR_SYNTAX
 * where a text is not JSON as far as it matters for where tokens begin and end,
 * or ends early; %STRATA_ERROR_DAMAGED_DATA where base64 or compressed data can't
 * be decoded; %STRATA_ERROR_NOT_FOUND, where there is no such member, or no object
 * where one is looked for. After a failure only @out->n_elements says anything, and @out->is_whole.
 *
 * @bytes: the bytes as they are stored, read from where it is to its end
 * @members: (nullable): names, ended by %NULL
 *
 * Returns: whether the text was read and understood to its end
 */
gboolean
_strata_witness_collection (GInputStream              *bytes,
                            const char * const        *members,
                            StrataWitnessElementFunc   func,
                            gpointer                   user_data,
                            StrataWitnessCollection   *out,
                            GCancellable              *cancellable,
                            GError                   **error)
{
  g_autoptr(StrataWitnessPayload) payload = NULL;
  g_autoptr(StrataWitnessLayer) layer = NULL;
  StrataWitnessDecoder decoder = { .utf8.sink = _strata_witness_layer_push };
  GError *failure = NULL;

  *out = (StrataWitnessCollection){ 0 };
  payload = _strata_witness_payload_new (func, user_data, out, cancellable);
  decoder.utf8.user_data = layer = _strata_witness_layer_new (payload, members, 0, 0);

  if (read_blocks (bytes, push_bytes, &decoder, &out->file_digest, &out->file_length, cancellable, &failure) &&
      _strata_witness_decoder_finish (&decoder, &failure) &&
      _strata_witness_layer_finish (layer, &failure))
    return TRUE;

  report_rest (layer, payload, &failure);
  g_propagate_error (error, failure);

  return FALSE;
}

/* Digests the bytes of an attachment. With @as_is those are the file's own;
 * otherwise the file is a .dat, and they are what its text stands for: a data
 * URI, or bare base64.
 *
 * @out_file_digest: (out) (optional): of the file's own bytes
 *
 * Returns: whether the file was read and, with %STRATA_ERROR_DAMAGED_DATA if
 *   not, decoded to its end
 */
gboolean
_strata_witness_attachment_stream (GInputStream   *stream,
                                   gboolean        as_is,
                                   StrataDigest   *out_digest,
                                   guint64        *out_length,
                                   StrataDigest   *out_file_digest,
                                   GCancellable   *cancellable,
                                   GError        **error)
{
  g_autoptr(StrataWitnessAttachment) attachment = NULL;
  guint64 file_length;

  if (as_is)
    {
      if (!read_blocks (stream, NULL, NULL, out_digest, out_length, cancellable, error))
        return FALSE;
      if (out_file_digest != NULL)
        *out_file_digest = *out_digest;
      return TRUE;
    }

  attachment = _strata_witness_attachment_new ();
  if (!read_blocks (stream, _strata_witness_attachment_push, attachment, out_file_digest, &file_length, cancellable, error))
    return FALSE;

  return _strata_witness_attachment_finish (attachment, out_digest, out_length, error);
}

/* The same of a file, below @dir */
gboolean
_strata_witness_attachment (int            dir,
                            const char    *path,
                            gboolean       as_is,
                            StrataDigest  *out_digest,
                            guint64       *out_length,
                            StrataDigest  *out_file_digest,
                            GCancellable  *cancellable,
                            GError       **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (dir, path, error);

  return stream != NULL && _strata_witness_attachment_stream (stream, as_is, out_digest, out_length, out_file_digest,
                                                              cancellable, error);
}

/* fuzz-witness.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include <zlib.h>

#include "base/strata-digest-private.h"
#include "base/strata-error.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-text-stream-private.h"
#include "migration/strata-witness-private.h"

/* A libFuzzer target: whatever the bytes are, the two readers of old collections
 * come to the same result.
 *
 * - What the first reader takes to its end, the witness does too, with the same
 *   digest of the value and of each element.
 * - What the first reader takes whole although something is wrong behind it, is
 *   whole for the witness too, and the same.
 * - Of what breaks off, the elements that the first reader gives are the first
 *   ones that the witness gives.
 * - A member that the first reader does not find, the witness does not find.
 * - The size of the blocks changes nothing of what the witness says.
 *
 * Some differences are meant to be. The witness looks at tokens only as far as it
 * must to know where they end: it takes much that is no JSON. An object with no
 * "data" but what else an envelope has is refused by the first reader only. In
 * both cases nothing is carried over that could be compared. Of an object that
 * begins with "data", has members of its own and is no JSON behind the data, the
 * first reader takes the data and the witness may take the object. And where a
 * member is looked for in an object that begins with "data", the first reader
 * looks at all of it before it says what that is, and the witness looks only at
 * the data.
 */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* What a reader said of a text */
typedef struct
{
  gboolean      ok;         /* value and text came to their ends */
  gboolean      is_whole;   /* the value did */
  GError       *error;
  StrataDigest  digest;
  gboolean      is_array;
  gint64        pretty_length; /* -1: not known */
  GArray       *elements;   /* of StrataDigest */
} Result;

static void
result_init (Result *result)
{
  *result = (Result){ .pretty_length = -1, .elements = g_array_new (FALSE, FALSE, sizeof (StrataDigest)) };
}

static void
result_clear (Result *result)
{
  g_clear_error (&result->error);
  g_array_unref (result->elements);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Result, result_clear)

/* The first reader */

typedef struct
{
  StrataHasher *value;
  StrataHasher *element;
} Hashers;

static gboolean
digest_text (const char  *text,
             gsize        size,
             gpointer     user_data,
             GError     **error)
{
  Hashers *hashers = user_data;

  _strata_hasher_update (hashers->value, text, size);
  _strata_hasher_update (hashers->element, text, size);

  return TRUE;
}

static gboolean
read_array (StrataJsonReader  *reader,
            Hashers           *hashers,
            Result            *result,
            GError           **error)
{
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  _strata_hasher_update (hashers->value, "[", 1);
  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      StrataDigest digest;

      if (!more)
        {
          _strata_hasher_update (hashers->value, "]", 1);
          return TRUE;
        }

      if (result->elements->len > 0)
        _strata_hasher_update (hashers->value, ",", 1);
      if (!_strata_json_reader_take (reader, digest_text, hashers, NULL, error))
        return FALSE;
      _strata_hasher_finish (hashers->element, &digest);
      g_array_append_val (result->elements, digest);
    }

  return FALSE;
}

static gboolean
read_value (StrataJsonReader  *reader,
            Result            *result,
            GError           **error)
{
  g_autoptr(StrataHasher) value = _strata_hasher_new ();
  g_autoptr(StrataHasher) element = _strata_hasher_new ();
  Hashers hashers = { .value = value, .element = element };
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error) ||
      !(kind == STRATA_JSON_ARRAY ? read_array (reader, &hashers, result, error) :
                                    _strata_json_reader_take (reader, digest_text, &hashers, NULL, error)))
    return FALSE;

  _strata_hasher_finish (value, &result->digest);
  result->is_array = kind == STRATA_JSON_ARRAY;
  result->is_whole = TRUE;

  return TRUE;
}

static void
read_text (GBytes            *bytes,
           const char *const *members,
           Result            *result)
{
  g_autoptr(GInputStream) raw = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr(GInputStream) text = _strata_text_stream_new (raw);
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_payload_open (text, members, NULL, &result->error);

  if (payload != NULL &&
      read_value (_strata_legacy_payload_get_reader (payload), result, &result->error))
    {
      result->ok = _strata_legacy_payload_finish (payload, NULL, &result->error);
      if (_strata_legacy_payload_get_envelope (payload)->wraps == 0)
        result->pretty_length = (gint64)_strata_legacy_payload_get_envelope (payload)->payload_bytes;
    }

  g_assert_true (result->ok == (result->error == NULL));
}

/* The witness */

static gboolean
note_element (guint64              ordinal,
              const StrataDigest  *digest,
              guint64              length,
              gpointer             user_data,
              GError             **error)
{
  Result *result = user_data;

  g_assert_cmpuint (ordinal, ==, result->elements->len);
  g_array_append_val (result->elements, *digest);

  return TRUE;
}

static void
hear (GBytes            *bytes,
      const char *const *members,
      gsize              block_size,
      Result            *result)
{
  g_autoptr(GInputStream) raw = g_memory_input_stream_new_from_bytes (bytes);
  StrataWitnessCollection seen;

  _strata_witness_set_block_size (block_size);
  result->ok = _strata_witness_collection (raw, members, note_element, result, &seen, NULL, &result->error);

  g_assert_true (result->ok == (result->error == NULL));
  g_assert_true (!result->ok || seen.is_whole);
  g_assert_cmpuint (seen.n_elements, ==, result->elements->len);
  result->is_whole = seen.is_whole;
  result->is_array = seen.is_array;
  result->digest = seen.digest;
  result->pretty_length = (gint64)seen.pretty_length;
}

/* Both */

static gboolean
is_prefix (const Result *shorter,
           const Result *longer)
{
  return shorter->elements->len <= longer->elements->len &&
         (shorter->elements->len == 0 ||
          memcmp (shorter->elements->data, longer->elements->data, shorter->elements->len * sizeof (StrataDigest)) == 0);
}

static void
show (const char   *who,
      const Result *result)
{
  g_autofree char *digest = _strata_digest_dup_hex (&result->digest);

  g_printerr ("%s: %s, %u elements, digest %s, %" G_GINT64_FORMAT " bytes, %s\n", who,
              result->ok ? "ok" : result->is_whole ? "whole" : "broken", result->elements->len,
              result->is_whole ? digest : "none", result->pretty_length,
              result->error != NULL ? result->error->message : "no error");
}

static void
expect (gboolean      truth,
        const char   *what,
        const Result *first,
        const Result *other)
{
  if (truth)
    return;

  show ("one", first);
  show ("other", other);
  g_printerr ("expected: %s\n", what);
  abort ();
}

#define EXPECT(truth, first, other) expect (truth, #truth, first, other)

static void
compare_blocks (const Result *one,
                const Result *other)
{
  EXPECT (one->ok == other->ok, one, other);
  EXPECT (one->is_whole == other->is_whole, one, other);
  EXPECT (one->elements->len == other->elements->len && is_prefix (one, other), one, other);
  EXPECT (one->ok || one->error->domain == other->error->domain, one, other);
  if (one->is_whole)
    {
      EXPECT (_strata_digest_equal (&one->digest, &other->digest), one, other);
      EXPECT (one->pretty_length == other->pretty_length, one, other);
      EXPECT (one->is_array == other->is_array, one, other);
    }
}

static gboolean
begins_with_data (GBytes *bytes)
{
  g_autoptr(GInputStream) raw = g_memory_input_stream_new_from_bytes (bytes);
  g_autoptr(GInputStream) text = _strata_text_stream_new (raw);
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new (text);
  g_autoptr(GString) token = g_string_new (NULL);
  g_autofree char *name = NULL;
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, NULL, NULL) || kind != STRATA_JSON_OBJECT ||
      !_strata_json_reader_enter (reader, NULL, NULL) ||
      !_strata_json_reader_next_member (reader, token, &more, NULL, NULL) || !more)
    return FALSE;

  name = _strata_json_unquote (token->str, token->len);

  return strcmp (name, "data") == 0;
}

/* Whether the first reader took an object that begins with "data" for an envelope
 * because of a flaw behind it which the witness does not see.
 */
static gboolean
is_envelope_by_flaw (GBytes       *bytes,
                     const Result *reader,
                     const Result *witness)
{
  return !reader->ok && !witness->is_array && begins_with_data (bytes);
}

static void
compare_readers (GBytes       *bytes,
                 const Result *reader,
                 const Result *witness)
{
  gboolean by_flaw = is_envelope_by_flaw (bytes, reader, witness);

  EXPECT (!reader->ok || witness->ok, reader, witness);
  EXPECT (!reader->is_whole || witness->is_whole, reader, witness);
  EXPECT (is_prefix (reader, witness), reader, witness);

  if (reader->is_whole && !by_flaw)
    {
      EXPECT (_strata_digest_equal (&reader->digest, &witness->digest), reader, witness);
      EXPECT (reader->is_array == witness->is_array, reader, witness);
      EXPECT (!reader->is_array || reader->elements->len == witness->elements->len, reader, witness);
      EXPECT (!reader->ok || reader->pretty_length < 0 || reader->pretty_length == witness->pretty_length, reader, witness);
    }

  /* With another error, where the text breaks before the witness has got so far */
  if (g_error_matches (reader->error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    EXPECT (!witness->is_whole, reader, witness);

  /* Damage that is no matter of JSON is damage for both */
  if (g_error_matches (reader->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA) && !by_flaw &&
      strcmp (reader->error->message, "The file holds no data") != 0)
    EXPECT (!witness->ok, reader, witness);
}

static void
check (GBytes            *bytes,
       const char *const *members,
       gsize              block_size)
{
  g_auto(Result) reader, whole, pieces;

  result_init (&reader);
  result_init (&whole);
  result_init (&pieces);

  read_text (bytes, members, &reader);
  hear (bytes, members, 0, &whole);
  hear (bytes, members, block_size, &pieces);

  compare_blocks (&whole, &pieces);
  if (members == NULL || strcmp (*members, "data") == 0 || !begins_with_data (bytes))
    compare_readers (bytes, &reader, &whole);
}

/* Bytes that reach what mutations of a file hardly do */

static GBytes *
put_base64 (const char *base64,
            gsize       size)
{
  GString *text = g_string_new ("{\"version\":1,\"data\":\"GZIP_V1:");

  g_string_append_len (text, base64, (gssize)size);
  g_string_append (text, "\",\"compressed\":true}");

  return g_string_free_to_bytes (text);
}

static GBytes *
put_compressed (const guint8 *data,
                gsize         size)
{
  g_autofree char *base64 = g_base64_encode (data, size);

  return put_base64 (base64, strlen (base64));
}

static GBytes *
put_text (const guint8 *data,
          gsize         size)
{
  gsize room = compressBound ((uLong)size) + 64;
  g_autofree guint8 *compressed = g_malloc (room);
  z_stream zlib = { .next_in = (Bytef *)data, .avail_in = (uInt)size, .next_out = compressed, .avail_out = (uInt)room };

  g_assert_cmpint (deflateInit2 (&zlib, 1, Z_DEFLATED, 16 + MAX_WBITS, 8, Z_DEFAULT_STRATEGY), ==, Z_OK);
  g_assert_cmpint (deflate (&zlib, Z_FINISH), ==, Z_STREAM_END);
  deflateEnd (&zlib);

  return put_compressed (compressed, zlib.total_out);
}

/* The string as JSON.stringify() would write it, but for what is no UTF-8 */
static GBytes *
put_string (const guint8 *data,
            gsize         size)
{
  GString *text = g_string_new ("{\"version\":1,\"data\":\"");

  for (gsize i = 0; i < size; i++)
    if (data[i] < 0x20)
      g_string_append_printf (text, "\\u%04x", data[i]);
    else if (data[i] == '"' || data[i] == '\\')
      g_string_append_printf (text, "\\%c", data[i]);
    else
      g_string_append_c (text, (char)data[i]);
  g_string_append (text, "\"}");

  return g_string_free_to_bytes (text);
}

static GBytes *
put_utf16 (const guint8 *data,
           gsize         size)
{
  g_autofree char *valid = g_utf8_make_valid ((const char *)data, (gssize)size);
  glong n_units;
  gunichar2 *units = g_utf8_to_utf16 (valid, -1, NULL, &n_units, NULL);

  return g_bytes_new_take (units, (gsize)n_units * 2);
}

/* The last byte says what is made of the others besides. */
static GBytes *
make_other (const guint8 *data,
            gsize         size,
            guint8        way)
{
  switch (way % 6)
    {
    case 0:
      return put_text (data, size);
    case 1:
      return put_compressed (data, size);
    case 2:
      return put_base64 ((const char *)data, size);
    case 3:
      return put_string (data, size);
    case 4:
      return put_utf16 (data, size);
    default:
      return NULL;
    }
}

static void
check_all_ways (GBytes *bytes,
                guint8  way)
{
  static const char *const in_backup[] = { "collections", "sessions", NULL };
  static const char *const in_enrichment_backup[] = { "sessions", NULL };
  static const char *const in_record[] = { "data", "collections", "sessions", NULL };
  static const gsize block_sizes[] = { 1, 2, 3, 16, 61 };
  gsize block_size = block_sizes[way / 6 % G_N_ELEMENTS (block_sizes)];

  check (bytes, NULL, block_size);
  check (bytes, in_backup, block_size);
  check (bytes, in_enrichment_backup, block_size);
  check (bytes, in_record, block_size);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  guint8 way = length > 0 ? data[length - 1] : 0;
  g_autoptr(GBytes) bytes = g_bytes_new (data, length);
  g_autoptr(GBytes) other = length > 0 ? make_other (data, length - 1, way) : NULL;

  check_all_ways (bytes, way);
  if (other != NULL)
    check_all_ways (other, way);

  return 0;
}

/* fuzz-gzip.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "codec/strata-gzip-private.h"
#include "fuzz-stream.h"

/* A libFuzzer target: whatever the bytes are, unpacking them as a whole and while
 * they are read come to the same, and no size but the right one is believed; and
 * taken for text, they come back from being packed.
 */
int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* More than this of an input's content is not looked at: bombs take their time */
#define MAX_RAW (1024 * 1024)
#define FLAG_HEADER_CRC 2

static GByteArray *
unpack_stream (const guint8  *data,
               gsize          length,
               gsize          piece,
               GError       **error)
{
  g_autoptr(GInputStream) base = fuzz_stream_new (data, length, piece);
  g_autoptr(GInputStream) stream = _strata_gzip_new_unpacking (base);
  GByteArray *raw = g_byte_array_new ();
  gssize size;

  do
    {
      gsize before = raw->len;

      g_byte_array_set_size (raw, (guint)before + 4096);
      size = g_input_stream_read (stream, raw->data + before, 4096, NULL, error);
      g_byte_array_set_size (raw, (guint)(before + (gsize)MAX (size, 0)));
    }
  while (size > 0 && raw->len <= MAX_RAW);

  return raw;
}

static void
check_unpacking (const guint8 *data,
                 gsize         length)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) other_error = NULL;
  g_autoptr(GByteArray) streamed = unpack_stream (data, length, length + 1, &error);
  g_autoptr(GByteArray) in_pieces = unpack_stream (data, length, 3, &other_error);
  g_autoptr(GBytes) whole = NULL;
  g_autoptr(GBytes) shorter = NULL;
  g_autoptr(GBytes) longer = NULL;

  g_assert ((error == NULL) == (other_error == NULL));
  g_assert (error == NULL || g_error_matches (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA));
  if (streamed->len > MAX_RAW)
    return;
  if (error == NULL)
    g_assert (streamed->len == in_pieces->len && memcmp (streamed->data, in_pieces->data, streamed->len) == 0);

  /* zlib looks at the header's own check sum, where there is one */
  whole = _strata_gzip_unpack (data, length, streamed->len, NULL);
  if (error == NULL)
    g_assert (whole != NULL);
  if (whole != NULL && !(data[3] & FLAG_HEADER_CRC))
    g_assert (error == NULL);
  if (whole != NULL && error == NULL)
    g_assert (memcmp (g_bytes_get_data (whole, NULL), streamed->data, streamed->len) == 0);

  if (whole == NULL)
    return;
  longer = _strata_gzip_unpack (data, length, streamed->len + 1, NULL);
  shorter = streamed->len > 0 ? _strata_gzip_unpack (data, length, streamed->len - 1, NULL) : NULL;
  g_assert (longer == NULL && shorter == NULL);
}

static void
check_packing (const guint8 *data,
               gsize         length)
{
  int level = length > 0 ? data[0] % (STRATA_GZIP_MAX_LEVEL + 1) : 0;
  g_autoptr(GBytes) packed = _strata_gzip_pack (data, length, level);
  g_autoptr(GBytes) raw = _strata_gzip_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), length, NULL);

  g_assert (raw != NULL && memcmp (g_bytes_get_data (raw, NULL), data, length) == 0);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  check_unpacking (data, length);
  check_packing (data, length);

  return 0;
}

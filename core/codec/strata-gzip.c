/* strata-gzip.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <libdeflate.h>

#include "base/strata-error.h"
#include "strata-filter-stream-private.h"
#include "strata-gunzip-private.h"
#include "strata-gzip-private.h"

/* The levels zlib has */
#define MAX_STREAM_LEVEL 9
/* A byte of deflate can't stand for more than this: 258 of a match in two bits, less its head */
#define MAX_RATIO 1032
/* What must be saved, in parts of a hundred */
#define WORTHWHILE 5

GBytes *
_strata_gzip_pack (const void *data,
                   gsize       size,
                   int         level)
{
  struct libdeflate_compressor *compressor = libdeflate_alloc_compressor (CLAMP (level, STRATA_GZIP_MIN_LEVEL, STRATA_GZIP_MAX_LEVEL));
  gsize bound, packed_size;
  guint8 *packed;

  if (compressor == NULL)
    g_error ("There is no memory to compress");

  bound = libdeflate_gzip_compress_bound (compressor, size);
  packed = g_malloc (bound);
  packed_size = libdeflate_gzip_compress (compressor, data, size, packed, bound);
  libdeflate_free_compressor (compressor);
  g_assert (packed_size > 0);

  return g_bytes_new_take (g_realloc (packed, packed_size), packed_size);
}

static gboolean
set_damaged (const char  *problem,
             GError     **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "Invalid gzip data: %s", problem);

  return FALSE;
}

/* Says what is wrong, as far as libdeflate does. */
static gboolean
check_result (enum libdeflate_result   result,
              gsize                    used,
              gsize                    size,
              gsize                    written,
              gsize                    raw_size,
              GError                 **error)
{
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
    return set_damaged ("there is more in it than there should be", error);
  if (result != LIBDEFLATE_SUCCESS)
    return set_damaged ("it is damaged or cut", error);
  if (written != raw_size)
    return set_damaged ("there is less in it than there should be", error);
  if (used != size)
    return set_damaged ("something follows its end", error);

  return TRUE;
}

GBytes *
_strata_gzip_unpack (const void  *data,
                     gsize        size,
                     gsize        raw_size,
                     GError     **error)
{
  struct libdeflate_decompressor *decompressor;
  enum libdeflate_result result;
  g_autofree guint8 *raw = NULL;
  gsize used = 0, written = 0;

  if (raw_size / MAX_RATIO > size)
    {
      set_damaged ("there is less in it than there should be", error);
      return NULL;
    }

  /* One more, for a size of 0 */
  raw = g_try_malloc (raw_size + 1);
  decompressor = libdeflate_alloc_decompressor ();
  if (raw == NULL || decompressor == NULL)
    {
      libdeflate_free_decompressor (decompressor);
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "There is not enough memory to decompress");
      return NULL;
    }

  result = libdeflate_gzip_decompress_ex (decompressor, data, size, raw, raw_size, &used, &written);
  libdeflate_free_decompressor (decompressor);
  if (!check_result (result, used, size, written, raw_size, error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&raw), raw_size);
}

GInputStream *
_strata_gzip_new_packing (GInputStream *raw,
                          int           level)
{
  g_autoptr(GConverter) compressor =
    G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, CLAMP (level, STRATA_GZIP_MIN_LEVEL, MAX_STREAM_LEVEL)));

  return _strata_filter_stream_new (raw, compressor);
}

GInputStream *
_strata_gzip_new_unpacking (GInputStream *packed)
{
  g_autoptr(GConverter) gunzip = _strata_gunzip_new ();

  return _strata_filter_stream_new (packed, gunzip);
}

gboolean
_strata_gzip_is_worth_it (guint64 raw_size,
                          guint64 packed_size)
{
  return packed_size < raw_size && raw_size - packed_size >= raw_size / 100 * WORTHWHILE + raw_size % 100 * WORTHWHILE / 100;
}

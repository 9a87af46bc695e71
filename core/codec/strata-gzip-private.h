/* strata-gzip-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* gzip, RFC 1952: one member, no name, no time, so that equal text packed at an
 * equal level by the same library is equal bytes. Any gzip reads it.
 *
 * Whole buffers go through libdeflate, which is more than twice as fast as zlib;
 * what is too large to be held goes through zlib, piece by piece. All functions
 * may be called from any thread at the same time.
 */

#define STRATA_GZIP_MIN_LEVEL     0   /* stored, not packed */
#define STRATA_GZIP_MAX_LEVEL     12
#define STRATA_GZIP_DEFAULT_LEVEL 6

/* Packs @size bytes. Memory: about as much again, and up to 9 MiB at the highest levels.
 *
 * Returns: (transfer full): never %NULL
 */
GBytes       *_strata_gzip_pack          (const void    *data,
                                          gsize          size,
                                          int            level);

/* Unpacks what must come to exactly @raw_size bytes, and checks its CRC. Never
 * more is written, whatever @data says, and nothing is allocated for a size that
 * so few bytes can't come to.
 *
 * Returns: (transfer full): or %NULL with @error set: %STRATA_ERROR_DAMAGED_DATA
 *   where @data is not one gzip member of that size and nothing else;
 *   %G_IO_ERROR_FAILED where there is not enough memory
 */
GBytes       *_strata_gzip_unpack        (const void    *data,
                                          gsize          size,
                                          gsize          raw_size,
                                          GError       **error);

/* The same while @raw is read, at levels up to 9: beyond is as 9.
 *
 * Returns: (transfer full): keeps @raw
 */
GInputStream *_strata_gzip_new_packing   (GInputStream  *raw,
                                          int            level);

/* The same while @packed is read. A flaw is %STRATA_ERROR_DAMAGED_DATA, after all
 * that stands before it was given. How much may come is for the reader to bound.
 *
 * Returns: (transfer full): keeps @packed
 */
GInputStream *_strata_gzip_new_unpacking (GInputStream  *packed);

/* Whether packing saved enough, 5 %, to be worth the unpacking later. */
gboolean      _strata_gzip_is_worth_it   (guint64        raw_size,
                                          guint64        packed_size);

G_END_DECLS

/* chunk-stream.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* A stream over bytes in memory that gives at most so many of them per read. */
#define TEST_TYPE_CHUNK_STREAM (chunk_stream_get_type ())

G_DECLARE_FINAL_TYPE (ChunkStream, chunk_stream, TEST, CHUNK_STREAM, GInputStream)

GInputStream *chunk_stream_new      (const void    *data,
                                     gsize          size,
                                     gsize          chunk_size);

/* Reads all of @stream in pieces of @piece_size. What was read before an error
 * is returned too. */
GByteArray   *chunk_stream_read_all (GInputStream  *stream,
                                     gsize          piece_size,
                                     GError       **error);

G_END_DECLS

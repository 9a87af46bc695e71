/* strata-filter-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* StrataFilterStream is a stream read through a GConverter. GConverterInputStream
 * does the same in pieces of 4 KiB, which costs more than the converting where
 * several of them follow each other; this one takes blocks, and gives the same
 * error again when asked again.
 */
#define STRATA_TYPE_FILTER_STREAM (_strata_filter_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataFilterStream, _strata_filter_stream, STRATA, FILTER_STREAM, GInputStream)

GInputStream *_strata_filter_stream_new (GInputStream *base,
                                         GConverter   *converter);

G_END_DECLS

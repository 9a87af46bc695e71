/* strata-span-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-text-checksum-private.h"

G_BEGIN_DECLS

/* StrataSpanStream passes a file on and takes the checksum of a part of it, as
 * it would be without the indentation it has there: of the value in an envelope
 * whose checksum was computed before it was put there.
 *
 * Where the part begins and ends is known only to who reads from here, and only
 * after the bytes went by: the last two reads are held back for that.
 */
#define STRATA_TYPE_SPAN_STREAM (_strata_span_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataSpanStream, _strata_span_stream, STRATA, SPAN_STREAM, GInputStream)

GInputStream *_strata_span_stream_new    (GInputStream       *base);
/* Offsets from where reading started. Each at once when it is known.
 * @indentation: spaces before the part's last line */
void          _strata_span_stream_begin  (StrataSpanStream   *self,
                                          guint64             offset,
                                          guint               indentation);
void          _strata_span_stream_end    (StrataSpanStream   *self,
                                          guint64             offset,
                                          StrataTextChecksum *out_checksum);
/* There is no such part: passes on and does nothing else. */
void          _strata_span_stream_ignore (StrataSpanStream   *self);

G_END_DECLS

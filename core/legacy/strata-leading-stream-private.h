/* strata-leading-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

/* StrataLeadingStream gives what a torn array still has: the text of an array of
 * its whole leading elements. What is wrong with the next one ends it without
 * an error; any other error is one.
 *
 * Memory: one element.
 */
#define STRATA_TYPE_LEADING_STREAM (_strata_leading_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataLeadingStream, _strata_leading_stream, STRATA, LEADING_STREAM, GInputStream)

/* @reader: (transfer none): inside of the array, before its first element */
GInputStream *_strata_leading_stream_new (StrataJsonReader *reader);

/* Before reading: whether there is an element at all. */
gboolean      _strata_leading_stream_look_ahead (StrataLeadingStream  *self,
                                                 gboolean             *out_any,
                                                 GCancellable         *cancellable,
                                                 GError              **error);

G_END_DECLS

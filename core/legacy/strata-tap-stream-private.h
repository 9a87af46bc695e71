/* strata-tap-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "strata-text-checksum-private.h"

G_BEGIN_DECLS

/* StrataTapStream passes a text on and keeps its checksum and length. */
#define STRATA_TYPE_TAP_STREAM (_strata_tap_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataTapStream, _strata_tap_stream, STRATA, TAP_STREAM, GInputStream)

GInputStream             *_strata_tap_stream_new          (GInputStream    *base);
const StrataTextChecksum *_strata_tap_stream_get_checksum (StrataTapStream *self);
guint64                   _strata_tap_stream_get_length   (StrataTapStream *self);
/* Whether reading failed, so that a reader's error is not about the text. */
gboolean                  _strata_tap_stream_has_failed   (StrataTapStream *self);

G_END_DECLS

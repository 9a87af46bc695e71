/* strata-json-string-stream-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

/* StrataJsonStringStream reads the string that a reader stands at: what is
 * between the quotes, escapes untouched. Its end leaves the reader past the
 * closing quote. The reader is borrowed.
 */
#define STRATA_TYPE_JSON_STRING_STREAM (_strata_json_string_stream_get_type ())

G_DECLARE_FINAL_TYPE (StrataJsonStringStream, _strata_json_string_stream, STRATA, JSON_STRING_STREAM, GInputStream)

GInputStream *_strata_json_string_stream_new (StrataJsonReader *reader);

G_END_DECLS

/* strata-json-write-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"

G_BEGIN_DECLS

/* Small pieces for writing our own JSON line by line: the files of the store
 * must come out the same byte for byte every time, so no library's mood decides
 * about white space.
 */

void _strata_json_append_quoted (GString            *text,
                                 const char         *string);

/* `"name":value,` each; remove the last comma with _strata_json_close_object() */
void _strata_json_add_string    (GString            *text,
                                 const char         *name,
                                 const char         *value);
void _strata_json_add_uint      (GString            *text,
                                 const char         *name,
                                 guint64             value);
void _strata_json_add_int       (GString            *text,
                                 const char         *name,
                                 gint64              value);
void _strata_json_add_bool      (GString            *text,
                                 const char         *name,
                                 gboolean            value);
void _strata_json_add_digest    (GString            *text,
                                 const char         *name,
                                 const StrataDigest *digest);
void _strata_json_add_raw       (GString            *text,
                                 const char         *name,
                                 const char         *json);
void _strata_json_close_object  (GString            *text);
void _strata_json_close_array   (GString            *text);

G_END_DECLS

/* strata-json-pretty-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* Lays out minified JSON text as JSON.stringify (value, null, 2) does, token by
 * token and piece by piece: two spaces a level, `"name": value`, `[]` and `{}`
 * for what is empty. The text must be valid and without white space between
 * tokens. Start with all members zero.
 */
typedef struct
{
  guint64  depth;
  gboolean in_string;
  gboolean escaped;
  gboolean just_opened;
} StrataJsonPretty;

void _strata_json_pretty_feed (StrataJsonPretty *self,
                               const char       *text,
                               gsize             length,
                               GString          *out);

G_END_DECLS

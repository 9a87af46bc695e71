/* strata-key-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

char    *_strata_key_make     (const char *id_token,
                               guint       occurrence,
                               guint       source);
char    *_strata_key_make_for_content (const char *digest_hex,
                               guint       occurrence,
                               guint       source);
gboolean _strata_key_is_valid (const char *key);
char    *_strata_collection_key_make (const char *name,
                               guint       source);
gboolean _strata_collection_key_is_valid (const char *key);
char    *_strata_slug_make    (const char *text,
                               gsize       max_length);

G_END_DECLS

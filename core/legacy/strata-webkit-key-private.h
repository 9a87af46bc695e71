/* strata-webkit-key-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* The encoding of keys in WebKit's IndexedDB: a version, 0; a kind; and what it takes. */

/* A string, or a number or date as ECMAScript spells it.
 *
 * Returns: (transfer full) (nullable): UTF-8, surrogates that stand alone being
 *   U+FFFD; %NULL: a key of another kind, or of an older encoding
 */
char     *_strata_webkit_key_dup_text   (const guint8 *bytes,
                                         gsize         size);
/* Whether it is a number. */
gboolean  _strata_webkit_key_get_number (const guint8 *bytes,
                                         gsize         size,
                                         double       *out_number);
/* Orders keys for SQLite, which asks where the database has an index over them. */
int       _strata_webkit_key_collate    (void         *user_data,
                                         int           a_size,
                                         const void   *a,
                                         int           b_size,
                                         const void   *b);

G_END_DECLS

/* strata-text-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

/* Text out of JSON values. At most 16 MiB of one value are taken: of a longer
 * string the beginning, of a longer object or array nothing.
 */

/* At a value: every string in it, but ids and times, told by their names.
 *
 * Returns: (transfer full) (element-type utf8): or NULL with @error set
 */
GPtrArray *_strata_text_take        (StrataJsonReader  *reader,
                                     GCancellable      *cancellable,
                                     GError           **error);

/* At a value: the string or number, or those in an array.
 *
 * Returns: (transfer full) (element-type utf8): or NULL with @error set
 */
GPtrArray *_strata_text_take_list   (StrataJsonReader  *reader,
                                     GCancellable      *cancellable,
                                     GError           **error);

/* At a value: a string's or number's token, and its text; both NULL for anything else. */
gboolean   _strata_text_take_scalar (StrataJsonReader  *reader,
                                     char             **out_token,
                                     char             **out_text,
                                     GCancellable      *cancellable,
                                     GError           **error);

/* HTML as people read it: without tags, the usual entities as characters. Text
 * that is no HTML stays as it is, but for what looks like a tag. (transfer full)
 */
char      *_strata_text_strip_tags  (const char        *html);

G_END_DECLS

/* strata-data-uri-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The bytes that a text stands for: a data URI, in base64 or percent-encoded,
 * or bare base64; in any spelling that LEGACY-FORMAT names. What can't be
 * decoded is STRATA_ERROR_DAMAGED_DATA, here or while it is read.
 */
GInputStream *_strata_data_uri_decode (GInputStream  *text,
                                       GCancellable  *cancellable,
                                       GError       **error);

G_END_DECLS

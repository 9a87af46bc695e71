/* strata-inline-attachments-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

/* Notes and tasks carry the metadata of their attachments inline, in members
 * named `attachments`. At the value of such a collection: adds what is found to
 * @metas, id → the object's text, both owned by it.
 */
gboolean _strata_inline_attachments_read (StrataJsonReader  *reader,
                                          GHashTable        *metas,
                                          GCancellable      *cancellable,
                                          GError           **error);

G_END_DECLS

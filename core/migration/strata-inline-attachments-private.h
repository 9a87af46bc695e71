/* strata-inline-attachments-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"
#include "legacy/strata-legacy-candidates-private.h"

G_BEGIN_DECLS

/* Notes and tasks carry the metadata of their attachments inline, in members
 * named `attachments`. At the value of such a collection: adds what is found to
 * @metas, id → the object's text, both owned by it.
 */
gboolean _strata_inline_attachments_read (StrataJsonReader  *reader,
                                          GHashTable        *metas,
                                          GCancellable      *cancellable,
                                          GError           **error);

/* Does so for the collections of an old store that have such members. What can't be read is left out.
 * (transfer full)
 */
GHashTable *
         _strata_inline_attachments_gather (StrataLegacyCandidates *candidates,
                                          GCancellable      *cancellable);

G_END_DECLS

/* strata-trash-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-edit-private.h"
#include "strata-write-private.h"

G_BEGIN_DECLS

/* What was deleted is in `trash/` until it is purged, and can come back:
 *
 *   sessions~<key>~<n>            the folder of a session, as it was
 *   items~<key>~<12 hex>.json     one element of a list, where it stood, and its attachments' rows
 *
 * (Beside them lie replaced parts, named by their path with "~" for "/".)
 * All but _strata_trash_read_item() is called with the store's lock held.
 */

/* Whether @name is that of an item in the trash, rather than a session's key. */
gboolean _strata_trash_is_item        (const char    *name);

/* Durable on success. @out_name (transfer full): its name in the trash */
gboolean _strata_trash_delete_session (StrataStore   *store,
                                       const char    *key,
                                       char         **out_name,
                                       GError       **error);
/* Brings back the one that was deleted last. STRATA_ERROR_EXISTS: there is such a session. */
gboolean _strata_trash_restore_session (StrataStore  *store,
                                       const char    *key,
                                       GError       **error);

/* Adds to @batch the record of the item that @write took out of @edit, with the rows it has there. */
gboolean _strata_trash_add_item       (StrataBatch   *batch,
                                       StrataEdit    *edit,
                                       StrataWrite   *write,
                                       GError       **error);
/* Fills @write with what its record says: list, place, element, rows, and the session's key. */
gboolean _strata_trash_read_item      (StrataWrite   *write,
                                       StrataStore   *store,
                                       GError       **error);

/* After it was put back */
void     _strata_trash_drop_item      (StrataStore   *store,
                                       const char    *name);

G_END_DECLS

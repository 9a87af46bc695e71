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
 * (Beside them lie replaced parts, and objects that nothing needed any more, named
 * by their path with "~" for "/". They come back when they are needed again.)
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

/* Calls @func for each deleted session. @content: of its text when it was put whole; all zero: nobody can
 * tell. Needs no lock.
 */
typedef void (*StrataTrashSessionFunc) (const char         *key,
                                        const StrataDigest *content,
                                        gpointer            user_data);
gboolean _strata_trash_foreach_session (int            dir,
                                       StrataTrashSessionFunc func,
                                       gpointer       user_data,
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

/* STRATA_ERROR_NOT_FOUND: it was purged after it was read, and what it refers to with it. */
gboolean _strata_trash_check_item     (StrataStore   *store,
                                       const char    *name,
                                       GError       **error);

/* Makes sure that an object is in its place before something names it: from the trash, if
 * it went there; durable then. @out_is_there: FALSE: it is in neither place
 */
gboolean _strata_trash_bring_back     (int            dir,
                                       const StrataRowObject *object,
                                       gboolean      *out_is_there,
                                       GError       **error);
/* The same for all that a row names; what is in neither place was lost before. */
gboolean _strata_trash_bring_back_row (int            dir,
                                       const StrataAttachmentRow *row,
                                       GError       **error);

/* After it was put back */
void     _strata_trash_drop_item      (StrataStore   *store,
                                       const char    *name);

G_END_DECLS

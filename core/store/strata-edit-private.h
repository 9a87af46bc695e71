/* strata-edit-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-batch-private.h"
#include "strata-list-private.h"
#include "strata-uses-private.h"

G_BEGIN_DECLS

/* StrataEdit changes one session or collection, from what it is to what it shall be.
 * Parts that do not change are not read, let alone written.
 *
 * It is made, filled and finished with the store's lock held, so nobody changes the
 * same meanwhile. What its session has grown by is sealed at once: the tail's lines
 * become parts with the same commit. An operation that fails in the domain
 * STRATA_ERROR, but for STRATA_ERROR_CORRUPT, has changed nothing, and others may
 * follow; after any other error the edit is to be dropped, which changes nothing.
 *
 * Memory: one part, what is given, and the attachment rows where they may change.
 * Threads: one at a time.
 */
typedef struct _StrataEdit StrataEdit;

/* Elements of a list: a run of whole ones with commas between */
typedef struct
{
  const char *text;
  gsize       length;
  guint64     items;
} StrataRun;

/* @base: (transfer full): as it was loaded now, with its tail. @batch must outlive the edit. */
StrataEdit *_strata_edit_new        (StrataStore           *store,
                                     StrataBatch           *batch,
                                     StrataManifest        *base,
                                     GError               **error);
/* One that is not there yet: @identity has key, id, name, source and the like. */
StrataEdit *_strata_edit_new_owner  (StrataStore           *store,
                                     StrataBatch           *batch,
                                     StrataManifest        *identity);
void        _strata_edit_free       (StrataEdit            *self);

/* Appends elements to a list that there is or is not yet; @runs (element-type StrataRun).
 * STRATA_ERROR_UNSUITABLE where something else stands in its place.
 */
gboolean    _strata_edit_extend     (StrataEdit            *self,
                                     StrataList             list,
                                     GArray                *runs,
                                     GError               **error);
/* Gives a member (token @name, the last one of that name) another value, or adds it.
 * @fragment is what a slicer made of an object with just this member; its parts move over.
 */
gboolean    _strata_edit_set        (StrataEdit            *self,
                                     const char            *name,
                                     StrataManifest        *fragment,
                                     GError               **error);
/* Exchanges the whole value for that of @fragment; its parts move over. */
gboolean    _strata_edit_replace    (StrataEdit            *self,
                                     StrataManifest        *fragment,
                                     GError               **error);
/* Takes the element with that id out of whichever list has it, STRATA_ERROR_NOT_FOUND:
 * none. @out_text (transfer full).
 */
gboolean    _strata_edit_take_item  (StrataEdit            *self,
                                     const char            *id,
                                     StrataList            *out_list,
                                     guint64               *out_index,
                                     char                 **out_text,
                                     GError               **error);
/* Puts an element into a list, before the one at @index, or at its end. STRATA_ERROR_EXISTS
 * where the list has that very element.
 */
gboolean    _strata_edit_put_item   (StrataEdit            *self,
                                     StrataList             list,
                                     guint64                index,
                                     const char            *text,
                                     GError               **error);
/* Adds what rows are missing for the attachments that new text uses. */
gboolean    _strata_edit_add_uses   (StrataEdit            *self,
                                     StrataUses            *uses,
                                     GError               **error);
/* Adds a row (transfer full), or puts it in the place of the one with its id. */
gboolean    _strata_edit_add_row    (StrataEdit            *self,
                                     StrataAttachmentRow   *row,
                                     GError               **error);
/* The session's row of an id as it is now, borrowed; %NULL without @error: none */
const StrataAttachmentRow *
            _strata_edit_get_row    (StrataEdit            *self,
                                     const char            *id,
                                     GError               **error);

/* The value of the session's id member, as far as it is small; borrowed, %NULL: none */
const char *_strata_edit_get_id_token (StrataEdit          *self);

/* Adds the new state to the batch. Nothing can be done with the edit after, but freeing it. */
gboolean    _strata_edit_finish     (StrataEdit            *self,
                                     GError               **error);

/* Whether an array that holds @list is there, or could be made: what _strata_edit_extend() would say.
 * @members (element-type StrataMember): of @manifest
 */
gboolean    _strata_edit_check_list (int                    dir,
                                     const StrataManifest  *manifest,
                                     GPtrArray             *members,
                                     StrataList             list,
                                     GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataEdit, _strata_edit_free)

G_END_DECLS

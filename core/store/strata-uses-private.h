/* strata-uses-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-store-private.h"

G_BEGIN_DECLS

/* StrataUses collects the strings of a JSON text that may be ids of attachments, and
 * finds the rows that the text's owner needs for them.
 *
 * An id is used where any string is equal to one that is known, and where the
 * member's name says that it is one, known or not (docs/store-format.md).
 *
 * Threads: one at a time.
 */
typedef struct _StrataUses StrataUses;

typedef struct
{
  char     *id;
  gboolean  is_meant;  /* the member's name says that it is an attachment's id */
} StrataUse;

StrataUses *_strata_uses_new         (void);
void        _strata_uses_free        (StrataUses            *self);
/* For long texts: asks the catalog once how long known ids are, and keeps no other strings. */
gboolean    _strata_uses_limit       (StrataUses            *self,
                                      StrataStore           *store,
                                      GError               **error);
/* A StrataJsonStringFunc; @user_data: the StrataUses */
gboolean    _strata_uses_see_string  (const char            *token,
                                      gsize                  length,
                                      const char            *name,
                                      gsize                  name_length,
                                      gpointer               user_data);
/* (element-type StrataUse), each id once, in order */
GPtrArray  *_strata_uses_get         (StrataUses            *self);
gboolean    _strata_uses_contain     (StrataUses            *self,
                                      const char            *id);

/* What the store knows of an attachment: the row of @owner where it has one, else one
 * that has bytes, else any. @out_is_own says which. Called with the lock held, or
 * where it does not matter what others add meanwhile.
 *
 * Returns: (transfer full): with its old metadata; %NULL with @error set, or without: none
 */
StrataAttachmentRow *
            _strata_uses_find_row    (StrataStore           *store,
                                      const char            *owner,
                                      const char            *id,
                                      gboolean              *out_is_own,
                                      GError               **error);
/* (transfer full): the row of an id that nothing is known of */
StrataAttachmentRow *
            _strata_uses_missing_row (const char            *id);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataUses, _strata_uses_free)

G_END_DECLS

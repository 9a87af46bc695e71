/* strata-growth-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-list-private.h"
#include "strata-store-private.h"

G_BEGIN_DECLS

/* StrataGrowth appends to the tails of sessions, and remembers of each where it
 * stands, so that an append costs a write and a sync and no reading, as long as
 * nobody else changes the session.
 *
 * Threads: one at a time. What writes is called with the store's lock held, which is
 * what keeps the tails of several processes in order.
 */
typedef struct _StrataGrowth  StrataGrowth;
typedef struct _StrataGrowing StrataGrowing;

StrataGrowth  *_strata_growth_new         (StrataStore               *store);
void           _strata_growth_free        (StrataGrowth              *self);

/* Where a session stands now, borrowed until the next call about it. A tail that a
 * crash left torn is cut. STRATA_ERROR_NOT_FOUND: there is no such session;
 * STRATA_ERROR_CORRUPT: what is there is damaged.
 */
StrataGrowing *_strata_growth_get         (StrataGrowth              *self,
                                           const char                *key,
                                           GError                   **error);
/* Forgets it, after somebody changed it or something failed. */
void           _strata_growth_forget      (StrataGrowth              *self,
                                           const char                *key);
/* STRATA_ERROR_UNSUITABLE, where what the session has in the list's place is none */
gboolean       _strata_growth_check_list  (StrataGrowth              *self,
                                           StrataGrowing             *growing,
                                           StrataList                 list,
                                           GError                   **error);
/* What the tail has as the row of an attachment: FALSE: nothing. @out_digest is
 * %NULL where it has no bytes.
 */
gboolean       _strata_growing_find_row   (StrataGrowing             *growing,
                                           const char                *id,
                                           const StrataDigest       **out_digest);
/* Writes lines, and waits until they are on disk. @rows (element-type
 * StrataAttachmentRow): those in the lines. After a failure none of them counts.
 */
gboolean       _strata_growth_write       (StrataGrowth              *self,
                                           StrataGrowing             *growing,
                                           GString                   *lines,
                                           GPtrArray                 *rows,
                                           GError                   **error);
/* Whether the tail is so long that it should be sealed. Where that failed, it is put off
 * until there is more.
 */
gboolean       _strata_growing_is_full    (StrataGrowing             *growing);
void           _strata_growing_put_off    (StrataGrowing             *growing);
/* The same of a session by its key, as far as it was appended to here; needs no lock of the store */
gboolean       _strata_growth_is_full     (StrataGrowth              *self,
                                           const char                *key);

/* A tail is sealed when it is as long as this. */
#define STRATA_TAIL_BYTES (1024 * 1024)

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataGrowth, _strata_growth_free)

G_END_DECLS

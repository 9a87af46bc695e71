/* store-promises.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "power-cut.h"
#include "store/strata-store.h"

G_BEGIN_DECLS

/* What a store holds, as the public functions tell it: each owner ("sessions/KEY",
 * "collections/KEY", "quarantine/NAME", "store.json") with its version, which is
 * the digest of its text and of each of its attachments, read to their ends.
 *
 * Returns: (transfer full): owner → version; or %NULL with @error set
 */
GHashTable *store_describe            (StrataStore  *store,
                                       GError      **error);

/* The same of the store at @path as an opening finds it. No store there: nothing is in it. */
GHashTable *store_describe_at         (const char   *path,
                                       GError      **error);

/* StorePromises is what an operation says while it works on a store: that an
 * owner is about to change, and that it has changed, for good. From then on
 * neither a fault nor a power cut may take it back; before that the owner may
 * be as it was, or as it is about to be, and nothing else.
 *
 * Which version an owner changes to nobody has to say: a first, undisturbed run
 * of the operation, the rehearsal, finds out. Later runs must promise the same
 * in the same order.
 *
 * Threads: any.
 */
typedef struct _StorePromises StorePromises;

/* The store is read each time something is kept. */
StorePromises *store_promises_new_rehearsal (const char    *store);
/* Ends the rehearsal: the store is as the operation leaves it. */
void           store_promises_end_rehearsal (StorePromises *self);
/* @cut: (nullable): gives each promise its place in the record. @rehearsal must live as long. */
StorePromises *store_promises_new           (StorePromises *rehearsal,
                                             PowerCut      *cut);
void           store_promises_free          (StorePromises *self);

/* For the operation. @self may be NULL: then nobody is listening. @owner NULL: any
 * owner may change to what it is in the end; single ones of them may be kept earlier.
 */
void           store_promises_begin         (StorePromises *self,
                                             const char    *owner);
void           store_promises_keep          (StorePromises *self,
                                             const char    *owner);

/* For an operation that could not read all it was to take in, and said so: attachments may be missing, but
 * none that were there before.
 */
void           store_promises_excuse_missing (StorePromises *self);

/* What was in the store before the rehearsal, and after it: owner → version */
GHashTable    *store_promises_get_before    (StorePromises *self);
GHashTable    *store_promises_get_after     (StorePromises *self);

/* Looks for what @found breaks of what had been promised at @position of the
 * record; G_MAXUINT: of all. What nobody spoke of must be there and be as before,
 * but for "store.json".
 *
 * Returns: (transfer full) (nullable): the first thing found, in words
 */
char          *store_promises_find_broken   (StorePromises *self,
                                             GHashTable    *found,
                                             guint          position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StorePromises, store_promises_free)

G_END_DECLS

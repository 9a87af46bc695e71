/* strata-store-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-catalog-private.h"
#include "strata-header-private.h"
#include "strata-manifest-private.h"
#include "strata-staging-private.h"
#include "strata-store.h"
#include "strata-writer-private.h"

G_BEGIN_DECLS

/* For core/ only: what migration and maintenance need of a store. */

int             _strata_store_get_dir         (StrataStore           *self);

/* One writer at a time, over all processes; waits up to five seconds, then STRATA_ERROR_IN_USE. */
gboolean        _strata_store_lock            (StrataStore           *self,
                                               GError               **error);
void            _strata_store_unlock          (StrataStore           *self);
/* Whether this thread has locked it, asked by the only one that does. */
gboolean        _strata_store_is_locked       (StrataStore           *self);

/* This store object's own corner of staging/, for files that another commit puts in place; borrowed. */
StrataStaging  *_strata_store_get_corner      (StrataStore           *self,
                                               GError               **error);

StrataStaging  *_strata_store_get_corner_locked (StrataStore         *self,
                                               GError               **error);

StrataWriter   *_strata_store_get_writer      (StrataStore           *self);

/* The header as it is on disk now; change it under the lock. */
StrataHeader   *_strata_store_read_header     (StrataStore           *self,
                                               GError               **error);

StrataManifest *_strata_store_load            (StrataStore           *self,
                                               gboolean               is_collection,
                                               const char            *key,
                                               GError               **error);
/* The same for the session @key that was deleted and lies in @folder, below `trash/` */
StrataManifest *_strata_store_load_trashed    (StrataStore           *self,
                                               const char            *key,
                                               const char            *folder,
                                               GError               **error);
/* (transfer full) (element-type StrataAttachmentRow) */
GPtrArray      *_strata_store_load_rows       (StrataStore           *self,
                                               const StrataManifest  *manifest,
                                               GError               **error);

/* Called with the catalog while no other thread uses it. */
typedef gpointer (*StrataCatalogFunc)         (StrataCatalog         *catalog,
                                               gpointer               user_data,
                                               GError               **error);
gpointer        _strata_store_with_catalog    (StrataStore           *self,
                                               StrataCatalogFunc      func,
                                               gpointer               user_data,
                                               GError               **error);
/* The same without looking first what growing sessions got, which costs as much as to append */
gpointer        _strata_store_with_catalog_as_it_is (StrataStore     *self,
                                               StrataCatalogFunc      func,
                                               gpointer               user_data,
                                               GError               **error);

/* Makes the catalog contain all that changes.log says; @fresh (NULL, or key →
 * StrataFreshEntry) spares reading back what was just written. The lock is held.
 */
typedef struct
{
  const StrataManifest *manifest;
  GPtrArray            *rows;      /* all of them; NULL: the session only got more, which is */
  const StrataDigest   *base;      /* its metadata were these before, */
  const StrataTail     *sealed;    /* what was in this tail (NULL: there was none), */
  GPtrArray            *more_rows; /* and then these */
} StrataFreshEntry;

gboolean        _strata_store_roll_forward    (StrataStore           *self,
                                               GHashTable            *fresh,
                                               GError               **error);

/* Puts into the catalog what growing sessions got since it was read last, by whatever
 * process. Best effort: where it can't be written to, it says what it said. Called
 * with the catalog's mutex held.
 */
void            _strata_store_refresh_tails   (StrataStore           *self);
/* The same for one session, without the mutex held. */
gboolean        _strata_store_refresh_tail    (StrataStore           *self,
                                               const char            *key,
                                               GError               **error);

/* The same for all but one (%NULL: for all), for whoever must not overlook what others
 * have: failing is an error then.
 */
gboolean        _strata_store_refresh_others  (StrataStore           *self,
                                               const char            *except,
                                               GError               **error);

/* Makes the catalog say of one session or collection what its files say, whatever the log
 * says: after a commit that failed half-way. Best effort. The lock is held.
 */
void            _strata_store_apply_files     (StrataStore           *self,
                                               gboolean               is_collection,
                                               const char            *key);

/* Throws the catalog away and makes it anew from the files. The lock is held. */
gboolean        _strata_store_rebuild_catalog (StrataStore           *self,
                                               GError               **error);

/* Removes the file that keeps some space free for emergencies, or makes it again. */
void            _strata_store_release_reserve (StrataStore           *self);
void            _strata_store_make_reserve    (StrataStore           *self);

G_END_DECLS

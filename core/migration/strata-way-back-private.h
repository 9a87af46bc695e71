/* strata-way-back-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-old-comparison-private.h"
#include "strata-own-changes-private.h"

G_BEGIN_DECLS

/* A rollback that was begun, as the journal has it */
typedef struct
{
  char     *token;     /* a UUID; NULL: there is none that was begun and not undone */
  char     *outcome;   /* as it was found when it was begun */
  gboolean  restore;   /* what was damaged is to be put back */
  char     *export;    /* absolute path, or NULL: nothing is to be exported */
} StrataBegunRollback;

/* StrataWayBack is what a store's journal and rollback points say about going back to
 * the old stores, and about letting them go.
 *
 * Memory: a few lines. Threads: immutable once read.
 */
typedef struct
{
  GArray              *complete;         /* (element-type guint): numbers of the old stores that were completed and have a rollback point */
  GPtrArray           *manifests;        /* (element-type StrataRollbackManifest): theirs, in this order; of a glance none */
  GArray              *incomplete;       /* (element-type guint): numbers of the others */
  gint64               complete_since;   /* seconds since 1970 when the last of them was complete for the first time; 0: not yet */
  GArray              *retired;          /* (element-type guint): numbers of old stores that were deleted, or begun to be */
  GArray              *being_retired;    /* (element-type guint): those of which some files may be left */
  StrataBegunRollback  begun;
} StrataWayBack;

/* What can be told without reading the rollback points */
StrataWayBack *_strata_way_back_glance     (StrataStore    *store,
                                            GError        **error);
/* The same with the manifests, each read to its end. STRATA_ERROR_CORRUPT: one is damaged */
StrataWayBack *_strata_way_back_read       (StrataStore    *store,
                                            GCancellable   *cancellable,
                                            GError        **error);
void           _strata_way_back_free       (StrataWayBack  *self);
gboolean       _strata_way_back_is_retired (StrataWayBack  *self,
                                            guint           source);
/* How long the old stores are still kept for sure: 0 when that time is over */
int            _strata_way_back_get_days_left (StrataWayBack  *self,
                                               guint           retention_days);

/* One process at a time migrates, rolls back or retires. Returns: a descriptor to be closed, or -1:
 * STRATA_ERROR_IN_USE where another one does.
 */
int            _strata_way_back_lock       (int             dir,
                                            GError        **error);

/* A path as one word of the journal, and back; (transfer full) */
char          *_strata_journal_word_from_path (const char  *path);
char          *_strata_journal_word_to_path   (const char  *word);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWayBack, _strata_way_back_free)

G_END_DECLS

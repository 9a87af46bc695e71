/* strata-rollback-export-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-old-comparison-private.h"
#include "strata-own-changes-private.h"

G_BEGIN_DECLS

/* What a rollback leaves for the user where the old store is not all there is:
 *
 *   migrated/      of the old store as it was migrated: every collection, and what else is not any more what it was.
 *                  Laid over the old folder it gives that state back
 *   changes/       sessions and collections that were added or changed in Strata, as the old program has them
 *   rollback.json  what is what
 */
typedef struct
{
  StrataStore       *store;
  const char        *token;        /* of this rollback: tells its export from others */
  const char        *outcome;
  GPtrArray         *manifests;    /* (element-type StrataRollbackManifest) */
  GPtrArray         *comparisons;  /* (element-type StrataOldComparison) the same order */
  StrataOwnChanges  *changes;
} StrataRollbackExport;

/* STRATA_ERROR_EXISTS where @path is anything but an empty folder, or what this rollback
 * (of @token, nullable) has put there already.
 */
gboolean _strata_rollback_export_check (const char                  *path,
                                        const char                  *token,
                                        gboolean                    *out_done,
                                        GError                     **error);
/* What an interrupted write() to that place left; best effort */
void     _strata_rollback_export_drop_unfinished (const char        *path);
/* All of it or nothing is at @path; durable on success. To be called again after a crash. */
gboolean _strata_rollback_export_write (const StrataRollbackExport  *self,
                                        const char                  *path,
                                        StrataSteps                 *progress,
                                        GError                     **error);

G_END_DECLS

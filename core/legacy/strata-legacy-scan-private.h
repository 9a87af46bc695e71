/* strata-legacy-scan-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-index-private.h"
#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* What a walk through an old data folder finds */
typedef struct
{
  GPtrArray         *others;       /* of StrataLegacyFile: all but regular .dat and .meta.json files, by path */
  StrataLegacyIndex *attachments;  /* a raw file's number is its place in @others */
  gboolean           is_ours;      /* something of Taskerino's is among it */
} StrataLegacyScan;

gboolean _strata_legacy_scan       (int                dir,
                                    StrataLegacyScan  *out_found,
                                    GError           **error);
void     _strata_legacy_scan_clear (StrataLegacyScan  *found);

/* Adds a file of attachments or videos that is in no folder; finish() when all are there. @id: (nullable) */
void     _strata_legacy_scan_add    (StrataLegacyScan  *self,
                                     const char        *path,
                                     StrataLegacyRole   role,
                                     const char        *id,
                                     guint64            size,
                                     gint64             mtime_ns);
void     _strata_legacy_scan_finish (StrataLegacyScan  *self);

/* Attachments and videos are those of @other, which is empty afterwards. */
void     _strata_legacy_scan_take_attachments
                                   (StrataLegacyScan  *self,
                                    StrataLegacyScan  *other);

G_END_DECLS

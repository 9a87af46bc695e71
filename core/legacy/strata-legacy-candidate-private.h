/* strata-legacy-candidate-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-payload-private.h"
#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* StrataLegacyCandidate is one file that may hold a collection: the file
 * itself, what a crash left of the next save, the copy of the one before, and,
 * for sessions, a list at the top of the folder. The old program can lose sight
 * of the right one; we look at all.
 */
typedef struct
{
  char   *path;          /* below the store */
  gint64  timestamp_ms;  /* of the save; -1: not known, which counts as older than any */
  char   *checksum;      /* as recorded, or NULL */
} StrataLegacyCandidate;

void       _strata_legacy_candidate_free         (StrataLegacyCandidate        *self);

/* Those whose head can be read, newest first; what can't be read goes to
 * @report (NULL: nowhere) as envelope-invalid. (transfer full)
 */
GPtrArray *_strata_legacy_candidate_list         (StrataLegacyStore            *store,
                                                  const char                   *collection,
                                                  StrataProblemFunc             report,
                                                  gpointer                      user_data,
                                                  GCancellable                 *cancellable,
                                                  GError                      **error);

/* Whether both were written by one and the same save. */
gboolean   _strata_legacy_candidate_is_same_save (const StrataLegacyCandidate  *a,
                                                  const StrataLegacyCandidate  *b);

/* Goes through a candidate's array and calls @func with each whole element's id
 * token, the last one where there are two; NULL where there is none that tells
 * it from others. FALSE with @error: it breaks off, or is no array.
 */
typedef void (*StrataLegacyIdFunc)               (guint64                       ordinal,
                                                  const char                   *id_token,
                                                  gpointer                      user_data);

gboolean   _strata_legacy_candidate_scan         (StrataLegacyStore            *store,
                                                  const StrataLegacyCandidate  *self,
                                                  StrataLegacyIdFunc            func,
                                                  gpointer                      user_data,
                                                  GCancellable                 *cancellable,
                                                  GError                      **error);

/* Whether an id tells a session from others: a string that is not empty, or a number. */
gboolean   _strata_legacy_id_is_usable           (const char                   *id_token);

G_END_DECLS

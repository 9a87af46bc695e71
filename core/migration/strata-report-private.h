/* strata-report-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-rollback-point-private.h"

G_BEGIN_DECLS

/* The report of a run: every entry of the old store's folders, and what became of
 * it; `migration/report-<source>.json` for programs and `.txt` for people. The
 * totals add up to what the folders list. Both are written one file after the
 * other: memory does not grow with their number.
 *
 * @state: in which the run ends
 *
 * Durable on success; what was there before stands until then.
 */
gboolean _strata_report_write (StrataStore                   *store,
                               StrataLegacyStore             *legacy,
                               StrataFileNotes               *notes,
                               const StrataRollbackFindings  *findings,
                               const char                    *state,
                               GCancellable                  *cancellable,
                               GError                       **error);

G_END_DECLS

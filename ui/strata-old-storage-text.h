/* strata-old-storage-text.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

const char *strata_old_storage_text_step        (const char                    *step);
gboolean    strata_old_storage_text_can_stop    (const char                    *step);
char       *strata_old_storage_text_roll_back   (const StrataRollbackSummary   *summary,
                                                 gboolean                       needs_export);
char       *strata_old_storage_text_rolled_back (const char                    *trash,
                                                 const StrataRollbackSummary   *summary,
                                                 const char                    *exported);
char       *strata_old_storage_text_insist      (int                            days_left);
char       *strata_old_storage_text_delete      (const StrataRetirementSummary *summary,
                                                 const char                    *because);
char       *strata_old_storage_text_deleted     (const StrataRetirementSummary *summary);
char       *strata_old_storage_text_not_yet     (const StrataRetirementSummary *summary,
                                                 const char                    *because);

G_END_DECLS

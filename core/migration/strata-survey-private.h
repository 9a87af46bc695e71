/* strata-survey-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "legacy/strata-legacy-candidates-private.h"

G_BEGIN_DECLS

/* What an old store takes. Only what is live counts: of each collection the
 * place that is believed first, attachments and videos; no older copies.
 */
typedef struct
{
  guint64 bytes_original;   /* as it lies there */
  guint64 bytes_text;       /* of these, collections */
  guint64 bytes_pointed_at; /* of these, files that are only pointed at, such as videos */
  guint64 bytes_estimated;  /* roughly, what the new store will take before anything is compressed */
} StrataSurvey;

/* @report: told of everything that will be passed over, from foreign files to
 * links; it owns what it is given. Looks at every file's size once.
 */
void _strata_survey_make (StrataLegacyStore       *legacy,
                          StrataLegacyCandidates  *candidates,
                          StrataProblemFunc        report,
                          gpointer                 user_data,
                          StrataSurvey            *out_survey);

G_END_DECLS

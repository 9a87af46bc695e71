/* legacy-insights.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "legacy-session.h"

G_BEGIN_DECLS

void legacy_insights_write_summary    (LegacySession *session,
                                       LegacyRandom  *random,
                                       LegacyJson    *json);
void legacy_insights_write_audio      (LegacySession *session,
                                       LegacyRandom  *random,
                                       LegacyJson    *json);
void legacy_insights_write_video      (LegacySession *session,
                                       LegacyRandom  *random,
                                       LegacyJson    *json);
void legacy_insights_write_canvas     (LegacySession *session,
                                       LegacyRandom  *random,
                                       LegacyJson    *json);
void legacy_insights_write_enrichment (LegacySession *session,
                                       LegacyRandom  *random,
                                       LegacyJson    *json);

G_END_DECLS

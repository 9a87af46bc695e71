/* strata-report-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-app-migration.h"

G_BEGIN_DECLS

#define STRATA_TYPE_REPORT_VIEW (strata_report_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataReportView, strata_report_view, STRATA, REPORT_VIEW, AdwBin)

void strata_report_view_show (StrataReportView   *self,
                              StrataAppMigration *migration);

G_END_DECLS

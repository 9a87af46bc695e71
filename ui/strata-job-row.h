/* strata-job-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define STRATA_TYPE_JOB_ROW (strata_job_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataJobRow, strata_job_row, STRATA, JOB_ROW, AdwPreferencesRow)

void     strata_job_row_begin        (StrataJobRow *self,
                                      const char   *message);
void     strata_job_row_set_progress (StrataJobRow *self,
                                      double        fraction,
                                      const char   *message);
void     strata_job_row_set_paused   (StrataJobRow *self,
                                      gboolean      paused);
void     strata_job_row_end          (StrataJobRow *self,
                                      const char   *message);
void     strata_job_row_set_extra    (StrataJobRow *self,
                                      const char   *label);
gboolean strata_job_row_is_running   (StrataJobRow *self);

G_END_DECLS

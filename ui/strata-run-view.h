/* strata-run-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-app-migration.h"

G_BEGIN_DECLS

#define STRATA_TYPE_RUN_VIEW (strata_run_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataRunView, strata_run_view, STRATA, RUN_VIEW, AdwBin)

G_END_DECLS

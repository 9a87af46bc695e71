/* strata-plan-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>
#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_PLAN_VIEW (strata_plan_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataPlanView, strata_plan_view, STRATA, PLAN_VIEW, AdwBin)

void strata_plan_view_set_plan (StrataPlanView *self,
                                StrataPlan     *plan);

G_END_DECLS

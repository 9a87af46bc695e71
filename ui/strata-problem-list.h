/* strata-problem-list.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

G_BEGIN_DECLS

#define STRATA_TYPE_PROBLEM_LIST (strata_problem_list_get_type ())

G_DECLARE_FINAL_TYPE (StrataProblemList, strata_problem_list, STRATA, PROBLEM_LIST, AdwBin)

void strata_problem_list_set_problems (StrataProblemList *self,
                                       GListModel        *problems);

G_END_DECLS

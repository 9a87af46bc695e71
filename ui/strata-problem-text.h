/* strata-problem-text.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

char *strata_problem_text_new (StrataProblem *problem);

G_END_DECLS

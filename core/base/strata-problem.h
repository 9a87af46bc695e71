/* strata-problem.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_SEVERITY_NOTE,
  STRATA_SEVERITY_WARNING,
  STRATA_SEVERITY_ERROR,
} StrataSeverity;

#define STRATA_TYPE_PROBLEM (strata_problem_get_type ())

G_DECLARE_FINAL_TYPE (StrataProblem, strata_problem, STRATA, PROBLEM, GObject)

StrataProblem  *strata_problem_new          (const char    *code,
                                             const char    *path,
                                             const char    *session,
                                             const char    *item,
                                             gint64         offset,
                                             const char    *format,
                                             ...) G_GNUC_PRINTF (6, 7);

const char     *strata_problem_get_code     (StrataProblem *self);
StrataSeverity  strata_problem_get_severity (StrataProblem *self);
const char     *strata_problem_get_path     (StrataProblem *self);
const char     *strata_problem_get_session  (StrataProblem *self);
const char     *strata_problem_get_item     (StrataProblem *self);
gint64          strata_problem_get_offset   (StrataProblem *self);
const char     *strata_problem_get_message  (StrataProblem *self);

const char     *strata_severity_get_name    (StrataSeverity severity);

G_END_DECLS

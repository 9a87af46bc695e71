/* strata-report.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store.h"

G_BEGIN_DECLS

GInputStream *strata_report_open (StrataStore  *store,
                                  guint         source,
                                  gboolean      is_json,
                                  GError      **error);

G_END_DECLS

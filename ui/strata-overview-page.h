/* strata-overview-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_OVERVIEW_PAGE (strata_overview_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataOverviewPage, strata_overview_page, STRATA, OVERVIEW_PAGE, StrataPage)

G_END_DECLS

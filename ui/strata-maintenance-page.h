/* strata-maintenance-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_MAINTENANCE_PAGE (strata_maintenance_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataMaintenancePage, strata_maintenance_page, STRATA, MAINTENANCE_PAGE, StrataPage)

G_END_DECLS

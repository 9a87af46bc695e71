/* strata-start-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_START_PAGE (strata_start_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataStartPage, strata_start_page, STRATA, START_PAGE, StrataPage)

G_END_DECLS

/* strata-found-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_FOUND_PAGE (strata_found_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataFoundPage, strata_found_page, STRATA, FOUND_PAGE, StrataPage)

void strata_found_page_undo (StrataFoundPage *self,
                             const char      *key);

G_END_DECLS

/* strata-old-storage-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_OLD_STORAGE_PAGE (strata_old_storage_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataOldStoragePage, strata_old_storage_page, STRATA, OLD_STORAGE_PAGE, StrataPage)

G_END_DECLS

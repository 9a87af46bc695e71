/* strata-migration-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-app-migration.h"
#include "strata-page.h"

G_BEGIN_DECLS

#define STRATA_TYPE_MIGRATION_PAGE (strata_migration_page_get_type ())

G_DECLARE_FINAL_TYPE (StrataMigrationPage, strata_migration_page, STRATA, MIGRATION_PAGE, StrataPage)

void strata_migration_page_analyse (StrataMigrationPage *self,
                                    const char          *legacy_path);

G_END_DECLS

/* strata-session-export.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-page.h"

G_BEGIN_DECLS

void strata_session_export_choose (StrataPage         *page,
                                   const char         *key,
                                   const char         *title,
                                   StrataExportFormat  format);
void strata_session_export_write  (StrataPage         *page,
                                   const char         *key,
                                   StrataExportFormat  format,
                                   const char         *path);

G_END_DECLS

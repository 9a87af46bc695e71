/* strata-choose-view.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "strata-app-store.h"

#include <adwaita.h>

G_BEGIN_DECLS

#define STRATA_TYPE_CHOOSE_VIEW (strata_choose_view_get_type ())

G_DECLARE_FINAL_TYPE (StrataChooseView, strata_choose_view, STRATA, CHOOSE_VIEW, AdwBin)

void strata_choose_view_look (StrataChooseView *self,
                              StrataAppStore   *store);

G_END_DECLS

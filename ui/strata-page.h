/* strata-page.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-app-store.h"

G_BEGIN_DECLS

#define STRATA_TYPE_PAGE (strata_page_get_type ())

G_DECLARE_DERIVABLE_TYPE (StrataPage, strata_page, STRATA, PAGE, AdwBin)

/**
 * StrataPageClass:
 * @store_changed: the store was opened, closed or written to; also called once
 *   when the page gets it
 * @go_back: leaves a view inside the page; only called while `can-go-back`
 */
struct _StrataPageClass
{
  AdwBinClass parent_class;

  void (*store_changed) (StrataPage     *self,
                         StrataAppStore *store);
  void (*go_back)       (StrataPage     *self);
};

StrataAppStore *strata_page_get_app_store   (StrataPage     *self);
const char     *strata_page_get_title       (StrataPage     *self);
void            strata_page_set_title       (StrataPage     *self,
                                             const char     *title);
gboolean        strata_page_get_available   (StrataPage     *self);
void            strata_page_set_available   (StrataPage     *self,
                                             gboolean        available);
void            strata_page_set_count       (StrataPage     *self,
                                             guint           count);
gboolean        strata_page_get_can_go_back (StrataPage     *self);
void            strata_page_set_can_go_back (StrataPage     *self,
                                             gboolean        can_go_back);
void            strata_page_go_back         (StrataPage     *self);

G_END_DECLS

/* strata-thumbnail.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-element-loader.h"

G_BEGIN_DECLS

#define STRATA_TYPE_THUMBNAIL (strata_thumbnail_get_type ())

G_DECLARE_FINAL_TYPE (StrataThumbnail, strata_thumbnail, STRATA, THUMBNAIL, AdwBin)

GtkWidget *strata_thumbnail_new   (void);
void       strata_thumbnail_bind  (StrataThumbnail     *self,
                                   StrataElementLoader *loader,
                                   StrataItem          *item);
void       strata_thumbnail_clear (StrataThumbnail     *self);

G_END_DECLS

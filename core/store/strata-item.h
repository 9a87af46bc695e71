/* strata-item.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_TYPE_ITEM (strata_item_get_type ())

G_DECLARE_FINAL_TYPE (StrataItem, strata_item, STRATA, ITEM, GObject)

guint         strata_item_get_position (StrataItem *self);
gboolean      strata_item_get_loaded   (StrataItem *self);
const char   *strata_item_get_id       (StrataItem *self);
GBytes       *strata_item_get_json     (StrataItem *self);
const GError *strata_item_get_error    (StrataItem *self);

G_END_DECLS

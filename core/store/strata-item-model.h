/* strata-item-model.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-item.h"
#include "strata-session.h"

G_BEGIN_DECLS

#define STRATA_TYPE_ITEM_MODEL (strata_item_model_get_type ())

G_DECLARE_FINAL_TYPE (StrataItemModel, strata_item_model, STRATA, ITEM_MODEL, GObject)

StrataItemModel *strata_item_model_new         (StrataSession   *session,
                                                const char      *member);
StrataSession   *strata_item_model_get_session (StrataItemModel *self);
const char      *strata_item_model_get_member  (StrataItemModel *self);

G_END_DECLS

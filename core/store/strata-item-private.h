/* strata-item-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-elements.h"
#include "strata-item.h"

G_BEGIN_DECLS

/* @living: (element-type guint StrataItem): where items that are alive are found
 * by position; the item takes itself out when it goes
 */
StrataItem *_strata_item_new          (GHashTable     *living,
                                       guint           position);
/* The item is at another place of another table now; NULL: of none. */
void        _strata_item_move         (StrataItem     *self,
                                       GHashTable     *living,
                                       guint           position);
/* Makes it the element at @index of @elements, and says so. */
void        _strata_item_fill         (StrataItem     *self,
                                       StrataElements *elements,
                                       guint           index);
/* Its part can't be read. */
void        _strata_item_fail         (StrataItem     *self,
                                       const GError   *error);

G_END_DECLS

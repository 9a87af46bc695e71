/* strata-part-iterator.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-elements.h"

G_BEGIN_DECLS

#define STRATA_TYPE_PART_ITERATOR (strata_part_iterator_get_type ())

G_DECLARE_FINAL_TYPE (StrataPartIterator, strata_part_iterator, STRATA, PART_ITERATOR, GObject)

StrataElements *strata_part_iterator_load_next        (StrataPartIterator   *self,
                                                       GCancellable         *cancellable,
                                                       GError              **error);
void            strata_part_iterator_load_next_async  (StrataPartIterator   *self,
                                                       GCancellable         *cancellable,
                                                       GAsyncReadyCallback   callback,
                                                       gpointer              user_data);
StrataElements *strata_part_iterator_load_next_finish (StrataPartIterator   *self,
                                                       GAsyncResult         *result,
                                                       GError              **error);

G_END_DECLS

/* strata-elements-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-elements.h"

G_BEGIN_DECLS

/* Goes once through a part's text and notes where its elements and their ids are.
 * A value that is no array has none.
 *
 * Returns: (transfer full): for _strata_elements_new(); or %NULL with @error set,
 *   %STRATA_ERROR_CORRUPT where it is no JSON
 */
GBytes         *_strata_elements_make_index (GBytes          *text,
                                             GError         **error);
guint           _strata_elements_count      (GBytes          *index);

/* @index: of @text; @skip: elements to leave out at its start; @first: place in
 * the member of the first that is left
 */
StrataElements *_strata_elements_new        (GBytes          *text,
                                             GBytes          *index,
                                             guint            skip,
                                             guint64          first);

G_END_DECLS

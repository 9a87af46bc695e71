/* strata-elements-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-elements.h"

G_BEGIN_DECLS

/* Goes once through a part's text and notes where its elements are.
 * A value that is no array has none.
 *
 * Returns: (transfer full): for _strata_elements_new(); or %NULL with @error set,
 *   %STRATA_ERROR_CORRUPT where it is no JSON
 */
GBytes         *_strata_elements_make_index (GBytes          *text,
                                             GError         **error);
guint           _strata_elements_count      (GBytes          *index);

/* Returns: how many elements two texts begin with that are the same in both */
guint           _strata_elements_count_common (GBytes        *a_text,
                                             GBytes          *a_index,
                                             GBytes          *b_text,
                                             GBytes          *b_index);

/* @index: of @text; @skip: elements to leave out at its start; @first: place in
 * the member of the first that is left
 */
StrataElements *_strata_elements_new        (GBytes          *text,
                                             GBytes          *index,
                                             guint            skip,
                                             guint64          first);

/* Looks through one element's text for its id; the last one counts.
 *
 * Returns: (transfer full) (nullable): as text, a number as its digits; %NULL
 *   where it has none, or it is something else
 */
char           *_strata_element_dup_id      (GBytes          *element);

G_END_DECLS

/* strata-search-check-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store-private.h"

G_BEGIN_DECLS

/* Says what is wrong; @key: of the session or collection it is about, NULL: of all */
typedef void (*StrataSearchCheckFunc) (const char              *key,
                                       const char              *message,
                                       gpointer                 user_data);

/* Proves that the search index says what the files say: every text is cut anew and
 * compared with the blocks, and these with every place of every word that FTS5
 * has. What is not indexed yet, or is damaged itself, is passed over; so is an index
 * that is not there. Changes nothing.
 *
 * Memory: 16 bytes a block. Returns: FALSE with @error set where the check can't go on
 */
gboolean       _strata_search_check   (StrataStore             *store,
                                       StrataSearchCheckFunc    func,
                                       gpointer                 user_data,
                                       GCancellable            *cancellable,
                                       GError                 **error);

G_END_DECLS

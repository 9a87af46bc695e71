/* strata-kept.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-store.h"

G_BEGIN_DECLS

GPtrArray *strata_kept_list_undecided (StrataStore        *store,
                                       GError            **error);
gboolean   strata_kept_add            (StrataStore        *store,
                                       const char *const  *keys,
                                       GError            **error);

G_END_DECLS

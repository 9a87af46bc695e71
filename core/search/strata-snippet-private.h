/* strata-snippet-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-query-private.h"

G_BEGIN_DECLS

/* Some of @text around what @query looks for, as markup: what is found between
 * <mark> and </mark>, everything else escaped, white space as single spaces, "…"
 * where something was left out. The stretch is the one with the most different
 * things that were looked for; where there is none, the beginning.
 *
 * Returns: (transfer full)
 */
char *_strata_snippet_make (const char  *text,
                            gsize        length,
                            StrataQuery *query);

G_END_DECLS

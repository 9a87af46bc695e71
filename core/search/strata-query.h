/* strata-query.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

#define STRATA_TYPE_QUERY (strata_query_get_type ())

typedef struct _StrataQuery StrataQuery;

GType        strata_query_get_type (void);
StrataQuery *strata_query_new      (const char  *text);
StrataQuery *strata_query_ref      (StrataQuery *self);
void         strata_query_unref    (StrataQuery *self);

const char  *strata_query_get_text (StrataQuery *self);
gboolean     strata_query_is_empty (StrataQuery *self);
char        *strata_query_explain  (StrataQuery *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataQuery, strata_query_unref)

G_END_DECLS

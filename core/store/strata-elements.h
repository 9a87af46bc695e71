/* strata-elements.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_TYPE_ELEMENTS (strata_elements_get_type ())

typedef struct _StrataElements StrataElements;

GType           strata_elements_get_type       (void);
StrataElements *strata_elements_ref            (StrataElements *self);
void            strata_elements_unref          (StrataElements *self);

GBytes         *strata_elements_get_text       (StrataElements *self);
guint64         strata_elements_get_first      (StrataElements *self);
guint           strata_elements_get_n_elements (StrataElements *self);
GBytes         *strata_elements_dup_element    (StrataElements *self,
                                                guint           index);
char           *strata_elements_dup_id         (StrataElements *self,
                                                guint           index);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataElements, strata_elements_unref)

G_END_DECLS

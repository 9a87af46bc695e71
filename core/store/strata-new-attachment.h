/* strata-new-attachment.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

#define STRATA_TYPE_NEW_ATTACHMENT (strata_new_attachment_get_type ())

typedef struct _StrataNewAttachment StrataNewAttachment;

GType                strata_new_attachment_get_type      (void);
StrataNewAttachment *strata_new_attachment_new_for_bytes (const char          *id,
                                                          GBytes              *bytes);
StrataNewAttachment *strata_new_attachment_new_for_path  (const char          *id,
                                                          const char          *path);
StrataNewAttachment *strata_new_attachment_ref           (StrataNewAttachment *self);
void                 strata_new_attachment_unref         (StrataNewAttachment *self);

const char          *strata_new_attachment_get_id        (StrataNewAttachment *self);
void                 strata_new_attachment_set_name      (StrataNewAttachment *self,
                                                          const char          *name);
void                 strata_new_attachment_set_mime      (StrataNewAttachment *self,
                                                          const char          *mime);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataNewAttachment, strata_new_attachment_unref)

G_END_DECLS

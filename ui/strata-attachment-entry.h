/* strata-attachment-entry.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

#define STRATA_TYPE_ATTACHMENT_ENTRY (strata_attachment_entry_get_type ())

G_DECLARE_FINAL_TYPE (StrataAttachmentEntry, strata_attachment_entry, STRATA, ATTACHMENT_ENTRY, GObject)

StrataAttachmentEntry *strata_attachment_entry_new           (StrataAttachmentInfo  *info);
StrataAttachmentInfo  *strata_attachment_entry_get_info      (StrataAttachmentEntry *self);
char                  *strata_attachment_entry_dup_title     (StrataAttachmentEntry *self);
char                  *strata_attachment_entry_dup_file_name (StrataAttachmentEntry *self);

G_END_DECLS

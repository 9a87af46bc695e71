/* strata-attachment-row.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <adwaita.h>

#include "strata-attachment-entry.h"

G_BEGIN_DECLS

#define STRATA_TYPE_ATTACHMENT_ROW (strata_attachment_row_get_type ())

G_DECLARE_FINAL_TYPE (StrataAttachmentRow, strata_attachment_row, STRATA, ATTACHMENT_ROW, AdwBin)

GtkWidget *strata_attachment_row_new  (void);
void       strata_attachment_row_bind (StrataAttachmentRow   *self,
                                       StrataStore           *store,
                                       StrataAttachmentEntry *entry);

G_END_DECLS

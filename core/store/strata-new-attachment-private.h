/* strata-new-attachment-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-batch-private.h"
#include "strata-new-attachment.h"

G_BEGIN_DECLS

/* Puts its bytes into @batch. The row has its own id, or @id where it has none.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataAttachmentRow *_strata_new_attachment_put      (StrataNewAttachment  *self,
                                                      StrataBatch          *batch,
                                                      const char           *id,
                                                      GCancellable         *cancellable,
                                                      GError              **error);
/* How much memory it holds: of a file nothing */
gsize                _strata_new_attachment_get_size (StrataNewAttachment  *self);
/* An id that nothing has yet: `attachment-<milliseconds>-<12 digits>`; (transfer full) */
char                *_strata_new_attachment_make_id  (void);

G_END_DECLS

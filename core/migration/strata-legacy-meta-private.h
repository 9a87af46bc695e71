/* strata-legacy-meta-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-attachment-row-private.h"

G_BEGIN_DECLS

/* What the old program would say of an attachment that was made in the store, and never had
 * files of its own.
 */

/* Whether it is one: its bytes are here, and came from no old file */
gboolean    _strata_legacy_meta_is_needed   (const StrataAttachmentRow *row);

/* The media type in the old program's words: "audio/mp3"; (transfer full) */
char       *_strata_legacy_meta_dup_mime    (const StrataAttachmentRow *row);

/* Where the old program would keep its bytes, below its folder: raw for videos, else as text; (transfer full) */
char       *_strata_legacy_meta_dup_path    (const StrataAttachmentRow *row);

/* The text of its `.meta.json`; (transfer full)
 *
 * @in_session: whether a session has it: then a picture is a screenshot
 * @created_s: when its bytes came, in seconds since 1970
 */
char       *_strata_legacy_meta_dup_text    (const StrataAttachmentRow *row,
                                             gboolean                   in_session,
                                             gint64                     created_s);

G_END_DECLS

/* strata-attachment-row-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

typedef enum
{
  STRATA_ATTACHMENT_OBJECT,     /* its bytes are an object of this store */
  STRATA_ATTACHMENT_MISSING,    /* the old store has no bytes for it, or none that can be decoded */
} StrataAttachmentState;

/* StrataAttachmentRow is one line of a session's attachments: where its bytes
 * are, and what the old metadata said of it, verbatim.
 */
typedef struct
{
  char                  *id;
  StrataAttachmentState  state;
  StrataDigest           digest;           /* of its bytes, when there are any */
  guint64                bytes;
  char                  *extension;        /* of the object's file */
  char                  *mime;             /* by content, else as claimed; NULL: not known */
  char                  *name;             /* for people; NULL: none */
  char                  *problem;          /* code, where there is one */
  char                  *source_path;      /* the old file its bytes came from, NULL: none */
  guint64                source_bytes;     /* of that file and its metadata's together */
  guint64                source_size;      /* of that file alone */
  gint64                 source_mtime_ns;
  char                  *meta;             /* the old metadata, raw JSON; NULL: none */
} StrataAttachmentRow;

void                 _strata_attachment_row_free      (StrataAttachmentRow        *row);
void                 _strata_attachment_row_append    (const StrataAttachmentRow  *row,
                                                       GString                    *text);
StrataAttachmentRow *_strata_attachment_row_read      (StrataJsonReader           *reader,
                                                       GError                    **error);
const char          *_strata_attachment_state_name    (StrataAttachmentState       state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataAttachmentRow, _strata_attachment_row_free)

G_END_DECLS

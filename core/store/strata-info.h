/* strata-info.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib-object.h>

G_BEGIN_DECLS

typedef enum
{
  STRATA_SESSION_ORDER_DATE,
  STRATA_SESSION_ORDER_SIZE,
  STRATA_SESSION_ORDER_NAME,
  STRATA_SESSION_ORDER_SOURCE, /* as in the old store */
} StrataSessionOrder;

#define STRATA_TYPE_SESSION_INFO    (strata_session_info_get_type ())
#define STRATA_TYPE_ATTACHMENT_INFO (strata_attachment_info_get_type ())

typedef struct _StrataSessionInfo    StrataSessionInfo;
typedef struct _StrataAttachmentInfo StrataAttachmentInfo;

/**
 * StrataSessionInfo:
 * @key: its unique name in the store
 * @id: (nullable): its id as text; a number is shown as its digits
 * @name: (nullable): as the session says
 * @start: (nullable): as the session says, never trusted to be a time
 * @end: (nullable): the same
 * @category: (nullable): as the session says
 * @status: (nullable): as the session says
 * @tags: (array zero-terminated=1): never %NULL
 * @screenshots: how many
 * @audio_segments: how many
 * @bytes_original: its JSON text and the old files of its attachments
 * @bytes_stored: its files in the store and each object it uses
 * @recovered: whether it was found only in an older candidate
 *
 * What a list shows of a session. Immutable; shared by reference.
 */
struct _StrataSessionInfo
{
  char     *key;
  char     *id;
  char     *name;
  char     *start;
  char     *end;
  char     *category;
  char     *status;
  char    **tags;
  guint64   screenshots;
  guint64   audio_segments;
  guint64   bytes_original;
  guint64   bytes_stored;
  gboolean  recovered;
};

/**
 * StrataAttachmentInfo:
 * @id: the id sessions use for it
 * @session: (nullable): key of the session or collection that owns this row
 * @sha256: (nullable): of the bytes that are in the store, 64 hexadecimal digits
 * @mime: (nullable): media type
 * @name: (nullable): for people
 * @bytes: length, or -1 when there are no bytes
 * @state: `object`; `webp`: its bytes are not in the store any more, a WebP of the
 *   same image is; `reference`: its bytes were left in the old store; or `missing`
 * @path: (nullable): where its object is, or would be, below the store
 * @reference_root: (nullable): of a reference, the folder that its file is below
 * @reference_path: (nullable): that file, below @reference_root
 *
 * What a list shows of an attachment. Immutable; shared by reference.
 */
struct _StrataAttachmentInfo
{
  char   *id;
  char   *session;
  char   *sha256;
  char   *mime;
  char   *name;
  gint64  bytes;
  char   *state;
  char   *path;
  char   *reference_root;
  char   *reference_path;
};

GType                 strata_session_info_get_type    (void);
StrataSessionInfo    *strata_session_info_ref         (StrataSessionInfo    *self);
void                  strata_session_info_unref       (StrataSessionInfo    *self);

GType                 strata_attachment_info_get_type (void);
StrataAttachmentInfo *strata_attachment_info_ref      (StrataAttachmentInfo *self);
void                  strata_attachment_info_unref    (StrataAttachmentInfo *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSessionInfo, strata_session_info_unref)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataAttachmentInfo, strata_attachment_info_unref)

G_END_DECLS

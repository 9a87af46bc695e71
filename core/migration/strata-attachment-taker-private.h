/* strata-attachment-taker-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-crew-private.h"
#include "legacy/strata-legacy-store-private.h"
#include "store/strata-batch-private.h"

G_BEGIN_DECLS

/* StrataAttachmentTaker finds out which attachments a session uses and brings
 * their bytes into the store.
 *
 * Any JSON string equal to an attachment's id is a use of it; a member whose
 * name ends in attachmentId (or …Ids) is one even when no such attachment is known.
 */
typedef struct _StrataAttachmentTaker StrataAttachmentTaker;

typedef struct
{
  guint64 stored;        /* rows whose bytes are in the store */
  guint64 deduplicated;  /* of these, how many had bytes that were there already */
  guint64 missing;       /* the old store has no bytes */
  guint64 failed;        /* bytes that can't be decoded */
} StrataAttachmentCounts;

/* @crew: borrowed: whose tasks bring the bytes in; it has none of others while these are brought in */
StrataAttachmentTaker *_strata_attachment_taker_new         (StrataLegacyStore       *legacy,
                                                             StrataStore             *store,
                                                             guint                    source,
                                                             StrataCrew              *crew,
                                                             StrataProblemFunc        report,
                                                             gpointer                 user_data);
void                   _strata_attachment_taker_free        (StrataAttachmentTaker   *self);

/* What an earlier run brought in is read again. */
void                   _strata_attachment_taker_set_distrust
                                                            (StrataAttachmentTaker   *self,
                                                             gboolean                 distrust);

/* Metadata stay as they are, with all that they have embedded. */
void                   _strata_attachment_taker_set_verbatim
                                                            (StrataAttachmentTaker   *self);

/* Videos and other files that metadata only point at stay where they are: their digests are taken. */
void                   _strata_attachment_taker_set_refer   (StrataAttachmentTaker   *self,
                                                             gboolean                 refer);

/* Metadata that stand in notes and tasks instead of files of their own. */
void                   _strata_attachment_taker_set_inline_metas
                                                            (StrataAttachmentTaker   *self,
                                                             GHashTable              *metas);

/* A StrataJsonStringFunc with the taker as data: notes a use. */
gboolean               _strata_attachment_taker_see_string  (const char              *token,
                                                             gsize                    length,
                                                             const char              *name,
                                                             gsize                    name_length,
                                                             gpointer                 user_data);

/* Notes a use of one that is known by its id. */
void                   _strata_attachment_taker_note        (StrataAttachmentTaker   *self,
                                                             const char              *id);

/* Brings in what was noted since the last call.
 * (transfer full) (element-type StrataAttachmentRow): in order of first use
 */
GPtrArray             *_strata_attachment_taker_take        (StrataAttachmentTaker   *self,
                                                             StrataBatch             *batch,
                                                             GCancellable            *cancellable,
                                                             GError                 **error);
/* Forgets what was noted, for a value that was given up. */
void                   _strata_attachment_taker_forget      (StrataAttachmentTaker   *self);

/* Notes that a value taken before, in another run, used what has this id and lies at this path (nullable). */
void                   _strata_attachment_taker_note_used   (StrataAttachmentTaker   *self,
                                                             const char              *id,
                                                             const char              *path);
/* Forgets what was noted, for a value that is not wanted, as long as nothing else uses it. */
void                   _strata_attachment_taker_leave_out   (StrataAttachmentTaker   *self);
/* Whether a file, or the attachment with an id (NULL: none is known), was left out for that; known when
 * the unused ones were taken
 */
gboolean               _strata_attachment_taker_has_left_out
                                                            (StrataAttachmentTaker   *self,
                                                             const char              *id,
                                                             const char              *path);

/* Brings in the attachments and videos that no value used, but for what was left out. */
GPtrArray             *_strata_attachment_taker_take_unused (StrataAttachmentTaker   *self,
                                                             StrataBatch             *batch,
                                                             GCancellable            *cancellable,
                                                             GError                 **error);

const StrataAttachmentCounts *
                       _strata_attachment_taker_get_counts  (StrataAttachmentTaker   *self);
/* Bytes of old files read so far, for progress */
guint64                _strata_attachment_taker_get_bytes   (StrataAttachmentTaker   *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataAttachmentTaker, _strata_attachment_taker_free)

G_END_DECLS

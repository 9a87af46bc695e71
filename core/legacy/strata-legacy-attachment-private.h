/* strata-legacy-attachment-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* StrataLegacyAttachment is one attachment of an old store: its metadata as it
 * was written, and a way to its bytes.
 */
typedef struct
{
  char    *id;
  char    *meta;            /* its metadata's JSON object, minified, verbatim tokens; NULL: none or invalid */
  char    *type;            /* "screenshot", "link" … or NULL; these four come out of @meta */
  char    *mime;
  char    *name;
  char    *recorded_path;   /* as written, or NULL */
  /* Where its bytes are, below the store; NULL: nowhere. One of: */
  char    *data_path;       /* text to decode: a .dat */
  char    *file_path;       /* the bytes as they are: videos, raw files */
  guint64  source_size;     /* of that file */
  gint64   source_mtime_ns;
} StrataLegacyAttachment;

/* Whether the file at @path, below the store, holds text to be decoded, rather
 * than the bytes themselves: `attachments/<id>.dat`, and nothing else.
 */
gboolean                _strata_legacy_path_is_text (const char *path);

/* Reads the metadata and finds the bytes: a .dat, else the raw file of that id,
 * else what the recorded path points at when that is inside the store (relative,
 * absolute with com.taskerino.desktop/ in it, file://, backslashes), never
 * anything outside, and inside only in attachments/ and videos/. Each oddity goes
 * to @report (NULL: nowhere) with its code of PROBLEMS. Fails only when reading
 * fails.
 */
StrataLegacyAttachment *_strata_legacy_attachment_load (StrataLegacyStore       *store,
                                                        const char              *id,
                                                        StrataProblemFunc        report,
                                                        gpointer                 user_data,
                                                        GError                 **error);
/* The same for one whose metadata stand in a note or task: @inline_meta, an
 * object's text as a JSON reader gives it, serves where there is no .meta.json. */
StrataLegacyAttachment *_strata_legacy_attachment_load_inline
                                                       (StrataLegacyStore       *store,
                                                        const char              *id,
                                                        const char              *inline_meta,
                                                        StrataProblemFunc        report,
                                                        gpointer                 user_data,
                                                        GError                 **error);
void                    _strata_legacy_attachment_free (StrataLegacyAttachment  *self);

/* The attachment's own bytes, decoded on the way; memory does not grow with
 * them. Fails, at opening or while read, with STRATA_ERROR_DAMAGED_DATA where
 * the text can't be decoded to its end: whatever was read until then is no
 * result. Accepts every spelling of LEGACY-FORMAT: data URI or bare base64,
 * either alphabet, white space, with or without padding, BOM, upper-case DATA:,
 * parameters before ;base64, and percent-encoding where ;base64 is missing.
 */
GInputStream           *_strata_legacy_attachment_open (StrataLegacyStore       *store,
                                                        StrataLegacyAttachment  *self,
                                                        GError                 **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyAttachment, _strata_legacy_attachment_free)

G_END_DECLS

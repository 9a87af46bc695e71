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
  STRATA_ATTACHMENT_WEBP,       /* a WebP made of its bytes is an object of this store; they are not */
  STRATA_ATTACHMENT_REFERENCE,  /* its bytes were left in the old store; an object of them may have come since */
} StrataAttachmentState;

/* StrataOriginal is what an image was before it was made a WebP. */
typedef struct
{
  StrataDigest  digest;
  guint64       bytes;
  char         *extension;
  char         *mime;
  guint         width;          /* pixels */
  guint         height;
  int           quality;        /* 0 to 100, of the WebP; STRATA_QUALITY_LOSSLESS: it has the same pixels */
} StrataOriginal;

#define STRATA_QUALITY_LOSSLESS (-1)

/* StrataEmbedded is base64 that stood in an attachment's old metadata, a thumbnail mostly: what
 * it stands for is an object, and the metadata are kept without it.
 */
typedef struct
{
  guint64       at;             /* byte of the shortened metadata where the text goes */
  StrataDigest  digest;
  guint64       bytes;          /* of the object */
  char         *extension;
} StrataEmbedded;

/* StrataAttachmentRow is one line of a session's attachments: where its bytes
 * are, and what the old metadata said of it, verbatim.
 */
typedef struct
{
  char                  *id;
  StrataAttachmentState  state;
  StrataDigest           digest;           /* of the object's bytes, when there is one, or of those it refers to */
  guint64                bytes;
  char                  *extension;        /* of the object's file */
  char                  *mime;             /* by content, else as claimed; NULL: not known */
  char                  *name;             /* for people; NULL: none */
  char                  *problem;          /* code, where there is one */
  char                  *source_path;      /* the old file its bytes came from, NULL: none */
  char                  *source_root;      /* of a reference: the folder that file is below; else NULL */
  guint64                source_bytes;     /* of that file and its metadata's together */
  guint64                source_size;      /* of that file alone */
  gint64                 source_mtime_ns;
  char                  *meta;             /* the old metadata, raw JSON, without what is in @embedded; NULL: none */
  GPtrArray             *embedded;         /* StrataEmbedded, by place; NULL: none */
  StrataOriginal        *original;         /* of a WebP; else NULL */
} StrataAttachmentRow;

/* Whether there are bytes, and @digest is theirs, wherever they are */
static inline gboolean
_strata_attachment_row_has_bytes (const StrataAttachmentRow *row)
{
  return row->state != STRATA_ATTACHMENT_MISSING;
}

/* Whether it must have an object in this store */
static inline gboolean
_strata_attachment_row_has_object (const StrataAttachmentRow *row)
{
  return row->state == STRATA_ATTACHMENT_OBJECT || row->state == STRATA_ATTACHMENT_WEBP;
}

/* StrataRowObject is one of the objects that a row names. Its strings are the row's. */
typedef struct
{
  StrataDigest  digest;
  guint64       bytes;
  const char   *extension;
} StrataRowObject;

/* How many objects a row names: that of its bytes, and what its metadata had embedded */
guint                _strata_attachment_row_get_n_objects (const StrataAttachmentRow *row);
void                 _strata_attachment_row_get_object (const StrataAttachmentRow *row,
                                                       guint                       index,
                                                       StrataRowObject            *out_object);

/* The digest of the bytes as they were given to the store; %NULL: there are none. Borrowed */
static inline const StrataDigest *
_strata_attachment_row_get_content (const StrataAttachmentRow *row)
{
  if (row->original != NULL)
    return &row->original->digest;

  return _strata_attachment_row_has_bytes (row) ? &row->digest : NULL;
}

void                 _strata_attachment_row_free      (StrataAttachmentRow        *row);
void                 _strata_attachment_row_append    (const StrataAttachmentRow  *row,
                                                       GString                    *text);
StrataAttachmentRow *_strata_attachment_row_read      (StrataJsonReader           *reader,
                                                       GError                    **error);
/* (transfer full) */
StrataAttachmentRow *_strata_attachment_row_copy      (const StrataAttachmentRow  *row);
const char          *_strata_attachment_state_name    (StrataAttachmentState       state);
void                 _strata_embedded_free            (StrataEmbedded             *embedded);

void                 _strata_original_free            (StrataOriginal             *original);
StrataOriginal      *_strata_original_copy            (const StrataOriginal       *original);
/* As one JSON object, for a row and for the catalog; (transfer full) */
char                *_strata_original_to_text         (const StrataOriginal       *original);
/* (transfer full): or %NULL with @error set */
StrataOriginal      *_strata_original_parse           (const char                 *text,
                                                       GError                    **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataOriginal, _strata_original_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataAttachmentRow, _strata_attachment_row_free)

G_END_DECLS

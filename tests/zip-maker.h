/* zip-maker.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* Makes ZIPs byte by byte, right ones and such that no program would write. */

typedef struct
{
  const char *name;
  gssize      name_length;     /* 0: up to its end */
  const char *content;         /* NULL: none */
  gsize       content_length;  /* 0: up to its end */
  const char *local_name;      /* in the header, of the same length; NULL: the same */
  gboolean    deflate;
  gboolean    length_behind;   /* sizes and CRC behind the data */
  gboolean    no_signature;    /* … without the mark that most writers put there */
  gboolean    long_sizes;      /* ZIP64, though nothing needs it */
  guint16     flags;           /* more than follow from the above */
  guint16     method;          /* instead of what the data are; 0: that */
  guint32     crc_error;       /* to be added to the CRC */
  guint32     size_error;      /* to be added to the size */
  guint8      system;          /* who wrote the attributes: 0 DOS, 3 Unix */
  guint32     attributes;
  const char *extra;           /* in the directory */
  gsize       extra_length;
} ZipEntry;

typedef struct
{
  GByteArray *bytes;
  GByteArray *directory;
  guint       n_entries;
} ZipMaker;

ZipMaker *zip_maker_new       (void);
void      zip_maker_free      (ZipMaker        *self);
void      zip_maker_add       (ZipMaker        *self,
                               const ZipEntry  *entry);
/* Adds a file of that name and text, deflated if @deflate. */
void      zip_maker_add_text  (ZipMaker        *self,
                               const char      *name,
                               const char      *text,
                               gboolean         deflate);
/* The directory and the end. @zip64: with what says numbers beyond 16 and 32 bits */
GBytes   *zip_maker_finish    (ZipMaker        *self,
                               gboolean         zip64,
                               const char      *comment);

/* The bytes of @content as deflate alone has them */
GByteArray *zip_maker_deflate (const char      *content,
                               gsize            length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (ZipMaker, zip_maker_free)

G_END_DECLS

/* strata-zip-record-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-file-private.h"

G_BEGIN_DECLS

/* More is no export: refused, so that no ZIP can take all memory there is. */
#define STRATA_ZIP_MAX_RECORDS 100000
/* A longer name is kept up to here, and marked. */
#define STRATA_ZIP_MAX_NAME    1024

/* Flags of an entry */
#define STRATA_ZIP_ENCRYPTED     (1 << 0)
#define STRATA_ZIP_LENGTH_BEHIND (1 << 3)  /* sizes and CRC stand behind the data */
#define STRATA_ZIP_MASKED        (1 << 13)

/* Methods of compression */
#define STRATA_ZIP_STORED  0
#define STRATA_ZIP_DEFLATE 8
#define STRATA_ZIP_BZIP2   12
#define STRATA_ZIP_LZMA    14
#define STRATA_ZIP_ZSTD    93
#define STRATA_ZIP_PPMD    98
#define STRATA_ZIP_AES     99

/* Where an entry's data lie, and what they should be. A value type. */
typedef struct
{
  goffset  header;           /* of the header in front of the data; -1: there is none */
  goffset  data;             /* of the data; -1: not known */
  guint64  compressed_size;
  guint64  size;
  guint32  crc32;
  guint16  flags;
  guint16  method;
  gboolean is_known;         /* whether both sizes and the CRC are */
} StrataZipData;

/* What a ZIP says of one entry: in its directory, and again in the header in
 * front of the data.
 */
typedef struct
{
  char          *name;        /* bytes as there, slashes too */
  char          *local_name;  /* in the header, where it is another; else NULL */
  gboolean       is_cut;      /* the name is longer, or has a NUL in it */
  guint32        type;        /* S_IFREG, S_IFDIR, S_IFLNK …; 0: not said, a file */
  gint64         mtime_ns;    /* since 1970, -1: not said. Without a time zone it counts as UTC, as JSZip writes it */
  StrataZipData  data;
} StrataZipRecord;

/* Numbers as a ZIP has them: least significant byte first */
static inline guint16
_strata_zip_get16 (const guint8 *bytes)
{
  return (guint16)(bytes[0] | bytes[1] << 8);
}

static inline guint32
_strata_zip_get32 (const guint8 *bytes)
{
  return _strata_zip_get16 (bytes) | (guint32)_strata_zip_get16 (bytes + 2) << 16;
}

static inline guint64
_strata_zip_get64 (const guint8 *bytes)
{
  return _strata_zip_get32 (bytes) | (guint64)_strata_zip_get32 (bytes + 4) << 32;
}

/* Reads @size bytes at @offset, or, where the file ends before, what there is. */
gboolean         _strata_zip_read_at            (StrataFileStream  *file,
                                                 void              *buffer,
                                                 gsize              size,
                                                 goffset            offset,
                                                 gsize             *out_read,
                                                 GError           **error);

void             _strata_zip_record_free        (StrataZipRecord   *self);

/* Takes the name, up to what is kept of it. */
void             _strata_zip_record_set_name    (StrataZipRecord   *self,
                                                 const guint8      *name,
                                                 gsize              length);
/* The time as MS-DOS had it, in local time of nobody knows where */
void             _strata_zip_record_set_time    (StrataZipRecord   *self,
                                                 guint16            date,
                                                 guint16            time);
/* What "extra" bytes say in place of the fields: sizes beyond 32 bits, and the
 * time in UTC. @inout_offset: the header's, NULL in one that has none.
 */
void             _strata_zip_record_read_extra  (StrataZipRecord   *self,
                                                 const guint8      *extra,
                                                 gsize              length,
                                                 guint64           *inout_offset);

/* Compares with the header at @self->data.header and finds the data behind it.
 * Where there is no header, data.header becomes -1. FALSE: could not be read.
 */
gboolean         _strata_zip_record_read_header (StrataZipRecord   *self,
                                                 StrataFileStream  *file,
                                                 GError           **error);
/* An entry as its header alone says it; NULL with @error not set: none is there. */
StrataZipRecord *_strata_zip_record_new_at      (StrataFileStream  *file,
                                                 goffset            header,
                                                 GError           **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataZipRecord, _strata_zip_record_free)

G_END_DECLS

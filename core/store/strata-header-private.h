/* strata-header-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* One old store that sessions came from. */
typedef struct
{
  guint   number;  /* from 1 */
  char   *path;    /* canonical */
  guint64 bytes;   /* what it took when it was read last: live collections, attachments, videos */
} StrataSourceRecord;

/* StrataHeader is `store.json`: what the folder is, and where its data is from. */
typedef struct
{
  char      *id;       /* a random UUID */
  char      *created;  /* RFC 3339 */
  char      *state;    /* of the migration: planned, running, paused, verifying, complete, cancelled, failed */
  GPtrArray *sources;  /* (element-type StrataSourceRecord) */
} StrataHeader;

/* 2: rows of attachments may have `embedded` */
#define STRATA_FORMAT 2

#define STRATA_HEADER_NAME      "store.json"
#define STRATA_HEADER_COPY_NAME "store.json.copy"

StrataHeader *_strata_header_new        (void);
void          _strata_header_free       (StrataHeader  *self);
StrataHeader *_strata_header_read       (int            dir,
                                         GError       **error);
/* Whether the file @name is there, has the digest that it names, and can be read;
 * STRATA_ERROR_CORRUPT where not
 */
gboolean      _strata_header_check      (int            dir,
                                         const char    *name,
                                         GError       **error);
gboolean      _strata_header_write      (StrataHeader  *self,
                                         int            dir,
                                         GError       **error);
guint         _strata_header_add_source (StrataHeader  *self,
                                         const char    *path,
                                         gboolean      *out_is_new);
void          _strata_header_set_source_bytes (StrataHeader *self,
                                         guint          number,
                                         guint64        bytes);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataHeader, _strata_header_free)

G_END_DECLS

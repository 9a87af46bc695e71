/* strata-export-zip-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* StrataExportZip is what the old program's "export" wrote: a ZIP of
 * `<collection>.json` files and `export-metadata.json`, perhaps packed again
 * together with the folder it was unpacked to. Entries are read where they are.
 *
 * Memory: about 300 bytes per entry and its name, twice.
 * Threads: immutable once opened; its streams may be read in several threads,
 * each stream in one.
 */
typedef struct _StrataExportZip StrataExportZip;

/* Whether an entry is to be read, or why not */
typedef enum
{
  STRATA_EXPORT_ZIP_READABLE,
  STRATA_EXPORT_ZIP_FOLDER,     /* nothing to say */
  STRATA_EXPORT_ZIP_LITTER,     /* nothing to say: what macOS puts into each ZIP, hidden files */
  STRATA_EXPORT_ZIP_FOREIGN,    /* nothing of Taskerino's */
  STRATA_EXPORT_ZIP_UNSAFE,     /* its name is absolute, climbs, has a backslash … */
  STRATA_EXPORT_ZIP_LINK,       /* or a pipe or device */
  STRATA_EXPORT_ZIP_ENCRYPTED,
  STRATA_EXPORT_ZIP_DUPLICATE,  /* a later entry has the same name, and counts */
} StrataExportZipState;

typedef struct
{
  guint                 index;     /* in the ZIP's directory */
  char                 *path;      /* file.zip/entry, for people; bytes as there */
  char                 *name;      /* below the common folder, if there is one; bytes as there */
  char                 *id;        /* collection's name, attachment's id; or NULL */
  StrataLegacyRole      role;      /* COLLECTION…, ATTACHMENT…, VIDEO, as in a data folder; else FOREIGN */
  gboolean              is_metadata;
  StrataExportZipState  state;
  char                 *other_name; /* the ZIP contradicts itself: one of both is damaged; else NULL */
  guint64               size;      /* of its bytes, G_MAXUINT64: not known until read */
  gint64                mtime_ns;  /* since 1970, -1: not known */
} StrataExportZipEntry;

/* What export-metadata.json says */
typedef struct
{
  gboolean  is_there;
  GError   *error;         /* why it could not be made use of, or NULL */
  gint64    timestamp_ms;  /* of the export, -1: not known */
  char     *version;       /* a JSON token, or NULL */
  char     *source;        /* "indexeddb" …, or NULL */
} StrataExportZipMetadata;

/* @dir: an open folder, or AT_FDCWD; @path below it. Fails with
 * STRATA_ERROR_NOT_FOUND: it is no ZIP, or none with the metadata or a
 *   collection of a known name in it;
 * STRATA_ERROR_DAMAGED_DATA: a ZIP so damaged that nothing of that is left;
 * STRATA_ERROR_SOURCE: it can't be read, or has too many entries.
 */
StrataExportZip      *_strata_export_zip_open         (int                   dir,
                                                       const char           *path,
                                                       GCancellable         *cancellable,
                                                       GError              **error);
StrataExportZip      *_strata_export_zip_ref          (StrataExportZip      *self);
void                  _strata_export_zip_unref        (StrataExportZip      *self);

/* (element-type StrataExportZipEntry) all there are, also those that are not to be read */
GPtrArray            *_strata_export_zip_get_entries  (StrataExportZip      *self);
const StrataExportZipMetadata *
                      _strata_export_zip_get_metadata (StrataExportZip      *self);
/* The directory at its end is lost or damaged: entries may be missing, and the last may be cut. */
gboolean              _strata_export_zip_is_torn      (StrataExportZip      *self);
/* The collection of that name that counts, or NULL */
const StrataExportZipEntry *
                      _strata_export_zip_find_collection (StrataExportZip   *self,
                                                       const char           *name);

/* The bytes of the entry @index, whatever its state if it can be read: see
 * StrataZipStream for errors, then and later. The stream needs @self no longer.
 */
GInputStream         *_strata_export_zip_open_entry   (StrataExportZip      *self,
                                                       guint                 index,
                                                       GError              **error);

/* A sentence on why an entry of that state is passed over; NULL where there is nothing to say. */
const char           *_strata_export_zip_explain      (StrataExportZipState  state);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataExportZip, _strata_export_zip_unref)

G_END_DECLS

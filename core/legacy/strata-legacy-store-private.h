/* strata-legacy-store-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

#include "base/strata-problem.h"

G_BEGIN_DECLS

/* StrataLegacyStore is an old data folder as it lies there: which files are
 * Taskerino's, what each is for, which attachments there are. It only reads,
 * follows no link, and looks at nothing outside the folder.
 *
 * Memory: the names of its files. Threads: immutable once opened, except that
 * reporting is up to the caller's function.
 */
typedef struct _StrataLegacyStore StrataLegacyStore;

typedef enum
{
  STRATA_LEGACY_COLLECTION,        /* db/<name>.json */
  STRATA_LEGACY_COLLECTION_BACKUP, /* db/<name>.backup.json */
  STRATA_LEGACY_COLLECTION_TMP,    /* db/<name>.tmp.json */
  STRATA_LEGACY_TOPLEVEL,          /* sessions.json at the top */
  STRATA_LEGACY_BACKUP,            /* backups/backup-<ms>.json */
  STRATA_LEGACY_ATTACHMENT_DATA,   /* attachments/<id>.dat */
  STRATA_LEGACY_ATTACHMENT_META,   /* attachments/<id>.meta.json */
  STRATA_LEGACY_ATTACHMENT_FILE,   /* attachments/{images,screenshots,files,videos}/<id>.<ext> */
  STRATA_LEGACY_VIDEO,             /* videos/… */
  STRATA_LEGACY_FOREIGN,           /* not written by Taskerino's storage */
  STRATA_LEGACY_LINK,              /* where a file of ours should be: link, pipe, socket, device */
  STRATA_LEGACY_NOT_DOWNLOADED,    /* .<name>.icloud in place of a file of ours */
} StrataLegacyRole;

typedef struct
{
  char             *path;     /* below the store, `/`-separated; bytes as on disk */
  char             *name;     /* collection's name, attachment's id, or NULL */
  StrataLegacyRole  role;
  guint64           size;     /* bytes */
  gint64            mtime_ns; /* since 1970 */
} StrataLegacyFile;

typedef void (*StrataProblemFunc) (StrataProblem *problem, /* (transfer full) */
                                   gpointer       user_data);

/* @path: the data folder, or the folder above it that holds com.taskerino.desktop.
 * Fails with STRATA_ERROR_SOURCE when it can't be read or nothing of Taskerino's is in it.
 */
StrataLegacyStore *_strata_legacy_store_open        (const char         *path,
                                                     GError            **error);
/* The first of the usual places (LEGACY-FORMAT: $XDG_DATA_HOME, ~/Library/Application Support) that holds one;
 * STRATA_ERROR_SOURCE naming the places looked at when there is none. */
StrataLegacyStore *_strata_legacy_store_open_usual  (GError            **error);
void               _strata_legacy_store_free        (StrataLegacyStore  *self);

const char        *_strata_legacy_store_get_path    (StrataLegacyStore  *self); /* canonical, of the data folder itself */
int                _strata_legacy_store_get_dir     (StrataLegacyStore  *self); /* borrowed descriptor */
/* (element-type StrataLegacyFile) in the order of paths */
GPtrArray         *_strata_legacy_store_get_files   (StrataLegacyStore  *self);
/* The file of a collection, or NULL */
const StrataLegacyFile *
                   _strata_legacy_store_find_collection (StrataLegacyStore *self,
                                                         const char        *name);

/* What stands under an attachment's id: any of the three may be NULL, not all. */
typedef struct
{
  const StrataLegacyFile *data;
  const StrataLegacyFile *meta;
  const StrataLegacyFile *file;
} StrataLegacyAttachmentFiles;

gboolean           _strata_legacy_store_find_attachment (StrataLegacyStore           *self,
                                                         const char                  *id,
                                                         StrataLegacyAttachmentFiles *out_files);
/* All ids, sorted; (transfer container) (element-type utf8) */
GPtrArray         *_strata_legacy_store_list_attachments (StrataLegacyStore *self);
/* Quick no for most strings: whether an id of that many bytes is known. */
gboolean           _strata_legacy_store_has_id_of_length (StrataLegacyStore *self,
                                                          gsize              length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyStore, _strata_legacy_store_free)

G_END_DECLS

/* strata-legacy-store-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <sys/stat.h>

#include <gio/gio.h>

#include "base/strata-problem.h"

G_BEGIN_DECLS

/* StrataLegacyStore is an old store as it lies there: which files of the data
 * folder are Taskerino's, what each is for, which attachments there are; and the
 * exports and web views' databases beside or inside of it. It only reads,
 * follows no link, and looks at nothing outside.
 *
 * Memory: about 50 bytes per attachment and 150 per other file. Threads:
 * immutable once opened, except that reporting is up to the caller's function.
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
  STRATA_LEGACY_CONTAINER,         /* an export or a web view's database, or its folder */
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

void _strata_legacy_file_free (StrataLegacyFile *file);

typedef void (*StrataProblemFunc) (StrataProblem *problem, /* (transfer full) */
                                   gpointer       user_data);

/* @path: (nullable): the data folder, the folder above it, a folder of a web view,
 *   its database, or an export; the data folder and the one above may be reached
 *   through a link. NULL: the first of the usual places that holds any:
 *   $XDG_DATA_HOME and, in a sandbox, the session's, ~/.local/share, ~/Library, %APPDATA%.
 * @attachments: (nullable): the data folder, or the folder above, whose
 *   attachments are meant, where they lie elsewhere
 * @scratch: (nullable): an existing folder for copies of a database, which are
 *   gone when this returns as far as the disk is concerned; NULL: the system's
 *
 * Fails with STRATA_ERROR_SOURCE when it can't be read or nothing of Taskerino's
 * is in it; it names the usual places when none of them holds any.
 */
StrataLegacyStore *_strata_legacy_store_open        (const char         *path,
                                                     const char         *attachments,
                                                     const char         *scratch,
                                                     GCancellable       *cancellable,
                                                     GError            **error);
/* The usual places that hold any, each once, by what tells them apart. Never
 * fails: a place that can't be read does not count. (element-type filename)
 */
GPtrArray         *_strata_legacy_store_find_usual  (GCancellable       *cancellable);
void               _strata_legacy_store_free        (StrataLegacyStore  *self);

/* What tells this old store from others: the data folder's path, links resolved, or that of what was opened */
const char        *_strata_legacy_store_get_path    (StrataLegacyStore  *self);
/* The folder that attachments and videos are below; where there are none at all, an empty one that is nowhere */
const char        *_strata_legacy_store_get_attachments_path
                                                    (StrataLegacyStore  *self);
int                _strata_legacy_store_get_dir     (StrataLegacyStore  *self); /* borrowed descriptor */
/* Whether the attachments are entries of an export that was opened, and nothing is below get_dir() */
gboolean           _strata_legacy_store_is_packed   (StrataLegacyStore  *self);
/* An attachment's file, wherever it is: -1 and errno, as stat(); its bytes as they are, see StrataZipStream and
 * _strata_file_stream_open_source() for errors; or at most @max_size of them at once */
int                _strata_legacy_store_stat        (StrataLegacyStore  *self,
                                                     const char         *path,
                                                     struct stat        *out_status);
GInputStream      *_strata_legacy_store_open_file   (StrataLegacyStore  *self,
                                                     const char         *path,
                                                     GError            **error);
GBytes            *_strata_legacy_store_read_file   (StrataLegacyStore  *self,
                                                     const char         *path,
                                                     gsize               max_size,
                                                     GError            **error);
/* The data folder that collections and backups are in, or -1; borrowed */
int                _strata_legacy_store_get_collections_dir
                                                    (StrataLegacyStore  *self);
/* (element-type StrataLegacyContainer) (transfer none) */
GPtrArray         *_strata_legacy_store_get_containers
                                                    (StrataLegacyStore  *self);
/* (element-type StrataProblem) (transfer none): containers that can't be read */
GPtrArray         *_strata_legacy_store_get_problems (StrataLegacyStore *self);
/* The path of a database of Windows' web view, which can't be read, or NULL */
const char        *_strata_legacy_store_get_leveldb (StrataLegacyStore  *self);
/* (element-type StrataLegacyFile) in the order of paths. Made when first asked
 * for, and kept: where there may be many attachments, go through them instead. */
GPtrArray         *_strata_legacy_store_get_files   (StrataLegacyStore  *self);
/* The same, one by one; @file is gone after @func, which returns FALSE to stop.
 * Sizes and times of attachments are those at the time of asking, and those
 * that are not there any more are left out. */
typedef gboolean (*StrataLegacyFileFunc) (const StrataLegacyFile *file,
                                          gpointer                user_data);
void               _strata_legacy_store_foreach_file (StrataLegacyStore    *self,
                                                      StrataLegacyFileFunc  func,
                                                      gpointer              user_data);
/* What stands under an attachment's id: any of the three may be NULL, not all.
 * Their role may be STRATA_LEGACY_LINK or STRATA_LEGACY_NOT_DOWNLOADED. */
typedef struct
{
  StrataLegacyFile *data;
  StrataLegacyFile *meta;
  StrataLegacyFile *file;
} StrataLegacyAttachmentFiles;

void               _strata_legacy_attachment_files_clear (StrataLegacyAttachmentFiles *files);

/* Looks at the files as they are now. @out_files is the caller's to clear. */
gboolean           _strata_legacy_store_find_attachment (StrataLegacyStore           *self,
                                                         const char                  *id,
                                                         StrataLegacyAttachmentFiles *out_files);
/* All ids, sorted; (transfer container) (element-type utf8) */
GPtrArray         *_strata_legacy_store_list_attachments (StrataLegacyStore *self);
/* Whether there is one of that id, without looking at the disk. */
gboolean           _strata_legacy_store_has_attachment  (StrataLegacyStore *self,
                                                         const char        *id,
                                                         gsize              length);
/* Quick no for most strings: whether an id of that many bytes is known. */
gboolean           _strata_legacy_store_has_id_of_length (StrataLegacyStore *self,
                                                          gsize              length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyStore, _strata_legacy_store_free)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataLegacyAttachmentFiles, _strata_legacy_attachment_files_clear)

G_END_DECLS

/* strata-webkit-database-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-webkit-value-private.h"

G_BEGIN_DECLS

/* StrataWebkitDatabase is the IndexedDB in which a web view of WebKit keeps what
 * the packaged app saves: IndexedDB.sqlite3 and the log beside it, usually not
 * written back. It is copied aside to be read, see StrataDatabaseCopy; the
 * original is only read, and nothing is made beside it.
 *
 * All schemas of the tables Records, ObjectStoreInfo and IDBDatabaseInfo are
 * read that WebKit has had in one file with them (since 2016), and the name of
 * the database as text or as UTF-16.
 *
 * Of a damaged database the records that can be reached from either end of
 * their table are listed.
 *
 * Memory: SQLite's, about 2 MiB, and a record's name.
 * Threads: one at a time, also for the streams.
 */
typedef struct _StrataWebkitDatabase StrataWebkitDatabase;

typedef enum
{
  STRATA_WEBKIT_STORE_COLLECTIONS,  /* a value is {name, data, timestamp} */
  STRATA_WEBKIT_STORE_BACKUPS,      /* a value is {id, timestamp, data: "JSON"} */
} StrataWebkitStore;

typedef struct
{
  StrataWebkitStore store;
  char             *name;          /* of the collection, or id of the backup; UTF-8; made up if there is none */
  guint64           bytes;         /* of the value as it is encoded */
  gint64            timestamp_ms;  /* as WebKit has it in its index; -1: not there */
  gboolean          has_blobs;     /* a part of it is in files of its own, which are not read */
} StrataWebkitRecord;

/* @dir, @path: of IndexedDB.sqlite3
 * @scratch_dir: (nullable): where the copy goes; %NULL: where temporary files go
 *
 * Fails with STRATA_ERROR_NOT_FOUND where it is no IndexedDB, or not the app's;
 * STRATA_ERROR_DAMAGED_DATA where it is damaged so that nothing is to be had;
 * STRATA_ERROR_SOURCE where it can't be read; STRATA_ERROR_SOURCE_CHANGED where
 * somebody writes to it all the time; G_IO_ERROR for the copy.
 *
 * Returns: (transfer full)
 */
StrataWebkitDatabase     *_strata_webkit_database_open           (int                       dir,
                                                                  const char               *path,
                                                                  const char               *scratch_dir,
                                                                  GCancellable             *cancellable,
                                                                  GError                  **error);
/* Streams may be read on. */
void                      _strata_webkit_database_free           (StrataWebkitDatabase     *self);

/* In the order in which they were written */
guint                     _strata_webkit_database_get_n_records  (StrataWebkitDatabase     *self);
const StrataWebkitRecord *_strata_webkit_database_get_record     (StrataWebkitDatabase     *self,
                                                                  guint                     index);
/* Returns: (nullable) (transfer none): why there may be records that are not listed */
const GError             *_strata_webkit_database_get_damage     (StrataWebkitDatabase     *self);

/* The record's value as JSON text: a StrataWebkitValue, whose errors are told there.
 *
 * Returns: (transfer full): can be sought to its start
 */
GInputStream             *_strata_webkit_database_open_record    (StrataWebkitDatabase     *self,
                                                                  guint                     index,
                                                                  StrataWebkitForeignFunc   func,
                                                                  gpointer                  user_data,
                                                                  GError                  **error);
/* Its bytes as they are.
 *
 * Returns: (transfer full): seekable
 */
GInputStream             *_strata_webkit_database_open_raw       (StrataWebkitDatabase     *self,
                                                                  guint                     index,
                                                                  GError                  **error);
/* The member "timestamp" of the record's value, in milliseconds since 1970, for
 * which the value may have to be gone through to its end; -1: there is none.
 */
gboolean                  _strata_webkit_database_read_timestamp (StrataWebkitDatabase     *self,
                                                                  guint                     index,
                                                                  gint64                   *out_timestamp_ms,
                                                                  GCancellable             *cancellable,
                                                                  GError                  **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWebkitDatabase, _strata_webkit_database_free)

G_END_DECLS

/* strata-legacy-store-internal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-export-zip-private.h"
#include "strata-legacy-scan-private.h"
#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* What opening a store and asking it share. */
struct _StrataLegacyStore
{
  /* Set while opening, never changed after */
  char              *path;
  char              *attachments_path;
  int                dir;             /* of attachments and videos; an empty folder where there are none */
  int                collections_dir; /* of db and backups; -1: there are none */
  int                root_dir;        /* where the containers are below; -1: there are none */
  StrataLegacyScan   found;
  GPtrArray         *containers;      /* of StrataLegacyContainer */
  StrataExportZip   *packed;          /* the one that the attachments are in, as entries; NULL: they are files below @dir */
  GHashTable        *packed_files;    /* path below the store → StrataExportZipEntry, both of @packed */
  GPtrArray         *problems;        /* of StrataProblem */
  char              *leveldb;         /* Windows' database, that can't be read; or NULL */

  GMutex             mutex;
  GPtrArray         *all;             /* guarded by @mutex; NULL until asked for */
};

G_END_DECLS

/* strata-legacy-container-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-file-mark-private.h"
#include "strata-export-zip-private.h"
#include "strata-webkit-database-private.h"

G_BEGIN_DECLS

/* What comes after the name of a database in the names of the files that it consists of, "" first */
#define STRATA_LEGACY_N_CONTAINER_FILES 3
extern const char *const _strata_legacy_container_suffixes[STRATA_LEGACY_N_CONTAINER_FILES];

/* One file that holds many collections: an export, or a web view's database; one of the two is set. */
typedef struct
{
  char                 *path;      /* below what was opened, as problems name it */
  int                   dir;       /* borrowed; @file is below it */
  char                 *file;
  StrataExportZip      *zip;
  StrataWebkitDatabase *database;
  /* What its files looked like before any of them was read */
  StrataFileMark        marks[STRATA_LEGACY_N_CONTAINER_FILES];
} StrataLegacyContainer;

/* STRATA_ERROR_NOT_FOUND: it is an ordinary ZIP or database, none of Taskerino's. */
StrataLegacyContainer *_strata_legacy_container_open_zip      (int                     dir,
                                                               const char             *file,
                                                               GCancellable           *cancellable,
                                                               GError                **error);
/* @scratch: (nullable): where it may be copied to */
StrataLegacyContainer *_strata_legacy_container_open_database (int                     dir,
                                                               const char             *file,
                                                               const char             *scratch,
                                                               GCancellable           *cancellable,
                                                               GError                **error);
void                   _strata_legacy_container_free          (StrataLegacyContainer  *self);

G_END_DECLS

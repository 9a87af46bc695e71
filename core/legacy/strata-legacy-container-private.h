/* strata-legacy-container-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-export-zip-private.h"

G_BEGIN_DECLS

/* One file that holds many collections: an export. */
typedef struct
{
  char                 *path;      /* below what was opened, as problems name it */
  int                   dir;       /* borrowed; @file is below it */
  char                 *file;
  StrataExportZip      *zip;
} StrataLegacyContainer;

/* STRATA_ERROR_NOT_FOUND: it is an ordinary ZIP or database, none of Taskerino's. */
StrataLegacyContainer *_strata_legacy_container_open_zip      (int                     dir,
                                                               const char             *file,
                                                               GCancellable           *cancellable,
                                                               GError                **error);
void                   _strata_legacy_container_free          (StrataLegacyContainer  *self);

G_END_DECLS

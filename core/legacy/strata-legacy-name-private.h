/* strata-legacy-name-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-legacy-store-private.h"

G_BEGIN_DECLS

/* Where in an old data folder a file lies. Folders other than these are foreign. */
typedef enum
{
  STRATA_LEGACY_FOLDER_TOP,
  STRATA_LEGACY_FOLDER_DB,
  STRATA_LEGACY_FOLDER_BACKUPS,
  STRATA_LEGACY_FOLDER_ATTACHMENTS,
  STRATA_LEGACY_FOLDER_RAW,     /* attachments/images and its like */
  STRATA_LEGACY_FOLDER_VIDEOS,
  STRATA_LEGACY_FOLDER_NONE,
} StrataLegacyFolder;

/* What the file name @name in @folder is for. @out_name: its collection or
 * attachment id, a part of @name of @out_length bytes, or NULL.
 */
StrataLegacyRole   _strata_legacy_name_classify       (StrataLegacyFolder   folder,
                                                       const char          *name,
                                                       const char         **out_name,
                                                       gsize               *out_length);
/* The name of the file that `.<name>.icloud` stands for, or NULL; (transfer full) */
char              *_strata_legacy_name_dup_downloaded (const char          *name);
/* The folder @name in @folder */
StrataLegacyFolder _strata_legacy_name_enter          (StrataLegacyFolder   folder,
                                                       const char          *name);

G_END_DECLS

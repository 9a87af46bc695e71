/* strata-old-files-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "legacy/strata-legacy-container-private.h"
#include "legacy/strata-legacy-store-private.h"

G_BEGIN_DECLS

/* An old store may lie in up to three folders */
typedef enum
{
  STRATA_OLD_ROOT_DATA,         /* of attachments and videos; mostly of everything */
  STRATA_OLD_ROOT_COLLECTIONS,  /* of db/ and backups/, where that is another */
  STRATA_OLD_ROOT_CONTAINERS,   /* what exports and web views' databases are below */
} StrataOldRoot;

#define STRATA_OLD_N_ROOTS 3

/* What a file is for, as far as it matters for keeping it, checking it and letting it go */
typedef enum
{
  STRATA_OLD_COLLECTION,  /* one that collections are read from */
  STRATA_OLD_ATTACHMENT,  /* bytes of an attachment, or its metadata */
  STRATA_OLD_DERIVED,     /* beside a database, without data of its own */
  STRATA_OLD_FOREIGN,     /* not Taskerino's, or none that could be read: looked at from outside only */
} StrataOldKind;

/* One file, as it is given to a function, gone after that */
typedef struct
{
  StrataOldRoot                 root;
  int                           dir;        /* of the root, borrowed */
  const char                   *path;       /* below it; bytes as on disk */
  const char                   *shown;      /* as problems name it */
  StrataOldKind                 kind;
  StrataLegacyRole              role;
  const char                   *what;       /* the role in a word, as reports have it */
  const char                   *name;       /* collection's name, attachment's id, or NULL */
  guint64                       size;       /* as it was listed */
  gint64                        mtime_ns;
  const StrataLegacyContainer  *container;  /* that it belongs to, or NULL */
  gboolean                      is_folder;  /* a foreign one, which nobody looked into */
} StrataOldFile;

/* Returns FALSE, with @error set, to stop */
typedef gboolean (*StrataOldFileFunc)  (const StrataOldFile  *file,
                                        gpointer              user_data,
                                        GError              **error);

/* Calls @func for every entry of the folders of an old store, in an order that is
 * the same as long as the files are: those of the data folder by their paths, then
 * those of containers. Sizes and times are those of now for attachments, and
 * those of opening for the rest; what is gone meanwhile is left out.
 *
 * Memory does not grow with the number of attachments, beyond what @legacy takes.
 */
gboolean    _strata_old_files_foreach  (StrataLegacyStore    *legacy,
                                        StrataOldFileFunc     func,
                                        gpointer              user_data,
                                        GError              **error);

/* Where a root is, links resolved; (transfer full), NULL where the store has no such one */
char       *_strata_old_root_dup_path  (StrataLegacyStore    *legacy,
                                        StrataOldRoot         root);
/* In a word: "data", "collections", "containers" */
const char *_strata_old_root_get_name  (StrataOldRoot         root);

G_END_DECLS

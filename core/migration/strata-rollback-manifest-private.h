/* strata-rollback-manifest-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "base/strata-file-mark-private.h"
#include "strata-old-files-private.h"

G_BEGIN_DECLS

/* `migration/rollback-<source>/manifest`: what an old store consisted of when it
 * was complete in the new one, and what the new one had of it. A text of JSON
 * objects, one a line: a header, files, owners (sessions and collections), an end
 * with the digest of all lines before it. It is written once and replaced whole,
 * and read line by line: memory does not grow with it.
 */

typedef enum
{
  STRATA_COPY_NONE,
  STRATA_COPY_PLAIN, /* its bytes as they are, sharing blocks with it at first */
  STRATA_COPY_GZIP,
} StrataCopyForm;

typedef struct
{
  StrataOldRoot   root;
  StrataOldKind   kind;
  char           *path;        /* below the root; bytes as on disk */
  char           *what;        /* its role in a word */
  StrataFileMark  mark;        /* when it was read */
  gboolean        has_digest;
  StrataDigest    digest;
  StrataCopyForm  copy;        /* how `copies/<digest>` has it */
  guint64         sessions;    /* so many were taken from it */
  gboolean        is_changed;  /* already then it was not any more what had been read */
  gboolean        is_kept;     /* something in it is nowhere else: it is not for us to delete */
} StrataRollbackFile;

typedef struct
{
  char           *key;
  gboolean        is_collection;
  char           *id_token;    /* session's; or NULL */
  char           *name;        /* collection's; or NULL */
  StrataDigest    raw_digest;  /* of its JSON text */
  StrataDigest    metadata;    /* of its metadata.json */
  gboolean        is_held;     /* the old store had it, exactly so */
} StrataRollbackOwner;

typedef struct
{
  char           *store_id;
  guint           source;
  char           *made;                     /* RFC 3339 */
  char           *legacy;                   /* what was given as the old store, absolute */
  char           *attachments;              /* where its attachments are, if that was given; or NULL */
  char           *roots[STRATA_OLD_N_ROOTS]; /* NULL: it has no such one */
} StrataRollbackHeader;

void      _strata_rollback_file_clear        (StrataRollbackFile         *self);
void      _strata_rollback_owner_clear       (StrataRollbackOwner        *self);
void      _strata_rollback_header_clear      (StrataRollbackHeader       *self);

/* Below the store: the folder of a source's rollback point, and things in it; (transfer full) */
char     *_strata_rollback_dup_path          (guint                       source,
                                              const char                 *name);

/* Writing: nothing is there until finish, which is durable. */
typedef struct _StrataRollbackWriter StrataRollbackWriter;

StrataRollbackWriter *
          _strata_rollback_writer_new        (int                         dir,
                                              const StrataRollbackHeader *header,
                                              GError                    **error);
gboolean  _strata_rollback_writer_put_file   (StrataRollbackWriter       *self,
                                              const StrataRollbackFile   *file,
                                              GError                    **error);
gboolean  _strata_rollback_writer_put_owner  (StrataRollbackWriter       *self,
                                              const StrataRollbackOwner  *owner,
                                              GError                    **error);
gboolean  _strata_rollback_writer_finish     (StrataRollbackWriter       *self,
                                              StrataDigest               *out_digest,
                                              GError                    **error);
/* Without finish: as if it had never been. */
void      _strata_rollback_writer_free       (StrataRollbackWriter       *self);

/* Reading. What is not whole and as it was written is STRATA_ERROR_CORRUPT. */
typedef struct _StrataRollbackManifest StrataRollbackManifest;

typedef gboolean (*StrataRollbackFileFunc)   (const StrataRollbackFile   *file,
                                              guint64                     number,
                                              gpointer                    user_data,
                                              GError                    **error);
typedef gboolean (*StrataRollbackOwnerFunc)  (const StrataRollbackOwner  *owner,
                                              gpointer                    user_data,
                                              GError                    **error);

/* Reads all of it once. STRATA_ERROR_NOT_FOUND: there is none of that source. */
StrataRollbackManifest *
          _strata_rollback_manifest_open     (int                         dir,
                                              guint                       source,
                                              GCancellable               *cancellable,
                                              GError                    **error);
void      _strata_rollback_manifest_free     (StrataRollbackManifest     *self);
const StrataRollbackHeader *
          _strata_rollback_manifest_get_header (StrataRollbackManifest   *self);
const StrataDigest *
          _strata_rollback_manifest_get_digest (StrataRollbackManifest   *self);
guint64   _strata_rollback_manifest_get_n_files (StrataRollbackManifest  *self);
guint64   _strata_rollback_manifest_get_bytes (StrataRollbackManifest    *self);
/* In the order in which they were put; either may be NULL. */
gboolean  _strata_rollback_manifest_foreach  (StrataRollbackManifest     *self,
                                              StrataRollbackFileFunc      file_func,
                                              StrataRollbackOwnerFunc     owner_func,
                                              gpointer                    user_data,
                                              GCancellable               *cancellable,
                                              GError                    **error);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataRollbackFile, _strata_rollback_file_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataRollbackOwner, _strata_rollback_owner_clear)
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StrataRollbackHeader, _strata_rollback_header_clear)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRollbackWriter, _strata_rollback_writer_free)
G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataRollbackManifest, _strata_rollback_manifest_free)

G_END_DECLS

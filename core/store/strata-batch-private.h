/* strata-batch-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-file-private.h"
#include "strata-manifest-private.h"
#include "strata-object-private.h"
#include "strata-staging-private.h"
#include "strata-store-private.h"

G_BEGIN_DECLS

/* StrataBatch is a number of sessions and collections committed together: each
 * of them atomic, their waiting for the disk shared. What is staged is nothing
 * until commit; a batch that is dropped leaves only files in `staging/`, which
 * it removes.
 *
 * The order, from DESIGN and docs/store-format.md, is what makes it safe:
 * everything staged is on disk before anything is renamed into place; parts and
 * objects are in place, on disk, before the first metadata.json is; those are on
 * disk before changes.log names them; only then is the commit acknowledged. The
 * catalog follows, and catches up when it could not. A staged list of the keys,
 * the intent, tells the next one to open the store what was between the last two
 * steps when the writer died.
 *
 * Threads: one at a time; meanwhile others may put content in and into quarantine.
 */
typedef struct _StrataBatch StrataBatch;

/* A file of staging/, and where it shall be */
typedef struct
{
  char     *staged;
  char     *path;
  gboolean  is_hold;  /* a second name of an object that is in the trash, and comes back */
} StrataStagedFile;

void           _strata_staged_file_free  (StrataStagedFile    *file);

typedef struct
{
  StrataDigest             digest;
  guint64                  bytes;
  const StrataContentType *type;
  gboolean                 is_new;   /* its bytes were not in the store yet */
} StrataStoredObject;

StrataBatch   *_strata_batch_new         (StrataStore         *store,
                                          GError             **error);
/* For objects only, which others commit: it has no corner of staging/ of its own, and
 * needs no lock to be made.
 */
StrataBatch   *_strata_batch_new_shared  (StrataStore         *store,
                                          GError             **error);
void           _strata_batch_free        (StrataBatch         *self);
StrataStaging *_strata_batch_get_staging (StrataBatch         *self);
guint          _strata_batch_get_length  (StrataBatch         *self);

/* Objects that are there already are written again, for after damage was found. */
void           _strata_batch_set_distrust (StrataBatch        *self,
                                          gboolean             distrust);

/* Stores content as an object, whatever its length; equal content is stored once. */
gboolean       _strata_batch_put_stream  (StrataBatch         *self,
                                          GInputStream        *content,
                                          StrataStoredObject  *out_object,
                                          GCancellable        *cancellable,
                                          GError             **error);
/* The same for what is in memory. */
gboolean       _strata_batch_put_data    (StrataBatch         *self,
                                          const char          *data,
                                          gsize                size,
                                          StrataStoredObject  *out_object,
                                          GError             **error);
/* The same for a whole file of the old store, sharing its blocks where the file system can. */
gboolean       _strata_batch_put_file    (StrataBatch         *self,
                                          int                  dir,
                                          const char          *path,
                                          StrataStoredObject  *out_object,
                                          GCancellable        *cancellable,
                                          GError             **error);

/* The same for any file, open at its start. */
gboolean       _strata_batch_put_open_file (StrataBatch       *self,
                                          StrataFileStream    *file,
                                          StrataStoredObject  *out_object,
                                          GCancellable        *cancellable,
                                          GError             **error);

/* Puts @bytes into quarantine/ under a name that @label begins; (transfer full): its path */
char          *_strata_batch_quarantine  (StrataBatch         *self,
                                          const char          *label,
                                          GBytes              *bytes,
                                          GError             **error);

/* The same for a whole file of the old store, whatever its size. */
char          *_strata_batch_quarantine_stream
                                         (StrataBatch         *self,
                                          const char          *label,
                                          GInputStream        *content,
                                          GCancellable        *cancellable,
                                          GError             **error);

/* Takes over both; @rows (element-type StrataAttachmentRow) */
void           _strata_batch_add         (StrataBatch         *self,
                                          StrataManifest      *manifest,
                                          GPtrArray           *rows);
/* Removes what was staged for a manifest that is not added after all. */
void           _strata_batch_discard     (StrataBatch         *self,
                                          StrataManifest      *manifest);
/* Only what was staged of its rows, so that others can be added to it. */
void           _strata_batch_discard_rows (StrataBatch        *self,
                                          StrataManifest      *manifest);
gboolean       _strata_batch_commit      (StrataBatch         *self,
                                          GError             **error);

/* For changes that depend on what is there, made under the store's lock: */

/* The new state of a session or collection that was read under the lock held now.
 *
 * @manifest: (transfer full)
 * @rows: (transfer full) (nullable) (element-type StrataAttachmentRow): all; %NULL: the
 *   rows only got more, namely those of @sealed and @more_rows
 * @base: digest of the metadata.json that was read
 * @sealed: (nullable): the tail that is in parts now; its file goes
 * @more_rows: (transfer full) (nullable) (element-type StrataAttachmentRow)
 */
void           _strata_batch_add_edit    (StrataBatch         *self,
                                          StrataManifest      *manifest,
                                          GPtrArray           *rows,
                                          const StrataDigest  *base,
                                          StrataTail          *sealed,
                                          GPtrArray           *more_rows);
/* Another form of what a session or collection was at @base, some time ago: the same
 * value, in files that take less or more. Where it is another one when the commit
 * comes, or grows, it is left out; see _strata_batch_take_left_out().
 *
 * @manifest: (transfer full)
 * @rows: (transfer full) (element-type StrataAttachmentRow): all
 * @base: digest of the metadata.json it was made from
 * @files: (transfer full) (nullable) (element-type StrataStagedFile): that go with it, besides its parts
 * @obsolete: (transfer full) (nullable) (element-type utf8): paths of objects that it uses
 *   no more. Those that nothing else uses go to the trash.
 */
void           _strata_batch_add_conversion (StrataBatch      *self,
                                          StrataManifest      *manifest,
                                          GPtrArray           *rows,
                                          const StrataDigest  *base,
                                          GPtrArray           *files,
                                          GPtrArray           *obsolete);
/* Keys of those that were left out of commits since this was asked last. (transfer full) (element-type utf8) */
GPtrArray     *_strata_batch_take_left_out (StrataBatch       *self);
/* A file of staging/ that goes to @path with the commit. Both (transfer full) */
void           _strata_batch_add_file    (StrataBatch         *self,
                                          char                *staged,
                                          char                *path);
/* Moves all that @other holds over; @other must live until the commit is over. */
void           _strata_batch_absorb      (StrataBatch         *self,
                                          StrataBatch         *other);
/* Whether the object at @path is staged and goes there with the commit */
gboolean       _strata_batch_has_staged_object (StrataBatch   *self,
                                          const char          *path);
/* Waits until all that is staged so far is on disk, so that the commit need not. */
gboolean       _strata_batch_sync        (StrataBatch         *self,
                                          GError             **error);
/* The same for the parts of a manifest that is not added yet. */
gboolean       _strata_batch_sync_parts  (StrataBatch         *self,
                                          StrataManifest      *manifest,
                                          GError             **error);
/* Commits with the store's lock held, which stays so. */
gboolean       _strata_batch_commit_locked (StrataBatch       *self,
                                          GError             **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataBatch, _strata_batch_free)

G_END_DECLS

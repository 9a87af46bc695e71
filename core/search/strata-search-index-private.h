/* strata-search-index-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "store/strata-manifest-private.h"
#include "strata-moments-private.h"

G_BEGIN_DECLS

/* StrataSearchIndex is `search.sqlite3`: the words of all moments, and what
 * filters choose by. Derived from the files of the store, and thrown away
 * without a thought when it does not fit them.
 *
 * A document is a session, a note or a task. It consists of pieces: what is indexed
 * anew when it changes are those whose files are others, small ones in bundles. Their text lies in blocks
 * (see strata-block-private.h), whose numbers grow with the time the document began,
 * about four to the hour: so the newest matches are the first that are met when
 * going down. What is indexed anew or removed leaves its blocks behind as dead:
 * they are passed over at once, and gone when the index is made anew. FTS5 keeps
 * no text to delete by here, and where it is told a wrong one the words stay.
 *
 * Threads: one at a time.
 */
typedef struct _StrataSearchIndex StrataSearchIndex;

typedef struct
{
  guint64 documents;
  guint64 sessions;
  guint64 moments;
  guint64 words;         /* in a row, those in one place counted once */
  guint64 text_bytes;
  guint64 blocks;        /* living */
  guint64 dead_bytes;    /* of text whose blocks are dead */
} StrataSearchIndexSums;

/* Opens the index @name of the store at @store_path (canonical), empty if there is none
 * yet; for reading only where it can't be written to; in memory and empty where
 * there is none and none can be made. A damaged one, or one of another version, is
 * STRATA_ERROR_CORRUPT: remove it and open again.
 *
 * Returns: (transfer full): or NULL with @error set
 */
StrataSearchIndex *_strata_search_index_open           (const char             *store_path,
                                                        const char             *name,
                                                        GError                **error);
void               _strata_search_index_free           (StrataSearchIndex      *self);
gboolean           _strata_search_index_is_read_only   (StrataSearchIndex      *self);
gboolean           _strata_search_index_is_in_memory   (StrataSearchIndex      *self);

/* How much of changes.log is in it, in bytes; 0 also where sessions may be missing */
gboolean           _strata_search_index_get_applied    (StrataSearchIndex      *self,
                                                        guint64                *out_offset,
                                                        GError                **error);
gboolean           _strata_search_index_set_applied    (StrataSearchIndex      *self,
                                                        guint64                 offset,
                                                        GError                **error);
gboolean           _strata_search_index_get_sums       (StrataSearchIndex      *self,
                                                        StrataSearchIndexSums  *out_sums,
                                                        GError                **error);

/* Changes are made between these. What was counted on the way is written with the commit. */
gboolean           _strata_search_index_begin          (StrataSearchIndex      *self,
                                                        GError                **error);
gboolean           _strata_search_index_commit         (StrataSearchIndex      *self,
                                                        GError                **error);
void               _strata_search_index_roll_back      (StrataSearchIndex      *self);

/* Everything goes. The words are still in free pages of the file until it is made smaller. */
gboolean           _strata_search_index_clear          (StrataSearchIndex      *self,
                                                        GError                **error);

/* An index that nobody else has open is filled without a log: what goes wrong in
 * between leaves nothing of use. End it before anybody opens it.
 */
gboolean           _strata_search_index_begin_bulk     (StrataSearchIndex      *self,
                                                        GError                **error);
gboolean           _strata_search_index_end_bulk       (StrataSearchIndex      *self,
                                                        GError                **error);
gboolean           _strata_search_index_is_bulk        (StrataSearchIndex      *self);

/* Merges what was added in pieces; outside of a transaction. What is cancelled goes on the next time. */
gboolean           _strata_search_index_merge          (StrataSearchIndex      *self,
                                                        GCancellable           *cancellable,
                                                        GError                **error);
/* Writes all of it to another file, which must not be there, without free pages, and so
 * without anything of what was removed. Outside of a transaction; durable only when somebody syncs it.
 */
gboolean           _strata_search_index_pack_into      (StrataSearchIndex      *self,
                                                        const char             *path,
                                                        GError                **error);
/* How much text it had when that was done last, dead one included */
gboolean           _strata_search_index_get_packed     (StrataSearchIndex      *self,
                                                        guint64                *out_bytes,
                                                        GError                **error);

/* The metadata digest of what is indexed of a session or collection, and whether some of
 * it could not be read; FALSE without @error where it is not
 */
gboolean           _strata_search_index_get_digest     (StrataSearchIndex      *self,
                                                        gboolean                is_collection,
                                                        const char             *key,
                                                        StrataDigest           *out_digest,
                                                        gboolean               *out_damaged,
                                                        GError                **error);
/* Keys of sessions that were growing when they were indexed, and how much of their tails
 * is; (transfer full) (element-type utf8 guint64)
 */
GHashTable        *_strata_search_index_list_growing   (StrataSearchIndex      *self,
                                                        GError                **error);
/* Keys of all that is indexed; (transfer full) (element-type utf8) */
GPtrArray         *_strata_search_index_list_keys      (StrataSearchIndex      *self,
                                                        gboolean                is_collection,
                                                        GError                **error);

/* Makes the index say of a session or collection what its files below @dir say.
 * Where a part of it is damaged, what can be read is indexed.
 */
gboolean           _strata_search_index_put            (StrataSearchIndex      *self,
                                                        int                     dir,
                                                        const StrataManifest   *manifest,
                                                        GCancellable           *cancellable,
                                                        GError                **error);
gboolean           _strata_search_index_remove         (StrataSearchIndex      *self,
                                                        gboolean                is_collection,
                                                        const char             *key,
                                                        GError                **error);
/* Bytes of text put since the last commit */
guint64            _strata_search_index_get_pending    (StrataSearchIndex      *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSearchIndex, _strata_search_index_free)

G_END_DECLS

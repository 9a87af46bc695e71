/* strata-search-put-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-search-writer-private.h"

G_BEGIN_DECLS

/* Shared by the files that put sessions and collections into the index, and by no others. */

/* A document consists of pieces: what is indexed anew when a session changes are
 * those whose text is another one. The numbers are stored in the index.
 */
typedef enum
{
  STRATA_PIECE_SMALL,   /* the small members: digest of their text */
  STRATA_PIECE_PART,    /* a part, also of a collection: digest of its text */
  STRATA_PIECE_TAIL,    /* what the session has grown by: generation, and how far */
  STRATA_PIECE_OWN,     /* what the session itself says: digest of all that is made of */
} StrataPieceRole;

/* Small pieces share blocks, since short blocks take more space: a bundle of them is
 * indexed as one. Its pieces are numbered in a row, from that of the bundle on.
 */
typedef struct
{
  gint64           piece;
  gint64           bundle;
  StrataPieceRole  role;
  StrataDigest     digest;
  guint            has;         /* StrataHas that follow from it */
  guint64          generation;
  guint64          end;         /* bytes of the tail that are indexed */
  gboolean         is_used;
} StrataPiece;

/* (element-type StrataPiece) in an array of values; NULL with @error set */
GArray   *_strata_search_list_pieces     (StrataSearchIndex     *self,
                                          gint64                 document,
                                          GError               **error);
/* Puts a piece and sets its number; with a bundle of 0 it begins one. */
gboolean  _strata_search_insert_piece    (StrataSearchIndex     *self,
                                          gint64                 document,
                                          StrataPiece           *piece,
                                          GError               **error);
gboolean  _strata_search_update_piece    (StrataSearchIndex     *self,
                                          const StrataPiece     *piece,
                                          GError               **error);
/* Its blocks stay as dead ones: their numbers are still in the full-text table. */
gboolean  _strata_search_remove_bundle   (StrataSearchIndex     *self,
                                          gint64                 bundle,
                                          GError               **error);

gboolean  _strata_search_insert_document (StrataSearchIndex     *self,
                                          guint                  kind,
                                          const char            *owner,
                                          const StrataFacts     *facts,
                                          const StrataDigest    *digest,
                                          gint64                *out_document,
                                          GError               **error);
gboolean  _strata_search_remove_document (StrataSearchIndex     *self,
                                          gint64                 document,
                                          GError               **error);
/* What filters choose the document by, and nothing else any more */
gboolean  _strata_search_put_facts       (StrataSearchIndex     *self,
                                          gint64                 document,
                                          const StrataFacts     *facts,
                                          GError               **error);
/* That the session or collection is indexed as its metadata.json is now */
gboolean  _strata_search_put_owner       (StrataSearchIndex     *self,
                                          const StrataManifest  *manifest,
                                          gboolean               is_damaged,
                                          GError               **error);
/* Damage is verify's to report: what could be read is indexed, and the rest not
 * looked for again until the session changes. FALSE with @error set for anything else.
 */
gboolean  _strata_search_pass_damage     (const StrataManifest  *manifest,
                                          GError               **from,
                                          GError               **error);
/* Runs statements, ended by NULL, with ?1 bound to a number. */
gboolean  _strata_search_run_with_number (StrataSearchIndex     *self,
                                          const char *const     *statements,
                                          gint64                 number,
                                          GError               **error);

gboolean  _strata_search_put_session     (StrataSearchIndex     *self,
                                          int                    dir,
                                          const StrataManifest  *manifest,
                                          GCancellable          *cancellable,
                                          GError               **error);
/* What is indexed of a collection, by the digest of the item: GArray of the documents that
 * have it; (transfer full): or NULL with @error set
 */
GHashTable *_strata_search_list_items    (StrataSearchIndex     *index,
                                          const char            *owner,
                                          StrataKind             kind,
                                          GError               **error);
gboolean  _strata_search_put_items       (StrataSearchIndex     *self,
                                          int                    dir,
                                          const StrataManifest  *manifest,
                                          StrataKind             kind,
                                          GCancellable          *cancellable,
                                          GError               **error);

/* The digest of the piece SMALL, and of the piece OWN */
void      _strata_search_digest_small    (const StrataManifest  *manifest,
                                          StrataDigest          *out_digest);
void      _strata_search_digest_own      (const StrataManifest  *manifest,
                                          StrataDigest          *out_digest);

G_END_DECLS

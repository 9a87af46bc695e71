/* strata-snapshot-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"
#include "strata-store.h"

G_BEGIN_DECLS

/* StrataPieces is one member of a session as somebody reads it: its parts, and
 * behind them what of it is in memory already, as an array of its own. Of a
 * small member that is all there is.
 */
typedef struct
{
  char    *name;         /* kind of its parts; of a small member its name */
  guint    first_part;   /* place of the first among the manifest's parts */
  guint    n_parts;
  guint    n_pieces;     /* its parts, and one more if @text is not NULL */
  guint64 *firsts;       /* n_pieces + 1: elements before each piece, and at last all of them */
  gboolean is_value;     /* one part, whose elements are known only when it is read */
  GBytes  *text;         /* the last piece, where it is in memory; else NULL */
  GBytes  *index;        /* where the elements of @text are */
} StrataPieces;

/* StrataSnapshot is what a session was at one moment: its manifest, and the
 * members that can be read piece by piece.
 *
 * Immutable; shared by reference counts. Threads: any.
 */
typedef struct
{
  StrataManifest *manifest;
  GHashTable     *members;   /* name → StrataPieces */
} StrataSnapshot;

/* Reads a session's metadata as it is now; only its digest where the cache has
 * the rest. Waits for the disk.
 *
 * Returns: (transfer full): or %NULL with @error set: %STRATA_ERROR_NOT_FOUND,
 *   %STRATA_ERROR_CORRUPT or an error of reading
 */
StrataSnapshot     *_strata_snapshot_load          (StrataStore           *store,
                                                    const char            *key,
                                                    GError               **error);
StrataSnapshot     *_strata_snapshot_ref           (StrataSnapshot        *self);
void                _strata_snapshot_unref         (StrataSnapshot        *self);
/* Whether both are the same session at the same state. */
gboolean            _strata_snapshot_equal         (const StrataSnapshot  *a,
                                                    const StrataSnapshot  *b);

/* @name: kind and number as in `screenshots-001`
 *
 * Returns: (transfer none) (nullable)
 */
const StrataPart   *_strata_snapshot_find_part     (const StrataSnapshot  *self,
                                                    const char            *name);
/* Returns: (transfer none) (nullable) */
const StrataPieces *_strata_snapshot_find_pieces   (const StrataSnapshot  *self,
                                                    const char            *name);
/* Returns: (transfer none): of a piece that is a part */
const StrataPart   *_strata_snapshot_get_part      (const StrataSnapshot  *self,
                                                    const StrataPieces    *pieces,
                                                    guint                  piece);

guint64             _strata_pieces_get_n_items     (const StrataPieces    *pieces);
/* Returns: which piece has the element at @position, which is one that there is */
guint               _strata_pieces_find_piece      (const StrataPieces    *pieces,
                                                    guint64                position);
gboolean            _strata_pieces_is_in_memory    (const StrataPieces    *pieces,
                                                    guint                  piece);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSnapshot, _strata_snapshot_unref)

G_END_DECLS

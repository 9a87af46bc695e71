/* strata-snapshot-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-manifest-private.h"
#include "strata-store.h"

G_BEGIN_DECLS

/* StrataList is one member of a session as somebody reads it piece by piece:
 * its parts, or, of a small one that has none, its value in the metadata.
 */
typedef struct
{
  char    *name;         /* kind of its parts; of a small member its name */
  guint    first_part;   /* place of the first among the manifest's parts */
  guint    n_pieces;     /* parts; 1 for a small member */
  guint64 *firsts;       /* n_pieces + 1: elements before each piece, and at last all of them */
  gboolean is_value;     /* one part, whose elements are known only when it is read */
  GBytes  *text;         /* small member: its array's text; else NULL */
  GBytes  *index;        /* small member: where its elements are; else NULL */
} StrataList;

/* StrataSnapshot is what a session was at one moment: its manifest, and the
 * members that can be read piece by piece.
 *
 * Immutable; shared by reference counts. Threads: any.
 */
typedef struct
{
  StrataManifest *manifest;
  GHashTable     *lists;     /* name → StrataList */
} StrataSnapshot;

/* Reads a session's metadata as it is now; only its digest where the cache has
 * the rest. Waits for the disk.
 *
 * Returns: (transfer full): or %NULL with @error set: %STRATA_ERROR_NOT_FOUND,
 *   %STRATA_ERROR_CORRUPT or an error of reading
 */
StrataSnapshot   *_strata_snapshot_load       (StrataStore           *store,
                                               const char            *key,
                                               GError               **error);
StrataSnapshot   *_strata_snapshot_ref        (StrataSnapshot        *self);
void              _strata_snapshot_unref      (StrataSnapshot        *self);

/* @name: kind and number as in `screenshots-001`
 *
 * Returns: (transfer none) (nullable)
 */
const StrataPart *_strata_snapshot_find_part  (const StrataSnapshot  *self,
                                               const char            *name);
/* Returns: (transfer none) (nullable) */
const StrataList *_strata_snapshot_find_list  (const StrataSnapshot  *self,
                                               const char            *name);
/* Returns: (transfer none): of a list that has parts */
const StrataPart *_strata_snapshot_get_part   (const StrataSnapshot  *self,
                                               const StrataList      *list,
                                               guint                  piece);

guint64           _strata_list_get_n_items    (const StrataList      *list);
/* Returns: which piece has the element at @position, which is one that there is */
guint             _strata_list_find_piece     (const StrataList      *list,
                                               guint64                position);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSnapshot, _strata_snapshot_unref)

G_END_DECLS

/* strata-offset-table-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* StrataOffsetTable numbers places in a file: entry 0, 1, 2 … in the order of
 * the file. What is kept is the distance to the entry before, in as few bytes
 * as it needs, so that millions of places cost one or two bytes each.
 *
 * Memory: about two bytes an entry where entries lie within 16 KiB of each
 * other, and a quarter of a byte for finding them.
 * Threads: one at a time.
 */
typedef struct _StrataOffsetTable StrataOffsetTable;

StrataOffsetTable *_strata_offset_table_new         (void);
void               _strata_offset_table_free        (StrataOffsetTable       *self);
/* @offset: in bytes, not below the entry before */
void               _strata_offset_table_append      (StrataOffsetTable       *self,
                                                     guint64                  offset);
void               _strata_offset_table_clear       (StrataOffsetTable       *self);
guint32            _strata_offset_table_get_length  (const StrataOffsetTable *self);
/* @index: below the length */
guint64            _strata_offset_table_get         (const StrataOffsetTable *self,
                                                     guint32                  index);
/* How many entries lie before @offset. */
guint32            _strata_offset_table_count_below (const StrataOffsetTable *self,
                                                     guint64                  offset);
/* What the entries take, in bytes. */
gsize              _strata_offset_table_get_memory  (const StrataOffsetTable *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataOffsetTable, _strata_offset_table_free)

G_END_DECLS

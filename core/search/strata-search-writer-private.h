/* strata-search-writer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-search-index-internal-private.h"

G_BEGIN_DECLS

/* StrataSearchWriter puts moments into blocks, and the blocks into the index; or,
 * to check it, compares the blocks with those that are there.
 *
 * Threads: one at a time.
 */
typedef struct _StrataSearchWriter StrataSearchWriter;

/* What FTS5 should have found in a block, and its moments */
typedef struct
{
  guint64     text_bytes;
  guint64     moments;
  guint64     words;
  guint64     sum;          /* over all words and where they stand */
  GByteArray *places;
  GByteArray *details;
} StrataBlockRow;

/* Called with each block in the place of writing it. */
typedef gboolean (*StrataBlockFunc)            (const StrataBlockRow  *row,
                                                gpointer               user_data,
                                                GError               **error);

/* @func: NULL to write */
StrataSearchWriter *_strata_search_writer_new   (StrataSearchIndex     *index,
                                                 StrataBlockFunc        func,
                                                 gpointer               user_data);
void                _strata_search_writer_free  (StrataSearchWriter    *self);

/* What follows belongs to a bundle of a document, which began at @start_ms. */
void                _strata_search_writer_start (StrataSearchWriter    *self,
                                                 gint64                 document,
                                                 gint64                 bundle,
                                                 gint64                 start_ms);
/* What follows belongs to the piece of that number in the bundle; 0 without it. */
void                _strata_search_writer_set_piece (StrataSearchWriter *self,
                                                 guint                  number);
gboolean            _strata_search_writer_add   (StrataSearchWriter    *self,
                                                 const StrataMoment    *moment,
                                                 GError               **error);
/* Writes what is left over as a last block. */
gboolean            _strata_search_writer_flush (StrataSearchWriter    *self,
                                                 GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataSearchWriter, _strata_search_writer_free)

G_END_DECLS

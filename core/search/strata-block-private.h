/* strata-block-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-moment-private.h"

G_BEGIN_DECLS

/* StrataBlock is some moments of one session (or one note or task) in a row,
 * about 32 KiB of their text: one row of the full-text table. What is found in
 * it is a position, the number of a word in the block, and this says which moment
 * that belongs to.
 *
 * Why not a row for each moment: every word of every row costs its number and a
 * length beside its places. Measured on 17 MB of moments of 813 bytes: 0.48 of the
 * text with a row each, 0.42 in blocks of 32 KB; with columns for the weights 0.58.
 */

/* A moment's place in the store and in the block. Positions count words from the block's start. */
typedef struct
{
  StrataKind  kind;
  gint64      time_ms;        /* STRATA_TIME_NONE; unless the time is known, @offset_ms may be */
  gint64      offset_ms;
  guint       part;
  guint64     place;
  const char *id;             /* not ended by a NUL; NULL: none */
  gsize       id_length;
  guint       first_section;
  guint       n_sections;
  guint       start;          /* of its first word */
  guint       end;            /* after its last */
} StrataBlockMoment;

typedef struct
{
  StrataWeight weight;
  guint        start;         /* to the start of the next section, or the end of the moment */
} StrataBlockSection;

typedef struct
{
  GArray *moments;            /* StrataBlockMoment */
  GArray *sections;           /* StrataBlockSection, of all moments in a row */
} StrataBlock;

StrataBlock *_strata_block_new    (void);
void         _strata_block_free   (StrataBlock   *self);
void         _strata_block_clear  (StrataBlock   *self);

/* As bytes, appended to @out. Ids are copied. */
void         _strata_block_encode (StrataBlock   *self,
                                   GByteArray    *out);
/* Fills @self anew; ids point into @data. FALSE where the bytes make no block. */
gboolean     _strata_block_decode (StrataBlock   *self,
                                   const guint8  *data,
                                   gsize          size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataBlock, _strata_block_free)

G_END_DECLS

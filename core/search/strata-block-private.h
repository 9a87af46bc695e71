/* strata-block-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-moment-private.h"

G_BEGIN_DECLS

/* StrataBlock is some moments of one bundle of a session (or one note or task) in a row,
 * about 128 KiB of their text: one row of the full-text table. What is found in
 * it is a position, the number of a word in the block, and this says which moment
 * that belongs to.
 *
 * Why not a row for each moment: every word of every row costs its number and a
 * length beside its places. Measured on 17 MB of moments of 813 bytes: 0.48 of the
 * text with a row each, 0.42 in blocks of 32 KB, 0.38 in blocks of 128 KB; with
 * columns for the weights 0.58.
 *
 * It is stored in two parts. The places are looked at for every block that has
 * what is looked for, and so are an array that needs no decoding. The details are
 * looked at for what is shown, and so are small.
 */
typedef struct
{
  StrataKind  kind;
  guint       first_section;
  guint       n_sections;

  /* Details */
  guint       piece;          /* number of its piece in the bundle; never goes back */
  gint64      time_ms;        /* STRATA_TIME_NONE; unless the time is known, @offset_ms may be */
  gint64      offset_ms;
  guint64     place;          /* in the piece's text */
  char       *id;             /* NULL: none */
} StrataBlockMoment;

typedef struct
{
  StrataWeight weight;
  guint        start;         /* position of its first word */
} StrataBlockSection;

typedef struct
{
  GArray *moments;            /* StrataBlockMoment */
  GArray *sections;           /* StrataBlockSection, of all moments in a row */
  guint   end;                /* after the last word */
} StrataBlock;

StrataBlock *_strata_block_new             (void);
void         _strata_block_free            (StrataBlock   *self);
void         _strata_block_clear           (StrataBlock   *self);

/* Details, appended to @out */
void         _strata_block_encode_details  (StrataBlock   *self,
                                            GByteArray    *out);
/* Fills @self anew, without sections. FALSE where the bytes make no block. */
gboolean     _strata_block_decode_details  (StrataBlock   *self,
                                            const guint8  *data,
                                            gsize          size);

/* The details of one moment only; its id is (transfer full). FALSE where there is none. */
gboolean     _strata_block_decode_detail   (StrataBlockMoment *out_moment,
                                            guint          number,
                                            const guint8  *data,
                                            gsize          size);

/* Places are one number for each section and one for the end of the block, 32
 * bits, the lowest byte first.
 */
#define STRATA_PLACE_GET_POSITION(place) ((place) >> 8)
#define STRATA_PLACE_GET_KIND(place)     ((place) >> 4 & 0xf)
#define STRATA_PLACE_GET_WEIGHT(place)   ((place) >> 1 & 0x3)
#define STRATA_PLACE_IS_FIRST(place)     (((place) & 1) != 0)   /* of its moment; also of the end */

void         _strata_block_encode_places   (StrataBlock   *self,
                                            GByteArray    *out);
/* Copies them to @places. FALSE where the bytes make no block. */
gboolean     _strata_block_decode_places   (GArray        *places,
                                            const guint8  *data,
                                            gsize          size);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataBlock, _strata_block_free)

G_END_DECLS

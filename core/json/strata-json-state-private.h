/* strata-json-state-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-error.h"
#include "strata-json-reader-private.h"
#include "strata-json-token-private.h"

G_BEGIN_DECLS

/* What comes next. Up to STATE_AFTER the reader is between two tokens and white
 * space may stand there; from STATE_NAME_STRING on it is inside one.
 */
typedef enum
{
  STATE_VALUE,
  STATE_FIRST_ELEMENT,  /* a value or ] */
  STATE_FIRST_NAME,     /* a name or } */
  STATE_NAME,
  STATE_COLON,
  STATE_AFTER,          /* a comma or the closing bracket; at depth 0 the end */

  STATE_NAME_STRING,
  STATE_STRING,
  STATE_NUMBER,
  STATE_LITERAL,
} StrataJsonState;

struct _StrataJsonReader
{
  /* The text that is in memory, and the place in it. */
  const guchar    *begin;
  const guchar    *pos;
  const guchar    *end;
  guint64          begin_offset;

  /* What stands there, and in which arrays (0) and objects (1) it is nested. */
  StrataJsonState  state;
  StrataJsonToken  token;
  gsize            depth;
  gsize            capacity;
  guint8          *levels;

  /* Where more text comes from: a stream by way of @block, or @data_end. */
  GInputStream    *stream;
  guchar          *block;
  const guchar    *data_end;
  gboolean         ended;

  /* Lines are counted up to @counted only, when a block is given up or somebody
   * asks: cheaper than at each line break.
   */
  guint64          counted;
  guint64          line;
  guint64          line_begin;

  /* Holds back short pieces for the sink; made when first needed. */
  guchar          *output;

  /* Given again by every call after the first that failed. */
  GError          *error;
};

gboolean _strata_json_reader_fill         (StrataJsonReader  *self,
                                           GCancellable      *cancellable);
gboolean _strata_json_reader_skip_space   (StrataJsonReader  *self,
                                           GCancellable      *cancellable);
gboolean _strata_json_reader_skip         (StrataJsonReader  *self,
                                           GCancellable      *cancellable);
gboolean _strata_json_reader_grow         (StrataJsonReader  *self);
gboolean _strata_json_reader_fail         (StrataJsonReader  *self,
                                           StrataError        code,
                                           const char        *problem);
gboolean _strata_json_reader_fail_invalid (StrataJsonReader  *self);
gboolean _strata_json_reader_give_error   (StrataJsonReader  *self,
                                           GError           **error);

static inline gboolean
_strata_json_reader_in_object (StrataJsonReader *self,
                               gsize             depth)
{
  return depth > 0 && (self->levels[(depth - 1) / 8] >> (depth - 1) % 8 & 1) != 0;
}

/* There must be room: see _strata_json_reader_grow(). */
static inline void
_strata_json_reader_set_level (StrataJsonReader *self,
                               gsize             depth,
                               gboolean          is_object)
{
  guint8 *level = &self->levels[depth / 8];

  *level = (*level & ~(1u << depth % 8)) | (guint) is_object << depth % 8;
}

G_END_DECLS

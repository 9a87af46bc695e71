/* strata-webkit-strings-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-webkit-pool-private.h"

G_BEGIN_DECLS

/* StrataWebkitStrings is the pool of strings of a serialized value: each is
 * written once, where it first occurs, and by its number after that. They are
 * not kept: known is where they stand, and they are read there again. Short
 * ones, such as names of members, are kept as JSON text while they are used.
 *
 * Memory: two windows' worth, about two bytes a string, 4 MiB of short ones.
 * Threads: one at a time.
 */
typedef struct _StrataWebkitStrings StrataWebkitStrings;

/* One string, of which @bytes are still to be read */
typedef struct
{
  gboolean wide;      /* UTF-16, little-endian; else ISO 8859-1 */
  guint64  bytes;
  guint16  high;      /* for _strata_es_append_utf16() */
} StrataWebkitText;

typedef enum
{
  STRATA_WEBKIT_INLINE,     /* the window stands at the characters */
  STRATA_WEBKIT_POOLED,     /* the window is past it */
  STRATA_WEBKIT_TERMINATOR, /* there is none */
} StrataWebkitStringKind;

/* @base: (transfer none): kept; seekable; @size: its length in bytes */
StrataWebkitStrings *_strata_webkit_strings_new       (GInputStream           *base,
                                                       guint64                 size);
void                 _strata_webkit_strings_free      (StrataWebkitStrings    *self);
void                 _strata_webkit_strings_clear     (StrataWebkitStrings    *self);

StrataWebkitPool    *_strata_webkit_strings_get_pool  (StrataWebkitStrings    *self);

/* Reads the head of a string at @window. @out_index: its number in the pool.
 * @out_text: of an inline one, whose characters the caller has to read or pass over.
 */
gboolean             _strata_webkit_strings_read_head (StrataWebkitStrings    *self,
                                                       StrataByteWindow       *window,
                                                       StrataWebkitStringKind *out_kind,
                                                       guint32                *out_index,
                                                       StrataWebkitText       *out_text,
                                                       GCancellable           *cancellable,
                                                       GError                **error);
/* Whether a string, or the end of an object's members, may begin with @head, so
 * many bytes being left behind it.
 */
gboolean             _strata_webkit_strings_can_begin (guint32                 head,
                                                       guint64                 n_left);
/* Goes past the characters of an inline string; a short one is kept, as it will
 * be asked for at once.
 */
gboolean             _strata_webkit_strings_pass      (StrataWebkitStrings    *self,
                                                       StrataByteWindow       *window,
                                                       guint32                 index,
                                                       const StrataWebkitText *text,
                                                       GCancellable           *cancellable,
                                                       GError                **error);
/* A string by its number. A short one is appended to @out as JSON with its
 * quotes. Of any other nothing is; @out_window then stands at its characters,
 * until the next call.
 */
gboolean             _strata_webkit_strings_fetch     (StrataWebkitStrings    *self,
                                                       guint32                 index,
                                                       GByteArray             *out,
                                                       StrataByteWindow      **out_window,
                                                       StrataWebkitText       *out_text,
                                                       GCancellable           *cancellable,
                                                       GError                **error);
/* Appends the next characters as JSON, at most 16 KiB of them at once, as long as @text->bytes is not 0. */
gboolean             _strata_webkit_text_append_piece (StrataWebkitText       *text,
                                                       StrataByteWindow       *window,
                                                       GByteArray             *out,
                                                       GCancellable           *cancellable,
                                                       GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWebkitStrings, _strata_webkit_strings_free)

G_END_DECLS

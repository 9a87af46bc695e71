/* strata-webkit-frames-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-webkit-strings-private.h"

G_BEGIN_DECLS

/* StrataWebkitFrames are the values that a decoder is in, from the outermost
 * to the innermost. A detour is one value that stands elsewhere, after which
 * reading goes on behind the reference to it.
 *
 * Memory: 24 bytes each. Threads: one at a time.
 */
typedef struct _StrataWebkitFrames StrataWebkitFrames;

typedef enum
{
  STRATA_WEBKIT_FRAME_ARRAY,
  STRATA_WEBKIT_FRAME_OBJECT,
  STRATA_WEBKIT_FRAME_NAMES,    /* the named members of an array, a map or a set */
  STRATA_WEBKIT_FRAME_MAP,
  STRATA_WEBKIT_FRAME_SET,
  STRATA_WEBKIT_FRAME_DETOUR,
} StrataWebkitFrameKind;

typedef struct
{
  guint8   kind;
  guint8   is_quiet;   /* nothing in it is written */
  guint8   has_child;  /* the next one needs a comma */
  guint32  key;        /* of the child at hand: index, or number of the name's string; a detour's: of the object */
  union
    {
      struct
        {
          guint32 object;   /* its number; rises from the outside in, between detours */
          guint32 length;   /* an array's */
          guint32 next;     /* index of the next element to be written */
        } own;
      struct
        {
          guint64 back;     /* to go on there */
          guint32 strings;  /* met when there */
          guint32 objects;
        } detour;
    };
} StrataWebkitFrame;

StrataWebkitFrames *_strata_webkit_frames_new           (void);
void                _strata_webkit_frames_free          (StrataWebkitFrames      *self);
void                _strata_webkit_frames_clear         (StrataWebkitFrames      *self);

/* Fails with STRATA_ERROR_TOO_DEEP. Pointers to other frames are no longer valid. */
gboolean            _strata_webkit_frames_push          (StrataWebkitFrames      *self,
                                                         const StrataWebkitFrame *frame,
                                                         GError                 **error);
void                _strata_webkit_frames_pop           (StrataWebkitFrames      *self);

/* Returns: (nullable) (transfer none): the innermost */
StrataWebkitFrame  *_strata_webkit_frames_get_top       (StrataWebkitFrames      *self);
/* Returns: (nullable) (transfer none): the innermost that is no detour */
StrataWebkitFrame  *_strata_webkit_frames_get_container (StrataWebkitFrames      *self);
/* Whether the object of that number is among them. */
gboolean            _strata_webkit_frames_contain       (StrataWebkitFrames      *self,
                                                         guint32                  object);
/* Returns: (transfer full): where the child at hand is: "$.data[3].name" */
char               *_strata_webkit_frames_dup_path      (StrataWebkitFrames      *self,
                                                         StrataWebkitStrings     *strings);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataWebkitFrames, _strata_webkit_frames_free)

G_END_DECLS

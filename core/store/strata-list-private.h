/* strata-list-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>

G_BEGIN_DECLS

/* The lists of a session that grow while it is recorded. */
typedef enum
{
  STRATA_LIST_SCREENSHOTS,
  STRATA_LIST_AUDIO_SEGMENTS,
  STRATA_LIST_VIDEO_CHUNKS,
  STRATA_LIST_CONTEXT_ITEMS,
  STRATA_N_LISTS,
} StrataList;

typedef struct
{
  const char *name;   /* what callers and tail.jsonl call it: "video.chunks" */
  const char *member; /* token of the session's member: "\"video\"" */
  const char *inner;  /* token of the member of that object which is the list; NULL: the member itself is */
} StrataListInfo;

const StrataListInfo *_strata_list_get_info   (StrataList        list);
/* @length: of @name, which need not end there. FALSE: there is no such list. */
gboolean              _strata_list_from_name  (const char       *name,
                                               gsize             length,
                                               StrataList       *out_list);

/* Where the array named @inner is in @text, an object as the store keeps it: its
 * brackets are at @out_start and before @out_end; both 0 where there is no such
 * member. The last one counts where there are two. FALSE with
 * STRATA_ERROR_UNSUITABLE where the text is no object or the member no array.
 */
gboolean              _strata_list_find_inner (const char       *text,
                                               gsize             length,
                                               const char       *inner,
                                               gsize            *out_start,
                                               gsize            *out_end,
                                               GError          **error);

G_END_DECLS

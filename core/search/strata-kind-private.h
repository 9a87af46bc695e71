/* strata-kind-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What a moment is. The numbers are stored in the index: add at the end, and
 * count its version up when one changes its meaning.
 */
typedef enum
{
  STRATA_KIND_SESSION,     /* name, description and summary */
  STRATA_KIND_TRANSCRIPT,  /* the full transcript */
  STRATA_KIND_SCREENSHOT,
  STRATA_KIND_AUDIO,
  STRATA_KIND_CHAPTER,     /* of the video */
  STRATA_KIND_CHUNK,       /* of the video */
  STRATA_KIND_CONTEXT,
  STRATA_KIND_NOTE,
  STRATA_KIND_TASK,
  STRATA_N_KINDS,
} StrataKind;

/* What a session may have */
typedef enum
{
  STRATA_HAS_SCREENSHOTS = 1 << 0,
  STRATA_HAS_AUDIO       = 1 << 1,
  STRATA_HAS_VIDEO       = 1 << 2,
  STRATA_HAS_TRANSCRIPT  = 1 << 3,
  STRATA_HAS_SUMMARY     = 1 << 4,
  STRATA_HAS_CONTEXT     = 1 << 5,
  STRATA_HAS_CHAPTERS    = 1 << 6,
  STRATA_HAS_NOTES       = 1 << 7,
  STRATA_HAS_TASKS       = 1 << 8,
  STRATA_HAS_COMMENTS    = 1 << 9,
} StrataHas;

/* "screenshot"; @kind below STRATA_N_KINDS */
const char *_strata_kind_get_name (StrataKind  kind);

/* A set of kinds, as 1 << kind, by a name a person would use ("screenshots",
 * "video" for chapters and chunks); 0: there is no such kind
 */
guint       _strata_kind_parse    (const char *name);

/* The StrataHas that a name stands for; 0: none */
guint       _strata_has_parse     (const char *name);

/* The names that these take, most general first; %NULL-terminated */
const char *const *_strata_kind_list_names (void);
const char *const *_strata_has_list_names  (void);

G_END_DECLS

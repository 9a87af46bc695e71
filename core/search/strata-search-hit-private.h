/* strata-search-hit-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "strata-moment-private.h"
#include "strata-search-hit.h"

G_BEGIN_DECLS

/* What a hit is made of. Set once, before anybody else has it; but for the
 * snippet, which comes later and is guarded.
 */
struct _StrataSearchHit
{
  GObject     parent_instance;

  char       *key;            /* of the session; NULL: a note or task of none */
  char       *session;        /* its id as text */
  char       *session_name;
  gint64      session_start_ms;
  StrataKind  kind;
  char       *item;
  gint64      time_ms;
  gint64      offset_ms;
  double      score;

  /* Where its text is */
  gboolean    is_collection;
  char       *owner;          /* key of the session or collection */
  guint       role;           /* StrataPieceRole of what it stands in; a part is known by its digest */
  StrataDigest digest;
  guint64     place;

  /* Guarded by @mutex */
  GMutex      mutex;
  char       *snippet;
};

/* @snippet: (transfer full) (nullable) */
void _strata_search_hit_set_snippet (StrataSearchHit *self,
                                     char            *snippet);

G_END_DECLS

/* strata-facts-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-query-private.h"

G_BEGIN_DECLS

/* One value of an indexed field. Topics, companies and contacts of notes and
 * tasks are ids; those of video chapters are names.
 */
typedef struct
{
  StrataField  field;
  char        *value;
} StrataFacet;

/* StrataFacts is what a session, a note or a task says of itself beside its
 * texts: what filters choose by.
 */
typedef struct
{
  char      *id;
  char      *name;
  gint64     start_ms;     /* since 1970; STRATA_TIME_NONE */
  gint64     end_ms;
  guint      has;          /* StrataHas, but for notes and tasks, which are known by links */
  GPtrArray *facets;       /* (element-type StrataFacet) */
  GPtrArray *links;        /* sessions: ids of their notes and tasks (element-type utf8) */
  char      *session_id;   /* notes and tasks: of the session they came from */
  char      *note_id;      /* tasks: of the note they came from */
} StrataFacts;

StrataFacts *_strata_facts_new       (void);
void         _strata_facts_free      (StrataFacts *self);
/* @value: blank ones are passed over, long ones cut */
void         _strata_facts_add_facet (StrataFacts *self,
                                      StrataField  field,
                                      const char  *value);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataFacts, _strata_facts_free)

G_END_DECLS

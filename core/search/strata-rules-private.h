/* strata-rules-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <glib.h>

G_BEGIN_DECLS

/* What is made of the members of an old program's object, as a table: this is
 * the one place that knows their names.
 */
typedef enum
{
  STRATA_TAKE_ID,
  STRATA_TAKE_NAME,        /* also text of the moment */
  STRATA_TAKE_TIME,
  STRATA_TAKE_START,
  STRATA_TAKE_END,
  STRATA_TAKE_SECONDS,     /* from the start of the video */
  STRATA_TAKE_TEXT,        /* @argument: StrataWeight */
  STRATA_TAKE_HTML,        /* the same, less its tags */
  STRATA_TAKE_SPEECH,      /* @argument: rank; only the highest that has text counts */
  STRATA_TAKE_FACET,       /* @argument: StrataField */
  STRATA_TAKE_TOPIC_TEXT,  /* text that is also a topic's name */
  STRATA_TAKE_LINKS,       /* ids of notes and tasks */
  STRATA_TAKE_SESSION,     /* id of the session it came from */
  STRATA_TAKE_NOTE,        /* id of the note it came from */
  STRATA_TAKE_INSIDE,      /* an object, or an array of them; goes on with @inside */
  STRATA_TAKE_HAS,         /* @argument: StrataHas, where it is neither null nor empty; then with @inside */
  STRATA_TAKE_COMMENT,     /* text, and that there is one */

  /* Of sessions only */
  STRATA_TAKE_SUMMARY,
  STRATA_TAKE_TRANSCRIPT,
  STRATA_TAKE_ELEMENTS,    /* @argument: StrataKind of each */
} StrataAction;

typedef struct _StrataRule StrataRule;

struct _StrataRule
{
  const char       *name;
  StrataAction      action;
  guint             argument;
  const StrataRule *inside;
};

/* Ended by a rule without a name */
extern const StrataRule _strata_session_rules[];

/* Rules of the elements of a kind; (nullable): NULL for sessions and transcripts */
const StrataRule *_strata_rules_for_kind (guint             kind);

/* @name: a member's name token, with quotes and escapes as written. Returns: (nullable) */
const StrataRule *_strata_rules_find     (const StrataRule *rules,
                                          const char       *name,
                                          gsize             length);

G_END_DECLS

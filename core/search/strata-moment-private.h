/* strata-moment-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"
#include "strata-facts-private.h"
#include "strata-kind-private.h"
#include "strata-search-hit.h"

G_BEGIN_DECLS

/* How much a word counts by where it stands. The numbers are stored in the index. */
typedef enum
{
  STRATA_WEIGHT_SCREEN,   /* read off the screen */
  STRATA_WEIGHT_SPEECH,   /* said or written */
  STRATA_WEIGHT_SUMMARY,
  STRATA_WEIGHT_NAME,
  STRATA_N_WEIGHTS,
} StrataWeight;

/* A stretch of a moment's text, in bytes from its beginning; sections stand in
 * this order with a line feed between them
 */
typedef struct
{
  StrataWeight weight;
  gsize        start;
  gsize        end;
} StrataSection;

/* Not known, of times and offsets */
#define STRATA_TIME_NONE STRATA_TIME_UNKNOWN

/* Where text lies that is in no part: in the small members, in the tail, or here and there */
#define STRATA_PART_SMALL G_MAXUINT
#define STRATA_PART_TAIL  (G_MAXUINT - 1)
#define STRATA_PART_OWN   (G_MAXUINT - 2)

/* StrataMoment is what is found: the session's own text, one screenshot, one
 * segment, one note. It is filled anew for each; nothing in it is kept by
 * those who get one.
 */
typedef struct
{
  StrataKind  kind;
  char       *id;         /* of the item; NULL: none */
  gint64      time_ms;    /* since 1970; STRATA_TIME_NONE */
  gint64      offset_ms;  /* from the session's start; STRATA_TIME_NONE */
  guint       part;       /* index of the part of the manifest that has it, or one of STRATA_PART_… */
  guint64     place;      /* bytes from the start of that part's text (small members, file of the tail) to its value;
                             in the tail to its line */
  GString    *text;
  GArray     *sections;   /* StrataSection */

  /* While it is read */
  GString    *speech;     /* the best transcript so far */
  guint       speech_rank;
} StrataMoment;

StrataMoment *_strata_moment_new        (void);
void          _strata_moment_free       (StrataMoment       *self);
void          _strata_moment_reset      (StrataMoment       *self,
                                         StrataKind          kind);

/* Reads the value at the reader as a moment of its kind: an element of
 * `screenshots` as a screenshot, and so on. What is no object has no text. What
 * it says of topics, links and the like goes into @facts. For a session and a
 * transcript see strata-moments-private.h.
 *
 * A text of more than 16 MiB is cut at a space.
 */
gboolean      _strata_moment_read       (StrataMoment       *self,
                                         StrataJsonReader   *reader,
                                         StrataFacts        *facts,
                                         GCancellable       *cancellable,
                                         GError            **error);

/* Appends all text in the value at the reader, but ids and times. */
gboolean      _strata_moment_take_text  (StrataMoment       *self,
                                         StrataWeight        weight,
                                         StrataJsonReader   *reader,
                                         GCancellable       *cancellable,
                                         GError            **error);

/* Milliseconds since 1970 of an ISO 8601 time, in UTC where it has no zone, or
 * of a number of them; STRATA_TIME_NONE for anything else
 */
gint64        _strata_moment_parse_time (const char         *token,
                                         gsize               length);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataMoment, _strata_moment_free)

G_END_DECLS

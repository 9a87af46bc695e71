/* strata-session-finder.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <strata.h>

G_BEGIN_DECLS

/**
 * StrataFinderState:
 * @STRATA_FINDER_IDLE: nothing is looked for
 * @STRATA_FINDER_SEARCHING: nothing was found yet
 * @STRATA_FINDER_FOUND: there are results; more may come
 * @STRATA_FINDER_NOTHING: there is nothing like that
 * @STRATA_FINDER_FAILED: it can't be searched; the message says why
 */
typedef enum
{
  STRATA_FINDER_IDLE,
  STRATA_FINDER_SEARCHING,
  STRATA_FINDER_FOUND,
  STRATA_FINDER_NOTHING,
  STRATA_FINDER_FAILED,
} StrataFinderState;

#define STRATA_TYPE_SESSION_FINDER (strata_session_finder_get_type ())

G_DECLARE_FINAL_TYPE (StrataSessionFinder, strata_session_finder, STRATA, SESSION_FINDER, GObject)

StrataSessionFinder *strata_session_finder_new            (void);

void                 strata_session_finder_set_store      (StrataSessionFinder *self,
                                                           StrataStore         *store);
void                 strata_session_finder_update         (StrataSessionFinder *self);
void                 strata_session_finder_set_text       (StrataSessionFinder *self,
                                                           const char          *text);

StrataFinderState    strata_session_finder_get_state      (StrataSessionFinder *self);
StrataSearch        *strata_session_finder_get_search     (StrataSessionFinder *self);
StrataSearchResults *strata_session_finder_get_results    (StrataSessionFinder *self);
const char          *strata_session_finder_get_suggestion (StrataSessionFinder *self);
const char          *strata_session_finder_get_message    (StrataSessionFinder *self);

G_END_DECLS

/* strata-crew-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "strata-checkpoint-private.h"

G_BEGIN_DECLS

/* StrataCrew does work on several threads and brings its results back in order.
 *
 * The thread that has made it, its owner, admits one task after the other. Hands, which
 * are threads of the crew, do them in any order; what came of each is finished by the
 * owner, in the order of admission, and so are failures: what was admitted after the
 * one that fails is done in vain. The owner, while it waits, does what no hand has
 * begun, so the crew gets on with any number of hands, also with none, and whatever
 * a hand is held up by, nothing waits in a circle: a task waits for no other one.
 *
 * Threads: the owner's, but for StrataCrewKind.work and StrataCrewWatch.
 */
typedef struct _StrataCrew StrataCrew;

typedef struct
{
  /* Any thread. Failures are kept in the task. */
  void     (*work)   (gpointer   task);
  /* The owner's, in order of admission. %FALSE with @error set: the crew is to be given nothing more of this. */
  gboolean (*finish) (gpointer   task,
                      GError   **error);
  /* The owner's; also of what was given up, begun or not */
  void     (*free)   (gpointer   task);
} StrataCrewKind;

/* How hands are held up; on their threads. The owner has its own checkpoint. */
typedef struct
{
  void                 (*begin)   (gpointer user_data);  /* before each task; may take as long as it likes */
  void                 (*end)     (gpointer user_data);
  StrataCheckpointFunc checkpoint;
  gpointer             user_data;
} StrataCrewWatch;

/* As many as there are processors besides the owner's, and at least one */
guint       _strata_crew_get_usual_hands (void);
/* @budget: so much may be admitted and not be finished, in what tasks are said to cost; the first of them may be larger
 * @watch: (nullable): copied
 */
StrataCrew *_strata_crew_new             (guint                  n_hands,
                                          guint64                budget,
                                          const StrataCrewWatch *watch);
/* Gives up what is not finished; ends when no hand works any more. */
void        _strata_crew_free            (StrataCrew            *self);
/* Admits a task, and finishes what is done, and as many as must be for it to be within the budget.
 *
 * @kind: static
 * @task: (transfer full)
 *
 * Returns: %FALSE with @error set when one could not be finished; then all the others were given up
 */
gboolean    _strata_crew_admit           (StrataCrew            *self,
                                          const StrataCrewKind  *kind,
                                          gpointer               task,
                                          guint64                cost,
                                          GError               **error);
/* Finishes all; returns as _strata_crew_admit(). */
gboolean    _strata_crew_drain           (StrataCrew            *self,
                                          GError               **error);
/* The same after admitting came to its end, or to a failure: what was admitted before that comes first, with its own.
 *
 * @ok: whether admitting went well; if not, @error is set
 */
gboolean    _strata_crew_settle          (StrataCrew            *self,
                                          gboolean               ok,
                                          GError               **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataCrew, _strata_crew_free)

G_END_DECLS

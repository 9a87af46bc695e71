/* store-operation.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include "fault-seam.h"
#include "store-promises.h"

G_BEGIN_DECLS

/* Something that is done to a store, with what is needed to cut its power and
 * to make its calls fail. To add one, write a row into store-operations.c.
 */
typedef struct
{
  const char *name;

  /* Makes what is there before. @store: the folder for the store, not there yet, and
   * left so where the operation makes it. @aside: a folder for everything else, the
   * same in every run.
   */
  void     (*set_up) (const char     *store,
                      const char     *aside);

  /* Opens the store, works on it, closes it, and says what it promises. May be
   * interrupted anywhere and is then run again, with nobody listening: it must
   * take the store to the same end from wherever it stopped.
   */
  gboolean (*run)    (const char     *store,
                      const char     *aside,
                      StorePromises  *promises,
                      GError        **error);

  /* It takes long: in the short form only points are tried before the first of several syncs, and the end. */
  gboolean   is_slow;
} StoreOperation;

typedef struct
{
  guint  points;    /* cuts: where in the record; faults: calls */
  guint  tried;     /* states made, or calls made to go wrong */
  guint  different; /* states that differ in a byte or a name from each other, or calls that did go wrong */
  guint  reopened;  /* of these states, how many are of a second cut, while the store opened after the first */
  guint  flaws;
  char  *first;     /* what is wrong, in words */
} StoreOperationReport;

typedef struct
{
  guint    ignored;       /* PowerCutSync flags: waits of the program that are played not to work */
  guint    n_mixed;       /* mixed states at each point */
  guint    n_before_sync; /* and before the first of several syncs: nearly all states of the points before it are among these */
  gboolean all_points;    /* also of slow operations */
  guint    one_in;        /* of so many different states one has its opening cut too; 0: none */
  guint    n_reopened;    /* at so many points; 0: at all of them */
  guint    max_flaws;     /* stops at so many */
} StoreCutOptions;

/* What is done in the short and, with STRATA_TEST_LONG set, the long form of the tests */
void        store_cut_options_init          (StoreCutOptions      *options);

const StoreOperation *
            store_operations_get            (guint                *out_n);

/* Runs the operation, and opens the store in states that a power cut at any
 * point may leave. Each must open, be in order, keep every promise, and let the
 * operation finish.
 */
void        store_operation_cut_power       (const StoreOperation *operation,
                                             const StoreCutOptions *options,
                                             StoreOperationReport *report);

/* Runs the operation with the n-th call going wrong, for each n or, at most
 * @max_tries times, for as many far apart; then the same as above.
 */
void        store_operation_fail_calls      (const StoreOperation *operation,
                                             FaultKind             kind,
                                             int                   errno_value,
                                             guint                 max_tries,
                                             StoreOperationReport *report);

void        store_operation_report_clear    (StoreOperationReport *report);

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (StoreOperationReport, store_operation_report_clear)

G_END_DECLS

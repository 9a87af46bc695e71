/* test-store-faults.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "store-operation.h"
#include "test-util.h"

/* Of all operations together */
static StoreOperationReport total;

typedef struct
{
  const char *name;
  FaultKind   kind;
  int         errno_value;
} Fault;

static const Fault faults[] = {
  { "io", FAULT_ERRNO, EIO },
  { "no-space", FAULT_ERRNO, ENOSPC },
  { "full", FAULT_FULL, ENOSPC },
  { "gone", FAULT_FOREVER, EIO },
  { "short", FAULT_SHORT, 0 },
};

typedef struct
{
  const StoreOperation *operation;
  const Fault          *fault;
} Case;

static guint
choose_max_tries (const StoreOperation *operation)
{
  if (g_getenv ("STRATA_TEST_LONG") != NULL)
    return G_MAXUINT;

  return operation->is_slow ? 12 : 30;
}

static void
test_no_fault_breaks_a_promise (gconstpointer test_data)
{
  const Case *fault_case = test_data;
  g_auto(StoreOperationReport) report = { 0, };

  store_operation_fail_calls (fault_case->operation, fault_case->fault->kind, fault_case->fault->errno_value,
                              choose_max_tries (fault_case->operation), &report);

  g_test_message ("%s, %s: of %u calls %u were to go wrong, and %u did", fault_case->operation->name,
                  fault_case->fault->name, report.points, report.tried, report.different);
  total.points += report.points;
  total.tried += report.tried;
  total.different += report.different;
  g_assert_cmpstr (report.first, ==, NULL);
  g_assert_cmpuint (report.different, >, 0);
}

int
main (int   argc,
      char *argv[])
{
  const StoreOperation *operations;
  guint n;
  int status;

  g_test_init (&argc, &argv, NULL);

  operations = store_operations_get (&n);
  for (guint i = 0; i < n; i++)
    for (guint j = 0; j < G_N_ELEMENTS (faults); j++)
      {
        g_autofree char *path = g_strconcat ("/store-faults/", operations[i].name, "/", faults[j].name, NULL);
        Case fault_case = { &operations[i], &faults[j] };

        g_test_add_data_func_full (path, g_memdup2 (&fault_case, sizeof fault_case), test_no_fault_breaks_a_promise, g_free);
      }

  status = g_test_run ();
  if (total.points > 0)
    g_print ("# in all: of %u calls %u were to go wrong, and %u did\n", total.points, total.tried, total.different);

  return status;
}

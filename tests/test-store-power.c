/* test-store-power.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "store-operation.h"
#include "test-util.h"

/* Of all operations together */
static StoreOperationReport total;

static void
test_no_power_cut_breaks_a_promise (gconstpointer test_data)
{
  const StoreOperation *operation = test_data;
  g_auto(StoreOperationReport) report = { 0, };
  StoreCutOptions options;

  store_cut_options_init (&options);
  store_operation_cut_power (operation, &options, &report);

  g_test_message ("%s: the power cut at %u points, %u states tried, %u different, %u of these from cutting an opening too",
                  operation->name, report.points, report.tried, report.different, report.reopened);
  total.points += report.points;
  total.tried += report.tried;
  total.different += report.different;
  total.reopened += report.reopened;
  g_assert_cmpstr (report.first, ==, NULL);
  g_assert_cmpuint (report.different, >, 10);
}

/* A store that does not wait for the disk at one of its places must be found out:
 * else the waiting is for nothing, or nothing is tried.
 */
typedef struct
{
  const char   *name;
  const char   *operation;
  PowerCutSync  ignored;
} Carelessness;

static const Carelessness careless[] = {
  { "staged-files", "new", POWER_CUT_SYNC },
  { "staged-together", "many", POWER_CUT_SYNCFS },
  { "log", "new", POWER_CUT_DATASYNC },
  { "folders", "replace", POWER_CUT_SYNC_FOLDER },
  { "tail", "append", POWER_CUT_DATASYNC },
  { "tail-attachment", "append", POWER_CUT_SYNC },
  { "tail-folder", "append", POWER_CUT_SYNC_FOLDER },
  { "changed-part", "change", POWER_CUT_SYNC },
  { "deleted-folder", "delete", POWER_CUT_SYNC_FOLDER },
  { "purged-folder", "purge", POWER_CUT_SYNC_FOLDER },
  { "others-failed", "retry", POWER_CUT_SYNCFS },
  { "header", "header", POWER_CUT_SYNC },
  { "header-folder", "header", POWER_CUT_SYNC_FOLDER },
  { "new-store", "make", POWER_CUT_SYNC_FOLDER },
  { "migration", "migrate", POWER_CUT_SYNC },
};

static void
test_carelessness_is_found (gconstpointer test_data)
{
  const Carelessness *flaw = test_data;
  const StoreOperation *operations;
  guint n;

  operations = store_operations_get (&n);
  for (guint i = 0; i < n; i++)
    if (strcmp (operations[i].name, flaw->operation) == 0)
      {
        g_auto(StoreOperationReport) report = { 0, };
        StoreCutOptions options;

        store_cut_options_init (&options);
        options.ignored = flaw->ignored;
        options.all_points = TRUE;
        options.n_before_sync = 32;
        options.max_flaws = 1;
        store_operation_cut_power (&operations[i], &options, &report);
        g_assert_cmpuint (report.flaws, ==, 1);
        return;
      }

  g_assert_not_reached ();
}

int
main (int   argc,
      char *argv[])
{
  const StoreOperation *operations;
  guint n;
  int status;

  g_test_init (&argc, &argv, NULL);
  power_cut_prepare ();

  operations = store_operations_get (&n);
  for (guint i = 0; i < n; i++)
    {
      g_autofree char *path = g_strconcat ("/store-power/", operations[i].name, NULL);

      g_test_add_data_func (path, &operations[i], test_no_power_cut_breaks_a_promise);
    }
  for (guint i = 0; i < G_N_ELEMENTS (careless); i++)
    {
      g_autofree char *path = g_strconcat ("/store-power/careless/", careless[i].name, NULL);

      g_test_add_data_func (path, &careless[i], test_carelessness_is_found);
    }

  status = g_test_run ();
  if (total.points > 0)
    g_print ("# in all: the power cut at %u points, %u states tried, %u different\n", total.points, total.tried, total.different);

  return status;
}

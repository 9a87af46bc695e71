/* test-offset-table.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "legacy/strata-offset-table-private.h"

static void
test_random_offsets_come_back (void)
{
  g_autoptr(StrataOffsetTable) table = _strata_offset_table_new ();

  for (guint round = 0; round < 50; round++)
    {
      g_autoptr(GArray) offsets = g_array_new (FALSE, FALSE, sizeof (guint64));
      guint n = (guint)g_test_rand_int_range (0, 500);
      guint64 offset = 0;

      _strata_offset_table_clear (table);
      for (guint i = 0; i < n; i++)
        {
          offset += (guint64)(guint32)g_test_rand_int () >> g_test_rand_int_range (0, 33);
          if (g_test_rand_int_range (0, 50) == 0)
            offset += (guint64)(guint32)g_test_rand_int () << 16;
          g_array_append_val (offsets, offset);
          _strata_offset_table_append (table, offset);
        }

      g_assert_cmpuint (_strata_offset_table_get_length (table), ==, n);
      for (guint i = 0; i < n; i++)
        {
          guint64 expected = g_array_index (offsets, guint64, i);
          guint32 below = _strata_offset_table_count_below (table, expected);

          g_assert_cmpuint (_strata_offset_table_get (table, i), ==, expected);
          g_assert_true (below == 0 || g_array_index (offsets, guint64, below - 1) < expected);
          g_assert_cmpuint (g_array_index (offsets, guint64, below), ==, expected);
          g_assert_cmpuint (_strata_offset_table_count_below (table, G_MAXUINT64), ==, n);
        }
      g_assert_cmpuint (_strata_offset_table_count_below (table, 0), ==, 0);
    }
}

static void
test_neighbours_cost_little (void)
{
  g_autoptr(StrataOffsetTable) table = _strata_offset_table_new ();

  for (guint64 i = 0; i < 1000000; i++)
    _strata_offset_table_append (table, i * 100);

  g_assert_cmpuint (_strata_offset_table_get (table, 999999), ==, 99999900);
  g_assert_cmpuint (_strata_offset_table_get_memory (table), <, 1300000);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/offset-table/random", test_random_offsets_come_back);
  g_test_add_func ("/offset-table/memory", test_neighbours_cost_little);

  return g_test_run ();
}

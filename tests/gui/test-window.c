/* test-window.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <glib/gstdio.h>

#include "strata-choose-view.h"
#include "strata-format.h"
#include "strata-paragraph.h"
#include "strata-plan-view.h"
#include "strata-problem-list.h"
#include "strata-report-view.h"
#include "strata-run-view.h"
#include "strata-size-bars.h"
#include "strata-sparkline.h"
#include "strata-spinner.h"
#include "strata-window.h"
#include "test-util.h"

typedef struct
{
  char               *path;
  StrataAppStore     *store;
  StrataAppMigration *migration;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
  fixture->store = strata_app_store_new (fixture->path);
  fixture->migration = strata_app_migration_new (fixture->store);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_object (&fixture->migration);
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static void
settle (void)
{
  while (g_main_context_iteration (NULL, FALSE))
    ;
}

static void
wait_for_store (Fixture *fixture)
{
  strata_app_store_open (fixture->store);
  while (strata_app_store_get_state (fixture->store) == STRATA_APP_STORE_OPENING)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_a_closed_window_is_gone (Fixture       *fixture,
                              gconstpointer  test_data)
{
  GtkWidget *window = strata_window_new (NULL, fixture->store, fixture->migration);

  g_object_add_weak_pointer (G_OBJECT (window), (gpointer *)&window);
  gtk_window_present (GTK_WINDOW (window));
  wait_for_store (fixture);
  settle ();
  gtk_window_destroy (GTK_WINDOW (window));
  while (window != NULL)
    g_main_context_iteration (NULL, TRUE);
}

static void
test_every_view_goes_as_it_came (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  const GType types[] = { STRATA_TYPE_CHOOSE_VIEW, STRATA_TYPE_PLAN_VIEW, STRATA_TYPE_PROBLEM_LIST, STRATA_TYPE_REPORT_VIEW,
                          STRATA_TYPE_RUN_VIEW, STRATA_TYPE_SIZE_BARS, STRATA_TYPE_SPARKLINE, STRATA_TYPE_SPINNER,
                          STRATA_TYPE_PARAGRAPH };

  for (guint i = 0; i < G_N_ELEMENTS (types); i++)
    {
      GtkWidget *widget = g_object_ref_sink (g_object_new (types[i], NULL));

      g_test_message ("%s", g_type_name (types[i]));
      g_object_add_weak_pointer (G_OBJECT (widget), (gpointer *)&widget);
      g_object_unref (widget);
      g_assert_null (widget);
    }
}

static void
test_what_nobody_sees_does_not_turn (void)
{
  GtkWidget *window = gtk_window_new ();
  GtkWidget *stack = gtk_stack_new ();
  GtkWidget *spinner = g_object_new (STRATA_TYPE_SPINNER, NULL);
  GtkSpinner *turning = GTK_SPINNER (adw_bin_get_child (ADW_BIN (spinner)));

  gtk_stack_add_named (GTK_STACK (stack), spinner, "waiting");
  gtk_stack_add_named (GTK_STACK (stack), gtk_label_new ("done"), "done");
  gtk_window_set_child (GTK_WINDOW (window), stack);
  gtk_window_present (GTK_WINDOW (window));
  while (!gtk_widget_get_mapped (spinner))
    g_main_context_iteration (NULL, TRUE);
  g_assert_true (gtk_spinner_get_spinning (turning));

  gtk_stack_set_visible_child_name (GTK_STACK (stack), "done");
  while (gtk_widget_get_mapped (spinner))
    g_main_context_iteration (NULL, TRUE);
  g_assert_false (gtk_spinner_get_spinning (turning));

  gtk_window_destroy (GTK_WINDOW (window));
}

static int
measure_height (GtkWidget *widget,
                int        width)
{
  int minimum, natural;

  gtk_widget_measure (widget, GTK_ORIENTATION_VERTICAL, width, &minimum, &natural, NULL, NULL);
  g_assert_cmpint (minimum, ==, natural);

  return natural;
}

static void
test_a_paragraph_takes_the_lines_it_needs (void)
{
  GtkWidget *widget = g_object_ref_sink (g_object_new (STRATA_TYPE_PARAGRAPH, NULL));
  int line = measure_height (widget, 300);
  int width_before, width;

  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &width_before, NULL, NULL, NULL);
  strata_paragraph_set_text (STRATA_PARAGRAPH (widget), "a few words that are long enough for more than a single line of this width");
  g_assert_cmpint (line, >, 0);
  g_assert_cmpint (measure_height (widget, 300), >, line);
  g_assert_cmpint (measure_height (widget, 100), >, measure_height (widget, 300));
  g_assert_cmpint (measure_height (widget, 3000), ==, line);

  /* However long it is, it does not want to be wider */
  gtk_widget_measure (widget, GTK_ORIENTATION_HORIZONTAL, -1, &width, NULL, NULL, NULL);
  g_assert_cmpint (width, ==, width_before);
  gtk_test_accessible_assert_role (widget, GTK_ACCESSIBLE_ROLE_LABEL);
  gtk_test_accessible_assert_property (widget, GTK_ACCESSIBLE_PROPERTY_LABEL,
                                       "a few words that are long enough for more than a single line of this width");
  g_object_unref (widget);
}

static void
test_times_are_round (void)
{
  const struct
  {
    double      seconds;
    const char *text;
  } cases[] = {
    { -1, "not known yet" },
    { 0, "a few seconds" },
    { 19.9, "a few seconds" },
    { 20, "less than a minute" },
    { 61, "about 2 minutes" },
    { 119, "about 2 minutes" },
    { 600, "about 10 minutes" },
    { 660, "about 15 minutes" },
    { 1170, "about 20 minutes" },
    { 3300, "about 55 minutes" },
    { 3500, "about 1 hour" },
    { 5400, "about 2 hours" },
    { 7200, "about 2 hours" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autofree char *text = strata_format_remaining (cases[i].seconds);

      g_assert_cmpstr (text, ==, cases[i].text);
    }
}

static void
test_a_saving_is_never_too_large (void)
{
  g_autofree char *less = strata_format_saving (1000, 156);
  g_autofree char *more = strata_format_saving (1000, 1001);
  g_autofree char *none = strata_format_saving (0, 10);
  g_autofree char *hardly = strata_format_saving (1000, 999);

  g_assert_cmpstr (less, ==, "84 % less");
  g_assert_cmpstr (more, ==, "more than before");
  g_assert_cmpstr (none, ==, "");
  g_assert_cmpstr (hardly, ==, "0 % less");
}

static void
test_sizes_are_told_in_words (void)
{
  g_autoptr(GtkWidget) bars = g_object_ref_sink (g_object_new (STRATA_TYPE_SIZE_BARS, NULL));
  g_autofree char *difference = NULL;

  strata_size_bars_set (STRATA_SIZE_BARS (bars), 2000000, 500000, FALSE);

  gtk_test_accessible_assert_role (GTK_ACCESSIBLE (bars), GTK_ACCESSIBLE_ROLE_IMG);
  difference = gtk_test_accessible_check_property (GTK_ACCESSIBLE (bars), GTK_ACCESSIBLE_PROPERTY_LABEL,
                                                   "Old storage: 2.0\302\240MB. New storage: 500.0\302\240kB, 75 % less");
  g_assert_cmpstr (difference, ==, NULL);
}

static void
test_problems_show_when_there_are_any (void)
{
  g_autoptr(GtkWidget) list = g_object_ref_sink (g_object_new (STRATA_TYPE_PROBLEM_LIST, NULL));
  g_autoptr(GListStore) problems = g_list_store_new (STRATA_TYPE_PROBLEM);

  strata_problem_list_set_problems (STRATA_PROBLEM_LIST (list), G_LIST_MODEL (problems));
  g_assert_false (gtk_widget_get_visible (list));

  for (guint i = 0; i < 250; i++)
    {
      g_autoptr(StrataProblem) problem = strata_problem_new ("torn", "a <b> & c", NULL, NULL, -1, "It is <gone> & %u", i);

      g_list_store_append (problems, problem);
    }
  g_assert_true (gtk_widget_get_visible (list));

  g_list_store_remove_all (problems);
  g_assert_false (gtk_widget_get_visible (list));
}

int
main (int    argc,
      char **argv)
{
  gtk_test_init (&argc, &argv, NULL);
  adw_init ();

  g_test_add ("/window/closed-is-gone", Fixture, NULL, fixture_set_up, test_a_closed_window_is_gone, fixture_tear_down);
  g_test_add ("/window/every-view-goes-as-it-came", Fixture, NULL, fixture_set_up, test_every_view_goes_as_it_came,
              fixture_tear_down);
  g_test_add_func ("/spinner/what-nobody-sees-does-not-turn", test_what_nobody_sees_does_not_turn);
  g_test_add_func ("/paragraph/takes-the-lines-it-needs", test_a_paragraph_takes_the_lines_it_needs);
  g_test_add_func ("/format/times-are-round", test_times_are_round);
  g_test_add_func ("/format/saving-is-never-too-large", test_a_saving_is_never_too_large);
  g_test_add_func ("/size-bars/told-in-words", test_sizes_are_told_in_words);
  g_test_add_func ("/problem-list/shows-when-there-are-any", test_problems_show_when_there_are_any);

  return g_test_run ();
}

/* test-pace.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "migration/strata-pace-private.h"

#define SECOND ((gint64)G_USEC_PER_SEC)
#define MIB ((guint64)1024 * 1024)

/* A clock of the test's own */
static gint64 now;

static void
begin (StrataPace *pace,
       guint64     copy,
       guint64     text,
       guint64     files)
{
  const guint64 totals[STRATA_N_WORKS] = { copy, text, files };

  now = 1000 * SECOND;
  _strata_pace_init (pace, totals);
  _strata_pace_begin (pace, STRATA_WORK_COPY, now);
}

/* Works on for so many seconds at a speed, a step of a tenth at a time. */
static void
work (StrataPace *pace,
      double      seconds,
      double      rate)
{
  guint64 done = pace->done[pace->work];

  for (guint i = 1; i <= (guint)(seconds * 10); i++)
    {
      now += SECOND / 10;
      _strata_pace_move (pace, done + (guint64)(rate * i / 10), now);
    }
}

static void
test_nothing_is_foretold_in_the_first_ten_seconds (void)
{
  StrataPace pace;

  begin (&pace, 100 * MIB, 0, 0);
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, -1);

  work (&pace, 9.9, MIB);
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, -1);

  work (&pace, 0.2, MIB);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_remaining (&pace, now), 90, 1);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_rate (&pace), (double)MIB, (double)MIB / 100);
}

static void
test_a_pause_takes_no_time (void)
{
  StrataPace pace;

  begin (&pace, 100 * MIB, 0, 0);
  work (&pace, 9.5, MIB);
  _strata_pace_hold (&pace, now);
  now += 3600 * SECOND;
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, -1);
  g_assert_cmpint (_strata_pace_get_idle_us (&pace, now), ==, 0);

  _strata_pace_go_on (&pace, now);
  g_assert_cmpint (_strata_pace_get_idle_us (&pace, now), ==, 0);
  work (&pace, 10.5, MIB);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_remaining (&pace, now), 80, 2);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_rate (&pace), (double)MIB, (double)MIB / 50);
}

static void
test_each_kind_of_work_has_its_own_speed (void)
{
  StrataPace pace;

  begin (&pace, 60 * MIB, 40 * MIB, 20 * MIB);
  work (&pace, 30, 2 * MIB);
  _strata_pace_begin (&pace, STRATA_WORK_CHECK_TEXT, now);
  work (&pace, 20, MIB);

  /* 20 MiB at the speed seen, and what is not known yet as fast as it usually is beside the copying */
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_rate (&pace), (double)MIB, (double)MIB / 50);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_remaining (&pace, now), 20 + 20 * 0.5 / 2, 1);

  work (&pace, 20, MIB);
  _strata_pace_begin (&pace, STRATA_WORK_CHECK_FILES, now);
  work (&pace, 5, 2 * MIB);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_remaining (&pace, now), 5, 0.5);
  work (&pace, 5, 2 * MIB);
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, 0);
  g_assert_cmpfloat (_strata_pace_get_fraction (&pace), ==, 1);
}

static void
test_a_new_speed_is_followed_smoothly (void)
{
  StrataPace pace;
  double before, after;

  begin (&pace, 10000 * MIB, 0, 0);
  work (&pace, 60, MIB);
  before = _strata_pace_get_remaining (&pace, now);
  work (&pace, 1, 10 * MIB);
  after = _strata_pace_get_remaining (&pace, now);

  /* A second at ten times the speed is no reason to promise a tenth of the time */
  g_assert_cmpfloat (after, <, before);
  g_assert_cmpfloat (after, >, before / 3);

  work (&pace, 60, 10 * MIB);
  g_assert_cmpfloat_with_epsilon (_strata_pace_get_rate (&pace), 10 * (double)MIB, (double)MIB / 10);
}

static void
test_what_does_not_move_is_idle (void)
{
  StrataPace pace;

  begin (&pace, 100 * MIB, 0, 0);
  work (&pace, 5, MIB);
  g_assert_cmpint (_strata_pace_get_idle_us (&pace, now), ==, 0);

  now += 31 * SECOND;
  _strata_pace_move (&pace, pace.done[STRATA_WORK_COPY], now);
  g_assert_cmpint (_strata_pace_get_idle_us (&pace, now), ==, 31 * SECOND);

  /* Counted anew from less is no movement, and loses nothing */
  _strata_pace_move (&pace, 0, now);
  g_assert_cmpint (_strata_pace_get_idle_us (&pace, now), ==, 31 * SECOND);
  g_assert_cmpuint (pace.done[STRATA_WORK_COPY], ==, 5 * MIB);
}

static void
test_nothing_to_do_is_no_division (void)
{
  StrataPace pace;

  begin (&pace, 0, 0, 0);
  g_assert_cmpfloat (_strata_pace_get_fraction (&pace), ==, 0);
  work (&pace, 20, 0);
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, 0);
  g_assert_cmpfloat (_strata_pace_get_rate (&pace), ==, 0);

  /* What has not moved at all tells nothing */
  begin (&pace, 10, 0, 0);
  work (&pace, 20, 0);
  g_assert_cmpfloat (_strata_pace_get_remaining (&pace, now), ==, -1);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/pace/nothing-is-foretold-in-the-first-ten-seconds", test_nothing_is_foretold_in_the_first_ten_seconds);
  g_test_add_func ("/pace/a-pause-takes-no-time", test_a_pause_takes_no_time);
  g_test_add_func ("/pace/each-kind-of-work-has-its-own-speed", test_each_kind_of_work_has_its_own_speed);
  g_test_add_func ("/pace/a-new-speed-is-followed-smoothly", test_a_new_speed_is_followed_smoothly);
  g_test_add_func ("/pace/what-does-not-move-is-idle", test_what_does_not_move_is_idle);
  g_test_add_func ("/pace/nothing-to-do-is-no-division", test_nothing_to_do_is_no_division);

  return g_test_run ();
}

/* test-journal.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "fault-seam.h"
#include "migration/strata-journal-private.h"
#include "test-util.h"

typedef struct
{
  char *path;
  int   dir;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->dir = test_open_dir (fixture->path);
  g_assert_cmpint (mkdirat (fixture->dir, "migration", 0700), ==, 0);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static void
collect (const char *event,
         gpointer    user_data)
{
  g_string_append_printf (user_data, "[%s]", event);
}

static void
assert_events (Fixture    *fixture,
               const char *expected)
{
  g_autoptr(GString) events = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  _strata_journal_read (fixture->dir, collect, events, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (events->str, ==, expected);
}

static void
test_events_are_read_in_their_order (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  assert_events (fixture, "");
  g_assert_true (_strata_journal_append (fixture->dir, NULL, "state %s source=%u", "running", 1));
  g_assert_true (_strata_journal_append (fixture->dir, NULL, "committed %d", 15));
  g_assert_true (_strata_journal_append (fixture->dir, NULL, "one\nline %s", "each"));
  assert_events (fixture, "[state running source=1][committed 15][one line each]");
}

static void
test_a_line_has_its_time_and_its_crc (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "migration", "journal", NULL);
  g_autofree char *text = NULL;

  g_assert_true (_strata_journal_append (fixture->dir, NULL, "x"));
  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));
  g_assert_true (g_regex_match_simple ("^\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\dZ x [0-9a-f]{8}\n$", text, 0, 0));
}

static void
test_a_torn_line_is_no_event (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "migration", "journal", NULL);

  g_assert_true (g_file_set_contents (path, "t one\n\nnospace\nt two\nt thr", -1, NULL));
  assert_events (fixture, "[one][two]");
}

/* An event after a torn line is an event */
static void
test_what_follows_a_torn_line_is_read (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "migration", "journal", NULL);

  g_assert_true (g_file_set_contents (path, "t one\nt tw", -1, NULL));
  g_assert_true (_strata_journal_append (fixture->dir, NULL, "three"));
  assert_events (fixture, "[one][three]");

  g_assert_true (g_file_set_contents (path, "t on", -1, NULL));
  g_assert_true (_strata_journal_append (fixture->dir, NULL, "two"));
  assert_events (fixture, "[two]");
}

static void
test_every_fault_is_reported (Fixture       *fixture,
                              gconstpointer  test_data)
{
  guint count = 0;

  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
    {
      g_autoptr(GError) append_error = NULL;
      g_autoptr(GError) read_error = NULL;
      g_autoptr(GString) events = g_string_new (NULL);
      gboolean ok, struck;

      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      ok = _strata_journal_append (fixture->dir, &append_error, "event %u", count++);
      g_assert_true (ok == (append_error == NULL));
      struck = fault_seam_has_struck ();
      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      ok = _strata_journal_read (fixture->dir, collect, events, &read_error);
      g_assert_true (ok == (read_error == NULL));
      if (!struck && !fault_seam_has_struck ())
        break;
    }
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/journal/order", test_events_are_read_in_their_order);
  ADD ("/journal/time", test_a_line_has_its_time_and_its_crc);
  ADD ("/journal/torn", test_a_torn_line_is_no_event);
  ADD ("/journal/after-torn", test_what_follows_a_torn_line_is_read);
  ADD ("/journal/faults", test_every_fault_is_reported);

  return g_test_run ();
}

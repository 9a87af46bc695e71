/* test-changes.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "fault-seam.h"
#include "store/strata-changes-private.h"
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
  g_assert_true (_strata_file_create (fixture->dir, "changes.log", "", 0, NULL));
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

static GPtrArray *
new_changes (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_change_free);
}

static void
add_change (GPtrArray  *changes,
            gboolean    is_collection,
            const char *key)
{
  StrataChange *change = g_new0 (StrataChange, 1);

  change->is_collection = is_collection;
  change->key = g_strdup (key);
  _strata_digest_of (key, strlen (key), &change->digest);
  g_ptr_array_add (changes, change);
}

static gboolean
append_one (Fixture     *fixture,
            const char  *key,
            guint64     *out_end,
            GError     **error)
{
  g_autoptr(GPtrArray) changes = new_changes ();

  add_change (changes, FALSE, key);

  return _strata_changes_append (fixture->dir, changes, out_end, error);
}

static guint64
append (Fixture    *fixture,
        const char *key)
{
  g_autoptr(GError) error = NULL;
  guint64 end = 0;

  append_one (fixture, key, &end, &error);
  g_assert_no_error (error);

  return end;
}

/* The keys from @offset on, joined by spaces. */
static char *
read_keys (Fixture *fixture,
           guint64  offset,
           guint64 *out_end)
{
  g_autoptr(GPtrArray) changes = new_changes ();
  g_autoptr(GError) error = NULL;
  GString *keys = g_string_new (NULL);
  guint64 end;

  _strata_changes_read (fixture->dir, offset, changes, out_end != NULL ? out_end : &end, &error);
  g_assert_no_error (error);
  for (guint i = 0; i < changes->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (changes, i);
      StrataDigest digest;

      _strata_digest_of (change->key, strlen (change->key), &digest);
      g_assert_true (_strata_digest_equal (&digest, &change->digest));
      g_string_append_printf (keys, "%s%s", i > 0 ? " " : "", change->key);
    }

  return g_string_free (keys, FALSE);
}

static void
assert_keys (Fixture    *fixture,
             const char *expected)
{
  g_autofree char *keys = read_keys (fixture, 0, NULL);

  g_assert_cmpstr (keys, ==, expected);
}

static void
add_tail (Fixture    *fixture,
          const void *tail,
          gsize       size)
{
  int fd = openat (fixture->dir, "changes.log", O_WRONLY | O_APPEND | O_CLOEXEC);

  g_assert_cmpint (write (fd, tail, size), ==, (gssize)size);
  close (fd);
}

static char *
read_log (Fixture *fixture)
{
  g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
  char *text = NULL;

  g_assert_true (g_file_get_contents (path, &text, NULL, NULL));

  return text;
}

static void
test_what_is_appended_is_read (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(GPtrArray) changes = new_changes ();
  g_autoptr(GPtrArray) read_back = new_changes ();
  guint64 end = 0, read_end = 0;

  add_change (changes, FALSE, "a-0123456789abcdef");
  add_change (changes, TRUE, "notes");
  add_change (changes, FALSE, "b-0123456789abcdef");
  g_assert_true (_strata_changes_append (fixture->dir, changes, &end, NULL));
  g_assert_true (_strata_changes_read (fixture->dir, 0, read_back, &read_end, NULL));

  g_assert_cmpuint (read_end, ==, end);
  g_assert_cmpuint (read_back->len, ==, 3);
  for (guint i = 0; i < read_back->len; i++)
    {
      const StrataChange *change = g_ptr_array_index (read_back, i);

      g_assert_cmpuint (change->sequence, ==, i + 1);
      g_assert_cmpint (change->is_collection, ==, i == 1);
      g_assert_cmpstr (change->key, ==, ((StrataChange *)g_ptr_array_index (changes, i))->key);
    }
}

/* Scripts and later versions read these lines: they may never change */
static void
test_a_line_looks_as_it_is_written_down (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autofree char *text = NULL;

  append (fixture, "a");
  text = read_log (fixture);

  g_assert_cmpstr (text, ==, "1 session a ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb 985622e2\n");
}

static void
test_reading_goes_on_from_any_line (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  guint64 first = append (fixture, "one");
  guint64 second = append (fixture, "two");
  guint64 third = append (fixture, "three");
  guint64 end;

  g_autofree char *from_start = read_keys (fixture, 0, &end);
  g_autofree char *from_first = read_keys (fixture, first, NULL);
  g_autofree char *from_second = read_keys (fixture, second, NULL);
  g_autofree char *from_end = read_keys (fixture, third, NULL);
  g_autofree char *from_beyond = read_keys (fixture, third + 1000, NULL);

  g_assert_cmpuint (end, ==, third);
  g_assert_cmpstr (from_start, ==, "one two three");
  g_assert_cmpstr (from_first, ==, "two three");
  g_assert_cmpstr (from_second, ==, "three");
  g_assert_cmpstr (from_end, ==, "");
  g_assert_cmpstr (from_beyond, ==, "");
}

/* Several blocks of reading */
static void
test_a_long_log_is_read_whole (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(GPtrArray) changes = new_changes ();
  g_autoptr(GPtrArray) read_back = new_changes ();
  guint64 end, read_end;

  for (guint i = 0; i < 8000; i++)
    {
      g_autofree char *key = g_strdup_printf ("session-number-%u-0123456789abcdef", i);

      add_change (changes, i % 7 == 0, key);
    }
  g_assert_true (_strata_changes_append (fixture->dir, changes, &end, NULL));
  g_assert_true (_strata_changes_read (fixture->dir, 0, read_back, &read_end, NULL));

  g_assert_cmpuint (read_end, ==, end);
  g_assert_cmpuint (read_back->len, ==, changes->len);
  for (guint i = 0; i < changes->len; i++)
    g_assert_cmpstr (((StrataChange *)g_ptr_array_index (read_back, i))->key, ==,
                     ((StrataChange *)g_ptr_array_index (changes, i))->key);
}

/* Wherever a crash cut the last line: it goes, and the next takes its place */
static void
test_a_torn_line_is_overwritten (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autofree char *whole = NULL;
  guint64 first = append (fixture, "one");
  guint64 second = append (fixture, "two");

  whole = read_log (fixture);
  for (guint64 cut = first + 1; cut < second; cut++)
    {
      g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
      g_autofree char *text = NULL;
      guint64 end;

      g_assert_true (g_file_set_contents (path, whole, (gssize)cut, NULL));
      assert_keys (fixture, "one");
      end = append (fixture, "three");
      assert_keys (fixture, "one three");
      text = read_log (fixture);
      g_assert_cmpuint (strlen (text), ==, end);
      g_assert_nonnull (strstr (text, "\n2 session three"));
    }
}

/* A power cut may leave a whole batch as zeros, its length known and its bytes not */
static void
test_a_long_torn_tail_is_overwritten (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  static const gsize sizes[] = { 1, 511, 1023, 1024, 1025, 5000, 70000, 300000 };

  append (fixture, "one");
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autofree char *zeros = g_malloc0 (sizes[i]);
      g_autofree char *log = NULL;
      guint64 end;

      add_tail (fixture, zeros, sizes[i]);
      end = append (fixture, "next");
      log = read_log (fixture);
      g_assert_cmpuint (strlen (log), ==, end);
    }
  assert_keys (fixture, "one next next next next next next next next");
}

static void
test_every_flipped_bit_of_a_line_is_noticed (Fixture       *fixture,
                                             gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
  g_autofree char *whole = NULL;
  guint64 first = append (fixture, "one");
  guint64 second = append (fixture, "two");

  whole = read_log (fixture);
  for (guint64 i = first; i < second; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        g_autofree char *keys = NULL;

        whole[i] ^= (char)(1 << bit);
        g_assert_true (g_file_set_contents (path, whole, (gssize)second, NULL));
        keys = read_keys (fixture, 0, NULL);
        g_assert_cmpstr (keys, ==, "one");
        whole[i] ^= (char)(1 << bit);
      }
}

/* Damage in the middle takes no line after it away: the end is still found, and kept */
static void
test_lines_after_a_damaged_one_are_kept (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  guint64 first = append (fixture, "one");
  guint64 second = append (fixture, "two");
  guint64 third = append (fixture, "three");
  g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
  g_autofree char *text = read_log (fixture);
  g_autofree char *rest = NULL;
  guint64 end;

  text[first + 3] ^= 1;
  g_assert_true (g_file_set_contents (path, text, (gssize)third, NULL));
  g_assert_true (_strata_changes_find_end (fixture->dir, &end, NULL));
  g_assert_cmpuint (end, ==, third);

  append (fixture, "four");
  assert_keys (fixture, "one");
  rest = read_keys (fixture, second, NULL);
  g_assert_cmpstr (rest, ==, "three four");
}

/* A power cut lost the first of three lines and kept the others. @intents: what a dead writer was
 * about to commit
 */
static void
cut_after_loss (Fixture    *fixture,
                const char *intents)
{
  g_autofree char *path = g_build_filename (fixture->path, "changes.log", NULL);
  g_autoptr(GPtrArray) changes = new_changes ();
  g_autofree char *whole = NULL;
  g_autoptr(GError) error = NULL;
  guint64 first = append (fixture, "one"), end;

  add_change (changes, FALSE, "two");
  add_change (changes, TRUE, "three");
  add_change (changes, FALSE, "four");
  g_assert_true (_strata_changes_append (fixture->dir, changes, &end, NULL));
  whole = read_log (fixture);
  memset (whole + first, 0, 50);
  g_assert_true (g_file_set_contents (path, whole, (gssize)end, NULL));

  _strata_changes_cut_torn (fixture->dir, intents, &error);
  g_assert_no_error (error);
}

static void
test_a_torn_commit_is_cut (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autofree char *log = NULL;

  cut_after_loss (fixture, "session two\ncollection three\nsession four\n");
  assert_keys (fixture, "one");
  append (fixture, "five");
  assert_keys (fixture, "one five");
  log = read_log (fixture);
  g_assert_nonnull (strstr (log, "\n2 session five"));
}

/* Lines that nobody was about to write were acknowledged: whatever was lost before them, they stay */
static void
test_damage_is_no_torn_commit (Fixture       *fixture,
                               gconstpointer  test_data)
{
  static const char *const intents[] = { "", "session two\nsession four\n", "session two\nsession three\nsession four\n", "collection three" };

  for (guint i = 0; i < G_N_ELEMENTS (intents); i++)
    {
      cut_after_loss (fixture, intents[i]);
      assert_keys (fixture, "one");
      append (fixture, "five");
      assert_keys (fixture, "one");
      g_assert_cmpint (unlinkat (fixture->dir, "changes.log", 0), ==, 0);
    }
}

static void
test_a_log_in_order_is_not_cut (Fixture       *fixture,
                                gconstpointer  test_data)
{
  append (fixture, "one");
  g_assert_true (_strata_changes_cut_torn (fixture->dir, "session one\n", NULL));
  add_tail (fixture, "2 session two", 13);
  g_assert_true (_strata_changes_cut_torn (fixture->dir, "session one\n", NULL));
  assert_keys (fixture, "one");

  g_assert_cmpint (unlinkat (fixture->dir, "changes.log", 0), ==, 0);
  g_assert_true (_strata_changes_cut_torn (fixture->dir, "session one\n", NULL));
  assert_keys (fixture, "");
}

static void
test_cutting_reports_every_fault (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  gboolean struck = TRUE;
  guint n_failed = 0;

  cut_after_loss (fixture, "");
  for (guint64 nth = 1; struck; nth++)
    {
      g_autoptr(GError) error = NULL;
      gboolean ok;

      fault_seam_install ();
      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      ok = _strata_changes_cut_torn (fixture->dir, "session two\ncollection three\nsession four\n", &error);
      struck = fault_seam_has_struck ();
      fault_seam_remove ();
      g_assert_true (ok == (error == NULL));
      n_failed += ok ? 0 : 1;
    }
  g_assert_cmpuint (n_failed, >, 3);
  assert_keys (fixture, "one");
}

static void
test_a_log_that_is_no_log_is_left_alone (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  const gsize size = 5 * 1024 * 1024;
  g_autofree char *junk = g_strnfill (size, 'x');
  g_autoptr(GError) error = NULL;
  struct stat status;
  guint64 end;

  add_tail (fixture, junk, size);
  g_assert_false (append_one (fixture, "one", &end, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_assert_true (_strata_file_stat (fixture->dir, "changes.log", &status, NULL));
  g_assert_cmpuint ((gsize)status.st_size, ==, size);
}

/* The store stays usable; that lines are missing, verify says. */
static void
test_a_missing_log_has_no_lines_and_is_made_again (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  guint64 end = 1, log_end = 1;

  g_assert_cmpint (unlinkat (fixture->dir, "changes.log", 0), ==, 0);
  g_assert_true (_strata_changes_read (fixture->dir, 0, NULL, &end, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (end, ==, 0);
  g_assert_true (_strata_changes_find_end (fixture->dir, &log_end, &error));
  g_assert_cmpuint (log_end, ==, 0);

  g_assert_true (append_one (fixture, "one", &end, &error));
  g_assert_no_error (error);
  g_assert_true (_strata_changes_find_end (fixture->dir, &log_end, &error));
  g_assert_cmpuint (log_end, ==, end);
}

/* Whichever call fails: what was acknowledged stays, what is acknowledged is
 * there, and the next append works.
 */
static void
test_no_fault_loses_an_acknowledged_line (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  static const struct { FaultKind kind; int errno_value; } faults[] = {
    { FAULT_ERRNO, ENOSPC }, { FAULT_ERRNO, EIO }, { FAULT_FOREVER, ENOSPC }, { FAULT_SHORT, 0 }, { FAULT_ERRNO, EINTR },
  };
  g_autoptr(GString) acknowledged = g_string_new ("start");
  guint count = 0;

  append (fixture, "start");
  fault_seam_install ();
  for (guint f = 0; f < G_N_ELEMENTS (faults); f++)
    for (guint64 nth = 1; ; nth++)
      {
        g_autofree char *key = g_strdup_printf ("key-%u", count++);
        g_autofree char *keys = NULL;
        g_autoptr(GError) error = NULL;
        gboolean ok, struck;
        guint64 end, found;

        fault_seam_arm (faults[f].kind, nth, faults[f].errno_value);
        ok = append_one (fixture, key, &end, &error);
        struck = fault_seam_has_struck ();
        fault_seam_arm (FAULT_NONE, 0, 0);
        g_assert_true (ok == (error == NULL));
        if (faults[f].kind == FAULT_SHORT)
          g_assert_true (ok);

        keys = read_keys (fixture, 0, NULL);
        g_assert_true (g_str_has_prefix (keys, acknowledged->str));
        if (ok)
          {
            g_string_append_printf (acknowledged, " %s", key);
            g_assert_cmpstr (keys, ==, acknowledged->str);
            g_assert_true (_strata_changes_find_end (fixture->dir, &found, NULL));
            g_assert_cmpuint (end, ==, found);
          }
        else
          {
            /* It may be there though nobody was told */
            g_string_assign (acknowledged, keys);
            append (fixture, "next");
            g_string_append (acknowledged, " next");
            assert_keys (fixture, acknowledged->str);
          }
        if (!struck)
          break;
      }
}

/* Also where the line was written, and only its way to the disk failed */
static void
test_a_failed_append_leaves_no_line (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  guint n_failed = 0;

  append (fixture, "start");
  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
    {
      g_autofree char *key = g_strdup_printf ("key-%" G_GUINT64_FORMAT, nth);
      g_autofree char *before = read_log (fixture);
      g_autofree char *after = NULL;
      guint64 end;
      gboolean ok;

      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      ok = append_one (fixture, key, &end, NULL);
      if (!fault_seam_has_struck ())
        break;
      fault_seam_arm (FAULT_NONE, 0, 0);
      after = read_log (fixture);
      g_assert_true (ok == (strcmp (before, after) != 0));
      n_failed += ok ? 0 : 1;
    }
  g_assert_cmpuint (n_failed, >, 4);
}

static void
test_reading_reports_every_fault (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  append (fixture, "one");
  fault_seam_install ();
  for (guint64 nth = 1; ; nth++)
    {
      g_autoptr(GError) error = NULL;
      guint64 end;
      gboolean ok;

      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      ok = _strata_changes_read (fixture->dir, 0, NULL, &end, &error);
      if (!fault_seam_has_struck ())
        break;
      /* Only closing what was read may fail unseen */
      g_assert_true (ok == (error == NULL));
      if (ok)
        g_assert_cmpuint (nth, ==, fault_seam_get_calls ());
    }
  fault_seam_arm (FAULT_NONE, 0, 0);
  assert_keys (fixture, "one");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/changes/read-back", test_what_is_appended_is_read);
  ADD ("/changes/line", test_a_line_looks_as_it_is_written_down);
  ADD ("/changes/offsets", test_reading_goes_on_from_any_line);
  ADD ("/changes/long", test_a_long_log_is_read_whole);
  ADD ("/changes/torn-line", test_a_torn_line_is_overwritten);
  ADD ("/changes/torn-tail", test_a_long_torn_tail_is_overwritten);
  ADD ("/changes/flipped", test_every_flipped_bit_of_a_line_is_noticed);
  ADD ("/changes/damage-in-the-middle", test_lines_after_a_damaged_one_are_kept);
  ADD ("/changes/torn-commit", test_a_torn_commit_is_cut);
  ADD ("/changes/no-torn-commit", test_damage_is_no_torn_commit);
  ADD ("/changes/in-order", test_a_log_in_order_is_not_cut);
  ADD ("/changes/cut-faults", test_cutting_reports_every_fault);
  ADD ("/changes/no-log", test_a_log_that_is_no_log_is_left_alone);
  ADD ("/changes/missing", test_a_missing_log_has_no_lines_and_is_made_again);
  ADD ("/changes/faults", test_no_fault_loses_an_acknowledged_line);
  ADD ("/changes/failed", test_a_failed_append_leaves_no_line);
  ADD ("/changes/read-faults", test_reading_reports_every_fault);

  return g_test_run ();
}

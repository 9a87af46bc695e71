/* test-deleted.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include <glib/gstdio.h>

#include "fault-seam.h"
#include "store-util.h"
#include "store/strata-deleted-private.h"
#include "test-util.h"
#include "write-util.h"

#define SESSION "{\"id\":\"s\",\"x\":1}"

typedef struct
{
  char          *path;
  StrataStore   *store;
  StrataDeleted *deleted;
  char          *key;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->key = write_util_create (fixture->store, SESSION, &error);
  g_assert_no_error (error);
  fixture->deleted = _strata_deleted_new (_strata_store_get_dir (fixture->store), &error);
  g_assert_no_error (error);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  _strata_deleted_free (fixture->deleted);
  g_object_unref (fixture->store);
  test_remove_tree (fixture->path);
  g_free (fixture->path);
  g_free (fixture->key);
}

static void
delete_session (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;

  g_free (strata_store_delete_session (fixture->store, fixture->key, NULL, &error));
  g_assert_no_error (error);
}

/* @expected: (nullable): the text it had; NULL: it is not deleted */
static void
assert_deleted (StrataDeleted *deleted,
                const char    *key,
                const char    *expected)
{
  g_autoptr(GError) error = NULL;
  StrataDigest content, digest;
  gboolean is_deleted;

  g_assert_true (_strata_deleted_find (deleted, key, &is_deleted, &content, &error));
  g_assert_no_error (error);
  g_assert_true (is_deleted == (expected != NULL));
  if (expected == NULL)
    return;
  _strata_digest_of (expected, strlen (expected), &digest);
  g_assert_true (_strata_digest_equal (&content, &digest));
}

static void
test_the_last_word_counts (Fixture       *fixture,
                           gconstpointer  test_data)
{
  g_autoptr(StrataDeleted) later = NULL;
  g_autoptr(GError) error = NULL;

  assert_deleted (fixture->deleted, fixture->key, NULL);
  delete_session (fixture);
  assert_deleted (fixture->deleted, fixture->key, SESSION);
  assert_deleted (fixture->deleted, "other-0123456789abcdef", NULL);

  g_free (strata_store_undelete (fixture->store, fixture->key, NULL, &error));
  g_assert_no_error (error);
  assert_deleted (fixture->deleted, fixture->key, NULL);

  delete_session (fixture);
  g_free (write_util_create (fixture->store, "{\"id\":\"s\",\"x\":2}", &error));
  g_assert_no_error (error);
  assert_deleted (fixture->deleted, fixture->key, NULL);
  /* The first one is still in the trash */
  later = _strata_deleted_new (_strata_store_get_dir (fixture->store), &error);
  g_assert_no_error (error);
  assert_deleted (later, fixture->key, NULL);
}

/* A session that was changed is known by what it was when it was put whole. */
static void
test_a_changed_session_is_known_by_what_it_was (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  write_util_set (fixture->store, fixture->key, "x", "2", &error);
  g_assert_no_error (error);
  delete_session (fixture);
  assert_deleted (fixture->deleted, fixture->key, SESSION);
}

static void
test_where_the_log_is_lost_the_trash_tells (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autoptr(StrataDeleted) later = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *log = g_build_filename (fixture->path, "changes.log", NULL);

  delete_session (fixture);
  g_assert_cmpint (g_remove (log), ==, 0);
  later = _strata_deleted_new (_strata_store_get_dir (fixture->store), &error);
  g_assert_no_error (error);
  assert_deleted (later, fixture->key, SESSION);
}

static void
test_every_fault_is_reported (Fixture       *fixture,
                              gconstpointer  test_data)
{
  guint n_failed = 0;
  gboolean struck = TRUE;

  delete_session (fixture);
  for (guint64 nth = 1; struck; nth++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataDeleted) later = NULL;

      fault_seam_install ();
      fault_seam_arm (FAULT_ERRNO, nth, EIO);
      later = _strata_deleted_new (_strata_store_get_dir (fixture->store), &error);
      struck = fault_seam_has_struck ();
      fault_seam_remove ();
      g_assert_true ((later == NULL) == (error != NULL));
      n_failed += later == NULL ? 1 : 0;
      /* The log knows it, whatever of the trash could not be read */
      if (later != NULL)
        assert_deleted (later, fixture->key, SESSION);
    }
  g_assert_cmpuint (n_failed, >=, 3);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/deleted/last-word", test_the_last_word_counts);
  ADD ("/deleted/changed", test_a_changed_session_is_known_by_what_it_was);
  ADD ("/deleted/lost-log", test_where_the_log_is_lost_the_trash_tells);
  ADD ("/deleted/faults", test_every_fault_is_reported);

  return g_test_run ();
}

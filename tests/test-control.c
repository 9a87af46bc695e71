/* test-control.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include "base/strata-control-private.h"
#include "base/strata-error.h"
#include "fault-seam.h"
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

/* A job that is in the state that it was last told, and can't dance */
static char *
obey (const char  *command,
      gpointer     user_data,
      GError     **error)
{
  if (strcmp (command, "dance") == 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "It can't dance");
      return NULL;
    }

  return g_strdup_printf ("{\"state\":\"%s of %s\"}", command, (const char *)user_data);
}

static StrataControl *
listen_as (Fixture    *fixture,
           const char *job)
{
  g_autoptr(GError) error = NULL;
  StrataControl *control = _strata_control_listen (fixture->dir, job, obey, (gpointer)job, &error);

  g_assert_no_error (error);

  return control;
}

static void
assert_answer (Fixture    *fixture,
               const char *job,
               const char *command,
               const char *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *answer = strata_control_ask (fixture->path, job, command, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (answer, ==, expected);
}

static void
assert_nobody (Fixture    *fixture,
               const char *job)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (strata_control_ask (fixture->path, job, "status", &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

static void
test_nobody_answers_where_nothing_runs (Fixture       *fixture,
                                        gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *missing = g_build_filename (fixture->path, "missing", NULL);

  assert_nobody (fixture, "migration");
  g_assert_null (strata_control_ask (missing, "migration", "status", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

static void
test_each_job_answers_for_itself (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(StrataControl) migration = listen_as (fixture, "migration");
  g_autoptr(StrataControl) compression = listen_as (fixture, "compression");

  assert_answer (fixture, "migration", "pause", "{\"state\":\"pause of migration\"}");
  assert_answer (fixture, "compression", "resume", "{\"state\":\"resume of compression\"}");

  g_clear_pointer (&migration, _strata_control_free);
  assert_nobody (fixture, "migration");
  assert_answer (fixture, "compression", "status", "{\"state\":\"status of compression\"}");
}

static void
test_a_refusal_says_why (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(StrataControl) control = listen_as (fixture, "migration");
  g_autoptr(GError) error = NULL;

  g_assert_null (strata_control_ask (fixture->path, "migration", "dance", &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_assert_cmpstr (error->message, ==, "It can't dance");
}

/* Made without a path: that of a store may be longer than a socket's can be */
static int
make_socket (Fixture    *fixture,
             const char *name,
             gboolean    binds)
{
  struct sockaddr_un address = { .sun_family = AF_UNIX };
  int fd = socket (AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);

  g_assert_cmpint (fd, >=, 0);
  g_snprintf (address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/%s", fixture->dir, name);
  if (binds)
    g_assert_no_errno (bind (fd, (struct sockaddr *)&address, sizeof address));
  else
    g_assert_no_errno (connect (fd, (struct sockaddr *)&address, sizeof address));

  return fd;
}

static void
test_what_a_crash_left_is_replaced (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autoptr(StrataControl) control = NULL;

  close (make_socket (fixture, "migration.socket", TRUE));
  assert_nobody (fixture, "migration");

  control = listen_as (fixture, "migration");
  assert_answer (fixture, "migration", "status", "{\"state\":\"status of migration\"}");
}

static void
test_only_the_user_may_ask (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataControl) control = listen_as (fixture, "migration");
  struct stat status;

  g_assert_no_errno (fstatat (fixture->dir, "migration.socket", &status, AT_SYMLINK_NOFOLLOW));
  g_assert_true (S_ISSOCK (status.st_mode));
  g_assert_cmpint (status.st_mode & 0777, ==, 0600);
}

static void
test_nothing_stays_behind (Fixture       *fixture,
                           gconstpointer  test_data)
{
  struct stat status;

  _strata_control_free (listen_as (fixture, "migration"));
  g_assert_cmpint (fstatat (fixture->dir, "migration.socket", &status, AT_SYMLINK_NOFOLLOW), ==, -1);
  g_assert_cmpint (errno, ==, ENOENT);
}

static void
test_nonsense_and_silence_do_not_stop_it (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autoptr(StrataControl) control = listen_as (fixture, "migration");
  g_autofree char *nonsense = g_malloc0 (100000);
  int silent = make_socket (fixture, "migration.socket", FALSE);
  int gone = make_socket (fixture, "migration.socket", FALSE);
  int noisy = make_socket (fixture, "migration.socket", FALSE);

  close (gone);
  send (noisy, nonsense, 100000, MSG_NOSIGNAL);
  assert_answer (fixture, "migration", "status", "{\"state\":\"status of migration\"}");
  close (silent);
  close (noisy);
}

static void
test_a_long_path_is_no_obstacle (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  g_autofree char *name = g_strnfill (200, 'x');
  Fixture deep = { g_build_filename (fixture->path, name, NULL), -1 };

  g_assert_no_errno (mkdirat (fixture->dir, name, 0700));
  deep.dir = test_open_dir (deep.path);
  {
    g_autoptr(StrataControl) control = listen_as (&deep, "migration");

    assert_answer (&deep, "migration", "status", "{\"state\":\"status of migration\"}");
  }
  close (deep.dir);
  g_free (deep.path);
}

static void
test_a_folder_that_takes_none_is_reported (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autoptr(GError) unlink_error = NULL;
  g_autoptr(GError) bind_error = NULL;
  g_autofree char *long_job = g_strnfill (120, 'x');

  fault_seam_install ();
  fault_seam_arm (FAULT_ERRNO, 1, EIO);
  g_assert_null (_strata_control_listen (fixture->dir, "migration", obey, NULL, &unlink_error));
  g_assert_error (unlink_error, G_IO_ERROR, G_IO_ERROR_FAILED);
  fault_seam_remove ();

  g_assert_null (_strata_control_listen (fixture->dir, long_job, obey, NULL, &bind_error));
  g_assert_error (bind_error, G_IO_ERROR, G_IO_ERROR_FILENAME_TOO_LONG);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/control/nobody-answers-where-nothing-runs", test_nobody_answers_where_nothing_runs);
  ADD ("/control/each-job-answers-for-itself", test_each_job_answers_for_itself);
  ADD ("/control/a-refusal-says-why", test_a_refusal_says_why);
  ADD ("/control/what-a-crash-left-is-replaced", test_what_a_crash_left_is_replaced);
  ADD ("/control/only-the-user-may-ask", test_only_the_user_may_ask);
  ADD ("/control/nothing-stays-behind", test_nothing_stays_behind);
  ADD ("/control/nonsense-and-silence-do-not-stop-it", test_nonsense_and_silence_do_not_stop_it);
  ADD ("/control/a-long-path-is-no-obstacle", test_a_long_path_is_no_obstacle);
  ADD ("/control/a-folder-that-takes-none-is-reported", test_a_folder_that_takes_none_is_reported);

  return g_test_run ();
}

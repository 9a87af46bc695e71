/* test-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <gio/gio.h>

/* Every test gets a folder of its own, removed with all that is in it. */
static inline char *
test_make_dir (void)
{
  g_autoptr(GError) error = NULL;
  char *path = g_dir_make_tmp ("strata-test-XXXXXX", &error);

  g_assert_no_error (error);

  return path;
}

/* The same in memory, where there is such a place: for tests that would wait for
 * the disk a thousand times.
 */
static inline char *
test_make_fast_dir (void)
{
  g_autofree char *path = g_strdup ("/dev/shm/strata-test-XXXXXX");

  return g_mkdtemp (path) != NULL ? g_steal_pointer (&path) : test_make_dir ();
}

static inline void
test_remove_dir (const char *path)
{
  g_autofree char *quoted = g_shell_quote (path);
  g_autofree char *command = g_strconcat ("chmod -R u+rwX -- ", quoted, " && rm -rf -- ", quoted, NULL);

  g_assert_cmpint (system (command), ==, 0);
}

/* Whether this process has a file open below @path, or @path itself: a thread may be closing it. */
static inline gboolean
test_has_open (const char *path)
{
  g_autoptr(GDir) dir = g_dir_open ("/proc/self/fd", 0, NULL);
  const char *name;

  while (dir != NULL && (name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *link = g_build_filename ("/proc/self/fd", name, NULL);
      g_autofree char *target = g_file_read_link (link, NULL);

      if (target != NULL && g_str_has_prefix (target, path))
        return TRUE;
    }

  return FALSE;
}

static inline int
test_remove_entry (const char        *path,
                   const struct stat *status,
                   int                type,
                   struct FTW        *where)
{
  return remove (path);
}

/* The same without starting a shell: for folders that come and go by the thousand. */
static inline void
test_remove_tree (const char *path)
{
  g_assert_cmpint (nftw (path, test_remove_entry, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
}

static inline int
test_open_dir (const char *path)
{
  int dir = open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

  g_assert_cmpint (dir, >=, 0);

  return dir;
}

/* The fixtures that lie beside the project where it is developed; NULL elsewhere. */
static inline char *
test_dup_fixtures (void)
{
  const char *given = g_getenv ("STRATA_FIXTURES");
  g_autofree char *path = NULL;

  if (given != NULL && *given != '\0')
    path = g_strdup (given);
  else
    path = g_test_build_filename (G_TEST_DIST, "..", "..", "shared", "fixtures", NULL);

  return g_file_test (path, G_FILE_TEST_IS_DIR) ? g_steal_pointer (&path) : NULL;
}

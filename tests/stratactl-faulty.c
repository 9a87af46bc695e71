/* stratactl-faulty.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "fault-seam.h"

/* stratactl with a seam that goes wrong where the environment says:
 *
 *   STRATA_TEST_KILL_AT=N               ends as if by kill -9 at the N-th call
 *   STRATA_TEST_FAIL_AT=N:ERRNO         the N-th call fails with, say, EIO
 *   STRATA_TEST_FAIL_AT=N:ERRNO:forever and so does every one after it
 *   STRATA_TEST_FAIL_AT=N:ERRNO:full    from the N-th on, those that need space do
 *   STRATA_TEST_HOLD=STEP:FILE          waits where that step begins, as long as there is FILE
 *   STRATA_TEST_STEPS=FILE              at exit gets a line "step calls" for each
 *                                       stretch of the work, in order
 */

int stratactl_main (int argc, char *argv[]);

#define HOLD_US 10000

static const struct { const char *name; int value; } errnos[] = {
  { "EACCES", EACCES },
  { "EDQUOT", EDQUOT },
  { "EIO", EIO },
  { "ENOSPC", ENOSPC },
  { "EROFS", EROFS },
};

/* Stretches: marks may come from the command's thread, the rest is read when it has ended */
static GMutex   mutex;
static GString *stretches;
static char    *stretch;
static guint64  stretch_start;

static void
end_stretch (void)
{
  guint64 calls = fault_seam_get_calls ();

  g_string_append_printf (stretches, "%s %" G_GUINT64_FORMAT "\n", stretch, calls - stretch_start);
  g_clear_pointer (&stretch, g_free);
  stretch_start = calls;
}

/* Another process has time to look at this one. */
static void
hold (const char *step)
{
  const char *where = g_getenv ("STRATA_TEST_HOLD");
  gsize length = strlen (step);

  if (where == NULL || strncmp (where, step, length) != 0 || where[length] != ':')
    return;

  while (g_file_test (where + length + 1, G_FILE_TEST_EXISTS))
    g_usleep (HOLD_US);
}

static void
note_step (const char *step)
{
  g_autoptr(GMutexLocker) locker G_GNUC_UNUSED = g_mutex_locker_new (&mutex);

  end_stretch ();
  stretch = g_strdup (step);
  hold (step);
}

static G_GNUC_NORETURN void
refuse (const char *variable)
{
  fprintf (stderr, "stratactl-faulty: %s can't be understood\n", variable);
  exit (99);
}

static void
arm_failure (const char *text)
{
  g_auto(GStrv) fields = g_strsplit (text, ":", 3);
  guint n = g_strv_length (fields);
  FaultKind kind = FAULT_ERRNO;

  if (n == 3 && strcmp (fields[2], "forever") == 0)
    kind = FAULT_FOREVER;
  else if (n == 3 && strcmp (fields[2], "full") == 0)
    kind = FAULT_FULL;
  else if (n != 2)
    refuse ("STRATA_TEST_FAIL_AT");

  for (guint i = 0; i < G_N_ELEMENTS (errnos); i++)
    if (strcmp (errnos[i].name, fields[1]) == 0)
      {
        fault_seam_arm (kind, g_ascii_strtoull (fields[0], NULL, 10), errnos[i].value);
        return;
      }

  refuse ("STRATA_TEST_FAIL_AT");
}

int
main (int   argc,
      char *argv[])
{
  const char *kill_at = g_getenv ("STRATA_TEST_KILL_AT");
  const char *fail_at = g_getenv ("STRATA_TEST_FAIL_AT");
  const char *steps_path = g_getenv ("STRATA_TEST_STEPS");
  StrataSeam seam;
  int status;

  fault_seam_install ();
  seam = *_strata_seam;
  seam.mark = note_step;
  _strata_seam = &seam;
  stretches = g_string_new (NULL);
  stretch = g_strdup ("start");

  if (kill_at != NULL)
    fault_seam_arm (FAULT_KILL, g_ascii_strtoull (kill_at, NULL, 10), 0);
  else if (fail_at != NULL)
    arm_failure (fail_at);

  status = stratactl_main (argc, argv);

  end_stretch ();
  fault_seam_remove ();
  if (steps_path != NULL && !g_file_set_contents (steps_path, stretches->str, (gssize)stretches->len, NULL))
    refuse ("STRATA_TEST_STEPS");
  g_string_free (stretches, TRUE);

  return status;
}

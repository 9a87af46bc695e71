/* loop-probe.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include <glib.h>

/* Loaded into a program before it starts (LD_PRELOAD), it comes back to the
 * main loop each millisecond and writes down how long that took: on the wall,
 * and in processor time of that thread. The file named in LOOP_PROBE gets three
 * numbers of 64 bits a turn, in microseconds: when it ended since the computer
 * started, and the two durations. What they have in common says what the loop
 * was held up by itself; the rest is waiting, for files or for a processor.
 */

#define EACH_MS 1
#define BLOCK   (1 << 16)

typedef struct
{
  gint64 at_us;
  gint64 wall_us;
  gint64 cpu_us;
} Turn;

typedef struct
{
  FILE   *file;
  gint64  last_wall_us;
  gint64  last_cpu_us;
} Probe;

static Probe probe;

static gint64
read_clock (clockid_t clock)
{
  struct timespec time;

  clock_gettime (clock, &time);

  return (gint64)time.tv_sec * G_USEC_PER_SEC + time.tv_nsec / 1000;
}

/* stdio's large block is written back by the system; it takes microseconds, a few times a minute. */
static gboolean
turn_cb (gpointer user_data)
{
  gint64 wall_us = g_get_monotonic_time ();
  gint64 cpu_us = read_clock (CLOCK_THREAD_CPUTIME_ID);
  Turn turn = { wall_us, wall_us - probe.last_wall_us, cpu_us - probe.last_cpu_us };

  if (probe.last_wall_us != 0)
    fwrite (&turn, sizeof turn, 1, probe.file);
  probe.last_wall_us = wall_us;
  probe.last_cpu_us = cpu_us;

  return G_SOURCE_CONTINUE;
}

/* Only in the program itself, and not in what it starts */
__attribute__ ((constructor)) static void
load (void)
{
  const char *path = getenv ("LOOP_PROBE");

  if (path == NULL)
    return;

  probe.file = fopen (path, "wbe");
  unsetenv ("LOOP_PROBE");
  unsetenv ("LD_PRELOAD");
  if (probe.file == NULL)
    return;

  setvbuf (probe.file, NULL, _IOFBF, BLOCK);
  g_timeout_add_full (G_PRIORITY_HIGH, EACH_MS, turn_cb, NULL, NULL);
}

__attribute__ ((destructor)) static void
unload (void)
{
  if (probe.file != NULL)
    fclose (probe.file);
}

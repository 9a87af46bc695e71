/* bench-write.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <fcntl.h>
#include <locale.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "core/strata.h"

/* How long it takes to write to a store, and how much is written to the disk for it:
 *
 *   bench-write FOLDER [--samples=2000] [--appends=100000] [--every=10] [--image-bytes=200000]
 *
 * Makes a store in FOLDER, which is not there yet. First what one append costs him
 * who waits for it, and him who leaves it to the queue; then a long recording into
 * one session: element after element, each on disk before the next, every so
 * many with a picture of its own.
 */

static int samples = 2000;
static int appends = 100000;
static int every = 10;
static int image_bytes = 200000;

static const GOptionEntry entries[] = {
  { "samples", 's', 0, G_OPTION_ARG_INT, &samples, "Times to do what is short", "N" },
  { "appends", 'a', 0, G_OPTION_ARG_INT, &appends, "Elements of the long recording", "N" },
  { "every", 'e', 0, G_OPTION_ARG_INT, &every, "Each so manieth of them has a picture", "N" },
  { "image-bytes", 'i', 0, G_OPTION_ARG_INT, &image_bytes, "Size of a picture", "BYTES" },
  { NULL },
};

static double
now (void)
{
  struct timespec time;

  clock_gettime (CLOCK_MONOTONIC, &time);

  return (double)time.tv_sec + (double)time.tv_nsec / 1e9;
}

static void
fail_on (GError *error)
{
  if (error == NULL)
    return;

  g_printerr ("%s\n", error->message);
  exit (1);
}

static int
compare_doubles (gconstpointer a,
                 gconstpointer b)
{
  double first = *(const double *)a;
  double second = *(const double *)b;

  return first < second ? -1 : first > second;
}

/* @taken: seconds each; sorted afterwards */
static void
print_row (const char *name,
           double     *taken,
           guint       times)
{
  qsort (taken, times, sizeof *taken, compare_doubles);
  g_print ("  %-58s %6u %9.1f %9.1f %9.1f %9.1f\n", name, times, 1e6 * taken[0], 1e6 * taken[times / 2],
           1e6 * taken[MIN (times - 1, times * 99 / 100)], 1e6 * taken[times - 1]);
}

/* A row as the old program has it: ids, a time, words that were read on the screen, and short texts in
 * lists, each of which may be an attachment's id
 */
static GBytes *
make_element (guint number)
{
  g_autofree char *words = g_strnfill (1000, (char)('a' + number % 26));
  GString *text = g_string_new (NULL);

  g_string_append_printf (text, "{\"id\":\"1759115030088-%09u\",\"timestamp\":\"2025-10-05T20:21:01.911Z\","
                          "\"aiAnalysis\":{\"extractedText\":\"%s\",\"keyElements\":[\"A window\"", number, words);
  for (guint i = 0; i < 20; i++)
    g_string_append_printf (text, ",\"What is seen %u, %u\"", number, i);
  g_string_append (text, "],\"confidence\":0.95}}");

  return g_string_free_to_bytes (text);
}

/* No two pictures are alike, and none can be packed. */
static GBytes *
make_image (GRand *random)
{
  guint32 *data = g_malloc ((gsize)image_bytes + sizeof *data);

  for (int i = 0; i < image_bytes / (int)sizeof *data + 1; i++)
    data[i] = g_rand_int (random);

  return g_bytes_new_take (data, (gsize)image_bytes);
}

static char *
create_session (StrataStore *store,
                const char  *id)
{
  g_autofree char *json = g_strdup_printf ("{\"id\":\"%s\",\"screenshots\":[]}", id);
  g_autoptr(GInputStream) stream = g_memory_input_stream_new_from_data (json, -1, NULL);
  g_autoptr(GError) error = NULL;
  char *key = strata_store_create_session (store, stream, NULL, &error);

  fail_on (error);

  return key;
}

/* @image: (nullable) */
static void
append (StrataStore *store,
        const char  *key,
        guint        number,
        GBytes      *image)
{
  g_autoptr(GBytes) element = make_element (number);
  g_autoptr(StrataNewAttachment) attachment = image != NULL ? strata_new_attachment_new_for_bytes (NULL, image) : NULL;
  g_autoptr(GError) error = NULL;

  strata_store_append (store, key, "screenshots", element, attachment, NULL, NULL, &error);
  fail_on (error);
}

/* One append */

/* What no store can do without: the bytes, and waiting for the disk */
static void
write_plain (int     fd,
             GBytes *bytes)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  if (fd < 0 || write (fd, text, size) != (gssize)size || fdatasync (fd) < 0)
    {
      g_printerr ("A plain file can't be written\n");
      exit (1);
    }
}

/* By turns, so that both meet the same disk */
static void
time_durable (StrataStore *store,
              const char  *folder,
              gboolean     with_image)
{
  g_autofree char *key = create_session (store, with_image ? "durable with images" : "durable");
  g_autofree char *path = g_build_filename (folder, "plain", NULL);
  g_autofree double *taken = g_new (double, samples);
  g_autofree double *plain = g_new (double, samples);
  g_autoptr(GRand) random = g_rand_new_with_seed (1);
  int fd = open (path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);

  for (int i = 0; i < samples; i++)
    {
      g_autoptr(GBytes) element = make_element ((guint)i);
      g_autoptr(GBytes) image = with_image ? make_image (random) : NULL;
      double start = now ();

      write_plain (fd, with_image ? image : element);
      plain[i] = now () - start;
      start = now ();
      append (store, key, (guint)i, image);
      taken[i] = now () - start;
    }
  close (fd);
  unlink (path);
  print_row (with_image ? "a picture into a plain file, fdatasync" : "an element into a plain file, fdatasync", plain, (guint)samples);
  print_row (with_image ? "append with a picture, on disk" : "append, on disk", taken, (guint)samples);
}

static void
written_cb (GObject      *source_object,
            GAsyncResult *result,
            gpointer      user_data)
{
  g_autoptr(GError) error = NULL;

  strata_write_queue_write_finish (STRATA_WRITE_QUEUE (source_object), result, NULL, NULL, &error);
  fail_on (error);
  --*(guint *)user_data;
}

static void
time_queue (StrataStore *store)
{
  g_autofree char *key = create_session (store, "queue");
  g_autofree double *taken = g_new (double, 10 * samples);
  g_autoptr(StrataWriteQueue) queue = strata_write_queue_new (store, 256 * 1024 * 1024);
  guint left = 0;
  double start = now (), all;

  for (int i = 0; i < 10 * samples; i++)
    {
      g_autoptr(GBytes) element = make_element ((guint)i);
      double begin = now ();

      strata_write_queue_append_async (queue, key, "screenshots", element, NULL, STRATA_WRITE_PRIORITY_NORMAL, NULL,
                                       written_cb, &left);
      taken[i] = now () - begin;
      left++;
      /* As a program does that goes on with other things */
      while (i % 100 == 0 && g_main_context_iteration (NULL, FALSE));
    }
  while (left > 0)
    g_main_context_iteration (NULL, TRUE);
  all = now () - start;
  strata_write_queue_close (queue);
  print_row ("append, left to the queue: what its caller waits", taken, (guint)(10 * samples));
  g_print ("  %-58s %6d %9.1f\n", "until it was on disk, each, on average", 10 * samples, 1e6 * all / (10 * samples));
}

/* A long recording */

/* Bytes this process has had sent to the disk; 0: the system does not say */
static guint64
read_written_bytes (void)
{
  g_autofree char *text = NULL;
  const char *line;

  if (!g_file_get_contents ("/proc/self/io", &text, NULL, NULL))
    return 0;
  line = strstr (text, "\nwrite_bytes: ");

  return line != NULL ? g_ascii_strtoull (line + strlen ("\nwrite_bytes: "), NULL, 10) : 0;
}

static void
print_recording (double  *tenths,
                 guint64  data,
                 guint64  written)
{
  g_print ("\n  %d appends to one session, every %d. with a picture of %d bytes: µs each, by tenths\n   ", appends, every, image_bytes);
  for (guint i = 0; i < 10; i++)
    g_print (" %7.0f", 1e6 * tenths[i] / ((double)appends / 10));
  g_print ("\n  last tenth / first tenth: %.2f\n", tenths[9] / tenths[0]);
  g_print ("  given %.1f MB, written to the disk %.1f MB: %.2f times\n", (double)data / 1e6, (double)written / 1e6,
           (double)written / (double)data);
}

static void
record (StrataStore *store)
{
  g_autofree char *key = create_session (store, "long");
  g_autoptr(GRand) random = g_rand_new_with_seed (2);
  double tenths[10] = { 0, };
  guint64 data = 0, before;

  sync ();
  before = read_written_bytes ();
  for (int i = 0; i < appends; i++)
    {
      g_autoptr(GBytes) image = every > 0 && i % every == 0 ? make_image (random) : NULL;
      g_autoptr(GBytes) element = make_element ((guint)i);
      double start = now ();

      append (store, key, (guint)i, image);
      tenths[(gint64)i * 10 / appends] += now () - start;
      data += g_bytes_get_size (element) + (image != NULL ? g_bytes_get_size (image) : 0);
    }
  sync ();
  print_recording (tenths, data, read_written_bytes () - before);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GOptionContext) context = g_option_context_new ("FOLDER");
  g_autoptr(StrataStore) store = NULL;
  g_autoptr(GError) error = NULL;
  g_autofree char *path = NULL;

  setlocale (LC_ALL, "");
  g_option_context_add_main_entries (context, entries, NULL);
  if (!g_option_context_parse (context, &argc, &argv, &error) || argc != 2 || samples < 10 || appends < 10 || image_bytes < 1)
    {
      g_printerr ("%s", g_option_context_get_help (context, TRUE, NULL));
      return 1;
    }

  path = g_build_filename (argv[1], "store", NULL);
  if (g_mkdir_with_parents (argv[1], 0700) < 0 || g_file_test (path, G_FILE_TEST_EXISTS))
    {
      g_printerr ("%s is there already, or can't be made\n", path);
      return 1;
    }
  store = strata_store_open_or_create (path, &error);
  fail_on (error);

  g_print ("  %-58s %6s %9s %9s %9s %9s\n", "", "times", "best µs", "p50 µs", "p99 µs", "max µs");
  time_durable (store, argv[1], FALSE);
  time_durable (store, argv[1], TRUE);
  time_queue (store);
  record (store);

  return 0;
}

/* bench-codec.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "codec/strata-gzip-private.h"
#include "codec/strata-pixels-private.h"
#include "codec/strata-webp-private.h"

/* How small files get, and how fast, one after the other on one thread:
 *
 *   bench-codec FOLDER
 *
 * Takes the files of one folder: .json is packed as parts are, .jpg becomes WebP, with
 * the decoding and comparing that belong to it. See bench/run.py, which makes such a
 * folder and prints what other programs come to beside this.
 */

static const int levels[] = { 1, 6, 9, 12 };
static const int qualities[] = { 50, 80, 95 };

typedef struct
{
  guint64 before;
  guint64 after;
  double  packing;     /* seconds of processor time */
  double  unpacking;
} Sums;

static double
read_clock (void)
{
  struct timespec time;

  clock_gettime (CLOCK_PROCESS_CPUTIME_ID, &time);

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

static void
print_sums (const char *name,
            const Sums *sums)
{
  double megabytes = (double)sums->before / 1e6;

  g_print ("%-28s%10.2f%10.1f%10.1f%12.1f\n", name, megabytes, 100 * (double)sums->after / (double)sums->before,
           megabytes / sums->packing, megabytes / sums->unpacking);
}

static GPtrArray *
read_files (const char *folder,
            const char *suffix)
{
  GPtrArray *files = g_ptr_array_new_with_free_func ((GDestroyNotify)g_bytes_unref);
  g_autoptr(GDir) dir = NULL;
  GError *error = NULL;
  const char *name;

  dir = g_dir_open (folder, 0, &error);
  fail_on (error);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      char *data;
      gsize size;

      if (!g_str_has_suffix (name, suffix))
        continue;
      g_file_get_contents (path, &data, &size, &error);
      fail_on (error);
      g_ptr_array_add (files, g_bytes_new_take (data, size));
    }

  return files;
}

static void
bench_gzip (GPtrArray *files,
            int        level)
{
  g_autofree char *name = g_strdup_printf ("gzip, level %d", level);
  Sums sums = { 0, };

  for (guint i = 0; i < files->len; i++)
    {
      gsize size;
      const void *data = g_bytes_get_data (g_ptr_array_index (files, i), &size);
      g_autoptr(GBytes) packed = NULL;
      g_autoptr(GBytes) unpacked = NULL;
      GError *error = NULL;
      double start = read_clock ();

      packed = _strata_gzip_pack (data, size, level);
      sums.packing += read_clock () - start;
      start = read_clock ();
      unpacked = _strata_gzip_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), size, &error);
      sums.unpacking += read_clock () - start;
      fail_on (error);
      sums.before += size;
      sums.after += g_bytes_get_size (packed);
    }
  print_sums (name, &sums);
}

static void
bench_webp (GPtrArray *files,
            int        quality)
{
  g_autofree char *name = g_strdup_printf ("WebP, quality %d", quality);
  const StrataWebpSettings settings = { .quality = quality, .method = 4 };
  Sums sums = { 0, };

  for (guint i = 0; i < files->len; i++)
    {
      GBytes *image = g_ptr_array_index (files, i);
      g_autoptr(GBytes) webp = NULL;
      g_autoptr(StrataPixels) pixels = NULL;
      StrataWebpResult result;
      GError *error = NULL;
      double start = read_clock ();

      webp = _strata_webp_make (image, &settings, &result, &error);
      fail_on (error);
      sums.packing += read_clock () - start;
      start = read_clock ();
      pixels = _strata_pixels_new_of_webp (webp, &error);
      fail_on (error);
      sums.unpacking += read_clock () - start;
      sums.before += g_bytes_get_size (image);
      sums.after += g_bytes_get_size (webp);
    }
  print_sums (name, &sums);
}

int
main (int   argc,
      char *argv[])
{
  g_autoptr(GPtrArray) parts = NULL;
  g_autoptr(GPtrArray) images = NULL;

  if (argc != 2)
    {
      g_printerr ("Usage: bench-codec FOLDER\n");
      return 2;
    }

  parts = read_files (argv[1], ".json");
  images = read_files (argv[1], ".jpg");
  for (guint i = 0; parts->len > 0 && i < G_N_ELEMENTS (levels); i++)
    bench_gzip (parts, levels[i]);
  for (guint i = 0; images->len > 0 && i < G_N_ELEMENTS (qualities); i++)
    bench_webp (images, qualities[i]);

  return 0;
}

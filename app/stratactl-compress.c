/* stratactl-compress.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <stdio.h>
#include <string.h>

#include "stratactl-private.h"

#define MAX_LEVEL 12
#define DEFAULT_QUALITY 80

static void
add_counts (JsonBuilder                  *builder,
            const StrataCompressorCounts *counts)
{
  add_uint (builder, "sessions", counts->sessions);
  begin_object (builder, "bytes");
  add_uint (builder, "before", counts->bytes_before);
  add_uint (builder, "after", counts->bytes_after);
  json_builder_end_object (builder);
  begin_object (builder, "frames");
  add_uint (builder, "reel", 0);
  add_uint (builder, "kept", counts->frames_kept);
  json_builder_end_object (builder);
}

static void
print_counts (const StrataCompressorCounts *counts,
              gboolean                      is_undone)
{
  g_autofree char *before = g_format_size (counts->bytes_before);
  g_autofree char *after = g_format_size (counts->bytes_after);

  if (counts->sessions + counts->collections == 0)
    printf ("There was nothing to do.\n");
  else
    printf ("%" G_GUINT64_FORMAT " sessions and %" G_GUINT64_FORMAT " collections: %s before, %s now\n",
            counts->sessions, counts->collections, before, after);
  if (counts->images > 0)
    printf ("%" G_GUINT64_FORMAT " images are %s\n", counts->images,
            is_undone ? "as they were again" : "WebP now: they look alike, their own bytes go when the trash does");
  if (counts->images_lossy > 0)
    printf ("%" G_GUINT64_FORMAT " images stay WebP: what they were is no more\n", counts->images_lossy);
  if (counts->left > 0)
    printf ("%" G_GUINT64_FORMAT " were left as they are: they were changed meanwhile, or are damaged (verify says)\n", counts->left);
}

/* Says how it ended; @error: %NULL: well */
static int
report (Invocation       *invocation,
        StrataCompressor *compressor,
        gboolean          is_undone,
        const GError     *error)
{
  g_autoptr(JsonBuilder) builder = json_builder_new ();
  StrataCompressorCounts counts;
  StrataCompressorProgress progress;

  strata_compressor_get_counts (compressor, &counts);
  strata_compressor_get_progress (compressor, &progress);
  if (strcmp (progress.state, "cancelled") == 0 && !invocation->quiet)
    fprintf (stderr, "stratactl %s: Cancelled by another process; what is done is done\n", invocation->command->name);
  json_builder_begin_object (builder);
  add_counts (builder, &counts);
  if (error != NULL)
    return fail_with (invocation, error, builder);

  json_builder_end_object (builder);
  if (invocation->json)
    print_document (builder);
  else
    print_counts (&counts, is_undone);

  return EXIT_DONE;
}

static gboolean
parse_images (const char      *text,
              StrataImageMode *out_mode)
{
  static const char *const names[] = {
    [STRATA_IMAGES_OFF] = "off", [STRATA_IMAGES_EXACT] = "exact", [STRATA_IMAGES_WEBP] = "webp",
  };

  *out_mode = STRATA_IMAGES_EXACT;
  if (text == NULL)
    return TRUE;

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (names[i], text) == 0)
      {
        *out_mode = (StrataImageMode)i;
        return TRUE;
      }

  return FALSE;
}

/* Takes the options. Returns 0, or the exit status for a wrong call. */
static int
apply_options (Invocation       *invocation,
               StrataCompressor *compressor)
{
  StrataImageMode images;

  if (!parse_images (invocation->images, &images))
    return fail_usage (invocation, "--images takes exact, webp or off");
  if (invocation->quality != NOT_GIVEN && (images != STRATA_IMAGES_WEBP || invocation->quality < 0 || invocation->quality > 100))
    return fail_usage (invocation, "--quality takes a number from 0 to 100, with --images webp");
  if (invocation->level != NOT_GIVEN && (invocation->level < 0 || invocation->level > MAX_LEVEL))
    return fail_usage (invocation, "--level takes a number from 1 to 12, or 0 to leave JSON as it is");
  if (invocation->older_than != NOT_GIVEN && invocation->older_than < 0)
    return fail_usage (invocation, "--older-than takes a number of days");
  if (invocation->all && invocation->older_than != NOT_GIVEN)
    return fail_usage (invocation, "only one of --all and --older-than can be asked for");

  strata_compressor_set_images (compressor, images, invocation->quality != NOT_GIVEN ? (guint)invocation->quality : DEFAULT_QUALITY);
  if (invocation->level != NOT_GIVEN)
    strata_compressor_set_level (compressor, invocation->level > 0 ? invocation->level : -1);
  if (invocation->older_than != NOT_GIVEN)
    strata_compressor_set_min_age (compressor, (guint)invocation->older_than);
  if (invocation->all)
    strata_compressor_set_min_age (compressor, 0);

  /* Somebody asked for it, now */
  strata_compressor_set_on_battery (compressor, TRUE);

  return EXIT_DONE;
}

int
command_compress (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataCompressor) compressor = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  compressor = strata_compressor_new (store);
  status = apply_options (invocation, compressor);
  if (status != EXIT_DONE)
    return status;

  set_work (invocation, G_OBJECT (compressor));
  strata_compressor_run (compressor, invocation->cancellable, &error);
  end_progress (invocation);

  return report (invocation, compressor, FALSE, error);
}

int
command_decompress (Invocation *invocation)
{
  int status = EXIT_DONE;
  g_autoptr(StrataStore) store = open_store (invocation, &status);
  g_autoptr(StrataCompressor) compressor = NULL;
  g_auto(GStrv) keys = NULL;
  g_autoptr(GError) error = NULL;

  if (store == NULL)
    return status;

  if (invocation->arguments[0] != NULL)
    {
      keys = find_session_keys (invocation, store, &error);
      if (keys == NULL)
        return fail (invocation, NULL, error);
    }

  compressor = strata_compressor_new (store);
  set_work (invocation, G_OBJECT (compressor));
  strata_compressor_undo (compressor, (const char *const *)keys, invocation->cancellable, &error);
  end_progress (invocation);

  return report (invocation, compressor, TRUE, error);
}

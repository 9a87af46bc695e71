/* test-compressor-images.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "codec/strata-pixels-private.h"
#include "image-maker.h"
#include "maintenance/strata-compressor-private.h"
#include "maintenance/strata-gc.h"
#include "maintenance/strata-statistics.h"
#include "session-util.h"
#include "store/strata-store-write.h"
#include "test-util.h"

/* Sessions with images. By their end: */
enum
{
  OLD,          /* alone with one JPEG and one PNG, shares a JPEG with OLDER and one with YOUNG */
  OLDER,        /* has one JPEG that gets no smaller */
  YOUNG,
  N_SESSIONS,
};

static const char *const ends[N_SESSIONS] = { "2025-01-02T10:00:00.000Z", "2025-01-01T10:00:00.000Z", NULL };

typedef struct
{
  char        *path;
  StrataStore *store;
  char        *keys[N_SESSIONS];
  GBytes      *own;
  GBytes      *shared;
  GBytes      *shared_with_young;
  GBytes      *small;
  GBytes      *png;
} Fixture;

/* Every image is attached under an id of its own */
static void
attach (Fixture    *fixture,
        guint       session,
        const char *id,
        GBytes     *image)
{
  g_autoptr(StrataNewAttachment) attachment = strata_new_attachment_new_for_bytes (id, image);
  g_autofree char *element = g_strdup_printf ("{\"id\":\"of-%s\",\"attachmentId\":\"%s\"}", id, id);
  g_autoptr(GBytes) json = g_bytes_new (element, strlen (element));
  g_autoptr(GError) error = NULL;

  strata_store_append (fixture->store, fixture->keys[session], "screenshots", json, attachment, NULL, NULL, &error);
  g_assert_no_error (error);
}

static void
put_sessions (Fixture *fixture)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *today = g_date_time_format_iso8601 (now);

  for (guint i = 0; i < N_SESSIONS; i++)
    {
      g_autofree char *json = g_strdup_printf ("{\"id\":\"s%u\",\"screenshots\":[],\"endTime\":\"%s\"}", i,
                                               ends[i] != NULL ? ends[i] : today);

      fixture->keys[i] = store_util_put (fixture->store, json, i);
    }
}

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
  fixture->own = image_maker_jpeg (320, 200, 1, 92);
  fixture->shared = image_maker_jpeg (320, 200, 2, 92);
  fixture->shared_with_young = image_maker_jpeg (320, 200, 3, 92);
  fixture->small = image_maker_jpeg (320, 200, 4, 5);
  fixture->png = image_maker_png (IMAGE_RGB, 320, 200, 5);

  put_sessions (fixture);
  attach (fixture, OLD, "own", fixture->own);
  attach (fixture, OLD, "shared", fixture->shared);
  attach (fixture, OLD, "shared-again", fixture->shared);
  attach (fixture, OLD, "with-young", fixture->shared_with_young);
  attach (fixture, OLD, "png", fixture->png);
  attach (fixture, OLDER, "shared-too", fixture->shared);
  attach (fixture, OLDER, "small", fixture->small);
  attach (fixture, YOUNG, "young", fixture->shared_with_young);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_assert_true (strata_store_seal_session (fixture->store, fixture->keys[i], NULL, NULL));
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
  for (guint i = 0; i < N_SESSIONS; i++)
    g_free (fixture->keys[i]);
  g_bytes_unref (fixture->own);
  g_bytes_unref (fixture->shared);
  g_bytes_unref (fixture->shared_with_young);
  g_bytes_unref (fixture->small);
  g_bytes_unref (fixture->png);
}

static StrataCompressor *
make_compressor (Fixture *fixture)
{
  StrataCompressor *compressor = strata_compressor_new (fixture->store);

  strata_compressor_set_on_battery (compressor, TRUE);
  strata_compressor_set_level (compressor, -1);

  return compressor;
}

static void
compress (Fixture                *fixture,
          gboolean                lossless_png,
          StrataCompressorCounts *out_counts)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GError) error = NULL;

  strata_compressor_set_images (compressor, STRATA_IMAGES_WEBP, 80);
  strata_compressor_set_lossless_png (compressor, lossless_png);
  strata_compressor_run (compressor, NULL, &error);
  g_assert_no_error (error);
  strata_compressor_get_counts (compressor, out_counts);
}

static void
undo (Fixture                *fixture,
      StrataCompressorCounts *out_counts)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GError) error = NULL;

  strata_compressor_undo (compressor, NULL, NULL, &error);
  g_assert_no_error (error);
  strata_compressor_get_counts (compressor, out_counts);
}

static StrataAttachmentInfo *
find (Fixture    *fixture,
      const char *id)
{
  g_autoptr(GError) error = NULL;
  StrataAttachmentInfo *info = strata_store_find_attachment (fixture->store, id, &error);

  g_assert_no_error (error);

  return info;
}

static GBytes *
read_attachment (Fixture    *fixture,
                 const char *id)
{
  g_autoptr(StrataAttachmentInfo) info = find (fixture, id);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GOutputStream) out = g_memory_output_stream_new_resizable ();
  g_autoptr(GError) error = NULL;

  stream = strata_store_open_attachment (fixture->store, info, &error);
  g_assert_no_error (error);
  g_output_stream_splice (out, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, &error);
  g_assert_no_error (error);

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (out));
}

static void
assert_state (Fixture    *fixture,
              const char *id,
              const char *state,
              GBytes     *image)
{
  g_autoptr(StrataAttachmentInfo) info = find (fixture, id);
  g_autoptr(GBytes) bytes = read_attachment (fixture, id);

  g_assert_cmpstr (info->state, ==, state);
  g_assert_cmpuint ((guint64)info->bytes, ==, g_bytes_get_size (bytes));
  if (strcmp (state, "object") == 0)
    g_assert_true (g_bytes_equal (bytes, image));
  else
    g_assert_cmpuint (g_bytes_get_size (bytes), <=, g_bytes_get_size (image) * 9 / 10);
}

/* All that is as it was given */
static void
assert_exact (Fixture *fixture)
{
  g_autofree char *problems = store_util_check (fixture->store);

  assert_state (fixture, "own", "object", fixture->own);
  assert_state (fixture, "shared", "object", fixture->shared);
  assert_state (fixture, "shared-again", "object", fixture->shared);
  assert_state (fixture, "shared-too", "object", fixture->shared);
  assert_state (fixture, "with-young", "object", fixture->shared_with_young);
  assert_state (fixture, "young", "object", fixture->shared_with_young);
  assert_state (fixture, "small", "object", fixture->small);
  assert_state (fixture, "png", "object", fixture->png);
  g_assert_cmpstr (problems, ==, "");
}

static void
test_images_of_old_sessions_are_webp (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(StrataStatistics) statistics = NULL;
  g_autofree char *problems = NULL;
  StrataCompressorCounts counts;
  guint64 saved = 0;

  compress (fixture, FALSE, &counts);

  assert_state (fixture, "own", "webp", fixture->own);
  assert_state (fixture, "shared", "webp", fixture->shared);
  assert_state (fixture, "shared-again", "webp", fixture->shared);
  assert_state (fixture, "shared-too", "webp", fixture->shared);
  g_assert_cmpuint (counts.images, ==, 4);
  g_assert_cmpuint (counts.left, ==, 0);

  {
    g_autoptr(GBytes) own = read_attachment (fixture, "own");
    g_autoptr(GBytes) shared = read_attachment (fixture, "shared");

    saved = g_bytes_get_size (fixture->own) - g_bytes_get_size (own) +
            g_bytes_get_size (fixture->shared) - g_bytes_get_size (shared);
  }
  statistics = strata_statistics_collect (fixture->store, NULL);
  g_assert_cmpuint (statistics->saved_webp, ==, saved);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

static void
test_the_strictest_setting_wins (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  StrataCompressorCounts counts;

  compress (fixture, FALSE, &counts);

  /* A session that is too young uses it too */
  assert_state (fixture, "with-young", "object", fixture->shared_with_young);
  assert_state (fixture, "young", "object", fixture->shared_with_young);
}

static void
test_what_gets_no_smaller_stays_and_is_not_tried_again (Fixture       *fixture,
                                                        gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) again = make_compressor (fixture);
  StrataCompressorProgress progress;
  StrataCompressorCounts counts;
  g_autoptr(GError) error = NULL;

  compress (fixture, FALSE, &counts);
  assert_state (fixture, "small", "object", fixture->small);

  strata_compressor_set_images (again, STRATA_IMAGES_WEBP, 80);
  strata_compressor_run (again, NULL, &error);
  g_assert_no_error (error);
  strata_compressor_get_progress (again, &progress);
  /* The one that is shared with a young session waits for that */
  g_assert_cmpuint (progress.sessions_total, ==, 1);
  g_assert_cmpuint (progress.bytes_total, ==, 0);
  strata_compressor_get_counts (again, &counts);
  g_assert_cmpuint (counts.sessions + counts.images + counts.bytes_before, ==, 0);
}

static void
test_a_png_stays_unless_asked_for (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  g_autoptr(StrataPixels) before = NULL;
  g_autoptr(StrataPixels) after = NULL;
  g_autoptr(GBytes) webp = NULL;
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  compress (fixture, FALSE, &counts);
  assert_state (fixture, "png", "object", fixture->png);

  compress (fixture, TRUE, &counts);
  g_assert_cmpuint (counts.images, ==, 1);
  assert_state (fixture, "png", "webp", fixture->png);

  webp = read_attachment (fixture, "png");
  before = _strata_pixels_new_of_png (fixture->png, &error);
  g_assert_no_error (error);
  after = _strata_pixels_new_of_webp (webp, &error);
  g_assert_no_error (error);
  g_assert_cmpuint (before->width, ==, after->width);
  g_assert_cmpuint (before->n_channels, ==, after->n_channels);
  g_assert_cmpmem (before->data, (gsize)before->width * before->height * before->n_channels,
                   after->data, (gsize)after->width * after->height * after->n_channels);
}

static void
test_the_default_leaves_images_alone (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(StrataCompressor) compressor = make_compressor (fixture);
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  strata_compressor_set_min_age (compressor, 0);
  strata_compressor_run (compressor, NULL, &error);
  g_assert_no_error (error);
  strata_compressor_get_counts (compressor, &counts);
  g_assert_cmpuint (counts.images, ==, 0);
  assert_exact (fixture);
}

static void
test_undoing_gives_the_originals_back (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *files = store_util_list_files (fixture->path, "attachments");
  g_autofree char *files_after = NULL;
  StrataCompressorCounts counts;

  compress (fixture, TRUE, &counts);
  undo (fixture, &counts);

  g_assert_cmpuint (counts.images, ==, 5);
  g_assert_cmpuint (counts.images_lossy, ==, 0);
  assert_exact (fixture);
  files_after = store_util_list_files (fixture->path, "attachments");
  g_assert_cmpstr (files_after, ==, files);
}

static void
test_what_the_trash_has_no_more_stays_webp (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autoptr(StrataGarbageOptions) options = strata_garbage_options_new ();
  g_autoptr(StrataGarbage) garbage = NULL;
  g_autofree char *problems = NULL;
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  compress (fixture, FALSE, &counts);
  options->purge = TRUE;
  garbage = strata_store_collect_garbage (fixture->store, options, NULL, &error);
  g_assert_no_error (error);

  undo (fixture, &counts);
  g_assert_cmpuint (counts.images, ==, 0);
  g_assert_cmpuint (counts.images_lossy, ==, 4);
  assert_state (fixture, "own", "webp", fixture->own);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

static void
test_a_damaged_image_stays_and_others_do_not (Fixture       *fixture,
                                              gconstpointer  test_data)
{
  g_autoptr(StrataAttachmentInfo) info = find (fixture, "own");
  StrataCompressorCounts counts;

  store_util_flip_byte (fixture->path, info->path, (gsize)info->bytes / 2);
  compress (fixture, FALSE, &counts);
  store_util_flip_byte (fixture->path, info->path, (gsize)info->bytes / 2);

  assert_state (fixture, "own", "object", fixture->own);
  assert_state (fixture, "shared", "webp", fixture->shared);
  g_assert_cmpuint (counts.images, ==, 3);
}

/* What is there under the name of the WebP is not believed to be it: the original goes. */
static void
test_a_damaged_webp_does_not_stand_for_an_image (Fixture       *fixture,
                                                 gconstpointer  test_data)
{
  g_autoptr(StrataAttachmentInfo) webp = NULL;
  g_autofree char *path = NULL;
  g_autofree char *damaged = NULL;
  g_autofree char *problems = NULL;
  g_autoptr(GError) error = NULL;
  StrataCompressorCounts counts;

  compress (fixture, FALSE, &counts);
  webp = find (fixture, "own");
  undo (fixture, &counts);
  path = g_build_filename (fixture->path, webp->path, NULL);
  g_assert_false (g_file_test (path, G_FILE_TEST_EXISTS));
  damaged = g_malloc0 ((gsize)webp->bytes);
  g_assert_true (g_file_set_contents (path, damaged, (gssize)webp->bytes, &error));

  compress (fixture, FALSE, &counts);

  assert_state (fixture, "own", "webp", fixture->own);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

static void
test_an_image_given_again_is_the_same (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  StrataCompressorCounts counts;
  g_autofree char *problems = NULL;

  compress (fixture, FALSE, &counts);

  /* The same bytes, under the id that has a WebP now */
  attach (fixture, OLD, "own", fixture->own);
  assert_state (fixture, "own", "webp", fixture->own);
  /* And under a new one, which has its own */
  attach (fixture, OLD, "own-2", fixture->own);
  assert_state (fixture, "own-2", "object", fixture->own);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, func) g_test_add (path, Fixture, NULL, fixture_set_up, func, fixture_tear_down)
  ADD ("/compressor-images/images-of-old-sessions-are-webp", test_images_of_old_sessions_are_webp);
  ADD ("/compressor-images/the-strictest-setting-wins", test_the_strictest_setting_wins);
  ADD ("/compressor-images/what-gets-no-smaller-stays-and-is-not-tried-again", test_what_gets_no_smaller_stays_and_is_not_tried_again);
  ADD ("/compressor-images/a-png-stays-unless-asked-for", test_a_png_stays_unless_asked_for);
  ADD ("/compressor-images/the-default-leaves-images-alone", test_the_default_leaves_images_alone);
  ADD ("/compressor-images/undoing-gives-the-originals-back", test_undoing_gives_the_originals_back);
  ADD ("/compressor-images/what-the-trash-has-no-more-stays-webp", test_what_the_trash_has_no_more_stays_webp);
  ADD ("/compressor-images/a-damaged-image-stays-and-others-do-not", test_a_damaged_image_stays_and_others_do_not);
  ADD ("/compressor-images/a-damaged-webp-does-not-stand-for-an-image", test_a_damaged_webp_does_not_stand_for_an_image);
  ADD ("/compressor-images/an-image-given-again-is-the-same", test_an_image_given_again_is_the_same);

  return g_test_run ();
}

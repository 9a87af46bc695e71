/* test-webp.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-error.h"
#include "codec/strata-pixels-private.h"
#include "codec/strata-webp-private.h"
#include "image-maker.h"

static const StrataWebpSettings lossy = { .quality = 80, .method = 4 };
static const StrataWebpSettings lossless = { .quality = STRATA_WEBP_LOSSLESS, .method = 4 };

static GBytes *
make (GBytes                   *image,
      const StrataWebpSettings *settings,
      StrataWebpResult         *out_result)
{
  g_autoptr(GError) error = NULL;
  GBytes *webp = _strata_webp_make (image, settings, out_result, &error);

  g_assert_no_error (error);
  g_assert_cmpmem ((const char *)g_bytes_get_data (webp, NULL) + 8, 4, "WEBP", 4);

  return webp;
}

static void
assert_refused (GBytes                   *image,
                const StrataWebpSettings *settings,
                StrataError               code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) webp = NULL;
  StrataWebpResult result;

  webp = _strata_webp_make (image, settings, &result, &error);
  g_assert_null (webp);
  g_assert_error (error, STRATA_ERROR, (int)code);
}

static void
test_a_jpeg_gets_smaller_and_looks_the_same (void)
{
  static const int qualities[] = { 20, 60, 80, 95 };
  g_autoptr(GBytes) jpeg = image_maker_jpeg (640, 400, 3, 92);
  double before = 20;

  for (guint i = 0; i < G_N_ELEMENTS (qualities); i++)
    {
      StrataWebpSettings settings = { .quality = qualities[i], .method = 4, .use_threads = i == 1 };
      StrataWebpResult result;
      g_autoptr(GBytes) webp = make (jpeg, &settings, &result);

      g_assert_cmpuint (result.width, ==, 640);
      g_assert_cmpuint (result.height, ==, 400);
      g_assert_cmpfloat (result.psnr, >, before);
      g_assert_true (qualities[i] == 95 || _strata_webp_is_worth_it (g_bytes_get_size (jpeg), g_bytes_get_size (webp)));
      before = result.psnr;
    }
}

static void
test_every_method_works (void)
{
  g_autoptr(GBytes) jpeg = image_maker_jpeg (100, 80, 3, 92);

  for (int method = 0; method <= 6; method++)
    {
      StrataWebpSettings some = { .quality = 80, .method = method };
      StrataWebpSettings all = { .quality = STRATA_WEBP_LOSSLESS, .method = method };
      StrataWebpResult result;
      g_autoptr(GBytes) webp = make (jpeg, &some, &result);
      g_autoptr(GBytes) exact = make (jpeg, &all, &result);

      g_assert_true (isinf (result.psnr));
    }
}

/* Pixel by pixel, what nobody sees included */
static void
test_lossless_has_the_same_pixels (void)
{
  for (guint kind = IMAGE_RGB; kind <= IMAGE_PALETTE; kind++)
    for (guint size = 1; size < 200; size += 33)
      {
        g_autoptr(GBytes) png = image_maker_png ((ImageKind)kind, size, size * 2, size);
        StrataWebpResult result;
        g_autoptr(GBytes) webp = make (png, &lossless, &result);
        g_autoptr(StrataPixels) before = _strata_pixels_new_of_png (png, NULL);
        g_autoptr(StrataPixels) after = _strata_pixels_new_of_webp (webp, NULL);

        g_assert_true (isinf (result.psnr));
        g_assert_cmpuint (before->n_channels, ==, kind == IMAGE_RGBA ? 4 : 3);
        g_assert_cmpuint (result.width, ==, size);
        for (gsize i = 0; i < (gsize)size * size * 2; i++)
          {
            g_assert_cmpmem (before->data + i * before->n_channels, 3, after->data + i * after->n_channels, 3);
            if (before->n_channels == 4 && after->n_channels == 4)
              g_assert_cmpuint (before->data[i * 4 + 3], ==, after->data[i * 4 + 3]);
          }
      }
}

static void
test_a_jpeg_can_be_lossless_and_a_png_lossy (void)
{
  g_autoptr(GBytes) jpeg = image_maker_jpeg (100, 60, 1, 90);
  g_autoptr(GBytes) png = image_maker_png (IMAGE_RGBA, 100, 60, 1);
  StrataWebpResult result;
  g_autoptr(GBytes) exact = make (jpeg, &lossless, &result);
  g_autoptr(GBytes) smaller = NULL;

  g_assert_true (isinf (result.psnr));
  smaller = make (png, &lossy, &result);
  g_assert_cmpfloat (result.psnr, >, 20);
}

/* Equal images at equal settings are one object. */
static void
test_equal_images_give_equal_bytes (void)
{
  g_autoptr(GBytes) jpeg = image_maker_jpeg (200, 100, 1, 90);
  StrataWebpResult result;
  g_autoptr(GBytes) first = make (jpeg, &lossy, &result);
  g_autoptr(GBytes) second = make (jpeg, &lossy, &result);

  g_assert_true (g_bytes_equal (first, second));
}

static void
test_what_a_webp_would_show_otherwise_stays (void)
{
  static const guint8 upright[] = "Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\1\0\0\0";
  static const guint8 turned[] = "Exif\0\0II*\0\10\0\0\0\1\0\x12\1\3\0\1\0\0\0\6\0\0\0";
  static const guint8 turned_big[] = "Exif\0\0MM\0*\0\0\0\10\0\1\1\x12\0\3\0\0\0\1\0\3\0\0";
  g_autoptr(GBytes) png = image_maker_png (IMAGE_RGB, 40, 40, 0);
  g_autoptr(GBytes) jpeg = image_maker_jpeg (40, 40, 0, 90);
  g_autoptr(GBytes) deep = image_maker_png (IMAGE_16_BIT, 40, 40, 0);
  g_autoptr(GBytes) profile = image_maker_add_chunk (png, "iCCP", "x\0\0abc", 6);
  g_autoptr(GBytes) moving = image_maker_add_chunk (png, "acTL", "\0\0\0\2\0\0\0\0", 8);
  g_autoptr(GBytes) gamma = image_maker_add_chunk (png, "gAMA", "\0\1\x86\xa0", 4);
  g_autoptr(GBytes) srgb_gamma = image_maker_add_chunk (png, "gAMA", "\0\0\xb1\x8f", 4);
  g_autoptr(GBytes) ink = image_maker_cmyk (40, 40);
  g_autoptr(GBytes) jpeg_profile = image_maker_add_marker (jpeg, 0xe2, "ICC_PROFILE\0\1\1x", 15);
  g_autoptr(GBytes) jpeg_turned = image_maker_add_marker (jpeg, 0xe1, turned, sizeof turned - 1);
  g_autoptr(GBytes) jpeg_turned_big = image_maker_add_marker (jpeg, 0xe1, turned_big, sizeof turned_big - 1);
  g_autoptr(GBytes) jpeg_upright = image_maker_add_marker (jpeg, 0xe1, upright, sizeof upright - 1);
  GBytes *const refused[] = { deep, profile, moving, gamma, ink, jpeg_profile, jpeg_turned, jpeg_turned_big };
  StrataWebpResult result;
  g_autoptr(GBytes) made = NULL;
  g_autoptr(GBytes) made_upright = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (refused); i++)
    {
      g_test_message ("case %u", i);
      assert_refused (refused[i], &lossy, STRATA_ERROR_UNSUITABLE);
      assert_refused (refused[i], &lossless, STRATA_ERROR_UNSUITABLE);
    }

  made = make (srgb_gamma, &lossless, &result);
  made_upright = make (jpeg_upright, &lossy, &result);
}

static void
test_other_files_and_settings_are_refused (void)
{
  static const char *const texts[] = { "", "\xff\xd8", "GIF89a", "RIFF\4\0\0\0WEBP", "plain text" };
  static const StrataWebpSettings settings[] = {
    { .quality = 101, .method = 4 }, { .quality = -2, .method = 4 }, { .quality = 80, .method = 7 }, { .quality = 80, .method = -1 },
  };
  g_autoptr(GBytes) jpeg = image_maker_jpeg (40, 40, 0, 90);

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autoptr(GBytes) bytes = g_bytes_new_static (texts[i], strlen (texts[i]));

      assert_refused (bytes, &lossy, STRATA_ERROR_UNSUITABLE);
    }
  for (guint i = 0; i < G_N_ELEMENTS (settings); i++)
    assert_refused (jpeg, &settings[i], STRATA_ERROR_UNSUITABLE);
}

/* Nothing is allocated for the pixels that a header promises. */
static void
test_huge_images_are_refused (void)
{
  static const struct { guint32 width, height; } sizes[] = {
    { 0, 10 }, { 10, 0 }, { 16384, 1 }, { 1, 16384 }, { 10000, 10000 }, { 0x7fffffff, 0x7fffffff }, { 0xffffffff, 2 },
  };

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GBytes) png = image_maker_png (IMAGE_RGB, 40, 40, 0);
      g_autofree guint8 *data = g_memdup2 (g_bytes_get_data (png, NULL), g_bytes_get_size (png));
      g_autoptr(GBytes) huge = NULL;
      guint32 size[] = { GUINT32_TO_BE (sizes[i].width), GUINT32_TO_BE (sizes[i].height) };

      memcpy (data + 16, size, sizeof size);
      huge = g_bytes_new (data, g_bytes_get_size (png));
      assert_refused (huge, &lossy, STRATA_ERROR_UNSUITABLE);
    }

  /* A JPEG of 65,000 pixels each way, in a kilobyte */
  {
    g_autoptr(GBytes) jpeg = image_maker_jpeg (40, 40, 0, 90);
    gsize length;
    const guint8 *data = g_bytes_get_data (jpeg, &length);
    g_autofree guint8 *copy = g_memdup2 (data, length);
    guint8 *frame = memmem (copy, length, "\xff\xc0\0\x11\10", 5);
    g_autoptr(GBytes) huge = NULL;

    g_assert_nonnull (frame);
    memset (frame + 5, 0xfd, 4);
    huge = g_bytes_new (copy, length);
    assert_refused (huge, &lossy, STRATA_ERROR_UNSUITABLE);
  }
}

static void
test_a_cut_image_is_damaged (void)
{
  g_autoptr(GBytes) jpeg = image_maker_jpeg (120, 80, 0, 90);
  g_autoptr(GBytes) png = image_maker_png (IMAGE_RGB, 120, 80, 0);
  GBytes *const images[] = { jpeg, png };

  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    for (gsize cut = 60; cut < g_bytes_get_size (images[i]) - 20; cut += 37)
      {
        g_autoptr(GBytes) part = g_bytes_new_from_bytes (images[i], 0, cut);

        assert_refused (part, &lossy, STRATA_ERROR_DAMAGED_DATA);
      }
}

/* Whatever byte is another one, there is a WebP of what it shows, or an error of ours. */
static void
test_a_damaged_image_is_no_crash (void)
{
  g_autoptr(GBytes) jpeg = image_maker_jpeg (48, 32, 0, 90);
  g_autoptr(GBytes) png = image_maker_png (IMAGE_RGBA, 48, 32, 0);
  GBytes *const images[] = { jpeg, png };

  for (guint i = 0; i < G_N_ELEMENTS (images); i++)
    for (gsize at = 0; at < g_bytes_get_size (images[i]); at++)
      {
        g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (images[i], NULL), g_bytes_get_size (images[i]));
        g_autoptr(GBytes) damaged = NULL;
        g_autoptr(GBytes) webp = NULL;
        g_autoptr(GError) error = NULL;
        StrataWebpResult result;

        copy[at] ^= (guint8)(1 << g_test_rand_int_range (0, 8));
        damaged = g_bytes_new (copy, g_bytes_get_size (images[i]));
        webp = _strata_webp_make (damaged, &lossy, &result, &error);
        g_assert_true (webp != NULL || error->domain == STRATA_ERROR);
      }
}

static void
test_ten_in_a_hundred_are_worth_it (void)
{
  g_assert_true (_strata_webp_is_worth_it (100, 90));
  g_assert_false (_strata_webp_is_worth_it (100, 91));
  g_assert_false (_strata_webp_is_worth_it (100, 200));
  g_assert_false (_strata_webp_is_worth_it (0, 0));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/webp/a-jpeg-gets-smaller-and-looks-the-same", test_a_jpeg_gets_smaller_and_looks_the_same);
  g_test_add_func ("/webp/every-method-works", test_every_method_works);
  g_test_add_func ("/webp/lossless-has-the-same-pixels", test_lossless_has_the_same_pixels);
  g_test_add_func ("/webp/a-jpeg-can-be-lossless-and-a-png-lossy", test_a_jpeg_can_be_lossless_and_a_png_lossy);
  g_test_add_func ("/webp/equal-images-give-equal-bytes", test_equal_images_give_equal_bytes);
  g_test_add_func ("/webp/what-a-webp-would-show-otherwise-stays", test_what_a_webp_would_show_otherwise_stays);
  g_test_add_func ("/webp/other-files-and-settings-are-refused", test_other_files_and_settings_are_refused);
  g_test_add_func ("/webp/huge-images-are-refused", test_huge_images_are_refused);
  g_test_add_func ("/webp/a-cut-image-is-damaged", test_a_cut_image_is_damaged);
  g_test_add_func ("/webp/a-damaged-image-is-no-crash", test_a_damaged_image_is_no_crash);
  g_test_add_func ("/webp/ten-in-a-hundred-are-worth-it", test_ten_in_a_hundred_are_worth_it);

  return g_test_run ();
}

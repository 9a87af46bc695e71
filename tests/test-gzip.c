/* test-gzip.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "codec/strata-gzip-private.h"
#include "test-util.h"

static const gsize sizes[] = { 0, 1, 2, 7, 64, 1000, 65535, 65536, 65537, 1000000 };

/* Words over and over, with numbers between: packs well, but not to nothing */
static GBytes *
make_text (gsize size)
{
  g_autoptr(GString) text = g_string_sized_new (size + 64);

  while (text->len < size)
    g_string_append_printf (text, "{\"id\":\"screenshot-%d\",\"x\":%d,\"text\":\"the quick brown fox\"},",
                            g_test_rand_int (), g_test_rand_int_range (0, 100));
  g_string_truncate (text, size);

  return g_bytes_new (text->str, size);
}

static GBytes *
make_noise (gsize size)
{
  guint8 *data = g_malloc (size + 4);

  for (gsize i = 0; i < size; i += 4)
    {
      gint32 value = g_test_rand_int ();

      memcpy (data + i, &value, sizeof value);
    }

  return g_bytes_new_take (data, size);
}

static GBytes *
pack (GBytes *raw,
      int     level)
{
  return _strata_gzip_pack (g_bytes_get_data (raw, NULL), g_bytes_get_size (raw), level);
}

static GBytes *
unpack (GBytes  *packed,
        gsize    raw_size,
        GError **error)
{
  return _strata_gzip_unpack (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), raw_size, error);
}

static GByteArray *
unpack_stream (GBytes  *packed,
               gsize    chunk_size,
               gsize    piece_size,
               GError **error)
{
  g_autoptr(GInputStream) base = chunk_stream_new (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), chunk_size);
  g_autoptr(GInputStream) stream = _strata_gzip_new_unpacking (base);

  return chunk_stream_read_all (stream, piece_size, error);
}

static void
assert_unpacks_to (GBytes *packed,
                   GBytes *raw)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) whole = unpack (packed, g_bytes_get_size (raw), &error);
  g_autoptr(GByteArray) streamed = NULL;

  g_assert_no_error (error);
  g_assert_true (g_bytes_equal (whole, raw));

  streamed = unpack_stream (packed, 1000, 4096, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (streamed->data, streamed->len, g_bytes_get_data (raw, NULL), g_bytes_get_size (raw));
}

static void
test_every_level_comes_back (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GBytes) text = make_text (sizes[i]);
      g_autoptr(GBytes) noise = make_noise (sizes[i]);

      for (int level = STRATA_GZIP_MIN_LEVEL; level <= STRATA_GZIP_MAX_LEVEL; level++)
        {
          g_autoptr(GBytes) packed_text = pack (text, level);
          g_autoptr(GBytes) packed_noise = pack (noise, level);

          assert_unpacks_to (packed_text, text);
          assert_unpacks_to (packed_noise, noise);
          if (level > 0 && sizes[i] >= 1000)
            g_assert_cmpuint (g_bytes_get_size (packed_text), <, sizes[i] / 2);
        }
    }
}

static void
test_packing_while_reading_comes_back (void)
{
  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    for (int level = STRATA_GZIP_MIN_LEVEL; level <= STRATA_GZIP_MAX_LEVEL; level += 3)
      {
        g_autoptr(GBytes) raw = make_text (sizes[i]);
        g_autoptr(GInputStream) base = chunk_stream_new (g_bytes_get_data (raw, NULL), sizes[i], 777);
        g_autoptr(GInputStream) stream = _strata_gzip_new_packing (base, level);
        g_autoptr(GError) error = NULL;
        GByteArray *array = chunk_stream_read_all (stream, 5000, &error);
        g_autoptr(GBytes) packed = g_byte_array_free_to_bytes (array);

        g_assert_no_error (error);
        assert_unpacks_to (packed, raw);
      }
}

static void
test_equal_text_gives_equal_bytes (void)
{
  g_autoptr(GBytes) raw = make_text (100000);
  g_autoptr(GBytes) first = pack (raw, 6);
  g_autoptr(GBytes) second = pack (raw, 6);
  const guint8 *head = g_bytes_get_data (first, NULL);

  g_assert_true (g_bytes_equal (first, second));

  /* Magic, deflate, no flags: so no name; and no time */
  g_assert_cmpmem (head, 8, "\x1f\x8b\x08\0\0\0\0\0", 8);
}

static void
test_gzip_itself_is_content (void)
{
  g_autofree char *folder = test_make_dir ();

  for (guint i = 0; i < G_N_ELEMENTS (sizes); i++)
    {
      g_autoptr(GBytes) raw = make_text (sizes[i]);
      g_autoptr(GBytes) packed = pack (raw, (int)i + 1);
      g_autofree char *path = g_build_filename (folder, "part.json.gz", NULL);
      g_autofree char *output = NULL;
      const char *test[] = { "gzip", "-t", path, NULL };
      const char *decompress[] = { "sh", "-c", "gzip -dc \"$1\" | sha256sum", "sh", path, NULL };
      g_autofree char *digest = g_compute_checksum_for_bytes (G_CHECKSUM_SHA256, raw);
      int status;

      g_assert_true (g_file_set_contents (path, g_bytes_get_data (packed, NULL), (gssize)g_bytes_get_size (packed), NULL));
      g_assert_true (g_spawn_sync (NULL, (char **)test, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, NULL, NULL, &status, NULL));
      g_assert_cmpint (status, ==, 0);
      g_assert_true (g_spawn_sync (NULL, (char **)decompress, NULL, G_SPAWN_SEARCH_PATH, NULL, NULL, &output, NULL, &status, NULL));
      g_assert_true (g_str_has_prefix (output, digest));
    }
  test_remove_dir (folder);
}

static void
test_another_size_is_damage (void)
{
  g_autoptr(GBytes) raw = make_text (5000);
  g_autoptr(GBytes) packed = pack (raw, 6);
  static const gsize wrong[] = { 0, 1, 4999, 5001, 6000 };

  for (guint i = 0; i < G_N_ELEMENTS (wrong); i++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GBytes) bytes = unpack (packed, wrong[i], &error);

      g_assert_null (bytes);
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

static void
test_every_flipped_bit_and_every_cut_is_noticed (void)
{
  g_autoptr(GBytes) raw = make_text (300);
  g_autoptr(GBytes) packed = pack (raw, 9);
  gsize size = g_bytes_get_size (packed);

  for (gsize at = 0; at < size; at++)
    {
      g_autofree guint8 *copy = g_memdup2 (g_bytes_get_data (packed, NULL), size);
      g_autoptr(GBytes) flipped = NULL;
      g_autoptr(GBytes) cut = g_bytes_new_from_bytes (packed, 0, at);
      g_autoptr(GBytes) result = NULL;
      g_autoptr(GBytes) cut_result = NULL;
      g_autoptr(GByteArray) streamed = NULL;
      g_autoptr(GError) error = NULL;
      g_autoptr(GError) stream_error = NULL;
      g_autoptr(GError) cut_error = NULL;

      copy[at] ^= (guint8)(1 << g_test_rand_int_range (0, 8));
      flipped = g_bytes_new (copy, size);
      result = unpack (flipped, 300, &error);
      /* Flags, time and system, and the bits that fill the last byte, are outside of the check sum, and change nothing */
      if (((at >= 3 && at <= 9) || at == size - 9) && result != NULL)
        {
          g_assert_true (g_bytes_equal (result, raw));
          continue;
        }
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);

      streamed = unpack_stream (flipped, 50, 100, &stream_error);
      g_assert_error (stream_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);

      cut_result = unpack (cut, 300, &cut_error);
      g_assert_null (cut_result);
      g_assert_error (cut_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

static void
test_what_follows_the_end_is_damage (void)
{
  g_autoptr(GBytes) raw = make_text (300);
  g_autoptr(GBytes) packed = pack (raw, 6);
  g_autoptr(GByteArray) longer = g_byte_array_new ();
  g_autoptr(GByteArray) streamed = NULL;
  g_autoptr(GBytes) twice = NULL;
  g_autoptr(GBytes) result = NULL;
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) stream_error = NULL;

  g_byte_array_append (longer, g_bytes_get_data (packed, NULL), (guint)g_bytes_get_size (packed));
  g_byte_array_append (longer, g_bytes_get_data (packed, NULL), (guint)g_bytes_get_size (packed));
  twice = g_byte_array_free_to_bytes (g_steal_pointer (&longer));

  result = unpack (twice, 300, &error);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  streamed = unpack_stream (twice, 64, 100, &stream_error);
  g_assert_error (stream_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

/* 100 MB of nothing in 100 KB */
static void
test_a_bomb_is_not_unpacked (void)
{
  const gsize bomb_size = 100 * 1000 * 1000;
  g_autofree char *nothing = g_malloc0 (bomb_size);
  g_autoptr(GBytes) bomb = _strata_gzip_pack (nothing, bomb_size, 12);
  g_autoptr(GBytes) small = NULL;
  g_autoptr(GBytes) huge = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_cmpuint (g_bytes_get_size (bomb), <, bomb_size / 900);

  small = unpack (bomb, 1000, &error);
  g_assert_null (small);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  g_clear_error (&error);

  /* Nor is memory asked for a size that can't be in it */
  huge = unpack (bomb, G_MAXSIZE - 1, &error);
  g_assert_null (huge);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
test_five_in_a_hundred_are_worth_it (void)
{
  g_assert_true (_strata_gzip_is_worth_it (100, 95));
  g_assert_false (_strata_gzip_is_worth_it (100, 96));
  g_assert_false (_strata_gzip_is_worth_it (1000, 1000));
  g_assert_false (_strata_gzip_is_worth_it (20, 43));
  g_assert_false (_strata_gzip_is_worth_it (0, 20));
  g_assert_true (_strata_gzip_is_worth_it (G_MAXUINT64, G_MAXUINT64 / 100 * 94));
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/gzip/every-level-comes-back", test_every_level_comes_back);
  g_test_add_func ("/gzip/packing-while-reading-comes-back", test_packing_while_reading_comes_back);
  g_test_add_func ("/gzip/equal-text-gives-equal-bytes", test_equal_text_gives_equal_bytes);
  g_test_add_func ("/gzip/gzip-itself-is-content", test_gzip_itself_is_content);
  g_test_add_func ("/gzip/another-size-is-damage", test_another_size_is_damage);
  g_test_add_func ("/gzip/every-flipped-bit-and-every-cut-is-noticed", test_every_flipped_bit_and_every_cut_is_noticed);
  g_test_add_func ("/gzip/what-follows-the-end-is-damage", test_what_follows_the_end_is_damage);
  g_test_add_func ("/gzip/a-bomb-is-not-unpacked", test_a_bomb_is_not_unpacked);
  g_test_add_func ("/gzip/five-in-a-hundred-are-worth-it", test_five_in_a_hundred_are_worth_it);

  return g_test_run ();
}

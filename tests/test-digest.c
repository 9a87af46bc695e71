/* test-digest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-digest-private.h"

/* FIPS 180-4's own examples */
static void
test_known_digests (void)
{
  static const struct { const char *text; const char *hex; } known[] = {
    { "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855" },
    { "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
    { "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
      "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1" },
  };

  for (guint i = 0; i < G_N_ELEMENTS (known); i++)
    {
      StrataDigest digest;
      char hex[STRATA_DIGEST_HEX_SIZE];

      _strata_digest_of (known[i].text, strlen (known[i].text), &digest);
      _strata_digest_to_hex (&digest, hex);

      g_assert_cmpstr (hex, ==, known[i].hex);
    }
}

static void
test_pieces_give_the_same_as_the_whole (void)
{
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  guint8 data[1000];
  StrataDigest whole, pieces;

  for (guint round = 0; round < 50; round++)
    {
      for (guint i = 0; i < sizeof data; i++)
        data[i] = (guint8)g_test_rand_int ();

      for (guint at = 0, size; at < sizeof data; at += size)
        {
          size = (guint)g_test_rand_int_range (1, 200);
          size = MIN (size, (guint)sizeof data - at);
          _strata_hasher_update (hasher, data + at, size);
        }
      _strata_hasher_finish (hasher, &pieces);
      _strata_digest_of (data, sizeof data, &whole);

      g_assert_true (_strata_digest_equal (&whole, &pieces));
    }
}

static void
test_hex_is_strict (void)
{
  StrataDigest digest, back;
  g_autofree char *hex = NULL;

  _strata_digest_of ("abc", 3, &digest);
  hex = _strata_digest_dup_hex (&digest);
  g_assert_true (_strata_digest_from_hex (hex, &back));
  g_assert_true (_strata_digest_equal (&digest, &back));

  hex[63] = '\0';
  g_assert_false (_strata_digest_from_hex (hex, &back));
  hex[63] = 'g';
  g_assert_false (_strata_digest_from_hex (hex, &back));
  hex[63] = 'A';
  g_assert_false (_strata_digest_from_hex (hex, &back));
  g_assert_false (_strata_digest_from_hex (NULL, &back));
  g_assert_false (_strata_digest_from_hex ("", &back));
}

static void
test_crc32_is_that_of_gzip (void)
{
  g_assert_cmphex (_strata_crc32 ("123456789", 9), ==, 0xcbf43926);
  g_assert_cmphex (_strata_crc32 ("", 0), ==, 0);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/digest/known", test_known_digests);
  g_test_add_func ("/digest/pieces", test_pieces_give_the_same_as_the_whole);
  g_test_add_func ("/digest/hex-is-strict", test_hex_is_strict);
  g_test_add_func ("/digest/crc32", test_crc32_is_that_of_gzip);

  return g_test_run ();
}

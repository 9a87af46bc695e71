/* test-manifest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "store/strata-manifest-private.h"

static StrataPart *
make_part (const char *kind,
           const char *name,
           guint       number,
           guint       position)
{
  StrataPart *part = g_new0 (StrataPart, 1);

  part->kind = g_strdup (kind);
  part->name = g_strdup (name);
  part->number = number;
  part->position = position;
  part->is_array = position % 2 == 0;
  part->items = position * 10;
  part->raw_bytes = G_MAXUINT64 - position;
  part->stored_bytes = 1000 + number;
  part->is_gzip = number > 1;
  _strata_digest_of (kind, strlen (kind), &part->raw_digest);
  _strata_digest_of ("", 0, &part->stored_digest);

  return part;
}

static StrataManifest *
make_session (void)
{
  StrataManifest *manifest = _strata_manifest_new ();

  manifest->key = g_strdup ("a-0123456789abcdef");
  manifest->id_token = g_strdup ("\"a\\u00e9\\\"\"");
  manifest->source = 3;
  manifest->ordinal = 12345678901;
  manifest->occurrence = 2;
  manifest->recovered = g_strdup ("db/sessions.backup.json");
  manifest->n_members = 7;
  manifest->raw_bytes = 100;
  manifest->source_bytes = 200;
  manifest->n_screenshots = 3;
  manifest->n_audio_segments = 4;
  manifest->small = g_strdup ("{\"id\":\"a\\u00e9\\\"\",\"id\":1.0,\"x\":[]}");
  _strata_digest_of ("whole", 5, &manifest->raw_digest);
  g_ptr_array_add (manifest->parts, make_part ("screenshots", "\"screenshots\"", 1, 2));
  g_ptr_array_add (manifest->parts, make_part ("screenshots", "\"screenshots\"", 2, 2));
  g_ptr_array_add (manifest->parts, make_part ("a-b-p5", "\"a\\/b\"", 1, 5));
  g_ptr_array_add (manifest->attachments, make_part ("attachments", NULL, 1, 0));

  return manifest;
}

static StrataManifest *
make_collection (void)
{
  StrataManifest *manifest = _strata_manifest_new ();

  manifest->is_collection = TRUE;
  manifest->key = g_strdup ("notes_0123456789abcdef");
  manifest->name = g_strdup ("n\"otes");
  manifest->source = 2;
  manifest->small = g_strdup ("{}");
  g_ptr_array_add (manifest->parts, make_part ("notes", NULL, 1, 0));

  return manifest;
}

static void
assert_same_part (const StrataPart *a,
                  const StrataPart *b)
{
  g_assert_cmpstr (a->kind, ==, b->kind);
  g_assert_cmpstr (a->name, ==, b->name);
  g_assert_cmpuint (a->number, ==, b->number);
  g_assert_cmpuint (a->position, ==, b->position);
  g_assert_cmpint (a->is_array, ==, b->is_array);
  g_assert_cmpuint (a->items, ==, b->items);
  g_assert_cmpuint (a->raw_bytes, ==, b->raw_bytes);
  g_assert_cmpuint (a->stored_bytes, ==, b->stored_bytes);
  g_assert_true (_strata_digest_equal (&a->raw_digest, &b->raw_digest));
  g_assert_true (_strata_digest_equal (&a->stored_digest, &b->stored_digest));
  g_assert_cmpint (a->is_gzip, ==, b->is_gzip);
}

static void
assert_round_trip (StrataManifest *manifest)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (manifest);
  g_autoptr(StrataManifest) back = _strata_manifest_parse (bytes, &error);
  g_autoptr(GBytes) again = NULL;

  g_assert_no_error (error);
  g_assert_cmpint (back->is_collection, ==, manifest->is_collection);
  g_assert_cmpstr (back->key, ==, manifest->key);
  g_assert_cmpstr (back->id_token, ==, manifest->id_token);
  g_assert_cmpstr (back->name, ==, manifest->name);
  g_assert_cmpuint (back->source, ==, manifest->source);
  g_assert_cmpuint (back->ordinal, ==, manifest->ordinal);
  g_assert_cmpuint (back->occurrence, ==, manifest->occurrence);
  g_assert_cmpstr (back->recovered, ==, manifest->recovered);
  g_assert_cmpuint (back->n_members, ==, manifest->n_members);
  g_assert_cmpuint (back->source_bytes, ==, manifest->source_bytes);
  g_assert_cmpuint (back->n_screenshots, ==, manifest->n_screenshots);
  g_assert_cmpuint (back->n_audio_segments, ==, manifest->n_audio_segments);
  g_assert_cmpstr (back->small, ==, manifest->small);
  g_assert_true (_strata_digest_equal (&back->raw_digest, &manifest->raw_digest));
  g_assert_true (_strata_digest_equal (&back->file_digest, &manifest->file_digest));
  g_assert_cmpuint (back->file_bytes, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (manifest->file_bytes, ==, g_bytes_get_size (bytes));
  g_assert_cmpuint (back->parts->len, ==, manifest->parts->len);
  for (guint i = 0; i < back->parts->len; i++)
    assert_same_part (g_ptr_array_index (back->parts, i), g_ptr_array_index (manifest->parts, i));
  g_assert_cmpuint (back->attachments->len, ==, manifest->attachments->len);

  again = _strata_manifest_serialize (back);
  g_assert_true (g_bytes_equal (bytes, again));
}

static void
test_round_trip_is_byte_exact (void)
{
  g_autoptr(StrataManifest) session = make_session ();
  g_autoptr(StrataManifest) collection = make_collection ();
  g_autoptr(StrataManifest) empty = _strata_manifest_new ();

  empty->key = g_strdup ("session-0123456789abcdef");
  empty->small = g_strdup ("{}");

  assert_round_trip (session);
  assert_round_trip (collection);
  assert_round_trip (empty);
}

static void
assert_corrupt (const char *text,
                gsize       size)
{
  g_autoptr(GBytes) bytes = g_bytes_new (text, size);
  g_autoptr(GError) error = NULL;

  g_assert_null (_strata_manifest_parse (bytes, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

static void
test_every_truncation_is_corrupt (void)
{
  g_autoptr(StrataManifest) manifest = make_session ();
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (manifest);

  for (gsize size = 0; size < g_bytes_get_size (bytes); size++)
    assert_corrupt (g_bytes_get_data (bytes, NULL), size);
}

static void
test_every_flipped_bit_is_corrupt (void)
{
  g_autoptr(StrataManifest) manifest = make_session ();
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (manifest);
  gsize size = g_bytes_get_size (bytes);
  g_autofree char *text = g_memdup2 (g_bytes_get_data (bytes, NULL), size);

  for (gsize i = 0; i < size; i++)
    for (guint bit = 0; bit < 8; bit++)
      {
        text[i] ^= (char)(1 << bit);
        assert_corrupt (text, size);
        text[i] ^= (char)(1 << bit);
      }
}

static void
test_trailing_bytes_are_corrupt (void)
{
  g_autoptr(StrataManifest) manifest = make_session ();
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (manifest);
  g_autofree char *text = g_strdup_printf ("%.*s\n", (int)g_bytes_get_size (bytes), (const char *)g_bytes_get_data (bytes, NULL));

  assert_corrupt (text, strlen (text));
}

/* Gives a text the digest it would need to be believed. */
static char *
sign (const char *text)
{
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  _strata_digest_of (text, strlen (text), &digest);
  _strata_digest_to_hex (&digest, hex);

  return g_strdup_printf ("%s,\"digest\":\"%s\"}\n", text, hex);
}

#define HEX64 "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define PART(kind, name) "{\"kind\":" kind ",\"name\":" name ",\"number\":1,\"sha256\":\"" HEX64 "\",\"stored_sha256\":\"" HEX64 "\"}"
#define WITH_PARTS(parts) "{\"strata\":{\"key\":\"k\",\"sha256\":\"" HEX64 "\",\"parts\":" parts ",\"attachments\":[]},\"session\":{}"

static void
test_signed_text_that_fits_is_read (void)
{
  g_autofree char *text = sign (WITH_PARTS ("[" PART ("\"a-B_9\"", "\"x\"") "]"));
  g_autoptr(GBytes) bytes = g_bytes_new (text, strlen (text));
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataManifest) manifest = _strata_manifest_parse (bytes, &error);

  g_assert_no_error (error);
  g_assert_cmpuint (manifest->parts->len, ==, 1);
}

/* A right digest does not make a path out of a part's kind, nor JSON out of its name */
static void
test_hostile_metadata_is_refused (void)
{
  static const char *const texts[] = {
    WITH_PARTS ("[" PART ("\"../x\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"/etc/x\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"a/b\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"a.b\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"a\\u0000\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"a\\n\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"\"", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("1", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("null", "\"x\"") "]"),
    WITH_PARTS ("[" PART ("\"a\"", "1") "]"),
    WITH_PARTS ("[" PART ("\"a\"", "{}") "]"),
    WITH_PARTS ("[1]"),
    WITH_PARTS ("[[]]"),
    WITH_PARTS ("{}"),
    WITH_PARTS ("null"),
    WITH_PARTS ("[{\"kind\":\"a\",\"sha256\":\"" HEX64 "\"}]"),
    WITH_PARTS ("[{\"kind\":\"a\",\"sha256\":\"12\",\"stored_sha256\":\"" HEX64 "\"}]"),
    "{\"strata\":{\"key\":\"k\",\"sha256\":\"" HEX64 "\",\"parts\":[]},\"session\":{}",
    "{\"strata\":{\"sha256\":\"" HEX64 "\",\"parts\":[],\"attachments\":[]},\"session\":{}",
    "{\"strata\":{\"key\":\"k\",\"parts\":[],\"attachments\":[]},\"session\":{}",
    "{\"strata\":{\"key\":\"k\",\"sha256\":\"" HEX64 "\",\"parts\":[],\"attachments\":[]}",
    "{\"strata\":{\"key\":\"k\",\"sha256\":\"" HEX64 "\",\"parts\":[],\"attachments\":[]},\"session\":{},\"collection\":{}",
    "{\"strata\":{\"key\":\"k\",\"sha256\":\"" HEX64 "\",\"parts\":[],\"attachments\":[]},\"session\":[]",
    "{\"strata\":[],\"session\":{}",
    "{\"session\":{}",
  };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = sign (texts[i]);

      g_test_message ("%s", texts[i]);
      assert_corrupt (text, strlen (text));
    }
}

/* Signed, but no JSON: as corrupt as any other */
static void
test_signed_nonsense_is_corrupt (void)
{
  static const char *const texts[] = { "", "x", "{\"strata\":", "{\"strata\":{\"key\":}", "[1" };

  for (guint i = 0; i < G_N_ELEMENTS (texts); i++)
    {
      g_autofree char *text = sign (texts[i]);

      assert_corrupt (text, strlen (text));
    }
}

static void
test_paths_follow_from_the_manifest (void)
{
  g_autoptr(StrataManifest) session = make_session ();
  g_autoptr(StrataManifest) collection = make_collection ();
  g_autofree char *metadata = _strata_manifest_dup_path (session);
  g_autofree char *collection_metadata = _strata_manifest_dup_path (collection);
  g_autofree char *plain = _strata_manifest_dup_part_path (session, g_ptr_array_index (session->parts, 0));
  g_autofree char *gzip = _strata_manifest_dup_part_path (session, g_ptr_array_index (session->parts, 1));
  g_autofree char *of_collection = _strata_manifest_dup_part_path (collection, g_ptr_array_index (collection->parts, 0));

  g_assert_cmpstr (metadata, ==, "sessions/a-0123456789abcdef/metadata.json");
  g_assert_cmpstr (collection_metadata, ==, "collections/notes_0123456789abcdef.metadata.json");
  /* The digits are of SHA-256 ("screenshots") and SHA-256 ("notes") */
  g_assert_cmpstr (plain, ==, "sessions/a-0123456789abcdef/chunks/screenshots-001.98d875b61ff2.json");
  /* and, of the packed file itself, SHA-256 ("") */
  g_assert_cmpstr (gzip, ==, "sessions/a-0123456789abcdef/chunks/screenshots-002.e3b0c44298fc.json.gz");
  g_assert_cmpstr (of_collection, ==, "collections/notes-001.ab5aa97074c4.json");
}

static void
test_stored_bytes_are_all_of_its_files (void)
{
  g_autoptr(StrataManifest) session = make_session ();
  g_autoptr(GBytes) bytes = _strata_manifest_serialize (session);

  g_assert_cmpuint (_strata_manifest_stored_bytes (session), ==, g_bytes_get_size (bytes) + 1001 + 1002 + 1001 + 1001);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  g_test_add_func ("/manifest/round-trip", test_round_trip_is_byte_exact);
  g_test_add_func ("/manifest/truncated", test_every_truncation_is_corrupt);
  g_test_add_func ("/manifest/flipped", test_every_flipped_bit_is_corrupt);
  g_test_add_func ("/manifest/trailing", test_trailing_bytes_are_corrupt);
  g_test_add_func ("/manifest/signed", test_signed_text_that_fits_is_read);
  g_test_add_func ("/manifest/hostile", test_hostile_metadata_is_refused);
  g_test_add_func ("/manifest/nonsense", test_signed_nonsense_is_corrupt);
  g_test_add_func ("/manifest/paths", test_paths_follow_from_the_manifest);
  g_test_add_func ("/manifest/stored-bytes", test_stored_bytes_are_all_of_its_files);

  return g_test_run ();
}

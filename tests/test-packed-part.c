/* test-packed-part.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-gzip-private.h"
#include "fault-seam.h"
#include "session-util.h"
#include "store/strata-key-private.h"
#include "store/strata-part-read-private.h"
#include "store/strata-value-stream-private.h"
#include "test-util.h"

/* More elements than go into the first two parts */
#define N_ELEMENTS 2500

typedef struct
{
  char        *path;
  StrataStore *store;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->store = store_util_open (fixture->path);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  g_clear_object (&fixture->store);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

/* Returns: (transfer full): the session's key; or %NULL with @error set */
static char *
try_put_packed (StrataStore  *store,
                const char   *json,
                guint         n_threads,
                GError      **error)
{
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, error);
  g_autoptr(StrataPartPacker) packer = NULL;
  g_autoptr(StrataSlicer) slicer = NULL;
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (json, strlen (json));
  StrataManifest *manifest;
  g_autofree char *key = NULL;

  if (batch == NULL)
    return NULL;

  packer = _strata_part_packer_new (_strata_batch_get_staging (batch), 6, n_threads);
  slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
  _strata_slicer_set_packer (slicer, packer);
  manifest = _strata_slicer_take_session (slicer, reader, NULL, error);
  if (manifest == NULL)
    return NULL;

  key = _strata_key_make (_strata_slicer_get_id_token (slicer), 0, 1);
  manifest->key = g_strdup (key);
  manifest->source = 1;
  _strata_batch_add (batch, manifest, store_util_new_rows ());

  return _strata_batch_commit (batch, error) ? g_steal_pointer (&key) : NULL;
}

static char *
put_packed (StrataStore *store,
            const char  *json,
            guint        n_threads)
{
  g_autoptr(GError) error = NULL;
  char *key = try_put_packed (store, json, n_threads, &error);

  g_assert_no_error (error);

  return key;
}

static void
assert_reads (Fixture    *fixture,
              const char *key,
              const char *json)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = store_util_read_session (fixture->store, key, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, json);
}

static guint
count_packed (Fixture *fixture)
{
  g_autofree char *list = store_util_list_files (fixture->path, "sessions");
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);
  guint n = 0;

  for (guint i = 0; files[i] != NULL; i++)
    n += g_str_has_suffix (files[i], ".json.gz") ? 1 : 0;

  return n;
}

static void
test_a_session_of_packed_parts_reads_as_it_was (Fixture       *fixture,
                                                gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", N_ELEMENTS, "1");

  for (guint n_threads = 0; n_threads <= 3; n_threads++)
    {
      g_autofree char *key = put_packed (fixture->store, json, n_threads);
      g_autofree char *problems = store_util_check (fixture->store);
      g_autoptr(StrataSession) session = strata_session_open (fixture->store, key, NULL, NULL);
      g_autoptr(StrataElements) elements = NULL;
      g_autofree char *last = session_util_make_element (N_ELEMENTS - 1, "1");
      g_autoptr(GBytes) element = NULL;
      g_autoptr(GError) error = NULL;

      assert_reads (fixture, key, json);
      g_assert_cmpstr (problems, ==, "");
      g_assert_cmpuint (count_packed (fixture), ==, 4);

      elements = strata_session_load_part (session, "screenshots-004", NULL, &error);
      g_assert_no_error (error);
      element = strata_elements_dup_element (elements, strata_elements_get_n_elements (elements) - 1);
      session_util_assert_text (element, last);
    }
}

static void
test_what_does_not_get_smaller_stays_plain (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  static const char json[] = "{\"id\":\"a\",\"screenshots\":[1,2,3]}";
  g_autofree char *key = put_packed (fixture->store, json, 1);

  assert_reads (fixture, key, json);
  g_assert_cmpuint (count_packed (fixture), ==, 0);
}

/* A value that is too large for memory is packed from staging/, and read bit by bit. */
static void
test_a_very_long_value_is_packed_too (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(GString) json = g_string_new ("{\"id\":\"a\",\"long\":\"");
  g_autofree char *key = NULL;
  g_autofree char *problems = NULL;
  g_autofree char *file = NULL;

  while (json->len < 3 * STRATA_PART_MAX_WHOLE)
    g_string_append_printf (json, "%x %u ", (guint)g_test_rand_int (), (guint)json->len);
  g_string_append (json, "\",\"end\":[]}");

  key = put_packed (fixture->store, json->str, 1);
  assert_reads (fixture, key, json->str);
  problems = store_util_check (fixture->store);
  g_assert_cmpstr (problems, ==, "");
  file = store_util_find_file (fixture->path, "sessions", "long-001");
  g_assert_true (g_str_has_suffix (file, ".json.gz"));
}

static void
test_parts_that_the_store_has_stay_packed (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", 100, "1");
  g_autofree char *key = put_packed (fixture->store, json, 1);
  g_autoptr(StrataManifest) stored = _strata_store_load (fixture->store, FALSE, key, NULL);
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, NULL);
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (fixture->store), _strata_batch_get_staging (batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (json, strlen (json));
  g_autoptr(StrataManifest) manifest = NULL;
  const StrataPart *part, *stored_part = g_ptr_array_index (stored->parts, 0);

  _strata_slicer_set_stored (slicer, stored);
  manifest = _strata_slicer_take_session (slicer, reader, NULL, NULL);

  part = g_ptr_array_index (manifest->parts, 0);
  g_assert_true (stored_part->is_gzip);
  g_assert_true (part->is_gzip);
  g_assert_null (part->staged_path);
  g_assert_cmpuint (part->stored_bytes, ==, stored_part->stored_bytes);
  g_assert_true (_strata_digest_equal (&part->stored_digest, &stored_part->stored_digest));
}

/* Damage */

/* Whatever byte of a packed file is another one: reading gives the right text or says
 * that it is damaged, in both ways of reading; and the check names the file.
 */
static void
test_every_damaged_byte_is_noticed (Fixture       *fixture,
                                    gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", 3, "1");
  g_autofree char *key = put_packed (fixture->store, json, 0);
  g_autofree char *file = store_util_find_file (fixture->path, "sessions", "screenshots-001");
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  const StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  gsize size = store_util_file_size (fixture->path, file);

  g_assert_true (part->is_gzip);
  for (gsize offset = 0; offset < size; offset++)
    {
      g_autoptr(GError) error = NULL;
      g_autoptr(GError) part_error = NULL;
      g_autoptr(GBytes) text = NULL;
      g_autofree char *read = NULL;
      g_autofree char *problems = NULL;

      store_util_flip_byte (fixture->path, file, offset);
      read = store_util_read_session (fixture->store, key, &error);
      if (read != NULL)
        g_assert_cmpstr (read, ==, json);
      else
        g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);

      text = _strata_part_read (_strata_store_get_dir (fixture->store), manifest, part, NULL, &part_error);
      if (text == NULL)
        g_assert_error (part_error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
      else
        g_assert_cmpuint (g_bytes_get_size (text), ==, part->raw_bytes);

      problems = store_util_check (fixture->store);
      g_assert_true (g_str_has_prefix (problems, file));
      store_util_flip_byte (fixture->path, file, offset);
    }
  assert_reads (fixture, key, json);
}

static void
write_file (Fixture       *fixture,
            const char    *file,
            gconstpointer  data,
            gsize          size)
{
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);

  g_assert_true (g_file_set_contents (path, data, (gssize)size, NULL));
}

static void
assert_damaged (Fixture    *fixture,
                const char *key)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  g_autoptr(GError) error = NULL;
  g_autoptr(GError) part_error = NULL;
  g_autofree char *read = store_util_read_session (fixture->store, key, &error);
  g_autoptr(GBytes) text = _strata_part_read (_strata_store_get_dir (fixture->store), manifest,
                                              g_ptr_array_index (manifest->parts, 0), NULL, &part_error);

  g_assert_null (read);
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_assert_null (text);
  g_assert_error (part_error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
}

static void
test_a_cut_and_a_longer_file_are_damage (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", 3, "1");
  g_autofree char *key = put_packed (fixture->store, json, 0);
  g_autofree char *file = store_util_find_file (fixture->path, "sessions", "screenshots-001");
  g_autofree char *path = g_build_filename (fixture->path, file, NULL);
  g_autofree char *content = NULL;
  gsize size;

  g_assert_true (g_file_get_contents (path, &content, &size, NULL));
  content = g_realloc (content, size + 1);
  for (gsize cut = 0; cut < size; cut += 1 + size / 50)
    {
      write_file (fixture, file, content, cut);
      assert_damaged (fixture, key);
    }
  content[size] = 0;
  write_file (fixture, file, content, size + 1);
  assert_damaged (fixture, key);
}

/* Makes the metadata say of the first part's file what is so of @packed. */
static void
forge_file (Fixture    *fixture,
            const char *key,
            GBytes     *packed,
            guint64     raw_bytes)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  g_autofree char *file = NULL;

  part->is_gzip = TRUE;
  part->stored_bytes = g_bytes_get_size (packed);
  part->raw_bytes = raw_bytes;
  _strata_digest_of (g_bytes_get_data (packed, NULL), g_bytes_get_size (packed), &part->stored_digest);
  session_util_forge (fixture->path, manifest);
  file = _strata_manifest_dup_part_path (manifest, part);
  write_file (fixture, file, g_bytes_get_data (packed, NULL), g_bytes_get_size (packed));
}

/* The metadata say that little comes out; far more would. Then they lie about that too. */
static void
test_bombs_are_refused (Fixture       *fixture,
                        gconstpointer  test_data)
{
  static const guint64 claims[] = { 0, 1000, STRATA_PART_MAX_WHOLE, STRATA_PART_MAX_WHOLE + 1, 50 * 1000 * 1000, G_MAXUINT64 };
  const gsize bomb_size = 100 * 1000 * 1000;
  g_autofree char *json = session_util_make ("a", 3, "1");
  g_autofree char *key = put_packed (fixture->store, json, 0);
  g_autofree char *nothing = g_malloc0 (bomb_size);
  g_autoptr(GBytes) bomb = _strata_gzip_pack (nothing, bomb_size, 12);

  for (guint i = 0; i < G_N_ELEMENTS (claims); i++)
    {
      forge_file (fixture, key, bomb, claims[i]);
      assert_damaged (fixture, key);
    }
}

/* Faults */

static void
test_a_failing_call_leaves_all_or_nothing (Fixture       *fixture,
                                           gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", 200, "1");
  g_autofree char *key = put_packed (fixture->store, json, 1);
  g_autofree char *changed = session_util_make ("a", 200, "2");
  guint64 total;

  fault_seam_install ();
  g_free (put_packed (fixture->store, json, 1));
  total = fault_seam_get_calls ();

  for (guint64 nth = 1; nth <= total; nth++)
    {
      g_autoptr(GError) error = NULL;
      g_autofree char *done = NULL;
      g_autofree char *read = NULL;

      fault_seam_arm (FAULT_NONE, 0, 0);
      g_free (put_packed (fixture->store, json, 1));

      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      done = try_put_packed (fixture->store, changed, 1, &error);
      g_assert_true ((done == NULL) == (error != NULL));

      fault_seam_arm (FAULT_NONE, 0, 0);
      read = store_util_read_session (fixture->store, key, NULL);
      g_assert_true (g_strcmp0 (read, changed) == 0 || (done == NULL && g_strcmp0 (read, json) == 0));
    }
}

static void
test_unpacking_gives_the_plain_file_back (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  g_autofree char *json = session_util_make ("a", 100, "1");
  g_autofree char *key = put_packed (fixture->store, json, 1);
  g_autoptr(StrataManifest) manifest = _strata_store_load (fixture->store, FALSE, key, NULL);
  g_autoptr(StrataBatch) batch = _strata_batch_new (fixture->store, NULL);
  StrataPart *part = g_ptr_array_index (manifest->parts, 0);
  g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);
  g_autoptr(GBytes) text = _strata_part_read (_strata_store_get_dir (fixture->store), manifest, part, NULL, NULL);
  g_autoptr(GBytes) unpacked = NULL;
  g_autoptr(GError) error = NULL;

  g_assert_true (_strata_part_unpack_file (part, _strata_store_get_dir (fixture->store), _strata_batch_get_staging (batch),
                                           path, NULL, &error));
  g_assert_no_error (error);
  g_assert_false (part->is_gzip);
  g_assert_cmpuint (part->stored_bytes, ==, part->raw_bytes);
  g_assert_true (_strata_digest_equal (&part->stored_digest, &part->raw_digest));
  unpacked = _strata_file_read (_strata_store_get_dir (fixture->store), part->staged_path, G_MAXINT32, NULL);
  g_assert_true (g_bytes_equal (unpacked, text));

  /* And of one that is not what was stored nothing is made */
  g_clear_pointer (&part->staged_path, g_free);
  store_util_flip_byte (fixture->path, path, 30);
  g_assert_false (_strata_part_unpack_file (part, _strata_store_get_dir (fixture->store), _strata_batch_get_staging (batch),
                                            path, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT);
  g_assert_null (part->staged_path);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define add(name, function) \
  g_test_add ("/packed-part/" name, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  add ("a-session-of-packed-parts-reads-as-it-was", test_a_session_of_packed_parts_reads_as_it_was);
  add ("what-does-not-get-smaller-stays-plain", test_what_does_not_get_smaller_stays_plain);
  add ("a-very-long-value-is-packed-too", test_a_very_long_value_is_packed_too);
  add ("parts-that-the-store-has-stay-packed", test_parts_that_the_store_has_stay_packed);
  add ("every-damaged-byte-is-noticed", test_every_damaged_byte_is_noticed);
  add ("a-cut-and-a-longer-file-are-damage", test_a_cut_and_a_longer_file_are_damage);
  add ("bombs-are-refused", test_bombs_are_refused);
  add ("a-failing-call-leaves-all-or-nothing", test_a_failing_call_leaves_all_or_nothing);
  add ("unpacking-gives-the-plain-file-back", test_unpacking_gives_the_plain_file_back);

  return g_test_run ();
}

/* test-legacy-attachment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <json-glib/json-glib.h>

#include "base/strata-digest-private.h"
#include "base/strata-error.h"
#include "base/strata-seam-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "legacy/strata-legacy-path-private.h"
#include "test-util.h"

/* What became of one attachment */
typedef struct
{
  GString *codes;   /* in the order of reporting, separated by spaces */
  char    *sha256;  /* NULL: no bytes */
  guint64  bytes;
} Outcome;

static void
outcome_clear (Outcome *outcome)
{
  g_string_free (outcome->codes, TRUE);
  g_free (outcome->sha256);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static void
add_code (GString    *codes,
          const char *code)
{
  g_string_append_printf (codes, "%s%s", codes->len > 0 ? " " : "", code);
}

static void
collect_problem (StrataProblem *problem,
                 gpointer       user_data)
{
  g_assert_cmpstr (strata_problem_get_message (problem), !=, "");
  g_assert_nonnull (strata_problem_get_item (problem));
  add_code (user_data, strata_problem_get_code (problem));
  g_object_unref (problem);
}

static void
read_bytes (StrataLegacyStore      *store,
            StrataLegacyAttachment *attachment,
            Outcome                *outcome)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = _strata_legacy_attachment_open (store, attachment, &error);
  g_autoptr(StrataHasher) hasher = _strata_hasher_new ();
  StrataDigest digest;
  guint8 buffer[1000];
  gssize size = -1;

  if (stream != NULL)
    while ((size = g_input_stream_read (stream, buffer, sizeof buffer, NULL, &error)) > 0)
      {
        _strata_hasher_update (hasher, buffer, (gsize)size);
        outcome->bytes += (gsize)size;
      }

  _strata_hasher_finish (hasher, &digest);
  if (size == 0)
    {
      outcome->sha256 = _strata_digest_dup_hex (&digest);
      return;
    }

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  add_code (outcome->codes, "attachment-data-invalid");
  outcome->bytes = 0;
}

static Outcome
carry (StrataLegacyStore *store,
       const char        *id)
{
  Outcome outcome = { .codes = g_string_new (NULL) };
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyAttachment) attachment =
    _strata_legacy_attachment_load (store, id, collect_problem, outcome.codes, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (attachment->id, ==, id);
  if (attachment->data_path != NULL || attachment->file_path != NULL)
    read_bytes (store, attachment, &outcome);

  return outcome;
}

/* --- The stores that lie beside the project --- */

static gboolean
has_member (JsonObject *object,
            const char *name)
{
  return object != NULL && json_object_has_member (object, name);
}

/* Whether the outcome is what @expected says, or @instead where that says something */
static gboolean
is_expected (const Outcome *outcome,
             JsonObject    *expected,
             JsonObject    *instead)
{
  JsonObject *digests = has_member (instead, "sha256") ? instead : expected;
  JsonObject *sizes = has_member (instead, "bytes") ? instead : expected;
  JsonObject *problems = has_member (instead, "problem") ? instead : expected;
  const char *problem = json_object_get_string_member_with_default (problems, "problem", "");

  return g_strcmp0 (outcome->sha256, json_object_get_string_member_with_default (digests, "sha256", NULL)) == 0 &&
         outcome->bytes == (guint64)json_object_get_int_member_with_default (sizes, "bytes", 0) &&
         strcmp (outcome->codes->str, problem != NULL ? problem : "") == 0;
}

static void
check_attachment (const char        *case_name,
                  StrataLegacyStore *store,
                  JsonObject        *expected)
{
  const char *id = json_object_get_string_member (expected, "id");
  g_auto(Outcome) outcome = carry (store, id);
  gboolean ok = is_expected (&outcome, expected, NULL);

  if (json_object_has_member (expected, "or"))
    {
      JsonArray *others = json_object_get_array_member (expected, "or");

      for (guint i = 0; !ok && i < json_array_get_length (others); i++)
        ok = is_expected (&outcome, expected, json_array_get_object_element (others, i));
    }

  if (!ok && !json_object_get_boolean_member_with_default (expected, "optional", FALSE))
    g_error ("%s: attachment “%s” gave [%s] %s (%" G_GUINT64_FORMAT " bytes)", case_name, id,
             outcome.codes->str, outcome.sha256, outcome.bytes);
}

static guint
check_edge_store (const char *path,
                  const char *case_name)
{
  g_autofree char *store_path = g_build_filename (path, case_name, "com.taskerino.desktop", NULL);
  g_autofree char *expect_path = g_build_filename (path, case_name, "expect.json", NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(GError) error = NULL;
  JsonArray *attachments;

  if (!g_file_test (store_path, G_FILE_TEST_IS_DIR) || !g_file_test (expect_path, G_FILE_TEST_EXISTS))
    return 0;

  store = _strata_legacy_store_open (store_path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  json_parser_load_from_file (parser, expect_path, &error);
  g_assert_no_error (error);

  attachments = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "attachments");
  for (guint i = 0; i < json_array_get_length (attachments); i++)
    check_attachment (case_name, store, json_array_get_object_element (attachments, i));

  return json_array_get_length (attachments);
}

static void
test_edge_stores_give_what_is_expected (void)
{
  g_autofree char *fixtures = test_dup_fixtures ();
  g_autofree char *edge = fixtures != NULL ? g_build_filename (fixtures, "edge", NULL) : NULL;
  g_autoptr(GDir) dir = edge != NULL ? g_dir_open (edge, 0, NULL) : NULL;
  const char *name;
  guint n_attachments = 0;

  if (dir == NULL)
    {
      g_test_skip ("The edge stores are not here");
      return;
    }

  while ((name = g_dir_read_name (dir)) != NULL)
    n_attachments += check_edge_store (edge, name);

  g_test_message ("%u attachments of edge stores", n_attachments);
  g_assert_cmpuint (n_attachments, >, 50);
}

static void
test_sample_attachments_have_their_digests (void)
{
  g_autofree char *fixtures = test_dup_fixtures ();
  g_autofree char *manifest = fixtures != NULL ? g_build_filename (fixtures, "sample.manifest.json", NULL) : NULL;
  g_autofree char *path = fixtures != NULL ? g_build_filename (fixtures, "sample", NULL) : NULL;
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(GError) error = NULL;
  JsonArray *attachments;

  if (manifest == NULL || !g_file_test (manifest, G_FILE_TEST_EXISTS))
    {
      g_test_skip ("The sample store is not here");
      return;
    }

  store = _strata_legacy_store_open (path, NULL, NULL, NULL, &error);
  g_assert_no_error (error);
  json_parser_load_from_file (parser, manifest, &error);
  g_assert_no_error (error);

  attachments = json_object_get_array_member (json_node_get_object (json_parser_get_root (parser)), "attachments");
  for (guint i = 0; i < json_array_get_length (attachments); i++)
    {
      JsonObject *expected = json_array_get_object_element (attachments, i);
      const char *file_sha256 = json_object_get_string_member_with_default (expected, "fileSha256", NULL);
      const char *sha256 = json_object_get_string_member_with_default (expected, "sha256", file_sha256);
      g_auto(Outcome) outcome = carry (store, json_object_get_string_member (expected, "id"));

      g_assert_nonnull (outcome.sha256);
      g_assert_cmpstr (outcome.sha256, ==, sha256 != NULL ? sha256 : file_sha256);
      g_assert_cmpstr (outcome.codes->str, ==, file_sha256 == NULL ? "" : "attachment-path-stale");
    }
}

/* --- Stores of our own --- */

typedef struct
{
  char *path;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_dir ();
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static void
put (Fixture    *fixture,
     const char *name,
     const char *content)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);
  g_autoptr(GError) error = NULL;

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_file_set_contents (path, content, -1, &error);
  g_assert_no_error (error);
}

static void
put_link (Fixture    *fixture,
          const char *name,
          const char *target)
{
  g_autofree char *path = g_build_filename (fixture->path, name, NULL);
  g_autofree char *folder = g_path_get_dirname (path);

  g_assert_cmpint (g_mkdir_with_parents (folder, 0700), ==, 0);
  g_assert_cmpint (symlink (target, path), ==, 0);
}

static StrataLegacyStore *
open_store (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataLegacyStore *store = _strata_legacy_store_open (fixture->path, NULL, NULL, NULL, &error);

  g_assert_no_error (error);

  return store;
}

static char *
sha256_of (const char *text)
{
  return text != NULL ? g_compute_checksum_for_string (G_CHECKSUM_SHA256, text, -1) : NULL;
}

static void
test_bytes_are_found_or_it_is_said_why_not (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  static const struct
  {
    const char *id;
    const char *content; /* NULL: none */
    const char *codes;
  } rows[] = {
    { "whole", "ABC", "" },
    { "no-meta", "ABC", "attachment-meta-missing" },
    { "no-data", NULL, "attachment-data-missing" },
    { "nothing", NULL, "attachment-missing" },
    { "../outside", NULL, "attachment-missing" },
    { "", NULL, "attachment-missing" },
    { "broken-meta", "ABC", "attachment-meta-invalid" },
    { "meta-with-tail", "ABC", "attachment-meta-invalid" },
    { "meta-of-a-list", NULL, "attachment-meta-invalid attachment-data-missing" },
    { "damaged", NULL, "attachment-data-invalid" },
    { "a-link", NULL, "" },
    { "linked-data", NULL, "link-skipped" },
    { "linked-meta", "ABC", "link-skipped" },
    { "linked-both", NULL, "link-skipped link-skipped" },
    { "piped", NULL, "link-skipped" },
    { "clouded", NULL, "not-downloaded" },
    { "clouded-meta", "ABC", "not-downloaded" },
    { "raw", "raw bytes", "attachment-meta-missing" },
    { "raw-with-dat", "ABC", "" },
    { "raw-linked", NULL, "link-skipped" },
    { "by-path", "video", "" },
    { "by-path-to-text", "ABC", "" },
    { "by-old-path", "video", "attachment-path-stale" },
    { "by-windows-path", "video", "attachment-path-stale" },
    { "by-url", "video", "attachment-path-stale" },
    { "by-link", NULL, "link-skipped" },
    { "by-linked-folder", NULL, "link-skipped" },
    { "by-clouded-path", NULL, "not-downloaded" },
    { "by-folder", NULL, "attachment-data-missing" },
    { "by-other-file", NULL, "attachment-data-missing" },
    { "by-home", NULL, "attachment-outside" },
    { "by-root", NULL, "attachment-outside" },
    { "by-climbing", NULL, "attachment-outside" },
  };
  static const struct
  {
    const char *name;
    const char *content;
  } files[] = {
    { "db/sessions.json", "[]" },
    { "attachments/whole.dat", "data:image/png;base64,QUJD" },
    { "attachments/whole.meta.json", "{\"id\":\"whole\"}" },
    { "attachments/no-meta.dat", "QUJD" },
    { "attachments/no-data.meta.json", "{}" },
    { "attachments/broken-meta.dat", "QUJD" },
    { "attachments/broken-meta.meta.json", "{\"id\":" },
    { "attachments/meta-with-tail.dat", "QUJD" },
    { "attachments/meta-with-tail.meta.json", "{} x" },
    { "attachments/meta-of-a-list.meta.json", "[1]" },
    { "attachments/damaged.dat", "QUJD!" },
    { "attachments/damaged.meta.json", "{}" },
    { "attachments/a-link.meta.json", "{\"type\":\"link\"}" },
    { "attachments/linked-data.meta.json", "{}" },
    { "attachments/linked-meta.dat", "QUJD" },
    { "attachments/piped.meta.json", "{}" },
    { "attachments/clouded.meta.json", "{}" },
    { "attachments/.clouded.dat.icloud", "x" },
    { "attachments/clouded-meta.dat", "QUJD" },
    { "attachments/.clouded-meta.meta.json.icloud", "x" },
    { "attachments/images/raw.png", "raw bytes" },
    { "attachments/images/raw-with-dat.png", "raw bytes" },
    { "attachments/raw-with-dat.dat", "QUJD" },
    { "attachments/raw-with-dat.meta.json", "{}" },
    { "attachments/raw-linked.meta.json", "{}" },
    { "videos/v.mp4", "video" },
    { "videos/folder/x.mp4", "video" },
    { "videos/.c.mp4.icloud", "x" },
    { "attachments/by-path.meta.json", "{\"path\":\"./videos//v.mp4\"}" },
    { "attachments/by-path-to-text.meta.json", "{\"path\":\"attachments/whole.dat\"}" },
    { "attachments/by-old-path.meta.json", "{\"path\":\"/old/com.taskerino.desktop/videos/v.mp4\"}" },
    { "attachments/by-windows-path.meta.json",
      "{\"path\":\"C:\\\\Users\\\\x\\\\com.taskerino.desktop\\\\videos\\\\v.mp4\"}" },
    { "attachments/by-url.meta.json",
      "{\"path\":\"file:///Users/a%20b/com.taskerino.desktop/videos/%76.mp4\"}" },
    { "attachments/by-link.meta.json", "{\"path\":\"videos/link.mp4\"}" },
    { "attachments/by-linked-folder.meta.json", "{\"path\":\"videos/linked/v.mp4\"}" },
    { "attachments/by-clouded-path.meta.json", "{\"path\":\"videos/c.mp4\"}" },
    { "attachments/by-folder.meta.json", "{\"path\":\"videos/folder\"}" },
    { "attachments/by-other-file.meta.json", "{\"path\":\"db/sessions.json\"}" },
    { "attachments/by-home.meta.json", "{\"path\":\"~/v.mp4\"}" },
    { "attachments/by-root.meta.json", "{\"path\":\"/etc/hostname\"}" },
    { "attachments/by-climbing.meta.json", "{\"path\":\"videos/../../v.mp4\"}" },
  };
  g_autofree char *pipe_path = g_build_filename (fixture->path, "attachments/piped.dat", NULL);
  g_autoptr(StrataLegacyStore) store = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (files); i++)
    put (fixture, files[i].name, files[i].content);
  put_link (fixture, "attachments/linked-data.dat", "whole.dat");
  put_link (fixture, "attachments/linked-meta.meta.json", "whole.meta.json");
  put_link (fixture, "attachments/linked-both.meta.json", "whole.meta.json");
  put_link (fixture, "attachments/linked-both.dat", "/etc/hostname");
  put_link (fixture, "attachments/files/raw-linked.bin", "/etc/hostname");
  put_link (fixture, "videos/link.mp4", "v.mp4");
  put_link (fixture, "videos/linked", ".");
  g_assert_cmpint (mkfifo (pipe_path, 0600), ==, 0);
  store = open_store (fixture);

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_auto(Outcome) outcome = carry (store, rows[i].id);
      g_autofree char *expected = sha256_of (rows[i].content);

      g_test_message ("%s", rows[i].id);
      g_assert_cmpstr (outcome.codes->str, ==, rows[i].codes);
      g_assert_cmpstr (outcome.sha256, ==, expected);
    }
}

static void
test_metadata_stay_verbatim (Fixture       *fixture,
                             gconstpointer  test_data)
{
  static const char meta[] =
    "{\"id\":\"x\",\"type\":\"image\",\"name\":\"caf\\u00e9 \\/ \\ud83d\","
    "\"mime\\u0054ype\":\"image\\/png\",\n"
    "  \"size\": 1.0e0, \"type\" : \"photo\", \"path\": null, \"\\u0000\": [1, 2]}\n";
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(StrataLegacyAttachment) attachment = NULL;
  g_autoptr(GString) codes = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  put (fixture, "attachments/x.meta.json", meta);
  put (fixture, "attachments/x.dat", "QUJD\n");
  store = open_store (fixture);
  attachment = _strata_legacy_attachment_load (store, "x", collect_problem, codes, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (codes->str, ==, "");
  g_assert_cmpstr (attachment->meta, ==,
                   "{\"id\":\"x\",\"type\":\"image\",\"name\":\"caf\\u00e9 \\/ \\ud83d\","
                   "\"mime\\u0054ype\":\"image\\/png\","
                   "\"size\":1.0e0,\"type\":\"photo\",\"path\":null,\"\\u0000\":[1,2]}");
  g_assert_cmpstr (attachment->type, ==, "photo");
  g_assert_cmpstr (attachment->mime, ==, "image/png");
  g_assert_cmpstr (attachment->name, ==, "caf\xc3\xa9 / \xef\xbf\xbd");
  g_assert_null (attachment->recorded_path);
  g_assert_cmpstr (attachment->data_path, ==, "attachments/x.dat");
  g_assert_null (attachment->file_path);
  g_assert_cmpuint (attachment->source_size, ==, 5);
  g_assert_cmpint (attachment->source_mtime_ns, >, G_GINT64_CONSTANT (1500000000000000000));
}

static void
test_inline_metadata_serve_where_there_is_no_file (Fixture       *fixture,
                                                   gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(StrataLegacyAttachment) raw = NULL;
  g_autoptr(StrataLegacyAttachment) by_path = NULL;
  g_autoptr(StrataLegacyAttachment) gone = NULL;
  g_autoptr(GString) codes = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  put (fixture, "attachments/images/x.png", "raw bytes");
  put (fixture, "db/notes.json", "[]");
  store = open_store (fixture);

  raw = _strata_legacy_attachment_load_inline (store, "x", "{\"name\":\"n\"}", collect_problem, codes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (raw->file_path, ==, "attachments/images/x.png");
  g_assert_cmpstr (raw->name, ==, "n");

  by_path = _strata_legacy_attachment_load_inline (store, "y", "{\"path\":\"attachments/images/x.png\"}",
                                                   collect_problem, codes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (by_path->file_path, ==, "attachments/images/x.png");
  g_assert_cmpstr (codes->str, ==, "");

  gone = _strata_legacy_attachment_load_inline (store, "z", "{}", collect_problem, codes, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (codes->str, ==, "attachment-data-missing");
}

static StrataSeam faulty;

static gssize
fail_to_read (int      fd,
              void    *buffer,
              gsize    size,
              goffset  offset)
{
  errno = EIO;
  return -1;
}

static void
test_only_reading_can_fail (Fixture       *fixture,
                            gconstpointer  test_data)
{
  g_autoptr(StrataLegacyStore) store = NULL;
  g_autoptr(StrataLegacyAttachment) attachment = NULL;
  g_autoptr(GString) codes = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  put (fixture, "attachments/x.meta.json", "{}");
  store = open_store (fixture);
  faulty = *_strata_seam_get_system ();
  faulty.pread = fail_to_read;
  _strata_seam = &faulty;
  attachment = _strata_legacy_attachment_load (store, "x", collect_problem, codes, &error);
  _strata_seam = _strata_seam_get_system ();

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
  g_assert_null (attachment);
  g_assert_cmpstr (codes->str, ==, "");
}

static void
test_paths_lead_nowhere_else (void)
{
  static const struct
  {
    const char           *recorded;
    StrataLegacyPathKind  kind;
    const char           *path;
  } rows[] = {
    { "", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "video-abc-1", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "videos", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "videos/", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "videos/v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { ".\\videos\\v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { "videos/a/../v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { "videos/.hidden", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "keys/k", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "db/sessions.json", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "attachments/../db/sessions.json", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "/here/store/videos/v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { "/here/store/../x", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "/here/storey/videos/v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file:///here/store/videos/v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { "/old/com.taskerino.desktop/videos/v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "/old/com.taskerino.desktop/../videos/v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "/a/com.taskerino.desktop/b/com.taskerino.desktop/videos/v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "/old/xcom.taskerino.desktop/videos/v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "com.taskerino.desktop/videos/v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "~/x/com.taskerino.desktop/videos/v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "D:\\com.taskerino.desktop\\videos\\v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "asset://localhost/%2Fold%2Fcom.taskerino.desktop%2Fvideos%2Fv.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "https://asset.localhost/C%3A%5Cx%5Ccom.taskerino.desktop%5Cvideos%5Cv.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "file:///C:/x/com.taskerino.desktop/videos/a%20b.mp4", STRATA_LEGACY_PATH_MOVED, "videos/a b.mp4" },
    { "file://C:\\x\\com.taskerino.desktop\\videos\\v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "file:/old/com.taskerino.desktop/videos/a%20b.mp4", STRATA_LEGACY_PATH_MOVED, "videos/a b.mp4" },
    { "file:/here/store/videos/v.mp4", STRATA_LEGACY_PATH_INSIDE, "videos/v.mp4" },
    { "\\\\?\\C:\\x\\com.taskerino.desktop\\videos\\v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "\\\\server\\x\\com.taskerino.desktop\\videos\\v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "C:\\\\x\\\\com.taskerino.desktop\\\\videos\\\\v.mp4", STRATA_LEGACY_PATH_MOVED, "videos/v.mp4" },
    { "C:/x\\com.taskerino.desktop/attachments\\images/i.png", STRATA_LEGACY_PATH_MOVED, "attachments/images/i.png" },
    { "C:\\x\\com.taskerino.desktop\\..\\v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "\\\\server\\x\\v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "https://example.org/videos/v.mp4", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file:/etc/hostname", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file:\\x", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file:/", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file:", STRATA_LEGACY_PATH_NOWHERE, NULL },
    { "file:///", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file://host", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "file://%zz", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "/etc/hostname", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "../x", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "..\\..\\x", STRATA_LEGACY_PATH_OUTSIDE, NULL },
    { "~", STRATA_LEGACY_PATH_OUTSIDE, NULL },
  };

  for (guint i = 0; i < G_N_ELEMENTS (rows); i++)
    {
      g_autofree char *path = NULL;

      g_test_message ("%s", rows[i].recorded);
      g_assert_cmpint (_strata_legacy_path_resolve (rows[i].recorded, "/here/store", &path), ==, rows[i].kind);
      g_assert_cmpstr (path, ==, rows[i].path);
    }
}

int
main (int    argc,
      char **argv)
{
  g_test_init (&argc, &argv, NULL);

  g_test_add ("/legacy-attachment/bytes-are-found-or-it-is-said-why-not", Fixture, NULL,
              fixture_set_up, test_bytes_are_found_or_it_is_said_why_not, fixture_tear_down);
  g_test_add ("/legacy-attachment/metadata-stay-verbatim", Fixture, NULL,
              fixture_set_up, test_metadata_stay_verbatim, fixture_tear_down);
  g_test_add ("/legacy-attachment/inline-metadata-serve-where-there-is-no-file", Fixture, NULL,
              fixture_set_up, test_inline_metadata_serve_where_there_is_no_file, fixture_tear_down);
  g_test_add ("/legacy-attachment/only-reading-can-fail", Fixture, NULL,
              fixture_set_up, test_only_reading_can_fail, fixture_tear_down);
  g_test_add_func ("/legacy-attachment/paths-lead-nowhere-else", test_paths_lead_nowhere_else);
  g_test_add_func ("/legacy-attachment/edge-stores-give-what-is-expected", test_edge_stores_give_what_is_expected);
  g_test_add_func ("/legacy-attachment/sample-attachments-have-their-digests",
                   test_sample_attachments_have_their_digests);

  return g_test_run ();
}

/* test-witness-fixtures.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#include "config.h"

#include <string.h>

#include <json-glib/json-glib.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "witness-util.h"

#define STORE "com.taskerino.desktop"

/* The old stores and what independent code found in them */
static char *fixtures;

static gboolean
skip_without_fixtures (void)
{
  if (g_file_test (fixtures, G_FILE_TEST_IS_DIR))
    return FALSE;

  g_test_skip_printf ("no fixtures in “%s”", fixtures);

  return TRUE;
}

static JsonObject *
load (const char *name)
{
  g_autofree char *path = g_build_filename (fixtures, name, NULL);
  g_autoptr(JsonParser) parser = json_parser_new ();
  g_autoptr(GError) error = NULL;

  json_parser_load_from_file (parser, path, &error);
  g_assert_no_error (error);

  return json_object_ref (json_node_get_object (json_parser_get_root (parser)));
}

/* Returns: the folder's descriptor, or -1 if there is none */
static int
open_store (const char *name)
{
  g_autofree char *path = g_build_filename (fixtures, name, STORE, NULL);

  return open (path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static Testimony *
hear (int         dir,
      const char *path)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) bytes = _strata_file_stream_open_source (dir, path, &error);

  g_assert_no_error (error);

  return hear_stream (bytes);
}

static gboolean
is_there (int         dir,
          const char *path)
{
  return faccessat (dir, path, R_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static const char *
get_string (JsonObject *object,
            const char *member)
{
  JsonNode *node = json_object_get_member (object, member);

  return node != NULL && JSON_NODE_HOLDS_VALUE (node) ? json_node_get_string (node) : NULL;
}

static void
test_sessions_are_those_of_the_sample (void)
{
  g_autoptr(JsonObject) manifest = NULL;
  g_autoptr(Testimony) testimony = NULL;
  JsonArray *sessions;
  gint64 n_bytes = 0;
  int dir;

  if (skip_without_fixtures ())
    return;

  manifest = load ("sample.manifest.json");
  sessions = json_object_get_array_member (manifest, "sessions");
  dir = open_store ("sample");
  testimony = hear (dir, "db/sessions.json");
  close (dir);

  g_assert_no_error (testimony->error);
  g_assert_cmpuint (testimony->elements->len, ==, json_array_get_length (sessions));
  for (guint i = 0; i < testimony->elements->len; i++)
    {
      JsonObject *session = json_array_get_object_element (sessions, i);

      g_assert_cmpstr (g_ptr_array_index (testimony->elements, i), ==, get_string (session, "sha256"));
      n_bytes += json_object_get_int_member (session, "bytes");
    }
  g_assert_cmpuint (testimony->n_bytes, ==, (guint64)n_bytes);
}

static void
test_collections_are_those_of_the_sample (void)
{
  g_autoptr(JsonObject) manifest = NULL;
  g_autoptr(GList) names = NULL;
  JsonObject *collections;
  guint n_checked = 0;
  int dir;

  if (skip_without_fixtures ())
    return;

  manifest = load ("sample.manifest.json");
  collections = json_object_get_object_member (manifest, "collections");
  names = json_object_get_members (collections);
  dir = open_store ("sample");

  for (GList *link = names; link != NULL; link = link->next)
    {
      JsonObject *collection = json_object_get_object_member (collections, link->data);
      g_autofree char *path = g_strdup_printf ("db/%s.json", (const char *)link->data);
      g_autoptr(Testimony) testimony = hear (dir, path);

      g_assert_no_error (testimony->error);
      assert_digest (&testimony->collection.digest, get_string (collection, "sha256"));
      n_checked++;
    }
  close (dir);
  g_assert_cmpuint (n_checked, >, 5);
}

static void
check_attachment (int         dir,
                  const char *path,
                  gboolean    as_is,
                  const char *expected,
                  gint64      expected_length)
{
  g_autoptr(GError) error = NULL;
  StrataDigest digest;
  guint64 length;

  _strata_witness_attachment (dir, path, as_is, &digest, &length, NULL, NULL, &error);

  g_assert_no_error (error);
  assert_digest (&digest, expected);
  if (expected_length >= 0)
    g_assert_cmpuint (length, ==, (guint64)expected_length);
}

static void
test_attachments_are_those_of_the_sample (void)
{
  g_autoptr(JsonObject) manifest = NULL;
  JsonArray *attachments, *files;
  guint n_checked = 0;
  int dir;

  if (skip_without_fixtures ())
    return;

  manifest = load ("sample.manifest.json");
  attachments = json_object_get_array_member (manifest, "attachments");
  files = json_object_get_array_member (manifest, "files");
  dir = open_store ("sample");

  for (guint i = 0; i < json_array_get_length (attachments); i++)
    {
      JsonObject *attachment = json_array_get_object_element (attachments, i);
      g_autofree char *path = g_strdup_printf ("attachments/%s.dat", get_string (attachment, "id"));

      if (!is_there (dir, path))
        continue;
      check_attachment (dir, path, FALSE, get_string (attachment, "sha256"),
                        json_object_get_int_member (attachment, "bytes"));
      n_checked++;
    }

  for (guint i = 0; i < json_array_get_length (files); i++)
    {
      JsonObject *file = json_array_get_object_element (files, i);

      check_attachment (dir, get_string (file, "path"), TRUE, get_string (file, "sha256"), -1);
    }
  close (dir);
  g_assert_cmpuint (n_checked, >, 100);
}

/* Which file of the store a session is from: also one that an "or" allows. */
static const char *
get_source (JsonObject *session,
            int         dir)
{
  const char *from = get_string (session, "from");

  if (json_object_has_member (session, "or"))
    {
      JsonArray *others = json_object_get_array_member (session, "or");

      for (guint i = 0; i < json_array_get_length (others); i++)
        {
          const char *other = get_string (json_array_get_object_element (others, i), "from");

          if (g_strcmp0 (other, "db/sessions.json") == 0)
            from = other;
        }
    }

  return g_str_has_prefix (from, "db/") && is_there (dir, from) ? from : NULL;
}

/* Every session expected from a file of db/ is among its elements, in order. */
static guint
check_sessions (JsonObject *expect,
                int         dir)
{
  JsonArray *sessions = json_object_get_array_member (expect, "sessions");
  g_autoptr(Testimony) testimony = NULL;
  const char *heard = NULL;
  guint n_checked = 0;
  guint next = 0;

  for (guint i = 0; i < json_array_get_length (sessions); i++)
    {
      JsonObject *session = json_array_get_object_element (sessions, i);
      const char *source = get_source (session, dir);

      if (source == NULL)
        continue;

      if (g_strcmp0 (source, heard) != 0)
        {
          g_clear_pointer (&testimony, testimony_free);
          testimony = hear (dir, source);
          g_assert_no_error (testimony->error);
          heard = source;
          next = 0;
        }

      while (next < testimony->elements->len &&
             g_strcmp0 (g_ptr_array_index (testimony->elements, next), get_string (session, "tokens_sha256")) != 0)
        next++;
      g_assert_cmpuint (next++, <, testimony->elements->len);
      n_checked++;
    }

  return n_checked;
}

static guint
check_collections (JsonObject *expect,
                   int         dir)
{
  JsonObject *collections = json_object_get_object_member (expect, "collections");
  g_autoptr(GList) names = json_object_get_members (collections);
  guint n_checked = 0;

  for (GList *link = names; link != NULL; link = link->next)
    {
      JsonObject *collection = json_object_get_object_member (collections, link->data);
      const char *from = get_string (collection, "from");
      g_autoptr(Testimony) testimony = NULL;

      if (!g_str_has_prefix (from, "db/") || !is_there (dir, from))
        continue;

      testimony = hear (dir, from);
      g_assert_no_error (testimony->error);
      assert_digest (&testimony->collection.digest, get_string (collection, "tokens_sha256"));
      n_checked++;
    }

  return n_checked;
}

static guint
check_attachments (JsonObject *expect,
                   int         dir)
{
  JsonArray *attachments = json_object_get_array_member (expect, "attachments");
  guint n_checked = 0;

  for (guint i = 0; i < json_array_get_length (attachments); i++)
    {
      JsonObject *attachment = json_array_get_object_element (attachments, i);
      g_autofree char *path = g_strdup_printf ("attachments/%s.dat", get_string (attachment, "id"));
      g_autoptr(GError) error = NULL;
      StrataDigest digest;
      guint64 length;

      if (strchr (get_string (attachment, "id"), '/') != NULL || !is_there (dir, path))
        continue;

      n_checked++;
      if (g_strcmp0 (get_string (attachment, "problem"), "attachment-data-invalid") == 0)
        {
          g_assert_false (_strata_witness_attachment (dir, path, FALSE, &digest, &length, NULL, NULL, &error));
          g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
        }
      else if (get_string (attachment, "sha256") != NULL)
        check_attachment (dir, path, FALSE, get_string (attachment, "sha256"),
                          json_object_get_int_member (attachment, "bytes"));
    }

  return n_checked;
}

static void
test_edge_stores_are_as_expected (void)
{
  g_autofree char *edge = g_build_filename (fixtures, "edge", NULL);
  g_autoptr(GDir) cases = NULL;
  guint n_sessions = 0, n_collections = 0, n_attachments = 0;
  const char *name;

  if (skip_without_fixtures ())
    return;

  cases = g_dir_open (edge, 0, NULL);
  g_assert_nonnull (cases);

  while ((name = g_dir_read_name (cases)) != NULL)
    {
      g_autofree char *store = g_build_filename ("edge", name, NULL);
      g_autofree char *expect_name = g_build_filename (store, "expect.json", NULL);
      g_autoptr(JsonObject) expect = NULL;
      int dir = open_store (store);

      if (dir < 0)
        continue;

      g_test_message ("%s", name);
      expect = load (expect_name);
      n_sessions += check_sessions (expect, dir);
      n_collections += check_collections (expect, dir);
      n_attachments += check_attachments (expect, dir);
      close (dir);
    }

  g_test_message ("%u sessions, %u collections, %u attachments", n_sessions, n_collections, n_attachments);
  g_assert_cmpuint (n_sessions, >, 40);
  g_assert_cmpuint (n_collections, >, 5);
  g_assert_cmpuint (n_attachments, >, 40);
}

int
main (int   argc,
      char *argv[])
{
  int result;

  g_test_init (&argc, &argv, NULL);
  fixtures = g_strdup (g_getenv ("STRATA_FIXTURES"));
  if (fixtures == NULL)
    fixtures = g_test_build_filename (G_TEST_DIST, "..", "..", "shared", "fixtures", NULL);

  g_test_add_func ("/witness-fixtures/sample/sessions", test_sessions_are_those_of_the_sample);
  g_test_add_func ("/witness-fixtures/sample/collections", test_collections_are_those_of_the_sample);
  g_test_add_func ("/witness-fixtures/sample/attachments", test_attachments_are_those_of_the_sample);
  g_test_add_func ("/witness-fixtures/edge", test_edge_stores_are_as_expected);

  result = g_test_run ();
  g_free (fixtures);

  return result;
}

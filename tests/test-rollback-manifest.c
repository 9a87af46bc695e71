/* test-rollback-manifest.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "fault-seam.h"
#include "migration/strata-rollback-copies-private.h"
#include "migration/strata-rollback-manifest-private.h"
#include "test-util.h"

#define PATH "migration/rollback-1/manifest"

typedef struct
{
  char *path;
  int   dir;
} Fixture;

static void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->dir = test_open_dir (fixture->path);
  g_assert_cmpint (mkdirat (fixture->dir, "migration", 0700), ==, 0);
  g_assert_cmpint (mkdirat (fixture->dir, "staging", 0700), ==, 0);
}

static void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  fault_seam_remove ();
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

/* One file that has everything set, with a name that is no text; one with nothing; two owners */
static gboolean
write_manifest (Fixture       *fixture,
                guint64        size,
                StrataDigest  *out_digest,
                GError       **error)
{
  StrataRollbackHeader header = {
    .store_id = (char *)"id", .source = 1, .made = (char *)"2025-10-05T00:00:00Z", .legacy = (char *)"/old \"one\"\n\xff",
    .attachments = (char *)"/there", .roots = { (char *)"/old", NULL, (char *)"/web\xfe" },
  };
  StrataRollbackFile full = {
    .root = STRATA_OLD_ROOT_CONTAINERS, .kind = STRATA_OLD_COLLECTION, .path = (char *)"db/a \xff\\b.json",
    .what = (char *)"database", .mark = { size, -5, G_MAXINT64, G_MAXUINT64 }, .has_digest = TRUE, .copy = STRATA_COPY_GZIP,
    .sessions = 7, .is_changed = TRUE, .is_kept = TRUE,
  };
  StrataRollbackFile empty = { .kind = STRATA_OLD_DERIVED, .path = (char *)"x-shm", .what = (char *)"database-index" };
  StrataRollbackOwner session = { .key = (char *)"s-1", .id_token = (char *)"\"1\"", .is_held = TRUE };
  StrataRollbackOwner collection = { .key = (char *)"notes", .is_collection = TRUE, .name = (char *)"notes" };
  g_autoptr(StrataRollbackWriter) writer = NULL;

  _strata_digest_of ("abc", 3, &full.digest);
  _strata_digest_of ("raw", 3, &session.raw_digest);
  _strata_digest_of ("metadata", 8, &session.metadata);
  writer = _strata_rollback_writer_new (fixture->dir, &header, error);

  return writer != NULL &&
         _strata_rollback_writer_put_file (writer, &full, error) &&
         _strata_rollback_writer_put_file (writer, &empty, error) &&
         _strata_rollback_writer_put_owner (writer, &session, error) &&
         _strata_rollback_writer_put_owner (writer, &collection, error) &&
         _strata_rollback_writer_finish (writer, out_digest, error);
}

static gboolean
check_file (const StrataRollbackFile  *file,
            guint64                    number,
            gpointer                   user_data,
            GError                   **error)
{
  StrataDigest digest;

  _strata_digest_of ("abc", 3, &digest);
  if (number == 0)
    {
      g_assert_cmpint (file->root, ==, STRATA_OLD_ROOT_CONTAINERS);
      g_assert_cmpint (file->kind, ==, STRATA_OLD_COLLECTION);
      g_assert_cmpstr (file->path, ==, "db/a \xff\\b.json");
      g_assert_cmpstr (file->what, ==, "database");
      g_assert_cmpuint (file->mark.size, ==, 10);
      g_assert_cmpint (file->mark.mtime_ns, ==, -5);
      g_assert_cmpint (file->mark.ctime_ns, ==, G_MAXINT64);
      g_assert_cmpuint (file->mark.inode, ==, G_MAXUINT64);
      g_assert_true (file->has_digest && _strata_digest_equal (&file->digest, &digest));
      g_assert_cmpint (file->copy, ==, STRATA_COPY_GZIP);
      g_assert_cmpuint (file->sessions, ==, 7);
      g_assert_true (file->is_changed && file->is_kept);
    }
  else
    {
      g_assert_cmpstr (file->path, ==, "x-shm");
      g_assert_cmpint (file->kind, ==, STRATA_OLD_DERIVED);
      g_assert_false (file->has_digest || file->is_changed || file->is_kept);
      g_assert_cmpint (file->copy, ==, STRATA_COPY_NONE);
    }
  ++*(guint *)user_data;

  return TRUE;
}

static gboolean
check_owner (const StrataRollbackOwner  *owner,
             gpointer                    user_data,
             GError                    **error)
{
  StrataDigest raw, metadata;

  _strata_digest_of ("raw", 3, &raw);
  _strata_digest_of ("metadata", 8, &metadata);
  if (!owner->is_collection)
    {
      g_assert_cmpstr (owner->key, ==, "s-1");
      g_assert_cmpstr (owner->id_token, ==, "\"1\"");
      g_assert_null (owner->name);
      g_assert_true (owner->is_held && _strata_digest_equal (&owner->raw_digest, &raw));
      g_assert_true (_strata_digest_equal (&owner->metadata, &metadata));
    }
  else
    {
      g_assert_cmpstr (owner->name, ==, "notes");
      g_assert_null (owner->id_token);
      g_assert_false (owner->is_held);
    }
  ++*(guint *)user_data;

  return TRUE;
}

static void
test_what_was_written_is_read (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(StrataRollbackManifest) manifest = NULL;
  g_autoptr(GError) error = NULL;
  const StrataRollbackHeader *header;
  StrataDigest digest;
  guint seen = 0;

  g_assert_true (write_manifest (fixture, 10, &digest, &error));
  manifest = _strata_rollback_manifest_open (fixture->dir, 1, NULL, &error);
  g_assert_no_error (error);

  header = _strata_rollback_manifest_get_header (manifest);
  g_assert_cmpstr (header->legacy, ==, "/old \"one\"\n\xff");
  g_assert_cmpstr (header->attachments, ==, "/there");
  g_assert_cmpstr (header->roots[0], ==, "/old");
  g_assert_null (header->roots[1]);
  g_assert_cmpstr (header->roots[2], ==, "/web\xfe");
  g_assert_true (_strata_digest_equal (&digest, _strata_rollback_manifest_get_digest (manifest)));
  g_assert_cmpuint (_strata_rollback_manifest_get_n_files (manifest), ==, 2);
  g_assert_cmpuint (_strata_rollback_manifest_get_bytes (manifest), ==, 10);

  g_assert_true (_strata_rollback_manifest_foreach (manifest, check_file, check_owner, &seen, NULL, &error));
  g_assert_no_error (error);
  g_assert_cmpuint (seen, ==, 4);
}

/* Every byte of it matters, and so does its end. */
static void
test_damage_is_found (Fixture       *fixture,
                      gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, PATH, NULL);
  g_autofree char *text = NULL;
  StrataDigest digest;
  const char *end;
  gsize length;

  g_assert_true (write_manifest (fixture, 10, &digest, NULL));
  g_assert_true (g_file_get_contents (path, &text, &length, NULL));
  /* The last line says nothing that the others do not; it may only not be cut, but for the line's end */
  end = strstr (text, "{\"files\":");

  for (gsize i = 0; i + 1 < length; i++)
    {
      g_autoptr(StrataRollbackManifest) manifest = NULL;
      g_autoptr(GError) error = NULL;
      const char was = text[i];

      text[i] = (char)(was ^ 1);
      g_assert_true (g_file_set_contents (path, text, i < (gsize)(end - text) ? (gssize)length : (gssize)i, NULL));
      text[i] = was;

      manifest = _strata_rollback_manifest_open (fixture->dir, 1, NULL, &error);
      g_assert_null (manifest);
      g_assert_nonnull (error);
      g_assert_true (error->domain == STRATA_ERROR);
    }
}

static void
test_none_is_not_damage (Fixture       *fixture,
                         gconstpointer  test_data)
{
  g_autoptr(GError) error = NULL;

  g_assert_null (_strata_rollback_manifest_open (fixture->dir, 1, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND);
}

/* Whatever goes wrong: the old one or the new one, whole, and the new one where it was said to be there. */
static void
test_replace_is_all_or_nothing (Fixture       *fixture,
                                gconstpointer  test_data)
{
  StrataDigest before, digest;
  guint64 total;

  g_assert_true (write_manifest (fixture, 10, &before, NULL));
  fault_seam_install ();
  g_assert_true (write_manifest (fixture, 20, &digest, NULL));
  total = fault_seam_get_calls ();
  g_assert_cmpuint (total, >, 4);

  for (guint64 nth = 1; nth <= total; nth++)
    {
      g_autoptr(StrataRollbackManifest) manifest = NULL;
      g_autoptr(GError) error = NULL;
      gboolean ok;

      fault_seam_arm (FAULT_NONE, 0, 0);
      g_assert_true (write_manifest (fixture, 10, &before, NULL));
      fault_seam_arm (FAULT_ERRNO, nth, ENOSPC);
      ok = write_manifest (fixture, 20, &digest, &error);
      g_assert_true (ok == (error == NULL));

      fault_seam_arm (FAULT_NONE, 0, 0);
      manifest = _strata_rollback_manifest_open (fixture->dir, 1, NULL, NULL);
      g_assert_nonnull (manifest);
      if (ok)
        g_assert_cmpuint (_strata_rollback_manifest_get_bytes (manifest), ==, 20);
      else
        g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NO_SPACE);
    }
}

/* Copies */

static StrataStaging *
make_staging (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataStaging *staging = _strata_staging_new (fixture->dir, &error);

  g_assert_no_error (error);

  return staging;
}

static void
test_a_copy_gives_the_bytes_back (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autofree char *path = g_build_filename (fixture->path, "old", NULL);
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(StrataStaging) staging = make_staging (fixture);
  StrataDigest expected, digest, back;
  StrataCopyForm form, again;

  for (guint i = 0; i < 100000; i++)
    g_string_append_printf (text, "%u,", i);
  _strata_digest_of (text->str, text->len, &expected);
  g_assert_true (g_file_set_contents (path, text->str, (gssize)text->len, NULL));

  {
    g_autoptr(StrataRollbackCopies) copies = _strata_rollback_copies_new (fixture->dir, 1, staging);
    g_autoptr(GError) error = NULL;

    g_assert_cmpint (mkdirat (fixture->dir, "migration/rollback-1", 0700), ==, 0);
    g_assert_true (_strata_rollback_copies_add (copies, fixture->dir, "old", NULL, &digest, &form, NULL, &error));
    g_assert_true (_strata_digest_equal (&digest, &expected));
    /* The same bytes again, told by their digest or not: one copy */
    g_assert_true (_strata_rollback_copies_add (copies, fixture->dir, "old", NULL, &digest, &again, NULL, &error));
    g_assert_cmpint (again, ==, form);
    g_assert_true (_strata_rollback_copies_add (copies, fixture->dir, "old", &expected, &digest, &again, NULL, &error));
    g_assert_cmpint (again, ==, form);
    g_assert_true (_strata_rollback_copies_place (copies, &error));
    g_assert_no_error (error);
  }

  {
    g_autoptr(GInputStream) stream = _strata_rollback_copy_open (fixture->dir, 1, &expected, form, NULL);

    g_assert_nonnull (stream);
    g_assert_true (_strata_digest_of_stream (stream, &back, NULL, NULL));
    g_assert_true (_strata_digest_equal (&back, &expected));
  }
}

static void
test_what_can_not_be_read_is_of_the_source (Fixture       *fixture,
                                            gconstpointer  test_data)
{
  g_autoptr(StrataStaging) staging = make_staging (fixture);
  g_autoptr(StrataRollbackCopies) copies = _strata_rollback_copies_new (fixture->dir, 1, staging);
  g_autoptr(GError) error = NULL;
  StrataDigest digest;
  StrataCopyForm form;

  g_assert_false (_strata_rollback_copies_add (copies, fixture->dir, "not-there", NULL, &digest, &form, NULL, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

#define ADD(path, function) \
  g_test_add ("/rollback-manifest/" path, Fixture, NULL, fixture_set_up, function, fixture_tear_down)

  ADD ("read-back", test_what_was_written_is_read);
  ADD ("damage", test_damage_is_found);
  ADD ("none", test_none_is_not_damage);
  ADD ("replace", test_replace_is_all_or_nothing);
  ADD ("copies/back", test_a_copy_gives_the_bytes_back);
  ADD ("copies/source", test_what_can_not_be_read_is_of_the_source);

  return g_test_run ();
}

/* test-export-zip.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <archive.h>
#include <archive_entry.h>

#include "export-zip-util.h"

/* --- What is right --- */

/* As libarchive writes it to a pipe: sizes behind the data */
static GBytes *
write_with_libarchive (const char *options)
{
  static const char *const names[] = { "notes.json", "sessions.json", "export-metadata.json" };
  static const char *const texts[] = { NOTES, SESSIONS, METADATA };
  struct archive *archive = archive_write_new ();
  struct archive_entry *entry = archive_entry_new ();
  gsize size = 64 * 1024, used;
  g_autofree char *buffer = g_malloc (size);

  g_assert_cmpint (archive_write_set_format_zip (archive), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_set_options (archive, options), ==, ARCHIVE_OK);
  g_assert_cmpint (archive_write_open_memory (archive, buffer, size, &used), ==, ARCHIVE_OK);
  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    {
      archive_entry_clear (entry);
      archive_entry_set_pathname (entry, names[i]);
      archive_entry_set_filetype (entry, AE_IFREG);
      archive_entry_set_mtime (entry, 1760958480, 0);
      if (i == 1)
        archive_entry_set_size (entry, (la_int64_t)strlen (texts[i]));
      g_assert_cmpint (archive_write_header (archive, entry), ==, ARCHIVE_OK);
      g_assert_cmpint (archive_write_data (archive, texts[i], strlen (texts[i])), ==, strlen (texts[i]));
    }
  g_assert_cmpint (archive_write_close (archive), ==, ARCHIVE_OK);
  archive_entry_free (entry);
  archive_write_free (archive);

  return g_bytes_new (buffer, used);
}

static void
test_what_libarchive_writes_is_read (Fixture       *fixture,
                                     gconstpointer  options)
{
  g_autoptr(GBytes) bytes = write_with_libarchive (options);
  g_autoptr(StrataExportZip) zip = NULL;
  const StrataExportZipEntry *entry;

  put_bytes (fixture, bytes);

  zip = open_good (fixture);
  g_assert_cmpuint (_strata_export_zip_get_entries (zip)->len, ==, 3);
  g_assert_false (_strata_export_zip_is_torn (zip));
  assert_entry (zip, 0, NOTES);
  assert_entry (zip, 1, SESSIONS);
  assert_entry (zip, 2, METADATA);
  entry = get_entry (zip, 1);
  g_assert_cmpuint (entry->size, ==, strlen (SESSIONS));
  g_assert_cmpint (entry->mtime_ns, ==, G_GINT64_CONSTANT (1760958480000000000));
  g_assert_cmpint (_strata_export_zip_get_metadata (zip)->timestamp_ms, ==, G_GINT64_CONSTANT (1760958480000));
}

static void
test_entries_say_what_they_are (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  const StrataExportZipMetadata *metadata;
  const StrataExportZipEntry *entry;

  add_usual (maker, TRUE);
  finish (fixture, maker);

  zip = open_good (fixture);
  entry = get_entry (zip, 1);
  g_assert_cmpuint (entry->index, ==, 1);
  g_assert_cmpstr (entry->path, ==, "export.zip/sessions.json");
  g_assert_cmpstr (entry->name, ==, "sessions.json");
  g_assert_cmpstr (entry->id, ==, "sessions");
  g_assert_cmpint (entry->role, ==, STRATA_LEGACY_COLLECTION);
  g_assert_cmpint (entry->state, ==, STRATA_EXPORT_ZIP_READABLE);
  g_assert_false (entry->is_metadata);
  g_assert_null (entry->other_name);
  g_assert_cmpuint (entry->size, ==, strlen (SESSIONS));
  /* 2025-10-26T11:08:00Z */
  g_assert_cmpint (entry->mtime_ns, ==, G_GINT64_CONSTANT (1761476880000000000));
  g_assert_true (get_entry (zip, 2)->is_metadata);
  g_assert_true (_strata_export_zip_find_collection (zip, "notes") == get_entry (zip, 0));
  g_assert_null (_strata_export_zip_find_collection (zip, "export-metadata"));
  g_assert_null (_strata_export_zip_find_collection (zip, "tasks"));

  metadata = _strata_export_zip_get_metadata (zip);
  g_assert_true (metadata->is_there);
  g_assert_no_error (metadata->error);
  g_assert_cmpstr (metadata->version, ==, "1");
  g_assert_cmpstr (metadata->source, ==, "indexeddb");
}

static const struct
{
  const char *text;
  gint64      timestamp_ms;
  gboolean    fails;
} metadata_cases[] = {
  { "{\"timestamp\":1760958480000}", G_GINT64_CONSTANT (1760958480000), FALSE },
  { "\xef\xbb\xbf{\"timestamp\":1.5e3}", 1500, FALSE },
  { "{\"timestamp\":\"2025-10-20T11:08:00.250Z\"}", G_GINT64_CONSTANT (1760958480250), FALSE },
  { "{\"timestamp\":\"2025-10-20T13:08:00+02:00\"}", G_GINT64_CONSTANT (1760958480000), FALSE },
  { "{\"timestamp\":\"2025-10-20T11:08:00\"}", G_GINT64_CONSTANT (1760958480000), FALSE },
  { "{\"timestamp\":\"some day\"}", -1, FALSE },
  { "{\"timestamp\":\"\"}", -1, FALSE },
  { "{\"timestamp\":-1}", -1, FALSE },
  { "{\"timestamp\":1e400}", -1, FALSE },
  { "{\"timestamp\":null}", -1, FALSE },
  { "{\"timestamp\":{\"a\":1}}", -1, FALSE },
  { "{}", -1, FALSE },
  { "[1]", -1, TRUE },
  { "{\"timestamp\":1", -1, TRUE },
  { "", -1, TRUE },
};

static void
test_metadata_are_read_as_far_as_they_go (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  for (guint i = 0; i < G_N_ELEMENTS (metadata_cases); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(StrataExportZip) zip = NULL;
      const StrataExportZipMetadata *metadata;

      zip_maker_add_text (maker, "export-metadata.json", metadata_cases[i].text, FALSE);
      finish (fixture, maker);

      zip = open_good (fixture);
      metadata = _strata_export_zip_get_metadata (zip);
      g_assert_true (metadata->is_there);
      g_assert_cmpint (metadata->timestamp_ms, ==, metadata_cases[i].timestamp_ms);
      if (metadata_cases[i].fails)
        g_assert_error (metadata->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
      else
        g_assert_no_error (metadata->error);
    }
}

static void
test_endless_metadata_are_none (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autofree char *spaces = g_strnfill (1000000, ' ');

  zip_maker_add_text (maker, "export-metadata.json", spaces, TRUE);
  zip_maker_add_text (maker, "sessions.json", SESSIONS, TRUE);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_error (_strata_export_zip_get_metadata (zip)->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  assert_collection (zip, "sessions", SESSIONS);
}

static void
test_metadata_may_be_missing (Fixture       *fixture,
                              gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;

  zip_maker_add_text (maker, "topics.json", "[]", FALSE);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_false (_strata_export_zip_get_metadata (zip)->is_there);
  g_assert_cmpint (_strata_export_zip_get_metadata (zip)->timestamp_ms, ==, -1);
}

/* Every way of the format to say where data end */
static void
test_sizes_are_found_wherever_they_stand (Fixture       *fixture,
                                          gconstpointer  test_data)
{
  for (guint bits = 0; bits < 16; bits++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(StrataExportZip) zip = NULL;
      ZipEntry entry = {
        .name = "sessions.json",
        .content = SESSIONS,
        .deflate = (bits & 1) != 0,
        .length_behind = (bits & 2) != 0,
        .long_sizes = (bits & 4) != 0,
        .no_signature = (bits & 8) != 0,
      };

      zip_maker_add (maker, &entry);
      entry.name = "notes.json";
      zip_maker_add (maker, &entry);
      bytes = zip_maker_finish (maker, (bits & 4) != 0, NULL);
      put_bytes (fixture, bytes);

      zip = open_good (fixture);
      g_assert_false (_strata_export_zip_is_torn (zip));
      assert_collection (zip, "sessions", SESSIONS);
      assert_collection (zip, "notes", SESSIONS);
      g_assert_cmpuint (get_entry (zip, 0)->size, ==, strlen (SESSIONS));
    }
}

/* ZIPs that Python's zipfile wrote, in all its ways */
static void
test_what_others_write_is_read (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autofree char *folder = g_test_build_filename (G_TEST_DIST, "data", "zips", NULL);
  g_autoptr(GDir) zips = g_dir_open (folder, 0, NULL);
  guint n_read = 0;
  const char *name;

  g_assert_nonnull (zips);
  while ((name = g_dir_read_name (zips)) != NULL)
    {
      g_autofree char *path = g_build_filename (folder, name, NULL);
      g_autoptr(GError) error = NULL;
      g_autoptr(StrataExportZip) zip = _strata_export_zip_open (AT_FDCWD, path, NULL, &error);

      g_test_message ("%s", name);
      g_assert_no_error (error);
      g_assert_true (_strata_export_zip_is_torn (zip) == (strcmp (name, "torn.zip") == 0));
      assert_collection (zip, "sessions", "[{\"id\":\"1\",\"name\":\"one, one, one, one, one\"},{\"id\":\"2\"}]");
      n_read++;
    }

  g_assert_cmpuint (n_read, ==, 9);
}

/* In LZMA's data a dictionary's size follows 5 other bytes. */
static void
test_a_claim_on_all_memory_is_refused (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *path = g_test_build_filename (G_TEST_DIST, "data", "zips", "lzma.zip", NULL);
  g_autofree char *bytes = NULL;
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GError) error = NULL;
  gsize size;

  g_file_get_contents (path, &bytes, &size, &error);
  g_assert_no_error (error);
  memset (bytes + 30 + strlen ("sessions.json") + 5, 0xff, 4);
  put (fixture, bytes, size);

  zip = open_good (fixture);
  g_assert_null (_strata_export_zip_open_entry (zip, 0, &error));
  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

static void
test_an_unknown_method_is_refused (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  static const guint16 methods[] = { 1, 6, 9, 95, 97, 65535 };

  for (guint i = 0; i < G_N_ELEMENTS (methods); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(StrataExportZip) zip = NULL;
      g_autoptr(GError) error = NULL;
      ZipEntry entry = { .name = "sessions.json", .content = SESSIONS, .method = methods[i] };

      zip_maker_add (maker, &entry);
      finish (fixture, maker);

      zip = open_good (fixture);
      g_assert_null (_strata_export_zip_open_entry (zip, 0, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

/* Something may stand before a ZIP, a comment and more after it. */
static void
test_a_zip_may_be_inside_of_something (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autofree char *comment = g_strnfill (65535, 'c');

  for (guint bits = 0; bits < 8; bits++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(GByteArray) all = g_byte_array_new ();
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(StrataExportZip) zip = NULL;

      add_usual (maker, TRUE);
      bytes = zip_maker_finish (maker, (bits & 2) != 0, (bits & 4) != 0 ? comment : NULL);
      if (bits & 1)
        g_byte_array_append (all, (const guint8 *)"#!/bin/sh\n", 10);
      g_byte_array_append (all, g_bytes_get_data (bytes, NULL), (guint)g_bytes_get_size (bytes));
      if (!(bits & 4))
        g_byte_array_append (all, (const guint8 *)"\n\n", 2);
      put (fixture, all->data, all->len);

      zip = open_good (fixture);
      g_assert_false (_strata_export_zip_is_torn (zip));
      assert_collection (zip, "sessions", SESSIONS);
      assert_collection (zip, "notes", NOTES);
    }
}

/* --- Streams --- */

static void
test_several_entries_are_read_at_once (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  char *texts[4];
  GInputStream *streams[4];
  GString *read[4];
  g_autoptr(GError) error = NULL;
  StrataExportZip *zip;
  guint n_left = 4;

  for (guint i = 0; i < 4; i++)
    {
      g_autofree char *name = g_strdup_printf ("%s%u.json", i == 0 ? "x" : "collection", i);

      texts[i] = make_long_text (500000);
      zip_maker_add_text (maker, i == 0 ? "sessions.json" : name, texts[i], i % 2 == 0);
      read[i] = g_string_new (NULL);
    }
  finish (fixture, maker);

  zip = open_good (fixture);
  for (guint i = 0; i < 4; i++)
    {
      streams[i] = _strata_export_zip_open_entry (zip, i, &error);
      g_assert_no_error (error);
    }
  /* The streams do without */
  _strata_export_zip_unref (zip);

  while (n_left > 0)
    {
      char buffer[3000];
      guint i = (guint)g_test_rand_int_range (0, 4);
      gssize n_read = streams[i] != NULL ? g_input_stream_read (streams[i], buffer, sizeof buffer, NULL, &error) : -1;

      g_assert_no_error (error);
      if (n_read > 0)
        g_string_append_len (read[i], buffer, n_read);
      if (n_read == 0)
        {
          g_clear_object (&streams[i]);
          n_left--;
        }
    }

  for (guint i = 0; i < 4; i++)
    {
      g_assert_cmpstr (read[i]->str, ==, texts[i]);
      g_string_free (read[i], TRUE);
      g_free (texts[i]);
    }
}

static void
test_a_stream_goes_back_to_its_start (Fixture       *fixture,
                                      gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;

  add_usual (maker, TRUE);
  finish (fixture, maker);
  zip = open_good (fixture);
  stream = _strata_export_zip_open_entry (zip, 1, &error);
  g_assert_no_error (error);
  g_assert_true (g_seekable_can_seek (G_SEEKABLE (stream)));
  g_assert_false (g_seekable_can_truncate (G_SEEKABLE (stream)));

  for (gsize stop = 0; stop <= strlen (SESSIONS) + 1; stop++)
    {
      char buffer[200] = { 0 };
      gsize n_read;

      g_input_stream_read_all (stream, buffer, stop, &n_read, NULL, &error);
      g_assert_no_error (error);
      g_assert_cmpuint (n_read, ==, MIN (stop, strlen (SESSIONS)));
      g_assert_cmpint (memcmp (buffer, SESSIONS, n_read), ==, 0);
      g_assert_cmpint (g_seekable_tell (G_SEEKABLE (stream)), ==, (goffset)n_read);

      g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, &error));
      g_assert_no_error (error);
      g_assert_cmpint (g_seekable_tell (G_SEEKABLE (stream)), ==, 0);
    }

  g_assert_false (g_seekable_seek (G_SEEKABLE (stream), 1, G_SEEK_SET, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_END, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
  g_clear_error (&error);
  g_assert_false (g_seekable_truncate (G_SEEKABLE (stream), 0, NULL, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED);
}

static void
test_reading_can_be_cancelled (Fixture       *fixture,
                               gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autofree char *text = make_long_text (500000);
  g_autoptr(GCancellable) cancellable = g_cancellable_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GByteArray) bytes = NULL;
  g_autoptr(GError) error = NULL;
  char buffer[10];

  zip_maker_add_text (maker, "sessions.json", text, TRUE);
  finish (fixture, maker);

  g_cancellable_cancel (cancellable);
  g_assert_null (_strata_export_zip_open (fixture->dir, FILE_NAME, cancellable, &error));
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  zip = open_good (fixture);
  stream = _strata_export_zip_open_entry (zip, 0, &error);
  g_assert_no_error (error);
  g_assert_cmpint (g_input_stream_read (stream, buffer, sizeof buffer, cancellable, &error), ==, -1);
  g_assert_error (error, G_IO_ERROR, G_IO_ERROR_CANCELLED);
  g_clear_error (&error);

  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
  bytes = chunk_stream_read_all (stream, 1000, &error);
  g_assert_no_error (error);
  g_assert_cmpmem (bytes->data, bytes->len, text, strlen (text));
}

/* --- What is passed over --- */

static const struct
{
  ZipEntry             entry;
  StrataExportZipState state;
  StrataLegacyRole     role;
  const char          *id;
} listed[] = {
  { { .name = "sessions.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION, "sessions" },
  { { .name = "sessions 2.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION, "sessions 2" },
  { { .name = "sessions.backup.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION_BACKUP, "sessions" },
  { { .name = "notes.tmp.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION_TMP, "notes" },
  { { .name = "caf\xc3\xa9.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION, "caf\xc3\xa9" },
  { { .name = "caf\x82.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_COLLECTION, "caf\x82" },
  { { .name = "attachments/a.dat" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_ATTACHMENT_DATA, "a" },
  { { .name = "attachments/a.meta.json" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_ATTACHMENT_META, "a" },
  { { .name = "attachments/images/b.png" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_ATTACHMENT_FILE, "b" },
  { { .name = "videos/c.mp4" }, STRATA_EXPORT_ZIP_READABLE, STRATA_LEGACY_VIDEO, NULL },

  { { .name = "attachments/" }, STRATA_EXPORT_ZIP_FOLDER, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "folder.json", .system = 3, .attributes = 0040755u << 16 }, STRATA_EXPORT_ZIP_FOLDER,
    STRATA_LEGACY_COLLECTION, "folder" },
  { { .name = "folder2.json", .attributes = 0x10 }, STRATA_EXPORT_ZIP_FOLDER, STRATA_LEGACY_COLLECTION, "folder2" },
  { { .name = "full.json", .content = "[]", .attributes = 0x10 }, STRATA_EXPORT_ZIP_READABLE,
    STRATA_LEGACY_COLLECTION, "full" },

  { { .name = "__MACOSX/._sessions.json" }, STRATA_EXPORT_ZIP_LITTER, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "__MACOSX/attachments/._a.dat" }, STRATA_EXPORT_ZIP_LITTER, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = ".DS_Store" }, STRATA_EXPORT_ZIP_LITTER, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "attachments/.DS_Store" }, STRATA_EXPORT_ZIP_LITTER, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "._sessions.json" }, STRATA_EXPORT_ZIP_LITTER, STRATA_LEGACY_FOREIGN, NULL },

  { { .name = "readme.txt" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = ".json" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "Sessions.JSON" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "db/sessions.json" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "backups/backup-1.json" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "other/sessions.json" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "attachments/other/b.png" }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },

  { { .name = "/sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "../sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "./sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "attachments/../sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "attachments//a.dat" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_FOREIGN, NULL },
  { { .name = "folder\\sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_COLLECTION, "folder\\sessions" },
  { { .name = "C:sessions.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_COLLECTION, "C:sessions" },
  { { .name = "a\nb.json" }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_COLLECTION, "a\nb" },
  { { .name = "tasks.json\0x", .name_length = 12 }, STRATA_EXPORT_ZIP_UNSAFE, STRATA_LEGACY_COLLECTION, "tasks" },

  { { .name = "link.json", .content = "/etc/passwd", .system = 3, .attributes = 0120777u << 16 },
    STRATA_EXPORT_ZIP_LINK, STRATA_LEGACY_COLLECTION, "link" },
  { { .name = "pipe.json", .system = 3, .attributes = 0010644u << 16 }, STRATA_EXPORT_ZIP_LINK,
    STRATA_LEGACY_COLLECTION, "pipe" },
  { { .name = "reparse.json", .attributes = 0x400 }, STRATA_EXPORT_ZIP_LINK, STRATA_LEGACY_COLLECTION, "reparse" },

  { { .name = "secret.json", .flags = 1 }, STRATA_EXPORT_ZIP_ENCRYPTED, STRATA_LEGACY_COLLECTION, "secret" },
  { { .name = "aes.json", .method = 99, .flags = 1 }, STRATA_EXPORT_ZIP_ENCRYPTED, STRATA_LEGACY_COLLECTION, "aes" },
  { { .name = "secret.txt", .flags = 1 }, STRATA_EXPORT_ZIP_FOREIGN, STRATA_LEGACY_FOREIGN, NULL },
};

static void
test_entries_are_told_apart (Fixture       *fixture,
                             gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;

  for (guint i = 0; i < G_N_ELEMENTS (listed); i++)
    zip_maker_add (maker, &listed[i].entry);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_cmpuint (_strata_export_zip_get_entries (zip)->len, ==, G_N_ELEMENTS (listed));
  for (guint i = 0; i < G_N_ELEMENTS (listed); i++)
    {
      const StrataExportZipEntry *entry = get_entry (zip, i);

      g_test_message ("%u", i);
      g_assert_cmpint (entry->state, ==, listed[i].state);
      g_assert_cmpint (entry->role, ==, listed[i].role);
      g_assert_cmpstr (entry->id, ==, listed[i].id);
      g_assert_cmpstr (entry->name, ==, listed[i].entry.name);
    }
}

static void
test_a_reason_is_given (void)
{
  for (StrataExportZipState state = STRATA_EXPORT_ZIP_READABLE; state <= STRATA_EXPORT_ZIP_DUPLICATE; state++)
    g_assert_true ((_strata_export_zip_explain (state) == NULL) ==
                   (state == STRATA_EXPORT_ZIP_READABLE || state == STRATA_EXPORT_ZIP_FOLDER ||
                    state == STRATA_EXPORT_ZIP_LITTER));
}

static void
test_encrypted_data_are_not_read (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  static const guint16 flags[] = { 1, 1 | 64, 1 << 13 };

  for (guint i = 0; i < G_N_ELEMENTS (flags); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(StrataExportZip) zip = NULL;
      g_autoptr(GError) error = NULL;
      ZipEntry entry = { .name = "sessions.json", .content = SESSIONS, .flags = flags[i] };

      zip_maker_add (maker, &entry);
      finish (fixture, maker);

      zip = open_good (fixture);
      g_assert_cmpint (get_entry (zip, 0)->state, ==, STRATA_EXPORT_ZIP_ENCRYPTED);
      g_assert_null (_strata_export_zip_find_collection (zip, "sessions"));
      g_assert_null (_strata_export_zip_open_entry (zip, 0, &error));
      g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
    }
}

static void
test_of_equal_names_the_last_counts (Fixture       *fixture,
                                     gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  ZipEntry encrypted = { .name = "sessions.json", .content = "x", .flags = 1 };

  zip_maker_add_text (maker, "sessions.json", "[1]", TRUE);
  zip_maker_add_text (maker, "sessions.json", "[2]", FALSE);
  zip_maker_add_text (maker, "sessions.json", SESSIONS, TRUE);
  zip_maker_add (maker, &encrypted);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_cmpint (get_entry (zip, 0)->state, ==, STRATA_EXPORT_ZIP_DUPLICATE);
  g_assert_cmpint (get_entry (zip, 1)->state, ==, STRATA_EXPORT_ZIP_DUPLICATE);
  g_assert_cmpint (get_entry (zip, 2)->state, ==, STRATA_EXPORT_ZIP_READABLE);
  g_assert_cmpint (get_entry (zip, 3)->state, ==, STRATA_EXPORT_ZIP_ENCRYPTED);
  assert_collection (zip, "sessions", SESSIONS);
  assert_entry (zip, 0, "[1]");
  assert_entry (zip, 1, "[2]");
}

static void
test_the_directory_has_the_order (Fixture       *fixture,
                                  gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autofree guint8 *first = NULL;
  const gsize size = 46 + strlen ("sessions.json");

  zip_maker_add_text (maker, "sessions.json", "[1]", TRUE);
  zip_maker_add_text (maker, "sessions.json", "[2]", TRUE);
  first = g_memdup2 (maker->directory->data, size);
  memmove (maker->directory->data, maker->directory->data + size, size);
  memcpy (maker->directory->data + size, first, size);
  finish (fixture, maker);

  zip = open_good (fixture);
  assert_entry (zip, 0, "[2]");
  assert_collection (zip, "sessions", "[1]");
}

static void
test_one_folder_around_all_is_no_matter (Fixture       *fixture,
                                         gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;

  zip_maker_add_text (maker, "taskerino-export/", "", FALSE);
  zip_maker_add_text (maker, "__MACOSX/taskerino-export/._sessions.json", "x", FALSE);
  zip_maker_add_text (maker, "taskerino-export/sessions.json", SESSIONS, FALSE);
  zip_maker_add_text (maker, "taskerino-export/export-metadata.json", METADATA, FALSE);
  zip_maker_add_text (maker, "taskerino-export/attachments/a.dat", "x", FALSE);
  zip_maker_add_text (maker, ".DS_Store", "x", FALSE);
  zip_maker_add_text (maker, "../sessions.json", "x", FALSE);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_cmpint (get_entry (zip, 0)->state, ==, STRATA_EXPORT_ZIP_FOLDER);
  g_assert_cmpint (get_entry (zip, 1)->state, ==, STRATA_EXPORT_ZIP_LITTER);
  g_assert_cmpstr (get_entry (zip, 2)->name, ==, "sessions.json");
  g_assert_cmpstr (get_entry (zip, 2)->path, ==, "export.zip/taskerino-export/sessions.json");
  g_assert_cmpint (get_entry (zip, 4)->role, ==, STRATA_LEGACY_ATTACHMENT_DATA);
  g_assert_cmpint (get_entry (zip, 5)->state, ==, STRATA_EXPORT_ZIP_LITTER);
  g_assert_cmpint (get_entry (zip, 6)->state, ==, STRATA_EXPORT_ZIP_UNSAFE);
  g_assert_true (_strata_export_zip_get_metadata (zip)->is_there);
  assert_collection (zip, "sessions", SESSIONS);
}

/* --- What is none --- */

static void
test_what_is_no_export_is_refused (Fixture       *fixture,
                                   gconstpointer  test_data)
{
  static const char *const others[] = {
    "readme.txt", "a/sessions.json|b/sessions.json", "other.json", "db/sessions.json|attachments/a.dat", "../sessions.json",
    "x/y/sessions.json", "sessions.json/",
  };

  put (fixture, "", 0);
  assert_refused (fixture, STRATA_ERROR_NOT_FOUND);
  put (fixture, "[]", 2);
  assert_refused (fixture, STRATA_ERROR_NOT_FOUND);
  put (fixture, "PK", 2);
  assert_refused (fixture, STRATA_ERROR_NOT_FOUND);

  for (guint i = 0; i < G_N_ELEMENTS (others); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_auto(GStrv) names = g_strsplit (others[i], "|", -1);

      for (guint k = 0; names[k] != NULL; k++)
        zip_maker_add_text (maker, names[k], "[]", FALSE);
      finish (fixture, maker);
      assert_refused (fixture, STRATA_ERROR_NOT_FOUND);
    }
}

static void
test_an_empty_zip_is_no_export (Fixture       *fixture,
                                gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();

  finish (fixture, maker);

  assert_refused (fixture, STRATA_ERROR_NOT_FOUND);
}

static void
test_what_is_no_file_is_refused (Fixture       *fixture,
                                 gconstpointer  test_data)
{
  assert_refused (fixture, STRATA_ERROR_SOURCE);

  g_assert_cmpint (mkdirat (fixture->dir, FILE_NAME, 0700), ==, 0);
  assert_refused (fixture, STRATA_ERROR_SOURCE);

  g_assert_cmpint (unlinkat (fixture->dir, FILE_NAME, AT_REMOVEDIR), ==, 0);
  g_assert_cmpint (symlinkat ("/etc/passwd", fixture->dir, FILE_NAME), ==, 0);
  assert_refused (fixture, STRATA_ERROR_SOURCE);
}

static void
test_the_number_of_entries_is_bounded (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  static const struct { guint n; gboolean zip64; gboolean fits; } cases[] = {
    { 70000, TRUE, TRUE }, { 70000, FALSE, TRUE }, { 100000, TRUE, TRUE }, { 100001, TRUE, FALSE },
  };

  for (guint i = 0; i < G_N_ELEMENTS (cases); i++)
    {
      g_autoptr(ZipMaker) maker = zip_maker_new ();
      g_autoptr(GBytes) bytes = NULL;
      g_autoptr(StrataExportZip) zip = NULL;

      for (guint k = 1; k < cases[i].n; k++)
        {
          char name[40];

          g_snprintf (name, sizeof name, "attachments/%u.dat", k);
          zip_maker_add_text (maker, name, "x", FALSE);
        }
      zip_maker_add_text (maker, "sessions.json", SESSIONS, TRUE);
      bytes = zip_maker_finish (maker, cases[i].zip64, NULL);
      put_bytes (fixture, bytes);

      if (!cases[i].fits)
        {
          assert_refused (fixture, STRATA_ERROR_SOURCE);
          continue;
        }
      zip = open_good (fixture);
      g_assert_cmpuint (_strata_export_zip_get_entries (zip)->len, ==, cases[i].n);
      assert_collection (zip, "sessions", SESSIONS);
      assert_entry (zip, 12345, "x");
    }
}

static void
test_the_number_of_headers_is_bounded (Fixture       *fixture,
                                       gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();

  for (guint i = 0; i < 100001; i++)
    zip_maker_add_text (maker, "sessions.json", "x", FALSE);
  put (fixture, maker->bytes->data, maker->bytes->len);

  assert_refused (fixture, STRATA_ERROR_SOURCE);
}

static void
test_a_name_is_bounded (Fixture       *fixture,
                        gconstpointer  test_data)
{
  g_autoptr(ZipMaker) maker = zip_maker_new ();
  g_autoptr(StrataExportZip) zip = NULL;
  g_autofree char *name = g_strnfill (65535, 'x');

  zip_maker_add_text (maker, name, "x", FALSE);
  zip_maker_add_text (maker, "sessions.json", SESSIONS, TRUE);
  finish (fixture, maker);

  zip = open_good (fixture);
  g_assert_cmpint (get_entry (zip, 0)->state, ==, STRATA_EXPORT_ZIP_UNSAFE);
  g_assert_cmpuint (strlen (get_entry (zip, 0)->name), <=, 1024);
  assert_entry (zip, 0, "x");
  assert_collection (zip, "sessions", SESSIONS);
}

int
main (int   argc,
      char *argv[])
{
  g_test_init (&argc, &argv, NULL);

  ADD_WITH ("/export-zip/libarchive/deflated", "zip:compression=deflate", test_what_libarchive_writes_is_read);
  ADD_WITH ("/export-zip/libarchive/stored", "zip:compression=store", test_what_libarchive_writes_is_read);
  ADD_WITH ("/export-zip/libarchive/zip64", "zip:compression=deflate,zip:zip64", test_what_libarchive_writes_is_read);
  ADD ("/export-zip/entries-say-what-they-are", test_entries_say_what_they_are);
  ADD ("/export-zip/metadata/as-far-as-they-go", test_metadata_are_read_as_far_as_they_go);
  ADD ("/export-zip/metadata/endless", test_endless_metadata_are_none);
  ADD ("/export-zip/metadata/missing", test_metadata_may_be_missing);
  ADD ("/export-zip/sizes-wherever-they-stand", test_sizes_are_found_wherever_they_stand);
  ADD ("/export-zip/methods/others", test_what_others_write_is_read);
  ADD ("/export-zip/methods/memory", test_a_claim_on_all_memory_is_refused);
  ADD ("/export-zip/methods/unknown", test_an_unknown_method_is_refused);
  ADD ("/export-zip/inside-of-something", test_a_zip_may_be_inside_of_something);
  ADD ("/export-zip/streams/several", test_several_entries_are_read_at_once);
  ADD ("/export-zip/streams/back-to-the-start", test_a_stream_goes_back_to_its_start);
  ADD ("/export-zip/streams/cancelled", test_reading_can_be_cancelled);
  ADD ("/export-zip/entries/told-apart", test_entries_are_told_apart);
  g_test_add_func ("/export-zip/entries/reasons", test_a_reason_is_given);
  ADD ("/export-zip/entries/encrypted", test_encrypted_data_are_not_read);
  ADD ("/export-zip/entries/of-equal-names-the-last", test_of_equal_names_the_last_counts);
  ADD ("/export-zip/entries/order", test_the_directory_has_the_order);
  ADD ("/export-zip/entries/one-folder-around-all", test_one_folder_around_all_is_no_matter);
  ADD ("/export-zip/none/other-zips", test_what_is_no_export_is_refused);
  ADD ("/export-zip/none/empty", test_an_empty_zip_is_no_export);
  ADD ("/export-zip/none/no-file", test_what_is_no_file_is_refused);
  ADD ("/export-zip/bounds/entries", test_the_number_of_entries_is_bounded);
  ADD ("/export-zip/bounds/headers", test_the_number_of_headers_is_bounded);
  ADD ("/export-zip/bounds/name", test_a_name_is_bounded);

  return g_test_run ();
}

/* export-zip-util.h
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#pragma once

#include <string.h>

#include "base/strata-error.h"
#include "chunk-stream.h"
#include "legacy/strata-export-zip-private.h"
#include "test-util.h"
#include "zip-maker.h"

#define SESSIONS "[{\"id\":\"1\",\"name\":\"one\"},{\"id\":\"2\",\"name\":\"two, two, two, two, two, two, two, two\"}]"
#define NOTES    "[{\"id\":\"n\"}]"
#define METADATA "{\n  \"version\": 1,\n  \"timestamp\": 1760958480000,\n  \"source\": \"indexeddb\"\n}"

#define FILE_NAME "export.zip"

typedef struct
{
  char *path;
  int   dir;
} Fixture;

static inline void
fixture_set_up (Fixture       *fixture,
                gconstpointer  test_data)
{
  fixture->path = test_make_fast_dir ();
  fixture->dir = test_open_dir (fixture->path);
}

static inline void
fixture_tear_down (Fixture       *fixture,
                   gconstpointer  test_data)
{
  close (fixture->dir);
  test_remove_dir (fixture->path);
  g_free (fixture->path);
}

static inline void
put (Fixture    *fixture,
     const void *data,
     gsize       size)
{
  int fd = openat (fixture->dir, FILE_NAME, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  close (fd);
}

static inline void
put_bytes (Fixture *fixture,
           GBytes  *bytes)
{
  put (fixture, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes));
}

static inline void
finish (Fixture  *fixture,
        ZipMaker *maker)
{
  g_autoptr(GBytes) bytes = zip_maker_finish (maker, FALSE, NULL);

  put_bytes (fixture, bytes);
}

static inline StrataExportZip *
open_zip (Fixture  *fixture,
          GError  **error)
{
  return _strata_export_zip_open (fixture->dir, FILE_NAME, NULL, error);
}

/* Opens what must be an export */
static inline StrataExportZip *
open_good (Fixture *fixture)
{
  g_autoptr(GError) error = NULL;
  StrataExportZip *zip = open_zip (fixture, &error);

  g_assert_no_error (error);
  g_assert_nonnull (zip);

  return zip;
}

static inline void
assert_refused (Fixture *fixture,
                int      code)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataExportZip) zip = open_zip (fixture, &error);

  g_assert_error (error, STRATA_ERROR, code);
  g_assert_null (zip);
}

static inline const StrataExportZipEntry *
get_entry (StrataExportZip *zip,
           guint            i)
{
  GPtrArray *entries = _strata_export_zip_get_entries (zip);

  g_assert_cmpuint (i, <, entries->len);

  return g_ptr_array_index (entries, i);
}

/* Returns: what there is of an entry, also if it then fails */
static inline char *
read_entry (StrataExportZip  *zip,
            guint             i,
            gsize            *out_length,
            GError          **error)
{
  g_autoptr(GInputStream) stream = _strata_export_zip_open_entry (zip, i, error);
  GByteArray *bytes;
  char *text;

  if (stream == NULL)
    return NULL;

  bytes = chunk_stream_read_all (stream, 1000, error);
  if (out_length != NULL)
    *out_length = bytes->len;
  g_byte_array_append (bytes, (const guint8 *)"", 1);
  text = (char *)g_byte_array_free (bytes, FALSE);

  return text;
}

static inline void
assert_entry (StrataExportZip *zip,
              guint            i,
              const char      *expected)
{
  g_autoptr(GError) error = NULL;
  g_autofree char *text = read_entry (zip, i, NULL, &error);

  g_assert_no_error (error);
  g_assert_cmpstr (text, ==, expected);
}

static inline void
assert_collection (StrataExportZip *zip,
                   const char      *name,
                   const char      *expected)
{
  const StrataExportZipEntry *entry = _strata_export_zip_find_collection (zip, name);

  g_assert_nonnull (entry);
  assert_entry (zip, entry->index, expected);
}

/* An entry that breaks: gives what it gave before. */
static inline char *
read_damaged (StrataExportZip *zip,
              guint            i,
              gsize           *out_length)
{
  g_autoptr(GError) error = NULL;
  char *text = read_entry (zip, i, out_length, &error);

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);

  return text;
}

static inline void
add_usual (ZipMaker *maker,
           gboolean  deflate)
{
  zip_maker_add_text (maker, "notes.json", NOTES, deflate);
  zip_maker_add_text (maker, "sessions.json", SESSIONS, deflate);
  zip_maker_add_text (maker, "export-metadata.json", METADATA, deflate);
}

/* An array of many small objects, which does not pack too well */
static inline char *
make_long_text (gsize length)
{
  GString *text = g_string_new ("[");

  while (text->len < length)
    g_string_append_printf (text, "{\"id\":\"%d\",\"noise\":%d},", g_test_rand_int (), g_test_rand_int_range (0, 100));
  text->str[text->len - 1] = ']';

  return g_string_free (text, FALSE);
}

/* Adds a test with a folder of its own. */
#define ADD_WITH(path, data, func) \
  g_test_add (path, Fixture, data, fixture_set_up, func, fixture_tear_down)
#define ADD(path, func) ADD_WITH (path, NULL, func)

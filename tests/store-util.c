/* store-util.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "maintenance/strata-check.h"
#include "store/strata-attachment-row-private.h"
#include "store/strata-key-private.h"
#include "store-util.h"
#include "test-util.h"

StrataStore *
store_util_open (const char *path)
{
  g_autoptr(GError) error = NULL;
  StrataStore *store = strata_store_open_or_create (path, &error);

  g_assert_no_error (error);

  return store;
}

static void
add_rows (StrataSlicer   *slicer,
          StrataManifest *manifest,
          GPtrArray      *rows)
{
  g_autoptr(GError) error = NULL;

  if (rows == NULL)
    return;

  _strata_slicer_add_rows (slicer, manifest, rows, &error);
  g_assert_no_error (error);
}

StrataManifest *
store_util_slice (StrataStore *store,
                  StrataBatch *batch,
                  const char  *json,
                  guint64      ordinal,
                  GPtrArray   *rows)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (json, strlen (json));
  g_autoptr(GError) error = NULL;
  StrataManifest *manifest = _strata_slicer_take_session (slicer, reader, NULL, &error);

  g_assert_no_error (error);
  manifest->key = _strata_key_make (_strata_slicer_get_id_token (slicer), 0, 1);
  manifest->id_token = g_strdup (_strata_slicer_get_id_token (slicer));
  manifest->source = 1;
  manifest->ordinal = ordinal;
  add_rows (slicer, manifest, rows);

  return manifest;
}

StrataManifest *
store_util_slice_collection (StrataStore *store,
                             StrataBatch *batch,
                             const char  *name,
                             const char  *json,
                             GPtrArray   *rows)
{
  g_autoptr(StrataSlicer) slicer = _strata_slicer_new (_strata_store_get_dir (store), _strata_batch_get_staging (batch));
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (json, strlen (json));
  g_autofree char *key = _strata_collection_key_make (name, 1);
  g_autoptr(GError) error = NULL;
  StrataManifest *manifest = _strata_slicer_take_collection (slicer, reader, key, NULL, &error);

  g_assert_no_error (error);
  manifest->key = g_steal_pointer (&key);
  manifest->name = g_strdup (name);
  manifest->source = 1;
  add_rows (slicer, manifest, rows);

  return manifest;
}

GPtrArray *
store_util_new_rows (void)
{
  return g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_attachment_row_free);
}

StrataAttachmentRow *
store_util_make_row (StrataBatch *batch,
                     const char  *id,
                     const char  *content)
{
  StrataAttachmentRow *row = g_new0 (StrataAttachmentRow, 1);
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GError) error = NULL;
  StrataStoredObject object;

  row->id = g_strdup (id);
  row->state = STRATA_ATTACHMENT_MISSING;
  if (content == NULL)
    return row;

  stream = g_memory_input_stream_new_from_data (content, (gssize)strlen (content), NULL);
  _strata_batch_put_stream (batch, stream, &object, NULL, &error);
  g_assert_no_error (error);
  row->state = STRATA_ATTACHMENT_OBJECT;
  row->digest = object.digest;
  row->bytes = object.bytes;
  row->extension = g_strdup (object.type->extension);
  row->mime = g_strdup (object.type->mime);

  return row;
}

char *
store_util_make_thumbnail (guint number)
{
  guint8 bytes[3600] = { 0xff, 0xd8, 0xff };
  g_autofree char *base64 = NULL;

  for (guint i = 3; i < sizeof bytes; i++)
    bytes[i] = (guint8)(i * i + i * number + (i >> 8));
  base64 = g_base64_encode (bytes, sizeof bytes - number % 3);

  return g_strconcat ("data:image/jpeg;base64,", base64, NULL);
}

char *
store_util_put_with_rows (StrataStore       *store,
                          const char        *json,
                          guint64            ordinal,
                          const char *const *contents)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, &error);
  g_autoptr(GPtrArray) rows = store_util_new_rows ();
  StrataManifest *manifest;
  char *key;

  g_assert_no_error (error);
  for (guint i = 0; contents != NULL && contents[i] != NULL; i++)
    {
      g_autofree char *id = g_strdup_printf ("attachment-%u", i);

      g_ptr_array_add (rows, store_util_make_row (batch, id, contents[i]));
    }

  manifest = store_util_slice (store, batch, json, ordinal, rows);
  key = g_strdup (manifest->key);
  _strata_batch_add (batch, manifest, g_steal_pointer (&rows));
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);

  return key;
}

char *
store_util_put (StrataStore *store,
                const char  *json,
                guint64      ordinal)
{
  return store_util_put_with_rows (store, json, ordinal, NULL);
}

void
store_util_put_collection (StrataStore *store,
                           const char  *name,
                           const char  *json)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataBatch) batch = _strata_batch_new (store, &error);

  g_assert_no_error (error);
  _strata_batch_add (batch, store_util_slice_collection (store, batch, name, json, NULL), store_util_new_rows ());
  _strata_batch_commit (batch, &error);
  g_assert_no_error (error);
}

char *
store_util_read (GInputStream  *stream,
                 GError       **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autofree char *block = g_malloc (65536);
  gssize size;

  while ((size = g_input_stream_read (stream, block, 65536, NULL, error)) > 0)
    g_string_append_len (text, block, size);

  return size == 0 ? g_string_free (g_steal_pointer (&text), FALSE) : NULL;
}

char *
store_util_read_session (StrataStore  *store,
                         const char   *key,
                         GError      **error)
{
  g_autoptr(GInputStream) stream = strata_store_open_session (store, key, error);

  return stream != NULL ? store_util_read (stream, error) : NULL;
}

char *
store_util_check (StrataStore *store)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataCheck) check = strata_check_run (store, NULL, &error);
  GString *text = g_string_new (NULL);

  g_assert_no_error (error);
  for (guint i = 0; i < check->problems->len; i++)
    {
      StrataProblem *problem = g_ptr_array_index (check->problems, i);

      if (strata_problem_get_severity (problem) == STRATA_SEVERITY_NOTE)
        continue;
      g_string_append_printf (text, "%s: %s\n", strata_problem_get_path (problem), strata_problem_get_message (problem));
    }

  return g_string_free (text, FALSE);
}

static void
list_into (const char *path,
           const char *folder,
           GPtrArray  *files)
{
  g_autofree char *full = g_build_filename (path, folder, NULL);
  GDir *dir = g_dir_open (full, 0, NULL);
  const char *name;

  if (dir == NULL)
    return;

  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (folder, name, NULL);
      g_autofree char *child_path = g_build_filename (path, child, NULL);

      if (g_file_test (child_path, G_FILE_TEST_IS_DIR))
        list_into (path, child, files);
      else
        g_ptr_array_add (files, g_steal_pointer (&child));
    }
  g_dir_close (dir);
}

static int
compare_strings (gconstpointer a,
                 gconstpointer b)
{
  return strcmp (*(const char * const *)a, *(const char * const *)b);
}

char *
store_util_list_files (const char *path,
                       const char *folder)
{
  g_autoptr(GPtrArray) files = g_ptr_array_new_with_free_func (g_free);

  list_into (path, folder, files);
  g_ptr_array_sort (files, compare_strings);
  g_ptr_array_add (files, NULL);

  return g_strjoinv ("\n", (char **)files->pdata);
}

char *
store_util_find_file (const char *path,
                      const char *folder,
                      const char *prefix)
{
  g_autofree char *list = store_util_list_files (path, folder);
  g_auto(GStrv) files = g_strsplit (list, "\n", -1);

  for (guint i = 0; files[i] != NULL; i++)
    {
      g_autofree char *name = g_path_get_basename (files[i]);

      if (g_str_has_prefix (name, prefix))
        return g_strdup (files[i]);
    }

  g_error ("No file “%s…” in “%s”", prefix, folder);
}

void
store_util_flip_byte (const char *path,
                      const char *file,
                      gsize       offset)
{
  int dir = test_open_dir (path);
  int fd = openat (dir, file, O_RDWR | O_CLOEXEC);
  char byte;

  g_assert_cmpint (fd, >=, 0);
  g_assert_cmpint (pread (fd, &byte, 1, (off_t)offset), ==, 1);
  byte ^= 1;
  g_assert_cmpint (pwrite (fd, &byte, 1, (off_t)offset), ==, 1);
  close (fd);
  close (dir);
}

gsize
store_util_file_size (const char *path,
                      const char *file)
{
  g_autofree char *full = g_build_filename (path, file, NULL);
  GStatBuf status;

  g_assert_cmpint (g_stat (full, &status), ==, 0);

  return (gsize)status.st_size;
}

/* Random JSON */

void
store_util_random_space (GString *spaced)
{
  static const char *const spaces[] = { "", "", "", " ", "\n", "\t", "\r\n", "  " };

  g_string_append (spaced, spaces[g_test_rand_int_range (0, G_N_ELEMENTS (spaces))]);
}

static void
append_both (GString    *minified,
             GString    *spaced,
             const char *text)
{
  g_string_append (minified, text);
  g_string_append (spaced, text);
}

void
store_util_random_string (GString *minified,
                          GString *spaced,
                          gsize    length)
{
  static const char *const bits[] = {
    "a", "b", " ", "word", "\\n", "\\\"", "\\\\", "\\u00e9", "\\ud83d", "é", "日本", ",", ":", "{", "]", "\\/", "0",
  };
  gsize end = minified->len + length;

  append_both (minified, spaced, "\"");
  while (minified->len < end)
    append_both (minified, spaced, bits[g_test_rand_int_range (0, G_N_ELEMENTS (bits))]);
  append_both (minified, spaced, "\"");
}

static void
random_list (GString  *minified,
             GString  *spaced,
             guint     depth,
             gboolean  is_object)
{
  int n = g_test_rand_int_range (0, 5);

  append_both (minified, spaced, is_object ? "{" : "[");
  store_util_random_space (spaced);
  for (int i = 0; i < n; i++)
    {
      if (i > 0)
        append_both (minified, spaced, ",");
      store_util_random_space (spaced);
      if (is_object)
        {
          store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (0, 6));
          store_util_random_space (spaced);
          append_both (minified, spaced, ":");
          store_util_random_space (spaced);
        }
      store_util_random_value (minified, spaced, depth - 1);
      store_util_random_space (spaced);
    }
  append_both (minified, spaced, is_object ? "}" : "]");
}

void
store_util_random_value (GString *minified,
                         GString *spaced,
                         guint    depth)
{
  static const char *const scalars[] = {
    "null", "true", "false", "0", "-0", "1.0", "1e400", "-12.50E-3", "12345678901234567890", "\"\"",
  };
  int kind = g_test_rand_int_range (0, depth > 0 ? 5 : 3);

  if (kind >= 3)
    random_list (minified, spaced, depth, kind == 4);
  else if (kind == 2)
    store_util_random_string (minified, spaced, (gsize)g_test_rand_int_range (0, 30));
  else
    append_both (minified, spaced, scalars[g_test_rand_int_range (0, G_N_ELEMENTS (scalars))]);
}

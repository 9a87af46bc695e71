/* fuzz-export-zip.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "base/strata-error.h"
#include "fuzz-seam.h"
#include "legacy/strata-export-zip-private.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-text-stream-private.h"

/* A libFuzzer target: whatever the bytes are, they are an export, or not, with an
 * error that says so; each entry gives the same bytes however they are asked
 * for; and what reads collections can be put on top.
 */

#define MAX_READ    (1024 * 1024)  /* of one entry: a bomb has no end */
#define MAX_ENTRIES 50

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* Nothing can go wrong with reading from memory. */
static void
check_error (const GError *error)
{
  g_assert_true (error->domain == STRATA_ERROR);
  g_assert_true (error->code != STRATA_ERROR_CORRUPT);
  g_assert_true (g_utf8_validate (error->message, -1, NULL));
}

/* Returns: what there is; @out_ok: whether it ended without an error */
static GByteArray *
read_all (GInputStream *stream,
          gsize         piece,
          gboolean     *out_ok)
{
  GByteArray *bytes = g_byte_array_new ();
  g_autofree guint8 *buffer = g_malloc (piece);
  g_autoptr(GError) error = NULL;
  gssize n_read = 1;

  while (n_read > 0 && bytes->len < MAX_READ)
    {
      gsize wanted = MIN (piece, MAX_READ - bytes->len);

      n_read = g_input_stream_read (stream, buffer, wanted, NULL, &error);
      g_assert_cmpint (n_read, <=, (gssize)wanted);
      if (n_read > 0)
        g_byte_array_append (bytes, buffer, (guint)n_read);
    }

  *out_ok = n_read >= 0;
  if (!*out_ok)
    check_error (error);

  return bytes;
}

static void
check_stream (GInputStream *stream)
{
  gboolean ok, ok_again;
  g_autoptr(GByteArray) bytes = read_all (stream, 64 * 1024, &ok);
  g_autoptr(GByteArray) again = NULL;

  g_assert_cmpint (g_seekable_tell (G_SEEKABLE (stream)), ==, bytes->len);
  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));

  again = read_all (stream, 777, &ok_again);
  g_assert_true (ok == ok_again);
  g_assert_cmpmem (bytes->data, bytes->len, again->data, again->len);
}

static gboolean
count (const char  *text,
       gsize        length,
       gpointer     user_data,
       GError     **error)
{
  guint64 *sum = user_data;

  *sum += length;
  if (*sum > MAX_READ)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "enough");

  return *sum <= MAX_READ;
}

static void
check_payload (GInputStream *stream)
{
  g_autoptr(GInputStream) text = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_autoptr(GError) error = NULL;
  guint64 sum = 0;

  g_assert_true (g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_SET, NULL, NULL));
  text = _strata_text_stream_new (stream);
  payload = _strata_legacy_payload_open (text, NULL, NULL, &error);
  if (payload != NULL &&
      _strata_json_reader_take (_strata_legacy_payload_get_reader (payload), count, &sum, NULL, &error))
    _strata_legacy_payload_finish (payload, NULL, &error);
  if (error != NULL)
    check_error (error);
}

static void
check_entry (StrataExportZip            *zip,
             const StrataExportZipEntry *entry)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = _strata_export_zip_open_entry (zip, entry->index, &error);

  g_assert_true ((stream != NULL) == (error == NULL));
  g_assert_true (g_str_has_prefix (entry->path, "export.zip/"));
  if (entry->state == STRATA_EXPORT_ZIP_READABLE && !entry->is_metadata)
    {
      g_assert_null (strstr (entry->name, "../"));
      g_assert_true (entry->role != STRATA_LEGACY_FOREIGN);
      g_assert_true (entry->name[0] != '/');
    }

  if (stream == NULL)
    {
      check_error (error);
      return;
    }
  check_stream (stream);
  check_payload (stream);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  g_autoptr(StrataExportZip) zip = NULL;
  g_autoptr(GError) error = NULL;
  GPtrArray *entries;

  fuzz_seam_set (data, length);
  zip = _strata_export_zip_open (AT_FDCWD, "export.zip", NULL, &error);
  if (zip == NULL)
    {
      check_error (error);
      return 0;
    }

  entries = _strata_export_zip_get_entries (zip);
  g_assert_cmpuint (entries->len, >, 0);
  for (guint i = 0; i < MIN (entries->len, MAX_ENTRIES); i++)
    check_entry (zip, g_ptr_array_index (entries, i));

  return 0;
}

/* fuzz-legacy-attachment.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "base/strata-error.h"
#include "fuzz-seam.h"
#include "fuzz-stream.h"
#include "json/strata-json-reader-private.h"
#include "legacy/strata-data-uri-private.h"
#include "legacy/strata-legacy-attachment-private.h"

/* A libFuzzer target: the bytes are an attachment's metadata, beside it and
 * inline, and its data at once. Neither ever makes an old store unreadable;
 * nothing outside of it is meant by any path; and data are the same in whatever
 * pieces they are read.
 */

#define MAX_READ (1024 * 1024)

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

static StrataLegacyStore *
open_store (void)
{
  static const char *const names[] = { "a.dat", "a.meta.json", "b.meta.json", NULL };
  static StrataLegacyStore *store;

  if (store == NULL)
    {
      g_autoptr(GError) error = NULL;

      fuzz_names = names;
      fuzz_seam_set ((const guint8 *)"x", 1);
      store = _strata_legacy_store_open ("/old/com.taskerino.desktop", &error);
      g_assert_no_error (error);
    }

  return store;
}

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
      n_read = g_input_stream_read (stream, buffer, piece, NULL, &error);
      g_assert_cmpint (n_read, <=, (gssize)piece);
      if (n_read > 0)
        g_byte_array_append (bytes, buffer, (guint)n_read);
    }

  *out_ok = n_read >= 0;
  if (!*out_ok)
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);

  return bytes;
}

/* --- Data --- */

static GByteArray *
decode (const guint8 *data,
        gsize         length,
        gsize         piece,
        gsize         read_piece,
        gboolean     *out_ok)
{
  g_autoptr(GInputStream) text = fuzz_stream_new (data, length, piece);
  g_autoptr(GError) error = NULL;
  g_autoptr(GInputStream) stream = _strata_data_uri_decode (text, NULL, &error);

  if (stream != NULL)
    return read_all (stream, read_piece, out_ok);

  g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  *out_ok = FALSE;

  return g_byte_array_new ();
}

static void
check_data (const guint8 *data,
            gsize         length)
{
  static const gsize pieces[] = { 1, 3, 5, 64, 4097 };
  gboolean whole_ok;
  g_autoptr(GByteArray) whole = decode (data, length, G_MAXSIZE, 64 * 1024, &whole_ok);

  /* Base64 and percent-encoding both only ever shrink */
  g_assert_cmpuint (whole->len, <=, length);

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      gboolean ok;
      g_autoptr(GByteArray) bytes = decode (data, length, pieces[i], pieces[G_N_ELEMENTS (pieces) - 1 - i], &ok);

      g_assert_true (ok == whole_ok);
      if (ok)
        g_assert_cmpmem (bytes->data, bytes->len, whole->data, whole->len);
    }
}

/* --- Metadata --- */

static void
free_problem (StrataProblem *problem,
              gpointer       user_data)
{
  g_object_unref (problem);
}

static void
check_text (const char *text)
{
  g_assert_true (text == NULL || g_utf8_validate (text, -1, NULL));
}

/* Where the bytes are looked for is below the store, in a folder for them. */
static void
check_path (const char *path)
{
  g_auto(GStrv) components = NULL;

  if (path == NULL)
    return;

  g_assert_true (g_str_has_prefix (path, "attachments/") || g_str_has_prefix (path, "videos/"));
  components = g_strsplit (path, "/", -1);
  for (guint i = 0; components[i] != NULL; i++)
    g_assert_true (components[i][0] != '\0' && components[i][0] != '.');
}

static void
check_meta (const char *meta)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  g_autoptr(GString) again = g_string_new (NULL);
  g_autoptr(GError) error = NULL;

  if (meta == NULL)
    return;

  reader = _strata_json_reader_new_for_data (meta, strlen (meta));
  g_assert_true (*meta == '{');
  _strata_json_reader_take_string (reader, again, NULL, &error);
  g_assert_no_error (error);
  g_assert_true (_strata_json_reader_finish (reader, NULL, NULL));
  g_assert_cmpstr (again->str, ==, meta);
}

static void
check_attachment (StrataLegacyStore *store,
                  const char        *id,
                  const char        *inline_meta)
{
  g_autoptr(GError) error = NULL;
  g_autoptr(StrataLegacyAttachment) attachment = NULL;
  g_autoptr(GInputStream) stream = NULL;
  g_autoptr(GByteArray) bytes = NULL;
  gboolean ok;

  attachment = _strata_legacy_attachment_load_inline (store, id, inline_meta, free_problem, NULL, &error);
  g_assert_no_error (error);
  g_assert_cmpstr (attachment->id, ==, id);
  check_meta (attachment->meta);
  check_text (attachment->type);
  check_text (attachment->mime);
  check_text (attachment->name);
  check_text (attachment->recorded_path);
  check_path (attachment->data_path);
  check_path (attachment->file_path);
  g_assert_true (attachment->data_path == NULL || attachment->file_path == NULL);

  stream = _strata_legacy_attachment_open (store, attachment, &error);
  if (stream != NULL)
    bytes = read_all (stream, 4097, &ok);
  else if (attachment->data_path != NULL)
    g_assert_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
  else
    g_assert_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
}

/* Metadata out of a note: what a JSON reader gives, if it gives an object */
static void
check_inline (StrataLegacyStore *store,
              const guint8      *data,
              gsize              length)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data ((const char *)data, length);
  g_autoptr(GString) meta = g_string_new (NULL);
  StrataJsonKind kind;

  if (_strata_json_reader_peek (reader, &kind, NULL, NULL) && kind == STRATA_JSON_OBJECT &&
      _strata_json_reader_take_string (reader, meta, NULL, NULL))
    check_attachment (store, "c", meta->str);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  StrataLegacyStore *store = open_store ();

  fuzz_seam_set (data, length);
  check_data (data, length);
  check_attachment (store, "a", NULL);
  check_attachment (store, "b", NULL);
  check_inline (store, data, length);

  return 0;
}

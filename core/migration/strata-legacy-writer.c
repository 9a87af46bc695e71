/* strata-legacy-writer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <fcntl.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "json/strata-json-pretty-private.h"
#include "legacy/strata-text-checksum-private.h"
#include "strata-legacy-writer-private.h"

#define BLOCK_BYTES (128 * 1024)

/* What is being written, with what it takes to encode its content on the way */
typedef struct
{
  StrataLegacyPutFunc  put;
  gpointer             put_data;
  int                  fd;            /* of a file */
  const char          *path;
  guint64              bytes;
  int                  base64_state;
  int                  base64_save;
} Writer;

/* A StrataLegacyPutFunc */
static gboolean
put_to_file (const void  *data,
             gsize        size,
             gpointer     put_data,
             GError     **error)
{
  Writer *self = put_data;

  return _strata_file_write_all (self->fd, data, size, self->path, error);
}

static gboolean
writer_open (Writer      *self,
             int          dir,
             const char  *path,
             GError     **error)
{
  *self = (Writer){ .put = put_to_file, .put_data = self, .path = path };
  self->fd = _strata_file_open (dir, path, O_WRONLY | O_CREAT | O_EXCL, error);

  return self->fd >= 0;
}

static gboolean
writer_put (Writer      *self,
            const char  *data,
            gsize        size,
            GError     **error)
{
  self->bytes += size;

  return self->put (data, size, self->put_data, error);
}

/* @data: (nullable): %NULL ends the base64 text */
static gboolean
writer_put_base64 (Writer      *self,
                   const void  *data,
                   gsize        size,
                   GError     **error)
{
  g_autofree char *text = g_malloc ((size / 3 + 1) * 4 + 8);
  gsize length;

  if (data != NULL)
    length = g_base64_encode_step (data, size, FALSE, text, &self->base64_state, &self->base64_save);
  else
    length = g_base64_encode_close (FALSE, text, &self->base64_state, &self->base64_save);

  return writer_put (self, text, length, error);
}

static gboolean
writer_close (Writer   *self,
              gboolean  ok,
              guint64  *out_bytes)
{
  _strata_file_close (self->fd);
  *out_bytes = self->bytes;

  return ok;
}

/* The payload as the old program laid it out, block by block */
typedef gboolean (*TextFunc) (GString   *text,
                              gpointer   user_data,
                              GError   **error);

static gboolean
foreach_pretty_block (StrataPayloadFunc   func,
                      gpointer            user_data,
                      TextFunc            text_func,
                      gpointer            text_data,
                      GCancellable       *cancellable,
                      GError            **error)
{
  g_autoptr(GInputStream) stream = func (user_data, error);
  g_autoptr(GString) pretty_text = g_string_new (NULL);
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  StrataJsonPretty pretty = { 0, };
  gssize size;

  if (stream == NULL)
    return FALSE;

  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      g_string_truncate (pretty_text, 0);
      _strata_json_pretty_feed (&pretty, block, (gsize)size, pretty_text);
      if (!text_func (pretty_text, text_data, error))
        return FALSE;
    }

  return size == 0;
}

static gboolean
add_to_checksum (GString   *text,
                 gpointer   user_data,
                 GError   **error)
{
  _strata_text_checksum_update (user_data, text->str, text->len);

  return TRUE;
}

/* gzip -9, as the old program has it, then base64 */
typedef struct
{
  Writer     *writer;
  GConverter *compressor;
} GzipSink;

static gboolean
gzip_feed (GzipSink         *sink,
           const char       *data,
           gsize             size,
           GConverterFlags   flags,
           GError          **error)
{
  g_autofree char *out = g_malloc (BLOCK_BYTES);
  GConverterResult result;
  gsize used, made;

  do
    {
      result = g_converter_convert (sink->compressor, data, size, out, BLOCK_BYTES, flags, &used, &made, error);
      if (result == G_CONVERTER_ERROR)
        return FALSE;
      data += used;
      size -= used;
      if (made > 0 && !writer_put_base64 (sink->writer, out, made, error))
        return FALSE;
    }
  while (flags == G_CONVERTER_INPUT_AT_END ? result != G_CONVERTER_FINISHED : size > 0);

  return TRUE;
}

static gboolean
add_to_gzip (GString   *text,
             gpointer   user_data,
             GError   **error)
{
  return gzip_feed (user_data, text->str, text->len, G_CONVERTER_NO_FLAGS, error);
}

static gboolean
put_envelope (Writer             *writer,
              StrataPayloadFunc   func,
              gpointer            user_data,
              GCancellable       *cancellable,
              GError            **error)
{
  g_autoptr(GConverter) compressor = G_CONVERTER (g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP, 9));
  GzipSink sink = { writer, compressor };
  StrataTextChecksum checksum = { 0, };
  g_autofree char *checksum_text = NULL;
  g_autofree char *head = NULL;

  if (!foreach_pretty_block (func, user_data, add_to_checksum, &checksum, cancellable, error))
    return FALSE;

  checksum_text = _strata_text_checksum_dup_text (&checksum);
  head = g_strdup_printf ("{\n  \"version\": 1,\n  \"checksum\": \"%s\",\n  \"timestamp\": %" G_GINT64_FORMAT ",\n"
                          "  \"compressed\": true,\n  \"data\": \"GZIP_V1:", checksum_text, g_get_real_time () / 1000);

  return writer_put (writer, head, strlen (head), error) &&
         foreach_pretty_block (func, user_data, add_to_gzip, &sink, cancellable, error) &&
         gzip_feed (&sink, "", 0, G_CONVERTER_INPUT_AT_END, error) &&
         writer_put_base64 (writer, NULL, 0, error) &&
         writer_put (writer, "\"\n}", 3, error);
}

gboolean
_strata_legacy_write_collection (int                 dir,
                                 const char         *path,
                                 StrataPayloadFunc   func,
                                 gpointer            user_data,
                                 guint64            *out_bytes,
                                 GCancellable       *cancellable,
                                 GError            **error)
{
  Writer writer;

  return writer_open (&writer, dir, path, error) &&
         writer_close (&writer, put_envelope (&writer, func, user_data, cancellable, error), out_bytes);
}

static gboolean
put_stream (Writer        *writer,
            gboolean       as_base64,
            GInputStream  *content,
            GCancellable  *cancellable,
            GError       **error)
{
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size;

  while ((size = g_input_stream_read (content, block, BLOCK_BYTES, cancellable, error)) > 0)
    if (as_base64 ? !writer_put_base64 (writer, block, (gsize)size, error)
                  : !writer_put (writer, block, (gsize)size, error))
      return FALSE;

  return size == 0 && (!as_base64 || writer_put_base64 (writer, NULL, 0, error));
}

static gboolean
put_data_uri (Writer        *writer,
              const char    *mime,
              GInputStream  *content,
              GCancellable  *cancellable,
              GError       **error)
{
  g_autofree char *head = g_strdup_printf ("data:%s;base64,", mime);

  return writer_put (writer, head, strlen (head), error) && put_stream (writer, TRUE, content, cancellable, error);
}

gboolean
_strata_legacy_write_data_uri (int            dir,
                               const char    *path,
                               const char    *mime,
                               GInputStream  *content,
                               guint64       *out_bytes,
                               GCancellable  *cancellable,
                               GError       **error)
{
  Writer writer;

  return writer_open (&writer, dir, path, error) &&
         writer_close (&writer, put_data_uri (&writer, mime, content, cancellable, error), out_bytes);
}

gboolean
_strata_legacy_write_raw (int            dir,
                          const char    *path,
                          GInputStream  *content,
                          guint64       *out_bytes,
                          GCancellable  *cancellable,
                          GError       **error)
{
  Writer writer;

  return writer_open (&writer, dir, path, error) &&
         writer_close (&writer, put_stream (&writer, FALSE, content, cancellable, error), out_bytes);
}

/* Elsewhere */

gboolean
_strata_legacy_put_data_uri (const char          *mime,
                             GInputStream        *content,
                             StrataLegacyPutFunc  put,
                             gpointer             put_data,
                             GCancellable        *cancellable,
                             GError             **error)
{
  Writer writer = { .put = put, .put_data = put_data };

  return put_data_uri (&writer, mime, content, cancellable, error);
}

gboolean
_strata_legacy_put_raw (GInputStream        *content,
                        StrataLegacyPutFunc  put,
                        gpointer             put_data,
                        GCancellable        *cancellable,
                        GError             **error)
{
  Writer writer = { .put = put, .put_data = put_data };

  return put_stream (&writer, FALSE, content, cancellable, error);
}

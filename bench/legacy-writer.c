/* legacy-writer.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#define G_LOG_DOMAIN "make-legacy"

#include "config.h"

#include <gio/gio.h>
#include <string.h>
#include <zlib.h>

#include "legacy-writer.h"

/* The old program keeps gzip only while its web engine can pass all the bytes
 * as the arguments of one call; this is where older WebKit stops.
 */
#define GZIP_LIMIT_BYTES 65536

#define PACKED_CHUNK_SIZE (64 * 1024)

/* Where a value's bytes go: through gzip and base64 or not, into a file or
 * only into a count.
 */
typedef struct
{
  GOutputStream *stream;
  guint64        written_bytes;
  GError        *error;

  gboolean       is_packing;
  guint64        packed_limit;
  guint64        packed_bytes;
  z_stream       z;
  gz_header      header;
  int            base64_state;
  int            base64_save;
} Sink;

static void
sink_write (Sink       *self,
            const char *bytes,
            gsize       length)
{
  self->written_bytes += length;

  if (self->stream != NULL && self->error == NULL)
    g_output_stream_write_all (self->stream, bytes, length, NULL, NULL, &self->error);
}

static void
sink_write_packed (Sink         *self,
                   const guchar *bytes,
                   gsize         length)
{
  static char text[PACKED_CHUNK_SIZE / 3 * 4 + 8];

  self->packed_bytes += length;
  sink_write (self, text, g_base64_encode_step (bytes, length, FALSE, text,
                                                &self->base64_state, &self->base64_save));
}

static void
sink_begin_packing (Sink   *self,
                    gint64  timestamp_ms)
{
  int result;

  memset (&self->z, 0, sizeof self->z);
  memset (&self->header, 0, sizeof self->header);
  self->header.time = (uLong) (timestamp_ms / 1000);
  self->header.os = 3;

  result = deflateInit2 (&self->z, Z_BEST_COMPRESSION, Z_DEFLATED, MAX_WBITS + 16, 8, Z_DEFAULT_STRATEGY);
  g_assert (result == Z_OK);
  deflateSetHeader (&self->z, &self->header);
  self->is_packing = TRUE;
}

static void
sink_pack (Sink       *self,
           const char *bytes,
           gsize       length,
           int         flush)
{
  static guchar packed[PACKED_CHUNK_SIZE];

  self->z.next_in = (Bytef *) bytes;
  self->z.avail_in = (uInt) length;
  do
    {
      self->z.next_out = packed;
      self->z.avail_out = sizeof packed;
      deflate (&self->z, flush);
      sink_write_packed (self, packed, sizeof packed - self->z.avail_out);
    }
  while (self->z.avail_out == 0);
}

static void
sink_end_packing (Sink *self)
{
  char text[8];

  sink_pack (self, NULL, 0, Z_FINISH);
  deflateEnd (&self->z);
  sink_write (self, text, g_base64_encode_close (FALSE, text, &self->base64_state, &self->base64_save));
}

static guint64
sink_take_cb (const char *bytes,
              gsize       length,
              gpointer    user_data)
{
  Sink *self = user_data;

  if (self->is_packing)
    sink_pack (self, bytes, length, Z_NO_FLUSH);
  else
    sink_write (self, bytes, length);

  if (self->error != NULL || (self->packed_limit > 0 && self->packed_bytes >= self->packed_limit))
    return LEGACY_JSON_STOP;

  return self->is_packing ? self->packed_bytes / 3 * 4 : 0;
}

/* Returns the checksum of the value in @pass. */
static guint32
run_pass (LegacyCollection *self,
          LegacyPass        pass,
          Sink             *sink)
{
  LegacySpelling spelling = self->form == LEGACY_FORM_STRING ? LEGACY_SPELLING_ESCAPED
                            : sink != NULL && sink->is_packing ? LEGACY_SPELLING_PACKED
                            : LEGACY_SPELLING_PLAIN;
  guint base_depth = self->form == LEGACY_FORM_UNCOMPRESSED ? 1 : 0;
  g_autoptr(LegacyJson) json = NULL;

  json = legacy_json_new (pass, spelling, base_depth, sink != NULL ? sink_take_cb : NULL, sink);
  self->emit (self, json);
  legacy_json_flush (json);

  return legacy_json_get_checksum (json);
}

static gboolean
is_small_packed (LegacyCollection *self)
{
  Sink sink = { .packed_limit = GZIP_LIMIT_BYTES };

  sink_begin_packing (&sink, self->timestamp_ms);
  run_pass (self, LEGACY_PASS_PROBE, &sink);
  sink_end_packing (&sink);

  return sink.packed_bytes < GZIP_LIMIT_BYTES;
}

/* Packs once for nothing when packed: only that tells how long the file gets,
 * which the value may depend on.
 */
static guint32
measure (LegacyCollection *self)
{
  Sink sink = { 0 };
  guint32 checksum;

  if (self->form != LEGACY_FORM_GZIP)
    return run_pass (self, LEGACY_PASS_MEASURE, NULL);

  sink_begin_packing (&sink, self->timestamp_ms);
  checksum = run_pass (self, LEGACY_PASS_MEASURE, &sink);
  sink_end_packing (&sink);

  return checksum;
}

static char *
dup_base36 (gint32 value)
{
  guint32 rest = value < 0 ? -(guint32) value : (guint32) value;
  char text[16];
  char *p = text + sizeof text - 1;

  *p = '\0';
  do
    *--p = "0123456789abcdefghijklmnopqrstuvwxyz"[rest % 36];
  while ((rest /= 36) > 0);
  if (value < 0)
    *--p = '-';

  return g_strdup (p);
}

static char *
dup_envelope_opening (LegacyCollection *self,
                      guint32           checksum)
{
  g_autofree char *base36 = dup_base36 ((gint32) checksum);
  const char *data = "";

  switch (self->form)
    {
    case LEGACY_FORM_STRING:
      data = "  \"compressed\": false,\n  \"data\": \"";
      break;
    case LEGACY_FORM_GZIP:
      data = "  \"compressed\": true,\n  \"data\": \"GZIP_V1:";
      break;
    case LEGACY_FORM_UNCOMPRESSED:
      data = "  \"data\": ";
      break;
    case LEGACY_FORM_BARE:
      return g_strdup ("");
    case LEGACY_FORM_AUTO:
    default:
      g_assert_not_reached ();
    }

  return g_strdup_printf ("{\n  \"version\": 1,\n  \"checksum\": \"%s\",\n"
                          "  \"timestamp\": %" G_GINT64_FORMAT ",\n%s",
                          base36, self->timestamp_ms, data);
}

static const char *
get_envelope_ending (LegacyForm form)
{
  switch (form)
    {
    case LEGACY_FORM_STRING:
    case LEGACY_FORM_GZIP:
      return "\"\n}";
    case LEGACY_FORM_UNCOMPRESSED:
      return "\n}";
    case LEGACY_FORM_BARE:
      return "";
    case LEGACY_FORM_AUTO:
    default:
      g_assert_not_reached ();
    }
}

static void
write_file (LegacyCollection *self,
            Sink             *sink,
            guint32           checksum)
{
  g_autofree char *opening = dup_envelope_opening (self, checksum);
  const char *ending = get_envelope_ending (self->form);
  guint32 written;

  sink_write (sink, opening, strlen (opening));
  if (self->form == LEGACY_FORM_GZIP)
    sink_begin_packing (sink, self->timestamp_ms);

  written = run_pass (self, LEGACY_PASS_WRITE, sink);
  g_assert (sink->error != NULL || written == checksum);

  if (sink->is_packing)
    sink_end_packing (sink);
  sink_write (sink, ending, strlen (ending));
}

/**
 * legacy_collection_save:
 * @self: what to save
 * @db_path: the folder to save it in
 * @error: a location for an error
 *
 * Writes a collection as the old program does.
 *
 * The checksum stands before the data and its length varies, so the value is
 * generated once for the checksum and once more to be written; no part of it
 * is kept in between. On failure, also for want of space, what has been
 * written stays.
 *
 * Returns: %TRUE if the file is complete
 */
gboolean
legacy_collection_save (LegacyCollection  *self,
                        const char        *db_path,
                        GError           **error)
{
  g_autofree char *name = g_strconcat (self->name, ".json", NULL);
  g_autoptr(GFile) file = g_file_new_build_filename (db_path, name, NULL);
  g_autoptr(GFileOutputStream) stream = NULL;
  Sink sink = { 0 };
  guint32 checksum;

  if (self->form == LEGACY_FORM_AUTO)
    self->form = is_small_packed (self) ? LEGACY_FORM_GZIP : LEGACY_FORM_STRING;
  checksum = measure (self);

  stream = g_file_replace (file, NULL, FALSE, G_FILE_CREATE_NONE, NULL, error);
  if (stream == NULL)
    return FALSE;

  sink.stream = G_OUTPUT_STREAM (stream);
  write_file (self, &sink, checksum);
  self->size_bytes = sink.written_bytes;
  if (sink.error != NULL)
    {
      g_propagate_error (error, sink.error);
      return FALSE;
    }

  return g_output_stream_close (G_OUTPUT_STREAM (stream), NULL, error);
}

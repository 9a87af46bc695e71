/* zip-maker.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>

#include <zlib.h>

#include "zip-maker.h"

#define FLAG_LENGTH_BEHIND 8

/* 2025-10-26, 11:08:00 */
#define DOS_DATE 0x5b5a
#define DOS_TIME 0x5900

static void
put (GByteArray *bytes,
     guint64     number,
     guint       size)
{
  for (guint i = 0; i < size; i++)
    {
      guint8 byte = (guint8)(number >> (8 * i));

      g_byte_array_append (bytes, &byte, 1);
    }
}

static void
put_text (GByteArray *bytes,
          const char *text,
          gsize       length)
{
  if (length > 0)
    g_byte_array_append (bytes, (const guint8 *)text, (guint)length);
}

ZipMaker *
zip_maker_new (void)
{
  ZipMaker *self = g_new0 (ZipMaker, 1);

  self->bytes = g_byte_array_new ();
  self->directory = g_byte_array_new ();

  return self;
}

void
zip_maker_free (ZipMaker *self)
{
  g_byte_array_unref (self->bytes);
  g_byte_array_unref (self->directory);
  g_free (self);
}

GByteArray *
zip_maker_deflate (const char *content,
                   gsize       length)
{
  g_autoptr(GZlibCompressor) compressor = g_zlib_compressor_new (G_ZLIB_COMPRESSOR_FORMAT_RAW, 9);
  GByteArray *packed = g_byte_array_new ();
  gsize n_read, n_written;

  g_byte_array_set_size (packed, (guint)(length + length / 100 + 100));
  g_assert_cmpint (g_converter_convert (G_CONVERTER (compressor), content, length, packed->data, packed->len,
                                        G_CONVERTER_INPUT_AT_END, &n_read, &n_written, NULL),
                   ==, G_CONVERTER_FINISHED);
  g_byte_array_set_size (packed, (guint)n_written);

  return packed;
}

/* What a header and the directory's entry say alike, up to the lengths of name and extra */
static void
put_common (GByteArray     *bytes,
            const ZipEntry *entry,
            gboolean        open,
            guint32         crc,
            guint64         packed_size,
            guint64         size)
{
  guint16 method = entry->method != 0 ? entry->method : entry->deflate ? 8 : 0;

  put (bytes, entry->long_sizes ? 45 : 20, 2);
  put (bytes, entry->flags | (entry->length_behind ? FLAG_LENGTH_BEHIND : 0), 2);
  put (bytes, method, 2);
  put (bytes, DOS_TIME, 2);
  put (bytes, DOS_DATE, 2);
  put (bytes, open ? 0 : crc, 4);
  put (bytes, entry->long_sizes ? G_MAXUINT32 : open ? 0 : packed_size, 4);
  put (bytes, entry->long_sizes ? G_MAXUINT32 : open ? 0 : size, 4);
}

static void
put_long_sizes (GByteArray *bytes,
                guint64     packed_size,
                guint64     size)
{
  put (bytes, 0x0001, 2);
  put (bytes, 16, 2);
  put (bytes, size, 8);
  put (bytes, packed_size, 8);
}

static void
put_behind (GByteArray     *bytes,
            const ZipEntry *entry,
            guint32         crc,
            guint64         packed_size,
            guint64         size)
{
  guint width = entry->long_sizes ? 8 : 4;

  if (!entry->no_signature)
    put (bytes, 0x08074b50, 4);
  put (bytes, crc, 4);
  put (bytes, packed_size, width);
  put (bytes, size, width);
}

void
zip_maker_add (ZipMaker       *self,
               const ZipEntry *entry)
{
  const char *content = entry->content != NULL ? entry->content : "";
  gsize length = entry->content_length > 0 ? entry->content_length : strlen (content);
  gsize name_length = entry->name_length > 0 ? (gsize)entry->name_length : strlen (entry->name);
  gsize long_length = entry->long_sizes ? 20 : 0;
  guint32 crc = (guint32)crc32_z (0, (const guint8 *)content, length) + entry->crc_error;
  guint64 size = length + entry->size_error;
  guint offset = self->bytes->len;
  g_autoptr(GByteArray) packed = NULL;

  if (entry->deflate)
    {
      packed = zip_maker_deflate (content, length);
      content = (const char *)packed->data;
      length = packed->len;
    }

  put (self->bytes, 0x04034b50, 4);
  put_common (self->bytes, entry, entry->length_behind, crc, length, size);
  put (self->bytes, name_length, 2);
  put (self->bytes, long_length, 2);
  put_text (self->bytes, entry->local_name != NULL ? entry->local_name : entry->name, name_length);
  if (entry->long_sizes)
    put_long_sizes (self->bytes, entry->length_behind ? 0 : length, entry->length_behind ? 0 : size);
  put_text (self->bytes, content, length);
  if (entry->length_behind)
    put_behind (self->bytes, entry, crc, length, size);

  put (self->directory, 0x02014b50, 4);
  put (self->directory, 20 | entry->system << 8, 2);
  put_common (self->directory, entry, FALSE, crc, length, size);
  put (self->directory, name_length, 2);
  put (self->directory, long_length + entry->extra_length, 2);
  put (self->directory, 0, 2);
  put (self->directory, 0, 4);
  put (self->directory, entry->attributes, 4);
  put (self->directory, offset, 4);
  put_text (self->directory, entry->name, name_length);
  if (entry->long_sizes)
    put_long_sizes (self->directory, length, size);
  put_text (self->directory, entry->extra, entry->extra_length);

  self->n_entries++;
}

void
zip_maker_add_text (ZipMaker   *self,
                    const char *name,
                    const char *text,
                    gboolean    deflate)
{
  ZipEntry entry = { .name = name, .content = text, .deflate = deflate };

  zip_maker_add (self, &entry);
}

GBytes *
zip_maker_finish (ZipMaker   *self,
                  gboolean    zip64,
                  const char *comment)
{
  guint64 start = self->bytes->len;
  guint64 size = self->directory->len;
  GByteArray *all = g_byte_array_new ();
  gsize comment_length = comment != NULL ? strlen (comment) : 0;

  put_text (all, (const char *)self->bytes->data, self->bytes->len);
  put_text (all, (const char *)self->directory->data, self->directory->len);

  if (zip64)
    {
      put (all, 0x06064b50, 4);
      put (all, 44, 8);
      put (all, 45, 2);
      put (all, 45, 2);
      put (all, 0, 8);
      put (all, self->n_entries, 8);
      put (all, self->n_entries, 8);
      put (all, size, 8);
      put (all, start, 8);

      put (all, 0x07064b50, 4);
      put (all, 0, 4);
      put (all, start + size, 8);
      put (all, 1, 4);
    }

  put (all, 0x06054b50, 4);
  put (all, 0, 4);
  put (all, zip64 ? G_MAXUINT16 : self->n_entries & G_MAXUINT16, 2);
  put (all, zip64 ? G_MAXUINT16 : self->n_entries & G_MAXUINT16, 2);
  put (all, zip64 ? G_MAXUINT32 : size, 4);
  put (all, zip64 ? G_MAXUINT32 : start, 4);
  put (all, comment_length, 2);
  put_text (all, comment, comment_length);

  return g_byte_array_free_to_bytes (all);
}

/* strata-zip-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include <zlib.h>

#include "base/strata-error.h"
#include "strata-zip-stream-private.h"
#include "strata-zip-window-private.h"

/* What a decompressor may ask for. A dictionary's size is a claim of the file;
 * nobody packs with more than this without saying so.
 */
#define MAX_DICTIONARY (256u * 1024 * 1024)

struct _StrataZipStream
{
  GInputStream      parent_instance;

  /* Set at construction, never changed after */
  StrataFileStream *file;
  goffset           file_size;
  char             *path;
  StrataZipData     data;

  /* One thread at a time */
  StrataZipWindow   window;
  struct archive   *archive;   /* NULL: to be opened */
  const guint8     *block;     /* what libarchive gave last, and is not yet given out */
  gsize             left;
  guint64           position;  /* in the bytes given out */
  guint64           n_decoded;
  guint32           crc32;     /* of what was decoded */
  gboolean          is_ended;
  GError           *error;     /* given by every later read */
};

static void seekable_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataZipStream, _strata_zip_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, seekable_iface_init))

static void
close_archive (StrataZipStream *self)
{
  g_clear_pointer (&self->archive, archive_read_free);
  _strata_zip_window_clear (&self->window);
  self->block = NULL;
  self->left = 0;
  self->n_decoded = 0;
  self->crc32 = 0;
}

/* --- What libarchive is shown --- */

static guint8 *
put (guint8  *bytes,
     guint64  number,
     guint    size)
{
  for (guint i = 0; i < size; i++)
    *bytes++ = (guint8)(number >> (8 * i));

  return bytes;
}

/* Writes the header that belongs before the data, by what the directory says of
 * them: the one that is there may be damaged, or leave the sizes open. Its name
 * is "x": libarchive would look into that of the entry.
 */
static void
make_head (StrataZipWindow     *window,
           const StrataZipData *data)
{
  gboolean is_long = data->compressed_size >= G_MAXUINT32 || data->size >= G_MAXUINT32;
  guint8 *end = window->head;

  end = put (end, 0x04034b50, 4);
  end = put (end, is_long ? 45 : 20, 2);
  end = put (end, data->flags & ~STRATA_ZIP_LENGTH_BEHIND, 2);
  end = put (end, data->method, 2);
  end = put (end, 0, 4);
  end = put (end, data->crc32, 4);
  end = put (end, is_long ? G_MAXUINT32 : data->compressed_size, 4);
  end = put (end, is_long ? G_MAXUINT32 : data->size, 4);
  end = put (end, 1, 2);
  end = put (end, is_long ? 20 : 0, 2);
  end = put (end, 'x', 1);
  if (is_long)
    {
      end = put (end, 0x0001, 2);
      end = put (end, 16, 2);
      end = put (end, data->size, 8);
      end = put (end, data->compressed_size, 8);
    }

  window->head_size = (gsize)(end - window->head);
}

/* Data of unknown length are shown with their own header and all that follows. */
static gboolean
open_archive (StrataZipStream  *self,
              goffset           fine_from,
              GCancellable     *cancellable,
              GError          **error)
{
  const StrataZipData *data = &self->data;
  struct archive_entry *entry;

  self->window = (StrataZipWindow) {
    .file = self->file,
    .path = self->path,
    .start = data->is_known ? data->data : data->header,
    .end = self->file_size,
    .fine_from = fine_from,
    .cancellable = cancellable,
  };

  if (data->is_known)
    {
      make_head (&self->window, data);
      if (data->compressed_size < (guint64)MAX (self->file_size - data->data, 0))
        self->window.end = data->data + (goffset)data->compressed_size;
    }

  self->archive = _strata_zip_window_open (&self->window, !data->is_known, error);
  if (self->archive == NULL)
    return FALSE;

  if (archive_read_next_header (self->archive, &entry) < ARCHIVE_WARN)
    {
      _strata_zip_window_set_error (&self->window, self->archive, error);
      return FALSE;
    }

  return TRUE;
}

/* --- Reading --- */

static void
set_damaged (StrataZipStream *self,
             const char      *what)
{
  g_autofree char *shown = g_utf8_make_valid (self->path, -1);

  g_set_error (&self->error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The data of “%s” are damaged: %s", shown, what);
}

/* libarchive came to the end without complaint. */
static void
check_end (StrataZipStream *self)
{
  self->is_ended = TRUE;

  if (self->data.is_known && self->n_decoded != self->data.size)
    set_damaged (self, "their length is not what it should be");
  else if (self->data.is_known && self->crc32 != self->data.crc32)
    set_damaged (self, "their checksum is not what it should be");
}

/* Takes a block, without what was given out before a second try. */
static void
take_block (StrataZipStream *self,
            const void      *block,
            gsize            size)
{
  guint64 known = self->position - MIN (self->position, self->n_decoded);

  /* For zlib no block means a new checksum */
  if (size == 0)
    return;

  self->crc32 = (guint32)crc32_z (self->crc32, block, size);
  self->n_decoded += size;
  self->block = (const guint8 *)block + MIN (known, size);
  self->left = size - (gsize)MIN (known, size);
}

/* A flaw in the data. What the last piece of input gave before it is lost: does
 * it again up to there, and from there byte by byte.
 */
static gboolean
try_finely (StrataZipStream *self,
            GCancellable    *cancellable)
{
  goffset last = self->window.last;

  if (self->window.error != NULL || self->window.fine_from != G_MAXOFFSET)
    return FALSE;

  close_archive (self);

  return open_archive (self, last, cancellable, &self->error);
}

/* Gets the next bytes, or the end, or an error. */
static void
decode (StrataZipStream *self,
        GCancellable    *cancellable)
{
  const void *block = NULL;
  size_t size = 0;
  la_int64_t offset;
  int status;

  if (self->archive == NULL && !open_archive (self, G_MAXOFFSET, cancellable, &self->error))
    return;

  self->window.cancellable = cancellable;
  status = archive_read_data_block (self->archive, &block, &size, &offset);

  if (status == ARCHIVE_EOF)
    check_end (self);
  else if (status == ARCHIVE_OK)
    take_block (self, block, size);
  else if (status == ARCHIVE_FATAL && try_finely (self, cancellable))
    return;
  else if (self->error == NULL)
    {
      /* A wrong size or CRC comes together with the last bytes */
      if (status != ARCHIVE_FATAL && size > 0)
        take_block (self, block, size);
      _strata_zip_window_set_error (&self->window, self->archive, &self->error);
    }
}

static gssize
zip_stream_read (GInputStream  *stream,
                 void          *buffer,
                 gsize          count,
                 GCancellable  *cancellable,
                 GError       **error)
{
  StrataZipStream *self = STRATA_ZIP_STREAM (stream);
  gsize size;

  while (self->left == 0 && !self->is_ended && self->error == NULL)
    decode (self, cancellable);

  if (self->left == 0 && self->error == NULL)
    return 0;
  if (self->left == 0)
    {
      g_propagate_error (error, g_error_copy (self->error));
      return -1;
    }

  size = MIN (count, self->left);
  memcpy (buffer, self->block, size);
  self->block += size;
  self->left -= size;
  self->position += size;

  return (gssize)size;
}

/* --- Seeking --- */

static goffset
zip_stream_tell (GSeekable *seekable)
{
  return (goffset)STRATA_ZIP_STREAM (seekable)->position;
}

static gboolean
zip_stream_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
zip_stream_seek (GSeekable     *seekable,
                 goffset        offset,
                 GSeekType      type,
                 GCancellable  *cancellable,
                 GError       **error)
{
  StrataZipStream *self = STRATA_ZIP_STREAM (seekable);

  if (type != G_SEEK_SET || offset != 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "A ZIP's entry can be sought to its start only");
      return FALSE;
    }

  close_archive (self);
  g_clear_error (&self->error);
  self->position = 0;
  self->is_ended = FALSE;

  return TRUE;
}

static gboolean
zip_stream_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
zip_stream_truncate (GSeekable     *seekable,
                     goffset        offset,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_NOT_SUPPORTED, "An input stream can't be cut");

  return FALSE;
}

static void
seekable_iface_init (GSeekableIface *iface)
{
  iface->tell = zip_stream_tell;
  iface->can_seek = zip_stream_can_seek;
  iface->seek = zip_stream_seek;
  iface->can_truncate = zip_stream_can_truncate;
  iface->truncate_fn = zip_stream_truncate;
}

static void
zip_stream_finalize (GObject *object)
{
  StrataZipStream *self = STRATA_ZIP_STREAM (object);

  close_archive (self);
  g_clear_object (&self->file);
  g_clear_error (&self->error);
  g_free (self->path);

  G_OBJECT_CLASS (_strata_zip_stream_parent_class)->finalize (object);
}

static void
_strata_zip_stream_class_init (StrataZipStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = zip_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = zip_stream_read;
}

static void
_strata_zip_stream_init (StrataZipStream *self)
{
}

/* --- Which entries can be read --- */

/* LZMA's data begin with 2 bytes of version, 2 of length, 1 of settings and 4 of
 * the dictionary's size.
 */
static gboolean
check_dictionary (StrataFileStream     *file,
                  const StrataZipData  *data,
                  const char          **out_reason,
                  GError              **error)
{
  guint8 bytes[9];
  gsize n_read;

  if (!_strata_zip_read_at (file, bytes, sizeof bytes, data->data, &n_read, error))
    return FALSE;

  if (n_read == sizeof bytes && _strata_zip_get32 (bytes + 5) > MAX_DICTIONARY)
    *out_reason = "its data need too much memory to be decompressed";

  return TRUE;
}

/* @out_reason: why the entry can't be read, else NULL */
static gboolean
find_reason (StrataFileStream     *file,
             const StrataZipData  *data,
             const char          **out_reason,
             GError              **error)
{
  *out_reason = NULL;

  if (data->flags & (STRATA_ZIP_ENCRYPTED | STRATA_ZIP_MASKED))
    *out_reason = "it is encrypted";
  else if (data->header < 0 || data->data < 0)
    *out_reason = "the header of its data is damaged";
  else
    switch (data->method)
      {
      case STRATA_ZIP_STORED:
      case STRATA_ZIP_DEFLATE:
      case STRATA_ZIP_BZIP2:
      case STRATA_ZIP_ZSTD:
      case STRATA_ZIP_PPMD:
        break;

      case STRATA_ZIP_LZMA:
        return check_dictionary (file, data, out_reason, error);

      default:
        *out_reason = "it is compressed in a way that is not read: unpack the ZIP, and pack it in the usual one";
        break;
      }

  return TRUE;
}

GInputStream *
_strata_zip_stream_new (StrataFileStream     *file,
                        goffset               file_size,
                        const char           *path,
                        const StrataZipData  *data,
                        GError              **error)
{
  StrataZipStream *self;
  const char *reason;

  if (!find_reason (file, data, &reason, error))
    return NULL;

  if (reason != NULL)
    {
      g_autofree char *shown = g_utf8_make_valid (path, -1);

      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "“%s” can't be read: %s", shown, reason);
      return NULL;
    }

  self = g_object_new (STRATA_TYPE_ZIP_STREAM, NULL);
  self->file = g_object_ref (file);
  self->file_size = file_size;
  self->path = g_strdup (path);
  self->data = *data;

  return G_INPUT_STREAM (self);
}

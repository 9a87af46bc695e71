/* strata-blob-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include "base/strata-error.h"
#include "strata-blob-stream-private.h"

struct _StrataBlobStream
{
  GInputStream  parent_instance;

  /* Set at construction, never changed after */
  sqlite3_blob *blob;
  int           size;

  /* One thread at a time */
  int           position;
};

static void seekable_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataBlobStream, _strata_blob_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, seekable_iface_init))

static void
set_error (GError     **error,
           int          result,
           const char  *message)
{
  int code = result & 0xff;

  /* SQLITE_ERROR: there is no such row any more, or its value is a number */
  if (code == SQLITE_CORRUPT || code == SQLITE_NOTADB || code == SQLITE_ERROR)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The database is damaged: %s", message);
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "A value of the database can't be read: %s", message);
}

static gssize
blob_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataBlobStream *self = STRATA_BLOB_STREAM (stream);
  int size = (int)MIN (count, (gsize)(self->size - self->position));
  int result;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  if (size == 0)
    return 0;

  result = sqlite3_blob_read (self->blob, buffer, size, self->position);
  if (result != SQLITE_OK)
    {
      set_error (error, result, sqlite3_errstr (result));
      return -1;
    }
  self->position += size;

  return size;
}

static goffset
blob_stream_tell (GSeekable *seekable)
{
  return STRATA_BLOB_STREAM (seekable)->position;
}

static gboolean
blob_stream_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
blob_stream_seek (GSeekable     *seekable,
                  goffset        offset,
                  GSeekType      type,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataBlobStream *self = STRATA_BLOB_STREAM (seekable);

  if (type == G_SEEK_CUR)
    offset += self->position;
  else if (type == G_SEEK_END)
    offset += self->size;

  if (offset < 0 || offset > self->size)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Seek beyond a value");
      return FALSE;
    }
  self->position = (int)offset;

  return TRUE;
}

static gboolean
blob_stream_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
blob_stream_truncate (GSeekable     *seekable,
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
  iface->tell = blob_stream_tell;
  iface->can_seek = blob_stream_can_seek;
  iface->seek = blob_stream_seek;
  iface->can_truncate = blob_stream_can_truncate;
  iface->truncate_fn = blob_stream_truncate;
}

static void
blob_stream_finalize (GObject *object)
{
  sqlite3_blob_close (STRATA_BLOB_STREAM (object)->blob);

  G_OBJECT_CLASS (_strata_blob_stream_parent_class)->finalize (object);
}

static void
_strata_blob_stream_class_init (StrataBlobStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = blob_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = blob_stream_read;
}

static void
_strata_blob_stream_init (StrataBlobStream *self)
{
}

GInputStream *
_strata_blob_stream_open (sqlite3     *db,
                          const char  *table,
                          const char  *column,
                          gint64       row,
                          GError     **error)
{
  StrataBlobStream *self;
  sqlite3_blob *blob = NULL;
  int result = sqlite3_blob_open (db, "main", table, column, row, 0, &blob);

  if (result != SQLITE_OK)
    {
      set_error (error, result, sqlite3_errmsg (db));
      return NULL;
    }

  self = g_object_new (STRATA_TYPE_BLOB_STREAM, NULL);
  self->blob = blob;
  self->size = sqlite3_blob_bytes (blob);

  return G_INPUT_STREAM (self);
}

guint64
_strata_blob_stream_get_size (StrataBlobStream *self)
{
  return (guint64)self->size;
}

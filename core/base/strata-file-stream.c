/* strata-file-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>

#include "strata-checkpoint-private.h"
#include "strata-error.h"
#include "strata-file-private.h"
#include "strata-seam-private.h"

struct _StrataFileStream
{
  GInputStream parent_instance;

  /* Set at construction, never changed after */
  char    *path;
  int      fd;
  gboolean is_source;

  /* One thread at a time */
  goffset  position;
};

static void seekable_iface_init (GSeekableIface *iface);

G_DEFINE_FINAL_TYPE_WITH_CODE (StrataFileStream, _strata_file_stream, G_TYPE_INPUT_STREAM,
                               G_IMPLEMENT_INTERFACE (G_TYPE_SEEKABLE, seekable_iface_init))

static void
set_source_error (GError     **error,
                  int          saved_errno,
                  const char  *path)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE,
               "Cannot read “%s” of the old store: %s", shown, g_strerror (saved_errno));
}

gssize
_strata_file_stream_read_at (StrataFileStream  *self,
                             void              *buffer,
                             gsize              count,
                             goffset            offset,
                             GError           **error)
{
  gssize size;

  do
    size = _strata_seam_get ()->pread (self->fd, buffer, MIN (count, 1u << 30), offset);
  while (size < 0 && errno == EINTR);

  if (size < 0 && self->is_source)
    set_source_error (error, errno, self->path);
  else if (size < 0)
    _strata_file_set_error (error, errno, "read", self->path);

  return size;
}

static gssize
file_stream_read (GInputStream  *stream,
                  void          *buffer,
                  gsize          count,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataFileStream *self = STRATA_FILE_STREAM (stream);
  gssize size;

  if (g_cancellable_set_error_if_cancelled (cancellable, error))
    return -1;

  size = _strata_file_stream_read_at (self, buffer, count, self->position, error);
  if (size > 0)
    self->position += size;
  _strata_checkpoint ((gsize)MAX (size, 0));

  return size;
}

static goffset
file_stream_tell (GSeekable *seekable)
{
  return STRATA_FILE_STREAM (seekable)->position;
}

static gboolean
file_stream_can_seek (GSeekable *seekable)
{
  return TRUE;
}

static gboolean
file_stream_seek (GSeekable     *seekable,
                  goffset        offset,
                  GSeekType      type,
                  GCancellable  *cancellable,
                  GError       **error)
{
  StrataFileStream *self = STRATA_FILE_STREAM (seekable);
  struct stat status;

  if (type == G_SEEK_CUR)
    offset += self->position;
  else if (type == G_SEEK_END)
    {
      if (_strata_seam_get ()->fstat (self->fd, &status) < 0)
        {
          _strata_file_set_error (error, errno, "look at", self->path);
          return FALSE;
        }
      offset += status.st_size;
    }

  if (offset < 0)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_INVALID_ARGUMENT, "Seek before the start");
      return FALSE;
    }
  self->position = offset;

  return TRUE;
}

static gboolean
file_stream_can_truncate (GSeekable *seekable)
{
  return FALSE;
}

static gboolean
file_stream_truncate (GSeekable     *seekable,
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
  iface->tell = file_stream_tell;
  iface->can_seek = file_stream_can_seek;
  iface->seek = file_stream_seek;
  iface->can_truncate = file_stream_can_truncate;
  iface->truncate_fn = file_stream_truncate;
}

static void
file_stream_finalize (GObject *object)
{
  StrataFileStream *self = STRATA_FILE_STREAM (object);

  if (self->fd >= 0)
    _strata_seam_get ()->close (self->fd);
  g_free (self->path);

  G_OBJECT_CLASS (_strata_file_stream_parent_class)->finalize (object);
}

static void
_strata_file_stream_class_init (StrataFileStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = file_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = file_stream_read;
}

static void
_strata_file_stream_init (StrataFileStream *self)
{
  self->fd = -1;
}

static GInputStream *
open_regular (int          dir,
              const char  *path,
              int          flags,
              GError     **error)
{
  g_autoptr(StrataFileStream) self = NULL;
  struct stat status;
  int fd = _strata_file_open (dir, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | flags, error);

  if (fd < 0)
    return NULL;

  self = g_object_new (STRATA_TYPE_FILE_STREAM, NULL);
  self->fd = fd;
  self->path = g_strdup (path);

  if (_strata_seam_get ()->fstat (fd, &status) < 0)
    {
      _strata_file_set_error (error, errno, "look at", path);
      return NULL;
    }

  if (!S_ISREG (status.st_mode))
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_REGULAR_FILE, "“%s” is not a regular file", path);
      return NULL;
    }

  return G_INPUT_STREAM (g_steal_pointer (&self));
}

/* Opens a regular file for reading. Anything else (a link, a folder, a device,
 * a pipe that would block) is refused with %G_IO_ERROR_NOT_REGULAR_FILE.
 *
 * Returns: (transfer full): the stream, or %NULL with @error set
 */
GInputStream *
_strata_file_stream_open (int          dir,
                          const char  *path,
                          GError     **error)
{
  return open_regular (dir, path, O_NOFOLLOW, error);
}

GInputStream *
_strata_file_stream_open_given (const char  *path,
                                GError     **error)
{
  return open_regular (AT_FDCWD, path, 0, error);
}

GInputStream *
_strata_file_stream_open_source (int          dir,
                                 const char  *path,
                                 GError     **error)
{
  g_autoptr(GError) open_error = NULL;
  GInputStream *stream = _strata_file_stream_open (dir, path, &open_error);

  if (stream != NULL)
    STRATA_FILE_STREAM (stream)->is_source = TRUE;
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "The old store can't be read: %s", open_error->message);

  return stream;
}

/* Borrowed: closed with the stream. */
int
_strata_file_stream_get_fd (StrataFileStream *self)
{
  return self->fd;
}

/* strata-zip-writer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <archive.h>
#include <archive_entry.h>
#include <errno.h>
#include <locale.h>
#include <string.h>
#include <unistd.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-zip-writer-private.h"

#define BLOCK_BYTES (64 * 1024)

struct _StrataZipWriter
{
  char           *path;
  char           *part;        /* beside it, until it is whole */
  int             fd;
  gboolean        is_there;    /* the part is, and is to go */
  struct archive *archive;
  gint64          left;        /* of the entry, or -1: not known */
  guint64         bytes;       /* written */
  GError         *error;       /* why the file could not be written */
  locale_t        utf8;        /* libarchive says that names are UTF-8 where that is the thread's */
};

/* What libarchive says, or what made it say that */
static gboolean
fail (StrataZipWriter  *self,
      GError          **error)
{
  const char *reason = self->archive != NULL ? archive_error_string (self->archive) : NULL;

  if (self->error != NULL)
    g_propagate_error (error, g_steal_pointer (&self->error));
  else
    g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Can't write “%s”: %s", self->path,
                 reason != NULL ? reason : "there is no memory left");

  return FALSE;
}

static la_ssize_t
write_cb (struct archive *archive,
          void           *user_data,
          const void     *data,
          size_t          size)
{
  StrataZipWriter *self = user_data;

  if (self->error != NULL || !_strata_file_write_all (self->fd, data, size, self->path, &self->error))
    {
      archive_set_error (archive, EIO, "not written");
      return -1;
    }
  self->bytes += size;

  return (la_ssize_t)size;
}

static gboolean
check_free (const char  *path,
            GError     **error)
{
  struct stat status;

  if (!_strata_file_stat (AT_FDCWD, path, &status, NULL))
    return TRUE;

  _strata_file_set_error (error, EEXIST, "create", path);

  return FALSE;
}

static gboolean
open_part (StrataZipWriter  *self,
           GError          **error)
{
  if (!check_free (self->path, error))
    return FALSE;

  self->part = g_strdup_printf ("%s.part-%08x", self->path, g_random_int ());
  self->fd = _strata_file_open (AT_FDCWD, self->part, O_WRONLY | O_CREAT | O_EXCL, error);
  self->is_there = self->fd >= 0;

  return self->is_there;
}

static gboolean
open_archive (StrataZipWriter  *self,
              GError          **error)
{
  self->archive = archive_write_new ();
  if (self->archive == NULL ||
      archive_write_set_format_zip (self->archive) != ARCHIVE_OK ||
      archive_write_set_bytes_per_block (self->archive, BLOCK_BYTES) != ARCHIVE_OK ||
      archive_write_set_bytes_in_last_block (self->archive, 1) != ARCHIVE_OK ||
      archive_write_open (self->archive, self, NULL, write_cb, NULL) != ARCHIVE_OK)
    return fail (self, error);

  return TRUE;
}

StrataZipWriter *
_strata_zip_writer_new (const char  *path,
                        GError     **error)
{
  g_autoptr(StrataZipWriter) self = g_new0 (StrataZipWriter, 1);

  self->path = g_canonicalize_filename (path, NULL);
  self->fd = -1;
  self->left = -1;
  self->utf8 = newlocale (LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);

  return open_part (self, error) && open_archive (self, error) ? g_steal_pointer (&self) : NULL;
}

void
_strata_zip_writer_free (StrataZipWriter *self)
{
  /* Else it would write the directory of what is given up */
  if (self->archive != NULL)
    {
      archive_write_fail (self->archive);
      archive_write_free (self->archive);
    }
  if (self->fd >= 0)
    _strata_file_close (self->fd);
  if (self->is_there)
    _strata_seam_get ()->unlink (AT_FDCWD, self->part, 0);
  if (self->utf8 != (locale_t)0)
    freelocale (self->utf8);
  g_clear_error (&self->error);
  g_free (self->part);
  g_free (self->path);
  g_free (self);
}

/* Entries */

static gboolean
check_length (StrataZipWriter  *self,
              GError          **error)
{
  if (self->left <= 0)
    return TRUE;

  g_set_error (error, G_IO_ERROR, G_IO_ERROR_PARTIAL_INPUT, "Can't write “%s”: something in it is shorter than it was to be",
               self->path);

  return FALSE;
}

static gboolean
write_header (StrataZipWriter      *self,
              struct archive_entry *entry,
              gboolean              packed,
              GError              **error)
{
  locale_t before = self->utf8 != (locale_t)0 ? uselocale (self->utf8) : (locale_t)0;
  gboolean ok = (packed ? archive_write_zip_set_compression_deflate (self->archive)
                        : archive_write_zip_set_compression_store (self->archive)) == ARCHIVE_OK &&
                archive_write_header (self->archive, entry) == ARCHIVE_OK;

  if (before != (locale_t)0)
    uselocale (before);

  return ok || fail (self, error);
}

gboolean
_strata_zip_writer_begin (StrataZipWriter  *self,
                          const char       *name,
                          gint64            size,
                          gboolean          packed,
                          GError          **error)
{
  struct archive_entry *entry;
  gboolean ok;

  if (!check_length (self, error))
    return FALSE;

  entry = archive_entry_new ();
  if (entry == NULL)
    return fail (self, error);
  archive_entry_copy_pathname (entry, name);
  archive_entry_set_filetype (entry, AE_IFREG);
  archive_entry_set_perm (entry, 0600);
  if (size >= 0)
    archive_entry_set_size (entry, size);
  self->left = size;
  ok = write_header (self, entry, packed, error);
  archive_entry_free (entry);

  return ok;
}

gboolean
_strata_zip_writer_put (const void  *data,
                        gsize        size,
                        gpointer     writer,
                        GError     **error)
{
  StrataZipWriter *self = writer;

  if (self->left >= 0 && (guint64)self->left < size)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Can't write “%s”: something in it is longer than it was to be", self->path);
      return FALSE;
    }
  if (size > 0 && archive_write_data (self->archive, data, size) != (la_ssize_t)size)
    return fail (self, error);
  if (self->left >= 0)
    self->left -= (gint64)size;

  return TRUE;
}

/* The end */

/* Never over something that came there meanwhile; where there are no hard links, as near to never as can be. */
static gboolean
put_in_place (StrataZipWriter  *self,
              GError          **error)
{
  g_autofree char *folder = g_path_get_dirname (self->path);

  if (_strata_seam_get ()->link (AT_FDCWD, self->part, AT_FDCWD, self->path) == 0)
    {
      if (!_strata_file_unlink (AT_FDCWD, self->part, error))
        return FALSE;
    }
  else if (errno == EEXIST)
    {
      _strata_file_set_error (error, errno, "create", self->path);
      return FALSE;
    }
  else if (!check_free (self->path, error) || !_strata_file_rename (AT_FDCWD, self->part, self->path, error))
    return FALSE;
  self->is_there = FALSE;

  return _strata_file_sync_dir (AT_FDCWD, folder, error);
}

gboolean
_strata_zip_writer_finish (StrataZipWriter  *self,
                           guint64          *out_bytes,
                           GError          **error)
{
  locale_t before;
  gboolean ok;

  if (!check_length (self, error))
    return FALSE;

  before = self->utf8 != (locale_t)0 ? uselocale (self->utf8) : (locale_t)0;
  ok = archive_write_close (self->archive) == ARCHIVE_OK;
  if (before != (locale_t)0)
    uselocale (before);
  if (!ok)
    return fail (self, error);

  *out_bytes = self->bytes;
  if (!_strata_file_sync (self->fd, self->path, error))
    return FALSE;
  _strata_file_close (self->fd);
  self->fd = -1;

  return put_in_place (self, error);
}

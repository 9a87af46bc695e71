/* strata-file.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "strata-checkpoint-private.h"
#include "strata-error.h"
#include "strata-file-private.h"
#include "strata-seam-private.h"

/* Linux takes at most this much in one read or write */
#define MAX_TRANSFER (1u << 30)

/* Sets @error to "Cannot @what “@path”: reason", in the domain %G_IO_ERROR. */
void
_strata_file_set_error (GError     **error,
                        int          saved_errno,
                        const char  *what,
                        const char  *path)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
               "Cannot %s “%s”: %s", what, shown, g_strerror (saved_errno));
}

char *
_strata_file_dup_real_path (int         fd,
                            const char *fallback)
{
  g_autofree char *link = g_strdup_printf ("/proc/self/fd/%d", fd);
  g_autofree char *path = g_file_read_link (link, NULL);

  return path != NULL && *path == '/' ? g_steal_pointer (&path) : g_canonicalize_filename (fallback, NULL);
}

gboolean
_strata_file_is_content_error (const GError *error)
{
  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_SYNTAX) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP) ||
         g_error_matches (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA);
}

/* Returns: a descriptor, or -1 with @error set. Files are created with mode 0600. */
int
_strata_file_open (int          dir,
                   const char  *path,
                   int          flags,
                   GError     **error)
{
  int fd;

  do
    fd = _strata_seam_get ()->open (dir, path, flags, 0600);
  while (fd < 0 && errno == EINTR);

  if (fd < 0)
    _strata_file_set_error (error, errno, flags & O_CREAT ? "create" : "open", path);

  return fd;
}

/* Closes what was only read, or was synced: nothing can fail any more. */
void
_strata_file_close (int fd)
{
  if (fd >= 0)
    _strata_seam_get ()->close (fd);
}

/* A full disk is more easily helped by who knows how much it lacks. */
static void
set_write_error (GError     **error,
                 int          saved_errno,
                 gsize        missing_bytes,
                 const char  *path)
{
  g_autofree char *shown = g_utf8_make_valid (path, -1);

  if (saved_errno == ENOSPC || saved_errno == EDQUOT)
    g_set_error (error, G_IO_ERROR, g_io_error_from_errno (saved_errno),
                 "Cannot write “%s”: %s; at least %" G_GSIZE_FORMAT " more bytes are needed",
                 shown, g_strerror (saved_errno), missing_bytes);
  else
    _strata_file_set_error (error, saved_errno, "write", path);
}

gboolean
_strata_file_write_all (int          fd,
                        const void  *data,
                        gsize        size,
                        const char  *path,
                        GError     **error)
{
  const char *next = data;

  while (size > 0)
    {
      gssize written = _strata_seam_get ()->write (fd, next, MIN (size, MAX_TRANSFER));

      if (written < 0 && errno == EINTR)
        continue;
      if (written <= 0)
        {
          set_write_error (error, written == 0 ? ENOSPC : errno, size, path);
          return FALSE;
        }
      next += written;
      size -= (gsize)written;
    }

  return TRUE;
}

/* Writes a file that must not be there yet. Not synced: the caller does that,
 * for many at once where it can. On failure nothing is left.
 */
gboolean
_strata_file_create (int          dir,
                     const char  *path,
                     const void  *data,
                     gsize        size,
                     GError     **error)
{
  int fd = _strata_file_open (dir, path, O_WRONLY | O_CREAT | O_EXCL, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = _strata_file_write_all (fd, data, size, path, error);
  _strata_file_close (fd);
  if (!ok)
    _strata_seam_get ()->unlink (dir, path, 0);

  return ok;
}

/* Makes @path hold exactly @data, or what it held before: writes @temporary,
 * syncs it, renames it over @path and syncs the folder. Durable on success.
 */
gboolean
_strata_file_replace (int          dir,
                      const char  *path,
                      const char  *temporary,
                      const void  *data,
                      gsize        size,
                      GError     **error)
{
  g_autofree char *folder = g_path_get_dirname (path);
  int fd = _strata_file_open (dir, temporary, O_WRONLY | O_CREAT | O_TRUNC, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = _strata_file_write_all (fd, data, size, path, error) &&
       _strata_file_sync (fd, path, error);
  _strata_file_close (fd);

  ok = ok && _strata_file_rename (dir, temporary, path, error);
  if (!ok)
    {
      _strata_seam_get ()->unlink (dir, temporary, 0);
      return FALSE;
    }

  return _strata_file_sync_dir (dir, folder, error);
}

/* Small files are read with locks held, and must not have changed when they are through. */
static gboolean
read_at_once (GInputStream  *stream,
              void          *data,
              gsize          size,
              gsize         *out_size,
              GError       **error)
{
  gboolean ok;

  _strata_checkpoint_defer ();
  ok = g_input_stream_read_all (stream, data, size, out_size, NULL, error);
  _strata_checkpoint_allow ();

  return ok;
}

/* Reads a whole file of at most @max_size bytes; a larger one is an error, so
 * that no file can make us ask for all memory there is.
 *
 * Returns: (transfer full): the bytes, or %NULL with @error set
 */
GBytes *
_strata_file_read (int          dir,
                   const char  *path,
                   gsize        max_size,
                   GError     **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (dir, path, error);
  g_autofree char *data = NULL;
  struct stat status;
  gsize size;

  if (stream == NULL)
    return NULL;

  if (_strata_seam_get ()->fstat (_strata_file_stream_get_fd (STRATA_FILE_STREAM (stream)), &status) < 0)
    {
      _strata_file_set_error (error, errno, "look at", path);
      return NULL;
    }

  if ((guint64)status.st_size > max_size)
    {
      _strata_file_set_error (error, EFBIG, "read", path);
      return NULL;
    }

  /* One more, to notice a file that grew */
  data = g_malloc ((gsize)status.st_size + 1);
  if (!read_at_once (stream, data, (gsize)status.st_size + 1, &size, error))
    return NULL;

  if (size > (gsize)status.st_size)
    {
      _strata_file_set_error (error, EAGAIN, "read", path);
      return NULL;
    }

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
_strata_file_read_head (int          dir,
                        const char  *path,
                        gsize        size,
                        GError     **error)
{
  g_autoptr(GInputStream) stream = _strata_file_stream_open (dir, path, error);
  g_autofree char *data = g_malloc (size);
  gsize n_read;

  if (stream == NULL || !read_at_once (stream, data, size, &n_read, error))
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), n_read);
}

/* Looks at @path itself: a symbolic link is not followed. */
gboolean
_strata_file_stat (int           dir,
                   const char   *path,
                   struct stat  *out_stat,
                   GError      **error)
{
  if (_strata_seam_get ()->stat (dir, path, out_stat) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "look at", path);

  return FALSE;
}

gboolean
_strata_file_sync (int          fd,
                   const char  *path,
                   GError     **error)
{
  if (_strata_seam_get ()->sync (fd) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "save to disk", path);

  return FALSE;
}

gboolean
_strata_file_rename (int          dir,
                     const char  *from,
                     const char  *to,
                     GError     **error)
{
  if (_strata_seam_get ()->rename (dir, from, to) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "put in place", to);

  return FALSE;
}

/* Removes a file; one that is not there is as good as removed. */
gboolean
_strata_file_unlink (int          dir,
                     const char  *path,
                     GError     **error)
{
  if (_strata_seam_get ()->unlink (dir, path, 0) == 0 || errno == ENOENT)
    return TRUE;

  _strata_file_set_error (error, errno, "remove", path);

  return FALSE;
}

gboolean
_strata_file_remove_tree (int          dir,
                          const char  *path,
                          GError     **error)
{
  struct stat status;
  g_autoptr(GPtrArray) entries = NULL;

  if (!_strata_file_stat (dir, path, &status, NULL))
    return TRUE;
  if (!S_ISDIR (status.st_mode))
    return _strata_file_unlink (dir, path, error);

  entries = _strata_file_list (dir, path, error);
  if (entries == NULL)
    return FALSE;
  for (guint i = 0; i < entries->len; i++)
    {
      g_autofree char *child = g_build_filename (path, ((const StrataDirEntry *)g_ptr_array_index (entries, i))->name, NULL);

      if (!_strata_file_remove_tree (dir, child, error))
        return FALSE;
    }
  if (_strata_seam_get ()->unlink (dir, path, AT_REMOVEDIR) == 0 || errno == ENOENT)
    return TRUE;
  _strata_file_set_error (error, errno, "remove", path);

  return FALSE;
}

/* Makes a folder, mode 0700; one that is there already is fine. */
gboolean
_strata_file_make_dir (int          dir,
                       const char  *path,
                       GError     **error)
{
  if (_strata_seam_get ()->mkdir (dir, path) == 0 || errno == EEXIST)
    return TRUE;

  _strata_file_set_error (error, errno, "create folder", path);

  return FALSE;
}

/* Makes the entries of a folder durable: what was renamed or created in it. */
gboolean
_strata_file_sync_dir (int          dir,
                       const char  *path,
                       GError     **error)
{
  int fd = _strata_file_open (dir, path, O_RDONLY | O_DIRECTORY, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = _strata_file_sync (fd, path, error);
  _strata_file_close (fd);

  return ok;
}

void
_strata_dir_entry_free (StrataDirEntry *entry)
{
  g_free (entry->name);
  g_free (entry);
}

static gboolean
collect_entry (const char    *name,
               unsigned char  type,
               gpointer       user_data)
{
  GPtrArray *entries = user_data;
  StrataDirEntry *entry = g_new (StrataDirEntry, 1);

  entry->name = g_strdup (name);
  entry->type = type;
  g_ptr_array_add (entries, entry);

  return TRUE;
}

static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const StrataDirEntry *first = *(StrataDirEntry * const *)a;
  const StrataDirEntry *second = *(StrataDirEntry * const *)b;

  return strcmp (first->name, second->name);
}

static void
settle_type (int             dir,
             const char     *path,
             StrataDirEntry *entry)
{
  g_autofree char *child = g_build_filename (path, entry->name, NULL);
  struct stat status;

  if (_strata_seam_get ()->stat (dir, child, &status) == 0)
    entry->type = IFTODT (status.st_mode);
}

/* Lists a folder in the order of the names' bytes, without "." and "..".
 *
 * Returns: (transfer full) (element-type StrataDirEntry): or %NULL with @error set
 */
GPtrArray *
_strata_file_list (int          dir,
                   const char  *path,
                   GError     **error)
{
  g_autoptr(GPtrArray) entries = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_dir_entry_free);

  if (_strata_seam_get ()->list (dir, path, collect_entry, entries) < 0)
    {
      _strata_file_set_error (error, errno, "list folder", path);
      return NULL;
    }

  for (guint i = 0; i < entries->len; i++)
    {
      StrataDirEntry *entry = g_ptr_array_index (entries, i);

      if (entry->type == DT_UNKNOWN)
        settle_type (dir, path, entry);
    }
  g_ptr_array_sort (entries, compare_entries);

  return g_steal_pointer (&entries);
}

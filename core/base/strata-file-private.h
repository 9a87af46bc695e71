/* strata-file-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <sys/stat.h>

#include <gio/gio.h>

G_BEGIN_DECLS

/* Files as core/ uses them: calls through the seam, retried where the system
 * says so, with errors as sentences in the domain %G_IO_ERROR. @dir is an open
 * directory and @path below it; see strata-seam-private.h.
 */

void          _strata_file_set_error   (GError           **error,
                                        int                saved_errno,
                                        const char        *what,
                                        const char        *path);

int           _strata_file_open        (int                dir,
                                        const char        *path,
                                        int                flags,
                                        GError           **error);
void          _strata_file_close       (int                fd);
gboolean      _strata_file_write_all   (int                fd,
                                        const void        *data,
                                        gsize              size,
                                        const char        *path,
                                        GError           **error);
gboolean      _strata_file_create      (int                dir,
                                        const char        *path,
                                        const void        *data,
                                        gsize              size,
                                        GError           **error);
gboolean      _strata_file_replace     (int                dir,
                                        const char        *path,
                                        const char        *temporary,
                                        const void        *data,
                                        gsize              size,
                                        GError           **error);
GBytes       *_strata_file_read        (int                dir,
                                        const char        *path,
                                        gsize              max_size,
                                        GError           **error);
/* Its first bytes, at most @size of them */
GBytes       *_strata_file_read_head   (int                dir,
                                        const char        *path,
                                        gsize              size,
                                        GError           **error);
gboolean      _strata_file_stat        (int                dir,
                                        const char        *path,
                                        struct stat       *out_stat,
                                        GError           **error);
gboolean      _strata_file_sync        (int                fd,
                                        const char        *path,
                                        GError           **error);
gboolean      _strata_file_rename      (int                dir,
                                        const char        *from,
                                        const char        *to,
                                        GError           **error);
gboolean      _strata_file_unlink      (int                dir,
                                        const char        *path,
                                        GError           **error);
/* A file, or a folder with all that is in it, links not followed. What is not there, or goes meanwhile, is as good
 * as removed. */
gboolean      _strata_file_remove_tree (int                dir,
                                        const char        *path,
                                        GError           **error);
gboolean      _strata_file_make_dir    (int                dir,
                                        const char        *path,
                                        GError           **error);
gboolean      _strata_file_sync_dir    (int                dir,
                                        const char        *path,
                                        GError           **error);

/* Nanoseconds since 1970 */
static inline gint64
_strata_file_get_mtime_ns (const struct stat *status)
{
  return (gint64)status->st_mtim.tv_sec * G_GINT64_CONSTANT (1000000000) + status->st_mtim.tv_nsec;
}

/* Where an open folder is, links resolved; @fallback where the system does not say. (transfer full) */
char         *_strata_file_dup_real_path (int              fd,
                                        const char        *fallback);

/* Whether an error says that the bytes of a file are at fault, rather than the reading of them. */
gboolean      _strata_file_is_content_error (const GError     *error);

/* One entry of a folder; @type is a DT_* value, settled by a stat where the file system leaves it open. */
typedef struct
{
  char          *name;
  unsigned char  type;
} StrataDirEntry;

void          _strata_dir_entry_free   (StrataDirEntry    *entry);
GPtrArray    *_strata_file_list        (int                dir,
                                        const char        *path,
                                        GError           **error);

/* A GInputStream over a file, read through the seam; seekable. */
#define STRATA_TYPE_FILE_STREAM (_strata_file_stream_get_type ())
G_DECLARE_FINAL_TYPE (StrataFileStream, _strata_file_stream, STRATA, FILE_STREAM, GInputStream)

GInputStream *_strata_file_stream_open (int                dir,
                                        const char        *path,
                                        GError           **error);
/* The same for a file of the old store: what can't be read is STRATA_ERROR_SOURCE,
 * so that nobody takes it for trouble with the new one. */
GInputStream *_strata_file_stream_open_source (int             dir,
                                        const char        *path,
                                        GError           **error);
/* The same for a file that somebody named, wherever it is: links are followed. */
GInputStream *_strata_file_stream_open_given (const char      *path,
                                        GError           **error);
int           _strata_file_stream_get_fd (StrataFileStream *self);
/* Up to @count bytes from @offset, wherever the stream is: 0 at the end of the
 * file, -1 with @error set. Several threads may ask at once.
 */
gssize        _strata_file_stream_read_at (StrataFileStream *self,
                                        void              *buffer,
                                        gsize              count,
                                        goffset            offset,
                                        GError           **error);

G_END_DECLS

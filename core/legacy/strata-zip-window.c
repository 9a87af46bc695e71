/* strata-zip-window.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>

#include "base/strata-error.h"
#include "strata-zip-window-private.h"

#define BLOCK_SIZE (64 * 1024)

/* Fills the block with what is at @self->next. */
static gboolean
fill (StrataZipWindow *self)
{
  gsize wanted = (gsize)MIN (self->end - self->next, BLOCK_SIZE);
  gssize n_read;

  if (self->block == NULL)
    self->block = g_malloc (BLOCK_SIZE);

  n_read = _strata_file_stream_read_at (self->file, self->block, wanted, self->next, &self->error);
  if (n_read < 0)
    return FALSE;

  self->block_at = self->next;
  self->block_size = (gsize)n_read;

  return TRUE;
}

static la_ssize_t
give_head (StrataZipWindow  *self,
           const void      **out_buffer)
{
  gsize size = self->head_size - self->n_head;

  *out_buffer = self->head + self->n_head;
  self->n_head = self->head_size;

  return (la_ssize_t)size;
}

/* libarchive asks for more. 0: the end, -1: failed */
static la_ssize_t
window_read (struct archive  *archive,
             void            *user_data,
             const void     **out_buffer)
{
  StrataZipWindow *self = user_data;
  gsize size, offset;

  if (self->error != NULL || g_cancellable_set_error_if_cancelled (self->cancellable, &self->error))
    {
      archive_set_error (archive, EIO, "not read");
      return -1;
    }

  if (self->n_head < self->head_size)
    return give_head (self, out_buffer);
  if (self->next >= self->end)
    return 0;

  if (self->next >= self->block_at + (goffset)self->block_size && !fill (self))
    {
      archive_set_error (archive, EIO, "not read");
      return -1;
    }

  offset = (gsize)(self->next - self->block_at);
  size = self->block_size - offset;
  if (self->next >= self->fine_from)
    size = MIN (size, 1);
  else
    size = (gsize)MIN ((goffset)size, self->fine_from - self->next);

  *out_buffer = self->block + offset;
  self->last = self->next;
  self->next += (goffset)size;

  return (la_ssize_t)size;
}

struct archive *
_strata_zip_window_open (StrataZipWindow  *self,
                         gboolean          check_crc,
                         GError          **error)
{
  struct archive *archive = archive_read_new ();

  if (archive == NULL)
    {
      g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Not enough memory to read a ZIP");
      return NULL;
    }

  self->next = self->start;

  if (archive_read_support_format_zip_streamable (archive) < ARCHIVE_WARN ||
      (!check_crc && archive_read_set_format_option (archive, "zip", "ignorecrc32", "1") < ARCHIVE_WARN) ||
      archive_read_open (archive, self, NULL, window_read, NULL) != ARCHIVE_OK)
    {
      _strata_zip_window_set_error (self, archive, error);
      archive_read_free (archive);
      return NULL;
    }

  return archive;
}

void
_strata_zip_window_set_error (StrataZipWindow  *self,
                              struct archive   *archive,
                              GError          **error)
{
  const char *reason = archive_error_string (archive);
  g_autofree char *shown = g_utf8_make_valid (self->path, -1);

  if (self->error != NULL)
    g_propagate_error (error, g_error_copy (self->error));
  else if (archive_errno (archive) == ENOMEM)
    g_set_error_literal (error, G_IO_ERROR, G_IO_ERROR_FAILED, "Not enough memory to read a ZIP");
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The data of “%s” are damaged: %s", shown,
                 reason != NULL ? reason : "no reason is known");
}

void
_strata_zip_window_clear (StrataZipWindow *self)
{
  g_clear_error (&self->error);
  g_clear_pointer (&self->block, g_free);
}

/* strata-legacy-packed.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-legacy-container-private.h"
#include "strata-legacy-packed-private.h"

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

/* Opening */

/* Whether an entry is what a file of attachments/ or videos/ is in a data folder */
static gboolean
is_attachment (const StrataExportZipEntry *entry)
{
  return entry->state == STRATA_EXPORT_ZIP_READABLE && entry->size != G_MAXUINT64 &&
         (entry->role == STRATA_LEGACY_ATTACHMENT_DATA || entry->role == STRATA_LEGACY_ATTACHMENT_META ||
          entry->role == STRATA_LEGACY_ATTACHMENT_FILE || entry->role == STRATA_LEGACY_VIDEO);
}

static gboolean
has_attachments (StrataExportZip *zip)
{
  GPtrArray *entries = _strata_export_zip_get_entries (zip);

  for (guint i = 0; i < entries->len; i++)
    if (is_attachment (g_ptr_array_index (entries, i)))
      return TRUE;

  return FALSE;
}

/* Of several exports nobody knows whose attachments count. */
static StrataExportZip *
find_zip (StrataLegacyStore *self)
{
  StrataExportZip *found = NULL;

  for (guint i = 0; i < self->containers->len; i++)
    {
      const StrataLegacyContainer *container = g_ptr_array_index (self->containers, i);

      if (container->zip == NULL || !has_attachments (container->zip))
        continue;
      if (found != NULL)
        return NULL;
      found = container->zip;
    }

  return found;
}

void
_strata_legacy_packed_use (StrataLegacyStore *self)
{
  StrataExportZip *zip = find_zip (self);
  GPtrArray *entries;

  if (zip == NULL)
    return;

  self->packed = zip;
  self->packed_files = g_hash_table_new (g_str_hash, g_str_equal);
  entries = _strata_export_zip_get_entries (zip);
  for (guint i = 0; i < entries->len; i++)
    {
      StrataExportZipEntry *entry = g_ptr_array_index (entries, i);

      if (!is_attachment (entry))
        continue;
      g_hash_table_insert (self->packed_files, entry->name, entry);
      _strata_legacy_scan_add (&self->found, entry->name, entry->role, entry->id, entry->size, MAX (entry->mtime_ns, 0));
    }
  _strata_legacy_scan_finish (&self->found);
}

/* Files */

gboolean
_strata_legacy_store_is_packed (StrataLegacyStore *self)
{
  return self->packed != NULL;
}

int
_strata_legacy_store_stat (StrataLegacyStore *self,
                           const char        *path,
                           struct stat       *out_status)
{
  const StrataExportZipEntry *entry;

  if (self->packed == NULL)
    return _strata_seam_get ()->stat (self->dir, path, out_status);

  entry = g_hash_table_lookup (self->packed_files, path);
  if (entry == NULL)
    {
      errno = ENOENT;
      return -1;
    }

  *out_status = (struct stat) { .st_mode = S_IFREG | 0600, .st_size = (off_t)entry->size };
  out_status->st_mtim.tv_sec = MAX (entry->mtime_ns, 0) / NS_PER_SECOND;
  out_status->st_mtim.tv_nsec = MAX (entry->mtime_ns, 0) % NS_PER_SECOND;

  return 0;
}

GInputStream *
_strata_legacy_store_open_file (StrataLegacyStore  *self,
                                const char         *path,
                                GError            **error)
{
  const StrataExportZipEntry *entry;

  if (self->packed == NULL)
    return _strata_file_stream_open_source (self->dir, path, error);

  entry = g_hash_table_lookup (self->packed_files, path);
  if (entry == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "“%s” is not in the ZIP", path);
      return NULL;
    }

  return _strata_export_zip_open_entry (self->packed, entry->index, error);
}

/* @max_size and one more are read, to know whether there is more. */
static GBytes *
read_all (GInputStream  *stream,
          const char    *path,
          gsize          max_size,
          GError       **error)
{
  g_autoptr(GByteArray) bytes = g_byte_array_new ();
  guint8 block[16 * 1024];
  gssize size;

  while ((size = g_input_stream_read (stream, block, sizeof block, NULL, error)) > 0)
    {
      g_byte_array_append (bytes, block, (guint)size);
      if (bytes->len > max_size)
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "“%s” is too large", path);
          return NULL;
        }
    }

  return size == 0 ? g_byte_array_free_to_bytes (g_steal_pointer (&bytes)) : NULL;
}

GBytes *
_strata_legacy_store_read_file (StrataLegacyStore  *self,
                                const char         *path,
                                gsize               max_size,
                                GError            **error)
{
  g_autoptr(GInputStream) stream = NULL;

  if (self->packed == NULL)
    return _strata_file_read (self->dir, path, max_size, error);

  stream = _strata_legacy_store_open_file (self, path, error);

  return stream != NULL ? read_all (stream, path, max_size, error) : NULL;
}

/* strata-zip-scan.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-zip-directory-private.h"
#include "strata-zip-scan-private.h"
#include "strata-zip-window-private.h"

#define SIGNATURE      "PK\003\004"
#define SIGNATURE_SIZE 4
#define BLOCK_SIZE     (64 * 1024)

/* How often to go on behind damage. Each time may cost one pass over all that follows. */
#define MAX_RESTARTS 20

typedef struct
{
  StrataFileStream *file;
  goffset           size;
  GPtrArray        *records;
  GCancellable     *cancellable;
} Scan;

/* Goes to the next header at or behind *@inout_offset; the end of the file if there is none. */
static gboolean
find_header (Scan     *scan,
             goffset  *inout_offset,
             GError  **error)
{
  g_autofree guint8 *block = g_malloc (BLOCK_SIZE);

  while (*inout_offset < scan->size)
    {
      const guint8 *found;
      gsize n_read;

      if (g_cancellable_set_error_if_cancelled (scan->cancellable, error) ||
          !_strata_zip_read_at (scan->file, block, BLOCK_SIZE, *inout_offset, &n_read, error))
        return FALSE;
      if (n_read < SIGNATURE_SIZE)
        break;

      found = memmem (block, n_read, SIGNATURE, SIGNATURE_SIZE);
      if (found != NULL)
        {
          *inout_offset += found - block;
          return TRUE;
        }

      /* A signature may begin in the last bytes */
      *inout_offset += (goffset)n_read - SIGNATURE_SIZE + 1;
    }

  *inout_offset = scan->size;

  return TRUE;
}

/* Takes the entry whose header is at or behind *@inout_offset, and moves that to it. */
static gboolean
add_record (Scan     *scan,
            goffset  *inout_offset,
            GError  **error)
{
  g_autoptr(GError) local_error = NULL;
  StrataZipRecord *record;

  if (!find_header (scan, inout_offset, error))
    return FALSE;

  record = _strata_zip_record_new_at (scan->file, *inout_offset, &local_error);
  if (local_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }
  if (record == NULL)
    return TRUE;

  if (scan->records->len == STRATA_ZIP_MAX_RECORDS)
    {
      _strata_zip_record_free (record);
      _strata_zip_set_too_many_error (error);
      return FALSE;
    }
  g_ptr_array_add (scan->records, record);

  return TRUE;
}

/* Goes with libarchive from one entry to the next, as far as that gets. @out_offset:
 * where to look on, behind the last header, or the end of the file
 */
static gboolean
scan_entries (Scan            *scan,
              goffset          offset,
              struct archive  *archive,
              goffset         *out_offset,
              GError         **error)
{
  goffset last = offset;
  struct archive_entry *entry;
  int status;

  while ((status = archive_read_next_header (archive, &entry)) >= ARCHIVE_WARN && status != ARCHIVE_EOF)
    {
      /* Until here it had read before it looked for the header */
      last = offset + archive_read_header_position (archive);
      if (!add_record (scan, &last, error))
        return FALSE;
    }

  *out_offset = status == ARCHIVE_EOF ? scan->size : last + SIGNATURE_SIZE;

  return TRUE;
}

/* From the header at *@inout_offset on. */
static gboolean
scan_on (Scan     *scan,
         goffset  *inout_offset,
         GError  **error)
{
  g_auto(StrataZipWindow) window = {
    .file = scan->file,
    .path = "",
    .start = *inout_offset,
    .end = scan->size,
    .fine_from = G_MAXOFFSET,
    .cancellable = scan->cancellable,
  };
  struct archive *archive = _strata_zip_window_open (&window, TRUE, NULL);
  goffset offset = *inout_offset;
  guint n_before = scan->records->len;
  gboolean ok = TRUE;

  *inout_offset += SIGNATURE_SIZE;
  if (archive != NULL)
    {
      ok = scan_entries (scan, offset, archive, inout_offset, error);
      archive_read_free (archive);
    }

  if (ok && window.error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&window.error));
      return FALSE;
    }

  /* What libarchive makes nothing of may still have a name to report */
  return ok && (scan->records->len > n_before || add_record (scan, &offset, error));
}

GPtrArray *
_strata_zip_scan (StrataFileStream  *file,
                  goffset            file_size,
                  GCancellable      *cancellable,
                  GError           **error)
{
  g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_zip_record_free);
  Scan scan = { .file = file, .size = file_size, .records = records, .cancellable = cancellable };
  goffset offset = 0;

  for (guint i = 0; i < MAX_RESTARTS; i++)
    {
      if (!find_header (&scan, &offset, error))
        return NULL;
      if (offset >= file_size)
        break;
      if (!scan_on (&scan, &offset, error))
        return NULL;
    }

  return g_steal_pointer (&records);
}

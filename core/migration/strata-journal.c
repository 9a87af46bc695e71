/* strata-journal.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-journal-private.h"

#define PATH "migration/journal"
#define MAX_BYTES (256 * 1024 * 1024)

gboolean
_strata_journal_append (int          dir,
                        GError     **error,
                        const char  *format,
                        ...)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *event = NULL;
  g_autofree char *line = NULL;
  va_list arguments;
  gboolean ok;
  int fd;

  va_start (arguments, format);
  event = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  line = g_strdup_printf ("%s %s\n", time, g_strdelimit (event, "\n", ' '));

  fd = _strata_file_open (dir, PATH, O_WRONLY | O_CREAT | O_APPEND, error);
  if (fd < 0)
    return FALSE;

  ok = _strata_file_write_all (fd, line, strlen (line), PATH, error);
  if (ok && _strata_seam_get ()->datasync (fd) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", PATH);
      ok = FALSE;
    }
  _strata_file_close (fd);

  return ok;
}

gboolean
_strata_journal_read (int                 dir,
                      StrataJournalFunc   func,
                      gpointer            user_data,
                      GError            **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (dir, PATH, MAX_BYTES, &read_error);
  const char *text, *end;
  gsize size;

  if (bytes == NULL)
    {
      if (g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
        return TRUE;
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  text = g_bytes_get_data (bytes, &size);
  while (size > 0 && (end = memchr (text, '\n', size)) != NULL)
    {
      g_autofree char *line = g_strndup (text, (gsize)(end - text));
      const char *event = strchr (line, ' ');

      if (event != NULL)
        func (event + 1, user_data);
      size -= (gsize)(end + 1 - text);
      text = end + 1;
    }

  return TRUE;
}

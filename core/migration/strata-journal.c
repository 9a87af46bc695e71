/* strata-journal.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-checked-line-private.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-journal-private.h"

#define PATH "migration/journal"
#define MAX_BYTES (256 * 1024 * 1024)
/* Longer than any line */
#define MAX_LINE 4096

/* Cuts off what a crash left of a line: written on, it would spoil the next one. */
static gboolean
cut_torn_line (int      fd,
               GError **error)
{
  char tail[MAX_LINE];
  struct stat status;
  goffset start;
  gssize size;
  const char *end;

  if (_strata_seam_get ()->fstat (fd, &status) < 0)
    {
      _strata_file_set_error (error, errno, "look at", PATH);
      return FALSE;
    }

  start = status.st_size > MAX_LINE ? status.st_size - MAX_LINE : 0;
  do
    size = _strata_seam_get ()->pread (fd, tail, MAX_LINE, start);
  while (size < 0 && errno == EINTR);
  if (size < 0)
    {
      _strata_file_set_error (error, errno, "read", PATH);
      return FALSE;
    }

  end = memrchr (tail, '\n', (gsize)size);
  /* Nothing is cut that was not seen to its end */
  if (size == 0 || size != MIN (status.st_size, MAX_LINE) || end == tail + size - 1 || (end == NULL && start > 0))
    return TRUE;

  if (_strata_seam_get ()->truncate (fd, end != NULL ? start + (end + 1 - tail) : 0) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "cut", PATH);

  return FALSE;
}

gboolean
_strata_journal_append (int          dir,
                        GError     **error,
                        const char  *format,
                        ...)
{
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();
  g_autofree char *time = g_date_time_format (now, "%Y-%m-%dT%H:%M:%SZ");
  g_autofree char *event = NULL;
  g_autofree char *text = NULL;
  g_autofree char *line = NULL;
  va_list arguments;
  gboolean ok;
  int fd;

  va_start (arguments, format);
  event = g_strdup_vprintf (format, arguments);
  va_end (arguments);
  text = g_strdup_printf ("%s %s", time, event);
  line = _strata_checked_line_make (text);

  fd = _strata_file_open (dir, PATH, O_RDWR | O_CREAT | O_APPEND, error);
  if (fd < 0)
    return FALSE;

  ok = cut_torn_line (fd, error) && _strata_file_write_all (fd, line, strlen (line), PATH, error);
  if (ok && _strata_seam_get ()->datasync (fd) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", PATH);
      ok = FALSE;
    }
  _strata_file_close (fd);

  return ok;
}

gboolean
_strata_journal_read_times (int                     dir,
                            StrataJournalTimeFunc   func,
                            gpointer                user_data,
                            GError                **error)
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
      gsize length = (gsize)(end - text);
      g_autofree char *line = NULL;
      char *event;

      /* What is damaged, or from before there were check sums, is for people to judge */
      _strata_checked_line_is_whole (text, length, &length);
      line = g_strndup (text, length);
      event = strchr (line, ' ');

      if (event != NULL)
        {
          *event = '\0';
          func (line, event + 1, user_data);
        }
      size -= (gsize)(end + 1 - text);
      text = end + 1;
    }

  return TRUE;
}

typedef struct
{
  StrataJournalFunc func;
  gpointer          user_data;
} Plain;

static void
give_event (const char *time,
            const char *event,
            gpointer    user_data)
{
  const Plain *plain = user_data;

  plain->func (event, plain->user_data);
}

gboolean
_strata_journal_read (int                 dir,
                      StrataJournalFunc   func,
                      gpointer            user_data,
                      GError            **error)
{
  Plain plain = { func, user_data };

  return _strata_journal_read_times (dir, give_event, &plain, error);
}

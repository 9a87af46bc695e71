/* strata-changes.c
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
#include "strata-changes-private.h"

#define LOG_NAME "changes.log"
/* A log that is longer than what one commit writes was there before it */
#define FIRST_LINES (64 * 1024)
/* More than this behind the last whole line is no crash's doing: longer than the lines of any batch */
#define MAX_TAIL (4 * 1024 * 1024)
/* A log that is mended is held in memory, as far as this */
#define MAX_MENDED (512 * 1024 * 1024)
/* How much of the end is looked at first */
#define MIN_TAIL 1024

/* Returns: (transfer full): a change of a session */
StrataChange *
_strata_change_new (const char         *key,
                    const StrataDigest *digest)
{
  StrataChange *change = g_new0 (StrataChange, 1);

  change->key = g_strdup (key);
  change->digest = *digest;

  return change;
}

static const char *
name_of_what (const StrataChange *change)
{
  if (change->is_collection)
    return "collection";
  if (change->is_tail)
    return "tail";

  return change->is_deleted ? "deleted" : "session";
}

void
_strata_change_free (StrataChange *change)
{
  g_free (change->key);
  g_free (change);
}

/* @line: without its line feed. Returns: (nullable) (transfer full) */
static StrataChange *
parse_line (const char *line,
            gsize       length)
{
  g_autofree char *copy = g_strndup (line, length);
  g_auto(GStrv) fields = g_strsplit (copy, " ", -1);
  StrataChange *change;
  StrataDigest digest;
  gsize checked;

  if (g_strv_length (fields) != 5 || strlen (copy) != length ||
      strlen (fields[4]) != 8 || strspn (fields[4], "0123456789abcdef") != 8)
    return NULL;

  checked = length - 9;
  if (g_ascii_strtoull (fields[4], NULL, 16) != _strata_crc32 (line, checked) ||
      !_strata_digest_from_hex (fields[3], &digest))
    return NULL;

  change = g_new0 (StrataChange, 1);
  change->sequence = g_ascii_strtoull (fields[0], NULL, 10);
  change->is_collection = strcmp (fields[1], "collection") == 0;
  change->is_tail = strcmp (fields[1], "tail") == 0;
  change->is_deleted = strcmp (fields[1], "deleted") == 0;
  change->key = g_strdup (fields[2]);
  change->digest = digest;

  return change;
}

static void
append_line (GString            *text,
             const StrataChange *change)
{
  gsize start = text->len;
  char hex[STRATA_DIGEST_HEX_SIZE];

  _strata_digest_to_hex (&change->digest, hex);
  g_string_append_printf (text, "%" G_GUINT64_FORMAT " %s %s %s", change->sequence,
                          name_of_what (change), change->key, hex);
  g_string_append_printf (text, " %08x\n", _strata_crc32 (text->str + start, text->len - start));
}

static gboolean
read_from (int       fd,
           guint64   offset,
           char     *buffer,
           gsize     size,
           gsize    *out_read,
           GError  **error)
{
  *out_read = 0;
  while (*out_read < size)
    {
      gssize got = _strata_seam_get ()->pread (fd, buffer + *out_read, size - *out_read, (goffset)(offset + *out_read));

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          _strata_file_set_error (error, errno, "read", LOG_NAME);
          return FALSE;
        }
      if (got == 0)
        break;
      *out_read += (gsize)got;
    }

  return TRUE;
}

/* Takes the whole lines at the start of a block; @out_used says how far they go. */
static gboolean
take_lines (const char *block,
            gsize       size,
            GPtrArray  *changes,
            gsize      *out_used)
{
  const char *end;

  *out_used = 0;
  while ((end = memchr (block + *out_used, '\n', size - *out_used)) != NULL)
    {
      gsize length = (gsize)(end - (block + *out_used));
      StrataChange *change = parse_line (block + *out_used, length);

      if (change == NULL)
        return FALSE;
      if (changes != NULL)
        g_ptr_array_add (changes, change);
      else
        _strata_change_free (change);
      *out_used += length + 1;
    }

  return TRUE;
}

static gboolean
read_changes (int         fd,
              guint64     offset,
              GPtrArray  *changes,
              guint64    *out_end,
              GError    **error)
{
  const gsize block_size = 256 * 1024;
  g_autofree char *block = g_malloc (block_size);
  gsize size, used;

  *out_end = offset;
  do
    {
      gboolean whole;

      if (!read_from (fd, *out_end, block, block_size, &size, error))
        return FALSE;
      whole = take_lines (block, size, changes, &used);
      *out_end += used;
      if (!whole)
        break;
    }
  while (size == block_size && used > 0);

  return TRUE;
}

/* A log that is not there has no lines; that it should have some, the check finds out. */
static int
open_log (int        dir,
          gboolean  *out_is_missing,
          GError   **error)
{
  g_autoptr(GError) open_error = NULL;
  int fd = _strata_file_open (dir, LOG_NAME, O_RDONLY, &open_error);

  *out_is_missing = fd < 0 && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND);
  if (fd < 0 && !*out_is_missing)
    g_propagate_error (error, g_steal_pointer (&open_error));

  return fd;
}

/* Appends to @changes (element-type StrataChange; %NULL: only finds the end)
 * what was committed from byte @offset on, the start of a line. @out_end is
 * where the last whole line ends.
 */
gboolean
_strata_changes_read (int         dir,
                      guint64     offset,
                      GPtrArray  *changes,
                      guint64    *out_end,
                      GError    **error)
{
  gboolean is_missing, ok;
  int fd = open_log (dir, &is_missing, error);

  *out_end = 0;
  if (fd < 0)
    return is_missing;

  ok = read_changes (fd, offset, changes, out_end, error);
  _strata_file_close (fd);

  return ok;
}

/* Finds the last whole line in a block. */
static gboolean
find_last_line (const char  *block,
                gsize        size,
                guint64     *out_sequence,
                gsize       *out_end)
{
  const char *end;

  while (size > 0 && (end = memrchr (block, '\n', size)) != NULL)
    {
      const char *before = end > block ? memrchr (block, '\n', (gsize)(end - block)) : NULL;
      const char *line = before != NULL ? before + 1 : block;
      StrataChange *change = parse_line (line, (gsize)(end - line));

      if (change != NULL)
        {
          *out_sequence = change->sequence;
          *out_end = (gsize)(end - block) + 1;
          _strata_change_free (change);
          return TRUE;
        }
      size = (gsize)(line - block);
    }

  return FALSE;
}

/* Finds the last whole line of the file, looking at more and more of its end. */
static gboolean
find_end (int       fd,
          guint64  *out_sequence,
          guint64  *out_end,
          GError  **error)
{
  struct stat status;
  gsize want = MIN_TAIL, size, line_end;

  *out_sequence = 0;
  *out_end = 0;
  if (_strata_seam_get ()->fstat (fd, &status) < 0)
    {
      _strata_file_set_error (error, errno, "look at", LOG_NAME);
      return FALSE;
    }

  while (TRUE)
    {
      guint64 start = (guint64)status.st_size > want ? (guint64)status.st_size - want : 0;
      g_autofree char *block = g_malloc (want);

      if (!read_from (fd, start, block, want, &size, error))
        return FALSE;

      if (find_last_line (block, size, out_sequence, &line_end))
        {
          *out_end = start + line_end;
          return TRUE;
        }
      if (start == 0)
        return TRUE;
      if (want >= MAX_TAIL)
        break;
      want *= 8;
    }

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The end of " LOG_NAME " can't be read");

  return FALSE;
}

gboolean
_strata_changes_find_end (int       dir,
                          guint64  *out_end,
                          GError  **error)
{
  gboolean is_missing, ok;
  int fd = open_log (dir, &is_missing, error);
  guint64 sequence;

  *out_end = 0;
  if (fd < 0)
    return is_missing;

  ok = find_end (fd, &sequence, out_end, error);
  _strata_file_close (fd);

  return ok;
}

static gboolean
write_and_sync (int            fd,
                const GString *text,
                GError       **error)
{
  if (!_strata_file_write_all (fd, text->str, text->len, LOG_NAME, error))
    return FALSE;

  if (_strata_seam_get ()->datasync (fd) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "save to disk", LOG_NAME);

  return FALSE;
}

static gboolean
append_changes (int         dir,
                int         fd,
                GPtrArray  *changes,
                guint64    *out_end,
                GError    **error)
{
  g_autoptr(GString) text = g_string_new (NULL);
  guint64 sequence, end;

  if (!find_end (fd, &sequence, &end, error))
    return FALSE;

  for (guint i = 0; i < changes->len; i++)
    {
      StrataChange *change = g_ptr_array_index (changes, i);

      change->sequence = ++sequence;
      append_line (text, change);
    }

  /* Cuts off what a crash left behind the last whole line */
  if (_strata_seam_get ()->truncate (fd, (goffset)end) < 0)
    {
      _strata_file_set_error (error, errno, "cut", LOG_NAME);
      return FALSE;
    }

  *out_end = end + text->len;

  /* The first lines may be those of a log that had to be made again */
  if (write_and_sync (fd, text, error) && (*out_end > FIRST_LINES || _strata_file_sync_dir (dir, ".", error)))
    return TRUE;

  /* Nothing was acknowledged, so nothing should stand there. What does all the same is set right by
   * the intent, which whoever called this keeps.
   */
  _strata_seam_get ()->truncate (fd, (goffset)end);

  return FALSE;
}

/* Appends @changes (element-type StrataChange), giving them their sequence
 * numbers, and waits until they are on disk. On failure they are cut off again,
 * where that is possible: only an intent can say then that they mean nothing.
 * Called with the store's lock held.
 */
gboolean
_strata_changes_append (int         dir,
                        GPtrArray  *changes,
                        guint64    *out_end,
                        GError    **error)
{
  int fd = _strata_file_open (dir, LOG_NAME, O_RDWR | O_APPEND | O_CREAT, error);
  gboolean ok;

  if (fd < 0)
    return FALSE;

  ok = append_changes (dir, fd, changes, out_end, error);
  _strata_file_close (fd);

  return ok;
}

/* Whether each whole line of a block stands in @intended (element-type utf8) as "what key". */
static gboolean
all_are_intended (const char *block,
                  gsize       size,
                  GHashTable *intended)
{
  const char *end;

  while ((end = memchr (block, '\n', size)) != NULL)
    {
      gsize length = (gsize)(end - block);
      StrataChange *change = parse_line (block, length);

      if (change != NULL)
        {
          g_autofree char *line = g_strconcat (change->is_collection ? "collection " : "session ", change->key, NULL);
          gboolean is_intended = g_hash_table_contains (intended, line);

          _strata_change_free (change);
          if (!is_intended)
            return FALSE;
        }
      block += length + 1;
      size -= length + 1;
    }

  return TRUE;
}

/* @start and @end: where the first line begins that can't be read, and where the last ends that can */
static gboolean
cut_torn (int          fd,
          guint64      start,
          guint64      end,
          GHashTable  *intended,
          GError     **error)
{
  gsize size = (gsize)(end - start);
  g_autofree char *block = g_malloc (size);

  if (!read_from (fd, start, block, size, &size, error))
    return FALSE;
  if (!all_are_intended (block, size, intended) || _strata_seam_get ()->truncate (fd, (goffset)start) == 0)
    return TRUE;

  _strata_file_set_error (error, errno, "cut", LOG_NAME);

  return FALSE;
}

gboolean
_strata_changes_cut_torn (int          dir,
                          const char  *intents,
                          GError     **error)
{
  g_autoptr(GHashTable) intended = g_hash_table_new (g_str_hash, g_str_equal);
  g_auto(GStrv) lines = g_strsplit (intents, "\n", -1);
  guint64 start, end;
  gboolean ok;
  int fd;

  if (!_strata_changes_read (dir, 0, NULL, &start, error) || !_strata_changes_find_end (dir, &end, error))
    return FALSE;
  if (end <= start || end - start > MAX_TAIL)
    return TRUE;

  for (guint i = 0; lines[i] != NULL; i++)
    g_hash_table_add (intended, lines[i]);

  fd = _strata_file_open (dir, LOG_NAME, O_RDWR, error);
  if (fd < 0)
    return FALSE;

  ok = cut_torn (fd, start, end, intended, error);
  _strata_file_close (fd);

  return ok;
}

/* Repair */

gboolean
_strata_changes_salvage (int         dir,
                         GPtrArray  *changes,
                         guint      *out_n_damaged,
                         GError    **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (dir, LOG_NAME, MAX_MENDED, &read_error);
  guint since_whole = 0;
  const char *p, *end, *line_end;
  gsize size;

  *out_n_damaged = 0;
  if (bytes == NULL && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (bytes == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  p = g_bytes_get_data (bytes, &size);
  for (end = p + size; p < end && (line_end = memchr (p, '\n', (gsize)(end - p))) != NULL; p = line_end + 1)
    {
      StrataChange *change = parse_line (p, (gsize)(line_end - p));

      if (change == NULL)
        {
          since_whole++;
          continue;
        }
      g_ptr_array_add (changes, change);
      *out_n_damaged += since_whole;
      since_whole = 0;
    }

  return TRUE;
}

gboolean
_strata_changes_replace (int          dir,
                         const char  *temporary,
                         GPtrArray   *changes,
                         GError     **error)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < changes->len; i++)
    {
      StrataChange *change = g_ptr_array_index (changes, i);

      change->sequence = i + 1;
      append_line (text, change);
    }

  return _strata_file_replace (dir, LOG_NAME, temporary, text->str, text->len, error);
}

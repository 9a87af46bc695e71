/* strata-tail.c
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
#include "strata-tail-private.h"

#define HEADER_PREFIX "{\"tail\":"
#define KEY_PREFIX    ",\"key\":\""
#define LIST_PREFIX   "{\"list\":"
#define BYTES_PREFIX  ",\"bytes\":"
#define ELEMENT_PREFIX ",\"element\":"
#define ROWS_PREFIX   ",\"attachments\":"
/* How each line ends: ,"crc":"<8 hex>"} */
#define CRC_PREFIX    ",\"crc\":\""
#define CRC_SUFFIX    "\"}"
#define CRC_LENGTH    (strlen (CRC_PREFIX) + 8 + strlen (CRC_SUFFIX))
/* The first line is shorter: a key has at most 57 characters */
#define MAX_HEADER    256
/* Far more than a tail ever gets: it is sealed at 1 MiB */
#define MAX_BYTES     (G_GUINT64_CONSTANT (1) << 31)

char *
_strata_tail_dup_path (const char *key)
{
  return g_strdup_printf ("sessions/%s/tail.jsonl", key);
}

StrataTail *
_strata_tail_ref (StrataTail *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
tail_clear (StrataTail *self)
{
  g_clear_pointer (&self->text, g_bytes_unref);
  g_clear_pointer (&self->lines, g_array_unref);
}

void
_strata_tail_unref (StrataTail *self)
{
  g_atomic_rc_box_release_full (self, (GDestroyNotify)tail_clear);
}

/* Writing */

static void
append_crc (GString *text,
            gsize    start)
{
  guint32 crc = _strata_crc32 (text->str + start, text->len - start);

  g_string_append_printf (text, CRC_PREFIX "%08x" CRC_SUFFIX "\n", crc);
}

void
_strata_tail_append_header (GString    *text,
                            const char *key,
                            guint64     generation)
{
  gsize start = text->len;

  g_string_append_printf (text, HEADER_PREFIX "%" G_GUINT64_FORMAT KEY_PREFIX "%s\"", generation, key);
  append_crc (text, start);
}

void
_strata_tail_append_line (GString    *text,
                          StrataList  list,
                          const char *element,
                          gsize       length,
                          GPtrArray  *rows)
{
  gsize start = text->len;

  if (list == STRATA_N_LISTS)
    g_string_append (text, LIST_PREFIX "null" BYTES_PREFIX "4" ELEMENT_PREFIX "null");
  else
    {
      g_string_append_printf (text, LIST_PREFIX "\"%s\"" BYTES_PREFIX "%" G_GSIZE_FORMAT ELEMENT_PREFIX,
                              _strata_list_get_info (list)->name, length);
      g_string_append_len (text, element, (gssize)length);
    }

  g_string_append (text, ROWS_PREFIX "[");
  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      if (i > 0)
        g_string_append_c (text, ',');
      _strata_attachment_row_append (g_ptr_array_index (rows, i), text);
    }
  g_string_append_c (text, ']');
  append_crc (text, start);
}

/* Reading */

/* Moves *@inout_p past @expected, when that stands there. */
static gboolean
pass (const char **inout_p,
      const char  *end,
      const char  *expected)
{
  gsize length = strlen (expected);

  if ((gsize)(end - *inout_p) < length || memcmp (*inout_p, expected, length) != 0)
    return FALSE;
  *inout_p += length;

  return TRUE;
}

static gboolean
pass_number (const char **inout_p,
             const char  *end,
             guint64     *out_number)
{
  const char *start = *inout_p;

  *out_number = 0;
  while (*inout_p < end && g_ascii_isdigit (**inout_p) && *inout_p - start < 19)
    *out_number = *out_number * 10 + (guint64)(*(*inout_p)++ - '0');

  return *inout_p > start;
}

/* Whether a line has the checksum that it names; @out_end is where what it is of ends. */
static gboolean
has_its_crc (const char  *line,
             gsize        length,
             const char **out_end)
{
  const char *crc = line + length - CRC_LENGTH + strlen (CRC_PREFIX);
  char digits[9];

  if (length < CRC_LENGTH)
    return FALSE;

  *out_end = line + length - CRC_LENGTH;
  memcpy (digits, crc, 8);
  digits[8] = '\0';

  return memcmp (*out_end, CRC_PREFIX, strlen (CRC_PREFIX)) == 0 &&
         memcmp (crc + 8, CRC_SUFFIX, strlen (CRC_SUFFIX)) == 0 &&
         strspn (digits, "0123456789abcdef") == 8 &&
         g_ascii_strtoull (digits, NULL, 16) == _strata_crc32 (line, (gsize)(*out_end - line));
}

static gboolean
pass_list (const char **inout_p,
           const char  *end,
           StrataList  *out_list)
{
  const char *name;

  *out_list = STRATA_N_LISTS;
  if (pass (inout_p, end, "null"))
    return TRUE;
  if (!pass (inout_p, end, "\""))
    return FALSE;

  name = *inout_p;
  while (*inout_p < end && **inout_p != '"')
    (*inout_p)++;

  return _strata_list_from_name (name, (gsize)(*inout_p - name), out_list) && pass (inout_p, end, "\"");
}

gboolean
_strata_tail_parse_line (const char     *text,
                         gsize           length,
                         StrataTailLine *out_line)
{
  const char *p = text, *end;
  guint64 bytes;

  if (!has_its_crc (text, length, &end) || !pass (&p, end, LIST_PREFIX) || !pass_list (&p, end, &out_line->list) ||
      !pass (&p, end, BYTES_PREFIX) || !pass_number (&p, end, &bytes) || !pass (&p, end, ELEMENT_PREFIX) ||
      (guint64)(end - p) < bytes)
    return FALSE;

  out_line->element = p;
  out_line->length = (gsize)bytes;
  p += bytes;
  if (!pass (&p, end, ROWS_PREFIX))
    return FALSE;
  out_line->rows = p;
  out_line->rows_length = (gsize)(end - p);

  return TRUE;
}

static void
add_line (StrataTail     *self,
          StrataTailLine *line,
          guint64         offset)
{
  line->offset = offset;
  g_array_append_val (self->lines, *line);
  if (line->list == STRATA_N_LISTS)
    return;

  self->items[line->list]++;
  self->bytes += line->length + 1;
}

/* Finds the lines. What a crash leaves was never on disk whole: it has no line
 * feed, or has zeros where a block was never written; from there on nothing was
 * acknowledged. A line that ends as it should and has another checksum is damage.
 */
static void
find_lines (StrataTail *self)
{
  gsize size;
  const char *text = g_bytes_get_data (self->text, &size);
  const char *end = text + size;
  const char *p = text, *line_end;
  StrataTailLine line;

  while (p < end && (line_end = memchr (p, '\n', (gsize)(end - p))) != NULL)
    {
      if (_strata_tail_parse_line (p, (gsize)(line_end - p), &line))
        add_line (self, &line, self->start + (guint64)(p - text));
      else if (memchr (p, '\0', (gsize)(line_end - p)) != NULL)
        break;
      else
        self->n_damaged++;
      p = line_end + 1;
    }

  /* All there but for the line feed, and something else in its place: no crash does that */
  if (p < end && memchr (p, '\n', (gsize)(end - p)) == NULL && _strata_tail_parse_line (p, (gsize)(end - p) - 1, &line))
    {
      self->n_damaged++;
      p = end;
    }
  self->end = self->start + (guint64)(p - text);
}

/* Reads @size bytes, or as many as there are. */
static gboolean
read_at (int          fd,
         guint64      offset,
         char        *buffer,
         gsize        size,
         gsize       *out_read,
         const char  *path,
         GError     **error)
{
  *out_read = 0;
  while (*out_read < size)
    {
      gssize got = _strata_seam_get ()->pread (fd, buffer + *out_read, size - *out_read, (goffset)(offset + *out_read));

      if (got < 0 && errno == EINTR)
        continue;
      if (got < 0)
        {
          _strata_file_set_error (error, errno, "read", path);
          return FALSE;
        }
      if (got == 0)
        break;
      *out_read += (gsize)got;
    }

  return TRUE;
}

/* The first line: which generation, and whose. */
static gboolean
read_header (StrataTail  *self,
             int          fd,
             const char  *key,
             const char  *path,
             gsize       *out_end,
             GError     **error)
{
  char text[MAX_HEADER];
  const char *p = text, *line_end, *end;
  gsize size;

  if (!read_at (fd, 0, text, sizeof text, &size, path, error))
    return FALSE;

  line_end = memchr (text, '\n', size);
  if (line_end != NULL && has_its_crc (text, (gsize)(line_end - text), &end) &&
      pass (&p, end, HEADER_PREFIX) && pass_number (&p, end, &self->generation) &&
      pass (&p, end, KEY_PREFIX) && pass (&p, end, key) && pass (&p, end, "\"") && p == end)
    {
      *out_end = (gsize)(line_end - text) + 1;
      return TRUE;
    }

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its first line can't be read", path);

  return FALSE;
}

static StrataTail *
read_open (int          fd,
           const char  *key,
           const char  *path,
           guint64      from,
           GError     **error)
{
  g_autoptr(StrataTail) self = g_atomic_rc_box_new0 (StrataTail);
  g_autofree char *text = NULL;
  gsize header_end, size;
  struct stat status;

  self->lines = g_array_new (FALSE, FALSE, sizeof (StrataTailLine));
  if (_strata_seam_get ()->fstat (fd, &status) < 0)
    {
      _strata_file_set_error (error, errno, "look at", path);
      return NULL;
    }
  if (!S_ISREG (status.st_mode) || (guint64)status.st_size > MAX_BYTES)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: it is no file that could be read", path);
      return NULL;
    }
  if (!read_header (self, fd, key, path, &header_end, error))
    return NULL;

  self->start = MAX (from, header_end);
  size = (guint64)status.st_size > self->start ? (gsize)((guint64)status.st_size - self->start) : 0;
  text = g_malloc (size + 1);
  if (!read_at (fd, self->start, text, size, &size, path, error))
    return NULL;

  self->size = self->start + size;
  self->text = g_bytes_new_take (g_steal_pointer (&text), size);
  find_lines (self);

  return g_steal_pointer (&self);
}

StrataTail *
_strata_tail_read (int          dir,
                   const char  *key,
                   guint64      from,
                   GError     **error)
{
  g_autofree char *path = _strata_tail_dup_path (key);

  return _strata_tail_read_at (dir, path, key, from, error);
}

StrataTail *
_strata_tail_read_at (int          dir,
                      const char  *path,
                      const char  *key,
                      guint64      from,
                      GError     **error)
{
  g_autoptr(GError) open_error = NULL;
  int fd = _strata_file_open (dir, path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, &open_error);
  StrataTail *self;

  if (fd < 0)
    {
      if (g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_TOO_MANY_LINKS))
        g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: %s", path, open_error->message);
      else if (!g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
               !g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_DIRECTORY))
        g_propagate_error (error, g_steal_pointer (&open_error));
      return NULL;
    }

  self = read_open (fd, key, path, from, error);
  _strata_file_close (fd);

  return self;
}

gboolean
_strata_tail_check (const StrataTail  *self,
                    const char        *key,
                    GError           **error)
{
  g_autofree char *path = NULL;

  if (self->n_damaged == 0)
    return TRUE;

  path = _strata_tail_dup_path (key);
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: %u of its lines are not what was stored",
               path, self->n_damaged);

  return FALSE;
}

guint
_strata_tail_get_lists (const StrataTail *self,
                        StrataList       *out_lists)
{
  guint seen = 1u << STRATA_N_LISTS, n = 0;

  for (guint i = 0; i < self->lines->len && n < STRATA_N_LISTS; i++)
    {
      StrataList list = g_array_index (self->lines, StrataTailLine, i).list;

      if (seen & 1u << list)
        continue;
      seen |= 1u << list;
      out_lists[n++] = list;
    }

  return n;
}

gboolean
_strata_tail_line_read_rows (const StrataTailLine  *line,
                             GPtrArray             *rows,
                             GError               **error)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  gboolean more;

  if (line->rows_length == 2)
    return TRUE;

  reader = _strata_json_reader_new_for_data (line->rows, line->rows_length);
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      StrataAttachmentRow *row;

      if (!more)
        return TRUE;
      row = _strata_attachment_row_read (reader, error);
      if (row == NULL)
        return FALSE;
      g_ptr_array_add (rows, row);
    }

  return FALSE;
}

/* Recovery */

/* Writes what is to be kept aside; what is there already under its name is the same. */
static gboolean
write_aside (int          dir,
             const char  *key,
             const void  *data,
             gsize        size,
             GError     **error)
{
  g_autofree char *path = NULL;
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;
  gboolean ok;
  int fd;

  _strata_digest_of (data, size, &digest);
  _strata_digest_to_hex (&digest, hex);
  path = g_strdup_printf ("quarantine/tail-%s.%.12s", key, hex);
  fd = _strata_file_open (dir, path, O_WRONLY | O_CREAT | O_TRUNC, error);
  if (fd < 0)
    return FALSE;

  ok = _strata_file_write_all (fd, data, size, path, error) && _strata_file_sync (fd, path, error);
  _strata_file_close (fd);

  return ok && _strata_file_sync_dir (dir, "quarantine", error);
}

gboolean
_strata_tail_cut (const StrataTail  *self,
                  int                dir,
                  const char        *key,
                  int                fd,
                  GError           **error)
{
  g_autofree char *path = NULL;
  gsize size;
  const char *text = g_bytes_get_data (self->text, &size);
  gsize good = (gsize)(self->end - self->start);

  if (self->size == self->end)
    return TRUE;

  if (!write_aside (dir, key, text + good, size - good, error))
    return FALSE;

  if (_strata_seam_get ()->truncate (fd, (goffset)self->end) == 0)
    return TRUE;

  path = _strata_tail_dup_path (key);
  _strata_file_set_error (error, errno, "cut", path);

  return FALSE;
}

gboolean
_strata_tail_put_aside (int          dir,
                        const char  *key,
                        GError     **error)
{
  g_autofree char *path = _strata_tail_dup_path (key);
  g_autoptr(GBytes) bytes = _strata_file_read (dir, path, MAX_BYTES, error);

  return bytes != NULL && write_aside (dir, key, g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), error);
}

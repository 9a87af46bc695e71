/* strata-zip-directory.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-zip-directory-private.h"

/* The records of the format that stand at the end of a ZIP, without their variable parts */
#define END_SIZE           22
#define END_SIGNATURE      "PK\005\006"
#define LOCATOR_SIZE       20
#define LOCATOR_SIGNATURE  "PK\006\007"
#define END64_SIZE         56
#define END64_SIGNATURE    "PK\006\006"
#define ENTRY_SIZE         46
#define ENTRY_SIGNATURE    "PK\001\002"

#define MAX_COMMENT_SIZE   G_MAXUINT16

/* How many entries are asked whether their headers are where the directory says */
#define N_PROBES 4

/* Who wrote an entry's attributes: systems with a mode in the upper half */
#define SYSTEM_UNIX  3
#define SYSTEM_MACOS 19

#define DOS_FOLDER   0x10
#define DOS_REPARSE  0x400

typedef struct
{
  goffset start;   /* of the directory */
  guint64 size;    /* of all of it */
  guint64 count;   /* the lower 16 bits, of writers that have no ZIP64 */
  goffset shift;   /* of all offsets: something was put in front of the ZIP */
} Directory;

static gboolean
fail (GError     **error,
      const char  *what)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The directory of the ZIP is damaged: %s", what);

  return FALSE;
}

void
_strata_zip_set_too_many_error (GError **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE,
               "The ZIP has more than %u entries, which no export of Taskerino's has", STRATA_ZIP_MAX_RECORDS);
}

/* Reads exactly @size bytes. @out_there: FALSE where the file has none there. */
static gboolean
read_at (StrataFileStream  *file,
         guint8            *buffer,
         gsize              size,
         goffset            offset,
         gboolean          *out_there,
         GError           **error)
{
  gsize n_read = 0;

  if (offset >= 0 && !_strata_zip_read_at (file, buffer, size, offset, &n_read, error))
    return FALSE;

  *out_there = n_read == size;

  return TRUE;
}

static gboolean
has_signature (StrataFileStream  *file,
               goffset            offset,
               const char        *signature,
               gboolean          *out_has,
               GError           **error)
{
  guint8 bytes[4];

  if (!read_at (file, bytes, sizeof bytes, offset, out_has, error))
    return FALSE;

  *out_has = *out_has && memcmp (bytes, signature, sizeof bytes) == 0;

  return TRUE;
}

/* --- Where the directory is --- */

/* Looks for the ZIP64 record that goes with the end record at @end. @out_at: -1 if there is none */
static gboolean
find_end64 (StrataFileStream  *file,
            goffset            end,
            guint8            *record,
            goffset           *out_at,
            GError           **error)
{
  guint8 locator[LOCATOR_SIZE];
  goffset places[2];
  gboolean there;

  *out_at = -1;

  if (!read_at (file, locator, sizeof locator, end - LOCATOR_SIZE, &there, error))
    return FALSE;
  if (!there || memcmp (locator, LOCATOR_SIGNATURE, 4) != 0)
    return TRUE;

  /* Where it says, or, if something was put in front, where it should be */
  places[0] = (goffset)MIN (_strata_zip_get64 (locator + 8), (guint64)end);
  places[1] = end - LOCATOR_SIZE - END64_SIZE;
  for (guint i = 0; i < G_N_ELEMENTS (places) && *out_at < 0; i++)
    {
      if (!read_at (file, record, END64_SIZE, places[i], &there, error))
        return FALSE;
      if (there && memcmp (record, END64_SIGNATURE, 4) == 0)
        *out_at = places[i];
    }

  return TRUE;
}

/* @bytes is the end record at @end. @out_plausible: FALSE if it can't be one */
static gboolean
read_end (StrataFileStream  *file,
          goffset            end,
          const guint8      *bytes,
          Directory         *out_directory,
          gboolean          *out_plausible,
          GError           **error)
{
  guint64 count = _strata_zip_get16 (bytes + 10);
  guint64 size = _strata_zip_get32 (bytes + 12);
  guint64 offset = _strata_zip_get32 (bytes + 16);
  guint16 disk = _strata_zip_get16 (bytes + 4);
  guint8 record[END64_SIZE];
  goffset end64;

  if (!find_end64 (file, end, record, &end64, error))
    return FALSE;

  if (end64 >= 0)
    {
      end = end64;
      if (count == G_MAXUINT16)
        count = _strata_zip_get64 (record + 32);
      if (size == G_MAXUINT32)
        size = _strata_zip_get64 (record + 40);
      if (offset == G_MAXUINT32)
        offset = _strata_zip_get64 (record + 48);
    }

  *out_plausible = (disk == 0 || disk == G_MAXUINT16) && size <= (guint64)end && offset <= (guint64)end - size;
  out_directory->start = *out_plausible ? end - (goffset)size : 0;
  out_directory->size = size;
  out_directory->count = count;
  out_directory->shift = *out_plausible ? out_directory->start - (goffset)offset : 0;

  return TRUE;
}

/* The last end record there is: a comment, or anything, may follow it. */
static gboolean
find_directory (StrataFileStream  *file,
                goffset            file_size,
                Directory         *out_directory,
                GError           **error)
{
  gsize size = (gsize)MIN (file_size, END_SIZE + MAX_COMMENT_SIZE);
  g_autofree guint8 *tail = g_malloc (size + 1);
  goffset begin = file_size - (goffset)size;
  gboolean found;

  if (!read_at (file, tail, size, begin, &found, error))
    return FALSE;

  for (gsize i = found && size >= END_SIZE ? size - END_SIZE + 1 : 0; i > 0; i--)
    {
      const guint8 *bytes = tail + i - 1;

      if (memcmp (bytes, END_SIGNATURE, 4) != 0 || _strata_zip_get16 (bytes + 20) > size - (i - 1) - END_SIZE)
        continue;

      if (!read_end (file, begin + (goffset)i - 1, bytes, out_directory, &found, error))
        return FALSE;
      if (found)
        return TRUE;
    }

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no directory of a ZIP");

  return FALSE;
}

/* --- What is in it --- */

static guint32
find_type (guint8  system,
           guint32 attributes)
{
  guint32 type = system == SYSTEM_UNIX || system == SYSTEM_MACOS ? (attributes >> 16) & S_IFMT : 0;

  if (type != 0)
    return type;
  if (attributes & DOS_REPARSE)
    return S_IFLNK;

  return attributes & DOS_FOLDER ? S_IFDIR : 0;
}

/* Takes an entry of the directory: @fixed, and @variable, its name and what is behind that. */
static StrataZipRecord *
parse_entry (const guint8 *fixed,
             const guint8 *variable)
{
  StrataZipRecord *record = g_new0 (StrataZipRecord, 1);
  guint16 name_length = _strata_zip_get16 (fixed + 28);
  guint64 offset = _strata_zip_get32 (fixed + 42);

  record->type = find_type (fixed[5], _strata_zip_get32 (fixed + 38));
  record->data.flags = _strata_zip_get16 (fixed + 8);
  record->data.method = _strata_zip_get16 (fixed + 10);
  record->data.crc32 = _strata_zip_get32 (fixed + 16);
  record->data.compressed_size = _strata_zip_get32 (fixed + 20);
  record->data.size = _strata_zip_get32 (fixed + 24);
  record->data.is_known = TRUE;
  _strata_zip_record_set_time (record, _strata_zip_get16 (fixed + 14), _strata_zip_get16 (fixed + 12));
  _strata_zip_record_set_name (record, variable, name_length);
  _strata_zip_record_read_extra (record, variable + name_length, _strata_zip_get16 (fixed + 30), &offset);
  record->data.header = offset <= G_MAXINT64 / 2 ? (goffset)offset : -1;

  return record;
}

static gboolean
read_exactly (GInputStream  *stream,
              guint8        *buffer,
              gsize          size,
              GCancellable  *cancellable,
              GError       **error)
{
  gsize n_read;

  if (!g_input_stream_read_all (stream, buffer, size, &n_read, cancellable, error))
    return FALSE;

  return n_read == size || fail (error, "it is cut");
}

static gboolean
read_entries (GInputStream     *stream,
              const Directory  *directory,
              GPtrArray        *records,
              GCancellable     *cancellable,
              GError          **error)
{
  g_autofree guint8 *variable = g_malloc (3 * (gsize)G_MAXUINT16);
  guint8 fixed[ENTRY_SIZE];

  for (guint64 left = directory->size; left >= ENTRY_SIZE;)
    {
      gsize size;

      if (!read_exactly (stream, fixed, sizeof fixed, cancellable, error))
        return FALSE;
      if (memcmp (fixed, ENTRY_SIGNATURE, 4) != 0)
        break;

      if (records->len == STRATA_ZIP_MAX_RECORDS)
        {
          _strata_zip_set_too_many_error (error);
          return FALSE;
        }

      size = (gsize)_strata_zip_get16 (fixed + 28) + _strata_zip_get16 (fixed + 30) + _strata_zip_get16 (fixed + 32);
      if (size > left - ENTRY_SIZE)
        return fail (error, "an entry is longer than the directory");
      if (!read_exactly (stream, variable, size, cancellable, error))
        return FALSE;

      g_ptr_array_add (records, parse_entry (fixed, variable));
      left -= ENTRY_SIZE + size;
    }

  return (records->len & G_MAXUINT16) == (directory->count & G_MAXUINT16) || fail (error, "entries are missing");
}

/* --- Where the entries' data are --- */

/* How many of the first entries have a header with offsets shifted by @shift */
static gboolean
probe (StrataFileStream  *file,
       GPtrArray         *records,
       goffset            shift,
       guint             *out_hits,
       GError           **error)
{
  *out_hits = 0;

  for (guint i = 0; i < MIN (records->len, N_PROBES); i++)
    {
      StrataZipRecord *record = g_ptr_array_index (records, i);
      gboolean hit = FALSE;

      if (record->data.header >= 0 &&
          !has_signature (file, record->data.header + shift, "PK\003\004", &hit, error))
        return FALSE;
      *out_hits += hit;
    }

  return TRUE;
}

/* Offsets count from the first byte of the file, or of the ZIP in it. */
static gboolean
settle_shift (StrataFileStream  *file,
              GPtrArray         *records,
              Directory         *directory,
              GError           **error)
{
  guint n_plain, n_shifted;

  if (!probe (file, records, 0, &n_plain, error) ||
      !probe (file, records, directory->shift, &n_shifted, error))
    return FALSE;

  if (n_plain >= n_shifted)
    directory->shift = 0;

  return n_plain > 0 || n_shifted > 0 || records->len == 0 || fail (error, "its entries are nowhere");
}

static gboolean
read_headers (StrataFileStream  *file,
              GPtrArray         *records,
              goffset            shift,
              GCancellable      *cancellable,
              GError           **error)
{
  for (guint i = 0; i < records->len; i++)
    {
      StrataZipRecord *record = g_ptr_array_index (records, i);

      if (g_cancellable_set_error_if_cancelled (cancellable, error))
        return FALSE;

      record->data.data = -1;
      if (record->data.header < 0)
        continue;
      record->data.header += shift;
      if (!_strata_zip_record_read_header (record, file, error))
        return FALSE;
    }

  return TRUE;
}

GPtrArray *
_strata_zip_directory_read (StrataFileStream  *file,
                            goffset            file_size,
                            GCancellable      *cancellable,
                            GError           **error)
{
  g_autoptr(GPtrArray) records = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_zip_record_free);
  g_autoptr(GInputStream) stream = NULL;
  Directory directory;

  if (!find_directory (file, file_size, &directory, error) ||
      !g_seekable_seek (G_SEEKABLE (file), directory.start, G_SEEK_SET, cancellable, error))
    return NULL;

  stream = g_buffered_input_stream_new_sized (G_INPUT_STREAM (file), 64 * 1024);
  g_filter_input_stream_set_close_base_stream (G_FILTER_INPUT_STREAM (stream), FALSE);

  if (!read_entries (stream, &directory, records, cancellable, error) ||
      !settle_shift (file, records, &directory, error) ||
      !read_headers (file, records, directory.shift, cancellable, error))
    return NULL;

  return g_steal_pointer (&records);
}

/* strata-zip-record.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-zip-record-private.h"

#define HEADER_SIZE 30
#define HEADER_SIGNATURE "PK\003\004"

#define EXTRA_ZIP64 0x0001
#define EXTRA_TIME  0x5455

#define NS_PER_SECOND G_GINT64_CONSTANT (1000000000)

gboolean
_strata_zip_read_at (StrataFileStream  *file,
                     void              *buffer,
                     gsize              size,
                     goffset            offset,
                     gsize             *out_read,
                     GError           **error)
{
  *out_read = 0;

  while (*out_read < size)
    {
      gssize n_read = _strata_file_stream_read_at (file, (guint8 *)buffer + *out_read, size - *out_read,
                                                   offset + (goffset)*out_read, error);

      if (n_read < 0)
        return FALSE;
      if (n_read == 0)
        return TRUE;
      *out_read += (gsize)n_read;
    }

  return TRUE;
}

void
_strata_zip_record_free (StrataZipRecord *self)
{
  g_free (self->name);
  g_free (self->local_name);
  g_free (self);
}

void
_strata_zip_record_set_name (StrataZipRecord *self,
                             const guint8    *name,
                             gsize            length)
{
  gsize kept = MIN (length, STRATA_ZIP_MAX_NAME);

  g_free (self->name);
  self->name = g_strndup ((const char *)name, kept);
  self->is_cut = strlen (self->name) != length;
}

void
_strata_zip_record_set_time (StrataZipRecord *self,
                             guint16          date,
                             guint16          time)
{
  g_autoptr(GDateTime) moment = g_date_time_new_utc (1980 + (date >> 9), (date >> 5) & 15, date & 31,
                                                     time >> 11, (time >> 5) & 63, (time & 31) * 2);

  self->mtime_ns = moment != NULL ? g_date_time_to_unix (moment) * NS_PER_SECOND : -1;
}

/* The next number of a ZIP64 field takes the place of one that had no room. */
static void
replace_size (guint64       *inout_size,
              const guint8 **inout_field,
              gsize         *inout_left)
{
  if (*inout_size != G_MAXUINT32 || *inout_left < 8)
    return;

  *inout_size = _strata_zip_get64 (*inout_field);
  *inout_field += 8;
  *inout_left -= 8;
}

void
_strata_zip_record_read_extra (StrataZipRecord *self,
                               const guint8    *extra,
                               gsize            length,
                               guint64         *inout_offset)
{
  while (length >= 4)
    {
      guint16 id = _strata_zip_get16 (extra);
      gsize size = _strata_zip_get16 (extra + 2);
      const guint8 *field = extra + 4;

      if (size > length - 4)
        return;
      extra += 4 + size;
      length -= 4 + size;

      if (id == EXTRA_TIME && size >= 5 && (field[0] & 1) != 0)
        {
          gint32 seconds = (gint32)_strata_zip_get32 (field + 1);

          self->mtime_ns = seconds >= 0 ? seconds * NS_PER_SECOND : -1;
        }
      else if (id == EXTRA_ZIP64)
        {
          replace_size (&self->data.size, &field, &size);
          replace_size (&self->data.compressed_size, &field, &size);
          if (inout_offset != NULL)
            replace_size (inout_offset, &field, &size);
        }
    }
}

gboolean
_strata_zip_record_read_header (StrataZipRecord   *self,
                                StrataFileStream  *file,
                                GError           **error)
{
  guint8 bytes[HEADER_SIZE + STRATA_ZIP_MAX_NAME] = { 0 };
  gsize wanted = HEADER_SIZE + strlen (self->name);
  gsize n_read, length;

  if (!_strata_zip_read_at (file, bytes, wanted, self->data.header, &n_read, error))
    return FALSE;

  if (n_read < HEADER_SIZE || memcmp (bytes, HEADER_SIGNATURE, 4) != 0)
    {
      self->data.header = self->data.data = -1;
      return TRUE;
    }

  length = _strata_zip_get16 (bytes + 26);
  self->data.data = self->data.header + HEADER_SIZE + (goffset)length + _strata_zip_get16 (bytes + 28);

  if (length != wanted - HEADER_SIZE &&
      !_strata_zip_read_at (file, bytes + HEADER_SIZE, MIN (length, STRATA_ZIP_MAX_NAME),
                            self->data.header + HEADER_SIZE, &n_read, error))
    return FALSE;

  if (!self->is_cut && (length != wanted - HEADER_SIZE || memcmp (bytes + HEADER_SIZE, self->name, length) != 0))
    self->local_name = g_strndup ((const char *)bytes + HEADER_SIZE, MIN (length, STRATA_ZIP_MAX_NAME));

  return TRUE;
}

StrataZipRecord *
_strata_zip_record_new_at (StrataFileStream  *file,
                           goffset            header,
                           GError           **error)
{
  g_autoptr(StrataZipRecord) self = g_new0 (StrataZipRecord, 1);
  g_autofree guint8 *bytes = g_malloc (HEADER_SIZE + 2 * (gsize)G_MAXUINT16);
  gsize n_read, length, extra;

  if (!_strata_zip_read_at (file, bytes, HEADER_SIZE, header, &n_read, error) ||
      n_read < HEADER_SIZE || memcmp (bytes, HEADER_SIGNATURE, 4) != 0)
    return NULL;

  length = _strata_zip_get16 (bytes + 26);
  extra = _strata_zip_get16 (bytes + 28);
  if (!_strata_zip_read_at (file, bytes + HEADER_SIZE, length + extra, header + HEADER_SIZE, &n_read, error) ||
      n_read < length + extra)
    return NULL;

  self->data.header = header;
  self->data.data = header + HEADER_SIZE + (goffset)(length + extra);
  self->data.flags = _strata_zip_get16 (bytes + 6);
  self->data.method = _strata_zip_get16 (bytes + 8);
  self->data.crc32 = _strata_zip_get32 (bytes + 14);
  self->data.compressed_size = _strata_zip_get32 (bytes + 18);
  self->data.size = _strata_zip_get32 (bytes + 22);
  self->data.is_known = (self->data.flags & STRATA_ZIP_LENGTH_BEHIND) == 0;
  _strata_zip_record_set_time (self, _strata_zip_get16 (bytes + 12), _strata_zip_get16 (bytes + 10));
  _strata_zip_record_set_name (self, bytes + HEADER_SIZE, length);
  _strata_zip_record_read_extra (self, bytes + HEADER_SIZE + length, extra, NULL);

  return g_steal_pointer (&self);
}

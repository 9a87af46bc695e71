/* strata-export-zip.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "strata-export-zip-entry-private.h"
#include "strata-text-stream-private.h"
#include "strata-zip-directory-private.h"
#include "strata-zip-scan-private.h"
#include "strata-zip-stream-private.h"

/* The metadata are 73 bytes; what is this long is something else. */
#define MAX_METADATA_SIZE (64 * 1024)

struct _StrataExportZip
{
  StrataFileStream        *file;
  goffset                  file_size;
  char                    *path;
  gboolean                 is_torn;
  GPtrArray               *records;   /* StrataZipRecord, as in the ZIP */
  GPtrArray               *entries;   /* StrataExportZipEntry, the same in our eyes */
  StrataExportZipMetadata  metadata;
};

static void
free_members (gpointer data)
{
  StrataExportZip *self = data;

  g_clear_object (&self->file);
  g_clear_pointer (&self->records, g_ptr_array_unref);
  g_clear_pointer (&self->entries, g_ptr_array_unref);
  g_clear_error (&self->metadata.error);
  g_free (self->metadata.version);
  g_free (self->metadata.source);
  g_free (self->path);
}

StrataExportZip *
_strata_export_zip_ref (StrataExportZip *self)
{
  return g_atomic_rc_box_acquire (self);
}

void
_strata_export_zip_unref (StrataExportZip *self)
{
  g_atomic_rc_box_release_full (self, free_members);
}

G_GNUC_PRINTF (3, 4)
static gboolean
fail (StrataExportZip  *self,
      GError          **error,
      const char       *format,
      ...)
{
  g_autofree char *shown = g_utf8_make_valid (self->path, -1);
  g_autofree char *reason = NULL;
  va_list arguments;

  va_start (arguments, format);
  reason = g_strdup_vprintf (format, arguments);
  va_end (arguments);

  g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "“%s” is no export of Taskerino's: %s", shown, reason);

  return FALSE;
}

/* --- What is in it --- */

static gboolean
open_file (StrataExportZip  *self,
           int               dir,
           GCancellable     *cancellable,
           GError          **error)
{
  GInputStream *stream = _strata_file_stream_open_source (dir, self->path, error);

  if (stream == NULL)
    return FALSE;

  self->file = STRATA_FILE_STREAM (stream);
  if (!g_seekable_seek (G_SEEKABLE (stream), 0, G_SEEK_END, cancellable, error))
    return FALSE;
  self->file_size = g_seekable_tell (G_SEEKABLE (stream));

  return TRUE;
}

/* Lists the entries by the directory, or, if that is no use, by the headers. */
static gboolean
list_records (StrataExportZip  *self,
              GCancellable     *cancellable,
              GError          **error)
{
  g_autoptr(GError) local_error = NULL;
  guint8 begin[4] = { 0 };
  gsize n_read;

  self->records = _strata_zip_directory_read (self->file, self->file_size, cancellable, &local_error);
  if (self->records != NULL)
    return TRUE;

  if (g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND))
    {
      if (!_strata_zip_read_at (self->file, begin, sizeof begin, 0, &n_read, error))
        return FALSE;
      if (memcmp (begin, "PK\003\004", sizeof begin) != 0)
        return fail (self, error, "it is no ZIP, or only a part of one");
    }
  else if (!g_error_matches (local_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  self->is_torn = TRUE;
  self->records = _strata_zip_scan (self->file, self->file_size, cancellable, error);

  return self->records != NULL;
}

static gboolean
has_packed_folder (StrataExportZip *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (self->entries, i);

      if (g_str_has_prefix (entry->name, "db/") && g_str_has_suffix (entry->name, ".json"))
        return TRUE;
    }

  return FALSE;
}

/* A ZIP of anything else is left alone. */
static gboolean
check_is_export (StrataExportZip  *self,
                 GError          **error)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (self->entries, i);

      if (_strata_export_zip_entry_is_known (entry) &&
          (entry->state == STRATA_EXPORT_ZIP_READABLE || entry->state == STRATA_EXPORT_ZIP_ENCRYPTED))
        return TRUE;
    }

  if (has_packed_folder (self))
    return fail (self, error, "it is a data folder that somebody packed: unpack it, and give the folder");
  if (!self->is_torn)
    return fail (self, error, "it holds neither its metadata nor any collection");

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA,
                       "The ZIP is damaged, and nothing of Taskerino's is left in it");

  return FALSE;
}

/* --- Metadata --- */

/* A number of milliseconds, or a time as text */
static gint64
parse_timestamp (const char *token)
{
  g_autofree char *text = NULL;
  g_autoptr(GTimeZone) utc = g_time_zone_new_utc ();
  g_autoptr(GDateTime) moment = NULL;
  double number;

  if (*token != '"')
    {
      number = *token == '-' || g_ascii_isdigit (*token) ? g_ascii_strtod (token, NULL) : NAN;
      return number >= 0 && number < 0x1p53 ? (gint64)number : -1;
    }

  text = _strata_json_unquote (token, strlen (token));
  moment = g_date_time_new_from_iso8601 (text, utc);
  if (moment == NULL || g_date_time_to_unix (moment) < 0)
    return -1;

  return g_date_time_to_unix (moment) * 1000 + g_date_time_get_microsecond (moment) / 1000;
}

static gboolean
parse_metadata (StrataExportZipMetadata  *metadata,
                const char               *text,
                gsize                     length,
                GError                  **error)
{
  static const char *const names[] = { "timestamp", "version", "source", NULL };
  g_autoptr(GError) local_error = NULL;
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (text, length, names, &local_error);
  const char *timestamp;

  if (members == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The metadata are none: %s", local_error->message);
      return FALSE;
    }

  timestamp = _strata_json_members_get_raw (members, "timestamp");
  if (timestamp != NULL)
    metadata->timestamp_ms = parse_timestamp (timestamp);
  metadata->version = g_strdup (_strata_json_members_get_raw (members, "version"));
  metadata->source = _strata_json_members_dup_string (members, "source");

  return TRUE;
}

static gboolean
read_metadata (StrataExportZip             *self,
               const StrataExportZipEntry  *entry,
               GCancellable                *cancellable,
               GError                     **error)
{
  g_autoptr(GInputStream) stream = _strata_export_zip_open_entry (self, entry->index, error);
  g_autoptr(GInputStream) text = stream != NULL ? _strata_text_stream_new (stream) : NULL;
  g_autofree char *buffer = g_malloc (MAX_METADATA_SIZE);
  gsize n_read;

  if (text == NULL ||
      !g_input_stream_read_all (text, buffer, MAX_METADATA_SIZE, &n_read, cancellable, error))
    return FALSE;

  if (n_read == MAX_METADATA_SIZE)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The metadata are too long to be any");
      return FALSE;
    }

  return parse_metadata (&self->metadata, buffer, n_read, error);
}

/* Metadata that are none are no reason to leave the collections. */
static gboolean
find_metadata (StrataExportZip  *self,
               GCancellable     *cancellable,
               GError          **error)
{
  self->metadata.timestamp_ms = -1;

  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (self->entries, i);
      g_autoptr(GError) local_error = NULL;

      if (!entry->is_metadata ||
          (entry->state != STRATA_EXPORT_ZIP_READABLE && entry->state != STRATA_EXPORT_ZIP_ENCRYPTED))
        continue;

      self->metadata.is_there = TRUE;
      if (read_metadata (self, entry, cancellable, &local_error))
        return TRUE;

      if (!_strata_file_is_content_error (local_error))
        {
          g_propagate_error (error, g_steal_pointer (&local_error));
          return FALSE;
        }
      g_clear_error (&self->metadata.error);
      self->metadata.error = g_steal_pointer (&local_error);
    }

  return TRUE;
}

/* --- From outside --- */

StrataExportZip *
_strata_export_zip_open (int            dir,
                         const char    *path,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_autoptr(StrataExportZip) self = g_atomic_rc_box_new0 (StrataExportZip);

  self->path = g_strdup (path);
  if (!open_file (self, dir, cancellable, error) ||
      !list_records (self, cancellable, error))
    return NULL;

  self->entries = _strata_export_zip_entries_new (self->records, path);

  if (!check_is_export (self, error) ||
      !find_metadata (self, cancellable, error))
    return NULL;

  return g_steal_pointer (&self);
}

GPtrArray *
_strata_export_zip_get_entries (StrataExportZip *self)
{
  return self->entries;
}

const StrataExportZipMetadata *
_strata_export_zip_get_metadata (StrataExportZip *self)
{
  return &self->metadata;
}

gboolean
_strata_export_zip_is_torn (StrataExportZip *self)
{
  return self->is_torn;
}

const StrataExportZipEntry *
_strata_export_zip_find_collection (StrataExportZip *self,
                                    const char      *name)
{
  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataExportZipEntry *entry = g_ptr_array_index (self->entries, i);

      if (entry->role == STRATA_LEGACY_COLLECTION && entry->state == STRATA_EXPORT_ZIP_READABLE &&
          strcmp (entry->id, name) == 0)
        return entry;
    }

  return NULL;
}

GInputStream *
_strata_export_zip_open_entry (StrataExportZip  *self,
                               guint             index,
                               GError          **error)
{
  const StrataZipRecord *record;
  const StrataExportZipEntry *entry;

  g_assert (index < self->entries->len);

  record = g_ptr_array_index (self->records, index);
  entry = g_ptr_array_index (self->entries, index);

  return _strata_zip_stream_new (self->file, self->file_size, entry->path, &record->data, error);
}

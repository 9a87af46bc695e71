/* strata-export.c
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
#include "json/strata-json-members-private.h"
#include "legacy/strata-legacy-attachment-private.h"
#include "store/strata-embedded-private.h"
#include "store/strata-object-private.h"
#include "store/strata-store-private.h"
#include "store/strata-value-stream-private.h"
#include "strata-export-private.h"
#include "strata-export.h"
#include "strata-legacy-meta-private.h"
#include "strata-legacy-writer-private.h"
#include "strata-zip-writer-private.h"

#define BLOCK_BYTES (256 * 1024)

/* Sessions as one array's text, one after the other */

#define STRATA_TYPE_ARRAY_STREAM (strata_array_stream_get_type ())
G_DECLARE_FINAL_TYPE (StrataArrayStream, strata_array_stream, STRATA, ARRAY_STREAM, GInputStream)

struct _StrataArrayStream
{
  GInputStream   parent_instance;

  StrataStore   *store;
  GPtrArray     *keys;      /* borrowed */
  guint          next;
  GInputStream  *current;
  gboolean       started;
  gboolean       ended;
};

G_DEFINE_FINAL_TYPE (StrataArrayStream, strata_array_stream, G_TYPE_INPUT_STREAM)

static gssize
give (char *buffer,
      char  c)
{
  *buffer = c;

  return 1;
}

/* Opens the next session; where there is none left, closes the array. */
static gssize
start_next (StrataArrayStream  *self,
            char               *buffer,
            GError            **error)
{
  if (!self->started)
    {
      self->started = TRUE;
      return give (buffer, '[');
    }

  if (self->next == self->keys->len)
    {
      self->ended = TRUE;
      return give (buffer, ']');
    }

  self->current = strata_store_open_session (self->store, g_ptr_array_index (self->keys, self->next++), error);
  if (self->current == NULL)
    return -1;

  return self->next > 1 ? give (buffer, ',') : g_input_stream_read (self->current, buffer, 1, NULL, error);
}

static gssize
array_stream_read (GInputStream  *stream,
                   void          *buffer,
                   gsize          count,
                   GCancellable  *cancellable,
                   GError       **error)
{
  StrataArrayStream *self = STRATA_ARRAY_STREAM (stream);

  if (self->current != NULL)
    {
      gssize size = g_input_stream_read (self->current, buffer, count, cancellable, error);

      if (size != 0)
        return size;
      g_clear_object (&self->current);
    }

  return self->ended || count == 0 ? 0 : start_next (self, buffer, error);
}

static void
array_stream_finalize (GObject *object)
{
  StrataArrayStream *self = STRATA_ARRAY_STREAM (object);

  g_clear_object (&self->current);
  g_clear_object (&self->store);

  G_OBJECT_CLASS (strata_array_stream_parent_class)->finalize (object);
}

static void
strata_array_stream_class_init (StrataArrayStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = array_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = array_stream_read;
}

static void
strata_array_stream_init (StrataArrayStream *self)
{
}

/* What is exported, and where to */
typedef struct
{
  StrataStore   *store;
  GPtrArray     *keys;
  GPtrArray     *collections;  /* keys */
  const char    *collection;   /* the one being written */
  int            dir;
  StrataZipWriter *zip;        /* instead of @dir, or NULL */
  GHashTable    *done;         /* paths written */
  guint64        bytes;
  GCancellable  *cancellable;
} Export;

static GInputStream *
open_sessions (gpointer   user_data,
               GError   **error)
{
  Export *export = user_data;
  StrataArrayStream *stream = g_object_new (STRATA_TYPE_ARRAY_STREAM, NULL);

  stream->store = g_object_ref (export->store);
  stream->keys = export->keys;

  return G_INPUT_STREAM (stream);
}

static GInputStream *
open_collection (gpointer   user_data,
                 GError   **error)
{
  Export *export = user_data;

  return strata_store_open_collection (export->store, export->collection, error);
}

/* The old program's folder */

/* Old paths come from files that lay below one folder; what would leave it is not written. */
static gboolean
path_is_safe (const char *path)
{
  g_auto(GStrv) components = g_strsplit (path, "/", -1);

  for (guint i = 0; components[i] != NULL; i++)
    if (components[i][0] == '\0' || strcmp (components[i], ".") == 0 || strcmp (components[i], "..") == 0)
      return FALSE;

  return TRUE;
}

static gboolean
make_folders (Export      *export,
              const char  *path,
              GError     **error)
{
  for (const char *slash = strchr (path, '/'); slash != NULL; slash = strchr (slash + 1, '/'))
    {
      g_autofree char *folder = g_strndup (path, (gsize)(slash - path));

      if (!_strata_file_make_dir (export->dir, folder, error))
        return FALSE;
    }

  return TRUE;
}

static char *
dup_claimed_mime (const StrataAttachmentRow *row)
{
  static const char *const names[] = { "mimeType", NULL };
  g_autoptr(StrataJsonMembers) meta = row->meta != NULL
    ? _strata_json_members_parse (row->meta, strlen (row->meta), names, NULL) : NULL;
  char *mime = meta != NULL && row->original == NULL ? _strata_json_members_dup_string (meta, "mimeType") : NULL;

  if (mime == NULL || strpbrk (mime, ";,\" \n") != NULL)
    {
      g_free (mime);
      mime = _strata_legacy_meta_dup_mime (row);
    }

  return mime;
}

gboolean
_strata_export_attachment (StrataStore                *store,
                           const StrataAttachmentRow  *row,
                           gboolean                    is_text,
                           int                         dir,
                           const char                 *path,
                           guint64                    *out_bytes,
                           GCancellable               *cancellable,
                           GError                    **error)
{
  g_autofree char *mime = dup_claimed_mime (row);
  g_autoptr(GInputStream) content = _strata_value_stream_new_attachment (_strata_store_get_dir (store), row);

  return is_text ? _strata_legacy_write_data_uri (dir, path, mime, content, out_bytes, cancellable, error)
                 : _strata_legacy_write_raw (dir, path, content, out_bytes, cancellable, error);
}

/* The same as an entry of a ZIP; a picture or a video is packed already. */
static gboolean
zip_attachment (Export                     *export,
                const StrataAttachmentRow  *row,
                const char                 *path,
                GError                    **error)
{
  g_autofree char *mime = dup_claimed_mime (row);
  gboolean is_text = _strata_legacy_path_is_text (path);
  guint64 size = is_text ? strlen ("data:;base64,") + strlen (mime) + (row->bytes + 2) / 3 * 4 : row->bytes;
  g_autoptr(GInputStream) content = _strata_value_stream_new_attachment (_strata_store_get_dir (export->store), row);

  if (!_strata_zip_writer_begin (export->zip, path, (gint64)size, is_text, error))
    return FALSE;

  return is_text ? _strata_legacy_put_data_uri (mime, content, _strata_zip_writer_put, export->zip, export->cancellable, error)
                 : _strata_legacy_put_raw (content, _strata_zip_writer_put, export->zip, export->cancellable, error);
}

static gboolean
write_attachment_bytes (Export                     *export,
                        const StrataAttachmentRow  *row,
                        GError                    **error)
{
  g_autofree char *path = row->source_path != NULL ? g_strdup (row->source_path) : _strata_legacy_meta_dup_path (row);
  guint64 bytes = 0;

  if (!path_is_safe (path) || !g_hash_table_add (export->done, g_strdup (path)))
    return TRUE;
  if (export->zip != NULL)
    return zip_attachment (export, row, path, error);

  if (!make_folders (export, path, error) ||
      !_strata_export_attachment (export->store, row, _strata_legacy_path_is_text (path), export->dir, path, &bytes,
                                  export->cancellable, error))
    return FALSE;
  export->bytes += bytes;

  return TRUE;
}

/* Metadata that stood in a note or task goes out with that; only what was a file is one again. */
static gboolean
had_meta_file (const StrataAttachmentRow *row)
{
  return row->meta != NULL && row->source_bytes > (row->source_path != NULL ? row->source_size : 0);
}

/* Without metadata the old program does not see an attachment: what was made in the store gets some. */
static char *
make_meta (Export                    *export,
           gboolean                   in_session,
           const StrataAttachmentRow *row)
{
  g_autofree char *object = _strata_object_dup_path (&row->digest, row->extension);
  struct stat status = { 0, };

  /* What is not there can't be exported, and that is said when it is tried */
  _strata_file_stat (_strata_store_get_dir (export->store), object, &status, NULL);

  return _strata_legacy_meta_dup_text (row, in_session, status.st_mtim.tv_sec);
}

/* Whether it gets a file of metadata */
static gboolean
needs_meta (const StrataAttachmentRow *row)
{
  return had_meta_file (row) || _strata_legacy_meta_is_needed (row);
}

static GString *
dup_meta (Export                     *export,
          gboolean                    in_session,
          const StrataAttachmentRow  *row,
          GError                    **error)
{
  g_autofree char *made = NULL;

  if (row->meta != NULL)
    return _strata_embedded_put_back (row, _strata_store_get_dir (export->store), export->cancellable, error);
  made = make_meta (export, in_session, row);

  return g_string_new (made);
}

static gboolean
write_meta (Export         *export,
            const char     *path,
            const GString  *meta,
            GError        **error)
{
  if (export->zip != NULL)
    return _strata_zip_writer_begin (export->zip, path, (gint64)meta->len, TRUE, error) &&
           _strata_zip_writer_put (meta->str, meta->len, export->zip, error);

  export->bytes += meta->len;

  return _strata_file_make_dir (export->dir, "attachments", error) &&
         _strata_file_create (export->dir, path, meta->str, meta->len, error);
}

static gboolean
write_attachment (Export                     *export,
                  gboolean                    in_session,
                  const StrataAttachmentRow  *row,
                  GError                    **error)
{
  g_autofree char *meta_path = g_strdup_printf ("attachments/%s.meta.json", row->id);

  if (needs_meta (row) && strchr (row->id, '/') == NULL && path_is_safe (row->id) &&
      g_hash_table_add (export->done, g_strdup (meta_path)))
    {
      g_autoptr(GString) meta = dup_meta (export, in_session, row, error);

      if (meta == NULL || !write_meta (export, meta_path, meta, error))
        return FALSE;
    }

  return !_strata_attachment_row_has_bytes (row) || write_attachment_bytes (export, row, error);
}

static gboolean
write_attachments_of (Export      *export,
                      gboolean     is_collection,
                      const char  *key,
                      GError     **error)
{
  g_autoptr(StrataManifest) manifest = _strata_store_load (export->store, is_collection, key, error);
  g_autoptr(GPtrArray) rows = manifest != NULL ? _strata_store_load_rows (export->store, manifest, error) : NULL;

  if (rows == NULL)
    return FALSE;

  for (guint i = 0; i < rows->len; i++)
    if (!write_attachment (export, !is_collection, g_ptr_array_index (rows, i), error))
      return FALSE;

  return TRUE;
}

/* Not laid out: where values are in one another 100,000 deep the spaces alone would be gigabytes. */
static gboolean
zip_payload (Export             *export,
             const char         *name,
             StrataPayloadFunc   func,
             GError            **error)
{
  g_autoptr(GInputStream) stream = func (export, error);

  return stream != NULL && _strata_zip_writer_begin (export->zip, name, -1, TRUE, error) &&
         _strata_legacy_put_raw (stream, _strata_zip_writer_put, export->zip, export->cancellable, error);
}

static gboolean
write_file (Export             *export,
            const char         *name,
            StrataPayloadFunc   func,
            GError            **error)
{
  g_autofree char *path = g_strdup_printf ("db/%s.json", name);
  guint64 bytes = 0;

  if (!path_is_safe (path) || strchr (name, '/') != NULL)
    return TRUE;
  if (export->zip != NULL)
    return zip_payload (export, path + strlen ("db/"), func, error);
  if (!_strata_file_make_dir (export->dir, "db", error) ||
      !_strata_legacy_write_collection (export->dir, path, func, export, &bytes, export->cancellable, error))
    return FALSE;
  export->bytes += bytes;

  return TRUE;
}

static gboolean
write_collection (Export      *export,
                  const char  *key,
                  GError     **error)
{
  g_autoptr(GError) name_error = NULL;
  g_autofree char *name = strata_store_dup_collection_name (export->store, key, &name_error);

  if (name_error != NULL)
    {
      g_propagate_error (error, g_steal_pointer (&name_error));
      return FALSE;
    }
  export->collection = key;

  return (name == NULL || write_file (export, name, open_collection, error)) &&
         write_attachments_of (export, TRUE, key, error);
}

/* Sessions first: who looks for these alone need not look further. */
static gboolean
write_all (Export  *export,
           GError **error)
{
  gboolean ok = write_file (export, "sessions", open_sessions, error);

  for (guint i = 0; i < export->keys->len && ok; i++)
    ok = write_attachments_of (export, FALSE, g_ptr_array_index (export->keys, i), error);
  for (guint i = 0; i < export->collections->len && ok; i++)
    ok = write_collection (export, g_ptr_array_index (export->collections, i), error);

  return ok;
}

static gboolean
write_folder (Export      *export,
              const char  *path,
              GError     **error)
{
  gboolean ok;

  if (_strata_seam_get ()->mkdir (AT_FDCWD, path) < 0)
    {
      _strata_file_set_error (error, errno, "create folder", path);
      return FALSE;
    }

  export->dir = _strata_file_open (AT_FDCWD, path, O_RDONLY | O_DIRECTORY, error);
  if (export->dir < 0)
    return FALSE;

  ok = write_all (export, error);
  if (ok && _strata_seam_get ()->syncfs (export->dir) < 0)
    {
      _strata_file_set_error (error, errno, "save to disk", path);
      ok = FALSE;
    }
  _strata_file_close (export->dir);

  return ok;
}

/* A ZIP */

static gint64
parse_ms (const char *time)
{
  g_autoptr(GDateTime) parsed = time != NULL ? g_date_time_new_from_iso8601 (time, NULL) : NULL;

  return parsed != NULL ? g_date_time_to_unix (parsed) * 1000 + g_date_time_get_microsecond (parsed) / 1000 : 0;
}

/* Not of the export, but of what is in it, so that the same sessions make the same ZIP. 0: none says */
static gboolean
find_newest (Export  *export,
             gint64  *out_time_ms,
             GError **error)
{
  *out_time_ms = 0;
  for (guint i = 0; i < export->keys->len; i++)
    {
      g_autoptr(StrataSessionInfo) info = strata_store_find_session (export->store, g_ptr_array_index (export->keys, i), error);

      if (info == NULL)
        return FALSE;
      *out_time_ms = MAX (*out_time_ms, MAX (parse_ms (info->start), parse_ms (info->end)));
    }

  return TRUE;
}

/* As the old export has it */
static gboolean
write_metadata (Export  *export,
                GError **error)
{
  g_autofree char *text = NULL;
  gint64 newest_ms;

  if (!find_newest (export, &newest_ms, error))
    return FALSE;
  text = g_strdup_printf ("{\n  \"version\": 1,\n  \"timestamp\": %" G_GINT64_FORMAT ",\n  \"source\": \"strata\"\n}", newest_ms);

  return _strata_zip_writer_begin (export->zip, "export-metadata.json", (gint64)strlen (text), TRUE, error) &&
         _strata_zip_writer_put (text, strlen (text), export->zip, error);
}

static gboolean
write_zip (Export      *export,
           const char  *path,
           GError     **error)
{
  g_autoptr(StrataZipWriter) zip = _strata_zip_writer_new (path, error);

  export->zip = zip;

  return zip != NULL && write_metadata (export, error) && write_all (export, error) &&
         !g_cancellable_set_error_if_cancelled (export->cancellable, error) &&
         _strata_zip_writer_finish (zip, &export->bytes, error);
}

/* One file of JSON */

static gboolean
write_array (Export      *export,
             const char  *path,
             GError     **error)
{
  g_autoptr(GInputStream) stream = open_sessions (export, error);
  g_autofree char *block = g_malloc (BLOCK_BYTES);
  gssize size = 0;
  gboolean ok;
  int fd = _strata_file_open (AT_FDCWD, path, O_WRONLY | O_CREAT | O_EXCL, error);

  if (fd < 0)
    return FALSE;

  ok = TRUE;
  while (ok && (size = g_input_stream_read (stream, block, BLOCK_BYTES, export->cancellable, error)) > 0)
    {
      export->bytes += (guint64)size;
      ok = _strata_file_write_all (fd, block, (gsize)size, path, error);
    }
  ok = ok && size == 0 && _strata_file_write_all (fd, "\n", 1, path, error) && _strata_file_sync (fd, path, error);
  export->bytes++;
  _strata_file_close (fd);

  return ok;
}

static GPtrArray *
list_all_keys (StrataStore  *store,
               GError      **error)
{
  g_autoptr(GPtrArray) sessions = strata_store_list_sessions (store, STRATA_SESSION_ORDER_SOURCE, 0, error);
  GPtrArray *keys;

  if (sessions == NULL)
    return NULL;

  keys = g_ptr_array_new_with_free_func (g_free);
  for (guint i = 0; i < sessions->len; i++)
    g_ptr_array_add (keys, g_strdup (((StrataSessionInfo *)g_ptr_array_index (sessions, i))->key));

  return keys;
}

/* @everything: FALSE: none of them */
static GPtrArray *
list_all_collections (StrataStore  *store,
                      gboolean      everything,
                      GError      **error)
{
  GPtrArray *keys = g_ptr_array_new_with_free_func (g_free);
  g_auto(GStrv) collections = everything ? strata_store_list_collections (store, error) : NULL;

  for (guint i = 0; collections != NULL && collections[i] != NULL; i++)
    g_ptr_array_add (keys, g_strdup (collections[i]));
  if (everything && collections == NULL)
    g_clear_pointer (&keys, g_ptr_array_unref);

  return keys;
}

gboolean
_strata_export_some (StrataStore   *store,
                     GPtrArray     *sessions,
                     GPtrArray     *collections,
                     const char    *path,
                     guint64       *out_bytes,
                     GCancellable  *cancellable,
                     GError       **error)
{
  g_autoptr(GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Export export = { .store = store, .keys = sessions, .collections = collections, .done = done, .cancellable = cancellable, .dir = -1 };
  gboolean ok = write_folder (&export, path, error);

  *out_bytes = export.bytes;

  return ok;
}

/**
 * strata_export:
 * @store: a store
 * @keys: (nullable) (array zero-terminated=1): sessions to export; %NULL: all
 *   of them, with all collections
 * @format: as what
 * @path: a file or folder that must not be there yet
 * @out_sessions: (out): how many were written
 * @out_bytes: (out): length of what was written
 * @cancellable: (nullable): a cancellable
 *
 * Gives data back, in the old program's format or as plain JSON; it is on disk on
 * success. On failure what was written so far stays at @path, and of a ZIP nothing.
 *
 * Returns: whether it succeeded; %G_IO_ERROR_EXISTS where something is at @path
 */
gboolean
strata_export (StrataStore         *store,
               const char *const   *keys,
               StrataExportFormat   format,
               const char          *path,
               guint64             *out_sessions,
               guint64             *out_bytes,
               GCancellable        *cancellable,
               GError             **error)
{
  g_autoptr(GHashTable) done = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  g_autoptr(GPtrArray) list = NULL;
  g_autoptr(GPtrArray) collections = NULL;
  Export export = { .store = store, .done = done, .cancellable = cancellable, .dir = -1 };
  gboolean (*write) (Export *, const char *, GError **) = format == STRATA_EXPORT_LEGACY ? write_folder
                                                          : format == STRATA_EXPORT_ZIP ? write_zip : write_array;
  gboolean ok;

  g_return_val_if_fail (STRATA_IS_STORE (store), FALSE);
  g_return_val_if_fail (path != NULL, FALSE);

  list = keys == NULL ? list_all_keys (store, error) : g_ptr_array_new_with_free_func (g_free);
  collections = list != NULL ? list_all_collections (store, keys == NULL, error) : NULL;
  if (collections == NULL)
    return FALSE;
  for (guint i = 0; keys != NULL && keys[i] != NULL; i++)
    g_ptr_array_add (list, g_strdup (keys[i]));

  export.keys = list;
  export.collections = collections;
  ok = write (&export, path, error);
  *out_sessions = list->len;
  *out_bytes = export.bytes;

  return ok;
}

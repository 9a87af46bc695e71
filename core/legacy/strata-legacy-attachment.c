/* strata-legacy-attachment.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-data-uri-private.h"
#include "strata-legacy-attachment-private.h"
#include "strata-legacy-path-private.h"

/* Metadata is a line of text and a thumbnail, at most a whole screenshot. */
#define MAX_META_SIZE (64 * 1024 * 1024)

/* One attachment being looked for */
typedef struct
{
  StrataLegacyStore           *store;
  StrataLegacyAttachment      *attachment;
  StrataLegacyAttachmentFiles  files;
  StrataProblemFunc            report;
  gpointer                     user_data;

  gboolean                     meta_explained;  /* a problem says why there is no metadata */
  gboolean                     data_explained;  /* … why there are no bytes */
} Search;

static void
report (Search     *search,
        const char *code,
        const char *path,
        gint64      offset,
        const char *message)
{
  if (search->report != NULL)
    search->report (strata_problem_new (code, path, NULL, search->attachment->id, offset, "%s", message),
                    search->user_data);
}

/* Whether @file can be read; if not, says why. */
static gboolean
check_file (Search                 *search,
            const StrataLegacyFile *file,
            gboolean               *inout_explained)
{
  if (file == NULL)
    return FALSE;

  if (file->role == STRATA_LEGACY_LINK)
    report (search, "link-skipped", file->path, -1, "A link or special file stands here: it was not followed");
  else if (file->role == STRATA_LEGACY_NOT_DOWNLOADED)
    report (search, "not-downloaded", file->path, -1,
            "This file is still in the cloud: download it and run the migration again");
  else
    return TRUE;

  *inout_explained = TRUE;

  return FALSE;
}

/* --- Metadata --- */

static gboolean
collect_limited (const char  *text,
                 gsize        length,
                 gpointer     user_data,
                 GError     **error)
{
  GString *meta = user_data;

  if (length > MAX_META_SIZE - meta->len)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The metadata is too large to be any");
      return FALSE;
    }
  g_string_append_len (meta, text, (gssize)length);

  return TRUE;
}

static gboolean
read_object (StrataJsonReader  *reader,
             GString           *meta,
             GError           **error)
{
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, NULL, error))
    return FALSE;

  if (kind != STRATA_JSON_OBJECT)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The metadata is no JSON object");
      return FALSE;
    }

  return _strata_json_reader_take (reader, collect_limited, meta, NULL, error) &&
         _strata_json_reader_finish (reader, NULL, error);
}

/* Reads .meta.json. Metadata that is none is a problem, not a failure. */
static gboolean
read_meta (Search  *search,
           GError **error)
{
  const char *path = search->files.meta->path;
  g_autoptr(GInputStream) stream = _strata_legacy_store_open_file (search->store, path, error);
  g_autoptr(StrataJsonReader) reader = NULL;
  g_autoptr(GString) meta = g_string_new (NULL);
  g_autoptr(GError) local_error = NULL;
  StrataJsonPosition position;

  if (stream == NULL)
    return FALSE;

  reader = _strata_json_reader_new (stream);
  if (read_object (reader, meta, &local_error))
    {
      search->attachment->meta = g_string_free (g_steal_pointer (&meta), FALSE);
      return TRUE;
    }

  if (!_strata_file_is_content_error (local_error))
    {
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  _strata_json_reader_get_position (reader, &position);
  report (search, "attachment-meta-invalid", path, (gint64)position.offset, local_error->message);
  search->meta_explained = TRUE;

  return TRUE;
}

static char **
find_field (StrataLegacyAttachment *self,
            const GString          *name)
{
  g_autofree char *text = _strata_json_unquote (name->str, name->len);

  if (strcmp (text, "type") == 0)
    return &self->type;
  if (strcmp (text, "mimeType") == 0)
    return &self->mime;
  if (strcmp (text, "name") == 0)
    return &self->name;
  if (strcmp (text, "path") == 0)
    return &self->recorded_path;

  return NULL;
}

/* Pulls out what we need to know. The metadata is valid JSON, as a reader gave
 * it; of several members of one name the last counts, as for the old program.
 */
static void
read_fields (StrataLegacyAttachment *self)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (self->meta, strlen (self->meta));
  g_autoptr(GString) name = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, NULL))
    return;

  while (_strata_json_reader_next_member (reader, name, &more, NULL, NULL) && more)
    {
      char **field = find_field (self, name);
      g_autoptr(GString) token = g_string_new (NULL);

      if (!_strata_json_reader_peek (reader, &kind, NULL, NULL))
        return;

      if (field == NULL)
        {
          if (!_strata_json_reader_take (reader, NULL, NULL, NULL, NULL))
            return;
          continue;
        }

      if (!_strata_json_reader_take_string (reader, token, NULL, NULL))
        return;
      g_clear_pointer (field, g_free);
      if (kind == STRATA_JSON_STRING)
        *field = _strata_json_unquote (token->str, token->len);
    }
}

static gboolean
find_meta (Search      *search,
           const char  *inline_meta,
           GError     **error)
{
  StrataLegacyAttachment *attachment = search->attachment;

  if (check_file (search, search->files.meta, &search->meta_explained) && !read_meta (search, error))
    return FALSE;

  if (attachment->meta == NULL)
    attachment->meta = g_strdup (inline_meta);
  if (attachment->meta != NULL)
    read_fields (attachment);

  return TRUE;
}

/* --- Bytes --- */

gboolean
_strata_legacy_path_is_text (const char *path)
{
  return g_str_has_prefix (path, "attachments/") && g_str_has_suffix (path, ".dat") &&
         strchr (path + strlen ("attachments/"), '/') == NULL;
}

static void
set_source (StrataLegacyAttachment *self,
            const char             *path,
            guint64                 size,
            gint64                  mtime_ns)
{
  if (_strata_legacy_path_is_text (path))
    self->data_path = g_strdup (path);
  else
    self->file_path = g_strdup (path);
  self->source_size = size;
  self->source_mtime_ns = mtime_ns;
}

static void
use_file (Search                 *search,
          const StrataLegacyFile *file)
{
  set_source (search->attachment, file->path, file->size, file->mtime_ns);
}

/* Nothing is at @path: it may stand in a cloud. */
static void
check_placeholder (Search     *search,
                   const char *path)
{
  g_autofree char *folder = g_path_get_dirname (path);
  g_autofree char *name = g_path_get_basename (path);
  g_autofree char *placeholder = g_strdup_printf ("%s/.%s.icloud", folder, name);
  StrataLegacyFile file = { .path = placeholder, .role = STRATA_LEGACY_NOT_DOWNLOADED };
  struct stat status;

  if (_strata_legacy_store_stat (search->store, placeholder, &status) == 0)
    check_file (search, &file, &search->data_explained);
}

/* Looks at the file that the recorded path means. */
static gboolean
use_path (Search                *search,
          const char            *path,
          StrataLegacyPathKind   kind,
          GError               **error)
{
  StrataLegacyFile link = { .path = (char *)path, .role = STRATA_LEGACY_LINK };
  struct stat status;

  if (_strata_legacy_store_stat (search->store, path, &status) < 0)
    {
      int saved_errno = errno;

      /* Also a folder on the way may be a link */
      if (saved_errno == ELOOP)
        check_file (search, &link, &search->data_explained);
      else if (saved_errno == ENOENT || saved_errno == ENOTDIR)
        check_placeholder (search, path);
      else if (saved_errno != ENAMETOOLONG && saved_errno != EINVAL && saved_errno != EILSEQ)
        {
          _strata_file_set_error (error, saved_errno, "look at", path);
          return FALSE;
        }
      return TRUE;
    }

  if (S_ISREG (status.st_mode))
    {
      set_source (search->attachment, path, (guint64)status.st_size, _strata_file_get_mtime_ns (&status));
      if (kind == STRATA_LEGACY_PATH_MOVED)
        report (search, "attachment-path-stale", path, -1,
                "The recorded path is not there; the file was found by its part below the store");
    }
  else if (!S_ISDIR (status.st_mode))
    check_file (search, &link, &search->data_explained);

  return TRUE;
}

static gboolean
find_by_path (Search  *search,
              GError **error)
{
  const char *recorded = search->attachment->recorded_path;
  g_autofree char *path = NULL;
  StrataLegacyPathKind kind;

  if (recorded == NULL)
    return TRUE;

  kind = _strata_legacy_path_resolve (recorded, _strata_legacy_store_get_attachments_path (search->store), &path);
  if (kind == STRATA_LEGACY_PATH_OUTSIDE)
    {
      report (search, "attachment-outside", search->files.meta != NULL ? search->files.meta->path : NULL, -1,
              "The recorded path points outside the old store: it was not read");
      search->data_explained = TRUE;
    }

  return path == NULL || use_path (search, path, kind, error);
}

static gboolean
find_data (Search  *search,
           GError **error)
{
  if (check_file (search, search->files.data, &search->data_explained))
    {
      use_file (search, search->files.data);
      return TRUE;
    }

  if (check_file (search, search->files.file, &search->data_explained))
    {
      use_file (search, search->files.file);
      return TRUE;
    }

  return find_by_path (search, error);
}

/* Says what is missing without a reason given yet. */
static void
report_missing (Search *search)
{
  StrataLegacyAttachment *attachment = search->attachment;
  gboolean has_data = attachment->data_path != NULL || attachment->file_path != NULL;
  gboolean is_link = attachment->type != NULL && strcmp (attachment->type, "link") == 0;

  if (has_data && attachment->meta == NULL && !search->meta_explained)
    report (search, "attachment-meta-missing",
            attachment->data_path != NULL ? attachment->data_path : attachment->file_path, -1,
            "There are bytes without metadata: they are kept, their type is found from the bytes");

  if (has_data || search->data_explained || is_link)
    return;

  if (search->files.meta != NULL || attachment->meta != NULL)
    report (search, "attachment-data-missing", search->files.meta != NULL ? search->files.meta->path : NULL, -1,
            "There is metadata, but its bytes are nowhere");
  else
    report (search, "attachment-missing", NULL, -1, "It is referred to, but there is no file of it");
}

StrataLegacyAttachment *
_strata_legacy_attachment_load_inline (StrataLegacyStore  *store,
                                       const char         *id,
                                       const char         *inline_meta,
                                       StrataProblemFunc   report_func,
                                       gpointer            user_data,
                                       GError            **error)
{
  g_autoptr(StrataLegacyAttachment) self = g_new0 (StrataLegacyAttachment, 1);
  g_auto(StrataLegacyAttachmentFiles) files = { 0 };
  Search search = { .store = store, .attachment = self, .report = report_func, .user_data = user_data };

  self->id = g_strdup (id);
  _strata_legacy_store_find_attachment (store, id, &files);
  search.files = files;

  if (!find_meta (&search, inline_meta, error) ||
      !find_data (&search, error))
    return NULL;

  report_missing (&search);

  return g_steal_pointer (&self);
}

StrataLegacyAttachment *
_strata_legacy_attachment_load (StrataLegacyStore  *store,
                                const char         *id,
                                StrataProblemFunc   report_func,
                                gpointer            user_data,
                                GError            **error)
{
  return _strata_legacy_attachment_load_inline (store, id, NULL, report_func, user_data, error);
}

void
_strata_legacy_attachment_free (StrataLegacyAttachment *self)
{
  g_free (self->id);
  g_free (self->meta);
  g_free (self->type);
  g_free (self->mime);
  g_free (self->name);
  g_free (self->recorded_path);
  g_free (self->data_path);
  g_free (self->file_path);
  g_free (self);
}

GInputStream *
_strata_legacy_attachment_open (StrataLegacyStore       *store,
                                StrataLegacyAttachment  *self,
                                GError                 **error)
{
  g_autoptr(GInputStream) text = NULL;

  if (self->file_path != NULL)
    return _strata_legacy_store_open_file (store, self->file_path, error);

  if (self->data_path == NULL)
    {
      g_set_error (error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND, "Attachment “%s” has no bytes", self->id);
      return NULL;
    }

  text = _strata_legacy_store_open_file (store, self->data_path, error);

  return text != NULL ? _strata_data_uri_decode (text, NULL, error) : NULL;
}

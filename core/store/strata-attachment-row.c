/* strata-attachment-row.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-attachment-row-private.h"

static const char *const names[] = {
  "id", "state", "sha256", "bytes", "ext", "mime", "name", "problem", "from", "original", "embedded", "meta", NULL
};

static const char *const from_names[] = { "path", "bytes", "size", "mtime_ns", "root", NULL };

static const char *const embedded_names[] = { "at", "sha256", "bytes", "ext", NULL };

static const char *const original_names[] = { "sha256", "bytes", "ext", "mime", "width", "height", "quality", NULL };

static const char *const state_names[] = {
  [STRATA_ATTACHMENT_OBJECT] = "object",
  [STRATA_ATTACHMENT_MISSING] = "missing",
  [STRATA_ATTACHMENT_WEBP] = "webp",
  [STRATA_ATTACHMENT_REFERENCE] = "reference",
};

void
_strata_attachment_row_free (StrataAttachmentRow *row)
{
  g_free (row->id);
  g_free (row->extension);
  g_free (row->mime);
  g_free (row->name);
  g_free (row->problem);
  g_free (row->source_path);
  g_free (row->source_root);
  g_free (row->meta);
  g_clear_pointer (&row->original, _strata_original_free);
  g_clear_pointer (&row->embedded, g_ptr_array_unref);
  g_free (row);
}

void
_strata_embedded_free (StrataEmbedded *embedded)
{
  g_free (embedded->extension);
  g_free (embedded);
}

guint
_strata_attachment_row_get_n_objects (const StrataAttachmentRow *row)
{
  return (_strata_attachment_row_has_object (row) ? 1 : 0) + (row->embedded != NULL ? row->embedded->len : 0);
}

void
_strata_attachment_row_get_object (const StrataAttachmentRow *row,
                                   guint                      index,
                                   StrataRowObject           *out_object)
{
  const StrataEmbedded *embedded;

  if (index == 0 && _strata_attachment_row_has_object (row))
    {
      out_object->digest = row->digest;
      out_object->bytes = row->bytes;
      out_object->extension = row->extension;
      return;
    }

  embedded = g_ptr_array_index (row->embedded, index - (_strata_attachment_row_has_object (row) ? 1 : 0));
  out_object->digest = embedded->digest;
  out_object->bytes = embedded->bytes;
  out_object->extension = embedded->extension;
}

void
_strata_original_free (StrataOriginal *original)
{
  g_free (original->extension);
  g_free (original->mime);
  g_free (original);
}

StrataOriginal *
_strata_original_copy (const StrataOriginal *original)
{
  StrataOriginal *copy = g_memdup2 (original, sizeof *original);

  copy->extension = g_strdup (original->extension);
  copy->mime = g_strdup (original->mime);

  return copy;
}

char *
_strata_original_to_text (const StrataOriginal *original)
{
  GString *text = g_string_new ("{");

  _strata_json_add_digest (text, "sha256", &original->digest);
  _strata_json_add_uint (text, "bytes", original->bytes);
  _strata_json_add_string (text, "ext", original->extension);
  _strata_json_add_string (text, "mime", original->mime);
  _strata_json_add_uint (text, "width", original->width);
  _strata_json_add_uint (text, "height", original->height);
  if (original->quality == STRATA_QUALITY_LOSSLESS)
    _strata_json_add_raw (text, "quality", NULL);
  else
    _strata_json_add_uint (text, "quality", (guint64)original->quality);
  _strata_json_close_object (text);

  return g_string_free (text, FALSE);
}

/* An extension is part of a file's name. */
static gboolean
is_extension (const char *text)
{
  return text != NULL && strspn (text, "abcdefghijklmnopqrstuvwxyz0123456789") == strlen (text);
}

StrataOriginal *
_strata_original_parse (const char  *text,
                        GError     **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (text, strlen (text), original_names, error);
  g_autoptr(StrataOriginal) original = g_new0 (StrataOriginal, 1);
  const char *quality;

  if (members == NULL)
    return NULL;

  original->bytes = _strata_json_members_get_uint (members, "bytes");
  original->extension = _strata_json_members_dup_string (members, "ext");
  original->mime = _strata_json_members_dup_string (members, "mime");
  original->width = (guint)_strata_json_members_get_uint (members, "width");
  original->height = (guint)_strata_json_members_get_uint (members, "height");
  quality = _strata_json_members_get_raw (members, "quality");
  original->quality = quality == NULL || strcmp (quality, "null") == 0
                        ? STRATA_QUALITY_LOSSLESS : (int)_strata_json_members_get_uint (members, "quality");
  if (!_strata_json_members_get_digest (members, "sha256", &original->digest) || !is_extension (original->extension))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "What an image was before can't be read");
      return NULL;
    }

  return g_steal_pointer (&original);
}

const char *
_strata_attachment_state_name (StrataAttachmentState state)
{
  return (guint)state < G_N_ELEMENTS (state_names) ? state_names[state] : state_names[STRATA_ATTACHMENT_MISSING];
}

static void
append_embedded (GPtrArray *list,
                 GString   *text)
{
  g_string_append (text, "\"embedded\":[");
  for (guint i = 0; i < list->len; i++)
    {
      const StrataEmbedded *embedded = g_ptr_array_index (list, i);

      g_string_append_c (text, '{');
      _strata_json_add_uint (text, "at", embedded->at);
      _strata_json_add_digest (text, "sha256", &embedded->digest);
      _strata_json_add_uint (text, "bytes", embedded->bytes);
      _strata_json_add_string (text, "ext", embedded->extension);
      _strata_json_close_object (text);
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
}

/* Appends the row as one JSON object. */
void
_strata_attachment_row_append (const StrataAttachmentRow *row,
                               GString                   *text)
{
  gboolean has_bytes = _strata_attachment_row_has_bytes (row);
  g_autofree char *original = row->original != NULL ? _strata_original_to_text (row->original) : NULL;

  g_string_append_c (text, '{');
  _strata_json_add_string (text, "id", row->id);
  _strata_json_add_string (text, "state", _strata_attachment_state_name (row->state));
  _strata_json_add_digest (text, "sha256", has_bytes ? &row->digest : NULL);
  if (has_bytes)
    _strata_json_add_uint (text, "bytes", row->bytes);
  else
    _strata_json_add_raw (text, "bytes", NULL);
  _strata_json_add_string (text, "ext", row->extension);
  _strata_json_add_string (text, "mime", row->mime);
  _strata_json_add_string (text, "name", row->name);
  _strata_json_add_string (text, "problem", row->problem);
  g_string_append (text, "\"from\":");
  /* Of one whose bytes are missing there may be a file with metadata */
  if (row->source_path != NULL || row->source_bytes > 0)
    {
      g_string_append_c (text, '{');
      _strata_json_add_string (text, "path", row->source_path);
      _strata_json_add_uint (text, "bytes", row->source_bytes);
      _strata_json_add_uint (text, "size", row->source_size);
      _strata_json_add_int (text, "mtime_ns", row->source_mtime_ns);
      if (row->source_root != NULL)
        _strata_json_add_string (text, "root", row->source_root);
      _strata_json_close_object (text);
      g_string_append_c (text, ',');
    }
  else
    g_string_append (text, "null,");
  if (original != NULL)
    _strata_json_add_raw (text, "original", original);
  if (row->embedded != NULL)
    append_embedded (row->embedded, text);
  _strata_json_add_raw (text, "meta", row->meta);
  _strata_json_close_object (text);
}

/* A row's state follows from what it has. */
static gboolean
read_state (StrataAttachmentRow  *row,
            StrataJsonMembers    *members,
            GError              **error)
{
  const char *original = _strata_json_members_get_raw (members, "original");

  row->state = _strata_json_members_get_digest (members, "sha256", &row->digest)
                 ? STRATA_ATTACHMENT_OBJECT : STRATA_ATTACHMENT_MISSING;
  if (row->state == STRATA_ATTACHMENT_MISSING || original == NULL || strcmp (original, "null") == 0)
    return TRUE;

  row->state = STRATA_ATTACHMENT_WEBP;
  row->original = _strata_original_parse (original, error);

  return row->original != NULL;
}

/* @end: of the metadata; @inout_at: where the one before it goes */
static StrataEmbedded *
read_one_embedded (StrataJsonReader  *reader,
                   gsize              end,
                   guint64           *inout_at,
                   GError           **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_read (reader, embedded_names, error);
  StrataEmbedded *embedded;

  if (members == NULL)
    return NULL;

  embedded = g_new0 (StrataEmbedded, 1);
  embedded->at = _strata_json_members_get_uint (members, "at");
  embedded->bytes = _strata_json_members_get_uint (members, "bytes");
  embedded->extension = _strata_json_members_dup_string (members, "ext");
  if (_strata_json_members_get_digest (members, "sha256", &embedded->digest) && is_extension (embedded->extension) &&
      embedded->at >= *inout_at && embedded->at <= end)
    {
      *inout_at = embedded->at;
      return embedded;
    }

  _strata_embedded_free (embedded);
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "What an attachment's metadata had embedded can't be read");

  return NULL;
}

static gboolean
read_embedded (StrataAttachmentRow  *row,
               const char           *text,
               GError              **error)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  guint64 at = 0;
  gboolean more;

  if (text == NULL)
    return TRUE;
  if (text[0] != '[')
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "What an attachment's metadata had embedded is no list");
      return FALSE;
    }

  row->embedded = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_embedded_free);
  reader = _strata_json_reader_new_for_data (text, strlen (text));
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      StrataEmbedded *embedded =
        more ? read_one_embedded (reader, row->meta != NULL ? strlen (row->meta) : 0, &at, error) : NULL;

      if (embedded == NULL)
        return !more;
      g_ptr_array_add (row->embedded, embedded);
    }

  return FALSE;
}

static gboolean
read_from (StrataAttachmentRow  *row,
           const char           *text,
           GError              **error)
{
  g_autoptr(StrataJsonMembers) from = NULL;

  if (text == NULL)
    return TRUE;

  from = _strata_json_members_parse (text, strlen (text), from_names, error);
  if (from == NULL)
    return FALSE;

  row->source_path = _strata_json_members_dup_string (from, "path");
  row->source_bytes = _strata_json_members_get_uint (from, "bytes");
  row->source_size = _strata_json_members_get_uint (from, "size");
  row->source_mtime_ns = _strata_json_members_get_int (from, "mtime_ns");
  row->source_root = _strata_json_members_dup_string (from, "root");
  if (row->source_root != NULL && row->source_path != NULL && row->state == STRATA_ATTACHMENT_OBJECT)
    row->state = STRATA_ATTACHMENT_REFERENCE;

  return TRUE;
}

/* At a row inside an array of them: reads it.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataAttachmentRow *
_strata_attachment_row_read (StrataJsonReader  *reader,
                             GError           **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_read (reader, names, error);
  g_autoptr(StrataAttachmentRow) row = g_new0 (StrataAttachmentRow, 1);

  if (members == NULL)
    return NULL;

  row->id = _strata_json_members_dup_string (members, "id");
  row->bytes = _strata_json_members_get_uint (members, "bytes");
  row->extension = _strata_json_members_dup_string (members, "ext");
  row->mime = _strata_json_members_dup_string (members, "mime");
  row->name = _strata_json_members_dup_string (members, "name");
  row->problem = _strata_json_members_dup_string (members, "problem");
  row->meta = g_strdup (_strata_json_members_get_raw (members, "meta"));
  if (!read_state (row, members, error) || !read_embedded (row, _strata_json_members_get_raw (members, "embedded"), error))
    return NULL;

  if (row->id == NULL || (_strata_attachment_row_has_bytes (row) && !is_extension (row->extension)))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "An attachment's row can't be read");
      return NULL;
    }

  if (!read_from (row, _strata_json_members_get_raw (members, "from"), error))
    return NULL;

  return g_steal_pointer (&row);
}

StrataAttachmentRow *
_strata_attachment_row_copy (const StrataAttachmentRow *row)
{
  g_autoptr(GString) text = g_string_new (NULL);
  g_autoptr(StrataJsonReader) reader = NULL;
  StrataAttachmentRow *copy;

  _strata_attachment_row_append (row, text);
  reader = _strata_json_reader_new_for_data (text->str, text->len);
  copy = _strata_attachment_row_read (reader, NULL);
  /* What was written here can be read */
  g_assert (copy != NULL);

  return copy;
}

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
  "id", "state", "sha256", "bytes", "ext", "mime", "name", "problem", "from", "meta", NULL
};

static const char *const from_names[] = { "path", "bytes", "size", "mtime_ns", NULL };

void
_strata_attachment_row_free (StrataAttachmentRow *row)
{
  g_free (row->id);
  g_free (row->extension);
  g_free (row->mime);
  g_free (row->name);
  g_free (row->problem);
  g_free (row->source_path);
  g_free (row->meta);
  g_free (row);
}

const char *
_strata_attachment_state_name (StrataAttachmentState state)
{
  return state == STRATA_ATTACHMENT_OBJECT ? "object" : "missing";
}

/* Appends the row as one JSON object. */
void
_strata_attachment_row_append (const StrataAttachmentRow *row,
                               GString                   *text)
{
  gboolean has_bytes = row->state == STRATA_ATTACHMENT_OBJECT;

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
      _strata_json_close_object (text);
      g_string_append_c (text, ',');
    }
  else
    g_string_append (text, "null,");
  _strata_json_add_raw (text, "meta", row->meta);
  _strata_json_close_object (text);
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
  row->state = _strata_json_members_get_digest (members, "sha256", &row->digest)
                 ? STRATA_ATTACHMENT_OBJECT : STRATA_ATTACHMENT_MISSING;

  if (row->id == NULL || (row->state == STRATA_ATTACHMENT_OBJECT &&
                          (row->extension == NULL || strspn (row->extension, "abcdefghijklmnopqrstuvwxyz0123456789") != strlen (row->extension))))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "An attachment's row can't be read");
      return NULL;
    }

  if (!read_from (row, _strata_json_members_get_raw (members, "from"), error))
    return NULL;

  return g_steal_pointer (&row);
}

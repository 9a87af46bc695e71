/* strata-legacy-meta.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "json/strata-json-write-private.h"
#include "strata-legacy-meta-private.h"

/* Ids that are made by a clock, as the old program's and ours, begin with this much of it: 2001 to 2286 */
#define MS_DIGITS 13

gboolean
_strata_legacy_meta_is_needed (const StrataAttachmentRow *row)
{
  return _strata_attachment_row_has_object (row) && row->source_path == NULL;
}

char *
_strata_legacy_meta_dup_mime (const StrataAttachmentRow *row)
{
  if (row->mime == NULL)
    return g_strdup ("application/octet-stream");
  if (strcmp (row->mime, "audio/mpeg") == 0)
    return g_strdup ("audio/mp3");

  return g_strdup (row->mime);
}

static gboolean
is_a (const StrataAttachmentRow *row,
      const char                *kind)
{
  return row->mime != NULL && g_str_has_prefix (row->mime, kind);
}

char *
_strata_legacy_meta_dup_path (const StrataAttachmentRow *row)
{
  if (is_a (row, "video/"))
    return g_strdup_printf ("attachments/videos/%s.%s", row->id, row->extension);

  return g_strdup_printf ("attachments/%s.dat", row->id);
}

static const char *
get_type (const StrataAttachmentRow *row,
          gboolean                   in_session)
{
  if (is_a (row, "image/"))
    return in_session ? "screenshot" : "image";
  if (is_a (row, "audio/"))
    return "audio";

  return is_a (row, "video/") ? "video" : "file";
}

/* The time in the id, where there is one: an object may have been there before, for another */
static char *
format_created (const StrataAttachmentRow *row,
                gint64                     created_s)
{
  const char *digits = row->id + strcspn (row->id, "0123456789");
  gint64 created_ms = created_s * 1000;
  g_autoptr(GDateTime) time = NULL;
  g_autofree char *seconds = NULL;

  if (strspn (digits, "0123456789") == MS_DIGITS && digits[0] != '0')
    created_ms = g_ascii_strtoll (digits, NULL, 10);
  time = g_date_time_new_from_unix_utc (created_ms / 1000);
  seconds = g_date_time_format (time, "%Y-%m-%dT%H:%M:%S");

  return g_strdup_printf ("%s.%03dZ", seconds, (int)(created_ms % 1000));
}

char *
_strata_legacy_meta_dup_text (const StrataAttachmentRow *row,
                              gboolean                   in_session,
                              gint64                     created_s)
{
  g_autofree char *mime = _strata_legacy_meta_dup_mime (row);
  g_autofree char *created = format_created (row, created_s);
  g_autofree char *path = _strata_legacy_meta_dup_path (row);
  GString *text = g_string_new ("{");

  _strata_json_add_string (text, "id", row->id);
  _strata_json_add_string (text, "type", get_type (row, in_session));
  _strata_json_add_string (text, "name", row->name != NULL ? row->name : row->id);
  _strata_json_add_string (text, "mimeType", mime);
  _strata_json_add_uint (text, "size", row->bytes);
  _strata_json_add_string (text, "createdAt", created);
  if (is_a (row, "video/"))
    _strata_json_add_string (text, "path", path);
  _strata_json_close_object (text);

  return g_string_free (text, FALSE);
}

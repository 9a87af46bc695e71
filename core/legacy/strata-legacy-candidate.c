/* strata-legacy-candidate.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "strata-legacy-candidate-private.h"
#include "strata-text-stream-private.h"

void
_strata_legacy_candidate_free (StrataLegacyCandidate *self)
{
  g_free (self->path);
  g_free (self->checksum);
  g_free (self->text_checksum);
  g_free (self->file);
  g_strfreev (self->members);
  g_clear_pointer (&self->left_out, g_hash_table_unref);
  g_free (self);
}

const char *
_strata_legacy_candidate_get_kind (const StrataLegacyCandidate *self)
{
  static const char *const kinds[] = { "folder", "backup", "zip", "webkit" };

  return kinds[self->where];
}

GInputStream *
_strata_legacy_candidate_open_original (const StrataLegacyCandidate  *self,
                                        GError                      **error)
{
  if (self->container == NULL)
    return _strata_file_stream_open_source (self->dir, self->file, error);
  if (self->container->zip != NULL)
    return _strata_export_zip_open_entry (self->container->zip, self->entry, error);

  return _strata_webkit_database_open_raw (self->container->database, self->entry, error);
}

/* Read more than once, it leaves the same out each time */
static void
note_left_out (const char *path,
               const char *what,
               gpointer    left_out)
{
  g_hash_table_add (left_out, g_strdup_printf ("%s (%s)", path, what));
}

GInputStream *
_strata_legacy_candidate_open_bytes (const StrataLegacyCandidate  *self,
                                     GError                      **error)
{
  if (self->container != NULL && self->container->database != NULL)
    return _strata_webkit_database_open_record (self->container->database, self->entry, note_left_out, self->left_out, error);

  return _strata_legacy_candidate_open_original (self, error);
}

StrataLegacyPayload *
_strata_legacy_candidate_open (const StrataLegacyCandidate  *self,
                               GCancellable                 *cancellable,
                               GError                      **error)
{
  g_autoptr(GInputStream) bytes = _strata_legacy_candidate_open_bytes (self, error);
  g_autoptr(GInputStream) text = bytes != NULL ? _strata_text_stream_new (bytes) : NULL;

  return text != NULL ? _strata_legacy_payload_open (text, (const char *const *)self->members, cancellable, error) : NULL;
}

gboolean
_strata_legacy_candidate_is_same_save (const StrataLegacyCandidate *a,
                                       const StrataLegacyCandidate *b)
{
  if (a->checksum == NULL)
    return FALSE;
  if (b->where == STRATA_LEGACY_IN_BACKUP)
    return g_strcmp0 (a->checksum, b->text_checksum) == 0;

  return a->timestamp_ms >= 0 && a->timestamp_ms == b->timestamp_ms &&
         g_strcmp0 (a->checksum, b->checksum) == 0;
}

const char *
_strata_legacy_error_get_code (const GError *error)
{
  if (g_error_matches (error, STRATA_ERROR, STRATA_ERROR_TOO_DEEP))
    return "nesting-too-deep";

  return g_error_matches (error, STRATA_ERROR, STRATA_ERROR_SYNTAX) ? "torn" : "payload-corrupt";
}

gboolean
_strata_legacy_id_is_usable (const char *id_token)
{
  return id_token != NULL && (g_ascii_isdigit (id_token[0]) || id_token[0] == '-' ||
                              (id_token[0] == '"' && strcmp (id_token, "\"\"") != 0));
}

static gboolean
scan_element (StrataJsonReader    *reader,
              guint64              ordinal,
              StrataLegacyIdFunc   func,
              gpointer             user_data,
              GCancellable        *cancellable,
              GError             **error)
{
  static const char *const names[] = { "id", NULL };
  g_autoptr(StrataJsonMembers) members = NULL;
  const char *id_token;
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    return _strata_json_reader_take (reader, NULL, NULL, cancellable, error);

  members = _strata_json_members_read (reader, names, error);
  if (members == NULL)
    return FALSE;

  id_token = _strata_json_members_get_raw (members, "id");
  func (ordinal, _strata_legacy_id_is_usable (id_token) ? id_token : NULL, user_data);

  return TRUE;
}

/* The array has ended: what its text's checksum would be is known if the file
 * ends well, and the time of a save that stands behind it.
 */
static void
note_end (StrataLegacyCandidate *self,
          StrataLegacyPayload   *payload,
          GCancellable          *cancellable)
{
  const StrataLegacyEnvelope *envelope = _strata_legacy_payload_get_envelope (payload);

  if (!_strata_legacy_payload_finish (payload, cancellable, NULL))
    return;

  g_free (self->text_checksum);
  self->text_checksum = g_strdup (envelope->text_checksum);
  if (self->timestamp_ms < 0)
    self->timestamp_ms = envelope->timestamp_ms;
}

gboolean
_strata_legacy_candidate_scan (StrataLegacyCandidate  *self,
                               StrataLegacyIdFunc      func,
                               gpointer                user_data,
                               GCancellable           *cancellable,
                               GError                **error)
{
  g_autoptr(StrataLegacyPayload) payload = _strata_legacy_candidate_open (self, cancellable, error);
  StrataJsonReader *reader;
  StrataJsonKind kind;
  gboolean more;

  if (payload == NULL)
    return FALSE;

  reader = _strata_legacy_payload_get_reader (payload);
  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_ARRAY)
    {
      self->is_no_list = TRUE;
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "“%s” is no list", self->path);
      return FALSE;
    }
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  for (guint64 ordinal = 0; ; ordinal++)
    {
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;
      if (!more)
        break;
      if (!scan_element (reader, ordinal, func, user_data, cancellable, error))
        return FALSE;
    }
  note_end (self, payload, cancellable);

  return TRUE;
}

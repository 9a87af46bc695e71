/* strata-legacy-envelope.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <math.h>
#include <string.h>

#include "base/strata-error.h"
#include "strata-legacy-envelope-private.h"

/* No version, checksum or timestamp is longer; a file may claim anything. */
#define MAX_TOKEN_SIZE 256

typedef enum
{
  MEMBER_VERSION,
  MEMBER_CHECKSUM,
  MEMBER_TIMESTAMP,
  MEMBER_COMPRESSED,
  MEMBER_DATA,
  MEMBER_UNKNOWN,
} Member;

static Member
find_member (const GString *name)
{
  static const char *const names[] = { "version", "checksum", "timestamp", "compressed", "data" };
  g_autofree char *text = _strata_json_unquote (name->str, name->len);

  for (guint i = 0; i < G_N_ELEMENTS (names); i++)
    if (strcmp (text, names[i]) == 0)
      return (Member)i;

  return MEMBER_UNKNOWN;
}

static gboolean
collect_short (const char  *text,
               gsize        length,
               gpointer     user_data,
               GError     **error)
{
  GString *token = user_data;

  g_string_append_len (token, text, (gssize)MIN (length, MAX_TOKEN_SIZE - token->len));

  return TRUE;
}

static void
set_member (StrataLegacyEnvelope *self,
            Member                member,
            StrataJsonKind        kind,
            const GString        *token)
{
  double number = kind == STRATA_JSON_NUMBER ? g_ascii_strtod (token->str, NULL) : NAN;

  if (member == MEMBER_VERSION)
    {
      self->has_version = TRUE;
      self->version_is_one = number == 1;
    }
  else if (member == MEMBER_TIMESTAMP)
    self->timestamp_ms = number >= 0 && number < 0x1p53 ? (gint64)number : -1;
  else if (member == MEMBER_CHECKSUM)
    {
      g_clear_pointer (&self->checksum, g_free);
      if (kind == STRATA_JSON_STRING && token->len < MAX_TOKEN_SIZE)
        self->checksum = _strata_json_unquote (token->str, token->len);
    }
}

/* The reader is at @member's value: takes it. */
static gboolean
read_member (StrataLegacyEnvelope  *self,
             StrataJsonReader      *reader,
             Member                 member,
             GCancellable          *cancellable,
             GError               **error)
{
  g_autoptr(GString) token = g_string_new (NULL);
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error) ||
      !_strata_json_reader_take (reader, collect_short, token, cancellable, error))
    return FALSE;

  set_member (self, member, kind, token);

  return TRUE;
}

gboolean
_strata_legacy_envelope_enter (StrataLegacyEnvelope  *self,
                               StrataJsonReader      *reader,
                               gboolean              *out_is_envelope,
                               gboolean              *out_data_first,
                               GCancellable          *cancellable,
                               GError               **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  guint n_members = 0;
  StrataJsonKind kind;
  gboolean more;

  *out_is_envelope = FALSE;
  *out_data_first = FALSE;
  self->timestamp_ms = -1;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    return TRUE;
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  while (_strata_json_reader_next_member (reader, name, &more, cancellable, error))
    {
      Member member = more ? find_member (name) : MEMBER_UNKNOWN;

      if (!more && self->has_version && n_members > 1)
        {
          g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "The file holds no data");
          return FALSE;
        }
      if (member == MEMBER_UNKNOWN)
        return TRUE;
      if (member == MEMBER_DATA)
        {
          *out_is_envelope = TRUE;
          *out_data_first = n_members == 0;
          return TRUE;
        }

      if (!read_member (self, reader, member, cancellable, error))
        return FALSE;
      n_members++;
    }

  return FALSE;
}

gboolean
_strata_legacy_envelope_leave (StrataLegacyEnvelope  *self,
                               StrataJsonReader      *reader,
                               GCancellable          *cancellable,
                               GError               **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more;

  while (_strata_json_reader_next_member (reader, name, &more, cancellable, error))
    {
      Member member;

      if (!more)
        return TRUE;

      member = find_member (name);
      if (member >= MEMBER_DATA)
        self->unknown_members++;
      if (!read_member (self, reader, member, cancellable, error))
        return FALSE;
    }

  return FALSE;
}

gboolean
_strata_legacy_envelope_read_beside (StrataLegacyEnvelope  *self,
                                     StrataJsonReader      *reader,
                                     const GString         *name,
                                     GCancellable          *cancellable,
                                     GError               **error)
{
  gint64 before = self->timestamp_ms;

  if (find_member (name) != MEMBER_TIMESTAMP)
    return _strata_json_reader_take (reader, NULL, NULL, cancellable, error);

  if (!read_member (self, reader, MEMBER_TIMESTAMP, cancellable, error))
    return FALSE;
  if (self->timestamp_ms < 0)
    self->timestamp_ms = before;

  return TRUE;
}

void
_strata_legacy_envelope_clear (StrataLegacyEnvelope *self)
{
  g_free (self->checksum);
  g_free (self->text_checksum);
  *self = (StrataLegacyEnvelope) { .timestamp_ms = -1 };
}

/* strata-legacy-payload.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "codec/strata-filter-stream-private.h"
#include "codec/strata-gunzip-private.h"
#include "strata-base64-private.h"
#include "strata-json-string-stream-private.h"
#include "strata-legacy-envelope-private.h"
#include "strata-legacy-payload-private.h"
#include "strata-span-stream-private.h"
#include "strata-tap-stream-private.h"
#include "strata-text-stream-private.h"
#include "strata-unescape-private.h"

#define MAX_WRAPS 8
#define GZIP_PREFIX "GZIP_V1:"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* One string unwrapped: the text that was in it. */
typedef struct
{
  gboolean          is_gzip;
  GInputStream     *text;     /* gzip: what was inflated, as UTF-8; else NULL */
  GInputStream     *tap;      /* the text */
  StrataJsonReader *reader;   /* over @tap */
  guint             entered;  /* how many objects of it were gone into */
} Wrap;

struct _StrataLegacyPayload
{
  GInputStream         *file;
  char                **members;     /* (nullable): the way from the file's value to the one meant */
  GInputStream         *span;        /* over @file */
  StrataJsonReader     *outer;       /* over @span */
  gboolean              in_envelope;
  guint                 entered;     /* as in Wrap, in the file itself, envelope aside */
  guint64               begin;       /* where the value begins in the file, unless it is wrapped */
  Wrap                  wraps[MAX_WRAPS];
  StrataLegacyEnvelope  envelope;
};

/* Lets go of everything that reads, innermost first. */
static void
close_chain (StrataLegacyPayload *self)
{
  for (guint i = self->envelope.wraps; i > 0; i--)
    {
      Wrap *wrap = &self->wraps[i - 1];

      g_clear_pointer (&wrap->reader, _strata_json_reader_free);
      g_clear_object (&wrap->tap);
      g_clear_object (&wrap->text);
    }

  g_clear_pointer (&self->outer, _strata_json_reader_free);
  g_clear_object (&self->span);
  self->entered = 0;
  _strata_legacy_envelope_clear (&self->envelope);
}

void
_strata_legacy_payload_free (StrataLegacyPayload *self)
{
  close_chain (self);
  g_clear_object (&self->file);
  g_strfreev (self->members);
  g_free (self);
}

/* Starts again at the first byte of the file. */
static gboolean
rewind_chain (StrataLegacyPayload  *self,
              GCancellable         *cancellable,
              GError              **error)
{
  close_chain (self);
  if (!g_seekable_seek (G_SEEKABLE (self->file), 0, G_SEEK_SET, cancellable, error))
    return FALSE;

  self->span = _strata_span_stream_new (self->file);
  self->outer = _strata_json_reader_new (self->span);

  return TRUE;
}

/* Where a string's text begins, a byte order mark and white space passed over. */
static const char *
skip_space (const char *begin,
            const char *end)
{
  if (end - begin >= 3 && memcmp (begin, BYTE_ORDER_MARK, 3) == 0)
    begin += 3;
  while (begin < end && (*begin == ' ' || *begin == '\t' || *begin == '\n' || *begin == '\r'))
    begin++;

  return begin;
}

typedef enum
{
  TEXT_JSON,
  TEXT_GZIP,
  TEXT_OTHER,  /* the string is the value itself */
} TextKind;

/* Looks at the beginning of a string's text, and passes over the prefix of
 * gzip. Where the file breaks before it can be told it counts as JSON: who
 * reads it meets the same error again.
 */
static TextKind
look_at_text (GBufferedInputStream *text,
              GCancellable         *cancellable)
{
  const gsize prefix_size = strlen (GZIP_PREFIX);
  gssize n_read = 1;

  do
    {
      gsize size;
      const char *all = g_buffered_input_stream_peek_buffer (text, &size);
      const char *begin = size > 0 ? skip_space (all, all + size) : all;
      gsize left = size - (gsize)(begin - all);

      if (left > 0 && strchr ("[{\"", *begin) != NULL && *begin != '\0')
        return TEXT_JSON;

      if (left >= prefix_size && memcmp (begin, GZIP_PREFIX, prefix_size) == 0)
        {
          g_input_stream_skip (G_INPUT_STREAM (text), size - left + prefix_size, NULL, NULL);
          return TEXT_GZIP;
        }

      if (left >= prefix_size || size == g_buffered_input_stream_get_buffer_size (text) || n_read == 0)
        return TEXT_OTHER;

      n_read = g_buffered_input_stream_fill (text, -1, cancellable, NULL);

      /* What breaks off within the prefix may have been it; what begins otherwise was not */
      if (n_read < 0 && left > 0 && memcmp (begin, GZIP_PREFIX, left) != 0)
        return TEXT_OTHER;
    }
  while (n_read >= 0);

  return TEXT_JSON;
}

static GInputStream *
new_filter (GInputStream *base,
            GConverter   *converter)
{
  g_autoptr(GConverter) owned = converter;

  return _strata_filter_stream_new (base, owned);
}

/* @reader is at a string: reads the text in it as JSON, if it looks like it. */
static gboolean
unwrap (StrataJsonReader *reader,
        Wrap             *wrap,
        GCancellable     *cancellable)
{
  g_autoptr(GInputStream) string = _strata_json_string_stream_new (reader);
  g_autoptr(GInputStream) unescaped = new_filter (string, _strata_unescape_new ());
  g_autoptr(GInputStream) text = g_buffered_input_stream_new (unescaped);
  TextKind kind = look_at_text (G_BUFFERED_INPUT_STREAM (text), cancellable);

  if (kind == TEXT_OTHER)
    return FALSE;

  if (kind == TEXT_GZIP)
    {
      g_autoptr(GInputStream) decoded = new_filter (text, _strata_base64_new ());
      g_autoptr(GInputStream) inflated = new_filter (decoded, _strata_gunzip_new ());

      wrap->text = _strata_text_stream_new (inflated);
      wrap->tap = _strata_tap_stream_new (wrap->text);
    }
  else
    wrap->tap = _strata_tap_stream_new (text);
  wrap->is_gzip = kind == TEXT_GZIP;
  wrap->entered = 0;
  wrap->reader = _strata_json_reader_new (wrap->tap);

  return TRUE;
}

/* The outermost reader goes to the value: into the envelope if it is one. */
static gboolean
go_to_value (StrataLegacyPayload  *self,
             GCancellable         *cancellable,
             GError              **error)
{
  gboolean data_first = FALSE;

  /* A record of a database names its data itself */
  if (self->members != NULL && strcmp (self->members[0], "data") == 0)
    {
      self->in_envelope = FALSE;
      return rewind_chain (self, cancellable, error);
    }

  if (!rewind_chain (self, cancellable, error) ||
      !_strata_legacy_envelope_enter (&self->envelope, self->outer, &self->in_envelope, &data_first,
                                      cancellable, error))
    return FALSE;

  /* An object of somebody's own may happen to begin with "data": an envelope
   * has nothing unknown behind it. A file that breaks before that can be seen
   * is taken for one: it may hold sessions.
   */
  if (data_first)
    {
      self->in_envelope = !_strata_json_reader_take (self->outer, NULL, NULL, cancellable, NULL) ||
                          !_strata_legacy_envelope_leave (&self->envelope, self->outer, cancellable, NULL) ||
                          self->envelope.unknown_members == 0;
      if (!rewind_chain (self, cancellable, error))
        return FALSE;
      if (self->in_envelope)
        return _strata_legacy_envelope_enter (&self->envelope, self->outer, &self->in_envelope, &data_first,
                                              cancellable, error);
    }

  return self->in_envelope || rewind_chain (self, cancellable, error);
}

/* Who reads at the innermost value reached so far */
static StrataJsonReader *
get_innermost (StrataLegacyPayload *self)
{
  guint wraps = self->envelope.wraps;

  return wraps > 0 ? self->wraps[wraps - 1].reader : self->outer;
}

/* At a value: goes on to the innermost, through strings as long as there are no
 * more than @max_wraps in all.
 * @out_went_too_far: the last string looked into is the value; the chain is of
 * no use, and one that stops before it is needed.
 */
static gboolean
unwrap_value (StrataLegacyPayload  *self,
              guint                 max_wraps,
              gboolean             *out_went_too_far,
              GCancellable         *cancellable,
              GError              **error)
{
  StrataJsonReader *reader = get_innermost (self);
  StrataJsonKind kind;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;

  if (self->envelope.wraps == 0)
    {
      StrataJsonPosition position;

      _strata_json_reader_get_position (reader, &position);
      self->begin = position.offset;
    }

  while (kind == STRATA_JSON_STRING && self->envelope.wraps < max_wraps)
    {
      Wrap *wrap = &self->wraps[self->envelope.wraps];

      if (!unwrap (reader, wrap, cancellable))
        {
          *out_went_too_far = TRUE;
          return TRUE;
        }
      self->envelope.wraps++;
      reader = wrap->reader;

      /* An error comes again when the caller reads, and means more there */
      if (!_strata_json_reader_peek (reader, &kind, cancellable, NULL))
        break;
    }

  return TRUE;
}

/* At a value that should be an object: goes to its first member of that name.
 * The time of the save may stand before it.
 */
static gboolean
enter_member (StrataLegacyPayload  *self,
              const char           *wanted,
              GCancellable         *cancellable,
              GError              **error)
{
  StrataJsonReader *reader = get_innermost (self);
  g_autoptr(GString) name = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return FALSE;
  if (kind != STRATA_JSON_OBJECT)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no “%s” in what is no object", wanted);
      return FALSE;
    }
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  *(self->envelope.wraps > 0 ? &self->wraps[self->envelope.wraps - 1].entered : &self->entered) += 1;

  while (_strata_json_reader_next_member (reader, name, &more, cancellable, error))
    {
      g_autofree char *text = more ? _strata_json_unquote (name->str, name->len) : NULL;

      if (!more)
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no “%s” in it", wanted);
          return FALSE;
        }
      if (strcmp (text, wanted) == 0)
        return TRUE;
      if (!_strata_legacy_envelope_read_beside (&self->envelope, reader, name, cancellable, error))
        return FALSE;
    }

  return FALSE;
}

/* From the outermost value to the one meant. */
static gboolean
go_down (StrataLegacyPayload  *self,
         guint                 max_wraps,
         gboolean             *out_went_too_far,
         GCancellable         *cancellable,
         GError              **error)
{
  *out_went_too_far = FALSE;

  if (!unwrap_value (self, max_wraps, out_went_too_far, cancellable, error))
    return FALSE;

  for (guint i = 0; self->members != NULL && self->members[i] != NULL; i++)
    {
      if (*out_went_too_far)
        {
          g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no “%s” in a string", self->members[i]);
          return FALSE;
        }
      if (!enter_member (self, self->members[i], cancellable, error) ||
          !unwrap_value (self, max_wraps, out_went_too_far, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* How deep the value stands in the file, unless it is wrapped */
static guint
get_depth (StrataLegacyPayload *self)
{
  return self->entered + (self->in_envelope ? 1 : 0);
}

/* Whether the value's text stands in the file as it is, only deeper */
static gboolean
has_plain_text (StrataLegacyPayload *self)
{
  return self->envelope.wraps == 0 && get_depth (self) > 0;
}

static void
settle_form (StrataLegacyPayload *self)
{
  if (self->envelope.wraps > 0)
    self->envelope.form = self->wraps[0].is_gzip ? STRATA_LEGACY_FORM_GZIP : STRATA_LEGACY_FORM_STRING;
  else
    self->envelope.form = self->in_envelope ? STRATA_LEGACY_FORM_PLAIN : STRATA_LEGACY_FORM_BARE;

  if (has_plain_text (self))
    _strata_span_stream_begin (STRATA_SPAN_STREAM (self->span), self->begin, 2 * get_depth (self));
  else
    _strata_span_stream_ignore (STRATA_SPAN_STREAM (self->span));
}

StrataLegacyPayload *
_strata_legacy_payload_open (GInputStream        *text,
                             const char *const   *members,
                             GCancellable        *cancellable,
                             GError             **error)
{
  g_autoptr(StrataLegacyPayload) self = g_new0 (StrataLegacyPayload, 1);
  gboolean too_far;

  self->file = g_object_ref (text);
  self->members = g_strdupv ((char **)members);

  if (!go_to_value (self, cancellable, error) ||
      !go_down (self, MAX_WRAPS, &too_far, cancellable, error))
    return NULL;

  if (too_far)
    {
      guint wraps = self->envelope.wraps;

      if (!go_to_value (self, cancellable, error) ||
          !go_down (self, wraps, &too_far, cancellable, error))
        return NULL;
    }

  settle_form (self);

  return g_steal_pointer (&self);
}

StrataJsonReader *
_strata_legacy_payload_get_reader (StrataLegacyPayload *self)
{
  return get_innermost (self);
}

static gboolean
matches (const StrataLegacyEnvelope *envelope,
         const StrataTextChecksum   *checksum)
{
  g_autofree char *text = _strata_text_checksum_dup_text (checksum);

  return strcmp (envelope->checksum, text) == 0;
}

static const StrataTextChecksum *
get_wrapped_checksum (StrataLegacyPayload *self,
                      guint                i)
{
  return _strata_tap_stream_get_checksum (STRATA_TAP_STREAM (self->wraps[i].tap));
}

/* Compares with the checksum of the text that was put into the envelope. When
 * that text was wrapped before, it was the wrapped one; in case somebody did it
 * otherwise, each level's is compared.
 */
static void
compare_checksum (StrataLegacyPayload      *self,
                  const StrataTextChecksum *plain)
{
  StrataLegacyEnvelope *envelope = &self->envelope;

  if (envelope->wraps > 0 && self->wraps[envelope->wraps - 1].entered == 0)
    envelope->text_checksum = _strata_text_checksum_dup_text (get_wrapped_checksum (self, envelope->wraps - 1));
  else if (has_plain_text (self))
    envelope->text_checksum = _strata_text_checksum_dup_text (plain);

  /* The one recorded is that of the envelope's own value */
  if (envelope->checksum == NULL || self->members != NULL)
    return;

  envelope->checksum_known = TRUE;
  envelope->checksum_matches = envelope->wraps == 0 && matches (envelope, plain);
  for (guint i = 0; i < envelope->wraps && !envelope->checksum_matches; i++)
    envelope->checksum_matches = matches (envelope, get_wrapped_checksum (self, i));
}

/* Reads the rest of the objects that were gone into. */
static gboolean
leave_objects (StrataLegacyPayload  *self,
               StrataJsonReader     *reader,
               guint                 entered,
               GCancellable         *cancellable,
               GError              **error)
{
  g_autoptr(GString) name = g_string_new (NULL);

  while (entered > 0)
    {
      gboolean more;

      if (!_strata_json_reader_next_member (reader, name, &more, cancellable, error))
        return FALSE;
      if (!more)
        entered--;
      else if (!_strata_legacy_envelope_read_beside (&self->envelope, reader, name, cancellable, error))
        return FALSE;
    }

  return TRUE;
}

/* The texts within strings: nothing may follow the value in any of them. */
static gboolean
finish_wraps (StrataLegacyPayload  *self,
              GCancellable         *cancellable,
              GError              **error)
{
  for (guint i = self->envelope.wraps; i > 0; i--)
    {
      Wrap *wrap = &self->wraps[i - 1];

      if (!leave_objects (self, wrap->reader, wrap->entered, cancellable, error))
        return FALSE;
      if (!_strata_json_reader_finish (wrap->reader, cancellable, error))
        {
          self->envelope.trailing_bytes = !_strata_tap_stream_has_failed (STRATA_TAP_STREAM (wrap->tap));
          return FALSE;
        }
      if (i == self->envelope.wraps)
        self->envelope.payload_bytes = _strata_tap_stream_get_length (STRATA_TAP_STREAM (wrap->tap));
    }

  return TRUE;
}

/* What follows the value in the file. */
static gboolean
finish_outer (StrataLegacyPayload  *self,
              GCancellable         *cancellable,
              GError              **error)
{
  g_autoptr(GError) local_error = NULL;

  if (!leave_objects (self, self->outer, self->entered, cancellable, error))
    return FALSE;

  if (self->in_envelope && !_strata_legacy_envelope_leave (&self->envelope, self->outer, cancellable, error))
    return FALSE;

  if (!_strata_json_reader_finish (self->outer, cancellable, &local_error))
    {
      self->envelope.trailing_bytes = _strata_file_is_content_error (local_error);
      g_propagate_error (error, g_steal_pointer (&local_error));
      return FALSE;
    }

  return TRUE;
}

gboolean
_strata_legacy_payload_finish (StrataLegacyPayload  *self,
                               GCancellable         *cancellable,
                               GError              **error)
{
  StrataTextChecksum plain = { 0 };
  StrataJsonPosition position;
  gboolean ok;

  if (!finish_wraps (self, cancellable, error))
    return FALSE;

  _strata_json_reader_get_position (self->outer, &position);
  if (self->envelope.wraps == 0)
    self->envelope.payload_bytes = position.offset - self->begin;
  if (has_plain_text (self))
    _strata_span_stream_end (STRATA_SPAN_STREAM (self->span), position.offset, &plain);

  ok = finish_outer (self, cancellable, error);
  compare_checksum (self, &plain);

  return ok;
}

const StrataLegacyEnvelope *
_strata_legacy_payload_get_envelope (StrataLegacyPayload *self)
{
  return &self->envelope;
}

guint64
_strata_legacy_payload_get_bytes_read (StrataLegacyPayload *self)
{
  return (guint64)g_seekable_tell (G_SEEKABLE (self->file));
}

guint64
_strata_legacy_payload_get_repairs (StrataLegacyPayload *self)
{
  guint64 sum = STRATA_IS_TEXT_STREAM (self->file) ? _strata_text_stream_get_repairs (STRATA_TEXT_STREAM (self->file)) : 0;

  for (guint i = 0; i < self->envelope.wraps; i++)
    if (self->wraps[i].text != NULL)
      sum += _strata_text_stream_get_repairs (STRATA_TEXT_STREAM (self->wraps[i].text));

  return sum;
}

gboolean
_strata_legacy_payload_is_utf16 (StrataLegacyPayload *self)
{
  return STRATA_IS_TEXT_STREAM (self->file) && _strata_text_stream_is_utf16 (STRATA_TEXT_STREAM (self->file));
}

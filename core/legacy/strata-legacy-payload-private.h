/* strata-legacy-payload-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "json/strata-json-reader-private.h"

G_BEGIN_DECLS

/* StrataLegacyPayload is the value inside a collection's file, whatever it is
 * wrapped in: gzip in base64, JSON text as a JSON string, plain in an envelope,
 * or the bare file. Everything is streamed: memory does not grow with the file.
 *
 *   file → [outer reader → string unescape → [base64 → gunzip]] → reader at the payload
 */
typedef struct _StrataLegacyPayload StrataLegacyPayload;

typedef enum
{
  STRATA_LEGACY_FORM_BARE,   /* the file is the value */
  STRATA_LEGACY_FORM_PLAIN,  /* envelope, data the value itself: an array or object, or a string that wraps nothing */
  STRATA_LEGACY_FORM_STRING, /* envelope, data a string of JSON text */
  STRATA_LEGACY_FORM_GZIP,   /* envelope, data "GZIP_V1:" + base64 of gzip */
} StrataLegacyForm;

typedef struct
{
  StrataLegacyForm form;             /* the outermost; known after opening */
  guint            wraps;            /* how many strings were unwrapped, 0 for BARE and PLAIN */
  gboolean         has_version;
  gboolean         version_is_one;   /* the number 1, not "1" */
  gint64           timestamp_ms;     /* of the innermost that has one; -1: none */
  char            *checksum;         /* as recorded, or NULL */
  /* Known after _strata_legacy_payload_finish(): */
  gboolean         checksum_known;   /* there was one, and the form lets it be compared */
  gboolean         checksum_matches;
  char            *text_checksum;    /* of the value's own text, as it would be recorded; NULL where it stands for itself, or in a text that is not indented */
  guint64          payload_bytes;    /* length of the innermost JSON text, white space within included */
  guint            unknown_members;  /* members of the envelope that it should not have, not carried */
  gboolean         trailing_bytes;   /* finishing failed because of what follows the whole value or file */
} StrataLegacyEnvelope;

/* @text: UTF-8 that can be sought to its start, see StrataTextStream.
 * @members: (nullable): names to go down by from the value to the one meant, which
 * may be wrapped on the way: a backup's collection is {"collections", "notes"}.
 * Where there are two of one name the first counts. {"data", …}: for records of a
 * database, which are no envelopes.
 *
 * Fails with STRATA_ERROR_SYNTAX where the text is no JSON up to the data, STRATA_ERROR_DAMAGED_DATA
 * where there is no data member in an envelope, STRATA_ERROR_NOT_FOUND where a
 * member isn't there, or G_IO_ERROR_* for reading.
 */
StrataLegacyPayload *_strata_legacy_payload_open         (GInputStream         *text,
                                                          const char *const    *members,
                                                          GCancellable         *cancellable,
                                                          GError              **error);
void                 _strata_legacy_payload_free         (StrataLegacyPayload  *self);

/* At the payload's value. Take all of it, then finish. Errors out of this
 * reader: STRATA_ERROR_SYNTAX (malformed or cut JSON), STRATA_ERROR_DAMAGED_DATA
 * (base64 or gzip broken inside a file that is whole JSON as far as read).
 */
StrataJsonReader    *_strata_legacy_payload_get_reader   (StrataLegacyPayload  *self);

/* After the value: checks that nothing but white space follows it, inside and
 * outside of every wrapping, reads the rest of the envelope and compares the
 * checksum: 32-bit h*31+c over UTF-16 units of the pretty text, in base 36.
 */
gboolean             _strata_legacy_payload_finish       (StrataLegacyPayload  *self,
                                                          GCancellable         *cancellable,
                                                          GError              **error);
const StrataLegacyEnvelope *
                     _strata_legacy_payload_get_envelope (StrataLegacyPayload  *self);
/* How often U+FFFD stands for what was no UTF-8, in what was read so far. */
guint64              _strata_legacy_payload_get_repairs  (StrataLegacyPayload  *self);
/* Whether the text was saved again as UTF-16, by some editor. */
gboolean             _strata_legacy_payload_is_utf16     (StrataLegacyPayload  *self);
/* Bytes of the text read so far, for progress. */
guint64              _strata_legacy_payload_get_bytes_read (StrataLegacyPayload *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataLegacyPayload, _strata_legacy_payload_free)

G_END_DECLS

/* fuzz-legacy-payload.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "fuzz-stream.h"
#include "legacy/strata-legacy-payload-private.h"
#include "legacy/strata-text-stream-private.h"

/* A libFuzzer target: whatever a collection's file holds, its value is found, or
 * an error says that the content is at fault; the value is JSON; and it is the
 * same in whatever pieces the file is read.
 */

#define MAX_VALUE (1024 * 1024)  /* what little was packed may be endless */

int LLVMFuzzerTestOneInput (const guint8 *data, gsize length);

/* All there is to say of one reading */
typedef struct
{
  gboolean  opened;
  gboolean  taken;
  gboolean  finished;
  GString  *value;
  char     *envelope;
  guint64   repairs;
  GError   *error;
} Outcome;

static void
outcome_clear (Outcome *self)
{
  g_string_free (self->value, TRUE);
  g_free (self->envelope);
  g_clear_error (&self->error);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Outcome, outcome_clear)

static gboolean
append (const char  *text,
        gsize        length,
        gpointer     user_data,
        GError     **error)
{
  GString *value = user_data;

  g_string_append_len (value, text, (gssize)MIN (length, MAX_VALUE - value->len));
  if (value->len == MAX_VALUE)
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "enough");

  return value->len < MAX_VALUE;
}

static char *
describe (const StrataLegacyEnvelope *envelope,
          gboolean                    finished)
{
  g_autofree char *head = g_strdup_printf ("%d %u %d %d %" G_GINT64_FORMAT " %s", (int)envelope->form, envelope->wraps,
                                           envelope->has_version, envelope->version_is_one, envelope->timestamp_ms,
                                           envelope->checksum);

  if (!finished)
    return g_steal_pointer (&head);

  return g_strdup_printf ("%s %d %d %s %" G_GUINT64_FORMAT " %u", head, envelope->checksum_known,
                          envelope->checksum_matches, envelope->text_checksum, envelope->payload_bytes,
                          envelope->unknown_members);
}

static void
read_payload (StrataLegacyPayload *payload,
              Outcome             *out)
{
  out->opened = TRUE;
  out->taken = _strata_json_reader_take (_strata_legacy_payload_get_reader (payload), append, out->value, NULL, &out->error);
  out->finished = out->taken && _strata_legacy_payload_finish (payload, NULL, &out->error);
  out->envelope = describe (_strata_legacy_payload_get_envelope (payload), out->finished);
  out->repairs = _strata_legacy_payload_get_repairs (payload);
}

static void
check_outcome (const Outcome *outcome)
{
  g_assert_true ((outcome->error == NULL) == outcome->finished);
  if (outcome->error != NULL)
    g_assert_true (_strata_file_is_content_error (outcome->error));

  if (outcome->taken)
    {
      g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (outcome->value->str, outcome->value->len);
      g_autoptr(GString) again = g_string_new (NULL);
      g_autoptr(GError) error = NULL;

      _strata_json_reader_take_string (reader, again, NULL, &error);
      g_assert_no_error (error);
      g_assert_true (_strata_json_reader_finish (reader, NULL, &error));
      g_assert_true (g_string_equal (again, outcome->value));
      g_assert_true (g_utf8_validate (again->str, (gssize)again->len, NULL));
    }
}

static void
read_file (const guint8 *data,
           gsize         length,
           gsize         piece,
           Outcome      *out)
{
  g_autoptr(GInputStream) file = fuzz_stream_new (data, length, piece);
  g_autoptr(GInputStream) text = _strata_text_stream_new (file);
  g_autoptr(StrataLegacyPayload) payload = NULL;

  *out = (Outcome) { .value = g_string_new (NULL) };
  payload = _strata_legacy_payload_open (text, NULL, NULL, &out->error);
  if (payload != NULL)
    {
      read_payload (payload, out);
      g_assert_cmpuint (_strata_legacy_payload_get_bytes_read (payload), <=, 3 * length);
    }
  check_outcome (out);
}

/* As the value of a member */
static void
read_member (const guint8 *data,
             gsize         length)
{
  static const char *const members[] = { "a", NULL };
  g_autoptr(GString) object = g_string_new ("{\"a\":");
  g_autoptr(GInputStream) file = NULL;
  g_autoptr(GInputStream) text = NULL;
  g_autoptr(StrataLegacyPayload) payload = NULL;
  g_auto(Outcome) outcome = { .value = g_string_new (NULL) };

  g_string_append_len (object, (const char *)data, (gssize)length);
  g_string_append_c (object, '}');
  file = fuzz_stream_new ((const guint8 *)object->str, object->len, G_MAXSIZE);
  text = _strata_text_stream_new (file);
  payload = _strata_legacy_payload_open (text, members, NULL, &outcome.error);
  if (payload != NULL)
    read_payload (payload, &outcome);
  check_outcome (&outcome);
}

int
LLVMFuzzerTestOneInput (const guint8 *data,
                        gsize         length)
{
  static const gsize pieces[] = { 1, 7, 100, 4097 };
  g_auto(Outcome) whole = { 0 };

  read_file (data, length, G_MAXSIZE, &whole);
  read_member (data, length);

  for (guint i = 0; i < G_N_ELEMENTS (pieces); i++)
    {
      g_auto(Outcome) outcome = { 0 };

      read_file (data, length, pieces[i], &outcome);
      g_assert_true (outcome.opened == whole.opened);
      g_assert_true (outcome.taken == whole.taken);
      g_assert_true (outcome.finished == whole.finished);
      g_assert_cmpstr (outcome.envelope, ==, whole.envelope);
      if (whole.taken)
        g_assert_true (g_string_equal (outcome.value, whole.value));
      /* Where it breaks off, more or less was read ahead */
      if (whole.finished)
        g_assert_cmpuint (outcome.repairs, ==, whole.repairs);
    }

  return 0;
}

/* witness-util.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <fcntl.h>
#include <unistd.h>

#include <gio/gio.h>

#include "migration/strata-witness-private.h"

/* What one pass over a collection said: the digests of the elements as hexadecimal text */
typedef struct
{
  gboolean                ok;
  GError                 *error;
  GPtrArray              *elements;
  guint64                 n_bytes;
  StrataWitnessCollection collection;
} Testimony;

static gboolean
note_element (guint64              ordinal,
              const StrataDigest  *digest,
              guint64              length,
              gpointer             user_data,
              GError             **error)
{
  Testimony *testimony = user_data;

  g_assert_cmpuint (ordinal, ==, testimony->elements->len);
  g_ptr_array_add (testimony->elements, _strata_digest_dup_hex (digest));
  testimony->n_bytes += length;

  return TRUE;
}

static Testimony *
hear_member (GInputStream       *bytes,
             const char * const *members)
{
  Testimony *testimony = g_new0 (Testimony, 1);

  testimony->elements = g_ptr_array_new_with_free_func (g_free);
  testimony->ok = _strata_witness_collection (bytes, members, note_element, testimony, &testimony->collection,
                                              NULL, &testimony->error);

  g_assert_true (testimony->ok == (testimony->error == NULL));
  g_assert_cmpuint (testimony->collection.n_elements, ==, testimony->elements->len);

  return testimony;
}

static Testimony *
hear_stream (GInputStream *bytes)
{
  return hear_member (bytes, NULL);
}

static void
testimony_free (Testimony *testimony)
{
  g_clear_error (&testimony->error);
  g_ptr_array_unref (testimony->elements);
  g_free (testimony);
}

G_DEFINE_AUTOPTR_CLEANUP_FUNC (Testimony, testimony_free)

static void
assert_digest (const StrataDigest *digest,
               const char         *expected)
{
  g_autofree char *hex = _strata_digest_dup_hex (digest);

  g_assert_cmpstr (hex, ==, expected);
}

/* strata-webkit-key.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "json/strata-json-reader-private.h"
#include "strata-es-text-private.h"
#include "strata-webkit-key-private.h"

#define VERSION 0

#define KIND_NUMBER 0x20
#define KIND_DATE 0x40
#define KIND_STRING 0x60

#define HEAD_BYTES 2
#define LENGTH_BYTES 4

static guint64
read_number (const guint8 *bytes,
             gsize         size)
{
  guint64 value = 0;

  for (gsize i = size; i > 0; i--)
    value = value << 8 | bytes[i - 1];

  return value;
}

static gboolean
is_kind (const guint8 *bytes,
         gsize         size,
         guint8        kind)
{
  return size >= HEAD_BYTES && bytes[0] == VERSION && bytes[1] == kind;
}

static gboolean
get_double (const guint8 *bytes,
            gsize         size,
            double       *out_value)
{
  guint64 bits;

  if (size != HEAD_BYTES + sizeof bits)
    return FALSE;

  bits = read_number (bytes + HEAD_BYTES, sizeof bits);
  memcpy (out_value, &bits, sizeof bits);

  return TRUE;
}

gboolean
_strata_webkit_key_get_number (const guint8 *bytes,
                               gsize         size,
                               double       *out_number)
{
  return is_kind (bytes, size, KIND_NUMBER) && get_double (bytes, size, out_number);
}

/* @json: a string token, or a number */
static char *
dup_plain (GByteArray *json)
{
  return json->len > 0 && *json->data == '"' ? _strata_json_unquote ((const char *)json->data, json->len)
                                             : g_strndup ((const char *)json->data, json->len);
}

char *
_strata_webkit_key_dup_text (const guint8 *bytes,
                             gsize         size)
{
  g_autoptr(GByteArray) json = g_byte_array_new ();
  guint16 high = 0;
  double value;

  if (is_kind (bytes, size, KIND_NUMBER) && get_double (bytes, size, &value))
    _strata_es_append_number (json, value);
  else if (is_kind (bytes, size, KIND_DATE) && get_double (bytes, size, &value))
    _strata_es_append_date (json, value);
  else if (is_kind (bytes, size, KIND_STRING) && size >= HEAD_BYTES + LENGTH_BYTES &&
           size - (HEAD_BYTES + LENGTH_BYTES) == 2 * read_number (bytes + HEAD_BYTES, LENGTH_BYTES))
    {
      g_byte_array_append (json, (const guint8 *)"\"", 1);
      _strata_es_append_utf16 (json, bytes + HEAD_BYTES + LENGTH_BYTES, (size - (HEAD_BYTES + LENGTH_BYTES)) / 2, &high);
      _strata_es_finish_utf16 (json, &high);
      g_byte_array_append (json, (const guint8 *)"\"", 1);
    }
  else
    return NULL;

  return dup_plain (json);
}

/* Nothing is looked up by key, so that any order will do. */
int
_strata_webkit_key_collate (void       *user_data,
                            int         a_size,
                            const void *a,
                            int         b_size,
                            const void *b)
{
  gsize size = (gsize)MIN (a_size, b_size);
  int order = size > 0 ? memcmp (a, b, size) : 0;

  return order != 0 ? order : a_size - b_size;
}

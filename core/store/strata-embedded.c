/* strata-embedded.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "strata-embedded-private.h"
#include "strata-object-private.h"
#include "strata-value-stream-private.h"

#define SCHEME   "data:"
#define ENCODING ";base64,"
/* What stands between the two is a media type, and perhaps a parameter */
#define MAX_TYPE 256
#define BLOCK_BYTES (64 * 1024)

/* The end of the string whose first character is at @at: its closing quote */
static gsize
find_end (const char *text,
          gsize       length,
          gsize       at,
          gboolean   *out_is_plain)
{
  const char *quote = memchr (text + at, '"', length - at);
  gsize end;

  *out_is_plain = quote != NULL && memchr (text + at, '\\', (gsize)(quote - text) - at) == NULL;
  if (*out_is_plain)
    return (gsize)(quote - text);

  for (end = at; end < length && text[end] != '"'; end++)
    end += text[end] == '\\' ? 1 : 0;

  return MIN (end, length);
}

/* Where the base64 begins of a data URI; 0: it is none */
static gsize
find_base64 (const char *text,
             gsize       start,
             gsize       end)
{
  const char *found;

  if (end - start < STRATA_EMBEDDED_MIN || strncmp (text + start, SCHEME, strlen (SCHEME)) != 0)
    return 0;
  found = g_strstr_len (text + start, MAX_TYPE, ENCODING);

  return found != NULL ? (gsize)(found - text) + strlen (ENCODING) : 0;
}

/* What the text stands for, if no other text does. (transfer full) (nullable) */
static GBytes *
decode (const char *text,
        gsize       length)
{
  g_autofree char *copy = NULL;
  g_autofree char *again = NULL;
  g_autofree guint8 *data = NULL;
  gsize size;

  if (length < STRATA_EMBEDDED_MIN || length % 4 != 0)
    return NULL;

  copy = g_strndup (text, length);
  data = g_base64_decode (copy, &size);
  again = g_base64_encode (data, size);
  if (strlen (again) != length || memcmp (again, text, length) != 0)
    return NULL;

  return g_bytes_new_take (g_steal_pointer (&data), size);
}

GBytes *
_strata_embedded_find (const char *meta,
                       gsize       length,
                       gsize      *inout_offset,
                       gsize      *out_start,
                       gsize      *out_length)
{
  const char *quote;

  /* Outside of strings minified JSON has no quotes */
  while (*inout_offset < length && (quote = memchr (meta + *inout_offset, '"', length - *inout_offset)) != NULL)
    {
      gsize start = (gsize)(quote - meta) + 1;
      gboolean is_plain;
      gsize end = find_end (meta, length, start, &is_plain);
      gsize text = is_plain ? find_base64 (meta, start, end) : 0;
      GBytes *bytes = text > 0 && text < end ? decode (meta + text, end - text) : NULL;

      *inout_offset = MIN (end + 1, length);
      if (bytes == NULL)
        continue;
      *out_start = text;
      *out_length = end - text;
      return bytes;
    }

  return NULL;
}

static gboolean
add_embedded (StrataAttachmentRow  *row,
              StrataBatch          *batch,
              GBytes               *bytes,
              gsize                 at,
              GError              **error)
{
  StrataStoredObject object;
  StrataEmbedded *embedded;
  gsize size;
  const char *data = g_bytes_get_data (bytes, &size);

  if (!_strata_batch_put_data (batch, data, size, &object, error))
    return FALSE;

  embedded = g_new0 (StrataEmbedded, 1);
  embedded->at = at;
  embedded->digest = object.digest;
  embedded->bytes = object.bytes;
  embedded->extension = g_strdup (object.type->extension);
  if (row->embedded == NULL)
    row->embedded = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_embedded_free);
  g_ptr_array_add (row->embedded, embedded);

  return TRUE;
}

gboolean
_strata_embedded_take_out (StrataAttachmentRow  *row,
                           StrataBatch          *batch,
                           GError              **error)
{
  gsize length = row->meta != NULL ? strlen (row->meta) : 0;
  g_autoptr(GString) rest = NULL;
  gsize offset = 0, done = 0, start, size;
  GBytes *found;

  if (length < STRATA_EMBEDDED_MIN || row->embedded != NULL)
    return TRUE;

  rest = g_string_new (NULL);
  while ((found = _strata_embedded_find (row->meta, length, &offset, &start, &size)) != NULL)
    {
      g_autoptr(GBytes) bytes = found;

      g_string_append_len (rest, row->meta + done, (gssize)(start - done));
      done = start + size;
      if (!add_embedded (row, batch, bytes, rest->len, error))
        return FALSE;
    }
  if (row->embedded == NULL)
    return TRUE;

  g_string_append_len (rest, row->meta + done, (gssize)(length - done));
  g_free (row->meta);
  row->meta = g_strdup (rest->str);

  return TRUE;
}

/* Putting back */

/* Appends an object in base64, in pieces that end where a group of it does. */
static gboolean
append_object (const StrataEmbedded  *embedded,
               int                    dir,
               GString               *text,
               GCancellable          *cancellable,
               GError               **error)
{
  g_autofree char *path = _strata_object_dup_path (&embedded->digest, embedded->extension);
  g_autoptr(GInputStream) stream = _strata_value_stream_new_object (dir, path, &embedded->digest, embedded->bytes, NULL, NULL);
  g_autofree guint8 *block = g_malloc (BLOCK_BYTES);
  gint state = 0, save = 0;
  gssize size;
  gsize old, added;

  while ((size = g_input_stream_read (stream, block, BLOCK_BYTES, cancellable, error)) > 0)
    {
      old = text->len;
      g_string_set_size (text, old + ((gsize)size / 3 + 1) * 4 + 4);
      added = g_base64_encode_step (block, (gsize)size, FALSE, text->str + old, &state, &save);
      g_string_truncate (text, old + added);
    }
  old = text->len;
  g_string_set_size (text, old + 8);
  added = g_base64_encode_close (FALSE, text->str + old, &state, &save);
  g_string_truncate (text, old + added);

  return size == 0;
}

GString *
_strata_embedded_put_back (const StrataAttachmentRow  *row,
                           int                         dir,
                           GCancellable               *cancellable,
                           GError                    **error)
{
  g_autoptr(GString) text = NULL;
  gsize length = row->meta != NULL ? strlen (row->meta) : 0;
  gsize done = 0;

  if (row->meta == NULL)
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There were no metadata of the attachment “%s”", row->id);
      return NULL;
    }

  text = g_string_sized_new (length + 1);
  for (guint i = 0; row->embedded != NULL && i < row->embedded->len; i++)
    {
      const StrataEmbedded *embedded = g_ptr_array_index (row->embedded, i);

      g_string_append_len (text, row->meta + done, (gssize)(embedded->at - done));
      done = embedded->at;
      if (!append_object (embedded, dir, text, cancellable, error))
        return NULL;
    }
  g_string_append_len (text, row->meta + done, (gssize)(length - done));

  return g_steal_pointer (&text);
}

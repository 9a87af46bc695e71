/* strata-data-uri.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "codec/strata-filter-stream-private.h"
#include "strata-base64-private.h"
#include "strata-data-uri-private.h"
#include "strata-percent-private.h"

#define SCHEME "data:"
#define BYTE_ORDER_MARK "\xef\xbb\xbf"

/* More than any MIME type with its parameters */
#define MAX_HEAD_SIZE 4096

/* Whether the last parameter of a head is "base64", in any case and with spaces
 * around it: the rule of browsers, which leave line ends and tabs out of any URL.
 */
static gboolean
head_is_base64 (const char *head,
                gsize       size)
{
  const char *parameter = memrchr (head, ';', size);
  g_autoptr(GString) name = g_string_new (NULL);

  if (parameter == NULL)
    return FALSE;

  for (const char *c = parameter + 1; c < head + size; c++)
    if (memchr ("\t\n\r", *c, 3) == NULL && (*c != ' ' || name->len > 0))
      g_string_append_c (name, *c);
  while (name->len > 0 && memchr (" \f", name->str[name->len - 1], 2) != NULL)
    g_string_truncate (name, name->len - 1);

  /* A NUL may be in it */
  return name->len == strlen ("base64") && g_ascii_strncasecmp (name->str, "base64", name->len) == 0;
}

/* Gets as much of the beginning as a head may be long, or all there is. */
static gboolean
fill_head (GBufferedInputStream *text,
           GCancellable         *cancellable,
           GError              **error)
{
  gssize n_read = 1;

  while (n_read > 0 && g_buffered_input_stream_get_available (text) < MAX_HEAD_SIZE)
    {
      n_read = g_buffered_input_stream_fill (text, -1, cancellable, error);
      if (n_read < 0)
        return FALSE;
    }

  return TRUE;
}

GInputStream *
_strata_data_uri_decode (GInputStream  *text,
                         GCancellable  *cancellable,
                         GError       **error)
{
  g_autoptr(GInputStream) buffered = g_buffered_input_stream_new_sized (text, MAX_HEAD_SIZE);
  g_autoptr(GConverter) converter = NULL;
  const char *begin, *head, *comma;
  gsize size;

  if (!fill_head (G_BUFFERED_INPUT_STREAM (buffered), cancellable, error))
    return NULL;

  begin = head = g_buffered_input_stream_peek_buffer (G_BUFFERED_INPUT_STREAM (buffered), &size);
  if (size >= strlen (BYTE_ORDER_MARK) && memcmp (head, BYTE_ORDER_MARK, strlen (BYTE_ORDER_MARK)) == 0)
    head += strlen (BYTE_ORDER_MARK);
  while (head < begin + size && g_ascii_isspace (*head))
    head++;

  if ((gsize)(begin + size - head) >= strlen (SCHEME) && g_ascii_strncasecmp (head, SCHEME, strlen (SCHEME)) == 0)
    {
      comma = memchr (head, ',', (gsize)(begin + size - head));
      if (comma == NULL)
        {
          g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA, "A data URI without a comma");
          return NULL;
        }
      converter = head_is_base64 (head, (gsize)(comma - head)) ? _strata_base64_new () : _strata_percent_new ();
      head = comma + 1;
    }
  else
    converter = _strata_base64_new ();

  if (g_input_stream_skip (buffered, (gsize)(head - begin), cancellable, error) < 0)
    return NULL;

  return _strata_filter_stream_new (buffered, converter);
}

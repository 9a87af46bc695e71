/* strata-leading-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-file-private.h"
#include "strata-leading-stream-private.h"

struct _StrataLeadingStream
{
  GInputStream      parent_instance;

  StrataJsonReader *reader;     /* borrowed */
  GString          *text;       /* what is to be given next … */
  gsize             given;      /* … and how much of it was */
  guint64           n_elements;
  gboolean          ended;
};

G_DEFINE_FINAL_TYPE (StrataLeadingStream, _strata_leading_stream, G_TYPE_INPUT_STREAM)

/* Gets the next element, or the closing bracket. */
static gboolean
fill (StrataLeadingStream  *self,
      GCancellable         *cancellable,
      GError              **error)
{
  g_autoptr(GError) read_error = NULL;
  gboolean more = FALSE;

  g_string_assign (self->text, self->n_elements > 0 ? "," : "[");
  self->given = 0;

  if (_strata_json_reader_next_element (self->reader, &more, cancellable, &read_error) && more &&
      _strata_json_reader_take_string (self->reader, self->text, cancellable, &read_error))
    {
      self->n_elements++;
      return TRUE;
    }

  if (read_error != NULL && !_strata_file_is_content_error (read_error))
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  g_string_assign (self->text, self->n_elements > 0 ? "]" : "[]");
  self->ended = TRUE;

  return TRUE;
}

static gssize
leading_stream_read (GInputStream  *stream,
                     void          *buffer,
                     gsize          count,
                     GCancellable  *cancellable,
                     GError       **error)
{
  StrataLeadingStream *self = STRATA_LEADING_STREAM (stream);
  gsize size;

  if (self->given == self->text->len && self->ended)
    return 0;
  if (self->given == self->text->len && !fill (self, cancellable, error))
    return -1;

  size = MIN (count, self->text->len - self->given);
  memcpy (buffer, self->text->str + self->given, size);
  self->given += size;

  return (gssize)size;
}

static void
leading_stream_finalize (GObject *object)
{
  StrataLeadingStream *self = STRATA_LEADING_STREAM (object);

  g_string_free (self->text, TRUE);

  G_OBJECT_CLASS (_strata_leading_stream_parent_class)->finalize (object);
}

static void
_strata_leading_stream_class_init (StrataLeadingStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = leading_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = leading_stream_read;
}

static void
_strata_leading_stream_init (StrataLeadingStream *self)
{
  self->text = g_string_new (NULL);
}

GInputStream *
_strata_leading_stream_new (StrataJsonReader *reader)
{
  StrataLeadingStream *self = g_object_new (STRATA_TYPE_LEADING_STREAM, NULL);

  self->reader = reader;

  return G_INPUT_STREAM (self);
}

gboolean
_strata_leading_stream_look_ahead (StrataLeadingStream  *self,
                                   gboolean             *out_any,
                                   GCancellable         *cancellable,
                                   GError              **error)
{
  if (self->n_elements == 0 && !self->ended && !fill (self, cancellable, error))
    return FALSE;

  *out_any = self->n_elements > 0;

  return TRUE;
}

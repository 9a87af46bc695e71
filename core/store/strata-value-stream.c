/* strata-value-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-value-stream-private.h"

/* A stretch of the text: either @text, or the file of a part, less its brackets where it is joined */
typedef struct
{
  char          *text;
  gsize          length;

  char          *path;
  StrataDigest   digest;
  guint64        bytes;
  gboolean       is_inner;
} Segment;

#define STRATA_TYPE_VALUE_STREAM (strata_value_stream_get_type ())
G_DECLARE_FINAL_TYPE (StrataValueStream, strata_value_stream, STRATA, VALUE_STREAM, GInputStream)

struct _StrataValueStream
{
  GInputStream   parent_instance;

  /* Set at construction, never changed after */
  int            dir;
  GPtrArray     *segments;

  /* The segment being read */
  guint          current;
  guint64        position;
  GInputStream  *file;
  StrataHasher  *hasher;
};

G_DEFINE_FINAL_TYPE (StrataValueStream, strata_value_stream, G_TYPE_INPUT_STREAM)

static void
segment_free (gpointer data)
{
  Segment *segment = data;

  g_free (segment->text);
  g_free (segment->path);
  g_free (segment);
}

static gboolean
part_is_damaged (const Segment  *segment,
                 GError        **error)
{
  g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its bytes are not those that were stored", segment->path);

  return TRUE;
}

/* Ends the file being read: all of it must have been there, and be right. */
static gboolean
finish_file (StrataValueStream  *self,
             const Segment      *segment,
             GError            **error)
{
  StrataDigest digest;

  _strata_hasher_finish (self->hasher, &digest);
  if (self->position != segment->bytes || !_strata_digest_equal (&digest, &segment->digest))
    return !part_is_damaged (segment, error);

  g_clear_object (&self->file);

  return TRUE;
}

static gboolean
open_file (StrataValueStream  *self,
           const Segment      *segment,
           GError            **error)
{
  self->file = _strata_file_stream_open (self->dir, segment->path, error);
  if (self->file != NULL)
    return TRUE;

  if (error == NULL || g_error_matches (*error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    {
      g_clear_error (error);
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is missing", segment->path);
    }

  return FALSE;
}

/* Reads on in a part's file. What is hashed is the whole file; what is handed
 * out of a joined one leaves its first and last byte aside.
 *
 * Returns: bytes now in @buffer, 0 at the segment's end, -1 with @error set
 */
static gssize
read_file (StrataValueStream  *self,
           const Segment      *segment,
           char               *buffer,
           gsize               count,
           GCancellable       *cancellable,
           GError            **error)
{
  while (TRUE)
    {
      guint64 start = self->position;
      gsize skip, keep;
      gssize size;

      if (self->file == NULL && !open_file (self, segment, error))
        return -1;

      size = g_input_stream_read (self->file, buffer, count, cancellable, error);
      if (size < 0)
        return -1;
      if (size == 0)
        return finish_file (self, segment, error) ? 0 : -1;

      _strata_hasher_update (self->hasher, buffer, (gsize)size);
      self->position += (guint64)size;
      if (self->position > segment->bytes)
        return part_is_damaged (segment, error) ? -1 : 0;
      if (!segment->is_inner)
        return size;

      skip = start == 0 ? 1 : 0;
      keep = (gsize)size - skip - (self->position == segment->bytes && (gsize)size > skip ? 1 : 0);
      if (skip > 0)
        memmove (buffer, buffer + skip, keep);
      if (keep > 0)
        return (gssize)keep;
    }
}

static gssize
read_text (StrataValueStream *self,
           const Segment     *segment,
           char              *buffer,
           gsize              count)
{
  gsize size = MIN (count, segment->length - (gsize)self->position);

  memcpy (buffer, segment->text + self->position, size);
  self->position += size;

  return (gssize)size;
}

static gssize
value_stream_read (GInputStream  *stream,
                   void          *buffer,
                   gsize          count,
                   GCancellable  *cancellable,
                   GError       **error)
{
  StrataValueStream *self = STRATA_VALUE_STREAM (stream);

  while (count > 0 && self->current < self->segments->len)
    {
      const Segment *segment = g_ptr_array_index (self->segments, self->current);
      gssize size;

      if (segment->text != NULL)
        size = read_text (self, segment, buffer, count);
      else
        size = read_file (self, segment, buffer, count, cancellable, error);
      if (size != 0)
        return size;

      self->current++;
      self->position = 0;
    }

  return 0;
}

static void
value_stream_finalize (GObject *object)
{
  StrataValueStream *self = STRATA_VALUE_STREAM (object);

  g_clear_object (&self->file);
  g_clear_pointer (&self->hasher, _strata_hasher_free);
  g_clear_pointer (&self->segments, g_ptr_array_unref);

  G_OBJECT_CLASS (strata_value_stream_parent_class)->finalize (object);
}

static void
strata_value_stream_class_init (StrataValueStreamClass *klass)
{
  G_OBJECT_CLASS (klass)->finalize = value_stream_finalize;
  G_INPUT_STREAM_CLASS (klass)->read_fn = value_stream_read;
}

static void
strata_value_stream_init (StrataValueStream *self)
{
  self->segments = g_ptr_array_new_with_free_func (segment_free);
  self->hasher = _strata_hasher_new ();
}

static void
add_text (StrataValueStream *self,
          const char        *text,
          gsize              length)
{
  Segment *last = self->segments->len > 0 ? g_ptr_array_index (self->segments, self->segments->len - 1) : NULL;

  if (last == NULL || last->text == NULL)
    {
      last = g_new0 (Segment, 1);
      last->text = g_strdup ("");
      g_ptr_array_add (self->segments, last);
    }

  last->text = g_realloc (last->text, last->length + length + 1);
  memcpy (last->text + last->length, text, length);
  last->length += length;
  last->text[last->length] = '\0';
}

/* @path: (transfer full) */
static void
add_file (StrataValueStream  *self,
          char               *path,
          const StrataDigest *digest,
          guint64             bytes,
          gboolean            is_inner)
{
  Segment *segment = g_new0 (Segment, 1);

  segment->path = path;
  segment->digest = *digest;
  segment->bytes = bytes;
  segment->is_inner = is_inner;
  g_ptr_array_add (self->segments, segment);
}

static void
add_part (StrataValueStream    *self,
          const StrataManifest *manifest,
          const StrataPart     *part,
          gboolean              is_inner)
{
  add_file (self, _strata_manifest_dup_part_path (manifest, part), &part->raw_digest, part->raw_bytes, is_inner);
}

/* Adds the value that parts from @first on make up: an array joined of all that
 * are at the same position, or one bare value.
 *
 * Returns: index of the first part that belongs to something else
 */
static guint
add_value (StrataValueStream    *self,
           const StrataManifest *manifest,
           guint                 first)
{
  const StrataPart *part = g_ptr_array_index (manifest->parts, first);
  guint position = part->position;
  guint i = first;

  if (!part->is_array)
    {
      add_part (self, manifest, part, FALSE);
      return first + 1;
    }

  for (; i < manifest->parts->len; i++)
    {
      part = g_ptr_array_index (manifest->parts, i);
      if (part->position != position)
        break;
      add_text (self, i == first ? "[" : ",", 1);
      add_part (self, manifest, part, TRUE);
    }
  add_text (self, "]", 1);

  return i;
}

static gboolean
bad_manifest (GError **error)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The list of parts does not make up the session's members");

  return FALSE;
}

static gboolean
add_members (StrataValueStream     *self,
             const StrataManifest  *manifest,
             GError               **error)
{
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (manifest->small, strlen (manifest->small));
  g_autoptr(GString) name = g_string_new (NULL);
  guint next_part = 0;
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  add_text (self, "{", 1);
  for (guint64 position = 0; position < manifest->n_members; position++)
    {
      const StrataPart *part = next_part < manifest->parts->len ? g_ptr_array_index (manifest->parts, next_part) : NULL;

      if (position > 0)
        add_text (self, ",", 1);

      if (part != NULL && part->position == position)
        {
          if (part->name == NULL)
            return bad_manifest (error);
          add_text (self, part->name, strlen (part->name));
          add_text (self, ":", 1);
          next_part = add_value (self, manifest, next_part);
          continue;
        }

      if (!_strata_json_reader_next_member (reader, name, &more, NULL, error))
        return FALSE;
      if (!more)
        return bad_manifest (error);
      g_string_append_c (name, ':');
      if (!_strata_json_reader_take_string (reader, name, NULL, error))
        return FALSE;
      add_text (self, name->str, name->len);
    }
  add_text (self, "}", 1);

  if (!_strata_json_reader_next_member (reader, name, &more, NULL, error))
    return FALSE;

  return !more && next_part == manifest->parts->len ? TRUE : bad_manifest (error);
}

GInputStream *
_strata_value_stream_new (int                    dir,
                          const StrataManifest  *manifest,
                          GError               **error)
{
  g_autoptr(StrataValueStream) self = g_object_new (STRATA_TYPE_VALUE_STREAM, NULL);
  const StrataPart *first = manifest->parts->len > 0 ? g_ptr_array_index (manifest->parts, 0) : NULL;

  self->dir = dir;
  if (!manifest->is_collection)
    {
      if (!add_members (self, manifest, error))
        return NULL;
    }
  else if (first == NULL)
    {
      bad_manifest (error);
      return NULL;
    }
  else if (first->is_array && first->items == 0)
    add_part (self, manifest, first, FALSE);
  else
    add_value (self, manifest, 0);

  return G_INPUT_STREAM (g_steal_pointer (&self));
}

GInputStream *
_strata_value_stream_new_object (int                 dir,
                                 const char         *path,
                                 const StrataDigest *digest,
                                 guint64             bytes)
{
  StrataValueStream *self = g_object_new (STRATA_TYPE_VALUE_STREAM, NULL);

  self->dir = dir;
  add_file (self, g_strdup (path), digest, bytes, FALSE);

  return G_INPUT_STREAM (self);
}

GInputStream *
_strata_value_stream_new_part (int                   dir,
                               const StrataManifest *manifest,
                               const StrataPart     *part)
{
  StrataValueStream *self = g_object_new (STRATA_TYPE_VALUE_STREAM, NULL);

  self->dir = dir;
  add_part (self, manifest, part, FALSE);

  return G_INPUT_STREAM (self);
}

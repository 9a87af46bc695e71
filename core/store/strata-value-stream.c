/* strata-value-stream.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-list-private.h"
#include "strata-member-private.h"
#include "strata-object-private.h"
#include "strata-part-read-private.h"
#include "strata-tail-private.h"
#include "strata-value-stream-private.h"

/* As the store reads it */
#define MAX_METADATA_BYTES (256 * 1024 * 1024)

/* A stretch of the text: either @text, or the file of a part, unpacked, less its brackets where it is joined */
typedef struct
{
  char          *text;
  gsize          length;

  char          *path;
  StrataDigest   digest;
  guint64        bytes;
  gboolean       is_inner;
  gboolean       is_gzip;
  guint64        stored_bytes;

  /* Where an object's bytes are as long as there is no such object; else NULL */
  char          *root;
  char          *reference;
} Segment;

#define STRATA_TYPE_VALUE_STREAM (strata_value_stream_get_type ())
G_DECLARE_FINAL_TYPE (StrataValueStream, strata_value_stream, STRATA, VALUE_STREAM, GInputStream)

struct _StrataValueStream
{
  GInputStream   parent_instance;

  /* Set at construction, never changed after */
  int            dir;
  GPtrArray     *segments;
  char          *metadata_path;    /* of what names the parts; NULL: nothing does */
  StrataDigest   metadata_digest;

  /* The segment being read */
  guint          current;
  guint64        position;
  GInputStream  *file;
  gboolean       is_elsewhere;   /* @file is in an old store */
  gboolean       is_unpacked;    /* @file gives the text of a packed part */
  StrataHasher  *hasher;
};

G_DEFINE_FINAL_TYPE (StrataValueStream, strata_value_stream, G_TYPE_INPUT_STREAM)

static void
segment_free (gpointer data)
{
  Segment *segment = data;

  g_free (segment->text);
  g_free (segment->path);
  g_free (segment->root);
  g_free (segment->reference);
  g_free (segment);
}

static gboolean
part_is_damaged (StrataValueStream  *self,
                 const Segment      *segment,
                 GError            **error)
{
  if (self->is_elsewhere)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s/%s”, which was left in the old store, was changed since",
                 segment->root, segment->reference);
  else
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: its bytes are not those that were stored",
                 segment->path);

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
    return !part_is_damaged (self, segment, error);

  g_clear_object (&self->file);
  self->is_unpacked = FALSE;

  return TRUE;
}

/* Whether the parts being read are still those that the metadata name: else they
 * were replaced meanwhile, and lie in the trash for a while.
 */
static gboolean
is_replaced (StrataValueStream *self)
{
  g_autoptr(GBytes) bytes = self->metadata_path != NULL ? _strata_file_read (self->dir, self->metadata_path, MAX_METADATA_BYTES, NULL) : NULL;
  g_autoptr(StrataManifest) now = bytes != NULL ? _strata_manifest_parse (bytes, NULL) : NULL;

  return now != NULL && !_strata_digest_equal (&now->file_digest, &self->metadata_digest);
}

/* An object may have gone to the trash since somebody asked where it is. */
static gboolean
may_be_in_trash (StrataValueStream *self,
                 const Segment     *segment)
{
  return g_str_has_prefix (segment->path, "attachments/") || is_replaced (self);
}

/* What was left in an old store, unless it is here by now */
static gboolean
open_elsewhere (StrataValueStream  *self,
                const Segment      *segment,
                GError            **error)
{
  g_autoptr(GError) open_error = NULL;
  int root = _strata_file_open (AT_FDCWD, segment->root, O_RDONLY | O_DIRECTORY, &open_error);

  if (root >= 0)
    {
      self->file = _strata_file_stream_open_source (root, segment->reference, &open_error);
      _strata_file_close (root);
    }
  self->is_elsewhere = self->file != NULL;
  if (self->file == NULL)
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_SOURCE, "“%s/%s”, which was left in the old store, can't be read: %s",
                 segment->root, segment->reference, open_error->message);

  return self->file != NULL;
}

static gboolean
open_file (StrataValueStream  *self,
           const Segment      *segment,
           GError            **error)
{
  g_autoptr(GError) open_error = NULL;

  self->file = _strata_file_stream_open (self->dir, segment->path, &open_error);
  if (self->file == NULL && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) &&
      may_be_in_trash (self, segment))
    {
      g_autofree char *name = g_strdelimit (g_strdup (segment->path), "/", '~');
      g_autofree char *path = g_build_filename ("trash", name, NULL);

      self->file = _strata_file_stream_open (self->dir, path, NULL);
    }
  if (self->file != NULL)
    return TRUE;

  if (segment->root != NULL && g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return open_elsewhere (self, segment, error);
  if (g_error_matches (open_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is missing", segment->path);
  else
    g_propagate_error (error, g_steal_pointer (&open_error));

  return FALSE;
}

/* Reads on in what a file's bytes mean. A flaw in how they are packed is damage like any other. */
static gssize
read_bytes (StrataValueStream  *self,
            const Segment      *segment,
            char               *buffer,
            gsize               count,
            GCancellable       *cancellable,
            GError            **error)
{
  g_autoptr(GError) read_error = NULL;
  gssize size = -1;

  if (segment->is_gzip && !self->is_unpacked)
    {
      g_autoptr(GInputStream) packed = g_steal_pointer (&self->file);

      self->file = _strata_part_unpack_stream (packed, segment->stored_bytes, segment->bytes, cancellable, &read_error);
      self->is_unpacked = self->file != NULL;
    }

  if (self->file != NULL)
    size = g_input_stream_read (self->file, buffer, count, cancellable, &read_error);
  if (g_error_matches (read_error, STRATA_ERROR, STRATA_ERROR_DAMAGED_DATA))
    part_is_damaged (self, segment, error);
  else if (read_error != NULL)
    g_propagate_error (error, g_steal_pointer (&read_error));

  return size;
}

/* Reads on in a part's file. What is hashed is all of its text; what is handed
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

      size = read_bytes (self, segment, buffer, count, cancellable, error);
      if (size < 0)
        return -1;
      if (size == 0)
        return finish_file (self, segment, error) ? 0 : -1;

      _strata_hasher_update (self->hasher, buffer, (gsize)size);
      self->position += (guint64)size;
      if (self->position > segment->bytes)
        return part_is_damaged (self, segment, error) ? -1 : 0;
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
  g_free (self->metadata_path);

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
static Segment *
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

  return segment;
}

static void
add_part (StrataValueStream    *self,
          const StrataManifest *manifest,
          const StrataPart     *part,
          gboolean              is_inner)
{
  Segment *segment =
    add_file (self, _strata_manifest_dup_part_path (manifest, part), &part->raw_digest, part->raw_bytes, is_inner);

  segment->is_gzip = part->is_gzip;
  segment->stored_bytes = part->stored_bytes;
}

/* Adds the elements of @parts, and of the tail behind them, with commas between.
 * @tail: (nullable)
 * @list: the one whose elements they are; STRATA_N_LISTS: one that does not grow. Lines of
 *   the tail that only bring attachments say the same of themselves, and are no elements.
 */
static void
add_elements (StrataValueStream    *self,
              const StrataManifest *manifest,
              GPtrArray            *parts,
              const StrataTail     *tail,
              StrataList            list,
              gboolean              is_first)
{
  g_autoptr(GString) text = g_string_new (NULL);

  for (guint i = 0; i < parts->len; i++)
    {
      if (!is_first)
        add_text (self, ",", 1);
      is_first = FALSE;
      add_part (self, manifest, g_ptr_array_index (parts, i), TRUE);
    }

  for (guint i = 0; tail != NULL && list != STRATA_N_LISTS && i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);

      if (line->list != list)
        continue;
      if (!is_first)
        g_string_append_c (text, ',');
      is_first = FALSE;
      g_string_append_len (text, line->element, (gssize)line->length);
    }
  if (text->len > 0)
    add_text (self, text->str, text->len);
}

/* Adds a value with elements put into the array inside it.
 *
 * @text: the value; what it has in that array ends at @at
 */
static void
add_around (StrataValueStream    *self,
            const StrataManifest *manifest,
            const StrataMember   *member,
            const char           *text,
            gsize                 length,
            gsize                 at,
            const StrataTail     *tail,
            StrataList            list)
{
  add_text (self, text, at);
  add_elements (self, manifest, member->inner, tail, list, text[at - 1] == '[');
  add_text (self, text + at, length - at);
}

/* A member whose value has a list inside it, some of whose elements are elsewhere. */
static gboolean
add_outer (StrataValueStream    *self,
           const StrataManifest *manifest,
           const StrataMember   *member,
           const StrataTail     *tail,
           StrataList            list,
           GError              **error)
{
  g_autoptr(GBytes) bytes = NULL;
  const char *text = member->value;
  gsize length = member->length;
  gsize start, end;

  if (text == NULL)
    {
      bytes = _strata_part_load (self->dir, manifest, g_ptr_array_index (member->parts, 0), error);
      if (bytes == NULL)
        return FALSE;
      text = g_bytes_get_data (bytes, &length);
    }

  if (member->inner->len > 0)
    {
      const StrataPart *part = g_ptr_array_index (member->inner, 0);

      if (part->at < 2 || part->at >= length || text[part->at - 1] != '[' || text[part->at] != ']')
        {
          g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A part says that it goes where no array is");
          return FALSE;
        }
      add_around (self, manifest, member, text, length, (gsize)part->at, tail, list);
      return TRUE;
    }

  if (!_strata_list_find_inner (text, length, _strata_list_get_info (list)->inner, &start, &end, error))
    return FALSE;
  if (end > 0)
    {
      add_around (self, manifest, member, text, length, end - 1, tail, list);
      return TRUE;
    }

  /* It has no such list yet */
  add_text (self, text, length - 1);
  add_text (self, length > 2 ? "," : "", length > 2 ? 1 : 0);
  add_text (self, _strata_list_get_info (list)->inner, strlen (_strata_list_get_info (list)->inner));
  add_text (self, ":[", 2);
  add_elements (self, manifest, member->inner, tail, list, TRUE);
  add_text (self, "]}", 2);

  return TRUE;
}

/* Adds a member's value. @list: the one that grows in it, by @tail; STRATA_N_LISTS: none */
static gboolean
add_value (StrataValueStream    *self,
           const StrataManifest *manifest,
           const StrataMember   *member,
           const StrataTail     *tail,
           StrataList            list,
           GError              **error)
{
  const StrataPart *first = member->parts->len > 0 ? g_ptr_array_index (member->parts, 0) : NULL;

  if (member->inner->len > 0 || (list != STRATA_N_LISTS && _strata_list_get_info (list)->inner != NULL))
    return add_outer (self, manifest, member, tail, list, error);

  if (first != NULL && first->is_array && !(first->items == 0 && member->parts->len == 1))
    {
      add_text (self, "[", 1);
      add_elements (self, manifest, member->parts, tail, list, TRUE);
      add_text (self, "]", 1);
    }
  else if (first != NULL)
    add_part (self, manifest, first, FALSE);
  else if (list == STRATA_N_LISTS)
    add_text (self, member->value, member->length);
  else
    {
      add_text (self, member->value, member->length - 1);
      add_elements (self, manifest, member->parts, tail, list, member->length == 2);
      add_text (self, "]", 1);
    }

  return TRUE;
}

/* Where the tail's elements go: for each list with any the place of its member, G_MAXUINT: it has none yet. */
static void
find_growing (GPtrArray        *members,
              const StrataTail *tail,
              guint            *out_places)
{
  for (guint i = 0; i < STRATA_N_LISTS; i++)
    out_places[i] = tail != NULL && tail->items[i] > 0
                      ? _strata_members_find (members, _strata_list_get_info ((StrataList)i)->member) : G_MAXUINT;
}

static StrataList
find_list_at (const guint *places,
              guint        place)
{
  for (guint i = 0; i < STRATA_N_LISTS; i++)
    if (places[i] == place)
      return (StrataList)i;

  return STRATA_N_LISTS;
}

/* A list that the session did not have when its metadata were written */
static void
add_new_list (StrataValueStream    *self,
              const StrataManifest *manifest,
              const StrataTail     *tail,
              StrataList            list,
              gboolean              is_first)
{
  const StrataListInfo *info = _strata_list_get_info (list);
  g_autoptr(GPtrArray) none = g_ptr_array_new ();
  g_autofree char *opening = g_strconcat (is_first ? "" : ",", info->member, info->inner != NULL ? ":{" : ":",
                                          info->inner != NULL ? info->inner : "", info->inner != NULL ? ":[" : "[", NULL);

  add_text (self, opening, strlen (opening));
  add_elements (self, manifest, none, tail, list, TRUE);
  add_text (self, "]}", info->inner != NULL ? 2 : 1);
}

static gboolean
add_members (StrataValueStream     *self,
             const StrataManifest  *manifest,
             GPtrArray             *members,
             GError               **error)
{
  const StrataTail *tail = manifest->tail;
  StrataList lists[STRATA_N_LISTS];
  guint n_lists = tail != NULL ? _strata_tail_get_lists (tail, lists) : 0;
  guint places[STRATA_N_LISTS];
  gboolean is_first = members->len == 0;

  find_growing (members, tail, places);
  add_text (self, "{", 1);
  for (guint i = 0; i < members->len; i++)
    {
      const StrataMember *member = g_ptr_array_index (members, i);

      if (i > 0)
        add_text (self, ",", 1);
      add_text (self, member->name, strlen (member->name));
      add_text (self, ":", 1);
      if (!add_value (self, manifest, member, tail, find_list_at (places, i), error))
        return FALSE;
    }

  for (guint i = 0; i < n_lists; i++)
    if (places[lists[i]] == G_MAXUINT)
      {
        add_new_list (self, manifest, tail, lists[i], is_first);
        is_first = FALSE;
      }
  add_text (self, "}", 1);

  return TRUE;
}

GInputStream *
_strata_value_stream_new (int                    dir,
                          const StrataManifest  *manifest,
                          GError               **error)
{
  g_autoptr(StrataValueStream) self = g_object_new (STRATA_TYPE_VALUE_STREAM, NULL);
  g_autoptr(GPtrArray) members = NULL;

  if (manifest->tail != NULL && !_strata_tail_check (manifest->tail, manifest->key, error))
    return NULL;
  members = _strata_members_unpack (manifest, error);
  if (members == NULL)
    return NULL;

  self->dir = dir;
  self->metadata_path = _strata_manifest_dup_path (manifest);
  self->metadata_digest = manifest->file_digest;
  if (manifest->is_collection ? !add_value (self, manifest, g_ptr_array_index (members, 0), NULL, STRATA_N_LISTS, error)
                              : !add_members (self, manifest, members, error))
    return NULL;

  return G_INPUT_STREAM (g_steal_pointer (&self));
}

GInputStream *
_strata_value_stream_new_object (int                 dir,
                                 const char         *path,
                                 const StrataDigest *digest,
                                 guint64             bytes,
                                 const char         *root,
                                 const char         *reference)
{
  StrataValueStream *self = g_object_new (STRATA_TYPE_VALUE_STREAM, NULL);
  Segment *segment;

  self->dir = dir;
  segment = add_file (self, g_strdup (path), digest, bytes, FALSE);
  segment->root = g_strdup (root);
  segment->reference = g_strdup (reference);

  return G_INPUT_STREAM (self);
}

GInputStream *
_strata_value_stream_new_attachment (int                        dir,
                                     const StrataAttachmentRow *row)
{
  g_autofree char *path = _strata_object_dup_path (&row->digest, row->extension);

  return _strata_value_stream_new_object (dir, path, &row->digest, row->bytes, row->source_root, row->source_path);
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

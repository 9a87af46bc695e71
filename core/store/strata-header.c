/* strata-header.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-digest-private.h"
#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-header-private.h"

#define FILE_NAME STRATA_HEADER_NAME
#define MAX_BYTES (1024 * 1024)
/* How it ends: ,"digest":"<64 hex>"} and a line feed, the digest being of all before that */
#define DIGEST_PREFIX ",\"digest\":\""
#define DIGEST_SUFFIX "\"}\n"
#define DIGEST_LENGTH (strlen (DIGEST_PREFIX) + 2 * STRATA_DIGEST_SIZE + strlen (DIGEST_SUFFIX))

static const char *const names[] = {
  "format", "min_reader", "min_writer", "id", "created", "state", "sources", NULL
};

static const char *const source_names[] = { "number", "path", "bytes", NULL };

static void
source_free (gpointer data)
{
  StrataSourceRecord *source = data;

  g_free (source->path);
  g_free (source);
}

/* Returns: (transfer full): the header of a store that is being made */
StrataHeader *
_strata_header_new (void)
{
  StrataHeader *self = g_new0 (StrataHeader, 1);
  g_autoptr(GDateTime) now = g_date_time_new_now_utc ();

  self->id = g_uuid_string_random ();
  self->created = g_date_time_format (now, "%Y-%m-%dT%H:%M:%S.000Z");
  self->state = g_strdup ("planned");
  self->sources = g_ptr_array_new_with_free_func (source_free);

  return self;
}

void
_strata_header_free (StrataHeader *self)
{
  g_free (self->id);
  g_free (self->created);
  g_free (self->state);
  g_clear_pointer (&self->sources, g_ptr_array_unref);
  g_free (self);
}

static gboolean
read_sources (StrataHeader  *self,
              const char    *text,
              GError       **error)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  gboolean more;

  if (text == NULL)
    return TRUE;

  reader = _strata_json_reader_new_for_data (text, strlen (text));
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (_strata_json_reader_next_element (reader, &more, NULL, error))
    {
      g_autoptr(StrataJsonMembers) members = NULL;
      StrataSourceRecord *source;

      if (!more)
        return TRUE;
      members = _strata_json_members_read (reader, source_names, error);
      if (members == NULL)
        return FALSE;

      source = g_new0 (StrataSourceRecord, 1);
      source->number = (guint)_strata_json_members_get_uint (members, "number");
      source->path = _strata_json_members_dup_string (members, "path");
      source->bytes = _strata_json_members_get_uint (members, "bytes");
      g_ptr_array_add (self->sources, source);
    }

  return FALSE;
}

static StrataHeader *
parse (GBytes  *bytes,
       GError **error)
{
  g_autoptr(StrataHeader) self = NULL;
  g_autoptr(StrataJsonMembers) members =
    _strata_json_members_parse (g_bytes_get_data (bytes, NULL), g_bytes_get_size (bytes), names, error);

  if (members == NULL)
    {
      g_prefix_error (error, "“" FILE_NAME "” can't be read: ");
      return NULL;
    }

  if (_strata_json_members_get_uint (members, "min_reader") > STRATA_FORMAT ||
      _strata_json_members_get_uint (members, "min_writer") > STRATA_FORMAT)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NEWER_FORMAT,
                           "The store was made by a newer version of Strata. Your data is intact: update the program");
      return NULL;
    }

  self = g_new0 (StrataHeader, 1);
  self->id = _strata_json_members_dup_string (members, "id");
  self->created = _strata_json_members_dup_string (members, "created");
  self->state = _strata_json_members_dup_string (members, "state");
  self->sources = g_ptr_array_new_with_free_func (source_free);
  if (self->id == NULL || self->state == NULL || _strata_json_members_get_uint (members, "format") == 0)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“" FILE_NAME "” is not that of a store");
      return NULL;
    }

  if (!read_sources (self, _strata_json_members_get_raw (members, "sources"), error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Whether the text has the digest that it names. @out_names_one: whether it ends as one with a digest does */
static gboolean
has_its_digest (GBytes   *bytes,
                gboolean *out_names_one)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  const char *end = text + size - DIGEST_LENGTH;
  g_autofree char *hex = NULL;
  StrataDigest digest, named;

  *out_names_one = size > DIGEST_LENGTH && memcmp (end, DIGEST_PREFIX, strlen (DIGEST_PREFIX)) == 0 &&
                   memcmp (text + size - strlen (DIGEST_SUFFIX), DIGEST_SUFFIX, strlen (DIGEST_SUFFIX)) == 0;
  if (!*out_names_one)
    return FALSE;

  hex = g_strndup (end + strlen (DIGEST_PREFIX), 2 * STRATA_DIGEST_SIZE);
  _strata_digest_of (text, size - DIGEST_LENGTH, &digest);

  return _strata_digest_from_hex (hex, &named) && _strata_digest_equal (&digest, &named);
}

/* The copy, where it is whole */
static GBytes *
read_copy (int dir)
{
  g_autoptr(GBytes) copy = _strata_file_read (dir, STRATA_HEADER_COPY_NAME, MAX_BYTES, NULL);
  gboolean ignored;

  return copy != NULL && has_its_digest (copy, &ignored) ? g_steal_pointer (&copy) : NULL;
}

/* STRATA_ERROR_NOT_FOUND where there is no store, STRATA_ERROR_NEWER_FORMAT
 * where this program is too old for it. What is damaged or lost is read from its copy; a
 * header that names no digest, from before there were any, as it is.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataHeader *
_strata_header_read (int      dir,
                     GError **error)
{
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (dir, FILE_NAME, MAX_BYTES, &read_error);
  g_autoptr(GBytes) copy = NULL;
  StrataHeader *self = NULL;
  gboolean names_one;

  if (bytes != NULL && (has_its_digest (bytes, &names_one) || !names_one))
    self = parse (bytes, &read_error);
  if (self != NULL)
    return self;

  /* No copy is put in the place of what another version wrote, or of what can't be read just now */
  if (read_error == NULL || g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND) ||
      (read_error->domain == STRATA_ERROR && read_error->code != STRATA_ERROR_NEWER_FORMAT))
    copy = read_copy (dir);
  if (copy != NULL)
    return parse (copy, error);

  /* As far as it can be */
  if (read_error == NULL)
    return parse (bytes, error);
  if (g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_NOT_FOUND, "There is no store here");
  else
    g_propagate_error (error, g_steal_pointer (&read_error));

  return NULL;
}

/* How a store's header ended before it named its digest */
static gboolean
is_without_digest (GBytes *bytes)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  return size > 4 && (memcmp (text + size - 4, "[]}\n", 4) == 0 || memcmp (text + size - 4, "}]}\n", 4) == 0);
}

gboolean
_strata_header_check (int          dir,
                      const char  *name,
                      GError     **error)
{
  gboolean is_copy = strcmp (name, FILE_NAME) != 0;
  g_autoptr(GError) read_error = NULL;
  g_autoptr(GBytes) bytes = _strata_file_read (dir, name, MAX_BYTES, &read_error);
  g_autoptr(StrataHeader) header = NULL;
  gboolean names_one;

  /* Where there is none, the next change of the header makes one */
  if (bytes == NULL && is_copy && g_error_matches (read_error, G_IO_ERROR, G_IO_ERROR_NOT_FOUND))
    return TRUE;
  if (bytes == NULL)
    {
      g_propagate_error (error, g_steal_pointer (&read_error));
      return FALSE;
    }

  if (!has_its_digest (bytes, &names_one) && (names_one || !is_without_digest (bytes)))
    {
      g_set_error (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "“%s” is damaged: it does not have the digest that it names", name);
      return FALSE;
    }
  header = parse (bytes, error);

  return header != NULL;
}

/* Durable on success; all or nothing. */
gboolean
_strata_header_write (StrataHeader  *self,
                      int            dir,
                      GError       **error)
{
  g_autoptr(GString) text = g_string_new ("{");
  char hex[STRATA_DIGEST_HEX_SIZE];
  StrataDigest digest;

  _strata_json_add_uint (text, "format", STRATA_FORMAT);
  _strata_json_add_uint (text, "min_reader", STRATA_FORMAT);
  _strata_json_add_uint (text, "min_writer", STRATA_FORMAT);
  _strata_json_add_string (text, "id", self->id);
  _strata_json_add_string (text, "created", self->created);
  _strata_json_add_string (text, "state", self->state);
  g_string_append (text, "\"sources\":[");
  for (guint i = 0; i < self->sources->len; i++)
    {
      const StrataSourceRecord *source = g_ptr_array_index (self->sources, i);

      g_string_append_c (text, '{');
      _strata_json_add_uint (text, "number", source->number);
      _strata_json_add_string (text, "path", source->path);
      _strata_json_add_uint (text, "bytes", source->bytes);
      _strata_json_close_object (text);
      g_string_append_c (text, ',');
    }
  _strata_json_close_array (text);
  _strata_digest_of (text->str, text->len, &digest);
  _strata_digest_to_hex (&digest, hex);
  g_string_append_printf (text, DIGEST_PREFIX "%s" DIGEST_SUFFIX, hex);

  if (!_strata_file_replace (dir, FILE_NAME, FILE_NAME ".new", text->str, text->len, error))
    return FALSE;

  /* Best effort: it is for when the file is damaged */
  _strata_file_replace (dir, STRATA_HEADER_COPY_NAME, STRATA_HEADER_COPY_NAME ".new", text->str, text->len, NULL);

  return TRUE;
}

/* Finds the number of an old store by its canonical path, giving it the next one when it is new. */
guint
_strata_header_add_source (StrataHeader *self,
                           const char   *path,
                           gboolean     *out_is_new)
{
  StrataSourceRecord *source;

  *out_is_new = FALSE;
  for (guint i = 0; i < self->sources->len; i++)
    {
      source = g_ptr_array_index (self->sources, i);
      if (g_strcmp0 (source->path, path) == 0)
        return source->number;
    }

  source = g_new0 (StrataSourceRecord, 1);
  source->number = self->sources->len + 1;
  source->path = g_strdup (path);
  g_ptr_array_add (self->sources, source);
  *out_is_new = TRUE;

  return source->number;
}

void
_strata_header_set_source_bytes (StrataHeader *self,
                                 guint         number,
                                 guint64       bytes)
{
  for (guint i = 0; i < self->sources->len; i++)
    {
      StrataSourceRecord *source = g_ptr_array_index (self->sources, i);

      if (source->number == number)
        source->bytes = bytes;
    }
}

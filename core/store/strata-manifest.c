/* strata-manifest.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-members-private.h"
#include "json/strata-json-write-private.h"
#include "strata-manifest-private.h"
#include "strata-tail-private.h"

/* How a metadata.json ends: ,"digest":"<64 hex>"} and a line feed */
#define DIGEST_PREFIX ",\"digest\":\""
#define DIGEST_SUFFIX "\"}\n"
#define DIGEST_LENGTH (strlen (DIGEST_PREFIX) + 2 * STRATA_DIGEST_SIZE + strlen (DIGEST_SUFFIX))
G_STATIC_ASSERT (sizeof DIGEST_PREFIX - 1 + 2 * STRATA_DIGEST_SIZE + sizeof DIGEST_SUFFIX - 1 == STRATA_MANIFEST_TAIL_BYTES);

/* What a part's file name may begin with */
#define KIND_CHARACTERS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

static const char *const outer_names[] = { "strata", "session", "collection", NULL };

static const char *const strata_names[] = {
  "key", "id", "name", "source", "ordinal", "occurrence", "recovered", "members", "bytes", "sha256",
  "source_bytes", "screenshots", "audio_segments", "edits", "tail", "parts", "attachments", NULL
};

static const char *const part_names[] = {
  "kind", "name", "number", "position", "array", "at", "items", "bytes", "stored", "sha256", "stored_sha256", "codec", NULL
};

void
_strata_part_free (StrataPart *part)
{
  g_free (part->kind);
  g_free (part->name);
  g_free (part->staged_path);
  g_free (part);
}

/* Returns: (transfer full): the same, staged nowhere */
StrataPart *
_strata_part_copy (const StrataPart *part)
{
  StrataPart *copy = g_memdup2 (part, sizeof *part);

  copy->kind = g_strdup (part->kind);
  copy->name = g_strdup (part->name);
  copy->staged_path = NULL;
  copy->is_synced = FALSE;

  return copy;
}

/* The digits are of the file's own digest, so that no two contents have one name,
 * whatever the level a part is packed at. A part that is not packed is its text.
 *
 * Returns: (transfer full): `<kind>-NNN.<12 hex>.json` or the same with `.gz`
 */
char *
_strata_part_dup_file_name (const StrataPart *part)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  _strata_digest_to_hex (part->is_gzip ? &part->stored_digest : &part->raw_digest, hex);

  return g_strdup_printf ("%s-%03u.%.12s.json%s", part->kind, part->number, hex, part->is_gzip ? ".gz" : "");
}

gboolean
_strata_part_is_file_name (const char *name)
{
  const char *dot = strchr (name, '.');
  const char *number = dot != NULL ? g_strrstr_len (name, dot - name, "-") : NULL;

  return number != NULL && number > name && strspn (name, KIND_CHARACTERS) == (gsize)(dot - name) &&
         dot - number > 3 && strspn (number + 1, "0123456789") == (gsize)(dot - number - 1) &&
         strspn (dot + 1, "0123456789abcdef") == 12 &&
         (strcmp (dot + 13, ".json") == 0 || strcmp (dot + 13, ".json.gz") == 0);
}

StrataManifest *
_strata_manifest_new (void)
{
  StrataManifest *self = g_new0 (StrataManifest, 1);

  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_part_free);
  self->attachments = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_part_free);

  return self;
}

void
_strata_manifest_free (StrataManifest *self)
{
  g_free (self->key);
  g_free (self->id_token);
  g_free (self->name);
  g_free (self->recovered);
  g_free (self->small);
  g_ptr_array_unref (self->parts);
  g_ptr_array_unref (self->attachments);
  g_clear_pointer (&self->tail, _strata_tail_unref);
  g_free (self->folder);
  g_free (self);
}

static void
append_part (GString          *text,
             const StrataPart *part)
{
  g_string_append_c (text, '{');
  _strata_json_add_string (text, "kind", part->kind);
  if (part->name != NULL)
    _strata_json_add_raw (text, "name", part->name);
  _strata_json_add_uint (text, "number", part->number);
  _strata_json_add_uint (text, "position", part->position);
  _strata_json_add_bool (text, "array", part->is_array);
  if (part->is_inner)
    _strata_json_add_uint (text, "at", part->at);
  _strata_json_add_uint (text, "items", part->items);
  _strata_json_add_uint (text, "bytes", part->raw_bytes);
  _strata_json_add_uint (text, "stored", part->stored_bytes);
  _strata_json_add_digest (text, "sha256", &part->raw_digest);
  _strata_json_add_digest (text, "stored_sha256", &part->stored_digest);
  _strata_json_add_string (text, "codec", part->is_gzip ? "gzip" : "none");
  _strata_json_close_object (text);
  g_string_append_c (text, ',');
}

static void
append_parts (GString    *text,
              const char *name,
              GPtrArray  *parts)
{
  g_string_append_printf (text, "\"%s\":[", name);
  for (guint i = 0; i < parts->len; i++)
    append_part (text, g_ptr_array_index (parts, i));
  _strata_json_close_array (text);
  g_string_append_c (text, ',');
}

static void
append_strata (GString              *text,
               const StrataManifest *self)
{
  g_string_append_c (text, '{');
  _strata_json_add_string (text, "key", self->key);
  if (self->is_collection)
    _strata_json_add_string (text, "name", self->name);
  else
    _strata_json_add_raw (text, "id", self->id_token);
  _strata_json_add_uint (text, "source", self->source);
  _strata_json_add_uint (text, "ordinal", self->ordinal);
  _strata_json_add_uint (text, "occurrence", self->occurrence);
  _strata_json_add_string (text, "recovered", self->recovered);
  _strata_json_add_uint (text, "members", self->n_members);
  _strata_json_add_uint (text, "bytes", self->raw_bytes);
  _strata_json_add_digest (text, "sha256", &self->raw_digest);
  _strata_json_add_uint (text, "source_bytes", self->source_bytes);
  _strata_json_add_uint (text, "screenshots", self->n_screenshots);
  _strata_json_add_uint (text, "audio_segments", self->n_audio_segments);
  /* Only where there is something to say, so that what was never changed here reads as it always did */
  if (self->edits > 0)
    _strata_json_add_uint (text, "edits", self->edits);
  if (self->generation > 0)
    _strata_json_add_uint (text, "tail", self->generation);
  append_parts (text, "parts", self->parts);
  append_parts (text, "attachments", self->attachments);
  _strata_json_close_object (text);
}

/* Writes it as the text of a metadata.json, and notes that text's digest and size.
 *
 * Returns: (transfer full)
 */
GBytes *
_strata_manifest_serialize (StrataManifest *self)
{
  GString *text = g_string_new ("{\"strata\":");
  char hex[STRATA_DIGEST_HEX_SIZE];

  append_strata (text, self);
  g_string_append_printf (text, ",\"%s\":", self->is_collection ? "collection" : "session");
  g_string_append (text, self->small);
  _strata_digest_of (text->str, text->len, &self->file_digest);
  _strata_digest_to_hex (&self->file_digest, hex);
  g_string_append_printf (text, DIGEST_PREFIX "%s" DIGEST_SUFFIX, hex);
  self->file_bytes = text->len;

  return g_string_free_to_bytes (text);
}

/* Says how a part's file is packed; one that is packed in another way is not read as if it were plain. */
static gboolean
parse_codec (const char *raw,
             gboolean   *out_is_gzip)
{
  *out_is_gzip = g_strcmp0 (raw, "\"gzip\"") == 0;

  return *out_is_gzip || raw == NULL || strcmp (raw, "\"none\"") == 0;
}

static StrataPart *
parse_part (StrataJsonReader  *reader,
            GError           **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_read (reader, part_names, error);
  g_autoptr(StrataPart) part = g_new0 (StrataPart, 1);

  if (members == NULL)
    return NULL;

  part->kind = _strata_json_members_dup_string (members, "kind");
  part->name = g_strdup (_strata_json_members_get_raw (members, "name"));
  part->number = (guint)_strata_json_members_get_uint (members, "number");
  part->position = (guint)_strata_json_members_get_uint (members, "position");
  part->is_array = _strata_json_members_get_bool (members, "array");
  part->is_inner = _strata_json_members_get_raw (members, "at") != NULL;
  part->at = _strata_json_members_get_uint (members, "at");
  part->items = _strata_json_members_get_uint (members, "items");
  part->raw_bytes = _strata_json_members_get_uint (members, "bytes");
  part->stored_bytes = _strata_json_members_get_uint (members, "stored");

  if (part->kind == NULL || *part->kind == '\0' || strspn (part->kind, KIND_CHARACTERS) != strlen (part->kind) ||
      (part->name != NULL && part->name[0] != '"') ||
      !parse_codec (_strata_json_members_get_raw (members, "codec"), &part->is_gzip) ||
      !_strata_json_members_get_digest (members, "sha256", &part->raw_digest) ||
      !_strata_json_members_get_digest (members, "stored_sha256", &part->stored_digest))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "A part is described in a way that can't be read");
      return NULL;
    }

  return g_steal_pointer (&part);
}

static gboolean
parse_parts (const char  *text,
             GPtrArray   *parts,
             GError     **error)
{
  g_autoptr(StrataJsonReader) reader = NULL;
  gboolean more;

  if (text == NULL || text[0] != '[')
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The list of parts is missing");
      return FALSE;
    }

  reader = _strata_json_reader_new_for_data (text, strlen (text));
  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (TRUE)
    {
      StrataPart *part;

      if (!_strata_json_reader_next_element (reader, &more, NULL, error))
        return FALSE;
      if (!more)
        return TRUE;

      part = parse_part (reader, error);
      if (part == NULL)
        return FALSE;
      g_ptr_array_add (parts, part);
    }
}

static gboolean
parse_strata (StrataManifest  *self,
              const char      *text,
              GError         **error)
{
  g_autoptr(StrataJsonMembers) members = _strata_json_members_parse (text, strlen (text), strata_names, error);

  if (members == NULL)
    return FALSE;

  self->key = _strata_json_members_dup_string (members, "key");
  self->id_token = g_strdup (_strata_json_members_get_raw (members, "id"));
  self->name = _strata_json_members_dup_string (members, "name");
  self->source = (guint)_strata_json_members_get_uint (members, "source");
  self->ordinal = _strata_json_members_get_uint (members, "ordinal");
  self->occurrence = (guint)_strata_json_members_get_uint (members, "occurrence");
  self->recovered = _strata_json_members_dup_string (members, "recovered");
  self->n_members = _strata_json_members_get_uint (members, "members");
  self->raw_bytes = _strata_json_members_get_uint (members, "bytes");
  self->source_bytes = _strata_json_members_get_uint (members, "source_bytes");
  self->n_screenshots = _strata_json_members_get_uint (members, "screenshots");
  self->n_audio_segments = _strata_json_members_get_uint (members, "audio_segments");
  self->edits = _strata_json_members_get_uint (members, "edits");
  self->generation = _strata_json_members_get_uint (members, "tail");

  if (self->key == NULL || !_strata_json_members_get_digest (members, "sha256", &self->raw_digest))
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "Key or digest is missing");
      return FALSE;
    }

  return parse_parts (_strata_json_members_get_raw (members, "parts"), self->parts, error) &&
         parse_parts (_strata_json_members_get_raw (members, "attachments"), self->attachments, error);
}

gboolean
_strata_manifest_parse_tail (const char   *tail,
                             StrataDigest *out_digest)
{
  g_autofree char *hex = g_strndup (tail + strlen (DIGEST_PREFIX), 2 * STRATA_DIGEST_SIZE);

  return memcmp (tail, DIGEST_PREFIX, strlen (DIGEST_PREFIX)) == 0 &&
         memcmp (tail + DIGEST_LENGTH - strlen (DIGEST_SUFFIX), DIGEST_SUFFIX, strlen (DIGEST_SUFFIX)) == 0 &&
         _strata_digest_from_hex (hex, out_digest);
}

static gboolean
check_digest (GBytes        *bytes,
              StrataDigest  *out_digest,
              GError       **error)
{
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);
  StrataDigest recorded;

  if (size > DIGEST_LENGTH)
    {
      _strata_digest_of (text, size - DIGEST_LENGTH, out_digest);
      if (_strata_manifest_parse_tail (text + size - DIGEST_LENGTH, &recorded) &&
          _strata_digest_equal (&recorded, out_digest))
        return TRUE;
    }

  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "It does not have the digest that it names");

  return FALSE;
}

static StrataManifest *
parse_text (const char  *text,
            gsize        size,
            GError     **error)
{
  g_autoptr(StrataManifest) self = _strata_manifest_new ();
  g_autoptr(StrataJsonMembers) outer = _strata_json_members_parse (text, size, outer_names, error);
  const char *strata, *session, *collection;

  if (outer == NULL)
    return NULL;

  strata = _strata_json_members_get_raw (outer, "strata");
  session = _strata_json_members_get_raw (outer, "session");
  collection = _strata_json_members_get_raw (outer, "collection");
  self->is_collection = collection != NULL;
  self->small = g_strdup (session != NULL ? session : collection);
  if (strata == NULL || (session == NULL) == (collection == NULL) || self->small[0] != '{')
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "It is not the metadata of a session or collection");
      return NULL;
    }

  if (!parse_strata (self, strata, error))
    return NULL;

  return g_steal_pointer (&self);
}

/* Reads the text of a metadata.json; one that does not have the digest it
 * names, or lacks anything, is STRATA_ERROR_CORRUPT.
 *
 * Returns: (transfer full): or %NULL with @error set
 */
StrataManifest *
_strata_manifest_parse (GBytes  *bytes,
                        GError **error)
{
  g_autoptr(GError) parse_error = NULL;
  StrataDigest digest;
  StrataManifest *self;
  gsize size;
  const char *text = g_bytes_get_data (bytes, &size);

  if (!check_digest (bytes, &digest, error))
    return NULL;

  self = parse_text (text, size, &parse_error);
  if (self == NULL)
    {
      g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, parse_error->message);
      return NULL;
    }
  self->file_digest = digest;
  self->file_bytes = size;

  return self;
}

gboolean
_strata_manifest_is_edited (const StrataManifest *self)
{
  return self->edits > 0 || (self->tail != NULL && self->tail->lines->len > 0);
}

/* Returns: bytes of its files, metadata.json included, attachments' objects not */
guint64
_strata_manifest_stored_bytes (const StrataManifest *self)
{
  guint64 sum = self->file_bytes;

  for (guint i = 0; i < self->parts->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (self->parts, i))->stored_bytes;
  for (guint i = 0; i < self->attachments->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (self->attachments, i))->stored_bytes;

  return sum + (self->tail != NULL ? self->tail->end : 0);
}

/* Returns: (transfer full): where its metadata is, below the store */
char *
_strata_manifest_dup_path (const StrataManifest *self)
{
  if (self->is_collection)
    return g_strdup_printf ("collections/%s.metadata.json", self->key);
  if (self->folder != NULL)
    return g_build_filename (self->folder, "metadata.json", NULL);

  return g_strdup_printf ("sessions/%s/metadata.json", self->key);
}

/* Returns: (transfer full): where one of its parts is, below the store */
char *
_strata_manifest_dup_part_path (const StrataManifest *self,
                                const StrataPart     *part)
{
  g_autofree char *file_name = _strata_part_dup_file_name (part);

  if (self->is_collection)
    return g_build_filename ("collections", file_name, NULL);
  if (self->folder != NULL)
    return g_build_filename (self->folder, "chunks", file_name, NULL);

  return g_build_filename ("sessions", self->key, "chunks", file_name, NULL);
}

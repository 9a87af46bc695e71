/* strata-check-drill.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "store/strata-key-private.h"
#include "store/strata-object-private.h"
#include "store/strata-tail-private.h"
#include "strata-check-private.h"

/* The steps of docs/store-format.md ("Putting a session together"), taken in the plainest
 * way: in memory, by another reader of JSON and another one of gzip than those that the
 * rest of the program uses. A flaw in those would otherwise agree with itself.
 */

/* A larger session is not taken for a drill: it is held in memory, twice */
#define MAX_BYTES (24 * 1024 * 1024)
#define MAX_CHOICES 100

typedef struct
{
  GString *name;   /* with its quotes; NULL: an element */
  GString *value;
} Child;

static void
child_free (gpointer data)
{
  Child *child = data;

  if (child->name != NULL)
    g_string_free (child->name, TRUE);
  g_string_free (child->value, TRUE);
  g_free (child);
}

static Child *
child_new (const char *name,
           gsize       name_length,
           const char *value,
           gsize       length)
{
  Child *child = g_new (Child, 1);

  child->name = name != NULL ? g_string_new_len (name, (gssize)name_length) : NULL;
  child->value = g_string_new_len (value, (gssize)length);

  return child;
}

/* Where a string that begins at @p ends */
static const char *
skip_string (const char *p,
             const char *end)
{
  for (p++; p < end && *p != '"'; p++)
    if (*p == '\\')
      p++;

  return MIN (p + 1, end);
}

/* Where a value that begins at @p ends, in JSON without white space */
static const char *
skip_value (const char *p,
            const char *end)
{
  guint depth = 0;

  while (p < end)
    {
      if (depth == 0 && (*p == ',' || *p == '}' || *p == ']'))
        return p;
      if (*p == '"')
        {
          p = skip_string (p, end);
          continue;
        }
      depth += *p == '{' || *p == '[' ? 1 : 0;
      depth -= *p == '}' || *p == ']' ? 1 : 0;
      p++;
    }

  return end;
}

/* The members of an object, or the elements of an array; (transfer full) (element-type Child) */
static GPtrArray *
split (const char *text,
       gsize       length)
{
  GPtrArray *children = g_ptr_array_new_with_free_func (child_free);
  const char *end = text + length - 1;
  const char *p = text + 1;

  while (p < end)
    {
      const char *name = NULL, *value = p;
      gsize name_length = 0;

      if (text[0] == '{')
        {
          name = p;
          value = skip_string (p, end);
          name_length = (gsize)(value - name);
          value++;
        }
      p = skip_value (value, end);
      g_ptr_array_add (children, child_new (name, name_length, value, (gsize)(p - value)));
      p++;
    }

  return children;
}

/* Parts */

static GBytes *
unpack (GBytes  *packed,
        GError **error)
{
  g_autoptr(GConverter) converter = G_CONVERTER (g_zlib_decompressor_new (G_ZLIB_COMPRESSOR_FORMAT_GZIP));
  g_autoptr(GInputStream) memory = g_memory_input_stream_new_from_bytes (packed);
  g_autoptr(GInputStream) stream = g_converter_input_stream_new (memory, converter);
  g_autoptr(GOutputStream) text = g_memory_output_stream_new_resizable ();

  if (g_output_stream_splice (text, stream, G_OUTPUT_STREAM_SPLICE_CLOSE_TARGET, NULL, error) < 0)
    return NULL;

  return g_memory_output_stream_steal_as_bytes (G_MEMORY_OUTPUT_STREAM (text));
}

static GBytes *
read_part (StrataChecking        *self,
           const StrataManifest  *manifest,
           const StrataPart      *part,
           GError               **error)
{
  g_autofree char *path = _strata_manifest_dup_part_path (manifest, part);
  g_autoptr(GBytes) stored = _strata_file_read (self->dir, path, part->stored_bytes, error);

  if (stored == NULL)
    return NULL;

  return part->is_gzip ? unpack (stored, error) : g_steal_pointer (&stored);
}

/* Appends what is between the brackets of a part, behind a comma where something stands there already. */
static gboolean
append_elements (StrataChecking        *self,
                 const StrataManifest  *manifest,
                 const StrataPart      *part,
                 GString               *text,
                 gboolean              *inout_any,
                 GError               **error)
{
  g_autoptr(GBytes) bytes = read_part (self, manifest, part, error);
  const char *data;
  gsize size;

  if (bytes == NULL)
    return FALSE;
  data = g_bytes_get_data (bytes, &size);
  if (size <= 2)
    return TRUE;

  if (*inout_any)
    g_string_append_c (text, ',');
  g_string_append_len (text, data + 1, (gssize)size - 2);
  *inout_any = TRUE;

  return TRUE;
}

/* The elements that belong at a position: outer ones, or those inside of its value */
static gboolean
join (StrataChecking        *self,
      const StrataManifest  *manifest,
      guint                  position,
      gboolean               inner,
      GString               *text,
      GError               **error)
{
  gboolean any = FALSE;

  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, i);

      if (part->position == position && part->is_inner == inner &&
          !append_elements (self, manifest, part, text, &any, error))
        return FALSE;
    }

  return TRUE;
}

static const StrataPart *
find_part (const StrataManifest *manifest,
           guint                 position,
           gboolean              inner)
{
  for (guint i = 0; i < manifest->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, i);

      if (part->position == position && part->is_inner == inner)
        return part;
    }

  return NULL;
}

/* The value of one member out of its parts */
static gboolean
append_value (StrataChecking        *self,
              const StrataManifest  *manifest,
              const StrataPart      *first,
              GString               *value,
              GError               **error)
{
  g_autoptr(GBytes) bytes = NULL;

  if (first->is_array)
    {
      g_string_append_c (value, '[');
      if (!join (self, manifest, first->position, FALSE, value, error))
        return FALSE;
      g_string_append_c (value, ']');
      return TRUE;
    }

  bytes = read_part (self, manifest, first, error);
  if (bytes == NULL)
    return FALSE;
  g_string_append_len (value, g_bytes_get_data (bytes, NULL), (gssize)g_bytes_get_size (bytes));

  return TRUE;
}

static gboolean
insert_inner (StrataChecking        *self,
              const StrataManifest  *manifest,
              guint                  position,
              GString               *value,
              GError               **error)
{
  const StrataPart *first = find_part (manifest, position, TRUE);
  g_autoptr(GString) elements = g_string_new (NULL);

  if (first == NULL)
    return TRUE;
  if (!join (self, manifest, position, TRUE, elements, error))
    return FALSE;
  g_string_insert_len (value, (gssize)first->at, elements->str, (gssize)elements->len);

  return TRUE;
}

/* All members, in their order; (transfer full) (element-type Child) */
static GPtrArray *
collect_members (StrataChecking        *self,
                 const StrataManifest  *manifest,
                 GError               **error)
{
  g_autoptr(GPtrArray) small = split (manifest->small, strlen (manifest->small));
  g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func (child_free);
  guint next = 0;

  for (guint position = 0; position < manifest->n_members; position++)
    {
      const StrataPart *part = find_part (manifest, position, FALSE);
      Child *member;

      if (part == NULL && next >= small->len)
        break;
      if (part != NULL)
        {
          member = child_new (part->name, part->name != NULL ? strlen (part->name) : 0, "", 0);
          g_ptr_array_add (members, member);
          if (!append_value (self, manifest, part, member->value, error))
            return NULL;
        }
      else
        {
          const Child *there = g_ptr_array_index (small, next++);

          member = child_new (there->name->str, there->name->len, there->value->str, there->value->len);
          g_ptr_array_add (members, member);
        }
      if (!insert_inner (self, manifest, position, member->value, error))
        return NULL;
    }

  return g_steal_pointer (&members);
}

/* The tail */

static void
append_to_list (GString    *value,
                const char *element,
                gsize       length)
{
  gsize end = value->len - 1;

  if (value->len > 2)
    g_string_insert_c (value, (gssize)end++, ',');
  g_string_insert_len (value, (gssize)end, element, (gssize)length);
}

/* The last member of that name, made where there is none */
static Child *
find_member (GPtrArray  *members,
             const char *name,
             const char *new_value)
{
  g_autofree char *quoted = g_strdup_printf ("\"%s\"", name);

  for (guint i = members->len; i > 0; i--)
    {
      Child *member = g_ptr_array_index (members, i - 1);

      if (member->name != NULL && strcmp (member->name->str, quoted) == 0)
        return member;
    }
  g_ptr_array_add (members, child_new (quoted, strlen (quoted), new_value, strlen (new_value)));

  return g_ptr_array_index (members, members->len - 1);
}

static void
write_object (GPtrArray *members,
              GString   *text)
{
  g_string_append_c (text, '{');
  for (guint i = 0; i < members->len; i++)
    {
      const Child *member = g_ptr_array_index (members, i);

      if (i > 0)
        g_string_append_c (text, ',');
      if (member->name != NULL)
        g_string_append_printf (text, "%s:", member->name->str);
      g_string_append_len (text, member->value->str, (gssize)member->value->len);
    }
  g_string_append_c (text, '}');
}

static void
grow (GPtrArray            *members,
      const StrataTailLine *line)
{
  const char *name = line->list != STRATA_N_LISTS ? _strata_list_get_info (line->list)->name : NULL;
  g_auto(GStrv) names = name != NULL ? g_strsplit (name, ".", 2) : NULL;
  g_autoptr(GPtrArray) inner = NULL;
  Child *member;

  if (names == NULL)
    return;
  if (names[1] == NULL)
    {
      append_to_list (find_member (members, names[0], "[]")->value, line->element, line->length);
      return;
    }

  member = find_member (members, names[0], "{}");
  inner = split (member->value->str, member->value->len);
  append_to_list (find_member (inner, names[1], "[]")->value, line->element, line->length);
  g_string_truncate (member->value, 0);
  write_object (inner, member->value);
}

/* Putting together and comparing */

static GString *
rebuild (StrataChecking        *self,
         const StrataManifest  *manifest,
         GError               **error)
{
  g_autoptr(GPtrArray) members = collect_members (self, manifest, error);
  GString *text;

  if (members == NULL)
    return NULL;

  for (guint i = 0; manifest->tail != NULL && i < manifest->tail->lines->len; i++)
    grow (members, &g_array_index (manifest->tail->lines, StrataTailLine, i));
  text = g_string_new (NULL);
  write_object (members, text);

  return text;
}

static gboolean
compare_with_reading (StrataChecking  *self,
                      const char      *key,
                      const GString   *rebuilt,
                      gboolean        *out_equal,
                      GError         **error)
{
  g_autoptr(GInputStream) stream = strata_store_open_session (self->store, key, error);
  g_autofree char *text = NULL;
  gsize size;

  if (stream == NULL)
    return FALSE;

  text = g_malloc (rebuilt->len + 1);
  if (!g_input_stream_read_all (stream, text, rebuilt->len + 1, &size, self->cancellable, error))
    return FALSE;
  *out_equal = size == rebuilt->len && memcmp (text, rebuilt->str, size) == 0;

  return TRUE;
}

static gboolean
has_its_digest (const StrataManifest *manifest,
                const GString        *rebuilt)
{
  StrataDigest digest;

  if (_strata_manifest_is_edited (manifest))
    return TRUE;
  _strata_digest_of (rebuilt->str, rebuilt->len, &digest);

  return _strata_digest_equal (&digest, &manifest->raw_digest);
}

static gboolean
check_objects (StrataChecking             *self,
               const char                 *key,
               const StrataAttachmentRow  *row,
               GError                    **error)
{
  StrataRowObject object;

  for (guint i = 0; i < _strata_attachment_row_get_n_objects (row); i++)
    {
      g_autofree char *path = NULL;
      char hex[STRATA_DIGEST_HEX_SIZE];

      _strata_attachment_row_get_object (row, i, &object);
      path = _strata_object_dup_path (&object.digest, object.extension);
      _strata_digest_to_hex (&object.digest, hex);
      if (!_strata_checking_file (self, path, hex, key, "The attachment's bytes are not those that were stored", error))
        return FALSE;
    }

  return TRUE;
}

/* Its attachments, by their files alone */
static gboolean
check_attachments (StrataChecking        *self,
                   const StrataManifest  *manifest,
                   GError               **error)
{
  g_autoptr(GPtrArray) rows = _strata_store_load_rows (self->store, manifest, error);

  for (guint i = 0; rows != NULL && i < rows->len; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      if (!check_objects (self, manifest->key, row, error) ||
          (row->state == STRATA_ATTACHMENT_REFERENCE && !_strata_checking_reference (self, manifest->key, row, error)))
        return FALSE;
    }

  return rows != NULL;
}

static gboolean
drill (StrataChecking        *self,
       const StrataManifest  *manifest,
       GError               **error)
{
  g_autofree char *path = _strata_manifest_dup_path (manifest);
  g_autoptr(GString) rebuilt = rebuild (self, manifest, error);
  gboolean is_equal;

  if (rebuilt == NULL || !compare_with_reading (self, manifest->key, rebuilt, &is_equal, error))
    return FALSE;
  if (!is_equal || !has_its_digest (manifest, rebuilt))
    _strata_checking_report (self, path, manifest->key, NULL, "Rebuilt from its parts, it is not what was stored");

  return check_attachments (self, manifest, error);
}

/* One of those that are small enough, by chance; (transfer full) (nullable) */
static StrataManifest *
choose (StrataChecking *self,
        GPtrArray      *entries)
{
  for (guint i = 0; entries->len > 0 && i < MAX_CHOICES; i++)
    {
      const StrataDirEntry *entry = g_ptr_array_index (entries, (guint)g_random_int_range (0, (gint32)entries->len));
      g_autoptr(StrataManifest) manifest = NULL;

      if (_strata_key_is_valid (entry->name))
        manifest = _strata_store_load (self->store, FALSE, entry->name, NULL);
      if (manifest != NULL && manifest->raw_bytes <= MAX_BYTES)
        return g_steal_pointer (&manifest);
    }

  return NULL;
}

/* Whether somebody changed it meanwhile, so that the two readings need not agree */
static gboolean
has_changed (StrataChecking       *self,
             const StrataManifest *manifest)
{
  g_autoptr(StrataManifest) now = _strata_store_load (self->store, FALSE, manifest->key, NULL);

  return now != NULL && (!_strata_digest_equal (&now->file_digest, &manifest->file_digest) ||
                         (now->tail != NULL ? now->tail->end : 0) != (manifest->tail != NULL ? manifest->tail->end : 0));
}

gboolean
_strata_checking_drill (StrataChecking  *self,
                        GError         **error)
{
  g_autoptr(GPtrArray) entries = _strata_file_list (self->dir, "sessions", error);
  g_autoptr(StrataManifest) manifest = entries != NULL ? choose (self, entries) : NULL;
  g_autofree char *path = NULL;
  g_autoptr(GError) drill_error = NULL;
  guint64 damage_before = self->result->damage;
  guint n_before = self->result->problems->len;

  if (manifest == NULL)
    return entries != NULL;

  path = _strata_manifest_dup_path (manifest);
  g_free (self->result->drilled);
  self->result->drilled = g_strdup (manifest->key);
  if (drill (self, manifest, &drill_error) && self->result->problems->len == n_before)
    return TRUE;

  if (has_changed (self, manifest))
    {
      g_ptr_array_set_size (self->result->problems, (int)n_before);
      self->result->damage = damage_before;
      return TRUE;
    }

  return drill_error == NULL || _strata_checking_note_damage (self, path, manifest->key, &drill_error, error);
}

/* strata-member.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-error.h"
#include "json/strata-json-reader-private.h"
#include "strata-key-private.h"
#include "strata-member-private.h"

/* What metadata.json should stay below, and what its small members may always take of it */
#define METADATA_BYTES   8192
#define SMALL_BYTES      2048
/* How much a part's own line in metadata.json takes, about */
#define PART_LINE_BYTES  330
/* Moving a value out that is smaller than this saves nothing */
#define MIN_MOVED_BYTES  512

StrataMember *
_strata_member_new (const char *name)
{
  StrataMember *self = g_new0 (StrataMember, 1);

  self->name = g_strdup (name);
  self->parts = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_part_free);
  self->inner = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_part_free);

  return self;
}

void
_strata_member_free (StrataMember *self)
{
  g_free (self->name);
  g_free (self->value);
  g_ptr_array_unref (self->parts);
  g_ptr_array_unref (self->inner);
  g_free (self);
}

static const StrataPart *
first_part (const StrataMember *self)
{
  return self->parts->len > 0 ? g_ptr_array_index (self->parts, 0) : NULL;
}

gboolean
_strata_member_is_array (const StrataMember *self)
{
  const StrataPart *part = first_part (self);

  return part != NULL ? part->is_array : self->length > 0 && self->value[0] == '[';
}

static guint64
sum_elements (GPtrArray *parts)
{
  guint64 sum = 0;

  for (guint i = 0; i < parts->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (parts, i))->raw_bytes - 2 + (i > 0 ? 1 : 0);

  return sum;
}

guint64
_strata_member_get_bytes (const StrataMember *self)
{
  const StrataPart *part = first_part (self);
  guint64 own = part == NULL ? self->length : part->is_array ? 2 + sum_elements (self->parts) : part->raw_bytes;

  return own + sum_elements (self->inner);
}

guint64
_strata_member_get_items (const StrataMember *self)
{
  guint64 sum = 0;

  for (guint i = 0; i < self->parts->len; i++)
    sum += ((const StrataPart *)g_ptr_array_index (self->parts, i))->items;

  return sum;
}

/* Unpacking */

static gboolean
bad_manifest (GError **error)
{
  g_set_error_literal (error, STRATA_ERROR, STRATA_ERROR_CORRUPT, "The list of parts does not make up the session's members");

  return FALSE;
}

/* Takes the parts at @position, from *@inout_next on. */
static void
take_parts (StrataMember         *member,
            const StrataManifest *manifest,
            guint64               position,
            guint                *inout_next)
{
  for (; *inout_next < manifest->parts->len; (*inout_next)++)
    {
      const StrataPart *part = g_ptr_array_index (manifest->parts, *inout_next);

      if (part->position != position)
        break;
      g_ptr_array_add (part->is_inner ? member->inner : member->parts, _strata_part_copy (part));
    }
}

/* Each part shorter than its brackets, or mixed with others, would make no JSON. */
static gboolean
parts_fit (const StrataMember *member)
{
  const StrataPart *first = first_part (member);

  for (guint i = 0; i < member->parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (member->parts, i);

      if (part->is_array != first->is_array || (part->is_array ? part->raw_bytes < 2 : i > 0))
        return FALSE;
    }
  for (guint i = 0; i < member->inner->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (member->inner, i);

      if (!part->is_array || part->raw_bytes < 2 || (first != NULL && first->is_array) ||
          part->at != ((const StrataPart *)g_ptr_array_index (member->inner, 0))->at)
        return FALSE;
    }

  return TRUE;
}

static gboolean
take_small (StrataMember      *member,
            StrataJsonReader  *reader,
            GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GString) value = g_string_new (NULL);
  gboolean more;

  if (!_strata_json_reader_next_member (reader, name, &more, NULL, error))
    return FALSE;
  if (!more || (member->name != NULL && strcmp (member->name, name->str) != 0))
    return bad_manifest (error);
  if (!_strata_json_reader_take_string (reader, value, NULL, error))
    return FALSE;

  g_free (member->name);
  member->name = g_strndup (name->str, name->len);
  member->length = value->len;
  member->value = g_string_free (g_steal_pointer (&value), FALSE);

  return TRUE;
}

static StrataMember *
unpack_one (const StrataManifest  *manifest,
            guint64                position,
            guint                 *inout_next,
            StrataJsonReader      *small,
            GError               **error)
{
  g_autoptr(StrataMember) member = _strata_member_new (NULL);
  const StrataPart *part;

  take_parts (member, manifest, position, inout_next);
  part = member->parts->len > 0 ? g_ptr_array_index (member->parts, 0)
                                : member->inner->len > 0 ? g_ptr_array_index (member->inner, 0) : NULL;
  member->name = part != NULL ? g_strdup (part->name) : NULL;
  if (!parts_fit (member) || (part != NULL && (part->name == NULL) != manifest->is_collection))
    {
      bad_manifest (error);
      return NULL;
    }

  /* What has no parts of its own stands among the small members */
  if (member->parts->len == 0 && !take_small (member, small, error))
    return NULL;

  return g_steal_pointer (&member);
}

GPtrArray *
_strata_members_unpack (const StrataManifest  *manifest,
                        GError               **error)
{
  g_autoptr(GPtrArray) members = g_ptr_array_new_with_free_func ((GDestroyNotify)_strata_member_free);
  g_autoptr(StrataJsonReader) small = _strata_json_reader_new_for_data (manifest->small, strlen (manifest->small));
  g_autoptr(GString) name = g_string_new (NULL);
  guint64 n = manifest->is_collection ? 1 : manifest->n_members;
  guint next = 0;
  gboolean more;

  if (!_strata_json_reader_enter (small, NULL, error))
    return NULL;

  for (guint64 position = 0; position < n; position++)
    {
      StrataMember *member = unpack_one (manifest, position, &next, small, error);

      if (member == NULL)
        return NULL;
      g_ptr_array_add (members, member);
    }

  if (!_strata_json_reader_next_member (small, name, &more, NULL, error))
    return NULL;
  if (more || next != manifest->parts->len)
    {
      bad_manifest (error);
      return NULL;
    }

  return g_steal_pointer (&members);
}

guint
_strata_members_find (GPtrArray  *members,
                      const char *name)
{
  for (guint i = members->len; i > 0; i--)
    if (g_strcmp0 (((const StrataMember *)g_ptr_array_index (members, i - 1))->name, name) == 0)
      return i - 1;

  return G_MAXUINT;
}

guint
_strata_members_find_text (GPtrArray  *members,
                           const char *name)
{
  g_autofree char *text = _strata_json_unquote (name, strlen (name));

  for (guint i = members->len; i > 0; i--)
    {
      const StrataMember *member = g_ptr_array_index (members, i - 1);
      g_autofree char *other = _strata_json_unquote (member->name, strlen (member->name));

      if (strcmp (member->name, name) == 0 || (strchr (member->name, '\\') != NULL && strcmp (other, text) == 0))
        return i - 1;
    }

  return G_MAXUINT;
}

/* Packing */

static void
move_parts (StrataManifest *manifest,
            GPtrArray      *parts,
            guint           position)
{
  for (guint i = 0; i < parts->len; i++)
    {
      StrataPart *part = g_ptr_array_index (parts, i);

      part->position = position;
      g_ptr_array_add (manifest->parts, part);
    }
  g_ptr_array_set_free_func (parts, NULL);
  g_ptr_array_set_size (parts, 0);
  g_ptr_array_set_free_func (parts, (GDestroyNotify)_strata_part_free);
}

static void
count_member (StrataManifest     *manifest,
              const StrataMember *member)
{
  if (g_strcmp0 (member->name, "\"screenshots\"") == 0)
    manifest->n_screenshots = _strata_member_get_items (member);
  else if (g_strcmp0 (member->name, "\"audioSegments\"") == 0)
    manifest->n_audio_segments = _strata_member_get_items (member);
}

void
_strata_members_pack (GPtrArray      *members,
                      StrataManifest *manifest)
{
  GString *small = g_string_new ("{");

  g_ptr_array_set_size (manifest->parts, 0);
  manifest->n_screenshots = 0;
  manifest->n_audio_segments = 0;
  manifest->raw_bytes = manifest->is_collection ? 0 : 2;
  for (guint i = 0; i < members->len; i++)
    {
      StrataMember *member = g_ptr_array_index (members, i);

      manifest->raw_bytes += _strata_member_get_bytes (member) + (i > 0 ? 1 : 0);
      if (member->name != NULL)
        manifest->raw_bytes += strlen (member->name) + 1;
      count_member (manifest, member);
      if (member->value != NULL)
        {
          if (small->len > 1)
            g_string_append_c (small, ',');
          g_string_append_printf (small, "%s:", member->name);
          g_string_append_len (small, member->value, (gssize)member->length);
        }
      move_parts (manifest, member->parts, i);
      move_parts (manifest, member->inner, i);
    }
  g_string_append_c (small, '}');

  g_free (manifest->small);
  manifest->small = g_string_free (small, FALSE);
  manifest->n_members = manifest->is_collection ? 0 : members->len;
  g_ptr_array_set_size (members, 0);
}

/* What is small, and what is not */

static int
compare_lengths (gconstpointer a,
                 gconstpointer b,
                 gpointer      user_data)
{
  const gsize *lengths = user_data;
  guint first = *(const guint *)a;
  guint second = *(const guint *)b;

  if (lengths[first] != lengths[second])
    return lengths[first] > lengths[second] ? -1 : 1;

  return first < second ? -1 : first > second;
}

GArray *
_strata_members_choose_large (GArray *lengths,
                              GArray *name_lengths,
                              guint   n_parts)
{
  GArray *places = g_array_new (FALSE, FALSE, sizeof (guint));
  gsize small = 2;
  guint chosen = 0;

  for (guint i = 0; i < lengths->len; i++)
    {
      gsize length = g_array_index (lengths, gsize, i);

      if (length == 0)
        continue;
      small += g_array_index (name_lengths, gsize, i) + length + 2;
      g_array_append_val (places, i);
    }
  g_array_sort_with_data (places, compare_lengths, lengths->data);

  for (; chosen < places->len; chosen++)
    {
      guint place = g_array_index (places, guint, chosen);
      gsize length = g_array_index (lengths, gsize, place);
      gsize lines = ((gsize)n_parts + chosen + 2) * PART_LINE_BYTES;
      gsize budget = MAX (SMALL_BYTES, lines < METADATA_BYTES ? METADATA_BYTES - lines : 0);

      if (small <= budget || length < MIN_MOVED_BYTES)
        break;
      small -= g_array_index (name_lengths, gsize, place) + length + 2;
    }
  g_array_set_size (places, chosen);

  return places;
}

char *
_strata_member_make_kind (const char *name_token,
                          guint       position,
                          GHashTable *taken)
{
  g_autofree char *name = _strata_json_unquote (name_token, strlen (name_token));
  g_autofree char *folded = g_ascii_strdown (name, -1);
  g_autofree char *slug = NULL;
  gsize length = strlen (name);

  if (length > 0 && length <= 40 && strcmp (folded, "attachments") != 0 &&
      strspn (folded, "abcdefghijklmnopqrstuvwxyz0123456789_") == length &&
      g_hash_table_add (taken, g_steal_pointer (&folded)))
    return g_steal_pointer (&name);

  slug = _strata_slug_make (name, 40);

  return g_strdup_printf ("%s-p%u", *slug != '\0' ? slug : "member", position);
}

/* strata-slicer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-error.h"
#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "strata-attachment-row-private.h"
#include "strata-member-private.h"
#include "strata-slicer-private.h"

/* More than this of one part is not held in memory */
#define SPILL_BYTES (8 * 1024 * 1024)

typedef struct
{
  char  *name;     /* token */
  char  *kind;     /* what its parts are named after, if it gets any */
  char  *value;    /* JSON text; NULL: it is in parts */
  gsize  length;
} Member;

struct _StrataSlicer
{
  /* Set at construction, never changed after */
  int                   dir;
  StrataStaging        *staging;

  StrataJsonStringFunc  string_func;
  gpointer              string_data;
  StrataSlicerMemberFunc member_func;
  gpointer              member_data;
  GHashTable           *stored_parts;  /* tag → StrataPart that need not be written */
  StrataPartPacker     *packer;        /* NULL: parts stay plain */

  /* The value being taken */
  StrataHasher         *whole_hasher;
  guint64               whole_bytes;
  GArray               *members;       /* Member */
  GHashTable           *kinds;         /* in lower case */
  char                 *id_token;
  StrataManifest       *manifest;

  /* The part being filled */
  GString              *part;
  StrataHasher         *part_hasher;
  guint64               spilled_bytes;
  int                   spill_fd;
  char                 *spill_path;
};

static void
member_clear (gpointer data)
{
  Member *member = data;

  g_free (member->name);
  g_free (member->kind);
  g_free (member->value);
}

StrataSlicer *
_strata_slicer_new (int            dir,
                    StrataStaging *staging)
{
  StrataSlicer *self = g_new0 (StrataSlicer, 1);

  self->dir = dir;
  self->staging = staging;
  self->stored_parts = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  self->whole_hasher = _strata_hasher_new ();
  self->members = g_array_new (FALSE, FALSE, sizeof (Member));
  g_array_set_clear_func (self->members, member_clear);
  self->kinds = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  self->part = g_string_new (NULL);
  self->part_hasher = _strata_hasher_new ();
  self->spill_fd = -1;

  return self;
}

static void
drop_spill (StrataSlicer *self)
{
  if (self->spill_fd >= 0)
    _strata_file_close (self->spill_fd);
  if (self->spill_path != NULL)
    _strata_file_unlink (self->dir, self->spill_path, NULL);
  self->spill_fd = -1;
  g_clear_pointer (&self->spill_path, g_free);
}

/* Until no part is worked on any more, and each says how its file is packed */
static gboolean
settle_parts (StrataSlicer  *self,
              GError       **error)
{
  return self->packer == NULL || _strata_part_packer_wait (self->packer, error);
}

void
_strata_slicer_free (StrataSlicer *self)
{
  settle_parts (self, NULL);
  drop_spill (self);
  g_hash_table_unref (self->stored_parts);
  g_array_unref (self->members);
  g_hash_table_unref (self->kinds);
  g_clear_pointer (&self->manifest, _strata_manifest_free);
  g_free (self->id_token);
  g_string_free (self->part, TRUE);
  _strata_hasher_free (self->whole_hasher);
  _strata_hasher_free (self->part_hasher);
  g_free (self);
}

/* What tells a part's text from that of any other of the session */
static char *
make_tag (const StrataPart *part)
{
  char hex[STRATA_DIGEST_HEX_SIZE];

  _strata_digest_to_hex (&part->raw_digest, hex);

  return g_strdup_printf ("%s-%u.%s", part->kind, part->number, hex);
}

static void
remember_stored (StrataSlicer *self,
                 GPtrArray    *parts)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);

      g_hash_table_insert (self->stored_parts, make_tag (part), g_memdup2 (part, sizeof *part));
    }
}

/* Says of a part's file what is so of the one that the store has. */
static gboolean
adopt_stored (StrataSlicer *self,
              StrataPart   *part)
{
  g_autofree char *tag = make_tag (part);
  const StrataPart *stored = g_hash_table_lookup (self->stored_parts, tag);

  if (stored == NULL)
    return FALSE;

  part->is_gzip = stored->is_gzip;
  part->stored_bytes = stored->stored_bytes;
  part->stored_digest = stored->stored_digest;

  return TRUE;
}

void
_strata_slicer_set_stored (StrataSlicer         *self,
                           const StrataManifest *stored)
{
  g_hash_table_remove_all (self->stored_parts);
  if (stored == NULL)
    return;

  remember_stored (self, stored->parts);
  remember_stored (self, stored->attachments);
}

void
_strata_slicer_set_packer (StrataSlicer     *self,
                           StrataPartPacker *packer)
{
  self->packer = packer;
}

void
_strata_slicer_set_string_func (StrataSlicer         *self,
                                StrataJsonStringFunc  func,
                                gpointer              user_data)
{
  self->string_func = func;
  self->string_data = user_data;
}

void
_strata_slicer_set_member_func (StrataSlicer           *self,
                                StrataSlicerMemberFunc  func,
                                gpointer                user_data)
{
  self->member_func = func;
  self->member_data = user_data;
}

const char *
_strata_slicer_get_id_token (StrataSlicer *self)
{
  return self->id_token;
}

static void
start_value (StrataSlicer *self)
{
  StrataDigest ignored;

  settle_parts (self, NULL);
  drop_spill (self);
  _strata_hasher_finish (self->whole_hasher, &ignored);
  _strata_hasher_finish (self->part_hasher, &ignored);
  self->whole_bytes = 0;
  self->spilled_bytes = 0;
  g_string_truncate (self->part, 0);
  g_array_set_size (self->members, 0);
  g_hash_table_remove_all (self->kinds);
  g_clear_pointer (&self->id_token, g_free);
  g_clear_pointer (&self->manifest, _strata_manifest_free);
  self->manifest = _strata_manifest_new ();
}

static void
hash_whole (StrataSlicer *self,
            const char   *text,
            gsize         length)
{
  _strata_hasher_update (self->whole_hasher, text, length);
  self->whole_bytes += length;
}

static void
see_strings (StrataSlicer *self,
             const char   *text,
             gsize         length)
{
  if (self->string_func != NULL)
    _strata_json_for_each_string (text, length, self->string_func, self->string_data);
}

/* Moves what is held of the part into a file of the staging area. */
static gboolean
spill (StrataSlicer  *self,
       GError       **error)
{
  if (self->spill_fd < 0)
    {
      self->spill_path = _strata_staging_next_path (self->staging);
      self->spill_fd = _strata_file_open (self->dir, self->spill_path, O_RDWR | O_CREAT | O_EXCL, error);
      if (self->spill_fd < 0)
        return FALSE;
    }

  if (!_strata_file_write_all (self->spill_fd, self->part->str, self->part->len, self->spill_path, error))
    return FALSE;

  _strata_hasher_update (self->part_hasher, self->part->str, self->part->len);
  self->spilled_bytes += self->part->len;
  g_string_truncate (self->part, 0);

  return TRUE;
}

/* A StrataJsonSink: one run of the value's text. */
static gboolean
take_text (const char  *text,
           gsize        length,
           gpointer     user_data,
           GError     **error)
{
  StrataSlicer *self = user_data;

  hash_whole (self, text, length);
  g_string_append_len (self->part, text, (gssize)length);

  return self->part->len < SPILL_BYTES || spill (self, error);
}

/* A spilled part is looked through where it lies, for it may be larger than memory is meant to be. */
static gboolean
see_spilled_strings (StrataSlicer  *self,
                     GError       **error)
{
  void *data;

  if (self->string_func == NULL)
    return TRUE;

  data = _strata_seam_get ()->map (self->spill_fd, (gsize)self->spilled_bytes);
  if (data == (void *)-1)
    {
      _strata_file_set_error (error, errno, "map", self->spill_path);
      return FALSE;
    }
  see_strings (self, data, (gsize)self->spilled_bytes);
  _strata_seam_get ()->unmap (data, (gsize)self->spilled_bytes);

  return TRUE;
}

static void
set_text (StrataPart *part,
          guint64     bytes)
{
  part->raw_bytes = bytes;
  part->stored_bytes = bytes;
  part->stored_digest = part->raw_digest;
}

/* A part that did not fit into memory: it is in staging already. */
static gboolean
stage_spilled (StrataSlicer  *self,
               StrataPart    *part,
               GError       **error)
{
  gboolean ok = TRUE;

  if (!spill (self, error) || !see_spilled_strings (self, error))
    return FALSE;

  _strata_hasher_finish (self->part_hasher, &part->raw_digest);
  set_text (part, self->spilled_bytes);
  if (!adopt_stored (self, part))
    {
      if (self->packer != NULL)
        ok = _strata_part_pack_file (part, self->dir, self->staging, self->spill_path,
                                     _strata_part_packer_get_level (self->packer), NULL, error);
      if (ok && part->staged_path == NULL)
        part->staged_path = g_steal_pointer (&self->spill_path);
    }
  drop_spill (self);
  self->spilled_bytes = 0;

  return ok;
}

static gboolean
stage_part (StrataSlicer  *self,
            StrataPart    *part,
            GError       **error)
{
  if (self->spill_path != NULL)
    return stage_spilled (self, part, error);

  see_strings (self, self->part->str, self->part->len);
  _strata_digest_of (self->part->str, self->part->len, &part->raw_digest);
  set_text (part, self->part->len);
  if (adopt_stored (self, part))
    return TRUE;

  if (self->packer != NULL)
    {
      _strata_part_packer_add (self->packer, part, g_bytes_new (self->part->str, self->part->len));
      return TRUE;
    }
  part->staged_path = _strata_staging_write (self->staging, self->part->str, self->part->len, error);

  return part->staged_path != NULL;
}

/* Ends the part being filled: stages it and adds it to @parts. */
static gboolean
finish_part (StrataSlicer  *self,
             GPtrArray     *parts,
             const char    *kind,
             const char    *name,
             guint          number,
             guint          position,
             gboolean       is_array,
             guint64        items,
             GError       **error)
{
  StrataPart *part = g_new0 (StrataPart, 1);

  part->kind = g_strdup (kind);
  part->name = g_strdup (name);
  part->number = number;
  part->position = position;
  part->is_array = is_array;
  part->items = items;
  g_ptr_array_add (parts, part);

  if (!stage_part (self, part, error))
    return FALSE;

  g_string_truncate (self->part, 0);

  return TRUE;
}

static gboolean
is_list_member (const char *name)
{
  return strcmp (name, "\"screenshots\"") == 0 || strcmp (name, "\"audioSegments\"") == 0 ||
         strcmp (name, "\"contextItems\"") == 0;
}

/* Opens the next element of an array in the part; the whole has its commas
 * across parts, a part has its own.
 */
static void
start_element (StrataSlicer *self,
               guint64       total,
               guint64       in_part)
{
  if (total > 0)
    hash_whole (self, ",", 1);
  g_string_append_c (self->part, in_part > 0 ? ',' : '[');
}

/* At an array: cuts it into parts of whole elements. A short one stays in
 * self->part as text (@out_n_parts 0), for the caller to keep inline or to end as a part.
 */
static gboolean
take_array (StrataSlicer      *self,
            StrataJsonReader  *reader,
            const char        *kind,
            const char        *name,
            guint              position,
            guint             *out_n_parts,
            guint64           *out_items,
            GCancellable      *cancellable,
            GError           **error)
{
  guint64 total = 0, in_part = 0;
  guint number = 0;
  gboolean more;

  g_string_truncate (self->part, 0);
  hash_whole (self, "[", 1);
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return FALSE;

  while (TRUE)
    {
      gsize limit = number == 0 ? STRATA_FIRST_PART_BYTES : STRATA_PART_BYTES;

      if (!_strata_json_reader_next_element (reader, &more, cancellable, error))
        return FALSE;

      if (in_part > 0 && (!more ? number > 0 : self->spilled_bytes + self->part->len >= limit))
        {
          g_string_append_c (self->part, ']');
          if (!finish_part (self, self->manifest->parts, kind, name, ++number, position, TRUE, in_part, error))
            return FALSE;
          in_part = 0;
        }
      if (!more)
        break;

      start_element (self, total++, in_part++);
      if (!_strata_json_reader_take (reader, take_text, self, cancellable, error))
        return FALSE;
    }

  hash_whole (self, "]", 1);
  if (number == 0)
    g_string_append (self->part, in_part > 0 ? "]" : "[]");
  *out_n_parts = number;
  *out_items = total;

  return TRUE;
}

static gboolean
take_bare (StrataSlicer      *self,
           StrataJsonReader  *reader,
           GCancellable      *cancellable,
           GError           **error)
{
  g_string_truncate (self->part, 0);

  return _strata_json_reader_take (reader, take_text, self, cancellable, error);
}

static void
count_items (StrataSlicer *self,
             const char   *name,
             guint64       items)
{
  if (strcmp (name, "\"screenshots\"") == 0)
    self->manifest->n_screenshots = items;
  else if (strcmp (name, "\"audioSegments\"") == 0)
    self->manifest->n_audio_segments = items;
}

/* At a member's value: takes it, inline or as parts. */
static gboolean
take_member (StrataSlicer      *self,
             StrataJsonReader  *reader,
             const char        *name,
             GCancellable      *cancellable,
             GError           **error)
{
  guint position = self->members->len;
  Member member = { .name = g_strdup (name), .kind = _strata_member_make_kind (name, position, self->kinds) };
  StrataJsonKind value_kind;
  guint n_parts = 0;
  guint64 items = 0;
  gboolean ok;

  g_array_append_val (self->members, member);
  hash_whole (self, name, strlen (name));
  hash_whole (self, ":", 1);
  if (!_strata_json_reader_peek (reader, &value_kind, cancellable, error))
    return FALSE;

  if (value_kind == STRATA_JSON_ARRAY)
    ok = take_array (self, reader, member.kind, name, position, &n_parts, &items, cancellable, error);
  else
    ok = take_bare (self, reader, cancellable, error);
  if (!ok)
    return FALSE;

  count_items (self, name, items);
  if (n_parts > 0)
    return TRUE;

  if (self->spill_path == NULL && self->part->len <= STRATA_SMALL_VALUE && !(is_list_member (name) && items > 0))
    {
      Member *kept = &g_array_index (self->members, Member, position);

      kept->length = self->part->len;
      kept->value = g_strndup (self->part->str, self->part->len);
      if (self->member_func != NULL)
        self->member_func (name, kept->value, self->member_data);
      return TRUE;
    }

  return finish_part (self, self->manifest->parts, member.kind, name, 1, position,
                      value_kind == STRATA_JSON_ARRAY, items, error);
}

/* Moves the largest small members out until metadata.json keeps its size. */
static gboolean
fit_small_members (StrataSlicer  *self,
                   GError       **error)
{
  g_autoptr(GArray) lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr(GArray) name_lengths = g_array_new (FALSE, FALSE, sizeof (gsize));
  g_autoptr(GArray) places = NULL;

  for (guint i = 0; i < self->members->len; i++)
    {
      const Member *member = &g_array_index (self->members, Member, i);
      gsize name_length = strlen (member->name);

      g_array_append_val (lengths, member->length);
      g_array_append_val (name_lengths, name_length);
    }

  places = _strata_members_choose_large (lengths, name_lengths, self->manifest->parts->len);
  for (guint i = 0; i < places->len; i++)
    {
      guint position = g_array_index (places, guint, i);
      Member *member = &g_array_index (self->members, Member, position);

      g_string_assign (self->part, member->value);
      g_clear_pointer (&member->value, g_free);
      if (!finish_part (self, self->manifest->parts, member->kind, member->name, 1, position, FALSE, 0, error))
        return FALSE;
    }

  return TRUE;
}

static char *
join_small_members (StrataSlicer *self)
{
  GString *text = g_string_new ("{");

  for (guint i = 0; i < self->members->len; i++)
    {
      const Member *member = &g_array_index (self->members, Member, i);

      if (member->value == NULL)
        continue;
      if (text->len > 1)
        g_string_append_c (text, ',');
      g_string_append (text, member->name);
      g_string_append_c (text, ':');
      g_string_append_len (text, member->value, (gssize)member->length);
    }
  g_string_append_c (text, '}');

  return g_string_free (text, FALSE);
}

static int
compare_parts (gconstpointer a,
               gconstpointer b)
{
  const StrataPart *first = *(StrataPart * const *)a;
  const StrataPart *second = *(StrataPart * const *)b;

  if (first->position != second->position)
    return first->position < second->position ? -1 : 1;

  return first->number < second->number ? -1 : first->number > second->number;
}

static void
remember_id (StrataSlicer *self)
{
  for (guint i = 0; i < self->members->len; i++)
    {
      const Member *member = &g_array_index (self->members, Member, i);

      /* The last one counts where there are two, as it did for the old program */
      if (member->value != NULL && strcmp (member->name, "\"id\"") == 0)
        {
          g_free (self->id_token);
          self->id_token = g_strdup (member->value);
        }
    }
}

static StrataManifest *
finish_value (StrataSlicer *self)
{
  StrataManifest *manifest = g_steal_pointer (&self->manifest);

  g_ptr_array_sort (manifest->parts, compare_parts);
  manifest->raw_bytes = self->whole_bytes;
  _strata_hasher_finish (self->whole_hasher, &manifest->raw_digest);

  return manifest;
}

/* At an object: takes it whole as a session. On failure the reader's position
 * says where; files staged so far are named in no manifest and go when staging is swept.
 *
 * Returns: (transfer full): without key, source, ordinal and occurrence; or %NULL with @error set
 */
StrataManifest *
_strata_slicer_take_session (StrataSlicer      *self,
                             StrataJsonReader  *reader,
                             GCancellable      *cancellable,
                             GError           **error)
{
  g_autoptr(GString) name = g_string_new (NULL);
  gboolean more;

  start_value (self);
  hash_whole (self, "{", 1);
  if (!_strata_json_reader_enter (reader, cancellable, error))
    return NULL;

  while (TRUE)
    {
      if (!_strata_json_reader_next_member (reader, name, &more, cancellable, error))
        return NULL;
      if (!more)
        break;
      if (self->members->len > 0)
        hash_whole (self, ",", 1);
      if (!take_member (self, reader, name->str, cancellable, error))
        return NULL;
    }
  hash_whole (self, "}", 1);

  remember_id (self);
  if (!fit_small_members (self, error) || !settle_parts (self, error))
    return NULL;

  self->manifest->n_members = self->members->len;
  self->manifest->small = join_small_members (self);
  see_strings (self, self->manifest->small, strlen (self->manifest->small));

  return finish_value (self);
}

/* At any value: takes it as a collection named @key. At least one part comes
 * of it, also when it is empty.
 *
 * Returns: (transfer full): without key, name, source; or %NULL with @error set
 */
StrataManifest *
_strata_slicer_take_collection (StrataSlicer      *self,
                                StrataJsonReader  *reader,
                                const char        *key,
                                GCancellable      *cancellable,
                                GError           **error)
{
  StrataJsonKind kind;
  guint n_parts = 0;
  guint64 items = 0;
  gboolean ok;

  start_value (self);
  if (!_strata_json_reader_peek (reader, &kind, cancellable, error))
    return NULL;

  if (kind == STRATA_JSON_ARRAY)
    ok = take_array (self, reader, key, NULL, 0, &n_parts, &items, cancellable, error);
  else
    ok = take_bare (self, reader, cancellable, error);

  if (!ok || (n_parts == 0 && !finish_part (self, self->manifest->parts, key, NULL, 1, 0,
                                            kind == STRATA_JSON_ARRAY, items, error)) ||
      !settle_parts (self, error))
    return NULL;

  self->manifest->is_collection = TRUE;
  self->manifest->small = g_strdup ("{}");

  return finish_value (self);
}

gboolean
_strata_slicer_add_rows (StrataSlicer    *self,
                         StrataManifest  *manifest,
                         GPtrArray       *rows,
                         GError         **error)
{
  StrataJsonStringFunc string_func = g_steal_pointer (&self->string_func);
  guint64 in_part = 0;
  guint number = 0;
  gboolean ok = TRUE;

  /* Rows name attachments without being a use of them, so no string of theirs is looked at */
  g_string_truncate (self->part, 0);
  for (guint i = 0; i < rows->len && ok; i++)
    {
      const StrataAttachmentRow *row = g_ptr_array_index (rows, i);

      g_string_append_c (self->part, in_part++ > 0 ? ',' : '[');
      _strata_attachment_row_append (row, self->part);
      manifest->source_bytes += row->source_bytes;

      if (i + 1 == rows->len || self->part->len >= STRATA_PART_BYTES)
        {
          g_autofree char *kind = manifest->is_collection
                                    ? g_strconcat (manifest->key, "-attachments", NULL) : g_strdup ("attachments");

          g_string_append_c (self->part, ']');
          ok = finish_part (self, manifest->attachments, kind, NULL, ++number, 0, TRUE, in_part, error);
          in_part = 0;
        }
    }
  self->string_func = string_func;

  /* However it went, nothing of the caller's manifest is worked on after this */
  if (!ok)
    settle_parts (self, NULL);

  return ok && settle_parts (self, error);
}

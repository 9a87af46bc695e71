/* strata-snapshot.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <errno.h>
#include <string.h>

#include "base/strata-file-private.h"
#include "base/strata-seam-private.h"
#include "json/strata-json-reader-private.h"
#include "strata-cache-private.h"
#include "strata-elements-private.h"
#include "strata-key-private.h"
#include "strata-snapshot-private.h"
#include "strata-store-private.h"
#include "strata-tail-private.h"

static void
pieces_free (gpointer data)
{
  StrataPieces *pieces = data;

  g_free (pieces->name);
  g_free (pieces->firsts);
  g_clear_pointer (&pieces->text, g_bytes_unref);
  g_clear_pointer (&pieces->index, g_bytes_unref);
  g_free (pieces);
}

guint64
_strata_pieces_get_n_items (const StrataPieces *pieces)
{
  return pieces->firsts[pieces->n_pieces];
}

guint
_strata_pieces_find_piece (const StrataPieces *pieces,
                           guint64             position)
{
  guint low = 0;
  guint high = pieces->n_pieces - 1;

  g_assert (position < _strata_pieces_get_n_items (pieces));
  while (low < high)
    {
      guint middle = (low + high + 1) / 2;

      if (pieces->firsts[middle] <= position)
        low = middle;
      else
        high = middle - 1;
    }

  return low;
}

gboolean
_strata_pieces_is_in_memory (const StrataPieces *pieces,
                             guint               piece)
{
  return piece == pieces->n_parts && pieces->text != NULL;
}

/* Making */

static const StrataPart *
get_part (StrataSnapshot *self,
          guint           index)
{
  return g_ptr_array_index (self->manifest->parts, index);
}

/* @name: (transfer full); @n_parts from @first_part on; what is in memory comes after.
 * A name that is there already is replaced.
 */
static StrataPieces *
add_pieces (StrataSnapshot *self,
            char           *name,
            guint           first_part,
            guint           n_parts,
            gboolean        in_memory)
{
  StrataPieces *pieces = g_new0 (StrataPieces, 1);

  pieces->name = name;
  pieces->first_part = first_part;
  pieces->n_parts = n_parts;
  pieces->n_pieces = n_parts + (in_memory ? 1 : 0);
  pieces->firsts = g_new0 (guint64, pieces->n_pieces + 1);
  for (guint i = 0; i < n_parts; i++)
    pieces->firsts[i + 1] = pieces->firsts[i] + get_part (self, first_part + i)->items;
  g_hash_table_replace (self->members, pieces->name, pieces);

  return pieces;
}

/* Parts of an array inside a member are known by what the store calls that list. */
static const char *
find_inner_name (const StrataPart *part)
{
  for (guint list = 0; list < STRATA_N_LISTS; list++)
    {
      const StrataListInfo *info = _strata_list_get_info ((StrataList)list);

      if (info->inner != NULL && g_strcmp0 (info->member, part->name) == 0)
        return info->name;
    }

  return part->kind;
}

/* Parts of one kind at one position are one member. */
static void
add_parts (StrataSnapshot *self)
{
  guint n_parts = self->manifest->parts->len;
  guint next;

  for (guint first = 0; first < n_parts; first = next)
    {
      const StrataPart *part = get_part (self, first);
      StrataPieces *pieces;

      for (next = first + 1; next < n_parts; next++)
        if (get_part (self, next)->position != part->position || strcmp (get_part (self, next)->kind, part->kind) != 0)
          break;

      pieces = add_pieces (self, g_strdup (part->is_inner ? find_inner_name (part) : part->kind), first, next - first, FALSE);
      pieces->is_value = !part->is_array;
    }
}

/* @name: its token; a name that parts have already is theirs */
static gboolean
add_small_member (StrataSnapshot  *self,
                  const GString   *name,
                  const GString   *value,
                  GError         **error)
{
  g_autofree char *plain = _strata_json_unquote (name->str, name->len);
  g_autoptr(GBytes) text = g_bytes_new (value->str, value->len);
  g_autoptr(GBytes) index = NULL;
  StrataPieces *known = g_hash_table_lookup (self->members, plain);
  StrataPieces *pieces;

  if (known != NULL && known->n_parts > 0)
    return TRUE;

  index = _strata_elements_make_index (text, error);
  if (index == NULL)
    return FALSE;

  pieces = add_pieces (self, g_steal_pointer (&plain), 0, 0, TRUE);
  pieces->firsts[1] = _strata_elements_count (index);
  pieces->text = g_steal_pointer (&text);
  pieces->index = g_steal_pointer (&index);

  return TRUE;
}

static gboolean
add_small_members (StrataSnapshot  *self,
                 GError         **error)
{
  const char *small = self->manifest->small;
  g_autoptr(StrataJsonReader) reader = _strata_json_reader_new_for_data (small, strlen (small));
  g_autoptr(GString) name = g_string_new (NULL);
  g_autoptr(GString) value = g_string_new (NULL);
  StrataJsonKind kind;
  gboolean more;

  if (!_strata_json_reader_enter (reader, NULL, error))
    return FALSE;

  while (TRUE)
    {
      if (!_strata_json_reader_next_member (reader, name, &more, NULL, error))
        return FALSE;
      if (!more)
        return TRUE;
      if (!_strata_json_reader_peek (reader, &kind, NULL, error))
        return FALSE;
      if (kind != STRATA_JSON_ARRAY)
        continue;

      g_string_truncate (value, 0);
      if (!_strata_json_reader_take_string (reader, value, NULL, error) || !add_small_member (self, name, value, error))
        return FALSE;
    }
}

/* Appends the elements of @list in the tail, with commas before all but the first of the array. */
static void
append_grown (const StrataTail *tail,
              StrataList        list,
              GString          *array)
{
  for (guint i = 0; i < tail->lines->len; i++)
    {
      const StrataTailLine *line = &g_array_index (tail->lines, StrataTailLine, i);

      if (line->list != list)
        continue;
      if (array->len > 1)
        g_string_append_c (array, ',');
      g_string_append_len (array, line->element, (gssize)line->length);
    }
}

/* What a list has grown by is a piece in memory behind its parts. A small member
 * that grows is one already.
 */
static gboolean
add_grown_list (StrataSnapshot  *self,
                StrataList       list,
                GError         **error)
{
  const char *name = _strata_list_get_info (list)->name;
  StrataPieces *known = g_hash_table_lookup (self->members, name);
  g_autoptr(GString) array = g_string_new ("[");
  StrataPieces *pieces;

  /* A value is for the store to complain of: nothing can be appended to it */
  if (known != NULL && known->is_value)
    return TRUE;
  if (known != NULL && known->text != NULL)
    g_string_append_len (array, (const char *)g_bytes_get_data (known->text, NULL) + 1, (gssize)g_bytes_get_size (known->text) - 2);
  append_grown (self->manifest->tail, list, array);
  g_string_append_c (array, ']');

  pieces = known != NULL ? add_pieces (self, g_strdup (name), known->first_part, known->n_parts, TRUE)
                         : add_pieces (self, g_strdup (name), 0, 0, TRUE);
  pieces->text = g_bytes_new (array->str, array->len);
  pieces->index = _strata_elements_make_index (pieces->text, error);
  if (pieces->index == NULL)
    return FALSE;
  pieces->firsts[pieces->n_pieces] = pieces->firsts[pieces->n_parts] + _strata_elements_count (pieces->index);

  return TRUE;
}

static gboolean
add_tail (StrataSnapshot  *self,
          GError         **error)
{
  const StrataTail *tail = self->manifest->tail;

  if (tail == NULL)
    return TRUE;
  if (!_strata_tail_check (tail, self->manifest->key, error))
    return FALSE;

  for (guint list = 0; list < STRATA_N_LISTS; list++)
    if (tail->items[list] > 0 && !add_grown_list (self, (StrataList)list, error))
      return FALSE;

  return TRUE;
}

/* @manifest: (transfer full) */
static StrataSnapshot *
snapshot_new (StrataManifest  *manifest,
              GError         **error)
{
  g_autoptr(StrataSnapshot) self = g_atomic_rc_box_new0 (StrataSnapshot);

  self->manifest = manifest;
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, pieces_free);
  add_parts (self);
  if (!add_small_members (self, error) || !add_tail (self, error))
    return NULL;

  return g_steal_pointer (&self);
}

StrataSnapshot *
_strata_snapshot_ref (StrataSnapshot *self)
{
  return g_atomic_rc_box_acquire (self);
}

static void
snapshot_clear (gpointer data)
{
  StrataSnapshot *self = data;

  g_hash_table_unref (self->members);
  _strata_manifest_free (self->manifest);
}

void
_strata_snapshot_unref (StrataSnapshot *self)
{
  g_atomic_rc_box_release_full (self, snapshot_clear);
}

gboolean
_strata_snapshot_equal (const StrataSnapshot *a,
                        const StrataSnapshot *b)
{
  const StrataTail *a_tail = a->manifest->tail;
  const StrataTail *b_tail = b->manifest->tail;

  return a == b || (_strata_digest_equal (&a->manifest->file_digest, &b->manifest->file_digest) &&
                    (a_tail != NULL ? a_tail->end : 0) == (b_tail != NULL ? b_tail->end : 0));
}

/* Loading */

/* Reads the digest that a metadata.json ends with. What can't be read, or is
 * none, does not matter: then all of the file is read.
 */
static gboolean
read_digest (StrataStore  *store,
             const char   *key,
             StrataDigest *out_digest)
{
  g_autofree char *path = g_strdup_printf ("sessions/%s/metadata.json", key);
  char tail[STRATA_MANIFEST_TAIL_BYTES];
  struct stat status;
  gssize size = -1;
  int fd;

  fd = _strata_file_open (_strata_store_get_dir (store), path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, NULL);
  if (fd < 0)
    return FALSE;

  if (_strata_seam_get ()->fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > (goffset)sizeof tail)
    size = _strata_seam_get ()->pread (fd, tail, sizeof tail, status.st_size - (goffset)sizeof tail);
  _strata_file_close (fd);

  return size == sizeof tail && _strata_manifest_parse_tail (tail, out_digest);
}

/* Whether the session is growing, so that its metadata are not all of it */
static gboolean
has_tail (StrataStore *store,
          const char  *key)
{
  g_autofree char *path = _strata_tail_dup_path (key);
  struct stat status;

  return _strata_seam_get ()->stat (_strata_store_get_dir (store), path, &status) == 0 || errno != ENOENT;
}

/* Returns: (transfer full): the session's manifest if its text is in the cache */
static StrataManifest *
find_manifest (StrataStore *store,
               const char  *key)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GBytes) text = NULL;
  StrataDigest digest;

  if (_strata_key_is_valid (key) && !has_tail (store, key) && read_digest (store, key, &digest))
    text = _strata_cache_peek (strata_store_get_cache (store), STRATA_CACHE_METADATA, &digest);
  if (text != NULL)
    manifest = _strata_manifest_parse (text, NULL);

  /* A file that is not where it belongs is for reading it to complain about */
  if (manifest == NULL || manifest->is_collection || strcmp (manifest->key, key) != 0)
    return NULL;

  return g_steal_pointer (&manifest);
}

/* Returns: (transfer full): or %NULL with @error set */
static StrataManifest *
load_manifest (StrataStore  *store,
               const char   *key,
               GError      **error)
{
  StrataManifest *manifest = _strata_store_load (store, FALSE, key, error);
  g_autoptr(GBytes) text = NULL;

  if (manifest == NULL)
    return NULL;

  text = _strata_manifest_serialize (manifest);
  _strata_cache_put (strata_store_get_cache (store), STRATA_CACHE_METADATA, &manifest->file_digest, text);

  return manifest;
}

StrataSnapshot *
_strata_snapshot_load (StrataStore  *store,
                       const char   *key,
                       GError      **error)
{
  StrataManifest *manifest = find_manifest (store, key);

  if (manifest == NULL)
    manifest = load_manifest (store, key, error);

  return manifest != NULL ? snapshot_new (manifest, error) : NULL;
}

/* Looking up */

static const StrataPart *
find_part (GPtrArray  *parts,
           const char *kind,
           gsize       kind_length,
           guint64     number)
{
  for (guint i = 0; i < parts->len; i++)
    {
      const StrataPart *part = g_ptr_array_index (parts, i);

      if (part->number == number && strlen (part->kind) == kind_length && memcmp (part->kind, kind, kind_length) == 0)
        return part;
    }

  return NULL;
}

const StrataPart *
_strata_snapshot_find_part (const StrataSnapshot *self,
                            const char           *name)
{
  const char *dash = strrchr (name, '-');
  const StrataPart *part;
  guint64 number;

  /* As many digits as the file name has, and no more */
  if (dash == NULL || strspn (dash + 1, "0123456789") != strlen (dash + 1) || strlen (dash + 1) < 3 ||
      strlen (dash + 1) > 10 || (dash[1] == '0' && strlen (dash + 1) > 3))
    return NULL;

  number = g_ascii_strtoull (dash + 1, NULL, 10);
  part = find_part (self->manifest->parts, name, (gsize)(dash - name), number);
  if (part == NULL)
    part = find_part (self->manifest->attachments, name, (gsize)(dash - name), number);

  return part;
}

const StrataPieces *
_strata_snapshot_find_pieces (const StrataSnapshot *self,
                              const char           *name)
{
  return g_hash_table_lookup (self->members, name);
}

const StrataPart *
_strata_snapshot_get_part (const StrataSnapshot *self,
                           const StrataPieces   *pieces,
                           guint                 piece)
{
  g_assert (piece < pieces->n_parts);

  return g_ptr_array_index (self->manifest->parts, pieces->first_part + piece);
}

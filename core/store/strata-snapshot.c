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

      pieces = add_pieces (self, g_strdup (part->kind), first, next - first, FALSE);
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

/* @manifest: (transfer full) */
static StrataSnapshot *
snapshot_new (StrataManifest  *manifest,
              GError         **error)
{
  g_autoptr(StrataSnapshot) self = g_atomic_rc_box_new0 (StrataSnapshot);

  self->manifest = manifest;
  self->members = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, pieces_free);
  add_parts (self);
  if (!add_small_members (self, error))
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
  return a == b || _strata_digest_equal (&a->manifest->file_digest, &b->manifest->file_digest);
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

  if (!_strata_key_is_valid (key))
    return FALSE;

  fd = _strata_file_open (_strata_store_get_dir (store), path, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_NOCTTY, NULL);
  if (fd < 0)
    return FALSE;

  if (_strata_seam_get ()->fstat (fd, &status) == 0 && S_ISREG (status.st_mode) && status.st_size > (goffset)sizeof tail)
    size = _strata_seam_get ()->pread (fd, tail, sizeof tail, status.st_size - (goffset)sizeof tail);
  _strata_file_close (fd);

  return size == sizeof tail && _strata_manifest_parse_tail (tail, out_digest);
}

/* Returns: (transfer full): the session's manifest if its text is in the cache */
static StrataManifest *
find_manifest (StrataStore *store,
               const char  *key)
{
  g_autoptr(StrataManifest) manifest = NULL;
  g_autoptr(GBytes) text = NULL;
  StrataDigest digest;

  if (read_digest (store, key, &digest))
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

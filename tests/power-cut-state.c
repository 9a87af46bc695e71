/* power-cut-state.c
 *
 * SPDX-License-Identifier: GPL-3.0-or-later
 */

#include "config.h"

#include <string.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include "power-cut-private.h"

#define SECTOR_BYTES 512
#define PAGE_BYTES   4096

/* How far the changes of each node got, as positions in the record: those
 * before it are on the disk.
 */
typedef struct
{
  PowerCut *cut;
  guint     position; /* of the cut: nothing was done from there on */
  guint    *synced;   /* by node: changes before this are there for sure */
  guint    *reached;  /* by folder: changes before this are there */
} Extent;

/* A file's bytes. What is between the end of @bytes and @size is zeros. */
typedef struct
{
  GByteArray *bytes;
  goffset     size;
} Image;

/* A name in a state */
typedef struct
{
  char    *path;
  guint    first;    /* of the names of this file, the first one's number among the entries */
  GBytes  *content;  /* NULL: a folder */
  goffset  size;
} Entry;

struct _PowerCutState
{
  GPtrArray    *entries; /* Entry: a folder before what is in it */
  StrataDigest  digest;
  gboolean      has_digest;
};

/* Extents */

static gboolean
is_move (const PowerCutEvent *event)
{
  return event->kind == EVENT_RENAME && event->folder != event->from_folder;
}

/* A file that is gone from where it was is where it went, whatever was synced. */
static void
settle_synced_moves (Extent *extent)
{
  gboolean again;

  do
    {
      again = FALSE;
      for (guint i = 0; i < extent->position; i++)
        {
          const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, i);

          if (is_move (event) && i < extent->synced[event->from_folder->id] && i >= extent->synced[event->folder->id])
            {
              extent->synced[event->folder->id] = i + 1;
              again = TRUE;
            }
        }
    }
  while (again);
}

static void
extent_init (Extent   *extent,
             PowerCut *cut,
             guint     position)
{
  guint synced_all = 0;

  extent->cut = cut;
  extent->position = position;
  extent->synced = g_new0 (guint, cut->nodes->len);
  extent->reached = g_new0 (guint, cut->nodes->len);
  for (guint i = 0; i < position; i++)
    {
      const PowerCutEvent *event = g_ptr_array_index (cut->events, i);

      if (event->kind == EVENT_SYNC)
        extent->synced[event->node->id] = i;
      else if (event->kind == EVENT_SYNC_ALL)
        synced_all = i;
    }

  for (guint i = 0; i < cut->nodes->len; i++)
    extent->synced[i] = MAX (extent->synced[i], synced_all);
  settle_synced_moves (extent);
}

static void
extent_clear (Extent *extent)
{
  g_free (extent->synced);
  g_free (extent->reached);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC (Extent, extent_clear)

/* Takes back the leaving where the arriving is not on the disk. */
static void
take_back_moves (Extent *extent)
{
  gboolean again;

  do
    {
      again = FALSE;
      for (guint i = extent->position; i-- > 0; )
        {
          const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, i);

          if (is_move (event) && i < extent->reached[event->from_folder->id] && i >= extent->reached[event->folder->id])
            {
              g_assert_cmpuint (i, >=, extent->synced[event->from_folder->id]);
              extent->reached[event->from_folder->id] = i;
              again = TRUE;
            }
        }
    }
  while (again);
}

/* Carries through what got half way: nothing is at two places. */
static void
carry_moves_through (Extent *extent)
{
  gboolean again;

  do
    {
      again = FALSE;
      for (guint i = 0; i < extent->position; i++)
        {
          const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, i);
          guint *from = is_move (event) ? &extent->reached[event->from_folder->id] : NULL;
          guint *to = is_move (event) ? &extent->reached[event->folder->id] : NULL;

          if (is_move (event) && (i < *from) != (i < *to))
            {
              *from = MAX (*from, i + 1);
              *to = MAX (*to, i + 1);
              again = TRUE;
            }
        }
    }
  while (again);
}

/* Any place between what was synced and the cut, right before one of the folder's changes. */
static guint
choose_reach (const Extent       *extent,
              const PowerCutNode *folder,
              GRand              *rand)
{
  guint first = 0, last;

  while (first < folder->events->len && g_array_index (folder->events, guint, first) < extent->synced[folder->id])
    first++;
  last = first;
  while (last < folder->events->len && g_array_index (folder->events, guint, last) < extent->position)
    last++;
  if (first == last)
    return extent->synced[folder->id];

  last = (guint)g_rand_int_range (rand, (gint32)first, (gint32)last + 1);
  if (last == folder->events->len)
    return extent->position;

  return MIN (g_array_index (folder->events, guint, last), extent->position);
}

static void
choose_mixed_reaches (Extent *extent,
                      GRand  *rand)
{
  for (guint i = 0; i < extent->cut->nodes->len; i++)
    {
      const PowerCutNode *node = g_ptr_array_index (extent->cut->nodes, i);
      guint luck = (guint)g_rand_int_range (rand, 0, 4);

      if (!node->is_folder || luck == 0)
        extent->reached[i] = extent->synced[i];
      else if (luck == 1)
        extent->reached[i] = extent->position;
      else
        extent->reached[i] = choose_reach (extent, node, rand);
    }

  if (g_rand_boolean (rand))
    carry_moves_through (extent);
  else
    take_back_moves (extent);
}

static void
choose_reaches (Extent           *extent,
                PowerCutSurvivor  survivor,
                GRand            *rand)
{
  if (survivor == POWER_CUT_MIXED)
    choose_mixed_reaches (extent, rand);
  else
    for (guint i = 0; i < extent->cut->nodes->len; i++)
      extent->reached[i] = survivor == POWER_CUT_NOTHING || survivor == POWER_CUT_DATA ? extent->synced[i]
                                                                                       : extent->position;
}

/* Files */

static void
image_cut (Image   *image,
           goffset  size)
{
  image->size = size;
  if (image->bytes->len > (guint)MIN (size, G_MAXUINT))
    g_byte_array_set_size (image->bytes, (guint)size);
}

/* Puts bytes at their place, without a word of the size. */
static void
image_put (Image       *image,
           const void  *data,
           gsize        size,
           goffset      offset)
{
  guint old = image->bytes->len;

  g_assert_cmpint (offset + (goffset)size, <, G_MAXUINT);
  if ((gsize)offset + size > old)
    {
      g_byte_array_set_size (image->bytes, (guint)((gsize)offset + size));
      if ((guint)offset > old)
        memset (image->bytes->data + old, 0, (guint)offset - old);
    }
  memcpy (image->bytes->data + offset, data, size);
}

static void
image_apply (Image               *image,
             const PowerCutEvent *event)
{
  gsize size;
  const void *data;

  if (event->kind == EVENT_TRUNCATE)
    {
      image_cut (image, event->offset);
      return;
    }

  data = g_bytes_get_data (event->bytes, &size);
  image_put (image, data, size, event->offset);
  image->size = MAX (image->size, event->offset + (goffset)size);
}

typedef enum { ALL_SECTORS, FIRST_SECTOR, OTHER_SECTORS, SOME_SECTORS } Sectors;

/* Copies sectors that @event touched from what the system's memory had then. */
static void
image_take_sectors (Image               *image,
                    const Image         *memory,
                    const PowerCutEvent *event,
                    Sectors              sectors,
                    GRand               *rand)
{
  goffset start = event->offset - event->offset % SECTOR_BYTES;
  goffset end = event->offset + (goffset)g_bytes_get_size (event->bytes);

  for (goffset at = start; at < end; at += SECTOR_BYTES)
    if (sectors == ALL_SECTORS || sectors == (at == start ? FIRST_SECTOR : OTHER_SECTORS) ||
        (sectors == SOME_SECTORS && g_rand_boolean (rand)))
      image_put (image, memory->bytes->data + at, MIN (SECTOR_BYTES, (gsize)((goffset)memory->bytes->len - at)), at);
}

/* Some size on the way from @size to what @event makes of it */
static goffset
choose_size_between (goffset              size,
                     const PowerCutEvent *event,
                     GRand               *rand)
{
  goffset end = event->kind == EVENT_WRITE ? event->offset + (goffset)g_bytes_get_size (event->bytes) : 0;
  goffset page = size / PAGE_BYTES + 1;

  if (end / PAGE_BYTES < page || g_rand_boolean (rand))
    return size;

  return PAGE_BYTES * (goffset)g_rand_int_range (rand, (gint32)page, (gint32)(end / PAGE_BYTES) + 1);
}

/* Applies the changes from the @first of the node's on as luck has it: sizes up to one of them, of writes some sectors. */
static void
image_apply_mixed (Image              *image,
                   const Extent       *extent,
                   const PowerCutNode *node,
                   guint               first,
                   guint               end,
                   GRand              *rand)
{
  g_autoptr(GByteArray) copy = g_byte_array_append (g_byte_array_new (), image->bytes->data, image->bytes->len);
  Image memory = { copy, image->size };
  guint size_end = (guint)g_rand_int_range (rand, (gint32)first, (gint32)end + 1);
  goffset size = image->size;

  for (guint i = first; i < end; i++)
    {
      const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, g_array_index (node->events, guint, i));
      guint luck = (guint)g_rand_int_range (rand, 0, 3);

      image_apply (&memory, event);
      if (event->kind == EVENT_TRUNCATE && i < size_end)
        image_cut (image, event->offset);
      else if (event->kind == EVENT_WRITE && luck > 0)
        image_take_sectors (image, &memory, event, luck == 1 ? SOME_SECTORS : ALL_SECTORS, rand);
      if (i < size_end)
        size = memory.size;
      else if (i == size_end)
        size = choose_size_between (size, event, rand);
    }
  image_cut (image, size);
}

/* Applies all changes, but of each write some sectors only. */
static void
image_apply_sectors (Image              *image,
                     const Extent       *extent,
                     const PowerCutNode *node,
                     guint               first,
                     guint               end,
                     Sectors             sectors)
{
  g_autoptr(GByteArray) copy = g_byte_array_append (g_byte_array_new (), image->bytes->data, image->bytes->len);
  Image memory = { copy, image->size };

  for (guint i = first; i < end; i++)
    {
      const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, g_array_index (node->events, guint, i));

      image_apply (&memory, event);
      if (event->kind == EVENT_TRUNCATE)
        image_cut (image, event->offset);
      else
        image_take_sectors (image, &memory, event, sectors, NULL);
    }
  image_cut (image, memory.size);
}

/* Applies the changes of sizes alone: where bytes went, there are zeros, or what was there before. */
static void
image_apply_sizes (Image              *image,
                   const Extent       *extent,
                   const PowerCutNode *node,
                   guint               first,
                   guint               end)
{
  for (guint i = first; i < end; i++)
    {
      const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, g_array_index (node->events, guint, i));

      if (event->kind == EVENT_TRUNCATE)
        image_cut (image, event->offset);
      else
        image->size = MAX (image->size, event->offset + (goffset)g_bytes_get_size (event->bytes));
    }
}

static void
build_image (Image              *image,
             const Extent       *extent,
             const PowerCutNode *node,
             PowerCutSurvivor    survivor,
             GRand              *rand)
{
  guint first = 0, end;

  for (; first < node->events->len && g_array_index (node->events, guint, first) < extent->synced[node->id]; first++)
    image_apply (image, g_ptr_array_index (extent->cut->events, g_array_index (node->events, guint, first)));
  for (end = first; end < node->events->len && g_array_index (node->events, guint, end) < extent->position; )
    end++;

  if (survivor == POWER_CUT_MIXED)
    {
      static const PowerCutSurvivor kinds[] = { POWER_CUT_NOTHING, POWER_CUT_EVERYTHING, POWER_CUT_METADATA,
                                                POWER_CUT_HEADS, POWER_CUT_TAILS,
                                                POWER_CUT_MIXED, POWER_CUT_MIXED, POWER_CUT_MIXED };

      survivor = kinds[g_rand_int_range (rand, 0, G_N_ELEMENTS (kinds))];
    }

  if (survivor == POWER_CUT_MIXED)
    image_apply_mixed (image, extent, node, first, end, rand);
  else if (survivor == POWER_CUT_METADATA)
    image_apply_sizes (image, extent, node, first, end);
  else if (survivor == POWER_CUT_HEADS || survivor == POWER_CUT_TAILS)
    image_apply_sectors (image, extent, node, first, end, survivor == POWER_CUT_HEADS ? FIRST_SECTOR : OTHER_SECTORS);
  else if (survivor != POWER_CUT_NOTHING)
    for (guint i = first; i < end; i++)
      image_apply (image, g_ptr_array_index (extent->cut->events, g_array_index (node->events, guint, i)));
}

static GBytes *
build_content (const Extent       *extent,
               const PowerCutNode *node,
               PowerCutSurvivor    survivor,
               GRand              *rand,
               goffset            *out_size)
{
  gsize size;
  const void *data = g_bytes_get_data (node->content, &size);
  Image image = { NULL, (goffset)size };

  *out_size = image.size;
  if (node->events->len == 0 || g_array_index (node->events, guint, 0) >= extent->position)
    return g_bytes_ref (node->content);

  image.bytes = g_byte_array_append (g_byte_array_new (), data, (guint)size);
  build_image (&image, extent, node, survivor, rand);
  *out_size = image.size;

  return g_byte_array_free_to_bytes (image.bytes);
}

/* Folders */

typedef struct
{
  PowerCutNode *node;
  guint         since; /* the position after which it is there */
} Place;

/* Returns: (transfer full): name → Place, in what the disk has of the folder */
static GHashTable *
build_folder (const Extent       *extent,
              const PowerCutNode *folder)
{
  GHashTable *places = g_hash_table_new_full (g_str_hash, g_str_equal, NULL, g_free);
  GHashTableIter iter;
  gpointer name, node;

  g_hash_table_iter_init (&iter, folder->entries);
  while (g_hash_table_iter_next (&iter, &name, &node))
    g_hash_table_insert (places, name, g_memdup2 (&(Place){ node, 0 }, sizeof (Place)));

  for (guint i = 0; i < folder->events->len; i++)
    {
      guint at = g_array_index (folder->events, guint, i);
      const PowerCutEvent *event = g_ptr_array_index (extent->cut->events, at);

      if (at >= extent->reached[folder->id])
        break;
      if (event->kind == EVENT_RENAME && event->from_folder == folder)
        g_hash_table_remove (places, event->from_name);
      if (event->kind == EVENT_REMOVE)
        g_hash_table_remove (places, event->name);
      else if (event->folder == folder)
        g_hash_table_replace (places, event->name, g_memdup2 (&(Place){ event->node, at + 1 }, sizeof (Place)));
    }

  return places;
}

typedef struct
{
  PowerCutState    *state;
  const Extent     *extent;
  PowerCutSurvivor  survivor;
  GRand            *rand;
  GHashTable      **folders;  /* by node: name → Place */
  guint            *newest;   /* by folder: since when it is at the newest of its places */
  Entry           **files;    /* by node: the first of its names */
} Walk;

static void
walk_folder (Walk               *walk,
             const PowerCutNode *folder,
             const char         *path);

static void
walk_place (Walk        *walk,
            const Place *place,
            char        *path)
{
  Entry *entry;
  guint id = place->node->id;

  /* A folder has one name only: the newest */
  if (place->node->is_folder && place->since != walk->newest[id])
    {
      g_free (path);
      return;
    }

  entry = g_new0 (Entry, 1);
  entry->path = path;
  entry->first = walk->files[id] != NULL ? walk->files[id]->first : walk->state->entries->len;
  g_ptr_array_add (walk->state->entries, entry);
  if (place->node->is_folder)
    {
      walk_folder (walk, place->node, path);
      return;
    }

  if (walk->files[id] == NULL)
    {
      entry->content = build_content (walk->extent, place->node, walk->survivor, walk->rand, &entry->size);
      walk->files[id] = entry;
      return;
    }
  entry->content = g_bytes_ref (walk->files[id]->content);
  entry->size = walk->files[id]->size;
}

static int
compare_names (gconstpointer a,
               gconstpointer b)
{
  return strcmp (a, b);
}

static void
walk_folder (Walk               *walk,
             const PowerCutNode *folder,
             const char         *path)
{
  GHashTable *places = walk->folders[folder->id];
  g_autoptr(GList) names = g_list_sort (g_hash_table_get_keys (places), compare_names);

  for (GList *iter = names; iter != NULL; iter = iter->next)
    walk_place (walk, g_hash_table_lookup (places, iter->data),
                *path != '\0' ? g_build_filename (path, iter->data, NULL) : g_strdup (iter->data));
}

static void
entry_free (gpointer data)
{
  Entry *entry = data;

  g_free (entry->path);
  g_clear_pointer (&entry->content, g_bytes_unref);
  g_free (entry);
}

static void
find_newest_places (Walk *walk)
{
  for (guint i = 0; i < walk->extent->cut->nodes->len; i++)
    {
      GHashTableIter iter;
      gpointer value;

      if (walk->folders[i] == NULL)
        continue;
      g_hash_table_iter_init (&iter, walk->folders[i]);
      while (g_hash_table_iter_next (&iter, NULL, &value))
        {
          const Place *place = value;

          walk->newest[place->node->id] = MAX (walk->newest[place->node->id], place->since);
        }
    }
}

PowerCutState *
power_cut_make_state (PowerCut         *self,
                      guint             position,
                      PowerCutSurvivor  survivor,
                      guint32           seed)
{
  PowerCutState *state = g_new0 (PowerCutState, 1);
  g_autoptr(GRand) rand = g_rand_new_with_seed (seed);
  g_auto(Extent) extent = { 0, };
  Walk walk = { state, &extent, survivor, rand, NULL, NULL, NULL };
  guint n = self->nodes->len;

  g_assert_cmpuint (position, <=, self->events->len);
  extent_init (&extent, self, position);
  choose_reaches (&extent, survivor, rand);

  state->entries = g_ptr_array_new_with_free_func (entry_free);
  walk.folders = g_new0 (GHashTable *, n);
  walk.newest = g_new0 (guint, n);
  walk.files = g_new0 (Entry *, n);
  for (guint i = 0; i < n; i++)
    {
      const PowerCutNode *node = g_ptr_array_index (self->nodes, i);

      if (node->is_folder)
        walk.folders[i] = build_folder (&extent, node);
    }
  find_newest_places (&walk);
  walk_folder (&walk, self->root, "");

  for (guint i = 0; i < n; i++)
    g_clear_pointer (&walk.folders[i], g_hash_table_unref);
  g_free (walk.folders);
  g_free (walk.newest);
  g_free (walk.files);

  return state;
}

/* States */

void
power_cut_state_free (PowerCutState *self)
{
  g_ptr_array_unref (self->entries);
  g_free (self);
}

const StrataDigest *
power_cut_state_get_digest (PowerCutState *self)
{
  g_autoptr(StrataHasher) hasher = NULL;

  if (self->has_digest)
    return &self->digest;

  hasher = _strata_hasher_new ();
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *head = g_strdup_printf ("%s %u %" G_GOFFSET_FORMAT " %" G_GSIZE_FORMAT, entry->path, entry->first,
                                               entry->content != NULL ? entry->size : -1,
                                               entry->content != NULL ? g_bytes_get_size (entry->content) : 0);

      _strata_hasher_update (hasher, head, strlen (head) + 1);
      if (entry->content != NULL)
        _strata_hasher_update (hasher, g_bytes_get_data (entry->content, NULL), g_bytes_get_size (entry->content));
    }
  _strata_hasher_finish (hasher, &self->digest);
  self->has_digest = TRUE;

  return &self->digest;
}

void
power_cut_state_remove (PowerCutState *self,
                        const char    *path)
{
  gsize length = strlen (path);

  for (guint i = self->entries->len; i-- > 0; )
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);

      if (g_str_has_prefix (entry->path, path) && (entry->path[length] == '\0' || entry->path[length] == '/'))
        g_ptr_array_remove_index (self->entries, i);
    }
  self->has_digest = FALSE;
}

static void
write_file (const char  *path,
            const Entry *entry)
{
  gsize size;
  const void *data = g_bytes_get_data (entry->content, &size);
  int fd = open (path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

  g_assert_cmpint (fd, >=, 0);
  if (size > 0)
    g_assert_cmpint (write (fd, data, size), ==, (gssize)size);
  g_assert_cmpint (ftruncate (fd, entry->size), ==, 0);
  close (fd);
}

void
power_cut_state_write (PowerCutState *self,
                       const char    *folder)
{
  /* number of a file's first name → the path of the one that was made */
  g_autoptr(GHashTable) made = g_hash_table_new_full (NULL, NULL, NULL, g_free);

  g_assert_cmpint (g_mkdir (folder, 0700), ==, 0);
  for (guint i = 0; i < self->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (self->entries, i);
      g_autofree char *path = g_build_filename (folder, entry->path, NULL);
      const char *other = g_hash_table_lookup (made, GUINT_TO_POINTER (entry->first));

      if (entry->content == NULL)
        g_assert_cmpint (g_mkdir (path, 0700), ==, 0);
      else if (other != NULL)
        g_assert_cmpint (link (other, path), ==, 0);
      else
        {
          write_file (path, entry);
          g_hash_table_insert (made, GUINT_TO_POINTER (entry->first), g_steal_pointer (&path));
        }
    }
}

/* The record beside the files */

static guint
count_names (const char *path)
{
  GDir *dir = g_dir_open (path, 0, NULL);
  const char *name;
  guint n = 0;

  g_assert_nonnull (dir);
  while ((name = g_dir_read_name (dir)) != NULL)
    {
      g_autofree char *child = g_build_filename (path, name, NULL);

      if (!power_cut_is_volatile (name))
        n += 1 + (g_file_test (child, G_FILE_TEST_IS_DIR) ? count_names (child) : 0);
    }
  g_dir_close (dir);

  return n;
}

static void
assert_same_file (const char  *path,
                  const Entry *entry)
{
  g_autofree char *content = NULL;
  gsize size, known;
  const void *data = g_bytes_get_data (entry->content, &known);

  if (!g_file_get_contents (path, &content, &size, NULL))
    g_error ("“%s” is in the record and not in the folder", entry->path);
  if ((goffset)size != entry->size || known > size || (known > 0 && memcmp (content, data, known) != 0))
    g_error ("“%s” is not what the record says", entry->path);
  for (gsize i = known; i < size; i++)
    if (content[i] != '\0')
      g_error ("“%s” is not what the record says", entry->path);
}

void
power_cut_assert_complete (PowerCut *self)
{
  g_autoptr(PowerCutState) state = power_cut_make_state (self, self->events->len, POWER_CUT_EVERYTHING, 0);

  g_assert_cmpuint (state->entries->len, ==, count_names (self->folder));
  for (guint i = 0; i < state->entries->len; i++)
    {
      const Entry *entry = g_ptr_array_index (state->entries, i);
      g_autofree char *path = g_build_filename (self->folder, entry->path, NULL);

      if (entry->content != NULL)
        assert_same_file (path, entry);
      else
        g_assert_true (g_file_test (path, G_FILE_TEST_IS_DIR));
    }
}

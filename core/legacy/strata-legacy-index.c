/* strata-legacy-index.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-legacy-index-private.h"

#define STRINGS_BLOCK_SIZE (64 * 1024)
#define FIRST_N_SLOTS      1024 /* a power of two, as all that follow */

struct _StrataLegacyIndex
{
  GStringChunk *strings;
  GArray       *entries;      /* of StrataLegacyEntry */

  /* Open addressing: number of an entry plus one, 0 where none is. At most
   * three quarters are taken.
   */
  guint32      *slots;
  gsize         n_slots;

  guint8        has_length[256];
};

StrataLegacyIndex *
_strata_legacy_index_new (void)
{
  StrataLegacyIndex *self = g_new0 (StrataLegacyIndex, 1);

  self->strings = g_string_chunk_new (STRINGS_BLOCK_SIZE);
  self->entries = g_array_new (FALSE, FALSE, sizeof (StrataLegacyEntry));
  self->n_slots = FIRST_N_SLOTS;
  self->slots = g_new0 (guint32, self->n_slots);

  return self;
}

void
_strata_legacy_index_free (StrataLegacyIndex *self)
{
  g_string_chunk_free (self->strings);
  g_array_unref (self->entries);
  g_free (self->slots);
  g_free (self);
}

static StrataLegacyEntry *
get_entry (const StrataLegacyIndex *self,
           guint                    i)
{
  return &g_array_index (self->entries, StrataLegacyEntry, i);
}

/* FNV-1a; what differs between ids stands at their ends, so all bytes count */
static guint32
hash_id (const char *id,
         gsize       length)
{
  guint32 hash = 2166136261u;

  for (gsize i = 0; i < length; i++)
    hash = (hash ^ (guint8)id[i]) * 16777619u;

  return hash ^ hash >> 15;
}

/* The slot of an id: where it is, or where it would be. */
static guint32 *
find_slot (const StrataLegacyIndex *self,
           const char              *id,
           gsize                    length)
{
  gsize i = hash_id (id, length) & (self->n_slots - 1);

  while (self->slots[i] != 0)
    {
      const StrataLegacyEntry *entry = get_entry (self, self->slots[i] - 1);

      if (entry->length == length && memcmp (entry->id, id, length) == 0)
        break;
      i = (i + 1) & (self->n_slots - 1);
    }

  return &self->slots[i];
}

static void
fill_slots (StrataLegacyIndex *self,
            gsize              n_slots)
{
  g_free (self->slots);
  self->n_slots = n_slots;
  self->slots = g_new0 (guint32, n_slots);

  for (guint i = 0; i < self->entries->len; i++)
    {
      const StrataLegacyEntry *entry = get_entry (self, i);

      *find_slot (self, entry->id, entry->length) = i + 1;
    }
}

StrataLegacyEntry *
_strata_legacy_index_add (StrataLegacyIndex *self,
                          const char        *id,
                          gsize              length)
{
  guint32 *slot = find_slot (self, id, length);
  StrataLegacyEntry entry = { .length = (guint8)length };

  g_assert (length < G_N_ELEMENTS (self->has_length));

  if (*slot != 0)
    return get_entry (self, *slot - 1);

  entry.id = g_string_chunk_insert_len (self->strings, id, (gssize)length);
  g_array_append_val (self->entries, entry);
  *slot = self->entries->len;
  self->has_length[length] = TRUE;

  if (self->entries->len > self->n_slots / 4 * 3)
    fill_slots (self, self->n_slots * 2);

  return get_entry (self, self->entries->len - 1);
}

/* As if a dot stood behind each id; one that goes on with a dot where the other
 * ends comes after it.
 */
static int
compare_entries (gconstpointer a,
                 gconstpointer b)
{
  const StrataLegacyEntry *first = a, *second = b;
  gsize common = MIN (first->length, second->length);
  int order = memcmp (first->id, second->id, common);

  if (order == 0 && first->length < second->length)
    order = '.' - (int)(guint8)second->id[common];
  else if (order == 0 && first->length > second->length)
    order = (int)(guint8)first->id[common] - '.';

  return order != 0 ? order : (int)first->length - (int)second->length;
}

void
_strata_legacy_index_sort (StrataLegacyIndex *self)
{
  gsize n_slots = self->n_slots;

  /* The table would point nowhere, and sorting needs its room */
  g_clear_pointer (&self->slots, g_free);
  g_array_sort (self->entries, compare_entries);
  fill_slots (self, n_slots);
}

const StrataLegacyEntry *
_strata_legacy_index_find (const StrataLegacyIndex *self,
                           const char              *id,
                           gsize                    length)
{
  guint32 slot;

  if (!_strata_legacy_index_has_length (self, length))
    return NULL;

  slot = *find_slot (self, id, length);

  return slot != 0 ? get_entry (self, slot - 1) : NULL;
}

gboolean
_strata_legacy_index_has_length (const StrataLegacyIndex *self,
                                 gsize                    length)
{
  return length < G_N_ELEMENTS (self->has_length) && self->has_length[length];
}

guint
_strata_legacy_index_get_n_entries (const StrataLegacyIndex *self)
{
  return self->entries->len;
}

const StrataLegacyEntry *
_strata_legacy_index_get_entry (const StrataLegacyIndex *self,
                                guint                    i)
{
  return get_entry (self, i);
}

void
_strata_legacy_index_forget_raw (StrataLegacyIndex *self,
                                 guint              i)
{
  get_entry (self, i)->raw = 0;
}

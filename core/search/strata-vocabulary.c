/* strata-vocabulary.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "base/strata-sqlite-private.h"
#include "strata-tokenizer-private.h"
#include "strata-vocabulary-private.h"

#define FIRST_SLOTS 4096

typedef struct
{
  guint64 last_moment;
  guint32 hash;
  guint32 count;
  guint32 offset;   /* of its bytes in @bytes */
  guint32 length;   /* 0: the slot is free */
} Slot;

/* An open hash table over words that lie one after the other */
struct _StrataVocabulary
{
  Slot       *slots;
  guint       n_slots;    /* a power of two */
  guint       n_words;
  GByteArray *bytes;
};

StrataVocabulary *
_strata_vocabulary_new (void)
{
  StrataVocabulary *self = g_new0 (StrataVocabulary, 1);

  self->n_slots = FIRST_SLOTS;
  self->slots = g_new0 (Slot, self->n_slots);
  self->bytes = g_byte_array_new ();

  return self;
}

void
_strata_vocabulary_free (StrataVocabulary *self)
{
  g_byte_array_unref (self->bytes);
  g_free (self->slots);
  g_free (self);
}

static guint32
hash_word (const char *word,
           gsize       length)
{
  guint64 hash = length * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);

  for (gsize i = 0; i < length; i += 8)
    {
      guint64 piece = 0;

      memcpy (&piece, word + i, MIN (8, length - i));
      hash = (hash ^ piece) * G_GUINT64_CONSTANT (0xff51afd7ed558ccd);
      hash ^= hash >> 32;
    }

  return (guint32)hash;
}

/* The slot of a word, or the free one where it would be */
static Slot *
find_slot (StrataVocabulary *self,
           const char       *word,
           gsize             length,
           guint32           hash)
{
  for (guint i = hash & (self->n_slots - 1); ; i = (i + 1) & (self->n_slots - 1))
    {
      Slot *slot = &self->slots[i];

      if (slot->length == 0 ||
          (slot->hash == hash && slot->length == length && memcmp (self->bytes->data + slot->offset, word, length) == 0))
        return slot;
    }
}

static void
grow (StrataVocabulary *self)
{
  g_autofree Slot *old = self->slots;
  guint n_old = self->n_slots;

  self->n_slots *= 2;
  self->slots = g_new0 (Slot, self->n_slots);
  for (guint i = 0; i < n_old; i++)
    if (old[i].length > 0)
      *find_slot (self, (const char *)self->bytes->data + old[i].offset, old[i].length, old[i].hash) = old[i];
}

void
_strata_vocabulary_add (StrataVocabulary *self,
                        const char       *word,
                        gsize             length,
                        guint64           moment)
{
  guint32 hash = hash_word (word, length);
  Slot *slot = find_slot (self, word, length, hash);

  if (slot->length > 0)
    {
      slot->count += slot->last_moment != moment;
      slot->last_moment = moment;
      return;
    }

  slot->hash = hash;
  slot->length = (guint32)length;
  slot->offset = self->bytes->len;
  slot->count = 1;
  slot->last_moment = moment;
  g_byte_array_append (self->bytes, (const guint8 *)word, (guint)length);
  if (++self->n_words > self->n_slots / 2)
    grow (self);
}

guint
_strata_vocabulary_length (StrataVocabulary *self)
{
  return self->n_words;
}

void
_strata_vocabulary_clear (StrataVocabulary *self)
{
  if (self->n_slots > FIRST_SLOTS)
    {
      g_free (self->slots);
      self->n_slots = FIRST_SLOTS;
      self->slots = g_new (Slot, self->n_slots);
    }
  memset (self->slots, 0, self->n_slots * sizeof (Slot));
  self->n_words = 0;
  g_byte_array_set_size (self->bytes, 0);
}

static int
compare_slots (gconstpointer a,
               gconstpointer b,
               gpointer      user_data)
{
  const StrataVocabulary *self = user_data;
  const Slot *first = *(const Slot *const *)a;
  const Slot *second = *(const Slot *const *)b;
  int order = memcmp (self->bytes->data + first->offset, self->bytes->data + second->offset, MIN (first->length, second->length));

  return order != 0 ? order : (first->length > second->length) - (first->length < second->length);
}

/* In the order of the table: a page of it is looked for once, not once a word. */
gboolean
_strata_vocabulary_flush (StrataVocabulary  *self,
                          sqlite3           *db,
                          GError           **error)
{
  g_autoptr(GPtrArray) used = g_ptr_array_sized_new (self->n_words);
  g_autoptr(sqlite3_stmt) statement =
    _strata_sqlite_prepare (db, "INSERT INTO words VALUES (?, ?) ON CONFLICT DO UPDATE SET count = count + excluded.count", error);

  if (statement == NULL)
    return FALSE;

  for (guint i = 0; i < self->n_slots; i++)
    if (self->slots[i].length > 0)
      g_ptr_array_add (used, &self->slots[i]);
  g_ptr_array_sort_with_data (used, compare_slots, self);

  for (guint i = 0; i < used->len; i++)
    {
      const Slot *slot = g_ptr_array_index (used, i);
      int bound = sqlite3_bind_text (statement, 1, (const char *)self->bytes->data + slot->offset, (int)slot->length, SQLITE_STATIC);

      g_assert (bound == SQLITE_OK);
      _strata_sqlite_bind_uint (statement, 2, slot->count);
      if (!_strata_sqlite_run (statement, error))
        return FALSE;
    }
  _strata_vocabulary_clear (self);

  return TRUE;
}

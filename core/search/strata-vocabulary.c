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

guint32
_strata_vocabulary_hash (const char *word,
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
  guint32 hash = _strata_vocabulary_hash (word, length);
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

/* Words that were met once: layers of bits, each twice as large as the one before
 * and begun when that is as full as it should get. A word's bit is in any
 * of them. `met` has the pages that have a bit at all.
 */
#define PAGE_BYTES 4000
#define FIRST_PAGES 16
/* One in sixteen bits set: one in sixteen new words is taken for one that was met */
#define BITS_PER_WORD 16
#define MAX_LAYERS 16

typedef struct
{
  sqlite3      *db;
  sqlite3_stmt *get;
  sqlite3_stmt *set;
  guint64       n_met;          /* words whose bit was set */
} Met;

static guint64
get_layer_pages (guint layer)
{
  return (guint64)FIRST_PAGES << layer;
}

/* The layer in which the next bit is set */
static guint
get_current_layer (const Met *self)
{
  guint64 room = 0;

  for (guint layer = 0; layer < MAX_LAYERS; layer++)
    {
      room += get_layer_pages (layer) * PAGE_BYTES * 8 / BITS_PER_WORD;
      if (self->n_met < room)
        return layer;
    }

  return MAX_LAYERS - 1;
}

/* Reads the page of a word's bit. @out_bits: PAGE_BYTES of them */
static gboolean
read_page (Met      *self,
           gint64    page,
           guint8   *out_bits,
           GError  **error)
{
  gboolean row, ok;

  memset (out_bits, 0, PAGE_BYTES);
  _strata_sqlite_bind_uint (self->get, 1, (guint64)page);
  ok = _strata_sqlite_step (self->get, &row, error);
  if (ok && row && sqlite3_column_bytes (self->get, 0) == PAGE_BYTES)
    memcpy (out_bits, sqlite3_column_blob (self->get, 0), PAGE_BYTES);
  sqlite3_reset (self->get);

  return ok;
}

/* Whether a word was met before; if not, it is now. */
static gboolean
meet (Met         *self,
      const char  *word,
      gsize        length,
      gboolean    *out_was_met,
      GError     **error)
{
  guint64 hash = ((guint64)_strata_vocabulary_hash (word, length) << 32 | _strata_vocabulary_hash (word, length - 1)) * G_GUINT64_CONSTANT (0x9e3779b97f4a7c15);
  guint current = get_current_layer (self);
  guint8 bits[PAGE_BYTES];
  gint64 page = 0;
  guint bit = 0;
  int bound;

  *out_was_met = FALSE;
  for (guint layer = 0; layer <= current; layer++)
    {
      page = (gint64)((guint64)layer << 32 | (hash >> 16) % get_layer_pages (layer));
      bit = (guint)(hash % (PAGE_BYTES * 8));
      if (!read_page (self, page, bits, error))
        return FALSE;
      *out_was_met = (bits[bit / 8] >> (bit % 8) & 1) != 0;
      if (*out_was_met)
        return TRUE;
    }

  bits[bit / 8] |= (guint8)(1 << (bit % 8));
  self->n_met++;
  _strata_sqlite_bind_uint (self->set, 1, (guint64)page);
  bound = sqlite3_bind_blob (self->set, 2, bits, PAGE_BYTES, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);

  return _strata_sqlite_run (self->set, error);
}

typedef struct
{
  Met           met;
  sqlite3_stmt *add;
  sqlite3_stmt *insert;
} Flushing;

/* Counts a word that is in the table, or gets it into the table, or remembers that it was met. */
static gboolean
flush_word (Flushing    *self,
            const char  *word,
            const Slot  *slot,
            GError     **error)
{
  guint count = slot->count;
  gboolean was_met;
  int bound;

  bound = sqlite3_bind_text (self->add, 2, word, (int)slot->length, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);
  _strata_sqlite_bind_uint (self->add, 1, count);
  if (!_strata_sqlite_run (self->add, error))
    return FALSE;
  if (sqlite3_changes (self->met.db) > 0)
    return TRUE;

  if (count == 1)
    {
      if (!meet (&self->met, word, slot->length, &was_met, error))
        return FALSE;
      if (!was_met)
        return TRUE;
      count++;
    }

  bound = sqlite3_bind_text (self->insert, 1, word, (int)slot->length, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);
  _strata_sqlite_bind_uint (self->insert, 2, count);

  return _strata_sqlite_run (self->insert, error);
}

static gboolean
get_n_met (sqlite3  *db,
           guint64  *out_n_met,
           GError  **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, "SELECT met FROM sums", error);
  gboolean row;

  if (statement == NULL || !_strata_sqlite_step (statement, &row, error))
    return FALSE;
  *out_n_met = row ? (guint64)sqlite3_column_int64 (statement, 0) : 0;

  return TRUE;
}

static gboolean
set_n_met (sqlite3  *db,
           guint64   n_met,
           GError  **error)
{
  g_autoptr(sqlite3_stmt) statement = _strata_sqlite_prepare (db, "UPDATE sums SET met = ? WHERE rowid = 1", error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, n_met);

  return _strata_sqlite_run (statement, error);
}

/* In the order of the table: a page of it is looked for once, not once a word. */
static GPtrArray *
sort_words (StrataVocabulary *self)
{
  GPtrArray *used = g_ptr_array_sized_new (self->n_words);

  for (guint i = 0; i < self->n_slots; i++)
    if (self->slots[i].length > 0)
      g_ptr_array_add (used, &self->slots[i]);
  g_ptr_array_sort_with_data (used, compare_slots, self);

  return used;
}

gboolean
_strata_vocabulary_flush (StrataVocabulary  *self,
                          sqlite3           *db,
                          GError           **error)
{
  g_autoptr(GPtrArray) words = sort_words (self);
  g_autoptr(sqlite3_stmt) add = _strata_sqlite_prepare (db, "UPDATE words SET count = count + ? WHERE word = ?", error);
  g_autoptr(sqlite3_stmt) insert = add != NULL ? _strata_sqlite_prepare (db, "INSERT INTO words VALUES (?, ?)", error) : NULL;
  g_autoptr(sqlite3_stmt) get = insert != NULL ? _strata_sqlite_prepare (db, "SELECT bits FROM met WHERE page = ?", error) : NULL;
  g_autoptr(sqlite3_stmt) set = get != NULL ? _strata_sqlite_prepare (db, "INSERT OR REPLACE INTO met VALUES (?, ?)", error) : NULL;
  Flushing flushing = { { db, get, set, 0 }, add, insert };

  if (set == NULL || !get_n_met (db, &flushing.met.n_met, error))
    return FALSE;

  for (guint i = 0; i < words->len; i++)
    {
      const Slot *slot = g_ptr_array_index (words, i);

      if (!flush_word (&flushing, (const char *)self->bytes->data + slot->offset, slot, error))
        return FALSE;
    }
  _strata_vocabulary_clear (self);

  return set_n_met (db, flushing.met.n_met, error);
}

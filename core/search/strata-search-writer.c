/* strata-search-writer.c
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#define G_LOG_DOMAIN "strata"

#include "config.h"

#include <string.h>

#include "strata-search-writer-private.h"
#include "strata-tokenizer-private.h"

/* Blocks are numbered from 2015 on, four to the hour: the smaller the numbers, the
 * shorter they are written
 */
#define FIRST_MS G_GINT64_CONSTANT (1420070400000)
#define BLOCK_MS G_GINT64_CONSTANT (900000)

struct _StrataSearchWriter
{
  StrataSearchIndex *index;
  StrataBlockFunc    func;
  gpointer           user_data;

  /* What is being written */
  gint64             document;
  gint64             bundle;
  guint              piece;        /* number in it */
  gint64             first_block;
  gint64             next_block;
  gint64             taken_from;   /* the next block that is taken, G_MAXINT64 for none; 0: not known */

  /* Since the last block */
  GString           *text;
  GArray            *section_bytes;
  StrataBlock       *block;
  GByteArray        *places;
  GByteArray        *details;
};

StrataSearchWriter *
_strata_search_writer_new (StrataSearchIndex *index,
                           StrataBlockFunc    func,
                           gpointer           user_data)
{
  StrataSearchWriter *self = g_new0 (StrataSearchWriter, 1);

  self->index = index;
  self->func = func;
  self->user_data = user_data;
  self->text = g_string_new (NULL);
  self->section_bytes = g_array_new (FALSE, FALSE, sizeof (gsize));
  self->block = _strata_block_new ();
  self->places = g_byte_array_new ();
  self->details = g_byte_array_new ();

  return self;
}

void
_strata_search_writer_free (StrataSearchWriter *self)
{
  g_string_free (self->text, TRUE);
  g_array_unref (self->section_bytes);
  _strata_block_free (self->block);
  g_byte_array_unref (self->places);
  g_byte_array_unref (self->details);
  g_free (self);
}

/* The number the first block of a document should have. Those that say no time come before all others. */
static gint64
get_first_block (gint64 start_ms)
{
  return start_ms == STRATA_TIME_NONE || start_ms < FIRST_MS ? 1 : (start_ms - FIRST_MS) / BLOCK_MS + 1;
}

void
_strata_search_writer_start (StrataSearchWriter *self,
                             gint64              document,
                             gint64              bundle,
                             gint64              start_ms)
{
  g_assert (self->block->moments->len == 0);

  if (self->document != document || document == 0)
    {
      self->first_block = get_first_block (start_ms);
      self->next_block = self->first_block;
      self->taken_from = 0;
    }
  self->document = document;
  self->bundle = bundle;
  self->piece = 0;
}

void
_strata_search_writer_set_piece (StrataSearchWriter *self,
                                 guint               number)
{
  self->piece = number;
}

/* Finds a number that no block has, living or dead. Where many documents begin at the same time, or
 * at none, the way to the first free one is not gone for each.
 */
static gboolean
take_block_number (StrataSearchWriter  *self,
                   gint64              *out_block,
                   GError             **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_NEXT_BLOCK, error);
  gboolean row;

  if (statement == NULL)
    return FALSE;

  if (self->first_block == self->index->last_first)
    self->next_block = MAX (self->next_block, self->index->last_next);
  while (self->next_block >= self->taken_from)
    {
      if (self->next_block == self->taken_from)
        self->next_block++;
      _strata_sqlite_bind_uint (statement, 1, (guint64)self->next_block);
      if (!_strata_sqlite_step (statement, &row, error))
        {
          sqlite3_reset (statement);
          return FALSE;
        }
      self->taken_from = row ? sqlite3_column_int64 (statement, 0) : G_MAXINT64;
      sqlite3_reset (statement);
    }
  *out_block = self->next_block++;
  self->index->last_first = self->first_block;
  self->index->last_next = self->next_block;

  return TRUE;
}

/* Has FTS5 index the text. */
static gboolean
insert_text (StrataSearchWriter  *self,
             gint64               block,
             GError             **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_INSERT_TEXT, error);
  int bound;

  if (statement == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  bound = sqlite3_bind_text (statement, 2, self->text->str, (int)self->text->len, SQLITE_STATIC);
  g_assert (bound == SQLITE_OK);

  return _strata_sqlite_run (statement, error);
}

/* While the text is cut the block learns where its sections begin. */
static void
start_watching (StrataSearchWriter *self)
{
  StrataSearchIndex *index = self->index;

  index->block = self->block;
  index->section_bytes = (const gsize *)(const void *)self->section_bytes->data;
  index->next_section = 0;
  index->next_moment = 0;
  index->position = 0;
  index->sum = 0;
}

/* Sections that no word followed begin at the end */
static void
stop_watching (StrataSearchWriter *self)
{
  self->index->block = NULL;
  self->block->end = self->index->position;
  for (guint i = self->index->next_section; i < self->block->sections->len; i++)
    g_array_index (self->block->sections, StrataBlockSection, i).start = self->block->end;
}

static void
bind_bytes (sqlite3_stmt *statement,
            int           index,
            GByteArray   *bytes)
{
  int bound = sqlite3_bind_blob (statement, index, bytes->data, (int)bytes->len, SQLITE_STATIC);

  g_assert (bound == SQLITE_OK);
}

static gboolean
insert_block (StrataSearchWriter    *self,
              gint64                 block,
              const StrataBlockRow  *row,
              GError               **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_INSERT_BLOCK, error);
  sqlite3_stmt *details = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_INSERT_DETAILS, error);

  if (statement == NULL || details == NULL)
    return FALSE;

  _strata_sqlite_bind_uint (statement, 1, (guint64)block);
  _strata_sqlite_bind_uint (statement, 2, (guint64)self->document);
  _strata_sqlite_bind_uint (statement, 3, (guint64)self->bundle);
  _strata_sqlite_bind_uint (statement, 4, row->text_bytes);
  _strata_sqlite_bind_uint (statement, 5, row->moments);
  _strata_sqlite_bind_uint (statement, 6, row->words);
  _strata_sqlite_bind_uint (statement, 7, row->sum);
  bind_bytes (statement, 8, row->places);
  _strata_sqlite_bind_uint (details, 1, (guint64)block);
  bind_bytes (details, 2, row->details);

  return _strata_sqlite_run (statement, error) && _strata_sqlite_run (details, error);
}

static gboolean
add_to_sums (StrataSearchWriter    *self,
             const StrataBlockRow  *row,
             GError               **error)
{
  sqlite3_stmt *statement = _strata_search_index_get_statement (self->index, STRATA_STATEMENT_ADD_TO_SUMS, error);

  if (statement == NULL)
    return FALSE;
  _strata_sqlite_bind_uint (statement, 1, row->moments);
  _strata_sqlite_bind_uint (statement, 2, row->words);
  _strata_sqlite_bind_uint (statement, 3, row->text_bytes);

  return _strata_sqlite_run (statement, error);
}

static StrataBlockRow
make_row (StrataSearchWriter *self)
{
  g_byte_array_set_size (self->places, 0);
  g_byte_array_set_size (self->details, 0);
  _strata_block_encode_places (self->block, self->places);
  _strata_block_encode_details (self->block, self->details);

  return (StrataBlockRow) { self->text->len, self->block->moments->len, self->block->end, self->index->sum, self->places, self->details };
}

static gboolean
write_block (StrataSearchWriter  *self,
             GError             **error)
{
  StrataBlockRow row;
  gint64 block;
  gboolean ok;

  if (!take_block_number (self, &block, error))
    return FALSE;

  start_watching (self);
  ok = insert_text (self, block, error);
  stop_watching (self);
  row = make_row (self);

  return ok && insert_block (self, block, &row, error) && add_to_sums (self, &row, error);
}

static gboolean
hand_out_block (StrataSearchWriter  *self,
                GError             **error)
{
  StrataBlockRow row;

  start_watching (self);
  _strata_tokenize (self->text->str, self->text->len, STRATA_TOKENIZE_TEXT, _strata_search_index_watch_token, self->index);
  stop_watching (self);
  row = make_row (self);

  return self->func (&row, self->user_data, error);
}

gboolean
_strata_search_writer_flush (StrataSearchWriter  *self,
                             GError             **error)
{
  if (self->block->moments->len == 0)
    return TRUE;

  if (self->func != NULL ? !hand_out_block (self, error) : !write_block (self, error))
    return FALSE;

  self->index->pending_bytes += self->text->len;
  _strata_block_clear (self->block);
  g_string_truncate (self->text, 0);
  g_array_set_size (self->section_bytes, 0);

  return TRUE;
}

gboolean
_strata_search_writer_add (StrataSearchWriter  *self,
                           const StrataMoment  *moment,
                           GError             **error)
{
  StrataBlockMoment added = {
    .kind = moment->kind, .first_section = self->block->sections->len, .n_sections = moment->sections->len,
    .piece = self->piece, .time_ms = moment->time_ms, .offset_ms = moment->offset_ms, .place = moment->place, .id = g_strdup (moment->id),
  };
  gsize base;

  if (self->text->len > 0)
    g_string_append_c (self->text, '\n');
  base = self->text->len;
  g_string_append_len (self->text, moment->text->str, (gssize)moment->text->len);
  for (guint i = 0; i < moment->sections->len; i++)
    {
      const StrataSection *section = &g_array_index (moment->sections, StrataSection, i);
      StrataBlockSection place = { section->weight, 0 };
      gsize start = base + section->start;

      g_array_append_val (self->block->sections, place);
      g_array_append_val (self->section_bytes, start);
    }
  g_array_append_val (self->block->moments, added);

  return self->text->len < STRATA_BLOCK_BYTES || _strata_search_writer_flush (self, error);
}

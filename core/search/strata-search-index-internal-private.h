/* strata-search-index-internal-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <sqlite3.h>

#include "base/strata-sqlite-private.h"
#include "strata-block-private.h"
#include "strata-search-index-private.h"
#include "strata-vocabulary-private.h"

G_BEGIN_DECLS

/* A block is full when its text has that many bytes */
#define STRATA_BLOCK_BYTES (128 * 1024)

/* Statements that are used for every block and every hit */
typedef enum
{
  STRATA_STATEMENT_INSERT_TEXT,
  STRATA_STATEMENT_INSERT_BLOCK,
  STRATA_STATEMENT_INSERT_DETAILS,
  STRATA_STATEMENT_ADD_TO_SUMS,
  STRATA_STATEMENT_NEXT_BLOCK,
  STRATA_STATEMENT_GET_BLOCK,
  STRATA_STATEMENT_GET_DETAILS,
  STRATA_STATEMENT_GET_PIECE,
  STRATA_STATEMENT_GET_DOCUMENT,
  STRATA_STATEMENT_GET_WORD,
  STRATA_STATEMENT_GET_TIES,
  STRATA_STATEMENT_BLOCK_BELOW,
  STRATA_N_STATEMENTS,
} StrataStatement;

/* Shared by the files of the index and of searching it, and by no others. */
struct _StrataSearchIndex
{
  sqlite3          *db;
  gboolean          read_only;
  gboolean          in_memory;
  gboolean          is_bulk;
  sqlite3_stmt     *statements[STRATA_N_STATEMENTS];

  /* What is being put */
  StrataVocabulary *vocabulary;
  guint64           moment_serial;
  guint64           pending_bytes;
  gint64            last_first;      /* block with which the last document should have begun */
  gint64            last_next;       /* none from there to before here is free */

  /* The block being indexed, for which the tokenizer finds where its sections begin */
  StrataBlock      *block;
  const gsize      *section_bytes;   /* where each begins in the text */
  guint             next_section;
  guint             next_moment;
  guint             position;
  guint64           sum;
};

/* What one word at one place adds to the sum of a block. Sums are compared with those
 * of what FTS5 has, in whatever order it gives it.
 */
guint64       _strata_search_index_sum_word      (const char         *word,
                                                  gsize               length,
                                                  guint               position);
/* A StrataTokenFunc; @user_data: the index, whose block is being cut */
int           _strata_search_index_watch_token   (const char         *token,
                                                  gsize               length,
                                                  gboolean            colocated,
                                                  gsize               start,
                                                  gsize               end,
                                                  gpointer            user_data);

/* Ready to be bound and run; reset it after use. (transfer none): NULL with @error set */
sqlite3_stmt *_strata_search_index_get_statement (StrataSearchIndex  *self,
                                                  StrataStatement     which,
                                                  GError            **error);

G_END_DECLS

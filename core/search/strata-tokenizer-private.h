/* strata-tokenizer-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* Cuts text into the tokens that are indexed and looked for.
 *
 * Ordinary text as SQLite's unicode61 does with diacritics removed: letters and
 * digits in a row are a word, in lower case and without accents. Beyond that:
 *
 * - camelCase is a word as a whole and by its parts ("RichTextEditor": also
 *   "rich", "text", "editor"); the parts stand at the place of the whole.
 *   snake_case, kebab-case and paths are words in a row, as in unicode61, so
 *   that as a phrase they are found whole.
 * - Scripts that leave no space between words are indexed as pairs of characters
 *   that overlap. The last one of a run also stands alone, so that a single
 *   character is found as the beginning of a token.
 * - A token has at most STRATA_TOKEN_SIZE bytes: of a longer word the beginning.
 *
 * What is not UTF-8 separates words. Threads: any.
 */

/* In bytes, and never in the middle of a character */
#define STRATA_TOKEN_SIZE 64

typedef enum
{
  STRATA_TOKENIZE_TEXT,  /* all that a text is to be found by */
  STRATA_TOKENIZE_QUERY, /* only what must be there: no parts of a whole */
} StrataTokenizeMode;

/* @token is not ended by a NUL; @start and @end are bytes of the text. A token
 * that is @colocated stands at the place of the one before it.
 *
 * Returns: 0 to go on, anything else to stop
 */
typedef int (*StrataTokenFunc) (const char *token,
                                gsize       length,
                                gboolean    colocated,
                                gsize       start,
                                gsize       end,
                                gpointer    user_data);

/* Returns: 0, or what @func stopped with */
int       _strata_tokenize                (const char          *text,
                                           gsize                length,
                                           StrataTokenizeMode   mode,
                                           StrataTokenFunc      func,
                                           gpointer             user_data);

/* Whether a token is a single character of a script without spaces, which as
 * part of a query stands for every pair that begins with it.
 */
gboolean  _strata_token_is_lone_ideograph (const char          *token,
                                           gsize                length);

/* The words of a name joined by single spaces, for comparing names as people
 * would: “Café-Noir” and “cafe noir” are equal. A text without any word keeps
 * its characters, in lower case. (transfer full)
 */
char     *_strata_fold_name               (const char          *text);

/* Makes the tokenizer "strata" known to a connection. @watch is called with each
 * token of what is indexed, before FTS5 has it; NULL: nobody.
 *
 * What is asked for in a MATCH is not cut again: FTS5 gets tokens with spaces
 * between them there, made by _strata_tokenize().
 */
gboolean  _strata_tokenizer_register      (sqlite3             *db,
                                           StrataTokenFunc      watch,
                                           gpointer             user_data,
                                           GError             **error);

/* The FTS5 interface of a connection; NULL with @error set where SQLite was built without */
fts5_api *_strata_tokenizer_get_api       (sqlite3             *db,
                                           GError             **error);

G_END_DECLS

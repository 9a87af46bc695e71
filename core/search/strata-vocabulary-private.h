/* strata-vocabulary-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include <gio/gio.h>
#include <sqlite3.h>

G_BEGIN_DECLS

/* Counts in how many moments each word is, for ranking, for completing words and
 * for finding those that were meant. FTS5 could tell, but only by reading all
 * places of a word: 20 ms and more for a common one.
 *
 * Most different words are in one moment only, and nobody asks for their number:
 * of 297,213 words in a generated store 286,577, which would take 7 MB of an index
 * of 50. So the table `words` has only those that were met twice. That a word was
 * met once is one bit of the table `met`, where some words share a bit: then one
 * gets into the table too soon, which does no harm.
 *
 * The counts are gathered here and added to the tables when asked to.
 *
 * Memory: about 80 bytes a word. Threads: one at a time.
 */
typedef struct _StrataVocabulary StrataVocabulary;

StrataVocabulary *_strata_vocabulary_new    (void);
void              _strata_vocabulary_free   (StrataVocabulary  *self);

/* A word of the moment numbered @moment: numbers only grow. Counted once for each. */
void              _strata_vocabulary_add    (StrataVocabulary  *self,
                                             const char        *word,
                                             gsize              length,
                                             guint64            moment);
guint32           _strata_vocabulary_hash   (const char        *word,
                                             gsize              length);
guint             _strata_vocabulary_length (StrataVocabulary  *self);
/* Adds what was counted to the tables, and is empty again. */
gboolean          _strata_vocabulary_flush  (StrataVocabulary  *self,
                                             sqlite3           *db,
                                             GError           **error);
void              _strata_vocabulary_clear  (StrataVocabulary  *self);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataVocabulary, _strata_vocabulary_free)

G_END_DECLS

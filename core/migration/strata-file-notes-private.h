/* strata-file-notes-private.h
 *
 * SPDX-License-Identifier: LGPL-2.1-or-later
 */

#pragma once

#include "base/strata-digest-private.h"
#include "base/strata-file-mark-private.h"

G_BEGIN_DECLS

/* StrataFileNotes is what one run learnt of each file of the old store when it
 * read it, kept until the run has an account to give of all of them. There may be
 * millions, read in any order: the notes are in a database of their own, which
 * nothing but this run ever reads.
 *
 * Memory: SQLite's page cache, 2 MiB. Threads: one at a time.
 */
typedef struct _StrataFileNotes StrataFileNotes;

typedef struct
{
  StrataFileMark mark;        /* what the file looked like before it was read */
  gboolean       has_digest;
  StrataDigest   digest;      /* of its bytes */
  gboolean       is_proved;   /* what it holds was read back from the store, and is the same */
  gboolean       has_object;
  StrataDigest   object;      /* attachment: of the bytes that it stands for */
} StrataFileNote;

/* @path: absolute, where no file is yet; removed with the notes */
StrataFileNotes *_strata_file_notes_new  (const char             *path,
                                          GError                **error);
void             _strata_file_notes_free (StrataFileNotes        *self);
/* A later note on a file replaces the one before. */
gboolean         _strata_file_notes_put  (StrataFileNotes        *self,
                                          guint                   root,
                                          const char             *path,
                                          const StrataFileNote   *note,
                                          GError                **error);
/* @out_found: whether there is one */
gboolean         _strata_file_notes_find (StrataFileNotes        *self,
                                          guint                   root,
                                          const char             *path,
                                          StrataFileNote         *out_note,
                                          gboolean               *out_found,
                                          GError                **error);

G_DEFINE_AUTOPTR_CLEANUP_FUNC (StrataFileNotes, _strata_file_notes_free)

G_END_DECLS
